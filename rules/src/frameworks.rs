//! Controls, and the requirements of frameworks that they bear on: data, in `rules/frameworks/`.
//!
//! A check names the controls that it assesses, a framework the controls of each requirement.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::{Check, Effective, Finding, checks};

/// Something that an audit can assess, known to other scanners and to frameworks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Control {
    /// `CFW-EXP-001`.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// The clouds that it exists in: `aws`, `azure`, `gcp`.
    pub clouds: Vec<String>,
    /// Why no check assesses it.
    pub not_assessed: Option<String>,
    /// How every report assesses it, without a check.
    pub by_report: Option<String>,
    /// What other scanners call it, by their name.
    #[serde(default)]
    pub scanners: BTreeMap<String, Vec<String>>,
}

impl Control {
    /// The checks that assess it.
    pub fn checks(&self) -> impl Iterator<Item = &'static Check> {
        checks().filter(|check| check.controls.contains(&self.id.as_str()))
    }
}

/// A benchmark or standard.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// `cis-aws`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The clouds that it speaks of.
    pub clouds: Vec<String>,
    /// The controls of each requirement, by version.
    versions: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// A version of a framework.
#[derive(Clone, Debug)]
pub struct Edition {
    /// The framework.
    pub framework: &'static Framework,
    /// `7.0`.
    pub version: &'static str,
    requirements: Vec<(&'static str, Vec<&'static Control>)>,
}

/// What became of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Everything that it asks was assessed, and nothing speaks against it.
    Passed,
    /// Nothing assessed it, or not all of it.
    NotAssessed,
    /// It was assessed and cannot be decided.
    Unknown,
    /// A finding speaks against it.
    Failed,
}

/// A requirement, assessed as it is written and as it comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement<'f> {
    /// Its number.
    pub id: &'static str,
    /// By what the rules say.
    pub literal: Status,
    /// By what can be proved over the path graph: an open rule that nothing can come in by does not
    /// fail it.
    pub effective: Status,
    /// The findings that speak against it, or leave it open.
    pub findings: Vec<&'f Finding>,
    /// Why it was not assessed, or why it is not known.
    pub why: Vec<String>,
}

/// What an audit did, for the assessment of requirements.
#[derive(Clone, Copy, Debug)]
pub struct Assessed<'a> {
    /// All findings, those that the user ignores among them.
    pub findings: &'a [Finding],
    /// The ids of the checks that ran.
    pub ran: &'a [&'static str],
    /// Whether something was not read: then nothing is passed.
    pub is_incomplete: bool,
    /// The clouds that were read, as controls call them: `aws`.
    pub clouds: &'a [&'a str],
}

/// All controls.
pub fn controls() -> &'static [Control] {
    &CONTROLS
}

/// The control of an id.
pub fn control(id: &str) -> Option<&'static Control> {
    CONTROLS.iter().find(|control| control.id == id)
}

/// All frameworks.
pub fn frameworks() -> &'static [Framework] {
    &FRAMEWORKS
}

/// Every version of every framework as it is named on the command line: `cis-aws-7.0`.
pub fn editions() -> impl Iterator<Item = String> {
    FRAMEWORKS.iter().flat_map(|framework| {
        framework.versions().into_iter().map(|version| format!("{}-{version}", framework.id))
    })
}

/// The edition of a name: `cis-aws-7.0`; without a version the latest: `cis-aws`.
pub fn edition(name: &str) -> Option<Edition> {
    let name = name.to_lowercase();
    FRAMEWORKS.iter().find_map(|framework| {
        let rest = name.strip_prefix(framework.id.as_str())?;
        let versions = framework.versions();
        let version = match rest.strip_prefix('-') {
            Some(version) => versions.into_iter().find(|known| *known == version)?,
            None if rest.is_empty() => versions.into_iter().next_back()?,
            None => return None,
        };
        Some(Edition::new(framework, version))
    })
}

impl Framework {
    /// The versions, the oldest first.
    pub fn versions(&self) -> Vec<&str> {
        let mut versions: Vec<&str> = self.versions.keys().map(String::as_str).collect();
        versions.sort_by(|one, other| natural(one, other));
        versions
    }
}

impl Edition {
    fn new(framework: &'static Framework, version: &'static str) -> Self {
        let written = framework.versions.get(version).into_iter().flatten();
        let mut requirements: Vec<(&str, Vec<&Control>)> = written
            .map(|(id, ids)| (id.as_str(), ids.iter().filter_map(|id| control(id)).collect()))
            .collect();
        requirements.sort_by(|(one, _), (other, _)| natural(one, other));
        Self { framework, version, requirements }
    }

