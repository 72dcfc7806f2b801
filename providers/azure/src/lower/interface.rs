//! Network interfaces, with what is asked at them.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Address, Appliance, Client, Filter, Front, Group, Id, Identity, Initiative, Interface, IpSet,
    Liveness, Origin, Role, Router, Stack, Subnet, Unknown, UnreadAddresses,
};

use super::Lowering;
use super::effective::Asked;
use super::ids::{self, key};
use super::outbound::told_addresses;
use super::probe::Machine;
use super::surroundings::Surroundings;
use super::table::{Object, at};
use super::wording::{label, not_recorded, unknown};
use crate::kind::Kind;
use crate::raw::{self, IpConfiguration, Resource};

/// One address of an interface as it is told.
pub(super) struct Configuration<'a> {
    pub(super) told: &'a Resource<IpConfiguration>,
    pub(super) origin: Origin,
}

impl<'a> Lowering<'a> {
    pub(super) fn lower_interfaces(&mut self) {
        let recorded = self.recorded;
        for object in recorded.interfaces.iter() {
            let interface = self.interface(object);
            let id: Id<Interface> = Id::new(Arc::clone(&object.key));
            if interface.forwards {
                // Members of application security groups are known by their addresses (AZ-18),
                // which an appliance may leave as they are.
                let known = Appliance { identity: Identity::Doubtful, hands_on: false };
                self.network.appliances.insert(id.clone(), known);
            }
            self.network.interfaces.insert(id, interface);
        }
    }

    fn interface(&mut self, object: &Object<'a, raw::NetworkInterface>) -> Interface {
        let configurations = configurations(object);
        let subnet = self.subnet_of_interface(object, &configurations);
        let router = self.router_of(&subnet);
        let mut unread = UnreadAddresses::default();
        let addresses = self.addresses(&configurations, (&subnet, &router), &mut unread);
        if configurations.is_empty() {
            let what = format!("the addresses of `{}`", ids::name(object.id));
            let gap = unknown(what, "the interface tells none", &object.field("ipConfigurations"));
            self.anywhere.insert(gap.clone());
            unread = UnreadAddresses { v4: Some(gap.clone()), v6: Some(gap), public: None };
        }
        let stack = self.stack(object, &configurations, (&subnet, &router));
        let groups = self.application_groups(&configurations);
        let machine = Machine { stack: &stack, groups: &groups };
        let (fronts, unseen) = self.fronts(&configurations, &router, &machine);
        unread.public = unread.public.or(unseen);
        let told = object.told();
        let behind_endpoint = told.private_endpoint.is_some();
        let machine = told.virtual_machine.as_ref().map(ids::of_reference);
        Interface {
            label: label(object, "network-interface"),
            host: machine.filter(|id| *id != "?").map(|id| Id::new(key(id))),
            stack,
            platform: self.platform_of(object, &subnet),
            fronts,
            subnet,
            addresses,
            unread,
            groups,
            role: role(object),
            forwards: told.enable_ip_forwarding.given() == Some(&true),
            liveness: self.liveness(object, machine),
            initiative: if behind_endpoint {
                Initiative::Answers("a private endpoint takes connections and opens none".into())
            } else {
                Initiative::Opens
            },
            client: self.client(machine),
        }
    }

