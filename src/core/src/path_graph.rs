//! The path graph: which hops there are and how they hang together.
//!
//! Topology only: a node is an interface, a subnet, a router, a gateway or an outside network,
//! never a rule. Route tables are made ready for lookups here, since every walk asks them.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use petgraph::graph::{NodeIndex, UnGraph};

use crate::route::Fib;
use crate::{
    Address, Direction, External, Filter, Gateway, Host, Id, Interface, Network, Passage,
    RouteTable, Router, Stack, Subnet, Target,
};

/// The hops of a network, ready for walks.
#[derive(Debug)]
pub struct PathGraph<'n> {
    network: &'n Network,
    graph: UnGraph<Node<'n>, ()>,
    by_id: Index<'n>,
    /// Who holds an address in a router; more than one where a recording contradicts itself.
    held: HashMap<&'n Id<Router>, HashMap<IpAddr, Vec<Holder<'n>>>>,
    /// Whose public address it is.
    public: HashMap<IpAddr, Vec<Holder<'n>>>,
    /// To whom a load balancer in a router hands flows that are dialled at an address.
    fronted: HashMap<&'n Id<Router>, HashMap<IpAddr, Vec<&'n Id<Interface>>>>,
    fibs: HashMap<&'n Id<RouteTable>, Fib>,
    borders: HashMap<&'n Id<Router>, Vec<&'n Id<Gateway>>>,
}

