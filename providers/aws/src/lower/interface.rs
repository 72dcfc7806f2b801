//! Interfaces and the hosts that they belong to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Address, Client, Gateway, Host, Id, Interface, IpSet, Label, Liveness, Origin, PortSet, Role,
    Router, Scope, Stack, Unknown, UnreadAddresses,
};

use super::Lowering;
use super::addresses::{own_addresses, parse};
use super::disagreement::{View, primary_of, views};
use super::label::{label, name_tag, unknown};
use super::recorded::Recorded;
use super::security_group::unrecorded_key;
use super::table::{Entry, Object};
use crate::kind::Kind;
use crate::raw::{self, Field, NetworkInterface};

/// A key, and the scope that tells of it.
type Scoped = (Scope, Arc<str>);

/// What others than the interfaces tell of them.
#[derive(Debug, Default)]
pub(super) struct Memberships<'a> {
    /// The NAT gateways that name an interface as theirs.
    nat: BTreeMap<&'a str, Vec<Scoped>>,
    /// The NAT gateways by their subnet and address, for interfaces that none names.
    nat_by_address: BTreeMap<(&'a str, IpAddr), Vec<Scoped>>,
    /// The interfaces of interface endpoints.
    pub(super) endpoints: BTreeSet<&'a str>,
    /// The elastic addresses of an interface's own addresses.
    pub(super) elastic: BTreeMap<&'a str, Vec<(Option<IpAddr>, IpAddr)>>,
    /// What instances tell of an interface of theirs.
    pub(super) views: BTreeMap<&'a str, Vec<View<'a>>>,
    /// The instances that name an interface as theirs.
    instances: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// The VPCs of the interfaces in a subnet.
    vpcs: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Memberships<'a> {
    pub(super) fn new(recorded: &'a Recorded<'a>) -> Self {
        let mut known = Self::default();
        for object in recorded.nat_gateways.iter() {
            for entry in &object.versions {
                for address in entry.value.nat_gateway_addresses.iter().flatten() {
                    let gateway = (entry.scope.clone(), Arc::clone(&object.key));
                    let own = parse(address.private_ip.as_deref());
                    if let Some(at) = entry.value.subnet_id.as_deref().zip(own) {
                        known.nat_by_address.entry(at).or_default().push(gateway.clone());
                    }
                    if let Some(id) = address.network_interface_id.as_deref() {
                        known.nat.entry(id).or_default().push(gateway);
                    }
                }
            }
        }
        for object in recorded.instances.iter() {
            let entries = object.versions.iter();
            let named = entries.flat_map(|entry| entry.value.network_interfaces.iter().flatten());
            for id in named.filter_map(|one| one.network_interface_id.as_deref()) {
                known.instances.entry(id).or_default().insert(object.id);
            }
        }
        known.views = views(recorded);
        for entry in recorded.endpoints.iter().flat_map(|object| &object.versions) {
            if entry.value.vpc_endpoint_type.as_deref() == Some("Interface") {
                let ids = entry.value.network_interface_ids.iter().flatten();
                known.endpoints.extend(ids.map(String::as_str));
            }
        }
        for object in recorded.interfaces.iter() {
            for entry in &object.versions {
                let at = entry.value.subnet_id.as_deref().zip(entry.value.vpc_id.as_deref());
                if let Some((subnet, vpc)) = at {
                    known.vpcs.entry(subnet).or_default().insert(vpc);
                }
            }
        }
        for entry in &recorded.addresses {
            let told = entry.value;
            let id = told.network_interface_id.as_deref().filter(|id| !id.is_empty());
            let of_instance = || primary_of(recorded, told.instance_id.as_deref()?, &entry.scope);
            let id = id.or_else(of_instance);
            if let (Some(id), Some(public)) = (id, parse(told.public_ip.as_deref())) {
                let own = parse(told.private_ip_address.as_deref());
                known.elastic.entry(id).or_default().push((own, public));
            }
        }
        known
    }

    /// The instance that an interface is attached to, as instances tell it.
    pub(super) fn instance_of(&self, interface: &str) -> Option<&'a str> {
        let instances = self.instances.get(interface)?;
        instances.first().copied().filter(|_| instances.len() == 1)
    }

    /// The VPC of a subnet, as the interfaces in it tell it.
    pub(super) fn vpc_of(&self, subnet: &str) -> Option<&'a str> {
        let vpcs = self.vpcs.get(subnet)?;
        vpcs.first().copied().filter(|_| vpcs.len() == 1)
    }
}

