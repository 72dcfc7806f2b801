//! The answer to a question: every way there, every way back, and what can be proved of it.
//!
//! Every function of sets here is pointwise. A *point* is a flow without its source port: the
//! port is a choice (the client's, or a gateway's), and what is said of a point is said of all
//! its choices: every one passes, none does, or some do and some do not.

use std::collections::BTreeSet;

use crate::evaluate::Member;
use crate::leg::{self, Ends, Log, Opening, Replies, solicited};
use crate::path::{self, Path};
use crate::{
    Bounds, Client, Cube, Decision, Denial, Endpoint, Flow, Fraction, HeaderSpace, IpSet, Leg,
    PathGraph, PortSet, Question, Reachability, ServiceSet, Step, Symptom, Unknown, Verdict,
};

/// Points whose shares are worked out one by one; more of them only widen the bounds.
const MOST_SHARES: usize = 24;

/// Answers a question.
pub fn reach(graph: &PathGraph<'_>, question: &Question) -> Reachability {
    let client = question.client.clone().unwrap_or_else(|| recorded_client(graph, question));
    let mut answer = reach_as(graph, question, client);
    let unknown_client =
        question.client.is_none() && matches!(question.source, Endpoint::External { .. });
    if unknown_client && answer.verdict == Verdict::Intermittent {
        answer.failing_by_client = [Client::linux(), Client::windows(), Client::any()]
            .map(|client| {
                let failing = reach_as(graph, question, client.clone()).failing;
                (client, failing)
            })
            .into();
    }
    answer
}

/// The client that the source is recorded to be; whoever is outside may be anybody (AWS-43).
fn recorded_client(graph: &PathGraph<'_>, question: &Question) -> Client {
    match &question.source {
        Endpoint::Interface { id, .. } => {
            graph.interface(id).map_or_else(Client::any, |(_, interface)| interface.client.clone())
        }
        _ => Client::any(),
    }
}

fn reach_as(graph: &PathGraph<'_>, question: &Question, client: Client) -> Reachability {
    let mut log = Log::default();
    let mut points = Points::default();
    let mut one_way = Points::default();
    let mut heard = Vec::new();
    let services = question.services.with_source_ports(&client.ports);
    for path in path::opening(graph, &question.source, &question.destination) {
        let asked = HeaderSpace::from_cube(
            path.sources.clone(),
            path.destinations.clone(),
            services.clone(),
        );
        let trip = Trip::take(graph, question, &path, asked, &mut log);
        heard.extend(&trip.heard);
        one_way.add(&trip.there);
        points.add(if question.one_way { &trip.there } else { &trip.there_and_back });
    }
    let verdict = points.verdict();
    Reachability {
        question: question.clone(),
        verdict,
        forward_verdict: one_way.verdict(),
        symptom: symptom(verdict, &log.steps, &heard),
        failing: points.failing(verdict),
        gap: points.gap(),
        failing_by_client: Vec::new(),
        blockers: blockers(verdict, &log.steps),
        unknowns: if points.unknown.is_empty() { Vec::new() } else { unknowns(&log.steps) },
        allowed: points.allowed,
        client,
        forward: log.steps.iter().filter(|s| s.leg == Leg::Forward).cloned().collect(),
        back: log.steps.into_iter().filter(|s| s.leg == Leg::Return).collect(),
    }
}

/// One way there, with all its ways back.
struct Trip {
    there: Vec<Choice>,
    there_and_back: Vec<Choice>,
    /// The kinds of refusal whose answer comes back to the client.
    heard: Vec<Denial>,
}

/// One independent choice of ports: the flows of a segment, in the coordinates of its start.
#[derive(Clone)]
struct Choice {
    asked: HeaderSpace,
    pass: HeaderSpace,
    lost: HeaderSpace,
}

