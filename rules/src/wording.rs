//! The words that findings are made of.

use cloudfw_core::{Label, PortSet, Protocol, ProtocolSet, ServiceSet};

/// More names than this are counted.
const MOST_NAMES: usize = 4;

/// More ranges of ports than this are counted.
const MOST_RANGES: usize = 8;
/// The protocols that are named; of more than a few, others are only counted.
const NAMED: [Protocol; 4] = [Protocol::TCP, Protocol::UDP, Protocol::ICMP, Protocol::ICMPV6];

/// Services to be opened or lost, protocol by protocol: never by what they are not, as a set that
/// holds most protocols is written.
pub(crate) fn services(services: &ServiceSet) -> String {
    if services.is_full() {
        return "every protocol".to_owned();
    }
    let few = services.protocols().count() <= NAMED.len();
    let rare = services.protocols().filter(|protocol| few && !NAMED.contains(protocol));
    let all: Vec<Protocol> = NAMED.into_iter().chain(rare).collect();
    let mut named: Vec<String> =
        all.iter().filter_map(|protocol| of_protocol(services, *protocol)).collect();
    let others = services.protocols().filter(|protocol| !all.contains(protocol)).count();
    match others {
        0 => {}
        _ if others + all.len() == ProtocolSet::FULL.iter().count() => {
            named.push("every other protocol".to_owned());
        }
        _ => named.push(counted(others, "other protocol")),
    }
    match named.split_last() {
        Some((last, before)) if !before.is_empty() && others > 0 => {
            format!("{} and {last}", before.join(", "))
        }
        _ => named.join(", "),
    }
}

/// The part of one protocol, its ports as far as they can be read.
fn of_protocol(services: &ServiceSet, protocol: Protocol) -> Option<String> {
    let own = services.intersection(&ServiceSet::all_of(protocol));
    let destinations = own.destination_ports();
    let is_long = destinations.ranges().len() > MOST_RANGES;
    let words =
        if is_long { format!("{protocol} {}", ports(&destinations)) } else { own.to_string() };
    (!own.is_empty()).then_some(words)
}

/// Ports, as many ranges as can be read: `1,3,5-9 and 17 more`.
pub(crate) fn ports(ports: &PortSet) -> String {
    let over = ports.ranges().len().saturating_sub(MOST_RANGES);
    let first = ports.ranges().iter().take(MOST_RANGES).copied().collect::<PortSet>();
    if over > 0 { format!("{first} and {over} more") } else { first.to_string() }
}

/// The kind in words: `security group`.
pub(crate) fn kind(label: &Label) -> String {
    label.kind.replace('-', " ")
}

/// Kind, id and name: `security group sg-0abc (web)`.
pub(crate) fn named(label: &Label) -> String {
    format!("{} {label}", kind(label))
}

/// `1 interface`, `3 interfaces`.
pub(crate) fn counted(many: usize, what: &str) -> String {
    let plural = if many == 1 { "" } else { "s" };
    format!("{many} {what}{plural}")
}

/// `a`, `a and b`, `a, b and c`; from the fifth on they are counted.
pub(crate) fn listed<T: ToString>(all: impl IntoIterator<Item = T>) -> String {
    let mut names: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    let over = names.len().saturating_sub(MOST_NAMES);
    if over > 0 {
        names.truncate(MOST_NAMES);
        names.push(format!("{over} more"));
    }
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// Where a rule has to go to act before another one; the first number has none before it.
pub(crate) fn before(rule: &str) -> String {
    match rule.parse() {
        Ok(0 | 1) => format!(
            "before rule {rule}, which needs a higher number for that: none is free before it"
        ),
        _ => format!("before rule {rule}"),
    }
}

#[cfg(test)]
mod tests {
    use cloudfw_core::{PortSet, Protocol, ServiceSet};

    use super::{counted, listed, ports, services};

    #[test]
    fn services_are_told_by_what_they_are() {
        let tcp = |low, high| ServiceSet::tcp(PortSet::range(low, high));
        assert_eq!(services(&ServiceSet::full()), "every protocol");
        assert_eq!(services(&tcp(443, 443)), "tcp 443");
        assert_eq!(services(&ServiceSet::all_of(Protocol::UDP)), "udp");
        let dns = tcp(53, 53).union(&ServiceSet::udp(PortSet::single(53)));
        assert_eq!(services(&dns), "tcp 53, udp 53");
        let most = ServiceSet::full().difference(&tcp(0, 1023));
        assert_eq!(services(&most), "tcp 1024-65535, udp, icmp, icmpv6 and every other protocol");
        let most = most.difference(&ServiceSet::all_of(Protocol::UDP));
        let most = most.difference(&ServiceSet::all_of(Protocol(50)));
        assert_eq!(services(&most), "tcp 1024-65535, icmp, icmpv6 and 251 other protocols");
        let echo = ServiceSet::icmp(Protocol::ICMP, Some(0), None);
        assert_eq!(services(&tcp(1024, 65535).union(&echo)), "tcp 1024-65535, icmp type 0");
    }

    #[test]
    fn long_lists_of_ports_are_counted() {
        let odd = |most| PortSet::from_ranges((0..most).map(|at| (2 * at + 1, 2 * at + 1)));
        assert_eq!(ports(&odd(8)), "1,3,5,7,9,11,13,15");
        assert_eq!(ports(&odd(10)), "1,3,5,7,9,11,13,15 and 2 more");
        assert_eq!(services(&ServiceSet::tcp(odd(9))), "tcp 1,3,5,7,9,11,13,15 and 1 more");
        let from_dns = ServiceSet::ports(Protocol::TCP, PortSet::single(53), odd(8));
        assert_eq!(services(&from_dns), from_dns.to_string(), "eight are written as they are");
    }

    #[test]
    fn names_are_listed_up_to_four() {
        assert_eq!(listed([""; 0]), "");
        assert_eq!(listed(["a"]), "a");
        assert_eq!(listed(["a", "b"]), "a and b");
        assert_eq!(listed(["a", "b", "c", "d"]), "a, b, c and d");
        assert_eq!(listed(["a", "b", "c", "d", "e", "f"]), "a, b, c, d and 2 more");
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!(counted(1, "rule"), "1 rule");
        assert_eq!(counted(0, "rule"), "0 rules");
    }

    #[test]
    fn nothing_fits_before_the_first_number() {
        assert_eq!(super::before("2"), "before rule 2");
        assert_eq!(super::before("100"), "before rule 100");
        assert_eq!(super::before("deny-ssh"), "before rule deny-ssh");
        for first in ["0", "1"] {
            assert_eq!(
                super::before(first),
                format!(
                    "before rule {first}, which needs a higher number for that: none is free \
                     before it"
                )
            );
        }
    }
}
