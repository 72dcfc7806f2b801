//! Fields that cloudfw does not know: in rules they may decide, beside them they are told.

use cloudfw_core::{
    Destinations, Endpoint, PathGraph, PortSet, Question, ServiceSet, Verdict, reach,
};

use super::*;

/// Web may reach the database on 5432 and 22, and get answers.
fn two_tiers() -> Value {
    let mut estate = estate();
    estate["SecurityGroups"][1]["IpPermissions"] = json!([
        permission("tcp", json!(5432), json!(5432), &["10.0.0.0/8"]),
        permission("tcp", json!(22), json!(22), &["10.0.0.0/8"]),
    ]);
    estate
}

/// The verdict of web to the database, and what is unknown in it.
fn asked(lowered: &Lowered, port: u16) -> (Verdict, Vec<String>) {
    let graph = PathGraph::new(&lowered.network);
    let end = |id: &str| Endpoint::Interface {
        id: Id::new(id),
        address: interface_of(lowered, id).addresses[0].ip,
        dialled: None,
    };
    let question = Question {
        source: end("eni-a"),
        destination: end("eni-b"),
        services: ServiceSet::tcp(PortSet::single(port)),
        client: None,
        one_way: false,
    };
    let answer = reach(&graph, &question);
    let told = |unknown: &cloudfw_core::Unknown| format!("{} {}", unknown.what, unknown.place);
    (answer.verdict, answer.unknowns.iter().map(told).collect())
}

fn assert_rests(estate: &Value, field: &str, place: &str) {
    let lowered = lowered(estate);
    let told = vec![format!("the field `{field}` estate.json#{place}")];
    assert_eq!(asked(&lowered, 5432), (Verdict::Unknown, told), "what rests on the rule");
    assert_eq!(asked(&lowered, 22).0, Verdict::Reachable, "what does not");
    let warned = |warning: &cloudfw_core::Unknown| warning.what.contains(field);
    assert!(lowered.warnings.iter().any(warned), "it is warned of as well");
}

#[test]
fn a_field_beside_a_peer_makes_its_rule_doubtful() {
    let mut estate = two_tiers();
    estate["SecurityGroups"][1]["IpPermissions"][0]["IpRanges"][0]["ExceptCidrs"] =
        json!(["10.0.1.0/24"]);
    assert_rests(
        &estate,
        "SecurityGroups.IpPermissions.IpRanges.ExceptCidrs",
        "/SecurityGroups/1/IpPermissions/0/IpRanges/0/ExceptCidrs",
    );
}

#[test]
fn a_field_of_a_permission_makes_all_its_rules_doubtful() {
    let mut estate = two_tiers();
    estate["SecurityGroups"][1]["IpPermissions"][0]["Frobnicate"] = json!({"Deep": [1]});
    assert_rests(
        &estate,
        "SecurityGroups.IpPermissions.Frobnicate",
        "/SecurityGroups/1/IpPermissions/0/Frobnicate",
    );
}

#[test]
fn a_list_of_peers_of_an_unknown_kind_may_let_anybody_in() {
    let mut estate = two_tiers();
    let rule = &mut estate["SecurityGroups"][1]["IpPermissions"][0];
    rule["IpRanges"] = json!([]);
    rule["Friends"] = json!([{"FriendId": "f-1"}]);
    assert_rests(
        &estate,
        "SecurityGroups.IpPermissions.Friends",
        "/SecurityGroups/1/IpPermissions/0/Friends",
    );
}

#[test]
fn a_list_that_is_empty_says_nothing() {
    let mut estate = two_tiers();
    for (name, value) in [("A", json!([])), ("B", json!({})), ("C", Value::Null), ("D", json!(""))]
    {
        estate["SecurityGroups"][1]["IpPermissions"][0][name] = value;
    }
    assert_eq!(asked(&lowered(&estate), 5432), (Verdict::Reachable, vec![]));
}