impl Trip {
    fn take<'n>(
        graph: &PathGraph<'n>,
        question: &Question,
        path: &Path<'n>,
        asked: HeaderSpace,
        log: &mut Log,
    ) -> Self {
        let ends = ends(graph, &question.source, &question.destination);
        let opening = leg::open(graph, path, asked, &ends, log);
        let there: Vec<Choice> = opening
            .segments
            .iter()
            .map(|s| Choice { asked: s.asked.clone(), pass: s.pass.clone(), lost: s.lost.clone() })
            .collect();
        let heard = heard(graph, question, path, &opening, log);
        let there_and_back = if question.one_way {
            there.clone()
        } else {
            Self::back(graph, question, path, &opening, &there, log)
        };
        Self { there, there_and_back, heard }
    }

    fn back<'n>(
        graph: &PathGraph<'n>,
        question: &Question,
        path: &Path<'n>,
        opening: &Opening<'n>,
        there: &[Choice],
        log: &mut Log,
    ) -> Vec<Choice> {
        if opening.blurred {
            // Whoever rewrote the sources takes the replies: how is not known.
            return there.iter().map(|c| Choice { lost: c.asked.clone(), ..c.clone() }).collect();
        }
        if !opening.arrived {
            return there.to_vec();
        }
        let ends = ends(graph, &question.destination, &question.source);
        let mut replies: Vec<Replies> = Vec::new();
        let ways = path::replies(graph, &question.source, &question.destination, path);
        for way in &ways {
            let part = leg::answer(graph, way, opening, &ends, log);
            if replies.is_empty() {
                replies = part;
                continue;
            }
            for (whole, part) in replies.iter_mut().zip(part) {
                whole.pass = whole.pass.union(&part.pass);
                whole.lost = whole.lost.union(&part.lost);
            }
        }
        let none = || Replies { pass: HeaderSpace::empty(), lost: HeaderSpace::empty() };
        replies.resize_with(there.len(), none);
        there.iter().zip(&replies).map(|(choice, replies)| choice.and_back(replies)).collect()
    }
}

/// The kinds of refusal on a way there whose answer comes back to the client. A filter that
/// rejects answers from where it stands, which is taken to be the end of the path.
fn heard<'n>(
    graph: &PathGraph<'n>,
    question: &Question,
    path: &Path<'n>,
    opening: &Opening<'n>,
    log: &Log,
) -> Vec<Denial> {
    let denials = log.steps.iter().filter_map(|step| step.rule.as_ref()?.denial);
    let refusals: BTreeSet<Denial> = denials.filter(|denial| *denial != Denial::Drop).collect();
    if refusals.is_empty() {
        return Vec::new();
    }
    let ways = path::replies(graph, &question.source, &question.destination, path);
    let returns = |denial| ways.iter().any(|way| leg::error_returns(graph, way, opening, denial));
    refusals.into_iter().filter(|denial| returns(*denial)).collect()
}

impl Choice {
    /// The same choice, with its replies.
    fn and_back(&self, replies: &Replies) -> Self {
        let asking = solicited(&self.asked);
        let silent = self.asked.difference(&asking);
        Self {
            asked: self.asked.clone(),
            pass: self.pass.intersection(&replies.pass.union(&silent)),
            lost: self.lost.union(&replies.lost),
        }
    }
}

fn ends<'a>(graph: &'a PathGraph<'_>, source: &Endpoint, destination: &Endpoint) -> Ends<'a> {
    Ends { source: member(graph, source), destination: member(graph, destination) }
}

fn member<'a>(graph: &'a PathGraph<'_>, endpoint: &Endpoint) -> Option<Member<'a>> {
    let Endpoint::Interface { id, .. } = endpoint else {
        return None;
    };
    let (_, interface) = graph.interface(id)?;
    let addresses = interface.addresses.iter().map(|address| address.ip).collect();
    Some(Member { groups: &interface.groups, addresses })
}

/// The points that were asked about, by what is proved of them. They are flows whose source port
/// is any.
#[derive(Default)]
struct Points {
    reachable: HeaderSpace,
    intermittent: HeaderSpace,
    unreachable: HeaderSpace,
    unknown: HeaderSpace,
    allowed: Bounds<HeaderSpace>,
    trips: Vec<Vec<Choice>>,
}

impl Points {
    /// Adds what a trip proves. Points are in the coordinates of the first segment.
    fn add(&mut self, choices: &[Choice]) {
        let Some((first, later)) = choices.split_first() else {
            return;
        };
        let sources = first.asked.sources();
        let mut sorted = Sorted::of(first, &|flows| any_source_port(flows));
        let mut allowed =
            Bounds { at_least: first.asked.difference(&first.lost), at_most: first.pass.clone() };
        for choice in later {
            let onto_first =
                |flows: &HeaderSpace| flows.map_source(&sources, Some(&PortSet::full()));
            let next = Sorted::of(choice, &onto_first);
            allowed.at_least = allowed.at_least.intersection(&next.all_pass);
            allowed.at_most = allowed.at_most.difference(&next.none_pass);
            sorted = sorted.and(&next);
        }
        let mixed = sorted
            .some_pass
            .intersection(&sorted.some_fail)
            .difference(&sorted.none_pass)
            .difference(&sorted.all_pass);
        let rest = sorted
            .asked
            .difference(&sorted.all_pass)
            .difference(&sorted.none_pass)
            .difference(&mixed);
        self.reachable = self.reachable.union(&sorted.all_pass);
        self.unreachable = self.unreachable.union(&sorted.none_pass);
        self.intermittent = self.intermittent.union(&mixed);
        self.unknown = self.unknown.union(&rest);
        self.allowed.at_least = self.allowed.at_least.union(&allowed.at_least);
        self.allowed.at_most = self.allowed.at_most.union(&allowed.at_most);
        self.trips.push(choices.to_vec());
    }

