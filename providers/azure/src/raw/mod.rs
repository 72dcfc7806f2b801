//! Azure's answers as ARM and `az` print them, typed.
//!
//! One file per family; field names are those of Azure's REST API. Every field is optional: an
//! absent list is not an empty one (what is not told is unknown), and what is told badly is kept
//! ([`Field::Bad`]). Identifiers, addresses and enumerations stay text: lowering reads them, and
//! their letter case differs between answers (T-1, T-9).
//!
//! A resource has its own fields under `properties` (ARM, Resource Graph) or beside its name
//! (`az`); [`Resource`] hides which, and knows the places of what is in it. Keys are compared
//! without letter case: ARM's `privateIPAddress` is the `privateIpAddress` of `az`.
#![allow(missing_docs, reason = "fields carry the names and the meaning of Azure's API reference")]

use serde::{Deserialize, Serialize};

mod effective;
mod fields;
mod firewall;
mod gateway;
pub mod irrelevant;
mod load_balancer;
mod machine;
mod network_interface;
mod network_manager;
mod private_endpoint;
mod public_address;
mod resource;
mod route_table;
mod security_group;
mod service;
mod service_tag;
mod values;
mod virtual_network;

pub use cloudfw_documents::Field;
use cloudfw_documents::text;
pub use effective::*;
pub(crate) use fields::AnyCase;
use fields::{object, objects};
pub use firewall::*;
pub use gateway::*;
pub use load_balancer::*;
pub use machine::*;
pub use network_interface::*;
pub use network_manager::*;
pub use private_endpoint::*;
pub use public_address::*;
pub use resource::{Envelope, Resource, Standing};
pub use route_table::*;
pub use security_group::*;
pub use service::*;
pub use service_tag::*;
pub use values::{FirewallProtocols, TagMap, Tags};
use values::{tags, texts};
pub use virtual_network::*;

/// Another resource, as this one refers to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// In any letter case (T-9).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// What was paid for: `Basic`, `Standard` …
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sku {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
}

/// An edge zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedLocation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}
