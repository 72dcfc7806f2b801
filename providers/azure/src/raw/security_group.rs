//! Network security groups and application security groups: `az network nsg list`, `az network asg list`.

use serde::{Deserialize, Serialize};

use super::{Field, Reference, Resource, objects, text, texts};

/// A network security group (AZ-1 to AZ-21).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkSecurityGroup {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_rules: Option<Vec<Resource<SecurityRule>>>,
    /// AZ-3; some recordings leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_security_rules: Option<Vec<Resource<SecurityRule>>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub network_interfaces: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub subnets: Option<Vec<Reference>>,
    /// Whether changes end flows that stand (AZ-11).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub flush_connection: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A rule. One form of each field is used, the other is `""`, `[]` or absent (AZ-16, T-2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityRule {
    /// `Tcp`, `TCP`, `*` … in any letter case (T-1).
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub source_port_range: Option<String>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub source_port_ranges: Option<Vec<String>>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub destination_port_range: Option<String>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub destination_port_ranges: Option<Vec<String>>,
    /// A prefix, an address without a length (T-3), a service tag, `*` or `""`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_address_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_address_prefixes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub source_application_security_groups: Option<Vec<Reference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_address_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_address_prefixes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub destination_application_security_groups: Option<Vec<Reference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// 100 to 4096, 65000 and more for default rules (AZ-2).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub priority: Field<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A name that interfaces carry (AZ-18).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationSecurityGroup {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}
