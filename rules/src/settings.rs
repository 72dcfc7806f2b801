//! What the user may say of what is acceptable.

use cloudfw_core::PortSet;

/// Limits of checks; the defaults are those of the benchmarks that ask for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// TCP ports that may be open to the internet (Security Hub EC2.18). Those of administration and
    /// of data stay findings.
    pub authorised_tcp: PortSet,
    /// UDP ports that may be open to the internet.
    pub authorised_udp: PortSet,
    /// A public IPv4 range of this prefix length or shorter is wide.
    pub wide_prefix_v4: u8,
    /// A public IPv6 range of this prefix length or shorter is wide.
    pub wide_prefix_v6: u8,
    /// More rules than this in one group or list of one direction are too many.
    pub most_rules: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            authorised_tcp: PortSet::from_ranges([(80, 80), (443, 443)]),
            authorised_udp: PortSet::empty(),
            wide_prefix_v4: 24,
            wide_prefix_v6: 48,
            most_rules: 50,
        }
    }
}
