//! What became of a policy, as JSON, JUnit and SARIF: each assertion stands in the policy's file.

use std::collections::BTreeMap;
use std::io::Write;

use cloudfw_estate::Verified;
use cloudfw_estate::answer::{Missing, Step};
use cloudfw_estate::policy::{self, Assertion, Conclusion};
use cloudfw_rules::Severity;
use junit_report::{Duration, TestCase, TestCaseBuilder};
use serde_json::json;
use serde_sarif::sarif::{Location, ReportingConfiguration, ReportingDescriptor, Result as Found};
use sha2::{Digest, Sha256};

use crate::audit::last_read;
use crate::build::TOOL;
use crate::json::write_line;
use crate::junit::{Suite, cdata, completeness, write_suites};
use crate::words::{MOST, first, missing, place, relative, safe, score, sentence, step};
use crate::{Format, WriteError, Writing, sarif};

/// Writes what became of a policy: JSON, SARIF or JUnit.
///
/// # Errors
///
/// [`WriteError`]; [`WriteError::Format`] of any other format.
pub fn write_verified(
    verified: &Verified,
    format: Format,
    writing: Writing<'_>,
    to: &mut dyn Write,
) -> Result<(), WriteError> {
    match format {
        Format::Json => write_line(verified, to),
        Format::Junit => junit(verified, writing, to),
        Format::Sarif => write_line(&sarif::log(run(verified, writing)), to),
        format => Err(WriteError::Format {
            format: format.name(),
            reason: "a policy is told as json, sarif or junit".to_owned(),
        }),
    }
}

/// A suite for each group, a test case for each assertion.
fn junit(verified: &Verified, writing: Writing<'_>, to: &mut dyn Write) -> Result<(), WriteError> {
    let cases = completeness(&incomplete(verified), "everything that the policy needs was read");
    let mut suites = vec![Suite { name: "completeness", cases }];
    let mut groups: Vec<(&str, Vec<TestCase>)> = Vec::new();
    for assertion in &verified.assertions {
        let name = assertion.group.as_deref().unwrap_or("policy");
        let case = case(assertion, writing);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, cases)) => cases.push(case),
            None => groups.push((name, vec![case])),
        }
    }
    let names: Vec<String> = groups.iter().map(|(name, _)| safe(name)).collect();
    let cases = groups.into_iter().map(|(_, cases)| cases);
    suites.extend(names.iter().zip(cases).map(|(name, cases)| Suite { name, cases }));
    write_suites(&suites, last_read(&verified.coverage), to)
}

/// What was not read, and what cannot be said for lack of it.
fn incomplete(verified: &Verified) -> Vec<Missing> {
    let mut incomplete = verified.not_read.clone();
    let unknown = |it: &&Assertion| it.conclusion == Conclusion::Unknown;
    for assertion in verified.assertions.iter().filter(unknown) {
        incomplete.push(Missing {
            what: format!("the assertion {}", assertion.name),
            why: assertion.message.clone(),
            place: format!("{}:{}", assertion.place.file, assertion.place.line),
        });
    }
    incomplete
}

fn case(assertion: &Assertion, writing: Writing<'_>) -> TestCase {
    let (name, message) = (safe(&assertion.name), sentence(&assertion.message));
    let mut case = match assertion.conclusion {
        Conclusion::Passed => TestCaseBuilder::success(&name, Duration::ZERO),
        Conclusion::Failed => {
            let severity = severity(assertion);
            TestCaseBuilder::failure(&name, Duration::ZERO, severity.name(), &message)
        }
        Conclusion::Unknown => TestCaseBuilder::error(&name, Duration::ZERO, "unknown", &message),
    };
    let group = assertion.group.as_deref().unwrap_or("policy");
    case.set_classname(&safe(group));
    case.set_filepath(&safe(&relative(&assertion.place.file, writing.root)));
    if assertion.conclusion != Conclusion::Passed {
        case.set_trace(&cdata(&details(assertion)));
    }
    case.build()
}

/// Everything that a reader of a test report wants to know, a line each.
fn details(assertion: &Assertion) -> String {
    let place = &assertion.place;
    let mut lines = vec![
        sentence(&assertion.message),
        safe(&format!("{}:{}:{}", place.file, place.line, place.column)),
        format!("expected {}, found {}", assertion.expected, assertion.verdict),
    ];
    if let Some(witness) = &assertion.witness {
        lines.push(safe(&witness.flow.text));
        lines.extend(witness.pair.forward.iter().chain(&witness.pair.back).map(step));
        lines.extend(blockers(assertion).map(|words| format!("stopped: {words}")));
    }
    lines.extend(first(&assertion.unknowns, MOST, |unknown| safe(&missing(unknown))));
    lines.join("\n")
}

/// What stops the witness.
fn blockers(assertion: &Assertion) -> impl Iterator<Item = String> {
    let all = assertion.witness.as_ref().map_or(&[][..], |witness| &witness.pair.blockers);
    let told = first(all, MOST, |blocker| {
        let written = blocker.rule.as_ref().map(|rule| format!(" ({})", place(&rule.origin)));
        format!("{}{}", step(blocker), safe(&written.unwrap_or_default()))
    });
    told.into_iter()
}

/// The severity that the policy gives, else that of a broken promise.
fn severity(assertion: &Assertion) -> Severity {
    match assertion.severity {
        Some(policy::Severity::Info) => Severity::Info,
        Some(policy::Severity::Low) => Severity::Low,
        Some(policy::Severity::Medium) => Severity::Medium,
        Some(policy::Severity::High) | None => Severity::High,
        Some(policy::Severity::Critical) => Severity::Critical,
    }
}

