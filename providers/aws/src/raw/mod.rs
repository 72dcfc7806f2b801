//! AWS's answers as its own CLI prints them, typed.
//!
//! One file per family; field names are the vendor's, so that a value written out again is the
//! document that was read. Every field is optional: an absent list is not an empty one (what is
//! not told is unknown), and what is told badly is kept ([`Field::Bad`]). Identifiers, addresses
//! and enumerations stay text: lowering reads them, and anonymised recordings bend them.
#![allow(missing_docs, reason = "fields carry the names and the meaning of AWS's API reference")]

use serde::{Deserialize, Serialize};

mod balancer;
mod endpoint;
mod gateway;
mod instance;
mod interface;
pub mod irrelevant;
mod network_acl;
mod peering;
mod prefix_list;
mod public_access;
mod region;
mod route_table;
mod security_group;
mod service;
mod transit;
mod vpc;
mod vpn;

pub use balancer::*;
pub use cloudfw_documents::Field;
use cloudfw_documents::text;
pub use endpoint::*;
pub use gateway::*;
pub use instance::*;
pub use interface::*;
pub use network_acl::*;
pub use peering::*;
pub use prefix_list::*;
pub use public_access::*;
pub use region::*;
pub use route_table::*;
pub use security_group::*;
pub use service::*;
pub use transit::*;
pub use vpc::*;
pub use vpn::*;

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A security group as others refer to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupIdentifier {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
}

/// Who manages a resource on the user's behalf.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Operator {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub managed: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
}
