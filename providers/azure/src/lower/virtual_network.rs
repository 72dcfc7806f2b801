//! Virtual networks and their subnets.

use std::sync::Arc;

use cloudfw_core::{Id, IpSet, Neighbours, Origin, Router, Stack, Subnet, Unknown};

use super::addresses::prefixes;
use super::ids::{self, key};
use super::table::Object;
use super::wording::{label, missing, not_recorded, unknown};
use super::{Lowering, route};
use crate::kind::Kind;
use crate::raw;

/// The names of subnets that Azure's own services sit in.
const SERVICE_SUBNETS: [&str; 5] = [
    "GatewaySubnet",
    "AzureBastionSubnet",
    "AzureFirewallSubnet",
    "AzureFirewallManagementSubnet",
    "RouteServerSubnet",
];

/// The resource whose part has an address.
fn of_part(id: &str) -> &str {
    ids::parent(id).unwrap_or(id)
}

impl<'a> Lowering<'a> {
    pub(super) fn lower_virtual_networks(&mut self) {
        for object in self.recorded.virtual_networks.iter() {
            let id: Id<Router> = Id::new(Arc::clone(&object.key));
            let addresses = self.address_space(object, &id);
            let label = label(object, "virtual-network");
            let router = Router { label, addresses, platform: Vec::new(), unread: Vec::new() };
            self.network.routers.insert(id.clone(), router);
            if object.told().subnets.is_none() && !self.has_subnets(&object.key) {
                let why = "the network does not tell them";
                self.make_vague(&id, unknown("the subnets", why, &object.entry.origin));
            }
            if object.told().virtual_network_peerings.is_none() && self.sides_of(&id).is_empty() {
                let why = "the network does not tell them: `az network vnet list` does";
                let gap = unknown("the peerings", why, &object.entry.origin);
                self.loose.entry(id.clone()).or_default().insert(gap);
            }
            if let Some((kind, origin)) = self.recorded.nameless_inside.get(&object.key) {
                let what = format!("one of the {kind} of `{}`", ids::name(object.id));
                self.make_vague(&id, unknown(what, "it has no id", origin));
            }
            self.doubt_contradicted(object, &id);
            self.doubt_encryption(object, &id);
        }
    }

    /// The addresses of a network. What cannot be read may be any.
    fn address_space(
        &mut self,
        object: &Object<'a, raw::VirtualNetwork>,
        id: &Id<Router>,
    ) -> IpSet {
        let told = object.told().address_space.as_ref().and_then(|it| it.address_prefixes.as_ref());
        let Some(told) = told else {
            let why = "the network does not tell them";
            self.make_vague(id, unknown("the addresses", why, &object.field("addressSpace")));
            return IpSet::empty();
        };
        let (set, bad) = prefixes(told.iter().map(String::as_str));
        for text in bad {
            let what = format!("the address prefix `{text}`");
            self.make_vague(id, unknown(what, "it is no prefix", &object.field("addressSpace")));
        }
        set
    }

    /// Whether subnets of a network are recorded in a list of their own.
    fn has_subnets(&self, network: &str) -> bool {
        let mut subnets = self.recorded.subnets.iter();
        subnets.any(|subnet| ids::parent(subnet.id).is_some_and(|of| *key(of) == *network))
    }

    fn doubt_contradicted<T>(&mut self, object: &Object<'a, T>, id: &Id<Router>) {
        if object.is_contradicted {
            let what = format!("what `{}` is like", ids::name(object.id));
            let why = "documents of the recording tell it in different ways";
            self.make_vague(id, unknown(what, why, &object.entry.origin));
        }
    }

    /// Networks that drop what is not encrypted: which machines can encrypt, nobody says.
    fn doubt_encryption(&mut self, object: &Object<'a, raw::VirtualNetwork>, id: &Id<Router>) {
        let Some(encryption) = &object.told().encryption else { return };
        let drops = |word: &str| !word.eq_ignore_ascii_case("AllowUnencrypted");
        let on = encryption.enabled.given().is_none_or(|on| *on) && !encryption.enabled.is_absent();
        if on && encryption.enforcement.as_deref().is_some_and(drops) {
            let what = "which packets are encrypted";
            let why = "the network drops others, and documents do not tell which machines encrypt";
            self.doubtful.insert(id.clone(), unknown(what, why, &object.field("encryption")));
        }
    }

    pub(super) fn lower_subnets(&mut self) {
        for object in self.recorded.subnets.iter() {
            let router = self.router_of_subnet(object.id, &object.entry.origin);
            let addresses = self.subnet_addresses(object, &router);
            let table = self.table_of_subnet(object, &router);
            if let Some(why) = self.managed_in(object) {
                self.network.managed.insert(Id::new(Arc::clone(&object.key)), why);
            }
            let subnet = Subnet {
                label: label(object, "subnet"),
                router,
                addresses,
                table,
                // Groups of subnets are asked between neighbours too: they stand at interfaces
                // (AZ-9).
                boundary: Stack::default(),
                neighbours: Neighbours::ByTable,
            };
            self.network.subnets.insert(Id::new(Arc::clone(&object.key)), subnet);
        }
    }

