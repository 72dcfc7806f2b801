//! From what checks found to the published value.

use std::collections::{BTreeMap, BTreeSet};

use cloudfw_core::{HeaderSpace, Label, Question, RuleCite};
use cloudfw_estate::answer::{Missing, RuleText, Step};
use cloudfw_estate::policy::WitnessFlow;
use cloudfw_estate::{Estate, Publisher};
use cloudfw_rules::frameworks::{self, Edition, Requirement, controls};
use cloudfw_rules::{Check, Severity, check};
use jiff::Timestamp;

use crate::audit::{
    AUDIT_SCHEMA, Controls, Effect, Effective, Effects, Finding, FrameworkResult, Ignored,
    NotAssessed, Outcome, Report, RequirementResult, Resource, Rule, ScopeSummary, Severities,
    Status, Subject, Summary, Tool, Trace,
};
use crate::words::counted;

/// What an audit found, as the checks say it.
#[derive(Clone, Debug, Default)]
pub struct Audited<'a> {
    /// What is counted, in any order.
    pub findings: Vec<&'a cloudfw_rules::Finding>,
    /// What is not counted.
    pub ignored: Vec<Excused<'a>>,
    /// What was not read or could not be asked.
    pub incomplete: Vec<Missing>,
    /// The checks that ran.
    pub checks: Vec<&'static Check>,
    /// The frameworks that were asked for, assessed.
    pub frameworks: Vec<Framework<'a>>,
    /// The severity that findings fail from; without one any does.
    pub fail_on: Option<Severity>,
    /// The severity from which findings are told; those below it are counted. What cannot be decided
    /// is always told. Without one all are.
    pub least: Option<Severity>,
    /// When the report is made, where that is to stand in it.
    pub time: Option<Timestamp>,
}

impl Audited<'_> {
    /// Whether a finding is told, rather than counted only. What fails always is, and so is what
    /// cannot be decided.
    fn tells(&self, finding: &cloudfw_rules::Finding) -> bool {
        let enough = |least: Option<Severity>| least.is_none_or(|least| finding.severity >= least);
        enough(self.least) || enough(self.fail_on) || finding.leaves_open()
    }
}

/// A finding that the user does not count.
#[derive(Clone, Debug)]
pub struct Excused<'a> {
    /// The finding.
    pub finding: &'a cloudfw_rules::Finding,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: Option<String>,
}

/// A framework with what became of its requirements.
#[derive(Clone, Debug)]
pub struct Framework<'a> {
    /// Which.
    pub edition: Edition,
    /// What [`Edition::assess`] says.
    pub requirements: Vec<Requirement<'a>>,
}

impl Report {
    /// The published value of an audit of an estate.
    ///
    /// Where nothing at all was read that is incomplete, whatever the caller says, and nothing that
    /// is incomplete has a requirement that is passed.
    pub fn of(estate: &Estate, audited: &Audited<'_>) -> Self {
        let publishing = Publishing { publisher: estate.publisher() };
        let mut sorted = audited.findings.clone();
        sorted.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
        let findings: Vec<Finding> = sorted
            .into_iter()
            .filter(|it| audited.tells(it))
            .map(|it| publishing.finding(it))
            .collect();
        let mut ignored: Vec<&Excused<'_>> = audited.ignored.iter().collect();
        ignored.sort_by(|one, other| one.finding.sort_key().cmp(&other.finding.sort_key()));
        let ignored: Vec<Ignored> = ignored
            .into_iter()
            .map(|excused| Ignored {
                finding: publishing.finding(excused.finding),
                reason: excused.reason.clone(),
                until: excused.until.clone(),
            })
            .collect();
        let coverage = estate.coverage().clone();
        let mut incomplete =
            incomplete(audited, coverage.scopes.iter().flat_map(|it| it.read.values()));
        let frameworks = audited.frameworks.iter();
        // What cannot be decided is told by the requirements that it is about.
        let frameworks = frameworks.map(|it| framework(it, incomplete.is_empty())).collect();
        let undecided = undecided(&findings);
        let open = undecided.len();
        incomplete.extend(undecided);
        Self {
            schema: AUDIT_SCHEMA,
            tool: TOOL,
            time: audited.time.map(|time| time.to_string()),
            summary: summary(audited, ignored.len(), incomplete.is_empty(), estate.clouds()),
            incomplete,
            undecided: open,
            clouds: estate.clouds().clone(),
            findings,
            ignored,
            frameworks,
            coverage,
        }
    }
}

/// This program.
pub(crate) const TOOL: Tool = Tool { name: "cloudfw", version: env!("CARGO_PKG_VERSION") };

/// What the caller says, in order and none twice; and that nothing was read, where nothing was.
fn incomplete<'c>(audited: &Audited<'_>, read: impl Iterator<Item = &'c usize>) -> Vec<Missing> {
    let mut incomplete: BTreeSet<Missing> = audited.incomplete.iter().cloned().collect();
    if incomplete.is_empty() && read.sum::<usize>() == 0 {
        incomplete.insert(Missing {
            what: "the estate".to_owned(),
            why: "no resource was read, and nothing read is never clean".to_owned(),
            place: String::new(),
        });
    }
    incomplete.into_iter().collect()
}

