use std::sync::Arc;

use cloudfw_core::{Scope, locate};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::raw::Field;
use cloudfw_documents::manifest::{Call, CallError, Outcome};

fn document(text: impl Into<Arc<str>>) -> Document {
    Document { name: "a.json".into(), text: text.into(), scope: Scope::default() }
}

fn reading(value: &Value) -> Reading {
    read(&document(value.to_string())).unwrap()
}

fn part(value: &Value) -> Part {
    let [part]: [Part; 1] = reading(value).parts.try_into().unwrap();
    part
}

fn part_of_text(text: &str) -> Part {
    read(&document(text)).unwrap().parts.remove(0)
}

fn error(text: &str) -> DocumentError {
    read(&document(text)).unwrap_err()
}

/// The lines of an error, without its document's name.
fn said(text: &str) -> String {
    error(text).to_string().replacen("a.json:", "", 1)
}

fn groups(value: &Value) -> Vec<raw::SecurityGroup> {
    let Items::SecurityGroups(list) = part(value).items else { panic!("no groups") };
    list.into_iter().map(|element| element.value).collect()
}

fn rule(value: &Value) -> raw::IpPermission {
    let group = groups(&json!({"SecurityGroups": [{"IpPermissions": [value]}]})).remove(0);
    group.ip_permissions.unwrap().remove(0)
}

#[test]
fn every_kind_is_recognised_by_its_key() {
    for kind in Kind::ALL {
        let element = if kind == Kind::PrefixLists { json!({"Cidrs": []}) } else { json!({}) };
        let part = part(&json!({ kind.key(): [element] }));
        assert_eq!((part.kind, part.complete), (kind, true));
        assert!(part.not_understood.is_empty());
    }
}

#[test]
fn kinds_are_found_by_name_and_by_call() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(&kind.name().to_lowercase()), Some(kind));
        assert_eq!(Kind::from_call(kind.service(), kind.call()), Some(kind));
    }
    assert_eq!(Kind::from_name("Frobnicators"), None);
    assert!(Kind::TransitGateways.is_opaque() && !Kind::DhcpOptions.is_opaque());
}

