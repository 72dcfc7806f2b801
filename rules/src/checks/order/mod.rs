//! Rules that other rules make meaningless.

use crate::Check;

pub(super) static CHECKS: &[&Check] = &[];
