//! Whether the kernel did what cloudfw said.

use std::collections::BTreeSet;
use std::fmt;

use cloudfw_core::{Direction, Leg, Reason, Symptom, Verdict};

use super::observe::{Compiler, Seen};
use super::predict::{Pass, Predicted, Stop};
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
    /// A rule that let packets pass.
    Passed,
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
            Self::Passed => "a rule that lets pass",
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
pub fn compare(question: &Question, predicted: &Predicted, seen: &Seen) -> Option<Difference> {
    let passes = match predicted.verdict {
        Verdict::Reachable => true,
        Verdict::Unreachable => false,
        // One port of one client passes or does not.
        Verdict::Intermittent | Verdict::Unknown | Verdict::Partial => {
            return Some(Difference::Unknown);
        }
    };
    let outcome = answered(question, seen);
    if passes != (outcome == Outcome::Connected) {
        return Some(Difference::Verdict);
    }
    if !is_symptom(predicted.symptom, outcome) {
        return Some(Difference::Symptom);
    }
    let stopped = match &predicted.first {
        Some(first) if !passes => compare_stop(first, seen),
        None if !passes => Some(Difference::Layer),
        _ => None,
    };
    stopped.or_else(|| compare_passes(predicted, seen))
}

/// What the client saw, had somebody listened: where nobody does, the host's own refusal tells that
/// packets come there and back.
fn answered(question: &Question, seen: &Seen) -> Outcome {
    match seen.outcome {
        Outcome::Refused if question.closed && seen.dropped.is_empty() => Outcome::Connected,
        // Whoever answers there is none that was asked.
        Outcome::Connected if question.closed => Outcome::Other(0),
        outcome => outcome,
    }
}

/// The rules that let packets pass until they arrived, or were stopped: neither more nor fewer.
fn compare_passes(predicted: &Predicted, seen: &Seen) -> Option<Difference> {
    let stopped_there = predicted.first.as_ref().is_some_and(|first| first.leg == Leg::Forward);
    let same = same_passes(&predicted.passes, &seen.passed, stopped_there);
    (!same).then_some(Difference::Passed)
}

/// Whether every pass is in both. Of what is stopped on its way there, what comes back is the
/// answer of who stopped it.
fn same_passes(said: &BTreeSet<Pass>, done: &[(Site, Leg)], stopped_there: bool) -> bool {
    let counts = |leg: Leg| leg == Leg::Forward || !stopped_there;
    let mut done = done.iter().filter(|(_, leg)| counts(*leg));
    let is_done = |pass: &Pass| done.clone().any(|(site, leg)| is_pass(pass, site, *leg));
    let all_done = said.iter().all(is_done);
    all_done && done.all(|(site, leg)| said.iter().any(|pass| is_pass(pass, site, *leg)))
}

/// Rules of groups have no names in the documents: there, the group is all that is told.
fn is_pass(pass: &Pass, site: &Site, leg: Leg) -> bool {
    pass.leg == leg
        && pass.at == site.at
        && Some(pass.direction) == site.direction
        && pass.list == site.list
        && (site.rule.is_empty() || pass.rule == site.rule)
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
    // An address that several have is a place with all their names.
    if site.at != first.at && !site.at.split(' ').any(|at| at == first.at) {
        return Some(Difference::Place);
    }
    compare_rule(first, site)
}

fn compare_rule(first: &Stop, site: &Site) -> Option<Difference> {
    // Of groups no rule stops a packet, but that none lets it pass.
    let rule = if first.rule == "*" { "" } else { first.rule.as_str() };
    match site.cause {
        Cause::Stateless | Cause::Stateful if site.direction != first.direction => {
            Some(Difference::Direction)
        }
        Cause::Stateless if site.list != first.list || site.rule != first.rule => {
            Some(Difference::Rule)
        }
        // Of merged groups no site tells which it is.
        Cause::Stateful if !site.list.is_empty() && site.list != first.list => {
            Some(Difference::Rule)
        }
        Cause::Stateful => (site.rule != rule).then_some(Difference::Rule),
        Cause::Blackhole => (!first.prefixes.contains(&site.rule)).then_some(Difference::Rule),
        _ => None,
    }
}

fn is_cause(first: &Stop, cause: Cause) -> bool {
    match first.reason {
        Reason::Rule if first.kind == "network-acl" => cause == Cause::Stateless,
        Reason::Rule => cause == Cause::Stateful,
        Reason::NoState => cause == Cause::NoState,
        Reason::NoRoute => cause == Cause::NoRoute,
        Reason::Blackhole | Reason::Discarded => cause == Cause::Blackhole,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(list: &str, rule: &str) -> Pass {
        Pass {
            leg: Leg::Forward,
            at: "eni-1".to_owned(),
            direction: Direction::Ingress,
            list: list.to_owned(),
            rule: rule.to_owned(),
        }
    }

    fn site(list: &str, rule: &str) -> Site {
        Site {
            cause: Cause::Stateful,
            at: "eni-1".to_owned(),
            list: list.to_owned(),
            direction: Some(Direction::Ingress),
            rule: rule.to_owned(),
        }
    }

    fn differs(said: &[(&str, &str)], done: &[(&str, &str)], leg: Leg) -> bool {
        let said: BTreeSet<Pass> = said.iter().map(|(list, rule)| pass(list, rule)).collect();
        let done: Vec<(Site, Leg)> =
            done.iter().map(|(list, rule)| (site(list, rule), leg)).collect();
        !same_passes(&said, &done, false)
    }

    #[test]
    fn another_rule_that_lets_pass_is_a_difference() {
        let said = [("sg-a", "allow tcp 22")];
        assert!(!differs(&said, &[("sg-a", "allow tcp 22")], Leg::Forward));
        // Documents give the rules of groups no name.
        assert!(!differs(&said, &[("sg-a", "")], Leg::Forward));
        assert!(differs(&said, &[("sg-a", "allow any")], Leg::Forward));
        assert!(differs(&said, &[("sg-b", "")], Leg::Forward));
        assert!(differs(&said, &[("sg-a", "allow tcp 22")], Leg::Return));
        assert!(differs(&said, &[], Leg::Forward));
        assert!(differs(&[], &[("sg-a", "")], Leg::Forward));
    }
}
