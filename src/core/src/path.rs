//! Paths: where packets go, whatever the filters say.
//!
//! Routing depends on addresses alone, so a path is found first and filters are put to it
//! afterwards ([`round_trip`](crate::round_trip)). Where the way ends before the destination (no
//! route, no public address) the path records the obstacle and goes on at the destination as if
//! there were none, so that **everything** that stands in the way is named.

mod arrival;
mod gateways;
mod walk;

use std::net::{IpAddr, Ipv4Addr};

use crate::path_graph::Holder;
use crate::route::Found;
use crate::{
    Direction, Endpoint, External, Front, Gateway, Id, Identity, Initiative, Interface, IpSet,
    Label, Liveness, Neighbours, Opens, Origin, Passage, PathGraph, PlatformService, Pool, PortSet,
    Reason, Role, Route, RouteTable, Router, ServiceSet, Serving, Stack, Subnet, Target, Unknown,
};

/// Longer ways are loops.
const MOST_CROSSINGS: usize = 96;
/// Ways that are translated more often are not followed.
const MOST_MASQUERADES: usize = 8;
/// More parts than this are not told apart: what is over is unknown.
const MOST_PATHS: usize = 1024;

/// One way through the network, for a set of addresses that all go the same way.
#[derive(Clone, Debug)]
pub(crate) struct Path<'n> {
    /// What is crossed, in order.
    pub(crate) crossings: Vec<Crossing<'n>>,
    /// The sources at the start.
    pub(crate) sources: IpSet,
    /// The destinations at the start, as dialled.
    pub(crate) destinations: IpSet,
    /// The source address as the end of the path sees it.
    pub(crate) arriving_from: IpSet,
    /// The destination address at the end of the path.
    pub(crate) arriving_at: IpSet,
    /// The translations with state that a reply is given back through, in order.
    pub(crate) masquerades: Vec<Masquerade<'n>>,
    /// The gateways that it passed out of a router by.
    passed: Vec<Door<'n>>,
    /// The first thing on it that nobody can see through.
    opaque: Option<Unknown>,
    /// Whether rules anywhere along the way see which interfaces it joins (AWS-10, AWS-11).
    pub(crate) identity: Identity,
}

/// A source translation that a flow made state in.
#[derive(Clone, Debug)]
pub(crate) struct Masquerade<'n> {
    pub(crate) gateway: &'n Id<Gateway>,
    /// The source addresses before it.
    pub(crate) original: IpSet,
}

/// A gateway, and the router that a packet left by it.
#[derive(Clone, Copy, Debug)]
struct Door<'n> {
    id: &'n Id<Gateway>,
    gateway: &'n Gateway,
    router: &'n Id<Router>,
}

/// Something on a path.
#[derive(Clone, Debug)]
pub(crate) enum Crossing<'n> {
    /// Filters are asked.
    Filters {
        at: &'n Label,
        stack: &'n Stack,
        direction: Direction,
        /// Whose state it is: the interface, or nobody's.
        domain: Option<&'n Id<Interface>>,
        /// Whether it is known that the way leads past them.
        certain: bool,
        /// Whether what crosses them here still shows who it is.
        identity: Identity,
    },
    /// A table sends the packet on.
    Route { table: &'n RouteTable, route: &'n Route },
    /// Only these services pass.
    Carries { at: &'n Label, services: &'n ServiceSet },
    /// One address for another, and back for replies.
    Rewrite { at: &'n Label, field: Field, from: IpAddr, to: IpAddr },
    /// Source translation with ports of the gateway's own: the next segment begins.
    Masquerade { at: &'n Label, to: IpAddr, ports: &'n PortSet },
    /// A reply gets back the address that [`Crossing::Masquerade`] took: the segment before.
    Unmasquerade { at: &'n Label, to: IpSet },
    /// Nothing passes.
    Obstacle { at: &'n Label, reason: Reason, cited: Option<Cited<'n>> },
    /// It cannot be said whether anything passes.
    Doubt { at: &'n Label, reason: Reason, unknown: Unknown },
    /// Nobody can see through it, and sources may be others behind it.
    Opaque { at: &'n Label, unknown: Unknown, rewrites: bool },
    /// The platform itself answers (AWS-50).
    Platform { at: &'n Label, service: &'n PlatformService },
    /// It is there.
    Arrived { at: &'n Label },
}

/// What is written about an obstacle.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cited<'n> {
    /// The route that leads to it.
    Route(&'n RouteTable, &'n Route),
    /// What was recorded, and where.
    Words(&'n str, &'n Origin),
}

/// Which address a translation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Source,
    Destination,
}

/// Finds the ways from one end to the other.
pub(crate) fn opening<'n>(
    graph: &PathGraph<'n>,
    source: &Endpoint,
    destination: &Endpoint,
) -> Vec<Path<'n>> {
    let target = target(graph, destination);
    let from_outside = matches!(source, Endpoint::External { .. });
    let mut walk = Walk { graph, target, there: None, from_outside, found: vec![] };
    let (sources, destinations) = (own_addresses(source), dialled_addresses(destination));
    walk.start(source, Packet::new(sources, destinations));
    walk.found
}

