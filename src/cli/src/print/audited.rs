//! An audit for people: what it comes to, what could not be seen, and each finding with the rule
//! to change.

use std::collections::BTreeSet;

use cloudfw_estate::answer::Missing;
use cloudfw_report::Report;
use cloudfw_report::audit::{
    Effect, Finding, FrameworkResult, Ignored, Outcome, Severities, Status,
};
use cloudfw_rules::{SEVERITIES, Severity};

use super::style::{self, BOLD, DIM, HEADING};
use super::table::Table;
use super::{Text, coverage, hops, steps, words};

/// What of a report is shown, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    /// Whether everything is: hops, places, every affected resource.
    pub(crate) verbose: bool,
    /// How many findings a baseline knew.
    pub(crate) known: usize,
    /// In columns.
    pub(crate) width: usize,
}

/// So many things are named in one line.
const NAMED: usize = 5;
/// So many things that were not read are named without being asked to.
const MISSING: usize = 6;

/// A report laid out.
pub(crate) fn text(report: &Report, shown: Shown) -> String {
    let mut out = String::new();
    summary(report, shown, &mut out);
    incomplete(report, shown, &mut out);
    for scope in &report.summary.scopes {
        let of_scope = |finding: &&Finding| finding.subject.resource.scope == scope.scope;
        let findings: Vec<&Finding> = report.findings.iter().filter(of_scope).collect();
        if !findings.is_empty() {
            heading(&scope.scope, &scope.severities, shown, &mut out);
            findings.into_iter().for_each(|one| finding(one, shown, &mut out));
        }
    }
    report.frameworks.iter().for_each(|one| framework(one, report, shown, &mut out));
    ignored(&report.ignored, shown, &mut out);
    footer(report, shown, &mut out);
    out
}

/// A severity in its colour.
pub(crate) fn severity(severity: Severity) -> Text {
    Text::styled(colour(severity), severity)
}

fn colour(severity: Severity) -> anstyle::Style {
    match severity {
        Severity::Critical => style::BAD.bold(),
        Severity::High => style::BAD,
        Severity::Medium => style::MIXED,
        Severity::Low => HEADING.effects(anstyle::Effects::new()),
        Severity::Info => DIM,
    }
}

fn summary(report: &Report, shown: Shown, out: &mut String) {
    let result = match report.summary.result {
        Outcome::Findings => Text::styled(style::BAD.bold(), "findings"),
        Outcome::Incomplete => Text::styled(style::OPEN.bold(), "incomplete"),
        // Findings that do not fail are no reason to say that there is nothing.
        Outcome::Clean if report.summary.findings > 0 => {
            Text::styled(style::GOOD.bold(), "nothing fails")
        }
        Outcome::Clean => Text::styled(style::GOOD.bold(), "clean"),
    };
    let mut body = counts(&report.summary.severities);
    if report.summary.findings == 0 {
        body = Text::of("nothing found in what was read");
    }
    if let (Outcome::Clean, 1.., Some(from)) =
        (report.summary.result, report.summary.findings, report.summary.fail_on)
    {
        body = body.then(format!(", none {from} or above"));
    }
    body = body
        .then_styled(DIM, format!("   {}", words::plural(report.summary.checks.len(), "check")));
    if report.summary.ignored > 0 {
        body = body.then_styled(DIM, format!(", {} ignored", report.summary.ignored));
    }
    if shown.known > 0 {
        body = body.then_styled(DIM, format!(", {} known from the baseline", shown.known));
    }
    result.then("  ").lead(&body, shown.width, out);
}

/// `2 critical, 1 high`.
fn counts(severities: &Severities) -> Text {
    let mut text = Text::new();
    for severity in SEVERITIES {
        let count = severities.of(severity);
        if count > 0 {
            let lead = if text.is_empty() { "" } else { ", " };
            text = text.then(lead).then_styled(colour(severity), format!("{count} {severity}"));
        }
    }
    text
}

