//! What the rules of a list open to a source, read together: 0.0.0.0/1 beside 128.0.0.0/1 is all.

use std::collections::{BTreeSet, HashMap};
use std::net::{Ipv4Addr, Ipv6Addr};

use cloudfw_core::{Axis, IpSet, PortSet, RangeSet, Rule, ServiceSet};

use super::Breadth;
use crate::reading::{Side, allows, far_side, is_written, port_span};
use crate::{Settings, Source, ports};

#[cfg(test)]
mod tests;

/// More openings of one breadth in a list are told as one: nobody reads hundreds of findings about
/// one list, and each wants its proof.
const MOST_OPENINGS: usize = 256;
/// Work on rules that are broad only together, in comparisons of services; beyond it they may be.
const MOST_WORK: usize = 1_000_000;
/// What it costs to cut services that two openers share.
const WORK_OF_A_CUT: usize = 20;

/// Rules that together open services to a part of a source, in one address family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    /// Their places among the rules that were asked about.
    pub(super) rules: BTreeSet<usize>,
    /// How much of the source they let in.
    pub(super) breadth: Breadth,
    /// Whether it is known that they do; else they may.
    pub(super) certain: bool,
    /// What is written in them of the family.
    pub(super) addresses: IpSet,
    /// The services that they open to so much of it, with the source ports that they want.
    pub(super) services: ServiceSet,
    /// Whether no single one of them is as broad.
    pub(super) only_together: bool,
}

/// An allowing rule, as far as it is about a family.
struct Opener<'n> {
    place: usize,
    addresses: IpSet,
    services: &'n ServiceSet,
    /// Of the internet, how broad it is where it is neither all nor wide.
    small: Option<Breadth>,
}

/// What rules open, taken together, the broadest first.
pub(super) fn openings<'r>(
    rules: impl IntoIterator<Item = &'r Rule>,
    source: &Source<'_>,
    settings: &Settings,
) -> Vec<Opening> {
    let rules: Vec<(usize, &Rule, Side)> = rules
        .into_iter()
        .enumerate()
        .filter(|(_, rule)| is_opener(rule))
        .map(|(place, rule)| (place, rule, far_side(rule, cloudfw_core::Direction::Ingress)))
        .collect();
    let mut openings = Vec::new();
    for family in [IpSet::only_v4, IpSet::only_v6] {
        let measure = Measure { all: family(&source.addresses), settings };
        if measure.all.is_empty() {
            continue;
        }
        let openers = rules.iter().filter(|(_, rule, _)| rule.matches.doubt.is_none());
        let openers = openers.filter_map(|(place, rule, side)| {
            let addresses = family(&side.addresses);
            let (place, services) = (*place, &rule.matches.services);
            let small = source.is_internet.then(|| small(rule));
            let meets = addresses.intersects(&measure.all);
            meets.then_some(Opener { place, addresses, services, small })
        });
        openings.extend(measure.openings(&openers.collect::<Vec<_>>()));
    }
    let doubtful = rules.iter().filter_map(|rule| doubtful(rule, source, settings, &openings));
    let doubtful: Vec<Opening> = doubtful.collect();
    openings.extend(doubtful);
    openings.sort_by_cached_key(|opening| {
        (std::cmp::Reverse(opening.breadth), opening.rules.first().copied())
    });
    openings
}

/// Whether a rule lets anything in that somebody wrote.
pub(super) fn is_opener(rule: &Rule) -> bool {
    allows(rule) && is_written(rule) && !rule.matches.services.is_empty()
}

