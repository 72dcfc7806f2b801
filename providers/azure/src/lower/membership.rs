//! Who is behind a load balancer: the interface tells it, and so does the balancer (AZ-8, AZ-14,
//! AZ-70).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::Unknown;

use super::Lowering;
use super::ids::{self, key};
use super::interface::Configuration;
use super::table::Object;
use super::wording::unknown;
use crate::raw::{self, BackendAddressPool, LoadBalancerBackendAddress, Resource};

/// An address in a pool of a load balancer.
pub(super) struct Membership<'a> {
    /// The key of the pool.
    pub(super) pool: Arc<str>,
    /// Nothing where it is not recorded.
    pub(super) balancer: Option<&'a Object<'a, raw::LoadBalancer>>,
    /// As an address, not as an interface: the vendor says that such members keep default outbound
    /// access.
    pub(super) is_by_address: bool,
    /// Why nobody knows whether it is in it.
    pub(super) doubt: Option<Unknown>,
}

impl<'a> Membership<'a> {
    /// Whether it is a pool of this balancer.
    pub(super) fn pool_is_of(&self, balancer: &Object<'a, raw::LoadBalancer>) -> bool {
        self.balancer.is_some_and(|own| own.key == balancer.key)
    }
}

/// What a pool says of an address.
#[derive(Default)]
struct Told {
    by_id: bool,
    by_address: bool,
    /// By its address, of a network that is not told.
    perhaps: bool,
    /// Whether the pool tells interfaces at all.
    lists: bool,
}

impl<'a> Lowering<'a> {
    /// The pools that an address is in: as the interface tells it, or the pool; in doubt where one
    /// says so and the other tells something else.
    pub(super) fn memberships(&self, one: &Configuration<'a>) -> Vec<Membership<'a>> {
        let properties = &one.told.properties;
        let own = properties.private_ip_address.as_deref().and_then(|text| text.parse().ok());
        let id = one.told.id.as_deref().map(key);
        let told = &properties.load_balancer_backend_address_pools;
        let mut named: BTreeSet<Arc<str>> =
            told.iter().flatten().map(ids::of_reference).map(key).collect();
        let subnet = properties.subnet.as_ref().and_then(|it| it.id.as_deref());
        let network = subnet.and_then(ids::parent).map(key);
        let mut found = Vec::new();
        let near = self.balanced.of(id.as_deref(), own, &named);
        for balancer in near.into_iter().filter_map(|it| self.recorded.balancers.get(it)) {
            for pool in balancer.told().backend_address_pools.iter().flatten() {
                let Some(pool_id) = pool.id.as_deref().map(key) else { continue };
                let said = said_by(pool, id.as_deref(), own, network.as_deref());
                let by_interface = named.remove(&pool_id);
                if !(by_interface || said.by_id || said.by_address || said.perhaps) {
                    continue;
                }
                let why = match (by_interface, &said) {
                    (true, it) if it.lists && !it.by_id => {
                        Some("the interface says so, and the pool names others")
                    }
                    (false, it) if it.by_id && told.is_some() => {
                        Some("the pool says so, and the interface names other pools")
                    }
                    (false, it) if it.perhaps && !it.by_id && !it.by_address => {
                        Some("the pool has its address, and does not tell of which network")
                    }
                    _ => None,
                };
                let what = || format!("whether {} is behind `{}`", shown(own), balancer.id);
                found.push(Membership {
                    pool: pool_id,
                    balancer: Some(balancer),
                    is_by_address: !by_interface && !said.by_id,
                    doubt: why.map(|why| unknown(what(), why, &one.origin)),
                });
            }
        }
        // Of these no pool is recorded.
        for pool in named {
            let balancer = ids::parent(&pool).and_then(|id| self.recorded.balancers.get(id));
            let others = balancer.is_some_and(|it| it.told().backend_address_pools.is_some());
            let doubt = others.then(|| {
                let what = format!("whether {} is behind `{pool}`", shown(own));
                unknown(what, "its balancer has no such pool", &one.origin)
            });
            found.push(Membership { pool, balancer, is_by_address: false, doubt });
        }
        found
    }
}

fn shown(own: Option<IpAddr>) -> String {
    own.map_or_else(|| "an interface".to_owned(), |own| own.to_string())
}

fn said_by(
    pool: &Resource<BackendAddressPool>,
    id: Option<&str>,
    own: Option<IpAddr>,
    network: Option<&str>,
) -> Told {
    let mut told = Told::default();
    let is_it = |of: Option<&str>| of.is_some() && of.map(key).as_deref() == id;
    let interfaces = &pool.properties.backend_ip_configurations;
    told.lists = interfaces.is_some();
    told.by_id = interfaces.iter().flatten().any(|member| is_it(member.id.as_deref()));
    for member in pool.properties.load_balancer_backend_addresses.iter().flatten() {
        let member = &member.properties;
        let interface = member.network_interface_ip_configuration.as_ref();
        if let Some(interface) = interface.and_then(|it| it.id.as_deref()) {
            told.lists |= member.ip_address.is_none();
            told.by_id |= member.ip_address.is_none() && is_it(Some(interface));
            told.by_address |= member.ip_address.is_some() && is_it(Some(interface));
            continue;
        }
        let address = member.ip_address.as_deref().and_then(|text| text.parse().ok());
        if address.is_none() || address != own {
            continue;
        }
        match (network_of(member, &pool.properties), network) {
            (Some(of), Some(network)) => told.by_address |= &*of == network,
            _ => told.perhaps = true,
        }
    }
    told
}

/// The network that a pool means an address of.
fn network_of(member: &LoadBalancerBackendAddress, pool: &BackendAddressPool) -> Option<Arc<str>> {
    let own = member.virtual_network.as_ref().and_then(|it| it.id.as_deref());
    let subnet = member.subnet.as_ref().and_then(|it| it.id.as_deref()).and_then(ids::parent);
    let whole = pool.virtual_network.as_ref().and_then(|it| it.id.as_deref());
    own.or(subnet).or(whole).map(key)
}
