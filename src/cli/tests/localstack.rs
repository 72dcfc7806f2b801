//! LocalStack, seeded through the real EC2 API, recorded and asked: `localstack/run` as a test.
//!
//! Where no Python or no package index is to be had it says so and passes, unless
//! `CLOUDFW_REQUIRE` names `localstack`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and tells why it was skipped, in its helping functions too"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// The exit code of `localstack/run` for what it cannot do here.
const SKIPPED: i32 = 77;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn run(words: &[&str]) -> Command {
    let mut command = Command::new(root().join("localstack/run"));
    command.args(words).current_dir(root()).env("CLOUDFW_BIN", env!("CARGO_BIN_EXE_cloudfw"));
    command
}

/// Whether it cannot be done here, which is a failure where it is required: the script says 1
/// then.
fn skipped(code: Option<i32>) -> bool {
    if code == Some(SKIPPED) {
        eprintln!(
            "skipped: localstack cannot be had here; CLOUDFW_REQUIRE=localstack makes this a failure"
        );
    }
    code == Some(SKIPPED)
}

#[test]
fn a_recorded_localstack_answers_as_the_scenario_expects() {
    compare("three-tier");
}

#[test]
fn an_audit_of_a_recorded_localstack_finds_what_the_scenario_says() {
    compare("exposure");
}

fn compare(scenario: &str) {
    let done = run(&["compare", scenario]).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    eprintln!("{said}");
    if !skipped(done.status.code()) {
        assert!(done.status.success(), "{:?}", done.status);
    }
}

#[test]
fn recording_gives_the_documents_of_the_aws_cli() {
    let Some(local) = LocalStack::up() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("ours");
    let theirs = folder.path().join("theirs");

    let mut record = Command::new(env!("CARGO_BIN_EXE_cloudfw"));
    record.args(["record", "aws", "--to"]).arg(&ours).envs(&local.environment);
    let recorded = record.output().unwrap();
    // 3: LocalStack does not know every call.
    let text = String::from_utf8_lossy(&recorded.stderr);
    assert!(matches!(recorded.status.code(), Some(0 | 3)), "{text}");

    let described = run(&["describe"]).arg(&theirs).envs(&local.environment).status().unwrap();
    assert!(described.success());

    let (ours, theirs) = (lists(&ours), lists(&theirs));
    assert!(ours.contains_key("Vpcs") && ours.contains_key("NetworkAcls"), "{:?}", ours.keys());
    for (key, ours) in &ours {
        let theirs = theirs.get(key).unwrap_or_else(|| panic!("the CLI has no {key}"));
        same(&format!("/{key}"), ours, theirs);
    }
    for (key, theirs) in &theirs {
        let empty = theirs.as_array().is_some_and(Vec::is_empty);
        assert!(empty || ours.contains_key(key) || key == "Regions", "{key} is not recorded");
    }
}

/// What the documents below a folder hold, by key.
fn lists(folder: &Path) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(lists(&path));
            continue;
        }
        let document: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let members = document.as_object().unwrap();
        if members.contains_key("Entries") {
            // The CLI answers for one prefix list at a time; a recording has them all in one.
            let all = found.entry("ManagedPrefixListEntries".to_owned());
            let all = all.or_insert_with(|| Value::Array(Vec::new())).as_array_mut().unwrap();
            all.push(document);
        } else if path.file_name().unwrap() != "manifest.json" {
            found.extend(members.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
    }
    found
}

/// All of ours is in theirs; lists have the same elements, in whatever order the service gave
/// them that time.
fn same(place: &str, ours: &Value, theirs: &Value) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, value) in ours {
                let other =
                    theirs.get(key).unwrap_or_else(|| panic!("the CLI has no {place}/{key}"));
                same(&format!("{place}/{key}"), value, other);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{place}");
            let (ours, theirs) = (sorted(ours), sorted(theirs));
            for (index, (one, other)) in ours.iter().zip(&theirs).enumerate() {
                same(&format!("{place}/{index}"), one, other);
            }
        }
        _ => assert_eq!(ours, theirs, "{place}"),
    }
}

/// By what names an element: its ids come before everything else.
fn sorted(list: &[Value]) -> Vec<&Value> {
    let name = |value: &Value| -> Vec<String> {
        let Some(object) = value.as_object() else { return vec![value.to_string()] };
        let ids = object.iter().filter(|(key, _)| key.ends_with("Id") || key.ends_with("Name"));
        let ids = ids.chain(object.iter().filter(|(key, _)| {
            [
                "Key",
                "RuleNumber",
                "Egress",
                "DestinationCidrBlock",
                "CidrBlock",
                "IpProtocol",
                "FromPort",
                "CidrIp",
            ]
            .contains(&key.as_str())
        }));
        ids.map(|(key, value)| format!("{key}={value}")).collect()
    };
    let mut sorted: Vec<&Value> = list.iter().collect();
    sorted.sort_by_key(|value| name(value));
    sorted
}

/// A LocalStack that ends with this value.
struct LocalStack {
    harness: Child,
    environment: BTreeMap<String, String>,
}

impl LocalStack {
    fn up() -> Option<Self> {
        let mut up = run(&["up", "three-tier", "--until-eof"]);
        let mut harness = up.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut environment = BTreeMap::new();
        let mut ready = false;
        for line in BufReader::new(harness.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            match line.split_once('=') {
                _ if line.is_empty() => {
                    ready = true;
                    break;
                }
                Some((name, value)) if name.starts_with("AWS_") || name == "NO_PROXY" => {
                    environment.insert(name.to_owned(), value.to_owned());
                }
                _ => eprintln!("{line}"),
            }
        }
        if ready {
            return Some(Self { harness, environment });
        }
        let code = harness.wait().unwrap().code();
        assert!(skipped(code), "localstack/run up: {code:?}");
        None
    }
}

impl Drop for LocalStack {
    fn drop(&mut self) {
        // It ends when its standard input does.
        drop(self.harness.stdin.take());
        let _ = self.harness.wait();
    }
}
