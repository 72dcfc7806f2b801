//! Borders: all those of one router in one namespace, so that what comes in from outside can be
//! told to be a reply to what went out by one of them.

use std::net::IpAddr;

use super::draft::Draft;
use super::index::{Index, Known};
use super::ruleset::{self, EARLY, LATE, Place, drop, line, replies, set, words};
use super::{Spaces, WiringError};
use crate::blueprint::{Gateway, Passage};
use crate::kernel::plan::{Act, Cause, Hook, Line, MAIN_TABLE, SpaceId};

/// To the router.
const ROUTER: &str = "rtr0";
/// To the outside.
const OUTSIDE: &str = "wan0";
/// The table for packets from outside.
const INWARD: u32 = 1;

/// The place of a border among those of its router.
pub(super) fn number(index: &Index<'_>, gateway: &Gateway) -> usize {
    let Passage::Border { router, .. } = &gateway.passage else { return 0 };
    index.borders(router).iter().position(|border| border.id == gateway.id).unwrap_or(0)
}

/// Whether a router has a border that lets addresses of a family in, or could if it were open.
pub(super) fn carries(index: &Index<'_>, router: &str, address: IpAddr) -> bool {
    inward(&numbered(index, router), address.is_ipv4()).is_some()
}

/// A border of a router.
#[derive(Clone, Copy)]
struct Border<'b> {
    gateway: &'b Gateway,
    number: usize,
    both_ways: bool,
    ipv4: bool,
    ipv6: bool,
}

impl Border<'_> {
    /// Packets from the subnets that send them to it.
    fn outward(&self) -> String {
        format!("iifname \"b{}x*\"", self.number)
    }

    /// The mark of its packets, and for outward ones of their flows.
    fn mark(&self) -> String {
        format!("{:#x}", 0x10 + self.number)
    }
}

fn numbered<'b>(index: &Index<'b>, router: &str) -> Vec<Border<'b>> {
    let border = |(number, gateway): (usize, &'b Gateway)| match gateway.passage {
        Passage::Border { both_ways, ipv4, ipv6, .. } => {
            Some(Border { gateway, number, both_ways, ipv4, ipv6 })
        }
        _ => None,
    };
    index.borders(router).into_iter().enumerate().filter_map(border).collect()
}

/// The border that packets come in by which answer nothing that went out.
fn inward<'b>(borders: &[Border<'b>], ipv4: bool) -> Option<Border<'b>> {
    let carries = |border: &&Border<'_>| if ipv4 { border.ipv4 } else { border.ipv6 };
    let carrying = borders.iter().filter(carries);
    carrying.min_by_key(|border| (!border.both_ways, border.gateway.closed)).copied()
}

/// Joins the borders of a router to it and to the outside.
pub(super) fn put_borders(
    draft: &mut Draft,
    spaces: &Spaces<'_>,
    index: &Index<'_>,
    id: &str,
) -> Result<(), WiringError> {
    let (Some(space), Some(router)) = (spaces.border(id), spaces.router(id)) else {
        return Ok(());
    };
    let borders = numbered(index, id);
    let there = draft.device(router, "g");
    draft.wire((space, ROUTER), (router, &there));
    let there = draft.device(spaces.internet, "w");
    draft.wire((space, OUTSIDE), (spaces.internet, &there));
    let known = index.known_of(id);
    for address in known.iter().filter(|address| carries(index, id, address.outside)) {
        draft.route(spaces.internet, address.outside.into(), &there);
    }
    draft.route_all(space, MAIN_TABLE, OUTSIDE);
    draft.select_device(space, OUTSIDE, INWARD);
    draft.route_all(space, INWARD, ROUTER);
    let translated: Vec<&Known> = known.iter().filter(|own| own.inside.is_ipv4()).collect();
    let tracked = borders.iter().any(|border| border.ipv4 && !border.both_ways);
    translate(draft, space, &translated, tracked);
    let early = borders.iter().map(|border| out_of(draft, space, border)).collect::<Vec<_>>();
    let mut early: Vec<Line> = early.into_iter().flatten().collect();
    early.extend(into(draft, space, &borders));
    draft.base(space, "early", EARLY, early);
    let mut late = Vec::new();
    for border in &borders {
        let place = Place {
            space,
            name: &format!("f{}n", border.number),
            ingress: &format!("iifname \"{OUTSIDE}\" meta mark {}", border.mark()),
            egress: &border.outward(),
            reversed_out: false,
            remembers: false,
        };
        ruleset::put_filters(draft, &place, &border.gateway.filters)?;
        let site = draft.plain_site(Cause::NoPublicAddress, &border.gateway.id, "");
        let inside: Vec<IpAddr> = translated.iter().map(|own| own.inside).collect();
        let others = if inside.is_empty() {
            "meta nfproto ipv4".to_owned()
        } else {
            format!("ip saddr != {}", set(&inside))
        };
        late.push(drop(words(&[&border.outward(), &others]), site));
    }
    draft.base(space, "late", LATE, late);
    Ok(())
}

