//! Queries as the command line and a file of queries write them.
//!
//! Nothing here looks at an estate: where a destination's last colon splits depends on what is
//! recorded, so a [`Query`] keeps its ends as text, and resolving reads them.

use std::str::FromStr;

use cloudfw_core::{Client, PortSet, ServiceSet, Verdict};
use serde::Deserialize;

mod error;
mod selector;
#[cfg(test)]
mod tests;
mod words;

pub use error::QueryError;
pub(crate) use error::near;
pub(crate) use selector::{Reading, Selector, Split, split_service, suspicious_service};
pub use words::Word;

/// One question: can this reach that?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The question as it was written, on one line.
    pub text: String,
    /// SOURCE.
    pub source: String,
    /// DESTINATION, with its `:SERVICE` where [`Query::service`] is not given.
    pub destination: String,
    /// `--service`: the destination is then never split.
    pub service: Option<ServiceSet>,
    /// `--client`: the ports of the client, whatever the recording says it is.
    pub client: Option<Client>,
    /// `--one-way`: only the way out is asked about.
    pub one_way: bool,
    /// `--expect`: the verdict that there should be.
    pub expect: Option<Verdict>,
}

/// One line of a file of queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryLine {
    /// Its number, from 1.
    pub line: u32,
    /// The line, without blanks around it.
    pub text: String,
    /// What it asks, or why it cannot be read.
    pub query: Result<Query, QueryError>,
}

impl Query {
    /// Whether SOURCE reaches DESTINATION; the rest as if no option was given.
    pub fn new(source: impl Into<String>, destination: impl Into<String>) -> Self {
        let (source, destination) = (source.into(), destination.into());
        Self {
            text: format!("{} {}", quoted(&source), quoted(&destination)),
            source,
            destination,
            service: None,
            client: None,
            one_way: false,
            expect: None,
        }
    }

    /// The query that these words ask, as after `cloudfw reach`.
    ///
    /// # Errors
    ///
    /// [`QueryError`], naming the word that is wrong.
    pub fn from_words(words: impl IntoIterator<Item = Word>) -> Result<Self, QueryError> {
        let mut written = Written::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            written.take(&word, &mut words)?;
        }
        written.query()
    }
}

/// A line of a query file: `web db:5432 --client windows`, or a JSON object
/// `{"source": "web", "destination": "db", "service": "5432"}`.
impl FromStr for Query {
    type Err = QueryError;

    fn from_str(line: &str) -> Result<Self, QueryError> {
        let mut query = if line.trim_start().starts_with('{') {
            serde_json::from_str::<Object>(line)
                .map_err(|error| QueryError::json(&error))?
                .written()?
                .query()?
        } else {
            Self::from_words(words::split(line)?)?
        };
        line.trim().clone_into(&mut query.text);
        Ok(query)
    }
}

/// The queries of a file: one a line, `#` begins a comment, empty lines are nothing. A line that is
/// no text is an error of that line alone.
pub fn read_queries(file: impl AsRef<[u8]>) -> Vec<QueryLine> {
    let bytes = file.as_ref();
    let lines = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes).split(|b| *b == b'\n');
    lines
        .zip(1..)
        .map(|(line, number)| (String::from_utf8_lossy(line), std::str::from_utf8(line), number))
        .filter(|(shown, _, _)| !words::is_blank(shown))
        .map(|(shown, line, number)| QueryLine {
            line: number,
            text: shown.trim().to_owned(),
            query: match line {
                Ok(line) => line.parse(),
                Err(error) => Err(QueryError::NotText { byte: error.valid_up_to() + 1 }),
            },
        })
        .collect()
}

/// `linux`, `windows`, `any`, or a range of ports `LO-HI`.
///
/// # Errors
///
/// [`QueryError::BadClient`].
pub fn parse_client(text: &str) -> Result<Client, QueryError> {
    let wrong = || QueryError::BadClient { text: text.to_owned() };
    match text.to_ascii_lowercase().as_str() {
        "linux" => Ok(Client::linux()),
        "windows" => Ok(Client::windows()),
        "any" => Ok(Client::any()),
        ports => {
            let ports: PortSet = ports.parse().map_err(|_| wrong())?;
            if ports.is_empty() {
                return Err(wrong());
            }
            Ok(Client { kind: "given".into(), ports })
        }
    }
}

