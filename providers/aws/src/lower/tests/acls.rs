//! Network ACLs.

use cloudfw_core::Tracking;

use super::*;

const IN: Direction = Direction::Ingress;
const OUT: Direction = Direction::Egress;

fn with_entries(entries: Value) -> Value {
    let mut estate = estate();
    estate["NetworkAcls"][0]["Entries"] = entries;
    estate
}

fn acl(entries: Value, direction: Direction) -> Vec<String> {
    rules(&lowered(&with_entries(entries)), "acl-1", direction)
}

fn boundary(lowered: &Lowered, subnet: &str) -> String {
    let stack = &lowered.network.subnets[&Id::new(subnet)].boundary;
    assert_eq!(stack.filters.len(), 1, "one ACL (AWS-30)");
    stack.filters[0].to_string()
}

fn tcp(number: i64, egress: bool, action: &str, from: i64, to: i64) -> Value {
    let mut entry = entry(number, egress, action, "6");
    entry["PortRange"] = json!({"From": from, "To": to});
    entry
}

#[test]
fn aws_30_a_subnet_has_the_acl_that_is_associated_with_it() {
    assert_eq!(boundary(&lowered(&estate()), "subnet-a"), "acl-1");
}

#[test]
fn aws_30_a_subnet_that_no_acl_names_has_an_unknown_one() {
    let mut estate = estate();
    estate["NetworkAcls"][0]["Associations"] = json!([{"SubnetId": "subnet-b"}]);
    let lowered = lowered(&estate);
    let filter = boundary(&lowered, "subnet-a");
    assert_eq!(bounds(&lowered, &filter, IN), NOTHING_KNOWN);
    assert_eq!(boundary(&lowered, "subnet-b"), "acl-1");
}

#[test]
fn aws_30_a_subnet_that_two_acls_name_has_an_unknown_one() {
    let mut estate = estate();
    let mut second = estate["NetworkAcls"][0].clone();
    second["NetworkAclId"] = "acl-2".into();
    estate["NetworkAcls"].as_array_mut().expect("a list").push(second);
    let lowered = lowered(&estate);
    assert_eq!(bounds(&lowered, &boundary(&lowered, "subnet-a"), OUT), NOTHING_KNOWN);
}

#[test]
fn aws_31_first_match_decides_whatever_the_order_in_the_file() {
    let entries = json!([
        tcp(200, true, "allow", 1024, 65535),
        tcp(110, true, "deny", 32768, 40000),
        entry(100, false, "allow", "-1"),
    ]);
    assert_eq!(
        acl(entries, OUT),
        [
            "110 deny tcp 32768-40000 to any IPv4",
            "200 allow tcp 1024-65535 to any IPv4",
            "* deny any",
        ]
    );
}

#[test]
fn aws_32_the_last_deny_is_shown_as_a_star_and_added_where_it_is_not_told() {
    let told = json!([
        entry(32767, false, "deny", "-1"),
        {"RuleNumber": 32768, "Egress": false, "RuleAction": "deny", "Protocol": "-1",
            "Ipv6CidrBlock": "::/0"},
        entry(100, false, "allow", "-1"),
    ]);
    assert_eq!(
        acl(told, IN),
        [
            "100 allow any from any IPv4",
            "* deny any from any IPv4",
            "* deny any from any IPv6",
            "* deny any",
        ]
    );
    assert_eq!(acl(json!([]), IN), ["* deny any"]);
}

#[test]
fn aws_33_directions_and_families_are_apart() {
    let entries = json!([
        entry(100, true, "allow", "-1"),
        {"RuleNumber": 101, "Egress": true, "RuleAction": "allow", "Protocol": "58",
            "Ipv6CidrBlock": "::/0", "IcmpTypeCode": {"Type": -1, "Code": -1}},
    ]);
    assert_eq!(
        acl(entries.clone(), OUT),
        ["100 allow any to any IPv4", "101 allow icmpv6 to any IPv6", "* deny any"]
    );
    assert_eq!(acl(entries, IN), ["* deny any"]);
}

#[test]
fn aws_34_acls_remember_nothing() {
    let lowered = lowered(&estate());
    let filter = &lowered.network.filters[&Id::<Filter>::new("acl-1")];
    assert_eq!(filter.tracking, Tracking::Stateless);
}

#[test]
fn aws_35_the_acl_stands_at_the_boundary_and_not_at_the_interface() {
    let lowered = lowered(&estate());
    let stack = &interface_of(&lowered, "eni-a").stack;
    assert!(stack.filters.iter().all(|filter| filter.as_str() != "acl-1"));
}

