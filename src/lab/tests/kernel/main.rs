//! Plans written by hand, raised in the kernel of this machine.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking and tells why it was skipped, in its helping functions too"
)]

mod outcomes;
mod plans;
mod raising;
mod rulesets;
mod stress;

use std::env;
use std::process::Command;

use cloudfw_lab::kernel::availability;

/// Whether plans can be raised here; a word about it where they cannot.
fn available() -> bool {
    match availability() {
        Ok(()) => return true,
        Err(_) if unshares() => println!("left to all_this_works_without_root"),
        Err(why) => skip(&why),
    }
    false
}

/// Whether a process can become root of a user namespace here, from outside of one.
fn unshares() -> bool {
    let trial = Command::new("unshare").args(["-Urn", "true"]).output();
    env::var_os(INSIDE).is_none() && trial.is_ok_and(|trial| trial.status.success())
}

/// Set where these tests run in a user namespace.
const INSIDE: &str = "CLOUDFW_LAB_TEST_INSIDE";

/// Tells what is not tested here, which is a failure where it is required.
fn skip(why: &str) {
    let required = env::var("CLOUDFW_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name.trim() == "lab"), "{why}");
    println!("skipped: {why}");
}
