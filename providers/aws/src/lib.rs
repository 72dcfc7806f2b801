//! AWS for cloudfw.

pub mod raw;

mod documents;
pub mod explanation;
mod kind;
#[cfg(feature = "live")]
pub mod live;
mod lower;
pub mod manifest;

pub use documents::{DocumentError, Element, Items, Location, NotUnderstood, Part, Reading, read};
pub use kind::Kind;
pub use lower::{
    AssumeNone, CallCoverage, Coverage, Knowledge, LowerError, LowerOptions, Lowered, ReadDocument,
    Resource, lower, lower_read, read_documents,
};
