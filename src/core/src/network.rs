//! The neutral network: what every provider's documents are lowered to.
//!
//! Everything is under typed ids in ordered maps, so that the same recording always gives the
//! same answer. What a provider could not understand stands here as a value: an
//! [`Unknown`], an unresolved peer, an opaque gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::{
    Direction, Filter, Group, Id, IpSet, Label, Origin, PortSet, RouteTable, ServiceSet, Stack,
    Unknown,
};

/// Interfaces, subnets, routers, gateways, routes and filters of one estate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Where packets begin and end.
    pub interfaces: BTreeMap<Id<Interface>, Interface>,
    /// What the interfaces belong to.
    pub hosts: BTreeMap<Id<Host>, Host>,
    /// Segments of routers that interfaces sit in.
    pub subnets: BTreeMap<Id<Subnet>, Subnet>,
    /// Routing domains (a VPC, a virtual network).
    pub routers: BTreeMap<Id<Router>, Router>,
    /// What joins routers to each other and to the outside.
    pub gateways: BTreeMap<Id<Gateway>, Gateway>,
    /// Networks outside the recording.
    pub externals: BTreeMap<Id<External>, External>,
    /// Route tables.
    pub tables: BTreeMap<Id<RouteTable>, RouteTable>,
    /// Filters, shared by everything with the same rules.
    pub filters: BTreeMap<Id<Filter>, Arc<Filter>>,
    /// Sets of interfaces that rules name.
    pub groups: BTreeMap<Id<Group>, Group>,
    /// What was not read or not understood and touches everything.
    pub unknowns: Vec<Unknown>,
    /// What was not understood of the object that is written at a place, and most likely only
    /// describes it: answers whose way leads over the object name it, and no verdict rests on it.
    pub remarks: BTreeMap<Origin, Vec<Unknown>>,
    /// What is known of interfaces that forward, beyond that they do; of others group references
    /// behind them see nobody (AWS-12), and what they do with packets is not known (AZ-52).
    pub appliances: BTreeMap<Id<Interface>, Appliance>,
    /// Public addresses that belong to the estate and that no interface or gateway of it has, with
    /// what is not known of each: they are no strangers of the internet.
    pub unheld_public: BTreeMap<IpAddr, Unknown>,
    /// Subnets in which services sit that no recording has as interfaces (a delegated subnet, an
    /// application gateway's): who has an address there that nobody recorded holds is not known.
    pub managed: BTreeMap<Id<Subnet>, Unknown>,
    /// What is switched on or off at resources, and moves no packet that is asked about today.
    pub settings: Vec<Setting>,
    /// Rules, by where they are written, that could carry a description and carry none.
    pub undescribed: BTreeSet<Origin>,
    /// What the vendor itself worked out at interfaces, laid beside what is worked out here.
    pub comparisons: BTreeMap<Id<Interface>, Vec<Comparison>>,
    /// Where rules stand among the others of their list, by the id of the list, where their own
    /// ids do not tell (AZ-2).
    pub priorities: BTreeMap<Arc<str>, Vec<Priority>>,
}

impl Network {
    /// Why an address of a router that no interface has may be held all the same.
    pub fn managed_at(&self, router: &Id<Router>, addresses: &IpSet) -> Option<&Unknown> {
        let (_, unknown) = self.managed.iter().find(|(id, _)| {
            self.subnets
                .get(*id)
                .is_some_and(|it| it.router == *router && addresses.is_subset(&it.addresses))
        })?;
        Some(unknown)
    }
}

/// What the vendor says is effective at an interface, laid beside what was worked out here from
/// the resources (AZ-76).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What was compared: `Azure's effective rules`.
    pub what: Arc<str>,
    /// How many rules or routes of the vendor's were compared.
    pub count: usize,
    /// Each difference. No verdict at the interface rests on what it is about.
    pub differences: Vec<Unknown>,
    /// Where the vendor's list is written.
    pub origin: Origin,
}

