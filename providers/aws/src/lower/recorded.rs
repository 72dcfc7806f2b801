//! What the documents of a recording hold, by kind and id.

use std::collections::BTreeSet;
use std::sync::Arc;

use cloudfw_core::{Document, Origin, Pointer, Scope, Unknown};
use serde::Serialize;
use serde_json::Value;

use super::foreign::{Foreign, LeftOut};
use super::label::within;
use super::scope::{place, region_of_zone, scope_of, text};
use super::table::{Entry, Table};
use cloudfw_documents::Element;

use crate::documents::{Items, Reading};
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
    /// The objects of all kinds that are told in two ways, in order.
    pub(super) fn contradictions(&self) -> Vec<Unknown> {
        let mut found: Vec<Unknown> = self.vpcs.contradictions().collect();
        found.extend(self.subnets.contradictions());
        found.extend(self.interfaces.contradictions());
        found.extend(self.instances.contradictions());
        found.extend(self.groups.contradictions());
        found.extend(self.acls.contradictions());
        found.extend(self.tables.contradictions());
        found.extend(self.internet_gateways.contradictions());
        found.extend(self.egress_only_gateways.contradictions());
        found.extend(self.nat_gateways.contradictions());
        found.extend(self.peerings.contradictions());
        found.extend(self.endpoints.contradictions());
        found.extend(self.prefix_lists.contradictions());
        found.extend(self.prefix_list_entries.contradictions());
        found.extend(self.service_prefix_lists.contradictions());
        found.extend(self.transit_gateways.contradictions());
        found.extend(self.vpn_gateways.contradictions());
        found.extend(self.carrier_gateways.contradictions());
        found.extend(self.balancers.contradictions());
        found.sort();
        found
    }

    /// Sorts what was read by kind and id. `scopes` holds the scope of each document.
    pub(super) fn new(documents: &'a [ReadDocument], scopes: &[Scope]) -> Self {
        let mut lists = Lists::default();
        let mut recorded = Self::default();
        let mut left_out = LeftOut::default();
        for (read, folder) in documents.iter().zip(scopes) {
            if let Some(manifest) = &read.reading.manifest {
                left_out.take(&read.document, folder, manifest);
            }
        }
        recorded.warnings.extend(left_out.all().cloned());
        for (read, folder) in documents.iter().zip(scopes) {
            for key in &read.reading.other_keys {
                let origin = Origin::pointer(&read.document.name, Pointer::root().name(key));
                recorded.warnings.insert(Unknown::new(
                    format!("what stands under `{key}`"),
                    "cloudfw does not know it, and did not read it",
                    place(&origin),
                ));
            }
            let json = json_with_foreign_fields(read);
            let (document, json, left_out) = (&read.document, json.as_ref(), &left_out);
            for part in &read.reading.parts {
                let kind = part.kind;
                lists.take(&Source { document, folder, kind, json, left_out }, &part.items);
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
        for entry in &lists.interfaces {
            let id = entry.value.network_interface_id.as_deref();
            if id.is_some_and(|id| id.starts_with(WITHOUT_ID)) {
                self.nameless(Kind::NetworkInterfaces, entry);
            }
        }
        for entry in &lists.instances {
            let id = entry.value.instance_id.as_deref();
            if id.is_some_and(|id| id.starts_with(INSTANCE_WITHOUT_ID)) {
                self.nameless(Kind::Reservations, entry);
            }
        }
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
        without.iter().for_each(|entry| self.nameless(kind, entry));
        table
    }

    fn nameless<T>(&mut self, kind: Kind, entry: &Entry<'a, T>) {
        self.warnings.insert(Unknown::new(
            format!("an element of {kind}"),
            "it has no id, so that nothing can be said about it",
            place(&entry.origin),
        ));
        self.nameless.insert((entry.scope.clone(), kind));
    }
}

/// Whose an element is, as far as it says so itself: its owner and its Region.
type Own<'a> = (Option<&'a str>, Option<&'a str>);

/// How the ids begin of interfaces that are recorded without one.
const WITHOUT_ID: &str = "the interface without an id at ";

/// Gives an id to interfaces that are recorded without one: nobody can name them, but they hold
/// their addresses all the same.
pub(super) fn name_interfaces(documents: &mut [ReadDocument]) {
    for read in documents {
        for part in &mut read.reading.parts {
            let Items::NetworkInterfaces(list) = &mut part.items else { continue };
            for element in list {
                let id = &mut element.value.network_interface_id;
                if id.as_deref().is_none_or(str::is_empty) {
                    let origin = Origin::pointer(&read.document.name, element.pointer.clone());
                    *id = Some(format!("{WITHOUT_ID}{}", place(&origin)));
                }
            }
        }
    }
}

/// How the ids begin of instances that are recorded without one.
const INSTANCE_WITHOUT_ID: &str = "the instance without an id at ";

/// Gives an id to instances that are recorded without one: their name is theirs all the same, and
/// means nothing else.
pub(super) fn name_instances(documents: &mut [ReadDocument]) {
    for read in documents {
        for part in &mut read.reading.parts {
            let Items::Reservations(list) = &mut part.items else { continue };
            for element in list {
                let origin = Origin::pointer(&read.document.name, element.pointer.clone());
                for (i, instance) in element.value.instances.iter_mut().flatten().enumerate() {
                    if instance.instance_id.as_deref().is_none_or(str::is_empty) {
                        let at = place(&within(&origin, "Instances", i));
                        instance.instance_id = Some(format!("{INSTANCE_WITHOUT_ID}{at}"));
                    }
                }
            }
        }
    }
}

/// Larger documents are not gone through a second time.
const LONGEST: usize = 64 << 20;

/// A document as it is, where it holds fields that are not understood: of most documents there is
/// no need for it.
fn json_with_foreign_fields(read: &ReadDocument) -> Option<Value> {
    let has = read.reading.parts.iter().any(|part| !part.not_understood.is_empty());
    let text = &read.document.text;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !has || text.len() > LONGEST {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Where a list comes from.
struct Source<'a, 's> {
    document: &'a Document,
    folder: &'s Scope,
    kind: Kind,
    /// The document as it is, where it holds fields that are not understood.
    json: Option<&'s Value>,
    left_out: &'s LeftOut,
}

impl<'a> Source<'a, '_> {
    /// A scope by the folder, else by the element itself, else by what others tell.
    fn scope_by(&self, (owner, region): Own<'_>) -> Scope {
        scope_of(
            &scope_of(&self.document.scope, owner, region),
            self.folder.account.as_deref(),
            self.folder.region.as_deref(),
        )
    }

    /// What is not understood of an element, or of one of a list in it. What holds nothing says
    /// nothing.
    fn foreign<T>(
        &self,
        element: &Element<T>,
        part: Option<(&str, usize)>,
        origin: &Origin,
        scope: &Scope,
    ) -> Vec<Foreign> {
        let (list, above) = part.map_or((String::new(), String::new()), |(list, index)| {
            (format!("/{list}"), format!("/{list}/{index}"))
        });
        let mut foreign = Vec::new();
        if !element.not_understood.is_empty() {
            let at = element.pointer.to_string();
            let holds = |pointer: &&str| {
                let value = self.json.and_then(|json| json.pointer(&format!("{at}{pointer}")));
                value.is_none_or(|value| !is_empty(value))
            };
            let told = element.not_understood.iter().map(AsRef::as_ref).filter(holds);
            let below = told.filter_map(|pointer| pointer.strip_prefix(above.as_str()));
            let below = below.filter(|rest| rest.starts_with('/'));
            foreign = Foreign::of(self.kind, &list, below, origin);
        }
        foreign.extend(self.left_out.of(self.kind, scope, &list));
        foreign
    }
}

/// Whether a value says nothing: the CLI prints lists of which there is none as empty ones.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn entries<'a, T>(
    from: &Source<'a, '_>,
    elements: &'a [Element<T>],
    own: impl Fn(&'a T) -> Own<'a>,
) -> impl Iterator<Item = Entry<'a, T>> {
    elements.iter().map(move |element| {
        let (owner, region) = own(&element.value);
        let scope = scope_of(from.folder, owner, region);
        let origin = Origin::pointer(&from.document.name, element.pointer.clone());
        let foreign = from.foreign(element, None, &origin, &scope);
        Entry { value: &element.value, origin, scope, owner, foreign }
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
    fn take(&mut self, from: &Source<'a, '_>, items: &'a Items) {
        match items {
            Items::Vpcs(list) => self.vpcs.extend(entries(from, list, vpc_owner)),
            Items::Subnets(list) => {
                self.subnets.extend(entries(from, list, subnet_owner));
            }
            Items::NetworkInterfaces(list) => {
                self.interfaces.extend(entries(from, list, interface_owner));
            }
            Items::Reservations(list) => self.take_instances(from, list),
            Items::SecurityGroups(list) => {
                let own = |v: &'a raw::SecurityGroup| {
                    (v.owner_id.as_deref(), arn_region(v.security_group_arn.as_ref()))
                };
                self.groups.extend(entries(from, list, own));
            }
            Items::NetworkAcls(list) => {
                let own = |v: &'a raw::NetworkAcl| (v.owner_id.as_deref(), None);
                self.acls.extend(entries(from, list, own));
            }
            Items::RouteTables(list) => {
                let own = |v: &'a raw::RouteTable| (v.owner_id.as_deref(), None);
                self.tables.extend(entries(from, list, own));
            }
            Items::InternetGateways(list) => {
                let own = |v: &'a raw::InternetGateway| (v.owner_id.as_deref(), None);
                self.internet_gateways.extend(entries(from, list, own));
            }
            Items::EgressOnlyInternetGateways(list) => {
                self.egress_only_gateways.extend(entries(from, list, nobody));
            }
            Items::NatGateways(list) => {
                self.nat_gateways.extend(entries(from, list, nobody));
            }
            Items::VpcPeeringConnections(list) => {
                // Both accounts see one connection, in slightly different words.
                let seen = entries(from, list, nobody);
                self.peerings.extend(seen.map(|one| Entry { scope: Scope::default(), ..one }));
            }
            Items::VpcEndpoints(list) => {
                let own = |v: &'a raw::VpcEndpoint| (v.owner_id.as_deref(), None);
                self.endpoints.extend(entries(from, list, own));
            }
            _ => self.take_rest(from, items),
        }
    }

    fn take_rest(&mut self, from: &Source<'a, '_>, items: &'a Items) {
        match items {
            // The owner of a shared list is another account; its entries are this one's to see.
            Items::ManagedPrefixLists(list) => {
                let own =
                    |v: &'a raw::ManagedPrefixList| (None, arn_region(v.prefix_list_arn.as_ref()));
                self.prefix_lists.extend(entries(from, list, own));
            }
            Items::ManagedPrefixListEntries(list) => {
                self.prefix_list_entries.extend(entries(from, list, nobody));
            }
            Items::PrefixLists(list) => {
                self.service_prefix_lists.extend(entries(from, list, nobody));
            }
            Items::Addresses(list) => {
                self.addresses.extend(entries(from, list, nobody));
            }
            Items::VpcBlockPublicAccessOptions(list) => {
                let own = |v: &'a raw::VpcBlockPublicAccessOptions| {
                    (v.aws_account_id.as_deref(), v.aws_region.as_deref())
                };
                // Each Region has its own: what a flat folder seems to be says nothing of them.
                let seen = entries(from, list, own);
                self.public_access
                    .extend(seen.map(|one| Entry { scope: from.scope_by(own(one.value)), ..one }));
            }
            Items::VpcBlockPublicAccessExclusions(list) => {
                self.public_access_exclusions.extend(entries(from, list, nobody));
            }
            Items::TransitGateways(list) => {
                let own = |v: &'a raw::TransitGateway| {
                    (v.owner_id.as_deref(), arn_region(v.transit_gateway_arn.as_ref()))
                };
                self.transit_gateways.extend(entries(from, list, own));
            }
            Items::VpnGateways(list) => {
                self.vpn_gateways.extend(entries(from, list, nobody));
            }
            Items::CarrierGateways(list) => {
                let own = |v: &'a raw::CarrierGateway| (v.owner_id.as_deref(), None);
                self.carrier_gateways.extend(entries(from, list, own));
            }
            Items::LoadBalancers(list) => {
                self.balancers.extend(entries(from, list, nobody));
            }
            // Recognised; nothing of the network is made of them yet.
            _ => {}
        }
    }

    fn take_instances(
        &mut self,
        from: &Source<'a, '_>,
        reservations: &'a [Element<raw::Reservation>],
    ) {
        for reservation in reservations {
            let owner = reservation.value.owner_id.as_deref();
            for (i, instance) in reservation.value.instances.iter().flatten().enumerate() {
                let pointer = reservation.pointer.element("Instances", i);
                let origin = Origin::pointer(&from.document.name, pointer);
                let scope = scope_of(from.folder, owner, instance_region(instance));
                let foreign = from.foreign(reservation, Some(("Instances", i)), &origin, &scope);
                self.instances.push(Entry { value: instance, origin, scope, owner, foreign });
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
