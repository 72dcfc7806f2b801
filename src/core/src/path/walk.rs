//! From hop to hop: interfaces, subnets and route tables.

use super::*;

impl<'n> Walk<'_, 'n> {
    pub(super) fn start(&mut self, from: &Endpoint, packet: Packet<'n>) {
        match from {
            Endpoint::Interface { id, .. } => match self.graph.interface(id) {
                Some((id, interface)) => self.leave_interface(id, interface, packet),
                None => self.finish(packet),
            },
            Endpoint::External { id, .. } => match self.graph.external(id) {
                Some((id, external)) => self.outside(id, external, packet),
                None => self.finish(packet),
            },
            // Nobody is there to send anything.
            Endpoint::Unheld { router, .. } => match self.graph.router(router) {
                Some((_, router)) => self.obstacle(&router.label, Reason::Unheld, None, packet),
                None => self.finish(packet),
            },
        }
    }

    pub(super) fn finish(&mut self, packet: Packet<'n>) {
        self.found.push(Path {
            crossings: packet.crossings,
            sources: packet.first_sources,
            destinations: packet.first_destinations,
            arriving_from: packet.sources,
            arriving_at: packet.destinations,
            masquerades: packet.masquerades,
            passed: packet.passed,
            opaque: packet.opaque,
            identity: packet.identity,
        });
    }

    pub(super) fn leave_interface(
        &mut self,
        id: &'n Id<Interface>,
        interface: &'n Interface,
        mut packet: Packet<'n>,
    ) {
        if !self.is_reply() {
            cross_liveness(interface, &mut packet);
            cross_initiative(interface, &mut packet);
        }
        let graph = self.graph;
        if let Some(host) = interface.host.as_ref().and_then(|id| graph.host(id)) {
            let (exits, rest) = host.exits(&packet.destinations);
            for (exit, destinations) in exits {
                let part = packet.cut(destinations);
                match graph.interface(exit) {
                    Some((id, exit)) => self.leave_by_route(id, exit, part),
                    None => self.adrift(interface, part),
                }
            }
            packet = packet.cut(rest);
        }
        if !packet.destinations.is_empty() {
            self.leave_by(id, interface, packet);
        }
    }

    /// Out of the interface that the host's routes say, which may not be the one whose address
    /// the packet carries: then it goes only where nobody checks that (AWS-73).
    fn leave_by_route(
        &mut self,
        id: &'n Id<Interface>,
        interface: &'n Interface,
        packet: Packet<'n>,
    ) {
        let own: IpSet = interface.addresses.iter().map(|address| address.ip).collect();
        if interface.forwards || packet.sources.is_subset(&own) {
            self.leave_by(id, interface, packet);
        } else {
            let reason = Reason::SourceDestinationCheck;
            self.obstacle(&interface.label, reason, None, packet);
        }
    }

    fn leave_by(
        &mut self,
        id: &'n Id<Interface>,
        interface: &'n Interface,
        mut packet: Packet<'n>,
    ) {
        let Some((at, subnet)) = self.place_of(interface) else {
            return self.adrift(interface, packet);
        };
        let Some((_, router)) = self.graph.router(at.router) else {
            return self.adrift(interface, packet);
        };
        for service in &router.platform {
            let answered = packet.destinations.intersection(&service.addresses);
            if !answered.is_empty() {
                let rest = packet.destinations.difference(&answered);
                self.meet_platform(interface, service, packet.cut(answered));
                packet = packet.cut(rest);
            }
        }
        if packet.destinations.is_empty() {
            return;
        }
        cross_interface(id, interface, Direction::Egress, &mut packet);
        self.front_again(interface, &mut packet);
        self.out_of_subnet(at, subnet, packet);
    }

    /// A reply to what a balancer handed on carries the balancer's address again (AZ-14).
    fn front_again(&self, interface: &'n Interface, packet: &mut Packet<'n>) {
        let dialled = self.there.and_then(|there| single(&there.destinations));
        let own = single(&packet.sources);
        let mut fronts = interface.fronts.iter();
        let front = fronts.find(|front| Some(front.address) == dialled && Some(front.own) == own);
        if let Some(front) = front {
            let (field, from, to) = (Field::Source, front.own, front.address);
            packet.cross(Crossing::Rewrite { at: &front.label, field, from, to });
            packet.sources = IpSet::single(to);
        }
    }

    /// To a service of the platform, by what the interface has of it (AWS-50).
    fn meet_platform(
        &mut self,
        interface: &'n Interface,
        service: &'n PlatformService,
        mut packet: Packet<'n>,
    ) {
        let at = &interface.label;
        for own in &interface.platform {
            let here = packet.destinations.intersection(&own.addresses);
            if here.is_empty() {
                continue;
            }
            let rest = packet.destinations.difference(&here);
            let mut part = packet.cut(here);
            match &own.serving {
                Serving::Off { text, origin } => {
                    let cited = Some(Cited::Words(text, origin));
                    part.cross(Crossing::Obstacle { at, reason: Reason::NotServed, cited });
                }
                Serving::Unknown(unknown) => {
                    let unknown = unknown.clone();
                    part.cross(Crossing::Doubt { at, reason: Reason::NotServed, unknown });
                    part.cross(Crossing::Platform { at, service });
                }
            }
            self.finish(part);
            packet = packet.cut(rest);
        }
        if !packet.destinations.is_empty() {
            packet.cross(Crossing::Platform { at, service });
            self.finish(packet);
        }
    }

    /// Where an interface sits.
    pub(super) fn place_of(&self, interface: &Interface) -> Option<(At<'n>, &'n Subnet)> {
        let (id, subnet) = self.graph.subnet(&interface.subnet)?;
        let (router, _) = self.graph.router(&subnet.router)?;
        Some((At { router, subnet: Some(id) }, subnet))
    }

    /// A packet at an interface whose subnet or router the network has not.
    pub(super) fn adrift(&mut self, interface: &'n Interface, mut packet: Packet<'n>) {
        let what = format!("where {} hangs", interface.label);
        let why = format!("{} or its network is not in the recording", interface.subnet);
        let unknown = Unknown::new(what, why, "");
        packet.cross(Crossing::Opaque { at: &interface.label, unknown, rewrites: true });
        self.jump(packet);
    }

    /// From inside a subnet: straight to its own addresses, where they are neighbours, else by its
    /// table.
    pub(super) fn out_of_subnet(&mut self, at: At<'n>, subnet: &'n Subnet, packet: Packet<'n>) {
        let inside = match subnet.neighbours {
            Neighbours::Direct => packet.destinations.intersection(&subnet.addresses),
            Neighbours::ByTable => IpSet::empty(),
        };
        if inside.is_empty() {
            return self.by_table(&subnet.table, at, packet);
        }
        let rest = packet.destinations.difference(&inside);
        if !rest.is_empty() {
            self.by_table(&subnet.table, at, packet.cut(rest));
        }
        self.deliver(at, packet.cut(inside));
    }

    pub(super) fn by_table(
        &mut self,
        table: &'n Id<RouteTable>,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        let graph = self.graph;
        let router = graph.router(at.router).map(|(_, router)| router);
        let Some((table, fib)) = graph.table(table) else {
            if let Some(router) = router {
                let unknown =
                    Unknown::new(format!("route table {table}"), "not in the recording", "");
                packet.cross(Crossing::Opaque { at: &router.label, unknown, rewrites: true });
            }
            return self.jump(packet);
        };
        let mut unfollowed = IpSet::empty();
        for found in fib.lookup(table, &packet.destinations) {
            if self.found.len() >= MOST_PATHS {
                unfollowed = unfollowed.union(&found.destinations);
                continue;
            }
            let part = packet.cut(found.destinations.clone());
            self.follow(table, &found, at, part);
        }
        if !unfollowed.is_empty() {
            self.give_up(table, packet.cut(unfollowed));
        }
    }

    /// A way that is too long, or in too many parts, to be followed to its end.
    fn give_up(&mut self, table: &'n RouteTable, mut packet: Packet<'n>) {
        let why = "the way is a loop, or has too many parts";
        let unknown = Unknown::new("where this leads", why, "");
        packet.cross(Crossing::Doubt { at: &table.label, reason: Reason::Route, unknown });
        self.finish(packet);
    }

    pub(super) fn follow(
        &mut self,
        table: &'n RouteTable,
        found: &Found<'n>,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        if packet.crossings.len() > MOST_CROSSINGS {
            return self.give_up(table, packet);
        }
        if let Some(doubt) = found.doubt {
            let unknown = doubt.clone();
            self.leave(at, &mut packet, false);
            // It may be a gateway that gives the flow another source.
            packet.cross(Crossing::Opaque { at: &table.label, unknown, rewrites: true });
            return self.jump(packet);
        }
        let Some(route) = found.route else {
            self.leave(at, &mut packet, true);
            return self.obstacle(&table.label, Reason::NoRoute, None, packet);
        };
        match &route.target {
            Target::Local => {
                packet.cross(Crossing::Route { table, route });
                self.deliver(at, packet);
            }
            Target::Gateway(id) => match self.graph.gateway(id) {
                Some((id, gateway)) => self.through(table, route, id, gateway, at, packet),
                None => self.lost_target(table, route, at, packet),
            },
            Target::Interface(id) => match self.graph.interface(id) {
                Some((id, interface)) => self.appliance(table, route, id, interface, at, packet),
                None => self.lost_target(table, route, at, packet),
            },
            Target::Blackhole | Target::Discard => {
                let reason = match route.target {
                    Target::Discard => Reason::Discarded,
                    _ => Reason::Blackhole,
                };
                self.leave(at, &mut packet, true);
                self.obstacle(&table.label, reason, Some(Cited::Route(table, route)), packet);
            }
            Target::Unknown(unknown) => {
                let unknown = unknown.clone();
                self.leave(at, &mut packet, false);
                packet.cross(Crossing::Opaque { at: &table.label, unknown, rewrites: true });
                self.jump(packet);
            }
        }
    }

    pub(super) fn lost_target(
        &mut self,
        table: &'n RouteTable,
        route: &'n Route,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        let what = format!("the target of the route {}", route.text);
        let unknown = Unknown::new(what, "not in the recording", "");
        self.leave(at, &mut packet, false);
        packet.cross(Crossing::Opaque { at: &table.label, unknown, rewrites: true });
        self.jump(packet);
    }

    /// Crosses the boundary of the subnet that the packet is in (AWS-35).
    pub(super) fn leave(&self, at: At<'n>, packet: &mut Packet<'n>, certain: bool) {
        if let Some((_, subnet)) = at.subnet.and_then(|id| self.graph.subnet(id)) {
            cross_boundary(subnet, Direction::Egress, certain, packet);
        }
    }

    /// Goes into a subnet, out of the one that the packet is in, unless they are the same.
    pub(super) fn move_to(
        &self,
        at: At<'n>,
        id: &'n Id<Subnet>,
        subnet: &'n Subnet,
        packet: &mut Packet<'n>,
    ) {
        if at.subnet != Some(id) {
            self.leave(at, packet, true);
            cross_boundary(subnet, Direction::Ingress, true, packet);
        }
    }
}
