//! What the documents of a recording hold, by kind and id.

use std::collections::BTreeSet;
use std::sync::Arc;

use cloudfw_core::{Document, Origin, Scope, Unknown};
use serde::Serialize;

use super::scope::{place, region_of_zone, scope_of, text};
use super::table::{Entry, Table};
use crate::documents::{Element, Items, Reading};
use crate::kind::Kind;
use crate::raw;

/// A document with what was read in it.
#[derive(Debug, Clone)]
pub struct ReadDocument {
    /// The document.
    pub document: Document,
    /// What it holds.
    pub reading: Reading,
}

/// All objects of a recording.
#[derive(Debug, Default)]
pub(super) struct Recorded<'a> {
    pub(super) vpcs: Table<'a, raw::Vpc>,
    pub(super) subnets: Table<'a, raw::Subnet>,
    pub(super) interfaces: Table<'a, raw::NetworkInterface>,
    pub(super) instances: Table<'a, raw::Instance>,
    pub(super) groups: Table<'a, raw::SecurityGroup>,
    pub(super) acls: Table<'a, raw::NetworkAcl>,
    pub(super) tables: Table<'a, raw::RouteTable>,
    pub(super) internet_gateways: Table<'a, raw::InternetGateway>,
    pub(super) egress_only_gateways: Table<'a, raw::EgressOnlyInternetGateway>,
    pub(super) nat_gateways: Table<'a, raw::NatGateway>,
    pub(super) peerings: Table<'a, raw::VpcPeeringConnection>,
    pub(super) endpoints: Table<'a, raw::VpcEndpoint>,
    pub(super) prefix_lists: Table<'a, raw::ManagedPrefixList>,
    pub(super) prefix_list_entries: Table<'a, raw::PrefixListEntries>,
    pub(super) service_prefix_lists: Table<'a, raw::PrefixList>,
    pub(super) transit_gateways: Table<'a, raw::TransitGateway>,
    pub(super) vpn_gateways: Table<'a, raw::VpnGateway>,
    pub(super) carrier_gateways: Table<'a, raw::CarrierGateway>,
    pub(super) balancers: Table<'a, raw::LoadBalancer>,
    pub(super) addresses: Vec<Entry<'a, raw::Address>>,
    pub(super) public_access: Vec<Entry<'a, raw::VpcBlockPublicAccessOptions>>,
    pub(super) public_access_exclusions: Vec<Entry<'a, raw::VpcBlockPublicAccessExclusion>>,
    /// The kinds of which an element has no id, so that it cannot be found.
    pub(super) nameless: BTreeSet<(Scope, Kind)>,
    /// What was read and not understood.
    pub(super) warnings: BTreeSet<Unknown>,
}

/// The elements of each kind, in the order of the documents.
#[derive(Default)]
struct Lists<'a> {
    vpcs: Vec<Entry<'a, raw::Vpc>>,
    subnets: Vec<Entry<'a, raw::Subnet>>,
    interfaces: Vec<Entry<'a, raw::NetworkInterface>>,
    instances: Vec<Entry<'a, raw::Instance>>,
    groups: Vec<Entry<'a, raw::SecurityGroup>>,
    acls: Vec<Entry<'a, raw::NetworkAcl>>,
    tables: Vec<Entry<'a, raw::RouteTable>>,
    internet_gateways: Vec<Entry<'a, raw::InternetGateway>>,
    egress_only_gateways: Vec<Entry<'a, raw::EgressOnlyInternetGateway>>,
    nat_gateways: Vec<Entry<'a, raw::NatGateway>>,
    peerings: Vec<Entry<'a, raw::VpcPeeringConnection>>,
    endpoints: Vec<Entry<'a, raw::VpcEndpoint>>,
    prefix_lists: Vec<Entry<'a, raw::ManagedPrefixList>>,
    prefix_list_entries: Vec<Entry<'a, raw::PrefixListEntries>>,
    service_prefix_lists: Vec<Entry<'a, raw::PrefixList>>,
    transit_gateways: Vec<Entry<'a, raw::TransitGateway>>,
    vpn_gateways: Vec<Entry<'a, raw::VpnGateway>>,
    carrier_gateways: Vec<Entry<'a, raw::CarrierGateway>>,
    balancers: Vec<Entry<'a, raw::LoadBalancer>>,
    addresses: Vec<Entry<'a, raw::Address>>,
    public_access: Vec<Entry<'a, raw::VpcBlockPublicAccessOptions>>,
    public_access_exclusions: Vec<Entry<'a, raw::VpcBlockPublicAccessExclusion>>,
}

