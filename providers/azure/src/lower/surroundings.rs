//! What service tags mean around an interface (AZ-30: they are worked out for each).

use cloudfw_core::{IpSet, Unknown};

/// What the tag `VirtualNetwork`, and with it `Internet`, stands for at a place.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Surroundings {
    /// What `VirtualNetwork` stands for, for all that is known.
    pub(super) virtual_network: IpSet,
    /// What it may stand for as well, and why nobody knows.
    pub(super) possibly: Vec<(IpSet, Unknown)>,
}
