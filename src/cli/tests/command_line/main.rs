//! The binary as its user meets it: what goes to standard output and error, and the exit code.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helping functions too"
)]

mod audit;
mod ci;
mod config;
mod demo;
mod examples;
mod findings;
mod incomplete;
mod queries;
mod reach;
mod record;
mod record_azure;
mod run;
mod show;
mod usage;
mod verify;
