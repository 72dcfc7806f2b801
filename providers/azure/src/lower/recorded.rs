//! What the documents of a recording hold, by kind and id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::{Origin, Pointer, Unknown};
use cloudfw_documents::Element;
use serde::Serialize;

use super::ids::{self, key};
use super::table::{Entry, Table, at};
use super::wording::place;
use super::{ReadDocument, wording};
use crate::documents::{Items, Part};
use crate::kind::Kind;
use crate::raw::{self, Resource};

/// All resources of a recording.
#[derive(Debug, Default)]
pub(super) struct Recorded<'a> {
    pub(super) virtual_networks: Table<'a, raw::VirtualNetwork>,
    pub(super) subnets: Table<'a, raw::Subnet>,
    pub(super) peerings: Table<'a, raw::VirtualNetworkPeering>,
    pub(super) interfaces: Table<'a, raw::NetworkInterface>,
    pub(super) machines: Table<'a, raw::VirtualMachine>,
    pub(super) security_groups: Table<'a, raw::NetworkSecurityGroup>,
    pub(super) application_groups: Table<'a, raw::ApplicationSecurityGroup>,
    pub(super) route_tables: Table<'a, raw::RouteTable>,
    pub(super) public_addresses: Table<'a, raw::PublicIpAddress>,
    pub(super) public_prefixes: Table<'a, raw::PublicIpPrefix>,
    pub(super) balancers: Table<'a, raw::LoadBalancer>,
    pub(super) nat_gateways: Table<'a, raw::NatGateway>,
    pub(super) private_endpoints: Table<'a, raw::PrivateEndpoint>,
    pub(super) firewalls: Table<'a, raw::AzureFirewall>,
    pub(super) firewall_policies: Table<'a, raw::FirewallPolicy>,
    pub(super) rule_groups: Table<'a, raw::FirewallPolicyRuleCollectionGroup>,
    pub(super) ip_groups: Table<'a, raw::IpGroup>,
    pub(super) gateways: Table<'a, raw::VirtualNetworkGateway>,
    pub(super) local_gateways: Table<'a, raw::LocalNetworkGateway>,
    pub(super) connections: Table<'a, raw::VirtualNetworkGatewayConnection>,
    /// Lists of service tags.
    pub(super) service_tags: Vec<(Origin, &'a raw::ServiceTags)>,
    /// Admin rules by the key of the network that they hold in.
    pub(super) admin_rules: BTreeMap<Arc<str>, Vec<(Origin, &'a Resource<raw::SecurityAdminRule>)>>,
    /// Lists of effective rules and routes (AZ-76).
    pub(super) effective: Vec<Effective<'a>>,
    /// How many elements of each kind there are, by subscription.
    pub(super) counts: BTreeMap<(Option<Arc<str>>, Kind), usize>,
    /// The kinds of which an element has no id, so that it cannot be found.
    pub(super) nameless: BTreeSet<(Option<Arc<str>>, Kind)>,
    /// The networks, by key, that have a subnet or a peering without an id.
    pub(super) nameless_inside: BTreeMap<Arc<str>, (Kind, Origin)>,
    /// The subscriptions that ids name.
    pub(super) subscriptions: BTreeSet<Arc<str>>,
    /// What was read and not understood.
    pub(super) warnings: BTreeSet<Unknown>,
}

/// A list that Azure worked out for an interface.
#[derive(Debug)]
pub(super) struct Effective<'a> {
    /// The interface, where the document names it beside the list.
    pub(super) owner: Option<&'a str>,
    pub(super) origin: Origin,
    /// Whether no page of it is missing.
    pub(super) is_complete: bool,
    pub(super) list: EffectiveList<'a>,
}

/// What is in such a list.
#[derive(Debug, Clone, Copy)]
pub(super) enum EffectiveList<'a> {
    Rules(&'a [Element<raw::EffectiveNetworkSecurityGroup>]),
    Routes(&'a [Element<raw::EffectiveRoute>]),
}

/// Where the elements of a part are from.
#[derive(Clone, Copy)]
struct Source<'a> {
    read: &'a ReadDocument,
    kind: Kind,
}

impl<'a> Recorded<'a> {
    /// The resources of all kinds that are told in two ways, in order.
    pub(super) fn contradictions(&self) -> Vec<Unknown> {
        let mut found: Vec<Unknown> = self.virtual_networks.contradictions().collect();
        found.extend(self.subnets.contradictions());
        found.extend(self.peerings.contradictions());
        found.extend(self.interfaces.contradictions());
        found.extend(self.machines.contradictions());
        found.extend(self.security_groups.contradictions());
        found.extend(self.application_groups.contradictions());
        found.extend(self.route_tables.contradictions());
        found.extend(self.public_addresses.contradictions());
        found.extend(self.public_prefixes.contradictions());
        found.extend(self.balancers.contradictions());
        found.extend(self.nat_gateways.contradictions());
        found.extend(self.private_endpoints.contradictions());
        found.extend(self.firewalls.contradictions());
        found.extend(self.gateways.contradictions());
        found.extend(self.local_gateways.contradictions());
        found.extend(self.connections.contradictions());
        found.sort();
        found
    }

