//! Sets of addresses and services in the words of nft, at the `inet` family.

use std::fmt::Display;
use std::net::{Ipv4Addr, Ipv6Addr};

use cloudfw_core::{IpSet, Protocol, ProtocolSet, RangeSet, ServiceSet, StateSet};

/// Lines whose union is these services between these addresses, no two of them about one packet;
/// none where there are no such packets.
pub(super) fn matches(sources: &IpSet, destinations: &IpSet, services: &ServiceSet) -> Vec<String> {
    let services = service_parts(services);
    let mut lines = Vec::new();
    for (family, addresses) in address_parts(sources, destinations) {
        for (only, service) in &services {
            // ICMP of the other family: no packet is both.
            if family.is_some() && only.is_some() && family != *only {
                continue;
            }
            lines.push(join([&addresses, service]));
        }
    }
    lines
}

/// Both, where each may be empty.
pub(super) fn join([one, other]: [&str; 2]) -> String {
    match (one, other) {
        ("", text) | (text, "") => text.to_owned(),
        (one, other) => format!("{one} {other}"),
    }
}

/// The states of connections that a rule asks for.
pub(super) fn states(states: StateSet) -> String {
    let names = [
        (StateSet::NEW, "new"),
        (StateSet::ESTABLISHED, "established"),
        (StateSet::RELATED, "related"),
        (StateSet::INVALID, "invalid"),
        (StateSet::UNTRACKED, "untracked"),
    ];
    let asked = names.into_iter().filter(|(state, _)| states.intersects(*state));
    format!("ct state {}", choice(asked.map(|(_, name)| name)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Ipv4,
    Ipv6,
}

/// One part for each family, or one for both where addresses are not asked for.
fn address_parts(sources: &IpSet, destinations: &IpSet) -> Vec<(Option<Family>, String)> {
    if sources.is_full() && destinations.is_full() {
        return vec![(None, String::new())];
    }
    let mut parts = Vec::new();
    let v4 = [("ip saddr", sources), ("ip daddr", destinations)];
    if v4.iter().all(|(_, set)| !set.v4().is_empty()) {
        let asked = v4.iter().filter(|(_, set)| !set.v4().is_full());
        let texts = asked.map(|(field, set)| format!("{field} {}", ipv4(set.v4())));
        parts.push((Some(Family::Ipv4), spelled(texts, "meta nfproto ipv4")));
    }
    let v6 = [("ip6 saddr", sources), ("ip6 daddr", destinations)];
    if v6.iter().all(|(_, set)| !set.v6().is_empty()) {
        let asked = v6.iter().filter(|(_, set)| !set.v6().is_full());
        let texts = asked.map(|(field, set)| format!("{field} {}", ipv6(set.v6())));
        parts.push((Some(Family::Ipv6), spelled(texts, "meta nfproto ipv6")));
    }
    parts
}

fn spelled(texts: impl Iterator<Item = String>, otherwise: &str) -> String {
    let texts: Vec<String> = texts.collect();
    if texts.is_empty() { otherwise.to_owned() } else { texts.join(" ") }
}

fn ipv4(set: &RangeSet<u32>) -> String {
    choice(
        set.ranges()
            .iter()
            .map(|&(low, high)| range(Ipv4Addr::from_bits(low), Ipv4Addr::from_bits(high))),
    )
}

fn ipv6(set: &RangeSet<u128>) -> String {
    choice(
        set.ranges()
            .iter()
            .map(|&(low, high)| range(Ipv6Addr::from_bits(low), Ipv6Addr::from_bits(high))),
    )
}

/// Protocols that are taken whole are one part; those of which a part is taken are parts of their
/// own. ICMP types belong to one family.
fn service_parts(services: &ServiceSet) -> Vec<(Option<Family>, String)> {
    if services.is_full() {
        return vec![(None, String::new())];
    }
    let whole = services
        .protocol_set()
        .iter()
        .filter(|protocol| ServiceSet::all_of(*protocol).is_subset(services))
        .map(ProtocolSet::single)
        .fold(ProtocolSet::EMPTY, ProtocolSet::union);
    let mut parts = Vec::new();
    if !whole.is_empty() {
        parts.push((None, l4proto(whole)));
    }
    for (protocols, sources, destinations) in services.port_cubes() {
        let protocols = protocols.difference(whole);
        if !protocols.is_empty() {
            let ports = [field("th sport", sources), field("th dport", destinations)];
            parts.push((None, format!("{}{}", l4proto(protocols), ports.concat())));
        }
    }
    for (protocols, kinds, codes) in services.icmp_cubes() {
        for protocol in protocols.difference(whole).iter() {
            let (family, name) = if protocol == Protocol::ICMP {
                (Family::Ipv4, "icmp")
            } else {
                (Family::Ipv6, "icmpv6")
            };
            let types =
                [field(&format!("{name} type"), kinds), field(&format!("{name} code"), codes)];
            parts.push((Some(family), format!("{}{}", l4proto_one(protocol), types.concat())));
        }
    }
    parts
}

fn l4proto(protocols: ProtocolSet) -> String {
    let numbers = RangeSet::from_ranges(protocols.iter().map(|Protocol(number)| (number, number)));
    format!("meta l4proto {}", numbers_in(&numbers))
}

fn l4proto_one(protocol: Protocol) -> String {
    l4proto(ProtocolSet::single(protocol))
}

/// ` FIELD VALUES`, or nothing where all values will do.
fn field<T: cloudfw_core::Axis + Display>(name: &str, values: &RangeSet<T>) -> String {
    if values.is_full() { String::new() } else { format!(" {name} {}", numbers_in(values)) }
}

fn numbers_in<T: cloudfw_core::Axis + Display>(values: &RangeSet<T>) -> String {
    choice(values.ranges().iter().map(|&(low, high)| range(low, high)))
}

fn range<T: Copy + PartialEq + Display>(low: T, high: T) -> String {
    if low == high { low.to_string() } else { format!("{low}-{high}") }
}

/// One value, or an anonymous set.
fn choice(values: impl Iterator<Item = impl Display>) -> String {
    let values: Vec<String> = values.map(|value| value.to_string()).collect();
    match values.as_slice() {
        [one] => one.clone(),
        several => format!("{{ {} }}", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use cloudfw_core::PortSet;

    use super::*;

    fn addresses(text: &[&str]) -> IpSet {
        text.iter().map(|net| net.parse::<ipnet::IpNet>().unwrap()).collect()
    }

    #[test]
    fn families_are_lines_of_their_own() {
        let both = addresses(&["10.0.0.0/8", "192.168.0.1/32", "2001:db8::/32"]);
        let services = ServiceSet::tcp(PortSet::range(443, 444));
        assert_eq!(
            matches(&both, &IpSet::full(), &services),
            [
                "ip saddr { 10.0.0.0-10.255.255.255, 192.168.0.1 } meta l4proto 6 th dport 443-444",
                "ip6 saddr 2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff \
                 meta l4proto 6 th dport 443-444",
            ]
        );
    }

    #[test]
    fn nothing_is_asked_where_everything_will_do() {
        let any = IpSet::full();
        assert_eq!(matches(&any, &any, &ServiceSet::full()), [""]);
        assert_eq!(matches(&IpSet::any_v4(), &any, &ServiceSet::full()), ["meta nfproto ipv4"]);
        assert_eq!(
            matches(&IpSet::any_v4(), &any, &ServiceSet::all_of(Protocol::ICMP)),
            ["meta nfproto ipv4 meta l4proto 1"]
        );
    }

    #[test]
    fn nobody_is_no_line() {
        let none: Vec<String> = Vec::new();
        let v4 = addresses(&["10.0.0.0/8"]);
        let v6 = addresses(&["2001:db8::/32"]);
        assert_eq!(matches(&IpSet::empty(), &IpSet::full(), &ServiceSet::full()), none);
        assert_eq!(matches(&v4, &v6, &ServiceSet::full()), none);
        let echo = ServiceSet::icmp(Protocol::ICMP, Some(8), None);
        assert_eq!(matches(&v6, &IpSet::full(), &echo), none);
    }

    #[test]
    fn aws_16_icmp_has_a_type_and_a_code() {
        let echo = ServiceSet::icmp(Protocol::ICMP, Some(8), Some(0));
        let any = IpSet::full();
        assert_eq!(matches(&any, &any, &echo), ["meta l4proto 1 icmp type 8 icmp code 0"]);
        let echo = ServiceSet::icmp(Protocol::ICMPV6, Some(128), None);
        assert_eq!(matches(&any, &any, &echo), ["meta l4proto 58 icmpv6 type 128"]);
    }

    #[test]
    fn source_ports_and_other_protocols() {
        let from = ServiceSet::ports(Protocol::UDP, PortSet::range(53, 53), PortSet::full());
        let with_esp = from.union(&ServiceSet::all_of(Protocol::ESP));
        let any = IpSet::full();
        assert_eq!(
            matches(&any, &any, &with_esp),
            ["meta l4proto 50", "meta l4proto 17 th sport 53"]
        );
    }

    #[test]
    fn aws_23_states_are_named() {
        assert_eq!(states(StateSet::NEW), "ct state new");
        assert_eq!(
            states(StateSet::ESTABLISHED.union(StateSet::RELATED)),
            "ct state { established, related }"
        );
    }
}
