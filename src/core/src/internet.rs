//! Which addresses can be on the internet.

use ipnet::IpNet;

use crate::IpSet;

/// Addresses that are never routed on the internet: private use, shared, link-local, loopback,
/// "this network", benchmarking, multicast and reserved (IANA special-purpose registries).
///
/// The documentation ranges are not among them: examples use them for public addresses.
const NOT_GLOBAL: [&str; 11] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

/// What of IPv6 is handed out for global unicast, RFC 4291.
const GLOBAL_V6: &str = "2000::/3";

/// Addresses that hosts on the internet can have.
pub fn global_unicast() -> IpSet {
    let not_global: Vec<IpSet> = NOT_GLOBAL.iter().filter_map(|text| set(text)).collect();
    let v4 = IpSet::any_v4().difference(&IpSet::union_of(&not_global));
    set(GLOBAL_V6).map_or_else(|| v4.clone(), |v6| v4.union(&v6))
}

fn set(text: &str) -> Option<IpSet> {
    text.parse::<IpNet>().ok().map(IpSet::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_read() {
        for text in NOT_GLOBAL.into_iter().chain([GLOBAL_V6]) {
            assert!(set(text).is_some(), "{text}");
        }
    }

    #[test]
    fn private_addresses_are_not_on_the_internet() {
        let global = global_unicast();
        for (address, is_global) in [
            ("8.8.8.8", true),
            ("203.0.113.7", true),
            ("2001:db8::1", true),
            ("10.0.0.1", false),
            ("100.64.0.1", false),
            ("169.254.169.254", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("224.0.0.1", false),
        ] {
            assert_eq!(global.contains(address.parse().unwrap()), is_global, "{address}");
        }
    }
}