/// What findings leave open, a check each: of thousands that one thing leaves open nobody reads
/// more, and each says for itself what would have to be known.
fn undecided(findings: &[Finding]) -> Vec<Missing> {
    let mut by_check: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.leaves_open()) {
        by_check.entry(&finding.check).or_default().push(finding);
    }
    let told = |(check, findings): (&str, Vec<&Finding>)| {
        let for_one = findings.iter().flat_map(|finding| &finding.unknowns).next();
        let for_one = for_one.map(|it| format!(", for one {}: {}", it.what, it.why));
        Missing {
            what: format!("{} of {check}", counted(findings.len(), "finding")),
            why: format!("not all of it can be decided{}", for_one.unwrap_or_default()),
            place: String::new(),
        }
    };
    by_check.into_iter().map(told).collect()
}

fn summary(
    audited: &Audited<'_>,
    ignored: usize,
    complete: bool,
    clouds: &BTreeSet<&'static str>,
) -> Summary {
    let findings = &audited.findings;
    let mut severities = Severities::default();
    let mut effects = Effects::default();
    let mut scopes: BTreeMap<&str, Severities> = BTreeMap::new();
    for finding in findings {
        severities.add(finding.severity);
        scopes.entry(&finding.subject.scope).or_default().add(finding.severity);
        match finding.effect.as_ref().map(|effect| &effect.effective) {
            Some(cloudfw_rules::Effective::Exposed) => effects.exposed += 1,
            Some(cloudfw_rules::Effective::Blocked(_)) => effects.blocked += 1,
            Some(cloudfw_rules::Effective::Unattached) => effects.unattached += 1,
            Some(cloudfw_rules::Effective::Unknown) => effects.unknown += 1,
            None => {}
        }
    }
    let mut not_told_of: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| !audited.tells(finding)) {
        *not_told_of.entry(finding.check.to_owned()).or_default() += 1;
    }
    let fails =
        findings.iter().any(|finding| audited.fail_on.is_none_or(|from| finding.severity >= from));
    let result = if fails {
        Outcome::Findings
    } else if !complete {
        Outcome::Incomplete
    } else {
        Outcome::Clean
    };
    let scopes = scopes.into_iter();
    Summary {
        result,
        complete,
        fail_on: audited.fail_on,
        findings: findings.len(),
        not_told: not_told_of.values().sum(),
        not_told_of,
        ignored,
        severities,
        scopes: scopes
            .map(|(scope, severities)| ScopeSummary { scope: scope.to_owned(), severities })
            .collect(),
        effects,
        checks: audited.checks.iter().map(|check| check.id.to_owned()).collect(),
        controls: assessed(&audited.checks, clouds),
    }
}

/// Which controls of the clouds that were read the checks that ran assess; of all, where none was.
fn assessed(ran: &[&Check], clouds: &BTreeSet<&'static str>) -> Controls {
    let mut found = Controls::default();
    let was_read = |cloud: &String| clouds.is_empty() || clouds.contains(cloud.as_str());
    let ours = controls().iter().filter(|control| control.clouds.iter().any(was_read));
    for control in ours {
        let by_check = ran.iter().any(|check| check.controls.contains(&control.id.as_str()));
        if by_check || control.by_report.is_some() {
            found.assessed += 1;
            continue;
        }
        let asked_by: Vec<&str> = control.checks().map(|check| check.id).collect();
        let why = match &control.not_assessed {
            Some(why) => why.clone(),
            None if asked_by.is_empty() => "no check assesses it".to_owned(),
            None => format!("not asked this time: {}", asked_by.join(", ")),
        };
        let (id, title) = (control.id.clone(), control.title.clone());
        found.not_assessed.push(NotAssessed { id, title, why });
    }
    found
}

fn framework(framework: &Framework<'_>, complete: bool) -> FrameworkResult {
    let edition = &framework.edition;
    FrameworkResult {
        framework: edition.framework.id.clone(),
        name: edition.framework.name.clone(),
        version: edition.version.to_owned(),
        requirements: framework.requirements.iter().map(|it| requirement(it, complete)).collect(),
    }
}

fn requirement(requirement: &Requirement<'_>, complete: bool) -> RequirementResult {
    let (status, literal) = (status(requirement.effective), status(requirement.literal));
    let mut why = requirement.why.clone();
    if !complete && status == Status::Passed {
        why.push("not everything was read".to_owned());
    }
    let known = |status| match status {
        Status::Passed if !complete => Status::Unknown,
        status => status,
    };
    RequirementResult {
        id: requirement.id.to_owned(),
        status: known(status),
        literal: known(literal),
        findings: requirement.findings.iter().map(|finding| finding.fingerprint()).collect(),
        why,
    }
}

