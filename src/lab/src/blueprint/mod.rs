//! A cloud network in the fewest words that namespaces can be made from.
//!
//! Both compilers end here: the one that reads core's `Network`, and the one that reads AWS
//! documents without `providers/aws`. Peers are literal addresses, rules are in the words of nft,
//! and nothing of the evaluator is used. [`wire`](wiring::wire) turns it into a plan.

pub mod wiring;

use std::net::IpAddr;

use cloudfw_core::Direction;
use ipnet::IpNet;

use crate::kernel::plan::Site;

/// Everything that is to be built. Ids are the vendor's, unique among their kind.
#[derive(Clone, Debug, Default)]
pub struct Blueprint {
    /// Routing domains.
    pub routers: Vec<Router>,
    /// Segments.
    pub subnets: Vec<Subnet>,
    /// Interfaces of hosts (those of NAT gateways are part of the gateway).
    pub interfaces: Vec<Interface>,
    /// Hosts with more than one interface, or with routes of their own; any other interface is a
    /// host by itself.
    pub hosts: Vec<Host>,
    /// Gateways.
    pub gateways: Vec<Gateway>,
    /// Addresses of the outside that probes come from and go to.
    pub outside: Vec<IpAddr>,
}

/// A routing domain (a VPC).
#[derive(Clone, Debug)]
pub struct Router {
    /// Its id.
    pub id: String,
    /// Its ranges.
    pub prefixes: Vec<IpNet>,
}

/// A segment of a router.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// The router's id.
    pub router: String,
    /// Its ranges.
    pub prefixes: Vec<IpNet>,
    /// The id of its route table.
    pub table: String,
    /// The routes of its table.
    pub routes: Vec<Route>,
    /// What is asked when a packet crosses its boundary (and not inside it).
    pub boundary: Vec<Filter>,
    /// How its interfaces reach each other.
    pub neighbours: Neighbours,
}

/// How interfaces of a subnet reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbours {
    /// Past its table.
    Direct,
    /// By its table, as everybody else (AZ-53).
    ByTable,
}

/// A line of a route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The destinations.
    pub to: IpNet,
    /// Where they go.
    pub target: Target,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Inside the router.
    Local,
    /// To the gateway with this id.
    Gateway(String),
    /// To the interface with this id, for whoever is behind it to hand on.
    Interface(String),
    /// Nowhere.
    Blackhole,
}

/// An interface and its filters.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Its id.
    pub id: String,
    /// The subnet's id.
    pub subnet: String,
    /// Its addresses, each with the public one that the border translates it to.
    pub addresses: Vec<(IpAddr, Option<IpAddr>)>,
    /// Its filters, in the order in which a packet coming in meets them.
    pub filters: Vec<Filter>,
    /// Whether a packet going out meets them in the reverse order (AZ-6), or in the same.
    pub reversed_out: bool,
    /// Whether it sends and takes only its own addresses (AWS-73).
    pub source_check: bool,
    /// Whether a host behind it answers.
    pub up: bool,
}

/// A host with several interfaces.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its id.
    pub id: String,
    /// The ids of its interfaces, the primary one first.
    pub interfaces: Vec<String>,
    /// The interface that packets to these destinations leave by, whatever their source address;
    /// where none matches a packet leaves by the interface whose address it carries.
    pub routes: Vec<(IpNet, String)>,
}

/// An ordered list of lines for each direction.
#[derive(Clone, Debug)]
pub struct Filter {
    /// What it remembers.
    pub tracking: Tracking,
    /// Lines for packets that go in.
    pub ingress: Vec<Line>,
    /// Lines for packets that go out.
    pub egress: Vec<Line>,
    /// Chains that lines jump to.
    pub chains: Vec<(String, Vec<Line>)>,
}

impl Filter {
    /// The lines of one direction.
    pub fn lines(&self, direction: Direction) -> &[Line] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}

/// Whether a filter remembers flows.
#[derive(Clone, Debug)]
pub enum Tracking {
    /// Every packet is checked.
    Stateless,
    /// Packets of known flows pass; a reply without a known flow is checked like any packet.
    Stateful,
    /// Packets of known flows pass; a reply without a known flow ends at this site.
    StatefulOrDropped(Site),
}

/// A line of a filter.
#[derive(Clone, Debug)]
pub struct Line {
    /// In the words of nft, at the `inet` family; empty for everything.
    pub matches: String,
    /// What it does.
    pub act: Act,
}

/// What a line does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Passes this filter; the next one is asked.
    Allow,
    /// The same, and what passes is written down with this site.
    AllowBy(Site),
    /// Passes all filters that are left at this place.
    AllowAll,
    /// Ends the packet here.
    Drop(Site),
    /// Ends it with an answer, in nft's words (`reject with tcp reset`).
    Reject(Site, &'static str),
    /// Calls a chain.
    Jump(String),
    /// Goes to a chain for good.
    Goto(String),
    /// Leaves a chain.
    Return,
    /// Goes on (a rule that only counts or logs).
    Continue,
}

/// What joins routers to each other and to the outside.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Its id.
    pub id: String,
    /// What it does.
    pub passage: Passage,
    /// What it asks: ingress towards the inside.
    pub filters: Vec<Filter>,
    /// Whether it carries nothing.
    pub closed: bool,
}

/// What a gateway does with packets.
#[derive(Clone, Debug)]
pub enum Passage {
    /// A border to the outside: IPv4 addresses are translated one to one, an address without a
    /// public one is not carried; IPv6 passes unchanged.
    Border {
        /// The router's id.
        router: String,
        /// Whether the outside may open flows.
        both_ways: bool,
        /// Whether it carries IPv4 at all.
        ipv4: bool,
        /// Whether it carries IPv6 at all.
        ipv6: bool,
    },
    /// A NAT gateway: TCP, UDP and ICMP get its address; it takes no flows itself.
    SourceNat {
        /// The subnet that it sits in.
        subnet: String,
        /// Its address.
        address: IpAddr,
        /// The public address of that, at the border.
        public: Option<IpAddr>,
        /// The lowest and highest port that it gives to flows.
        ports: (u16, u16),
    },
    /// Joins two routers and nothing beyond.
    Link {
        /// The routers' ids.
        ends: [String; 2],
    },
}
