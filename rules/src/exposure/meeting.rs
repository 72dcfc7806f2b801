//! What comes in at each interface, laid beside what its lists open.

use std::collections::{BTreeMap, BTreeSet};

use cloudfw_core::{
    Bounds, Client, Direction, Endpoint, HeaderSpace, Id, Interface, IpSet, Peers, PortSet,
    Protocol, ProtocolSet, Reachability, Role, Rule, ServiceSet, reach,
};

use super::joint;
use super::openings::{Opening, breadth, dialled, openings};
use super::{Lesser, Written, shared_out};
use crate::lists::Listed;
use crate::reading::Side;
use crate::{Audit, Settings, Source, Target};

/// A list of incoming rules that opens something, or several that let in together, and what comes
/// of it where.
#[derive(Debug)]
pub(super) struct Guard<'a, 'n> {
    /// The list; of several, the first.
    pub(super) listed: &'a Listed<'n>,
    /// The rules that the openings are of.
    pub(super) rules: Vec<Written<'n>>,
    /// The interfaces that ask several lists together; none where it is one list.
    pub(super) joint: Option<BTreeSet<&'n Id<Interface>>>,
    pub(super) openings: Vec<Opening>,
    /// What each opening lets in at each interface that asks the list, in order.
    pub(super) met: Vec<BTreeMap<&'n Id<Interface>, Met>>,
}

/// What gets in, without source ports: what is proved, and what more may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Met {
    pub(super) exposed: ServiceSet,
    pub(super) possibly: ServiceSet,
    /// Of `exposed`, what less of the source alone gets in to than it is opened to.
    pub(super) lesser: Lesser,
    /// Whoever gets in to these.
    pub(super) from: IpSet,
}

/// All that was asked of one source.
#[derive(Debug)]
pub(super) struct Guarded<'a, 'n> {
    pub(super) guards: Vec<Guard<'a, 'n>>,
    /// Interfaces that no list stands before, with what gets in.
    pub(super) bare: Vec<(&'n Id<Interface>, Met)>,
}

/// What stands before an interface: the places of guards, of those that open something.
struct Before<'n> {
    id: &'n Id<Interface>,
    interface: &'n Interface,
    guards: Vec<usize>,
    /// Whether they are its own. Those at the boundary of its subnet count only where it has none.
    own: bool,
    /// Whether nothing at all is written before it.
    bare: bool,
}

/// What one interface answers.
struct Answered {
    met: Vec<(usize, usize, Met)>,
    bare: Option<Met>,
}

pub(super) fn ask<'a, 'n>(audit: &'a Audit<'n>, source: &Source<'n>) -> Guarded<'a, 'n> {
    let lists: Vec<&Listed<'n>> =
        audit.lists().iter().filter(|listed| listed.direction == Direction::Ingress).collect();
    let opened =
        shared_out(&lists, |listed| openings(&listed.list.rules, source, audit.settings()));
    let mut guards: Vec<Guard<'a, 'n>> = lists
        .into_iter()
        .zip(opened)
        .map(|(listed, openings)| {
            let list = listed.list;
            let rules = list.rules.iter().map(|rule| Written { list, rule }).collect();
            Guard::new(listed, rules, None, openings)
        })
        .collect();
    guards.extend(joint::guards(audit, source, &guards));
    let asked = before(audit, &guards);
    let answers = shared_out(&asked, |before| answer(audit, source, &guards, before));
    let mut bare = Vec::new();
    for (before, answered) in asked.iter().zip(answers) {
        for (guard, opening, met) in answered.met {
            if let Some(at) = guards.get_mut(guard).and_then(|guard| guard.met.get_mut(opening)) {
                at.insert(before.id, met);
            }
        }
        bare.extend(answered.bare.map(|met| (before.id, met)));
    }
    Guarded { guards, bare }
}

impl<'a, 'n> Guard<'a, 'n> {
    pub(super) fn new(
        listed: &'a Listed<'n>,
        rules: Vec<Written<'n>>,
        joint: Option<BTreeSet<&'n Id<Interface>>>,
        openings: Vec<Opening>,
    ) -> Self {
        let met = vec![BTreeMap::new(); openings.len()];
        Self { listed, rules, joint, openings, met }
    }

    /// The interfaces that ask it.
    pub(super) fn interfaces(&self) -> &BTreeSet<&'n Id<Interface>> {
        self.joint.as_ref().unwrap_or(&self.listed.interfaces)
    }
}

