//! Network interfaces: `az network nic list`.

use serde::{Deserialize, Serialize};

use super::{Field, Reference, Resource, object, objects};

/// A network interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterface {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_configurations: Option<Vec<Resource<IpConfiguration>>>,
    /// AZ-4: none or one.
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub network_security_group: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub virtual_machine: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub private_endpoint: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub private_link_service: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub primary: Field<bool>,
    /// AZ-52: may carry what is not its own.
    #[serde(rename = "enableIPForwarding", default, skip_serializing_if = "Field::is_absent")]
    pub enable_ip_forwarding: Field<bool>,
    /// AZ-12.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub disable_tcp_state_tracking: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub vnet_encryption_supported: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub default_outbound_connectivity_enabled: Field<bool>,
    /// AZ-20.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allow_port25_out: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// An address of an interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpConfiguration {
    #[serde(rename = "privateIPAddress", skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<String>,
    /// Of a block of addresses; absent for a single one.
    #[serde(
        rename = "privateIPAddressPrefixLength",
        default,
        skip_serializing_if = "Field::is_absent"
    )]
    pub private_ip_address_prefix_length: Field<i64>,
    #[serde(rename = "privateIPAddressVersion", skip_serializing_if = "Option::is_none")]
    pub private_ip_address_version: Option<String>,
    #[serde(rename = "privateIPAllocationMethod", skip_serializing_if = "Option::is_none")]
    pub private_ip_allocation_method: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub primary: Field<bool>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub subnet: Option<Reference>,
    #[serde(
        rename = "publicIPAddress",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub public_ip_address: Option<Reference>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub application_security_groups: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub load_balancer_backend_address_pools: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub load_balancer_inbound_nat_rules: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub application_gateway_backend_address_pools: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub gateway_load_balancer: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}
