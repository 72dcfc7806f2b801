//! The kinds of AWS documents.

use std::fmt;

/// What a list of an AWS document holds. Named as the key it stands under, where that tells it
/// apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "`Kind::call` says of each where it comes from")]
pub enum Kind {
    Vpcs,
    Subnets,
    NetworkInterfaces,
    Reservations,
    SecurityGroups,
    SecurityGroupVpcAssociations,
    NetworkAcls,
    RouteTables,
    InternetGateways,
    EgressOnlyInternetGateways,
    NatGateways,
    VpcPeeringConnections,
    VpcEndpoints,
    ManagedPrefixLists,
    ManagedPrefixListEntries,
    PrefixLists,
    Addresses,
    VpcBlockPublicAccessOptions,
    VpcBlockPublicAccessExclusions,
    Regions,
    AvailabilityZones,
    DhcpOptions,
    TransitGateways,
    TransitGatewayAttachments,
    TransitGatewayVpcAttachments,
    TransitGatewayPeeringAttachments,
    TransitGatewayRouteTables,
    TransitGatewayPropagations,
    TransitGatewayStaticRoutes,
    VpnGateways,
    VpnConnections,
    CustomerGateways,
    CarrierGateways,
    VpcEndpointServices,
    LoadBalancers,
    ClassicLoadBalancers,
    LoadBalancerListeners,
    LoadBalancerAttributes,
    TargetGroups,
    LoadBalancerTargetHealth,
    DbInstances,
    ElasticsearchDomains,
    Firewalls,
}

