//! A rule, in the shape in which it is compared with others.
//!
//! Groups and what cannot be resolved are *names*: nobody knows here whom they stand for, but one
//! name stands for the same in every rule. So a rule falls into parts, one for each name and one
//! for its addresses; a name is covered by itself and by all addresses, addresses by addresses.

use cloudfw_core::{Action, Cube, Direction, Group, HeaderSpace, Id, IpSet, Peer, Peers, Rule};

use crate::reading::port_span;

/// What a rule does, as far as its neighbours care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Lets through, to the next filter.
    Allow,
    /// Lets through, past all filters.
    AllowAll,
    /// Denies, however.
    Deny,
    /// Sends packets to other rules: what becomes of them stands there.
    Elsewhere,
    /// Nothing: it counts, marks or logs.
    Nothing,
}

/// A rule, ready to be compared.
pub(super) struct Shape<'r> {
    pub(super) rule: &'r Rule,
    pub(super) does: Does,
    from: Ends<'r>,
    to: Ends<'r>,
    direction: Direction,
    /// The lowest and the highest destination port, where every service has ports.
    pub(super) ports: Option<(u16, u16)>,
}

/// Whom one side of a rule stands for.
struct Ends<'r> {
    addresses: IpSet,
    names: Vec<Name<'r>>,
    /// The most that it stands for.
    most: IpSet,
}

/// Whoever that is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name<'r> {
    Group(&'r Id<Group>),
    Unresolved(&'r str, &'r IpSet),
}

/// A part of a rule: its packets between one kind of ends.
pub(super) struct Part<'s> {
    pub(super) shape: &'s Shape<'s>,
    from: End<'s>,
    to: End<'s>,
}

#[derive(Clone, Copy)]
enum End<'s> {
    Addresses(&'s IpSet),
    Name(Name<'s>),
}

impl<'r> Shape<'r> {
    pub(super) fn of(rule: &'r Rule, direction: Direction) -> Self {
        Self {
            does: match &rule.action {
                Action::Allow => Does::Allow,
                Action::AllowAll => Does::AllowAll,
                Action::Deny(_) => Does::Deny,
                Action::Jump(_) | Action::Goto(_) | Action::Return => Does::Elsewhere,
                Action::Continue => Does::Nothing,
            },
            from: Ends::of(&rule.matches.sources),
            to: Ends::of(&rule.matches.destinations),
            direction,
            ports: port_span(&rule.matches.services),
            rule,
        }
    }

    /// The most that the far side stands for: sources coming in, destinations going out.
    pub(super) fn far(&self) -> &IpSet {
        match self.direction {
            Direction::Ingress => &self.from.most,
            Direction::Egress => &self.to.most,
        }
    }

    /// Whether it matches nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.most().is_none()
    }

    /// Whether it certainly decides what it matches.
    pub(super) fn certain(&self) -> bool {
        let decides = matches!(self.does, Does::Allow | Does::AllowAll | Does::Deny);
        decides && self.rule.matches.doubt.is_none()
    }

    /// Everything that it may match.
    pub(super) fn most(&self) -> Option<Cube> {
        let services = self.rule.matches.services.clone();
        Cube::new(self.from.most.clone(), self.to.most.clone(), services)
    }

    /// Whether it is about everything of an address family.
    pub(super) fn is_everything(&self) -> bool {
        let all = |set: &IpSet| IpSet::any_v4().is_subset(set) || IpSet::any_v6().is_subset(set);
        self.rule.matches.services.is_full() && all(&self.from.most) && all(&self.to.most)
    }

    /// Whether two rules do contrary things.
    pub(super) fn opposes(&self, other: &Shape<'_>) -> bool {
        self.certain() && (self.does == Does::Deny) != (other.does == Does::Deny)
    }

    /// Whether this rule takes packets from a later one that its writer may not have meant: not an
    /// exception that stands before the rule that it is made from. Denying some ports to all, or
    /// all ports to some, before allowing others is meant too.
    pub(super) fn takes_unawares(&self, later: &Shape<'_>) -> bool {
        let (own, services) = (&self.rule.matches.services, &later.rule.matches.services);
        if own.is_subset(services) && self.ends_within(later) {
            return false;
        }
        if later.does == Does::Deny {
            return true;
        }
        let crossed = !own.is_subset(services) && !services.is_subset(own);
        crossed || (!self.ends_within(later) && !later.ends_within(self))
    }

    /// Whether its ends are among those of another one, in the address families of that one.
    fn ends_within(&self, other: &Shape<'_>) -> bool {
        let ((from, to), (wider, widest)) = (self.ends(), other.ends());
        let v4 = wider.v4().is_empty()
            || widest.v4().is_empty()
            || (from.v4().is_subset(wider.v4()) && to.v4().is_subset(widest.v4()));
        let v6 = wider.v6().is_empty()
            || widest.v6().is_empty()
            || (from.v6().is_subset(wider.v6()) && to.v6().is_subset(widest.v6()));
        v4 && v6
    }

    fn ends(&self) -> (&IpSet, &IpSet) {
        (&self.from.most, &self.to.most)
    }

    /// Whether it alone decides everything that another one may match.
    pub(super) fn covers(&self, other: &Shape<'_>) -> bool {
        self.certain()
            && self.spans(other)
            && other.rule.matches.services.is_subset(&self.rule.matches.services)
            && self.from.cover(&other.from)
            && self.to.cover(&other.to)
    }

    /// Whether it is about the states of connections that another one is about.
    fn spans(&self, other: &Shape<'_>) -> bool {
        let (own, others) = (self.rule.matches.states, other.rule.matches.states);
        own.union(others) == own
    }

    /// What it certainly decides of a part of another rule.
    pub(super) fn cover(&self, part: &Part<'_>) -> Option<Cube> {
        if !self.certain() || !self.spans(part.shape) {
            return None;
        }
        let services = self.rule.matches.services.clone();
        Cube::new(self.from.against(part.from), self.to.against(part.to), services)
    }

    /// Whether other rules cover each of its sides and its services, taken alone: quickly said, and
    /// they mostly do not.
    pub(super) fn may_be_covered(&self, others: &[&Shape<'_>]) -> bool {
        self.from.within(&others.iter().map(|it| &it.from).collect::<Vec<_>>())
            && self.to.within(&others.iter().map(|it| &it.to).collect::<Vec<_>>())
            && self.services_within(others)
    }

    fn services_within(&self, others: &[&Shape<'_>]) -> bool {
        let mut rest = self.rule.matches.services.clone();
        for other in others {
            rest = rest.difference(&other.rule.matches.services);
            if rest.is_empty() {
                return true;
            }
        }
        false
    }

    /// Its parts.
    pub(super) fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        for from in self.from.each() {
            for to in self.to.each() {
                parts.push(Part { shape: self, from, to });
            }
        }
        parts.retain(|part| !part.space().is_empty());
        parts
    }

    /// Whether two rules have to do with each other: they may share packets, and either does what
    /// the other does not, or may take the other's place.
    pub(super) fn meets(&self, other: &Shape<'_>) -> bool {
        let apart = |(low, high): (u16, u16), (other_low, other_high): (u16, u16)| {
            high < other_low || other_high < low
        };
        if self.ports.zip(other.ports).is_some_and(|(own, others)| apart(own, others)) {
            return false;
        }
        if self.does == other.does && !(self.from.meets(&other.from) && self.to.meets(&other.to)) {
            return false;
        }
        self.rule.matches.services.intersects(&other.rule.matches.services)
            && self.rule.matches.states.intersects(other.rule.matches.states)
    }
}

impl Part<'_> {
    /// The most that it is about.
    pub(super) fn space(&self) -> HeaderSpace {
        let most = |end: End<'_>| match end {
            End::Addresses(set) | End::Name(Name::Unresolved(_, set)) => set.clone(),
            End::Name(Name::Group(_)) => IpSet::full(),
        };
        let services = self.shape.rule.matches.services.clone();
        HeaderSpace::from_cube(most(self.from), most(self.to), services)
    }
}

