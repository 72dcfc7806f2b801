//! Sets of services, exact and closed under the set operations.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::fibres::Algebra;
use crate::range_set::{PortSet, PortSetError, RangeSet, write_ranges};
use crate::service::{Protocol, ProtocolSet, Service};

mod planes;
#[cfg(test)]
pub(crate) mod tests;

use planes::{Plane, Planes};

/// A set of services. Equal sets have equal representations, so equality is derived.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceSet {
    ports: Planes<u16>,
    icmp: Planes<u8>,
    other: ProtocolSet,
}

impl ServiceSet {
    /// The set of nothing.
    pub const fn empty() -> ServiceSet {
        ServiceSet { ports: Planes::empty(), icmp: Planes::empty(), other: ProtocolSet::EMPTY }
    }

    /// Every protocol, port, type and code.
    pub const fn full() -> ServiceSet {
        ServiceSet::all_of_protocols(ProtocolSet::FULL)
    }

    /// All of one protocol: every port, or every type and code.
    pub const fn all_of(protocol: Protocol) -> ServiceSet {
        ServiceSet::all_of_protocols(ProtocolSet::single(protocol))
    }

    /// What translations that share an address carry: they need ports, or the identifiers of echo
    /// requests, to tell flows apart (AWS-67).
    pub fn translated() -> ServiceSet {
        let protocols = [Protocol::TCP, Protocol::UDP, Protocol::ICMP];
        ServiceSet::union_of(&protocols.map(ServiceSet::all_of))
    }

    /// All of several protocols.
    pub const fn all_of_protocols(protocols: ProtocolSet) -> ServiceSet {
        ServiceSet {
            ports: Planes::all_of(protocols.intersection(ProtocolSet::WITH_PORTS)),
            icmp: Planes::all_of(protocols.intersection(ProtocolSet::ICMP)),
            other: protocols.intersection(ProtocolSet::OTHER),
        }
    }

    /// TCP to these ports, from any.
    pub fn tcp(destination: PortSet) -> ServiceSet {
        ServiceSet::ports(Protocol::TCP, PortSet::full(), destination)
    }

    /// UDP to these ports, from any.
    pub fn udp(destination: PortSet) -> ServiceSet {
        ServiceSet::ports(Protocol::UDP, PortSet::full(), destination)
    }

    /// One protocol from these ports to these ports. Of a protocol without ports it is all, since
    /// there is nothing to compare (AWS-15, AZ-15); with no port at all it is empty.
    pub fn ports(protocol: Protocol, source: PortSet, destination: PortSet) -> ServiceSet {
        if source.is_empty() || destination.is_empty() {
            return ServiceSet::empty();
        }
        if !protocol.has_ports() {
            return ServiceSet::all_of(protocol);
        }
        let protocols = ProtocolSet::single(protocol);
        let plane = Plane { protocols, first: source, second: destination };
        ServiceSet { ports: Planes::one(plane), ..ServiceSet::empty() }
    }

    /// ICMP of one type and code, where none means all (AWS-16). Of a protocol that is not ICMP it
    /// is all, since there is nothing to compare.
    pub fn icmp(protocol: Protocol, kind: Option<u8>, code: Option<u8>) -> ServiceSet {
        if !protocol.is_icmp() {
            return ServiceSet::all_of(protocol);
        }
        let one_or_all = |value: Option<u8>| value.map_or(RangeSet::full(), RangeSet::single);
        let plane = Plane {
            protocols: ProtocolSet::single(protocol),
            first: one_or_all(kind),
            second: one_or_all(code),
        };
        ServiceSet { icmp: Planes::one(plane), ..ServiceSet::empty() }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty() && self.icmp.is_empty() && self.other.is_empty()
    }

    /// Whether it holds every service.
    pub fn is_full(&self) -> bool {
        self.other == ProtocolSet::OTHER && *self == ServiceSet::full()
    }

    /// Whether it holds `service`.
    pub fn contains(&self, service: &Service) -> bool {
        match *service {
            Service::Ports { protocol, source, destination } => {
                self.ports.contains(protocol, source, destination)
            }
            Service::Icmp { protocol, kind, code } => self.icmp.contains(protocol, kind, code),
            Service::Other { protocol } => self.other.contains(protocol),
        }
    }

    /// The services in either.
    pub fn union(&self, other: &ServiceSet) -> ServiceSet {
        ServiceSet {
            ports: self.ports.union(&other.ports),
            icmp: self.icmp.union(&other.icmp),
            other: self.other.union(other.other),
        }
    }

