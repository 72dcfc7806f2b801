//! The rule lists of an estate, and what asks them.
//!
//! A list is what people edit: a security group, a network ACL, an NSG. Filters that are merged of
//! several groups share their lists, so that each stands here once a direction.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cloudfw_core::{
    Direction, Filter, Gateway, Id, Interface, Label, Network, RuleList, Stack, Subnet, Tracking,
};

use crate::reading::is_written;

/// A list of rules in one direction.
#[derive(Clone, Debug)]
pub struct Listed<'n> {
    /// The list.
    pub list: &'n Arc<RuleList>,
    /// The direction that it is asked in.
    pub direction: Direction,
    /// Whether what asks it remembers flows.
    pub tracking: Tracking,
    /// The filters that it is part of.
    pub filters: BTreeSet<&'n Id<Filter>>,
    /// The interfaces that ask it themselves.
    pub interfaces: BTreeSet<&'n Id<Interface>>,
    /// The subnets that ask it at their boundary.
    pub subnets: BTreeSet<&'n Id<Subnet>>,
    /// The gateways that ask it.
    pub gateways: BTreeSet<&'n Id<Gateway>>,
}

impl Listed<'_> {
    /// The group, ACL or policy that the list is.
    pub fn label(&self) -> &Label {
        &self.list.label
    }

    /// Whether nothing asks it.
    pub fn is_unattached(&self) -> bool {
        self.interfaces.is_empty() && self.subnets.is_empty() && self.gateways.is_empty()
    }

    /// Whether its rules remember nothing: an ACL.
    pub fn is_stateless(&self) -> bool {
        self.tracking == Tracking::Stateless
    }
}

/// All lists of a network.
#[derive(Clone, Debug, Default)]
pub struct Lists<'n> {
    all: Vec<Listed<'n>>,
    by_filter: HashMap<&'n Id<Filter>, Vec<usize>>,
    by_interface: HashMap<&'n Id<Interface>, Vec<usize>>,
}

impl<'n> Lists<'n> {
    /// Goes through a network once.
    pub fn new(network: &'n Network) -> Self {
        let mut lists = Self::default();
        lists.collect(network);
        for (id, interface) in &network.interfaces {
            lists.attach(&interface.stack, |listed| {
                listed.interfaces.insert(id);
            });
        }
        for (id, subnet) in &network.subnets {
            lists.attach(&subnet.boundary, |listed| {
                listed.subnets.insert(id);
            });
        }
        for (id, gateway) in &network.gateways {
            lists.attach(&gateway.stack, |listed| {
                listed.gateways.insert(id);
            });
        }
        lists.index();
        lists
    }

    /// Every list that somebody wrote, each direction apart, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = &Listed<'n>> {
        self.all.iter()
    }

    /// The lists that an interface asks itself.
    pub fn of_interface(&self, id: &Id<Interface>) -> impl Iterator<Item = &Listed<'n>> {
        let places = self.by_interface.get(id).into_iter().flatten();
        places.filter_map(|place| self.all.get(*place))
    }

    /// The lists of one direction that are merged in a filter.
    pub fn of_filter(
        &self,
        id: &Id<Filter>,
        direction: Direction,
    ) -> impl Iterator<Item = &Listed<'n>> {
        let places = self.by_filter.get(id).into_iter().flatten();
        let lists = places.filter_map(|place| self.all.get(*place));
        lists.filter(move |listed| listed.direction == direction)
    }

    /// One entry for each list and direction. A list is known by its address in memory: equal ones
    /// of one filter are one list.
    fn collect(&mut self, network: &'n Network) {
        let mut known: BTreeMap<(*const RuleList, Direction), usize> = BTreeMap::new();
        for (id, filter) in &network.filters {
            for direction in [Direction::Ingress, Direction::Egress] {
                for list in filter.lists(direction) {
                    if !list.rules.is_empty() && !list.rules.iter().any(is_written) {
                        continue;
                    }
                    let at = *known.entry((Arc::as_ptr(list), direction)).or_insert_with(|| {
                        self.all.push(Listed::new(list, direction, filter.tracking));
                        self.all.len() - 1
                    });
                    if let Some(listed) = self.all.get_mut(at) {
                        listed.filters.insert(id);
                    }
                }
            }
        }
        self.all.sort_by(|one, other| key(one).cmp(&key(other)));
        for (at, listed) in self.all.iter().enumerate() {
            for filter in &listed.filters {
                self.by_filter.entry(filter).or_default().push(at);
            }
        }
    }

    fn attach(&mut self, stack: &Stack, mut to: impl FnMut(&mut Listed<'n>)) {
        for at in stack.filters.iter().filter_map(|id| self.by_filter.get(id)).flatten() {
            if let Some(listed) = self.all.get_mut(*at) {
                to(listed);
            }
        }
    }

    fn index(&mut self) {
        for (at, listed) in self.all.iter().enumerate() {
            for id in &listed.interfaces {
                self.by_interface.entry(id).or_default().push(at);
            }
        }
    }
}

