//! How each of [`LISTINGS`](crate::by_hand::LISTINGS), and what is asked beside them, is asked.

use serde_json::{Value, json};

use crate::by_hand::{Listing, Of};
use crate::kind::Kind;

/// Of the network's calls. The first with all fields that lowering reads; newer ones come to the
/// other clouds late.
pub(super) const NETWORK_VERSION: (&str, &str) = ("api-version", "2024-05-01");

/// Of the network's calls for parts of scale sets, which have had no other since.
const SCALE_SET_NETWORK_VERSION: (&str, &str) = ("api-version", "2018-10-01");

const COMPUTE_VERSION: (&str, &str) = ("api-version", "2024-03-01");

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

/// What is asked for with a list.
pub(super) fn query(listing: &Listing) -> Vec<(&'static str, &'static str)> {
    match (listing.of, listing.kind) {
        // With their power states: Resource Graph does not have these machines.
        (_, Kind::VirtualMachineScaleSetVms) => {
            vec![COMPUTE_VERSION, ("$expand", "instanceView")]
        }
        (Of::ScaleSets, _) => vec![SCALE_SET_NETWORK_VERSION],
        (_, Kind::VirtualMachines | Kind::VirtualMachineScaleSets) => vec![COMPUTE_VERSION],
        _ => vec![NETWORK_VERSION],
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
