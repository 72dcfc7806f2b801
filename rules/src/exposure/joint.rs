//! What several lists of one interface open together and none of them does alone: half of the
//! internet in each of two groups, or half of the ports.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cloudfw_core::{Direction, Filter, Id, Interface, IpSet, RuleList, ServiceSet};

use super::meeting::Guard;
use super::openings::{Opening, breadth, is_opener, openings};
use super::{At, Breadth, Exposure, Written};
use crate::lists::Listed;
use crate::reading::far_side;
use crate::{Audit, Source, ports};

/// The guards of filters that open more than any one of their lists.
pub(super) fn guards<'a, 'n>(
    audit: &'a Audit<'n>,
    source: &Source<'_>,
    alone: &[Guard<'a, 'n>],
) -> Vec<Guard<'a, 'n>> {
    let asked = asked(audit);
    let of_several: HashSet<&Id<Filter>> = asked.keys().copied().collect();
    let guards =
        alone.iter().filter(|it| it.listed.filters.iter().any(|id| of_several.contains(id)));
    let by_list: HashMap<*const RuleList, Single<'_, 'a, 'n>> =
        guards.map(|guard| (key(guard.listed), Single::new(guard, source))).collect();
    let mut found = Vec::new();
    for (filter, interfaces) in asked {
        let lists = audit.lists().of_filter(filter, Direction::Ingress);
        let singles: Vec<&Single<'_, 'a, 'n>> =
            lists.filter_map(|listed| by_list.get(&key(listed))).collect();
        let Some(first) = singles.first() else { continue };
        if !may_open_more(&singles, source, audit) {
            continue;
        }
        let rules: Vec<Written<'n>> =
            singles.iter().flat_map(|single| single.guard.rules.iter().copied()).collect();
        let opened = openings(rules.iter().map(|it| it.rule), source, audit.settings());
        let new: Vec<Opening> =
            opened.into_iter().filter_map(|opening| news(opening, &rules, &singles)).collect();
        if !new.is_empty() {
            found.push(Guard::new(first.guard.listed, rules, Some(interfaces), new));
        }
    }
    found
}

/// A list alone: what it opens, and what may add up with what others open.
struct Single<'g, 'a, 'n> {
    guard: &'g Guard<'a, 'n>,
    /// The addresses of its rules that are about the source and not all of it.
    part: IpSet,
    /// What it certainly opens to all of the source.
    whole: ServiceSet,
}

impl<'g, 'a, 'n> Single<'g, 'a, 'n> {
    fn new(guard: &'g Guard<'a, 'n>, source: &Source<'_>) -> Self {
        let openers = guard.rules.iter().map(|it| it.rule).filter(|rule| is_opener(rule));
        let sides = openers.map(|rule| far_side(rule, Direction::Ingress).addresses);
        let is_part = |addresses: &IpSet| {
            addresses.intersects(&source.addresses) && !source.addresses.is_subset(addresses)
        };
        let parts: Vec<IpSet> = sides.filter(is_part).collect();
        let whole = certain(guard).filter(|opening| opening.breadth == Breadth::Whole);
        let whole = ServiceSet::union_of(whole.map(|opening| &opening.services));
        Self { guard, part: IpSet::union_of(&parts), whole }
    }
}

fn certain<'g>(guard: &'g Guard<'_, '_>) -> impl Iterator<Item = &'g Opening> {
    guard.openings.iter().filter(|opening| opening.certain)
}

/// Lists are known by their addresses in memory, as everywhere.
fn key(listed: &Listed<'_>) -> *const RuleList {
    std::sync::Arc::as_ptr(listed.list)
}

/// The filters of several lists that interfaces ask themselves, and which do.
fn asked<'n>(audit: &Audit<'n>) -> BTreeMap<&'n Id<Filter>, BTreeSet<&'n Id<Interface>>> {
    let mut asked: BTreeMap<&Id<Filter>, BTreeSet<&Id<Interface>>> = BTreeMap::new();
    let network = audit.network();
    for (id, interface) in &network.interfaces {
        for filter in &interface.stack.filters {
            if network.filters.get(filter).is_some_and(|filter| filter.ingress.len() > 1) {
                asked.entry(filter).or_default().insert(id);
            }
        }
    }
    asked
}

