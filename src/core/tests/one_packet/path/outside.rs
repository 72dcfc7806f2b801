//! Borders and outside networks.

use super::*;

impl<'n> Walk<'n> {
    pub(super) fn go_out(
        &mut self,
        id: &'n Id<Gateway>,
        gateway: &'n Gateway,
        router: &'n Id<Router>,
        external: &'n Id<External>,
        opens: Opens,
        mut packet: Packet<'n>,
    ) {
        packet.left = packet.left.max(left_at_border(&packet));
        if packet.leg == Leg::Forward && opens == Opens::Outward {
            packet.opened.insert(id);
        }
        if opens == Opens::Outward && !packet.opened.contains(id) {
            return self.stop(&packet, &gateway.label, "");
        }
        if !self.asks(&mut packet, &gateway.label, &gateway.stack, Direction::Egress, None) {
            return;
        }
        if let Some(pool) = pool_of(gateway, &packet) {
            return self.out_by_pool(id, pool, external, packet);
        }
        // AZ-14: what a balancer's machine answers has the balancer's address already.
        let is_front = packet.leg == Leg::Return
            && packet.flow.source == self.trip.flow.destination
            && self.is_front(router, packet.flow.source);
        let own = packet.flow.source;
        let holders = self.holders(router, own);
        let public = holders.iter().find_map(|holder| holder.public_of(own));
        if let Some(public) = public.filter(|_| !is_front) {
            packet.flow.source = public;
        } else if own.is_ipv4() && !is_front {
            // Where addresses were not all read, it may have one.
            let known = self.network.routers.get(router).is_none_or(|r| r.unread.is_empty());
            return match known {
                true => self.stop(&packet, &gateway.label, ""),
                false => self.go_unseen(&gateway.label, true, packet),
            };
        }
        self.outside(external, packet);
    }

    /// AZ-70: out by an address that sources share, with a port that is picked.
    fn out_by_pool(
        &mut self,
        id: &'n Id<Gateway>,
        pool: &'n Pool,
        external: &'n Id<External>,
        mut packet: Packet<'n>,
    ) {
        if pool.doubt.is_some() {
            self.may_stop(&packet, &pool.label);
        }
        if !holds_service(&pool.services, packet.flow.service) {
            return self.stop(&packet, &pool.label, "");
        }
        let address = match (pool.address, self.trip.destination) {
            (Some(address), _) => address,
            // Nobody who asks knows it from others there.
            (None, Endpoint::External { .. }) => IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
            (None, _) => return self.go_unseen(&pool.label, true, packet),
        };
        self.translate(id, address, &pool.ports, &mut packet);
        self.outside(external, packet);
    }

    /// A reply for an address of a pool: only that which the border waits for goes on.
    fn back_by_pool(
        &mut self,
        gateway: &'n Gateway,
        router: &'n Id<Router>,
        mut packet: Packet<'n>,
    ) {
        if !self.is_open(&packet, gateway) {
            return;
        }
        if let Some(last) = packet.translations.pop() {
            set_destination(&mut packet.flow, last.original);
        }
        if self.asks(&mut packet, &gateway.label, &gateway.stack, Direction::Ingress, None) {
            self.deliver(At { router, subnet: None }, packet);
        }
    }

    /// The border whose pool a reply is for.
    fn awaiting(&self, packet: &Packet<'n>) -> Option<(&'n Gateway, &'n Id<Router>)> {
        let last = packet.translations.last().filter(|_| packet.leg == Leg::Return)?;
        let to = (packet.flow.destination, destination_port(packet.flow.service));
        let gateway = self.network.gateways.get(last.gateway)?;
        match &gateway.passage {
            Passage::Border { router, .. } if last.given == to => Some((gateway, router)),
            _ => None,
        }
    }

    /// Whether a balancer of a router has an address.
    fn is_front(&self, router: &Id<Router>, address: IpAddr) -> bool {
        self.network.interfaces.values().any(|interface| {
            let here = self.network.subnets.get(&interface.subnet);
            here.is_some_and(|subnet| subnet.router == *router)
                && interface.fronts.iter().any(|front| front.address == address)
        })
    }

