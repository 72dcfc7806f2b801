//! Laws that hold of every scenario in `testdata/aws`: neither the order of documents and lists
//! nor what else is recorded changes a verdict, and what is taken away makes it unknown at most.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test: what fails here is reported as its failure"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cloudfw_core::{Document, Scope};
use cloudfw_estate::answer::Outcome;
use cloudfw_estate::query::{QueryLine, read_queries};
use cloudfw_estate::{AssumeNone, Estate, OpenOptions};
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

/// How many erasures of fields are tried, evenly over all; `CLOUDFW_ERASURES` gives another number.
const ERASURES: usize = 1000;

/// Fields by whose absence AWS itself says something: no public address, no Windows, a reference
/// inside one network; and those that names go with, which other resources may have as well.
const TELLING: [&str; 8] = [
    "Association",
    "InstanceId",
    "Instances",
    "Platform",
    "PeeringStatus",
    "Tags",
    "TagSet",
    "NextToken",
];

#[test]
fn a_field_that_is_taken_away_makes_a_verdict_unknown_at_most() {
    let wanted = std::env::var("CLOUDFW_ERASURES").ok().and_then(|count| count.parse().ok());
    let wanted: usize = wanted.unwrap_or(ERASURES);
    let scenarios = scenarios();
    // One of two tellings that contradict each other settles it when the other goes, and so does a
    // field that nobody understands when it goes itself.
    let odd = ["trap-one-id-twice-with-other-content", "fields-not-understood"];
    let consistent = |scenario: &&Scenario| !odd.contains(&scenario.name.as_str());
    let fields: Vec<(&Scenario, Field)> = scenarios
        .iter()
        .filter(consistent)
        .flat_map(|scenario| scenario.fields().into_iter().map(move |field| (scenario, field)))
        .collect();
    let step = fields.len().div_ceil(wanted.max(1)).max(1);
    let mut wrong = Vec::new();
    let mut asked: Option<(&str, Vec<String>)> = None;
    for (scenario, field) in fields.iter().step_by(step) {
        if asked.as_ref().is_none_or(|(name, _)| *name != scenario.name) {
            asked = Some((&scenario.name, scenario.ask_assuming_none(&scenario.documents)));
        }
        let before = asked.as_ref().map_or(&[][..], |(_, before)| before);
        let after = scenario.ask_assuming_none(&scenario.without(field));
        for ((line, before), after) in scenario.queries.iter().zip(before).zip(after) {
            let changed = after != *before && before != "error";
            if changed && after != "unknown" && after != "error" {
                let (name, text, at) = (&scenario.name, &line.text, &field.pointer);
                wrong.push(format!("{name}: `{text}` without {at}: {before}, {after}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A member of an object in a document.
struct Field {
    document: usize,
    pointer: String,
}

/// The members of all objects in a value, by their path without indices: of those that differ in
/// these alone, the last.
fn members(json: &Value, at: &str, path: &str, found: &mut BTreeMap<String, String>) {
    match json {
        Value::Object(members_of) => {
            for (name, value) in members_of {
                let token = name.replace('~', "~0").replace('/', "~1");
                let (at, path) = (format!("{at}/{token}"), format!("{path}/{token}"));
                if !matches!(name.as_str(), "Tags" | "TagSet") {
                    members(value, &at, &path, found);
                }
                if !TELLING.contains(&name.as_str()) {
                    found.insert(path, at);
                }
            }
        }
        Value::Array(list) => {
            for (i, value) in list.iter().enumerate() {
                members(value, &format!("{at}/{i}"), path, found);
            }
        }
        _ => {}
    }
}

impl Scenario {
    /// The fields of its objects. Kinds have a law of their own.
    fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        for (document, recorded) in self.documents.iter().enumerate() {
            let mut found = BTreeMap::new();
            members(&recorded.value, "", "", &mut found);
            // A manifest without one of its own fields is an error.
            if recorded.value.get("schema").is_some() {
                continue;
            }
            let below = found.into_values().filter(|pointer| pointer.matches('/').count() > 1);
            fields.extend(below.map(|pointer| Field { document, pointer }));
        }
        fields
    }

    /// Its documents without a field.
    fn without(&self, field: &Field) -> Vec<Recorded> {
        let mut documents = self.documents.clone();
        let (parent, name) = field.pointer.rsplit_once('/').expect("a member");
        let name = name.replace("~1", "/").replace("~0", "~");
        let value = documents.get_mut(field.document).map(|document| &mut document.value);
        let parent = value.and_then(|value| value.pointer_mut(parent));
        parent.and_then(Value::as_object_mut).expect("an object").remove(&name);
        documents
    }

    /// The verdict of each query over these documents, which hold all there is.
    fn ask_assuming_none(&self, documents: &[Recorded]) -> Vec<String> {
        self.ask_with(
            documents,
            &OpenOptions { assume_none: AssumeNone::All, ..OpenOptions::default() },
        )
    }

    /// The verdict of each query over these documents.
    fn ask(&self, documents: &[Recorded]) -> Vec<String> {
        self.ask_with(documents, &OpenOptions::default())
    }

    fn ask_with(&self, documents: &[Recorded], options: &OpenOptions) -> Vec<String> {
        let documents = documents.iter().map(|recorded| Document {
            name: recorded.name.as_str().into(),
            text: recorded.value.to_string().into(),
            scope: recorded.scope.clone(),
        });
        let estate = Estate::from_documents(documents.collect(), options)
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
        } else if name.ends_with(".json")
            && !["expected.json", "findings.json"].contains(&name.as_str())
        {
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
