//! An audit: an estate, what is asked of it, and what several checks need to know.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use cloudfw_core::{Label, Network, Origin, PathGraph, PortSet};

use crate::checks::{one_for_each_cause, stood_in_for, told_with};
use crate::exposure::{Exposure, exposures};
use crate::gaps::{Gap, gaps};
use crate::lists::{Listed, Lists};
use crate::order::Order;
use crate::wording::listed;
use crate::{Check, Effective, Finding, Settings, Source, checks};

/// An estate that is looked at. What several checks need is worked out once, when first asked for.
#[derive(Debug)]
pub struct Audit<'n> {
    graph: &'n PathGraph<'n>,
    sources: &'n [Source<'n>],
    settings: &'n Settings,
    /// The checks that are asked; all where nothing is said.
    asked: Option<Vec<&'static str>>,
    lists: Lists<'n>,
    names_source_ports: OnceLock<bool>,
    exposures: OnceLock<Vec<Exposure<'n>>>,
    gaps: OnceLock<Vec<Gap>>,
    orders: OnceLock<Vec<Order>>,
}

impl<'n> Audit<'n> {
    /// An audit of the network of a graph, with exposure asked from these sources.
    pub fn new(
        graph: &'n PathGraph<'n>,
        sources: &'n [Source<'n>],
        settings: &'n Settings,
    ) -> Self {
        Self {
            graph,
            sources,
            settings,
            asked: None,
            lists: Lists::new(graph.network()),
            names_source_ports: OnceLock::new(),
            exposures: OnceLock::new(),
            gaps: OnceLock::new(),
            orders: OnceLock::new(),
        }
    }

    /// What these checks find, the worst first. Where one would leave a thing to another that is
    /// not among them, it reports it itself.
    pub fn run<'c>(&mut self, checks: impl IntoIterator<Item = &'c Check>) -> Vec<Finding> {
        let checks: Vec<&Check> = checks.into_iter().collect();
        self.asked = Some(checks.iter().map(|check| check.id).collect());
        self.find(checks)
    }

    /// What these checks find beside all others.
    pub(crate) fn find<'c>(&self, checks: impl IntoIterator<Item = &'c Check>) -> Vec<Finding> {
        let findings = checks.into_iter().flat_map(|check| (check.run)(self)).collect();
        let mut findings = one_for_each_cause(findings);
        self.name(&mut findings);
        findings.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
        one_of_each(findings)
    }

    /// What a finding stands in for, of checks that are not accepted: who accepts that an
    /// administrative port is open has not accepted that the same rules open one of data. What says
    /// that every port is open stands in for nothing that it does not say.
    pub fn stood_in_for(
        &self,
        finding: &Finding,
        is_accepted: impl Fn(&str) -> bool,
    ) -> Vec<Finding> {
        let mut found = stood_in_for(self, finding, &is_accepted);
        found.extend(told_with(self, finding, &is_accepted));
        self.name(&mut found);
        found.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
        one_of_each(found)
    }

    /// Whether a check is asked, so that others may leave things to it.
    pub fn asks(&self, check: &str) -> bool {
        self.asked.as_ref().is_none_or(|asked| asked.contains(&check))
    }

    /// An interface without a name goes by that of what it belongs to: people know machines.
    fn name(&self, findings: &mut [Finding]) {
        let network = self.network();
        let names: HashMap<&Origin, &Arc<str>> = network
            .interfaces
            .values()
            .filter(|interface| interface.label.name.is_none())
            .filter_map(|interface| {
                let host = network.hosts.get(interface.host.as_ref()?)?;
                Some((&interface.label.origin, host.label.name.as_ref()?))
            })
            .collect();
        let of_finding = |finding: &mut Finding| {
            let labels = finding.affected.iter_mut().chain([&mut finding.subject]);
            for label in labels.filter(|label| label.name.is_none()) {
                label.name = names.get(&label.origin).map(|name| Arc::clone(name));
            }
        };
        findings.iter_mut().for_each(of_finding);
    }

    /// What all checks find, the worst first.
    pub fn run_all(&mut self) -> Vec<Finding> {
        self.run(checks())
    }

    /// The path graph.
    pub fn graph(&self) -> &'n PathGraph<'n> {
        self.graph
    }

    /// The network.
    pub fn network(&self) -> &'n Network {
        self.graph.network()
    }

    /// From where exposure is asked about; the internet is the first.
    pub fn sources(&self) -> &'n [Source<'n>] {
        self.sources
    }

    /// What the user says is acceptable.
    pub fn settings(&self) -> &'n Settings {
        self.settings
    }

    /// The rule lists, and what asks them.
    pub fn lists(&self) -> &Lists<'n> {
        &self.lists
    }

    /// Whether any rule is about some source ports alone. Those of the usual clients prove nothing
    /// then: whoever wants to get in chooses the port that is let in.
    pub(crate) fn names_source_ports(&self) -> bool {
        *self.names_source_ports.get_or_init(|| {
            let rules = self.lists.iter().flat_map(|listed| &listed.list.rules);
            let ports = rules.map(|rule| rule.matches.services.source_ports());
            ports.into_iter().any(|ports| !ports.is_empty() && ports != PortSet::full())
        })
    }

    /// Open rules and what comes in by them.
    pub fn exposures(&self) -> &[Exposure<'n>] {
        self.exposures.get_or_init(|| exposures(self))
    }

    /// Stateless filters that lose replies of flows that are let through.
    pub fn gaps(&self) -> &[Gap] {
        self.gaps.get_or_init(|| gaps(self))
    }

    /// The rule lists, with which of their rules others make meaningless.
    pub fn orders(&self) -> impl Iterator<Item = (&Listed<'n>, &Order)> {
        let all = || self.lists.iter().map(|listed| Order::of(self.network(), listed)).collect();
        self.lists.iter().zip(self.orders.get_or_init(all))
    }
}

