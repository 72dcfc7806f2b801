//! What an audit found, and what became of a policy, in the formats of those who read it.
//!
//! [`Report::of`] turns what checks found into the value that `cloudfw.audit/1` publishes;
//! [`Report::write`] writes it as JSON, SARIF, JUnit …, and [`write_verified`] what became of a
//! policy. [`sources`] lends the checks the estate's way of asking. Nothing here prints, touches a
//! file or asks the clock: the same recording gives the same bytes.

pub mod audit;
mod build;
mod csv;
mod format;
mod json;
mod junit;
mod markdown;
mod ocsf;
mod sarif;
mod sources;
mod verified;
mod words;

pub use audit::Report;
pub use build::{Audited, Excused, Framework};
pub use format::{Format, WriteError, Writing};
pub use sources::sources;
pub use verified::write_verified;
