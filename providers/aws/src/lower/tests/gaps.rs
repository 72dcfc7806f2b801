//! What is not read makes things unknown, and never empty.

use cloudfw_documents::{CallCoverage, Knowledge};

use super::*;

fn without(kind: &str) -> Lowered {
    let mut estate = estate();
    estate.as_object_mut().expect("an object").remove(kind);
    lowered(&estate)
}

fn unheld(lowered: &Lowered) -> usize {
    lowered.network.routers[&Id::new("vpc-1")].unread.len()
}

#[test]
fn everything_read_leaves_nothing_open() {
    let lowered = lowered(&estate());
    assert_eq!(unheld(&lowered), 0);
    assert!(lowered.warnings.is_empty(), "{:?}", lowered.warnings);
    assert!(lowered.network.gateways.values().all(|gateway| gateway.doubts.is_empty()));
}

#[test]
fn without_all_interfaces_an_address_may_be_held() {
    assert_eq!(unheld(&without("NetworkInterfaces")), 1);
    let mut estate = estate();
    estate["NextToken"] = "more".into();
    assert_eq!(unheld(&lowered(&estate)), 1);
}

#[test]
fn a_prefix_given_to_an_interface_may_be_held_by_anybody() {
    let mut estate = estate();
    estate["NetworkInterfaces"][0]["Ipv4Prefixes"] = json!([{"Ipv4Prefix": "10.0.1.16/28"}]);
    assert_eq!(unheld(&lowered(&estate)), 1);
}

#[test]
fn without_acls_every_boundary_is_unknown() {
    let lowered = without("NetworkAcls");
    for subnet in ["subnet-a", "subnet-b"] {
        let stack = &lowered.network.subnets[&Id::new(subnet)].boundary;
        let filter = stack.filters[0].as_str();
        assert_eq!(bounds(&lowered, filter, Direction::Ingress), NOTHING_KNOWN);
    }
}

#[test]
fn without_groups_every_filter_is_unknown() {
    let lowered = without("SecurityGroups");
    let filter = filter_of(&lowered, "eni-a");
    assert_eq!(bounds(&lowered, &filter, Direction::Egress), NOTHING_KNOWN);
}

#[test]
fn without_subnets_tables_and_acls_are_known_all_the_same() {
    let lowered = without("Subnets");
    let subnet = &lowered.network.subnets[&interface_of(&lowered, "eni-b").subnet];
    assert_eq!(subnet.router.as_str(), "vpc-1");
    assert_eq!(subnet.table.as_str(), "rtb-2");
    assert_eq!(subnet.boundary.filters[0].as_str(), "acl-1");
    assert_eq!(subnet.addresses.to_string(), "10.0.2.20");
    assert!(unheld(&lowered) > 0);
}

#[test]
fn without_vpcs_routers_are_made_of_what_others_tell() {
    let lowered = without("Vpcs");
    let router = &lowered.network.routers[&Id::new("vpc-1")];
    assert_eq!(router.addresses.to_string(), "10.0.0.0/16");
    assert!(unheld(&lowered) > 0);
    assert!(!lowered.warnings.is_empty());
}

#[test]
fn an_empty_list_is_knowledge() {
    let mut estate = estate();
    estate["NetworkInterfaces"] = json!([]);
    assert_eq!(unheld(&lowered(&estate)), 0);
}

#[test]
fn an_object_without_an_id_makes_its_kind_incomplete() {
    let mut estate = estate();
    estate["NetworkInterfaces"][0].as_object_mut().expect("an object").remove("NetworkInterfaceId");
    let lowered = lowered(&estate);
    assert_eq!(unheld(&lowered), 1);
    assert_eq!(lowered.warnings.len(), 1);
}

#[test]
fn a_field_that_is_not_understood_is_warned_of() {
    let mut estate = estate();
    estate["Subnets"][0]["Frobnicate"] = true.into();
    let lowered = lowered(&estate);
    assert_eq!(lowered.warnings.len(), 1);
    assert_eq!(&*lowered.warnings[0].place, "estate.json#/Subnets/0/Frobnicate");
}

#[test]
fn a_kind_that_is_not_understood_is_warned_of() {
    let mut estate = estate();
    estate["SecurityGroupRules"] = json!([]);
    let lowered = lowered(&estate);
    assert_eq!(lowered.warnings.len(), 1);
    assert_eq!(&*lowered.warnings[0].place, "estate.json#/SecurityGroupRules");
}

fn covered(lowered: &Lowered, kind: crate::Kind) -> CallCoverage {
    let found = lowered.calls.iter().find(|call| call.kind == kind.name());
    found.expect("asked for").clone()
}

