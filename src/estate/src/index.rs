//! What is called what: built once, so that no query searches the estate.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Address, Destinations, External, Filter, Gateway, Group, Host, Id, Interface, IpSet, Label,
    Network, Passage, Role, RouteTable, Router, Subnet, Target,
};
use ipnet::IpNet;

use crate::answer::printable;
use cloudfw_core::global_unicast;

/// A resource that queries can name.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    /// What it is in the network.
    pub(crate) what: What,
    /// The vendor's id.
    pub(crate) id: Arc<str>,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) kind: Arc<str>,
    /// Account and Region: `111122223333/eu-central-1`.
    pub(crate) scope: Arc<str>,
    pub(crate) arn: Option<Arc<str>>,
    pub(crate) tags: Vec<(Arc<str>, Arc<str>)>,
    /// What a name means first.
    pub(crate) rank: Rank,
}

/// Names mean machines before their parts, and these before networks and rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Machine,
    Interface,
    Network,
}

/// What a resource is in the network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Host(Id<Host>),
    Interface(Id<Interface>),
    Subnet(Id<Subnet>),
    Router(Id<Router>),
    Group(Id<Group>),
    Gateway(Id<Gateway>),
    Table(Id<RouteTable>),
    Filter(Id<Filter>),
    /// Something that the network has no word for, by kind and key; with its interfaces, if it has
    /// any.
    Other(&'static str, Arc<str>, Vec<Id<Interface>>),
}

/// Names, addresses and neighbourhoods of an estate.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) resources: Vec<Resource>,
    /// By id in lower case: the vendor's ids do not differ by case alone.
    by_id: HashMap<String, Vec<usize>>,
    by_name: HashMap<Arc<str>, Vec<usize>>,
    by_arn: HashMap<String, Vec<usize>>,
    by_tag: HashMap<Arc<str>, HashMap<Arc<str>, Vec<usize>>>,
    /// Who has an address, in which routing domain.
    pub(crate) own: BTreeMap<IpAddr, Vec<Id<Interface>>>,
    /// Whose public address it is, and the address behind it.
    pub(crate) public: BTreeMap<IpAddr, Vec<(Id<Interface>, IpAddr)>>,
    by_subnet: HashMap<Id<Subnet>, Vec<Id<Interface>>>,
    by_router: HashMap<Id<Router>, Vec<Id<Interface>>>,
    by_group: HashMap<Id<Group>, Vec<Id<Interface>>>,
    by_gateway: HashMap<Id<Gateway>, Vec<Id<Interface>>>,
    /// Routers that an open link joins.
    linked: BTreeSet<(Id<Router>, Id<Router>)>,
    /// Tables with a route to a gateway that nobody can see through: it may join any networks.
    beyond: HashMap<Id<RouteTable>, Vec<IpNet>>,
    /// Routers with their addresses.
    claims: Vec<(Id<Router>, IpSet)>,
    /// The addresses of all routers, and the public addresses.
    pub(crate) estate: IpSet,
    /// The public internet: the network outside, and what of it is not the estate's.
    pub(crate) internet: Option<Internet>,
}

/// The public internet without the estate's own addresses.
#[derive(Debug)]
pub(crate) struct Internet {
    pub(crate) id: Id<External>,
    pub(crate) addresses: IpSet,
    /// What is printed as `internet`: each family and both, with the estate's addresses and
    /// without.
    wholes: Vec<IpSet>,
}

impl Internet {
    fn new(id: Id<External>, all: &IpSet, estate: &IpSet) -> Self {
        let addresses = all.intersection(&global_unicast()).difference(estate);
        let wholes = [all, &addresses]
            .into_iter()
            .flat_map(|set| [set.clone(), set.only_v4(), set.only_v6()])
            .filter(|set| !set.is_empty())
            .collect();
        Self { id, addresses, wholes }
    }

    /// Whether a set is all of the internet in one family, or in both.
    pub(crate) fn is_whole(&self, set: &IpSet) -> bool {
        self.wholes.contains(set)
    }
}

