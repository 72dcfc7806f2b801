//! What is lost on the way back.

use crate::Check;

pub(super) static CHECKS: &[&Check] = &[];
