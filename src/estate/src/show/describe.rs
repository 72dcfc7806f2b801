//! What is said of each kind of resource.

use std::collections::BTreeSet;

use cloudfw_core::{
    Comparison, Filter, Gateway, Group, Host, Id, Identity, Interface, Label, Liveness, Network,
    Opens, Passage, Role, RouteTable, Router, Stack, Subnet, Target, Unknown,
};

use super::{Attached, Description, Fact, views};
use crate::answer::{Owner, missing, owner};
use crate::estate::Estate;
use crate::index::What;

/// A description in the making.
pub(super) struct Describing<'a> {
    pub(super) estate: &'a Estate,
    pub(super) description: &'a mut Description,
}

impl<'a> Describing<'a> {
    pub(super) fn host(&mut self, id: &Id<Host>) {
        let Some(host) = self.network().hosts.get(id) else { return };
        self.written(&host.label);
        let interfaces: Vec<_> = host.interfaces.iter().collect();
        self.fact("interfaces", interfaces.len().to_string());
        for id in &interfaces {
            let Some(interface) = self.network().interfaces.get(*id) else { continue };
            self.attach(1, &interface.label, interface_facts(interface));
            self.surroundings(interface, 2);
        }
        for id in interfaces {
            let Some(interface) = self.network().interfaces.get(id) else { continue };
            self.guarded_interface(interface);
            self.comparisons(id);
        }
    }

    pub(super) fn interface(&mut self, id: &Id<Interface>) {
        let Some(interface) = self.network().interfaces.get(id) else { return };
        self.written(&interface.label);
        self.description.facts.extend(interface_facts(interface));
        if let Some(host) = interface.host.as_ref().and_then(|id| self.network().hosts.get(id)) {
            self.attach(1, &host.label, Vec::new());
        }
        self.surroundings(interface, 1);
        self.guarded_interface(interface);
        self.comparisons(id);
        match &interface.role {
            Role::Opaque(unknown) => self.unknown(unknown),
            Role::Endpoint | Role::Gateway(_) => {}
        }
        if let Liveness::Unknown(unknown) = &interface.liveness {
            self.unknown(unknown);
        }
    }

    pub(super) fn subnet(&mut self, id: &Id<Subnet>) {
        let Some(subnet) = self.network().subnets.get(id) else { return };
        self.written(&subnet.label);
        self.fact("addresses", subnet.addresses.to_string());
        self.router_and_gateways(subnet, 1);
        self.members(&What::Subnet(id.clone()));
        self.stack(&subnet.label, &subnet.boundary);
        self.table_of(&subnet.table);
    }

    pub(super) fn router(&mut self, id: &Id<Router>) {
        let network = self.network();
        let Some(router) = network.routers.get(id) else { return };
        self.written(&router.label);
        self.fact("addresses", router.addresses.to_string());
        let inside = self.estate.index.interfaces(network, &What::Router(id.clone())).len();
        self.fact("interfaces", inside.to_string());
        for service in &router.platform {
            self.fact(format!("platform {}", service.name), service.addresses.to_string());
        }
        let mut tables = BTreeSet::new();
        for subnet in network.subnets.values().filter(|subnet| subnet.router == *id) {
            let facts = vec![Fact::new("addresses", subnet.addresses.to_string())];
            self.attach(1, &subnet.label, facts);
            tables.insert(&subnet.table);
        }
        for gateway in network.gateways.values().filter(|gateway| joins(gateway, id, network)) {
            self.attach(1, &gateway.label, gateway_facts(gateway, network));
        }
        for table in tables {
            self.table_of(table);
        }
        router.unread.iter().for_each(|unknown| self.unknown(unknown));
    }

    pub(super) fn group(&mut self, id: &Id<Group>) {
        let network = self.network();
        let Some(group) = network.groups.get(id) else { return };
        self.written(&group.label);
        let members = What::Group(id.clone());
        let count = self.estate.index.interfaces(network, &members).len();
        self.fact("members", count.to_string());
        self.members(&members);
        self.rules_of(&group.label);
    }

