//! One route: its destination, its target and how it stands against equal ones.

use std::sync::Arc;

use cloudfw_core::{
    Destinations, Gateway, Id, Interface, Origin, Passage, Route, Router, Scope, Target,
};
use ipnet::IpNet;

use super::Lowering;
use super::gateway::{EGRESS_ONLY, INTERNET_GATEWAY};
use super::label::unknown;
use super::opaque::{
    CARRIER, CORE, ENDPOINT, LOCAL, NAT, ORACLE, OTHER, OpaqueKind, PEERING, TRANSIT, VPN,
};
use crate::kind::Kind;
use crate::raw;

/// How routes of an equal prefix stand to each other (AWS-63): the lowest wins.
const STATIC: u8 = 0;
const PREFIX_LIST: u8 = 1;
const PROPAGATED: u8 = 2;

impl Lowering<'_> {
    pub(super) fn route(
        &mut self,
        route: &raw::Route,
        router: &Id<Router>,
        scope: &Scope,
        origin: &Origin,
    ) -> Route {
        let (shown, destinations, is_list) = self.destinations(route, scope, origin);
        let targets = targets(route);
        let name = targets.first().map_or("?", |(_, id)| id);
        let mut text = format!("{shown} -> {name}");
        let target = match route.state.as_deref() {
            // Its target is gone; it does not fall back to a shorter prefix (AWS-64).
            Some("blackhole") => {
                text.push_str(" (blackhole)");
                Target::Blackhole
            }
            Some("active") => match targets.as_slice() {
                [(by, id)] => self.target(*by, id, router, scope, origin),
                [] => gap(&shown, "its target is not recorded", origin),
                _ => gap(&shown, "it has several targets", origin),
            },
            Some(state) => gap(&shown, &format!("its state was recorded as `{state}`"), origin),
            None => gap(&shown, "its state is not recorded", origin),
        };
        let (preference, target) = match route.origin.as_deref() {
            Some("EnableVgwRoutePropagation" | "Advertisement") => (PROPAGATED, target),
            _ if is_list => (PREFIX_LIST, target),
            _ => (STATIC, target),
        };
        Route { destinations, target, preference, origin: origin.clone(), text: text.into() }
    }

    /// What a route is about, as its user writes it and as prefixes; and whether by a list.
    fn destinations(
        &self,
        route: &raw::Route,
        scope: &Scope,
        origin: &Origin,
    ) -> (String, Destinations, bool) {
        let unresolved = |what: &str, why: &str| {
            Destinations::Unresolved(unknown(format!("the destination `{what}`"), why, origin))
        };
        let told = [
            route.destination_cidr_block.as_deref(),
            route.destination_ipv6_cidr_block.as_deref(),
            route.destination_prefix_list_id.as_deref(),
        ];
        match told {
            [Some(block), None, None] | [None, Some(block), None] => {
                let destinations = match block.trim().parse::<IpNet>() {
                    Ok(block) => Destinations::Prefixes(vec![block.trunc()]),
                    Err(_) => unresolved(block, "it is not a CIDR"),
                };
                (block.to_owned(), destinations, false)
            }
            [None, None, Some(list)] => {
                let destinations = match self.prefix_list(list, scope, origin) {
                    Ok(list) => Destinations::Prefixes(list.blocks.clone()),
                    Err(unknown) => Destinations::Unresolved(unknown),
                };
                (list.to_owned(), destinations, true)
            }
            [None, None, None] => ("?".to_owned(), unresolved("?", "it is not recorded"), false),
            _ => ("?".to_owned(), unresolved("?", "several are recorded"), false),
        }
    }

    fn target(
        &mut self,
        by: TargetField,
        id: &str,
        router: &Id<Router>,
        scope: &Scope,
        origin: &Origin,
    ) -> Target {
        let gateway = match by {
            TargetField::Local => return Target::Local,
            TargetField::Interface => return self.interface_target(id, scope, origin),
            TargetField::Instance | TargetField::Address => {
                return gap(id, "the interface that it leads to is not recorded", origin);
            }
            TargetField::Gateway => self.any_gateway(id, router, scope, origin),
            TargetField::EgressOnly => match self.recorded.egress_only_gateways.get(id, scope) {
                Some(object) => Id::new(Arc::clone(&object.key)),
                None => self.unrecorded_border(id, EGRESS_ONLY, router, scope, origin),
            },
            TargetField::Opaque(kind) => self.gateway_of(id, kind, scope, origin),
        };
        if self.network.gateways.get(&gateway).is_some_and(|gateway| !touches(gateway, router)) {
            return gap(id, "it is recorded as a gateway of another VPC", origin);
        }
        Target::Gateway(gateway)
    }

    fn interface_target(&self, id: &str, scope: &Scope, origin: &Origin) -> Target {
        match self.recorded.interfaces.get(id, scope) {
            Some(object) => Target::Interface(Id::<Interface>::new(Arc::clone(&object.key))),
            None => gap(id, &self.coverage.why(Kind::NetworkInterfaces, scope), origin),
        }
    }

    /// What `GatewayId` names: gateways of several kinds.
    fn any_gateway(
        &mut self,
        id: &str,
        router: &Id<Router>,
        scope: &Scope,
        origin: &Origin,
    ) -> Id<Gateway> {
        let recorded = self.recorded;
        let key = recorded
            .internet_gateways
            .get(id, scope)
            .map(|object| &object.key)
            .or_else(|| recorded.vpn_gateways.get(id, scope).map(|object| &object.key))
            .or_else(|| recorded.endpoints.get(id, scope).map(|object| &object.key))
            .or_else(|| recorded.carrier_gateways.get(id, scope).map(|object| &object.key))
            .map(|key| Id::new(Arc::clone(key)))
            .filter(|key| self.network.gateways.contains_key(key));
        if let Some(key) = key {
            return key;
        }
        // What is not recorded can only be told by its id, and only as far as that does not let
        // anything be proved.
        match id.split('-').next() {
            Some("igw") => self.unrecorded_border(id, INTERNET_GATEWAY, router, scope, origin),
            Some("vgw") => self.unrecorded_gateway(id, VPN, scope, origin),
            Some("vpce") => self.unrecorded_gateway(id, ENDPOINT, scope, origin),
            _ => self.unrecorded_gateway(id, OTHER, scope, origin),
        }
    }

    fn gateway_of(
        &mut self,
        id: &str,
        kind: OpaqueKind,
        scope: &Scope,
        origin: &Origin,
    ) -> Id<Gateway> {
        let recorded = self.recorded;
        let key = match kind.kind {
            Some(Kind::NatGateways) => recorded.nat_gateways.get(id, scope).map(|o| &o.key),
            Some(Kind::VpcPeeringConnections) => recorded.peerings.get(id, scope).map(|o| &o.key),
            Some(Kind::TransitGateways) => recorded.transit_gateways.get(id, scope).map(|o| &o.key),
            Some(Kind::CarrierGateways) => recorded.carrier_gateways.get(id, scope).map(|o| &o.key),
            Some(Kind::VpcEndpoints) => recorded.endpoints.get(id, scope).map(|o| &o.key),
            _ => None,
        };
        let key = key.map(|key| Id::new(Arc::clone(key)));
        match key.filter(|key| self.network.gateways.contains_key(key)) {
            Some(key) => key,
            None => self.unrecorded_gateway(id, kind, scope, origin),
        }
    }
}