/// Finds the ways of the replies to the flows that took `there`, for the part of their sources
/// that each goes to.
pub(crate) fn replies<'n>(
    graph: &PathGraph<'n>,
    source: &Endpoint,
    destination: &Endpoint,
    there: &Path<'n>,
) -> Vec<Path<'n>> {
    let target = target(graph, source);
    let from_outside = matches!(source, Endpoint::External { .. });
    let mut walk = Walk { graph, target, there: Some(there), from_outside, found: vec![] };
    let mut packet = Packet::new(there.arriving_at.clone(), there.arriving_from.clone());
    packet.masquerades.clone_from(&there.masquerades);
    match (destination, &there.opaque) {
        // What the way there led through unseen, the way back from outside leads through too.
        (Endpoint::External { id, .. }, Some(unknown)) => {
            if let Some((_, external)) = graph.external(id) {
                let (at, unknown) = (&external.label, unknown.clone());
                packet.cross(Crossing::Opaque { at, unknown, rewrites: false });
            }
            walk.jump(packet);
        }
        _ => walk.start(destination, packet),
    }
    walk.found.into_iter().map(|path| path.answering(there)).collect()
}

impl<'n> Path<'n> {
    /// Whether something on it lets nothing pass.
    pub(crate) fn is_stopped(&self) -> bool {
        self.crossings.iter().any(|crossing| matches!(crossing, Crossing::Obstacle { .. }))
    }

    /// A reply counts only if it comes from the address that was dialled.
    fn answering(mut self, there: &Self) -> Self {
        let seen_through = self.opaque.is_none() && there.opaque.is_none();
        if seen_through && !self.is_stopped() && !self.arriving_from.is_subset(&there.destinations)
        {
            let arrived = self.crossings.iter().rev().find_map(|crossing| match crossing {
                Crossing::Arrived { at } => Some(*at),
                _ => None,
            });
            if let Some(at) = arrived {
                let reason = Reason::WrongReturn;
                self.crossings.push(Crossing::Obstacle { at, reason, cited: None });
            }
        }
        self
    }
}

fn own_addresses(source: &Endpoint) -> IpSet {
    match source {
        Endpoint::Interface { address, .. } | Endpoint::Unheld { address, .. } => {
            IpSet::single(*address)
        }
        Endpoint::External { addresses, .. } => addresses.clone(),
    }
}

fn dialled_addresses(destination: &Endpoint) -> IpSet {
    match destination {
        Endpoint::Interface { address, dialled, .. } => IpSet::single(dialled.unwrap_or(*address)),
        other => own_addresses(other),
    }
}

/// What a walk looks for.
#[derive(Clone, Copy, Debug)]
enum Goal<'n> {
    Interface {
        id: &'n Id<Interface>,
        interface: &'n Interface,
        address: IpAddr,
    },
    External {
        id: &'n Id<External>,
        external: &'n External,
    },
    Unheld {
        router: &'n Id<Router>,
    },
    /// The question names something that the network has not.
    Nowhere,
}