impl<'a> Recorded<'a> {
    /// Sorts what was read by kind and id. `scopes` holds the scope of each document.
    pub(super) fn new(documents: &'a [ReadDocument], scopes: &[Scope]) -> Self {
        let mut lists = Lists::default();
        let mut recorded = Self::default();
        for (read, folder) in documents.iter().zip(scopes) {
            for part in &read.reading.parts {
                lists.take(&read.document, folder, &part.items);
                for field in &part.not_understood {
                    let origin = Origin::pointer(&read.document.name, field.first.clone());
                    recorded.warnings.insert(Unknown::new(
                        format!("the field `{field}`"),
                        format!("cloudfw does not know it; met {} times", field.count),
                        place(&origin),
                    ));
                }
            }
        }
        recorded.fill(lists);
        recorded
    }

    fn fill(&mut self, lists: Lists<'a>) {
        self.vpcs = self.table(Kind::Vpcs, lists.vpcs, |v| v.vpc_id.as_deref());
        self.subnets = self.table(Kind::Subnets, lists.subnets, |v| v.subnet_id.as_deref());
        self.interfaces = self.table(Kind::NetworkInterfaces, lists.interfaces, |v| {
            v.network_interface_id.as_deref()
        });
        self.instances =
            self.table(Kind::Reservations, lists.instances, |v| v.instance_id.as_deref());
        self.groups = self.table(Kind::SecurityGroups, lists.groups, |v| v.group_id.as_deref());
        self.acls = self.table(Kind::NetworkAcls, lists.acls, |v| v.network_acl_id.as_deref());
        self.tables = self.table(Kind::RouteTables, lists.tables, |v| v.route_table_id.as_deref());
        self.internet_gateways = self.table(Kind::InternetGateways, lists.internet_gateways, |v| {
            v.internet_gateway_id.as_deref()
        });
        self.egress_only_gateways =
            self.table(Kind::EgressOnlyInternetGateways, lists.egress_only_gateways, |v| {
                v.egress_only_internet_gateway_id.as_deref()
            });
        self.nat_gateways =
            self.table(Kind::NatGateways, lists.nat_gateways, |v| v.nat_gateway_id.as_deref());
        self.peerings = self.table(Kind::VpcPeeringConnections, lists.peerings, |v| {
            v.vpc_peering_connection_id.as_deref()
        });
        self.endpoints =
            self.table(Kind::VpcEndpoints, lists.endpoints, |v| v.vpc_endpoint_id.as_deref());
        self.prefix_lists = self
            .table(Kind::ManagedPrefixLists, lists.prefix_lists, |v| v.prefix_list_id.as_deref());
        self.prefix_list_entries =
            self.table(Kind::ManagedPrefixListEntries, lists.prefix_list_entries, |v| {
                v.prefix_list_id.as_deref()
            });
        self.service_prefix_lists =
            self.table(Kind::PrefixLists, lists.service_prefix_lists, |v| {
                v.prefix_list_id.as_deref()
            });
        self.transit_gateways = self.table(Kind::TransitGateways, lists.transit_gateways, |v| {
            v.transit_gateway_id.as_deref()
        });
        self.vpn_gateways =
            self.table(Kind::VpnGateways, lists.vpn_gateways, |v| v.vpn_gateway_id.as_deref());
        self.carrier_gateways = self.table(Kind::CarrierGateways, lists.carrier_gateways, |v| {
            v.carrier_gateway_id.as_deref()
        });
        self.balancers =
            self.table(Kind::LoadBalancers, lists.balancers, |v| v.load_balancer_arn.as_deref());
        self.addresses = lists.addresses;
        self.public_access = lists.public_access;
        self.public_access_exclusions = lists.public_access_exclusions;
        self.mind_repeated_ids();
    }

    /// Where one id is used in two scopes, all may be.
    fn mind_repeated_ids(&mut self) {
        let repeats = self.vpcs.repeats()
            || self.subnets.repeats()
            || self.interfaces.repeats()
            || self.instances.repeats()
            || self.groups.repeats()
            || self.acls.repeats()
            || self.tables.repeats()
            || self.internet_gateways.repeats()
            || self.egress_only_gateways.repeats()
            || self.nat_gateways.repeats()
            || self.endpoints.repeats()
            || self.prefix_lists.repeats()
            || self.prefix_list_entries.repeats()
            || self.service_prefix_lists.repeats()
            || self.transit_gateways.repeats()
            || self.vpn_gateways.repeats()
            || self.carrier_gateways.repeats()
            || self.balancers.repeats();
        if repeats {
            self.vpcs.be_strict();
            self.subnets.be_strict();
            self.interfaces.be_strict();
            self.instances.be_strict();
            self.groups.be_strict();
            self.acls.be_strict();
            self.tables.be_strict();
            self.internet_gateways.be_strict();
            self.egress_only_gateways.be_strict();
            self.nat_gateways.be_strict();
            self.endpoints.be_strict();
            self.prefix_lists.be_strict();
            self.prefix_list_entries.be_strict();
            self.service_prefix_lists.be_strict();
            self.transit_gateways.be_strict();
            self.vpn_gateways.be_strict();
            self.carrier_gateways.be_strict();
            self.balancers.be_strict();
        }
    }

