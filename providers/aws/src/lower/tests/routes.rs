//! Route tables.

use cloudfw_core::{Destinations, Passage, Place};

use super::*;

fn with_routes(routes: Value) -> Value {
    let mut estate = estate();
    estate["RouteTables"][0]["Routes"] = routes;
    estate
}

fn table_of(lowered: &Lowered, subnet: &str) -> String {
    lowered.network.subnets[&Id::new(subnet)].table.to_string()
}

/// Whether a table says nothing but that nothing is known.
fn is_unknown(lowered: &Lowered, table: &str) -> bool {
    let routes = &lowered.network.tables[&Id::new(table)].routes;
    routes.len() == 1
        && matches!(routes[0].target, Target::Unknown(_))
        && matches!(&routes[0].destinations, Destinations::Prefixes(all) if all.len() == 2)
}

#[test]
fn aws_60_a_subnet_has_its_own_table_or_the_main_one() {
    let lowered = lowered(&estate());
    assert_eq!(table_of(&lowered, "subnet-a"), "rtb-1");
    assert_eq!(table_of(&lowered, "subnet-b"), "rtb-2");
}

#[test]
fn aws_60_without_a_main_table_nothing_is_known() {
    let mut estate = estate();
    estate["RouteTables"][0]["Associations"] = json!([]);
    let lowered = lowered(&estate);
    assert!(is_unknown(&lowered, &table_of(&lowered, "subnet-a")));
    assert_eq!(table_of(&lowered, "subnet-b"), "rtb-2");
}

#[test]
fn aws_60_an_association_with_nobody_may_be_with_any_subnet() {
    let mut estate = estate();
    estate["RouteTables"][1]["Associations"] = json!([{"Main": false}]);
    let lowered = lowered(&estate);
    assert!(is_unknown(&lowered, &table_of(&lowered, "subnet-a")));
    assert!(is_unknown(&lowered, &table_of(&lowered, "subnet-b")));
}

#[test]
fn aws_60_an_association_on_its_way_is_not_known() {
    let mut estate = estate();
    let association = &mut estate["RouteTables"][1]["Associations"][0];
    association["AssociationState"] = json!({"State": "associating"});
    let unsettled = lowered(&estate);
    assert!(is_unknown(&unsettled, &table_of(&unsettled, "subnet-b")));
    estate["RouteTables"][1]["Associations"][0]["AssociationState"]["State"] =
        "disassociated".into();
    assert_eq!(table_of(&lowered(&estate), "subnet-b"), "rtb-1");
}

#[test]
fn aws_60_the_main_table_is_unknown_while_pages_are_missing() {
    let mut estate = estate();
    estate["NextToken"] = "more".into();
    let lowered = lowered(&estate);
    assert!(is_unknown(&lowered, &table_of(&lowered, "subnet-a")));
    assert_eq!(table_of(&lowered, "subnet-b"), "rtb-2");
}

#[test]
fn aws_61_local_routes_are_there_also_where_they_are_not_listed() {
    let lowered = lowered(&with_routes(json!([])));
    assert_eq!(target(&lowered, "rtb-1", "10.0.0.0/16 -> local"), Target::Local);
    assert_eq!(target(&lowered, "rtb-1", "2001:db8:1::/56 -> local"), Target::Local);
    let table = &lowered.network.tables[&Id::new("rtb-1")];
    assert!(table.routes.iter().all(|route| route.origin.place == Place::Implied("AWS")));
}

#[test]
fn aws_62_a_route_of_a_block_of_the_vpc_takes_the_place_of_its_local_one() {
    let mut direct = route("10.0.0.0/16", "NetworkInterfaceId", "eni-a");
    direct["InstanceId"] = "i-a".into();
    let lowered = lowered(&with_routes(json!([direct])));
    let to_interface = Target::Interface(Id::new("eni-a"));
    assert_eq!(target(&lowered, "rtb-1", "10.0.0.0/16 -> eni-a"), to_interface);
    let table = &lowered.network.tables[&Id::new("rtb-1")];
    assert!(table.routes.iter().all(|route| &*route.text != "10.0.0.0/16 -> local"));
}