    /// The union of many sets, in pairs of pairs: a long list costs little more than a short one.
    pub fn union_of<'a>(sets: impl IntoIterator<Item = &'a ServiceSet>) -> ServiceSet {
        let mut sets: Vec<ServiceSet> = sets.into_iter().cloned().collect();
        while sets.len() > 1 {
            let pairs = sets.chunks(2);
            sets = pairs
                .map(|pair| pair.iter().fold(ServiceSet::empty(), |a, b| a.union(b)))
                .collect();
        }
        sets.pop().unwrap_or_default()
    }

    /// The services in both.
    pub fn intersection(&self, other: &ServiceSet) -> ServiceSet {
        ServiceSet {
            ports: self.ports.intersection(&other.ports),
            icmp: self.icmp.intersection(&other.icmp),
            other: self.other.intersection(other.other),
        }
    }

    /// The services of this set that are not in the other.
    pub fn difference(&self, other: &ServiceSet) -> ServiceSet {
        ServiceSet {
            ports: self.ports.difference(&other.ports),
            icmp: self.icmp.difference(&other.icmp),
            other: self.other.difference(other.other),
        }
    }

    /// The services that are not in this set.
    pub fn complement(&self) -> ServiceSet {
        ServiceSet::full().difference(self)
    }

    /// Whether every service of this set is in the other.
    pub fn is_subset(&self, other: &ServiceSet) -> bool {
        self.other.is_subset(other.other)
            && self.ports.is_subset(&other.ports)
            && self.icmp.is_subset(&other.icmp)
    }

    /// Whether the two share a service. Allocates nothing.
    pub fn intersects(&self, other: &ServiceSet) -> bool {
        self.other.intersects(other.other)
            || self.ports.intersects(&other.ports)
            || self.icmp.intersects(&other.icmp)
    }

    /// The replies of those services that have one (`Service::reply`).
    pub fn replies(&self) -> ServiceSet {
        let swapped = |plane: &Plane<u16>| Plane {
            protocols: plane.protocols,
            first: plane.second.clone(),
            second: plane.first.clone(),
        };
        let icmp = if self.icmp == Planes::all_of(ProtocolSet::ICMP) {
            ECHOES.clone()
        } else {
            Planes::union_of(self.icmp.planes().iter().flat_map(echo_answers))
        };
        ServiceSet { ports: self.map_ports(swapped), icmp, other: self.other }
    }

    /// The services that have no reply: ICMP other than echo.
    pub fn without_reply(&self) -> ServiceSet {
        let icmp = self.icmp.difference(&ECHOES);
        ServiceSet { icmp, ..ServiceSet::empty() }
    }

    /// The services from these source ports; protocols without ports are kept whole.
    pub fn with_source_ports(&self, ports: &PortSet) -> ServiceSet {
        self.restrict_ports(ports.clone(), PortSet::full())
    }

    /// The services to these destination ports; protocols without ports are kept whole.
    pub fn with_destination_ports(&self, ports: &PortSet) -> ServiceSet {
        self.restrict_ports(PortSet::full(), ports.clone())
    }

    /// The same services, from any of these source ports instead of theirs (translation).
    pub fn map_source_ports(&self, ports: &PortSet) -> ServiceSet {
        let ports = self.map_ports(|plane| Plane { first: ports.clone(), ..plane.clone() });
        ServiceSet { ports, ..self.clone() }
    }

    /// The same services, to any of these destination ports instead of theirs (translation).
    pub fn map_destination_ports(&self, ports: &PortSet) -> ServiceSet {
        let ports = self.map_ports(|plane| Plane { second: ports.clone(), ..plane.clone() });
        ServiceSet { ports, ..self.clone() }
    }

    /// Every source port of a member.
    pub fn source_ports(&self) -> PortSet {
        self.port_cubes().fold(PortSet::empty(), |all, (_, source, _)| all.union(source))
    }

    /// Every destination port of a member.
    pub fn destination_ports(&self) -> PortSet {
        self.port_cubes().fold(PortSet::empty(), |all, (_, _, destination)| all.union(destination))
    }

    /// The lowest member, if there is any.
    pub fn a_service(&self) -> Option<Service> {
        let ports = self.port_cubes().filter_map(|(protocols, source, destination)| {
            let (source, destination) = (source.first()?, destination.first()?);
            Some(Service::Ports { protocol: protocols.iter().next()?, source, destination })
        });
        let icmp = self.icmp_cubes().filter_map(|(protocols, kinds, codes)| {
            let (kind, code) = (kinds.first()?, codes.first()?);
            Some(Service::Icmp { protocol: protocols.iter().next()?, kind, code })
        });
        let other = self.other.iter().next().map(|protocol| Service::Other { protocol });
        ports.min().or_else(|| icmp.min()).or(other)
    }

    /// The protocols present, ascending.
    pub fn protocols(&self) -> impl Iterator<Item = Protocol> + use<> {
        self.protocol_set().iter()
    }

    /// The protocols present.
    pub fn protocol_set(&self) -> ProtocolSet {
        self.ports.protocols().union(self.icmp.protocols()).union(self.other)
    }

    /// The disjoint parts that have ports: protocols, source ports, destination ports.
    pub fn port_cubes(&self) -> impl Iterator<Item = (ProtocolSet, &PortSet, &PortSet)> {
        self.ports.planes().iter().map(|plane| (plane.protocols, &plane.first, &plane.second))
    }

    /// The disjoint parts that are ICMP: protocols, types, codes.
    pub fn icmp_cubes(&self) -> impl Iterator<Item = (ProtocolSet, &RangeSet<u8>, &RangeSet<u8>)> {
        self.icmp.planes().iter().map(|plane| (plane.protocols, &plane.first, &plane.second))
    }

    /// The protocols present that have neither ports nor types.
    pub fn other_protocols(&self) -> ProtocolSet {
        self.other
    }

    fn restrict_ports(&self, source: PortSet, destination: PortSet) -> ServiceSet {
        let allowed =
            Plane { protocols: ProtocolSet::WITH_PORTS, first: source, second: destination };
        let ports = self.ports.intersection(&Planes::one(allowed));
        ServiceSet { ports, icmp: self.icmp.clone(), other: self.other }
    }

    fn map_ports(&self, map: impl Fn(&Plane<u16>) -> Plane<u16>) -> Planes<u16> {
        Planes::union_of(self.ports.planes().iter().map(map))
    }
}