    pub(super) fn gateway(&mut self, id: &Id<Gateway>) {
        let network = self.network();
        let Some(gateway) = network.gateways.get(id) else { return };
        self.written(&gateway.label);
        self.description.facts.extend(gateway_facts(gateway, network));
        for (label, depth) in gateway_surroundings(gateway, network) {
            self.attach(depth, label, Vec::new());
        }
        self.members(&What::Gateway(id.clone()));
        self.stack(&gateway.label, &gateway.stack);
        if let Passage::SourceNat { subnet, .. } = &gateway.passage
            && let Some(subnet) = network.subnets.get(subnet)
        {
            self.stack(&subnet.label, &subnet.boundary);
            self.table_of(&subnet.table);
        }
        if let Passage::Border { table: Some(table), .. } = &gateway.passage {
            self.table_of(table);
        }
        gateway.doubts.iter().for_each(|unknown| self.unknown(unknown));
        if let Passage::Opaque { unknown, .. } = &gateway.passage {
            self.unknown(unknown);
        }
        let leading = Target::Gateway(id.clone());
        let uses = |table: &&RouteTable| table.routes.iter().any(|it| it.target == leading);
        for table in network.tables.values().filter(uses) {
            self.attach(1, &table.label, Vec::new());
        }
    }

    pub(super) fn table(&mut self, id: &Id<RouteTable>) {
        let Some(table) = self.network().tables.get(id) else { return };
        self.written(&table.label);
        self.table_of(id);
        let users = self.description.tables.first().map(|table| table.used_by.clone());
        for user in users.unwrap_or_default() {
            let attached = Attached { depth: 1, resource: user, facts: Vec::new() };
            self.description.attached.push(attached);
        }
    }

    pub(super) fn filter(&mut self, id: &Id<Filter>) {
        let network = self.network();
        let Some(filter) = network.filters.get(id) else { return };
        self.written(&filter.label);
        let guards = |stack: &Stack| stack.filters.contains(id);
        for subnet in network.subnets.values().filter(|subnet| guards(&subnet.boundary)) {
            let facts = vec![Fact::new("addresses", subnet.addresses.to_string())];
            self.attach(1, &subnet.label, facts);
        }
        let view = views::filter(&filter.label, filter, network, &self.estate.lines);
        self.description.filters.push(view);
    }

    pub(super) fn other(&mut self, interfaces: &[Id<Interface>]) {
        for id in interfaces {
            let Some(interface) = self.network().interfaces.get(id) else { continue };
            self.attach(1, &interface.label, interface_facts(interface));
            self.surroundings(interface, 2);
            self.guarded_interface(interface);
        }
    }