fn target<'n>(graph: &PathGraph<'n>, endpoint: &Endpoint) -> Goal<'n> {
    match endpoint {
        Endpoint::Interface { id, address, .. } => match graph.interface(id) {
            Some((id, interface)) => Goal::Interface { id, interface, address: *address },
            None => Goal::Nowhere,
        },
        Endpoint::External { id, .. } => match graph.external(id) {
            Some((id, external)) => Goal::External { id, external },
            None => Goal::Nowhere,
        },
        Endpoint::Unheld { router, .. } => match graph.router(router) {
            Some((router, _)) => Goal::Unheld { router },
            None => Goal::Nowhere,
        },
    }
}

/// The packets of a path that is being walked.
#[derive(Clone, Debug)]
struct Packet<'n> {
    sources: IpSet,
    destinations: IpSet,
    /// The two as they were at the start; cut along with `source` and `destination`.
    first_sources: IpSet,
    first_destinations: IpSet,
    /// As on the whole path.
    identity: Identity,
    /// As from here on: what lies behind was asked before it was lost (AWS-8).
    from_here: Identity,
    /// The translations made so far; for a reply, those that are still to be undone.
    masquerades: Vec<Masquerade<'n>>,
    passed: Vec<Door<'n>>,
    opaque: Option<Unknown>,
    crossings: Vec<Crossing<'n>>,
}

impl<'n> Packet<'n> {
    fn new(sources: IpSet, destinations: IpSet) -> Self {
        Self {
            first_sources: sources.clone(),
            first_destinations: destinations.clone(),
            sources,
            destinations,
            identity: Identity::Kept,
            from_here: Identity::Kept,
            masquerades: Vec::new(),
            passed: Vec::new(),
            opaque: None,
            crossings: Vec::with_capacity(8),
        }
    }

    fn cross(&mut self, crossing: Crossing<'n>) {
        if let Crossing::Opaque { unknown, .. } = &crossing {
            self.opaque.get_or_insert_with(|| unknown.clone());
            self.lose_identity(Identity::Doubtful);
        }
        self.crossings.push(crossing);
    }

    /// Into something opaque that all filters on the way stand before: they have still seen who
    /// comes.
    fn end_in(&mut self, at: &'n Label, unknown: Unknown) {
        let identity = self.identity;
        self.cross(Crossing::Opaque { at, unknown, rewrites: true });
        self.identity = identity;
    }

    fn lose_identity(&mut self, identity: Identity) {
        self.identity = self.identity.max(identity);
    }

    fn lose_identity_from_here(&mut self, identity: Identity) {
        self.from_here = self.from_here.max(identity);
    }

    /// Over a border: IPv4 addresses are others there. IPv6 addresses stay what they are, and
    /// whether a reference holds for them is not written: AWS-8 speaks of private addresses.
    fn lose_identity_at_border(&mut self) {
        let ipv6 = self.sources.first().is_some_and(|from| from.is_ipv6());
        self.lose_identity_from_here(if ipv6 { Identity::Doubtful } else { Identity::Lost });
    }

    fn cross_filters(
        &mut self,
        at: &'n Label,
        stack: &'n Stack,
        direction: Direction,
        domain: Option<&'n Id<Interface>>,
        certain: bool,
    ) {
        let identity = self.from_here;
        self.cross(Crossing::Filters { at, stack, direction, domain, certain, identity });
    }

    /// The part that goes to these destinations.
    fn cut(&self, destinations: IpSet) -> Self {
        let mut part = self.clone();
        if self.destinations == self.first_destinations {
            part.first_destinations = destinations.clone();
        }
        part.destinations = destinations;
        part
    }

    /// The one destination address, where there is one.
    fn address(&self) -> Option<IpAddr> {
        single(&self.destinations)
    }
}

/// The only address of a set.
pub(crate) fn single(set: &IpSet) -> Option<IpAddr> {
    let first = set.first()?;
    (*set == IpSet::single(first)).then_some(first)
}

