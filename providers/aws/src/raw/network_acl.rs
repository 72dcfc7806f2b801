//! Network ACLs: `describe-network-acls`.

use serde::{Deserialize, Serialize};

use super::{Field, Tag, text};

/// One ACL of `describe-network-acls` (AWS-30 to AWS-45).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NetworkAcl {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_acl_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub is_default: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub associations: Option<Vec<NetworkAclAssociation>>,
    /// In no promised order; hold the implicit 32767 and 32768 on real AWS (T-11).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<Vec<NetworkAclEntry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
}

/// A subnet that an ACL guards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NetworkAclAssociation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_acl_association_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_acl_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_id: Option<String>,
}

/// One rule of an ACL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NetworkAclEntry {
    /// Lowest first; 32767 (IPv4) and 32768 (IPv6) are the unremovable deny (AWS-32).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub rule_number: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub egress: Field<bool>,
    /// `allow` or `deny`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_action: Option<String>,
    /// A number as text, or `-1` (AWS-38).
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr_block: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_cidr_block: Option<String>,
    /// Of TCP and UDP; the destination port (AWS-40).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_range: Option<PortRange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_type_code: Option<IcmpTypeCode>,
}

/// A range of ports, both ends within it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PortRange {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub from: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub to: Field<i64>,
}

/// ICMP type and code, −1 for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct IcmpTypeCode {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub r#type: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub code: Field<i64>,
}