#[test]
fn coverage_tells_what_was_read_of_each_kind() {
    let lowered = without("NatGateways");
    let interfaces = covered(&lowered, crate::Kind::NetworkInterfaces);
    assert_eq!((interfaces.knowledge, interfaces.count), (Knowledge::Read, 3));
    assert_eq!(covered(&lowered, crate::Kind::NatGateways).knowledge, Knowledge::Absent);
    let mut estate = estate();
    estate.as_object_mut().expect("an object").remove("NatGateways");
    let assumed = covered(&assuming_none(&estate), crate::Kind::NatGateways);
    assert_eq!(assumed.knowledge, Knowledge::Assumed);
}

fn with_manifest(estate: &Value, calls: Value) -> Lowered {
    let manifest = json!({"schema": "cloudfw.manifest/1", "calls": calls});
    lower_documents(&[
        document("estate.json", "111122223333", "eu-central-1", estate),
        document("manifest.json", "", "", &manifest),
    ])
}

#[test]
fn a_denied_call_is_told_with_its_error_and_never_as_empty() {
    let mut estate = estate();
    estate.as_object_mut().expect("an object").remove("NetworkInterfaces");
    let lowered = with_manifest(
        &estate,
        json!([{
            "account": "111122223333", "region": "eu-central-1",
            "call": "describe-network-interfaces", "outcome": "denied",
            "error": {"code": "UnauthorizedOperation", "message": ""},
        }]),
    );
    let call = covered(&lowered, crate::Kind::NetworkInterfaces);
    assert_eq!(call.knowledge, Knowledge::Denied);
    assert_eq!(call.error.as_deref(), Some("UnauthorizedOperation"));
    assert_eq!(unheld(&lowered), 1);
}

#[test]
fn a_call_that_gave_something_whose_document_is_gone_was_not_read() {
    let mut estate = estate();
    estate.as_object_mut().expect("an object").remove("NetworkInterfaces");
    let call = |count: u64| {
        json!([{
            "account": "111122223333", "region": "eu-central-1",
            "call": "describe-network-interfaces", "outcome": "ok", "count": count,
            "time": "2026-11-20T10:00:00Z",
        }])
    };
    assert_eq!(unheld(&with_manifest(&estate, call(3))), 1);
    let empty = with_manifest(&estate, call(0));
    assert_eq!(unheld(&empty), 0);
    let time = covered(&empty, crate::Kind::NetworkInterfaces).time;
    assert_eq!(time.as_deref(), Some("2026-11-20T10:00:00Z"));
}

#[test]
fn a_document_with_less_than_its_call_gave_is_incomplete() {
    let told = |call: &str, count: u64| {
        json!([{
            "account": "111122223333", "region": "eu-central-1", "call": call, "outcome": "ok",
            "count": count,
        }])
    };
    let of = |call, count, kind| covered(&with_manifest(&estate(), told(call, count)), kind);
    let kind = crate::Kind::Subnets;
    let whole = of("describe-subnets", 2, kind);
    assert_eq!((whole.knowledge, whole.error), (Knowledge::Read, None));
    let cut = of("describe-subnets", 3, kind);
    assert_eq!(cut.knowledge, Knowledge::Incomplete);
    assert!(cut.error.is_some_and(|error| error.contains("less than the manifest says")));
    assert_eq!(of("describe-subnets", 1, kind).knowledge, Knowledge::Read);
    let instances = of("describe-instances", 9, crate::Kind::Reservations);
    assert_eq!(instances.knowledge, Knowledge::Read);
}

#[test]
fn another_account_s_documents_say_nothing_of_this_one() {
    let mut ours = estate();
    ours.as_object_mut().expect("an object").remove("NetworkInterfaces");
    let lowered = lower_documents(&[
        document("a.json", "111122223333", "eu-central-1", &ours),
        document("b.json", "444455556666", "eu-central-1", &json!({"NetworkInterfaces": []})),
    ]);
    assert_eq!(unheld(&lowered), 1);
}

/// What the coverage says of a kind, and why.
fn said(estate: &Value, kind: crate::Kind) -> (Knowledge, String) {
    let row = covered(&lowered(estate), kind);
    (row.knowledge, row.error.unwrap_or_default().to_string())
}

