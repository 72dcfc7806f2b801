//! Every Azure document of the recordings folder loads, and nothing in it is dropped silently.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "the functions here serve tests only"
)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use cloudfw_azure::raw::irrelevant::is_irrelevant;
use cloudfw_azure::{Items, Kind, Part, read};
use cloudfw_core::{Document, Scope, locate};
use cloudfw_documents::{DocumentError, Element};
use serde::Serialize;
use serde_json::Value;

/// An observation of one call, with the command that was run put around it: no document.
const NEXT_HOP: &str = "azure/next_hop_oracle.json";

/// Says that there are two machines, and has one of them.
const CUT: &str = "azure/resource_graph_vm.json";

/// The folder of recordings. `None`, with a line that says so, where it is absent.
fn recordings() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    let folder = std::env::var_os("CLOUDFW_RECORDINGS").map_or(beside, PathBuf::from);
    if folder.join("azure").is_dir() {
        return Some(folder);
    }
    let required = std::env::var("CLOUDFW_REQUIRE").unwrap_or_default();
    let missing = format!("no recordings in `{}` (CLOUDFW_RECORDINGS)", folder.display());
    assert!(!required.split(',').any(|one| one.trim() == "recordings"), "{missing}");
    static SAID: Once = Once::new();
    // Past the test runner, which would hide it.
    SAID.call_once(|| writeln!(std::io::stderr(), "skipped: {missing}").unwrap_or_default());
    None
}

/// All JSON files below a folder, in order.
fn json_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            json_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

fn document(folder: &Path, path: &Path) -> Document {
    let name = path.strip_prefix(folder).unwrap().to_string_lossy();
    let text = std::fs::read_to_string(path).unwrap();
    Document { name: Arc::from(name), text: Arc::from(text), scope: Scope::default() }
}

/// All documents but [`NEXT_HOP`].
fn documents() -> Vec<Document> {
    let Some(folder) = recordings() else { return Vec::new() };
    let mut paths = Vec::new();
    json_files(&folder.join("azure"), &mut paths);
    let documents = paths.iter().map(|path| document(&folder, path));
    documents.filter(|document| &*document.name != NEXT_HOP).collect()
}

#[test]
fn every_recording_loads_with_every_element_and_nothing_unclassified() {
    let documents = documents();
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    let mut not_understood = Vec::new();
    let mut foreign = Vec::new();
    for document in &documents {
        let reading = read(document).unwrap_or_else(|error| panic!("{error}"));
        assert!(reading.manifest.is_none() && reading.nothing.is_none(), "{}", document.name);
        assert!(reading.other_types.is_empty(), "{} {:?}", document.name, reading.other_types);
        foreign.extend(reading.other_keys.iter().map(|key| format!("{} {key}", document.name)));
        for part in &reading.parts {
            assert_eq!(part.complete, &*document.name != CUT, "{}", document.name);
            *kinds.entry(part.kind).or_default() += part.items.len();
            collect(document, part, &mut not_understood);
        }
    }
    assert_eq!(not_understood, Vec::<String>::new());
    if documents.is_empty() {
        return;
    }
    let count: Vec<(Kind, usize)> = kinds.into_iter().collect();
    println!("{} documents: {count:?}", documents.len());
    assert_eq!(documents.len(), 41);
    // What was asked and answered of the flows in it is for another test.
    assert_eq!(
        foreign,
        ["azure/ip_flow_verify_oracle.json note", "azure/ip_flow_verify_oracle.json checks"]
    );
    assert_eq!(count, COUNTS);
}

/// How many elements the recordings have.
const COUNTS: &[(Kind, usize)] = &[
    (Kind::VirtualNetworks, 2),
    (Kind::NetworkInterfaces, 15),
    (Kind::VirtualMachines, 8),
    (Kind::NetworkSecurityGroups, 56),
    (Kind::RouteTables, 2),
    (Kind::PublicIpAddresses, 7),
    (Kind::LoadBalancers, 2),
    (Kind::NatGateways, 1),
    (Kind::ServiceTags, 1),
    (Kind::EffectiveNetworkSecurityGroups, 2),
    (Kind::EffectiveRouteTables, 5),
];

fn collect(document: &Document, part: &Part, not_understood: &mut Vec<String>) {
    for field in &part.not_understood {
        let place = locate(&document.text, &field.first.to_string());
        assert!(place.is_some(), "{} {}", document.name, field.first);
        not_understood.push(format!("{} {field} × {}", document.name, field.count));
    }
}