/// Whether it is worth the work: two lists at least have parts that may add up.
fn may_open_more(singles: &[&Single<'_, '_, '_>], source: &Source<'_>, audit: &Audit<'_>) -> bool {
    let parts = || singles.iter().map(|single| &single.part).filter(|part| !part.is_empty());
    let ports = || singles.iter().map(|single| &single.whole).filter(|whole| !whole.is_empty());
    let add_up = || breadth(&IpSet::union_of(parts()), source, audit.settings()) >= Breadth::Wide;
    parts().count() > 1 && add_up()
        || ports().count() > 1 && ports::is_everything(&ServiceSet::union_of(ports()))
}

/// What of an opening of several lists none of them opens alone.
fn news(
    mut opening: Opening,
    rules: &[Written<'_>],
    singles: &[&Single<'_, '_, '_>],
) -> Option<Opening> {
    let of: Vec<&Written<'_>> =
        opening.rules.iter().filter_map(|place| rules.get(*place)).collect();
    let first = of.first()?;
    if opening.breadth < Breadth::Wide || of.iter().all(|it| std::ptr::eq(it.list, first.list)) {
        return None;
    }
    let openings = || singles.iter().flat_map(|single| certain(single.guard));
    if opening.only_together {
        let known = openings().filter(|known| known.breadth >= opening.breadth);
        let known = ServiceSet::union_of(known.map(|known| &known.services));
        opening.services = opening.services.difference(&known);
        return (!opening.services.is_empty()).then_some(opening);
    }
    let alone = openings().filter(|known| known.breadth == opening.breadth);
    let alone = alone.map(|known| ports::is_everything(&known.services));
    let every_port = opening.breadth == Breadth::Whole && ports::is_everything(&opening.services);
    (every_port && !alone.into_iter().any(|everything| everything)).then_some(opening)
}

/// Exposures of the same rules are one: groups are asked beside one another at many interfaces,
/// with others.
pub(super) fn joined(exposures: Vec<Exposure<'_>>) -> Vec<Exposure<'_>> {
    let mut joined: Vec<Exposure<'_>> = Vec::new();
    for new in exposures {
        match joined.iter_mut().find(|old| is_same(old, &new)) {
            Some(old) => {
                old.at.extend(new.at);
                old.at.sort_by_key(|at| at.interface);
                old.at.dedup_by_key(|at| at.interface);
            }
            None => joined.push(new),
        }
    }
    joined
}

fn is_same(one: &Exposure<'_>, other: &Exposure<'_>) -> bool {
    let rule = |it: &Written<'_>| std::ptr::from_ref(it.rule);
    one.breadth == other.breadth
        && one.literal == other.literal
        && one.rules.iter().map(rule).eq(other.rules.iter().map(rule))
}

/// Takes out of the exposures of single lists what those of several say better, interface by
/// interface; what is left of nothing is no exposure.
pub(super) fn absorb(together: &[Exposure<'_>], alone: &mut Vec<Exposure<'_>>) {
    alone.retain_mut(|single| {
        let before = single.at.len();
        let wider: Vec<&Exposure<'_>> =
            together.iter().filter(|wider| says_all_of(wider, single)).collect();
        let told = |own: &At<'_>| {
            wider.iter().any(|it| it.at.iter().any(|at| at.interface == own.interface))
        };
        single.at.retain(|at| !told(at));
        before == 0 || !single.at.is_empty()
    });
}

fn says_all_of(wider: &Exposure<'_>, single: &Exposure<'_>) -> bool {
    let has = |it: &&Written<'_>| wider.rules.iter().any(|own| std::ptr::eq(own.rule, it.rule));
    wider.breadth >= single.breadth
        && wider.certain >= single.certain
        && single.rules.iter().any(|it| has(&it))
        && single.literal.is_subset(&wider.literal)
        // Small ranges of a list are one exposure, of which others may know a part.
        && single.addresses.is_subset(&wider.addresses)
}

#[cfg(test)]
mod tests;
