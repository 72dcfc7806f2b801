//! Load balancers: what they hand to which interface (AZ-14), and what stands at their addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Address, Client, Front, Id, Initiative, Interface, Label, Liveness, Origin, PortSet, Protocol,
    Role, ServiceSet, Stack, Unknown, UnreadAddresses,
};

use super::Lowering;
use super::ids::{self, key};
use super::interface::Configuration;
use super::probe::Machine;
use super::table::{Object, at};
use super::wording::{label, unknown};
use crate::raw::{
    self, Field, FrontendIpConfiguration, InboundNatRule, LoadBalancingRule, Resource,
};

/// What a rule of a balancer hands on.
struct Handed {
    services: ServiceSet,
    renumbers: bool,
    doubt: Option<Unknown>,
}

/// A part of a balancer, and where it stands.
pub(super) struct Part<'o, 'a, T> {
    pub(super) balancer: &'o Object<'a, raw::LoadBalancer>,
    pub(super) told: &'a Resource<T>,
    pub(super) origin: Origin,
}

/// Which balancers hand something to which addresses, by what the balancers tell; found once, since
/// every interface asks.
#[derive(Default)]
pub(super) struct Balanced<'a> {
    /// Pools, with what is in them, and rules that join an address or a pool: their ids.
    whole: BTreeSet<Arc<str>>,
    /// Balancers by the ids of their pools, of the configurations that their pools and rules name,
    /// and by the addresses in their pools.
    by_id: BTreeMap<Arc<str>, BTreeSet<&'a str>>,
    by_address: BTreeMap<IpAddr, BTreeSet<&'a str>>,
}

impl<'a> Balanced<'a> {
    pub(super) fn new(recorded: &'a super::Recorded<'a>) -> Self {
        let mut balanced = Self::default();
        for balancer in recorded.balancers.iter() {
            balanced.take(balancer);
        }
        balanced
    }

    fn take(&mut self, balancer: &'a Object<'a, raw::LoadBalancer>) {
        let mut name = |id: Option<&str>| {
            if let Some(id) = id {
                self.by_id.entry(key(id)).or_default().insert(&balancer.key);
            }
        };
        for pool in balancer.told().backend_address_pools.iter().flatten() {
            name(pool.id.as_deref());
            self.whole.extend(pool.id.as_deref().map(key));
            for member in pool.properties.backend_ip_configurations.iter().flatten() {
                name(member.id.as_deref());
            }
            let addresses = pool.properties.load_balancer_backend_addresses.iter().flatten();
            for told in addresses.map(|member| &member.properties) {
                let own = told.network_interface_ip_configuration.as_ref();
                name(own.and_then(|it| it.id.as_deref()));
                if let Some(Ok(address)) = told.ip_address.as_deref().map(str::parse::<IpAddr>) {
                    self.by_address.entry(address).or_default().insert(&balancer.key);
                }
            }
        }
        for rule in nat_rules(balancer) {
            let told = &rule.told.properties;
            let front = told.frontend_ip_configuration.as_ref().and_then(|it| it.id.as_ref());
            let backend = told.backend_ip_configuration.as_ref().and_then(|it| it.id.as_ref());
            let pool = told.backend_address_pool.as_ref().and_then(|it| it.id.as_ref());
            name(backend.map(String::as_str));
            if front.is_some() && (backend.is_some() || pool.is_some()) {
                self.whole.extend(rule.told.id.as_deref().map(key));
            }
        }
    }

    /// The keys of the balancers that may hand something to an address: of this configuration, or
    /// as this address, or in one of these pools.
    pub(super) fn of(
        &self,
        id: Option<&str>,
        own: Option<IpAddr>,
        named: &BTreeSet<Arc<str>>,
    ) -> BTreeSet<&'a str> {
        let by_pool = named.iter().filter_map(|pool| self.by_id.get(pool));
        let by_id = id.and_then(|id| self.by_id.get(id));
        let by_address = own.and_then(|own| self.by_address.get(&own));
        by_pool.chain(by_id).chain(by_address).flatten().copied().collect()
    }
}