    fn table<T: PartialEq + Serialize>(
        &mut self,
        kind: Kind,
        entries: Vec<Entry<'a, T>>,
        id_of: impl Fn(&'a T) -> Option<&'a str>,
    ) -> Table<'a, T> {
        let (table, without) = Table::new(entries, id_of);
        for entry in without {
            self.warnings.insert(Unknown::new(
                format!("an element of {kind}"),
                "it has no id, so that nothing can be said about it",
                place(&entry.origin),
            ));
            self.nameless.insert((entry.scope, kind));
        }
        table
    }
}

/// Whose an element is, as far as it says so itself: its owner and its Region.
type Own<'a> = (Option<&'a str>, Option<&'a str>);

fn entries<'a, T>(
    document: &'a Document,
    folder: &Scope,
    elements: &'a [Element<T>],
    own: impl Fn(&'a T) -> Own<'a>,
) -> impl Iterator<Item = Entry<'a, T>> {
    elements.iter().map(move |element| {
        let (owner, region) = own(&element.value);
        let scope = scope_of(folder, owner, region);
        let origin = Origin::pointer(&document.name, element.pointer.clone());
        Entry { value: &element.value, origin, scope, owner }
    })
}

fn nobody<'a, T>(_: &'a T) -> Own<'a> {
    (None, None)
}

fn zone(zone: Option<&String>) -> Option<&str> {
    zone.and_then(|zone| region_of_zone(zone))
}

fn arn_region(arn: Option<&String>) -> Option<&str> {
    arn.and_then(|arn| arn.split(':').nth(3)).filter(|region| !region.is_empty())
}

fn vpc_owner(value: &raw::Vpc) -> Own<'_> {
    (value.owner_id.as_deref(), None)
}

fn subnet_owner(value: &raw::Subnet) -> Own<'_> {
    let region = zone(value.availability_zone.as_ref());
    (value.owner_id.as_deref(), region.or_else(|| arn_region(value.subnet_arn.as_ref())))
}

fn interface_owner(value: &raw::NetworkInterface) -> Own<'_> {
    (value.owner_id.as_deref(), zone(value.availability_zone.as_ref()))
}

fn instance_region(value: &raw::Instance) -> Option<&str> {
    zone(value.placement.as_ref().and_then(|placement| placement.availability_zone.as_ref()))
}

