//! `cloudfw.toml`: what the user would otherwise say on every command line.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use cloudfw_core::{excerpt, line_column};
use cloudfw_rules::Severity;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The name of the file that is looked for.
const NAME: &str = "cloudfw.toml";

/// What stands in `cloudfw.toml`. Its schema is `schemas/cloudfw.toml.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "cloudfw.toml", deny_unknown_fields))]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// The recordings to ask, as `--from`: folders or files, relative to this file.
    pub(crate) from: OneOrMore,
    /// Networks outside the estate: a name, and its CIDRs. The name can stand for them as SOURCE
    /// and DESTINATION.
    pub(crate) networks: BTreeMap<String, OneOrMore>,
    /// Findings of an audit that are accepted, each with a reason and a day on which that ends.
    pub(crate) ignore: Vec<Ignore>,
    /// Kinds that do not exist where a recording does not say, as `--assume-none`; `all` is any.
    pub(crate) assume_none: OneOrMore,
    /// The clients whose source ports are asked about, as `--client`: linux, windows, any, or a
    /// range such as 32768-60999.
    pub(crate) client: Option<String>,
    /// The least severity of a finding for which `audit` ends with 1.
    #[cfg_attr(test, schemars(schema_with = "severity_schema"))]
    pub(crate) fail_on: Option<Severity>,
    /// What an audit takes for acceptable.
    pub(crate) audit: AuditSettings,
    /// Where it stands.
    #[serde(skip)]
    path: PathBuf,
}

/// A text, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected a text or a list of texts")]
pub(crate) enum OneOrMore {
    /// One.
    One(String),
    /// Several.
    More(Vec<String>),
}

impl Default for OneOrMore {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

impl OneOrMore {
    pub(crate) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::More(texts) => texts,
        }
    }
}

/// A finding that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(deny_unknown_fields))]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Ignore {
    /// The check, or a glob. A finding that cannot be decided is accepted by an ignore with the
    /// check's own name only: a glob leaves it, and the audit ends with 3.
    pub(crate) check: String,
    /// The resources, as SOURCE and DESTINATION are named; without it all of them.
    pub(crate) resource: Option<String>,
    /// Why it is accepted.
    pub(crate) reason: String,
    /// The last day on which it is: `2027-06-30`.
    #[cfg_attr(test, schemars(with = "String"))]
    #[serde(deserialize_with = "day")]
    pub(crate) until: Date,
    /// The line that it begins on, from 1.
    #[serde(skip)]
    pub(crate) line: u32,
}

/// What an audit takes for acceptable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(deny_unknown_fields))]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct AuditSettings {
    /// The TCP ports that may be open to the internet: `80,443`, which is the default. Ports of
    /// administration and of data stay findings: ignore one, with a reason.
    pub(crate) authorised_tcp: Option<String>,
    /// The UDP ports that may be open to the internet; none by default.
    pub(crate) authorised_udp: Option<String>,
    /// A public IPv4 range of this prefix length or shorter is wide; 24 by default.
    pub(crate) wide_prefix_v4: Option<u8>,
    /// A public IPv6 range of this prefix length or shorter is wide; 48 by default.
    pub(crate) wide_prefix_v6: Option<u8>,
    /// A group or list of one direction has too many rules with more than this; 50 by default.
    pub(crate) most_rules: Option<usize>,
}

/// The keys of a table, and those of the tables in it.
const KEYS: &[&str] = &["from", "networks", "ignore", "audit", "assume-none", "client", "fail-on"];
const IGNORE_KEYS: &[&str] = &["check", "resource", "reason", "until"];
const AUDIT_KEYS: &[&str] =
    &["authorised-tcp", "authorised-udp", "wide-prefix-v4", "wide-prefix-v6", "most-rules"];

/// A day, as a TOML date or as a text.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a day such as 2027-06-30")]
    enum Day {
        Date(toml::value::Datetime),
        Text(String),
    }
    let text = match Day::deserialize(deserializer)? {
        Day::Date(date) => date.to_string(),
        Day::Text(text) => text,
    };
    text.parse().map_err(|_| {
        serde::de::Error::custom(format!("`{text}` is no day: write one such as 2027-06-30"))
    })
}