/// One address for another, without state. Flows are remembered by borders that let nobody in
/// alone; they see inside addresses both ways, since what comes in is translated before.
fn translate(draft: &mut Draft, space: SpaceId, known: &[&Known], tracked: bool) {
    if !tracked {
        let stateless = vec![line("meta nfproto ipv4", Act::Do("notrack".to_owned()))];
        draft.base(space, "raw", (Hook::Prerouting, -300), stateless);
    }
    if known.is_empty() {
        return;
    }
    let map = |pairs: Vec<String>| set(&pairs);
    let inward = map(known.iter().map(|own| format!("{} : {}", own.outside, own.inside)).collect());
    let outward =
        map(known.iter().map(|own| format!("{} : {}", own.inside, own.outside)).collect());
    let act = Act::Do(format!("ip daddr set ip daddr map {inward}"));
    let lines = vec![line(format!("iifname \"{OUTSIDE}\""), act)];
    draft.base(space, "in", (Hook::Prerouting, -250), lines);
    let act = Act::Do(format!("ip saddr set ip saddr map {outward}"));
    let lines = vec![line(format!("oifname \"{OUTSIDE}\""), act)];
    draft.base(space, "out", (Hook::Postrouting, 0), lines);
}

/// What is asked of packets that a route sends out by a border.
fn out_of(draft: &mut Draft, space: SpaceId, border: &Border<'_>) -> Vec<Line> {
    let id = border.gateway.id.as_str();
    let name = format!("out{}", border.number);
    let mark = border.mark();
    let mut lines = Vec::new();
    if border.gateway.closed {
        lines.push(drop("", draft.plain_site(Cause::Closed, id, "")));
    }
    if !border.ipv4 {
        lines.push(drop("meta nfproto ipv4", draft.plain_site(Cause::NotCarried, id, "")));
    }
    if !border.ipv6 {
        lines.push(drop("meta nfproto ipv6", draft.plain_site(Cause::NotCarried, id, "")));
    }
    if !border.both_ways {
        let site = draft.plain_site(Cause::NoState, id, "");
        let strange = format!("ct mark != {mark}");
        lines.extend(replies("ct state invalid,untracked", &Act::Drop(site)));
        lines.extend(replies(&strange, &Act::Drop(site)));
        lines.push(line("ct state new", Act::Do(format!("ct mark set {mark}"))));
    }
    draft.called(space, &name, lines);
    vec![line(border.outward(), Act::Jump(name))]
}

/// What is asked of packets from outside.
fn into(draft: &mut Draft, space: SpaceId, borders: &[Border<'_>]) -> Vec<Line> {
    let outside = format!("iifname \"{OUTSIDE}\"");
    let mut lines = Vec::new();
    for border in borders {
        let id = border.gateway.id.as_str();
        let name = format!("in{}", border.number);
        let (mark, awaited) = (border.mark(), awaited(border));
        let mut asked = Vec::new();
        if border.gateway.closed {
            asked.push(drop("", draft.plain_site(Cause::Closed, id, "")));
        }
        asked.push(line("", Act::Do(format!("meta mark set {mark}"))));
        if !border.both_ways {
            asked.push(line(awaited.as_str(), Act::Return));
            asked.push(drop("", draft.plain_site(Cause::OutwardOnly, id, "")));
            lines.push(line(words(&[&outside, &awaited]), Act::Goto(name.clone())));
        }
        draft.called(space, &name, asked);
    }
    for (ipv4, family) in [(true, "meta nfproto ipv4"), (false, "meta nfproto ipv6")] {
        if let Some(border) = inward(borders, ipv4) {
            let name = format!("in{}", border.number);
            lines.push(line(words(&[&outside, family]), Act::Goto(name)));
        }
    }
    lines
}

/// Replies to what went out by a border that lets nobody in.
fn awaited(border: &Border<'_>) -> String {
    format!("ct direction reply ct mark {}", border.mark())
}
