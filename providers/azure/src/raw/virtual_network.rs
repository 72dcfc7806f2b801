//! Virtual networks, subnets and peerings: `az network vnet list`.

use serde::{Deserialize, Serialize};

use super::{Field, Reference, Resource, object, objects};

/// A virtual network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualNetwork {
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub address_space: Option<AddressSpace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnets: Option<Vec<Resource<Subnet>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_network_peerings: Option<Vec<Resource<VirtualNetworkPeering>>>,
    /// `DropUnencrypted` forbids paths that cannot encrypt.
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub encryption: Option<VirtualNetworkEncryption>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_endpoint_v_net_policies: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub default_public_nat_gateway: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// Prefixes of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressSpace {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_prefixes: Option<Vec<String>>,
}

/// Whether packets between machines are encrypted, and what becomes of others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualNetworkEncryption {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub enabled: Field<bool>,
    /// `AllowUnencrypted` or `DropUnencrypted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforcement: Option<String>,
}

/// A subnet, below its network or alone (`az network vnet subnet list`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subnet {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_prefix: Option<String>,
    /// Instead of `addressPrefix` where there are several, or of both families.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_prefixes: Option<Vec<String>>,
    /// AZ-4: none or one.
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub network_security_group: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub route_table: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub nat_gateway: Option<Reference>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub service_endpoints: Option<Vec<ServiceEndpoint>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub service_endpoint_policies: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub private_endpoints: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub ip_configurations: Option<Vec<Reference>>,
    #[serde(
        rename = "applicationGatewayIPConfigurations",
        default,
        deserialize_with = "objects",
        skip_serializing_if = "Option::is_none"
    )]
    pub application_gateway_ip_configurations: Option<Vec<Reference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_association_links: Option<Vec<Resource<ServiceAssociationLink>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegations: Option<Vec<Resource<Delegation>>>,
    /// AZ-71: `Disabled`, `NetworkSecurityGroupEnabled`, `RouteTableEnabled`, `Enabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_endpoint_network_policies: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_link_service_network_policies: Option<String>,
    /// AZ-70: absent is true.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub default_outbound_access: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharing_scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A service that the subnet reaches by Azure's own ways.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceEndpoint {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locations: Option<Vec<String>>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub network_identifier: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A service that has put itself into a subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAssociationLink {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linked_resource_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allow_delete: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locations: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A service that a subnet is given to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delegation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// One side of a peering (AZ-60 to AZ-64).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualNetworkPeering {
    /// `Connected`, `Initiated`, `Disconnected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peering_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peering_sync_level: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub remote_virtual_network: Option<Reference>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allow_virtual_network_access: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allow_forwarded_traffic: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allow_gateway_transit: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub use_remote_gateways: Field<bool>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub local_address_space: Option<AddressSpace>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub local_virtual_network_address_space: Option<AddressSpace>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub remote_address_space: Option<AddressSpace>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub remote_virtual_network_address_space: Option<AddressSpace>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub remote_virtual_network_encryption: Option<VirtualNetworkEncryption>,
    /// False where only the named subnets are joined (AZ-64).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub peer_complete_vnets: Field<bool>,
    #[serde(rename = "enableOnlyIPv6Peering", default, skip_serializing_if = "Field::is_absent")]
    pub enable_only_ipv6_peering: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_subnet_names: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_subnet_names: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}
