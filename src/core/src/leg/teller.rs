//! Writes down what happens on a leg.

use std::sync::Arc;

use super::{Current, Ends, Log};
use crate::evaluate::{Decider, Hit, Outcome, Phase, Sight, evaluate_stack};
use crate::path::{Cited, Crossing, Path};
use crate::{
    Decision, Denial, Direction, Filter, HeaderSpace, Identity, IpSet, Label, Leg, Origin,
    PathGraph, Place, PlatformService, Reason, RuleCite, ServiceSet, Stack, StateSet, Step,
    Unknown,
};

/// The steps of a leg, as they happen.
pub(super) struct Teller<'t, 'n> {
    graph: &'t PathGraph<'n>,
    path: &'t Path<'n>,
    leg: Leg,
    log: &'t mut Log,
    /// Whether an obstacle lies behind: what follows is what else would stop the flow.
    stopped: bool,
}

impl<'t, 'n> Teller<'t, 'n> {
    pub(super) fn new(
        graph: &'t PathGraph<'n>,
        path: &'t Path<'n>,
        leg: Leg,
        log: &'t mut Log,
    ) -> Self {
        Self { graph, path, leg, log, stopped: false }
    }

    pub(super) fn sight<'s>(
        &self,
        ends: &Ends<'s>,
        here: Identity,
        near: Option<Direction>,
    ) -> Sight<'s> {
        let state = match self.leg {
            Leg::Forward => StateSet::NEW,
            Leg::Return => StateSet::ESTABLISHED,
        };
        super::sight(self.path, ends, (here, near), state)
    }

    /// Asks the filters of a stack; `None` where one of them is not known.
    #[expect(
        clippy::too_many_arguments,
        reason = "the fields of one crossing, and what crosses it"
    )]
    pub(super) fn filters(
        &mut self,
        at: &'n Label,
        stack: &'n Stack,
        direction: Direction,
        certain: bool,
        asked: &HeaderSpace,
        sight: &Sight<'_>,
        phase: Phase,
    ) -> Option<Outcome<'n>> {
        let filters = match self.graph.filters(stack, direction) {
            Ok(filters) => filters,
            Err(id) => {
                let unknown = Unknown::new(format!("filter {id}"), "not in the recording", "");
                self.next_hop();
                self.push(at, Decision::Unknown, Reason::Rule, asked.clone(), |step| {
                    step.direction = Some(direction);
                    step.unknown = Some(unknown);
                });
                return None;
            }
        };
        if filters.is_empty() {
            return Some(Outcome { pass: asked.clone(), ..Outcome::default() });
        }
        let outcome = evaluate_stack(filters, direction, phase, asked, sight);
        // Each filter of a stack is a hop of its own: Azure asks two groups at one interface.
        let mut last: Option<&Filter> = None;
        for hit in outcome.hits.iter().filter(|hit| !goes_without_saying(hit)) {
            if last.is_none_or(|last| !std::ptr::eq(last, hit.filter)) {
                self.next_hop();
            }
            last = Some(hit.filter);
            self.tell_hit(at, hit, &outcome, certain);
        }
        Some(outcome)
    }

    fn tell_hit(&mut self, at: &Label, hit: &Hit<'n>, outcome: &Outcome<'n>, certain: bool) {
        let decided = hit.flows.difference(&hit.contested);
        let proved = !decided.is_empty() && (certain || self.stopped || hit.verdict.is_ok());
        let decision = match hit.verdict {
            _ if !proved => Decision::Unknown,
            Ok(()) => Decision::Allow,
            Err(Denial::Drop) => Decision::Deny,
            Err(_) => Decision::Reject,
        };
        let flows = if proved { decided } else { hit.flows.clone() };
        let reason = match hit.by {
            Decider::Rule(..) | Decider::End => Reason::Rule,
            Decider::Established => Reason::Established,
            Decider::NoState => Reason::NoState,
            Decider::Depth => Reason::Opaque,
        };
        let unknown = hit
            .doubt
            .cloned()
            .or_else(|| outcome.doubts.first().filter(|_| !proved).map(|doubt| (*doubt).clone()));
        let unknown = unknown.or_else(|| undecided(hit).filter(|_| !proved));
        let rule = cite(hit);
        let direction = Some(hit.direction);
        self.push(at, decision, reason, flows, |step| {
            step.direction = direction;
            step.rule = rule;
            step.unknown = unknown;
            if step.rule.is_none() {
                step.at.clone_from(&hit.filter.label);
            }
        });
    }

    pub(super) fn translate(&mut self, at: &Label, flows: &HeaderSpace, text: String) {
        self.next_hop();
        let cited = cite_place(at, text);
        self.push(at, Decision::Translate, Reason::Translation, flows.clone(), |step| {
            step.rule = Some(cited);
        });
    }

    /// Crossings that are the same on both legs.
    pub(super) fn simple(&mut self, crossing: &Crossing<'n>, current: &mut Current) {
        match crossing {
            Crossing::Route { table, route } => {
                self.next_hop();
                let cited = RuleCite::of_route(table, route);
                let flows = current.asked.clone();
                self.push(&table.label, Decision::Forward, Reason::Route, flows, |step| {
                    step.rule = Some(cited);
                });
            }
            Crossing::Carries { at, services } => self.carries(at, services, current),
            Crossing::Rewrite { at, field, from, to } => {
                let (from, to) = (IpSet::single(*from), IpSet::single(*to));
                let text = format!("{from} becomes {to}");
                current.rewrite(*field, from, to);
                self.translate(at, &current.asked, text);
            }
            Crossing::Obstacle { at, reason, cited } => {
                self.next_hop();
                let cited = cited.map(|cited| match cited {
                    Cited::Route(table, route) => RuleCite::of_route(table, route),
                    Cited::Words(text, origin) => cite_words(at, text, origin),
                });
                self.push(at, Decision::Deny, *reason, current.asked.clone(), |step| {
                    step.rule = cited;
                });
                self.stopped = true;
                current.stop();
            }
            Crossing::Doubt { at, reason, unknown } => {
                self.unknown(at, *reason, unknown, current);
            }
            Crossing::Opaque { at, unknown, .. } => {
                self.unknown(at, Reason::Opaque, unknown, current);
            }
            Crossing::Platform { at, service } => self.platform(at, service, current),
            Crossing::Arrived { at } => {
                self.next_hop();
                let flows = current.asked.clone();
                self.push(at, Decision::Deliver, Reason::Arrived, flows, |_| {});
            }
            // The callers take these themselves.
            Crossing::Filters { .. }
            | Crossing::Masquerade { .. }
            | Crossing::Unmasquerade { .. } => {}
        }
    }

    fn unknown(&mut self, at: &Label, reason: Reason, unknown: &Unknown, current: &mut Current) {
        self.next_hop();
        current.doubt();
        self.push(at, Decision::Unknown, reason, current.asked.clone(), |step| {
            step.unknown = Some(unknown.clone());
        });
    }

    fn carries(&mut self, at: &Label, services: &ServiceSet, current: &mut Current) {
        let carried = current.asked.with_services(services);
        let rest = current.asked.difference(&carried);
        if !rest.is_empty() {
            self.next_hop();
            self.push(at, Decision::Deny, Reason::NotCarried, rest.clone(), |_| {});
            current.lost = current.lost.union(&rest);
            current.pass = current.pass.intersection(&carried);
        }
    }

    /// What the platform itself answers, and what it does not, or may not.
    fn platform(&mut self, at: &Label, service: &PlatformService, current: &mut Current) {
        self.next_hop();
        let served = current.asked.with_services(&service.services);
        let rest = current.asked.difference(&served);
        let cited = cite_place(at, format!("{} answers itself, past every filter", service.name));
        self.push(at, Decision::Deliver, Reason::Platform, served.clone(), |step| {
            step.rule = Some(cited);
        });
        if rest.is_empty() {
            return;
        }
        current.lost = current.lost.union(&rest);
        let decision = if service.beyond.is_some() {
            Decision::Unknown
        } else {
            current.pass = current.pass.intersection(&served);
            Decision::Deny
        };
        self.push(at, decision, Reason::NotServed, rest, |step| {
            step.unknown.clone_from(&service.beyond);
        });
    }

    fn next_hop(&mut self) {
        self.log.hop += 1;
    }

    fn push(
        &mut self,
        at: &Label,
        decision: Decision,
        reason: Reason,
        flows: HeaderSpace,
        fill: impl FnOnce(&mut Step),
    ) {
        if flows.is_empty() {
            return;
        }
        let mut step = Step {
            hop: self.log.hop,
            leg: self.leg,
            at: at.clone(),
            direction: None,
            decision,
            reason,
            rule: None,
            flows,
            unknown: None,
        };
        fill(&mut step);
        self.log.steps.push(step);
    }
}

