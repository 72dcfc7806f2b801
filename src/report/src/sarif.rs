//! SARIF 2.1.0, as GitHub code scanning wants it.
//!
//! GitHub knows the severity of a rule and not that of a result, while here it comes from the
//! proof: a check that found things of several severities is a rule for each of them,
//! `exposed-admin-port` for the worst that it finds and `exposed-admin-port/low` beside it. Every
//! result has a physical location, without which GitHub refuses the file.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use cloudfw_core::Decision;
use cloudfw_estate::answer::{Missing, Step, Written};
use cloudfw_rules::{Check, Severity, check};
use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactLocation, CodeFlow, Invocation, Location, LogicalLocation, Message,
    MultiformatMessageString, Notification, PhysicalLocation, PropertyBag, Region,
    ReportingConfiguration, ReportingDescriptor, ReportingDescriptorReference, Result as Found,
    ResultLevel, Run, RunAutomationDetails, Sarif, Suppression, ThreadFlow, ThreadFlowLocation,
    Tool, ToolComponent,
};

use crate::audit::{Finding, Ignored, Tool as Maker};
use crate::json::write_line;
use crate::words::{MOST, counted, first, headline, missing, safe, score, sentence, step, uri};
use crate::{Report, WriteError, Writing};

/// The schema that it follows.
pub(crate) const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// How many things that were not read are told.
const MOST_NOTIFICATIONS: usize = 1000;

/// Writes it.
pub(crate) fn write(
    report: &Report,
    writing: Writing<'_>,
    to: &mut dyn Write,
) -> Result<(), WriteError> {
    let rules = Rules::of(report);
    let mut results =
        Results { writing, rules: &rules, traces: HashMap::new(), hashes: HashMap::new() };
    let mut found: Vec<Found> =
        report.findings.iter().map(|finding| results.result(finding)).collect();
    found.extend(report.ignored.iter().map(|ignored| results.suppressed(ignored)));
    let mut run = run(&report.tool, "cloudfw/audit/", rules.descriptors, found);
    run.invocations = Some(vec![invocation(report)]);
    run.properties = Some(bag([("summary", json!(headline(report)))]));
    write_line(&log(run), to)
}

/// A run of this program.
pub(crate) fn run(
    tool: &Maker,
    id: &str,
    rules: Vec<ReportingDescriptor>,
    results: Vec<Found>,
) -> Run {
    let driver = ToolComponent::builder()
        .name(tool.name)
        .version(tool.version)
        .semantic_version(tool.version)
        .rules(rules)
        .build();
    Run::builder()
        .tool(Tool::from(driver))
        .automation_details(RunAutomationDetails::builder().id(id).build())
        .results(results)
        .build()
}

/// A log of one run.
pub(crate) fn log(run: Run) -> Sarif {
    Sarif::builder().schema(SCHEMA).version(json!("2.1.0")).runs(vec![run]).build()
}

/// How the audit went: what was not read is an error of the run, so that nobody takes the absence
/// of results for a result.
fn invocation(report: &Report) -> Invocation {
    let mut invocation = invocation_without(&report.incomplete);
    invocation.end_time_utc.clone_from(&report.time);
    invocation
}

/// An invocation that is successful where nothing is missing.
pub(crate) fn invocation_without(all: &[Missing]) -> Invocation {
    let notification = |text: String| {
        Notification::builder()
            .level(json!("error"))
            .message(message(&text))
            .descriptor(ReportingDescriptorReference::builder().id("incomplete").build())
            .build()
    };
    let texts = first(all, MOST_NOTIFICATIONS, |it| safe(&missing(it)));
    let mut invocation = Invocation::builder().execution_successful(all.is_empty()).build();
    if !all.is_empty() {
        let told = texts.into_iter().map(notification).collect();
        invocation.tool_execution_notifications = Some(told);
    }
    invocation
}

/// The checks that ran and those that found something, one for each severity.
struct Rules {
    descriptors: Vec<ReportingDescriptor>,
    index: HashMap<String, i64>,
}

impl Rules {
    fn of(report: &Report) -> Self {
        let mut rules: BTreeMap<String, ReportingDescriptor> = BTreeMap::new();
        for check in report.summary.checks.iter().filter_map(|id| check(id)) {
            rules.insert(check.id.to_owned(), descriptor(check.id, check.severity, Some(check)));
        }
        let ignored = report.ignored.iter().map(|ignored| &ignored.finding);
        for finding in report.findings.iter().chain(ignored) {
            let id = rule_id(finding);
            rules.entry(id.clone()).or_insert_with(|| {
                let mut rule = descriptor(&id, finding.severity, check(&finding.check));
                let title =
                    || MultiformatMessageString::builder().text(safe(&finding.title)).build();
                rule.short_description.get_or_insert_with(title);
                rule
            });
        }
        let places = (0..).zip(rules.keys());
        let index = places.map(|(at, id)| (id.clone(), at)).collect();
        Self { descriptors: rules.into_values().collect(), index }
    }
}

