//! What a resource is called and where it is written.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::Origin;

/// What people call a resource, and the place in a document that describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The vendor's id as recorded (`acl-0abc`), without any scope that a key may add.
    pub id: Arc<str>,
    /// The vendor's name of it (a Name tag, a group's name), if it has one.
    pub name: Option<Arc<str>>,
    /// The kind in words: `security-group`, `network-acl`, `route-table`, `nat-gateway` …
    pub kind: &'static str,
    /// The account (subscription, project) and region or location that it belongs to.
    pub scope: Arc<str>,
    /// Where it is written.
    pub origin: Origin,
}

impl Label {
    /// What it is called in a line: its id, or its name where the id is a path that nobody says
    /// aloud (an ARM id, a self link).
    pub fn called(&self) -> &str {
        match &self.name {
            Some(name) if self.id.contains('/') => name,
            _ => &self.id,
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) if **name != *self.id && !self.id.contains('/') => {
                write!(f, "{} ({name})", self.id)
            }
            _ => f.write_str(self.called()),
        }
    }
}

/// Something that was not read, not understood or is not modelled, where it can matter.
///
/// It is a value and not an error: it travels with the answer that it may change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unknown {
    /// What is unknown: `the entries of pl-0abc`.
    pub what: Arc<str>,
    /// Why, and what would settle it: `not in the recording: add get-managed-prefix-list-entries`.
    pub why: Arc<str>,
    /// The place that refers to it, as `document#pointer`.
    pub place: Arc<str>,
}

impl Unknown {
    /// The unknown `what`, because of `why`, met at `place`.
    pub fn new(
        what: impl Into<Arc<str>>,
        why: impl Into<Arc<str>>,
        place: impl Into<Arc<str>>,
    ) -> Self {
        Self { what: what.into(), why: why.into(), place: place.into() }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}
