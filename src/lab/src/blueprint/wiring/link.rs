//! Links: what a subnet of one end sends in comes out at the router of the other.

use super::draft::Draft;
use super::index::Index;
use super::ruleset::{self, EARLY, LATE, Place, drop, drop_others};
use super::{Spaces, WiringError};
use crate::blueprint::{Gateway, Passage};
use crate::kernel::plan::{Cause, SpaceId};

/// The tables by end: packets from the first go to the second, and the other way round.
const TABLES: [u32; 2] = [1, 2];
/// The devices to the two routers.
const ROUTERS: [&str; 2] = ["ra", "rb"];

/// Joins a link to the routers of its ends.
pub(super) fn put_link(
    draft: &mut Draft,
    spaces: &Spaces<'_>,
    index: &Index<'_>,
    gateway: &Gateway,
) -> Result<(), WiringError> {
    let (Some(space), Passage::Link { ends }) = (spaces.link(&gateway.id), &gateway.passage) else {
        return Ok(());
    };
    let id = gateway.id.as_str();
    for (device, end) in ROUTERS.iter().zip(ends) {
        if let Some(router) = spaces.router(end) {
            let there = draft.device(router, "g");
            draft.wire((space, device), (router, &there));
        }
    }
    for (table, device) in TABLES.iter().zip(ROUTERS.iter().rev()) {
        draft.route_all(space, *table, device);
    }
    if gateway.closed {
        let site = draft.plain_site(Cause::Closed, id, "");
        draft.base(space, "early", EARLY, vec![drop("", site)]);
    }
    let [first, second] = ["iifname \"a*\"", "iifname \"b*\""];
    let place = Place {
        space,
        name: "f",
        ingress: first,
        egress: second,
        reversed_out: false,
        remembers: false,
    };
    ruleset::put_filters(draft, &place, &gateway.filters)?;
    let site = draft.plain_site(Cause::NotTransitive, id, "");
    let mut late = Vec::new();
    let [a, b] = ends.each_ref().map(|end| {
        index.routers.get(end.as_str()).map_or(&[][..], |router| router.prefixes.as_slice())
    });
    for (packets, here, there) in [(first, a, b), (second, b, a)] {
        late.extend(drop_others(packets, "saddr", here, site));
        late.extend(drop_others(packets, "daddr", there, site));
    }
    draft.base(space, "late", LATE, late);
    Ok(())
}

/// Joins a subnet of the first end, or of the second.
pub(super) fn join(draft: &mut Draft, link: SpaceId, subnet: (SpaceId, &str), first: bool) {
    let (kind, table) = if first { ("a", TABLES[0]) } else { ("b", TABLES[1]) };
    let device = draft.device(link, kind);
    draft.wire(subnet, (link, &device));
    draft.select_device(link, &device, table);
}