/// The severities, as the schema has them.
#[cfg(test)]
fn severity_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names = cloudfw_rules::SEVERITIES.map(Severity::name);
    schemars::json_schema!({ "enum": names })
}

/// What is wrong with `cloudfw.toml`: the user's fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// It cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A value means nothing.
    #[error("{}: `{key}`: {why}", .path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What is wrong with its value.
        why: String,
    },
    /// It is not as it should be.
    #[error("{}:{line}:{column}: {message}\n{excerpt}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
        /// What is wrong.
        message: String,
        /// The line, with carets under the place.
        excerpt: String,
    },
}

impl Config {
    /// The settings of `given`, else of the first `cloudfw.toml` from `folder` upwards; none
    /// where there is no such file.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], with the place.
    pub(crate) fn load(given: Option<&Path>, folder: &Path) -> Result<Self, ConfigError> {
        let path = match given {
            Some(path) => path.to_owned(),
            None => match folder.ancestors().map(|f| f.join(NAME)).find(|f| f.is_file()) {
                Some(path) => path,
                None => return Ok(Self::default()),
            },
        };
        let text = std::fs::read_to_string(&path)
            .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
        let mut config = Self::parse(&path, &text)?;
        if let Some(folder) = path.parent() {
            config.resolve_from(folder);
        }
        config.path = path;
        Ok(config)
    }

    /// What the file is called.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or(NAME.as_ref()).to_string_lossy().into_owned()
    }

    /// The error of a value that reads well and means nothing.
    pub(crate) fn wrong(&self, key: &str, why: &dyn std::fmt::Display) -> ConfigError {
        ConfigError::Value { path: self.path.clone(), key: key.to_owned(), why: why.to_string() }
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let invalid = |span: Range<usize>, message: String| {
            let (line, column) = line_column(text, span.start);
            let excerpt = excerpt(text, span.start, span.end);
            ConfigError::Invalid { path: path.to_owned(), line, column, message, excerpt }
        };
        let from_toml = |error: toml::de::Error| {
            let message = error.message().trim_end().replace('\n', ", ");
            invalid(error.span().unwrap_or(0..0), message)
        };
        let table = DeTable::parse(text).map_err(from_toml)?;
        if let Some((span, message)) =
            unknown_key(table.get_ref()).or_else(|| useless(table.get_ref()))
        {
            return Err(invalid(span, message));
        }
        let mut config: Self = toml::from_str(text).map_err(from_toml)?;
        let lines = ignores(table.get_ref()).map(|entry| line_column(text, entry.span().start).0);
        config.ignore.iter_mut().zip(lines).for_each(|(ignore, line)| ignore.line = line);
        Ok(config)
    }

    /// Paths are meant from where they are written.
    fn resolve_from(&mut self, folder: &Path) {
        let resolved = self.from.as_slice().iter().map(|from| {
            // A name that is no Unicode cannot stand in TOML, but its folder can have one.
            folder.join(from).to_str().map_or_else(|| from.clone(), str::to_owned)
        });
        self.from = OneOrMore::More(resolved.collect());
    }
}

/// The first key that means nothing, and what may be meant.
fn unknown_key(table: &DeTable<'_>) -> Option<(Range<usize>, String)> {
    let own = unknown_in(table, KEYS, "");
    let ignored = ignores(table).find_map(|entry| match entry.get_ref() {
        DeValue::Table(table) => unknown_in(table, IGNORE_KEYS, " of `ignore`"),
        _ => None,
    });
    let audit = table.get("audit").and_then(|value| match value.get_ref() {
        DeValue::Table(table) => unknown_in(table, AUDIT_KEYS, " of `audit`"),
        _ => None,
    });
    own.or(ignored).or(audit)
}

