//! AWS for cloudfw.

pub mod raw;

mod documents;
mod kind;
#[cfg(feature = "live")]
pub mod live;
pub mod manifest;

pub use documents::{DocumentError, Element, Items, Location, NotUnderstood, Part, Reading, read};
pub use kind::Kind;
