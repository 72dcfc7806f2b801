//! Evaluates filters over sets of flows.
//!
//! Every function here is pointwise: what happens to a flow does not depend on which other flows
//! are in the set. So a filter is evaluated once, over all that was asked, and what survives of a
//! smaller set is an intersection.
//!
//! **May.** A match that cannot be decided has bounds lo ⊆ m ⊆ hi. Of the flows *A* that possibly
//! arrive at its rule, A∩hi may take the action and A∖lo may go on. What may pass and what may be
//! denied therefore overlap exactly where nothing can be proved: `at_most` is what may pass,
//! `at_least` is the input minus what may be denied.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::{
    Action, Bounds, Denial, Direction, Filter, Group, HeaderSpace, Id, Identity, IpSet, Match,
    Peer, Peers, Rule, RuleList, StateSet, Tracking, Unknown, WithoutState,
};

mod arriving;
mod gathered;
#[cfg(test)]
mod tests;

use arriving::{Arriving, is_everything};
use gathered::Gathered;

/// How deep chains may call each other; beyond it nothing is decided.
const DEEPEST_CHAIN: usize = 32;
/// How much work one evaluation may be, in rules put to a few cubes that match a few ranges;
/// beyond it nothing is decided.
const MOST_RULES: usize = 4_000_000;
/// How many chains one evaluation may go through: those that call each other many times over
/// would take for ever.
const MOST_CALLS: usize = 50_000;

/// What the rules of a filter can see of a flow beyond its headers.
#[derive(Clone, Debug)]
pub struct Sight<'a> {
    /// The interface that the flow comes from, where it is recorded.
    pub source: Option<Member<'a>>,
    /// The interface that it goes to.
    pub destination: Option<Member<'a>>,
    /// Whether the flow arrives with its identity intact (AWS-8, AWS-11, AWS-12).
    pub identity: Identity,
    /// Whose filters these are: those of the destination itself coming in, or of the source itself
    /// going out. Who that one is, its own filters always know (AZ-18).
    pub near: Option<Direction>,
    /// The connection state of the packet.
    pub state: StateSet,
}

impl Sight<'_> {
    /// A first packet of which nothing but the headers is known.
    pub const HEADERS: Self = Sight {
        source: None,
        destination: None,
        identity: Identity::Lost,
        near: None,
        state: StateSet::NEW,
    };
}

/// An interface as group references see it.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// The groups that it is a member of.
    pub groups: &'a BTreeSet<Id<Group>>,
    /// Its own addresses; never its public ones (AWS-8).
    pub addresses: IpSet,
}

/// What may happen to the flows that were put to one or more filters.
#[derive(Clone, Debug, Default)]
pub struct Outcome<'a> {
    /// Flows that may pass.
    pub pass: HeaderSpace,
    /// Flows that may be denied. Overlaps `pass` where it cannot be said.
    pub deny: HeaderSpace,
    /// Which rules decided, in the order in which they were asked.
    pub hits: Vec<Hit<'a>>,
    /// What is not known about rules that may have matched, those among them that decide nothing
    /// themselves (a jump, a return).
    pub doubts: Vec<&'a Unknown>,
}

/// A rule that may decide about flows.
#[derive(Clone, Debug)]
pub struct Hit<'a> {
    /// The filter.
    pub filter: &'a Filter,
    /// Which of its directions.
    pub direction: Direction,
    /// What decided.
    pub by: Decider<'a>,
    /// Whether it lets them through; what refuses says how.
    pub verdict: Result<(), Denial>,
    /// The flows.
    pub flows: HeaderSpace,
    /// Why it cannot be said whether it decides, where it cannot.
    pub doubt: Option<&'a Unknown>,
    /// Those of the flows of which this filter alone cannot say whether it lets them through.
    pub contested: HeaderSpace,
}

/// What decides in a filter.
#[derive(Clone, Copy, Debug)]
pub enum Decider<'a> {
    /// A rule.
    Rule(&'a RuleList, &'a Rule),
    /// The state of the flow: its opening packet passed here.
    Established,
    /// The lack of it.
    NoState,
    /// The end of a list that has no last rule: nothing is let through unless a rule says so.
    End,
    /// Nothing: the chains call each other too deeply.
    Depth,
}

impl Outcome<'_> {
    /// What is let through: proved, and not excluded.
    pub fn bounds(&self, asked: &HeaderSpace) -> Bounds<HeaderSpace> {
        Bounds { at_least: asked.difference(&self.deny), at_most: self.pass.clone() }
    }
}

/// Whether a packet of this filter's domain is the first of its flow, or a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It opens the flow.
    Opening,
    /// It answers a flow whose opening packet made state in the same tracking domain.
    ReplyWithState,
    /// It answers a flow whose opening packet passed elsewhere.
    ReplyWithoutState,
}

