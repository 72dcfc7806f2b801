//! An earlier audit: what it knew is not news, unless it has become worse.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cloudfw_rules::{Effective, Finding, Severity, ports};
use serde::Deserialize;

use self::said::said;
use crate::error::Error;

mod said;
#[cfg(test)]
mod tests;

/// The findings of an earlier audit, by their fingerprints.
#[derive(Debug, Default)]
pub(crate) struct Baseline {
    known: BTreeMap<String, Known>,
}

#[derive(Deserialize)]
struct Report {
    schema: String,
    findings: Vec<Known>,
    #[serde(default)]
    ignored: Vec<Known>,
}

/// What an earlier audit said of a finding, as far as that can become worse.
#[derive(Debug, Deserialize)]
struct Known {
    fingerprint: String,
    severity: Severity,
    #[serde(default)]
    effective: Option<Told>,
    /// As [`ServiceSet`]s are printed.
    #[serde(default)]
    services: Option<String>,
    #[serde(default)]
    affected: BTreeSet<Resource>,
}

#[derive(Debug, Deserialize)]
struct Told {
    verdict: Verdict,
}

/// What comes of an open rule, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Unattached,
    Blocked,
    Unknown,
    Exposed,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Resource {
    id: String,
    #[serde(default)]
    scope: String,
}

impl Baseline {
    /// Reads what `cloudfw audit -o json` wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Baseline`] where the file is not that.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |why: String| Error::Baseline { path: path.to_owned(), why };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        Self::parse(&text).map_err(wrong)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let report: Report = serde_json::from_str(text)
            .map_err(|error| format!("{error}; it should be what `cloudfw audit -o json` wrote"))?;
        if report.schema != "cloudfw.audit/1" {
            return Err(format!("its schema is `{}`, not cloudfw.audit/1", report.schema));
        }
        let all = report.findings.into_iter().chain(report.ignored);
        Ok(Self { known: all.map(|finding| (finding.fingerprint.clone(), finding)).collect() })
    }

    /// Takes out what was known to be as bad as it is; how many that were. What has become worse is
    /// news, and a note of the finding says what is.
    pub(crate) fn only_new(&self, findings: &mut Vec<Finding>) -> usize {
        let before = findings.len();
        findings.retain_mut(|finding| {
            let Some(known) = self.known.get(&finding.fingerprint()) else { return true };
            let worse = known.what_is_worse(finding);
            if !worse.is_empty() {
                finding.notes.push(format!("Worse than in the baseline: {}.", worse.join("; ")));
            }
            // What cannot be decided is never accepted by having been there.
            !worse.is_empty() || finding.leaves_open()
        });
        before - findings.len()
    }
}

impl Known {
    /// What is worse of a finding than it was, in words; nothing where nothing is.
    fn what_is_worse(&self, finding: &Finding) -> Vec<String> {
        let mut worse = Vec::new();
        if self.severity < finding.severity {
            worse.push(format!("it is {} and was {}", finding.severity, self.severity));
        }
        let (was, is) = (self.effective.as_ref().map(|told| told.verdict), verdict(finding));
        if was < is {
            let words = (was.map_or("not told", Verdict::name), is.map_or("", Verdict::name));
            worse.push(format!("it is {} and was {}", words.1, words.0));
        }
        // What is blocked now lists all that it would be about, which is no more than before.
        if was <= is {
            worse.extend(self.more_affected(finding));
            worse.extend(self.more_services(finding));
        }
        worse
    }

    fn more_affected(&self, finding: &Finding) -> Option<String> {
        const MOST_NAMED: usize = 5;
        let is_new = |label: &&cloudfw_core::Label| {
            let known = |it: &Resource| it.id == *label.id && it.scope == *label.scope;
            !self.affected.iter().any(known)
        };
        let new: Vec<String> =
            finding.affected.iter().filter(is_new).map(ToString::to_string).collect();
        let named: Vec<&str> = new.iter().take(MOST_NAMED).map(String::as_str).collect();
        match new.len().saturating_sub(MOST_NAMED) {
            _ if new.is_empty() => None,
            0 => Some(format!("it affects {} too", named.join(", "))),
            more => Some(format!("it affects {} and {more} more too", named.join(", "))),
        }
    }

    fn more_services(&self, finding: &Finding) -> Option<String> {
        let (is, was) = (&finding.services, self.services.as_deref().unwrap_or("none"));
        // In most baselines nothing has changed.
        if is.to_string() == was {
            return None;
        }
        let Some(known) = said(was) else {
            return Some(format!("it is about {}, and was about {was}", ports::in_words(is)));
        };
        let new = is.difference(&known);
        (!new.is_empty()).then(|| format!("it is about {} too", ports::in_words(&new)))
    }
}

fn verdict(finding: &Finding) -> Option<Verdict> {
    finding.effect.as_ref().map(|effect| match effect.effective {
        Effective::Exposed => Verdict::Exposed,
        Effective::Blocked(_) => Verdict::Blocked,
        Effective::Unattached => Verdict::Unattached,
        Effective::Unknown => Verdict::Unknown,
    })
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Self::Unattached => "unattached",
            Self::Blocked => "blocked",
            Self::Unknown => "unknown",
            Self::Exposed => "exposed",
        }
    }
}
