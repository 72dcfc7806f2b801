//! What a rule says by itself, without the flows that come to it.

use std::sync::Arc;

use cloudfw_core::{
    Action, Direction, Group, HeaderSpace, Id, IpSet, Peer, Peers, Place, PortSet, Rule, ServiceSet,
};

/// One side of a rule, as far as it is written out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// The addresses that stand in it, those of resolved lists among them.
    pub addresses: IpSet,
    /// The lists that they were expanded from, in order.
    pub lists: Vec<Arc<str>>,
    /// The groups that it names.
    pub groups: Vec<Id<Group>>,
    /// What more it may stand for: what cannot be resolved.
    pub possibly: IpSet,
}

impl Side {
    /// What a side of a match says.
    pub fn of(peers: &Peers) -> Self {
        let mut side = Self::default();
        match peers {
            Peers::Any => side.addresses = IpSet::full(),
            Peers::Of(peers) => peers.iter().for_each(|peer| side.add(peer)),
        }
        side
    }

    fn add(&mut self, peer: &Peer) {
        match peer {
            Peer::Addresses { set, via } => {
                self.addresses = self.addresses.union(set);
                self.lists.extend(via.clone());
            }
            Peer::Group(group) => self.groups.push(group.clone()),
            Peer::Unresolved { within, .. } => self.possibly = self.possibly.union(within),
        }
    }

    /// Whether it names nobody at all, as a reference over a peering that is gone (AWS-10).
    pub fn is_nobody(&self) -> bool {
        self.addresses.is_empty() && self.groups.is_empty() && self.possibly.is_empty()
    }
}

/// The far side of a rule: sources coming in, destinations going out.
pub fn far_side(rule: &Rule, direction: Direction) -> Side {
    Side::of(match direction {
        Direction::Ingress => &rule.matches.sources,
        Direction::Egress => &rule.matches.destinations,
    })
}

/// Whether somebody wrote the rule; implied ones cannot be changed and are nobody's fault, also
/// where the vendor prints them: `*` is what the last rule of a list is called that stays there.
pub fn is_written(rule: &Rule) -> bool {
    !matches!(rule.origin.place, Place::Implied(_)) && &*rule.id != "*"
}

/// Whether the rule stands for others that were not read, as providers write it: `?`.
pub fn stands_for_the_unread(rule: &Rule) -> bool {
    &*rule.id == "?"
}

/// Whether the rule lets packets through.
pub fn allows(rule: &Rule) -> bool {
    matches!(rule.action, Action::Allow | Action::AllowAll)
}

/// Whether the rule stops packets.
pub fn denies(rule: &Rule) -> bool {
    matches!(rule.action, Action::Deny(_))
}

/// The headers that a rule certainly matches, and those that it may match: groups match nothing
/// for certain here, and may match anything.
pub fn headers(rule: &Rule) -> cloudfw_core::Bounds<HeaderSpace> {
    let (from, to) = (Side::of(&rule.matches.sources), Side::of(&rule.matches.destinations));
    let most = |side: &Side| {
        if side.groups.is_empty() { side.addresses.union(&side.possibly) } else { IpSet::full() }
    };
    let at_most = HeaderSpace::from_cube(most(&from), most(&to), rule.matches.services.clone());
    let at_least = if rule.matches.doubt.is_some() {
        HeaderSpace::empty()
    } else {
        HeaderSpace::from_cube(from.addresses, to.addresses, rule.matches.services.clone())
    };
    cloudfw_core::Bounds { at_least, at_most }
}

/// The lowest and the highest destination port of services that all have ports.
pub(crate) fn port_span(services: &ServiceSet) -> Option<(u16, u16)> {
    let without = services.icmp_cubes().next().is_some() || !services.other_protocols().is_empty();
    if without {
        return None;
    }
    let span = |set: &PortSet| Some((set.first()?, set.last()?));
    let spans = services.port_cubes().filter_map(|(_, _, destinations)| span(destinations));
    spans.reduce(|(low, high), (other_low, other_high)| (low.min(other_low), high.max(other_high)))
}

#[cfg(test)]
mod tests {
    use cloudfw_core::{PortSet, Protocol, ServiceSet};

    use super::port_span;

    #[test]
    fn services_span_their_lowest_and_highest_port_where_all_have_ports() {
        let tcp = ServiceSet::tcp(PortSet::from_ranges([(443, 443), (22, 23), (8080, 8081)]));
        let dns = ServiceSet::udp(PortSet::single(53));
        assert_eq!(port_span(&tcp), Some((22, 8081)));
        assert_eq!(port_span(&dns), Some((53, 53)));
        assert_eq!(port_span(&ServiceSet::tcp(PortSet::single(80)).union(&dns)), Some((53, 80)));
        assert_eq!(port_span(&ServiceSet::empty()), None);
        for without in [Protocol::ICMP, Protocol(47)] {
            assert_eq!(port_span(&tcp.union(&ServiceSet::all_of(without))), None, "{without}");
        }
    }
}
