//! Security admin rules of Virtual Network Manager (AZ-40 to AZ-43): asked before any security
//! group.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use cloudfw_core::{
    Action, Direction, Filter, Id, IpSet, Label, Match, Origin, Peer, Router, Rule, RuleList,
    Unknown,
};

use super::Lowering;
use super::ids::{self, key, name};
use super::security_group::STATEFUL;
use super::security_rule::{DROP, Draft, Reader, doubtful, in_order};
use super::service_tag::ServiceTags;
use super::surroundings::Surroundings;
use super::wording::{implied, not_recorded, unknown};
use crate::kind::Kind;
use crate::raw::{AddressPrefixItem, Resource, SecurityAdminRule};

/// AZ-43: from 0 in the preview, to 4096 today.
const PRIORITIES: RangeInclusive<i64> = 0..=4096;

const TIE: &str =
    "they have the same priority and direction, and Azure's documents do not say which is first";

/// What admin rules do (AZ-41): let the groups be asked, skip them, or drop.
const ACCESS: [(&str, Action); 3] =
    [("allow", Action::Allow), ("alwaysallow", Action::AllowAll), ("deny", DROP)];

/// The admin rules of a network as one filter, which lets through what none of them matches.
pub(super) fn admin_filter(
    rules: &[(Origin, &Resource<SecurityAdminRule>)],
    label: Label,
    around: &Surroundings,
    tags: &ServiceTags,
) -> Filter {
    let mut drafts: Vec<Draft> =
        rules.iter().map(|(origin, rule)| draft(rule, origin, around, tags)).collect();
    if let Some(several) = several_managers(rules, &label) {
        drafts.iter_mut().for_each(|draft| {
            draft.doubt.get_or_insert_with(|| several.clone());
        });
    }
    let list = |direction| {
        let mut rules = in_order(&drafts, direction, TIE);
        rules.push(last(&label.origin));
        rules
    };
    let (ingress, egress) = (list(Direction::Ingress), list(Direction::Egress));
    whole(label, ingress, egress)
}

/// The filter of admin rules that are not known: they may deny anything, and may let anything past
/// all groups.
pub(super) fn unread_admin_filter(label: Label, why: &Unknown) -> Filter {
    let rule = |action| doubtful(action, why.clone(), &label.origin);
    let rules = vec![rule(DROP), rule(Action::AllowAll), last(&label.origin)];
    whole(label, rules.clone(), rules)
}

fn whole(label: Label, ingress: Vec<Rule>, egress: Vec<Rule>) -> Filter {
    let list = |rules| vec![Arc::new(RuleList { label: label.clone(), rules })];
    let (ingress, egress) = (list(ingress), list(egress));
    Filter { tracking: STATEFUL, ingress, egress, chains: BTreeMap::new(), label }
}

/// What no admin rule matches, groups decide.
fn last(origin: &Origin) -> Rule {
    let (matches, origin) = (Match::any(), implied(origin));
    Rule { id: "".into(), matches, action: Action::Allow, origin }
}

/// Of several managers that hold a network, the one of the higher scope decides where they
/// conflict; which that is, no rule says.
fn several_managers(
    rules: &[(Origin, &Resource<SecurityAdminRule>)],
    label: &Label,
) -> Option<Unknown> {
    let ids = rules.iter().filter_map(|(_, rule)| rule.id.as_deref());
    let managers: BTreeSet<_> = ids.filter_map(manager).collect();
    (managers.len() > 1).then(|| {
        unknown(
            format!("the order of the admin rules of `{}`", name(&label.id)),
            "they are of several network managers, of which the one of the higher scope wins",
            &label.origin,
        )
    })
}

/// The manager in the id of a rule.
fn manager(id: &str) -> Option<Arc<str>> {
    let key = key(id);
    let end = key.find("/securityadminconfigurations/")?;
    key.get(..end).map(Arc::from)
}

