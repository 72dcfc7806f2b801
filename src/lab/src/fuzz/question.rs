//! What is asked about a scenario: the same question for `cloudfw reach` and for the kernel.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use cloudfw_core::{Client, PortSet, Protocol, ServiceSet};
use cloudfw_estate::Query;
use ipnet::IpNet;

use crate::estate::chance::Chance;
use crate::estate::{Estate, Interface, Owner, Peer, RouteTo, Rule};
use crate::kernel::probe::Ask;
use crate::scenario::{Scenario, TCP_PORTS, UDP_PORTS};

mod azure;

/// One connection, datagram or echo request from one address to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who sends.
    pub source: End,
    /// Whom to.
    pub destination: End,
    /// What.
    pub ask: Ask,
    /// The client's port, or the identifier of its echo request.
    pub port: u16,
    /// Whether cloudfw is not told of that port: it is one of those that the client's system dials
    /// from, as recorded.
    pub recorded: bool,
    /// Whether nobody listens at that port of a host that runs.
    pub closed: bool,
}

/// One end of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// An interface.
    Interface {
        /// Its id.
        id: String,
        /// The id of its VPC, or the name of its virtual network.
        vpc: String,
        /// Its own address.
        own: IpAddr,
        /// The public address that is dialled instead.
        dialled: Option<IpAddr>,
        /// Whether anybody listens: not at a NAT gateway, nor on an instance that is stopped.
        listens: bool,
    },
    /// An address of the internet.
    Outside(IpAddr),
    /// An address of a VPC that nobody has.
    Unheld {
        /// The id of the VPC.
        vpc: String,
        /// The address.
        address: IpAddr,
    },
}

impl End {
    /// The address as the other end writes it.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        match self {
            Self::Interface { own, dialled, .. } => dialled.unwrap_or(*own),
            Self::Outside(address) | Self::Unheld { address, .. } => *address,
        }
    }
}

/// As a query has it: addresses of VPCs are scoped, since VPCs overlap.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interface { dialled: Some(address), .. } | Self::Outside(address) => {
                write!(f, "{address}")
            }
            Self::Interface { vpc, own: address, .. } | Self::Unheld { vpc, address } => {
                write!(f, "{address}@{vpc}")
            }
        }
    }
}

/// As a line of `queries.txt`.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, destination, port, .. } = self;
        write!(f, "{source} {destination} --service {}", self.service())?;
        if self.recorded {
            return Ok(());
        }
        write!(f, " --client {port}-{port}")
    }
}

impl Question {
    /// The service as the command line takes it.
    #[must_use]
    pub fn service(&self) -> String {
        match self.ask {
            Ask::Tcp(port) => port.to_string(),
            Ask::Udp(port) => format!("{port}/udp"),
            Ask::Echo if self.is_ipv6() => "icmpv6/128.0".to_owned(),
            Ask::Echo => "icmp/8.0".to_owned(),
        }
    }

    /// Whether it is of IPv6.
    #[must_use]
    pub fn is_ipv6(&self) -> bool {
        self.destination.address().is_ipv6()
    }

    /// `tcp`, `udp` or `icmp`.
    #[must_use]
    pub fn protocol(&self) -> &'static str {
        match self.ask {
            Ask::Tcp(_) => "tcp",
            Ask::Udp(_) => "udp",
            Ask::Echo => "icmp",
        }
    }

    /// The query, as it is asked.
    #[must_use]
    pub fn query(&self) -> Query {
        let client = (!self.recorded).then(|| PortSet::single(self.port));
        self.query_from(client)
    }

    /// The query for these ports of the client; without any, for those of its system.
    #[must_use]
    pub fn query_from(&self, ports: Option<PortSet>) -> Query {
        Query {
            text: self.to_string(),
            service: Some(self.services()),
            client: ports.map(|ports| Client { kind: "given".into(), ports }),
            ..Query::new(self.source.to_string(), self.destination.to_string())
        }
    }

    fn services(&self) -> ServiceSet {
        let to =
            |protocol, port| ServiceSet::ports(protocol, PortSet::full(), PortSet::single(port));
        match self.ask {
            Ask::Tcp(port) => to(Protocol::TCP, port),
            Ask::Udp(port) => to(Protocol::UDP, port),
            Ask::Echo if self.is_ipv6() => ServiceSet::icmp(Protocol::ICMPV6, Some(128), Some(0)),
            Ask::Echo => ServiceSet::icmp(Protocol::ICMP, Some(8), Some(0)),
        }
    }
}

