//! The kinds that do not occur: written as empty lists, since what nobody read is unknown.

use serde_json::{Value, json};

use super::model::REGION;
use super::print;

/// File name and key of every kind of which there is none.
const EMPTY: [(&str, &str); 17] = [
    ("transit-gateways", "TransitGateways"),
    ("transit-gateway-attachments", "TransitGatewayAttachments"),
    ("transit-gateway-vpc-attachments", "TransitGatewayVpcAttachments"),
    ("transit-gateway-peering-attachments", "TransitGatewayPeeringAttachments"),
    ("transit-gateway-route-tables", "TransitGatewayRouteTables"),
    ("vpn-connections", "VpnConnections"),
    ("vpn-gateways", "VpnGateways"),
    ("customer-gateways", "CustomerGateways"),
    ("carrier-gateways", "CarrierGateways"),
    ("security-group-vpc-associations", "SecurityGroupVpcAssociations"),
    ("vpc-block-public-access-exclusions", "VpcBlockPublicAccessExclusions"),
    ("load-balancers", "LoadBalancers"),
    ("classic-load-balancers", "LoadBalancerDescriptions"),
    ("target-groups", "TargetGroups"),
    ("db-instances", "DBInstances"),
    ("elasticsearch-domains", "DomainStatusList"),
    ("firewalls", "Firewalls"),
];

/// The empty lists, the options that are off, and what every account has.
pub(super) fn documents(account: &str) -> Vec<(String, Value)> {
    let empty = EMPTY
        .iter()
        .map(|&(name, key)| (format!("{name}.json"), print::list(key, std::iter::empty())));
    let options = json!({
        "VpcBlockPublicAccessOptions": {
            "AwsAccountId": account,
            "AwsRegion": REGION,
            "State": "default-state",
            "InternetGatewayBlockMode": "off",
            "LastUpdateTimestamp": print::CREATED,
            "ManagedBy": "account",
            "ExclusionsAllowed": "allowed",
        },
    });
    empty
        .chain([
            ("vpc-block-public-access-options.json".to_owned(), options),
            ("availability-zones.json".to_owned(), availability_zones()),
            ("regions.json".to_owned(), regions()),
            ("dhcp-options.json".to_owned(), dhcp_options(account)),
        ])
        .collect()
}

fn availability_zones() -> Value {
    print::list(
        "AvailabilityZones",
        (0..6).map(|zone| {
            json!({
                "State": "available",
                "OptInStatus": "opt-in-not-required",
                "Messages": [],
                "RegionName": REGION,
                "ZoneName": super::vpcs::zone_name(zone),
                "ZoneId": format!("use1-az{}", zone + 1),
                "GroupName": REGION,
                "NetworkBorderGroup": REGION,
                "ZoneType": "availability-zone",
            })
        }),
    )
}

fn regions() -> Value {
    json!({
        "Regions": [{
            "OptInStatus": "opt-in-not-required",
            "RegionName": REGION,
            "Endpoint": format!("ec2.{REGION}.amazonaws.com"),
        }],
    })
}

fn dhcp_options(account: &str) -> Value {
    json!({
        "DhcpOptions": [{
            "OwnerId": account,
            "Tags": [],
            "DhcpOptionsId": print::DHCP_OPTIONS,
            "DhcpConfigurations": [
                {"Key": "domain-name", "Values": [{"Value": "ec2.internal"}]},
                {"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]},
            ],
        }],
    })
}
