//! Interfaces, the subnets that they sit in, and both ends of a trip.

use super::*;

impl<'n> Walk<'n> {
    pub(super) fn leave(&mut self, id: &Id<Interface>, mut packet: Packet<'n>) {
        let Some((id, interface)) = self.network.interfaces.get_key_value(id) else {
            return self.may_stop(&packet, &NOWHERE);
        };
        if packet.leg == Leg::Forward
            && !(self.runs(&packet, interface) && self.opens(&packet, interface))
        {
            return;
        }
        let (routed, id, interface) = match self.exit(interface, packet.flow.destination) {
            None => (false, id, interface),
            Some(Some((id, interface))) => (true, id, interface),
            Some(None) => return self.go_unseen(&interface.label, true, packet),
        };
        let own = interface.addresses.iter().any(|own| own.ip == packet.flow.source);
        if routed && !own && !interface.forwards {
            return self.stop(&packet, &interface.label, "");
        }
        let Some((at, subnet, router)) = self.place(interface) else {
            return self.go_unseen(&interface.label, true, packet);
        };
        let to = packet.flow.destination;
        let mut services = router.platform.iter();
        if let Some(service) = services.find(|service| holds_address(&service.addresses, to)) {
            return self.at_platform(interface, service, &packet);
        }
        if !self.asks(&mut packet, &interface.label, &interface.stack, Direction::Egress, Some(id))
        {
            return;
        }
        // AZ-14: what a balancer handed on is answered from the balancer's address.
        let dialled = self.trip.flow.destination;
        for front in &interface.fronts {
            let answers = packet.leg == Leg::Return && packet.flow.source == front.own;
            if answers && front.address == dialled {
                packet.flow.source = dialled;
                break;
            }
        }
        self.inside(at, subnet, packet);
    }

    /// The interface that the host's own routes send a packet out of, where one says so.
    fn exit(
        &self,
        interface: &Interface,
        to: IpAddr,
    ) -> Option<Option<(&'n Id<Interface>, &'n Interface)>> {
        let host = self.network.hosts.get(interface.host.as_ref()?)?;
        let mut best: Option<&cloudfw_core::HostRoute> = None;
        for route in &host.routes {
            let longer = best.is_none_or(|best| route.to.prefix_len() > best.to.prefix_len());
            if longer && holds_address(&IpSet::from(route.to), to) {
                best = Some(route);
            }
        }
        Some(self.network.interfaces.get_key_value(&best?.by))
    }

    fn opens(&mut self, packet: &Packet<'n>, interface: &Interface) -> bool {
        match &interface.initiative {
            Initiative::Opens => {}
            Initiative::Answers(_) => self.stop(packet, &interface.label, ""),
            Initiative::Unknown(_) => self.may_stop(packet, &interface.label),
        }
        !matches!(interface.initiative, Initiative::Answers(_))
    }

    /// The platform answers what it is known to answer, unless this interface is left out.
    fn at_platform(&mut self, from: &Interface, service: &PlatformService, packet: &Packet<'n>) {
        let to = packet.flow.destination;
        let own = from.platform.iter().find(|own| holds_address(&own.addresses, to));
        match own.map(|own| &own.serving) {
            Some(Serving::Off { .. }) => return self.stop(packet, &from.label, ""),
            Some(Serving::Unknown(_)) => self.may_stop(packet, &from.label),
            None => {}
        }
        match (holds_service(&service.services, packet.flow.service), &service.beyond) {
            (true, _) => self.pass(packet),
            (false, None) => self.stop(packet, &from.label, ""),
            (false, Some(_)) => {
                self.may_stop(packet, &from.label);
                self.pass(packet);
            }
        }
    }