/// The types of interfaces that have no groups; an empty list of any other is told badly.
fn may_lack_groups(interface: &NetworkInterface) -> bool {
    matches!(
        interface.interface_type.as_deref(),
        Some(
            "nat_gateway"
                | "natGateway"
                | "transit_gateway"
                | "network_load_balancer"
                | "gateway_load_balancer"
                | "gateway_load_balancer_endpoint"
        )
    )
}

/// The groups of an interface; none where they are not known.
fn groups_of<'a>(object: &Object<'a, NetworkInterface>) -> Option<Vec<&'a str>> {
    let entry = object.first().filter(|_| object.versions.len() == 1)?;
    let groups = match &entry.value.groups {
        None if may_lack_groups(entry.value) && !is_balancer(entry.value) => &[][..],
        None => return None,
        Some(groups) => groups.as_slice(),
    };
    if groups.is_empty() && !may_lack_groups(entry.value) {
        return None;
    }
    groups.iter().map(|group| group.group_id.as_deref()).collect()
}

/// The addresses of the interfaces whose groups are not known.
pub(super) fn unknown_members(recorded: &Recorded<'_>, known: &Memberships<'_>) -> IpSet {
    let is_unknown = |object: &&Object<'_, NetworkInterface>| {
        groups_of(object).is_none() || known.other_groups(recorded, object).is_some()
    };
    let unknown = recorded.interfaces.iter().filter(is_unknown);
    let addresses = unknown.flat_map(|object| {
        object.versions.iter().flat_map(|entry| own_addresses(entry.value).addresses)
    });
    addresses.map(|(ip, _)| ip).collect()
}

/// The keys of the interfaces that say that a public address is theirs.
pub(super) fn public_holders(recorded: &Recorded<'_>) -> BTreeMap<IpAddr, BTreeSet<Arc<str>>> {
    let mut holders: BTreeMap<IpAddr, BTreeSet<Arc<str>>> = BTreeMap::new();
    for object in recorded.interfaces.iter() {
        let own = object.first().map(|entry| own_addresses(entry.value).addresses);
        for public in own.into_iter().flatten().filter_map(|(_, public)| public) {
            holders.entry(public).or_default().insert(Arc::clone(&object.key));
        }
    }
    holders
}

impl<'a> Lowering<'a> {
    pub(super) fn lower_interfaces(&mut self) {
        let recorded: &'a Recorded<'a> = self.recorded;
        for object in recorded.interfaces.iter() {
            self.lower_interface(object);
        }
        self.lower_hosts();
    }

