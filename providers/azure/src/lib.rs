//! Azure for cloudfw.

pub mod raw;

mod documents;
mod kind;
mod lower;

pub use documents::{
    Items, Nothing, OtherType, Part, Reading, Resources, begins_as_document, is_refusal, read,
    read_broken,
};
pub use kind::Kind;
pub use lower::{LowerOptions, ReadDocument, lower, lower_read};
