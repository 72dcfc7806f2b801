//! Azure for cloudfw.

pub mod explanation;
pub mod raw;

mod by_hand;
mod documents;
mod kind;
#[cfg(feature = "live")]
pub mod live;
mod lower;

pub use by_hand::{Subscriptions, Wanted, least_privilege_role, print_commands};
pub use documents::{
    Items, Nothing, OtherType, Part, Reading, Resources, begins_as_document, is_refusal, read,
    read_broken,
};
pub use kind::Kind;
pub use lower::{LowerOptions, ReadDocument, lower, lower_read};
