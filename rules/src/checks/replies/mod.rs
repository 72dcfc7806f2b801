//! What is lost on the way back.

mod broad_ephemeral_range;
mod outbound_reply_gap;
mod path_mtu_blocked;
mod reply_gap;
mod report;
#[cfg(test)]
mod tests;

use crate::Check;

pub(super) static BROAD_EPHEMERAL_RANGE: &Check = &broad_ephemeral_range::CHECK;

pub(super) static CHECKS: &[&Check] = &[
    &reply_gap::CHECK,
    &outbound_reply_gap::CHECK,
    &broad_ephemeral_range::CHECK,
    &path_mtu_blocked::CHECK,
];