impl<'r> Ends<'r> {
    fn of(peers: &'r Peers) -> Self {
        let mut ends = Ends { addresses: IpSet::empty(), names: Vec::new(), most: IpSet::empty() };
        let Peers::Of(peers) = peers else {
            return Ends { addresses: IpSet::full(), names: Vec::new(), most: IpSet::full() };
        };
        if let [Peer::Addresses { set, .. }] = peers.as_slice() {
            return Ends { addresses: set.clone(), names: Vec::new(), most: set.clone() };
        }
        for peer in peers {
            match peer {
                Peer::Addresses { set, .. } => ends.addresses = ends.addresses.union(set),
                Peer::Group(group) => ends.names.push(Name::Group(group)),
                Peer::Unresolved { name, within, .. } => {
                    ends.names.push(Name::Unresolved(name, within));
                }
            }
        }
        ends.most = ends.addresses.clone();
        for name in &ends.names {
            ends.most = match name {
                Name::Group(_) => IpSet::full(),
                Name::Unresolved(_, within) => ends.most.union(within),
            };
        }
        ends
    }

    fn each(&self) -> impl Iterator<Item = End<'_>> {
        let addresses = (!self.addresses.is_empty()).then_some(End::Addresses(&self.addresses));
        addresses.into_iter().chain(self.names.iter().map(|name| End::Name(*name)))
    }

    /// The addresses that it certainly stands for, where the other side is one end.
    fn against(&self, end: End<'_>) -> IpSet {
        match end {
            End::Name(name) if self.has(name) => IpSet::full(),
            _ => self.addresses.clone(),
        }
    }

    fn has(&self, name: Name<'_>) -> bool {
        self.names.contains(&name)
    }

    fn cover(&self, other: &Ends<'_>) -> bool {
        other.addresses.is_subset(&self.addresses)
            && other.names.iter().all(|name| self.has(*name) || self.addresses.is_full())
    }

    /// Whether one may certainly stand for somebody of the other.
    fn meets(&self, other: &Ends<'_>) -> bool {
        let names = || self.names.iter().any(|name| other.has(*name));
        self.addresses.intersects(&other.most) || other.addresses.intersects(&self.most) || names()
    }

    /// Whether others cover it together.
    fn within(&self, others: &[&Ends<'_>]) -> bool {
        let own = self.addresses.is_empty() || {
            let sets = others.iter().map(|other| &other.addresses);
            self.addresses.is_subset(&IpSet::union_of(sets))
        };
        let covers = |name: Name<'_>| {
            others.iter().any(|other| other.has(name) || !other.addresses.is_empty())
        };
        own && self.names.iter().all(|name| covers(*name))
    }
}

#[cfg(test)]
mod tests;
