//! Puts the filters of a path to the flows that take it, one leg at a time.
//!
//! A leg has segments: between two source translations the ports are one independent choice. In
//! each segment three sets are kept, all in the coordinates of its start: what was asked, what
//! may pass, and what may be lost. Filters are evaluated over everything asked, survivors or not,
//! so that all of them are named.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::evaluate::{Decider, Hit, Member, Outcome, Phase, Sight, evaluate_stack};
use crate::path::{Cited, Crossing, Field, Path};
use crate::remarks::Remarks;
use crate::{
    Decision, Denial, Direction, HeaderSpace, Id, Identity, Interface, IpSet, Label, Leg, Origin,
    PathGraph, Place, PlatformService, PortSet, Reason, Route, RouteTable, RuleCite, ServiceSet,
    Stack, StateSet, Step, Unknown,
};

/// The flows of one segment, in the coordinates of its start.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) asked: HeaderSpace,
    pub(crate) pass: HeaderSpace,
    pub(crate) lost: HeaderSpace,
    /// What was asked, as its end sees it: what replies begin with.
    end: HeaderSpace,
    rewrites: Vec<(Field, IpSet, IpSet)>,
}

/// Who can be seen at the ends of a leg.
pub(crate) struct Ends<'a> {
    pub(crate) source: Option<Member<'a>>,
    pub(crate) destination: Option<Member<'a>>,
}

/// What a leg told.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) steps: Vec<Step>,
    /// The objects that the legs led over.
    pub(crate) remarks: Remarks,
    hop: usize,
}

/// The opening leg.
pub(crate) struct Opening<'n> {
    pub(crate) segments: Vec<Segment>,
    /// Where stateful filters remember the flow.
    states: BTreeSet<&'n Id<Interface>>,
    /// Whether something on the way may have changed the sources: what comes back is not known.
    pub(crate) blurred: bool,
    /// Whether anything is there to answer.
    pub(crate) arrived: bool,
}

/// Flows on their way: in the coordinates of the place they are at.
struct Current {
    asked: HeaderSpace,
    pass: HeaderSpace,
    lost: HeaderSpace,
    rewrites: Vec<(Field, IpSet, IpSet)>,
}

impl Current {
    fn new(asked: HeaderSpace) -> Self {
        let pass = asked.clone();
        Self { asked, pass, lost: HeaderSpace::empty(), rewrites: Vec::new() }
    }

    fn stop(&mut self) {
        self.pass = HeaderSpace::empty();
        self.lost = self.asked.clone();
    }

    fn doubt(&mut self) {
        self.lost = self.asked.clone();
    }

    fn rewrite(&mut self, field: Field, from: IpSet, to: IpSet) {
        for space in [&mut self.asked, &mut self.pass, &mut self.lost] {
            *space = rewritten(space, field, &to);
        }
        self.rewrites.push((field, from, to));
    }

    /// Back in the coordinates of the start.
    fn close(self) -> Segment {
        let Self { asked: end, pass, lost, rewrites } = self;
        let back = |space: &HeaderSpace| {
            rewrites
                .iter()
                .rev()
                .fold(space.clone(), |space, (field, from, _)| rewritten(&space, *field, from))
        };
        Segment { asked: back(&end), pass: back(&pass), lost: back(&lost), end, rewrites }
    }
}

fn rewritten(space: &HeaderSpace, field: Field, to: &IpSet) -> HeaderSpace {
    match field {
        Field::Source => space.map_source(to, None),
        Field::Destination => space.map_destination(to, None),
    }
}

/// Walks the opening packets along a path.
pub(crate) fn open<'n>(
    graph: &PathGraph<'n>,
    path: &Path<'n>,
    asked: HeaderSpace,
    ends: &Ends<'_>,
    log: &mut Log,
) -> Opening<'n> {
    let mut opening =
        Opening { segments: Vec::new(), states: BTreeSet::new(), blurred: false, arrived: false };
    let mut teller = Teller { graph, path, leg: Leg::Forward, log, stopped: false };
    let mut current = Current::new(asked);
    for crossing in &path.crossings {
        match crossing {
            Crossing::Filters { at, stack, direction, domain, certain, identity } => {
                let sight = teller.sight(ends, *identity);
                let asked =
                    if opening.blurred { blur(&current.asked) } else { current.asked.clone() };
                let outcome =
                    teller.filters(at, stack, *direction, *certain, &asked, &sight, Phase::Opening);
                pass_filters(&mut current, outcome.as_ref(), *certain, opening.blurred);
                opening.states.extend(domain.filter(|_| *certain));
            }
            Crossing::Masquerade { at, to, ports } => {
                let next = current.asked.map_source(&IpSet::single(*to), Some(ports));
                let from = current.asked.sources();
                teller.translate(at, &next, format!("{from} becomes {to} port {ports}"));
                opening.segments.push(std::mem::replace(&mut current, Current::new(next)).close());
            }
            other => {
                opening.blurred |= matches!(other, Crossing::Opaque { rewrites: true, .. });
                opening.arrived |= matches!(other, Crossing::Arrived { .. });
                teller.simple(other, &mut current);
            }
        }
    }
    if !path.crossings.iter().any(ends_a_path) {
        current.doubt();
    }
    opening.segments.push(current.close());
    opening
}

