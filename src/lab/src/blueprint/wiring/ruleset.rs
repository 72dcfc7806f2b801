//! Filters as chains, and the words that lines are made of.
//!
//! Each filter is a base chain of its own at the forward hook, so that `accept` is what
//! [`Allow`](blueprint::Act::Allow) means: this filter lets it pass, the next one is asked.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cloudfw_core::Direction;
use ipnet::IpNet;

use super::WiringError;
use super::draft::Draft;
use crate::blueprint::{self, Filter, Tracking};
use crate::kernel::plan::{Act, Hook, Line, SiteId, SpaceId};

/// What is asked before the filters of a place.
pub(super) const EARLY: (Hook, i32) = (Hook::Forward, -20);
/// What is asked behind them.
pub(super) const LATE: (Hook, i32) = (Hook::Forward, 1000);

/// Replies carry this mark (DSCP 1), given to them by the host that sends them: what meets one
/// without a memory of its flow can tell it from the first packet of a flow.
const REPLY: [&str; 2] = ["ip dscp 1", "ip6 dscp 1"];
/// The packet mark of what has passed all filters of a place.
const PAST_ALL: &str = "0xa11";
/// The addresses of namespaces that reject: of no network that anybody builds.
const REJECTING: (Ipv4Addr, Ipv6Addr) =
    (Ipv4Addr::new(192, 0, 0, 8), Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 8));

/// A place where filters are asked.
pub(super) struct Place<'p> {
    pub(super) space: SpaceId,
    /// What the names of its chains begin with.
    pub(super) name: &'p str,
    /// Which packets of the space are going in, in the words of nft.
    pub(super) ingress: &'p str,
    /// And which out.
    pub(super) egress: &'p str,
    /// Whether packets that go out meet the filters in the reverse order.
    pub(super) reversed_out: bool,
    /// Whether it remembers flows: interfaces do, boundaries and gateways do not.
    pub(super) remembers: bool,
}

/// Puts the filters of a place, in order for packets that come in, into its space. Packets that go
/// out meet them in the same order, or in the reverse one.
pub(super) fn put_filters(
    draft: &mut Draft,
    place: &Place<'_>,
    filters: &[Filter],
) -> Result<(), WiringError> {
    for (number, filter) in filters.iter().enumerate() {
        let last = filters.len() - 1;
        put_filter(draft, place, (number, last), filter)?;
    }
    if filters.iter().any(rejects) {
        // What sends an error has to have an address, which its client does not look at.
        for address in [IpAddr::V4(REJECTING.0), IpAddr::V6(REJECTING.1)] {
            draft.at(place.space).addresses.push(("lo".to_owned(), address));
        }
    }
    Ok(())
}

/// Whether any of its lines answers what it stops.
pub(super) fn rejects(filter: &Filter) -> bool {
    let chained = filter.chains.iter().flat_map(|(_, lines)| lines);
    let mut lines = filter.ingress.iter().chain(&filter.egress).chain(chained);
    lines.any(|line| matches!(line.act, blueprint::Act::Reject(..)))
}

/// Lines that give errors about packets to these addresses those addresses as their source: a
/// filter rejects in the name of whom it stands before.
pub(super) fn reject_as(addresses: impl Iterator<Item = IpAddr>) -> Vec<Line> {
    let (v4, v6) = REJECTING;
    let line_of = |address: IpAddr| match address {
        // Where the address of the rejected packet lies within an error about it.
        IpAddr::V4(own) => line(
            format!(
                "ip saddr {v4} icmp type destination-unreachable @th,192,32 {:#x}",
                own.to_bits()
            ),
            Act::Do(format!("ip saddr set {own}")),
        ),
        IpAddr::V6(own) => line(
            format!(
                "ip6 saddr {v6} icmpv6 type destination-unreachable @th,256,128 {:#x}",
                own.to_bits()
            ),
            Act::Do(format!("ip6 saddr set {own}")),
        ),
    };
    addresses.map(line_of).collect()
}

fn put_filter(
    draft: &mut Draft,
    place: &Place<'_>,
    (number, last): (usize, usize),
    filter: &Filter,
) -> Result<(), WiringError> {
    let name = format!("{}{number}", place.name);
    let chains: BTreeMap<&str, String> = filter
        .chains
        .iter()
        .enumerate()
        .map(|(n, (own, _))| (own.as_str(), format!("{name}_{n}")))
        .collect();
    let mut jumps = Vec::new();
    for (direction, packets) in
        [(Direction::Ingress, place.ingress), (Direction::Egress, place.egress)]
    {
        let own = format!("{name}_{}", word(direction));
        jumps.push(line(packets, Act::Jump(own.clone())));
        let ruled = translated(draft, filter.lines(direction), &chains)?;
        draft.called(place.space, &own, ruled);
    }
    for (own, chained) in &filter.chains {
        let ruled = translated(draft, chained, &chains)?;
        if let Some(name) = chains.get(own.as_str()) {
            draft.called(place.space, name, ruled);
        }
    }
    if place.reversed_out && last > 0 {
        // One chain for each direction, so that each has a turn of its own.
        let turns = [("i", place.ingress, number), ("o", place.egress, last - number)];
        for (jump, (suffix, packets, turn)) in jumps.into_iter().zip(turns) {
            let memory = memory(draft, place, &filter.tracking, &[packets]);
            let lines = asked(turn, memory, vec![jump]);
            put_turn(draft, place, &format!("{name}{suffix}"), turn, lines);
        }
    } else {
        let both = [place.ingress, place.egress];
        let lines = asked(number, memory(draft, place, &filter.tracking, &both), jumps);
        put_turn(draft, place, &name, number, lines);
    }
    Ok(())
}

