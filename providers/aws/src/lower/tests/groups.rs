//! Security groups.

use std::sync::Arc;

use cloudfw_core::{Tracking, WithoutState};

use super::*;

const IN: Direction = Direction::Ingress;
const OUT: Direction = Direction::Egress;

fn with_inbound(permissions: Value) -> Value {
    let mut estate = estate();
    estate["SecurityGroups"][1]["IpPermissions"] = permissions;
    estate
}

fn inbound(permissions: Value) -> Vec<String> {
    rules(&lowered(&with_inbound(permissions)), "sg-b", IN)
}

fn referring(pair: Value) -> Value {
    let mut permission = permission("tcp", json!(22), json!(22), &[]);
    permission["UserIdGroupPairs"] = json!([pair]);
    json!([permission])
}

#[test]
fn aws_1_groups_only_allow() {
    let rules = inbound(json!([permission("tcp", json!(22), json!(22), &["10.0.0.0/8"])]));
    assert_eq!(rules, ["allow tcp 22 from 10.0.0.0/8", "* deny any"]);
}

#[test]
fn aws_2_all_groups_of_an_interface_are_one_filter_and_share_their_rules() {
    let mut estate = estate();
    estate["NetworkInterfaces"][0]["Groups"] = json!([{"GroupId": "sg-b"}, {"GroupId": "sg-a"}]);
    let lowered = lowered(&estate);
    assert_eq!(filter_of(&lowered, "eni-a"), "sg-a+sg-b");
    let both = &lowered.network.filters[&Id::<Filter>::new("sg-a+sg-b")];
    let one = &lowered.network.filters[&Id::<Filter>::new("sg-b")];
    assert_eq!(both.ingress.len(), 3);
    assert!(Arc::ptr_eq(&both.ingress[1], &one.ingress[0]));
}

#[test]
fn aws_2_equal_sets_of_groups_share_one_filter() {
    let mut estate = estate();
    estate["NetworkInterfaces"][0]["Groups"] = json!([{"GroupId": "sg-b"}]);
    let lowered = lowered(&estate);
    assert_eq!(filter_of(&lowered, "eni-a"), filter_of(&lowered, "eni-b"));
}

#[test]
fn aws_3_a_group_without_outbound_rules_lets_nothing_out() {
    let mut estate = estate();
    estate["SecurityGroups"][1]["IpPermissionsEgress"] = json!([]);
    let lowered = lowered(&estate);
    assert_eq!(rules(&lowered, "sg-b", OUT), ["* deny any"]);
    assert_eq!(bounds(&lowered, "sg-b", OUT), ("none", "none"));
    assert_eq!(rules(&lowered, "sg-a", OUT), ["allow any to any IPv4", "* deny any"]);
}

#[test]
fn aws_4_groups_belong_to_interfaces() {
    let mut estate = estate();
    estate["NetworkInterfaces"][0]["Attachment"]["InstanceId"] = "i-b".into();
    estate["NetworkInterfaces"][0]["Attachment"]["DeviceIndex"] = 1.into();
    let lowered = lowered(&estate);
    assert_eq!(filter_of(&lowered, "eni-a"), "sg-a");
    assert_eq!(filter_of(&lowered, "eni-b"), "sg-b");
    let host = &lowered.network.hosts[&Id::new("i-b")];
    assert_eq!(host.interfaces, [Id::new("eni-b"), Id::new("eni-a")]);
}

#[test]
fn aws_6_a_group_may_refer_to_itself() {
    let lowered = lowered(&with_inbound(referring(json!({"GroupId": "sg-b"}))));
    let rule = &own_rules(&lowered, "sg-b", IN)[0];
    assert_eq!(peers(rule, IN), [Peer::Group(Id::new("sg-b"))]);
}

#[test]
fn aws_8_references_stay_symbolic() {
    let lowered = lowered(&with_inbound(referring(json!({"GroupId": "sg-a"}))));
    let rule = &own_rules(&lowered, "sg-b", IN)[0];
    assert_eq!(peers(rule, IN), [Peer::Group(Id::new("sg-a"))]);
    assert!(interface_of(&lowered, "eni-a").groups.contains(&Id::new("sg-a")));
}

#[test]
fn aws_10_a_reference_through_a_deleted_peering_matches_nothing() {
    let by_pair = json!({"GroupId": "sg-far", "PeeringStatus": "deleted"});
    let mut by_peering =
        with_inbound(referring(json!({"GroupId": "sg-far", "VpcPeeringConnectionId": "pcx-1"})));
    by_peering["VpcPeeringConnections"] =
        json!([{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "deleted"}}]);
    for estate in [with_inbound(referring(by_pair)), by_peering] {
        let rules = rules(&lowered(&estate), "sg-b", IN);
        assert_eq!(rules, ["allow tcp 22 from nobody", "* deny any"]);
    }
}

