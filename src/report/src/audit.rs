//! The value of an audit, as `cloudfw.audit/1` publishes it.
//!
//! Fields may be added within version 1; the ones here keep their names and meaning. Names come
//! from recordings as they are: what prints them makes them
//! [`printable`](cloudfw_estate::printable) first.

use std::collections::{BTreeMap, BTreeSet};

use cloudfw_estate::Coverage;
use cloudfw_estate::answer::{Missing, Owner, Step, Written};
use cloudfw_estate::policy::WitnessFlow;
use cloudfw_rules::Severity;
use schemars::JsonSchema;
use serde::Serialize;

mod hop;
mod schema;

pub use schema::schema;

/// The schema's name and version.
pub const AUDIT_SCHEMA: &str = "cloudfw.audit/1";

/// What an audit found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Report {
    /// [`AUDIT_SCHEMA`].
    pub schema: &'static str,
    /// What made it.
    pub tool: Tool,
    /// When, in RFC 3339; only where the caller says it, so that the same recording gives the same
    /// bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// What it comes to.
    pub summary: Summary,
    /// What was not read or cannot be decided, by check: while anything was not read, nothing else
    /// is passed.
    pub incomplete: Vec<Missing>,
    /// How many of these, at the end, are what cannot be decided.
    #[serde(skip)]
    #[schemars(skip)]
    pub(crate) undecided: usize,
    /// The clouds that were read: `aws`, `azure`.
    #[serde(skip)]
    #[schemars(skip)]
    pub(crate) clouds: BTreeSet<&'static str>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// What was found and is not counted.
    pub ignored: Vec<Ignored>,
    /// What it means for the frameworks that were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frameworks: Vec<FrameworkResult>,
    /// What was read, and what was not.
    pub coverage: Coverage,
}

/// A program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tool {
    /// `cloudfw`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// What an audit comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// All of it in a word.
    pub result: Outcome,
    /// Whether everything that was needed was read and could be decided: else something is
    /// `incomplete`.
    pub complete: bool,
    /// The severity that findings fail from; absent where any does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::optional_severity")]
    pub fail_on: Option<Severity>,
    /// How many findings there are.
    pub findings: usize,
    /// How many of them are counted and not told: they are below the severity that was asked for.
    pub not_told: usize,
    /// The checks that these are of, with how many.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub not_told_of: BTreeMap<String, usize>,
    /// How many are ignored.
    pub ignored: usize,
    /// The findings by severity.
    pub severities: Severities,
    /// The findings by account and Region, in order.
    pub scopes: Vec<ScopeSummary>,
    /// What comes of open rules.
    pub effects: Effects,
    /// The ids of the checks that ran.
    pub checks: Vec<String>,
    /// The controls of the catalogue.
    pub controls: Controls,
}

/// What an audit comes to, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Something is wrong at or above the severity that findings fail from; `complete` says whether
    /// that is all.
    Findings,
    /// Nothing that fails was found in what was read, and not everything was read or could be
    /// decided.
    Incomplete,
    /// Everything was read and decided, and nothing that fails was found; there may be findings
    /// below the severity that fails.
    Clean,
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Severities {
    /// Critical.
    pub critical: usize,
    /// High.
    pub high: usize,
    /// Medium.
    pub medium: usize,
    /// Low.
    pub low: usize,
    /// Worth knowing.
    pub info: usize,
}

/// The findings of an account and Region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ScopeSummary {
    /// The account and Region as resources carry it: `111122223333/eu-central-1`; empty where
    /// neither is known.
    pub scope: String,
    /// The findings by severity.
    pub severities: Severities,
}

/// What comes of open rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Effects {
    /// Something gets in.
    pub exposed: usize,
    /// It is proved that nothing does.
    pub blocked: usize,
    /// Nothing asks the rule.
    pub unattached: usize,
    /// Neither can be proved.
    pub unknown: usize,
}

/// The controls of the catalogue that the estate's clouds have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Controls {
    /// How many a check that ran assesses.
    pub assessed: usize,
    /// The others.
    pub not_assessed: Vec<NotAssessed>,
}

/// A control that is not assessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotAssessed {
    /// `CFW-LOG-001`.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// Why not.
    pub why: String,
}

