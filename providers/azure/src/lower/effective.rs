//! What Azure itself says is effective at an interface, laid beside what was lowered (AZ-76).
//!
//! Two things that a recording says of one interface contradict each other where they differ, as two
//! tellings of one resource do: what they differ about is then not known. What they agree about
//! stays as it was, and what nobody knew before is not learned from Azure's list.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudfw_core::{
    Action, Comparison, Direction, Filter, Group, Id, Interface, IpSet, Match, Origin, Rule,
    RuleList, Unknown,
};
use cloudfw_documents::Element;
use ipnet::IpNet;

use super::Lowering;
use super::ids::{self, key};
use super::recorded::{Effective, EffectiveList};
use super::security_group::STATEFUL;
use super::security_rule::DROP;
use super::surroundings::Surroundings;
use super::table::Object;
use super::wording::{label, unknown};
use crate::raw;

mod routes;
mod rules;

/// What is asked at an interface, as it was lowered.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// What tags mean there.
    pub(super) around: Surroundings,
    /// The group of its subnet, by key, and the filter that it became.
    pub(super) of_subnet: Option<(Arc<str>, Id<Filter>)>,
    /// Its own.
    pub(super) own: Option<(Arc<str>, Id<Filter>)>,
}

/// What is looked up for every list: in an estate of ten thousand interfaces each has one.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The addresses of the members of application security groups.
    members: BTreeMap<Id<Group>, IpSet>,
    /// The addresses of private endpoints.
    endpoints: IpSet,
}

/// What was found by comparing.
#[derive(Debug, Default)]
struct Report {
    /// How many rules or routes of Azure's list were laid beside one that was lowered, or should
    /// have been.
    count: usize,
    differences: Vec<Unknown>,
    /// The flows that differing rules are about.
    ingress: Vec<Match>,
    egress: Vec<Match>,
    /// What differs and is said only.
    notes: Vec<Unknown>,
    /// What Azure keeps for itself.
    kept: Vec<IpNet>,
}

impl Report {
    fn differs(&mut self, what: String, how: &str, origin: &Origin) -> Unknown {
        let difference = unknown(what, format!("Azure itself says otherwise: {how}"), origin);
        self.differences.push(difference.clone());
        difference
    }

    fn doubt_all(&mut self, why: &Unknown) {
        for direction in [Direction::Ingress, Direction::Egress] {
            self.doubt(direction, why, vec![Match::any()]);
        }
    }

    fn doubt(&mut self, direction: Direction, why: &Unknown, flows: Vec<Match>) {
        let doubted = match direction {
            Direction::Ingress => &mut self.ingress,
            Direction::Egress => &mut self.egress,
        };
        let doubt = |flows| Match { doubt: Some(why.clone()), ..flows };
        doubted.extend(flows.into_iter().map(doubt));
    }
}

/// An element with its place in its document.
fn place<T>(list: &Effective<'_>, element: &Element<T>) -> Origin {
    Origin::pointer(&list.origin.document, element.pointer.clone())
}

impl<'a> Lowering<'a> {
    /// Lays every list of effective rules and routes beside what was lowered.
    pub(super) fn compare_effective(&mut self) {
        let recorded = self.recorded;
        if recorded.effective.is_empty() {
            return;
        }
        let known = self.known();
        for effective in &recorded.effective {
            let what = effective.list.name();
            let Some(owner) = effective.interface() else {
                let why = "the document does not tell of which interface they are, so that nothing \
                           is compared with them: `{\"networkInterface\": {\"id\": …}, \"value\": …}` \
                           does";
                self.warn(unknown(what, why, &effective.origin));
                continue;
            };
            let Some(object) = recorded.interfaces.get(&owner) else {
                let what = format!("{what} at `{}`", ids::name(&owner));
                let why = "the interface is not in the recording, so that nothing is compared";
                self.warn(unknown(what, why, &effective.origin));
                continue;
            };
            if effective.is_complete {
                self.compare(object, effective, &known);
            }
        }
    }

