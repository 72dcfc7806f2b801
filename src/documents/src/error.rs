//! Why a document cannot be read.

use std::fmt;
use std::sync::Arc;

use cloudfw_core::{excerpt, line_column, locate, pointer_at};

/// Why a document cannot be read. The fault is the document's, or lies with whoever made it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Nothing but space.
    #[error("`{document}` is empty: it should hold what the cloud's own command line prints")]
    Empty {
        /// The document's name.
        document: Arc<str>,
    },
    /// Not JSON, or cut off, or nested deeper than any recording.
    #[error("{document}{at}: not JSON: {reason}{}", at.excerpt())]
    NotJson {
        /// The document's name.
        document: Arc<str>,
        /// Where it ceases to be JSON.
        at: Location,
        /// What is the matter.
        reason: String,
    },
    /// JSON, but a value is not of the type that its field has.
    #[error("{document}{at}: {}{reason}{}", at.pointer(), at.excerpt())]
    WrongType {
        /// The document's name.
        document: Arc<str>,
        /// Where the value stands.
        at: Location,
        /// What is the matter.
        reason: String,
    },
    /// JSON of no kind that cloudfw knows.
    #[error(
        "`{document}` is no recording that cloudfw knows: it holds {found}; recognised are {known}"
    )]
    NotRecognised {
        /// The document's name.
        document: Arc<str>,
        /// What it holds instead.
        found: String,
        /// What would be recognised.
        known: String,
    },
    /// The answer of a call that is made for one resource, and the resource is not named.
    #[error(
        "`{document}` has `{key}` but does not say of what: put `\"{id}\": \"…\"` beside it, with the id that the call was made for"
    )]
    NoOwner {
        /// The document's name.
        document: Arc<str>,
        /// The key of the answer.
        key: &'static str,
        /// The key that is missing.
        id: &'static str,
    },
    /// A manifest of a version that this cloudfw does not read.
    #[error(
        "`{document}` is a manifest of version `{schema}`, and this cloudfw reads `{}`: use the cloudfw that made it, or a newer one",
        crate::manifest::SCHEMA
    )]
    ManifestVersion {
        /// The document's name.
        document: Arc<str>,
        /// The version it says.
        schema: String,
    },
}

/// A place in a document, as an error prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// The JSON pointer of the innermost value there, empty where it is the whole document.
    pub pointer: String,
    /// The line with carets under the place.
    pub excerpt: String,
}

impl Location {
    fn excerpt(&self) -> String {
        format!("\n{}", self.excerpt)
    }

    fn pointer(&self) -> String {
        if self.pointer.is_empty() {
            return String::new();
        }
        format!("`{}`: ", self.pointer.escape_debug())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, ":{}:{}", self.line, self.column)
    }
}

/// What is wrong with a text, before it is known which document it is.
#[derive(Debug)]
pub enum Fault {
    /// Nothing but space.
    Empty,
    /// Not JSON, or not of the types that its fields have.
    Json(serde_json::Error),
    /// JSON of no known kind.
    NotRecognised {
        /// What it holds instead.
        found: String,
        /// What would be recognised.
        known: String,
    },
    /// The answer of a call that is made for one resource, which is not named.
    NoOwner {
        /// The key of the answer.
        key: &'static str,
        /// The key that is missing.
        id: &'static str,
    },
    /// A manifest of another version, and which.
    ManifestVersion(String),
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

impl Fault {
    /// The error for the user. `text` is what was read.
    pub fn at(self, document: &Arc<str>, text: &str) -> DocumentError {
        let document = Arc::clone(document);
        match self {
            Self::Empty => DocumentError::Empty { document },
            Self::Json(error) if error.is_data() => {
                let at = place_of_value(text, &error);
                DocumentError::WrongType { document, at, reason: reason(&error) }
            }
            Self::Json(error) => {
                let at = place_of_syntax(text, &error);
                DocumentError::NotJson { document, at, reason: reason(&error) }
            }
            Self::NotRecognised { found, known } => {
                DocumentError::NotRecognised { document, found, known }
            }
            Self::NoOwner { key, id } => DocumentError::NoOwner { document, key, id },
            Self::ManifestVersion(schema) => DocumentError::ManifestVersion { document, schema },
        }
    }
}

/// What the parser says, without its own way of telling the place.
fn reason(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "the text ends in the middle of a value: it may have been cut off".to_owned();
    }
    let said = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let said = said.strip_suffix(&place).unwrap_or(&said);
    if said == "recursion limit exceeded" {
        return "nested deeper than 128 levels, which no recording is".to_owned();
    }
    // Of a word that begins as `null`, `true` or `false` do.
    if said == "expected ident" { "expected value".to_owned() } else { said.to_owned() }
}

fn place_of_syntax(text: &str, error: &serde_json::Error) -> Location {
    let offset = offset_of(text, error);
    location(text, offset, offset + 1, String::new())
}

/// The parser tells where it stood when it saw the value, which may be at its end; the caret goes
/// under the whole of it.
fn place_of_value(text: &str, error: &serde_json::Error) -> Location {
    let offset = offset_of(text, error);
    let pointer = pointer_at(text, offset).unwrap_or_default();
    match locate(text, &pointer) {
        Some(span) if !pointer.is_empty() => location(text, span.start, span.end, pointer),
        _ => location(text, offset, offset + 1, pointer),
    }
}

fn location(text: &str, start: usize, end: usize, pointer: String) -> Location {
    let (line, column) = line_column(text, start);
    Location { line, column, pointer, excerpt: excerpt(text, start, end) }
}

/// The byte at which the parser stood: it counts lines and bytes from 1.
fn offset_of(text: &str, error: &serde_json::Error) -> usize {
    let mut start = 0;
    for line in text.split_inclusive('\n').take(error.line().saturating_sub(1)) {
        start += line.len();
    }
    (start + error.column().saturating_sub(1)).min(text.len())
}