fn draft(
    resource: &Resource<SecurityAdminRule>,
    origin: &Origin,
    around: &Surroundings,
    tags: &ServiceTags,
) -> Draft {
    let rule = &resource.properties;
    let named = [resource.name.as_deref(), rule.display_name.as_deref(), rule.flag.as_deref()];
    let named = named.into_iter().flatten().find(|name| !name.is_empty());
    let named = named.or(resource.id.as_deref().map(name)).unwrap_or("");
    let mut reader = Reader::new(named, origin, around, tags);
    let priority = reader.priority(&rule.priority, &PRIORITIES);
    let direction = reader.direction(rule.direction.as_deref());
    let access = reader.access(rule.access.as_deref(), &ACCESS);
    let force = reader.provisioning(rule.provisioning_state.as_deref());
    let source_ports = reader.ports("sourcePortRanges", texts(rule.source_port_ranges.as_ref()));
    let destination_ports =
        reader.ports("destinationPortRanges", texts(rule.destination_port_ranges.as_ref()));
    let services = reader.services(rule.protocol.as_deref(), &source_ports, &destination_ports);
    let (near, groups) = prefixes(rule.sources.as_deref(), &reader);
    let sources = reader.peers("sources", near, groups);
    let (far, groups) = prefixes(rule.destinations.as_deref(), &reader);
    let destinations = reader.peers("destinations", far, groups);
    let doubts = [priority.clone().err(), direction.clone().err(), access.clone().err(), force];
    Draft {
        name: named.into(),
        origin: origin.clone(),
        priority: priority.ok(),
        directions: direction
            .map_or_else(|_| vec![Direction::Ingress, Direction::Egress], |it| vec![it]),
        actions: access.map_or_else(|_| vec![DROP, Action::AllowAll], |it| vec![it]),
        sources,
        destinations,
        services,
        doubt: doubts.into_iter().flatten().next(),
    }
}

fn texts(list: Option<&Vec<String>>) -> impl Iterator<Item = &str> {
    list.into_iter().flatten().map(String::as_str)
}

/// Addresses and tags as texts; groups of networks, whose members no rule tells, as peers.
fn prefixes<'r>(
    items: Option<&'r [AddressPrefixItem]>,
    reader: &Reader<'_>,
) -> (Vec<&'r str>, Vec<Peer>) {
    let (mut texts, mut groups) = (Vec::new(), Vec::new());
    for item in items.into_iter().flatten() {
        let text = item.address_prefix.as_deref().unwrap_or("").trim();
        let kind = item.address_prefix_type.as_deref().unwrap_or("");
        let is = |known: &str| kind.eq_ignore_ascii_case(known);
        if !text.is_empty() && (kind.is_empty() || is("IPPrefix") || is("ServiceTag")) {
            texts.push(text);
            continue;
        }
        let why = if text.is_empty() {
            "it has no `addressPrefix`".to_owned()
        } else if is("NetworkGroup") {
            "the members of network groups are not in the recording".to_owned()
        } else {
            format!("`{kind}` is not known")
        };
        let unknown = reader.unknown("addressPrefixType", why);
        groups.push(Peer::Unresolved { name: name(text).into(), within: IpSet::full(), unknown });
    }
    (texts, groups)
}

impl Lowering<'_> {
    /// The admin rules of a network; where nobody read them, there may be any.
    pub(super) fn admin_rules_of(
        &mut self,
        router: &Id<Router>,
        around: &Surroundings,
    ) -> Option<Id<Filter>> {
        let label = |origin| Label {
            id: format!("admin rules of {}", name(router.as_str())).into(),
            name: None,
            kind: "security-admin-rules",
            scope: ids::subscription(router.as_str()).unwrap_or_default(),
            origin,
        };
        let of = self.network.routers.get(router)?;
        let filter = match self.recorded.admin_rules.get(router.as_str()) {
            Some(rules) => {
                let origin = rules.first().map_or(&of.label.origin, |(origin, _)| origin).clone();
                admin_filter(rules, label(origin), around, &self.tags)
            }
            None => {
                let why = self.coverage.unread_of_one(Kind::SecurityAdminRules, router.as_str())?;
                let what = "the admin rules of";
                let origin = of.label.origin.clone();
                let gap = not_recorded(what, router.as_str(), why, &origin);
                unread_admin_filter(label(origin), &gap)
            }
        };
        Some(self.keep(&format!("admin rules of {router}"), filter))
    }
}
