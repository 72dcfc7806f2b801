use std::sync::Arc;

use cloudfw_core::{Pointer, Scope, locate};
use cloudfw_documents::manifest::{Call, Outcome};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::raw::{Field, Standing, TagMap};

mod damage;
mod fields;
mod traps;

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

fn error(text: &str) -> DocumentError {
    read(&document(text)).unwrap_err()
}

/// The lines of an error, without its document's name.
fn said(text: &str) -> String {
    error(text).to_string().replacen("a.json:", "", 1)
}

fn id(path: &str) -> String {
    format!("/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/{path}")
}

fn groups(value: &Value) -> Resources<raw::NetworkSecurityGroup> {
    let Items::NetworkSecurityGroups(list) = part(value).items else { panic!("no groups") };
    list
}

/// A rule of a group as ARM has it.
fn rule(fields: &Value) -> raw::SecurityRule {
    let rule = json!({"name": "r", "properties": fields});
    let group =
        json!({"id": id("networkSecurityGroups/g"), "properties": {"securityRules": [rule]}});
    let mut rules = groups(&group).remove(0).value.properties.security_rules.unwrap();
    rules.remove(0).properties
}

/// What stands at a place of a document.
fn at(value: &Value, pointer: &Pointer) -> Value {
    let text = value.to_string();
    let span = locate(&text, &pointer.to_string()).unwrap_or_else(|| panic!("{pointer} of {text}"));
    serde_json::from_str(&text[span.start..span.end]).unwrap()
}

#[test]
fn every_kind_is_told_by_its_type() {
    for kind in Kind::ALL {
        let Some(arm_type) = kind.arm_type() else { continue };
        if kind == Kind::ServiceTags {
            continue;
        }
        let element = json!({"type": arm_type.to_uppercase()});
        for value in [json!({"value": [element]}), json!([element]), element] {
            let part = part(&value);
            assert_eq!((part.kind, part.complete, part.items.len()), (kind, true, 1), "{value}");
            let items = std::mem::discriminant(&part.items);
            assert_eq!(items, std::mem::discriminant(&Items::none_of(kind)), "{kind}");
        }
    }
}

#[test]
fn t_9_the_kind_is_told_by_an_id_where_there_is_no_type() {
    for own in ["networkInterfaces/n", "NETWORKINTERFACES/n"] {
        assert_eq!(part(&json!({"id": id(own), "properties": {}})).kind, Kind::NetworkInterfaces);
    }
    // ARM's own word counts more.
    let value = json!({"id": id("networkInterfaces/n"), "type": "Microsoft.Network/routeTables"});
    assert_eq!(part(&value).kind, Kind::RouteTables);
    // A `type` that is no ARM type is a field of the resource.
    let value = json!({"id": id("virtualWans/w"), "type": "Standard"});
    assert_eq!(part(&value).kind, Kind::VirtualWans);
}

#[test]
fn a_list_of_several_types_is_a_part_for_each() {
    let value = json!({"value": [
        {"type": "Microsoft.Network/routeTables", "name": "a"},
        {"type": "Microsoft.Storage/storageAccounts", "name": "b"},
        {"type": "Microsoft.Network/networkInterfaces", "name": "c"},
        {"type": "microsoft.network/routetables", "name": "d"},
        {"type": "microsoft.storage/storageaccounts", "name": "e"},
        {"name": "f"},
    ]});
    let reading = reading(&value);
    let Items::RouteTables(tables) = &reading.parts[0].items else { panic!("no tables") };
    let places: Vec<_> = tables.iter().map(|table| table.pointer.to_string()).collect();
    assert_eq!(places, ["/value/0", "/value/3"]);
    assert_eq!(reading.parts[1].kind, Kind::NetworkInterfaces);
    let others: Vec<_> =
        reading.other_types.iter().map(|other| (other.arm_type.as_str(), other.count)).collect();
    assert_eq!(others, [("microsoft.storage/storageaccounts", 2), ("", 1)]);
    assert_eq!(reading.parts.len(), 2);
}

