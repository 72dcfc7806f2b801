//! What lowering decides, statement by statement (`clouds.md`, section 1).
#![expect(clippy::needless_pass_by_value, reason = "JSON is handed over as it is written")]

use cloudfw_core::{
    Direction, Document, Filter, Gateway, HeaderSpace, Id, Interface, Peer, Peers, Phase, Rule,
    Scope, Sight, Target, evaluate,
};
use serde_json::{Value, json};

use cloudfw_documents::{AssumeNone, Lowered};

use super::{LowerOptions, lower};

mod acls;
mod disagreement;
mod erasure;
mod foreign;
mod gaps;
mod gateways;
mod groups;
mod interfaces;
mod law;
mod managed;
mod platform;
mod public_access;
mod routes;
mod settings;
mod standing;
mod unread;
mod vpcs;

/// A document of an account and Region; empty for none.
fn document(name: &str, account: &str, region: &str, json: &Value) -> Document {
    let told = |text: &str| (!text.is_empty()).then(|| text.into());
    Document {
        name: name.into(),
        text: json.to_string().into(),
        scope: Scope { account: told(account), region: told(region) },
    }
}

fn lower_documents(documents: &[Document]) -> Lowered {
    lower(documents, &LowerOptions::default()).expect("readable documents")
}

/// Lowers one document of one account.
fn lowered(json: &Value) -> Lowered {
    lower_documents(&[document("estate.json", "111122223333", "eu-central-1", json)])
}

/// Every kind is assumed away by its name, those at the core too.
fn assuming_none(json: &Value) -> Lowered {
    let document = document("estate.json", "111122223333", "eu-central-1", json);
    let kinds = crate::Kind::ALL.into_iter().map(crate::Kind::name).collect();
    let options = LowerOptions { assume_none: AssumeNone::Kinds(kinds) };
    lower(&[document], &options).expect("a readable document")
}

/// A VPC with a public and a private subnet, an instance in each, an internet gateway and a NAT
/// gateway; every kind that lowering asks for is told.
fn estate() -> Value {
    json!({
        "Vpcs": [{
            "VpcId": "vpc-1", "OwnerId": "111122223333", "CidrBlock": "10.0.0.0/16",
            "CidrBlockAssociationSet": [
                {"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
            ],
            "Ipv6CidrBlockAssociationSet": [
                {"Ipv6CidrBlock": "2001:db8:1::/56", "Ipv6CidrBlockState": {"State": "associated"}},
            ],
            "Tags": [{"Key": "Name", "Value": "main"}],
        }],
        "Subnets": [subnet("subnet-a", "10.0.1.0/24"), subnet("subnet-b", "10.0.2.0/24")],
        "NetworkInterfaces": [
            interface("eni-a", "subnet-a", "10.0.1.10", "i-a", "sg-a"),
            interface("eni-b", "subnet-b", "10.0.2.20", "i-b", "sg-b"),
            {
                "NetworkInterfaceId": "eni-nat", "VpcId": "vpc-1", "SubnetId": "subnet-a",
                "OwnerId": "111122223333", "Status": "in-use", "InterfaceType": "nat_gateway",
                "RequesterManaged": true, "SourceDestCheck": false, "Groups": [],
                "PrivateIpAddress": "10.0.1.99",
                "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.99", "Primary": true,
                    "Association": {"PublicIp": "203.0.113.99"}}],
            },
        ],
        "Reservations": [{"OwnerId": "111122223333", "Instances": [
            instance("i-a", "web", Value::Null), instance("i-b", "db", Value::Null),
        ]}],
        "SecurityGroups": [group("sg-a"), group("sg-b")],
        "SecurityGroupVpcAssociations": [],
        "NetworkAcls": [{
            "NetworkAclId": "acl-1", "VpcId": "vpc-1", "OwnerId": "111122223333",
            "IsDefault": true,
            "Associations": [{"SubnetId": "subnet-a"}, {"SubnetId": "subnet-b"}],
            "Entries": [entry(100, true, "allow", "-1"), entry(100, false, "allow", "-1")],
        }],
        "RouteTables": [{
            "RouteTableId": "rtb-1", "VpcId": "vpc-1", "OwnerId": "111122223333",
            "Associations": [{"Main": true, "RouteTableId": "rtb-1"}],
            "Routes": [local("10.0.0.0/16"), route("0.0.0.0/0", "GatewayId", "igw-1")],
        }, {
            "RouteTableId": "rtb-2", "VpcId": "vpc-1", "OwnerId": "111122223333",
            "Associations": [{"Main": false, "SubnetId": "subnet-b", "RouteTableId": "rtb-2"}],
            "Routes": [local("10.0.0.0/16"), route("0.0.0.0/0", "NatGatewayId", "nat-1")],
        }],
        "InternetGateways": [{
            "InternetGatewayId": "igw-1", "OwnerId": "111122223333",
            "Attachments": [{"VpcId": "vpc-1", "State": "available"}],
        }],
        "EgressOnlyInternetGateways": [],
        "NatGateways": [{
            "NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-a",
            "State": "available", "ConnectivityType": "public",
            "NatGatewayAddresses": [{
                "PrivateIp": "10.0.1.99", "PublicIp": "203.0.113.99", "IsPrimary": true,
                "NetworkInterfaceId": "eni-nat", "Status": "succeeded",
            }],
        }],
        "VpcPeeringConnections": [],
        "VpcEndpoints": [],
        "PrefixLists": [],
        "Addresses": [],
        "VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": "off", "State": "default-state"},
        "VpcBlockPublicAccessExclusions": [],
    })
}

fn subnet(id: &str, block: &str) -> Value {
    json!({
        "SubnetId": id, "VpcId": "vpc-1", "OwnerId": "111122223333", "CidrBlock": block,
        "AvailabilityZone": "eu-central-1a", "Ipv6CidrBlockAssociationSet": [],
    })
}

