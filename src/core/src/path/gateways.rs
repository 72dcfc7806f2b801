//! Through what joins routers to each other and to the outside.

use super::*;

impl<'n> Walk<'_, 'n> {
    pub(super) fn through(
        &mut self,
        table: &'n RouteTable,
        route: &'n Route,
        id: &'n Id<Gateway>,
        gateway: &'n Gateway,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        let label = &gateway.label;
        if let Passage::SourceNat { .. } = &gateway.passage {
            packet.cross(Crossing::Route { table, route });
            return self.source_nat(id, gateway, at, packet);
        }
        let opaque = matches!(gateway.passage, Passage::Opaque { .. });
        self.leave(at, &mut packet, !opaque);
        packet.cross(Crossing::Route { table, route });
        if !cross_gateway(gateway, &mut packet) {
            return self.obstacle(label, Reason::GatewayClosed, None, packet);
        }
        match &gateway.passage {
            Passage::Border { router, external, inside, .. } => {
                let carried = router == at.router && packet.sources.is_subset(inside);
                match self.graph.external(external).filter(|_| carried) {
                    Some(outside) => {
                        let door = Door { id, gateway, router: at.router };
                        self.go_out(door, outside, packet);
                    }
                    None => self.obstacle(label, Reason::NotCarried, None, packet),
                }
            }
            Passage::Link { ends, identity } => self.link(gateway, ends, *identity, at, packet),
            Passage::Service { routers, external } => {
                let carried = routers.contains(at.router);
                match self.graph.external(external).filter(|_| carried) {
                    Some(outside) => {
                        packet.passed.push(Door { id, gateway, router: at.router });
                        cross_stack(gateway, Direction::Egress, &mut packet);
                        self.reach_service(label, outside, packet);
                    }
                    None => self.obstacle(label, Reason::NotCarried, None, packet),
                }
            }
            Passage::Opaque { unknown, rewrites } => {
                let (unknown, rewrites) = (unknown.clone(), *rewrites);
                cross_stack(gateway, Direction::Egress, &mut packet);
                packet.cross(Crossing::Opaque { at: label, unknown, rewrites });
                self.jump(packet);
            }
            Passage::SourceNat { .. } => {}
        }
    }

    /// Out by a border: sources become their public addresses (AWS-66, AZ-13), which IPv4 has to
    /// have.
    fn go_out(
        &mut self,
        door: Door<'n>,
        (id, external): (&'n Id<External>, &'n External),
        mut packet: Packet<'n>,
    ) {
        let label = &door.gateway.label;
        if !self.lets_out(door) {
            return self.obstacle(label, Reason::NoState, None, packet);
        }
        packet.passed.push(door);
        packet.lose_identity_at_border();
        cross_stack(door.gateway, Direction::Egress, &mut packet);
        let Some(from) = single(&packet.sources) else {
            return self.obstacle(label, Reason::NoPublicAddress, None, packet);
        };
        if let Some(pool) = self.pool_of(door, from) {
            return self.out_by_pool(door, pool, (id, external), packet);
        }
        // A reply that a balancer has given the address that was dialled.
        let dialled = self.there.and_then(|there| single(&there.destinations));
        let holders = self.graph.held(door.router, from);
        let is_front = dialled == Some(from) && self.graph.is_front(door.router, from);
        let public = holders.iter().find_map(|holder| holder.address().public);
        match public.filter(|_| !is_front) {
            Some(to) => {
                packet.cross(Crossing::Rewrite { at: label, field: Field::Source, from, to });
                packet.sources = IpSet::single(to);
            }
            // IPv6 addresses are public themselves where they have no other (AWS-66).
            None if is_front || from.is_ipv6() => {}
            None => {
                let router = self.graph.router(door.router).map(|(_, router)| router);
                if let Some(unknown) = router.and_then(|router| router.unread.first()) {
                    let unknown = unknown.clone();
                    packet.cross(Crossing::Opaque { at: label, unknown, rewrites: true });
                    return self.jump(packet);
                }
                return self.obstacle(label, Reason::NoPublicAddress, None, packet);
            }
        }
        self.outside(id, external, packet);
    }

    /// The pool that a source opens its flows by. A reply has the address that was dialled.
    fn pool_of(&self, door: Door<'n>, from: IpAddr) -> Option<&'n Pool> {
        let Passage::Border { pools, .. } = &door.gateway.passage else { return None };
        let mut pools = pools.iter().filter(|_| !self.is_reply());
        pools.find(|pool| pool.inside.contains(from))
    }

    /// Out by an address that several share.
    fn out_by_pool(
        &mut self,
        door: Door<'n>,
        pool: &'n Pool,
        outside: (&'n Id<External>, &'n External),
        mut packet: Packet<'n>,
    ) {
        let at = &pool.label;
        if let Some(unknown) = &pool.doubt {
            let (reason, unknown) = (Reason::NoPublicAddress, unknown.clone());
            packet.cross(Crossing::Doubt { at, reason, unknown });
        }
        packet.cross(Crossing::Carries { at, services: &pool.services });
        let goes_on = matches!(self.target, Goal::External { .. });
        let to = match pool.address {
            Some(to) => to,
            // Nobody outside of the recording asks who it is.
            None if goes_on => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            None => {
                let why = "the platform picks it, and tells nobody";
                let unknown = Unknown::new(format!("the public address of {at}"), why, "");
                packet.cross(Crossing::Opaque { at, unknown, rewrites: true });
                return self.jump(packet);
            }
        };
        packet.cross(Crossing::Masquerade { at, to, ports: &pool.ports });
        packet.masquerades.push(Masquerade { gateway: door.id, original: packet.sources.clone() });
        packet.sources = IpSet::single(to);
        self.outside(outside.0, outside.1, packet);
    }

    /// A reply to a flow that went out by a pool, back at the border.
    fn back_by_pool(
        &mut self,
        gateway: &'n Gateway,
        router: &'n Id<Router>,
        mut packet: Packet<'n>,
    ) {
        if !cross_gateway(gateway, &mut packet) {
            return self.obstacle(&gateway.label, Reason::GatewayClosed, None, packet);
        }
        packet.unmasquerade(&gateway.label);
        cross_stack(gateway, Direction::Ingress, &mut packet);
        self.deliver(At { router, subnet: None }, packet);
    }

    /// A border that only the inside may open flows through remembers them: it lets out no reply
    /// to a flow that came in another way (AWS-68).
    fn lets_out(&self, door: Door<'n>) -> bool {
        let outward = matches!(door.gateway.passage, Passage::Border { opens: Opens::Outward, .. });
        !(outward && self.is_reply()) || self.doors().iter().any(|passed| passed.id == door.id)
    }

    /// A packet in an outside network.
    pub(super) fn outside(
        &mut self,
        id: &'n Id<External>,
        external: &'n External,
        mut packet: Packet<'n>,
    ) {
        let back = self
            .doors()
            .iter()
            .rev()
            .find(|door| matches!(door.gateway.passage, Passage::Service { .. }));
        if let Some(door) = back.copied() {
            return self.back_from_service(door, packet);
        }
        match self.target {
            Goal::External { id: goal, .. } if goal == id => {
                let there = packet.destinations.intersection(&external.addresses);
                let rest = packet.destinations.difference(&there);
                if !rest.is_empty() {
                    let part = packet.cut(rest);
                    self.obstacle(&external.label, Reason::NotCarried, None, part);
                }
                if !there.is_empty() {
                    packet = packet.cut(there);
                    packet.cross(Crossing::Arrived { at: &external.label });
                    self.finish(packet);
                }
            }
            Goal::Interface { id: goal, interface, address } => {
                self.come_in((id, external), (goal, interface, address), packet);
            }
            Goal::External { .. } | Goal::Unheld { .. } | Goal::Nowhere => {
                self.obstacle(&external.label, Reason::NoRoute, None, packet);
            }
        }
    }

    /// From outside towards the interface that is looked for, or, for a reply, towards the
    /// gateway that the flow went out by.
    pub(super) fn come_in(
        &mut self,
        outside: (&'n Id<External>, &'n External),
        (goal, interface, address): (&'n Id<Interface>, &'n Interface, IpAddr),
        mut packet: Packet<'n>,
    ) {
        packet.lose_identity_at_border();
        let Some((at, _)) = self.place_of(interface) else {
            return self.adrift(interface, packet);
        };
        let known_as = packet.address().map_or(&[][..], |dialled| self.graph.public(dialled));
        // A reply that a gateway gave its address to comes back to that gateway.
        let awaited = packet.masquerades.last().filter(|_| self.is_reply()).map(|m| m.gateway);
        if let Some((_, gateway)) = awaited.and_then(|id| self.graph.gateway(id))
            && let Passage::Border { router, .. } = &gateway.passage
        {
            return self.back_by_pool(gateway, router, packet);
        }
        let holder = known_as.iter().find(|holder| match holder {
            Holder::Interface(id, held) => *id == goal && held.ip == address && awaited.is_none(),
            Holder::Gateway(gateway, _) => awaited == Some(*gateway),
        });
        let Some(holder) = holder else {
            let other = known_as.iter().find(|holder| matches!(holder, Holder::Gateway(..)));
            if let Some(Holder::Gateway(id, held)) = other {
                let router = self.router_of_gateway(id).unwrap_or(at.router);
                return self.enter(outside, router, held.ip, packet);
            }
            // Where addresses were not all read, it may have one.
            let unread = self.graph.router(at.router).and_then(|(_, router)| router.unread.first());
            if let Some(unknown) = unread {
                let (at_it, unknown) = (&interface.label, unknown.clone());
                let reason = Reason::NoPublicAddress;
                packet.cross(Crossing::Doubt { at: at_it, reason, unknown });
                return self.enter(outside, at.router, address, packet);
            }
            // Named first, since it holds whatever the border does.
            let awaited = awaited.and_then(|id| self.graph.gateway(id));
            packet.cross(Crossing::Obstacle {
                at: awaited.map_or(&interface.label, |(_, gateway)| &gateway.label),
                reason: Reason::NoPublicAddress,
                cited: None,
            });
            return self.enter(outside, at.router, address, packet);
        };
        if let Some(front) = self.front_of(interface, &packet) {
            self.cross_front(front, &mut packet);
        }
        let (router, inside) = match holder {
            Holder::Interface(..) => (at.router, address),
            Holder::Gateway(id, held) => (self.router_of_gateway(id).unwrap_or(at.router), held.ip),
        };
        self.enter(outside, router, inside, packet);
    }

    pub(super) fn router_of_gateway(&self, id: &Id<Gateway>) -> Option<&'n Id<Router>> {
        match &self.graph.gateway(id)?.1.passage {
            Passage::SourceNat { subnet, .. } => Some(&self.graph.subnet(subnet)?.1.router),
            _ => None,
        }
    }

    /// In by the border of a router, towards one of its inside addresses.
    pub(super) fn enter(
        &mut self,
        (external_id, external): (&'n Id<External>, &'n External),
        router: &'n Id<Router>,
        inside: IpAddr,
        mut packet: Packet<'n>,
    ) {
        let Some((router, there)) = self.graph.router(router) else {
            return self.jump(packet);
        };
        let border = self.border(external_id, router, inside);
        // Where gateways were not all read, there may be another one that lets it in.
        let lets_in = |(gateway, opens, _): &(&'n Gateway, Opens, _)| {
            let open = *opens == Opens::Both || self.went_out_by(gateway);
            there.unread.is_empty() || (open && gateway.closed.is_none())
        };
        let Some((gateway, opens, table)) = border.filter(lets_in) else {
            if let Some(unread) = there.unread.first() {
                let unknown = unread.clone();
                packet.cross(Crossing::Opaque { at: &external.label, unknown, rewrites: false });
                return self.jump(packet);
            }
            return self.obstacle(&there.label, Reason::NoGateway, None, packet);
        };
        let label = &gateway.label;
        if !cross_gateway(gateway, &mut packet) {
            return self.obstacle(label, Reason::GatewayClosed, None, packet);
        }
        if opens == Opens::Outward && !self.went_out_by(gateway) {
            return self.obstacle(label, Reason::OutwardOnly, None, packet);
        }
        packet.rewrite_destination(label, inside);
        cross_stack(gateway, Direction::Ingress, &mut packet);
        let at = At { router, subnet: None };
        match table {
            Some(table) => self.by_table(table, at, packet),
            None => self.deliver(at, packet),
        }
    }

    /// Whether it is a reply to a flow that went out by this gateway.
    fn went_out_by(&self, gateway: &Gateway) -> bool {
        self.doors().iter().any(|door| std::ptr::eq(door.gateway, gateway))
    }

    /// The border by which an inside address is reached from an outside network: one that others
    /// may open flows through, if there is any.
    pub(super) fn border(
        &self,
        external: &Id<External>,
        router: &Id<Router>,
        inside: IpAddr,
    ) -> Option<(&'n Gateway, Opens, Option<&'n Id<RouteTable>>)> {
        let mut candidates: Vec<_> = self
            .graph
            .borders(router)
            .filter_map(|gateway| match &gateway.passage {
                Passage::Border { external: to, opens, inside: carried, table, .. }
                    if to == external && carried.contains(inside) =>
                {
                    Some((gateway, *opens, table.as_ref()))
                }
                _ => None,
            })
            .collect();
        candidates.sort_by_key(|(gateway, opens, _)| {
            let other = !self.went_out_by(gateway);
            (other, *opens == Opens::Outward, gateway.closed.is_some())
        });
        candidates.into_iter().next()
    }

    pub(super) fn source_nat(
        &mut self,
        id: &'n Id<Gateway>,
        gateway: &'n Gateway,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        let label = &gateway.label;
        let Passage::SourceNat { subnet, address, ports, services, .. } = &gateway.passage else {
            return;
        };
        let own = self.graph.subnet(subnet).filter(|(_, subnet)| subnet.router == *at.router);
        let Some((subnet_id, subnet)) = own else {
            return self.obstacle(label, Reason::NotCarried, None, packet);
        };
        if packet.address() == Some(*address) {
            // It is for the gateway itself: a reply that it awaits, or nothing.
            return self.deliver(at, packet);
        }
        self.move_to(at, subnet_id, subnet, &mut packet);
        if !cross_gateway(gateway, &mut packet) {
            return self.obstacle(label, Reason::GatewayClosed, None, packet);
        }
        if self.is_reply() {
            return self.obstacle(label, Reason::NoTranslation, None, packet);
        }
        if packet.masquerades.len() >= MOST_MASQUERADES {
            let what = "where this leads";
            let unknown = Unknown::new(what, "it is translated too many times to be followed", "");
            packet.end_in(label, unknown);
            return self.jump(packet);
        }
        if packet.sources.first().is_none_or(|from| from.is_ipv4() != address.is_ipv4()) {
            return self.obstacle(label, Reason::NotCarried, None, packet);
        }
        cross_stack(gateway, Direction::Egress, &mut packet);
        packet.cross(Crossing::Carries { at: label, services });
        packet.cross(Crossing::Masquerade { at: label, to: *address, ports });
        packet.masquerades.push(Masquerade { gateway: id, original: packet.sources.clone() });
        packet.sources = IpSet::single(*address);
        packet.lose_identity_from_here(Identity::Lost);
        let at = At { router: &subnet.router, subnet: Some(subnet_id) };
        self.out_of_subnet(at, subnet, packet);
    }

    /// Over a link between two routers, to an address of the other one and no further (AWS-69).
    pub(super) fn link(
        &mut self,
        gateway: &'n Gateway,
        ends: &'n [Id<Router>; 2],
        identity: Identity,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        let label = &gateway.label;
        let (other, direction) = match ends {
            [a, b] if a == at.router => (b, Direction::Ingress),
            [a, b] if b == at.router => (a, Direction::Egress),
            _ => return self.obstacle(label, Reason::NotCarried, None, packet),
        };
        let Some((other, router)) = self.graph.router(other) else {
            return self.obstacle(label, Reason::NotCarried, None, packet);
        };
        packet.lose_identity(identity);
        cross_stack(gateway, direction, &mut packet);
        let here = self.graph.router(at.router).map(|(_, router)| router);
        let from_here = here.is_some_and(|here| packet.sources.is_subset(&here.addresses));
        let there = packet.destinations.intersection(&router.addresses);
        let rest = packet.destinations.difference(&there);
        if !from_here {
            return self.obstacle(label, Reason::NotTransitive, None, packet);
        }
        if !rest.is_empty() {
            self.obstacle(label, Reason::NotTransitive, None, packet.cut(rest));
        }
        if !there.is_empty() {
            self.deliver(At { router: other, subnet: None }, packet.cut(there));
        }
    }

    fn reach_service(
        &mut self,
        label: &'n Label,
        (id, external): (&'n Id<External>, &'n External),
        mut packet: Packet<'n>,
    ) {
        let there = packet.destinations.intersection(&external.addresses);
        let rest = packet.destinations.difference(&there);
        if !rest.is_empty() {
            self.obstacle(label, Reason::NotCarried, None, packet.cut(rest));
        }
        if there.is_empty() {
            return;
        }
        packet = packet.cut(there);
        // An opening packet to one of the service's addresses is there, by whatever name the
        // question has for them; a reply that comes here is not at the client.
        if matches!(self.target, Goal::External { .. }) && !self.is_reply() {
            packet.cross(Crossing::Arrived { at: &external.label });
            return self.finish(packet);
        }
        if matches!(self.target, Goal::External { id: goal, .. } if goal == id) {
            packet.cross(Crossing::Arrived { at: &external.label });
            return self.finish(packet);
        }
        self.obstacle(label, Reason::NotCarried, None, packet);
    }

    /// A reply from a service comes back by the gateway that the flow went out by.
    fn back_from_service(&mut self, door: Door<'n>, mut packet: Packet<'n>) {
        packet.lose_identity_from_here(Identity::Lost);
        if !cross_gateway(door.gateway, &mut packet) {
            return self.obstacle(&door.gateway.label, Reason::GatewayClosed, None, packet);
        }
        cross_stack(door.gateway, Direction::Ingress, &mut packet);
        self.deliver(At { router: door.router, subnet: None }, packet);
    }

    /// To an interface that a route names: an appliance, or a gateway by its interface.
    pub(super) fn appliance(
        &mut self,
        table: &'n RouteTable,
        route: &'n Route,
        id: &'n Id<Interface>,
        interface: &'n Interface,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        if let Role::Gateway(gateway) = &interface.role
            && let Some((id, gateway)) = self.graph.gateway(gateway)
        {
            return self.through(table, route, id, gateway, at, packet);
        }
        let own = |address: IpAddr| interface.addresses.iter().any(|held| held.ip == address);
        if packet.address().is_some_and(own) {
            let there = self.place_of(interface).map(|(there, _)| there);
            let elsewhere = there.filter(|there| there.router != at.router);
            if elsewhere.is_some() {
                self.leave(at, &mut packet, true);
            }
            packet.cross(Crossing::Route { table, route });
            let elsewhere = elsewhere.map(|there| At { subnet: None, ..there });
            return self.deliver(elsewhere.unwrap_or(at), packet);
        }
        if let Some((subnet_id, subnet)) = self.graph.subnet(&interface.subnet) {
            self.move_to(at, subnet_id, subnet, &mut packet);
        }
        packet.cross(Crossing::Route { table, route });
        let known = self.graph.network().appliances.get(id);
        packet.lose_identity_from_here(known.map_or(Identity::Lost, |known| known.identity));
        if !interface.forwards {
            return self.obstacle(&interface.label, Reason::SourceDestinationCheck, None, packet);
        }
        cross_liveness(interface, &mut packet);
        cross_interface(id, interface, Direction::Ingress, &mut packet);
        if let Some((at, subnet)) = self.place_of(interface)
            && known.is_some_and(|known| known.hands_on)
        {
            cross_interface(id, interface, Direction::Egress, &mut packet);
            return self.out_of_subnet(at, subnet, packet);
        }
        let unknown = match &interface.role {
            Role::Opaque(unknown) => unknown.clone(),
            _ => Unknown::new(
                format!("what {} does with the packets that it forwards", interface.label),
                "the appliance's own rules are not in the recording",
                "",
            ),
        };
        packet.cross(Crossing::Opaque { at: &interface.label, unknown, rewrites: true });
        self.jump(packet);
    }
}
