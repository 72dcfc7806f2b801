//! What comes in from outside, proved.

use crate::Check;

pub(super) static CHECKS: &[&Check] = &[];
