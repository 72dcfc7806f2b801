//! The formats that a report is written in.

use std::io::{self, Write};
use std::path::Path;

use crate::Report;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `cloudfw.audit/1`, one document.
    Json,
    /// The same, a finding a line.
    Ndjson,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, for CI.
    Junit,
    /// OCSF 1.6, Compliance Finding, for security data lakes.
    Ocsf,
    /// A table.
    Csv,
    /// A step summary.
    Markdown,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 7] =
        [Self::Json, Self::Ndjson, Self::Sarif, Self::Junit, Self::Ocsf, Self::Csv, Self::Markdown];

    /// As `-o` has it: `json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Ocsf => "ocsf",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
        }
    }

    /// The format of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Writing<'a> {
    /// The folder that places of documents are told from, in formats that want them relative
    /// (SARIF, JUnit): the root of a checkout.
    pub root: Option<&'a Path>,
}

/// Why a report could not be written; the receiver's fault, unless it says that the report cannot
/// be put into the format, which is a fault of cloudfw.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The receiver does not take it.
    #[error("cannot write the report: {0}")]
    Io(#[from] io::Error),
    /// The format's own writer refused.
    #[error("cannot put the report into {format}: {reason}")]
    Format {
        /// The format.
        format: &'static str,
        /// What the writer says.
        reason: String,
    },
}

impl Report {
    /// Writes the report; every format ends with a line end.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn write(
        &self,
        format: Format,
        writing: Writing<'_>,
        to: &mut dyn Write,
    ) -> Result<(), WriteError> {
        match format {
            Format::Json => crate::json::write(self, to),
            Format::Ndjson => crate::json::write_lines(self, to),
            Format::Sarif => crate::sarif::write(self, writing, to),
            Format::Junit => crate::junit::write(self, writing, to),
            Format::Ocsf => crate::ocsf::write(self, to),
            Format::Csv => crate::csv::write(self, to),
            Format::Markdown => crate::markdown::write(self, to),
        }
    }
}
