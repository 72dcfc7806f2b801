//! Erasure: a field that is not told may make an answer unknown, and nothing else.

use std::collections::BTreeMap;

use cloudfw_core::{Endpoint, IpSet, PathGraph, PortSet, Question, ServiceSet, Verdict, reach};

use super::*;

/// Fields by whose absence AWS itself says something: no public address, no Windows, no peering
/// in the reference, a VPC endpoint of an emulator; and those that only name things.
const TELLING: [&str; 6] =
    ["Association", "PublicIp", "Tags", "Platform", "PeeringStatus", "IpOwnerId"];

/// Web and database, in and out of the internet, and a peered VPC.
fn busy() -> Value {
    let mut estate = estate();
    let web = &mut estate["SecurityGroups"][0];
    web["IpPermissions"] = json!([permission("tcp", json!(443), json!(443), &["0.0.0.0/0"])]);
    let mut from_web = permission("tcp", json!(5432), json!(5432), &["10.9.0.0/16"]);
    from_web["UserIdGroupPairs"] = json!([{"GroupId": "sg-a", "UserId": "111122223333"}]);
    estate["SecurityGroups"][1]["IpPermissions"] =
        json!([from_web, permission("icmp", json!(8), json!(-1), &["10.0.0.0/8"])]);
    estate["NetworkInterfaces"][0]["PrivateIpAddresses"][0]["Association"] =
        json!({"PublicIp": "203.0.113.10"});
    estate["NetworkInterfaces"][0]["Association"] = json!({"PublicIp": "203.0.113.10"});
    estate["NetworkAcls"][0]["Entries"] = json!([
        tcp(50, false, "deny", 3306, 3306),
        entry(100, false, "allow", "-1"),
        entry(100, true, "allow", "-1"),
        entry(32767, false, "deny", "-1"),
    ]);
    let mut peer = estate["Vpcs"][0].to_string();
    peer = peer.replace("vpc-1", "vpc-2").replace("10.0.0.0/16", "10.9.0.0/16");
    let peer: Value = serde_json::from_str(&peer).expect("JSON");
    push(&mut estate["Vpcs"], peer);
    let mut far = subnet("subnet-c", "10.9.1.0/24");
    far["VpcId"] = "vpc-2".into();
    push(&mut estate["Subnets"], far);
    push(&mut estate["NetworkAcls"][0]["Associations"], json!({"SubnetId": "subnet-c"}));
    let mut far = interface("eni-c", "subnet-c", "10.9.1.30", "i-c", "sg-a");
    far["VpcId"] = "vpc-2".into();
    push(&mut estate["NetworkInterfaces"], far);
    push(&mut estate["Reservations"][0]["Instances"], instance("i-c", "far", Value::Null));
    let over = |block: &str| route(block, "VpcPeeringConnectionId", "pcx-1");
    push(
        &mut estate["RouteTables"],
        json!({
            "RouteTableId": "rtb-3", "VpcId": "vpc-2", "OwnerId": "111122223333",
            "Associations": [{"Main": true, "RouteTableId": "rtb-3"}],
            "Routes": [local("10.9.0.0/16"), over("10.0.0.0/16")],
        }),
    );
    push(&mut estate["RouteTables"][1]["Routes"], over("10.9.0.0/16"));
    let end =
        |vpc: &str| json!({"VpcId": vpc, "OwnerId": "111122223333", "Region": "eu-central-1"});
    estate["VpcPeeringConnections"] = json!([{
        "VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"},
        "RequesterVpcInfo": end("vpc-1"), "AccepterVpcInfo": end("vpc-2"),
    }]);
    estate
}

fn push(list: &mut Value, one: Value) {
    list.as_array_mut().expect("a list").push(one);
}

fn tcp(number: i64, egress: bool, action: &str, from: i64, to: i64) -> Value {
    let mut entry = entry(number, egress, action, "6");
    entry["PortRange"] = json!({"From": from, "To": to});
    entry
}

