//! Which files of a folder may be documents, by what they hold.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::OpenError;
use crate::providers::{begins_as_document, is_key_of_list};

/// Files beside the documents of a scenario that are none.
const BESIDE: [&str; 3] = ["expected.json", "findings.json", "observed.json"];

/// So much of a file is looked at to tell what it holds.
const BEGINNING: u64 = 4096;

/// A text that is no JSON and longer than this says nothing about calls.
const LONGEST_MESSAGE: u64 = 64 << 10;

/// JSON that does not begin as a document does is read up to this size.
const LONGEST_GUESS: u64 = 64 << 20;

/// What was found below a folder, each in the order of the paths.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What may be a document.
    pub(super) candidates: Vec<Candidate>,
    /// What looks as if it was meant to be one and is none, and why.
    pub(super) doubtful: Vec<(PathBuf, String)>,
    /// What is plainly something else: notes, queries, pictures.
    pub(super) others: Vec<PathBuf>,
    /// Folders that nobody looked into: those of tools, such as `.git`.
    pub(super) hidden: Vec<PathBuf>,
}

/// A file that may be a document.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) sign: Sign,
}

/// What speaks for a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It is called `*.json`, or its first key is a document's: what is wrong in it is an error.
    Certain,
    /// It begins as JSON of some other kind.
    Json,
    /// It is a short text, which may tell of calls that failed.
    Text,
}

/// What a file's beginning says of it.
enum Look {
    May(Sign),
    Doubtful(&'static str),
    Other,
}

/// Looks at every file below a folder, those in hidden folders and in [`BESIDE`] apart.
pub(super) fn below(root: &Path) -> Result<Found, OpenError> {
    let mut walk = WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
    let mut found = Found::default();
    while let Some(entry) = walk.next() {
        match entry {
            Ok(entry)
                if entry.depth() > 0
                    && entry.file_type().is_dir()
                    && is_hidden(entry.file_name()) =>
            {
                found.hidden.push(entry.into_path());
                walk.skip_current_dir();
            }
            Ok(entry) => found.take(entry),
            // A link to a folder above: what it leads to is read there.
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                let name = path.file_name().unwrap_or_default();
                if path != root && is_hidden(name) {
                    found.others.push(path);
                    continue;
                }
                if path.is_symlink() && !path.exists() && !is_json_by_name(name) {
                    found.doubtful.push((path, "a link that leads nowhere".to_owned()));
                    continue;
                }
                let error = error.into_io_error().unwrap_or_else(|| io::Error::other("unreadable"));
                return Err(OpenError::Io { path, error });
            }
        }
    }
    Ok(found)
}

impl Found {
    fn take(&mut self, entry: DirEntry) {
        // What a hidden file is called says nothing: `._vpcs.json` is an icon that a Mac left.
        let (kind, name) = (entry.file_type(), entry.file_name());
        let by_name = is_json_by_name(name) && !is_hidden(name);
        if kind.is_dir() || BESIDE.iter().any(|beside| entry.file_name() == OsStr::new(beside)) {
            return;
        }
        let path = entry.into_path();
        // Opening a pipe or a device may wait forever.
        let look = match (kind.is_file(), by_name) {
            (true, true) => Ok(Look::May(Sign::Certain)),
            (true, false) => look(&path),
            (false, true) => Ok(Look::Doubtful("a pipe or a device, and no file")),
            (false, false) => Ok(Look::Other),
        };
        match look {
            Ok(Look::May(sign)) => self.candidates.push(Candidate { path, sign }),
            Ok(Look::Doubtful(why)) => self.doubtful.push((path, why.to_owned())),
            Ok(Look::Other) => self.others.push(path),
            Err(error) => self.doubtful.push((path, format!("cannot be read: {error}"))),
        }
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.to_string_lossy().starts_with('.')
}

fn is_json_by_name(name: &OsStr) -> bool {
    Path::new(name).extension().is_some_and(|it| it.eq_ignore_ascii_case("json"))
}

/// Looks at the beginning of a regular file.
fn look(path: &Path) -> io::Result<Look> {
    let size = fs::metadata(path)?.len();
    // What a kernel writes as it is read has no size either, and may never end.
    if size == 0 {
        return Ok(Look::Other);
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(BEGINNING).read_to_end(&mut bytes)?;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Ok(Look::Doubtful("text in UTF-16, and documents are in UTF-8: convert it"));
    }
    // The beginning may end within a character.
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_start();
    Ok(if begins_as_document(text) {
        Look::May(Sign::Certain)
    } else if begins_as_json(text) {
        if size <= LONGEST_GUESS {
            Look::May(Sign::Json)
        } else {
            Look::Doubtful("too large to look for a document in it: its first key is no document's")
        }
    } else if is_other_output(text) {
        Look::Doubtful(
            "it looks like what `aws … --output text`, `table` or `yaml` prints: record it with \
             `--output json`",
        )
    } else if !text.is_empty() && !text.contains('\0') && size <= LONGEST_MESSAGE {
        Look::May(Sign::Text)
    } else {
        Look::Other
    })
}

/// Whether a short text is what a command said when it failed, whatever that is: a `*.err`, which
/// is what `2>` is given, or words that only commands say. Warnings are no failure, and what stands
/// beside the answer of its call, `describe-vpcs.json`, is no more than that.
pub(super) fn tells_of_failure(path: &Path) -> bool {
    let is_error = path.extension().is_some_and(|it| it.eq_ignore_ascii_case("err"))
        && !["json", "1.json"].into_iter().any(|end| path.with_extension(end).exists());
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.any(|line| {
        is_error && !line.starts_with("WARNING: ")
            || line == "Traceback (most recent call last):"
            || line.ends_with(": command not found")
    })
}

/// `{"`, `{}`, `[{` or `["`, with any blanks between: not the braces of a template or a program,
/// nor the head of a table in TOML.
fn begins_as_json(text: &str) -> bool {
    let inside = |open: char| text.strip_prefix(open).map(str::trim_start);
    inside('{').is_some_and(|inside| inside.starts_with(['"', '}']))
        || inside('[').is_some_and(|inside| inside.starts_with(['{', '"']))
}

/// Whether the AWS CLI printed this, and not as JSON.
fn is_other_output(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let yaml = first.strip_suffix(':').is_some_and(is_key);
    let columns =
        first.split_once('\t').is_some_and(|(word, _)| word.len() > 2 && is_key_in_capitals(word));
    let table = first.len() > 2 && first.bytes().all(|byte| byte == b'-');
    yaml || columns
        || (table && text.lines().nth(1).is_some_and(|line| line.contains("|  Describe")))
}

/// Whether documents have this key.
fn is_key(word: &str) -> bool {
    begins_as_document(&format!("{{\"{word}\""))
}

/// `--output text` writes the key of a list before each of its elements, in capitals.
fn is_key_in_capitals(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_uppercase()) && is_key_of_list(word)
}
