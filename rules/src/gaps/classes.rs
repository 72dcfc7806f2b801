//! Interfaces that are alike: what is proved of one of them is proved of all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cloudfw_core::{
    Action, Address, Direction, Filter, Group, HeaderSpace, Id, Identity, Interface, IpSet,
    Liveness, Match, Member, Network, Passage, PathGraph, Peer, Peers, Phase, PortSet, Role,
    Router, Rule, ServiceSet, Sight, StateSet, Subnet, Target, evaluate_stack,
};

use super::opens;
use crate::reading::{Side, denies, far_side, is_written};

/// Interfaces in one subnet with the same filters, groups, client and kinds of addresses.
#[derive(Clone)]
pub(super) struct Class<'n> {
    /// The first of them.
    pub(super) id: &'n Id<Interface>,
    pub(super) interface: &'n Interface,
    pub(super) subnet: &'n Id<Subnet>,
    pub(super) members: Vec<&'n Id<Interface>>,
    /// Whom its filters may let in.
    admits: Side,
    /// The rules that let in, where there are no others; nothing where it hangs on order.
    admission: Option<Vec<&'n Rule>>,
    /// The groups that they may let out to.
    sends_to: Vec<Id<Group>>,
}

/// All classes.
pub(super) struct Classes<'n> {
    network: &'n Network,
    by_subnet: BTreeMap<&'n Id<Subnet>, Vec<Class<'n>>>,
}

type Likeness<'n> = (&'n [Id<Filter>], &'n BTreeSet<Id<Group>>, &'n [(u16, u16)], [bool; 3], bool);

impl<'n> Classes<'n> {
    pub(super) fn new(network: &'n Network) -> Self {
        let mut by_subnet: BTreeMap<&'n Id<Subnet>, Vec<Class<'n>>> = BTreeMap::new();
        let mut places: HashMap<(&'n Id<Subnet>, Likeness<'n>), usize> = HashMap::new();
        for (id, interface) in &network.interfaces {
            let answers = matches!(interface.role, Role::Endpoint)
                && !matches!(interface.liveness, Liveness::Down(_));
            let Some((subnet, _)) = network.subnets.get_key_value(&interface.subnet) else {
                continue;
            };
            if !answers || interface.addresses.is_empty() {
                continue;
            }
            let classes = by_subnet.entry(subnet).or_default();
            let place = *places.entry((subnet, likeness(interface))).or_insert_with(|| {
                let admits = far_sides(network, interface, Direction::Ingress);
                let sends_to = far_sides(network, interface, Direction::Egress).groups;
                let (admission, members) = (admission(network, interface), Vec::new());
                classes.push(Class { id, interface, subnet, members, admits, admission, sends_to });
                classes.len() - 1
            });
            if let Some(class) = classes.get_mut(place) {
                class.members.push(id);
            }
        }
        Self { network, by_subnet }
    }

