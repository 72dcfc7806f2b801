//! The internet.

use cloudfw_core::{External, Id, Label, global_unicast};

use super::Lowering;
use super::platform::host_address;
use super::wording::nowhere;

/// The key of the internet.
pub(super) const INTERNET: &str = "internet";

impl Lowering<'_> {
    pub(super) fn lower_internet(&mut self) {
        let label = Label {
            id: INTERNET.into(),
            name: None,
            kind: "internet",
            scope: "".into(),
            origin: nowhere(),
        };
        // What Azure's hosts answer at looks like an address of the internet, and is none.
        let addresses = global_unicast().difference(&host_address());
        let internet = External { label, addresses };
        self.network.externals.insert(Id::new(INTERNET), internet);
    }
}