    /// Sorts what was read by kind and id.
    pub(super) fn new(documents: &'a [ReadDocument]) -> Self {
        let mut recorded = Self::default();
        for read in documents {
            recorded.note_unread_keys(read);
            for part in &read.reading.parts {
                recorded.take(Source { read, kind: part.kind }, part);
            }
        }
        recorded
    }

    fn note_unread_keys(&mut self, read: &ReadDocument) {
        let at = |pointer| place(&Origin::pointer(&read.document.name, pointer));
        for other in &read.reading.other_keys {
            self.warnings.insert(Unknown::new(
                format!("what stands under `{other}`"),
                "cloudfw does not know it, and did not read it",
                at(Pointer::root().name(other)),
            ));
        }
        for part in &read.reading.parts {
            for field in &part.not_understood {
                self.warnings.insert(Unknown::new(
                    format!("the field `{field}`"),
                    format!("cloudfw does not know it; met {} times", field.count),
                    at(field.first.clone()),
                ));
            }
        }
    }

    fn take(&mut self, source: Source<'a>, part: &'a Part) {
        match &part.items {
            Items::VirtualNetworks(list) => self.take_networks(source, list),
            Items::Subnets(list) => take(self, source, list, |it| &mut it.subnets),
            Items::VirtualNetworkPeerings(list) => {
                take(self, source, list, |it| &mut it.peerings);
            }
            Items::NetworkInterfaces(list) => take(self, source, list, |it| &mut it.interfaces),
            Items::VirtualMachines(list) | Items::VirtualMachineScaleSetVms(list) => {
                take(self, source, list, |it| &mut it.machines);
            }
            Items::NetworkSecurityGroups(list) => {
                take(self, source, list, |it| &mut it.security_groups);
            }
            Items::ApplicationSecurityGroups(list) => {
                take(self, source, list, |it| &mut it.application_groups);
            }
            Items::RouteTables(list) => take(self, source, list, |it| &mut it.route_tables),
            Items::PublicIpAddresses(list) => {
                take(self, source, list, |it| &mut it.public_addresses);
            }
            Items::PublicIpPrefixes(list) => {
                take(self, source, list, |it| &mut it.public_prefixes);
            }
            Items::LoadBalancers(list) => take(self, source, list, |it| &mut it.balancers),
            Items::NatGateways(list) => take(self, source, list, |it| &mut it.nat_gateways),
            Items::PrivateEndpoints(list) => {
                take(self, source, list, |it| &mut it.private_endpoints);
            }
            Items::AzureFirewalls(list) => take(self, source, list, |it| &mut it.firewalls),
            Items::FirewallPolicies(list) => {
                take(self, source, list, |it| &mut it.firewall_policies);
            }
            Items::FirewallPolicyRuleCollectionGroups(list) => {
                take(self, source, list, |it| &mut it.rule_groups);
            }
            Items::IpGroups(list) => take(self, source, list, |it| &mut it.ip_groups),
            Items::VirtualNetworkGateways(list) => take(self, source, list, |it| &mut it.gateways),
            Items::LocalNetworkGateways(list) => {
                take(self, source, list, |it| &mut it.local_gateways);
            }
            Items::VirtualNetworkGatewayConnections(list) => {
                take(self, source, list, |it| &mut it.connections);
            }
            Items::ServiceTags(list) => {
                for element in list {
                    let origin = element.origin(&source.read.document);
                    let of = element.value.id.as_deref().and_then(ids::subscription);
                    let of = of.or_else(|| source.read.document.scope.account.clone());
                    self.count(of, source.kind);
                    self.service_tags.push((origin, &element.value));
                }
            }
            Items::SecurityAdminRules(list) => self.take_admin_rules(source, part, list),
            Items::EffectiveNetworkSecurityGroups(list) => {
                self.take_effective(source, part, EffectiveList::Rules(list));
            }
            Items::EffectiveRouteTables(list) => {
                self.take_effective(source, part, EffectiveList::Routes(list));
            }
            // What is only recognised, and what is looked up at its users.
            Items::VirtualMachineScaleSets(list) => self.count_all(source, list),
            Items::ExpressRouteCircuits(list) => self.count_all(source, list),
            Items::ApplicationGateways(list) => self.count_all(source, list),
            Items::BastionHosts(list) => self.count_all(source, list),
            Items::VirtualWans(list) => self.count_all(source, list),
            Items::VirtualHubs(list) => self.count_all(source, list),
            Items::HubVirtualNetworkConnections(list) => self.count_all(source, list),
        }
    }