impl Index {
    /// Goes through a network once. `more` tells of resources what the network does not hold:
    /// their tags, their ARNs, and resources that are nothing in the network.
    pub(crate) fn new(network: &Network, more: Vec<Resource>) -> Self {
        let mut index = Self::default();
        index.add_interfaces(network);
        index.add_resources(network, more);
        index.add_neighbourhoods(network);
        index.add_internet(network);
        index
    }

    fn add_resources(&mut self, network: &Network, more: Vec<Resource>) {
        let mut known: BTreeMap<What, Resource> = BTreeMap::new();
        let mut know = |what: What, label: &Label| {
            known.insert(what.clone(), Resource::of(what, label));
        };
        let Network {
            interfaces, hosts, subnets, routers, gateways, tables, filters, groups, ..
        } = network;
        interfaces.iter().for_each(|(id, it)| know(What::Interface(id.clone()), &it.label));
        for (id, host) in hosts {
            // What is both, a NAT gateway, is known as the gateway.
            if !gateways.contains_key(id.as_str()) {
                know(What::Host(id.clone()), &host.label);
            }
        }
        subnets.iter().for_each(|(id, it)| know(What::Subnet(id.clone()), &it.label));
        routers.iter().for_each(|(id, it)| know(What::Router(id.clone()), &it.label));
        gateways.iter().for_each(|(id, it)| know(What::Gateway(id.clone()), &it.label));
        tables.iter().for_each(|(id, it)| know(What::Table(id.clone()), &it.label));
        groups.iter().for_each(|(id, it)| know(What::Group(id.clone()), &it.label));
        for (id, filter) in filters {
            // A filter that merges several groups is nothing that a user has a name for, and one
            // group may have several filters, of which the first has its id.
            let named = match filter.label.kind {
                NETWORK_ACL => true,
                NETWORK_SECURITY_GROUP => filter.label.id.eq_ignore_ascii_case(id.as_str()),
                _ => false,
            };
            if named {
                know(What::Filter(id.clone()), &filter.label);
            }
        }
        for resource in more {
            match known.get_mut(&resource.what) {
                Some(there) => {
                    there.arn = resource.arn;
                    there.tags = resource.tags;
                    there.name = there.name.take().or(resource.name);
                }
                None => drop(known.insert(resource.what.clone(), resource)),
            }
        }
        for resource in known.into_values() {
            self.add(resource);
        }
    }

    fn add(&mut self, mut resource: Resource) {
        let at = self.resources.len();
        resource.rank = match &resource.what {
            What::Host(_) => Rank::Machine,
            What::Other(_, _, interfaces) if !interfaces.is_empty() => Rank::Machine,
            What::Gateway(id) if self.by_gateway.contains_key(id) => Rank::Machine,
            What::Interface(_) => Rank::Interface,
            _ => Rank::Network,
        };
        self.by_id.entry(resource.id.to_lowercase()).or_default().push(at);
        if let Some(name) = resource.name.as_ref().filter(|name| !name.is_empty()) {
            self.by_name.entry(Arc::clone(name)).or_default().push(at);
        }
        if let Some(arn) = &resource.arn {
            self.by_arn.entry(arn.to_lowercase()).or_default().push(at);
        }
        for (key, value) in &resource.tags {
            let values = self.by_tag.entry(Arc::clone(key)).or_default();
            values.entry(Arc::clone(value)).or_default().push(at);
        }
        self.resources.push(resource);
    }

    fn add_interfaces(&mut self, network: &Network) {
        for (id, interface) in &network.interfaces {
            for Address { ip, public } in &interface.addresses {
                self.own.entry(*ip).or_default().push(id.clone());
                if let Some(public) = public {
                    self.public.entry(*public).or_default().push((id.clone(), *ip));
                }
            }
            self.by_subnet.entry(interface.subnet.clone()).or_default().push(id.clone());
            if let Some(subnet) = network.subnets.get(&interface.subnet) {
                self.by_router.entry(subnet.router.clone()).or_default().push(id.clone());
            }
            for group in &interface.groups {
                self.by_group.entry(group.clone()).or_default().push(id.clone());
            }
            if let Role::Gateway(gateway) = &interface.role {
                self.by_gateway.entry(gateway.clone()).or_default().push(id.clone());
            }
        }
    }