/// Echo requests and replies of both families: their own replies.
static ECHOES: LazyLock<Planes<u8>> = LazyLock::new(|| {
    let echo = |protocol: Protocol| {
        let (request, reply) = protocol.echo_kinds()?;
        let first = RangeSet::from_ranges([(request, request), (reply, reply)]);
        let protocols = ProtocolSet::single(protocol);
        Some(Plane { protocols, first, second: RangeSet::full() })
    };
    Planes::union_of(ProtocolSet::ICMP.iter().filter_map(echo))
});

/// The answers to the echoes in `plane`: requests answer replies and replies requests.
fn echo_answers(plane: &Plane<u8>) -> impl Iterator<Item = Plane<u8>> {
    plane.protocols.iter().filter_map(|protocol| {
        let (request, reply) = protocol.echo_kinds()?;
        let has = |kind| plane.first.contains(kind);
        let answer = |asked: u8, kind: u8| has(asked).then_some((kind, kind));
        let kinds = [answer(request, reply), answer(reply, request)];
        let first = RangeSet::from_ranges(kinds.into_iter().flatten());
        let protocols = ProtocolSet::single(protocol);
        Some(Plane { protocols, first, second: plane.second.clone() })
    })
}

impl Default for ServiceSet {
    fn default() -> ServiceSet {
        ServiceSet::empty()
    }
}

impl Algebra for ServiceSet {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn intersects(&self, other: &Self) -> bool {
        self.intersects(other)
    }

    fn union(&self, other: &Self) -> Self {
        self.union(other)
    }

    fn intersection(&self, other: &Self) -> Self {
        self.intersection(other)
    }

    fn difference(&self, other: &Self) -> Self {
        self.difference(other)
    }
}

/// In words: `tcp 443`, `udp 53`, `tcp`, `tcp 443 (source port 1024-65535)`,
/// `icmp type 8 code 0`, `esp`; several joined by `, `. `any`, `none`, and `any except tcp 22` for
/// a set of more than half of all protocols.
impl fmt::Display for ServiceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_full() {
            return f.write_str("any");
        }
        if self.is_empty() {
            return f.write_str("none");
        }
        if self.protocol_set().count() > ProtocolSet::FULL.count() / 2 {
            f.write_str("any except ")?;
            return self.complement().write_list(f);
        }
        self.write_list(f)
    }
}

impl ServiceSet {
    fn write_list(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for plane in self.ports.planes() {
            for protocol in plane.protocols.iter() {
                write!(f, "{comma}{protocol}")?;
                write_ports(f, &plane.first, &plane.second)?;
                comma = ", ";
            }
        }
        for plane in self.icmp.planes() {
            for protocol in plane.protocols.iter() {
                write!(f, "{comma}{protocol}")?;
                write_field(f, " type ", &plane.first)?;
                write_field(f, " code ", &plane.second)?;
                comma = ", ";
            }
        }
        for protocol in self.other.iter() {
            write!(f, "{comma}{protocol}")?;
            comma = ", ";
        }
        Ok(())
    }
}

