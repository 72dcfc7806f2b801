//! The answer to a question: every way there, every way back, and what can be proved of it.

use std::collections::BTreeSet;

use crate::evaluate::Member;
use crate::leg::{self, Ends, Log, Opening, Replies, Returns, solicited};
use crate::path::{self, Path};
use crate::points::Points;
use crate::{
    Client, Cube, Decision, Denial, Endpoint, HeaderSpace, Id, Interface, IpSet, Leg, PathGraph,
    Question, Reachability, Reason, Step, Symptom, Unknown, Verdict,
};

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

fn reach_as(graph: &PathGraph<'_>, asked: &Question, client: Client) -> Reachability {
    let mut log = Log::default();
    let mut points = Points::default();
    let mut one_way = Points::default();
    let mut heard = Vec::new();
    let (question, cut) = Cut::widen(graph, asked);
    let services = question.services.with_source_ports(&client.ports);
    for path in path::opening(graph, &question.source, &question.destination) {
        let asked = HeaderSpace::from_cube(
            path.sources.clone(),
            path.destinations.clone(),
            services.clone(),
        );
        let trip = Trip::take(graph, &question, &path, asked, &mut log);
        heard.extend(&trip.heard);
        one_way.add(&trip.there);
        points.add(if question.one_way { &trip.there } else { &trip.there_and_back });
    }
    points.restrict(&cut);
    one_way.restrict(&cut);
    log.steps.retain(|step| cut.leaves(step));
    let verdict = points.verdict();
    log.remarks.end(graph, &asked.source);
    log.remarks.end(graph, &asked.destination);
    let mut unknowns = if points.unknown.is_empty() { Vec::new() } else { unknowns(&log.steps) };
    for remark in std::mem::take(&mut log.remarks).told(graph) {
        if !unknowns.contains(&remark) {
            unknowns.push(remark);
        }
    }
    let symptom = symptom(verdict, &log.steps, &heard);
    let blockers = blockers(verdict, &log.steps);
    let (forward, back) = log.steps.into_iter().partition(|step| step.leg == Leg::Forward);
    Reachability {
        question: asked.clone(),
        verdict,
        forward_verdict: one_way.verdict(),
        symptom,
        failing: points.failing(verdict),
        gap: points.gap(),
        failing_by_client: Vec::new(),
        blockers,
        unknowns,
        allowed: points.allowed,
        client,
        forward,
        back,
    }
}

/// The ends that were asked about, where the question is answered for wider ones.
///
/// The internet less an estate's own addresses has a hole for each of them, and every set on the
/// way would drag thousands of ranges along. Since evaluation is pointwise, asking about all of
/// the outside network and cutting the answer gives the same.
#[derive(Default)]
pub(crate) struct Cut {
    sources: Option<IpSet>,
    destinations: Option<IpSet>,
}

impl Cut {
    /// The question for wider ends, and what to cut its answer to.
    fn widen(graph: &PathGraph<'_>, question: &Question) -> (Question, Self) {
        let mut wide = question.clone();
        let mut cut = Self::default();
        for (end, cut) in
            [(&mut wide.source, &mut cut.sources), (&mut wide.destination, &mut cut.destinations)]
        {
            let Endpoint::External { id, addresses } = end else { continue };
            let Some((_, external)) = graph.external(id) else { continue };
            let all = match (addresses.v4().is_empty(), addresses.v6().is_empty()) {
                (false, true) => external.addresses.only_v4(),
                (true, false) => external.addresses.only_v6(),
                _ => continue,
            };
            let ranges = |set: &IpSet| set.v4().ranges().len() + set.v6().ranges().len();
            if ranges(addresses) > 2 * ranges(&all) && addresses.is_subset(&all) {
                *cut = Some(std::mem::replace(addresses, all));
            }
        }
        (wide, cut)
    }

    /// The part of these flows, in the coordinates of the client, that was asked about.
    pub(crate) fn of(&self, flows: &HeaderSpace) -> HeaderSpace {
        let from = self.sources.as_ref().map(|sources| flows.with_source(sources));
        let flows = from.as_ref().unwrap_or(flows);
        match &self.destinations {
            Some(destinations) => flows.with_destination(destinations),
            None => flows.clone(),
        }
    }

