//! What can be wrong with a query.

use cloudfw_core::ServiceError;
use thiserror::Error;

use crate::answer::printable;

/// A query that cannot be asked; the fault of whoever wrote it.
///
/// The first line says what is wrong, further lines what can be written instead.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QueryError {
    /// Nothing there.
    #[error("no SOURCE; write SOURCE DESTINATION[:SERVICE], such as `web db:5432`")]
    NoSource,
    /// Only one end.
    #[error(
        "no DESTINATION after `{source_text}`; write SOURCE DESTINATION[:SERVICE], such as `web db:5432`"
    )]
    NoDestination {
        /// The source.
        source_text: String,
    },
    /// `:443`.
    #[error(
        "`{text}` is a service without a DESTINATION; write the destination before the colon, such as `db{text}`"
    )]
    PortWithoutDestination {
        /// What was written.
        text: String,
    },
    /// A third end.
    #[error(
        "`{word}` is too much: a query has one SOURCE and one DESTINATION; names with blanks are quoted, such as 'web server'"
    )]
    TooMany {
        /// The first word that is too much.
        word: String,
    },
    /// An option that queries do not have.
    #[error("no option `{option}` in a query{}; there are --service SERVICE, --client CLIENT, --expect VERDICT and --one-way", did_you_mean(.near))]
    UnknownOption {
        /// What was written.
        option: String,
        /// The known ones that look like it.
        near: Vec<String>,
    },
    /// An option at the end.
    #[error("`{option}` needs a value after it")]
    MissingValue {
        /// The option.
        option: String,
    },
    /// A switch with a value.
    #[error("`{option}` takes no value")]
    NeedlessValue {
        /// The option.
        option: String,
    },
    /// A SERVICE that cannot be read.
    #[error("in the service `{text}`: {error}")]
    BadService {
        /// The whole service.
        text: String,
        /// What is wrong.
        error: ServiceError,
    },
    /// A client that cannot be read.
    #[error(
        "`{text}` is no client; write `linux`, `windows`, `any` or its ports, such as `32768-60999`"
    )]
    BadClient {
        /// What was written.
        text: String,
    },
    /// A verdict that does not exist.
    #[error(
        "`{text}` is no verdict; write `reachable`, `intermittent`, `unreachable`, `unknown` or `partial`"
    )]
    BadVerdict {
        /// What was written.
        text: String,
    },
    /// A quote or a backslash without what belongs to it.
    #[error("the quote in `{text}` has no end")]
    UnclosedQuote {
        /// From the beginning of the word on.
        text: String,
    },
    /// A line in another encoding.
    #[error("not text in UTF-8, from byte {byte} of the line on; convert the file")]
    NotText {
        /// The first byte that is none, from 1.
        byte: usize,
    },
    /// A line of JSON that is no query.
    #[error(
        "not a query in JSON: {message} at column {column}; write {{\"source\": \"web\", \"destination\": \"db\", \"service\": \"5432\"}}"
    )]
    Json {
        /// What is wrong.
        message: String,
        /// Where, from 1.
        column: usize,
    },
    /// A wrong address or CIDR.
    #[error("`{text}` is no address: {why}")]
    BadAddress {
        /// What was written.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// A name of nothing.
    #[error("nothing in the recording is called `{text}`{}{hint}\n  {FORMS}", did_you_mean(.near))]
    UnknownName {
        /// What was written.
        text: String,
        /// What is recorded and looks like it.
        near: Vec<String>,
        /// More to say; begins with `; ` or is empty.
        hint: String,
    },
    /// A name of nothing, where it was to be shown.
    #[error("nothing in the recording is called `{text}`{}\n  {SHOWN}", did_you_mean(.near))]
    UnknownResource {
        /// What was written.
        text: String,
        /// What is recorded and looks like it.
        near: Vec<String>,
    },
    /// Something that is no resource.
    #[error("`{text}` is nothing that can be shown: {why}")]
    NothingToShow {
        /// What was written.
        text: String,
        /// What it is instead.
        why: String,
    },
    /// A name of two things.
    #[error("`{text}` may be any of {}; write one of these, or `{all}` for all of them\n  {}", .candidates.len(), .candidates.join("\n  "))]
    Ambiguous {
        /// What was written.
        text: String,
        /// A form that means them all.
        all: String,
        /// What it may be, each in a form that names it alone.
        candidates: Vec<String>,
    },
    /// The name of a network of the settings, and of something recorded.
    #[error("`{text}` is a network of cloudfw.toml and something recorded; write which one is meant, or give the network another name\n  {}", .candidates.join("\n  "))]
    Shadowed {
        /// What was written.
        text: String,
        /// What it may be, each in a form that names it alone.
        candidates: Vec<String>,
    },
    /// An address that overlapping networks hold.
    #[error("`{text}` is in more than one network; write which one is meant\n  {}", .candidates.join("\n  "))]
    AmbiguousAddress {
        /// What was written.
        text: String,
        /// The address with each scope.
        candidates: Vec<String>,
    },
    /// A scope that is nothing or holds nothing of that name.
    #[error("`{text}`: {why}; behind `@` stands a VPC, a subnet, an account or a Region")]
    BadScope {
        /// What was written.
        text: String,
        /// What is wrong.
        why: String,
    },
    /// Both readings of a last colon name something.
    #[error("`{text}` can be read in two ways; write `--service` to say which\n  {}\n  {}", .readings.0, .readings.1)]
    TwoReadings {
        /// What was written.
        text: String,
        /// The two readings, each as it would be written without doubt.
        readings: Box<(String, String)>,
    },
    /// Something that has no interfaces.
    #[error("`{text}` has no interfaces that could be asked about: {why}")]
    NoInterfaces {
        /// What was written.
        text: String,
        /// What it is.
        why: String,
    },
    /// Nothing is left to ask.
    #[error("nothing to ask: {why}")]
    NoPairs {
        /// Why.
        why: String,
    },
    /// Too many pairs.
    #[error(
        "{sources} sources and {destinations} destinations are more than {most} pairs; ask about a part of them, such as one subnet"
    )]
    TooManyPairs {
        /// How many sources.
        sources: usize,
        /// How many destinations.
        destinations: usize,
        /// How many are answered at most.
        most: usize,
    },
}

