//! The kinds of Azure documents.

use std::fmt;

/// What a list of an Azure document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "`Kind::command` says of each where it comes from")]
pub enum Kind {
    VirtualNetworks,
    Subnets,
    VirtualNetworkPeerings,
    NetworkInterfaces,
    VirtualMachines,
    VirtualMachineScaleSets,
    VirtualMachineScaleSetVms,
    NetworkSecurityGroups,
    ApplicationSecurityGroups,
    SecurityAdminRules,
    RouteTables,
    PublicIpAddresses,
    PublicIpPrefixes,
    LoadBalancers,
    NatGateways,
    PrivateEndpoints,
    AzureFirewalls,
    FirewallPolicies,
    FirewallPolicyRuleCollectionGroups,
    IpGroups,
    VirtualNetworkGateways,
    LocalNetworkGateways,
    VirtualNetworkGatewayConnections,
    ServiceTags,
    EffectiveNetworkSecurityGroups,
    EffectiveRouteTables,
    ExpressRouteCircuits,
    ApplicationGateways,
    BastionHosts,
    VirtualWans,
    VirtualHubs,
    HubVirtualNetworkConnections,
}

/// What is known of a kind.
struct Facts {
    name: &'static str,
    /// Empty for answers that are no resources.
    arm_type: &'static str,
    call: &'static str,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 32] = [
        Self::VirtualNetworks,
        Self::Subnets,
        Self::VirtualNetworkPeerings,
        Self::NetworkInterfaces,
        Self::VirtualMachines,
        Self::VirtualMachineScaleSets,
        Self::VirtualMachineScaleSetVms,
        Self::NetworkSecurityGroups,
        Self::ApplicationSecurityGroups,
        Self::SecurityAdminRules,
        Self::RouteTables,
        Self::PublicIpAddresses,
        Self::PublicIpPrefixes,
        Self::LoadBalancers,
        Self::NatGateways,
        Self::PrivateEndpoints,
        Self::AzureFirewalls,
        Self::FirewallPolicies,
        Self::FirewallPolicyRuleCollectionGroups,
        Self::IpGroups,
        Self::VirtualNetworkGateways,
        Self::LocalNetworkGateways,
        Self::VirtualNetworkGatewayConnections,
        Self::ServiceTags,
        Self::EffectiveNetworkSecurityGroups,
        Self::EffectiveRouteTables,
        Self::ExpressRouteCircuits,
        Self::ApplicationGateways,
        Self::BastionHosts,
        Self::VirtualWans,
        Self::VirtualHubs,
        Self::HubVirtualNetworkConnections,
    ];

    /// The name that users and manifests call it: `NetworkSecurityGroups`.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The type that ARM has for it: `Microsoft.Network/networkSecurityGroups`. None for answers
    /// that Azure works out, which are no resources.
    pub fn arm_type(self) -> Option<&'static str> {
        Some(self.facts().arm_type).filter(|arm_type| !arm_type.is_empty())
    }

    /// The call of the vendor's CLI that prints it, as manifests name it: `network nsg list`.
    pub fn call(self) -> &'static str {
        self.facts().call
    }

    /// The command that prints it: `az network nsg list`.
    pub fn command(self) -> String {
        format!("az {}", self.call())
    }

    /// Whether it is only recognised: what it tells of becomes a hop that nobody can see through.
    pub fn is_opaque(self) -> bool {
        // The kinds are declared in this order: what is lowered in full, then the rest.
        self >= Self::ExpressRouteCircuits
    }

    /// Whether recordings made by others never hold it, so that `--assume-none` is of use.
    pub fn is_seldom_recorded(self) -> bool {
        matches!(
            self,
            Self::SecurityAdminRules
                | Self::ServiceTags
                | Self::EffectiveNetworkSecurityGroups
                | Self::EffectiveRouteTables
        )
    }

    /// Whether every recording has to hold it, so that only its own name assumes it away: what the
    /// verdicts and checks are about. Subnets stand in their networks.
    pub fn is_core(self) -> bool {
        matches!(
            self,
            Self::VirtualNetworks | Self::NetworkInterfaces | Self::NetworkSecurityGroups
        )
    }

    /// Whether Azure answers it for one resource, which the answer itself need not name: for an
    /// interface, or for the network that admin rules hold in.
    pub fn is_of_one_resource(self) -> bool {
        matches!(
            self,
            Self::SecurityAdminRules
                | Self::EffectiveNetworkSecurityGroups
                | Self::EffectiveRouteTables
        )
    }

    /// The kind of this name, in any letter case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// The kind that `az <call>` prints.
    pub fn from_call(call: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.call() == call)
    }

    /// The kind of resources of an ARM type, in any letter case (T-9). Interfaces and addresses of
    /// scale sets have types of their own.
    pub fn from_arm_type(arm_type: &str) -> Option<Self> {
        let is = |other: &str| arm_type.eq_ignore_ascii_case(other);
        if let Some(kind) = Self::ALL.into_iter().find(|kind| kind.arm_type().is_some_and(is)) {
            return Some(kind);
        }
        SCALE_SETS.into_iter().find(|(other, _)| is(other)).map(|(_, kind)| kind)
    }

    /// The kind of the resource that has this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::from_arm_type(&arm_type_of_id(id)?)
    }

    fn facts(self) -> Facts {
        match self {
            Self::VirtualMachines => Facts {
                name: "VirtualMachines",
                arm_type: "Microsoft.Compute/virtualMachines",
                call: "vm list",
            },
            Self::VirtualMachineScaleSets => Facts {
                name: "VirtualMachineScaleSets",
                arm_type: "Microsoft.Compute/virtualMachineScaleSets",
                call: "vmss list",
            },
            Self::VirtualMachineScaleSetVms => Facts {
                name: "VirtualMachineScaleSetVms",
                arm_type: "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
                call: "vmss list-instances",
            },
            _ => self.network_facts(),
        }
    }

    /// Of the kinds of `Microsoft.Network`.
    fn network_facts(self) -> Facts {
        let (name, arm_type, call) = match self {
            Self::VirtualNetworks => {
                ("VirtualNetworks", "Microsoft.Network/virtualNetworks", "network vnet list")
            }
            Self::Subnets => {
                ("Subnets", "Microsoft.Network/virtualNetworks/subnets", "network vnet subnet list")
            }
            Self::VirtualNetworkPeerings => (
                "VirtualNetworkPeerings",
                "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
                "network vnet peering list",
            ),
            Self::NetworkInterfaces => {
                ("NetworkInterfaces", "Microsoft.Network/networkInterfaces", "network nic list")
            }
            Self::NetworkSecurityGroups => (
                "NetworkSecurityGroups",
                "Microsoft.Network/networkSecurityGroups",
                "network nsg list",
            ),
            Self::ApplicationSecurityGroups => (
                "ApplicationSecurityGroups",
                "Microsoft.Network/applicationSecurityGroups",
                "network asg list",
            ),
            Self::SecurityAdminRules => (
                "SecurityAdminRules",
                "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules",
                "network manager list-effective-security-admin-rule",
            ),
            Self::RouteTables => {
                ("RouteTables", "Microsoft.Network/routeTables", "network route-table list")
            }
            Self::PublicIpAddresses => (
                "PublicIpAddresses",
                "Microsoft.Network/publicIPAddresses",
                "network public-ip list",
            ),
            Self::PublicIpPrefixes => (
                "PublicIpPrefixes",
                "Microsoft.Network/publicIPPrefixes",
                "network public-ip prefix list",
            ),
            Self::LoadBalancers => {
                ("LoadBalancers", "Microsoft.Network/loadBalancers", "network lb list")
            }
            Self::NatGateways => {
                ("NatGateways", "Microsoft.Network/natGateways", "network nat gateway list")
            }
            Self::PrivateEndpoints => (
                "PrivateEndpoints",
                "Microsoft.Network/privateEndpoints",
                "network private-endpoint list",
            ),
            Self::ServiceTags => {
                ("ServiceTags", "Microsoft.Network/serviceTags", "network list-service-tags")
            }
            Self::EffectiveNetworkSecurityGroups => {
                ("EffectiveNetworkSecurityGroups", "", "network nic list-effective-nsg")
            }
            Self::EffectiveRouteTables => {
                ("EffectiveRouteTables", "", "network nic show-effective-route-table")
            }
            _ => self.transit_facts(),
        };
        Facts { name, arm_type, call }
    }

    /// Of what packets go through on their way to elsewhere.
    fn transit_facts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::AzureFirewalls => {
                ("AzureFirewalls", "Microsoft.Network/azureFirewalls", "network firewall list")
            }
            Self::FirewallPolicies => (
                "FirewallPolicies",
                "Microsoft.Network/firewallPolicies",
                "network firewall policy list",
            ),
            Self::FirewallPolicyRuleCollectionGroups => (
                "FirewallPolicyRuleCollectionGroups",
                "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
                "network firewall policy rule-collection-group list",
            ),
            Self::IpGroups => ("IpGroups", "Microsoft.Network/ipGroups", "network ip-group list"),
            Self::VirtualNetworkGateways => (
                "VirtualNetworkGateways",
                "Microsoft.Network/virtualNetworkGateways",
                "network vnet-gateway list",
            ),
            Self::LocalNetworkGateways => (
                "LocalNetworkGateways",
                "Microsoft.Network/localNetworkGateways",
                "network local-gateway list",
            ),
            Self::VirtualNetworkGatewayConnections => (
                "VirtualNetworkGatewayConnections",
                "Microsoft.Network/connections",
                "network vpn-connection list",
            ),
            Self::ExpressRouteCircuits => (
                "ExpressRouteCircuits",
                "Microsoft.Network/expressRouteCircuits",
                "network express-route list",
            ),
            Self::ApplicationGateways => (
                "ApplicationGateways",
                "Microsoft.Network/applicationGateways",
                "network application-gateway list",
            ),
            Self::BastionHosts => {
                ("BastionHosts", "Microsoft.Network/bastionHosts", "network bastion list")
            }
            Self::VirtualWans => {
                ("VirtualWans", "Microsoft.Network/virtualWans", "network vwan list")
            }
            Self::VirtualHubs => {
                ("VirtualHubs", "Microsoft.Network/virtualHubs", "network vhub list")
            }
            _ => (
                "HubVirtualNetworkConnections",
                "Microsoft.Network/virtualHubs/hubVirtualNetworkConnections",
                "network vhub connection list",
            ),
        }
    }
}