/// Whether a rule only lets on what the rest of its filter is not about: an implied one without an
/// id.
fn goes_without_saying(hit: &Hit<'_>) -> bool {
    match hit.by {
        Decider::Rule(_, rule) => {
            let implied = matches!(rule.origin.place, Place::Implied(_));
            implied && rule.id.is_empty() && hit.verdict.is_ok()
        }
        _ => false,
    }
}

/// Why a filter that has no doubtful rule may do either.
fn undecided(hit: &Hit<'_>) -> Option<Unknown> {
    let filter = &hit.filter.label;
    match hit.by {
        Decider::NoState => Some(Unknown::new(
            format!("whether {filter} lets a reply through that it has no state of"),
            "the vendor's description does not say",
            "",
        )),
        Decider::Depth => Some(Unknown::new(
            format!("what {filter} does"),
            "it has too many rules, or its chains call each other too deeply, or one that is missing",
            "",
        )),
        Decider::Rule(..) | Decider::Established | Decider::End => None,
    }
}

fn cite(hit: &Hit<'_>) -> Option<RuleCite> {
    let Decider::Rule(list, rule) = hit.by else {
        return None;
    };
    Some(RuleCite::of_rule(list, hit.direction, rule))
}

/// What a place does without a rule of its own.
fn cite_place(at: &Label, text: String) -> RuleCite {
    cite_words(at, text, &at.origin)
}

fn cite_words(at: &Label, text: impl Into<Arc<str>>, origin: &Origin) -> RuleCite {
    let (list, origin) = (at.clone(), origin.clone());
    RuleCite { list, id: "".into(), text: text.into(), origin, denial: None }
}
