//! AWS for cloudfw.

pub mod raw;

mod by_hand;
mod documents;
pub mod explanation;
mod kind;
#[cfg(feature = "live")]
pub mod live;
mod lower;
mod outcome;

pub use by_hand::{Regions, least_privilege_policy, print_commands};
pub use documents::{Items, Part, Reading, begins_as_document, read, read_broken};
pub use kind::Kind;
pub use lower::{LowerError, LowerOptions, ReadDocument, lower, lower_read, read_documents};
