//! What an answer rests on.

use std::collections::BTreeMap;

use cloudfw_documents::{CallCoverage, Knowledge, Lowered, OtherCall};
use schemars::JsonSchema;
use serde::Serialize;

use super::Missing;
use super::build::missing;
use super::printable::{Texts, each, make_printable};

/// How many warnings an answer repeats.
const MOST_WARNINGS: usize = 20;

/// How many files that are no documents an answer names.
const MOST_OTHERS: usize = 20;

/// What was read, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Coverage {
    /// How many documents were read.
    pub documents: usize,
    /// By account and Region.
    pub scopes: Vec<ScopeCoverage>,
    /// What was read and not understood, and is not known to matter; the first of them.
    pub warnings: Vec<Missing>,
    /// How many warnings there are beyond these.
    pub more_warnings: usize,
    /// What of the recording was not read: files that are plainly no documents, and hidden
    /// folders, which end in `/`; the first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_files: Vec<String>,
    /// How many such files there are beyond these.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_other_files: usize,
}

/// What was read of an account and Region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ScopeCoverage {
    /// The account, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The Region, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// When the first call was made, as the manifest says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_read: Option<String>,
    /// When the last one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_read: Option<String>,
    /// The kinds that were read in full, with how many there are.
    pub read: BTreeMap<String, usize>,
    /// The kinds that nobody read and that the user says there are none of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assumed_none: Vec<String>,
    /// The kinds that were not read, or only in part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_read: Vec<NotRead>,
}

/// A kind that was not read, or only in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotRead {
    /// The kind: `NetworkAcls`.
    pub kind: String,
    /// The call that would read it: `aws ec2 describe-network-acls`.
    pub call: String,
    /// `incomplete`, `denied`, `failed`, `throttled`, `unsupported` or `absent`.
    pub outcome: &'static str,
    /// What the service said; of a kind that is incomplete what it lacks, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl NotRead {
    /// Whether somebody asked and got no answer, or not all of it.
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self.outcome, "incomplete" | "denied" | "failed" | "throttled")
    }

    /// The same as something missing, in the account and Region where it is.
    pub(crate) fn missing(&self, scope: &ScopeCoverage) -> Missing {
        let place: Vec<&str> =
            [&scope.account, &scope.region].into_iter().flatten().map(String::as_str).collect();
        let why = match (&self.error, self.outcome) {
            (Some(error), outcome) => format!("{outcome}: {error}"),
            (None, "incomplete") => "incomplete: pages, elements or their ids are missing".into(),
            (None, outcome) => outcome.to_owned(),
        };
        // A call that is of no kind is told once.
        let what = match self.kind == self.call {
            true => self.call.clone(),
            false => format!("{} ({})", self.kind, self.call),
        };
        Missing { what, why, place: place.join("/") }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Coverage {
    pub(crate) fn of(
        documents: usize,
        lowered: &Lowered,
        left_out: &[Missing],
        mut others: Vec<String>,
    ) -> Self {
        let more_other_files = others.len().saturating_sub(MOST_OTHERS);
        others.truncate(MOST_OTHERS);
        let warnings: Vec<Missing> =
            left_out.iter().cloned().chain(lowered.warnings.iter().map(missing)).collect();
        let mut coverage = Self {
            documents,
            more_warnings: warnings.len().saturating_sub(MOST_WARNINGS),
            other_files: others,
            more_other_files,
            ..Self::default()
        };
        coverage.warnings = warnings;
        coverage.warnings.truncate(MOST_WARNINGS);
        for call in &lowered.calls {
            coverage.add(call);
        }
        for call in &lowered.others {
            coverage.add_other(call);
        }
        coverage
    }

    fn add(&mut self, call: &CallCoverage) {
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        let (account, region) = (text(&call.account), text(&call.region));
        let same = |scope: &ScopeCoverage| scope.account == account && scope.region == region;
        if !self.scopes.last().is_some_and(same) {
            self.scopes.push(ScopeCoverage { account, region, ..ScopeCoverage::default() });
        }
        let Some(scope) = self.scopes.last_mut() else { return };
        if let Some(time) = text(&call.time) {
            let earlier = scope.first_read.take().filter(|first| *first < time);
            scope.first_read = Some(earlier.unwrap_or_else(|| time.clone()));
            let later = scope.last_read.take().filter(|last| *last > time);
            scope.last_read = Some(later.unwrap_or(time));
        }
        let kind = call.kind.to_owned();
        let outcome = match call.knowledge {
            Knowledge::Read => {
                scope.read.insert(kind, call.count);
                return;
            }
            Knowledge::Assumed => return scope.assumed_none.push(kind),
            knowledge => outcome(knowledge),
        };
        let error = text(&call.error);
        let call = call.command.to_string();
        scope.not_read.push(NotRead { kind, call, outcome, error });
    }

    /// A call that nothing rests on: it is told where those of its account and Region are.
    fn add_other(&mut self, call: &OtherCall) {
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        let (account, region) = (text(&call.account), text(&call.region));
        let same = |scope: &&mut ScopeCoverage| scope.account == account && scope.region == region;
        let not_read = NotRead {
            kind: call.call.to_string(),
            call: call.call.to_string(),
            outcome: outcome(call.knowledge),
            error: text(&call.error),
        };
        if let Some(scope) = self.scopes.iter_mut().find(same) {
            return scope.not_read.push(not_read);
        }
        let not_read = vec![not_read];
        self.scopes.push(ScopeCoverage { account, region, not_read, ..ScopeCoverage::default() });
    }

    /// The same with every text that comes from outside made [`printable`](super::printable()).
    #[must_use]
    pub fn printable(mut self) -> Self {
        self.each_text(&mut make_printable);
        self
    }
}

/// As it is published.
fn outcome(knowledge: Knowledge) -> &'static str {
    match knowledge {
        Knowledge::Read => "read",
        Knowledge::Assumed => "assumed",
        Knowledge::Incomplete => "incomplete",
        Knowledge::Denied => "denied",
        Knowledge::Failed => "failed",
        Knowledge::Throttled => "throttled",
        Knowledge::Unsupported => "unsupported",
        Knowledge::Absent => "absent",
    }
}

impl Texts for Coverage {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.scopes, &mut self.warnings, &mut self.other_files], visit);
    }
}

impl Texts for ScopeCoverage {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.account, &mut self.region], visit);
        each(&mut [&mut self.first_read, &mut self.last_read], visit);
        self.not_read.each_text(visit);
    }
}

impl Texts for NotRead {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.kind, &mut self.call, &mut self.error], visit);
    }
}
