//! Every AWS document of the recordings folder loads, and nothing in it is unclassified.

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

use cloudfw_aws::raw::irrelevant::is_irrelevant;
use cloudfw_aws::{Items, Kind, Part, read};
use cloudfw_core::{Document, Scope, locate};
use cloudfw_documents::{DocumentError, Element};
use serde::Serialize;
use serde_json::Value;

/// The folder of recordings. `None`, with a line that says so, where it is absent.
fn recordings() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    let folder = std::env::var_os("CLOUDFW_RECORDINGS").map_or(beside, PathBuf::from);
    if folder.join("aws").is_dir() {
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

fn aws_documents() -> Vec<Document> {
    let Some(folder) = recordings() else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    json_files(&folder.join("aws"), &mut paths);
    json_files(&folder.join("aws-labs"), &mut paths);
    paths.retain(|path| path.file_name().is_some_and(|name| name != "observed.json"));
    paths.iter().map(|path| document(&folder, path)).collect()
}

#[test]
fn every_recording_loads_with_nothing_unclassified() {
    let documents = aws_documents();
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    let mut unclassified = Vec::new();
    for document in &documents {
        let reading = read(document).unwrap_or_else(|error| panic!("{error}"));
        assert!(reading.other_keys.is_empty() && reading.manifest.is_none(), "{}", document.name);
        for part in &reading.parts {
            assert!(part.complete, "{}", document.name);
            *kinds.entry(part.kind).or_default() += 1;
            collect(document, part, &mut unclassified);
        }
    }
    assert!(unclassified.is_empty(), "{}", unclassified.join("\n"));
    if !documents.is_empty() {
        println!("{} documents of {} kinds", documents.len(), kinds.len());
        assert!(kinds.len() > 30, "{kinds:?}");
    }
}

fn collect(document: &Document, part: &Part, unclassified: &mut Vec<String>) {
    for field in &part.not_understood {
        let place = locate(&document.text, &field.first.to_string());
        assert!(place.is_some(), "{} {}", document.name, field.first);
        unclassified.push(format!("{} {field} × {}", document.name, field.count));
    }
}

#[test]
fn observations_of_the_labs_are_no_recordings() {
    let Some(folder) = recordings() else { return };
    let path = folder.join("aws-labs/aws_demo/observed.json");
    let error = read(&document(&folder, &path)).unwrap_err();
    assert!(matches!(error, DocumentError::NotRecognised { .. }), "{error}");
}

#[test]
fn what_was_read_is_written_as_it_was() {
    for document in aws_documents() {
        let text: Value = serde_json::from_str(&document.text).unwrap();
        for part in read(&document).unwrap().parts {
            for (pointer, written) in values(&part.items) {
                let mut recorded = text.pointer(&pointer).unwrap().clone();
                forget_irrelevant(part.kind, "", &mut recorded);
                assert_eq!(written, recorded, "{} {pointer}", document.name);
            }
        }
    }
}

/// Takes the irrelevant fields out of an element, since no raw type has them.
fn forget_irrelevant(kind: Kind, path: &str, value: &mut Value) {
    match value {
        Value::Object(members) => {
            let below = |name: &str| match path {
                "" => name.to_owned(),
                _ => format!("{path}.{name}"),
            };
            members.retain(|name, _| !is_irrelevant(kind, &below(name)));
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
fn values(items: &Items) -> Vec<(String, Value)> {
    match items {
        Items::Vpcs(list) => json(list),
        Items::Subnets(list) => json(list),
        Items::NetworkInterfaces(list) => json(list),
        Items::Reservations(list) => json(list),
        Items::SecurityGroups(list) => json(list),
        Items::SecurityGroupVpcAssociations(list) => json(list),
        Items::NetworkAcls(list) => json(list),
        Items::RouteTables(list) => json(list),
        Items::InternetGateways(list) => json(list),
        Items::EgressOnlyInternetGateways(list) => json(list),
        Items::NatGateways(list) => json(list),
        Items::VpcPeeringConnections(list) => json(list),
        Items::VpcEndpoints(list) => json(list),
        Items::ManagedPrefixLists(list) => json(list),
        Items::ManagedPrefixListEntries(list) => json(list),
        Items::PrefixLists(list) => json(list),
        Items::Addresses(list) => json(list),
        Items::VpcBlockPublicAccessOptions(list) => json(list),
        Items::VpcBlockPublicAccessExclusions(list) => json(list),
        Items::Regions(list) => json(list),
        Items::AvailabilityZones(list) => json(list),
        Items::DhcpOptions(list) => json(list),
        Items::TransitGateways(list) => json(list),
        Items::TransitGatewayAttachments(list) => json(list),
        Items::TransitGatewayVpcAttachments(list) => json(list),
        Items::TransitGatewayPeeringAttachments(list) => json(list),
        Items::TransitGatewayRouteTables(list) => json(list),
        Items::TransitGatewayPropagations(list) => json(list),
        Items::TransitGatewayStaticRoutes(list) => json(list),
        Items::VpnGateways(list) => json(list),
        Items::VpnConnections(list) => json(list),
        Items::CustomerGateways(list) => json(list),
        Items::CarrierGateways(list) => json(list),
        Items::VpcEndpointServices(list) => json(list),
        Items::LoadBalancers(list) => json(list),
        Items::ClassicLoadBalancers(list) => json(list),
        Items::LoadBalancerListeners(list) => json(list),
        Items::LoadBalancerAttributes(list) => json(list),
        Items::TargetGroups(list) => json(list),
        Items::LoadBalancerTargetHealth(list) => json(list),
        Items::DbInstances(list) => json(list),
        Items::ElasticsearchDomains(list) => json(list),
        Items::Firewalls(list) => json(list),
    }
}