    fn lower_interface(&mut self, object: &'a Object<'a, NetworkInterface>) {
        let Some(entry) = object.first() else { return };
        let told = entry.value;
        let known = own_addresses(told);
        let nat = self.nat_gateway_of(object.id, entry);
        let (addresses, doubt) = self.addresses(object, entry, &known.addresses);
        let own: IpSet = addresses.iter().map(|address| address.ip).collect();
        let vpc = told.vpc_id.as_deref();
        let subnet = match told.subnet_id.as_deref() {
            None => self.subnet_around(&own, vpc, &entry.scope),
            Some(_) => None,
        };
        let subnet = subnet.unwrap_or_else(|| {
            self.subnet(told.subnet_id.as_deref(), vpc, &entry.scope, &entry.origin)
        });
        let router = self.settle(&subnet, &own);
        let at = self.network.subnets.get(&subnet);
        let has_v6 = at.is_some_and(|subnet| !subnet.addresses.v6().is_empty());
        let unread = known.unread(told, has_v6, object.id, &entry.origin);
        if let Some(router) = router {
            for text in known.bad {
                let what = format!("the address `{text}` of {}", object.id);
                let why = "it is not recorded, or not an address";
                let gap = unknown(what, why, &entry.origin);
                self.doubt_holders(&router, gap.clone());
                self.warn(gap);
            }
            self.doubt_addresses(&router, object.id, entry, &unread);
        }
        let contradiction = object.contradiction();
        let (groups, mut stack) = self.interface_groups(object, entry, nat.is_some());
        if !matches!(told.deny_all_igw_traffic, Field::Absent | Field::Given(false)) {
            stack.filters.push(self.denied_from_gateways());
        }
        if let Some(doubt) = doubt.filter(|_| nat.is_none()) {
            stack.filters.push(self.doubted_public_address(object.id, &doubt));
        }
        let initiative = self.initiative(object, entry, nat.is_some());
        let (liveness, host, client) = match (&contradiction, &nat) {
            // Whose it is, each telling may say in its own way: it is still asked about by name.
            (Some(gap), _) => {
                let (_, host, _) = self.attachment(object.id, &object.key, entry);
                (Liveness::Unknown(gap.clone()), host, Client::any())
            }
            (None, Some(nat)) => (Liveness::Up, Some(Id::new(nat.as_str())), nat_client()),
            (None, None) => {
                let (liveness, host, client) = self.attachment(object.id, &object.key, entry);
                let doubt = self.other_subnet(object).or_else(|| unattached(&host, entry));
                (doubt.map_or(liveness, Liveness::Unknown), host, client)
            }
        };
        let role = match contradiction {
            Some(gap) => Role::Opaque(gap),
            None => role(told, nat, &entry.origin, object.id),
        };
        // Absent or bad it may be off, and what is behind it is not known (AWS-73).
        let forwards = told.source_dest_check.given() != Some(&true);
        let label = label(object, "network-interface", name_tag(told.tag_set.as_ref()));
        let interface = Interface {
            label,
            host,
            subnet,
            addresses,
            unread,
            groups,
            stack,
            role,
            forwards,
            liveness,
            initiative,
            client,
            platform: self.provisions(object.id, entry),
            fronts: Vec::new(),
        };
        self.network.interfaces.insert(Id::new(Arc::clone(&object.key)), interface);
    }

    fn interface_groups(
        &mut self,
        object: &Object<'a, NetworkInterface>,
        entry: &Entry<'a, NetworkInterface>,
        is_nat: bool,
    ) -> (BTreeSet<Id<cloudfw_core::Group>>, Stack) {
        // A NAT gateway has no groups (AWS-67), though emulators give it the default one.
        if is_nat && object.versions.len() == 1 {
            return (BTreeSet::new(), Stack::default());
        }
        let Some(ids) = groups_of(object) else {
            let gap = object.contradiction().unwrap_or_else(|| {
                unknown(format!("the groups of {}", object.id), "not recorded", &entry.origin)
            });
            let filters = vec![self.unknown_groups_filter(object.id, gap)];
            return (BTreeSet::new(), Stack::of(filters));
        };
        if let Some(gap) = self.memberships.other_groups(self.recorded, object) {
            let filters = vec![self.unknown_groups_filter(object.id, gap)];
            return (BTreeSet::new(), Stack::of(filters));
        }
        let mut groups = BTreeSet::new();
        for id in &ids {
            let group = self.recorded.groups.get(id, &entry.scope);
            groups.insert(Id::new(match group {
                Some(group) => Arc::clone(&group.key),
                None => unrecorded_key(id, &entry.scope),
            }));
        }
        let filters = match ids.as_slice() {
            [] => Vec::new(),
            ids => vec![self.groups_filter(ids, &entry.scope, &entry.origin)],
        };
        (groups, Stack::of(filters))
    }

