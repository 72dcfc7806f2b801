//! What resources say, nested and flattened, in any spelling, and where it stands.

use super::*;

/// A group as ARM has it, and as `az` prints it.
fn both_forms() -> [Value; 2] {
    let own = id("networkSecurityGroups/g");
    let kind = "Microsoft.Network/networkSecurityGroups";
    let rule = json!({"access": "Allow", "priority": 100});
    let arm = json!({"value": [{"name": "g", "id": own, "properties": {
        "securityRules": [{"name": "a", "properties": rule}, {"name": "b", "properties": {}}],
        "provisioningState": "Succeeded"}, "type": kind, "location": "westus"}]});
    let az = json!([{"id": own, "location": "westus", "name": "g", "provisioningState": "Succeeded",
        "resourceGroup": "r", "securityRules": [
            {"access": "Allow", "name": "a", "priority": 100, "resourceGroup": "r"}, {"name": "b"}],
        "type": kind}]);
    [arm, az]
}

#[test]
fn nested_and_flattened_fields_are_the_same() {
    let [arm, az] = both_forms().map(|value| groups(&value).remove(0));
    assert_eq!((arm.value.standing, az.value.standing), (Standing::Nested, Standing::Flat));
    let rules = |group: &Element<Resource<raw::NetworkSecurityGroup>>| {
        let rules = group.value.properties.security_rules.clone().unwrap();
        rules.into_iter().map(|rule| (rule.name, rule.properties)).collect::<Vec<_>>()
    };
    assert_eq!(rules(&arm), rules(&az));
    assert_eq!(arm.value.id, az.value.id);
    assert_eq!(arm.value.envelope, az.value.envelope);
    assert_eq!(arm.value.properties.provisioning_state.as_deref(), Some("Succeeded"));
    assert_eq!((arm.not_understood, az.not_understood), (Vec::new(), Vec::new()));
}

#[test]
fn places_are_exact_in_either_form() {
    let places = both_forms().map(|value| {
        let group = groups(&value).remove(0);
        let rule = group.value.element_at(&group.pointer, "securityRules", 0);
        let rules = group.value.properties.security_rules.unwrap();
        let priority = rules[0].field_at(&rule, "priority");
        assert_eq!(at(&value, &priority), json!(100));
        priority.to_string()
    });
    let arm = "/value/0/properties/securityRules/0/properties/priority";
    assert_eq!(places, [arm, "/0/securityRules/0/priority"]);
}

#[test]
fn keys_are_the_same_in_any_letter_case_and_their_places_are_those_of_the_document() {
    let own = id("loadBalancers/b");
    for (value, place) in [
        (
            json!({"id": own, "properties": {"frontendIPConfigurations": [{"name": "f",
                "properties": {"privateIPAddress": "10.0.0.4", "publicIPAddress": {"id": "p"}}}]}}),
            "/properties/frontendIPConfigurations/0/properties/publicIPAddress",
        ),
        (
            json!({"id": own, "frontendIpConfigurations": [{"name": "f",
                "privateIpAddress": "10.0.0.4", "publicIpAddress": {"id": "p"}}]}),
            "/frontendIpConfigurations/0/publicIpAddress",
        ),
        (
            json!({"Id": own, "FrontendIpConfigurations": [{"Name": "f",
                "PrivateIpAddress": "10.0.0.4", "PublicIpAddress": {"Id": "p"}}]}),
            "/FrontendIpConfigurations/0/PublicIpAddress",
        ),
    ] {
        let part = part(&value);
        assert_eq!(part.not_understood, [], "{value}");
        let Items::LoadBalancers(list) = part.items else { panic!("no load balancers") };
        let balancer = &list[0].value;
        let frontend = &balancer.properties.frontend_ip_configurations.as_ref().unwrap()[0];
        assert_eq!(frontend.name.as_deref(), Some("f"));
        assert_eq!(frontend.properties.private_ip_address.as_deref(), Some("10.0.0.4"));
        let address = frontend.properties.public_ip_address.as_ref().unwrap();
        assert_eq!(address.id.as_deref(), Some("p"));
        let own = balancer.element_at(&list[0].pointer, "frontendIPConfigurations", 0);
        let found = frontend.field_at(&own, "publicIPAddress");
        assert_eq!(found.to_string(), place);
        assert!(at(&value, &found).is_object());
    }
}

