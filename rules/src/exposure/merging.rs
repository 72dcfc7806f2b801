//! From openings to root causes: what one change of one list would close is one exposure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::{Id, Interface, IpSet, ServiceSet};

use super::meeting::{Guard, Guarded, Met};
use super::openings::dialled;
use super::{At, Breadth, Class, Exposure, Lesser, Proof, Written, joint};
use crate::reading::far_side;
use crate::{Audit, Source};

/// From so many different services on nobody compares which of them are among which.
const MOST_COMPARED: usize = 1_000;

/// An opening, or several that are one cause.
struct Cause<'n> {
    rules: BTreeSet<usize>,
    breadth: Breadth,
    certain: bool,
    only_together: bool,
    addresses: IpSet,
    services: ServiceSet,
    at: BTreeMap<&'n Id<Interface>, Met>,
}

pub(super) fn exposures<'n>(
    audit: &Audit<'n>,
    source: &Source<'n>,
    guarded: Guarded<'_, 'n>,
) -> Vec<Exposure<'n>> {
    let mut found = Vec::new();
    let (together, alone): (Vec<Guard<'_, 'n>>, Vec<Guard<'_, 'n>>) =
        guarded.guards.into_iter().partition(|guard| guard.joint.is_some());
    let of_several = |guard| {
        let (rules, causes) = causes(guard);
        causes.into_iter().filter_map(|cause| cause.exposure(&rules, source)).collect::<Vec<_>>()
    };
    let together = joint::joined(together.into_iter().flat_map(of_several).collect());
    for guard in alone {
        let listed = guard.listed;
        // A list at boundaries alone is a cause only where it is all that guards an interface.
        let is_used = !listed.is_unattached() && listed.interfaces.is_empty();
        let left_out = is_used || listed.is_unattached() && listed.is_stateless();
        let (rules, causes) = causes(guard);
        for cause in causes {
            if !(left_out && cause.at.is_empty()) {
                found.extend(cause.exposure(&rules, source));
            }
        }
    }
    joint::absorb(&together, &mut found);
    found.extend(together);
    for (id, met) in guarded.bare {
        if let Some(interface) = audit.network().interfaces.get(id) {
            found.push(bare(id, interface, met, source));
        }
    }
    found
}

/// The rules of a list, and its openings, those that are one cause joined.
fn causes<'n>(guard: Guard<'_, 'n>) -> (Vec<Written<'n>>, Vec<Cause<'n>>) {
    let mut causes: Vec<Cause<'n>> = Vec::new();
    for (opening, at) in guard.openings.into_iter().zip(guard.met) {
        let mut new = Cause {
            rules: opening.rules,
            breadth: opening.breadth,
            certain: opening.certain,
            only_together: opening.only_together,
            addresses: opening.addresses,
            services: opening.services,
            at,
        };
        causes.retain_mut(|old| {
            let same = old.is_one_with(&new);
            if same {
                new.take(old);
            }
            !same
        });
        causes.push(new);
    }
    causes.sort_by(|one, other| {
        (std::cmp::Reverse(one.breadth), &one.rules)
            .cmp(&(std::cmp::Reverse(other.breadth), &other.rules))
    });
    (guard.rules, causes)
}

impl<'n> Cause<'n> {
    /// Whether two openings of a list, of one family each, are one cause: the same rule, or rules
    /// that say the same of both families with the same effect.
    fn is_one_with(&self, other: &Self) -> bool {
        self.breadth == other.breadth
            && self.certain == other.certain
            && (!self.rules.is_disjoint(&other.rules)
                || self.breadth <= Breadth::Narrow
                || self.services.intersects(&other.services) && self.class() == other.class())
    }

    fn take(&mut self, other: &mut Self) {
        self.rules.append(&mut other.rules);
        self.only_together |= other.only_together;
        self.addresses = self.addresses.union(&other.addresses);
        self.services = self.services.union(&other.services);
        for (id, met) in std::mem::take(&mut other.at) {
            let own = self.at.entry(id).or_default();
            own.lesser = lesser_of_both(own, &met);
            own.from = own.from.union(&met.from);
            own.exposed = own.exposed.union(&met.exposed);
            own.possibly = own.possibly.union(&met.possibly).difference(&own.exposed);
        }
    }