    /// In an outside network.
    pub(super) fn outside(&mut self, external: &Id<External>, packet: Packet<'n>) {
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
                    self.came_back(&packet);
                }
            }
            Endpoint::Interface { id: goal, .. } => self.come_in(id, goal, packet),
            Endpoint::Unheld { .. } => self.stop(&packet, &external.label, ""),
        }
    }

    /// AWS-66, AWS-68: to whoever is known outside by the address that is dialled.
    pub(super) fn come_in(
        &mut self,
        external: &'n Id<External>,
        goal: &Id<Interface>,
        mut packet: Packet<'n>,
    ) {
        packet.left = packet.left.max(left_at_border(&packet));
        let to = packet.flow.destination;
        let Some((_, goal)) = self.network.interfaces.get_key_value(goal) else { return };
        let Some((place, ..)) = self.place(goal) else {
            return self.go_unseen(&goal.label, true, packet);
        };
        if let Some((gateway, router)) = self.awaiting(&packet) {
            return self.back_by_pool(gateway, router, packet);
        }
        if let Endpoint::Interface { address, .. } = self.goal(&packet)
            && let Some(front) = self.front_of(goal, *address, &packet)
        {
            if self.hands_on(front, &packet) {
                self.come_in_by(external, (place.router, front.own), packet);
            }
            return;
        }
        let (router_id, inside) = match (self.known_as(to), self.may_be_known(&packet)) {
            (Some(known), _) => known,
            (None, Some(unseen)) => {
                self.may_stop(&packet, &goal.label);
                unseen
            }
            (None, None) => {
                // A reply to a gateway's address is for that gateway.
                let awaiting = packet.translations.last().filter(|_| packet.leg == Leg::Return);
                let at = awaiting.map_or(&goal.label, |t| &self.network.gateways[t.gateway].label);
                return self.stop(&packet, at, "");
            }
        };
        self.come_in_by(external, (router_id, inside), packet);
    }

    /// In by the border of a router, to an address inside.
    fn come_in_by(
        &mut self,
        external: &'n Id<External>,
        (router_id, inside): (&'n Id<Router>, IpAddr),
        mut packet: Packet<'n>,
    ) {
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
        let unread = !router.unread.is_empty();
        // Where gateways were not all read, there may be another one that lets it in.
        let lets_in = |(id, gateway): &(&Id<Gateway>, &Gateway)| {
            let outward = matches!(gateway.passage, Passage::Border { opens: Opens::Outward, .. });
            let awaited = packet.leg == Leg::Return && packet.opened.contains(*id);
            !unread || ((!outward || awaited) && gateway.closed.is_none())
        };
        let Some((id, gateway)) = borders.into_iter().next().filter(lets_in) else {
            return match unread {
                false => self.stop(&packet, &router.label, ""),
                true => self.go_unseen(&router.label, false, packet),
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
    /// Where the goal is, if addresses around it were not all read: what is dialled may be its own.
    fn may_be_known(&self, packet: &Packet<'n>) -> Option<(&'n Id<Router>, IpAddr)> {
        let Endpoint::Interface { id, address, .. } = self.goal(packet) else { return None };
        let (at, _, router) = self.place(self.network.interfaces.get(id)?)?;
        (!router.unread.is_empty()).then_some((at.router, *address))
    }

    pub(super) fn known_as(&self, address: IpAddr) -> Option<(&'n Id<Router>, IpAddr)> {
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

    pub(super) fn back_from_service(
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

/// The pool of a border that a packet opens its flow by; a reply has the address that was dialled.
fn pool_of<'n>(gateway: &'n Gateway, packet: &Packet<'n>) -> Option<&'n Pool> {
    let Passage::Border { pools, .. } = &gateway.passage else { return None };
    let mut pools = pools.iter().filter(|_| packet.leg == Leg::Forward);
    pools.find(|pool| holds_address(&pool.inside, packet.flow.source))
}

/// Translated addresses show nobody; of IPv6 ones, which stay, AWS-8 says nothing.
fn left_at_border(packet: &Packet<'_>) -> Identity {
    match packet.flow.source {
        IpAddr::V4(_) => Identity::Lost,
        IpAddr::V6(_) => Identity::Doubtful,
    }
}
