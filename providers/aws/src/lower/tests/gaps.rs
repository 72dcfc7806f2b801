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
fn another_account_s_documents_say_nothing_of_this_one() {
    let mut ours = estate();
    ours.as_object_mut().expect("an object").remove("NetworkInterfaces");
    let lowered = lower_documents(&[
        document("a.json", "111122223333", "eu-central-1", &ours),
        document("b.json", "444455556666", "eu-central-1", &json!({"NetworkInterfaces": []})),
    ]);
    assert_eq!(unheld(&lowered), 1);
}