#[test]
fn elements_carry_their_places() {
    let value = json!({"Subnets": [{}, {"SubnetId": "b"}]});
    let Items::Subnets(list) = part(&value).items else { panic!("no subnets") };
    assert_eq!(list[1].origin(&document("")).to_string(), "a.json /Subnets/1");
    let text = value.to_string();
    let span = locate(&text, "/Subnets/1").unwrap();
    assert_eq!(&text[span.start..span.end], r#"{"SubnetId":"b"}"#);
}

#[test]
fn a_document_may_hold_several_kinds() {
    let value = json!({"Vpcs": [{"VpcId": "a"}], "ResponseMetadata": {}, "Subnets": []});
    let kinds: Vec<_> = reading(&value).parts.into_iter().map(|part| part.kind).collect();
    // serde_json's objects are in the order of their keys.
    assert_eq!(kinds, [Kind::Subnets, Kind::Vpcs]);
}

#[test]
fn foreign_keys_beside_known_ones_are_told() {
    let reading = reading(&json!({"Vpcs": [], "Frobnicators": []}));
    assert_eq!(reading.other_keys, ["Frobnicators"]);
}

#[test]
fn a_leftover_token_makes_the_kind_incomplete() {
    assert!(!part(&json!({"Vpcs": [], "NextToken": "more"})).complete);
    assert!(!part(&json!({"LoadBalancers": [], "NextMarker": "more"})).complete);
    assert!(!part(&json!({"NextToken": 7, "Vpcs": []})).complete);
    for token in ["nextToken", "nextMarker", "marker"] {
        assert!(!part(&json!({"Vpcs": [], token: "more"})).complete, "{token}");
        assert!(part(&json!({"Vpcs": [], token: null})).complete, "{token}");
        assert!(reading(&json!({"Vpcs": [], token: "more"})).other_keys.is_empty(), "{token}");
        assert!(!part(&json!({"data": {"Vpcs": [], token: "more"}})).complete, "{token}");
    }
    assert!(!part(&json!({"Vpcs": [], "NextToken": "", "nextToken": "more"})).complete);
    assert!(part(&json!({"Vpcs": [], "NextToken": null})).complete);
    assert!(part(&json!({"Vpcs": [], "NextToken": ""})).complete);
}

#[test]
fn the_envelope_of_botos_recorders_is_looked_into() {
    let value = json!({"status_code": 200, "data": {"Vpcs": [{}], "ResponseMetadata": {}}});
    let Items::Vpcs(list) = part(&value).items else { panic!("no VPCs") };
    assert_eq!(list[0].pointer.to_string(), "/data/Vpcs/0");
    let text = json!({"data": [1]}).to_string();
    assert!(matches!(error(&text), DocumentError::NotRecognised { .. }));
}

#[test]
fn the_two_calls_with_prefix_lists_are_told_apart() {
    let value = json!({"PrefixLists": [
        {"PrefixListId": "pl-1", "PrefixListName": "s3", "Cidrs": ["10.0.0.0/8"]},
        {"PrefixListId": "pl-2", "PrefixListName": "own", "MaxEntries": 5, "State": "create-complete"},
    ]});
    let parts = reading(&value).parts;
    let Items::ManagedPrefixLists(managed) = &parts[0].items else { panic!("no managed ones") };
    let Items::PrefixLists(plain) = &parts[1].items else { panic!("no plain ones") };
    assert_eq!(managed[0].pointer.to_string(), "/PrefixLists/1");
    assert_eq!(managed[0].value.max_entries, Field::Given(5));
    assert_eq!(plain[0].pointer.to_string(), "/PrefixLists/0");
    assert_eq!(plain[0].value.cidrs.as_deref(), Some(["10.0.0.0/8".to_owned()].as_slice()));
    assert_eq!(part(&json!({"PrefixLists": []})).kind, Kind::ManagedPrefixLists);
}

#[test]
fn entries_of_a_prefix_list_are_found_under_its_id() {
    let entries = json!([{"Cidr": "10.0.0.0/8", "Description": "all"}]);
    let forms = [
        (json!({"PrefixListId": "pl-1", "Entries": entries}), ""),
        (
            json!({"ManagedPrefixListEntries": [{"PrefixListId": "pl-1", "Entries": entries}]}),
            "/ManagedPrefixListEntries/0",
        ),
        (
            json!({"ManagedPrefixListEntries": {"pl-1": {"Entries": entries, "ResponseMetadata": {}}}}),
            "/ManagedPrefixListEntries/pl-1",
        ),
    ];
    for (form, place) in forms {
        let part = part(&form);
        assert!(part.not_understood.is_empty(), "{form}");
        let Items::ManagedPrefixListEntries(lists) = part.items else { panic!("{form}") };
        assert_eq!(lists[0].pointer.to_string(), place);
        assert_eq!(lists[0].value.prefix_list_id.as_deref(), Some("pl-1"));
        assert_eq!(lists[0].value.entries.as_ref().map(Vec::len), Some(1));
        assert_eq!(lists[0].value.next_token, None);
    }
}

#[test]
fn a_page_of_entries_that_was_not_the_last_is_known_as_such() {
    let value = json!({"PrefixListId": "pl-1", "Entries": [], "NextToken": "more"});
    let Items::ManagedPrefixListEntries(lists) = part(&value).items else { panic!("{value}") };
    assert_eq!(lists[0].value.next_token.as_deref(), Some("more"));
    assert!(!part(&value).complete);
    let value = json!({"PrefixListId": "pl-1", "Entries": [], "nextToken": "more"});
    let Items::ManagedPrefixListEntries(lists) = part(&value).items else { panic!("{value}") };
    assert_eq!(lists[0].value.next_token.as_deref(), Some("more"));
    assert!(!part(&value).complete);
}

#[test]
fn entries_without_the_id_of_their_list_are_an_error_that_says_what_to_add() {
    for value in [json!({"Entries": []}), json!({"Entries": [], "PrefixListId": null})] {
        let error = error(&value.to_string());
        assert!(error.to_string().contains("put `\"PrefixListId\": \"…\"` beside it"), "{error}");
    }
}

#[test]
fn aws_72_the_options_are_one_object() {
    let options = json!({"InternetGatewayBlockMode": "block-ingress", "State": "update-complete"});
    for (value, place) in [
        (json!({"VpcBlockPublicAccessOptions": options}), "/VpcBlockPublicAccessOptions"),
        (json!({"VpcBlockPublicAccessOptions": [options]}), "/VpcBlockPublicAccessOptions/0"),
    ] {
        let Items::VpcBlockPublicAccessOptions(list) = part(&value).items else {
            panic!("{value}")
        };
        assert_eq!(list[0].pointer.to_string(), place);
        assert_eq!(list[0].value.internet_gateway_block_mode.as_deref(), Some("block-ingress"));
    }
}

#[test]
fn answers_for_one_resource_are_read() {
    let single = |value: Value| part(&value).kind;
    let table = "TransitGatewayRouteTableId";
    assert_eq!(single(json!({table: "t", "Routes": []})), Kind::TransitGatewayStaticRoutes);
    assert_eq!(
        single(json!({table: "t", "TransitGatewayRouteTablePropagations": []})),
        Kind::TransitGatewayPropagations
    );
    assert_eq!(single(json!({"Listeners": [{}]})), Kind::LoadBalancerListeners);
    assert_eq!(
        single(json!({"LoadBalancerArn": "a", "Attributes": []})),
        Kind::LoadBalancerAttributes
    );
    assert_eq!(
        single(json!({"TargetGroupArn": "a", "TargetHealthDescriptions": []})),
        Kind::LoadBalancerTargetHealth
    );
}

#[test]
fn an_absent_list_is_not_an_empty_one() {
    let groups = groups(&json!({"SecurityGroups": [{}, {"IpPermissions": []}]}));
    assert_eq!(groups[0].ip_permissions, None);
    assert_eq!(groups[1].ip_permissions, Some(Vec::new()));
}

#[test]
fn t_11_the_implicit_deny_entries_are_kept() {
    let entry = |number: i64| json!({"RuleNumber": number, "Protocol": "-1", "RuleAction": "deny"});
    let value = json!({"NetworkAcls": [{"Entries": [entry(32767), entry(100), entry(32768)]}]});
    let Items::NetworkAcls(acls) = part(&value).items else { panic!("no ACLs") };
    let entries = acls[0].value.entries.as_ref().unwrap();
    let numbers: Vec<_> = entries.iter().map(|entry| entry.rule_number.given().copied()).collect();
    assert_eq!(numbers, [Some(32767), Some(100), Some(32768)]);
}

#[test]
fn t_12_all_protocols_has_no_ports_and_a_number_may_have_some() {
    let all = rule(&json!({"IpProtocol": "-1", "IpRanges": []}));
    assert!(all.from_port.is_absent() && all.to_port.is_absent());
    let esp = rule(&json!({"IpProtocol": "50", "FromPort": 80, "ToPort": 81}));
    assert_eq!((esp.ip_protocol.as_deref(), esp.to_port), (Some("50"), Field::Given(81)));
}

#[test]
fn a_bad_number_spoils_its_field_only() {
    let port = |value: Value| rule(&json!({"IpProtocol": "tcp", "FromPort": value})).from_port;
    let bad = |text: &str| Field::<i64>::Bad(text.to_owned());
    assert_eq!(port(json!("abc")), bad("abc"));
    assert_eq!(port(json!(3.5)), bad("3.5"));
    assert_eq!(port(json!(true)), bad("true"));
    assert_eq!(port(json!([1, [2]])), bad("[…]"));
    assert_eq!(port(json!({"a": {}})), bad("{…}"));
    assert_eq!(port(json!(u64::MAX)), bad("18446744073709551615"));
    assert_eq!(port(json!(1e300)).bad().map(|text| text.starts_with('1')), Some(true));
    assert_eq!(port(json!(null)), Field::Absent);
    assert_eq!(port(json!("80")), Field::Given(80));
    assert_eq!(port(json!(80.0)), Field::Given(80));
    assert_eq!(port(json!(70_000)), Field::Given(70_000));
    assert_eq!(port(json!(-1)), Field::Given(-1));
}

#[test]
fn a_bad_boolean_spoils_its_field_only() {
    let default = |value: Value| {
        let Items::Vpcs(mut list) = part(&json!({"Vpcs": [{"IsDefault": value}]})).items else {
            panic!("no VPCs")
        };
        list.remove(0).value.is_default
    };
    assert_eq!(default(json!(false)), Field::Given(false));
    assert_eq!(default(json!("True")), Field::Given(true));
    assert_eq!(default(json!("yes")), Field::Bad("yes".to_owned()));
    assert_eq!(default(json!(1)), Field::Bad("1".to_owned()));
}

#[test]
fn a_protocol_may_be_written_as_a_number() {
    assert_eq!(rule(&json!({"IpProtocol": 6})).ip_protocol.as_deref(), Some("6"));
    assert_eq!(rule(&json!({"IpProtocol": -1})).ip_protocol.as_deref(), Some("-1"));
    assert_eq!(rule(&json!({"IpProtocol": null})).ip_protocol, None);
}

#[test]
fn fields_that_the_types_lack_are_counted_by_path() {
    let part = part(&json!({"NetworkAcls": [
        {"Entries": [{"RuleNumber": 1}, {"Frobnicate": {"Deep": 1}, "RuleNumber": 2}]},
        {"Entries": [{"Frobnicate": null}], "Mode": "odd"},
    ]}));
    let told: Vec<_> = part
        .not_understood
        .iter()
        .map(|field| (field.to_string(), field.count, field.first.to_string()))
        .collect();
    let expected = [
        ("NetworkAcls.Entries.Frobnicate", 2, "/NetworkAcls/0/Entries/1/Frobnicate"),
        ("NetworkAcls.Mode", 1, "/NetworkAcls/1/Mode"),
    ];
    assert_eq!(told, expected.map(|(field, count, at)| (field.into(), count, at.into())));
}

#[test]
fn fields_known_to_be_irrelevant_are_read_past() {
    let instance = json!({"InstanceId": "i", "BlockDeviceMappings": [{"Ebs": {}}], "KeyName": "k"});
    let part = part(&json!({"Reservations": [{"Instances": [instance]}]}));
    assert_eq!(part.not_understood, []);
    assert!(raw::irrelevant::is_irrelevant(
        Kind::Reservations,
        "Instances.BlockDeviceMappings.Ebs"
    ));
    assert!(!raw::irrelevant::is_irrelevant(Kind::Reservations, "Instances.KeyNames"));
}

#[test]
fn irrelevant_fields_are_in_no_raw_type() {
    // Of the types of the raw fields, only `Field` and an object would take this value.
    for kind in Kind::ALL {
        for field in raw::irrelevant::fields(kind) {
            let odd = json!({"odd": 1});
            let value = field.rsplit('.').fold(odd, |inner, name| json!({ name: inner }));
            let listed = nest_lists(value);
            let reading = reading(&json!({ kind.key(): [listed] }));
            assert!(
                reading.parts.iter().all(|part| part.not_understood.is_empty()),
                "{kind} {field}"
            );
        }
    }
}

/// Puts the objects of a path into lists where the kinds have lists.
fn nest_lists(value: Value) -> Value {
    const LISTS: [&str; 7] = [
        "Instances",
        "NetworkInterfaces",
        "AttachedAppliances",
        "VgwTelemetry",
        "Listeners",
        "DefaultActions",
        "TargetHealthDescriptions",
    ];
    let Value::Object(members) = value else {
        return value;
    };
    let nested = members.into_iter().map(|(name, inner)| {
        let inner = nest_lists(inner);
        let inner = if LISTS.contains(&name.as_str()) { json!([inner]) } else { inner };
        (name, inner)
    });
    Value::Object(nested.collect())
}

#[test]
fn a_manifest_is_read_whatever_the_order_of_its_keys() {
    let call = Call {
        account: Some("111122223333".to_owned()),
        region: Some("eu-central-1".to_owned()),
        call: Kind::Vpcs.call().to_owned(),
        outcome: Outcome::Denied,
        error: Some(CallError {
            code: "UnauthorizedOperation".to_owned(),
            message: "no".to_owned(),
        }),
        ..Call::default()
    };
    let manifest = Manifest::of(vec![call]);
    let reading = reading(&serde_json::to_value(&manifest).unwrap());
    assert_eq!(reading.manifest, Some(manifest));
    assert!(reading.parts.is_empty());
    let text = r#"{"calls": [{"call": "describe-vpcs", "outcome": "ok"}], "schema": "cloudfw.manifest/1"}"#;
    let calls = read(&document(text)).unwrap().manifest.unwrap().calls;
    assert_eq!(calls[0].outcome, Outcome::Ok);
}

#[test]
fn a_manifest_of_another_version_or_with_an_odd_outcome_is_an_error() {
    let text = r#"{"schema": "cloudfw.manifest/2"}"#;
    assert!(matches!(error(text), DocumentError::ManifestVersion { .. }));
    let text = r#"{"schema": "cloudfw.manifest/1", "calls": [{"call": "c", "outcome": "maybe"}]}"#;
    assert!(said(text).contains("unknown variant `maybe`"), "{}", said(text));
    let text = r#"{"schema": "cloudfw.reach/1"}"#;
    assert!(matches!(error(text), DocumentError::NotRecognised { .. }));
}

#[test]
fn a_byte_order_mark_is_read_past() {
    assert_eq!(read(&document("\u{feff}{\"Vpcs\": []}")).unwrap().parts.len(), 1);
}

#[test]
fn an_empty_file_is_an_error_of_its_own() {
    for text in ["", " \n", "\u{feff}"] {
        assert!(matches!(error(text), DocumentError::Empty { .. }));
    }
}

#[test]
fn text_that_is_not_json_is_shown_with_a_caret() {
    assert_eq!(
        said("{\n  \"Vpcs\": [oops]\n}"),
        "2:12: not JSON: expected value\n2 | \"Vpcs\": [oops]\n  |          ^"
    );
    assert!(said("# iptables-save").starts_with("1:1: not JSON: expected value"));
    assert!(said("{\"Vpcs\": []} x").contains("1:14: not JSON: trailing characters"));
}

#[test]
fn text_that_is_cut_off_says_so() {
    assert!(said("{\"Vpcs\": [{\"VpcId\": \"v").contains("it may have been cut off"));
}

#[test]
fn a_value_of_the_wrong_type_is_shown_with_its_pointer() {
    assert_eq!(
        said("{\n  \"SecurityGroups\": {}\n}"),
        "2:21: `/SecurityGroups`: invalid type: map, expected the list of `SecurityGroups`\n\
         2 | \"SecurityGroups\": {}\n  |                   ^^"
    );
    let text = r#"{"SecurityGroups": [{}, {"IpPermissions": [{"IpRanges": [{"CidrIp": 10}]}]}]}"#;
    let said = said(text);
    assert!(said.contains("`/SecurityGroups/1/IpPermissions/0/IpRanges/0/CidrIp`: "), "{said}");
    assert!(said.ends_with(" ^^"), "{said}");
}

#[test]
fn a_key_that_stands_twice_is_an_error() {
    assert!(said(r#"{"Vpcs": [], "Vpcs": []}"#).contains("`Vpcs` stands here twice"));
    assert!(
        said(r#"{"Vpcs": [{"VpcId": "a", "VpcId": "b"}]}"#).contains("duplicate field `VpcId`")
    );
}

#[test]
fn json_of_no_known_kind_says_what_it_is_and_what_is_known() {
    let said = |text: &str| error(text).to_string();
    assert!(said("[1]").contains("a bare list, as `--query` makes one"));
    assert!(said("null").contains("it holds `null`"));
    assert!(said("{}").contains("an object without keys"));
    let told = said(r#"{"Frob\u001bs": []}"#);
    assert!(told.contains(r"an object with `Frob\u{1b}s`;"), "{told}");
    assert!(told.contains("`SecurityGroups`, "), "{told}");
}

#[test]
fn deep_json_is_an_error_or_read_past() {
    let deep = "[".repeat(100_000);
    assert!(matches!(error(&deep), DocumentError::NotJson { .. }));
    let closed = format!("{deep}{}", "]".repeat(100_000));
    assert!(read(&document(format!("{{\"Vpcs\": [{{\"Odd\": {closed}}}]}}"))).is_ok());
    let bad = part_of_text(&format!("{{\"Vpcs\": [{{\"IsDefault\": {closed}}}]}}"));
    let Items::Vpcs(list) = bad.items else { panic!("no VPCs") };
    assert_eq!(list[0].value.is_default.bad(), Some("[…]"));
    let said = said(&format!("{{\"Vpcs\": [{{\"VpcId\": {closed}}}]}}"));
    assert!(said.len() < 500, "{said}");
    let token = format!("{{\"Vpcs\": [], \"NextToken\": {closed}}}");
    assert!(error(&token).to_string().contains("nested deeper than 128 levels"));
}

/// A document with something of everything.
fn sample() -> String {
    json!({
        "SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [{"FromPort": 1, "IpRanges": [
            {"CidrIp": "10.0.0.0/8", "Description": "é\u{1b}\"\\"}]}], "Odd": [{}]}],
        "PrefixLists": [{"Cidrs": ["10.0.0.0/8"]}, {"MaxEntries": "x"}],
        "VpcBlockPublicAccessOptions": {"State": "s"},
        "ManagedPrefixListEntries": {"pl-1": {"Entries": []}},
        "NextToken": "t",
    })
    .to_string()
}

#[test]
fn no_place_to_cut_a_document_off_is_a_panic() {
    let text = sample();
    assert!(read(&document(text.as_str())).is_ok());
    for (at, _) in text.char_indices() {
        let error = error(&text[..at]);
        assert!(!error.to_string().is_empty());
    }
}

proptest! {
    #[test]
    fn no_damage_to_a_document_is_a_panic(
        at in 0..400_usize,
        damage in "[\\[\\]{}\":,0-9a-zA-Z\\\\\u{1b}é -]{0,4}",
        drop in 0..6_usize,
    ) {
        let mut characters: Vec<char> = sample().chars().collect();
        let at = at.min(characters.len());
        let end = (at + drop).min(characters.len());
        characters.splice(at..end, damage.chars());
        let text: String = characters.into_iter().collect();
        match read(&document(text)) {
            Ok(reading) => prop_assert!(!reading.parts.is_empty()),
            Err(error) => {
                let escapes = error.to_string().contains('\u{1b}');
                prop_assert!(!escapes);
            }
        }
    }
}