/// A hop of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node<'n> {
    /// Where packets begin and end.
    Interface(&'n Id<Interface>),
    /// Where interfaces sit.
    Subnet(&'n Id<Subnet>),
    /// What joins subnets.
    Router(&'n Id<Router>),
    /// What joins routers to each other and to the outside.
    Gateway(&'n Id<Gateway>),
    /// What is outside the recording.
    External(&'n Id<External>),
}

#[derive(Debug, Default)]
struct Index<'n> {
    interfaces: HashMap<&'n Id<Interface>, NodeIndex>,
    subnets: HashMap<&'n Id<Subnet>, NodeIndex>,
    routers: HashMap<&'n Id<Router>, NodeIndex>,
    gateways: HashMap<&'n Id<Gateway>, NodeIndex>,
    externals: HashMap<&'n Id<External>, NodeIndex>,
}

/// Who holds an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder<'n> {
    Interface(&'n Id<Interface>, Address),
    Gateway(&'n Id<Gateway>, Address),
}

impl<'n> PathGraph<'n> {
    /// The graph of a network. References to ids that the network lacks make no edge.
    pub fn new(network: &'n Network) -> Self {
        let mut graph = Self {
            network,
            graph: UnGraph::with_capacity(
                network.interfaces.len() + network.subnets.len() + network.gateways.len(),
                network.interfaces.len() + network.subnets.len(),
            ),
            by_id: Index::default(),
            held: HashMap::with_capacity(network.routers.len()),
            public: HashMap::new(),
            fronted: HashMap::new(),
            fibs: network.tables.iter().map(|(id, table)| (id, Fib::new(table))).collect(),
            borders: HashMap::new(),
        };
        graph.add_nodes();
        graph.join_interfaces();
        graph.join_gateways();
        graph.join_opaque();
        graph
    }

    /// The network that it was made from.
    pub fn network(&self) -> &'n Network {
        self.network
    }

    /// The hops as a petgraph graph.
    pub fn graph(&self) -> &UnGraph<Node<'n>, ()> {
        &self.graph
    }

    fn add_nodes(&mut self) {
        let Self { network, graph, by_id, .. } = self;
        for id in network.externals.keys() {
            by_id.externals.insert(id, graph.add_node(Node::External(id)));
        }
        for id in network.routers.keys() {
            by_id.routers.insert(id, graph.add_node(Node::Router(id)));
        }
        for (id, subnet) in &network.subnets {
            let node = graph.add_node(Node::Subnet(id));
            by_id.subnets.insert(id, node);
            if let Some(router) = by_id.routers.get(&subnet.router) {
                graph.add_edge(node, *router, ());
            }
        }
        for id in network.interfaces.keys() {
            by_id.interfaces.insert(id, graph.add_node(Node::Interface(id)));
        }
        for id in network.gateways.keys() {
            by_id.gateways.insert(id, graph.add_node(Node::Gateway(id)));
        }
    }

    fn join_interfaces(&mut self) {
        let network = self.network;
        for (id, interface) in &network.interfaces {
            let Some(subnet) = network.subnets.get(&interface.subnet) else {
                continue;
            };
            if let (Some(a), Some(b)) =
                (self.by_id.interfaces.get(id), self.by_id.subnets.get(&interface.subnet))
            {
                self.graph.add_edge(*a, *b, ());
            }
            for front in &interface.fronts {
                let address = Address { ip: front.own, public: Some(front.address) };
                self.public.entry(front.address).or_default().push(Holder::Interface(id, address));
                let router = self.fronted.entry(&subnet.router).or_default();
                router.entry(front.address).or_default().push(id);
            }
            for address in &interface.addresses {
                // A gateway's own interface is only its name plate: the gateway takes the packets.
                if matches!(interface.role, crate::Role::Gateway(_)) {
                    continue;
                }
                let holder = Holder::Interface(id, *address);
                self.hold(&subnet.router, address.ip, holder);
                if let Some(public) = address.public {
                    self.public.entry(public).or_default().push(holder);
                }
                // An IPv6 address is the same inside and outside.
                if address.ip.is_ipv6() && address.public.is_none() {
                    self.public.entry(address.ip).or_default().push(holder);
                }
            }
        }
    }

    fn hold(&mut self, router: &'n Id<Router>, address: IpAddr, holder: Holder<'n>) {
        self.held.entry(router).or_default().entry(address).or_default().push(holder);
    }

    fn join_gateways(&mut self) {
        for (id, gateway) in &self.network.gateways {
            let Some(&node) = self.by_id.gateways.get(id) else {
                continue;
            };
            let mut ends: Vec<Option<NodeIndex>> = Vec::new();
            match &gateway.passage {
                Passage::Border { router, external, .. } => {
                    self.borders.entry(router).or_default().push(id);
                    ends.push(self.by_id.routers.get(router).copied());
                    ends.push(self.by_id.externals.get(external).copied());
                }
                Passage::SourceNat { subnet, address, public, .. } => {
                    ends.push(self.by_id.subnets.get(subnet).copied());
                    if let Some(subnet) = self.network.subnets.get(subnet) {
                        let address = Address { ip: *address, public: *public };
                        let holder = Holder::Gateway(id, address);
                        self.hold(&subnet.router, address.ip, holder);
                        if let Some(public) = address.public {
                            self.public.entry(public).or_default().push(holder);
                        }
                    }
                }
                Passage::Link { ends: [a, b], .. } => {
                    ends.push(self.by_id.routers.get(a).copied());
                    ends.push(self.by_id.routers.get(b).copied());
                }
                Passage::Service { routers, external } => {
                    ends.extend(
                        routers.iter().map(|router| self.by_id.routers.get(router).copied()),
                    );
                    ends.push(self.by_id.externals.get(external).copied());
                }
                Passage::Opaque { .. } => {}
            }
            for end in ends.into_iter().flatten() {
                self.graph.add_edge(node, end, ());
            }
        }
    }

    /// An opaque gateway hangs on the subnets whose tables lead to it.
    fn join_opaque(&mut self) {
        for (id, subnet) in &self.network.subnets {
            let Some(table) = self.network.tables.get(&subnet.table) else {
                continue;
            };
            let targets: BTreeSet<&Id<Gateway>> = table
                .routes
                .iter()
                .filter_map(|route| match &route.target {
                    Target::Gateway(gateway) => Some(gateway),
                    _ => None,
                })
                .filter(|id| {
                    let gateway = self.network.gateways.get(*id);
                    gateway.is_some_and(|g| matches!(g.passage, Passage::Opaque { .. }))
                })
                .collect();
            for gateway in targets {
                let ends = (self.by_id.subnets.get(id), self.by_id.gateways.get(gateway));
                if let (Some(subnet), Some(gateway)) = ends {
                    self.graph.add_edge(*subnet, *gateway, ());
                }
            }
        }
    }

    pub(crate) fn interface(
        &self,
        id: &Id<Interface>,
    ) -> Option<(&'n Id<Interface>, &'n Interface)> {
        self.network.interfaces.get_key_value(id)
    }

    pub(crate) fn host(&self, id: &Id<Host>) -> Option<&'n Host> {
        self.network.hosts.get(id)
    }

    pub(crate) fn subnet(&self, id: &Id<Subnet>) -> Option<(&'n Id<Subnet>, &'n Subnet)> {
        self.network.subnets.get_key_value(id)
    }

    pub(crate) fn router(&self, id: &Id<Router>) -> Option<(&'n Id<Router>, &'n Router)> {
        self.network.routers.get_key_value(id)
    }

    pub(crate) fn gateway(&self, id: &Id<Gateway>) -> Option<(&'n Id<Gateway>, &'n Gateway)> {
        self.network.gateways.get_key_value(id)
    }

    pub(crate) fn external(&self, id: &Id<External>) -> Option<(&'n Id<External>, &'n External)> {
        self.network.externals.get_key_value(id)
    }

    pub(crate) fn table(&self, id: &Id<RouteTable>) -> Option<(&'n RouteTable, &Fib)> {
        Some((self.network.tables.get(id)?, self.fibs.get(id)?))
    }

    /// Who holds an address inside a router.
    pub(crate) fn held(&self, router: &Id<Router>, address: IpAddr) -> &[Holder<'n>] {
        let held = self.held.get(router).and_then(|held| held.get(&address));
        held.map_or(&[], Vec::as_slice)
    }

    /// Whether flows that are dialled at an address are handed to an interface in a router.
    pub(crate) fn is_fronted(
        &self,
        router: &Id<Router>,
        address: IpAddr,
        interface: &Id<Interface>,
    ) -> bool {
        let fronted = self.fronted.get(router).and_then(|fronted| fronted.get(&address));
        fronted.is_some_and(|interfaces| interfaces.contains(&interface))
    }

    /// Whether a load balancer of a router has an address.
    pub(crate) fn is_front(&self, router: &Id<Router>, address: IpAddr) -> bool {
        self.fronted.get(router).is_some_and(|fronted| fronted.contains_key(&address))
    }

    /// Who is known by an address outside.
    pub(crate) fn public(&self, address: IpAddr) -> &[Holder<'n>] {
        self.public.get(&address).map_or(&[], Vec::as_slice)
    }

    /// The gateways between a router and outside networks.
    pub(crate) fn borders(&self, router: &Id<Router>) -> impl Iterator<Item = &'n Gateway> + '_ {
        let ids = self.borders.get(router).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.network.gateways.get(*id))
    }

    fn neighbours(&self, router: &Id<Router>) -> impl Iterator<Item = Node<'n>> + '_ {
        let node = self.by_id.routers.get(router).copied();
        let around = node.into_iter().flat_map(|node| self.graph.neighbors(node));
        around.filter_map(|node| self.graph.node_weight(node).copied())
    }

    /// The subnets of a router.
    pub(crate) fn subnets_of(
        &self,
        router: &Id<Router>,
    ) -> impl Iterator<Item = (&'n Id<Subnet>, &'n Subnet)> + '_ {
        self.neighbours(router).filter_map(|node| match node {
            Node::Subnet(id) => self.subnet(id),
            _ => None,
        })
    }

    /// The gateways that hang on a router itself.
    pub(crate) fn gateways_of(
        &self,
        router: &Id<Router>,
    ) -> impl Iterator<Item = &'n Gateway> + '_ {
        self.neighbours(router).filter_map(|node| match node {
            Node::Gateway(id) => self.gateway(id).map(|(_, gateway)| gateway),
            _ => None,
        })
    }

    /// The filters of a stack; an id that the network has no filter for is given back, and
    /// whoever asked cannot know what it would do.
    pub(crate) fn filters(
        &self,
        stack: &Stack,
        direction: Direction,
    ) -> Result<Vec<&'n Filter>, Id<Filter>> {
        let find = |id: &Id<Filter>| self.network.filters.get(id).map(AsRef::as_ref);
        stack.in_order(direction).iter().map(|id| find(id).ok_or_else(|| id.clone())).collect()
    }
}
