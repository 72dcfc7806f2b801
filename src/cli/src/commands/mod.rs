//! The commands, one file each.

pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod man;
pub(crate) mod reach;
pub(crate) mod record;
pub(crate) mod show;
