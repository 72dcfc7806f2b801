//! Fields that say nothing about which packets pass.
//!
//! What a document has and the raw types lack is reported as not understood, and an answer that
//! it could bear on is unknown. These fields are read past without a report, since each of them
//! was looked up and is about something else: billing, storage, boot, names, timestamps, idle
//! times, health checks. A field that might bear on packets does not belong here, even where
//! nothing reads it yet: leave it out, or give it a place in a raw type and lower it.
//!
//! Left out on purpose, for instance: `Subnets.serviceGateway` and `resourceNavigationLinks`
//! (services that keep admin rules away), `Routes.nextHop`,
//! `FirewallPolicies.transportSecurity`.

use crate::kind::Kind;

/// Whether the field at this path, or one that it is part of, is known to be irrelevant.
///
/// The path goes from an element of the kind's list, with dots and without indices:
/// `ipConfigurations.properties.virtualNetworkTaps`. Its `properties` do not count, so that ARM's form
/// and that of `az` have one path; nor does letter case.
pub fn is_irrelevant(kind: Kind, path: &str) -> bool {
    if is_of_itself(kind) {
        return true;
    }
    let names: Vec<&str> = path.split('.').filter(|name| *name != "properties").collect();
    if names.iter().any(|name| is_one_of(EVERYWHERE, name)) {
        return true;
    }
    let below = |field: &&str| {
        let mut names = names.iter();
        field
            .split('.')
            .all(|part| names.next().is_some_and(|name| part.eq_ignore_ascii_case(name)))
    };
    PURCHASE.iter().chain(fields(kind)).any(below)
}

fn is_one_of(list: &[&str], name: &str) -> bool {
    list.iter().any(|other| other.eq_ignore_ascii_case(name))
}

/// Resources of which only the ties to subnets and addresses are read: what they do with packets
/// is theirs to know, and the rest of what they tell is about that.
fn is_of_itself(kind: Kind) -> bool {
    kind.is_opaque()
}

/// What any resource, or part of one, may have.
const EVERYWHERE: &[&str] = &[
    "apiVersion",
    "changedTime",
    "createdTime",
    "etag",
    "identity",
    "plan",
    // The id says it too.
    "resourceGroup",
    "resourceGuid",
    "systemData",
    "tenantId",
];

/// Of a SKU beside its name and tier: how much of it.
const PURCHASE: &[&str] = &["sku.capacity", "sku.family", "sku.size"];

/// The irrelevant fields of a kind, beside those that any resource may have.
pub fn fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::VirtualNetworks => VIRTUAL_NETWORKS,
        Kind::Subnets => SUBNETS,
        Kind::VirtualNetworkPeerings => PEERINGS,
        Kind::NetworkInterfaces => NETWORK_INTERFACES,
        Kind::VirtualMachines | Kind::VirtualMachineScaleSetVms => MACHINES,
        Kind::VirtualMachineScaleSets => SCALE_SETS,
        Kind::NetworkSecurityGroups => &["flowLogs"],
        Kind::PublicIpAddresses => PUBLIC_ADDRESSES,
        Kind::PublicIpPrefixes => &["ipTags"],
        Kind::LoadBalancers => LOAD_BALANCERS,
        Kind::NatGateways => &["idleTimeoutInMinutes"],
        Kind::PrivateEndpoints => &[
            "customNetworkInterfaceName",
            "manualPrivateLinkServiceConnections.requestMessage",
            "privateLinkServiceConnections.requestMessage",
        ],
        Kind::AzureFirewalls => &["autoscaleConfiguration"],
        Kind::FirewallPolicies => &["insights", "size"],
        Kind::FirewallPolicyRuleCollectionGroups => {
            &["size", "ruleCollections.rules.httpHeadersToInsert"]
        }
        Kind::VirtualNetworkGateways => GATEWAYS,
        Kind::LocalNetworkGateways => {
            &["bgpSettings.bgpPeeringAddresses", "bgpSettings.peerWeight"]
        }
        Kind::VirtualNetworkGatewayConnections => CONNECTIONS,
        Kind::ServiceTags => &["values.networkFeatures", "values.platform", "values.serviceTagId"],
        _ => &[],
    }
}

const VIRTUAL_NETWORKS: &[&str] = &[
    "addressSpace.ipamPoolPrefixAllocations",
    "bgpCommunities",
    "ddosProtectionPlan",
    // Names are looked up elsewhere.
    "dhcpOptions",
    // Against floods, not against connections.
    "enableDdosProtection",
    "enableVmProtection",
    "flowLogs",
    // How long flows are remembered.
    "flowTimeoutInMinutes",
    "ipAllocations",
    "subnets.ipAllocations",
    "subnets.ipConfigurationProfiles",
    "subnets.ipamPoolPrefixAllocations",
    "virtualNetworkPeerings.doNotVerifyRemoteGateways",
    "virtualNetworkPeerings.remoteBgpCommunities",
];

