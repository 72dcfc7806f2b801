//! The documents of internet gateways, egress-only gateways, NAT gateways and endpoints.

use serde_json::{Value, json};

use super::model::{Endpoint, EndpointKind, Estate, NatGateway, REGION, Vpc};
use super::print;

fn vpcs_of(estate: &Estate, account: usize) -> impl Iterator<Item = &Vpc> {
    estate.vpcs.iter().filter(move |vpc| vpc.account == account)
}

/// `aws ec2 describe-internet-gateways`.
pub(super) fn internet_gateways(estate: &Estate, account: usize) -> Value {
    let with =
        vpcs_of(estate, account).filter_map(|vpc| Some((vpc, vpc.internet_gateway.as_ref()?)));
    print::list(
        "InternetGateways",
        with.map(|(vpc, id)| {
            json!({
                "Attachments": [{"State": "available", "VpcId": vpc.id}],
                "InternetGatewayId": id,
                "OwnerId": estate.accounts[account],
                "Tags": print::name_tag(&format!("{}-igw", vpc.name)),
            })
        }),
    )
}

/// `aws ec2 describe-egress-only-internet-gateways`.
pub(super) fn egress_only_gateways(estate: &Estate, account: usize) -> Value {
    let with =
        vpcs_of(estate, account).filter_map(|vpc| Some((vpc, vpc.egress_only_gateway.as_ref()?)));
    print::list(
        "EgressOnlyInternetGateways",
        with.map(|(vpc, id)| {
            json!({
                "Attachments": [{"State": "attached", "VpcId": vpc.id}],
                "EgressOnlyInternetGatewayId": id,
                "Tags": [],
            })
        }),
    )
}

/// `aws ec2 describe-nat-gateways`.
pub(super) fn nat_gateways(estate: &Estate, account: usize) -> Value {
    let mine = estate
        .nat_gateways
        .iter()
        .filter(|gateway| estate.vpcs[estate.subnets[gateway.subnet].vpc].account == account);
    print::list("NatGateways", mine.map(|gateway| nat_gateway(estate, gateway)))
}

fn nat_gateway(estate: &Estate, gateway: &NatGateway) -> Value {
    let subnet = &estate.subnets[gateway.subnet];
    let addresses: Vec<Value> = gateway
        .interface
        .iter()
        .map(|&index| {
            let interface = &estate.interfaces[index];
            let mut address = json!({
                "NetworkInterfaceId": interface.id,
                "PrivateIp": interface.addresses[0],
                "IsPrimary": true,
                "Status": "succeeded",
            });
            if let Some(public) = &interface.public {
                address["PublicIp"] = json!(public.address);
                if let Some((allocation, association)) = &public.elastic {
                    address["AllocationId"] = json!(allocation);
                    address["AssociationId"] = json!(association);
                }
            }
            address
        })
        .collect();
    let mut value = json!({
        "CreateTime": print::CREATED,
        "NatGatewayAddresses": addresses,
        "NatGatewayId": gateway.id,
        "State": if gateway.deleted { "deleted" } else { "available" },
        "SubnetId": subnet.id,
        "VpcId": estate.vpcs[subnet.vpc].id,
        "Tags": [],
        "ConnectivityType": if gateway.private { "private" } else { "public" },
    });
    if gateway.deleted {
        value["DeleteTime"] = json!(print::CREATED);
    }
    value
}

/// `aws ec2 describe-vpc-endpoints`.
pub(super) fn endpoints(estate: &Estate, account: usize) -> Value {
    let mine =
        estate.endpoints.iter().filter(|endpoint| estate.vpcs[endpoint.vpc].account == account);
    print::list("VpcEndpoints", mine.map(|endpoint| print_endpoint(estate, account, endpoint)))
}

fn print_endpoint(estate: &Estate, account: usize, endpoint: &Endpoint) -> Value {
    let (kind, tables, interfaces): (&str, &[usize], &[usize]) = match &endpoint.kind {
        EndpointKind::Gateway { route_tables } => ("Gateway", route_tables, &[]),
        EndpointKind::Interface { interfaces } => ("Interface", &[], interfaces),
    };
    let interfaces: Vec<_> = interfaces.iter().map(|&index| &estate.interfaces[index]).collect();
    let groups: Vec<Value> = interfaces
        .first()
        .iter()
        .flat_map(|interface| &interface.groups)
        .map(|&group| {
            let group = &estate.groups[group];
            json!({"GroupId": group.id, "GroupName": group.name})
        })
        .collect();
    json!({
        "VpcEndpointId": endpoint.id,
        "VpcEndpointType": kind,
        "VpcId": estate.vpcs[endpoint.vpc].id,
        "ServiceName": format!("com.amazonaws.{REGION}.{}", endpoint.service),
        "State": "available",
        "PolicyDocument": "{\"Statement\":[{\"Action\":\"*\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Resource\":\"*\"}]}",
        "RouteTableIds": tables.iter().map(|&table| &estate.route_tables[table].id)
            .collect::<Vec<_>>(),
        "SubnetIds": interfaces.iter().map(|interface| &estate.subnets[interface.subnet].id)
            .collect::<Vec<_>>(),
        "Groups": groups,
        "PrivateDnsEnabled": kind == "Interface",
        "RequesterManaged": false,
        "NetworkInterfaceIds": interfaces.iter().map(|interface| &interface.id)
            .collect::<Vec<_>>(),
        "DnsEntries": [],
        "CreationTimestamp": print::CREATED,
        "Tags": [],
        "OwnerId": estate.accounts[account],
    })
}