fn write_ports(f: &mut fmt::Formatter<'_>, source: &PortSet, destination: &PortSet) -> fmt::Result {
    if !destination.is_full() {
        write!(f, " {destination}")?;
    }
    if !source.is_full() {
        write!(f, " (source port {source})")?;
    }
    Ok(())
}

fn write_field(f: &mut fmt::Formatter<'_>, name: &str, values: &RangeSet<u8>) -> fmt::Result {
    if values.is_full() {
        return Ok(());
    }
    f.write_str(name)?;
    write_ranges(f, values)
}

impl fmt::Debug for ServiceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

impl Serialize for ServiceSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A SERVICE of the command line that cannot be read; the fault of whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ServiceError {
    /// Nothing there.
    #[error("the service is empty; write {ACCEPTED}")]
    Empty,
    /// Neither ports nor the name of a protocol.
    #[error("`{name}` is neither a port nor a protocol; write {ACCEPTED}")]
    Unknown {
        /// What was written.
        name: String,
    },
    /// Ports with something that has none: `443/foo`.
    #[error(
        "`{protocol}` is not a protocol with ports; after the ports write /tcp, /udp, /sctp, /dccp or /udplite"
    )]
    NoPorts {
        /// What stands after the slash.
        protocol: String,
    },
    /// Bad ports.
    #[error(transparent)]
    Ports(#[from] PortSetError),
    /// A type, code or protocol number that is not 0 to 255.
    #[error("{field} `{number}` is not a number from 0 to 255")]
    NotAByte {
        /// `icmp type`, `icmp code` or `protocol`.
        field: &'static str,
        /// What was written.
        number: String,
    },
}

/// What the command line takes for SERVICE.
const ACCEPTED: &str = "ports (`443`, `80,443`, `8000-8100`, `53/udp`), \
     `icmp`, `icmp/8.0`, `icmpv6/128`, a protocol (`tcp`, `esp`, `gre`, `proto/50`) or `any`";

/// The command line's SERVICE: `443`, `80,443`, `8000-8100` (tcp), `53/udp`, `80-90/sctp`, `icmp`,
/// `icmp/8`, `icmp/8.0`, `icmpv6/128`, `tcp`, `esp`, `proto/50`, `any`.
impl FromStr for ServiceSet {
    type Err = ServiceError;

    fn from_str(text: &str) -> Result<ServiceSet, ServiceError> {
        if text.is_empty() {
            return Err(ServiceError::Empty);
        }
        if let Some((left, right)) = text.split_once('/') {
            return with_slash(left, right);
        }
        if text.eq_ignore_ascii_case("any") {
            return Ok(ServiceSet::full());
        }
        if let Some(protocol) = Protocol::from_name(text) {
            return Ok(ServiceSet::all_of(protocol));
        }
        // A word gets told about services; what begins like a list of ports, about ports.
        if !text.starts_with(|first: char| first.is_ascii_digit() || "-,".contains(first)) {
            return Err(ServiceError::Unknown { name: text.to_owned() });
        }
        Ok(ServiceSet::tcp(text.parse()?))
    }
}

/// `proto/NUMBER`, `icmp/TYPE[.CODE]` or `PORTS/PROTOCOL`.
fn with_slash(left: &str, right: &str) -> Result<ServiceSet, ServiceError> {
    if left.eq_ignore_ascii_case("proto") {
        return Ok(ServiceSet::all_of(Protocol(byte("protocol", right)?)));
    }
    if let Some(protocol) = Protocol::from_name(left) {
        if !protocol.is_icmp() {
            return Err(ServiceError::Unknown { name: format!("{left}/{right}") });
        }
        let (kind, code) = match right.split_once('.') {
            Some((kind, code)) => (kind, Some(byte("icmp code", code)?)),
            None => (right, None),
        };
        return Ok(ServiceSet::icmp(protocol, Some(byte("icmp type", kind)?), code));
    }
    let ports = left.parse()?;
    match Protocol::from_name(right) {
        Some(protocol) if protocol.has_ports() => {
            Ok(ServiceSet::ports(protocol, PortSet::full(), ports))
        }
        _ => Err(ServiceError::NoPorts { protocol: right.to_owned() }),
    }
}

fn byte(field: &'static str, digits: &str) -> Result<u8, ServiceError> {
    let wrong = || ServiceError::NotAByte { field, number: digits.to_owned() };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    digits.parse().map_err(|_| wrong())
}