const SUBNETS: &[&str] = &["ipAllocations", "ipConfigurationProfiles", "ipamPoolPrefixAllocations"];

const PEERINGS: &[&str] = &["doNotVerifyRemoteGateways", "remoteBgpCommunities"];

const NETWORK_INTERFACES: &[&str] = &[
    // How many connections, and how fast; not which.
    "auxiliaryMode",
    "auxiliarySku",
    "dnsSettings",
    "dscpConfiguration",
    "enableAcceleratedNetworking",
    "hostedWorkloads",
    "ipConfigurations.privateLinkConnectionProperties",
    // Copies of packets.
    "ipConfigurations.virtualNetworkTaps",
    "migrationPhase",
    "nicType",
    "tapConfigurations",
    "workloadType",
];

const MACHINES: &[&str] = &[
    "additionalCapabilities",
    "applicationProfile",
    "availabilitySet",
    "billingProfile",
    "capacityReservation",
    "diagnosticsProfile",
    "evictionPolicy",
    "extensionsTimeBudget",
    "extended.instanceView.computerName",
    "extended.instanceView.hyperVGeneration",
    "extended.instanceView.osName",
    "extended.instanceView.osVersion",
    "extended.instanceView.powerState.level",
    "extended.instanceView.powerState.time",
    "hardwareProfile",
    "host",
    "hostGroup",
    // With `--show-details`; the interfaces tell it.
    "fqdns",
    "macAddresses",
    "privateIps",
    "publicIps",
    // How the machine fares; its power state is read.
    "instanceView.assignedHost",
    "instanceView.bootDiagnostics",
    "instanceView.computerName",
    "instanceView.disks",
    "instanceView.extensions",
    "instanceView.hyperVGeneration",
    "instanceView.isVMInStandbyPool",
    "instanceView.maintenanceRedeployStatus",
    "instanceView.osName",
    "instanceView.osVersion",
    "instanceView.patchStatus",
    "instanceView.placementGroupId",
    "instanceView.platformFaultDomain",
    "instanceView.platformUpdateDomain",
    "instanceView.rdpThumbPrint",
    "instanceView.statuses.level",
    "instanceView.statuses.message",
    "instanceView.statuses.time",
    "instanceView.vmAgent",
    "instanceView.vmHealth",
    "latestModelApplied",
    "licenseType",
    "modelDefinitionApplied",
    // As the interface is made and unmade.
    "networkProfile.networkApiVersion",
    "networkProfile.networkInterfaces.deleteOption",
    // Users, keys and updates of the operating system.
    "osProfile.adminPassword",
    "osProfile.adminUsername",
    "osProfile.allowExtensionOperations",
    "osProfile.customData",
    "osProfile.linuxConfiguration",
    "osProfile.requireGuestProvisionSignal",
    "osProfile.secrets",
    "osProfile.windowsConfiguration",
    "placement",
    "platformFaultDomain",
    "priority",
    "protectionPolicy",
    "proximityPlacementGroup",
    "resilientVMDeletionStatus",
    // Extensions: software in the machine.
    "resources",
    "scheduledEventsPolicy",
    "scheduledEventsProfile",
    "securityProfile",
    "storageProfile.alignRegionalDisksToVMZone",
    "storageProfile.dataDisks",
    "storageProfile.diskControllerType",
    "storageProfile.imageReference",
    "storageProfile.osDisk.caching",
    "storageProfile.osDisk.createOption",
    "storageProfile.osDisk.deleteOption",
    "storageProfile.osDisk.diffDiskSettings",
    "storageProfile.osDisk.diskSizeGB",
    "storageProfile.osDisk.encryptionSettings",
    "storageProfile.osDisk.image",
    "storageProfile.osDisk.managedDisk",
    "storageProfile.osDisk.name",
    "storageProfile.osDisk.vhd",
    "storageProfile.osDisk.writeAcceleratorEnabled",
    "timeCreated",
    "userData",
];