    fn network(&self) -> &'a Network {
        &self.estate.network
    }

    fn written(&mut self, label: &Label) {
        self.description.origin = Some(self.estate.lines.written(&label.origin));
    }

    fn fact(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.description.facts.push(Fact::new(name, value));
    }

    fn unknown(&mut self, unknown: &Unknown) {
        let unknown = missing(unknown);
        if !self.description.unknowns.contains(&unknown) {
            self.description.unknowns.push(unknown);
        }
    }

    fn attach(&mut self, depth: usize, label: &Label, facts: Vec<Fact>) {
        let resource = owner(label);
        self.description.attached.push(Attached { depth, resource, facts });
    }

    /// What the vendor itself says is effective at an interface, and how it differs (AZ-76).
    fn comparisons(&mut self, id: &Id<Interface>) {
        let comparisons = self.network().comparisons.get(id);
        for comparison in comparisons.into_iter().flatten() {
            let Comparison { what, count, differences, .. } = comparison;
            let outcome = match differences.len() {
                0 => format!("{count} compared, all equal"),
                1 => format!("{count} compared, 1 differs: see below"),
                more => format!("{count} compared, {more} differ: see below"),
            };
            self.fact(what.as_ref(), outcome);
            differences.iter().for_each(|unknown| self.unknown(unknown));
        }
    }

    /// Subnet, VPC, route table and gateways of an interface.
    fn surroundings(&mut self, interface: &Interface, depth: usize) {
        let Some(subnet) = self.network().subnets.get(&interface.subnet) else { return };
        let facts = vec![Fact::new("addresses", subnet.addresses.to_string())];
        self.attach(depth, &subnet.label, facts);
        self.router_and_gateways(subnet, depth + 1);
    }

    fn router_and_gateways(&mut self, subnet: &Subnet, depth: usize) {
        let network = self.network();
        if let Some(router) = network.routers.get(&subnet.router) {
            let facts = vec![Fact::new("addresses", router.addresses.to_string())];
            self.attach(depth, &router.label, facts);
        }
        let Some(table) = network.tables.get(&subnet.table) else { return };
        self.attach(depth, &table.label, Vec::new());
        let mut seen = BTreeSet::new();
        for route in &table.routes {
            let Target::Gateway(id) = &route.target else { continue };
            if let Some(gateway) = network.gateways.get(id).filter(|_| seen.insert(id)) {
                self.attach(depth + 1, &gateway.label, gateway_facts(gateway, network));
            }
        }
    }

    /// The interfaces that a resource means.
    fn members(&mut self, what: &What) {
        let network = self.network();
        for id in self.estate.index.interfaces(network, what) {
            let Some(interface) = network.interfaces.get(id) else { continue };
            let host = interface.host.as_ref().and_then(|id| network.hosts.get(id));
            let mut facts = interface_facts(interface);
            facts.extend(host.map(|host| Fact::new("of", host.label.to_string())));
            self.attach(1, &interface.label, facts);
        }
    }

    /// The groups of an interface, the ACL of its subnet, and its route table.
    fn guarded_interface(&mut self, interface: &Interface) {
        self.stack(&interface.label, &interface.stack);
        let Some(subnet) = self.network().subnets.get(&interface.subnet) else { return };
        self.stack(&subnet.label, &subnet.boundary);
        self.table_of(&subnet.table);
    }

    fn stack(&mut self, at: &Label, stack: &Stack) {
        let (network, lines) = (self.network(), &self.estate.lines);
        for id in &stack.filters {
            let Some(filter) = network.filters.get(id) else {
                let what = format!("the filter {id} of {at}");
                self.unknown(&Unknown::new(what, "not in the recording", ""));
                continue;
            };
            let view = views::filter(at, filter, network, lines);
            if !self.description.filters.contains(&view) {
                self.description.filters.push(view);
            }
        }
    }

    /// The rules of one group, from any filter that it is a part of.
    fn rules_of(&mut self, label: &Label) {
        let network = self.network();
        let of_group = |list: &cloudfw_core::RuleList| {
            list.label.id == label.id && list.label.scope == label.scope
        };
        let lists = |filter: &Filter| {
            filter.ingress.iter().chain(&filter.egress).any(|list| of_group(list))
        };
        let is_asked =
            |id: &Id<Filter>| network.interfaces.values().any(|one| one.stack.filters.contains(id));
        let mut filters = network.filters.iter();
        let found = filters.find(|(id, filter)| lists(filter) && is_asked(id));
        let Some((_, filter)) = found else {
            let what = format!("the effective rules of {label}");
            let why = "no recorded interface has the group, so it is not effective anywhere";
            return self.unknown(&Unknown::new(what, why, ""));
        };
        let mut view = views::filter(label, filter, network, &self.estate.lines);
        let own = owner(label);
        view.lists.retain(|list| *list == own);
        for rules in [&mut view.ingress, &mut view.egress] {
            rules.retain(|rule| rule.list == own);
        }
        self.description.filters.push(view);
    }

    fn table_of(&mut self, id: &Id<RouteTable>) {
        let network = self.network();
        let Some(table) = network.tables.get(id) else {
            let what = format!("the route table {id}");
            return self.unknown(&Unknown::new(what, "not in the recording", ""));
        };
        let subnets = network.subnets.values().filter(|subnet| subnet.table == *id);
        let mut used_by: Vec<Owner> = subnets.map(|subnet| owner(&subnet.label)).collect();
        used_by.extend(network.gateways.values().filter_map(|gateway| match &gateway.passage {
            Passage::Border { table: Some(table), .. } if table == id => {
                Some(owner(&gateway.label))
            }
            _ => None,
        }));
        let view = views::table(table, used_by, network, &self.estate.lines);
        if !self.description.tables.contains(&view) {
            self.description.tables.push(view);
        }
    }
}