#[test]
fn aws_10_a_reference_to_a_group_that_is_not_recorded_is_unknown() {
    let lowered = lowered(&with_inbound(referring(json!({"GroupId": "sg-far"}))));
    let rule = &own_rules(&lowered, "sg-b", IN)[0];
    assert!(matches!(peers(rule, IN), [Peer::Unresolved { within, .. }] if within.is_full()));
    assert_eq!(bounds(&lowered, "sg-b", IN), ("none", "some"));
}

#[test]
fn aws_13_a_group_of_another_vpc_filters_too() {
    let mut estate = estate();
    estate["SecurityGroups"][1]["VpcId"] = "vpc-2".into();
    assert_eq!(filter_of(&lowered(&estate), "eni-b"), "sg-b");
}

fn from_list(estate: &mut Value) {
    let mut permission = permission("tcp", json!(443), json!(443), &[]);
    permission["PrefixListIds"] = json!([{"PrefixListId": "pl-1"}]);
    estate["SecurityGroups"][1]["IpPermissions"] = json!([permission]);
}

#[test]
fn aws_14_a_prefix_list_stands_for_its_entries() {
    let mut estate = estate();
    from_list(&mut estate);
    let entries = json!({"PrefixListId": "pl-1", "Entries": [
        {"Cidr": "192.0.2.0/24"}, {"Cidr": "198.51.100.7/32"},
    ]});
    let documents =
        [document("estate.json", "1", "r", &estate), document("pl-1.json", "1", "r", &entries)];
    let lowered = lower_documents(&documents);
    assert_eq!(rules(&lowered, "sg-b", IN)[0], "allow tcp 443 from pl-1");
    let rule = &own_rules(&lowered, "sg-b", IN)[0];
    let [Peer::Addresses { set, .. }] = peers(rule, IN) else { panic!("resolved") };
    assert_eq!(set.to_string(), "192.0.2.0/24, 198.51.100.7");
}

#[test]
fn aws_14_a_list_whose_entries_are_not_recorded_is_unknown_and_never_empty() {
    let mut estate = estate();
    from_list(&mut estate);
    let lowered = lowered(&estate);
    assert_eq!(rules(&lowered, "sg-b", IN)[0], "allow tcp 443 from pl-1 (unresolved)");
    assert_eq!(bounds(&lowered, "sg-b", IN), ("none", "some"));
}

#[test]
fn aws_15_other_protocols_mean_all_ports_whatever_the_ports_say() {
    let esp = inbound(json!([permission("50", json!(80), json!(80), &["10.0.0.0/8"])]));
    assert_eq!(esp[0], "allow esp from 10.0.0.0/8");
    let sctp = inbound(json!([permission("132", json!(80), json!("x"), &["10.0.0.0/8"])]));
    assert_eq!(sctp[0], "allow sctp from 10.0.0.0/8");
    let all = inbound(json!([permission("-1", json!(80), json!(80), &["10.0.0.0/8"])]));
    assert_eq!(all[0], "allow any from 10.0.0.0/8");
    let six = inbound(json!([permission("6", json!(80), json!(81), &["10.0.0.0/8"])]));
    assert_eq!(six[0], "allow tcp 80-81 from 10.0.0.0/8");
}

#[test]
fn aws_15_ports_that_are_none_may_mean_any_port_of_the_protocol() {
    let bad = [
        (json!(70000), json!(70000)),
        (json!(500), json!(400)),
        (json!("x"), json!(80)),
        (Value::Null, Value::Null),
        (json!(-1), json!(-1)),
    ];
    for (from, to) in bad {
        let rules = inbound(json!([permission("tcp", from.clone(), to, &["10.0.0.0/8"])]));
        assert_eq!(rules[0], "allow tcp from 10.0.0.0/8 ?", "{from}");
    }
}

#[test]
fn aws_15_an_unknown_protocol_may_be_any() {
    let rules = inbound(json!([permission("frob", json!(1), json!(2), &["10.0.0.0/8"])]));
    assert_eq!(rules[0], "allow any from 10.0.0.0/8 ?");
}

#[test]
fn aws_16_icmp_has_a_type_and_a_code() {
    let icmp = |from, to| inbound(json!([permission("icmp", from, to, &["10.0.0.0/8"])]));
    assert_eq!(icmp(json!(8), json!(0))[0], "allow icmp type 8 code 0 from 10.0.0.0/8");
    assert_eq!(icmp(json!(3), json!(-1))[0], "allow icmp type 3 from 10.0.0.0/8");
    assert_eq!(icmp(json!(-1), json!(-1))[0], "allow icmp from 10.0.0.0/8");
    assert_eq!(icmp(json!(-1), json!(4))[0], "allow icmp from 10.0.0.0/8 ?");
    assert_eq!(icmp(Value::Null, Value::Null)[0], "allow icmp from 10.0.0.0/8 ?");
}