const SCALE_SETS: &[&str] = &[
    "additionalCapabilities",
    "automaticRepairsPolicy",
    "constrainedMaximumCapacity",
    "doNotRunExtensionsOnOverprovisionedVMs",
    "hostGroup",
    "overprovision",
    "placement",
    "platformFaultDomainCount",
    "priorityMixPolicy",
    "proximityPlacementGroup",
    "resiliencyPolicy",
    "scaleInPolicy",
    "scheduledEventsPolicy",
    "singlePlacementGroup",
    "skuProfile",
    "spotRestorePolicy",
    "timeCreated",
    "uniqueId",
    "upgradePolicy",
    "virtualMachineProfile.applicationProfile",
    "virtualMachineProfile.billingProfile",
    "virtualMachineProfile.capacityReservation",
    "virtualMachineProfile.diagnosticsProfile",
    "virtualMachineProfile.evictionPolicy",
    "virtualMachineProfile.extensionProfile",
    "virtualMachineProfile.hardwareProfile",
    "virtualMachineProfile.licenseType",
    "virtualMachineProfile.networkProfile.networkApiVersion",
    "virtualMachineProfile.networkProfile.networkInterfaceConfigurations.auxiliaryMode",
    "virtualMachineProfile.networkProfile.networkInterfaceConfigurations.auxiliarySku",
    "virtualMachineProfile.networkProfile.networkInterfaceConfigurations.deleteOption",
    "virtualMachineProfile.networkProfile.networkInterfaceConfigurations.dnsSettings",
    "virtualMachineProfile.networkProfile.networkInterfaceConfigurations.enableAcceleratedNetworking",
    "virtualMachineProfile.networkProfile.networkInterfaceConfigurations.enableFpga",
    "virtualMachineProfile.networkProfile.networkInterfaceConfigurations.ipConfigurations.publicIPAddressConfiguration.deleteOption",
    "virtualMachineProfile.networkProfile.networkInterfaceConfigurations.ipConfigurations.publicIPAddressConfiguration.dnsSettings",
    "virtualMachineProfile.networkProfile.networkInterfaceConfigurations.ipConfigurations.publicIPAddressConfiguration.idleTimeoutInMinutes",
    "virtualMachineProfile.networkProfile.networkInterfaceConfigurations.ipConfigurations.publicIPAddressConfiguration.ipTags",
    "virtualMachineProfile.osProfile",
    "virtualMachineProfile.priority",
    "virtualMachineProfile.scheduledEventsProfile",
    "virtualMachineProfile.securityPostureReference",
    "virtualMachineProfile.securityProfile",
    "virtualMachineProfile.serviceArtifactReference",
    "virtualMachineProfile.storageProfile",
    "virtualMachineProfile.timeCreated",
    "virtualMachineProfile.userData",
    "zonalPlatformFaultDomainAlignMode",
    "zoneBalance",
];

const PUBLIC_ADDRESSES: &[&str] = &[
    "ddosSettings",
    "deleteOption",
    "dnsSettings",
    "idleTimeoutInMinutes",
    // Who announces it, and by which providers.
    "ipTags",
    "migrationPhase",
];

const LOAD_BALANCERS: &[&str] = &[
    "backendAddressPools.drainPeriodInSeconds",
    "backendAddressPools.syncMode",
    "inboundNatPools.enableTcpReset",
    "inboundNatPools.idleTimeoutInMinutes",
    "inboundNatRules.enableTcpReset",
    "inboundNatRules.idleTimeoutInMinutes",
    "loadBalancingRules.enableTcpReset",
    "loadBalancingRules.idleTimeoutInMinutes",
    "outboundRules.enableTcpReset",
    "outboundRules.idleTimeoutInMinutes",
    "probes.intervalInSeconds",
    "probes.numberOfProbes",
    "probes.probeThreshold",
];

const GATEWAYS: &[&str] = &[
    "bgpSettings.bgpPeeringAddresses",
    "bgpSettings.peerWeight",
    // How names are looked up.
    "enableDnsForwarding",
    "inboundDnsForwardingEndpoint",
    "enableHighBandwidthVpnGateway",
    "resiliencyModel",
    "virtualNetworkGatewayPolicyGroups",
    "vpnGatewayGeneration",
    // Certificates, secrets and protocols of those who dial in; their addresses are read.
    "vpnClientConfiguration.aadAudience",
    "vpnClientConfiguration.aadIssuer",
    "vpnClientConfiguration.aadTenant",
    "vpnClientConfiguration.radiusServerAddress",
    "vpnClientConfiguration.radiusServerSecret",
    "vpnClientConfiguration.radiusServers",
    "vpnClientConfiguration.vpnAuthenticationTypes",
    "vpnClientConfiguration.vpnClientIpsecPolicies",
    "vpnClientConfiguration.vpnClientProtocols",
    "vpnClientConfiguration.vpnClientRevokedCertificates",
    "vpnClientConfiguration.vpnClientRootCertificates",
];

const CONNECTIONS: &[&str] = &[
    // Secrets: never read, never written.
    "authenticationType",
    "authorizationKey",
    "certificateAuthentication",
    "sharedKey",
    "connectionMode",
    "connectionProtocol",
    "dpdTimeoutSeconds",
    "egressBytesTransferred",
    "gatewayCustomBgpIpAddresses",
    "ingressBytesTransferred",
    // Cryptography.
    "ipsecPolicies",
    "tunnelConnectionStatus",
    "tunnelProperties",
    "useLocalAzureIpAddress",
];