/// What is known of a kind.
struct Facts {
    name: &'static str,
    service: &'static str,
    call: &'static str,
    key: &'static str,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 43] = [
        Self::Vpcs,
        Self::Subnets,
        Self::NetworkInterfaces,
        Self::Reservations,
        Self::SecurityGroups,
        Self::SecurityGroupVpcAssociations,
        Self::NetworkAcls,
        Self::RouteTables,
        Self::InternetGateways,
        Self::EgressOnlyInternetGateways,
        Self::NatGateways,
        Self::VpcPeeringConnections,
        Self::VpcEndpoints,
        Self::ManagedPrefixLists,
        Self::ManagedPrefixListEntries,
        Self::PrefixLists,
        Self::Addresses,
        Self::VpcBlockPublicAccessOptions,
        Self::VpcBlockPublicAccessExclusions,
        Self::Regions,
        Self::AvailabilityZones,
        Self::DhcpOptions,
        Self::TransitGateways,
        Self::TransitGatewayAttachments,
        Self::TransitGatewayVpcAttachments,
        Self::TransitGatewayPeeringAttachments,
        Self::TransitGatewayRouteTables,
        Self::TransitGatewayPropagations,
        Self::TransitGatewayStaticRoutes,
        Self::VpnGateways,
        Self::VpnConnections,
        Self::CustomerGateways,
        Self::CarrierGateways,
        Self::VpcEndpointServices,
        Self::LoadBalancers,
        Self::ClassicLoadBalancers,
        Self::LoadBalancerListeners,
        Self::LoadBalancerAttributes,
        Self::TargetGroups,
        Self::LoadBalancerTargetHealth,
        Self::DbInstances,
        Self::ElasticsearchDomains,
        Self::Firewalls,
    ];

    /// The name that users and manifests call it: `SecurityGroups`.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The call of the vendor's CLI that prints it: `describe-security-groups`.
    pub fn call(self) -> &'static str {
        self.facts().call
    }

    /// The service of the vendor's CLI that has the call: `ec2`, `elbv2`, `rds` …
    pub fn service(self) -> &'static str {
        self.facts().service
    }

    /// The command that prints it: `aws ec2 describe-vpcs`.
    pub fn command(self) -> String {
        format!("aws {} {}", self.service(), self.call())
    }

    /// The key of the JSON object that holds it.
    pub fn key(self) -> &'static str {
        self.facts().key
    }

    /// Whether it is only recognised: what it tells of becomes a hop that nobody can see through.
    pub fn is_opaque(self) -> bool {
        // The kinds are declared in this order: what is lowered in full, then the rest.
        self >= Self::TransitGateways
    }

    /// Whether recordings made by others never hold it, so that `--assume-none` is of use.
    pub fn is_seldom_recorded(self) -> bool {
        matches!(
            self,
            Self::VpcBlockPublicAccessOptions
                | Self::VpcBlockPublicAccessExclusions
                | Self::SecurityGroupVpcAssociations
        )
    }

    /// Whether every recording has to hold it, so that only its own name assumes it away: what the
    /// verdicts and checks are about, and which nothing else that is recorded need refer to.
    pub fn is_core(self) -> bool {
        matches!(
            self,
            Self::Vpcs
                | Self::Subnets
                | Self::NetworkInterfaces
                | Self::SecurityGroups
                | Self::NetworkAcls
                | Self::RouteTables
        )
    }

    /// The kind of this name, in any letter case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// The kind that `aws <service> <call>` prints. `elb` and `elbv2` share a call.
    pub fn from_call(service: &str, call: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.service() == service && kind.call() == call)
    }

    /// The kind whose documents have this key. `PrefixLists` has two: see [`crate::read`].
    pub(crate) fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    fn facts(self) -> Facts {
        let ec2 = |name, call| Facts { name, service: "ec2", call, key: name };
        let elbv2 = |name, call| Facts { name, service: "elbv2", call, key: name };
        match self {
            Self::Vpcs => ec2("Vpcs", "describe-vpcs"),
            Self::Subnets => ec2("Subnets", "describe-subnets"),
            Self::NetworkInterfaces => ec2("NetworkInterfaces", "describe-network-interfaces"),
            Self::Reservations => ec2("Reservations", "describe-instances"),
            Self::SecurityGroups => ec2("SecurityGroups", "describe-security-groups"),
            Self::SecurityGroupVpcAssociations => {
                ec2("SecurityGroupVpcAssociations", "describe-security-group-vpc-associations")
            }
            Self::NetworkAcls => ec2("NetworkAcls", "describe-network-acls"),
            Self::RouteTables => ec2("RouteTables", "describe-route-tables"),
            Self::InternetGateways => ec2("InternetGateways", "describe-internet-gateways"),
            Self::EgressOnlyInternetGateways => {
                ec2("EgressOnlyInternetGateways", "describe-egress-only-internet-gateways")
            }
            Self::NatGateways => ec2("NatGateways", "describe-nat-gateways"),
            Self::VpcPeeringConnections => {
                ec2("VpcPeeringConnections", "describe-vpc-peering-connections")
            }
            Self::VpcEndpoints => ec2("VpcEndpoints", "describe-vpc-endpoints"),
            Self::ManagedPrefixLists => Facts {
                key: "PrefixLists",
                ..ec2("ManagedPrefixLists", "describe-managed-prefix-lists")
            },
            Self::ManagedPrefixListEntries => {
                ec2("ManagedPrefixListEntries", "get-managed-prefix-list-entries")
            }
            Self::PrefixLists => ec2("PrefixLists", "describe-prefix-lists"),
            Self::Addresses => ec2("Addresses", "describe-addresses"),
            Self::VpcBlockPublicAccessOptions => {
                ec2("VpcBlockPublicAccessOptions", "describe-vpc-block-public-access-options")
            }
            Self::VpcBlockPublicAccessExclusions => {
                ec2("VpcBlockPublicAccessExclusions", "describe-vpc-block-public-access-exclusions")
            }
            Self::Regions => ec2("Regions", "describe-regions"),
            Self::AvailabilityZones => ec2("AvailabilityZones", "describe-availability-zones"),
            Self::DhcpOptions => ec2("DhcpOptions", "describe-dhcp-options"),
            Self::TransitGateways => ec2("TransitGateways", "describe-transit-gateways"),
            Self::TransitGatewayAttachments => {
                ec2("TransitGatewayAttachments", "describe-transit-gateway-attachments")
            }
            Self::TransitGatewayVpcAttachments => {
                ec2("TransitGatewayVpcAttachments", "describe-transit-gateway-vpc-attachments")
            }
            Self::TransitGatewayPeeringAttachments => ec2(
                "TransitGatewayPeeringAttachments",
                "describe-transit-gateway-peering-attachments",
            ),
            Self::TransitGatewayRouteTables => {
                ec2("TransitGatewayRouteTables", "describe-transit-gateway-route-tables")
            }
            Self::TransitGatewayPropagations => {
                ec2("TransitGatewayPropagations", "get-transit-gateway-route-table-propagations")
            }
            Self::TransitGatewayStaticRoutes => {
                ec2("TransitGatewayStaticRoutes", "search-transit-gateway-routes")
            }
            Self::VpnGateways => ec2("VpnGateways", "describe-vpn-gateways"),
            Self::VpnConnections => ec2("VpnConnections", "describe-vpn-connections"),
            Self::CustomerGateways => ec2("CustomerGateways", "describe-customer-gateways"),
            Self::CarrierGateways => ec2("CarrierGateways", "describe-carrier-gateways"),
            Self::VpcEndpointServices => Facts {
                key: "ServiceDetails",
                ..ec2("VpcEndpointServices", "describe-vpc-endpoint-services")
            },
            Self::LoadBalancers => elbv2("LoadBalancers", "describe-load-balancers"),
            Self::ClassicLoadBalancers => Facts {
                name: "ClassicLoadBalancers",
                service: "elb",
                call: "describe-load-balancers",
                key: "LoadBalancerDescriptions",
            },
            Self::LoadBalancerListeners => elbv2("LoadBalancerListeners", "describe-listeners"),
            Self::LoadBalancerAttributes => {
                elbv2("LoadBalancerAttributes", "describe-load-balancer-attributes")
            }
            Self::TargetGroups => elbv2("TargetGroups", "describe-target-groups"),
            Self::LoadBalancerTargetHealth => {
                elbv2("LoadBalancerTargetHealth", "describe-target-health")
            }
            Self::DbInstances => Facts {
                name: "DbInstances",
                service: "rds",
                call: "describe-db-instances",
                key: "DBInstances",
            },
            Self::ElasticsearchDomains => Facts {
                name: "ElasticsearchDomains",
                service: "es",
                call: "describe-elasticsearch-domains",
                key: "DomainStatusList",
            },
            Self::Firewalls => Facts {
                name: "Firewalls",
                service: "network-firewall",
                call: "list-firewalls",
                key: "Firewalls",
            },
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