/// The check, and the severity where it is not the worst that the check finds.
fn rule_id(finding: &Finding) -> String {
    match check(&finding.check) {
        Some(check) if check.severity != finding.severity => {
            format!("{}/{}", finding.check, finding.severity)
        }
        _ => finding.check.clone(),
    }
}

fn descriptor(id: &str, severity: Severity, check: Option<&Check>) -> ReportingDescriptor {
    let mut tags = vec!["security".to_owned(), "network".to_owned()];
    let controls = check.map_or(&[][..], |check| check.controls);
    tags.extend(controls.iter().take(18).map(|control| (*control).to_owned()));
    let mut properties = bag([
        ("precision", json!("very-high")),
        ("problem.severity", json!(problem(severity))),
        ("security-severity", json!(score(severity))),
    ]);
    properties.tags = Some(tags);
    let mut rule = ReportingDescriptor::builder()
        .id(id)
        .default_configuration(
            ReportingConfiguration::builder().level(json!(level(severity))).build(),
        )
        .properties(properties)
        .build();
    if let Some(check) = check {
        let says = &check.explanation;
        rule.short_description = Some(multi(check.title));
        rule.full_description = Some(multi(says.finds));
        rule.help = Some(help(check));
        rule.help_uri = says.references.first().map(|reference| (*reference).to_owned());
    }
    rule
}

fn help(check: &Check) -> MultiformatMessageString {
    let says = &check.explanation;
    let parts = [
        ("Why", says.why),
        ("Example", says.example),
        ("Instead", says.instead),
        ("Limits", says.limits),
    ];
    let (mut text, mut markdown) = (says.finds.to_owned(), says.finds.to_owned());
    for (heading, part) in parts.into_iter().filter(|(_, part)| !part.is_empty()) {
        text.push_str(&format!("\n\n{heading}: {part}"));
        markdown.push_str(&format!("\n\n**{heading}**\n\n{part}"));
    }
    for reference in says.references {
        text.push_str(&format!("\n{reference}"));
        markdown.push_str(&format!("\n\n<{reference}>"));
    }
    MultiformatMessageString::builder().text(text).markdown(markdown).build()
}

/// What is remembered from one result to the next.
struct Results<'r> {
    writing: Writing<'r>,
    rules: &'r Rules,
    /// The finding that carries a trace, by the trace's words: a long one stands here once.
    traces: HashMap<Vec<String>, String>,
    /// How often a fingerprint has been given.
    hashes: HashMap<String, usize>,
}

impl Results<'_> {
    fn suppressed(&mut self, ignored: &Ignored) -> Found {
        let mut result = self.result(&ignored.finding);
        let mut justification = safe(&ignored.reason);
        if let Some(until) = &ignored.until {
            justification.push_str(&format!(" (until {})", safe(until)));
        }
        result.suppressions = Some(vec![
            Suppression::builder()
                .kind(json!("external"))
                .status(json!("accepted"))
                .justification(justification)
                .build(),
        ]);
        result
    }

    fn result(&mut self, finding: &Finding) -> Found {
        let id = rule_id(finding);
        let mut result = Found::builder()
            .level(result_level(finding.severity))
            .message(message(&text(finding)))
            .locations(vec![self.location(finding)])
            .partial_fingerprints(self.fingerprints(finding))
            .properties(properties(finding))
            .build();
        result.rule_index = self.rules.index.get(&id).copied();
        result.rule_id = Some(id);
        let others = finding.rules.iter().skip(1).take(MOST);
        let others: Vec<Location> = (1..)
            .zip(others)
            .map(|(id, rule)| {
                let mut location = self.physical(&rule.origin, finding);
                location.id = Some(id);
                location.message = Some(message(&safe(&rule.text)));
                location
            })
            .collect();
        result.related_locations = (!others.is_empty()).then_some(others);
        self.trace(finding, &mut result);
        result
    }

    /// GitHub knows an alert again by the hash of its line, which it would make of the document
    /// itself; a rule that moves in it is the same.
    fn fingerprints(&mut self, finding: &Finding) -> BTreeMap<String, String> {
        let count = self.hashes.entry(finding.fingerprint.clone()).or_default();
        *count += 1;
        BTreeMap::from([
            ("cloudfw/v1".to_owned(), finding.fingerprint.clone()),
            ("primaryLocationLineHash".to_owned(), format!("{}:{count}", finding.fingerprint)),
        ])
    }

    fn location(&self, finding: &Finding) -> Location {
        let subject = &finding.subject.resource;
        let parts = [&subject.scope, &subject.kind, &subject.id];
        let named: Vec<String> =
            parts.into_iter().filter(|part| !part.is_empty()).map(|part| safe(part)).collect();
        let mut location = self.physical(finding.place(), finding);
        location.logical_locations = Some(vec![
            LogicalLocation::builder()
                .name(safe(&subject.id))
                .fully_qualified_name(named.join("/"))
                .kind("resource")
                .build(),
        ]);
        location
    }

    /// Where it is written; what is not written down is where the subject is.
    fn physical(&self, written: &Written, finding: &Finding) -> Location {
        let subject = &finding.subject.origin;
        let (written, line) = match written {
            Written { implied_by: None, line, .. } => (written, line.unwrap_or(1)),
            _ => (subject, subject.line.unwrap_or(1)),
        };
        physical(&written.document, line, self.writing)
    }

    fn trace(&mut self, finding: &Finding, result: &mut Found) {
        let Some(trace) = &finding.trace else { return };
        let steps: Vec<&Step> = trace.forward.iter().chain(&trace.back).collect();
        let words: Vec<String> = steps.iter().map(|it| step(it)).collect();
        if let Some(known) = self.traces.get(&words) {
            let properties = result.properties.get_or_insert_with(|| bag([]));
            let same = json!(known);
            properties.additional_properties.insert("sameTraceAs".to_owned(), same);
            return;
        }
        let mut flow = code_flow(&steps, |step| {
            let origin = step.rule.as_ref().map_or(&finding.subject.origin, |rule| &rule.origin);
            self.physical(origin, finding)
        });
        flow.message = finding.witness.as_ref().map(|witness| message(&safe(&witness.text)));
        result.code_flows = Some(vec![flow]);
        self.traces.insert(words, finding.fingerprint.clone());
    }
}

