//! What comes in from outside, proved.
//!
//! An exposure is reported by exactly one of these checks: by the worst that its rules open. How
//! bad it is depends on what is proved to get in.

mod exposed_admin_port;
mod exposed_all_ports;
mod exposed_cloud_identity;
mod exposed_data_port;
mod exposed_high_risk_port;
mod exposed_icmp;
mod exposed_unlisted_port;
mod exposed_web_port;
mod report;
mod single_public_source;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use report::stood_in_for;

use crate::Check;

pub(super) static CHECKS: &[&Check] = &[
    &exposed_all_ports::CHECK,
    &exposed_admin_port::CHECK,
    &exposed_data_port::CHECK,
    &exposed_high_risk_port::CHECK,
    &exposed_unlisted_port::CHECK,
    &exposed_web_port::CHECK,
    &exposed_icmp::CHECK,
    &single_public_source::CHECK,
    &exposed_cloud_identity::CHECK,
];
