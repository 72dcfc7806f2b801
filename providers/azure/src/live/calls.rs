//! What is asked beside the lists, and in which version.

use serde_json::{Value, json};

use crate::by_hand::NETWORK_VERSION;
use crate::kind::Kind;

/// The name of the query for the power states of machines, in manifests as `az` has it.
pub(super) const GRAPH_QUERY: &str = "graph query";

/// The name of the list of resource groups.
pub(super) const GROUP_LIST: &str = "group list";

/// Of the network's calls.
pub(super) const NETWORK: (&str, &str) = ("api-version", NETWORK_VERSION);

/// Of the list of resource groups.
pub(super) const GROUPS_VERSION: &str = "2021-04-01";

/// Of the list of subscriptions.
pub(super) const SUBSCRIPTIONS_VERSION: &str = "2022-12-01";

/// Of the list of what is in a management group.
pub(super) const MANAGEMENT_VERSION: &str = "2020-05-01";

/// Resource Graph.
pub(super) const GRAPH_PATH: &str = "providers/Microsoft.ResourceGraph/resources";

pub(super) const GRAPH_VERSION: &str = "2021-03-01";

/// Below the id of a network.
pub(super) const ADMIN_RULES: &str = "listNetworkManagerEffectiveSecurityAdminRules";

/// Below the id of an interface.
pub(super) fn effective(kind: Kind) -> &'static str {
    match kind {
        Kind::EffectiveNetworkSecurityGroups => "effectiveNetworkSecurityGroups",
        _ => "effectiveRouteTable",
    }
}

/// The question for the power states of a subscription's machines. Rows without an order have no
/// pages.
pub(super) fn power_states(subscription: &str) -> Value {
    json!({
        "subscriptions": [subscription],
        "query": "Resources | where type =~ 'microsoft.compute/virtualmachines' \
            | project id, \
            code = tostring(properties.extended.instanceView.powerState.code), \
            displayStatus = tostring(properties.extended.instanceView.powerState.displayStatus) \
            | order by id asc",
        "options": {"resultFormat": "objectArray", "$top": 1000},
    })
}
