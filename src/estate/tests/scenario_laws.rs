//! Laws that hold of every scenario in `testdata/aws`: neither the order of documents and lists
//! nor what else is recorded changes a verdict, and what is taken away makes it unknown at most.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test: what fails here is reported as its failure"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cloudfw_core::{Document, Scope};
use cloudfw_estate::answer::Outcome;
use cloudfw_estate::query::{QueryLine, read_queries};
use cloudfw_estate::{Estate, OpenOptions};
use serde_json::Value;

/// A scenario in memory. Nothing is assumed of it.
struct Scenario {
    name: String,
    queries: Vec<QueryLine>,
    documents: Vec<Recorded>,
}

#[derive(Clone)]
struct Recorded {
    name: String,
    scope: Scope,
    value: Value,
}

#[test]
fn the_order_of_documents_and_lists_changes_no_verdict() {
    let mut wrong = Vec::new();
    for scenario in scenarios() {
        let mut documents = scenario.documents.clone();
        documents.reverse();
        for (position, document) in documents.iter_mut().enumerate() {
            // Names are sorted by as well.
            document.name = format!("{position}.json");
            reverse(&mut document.value);
        }
        let (before, after) = (scenario.ask(&scenario.documents), scenario.ask(&documents));
        for ((line, before), after) in scenario.queries.iter().zip(before).zip(after) {
            if before != after {
                wrong.push(format!("{}: `{}`: {before}, {after}", scenario.name, line.text));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_kind_that_is_taken_away_makes_a_verdict_unknown_at_most() {
    let mut wrong = Vec::new();
    for scenario in scenarios() {
        let before = scenario.ask(&scenario.documents);
        for kinds in scenario.kinds() {
            let mut documents = scenario.documents.clone();
            for members in documents.iter_mut().filter_map(|it| it.value.as_object_mut()) {
                members.retain(|key, _| !kinds.contains(key));
            }
            documents.retain(|document| {
                let members = document.value.as_object();
                members.is_some_and(|members| members.keys().any(|key| key != "NextToken"))
            });
            if documents.is_empty() {
                continue;
            }
            let after = scenario.ask(&documents);
            for ((line, before), after) in scenario.queries.iter().zip(&before).zip(after) {
                // What names the ends may be gone too.
                if after != *before && after != "unknown" && after != "error" {
                    let (name, text) = (&scenario.name, &line.text);
                    wrong.push(format!("{name}: `{text}` without {kinds:?}: {before}, {after}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

impl Scenario {
    /// The verdict of each query over these documents.
    fn ask(&self, documents: &[Recorded]) -> Vec<String> {
        let documents = documents.iter().map(|recorded| Document {
            name: recorded.name.as_str().into(),
            text: recorded.value.to_string().into(),
            scope: recorded.scope.clone(),
        });
        let estate = Estate::from_documents(documents.collect(), &OpenOptions::default())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let inquiry = estate.inquiry();
        let verdict = |line| match inquiry.answer_line(line) {
            Outcome::Answered(answer) => answer.verdict.to_string(),
            Outcome::Failed(_) => "error".to_owned(),
        };
        self.queries.iter().map(verdict).collect()
    }

    /// The kinds to be taken away: one at a time, and all of which there is nothing together. A
    /// manifest and a token are none.
    fn kinds(&self) -> Vec<BTreeSet<&String>> {
        let members = self.documents.iter().filter_map(|document| document.value.as_object());
        let (mut filled, mut empty) = (BTreeSet::new(), BTreeSet::new());
        for (key, value) in members.flatten() {
            let is_kind = !matches!(key.as_str(), "NextToken" | "schema" | "calls");
            let is_empty = value.as_array().is_some_and(Vec::is_empty);
            if is_kind {
                if is_empty { &mut empty } else { &mut filled }.insert(key);
            }
        }
        let alone = filled.into_iter().map(|kind| BTreeSet::from([kind]));
        alone.chain([empty]).collect()
    }
}

/// Turns every list round.
fn reverse(value: &mut Value) {
    match value {
        Value::Array(elements) => {
            elements.reverse();
            elements.iter_mut().for_each(reverse);
        }
        Value::Object(members) => members.values_mut().for_each(reverse),
        _ => {}
    }
}

/// The scenarios with queries.
fn scenarios() -> Vec<Scenario> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/aws");
    let folders = sorted(&root).into_iter().filter(|path| path.join("queries.txt").is_file());
    folders
        .map(|folder| {
            let queries = fs::read_to_string(folder.join("queries.txt")).expect("queries.txt");
            let mut documents = Vec::new();
            read(&folder, &Scope::default(), &mut documents);
            let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
            Scenario { name, queries: read_queries(&queries), documents }
        })
        .collect()
}

/// The documents of a folder; what the folders are named after says whose they are.
fn read(folder: &Path, scope: &Scope, documents: &mut Vec<Recorded>) {
    for path in sorted(folder) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            let mut scope = scope.clone();
            if folder.ends_with("accounts") {
                scope.account = Some(name.as_str().into());
            } else if name.starts_with("eu-") {
                scope.region = Some(name.as_str().into());
            }
            read(&path, &scope, documents);
        } else if name.ends_with(".json") && name != "expected.json" {
            let text = fs::read_to_string(&path).expect("a document");
            let value = serde_json::from_str(&text).expect("a document in JSON");
            let name = path.to_string_lossy().into_owned();
            documents.push(Recorded { name, scope: scope.clone(), value });
        }
    }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("testdata can be read");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}