/// A port where nobody listens, between those that rules are about.
const CLOSED: u16 = 81;

/// Client ports, none of them twice.
pub(crate) struct Ports {
    taken: BTreeSet<u16>,
}

impl Ports {
    pub(crate) fn new() -> Self {
        Self { taken: BTreeSet::new() }
    }

    /// A port between these that nobody has.
    pub(crate) fn draw(&mut self, low: u16, high: u16, chance: &mut Chance) -> u16 {
        loop {
            let port = chance.between(usize::from(low), usize::from(high)) as u16;
            if self.take(port) {
                return port;
            }
        }
    }

    /// Whether it was to be had.
    pub(super) fn take(&mut self, port: u16) -> bool {
        // What something listens at is left to it.
        let is_service = TCP_PORTS.contains(&port) || UDP_PORTS.contains(&port);
        !is_service && self.taken.insert(port)
    }
}

/// Draws questions about a scenario.
///
/// What is never asked, and why:
///
/// - between two interfaces of one host: Linux delivers that inside the host, and no filter sees
///   it;
/// - from what is stopped, and from NAT gateways: nobody is there to send (as destinations they
///   are asked about, seldom);
/// - to a private address in another VPC that somebody else has as well, and from one like that:
///   who answers hangs on routes of whom nobody asked, and cloudfw says `other holder`;
/// - to an address that nobody has in another VPC than the sender's;
/// - by IPv6 to another VPC over the internet where a rule of either end names a group of the
///   other: AWS does not say whether it matches, and cloudfw says `unknown`;
/// - between a subnet and the NAT gateway in it that its own table leads to: so are the gateway's
///   own packets led to itself, in circles, and cloudfw says `unknown`. Such routes are not drawn
///   (`scenario/routes.rs`), nor are two gateways that lead to each other, nor two prefix lists in
///   one table (which of two equal prefixes wins, AWS does not say);
/// - protocols other than TCP, UDP and ICMP echo, which have no sockets that answer; TCP port 25 to
///   the outside (AWS-51, taken away on request); the platform's own addresses (AWS-50);
/// - a port where nobody listens by UDP: the refusal comes back as ICMP, of which cloudfw says
///   nothing;
/// - from a port where something listens: the socket could not be bound.
///
/// Seldom asked, since most of the answers are alike: of another VPC by a private address that
/// nothing leads to, and from outside to a private address.
pub(crate) fn draw(
    scenario: &Scenario,
    count: usize,
    ports: &mut Ports,
    chance: &mut Chance,
) -> Vec<Question> {
    let mut questions = Vec::with_capacity(count);
    // A scenario in which hardly anybody shares a family with anybody gives fewer.
    for _ in 0..count * 50 {
        if questions.len() == count {
            break;
        }
        let question = match &scenario.azure {
            None => draw_one(scenario, ports, chance),
            Some(estate) => azure::draw_one(scenario, estate, ports, chance),
        };
        questions.extend(question);
    }
    questions
}

fn draw_one(scenario: &Scenario, ports: &mut Ports, chance: &mut Chance) -> Option<Question> {
    let estate = &scenario.estate;
    let ipv6 = chance.percent(30);
    let (source, destination) = match chance.weighted(&[66, 18, 15, 1]) {
        0 => between(estate, ipv6, chance)?,
        1 => {
            let from = draw_interface(estate, ipv6, chance)?;
            let to = End::Outside(outside(scenario, ipv6, chance));
            (own(estate, from, ipv6, chance)?, to)
        }
        2 => {
            let to = draw_interface(estate, ipv6, chance)?;
            let from = End::Outside(outside(scenario, ipv6, chance));
            // Without a public address nothing else is of interest.
            let known = ipv6 || chance.percent(25);
            let dialled = public(estate, to, ipv6, chance);
            let private =
                || own(estate, to, ipv6, chance).filter(|it| known && is_unique(estate, it));
            (from, dialled.or_else(private)?)
        }
        _ => {
            let from = draw_interface(estate, ipv6, chance)?;
            (own(estate, from, ipv6, chance)?, unheld(estate, from, ipv6, chance)?)
        }
    };
    let closed = chance.percent(4);
    let ask = match chance.weighted(&[62, 23, 15]) {
        // The refusal of a datagram comes back as ICMP, which rules treat otherwise.
        _ if closed => Ask::Tcp(CLOSED),
        0 => Ask::Tcp(*chance.pick(&TCP_PORTS)),
        1 => Ask::Udp(*chance.pick(&UDP_PORTS)),
        _ => Ask::Echo,
    };
    let (recorded, port) = draw_port(scenario, &source, ports, chance);
    Some(Question { source, destination, ask, port, recorded, closed })
}