/// A rule that may open more than is known: its match or its peers cannot be resolved.
fn doubtful(
    (place, rule, side): &(usize, &Rule, Side),
    source: &Source<'_>,
    settings: &Settings,
    known: &[Opening],
) -> Option<Opening> {
    let mut possibly = side.possibly.clone();
    if rule.matches.doubt.is_some() {
        possibly = possibly.union(&side.addresses);
    }
    if !possibly.intersects(&source.addresses) {
        return None;
    }
    let breadth = [IpSet::only_v4, IpSet::only_v6].into_iter().filter_map(|family| {
        let measure = Measure { all: family(&source.addresses), settings };
        measure.breadth(&family(&possibly.union(&side.addresses)))
    });
    let breadth = breadth.max().or_else(|| source.is_internet.then(|| small(rule)))?;
    let known = known.iter().filter(|opening| {
        opening.certain
            && opening.breadth >= breadth
            && rule.matches.services.is_subset(&opening.services)
    });
    let known = IpSet::union_of(known.map(|opening| &opening.addresses));
    let says_more = !possibly.intersection(&source.addresses).is_subset(&known);
    says_more.then(|| Opening {
        rules: BTreeSet::from([*place]),
        breadth,
        certain: false,
        addresses: possibly,
        services: rule.matches.services.clone(),
        only_together: false,
    })
}

impl Opening {
    /// Makes another one part of this one.
    fn take(&mut self, other: &Self) {
        self.rules.extend(&other.rules);
        self.addresses = self.addresses.union(&other.addresses);
        self.services = self.services.union(&other.services);
        self.only_together |= other.only_together;
    }
}

/// How broad a set of addresses is, of the family in which it is broadest.
pub(super) fn breadth(addresses: &IpSet, source: &Source<'_>, settings: &Settings) -> Breadth {
    let families = [IpSet::only_v4, IpSet::only_v6].into_iter();
    let broad = families.filter_map(|family| {
        Measure { all: family(&source.addresses), settings }.breadth(&family(addresses))
    });
    broad.max().unwrap_or(if is_singles(addresses) { Breadth::Few } else { Breadth::Narrow })
}

/// Whether a set has no range of several addresses.
fn is_singles(addresses: &IpSet) -> bool {
    addresses.nets().iter().all(|net| net.prefix_len() == net.max_prefix_len())
}

/// How broad a rule is that is neither all nor wide: whether it names single addresses, and
/// nothing else.
fn small(rule: &Rule) -> Breadth {
    let cloudfw_core::Peers::Of(peers) = &rule.matches.sources else { return Breadth::Narrow };
    let is_single = |peer: &cloudfw_core::Peer| match peer {
        cloudfw_core::Peer::Addresses { set, .. } => is_singles(set),
        cloudfw_core::Peer::Unresolved { within, .. } => is_singles(within),
        cloudfw_core::Peer::Group(_) => true,
    };
    if peers.iter().all(is_single) { Breadth::Few } else { Breadth::Narrow }
}

/// Measures sets of one family against the source.
struct Measure<'s> {
    /// All of the source in the family.
    all: IpSet,
    settings: &'s Settings,
}

