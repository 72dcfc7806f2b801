//! What is said of a rule that others overlap.

use cloudfw_core::{Label, Rule, RuleCite};

use crate::lists::Listed;
use crate::order::{Kind, Order, Overlap};
use crate::reading::denies;
use crate::{Audit, Check, Effect, Effective, Finding, Severity};

/// A rule that others overlap.
pub(super) struct Overlapped<'o, 'n> {
    pub(super) listed: &'o Listed<'n>,
    pub(super) overlap: &'o Overlap,
    pub(super) place: usize,
    pub(super) rule: &'o Rule,
}

/// The rules of all lists of which one of these is said.
pub(super) fn overlapped<'o, 'n>(
    audit: &'o Audit<'n>,
    kinds: &'o [Kind],
) -> impl Iterator<Item = Overlapped<'o, 'n>> {
    audit.orders().flat_map(move |(listed, order)| {
        let of = order.overlaps.iter().filter(|(_, overlap)| kinds.contains(&overlap.kind));
        of.filter_map(move |(place, overlap)| {
            let rule = listed.list.rules.get(*place)?;
            Some(Overlapped { listed, overlap, place: *place, rule })
        })
    })
}

impl Overlapped<'_, '_> {
    /// A finding of it; where nothing asks the list, it is worth no more than knowing.
    pub(super) fn finding(
        &self,
        check: &Check,
        severity: Severity,
        message: String,
        advice: String,
    ) -> Finding {
        let severity = if self.listed.is_unattached() { Severity::Info } else { severity };
        let subject = self.listed.label().clone();
        let mut finding = Finding::new(check.id, severity, subject, message, advice);
        let places = [self.place].into_iter().chain(self.overlap.by.iter().copied());
        finding.rules = cites(self.listed, places);
        finding.services = self.rule.matches.services.clone();
        finding.controls = controls(check, self.listed);
        finding
    }

    /// The list and the rule: `network ACL acl-1: ingress rule 110 (allow tcp 443)`.
    pub(super) fn named(&self) -> String {
        let Overlapped { listed, rule, .. } = self;
        let (label, direction) = (listed.label(), listed.direction);
        if ["", "?"].contains(&&*rule.id) {
            format!("{label}: the {direction} rule `{rule}`")
        } else {
            format!("{label}: {direction} rule {} (`{}`)", rule.id, said(rule))
        }
    }

    /// `rule 100`, `rules 100, 110 and 2 more`; what they say where they have no numbers.
    pub(super) fn others(&self) -> String {
        let rules = self.overlap.by.iter().filter_map(|place| self.listed.list.rules.get(*place));
        in_words(rules)
    }

    /// Where the rule has to go to act before the others.
    pub(super) fn before_others(&self) -> String {
        let mut others = self.overlap.by.iter().filter_map(|at| self.listed.list.rules.get(*at));
        let others_now = self.others();
        if others.any(|rule| matches!(rule.id.parse(), Ok(0 | 1))) {
            let needs = self.they("which needs a higher number", "which need higher numbers");
            return format!("before {others_now}, {needs} for that: none is free before the first");
        }
        format!("before {others_now}")
    }

    /// The form of a verb that fits [`Overlapped::others`].
    pub(super) fn they(&self, one: &'static str, many: &'static str) -> &'static str {
        if self.overlap.by.len() == 1 { one } else { many }
    }

    /// Whether it denies.
    pub(super) fn denies(&self) -> bool {
        denies(self.rule)
    }
}

/// Rules, as many as can be read: `rule 100`, `rules 100, 110 and 2 more`.
pub(super) fn in_words<'r>(rules: impl Iterator<Item = &'r Rule>) -> String {
    const MOST_NAMED: usize = 4;
    let name = |rule: &Rule| match ["", "?"].contains(&&*rule.id) {
        true => format!("`{rule}`"),
        false => rule.id.to_string(),
    };
    let names: Vec<String> = rules.map(name).collect();
    let more = names.len().saturating_sub(MOST_NAMED);
    let named: Vec<&str> = names.iter().take(MOST_NAMED).map(String::as_str).collect();
    let word = if names.len() == 1 { "rule" } else { "rules" };
    match more {
        0 => format!("{word} {}", named.join(", ")),
        more => format!("{word} {} and {more} more", named.join(", ")),
    }
}

/// What a rule says, without its number.
fn said(rule: &Rule) -> String {
    let text = rule.to_string();
    let id = format!("{} ", rule.id);
    text.strip_prefix(&id).map_or(text.clone(), str::to_owned)
}

/// The rules at some places of a list, cited.
pub(super) fn cites(listed: &Listed<'_>, places: impl IntoIterator<Item = usize>) -> Vec<RuleCite> {
    let rules = places.into_iter().filter_map(|place| listed.list.rules.get(place));
    rules.map(|rule| RuleCite::of_rule(listed.list, listed.direction, rule)).collect()
}

/// Of the controls of a check those that are about such a list: ACLs have controls of their own.
fn controls(check: &Check, listed: &Listed<'_>) -> std::collections::BTreeSet<&'static str> {
    let of_acls = |control: &&'static str| control.starts_with("CFW-NACL");
    check.controls.iter().copied().filter(|it| of_acls(it) == listed.is_stateless()).collect()
}

/// What is to be told of lists that are too long to be decided.
pub(super) fn undecided(check: &Check, audit: &Audit<'_>) -> Vec<Finding> {
    let told = |(listed, order): (&Listed<'_>, &Order)| {
        let unknown = order.undecided.clone()?;
        let label: Label = listed.label().clone();
        let message = format!("{label}: {unknown}");
        let advice =
            format!("Split {label} or join rules that say the same, and look at it again.");
        let mut finding = Finding::new(check.id, Severity::Low, label, message, advice);
        finding.effect = Some(Effect { effective: Effective::Unknown, literal: false });
        finding.unknowns = vec![unknown];
        finding.controls = controls(check, listed);
        Some(finding)
    };
    audit.orders().filter_map(told).collect()
}

/// The subnets and interfaces that ask a list.
pub(super) fn asked_by(audit: &Audit<'_>, listed: &Listed<'_>) -> Vec<Label> {
    let network = audit.network();
    let subnets = listed.subnets.iter().filter_map(|id| network.subnets.get(*id));
    let interfaces = listed.interfaces.iter().filter_map(|id| network.interfaces.get(*id));
    let gateways = listed.gateways.iter().filter_map(|id| network.gateways.get(*id));
    subnets
        .map(|subnet| subnet.label.clone())
        .chain(interfaces.map(|interface| interface.label.clone()))
        .chain(gateways.map(|gateway| gateway.label.clone()))
        .collect()
}