/// One root cause, with everything that it affects.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// What makes it the same one in the next audit: 32 hexadecimal digits.
    pub fingerprint: String,
    /// The check that found it: `exposed-admin-port`.
    pub check: String,
    /// What the check finds, as a heading.
    pub title: String,
    /// How bad it is, by what is proved.
    #[schemars(schema_with = "schema::severity")]
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What is to be changed.
    pub subject: Subject,
    /// From where: `internet`, or a network of `cloudfw.toml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What is proved; of checks that ask what comes of a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Effective>,
    /// Whether the rule, read alone, says it; beside `effective`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub literal: Option<bool>,
    /// What it is about: `tcp 22,3389`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<String>,
    /// The rules or routes that are the cause, the first one in front.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// The resources that it affects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub affected: Vec<Resource>,
    /// One way there and back that proves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// One flow that proves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<WitnessFlow>,
    /// What else should be told, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What would have to be known to be sure.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknowns: Vec<Missing>,
    /// What to change.
    pub advice: String,
    /// The controls of the catalogue that it violates: `CFW-EXP-001`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<String>,
}

/// A rule or route, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rule {
    /// The vendor's number or name of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The rule in its user's notation.
    pub text: String,
    /// The group, ACL or table that it is written in; absent where that is the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<Owner>,
    /// Where it is written.
    pub origin: Written,
}

/// What is to be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Subject {
    /// What it is called.
    #[serde(flatten)]
    pub resource: Resource,
    /// Where it is written.
    pub origin: Written,
}

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Resource {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its kind: `security-group`.
    pub kind: String,
    /// The account and Region, as far as they are known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
}

/// What comes of an open rule.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Effective {
    /// In a word.
    pub verdict: Effect,
    /// What stops it, what acts first in front; of `blocked`.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "hop::hops")]
    #[schemars(with = "Vec<hop::Hop<'static>>")]
    pub by: Vec<Step>,
}

/// What comes of an open rule, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Something gets in by it, proved there and back.
    Exposed,
    /// It is proved that nothing gets in by it.
    Blocked,
    /// Nothing asks the rule.
    Unattached,
    /// Neither can be proved.
    Unknown,
}

/// The hops of one way. A step has `flows` only where several decide at its place, each about a
/// part; and its rule's list is what the step itself names.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Trace {
    /// The way there.
    #[serde(serialize_with = "hop::hops")]
    #[schemars(with = "Vec<hop::Hop<'static>>")]
    pub forward: Vec<Step>,
    /// The way back.
    #[serde(rename = "return", serialize_with = "hop::hops")]
    #[schemars(with = "Vec<hop::Hop<'static>>")]
    pub back: Vec<Step>,
}

/// A finding that is not counted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Ignored {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Why it is not counted.
    pub reason: String,
    /// Until when, as a date; absent where there is no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// What an audit means for a framework.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FrameworkResult {
    /// `cis-aws`.
    pub framework: String,
    /// What people call it.
    pub name: String,
    /// `7.0`.
    pub version: String,
    /// The requirements that cloudfw says something about; it says nothing of any other.
    pub requirements: Vec<RequirementResult>,
}

/// What became of a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequirementResult {
    /// Its number.
    pub id: String,
    /// By what is proved over the path graph.
    pub status: Status,
    /// By what the rules say.
    pub literal: Status,
    /// The fingerprints of the findings that speak against it or leave it open, ignored ones among
    /// them.
    pub findings: Vec<String>,
    /// Why it was not assessed, or why it is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
}

/// What became of a requirement, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Everything that it asks was assessed, and nothing speaks against it.
    Passed,
    /// A finding speaks against it.
    Failed,
    /// It was assessed and cannot be decided.
    Unknown,
    /// Nothing assessed it, or not all of it.
    NotAssessed,
}

impl Report {
    /// Whether everything that was needed was read and could be decided.
    pub fn is_complete(&self) -> bool {
        self.incomplete.is_empty()
    }

    /// What was not read.
    pub fn unread(&self) -> &[Missing] {
        let unread = self.incomplete.len().saturating_sub(self.undecided);
        self.incomplete.get(..unread).unwrap_or_default()
    }

    /// How many findings leave something open.
    pub(crate) fn open_findings(&self) -> usize {
        self.findings.iter().filter(|finding| finding.leaves_open()).count()
    }

    /// The exit code that says this audit: 1 for findings that fail, else 3 where something was not
    /// read or cannot be decided, else 0.
    pub fn exit_code(&self) -> u8 {
        match self.summary.result {
            Outcome::Findings => 1,
            Outcome::Incomplete => 3,
            Outcome::Clean => 0,
        }
    }