#[test]
fn aws_63_among_equal_prefixes_static_beats_list_beats_propagated() {
    let mut propagated = route("192.0.2.0/24", "GatewayId", "vgw-1");
    propagated["Origin"] = "EnableVgwRoutePropagation".into();
    let listed = json!({
        "DestinationPrefixListId": "pl-1", "NatGatewayId": "nat-1",
        "Origin": "CreateRoute", "State": "active",
    });
    let estate =
        with_routes(json!([propagated, listed, route("192.0.2.0/24", "GatewayId", "igw-1")]));
    let entries = json!({"PrefixListId": "pl-1", "Entries": [{"Cidr": "192.0.2.0/24"}]});
    let lowered = lower_documents(&[
        document("estate.json", "1", "r", &estate),
        document("pl-1.json", "1", "r", &entries),
    ]);
    let table = &lowered.network.tables[&Id::new("rtb-1")];
    let preference = |text: &str| {
        let route = table.routes.iter().find(|route| &*route.text == text);
        route.expect("a route").preference
    };
    assert!(preference("192.0.2.0/24 -> igw-1") < preference("pl-1 -> nat-1"));
    assert!(preference("pl-1 -> nat-1") < preference("192.0.2.0/24 -> vgw-1"));
    assert_eq!(
        target(&lowered, "rtb-1", "192.0.2.0/24 -> igw-1"),
        Target::Gateway(Id::new("igw-1"))
    );
}

#[test]
fn aws_63_two_routes_that_nothing_ranks_are_unknown() {
    let tied = json!([
        route("192.0.2.0/24", "GatewayId", "igw-1"),
        route("192.0.2.7/24", "NatGatewayId", "nat-1"),
    ]);
    let lowered = lowered(&with_routes(tied));
    for text in ["192.0.2.0/24 -> igw-1", "192.0.2.7/24 -> nat-1"] {
        assert!(matches!(target(&lowered, "rtb-1", text), Target::Unknown(_)), "{text}");
    }
}

#[test]
fn aws_63_a_route_that_does_not_say_whether_it_is_propagated_ranks_with_none() {
    let mut vague = route("192.0.2.0/24", "GatewayId", "vgw-1");
    vague.as_object_mut().expect("an object").remove("Origin");
    let mut propagated = route("192.0.2.0/24", "GatewayId", "igw-1");
    propagated["Origin"] = "EnableVgwRoutePropagation".into();
    let lowered = lowered(&with_routes(json!([vague, propagated])));
    for text in ["192.0.2.0/24 -> igw-1", "192.0.2.0/24 -> vgw-1"] {
        assert!(matches!(target(&lowered, "rtb-1", text), Target::Unknown(_)), "{text}");
    }
}

#[test]
fn aws_64_a_blackhole_leads_nowhere() {
    let mut gone = route("0.0.0.0/0", "GatewayId", "igw-1");
    gone["State"] = "blackhole".into();
    let lowered = lowered(&with_routes(json!([gone])));
    assert_eq!(target(&lowered, "rtb-1", "0.0.0.0/0 -> igw-1 (blackhole)"), Target::Blackhole);
}

#[test]
fn aws_64_a_route_without_a_state_leads_nobody_knows_where() {
    let mut vague = route("0.0.0.0/0", "GatewayId", "igw-1");
    vague.as_object_mut().expect("an object").remove("State");
    let lowered = lowered(&with_routes(json!([vague])));
    assert!(matches!(target(&lowered, "rtb-1", "0.0.0.0/0 -> igw-1"), Target::Unknown(_)));
}

#[test]
fn a_route_to_an_internet_gateway_that_is_not_recorded_leads_to_a_doubtful_border() {
    let mut estate = estate();
    estate["InternetGateways"] = json!([]);
    let lowered = lowered(&estate);
    let Target::Gateway(key) = target(&lowered, "rtb-1", "0.0.0.0/0 -> igw-1") else {
        panic!("a gateway");
    };
    let gateway = gateway_of(&lowered, key.as_str());
    assert_eq!(gateway.doubts.len(), 1);
    assert!(
        matches!(&gateway.passage, Passage::Border { router, .. } if router.as_str() == "vpc-1")
    );
}

