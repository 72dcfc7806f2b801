//! Services as reports print them, read back.

use cloudfw_core::{PortSet, Protocol, ServiceSet};

/// The services of what [`ServiceSet`]'s `Display` printed; nothing where it is not that.
pub(super) fn said(text: &str) -> Option<ServiceSet> {
    match (text, text.strip_prefix("any except ")) {
        ("any", _) => Some(ServiceSet::full()),
        ("none", _) => Some(ServiceSet::empty()),
        (_, Some(rest)) => Some(list(rest)?.complement()),
        (_, None) => list(text),
    }
}

fn list(text: &str) -> Option<ServiceSet> {
    let parts = text.split(", ").map(part).collect::<Option<Vec<ServiceSet>>>()?;
    Some(ServiceSet::union_of(&parts))
}

/// `tcp`, `tcp 22,80-90`, `udp 53 (source port 53)`, `icmp type 3 code 4`, `esp`.
fn part(text: &str) -> Option<ServiceSet> {
    let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
    let protocol = Protocol::from_name(name).or_else(|| number(name))?;
    if protocol.is_icmp() {
        return icmp(protocol, rest);
    }
    if !protocol.has_ports() {
        return rest.is_empty().then(|| ServiceSet::all_of(protocol));
    }
    let (destination, source) = match rest.split_once("(source port ") {
        Some((destination, source)) => (destination.trim_end(), source.strip_suffix(')')?),
        None => (rest, ""),
    };
    let ports = |text: &str| match text {
        "" => Some(PortSet::full()),
        text => text.parse().ok(),
    };
    Some(ServiceSet::ports(protocol, ports(source)?, ports(destination)?))
}

/// `proto/200`: one that has no name.
fn number(name: &str) -> Option<Protocol> {
    Some(Protocol(name.strip_prefix("proto/")?.parse().ok()?))
}

fn icmp(protocol: Protocol, rest: &str) -> Option<ServiceSet> {
    let (kinds, codes) = match (rest.strip_prefix("type "), rest.strip_prefix("code ")) {
        (Some(rest), _) => match rest.split_once(" code ") {
            Some((kinds, codes)) => (bytes(kinds)?, bytes(codes)?),
            None => (bytes(rest)?, vec![None]),
        },
        (None, Some(codes)) => {
            let all = (0..=u8::MAX).map(Some).collect();
            (all, bytes(codes)?)
        }
        (None, None) if rest.is_empty() => (vec![None], vec![None]),
        (None, None) => return None,
    };
    let pairs = kinds.iter().flat_map(|kind| codes.iter().map(move |code| (*kind, *code)));
    let all: Vec<ServiceSet> =
        pairs.map(|(kind, code)| ServiceSet::icmp(protocol, kind, code)).collect();
    Some(ServiceSet::union_of(&all))
}

/// `3`, `0-4,8`: each of them.
fn bytes(text: &str) -> Option<Vec<Option<u8>>> {
    let ranges = text.split(',').map(|range| {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        Some(low.parse::<u8>().ok()?..=high.parse::<u8>().ok()?)
    });
    Some(ranges.collect::<Option<Vec<_>>>()?.into_iter().flatten().map(Some).collect())
}

#[cfg(test)]
mod tests {
    use cloudfw_core::{PortSet, Protocol, ServiceSet};

    use super::said;

    #[test]
    fn what_is_printed_is_read_back() {
        let ports = |text: &str| text.parse::<PortSet>().unwrap();
        let tcp = ServiceSet::tcp(ports("22,80-90"));
        let from_53 = ServiceSet::ports(Protocol::UDP, ports("53"), ports("53"));
        let from = ServiceSet::ports(Protocol::UDP, ports("1-1023"), PortSet::full());
        let icmp = |kind, code| ServiceSet::icmp(Protocol::ICMP, kind, code);
        let types = icmp(Some(0), None).union(&icmp(Some(1), None)).union(&icmp(Some(8), None));
        for services in [
            ServiceSet::full(),
            ServiceSet::empty(),
            tcp.clone(),
            tcp.union(&ServiceSet::udp(ports("53"))),
            from_53.clone(),
            from,
            icmp(None, None),
            icmp(Some(3), Some(4)),
            icmp(None, Some(4)),
            types.clone(),
            ServiceSet::icmp(Protocol::ICMPV6, Some(2), None).union(&types),
            ServiceSet::all_of(Protocol(50)),
            ServiceSet::all_of(Protocol(200)).union(&ServiceSet::all_of(Protocol::TCP)),
            tcp.complement(),
            tcp.union(&from_53).union(&types).union(&ServiceSet::all_of(Protocol(47))),
        ] {
            assert_eq!(said(&services.to_string()), Some(services.clone()), "{services}");
        }
    }

    #[test]
    fn what_is_something_else_is_nothing() {
        for text in ["", "tcp x", "what", "esp 5", "icmp 3", "icmp type 256", "tcp 22; udp 53"] {
            assert_eq!(said(text), None, "{text}");
        }
    }
}
