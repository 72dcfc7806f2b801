//! What an audit is asked, what it leaves out, and what it could not see: everything around the
//! checks themselves.

mod baseline;
mod ignores;
mod incomplete;
mod selection;

pub(crate) use baseline::Baseline;
pub(crate) use ignores::{Judged, check_ignores, explained, judge};
pub(crate) use incomplete::incomplete;
pub(crate) use selection::{Selection, check_called};