impl<'n> Listed<'n> {
    fn new(list: &'n Arc<RuleList>, direction: Direction, tracking: Tracking) -> Self {
        Self {
            list,
            direction,
            tracking,
            filters: BTreeSet::new(),
            interfaces: BTreeSet::new(),
            subnets: BTreeSet::new(),
            gateways: BTreeSet::new(),
        }
    }
}

fn key<'l>(listed: &'l Listed<'_>) -> impl Ord + 'l {
    let label = listed.label();
    (&label.scope, label.kind, &label.id, listed.direction, &label.origin)
}

#[cfg(test)]
mod tests {
    use cloudfw_core::{Direction, Id, Network};

    use super::{Listed, Lists};

    const ESTATE: &str = "
external internet 0.0.0.0/0
router vpc 10.0.0.0/16
gateway igw border vpc internet filters edge
subnet a in vpc 10.0.1.0/24 acl acl
filter acl stateless
  in 1 allow any
filter edge stateful
  in 1 allow any
filter one stateful
  in 1 allow 22
filter two stateful
  in 1 allow 443
filter unused stateful
  in 1 allow any
interface web in a 10.0.1.10 filters one,two
interface db in a 10.0.1.11 filters two
";

    fn told(listed: &Listed<'_>) -> String {
        let Listed { list, direction, .. } = listed;
        let asked_by = if listed.is_unattached() { "nothing" } else { "something" };
        let kind = if listed.is_stateless() { "stateless" } else { "stateful" };
        format!("{} {direction} {kind} asked by {asked_by}", list.label.id)
    }

    #[test]
    fn every_list_stands_once_for_each_direction_in_order() {
        let network = Network::from_text(ESTATE).unwrap();
        let lists = Lists::new(&network);
        let ingress = lists.iter().filter(|listed| listed.direction == Direction::Ingress);
        assert_eq!(
            ingress.map(told).collect::<Vec<_>>(),
            [
                "acl ingress stateless asked by something",
                "edge ingress stateful asked by something",
                "one ingress stateful asked by something",
                "two ingress stateful asked by something",
                "unused ingress stateful asked by nothing",
            ]
        );
        assert_eq!(lists.iter().count(), 10);
    }

    #[test]
    fn an_interface_asks_its_own_lists_and_not_those_of_its_subnet() {
        let network = Network::from_text(ESTATE).unwrap();
        let lists = Lists::new(&network);
        let of = |interface: &str| -> Vec<String> {
            let id = Id::new(interface);
            let own = lists.of_interface(&id);
            let own = own.filter(|listed| listed.direction == Direction::Ingress);
            own.map(|listed| listed.label().id.to_string()).collect()
        };
        assert_eq!(of("web"), ["one", "two"]);
        assert_eq!(of("db"), ["two"]);
        assert!(of("nobody").is_empty());
    }
}
