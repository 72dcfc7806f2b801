//! Load balancers: `az network lb list`.

use serde::{Deserialize, Serialize};

use super::{Field, Reference, Resource, object, objects, text};

/// A load balancer; its SKU stands in its [`Envelope`](super::Envelope).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancer {
    #[serde(rename = "frontendIPConfigurations", skip_serializing_if = "Option::is_none")]
    pub frontend_ip_configurations: Option<Vec<Resource<FrontendIpConfiguration>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend_address_pools: Option<Vec<Resource<BackendAddressPool>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancing_rules: Option<Vec<Resource<LoadBalancingRule>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probes: Option<Vec<Resource<Probe>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbound_nat_rules: Option<Vec<Resource<InboundNatRule>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbound_nat_pools: Option<Vec<Resource<InboundNatPool>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_rules: Option<Vec<Resource<OutboundRule>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// An address that clients see; of an application gateway too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FrontendIpConfiguration {
    #[serde(rename = "privateIPAddress", skip_serializing_if = "Option::is_none")]
    pub private_ip_address: Option<String>,
    #[serde(rename = "privateIPAddressVersion", skip_serializing_if = "Option::is_none")]
    pub private_ip_address_version: Option<String>,
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
    #[serde(
        rename = "publicIPPrefix",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub public_ip_prefix: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub gateway_load_balancer: Option<Reference>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub load_balancing_rules: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub inbound_nat_rules: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub inbound_nat_pools: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub outbound_rules: Option<Vec<Reference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// The machines behind it, as addresses of interfaces or of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendAddressPool {
    /// Of the flattened form it stands in the [`Envelope`](super::Envelope).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    #[serde(
        rename = "backendIPConfigurations",
        default,
        deserialize_with = "objects",
        skip_serializing_if = "Option::is_none"
    )]
    pub backend_ip_configurations: Option<Vec<Reference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer_backend_addresses: Option<Vec<Resource<LoadBalancerBackendAddress>>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub load_balancing_rules: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub inbound_nat_rules: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub outbound_rule: Option<Reference>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub outbound_rules: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub virtual_network: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A member of a pool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancerBackendAddress {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub virtual_network: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub subnet: Option<Reference>,
    #[serde(
        rename = "networkInterfaceIPConfiguration",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub network_interface_ip_configuration: Option<Reference>,
    #[serde(
        rename = "loadBalancerFrontendIPConfiguration",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub load_balancer_frontend_ip_configuration: Option<Reference>,
    /// Which port of the frontend leads to it, by the rules for whole pools.
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub inbound_nat_rules_port_mapping: Option<Vec<NatRulePortMapping>>,
    /// `Up` and `Down` overrule the probe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_state: Option<String>,
}

/// A port that an inbound NAT rule gives a member of its pool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NatRulePortMapping {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbound_nat_rule_name: Option<String>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub frontend_port: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub backend_port: Field<i64>,
}

/// A rule that spreads connections.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancingRule {
    #[serde(
        rename = "frontendIPConfiguration",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub frontend_ip_configuration: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub backend_address_pool: Option<Reference>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub backend_address_pools: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub probe: Option<Reference>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// 0 for all ports.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub frontend_port: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub backend_port: Field<i64>,
    /// AZ-14.
    #[serde(rename = "enableFloatingIP", default, skip_serializing_if = "Field::is_absent")]
    pub enable_floating_ip: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_distribution: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub disable_outbound_snat: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub enable_connection_tracking: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// What tells whether a member is well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub port: Field<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_healthy_backends_behavior: Option<String>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub load_balancing_rules: Option<Vec<Reference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A port, or a range of ports, that leads to one machine each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboundNatRule {
    #[serde(
        rename = "frontendIPConfiguration",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub frontend_ip_configuration: Option<Reference>,
    #[serde(
        rename = "backendIPConfiguration",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub backend_ip_configuration: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub backend_address_pool: Option<Reference>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub frontend_port: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub frontend_port_range_start: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub frontend_port_range_end: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub backend_port: Field<i64>,
    #[serde(rename = "enableFloatingIP", default, skip_serializing_if = "Field::is_absent")]
    pub enable_floating_ip: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A range of ports for the machines of a scale set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboundNatPool {
    #[serde(
        rename = "frontendIPConfiguration",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub frontend_ip_configuration: Option<Reference>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub frontend_port_range_start: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub frontend_port_range_end: Field<i64>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub backend_port: Field<i64>,
    #[serde(rename = "enableFloatingIP", default, skip_serializing_if = "Field::is_absent")]
    pub enable_floating_ip: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// Source translation for the members of a pool (AZ-70).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboundRule {
    #[serde(
        rename = "frontendIPConfigurations",
        default,
        deserialize_with = "objects",
        skip_serializing_if = "Option::is_none"
    )]
    pub frontend_ip_configurations: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub backend_address_pool: Option<Reference>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allocated_outbound_ports: Field<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}
