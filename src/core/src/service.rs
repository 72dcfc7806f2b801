//! What a packet carries above IP: the protocol with its ports, or its ICMP type and code.

use std::fmt;

use crate::fibres::Algebra;

/// An IP protocol number (IANA "Assigned Internet Protocol Numbers").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Protocol(pub u8);

/// Names as nftables, iptables and the clouds write them; the first name of a number is printed.
const NAMES: &[(&str, Protocol)] = &[
    ("tcp", Protocol::TCP),
    ("udp", Protocol::UDP),
    ("icmp", Protocol::ICMP),
    ("icmpv6", Protocol::ICMPV6),
    ("ipv6-icmp", Protocol::ICMPV6),
    ("icmp6", Protocol::ICMPV6),
    ("sctp", Protocol::SCTP),
    ("dccp", Protocol::DCCP),
    ("udplite", Protocol::UDPLITE),
    ("esp", Protocol::ESP),
    ("ah", Protocol::AH),
    ("gre", Protocol::GRE),
    ("igmp", Protocol::IGMP),
    ("ipip", Protocol::IPIP),
    ("ospf", Protocol::OSPF),
    ("vrrp", Protocol::VRRP),
];

impl Protocol {
    /// Internet Control Message Protocol for IPv4, RFC 792.
    pub const ICMP: Protocol = Protocol(1);
    /// Internet Group Management Protocol, RFC 3376.
    pub const IGMP: Protocol = Protocol(2);
    /// IPv4 in IPv4, RFC 2003.
    pub const IPIP: Protocol = Protocol(4);
    /// Transmission Control Protocol, RFC 9293.
    pub const TCP: Protocol = Protocol(6);
    /// User Datagram Protocol, RFC 768.
    pub const UDP: Protocol = Protocol(17);
    /// Datagram Congestion Control Protocol, RFC 4340.
    pub const DCCP: Protocol = Protocol(33);
    /// Generic Routing Encapsulation, RFC 2784.
    pub const GRE: Protocol = Protocol(47);
    /// Encapsulating Security Payload, RFC 4303.
    pub const ESP: Protocol = Protocol(50);
    /// Authentication Header, RFC 4302.
    pub const AH: Protocol = Protocol(51);
    /// Internet Control Message Protocol for IPv6, RFC 4443.
    pub const ICMPV6: Protocol = Protocol(58);
    /// Open Shortest Path First, RFC 2328.
    pub const OSPF: Protocol = Protocol(89);
    /// Virtual Router Redundancy Protocol, RFC 9568.
    pub const VRRP: Protocol = Protocol(112);
    /// Stream Control Transmission Protocol, RFC 9260.
    pub const SCTP: Protocol = Protocol(132);
    /// Lightweight UDP, RFC 3828.
    pub const UDPLITE: Protocol = Protocol(136);

    /// The protocol of a name such as `tcp`, in any letter case; numbers are not names.
    pub fn from_name(name: &str) -> Option<Protocol> {
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, protocol)| *protocol)
    }

    /// The name, if the number has one here.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(_, protocol)| *protocol == self).map(|(name, _)| *name)
    }

    /// Whether its header begins with a source and a destination port.
    pub const fn has_ports(self) -> bool {
        ProtocolSet::WITH_PORTS.contains(self)
    }

    /// Whether its header begins with an ICMP type and code.
    pub const fn is_icmp(self) -> bool {
        ProtocolSet::ICMP.contains(self)
    }

    /// The types of an echo request and its reply (RFC 792, RFC 4443); none but for ICMP.
    pub(crate) const fn echo_kinds(self) -> Option<(u8, u8)> {
        match self {
            Protocol::ICMP => Some((8, 0)),
            Protocol::ICMPV6 => Some((128, 129)),
            _ => None,
        }
    }
}

/// `tcp`, or `proto/253` for a number without a name.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "proto/{}", self.0),
        }
    }
}

/// A set of protocols: one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ProtocolSet {
    /// Protocols 0-127.
    low: u128,
    /// Protocols 128-255.
    high: u128,
}

impl ProtocolSet {
    /// The set of nothing.
    pub const EMPTY: ProtocolSet = ProtocolSet { low: 0, high: 0 };
    /// All 256 protocols.
    pub const FULL: ProtocolSet = ProtocolSet { low: u128::MAX, high: u128::MAX };
    /// Those whose header begins with ports: tcp, udp, dccp, sctp and udplite.
    pub const WITH_PORTS: ProtocolSet = ProtocolSet::single(Protocol::TCP)
        .union(ProtocolSet::single(Protocol::UDP))
        .union(ProtocolSet::single(Protocol::DCCP))
        .union(ProtocolSet::single(Protocol::SCTP))
        .union(ProtocolSet::single(Protocol::UDPLITE));
    /// ICMP and ICMPv6.
    pub const ICMP: ProtocolSet =
        ProtocolSet::single(Protocol::ICMP).union(ProtocolSet::single(Protocol::ICMPV6));
    /// Those without ports and without types.
    pub const OTHER: ProtocolSet = ProtocolSet::WITH_PORTS.union(ProtocolSet::ICMP).complement();