    fn class(&self) -> Class {
        let class = |met: &Met| {
            if !met.exposed.is_empty() {
                Class::Exposed
            } else if !met.possibly.is_empty() {
                Class::Unknown
            } else {
                Class::Blocked
            }
        };
        self.at.values().map(class).max().unwrap_or(Class::Unattached)
    }

    /// Nothing where it has no rule, which no opening is without.
    fn exposure(self, rules: &[Written<'n>], source: &Source<'_>) -> Option<Exposure<'n>> {
        let rules = by_width(self.rules.iter().filter_map(|place| rules.get(*place)).copied());
        let list = rules.first()?.list;
        let sides = rules.iter().map(|it| far_side(it.rule, cloudfw_core::Direction::Ingress));
        let via: BTreeSet<Arc<str>> = sides.flat_map(|side| side.lists).collect();
        Some(Exposure {
            subject: &list.label,
            list: Some(list),
            source: source.name.clone(),
            is_internet: source.is_internet,
            breadth: self.breadth,
            only_together: self.only_together,
            rules,
            certain: self.certain,
            addresses: self.addresses,
            via: via.into_iter().collect(),
            literal: dialled(&self.services),
            at: self.at.into_iter().map(at).collect(),
            proof: Proof::default(),
        })
    }
}

/// What less than all gets in to by both of two causes: what one of them lets more in to is not
/// narrow.
fn lesser_of_both(own: &Met, other: &Met) -> Lesser {
    let mut told = in_full(own).union(&in_full(other));
    let mut lesser = Lesser::new();
    for breadth in [Breadth::Wide, Breadth::Narrow, Breadth::Few] {
        let parts = [own, other].into_iter().filter_map(|met| met.lesser.get(&breadth));
        let part = ServiceSet::union_of(parts).difference(&told);
        told = told.union(&part);
        if !part.is_empty() {
            lesser.insert(breadth, part);
        }
    }
    lesser
}

fn in_full(met: &Met) -> ServiceSet {
    met.lesser.values().fold(met.exposed.clone(), |all, lesser| all.difference(lesser))
}

/// Rules in an order that does not depend on where they stand: a new rule that opens more comes
/// first, and makes the finding a new one.
fn by_width<'n>(rules: impl Iterator<Item = Written<'n>>) -> Vec<Written<'n>> {
    let rules: Vec<Written<'n>> = rules.collect();
    let mut alike: BTreeMap<&ServiceSet, (usize, usize)> = BTreeMap::new();
    for it in &rules {
        alike.entry(&it.rule.matches.services).or_default().0 += 1;
    }
    let many: Vec<(&ServiceSet, usize)> =
        alike.iter().map(|(it, (many, _))| (*it, *many)).collect();
    for (services, (_, opens)) in &mut alike {
        // Of very many, what they say is order enough.
        if many.len() <= MOST_COMPARED {
            let within = many.iter().filter(|(other, _)| other.is_subset(services));
            *opens = within.map(|(_, many)| many).sum();
        }
    }
    let opens =
        |it: &Written<'_>| alike.get(&it.rule.matches.services).map_or(0, |(_, opens)| *opens);
    let mut sorted: Vec<(usize, String, Written<'n>)> =
        rules.iter().map(|it| (opens(it), it.rule.to_string(), *it)).collect();
    sorted.sort_by(|(one, says, it), (other, said, that)| {
        let lists = (&it.list.label.scope, &it.list.label.id);
        let other_lists = (&that.list.label.scope, &that.list.label.id);
        other.cmp(one).then_with(|| says.cmp(said)).then_with(|| lists.cmp(&other_lists))
    });
    sorted.into_iter().map(|(_, _, it)| it).collect()
}

/// An interface that no list guards.
fn bare<'n>(
    id: &'n Id<Interface>,
    interface: &'n Interface,
    met: Met,
    source: &Source<'_>,
) -> Exposure<'n> {
    Exposure {
        subject: &interface.label,
        list: None,
        source: source.name.clone(),
        is_internet: source.is_internet,
        breadth: Breadth::Whole,
        only_together: false,
        rules: Vec::new(),
        certain: true,
        addresses: source.addresses.clone(),
        via: Vec::new(),
        literal: ServiceSet::empty(),
        at: vec![at((id, met))],
        proof: Proof::default(),
    }
}

fn at<'n>((interface, met): (&'n Id<Interface>, Met)) -> At<'n> {
    let Met { exposed, possibly, lesser, from } = met;
    At { interface, exposed, possibly, lesser, from }
}
