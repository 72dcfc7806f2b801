//! What a report says over everything: severities, completeness, frameworks, and that each check
//! explains itself in code scanning.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: what fails here is reported as its failure"
)]

use std::path::Path;

use cloudfw_estate::answer::Missing;
use cloudfw_report::audit::{Outcome, Status};
use cloudfw_report::{Audited, Format, Framework, Report, Writing};
use cloudfw_rules::frameworks::{Assessed, edition};
use cloudfw_rules::{Check, Finding, Severity, checks};
use serde_json::Value;

mod fixture;

use fixture::{estate, findings, nothing, report, written};

#[test]
fn findings_are_counted_by_severity_scope_and_effect_the_worst_first() {
    let summary = report(true).summary;
    let counts = summary.severities;
    assert_eq!(
        (counts.critical, counts.high, counts.medium, counts.low, counts.info),
        (1, 0, 1, 1, 1)
    );
    assert_eq!((summary.findings, summary.ignored), (4, 1));
    assert_eq!(summary.scopes.len(), 1);
    assert_eq!(summary.scopes[0].scope, "111122223333/eu-central-1");
    assert_eq!(summary.scopes[0].severities, counts);
    let effects = summary.effects;
    assert_eq!(
        (effects.exposed, effects.blocked, effects.unattached, effects.unknown),
        (1, 1, 0, 1)
    );
    let order: Vec<Severity> = report(true).findings.iter().map(|it| it.severity).collect();
    assert_eq!(order, [Severity::Critical, Severity::Medium, Severity::Low, Severity::Info]);
}

#[test]
fn the_exit_code_is_1_for_findings_else_3_for_what_is_missing_else_0() {
    let estate = estate();
    let all = findings(&estate);
    let missing = || vec![Missing { what: "a".into(), why: "b".into(), place: String::new() }];
    let code = |findings: Vec<&Finding>, incomplete: Vec<Missing>, fail_on| {
        let audited = Audited { findings, incomplete, fail_on, ..Audited::default() };
        let report = Report::of(&estate, &audited);
        (report.exit_code(), report.summary.result)
    };
    let [info, unknown, critical, low] = all.iter().collect::<Vec<_>>()[..] else { panic!() };
    let high = Some(Severity::High);
    assert_eq!(code(vec![critical], missing(), high), (1, Outcome::Findings));
    assert_eq!(code(vec![low, info], Vec::new(), high), (0, Outcome::Clean));
    assert_eq!(code(vec![low, info], Vec::new(), None), (1, Outcome::Findings));
    assert_eq!(code(vec![low], Vec::new(), Some(Severity::Low)), (1, Outcome::Findings));
    assert_eq!(code(vec![low, info], missing(), high), (3, Outcome::Incomplete));
    assert_eq!(code(vec![unknown], Vec::new(), high), (3, Outcome::Incomplete));
    assert_eq!(code(Vec::new(), Vec::new(), high), (0, Outcome::Clean));
}

#[test]
fn nothing_read_is_never_clean() {
    let documents = serde_json::json!({ "Vpcs": [] }).to_string();
    let document = cloudfw_core::Document {
        name: "empty.json".into(),
        text: documents.into(),
        scope: cloudfw_core::Scope::default(),
    };
    let options = cloudfw_estate::OpenOptions::default();
    let estate = cloudfw_estate::Estate::from_documents(vec![document], &options).unwrap();
    let report = Report::of(&estate, &Audited::default());
    assert_eq!(report.exit_code(), 3);
    assert!(!report.is_complete());
    assert!(written(&report, Format::Markdown).contains("nothing read is never clean"));
}

