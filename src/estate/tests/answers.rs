//! Answers about the sample estates, as programs read them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test: what fails here is reported as its failure"
)]

use std::fs;
use std::path::{Path, PathBuf};

use cloudfw_core::{Document, Scope, Verdict};
use cloudfw_estate::query::read_queries;
use cloudfw_estate::{Answer, Estate, OpenOptions, Query, QueryError, parse_assume_none};
use serde_json::{Value, json};

/// The kinds that recordings made by others seldom hold: the sample has none of them.
const SELDOM: [&str; 3] = [
    "VpcBlockPublicAccessOptions",
    "VpcBlockPublicAccessExclusions",
    "SecurityGroupVpcAssociations",
];

fn folder(scenario: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/aws").join(scenario)
}

fn options() -> OpenOptions {
    OpenOptions { assume_none: parse_assume_none(SELDOM).unwrap(), ..OpenOptions::default() }
}

fn estate(scenario: &str) -> Estate {
    Estate::open(&[folder(scenario)], &options()).unwrap_or_else(|error| panic!("{error}"))
}

fn ask(estate: &Estate, query: &str) -> Result<Answer, QueryError> {
    estate.inquiry().reach(&query.parse::<Query>().unwrap())
}

fn json(estate: &Estate, query: &str) -> Value {
    serde_json::to_value(ask(estate, query).unwrap_or_else(|error| panic!("{error}"))).unwrap()
}

fn documents(scenario: &str) -> Vec<Document> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder(scenario))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .filter(|path| !path.ends_with("expected.json") && !path.ends_with("findings.json"))
        .collect();
    paths.sort();
    let document = |path: &PathBuf| Document {
        name: path.file_name().unwrap().to_string_lossy().into(),
        text: fs::read_to_string(path).unwrap().into(),
        scope: Scope::default(),
    };
    paths.iter().map(document).collect()
}

#[test]
fn the_gap_of_an_acl_is_an_exact_share() {
    let estate = estate("three-tier");
    let answer = json(&estate, "web db:5432");
    assert_eq!(answer["schema"], "cloudfw.reach/1");
    assert_eq!(answer["query"]["service"], "tcp 5432");
    assert_eq!(answer["verdict"], "intermittent");
    assert_eq!(answer["symptom"], "some-time-out");
    let pair = &answer["answers"][0];
    assert_eq!(pair["reply"]["client"], "linux");
    assert_eq!(pair["reply"]["range"], "32768-60999");
    assert_eq!(
        pair["reply"]["failing"],
        json!({"at_least": "16384/28232", "at_most": "16384/28232"})
    );
    assert_eq!(pair["reply"]["gap"], "32768-49151");
    assert_eq!(pair["allowed"][0]["source_ports"], "49152-60999");
    assert_eq!(pair["source"]["host"]["kind"], "instance");
    let blocker = &pair["blockers"][0];
    assert_eq!((&blocker["kind"], &blocker["name"]), (&json!("network-acl"), &json!("acl-db")));
    assert_eq!(blocker["leg"], "return");
    assert_eq!(blocker["code"], "SUBNET_ACL_RESTRICTION");
    assert!(blocker["rule"]["origin"]["document"].as_str().unwrap().ends_with("network-acls.json"));
    let windows = json(&estate, "web db:5432 --client windows");
    assert_eq!(windows["verdict"], "reachable");
    assert_eq!(windows["answers"][0]["reply"]["failing"]["at_most"], "0/16384");
}