/// What was not read comes before what was found: nobody shall take the rest for everything.
fn incomplete(report: &Report, shown: Shown, out: &mut String) {
    if report.incomplete.is_empty() {
        return;
    }
    out.push('\n');
    let lead = Text::styled(style::OPEN.bold(), "INCOMPLETE").then("  ");
    let body = match report.unread() {
        [] => "not everything can be decided: the findings below say what would have to be known",
        _ => "not everything was read, so that what is not found below may be there all the same",
    };
    lead.lead(&Text::of(body), shown.width, out);
    let most = if shown.verbose { usize::MAX } else { MISSING };
    // What was asked for and not read comes before what nobody asked for.
    let is_absent = |one: &&Missing| one.why.starts_with("not in the recording");
    let (absent, refused): (Vec<_>, Vec<_>) = report.incomplete.iter().partition(is_absent);
    for missing in refused.into_iter().chain(absent).take(most) {
        let mut body = Text::of(&missing.what).then(": ").then(&missing.why);
        if !missing.place.is_empty() {
            body = body.then_styled(DIM, format!("  {}", missing.place));
        }
        Text::styled(style::OPEN, "  ? ").lead(&body, shown.width, out);
    }
    more(report.incomplete.len(), most, shown, out);
}

fn more(count: usize, most: usize, shown: Shown, out: &mut String) {
    if count > most {
        let text = format!("    … and {} more (-v shows them)", count - most);
        Text::styled(DIM, text).wrap(4, shown.width, out);
    }
}

fn heading(scope: &str, severities: &Severities, shown: Shown, out: &mut String) {
    out.push('\n');
    let name = if scope.is_empty() { "no account or Region" } else { scope };
    Text::styled(HEADING, name).then("  ").and(counts(severities)).wrap(2, shown.width, out);
}

fn finding(finding: &Finding, shown: Shown, out: &mut String) {
    out.push('\n');
    let name = finding.severity.name();
    let lead = Text::of("  ").and(severity(finding.severity)).pad_to(2 + "critical".len() + 2);
    let body =
        Text::styled(BOLD, &finding.message).then_styled(DIM, format!("  [{}]", finding.check));
    lead.lead(&body, shown.width, out);
    let mut rows = Table::default();
    let in_brief = !shown.verbose && matches!(name, "low" | "info");
    effect(finding, in_brief, &mut rows);
    rules(finding, in_brief, shown, &mut rows);
    if !in_brief {
        affected(finding, shown, &mut rows);
    }
    for note in &finding.notes {
        rows.row([Text::styled(DIM, "note"), Text::of(note)]);
    }
    for unknown in &finding.unknowns {
        let body = Text::styled(style::OPEN, &unknown.what).then(": ").then(&unknown.why);
        rows.row([Text::styled(DIM, "unknown"), body]);
    }
    rows.row([Text::styled(DIM, "change"), Text::of(&finding.advice)]);
    rows.write(12, shown.width, out);
    if let Some(trace) = finding.trace.as_ref().filter(|_| shown.verbose) {
        hops::legs(&trace.forward, &trace.back, shown.width, out);
    }
}

/// What is proved, beside what is written.
fn effect(finding: &Finding, in_brief: bool, rows: &mut Table) {
    let Some(effective) = &finding.effective else { return };
    let (colour, body) = match effective.verdict {
        Effect::Exposed => (style::BAD, witness(finding)),
        Effect::Blocked => (style::GOOD, blocked(effective.by.as_slice())),
        Effect::Unattached => (style::GOOD, Text::of("nothing asks the rule")),
        Effect::Unknown => (style::OPEN, Text::of("neither can be proved")),
    };
    let exposed_in_brief = in_brief && effective.verdict == Effect::Exposed;
    if !exposed_in_brief {
        rows.row([Text::styled(colour, effective.verdict.name()), body]);
    }
}

fn witness(finding: &Finding) -> Text {
    finding.witness.as_ref().map_or_else(Text::new, |witness| {
        Text::of("by ").then(&witness.text).then_styled(DIM, "  for one")
    })
}

fn blocked(by: &[cloudfw_estate::answer::Step]) -> Text {
    let Some(first) = by.first() else {
        return Text::of("nothing gets in");
    };
    let mut text = Text::of("by ")
        .and(steps::title(std::slice::from_ref(first)))
        .then("  ")
        .and(steps::body(first))
        .then("  ")
        .and(steps::written(first));
    if by.len() > 1 {
        text = text.then_styled(DIM, format!("  and {} more", by.len() - 1));
    }
    text
}

