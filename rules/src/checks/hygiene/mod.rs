//! What is untidy, and makes mistakes likely.

mod accepts_attachments;
mod arrivals;
mod default_group_in_use;
mod default_group_open;
mod missing_group_reference;
mod open_egress;
mod own_public_reference;
mod public_access_not_blocked;
mod public_address;
mod subnet_gives_public_addresses;
mod switches;
mod too_many_rules;
mod unattached_acl;
mod unattached_group;
mod undescribed_rule;
mod unmatchable_source;
mod wide_port_range;
mod wide_private_range;
mod wizard_group;

use crate::Check;

pub(super) static CHECKS: &[&Check] = &[
    &default_group_in_use::CHECK,
    &default_group_open::CHECK,
    &unattached_group::CHECK,
    &unattached_acl::CHECK,
    &missing_group_reference::CHECK,
    &own_public_reference::CHECK,
    &unmatchable_source::CHECK,
    &wide_private_range::CHECK,
    &wizard_group::CHECK,
    &too_many_rules::CHECK,
    &open_egress::CHECK,
    &undescribed_rule::CHECK,
    &wide_port_range::CHECK,
    &public_address::CHECK,
    &subnet_gives_public_addresses::CHECK,
    &accepts_attachments::CHECK,
    &public_access_not_blocked::CHECK,
];