impl<'a> Lowering<'a> {
    /// What load balancers hand to an address of an interface.
    pub(super) fn fronts_of(
        &mut self,
        one: &Configuration<'a>,
        own: IpAddr,
        machine: &Machine<'_>,
    ) -> Vec<Front> {
        let recorded = self.recorded;
        let id = one.told.id.as_deref().map(key);
        let told = &one.told.properties;
        let named = told.load_balancer_backend_address_pools.iter().flatten();
        let named: BTreeSet<Arc<str>> =
            named.filter_map(|pool| pool.id.as_deref()).map(key).collect();
        let mut found: BTreeMap<IpAddr, Front> = BTreeMap::new();
        self.doubt_parts(one, &named);
        let near = self.balanced.of(id.as_deref(), Some(own), &named);
        let members = self.memberships(one);
        for balancer in near.into_iter().filter_map(|balancer| recorded.balancers.get(balancer)) {
            let members = members.iter().filter(|member| member.pool_is_of(balancer));
            let pools: BTreeMap<&str, Option<&Unknown>> =
                members.map(|member| (&*member.pool, member.doubt.as_ref())).collect();
            if !pools.is_empty() && balancer.told().load_balancing_rules.is_none() {
                let what = format!("what `{}` hands on", ids::name(balancer.id));
                let why = "it does not tell its load balancing rules";
                self.unseen_fronts.push(unknown(what, why, &balancer.entry.origin));
            }
            for rule in rules(balancer) {
                let of = rule.told.properties.backend_address_pool.iter();
                let of = of.chain(rule.told.properties.backend_address_pools.iter().flatten());
                let of: Vec<Arc<str>> = of.map(ids::of_reference).map(key).collect();
                let front = rule.told.properties.frontend_ip_configuration.as_ref();
                let vague = of.is_empty() || of.iter().any(|pool| &**pool == "?");
                if !pools.is_empty() && (vague || front.is_none_or(|front| front.id.is_none())) {
                    let what = format!("what a rule of `{}` hands on", ids::name(balancer.id));
                    let why = "it does not tell its frontend or its pool";
                    self.unseen_fronts.push(unknown(what, why, &rule.origin));
                }
                if let Some(doubt) = of.iter().find_map(|pool| pools.get(&**pool)) {
                    let mut handed = handed_by_rule(&rule);
                    let doubt = || doubt.cloned().or(self.doubt_of_probe(&rule, own, machine));
                    handed.doubt = handed.doubt.or_else(doubt);
                    self.add_front(&mut found, (balancer, front), own, &handed);
                }
            }
            for rule in nat_rules(balancer) {
                let told = &rule.told.properties;
                let backend = told.backend_ip_configuration.as_ref();
                let backend = backend.and_then(|it| it.id.as_deref()).map(key);
                let pool = told.backend_address_pool.as_ref();
                let pool = pool.and_then(|it| it.id.as_deref()).map(key);
                let is_it = backend.is_some() && backend == id;
                let of_pool = pool.and_then(|pool| pools.get(&*pool));
                if is_it || of_pool.is_some() {
                    let mut handed = handed_by_nat_rule(&rule);
                    let doubt = of_pool.copied().flatten().filter(|_| !is_it);
                    handed.doubt = handed.doubt.or_else(|| doubt.cloned());
                    let front = told.frontend_ip_configuration.as_ref();
                    self.add_front(&mut found, (balancer, front), own, &handed);
                }
            }
        }
        found.into_values().collect()
    }

    /// Pools and rules that an address names, of which nobody knows what they hand it.
    fn doubt_parts(&mut self, one: &Configuration<'a>, named: &BTreeSet<Arc<str>>) {
        let told = &one.told.properties;
        let pools = told.load_balancer_backend_address_pools.iter().flatten();
        let rules = told.load_balancer_inbound_nat_rules.iter().flatten();
        let nameless = pools.clone().chain(rules.clone()).any(|part| part.id.is_none());
        let rules: BTreeSet<Arc<str>> = rules.filter_map(|it| it.id.as_deref()).map(key).collect();
        let lost = named.iter().chain(&rules).find(|part| !self.balanced.whole.contains(*part));
        if nameless || lost.is_some() {
            let part = lost.map_or("a part without an id", |part| ids::name(part));
            let what = format!("what a load balancer hands on by `{part}`");
            let why = "documents do not tell which addresses it joins";
            self.unseen_fronts.push(unknown(what, why, &one.origin));
        }
    }