/// Nobody knows whose an address is where the interfaces were not read: whatever the rest says, its
/// connections may all pass and may all fail.
#[test]
fn an_unknown_share_lies_between_none_and_all() {
    let documents = documents("addresses-secondary-and-elastic").into_iter().map(|mut document| {
        let mut value: Value = serde_json::from_str(&document.text).unwrap();
        value.as_object_mut().unwrap().remove("NetworkInterfaces");
        document.text = value.to_string().into();
        document
    });
    let estate = Estate::from_documents(documents.collect(), &options()).unwrap();
    let answer = json(&estate, "10.0.1.11 internet:443");
    let pair = &answer["answers"][0];
    assert_eq!((&pair["verdict"], &pair["symptom"]), (&json!("unknown"), &json!("unknown")));
    let failing = &pair["reply"]["failing"];
    assert_eq!(*failing, json!({"at_least": "0/64512", "at_most": "64512/64512"}));
    assert_eq!(pair["allowed"], json!([]));
    assert_eq!(pair["allowed_at_most"][0]["sources"], json!(["10.0.1.11"]));
    assert_eq!(pair["allowed_at_most"][0]["destinations"], json!(["internet"]));
}

/// In whatever order they are put together: an unknown one hides none of the others.
#[test]
fn answers_are_put_together_pair_by_pair() {
    let estate = estate("three-tier");
    let answer = |query| ask(&estate, query).unwrap();
    let whole = answer("web 192.168.9.9:443").and(answer("web db:5432 --client windows"));
    assert_eq!((whole.verdict, whole.symptom), (Verdict::Unknown, None));
    let whole = whole.and(answer("web db:22"));
    assert_eq!((whole.verdict, whole.answers.len()), (Verdict::Partial, 3));
}

#[test]
fn every_rule_of_a_trace_has_its_line() {
    let answer = json(&estate("three-tier"), "web db:5432");
    let pair = &answer["answers"][0];
    let mut rules = 0;
    for leg in ["forward", "return"] {
        for step in pair[leg].as_array().unwrap() {
            let Some(rule) = step.get("rule") else { continue };
            rules += 1;
            let origin = &rule["origin"];
            assert!(origin.get("line").is_some() || origin.get("implied_by").is_some(), "{rule}");
        }
    }
    assert!(rules > 6, "{pair}");
}

