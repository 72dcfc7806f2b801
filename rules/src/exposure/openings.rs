//! What the rules of a list open to a source, read together: 0.0.0.0/1 beside 128.0.0.0/1 is all.

use std::collections::{BTreeSet, HashMap};

use cloudfw_core::{Axis, IpSet, PortSet, RangeSet, Rule, RuleList, ServiceSet};

use super::Breadth;
use crate::reading::{Side, allows, far_side, is_written};
use crate::{Settings, Source};

/// Rules of a list that together open services to a part of a source, in one address family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    /// Their places in the list.
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
    /// Whether single addresses are written in it, and nothing else.
    singles: bool,
}

/// What a list opens, the broadest first.
pub(super) fn openings(list: &RuleList, source: &Source<'_>, settings: &Settings) -> Vec<Opening> {
    let rules: Vec<(usize, &Rule, Side)> = list
        .rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| allows(rule) && is_written(rule) && !rule.matches.services.is_empty())
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
            let singles = source.is_internet && measure.is_singles(rule, &addresses);
            let meets = addresses.intersects(&measure.all);
            meets.then_some(Opener { place, addresses, services, singles })
        });
        openings.extend(measure.openings(&openers.collect::<Vec<_>>()));
    }
    let doubtful = rules.iter().filter_map(|rule| doubtful(rule, source, settings, &openings));
    let doubtful: Vec<Opening> = doubtful.collect();
    openings.extend(doubtful);
    openings.sort_by_key(|opening| std::cmp::Reverse(opening.breadth));
    openings
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
    let breadth = breadth.max()?;
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

/// How broad a set of addresses is, of the family in which it is broadest.
pub(super) fn breadth(addresses: &IpSet, source: &Source<'_>, settings: &Settings) -> Breadth {
    let families = [IpSet::only_v4, IpSet::only_v6].into_iter();
    let broad = families.filter_map(|family| {
        Measure { all: family(&source.addresses), settings }.breadth(&family(addresses))
    });
    broad.max().unwrap_or(Breadth::Few)
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
        if self.all.is_empty() || !addresses.intersects(&self.all) {
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

    /// Whether a rule names single addresses of the source, and nothing else.
    fn is_singles(&self, rule: &Rule, addresses: &IpSet) -> bool {
        let cloudfw_core::Peers::Of(peers) = &rule.matches.sources else { return false };
        let single = |peer: &cloudfw_core::Peer| match peer {
            cloudfw_core::Peer::Addresses { set, .. } => {
                set.nets().iter().all(|net| net.prefix_len() == net.max_prefix_len())
            }
            _ => true,
        };
        addresses.intersects(&self.all) && peers.iter().all(single)
    }

    fn openings(&self, openers: &[Opener<'_>]) -> Vec<Opening> {
        let mut found: Vec<Opening> = Vec::new();
        for (services, members) in parts(openers) {
            let Some((breadth, deciding)) = self.deciding(&members) else { continue };
            let addresses = IpSet::union_of(deciding.iter().map(|opener| &opener.addresses));
            let alone = |opener: &&Opener<'_>| self.breadth(&opener.addresses) == Some(breadth);
            let only_together = breadth != Breadth::Few && !deciding.iter().any(alone);
            let rules = deciding.iter().map(|opener| opener.place).collect();
            let new = Opening { rules, breadth, certain: true, addresses, services, only_together };
            join(&mut found, new);
        }
        found
    }

    /// How broad the union of some openers is, and which of them make it so: those that are as
    /// broad alone, else as few as it takes, the largest first.
    fn deciding<'o>(&self, members: &[&'o Opener<'o>]) -> Option<(Breadth, Vec<&'o Opener<'o>>)> {
        let union = IpSet::union_of(members.iter().map(|opener| &opener.addresses));
        let Some(breadth) = self.breadth(&union) else {
            let singles: Vec<_> = members.iter().copied().filter(|one| one.singles).collect();
            return (!singles.is_empty()).then_some((Breadth::Few, singles));
        };
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

/// Adds an opening to those that share a rule with it; single addresses are one opening together.
fn join(found: &mut Vec<Opening>, mut new: Opening) {
    found.retain(|old| {
        let same = old.breadth == new.breadth
            && (old.breadth == Breadth::Few || !old.rules.is_disjoint(&new.rules));
        if same {
            new.rules.extend(&old.rules);
            new.addresses = new.addresses.union(&old.addresses);
            new.services = new.services.union(&old.services);
            new.only_together |= old.only_together;
        }
        !same
    });
    found.push(new);
}

/// The services of openers, cut so that the same openers open all of a part.
fn parts<'o>(openers: &'o [Opener<'o>]) -> Vec<(ServiceSet, Vec<&'o Opener<'o>>)> {
    let mut alike: HashMap<&ServiceSet, Vec<&Opener<'_>>> = HashMap::new();
    let mut order: Vec<&ServiceSet> = Vec::new();
    for opener in openers {
        let same = alike.entry(opener.services).or_default();
        if same.is_empty() {
            order.push(opener.services);
        }
        same.push(opener);
    }
    let mut parts: Vec<(ServiceSet, Vec<&Opener<'_>>)> = Vec::new();
    for services in order {
        let Some(members) = alike.get(services) else { continue };
        let mut rest = services.clone();
        let mut cut = Vec::new();
        for (part, inside) in &mut parts {
            if !part.intersects(&rest) {
                continue;
            }
            let shared = part.intersection(&rest);
            rest = rest.difference(&shared);
            let outside = part.difference(&shared);
            if !outside.is_empty() {
                cut.push((outside, inside.clone()));
            }
            *part = shared;
            inside.extend(members);
        }
        parts.extend(cut);
        if !rest.is_empty() {
            parts.push((rest, members.clone()));
        }
    }
    parts
}

/// Services to their destinations, whatever ports they come from.
pub(super) fn dialled(services: &ServiceSet) -> ServiceSet {
    services.map_source_ports(&PortSet::full())
}