    fn add_neighbourhoods(&mut self, network: &Network) {
        for gateway in network.gateways.values().filter(|gateway| gateway.closed.is_none()) {
            if let Passage::Link { ends: [one, other], .. } = &gateway.passage {
                self.linked.insert((one.clone(), other.clone()));
                self.linked.insert((other.clone(), one.clone()));
            }
        }
        let is_opaque = |id: &Id<Gateway>| {
            let gateway = network.gateways.get(id);
            gateway.is_some_and(|it| matches!(it.passage, Passage::Opaque { .. }))
        };
        for (id, table) in &network.tables {
            for route in &table.routes {
                if let (Target::Gateway(gateway), Destinations::Prefixes(prefixes)) =
                    (&route.target, &route.destinations)
                    && is_opaque(gateway)
                {
                    self.beyond.entry(id.clone()).or_default().extend(prefixes);
                }
            }
        }
        let claim = |(id, router): (&Id<Router>, &Router)| (id.clone(), router.addresses.clone());
        self.claims = network.routers.iter().map(claim).collect();
    }

    fn add_internet(&mut self, network: &Network) {
        let routers = IpSet::union_of(self.claims.iter().map(|(_, addresses)| addresses));
        let gateways = network.gateways.values().filter_map(|gateway| match &gateway.passage {
            Passage::SourceNat { public, .. } => *public,
            _ => None,
        });
        let singles: Vec<IpSet> = self
            .public
            .keys()
            .chain(network.unheld_public.keys())
            .copied()
            .chain(gateways)
            .map(IpSet::single)
            .collect();
        self.estate = routers.union(&IpSet::union_of(&singles));
        let internet = network.externals.iter().find(|(_, external)| {
            external.label.kind == INTERNET || &*external.label.id == INTERNET
        });
        self.internet = internet
            .map(|(id, external)| Internet::new(id.clone(), &external.addresses, &self.estate));
    }
}

/// The kind of the network outside.
pub(crate) const INTERNET: &str = "internet";
/// The kind of a filter that users have an id for.
pub(crate) const NETWORK_ACL: &str = "network-acl";
const NETWORK_SECURITY_GROUP: &str = "network-security-group";

impl Index {
    /// The resources of an id, an ARN or a name; ids go before names.
    pub(crate) fn named(&self, text: &str) -> Vec<&Resource> {
        let lower = text.to_lowercase();
        let places = match self.by_id.get(&lower).or_else(|| self.by_arn.get(&lower)) {
            Some(places) => places,
            None => match self.by_name.get(text) {
                Some(places) => places,
                None => return self.by_resource_part_of_arn(text),
            },
        };
        self.at(places)
    }

    /// The resources with a tag.
    pub(crate) fn tagged(&self, key: &str, value: &str) -> Vec<&Resource> {
        let places = self.by_tag.get(key).and_then(|values| values.get(value));
        places.map_or_else(Vec::new, |places| self.at(places))
    }

    /// The resources whose name or id a glob matches.
    pub(crate) fn globbed(&self, glob: &str) -> Vec<&Resource> {
        let glob = wildmatch::WildMatch::new(glob);
        let matches = |resource: &&Resource| {
            glob.matches(&resource.id)
                || resource.name.as_ref().is_some_and(|name| glob.matches(name))
        };
        self.resources.iter().filter(matches).collect()
    }

