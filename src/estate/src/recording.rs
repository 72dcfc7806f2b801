//! From paths to documents.
//!
//! A recording is a file or a folder. Of a folder every file below it is looked at, in the order of
//! the paths, but for those in hidden folders, which are listed, and for the files that scenarios
//! keep beside their documents: `expected.json`, `findings.json` and `observed.json`. What a file is, its content
//! says: JSON, or what the AWS CLI says of a call that failed. JSON of no known kind is a warning, as people keep other
//! things beside recordings, and other files are listed; a `*.json` has to be JSON, and a file that
//! was named has to be a document.
//!
//! A folder that is named like a Region (`eu-central-1`) says so of the documents below it, and
//! `accounts/<account>` names the account, whatever lies above them.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cloudfw_core::{Document, Scope, excerpt, line_column};
use cloudfw_documents::DocumentError;
use thiserror::Error;

use crate::providers::{self, ReadDocument, read};
use files::{Candidate, Sign};

mod files;
#[cfg(test)]
mod tests;

/// A recording that cannot be opened; the fault of whoever named or made it.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Nothing was named.
    #[error("no recording; name a file or a folder with --from, or try `cloudfw demo`")]
    NoPath,
    /// The path leads nowhere.
    #[error("there is no `{}`; --from takes a file or a folder of documents as the cloud's own command line prints them, and `cloudfw record` makes one", .path.display())]
    Missing {
        /// What was named.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("cannot read `{}`: {error}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Not text.
    #[error("{}:{line}:{column}: not text in UTF-8: record it again, or convert it\n{excerpt}", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where it ceases to be text.
        line: u32,
        /// Where in the line.
        column: u32,
        /// The line.
        excerpt: String,
    },
    /// A folder without documents.
    #[error("`{}` holds no document{}; a recording is a folder of documents such as the output of `aws ec2 describe-vpcs`, and `cloudfw record` makes one", .path.display(), beside(.others, .example))]
    Empty {
        /// The folder.
        path: PathBuf,
        /// How many files it holds that are something else.
        others: usize,
        /// One of them that looks as if it was meant to be a document, and why it is none.
        example: Option<String>,
    },
    /// A folder of something else.
    #[error("nothing in `{}` is a recording; {} such as {first}", .path.display(), files(.count))]
    NothingRecognised {
        /// The folder.
        path: PathBuf,
        /// How many files were looked at.
        count: usize,
        /// What was said of the first.
        first: Box<DocumentError>,
    },
    /// A document that cannot be read.
    #[error(transparent)]
    Document(Box<DocumentError>),
    /// A kind that does not exist.
    #[error("no kind `{kind}` to assume none of; there are {known}, and `all`{}", did_you_mean(.near))]
    UnknownKind {
        /// What was written.
        kind: String,
        /// What looks like it.
        near: Option<String>,
        /// The kinds of all clouds.
        known: String,
    },
}

impl From<DocumentError> for OpenError {
    fn from(error: DocumentError) -> Self {
        Self::Document(Box::new(error))
    }
}

fn files(count: &usize) -> String {
    if *count == 1 {
        return "its one file is of no known kind,".to_owned();
    }
    format!("{count} files are of no known kind,")
}

fn beside(others: &usize, example: &Option<String>) -> String {
    let said = match others {
        0 => return String::new(),
        1 => ": its one file is no JSON".to_owned(),
        many => format!(": none of its {many} files is JSON"),
    };
    example.as_ref().map_or_else(|| said.clone(), |example| format!("{said} ({example})"))
}

fn did_you_mean(near: &Option<String>) -> String {
    near.as_ref().map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// What was found below the paths.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    pub(crate) documents: Vec<ReadDocument>,
    /// What looks as if it was meant to be a document and is none, and why.
    pub(crate) left_out: Vec<(String, String)>,
    /// Those of `left_out` that may well be documents, broken ones, and cannot be read.
    pub(crate) unreadable: Vec<String>,
    /// What is plainly something else, and hidden folders with a `/` at their end.
    pub(crate) others: Vec<String>,
}

