//! Network ACLs (AWS-30 to AWS-45): ordered, stateless, at the boundary of subnets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Direction, Filter, Id, IpSet, Label, Match, Origin, Peer, Peers, Rule,
    RuleList, Scope, Stack, StateSet, Tracking, Unknown,
};

use super::Lowering;
use super::filters::{deny_all, unknown_filter};
use super::foreign::InRules;
use super::label::{label, missing, name_tag, unknown, within};
use super::permission::{Family, acl_services, block_peer};
use super::scope::compatible;
use super::table::{Entry, Object};
use crate::kind::Kind;
use crate::raw::{Field, NetworkAcl, NetworkAclEntry};

/// The numbers of the unremovable last rules, of IPv4 and of IPv6 (AWS-32, T-11).
const LAST: [i64; 2] = [32767, 32768];

/// The numbers that an entry of one's own can have.
const OWN: std::ops::RangeInclusive<i64> = 1..=32766;

/// An ACL that says that it guards a subnet.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    scopes: BTreeSet<Scope>,
    filter: Id<Filter>,
}

impl<'a> Lowering<'a> {
    pub(super) fn lower_network_acls(&mut self) {
        for object in self.recorded.acls.iter() {
            let tags = object.first().and_then(|entry| entry.value.tags.as_ref());
            let filter = acl_filter(object, label(object, "network-acl", name_tag(tags)));
            let filter = self.add_filter(&object.key, filter);
            let entries = object.versions.iter();
            let associations = entries.flat_map(|e| e.value.associations.iter().flatten());
            for association in associations {
                let Some(subnet) = association.subnet_id.as_deref() else { continue };
                let guard = |filter| Guard { scopes: object.scopes.clone(), filter };
                let guards = self.guards.entry(subnet).or_default();
                guards.push(guard(filter.clone()));
                // One that says that it is of another ACL is in two.
                let other = association.network_acl_id.as_deref();
                if let Some(other) = other.filter(|other| *other != object.id) {
                    guards.push(guard(Id::new(other)));
                }
            }
        }
    }

    /// What is asked at the boundary of a subnet: its one ACL (AWS-30), or where it is not known
    /// which that is, a filter of which nothing is known.
    pub(super) fn boundary(&mut self, subnet: &str, scope: &Scope, origin: &Origin) -> Stack {
        let found = self.guards_of(subnet, scope);
        if let (Some(only), 1) = (found.first(), found.len()) {
            return Stack::of(vec![(*only).clone()]);
        }
        let why = if found.is_empty() {
            self.coverage.why(Kind::NetworkAcls, scope)
        } else {
            format!("{} ACLs say that they guard it", found.len())
        };
        let gap = unknown(format!("the network ACL of {subnet}"), why, origin);
        let id = format!("the network ACL of {subnet}");
        let label = missing(&id, "network-acl", scope, origin);
        let filter = unknown_filter(label, Tracking::Stateless, gap);
        Stack::of(vec![self.add_filter(&id, filter)])
    }

    /// Whether an ACL says that it guards a subnet.
    pub(super) fn is_guarded(&self, subnet: &str, scope: &Scope) -> bool {
        !self.guards_of(subnet, scope).is_empty()
    }

    fn guards_of(&self, subnet: &str, scope: &Scope) -> BTreeSet<&Id<Filter>> {
        let guards = self.guards.get(subnet).map_or(&[][..], Vec::as_slice);
        let of = |near: &dyn Fn(&Guard) -> bool| -> BTreeSet<&Id<Filter>> {
            guards.iter().filter(|guard| near(guard)).map(|guard| &guard.filter).collect()
        };
        let found = of(&|guard| guard.scopes.contains(scope));
        if found.is_empty() {
            return of(&|guard| guard.scopes.iter().any(|one| compatible(one, scope)));
        }
        found
    }
}

fn acl_filter(object: &Object<'_, NetworkAcl>, label: Label) -> Filter {
    if let Some(contradiction) = object.contradiction() {
        return unknown_filter(label, Tracking::Stateless, contradiction);
    }
    let acl = object.first();
    let Some((acl, entries)) = acl.and_then(|acl| Some((acl, acl.value.entries.as_ref()?))) else {
        let gap = unknown(format!("the entries of {label}"), "not recorded", &label.origin);
        return unknown_filter(label, Tracking::Stateless, gap);
    };
    let list = |direction| {
        let rules = acl_rules(acl, entries, direction);
        vec![Arc::new(RuleList { label: label.clone(), rules })]
    };
    Filter {
        tracking: Tracking::Stateless,
        ingress: list(Direction::Ingress),
        egress: list(Direction::Egress),
        chains: BTreeMap::new(),
        label,
    }
}