    /// The set of one protocol.
    pub const fn single(protocol: Protocol) -> ProtocolSet {
        let bit = 1 << (protocol.0 & 127);
        match protocol.0 {
            0..=127 => ProtocolSet { low: bit, high: 0 },
            128..=255 => ProtocolSet { low: 0, high: bit },
        }
    }

    /// Whether it holds `protocol`.
    pub const fn contains(self, protocol: Protocol) -> bool {
        self.intersects(ProtocolSet::single(protocol))
    }

    /// Whether it holds nothing.
    pub const fn is_empty(self) -> bool {
        self.low | self.high == 0
    }

    /// How many protocols, 0 to 256.
    pub const fn count(self) -> u32 {
        self.low.count_ones() + self.high.count_ones()
    }

    /// The protocols in either.
    pub const fn union(self, other: ProtocolSet) -> ProtocolSet {
        ProtocolSet { low: self.low | other.low, high: self.high | other.high }
    }

    /// The protocols in both.
    pub const fn intersection(self, other: ProtocolSet) -> ProtocolSet {
        ProtocolSet { low: self.low & other.low, high: self.high & other.high }
    }

    /// The protocols of this set that are not in the other.
    pub const fn difference(self, other: ProtocolSet) -> ProtocolSet {
        self.intersection(other.complement())
    }

    /// The protocols that are not in this set.
    pub const fn complement(self) -> ProtocolSet {
        ProtocolSet { low: !self.low, high: !self.high }
    }

    /// Whether every protocol of this set is in the other.
    pub const fn is_subset(self, other: ProtocolSet) -> bool {
        self.difference(other).is_empty()
    }

    /// Whether the two share a protocol.
    pub const fn intersects(self, other: ProtocolSet) -> bool {
        !self.intersection(other).is_empty()
    }

    /// The protocols, ascending.
    pub fn iter(self) -> impl Iterator<Item = Protocol> {
        (0..=u8::MAX).map(Protocol).filter(move |protocol| self.contains(*protocol))
    }
}

impl Algebra for ProtocolSet {
    fn is_empty(&self) -> bool {
        ProtocolSet::is_empty(*self)
    }

    fn intersects(&self, other: &Self) -> bool {
        ProtocolSet::intersects(*self, *other)
    }

    fn union(&self, other: &Self) -> Self {
        ProtocolSet::union(*self, *other)
    }

    fn intersection(&self, other: &Self) -> Self {
        ProtocolSet::intersection(*self, *other)
    }

    fn difference(&self, other: &Self) -> Self {
        ProtocolSet::difference(*self, *other)
    }
}

impl fmt::Debug for ProtocolSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// One header above IP. A protocol belongs to exactly one variant, by `Protocol::has_ports` and
/// `Protocol::is_icmp`; a value that breaks this is in no set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// A protocol with ports.
    Ports {
        /// tcp, udp, dccp, sctp or udplite.
        protocol: Protocol,
        /// The source port.
        source: u16,
        /// The destination port.
        destination: u16,
    },
    /// An ICMP message.
    Icmp {
        /// ICMP or ICMPv6.
        protocol: Protocol,
        /// The type.
        kind: u8,
        /// The code.
        code: u8,
    },
    /// Any other protocol, of which only the number counts (AWS-23).
    Other {
        /// The protocol.
        protocol: Protocol,
    },
}

impl Service {
    /// The protocol.
    pub const fn protocol(&self) -> Protocol {
        match *self {
            Service::Ports { protocol, .. }
            | Service::Icmp { protocol, .. }
            | Service::Other { protocol } => protocol,
        }
    }

    /// What answers it: ports swapped, echo for echo with its code kept, the same protocol back
    /// (AWS-23). ICMP messages other than echo have no reply.
    pub fn reply(&self) -> Option<Service> {
        match *self {
            Service::Ports { protocol, source, destination } => {
                Some(Service::Ports { protocol, source: destination, destination: source })
            }
            Service::Icmp { protocol, kind, code } => {
                let (request, reply) = protocol.echo_kinds()?;
                let kind = if kind == request {
                    reply
                } else if kind == reply {
                    request
                } else {
                    return None;
                };
                Some(Service::Icmp { protocol, kind, code })
            }
            Service::Other { .. } => Some(*self),
        }
    }
}

/// `tcp 443 (source port 40000)`, `icmp type 8 code 0`, `esp`.
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Service::Ports { protocol, source, destination } => {
                write!(f, "{protocol} {destination} (source port {source})")
            }
            Service::Icmp { protocol, kind, code } => {
                write!(f, "{protocol} type {kind} code {code}")
            }
            Service::Other { protocol } => protocol.fmt(f),
        }
    }
}
