//! Route tables, and what nobody can see through.

use super::*;

impl<'n> Walk<'n> {
    pub(super) fn by_table(&mut self, id: &Id<RouteTable>, at: At<'n>, mut packet: Packet<'n>) {
        packet.hops += 1;
        let Some(table) = self.network.tables.get(id) else {
            return self.go_unseen(&NOWHERE, true, packet);
        };
        self.asked += 1;
        if packet.hops > 60 || self.asked > 20_000 {
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
            // Nobody knows whether it is this way, nor what lies on it.
            let identity = packet.identity.max(Identity::Doubtful);
            self.follow(table, route, at, Packet { identity, ..packet.clone() });
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

    pub(super) fn follow(
        &mut self,
        table: &'n RouteTable,
        route: &'n Route,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        match &route.target {
            Target::Local => self.deliver(at, packet),
            Target::Blackhole | Target::Discard => {
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
    pub(super) fn somewhere(&mut self, label: &Label, at: At<'n>, packet: Packet<'n>) {
        if let Some(subnet) = at.subnet.and_then(|id| self.network.subnets.get(id)) {
            self.may_ask(&packet, subnet, Direction::Egress);
        }
        self.go_unseen(label, true, packet);
    }

    /// To an interface that a route names (AWS-12, AWS-73).
    pub(super) fn appliance(
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
            return match self.place(interface) {
                Some((there, ..)) if there.router != at.router => {
                    if self.cross_out(at, &mut packet) {
                        self.deliver(At { subnet: None, ..there }, packet);
                    }
                }
                _ => self.deliver(at, packet),
            };
        }
        if !self.cross_into(at, &interface.subnet, &mut packet) {
            return;
        }
        let known = self.network.appliances.get(id);
        packet.left = packet.left.max(known.map_or(Identity::Lost, |known| known.identity));
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
            self.go_unseen(&interface.label, true, packet);
        }
    }

    /// Beyond something that nobody can see through: it may be lost, and it may come out at the
    /// goal, with another source where that may be changed.
    pub(super) fn go_unseen(&mut self, at: &Label, rewrites: bool, mut packet: Packet<'n>) {
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