fn run(verified: &Verified, writing: Writing<'_>) -> serde_sarif::sarif::Run {
    let mut rules: BTreeMap<String, ReportingDescriptor> = BTreeMap::new();
    let broken = verified.assertions.iter().filter(|it| it.conclusion != Conclusion::Passed);
    let broken: Vec<&Assertion> = broken.collect();
    for assertion in &broken {
        let id = rule_id(assertion);
        rules.entry(id.clone()).or_insert_with(|| descriptor(&id, assertion));
    }
    let index =
        |id: &str| (0..).zip(rules.keys()).find(|(_, known)| *known == id).map(|(at, _)| at);
    let results = broken.iter().map(|assertion| {
        let mut result = result(assertion, writing);
        let id = rule_id(assertion);
        result.rule_index = index(&id);
        result.rule_id = Some(id);
        result
    });
    let results: Vec<Found> = results.collect();
    let counts = &verified.counts;
    let summary = format!(
        "{} failed, {} unknown of {}; {} not read",
        counts.failed,
        counts.unknown,
        counts.assertions,
        verified.not_read.len(),
    );
    let rules = rules.into_values().collect();
    let mut run = sarif::run(&TOOL, "cloudfw/verify/", rules, results);
    run.invocations = Some(vec![sarif::invocation_without(&incomplete(verified))]);
    run.properties = Some(sarif::bag([("summary", json!(summary))]));
    run
}

/// A rule for each severity, as of audits: code scanning knows those of rules alone.
fn rule_id(assertion: &Assertion) -> String {
    match assertion.conclusion {
        Conclusion::Unknown => "assertion-unknown".to_owned(),
        _ => format!("assertion-failed/{}", severity(assertion)),
    }
}

fn descriptor(id: &str, assertion: &Assertion) -> ReportingDescriptor {
    let (title, severity) = match assertion.conclusion {
        Conclusion::Unknown => ("An assertion of the policy cannot be decided", Severity::Medium),
        _ => ("An assertion of the policy does not hold", severity(assertion)),
    };
    let mut properties = sarif::bag([
        ("precision", json!("very-high")),
        ("problem.severity", json!(sarif::problem(severity))),
        ("security-severity", json!(score(severity))),
    ]);
    properties.tags = Some(vec!["security".to_owned(), "network".to_owned()]);
    ReportingDescriptor::builder()
        .id(id)
        .short_description(sarif::multi(title))
        .full_description(sarif::multi(title))
        .help(sarif::multi(
            "The policy says who must, and who must not, reach whom; the code flow is one flow \
             that shows it. Change the rule that decides, or the policy.",
        ))
        .default_configuration(
            ReportingConfiguration::builder().level(json!(sarif::level(severity))).build(),
        )
        .properties(properties)
        .build()
}

fn result(assertion: &Assertion, writing: Writing<'_>) -> Found {
    let severity = match assertion.conclusion {
        Conclusion::Unknown => Severity::Medium,
        _ => severity(assertion),
    };
    let text = format!("{}: {}", safe(&assertion.name), sentence(&assertion.message));
    let fingerprint = fingerprint(assertion);
    let mut result = Found::builder()
        .level(sarif::result_level(severity))
        .message(sarif::message(&text))
        .locations(vec![location(assertion, writing)])
        .partial_fingerprints(BTreeMap::from([
            ("cloudfw/v1".to_owned(), fingerprint.clone()),
            ("primaryLocationLineHash".to_owned(), format!("{fingerprint}:1")),
        ]))
        .properties(sarif::bag([
            ("expected", json!(assertion.expected)),
            ("verdict", json!(assertion.verdict)),
            ("severity", json!(severity)),
            ("unknowns", json!(first(&assertion.unknowns, MOST, |it| safe(&missing(it))))),
            ("blockedBy", json!(blockers(assertion).collect::<Vec<_>>())),
        ]))
        .build();
    if let Some(witness) = &assertion.witness {
        let steps: Vec<&Step> = witness.pair.forward.iter().chain(&witness.pair.back).collect();
        let mut flow = sarif::code_flow(&steps, |step| match &step.rule {
            Some(rule) if rule.origin.implied_by.is_none() => {
                let line = rule.origin.line.unwrap_or(1);
                sarif::physical(&rule.origin.document, line, writing)
            }
            _ => location(assertion, writing),
        });
        flow.message = Some(sarif::message(&safe(&witness.flow.text)));
        result.code_flows = Some(vec![flow]);
    }
    result
}

/// Where the assertion stands.
fn location(assertion: &Assertion, writing: Writing<'_>) -> Location {
    let place = &assertion.place;
    let mut location = sarif::physical(&place.file, place.line, writing);
    let region = location.physical_location.as_mut().and_then(|place| place.region.as_mut());
    if let Some(region) = region {
        region.start_column = Some(i64::from(place.column.max(1)));
    }
    location
}

/// What makes the assertion the same one in the next run, wherever it stands in the file.
fn fingerprint(assertion: &Assertion) -> String {
    let mut hash = Sha256::new();
    let Assertion { name, group, from, to, except_from, except_to, service, .. } = assertion;
    let one = [name.as_str(), group.as_deref().unwrap_or_default(), service, assertion.quantifier];
    let client = assertion.client.as_deref().unwrap_or_default();
    let expected = assertion.expected.to_string();
    let lists = [from, to, except_from, except_to].into_iter();
    let words = lists.flat_map(|list| list.iter().map(String::as_str).chain(["\n"]));
    for word in one.into_iter().chain([client, &expected]).chain(words) {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