/// The interfaces that are worth asking.
fn before<'n>(audit: &Audit<'n>, guards: &[Guard<'_, 'n>]) -> Vec<Before<'n>> {
    let mut own: BTreeMap<&Id<Interface>, Vec<usize>> = BTreeMap::new();
    let mut boundary: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (place, guard) in guards.iter().enumerate() {
        for interface in guard.interfaces() {
            own.entry(interface).or_default().push(place);
        }
        let subnets = guard.listed.subnets.iter().filter(|_| guard.joint.is_none());
        for subnet in subnets {
            boundary.entry(*subnet).or_default().push(place);
        }
    }
    let opens = |place: &usize| guards.get(*place).is_some_and(|guard| !guard.openings.is_empty());
    let mut asked = Vec::new();
    for (id, interface) in &audit.network().interfaces {
        // Nobody can open a connection to a gateway (AWS-67).
        if matches!(interface.role, Role::Gateway(_)) {
            continue;
        }
        let own = own.get(id);
        let all = own.or_else(|| boundary.get(&interface.subnet));
        let guards: Vec<usize> = all.into_iter().flatten().copied().filter(opens).collect();
        let bare = all.is_none();
        if bare || !guards.is_empty() {
            asked.push(Before { id, interface, guards, own: own.is_some(), bare });
        }
    }
    asked
}

fn answer(
    audit: &Audit<'_>,
    source: &Source<'_>,
    guards: &[Guard<'_, '_>],
    before: &Before<'_>,
) -> Answered {
    let target = outside(audit, (source.towards)(before.id));
    let answers: Vec<Reachability> =
        target.questions.iter().map(|question| reach(audit.graph(), question)).collect();
    let mut met = Vec::new();
    for place in &before.guards {
        let Some(guard) = guards.get(*place) else { continue };
        for (number, opening) in guard.openings.iter().enumerate() {
            let mut rules = opening.rules.iter().filter_map(|at| guard.rules.get(*at));
            if !rules.any(|written| is_about(written.rule, before.interface)) {
                continue;
            }
            let mut found = through(opening, &answers, before.interface, &target);
            narrow(&mut found, opening, &answers, source, audit.settings());
            // An ACL that lets everything through and is stopped behind it is nobody's mistake.
            if before.own || !guard.listed.is_stateless() || found != Met::default() {
                met.push((*place, number, found));
            }
        }
    }
    let bare = before.bare.then(|| everything(&answers, &target));
    Answered { met, bare: bare.filter(|met| *met != Met::default()) }
}

/// The questions of sources outside the estate. A network that a user names may hold recorded
/// interfaces too: what goes between those is no exposure, and would be asked for each pair. Where
/// rules are about source ports, whoever is outside sends from any: an attacker is no usual client.
pub(super) fn outside(audit: &Audit<'_>, mut target: Target) -> Target {
    target.questions.retain(|question| !matches!(question.source, Endpoint::Interface { .. }));
    if audit.names_source_ports() {
        let from_any = || Client { kind: "any-port".into(), ports: PortSet::full() };
        for question in &mut target.questions {
            question.client.get_or_insert_with(from_any);
        }
    }
    target
}

/// What gets in of what an opening opens.
fn through(
    opening: &Opening,
    answers: &[Reachability],
    interface: &Interface,
    target: &Target,
) -> Met {
    let mut at_least = ServiceSet::empty();
    let mut at_most = ServiceSet::empty();
    for answer in answers {
        let Bounds { at_least: least, at_most: most } = &answer.allowed;
        at_least = at_least.union(&of(opening, least));
        at_most = at_most.union(&of(opening, most));
    }
    if is_unasked(opening, interface, target) {
        at_most = dialled(&opening.services);
    }
    let exposed = if opening.certain { at_least } else { ServiceSet::empty() };
    let possibly = at_most.difference(&exposed);
    let opened = &opening.services;
    Met {
        exposed: answered(exposed, opened),
        possibly: answered(possibly, opened),
        ..Met::default()
    }
}

/// Notes what is opened to more than get in: severity comes from who is proved to.
fn narrow(
    met: &mut Met,
    opening: &Opening,
    answers: &[Reachability],
    source: &Source<'_>,
    settings: &Settings,
) {
    if met.exposed.is_empty() {
        return;
    }
    let measure = |addresses: &IpSet| breadth(addresses, source, settings);
    let cubes = answers.iter().flat_map(|answer| answer.allowed.at_least.cubes());
    let cubes: Vec<(ServiceSet, IpSet)> = cubes
        .filter(|cube| cube.source.intersects(&opening.addresses))
        .map(|cube| {
            let services = dialled(&cube.services.intersection(&opening.services));
            (services.intersection(&met.exposed), cube.source.intersection(&opening.addresses))
        })
        .filter(|(services, _)| !services.is_empty())
        .collect();
    if cubes.iter().all(|(_, from)| measure(from) >= opening.breadth) {
        return;
    }
    for (services, from) in cells(cubes) {
        let lesser = measure(&from);
        if lesser >= opening.breadth {
            continue;
        }
        let part = met.lesser.entry(lesser).or_default();
        *part = part.union(&services);
        met.from = met.from.union(&from);
    }
}

