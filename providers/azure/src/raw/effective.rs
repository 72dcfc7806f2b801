//! What Azure itself works out for an interface: `az network nic list-effective-nsg`, `az network nic show-effective-route-table` (AZ-75, AZ-76).

use serde::{Deserialize, Serialize};

use super::{Field, Reference, TagMap, object, objects, text, texts};

/// A group with its rules as they hold for an interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveNetworkSecurityGroup {
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub network_security_group: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub association: Option<EffectiveAssociation>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub effective_security_rules: Option<Vec<EffectiveSecurityRule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_map: Option<TagMap>,
}

/// Where the group hangs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveAssociation {
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub network_manager: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub subnet: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub network_interface: Option<Reference>,
}

/// A rule with its tags expanded; protocol `All`, ports `80-80`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveSecurityRule {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_address_prefix: Option<String>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub source_address_prefixes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub expanded_source_address_prefix: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_address_prefix: Option<String>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub destination_address_prefixes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub expanded_destination_address_prefix: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub priority: Field<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
}

/// A route (T-8: its prefixes and next hops are lists).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveRoute {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `Default`, `User`, `VirtualNetworkGateway`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `Active`, or `Invalid` where another route overrides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub address_prefix: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_hop_type: Option<String>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub next_hop_ip_address: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub disable_bgp_route_propagation: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub has_bgp_override: Field<bool>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub destination_service_tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_map: Option<TagMap>,
}
