//! What is untidy, and makes mistakes likely.

use crate::Check;

pub(super) static CHECKS: &[&Check] = &[];