fn rules(finding: &Finding, in_brief: bool, shown: Shown, rows: &mut Table) {
    let most = if shown.verbose {
        usize::MAX
    } else if in_brief {
        1
    } else {
        NAMED
    };
    for rule in finding.rules.iter().take(most) {
        let body =
            Text::of(&rule.text).then_styled(DIM, format!("  {}", steps::place(&rule.origin)));
        rows.row([Text::styled(DIM, "rule"), body]);
    }
    if finding.rules.len() > most {
        let text = format!("… and {} more (-v shows them)", finding.rules.len() - most);
        rows.row([Text::new(), Text::styled(DIM, text)]);
    }
    if finding.rules.is_empty() {
        let origin = &finding.subject.origin;
        let body = Text::styled(DIM, steps::place(origin));
        if !body.is_empty() {
            rows.row([Text::styled(DIM, "where"), body]);
        }
    }
}

fn affected(finding: &Finding, shown: Shown, rows: &mut Table) {
    if finding.affected.is_empty() {
        return;
    }
    let most = if shown.verbose { usize::MAX } else { NAMED };
    let names: BTreeSet<String> = finding.affected.iter().map(ToString::to_string).collect();
    let mut text: Vec<String> = names.iter().take(most).cloned().collect();
    if names.len() > most {
        text.push(format!("{} more", names.len() - most));
    }
    rows.row([Text::styled(DIM, "affects"), Text::of(words::list(&text))]);
}

fn framework(framework: &FrameworkResult, report: &Report, shown: Shown, out: &mut String) {
    out.push('\n');
    let of =
        |status: Status| framework.requirements.iter().filter(|it| it.status == status).count();
    let counted: Vec<String> =
        [Status::Failed, Status::Unknown, Status::NotAssessed, Status::Passed]
            .into_iter()
            .filter(|status| of(*status) > 0)
            .map(|status| format!("{} {}", of(status), status_words(status)))
            .collect();
    let name = format!("{} {}", framework.name, framework.version);
    Text::styled(HEADING, name).then("  ").then(words::list(&counted)).wrap(2, shown.width, out);
    let mut rows = Table::default();
    for requirement in &framework.requirements {
        let mut body = Text::of(requirement.why.join("; "));
        let found: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| requirement.findings.contains(&finding.fingerprint))
            .collect();
        if let Some(first) = found.first() {
            body = Text::of(&first.message);
            if found.len() > 1 {
                body = body.then_styled(DIM, format!("  and {} more", found.len() - 1));
            }
        }
        let mut told = status(requirement.status);
        if requirement.literal != requirement.status {
            told = told
                .then_styled(DIM, format!(" ({} as written)", status_words(requirement.literal)));
        }
        rows.row([Text::styled(BOLD, &requirement.id), told, body]);
    }
    rows.write(2, shown.width, out);
    let rest =
        "every other requirement of it is NOT ASSESSED: cloudfw reads networks and their rules";
    Text::styled(DIM, format!("  {rest}")).wrap(2, shown.width, out);
}

fn status(status: Status) -> Text {
    let colour = match status {
        Status::Passed => style::GOOD,
        Status::Failed => style::BAD,
        Status::Unknown => style::OPEN,
        Status::NotAssessed => DIM,
    };
    Text::styled(colour, status_words(status))
}

fn status_words(status: Status) -> &'static str {
    match status {
        Status::NotAssessed => "NOT ASSESSED",
        other => other.name(),
    }
}

fn ignored(ignored: &[Ignored], shown: Shown, out: &mut String) {
    if ignored.is_empty() {
        return;
    }
    out.push('\n');
    Text::styled(HEADING, "ignored").wrap(2, shown.width, out);
    for one in ignored {
        let until = one.until.as_ref().map(|day| format!(" until {day}")).unwrap_or_default();
        let body = Text::of(&one.finding.message)
            .then_styled(DIM, format!("  [{}]  {}{until}", one.finding.check, one.reason));
        let lead = Text::of("  ").and(severity(one.finding.severity)).then("  ");
        lead.lead(&body, shown.width, out);
    }
}

fn footer(report: &Report, shown: Shown, out: &mut String) {
    out.push('\n');
    if report.summary.not_told > 0 {
        let text = format!(
            "{} of lesser severity not told (--severity info tells all)",
            words::plural(report.summary.not_told, "finding")
        );
        Text::styled(DIM, text).wrap(2, shown.width, out);
    }
    let controls = &report.summary.controls;
    let all = controls.assessed + controls.not_assessed.len();
    let text = format!(
        "controls of the clouds that were read: {} of {all} assessed, {} NOT ASSESSED (`cloudfw \
         checks list` says why, and has those of all clouds)",
        controls.assessed,
        controls.not_assessed.len()
    );
    Text::styled(DIM, text).wrap(2, shown.width, out);
    coverage::write(&report.coverage, shown.verbose, shown.width, out);
}
