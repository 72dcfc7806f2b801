//! Addresses and prefixes as Azure's documents write them.

use std::net::IpAddr;

use cloudfw_core::IpSet;
use ipnet::IpNet;

/// A prefix, or an address without a length (T-3). Bits of the host are let pass, as Azure does.
pub(super) fn prefix(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let net = text.parse::<IpNet>().ok();
    net.map(|net| net.trunc()).or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// A prefix as a set.
pub(super) fn prefix_set(text: &str) -> Option<IpSet> {
    prefix(text).map(IpSet::from)
}

/// The union of prefixes, and those that are none.
pub(super) fn prefixes<'t>(texts: impl IntoIterator<Item = &'t str>) -> (IpSet, Vec<&'t str>) {
    let (mut sets, mut bad) = (Vec::new(), Vec::new());
    for text in texts {
        match prefix_set(text) {
            Some(set) => sets.push(set),
            None => bad.push(text),
        }
    }
    (IpSet::union_of(&sets), bad)
}

/// Whether a text stands for all addresses (AZ-17).
pub(super) fn is_any(text: &str) -> bool {
    let text = text.trim();
    matches!(text, "*" | "0.0.0.0/0") || text.eq_ignore_ascii_case("any")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_3_an_address_without_a_length_is_one_address() {
        assert_eq!(prefix("71.179.21.82").map(|net| net.prefix_len()), Some(32));
        assert_eq!(prefix("2001:db8::1").map(|net| net.prefix_len()), Some(128));
        assert_eq!(prefix("10.1.2.3/8").map(|net| net.to_string()).as_deref(), Some("10.0.0.0/8"));
        for bad in ["", "10.0.0.300/8", "10.0.0.0/33", "Internet", "-1"] {
            assert_eq!(prefix(bad), None, "{bad}");
        }
    }

    #[test]
    fn az_17_three_words_mean_all_addresses() {
        assert!(["*", "0.0.0.0/0", "Any", "ANY"].into_iter().all(is_any));
        assert!(["", "::/0", "Internet"].into_iter().all(|text| !is_any(text)));
    }
}