fn interface(id: &str, subnet: &str, address: &str, instance: &str, group: &str) -> Value {
    json!({
        "NetworkInterfaceId": id, "VpcId": "vpc-1", "SubnetId": subnet,
        "OwnerId": "111122223333", "Status": "in-use", "InterfaceType": "interface",
        "RequesterManaged": false, "SourceDestCheck": true, "Groups": [{"GroupId": group}],
        "Attachment": {"InstanceId": instance, "DeviceIndex": 0},
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": true}],
    })
}

fn instance(id: &str, name: &str, platform: Value) -> Value {
    let mut instance = json!({
        "InstanceId": id, "State": {"Code": 16, "Name": "running"},
        "Tags": [{"Key": "Name", "Value": name}],
    });
    if !platform.is_null() {
        instance["Platform"] = platform;
    }
    instance
}

/// A group without inbound rules that lets everything out.
fn group(id: &str) -> Value {
    json!({
        "GroupId": id, "GroupName": id, "VpcId": "vpc-1", "OwnerId": "111122223333",
        "IpPermissions": [],
        "IpPermissionsEgress": [permission("-1", Value::Null, Value::Null, &["0.0.0.0/0"])],
    })
}

fn permission(protocol: &str, from: Value, to: Value, blocks: &[&str]) -> Value {
    let ranges: Vec<Value> = blocks.iter().map(|block| json!({"CidrIp": block})).collect();
    let mut permission = json!({
        "IpProtocol": protocol, "IpRanges": ranges, "Ipv6Ranges": [],
        "PrefixListIds": [], "UserIdGroupPairs": [],
    });
    for (field, port) in [("FromPort", from), ("ToPort", to)] {
        if !port.is_null() {
            permission[field] = port;
        }
    }
    permission
}

fn entry(number: i64, egress: bool, action: &str, protocol: &str) -> Value {
    json!({
        "RuleNumber": number, "Egress": egress, "RuleAction": action, "Protocol": protocol,
        "CidrBlock": "0.0.0.0/0",
    })
}

fn local(block: &str) -> Value {
    json!({
        "DestinationCidrBlock": block, "GatewayId": "local",
        "Origin": "CreateRouteTable", "State": "active",
    })
}

fn route(block: &str, field: &str, target: &str) -> Value {
    let mut route = json!({
        "DestinationCidrBlock": block, "Origin": "CreateRoute", "State": "active",
    });
    route[field] = target.into();
    route
}

/// The rules of one direction of a filter, in order, as users read them; `?` marks a doubt.
fn rules(lowered: &Lowered, filter: &str, direction: Direction) -> Vec<String> {
    let filter = &lowered.network.filters[&Id::<Filter>::new(filter)];
    let lists = filter.lists(direction).iter();
    lists.flat_map(|list| &list.rules).map(shown).collect()
}

fn shown(rule: &Rule) -> String {
    let doubt = if rule.matches.doubt.is_some() { " ?" } else { "" };
    format!("{rule}{doubt}")
}

/// What can be said of the flows of a filter: how many of them it certainly and possibly lets
/// through, as `all`, `some`, `none`.
fn bounds(lowered: &Lowered, filter: &str, direction: Direction) -> (&'static str, &'static str) {
    let filter = &lowered.network.filters[&Id::<Filter>::new(filter)];
    let asked = HeaderSpace::full();
    let outcome = evaluate(filter, direction, Phase::Opening, &asked, &Sight::HEADERS).outcome;
    let bounds = outcome.bounds(&asked);
    let share = |space: &HeaderSpace| match (space.is_empty(), asked.is_subset(space)) {
        (true, _) => "none",
        (_, true) => "all",
        _ => "some",
    };
    (share(&bounds.at_least), share(&bounds.at_most))
}

const NOTHING_KNOWN: (&str, &str) = ("none", "all");

fn interface_of<'l>(lowered: &'l Lowered, id: &str) -> &'l Interface {
    &lowered.network.interfaces[&Id::new(id)]
}

fn gateway_of<'l>(lowered: &'l Lowered, id: &str) -> &'l Gateway {
    &lowered.network.gateways[&Id::new(id)]
}

/// The one filter of an interface.
fn filter_of(lowered: &Lowered, interface: &str) -> String {
    let stack = &interface_of(lowered, interface).stack;
    assert_eq!(stack.filters.len(), 1, "one filter of all groups (AWS-2)");
    stack.filters[0].to_string()
}

/// The target of the route with this text.
fn target(lowered: &Lowered, table: &str, text: &str) -> Target {
    let table = &lowered.network.tables[&Id::new(table)];
    let found = table.routes.iter().find(|route| &*route.text == text);
    let texts: Vec<&str> = table.routes.iter().map(|route| &*route.text).collect();
    found.unwrap_or_else(|| panic!("no route `{text}` in {texts:?}")).target.clone()
}

/// The peers that a rule names, on the side that its direction looks at.
fn peers(rule: &Rule, direction: Direction) -> &[Peer] {
    let side = match direction {
        Direction::Ingress => &rule.matches.sources,
        Direction::Egress => &rule.matches.destinations,
    };
    match side {
        Peers::Any => &[],
        Peers::Of(peers) => peers,
    }
}

/// The rules of a group that stand in its own list.
fn own_rules<'l>(lowered: &'l Lowered, group: &str, direction: Direction) -> &'l [Rule] {
    let filters = lowered.network.filters.values();
    let mut lists = filters.flat_map(|filter| filter.lists(direction));
    let found = lists.find(|list| {
        *list.label.id == *group && list.label.name.as_deref() != Some("no rule allows it")
    });
    &found.expect("the group is used").rules
}