    /// The addresses of an interface: primary first, then in ascending order, IPv4 before IPv6;
    /// and why the public ones are in doubt.
    fn addresses(
        &self,
        object: &Object<'a, NetworkInterface>,
        entry: &Entry<'a, NetworkInterface>,
        own: &[(IpAddr, Option<IpAddr>)],
    ) -> (Vec<Address>, Option<Unknown>) {
        let primary = own.iter().map(|(ip, _)| *ip).find(IpAddr::is_ipv4);
        let mut doubt = None;
        let mut addresses = Vec::new();
        for &(ip, told) in own {
            let (public, gap) = self.public_address(object, entry, (ip, primary == Some(ip)), told);
            doubt = doubt.or(gap);
            addresses.push(Address { ip, public });
        }
        (addresses, doubt)
    }

    /// Notes that addresses of the network may be an interface's which does not say so.
    fn doubt_addresses(
        &mut self,
        router: &Id<Router>,
        id: &str,
        entry: &Entry<'_, NetworkInterface>,
        unread: &UnreadAddresses,
    ) {
        let told = entry.value;
        if has_prefixes(told) {
            let what = format!("who holds the prefixes that {id} was given");
            let why = "what is behind a prefix of an interface is not recorded";
            self.doubt_holders(router, unknown(what, why, &entry.origin));
        }
        if told.private_ip_addresses.is_none() && told.ipv6_native.given() != Some(&true) {
            let what = format!("all addresses of {id}");
            let why = "`PrivateIpAddresses` is not recorded";
            self.doubt_holders(router, unknown(what, why, &entry.origin));
        }
        // Of one that is told badly its text is noted.
        if let Some(gap) = unread.v6.as_ref().filter(|_| told.ipv6_addresses.is_none()) {
            self.doubt_holders(router, gap.clone());
        }
    }

    fn nat_gateway_of(&self, id: &str, entry: &Entry<'_, NetworkInterface>) -> Option<Id<Gateway>> {
        let by_address = || {
            let own = parse(entry.value.private_ip_address.as_deref());
            let at = entry.value.subnet_id.as_deref().zip(own)?;
            self.memberships.nat_by_address.get(&at)
        };
        let gateways = self.memberships.nat.get(id).or_else(by_address)?;
        let own = gateways.iter().find(|(scope, _)| *scope == entry.scope);
        let (_, key) = own.or_else(|| gateways.first())?;
        Some(Id::new(Arc::clone(key)))
    }

    /// Whether what is behind an interface runs, which host it is, and which ports it opens
    /// connections from.
    fn attachment(
        &self,
        id: &str,
        key: &str,
        entry: &Entry<'_, NetworkInterface>,
    ) -> (Liveness, Option<Id<Host>>, Client) {
        let told = entry.value;
        let gap = |what: String, why: String| Liveness::Unknown(unknown(what, why, &entry.origin));
        let attachment = told.attachment.as_ref();
        let own = attachment.and_then(|one| one.instance_id.as_deref());
        if let Some(instance) = own.or_else(|| self.memberships.instance_of(id)) {
            let Some(object) = self.recorded.instances.get(instance, &entry.scope) else {
                let why = self.coverage.why(Kind::Reservations, &entry.scope);
                let scope = super::scope::text(&entry.scope);
                let host = Some(Id::new(format!("{instance} of {scope} (not recorded)")));
                return (gap(format!("whether {instance} runs"), why), host, Client::any());
            };
            let host = Some(Id::new(Arc::clone(&object.key)));
            return match (object.contradiction(), object.first()) {
                (None, Some(instance)) => (state(instance), host, client(instance.value)),
                (Some(contradiction), _) => (Liveness::Unknown(contradiction), host, Client::any()),
                (None, None) => (Liveness::Up, host, Client::any()),
            };
        }
        let managed = told.requester_managed.given() == Some(&true)
            || attachment.is_some_and(|one| one.instance_owner_id.is_some());
        let what = format!("what is behind {id}");
        let liveness = match told.status.as_deref() {
            Some("in-use") if managed => Liveness::Up,
            Some("in-use") => gap(what, "what it is attached to is not recorded".to_owned()),
            Some("available") => Liveness::Down("the interface is attached to nothing".into()),
            Some(status) => gap(what, format!("its status was recorded as `{status}`")),
            None => gap(what, "its status is not recorded".to_owned()),
        };
        (liveness, managed.then(|| Id::new(key)), Client::any())
    }