    /// All names and ids.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.resources
            .iter()
            .flat_map(|resource| resource.name.as_deref().into_iter().chain([&*resource.id]))
    }

    /// All tags, as they are asked for.
    pub(crate) fn tags(&self) -> impl Iterator<Item = String> {
        self.by_tag
            .iter()
            .flat_map(|(key, values)| values.keys().map(move |value| format!("tag:{key}={value}")))
    }

    /// The routers whose ranges hold an address.
    pub(crate) fn claimants(&self, address: IpAddr) -> impl Iterator<Item = &Id<Router>> {
        let claims = move |claim: &&(Id<Router>, IpSet)| claim.1.contains(address);
        self.claims.iter().filter(claims).map(|(id, _)| id)
    }

    /// Whether two routers are one routing domain: the same, or joined by an open link.
    pub(crate) fn share_domain(&self, one: &Id<Router>, other: &Id<Router>) -> bool {
        one == other || self.linked.contains(&(one.clone(), other.clone()))
    }

    /// Whether a table may send packets to an address to a gateway that nobody can see through.
    pub(crate) fn leads_beyond(&self, table: &Id<RouteTable>, address: IpAddr) -> bool {
        let prefixes = self.beyond.get(table);
        prefixes.is_some_and(|prefixes| prefixes.iter().any(|net| net.contains(&address)))
    }

    /// The interfaces that a resource means.
    pub(crate) fn interfaces<'a>(
        &'a self,
        network: &'a Network,
        what: &'a What,
    ) -> &'a [Id<Interface>] {
        let found = match what {
            What::Host(id) => return network.hosts.get(id).map_or(&[], |host| &host.interfaces),
            What::Interface(id) => return std::slice::from_ref(id),
            What::Other(_, _, interfaces) => return interfaces,
            What::Subnet(id) => self.by_subnet.get(id),
            What::Router(id) => self.by_router.get(id),
            What::Group(id) => self.by_group.get(id),
            What::Gateway(id) => self.by_gateway.get(id),
            What::Table(_) | What::Filter(_) => None,
        };
        found.map_or(&[], Vec::as_slice)
    }

    fn at(&self, places: &[usize]) -> Vec<&Resource> {
        places.iter().filter_map(|place| self.resources.get(*place)).collect()
    }

    /// `arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc` of a resource whose ARN the
    /// recording does not hold.
    fn by_resource_part_of_arn(&self, text: &str) -> Vec<&Resource> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [arn, _, _, region, account, resource] = parts.as_slice() else { return Vec::new() };
        if !arn.eq_ignore_ascii_case("arn") {
            return Vec::new();
        }
        let id = resource.rsplit(['/', ':']).next().unwrap_or(resource).to_lowercase();
        let fits = |resource: &&Resource| {
            [region, account]
                .into_iter()
                .all(|part| part.is_empty() || may_be_of(&resource.scope, part))
        };
        let places = self.by_id.get(&id).map_or(&[][..], Vec::as_slice);
        self.at(places).into_iter().filter(fits).collect()
    }
}

/// Whether something of this scope may belong to an account or Region: what a scope does not say
/// is no difference.
fn may_be_of(scope: &str, part: &str) -> bool {
    let says_as_much = |own: &str| {
        own.bytes().all(|b| b.is_ascii_digit()) == part.bytes().all(|b| b.is_ascii_digit())
    };
    scope.split('/').all(|own| own == part || own.is_empty() || !says_as_much(own))
}

impl Resource {
    /// The resource that is `what`, as far as its label tells of it.
    pub(crate) fn of(what: What, label: &Label) -> Self {
        Self {
            what,
            id: Arc::clone(&label.id),
            name: label.name.clone(),
            kind: Arc::from(label.kind),
            scope: Arc::clone(&label.scope),
            arn: None,
            tags: Vec::new(),
            rank: Rank::Network,
        }
    }

    /// `instance i-0abc (web) in 111122223333/eu-central-1`, safe to print.
    pub(crate) fn described(&self) -> String {
        let mut text = format!("{} {}", self.kind, self.id);
        if let Some(name) = self.name.as_ref().filter(|name| **name != self.id) {
            text.push_str(&format!(" ({name})"));
        }
        if !self.scope.is_empty() {
            text.push_str(&format!(" in {}", self.scope));
        }
        printable(&text).into_owned()
    }
}
