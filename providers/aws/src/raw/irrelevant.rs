//! Fields that say nothing about which packets pass.
//!
//! What a document has and the raw types lack is reported as not understood, and an answer that
//! it could bear on is unknown. These fields are read past without a report, since each of them
//! was looked up and is about something else: billing, storage, boot, names, timestamps, health
//! checks. A field that might bear on packets does not belong here, even where nothing reads it
//! yet: leave it out, or give it a place in a raw type and lower it.
//!
//! Left out on purpose, for instance: `Vpcs.EncryptionControl` (may forbid unencrypted paths),
//! `NetworkInterfaces.AssociatedSubnets`, `Instances.SecondaryInterfaces`.

use crate::kind::Kind;

/// Whether the field at this path, or one that it is part of, is known to be irrelevant.
///
/// The path goes from an element of the kind's list, with dots and without indices:
/// `Instances.BlockDeviceMappings.Ebs`.
pub fn is_irrelevant(kind: Kind, path: &str) -> bool {
    let below = |field: &&'static str| {
        path.strip_prefix(*field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    of_no_network(kind) || TRANSPORT.iter().chain(fields(kind)).any(below)
}

/// What comes with every answer that stands alone.
const TRANSPORT: &[&str] = &["ResponseMetadata"];

/// Services of which only the ties to subnets, groups and names are read; the rest of what they
/// tell (some ninety fields of a database) is about themselves.
fn of_no_network(kind: Kind) -> bool {
    matches!(kind, Kind::DbInstances | Kind::ElasticsearchDomains | Kind::Firewalls)
}

/// The irrelevant fields of a kind.
pub fn fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Subnets => SUBNETS,
        Kind::NetworkInterfaces => NETWORK_INTERFACES,
        Kind::Reservations => RESERVATIONS,
        Kind::NatGateways => NAT_GATEWAYS,
        Kind::VpcEndpoints => &["DnsOptions", "PayerResponsibilities"],
        Kind::ManagedPrefixLists => MANAGED_PREFIX_LISTS,
        Kind::Regions => &["Geography"],
        Kind::AvailabilityZones => &["Messages", "GroupLongName", "Geography", "SubGeography"],
        Kind::TransitGatewayPeeringAttachments => &["Status"],
        Kind::VpnConnections => VPN_CONNECTIONS,
        Kind::CustomerGateways => &["CertificateArn"],
        Kind::VpcEndpointServices => VPC_ENDPOINT_SERVICES,
        Kind::LoadBalancers => &["IpamPools"],
        Kind::ClassicLoadBalancers => &["Policies", "BackendServerDescriptions", "HealthCheck"],
        Kind::LoadBalancerListeners => LISTENERS,
        Kind::TargetGroups => TARGET_GROUPS,
        Kind::LoadBalancerTargetHealth => &[
            "TargetHealthDescriptions.AnomalyDetection",
            "TargetHealthDescriptions.AdministrativeOverride",
        ],
        _ => &[],
    }
}

const SUBNETS: &[&str] = &[
    "AvailableIpAddressCount",
    // Outposts: which addresses and local interfaces new instances get.
    "CustomerOwnedIpv4Pool",
    "EnableLniAtDeviceIndex",
    "MapCustomerOwnedIpOnLaunch",
    "PrivateDnsNameOptionsOnLaunch",
];

const NETWORK_INTERFACES: &[&str] = &[
    // How fast, not whether.
    "Attachment.EnaQueueCount",
    "Attachment.EnaSrdSpecification",
    "Operator.HiddenByDefault",
    "PublicIpDnsNameOptions",
];

