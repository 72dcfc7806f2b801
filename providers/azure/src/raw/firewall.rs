//! Azure Firewall, firewall policies and IP groups: `az network firewall list`, `az network firewall policy list`, `az network ip-group list`.

use serde::{Deserialize, Serialize};

use super::{
    Field, FirewallProtocols, Reference, Resource, Sku, Tags, object, objects, tags, text, texts,
};

/// A firewall (AZ-73); with a policy, the policy's rules hold (AZ-74).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AzureFirewall {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_configurations: Option<Vec<Resource<FirewallIpConfiguration>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub management_ip_configuration: Option<Box<Resource<FirewallIpConfiguration>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_rule_collections: Option<Vec<Resource<FirewallRuleCollection>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nat_rule_collections: Option<Vec<Resource<FirewallRuleCollection>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_rule_collections: Option<Vec<Resource<FirewallRuleCollection>>>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub firewall_policy: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threat_intel_mode: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub virtual_hub: Option<Reference>,
    #[serde(
        rename = "hubIPAddresses",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub hub_ip_addresses: Option<HubIpAddresses>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub ip_groups: Option<Vec<Reference>>,
    /// Of the flattened form it stands in the [`Envelope`](super::Envelope).
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// `Network.SNAT.PrivateRanges` and the like.
    #[serde(default, deserialize_with = "tags", skip_serializing_if = "Option::is_none")]
    pub additional_properties: Option<Tags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// An address of a firewall, a gateway or a bastion host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirewallIpConfiguration {
    #[serde(rename = "privateIPAddress", skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<String>,
    #[serde(rename = "privateIPAllocationMethod", skip_serializing_if = "Option::is_none")]
    pub private_ip_allocation_method: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub subnet: Option<Reference>,
    #[serde(
        rename = "publicIPAddress",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub public_ip_address: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// The addresses of a firewall of a virtual hub.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HubIpAddresses {
    #[serde(rename = "privateIPAddress", skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<String>,
    #[serde(
        rename = "publicIPs",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub public_ips: Option<HubPublicIpAddresses>,
}

/// The public ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HubPublicIpAddresses {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub count: Field<i64>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<HubPublicIpAddress>>,
}

/// One of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HubPublicIpAddress {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// A policy; its rules stand in rule collection groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirewallPolicy {
    /// AZ-74: the parent's groups come first.
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub base_policy: Option<Reference>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub child_policies: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub rule_collection_groups: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub firewalls: Option<Vec<Reference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threat_intel_mode: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub threat_intel_whitelist: Option<ThreatIntelWhitelist>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub intrusion_detection: Option<IntrusionDetection>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub snat: Option<FirewallSnat>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub dns_settings: Option<FirewallDnsSettings>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub explicit_proxy: Option<FirewallExplicitProxy>,
    /// Of the flattened form it stands in the [`Envelope`](super::Envelope).
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// What threat intelligence lets alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreatIntelWhitelist {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_addresses: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fqdns: Option<Vec<String>>,
}

/// What is done about signatures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntrusionDetection {
    /// `Off`, `Alert`, `Deny`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// Which destinations keep the client's address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirewallSnat {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_ranges: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_learn_private_ranges: Option<String>,
}

/// Where names of rules are looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirewallDnsSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub servers: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub enable_proxy: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub require_proxy_for_network_rules: Field<bool>,
}

/// The firewall as a proxy that clients name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirewallExplicitProxy {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub enable_explicit_proxy: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub http_port: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub https_port: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub enable_pac_file: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub pac_file_port: Field<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pac_file: Option<String>,
}

/// A group of rule collections: `az network firewall policy rule-collection-group list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirewallPolicyRuleCollectionGroup {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub priority: Field<i64>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub rule_collections: Option<Vec<FirewallRuleCollection>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// Rules of one priority and action; below a firewall a [`Resource`], below a group it has its own name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirewallRuleCollection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `FirewallPolicyFilterRuleCollection` or `FirewallPolicyNatRuleCollection`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_collection_type: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub priority: Field<i64>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub action: Option<FirewallAction>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<FirewallRule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// What a collection does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirewallAction {
    /// `Allow`, `Deny`, `Dnat`, `Snat`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// A network, translation or application rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirewallRule {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `NetworkRule`, `NatRule`, `ApplicationRule`; absent below a firewall.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_type: Option<String>,
    /// Of a policy's network and translation rules.
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub ip_protocols: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocols: Option<FirewallProtocols>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_addresses: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ip_groups: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_addresses: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_ip_groups: Option<Vec<String>>,
    #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
    pub destination_ports: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_fqdns: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_fqdns: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_urls: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fqdn_tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_categories: Option<Vec<String>>,
    #[serde(rename = "terminateTLS", default, skip_serializing_if = "Field::is_absent")]
    pub terminate_tls: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translated_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translated_fqdn: Option<String>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub translated_port: Option<String>,
}

/// A protocol of an application rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirewallApplicationProtocol {
    /// `Http`, `Https`, `Mssql`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_type: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub port: Field<i64>,
}

/// Addresses that firewall rules share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpGroup {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_addresses: Option<Vec<String>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub firewalls: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub firewall_policies: Option<Vec<Reference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}