/// A verdict by its name.
///
/// # Errors
///
/// [`QueryError::BadVerdict`].
pub fn parse_verdict(text: &str) -> Result<Verdict, QueryError> {
    use Verdict::{Intermittent, Partial, Reachable, Unknown, Unreachable};
    [Reachable, Intermittent, Unreachable, Unknown, Partial]
        .into_iter()
        .find(|verdict| verdict.to_string().eq_ignore_ascii_case(text))
        .ok_or_else(|| QueryError::BadVerdict { text: text.to_owned() })
}

/// The options of a query.
const OPTIONS: [&str; 4] = ["--service", "--client", "--expect", "--one-way"];

/// The parts of a query as far as they have been read.
#[derive(Debug, Default)]
struct Written {
    source: Option<String>,
    destination: Option<String>,
    service: Option<ServiceSet>,
    client: Option<Client>,
    one_way: bool,
    expect: Option<Verdict>,
    /// Whether `--` was met: what follows are no options.
    ends_only: bool,
}

impl Written {
    fn take(
        &mut self,
        word: &Word,
        following: &mut impl Iterator<Item = Word>,
    ) -> Result<(), QueryError> {
        let text = word.text.as_str();
        if self.ends_only || word.quoted || !text.starts_with("--") {
            return self.take_end(text);
        }
        if text == "--" {
            self.ends_only = true;
            return Ok(());
        }
        let (name, attached) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        if name == "--one-way" {
            self.one_way = true;
            let needless = || QueryError::NeedlessValue { option: name.to_owned() };
            return if attached.is_some() { Err(needless()) } else { Ok(()) };
        }
        if !OPTIONS.contains(&name) {
            return Err(QueryError::UnknownOption {
                option: name.to_owned(),
                near: near(name, OPTIONS.iter().copied()),
            });
        }
        let missing = || QueryError::MissingValue { option: name.to_owned() };
        let value = attached.or_else(|| following.next().map(|word| word.text));
        self.set(name, &value.ok_or_else(missing)?)
    }

    fn take_end(&mut self, text: &str) -> Result<(), QueryError> {
        if self.source.is_none() {
            self.source = Some(text.to_owned());
        } else if self.destination.is_none() {
            self.destination = Some(text.to_owned());
        } else {
            return Err(QueryError::TooMany { word: text.to_owned() });
        }
        Ok(())
    }

    fn set(&mut self, option: &str, value: &str) -> Result<(), QueryError> {
        match option {
            "--service" => self.service = Some(parse_service(value)?),
            "--client" => self.client = Some(parse_client(value)?),
            "--expect" => self.expect = Some(parse_verdict(value)?),
            _ => return Err(QueryError::TooMany { word: format!("{option}={value}") }),
        }
        Ok(())
    }

    fn query(self) -> Result<Query, QueryError> {
        let source = self.source.filter(|text| !text.is_empty()).ok_or(QueryError::NoSource)?;
        let Some(destination) = self.destination.filter(|text| !text.is_empty()) else {
            return Err(QueryError::NoDestination { source_text: source });
        };
        if let Some(service) = destination.strip_prefix(':')
            && service.parse::<ServiceSet>().is_ok()
        {
            return Err(QueryError::PortWithoutDestination { text: destination });
        }
        let query = Query::new(source, destination);
        Ok(Query {
            service: self.service,
            client: self.client,
            one_way: self.one_way,
            expect: self.expect,
            ..query
        })
    }
}

/// SERVICE, with the error of a query.
pub(crate) fn parse_service(text: &str) -> Result<ServiceSet, QueryError> {
    let service: ServiceSet =
        text.parse().map_err(|error| QueryError::BadService { text: text.to_owned(), error })?;
    Ok(service)
}

/// A query as a line of JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    source: Option<String>,
    destination: Option<String>,
    service: Option<String>,
    client: Option<String>,
    #[serde(default)]
    one_way: bool,
    expect: Option<String>,
}

impl Object {
    fn written(self) -> Result<Written, QueryError> {
        let mut written = Written {
            source: self.source,
            destination: self.destination,
            one_way: self.one_way,
            ..Written::default()
        };
        let options =
            [("--service", self.service), ("--client", self.client), ("--expect", self.expect)];
        for (option, value) in options {
            if let Some(value) = value {
                written.set(option, &value)?;
            }
        }
        Ok(written)
    }
}

/// A word as a shell has to be given it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.:/@=,[]*+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
