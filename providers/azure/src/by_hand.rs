//! A recording without cloudfw: the calls that one consists of, what they must be allowed, and the
//! `az` lines that make one.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::kind::Kind;

mod commands;

pub use commands::print_commands;

/// The version of the network's calls. The first with all fields that lowering reads; newer ones
/// come to the other clouds late.
pub(crate) const NETWORK_VERSION: &str = "2024-05-01";

/// Of the network's calls for parts of scale sets, which have had no other since.
const SCALE_SET_NETWORK_VERSION: &str = "2018-10-01";

const COMPUTE_VERSION: &str = "2024-03-01";

/// What a call lists, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listing {
    /// What it lists.
    pub(crate) kind: Kind,
    /// What it is asked of.
    pub(crate) of: Of,
}

/// What a list is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// The subscription.
    Subscription,
    /// Each of its resource groups: Azure has no list of the subscription's.
    ResourceGroups,
    /// Each of these.
    Each(Kind),
    /// Each of its scale sets whose instances are no machines of their own.
    ScaleSets,
}

/// Every list that is read with `GET`, page by page, in the order in which they are asked for.
pub(crate) const LISTINGS: [Listing; 28] = [
    of_subscription(Kind::VirtualNetworks),
    of_subscription(Kind::NetworkInterfaces),
    of_subscription(Kind::VirtualMachines),
    of_subscription(Kind::VirtualMachineScaleSets),
    of_subscription(Kind::NetworkSecurityGroups),
    of_subscription(Kind::ApplicationSecurityGroups),
    of_subscription(Kind::RouteTables),
    of_subscription(Kind::PublicIpAddresses),
    of_subscription(Kind::PublicIpPrefixes),
    of_subscription(Kind::LoadBalancers),
    of_subscription(Kind::NatGateways),
    of_subscription(Kind::PrivateEndpoints),
    of_subscription(Kind::AzureFirewalls),
    of_subscription(Kind::FirewallPolicies),
    of_subscription(Kind::IpGroups),
    of_subscription(Kind::ExpressRouteCircuits),
    of_subscription(Kind::ApplicationGateways),
    of_subscription(Kind::BastionHosts),
    of_subscription(Kind::VirtualWans),
    of_subscription(Kind::VirtualHubs),
    Listing { kind: Kind::VirtualNetworkGateways, of: Of::ResourceGroups },
    Listing { kind: Kind::LocalNetworkGateways, of: Of::ResourceGroups },
    Listing { kind: Kind::VirtualNetworkGatewayConnections, of: Of::ResourceGroups },
    Listing {
        kind: Kind::FirewallPolicyRuleCollectionGroups,
        of: Of::Each(Kind::FirewallPolicies),
    },
    Listing { kind: Kind::HubVirtualNetworkConnections, of: Of::Each(Kind::VirtualHubs) },
    Listing { kind: Kind::VirtualMachineScaleSetVms, of: Of::ScaleSets },
    Listing { kind: Kind::NetworkInterfaces, of: Of::ScaleSets },
    Listing { kind: Kind::PublicIpAddresses, of: Of::ScaleSets },
];

const fn of_subscription(kind: Kind) -> Listing {
    Listing { kind, of: Of::Subscription }
}

impl Listing {
    /// The ARM type of what is listed, as the path of the call has it.
    pub(crate) fn arm_type(&self) -> &'static str {
        match (self.of, self.kind) {
            (Of::ScaleSets, Kind::NetworkInterfaces) => {
                "Microsoft.Compute/virtualMachineScaleSets/networkInterfaces"
            }
            (Of::ScaleSets, Kind::PublicIpAddresses) => {
                "Microsoft.Compute/virtualMachineScaleSets/publicIPAddresses"
            }
            (_, kind) => kind.arm_type().unwrap_or_default(),
        }
    }

    /// What is asked for with the path.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let version = match (self.of, self.kind) {
            (_, Kind::VirtualMachineScaleSetVms) => COMPUTE_VERSION,
            (Of::ScaleSets, _) => SCALE_SET_NETWORK_VERSION,
            (_, Kind::VirtualMachines | Kind::VirtualMachineScaleSets) => COMPUTE_VERSION,
            _ => NETWORK_VERSION,
        };
        // With their power states: Resource Graph does not have these machines.
        let expand =
            (self.kind == Kind::VirtualMachineScaleSetVms).then_some(("$expand", "instanceView"));
        std::iter::once(("api-version", version)).chain(expand)
    }

    fn action(&self) -> String {
        format!("{}/read", self.arm_type())
    }
}

/// What the calls need that are made beside [`LISTINGS`], with and without `--effective`.
const OTHER_ACTIONS: [&str; 5] = [
    // Which subscriptions there are.
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    // The power states of machines.
    "Microsoft.ResourceGraph/resources/read",
    "Microsoft.Network/locations/serviceTags/read",
    // AZ-43. Called an action because it is asked with POST; it changes nothing.
    "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action",
];