/// The client's port, often one at the end of a range that some rule has; and whether it is drawn
/// from the ports of the client's system, and not told.
fn draw_port(
    scenario: &Scenario,
    source: &End,
    ports: &mut Ports,
    chance: &mut Chance,
) -> (bool, u16) {
    let estate = &scenario.estate;
    let system = system_ports(estate, source);
    // Linux is what most others are asked as.
    let recorded = chance.percent(if system == WINDOWS { 60 } else { 15 });
    let (low, high) = match recorded {
        true => system,
        false if chance.percent(75) => LINUX,
        false => ANY,
    };
    let edges: Vec<u16> = estate
        .acls
        .iter()
        .flat_map(|acl| &acl.entries)
        .filter_map(|entry| entry.ports)
        .flat_map(|(from, to)| [from.saturating_sub(1), from, to, to.saturating_add(1)])
        .filter(|port| (low..=high).contains(port))
        .collect();
    if !edges.is_empty() && chance.percent(20) {
        let edge = *chance.pick(&edges);
        if ports.take(edge) {
            return (recorded, edge);
        }
    }
    (recorded, ports.draw(low, high, chance))
}

const LINUX: (u16, u16) = (32768, 60999);
const WINDOWS: (u16, u16) = (49152, 65535);
const ANY: (u16, u16) = (1024, 65535);

/// The ports that the system of an end dials from (AWS-42): by what `describe-instances` says.
fn system_ports(estate: &Estate, end: &End) -> (u16, u16) {
    let End::Interface { id, .. } = end else { return ANY };
    match estate.interfaces.iter().find(|it| it.id == *id).map(|it| it.owner) {
        Some(Owner::Instance(instance, _)) => match estate.instances.get(instance) {
            Some(instance) if instance.windows => WINDOWS,
            _ => LINUX,
        },
        _ => ANY,
    }
}

fn outside(scenario: &Scenario, ipv6: bool, chance: &mut Chance) -> IpAddr {
    let of_family: Vec<IpAddr> =
        scenario.outside.iter().copied().filter(|address| address.is_ipv6() == ipv6).collect();
    *chance.pick(&of_family)
}

/// An interface of an instance that runs, with an address of the family.
fn draw_interface(estate: &Estate, ipv6: bool, chance: &mut Chance) -> Option<usize> {
    let usable: Vec<usize> = (0..estate.interfaces.len())
        .filter(|&index| {
            let interface = estate.interfaces.get(index);
            interface.is_some_and(|it| it.ipv6.is_some() || !ipv6) && runs(estate, index)
        })
        .collect();
    (!usable.is_empty()).then(|| *chance.pick(&usable))
}

fn runs(estate: &Estate, index: usize) -> bool {
    match estate.interfaces.get(index).map(|interface| interface.owner) {
        Some(Owner::Instance(instance, _)) => {
            estate.instances.get(instance).is_some_and(|instance| instance.running)
        }
        _ => false,
    }
}

/// Two interfaces: of one VPC, of two that are linked, or, by a public address, of any.
fn between(estate: &Estate, ipv6: bool, chance: &mut Chance) -> Option<(End, End)> {
    let from = draw_interface(estate, ipv6, chance)?;
    let here = estate.vpc_of(from);
    let host = |index: usize| match estate.interfaces.get(index)?.owner {
        Owner::Instance(instance, _) => Some(instance),
        _ => None,
    };
    let candidates: Vec<usize> = (0..estate.interfaces.len())
        .filter(|&to| host(to).is_none() || host(to) != host(from))
        .filter(|&to| {
            // Gateways and what is stopped are dialled seldom.
            runs(estate, to) || chance.percent(8)
        })
        .filter(|&to| estate.interfaces.get(to).is_some_and(|it| it.ipv6.is_some() || !ipv6))
        .collect();
    if candidates.is_empty() {
        return None;
    }
    let to = *chance.pick(&candidates);
    let there = estate.vpc_of(to);
    let near = here == there || estate.peering_between(here, there).is_some();
    let by_public = if near { 14 } else { 92 };
    let dialled = public(estate, to, ipv6, chance);
    let destination = match dialled.filter(|_| chance.percent(by_public)) {
        Some(end) => end,
        // Of a VPC that nothing leads to: seldom of interest.
        None if !near && !chance.percent(4) => return None,
        None => own(estate, to, ipv6, chance)?,
    };
    let source = own(estate, from, ipv6, chance)?;
    // Where somebody nearer has the address as well, packets or their replies go there.
    let private = matches!(&destination, End::Interface { dialled: None, .. });
    let known = is_unique(estate, &source) && is_unique(estate, &destination);
    if private && here != there && !known {
        return None;
    }
    if ipv6 && here != there && refer(estate, from, to) && !is_linked_ipv6(estate, from, there) {
        return None;
    }
    Some((source, destination))
}

