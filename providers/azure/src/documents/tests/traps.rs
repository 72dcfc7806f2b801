//! Traps met in recorded answers (section 4 of the statements), and answers of Azure itself.

use super::*;

#[test]
fn t_1_protocols_are_kept_in_the_letter_case_that_they_come_in() {
    for protocol in ["Tcp", "TCP", "tcp", "*", "Udp", "Frob"] {
        assert_eq!(rule(&json!({"protocol": protocol})).protocol.as_deref(), Some(protocol));
    }
    assert_eq!(rule(&json!({"protocol": 6})).protocol.as_deref(), Some("6"));
    assert_eq!(rule(&json!({"protocol": null})).protocol, None);
}

#[test]
fn t_2_an_empty_prefix_is_not_an_absent_one_and_neither_fails() {
    let told = rule(&json!({"sourceAddressPrefix": "", "sourceAddressPrefixes": ["10.0.0.0/8"]}));
    assert_eq!(told.source_address_prefix.as_deref(), Some(""));
    assert_eq!(told.source_address_prefixes.unwrap(), ["10.0.0.0/8"]);
    let told = rule(&json!({"destinationAddressPrefixes": []}));
    assert_eq!(told.source_address_prefix, None);
    assert_eq!(told.source_address_prefixes, None);
    assert_eq!(told.destination_address_prefixes, Some(Vec::new()));
}

#[test]
fn t_3_an_address_without_a_length_is_kept_as_it_is() {
    let told = rule(&json!({"sourceAddressPrefix": "71.179.21.82"}));
    assert_eq!(told.source_address_prefix.as_deref(), Some("71.179.21.82"));
}

fn routes(value: &Value) -> (Part, Vec<raw::EffectiveRoute>) {
    let part = part(value);
    let Items::EffectiveRouteTables(list) = &part.items else { panic!("no routes") };
    let routes = list.iter().map(|route| route.value.clone()).collect();
    (part, routes)
}

#[test]
fn t_8_effective_routes_have_lists_of_prefixes_and_next_hops() {
    let route = json!({
        "source": "User", "state": "Active", "addressPrefix": ["10.0.0.0/16", "10.1.0.0/16"],
        "nextHopType": "VirtualAppliance", "nextHopIpAddress": ["10.0.0.4"], "tagMap": {},
        "hasBgpOverride": false, "disableBgpRoutePropagation": false, "destinationServiceTags": [],
    });
    let (part, list) = routes(&json!({"value": [route]}));
    assert_eq!((part.owner, part.not_understood.len()), (None, 0));
    assert_eq!(list[0].address_prefix.as_ref().unwrap().len(), 2);
    assert_eq!(list[0].next_hop_ip_address.as_ref().unwrap(), &["10.0.0.4"]);
    assert_eq!(list[0].tag_map, Some(TagMap::Tags(Vec::new())));
    // As Azure's description has them.
    let single =
        json!({"source": "Default", "addressPrefix": "10.0.0.0/16", "nextHopType": "VnetLocal"});
    let (_, list) = routes(&json!([single]));
    assert_eq!(list[0].address_prefix.as_ref().unwrap(), &["10.0.0.0/16"]);
    assert_eq!(list[0].next_hop_ip_address, None);
}

#[test]
fn az_75_the_interface_that_was_asked_about_may_stand_beside_the_answer() {
    let route = json!({"source": "Default", "nextHopType": "Internet"});
    let nic = id("networkInterfaces/n");
    let value = json!({"networkInterface": {"id": nic}, "value": [route]});
    let reading = reading(&value);
    assert!(reading.other_keys.is_empty());
    assert_eq!(reading.parts[0].owner.as_deref(), Some(nic.as_str()));
}

fn effective(value: &Value) -> Vec<Element<raw::EffectiveNetworkSecurityGroup>> {
    let Items::EffectiveNetworkSecurityGroups(list) = part(value).items else {
        panic!("no effective groups")
    };
    list
}

#[test]
fn az_76_effective_groups_are_read_with_their_tag_map_in_either_form() {
    let answer = |tags: Value| {
        json!({
            "networkSecurityGroup": {"id": id("networkSecurityGroups/g")},
            "association": {"networkInterface": {"id": id("networkInterfaces/n")}},
            "effectiveSecurityRules": [{
                "name": "securityRules/a", "protocol": "All", "destinationPortRange": "80-80",
                "priority": 100, "expandedSourceAddressPrefix": ["1.0.0.0/8", "2.0.0.0/7"],
            }],
            "tagMap": tags,
        })
    };
    let tags = answer(json!({"Internet": ["1.0.0.0/8"], "Frob": "10.0.0.0/8"}));
    for value in [json!({"value": [tags]}), json!([tags]), tags] {
        let group = effective(&value).remove(0);
        let rule = &group.value.effective_security_rules.unwrap()[0];
        assert_eq!(rule.expanded_source_address_prefix.as_ref().unwrap().len(), 2);
        let Some(TagMap::Tags(tags)) = &group.value.tag_map else { panic!("no tags") };
        assert_eq!(tags[0], ("Frob".to_owned(), vec!["10.0.0.0/8".to_owned()]));
        assert_eq!(group.not_understood, []);
    }
    let group = effective(&answer(json!("Internet=1.0.0.0/8"))).remove(0);
    assert_eq!(group.value.tag_map, Some(TagMap::Text("Internet=1.0.0.0/8".to_owned())));
    let view = json!({"effectiveSecurityRules": []});
    assert_eq!(effective(&view)[0].pointer, Pointer::root());
}

