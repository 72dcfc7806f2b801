//! An earlier audit: what it knew is not news, unless it has become worse.

use std::collections::BTreeMap;
use std::path::Path;

use cloudfw_rules::{Finding, Severity};
use serde::Deserialize;

use crate::error::Error;

/// The findings of an earlier audit, by their fingerprints.
#[derive(Debug, Default)]
pub(crate) struct Baseline {
    known: BTreeMap<String, Severity>,
}

#[derive(Deserialize)]
struct Report {
    schema: String,
    findings: Vec<Known>,
    #[serde(default)]
    ignored: Vec<Known>,
}

#[derive(Deserialize)]
struct Known {
    fingerprint: String,
    severity: Severity,
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
        let report: Report = serde_json::from_str(&text).map_err(|error| {
            wrong(format!("{error}; it should be what `cloudfw audit -o json` wrote"))
        })?;
        if report.schema != "cloudfw.audit/1" {
            return Err(wrong(format!("its schema is `{}`, not cloudfw.audit/1", report.schema)));
        }
        let all = report.findings.into_iter().chain(report.ignored);
        Ok(Self { known: all.map(|finding| (finding.fingerprint, finding.severity)).collect() })
    }

    /// Takes out what was known to be as bad as it is; how many that were. What was blocked or
    /// unknown then, and is exposed now, is news.
    pub(crate) fn only_new(&self, findings: &mut Vec<Finding>) -> usize {
        let before = findings.len();
        findings.retain(|finding| {
            let known = self.known.get(&finding.fingerprint());
            // What cannot be decided is never accepted by having been there.
            finding.leaves_open() || known.is_none_or(|known| *known < finding.severity)
        });
        before - findings.len()
    }
}