impl Measure<'_> {
    /// How broad a union of written addresses is; nothing where it is neither all nor wide.
    fn breadth(&self, addresses: &IpSet) -> Option<Breadth> {
        if !addresses.intersects(&self.all) {
            None
        } else if self.all.is_subset(addresses) {
            Some(Breadth::Whole)
        } else {
            self.is_wide(addresses).then_some(Breadth::Wide)
        }
    }

    /// Whether it has a range as long as the shortest one that the settings call wide. A range and
    /// not a CIDR: two halves of it need not begin where a CIDR does. Half of it has to be of the
    /// source: the estate's own addresses are holes in the internet, private ranges are not of it.
    fn is_wide(&self, addresses: &IpSet) -> bool {
        let least = |bits: u8, prefix: u8| {
            1_u128.checked_shl(u32::from(bits.saturating_sub(prefix))).unwrap_or(u128::MAX)
        };
        let v4 = least(32, self.settings.wide_prefix_v4);
        let v6 = least(128, self.settings.wide_prefix_v6);
        has_range(addresses.v4(), self.all.v4(), v4) || has_range(addresses.v6(), self.all.v6(), v6)
    }

    /// What openers open. The broadest are told first, and of what is left what is less broad: by
    /// rules that are broad alone, then by those that are so together. Small ranges and single
    /// addresses stand beside each other: who is in one is not in the other.
    fn openings(&self, openers: &[Opener<'_>]) -> Vec<Opening> {
        let mut found = Vec::new();
        let mut told = ServiceSet::empty();
        let alone = |opener: &Opener<'_>| self.breadth(&opener.addresses);
        let (whole, narrower): (Vec<&Opener<'_>>, Vec<&Opener<'_>>) =
            openers.iter().partition(|opener| alone(opener) == Some(Breadth::Whole));
        connected(&whole, Breadth::Whole, &told, &mut found);
        told = ServiceSet::union_of(found.iter().map(|opening| &opening.services));
        let left: Vec<&Opener<'_>> =
            narrower.into_iter().filter(|opener| !opener.services.is_subset(&told)).collect();
        match self.adds_up(&left) {
            Some(Breadth::Whole) => self.together(&left, &told, &mut found),
            _ => {
                let (wide, few): (Vec<&Opener<'_>>, Vec<&Opener<'_>>) =
                    left.iter().partition(|opener| alone(opener) == Some(Breadth::Wide));
                let at = found.len();
                connected(&wide, Breadth::Wide, &told, &mut found);
                let new = found.iter().skip(at).map(|opening| &opening.services);
                told = told.union(&ServiceSet::union_of(new));
                let rest = few.into_iter().filter(|opener| !opener.services.is_subset(&told));
                self.together(&self.adding_up(rest.collect()), &told, &mut found);
            }
        }
        told = ServiceSet::union_of(found.iter().map(|opening| &opening.services));
        for breadth in [Breadth::Narrow, Breadth::Few] {
            found.extend(small_ones(&left, breadth, &told));
        }
        every_port(found)
    }

    /// How broad all of them together would be, if they opened the same.
    fn adds_up(&self, openers: &[&Opener<'_>]) -> Option<Breadth> {
        self.breadth(&IpSet::union_of(openers.iter().map(|opener| &opener.addresses)))
    }

    /// Those that lie in a wide range of all of them: no others can be part of one.
    fn adding_up<'o>(&self, openers: Vec<&'o Opener<'o>>) -> Vec<&'o Opener<'o>> {
        let union = IpSet::union_of(openers.iter().map(|opener| &opener.addresses));
        if !self.is_wide(&union) {
            return Vec::new();
        }
        let ranges = ranges(&union).filter(|range| self.is_wide(range)).collect::<Vec<_>>();
        let wide = IpSet::union_of(&ranges);
        openers.into_iter().filter(|opener| opener.addresses.intersects(&wide)).collect()
    }

    /// What is broad by several rules only, besides services that are told already.
    fn together(&self, openers: &[&Opener<'_>], told: &ServiceSet, found: &mut Vec<Opening>) {
        let Some(parts) = parts(openers) else {
            found.extend(self.undecided(openers, told));
            return;
        };
        let mut joined = Vec::new();
        for (services, members) in parts {
            let services = services.difference(told);
            if services.is_empty() {
                continue;
            }
            let Some((breadth, deciding)) = self.deciding(&members) else { continue };
            let addresses = IpSet::union_of(deciding.iter().map(|opener| &opener.addresses));
            let alone = |opener: &&Opener<'_>| self.breadth(&opener.addresses) == Some(breadth);
            let only_together = !deciding.iter().any(alone);
            let rules = deciding.iter().map(|opener| opener.place).collect();
            let new = Opening { rules, breadth, certain: true, addresses, services, only_together };
            join(&mut joined, new);
        }
        bounded(&joined, found);
    }

    /// What may be broad by rules of which there are too many to say which of them make it so.
    fn undecided(&self, openers: &[&Opener<'_>], told: &ServiceSet) -> Option<Opening> {
        let services = ServiceSet::union_of(openers.iter().map(|opener| opener.services));
        Some(Opening {
            rules: openers.iter().map(|opener| opener.place).collect(),
            breadth: self.adds_up(openers)?,
            certain: false,
            addresses: IpSet::union_of(openers.iter().map(|opener| &opener.addresses)),
            services: services.difference(told),
            only_together: true,
        })
    }

    /// How broad the union of some openers is, and which of them make it so: those that are as
    /// broad alone, else as few as it takes, the largest first.
    fn deciding<'o>(&self, members: &[&'o Opener<'o>]) -> Option<(Breadth, Vec<&'o Opener<'o>>)> {
        let union = IpSet::union_of(members.iter().map(|opener| &opener.addresses));
        let breadth = self.breadth(&union)?;
        let alone = |one: &&Opener<'_>| self.breadth(&one.addresses) == Some(breadth);
        let alone: Vec<&Opener<'_>> = members.iter().copied().filter(alone).collect();
        if !alone.is_empty() {
            return Some((breadth, alone));
        }
        let mut largest = members.to_vec();
        largest.sort_by_key(|one| {
            (std::cmp::Reverse((one.addresses.count_v4(), one.addresses.count_v6())), one.place)
        });
        let mut together = IpSet::empty();
        let mut deciding = Vec::new();
        for opener in largest {
            if opener.addresses.is_subset(&together) {
                continue;
            }
            together = together.union(&opener.addresses);
            deciding.push(opener);
            if self.breadth(&together) == Some(breadth) {
                break;
            }
        }
        Some((breadth, deciding))
    }
}

/// Whether a set has a range of so many values, half of them at least in another set.
fn has_range<T: Axis>(set: &RangeSet<T>, of: &RangeSet<T>, least: u128) -> bool {
    set.ranges().iter().map(|(low, high)| RangeSet::range(*low, *high)).any(|range| {
        range.count() >= least && range.intersection(of).count().saturating_mul(2) >= least
    })
}

/// The ranges of a set, each a set.
fn ranges(set: &IpSet) -> impl Iterator<Item = IpSet> + '_ {
    let v4 = set.v4().ranges().iter().map(|(low, high)| {
        IpSet::from_range(Ipv4Addr::from(*low).into(), Ipv4Addr::from(*high).into())
    });
    let v6 = set.v6().ranges().iter().map(|(low, high)| {
        IpSet::from_range(Ipv6Addr::from(*low).into(), Ipv6Addr::from(*high).into())
    });
    v4.chain(v6).flatten()
}

