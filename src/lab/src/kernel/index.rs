//! Which probe a packet belongs to, and on which leg it was.

use std::collections::HashMap;

use cloudfw_core::Leg;

use super::KernelError;
use super::packet::Packet;
use super::probe::{Ask, Probe};

/// Probes by their own port or identifier, which translations keep.
pub(super) struct Index {
    /// The place of each probe, and the port that it dials.
    places: HashMap<(Kind, u16), (usize, u16)>,
}

/// What has ports of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Tcp,
    Udp,
    Echo,
}

impl Index {
    pub(super) fn of(probes: &[Probe]) -> Result<Index, KernelError> {
        let mut places = HashMap::with_capacity(probes.len());
        for (place, probe) in probes.iter().enumerate() {
            let (kind, dialled) = match probe.ask {
                Ask::Tcp(port) => (Kind::Tcp, port),
                Ask::Udp(port) => (Kind::Udp, port),
                Ask::Echo => (Kind::Echo, 0),
            };
            if places.insert((kind, probe.port), (place, dialled)).is_some() {
                let port = probe.port;
                return Err(KernelError::Plan(format!("two probes have {kind:?} port {port}")));
            }
        }
        Ok(Index { places })
    }

    /// The probe of a packet, and the leg that it was on.
    pub(super) fn find(&self, packet: &Packet) -> Option<(usize, Leg)> {
        match *packet {
            Packet::Tcp { from, syn: true, ack: false, .. } => {
                Some((self.place(Kind::Tcp, from)?, Leg::Forward))
            }
            Packet::Tcp { to, syn: true, ack: true, .. } => {
                Some((self.place(Kind::Tcp, to)?, Leg::Return))
            }
            Packet::Tcp { from, to, .. } => self.by_ports(Kind::Tcp, from, to),
            Packet::Udp { from, to } => self.by_ports(Kind::Udp, from, to),
            Packet::Echo { identifier, reply } => {
                let leg = if reply { Leg::Return } else { Leg::Forward };
                Some((self.place(Kind::Echo, identifier)?, leg))
            }
            Packet::Error(ref about) => match self.find(about)? {
                (place, Leg::Forward) => Some((place, Leg::Return)),
                // An error about a reply goes to the server: no leg of the round trip.
                (_, Leg::Return) => None,
            },
        }
    }

    fn place(&self, kind: Kind, port: u16) -> Option<usize> {
        self.places.get(&(kind, port)).map(|(place, _)| *place)
    }

    /// The probe whose ports these are, one way or the other. The server's may have been
    /// translated; so the client's alone is enough where nothing fits better.
    fn by_ports(&self, kind: Kind, from: u16, to: u16) -> Option<(usize, Leg)> {
        let there = self.places.get(&(kind, from));
        let back = self.places.get(&(kind, to));
        match (there, back) {
            (Some((place, dialled)), _) if *dialled == to => Some((*place, Leg::Forward)),
            (_, Some((place, dialled))) if *dialled == from => Some((*place, Leg::Return)),
            (Some((place, _)), None) => Some((*place, Leg::Forward)),
            (None, Some((place, _))) => Some((*place, Leg::Return)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::kernel::plan::SpaceId;

    fn probe(port: u16, ask: Ask) -> Probe {
        let address = Ipv4Addr::new(10, 0, 0, 1).into();
        Probe { source: SpaceId(0), from: address, port, to: address, ask, listener: None }
    }

    #[test]
    fn a_packet_belongs_to_the_probe_whose_port_it_has() {
        let probes = [
            probe(40_000, Ask::Tcp(22)),
            probe(40_001, Ask::Udp(53)),
            probe(40_000, Ask::Echo),
            probe(53, Ask::Udp(40_001)),
        ];
        let index = Index::of(&probes).expect("ports differ");
        let udp = |from, to| index.find(&Packet::Udp { from, to });
        let tcp = |from, to, syn, ack| index.find(&Packet::Tcp { from, to, syn, ack });

        assert_eq!(tcp(40_000, 22, true, false), Some((0, Leg::Forward)));
        assert_eq!(tcp(22, 40_000, true, true), Some((0, Leg::Return)));
        assert_eq!(tcp(22, 40_000, false, true), Some((0, Leg::Return)));
        assert_eq!(tcp(2222, 40_000, false, false), Some((0, Leg::Return)));
        assert_eq!(tcp(22, 41_000, true, true), None);
        // Its own port is another probe's destination: who asked first is unknown, either fits.
        assert!(udp(40_001, 53).is_some());
        assert_eq!(udp(40_001, 5353), Some((1, Leg::Forward)));
        let reply = Packet::Echo { identifier: 40_000, reply: true };
        assert_eq!(index.find(&reply), Some((2, Leg::Return)));
    }

    #[test]
    fn an_error_is_on_the_way_back_of_what_it_is_about() {
        let index = Index::of(&[probe(40_000, Ask::Tcp(22))]).expect("one probe");
        let about = |from, to, ack| {
            let segment = Packet::Tcp { from, to, syn: true, ack };
            index.find(&Packet::Error(Box::new(segment)))
        };
        assert_eq!(about(40_000, 22, false), Some((0, Leg::Return)));
        assert_eq!(about(22, 40_000, true), None);
    }

    #[test]
    fn two_probes_of_a_protocol_cannot_share_a_port() {
        let twice = [probe(40_000, Ask::Tcp(22)), probe(40_000, Ask::Tcp(80))];
        assert!(Index::of(&twice).is_err());
    }
}