#[test]
fn a_list_without_what_others_refer_to_was_not_read_in_full() {
    use crate::Kind::{NetworkAcls, NetworkInterfaces, RouteTables, SecurityGroups, Subnets, Vpcs};
    for (kind, reference) in [
        (Subnets, "`subnet-a` is not among them, though estate.json#/NatGateways/0 refers to it"),
        (Vpcs, "`vpc-1` is not among them, though estate.json#/NatGateways/0 refers to it"),
        (SecurityGroups, "`sg-a` is not among them, though estate.json#/NetworkInterfaces/0"),
        (NetworkAcls, "no network ACL of `subnet-a` (estate.json#/Subnets/0); 1 more missing"),
        (RouteTables, "no route table of `subnet-a` (estate.json#/Subnets/0); 1 more missing"),
    ] {
        let mut estate = estate();
        assert_eq!(said(&estate, kind), (Knowledge::Read, String::new()));
        estate[kind.key()] = json!([]);
        let (knowledge, why) = said(&estate, kind);
        assert_eq!(knowledge, Knowledge::Incomplete, "{kind}");
        assert!(why.contains(reference), "{kind}: {why}");
        // Nobody asked: that is told, and not that something is lacking.
        estate.as_object_mut().expect("an object").remove(kind.key());
        assert_eq!(said(&estate, kind), (Knowledge::Absent, String::new()), "{kind}");
        // It is assumed that there are none, and there are.
        let assumed = covered(&assuming_none(&estate), kind);
        assert_eq!(assumed.knowledge, Knowledge::Incomplete, "{kind}");
    }
    let mut estate = estate();
    let mine = json!([{"NetworkInterfaceId": "eni-gone"}]);
    estate["Reservations"][0]["Instances"][0]["NetworkInterfaces"] = mine;
    let (knowledge, why) = said(&estate, NetworkInterfaces);
    assert_eq!(knowledge, Knowledge::Incomplete);
    let place = "estate.json#/Reservations/0/Instances/0/NetworkInterfaces/0";
    assert_eq!(why, format!("`eni-gone` is not among them, though {place} refers to it"));
    estate["Reservations"][0]["Instances"][0]["State"]["Name"] = "terminated".into();
    assert_eq!(said(&estate, NetworkInterfaces).0, Knowledge::Read);
}

#[test]
fn one_of_a_list_that_is_not_there_makes_it_incomplete() {
    use crate::Kind::{NetworkAcls, RouteTables, SecurityGroups, Subnets, Vpcs};
    let changes: [(&str, Value, crate::Kind); 9] = [
        ("/NetworkInterfaces/0/SubnetId", "subnet-x".into(), Subnets),
        ("/NetworkInterfaces/0/VpcId", "vpc-x".into(), Vpcs),
        ("/NetworkInterfaces/0/Groups/0/GroupId", "sg-x".into(), SecurityGroups),
        ("/Reservations/0/Instances/0/SubnetId", "subnet-x".into(), Subnets),
        ("/Reservations/0/Instances/0/VpcId", "vpc-x".into(), Vpcs),
        (
            "/Reservations/0/Instances/0/SecurityGroups",
            json!([{"GroupId": "sg-x"}]),
            SecurityGroups,
        ),
        ("/SecurityGroups/0/VpcId", "vpc-x".into(), Vpcs),
        ("/RouteTables/1/Associations/0/SubnetId", "subnet-x".into(), Subnets),
        ("/NatGateways/0/SubnetId", "subnet-x".into(), Subnets),
    ];
    for (pointer, value, kind) in changes {
        let mut estate = estate();
        let (parent, field) = pointer.rsplit_once('/').expect("a member");
        estate.pointer_mut(parent).expect("an object")[field] = value;
        assert_eq!(said(&estate, kind).0, Knowledge::Incomplete, "{pointer}");
    }
    let mut estate = estate();
    estate["NetworkAcls"][0]["Associations"][1]["SubnetId"] = "subnet-x".into();
    assert_eq!(said(&estate, Subnets).0, Knowledge::Incomplete);
    assert!(said(&estate, NetworkAcls).1.contains("no network ACL of `subnet-b`"));
    estate["RouteTables"][0]["Associations"] = json!([]);
    let (_, why) = said(&estate, RouteTables);
    assert!(why.contains("no route table of `subnet-a`") && !why.contains("more"), "{why}");
}

#[test]
fn what_is_gone_refers_to_nothing_that_has_to_be_there() {
    let mut estate = estate();
    estate["NatGateways"][0]["State"] = "deleted".into();
    estate["NatGateways"][0]["SubnetId"] = "subnet-gone".into();
    estate["RouteTables"][1]["Associations"][0] = json!({
        "Main": false, "SubnetId": "subnet-gone", "RouteTableId": "rtb-2",
        "AssociationState": {"State": "disassociated"},
    });
    let instance = &mut estate["Reservations"][0]["Instances"][1];
    instance["State"]["Name"] = "terminated".into();
    instance["SubnetId"] = "subnet-gone".into();
    // A member of a group of a peer, and an instance of another account.
    let mut permission = permission("-1", Value::Null, Value::Null, &[]);
    permission["UserIdGroupPairs"] = json!([{"GroupId": "sg-theirs", "UserId": "444455556666"}]);
    estate["SecurityGroups"][0]["IpPermissions"] = json!([permission]);
    estate["NetworkInterfaces"][0]["Attachment"] =
        json!({"InstanceId": "i-theirs", "InstanceOwnerId": "444455556666", "DeviceIndex": 0});
    let kinds = [crate::Kind::Subnets, crate::Kind::SecurityGroups, crate::Kind::Reservations];
    for kind in kinds {
        assert_eq!(said(&estate, kind), (Knowledge::Read, String::new()), "{kind}");
    }
    estate["NetworkInterfaces"][0]["Attachment"]["InstanceOwnerId"] = "111122223333".into();
    assert_eq!(said(&estate, crate::Kind::Reservations).0, Knowledge::Incomplete);
}