/// The rules of a direction, by number, with the unremovable last one written out (AWS-31,
/// AWS-32). Emulators leave it out.
fn acl_rules(
    acl: &Entry<'_, NetworkAcl>,
    entries: &[NetworkAclEntry],
    direction: Direction,
) -> Vec<Rule> {
    let egress = direction == Direction::Egress;
    let mut by_number: BTreeMap<Option<i64>, Vec<(SortKey<'_>, Vec<Rule>)>> = BTreeMap::new();
    let foreign = InRules::new(&acl.foreign);
    for (i, entry) in entries.iter().enumerate() {
        if entry.egress.given().is_some_and(|told| *told != egress) {
            continue;
        }
        let origin = within(&acl.origin, "Entries", i);
        let rules = entry_rules(entry, &origin, direction, foreign.of("Entries", i).any());
        let number = entry.rule_number.given().copied();
        by_number.entry(number).or_default().push((SortKey::new(entry), rules));
    }
    let mut rules = Vec::new();
    // First those without a number: they may stand anywhere, and a rule that may or may not
    // decide first covers every place.
    for (number, mut same) in by_number {
        same.sort_by(|one, two| one.0.cmp(&two.0));
        same.dedup_by(|two, one| one.0 == two.0);
        let disputed = number.is_none() || same.len() > 1;
        for mut rule in same.into_iter().flat_map(|(_, rules)| rules) {
            if disputed && rule.matches.doubt.is_none() {
                let what = match number {
                    Some(number) => format!("which entry has the number {number}"),
                    None => "the number of an entry".to_owned(),
                };
                let why = match number {
                    Some(_) => "several are recorded with it, and only one can be",
                    None => "not recorded, so that its turn is not known",
                };
                rule.matches.doubt = Some(unknown(what, why, &rule.origin));
            }
            if let Some(number) = number
                && rule.matches.doubt.is_none()
                && !may_have(number, &rule.action)
            {
                let why = "`RuleNumber` is one that AWS gives to no such entry";
                let what = format!("the turn of the entry {number}");
                rule.matches.doubt = Some(unknown(what, why, &rule.origin));
            }
            rules.push(rule);
        }
    }
    rules.push(deny_all(&acl.origin));
    rules
}

/// Whether there can be an entry of this number: the last ones deny (AWS-32).
fn may_have(number: i64, action: &Action) -> bool {
    OWN.contains(&number) || (LAST.contains(&number) && *action != Action::Allow)
}

/// One entry as a rule; two where it is not known whether it allows or denies.
fn entry_rules(
    entry: &NetworkAclEntry,
    origin: &Origin,
    direction: Direction,
    foreign: Option<Unknown>,
) -> Vec<Rule> {
    let gap = |what: String, why: String| unknown(what, why, origin);
    let services = acl_services(entry);
    let mut doubt = services.doubt.map(|doubt| gap(doubt, "the entry may match less".to_owned()));
    doubt = doubt.or(foreign);
    if !matches!(entry.egress, Field::Given(_)) {
        let why = "`Egress` is not recorded, so that it may be of either direction";
        doubt = doubt.or(Some(gap("the direction of an entry".to_owned(), why.to_owned())));
    }
    let peers = match blocks(entry, gap) {
        Ok(peer) => Peers::Of(vec![peer]),
        Err(unknown) => {
            doubt = doubt.or(Some(unknown));
            Peers::Any
        }
    };
    let (sources, destinations) = match direction {
        Direction::Ingress => (peers, Peers::Any),
        Direction::Egress => (Peers::Any, peers),
    };
    let matches =
        Match { sources, destinations, services: services.set, states: StateSet::ALL, doubt };
    let rule = |action: Action, matches: Match| Rule {
        id: number(entry, &action),
        matches,
        action,
        origin: origin.clone(),
    };
    let told = entry.rule_action.as_deref().unwrap_or("");
    if told.eq_ignore_ascii_case("allow") {
        return vec![rule(Action::Allow, matches)];
    }
    if told.eq_ignore_ascii_case("deny") {
        return vec![rule(Action::Deny(Denial::Drop), matches)];
    }
    let why = format!("`{told}` is neither allow nor deny");
    let doubt = matches.doubt.or_else(|| Some(gap("the action of an entry".to_owned(), why)));
    let matches = Match { doubt, ..matches };
    vec![rule(Action::Deny(Denial::Drop), matches.clone()), rule(Action::Allow, matches)]
}

/// The number of an entry as the console shows it.
fn number(entry: &NetworkAclEntry, action: &Action) -> Arc<str> {
    match entry.rule_number.given() {
        Some(number) if LAST.contains(number) && *action != Action::Allow => "*".into(),
        Some(number) => number.to_string().into(),
        None => "?".into(),
    }
}

/// The one block of an entry (AWS-33, AWS-38).
fn blocks(
    entry: &NetworkAclEntry,
    gap: impl Fn(String, String) -> Unknown,
) -> Result<Peer, Unknown> {
    match (entry.cidr_block.as_deref(), entry.ipv6_cidr_block.as_deref()) {
        (Some(v4), None) => Ok(block_peer(Some(v4), Family::V4, gap)),
        (None, Some(v6)) => Ok(block_peer(Some(v6), Family::V6, gap)),
        (None, None) => Err(gap("the block of an entry".to_owned(), "not recorded".to_owned())),
        (Some(v4), Some(v6)) => Ok(Peer::Unresolved {
            name: format!("{v4} or {v6}").into(),
            within: IpSet::full(),
            unknown: gap(
                "the block of an entry".to_owned(),
                "one is recorded for each address family, and an entry has one".to_owned(),
            ),
        }),
    }
}

/// What an entry says, to tell equal ones, and an order that is not that of the document.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SortKey<'e> {
    egress: Option<bool>,
    action: &'e str,
    protocol: &'e str,
    blocks: [&'e str; 2],
    rest: String,
}

impl<'e> SortKey<'e> {
    fn new(entry: &'e NetworkAclEntry) -> Self {
        Self {
            egress: entry.egress.given().copied(),
            action: entry.rule_action.as_deref().unwrap_or(""),
            protocol: entry.protocol.as_deref().unwrap_or(""),
            blocks: [
                entry.cidr_block.as_deref().unwrap_or(""),
                entry.ipv6_cidr_block.as_deref().unwrap_or(""),
            ],
            rest: format!("{:?}{:?}", entry.port_range, entry.icmp_type_code),
        }
    }
}