    /// Whether a step has to do with anything that was asked about.
    fn leaves(&self, step: &Step) -> bool {
        let (from, to) = match step.leg {
            Leg::Forward => (&self.sources, &self.destinations),
            Leg::Return => (&self.destinations, &self.sources),
        };
        let meets = |cut: &Option<IpSet>, of: fn(&Cube) -> &IpSet| {
            let meets = |set: &IpSet| step.flows.cubes().iter().any(|c| of(c).intersects(set));
            cut.as_ref().is_none_or(meets)
        };
        meets(from, |cube| &cube.source) && meets(to, |cube| &cube.destination)
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.sources.is_none() && self.destinations.is_none()
    }
}

/// One way there, with all its ways back.
struct Trip {
    there: Vec<Choice>,
    there_and_back: Vec<Choice>,
    /// The kinds of refusal whose answer comes back to the client.
    heard: Vec<(Denial, Returns)>,
}

/// One independent choice of ports: the flows of a segment, in the coordinates of its start.
#[derive(Clone)]
pub(crate) struct Choice {
    pub(crate) asked: HeaderSpace,
    pub(crate) pass: HeaderSpace,
    pub(crate) lost: HeaderSpace,
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
        log.remarks.path(graph, path);
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
        // A flow that was stopped on its way out has nobody to answer it, and what the answer
        // would meet says nothing: its addresses were never translated.
        let outward = matches!(question.destination, Endpoint::External { .. });
        if !opening.arrived || (outward && path.is_stopped()) {
            return there.to_vec();
        }
        let ends = ends(graph, &question.destination, &question.source);
        let mut replies: Vec<Replies> = Vec::new();
        let ways = path::replies(graph, &question.source, &question.destination, path);
        for way in &ways {
            log.remarks.path(graph, way);
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
) -> Vec<(Denial, Returns)> {
    let denials = log.steps.iter().filter_map(|step| step.rule.as_ref()?.denial);
    let refusals: BTreeSet<Denial> = denials.filter(|denial| *denial != Denial::Drop).collect();
    if refusals.is_empty() {
        return Vec::new();
    }
    let ends = ends(graph, &question.destination, &question.source);
    let ways = path::replies(graph, &question.source, &question.destination, path);
    let returns = |denial| {
        let ways = ways.iter().map(|way| leg::error_returns(graph, way, opening, &ends, denial));
        ways.max().unwrap_or(Returns::Nothing)
    };
    refusals.into_iter().map(|denial| (denial, returns(denial))).collect()
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

fn ends<'a>(graph: &'a PathGraph<'_>, source: &'a Endpoint, destination: &'a Endpoint) -> Ends<'a> {
    Ends {
        source: member(graph, source),
        destination: member(graph, destination),
        from: interface_of(source),
        to: interface_of(destination),
    }
}

fn interface_of(endpoint: &Endpoint) -> Option<&Id<Interface>> {
    match endpoint {
        Endpoint::Interface { id, .. } => Some(id),
        Endpoint::External { .. } | Endpoint::Unheld { .. } => None,
    }
}

fn member<'a>(graph: &'a PathGraph<'_>, endpoint: &Endpoint) -> Option<Member<'a>> {
    let Endpoint::Interface { id, .. } = endpoint else {
        return None;
    };
    let (_, interface) = graph.interface(id)?;
    let addresses = interface.addresses.iter().map(|address| address.ip).collect();
    Some(Member { groups: &interface.groups, addresses })
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
fn symptom(verdict: Verdict, steps: &[Step], heard: &[(Denial, Returns)]) -> Symptom {
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
fn refusal(step: &Step, heard: &[(Denial, Returns)]) -> Symptom {
    // How a platform turns down what it does not serve is its own affair; and who opens no
    // connections sees nothing.
    if matches!(step.reason, Reason::NotServed | Reason::OpensNothing) {
        return Symptom::Unknown;
    }
    let ipv6 = step.flows.a_flow().is_some_and(|flow| flow.destination.is_ipv6());
    let denial = step.rule.as_ref().and_then(|rule| rule.denial);
    let returns = heard.iter().filter(|(of, _)| Some(*of) == denial).map(|(_, returns)| *returns);
    match returns.max().unwrap_or(Returns::Nothing) {
        Returns::All => {}
        // Some of the client's ports are told, the others wait.
        Returns::Some => return Symptom::Unknown,
        Returns::Nothing => return Symptom::TimesOut,
    }
    match denial {
        Some(Denial::RejectProhibited) if ipv6 => Symptom::PermissionDenied,
        Some(Denial::RejectProhibited) => Symptom::NoRouteToHost,
        Some(Denial::RejectReset | Denial::RejectPortUnreachable) => Symptom::ConnectionRefused,
        Some(Denial::Drop) | None => Symptom::TimesOut,
    }
}
