//! Security admin rules of Virtual Network Manager: `az network manager list-effective-security-admin-rule`.

use serde::{Deserialize, Serialize};

use super::{Field, Resource, objects, text, texts};

/// A rule that is asked before security groups (AZ-40 to AZ-43); `kind` of its
/// [`Envelope`](super::Envelope) is `Custom` or `Default`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityAdminRule {
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<AddressPrefixItem>>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub source_port_ranges: Option<Vec<String>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub destinations: Option<Vec<AddressPrefixItem>>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub destination_port_ranges: Option<Vec<String>>,
    /// `Allow`, `AlwaysAllow`, `Deny` (AZ-41).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub priority: Field<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Of a default rule: which one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_collection_description: Option<String>,
    /// Stands beside `properties`, as the next fields do.
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub rule_collection_applies_to_groups: Option<Vec<NetworkGroupItem>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_groups: Option<Vec<Resource<NetworkGroup>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A source or a destination.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressPrefixItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_prefix: Option<String>,
    /// `IPPrefix`, `ServiceTag`, `NetworkGroup`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_prefix_type: Option<String>,
}

/// A group that a rule collection applies to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkGroupItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_group_id: Option<String>,
}

/// A group of networks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkGroup {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}