/// Puts flows to the filters of a stack, in order. Every filter is asked about every flow that
/// does not certainly leave the stack before it, denied or not, so that all who would deny are
/// named.
pub fn evaluate_stack<'a>(
    filters: impl IntoIterator<Item = &'a Filter>,
    direction: Direction,
    phase: Phase,
    flows: &HeaderSpace,
    sight: &Sight<'_>,
) -> Outcome<'a> {
    let mut whole = Outcome { pass: flows.clone(), ..Outcome::default() };
    let mut past_all = HeaderSpace::empty();
    let mut asked = flows.clone();
    let mut is_exact = true;
    for filter in filters {
        if asked.is_empty() {
            break;
        }
        let one = evaluate(filter, direction, phase, &asked, sight);
        past_all.insert(&whole.pass.intersection(&one.past_all));
        // What did not come so far was denied before.
        let denied = whole.pass.intersection(&one.outcome.deny);
        if is_exact {
            whole.deny.insert_disjoint(&denied);
        } else {
            whole.deny.insert(&denied);
        }
        is_exact &= one.is_exact;
        whole.pass = whole.pass.intersection(&one.outcome.pass);
        whole.hits.extend(one.outcome.hits);
        whole.doubts.extend(one.outcome.doubts);
        if !one.past_all.is_empty() {
            asked = one.outcome.pass.union(&one.outcome.deny);
        }
    }
    whole.pass.insert(&past_all);
    whole
}

/// What one filter does, with what leaves its stack by [`Action::AllowAll`] kept apart.
pub struct FilterOutcome<'a> {
    /// What goes on to the next filter, and what is denied.
    pub outcome: Outcome<'a>,
    /// What passes every filter that is left of the stack.
    pub past_all: HeaderSpace,
    /// Whether every flow came to one decision: no rule was in doubt.
    is_exact: bool,
}

/// Puts flows to one filter.
pub fn evaluate<'a>(
    filter: &'a Filter,
    direction: Direction,
    phase: Phase,
    flows: &HeaderSpace,
    sight: &Sight<'_>,
) -> FilterOutcome<'a> {
    // Without state, a reply is the first packet that the filter sees of its flow.
    let fresh = Sight { state: StateSet::NEW, ..sight.clone() };
    let stateful = filter.tracking != Tracking::Stateless;
    let sight = if stateful && phase == Phase::ReplyWithoutState { &fresh } else { sight };
    let mut run = Run::new(filter, direction, sight);
    match (filter.tracking, phase) {
        (Tracking::Stateless, _)
        | (_, Phase::Opening)
        | (
            Tracking::Stateful { without_state: WithoutState::Evaluated },
            Phase::ReplyWithoutState,
        ) => run.lists(flows),
        (Tracking::Stateful { .. }, Phase::ReplyWithState) => {
            run.decide(Decider::Established, Ok(()), flows.clone(), None);
        }
        (Tracking::Stateful { without_state: WithoutState::Dropped }, Phase::ReplyWithoutState) => {
            run.decide(Decider::NoState, Err(Denial::Drop), flows.clone(), None);
        }
        (Tracking::Stateful { without_state: WithoutState::Unknown }, Phase::ReplyWithoutState) => {
            run.undecided(Decider::NoState, flows);
        }
    }
    let Run { pass, deny, past_all, hits, doubts, is_exact, .. } = run;
    let (pass, deny, past_all) = (pass.whole(), deny.whole(), past_all.whole());
    let mut outcome = Outcome { pass, deny, hits, doubts };
    if is_exact {
        return FilterOutcome { outcome, past_all, is_exact };
    }
    let contested = outcome.pass.union(&past_all).intersection(&outcome.deny);
    if !contested.is_empty() {
        outcome.hits.iter_mut().for_each(|hit| hit.contested = contested.intersection(&hit.flows));
    }
    FilterOutcome { outcome, past_all, is_exact }
}

/// One evaluation of one filter.
struct Run<'a, 's> {
    filter: &'a Filter,
    direction: Direction,
    sight: &'s Sight<'s>,
    pass: Gathered,
    deny: Gathered,
    past_all: Gathered,
    hits: Vec<Hit<'a>>,
    doubts: Vec<&'a Unknown>,
    /// Whether every flow has come to one decision so far: no rule was in doubt.
    is_exact: bool,
    rules_left: usize,
    calls_left: usize,
    /// The chains that it is in.
    inside: Vec<&'a Arc<str>>,
}