#[test]
fn a_document_of_other_resources_only_is_no_error() {
    for value in [
        json!([{"type": "Microsoft.Storage/storageAccounts"}]),
        json!({"id": id("networkSecurityGroups/g/securityRules/r"), "properties": {}}),
    ] {
        let reading = reading(&value);
        assert_eq!((reading.parts.len(), reading.other_types.len()), (0, 1), "{value}");
    }
}

#[test]
fn an_empty_list_is_of_no_kind_and_no_error() {
    for text in [
        "[]",
        r#"{"value": []}"#,
        r#"{"value": [], "nextLink": null}"#,
        r#"{"data": [], "count": 0}"#,
    ] {
        let reading = read(&document(text)).unwrap();
        assert_eq!(reading.nothing, Some(Nothing::EmptyList), "{text}");
        assert!(reading.parts.is_empty() && reading.other_keys.is_empty());
    }
    assert_eq!(reading(&json!([{"type": "Microsoft.Network/routeTables"}])).nothing, None);
}

#[test]
fn a_leftover_link_or_token_says_that_pages_are_missing() {
    let row = json!({"type": "Microsoft.Network/routeTables"});
    let complete = |value: Value| part(&value).complete;
    assert!(complete(json!({"value": [row], "nextLink": null})));
    assert!(complete(json!({"value": [row], "nextLink": ""})));
    assert!(!complete(json!({"nextLink": "https://x/?$skiptoken=a", "value": [row]})));
    assert!(!complete(json!({"count": 1, "data": [row], "skip_token": "a"})));
    assert!(!complete(json!({"count": 1, "data": [row], "$skipToken": "a"})));
    assert!(!complete(json!({"data": [row], "resultTruncated": "true"})));
    assert!(complete(json!({"data": [row], "resultTruncated": "false", "skip_token": null})));
    assert!(complete(json!({"data": [row], "total_records": 1})));
    assert!(!complete(json!({"data": [row], "totalRecords": 2})));
}

#[test]
fn keys_beside_a_list_are_told() {
    let value =
        json!({"value": [{"type": "Microsoft.Network/routeTables"}], "note": 1, "count": 1});
    assert_eq!(reading(&value).other_keys, ["note"]);
}

#[test]
fn a_table_of_resource_graph_is_read_with_its_places() {
    let nic = id("networkInterfaces/n");
    let value = json!({"totalRecords": 2, "count": 2, "data": {
        "columns": [{"name": "id", "type": "string"}, {"name": "type"}, {"name": "properties"}],
        "rows": [
            [id("routeTables/t"), "microsoft.network/routetables", {"routes": [{"name": "a"}]}],
            [nic, "microsoft.network/networkinterfaces", {"primary": true, "frob": {"a": 1}}],
        ],
    }, "facets": [], "resultTruncated": "false"});
    let reading = reading(&value);
    assert_eq!((reading.parts.len(), reading.other_keys.len()), (2, 0));
    let Items::RouteTables(tables) = &reading.parts[0].items else { panic!("no tables") };
    let table = &tables[0];
    assert_eq!(table.value.standing, Standing::Column(2));
    let route = table.value.element_at(&table.pointer, "routes", 0);
    assert_eq!(route.to_string(), "/data/rows/0/2/routes/0");
    assert_eq!(at(&value, &route), json!({"name": "a"}));
    let Items::NetworkInterfaces(nics) = &reading.parts[1].items else { panic!("no interfaces") };
    assert_eq!(nics[0].value.id.as_deref(), Some(nic.as_str()));
    assert_eq!(nics[0].value.properties.primary, Field::Given(true));
    assert_eq!(*nics[0].not_understood, ["/2/frob".into()]);
}