impl<'a> Lists<'a> {
    fn take(&mut self, document: &'a Document, folder: &Scope, items: &'a Items) {
        match items {
            Items::Vpcs(list) => self.vpcs.extend(entries(document, folder, list, vpc_owner)),
            Items::Subnets(list) => {
                self.subnets.extend(entries(document, folder, list, subnet_owner));
            }
            Items::NetworkInterfaces(list) => {
                self.interfaces.extend(entries(document, folder, list, interface_owner));
            }
            Items::Reservations(list) => self.take_instances(document, folder, list),
            Items::SecurityGroups(list) => {
                let own = |v: &'a raw::SecurityGroup| {
                    (v.owner_id.as_deref(), arn_region(v.security_group_arn.as_ref()))
                };
                self.groups.extend(entries(document, folder, list, own));
            }
            Items::NetworkAcls(list) => {
                let own = |v: &'a raw::NetworkAcl| (v.owner_id.as_deref(), None);
                self.acls.extend(entries(document, folder, list, own));
            }
            Items::RouteTables(list) => {
                let own = |v: &'a raw::RouteTable| (v.owner_id.as_deref(), None);
                self.tables.extend(entries(document, folder, list, own));
            }
            Items::InternetGateways(list) => {
                let own = |v: &'a raw::InternetGateway| (v.owner_id.as_deref(), None);
                self.internet_gateways.extend(entries(document, folder, list, own));
            }
            Items::EgressOnlyInternetGateways(list) => {
                self.egress_only_gateways.extend(entries(document, folder, list, nobody));
            }
            Items::NatGateways(list) => {
                self.nat_gateways.extend(entries(document, folder, list, nobody));
            }
            Items::VpcPeeringConnections(list) => {
                // Both accounts see one connection, in slightly different words.
                let seen = entries(document, folder, list, nobody);
                self.peerings.extend(seen.map(|one| Entry { scope: Scope::default(), ..one }));
            }
            Items::VpcEndpoints(list) => {
                let own = |v: &'a raw::VpcEndpoint| (v.owner_id.as_deref(), None);
                self.endpoints.extend(entries(document, folder, list, own));
            }
            _ => self.take_rest(document, folder, items),
        }
    }

    fn take_rest(&mut self, document: &'a Document, folder: &Scope, items: &'a Items) {
        match items {
            // The owner of a shared list is another account; its entries are this one's to see.
            Items::ManagedPrefixLists(list) => {
                let own =
                    |v: &'a raw::ManagedPrefixList| (None, arn_region(v.prefix_list_arn.as_ref()));
                self.prefix_lists.extend(entries(document, folder, list, own));
            }
            Items::ManagedPrefixListEntries(list) => {
                self.prefix_list_entries.extend(entries(document, folder, list, nobody));
            }
            Items::PrefixLists(list) => {
                self.service_prefix_lists.extend(entries(document, folder, list, nobody));
            }
            Items::Addresses(list) => {
                self.addresses.extend(entries(document, folder, list, nobody));
            }
            Items::VpcBlockPublicAccessOptions(list) => {
                let own = |v: &'a raw::VpcBlockPublicAccessOptions| {
                    (v.aws_account_id.as_deref(), v.aws_region.as_deref())
                };
                self.public_access.extend(entries(document, folder, list, own));
            }
            Items::VpcBlockPublicAccessExclusions(list) => {
                self.public_access_exclusions.extend(entries(document, folder, list, nobody));
            }
            Items::TransitGateways(list) => {
                let own = |v: &'a raw::TransitGateway| {
                    (v.owner_id.as_deref(), arn_region(v.transit_gateway_arn.as_ref()))
                };
                self.transit_gateways.extend(entries(document, folder, list, own));
            }
            Items::VpnGateways(list) => {
                self.vpn_gateways.extend(entries(document, folder, list, nobody));
            }
            Items::CarrierGateways(list) => {
                let own = |v: &'a raw::CarrierGateway| (v.owner_id.as_deref(), None);
                self.carrier_gateways.extend(entries(document, folder, list, own));
            }
            Items::LoadBalancers(list) => {
                self.balancers.extend(entries(document, folder, list, nobody));
            }
            // Recognised; nothing of the network is made of them yet.
            _ => {}
        }
    }

    fn take_instances(
        &mut self,
        document: &'a Document,
        folder: &Scope,
        reservations: &'a [Element<raw::Reservation>],
    ) {
        for reservation in reservations {
            let owner = reservation.value.owner_id.as_deref();
            for (i, instance) in reservation.value.instances.iter().flatten().enumerate() {
                let pointer = reservation.pointer.element("Instances", i);
                let origin = Origin::pointer(&document.name, pointer);
                let scope = scope_of(folder, owner, instance_region(instance));
                self.instances.push(Entry { value: instance, origin, scope, owner });
            }
        }
    }
}

/// The scope of each document: what its folder says, completed by what all elements of the
/// documents without a folder agree on.
pub(super) fn document_scopes(documents: &[ReadDocument]) -> Vec<Scope> {
    let mut owners = BTreeSet::new();
    let mut regions = BTreeSet::new();
    for read in documents {
        let mut note = |(owner, region): Own<'_>| {
            if read.document.scope.account.is_none() {
                owners.extend(owner.map(Arc::from));
            }
            if read.document.scope.region.is_none() {
                regions.extend(region.map(Arc::from));
            }
        };
        for part in &read.reading.parts {
            match &part.items {
                Items::Vpcs(list) => list.iter().for_each(|e| note(vpc_owner(&e.value))),
                Items::Subnets(list) => list.iter().for_each(|e| note(subnet_owner(&e.value))),
                Items::NetworkInterfaces(list) => {
                    list.iter().for_each(|e| note(interface_owner(&e.value)));
                }
                Items::Reservations(list) => {
                    let instances = list.iter().flat_map(|e| e.value.instances.iter().flatten());
                    instances.for_each(|instance| note((None, instance_region(instance))));
                }
                _ => {}
            }
        }
    }
    let only = |set: &BTreeSet<Arc<str>>| set.first().filter(|_| set.len() == 1).cloned();
    let (owner, region) = (only(&owners), only(&regions));
    let scope = |read: &ReadDocument| Scope {
        account: read.document.scope.account.clone().or_else(|| owner.clone()),
        region: read.document.scope.region.clone().or_else(|| region.clone()),
    };
    documents.iter().map(scope).collect()
}

/// A scope as a label tells it.
pub(super) fn shown(scope: &Scope) -> Arc<str> {
    text(scope).into()
}
