//! Virtual private gateways, VPN connections, customer gateways. Put on the graph as hops that
//! nobody can see through, for now.

use serde::{Deserialize, Serialize};

use super::{Field, Tag, text};

/// One gateway of `describe-vpn-gateways`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpnGateway {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpn_gateway_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub amazon_side_asn: Field<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_attachments: Option<Vec<VpcAttachment>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
}

/// The VPC a virtual private gateway is attached to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpcAttachment {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// One connection of `describe-vpn-connections`. Its configuration and its keys are never read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpnConnection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpn_connection_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpn_gateway_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transit_gateway_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_gateway_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_network_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_network_attachment_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_association_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<VpnConnectionOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routes: Option<Vec<VpnStaticRoute>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vgw_telemetry: Option<Vec<VgwTelemetry>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
}

/// What a connection carries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpnConnectionOptions {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub static_routes_only: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_ipv4_network_cidr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_ipv4_network_cidr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_ipv6_network_cidr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_ipv6_network_cidr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tunnel_inside_ip_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_ip_address_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport_transit_gateway_attachment_id: Option<String>,
}

/// One static route of a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpnStaticRoute {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_cidr_block: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// How one tunnel is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VgwTelemetry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub accepted_route_count: Field<i64>,
}

/// One gateway of `describe-customer-gateways`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CustomerGateway {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_gateway_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub bgp_asn: Option<String>,
    #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub bgp_asn_extended: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
}