    /// The time of the report in seconds since 1970, for formats that cannot do without: when the
    /// last call was made that it rests on, where the caller gives none; else 0.
    pub(crate) fn seconds(&self) -> i64 {
        self.time.as_deref().and_then(seconds_of).unwrap_or_else(|| last_read(&self.coverage))
    }

    /// Whether a finding is one that fails.
    pub fn fails(&self, finding: &Finding) -> bool {
        finding.fails(self.summary.fail_on)
    }
}

impl Finding {
    /// Whether it says that something is wrong, at this severity or above. Whether it is proved to
    /// be wrong is not asked: what cannot be decided has a severity too.
    pub(crate) fn fails(&self, from: Option<Severity>) -> bool {
        from.is_none_or(|from| self.severity >= from)
    }

    /// Whether it says that something cannot be decided.
    pub fn is_unknown(&self) -> bool {
        self.effective.as_ref().is_some_and(|effective| effective.verdict == Effect::Unknown)
    }

    /// Whether it leaves anything open: all of it, or what becomes of some resources.
    pub fn leaves_open(&self) -> bool {
        self.is_unknown() || !self.unknowns.is_empty()
    }

    /// Where it is written: the first rule that is written down, else the subject.
    pub fn place(&self) -> &Written {
        let rules = self.rules.iter().map(|rule| &rule.origin);
        let mut written = rules.filter(|origin| origin.implied_by.is_none());
        written.next().unwrap_or(&self.subject.origin)
    }
}

impl Severities {
    pub(crate) fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Critical => self.critical += 1,
            Severity::High => self.high += 1,
            Severity::Medium => self.medium += 1,
            Severity::Low => self.low += 1,
            Severity::Info => self.info += 1,
        }
    }

    /// How many there are of a severity.
    pub fn of(&self, severity: Severity) -> usize {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Info => self.info,
        }
    }
}

impl Effect {
    /// `exposed`, `blocked`, `unattached` or `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exposed => "exposed",
            Self::Blocked => "blocked",
            Self::Unattached => "unattached",
            Self::Unknown => "unknown",
        }
    }
}

impl Status {
    /// `passed`, `failed`, `unknown` or `not-assessed`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotAssessed => "not-assessed",
        }
    }
}

impl Resource {
    /// The account and the Region of the scope, as far as they can be told apart.
    pub fn account_and_region(&self) -> (Option<&str>, Option<&str>) {
        account_and_region(&self.scope)
    }
}

/// `ID (NAME)`, or the id alone.
impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) if *name != self.id => write!(f, "{} ({name})", self.id),
            _ => f.write_str(&self.id),
        }
    }
}

/// When the last call was made that an estate rests on, in seconds since 1970; 0 where no manifest
/// says it.
pub(crate) fn last_read(coverage: &Coverage) -> i64 {
    let read = coverage.scopes.iter().filter_map(|scope| scope.last_read.as_deref());
    read.filter_map(seconds_of).max().unwrap_or(0)
}

/// A time of RFC 3339.
fn seconds_of(time: &str) -> Option<i64> {
    Some(time.parse::<jiff::Timestamp>().ok()?.as_second())
}

/// `account/region`; of one alone, an account is a number or a subscription's UUID, and a Region
/// has a word in it.
pub(crate) fn account_and_region(scope: &str) -> (Option<&str>, Option<&str>) {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match scope.split_once('/') {
        Some((account, region)) => (Some(account), Some(region)),
        None if scope.is_empty() => (None, None),
        None if is_number(scope) || is_uuid(scope) => (Some(scope), None),
        None => (None, Some(scope)),
    }
}

/// Whether a text has the form of RFC 9562.
fn is_uuid(text: &str) -> bool {
    let parts = text.split('-').map(|part| (part.len(), part));
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lengths: Vec<usize> = parts.filter(|(_, part)| is_hex(part)).map(|(len, _)| len).collect();
    lengths == [8, 4, 4, 4, 12]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_an_account_a_region_or_both() {
        let subscription = "0a000000-0000-4000-8000-00000000000f";
        for (scope, account, region) in [
            ("", None, None),
            ("111122223333", Some("111122223333"), None),
            ("eu-west-1", None, Some("eu-west-1")),
            ("111122223333/eu-west-1", Some("111122223333"), Some("eu-west-1")),
            (subscription, Some(subscription), None),
            ("0a000000-0000-4000-8000-000000000", None, Some("0a000000-0000-4000-8000-000000000")),
        ] {
            assert_eq!(account_and_region(scope), (account, region), "{scope}");
        }
    }
}