    fn verdict(&self) -> Verdict {
        let of = |points: &HeaderSpace, verdict| (!points.is_empty()).then_some(verdict);
        let verdicts = [
            of(&self.reachable, Verdict::Reachable),
            of(&self.intermittent, Verdict::Intermittent),
            of(&self.unreachable, Verdict::Unreachable),
            of(&self.unknown, Verdict::Unknown),
        ];
        // Nothing was asked that could be: no path could even begin.
        Verdict::over(verdicts.into_iter().flatten()).unwrap_or(Verdict::Unknown)
    }

    /// The share that fails, over the points that neither wholly pass nor wholly fail; where all
    /// are alike, of any one of them. Several points of different shares give the widest bounds.
    fn failing(&self, verdict: Verdict) -> Bounds<Fraction> {
        let undecided = if self.intermittent.is_empty() && verdict != Verdict::Reachable {
            self.unknown.union(&self.unreachable)
        } else if self.intermittent.is_empty() {
            self.reachable.clone()
        } else {
            self.intermittent.clone()
        };
        let mut left = undecided;
        let mut bounds: Option<Bounds<Fraction>> = None;
        for _ in 0..MOST_SHARES {
            let Some(point) = left.a_flow() else { break };
            let Some((share, alike)) = self.share_at(&point) else {
                break;
            };
            left = left.difference(&alike);
            bounds = Some(match bounds {
                None => share,
                Some(known) => widest(&known, &share),
            });
        }
        let rest = Bounds { at_least: Fraction::ZERO, at_most: Fraction { part: 1, whole: 1 } };
        match bounds {
            Some(known) if left.is_empty() => known,
            Some(known) => widest(&known, &rest),
            None => rest,
        }
    }

    /// The failing share at a point, and the points that are treated alike.
    fn share_at(&self, point: &Flow) -> Option<(Bounds<Fraction>, HeaderSpace)> {
        let choices = self.trips.iter().find(|choices| {
            choices.first().is_some_and(|first| any_source_port(&first.asked).contains(point))
        })?;
        let sources = choices.first()?.asked.sources();
        let mut alike = HeaderSpace::full();
        let mut passing = Bounds {
            at_least: Fraction { part: 1, whole: 1 },
            at_most: Fraction { part: 1, whole: 1 },
        };
        for (index, choice) in choices.iter().enumerate() {
            let proved = choice.asked.difference(&choice.lost);
            let shares = [&choice.asked, &proved, &choice.pass].map(|flows| {
                let (ports, same) = ports_at(flows, point, index > 0, &sources);
                alike = alike.intersection(&same);
                ports
            });
            let [asked, proved, possible] = shares;
            passing.at_least = passing.at_least.times(&Fraction { part: proved, whole: asked });
            passing.at_most = passing.at_most.times(&Fraction { part: possible, whole: asked });
        }
        let failing = Bounds {
            at_least: passing.at_most.complement(),
            at_most: passing.at_least.complement(),
        };
        Some((failing, alike))
    }

    /// The client's ports that are proved to be lost at some point that is intermittent.
    fn gap(&self) -> PortSet {
        self.trips.iter().filter_map(|choices| choices.first()).fold(PortSet::empty(), |gap, c| {
            let lost = c.asked.difference(&c.pass).intersection(&self.intermittent);
            gap.union(&lost.services().source_ports())
        })
    }
}

/// The points of one choice, by how many of its ports pass.
struct Sorted {
    asked: HeaderSpace,
    all_pass: HeaderSpace,
    none_pass: HeaderSpace,
    some_pass: HeaderSpace,
    some_fail: HeaderSpace,
}

impl Sorted {
    fn of(choice: &Choice, points: &dyn Fn(&HeaderSpace) -> HeaderSpace) -> Self {
        let asked = points(&choice.asked);
        Self {
            all_pass: asked.difference(&points(&choice.lost)),
            none_pass: asked.difference(&points(&choice.pass)),
            some_pass: points(&choice.asked.difference(&choice.lost)),
            some_fail: points(&choice.asked.difference(&choice.pass)),
            asked,
        }
    }

    /// Both choices, made independently.
    fn and(&self, other: &Self) -> Self {
        Self {
            asked: self.asked.clone(),
            all_pass: self.all_pass.intersection(&other.all_pass),
            none_pass: self.none_pass.union(&other.none_pass.intersection(&self.asked)),
            some_pass: self.some_pass.intersection(&other.some_pass),
            some_fail: self.some_fail.union(&other.some_fail.intersection(&self.asked)),
        }
    }
}

