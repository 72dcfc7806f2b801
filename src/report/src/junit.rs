//! JUnit XML: a suite for each check, a test case for each thing that it found.
//!
//! What was not read, and what cannot be decided, is an error; a finding below the severity that
//! findings fail from is skipped. A check that found nothing is a success only where everything
//! was read.

use std::collections::BTreeMap;
use std::io::Write;

use cloudfw_estate::answer::Missing;
use cloudfw_rules::check;
use junit_report::{
    Duration, OffsetDateTime, ReportBuilder, TestCase, TestCaseBuilder, TestSuite, TestSuiteBuilder,
};

use crate::audit::{Finding, Ignored};
use crate::words::{MOST, effect, first, headline, missing, place, relative, safe, sentence, step};
use crate::{Report, WriteError, Writing};

/// Writes it.
pub(crate) fn write(
    report: &Report,
    writing: Writing<'_>,
    to: &mut dyn Write,
) -> Result<(), WriteError> {
    let cases = completeness(&report.incomplete, "everything was read and decided");
    let mut suites: Vec<Suite> = vec![Suite { name: "completeness", cases }];
    suites.extend(checks(report, writing));
    write_suites(&suites, report.seconds(), to)
}

/// Test cases under one name.
pub(crate) struct Suite<'r> {
    pub(crate) name: &'r str,
    pub(crate) cases: Vec<TestCase>,
}

/// Writes suites, at this time in seconds since 1970.
pub(crate) fn write_suites(
    suites: &[Suite<'_>],
    seconds: i64,
    to: &mut dyn Write,
) -> Result<(), WriteError> {
    // What is out of the range of years that the crate can write is the beginning of time.
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let suite = |suite: &Suite<'_>| -> TestSuite {
        TestSuiteBuilder::new(suite.name)
            .set_timestamp(at)
            .add_testcases(suite.cases.iter().cloned())
            .build()
    };
    let junit = ReportBuilder::new().add_testsuites(suites.iter().map(suite)).build();
    junit.write_xml(&mut *to).map_err(refused)?;
    to.write_all(b"\n")?;
    Ok(())
}

fn refused(error: junit_report::Error) -> WriteError {
    match error {
        junit_report::Error::Io(error) => WriteError::Io(error),
        error => WriteError::Format { format: "junit", reason: error.to_string() },
    }
}

/// An error for each thing that was not read or cannot be decided; a success of this name without.
pub(crate) fn completeness(all: &[Missing], complete: &str) -> Vec<TestCase> {
    if all.is_empty() {
        let mut case = TestCase::success(complete, Duration::ZERO);
        case.set_classname("completeness");
        return vec![case];
    }
    all.iter().map(incomplete).collect()
}

fn incomplete(what: &Missing) -> TestCase {
    let text = safe(&missing(what));
    let mut case = TestCase::error(&text, Duration::ZERO, "incomplete", &text);
    case.set_classname("completeness");
    case
}

fn checks<'r>(report: &'r Report, writing: Writing<'_>) -> Vec<Suite<'r>> {
    let mut suites: BTreeMap<&str, Vec<TestCase>> =
        report.summary.checks.iter().map(|id| (id.as_str(), Vec::new())).collect();
    for finding in &report.findings {
        suites.entry(&finding.check).or_default().push(case(report, finding, writing));
    }
    for Ignored { finding, reason, until } in &report.ignored {
        let mut case = skipped(finding, writing);
        let until = until.as_ref().map(|until| format!(" (until {until})")).unwrap_or_default();
        case.set_system_out(&cdata(&format!("ignored: {}{until}", safe(reason))));
        suites.entry(&finding.check).or_default().push(case);
    }
    let suite = |(name, mut cases): (&'r str, Vec<TestCase>)| {
        if cases.is_empty() {
            cases.push(nothing_found(report, name));
        }
        Suite { name, cases }
    };
    suites.into_iter().map(suite).collect()
}

fn nothing_found(report: &Report, name: &str) -> TestCase {
    let title = check(name).map_or(name, |check| check.title);
    let not_told = report.summary.not_told_of.get(name);
    let mut case = if let Some(count) = not_told {
        let mut case = TestCase::skipped(title);
        let text = format!("{count} found, below the severity that is told");
        case.set_system_out(&cdata(&text));
        case
    } else if report.unread().is_empty() {
        TestCase::success(title, Duration::ZERO)
    } else {
        let mut case = TestCase::skipped(title);
        let text = format!("nothing found in what was read; {}", headline(report));
        case.set_system_out(&cdata(&text));
        case
    };
    case.set_classname(name);
    case
}

fn case(report: &Report, finding: &Finding, writing: Writing<'_>) -> TestCase {
    if !report.fails(finding) && !finding.leaves_open() {
        let mut case = skipped(finding, writing);
        case.set_system_out(&cdata(&details(finding)));
        return case;
    }
    let (name, kind) = (name(finding), finding.severity.name());
    let message = sentence(&finding.message);
    // What fails and leaves something open besides is wrong first.
    let is_open = finding.is_unknown() || !report.fails(finding);
    let mut case = match is_open {
        true => TestCaseBuilder::error(&name, Duration::ZERO, "unknown", &message),
        false => TestCaseBuilder::failure(&name, Duration::ZERO, kind, &message),
    };
    case.set_trace(&cdata(&details(finding)));
    located(case.build(), finding, writing)
}

fn skipped(finding: &Finding, writing: Writing<'_>) -> TestCase {
    located(TestCase::skipped(&name(finding)), finding, writing)
}

fn located(mut case: TestCase, finding: &Finding, writing: Writing<'_>) -> TestCase {
    case.set_classname(&finding.check);
    case.set_filepath(&safe(&relative(&finding.place().document, writing.root)));
    case
}

fn name(finding: &Finding) -> String {
    safe(&format!("{}: {}", finding.subject.resource, finding.message))
}

/// Everything that a reader of a test report wants to know, a line each.
fn details(finding: &Finding) -> String {
    let mut lines = vec![finding.severity.to_string()];
    lines.extend(effect(finding));
    let rules = first(&finding.rules, MOST, |rule| {
        safe(&format!("rule {} ({})", rule.text, place(&rule.origin)))
    });
    lines.extend(rules);
    let affected = first(&finding.affected, MOST, |resource| safe(&resource.to_string()));
    if !affected.is_empty() {
        lines.push(format!("affects {}", affected.join(", ")));
    }
    lines.extend(finding.witness.iter().map(|witness| safe(&witness.text)));
    let steps = finding.trace.iter().flat_map(|trace| trace.forward.iter().chain(&trace.back));
    lines.extend(steps.map(step));
    lines.extend(finding.notes.iter().map(|note| sentence(note)));
    lines.extend(finding.unknowns.iter().map(|unknown| safe(&missing(unknown))));
    lines.push(sentence(&finding.advice));
    lines.push(format!("fingerprint {}", finding.fingerprint));
    lines.join("\n")
}

/// A text that does not end the section that it stands in.
pub(crate) fn cdata(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(safe).collect();
    lines.join("\n").replace("]]>", "]] >")
}