/// The verdicts on some questions; none where an end is not recorded.
fn verdicts(lowered: &Lowered) -> BTreeMap<String, Option<Verdict>> {
    let graph = PathGraph::new(&lowered.network);
    let internet = |address: &str| {
        let addresses = IpSet::single(address.parse().expect("an address"));
        Some(Endpoint::External { id: Id::new("internet"), addresses })
    };
    let end = |name: &str, dialled: Option<&str>| {
        if name == "internet" {
            return internet("198.51.100.7");
        }
        let interface = lowered.network.interfaces.get(&Id::new(name))?;
        let address = interface.addresses.first()?.ip;
        let dialled = dialled.map(|public| public.parse().expect("an address"));
        Some(Endpoint::Interface { id: Id::new(name), address, dialled })
    };
    let mut verdicts = BTreeMap::new();
    for (from, to, public, ports) in [
        ("eni-a", "eni-b", None, [5432, 22, 3306]),
        ("eni-b", "eni-a", None, [443, 22, 3306]),
        ("eni-a", "eni-c", None, [443, 22, 3306]),
        ("eni-b", "eni-c", None, [443, 22, 3306]),
        ("eni-c", "eni-b", None, [5432, 22, 3306]),
        ("eni-a", "internet", None, [443, 22, 3306]),
        ("eni-b", "internet", None, [443, 22, 3306]),
        ("internet", "eni-a", Some("203.0.113.10"), [443, 22, 3306]),
    ] {
        for port in ports {
            let question = end(from, None).zip(end(to, public)).map(|(source, destination)| {
                let services = ServiceSet::tcp(PortSet::single(port));
                Question { source, destination, services, client: None, one_way: false }
            });
            let verdict = question.map(|question| reach(&graph, &question).verdict);
            verdicts.insert(format!("{from} {to}:{port}"), verdict);
        }
    }
    verdicts
}

/// The pointers of every member of every object.
fn members(json: &Value, at: &str, found: &mut Vec<String>) {
    match json {
        Value::Object(members_of) => {
            for (name, value) in members_of {
                let at = format!("{at}/{name}");
                members(value, &at, found);
                found.push(at);
            }
        }
        Value::Array(list) => {
            for (i, value) in list.iter().enumerate() {
                members(value, &format!("{at}/{i}"), found);
            }
        }
        _ => {}
    }
}

/// Says which answers a change turned into something else than unknown.
fn harm(whole: &BTreeMap<String, Option<Verdict>>, change: &str, less: &Value) -> Vec<String> {
    let mut harm = Vec::new();
    for (question, verdict) in verdicts(&lowered(less)) {
        let before = whole[&question];
        if verdict.is_some() && verdict != before && verdict != Some(Verdict::Unknown) {
            harm.push(format!("{change}: {question} was {before:?} and becomes {verdict:?}"));
        }
    }
    harm
}

#[test]
fn the_estate_has_answers_of_both_kinds() {
    let verdicts = verdicts(&lowered(&busy()));
    let of = |wanted| verdicts.values().filter(|verdict| **verdict == Some(wanted)).count();
    assert!(of(Verdict::Reachable) >= 8, "{verdicts:#?}");
    assert!(of(Verdict::Unreachable) >= 8, "{verdicts:#?}");
    assert_eq!(of(Verdict::Unknown), 0, "{verdicts:#?}");
}

#[test]
fn taking_a_field_away_makes_answers_unknown_at_most() {
    let busy = busy();
    let whole = verdicts(&lowered(&busy));
    let mut fields = Vec::new();
    members(&busy, "", &mut fields);
    let mut found = Vec::new();
    for field in fields {
        let (parent, name) = field.rsplit_once('/').expect("a pointer");
        if TELLING.contains(&name) {
            continue;
        }
        let mut less = busy.clone();
        let object = less.pointer_mut(parent).and_then(Value::as_object_mut);
        object.expect("an object").remove(name);
        found.extend(harm(&whole, &field, &less));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn taking_an_object_away_that_others_refer_to_makes_answers_unknown_at_most() {
    let busy = busy();
    let whole = verdicts(&lowered(&busy));
    let mut found = Vec::new();
    for (kind, list) in busy.as_object().expect("an object") {
        for i in 0..list.as_array().map_or(0, Vec::len) {
            // Nothing refers to a table: it says itself who uses it.
            if kind == "RouteTables" {
                continue;
            }
            let mut less = busy.clone();
            less[kind].as_array_mut().expect("a list").remove(i);
            found.extend(harm(&whole, &format!("{kind}/{i}"), &less));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn bad_values_make_answers_unknown_at_most() {
    let busy = busy();
    let whole = verdicts(&lowered(&busy));
    let mut fields = Vec::new();
    members(&busy, "", &mut fields);
    let mut found = Vec::new();
    for field in fields {
        let Some(Value::Number(_) | Value::Bool(_)) = busy.pointer(&field) else { continue };
        let mut bad = busy.clone();
        *bad.pointer_mut(&field).expect("a value") = "frob".into();
        found.extend(harm(&whole, &field, &bad));
    }
    assert!(found.is_empty(), "{found:#?}");
}