/// Where a rule stands among the others of its list and direction: the lowest is asked first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priority {
    /// Which way the packets go that it is about.
    pub direction: Direction,
    /// The rule's id.
    pub rule: Arc<str>,
    /// The number that the vendor gives it.
    pub number: i64,
}

/// Something that is switched on or off at a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The resource.
    pub of: Label,
    /// What is switched.
    pub feature: Feature,
    /// Whether it is on, or why that is not known.
    pub on: Result<bool, Unknown>,
    /// Where it is written.
    pub origin: Origin,
}

/// What can be switched on and off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// A subnet gives interfaces that are made in it public addresses.
    GivesPublicAddresses,
    /// A transit gateway takes attachments of other accounts without being asked.
    AcceptsAttachments,
    /// The platform blocks what comes from the internet, whatever rules say (AWS-72).
    BlocksPublicAccess,
    /// A machine acts in the cloud under an identity of its own (an instance profile, a service
    /// account).
    HasCloudIdentity,
    /// Flows are logged.
    LogsFlows,
    /// The platform made a filter together with its network, and nobody can delete it (AWS-30).
    MadeWithNetwork,
}

/// A network interface: the thing that has addresses and filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// What it is called.
    pub label: Label,
    /// The machine or managed service that it belongs to.
    pub host: Option<Id<Host>>,
    /// Where it sits.
    pub subnet: Id<Subnet>,
    /// Its addresses; the primary one of each family comes first.
    pub addresses: Vec<Address>,
    /// Set where it may have other addresses than these, or another primary one.
    pub unread: UnreadAddresses,
    /// The groups it is a member of.
    pub groups: BTreeSet<Id<Group>>,
    /// Its filters; their state belongs to this interface.
    pub stack: Stack,
    /// Whether it answers what arrives at its addresses.
    pub role: Role,
    /// Whether it takes packets that are not addressed to it (AWS-73: source/dest check off).
    pub forwards: bool,
    /// Whether what is behind it runs.
    pub liveness: Liveness,
    /// Whether it opens connections of its own.
    pub initiative: Initiative,
    /// The source ports that it opens connections from.
    pub client: Client,
    /// The platform's services that it has in a way of its own; all others it has like everybody
    /// in its router. No two of them share an address.
    pub platform: Vec<Provision>,
    /// Other addresses that flows to it are dialled at; no two have the same address and the same
    /// address of the interface.
    pub fronts: Vec<Front>,
}

/// An address that a load balancer takes flows at, and hands them to an interface with their
/// sources unchanged (AZ-14). Replies carry it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front {
    /// The balancer.
    pub label: Label,
    /// What is dialled.
    pub address: IpAddr,
    /// The interface's own address that it becomes.
    pub own: IpAddr,
    /// What is handed on, by the interface's own ports.
    pub services: ServiceSet,
    /// Whether some of it is dialled at other ports than the interface's.
    pub renumbers: bool,
    /// Why it is not known whether anything is handed on.
    pub doubt: Option<Unknown>,
}

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The address that the interface itself has.
    pub ip: IpAddr,
    /// The address that it is known by beyond a border gateway, translated one to one (AWS-66).
    pub public: Option<IpAddr>,
}

/// Why it is not known which addresses an interface has, for each family where it is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadAddresses {
    /// Of IPv4.
    pub v4: Option<Unknown>,
    /// Of IPv6.
    pub v6: Option<Unknown>,
    /// Of the addresses that it is dialled at from elsewhere, beside those that are known.
    pub public: Option<Unknown>,
}

/// What an interface does with a packet that is addressed to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A machine or service behind it takes it.
    Endpoint,
    /// It belongs to a gateway that nobody can open a connection to (AWS-67).
    Gateway(Id<Gateway>),
    /// It hands it on in a way that is not modelled yet (a load balancer).
    Opaque(Unknown),
}

/// Whether something runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It runs.
    Up,
    /// It does not; the text says what was recorded (`the instance is stopped`).
    Down(Arc<str>),
    /// Not recorded.
    Unknown(Unknown),
}