/// What SOURCE and DESTINATION may be.
const FORMS: &str = "write an address, a CIDR, `internet`, an id, an ARN, a name, a glob `web-*` or \
     `tag:Key=Value`; `10.0.0.5@vpc-1` says in which network";

/// What can be shown.
const SHOWN: &str = "write an id, an ARN, a name, an address, a CIDR, a glob `web-*` or \
     `tag:Key=Value`; `10.0.0.5@vpc-1` says in which network";

impl QueryError {
    pub(super) fn json(error: &serde_json::Error) -> Self {
        let message = error.to_string();
        // The line is that of the file of queries, which the caller knows.
        let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
        Self::Json { message, column: error.column() }
    }
}

fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() {
        return String::new();
    }
    let quoted: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    format!("; did you mean {}?", quoted.join(" or "))
}

/// The names that look most like `text`, at most three, best first, safe to print.
pub(crate) fn near<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    /// Below this, names look alike only by chance.
    const LEAST: f64 = 0.85;
    let lower = text.to_lowercase();
    let likeness = |name: &str| {
        let name = name.to_lowercase();
        // One slip of the finger is enough in a short name too.
        let slip = name.len() > 1 && strsim::osa_distance(&lower, &name) <= 1;
        let alike = strsim::jaro_winkler(&lower, &name);
        if slip { alike.max(LEAST) } else { alike }
    };
    let mut alike: Vec<(f64, &str)> =
        names.map(|name| (likeness(name), name)).filter(|(alike, _)| *alike >= LEAST).collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    alike.dedup_by(|a, b| a.1 == b.1);
    alike.into_iter().take(3).map(|(_, name)| printable(name).into_owned()).collect()
}
