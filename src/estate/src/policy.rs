//! Policies: who must reach whom, and who must not, as `cloudfw verify` proves it.
//!
//! A [`Policy`] is a TOML file of expectations. Reading it looks at no estate;
//! [`Inquiry::verify`](crate::Inquiry::verify) looks up what its texts mean, asks every pair, and
//! says of each expectation whether it is proved to hold, proved not to, or neither.
//!
//! What does not read well and what matches nothing is an error and never an expectation that
//! holds: all of a file's errors are told at once, each with its place.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use cloudfw_core::{Client, ServiceSet, Verdict, excerpt, line_column};
use thiserror::Error;

mod check;
mod except;
mod keys;
mod parse;
mod prove;
mod questions;
mod run;
#[cfg(test)]
mod tests;
mod value;

pub use keys::schema as policy_schema;
pub use value::{
    Assertion, Conclusion, Counts, Offending, OffendingPair, PairCounts, Place, Severity,
    VERIFY_SCHEMA, Verified, Witness, WitnessFlow, schema,
};

/// A policy as it is written; nothing in it was looked up yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What the file is called.
    file: String,
    text: Arc<str>,
    networks: BTreeMap<String, Network>,
    /// In the order of the file.
    expectations: Vec<Expectation>,
}

impl Policy {
    /// How many expectations it has; at least one.
    pub fn len(&self) -> usize {
        self.expectations.len()
    }

    /// Never: a policy that expects nothing is an error.
    pub fn is_empty(&self) -> bool {
        self.expectations.is_empty()
    }

    /// What is wrong at some places of the file.
    fn error(&self, problems: impl IntoIterator<Item = (Range<usize>, String)>) -> PolicyError {
        PolicyError::new(&self.file, &self.text, problems)
    }

    /// A place in it, as it is published.
    fn place(&self, span: &Range<usize>) -> Place {
        let (line, column) = line_column(&self.text, span.start);
        Place { file: self.file.clone(), line, column }
    }
}

/// What was said outside of the policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// The `networks` of `cloudfw.toml`: names, each with its CIDRs.
    pub networks: BTreeMap<String, Vec<String>>,
    /// The client where an expectation gives none.
    pub client: Option<Client>,
}

/// A name for some CIDRs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Network {
    cidrs: Vec<String>,
    span: Range<usize>,
}

/// A value, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Placed<T> {
    value: T,
    span: Range<usize>,
}

/// One expectation, with what its group says for it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expectation {
    name: String,
    group: Option<String>,
    severity: Option<Severity>,
    from: Texts,
    to: Texts,
    except_from: Texts,
    except_to: Texts,
    services: ServiceSet,
    verdict: Verdict,
    quantifier: Quantifier,
    client: Option<Client>,
    one_way: bool,
    span: Range<usize>,
}

/// The texts of a key, and where the key's value is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Texts {
    texts: Vec<Placed<String>>,
    span: Range<usize>,
}

impl Texts {
    fn plain(&self) -> Vec<String> {
        self.texts.iter().map(|text| text.value.clone()).collect()
    }
}

/// Of which pairs an expectation has to hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Quantifier {
    #[default]
    All,
    Any,
    EachFrom,
    EachTo,
}

impl Quantifier {
    const ALL: [Self; 4] = [Self::All, Self::Any, Self::EachFrom, Self::EachTo];

    const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Any => "any",
            Self::EachFrom => "each-from",
            Self::EachTo => "each-to",
        }
    }
}

/// Everything that is wrong with a policy; the fault of whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct PolicyError {
    /// What the file is called.
    pub file: String,
    /// At least one, in the order of the file.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is wrong; further lines say what can be written instead.
    pub message: String,
    /// The line, with carets under the place.
    pub excerpt: String,
}

/// So many problems are printed.
const MOST_PROBLEMS: usize = 50;

impl PolicyError {
    fn new(
        file: &str,
        text: &str,
        problems: impl IntoIterator<Item = (Range<usize>, String)>,
    ) -> Self {
        let mut found: Vec<(Range<usize>, String)> = problems.into_iter().collect();
        found.sort_by(|one, other| (one.0.start, &one.1).cmp(&(other.0.start, &other.1)));
        // What a group says for all of its expectations is wrong once.
        found.dedup();
        let problem = |(span, message): (Range<usize>, String)| {
            let (line, column) = line_column(text, span.start);
            Problem { line, column, message, excerpt: excerpt(text, span.start, span.end) }
        };
        Self { file: file.to_owned(), problems: found.into_iter().map(problem).collect() }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().take(MOST_PROBLEMS).enumerate() {
            let Problem { line, column, message, excerpt } = problem;
            let (first, more) = message.split_once('\n').unwrap_or((message, ""));
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{}:{line}:{column}: {first}\n{excerpt}", self.file)?;
            for line in more.lines() {
                write!(f, "\n{line}")?;
            }
        }
        match self.problems.len().saturating_sub(MOST_PROBLEMS) {
            0 => Ok(()),
            more => write!(f, "\n… and {more} more"),
        }
    }
}