#[test]
fn a_field_of_an_entry_makes_it_doubtful() {
    let mut estate = two_tiers();
    let mut deny = entry(90, false, "deny", "6");
    deny["PortRange"] = json!({"From": 5432, "To": 5432, "Step": 2});
    estate["NetworkAcls"][0]["Entries"].as_array_mut().expect("a list").push(deny.clone());
    assert_rests(
        &estate,
        "NetworkAcls.Entries.PortRange.Step",
        "/NetworkAcls/0/Entries/2/PortRange/Step",
    );
    deny["PortRange"] = json!({"From": 5432, "To": 5432});
    deny["Weekdays"] = "monday".into();
    estate["NetworkAcls"][0]["Entries"][2] = deny;
    assert_rests(&estate, "NetworkAcls.Entries.Weekdays", "/NetworkAcls/0/Entries/2/Weekdays");
}

#[test]
fn a_field_of_a_prefix_lists_entry_makes_that_entry_doubtful() {
    let mut estate = two_tiers();
    let rules = &mut estate["SecurityGroups"][1]["IpPermissions"];
    for (rule, list) in [(0, "pl-1"), (1, "pl-2")] {
        rules[rule]["IpRanges"] = json!([]);
        rules[rule]["PrefixListIds"] = json!([{"PrefixListId": list}]);
    }
    let doubtful = json!({"Cidr": "10.0.0.0/8", "Weekdays": "monday"});
    estate["PrefixListEntries"] = json!({
        "pl-1": {"PrefixListId": "pl-1", "Entries": [doubtful]},
        "pl-2": {"PrefixListId": "pl-2", "Entries": [doubtful, {"Cidr": "10.0.1.0/24"}]},
    });
    let key = crate::Kind::ManagedPrefixListEntries.key();
    let entries = estate["PrefixListEntries"].take();
    estate.as_object_mut().expect("an object").remove("PrefixListEntries");
    estate[key] = entries;
    assert_rests(
        &estate,
        "ManagedPrefixListEntries.Entries.Weekdays",
        &format!("/{key}/pl-1/Entries/0/Weekdays"),
    );
}

#[test]
fn a_field_of_a_route_makes_it_unknown_where_it_leads() {
    let mut estate = two_tiers();
    estate["RouteTables"][1]["Routes"][1]["Weekdays"] = "monday".into();
    let lowered = lowered(&estate);
    let Target::Unknown(unknown) = target(&lowered, "rtb-2", "0.0.0.0/0 -> nat-1") else {
        panic!("it is known where the route leads");
    };
    assert_eq!(&*unknown.place, "estate.json#/RouteTables/1/Routes/1/Weekdays");
    assert_eq!(target(&lowered, "rtb-2", "10.0.0.0/16 -> local"), Target::Local);
    assert_eq!(asked(&lowered, 5432), (Verdict::Reachable, vec![]));
}

#[test]
fn a_route_by_a_list_is_doubtful_for_its_doubtful_entries_alone() {
    let mut estate = estate();
    let mut by_list = route("0.0.0.0/0", "NatGatewayId", "nat-1");
    by_list["DestinationPrefixListId"] = "pl-1".into();
    by_list.as_object_mut().expect("an object").remove("DestinationCidrBlock");
    estate["RouteTables"][1]["Routes"][1] = by_list;
    estate[crate::Kind::ManagedPrefixListEntries.key()] = json!({"pl-1": {
        "PrefixListId": "pl-1",
        "Entries": [{"Cidr": "192.0.2.0/24"}, {"Cidr": "198.51.100.0/24", "Weekdays": "monday"}],
    }});
    let lowered = lowered(&estate);
    assert!(matches!(target(&lowered, "rtb-2", "pl-1 -> nat-1"), Target::Gateway(_)));
    assert!(matches!(target(&lowered, "rtb-2", "pl-1 -> nat-1 (in part)"), Target::Unknown(_)));
    let routes = &lowered.network.tables[&Id::new("rtb-2")].routes;
    let prefixes = |text: &str| {
        let route = routes.iter().find(|route| &*route.text == text).expect("a route");
        route.destinations.clone()
    };
    let only = |block: &str| Destinations::Prefixes(vec![block.parse().expect("a block")]);
    assert_eq!(prefixes("pl-1 -> nat-1"), only("192.0.2.0/24"));
    assert_eq!(prefixes("pl-1 -> nat-1 (in part)"), only("198.51.100.0/24"));
}

