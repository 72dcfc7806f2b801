//! Puts the filters of a path to the flows that take it, one leg at a time.
//!
//! A leg has segments: between two source translations the ports are one independent choice. In
//! each segment three sets are kept, all in the coordinates of its start: what was asked, what
//! may pass, and what may be lost. Filters are evaluated over everything asked, survivors or not,
//! so that all of them are named.

mod teller;

use std::collections::BTreeSet;

use teller::Teller;

use crate::evaluate::{Member, Outcome, Phase, Sight, evaluate_stack};
use crate::path::{Crossing, Field, Path};
use crate::remarks::Remarks;
use crate::{
    Denial, Direction, HeaderSpace, Id, Identity, Interface, IpSet, Leg, PathGraph, PortSet,
    ServiceSet, StateSet, Step,
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
    /// The interfaces themselves.
    pub(crate) from: Option<&'a Id<Interface>>,
    pub(crate) to: Option<&'a Id<Interface>>,
}

impl Ends<'_> {
    /// Whether the filters of an interface are those of the end that a direction is near to.
    fn near(&self, domain: Option<&Id<Interface>>, direction: Direction) -> Option<Direction> {
        let end = match direction {
            Direction::Ingress => self.to,
            Direction::Egress => self.from,
        };
        (domain.is_some() && domain == end).then_some(direction)
    }
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
    let mut teller = Teller::new(graph, path, Leg::Forward, log);
    let mut current = Current::new(asked);
    for crossing in &path.crossings {
        match crossing {
            Crossing::Filters { at, stack, direction, domain, certain, identity } => {
                let near = ends.near(*domain, *direction);
                let sight = teller.sight(ends, *identity, near);
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
                let to = if to.is_unspecified() {
                    "an address that the platform picks".to_owned()
                } else {
                    to.to_string()
                };
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
    let mut teller = Teller::new(graph, path, Leg::Return, log);
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
                let near = ends.near(*domain, *direction);
                let sight = teller.sight(ends, *identity, near);
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

/// How much of something comes back to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Returns {
    /// Nothing.
    Nothing,
    /// What goes to some of the client's ports, or it cannot be said.
    Some,
    /// All of it.
    All,
}

/// Whether an answer that a filter itself sends (a reset, an ICMP error) comes back to the client:
/// errors of a flow that a stateful filter remembers are let through with it.
pub(crate) fn error_returns<'n>(
    graph: &PathGraph<'n>,
    path: &Path<'n>,
    opening: &Opening<'n>,
    ends: &Ends<'_>,
    denial: Denial,
) -> Returns {
    // Behind each gateway that picked ports on the way there, those before it are asked about.
    let mut segments = opening.segments.iter().rev();
    let mut refusal = || {
        let segment = segments.next()?;
        Some(error_flows(denial, &solicited(&segment.end).reversed()))
    };
    let Some(mut flows) = refusal() else {
        return Returns::Nothing;
    };
    let mut whole = true;
    for crossing in &path.crossings {
        match crossing {
            Crossing::Filters { stack, direction, domain, identity, .. } => {
                if domain.is_some_and(|id| opening.states.contains(id)) {
                    continue;
                }
                let Ok(filters) = graph.filters(stack, *direction) else {
                    return Returns::Some;
                };
                let near = ends.near(*domain, *direction);
                let sight = sight(path, ends, (*identity, near), StateSet::RELATED);
                let phase = Phase::ReplyWithoutState;
                let outcome = evaluate_stack(filters, *direction, phase, &flows, &sight);
                whole &= outcome.deny.is_empty();
                flows = outcome.pass;
            }
            Crossing::Rewrite { field, to, .. } => {
                flows = rewritten(&flows, *field, &IpSet::single(*to));
            }
            Crossing::Unmasquerade { .. } => match refusal().filter(|_| !flows.is_empty()) {
                Some(before) => flows = before,
                None => return Returns::Nothing,
            },
            Crossing::Obstacle { .. } => return Returns::Nothing,
            _ => {}
        }
    }
    match (flows.is_empty(), whole) {
        (true, _) => Returns::Nothing,
        (false, true) => Returns::All,
        (false, false) => Returns::Some,
    }
}

/// What the filters at one place of a path are told of the two ends.
fn sight<'s>(
    path: &Path<'_>,
    ends: &Ends<'s>,
    (here, near): (Identity, Option<Direction>),
    state: StateSet,
) -> Sight<'s> {
    let (source, destination) = (ends.source.clone(), ends.destination.clone());
    Sight { source, destination, identity: path.identity.max(here), near, state }
}

fn error_flows(denial: Denial, replies: &HeaderSpace) -> HeaderSpace {
    use crate::Protocol;
    let (sources, destinations) = (replies.sources(), replies.destinations());
    let services = match denial {
        Denial::Drop => ServiceSet::empty(),
        Denial::RejectReset => {
            return replies.with_services(&ServiceSet::all_of(Protocol::TCP));
        }
        Denial::RejectPortUnreachable if sources.v4().is_empty() => {
            ServiceSet::icmp(Protocol::ICMPV6, Some(1), Some(4))
        }
        Denial::RejectPortUnreachable => ServiceSet::icmp(Protocol::ICMP, Some(3), Some(3)),
        // Which code it is, hosts choose.
        Denial::RejectProhibited if sources.v4().is_empty() => {
            ServiceSet::icmp(Protocol::ICMPV6, Some(1), None)
        }
        Denial::RejectProhibited => ServiceSet::icmp(Protocol::ICMP, Some(3), None),
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