/// Whether an interface opens connections, or only answers those of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Initiative {
    /// It opens them.
    Opens,
    /// It never does; the text says why (`an endpoint takes connections and opens none`).
    Answers(Arc<str>),
    /// Nobody says.
    Unknown(Unknown),
}

/// What an interface has of a service that the platform gives everybody else in its router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provision {
    /// The platform's addresses that this is about.
    pub addresses: IpSet,
    /// Whether it is given there.
    pub serving: Serving,
}

/// Whether the platform gives a service to an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Serving {
    /// It is switched off.
    Off {
        /// What was recorded (`instance metadata is off`).
        text: Arc<str>,
        /// Where.
        origin: Origin,
    },
    /// Not recorded.
    Unknown(Unknown),
}

/// The ephemeral ports of a kind of client (AWS-41).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// `linux`, `windows`, `any`, `nat-gateway` … or `given` for a range from the command line.
    pub kind: Arc<str>,
    /// The ports.
    pub ports: PortSet,
}

impl Client {
    /// Linux: 32768-60999.
    pub fn linux() -> Self {
        Self { kind: "linux".into(), ports: PortSet::range(32768, 60999) }
    }

    /// Windows Server 2008 and later: 49152-65535.
    pub fn windows() -> Self {
        Self { kind: "windows".into(), ports: PortSet::range(49152, 65535) }
    }

    /// Anybody: NAT gateways, load balancers, Lambda, the internet: 1024-65535.
    pub fn any() -> Self {
        Self { kind: "any".into(), ports: PortSet::range(1024, 65535) }
    }
}

/// What is known of an interface that forwards, and of what is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appliance {
    /// Whether group references in its own filters, and behind it, still see who sent a packet.
    pub identity: Identity,
    /// Whether it is known to hand every packet on as it came. No document tells that: it is for
    /// whoever knows more of a network than its documents do.
    pub hands_on: bool,
}

/// A machine or a managed service with one or more interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What it is called.
    pub label: Label,
    /// Its interfaces, the primary one first.
    pub interfaces: Vec<Id<Interface>>,
    /// Set where they were not all read.
    pub unread: Vec<Unknown>,
    /// The interface that packets to these destinations leave by, whatever address they come
    /// from; the longest prefix wins. Other packets leave by the interface whose address they
    /// carry, as on a host with a routing policy for each of its interfaces.
    pub routes: Vec<HostRoute>,
}

/// A line of the main routing table of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRoute {
    /// The destinations.
    pub to: IpNet,
    /// The interface that packets to them leave by.
    pub by: Id<Interface>,
}

impl Host {
    /// The parts of these destinations that a route sends out by some interface; the rest leaves
    /// by the interface whose address it carries.
    pub(crate) fn exits(&self, destinations: &IpSet) -> (Vec<(&Id<Interface>, IpSet)>, IpSet) {
        let mut longest: Vec<&HostRoute> = self.routes.iter().collect();
        longest.sort_by_key(|route| std::cmp::Reverse(route.to.prefix_len()));
        let mut rest = destinations.clone();
        let mut exits = Vec::new();
        for route in longest {
            let to = IpSet::from(route.to);
            let part = rest.intersection(&to);
            if !part.is_empty() {
                rest = rest.difference(&to);
                exits.push((&route.by, part));
            }
        }
        (exits, rest)
    }
}

/// A segment of a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// What it is called.
    pub label: Label,
    /// The routing domain that it is part of.
    pub router: Id<Router>,
    /// Its addresses.
    pub addresses: IpSet,
    /// Where packets that leave it go.
    pub table: Id<RouteTable>,
    /// What is asked when a packet enters or leaves it, and not inside it (AWS-35).
    pub boundary: Stack,
    /// How its interfaces reach each other.
    pub neighbours: Neighbours,
}

/// How interfaces of one subnet reach each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Neighbours {
    /// Straight, past its table (AWS-61).
    #[default]
    Direct,
    /// By its table, as everybody else (AZ-53).
    ByTable,
}

