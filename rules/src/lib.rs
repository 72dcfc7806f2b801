//! The audit of cloudfw: what checks find, proved on the path graph.
//!
//! Checks see the neutral [`Network`](cloudfw_core::Network) and what is proved of it, never a
//! document. Each stands in one file of `checks/` and has one row in its folder ([`checks`]); what several of
//! them need to know ([`exposure`], [`gaps`], [`lists`]) is worked out once by [`Audit`].

mod audit;
mod check;
mod checks;
pub mod exposure;
mod finding;
pub mod frameworks;
pub mod gaps;
pub mod handbook;
pub mod lists;
pub mod membership;
pub mod order;
pub mod ports;
pub mod reading;
pub mod routes;
mod settings;
mod source;
#[cfg(test)]
mod testing;
mod wording;

pub use audit::Audit;
pub use check::{Check, Evaluation, Explanation};
pub use checks::{check, checks};
pub use finding::{Effect, Effective, Finding, SEVERITIES, Severity};
pub use settings::Settings;
pub use source::{Asking, Source, Target};
