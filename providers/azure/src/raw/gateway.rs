//! Gateways to other networks: `az network vnet-gateway list`, `az network local-gateway list`, `az network vpn-connection list`, `az network express-route list`.

use serde::{Deserialize, Serialize};

use super::{
    AddressSpace, Field, FirewallIpConfiguration, Reference, Resource, Sku, object, objects, text,
};

/// A gateway for VPN or ExpressRoute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualNetworkGateway {
    /// `Vpn`, `ExpressRoute`, `LocalGateway`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpn_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_configurations: Option<Vec<Resource<FirewallIpConfiguration>>>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub active_active: Field<bool>,
    /// The name that ARM has for `activeActive`.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub active: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub enable_bgp: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub enable_private_ip_address: Field<bool>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub gateway_default_site: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub custom_routes: Option<AddressSpace>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub vpn_client_configuration: Option<VpnClientConfiguration>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub bgp_settings: Option<BgpSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nat_rules: Option<Vec<Resource<GatewayNatRule>>>,
    /// Of the flattened form it stands in the [`Envelope`](super::Envelope).
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allow_remote_vnet_traffic: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allow_virtual_wan_traffic: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A translation between this network and those that the gateway joins it to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayNatRule {
    /// `Static` or `Dynamic`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `EgressSnat` or `IngressSnat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub internal_mappings: Option<Vec<GatewayNatMapping>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub external_mappings: Option<Vec<GatewayNatMapping>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_configuration_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// Addresses before or behind such a translation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayNatMapping {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_space: Option<String>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub port_range: Option<String>,
}

/// Clients that dial in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpnClientConfiguration {
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub vpn_client_address_pool: Option<AddressSpace>,
}

/// A speaker of BGP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BgpSettings {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub asn: Field<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bgp_peering_address: Option<String>,
}

/// What stands for a network elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalNetworkGateway {
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub local_network_address_space: Option<AddressSpace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fqdn: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub bgp_settings: Option<BgpSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// What joins a gateway to another network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualNetworkGatewayConnection {
    /// `IPsec`, `Vnet2Vnet`, `ExpressRoute`, `VPNClient`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_status: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub virtual_network_gateway1: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub virtual_network_gateway2: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub local_network_gateway2: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub peer: Option<Reference>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub enable_bgp: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub routing_weight: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub use_policy_based_traffic_selectors: Field<bool>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub traffic_selector_policies: Option<Vec<TrafficSelectorPolicy>>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub express_route_gateway_bypass: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub enable_private_link_fast_path: Field<bool>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub ingress_nat_rules: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub egress_nat_rules: Option<Vec<Reference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// Which addresses a tunnel carries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrafficSelectorPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_address_ranges: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_address_ranges: Option<Vec<String>>,
}

/// A circuit to another network; what it carries is not told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpressRouteCircuit {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circuit_provisioning_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_provider_provisioning_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}