/// A routing domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Router {
    /// What it is called.
    pub label: Label,
    /// Its addresses.
    pub addresses: IpSet,
    /// Services that the platform itself answers, past every filter (AWS-50).
    pub platform: Vec<PlatformService>,
    /// Set where its interfaces, addresses or gateways were not all read: an address that nobody
    /// recorded holds may then be held all the same, and a gateway that nobody recorded be there.
    pub unread: Vec<Unknown>,
}

/// A service of the platform that no filter stands before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformService {
    /// What it is: `Amazon DNS`.
    pub name: Arc<str>,
    /// Where it answers.
    pub addresses: IpSet,
    /// What it is known to answer there.
    pub services: ServiceSet,
    /// Why it is not known what else it answers; without one it answers nothing else.
    pub beyond: Option<Unknown>,
}

/// Something that joins routers to each other or to the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// What it is called.
    pub label: Label,
    /// What it does with packets.
    pub passage: Passage,
    /// What it asks: ingress towards the inside (or from the first end of a link to the second).
    pub stack: Stack,
    /// Set when it carries nothing: `the peering connection is deleted`.
    pub closed: Option<Arc<str>>,
    /// What is not known about it and may stop any packet.
    pub doubts: Vec<Unknown>,
}

/// What a gateway does with packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Joins a router to an external network; IPv4 addresses are translated one to one.
    Border {
        /// The inside.
        router: Id<Router>,
        /// The outside.
        external: Id<External>,
        /// Who may begin.
        opens: Opens,
        /// The own addresses that it carries; an egress-only gateway has IPv6 alone (AWS-68).
        inside: IpSet,
        /// The table that packets from outside are routed by; without one they are delivered
        /// inside the router (AWS-71).
        table: Option<Id<RouteTable>>,
        /// The sources that share an address when they open flows; the first that holds a source
        /// counts. Others have an address of their own, one to one.
        pools: Vec<Pool>,
    },
    /// Gives many sources one address, with ports of its own (AWS-67, AWS-67a).
    SourceNat {
        /// Where it sits; its packets cross the boundary of that subnet.
        subnet: Id<Subnet>,
        /// The address that it gives to flows.
        address: IpAddr,
        /// The one-to-one public address of that address at the border.
        public: Option<IpAddr>,
        /// The ports that it picks from.
        ports: PortSet,
        /// What it carries.
        services: ServiceSet,
    },
    /// Joins two routers, unchanged, and nothing beyond them (AWS-69).
    Link {
        /// The routers.
        ends: [Id<Router>; 2],
        /// Whether group references see through it.
        identity: Identity,
    },
    /// Leads to a service outside the estate (a gateway endpoint).
    Service {
        /// The routers that may use it.
        routers: BTreeSet<Id<Router>>,
        /// What is behind it.
        external: Id<External>,
    },
    /// Nobody can see through it.
    Opaque {
        /// Why.
        unknown: Unknown,
        /// Whether it may change source addresses.
        rewrites: bool,
    },
}

/// Sources inside a border that share a public address, with ports that are picked for each flow
/// (AZ-70). Nobody outside can open a flow to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What gives the address: a NAT gateway, a load balancer's outbound rule.
    pub label: Label,
    /// The sources.
    pub inside: IpSet,
    /// The address that they are given; nothing where the platform picks one and tells nobody.
    pub address: Option<IpAddr>,
    /// The ports that are picked from.
    pub ports: PortSet,
    /// What is carried.
    pub services: ServiceSet,
    /// Why nobody knows whether it is there at all.
    pub doubt: Option<Unknown>,
}

/// Who may open flows through a border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// Both sides.
    Both,
    /// The inside only.
    Outward,
}

/// Whether a flow still shows the rules at its far end who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// Group references match.
    Kept,
    /// They may match.
    Doubtful,
    /// They do not.
    Lost,
}

/// A network outside the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// What it is called: `internet`.
    pub label: Label,
    /// Its addresses.
    pub addresses: IpSet,
}
