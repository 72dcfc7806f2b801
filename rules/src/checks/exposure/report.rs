//! From an exposure to a finding: which check reports it, how bad it is, and what is told of it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use cloudfw_core::{Id, Interface, Label, PortSet, Protocol, ServiceSet};

use super::words;
use crate::exposure::{At, Breadth, Exposure};
use crate::ports::{self, Category};
use crate::{Audit, Check, Effect, Effective, Finding, Settings, Severity};

/// What an exposure is reported as, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Every port.
    Everything,
    /// The worst service that is open.
    Of(Category),
    /// To single addresses or a small range, whatever is open.
    Small,
}

/// The exposures of a kind, as findings of a check. An exposure of several kinds is reported by the
/// worst, of those that are asked about.
pub(super) fn findings(audit: &Audit<'_>, check: &Check, kind: Kind) -> Vec<Finding> {
    let is_asked = |kind| audit.asks(check_of(kind).id);
    let told = audit.exposures().iter().filter_map(|exposure| {
        let (worst, exposure) = told_as(audit, exposure, is_asked)?;
        (worst == kind).then(|| finding(audit, check, kind, &exposure))
    });
    told.collect()
}

/// What a finding of these checks stands in for: what others would find of the same rules if the
/// check were not asked. Checks that are accepted are left out, and so is everything where the
/// finding says itself that every port is open.
pub(crate) fn stood_in_for(
    audit: &Audit<'_>,
    of: &Finding,
    is_accepted: impl Fn(&str) -> bool,
) -> Vec<Finding> {
    let is_of_it = |exposure: &&Exposure<'_>| {
        *exposure.subject == of.subject
            && Some(&*exposure.source) == of.source.as_deref()
            && exposure.cites().iter().all(|rule| of.rules.contains(rule))
    };
    let told = audit.exposures().iter().filter(is_of_it).filter_map(|exposure| {
        let kinds = kinds(exposure, audit.settings());
        let own = kinds.into_iter().find(|kind| check_of(*kind).id == of.check)?;
        let left = |kind| {
            let check = check_of(kind).id;
            kind > own && audit.asks(check) && !is_accepted(check)
        };
        if own == Kind::Everything {
            return None;
        }
        let (kind, exposure) = told_as(audit, exposure, left)?;
        Some(finding(audit, check_of(kind), kind, &exposure))
    });
    told.collect()
}

/// The worst kind of those that are asked about, and what of an exposure is about such.
fn told_as<'e, 'n>(
    audit: &Audit<'n>,
    exposure: &'e Exposure<'n>,
    is_asked: impl Fn(Kind) -> bool,
) -> Option<(Kind, Cow<'e, Exposure<'n>>)> {
    let settings = audit.settings();
    let kinds = kinds(exposure, settings);
    let worst = *kinds.iter().find(|kind| is_asked(**kind))?;
    if kinds.first() == Some(&worst) {
        return Some((worst, Cow::Borrowed(exposure)));
    }
    let asked = kinds.into_iter().filter(|kind| is_asked(*kind));
    let services: Vec<ServiceSet> = asked.map(|kind| services(kind, settings)).collect();
    let narrowed = exposure.narrowed(audit, &ServiceSet::union_of(&services));
    Some((worst, Cow::Owned(narrowed)))
}

/// The check that reports a kind.
fn check_of(kind: Kind) -> &'static Check {
    match kind {
        Kind::Everything => &super::exposed_all_ports::CHECK,
        Kind::Of(Category::Admin) => &super::exposed_admin_port::CHECK,
        Kind::Of(Category::Data) => &super::exposed_data_port::CHECK,
        Kind::Of(Category::HighRisk) => &super::exposed_high_risk_port::CHECK,
        Kind::Of(Category::Unlisted) => &super::exposed_unlisted_port::CHECK,
        Kind::Of(Category::Web) => &super::exposed_web_port::CHECK,
        Kind::Of(Category::Icmp) => &super::exposed_icmp::CHECK,
        Kind::Small => &super::single_public_source::CHECK,
    }
}

/// The services that a kind is about.
fn services(kind: Kind, settings: &Settings) -> ServiceSet {
    match kind {
        Kind::Of(category) => ports::services_of(category, settings),
        Kind::Everything | Kind::Small => ServiceSet::full(),
    }
}

/// What is open: what is written, and where nothing is written what gets in.
fn open(exposure: &Exposure<'_>) -> ServiceSet {
    if exposure.list.is_some() {
        return exposure.literal.clone();
    }
    exposure.exposed().union(&exposure.possibly())
}

/// What an exposure is, the worst first.
fn kinds(exposure: &Exposure<'_>, settings: &Settings) -> Vec<Kind> {
    let open = open(exposure);
    if exposure.breadth < Breadth::Wide {
        return vec![Kind::Small];
    }
    let everything = ports::is_everything(&open).then_some(Kind::Everything);
    let categories = ports::categories(&open, settings).into_iter().map(Kind::Of);
    everything.into_iter().chain(categories).collect()
}

fn finding(audit: &Audit<'_>, check: &Check, kind: Kind, exposure: &Exposure<'_>) -> Finding {
    let effective = exposure.effective();
    let severity = severity(exposure, &effective, kind, audit.settings());
    let message = words::message(audit, exposure, &effective);
    let advice = words::advice(audit, exposure, &effective, kind);
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
    if exposure.breadth == Breadth::Few {
        // Nothing can come of single addresses that do not even get in.
        let gets_in = matches!(effective, Effective::Exposed | Effective::Unknown);
        return if gets_in { Severity::Low } else { Severity::Info };
    }
    let further = |severity| if exposure.is_internet { severity } else { lower(severity) };
    let worst = |services: &ServiceSet| scaled(services, exposure.breadth, settings);
    let possible = further(worst(&exposure.possibly()).min(Severity::Medium));
    let proved = |at: &At<'_>| {
        let lesser = at.lesser.iter().map(|(breadth, own)| scaled(own, *breadth, settings));
        lesser.fold(worst(&at.in_full()), Severity::max)
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

/// How bad it is by how much of the source gets in: a wide range is a step lower than all of it, a
/// smaller one another step, and single addresses are low.
fn scaled(services: &ServiceSet, breadth: Breadth, settings: &Settings) -> Severity {
    let severity = ports::severity(services, settings);
    match breadth {
        Breadth::Whole => severity,
        Breadth::Wide => lower(severity),
        Breadth::Narrow => lower(lower(severity)),
        Breadth::Few => severity.min(Severity::Low),
    }
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
    if exposure.breadth < Breadth::Wide {
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