#[test]
fn no_requirement_is_passed_where_something_was_not_read() {
    let estate = estate();
    let ran: Vec<&'static str> = checks().map(|check| check.id).collect();
    let edition = edition("cis-aws-7.0").unwrap();
    // The caller forgets to tell that the audit is incomplete.
    let assessed = Assessed { findings: &[], ran: &ran, is_incomplete: false, clouds: &["aws"] };
    let requirements = edition.assess(&assessed);
    let of = |incomplete: Vec<Missing>| {
        let framework = Framework { edition: edition.clone(), requirements: requirements.clone() };
        let audited = Audited { incomplete, frameworks: vec![framework], ..Audited::default() };
        let report = Report::of(&estate, &audited);
        assert_eq!(
            (&*report.frameworks[0].framework, &*report.frameworks[0].version),
            ("cis-aws", "7.0")
        );
        let requirements = report.frameworks[0].requirements.clone();
        assert!(!requirements.is_empty());
        requirements
            .iter()
            .filter(|it| it.status == Status::Passed || it.literal == Status::Passed)
            .count()
    };
    let missing = Missing { what: "a".into(), why: "b".into(), place: String::new() };
    assert_eq!(of(vec![missing]), 0);
    let could =
        requirements.iter().any(|it| it.effective == cloudfw_rules::frameworks::Status::Passed);
    assert_eq!(of(Vec::new()) > 0, could);
}

#[test]
fn a_report_has_a_time_only_where_it_is_given() {
    let time: jiff::Timestamp = "2027-01-31T12:00:00Z".parse().unwrap();
    let timed = Report::of(&estate(), &Audited { time: Some(time), ..Audited::default() });
    assert_eq!(timed.time.as_deref(), Some("2027-01-31T12:00:00Z"));
    assert!(written(&timed, Format::Junit).contains("timestamp=\"2027-01-31T12:00:00Z\""));
    assert!(!written(&nothing(false), Format::Json).contains("\"time\""));
}

#[test]
fn every_check_explains_itself_in_code_scanning() {
    let mut report = nothing(false);
    report.summary.checks = checks().map(|check| check.id.to_owned()).collect();
    let sarif: Value = serde_json::from_str(&written(&report, Format::Sarif)).unwrap();
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), checks().count());
    for rule in rules {
        let id = rule["id"].as_str().unwrap();
        let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        assert!(text(&rule["shortDescription"]["text"]), "{id}");
        assert!(text(&rule["fullDescription"]["text"]), "{id}");
        assert!(text(&rule["help"]["text"]) && text(&rule["help"]["markdown"]), "{id}");
        assert!(rule["helpUri"].as_str().is_some_and(|uri| uri.starts_with("https://")), "{id}");
        assert!(text(&rule["properties"]["security-severity"]), "{id}");
        assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 20, "{id}");
    }
}

#[test]
fn code_scanning_sees_the_severity_of_the_proof() {
    let is_critical = |check: &&Check| check.severity == Severity::Critical;
    let Some(check) = checks().find(is_critical) else { panic!("no check finds critical things") };
    let estate = estate();
    let mut worst = findings(&estate).swap_remove(2);
    worst.check = check.id;
    let mut low = worst.clone();
    low.severity = Severity::Low;
    let audited = Audited { findings: vec![&worst, &low], ..Audited::default() };
    let sarif = written(&Report::of(&estate, &audited), Format::Sarif);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let run = &sarif["runs"][0];
    for (at, id, score, level) in
        [(0, check.id.to_owned(), "9.5", "error"), (1, format!("{}/low", check.id), "2.0", "note")]
    {
        let result = &run["results"][at];
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!((&result["ruleId"], &rule["id"]), (&id.clone().into(), &id.into()));
        assert_eq!(rule["properties"]["security-severity"], score);
        assert_eq!(result["level"], level);
    }
    let same = &run["results"][1];
    assert!(same["codeFlows"].is_null(), "a trace stands there once");
    assert_eq!(same["properties"]["sameTraceAs"], worst.fingerprint());
    let hashes: Vec<&Value> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["partialFingerprints"]["primaryLocationLineHash"])
        .collect();
    assert_ne!(hashes[0], hashes[1]);
}

#[test]
fn every_result_has_a_physical_location_below_the_root() {
    let mut bytes = Vec::new();
    let writing = Writing { root: Some(Path::new("/repo/rec ord")) };
    let mut report = report(true);
    for finding in &mut report.findings {
        finding.subject.origin.document = "/repo/rec ord/estate.json".to_owned();
        finding.rules.clear();
    }
    report.write(Format::Sarif, writing, &mut bytes).unwrap();
    let sarif: Value = serde_json::from_slice(&bytes).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
    for result in &results[..4] {
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "estate.json");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
    }
    assert_eq!(results[4]["suppressions"][0]["status"], "accepted");
}