    pub(super) fn all(&self) -> Vec<Class<'n>> {
        self.by_subnet.values().flatten().cloned().collect()
    }

    pub(super) fn of(&self, subnet: &Id<Subnet>) -> Vec<Class<'n>> {
        self.by_subnet.get(subnet).cloned().unwrap_or_default()
    }

    /// The ports that the classes of a subnet open connections from.
    pub(super) fn clients(&self, subnet: &Id<Subnet>) -> Vec<PortSet> {
        let classes = self.by_subnet.get(subnet).into_iter().flatten();
        let mut clients: Vec<PortSet> = Vec::new();
        for class in classes.filter(|class| class.opens()) {
            let ports = &class.interface.client.ports;
            if !clients.contains(ports) {
                clients.push(ports.clone());
            }
        }
        clients
    }

    /// Each two subnets with anything in them, one after the other, that are in the same router or
    /// in two that are linked.
    pub(super) fn neighbours(&self) -> Vec<(&'n Id<Subnet>, &'n Id<Subnet>)> {
        let mut linked: BTreeSet<(&Id<Router>, &Id<Router>)> = BTreeSet::new();
        for gateway in self.network.gateways.values() {
            if let Passage::Link { ends: [one, other], .. } = &gateway.passage
                && gateway.closed.is_none()
            {
                linked.extend([(one, other), (other, one)]);
            }
        }
        let mut in_router: BTreeMap<&Id<Router>, Vec<&'n Id<Subnet>>> = BTreeMap::new();
        for id in self.by_subnet.keys() {
            if let Some(subnet) = self.network.subnets.get(*id) {
                in_router.entry(&subnet.router).or_default().push(id);
            }
        }
        linked.extend(in_router.keys().map(|router| (*router, *router)));
        let mut pairs = Vec::new();
        for (one, other) in linked {
            for from in in_router.get(one).into_iter().flatten() {
                let to = in_router.get(other).into_iter().flatten().filter(|to| *to != from);
                pairs.extend(to.map(|to| (*from, *to)));
            }
        }
        pairs
    }

    /// The subnets of the NAT gateways that a subnet's table leads to, and their ports.
    pub(super) fn translators(&self, subnet: &Id<Subnet>) -> Vec<(&'n Id<Subnet>, PortSet)> {
        let table = self.network.subnets.get(subnet).map(|subnet| &subnet.table);
        let routes = table.and_then(|table| self.network.tables.get(table));
        let mut found = BTreeMap::new();
        for route in routes.into_iter().flat_map(|table| &table.routes) {
            let Target::Gateway(gateway) = &route.target else { continue };
            let gateway = self.network.gateways.get(gateway);
            if let Some(Passage::SourceNat { subnet, ports, .. }) = gateway.map(|it| &it.passage) {
                found.insert(subnet, ports.clone());
            }
        }
        found.into_iter().collect()
    }
}

impl<'n> Class<'n> {
    /// Whether they open connections of their own, as far as is known.
    pub(super) fn opens(&self) -> bool {
        opens(self.interface)
    }

    /// Whether the rules may let in anybody of another class, quickly said.
    pub(super) fn may_admit(&self, source: &Class<'_>) -> bool {
        let known = |address: &Address| {
            self.admits.addresses.contains(address.ip) || self.admits.possibly.contains(address.ip)
        };
        source.interface.addresses.iter().any(known) || self.admits_by_name(source)
    }

    /// Whether rules let in a group that another class is in.
    fn admits_by_name(&self, source: &Class<'_>) -> bool {
        self.admits.groups.iter().any(|group| source.interface.groups.contains(group))
    }

    /// The services that rules may let in from an address of another class; `None` where that hangs
    /// on their order.
    pub(super) fn admitted(&self, source: &Class<'_>, own: &Address) -> Option<ServiceSet> {
        let mut services = ServiceSet::empty();
        for rule in self.admission.as_ref()? {
            let Match { sources, services: new, .. } = &rule.matches;
            if is_among(sources, source, own) && !new.is_subset(&services) {
                services = services.union(new);
            }
        }
        Some(services)
    }

    /// Whether rules let out to a group that another class is in.
    pub(super) fn names(&self, target: &Class<'_>) -> bool {
        self.sends_to.iter().any(|group| target.interface.groups.contains(group))
    }

    /// The part of these flows that their own filters may let in.
    pub(super) fn lets_in(
        &self,
        graph: &PathGraph<'n>,
        flows: &HeaderSpace,
        from: Option<&Class<'n>>,
    ) -> HeaderSpace {
        let own: IpSet = self.interface.addresses.iter().map(|address| address.ip).collect();
        let flows = flows.with_destination(&own);
        self.pass(graph, Direction::Ingress, &flows, from, Some(self))
    }

    /// The part of these flows that their own filters may let out.
    pub(super) fn lets_out(
        &self,
        graph: &PathGraph<'n>,
        flows: &HeaderSpace,
        to: Option<&Class<'n>>,
    ) -> HeaderSpace {
        let own: IpSet = self.interface.addresses.iter().map(|address| address.ip).collect();
        let flows = flows.with_source(&own);
        self.pass(graph, Direction::Egress, &flows, Some(self), to)
    }