/// What `--effective` needs beside (AZ-75). Called actions because they are asked with POST; they
/// change nothing.
const EFFECTIVE_ACTIONS: [&str; 4] = [
    "Microsoft.Network/networkInterfaces/effectiveNetworkSecurityGroups/action",
    "Microsoft.Network/networkInterfaces/effectiveRouteTable/action",
    // Where their answers are fetched from.
    "Microsoft.Network/locations/operationResults/read",
    "Microsoft.Network/locations/operations/read",
];

/// What `--management-group` needs beside.
const MANAGEMENT_GROUP_ACTION: &str = "Microsoft.Management/managementGroups/descendants/read";

/// What is to be recorded, as far as a role hangs on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Which subscriptions.
    pub subscriptions: Subscriptions,
    /// Whether with the effective rules and routes of every interface.
    pub effective: bool,
}

/// Which subscriptions to record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Subscriptions {
    /// All that the credential sees.
    #[default]
    All,
    /// Those with these ids.
    These(Vec<String>),
    /// Those of a management group and of the groups in it.
    ManagementGroup(String),
}

/// The least that a role needs to make a recording: a custom role as JSON, ending in a new line,
/// as `az role definition create --role-definition` takes it. `policy/least-privilege.json` beside
/// this crate is the text for all subscriptions, without `--effective`.
pub fn least_privilege_role(wanted: &Wanted) -> String {
    let listed = LISTINGS.iter().map(Listing::action);
    let mut actions: BTreeSet<String> = listed.chain(OTHER_ACTIONS.map(str::to_owned)).collect();
    if wanted.effective {
        actions.extend(EFFECTIVE_ACTIONS.map(str::to_owned));
    }
    if matches!(wanted.subscriptions, Subscriptions::ManagementGroup(_)) {
        actions.insert(MANAGEMENT_GROUP_ACTION.to_owned());
    }
    let role = Role {
        name: "cloudfw record",
        is_custom: true,
        description: "Reads what cloudfw needs to know of the network, and nothing else.",
        actions,
        not_actions: [],
        data_actions: [],
        not_data_actions: [],
        assignable_scopes: scopes(&wanted.subscriptions),
    };
    // Texts in lists in an object: nothing that JSON could refuse.
    serde_json::to_string_pretty(&role).unwrap_or_default() + "\n"
}

fn scopes(subscriptions: &Subscriptions) -> Vec<String> {
    let of = |id: &str| format!("/subscriptions/{id}");
    match subscriptions {
        // A role needs one; which there are is known only when it may be asked.
        Subscriptions::All => vec![of("00000000-0000-0000-0000-000000000000")],
        Subscriptions::These(ids) => ids.iter().map(|id| of(id)).collect(),
        Subscriptions::ManagementGroup(group) => {
            vec![format!("/providers/Microsoft.Management/managementGroups/{group}")]
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Role {
    name: &'static str,
    is_custom: bool,
    description: &'static str,
    actions: BTreeSet<String>,
    not_actions: [&'static str; 0],
    data_actions: [&'static str; 0],
    not_data_actions: [&'static str; 0],
    assignable_scopes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn actions(wanted: &Wanted) -> Vec<String> {
        let role: Value = serde_json::from_str(&least_privilege_role(wanted)).unwrap();
        let actions = role["Actions"].as_array().unwrap().iter();
        actions.map(|action| action.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_shipped_role_is_the_printed_one() {
        let shipped = include_str!("../policy/least-privilege.json");
        assert_eq!(least_privilege_role(&Wanted::default()), shipped);
    }

    #[test]
    fn the_role_reads_and_does_nothing_else() {
        let group = Subscriptions::ManagementGroup("corp".to_owned());
        let wanted = Wanted { subscriptions: group, effective: true };
        let all = actions(&wanted);
        assert_eq!(all.len(), actions(&Wanted::default()).len() + EFFECTIVE_ACTIONS.len() + 1);
        // These are asked with POST, and give what they work out.
        let posts = [
            "Microsoft.Network/networkInterfaces/effectiveNetworkSecurityGroups/action",
            "Microsoft.Network/networkInterfaces/effectiveRouteTable/action",
            "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action",
        ];
        for action in all {
            assert!(action.ends_with("/read") || posts.contains(&action.as_str()), "{action}");
            assert!(!action.contains('*'), "{action}");
        }
    }

    #[test]
    fn every_kind_that_lowering_reads_is_recorded() {
        for kind in Kind::ALL {
            let listed = LISTINGS.iter().any(|listing| listing.kind == kind);
            // Within their networks; and what is asked otherwise.
            let other = matches!(
                kind,
                Kind::Subnets
                    | Kind::VirtualNetworkPeerings
                    | Kind::SecurityAdminRules
                    | Kind::ServiceTags
                    | Kind::EffectiveNetworkSecurityGroups
                    | Kind::EffectiveRouteTables
            );
            assert!(listed != other, "{kind}");
        }
    }

    #[test]
    fn the_role_can_be_assigned_where_the_user_says() {
        let ids = ["a".to_owned(), "b".to_owned()];
        assert_eq!(
            scopes(&Subscriptions::These(ids.to_vec())),
            ["/subscriptions/a", "/subscriptions/b"]
        );
        assert_eq!(
            scopes(&Subscriptions::ManagementGroup("corp".to_owned())),
            ["/providers/Microsoft.Management/managementGroups/corp"]
        );
    }
}
