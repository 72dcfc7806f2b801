//! The outside: a namespace with its addresses, and one that knows the way to the borders.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Spaces;
use super::border::carries;
use super::draft::Draft;
use super::index::Index;
use super::ruleset::{self, LATE, about, drop, words};
use crate::blueprint::{Blueprint, Passage};
use crate::kernel::plan::{Cause, Hook, Line, MAIN_TABLE};

/// What packets end at that nobody outside knows a way for.
const OUTSIDE: &str = "internet";

/// Joins the outside's addresses to the ways to the borders.
pub(super) fn put_outside(
    draft: &mut Draft,
    spaces: &Spaces<'_>,
    index: &Index<'_>,
    blueprint: &Blueprint,
) {
    let (outside, internet) = (spaces.outside, spaces.internet);
    draft.wire((outside, "e0"), (internet, "host"));
    draft.route_all(outside, MAIN_TABLE, "e0");
    draft.base(outside, "replies", (Hook::Postrouting, 0), ruleset::mark_replies());
    for address in &blueprint.outside {
        draft.at(outside).addresses.push(("e0".to_owned(), *address));
        draft.route(internet, (*address).into(), "host");
    }
    draft.sink(internet, "end0");
    draft.route_all(internet, MAIN_TABLE, "end0");
    let mut late = unreached(draft, index);
    late.extend(private(draft, index));
    let nobody = draft.plain_site(Cause::NoRoute, OUTSIDE, "");
    late.push(drop(SINK, nobody));
    draft.base(internet, "late", LATE, late);
}

const SINK: &str = "oifname \"end0\"";

/// Addresses that are known outside, of routers without a border that carries them.
fn unreached(draft: &mut Draft, index: &Index<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (router, known) in &index.known {
        for address in known.iter().filter(|own| !carries(index, router, own.outside)) {
            let site = draft.plain_site(Cause::NoGateway, router, "");
            lines.push(drop(words(&[SINK, &about("daddr", address.outside.into())]), site));
        }
    }
    lines
}

/// Private addresses of interfaces and NAT gateways, dialled outside. Where several have one, the
/// site is at all of them, with a space between: nobody can say who is meant.
fn private(draft: &mut Draft, index: &Index<'_>) -> Vec<Line> {
    let mut holders: BTreeMap<IpAddr, Vec<&str>> = BTreeMap::new();
    for interface in index.interfaces.values() {
        for (address, _) in &interface.addresses {
            holders.entry(*address).or_default().push(&interface.id);
        }
    }
    for gateway in index.gateways.values() {
        if let Passage::SourceNat { address, .. } = &gateway.passage {
            holders.entry(*address).or_default().push(&gateway.id);
        }
    }
    let mut lines = Vec::new();
    for (address, holders) in holders.into_iter().filter(|(address, _)| address.is_ipv4()) {
        let site = draft.plain_site(Cause::NoPublicAddress, &holders.join(" "), "");
        lines.push(drop(words(&[SINK, &about("daddr", address.into())]), site));
    }
    lines
}
