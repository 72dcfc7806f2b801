//! One packet through a network, and its reply back.
//!
//! Written from DESIGN sections 4 and 5 and from AWS-35, 36, 50 and 60 to 73. Every fork (what is
//! not known, and whether a doubtful thing holds) is taken both ways; ports that a client or a
//! gateway chooses are given, so that the caller can try each.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cloudfw_core::{
    Destinations, Direction, Endpoint, External, Filter, Flow, Gateway, Id, Identity, Interface,
    IpSet, Label, Leg, Liveness, Network, Opens, Passage, Role, Route, RouteTable, Router, Service,
    Stack, StateSet, Subnet, Target,
};

use super::filter::{self, Fate, Phase};
use super::{Holds, Member, Outcomes, Seen, holds_address, holds_service};

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
    /// The gateways that picked a port, in order.
    pub(crate) gateways: Vec<Id<Gateway>>,
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
}

impl<'n> Walk<'n> {
    fn new(trip: &'n Trip<'n>, known: [Identity; 2], scouting: bool) -> Self {
        let identities = [BTreeSet::new(), BTreeSet::new()];
        Self { trip, network: trip.network, known, scouting, identities, found: Found::default() }
    }

    fn begin(&mut self) {
        let packet = Packet {
            flow: self.trip.flow,
            leg: Leg::Forward,
            identity: Identity::Kept,
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
        let filters: Option<Vec<&Filter>> =
            stack.filters.iter().map(|id| self.network.filters.get(id).map(|f| &**f)).collect();
        let Some(filters) = filters else {
            self.may_stop(packet, at);
            return true;
        };
        let seen = self.seen(packet);
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

    fn seen(&self, packet: &Packet<'n>) -> Seen<'n> {
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
        let (identity, state) = (self.known[packet.leg as usize], StateSet::ESTABLISHED);
        match packet.leg {
            Leg::Forward => Seen { source: from, destination: to, identity, state: StateSet::NEW },
            Leg::Return => Seen { source: to, destination: from, identity, state },
        }
    }

    // Interfaces and subnets.

    fn leave(&mut self, id: &Id<Interface>, mut packet: Packet<'n>) {
        let Some((id, interface)) = self.network.interfaces.get_key_value(id) else {
            return self.may_stop(&packet, &NOWHERE);
        };
        if packet.leg == Leg::Forward && !self.runs(&packet, interface) {
            return;
        }
        let Some((at, subnet, router)) = self.place(interface) else {
            return self.into_the_unknown(&interface.label, true, packet);
        };
        let to = packet.flow.destination;
        if router.platform.iter().any(|service| holds_address(&service.addresses, to)) {
            return self.pass(&packet);
        }
        if self.asks(&mut packet, &interface.label, &interface.stack, Direction::Egress, Some(id)) {
            self.inside(at, subnet, packet);
        }
    }

    fn runs(&mut self, packet: &Packet<'n>, interface: &Interface) -> bool {
        match &interface.liveness {
            Liveness::Up => true,
            Liveness::Down(_) => {
                self.stop(packet, &interface.label, "");
                false
            }
            Liveness::Unknown(_) => {
                self.may_stop(packet, &interface.label);
                true
            }
        }
    }

    fn place(&self, interface: &Interface) -> Option<(At<'n>, &'n Subnet, &'n Router)> {
        let (subnet_id, subnet) = self.network.subnets.get_key_value(&interface.subnet)?;
        let (id, router) = self.network.routers.get_key_value(&subnet.router)?;
        Some((At { router: id, subnet: Some(subnet_id) }, subnet, router))
    }

    /// In a subnet: its own addresses are next to it, others go by its table.
    fn inside(&mut self, at: At<'n>, subnet: &'n Subnet, packet: Packet<'n>) {
        if holds_address(&subnet.addresses, packet.flow.destination) {
            self.deliver(at, packet);
        } else {
            self.by_table(&subnet.table, at, packet);
        }
    }

    /// Out of the subnet that it is in, if it is in one.
    fn cross_out(&mut self, at: At<'n>, packet: &mut Packet<'n>) -> bool {
        let Some(subnet) = at.subnet.and_then(|id| self.network.subnets.get(id)) else {
            return true;
        };
        self.asks(packet, &subnet.label, &subnet.boundary, Direction::Egress, None)
    }

    /// Into a subnet, unless it is in it already.
    fn cross_into(&mut self, at: At<'n>, id: &Id<Subnet>, packet: &mut Packet<'n>) -> bool {
        let Some(subnet) = self.network.subnets.get(id) else { return true };
        at.subnet == Some(id)
            || (self.cross_out(at, packet)
                && self.asks(packet, &subnet.label, &subnet.boundary, Direction::Ingress, None))
    }

    /// To whoever holds the address in a router.
    fn deliver(&mut self, at: At<'n>, mut packet: Packet<'n>) {
        packet.hops += 1;
        let Some(router) = self.network.routers.get(at.router) else {
            return self.into_the_unknown(&NOWHERE, true, packet);
        };
        let holders = self.holders(at.router, packet.flow.destination);
        if holders.is_empty() {
            return self.nobody(at, router, packet);
        }
        self.found.doubted |= holders.len() > 1;
        for holder in holders {
            let mut packet = packet.clone();
            match holder {
                Holder::Interface(id, interface) => {
                    if !self.cross_into(at, &interface.subnet, &mut packet) {
                        continue;
                    }
                    if self.is_goal(&packet, id) {
                        self.arrive(id, interface, packet);
                    } else {
                        self.stop(&packet, &interface.label, "");
                    }
                }
                Holder::Gateway(id, gateway, subnet) => {
                    if self.cross_into(at, subnet, &mut packet) {
                        self.back_through(id, gateway, subnet, packet);
                    }
                }
            }
        }
    }

    fn is_goal(&self, packet: &Packet<'n>, id: &Id<Interface>) -> bool {
        matches!(self.goal(packet), Endpoint::Interface { id: goal, .. } if goal == id)
    }

    fn goal(&self, packet: &Packet<'n>) -> &'n Endpoint {
        match packet.leg {
            Leg::Forward => self.trip.destination,
            Leg::Return => self.trip.source,
        }
    }

    fn holders(&self, router: &Id<Router>, address: IpAddr) -> Vec<Holder<'n>> {
        let in_router = |subnet: &Id<Subnet>| {
            self.network.subnets.get(subnet).is_some_and(|subnet| subnet.router == *router)
        };
        let mut holders = Vec::new();
        for (id, interface) in &self.network.interfaces {
            let own = interface.addresses.iter().any(|held| held.ip == address);
            if own && in_router(&interface.subnet) && !matches!(interface.role, Role::Gateway(_)) {
                holders.push(Holder::Interface(id, interface));
            }
        }
        for (id, gateway) in &self.network.gateways {
            if let Passage::SourceNat { subnet, address: own, .. } = &gateway.passage
                && *own == address
                && in_router(subnet)
            {
                holders.push(Holder::Gateway(id, gateway, subnet));
            }
        }
        holders
    }

    fn nobody(&mut self, at: At<'n>, router: &'n Router, mut packet: Packet<'n>) {
        let to = packet.flow.destination;
        let subnet = self.network.subnets.iter().find(|(_, subnet)| {
            subnet.router == *at.router && holds_address(&subnet.addresses, to)
        });
        if let Some((id, _)) = subnet
            && !self.cross_into(at, id, &mut packet)
        {
            return;
        }
        let adrift = matches!(self.goal(&packet), Endpoint::Interface { id, .. }
            if self.network.interfaces.get(id).is_some_and(|goal| self.place(goal).is_none()));
        if router.unread.is_empty() && !adrift {
            self.stop(&packet, &router.label, "");
        } else {
            self.into_the_unknown(&router.label, false, packet);
        }
    }

    fn arrive(&mut self, id: &'n Id<Interface>, interface: &'n Interface, mut packet: Packet<'n>) {
        if !self.asks(&mut packet, &interface.label, &interface.stack, Direction::Ingress, Some(id))
        {
            return;
        }
        if packet.leg == Leg::Return {
            return self.came_back(packet);
        }
        match &interface.role {
            Role::Endpoint => {
                if self.runs(&packet, interface) {
                    self.answer(packet);
                }
            }
            Role::Gateway(_) => self.stop(&packet, &interface.label, ""),
            Role::Opaque(_) => {
                self.may_stop(&packet, &interface.label);
                self.pass(&packet);
            }
        }
    }

    /// At the end of the way there.
    fn answer(&mut self, packet: Packet<'n>) {
        self.identities[0].insert(packet.identity);
        if self.trip.one_way {
            return self.pass(&packet);
        }
        if packet.rewritten {
            self.may_stop(&packet, &NOWHERE);
            return self.pass(&packet);
        }
        let unasked = matches!(packet.flow.service, Service::Icmp { kind: 0 | 129, .. });
        let Some(flow) = packet.flow.reply().filter(|_| !unasked) else {
            return self.pass(&packet);
        };
        let reply = Packet { flow, leg: Leg::Return, identity: Identity::Kept, hops: 0, ..packet };
        match self.trip.destination {
            Endpoint::Interface { id, .. } => self.leave(id, reply),
            Endpoint::External { .. } if reply.opaque => {
                self.into_the_unknown(&NOWHERE, false, reply);
            }
            Endpoint::External { id, .. } => match reply.service {
                Some((gateway, router)) => self.back_from_service(gateway, router, reply),
                None => self.outside(id, reply),
            },
            Endpoint::Unheld { .. } => {}
        }
    }

    /// The client takes only what answers it.
    fn came_back(&mut self, packet: Packet<'n>) {
        let wanted = self.trip.flow.reply();
        if wanted == Some(packet.flow) || packet.opaque {
            self.pass(&packet);
        } else {
            self.stop(&packet, &NOWHERE, "");
        }
    }

    // Routes.

    fn by_table(&mut self, id: &Id<RouteTable>, at: At<'n>, mut packet: Packet<'n>) {
        packet.hops += 1;
        let Some(table) = self.network.tables.get(id) else {
            return self.into_the_unknown(&NOWHERE, true, packet);
        };
        if packet.hops > 60 {
            // A loop: the packet dies there; who does not follow it to the end cannot know.
            self.found.doubted = true;
            return self.stop(&packet, &table.label, "");
        }
        let winner = best_route(table, packet.flow.destination);
        let local = winner.is_some_and(|route| route.target == Target::Local);
        let unresolved = table
            .routes
            .iter()
            .filter(|route| !local && matches!(route.destinations, Destinations::Unresolved(_)));
        for route in unresolved {
            self.found.doubted = true;
            self.follow(table, route, at, packet.clone());
        }
        match winner {
            Some(route) => self.follow(table, route, at, packet),
            None => {
                if self.cross_out(at, &mut packet) {
                    self.stop(&packet, &table.label, "");
                }
            }
        }
    }

    fn follow(
        &mut self,
        table: &'n RouteTable,
        route: &'n Route,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        match &route.target {
            Target::Local => self.deliver(at, packet),
            Target::Blackhole => {
                if self.cross_out(at, &mut packet) {
                    self.stop(&packet, &table.label, &route.text);
                }
            }
            Target::Gateway(id) => match self.network.gateways.get_key_value(id) {
                Some((id, gateway)) => self.gateway(id, gateway, at, packet),
                None => self.somewhere(&table.label, at, packet),
            },
            Target::Interface(id) => match self.network.interfaces.get_key_value(id) {
                Some((id, interface)) => self.appliance(id, interface, at, packet),
                None => self.somewhere(&table.label, at, packet),
            },
            Target::Unknown(_) => self.somewhere(&table.label, at, packet),
        }
    }

    /// Out of the subnet, or not, and then nobody knows where.
    fn somewhere(&mut self, label: &Label, at: At<'n>, packet: Packet<'n>) {
        if let Some(subnet) = at.subnet.and_then(|id| self.network.subnets.get(id)) {
            self.may_ask(&packet, subnet, Direction::Egress);
        }
        self.into_the_unknown(label, true, packet);
    }

    /// To an interface that a route names (AWS-12, AWS-73).
    fn appliance(
        &mut self,
        id: &'n Id<Interface>,
        interface: &'n Interface,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        if let Role::Gateway(gateway) = &interface.role
            && let Some((id, gateway)) = self.network.gateways.get_key_value(gateway)
        {
            return self.gateway(id, gateway, at, packet);
        }
        if interface.addresses.iter().any(|own| own.ip == packet.flow.destination) {
            return self.deliver(at, packet);
        }
        if !self.cross_into(at, &interface.subnet, &mut packet) {
            return;
        }
        packet.identity = Identity::Lost;
        if !interface.forwards {
            return self.stop(&packet, &interface.label, "");
        }
        if self.runs(&packet, interface)
            && self.asks(
                &mut packet,
                &interface.label,
                &interface.stack,
                Direction::Ingress,
                Some(id),
            )
        {
            self.into_the_unknown(&interface.label, true, packet);
        }
    }

    /// Beyond something that nobody can see through: it may be lost, and it may come out at the
    /// goal, with another source where that may be changed.
    fn into_the_unknown(&mut self, at: &Label, rewrites: bool, mut packet: Packet<'n>) {
        self.may_stop(&packet, at);
        packet.opaque = true;
        match (packet.leg, self.trip.flow.reply()) {
            // The client takes only a reply from what it dialled.
            (Leg::Return, Some(wanted)) if rewrites => packet.flow = wanted,
            _ => packet.rewritten |= rewrites,
        }
        packet.identity = packet.identity.max(Identity::Doubtful);
        while let Some(last) = packet.translations.pop_if(|_| packet.leg == Leg::Return) {
            set_destination(&mut packet.flow, last.original);
        }
        match self.goal(&packet) {
            Endpoint::Interface { id, address, .. } => {
                let Some((id, interface)) = self.network.interfaces.get_key_value(id) else {
                    return;
                };
                packet.flow.destination = *address;
                if let Some(subnet) = self.network.subnets.get(&interface.subnet) {
                    self.may_ask(&packet, subnet, Direction::Ingress);
                }
                self.arrive(id, interface, packet);
            }
            Endpoint::External { .. } if packet.leg == Leg::Return => self.pass(&packet),
            Endpoint::External { .. } => self.answer(packet),
            Endpoint::Unheld { router, .. } => {
                let router = &self.network.routers[router];
                if router.unread.is_empty() {
                    self.stop(&packet, &router.label, "");
                } else {
                    self.pass(&packet);
                }
            }
        }
    }

    // Gateways.

    fn is_open(&mut self, packet: &Packet<'n>, gateway: &Gateway) -> bool {
        if !gateway.doubts.is_empty() {
            self.may_stop(packet, &gateway.label);
        }
        if gateway.closed.is_some() {
            self.stop(packet, &gateway.label, "");
        }
        gateway.closed.is_none()
    }

    fn gateway(
        &mut self,
        id: &'n Id<Gateway>,
        gateway: &'n Gateway,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        if let Passage::SourceNat { .. } = &gateway.passage {
            return self.source_nat(id, gateway, at, packet);
        }
        if let Passage::Opaque { rewrites, .. } = &gateway.passage {
            if let Some(subnet) = at.subnet.and_then(|id| self.network.subnets.get(id)) {
                self.may_ask(&packet, subnet, Direction::Egress);
            }
            if self.is_open(&packet, gateway)
                && self.asks(&mut packet, &gateway.label, &gateway.stack, Direction::Egress, None)
            {
                self.into_the_unknown(&gateway.label, *rewrites, packet);
            }
            return;
        }
        if !self.cross_out(at, &mut packet) || !self.is_open(&packet, gateway) {
            return;
        }
        match &gateway.passage {
            Passage::Border { router, external, opens, inside, .. } => {
                if router != at.router || !holds_address(inside, packet.flow.source) {
                    return self.stop(&packet, &gateway.label, "");
                }
                self.go_out(id, gateway, at.router, external, *opens, packet);
            }
            Passage::Link { ends, identity } => self.link(gateway, ends, *identity, at, packet),
            Passage::Service { routers, external } => {
                let there = self.network.externals.get(external);
                let carried =
                    there.is_some_and(|e| holds_address(&e.addresses, packet.flow.destination));
                if !routers.contains(at.router) {
                    return self.stop(&packet, &gateway.label, "");
                }
                if !self.asks(&mut packet, &gateway.label, &gateway.stack, Direction::Egress, None)
                {
                    return;
                }
                if !carried {
                    return self.stop(&packet, &gateway.label, "");
                }
                packet.service = Some((id, at.router));
                match (packet.leg, self.goal(&packet)) {
                    (Leg::Forward, Endpoint::External { .. }) => self.answer(packet),
                    (Leg::Return, Endpoint::External { id, .. }) if id == external => {
                        self.came_back(packet);
                    }
                    _ => self.stop(&packet, &gateway.label, ""),
                }
            }
            Passage::SourceNat { .. } | Passage::Opaque { .. } => {}
        }
    }

    /// AWS-67a: into the gateway's subnet, and on from there with its address and port.
    fn source_nat(
        &mut self,
        id: &'n Id<Gateway>,
        gateway: &'n Gateway,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        let Passage::SourceNat { subnet: subnet_id, address, services, .. } = &gateway.passage
        else {
            return;
        };
        let subnet = self.network.subnets.get_key_value(subnet_id);
        let Some((subnet_id, subnet)) = subnet.filter(|(_, s)| s.router == *at.router) else {
            return self.stop(&packet, &gateway.label, "");
        };
        if !self.cross_into(at, subnet_id, &mut packet) || !self.is_open(&packet, gateway) {
            return;
        }
        let carried = packet.leg == Leg::Forward
            && packet.translations.len() < 5
            && packet.flow.source.is_ipv4() == address.is_ipv4();
        if !carried {
            return self.stop(&packet, &gateway.label, "");
        }
        if !self.asks(&mut packet, &gateway.label, &gateway.stack, Direction::Egress, None) {
            return;
        }
        if !holds_service(services, packet.flow.service) {
            return self.stop(&packet, &gateway.label, "");
        }
        let index = packet.translations.len();
        let port = self.trip.gateway_ports.get(index).or(self.trip.gateway_ports.last());
        let original = (packet.flow.source, source_port(packet.flow.service));
        let given = (*address, original.1.and(port.copied()));
        let peer = (packet.flow.destination, destination_port(packet.flow.service));
        set_source(&mut packet.flow, given);
        packet.translations.push(Translation { gateway: id, original, given, peer });
        packet.identity = Identity::Lost;
        if self.found.gateways.len() < packet.translations.len() {
            self.found.gateways.push(id.clone());
        }
        self.inside(At { router: &subnet.router, subnet: Some(subnet_id) }, subnet, packet);
    }

    /// A packet for the address of a gateway: only the replies that it waits for go on.
    fn back_through(
        &mut self,
        id: &'n Id<Gateway>,
        gateway: &'n Gateway,
        subnet_id: &'n Id<Subnet>,
        mut packet: Packet<'n>,
    ) {
        let to = (packet.flow.destination, destination_port(packet.flow.service));
        let from = (packet.flow.source, source_port(packet.flow.service));
        let awaited = packet.translations.last().is_some_and(|last| {
            last.gateway == id && last.given == to && (last.peer == from || packet.opaque)
        });
        if packet.leg == Leg::Forward || !awaited {
            return self.stop(&packet, &gateway.label, "");
        }
        if !self.is_open(&packet, gateway) {
            return;
        }
        if let Some(last) = packet.translations.pop() {
            set_destination(&mut packet.flow, last.original);
        }
        // Like a border's, its filters see the inside addresses.
        if !self.asks(&mut packet, &gateway.label, &gateway.stack, Direction::Ingress, None) {
            return;
        }
        if let Some(subnet) = self.network.subnets.get(subnet_id) {
            self.inside(At { router: &subnet.router, subnet: Some(subnet_id) }, subnet, packet);
        }
    }

    /// AWS-69: between the addresses of its two ends, and no further.
    fn link(
        &mut self,
        gateway: &'n Gateway,
        ends: &'n [Id<Router>; 2],
        identity: Identity,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        let (other, direction) = match ends {
            [a, b] if a == at.router => (b, Direction::Ingress),
            [a, b] if b == at.router => (a, Direction::Egress),
            _ => return self.stop(&packet, &gateway.label, ""),
        };
        packet.identity = packet.identity.max(identity);
        if !self.asks(&mut packet, &gateway.label, &gateway.stack, direction, None) {
            return;
        }
        let belongs = |router: &Id<Router>, address| {
            let router = self.network.routers.get(router);
            router.is_some_and(|router| holds_address(&router.addresses, address))
        };
        let (from, to) = (packet.flow.source, packet.flow.destination);
        if belongs(at.router, from) && belongs(other, to) {
            self.deliver(At { router: other, subnet: None }, packet);
        } else {
            self.stop(&packet, &gateway.label, "");
        }
    }

    // Outside.

    fn go_out(
        &mut self,
        id: &'n Id<Gateway>,
        gateway: &'n Gateway,
        router: &'n Id<Router>,
        external: &'n Id<External>,
        opens: Opens,
        mut packet: Packet<'n>,
    ) {
        packet.identity = Identity::Lost;
        if packet.leg == Leg::Forward && opens == Opens::Outward {
            packet.opened.insert(id);
        }
        if opens == Opens::Outward && !packet.opened.contains(id) {
            return self.stop(&packet, &gateway.label, "");
        }
        if !self.asks(&mut packet, &gateway.label, &gateway.stack, Direction::Egress, None) {
            return;
        }
        if packet.flow.source.is_ipv4() {
            let holders = self.holders(router, packet.flow.source);
            let own = packet.flow.source;
            let public = holders.iter().find_map(|holder| holder.public_of(own));
            let Some(public) = public else { return self.stop(&packet, &gateway.label, "") };
            packet.flow.source = public;
        }
        self.outside(external, packet);
    }

    /// In an outside network.
    fn outside(&mut self, external: &Id<External>, packet: Packet<'n>) {
        let Some((id, external)) = self.network.externals.get_key_value(external) else {
            return self.may_stop(&packet, &NOWHERE);
        };
        match self.goal(&packet) {
            Endpoint::External { id: goal, .. } => {
                if goal != id || !holds_address(&external.addresses, packet.flow.destination) {
                    self.stop(&packet, &external.label, "");
                } else if packet.leg == Leg::Forward {
                    self.answer(packet);
                } else {
                    self.came_back(packet);
                }
            }
            Endpoint::Interface { id: goal, .. } => self.come_in(id, goal, packet),
            Endpoint::Unheld { .. } => self.stop(&packet, &external.label, ""),
        }
    }

    /// AWS-66, AWS-68: to whoever is known outside by the address that is dialled.
    fn come_in(
        &mut self,
        external: &'n Id<External>,
        goal: &Id<Interface>,
        mut packet: Packet<'n>,
    ) {
        packet.identity = Identity::Lost;
        let to = packet.flow.destination;
        let Some((_, goal)) = self.network.interfaces.get_key_value(goal) else { return };
        if self.place(goal).is_none() {
            return self.into_the_unknown(&goal.label, true, packet);
        }
        let Some((router_id, inside)) = self.known_as(to) else {
            return self.stop(&packet, &goal.label, "");
        };
        let Some(router) = self.network.routers.get(router_id) else {
            return self.may_stop(&packet, &NOWHERE);
        };
        let mut borders: Vec<_> = self.network.gateways.iter().filter(|(_, gateway)| {
            matches!(&gateway.passage, Passage::Border { router, external: to, inside: carried, .. }
                if router == router_id && to == external && holds_address(carried, inside))
        }).collect();
        borders.sort_by_key(|(id, gateway)| {
            let outward = matches!(gateway.passage, Passage::Border { opens: Opens::Outward, .. });
            let awaited = packet.leg == Leg::Return && packet.opened.contains(id);
            (!awaited, outward, gateway.closed.is_some())
        });
        let Some((id, gateway)) = borders.into_iter().next() else {
            return match router.unread.is_empty() {
                true => self.stop(&packet, &router.label, ""),
                false => self.into_the_unknown(&router.label, false, packet),
            };
        };
        let Passage::Border { opens, table, router, .. } = &gateway.passage else { return };
        if !self.is_open(&packet, gateway) {
            return;
        }
        let awaited = packet.leg == Leg::Return && packet.opened.contains(id);
        if *opens == Opens::Outward && !awaited {
            return self.stop(&packet, &gateway.label, "");
        }
        packet.flow.destination = inside;
        if !self.asks(&mut packet, &gateway.label, &gateway.stack, Direction::Ingress, None) {
            return;
        }
        let at = At { router, subnet: None };
        match table {
            Some(table) => self.by_table(table, at, packet),
            None => self.deliver(at, packet),
        }
    }

    /// The router and own address of whoever has a public address; IPv6 is the same in and out.
    fn known_as(&self, address: IpAddr) -> Option<(&'n Id<Router>, IpAddr)> {
        let router_of = |subnet: &Id<Subnet>| Some(&self.network.subnets.get(subnet)?.router);
        for interface in self.network.interfaces.values() {
            for own in &interface.addresses {
                let known = own.public.or(Some(own.ip).filter(IpAddr::is_ipv6));
                if known == Some(address) {
                    return Some((router_of(&interface.subnet)?, own.ip));
                }
            }
        }
        self.network.gateways.values().find_map(|gateway| match &gateway.passage {
            Passage::SourceNat { subnet, address: own, public, .. } if *public == Some(address) => {
                Some((router_of(subnet)?, *own))
            }
            _ => None,
        })
    }

    fn back_from_service(
        &mut self,
        id: &'n Id<Gateway>,
        router: &'n Id<Router>,
        mut packet: Packet<'n>,
    ) {
        let gateway = &self.network.gateways[id];
        if self.is_open(&packet, gateway)
            && self.asks(&mut packet, &gateway.label, &gateway.stack, Direction::Ingress, None)
        {
            self.deliver(At { router, subnet: None }, packet);
        }
    }
}

/// Who holds an address.
enum Holder<'n> {
    Interface(&'n Id<Interface>, &'n Interface),
    Gateway(&'n Id<Gateway>, &'n Gateway, &'n Id<Subnet>),
}

impl Holder<'_> {
    fn public_of(&self, address: IpAddr) -> Option<IpAddr> {
        match self {
            Self::Interface(_, interface) => {
                interface.addresses.iter().find(|own| own.ip == address)?.public
            }
            Self::Gateway(_, gateway, _) => match &gateway.passage {
                Passage::SourceNat { public, .. } => *public,
                _ => None,
            },
        }
    }
}

/// The longest prefix that holds an address; among equals the lowest preference.
pub(crate) fn best_route(table: &RouteTable, address: IpAddr) -> Option<&Route> {
    let mut best: Option<(u8, u8, &Route)> = None;
    for route in &table.routes {
        let Destinations::Prefixes(prefixes) = &route.destinations else { continue };
        for prefix in prefixes {
            let length = prefix.prefix_len();
            let better = best.is_none_or(|(longest, preference, _)| {
                length > longest || (length == longest && route.preference < preference)
            });
            if better && holds_address(&IpSet::from(*prefix), address) {
                best = Some((length, route.preference, route));
            }
        }
    }
    best.map(|(_, _, route)| route)
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
