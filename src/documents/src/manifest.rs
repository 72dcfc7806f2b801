//! The manifest of a recording: which calls were made, and how each ended.
//!
//! `cloudfw record` writes one `cloudfw.manifest/1` document into each recording. Without it, a
//! kind that a recording lacks is unknown; with it, a list that was read and is empty is known to
//! be empty, and a call that was denied is known not to have been read.

use serde::{Deserialize, Serialize};

/// What [`Manifest::schema`] says.
pub const SCHEMA: &str = "cloudfw.manifest/1";

/// The calls that a recording was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// Whose calls they are: `aws`, `azure`; those of AWS where it is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<String>,
    /// Every call, in the order in which the recording was put together.
    #[serde(default)]
    pub calls: Vec<Call>,
    /// Kinds (`Kind::name` of each provider) that the maker of the recording vouches for: what is not in
    /// the recording does not exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumed_complete: Vec<String>,
}

impl Manifest {
    /// A manifest of these calls.
    pub fn of(calls: Vec<Call>) -> Self {
        Self { schema: SCHEMA.to_owned(), cloud: None, calls, assumed_complete: Vec::new() }
    }
}

/// One call, all of its pages together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The account asked, twelve digits, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The Region asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The call as the CLI names it: `describe-vpcs`.
    pub call: String,
    /// The resource it was made for, where it is made once for each: the prefix list of
    /// `get-managed-prefix-list-entries`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// When it ended: RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// How many objects it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the service said, where it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<CallError>,
    /// Elements of the answer that the recording does not hold, since cloudfw does not know them:
    /// paths without indices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields_not_understood: Vec<String>,
}

/// How a call ended.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All pages were read.
    Ok,
    /// The credentials may not make it.
    Denied,
    /// It failed in another way, on its first page or a later one.
    #[default]
    Failed,
    /// The service does not have it, as emulators say it of many. Only this outcome, and a call
    /// that was never made, are covered by `--assume-none`.
    Unsupported,
    /// The service refused it for its rate until patience ended.
    Throttled,
}

/// What the service said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallError {
    /// The code, such as `UnauthorizedOperation`.
    #[serde(default)]
    pub code: String,
    /// The message, without secrets.
    #[serde(default)]
    pub message: String,
}