const RESERVATIONS: &[&str] = &[
    "Instances.AmiLaunchIndex",
    "Instances.BlockDeviceMappings",
    "Instances.BootMode",
    "Instances.CapacityBlockId",
    "Instances.CapacityReservationId",
    "Instances.CapacityReservationSpecification",
    "Instances.ClientToken",
    "Instances.CpuOptions",
    "Instances.CurrentInstanceBootMode",
    "Instances.EbsOptimized",
    "Instances.ElasticGpuAssociations",
    "Instances.ElasticInferenceAcceleratorAssociations",
    "Instances.EnaSupport",
    "Instances.EnclaveOptions",
    "Instances.HibernationOptions",
    "Instances.Hypervisor",
    "Instances.InstanceLifecycle",
    "Instances.KernelId",
    "Instances.KeyName",
    "Instances.LaunchTime",
    "Instances.Licenses",
    "Instances.MaintenanceOptions",
    // What the metadata service asks of a request once the connection stands; whether it is on
    // is read (AWS-50).
    "Instances.MetadataOptions.HttpPutResponseHopLimit",
    "Instances.MetadataOptions.HttpTokens",
    "Instances.MetadataOptions.InstanceMetadataTags",
    "Instances.Monitoring",
    "Instances.NetworkInterfaces.Attachment.EnaQueueCount",
    "Instances.NetworkInterfaces.Attachment.EnaSrdSpecification",
    // Idle timeouts (AWS-25): `describe-network-interfaces` tells them as well.
    "Instances.NetworkInterfaces.ConnectionTrackingConfiguration",
    "Instances.NetworkInterfaces.Operator.HiddenByDefault",
    "Instances.NetworkPerformanceOptions",
    "Instances.Operator.HiddenByDefault",
    "Instances.Placement.Affinity",
    "Instances.Placement.GroupId",
    "Instances.Placement.HostResourceGroupArn",
    "Instances.Placement.PartitionNumber",
    "Instances.Placement.SpreadDomain",
    "Instances.PrivateDnsNameOptions",
    "Instances.ProductCodes",
    "Instances.RamdiskId",
    "Instances.RootDeviceName",
    "Instances.RootDeviceType",
    "Instances.SpotInstanceRequestId",
    "Instances.SriovNetSupport",
    // Why the state is as it is; the state itself is read.
    "Instances.StateReason",
    "Instances.StateTransitionReason",
    "Instances.TpmSupport",
    "Instances.UsageOperation",
    "Instances.UsageOperationUpdateTime",
    "Instances.VirtualizationType",
];

const NAT_GATEWAYS: &[&str] = &[
    "AttachedAppliances.FailureCode",
    "AttachedAppliances.FailureMessage",
    // Whether a regional gateway grows by itself; what it has grown to is read.
    "AutoProvisionZones",
    "AutoScalingIps",
    "ProvisionedBandwidth",
];

/// Who keeps a list in step; what it holds is read by another call.
const MANAGED_PREFIX_LISTS: &[&str] =
    &["IpamPrefixListResolverSyncEnabled", "IpamPrefixListResolverTargetId"];

const VPN_CONNECTIONS: &[&str] = &[
    // Holds the pre-shared keys: never read, never written.
    "CustomerGatewayConfiguration",
    "Options.EnableAcceleration",
    "Options.TunnelBandwidth",
    // Cryptography and, again, the pre-shared keys.
    "Options.TunnelOptions",
    "PreSharedKeyArn",
    "VgwTelemetry.CertificateArn",
    "VgwTelemetry.LastStatusChange",
];

const VPC_ENDPOINT_SERVICES: &[&str] =
    &["PayerResponsibility", "PrivateDnsNameVerificationState", "PrivateDnsNames"];

const LISTENERS: &[&str] = &[
    // What is spoken over a connection once it stands.
    "Listeners.AlpnPolicy",
    "Listeners.Certificates",
    "Listeners.DefaultActions.AuthenticateCognitoConfig",
    "Listeners.DefaultActions.AuthenticateOidcConfig",
    "Listeners.DefaultActions.FixedResponseConfig",
    "Listeners.DefaultActions.ForwardConfig.TargetGroupStickinessConfig",
    "Listeners.DefaultActions.JwtValidationConfig",
    "Listeners.DefaultActions.RedirectConfig",
    "Listeners.MutualAuthentication",
    "Listeners.SslPolicy",
];

const TARGET_GROUPS: &[&str] = &[
    "HealthCheckIntervalSeconds",
    "HealthCheckPath",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "Matcher",
    "UnhealthyThresholdCount",
];
