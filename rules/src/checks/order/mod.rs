//! Rules that other rules make meaningless, and lists that are read in their order.

mod acl_open_to_all;
mod acl_opens_admin_port;
mod acl_opens_ftp;
mod ineffective_deny;
mod one_way_entries;
pub(in crate::checks) mod openness;
mod overlaps;
mod partly_shadowed_rule;
mod redundant_rule;
mod shadowed_rule;
#[cfg(test)]
mod tests;

use crate::Check;

pub(super) static OPEN_TO_ALL: &Check = &acl_open_to_all::CHECK;
pub(super) static OPENS_ADMIN_PORT: &Check = &acl_opens_admin_port::CHECK;
pub(super) static OPENS_FTP: &Check = &acl_opens_ftp::CHECK;

pub(super) static CHECKS: &[&Check] = &[
    &shadowed_rule::CHECK,
    &partly_shadowed_rule::CHECK,
    &redundant_rule::CHECK,
    &ineffective_deny::CHECK,
    &one_way_entries::CHECK,
    &acl_opens_admin_port::CHECK,
    &acl_open_to_all::CHECK,
    &acl_opens_ftp::CHECK,
];