#[test]
fn t_9_ids_are_kept_in_the_letter_case_that_they_come_in() {
    let own =
        "/Subscriptions/S/resourcegroups/R/Providers/microsoft.network/NETWORKSECURITYGROUPS/G";
    let subnet = "/subscriptions/s/RESOURCEGROUPS/r/x";
    let group = groups(&json!({"ID": own, "properties": {"SUBNETS": [{"Id": subnet}]}})).remove(0);
    assert_eq!(group.value.id.as_deref(), Some(own));
    assert_eq!(group.value.properties.subnets.unwrap()[0].id.as_deref(), Some(subnet));
}

#[test]
fn t_10_a_body_of_null_is_an_answer_that_is_not_there_yet() {
    let reading = read(&document("null")).unwrap();
    assert_eq!(reading, Reading { nothing: Some(Nothing::NotYet), ..Reading::default() });
}

#[test]
fn az_33_lists_of_service_tags_are_read() {
    let tag = json!({"name": "Storage.WestUS", "id": "Storage.WestUS", "properties": {
        "changeNumber": 7, "region": "westus", "regionId": 1, "systemService": "AzureStorage",
        "platform": "Azure", "addressPrefixes": ["13.64.0.0/16", "2603::/32"],
        "networkFeatures": ["API", "NSG"]}});
    let api = json!({"name": "Public", "id": "/x", "type": "Microsoft.Network/serviceTags",
        "changeNumber": "7", "cloud": "Public", "values": [tag]});
    let weekly = json!({"changeNumber": 7, "cloud": "Public", "values": [tag]});
    for value in [api, weekly, json!({"values": [tag]})] {
        let part = part(&value);
        assert_eq!((part.not_understood.len(), part.kind), (0, Kind::ServiceTags), "{value}");
        let Items::ServiceTags(lists) = part.items else { panic!("no tags") };
        let tag = &lists[0].value.values.as_ref().unwrap()[0];
        assert_eq!(tag.name.as_deref(), Some("Storage.WestUS"));
        assert_eq!(tag.properties.address_prefixes.as_ref().unwrap().len(), 2);
        let own = lists[0].pointer.element("values", 0);
        let place = tag.field_at(&own, "addressPrefixes");
        assert_eq!(place.to_string(), "/values/0/properties/addressPrefixes");
    }
}

#[test]
fn az_43_admin_rules_have_what_they_apply_to_in_either_form() {
    let rules = "networkManagers/m/securityAdminConfigurations/c/ruleCollections/k/rules/r";
    let network = id("virtualNetworks/v");
    let nested = json!({
        "id": id(rules), "kind": "Custom", "configurationDescription": "d",
        "ruleCollectionAppliesToGroups": [{"networkGroupId": id("networkManagers/m/networkGroups/g")}],
        "ruleGroups": [{"id": id("networkManagers/m/networkGroups/g"), "properties": {
            "description": "all", "provisioningState": "Succeeded"}}],
        "properties": {"access": "AlwaysAllow", "priority": 1, "direction": "Inbound",
            "protocol": "Tcp", "sourcePortRanges": ["0-65535"], "destinationPortRanges": ["22"],
            "sources": [{"addressPrefix": "Internet", "addressPrefixType": "ServiceTag"}],
            "destinations": []},
    });
    let mut flat = nested.as_object().unwrap().clone();
    let Some(Value::Object(own)) = flat.remove("properties") else { panic!("no properties") };
    flat.extend(own);
    for rule in [nested, Value::Object(flat)] {
        let value = json!({"value": [rule], "skipToken": "", "virtualNetwork": {"id": network}});
        let part = part(&value);
        assert_eq!((part.complete, part.owner.as_deref()), (true, Some(network.as_str())));
        assert_eq!(part.not_understood, []);
        let Items::SecurityAdminRules(list) = part.items else { panic!("no admin rules") };
        let rule = &list[0].value;
        assert_eq!(rule.properties.access.as_deref(), Some("AlwaysAllow"));
        let groups = rule.either(|rule| rule.rule_collection_applies_to_groups.as_ref());
        assert_eq!(groups.unwrap().len(), 1);
        assert_eq!(rule.envelope().unwrap().kind.as_deref(), Some("Custom"));
    }
}