#[test]
fn a_field_of_an_object_on_the_way_is_told_and_decides_nothing() {
    for (kind, at, told) in [
        ("Vpcs", 0, true),
        ("Subnets", 0, true),
        ("Subnets", 1, true),
        ("NetworkInterfaces", 1, true),
        ("NetworkInterfaces", 2, false),
        ("SecurityGroups", 1, true),
        ("NetworkAcls", 0, true),
        ("RouteTables", 0, true),
        ("RouteTables", 1, true),
        ("InternetGateways", 0, false),
        ("NatGateways", 0, false),
    ] {
        let mut estate = two_tiers();
        estate[kind][at]["Frobnicate"] = true.into();
        let (verdict, unknowns) = asked(&lowered(&estate), 5432);
        assert_eq!(verdict, Verdict::Reachable, "{kind}");
        let place = format!("the field `{kind}.Frobnicate` estate.json#/{kind}/{at}/Frobnicate");
        let expected = if told { vec![place] } else { vec![] };
        assert_eq!(unknowns, expected, "{kind} {at}");
    }
    let mut estate = two_tiers();
    estate["Reservations"][0]["Instances"][1]["Frobnicate"] = true.into();
    let told = "the field `Reservations.Instances.Frobnicate` \
                estate.json#/Reservations/0/Instances/1/Frobnicate";
    assert_eq!(asked(&lowered(&estate), 5432), (Verdict::Reachable, vec![told.to_owned()]));
}

#[test]
fn what_live_collection_left_out_may_be_of_any_rule() {
    let estate = two_tiers();
    let with = |call: &str, path: &str| {
        let manifest = json!({"schema": "cloudfw.manifest/1", "calls": [
            {"call": call, "outcome": "ok", "fields_not_understood": [path]},
        ]});
        let (account, region) = ("111122223333", "eu-central-1");
        lower_documents(&[
            document("estate.json", account, region, &estate),
            document("manifest.json", account, region, &manifest),
        ])
    };
    let groups = "describe-security-groups";
    let (verdict, unknowns) =
        asked(&with(groups, "securityGroupInfo/item/ipPermissions/item/ipRanges/item/except"), 22);
    assert_eq!(verdict, Verdict::Unknown);
    let told = "the field `SecurityGroups.IpPermissions.IpRanges.Except` manifest.json#/calls/0";
    assert_eq!(unknowns, [told]);
    let (verdict, unknowns) = asked(&with(groups, "securityGroupInfo/item/frobnicate"), 22);
    assert_eq!(verdict, Verdict::Reachable);
    assert_eq!(unknowns, ["the field `SecurityGroups.Frobnicate` manifest.json#/calls/0"]);
    let path = "networkAclSet/item/entrySet/item/weekdays";
    assert_eq!(asked(&with("describe-network-acls", path), 22).0, Verdict::Unknown);
    let path = "reservationSet/item/instancesSet/item/frobnicate";
    let lowered = with("describe-instances", path);
    let told = "the field `Reservations.Instances.Frobnicate` manifest.json#/calls/0";
    assert_eq!(asked(&lowered, 22), (Verdict::Reachable, vec![told.to_owned()]));
    assert_eq!(lowered.warnings.len(), 1);
}

#[test]
fn of_two_equal_documents_the_one_that_says_more_counts() {
    let estate = two_tiers();
    let mut more = json!({"SecurityGroups": estate["SecurityGroups"].clone()});
    more["SecurityGroups"][1]["IpPermissions"][0]["Weekdays"] = "monday".into();
    for name in ["a.json", "z.json"] {
        let (account, region) = ("111122223333", "eu-central-1");
        let lowered = lower_documents(&[
            document("estate.json", account, region, &estate),
            document(name, account, region, &more),
        ]);
        assert_eq!(asked(&lowered, 5432).0, Verdict::Unknown, "{name}");
    }
}
