//! Whether the kernel did what cloudfw said.

use std::fmt;

use cloudfw_core::{Direction, Leg, Reason, Symptom, Verdict};

use super::observe::{Compiler, Seen};
use super::predict::{Predicted, Stop};
use super::question::Question;
use crate::kernel::plan::{Cause, Site};
use crate::kernel::probe::Outcome;

/// A question that cloudfw and the kernel answer differently.
#[derive(Clone, Debug)]
pub struct Disagreement {
    /// The scenario's seed.
    pub seed: u64,
    /// How the namespaces were made.
    pub compiler: Compiler,
    /// The question.
    pub question: Question,
    /// What cloudfw said.
    pub predicted: Predicted,
    /// What the kernel did.
    pub seen: Seen,
    /// What of the two differs.
    pub what: Difference,
}

impl Disagreement {
    /// What disagreements of one cause have in common.
    #[must_use]
    pub fn signature(&self) -> String {
        let stop = |reason: &dyn fmt::Debug, leg: Leg, direction: Option<Direction>| {
            format!("{reason:?} {leg:?} {direction:?}")
        };
        let first = self.predicted.first.as_ref();
        let said = first.map(|it| stop(&(it.reason, &it.kind), it.leg, it.direction));
        let site = self.seen.dropped.first();
        let done = site.map(|(site, leg)| stop(&site.cause, *leg, site.direction));
        format!("{} {said:?} {:?} {done:?}", self.what, self.seen.outcome)
    }
}

/// What differs, the weightiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// cloudfw does not know.
    Unknown,
    /// The verdict.
    Verdict,
    /// What the client sees.
    Symptom,
    /// The leg that is stopped.
    Leg,
    /// Why it is stopped: the layer.
    Layer,
    /// Where.
    Place,
    /// Which way the packet was going.
    Direction,
    /// The list, or the rule.
    Rule,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "cloudfw does not know",
            Self::Verdict => "verdict",
            Self::Symptom => "symptom",
            Self::Leg => "leg",
            Self::Layer => "layer",
            Self::Place => "place",
            Self::Direction => "direction",
            Self::Rule => "rule",
        })
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, compiler, question, predicted, seen, what } = self;
        writeln!(f, "seed {seed}, by the {compiler}: {question}\n  differs in: {what}")?;
        writeln!(f, "  cloudfw: {predicted}")?;
        write!(f, "  kernel:  {seen}")
    }
}

/// What differs, if anything does.
#[must_use]
pub fn compare(predicted: &Predicted, seen: &Seen) -> Option<Difference> {
    let passes = match predicted.verdict {
        Verdict::Reachable => true,
        Verdict::Unreachable => false,
        // One port of one client passes or does not.
        Verdict::Intermittent | Verdict::Unknown | Verdict::Partial => {
            return Some(Difference::Unknown);
        }
    };
    if passes != (seen.outcome == Outcome::Connected) {
        return Some(Difference::Verdict);
    }
    if !is_symptom(predicted.symptom, seen.outcome) {
        return Some(Difference::Symptom);
    }
    match &predicted.first {
        Some(first) if !passes => compare_stop(first, seen),
        None if !passes => Some(Difference::Layer),
        _ => None,
    }
}

fn is_symptom(symptom: Symptom, outcome: Outcome) -> bool {
    match symptom {
        Symptom::Connects => outcome == Outcome::Connected,
        Symptom::TimesOut => outcome == Outcome::TimedOut,
        Symptom::ConnectionRefused => outcome == Outcome::Refused,
        Symptom::NoRouteToHost => outcome == Outcome::NoRouteToHost,
        Symptom::PermissionDenied => outcome == Outcome::PermissionDenied,
        Symptom::SomeTimeOut | Symptom::DataHangs | Symptom::Unknown => false,
    }
}

fn compare_stop(first: &Stop, seen: &Seen) -> Option<Difference> {
    let there = seen.dropped.iter().find(|(_, leg)| *leg == Leg::Forward);
    let Some((site, leg)) = there.or_else(|| seen.dropped.first()) else {
        return Some(Difference::Layer);
    };
    // A packet that is sent again ends where the first one did.
    if seen.dropped.iter().any(|(other, at)| at == leg && other != site) {
        return Some(Difference::Place);
    }
    if *leg != first.leg {
        return Some(Difference::Leg);
    }
    if !is_cause(first, site.cause) {
        return Some(Difference::Layer);
    }
    // Where no rule decides, cloudfw names the filter instead of its place. An address that
    // several have is a place with all their names.
    let is_there = site.at.split(' ').any(|at| at == first.at);
    if !is_there && site.cause != Cause::NoState {
        return Some(Difference::Place);
    }
    compare_rule(first, site)
}

fn compare_rule(first: &Stop, site: &Site) -> Option<Difference> {
    match site.cause {
        Cause::Stateless | Cause::Stateful if site.direction != first.direction => {
            Some(Difference::Direction)
        }
        Cause::Stateless if site.list != first.list || site.rule != first.rule => {
            Some(Difference::Rule)
        }
        // `10.0.0.0/16 -> local`: the prefix comes first, or the list that it is from.
        Cause::Blackhole if !first.rule.starts_with("pl-") => {
            let same = first.rule.split(' ').next() == Some(site.rule.as_str());
            (!same).then_some(Difference::Rule)
        }
        _ => None,
    }
}

fn is_cause(first: &Stop, cause: Cause) -> bool {
    match first.reason {
        Reason::Rule if first.kind == "network-acl" => cause == Cause::Stateless,
        Reason::Rule => cause == Cause::Stateful,
        Reason::NoState => cause == Cause::NoState,
        Reason::NoRoute => cause == Cause::NoRoute,
        Reason::Blackhole => cause == Cause::Blackhole,
        Reason::GatewayClosed => cause == Cause::Closed,
        Reason::NotCarried => cause == Cause::NotCarried,
        Reason::OutwardOnly => cause == Cause::OutwardOnly,
        Reason::NoPublicAddress => cause == Cause::NoPublicAddress,
        Reason::NoGateway => cause == Cause::NoGateway,
        Reason::NoTranslation => cause == Cause::NoTranslation,
        Reason::NotTransitive => cause == Cause::NotTransitive,
        Reason::SourceDestinationCheck => cause == Cause::SourceDestinationCheck,
        Reason::NotAnEndpoint => cause == Cause::NotAnEndpoint,
        Reason::Unheld => cause == Cause::Unheld,
        Reason::Down => cause == Cause::Down,
        _ => false,
    }
}