    /// The hosts of the interfaces: instances, NAT gateways, managed services.
    fn lower_hosts(&mut self) {
        let mut interfaces: BTreeMap<Id<Host>, Vec<(i64, Id<Interface>)>> = BTreeMap::new();
        for object in self.recorded.interfaces.iter() {
            let id = Id::new(Arc::clone(&object.key));
            let host = self.network.interfaces.get(&id).and_then(|one| one.host.clone());
            let attachment = object.first().and_then(|entry| entry.value.attachment.as_ref());
            let index = attachment.and_then(|one| one.device_index.given().copied());
            if let Some(host) = host {
                interfaces.entry(host).or_default().push((index.unwrap_or(i64::MAX), id));
            }
        }
        for (key, mut own) in interfaces {
            own.sort();
            let own: Vec<Id<Interface>> = own.into_iter().map(|(_, id)| id).collect();
            if let Some(label) = self.host_label(&key, &own) {
                self.network.hosts.insert(
                    key,
                    Host { label, interfaces: own, unread: Vec::new(), routes: Vec::new() },
                );
            }
        }
        for object in self.recorded.instances.iter() {
            let key = Id::new(Arc::clone(&object.key));
            let tags = object.first().and_then(|entry| entry.value.tags.as_ref());
            let label = label(object, "instance", name_tag(tags));
            self.network.hosts.entry(key).or_insert(Host {
                label,
                interfaces: Vec::new(),
                unread: Vec::new(),
                routes: Vec::new(),
            });
        }
        self.note_unread_interfaces();
    }

    fn host_label(&self, key: &Id<Host>, interfaces: &[Id<Interface>]) -> Option<Label> {
        let instance = self.recorded.instances.by_key(key.as_str());
        if let Some(object) = instance {
            let tags = object.first().and_then(|entry| entry.value.tags.as_ref());
            return Some(label(object, "instance", name_tag(tags)));
        }
        if let Some(gateway) = self.network.gateways.get(key.as_str()) {
            return Some(gateway.label.clone());
        }
        let first = interfaces.first()?;
        let recorded = self.recorded.interfaces.by_key(first.as_str())?;
        let entry = recorded.first()?;
        let instance = entry.value.attachment.as_ref().and_then(|one| one.instance_id.as_deref());
        let mut label = label(recorded, "instance", None);
        match instance {
            Some(instance) => label.id = instance.into(),
            None => {
                label.kind = "managed-service";
                label.name = entry.value.description.as_deref().map(Arc::from);
            }
        }
        Some(label)
    }
}

/// Why it is not known whether an interface that belongs to something is attached to it.
fn unattached(host: &Option<Id<Host>>, entry: &Entry<'_, NetworkInterface>) -> Option<Unknown> {
    host.as_ref()?;
    let told = entry.value;
    let gap = |field: &str, state: &str| {
        let id = told.network_interface_id.as_deref().unwrap_or("the interface");
        let why = format!("`{field}` was recorded as `{state}`");
        Some(unknown(format!("whether {id} is attached"), why, &entry.origin))
    };
    match told.attachment.as_ref().and_then(|one| one.status.as_deref()) {
        None | Some("attached") => {}
        Some(state) => return gap("Attachment.Status", state),
    }
    match told.status.as_deref() {
        None | Some("in-use" | "associated") => None,
        Some(state) => gap("Status", state),
    }
}

