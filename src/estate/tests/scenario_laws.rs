//! Laws that hold of every scenario in `testdata`: neither the order of documents and lists
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
use cloudfw_estate::{AssumeNone, Estate, OpenError, OpenOptions, parse_assume_none};
use serde_json::Value;

/// A scenario in memory. Nothing is assumed of it.
struct Scenario {
    /// The folder in `testdata` that it is in.
    cloud: &'static str,
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
        let assume_none = scenario.assumed();
        documents.reverse();
        for (position, document) in documents.iter_mut().enumerate() {
            // Names are sorted by as well.
            document.name = format!("{position}.json");
            reverse(&mut document.value);
        }
        let ask = |documents| scenario.ask(documents, &assume_none);
        let (before, after) = (ask(&scenario.documents), ask(&documents));
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
    for scenario in scenarios().into_iter().filter(|scenario| scenario.cloud == "aws") {
        let assume_none = scenario.assumed();
        let before = scenario.ask(&scenario.documents, &assume_none);
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
            let after = scenario.ask(&documents, &assume_none);
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

/// A resource of Azure tells its kind itself, and by its id whether others refer to it.
#[test]
fn a_kind_or_a_resource_of_azure_that_is_taken_away_makes_a_verdict_unknown_at_most() {
    let mut wrong = Vec::new();
    let mut known = Broken::of("azure");
    let azure = scenarios().into_iter().filter(|scenario| scenario.cloud == "azure");
    for scenario in azure.filter(Scenario::is_consistent) {
        let assume_none = scenario.assumed();
        let before = scenario.ask(&scenario.documents, &assume_none);
        let kinds = scenario.azure_kinds().into_iter().map(Taken::Kind);
        let resources = scenario.azure_resources().into_iter().map(Taken::Resource);
        for taken in kinds.chain(resources) {
            let mut documents = scenario.documents.clone();
            for document in &mut documents {
                let name = document.name.clone();
                if let Some(list) = elements(&mut document.value) {
                    list.retain(|element| !taken.takes(&name, element));
                } else if taken.takes(&name, &document.value) {
                    document.value = Value::Null;
                }
            }
            documents.retain_mut(|document| {
                let is_empty = elements(&mut document.value).is_some_and(|list| list.is_empty());
                !document.value.is_null() && !is_empty
            });
            if documents.is_empty() {
                continue;
            }
            let after = scenario.ask(&documents, &assume_none);
            for ((line, before), after) in scenario.queries.iter().zip(&before).zip(after) {
                let changed = after != *before && before != "error";
                if changed && after != "unknown" && after != "error" {
                    let (name, text) = (&scenario.name, &line.text);
                    if !known.covers(&taken.kind()) {
                        wrong
                            .push(format!("{name}: `{text}` without {taken:?}: {before}, {after}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    known.assert_all_are_broken("resource");
}

/// What is known to break a law: `laws-broken.toml` beside the scenarios of a cloud.
///
/// ```toml
/// [[broken]]
/// without = "addressSpace"   # the end of a field's path, or the ARM type of a resource
/// law = "field"              # or `resource`
/// reason = "…"
/// ```
struct Broken {
    entries: Vec<(String, String)>,
    seen: BTreeSet<String>,
}

impl Broken {
    fn of(cloud: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(cloud);
        let text = fs::read_to_string(root.join("laws-broken.toml")).unwrap_or_default();
        let table: toml::Table = text.parse().expect("laws-broken.toml is TOML");
        let entries = table.get("broken").and_then(toml::Value::as_array).into_iter().flatten();
        let word = |entry: &toml::Value, name: &str| {
            let word = entry.get(name).and_then(toml::Value::as_str).unwrap_or_default();
            assert!(!word.is_empty(), "laws-broken.toml: an entry without `{name}`");
            word.to_owned()
        };
        let entries = entries.map(|entry| {
            word(entry, "reason");
            (word(entry, "law"), word(entry, "without"))
        });
        Self { entries: entries.collect(), seen: BTreeSet::new() }
    }

    /// Whether it is known that what is taken away here breaks a law.
    fn covers(&mut self, without: &str) -> bool {
        let ends = |end: &str| without == end || without.ends_with(&format!("/{end}"));
        let found = self.entries.iter().find(|(_, end)| ends(end));
        let found = found.map(|(_, end)| end.clone());
        let is_known = found.is_some();
        self.seen.extend(found);
        is_known
    }

    /// What breaks a law no longer has to go from the list.
    fn assert_all_are_broken(&self, law: &str) {
        let mended = self.entries.iter().filter(|(of, end)| of == law && !self.seen.contains(end));
        let mended: Vec<&String> = mended.map(|(_, end)| end).collect();
        let asked_of_all = std::env::var_os("CLOUDFW_SCENARIOS").is_none();
        assert!(mended.is_empty() || !asked_of_all, "take out of laws-broken.toml: {mended:?}");
    }
}

/// What is taken away from a recording of Azure.
#[derive(Debug)]
enum Taken {
    /// All resources of an ARM type, or a document whose elements have none.
    Kind(String),
    /// The resource of an id.
    Resource(String),
}

impl Taken {
    /// The ARM type of what is taken away, in lower case.
    fn kind(&self) -> String {
        match self {
            Self::Kind(kind) => kind.clone(),
            Self::Resource(id) => {
                let mut parts = id.rsplit("/providers/").next().unwrap_or_default().split('/');
                let space = parts.next().unwrap_or_default();
                format!("{space}/{}", parts.step_by(2).collect::<Vec<_>>().join("/"))
            }
        }
    }

    /// Of ids and types in lower case.
    fn takes(&self, document: &str, element: &Value) -> bool {
        match self {
            Self::Kind(kind) => kind_of(document, element) == *kind,
            Self::Resource(id) => lower(element, "id").as_deref() == Some(id),
        }
    }
}

/// How many erasures of fields are tried, evenly over all; `CLOUDFW_ERASURES` gives another number.
const ERASURES: usize = 1000;

/// Fields by whose absence AWS itself says something: no public address, no Windows, a reference
/// inside one network; and those that names go with, which other resources may have as well.
const TELLING: &[&str] = &[
    "Association",
    "InstanceId",
    "Instances",
    "Platform",
    "PeeringStatus",
    "Tags",
    "TagSet",
    "NextToken",
];

/// Fields by whose absence Azure says something: no group, no table, no public address, no gateway,
/// a member of no group, rules that are implied, what is off unless it is on; and pages.
const TELLING_OF_AZURE: &[&str] = &[
    "allowPort25Out",
    "applicationGatewayIPConfigurations",
    "applicationSecurityGroups",
    "basePolicy",
    "defaultOutboundAccess",
    "defaultSecurityRules",
    "delegations",
    "disableBgpRoutePropagation",
    "disableTcpStateTracking",
    "dnsSettings",
    "enableExplicitProxy",
    "enableIPForwarding",
    "enableProxy",
    "enabled",
    "encryption",
    "enforcement",
    "explicitProxy",
    "firewallPolicy",
    "gatewayLoadBalancer",
    "loadBalancerBackendAddressPools",
    "natGateway",
    "networkSecurityGroup",
    "nextLink",
    "powerState",
    "privateEndpoint",
    "privateEndpointNetworkPolicies",
    "probe",
    "publicIPAddress",
    "routeTable",
    "tags",
    "virtualMachine",
    "virtualNetworkPeerings",
];

/// Scenarios of Azure of which one telling contradicts another.
const ODD_OF_AZURE: &[&str] = &[
    "az-14-members-told-by-either-side",
    "bad-input-only-the-group-tells-where-it-hangs",
    "effective-another-group",
    "effective-routes-that-azure-keeps",
    "effective-routes-that-contradict",
    "effective-rules-that-contradict",
    "effective-tags-that-contradict",
];

#[test]
fn a_field_that_is_taken_away_makes_a_verdict_unknown_at_most() {
    erase_fields("aws");
}

#[test]
fn a_field_of_azure_that_is_taken_away_makes_a_verdict_unknown_at_most() {
    erase_fields("azure");
}

fn erase_fields(cloud: &'static str) {
    let wanted = std::env::var("CLOUDFW_ERASURES").ok().and_then(|count| count.parse().ok());
    let wanted: usize = wanted.unwrap_or(ERASURES);
    let scenarios = scenarios_of(cloud);
    let fields: Vec<(&Scenario, Field)> = scenarios
        .iter()
        .filter(|scenario| scenario.is_consistent())
        .flat_map(|scenario| scenario.fields().into_iter().map(move |field| (scenario, field)))
        .collect();
    let step = fields.len().div_ceil(wanted.max(1)).max(1);
    let mut wrong = Vec::new();
    let mut known = Broken::of(cloud);
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
                let document = scenario.documents.get(field.document).map(|it| it.name.as_str());
                let file = document.and_then(|name| name.rsplit('/').next()).unwrap_or_default();
                let at = format!("{file}#{at}");
                if !known.covers(&field.path()) {
                    wrong.push(format!("{name}: `{text}` without {at}: {before}, {after}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    if step == 1 {
        known.assert_all_are_broken("field");
    }
}

/// A member of an object in a document.
struct Field {
    document: usize,
    pointer: String,
}

impl Field {
    /// Where it is, without indices and what wraps fields.
    fn path(&self) -> String {
        let (above, name) = self.pointer.rsplit_once('/').unwrap_or_default();
        let is_wrapping = |part: &&str| matches!(*part, "" | "value" | "data" | "properties");
        let is_index = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
        let above = above.split('/').filter(|part| !is_wrapping(part) && !is_index(part));
        above.chain([name]).collect::<Vec<_>>().join("/")
    }
}

/// The members of all objects in a value, by their path without indices: of those that differ in
/// these alone, the last.
fn members(
    json: &Value,
    at: &str,
    path: &str,
    telling: &[&str],
    found: &mut BTreeMap<String, String>,
) {
    match json {
        Value::Object(members_of) => {
            for (name, value) in members_of {
                let token = name.replace('~', "~0").replace('/', "~1");
                let (at, path) = (format!("{at}/{token}"), format!("{path}/{token}"));
                if !matches!(name.as_str(), "Tags" | "TagSet") {
                    members(value, &at, &path, telling, found);
                }
                if !telling.contains(&name.as_str()) {
                    found.insert(path, at);
                }
            }
        }
        Value::Array(list) => {
            for (i, value) in list.iter().enumerate() {
                members(value, &format!("{at}/{i}"), path, telling, found);
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
            members(&recorded.value, "", "", self.telling(), &mut found);
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
    fn ask(&self, documents: &[Recorded], assume_none: &AssumeNone) -> Vec<String> {
        let assume_none = assume_none.clone();
        self.ask_with(documents, &OpenOptions { assume_none, ..OpenOptions::default() })
    }

    /// What may be assumed of it when something is taken away: of AWS, nothing; of Azure, that
    /// there is none of the kinds that it has no document of.
    fn assumed(&self) -> AssumeNone {
        if self.cloud == "aws" {
            return AssumeNone::default();
        }
        let all = OpenOptions { assume_none: AssumeNone::All, ..OpenOptions::default() };
        let estate =
            open(&self.documents, &all).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let scopes = estate.coverage().scopes.iter();
        let kinds = scopes.flat_map(|scope| scope.assumed_none.iter().map(String::as_str));
        parse_assume_none(kinds).expect("kinds")
    }

    fn telling(&self) -> &'static [&'static str] {
        if self.cloud == "aws" { TELLING } else { TELLING_OF_AZURE }
    }

    /// One of two tellings that contradict each other settles it when the other goes, and so does a
    /// field that nobody understands when it goes itself.
    fn is_consistent(&self) -> bool {
        let odd = ["trap-one-id-twice-with-other-content", "fields-not-understood"];
        !odd.contains(&self.name.as_str()) && !ODD_OF_AZURE.contains(&self.name.as_str())
    }

    /// The ARM types of its resources, and the documents whose elements have none.
    fn azure_kinds(&self) -> BTreeSet<String> {
        let mut documents = self.documents.clone();
        let mut kinds = BTreeSet::new();
        for document in &mut documents {
            let name = document.name.clone();
            if let Some(list) = elements(&mut document.value) {
                kinds.extend(list.iter().map(|element| kind_of(&name, element)));
            } else if document.value.get("schema").is_none() {
                kinds.insert(kind_of(&name, &document.value));
            }
        }
        kinds
    }

    /// The ids, in lower case, of its resources that others refer to.
    fn azure_resources(&self) -> BTreeSet<String> {
        let mut documents = self.documents.clone();
        let mut told = BTreeSet::new();
        let mut referred = Vec::new();
        for document in &mut documents {
            let Some(list) = elements(&mut document.value) else { continue };
            for element in list.iter() {
                let id = lower(element, "id").unwrap_or_default();
                ids(element, &mut |other| {
                    if !other.starts_with(&id) {
                        referred.push(other);
                    }
                });
                told.insert(id);
            }
        }
        told.retain(|id| referred.iter().any(|other| other.starts_with(id.as_str())));
        told
    }

    fn ask_with(&self, documents: &[Recorded], options: &OpenOptions) -> Vec<String> {
        // What is left need be no recording any more.
        let Ok(estate) = open(documents, options) else {
            return vec!["error".to_owned(); self.queries.len()];
        };
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

fn open(documents: &[Recorded], options: &OpenOptions) -> Result<Estate, OpenError> {
    let documents = documents.iter().map(|recorded| Document {
        name: recorded.name.as_str().into(),
        text: recorded.value.to_string().into(),
        scope: recorded.scope.clone(),
    });
    Estate::from_documents(documents.collect(), options)
}

/// The list that a document of Azure is.
fn elements(document: &mut Value) -> Option<&mut Vec<Value>> {
    let is_of_one = document.get("virtualNetwork").is_some();
    let is_of_one = is_of_one || document.get("networkInterface").is_some();
    match document {
        Value::Array(list) => Some(list),
        Value::Object(members) if !is_of_one => {
            let key = ["value", "data"].into_iter().find(|key| members.contains_key(*key))?;
            members.get_mut(key).and_then(Value::as_array_mut)
        }
        _ => None,
    }
}

/// The ARM type of an element, or else the document that it is in.
fn kind_of(document: &str, element: &Value) -> String {
    lower(element, "type").unwrap_or_else(|| document.to_owned())
}

fn lower(element: &Value, field: &str) -> Option<String> {
    element.get(field).and_then(Value::as_str).map(str::to_lowercase)
}

/// Every text of a value that is an id, in lower case.
fn ids(value: &Value, found: &mut impl FnMut(String)) {
    match value {
        Value::String(text) if text.to_lowercase().starts_with("/subscriptions/") => {
            found(text.to_lowercase());
        }
        Value::Array(list) => list.iter().for_each(|value| ids(value, found)),
        Value::Object(members) => members.values().for_each(|value| ids(value, found)),
        _ => {}
    }
}

/// The scenarios with queries, without those that are known to be answered wrongly.
fn scenarios() -> Vec<Scenario> {
    ["aws", "azure"].into_iter().flat_map(scenarios_of).collect()
}

fn scenarios_of(cloud: &'static str) -> Vec<Scenario> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(cloud);
    // `CLOUDFW_SCENARIOS` tries those alone that have it in their names.
    let wanted = std::env::var("CLOUDFW_SCENARIOS").unwrap_or_default();
    let is_wanted = |path: &PathBuf| path.to_string_lossy().contains(&wanted);
    let folders = sorted(&root).into_iter().filter(|path| path.join("queries.txt").is_file());
    let folders = folders.filter(is_wanted);
    folders
        .map(|folder| {
            let queries = fs::read_to_string(folder.join("queries.txt")).expect("queries.txt");
            let mut queries = read_queries(&queries);
            let wrong = fs::read_to_string(folder.join("known-wrong.toml")).unwrap_or_default();
            queries.retain(|line| !wrong.contains(&format!("query = \"{}\"\n", line.text)));
            let mut documents = Vec::new();
            read(&folder, &Scope::default(), &mut documents);
            let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
            Scenario { cloud, name, queries, documents }
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