/// What ARM calls the parts of scale sets that are of a kind of their own elsewhere.
const SCALE_SETS: [(&str, Kind); 4] = [
    ("Microsoft.Compute/virtualMachineScaleSets/networkInterfaces", Kind::NetworkInterfaces),
    (
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces",
        Kind::NetworkInterfaces,
    ),
    ("Microsoft.Compute/virtualMachineScaleSets/publicIPAddresses", Kind::PublicIpAddresses),
    (
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/ipConfigurations/publicIPAddresses",
        Kind::PublicIpAddresses,
    ),
];

/// The ARM type of the resource that has this id: what stands behind the last `/providers/`,
/// without the names.
pub(crate) fn arm_type_of_id(id: &str) -> Option<String> {
    const PROVIDERS: &str = "/providers/";
    let lower = id.to_ascii_lowercase();
    let at = lower.rfind(PROVIDERS)?;
    let mut parts = id.get(at + PROVIDERS.len()..)?.split('/');
    let mut arm_type = parts.next()?.to_owned();
    let kinds = parts.enumerate().filter(|(index, _)| index % 2 == 0).map(|(_, kind)| kind);
    let mut levels = 0;
    for kind in kinds.filter(|kind| !kind.is_empty()) {
        arm_type.push('/');
        arm_type.push_str(kind);
        levels += 1;
    }
    (levels > 0).then_some(arm_type)
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_name_by_call_and_by_type() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(&kind.name().to_lowercase()), Some(kind));
            assert_eq!(Kind::from_name(&format!("{kind:?}")), Some(kind));
            assert_eq!(Kind::from_call(kind.call()), Some(kind));
            let Some(arm_type) = kind.arm_type() else { continue };
            assert_eq!(Kind::from_arm_type(&arm_type.to_uppercase()), Some(kind));
        }
        assert_eq!(Kind::from_arm_type("Microsoft.Storage/storageAccounts"), None);
        assert_eq!(Kind::from_arm_type(""), None);
        assert!(Kind::VirtualHubs.is_opaque() && !Kind::EffectiveRouteTables.is_opaque());
    }

    #[test]
    fn t_9_a_kind_is_told_by_an_id_of_any_letter_case() {
        let of = |path: &str| Kind::from_id(&format!("/Subscriptions/s/resourcegroups/r{path}"));
        let nic = "/Providers/microsoft.network/NETWORKINTERFACES/n";
        assert_eq!(of(nic), Some(Kind::NetworkInterfaces));
        assert_eq!(of(&format!("{nic}/ipConfigurations/c")), None);
        let subnet = "/providers/Microsoft.Network/virtualNetworks/v/subnets/s";
        assert_eq!(of(subnet), Some(Kind::Subnets));
        let of_scale_set = "/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/0/networkInterfaces/n";
        assert_eq!(of(of_scale_set), Some(Kind::NetworkInterfaces));
        // A lock on a group is no group.
        let lock = "/providers/Microsoft.Network/networkSecurityGroups/g/providers/Microsoft.Authorization/locks/l";
        assert_eq!(of(lock), None);
        for odd in ["", "/providers/", "/providers/Microsoft.Network", "/providers/ß/ß/ß"] {
            assert_eq!(of(odd), None, "{odd}");
        }
    }
}