#[test]
fn a_field_in_two_spellings_is_an_error() {
    let value = json!({"id": id("networkInterfaces/n"), "macAddress": "a", "MacAddress": "b"});
    assert!(said(&value.to_string()).contains("duplicate field `macAddress`"));
    let value = json!({"id": id("networkInterfaces/n"), "properties": {}, "Properties": {}});
    assert!(said(&value.to_string()).contains("duplicate field `properties`"));
}

#[test]
fn fields_beside_properties_are_kept() {
    let value = json!({"id": id("networkInterfaces/n"), "macAddress": "a",
        "properties": {"primary": true}, "enableIPForwarding": true});
    let part = part(&value);
    let Items::NetworkInterfaces(list) = part.items else { panic!("no interfaces") };
    let nic = &list[0].value;
    assert_eq!(nic.properties.mac_address, None);
    assert_eq!(nic.either(|nic| nic.mac_address.as_deref()), Some("a"));
    assert_eq!(nic.either(|nic| nic.primary.given()), Some(&true));
    assert_eq!(nic.either(|nic| nic.enable_ip_forwarding.given()), Some(&true));
}

#[test]
fn what_az_resource_list_prints_is_told_from_a_resource_without_rules() {
    let kind = "Microsoft.Network/networkSecurityGroups";
    let listed = json!([{"id": id("networkSecurityGroups/g"), "type": kind, "tags": {},
        "createdTime": "t", "changedTime": "t", "identity": null, "properties": null}]);
    assert!(groups(&listed)[0].value.is_bare());
    let empty = json!([{"type": kind, "properties": {"securityRules": []}}]);
    assert!(!groups(&empty)[0].value.is_bare());
}

#[test]
fn fields_that_are_null_are_no_unknown_ones() {
    let value = json!({"id": id("networkInterfaces/n"), "frob": null, "properties": {
        "frob": null, "virtualMachine": {"id": "v", "properties": {}},
        "networkSecurityGroup": {"id": "g", "securityRules": null, "tags": null}}});
    assert_eq!(part(&value).not_understood, []);
}

#[test]
fn what_az_does_not_know_itself_is_not_understood_either() {
    let told = |more: Value| {
        let rule = json!({"name": "securityRules/a", "additionalProperties": more});
        effective_not_understood(&json!({"value": [{"effectiveSecurityRules": [rule]}]}))
    };
    assert!(told(json!({})).is_empty() && told(json!(null)).is_empty());
    let field = "effectiveSecurityRules.additionalProperties.frob";
    assert_eq!(told(json!({"frob": 1})), [field]);
}

fn effective_not_understood(value: &Value) -> Vec<String> {
    part(value).not_understood.into_iter().map(|field| field.field).collect()
}

#[test]
fn fields_that_the_types_lack_are_counted_with_their_places() {
    let value = json!([
        {"id": id("routeTables/t"), "routes": [{"name": "a", "nextHop": {"x": 1}}]},
        {"id": id("routeTables/u"), "properties": {"subnets": [{"id": "s", "properties": {"y": 1}}]}},
        {"id": id("routeTables/v"), "routes": [{"nextHop": 2}], "etag": "e", "frob": [1]},
    ]);
    let part = part(&value);
    let told: Vec<_> = part
        .not_understood
        .iter()
        .map(|field| (field.to_string(), field.count, field.first.to_string()))
        .collect();
    let expected = [
        ("RouteTables.frob", 1, "/2/frob"),
        ("RouteTables.properties.subnets.properties.y", 1, "/1/properties/subnets/0/properties/y"),
        ("RouteTables.routes.nextHop", 2, "/0/routes/0/nextHop"),
    ];
    assert_eq!(told, expected.map(|(field, count, at)| (field.into(), count, at.into())));
    let Items::RouteTables(list) = part.items else { panic!("no tables") };
    assert_eq!(*list[2].not_understood, ["/frob".into(), "/routes/0/nextHop".into()]);
}

#[test]
fn irrelevant_fields_have_one_path_in_either_form() {
    let is = |path: &str| raw::irrelevant::is_irrelevant(Kind::NetworkInterfaces, path);
    assert!(is("properties.DnsSettings.appliedDnsServers") && is("dnsSettings"));
    assert!(is("properties.ipConfigurations.properties.virtualNetworkTaps"));
    assert!(is("ipConfigurations.etag") && is("ipConfigurations.subnet.resourceGroup"));
    assert!(!is("ipConfigurations.frob") && !is("dnsSettingsToo") && !is("properties"));
}

