//! One packet through a network, and its reply back.
//!
//! Written from DESIGN sections 4 and 5 and from AWS-35, 36, 50 and 60 to 73. Every fork (what is
//! not known, and whether a doubtful thing holds) is taken both ways; ports that a client or a
//! gateway chooses are given, so that the caller can try each.

mod gateways;
mod interfaces;
mod outside;
mod routes;

use std::collections::BTreeSet;
use std::net::IpAddr;

use cloudfw_core::{
    Destinations, Direction, Endpoint, External, Filter, Flow, Front, Gateway, Id, Identity,
    Initiative, Interface, IpSet, Label, Leg, Liveness, Neighbours, Network, Opens, Passage,
    PlatformService, Pool, PortSet, Role, Route, RouteTable, Router, Service, Serving, Stack,
    StateSet, Subnet, Target,
};

use super::filter::{self, Fate, Phase};
use super::{Member, Outcomes, Seen, holds_address, holds_service};

/// What may happen to a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// The packet arrives, and so does its reply, if it has one.
    Pass,
    /// It is stopped here first.
    Stopped(Place),
}

/// What stops a packet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// On the way there, or on the way back.
    pub(crate) leg: Leg,
    /// The filter's list, or the label of what is not a filter.
    pub(crate) at: String,
    /// The rule, where one decided.
    pub(crate) rule: String,
}

/// A connection that is tried.
pub(crate) struct Trip<'n> {
    /// The network.
    pub(crate) network: &'n Network,
    /// Who opens it.
    pub(crate) source: &'n Endpoint,
    /// Whom it is for.
    pub(crate) destination: &'n Endpoint,
    /// The first packet as it is sent.
    pub(crate) flow: Flow,
    /// The port that each gateway on the way picks, in order.
    pub(crate) gateway_ports: Vec<u16>,
    /// Asks only about the way there.
    pub(crate) one_way: bool,
}

/// What was found about a trip.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What may happen.
    pub(crate) outcomes: Outcomes<Outcome>,
    /// The ports that each gateway that picked one picks from, in order.
    pub(crate) gateways: Vec<PortSet>,
    /// Whether anything was explored both ways.
    pub(crate) doubted: bool,
}

impl Trip<'_> {
    /// What may happen. The identity of a flow is known only at its end, so each leg is walked
    /// once past all filters to learn it.
    pub(crate) fn outcomes(&self) -> Found {
        let mut scout = Walk::new(self, [Identity::Kept; 2], true);
        scout.begin();
        let identities = scout.identities;
        let mut found = Found { gateways: scout.found.gateways, ..Found::default() };
        let or_kept = |set: &BTreeSet<Identity>| match set.len() {
            0 => vec![Identity::Kept],
            _ => set.iter().copied().collect(),
        };
        for there in or_kept(&identities[0]) {
            for back in or_kept(&identities[1]) {
                let mut walk = Walk::new(self, [there, back], false);
                walk.begin();
                found.outcomes.append(&mut walk.found.outcomes);
                found.doubted |= walk.found.doubted;
            }
        }
        found
    }
}

/// A packet under way.
#[derive(Clone)]
struct Packet<'n> {
    flow: Flow,
    leg: Leg,
    identity: Identity,
    /// What is left of it here: what a packet has not met yet does not change it.
    left: Identity,
    /// The translations that the opening packet made and a reply has not undone.
    translations: Vec<Translation<'n>>,
    /// The interfaces that remember the flow.
    remembered: BTreeSet<&'n Id<Interface>>,
    /// The outward-only borders that it was opened through (AWS-68).
    opened: BTreeSet<&'n Id<Gateway>>,
    /// The gateway by which it came to a service.
    service: Option<(&'n Id<Gateway>, &'n Id<Router>)>,
    /// Whether it came through something that nobody can see through.
    opaque: bool,
    /// Whether that may have changed its source.
    rewritten: bool,
    hops: usize,
}

#[derive(Clone)]
struct Translation<'n> {
    gateway: &'n Id<Gateway>,
    original: (IpAddr, Option<u16>),
    given: (IpAddr, Option<u16>),
    peer: (IpAddr, Option<u16>),
}

/// Where a packet is: the routing domain, and the subnet that it has not left.
#[derive(Clone, Copy)]
struct At<'n> {
    router: &'n Id<Router>,
    subnet: Option<&'n Id<Subnet>>,
}

