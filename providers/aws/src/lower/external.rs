//! The internet.

use cloudfw_core::{External, Id, Label, global_unicast};

use super::Lowering;
use super::label::nowhere;

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
        let internet = External { label, addresses: global_unicast() };
        self.network.externals.insert(Id::new(INTERNET), internet);
    }
}