    /// What sits in a subnet without an interface in any list: services that it is delegated to or
    /// linked with, gateways, and whatever else says that it has an address there.
    fn managed_in(&self, object: &Object<'a, raw::Subnet>) -> Option<Unknown> {
        let told = object.told();
        let what = format!("who has addresses of `{}`", ids::name(object.id));
        let some = |is_there: bool, field, why: &str| {
            is_there.then(|| unknown(what.clone(), why, &object.field(field)))
        };
        let delegated = told.delegations.as_ref().is_some_and(|list| !list.is_empty());
        let linked = told.service_association_links.as_ref().is_some_and(|list| !list.is_empty());
        let gateways = told.application_gateway_ip_configurations.as_ref();
        let own = SERVICE_SUBNETS.iter().any(|it| it.eq_ignore_ascii_case(ids::name(object.id)));
        let recorded = self.recorded;
        let users = told.ip_configurations.iter().flatten().map(ids::of_reference);
        let mut strangers = users.filter(|user| {
            let of = of_part(user);
            recorded.interfaces.get(of).is_none()
                && recorded.balancers.get(of).is_none()
                && recorded.firewalls.get(of).is_none()
        });
        let service =
            "a service that it is delegated to has addresses, and no interfaces are listed";
        let gateway = "an application gateway has addresses there, and no interfaces are listed";
        let azure = "Azure's own service has addresses there, and no interfaces are listed";
        some(delegated, "delegations", service)
            .or_else(|| some(linked, "serviceAssociationLinks", service))
            .or_else(|| {
                let are_there = gateways.is_some_and(|list| !list.is_empty());
                some(are_there, "applicationGatewayIPConfigurations", gateway)
            })
            .or_else(|| some(own, "addressPrefix", azure))
            .or_else(|| {
                let stranger = strangers.next()?;
                let why =
                    format!("`{}` has one, and is not recorded", ids::name(of_part(stranger)));
                some(true, "ipConfigurations", &why)
            })
    }

    fn subnet_addresses(&mut self, object: &Object<'a, raw::Subnet>, router: &Id<Router>) -> IpSet {
        let told = object.told();
        let one = told.address_prefix.iter().filter(|text| !text.is_empty());
        let all = one.chain(told.address_prefixes.iter().flatten());
        let (set, bad) = prefixes(all.map(String::as_str));
        if set.is_empty() || !bad.is_empty() {
            let what = format!("the addresses of the subnet `{}`", ids::name(object.id));
            let why = "they are not told, or not as prefixes";
            self.doubt_holders(router, unknown(what, why, &object.field("addressPrefix")));
        }
        set
    }

    /// The network of a subnet, by the subnet's id; one that is not recorded is made up, and
    /// nothing is known of it.
    pub(super) fn router_of_subnet(&mut self, subnet: &str, from: &Origin) -> Id<Router> {
        let network = ids::parent(subnet).unwrap_or(subnet);
        let id: Id<Router> = Id::new(key(network));
        if !self.network.routers.contains_key(&id) {
            let why = self.coverage.why(Kind::VirtualNetworks, network);
            let gap = not_recorded("the virtual network", network, why, from);
            let router = Router {
                label: missing(network, "virtual-network", from),
                addresses: IpSet::empty(),
                platform: Vec::new(),
                unread: Vec::new(),
            };
            self.network.routers.insert(id.clone(), router);
            self.warn(gap.clone());
            self.make_vague(&id, gap);
        }
        id
    }

    /// The subnet of an id in any letter case; one that is not recorded is made up.
    pub(super) fn subnet_of(&mut self, id: &str, from: &Origin) -> Id<Subnet> {
        let subnet: Id<Subnet> = Id::new(key(id));
        if self.recorded.subnets.get(id).is_some() || self.network.subnets.contains_key(&subnet) {
            return subnet;
        }
        let router = self.router_of_subnet(id, from);
        let why = self.coverage.why(Kind::VirtualNetworks, id);
        let gap = not_recorded("the subnet", id, why, from);
        self.warn(gap.clone());
        self.doubt_holders(&router, gap.clone());
        let table = self.unknown_table(id, gap, from);
        let made_up = Subnet {
            label: missing(id, "subnet", from),
            router,
            addresses: IpSet::empty(),
            table,
            boundary: Stack::default(),
            neighbours: Neighbours::ByTable,
        };
        self.network.subnets.insert(subnet.clone(), made_up);
        subnet
    }

    /// Where packets go that leave a subnet.
    fn table_of_subnet(
        &mut self,
        object: &Object<'a, raw::Subnet>,
        router: &Id<Router>,
    ) -> Id<cloudfw_core::RouteTable> {
        let user = object.told().route_table.as_ref().map(ids::of_reference);
        let services =
            object.told().service_endpoints.as_ref().is_some_and(|list| !list.is_empty());
        let alone = object.entry.resource.is_bare() || self.is_joined_in_part(router);
        let key = route::TableKey {
            router: router.as_str().into(),
            user: user.map(key),
            services: services.then(|| Arc::clone(&object.key)),
            alone: alone.then(|| Arc::clone(&object.key)),
        };
        self.table(&key, object)
    }
}