#[test]
fn gateways_that_are_not_recorded_or_not_modelled_are_opaque() {
    for (field, id, rewrites) in [
        ("NatGatewayId", "nat-9", true),
        ("TransitGatewayId", "tgw-9", false),
        ("VpcPeeringConnectionId", "pcx-9", false),
        ("GatewayId", "vgw-9", false),
        ("GatewayId", "vpce-9", true),
        ("LocalGatewayId", "lgw-9", true),
        ("CarrierGatewayId", "cagw-9", true),
        ("CoreNetworkArn", "arn:aws:networkmanager::1:core-network/9", true),
    ] {
        let lowered = lowered(&with_routes(json!([route("192.0.2.0/24", field, id)])));
        let found = target(&lowered, "rtb-1", &format!("192.0.2.0/24 -> {id}"));
        let Target::Gateway(key) = found else { panic!("{field}: {found:?}") };
        let passage = &gateway_of(&lowered, key.as_str()).passage;
        let Passage::Opaque { rewrites: told, .. } = passage else { panic!("{field}") };
        assert_eq!(*told, rewrites, "{field}");
    }
}

#[test]
fn a_route_to_an_interface_that_is_not_recorded_is_unknown() {
    let routes = json!([route("192.0.2.0/24", "NetworkInterfaceId", "eni-9")]);
    let lowered = lowered(&with_routes(routes));
    assert!(matches!(target(&lowered, "rtb-1", "192.0.2.0/24 -> eni-9"), Target::Unknown(_)));
}

#[test]
fn a_route_with_two_targets_or_a_bad_destination_is_unknown() {
    let mut two = route("192.0.2.0/24", "GatewayId", "igw-1");
    two["NatGatewayId"] = "nat-1".into();
    let lowered_two = lowered(&with_routes(json!([two])));
    assert!(matches!(target(&lowered_two, "rtb-1", "192.0.2.0/24 -> igw-1"), Target::Unknown(_)));
    // It may be more specific than the local route, of its family.
    let bad = lowered(&with_routes(json!([route("10.0.0.300/8", "GatewayId", "igw-1")])));
    let table = &bad.network.tables[&Id::new("rtb-1")];
    let kept = table.routes.iter().find(|route| route.text.starts_with("10.0.0.300/8"));
    assert!(matches!(kept.expect("kept").destinations, Destinations::Unresolved(_)));
    assert!(matches!(target(&bad, "rtb-1", "10.0.0.0/16 -> local"), Target::Unknown(_)));
    assert_eq!(target(&bad, "rtb-1", "2001:db8:1::/56 -> local"), Target::Local);
}

#[test]
fn a_list_without_entries_in_the_recording_is_an_unresolved_destination() {
    let listed = json!({
        "DestinationPrefixListId": "pl-1", "NatGatewayId": "nat-1",
        "Origin": "CreateRoute", "State": "active",
    });
    let lowered = lowered(&with_routes(json!([listed])));
    let table = &lowered.network.tables[&Id::new("rtb-1")];
    let route = table.routes.iter().find(|route| &*route.text == "pl-1 -> nat-1");
    assert!(matches!(route.expect("kept").destinations, Destinations::Unresolved(_)));
}

#[test]
fn aws_71_an_edge_association_routes_what_comes_in() {
    let mut estate = estate();
    let mut edge = estate["RouteTables"][1].clone();
    edge["RouteTableId"] = "rtb-edge".into();
    edge["Associations"] = json!([{"Main": false, "GatewayId": "igw-1"}]);
    estate["RouteTables"].as_array_mut().expect("a list").push(edge);
    let lowered = lowered(&estate);
    let Passage::Border { table, .. } = &gateway_of(&lowered, "igw-1").passage else {
        panic!("a border");
    };
    assert_eq!(table.as_ref().expect("a table").as_str(), "rtb-edge");
}

#[test]
fn aws_71_without_route_tables_it_is_not_known_how_what_comes_in_is_routed() {
    let mut estate = estate();
    estate.as_object_mut().expect("an object").remove("RouteTables");
    let lowered = lowered(&estate);
    let Passage::Border { table: Some(table), .. } = &gateway_of(&lowered, "igw-1").passage else {
        panic!("a table");
    };
    assert!(is_unknown(&lowered, table.as_str()));
    assert!(is_unknown(&lowered, &table_of(&lowered, "subnet-a")));
}

#[test]
fn aws_60_an_association_that_names_another_table_is_told_in_two_ways() {
    let mut estate = estate();
    estate["RouteTables"][1]["Associations"][0]["RouteTableId"] = "rtb-x".into();
    let lowered = lowered(&estate);
    let table = &lowered.network.subnets["subnet-b"].table;
    assert_eq!(table.as_str(), "the route table of subnet-b");
}