fn ends_a_path(crossing: &Crossing<'_>) -> bool {
    matches!(
        crossing,
        Crossing::Arrived { .. } | Crossing::Platform { .. } | Crossing::Obstacle { .. }
    )
}

/// What happens to replies, segment by segment, in the coordinates of the opening leg.
pub(crate) struct Replies {
    pub(crate) pass: HeaderSpace,
    pub(crate) lost: HeaderSpace,
}

/// Walks the replies back along one of their paths; the result has one entry a segment, in the
/// order of the opening leg.
pub(crate) fn answer<'n>(
    graph: &PathGraph<'n>,
    path: &Path<'n>,
    opening: &Opening<'n>,
    ends: &Ends<'_>,
    log: &mut Log,
) -> Vec<Replies> {
    let mut teller = Teller { graph, path, leg: Leg::Return, log, stopped: false };
    let mut left: Vec<&Segment> = opening.segments.iter().collect();
    let mut results = Vec::new();
    let begin = |segment: Option<&Segment>| {
        let replies = segment.map_or_else(HeaderSpace::empty, |s| solicited(&s.end).reversed());
        Current::new(replies)
    };
    let mut segment = left.pop();
    let mut current = begin(segment);
    current = Current::new(current.asked.with_destination(&path.destinations));
    for crossing in &path.crossings {
        match crossing {
            Crossing::Filters { at, stack, direction, domain, certain, identity } => {
                let phase = match domain {
                    Some(id) if opening.states.contains(id) => Phase::ReplyWithState,
                    _ => Phase::ReplyWithoutState,
                };
                let sight = teller.sight(ends, *identity);
                let asked = current.asked.clone();
                let outcome =
                    teller.filters(at, stack, *direction, *certain, &asked, &sight, phase);
                pass_filters(&mut current, outcome.as_ref(), *certain, false);
            }
            Crossing::Unmasquerade { at, to } => {
                let done = std::mem::replace(&mut current, begin(None));
                results.push(finish(done, segment));
                segment = left.pop();
                current = begin(segment);
                teller.translate(at, &current.asked, format!("the reply is given back to {to}"));
            }
            other => teller.simple(other, &mut current),
        }
    }
    if !path.crossings.iter().any(ends_a_path) {
        current.doubt();
    }
    results.push(finish(current, segment));
    // A way that ended early says nothing about the segments that it did not come to.
    for segment in left.into_iter().rev() {
        let asked = solicited(&segment.asked);
        results.push(Replies { pass: asked.clone(), lost: asked });
    }
    results.reverse();
    results
}

/// Whether an answer that a filter itself sends (a reset, an ICMP error) may come back to the
/// client: errors of a flow that a stateful filter remembers are let through with it.
pub(crate) fn error_returns<'n>(
    graph: &PathGraph<'n>,
    path: &Path<'n>,
    opening: &Opening<'n>,
    denial: Denial,
) -> bool {
    let Some(last) = opening.segments.last() else {
        return false;
    };
    let mut flows = error_flows(denial, &solicited(&last.end).reversed());
    for crossing in &path.crossings {
        match crossing {
            Crossing::Filters { stack, direction, domain, .. } => {
                if domain.is_some_and(|id| opening.states.contains(id)) {
                    continue;
                }
                let Ok(filters) = graph.filters(stack) else {
                    return false;
                };
                let sight = Sight { state: StateSet::RELATED, ..Sight::HEADERS };
                let phase = Phase::ReplyWithoutState;
                flows = evaluate_stack(filters, *direction, phase, &flows, &sight).pass;
            }
            Crossing::Rewrite { field, to, .. } => {
                flows = rewritten(&flows, *field, &IpSet::single(*to));
            }
            Crossing::Unmasquerade { to, .. } => flows = flows.map_destination(to, None),
            Crossing::Obstacle { .. } => return false,
            _ => {}
        }
    }
    !flows.is_empty()
}

fn error_flows(denial: Denial, replies: &HeaderSpace) -> HeaderSpace {
    use crate::Protocol;
    let (sources, destinations) = (replies.sources(), replies.destinations());
    let services = match denial {
        Denial::Drop => ServiceSet::empty(),
        Denial::RejectReset => {
            return replies.with_services(&ServiceSet::all_of(Protocol::TCP));
        }
        Denial::RejectPortUnreachable | Denial::RejectProhibited if sources.v4().is_empty() => {
            ServiceSet::icmp(Protocol::ICMPV6, Some(1), None)
        }
        Denial::RejectPortUnreachable | Denial::RejectProhibited => {
            ServiceSet::icmp(Protocol::ICMP, Some(3), None)
        }
    };
    HeaderSpace::from_cube(sources, destinations, services)
}