#[test]
fn aws_38_protocols_are_numbers_and_icmp_has_a_type() {
    let mut echo = entry(10, false, "allow", "1");
    echo["IcmpTypeCode"] = json!({"Type": 8, "Code": -1});
    let entries = json!([echo, entry(20, false, "allow", "50"), entry(30, false, "allow", "132")]);
    assert_eq!(
        acl(entries, IN)[..3],
        [
            "10 allow icmp type 8 from any IPv4",
            "20 allow esp from any IPv4",
            "30 allow sctp from any IPv4",
        ]
    );
}

#[test]
fn aws_38_tcp_without_ports_and_icmp_without_a_type_are_doubtful() {
    let entries = json!([entry(10, false, "deny", "6"), entry(20, false, "allow", "1")]);
    assert_eq!(
        acl(entries, IN)[..2],
        ["10 deny tcp from any IPv4 ?", "20 allow icmp from any IPv4 ?"]
    );
}

#[test]
fn aws_40_ports_are_those_that_the_packet_is_sent_to() {
    let lowered = lowered(&with_entries(json!([tcp(10, true, "allow", 1024, 65535)])));
    let filter = &lowered.network.filters[&Id::<Filter>::new("acl-1")];
    let services = &filter.egress[0].rules[0].matches.services;
    assert_eq!(services.destination_ports().to_string(), "1024-65535");
    assert!(services.source_ports().is_full());
}

#[test]
fn two_entries_with_one_number_are_both_doubtful_and_equal_ones_are_one() {
    let disputed = json!([entry(100, false, "allow", "-1"), entry(100, false, "deny", "-1")]);
    assert_eq!(
        acl(disputed, IN),
        ["100 allow any from any IPv4 ?", "100 deny any from any IPv4 ?", "* deny any"]
    );
    let equal = json!([entry(100, false, "allow", "-1"), entry(100, false, "allow", "-1")]);
    assert_eq!(acl(equal, IN), ["100 allow any from any IPv4", "* deny any"]);
}

#[test]
fn an_entry_without_a_number_may_come_first_or_never() {
    let mut nameless = entry(1, false, "deny", "-1");
    nameless.as_object_mut().expect("an object").remove("RuleNumber");
    let estate = with_entries(json!([entry(100, false, "allow", "-1"), nameless]));
    let lowered = lowered(&estate);
    assert_eq!(rules(&lowered, "acl-1", IN)[0], "? deny any from any IPv4 ?");
    assert_eq!(bounds(&lowered, "acl-1", IN).0, "none");
}

#[test]
fn an_entry_without_a_direction_may_be_of_either() {
    let mut vague = entry(10, false, "deny", "-1");
    vague.as_object_mut().expect("an object").remove("Egress");
    for direction in [IN, OUT] {
        assert!(acl(json!([vague]), direction)[0].ends_with(" ?"));
    }
}

#[test]
fn an_entry_that_neither_allows_nor_denies_may_do_both() {
    let lowered = lowered(&with_entries(json!([entry(10, false, "perhaps", "-1")])));
    assert_eq!(rules(&lowered, "acl-1", IN).len(), 3);
    assert_eq!(bounds(&lowered, "acl-1", IN), ("none", "some"));
}

#[test]
fn a_bad_block_may_be_any_of_its_family() {
    let mut bad = entry(10, false, "deny", "-1");
    bad["CidrBlock"] = "10.0.0.300/8".into();
    assert_eq!(acl(json!([bad]), IN)[0], "10 deny any from 10.0.0.300/8 (unresolved)");
}

#[test]
fn absent_entries_are_unknown() {
    let mut estate = estate();
    estate["NetworkAcls"][0].as_object_mut().expect("an object").remove("Entries");
    assert_eq!(bounds(&lowered(&estate), "acl-1", IN), NOTHING_KNOWN);
}

#[test]
fn aws_32_a_number_that_no_entry_can_have_is_doubtful() {
    let is_doubtful = |number: i64, action: &str| {
        let rules = acl(json!([entry(number, false, action, "-1")]), IN);
        rules.iter().any(|rule| rule.ends_with('?'))
    };
    for number in [0, -5, 32767, 32768, 40000] {
        assert!(is_doubtful(number, "allow"), "{number}");
    }
    for (number, action) in [(1, "allow"), (32766, "allow"), (32767, "deny"), (32768, "deny")] {
        assert!(!is_doubtful(number, action), "{number}");
    }
}

#[test]
fn aws_30_an_association_that_names_another_acl_is_told_in_two_ways() {
    let mut estate = estate();
    estate["NetworkAcls"][0]["Associations"][0]["NetworkAclId"] = "acl-1".into();
    let boundary = |estate: &Value| {
        let lowered = lowered(estate);
        lowered.network.subnets["subnet-a"].boundary.filters[0].to_string()
    };
    assert_eq!(boundary(&estate), "acl-1");
    estate["NetworkAcls"][0]["Associations"][0]["NetworkAclId"] = "acl-2".into();
    assert_eq!(boundary(&estate), "the network ACL of subnet-a");
}