/// What is asked at a filter's turn: nothing of what has passed all, or is remembered.
fn asked(turn: usize, memory: Vec<Line>, jumps: Vec<Line>) -> Vec<Line> {
    let past = line(format!("meta mark {PAST_ALL}"), Act::Accept);
    let past = (turn > 0).then_some(past);
    past.into_iter().chain(memory).chain(jumps).collect()
}

fn put_turn(draft: &mut Draft, place: &Place<'_>, name: &str, turn: usize, lines: Vec<Line>) {
    let priority = i32::try_from(turn).unwrap_or(i32::MAX).min(LATE.1 - 1);
    draft.base(place.space, name, (Hook::Forward, priority), lines);
}

/// What a filter remembers of some packets of a place, and what it does with a reply among them
/// that it does not remember.
fn memory(
    draft: &mut Draft,
    place: &Place<'_>,
    tracking: &Tracking,
    packets: &[&str],
) -> Vec<Line> {
    let mut lines = Vec::new();
    if place.remembers && !matches!(tracking, Tracking::Stateless) {
        lines.push(line("ct state established,related", Act::Accept));
    }
    if let Tracking::StatefulOrDropped(site) = tracking {
        let site = draft.site(site);
        // Those of the place, and nothing else that passes through its space.
        for packets in packets {
            lines.extend(replies(packets, &Act::Drop(site)));
        }
    }
    lines
}

fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "in",
        Direction::Egress => "out",
    }
}

fn translated(
    draft: &mut Draft,
    lines: &[blueprint::Line],
    chains: &BTreeMap<&str, String>,
) -> Result<Vec<Line>, WiringError> {
    let called = |own: &String| {
        chains.get(own.as_str()).cloned().ok_or_else(|| WiringError::NoChain(own.clone()))
    };
    let mut translated = Vec::with_capacity(lines.len());
    for blueprint::Line { matches, act } in lines {
        let act = match act {
            blueprint::Act::Allow => Act::Accept,
            blueprint::Act::AllowBy(site) => Act::AcceptAt(draft.site(site)),
            blueprint::Act::AllowAll => {
                let mark = format!("meta mark set {PAST_ALL}");
                translated.push(line(matches, Act::Do(mark)));
                Act::Accept
            }
            blueprint::Act::Drop(site) => Act::Drop(draft.site(site)),
            blueprint::Act::Reject(site, answer) => Act::Reject(draft.site(site), answer),
            blueprint::Act::Jump(own) => Act::Jump(called(own)?),
            blueprint::Act::Goto(own) => Act::Goto(called(own)?),
            blueprint::Act::Return => Act::Return,
            blueprint::Act::Continue => continue,
        };
        translated.push(line(matches, act));
    }
    Ok(translated)
}

/// A line.
pub(super) fn line(matches: impl Into<String>, act: Act) -> Line {
    Line { matches: matches.into(), act }
}

/// A line that drops.
pub(super) fn drop(matches: impl Into<String>, site: SiteId) -> Line {
    line(matches, Act::Drop(site))
}

/// Lines about replies.
pub(super) fn replies(packets: &str, act: &Act) -> Vec<Line> {
    REPLY.iter().map(|reply| line(words(&[packets, reply]), act.clone())).collect()
}

/// The line by which a host marks its replies.
pub(super) fn mark_replies() -> Vec<Line> {
    ["ip dscp set 1", "ip6 dscp set 1"]
        .map(|set| line("ct direction reply", Act::Do(set.to_owned())))
        .into()
}

/// Lines that drop packets whose address (`saddr`, `daddr`) is none of these.
pub(super) fn drop_others(
    packets: &str,
    field: &str,
    prefixes: &[IpNet],
    site: SiteId,
) -> Vec<Line> {
    let other = |word: &str, proto: &str, own: Vec<String>| {
        let matches = if own.is_empty() {
            format!("meta nfproto {proto}")
        } else {
            format!("{word} {field} != {}", set(&own))
        };
        drop(words(&[packets, &matches]), site)
    };
    let own = |ipv4: bool| {
        let joined = IpNet::aggregate(&prefixes.to_vec());
        let own = joined.iter().filter(|net| net.addr().is_ipv4() == ipv4);
        own.map(IpNet::to_string).collect()
    };
    vec![other("ip", "ipv4", own(true)), other("ip6", "ipv6", own(false))]
}

/// `ip daddr 10.0.0.0/16`.
pub(super) fn about(field: &str, prefix: IpNet) -> String {
    match prefix {
        IpNet::V4(_) => format!("ip {field} {prefix}"),
        IpNet::V6(_) => format!("ip6 {field} {prefix}"),
    }
}

/// `meta nfproto ipv4`.
pub(super) fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "meta nfproto ipv4" } else { "meta nfproto ipv6" }
}

/// `{ a, b }`.
pub(super) fn set(elements: &[impl Display]) -> String {
    let elements: Vec<String> = elements.iter().map(ToString::to_string).collect();
    format!("{{ {} }}", elements.join(", "))
}

/// Words with spaces between, empty ones left out.
pub(super) fn words(words: &[&str]) -> String {
    let said: Vec<&str> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    said.join(" ")
}
