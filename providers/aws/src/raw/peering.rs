//! VPC peering: `describe-vpc-peering-connections`.

use serde::{Deserialize, Serialize};

use super::{Field, Tag};

/// One connection of `describe-vpc-peering-connections` (AWS-69).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpcPeeringConnection {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_peering_connection_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requester_vpc_info: Option<PeeringVpcInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepter_vpc_info: Option<PeeringVpcInfo>,
    /// Works when its code is `active`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<PeeringStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
}

/// One end of a peering. Emulators lose the blocks: the VPC itself has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PeeringVpcInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr_block: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr_block_set: Option<Vec<CidrBlock>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_cidr_block_set: Option<Vec<Ipv6CidrBlock>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peering_options: Option<PeeringOptions>,
}

/// An IPv4 block of one end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CidrBlock {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr_block: Option<String>,
}

/// An IPv6 block of one end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ipv6CidrBlock {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6_cidr_block: Option<String>,
}

/// DNS and ClassicLink options.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PeeringOptions {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allow_dns_resolution_from_remote_vpc: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allow_egress_from_local_classic_link_to_remote_vpc: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub allow_egress_from_local_vpc_to_remote_classic_link: Field<bool>,
}

/// `initiating-request`, `pending-acceptance`, `active`, `deleted`, `rejected`, `failed`, `expired` …
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PeeringStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