impl<'a, 's> Run<'a, 's> {
    fn new(filter: &'a Filter, direction: Direction, sight: &'s Sight<'s>) -> Self {
        Self {
            filter,
            direction,
            sight,
            pass: Gathered::default(),
            deny: Gathered::default(),
            past_all: Gathered::default(),
            hits: Vec::new(),
            doubts: Vec::new(),
            is_exact: true,
            rules_left: MOST_RULES,
            calls_left: MOST_CALLS,
            inside: Vec::new(),
        }
    }

    /// The base lists of the direction; what falls off their end is denied.
    fn lists(&mut self, flows: &HeaderSpace) {
        let filter = self.filter;
        let mut arriving = flows.clone();
        let mut returned = HeaderSpace::empty();
        for list in filter.lists(self.direction) {
            if arriving.is_empty() {
                break;
            }
            arriving = self.chain(list, arriving, &mut returned, 0);
        }
        let fell_off = arriving.union(&returned);
        if !fell_off.is_empty() {
            self.decide(Decider::End, Err(Denial::Drop), fell_off, None);
        }
    }

    /// Goes down a list; gives what may fall off its end. What may leave it for the caller's
    /// next rule, by `Return` or by coming back from a `Goto`, is added to `returned`.
    fn chain(
        &mut self,
        list: &'a Arc<RuleList>,
        arriving: HeaderSpace,
        returned: &mut HeaderSpace,
        depth: usize,
    ) -> HeaderSpace {
        let mut arriving = Arriving::new(arriving);
        for rule in &list.rules {
            if arriving.is_empty() {
                break;
            }
            if self.rules_left == 0 {
                self.undecided(Decider::Depth, &arriving.settled());
                return HeaderSpace::empty();
            }
            // A rule is matched against every cube of what arrives.
            self.spend(1 + arriving.cubes() / 4);
            if rule.action == Action::Continue {
                continue;
            }
            let Some(matched) = arriving.matched(&rule.matches, self.sight) else {
                continue;
            };
            // And what it matches is copied and kept.
            self.spend(matched.hi.address_ranges() / 16);
            self.doubts.extend(matched.doubt);
            self.is_exact &= matched.lo.is_none();
            if is_everything(&rule.matches, self.sight) {
                arriving.take_all();
            } else {
                arriving.take(matched.lo().clone());
            }
            let decider = Decider::Rule(list, rule);
            match &rule.action {
                Action::Allow => self.decide(decider, Ok(()), matched.hi, matched.doubt),
                Action::AllowAll => {
                    self.gather(|run| &mut run.past_all, matched.hi.clone());
                    self.hit(decider, Ok(()), matched.hi, matched.doubt);
                }
                Action::Deny(denial) => {
                    self.decide(decider, Err(*denial), matched.hi, matched.doubt);
                }
                Action::Jump(chain) => {
                    let back = self.call(chain, matched.hi, depth);
                    arriving = Arriving::new(arriving.settled().union(&back));
                }
                Action::Goto(chain) => {
                    let back = self.call(chain, matched.hi, depth);
                    *returned = returned.union(&back);
                }
                Action::Return => *returned = returned.union(&matched.hi),
                Action::Continue => {}
            }
        }
        arriving.settled()
    }

    /// Goes through a named chain; gives what may come back from it.
    fn call(&mut self, chain: &Arc<str>, flows: HeaderSpace, depth: usize) -> HeaderSpace {
        let filter = self.filter;
        let known = filter.chains.get_key_value(chain).filter(|(name, _)| {
            depth < DEEPEST_CHAIN && self.calls_left > 0 && !self.inside.contains(name)
        });
        let Some((name, list)) = known else {
            self.undecided(Decider::Depth, &flows);
            return flows;
        };
        self.calls_left -= 1;
        self.inside.push(name);
        let mut returned = HeaderSpace::empty();
        let end = self.chain(list, flows, &mut returned, depth + 1);
        self.inside.pop();
        end.union(&returned)
    }

    fn spend(&mut self, work: usize) {
        self.rules_left = self.rules_left.saturating_sub(work);
    }

    fn decide(
        &mut self,
        by: Decider<'a>,
        verdict: Result<(), Denial>,
        flows: HeaderSpace,
        doubt: Option<&'a Unknown>,
    ) {
        match verdict {
            Ok(()) => self.gather(|run| &mut run.pass, flows.clone()),
            Err(_) => self.gather(|run| &mut run.deny, flows.clone()),
        }
        self.hit(by, verdict, flows, doubt);
    }

    /// Adds flows that were decided about, each of them once unless something is in doubt.
    fn gather(&mut self, to: fn(&mut Self) -> &mut Gathered, flows: HeaderSpace) {
        let is_exact = self.is_exact;
        let gathered = to(self);
        if is_exact {
            gathered.add_disjoint(flows);
        } else {
            gathered.add(flows);
        }
    }