fn status(status: frameworks::Status) -> Status {
    match status {
        frameworks::Status::Passed => Status::Passed,
        frameworks::Status::NotAssessed => Status::NotAssessed,
        frameworks::Status::Unknown => Status::Unknown,
        frameworks::Status::Failed => Status::Failed,
    }
}

/// The words of the estate for what the checks found.
struct Publishing<'e> {
    publisher: Publisher<'e>,
}

impl Publishing<'_> {
    fn finding(&self, finding: &cloudfw_rules::Finding) -> Finding {
        let title = check(finding.check).map_or(finding.check, |check| check.title);
        let question = finding.question.as_ref();
        let services = &finding.services;
        Finding {
            fingerprint: finding.fingerprint(),
            check: finding.check.to_owned(),
            title: title.to_owned(),
            severity: finding.severity,
            message: finding.message.clone(),
            subject: Subject {
                resource: resource(&finding.subject),
                origin: self.publisher.written(&finding.subject.origin),
            },
            source: finding.source.as_deref().map(str::to_owned),
            effective: finding.effect.as_ref().map(|effect| self.effective(effect, question)),
            literal: finding.effect.as_ref().map(|effect| effect.literal),
            services: (!services.is_empty()).then(|| services.to_string()),
            rules: finding.rules.iter().map(|cite| self.rule(cite, &finding.subject)).collect(),
            affected: finding.affected.iter().map(resource).collect(),
            trace: self.trace(&finding.trace, question),
            witness: finding.witness.as_ref().map(WitnessFlow::from),
            notes: finding.notes.clone(),
            unknowns: finding.unknowns.iter().map(|it| self.publisher.unknown(it)).collect(),
            advice: finding.advice.clone(),
            controls: finding.controls.iter().map(|control| (*control).to_owned()).collect(),
        }
    }

    fn rule(&self, cite: &RuleCite, subject: &Label) -> Rule {
        let RuleText { id, text, list, origin } = self.publisher.rule(cite);
        let is_subject = (&*list.id, &*list.kind) == (&*subject.id, subject.kind);
        Rule { id, text, list: (!is_subject).then_some(list), origin }
    }

    fn effective(&self, effect: &cloudfw_rules::Effect, question: Option<&Question>) -> Effective {
        let (verdict, by) = match &effect.effective {
            cloudfw_rules::Effective::Exposed => (Effect::Exposed, &[][..]),
            cloudfw_rules::Effective::Blocked(by) => (Effect::Blocked, by.as_slice()),
            cloudfw_rules::Effective::Unattached => (Effect::Unattached, &[][..]),
            cloudfw_rules::Effective::Unknown => (Effect::Unknown, &[][..]),
        };
        Effective { verdict, by: self.steps(by, question) }
    }

    fn trace(&self, steps: &[cloudfw_core::Step], question: Option<&Question>) -> Option<Trace> {
        if steps.is_empty() {
            return None;
        }
        let (forward, back) = self
            .steps(steps, question)
            .into_iter()
            .partition(|step| step.leg == cloudfw_core::Leg::Forward);
        Some(Trace { forward, back })
    }

    /// Steps without a question have no vendor's code, which depends on who asks.
    fn steps(&self, steps: &[cloudfw_core::Step], question: Option<&Question>) -> Vec<Step> {
        let same = |one: &cloudfw_core::Step, other: &cloudfw_core::Step| {
            (one.leg, one.hop) == (other.leg, other.hop)
        };
        let lean: Vec<cloudfw_core::Step> = steps.chunk_by(same).flat_map(lean).collect();
        let mut steps = match question {
            Some(question) => self.publisher.steps(&lean, question),
            None => {
                let mut steps = self.publisher.steps(&lean, &nobodys());
                steps.iter_mut().for_each(|step| step.code = None);
                steps
            }
        };
        // The line says the same in fewer letters; the finding's own rules have both.
        for rule in steps.iter_mut().filter_map(|step| step.rule.as_mut()) {
            rule.origin.pointer.take_if(|_| rule.origin.line.is_some());
        }
        steps
    }
}

/// The steps of one place. Their flows are left out where one step decides about all: a thousand
/// findings with the sets of every step would be too large to open.
fn lean(place: &[cloudfw_core::Step]) -> Vec<cloudfw_core::Step> {
    match place {
        [step] => vec![cloudfw_core::Step { flows: HeaderSpace::empty(), ..step.clone() }],
        several => several.to_vec(),
    }
}

/// A question that has no ends.
fn nobodys() -> Question {
    let nowhere = || cloudfw_core::Endpoint::External {
        id: cloudfw_core::Id::new(""),
        addresses: cloudfw_core::IpSet::empty(),
    };
    Question {
        source: nowhere(),
        destination: nowhere(),
        services: cloudfw_core::ServiceSet::empty(),
        client: None,
        one_way: false,
    }
}

fn resource(label: &Label) -> Resource {
    Resource {
        id: label.id.to_string(),
        name: label.name.as_deref().map(str::to_owned),
        kind: label.kind.to_owned(),
        scope: label.scope.to_string(),
    }
}