#[test]
fn an_answer_with_its_command_around_it_is_no_document() {
    let Some(folder) = recordings() else { return };
    let error = read(&document(&folder, &folder.join(NEXT_HOP))).unwrap_err();
    assert!(matches!(error, DocumentError::NotRecognised { .. }), "{error}");
    assert!(error.to_string().contains("`command`, `response`"), "{error}");
}

#[test]
fn what_was_read_is_written_as_it_was() {
    for document in documents() {
        let text: Value = serde_json::from_str(&document.text).unwrap();
        for part in read(&document).unwrap().parts {
            for (pointer, written) in values(&part.items) {
                let mut recorded = recorded(&text, &pointer);
                forget_irrelevant(part.kind, "", &mut recorded);
                assert_eq!(written, recorded, "{} {pointer}", document.name);
            }
        }
    }
}

/// What stands at a place; of a row of a table, the object that it is.
fn recorded(text: &Value, pointer: &str) -> Value {
    let value = text.pointer(pointer).unwrap();
    let Some(cells) = value.as_array() else { return value.clone() };
    let columns = text.pointer("/data/columns").unwrap().as_array().unwrap();
    let names = columns.iter().map(|column| column["name"].as_str().unwrap().to_owned());
    names.zip(cells.iter().cloned()).collect::<serde_json::Map<_, _>>().into()
}

/// Takes the irrelevant fields out of an element, since no raw type has them, and what is `null`.
fn forget_irrelevant(kind: Kind, path: &str, value: &mut Value) {
    match value {
        Value::Object(members) => {
            let below = |name: &str| match path {
                "" => name.to_owned(),
                _ => format!("{path}.{name}"),
            };
            members.retain(|name, value| !value.is_null() && !is_irrelevant(kind, &below(name)));
            for (name, member) in members {
                forget_irrelevant(kind, &below(name), member);
            }
        }
        Value::Array(list) => {
            for element in list {
                forget_irrelevant(kind, path, element);
            }
        }
        _ => {}
    }
}

fn json<T: Serialize>(list: &[Element<T>]) -> Vec<(String, Value)> {
    list.iter()
        .map(|element| (element.pointer.to_string(), serde_json::to_value(&element.value).unwrap()))
        .collect()
}

/// The elements of a list as JSON, with their places.
#[allow(clippy::match_same_arms, reason = "the lists are of different types")]
fn values(items: &Items) -> Vec<(String, Value)> {
    match items {
        Items::VirtualNetworks(list) => json(list),
        Items::Subnets(list) => json(list),
        Items::VirtualNetworkPeerings(list) => json(list),
        Items::NetworkInterfaces(list) => json(list),
        Items::VirtualMachines(list) => json(list),
        Items::VirtualMachineScaleSets(list) => json(list),
        Items::VirtualMachineScaleSetVms(list) => json(list),
        Items::NetworkSecurityGroups(list) => json(list),
        Items::ApplicationSecurityGroups(list) => json(list),
        Items::SecurityAdminRules(list) => json(list),
        Items::RouteTables(list) => json(list),
        Items::PublicIpAddresses(list) => json(list),
        Items::PublicIpPrefixes(list) => json(list),
        Items::LoadBalancers(list) => json(list),
        Items::NatGateways(list) => json(list),
        Items::PrivateEndpoints(list) => json(list),
        Items::AzureFirewalls(list) => json(list),
        Items::FirewallPolicies(list) => json(list),
        Items::FirewallPolicyRuleCollectionGroups(list) => json(list),
        Items::IpGroups(list) => json(list),
        Items::VirtualNetworkGateways(list) => json(list),
        Items::LocalNetworkGateways(list) => json(list),
        Items::VirtualNetworkGatewayConnections(list) => json(list),
        Items::ServiceTags(list) => json(list),
        Items::EffectiveNetworkSecurityGroups(list) => json(list),
        Items::EffectiveRouteTables(list) => json(list),
        Items::ExpressRouteCircuits(list) => json(list),
        Items::ApplicationGateways(list) => json(list),
        Items::BastionHosts(list) => json(list),
        Items::VirtualWans(list) => json(list),
        Items::VirtualHubs(list) => json(list),
        Items::HubVirtualNetworkConnections(list) => json(list),
    }
}
