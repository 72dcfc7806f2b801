//! The internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cloudfw_core::{External, Id, IpSet, Label};

use super::Lowering;
use super::label::nowhere;

/// The key of the internet.
pub(super) const INTERNET: &str = "internet";

/// What the internet does not route: "this network", private use, shared address space, loopback,
/// link local, IETF protocol assignments, benchmarking, multicast and above (RFC 6890). Blocks for
/// documentation stay in, since tests and demonstrations use them.
const NOT_GLOBAL: [(Ipv4Addr, Ipv4Addr); 10] = [
    (Ipv4Addr::new(0, 0, 0, 0), Ipv4Addr::new(0, 255, 255, 255)),
    (Ipv4Addr::new(10, 0, 0, 0), Ipv4Addr::new(10, 255, 255, 255)),
    (Ipv4Addr::new(100, 64, 0, 0), Ipv4Addr::new(100, 127, 255, 255)),
    (Ipv4Addr::new(127, 0, 0, 0), Ipv4Addr::new(127, 255, 255, 255)),
    (Ipv4Addr::new(169, 254, 0, 0), Ipv4Addr::new(169, 254, 255, 255)),
    (Ipv4Addr::new(172, 16, 0, 0), Ipv4Addr::new(172, 31, 255, 255)),
    (Ipv4Addr::new(192, 0, 0, 0), Ipv4Addr::new(192, 0, 0, 255)),
    (Ipv4Addr::new(192, 168, 0, 0), Ipv4Addr::new(192, 168, 255, 255)),
    (Ipv4Addr::new(198, 18, 0, 0), Ipv4Addr::new(198, 19, 255, 255)),
    (Ipv4Addr::new(224, 0, 0, 0), Ipv4Addr::new(255, 255, 255, 255)),
];

/// Global unicast, IPv4 and IPv6 (2000::/3, RFC 4291).
pub(super) fn global_unicast() -> IpSet {
    let range = |low, high| IpSet::from_range(low, high).unwrap_or_default();
    let not_global: Vec<IpSet> =
        NOT_GLOBAL.iter().map(|&(low, high)| range(IpAddr::V4(low), IpAddr::V4(high))).collect();
    let v6 = range(
        IpAddr::V6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0)),
        IpAddr::V6(Ipv6Addr::new(0x3fff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff)),
    );
    IpSet::any_v4().difference(&IpSet::union_of(&not_global)).union(&v6)
}

impl Lowering<'_> {
    pub(super) fn lower_internet(&mut self) {
        let label = Label {
            id: INTERNET.into(),
            name: None,
            kind: "internet",
            scope: "".into(),
            origin: nowhere(),
        };
        let internet = External { label, addresses: global_unicast() };
        self.network.externals.insert(Id::new(INTERNET), internet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_addresses_are_in_the_internet_and_private_ones_are_not() {
        let internet = global_unicast();
        let has = |text: &str| internet.contains(text.parse().expect("an address"));
        for inside in ["8.8.8.8", "203.0.113.7", "198.51.100.1", "192.0.2.9", "2001:db8::1"] {
            assert!(has(inside), "{inside}");
        }
        for outside in ["10.1.2.3", "172.31.0.1", "100.64.0.1", "169.254.169.254", "fd00::1"] {
            assert!(!has(outside), "{outside}");
        }
    }
}