#[test]
fn aws_17_the_families_are_apart() {
    let mut permission = permission("tcp", json!(443), json!(443), &["0.0.0.0/0"]);
    assert_eq!(inbound(json!([permission]))[0], "allow tcp 443 from any IPv4");
    permission["Ipv6Ranges"] = json!([{"CidrIpv6": "::/0"}]);
    let rules = inbound(json!([permission]));
    assert_eq!(rules[1], "allow tcp 443 from any IPv6");
}

#[test]
fn aws_20_groups_remember_flows() {
    let lowered = lowered(&estate());
    let filter = &lowered.network.filters[&Id::<Filter>::new("sg-a")];
    let stateful = Tracking::Stateful { without_state: WithoutState::Unknown };
    assert_eq!(filter.tracking, stateful);
}

#[test]
fn aws_39_bits_beyond_the_prefix_do_not_count() {
    let rules = inbound(json!([permission("tcp", json!(1), json!(1), &["100.68.0.18/18"])]));
    assert_eq!(rules[0], "allow tcp 1 from 100.68.0.0/18");
}

#[test]
fn a_block_that_is_none_may_be_any_of_its_family() {
    let rules = inbound(json!([permission("tcp", json!(1), json!(1), &["10.0.0.300/8"])]));
    assert_eq!(rules[0], "allow tcp 1 from 10.0.0.300/8 (unresolved)");
    let lowered = lowered(&with_inbound(json!([permission("tcp", json!(1), json!(1), &["::/0"])])));
    let rule = &own_rules(&lowered, "sg-b", IN)[0];
    assert!(matches!(peers(rule, IN), [Peer::Unresolved { within, .. }] if within.is_full()));
}

#[test]
fn an_absent_list_of_peers_is_not_an_empty_one() {
    let mut permission = permission("tcp", json!(1), json!(1), &[]);
    permission.as_object_mut().expect("an object").remove("UserIdGroupPairs");
    let rules = inbound(json!([permission]));
    assert_eq!(rules[0], "allow tcp 1 from UserIdGroupPairs? (unresolved)");
}

#[test]
fn absent_rules_are_unknown() {
    let mut estate = estate();
    let group = estate["SecurityGroups"][1].as_object_mut().expect("an object");
    group.remove("IpPermissions");
    assert_eq!(bounds(&lowered(&estate), "sg-b", IN), NOTHING_KNOWN);
}

#[test]
fn a_group_that_is_not_recorded_lets_anything_through_or_nothing() {
    let mut estate = estate();
    estate["SecurityGroups"].as_array_mut().expect("a list").remove(1);
    let lowered = lowered(&estate);
    let filter = filter_of(&lowered, "eni-b");
    assert_eq!(bounds(&lowered, &filter, IN), NOTHING_KNOWN);
    assert_eq!(bounds(&lowered, &filter, OUT), NOTHING_KNOWN);
}

#[test]
fn an_interface_whose_groups_are_not_told_may_be_a_member_of_any() {
    for groups in [Value::Null, json!([])] {
        let mut estate = with_inbound(referring(json!({"GroupId": "sg-a"})));
        estate["NetworkInterfaces"][0]["Groups"] = groups;
        let lowered = lowered(&estate);
        let filter = filter_of(&lowered, "eni-a");
        assert_eq!(bounds(&lowered, &filter, IN), NOTHING_KNOWN);
        let rule = &own_rules(&lowered, "sg-b", IN)[0];
        let [Peer::Group(_), Peer::Unresolved { within, .. }] = peers(rule, IN) else {
            panic!("a possible member: {rule}");
        };
        assert_eq!(within.to_string(), "10.0.1.10");
    }
}

#[test]
fn a_rule_knows_where_it_is_written() {
    let lowered =
        lowered(&with_inbound(json!([permission("tcp", json!(22), json!(22), &["10.0.0.0/8"])])));
    let rule = &own_rules(&lowered, "sg-b", IN)[0];
    assert_eq!(rule.origin.to_string(), "estate.json /SecurityGroups/1/IpPermissions/0/IpRanges/0");
}

#[test]
fn aws_10_a_group_of_another_account_is_not_the_own_one_of_that_id() {
    let unresolved = |account: &str| {
        let mut estate = estate();
        let mut rule = permission("tcp", 443.into(), 443.into(), &[]);
        rule["UserIdGroupPairs"] = json!([{"GroupId": "sg-a", "UserId": account}]);
        estate["SecurityGroups"][1]["IpPermissions"] = json!([rule]);
        let lowered = lowered(&estate);
        let rules = own_rules(&lowered, "sg-b", Direction::Ingress);
        matches!(peers(&rules[0], Direction::Ingress), [Peer::Unresolved { .. }])
    };
    assert!(!unresolved("111122223333"));
    assert!(unresolved("999988887777"));
}
