//! At an address: who holds it, and what lies there when the way ends before it.

use super::*;

impl<'n> Walk<'_, 'n> {
    /// To an address inside a router.
    pub(super) fn deliver(&mut self, at: At<'n>, mut packet: Packet<'n>) {
        let Some((_, router)) = self.graph.router(at.router) else {
            return self.jump(packet);
        };
        if let Goal::Interface { id, .. } = self.target
            && packet.address().is_some_and(|to| self.graph.is_fronted(at.router, to, id))
        {
            return self.deliver_to(at, id, router, packet);
        }
        let holders = packet.address().map_or(&[][..], |to| self.graph.held(at.router, to));
        if holders.len() > 1 {
            let what = format!("who holds {}", packet.destinations);
            let unknown = Unknown::new(what, "several interfaces of the recording hold it", "");
            packet.cross(Crossing::Doubt { at: &router.label, reason: Reason::Unheld, unknown });
        }
        let wanted = holders.iter().find(|holder| self.is_wanted(holder)).or(holders.first());
        match wanted {
            Some(Holder::Interface(id, _)) => self.deliver_to(at, id, router, packet),
            Some(Holder::Gateway(id, _)) => self.deliver_to_gateway(at, id, router, packet),
            None => self.nobody(at, router, packet),
        }
    }

    /// The balancer that hands an interface what is dialled at the packet's address.
    pub(super) fn front_of(
        &self,
        interface: &'n Interface,
        packet: &Packet<'n>,
    ) -> Option<&'n Front> {
        let dialled = packet.address().filter(|_| !self.is_reply())?;
        let Goal::Interface { address, .. } = self.target else { return None };
        interface.fronts.iter().find(|front| front.address == dialled && front.own == address)
    }

    /// Through a load balancer: what it hands on, and what nobody knows of it.
    pub(super) fn cross_front(&self, front: &'n Front, packet: &mut Packet<'n>) {
        let (at, reason) = (&front.label, Reason::NotCarried);
        if let Some(unknown) = &front.doubt {
            packet.cross(Crossing::Doubt { at, reason, unknown: unknown.clone() });
        }
        // The filters of a client that is recorded have seen the port that it dialled.
        let is_recorded = !self.from_outside;
        if front.renumbers && is_recorded {
            let what = format!("the port that is dialled at {at}");
            let why = "the balancer gives flows another port, which is followed from outside only";
            let unknown = Unknown::new(what, why, "");
            packet.cross(Crossing::Doubt { at, reason, unknown });
        }
        packet.cross(Crossing::Carries { at, services: &front.services });
    }

    pub(super) fn is_wanted(&self, holder: &Holder<'n>) -> bool {
        match (holder, self.target) {
            (Holder::Interface(id, _), Goal::Interface { id: wanted, .. }) => *id == wanted,
            _ => false,
        }
    }

    pub(super) fn deliver_to(
        &mut self,
        at: At<'n>,
        id: &'n Id<Interface>,
        router: &'n Router,
        mut packet: Packet<'n>,
    ) {
        match self.target {
            Goal::Interface { id: wanted, interface, .. } if wanted == id => {
                if let Some((subnet_id, subnet)) = self.graph.subnet(&interface.subnet) {
                    self.move_to(at, subnet_id, subnet, &mut packet);
                }
                if let Some(front) = self.front_of(interface, &packet) {
                    self.cross_front(front, &mut packet);
                    packet.rewrite_destination(&front.label, front.own);
                }
                self.arrive(id, interface, packet);
            }
            _ => {
                let label = self.graph.interface(id).map_or(&router.label, |(_, held)| &held.label);
                let reason =
                    if self.is_reply() { Reason::WrongReturn } else { Reason::OtherHolder };
                self.obstacle(label, reason, None, packet);
            }
        }
    }

    pub(super) fn deliver_to_gateway(
        &mut self,
        at: At<'n>,
        id: &'n Id<Gateway>,
        router: &'n Router,
        mut packet: Packet<'n>,
    ) {
        let Some((_, gateway)) = self.graph.gateway(id) else {
            return self.jump(packet);
        };
        let Passage::SourceNat { subnet, .. } = &gateway.passage else {
            return self.obstacle(&router.label, Reason::Unheld, None, packet);
        };
        let subnet = self.graph.subnet(subnet);
        if let Some((subnet_id, subnet)) = subnet {
            self.move_to(at, subnet_id, subnet, &mut packet);
        }
        let awaited = packet.masquerades.last().is_some_and(|last| last.gateway == id);
        let (Some((subnet_id, subnet)), true) = (subnet, self.is_reply() && awaited) else {
            return self.obstacle(&gateway.label, Reason::NotAnEndpoint, None, packet);
        };
        if !cross_gateway(gateway, &mut packet) {
            return self.obstacle(&gateway.label, Reason::GatewayClosed, None, packet);
        }
        packet.unmasquerade(&gateway.label);
        cross_stack(gateway, Direction::Ingress, &mut packet);
        let at = At { router: &subnet.router, subnet: Some(subnet_id) };
        self.out_of_subnet(at, subnet, packet);
    }

    /// No recorded interface holds the address.
    pub(super) fn nobody(&mut self, at: At<'n>, router: &'n Router, mut packet: Packet<'n>) {
        let to = packet.destinations.clone();
        let mut subnets = self.graph.subnets_of(at.router);
        let own = subnets.find(|(_, subnet)| to.is_subset(&subnet.addresses));
        drop(subnets);
        match own {
            Some((subnet_id, subnet)) => self.move_to(at, subnet_id, subnet, &mut packet),
            None => self.leave(at, &mut packet, true),
        }
        if let Goal::Interface { interface, .. } = self.target
            && self.place_of(interface).is_none()
        {
            // It may be here for all that is known.
            return self.adrift(interface, packet);
        }
        let managed = self.graph.network().managed_at(at.router, &to);
        if let Some(unread) = router.unread.first().or(managed) {
            let unknown = unread.clone();
            packet.cross(Crossing::Opaque { at: &router.label, unknown, rewrites: false });
            return self.jump(packet);
        }
        self.obstacle(&router.label, Reason::Unheld, None, packet);
    }

    pub(super) fn arrive(
        &mut self,
        id: &'n Id<Interface>,
        interface: &'n Interface,
        mut packet: Packet<'n>,
    ) {
        cross_interface(id, interface, Direction::Ingress, &mut packet);
        if !self.is_reply() {
            match &interface.role {
                Role::Endpoint => cross_liveness(interface, &mut packet),
                Role::Opaque(unknown) => packet.end_in(&interface.label, unknown.clone()),
                Role::Gateway(_) => packet.cross(Crossing::Obstacle {
                    at: &interface.label,
                    reason: Reason::NotAnEndpoint,
                    cited: None,
                }),
            }
        }
        packet.cross(Crossing::Arrived { at: &interface.label });
        self.finish(packet);
    }

    pub(super) fn obstacle(
        &mut self,
        at: &'n Label,
        reason: Reason,
        cited: Option<Cited<'n>>,
        mut packet: Packet<'n>,
    ) {
        packet.cross(Crossing::Obstacle { at, reason, cited });
        self.jump(packet);
    }

    /// Goes on at the goal, whatever lies between: after an obstacle to name what else stops the
    /// packet, after something opaque since it may come out there.
    pub(super) fn jump(&mut self, mut packet: Packet<'n>) {
        self.rewrite_unseen(&mut packet);
        while self.is_reply() && !packet.masquerades.is_empty() {
            match packet.masquerades.last().and_then(|last| self.graph.gateway(last.gateway)) {
                Some((_, gateway)) => packet.unmasquerade(&gateway.label),
                None => break,
            }
        }
        match self.target {
            Goal::Interface { id, interface, address } => {
                packet.rewrite_destination(&interface.label, address);
                // What cannot be seen through has put the identity in doubt already.
                if packet.opaque.is_none() {
                    packet.lose_identity_from_here(self.identity_across(&packet, interface));
                }
                if let Some((_, subnet)) = self.graph.subnet(&interface.subnet) {
                    cross_boundary(subnet, Direction::Ingress, false, &mut packet);
                }
                self.arrive(id, interface, packet);
            }
            Goal::External { external, .. } => {
                packet.cross(Crossing::Arrived { at: &external.label });
                self.finish(packet);
            }
            Goal::Unheld { router } => {
                if let Some((id, router)) = self.graph.router(router) {
                    self.unheld(id, router, &mut packet);
                }
                self.finish(packet);
            }
            Goal::Nowhere => self.finish(packet),
        }
    }

    /// A client takes only replies from whom it dialled: one that comes out of something opaque
    /// may have been given that address there.
    fn rewrite_unseen(&self, packet: &mut Packet<'n>) {
        let dialled = self.there.and_then(|there| single(&there.destinations));
        let opaque = packet.crossings.iter().rev().find_map(|crossing| match crossing {
            Crossing::Opaque { at, .. } => Some(*at),
            _ => None,
        });
        let (Some(to), Some(at), Some(from)) = (dialled, opaque, single(&packet.sources)) else {
            return;
        };
        if from != to {
            packet.cross(Crossing::Rewrite { at, field: Field::Source, from, to });
            packet.sources = IpSet::single(to);
        }
    }

    pub(super) fn unheld(&self, id: &Id<Router>, router: &'n Router, packet: &mut Packet<'n>) {
        let named = packet
            .crossings
            .iter()
            .any(|crossing| matches!(crossing, Crossing::Obstacle { reason: Reason::Unheld, .. }));
        let managed = self.graph.network().managed_at(id, &packet.destinations);
        if !named && router.unread.is_empty() && managed.is_none() {
            let at = &router.label;
            packet.cross(Crossing::Obstacle { at, reason: Reason::Unheld, cited: None });
        }
    }

    /// Whether references would see through to the goal if nothing lay between: inside one
    /// router, or over an open link.
    pub(super) fn identity_across(&self, packet: &Packet<'n>, goal: &Interface) -> Identity {
        let Some((there, _)) = self.place_of(goal) else {
            return Identity::Lost;
        };
        let holds = |router: &Id<Router>| {
            let held = single(&packet.sources).map(|source| self.graph.held(router, source));
            held.is_some_and(|held| !held.is_empty())
        };
        if holds(there.router) {
            return Identity::Kept;
        }
        let links = self.graph.gateways_of(there.router);
        let identities = links.filter_map(|gateway| match &gateway.passage {
            Passage::Link { ends: [a, b], identity } if gateway.closed.is_none() => {
                let joined = (a == there.router && holds(b)) || (b == there.router && holds(a));
                joined.then_some(*identity)
            }
            _ => None,
        });
        identities.min().unwrap_or(Identity::Lost)
    }
}
