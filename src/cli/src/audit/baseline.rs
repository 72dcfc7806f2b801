//! An earlier audit: what it knew is not news.

use std::collections::BTreeSet;
use std::path::Path;

use cloudfw_rules::Finding;
use serde::Deserialize;

use crate::error::Error;

/// The findings of an earlier audit, by their fingerprints.
#[derive(Debug, Default)]
pub(crate) struct Baseline {
    known: BTreeSet<String>,
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
        Ok(Self { known: all.map(|finding| finding.fingerprint).collect() })
    }

    /// Takes out what was known; how many that were.
    pub(crate) fn only_new(&self, findings: &mut Vec<Finding>) -> usize {
        let before = findings.len();
        findings.retain(|finding| !self.known.contains(&finding.fingerprint()));
        before - findings.len()
    }
}