struct Walk<'n> {
    trip: &'n Trip<'n>,
    network: &'n Network,
    /// The identity on each leg.
    known: [Identity; 2],
    /// Walks past all filters, only to see where the packet goes.
    scouting: bool,
    identities: [BTreeSet<Identity>; 2],
    found: Found,
    /// Tables that were asked: loops with two ways out of each turn would be walked for ever.
    asked: usize,
}

impl<'n> Walk<'n> {
    fn new(trip: &'n Trip<'n>, known: [Identity; 2], scouting: bool) -> Self {
        let identities = [BTreeSet::new(), BTreeSet::new()];
        Self {
            trip,
            network: trip.network,
            known,
            scouting,
            identities,
            found: Found::default(),
            asked: 0,
        }
    }

    fn begin(&mut self) {
        let packet = Packet {
            flow: self.trip.flow,
            leg: Leg::Forward,
            identity: Identity::Kept,
            left: Identity::Kept,
            translations: Vec::new(),
            remembered: BTreeSet::new(),
            opened: BTreeSet::new(),
            service: None,
            opaque: false,
            rewritten: false,
            hops: 0,
        };
        match self.trip.source {
            Endpoint::Interface { id, .. } => self.leave(id, packet),
            Endpoint::External { id, .. } => self.outside(id, packet),
            Endpoint::Unheld { router, .. } => {
                let at = &self.network.routers[router].label;
                self.stop(&packet, at, "");
            }
        }
    }

    // What may happen.

    fn stop(&mut self, packet: &Packet<'n>, at: &Label, rule: &str) {
        let place = Place { leg: packet.leg, at: at.id.to_string(), rule: rule.into() };
        self.identities[packet.leg as usize].insert(packet.identity);
        self.found.outcomes.insert(Outcome::Stopped(place));
    }

    /// It may stop here, and it may not.
    fn may_stop(&mut self, packet: &Packet<'n>, at: &Label) {
        self.found.doubted = true;
        self.stop(packet, at, "?");
    }

    fn pass(&mut self, packet: &Packet<'n>) {
        self.identities[packet.leg as usize].insert(packet.identity);
        self.found.outcomes.insert(Outcome::Pass);
    }

    // Filters.

    /// Asks a stack; whether the packet may go on.
    fn asks(
        &mut self,
        packet: &mut Packet<'n>,
        at: &Label,
        stack: &'n Stack,
        direction: Direction,
        domain: Option<&'n Id<Interface>>,
    ) -> bool {
        let phase = match (packet.leg, domain) {
            (Leg::Forward, _) => Phase::Opening,
            (Leg::Return, Some(id)) if packet.remembered.contains(id) => Phase::ReplyWithState,
            (Leg::Return, _) => Phase::ReplyWithoutState,
        };
        packet.remembered.extend(domain.filter(|_| packet.leg == Leg::Forward));
        if self.scouting {
            return true;
        }
        let filters: Option<Vec<&Filter>> = stack
            .in_order(direction)
            .iter()
            .map(|id| self.network.filters.get(id).map(|f| &**f))
            .collect();
        let Some(filters) = filters else {
            self.may_stop(packet, at);
            return true;
        };
        let seen = self.seen(packet, direction, domain);
        let mut passes = false;
        let decisions: Vec<_> = sources_to_try(packet, &filters)
            .into_iter()
            .flat_map(|flow| filter::stack(filters.iter().copied(), direction, phase, flow, &seen))
            .collect();
        for decision in &decisions {
            match decision.fate {
                Fate::Denied(_) => {
                    let (list, rule) = &decision.by;
                    let place = Place { leg: packet.leg, at: list.clone(), rule: rule.clone() };
                    self.identities[packet.leg as usize].insert(packet.identity);
                    self.found.outcomes.insert(Outcome::Stopped(place));
                }
                Fate::Pass | Fate::PassAll => passes = true,
            }
        }
        let denies = decisions.iter().any(|d| matches!(d.fate, Fate::Denied(_)));
        self.found.doubted |= passes && denies;
        passes
    }

    /// A boundary that may or may not lie on the way.
    fn may_ask(&mut self, packet: &Packet<'n>, subnet: &'n Subnet, direction: Direction) {
        self.found.doubted = true;
        let mut other = packet.clone();
        self.asks(&mut other, &subnet.label, &subnet.boundary, direction, None);
    }