/// A finished stretch of the way back, as flows of the opening leg.
fn finish(current: Current, segment: Option<&Segment>) -> Replies {
    let Some(segment) = segment else {
        return Replies { pass: HeaderSpace::empty(), lost: HeaderSpace::empty() };
    };
    let closed = current.close();
    let back = |replies: &HeaderSpace| {
        segment
            .rewrites
            .iter()
            .rev()
            .fold(replies.reversed(), |space, (field, from, _)| rewritten(&space, *field, from))
    };
    Replies { pass: back(&closed.pass), lost: back(&closed.lost) }
}

/// The flows that ask for a reply: not ICMP errors, and not an echo reply that nobody asked for.
pub(crate) fn solicited(flows: &HeaderSpace) -> HeaderSpace {
    flows.difference(&flows.without_reply()).difference(&flows.with_services(&echo_replies()))
}

fn echo_replies() -> ServiceSet {
    use crate::Protocol;
    ServiceSet::icmp(Protocol::ICMP, Some(0), None).union(&ServiceSet::icmp(
        Protocol::ICMPV6,
        Some(129),
        None,
    ))
}

/// Sources and their ports may be any others.
fn blur(flows: &HeaderSpace) -> HeaderSpace {
    let v4 = flows.with_destination(&IpSet::any_v4());
    let v6 = flows.with_destination(&IpSet::any_v6());
    v4.map_source(&IpSet::any_v4(), Some(&PortSet::full()))
        .union(&v6.map_source(&IpSet::any_v6(), Some(&PortSet::full())))
}

fn pass_filters(
    current: &mut Current,
    outcome: Option<&Outcome<'_>>,
    certain: bool,
    blurred: bool,
) {
    let Some(outcome) = outcome else {
        return current.doubt();
    };
    if blurred {
        // Some source may be let through: then any flow to that destination may.
        if certain {
            current.pass = current.pass.intersection(&blur(&outcome.pass));
        }
        return current.doubt();
    }
    if certain {
        current.pass = current.pass.intersection(&outcome.pass);
    }
    current.lost = current.lost.union(&outcome.deny);
}

/// Writes down what happens on a leg.
struct Teller<'t, 'n> {
    graph: &'t PathGraph<'n>,
    path: &'t Path<'n>,
    leg: Leg,
    log: &'t mut Log,
    /// Whether an obstacle lies behind: what follows is what else would stop the flow.
    stopped: bool,
}

impl<'n> Teller<'_, 'n> {
    fn sight<'s>(&self, ends: &Ends<'s>, here: Identity) -> Sight<'s> {
        let (source, destination) = (ends.source.clone(), ends.destination.clone());
        let state = match self.leg {
            Leg::Forward => StateSet::NEW,
            Leg::Return => StateSet::ESTABLISHED,
        };
        Sight { source, destination, identity: self.path.identity.max(here), state }
    }

    /// Asks the filters of a stack; `None` where one of them is not known.
    #[expect(
        clippy::too_many_arguments,
        reason = "the fields of one crossing, and what crosses it"
    )]
    fn filters(
        &mut self,
        at: &'n Label,
        stack: &'n Stack,
        direction: Direction,
        certain: bool,
        asked: &HeaderSpace,
        sight: &Sight<'_>,
        phase: Phase,
    ) -> Option<Outcome<'n>> {
        let filters = match self.graph.filters(stack) {
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
        let mut told = outcome.hits.iter().filter(|hit| !goes_without_saying(hit)).peekable();
        if told.peek().is_some() {
            self.next_hop();
        }
        for hit in told {
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

    fn translate(&mut self, at: &Label, flows: &HeaderSpace, text: String) {
        self.next_hop();
        let cited = cite_place(at, text);
        self.push(at, Decision::Translate, Reason::Translation, flows.clone(), |step| {
            step.rule = Some(cited);
        });
    }

    /// Crossings that are the same on both legs.
    fn simple(&mut self, crossing: &Crossing<'n>, current: &mut Current) {
        match crossing {
            Crossing::Route { table, route } => {
                self.next_hop();
                let cited = cite_route(table, route);
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
                    Cited::Route(table, route) => cite_route(table, route),
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
    Some(RuleCite {
        list: list.label.clone(),
        id: rule.id.clone(),
        text: format!("{} {} {rule}", list.label.id, hit.direction).into(),
        origin: rule.origin.clone(),
        denial: hit.verdict.err(),
    })
}

/// What a place does without a rule of its own.
fn cite_place(at: &Label, text: String) -> RuleCite {
    cite_words(at, text, &at.origin)
}

fn cite_words(at: &Label, text: impl Into<Arc<str>>, origin: &Origin) -> RuleCite {
    let (list, origin) = (at.clone(), origin.clone());
    RuleCite { list, id: "".into(), text: text.into(), origin, denial: None }
}

fn cite_route(table: &RouteTable, route: &Route) -> RuleCite {
    RuleCite {
        list: table.label.clone(),
        id: route.text.clone(),
        text: format!("{} {}", table.label.id, route.text).into(),
        origin: route.origin.clone(),
        denial: None,
    }
}
