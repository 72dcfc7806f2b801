//! The headers of a packet, as far as they tell which probe it belongs to.

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// A segment of TCP.
    Tcp { from: u16, to: u16, syn: bool, ack: bool },
    /// A datagram.
    Udp { from: u16, to: u16 },
    /// An echo request or its reply.
    Echo { identifier: u16, reply: bool },
    /// An ICMP error about a packet.
    Error(Box<Packet>),
}

impl Packet {
    /// Reads a packet that begins with its IP header, whole or cut off behind the ports.
    pub(super) fn read(bytes: &[u8]) -> Option<Packet> {
        const TCP: u8 = 6;
        const UDP: u8 = 17;
        const ICMP: u8 = 1;
        const ICMPV6: u8 = 58;

        let (protocol, body) = match bytes.first()? >> 4 {
            4 => (*bytes.get(9)?, bytes.get(usize::from(bytes.first()? & 15) * 4..)?),
            6 => (*bytes.get(6)?, bytes.get(40..)?),
            _ => return None,
        };
        let word = |at: usize| Some(u16::from_be_bytes(body.get(at..at + 2)?.try_into().ok()?));
        match protocol {
            TCP => {
                // An ICMP error may carry no more than the ports.
                let flags = body.get(13).copied().unwrap_or_default();
                let (syn, ack) = (flags & 2 != 0, flags & 16 != 0);
                Some(Packet::Tcp { from: word(0)?, to: word(2)?, syn, ack })
            }
            UDP => Some(Packet::Udp { from: word(0)?, to: word(2)? }),
            ICMP | ICMPV6 => match (protocol, *body.first()?) {
                (ICMP, 8) | (ICMPV6, 128) => {
                    Some(Packet::Echo { identifier: word(4)?, reply: false })
                }
                (ICMP, 0) | (ICMPV6, 129) => {
                    Some(Packet::Echo { identifier: word(4)?, reply: true })
                }
                (ICMP, 3 | 11 | 12) | (ICMPV6, 1..=4) => {
                    Some(Packet::Error(Box::new(Packet::read(body.get(8..)?)?)))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ipv4(protocol: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x45];
        bytes.extend([0; 8]);
        bytes.push(protocol);
        bytes.extend([0; 10]);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn an_error_is_read_with_the_packet_that_it_is_about() {
        let datagram = ipv4(17, &[0x9c, 0x40, 0, 53]);
        let error = ipv4(1, &[&[3, 1, 0, 0, 0, 0, 0, 0][..], &datagram].concat());
        let about = Packet::Udp { from: 40_000, to: 53 };
        assert_eq!(Packet::read(&error), Some(Packet::Error(Box::new(about))));
    }

    #[test]
    fn what_is_cut_off_or_foreign_is_nothing() {
        assert_eq!(Packet::read(&[]), None);
        assert_eq!(Packet::read(&ipv4(6, &[0, 22])), None);
        assert_eq!(Packet::read(&ipv4(132, &[0, 22, 0, 22])), None);
        assert_eq!(Packet::read(&ipv4(1, &[3, 1, 0, 0, 0, 0, 0, 0])), None);
    }
}