    fn add_front(
        &mut self,
        found: &mut BTreeMap<IpAddr, Front>,
        (balancer, front): (&Object<'a, raw::LoadBalancer>, Option<&raw::Reference>),
        own: IpAddr,
        handed: &Handed,
    ) {
        let wanted = front.and_then(|it| it.id.as_deref()).map(key);
        let known = |frontend: &Part<'_, 'a, FrontendIpConfiguration>| {
            wanted.is_some() && frontend.told.id.as_deref().map(key) == wanted
        };
        if !frontends(balancer).any(|frontend| known(&frontend)) {
            let what = format!("where `{}` takes flows", ids::name(balancer.id));
            let why = "the frontend that a rule names is not told";
            self.unseen_fronts.push(unknown(what, why, &balancer.entry.origin));
        }
        for frontend in frontends(balancer) {
            if !known(&frontend) {
                continue;
            }
            let doubt = self.doubt_of_frontend(&frontend).or_else(|| handed.doubt.clone());
            let addresses = match self.addresses_of_frontend(&frontend) {
                Ok(addresses) => addresses,
                Err(gap) => {
                    self.warn(gap.clone());
                    self.unseen_fronts.push(gap);
                    continue;
                }
            };
            for address in addresses.into_iter().filter(|it| it.is_ipv4() == own.is_ipv4()) {
                let front = found.entry(address).or_insert_with(|| Front {
                    label: label(balancer, "load-balancer"),
                    address,
                    own,
                    services: ServiceSet::empty(),
                    renumbers: false,
                    doubt: None,
                });
                front.services = front.services.union(&handed.services);
                front.renumbers |= handed.renumbers;
                front.doubt = front.doubt.take().or_else(|| doubt.clone());
            }
        }
    }

    /// The addresses that a frontend takes flows at.
    pub(super) fn addresses_of_frontend(
        &self,
        frontend: &Part<'_, 'a, FrontendIpConfiguration>,
    ) -> Result<Vec<IpAddr>, Unknown> {
        let told = &frontend.told.properties;
        let mut addresses = Vec::new();
        if let Some(text) = told.private_ip_address.as_deref().filter(|text| !text.is_empty()) {
            let bad = |_| {
                let what = "the address of the load balancer";
                unknown(what, format!("`{text}` is no address"), &frontend.origin)
            };
            addresses.push(text.parse().map_err(bad)?);
        }
        if let Some(id) = told.public_ip_address.as_ref().and_then(|it| it.id.as_deref()) {
            addresses.extend(self.public_address(id, &frontend.origin)?);
        }
        if told.public_ip_prefix.is_some() || addresses.is_empty() {
            let why = "it is not told, or one of a prefix";
            return Err(unknown("the address of the load balancer", why, &frontend.origin));
        }
        Ok(addresses)
    }

    fn doubt_of_frontend(
        &self,
        frontend: &Part<'_, 'a, FrontendIpConfiguration>,
    ) -> Option<Unknown> {
        let balancer = frontend.balancer;
        let what = format!("what `{}` hands on", ids::name(balancer.id));
        if frontend.told.properties.gateway_load_balancer.is_some() {
            let why = "a gateway load balancer stands before it, which is not modelled";
            return Some(unknown(what, why, &frontend.origin));
        }
        if balancer.is_contradicted {
            let why = "documents of the recording tell it in different ways";
            return Some(unknown(what, why, &balancer.entry.origin));
        }
        let sku = balancer.entry.resource.envelope().and_then(|it| it.sku.as_ref());
        let is_global = sku
            .and_then(|sku| sku.tier.as_deref())
            .is_some_and(|it| it.eq_ignore_ascii_case("Global"));
        is_global.then(|| {
            unknown(what, "balancers across Regions are not modelled", &balancer.entry.origin)
        })
    }

    /// What stands at the private addresses of load balancers and firewalls: nobody sees through
    /// it, where it is asked about itself.
    pub(super) fn lower_standing(&mut self) {
        let recorded = self.recorded;
        for balancer in recorded.balancers.iter() {
            for frontend in frontends(balancer) {
                let told = &frontend.told.properties;
                let text = told.private_ip_address.as_deref().unwrap_or_default();
                let subnet = told.subnet.as_ref().and_then(|it| it.id.as_deref());
                let why = "which machine a load balancer picks is not told";
                // A route may lead to it, which hands packets for others to the appliances behind it.
                let of = (label(balancer, "load-balancer"), why, true, Stack::default());
                self.stand(frontend.told.id.as_deref(), text, subnet, of, &frontend.origin);
            }
        }
        for firewall in recorded.firewalls.iter() {
            let configurations = firewall.told().ip_configurations.iter().flatten().enumerate();
            for (index, one) in configurations {
                let text = one.properties.private_ip_address.as_deref().unwrap_or_default();
                let subnet = one.properties.subnet.as_ref().and_then(|it| it.id.as_deref());
                let why = "what it gives the packets that it lets through is not modelled (AZ-73)";
                let origin = firewall.element("ipConfigurations", index);
                let stack = subnet.map(|subnet| {
                    let subnet = self.subnet_of(subnet, &origin);
                    self.firewall_stack(firewall, &subnet)
                });
                let stack = stack.unwrap_or_default();
                let of = (label(firewall, "azure-firewall"), why, true, stack);
                self.stand(one.id.as_deref(), text, subnet, of, &origin);
            }
        }
    }

    fn stand(
        &mut self,
        id: Option<&str>,
        address: &str,
        subnet: Option<&str>,
        (label, why, forwards, stack): (Label, &str, bool, Stack),
        origin: &Origin,
    ) {
        let (Some(id), Some(subnet), Ok(ip)) = (id, subnet, address.parse::<IpAddr>()) else {
            return;
        };
        let subnet = self.subnet_of(subnet, origin);
        let opaque = unknown(format!("what `{label}` does with packets"), why, origin);
        let interface = Interface {
            label,
            host: None,
            subnet,
            addresses: vec![Address { ip, public: None }],
            unread: UnreadAddresses::default(),
            groups: BTreeSet::new(),
            stack,
            role: Role::Opaque(opaque),
            forwards,
            liveness: Liveness::Up,
            initiative: Initiative::Opens,
            client: Client::any(),
            platform: Vec::new(),
            fronts: Vec::new(),
        };
        self.network.interfaces.insert(Id::new(key(id)), interface);
    }

    /// Public addresses that no interface has: those of balancers, firewalls and gateways.
    pub(super) fn note_unheld_public(&mut self) {
        let held: BTreeSet<IpAddr> = self
            .network
            .interfaces
            .values()
            .flat_map(|interface| &interface.addresses)
            .filter_map(|address| address.public)
            .collect();
        let recorded = self.recorded;
        for object in recorded.public_addresses.iter() {
            let text = object.told().ip_address.as_deref().unwrap_or_default();
            let Ok(address) = text.parse::<IpAddr>() else { continue };
            if held.contains(&address) {
                continue;
            }
            let what = format!("what answers at {address} (`{}`)", ids::name(object.id));
            let why = "no recorded interface has it, and what has it is not modelled";
            let gap = unknown(what, why, &object.entry.origin);
            self.network.unheld_public.insert(address, gap);
        }
    }
}

/// The SKU of a balancer, in small letters.
pub(super) fn sku_of(balancer: &Object<'_, raw::LoadBalancer>) -> Option<String> {
    let sku = balancer.entry.resource.envelope()?.sku.as_ref()?;
    sku.name.as_deref().map(str::to_ascii_lowercase)
}

pub(super) fn frontends<'o, 'a>(
    balancer: &'o Object<'a, raw::LoadBalancer>,
) -> impl Iterator<Item = Part<'o, 'a, FrontendIpConfiguration>> {
    let told = balancer.entry.resource.properties.frontend_ip_configurations.iter();
    told.flatten().enumerate().map(move |(index, told)| {
        let origin = balancer.element("frontendIPConfigurations", index);
        Part { balancer, told, origin }
    })
}

pub(super) fn rules<'o, 'a>(
    balancer: &'o Object<'a, raw::LoadBalancer>,
) -> impl Iterator<Item = Part<'o, 'a, LoadBalancingRule>> {
    let told = balancer.entry.resource.properties.load_balancing_rules.iter();
    told.flatten().enumerate().map(move |(index, told)| {
        let origin = balancer.element("loadBalancingRules", index);
        Part { balancer, told, origin }
    })
}

pub(super) fn nat_rules<'o, 'a>(
    balancer: &'o Object<'a, raw::LoadBalancer>,
) -> impl Iterator<Item = Part<'o, 'a, InboundNatRule>> {
    let told = balancer.entry.resource.properties.inbound_nat_rules.iter();
    told.flatten().enumerate().map(move |(index, told)| {
        let origin = balancer.element("inboundNatRules", index);
        Part { balancer, told, origin }
    })
}

fn handed_by_rule(rule: &Part<'_, '_, LoadBalancingRule>) -> Handed {
    let told = &rule.told.properties;
    let ports = (&told.frontend_port, &told.backend_port);
    let protocol = told.protocol.as_deref();
    let mut handed = handed(protocol, ports, &rule.origin);
    handed.doubt = handed.doubt.or_else(|| floating(&told.enable_floating_ip, rule));
    handed
}

fn handed_by_nat_rule(rule: &Part<'_, '_, InboundNatRule>) -> Handed {
    let told = &rule.told.properties;
    let ranges = !told.frontend_port_range_start.is_absent();
    let front = if ranges { &told.frontend_port_range_start } else { &told.frontend_port };
    let mut handed = handed(told.protocol.as_deref(), (front, &told.backend_port), &rule.origin);
    handed.renumbers |= ranges;
    handed.doubt = handed.doubt.or_else(|| floating(&told.enable_floating_ip, rule));
    handed
}

fn handed(
    protocol: Option<&str>,
    (front, back): (&Field<i64>, &Field<i64>),
    origin: &Origin,
) -> Handed {
    let protocols = match protocol.map(str::to_ascii_lowercase).as_deref() {
        Some("tcp") => vec![Protocol::TCP],
        Some("udp") => vec![Protocol::UDP],
        _ => vec![Protocol::TCP, Protocol::UDP],
    };
    let port = |field: &Field<i64>| field.given().and_then(|port| u16::try_from(*port).ok());
    let ports = match port(back) {
        // A rule for all ports.
        Some(0) | None => PortSet::full(),
        Some(port) => PortSet::single(port),
    };
    let services = protocols
        .into_iter()
        .map(|protocol| ServiceSet::ports(protocol, PortSet::full(), ports.clone()))
        .fold(ServiceSet::empty(), |all, one| all.union(&one));
    let bad = port(back).is_none() || port(front).is_none() || protocol.is_none();
    let doubt = bad.then(|| {
        unknown(
            "what a rule of the load balancer hands on",
            "its ports or protocol are not told",
            origin,
        )
    });
    Handed { services, renumbers: port(front) != port(back), doubt }
}

/// With floating IP machines see the balancer's address, and groups may too (AZ-14).
fn floating<T>(field: &Field<bool>, rule: &Part<'_, '_, T>) -> Option<Unknown> {
    if field.given() != Some(&true) && field.bad().is_none() {
        return None;
    }
    let origin = at(&rule.origin, |own| rule.told.field_at(own, "enableFloatingIP"));
    let why = "enableFloatingIP is not false: which address groups see then is not documented";
    Some(unknown("what the load balancer hands on", why, &origin))
}
