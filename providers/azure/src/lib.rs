//! Azure for cloudfw.

pub mod explanation;
pub mod raw;

mod documents;
mod kind;
mod lower;

pub use documents::{
    Items, Nothing, OtherType, Part, Reading, Resources, begins_as_document, read, read_broken,
};
pub use kind::Kind;
pub use lower::{LowerOptions, ReadDocument, lower, lower_read};