#[test]
fn everything_that_keeps_the_internet_out_is_named() {
    let answer = json(&estate("three-tier"), "internet db:5432");
    assert_eq!(answer["verdict"], "unreachable");
    let blockers = answer["answers"][0]["blockers"].as_array().unwrap();
    let codes: Vec<&str> = blockers.iter().filter_map(|step| step["code"].as_str()).collect();
    for code in [
        "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
        "SUBNET_ACL_RESTRICTION",
        "ENI_SG_RULES_MISMATCH",
    ] {
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
    assert_eq!(answer["answers"][0]["source"]["addresses"], json!(["internet"]));
}

#[test]
fn the_order_of_documents_changes_nothing() {
    let forward = documents("three-tier");
    let mut backward = forward.clone();
    backward.reverse();
    let open = |documents| Estate::from_documents(documents, &options()).unwrap();
    let (one, other) = (open(forward), open(backward));
    let queries = fs::read_to_string(folder("three-tier").join("queries.txt")).unwrap();
    for line in read_queries(&queries) {
        assert_eq!(json(&one, &line.text), json(&other, &line.text), "{}", line.text);
    }
}

#[test]
fn taking_documents_away_makes_an_answer_unknown_at_most() {
    let all = documents("three-tier");
    let whole = Estate::from_documents(all.clone(), &options()).unwrap();
    let queries = fs::read_to_string(folder("three-tier").join("queries.txt")).unwrap();
    let mut wrong = Vec::new();
    for erased in &all {
        let rest = all.iter().filter(|document| document.name != erased.name).cloned().collect();
        let part = Estate::from_documents(rest, &options()).unwrap();
        for line in read_queries(&queries) {
            let before = ask(&whole, &line.text).unwrap().verdict;
            let after = match ask(&part, &line.text) {
                Ok(answer) => answer.verdict,
                // What names the ends is gone too.
                Err(_) => continue,
            };
            if after != before && after != Verdict::Unknown {
                wrong.push(format!("{} without {}: {before}, {after}", line.text, erased.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_cannot_write_to_the_terminal() {
    let mut documents = documents("three-tier");
    for document in &mut documents {
        document.text = document.text.replace("\"web\"", "\"w\\u001b[31m\\u202eb\"").into();
    }
    let estate = Estate::from_documents(documents, &options()).unwrap();
    let answer = ask(&estate, "10.0.1.10 db:5432").unwrap();
    let name = |answer: &Answer| answer.answers[0].source.name.clone().unwrap();
    assert_eq!(name(&answer), "w\u{1b}[31m\u{202e}b");
    assert_eq!(name(&answer.printable()), "w\\u{1b}[31m\\u{202e}b");
}

#[test]
fn coverage_tells_what_was_assumed_and_what_was_not_read() {
    let answer = json(&estate("three-tier"), "web db:5432");
    let scope = &answer["coverage"]["scopes"][0];
    assert_eq!(scope["account"], "111122223333");
    assert_eq!(scope["region"], "eu-central-1");
    assert!(scope["read"]["NetworkAcls"].as_u64().unwrap() > 1);
    assert_eq!(scope["assumed_none"].as_array().unwrap().len(), SELDOM.len());
    let nothing = Estate::open(&[folder("three-tier")], &OpenOptions::default()).unwrap();
    let not_read = &json(&nothing, "web db:5432")["coverage"]["scopes"][0]["not_read"];
    assert_eq!(not_read[0]["outcome"], "absent");
    assert!(not_read[0]["call"].as_str().unwrap().starts_with("aws ec2 describe-"));
}

#[test]
fn an_instance_is_shown_with_where_it_hangs_and_what_is_effective() {
    let estate = estate("three-tier");
    let db = estate.inquiry().show("db").unwrap().remove(0);
    assert_eq!((&*db.kind, db.name.as_deref()), ("instance", Some("db")));
    let kinds: Vec<&str> = db.attached.iter().map(|it| &*it.resource.kind).collect();
    assert_eq!(kinds, ["network-interface", "subnet", "vpc", "route-table"]);
    let guards: Vec<_> = db
        .filters
        .iter()
        .map(|filter| (&*filter.at.kind, &*filter.lists[0].kind, filter.stateful))
        .collect();
    assert_eq!(
        guards,
        [("network-interface", "security-group", true), ("subnet", "network-acl", false)]
    );
    let group = &db.filters[0];
    assert!(group.ingress.iter().any(|rule| rule.services == "tcp 5432"), "{group:?}");
    let acl: Vec<&str> = db.filters[1].ingress.iter().map(|rule| &*rule.id).collect();
    let mut sorted = acl.clone();
    sorted.sort_by_key(|id| id.parse::<u32>().unwrap_or(u32::MAX));
    assert_eq!(acl, sorted);
    assert!(
        db.filters[1]
            .ingress
            .iter()
            .all(|rule| rule.origin.line.is_some() || rule.origin.implied_by.is_some())
    );
    assert_eq!(db.tables.len(), 1);
    assert!(db.origin.unwrap().line.is_some());
}

#[test]
fn every_resource_can_be_shown() {
    let mut shown = 0;
    for scenario in ["three-tier", "demo"] {
        let estate = estate(scenario);
        let inquiry = estate.inquiry();
        let network = estate.network();
        let labels = network
            .interfaces
            .values()
            .map(|it| &it.label)
            .chain(network.subnets.values().map(|it| &it.label))
            .chain(network.routers.values().map(|it| &it.label))
            .chain(network.gateways.values().map(|it| &it.label))
            .chain(network.tables.values().map(|it| &it.label))
            .chain(network.groups.values().map(|it| &it.label));
        for label in labels {
            let description = inquiry
                .show(&label.id)
                .unwrap_or_else(|error| panic!("{label}: {error}"))
                .remove(0);
            assert_eq!(description.kind, label.kind, "{label}");
            assert!(description.origin.is_some(), "{label}");
            shown += 1;
        }
    }
    assert!(shown > 30, "{shown}");
}
