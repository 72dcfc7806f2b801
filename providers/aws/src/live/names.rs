//! What the AWS CLI calls the elements of EC2's answers.
//!
//! EC2 writes `<ownerId>` where its CLI prints `OwnerId`, and so for nine names in ten; the rest
//! are listed here, as the service's public model has them for the calls of [`super::calls`].

/// Elements whose CLI name is not their own with a capital, in alphabetical order; two names where
/// the object decides (`groupSet` is `SecurityGroups` of an instance and `Groups` elsewhere).
const RENAMED: &[(&str, &[&str])] = &[
    ("addressesSet", &["Addresses"]),
    ("associatedSubnetSet", &["AssociatedSubnets"]),
    ("associationSet", &["Associations"]),
    ("attachedApplianceSet", &["AttachedAppliances"]),
    ("attachmentSet", &["Attachments"]),
    ("attachments", &["VpcAttachments"]),
    ("blockDeviceMapping", &["BlockDeviceMappings"]),
    ("customerGatewaySet", &["CustomerGateways"]),
    ("default", &["IsDefault"]),
    ("dhcpConfigurationSet", &["DhcpConfigurations"]),
    ("dhcpOptionsSet", &["DhcpOptions"]),
    ("dnsEntrySet", &["DnsEntries"]),
    ("dnsName", &["PublicDnsName"]),
    ("egressOnlyInternetGatewaySet", &["EgressOnlyInternetGateways"]),
    ("elasticGpuAssociationSet", &["ElasticGpuAssociations"]),
    ("elasticInferenceAcceleratorAssociationSet", &["ElasticInferenceAcceleratorAssociations"]),
    ("entrySet", &["Entries"]),
    ("geographySet", &["Geography"]),
    ("groupDescription", &["Description"]),
    ("groupSet", &["Groups", "SecurityGroups"]),
    ("groups", &["UserIdGroupPairs"]),
    ("ikeVersionSet", &["IkeVersions"]),
    ("instanceState", &["State"]),
    ("instancesSet", &["Instances"]),
    ("internetGatewaySet", &["InternetGateways"]),
    ("ipAddress", &["PublicIpAddress"]),
    ("ipPrefixSet", &["IpPrefixes"]),
    ("ipv4PrefixSet", &["Ipv4Prefixes"]),
    ("ipv6AddressesSet", &["Ipv6Addresses"]),
    ("ipv6PrefixSet", &["Ipv6Prefixes"]),
    ("licenseSet", &["Licenses"]),
    ("natGatewayAddressSet", &["NatGatewayAddresses"]),
    ("natGatewaySet", &["NatGateways"]),
    ("networkAclSet", &["NetworkAcls"]),
    ("networkInterfaceIdSet", &["NetworkInterfaceIds"]),
    ("networkInterfaceSet", &["NetworkInterfaces"]),
    ("payerResponsibilitySet", &["PayerResponsibilities"]),
    ("phase1DHGroupNumberSet", &["Phase1DHGroupNumbers"]),
    ("phase1EncryptionAlgorithmSet", &["Phase1EncryptionAlgorithms"]),
    ("phase1IntegrityAlgorithmSet", &["Phase1IntegrityAlgorithms"]),
    ("phase2DHGroupNumberSet", &["Phase2DHGroupNumbers"]),
    ("phase2EncryptionAlgorithmSet", &["Phase2EncryptionAlgorithms"]),
    ("phase2IntegrityAlgorithmSet", &["Phase2IntegrityAlgorithms"]),
    ("prefixListSet", &["PrefixLists"]),
    ("privateDnsSpecifiedDomainSet", &["PrivateDnsSpecifiedDomains"]),
    ("privateIpAddressSet", &["PrivateIpAddresses"]),
    ("privateIpAddressesSet", &["PrivateIpAddresses"]),
    ("productCode", &["ProductCodeId"]),
    ("propagatingVgwSet", &["PropagatingVgws"]),
    ("reason", &["StateTransitionReason"]),
    ("regionEndpoint", &["Endpoint"]),
    ("regionInfo", &["Regions"]),
    ("reservationSet", &["Reservations"]),
    ("routeSet", &["Routes"]),
    ("routeTableIdSet", &["RouteTableIds"]),
    ("routeTableSet", &["RouteTables"]),
    ("secondaryInterfaceSet", &["SecondaryInterfaces"]),
    ("securityGroupInfo", &["SecurityGroups"]),
    ("securityGroupVpcAssociationSet", &["SecurityGroupVpcAssociations"]),
    ("subnetIdSet", &["SubnetIds"]),
    ("subnetSet", &["Subnets"]),
    ("tagSet", &["Tags"]),
    ("transitGatewaySet", &["TransitGateways"]),
    ("tunnelOptionSet", &["TunnelOptions"]),
    ("type", &["ProductCodeType"]),
    ("valueSet", &["Values"]),
    ("vpcBlockPublicAccessExclusionSet", &["VpcBlockPublicAccessExclusions"]),
    ("vpcEndpointSet", &["VpcEndpoints"]),
    ("vpcPeeringConnectionSet", &["VpcPeeringConnections"]),
    ("vpcSet", &["Vpcs"]),
    ("vpnConnectionSet", &["VpnConnections"]),
    ("vpnGatewaySet", &["VpnGateways"]),
];

/// The field of an object that an element fills, of the fields that the object has.
pub(super) fn field_of(element: &str, fields: &'static [&'static str]) -> Option<&'static str> {
    let plain = capitalised(element);
    // The plain name first: a subnet's `reason` is `Reason`, an instance's is another word for it.
    fields.iter().copied().find(|field| *field == plain).or_else(|| {
        let other = renamed(element);
        fields.iter().copied().find(|field| other.contains(field))
    })
}

/// Whether an element of an answer holds what the CLI prints under `key`.
pub(super) fn fills(element: &str, key: &str) -> bool {
    capitalised(element) == key || renamed(element).contains(&key)
}

/// What the CLI may call an element of an object that has no field for it.
pub(super) fn cli_names(element: &str) -> impl Iterator<Item = String> {
    let other = renamed(element).iter().map(|name| (*name).to_owned());
    std::iter::once(capitalised(element)).chain(other)
}

fn renamed(element: &str) -> &'static [&'static str] {
    RENAMED
        .binary_search_by_key(&element, |(name, _)| name)
        .ok()
        .and_then(|place| RENAMED.get(place))
        .map_or(&[], |(_, names)| names)
}

fn capitalised(element: &str) -> String {
    let mut rest = element.chars();
    rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_says_nothing_needless() {
        assert!(RENAMED.is_sorted_by(|one, next| one.0 < next.0));
        for (element, names) in RENAMED {
            assert!(!names.contains(&capitalised(element).as_str()), "{element}");
        }
    }

    #[test]
    fn the_object_decides_between_two_names() {
        assert_eq!(field_of("groupSet", &["Groups", "Tags"]), Some("Groups"));
        assert_eq!(field_of("groupSet", &["SecurityGroups"]), Some("SecurityGroups"));
        assert_eq!(field_of("tagSet", &["TagSet"]), Some("TagSet"));
        assert_eq!(field_of("tagSet", &["Tags"]), Some("Tags"));
        assert_eq!(field_of("ipAddress", &["IpAddress"]), Some("IpAddress"));
        assert_eq!(field_of("ipAddress", &["PublicIpAddress"]), Some("PublicIpAddress"));
        assert_eq!(field_of("fooBar", &["Foo"]), None);
    }
}
