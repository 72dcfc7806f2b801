//! Open rules, and what comes in by them: one answer for each interface, shared by all checks of
//! exposure.

use std::sync::Arc;

use cloudfw_core::ServiceSet;

use crate::Audit;
use crate::lists::Listed;

/// One root cause: rules of a list that open the same thing to the same source.
#[derive(Clone, Debug)]
pub struct Exposure<'n> {
    /// The list that the rules are in.
    pub listed: Listed<'n>,
    /// The source: its name.
    pub source: Arc<str>,
    /// What the rules open, as they are written.
    pub literal: ServiceSet,
}

/// All exposures, in a fixed order.
pub(crate) fn exposures<'n>(audit: &Audit<'n>) -> Vec<Exposure<'n>> {
    let _ = audit;
    Vec::new()
}
