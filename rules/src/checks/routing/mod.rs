//! Ways that lead nowhere, or only one way.

mod asymmetric_path;
mod blackhole_route;
mod nat_without_internet;
mod one_way_peering;
mod overlapping_peering;
mod peerings;
mod public_address_without_route;
mod public_addresses;
mod route_without_public_address;
mod wide_peering_route;

use crate::Check;

pub(super) static CHECKS: &[&Check] = &[
    &blackhole_route::CHECK,
    &asymmetric_path::CHECK,
    &nat_without_internet::CHECK,
    &overlapping_peering::CHECK,
    &one_way_peering::CHECK,
    &public_address_without_route::CHECK,
    &route_without_public_address::CHECK,
    &wide_peering_route::CHECK,
];
