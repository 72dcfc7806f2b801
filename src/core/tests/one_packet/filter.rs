//! One packet at one filter, or at the filters of one stack.

use std::collections::BTreeSet;

use cloudfw_core::{
    Action, Denial, Direction, Filter, Flow, Identity, Match, Peer, Peers, RuleList, StateSet,
    Tracking, WithoutState,
};

use super::{Holds, Member, Outcomes, Seen, holds_address, holds_service};

/// Whether the packet opens a flow, or answers one that the filter's domain remembers or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It opens it.
    Opening,
    /// The opening packet made state here.
    ReplyWithState,
    /// The opening packet passed elsewhere.
    ReplyWithoutState,
}

/// What a filter may do with a packet, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decision {
    /// What happens.
    pub(crate) fate: Fate,
    /// The list and the rule; empty where no rule decides.
    pub(crate) by: (String, String),
    /// The actions that took part: a bit of [`action_bit`] each.
    pub(crate) actions: u8,
}

/// What happens to a packet at a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// The next filter of the stack is asked.
    Pass,
    /// No other filter of the stack is asked.
    PassAll,
    /// The end of it.
    Denied(Denial),
}

/// A bit for each kind of action.
pub(crate) fn action_bit(action: &Action) -> u8 {
    match action {
        Action::Allow => 1,
        Action::AllowAll => 2,
        Action::Deny(_) => 4,
        Action::Continue => 8,
        Action::Jump(_) => 16,
        Action::Goto(_) => 32,
        Action::Return => 64,
    }
}

/// What the filters of a stack may do, asked one after the other.
pub(crate) fn stack<'a>(
    filters: impl IntoIterator<Item = &'a Filter>,
    direction: Direction,
    phase: Phase,
    flow: Flow,
    seen: &Seen<'_>,
) -> Outcomes<Decision> {
    let mut ends = Outcomes::new();
    let nobody = (String::new(), String::new());
    let mut passed = BTreeSet::from([Decision { fate: Fate::Pass, by: nobody, actions: 0 }]);
    for asked in filters {
        let here = filter(asked, direction, phase, flow, seen);
        let mut next = BTreeSet::new();
        for before in &passed {
            for now in &here {
                let actions = before.actions | now.actions;
                let decision = Decision { actions, ..now.clone() };
                let on = now.fate == Fate::Pass;
                if on {
                    next.insert(decision)
                } else {
                    ends.insert(decision)
                };
            }
        }
        passed = next;
    }
    ends.extend(passed);
    ends
}

/// What one filter may do.
pub(crate) fn filter(
    asked: &Filter,
    direction: Direction,
    phase: Phase,
    flow: Flow,
    seen: &Seen<'_>,
) -> Outcomes<Decision> {
    let mut packet = Packet { filter: asked, direction, flow, seen, ends: Outcomes::new() };
    let without_state = match asked.tracking {
        Tracking::Stateful { without_state } if phase != Phase::Opening => Some(without_state),
        _ => None,
    };
    let first = StateSet::NEW;
    let like_the_first = Seen { state: first, ..seen.clone() };
    match without_state {
        Some(_) if phase == Phase::ReplyWithState => packet.end(Fate::Pass, None, 0),
        Some(WithoutState::Dropped) => packet.end(Fate::Denied(Denial::Drop), None, 0),
        Some(WithoutState::Unknown) => {
            packet.end(Fate::Pass, None, 0);
            packet.end(Fate::Denied(Denial::Drop), None, 0);
        }
        Some(WithoutState::Evaluated) => {
            packet.seen = &like_the_first;
            packet.base(0, 0);
        }
        None => packet.base(0, 0),
    }
    packet.ends
}

/// A packet on its way through one filter.
struct Packet<'a> {
    filter: &'a Filter,
    direction: Direction,
    flow: Flow,
    seen: &'a Seen<'a>,
    ends: Outcomes<Decision>,
}

/// A place in a list that a chain comes back to.
#[derive(Clone, Copy)]
struct Caller<'a> {
    list: &'a RuleList,
    rule: usize,
    /// Which base list it is, where it is one.
    base: Option<usize>,
}

impl<'a> Packet<'a> {
    fn end(&mut self, fate: Fate, by: Option<(&RuleList, &str)>, actions: u8) {
        let by = by.map_or_else(Default::default, |(list, rule)| {
            (list.label.id.to_string(), rule.to_string())
        });
        self.ends.insert(Decision { fate, by, actions });
    }