    fn known(&self) -> Known {
        let mut members: BTreeMap<Id<Group>, Vec<IpSet>> = BTreeMap::new();
        let mut endpoints = Vec::new();
        for (id, interface) in &self.network.interfaces {
            let own: IpSet = interface.addresses.iter().map(|address| address.ip).collect();
            for group in &interface.groups {
                members.entry(group.clone()).or_default().push(own.clone());
            }
            let recorded = self.recorded.interfaces.get(id.as_str());
            if recorded.is_some_and(|object| object.told().private_endpoint.is_some()) {
                endpoints.push(own);
            }
        }
        let members = members.into_iter().map(|(group, sets)| (group, IpSet::union_of(&sets)));
        Known { members: members.collect(), endpoints: IpSet::union_of(&endpoints) }
    }

    fn compare(
        &mut self,
        object: &Object<'a, raw::NetworkInterface>,
        effective: &'a Effective<'a>,
        known: &Known,
    ) {
        let report = match effective.list {
            EffectiveList::Rules(list) => self.compare_rules(object, effective, list, known),
            EffectiveList::Routes(list) => self.compare_routes(object, effective, list, known),
        };
        let Some(report) = report else { return };
        let id: Id<Interface> = Id::new(Arc::clone(&object.key));
        self.doubt_rules(object, &report);
        let told = report.differences.iter().chain(&report.notes).cloned();
        let remarks = self.network.remarks.entry(object.entry.origin.clone()).or_default();
        remarks.extend(told);
        self.network.comparisons.entry(id).or_default().push(Comparison {
            what: effective.list.name().into(),
            count: report.count,
            differences: report.differences,
            origin: effective.origin.clone(),
        });
    }

    /// A filter before all others that may let pass, or stop, what differing rules are about.
    fn doubt_rules(&mut self, object: &Object<'a, raw::NetworkInterface>, report: &Report) {
        if report.ingress.is_empty() && report.egress.is_empty() {
            return;
        }
        let label = label(object, "network-interface");
        let rule = |id: &str, matches: Match, action| Rule {
            id: id.into(),
            matches,
            action,
            origin: label.origin.clone(),
        };
        let list = |doubted: &[Match]| {
            let either = |matches: &Match| {
                [DROP, Action::AllowAll].map(|action| rule("?", matches.clone(), action))
            };
            let mut rules: Vec<Rule> = doubted.iter().flat_map(either).collect();
            rules.push(rule("", Match::any(), Action::Allow));
            vec![Arc::new(RuleList { label: label.clone(), rules })]
        };
        let filter = Filter {
            tracking: STATEFUL,
            ingress: list(&report.ingress),
            egress: list(&report.egress),
            chains: Default::default(),
            label: label.clone(),
        };
        let id = self.keep(&format!("what Azure contradicts at {}", object.key), filter);
        let interface = self.network.interfaces.get_mut(object.key.as_ref());
        let Some(interface) = interface else { return };
        interface.stack.filters.insert(0, id.clone());
        if let Some(egress) = &mut interface.stack.egress {
            egress.insert(0, id);
        }
    }
}

impl EffectiveList<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Rules(_) => "Azure's effective rules",
            Self::Routes(_) => "Azure's effective routes",
        }
    }
}

impl Effective<'_> {
    /// The key of the interface that the list is of: as the document names it, or as a group does
    /// that hangs at the interface itself.
    fn interface(&self) -> Option<Arc<str>> {
        if let Some(owner) = self.owner {
            return Some(key(owner));
        }
        let EffectiveList::Rules(list) = self.list else { return None };
        let mut at = list.iter().filter_map(|element| {
            let association = element.value.association.as_ref()?;
            association.network_interface.as_ref()?.id.as_deref()
        });
        at.next().map(key)
    }
}
