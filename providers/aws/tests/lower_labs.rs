//! Lowers real recordings: no panic, nothing unread that was read, and few unknowns.
#![expect(clippy::expect_used, reason = "a test that prints what it saw")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cloudfw_aws::{LowerOptions, lower};
use cloudfw_core::{Destinations, Document, Liveness, Passage, Peer, Peers, Role, Scope, Target};
use cloudfw_documents::{AssumeNone, Lowered};

fn recordings() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    let folder = std::env::var_os("CLOUDFW_RECORDINGS").map_or(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

fn documents(root: &Path) -> Vec<Document> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                found.push(document(root, &path));
            }
        }
    }
    found
}

fn document(root: &Path, path: &Path) -> Document {
    let name = path.strip_prefix(root).expect("below the root");
    let parts: Vec<&str> = name.iter().filter_map(|part| part.to_str()).collect();
    let arc = |text: &&str| Arc::<str>::from(*text);
    let scope = match parts.as_slice() {
        ["accounts", account, region, _] => {
            Scope { account: Some(arc(account)), region: Some(arc(region)) }
        }
        [region, _] => Scope { account: None, region: Some(arc(region)) },
        _ => Scope::default(),
    };
    Document {
        name: name.to_string_lossy().as_ref().into(),
        text: fs::read_to_string(path).expect("text").into(),
        scope,
    }
}

/// Everything in a network that may make an answer unknown.
fn unknowns(lowered: &Lowered) -> Vec<String> {
    let network = &lowered.network;
    let mut found = Vec::new();
    // What AWS does with mail is never recorded (AWS-51).
    let recorded = network.filters.iter().filter(|(key, _)| key.as_str() != "outbound port 25");
    for (key, filter) in recorded {
        for list in filter.ingress.iter().chain(&filter.egress) {
            for rule in &list.rules {
                let unresolved = |peers: &Peers| match peers {
                    Peers::Any => false,
                    Peers::Of(peers) => {
                        peers.iter().any(|peer| matches!(peer, Peer::Unresolved { .. }))
                    }
                };
                let matches = &rule.matches;
                if matches.doubt.is_some()
                    || unresolved(&matches.sources)
                    || unresolved(&matches.destinations)
                {
                    found.push(format!("rule of {key}: {rule}"));
                }
            }
        }
    }
    for (key, table) in &network.tables {
        for route in &table.routes {
            let unknown = matches!(route.target, Target::Unknown(_))
                || matches!(route.destinations, Destinations::Unresolved(_));
            if unknown {
                found.push(format!("route of {key}: {}", route.text));
            }
        }
    }
    for (key, gateway) in network.gateways.iter().filter(|(_, one)| one.closed.is_none()) {
        if let Passage::Opaque { unknown, .. } = &gateway.passage {
            found.push(format!("gateway {key}: {unknown}"));
        }
        found.extend(gateway.doubts.iter().map(|doubt| format!("gateway {key}: {doubt}")));
    }
    for (key, interface) in &network.interfaces {
        if let Role::Opaque(unknown) = &interface.role {
            found.push(format!("interface {key}: {unknown}"));
        }
        if let Liveness::Unknown(unknown) = &interface.liveness {
            found.push(format!("interface {key}: {unknown}"));
        }
    }
    for (key, router) in &network.routers {
        found.extend(router.unread.iter().map(|doubt| format!("router {key}: {doubt}")));
    }
    found.extend(lowered.warnings.iter().map(|warning| format!("warning: {warning}")));
    found
}

#[test]
fn the_labs_lower_without_unknowns_but_for_what_is_not_modelled() {
    let Some(recordings) = recordings() else {
        eprintln!("skipped: no recordings (set CLOUDFW_RECORDINGS)");
        return;
    };
    let options = LowerOptions { assume_none: AssumeNone::All };
    let mut labs: Vec<PathBuf> = fs::read_dir(recordings.join("aws-labs"))
        .expect("the labs")
        .map(|entry| entry.expect("an entry").path().join("aws_configs"))
        .filter(|path| path.is_dir())
        .collect();
    labs.sort();
    assert_eq!(labs.len(), 5);
    for lab in labs {
        let documents = documents(&lab);
        let lowered = lower(&documents, &options).expect("readable documents");
        let network = &lowered.network;
        let unknowns = unknowns(&lowered);
        eprintln!(
            "{}: {} documents, {} interfaces, {} subnets, {} routers, {} gateways, {} filters, {} tables, {} resources, {} unknowns",
            lab.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy(),
            documents.len(),
            network.interfaces.len(),
            network.subnets.len(),
            network.routers.len(),
            network.gateways.len(),
            network.filters.len(),
            network.tables.len(),
            lowered.resources.len(),
            unknowns.len(),
        );
        for unknown in &unknowns {
            eprintln!("    {unknown}");
        }
        for unknown in &unknowns {
            assert!(unknown.contains("not modelled yet"), "{unknown}");
        }
        let mut shuffled = documents;
        shuffled.reverse();
        assert_eq!(lower(&shuffled, &options).expect("the same"), lowered);
    }
}

#[test]
fn single_answers_of_real_clouds_lower() {
    let Some(recordings) = recordings() else {
        eprintln!("skipped: no recordings (set CLOUDFW_RECORDINGS)");
        return;
    };
    let folder = recordings.join("aws");
    for document in documents(&folder) {
        let lowered = lower(std::slice::from_ref(&document), &LowerOptions::default());
        let lowered = lowered.expect("a readable document");
        eprintln!("{}: {} unknowns", document.name, unknowns(&lowered).len());
    }
}