fn interface_facts(interface: &Interface) -> Vec<Fact> {
    let mut facts: Vec<Fact> = interface
        .addresses
        .iter()
        .map(|address| match address.public {
            Some(public) => Fact::new("address", format!("{} (public {public})", address.ip)),
            None => Fact::new("address", address.ip.to_string()),
        })
        .collect();
    let client = &interface.client;
    facts.push(Fact::new("client", format!("{}, ports {}", client.kind, client.ports)));
    if interface.forwards {
        facts.push(Fact::new("forwards", "packets that are not addressed to it"));
    }
    match &interface.liveness {
        Liveness::Up => {}
        Liveness::Down(why) => facts.push(Fact::new("down", why.to_string())),
        Liveness::Unknown(unknown) => facts.push(Fact::new("down", unknown.to_string())),
    }
    match &interface.role {
        Role::Endpoint => {}
        Role::Gateway(id) => facts.push(Fact::new("belongs to", id.to_string())),
        Role::Opaque(unknown) => facts.push(Fact::new("behind it", unknown.to_string())),
    }
    facts
}

fn gateway_facts(gateway: &Gateway, network: &Network) -> Vec<Fact> {
    let mut facts = Vec::new();
    let name = |id: &Id<Router>| {
        network.routers.get(id).map_or_else(|| id.to_string(), |it| it.label.to_string())
    };
    match &gateway.passage {
        Passage::Border { opens, inside, .. } => {
            facts.push(Fact::new(
                "opens",
                match opens {
                    Opens::Both => "in both directions",
                    Opens::Outward => "outwards only",
                },
            ));
            facts.push(Fact::new("carries", inside.to_string()));
        }
        Passage::SourceNat { address, public, ports, services, .. } => {
            let public = public.map(|public| format!(" (public {public})")).unwrap_or_default();
            facts.push(Fact::new("gives the address", format!("{address}{public}")));
            facts.push(Fact::new("picks ports", ports.to_string()));
            facts.push(Fact::new("carries", services.to_string()));
        }
        Passage::Link { ends: [one, other], identity } => {
            facts.push(Fact::new("joins", format!("{} and {}", name(one), name(other))));
            facts.push(Fact::new(
                "group references",
                match identity {
                    Identity::Kept => "see through it",
                    Identity::Doubtful => "may see through it",
                    Identity::Lost => "do not see through it",
                },
            ));
        }
        Passage::Service { external, .. } => {
            let label = network.externals.get(external).map(|it| it.label.to_string());
            facts.push(Fact::new("leads to", label.unwrap_or_else(|| external.to_string())));
        }
        Passage::Opaque { unknown, .. } => {
            facts.push(Fact::new("not seen through", unknown.to_string()));
        }
    }
    if let Some(why) = &gateway.closed {
        facts.push(Fact::new("closed", why.to_string()));
    }
    facts
}

/// What a gateway hangs on.
fn gateway_surroundings<'n>(gateway: &Gateway, network: &'n Network) -> Vec<(&'n Label, usize)> {
    let router = |id: &Id<Router>| network.routers.get(id).map(|router| (&router.label, 1));
    match &gateway.passage {
        Passage::Border { router: id, .. } => router(id).into_iter().collect(),
        Passage::Link { ends, .. } => ends.iter().filter_map(router).collect(),
        Passage::Service { routers, .. } => routers.iter().filter_map(router).collect(),
        Passage::SourceNat { subnet, .. } => {
            let Some(subnet) = network.subnets.get(subnet) else { return Vec::new() };
            let router = network.routers.get(&subnet.router).map(|router| (&router.label, 2));
            [(&subnet.label, 1)].into_iter().chain(router).collect()
        }
        Passage::Opaque { .. } => Vec::new(),
    }
}

/// Whether a gateway belongs to a router.
fn joins(gateway: &Gateway, id: &Id<Router>, network: &Network) -> bool {
    match &gateway.passage {
        Passage::Border { router, .. } => router == id,
        Passage::Link { ends, .. } => ends.contains(id),
        Passage::Service { routers, .. } => routers.contains(id),
        Passage::SourceNat { subnet, .. } => {
            network.subnets.get(subnet).is_some_and(|subnet| subnet.router == *id)
        }
        Passage::Opaque { .. } => network.tables.values().any(|table| {
            let leads = |target: &Target| {
                matches!(target, Target::Gateway(it) if network.gateways.get(it) == Some(gateway))
            };
            let of_router = network.subnets.values().any(|subnet| {
                subnet.router == *id && network.tables.get(&subnet.table) == Some(table)
            });
            of_router && table.routes.iter().any(|route| leads(&route.target))
        }),
    }
}