struct Walk<'g, 'n> {
    graph: &'g PathGraph<'n>,
    target: Goal<'n>,
    /// The way there, when it is a reply that is walking: state is undone, not made.
    there: Option<&'g Path<'n>>,
    /// Whether the flow began outside of the recording.
    from_outside: bool,
    found: Vec<Path<'n>>,
}

/// Where a packet is when its next hop is looked up.
#[derive(Clone, Copy, Debug)]
struct At<'n> {
    router: &'n Id<Router>,
    /// The subnet that it has not left, or `None` where it is inside the router.
    subnet: Option<&'n Id<Subnet>>,
}

impl<'n> Packet<'n> {
    fn rewrite_destination(&mut self, at: &'n Label, to: IpAddr) {
        if let Some(from) = self.address().filter(|from| *from != to) {
            self.cross(Crossing::Rewrite { at, field: Field::Destination, from, to });
            self.destinations = IpSet::single(to);
        }
    }

    /// Undoes the last translation.
    fn unmasquerade(&mut self, at: &'n Label) {
        if let Some(last) = self.masquerades.pop() {
            self.destinations = last.original.clone();
            self.cross(Crossing::Unmasquerade { at, to: last.original });
        }
    }
}

impl Holder<'_> {
    fn address(&self) -> crate::Address {
        match self {
            Self::Interface(_, address) | Self::Gateway(_, address) => *address,
        }
    }
}

impl<'n> Walk<'_, 'n> {
    fn is_reply(&self) -> bool {
        self.there.is_some()
    }

    /// The doors that the way there passed, for a reply.
    fn doors(&self) -> &[Door<'n>] {
        self.there.map_or(&[], |there| &there.passed)
    }
}

/// What a gateway itself asks.
fn cross_stack<'n>(gateway: &'n Gateway, direction: Direction, packet: &mut Packet<'n>) {
    packet.cross_filters(&gateway.label, &gateway.stack, direction, None, true);
}

/// What an interface asks, where its state lies.
fn cross_interface<'n>(
    id: &'n Id<Interface>,
    interface: &'n Interface,
    direction: Direction,
    packet: &mut Packet<'n>,
) {
    packet.cross_filters(&interface.label, &interface.stack, direction, Some(id), true);
}

fn cross_boundary<'n>(
    subnet: &'n Subnet,
    direction: Direction,
    certain: bool,
    packet: &mut Packet<'n>,
) {
    packet.cross_filters(&subnet.label, &subnet.boundary, direction, None, certain);
}

/// What is not known about a gateway; whether it is open.
fn cross_gateway<'n>(gateway: &'n Gateway, packet: &mut Packet<'n>) -> bool {
    for unknown in &gateway.doubts {
        let (at, unknown) = (&gateway.label, unknown.clone());
        packet.cross(Crossing::Doubt { at, reason: Reason::GatewayClosed, unknown });
    }
    gateway.closed.is_none()
}

fn cross_liveness<'n>(interface: &'n Interface, packet: &mut Packet<'n>) {
    let at = &interface.label;
    match &interface.liveness {
        Liveness::Up => {}
        Liveness::Down(_) => {
            packet.cross(Crossing::Obstacle { at, reason: Reason::Down, cited: None });
        }
        Liveness::Unknown(unknown) => {
            let unknown = unknown.clone();
            packet.cross(Crossing::Doubt { at, reason: Reason::Down, unknown });
        }
    }
}

/// Whether an interface opens connections of its own.
fn cross_initiative<'n>(interface: &'n Interface, packet: &mut Packet<'n>) {
    let (at, reason) = (&interface.label, Reason::OpensNothing);
    match &interface.initiative {
        Initiative::Opens => {}
        Initiative::Answers(why) => {
            let cited = Some(Cited::Words(why, &at.origin));
            packet.cross(Crossing::Obstacle { at, reason, cited });
        }
        Initiative::Unknown(unknown) => {
            let unknown = unknown.clone();
            packet.cross(Crossing::Doubt { at, reason, unknown });
        }
    }
}
