//! Translating gateways, links and services.

use super::*;

impl<'n> Walk<'n> {
    pub(super) fn is_open(&mut self, packet: &Packet<'n>, gateway: &Gateway) -> bool {
        if !gateway.doubts.is_empty() {
            self.may_stop(packet, &gateway.label);
        }
        if gateway.closed.is_some() {
            self.stop(packet, &gateway.label, "");
        }
        gateway.closed.is_none()
    }

    pub(super) fn gateway(
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
                self.go_unseen(&gateway.label, *rewrites, packet);
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
                        self.came_back(&packet);
                    }
                    _ => self.stop(&packet, &gateway.label, ""),
                }
            }
            Passage::SourceNat { .. } | Passage::Opaque { .. } => {}
        }
    }

    /// AWS-67a: into the gateway's subnet, and on from there with its address and port.
    pub(super) fn source_nat(
        &mut self,
        id: &'n Id<Gateway>,
        gateway: &'n Gateway,
        at: At<'n>,
        mut packet: Packet<'n>,
    ) {
        let Passage::SourceNat { subnet: subnet_id, address, services, ports, .. } =
            &gateway.passage
        else {
            return;
        };
        let subnet = self.network.subnets.get_key_value(subnet_id);
        let Some((subnet_id, subnet)) = subnet.filter(|(_, s)| s.router == *at.router) else {
            return self.stop(&packet, &gateway.label, "");
        };
        if packet.flow.destination == *address {
            return self.deliver(at, packet);
        }
        if !self.cross_into(at, subnet_id, &mut packet) || !self.is_open(&packet, gateway) {
            return;
        }
        if packet.leg == Leg::Forward && packet.translations.len() >= 5 {
            // A loop: the packet dies there; who does not follow it to the end cannot know.
            self.found.doubted = true;
            return self.stop(&packet, &gateway.label, "");
        }
        let carried =
            packet.leg == Leg::Forward && packet.flow.source.is_ipv4() == address.is_ipv4();
        if !carried {
            return self.stop(&packet, &gateway.label, "");
        }
        if !self.asks(&mut packet, &gateway.label, &gateway.stack, Direction::Egress, None) {
            return;
        }
        if !holds_service(services, packet.flow.service) {
            return self.stop(&packet, &gateway.label, "");
        }
        self.translate(id, *address, ports, &mut packet);
        packet.left = Identity::Lost;
        self.inside(At { router: &subnet.router, subnet: Some(subnet_id) }, subnet, packet);
    }

    /// Gives a packet that opens a flow another source, with the port that was picked.
    pub(super) fn translate(
        &mut self,
        id: &'n Id<Gateway>,
        address: IpAddr,
        ports: &PortSet,
        packet: &mut Packet<'n>,
    ) {
        let index = packet.translations.len();
        let port = self.trip.gateway_ports.get(index).or(self.trip.gateway_ports.last());
        let original = (packet.flow.source, source_port(packet.flow.service));
        let given = (address, original.1.and(port.copied()));
        let peer = (packet.flow.destination, destination_port(packet.flow.service));
        set_source(&mut packet.flow, given);
        packet.translations.push(Translation { gateway: id, original, given, peer });
        if self.found.gateways.len() < packet.translations.len() {
            self.found.gateways.push(ports.clone());
        }
    }

    /// A packet for the address of a gateway: only the replies that it waits for go on.
    pub(super) fn back_through(
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
    pub(super) fn link(
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
}