    pub(super) fn runs(&mut self, packet: &Packet<'n>, interface: &Interface) -> bool {
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

    pub(super) fn place(&self, interface: &Interface) -> Option<(At<'n>, &'n Subnet, &'n Router)> {
        let (subnet_id, subnet) = self.network.subnets.get_key_value(&interface.subnet)?;
        let (id, router) = self.network.routers.get_key_value(&subnet.router)?;
        Some((At { router: id, subnet: Some(subnet_id) }, subnet, router))
    }

    /// In a subnet: its own addresses are next to it (in AWS; in Azure its table leads there,
    /// AZ-53), others go by its table.
    pub(super) fn inside(&mut self, at: At<'n>, subnet: &'n Subnet, packet: Packet<'n>) {
        let is_next = subnet.neighbours == Neighbours::Direct;
        if is_next && holds_address(&subnet.addresses, packet.flow.destination) {
            self.deliver(at, packet);
        } else {
            self.by_table(&subnet.table, at, packet);
        }
    }

    /// Out of the subnet that it is in, if it is in one.
    pub(super) fn cross_out(&mut self, at: At<'n>, packet: &mut Packet<'n>) -> bool {
        let Some(subnet) = at.subnet.and_then(|id| self.network.subnets.get(id)) else {
            return true;
        };
        self.asks(packet, &subnet.label, &subnet.boundary, Direction::Egress, None)
    }

    /// Into a subnet, unless it is in it already.
    pub(super) fn cross_into(
        &mut self,
        at: At<'n>,
        id: &Id<Subnet>,
        packet: &mut Packet<'n>,
    ) -> bool {
        let Some(subnet) = self.network.subnets.get(id) else { return true };
        at.subnet == Some(id)
            || (self.cross_out(at, packet)
                && self.asks(packet, &subnet.label, &subnet.boundary, Direction::Ingress, None))
    }

    /// To whoever holds the address in a router.
    pub(super) fn deliver(&mut self, at: At<'n>, mut packet: Packet<'n>) {
        packet.hops += 1;
        let Some(router) = self.network.routers.get(at.router) else {
            return self.go_unseen(&NOWHERE, true, packet);
        };
        if let Some((id, interface, front)) = self.front_here(at.router, &packet) {
            if self.cross_into(at, &interface.subnet, &mut packet) && self.hands_on(front, &packet)
            {
                packet.flow.destination = front.own;
                self.arrive(id, interface, packet);
            }
            return;
        }
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

    /// The balancer at the packet's address, in this router, that hands flows to the goal: which
    /// machine a balancer picks, the question says.
    fn front_here(
        &self,
        router: &Id<Router>,
        packet: &Packet<'n>,
    ) -> Option<(&'n Id<Interface>, &'n Interface, &'n Front)> {
        let Endpoint::Interface { id, address, .. } = self.goal(packet) else { return None };
        let (id, interface) = self.network.interfaces.get_key_value(id)?;
        let (at, _, _) = self.place(interface)?;
        let front = self.front_of(interface, *address, packet)?;
        (at.router == router).then_some((id, interface, front))
    }

    /// The balancer at the packet's address that hands flows to an address of an interface.
    pub(super) fn front_of(
        &self,
        interface: &'n Interface,
        own: IpAddr,
        packet: &Packet<'n>,
    ) -> Option<&'n Front> {
        let to = packet.flow.destination;
        let mut fronts = interface.fronts.iter().filter(|_| packet.leg == Leg::Forward);
        fronts.find(|front| front.address == to && front.own == own)
    }

    /// Whether a balancer hands a packet on. Which port it was dialled at, where that is another
    /// one, filters of a recorded client have seen, and the question does not tell.
    pub(super) fn hands_on(&mut self, front: &'n Front, packet: &Packet<'n>) -> bool {
        let is_recorded = matches!(self.trip.source, Endpoint::Interface { .. });
        if front.doubt.is_some() || (front.renumbers && is_recorded) {
            self.may_stop(packet, &front.label);
        }
        let carried = holds_service(&front.services, packet.flow.service);
        if !carried {
            self.stop(packet, &front.label, "");
        }
        carried
    }

    pub(super) fn is_goal(&self, packet: &Packet<'n>, id: &Id<Interface>) -> bool {
        matches!(self.goal(packet), Endpoint::Interface { id: goal, .. } if goal == id)
    }

    pub(super) fn goal(&self, packet: &Packet<'n>) -> &'n Endpoint {
        match packet.leg {
            Leg::Forward => self.trip.destination,
            Leg::Return => self.trip.source,
        }
    }

    pub(super) fn holders(&self, router: &Id<Router>, address: IpAddr) -> Vec<Holder<'n>> {
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

    pub(super) fn nobody(&mut self, at: At<'n>, router: &'n Router, mut packet: Packet<'n>) {
        let to = packet.flow.destination;
        let subnet = self.network.subnets.iter().find(|(_, subnet)| {
            subnet.router == *at.router && holds_address(&subnet.addresses, to)
        });
        let crossed = match subnet {
            Some((id, _)) => self.cross_into(at, id, &mut packet),
            None => self.cross_out(at, &mut packet),
        };
        if !crossed {
            return;
        }
        let adrift = matches!(self.goal(&packet), Endpoint::Interface { id, .. }
            if self.network.interfaces.get(id).is_some_and(|goal| self.place(goal).is_none()));
        let managed = subnet.is_some_and(|(id, _)| self.network.managed.contains_key(id));
        if router.unread.is_empty() && !adrift && !managed {
            self.stop(&packet, &router.label, "");
        } else {
            self.go_unseen(&router.label, false, packet);
        }
    }

    pub(super) fn arrive(
        &mut self,
        id: &'n Id<Interface>,
        interface: &'n Interface,
        mut packet: Packet<'n>,
    ) {
        if !self.asks(&mut packet, &interface.label, &interface.stack, Direction::Ingress, Some(id))
        {
            return;
        }
        if packet.leg == Leg::Return {
            return self.came_back(&packet);
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
    pub(super) fn answer(&mut self, packet: Packet<'n>) {
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
        let reply = Packet {
            flow,
            leg: Leg::Return,
            identity: Identity::Kept,
            left: Identity::Kept,
            hops: 0,
            ..packet
        };
        match self.trip.destination {
            Endpoint::Interface { id, .. } => self.leave(id, reply),
            Endpoint::External { .. } if reply.opaque => {
                self.go_unseen(&NOWHERE, false, reply);
            }
            Endpoint::External { id, .. } => match reply.service {
                Some((gateway, router)) => self.back_from_service(gateway, router, reply),
                None => self.outside(id, reply),
            },
            Endpoint::Unheld { .. } => {}
        }
    }

    /// The client takes only what answers it.
    pub(super) fn came_back(&mut self, packet: &Packet<'n>) {
        let wanted = self.trip.flow.reply();
        if wanted == Some(packet.flow) || packet.opaque {
            self.pass(packet);
        } else {
            self.stop(packet, &NOWHERE, "");
        }
    }
}

/// Who holds an address.
pub(super) enum Holder<'n> {
    Interface(&'n Id<Interface>, &'n Interface),
    Gateway(&'n Id<Gateway>, &'n Gateway, &'n Id<Subnet>),
}

impl Holder<'_> {
    pub(super) fn public_of(&self, address: IpAddr) -> Option<IpAddr> {
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