/// The same flows from any source port.
fn any_source_port(flows: &HeaderSpace) -> HeaderSpace {
    flows.cubes().iter().fold(HeaderSpace::empty(), |all, cube| {
        all.union(&HeaderSpace::from_cube(
            cube.source.clone(),
            cube.destination.clone(),
            cube.services.map_source_ports(&PortSet::full()),
        ))
    })
}

/// How many source ports a set of flows has at a point (one, where there are no ports), and the
/// points around it that have the same.
fn ports_at(
    flows: &HeaderSpace,
    point: &Flow,
    other_source: bool,
    sources: &IpSet,
) -> (u128, HeaderSpace) {
    let mut ports = PortSet::empty();
    let mut without_ports = false;
    let mut alike = HeaderSpace::full();
    for cube in flows.cubes() {
        let source = if other_source { sources.clone() } else { cube.source.clone() };
        for (services, found) in service_parts(cube) {
            let any_port = services.map_source_ports(&PortSet::full());
            let part = HeaderSpace::from_cube(source.clone(), cube.destination.clone(), any_port);
            if part.contains(point) {
                alike = alike.intersection(&part);
                match found {
                    Some(found) => ports = ports.union(&found),
                    None => without_ports = true,
                }
            } else {
                alike = alike.difference(&part);
            }
        }
    }
    let count = if without_ports { 1 } else { ports.count() };
    (count, alike)
}

/// The parts of a cube's services that have one set of source ports each.
fn service_parts(cube: &Cube) -> Vec<(ServiceSet, Option<PortSet>)> {
    let mut parts: Vec<(ServiceSet, Option<PortSet>)> = Vec::new();
    let mut rest = cube.services.clone();
    for (protocols, source, destination) in cube.services.port_cubes() {
        let part = protocols.iter().fold(ServiceSet::empty(), |all, protocol| {
            all.union(&ServiceSet::ports(protocol, source.clone(), destination.clone()))
        });
        rest = rest.difference(&part);
        parts.push((part, Some(source.clone())));
    }
    if !rest.is_empty() {
        parts.push((rest, None));
    }
    parts
}

fn widest(a: &Bounds<Fraction>, b: &Bounds<Fraction>) -> Bounds<Fraction> {
    let less = |a: &Fraction, b: &Fraction| {
        a.part.saturating_mul(b.whole) < b.part.saturating_mul(a.whole)
    };
    Bounds {
        at_least: if less(&b.at_least, &a.at_least) { b.at_least } else { a.at_least },
        at_most: if less(&a.at_most, &b.at_most) { b.at_most } else { a.at_most },
    }
}

/// What stops asked flows, in the order in which it acts.
fn blockers(verdict: Verdict, steps: &[Step]) -> Vec<Step> {
    if verdict == Verdict::Reachable {
        return Vec::new();
    }
    steps
        .iter()
        .filter(|step| matches!(step.decision, Decision::Deny | Decision::Reject))
        .cloned()
        .collect()
}

fn unknowns(steps: &[Step]) -> Vec<Unknown> {
    let mut unknowns: Vec<Unknown> = Vec::new();
    for unknown in steps.iter().filter_map(|step| step.unknown.as_ref()) {
        if !unknowns.contains(unknown) {
            unknowns.push(unknown.clone());
        }
    }
    unknowns
}

/// What the client sees, from what acts first.
fn symptom(verdict: Verdict, steps: &[Step], heard: &[Denial]) -> Symptom {
    match verdict {
        Verdict::Reachable => Symptom::Connects,
        Verdict::Intermittent => Symptom::SomeTimeOut,
        Verdict::Unknown | Verdict::Partial => Symptom::Unknown,
        Verdict::Unreachable => {
            let first = steps
                .iter()
                .find(|step| matches!(step.decision, Decision::Deny | Decision::Reject));
            first.map_or(Symptom::TimesOut, |step| refusal(step, heard))
        }
    }
}

/// What a refusal looks like to the client: silence, unless its answer comes back.
fn refusal(step: &Step, heard: &[Denial]) -> Symptom {
    let ipv6 = step.flows.a_flow().is_some_and(|flow| flow.destination.is_ipv6());
    match step.rule.as_ref().and_then(|rule| rule.denial).filter(|denial| heard.contains(denial)) {
        Some(Denial::RejectProhibited) if ipv6 => Symptom::PermissionDenied,
        Some(Denial::RejectProhibited) => Symptom::NoRouteToHost,
        Some(Denial::RejectReset | Denial::RejectPortUnreachable) => Symptom::ConnectionRefused,
        Some(Denial::Drop) | None => Symptom::TimesOut,
    }
}