/// A path as a code flow. That it arrives says nothing about a line of a document and is left out.
pub(crate) fn code_flow(steps: &[&Step], place: impl Fn(&Step) -> Location) -> CodeFlow {
    let hops = steps.iter().filter(|step| step.decision != Decision::Deliver);
    let hops = hops.map(|hop| {
        let mut location = place(hop);
        location.message = Some(message(&step(hop)));
        ThreadFlowLocation::builder().location(location).build()
    });
    let flow = ThreadFlow::builder().locations(hops.collect::<Vec<_>>()).build();
    CodeFlow::builder().thread_flows(vec![flow]).build()
}

/// A line of a document.
pub(crate) fn physical(document: &str, line: u32, writing: Writing<'_>) -> Location {
    let artifact = ArtifactLocation::builder().uri(uri(document, writing.root)).build();
    let region = Region::builder().start_line(i64::from(line.max(1))).build();
    let place = PhysicalLocation::builder().artifact_location(artifact).region(region).build();
    Location::builder().physical_location(place).build()
}

fn text(finding: &Finding) -> String {
    let mut text = sentence(&finding.message);
    let left =
        [left(finding.notes.len(), MOST, "note"), left(finding.rules.len(), MOST + 1, "rule")];
    let left = left.iter().flatten();
    for more in finding.notes.iter().take(MOST).chain([&finding.advice]).chain(left) {
        if !more.is_empty() {
            text.push(' ');
            text.push_str(&sentence(more));
        }
    }
    text
}

/// That not all of a list is here.
fn left(count: usize, told: usize, word: &str) -> Option<String> {
    let more = count.checked_sub(told).filter(|more| *more > 0)?;
    Some(format!("{more} more of {} are in the report as JSON", counted(count, word)))
}

fn properties(finding: &Finding) -> PropertyBag {
    let mut bag = bag([("severity", json!(finding.severity))]);
    let mut put = |name: &str, value: Option<Value>| {
        value.map(|value| bag.additional_properties.insert(name.to_owned(), value))
    };
    put("effective", finding.effective.as_ref().map(|it| json!(it.verdict)));
    put("literal", finding.literal.map(Value::from));
    put("source", finding.source.as_ref().map(|source| json!(safe(source))));
    put("services", finding.services.as_deref().map(Value::from));
    put("witness", finding.witness.as_ref().map(|witness| json!(witness.text)));
    let blockers = finding.effective.as_ref().map_or(&[][..], |it| it.by.as_slice());
    put("blockedBy", some(&first(blockers, MOST, step)));
    put("affected", some(&first(&finding.affected, MOST, |it| safe(&it.to_string()))));
    put("unknowns", some(&first(&finding.unknowns, MOST, |it| safe(&missing(it)))));
    put("controls", some(&finding.controls));
    bag
}

fn some(words: &[String]) -> Option<Value> {
    (!words.is_empty()).then(|| json!(words))
}

/// Properties by their names.
pub(crate) fn bag<const N: usize>(values: [(&str, Value); N]) -> PropertyBag {
    let values = values.map(|(name, value)| (name.to_owned(), value));
    PropertyBag::builder().additional_properties(BTreeMap::from(values)).build()
}

/// A plain text; its brackets would be links.
pub(crate) fn message(text: &str) -> Message {
    Message::builder().text(text.replace('[', "\\[").replace(']', "\\]")).build()
}

pub(crate) fn multi(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text).build()
}

pub(crate) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

pub(crate) fn result_level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Critical | Severity::High => ResultLevel::Error,
        Severity::Medium => ResultLevel::Warning,
        Severity::Low | Severity::Info => ResultLevel::Note,
    }
}

pub(crate) fn problem(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "recommendation",
    }
}