/// Whether a rule of one end's groups names a group of the other end. Of addresses that stay what
/// they are on their way through the internet, AWS does not say whether such a rule matches them.
fn refer(estate: &Estate, from: usize, to: usize) -> bool {
    let groups = |index: usize| estate.interfaces.get(index).map_or(&[][..], |it| &it.groups);
    let names = |rules: &[Rule], other: usize| {
        rules.iter().any(
            |rule| matches!(rule.peer, Peer::Group(group, _) if groups(other).contains(&group)),
        )
    };
    let group = |&group: &usize| estate.groups.get(group);
    groups(to).iter().filter_map(group).any(|group| names(&group.ingress, from))
        || groups(from).iter().filter_map(group).any(|group| names(&group.egress, to))
}

/// Whether IPv6 to that VPC goes over a peering.
fn is_linked_ipv6(estate: &Estate, from: usize, there: usize) -> bool {
    let subnet = estate.interfaces.get(from).and_then(|it| estate.subnets.get(it.subnet));
    let table = subnet.and_then(|subnet| estate.route_tables.get(subnet.route_table));
    let block = estate.vpcs.get(there).and_then(|vpc| vpc.ipv6);
    table.zip(block).is_some_and(|(table, block)| {
        let to = RouteTo::Cidr(IpNet::V6(block));
        table.routes.iter().any(|route| route.to == to)
    })
}

fn own(estate: &Estate, index: usize, ipv6: bool, chance: &mut Chance) -> Option<End> {
    let interface = estate.interfaces.get(index)?;
    let own = match ipv6 {
        true => IpAddr::V6(interface.ipv6?),
        false => IpAddr::V4(*chance.pick(&interface.addresses)),
    };
    Some(End::Interface {
        id: interface.id.clone(),
        vpc: estate.vpcs.get(estate.vpc_of(index))?.id.clone(),
        own,
        dialled: None,
        listens: runs(estate, index),
    })
}

/// Whether nobody else has the address: from outside, who is meant cannot be told.
fn is_unique(estate: &Estate, end: &End) -> bool {
    let own = |interface: &Interface| match end.address() {
        IpAddr::V4(address) => interface.addresses.contains(&address),
        IpAddr::V6(address) => interface.ipv6 == Some(address),
    };
    estate.interfaces.iter().filter(|interface| own(interface)).count() == 1
}

/// An interface by one of its public addresses, where it has any.
fn public(estate: &Estate, index: usize, ipv6: bool, chance: &mut Chance) -> Option<End> {
    let interface = estate.interfaces.get(index).filter(|_| !ipv6)?;
    let publics: Vec<(Ipv4Addr, Ipv4Addr)> =
        interface.publics().map(|(own, public)| (own, public.address)).collect();
    let (own, public) = *publics.get(chance.below(publics.len().max(1)))?;
    Some(End::Interface {
        id: interface.id.clone(),
        vpc: estate.vpcs.get(estate.vpc_of(index))?.id.clone(),
        own: IpAddr::V4(own),
        dialled: Some(IpAddr::V4(public)),
        listens: runs(estate, index),
    })
}

/// An address that nobody has, in a subnet of the sender's VPC.
fn unheld(estate: &Estate, from: usize, ipv6: bool, chance: &mut Chance) -> Option<End> {
    let vpc = estate.vpcs.get(estate.vpc_of(from))?;
    let subnet = estate.subnets.get(chance.between(vpc.subnets.start, vpc.subnets.end - 1))?;
    let address = match ipv6 {
        true => {
            let first = u128::from(subnet.ipv6?.network());
            IpAddr::V6((first | u128::from(chance.bits())).into())
        }
        // The last ones are not handed out.
        false => IpAddr::V4((u32::from(subnet.cidr.network()) + 250).into()),
    };
    Some(End::Unheld { vpc: vpc.id.clone(), address })
}
