//! Services that stand in subnets, and virtual WANs: what they do with packets is theirs to know.

use serde::{Deserialize, Serialize};

use super::{
    Field, FirewallIpConfiguration, FrontendIpConfiguration, Reference, Resource, object, objects,
};

/// An application gateway: `az network application-gateway list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationGateway {
    #[serde(rename = "gatewayIPConfigurations", skip_serializing_if = "Option::is_none")]
    pub gateway_ip_configurations: Option<Vec<Resource<FirewallIpConfiguration>>>,
    #[serde(rename = "frontendIPConfigurations", skip_serializing_if = "Option::is_none")]
    pub frontend_ip_configurations: Option<Vec<Resource<FrontendIpConfiguration>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operational_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A bastion host: `az network bastion list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BastionHost {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_configurations: Option<Vec<Resource<FirewallIpConfiguration>>>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub virtual_network: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A virtual WAN: `az network vwan list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualWan {
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub virtual_hubs: Option<Vec<Reference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A virtual hub: `az network vhub list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualHub {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_prefix: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub virtual_wan: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub azure_firewall: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub vpn_gateway: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub p2_s_vpn_gateway: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub express_route_gateway: Option<Reference>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub ip_configurations: Option<Vec<Reference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A network that is joined to a virtual hub: `az network vhub connection list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HubVirtualNetworkConnection {
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub remote_virtual_network: Option<Reference>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allow_hub_to_remote_vnet_transit: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allow_remote_vnet_to_use_hub_vnet_gateways: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub enable_internet_security: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}
