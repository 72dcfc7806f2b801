//! Route tables: `az network route-table list`.

use serde::{Deserialize, Serialize};

use super::{Field, Reference, Resource, objects};

/// A table of user-defined routes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteTable {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routes: Option<Vec<Resource<Route>>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub subnets: Option<Vec<Reference>>,
    /// AZ-56.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub disable_bgp_route_propagation: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A user-defined route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// A prefix or a service tag (AZ-55).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_hop_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_hop_ip_address: Option<String>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub has_bgp_override: Field<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}