    fn pass(
        &self,
        graph: &PathGraph<'n>,
        direction: Direction,
        flows: &HeaderSpace,
        from: Option<&Class<'n>>,
        to: Option<&Class<'n>>,
    ) -> HeaderSpace {
        if flows.is_empty() {
            return HeaderSpace::empty();
        }
        let network = graph.network();
        let filters = self.interface.stack.in_order(direction);
        let known: Vec<&Filter> =
            filters.iter().filter_map(|id| network.filters.get(id)).map(AsRef::as_ref).collect();
        if known.len() < filters.len() {
            return flows.clone();
        }
        let sight = Sight {
            source: from.map(Class::member),
            destination: to.map(Class::member),
            identity: Identity::Kept,
            near: None,
            state: StateSet::NEW,
        };
        evaluate_stack(known, direction, Phase::Opening, flows, &sight).pass
    }

    fn member(&self) -> Member<'n> {
        let addresses = self.interface.addresses.iter().map(|address| address.ip).collect();
        Member { groups: &self.interface.groups, addresses }
    }

    /// One pair of addresses of each family that both have.
    pub(super) fn addresses_towards(&self, target: &Class<'_>) -> Vec<(Address, Address)> {
        let first = |interface: &Interface, v4: bool| {
            interface.addresses.iter().find(|address| address.ip.is_ipv4() == v4).copied()
        };
        let pair = |v4| Some((first(self.interface, v4)?, first(target.interface, v4)?));
        [true, false].into_iter().filter_map(pair).collect()
    }
}

fn likeness(interface: &Interface) -> Likeness<'_> {
    let has = |wanted: fn(&Address) -> bool| interface.addresses.iter().any(wanted);
    (
        &interface.stack.filters,
        &interface.groups,
        interface.client.ports.ranges(),
        [
            has(|address| address.ip.is_ipv4()),
            has(|address| address.ip.is_ipv6()),
            has(|address| address.public.is_some()),
        ],
        opens(interface),
    )
}

/// Whether an address of an interface may be among the peers of a rule.
fn is_among(peers: &Peers, source: &Class<'_>, own: &Address) -> bool {
    let Peers::Of(peers) = peers else { return true };
    peers.iter().any(|peer| match peer {
        Peer::Addresses { set, .. } => set.contains(own.ip),
        Peer::Group(group) => source.interface.groups.contains(group),
        Peer::Unresolved { within, .. } => within.contains(own.ip),
    })
}

/// The rules by which the one filter of an interface lets packets in, where it only allows, so that
/// no rule takes from another.
fn admission<'n>(network: &'n Network, interface: &Interface) -> Option<Vec<&'n Rule>> {
    let [filter] = interface.stack.filters.as_slice() else { return None };
    let mut rules = Vec::new();
    for rule in network.filters.get(filter)?.ingress.iter().flat_map(|list| &list.rules) {
        let opens = rule.matches.states.intersects(StateSet::NEW);
        match rule.action {
            Action::Allow if opens && rule.matches.destinations == Peers::Any => rules.push(rule),
            Action::Deny(_) if !is_written(rule) => {}
            _ => return None,
        }
    }
    Some(rules)
}

/// Whom the filters of an interface may let in, or out to: everybody, where they are not all known.
fn far_sides(network: &Network, interface: &Interface, direction: Direction) -> Side {
    let mut all = Side::default();
    let (mut known, mut possibly) = (Vec::new(), Vec::new());
    if interface.stack.filters.is_empty() {
        all.addresses = IpSet::full();
    }
    for id in &interface.stack.filters {
        let Some(filter) = network.filters.get(id) else {
            return Side { addresses: IpSet::full(), ..Side::default() };
        };
        let chains = filter.chains.values();
        for list in filter.lists(direction).iter().chain(chains) {
            for rule in list.rules.iter().filter(|rule| !denies(rule)) {
                let side = far_side(rule, direction);
                known.push(side.addresses);
                possibly.push(side.possibly);
                all.groups.extend(side.groups);
            }
        }
    }
    all.addresses = all.addresses.union(&IpSet::union_of(&known));
    all.possibly = IpSet::union_of(&possibly);
    all.groups.sort_unstable();
    all.groups.dedup();
    all
}

#[cfg(test)]
mod tests;