    /// What load balancers hand to the addresses of an interface.
    fn fronts(
        &mut self,
        configurations: &[Configuration<'a>],
        router: &Id<Router>,
        machine: &Machine<'_>,
    ) -> (Vec<Front>, Option<Unknown>) {
        let mut fronts = Vec::new();
        for one in configurations {
            let text = one.told.properties.private_ip_address.as_deref().unwrap_or_default();
            if let Ok(own) = text.parse::<IpAddr>() {
                fronts.extend(self.fronts_of(one, own, machine));
            }
        }
        let unseen = std::mem::take(&mut self.unseen_fronts);
        for gap in &unseen {
            self.doubt_holders(router, gap.clone());
        }
        (fronts, unseen.into_iter().next())
    }

    fn subnet_of_interface(
        &mut self,
        object: &Object<'a, raw::NetworkInterface>,
        configurations: &[Configuration<'a>],
    ) -> Id<Subnet> {
        let ids: BTreeSet<Arc<str>> =
            configurations.iter().filter_map(subnet_id).map(key).collect();
        let first = configurations.iter().find_map(subnet_id);
        let Some(id) = first else {
            let what = format!("the subnet of `{}`", ids::name(object.id));
            let gap =
                unknown(what, "the interface does not tell it", &object.field("ipConfigurations"));
            self.anywhere.insert(gap);
            return self.subnet_of(&format!("{}/subnets/?", object.id), &object.entry.origin);
        };
        let subnet = self.subnet_of(id, &object.entry.origin);
        if ids.len() > 1 {
            let router = self.router_of(&subnet);
            let what = format!("which subnet `{}` is in", ids::name(object.id));
            let why = "its addresses are in several";
            self.doubt_holders(&router, unknown(what, why, &object.field("ipConfigurations")));
        }
        subnet
    }

    /// The network that a subnet is of.
    fn router_of(&mut self, subnet: &Id<Subnet>) -> Id<Router> {
        self.router_of_subnet(subnet.as_str(), &super::wording::nowhere())
    }

    /// Why an interface may let pass, or stop, anything.
    fn doubts_of(
        &self,
        object: &Object<'a, raw::NetworkInterface>,
        configurations: &[Configuration<'a>],
        subnet: &Id<Subnet>,
    ) -> Vec<Unknown> {
        let mut doubts: Vec<Unknown> = Vec::new();
        let name = ids::name(object.id);
        let mut doubt = |what: String, why: &str, origin: &Origin| {
            doubts.push(unknown(what, why, origin));
        };
        if object.is_contradicted {
            let why = "documents of the recording tell it in different ways";
            doubt(format!("what `{name}` is like"), why, &object.entry.origin);
        }
        let groups = |one: &Configuration<'a>| -> BTreeSet<Arc<str>> {
            let groups = one.told.properties.application_security_groups.iter().flatten();
            groups.map(|group| key(ids::of_reference(group))).collect()
        };
        let mut each = configurations.iter().map(groups);
        let first = each.next().unwrap_or_default();
        let nameless = first.contains("?");
        if nameless || each.any(|other| other != first) {
            let why = "its addresses are members of different groups, or of one without an id";
            let what = format!("which groups `{name}` is in");
            doubt(what, why, &object.field("ipConfigurations"));
        }
        for chained in configurations {
            if chained.told.properties.gateway_load_balancer.is_some() {
                let what = format!("what the appliances before `{name}` let through");
                let why = "it is chained to a gateway load balancer, which is not modelled";
                doubt(what, why, &chained.origin);
            }
        }
        let Some(home) = self.recorded.subnets.get(subnet.as_str()) else {
            let why = "the subnet is not in the recording";
            doubt(format!("the group of the subnet of `{name}`"), why, &object.entry.origin);
            return doubts;
        };
        if home.entry.resource.is_bare() {
            let why = "nothing is told of the subnet but that it exists";
            doubt(format!("the group of the subnet of `{name}`"), why, &home.entry.origin);
        }
        let network = ids::parent(home.id).unwrap_or_default();
        let admin = self.recorded.admin_rules.get(&key(network));
        if object.told().private_endpoint.is_some() && admin.is_some_and(|it| !it.is_empty()) {
            let why = "Azure's documents say that they are not asked at private endpoints yet";
            doubt(format!("whether admin rules hold for `{name}`"), why, &object.entry.origin);
        }
        let own = object.told().network_security_group.as_ref();
        let of_subnet = home.told().network_security_group.as_ref();
        for (place, told) in [(&object.key, own), (&home.key, of_subnet)] {
            let told = told.map(|group| key(ids::of_reference(group)));
            let claims = self.claims.get(place).into_iter().flatten();
            if let Some(group) = claims.into_iter().find(|group| Some(*group) != told.as_ref()) {
                let what =
                    format!("whether `{}` is asked at `{}`", ids::name(group), ids::name(place));
                let why = "the group says so, and the other side does not";
                doubt(what, why, &object.entry.origin);
            }
        }
        doubts
    }

    /// The addresses, the primary one of each family first.
    fn addresses(
        &mut self,
        configurations: &[Configuration<'a>],
        (subnet, router): (&Id<Subnet>, &Id<Router>),
        unread: &mut UnreadAddresses,
    ) -> Vec<Address> {
        if ids::name(subnet.as_str()) == "?" {
            let gap =
                unknown("the subnet of an interface", "it is not told", &super::wording::nowhere());
            *unread = UnreadAddresses { v4: Some(gap.clone()), v6: Some(gap), public: None };
            return Vec::new();
        }
        let home = self.recorded.subnets.get(subnet.as_str()).map(told_addresses);
        let home = home.filter(|home| !home.is_empty());
        let mut addresses = Vec::new();
        for one in configurations {
            let told = &one.told.properties;
            let text = told.private_ip_address.as_deref().unwrap_or_default();
            let is_v6 = told
                .private_ip_address_version
                .as_deref()
                .is_some_and(|it| it.eq_ignore_ascii_case("IPv6"));
            match text.parse::<IpAddr>() {
                Ok(ip) if home.as_ref().is_some_and(|home| !is_within(home, ip)) => {
                    let place = at(&one.origin, |own| one.told.field_at(own, "privateIPAddress"));
                    let what = format!("whether `{}` has {ip}", ids::name(subnet.as_str()));
                    let why = "an interface of the subnet has it, and the subnet's prefixes do not";
                    let gap = unknown(what, why, &place);
                    self.doubt_holders(router, gap.clone());
                    *(if ip.is_ipv6() { &mut unread.v6 } else { &mut unread.v4 }) = Some(gap);
                }
                Ok(ip) => {
                    let public = self.public_of(one.told, &one.origin, router);
                    let public = public.unwrap_or_else(|gap| {
                        unread.public = Some(gap);
                        None
                    });
                    let is_first = told.primary.given() != Some(&false);
                    addresses.push((!is_first, Address { ip, public }));
                }
                Err(_) => {
                    let place = at(&one.origin, |own| one.told.field_at(own, "privateIPAddress"));
                    let why = match text {
                        "" => "it is not told: it may not have been given one yet".to_owned(),
                        other => format!("`{other}` is not one address"),
                    };
                    let what =
                        format!("the address `{}`", one.told.name.as_deref().unwrap_or_default());
                    let gap = unknown(what, why, &place);
                    self.doubt_holders(router, gap.clone());
                    *(if is_v6 { &mut unread.v6 } else { &mut unread.v4 }) = Some(gap);
                }
            }
        }
        addresses.sort_by_key(|(is_secondary, _)| *is_secondary);
        addresses.into_iter().map(|(_, address)| address).collect()
    }

    /// AZ-18: membership is of the interface.
    fn application_groups(&self, configurations: &[Configuration<'a>]) -> BTreeSet<Id<Group>> {
        let told =
            configurations.iter().map(|one| &one.told.properties.application_security_groups);
        let groups = told.flatten().flatten().filter_map(|group| group.id.as_deref());
        groups.map(|id| Id::new(key(id))).collect()
    }

    /// What is asked at an interface: admin rules, the subnet's group and its own coming in (AZ-5,
    /// AZ-40), and going out its own before the subnet's (AZ-6). Neighbours ask all of it too
    /// (AZ-9), so that a subnet's group stands at its interfaces.
    fn stack(
        &mut self,
        object: &Object<'a, raw::NetworkInterface>,
        configurations: &[Configuration<'a>],
        (subnet, router): (&Id<Subnet>, &Id<Router>),
    ) -> Stack {
        let (around, admin) = self.place(subnet, router);
        let of_subnet = self.subnet_group(object, subnet);
        let own = object.told().network_security_group.as_ref().map(ids::of_reference);
        let closed = of_subnet.is_none() && own.is_none();
        let of_subnet = of_subnet.map(|(id, origin)| {
            let filter = self.group_filter(&id, &around, &origin);
            (key(&id), filter)
        });
        let own = own.map(|id| {
            let origin = object.field("networkSecurityGroup");
            (key(id), self.group_filter(id, &around, &origin))
        });
        let mut extra: Vec<Id<Filter>> = Vec::new();
        let shut = closed.then(|| self.closed_without_group(configurations, &around)).flatten();
        // AZ-8 and AZ-41: whether what is always allowed opens an address that is closed without a
        // group, no statement says.
        let past = shut.as_ref().and_then(|_| self.doubt_always_allow(object, &admin, &around));
        extra.extend(shut);
        extra.extend(self.untracked(object));
        extra.extend(self.unencrypted(router));
        let doubts = self.doubts_of(object, configurations, subnet);
        let doubted = self.doubted(object, doubts);
        if !self.recorded.effective.is_empty() {
            let asked = Asked { around, of_subnet: of_subnet.clone(), own: own.clone() };
            self.asked.insert(Arc::clone(&object.key), asked);
        }
        let [of_subnet, own] = [of_subnet, own].map(|group| group.map(|(_, filter)| filter));
        let order = |groups: [&Option<Id<Filter>>; 2]| -> Vec<Id<Filter>> {
            doubted
                .iter()
                .chain(&past)
                .chain(&admin)
                .chain(groups.into_iter().flatten())
                .chain(&extra)
                .cloned()
                .collect()
        };
        let (filters, egress) = (order([&of_subnet, &own]), order([&own, &of_subnet]));
        let egress = Some(egress).filter(|egress| *egress != filters);
        Stack { filters, egress }
    }

    /// What tags mean in a subnet, and the admin rules there: worked out once for all its
    /// interfaces.
    fn place(
        &mut self,
        subnet: &Id<Subnet>,
        router: &Id<Router>,
    ) -> (Surroundings, Option<Id<Filter>>) {
        if let Some(known) = self.places.get(subnet) {
            return known.clone();
        }
        let around = self.surroundings(subnet, router);
        let admin = self.admin_rules_of(router, &around);
        let place = (around, admin);
        self.places.insert(subnet.clone(), place.clone());
        place
    }

    /// The group of a subnet, where it is asked: not at private endpoints, unless the subnet says
    /// so (AZ-71).
    fn subnet_group(
        &self,
        object: &Object<'a, raw::NetworkInterface>,
        subnet: &Id<Subnet>,
    ) -> Option<(String, Origin)> {
        let recorded = self.recorded.subnets.get(subnet.as_str())?;
        let told = recorded.told();
        let id = ids::of_reference(told.network_security_group.as_ref()?);
        if object.told().private_endpoint.is_some() {
            let policies = told.private_endpoint_network_policies.as_deref().unwrap_or_default();
            let asked = ["Enabled", "NetworkSecurityGroupEnabled"];
            if !asked.iter().any(|word| policies.eq_ignore_ascii_case(word)) {
                return None;
            }
        }
        Some((id.to_owned(), recorded.field("networkSecurityGroup")))
    }

    fn liveness(
        &self,
        object: &Object<'a, raw::NetworkInterface>,
        machine: Option<&str>,
    ) -> Liveness {
        let told = object.told();
        match machine {
            Some("?") => {
                let what = format!("whose `{}` is", ids::name(object.id));
                let why = "the reference to its machine has no id";
                Liveness::Unknown(unknown(what, why, &object.field("virtualMachine")))
            }
            Some(id) => self.liveness_of_machine(id, &object.field("virtualMachine")),
            None if told.private_endpoint.is_some() || told.private_link_service.is_some() => {
                Liveness::Up
            }
            None if object.entry.resource.is_bare() => {
                let what = format!("what `{}` belongs to", ids::name(object.id));
                let why = "nothing is told of the interface but that it exists";
                Liveness::Unknown(unknown(what, why, &object.entry.origin))
            }
            None => Liveness::Down("the interface is attached to no machine".into()),
        }
    }

    fn client(&self, machine: Option<&str>) -> Client {
        match machine.and_then(|id| self.recorded.machines.get(id)) {
            Some(machine) if super::machine::is_windows(machine) => Client::windows(),
            _ => Client::linux(),
        }
    }

    /// What `VirtualNetwork` means at an interface (AZ-30): the network, its peers, what gateways
    /// lead to, the host's own address, and the prefixes of user-defined routes.
    pub(super) fn surroundings(&self, subnet: &Id<Subnet>, router: &Id<Router>) -> Surroundings {
        let own = self.network.routers.get(router);
        let (peers, mut possibly) = self.tagged_peers(router, subnet.as_str());
        let mut sets = vec![peers, super::platform::host_address()];
        sets.extend(own.map(|router| router.addresses.clone()));
        for learned in self.learned(router) {
            sets.extend(learned.prefixes.iter().map(|net| IpSet::from(*net)));
            possibly.extend(learned.others.map(|why| (IpSet::full(), why)));
        }
        let (routed, everything) = self.user_prefixes(subnet);
        sets.push(routed);
        possibly.extend(everything.map(|why| (IpSet::full(), why)));
        // Other peers, or other addresses of its own.
        let gaps = self.loose.get(router).into_iter().flatten().chain(self.vague.get(router));
        possibly.extend(gaps.map(|why| (IpSet::full(), why.clone())));
        Surroundings { virtual_network: IpSet::union_of(&sets), possibly }
    }

    /// The prefixes of a subnet's user-defined routes; a default route may make the tag hold
    /// everything.
    fn user_prefixes(&self, subnet: &Id<Subnet>) -> (IpSet, Option<Unknown>) {
        let nothing = (IpSet::empty(), None);
        let Some(recorded) = self.recorded.subnets.get(subnet.as_str()) else { return nothing };
        if recorded.entry.resource.is_bare() {
            let what = format!("the route table of `{}`", ids::name(recorded.id));
            let why = "nothing is told of the subnet but that it exists";
            return (IpSet::empty(), Some(unknown(what, why, &recorded.entry.origin)));
        }
        let table = recorded.told().route_table.as_ref().map(ids::of_reference);
        let Some(id) = table else { return nothing };
        let Some(table) = self.recorded.route_tables.get(id) else {
            let why = self.coverage.why(Kind::RouteTables, id);
            let gap = not_recorded("the route table", id, why, &recorded.field("routeTable"));
            return (IpSet::empty(), Some(gap));
        };
        let routes = table.told().routes.iter().flatten();
        let texts = routes.map(|route| route.properties.address_prefix.as_deref());
        let (set, tags) = super::addresses::prefixes(texts.map(Option::unwrap_or_default));
        let all = |set: &IpSet| set.v4().is_full() || set.v6().is_full();
        if table.told().routes.is_none() {
            let why = "the table does not tell its routes";
            return (set, Some(unknown("the routes", why, &table.entry.origin)));
        }
        if all(&set) || !tags.is_empty() {
            let what = "what the tag VirtualNetwork holds";
            let why = "the subnet has a route for everything or for a service tag, and the tag may \
                       then hold all that it routes (AZ-30)";
            let routes = table.told().routes.iter().flatten();
            let texts = routes.filter_map(|route| route.properties.address_prefix.as_deref());
            let narrow = texts.filter(|text| !super::addresses::is_any(text) && *text != "::/0");
            let (narrow, _) = super::addresses::prefixes(narrow);
            return (narrow, Some(unknown(what, why, &table.entry.origin)));
        }
        (set, None)
    }
}

/// Whether a subnet can give an address; of a family of which it tells no prefix nobody knows.
fn is_within(home: &IpSet, ip: IpAddr) -> bool {
    let of_family = if ip.is_ipv6() { home.only_v6() } else { home.only_v4() };
    of_family.is_empty() || of_family.contains(ip)
}

pub(super) fn configurations<'a>(
    object: &Object<'a, raw::NetworkInterface>,
) -> Vec<Configuration<'a>> {
    let told = object.entry.resource.properties.ip_configurations.iter().flatten().enumerate();
    told.map(|(index, told)| Configuration {
        told,
        origin: object.element("ipConfigurations", index),
    })
    .collect()
}

fn subnet_id<'a>(one: &Configuration<'a>) -> Option<&'a str> {
    one.told.properties.subnet.as_ref()?.id.as_deref()
}

fn role(object: &Object<'_, raw::NetworkInterface>) -> Role {
    if object.told().private_link_service.is_none() {
        return Role::Endpoint;
    }
    let what = format!("what `{}` does with packets", ids::name(object.id));
    let why = "private link services are not modelled";
    Role::Opaque(unknown(what, why, &object.field("privateLinkService")))
}