fn has_prefixes(told: &NetworkInterface) -> bool {
    told.ipv4_prefixes.as_ref().is_some_and(|prefixes| !prefixes.is_empty())
        || told.ipv6_prefixes.as_ref().is_some_and(|prefixes| !prefixes.is_empty())
}

fn is_balancer(told: &NetworkInterface) -> bool {
    let description = told.description.as_deref().unwrap_or("");
    description.starts_with("ELB ")
        || matches!(
            told.interface_type.as_deref(),
            Some("load_balancer" | "network_load_balancer" | "gateway_load_balancer")
        )
}

fn role(told: &NetworkInterface, nat: Option<Id<Gateway>>, origin: &Origin, id: &str) -> Role {
    if let Some(nat) = nat {
        return Role::Gateway(nat);
    }
    let opaque = |why: &str| Role::Opaque(unknown(format!("what is behind {id}"), why, origin));
    if is_balancer(told) {
        let name = told.description.as_deref().unwrap_or("");
        return opaque(&format!("the load balancer `{name}` is not modelled yet"));
    }
    // Of what AWS manages these two tell what it is: a balancer's interfaces are of the common type.
    let is_managed = told.requester_managed.given() == Some(&true)
        || told
            .attachment
            .as_ref()
            .is_some_and(|one| one.instance_owner_id.as_deref() == Some("amazon-elb"));
    match told.interface_type.as_deref() {
        None | Some("interface") if is_managed && told.description.is_none() => opaque(
            "it is managed by a service, and `Description` is not recorded, which says by which",
        ),
        None if is_managed => opaque("it is managed by a service, and its type is not recorded"),
        Some("nat_gateway" | "natGateway") => opaque("its NAT gateway is not recorded"),
        Some("transit_gateway") => opaque("a transit gateway is not modelled yet"),
        Some("gateway_load_balancer_endpoint") => {
            opaque("what is behind an endpoint of this type is not modelled yet")
        }
        // Those that a machine or a managed service answers behind.
        None | Some("interface" | "efa" | "trunk" | "branch" | "vpc_endpoint" | "efs") => {
            Role::Endpoint
        }
        Some("lambda") => opaque("whether functions take connections is in no document"),
        Some(other) => opaque(&format!("interfaces of type `{other}` are not modelled yet")),
    }
}

fn nat_client() -> Client {
    Client { kind: "nat-gateway".into(), ports: PortSet::range(1024, u16::MAX) }
}

/// Windows opens connections from other ports than the rest (AWS-41).
fn client(instance: &raw::Instance) -> Client {
    let platform = instance.platform.as_deref().unwrap_or("");
    let details = instance.platform_details.as_deref().unwrap_or("").to_ascii_lowercase();
    if platform.eq_ignore_ascii_case("windows") || details.starts_with("windows") {
        Client::windows()
    } else {
        Client::linux()
    }
}

fn state(instance: &Entry<'_, raw::Instance>) -> Liveness {
    let id = instance.value.instance_id.as_deref().unwrap_or("the instance");
    let gap = |why: String| {
        Liveness::Unknown(unknown(format!("whether {id} runs"), why, &instance.origin))
    };
    match instance.value.state.as_ref().and_then(|state| state.name.as_deref()) {
        Some("running") => Liveness::Up,
        Some(state @ ("shutting-down" | "terminated" | "stopping" | "stopped")) => {
            Liveness::Down(format!("the instance is {state}").into())
        }
        Some(state) => gap(format!("its state was recorded as `{state}`")),
        None => gap("its state is not recorded".to_owned()),
    }
}