/// Whether a gateway can be the target of a route of this router.
fn touches(gateway: &Gateway, router: &Id<Router>) -> bool {
    match &gateway.passage {
        Passage::Border { router: inside, .. } => inside == router,
        Passage::Link { ends, .. } => ends.contains(router),
        Passage::Service { routers, .. } => routers.contains(router),
        // The subnet of a NAT gateway may be shared from another account; nobody sees through
        // the rest.
        Passage::SourceNat { .. } | Passage::Opaque { .. } => true,
    }
}

fn gap(what: &str, why: &str, origin: &Origin) -> Target {
    Target::Unknown(unknown(format!("where the route to {what} leads"), why, origin))
}

/// The field that names a target.
#[derive(Debug, Clone, Copy)]
enum TargetField {
    Local,
    Gateway,
    EgressOnly,
    Interface,
    Instance,
    Address,
    Opaque(OpaqueKind),
}

/// The targets that a route names; one, where nothing is wrong.
fn targets(route: &raw::Route) -> Vec<(TargetField, &str)> {
    let gateway = match route.gateway_id.as_deref() {
        Some("local") => TargetField::Local,
        _ => TargetField::Gateway,
    };
    let fields = [
        (gateway, &route.gateway_id),
        (TargetField::Opaque(NAT), &route.nat_gateway_id),
        (TargetField::Interface, &route.network_interface_id),
        (TargetField::Opaque(TRANSIT), &route.transit_gateway_id),
        (TargetField::Opaque(PEERING), &route.vpc_peering_connection_id),
        (TargetField::EgressOnly, &route.egress_only_internet_gateway_id),
        (TargetField::Opaque(LOCAL), &route.local_gateway_id),
        (TargetField::Opaque(CARRIER), &route.carrier_gateway_id),
        (TargetField::Opaque(CORE), &route.core_network_arn),
        (TargetField::Opaque(ORACLE), &route.odb_network_arn),
        (TargetField::Opaque(ENDPOINT), &route.vpc_endpoint_id),
    ];
    let mut targets: Vec<(TargetField, &str)> =
        fields.into_iter().filter_map(|(by, id)| Some((by, id.as_deref()?))).collect();
    // An instance is named beside its interface.
    if targets.is_empty() {
        targets.extend(route.instance_id.as_deref().map(|id| (TargetField::Instance, id)));
    }
    if targets.is_empty() {
        targets.extend(route.ip_address.as_deref().map(|id| (TargetField::Address, id)));
    }
    targets
}