#[test]
fn rows_of_resource_graph_are_read() {
    let value = json!({"count": 1, "data": [{
        "id": id("networkSecurityGroups/g"), "kind": "", "managedBy": "", "plan": null,
        "properties": {"securityRules": []}, "subscriptionId": "s", "tags": null,
        "type": "microsoft.network/networksecuritygroups", "tenantId": "t", "zones": null,
        "resourceGroup": "r", "identity": null, "extendedLocation": null, "location": "westus",
    }], "skip_token": null, "total_records": 1});
    let part = part(&value);
    assert_eq!((part.complete, part.not_understood.len()), (true, 0));
    let group = &groups(&value)[0];
    assert_eq!(group.pointer.to_string(), "/data/0");
    assert_eq!(group.value.envelope().unwrap().location.as_deref(), Some("westus"));
}

#[test]
fn an_object_whose_members_are_resources_is_read() {
    let value = json!({
        "note": "taken by hand",
        "networkSecurityGroup": {"id": id("networkSecurityGroups/g"), "properties": {}},
        "networkInterface": {"id": id("networkInterfaces/n"), "properties": {}},
        "checks": [],
    });
    let reading = reading(&value);
    let kinds: Vec<_> = reading.parts.iter().map(|part| part.kind).collect();
    // In the order of the keys, since `json!` sorts them.
    assert_eq!(kinds, [Kind::NetworkInterfaces, Kind::NetworkSecurityGroups]);
    assert_eq!(reading.other_keys, ["checks", "note"]);
    let Items::NetworkInterfaces(nics) = &reading.parts[0].items else { panic!("no interfaces") };
    assert_eq!(nics[0].pointer.to_string(), "/networkInterface");
}

#[test]
fn a_manifest_is_read_whatever_the_order_of_its_keys() {
    let text = r#"{"calls": [{"call": "network nsg list", "outcome": "ok"}], "schema": "cloudfw.manifest/1"}"#;
    let manifest = read(&document(text)).unwrap().manifest.unwrap();
    let call = Call { call: Kind::NetworkSecurityGroups.call().to_owned(), ..Call::default() };
    assert_eq!(manifest.calls, [Call { outcome: Outcome::Ok, ..call }]);
    let text = r#"{"schema": "cloudfw.manifest/2"}"#;
    assert!(matches!(error(text), DocumentError::ManifestVersion { .. }));
}

#[test]
fn json_of_no_known_kind_says_what_it_is_and_what_is_known() {
    let said = |text: &str| error(text).to_string();
    for text in ["[1]", r#"["a"]"#, r#"[{"a": 1}]"#, r#"{"value": ["a"]}"#] {
        assert!(said(text).contains("a list of which no element has an ARM"), "{text}");
    }
    assert!(said("3").contains("it holds a number"));
    assert!(said("{}").contains("an object without keys"));
    assert!(said(r#"{"value": 3}"#).contains("an object with `value`"));
    assert!(said(r#"{"values": [], "x": 1}"#).contains("an object with `values`, `x`"));
    assert!(said(r#"{"SecurityGroups": []}"#).contains("an object with `SecurityGroups`;"));
    assert!(said("{\"Frob\\u001bs\": []}").contains(r"an object with `Frob\u{1b}s`;"));
    assert!(matches!(error(" \n"), DocumentError::Empty { .. }));
    assert!(matches!(error("\u{feff}"), DocumentError::Empty { .. }));
    assert!(error("# iptables-save").to_string().contains("not JSON"));
}

#[test]
fn what_is_known_of_a_broken_document_is_that_it_is_incomplete() {
    let text = format!(r#"{{"value": [{{"id": "{}", "pro"#, id("networkInterfaces/n"));
    assert_eq!(read_broken(&format!("\u{feff}{text}")).parts.len(), 1);
    let reading = read_broken(&text);
    let told: Vec<_> = reading.parts.iter().map(|part| (part.kind, part.complete)).collect();
    assert_eq!(told, [(Kind::NetworkInterfaces, false)]);
    let all = read_broken("{\"value\": [");
    assert_eq!(all.parts.len(), Kind::ALL.len());
    assert!(all.parts.iter().all(|part| !part.complete && part.items.is_empty()));
}
