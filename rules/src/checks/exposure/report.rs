//! From an exposure to a finding: which check reports it, how bad it is, and what is told of it.

use std::collections::BTreeSet;

use cloudfw_core::{Id, Interface, Label, PortSet, Protocol, ServiceSet};

use super::words;
use crate::exposure::{At, Breadth, Exposure};
use crate::ports::{self, Category};
use crate::{Audit, Check, Effect, Effective, Finding, Settings, Severity};

/// What an exposure is reported as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Every port.
    Everything,
    /// The worst service that is open.
    Of(Category),
    /// To single addresses, whatever is open.
    Singles,
}

/// The exposures of a kind, as findings of a check.
pub(super) fn findings(audit: &Audit<'_>, check: &Check, kind: Kind) -> Vec<Finding> {
    let exposures = audit.exposures().iter();
    let exposures = exposures.filter(|exposure| kind_of(exposure, audit.settings()) == Some(kind));
    exposures.map(|exposure| finding(audit, check, kind, exposure)).collect()
}

/// What is open: what is written, and where nothing is written what gets in.
fn open(exposure: &Exposure<'_>) -> ServiceSet {
    if exposure.list.is_some() {
        return exposure.literal.clone();
    }
    exposure.exposed().union(&exposure.possibly())
}

fn kind_of(exposure: &Exposure<'_>, settings: &Settings) -> Option<Kind> {
    let open = open(exposure);
    if exposure.breadth == Breadth::Few {
        return Some(Kind::Singles);
    }
    if ports::is_everything(&open) {
        return Some(Kind::Everything);
    }
    ports::categories(&open, settings).into_iter().next().map(Kind::Of)
}

fn finding(audit: &Audit<'_>, check: &Check, kind: Kind, exposure: &Exposure<'_>) -> Finding {
    let effective = exposure.effective();
    let severity = severity(exposure, &effective, kind, audit.settings());
    let message = words::message(audit, exposure, &effective);
    let advice = words::advice(exposure, &effective, kind);
    let mut finding = Finding::new(check.id, severity, exposure.subject.clone(), message, advice);
    finding.source = Some(exposure.source.clone());
    finding.rules = exposure.cites();
    finding.services = match &effective {
        Effective::Exposed => exposure.exposed(),
        Effective::Unknown => exposure.possibly(),
        _ => exposure.literal.clone(),
    };
    finding.affected = labels(audit, affected(exposure, &effective));
    finding.notes = words::notes(audit, exposure, &effective);
    finding.controls = controls(exposure, audit.settings());
    finding.question.clone_from(&exposure.proof.question);
    finding.trace.clone_from(&exposure.proof.trace);
    finding.witness = exposure.proof.witness;
    finding.unknowns.clone_from(&exposure.proof.unknowns);
    finding.effect =
        Some(Effect { effective, literal: exposure.list.is_some() && exposure.certain });
    finding
}

/// The interfaces that the effect is about.
fn affected<'e>(
    exposure: &'e Exposure<'_>,
    effective: &Effective,
) -> impl Iterator<Item = &'e Id<Interface>> {
    let counts = match effective {
        Effective::Exposed => At::is_exposed,
        Effective::Unknown => |at: &At<'_>| !at.possibly.is_empty(),
        _ => |_: &At<'_>| true,
    };
    exposure.at.iter().filter(move |at| counts(at)).map(|at| at.interface)
}

/// What interfaces are called, in the order of their ids.
pub(super) fn labels<'i>(
    audit: &Audit<'_>,
    interfaces: impl Iterator<Item = &'i Id<Interface>>,
) -> Vec<Label> {
    let known = interfaces.filter_map(|id| audit.network().interfaces.get(id));
    known.map(|interface| interface.label.clone()).collect()
}

/// How bad it is: by what is proved to get in.
fn severity(
    exposure: &Exposure<'_>,
    effective: &Effective,
    kind: Kind,
    settings: &Settings,
) -> Severity {
    if kind == Kind::Singles {
        // Nothing can come of single addresses that do not even get in.
        let gets_in = matches!(effective, Effective::Exposed | Effective::Unknown);
        return if gets_in { Severity::Low } else { Severity::Info };
    }
    let further = |severity| if exposure.is_internet { severity } else { lower(severity) };
    let worst = |services: &ServiceSet| {
        let severity = ports::severity(services, settings);
        if exposure.breadth < Breadth::Whole { lower(severity) } else { severity }
    };
    let possible = further(worst(&exposure.possibly()).min(Severity::Medium));
    let proved = |at: &At<'_>| {
        let range = lower(ports::severity(&at.to_a_range, settings));
        let few = ports::severity(&at.to_a_few, settings).min(Severity::Low);
        worst(&at.in_full()).max(range).max(few)
    };
    let severity = match effective {
        Effective::Exposed => {
            let proved = exposure.at.iter().map(proved).max().unwrap_or(Severity::Info);
            further(proved).max(possible)
        }
        Effective::Unknown => possible,
        Effective::Blocked(_) | Effective::Unattached => {
            return worst(&exposure.literal).min(Severity::Low);
        }
    };
    // Where more is open than gets in, the rule is a weakness even so.
    if kind == Kind::Of(Category::Web) { severity } else { severity.max(Severity::Low) }
}

/// One step lower; what is low stays so.
fn lower(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low => Severity::Low,
        Severity::Info => Severity::Info,
    }
}

fn controls(exposure: &Exposure<'_>, settings: &Settings) -> BTreeSet<&'static str> {
    if exposure.breadth == Breadth::Few {
        return BTreeSet::from(["CFW-EXP-030"]);
    }
    let open = open(exposure);
    let mut controls = ports::controls(&open, settings);
    let remote = ServiceSet::tcp(PortSet::from_ranges([(22, 22), (3389, 3389)]));
    let remote = remote.difference(&ports::authorised(settings));
    if !exposure.addresses.v6().is_empty() && open.intersects(&remote) {
        controls.insert("CFW-EXP-027");
    }
    if exposure.breadth == Breadth::Wide || exposure.only_together {
        controls.insert("CFW-EXP-028");
    }
    if !exposure.via.is_empty() || !exposure.certain {
        controls.insert("CFW-EXP-029");
    }
    controls
}

/// What of some services is neither authorised nor ICMP.
pub(super) fn unauthorised(services: &ServiceSet, settings: &Settings) -> ServiceSet {
    let icmp = ServiceSet::all_of(Protocol::ICMP).union(&ServiceSet::all_of(Protocol::ICMPV6));
    services.difference(&ports::authorised(settings)).difference(&icmp)
}