/// The same with disjoint services: each with everybody who gets in to it.
fn cells(cubes: Vec<(ServiceSet, IpSet)>) -> Vec<(ServiceSet, IpSet)> {
    let mut cells: Vec<(ServiceSet, IpSet)> = Vec::new();
    for (mut services, from) in cubes {
        let mut cut = Vec::new();
        for (known, sources) in &mut cells {
            let shared = known.intersection(&services);
            if shared.is_empty() {
                continue;
            }
            services = services.difference(&shared);
            let rest = known.difference(&shared);
            if !rest.is_empty() {
                cut.push((rest, sources.clone()));
            }
            *known = shared;
            *sources = sources.union(&from);
        }
        cells.extend(cut);
        if !services.is_empty() {
            cells.push((services, from));
        }
    }
    cells
}

/// Nothing, where a rule opens services that answer, and all that gets in is ICMP that wants no
/// answer: that does not make a lost reply a success.
fn answered(services: ServiceSet, opened: &ServiceSet) -> ServiceSet {
    let echo = |protocol, request| ServiceSet::icmp(protocol, Some(request), None);
    let mute = ServiceSet::all_of_protocols(ProtocolSet::ICMP)
        .difference(&echo(Protocol::ICMP, 8))
        .difference(&echo(Protocol::ICMPV6, 128));
    let answers = |services: &ServiceSet| !services.is_subset(&mute);
    if answers(opened) && !answers(&services) { ServiceSet::empty() } else { services }
}

fn of(opening: &Opening, flows: &HeaderSpace) -> ServiceSet {
    let cubes = flows.cubes().iter().filter(|cube| cube.source.intersects(&opening.addresses));
    let services = cubes.map(|cube| cube.services.intersection(&opening.services));
    dialled(&ServiceSet::union_of(&services.collect::<Vec<_>>()))
}

/// Whether the interface may have addresses of the opening's family that could not be asked about.
fn is_unasked(opening: &Opening, interface: &Interface, target: &Target) -> bool {
    let unread = &interface.unread;
    let v4 = unread.v4.is_some() && !opening.addresses.v4().is_empty();
    let v6 = unread.v6.is_some() && !opening.addresses.v6().is_empty();
    let of_family = |unknown| [&unread.v4, &unread.v6].contains(&&Some(unknown));
    v4 || v6 || target.unknowns.iter().cloned().any(|unknown| !of_family(unknown))
}

fn everything(answers: &[Reachability], target: &Target) -> Met {
    let all = |space: fn(&Reachability) -> &HeaderSpace| {
        let services = answers.iter().map(|answer| dialled(&space(answer).services()));
        services.fold(ServiceSet::empty(), |all, some| all.union(&some))
    };
    let exposed = all(|answer| &answer.allowed.at_least);
    let possibly = if target.unknowns.is_empty() {
        all(|answer| &answer.allowed.at_most)
    } else {
        ServiceSet::full()
    };
    Met { possibly: possibly.difference(&exposed), exposed, ..Met::default() }
}

/// Whether the near side of an incoming rule may be this interface.
fn is_about(rule: &Rule, interface: &Interface) -> bool {
    let Peers::Of(_) = &rule.matches.destinations else { return true };
    let side = Side::of(&rule.matches.destinations);
    let possibly = !side.possibly.is_empty();
    let named = side.groups.iter().any(|group| interface.groups.contains(group));
    let unread = interface.unread.v4.is_some() || interface.unread.v6.is_some();
    let holds = |address: &cloudfw_core::Address| side.addresses.contains(address.ip);
    possibly || named || unread || interface.addresses.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use cloudfw_core::{IpSet, PortSet, ServiceSet};

    use super::cells;

    #[test]
    fn services_that_several_share_are_cut_out() {
        let tcp = |low, high| ServiceSet::tcp(PortSet::range(low, high));
        let from = |block: &str| IpSet::from(block.parse::<ipnet::IpNet>().unwrap());
        let (one, other) = (from("198.51.100.0/24"), from("203.0.113.0/24"));
        let mut cut = cells(vec![(tcp(22, 25), one.clone()), (tcp(24, 30), other.clone())]);
        cut.sort_by_key(|(services, _)| services.to_string());
        let both = one.union(&other);
        assert_eq!(
            cut,
            [(tcp(22, 23), one.clone()), (tcp(24, 25), both.clone()), (tcp(26, 30), other.clone())]
        );
        let same = cells(vec![(tcp(22, 22), one), (tcp(22, 22), other)]);
        assert_eq!(same, [(tcp(22, 22), both)]);
    }
}