#[test]
fn irrelevant_fields_are_in_no_raw_type() {
    // Of the types of the raw fields, only `Field` and an object would take this value.
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::ServiceTags) {
        for field in raw::irrelevant::fields(kind) {
            let odd = json!({"frob": 1});
            let mut value = field.rsplit('.').fold(odd, |inner, name| json!({ name: inner }));
            nest_lists(&mut value);
            value["type"] = json!(kind.arm_type());
            let part = part(&value);
            assert_eq!(part.not_understood, [], "{kind} {field}");
        }
    }
}

/// Puts the objects of a path into lists where the kinds have lists.
fn nest_lists(value: &mut Value) {
    let Value::Object(members) = value else { return };
    for (name, inner) in members {
        nest_lists(inner);
        let is_list = name.ends_with('s') && inner.get("frob").is_none();
        if is_list && !matches!(name.as_str(), "bgpSettings") {
            *inner = json!([inner]);
        }
    }
}

#[test]
fn a_bad_number_spoils_its_field_only() {
    let priority = |value: Value| rule(&json!({"priority": value, "access": "Deny"})).priority;
    let bad = |text: &str| Field::<i64>::Bad(text.to_owned());
    assert_eq!(priority(json!("abc")), bad("abc"));
    assert_eq!(priority(json!(3.5)), bad("3.5"));
    assert_eq!(priority(json!([1])), bad("[…]"));
    assert_eq!(priority(json!("100")), Field::Given(100));
    assert_eq!(priority(json!(5000)), Field::Given(5000));
    assert_eq!(priority(json!(-1)), Field::Given(-1));
    assert_eq!(priority(json!(null)), Field::Absent);
}

#[test]
fn ports_may_be_written_as_numbers() {
    let told = rule(&json!({"destinationPortRange": 22, "sourcePortRanges": [80, "1-2"]}));
    assert_eq!(told.destination_port_range.as_deref(), Some("22"));
    assert_eq!(told.source_port_ranges.unwrap(), ["80", "1-2"]);
}

#[test]
fn a_value_of_the_wrong_type_is_shown_with_its_pointer() {
    let own = id("networkSecurityGroups/g");
    let wrong = |value: Value, place: &str| {
        let error = error(&value.to_string());
        assert!(matches!(error, DocumentError::WrongType { .. }), "{error}");
        assert!(error.to_string().contains(&format!("`{place}`: invalid type")), "{error}");
    };
    wrong(json!({"id": own, "properties": []}), "/properties");
    wrong(json!({"value": [{"id": own}, 5]}), "/value/1");
    wrong(json!([{"id": own, "securityRules": {}}]), "/0/securityRules");
    wrong(json!([{"id": own, "securityRules": ["a"]}]), "/0/securityRules/0");
    let rule = json!({"properties": {"sourceAddressPrefix": 10}});
    wrong(
        json!([{"id": own, "properties": {"securityRules": [rule]}}]),
        "/0/properties/securityRules/0/properties/sourceAddressPrefix",
    );
    wrong(json!({"id": own, "subnets": [3]}), "/subnets/0");
    wrong(json!({"id": own, "name": 3}), "/name");
}

#[test]
fn firewall_rules_have_protocols_of_two_forms() {
    let own = id("azureFirewalls/f");
    let value = json!({"id": own, "properties": {
        "networkRuleCollections": [{"name": "n", "properties": {"priority": 100,
            "action": {"type": "Allow"}, "rules": [{"name": "a", "protocols": ["TCP", "UDP"],
            "destinationPorts": ["53"], "destinationIpGroups": []}]}}],
        "applicationRuleCollections": [{"properties": {"rules": [
            {"protocols": [{"protocolType": "Https", "port": 443}], "targetFqdns": ["*.x"]}]}}]}});
    let part = part(&value);
    assert_eq!(part.not_understood, []);
    let Items::AzureFirewalls(list) = part.items else { panic!("no firewalls") };
    let firewall = &list[0].value.properties;
    let rules = |collections: &Option<Vec<Resource<raw::FirewallRuleCollection>>>| {
        collections.as_ref().unwrap()[0].properties.rules.clone().unwrap()
    };
    let network = rules(&firewall.network_rule_collections);
    assert_eq!(network[0].protocols.as_ref().unwrap().names, ["TCP", "UDP"]);
    let application = rules(&firewall.application_rule_collections);
    let protocol = &application[0].protocols.as_ref().unwrap().applications[0];
    assert_eq!(protocol.port, Field::Given(443));
}
