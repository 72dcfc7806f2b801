//! The commands, one file each.

pub(crate) mod audit;
pub(crate) mod checks;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod man;
pub(crate) mod reach;
pub(crate) mod record;
pub(crate) mod show;
pub(crate) mod verify;