    fn hit(
        &mut self,
        by: Decider<'a>,
        verdict: Result<(), Denial>,
        flows: HeaderSpace,
        doubt: Option<&'a Unknown>,
    ) {
        let (filter, direction) = (self.filter, self.direction);
        let contested = HeaderSpace::empty();
        self.hits.push(Hit { filter, direction, by, verdict, flows, doubt, contested });
    }

    /// Both may happen.
    fn undecided(&mut self, by: Decider<'a>, flows: &HeaderSpace) {
        self.is_exact = false;
        self.pass.add(flows.clone());
        self.decide(by, Err(Denial::Drop), flows.clone(), None);
    }
}

/// The flows that a match may hold for, and those that it holds for certainly.
struct Matched<'a> {
    hi: HeaderSpace,
    /// `None` when it is the same as `hi`.
    lo: Option<HeaderSpace>,
    doubt: Option<&'a Unknown>,
}

impl Matched<'_> {
    fn lo(&self) -> &HeaderSpace {
        self.lo.as_ref().unwrap_or(&self.hi)
    }
}

/// The part of `flows` that a match may hold for; `None` when that is empty.
fn matched<'a>(matches: &'a Match, flows: &HeaderSpace, sight: &Sight<'_>) -> Option<Matched<'a>> {
    if !matches.states.intersects(sight.state) {
        return None;
    }
    let seen = |of| if sight.near == Some(of) { Identity::Kept } else { sight.identity };
    let from = side(&matches.sources, sight.source.as_ref(), seen(Direction::Egress));
    let to = side(&matches.destinations, sight.destination.as_ref(), seen(Direction::Ingress));
    let hi = flows.within(from.hi.as_deref(), to.hi.as_deref(), &matches.services);
    if hi.is_empty() {
        return None;
    }
    let doubt = matches.doubt.as_ref();
    if doubt.is_some() {
        return Some(Matched { hi, lo: Some(HeaderSpace::empty()), doubt });
    }
    if from.lo.is_none() && to.lo.is_none() {
        return Some(Matched { hi, lo: None, doubt: None });
    }
    let lo = flows.within(
        from.lo.as_ref().or(from.hi.as_deref()),
        to.lo.as_ref().or(to.hi.as_deref()),
        &matches.services,
    );
    let doubt = if lo == hi { None } else { from.doubt.or(to.doubt).or(Some(&IDENTITY)) };
    Some(Matched { hi, lo: Some(lo), doubt })
}

/// The doubt of a reference that something unseen may have taken the identity from.
static IDENTITY: std::sync::LazyLock<Unknown> = std::sync::LazyLock::new(|| {
    Unknown::new(
        "whether the group reference matches",
        "the flow passes something that may hide which interface it comes from",
        "",
    )
});

/// The addresses that one side of a match stands for, in the eyes of this flow.
struct Side<'a> {
    /// `None` for any address. Borrowed where a rule holds a single literal set, the usual case.
    hi: Option<std::borrow::Cow<'a, IpSet>>,
    /// `None` when it is the same as `hi`.
    lo: Option<IpSet>,
    doubt: Option<&'a Unknown>,
}

impl Side<'_> {
    const ANY: Self = Side { hi: None, lo: None, doubt: None };
}

fn side<'a>(peers: &'a Peers, member: Option<&Member<'_>>, identity: Identity) -> Side<'a> {
    use std::borrow::Cow;
    let Peers::Of(peers) = peers else {
        return Side::ANY;
    };
    if let [Peer::Addresses { set, .. }] = peers.as_slice() {
        return Side { hi: Some(Cow::Borrowed(set)), lo: None, doubt: None };
    }
    let (mut certain, mut possible, mut doubt) = (Vec::new(), Vec::new(), None);
    for peer in peers {
        match peer {
            Peer::Addresses { set, .. } => certain.push(set),
            Peer::Group(group) => {
                let Some(member) = member.filter(|m| m.groups.contains(group)) else {
                    continue;
                };
                match identity {
                    Identity::Kept => certain.push(&member.addresses),
                    Identity::Doubtful => possible.push(&member.addresses),
                    Identity::Lost => {}
                }
            }
            Peer::Unresolved { within, unknown, .. } => {
                possible.push(within);
                doubt = doubt.or(Some(unknown));
            }
        }
    }
    let (certain, possible) = (IpSet::union_of(certain), IpSet::union_of(possible));
    if possible.is_subset(&certain) {
        return Side { hi: Some(Cow::Owned(certain)), lo: None, doubt: None };
    }
    Side { hi: Some(Cow::Owned(certain.union(&possible))), lo: Some(certain), doubt }
}
