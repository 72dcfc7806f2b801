//! Gateways to networks elsewhere: VPN and ExpressRoute.

use cloudfw_core::{Gateway, Id, IpSet, Origin, Router, Unknown};
use ipnet::IpNet;

use super::Lowering;
use super::addresses::prefixes;
use super::ids::{self, key};
use super::route::opaque;
use super::table::Object;
use super::wording::{label, missing, not_recorded, unknown};
use crate::kind::Kind;
use crate::raw;

/// What a network learns of a gateway.
pub(super) struct Learned {
    pub(super) gateway: Id<Gateway>,
    /// The prefixes that are written down.
    pub(super) prefixes: Vec<IpNet>,
    /// Why there may be others.
    pub(super) others: Option<Unknown>,
    pub(super) origin: Origin,
}

/// The subnet that gateways sit in; without it a network has none.
const GATEWAY_SUBNET: &str = "GatewaySubnet";

impl<'a> Lowering<'a> {
    pub(super) fn lower_elsewhere(&mut self) {
        let recorded = self.recorded;
        for object in recorded.gateways.iter() {
            let what = format!("what lies behind `{}`", ids::name(object.id));
            let why = "virtual network gateways are not modelled: what is behind them, and which \
                       packets they let through, is not known";
            let unknown = unknown(what, why, &object.entry.origin);
            let gateway = opaque(label(object, "virtual-network-gateway"), unknown);
            self.network.gateways.insert(Id::new(object.key.clone()), gateway);
        }
        let routers: Vec<Id<Router>> = self.network.routers.keys().cloned().collect();
        for router in routers {
            self.make_up_gateway(&router);
        }
    }

    /// A network with a subnet for a gateway, of which no gateway is recorded, may have one.
    fn make_up_gateway(&mut self, router: &Id<Router>) {
        let Some(origin) = self.unread_gateway(router) else { return };
        let why = self.coverage.why(Kind::VirtualNetworkGateways, router.as_str());
        let unknown = not_recorded("the gateway of", router.as_str(), why, &origin);
        let label = missing(&format!("gateway of {router}"), "virtual-network-gateway", &origin);
        self.network.gateways.insert(made_up(router), opaque(label, unknown));
    }

    /// Where the subnet stands that a gateway of which nothing is recorded may sit in.
    fn unread_gateway(&self, router: &Id<Router>) -> Option<Origin> {
        if self.own_gateways(router).next().is_some()
            || self.coverage.missing(Kind::VirtualNetworkGateways, router.as_str()).is_none()
        {
            return None;
        }
        let mut subnets = self.recorded.subnets.iter();
        let subnet = subnets.find(|subnet| {
            ids::name(subnet.id).eq_ignore_ascii_case(GATEWAY_SUBNET)
                && ids::parent(subnet.id).is_some_and(|network| *key(network) == *router.as_str())
        });
        subnet.map(|subnet| subnet.entry.origin.clone())
    }

    /// What a network learns of its own gateways, and of those of peers that it uses (AZ-63).
    pub(super) fn learned(&self, router: &Id<Router>) -> Vec<Learned> {
        let mut learned = self.learned_of(router);
        for side in self.sides_of(router) {
            let told = side.object.told();
            let uses = &told.use_remote_gateways;
            if uses.given() == Some(&true) || uses.bad().is_some() {
                learned.extend(self.learned_of(&side.to));
            }
        }
        learned
    }

    fn learned_of(&self, router: &Id<Router>) -> Vec<Learned> {
        let mut learned: Vec<Learned> =
            self.own_gateways(router).map(|gateway| self.told_by(gateway)).collect();
        if let Some(origin) = self.unread_gateway(router) {
            let why = self.coverage.why(Kind::VirtualNetworkGateways, router.as_str());
            let others = Some(unknown("the routes of a gateway", why, &origin));
            learned.push(Learned {
                gateway: made_up(router),
                prefixes: Vec::new(),
                others,
                origin,
            });
        }
        learned
    }

    fn own_gateways(
        &self,
        router: &Id<Router>,
    ) -> impl Iterator<Item = &'a Object<'a, raw::VirtualNetworkGateway>> {
        let router = router.clone();
        let recorded: &'a super::Recorded<'a> = self.recorded;
        recorded.gateways.iter().filter(move |gateway| {
            let configurations = gateway.told().ip_configurations.iter().flatten();
            let mut subnets =
                configurations.filter_map(|it| it.properties.subnet.as_ref()?.id.as_deref());
            subnets.any(|subnet| ids::parent(subnet).is_some_and(|it| *key(it) == *router.as_str()))
        })
    }

    /// The prefixes of the networks that a gateway's connections name, and of clients that dial in.
    fn told_by(&self, gateway: &Object<'a, raw::VirtualNetworkGateway>) -> Learned {
        let origin = gateway.entry.origin.clone();
        let told = gateway.told();
        let mut sets = Vec::new();
        let clients = told.vpn_client_configuration.as_ref();
        let pool = clients.and_then(|it| it.vpn_client_address_pool.as_ref());
        let pool = pool.and_then(|it| it.address_prefixes.as_ref());
        sets.push(prefixes(pool.into_iter().flatten().map(String::as_str)).0);
        let mut others = self.may_learn(gateway);
        for connection in self.recorded.connections.iter() {
            let of = connection.told().virtual_network_gateway1.as_ref();
            if of.and_then(|it| it.id.as_deref()).is_none_or(|id| key(id) != gateway.key) {
                continue;
            }
            let local = connection.told().local_network_gateway2.as_ref();
            let local = local.and_then(|it| it.id.as_deref());
            let local = local.and_then(|id| self.recorded.local_gateways.get(id));
            let space = local.and_then(|it| it.told().local_network_address_space.as_ref());
            match space.and_then(|it| it.address_prefixes.as_ref()) {
                Some(texts) => sets.push(prefixes(texts.iter().map(String::as_str)).0),
                None => {
                    let what = format!("the networks behind `{}`", ids::name(connection.id));
                    let why = "the connection names no recorded local network gateway";
                    others = others.or(Some(unknown(what, why, &connection.entry.origin)));
                }
            }
        }
        let prefixes = IpSet::union_of(&sets).nets();
        Learned { gateway: Id::new(gateway.key.clone()), prefixes, others, origin }
    }

    /// Why a gateway may learn routes that are written nowhere.
    fn may_learn(&self, gateway: &Object<'a, raw::VirtualNetworkGateway>) -> Option<Unknown> {
        let told = gateway.told();
        let is_vpn = told.gateway_type.as_deref().is_some_and(|it| it.eq_ignore_ascii_case("Vpn"));
        let speaks = told.enable_bgp.given() != Some(&false);
        let what = format!("the routes that `{}` learns", ids::name(gateway.id));
        if !is_vpn || speaks {
            let why = "it speaks BGP, and what it is told is not recorded";
            return Some(unknown(what, why, &gateway.field("enableBgp")));
        }
        let kind = Kind::VirtualNetworkGatewayConnections;
        let why = self.coverage.missing(kind, gateway.id)?;
        Some(unknown(what, why, &gateway.entry.origin))
    }
}

fn made_up(router: &Id<Router>) -> Id<Gateway> {
    Id::new(format!("gateway of {router}"))
}