/// The entries of `ignore`.
fn ignores<'t, 'd>(table: &'t DeTable<'d>) -> impl Iterator<Item = &'t Spanned<DeValue<'d>>> {
    let list = table.get("ignore").and_then(|value| match value.get_ref() {
        DeValue::Array(list) => Some(list),
        _ => None,
    });
    list.into_iter().flat_map(|list| list.iter())
}

/// The first value that TOML takes and that says nothing, or not what it seems to.
fn useless(table: &DeTable<'_>) -> Option<(Range<usize>, String)> {
    let from = table.get("from").and_then(|from| {
        names_nothing(from).then(|| {
            let message = "`from` names no recording: name a folder or a file, or take the key out \
                           to ask the live cloud";
            (from.span(), message.to_owned())
        })
    });
    let networks = table.get("networks").and_then(|networks| match networks.get_ref() {
        DeValue::Table(table) => table.iter().find_map(|(name, cidrs)| {
            let name_is_taken = taken(name.get_ref()).map(|why| (name.span(), why));
            let nothing = || {
                let message = format!("the network `{}` has no CIDR", name.get_ref());
                names_nothing(cidrs).then(|| (cidrs.span(), message))
            };
            name_is_taken.or_else(nothing)
        }),
        _ => Some((
            networks.span(),
            "`networks` is a table of names with their CIDRs: office = \"198.51.100.0/24\""
                .to_owned(),
        )),
    });
    let ignore = table.get("ignore").and_then(|ignore| {
        let odd = match ignore.get_ref() {
            DeValue::Array(list) => {
                list.iter().find(|entry| !matches!(entry.get_ref(), DeValue::Table(_)))?
            }
            _ => ignore,
        };
        let message = "each `[[ignore]]` is a table with `check`, `reason` and `until`";
        Some((odd.span(), message.to_owned()))
    });
    let reason = ignores(table).find_map(|entry| match entry.get_ref() {
        DeValue::Table(table) => table.get("reason").filter(|reason| names_nothing(reason)),
        _ => None,
    });
    let reason = reason.map(|reason| {
        let message = "`reason` says nothing: whoever reads it next year wants to know why";
        (reason.span(), message.to_owned())
    });
    from.or(networks).or(ignore).or(reason)
}

/// An empty text, an empty list, or a list with an empty text.
fn names_nothing(value: &Spanned<DeValue<'_>>) -> bool {
    match value.get_ref() {
        DeValue::String(text) => text.trim().is_empty(),
        DeValue::Array(list) => list.is_empty() || list.iter().any(names_nothing),
        _ => false,
    }
}

/// Why a network cannot have this name, where SOURCE and DESTINATION mean something else by it.
fn taken(name: &str) -> Option<String> {
    let means = if name.is_empty() {
        "nothing"
    } else if name.eq_ignore_ascii_case("internet") {
        "everything public outside the estate"
    } else if name.parse::<IpAddr>().is_ok()
        || name.split_once('/').is_some_and(|(a, _)| a.parse::<IpAddr>().is_ok())
    {
        "the address itself"
    } else if name.contains(['*', '?']) {
        "every name that it matches"
    } else if name.starts_with("tag:") {
        "whatever has the tag"
    } else {
        return None;
    };
    Some(format!("no network can be called `{name}`, which means {means}: give it another name"))
}

fn unknown_in(table: &DeTable<'_>, known: &[&str], of: &str) -> Option<(Range<usize>, String)> {
    let (key, _) = table.iter().find(|(key, _)| !known.contains(&key.get_ref().as_ref()))?;
    let name = key.get_ref().as_ref();
    let advice = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys{of} are {}", known.join(", ")),
    };
    Some((key.span(), format!("unknown key `{name}`{of}: {advice}")))
}

/// The known word that is most like one, if any is.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    known
        .iter()
        .map(|near| (strsim::damerau_levenshtein(&word, near), *near))
        .min()
        .filter(|(distance, near)| *distance <= near.len().div_ceil(3))
        .map(|(_, near)| near)
}

#[cfg(test)]
mod tests;