/// Adds an opening to those that share a rule with it.
fn join(found: &mut Vec<Opening>, mut new: Opening) {
    found.retain(|old| {
        let same = old.breadth == new.breadth && !old.rules.is_disjoint(&new.rules);
        if same {
            new.take(old);
        }
        !same
    });
    found.push(new);
}

/// Adds openings, of which too many of one breadth are one.
fn bounded(openings: &[Opening], found: &mut Vec<Opening>) {
    for breadth in [Breadth::Whole, Breadth::Wide] {
        let mut same = openings.iter().filter(|opening| opening.breadth == breadth);
        if same.clone().count() <= MOST_OPENINGS {
            found.extend(same.cloned());
        } else if let Some(first) = same.next() {
            let mut all = first.clone();
            all.rules.extend(same.clone().flat_map(|opening| &opening.rules));
            all.addresses = IpSet::union_of(same.clone().map(|opening| &opening.addresses));
            all.addresses = all.addresses.union(&first.addresses);
            all.services = ServiceSet::union_of(same.clone().map(|opening| &opening.services));
            all.services = all.services.union(&first.services);
            all.only_together |= same.any(|opening| opening.only_together);
            found.push(all);
        }
    }
}

/// What rules that are equally broad alone open besides what is told already: those that open
/// something in common are one opening.
fn connected(
    openers: &[&Opener<'_>],
    breadth: Breadth,
    told: &ServiceSet,
    found: &mut Vec<Opening>,
) {
    let mut groups: Vec<((u16, u16), ServiceSet, Vec<&Opener<'_>>)> = alike(openers)
        .into_iter()
        .map(|(services, members)| (services.difference(told), members))
        .filter(|(services, _)| !services.is_empty())
        .map(|(services, members)| {
            (port_span(&services).unwrap_or((0, u16::MAX)), services, members)
        })
        .collect();
    groups.sort_by_key(|(span, ..)| *span);
    let mut done = Vec::new();
    let mut open: Vec<(u16, ServiceSet, Vec<&Opener<'_>>)> = Vec::new();
    for ((low, mut high), mut services, mut members) in groups {
        let (ended, met): (Vec<_>, Vec<_>) = open.into_iter().partition(|(end, ..)| *end < low);
        done.extend(ended);
        open = Vec::new();
        for other in met {
            if other.1.intersects(&services) {
                high = high.max(other.0);
                services = services.union(&other.1);
                members.extend(other.2);
            } else {
                open.push(other);
            }
        }
        open.push((high, services, members));
    }
    done.extend(open);
    let openings = done.into_iter().map(|(_, services, members)| Opening {
        rules: members.iter().map(|opener| opener.place).collect(),
        breadth,
        certain: true,
        addresses: IpSet::union_of(members.iter().map(|opener| &opener.addresses)),
        services,
        only_together: false,
    });
    bounded(&openings.collect::<Vec<_>>(), found);
}

/// Openings that let all of a source in to every port together, and none of them alone, are one.
fn every_port(mut found: Vec<Opening>) -> Vec<Opening> {
    let is_whole = |opening: &&Opening| opening.breadth == Breadth::Whole && opening.certain;
    let whole = || found.iter().filter(is_whole);
    let alone = whole().any(|opening| ports::is_everything(&opening.services));
    let all = ServiceSet::union_of(whole().map(|opening| &opening.services));
    if alone || !ports::is_everything(&all) {
        return found;
    }
    let (whole, mut rest): (Vec<Opening>, Vec<Opening>) =
        found.drain(..).partition(|opening| is_whole(&opening));
    let mut whole = whole.into_iter();
    if let Some(mut first) = whole.next() {
        whole.for_each(|other| first.take(&other));
        rest.insert(0, first);
    }
    rest
}

/// What small ranges or single addresses are let in to, besides what more are: one opening
/// together.
fn small_ones(openers: &[&Opener<'_>], breadth: Breadth, told: &ServiceSet) -> Option<Opening> {
    let small = openers.iter().filter(|opener| opener.small == Some(breadth));
    let left: Vec<&&Opener<'_>> = small.filter(|opener| !opener.services.is_subset(told)).collect();
    let services = ServiceSet::union_of(left.iter().map(|opener| opener.services));
    (!left.is_empty()).then(|| Opening {
        rules: left.iter().map(|opener| opener.place).collect(),
        breadth,
        certain: true,
        addresses: IpSet::union_of(left.iter().map(|opener| &opener.addresses)),
        services: services.difference(told),
        only_together: false,
    })
}

/// Openers by what they open, in order.
fn alike<'o>(openers: &[&'o Opener<'o>]) -> Vec<(&'o ServiceSet, Vec<&'o Opener<'o>>)> {
    let mut places: HashMap<&ServiceSet, usize> = HashMap::new();
    let mut alike: Vec<(&ServiceSet, Vec<&Opener<'_>>)> = Vec::new();
    for opener in openers {
        let place = *places.entry(opener.services).or_insert(alike.len());
        match alike.get_mut(place) {
            Some((_, members)) => members.push(opener),
            None => alike.push((opener.services, vec![opener])),
        }
    }
    alike
}

/// Openers of some services, all of which open all of these.
type Part<'o> = (ServiceSet, Vec<&'o Opener<'o>>);

/// The services of openers, cut so that the same openers open all of a part; `None` where it would
/// be too much work.
fn parts<'o>(openers: &[&'o Opener<'o>]) -> Option<Vec<Part<'o>>> {
    let mut work = MOST_WORK;
    let mut parts: Vec<Part<'o>> = Vec::new();
    for (services, members) in alike(openers) {
        let mut rest = services.clone();
        let mut cut = Vec::new();
        work = work.checked_sub(parts.len())?;
        for (part, inside) in &mut parts {
            if !part.intersects(&rest) {
                continue;
            }
            work = work.checked_sub(WORK_OF_A_CUT + inside.len())?;
            let shared = part.intersection(&rest);
            rest = rest.difference(&shared);
            let outside = part.difference(&shared);
            if !outside.is_empty() {
                cut.push((outside, inside.clone()));
            }
            *part = shared;
            inside.extend(&members);
        }
        parts.extend(cut);
        if !rest.is_empty() {
            parts.push((rest, members));
        }
    }
    Some(parts)
}

/// Services to their destinations, whatever ports they come from.
pub(super) fn dialled(services: &ServiceSet) -> ServiceSet {
    services.map_source_ports(&PortSet::full())
}