/// Reads all documents at these paths; those of folders that are broken are put aside, where
/// `in_part` is all that is asked for.
pub(crate) fn open(paths: &[PathBuf], in_part: bool) -> Result<Opened, OpenError> {
    if paths.is_empty() {
        return Err(OpenError::NoPath);
    }
    let mut opened = Opened::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        let kind = fs::metadata(path).map_err(|error| io_error(path, error))?;
        if kind.is_dir() {
            open_folder(path, in_part, &mut seen, &mut opened)?;
        } else if seen.insert(real(path)) {
            let document = document(path, scope_of(path, Path::new("")))?;
            opened.documents.push(read(document)?);
        }
    }
    Ok(opened)
}

/// Reads documents that are in memory.
pub(crate) fn read_all(documents: Vec<Document>) -> Result<Opened, OpenError> {
    let documents = documents.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Opened { documents, ..Opened::default() })
}

fn open_folder(
    root: &Path,
    in_part: bool,
    seen: &mut BTreeSet<PathBuf>,
    opened: &mut Opened,
) -> Result<(), OpenError> {
    let found = files::below(root)?;
    let name = |path: &Path| path.to_string_lossy().into_owned();
    let (mut files, mut recognised, mut first) = (0, 0, None);
    let mut others: Vec<PathBuf> = found.others;
    for Candidate { path, sign } in found.candidates {
        if !seen.insert(real(&path)) {
            files += 1;
            recognised += 1;
            continue;
        }
        let below = path.strip_prefix(root).unwrap_or(&path);
        let read = document(&path, scope_of(root, below))
            .and_then(|document| read(document).map_err(OpenError::from));
        match (read, sign) {
            (Ok(document), _) => {
                files += 1;
                recognised += usize::from(!document.tells_nothing());
                opened.documents.push(document);
            }
            (Err(_), Sign::Text) if files::tells_of_failure(&path) => {
                let why = "left out: it is what a command said, and of which call is not known";
                opened.left_out.push((name(&path), why.to_owned()));
                opened.unreadable.push(name(&path));
            }
            // A text that tells of no call is like any other.
            (Err(_), Sign::Text) => others.push(path),
            (Err(error), sign) => {
                let why = match why_left_out(&error, sign) {
                    Some(why) => why,
                    None if in_part => {
                        opened.documents.push(broken(&path, scope_of(root, below)));
                        recognised += 1;
                        put_aside(&error)
                    }
                    None => return Err(error),
                };
                files += 1;
                opened.left_out.push((name(&path), why));
                if !is_of_another_kind(&error) {
                    opened.unreadable.push(name(&path));
                }
                if let OpenError::Document(error) = error {
                    first.get_or_insert(error);
                }
            }
        }
    }
    if files == 0 {
        let count = others.len() + found.doubtful.len();
        let example = found.doubtful.first().map(|(path, why)| format!("`{}`: {why}", name(path)));
        return Err(OpenError::Empty { path: root.to_owned(), others: count, example });
    }
    opened.unreadable.extend(found.doubtful.iter().map(|(path, _)| name(path)));
    let doubtful = found.doubtful.into_iter();
    opened.left_out.extend(doubtful.map(|(path, why)| (name(&path), format!("left out: {why}"))));
    opened.left_out.sort();
    others.sort();
    opened.others.extend(found.hidden.iter().map(|path| format!("{}/", name(path))));
    opened.others.extend(others.iter().map(|path| name(path)));
    match first {
        Some(first) if recognised == 0 => {
            Err(OpenError::NothingRecognised { path: root.to_owned(), count: files, first })
        }
        // Empty lists alone.
        None if recognised == 0 => {
            Err(OpenError::Empty { path: root.to_owned(), others: files, example: None })
        }
        _ => Ok(()),
    }
}