    /// From the beginning of a base list; after the last one nothing is let through.
    fn base(&mut self, index: usize, actions: u8) {
        match self.filter.lists(self.direction).get(index) {
            Some(list) => self.go(Caller { list, rule: 0, base: Some(index) }, &[], actions),
            None => self.end(Fate::Denied(Denial::Drop), None, actions),
        }
    }

    /// From a place in a list; `callers` are the places that the chains came from.
    fn go(&mut self, at: Caller<'a>, callers: &[Caller<'a>], mut actions: u8) {
        for (index, rule) in at.list.rules.iter().enumerate().skip(at.rule) {
            let next = Caller { rule: index + 1, ..at };
            match matches(&rule.matches, self.flow, self.seen) {
                Holds::No => continue,
                Holds::Yes => {}
                Holds::Maybe if rule.action == Action::Continue => {}
                Holds::Maybe => self.go(next, callers, actions),
            }
            actions |= action_bit(&rule.action);
            let by = Some((at.list, &*rule.id));
            match &rule.action {
                Action::Continue => continue,
                Action::Allow => self.end(Fate::Pass, by, actions),
                Action::AllowAll => self.end(Fate::PassAll, by, actions),
                Action::Deny(denial) => self.end(Fate::Denied(*denial), by, actions),
                Action::Return => self.back(callers, actions),
                Action::Goto(chain) => self.chain(chain, callers, actions),
                Action::Jump(chain) => {
                    let callers: Vec<_> = callers.iter().copied().chain([next]).collect();
                    self.chain(chain, &callers, actions);
                }
            }
            return;
        }
        match at.base {
            Some(index) => self.base(index + 1, actions),
            None => self.back(callers, actions),
        }
    }

    /// Into a chain; one that is missing may do anything.
    fn chain(&mut self, name: &str, callers: &[Caller<'a>], actions: u8) {
        let filter = self.filter;
        match filter.chains.get(name) {
            Some(list) => self.go(Caller { list, rule: 0, base: None }, callers, actions),
            None => {
                self.end(Fate::Pass, None, actions);
                self.end(Fate::Denied(Denial::Drop), None, actions);
                self.back(callers, actions);
            }
        }
    }

    /// Back to the last caller; without one no rule has let it through.
    fn back(&mut self, callers: &[Caller<'a>], actions: u8) {
        match callers.split_last() {
            Some((last, callers)) => self.go(*last, callers, actions),
            None => self.end(Fate::Denied(Denial::Drop), None, actions),
        }
    }
}

/// Whether a match holds for a packet.
fn matches(asked: &Match, flow: Flow, seen: &Seen<'_>) -> Holds {
    let doubt = if asked.doubt.is_some() { Holds::Maybe } else { Holds::Yes };
    let of = |end| if seen.near == Some(end) { Identity::Kept } else { seen.identity };
    let (from, to) = (of(Direction::Egress), of(Direction::Ingress));
    Holds::from(asked.states.intersects(seen.state))
        .and(holds_service(&asked.services, flow.service).into())
        .and(is_among(&asked.sources, flow.source, seen.source.as_ref(), from))
        .and(is_among(&asked.destinations, flow.destination, seen.destination.as_ref(), to))
        .and(doubt)
}

fn is_among(
    peers: &Peers,
    address: std::net::IpAddr,
    member: Option<&Member<'_>>,
    identity: Identity,
) -> Holds {
    let Peers::Of(peers) = peers else { return Holds::Yes };
    peers.iter().fold(Holds::No, |found, peer| {
        found.or(match peer {
            Peer::Addresses { set, .. } => holds_address(set, address).into(),
            Peer::Unresolved { within, .. } if holds_address(within, address) => Holds::Maybe,
            Peer::Unresolved { .. } => Holds::No,
            Peer::Group(group) => {
                let is_member = member
                    .is_some_and(|m| m.groups.contains(group) && m.addresses.contains(&address));
                match identity {
                    Identity::Kept => is_member.into(),
                    Identity::Doubtful if is_member => Holds::Maybe,
                    Identity::Doubtful | Identity::Lost => Holds::No,
                }
            }
        })
    })
}