    fn seen(
        &self,
        packet: &Packet<'n>,
        direction: Direction,
        domain: Option<&Id<Interface>>,
    ) -> Seen<'n> {
        let member = |endpoint: &Endpoint| match endpoint {
            Endpoint::Interface { id, .. } => {
                self.network.interfaces.get(id).map(|interface| Member {
                    groups: &interface.groups,
                    addresses: interface.addresses.iter().map(|address| address.ip).collect(),
                })
            }
            _ => None,
        };
        let (from, to) = (member(self.trip.source), member(self.trip.destination));
        let identity = self.known[packet.leg as usize].max(packet.left);
        let state = StateSet::ESTABLISHED;
        let (first, last) = match packet.leg {
            Leg::Forward => (self.trip.source, self.trip.destination),
            Leg::Return => (self.trip.destination, self.trip.source),
        };
        let own = match direction {
            Direction::Egress => first,
            Direction::Ingress => last,
        };
        let is_own =
            |id: &Id<Interface>| matches!(own, Endpoint::Interface { id: own, .. } if own == id);
        let near = domain.filter(|id| is_own(id)).map(|_| direction);
        match packet.leg {
            Leg::Forward => {
                Seen { source: from, destination: to, identity, near, state: StateSet::NEW }
            }
            Leg::Return => Seen { source: to, destination: from, identity, near, state },
        }
    }
}

fn source_port(service: Service) -> Option<u16> {
    match service {
        Service::Ports { source, .. } => Some(source),
        _ => None,
    }
}

fn destination_port(service: Service) -> Option<u16> {
    match service {
        Service::Ports { destination, .. } => Some(destination),
        _ => None,
    }
}

fn set_source(flow: &mut Flow, (address, port): (IpAddr, Option<u16>)) {
    flow.source = address;
    if let (Service::Ports { source, .. }, Some(port)) = (&mut flow.service, port) {
        *source = port;
    }
}

fn set_destination(flow: &mut Flow, (address, port): (IpAddr, Option<u16>)) {
    flow.destination = address;
    if let (Service::Ports { destination, .. }, Some(port)) = (&mut flow.service, port) {
        *destination = port;
    }
}

/// The packets that may stand here: where something may have changed the source, one for every
/// address and port at which the filters could begin to decide otherwise.
fn sources_to_try(packet: &Packet<'_>, filters: &[&Filter]) -> Vec<Flow> {
    let mut flows = vec![packet.flow];
    if !packet.rewritten {
        return flows;
    }
    let (mut addresses, mut ports) = (BTreeSet::from([packet.flow.source]), BTreeSet::from([0]));
    let lists =
        filters.iter().flat_map(|f| f.ingress.iter().chain(&f.egress).chain(f.chains.values()));
    for rule in lists.flat_map(|list| &list.rules) {
        if let cloudfw_core::Peers::Of(peers) = &rule.matches.sources {
            for peer in peers {
                let (cloudfw_core::Peer::Addresses { set, .. }
                | cloudfw_core::Peer::Unresolved { within: set, .. }) = peer
                else {
                    continue;
                };
                addresses.extend(edges(set, packet.flow.source));
            }
        }
        for (_, sources, _) in rule.matches.services.port_cubes() {
            for &(low, high) in sources.ranges() {
                ports.extend([low, high, low.saturating_sub(1), high.saturating_add(1)]);
            }
        }
    }
    for source in addresses {
        for port in &ports {
            let mut flow = packet.flow;
            set_source(&mut flow, (source, Some(*port)));
            flows.push(flow);
        }
    }
    flows
}

fn edges(set: &IpSet, family: IpAddr) -> Vec<IpAddr> {
    if family.is_ipv4() {
        let ends = set
            .v4()
            .ranges()
            .iter()
            .flat_map(|&(low, high)| [low, high, low.wrapping_sub(1), high.wrapping_add(1)]);
        ends.map(|number| IpAddr::V4(number.into())).collect()
    } else {
        let ends = set
            .v6()
            .ranges()
            .iter()
            .flat_map(|&(low, high)| [low, high, low.wrapping_sub(1), high.wrapping_add(1)]);
        ends.map(|number| IpAddr::V6(number.into())).collect()
    }
}

/// The label of a place that the network has not.
static NOWHERE: std::sync::LazyLock<Label> = std::sync::LazyLock::new(|| Label {
    id: "nowhere".into(),
    name: None,
    kind: "nowhere",
    scope: "".into(),
    origin: cloudfw_core::Origin {
        document: "nowhere".into(),
        place: cloudfw_core::Place::Line(0),
    },
});
