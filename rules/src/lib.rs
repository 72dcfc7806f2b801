//! The audit of cloudfw: what a check is called, and what one finds.
//!
//! Checks see the neutral [`Network`](cloudfw_core::Network) and what is proved of it, never a
//! document. One file per check will stand beside this one.

mod finding;

pub use finding::{Effect, Finding, Severity};
