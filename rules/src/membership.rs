//! Groups: their lists, their members, and who else names them.

use std::collections::{BTreeMap, BTreeSet};

use cloudfw_core::{Action, Group, Id, Interface, Label, Network, Peers, Role, Rule, Unknown};

use crate::Audit;
use crate::lists::{Listed, Lists};
use crate::reading::{far_side, is_written};

/// What a resource is known by: its scope, its kind and its id.
pub type Key<'n> = (&'n str, &'static str, &'n str);

/// The key of a label.
pub fn key(label: &Label) -> Key<'_> {
    (&label.scope, label.kind, &label.id)
}

/// The lists of each group, ACL or policy, both directions together.
pub fn by_resource<'l, 'n>(lists: &'l Lists<'n>) -> BTreeMap<Key<'l>, Vec<&'l Listed<'n>>> {
    let mut all: BTreeMap<Key<'l>, Vec<&'l Listed<'n>>> = BTreeMap::new();
    for listed in lists.iter() {
        all.entry(key(listed.label())).or_default().push(listed);
    }
    all
}

/// Groups and their members.
#[derive(Debug)]
pub struct Membership<'l, 'n> {
    network: &'n Network,
    members: BTreeMap<&'n Id<Group>, Vec<&'n Label>>,
    lists: BTreeMap<(&'l str, &'l str), Vec<&'l Listed<'n>>>,
    /// The groups that a list of another one names.
    named: BTreeSet<Id<Group>>,
    gaps: BTreeMap<&'n str, BTreeSet<Unknown>>,
}

impl<'l, 'n> Membership<'l, 'n> {
    /// Goes through the network once.
    pub fn new(audit: &'l Audit<'n>) -> Self {
        let network = audit.network();
        let mut members: BTreeMap<&Id<Group>, Vec<&Label>> = BTreeMap::new();
        for interface in network.interfaces.values() {
            for group in &interface.groups {
                members.entry(group).or_default().push(&interface.label);
            }
        }
        let mut lists: BTreeMap<(&str, &str), Vec<&Listed<'n>>> = BTreeMap::new();
        let mut named = BTreeSet::new();
        for listed in audit.lists().iter() {
            let label = listed.label();
            lists.entry((&label.scope, &label.id)).or_default().push(listed);
            let rules = listed.list.rules.iter();
            let groups = rules.flat_map(|rule| far_side(rule, listed.direction).groups);
            let other = |group: &Id<Group>| {
                let group = network.groups.get(group);
                group.is_none_or(|it| it.label.id != label.id || it.label.scope != label.scope)
            };
            named.extend(groups.filter(other));
        }
        Self { network, members, lists, named, gaps: gaps(network) }
    }

    /// The network.
    pub fn network(&self) -> &'n Network {
        self.network
    }

    /// The interfaces that are members of a group.
    pub fn members(&self, group: &Id<Group>) -> &[&'n Label] {
        self.members.get(group).map_or(&[], Vec::as_slice)
    }

    /// The lists of a group: one for each direction.
    pub fn lists(&self, group: &'l Group) -> &[&'l Listed<'n>] {
        let key = (&*group.label.scope, &*group.label.id);
        self.lists.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The group that a list is of.
    pub fn group_of(&self, label: &Label) -> Option<(&'n Id<Group>, &'n Group)> {
        let is_it = |group: &Group| group.label.id == label.id && group.label.scope == label.scope;
        // Its key is its id, except where two scopes share it.
        let near = self.network.groups.get_key_value(&*label.id).filter(|(_, it)| is_it(it));
        near.or_else(|| self.network.groups.iter().find(|(_, group)| is_it(group)))
    }

    /// Whether a rule of another group names it.
    pub fn is_named(&self, group: &Id<Group>) -> bool {
        self.named.contains(group)
    }

    /// Why groups of a scope may have members that nobody recorded.
    pub fn gaps(&self, scope: &str) -> Vec<Unknown> {
        self.gaps.get(scope).into_iter().flatten().cloned().collect()
    }
}

/// What was not read of interfaces or their groups, by scope.
fn gaps(network: &Network) -> BTreeMap<&str, BTreeSet<Unknown>> {
    let mut gaps: BTreeMap<&str, BTreeSet<Unknown>> = BTreeMap::new();
    for router in network.routers.values() {
        if !router.unread.is_empty() {
            gaps.entry(&router.label.scope).or_default().extend(router.unread.iter().cloned());
        }
    }
    for interface in network.interfaces.values() {
        if let Some(unknown) = unknown_groups(network, interface) {
            gaps.entry(&interface.label.scope).or_default().insert(unknown.clone());
        }
    }
    gaps
}

/// Set where it is not recorded which groups an interface has: its filter then lets everything
/// through or nothing, by a rule that nobody wrote.
fn unknown_groups<'n>(network: &'n Network, interface: &Interface) -> Option<&'n Unknown> {
    if !interface.groups.is_empty() || matches!(interface.role, Role::Gateway(_)) {
        return None;
    }
    let filters = interface.stack.filters.iter().filter_map(|id| network.filters.get(id));
    let mut rules = filters.flat_map(|filter| &filter.ingress).flat_map(|list| &list.rules);
    rules.find_map(|rule| rule.matches.doubt.as_ref().filter(|_| says_nothing(rule)))
}

fn says_nothing(rule: &Rule) -> bool {
    let open = rule.matches.sources == Peers::Any && rule.matches.destinations == Peers::Any;
    let open = open && rule.matches.services.is_full() && rule.action == Action::Allow;
    open && !is_written(rule)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cloudfw_core::{Network, PathGraph, Place};

    use super::Membership;
    use crate::{Audit, Settings};

    /// Whether an interface with these words hides which groups it has, where its filter holds this
    /// rule, written by somebody or implied.
    fn is_unknown(interface: &str, rule: &str, is_implied: bool) -> bool {
        let text = format!(
            "router vpc 10.0.0.0/16\nsubnet a in vpc 10.0.1.0/24\nfilter f stateful\n  in 1 {rule}
external internet 0.0.0.0/0\ngateway igw border vpc internet
interface web in a 10.0.1.10 filters f {interface}"
        );
        let mut network = Network::from_text(&text).unwrap();
        if is_implied {
            let filter = Arc::make_mut(network.filters.get_mut("f").unwrap());
            let list = Arc::make_mut(&mut filter.ingress[0]);
            list.rules[0].origin.place = Place::Implied("AWS");
        }
        let graph = PathGraph::new(&network);
        let settings = Settings::default();
        let audit = Audit::new(&graph, &[], &settings);
        !Membership::new(&audit).gaps("").is_empty()
    }

    #[test]
    fn groups_are_unknown_where_an_implied_rule_may_let_everything_through() {
        assert!(is_unknown("", "allow any maybe", true));
        for said in [
            "allow any",
            "allow tcp maybe",
            "allow any from 10.0.0.0/8 maybe",
            "allow any to 10.0.0.0/8 maybe",
            "allow any from group:x maybe",
            "deny any maybe",
        ] {
            assert!(!is_unknown("", said, true), "{said} says something");
        }
        assert!(!is_unknown("", "allow any maybe", false), "somebody wrote it");
    }

    #[test]
    fn an_interface_with_groups_and_one_of_a_gateway_hide_none() {
        assert!(!is_unknown("groups x", "allow any maybe", true));
        assert!(!is_unknown("gateway igw", "allow any maybe", true));
    }
}