    /// Subnets and peerings stand below their network, and alone.
    fn take_networks(
        &mut self,
        source: Source<'a>,
        list: &'a [Element<Resource<raw::VirtualNetwork>>],
    ) {
        take(self, source, list, |it| &mut it.virtual_networks);
        for element in list {
            let network = &element.value;
            let own = element.origin(&source.read.document);
            let below = |field, index| at(&own, |own| network.element_at(own, field, index));
            let subnets = network.properties.subnets.iter().flatten().enumerate();
            for (index, subnet) in subnets {
                let origin = below("subnets", index);
                let source = Source { kind: Kind::Subnets, ..source };
                self.note_nameless_inside(network, subnet, (source.kind, &origin));
                take_one(self, source, (subnet, origin, &[]), |it| &mut it.subnets);
            }
            let peerings = network.properties.virtual_network_peerings.iter().flatten().enumerate();
            for (index, peering) in peerings {
                let origin = below("virtualNetworkPeerings", index);
                let source = Source { kind: Kind::VirtualNetworkPeerings, ..source };
                self.note_nameless_inside(network, peering, (source.kind, &origin));
                take_one(self, source, (peering, origin, &[]), |it| &mut it.peerings);
            }
        }
    }

    fn note_nameless_inside<T>(
        &mut self,
        network: &Resource<raw::VirtualNetwork>,
        inside: &Resource<T>,
        (kind, origin): (Kind, &Origin),
    ) {
        let is_nameless = inside.id.as_deref().is_none_or(|id| id.trim().is_empty());
        if let Some(id) = network.id.as_deref().filter(|_| is_nameless) {
            self.nameless_inside.entry(key(id)).or_insert((kind, origin.clone()));
        }
    }

    fn take_admin_rules(
        &mut self,
        source: Source<'a>,
        part: &'a Part,
        list: &'a [Element<Resource<raw::SecurityAdminRule>>],
    ) {
        let Some(owner) = part.owner.as_deref() else {
            // Nobody knows in which network they hold.
            self.nameless.insert((None, source.kind));
            return;
        };
        self.subscriptions.extend(ids::subscription(owner));
        self.count(ids::subscription(owner), source.kind);
        let rules = self.admin_rules.entry(key(owner)).or_default();
        rules.extend(
            list.iter().map(|element| (element.origin(&source.read.document), &element.value)),
        );
    }

    fn take_effective(&mut self, source: Source<'a>, part: &'a Part, list: EffectiveList<'a>) {
        self.count(part.owner.as_deref().and_then(ids::subscription), source.kind);
        let origin = Origin::pointer(&source.read.document.name, Pointer::root());
        let (owner, is_complete) = (part.owner.as_deref(), part.complete);
        self.effective.push(Effective { owner, origin, is_complete, list });
    }

    /// Counts resources by the subscriptions that their ids name.
    fn count_all<T>(&mut self, source: Source<'a>, list: &'a [Element<Resource<T>>]) {
        for element in list {
            let own = element.value.id.as_deref().and_then(ids::subscription);
            let folder = || source.read.document.scope.account.clone();
            self.count(own.or_else(folder), source.kind);
        }
    }

    fn count(&mut self, subscription: Option<Arc<str>>, kind: Kind) {
        *self.counts.entry((subscription, kind)).or_default() += 1;
    }
}

/// Sorts the elements of a list into a table.
fn take<'a, T: Default + PartialEq + Serialize>(
    recorded: &mut Recorded<'a>,
    source: Source<'a>,
    list: &'a [Element<Resource<T>>],
    table: impl for<'r> Fn(&'r mut Recorded<'a>) -> &'r mut Table<'a, T>,
) {
    for element in list {
        let origin = element.origin(&source.read.document);
        let told = (&element.value, origin, element.not_understood.as_slice());
        take_one(recorded, source, told, &table);
    }
}

fn take_one<'a, T: Default + PartialEq + Serialize>(
    recorded: &mut Recorded<'a>,
    source: Source<'a>,
    (resource, origin, foreign): (&'a Resource<T>, Origin, &'a [Box<str>]),
    table: impl for<'r> Fn(&'r mut Recorded<'a>) -> &'r mut Table<'a, T>,
) {
    let folder = &source.read.document.scope.account;
    let Some(id) = resource.id.as_deref().filter(|id| !id.trim().is_empty()) else {
        let what = format!("a resource among the {}", source.kind);
        recorded.warnings.insert(wording::unknown(what, "it has no id", &origin));
        recorded.nameless.insert((folder.clone(), source.kind));
        return;
    };
    let subscription = ids::subscription(id).or_else(|| folder.clone());
    recorded.subscriptions.extend(subscription.clone());
    recorded.count(subscription, source.kind);
    let entry = Entry { resource, origin, foreign };
    table(recorded).take(id, entry);
}
