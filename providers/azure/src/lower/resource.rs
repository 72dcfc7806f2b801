//! Everything that has a name, for those who ask about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudfw_core::{Id, Interface, Network};
use cloudfw_documents::Resource;

use super::ids;
use super::recorded::Recorded;
use super::table::Table;

/// What an index is made of.
struct Index<'a> {
    network: &'a Network,
    /// The interfaces of hosts, subnets, networks and groups, by their keys.
    of: BTreeMap<&'a str, Vec<Id<Interface>>>,
    resources: Vec<Resource>,
}

/// The resources of a recording, by kind and key.
pub(super) fn index(recorded: &Recorded<'_>, network: &Network) -> Vec<Resource> {
    let mut index = Index { network, of: BTreeMap::new(), resources: Vec::new() };
    for (id, interface) in &network.interfaces {
        let subnet = network.subnets.get(&interface.subnet);
        let router = subnet.map(|subnet| subnet.router.as_str());
        let host = interface.host.as_ref().map(Id::as_str);
        let groups = interface.groups.iter().map(Id::as_str);
        let keys = [Some(id.as_str()), Some(interface.subnet.as_str()), router, host];
        for key in keys.into_iter().flatten().chain(groups) {
            index.of.entry(key).or_default().push(id.clone());
        }
    }
    index.add(&recorded.virtual_networks, "virtual-network");
    index.add(&recorded.subnets, "subnet");
    index.add(&recorded.interfaces, "network-interface");
    index.add(&recorded.machines, "virtual-machine");
    index.add(&recorded.security_groups, "network-security-group");
    index.add(&recorded.application_groups, "application-security-group");
    index.add(&recorded.route_tables, "route-table");
    index.add(&recorded.peerings, "virtual-network-peering");
    index.add(&recorded.gateways, "virtual-network-gateway");
    index.add(&recorded.nat_gateways, "nat-gateway");
    index.add(&recorded.public_addresses, "public-ip-address");
    index.add(&recorded.balancers, "load-balancer");
    index.add(&recorded.firewalls, "azure-firewall");
    index.add(&recorded.private_endpoints, "private-endpoint");
    let mut resources = index.resources;
    resources.sort_by(|one, two| (one.kind, &one.key).cmp(&(two.kind, &two.key)));
    resources
}

impl Index<'_> {
    fn add<T>(&mut self, table: &Table<'_, T>, kind: &'static str) {
        for object in table.iter() {
            let told = object.entry.resource;
            let envelope = told.envelope();
            let tags = envelope.and_then(|it| it.tags.as_ref()).into_iter().flat_map(|it| &it.0);
            let tags = tags.map(|(name, value)| {
                (name.as_str().into(), value.as_deref().unwrap_or_default().into())
            });
            let interface = self.network.interfaces.get(object.key.as_ref());
            let subnet = interface.and_then(|it| self.network.subnets.get(&it.subnet));
            let own = self.network.subnets.get(object.key.as_ref()).or(subnet);
            self.resources.push(Resource {
                kind,
                id: object.id.into(),
                key: Arc::clone(&object.key),
                name: Some(told.name.as_deref().unwrap_or_else(|| ids::name(object.id)).into()),
                arn: None,
                account: ids::subscription(object.id),
                region: envelope.and_then(|it| it.location.as_deref()).map(Arc::from),
                tags: tags.collect(),
                interfaces: self.of.get(object.key.as_ref()).cloned().unwrap_or_default(),
                router: own.map(|subnet| subnet.router.clone()),
                origin: object.entry.origin.clone(),
            });
        }
    }
}
