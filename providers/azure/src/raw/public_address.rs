//! Public addresses and prefixes, NAT gateways: `az network public-ip list`, `az network nat gateway list`.

use serde::{Deserialize, Serialize};

use super::{Field, Reference, object, objects};

/// A public address; its SKU stands in its [`Envelope`](super::Envelope) (AZ-8).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicIpAddress {
    /// Absent while a dynamic address is not in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    #[serde(rename = "publicIPAddressVersion", skip_serializing_if = "Option::is_none")]
    pub public_ip_address_version: Option<String>,
    #[serde(rename = "publicIPAllocationMethod", skip_serializing_if = "Option::is_none")]
    pub public_ip_allocation_method: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub ip_configuration: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub nat_gateway: Option<Reference>,
    #[serde(
        rename = "publicIPPrefix",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub public_ip_prefix: Option<Reference>,
    #[serde(
        rename = "linkedPublicIPAddress",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub linked_public_ip_address: Option<Reference>,
    #[serde(
        rename = "servicePublicIPAddress",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub service_public_ip_address: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A block of public addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicIpPrefix {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub prefix_length: Field<i64>,
    #[serde(rename = "publicIPAddressVersion", skip_serializing_if = "Option::is_none")]
    pub public_ip_address_version: Option<String>,
    #[serde(
        rename = "publicIPAddresses",
        default,
        deserialize_with = "objects",
        skip_serializing_if = "Option::is_none"
    )]
    pub public_ip_addresses: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub load_balancer_frontend_ip_configuration: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub nat_gateway: Option<Reference>,
    #[serde(
        rename = "customIPPrefix",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub custom_ip_prefix: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A NAT gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NatGateway {
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub public_ip_addresses: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub public_ip_addresses_v6: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub public_ip_prefixes: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub public_ip_prefixes_v6: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub subnets: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub source_virtual_network: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}