/// Joins findings of one fingerprint to the worst of them: that is what is kept of them from one
/// audit to the next. What it affects is what its own effect is proved of: a list that stands in
/// several networks lets in at one interface and is blocked at another.
fn one_of_each(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut elsewhere: Vec<Elsewhere> = Vec::new();
    for mut finding in findings {
        let place = *known.entry(finding.fingerprint()).or_insert(kept.len());
        let Some(worst) = kept.get_mut(place) else {
            kept.push(finding);
            elsewhere.push(Elsewhere::default());
            continue;
        };
        if rank(&finding) > rank(worst) {
            let severity = worst.severity.max(finding.severity);
            std::mem::swap(worst, &mut finding);
            worst.severity = severity;
        }
        let is_same = worst.effect.is_none() || rank(&finding) == rank(worst);
        match elsewhere.get_mut(place).filter(|_| !is_same) {
            Some(others) => others.take(&mut finding),
            None => {
                if worst.message != finding.message {
                    add_new(&mut worst.notes, vec![format!("And {}.", finding.message)]);
                }
                worst.services = worst.services.union(&finding.services);
            }
        }
        worst.controls.extend(&finding.controls);
        add_new(&mut worst.rules, finding.rules);
        add_new(&mut worst.affected, finding.affected);
        add_new(&mut worst.notes, finding.notes);
        add_new(&mut worst.unknowns, finding.unknowns);
    }
    for (finding, others) in kept.iter_mut().zip(elsewhere) {
        others.tell(finding);
    }
    kept
}

/// Effects by how bad they are; the others' findings have none.
fn rank(finding: &Finding) -> u8 {
    match finding.effect.as_ref().map(|effect| &effect.effective) {
        None => 0,
        Some(Effective::Unattached) => 1,
        Some(Effective::Blocked(_)) => 2,
        Some(Effective::Unknown) => 3,
        Some(Effective::Exposed) => 4,
    }
}

/// What the cause of a finding would affect, and is not proved to.
#[derive(Default)]
struct Elsewhere {
    unknown: Vec<Label>,
    blocked: Vec<Label>,
}

impl Elsewhere {
    /// Takes what another finding of the cause, of lesser effect, is about.
    fn take(&mut self, other: &mut Finding) {
        let to = if other.is_unknown() { &mut self.unknown } else { &mut self.blocked };
        add_new(to, std::mem::take(&mut other.affected));
    }

    fn tell(self, finding: &mut Finding) {
        let left = |labels: Vec<Label>| -> Vec<Label> {
            labels.into_iter().filter(|label| !finding.affected.contains(label)).collect()
        };
        let (unknown, mut blocked) = (left(self.unknown), left(self.blocked));
        blocked.retain(|label| !unknown.contains(label));
        if !unknown.is_empty() {
            let names = listed(&unknown);
            let note = format!("It is not known whether anything gets in at {names}.");
            add_new(&mut finding.notes, vec![note]);
        }
        if !blocked.is_empty() {
            let (many, names) = (blocked.len(), listed(&blocked));
            add_new(&mut finding.notes, vec![format!("Nothing gets in at {many} more: {names}.")]);
        }
    }
}

fn add_new<T: PartialEq>(to: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !to.contains(&one) {
            to.push(one);
        }
    }
}

#[cfg(test)]
mod tests;