    /// The requirements that any control bears on, in their order, assessed. All others of the
    /// framework are not assessed.
    pub fn assess<'f>(&self, audit: &Assessed<'f>) -> Vec<Requirement<'f>> {
        let clouds = &self.framework.clouds;
        let was_read = clouds.iter().any(|cloud| audit.clouds.contains(&cloud.as_str()));
        let assess = |(id, controls): &(&'static str, Vec<&'static Control>)| {
            if was_read {
                return requirement(id, controls, audit);
            }
            let why = vec![format!("nothing of {} was read", clouds.join(", "))];
            let (literal, effective) = (Status::NotAssessed, Status::NotAssessed);
            Requirement { id, literal, effective, findings: Vec::new(), why }
        };
        self.requirements.iter().map(assess).collect()
    }

    /// The requirements that a control bears on.
    pub fn of_control(&self, control: &Control) -> impl Iterator<Item = &'static str> {
        let bears = |controls: &[&'static Control]| controls.iter().any(|it| it.id == control.id);
        self.requirements.iter().filter(move |(_, controls)| bears(controls)).map(|(id, _)| *id)
    }

    /// The checks that bear on it.
    pub fn checks(&self) -> Vec<&'static Check> {
        let bears = |check: &&'static Check| {
            let mut controls = self.requirements.iter().flat_map(|(_, controls)| controls);
            controls.any(|control| check.controls.contains(&control.id.as_str()))
        };
        checks().filter(bears).collect()
    }
}

fn requirement<'f>(
    id: &'static str,
    controls: &[&'static Control],
    audit: &Assessed<'f>,
) -> Requirement<'f> {
    let mut found = Requirement {
        id,
        literal: Status::Passed,
        effective: Status::Passed,
        findings: Vec::new(),
        why: Vec::new(),
    };
    for control in controls {
        found.ask(control, audit);
    }
    found
}

impl<'f> Requirement<'f> {
    fn ask(&mut self, control: &'static Control, audit: &Assessed<'f>) {
        if control.by_report.is_some() {
            if audit.is_incomplete {
                self.worsen(Status::Failed, Status::Failed, Some("not everything was read"));
            }
            return;
        }
        if let Some(why) = &control.not_assessed {
            return self.worsen(Status::NotAssessed, Status::NotAssessed, Some(why));
        }
        let mut asked = control.checks().peekable();
        if asked.peek().is_none() {
            let why = format!("no check assesses {}", control.id);
            return self.worsen(Status::NotAssessed, Status::NotAssessed, Some(&why));
        }
        for check in asked.filter(|check| !audit.ran.contains(&check.id)) {
            let why = format!("the check {} was not asked", check.id);
            self.worsen(Status::NotAssessed, Status::NotAssessed, Some(&why));
        }
        if audit.is_incomplete {
            self.worsen(Status::Unknown, Status::Unknown, Some("not everything was read"));
        }
        let against = |finding: &&Finding| finding.controls.contains(control.id.as_str());
        for finding in audit.findings.iter().filter(against) {
            let (literal, effective) = statuses(finding);
            self.worsen(literal, effective, None);
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
    }

    fn worsen(&mut self, literal: Status, effective: Status, why: Option<&str>) {
        self.literal = self.literal.max(literal);
        self.effective = self.effective.max(effective);
        if let Some(why) = why.filter(|why| !self.why.iter().any(|told| told == why)) {
            self.why.push(why.to_owned());
        }
    }
}

/// What a finding makes of a requirement, as written and as it comes out.
fn statuses(finding: &Finding) -> (Status, Status) {
    let Some(effect) = &finding.effect else { return (Status::Failed, Status::Failed) };
    let literal = if effect.literal { Status::Failed } else { Status::Passed };
    match effect.effective {
        Effective::Exposed => (literal, Status::Failed),
        Effective::Blocked(_) | Effective::Unattached => (literal, Status::Passed),
        Effective::Unknown => (literal.max(Status::Unknown), Status::Unknown),
    }
}

/// `5.10` after `5.9`: numbers by their value, all else by its letters.
fn natural(one: &str, other: &str) -> Ordering {
    let (one, other) = (pieces(one), pieces(other));
    one.cmp(&other)
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Piece<'t> {
    Number(u64),
    Text(&'t str),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let by_kind = |one: &u8, other: &u8| one.is_ascii_digit() == other.is_ascii_digit();
    let chunks = text.as_bytes().chunk_by(by_kind).filter_map(|chunk| str::from_utf8(chunk).ok());
    chunks.map(|chunk| chunk.parse().map_or(Piece::Text(chunk), Piece::Number)).collect()
}

#[derive(Deserialize)]
struct Catalogue {
    control: Vec<Control>,
}

static CONTROLS: LazyLock<Vec<Control>> = LazyLock::new(|| {
    let catalogue: Catalogue = built_in(include_str!("../frameworks/controls.toml"));
    catalogue.control
});

static FRAMEWORKS: LazyLock<Vec<Framework>> = LazyLock::new(|| {
    [
        include_str!("../frameworks/cis-aws.toml"),
        include_str!("../frameworks/cis-azure.toml"),
        include_str!("../frameworks/cis-gcp.toml"),
        include_str!("../frameworks/security-hub.toml"),
        include_str!("../frameworks/pci-dss.toml"),
        include_str!("../frameworks/nist-800-53.toml"),
        include_str!("../frameworks/soc2.toml"),
        include_str!("../frameworks/iso27001.toml"),
    ]
    .into_iter()
    .map(built_in)
    .collect()
});

#[expect(clippy::expect_used, reason = "the files are part of the binary, and a test reads them")]
fn built_in<T: for<'de> Deserialize<'de>>(text: &'static str) -> T {
    toml::from_str(text).expect("a data file of this crate")
}

#[cfg(test)]
mod tests;