/// Whether a file reads well and holds something that is no document.
fn is_of_another_kind(error: &OpenError) -> bool {
    let OpenError::Document(error) = error else { return false };
    matches!(error.as_ref(), DocumentError::NotRecognised { .. })
}

/// A document that is broken, as one whose lists break off.
fn broken(path: &Path, scope: Scope) -> ReadDocument {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let name = path.to_string_lossy().into();
    providers::read_broken(Document { name, text: text.into(), scope })
}

/// The error of a document that is put aside, without the line that it shows.
fn put_aside(error: &OpenError) -> String {
    let text = error.to_string();
    format!("put aside: {}", text.lines().next().unwrap_or_default())
}

/// Why a file is passed over that is no document; nothing where that is an error.
fn why_left_out(error: &OpenError, sign: Sign) -> Option<String> {
    match error {
        OpenError::Document(error) => match (error.as_ref(), sign) {
            (DocumentError::NotRecognised { found, .. }, _) => {
                Some(format!("left out: it holds {found}, and no document of a known kind"))
            }
            (DocumentError::NotJson { at, reason, .. }, Sign::Json) => {
                let place = format!("line {}, column {}", at.line, at.column);
                Some(format!("left out: it begins like JSON and is none ({place}: {reason})"))
            }
            _ => None,
        },
        OpenError::NotText { .. } if sign == Sign::Json => {
            Some("left out: it begins like JSON and is no text in UTF-8".to_owned())
        }
        _ => None,
    }
}

fn document(path: &Path, scope: Scope) -> Result<Document, OpenError> {
    let bytes = fs::read(path).map_err(|error| io_error(path, error))?;
    let text = String::from_utf8(bytes).map_err(|error| not_text(path, &error))?;
    Ok(Document { name: path.to_string_lossy().into(), text: text.into(), scope })
}

fn not_text(path: &Path, error: &std::string::FromUtf8Error) -> OpenError {
    let at = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes());
    let (line, column) = line_column(&text, at);
    OpenError::NotText { path: path.to_owned(), line, column, excerpt: excerpt(&text, at, at + 1) }
}

fn io_error(path: &Path, error: io::Error) -> OpenError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound => OpenError::Missing { path },
        _ => OpenError::Io { path, error },
    }
}

/// The file that a path leads to, so that none is read twice.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The account and Region that the folders above a document name; the innermost counts. Folders
/// above the recording are those of the user's disk: there only what cannot be anything else
/// counts.
fn scope_of(root: &Path, below: &Path) -> Scope {
    let mut scope = Scope::default();
    let names = |path: &Path| -> Vec<String> {
        path.iter().map(|name| name.to_string_lossy().into_owned()).collect()
    };
    let (above, mut inside) = (names(root), names(below));
    inside.pop();
    let certain = above.len();
    let all: Vec<String> = above.into_iter().chain(inside).collect();
    for (at, name) in all.iter().enumerate() {
        let parent = at.checked_sub(1).and_then(|at| all.get(at));
        let is_account = parent.is_some_and(|parent| parent == "accounts")
            && (at >= certain || is_account_id(name));
        if is_account {
            scope.account = Some(Arc::from(name.as_str()));
        } else if is_region(name) {
            scope.region = Some(Arc::from(name.as_str()));
        }
    }
    scope
}

/// Whether a name is built as the id of an account: of AWS, or of a subscription of Azure.
fn is_account_id(name: &str) -> bool {
    let is_subscription = name.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_subscription || name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a name is built as a Region's: `eu-central-1`, `us-gov-west-1`.
fn is_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let [area, middle @ .., number] = parts.as_slice() else { return false };
    let word = |part: &&str| part.len() > 2 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    area.len() == 2
        && area.bytes().all(|byte| byte.is_ascii_lowercase())
        && !middle.is_empty()
        && middle.iter().all(word)
        && (1..=2).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
}
