//! `cloudfw.toml`: what the user would otherwise say on every command line.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};

use cloudfw_core::{excerpt, line_column};
use serde::Deserialize;
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
    pub(crate) fail_on: Option<Severity>,
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
    /// The check.
    pub(crate) check: String,
    /// The resources, as SOURCE and DESTINATION are named; without it all of them.
    pub(crate) resource: Option<String>,
    /// Why it is accepted.
    pub(crate) reason: String,
    /// The last day on which it is: `2027-06-30`.
    pub(crate) until: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Nothing to do about.
    Info,
    /// A weakness that nothing can use as things are.
    Low,
    /// To be mended.
    Medium,
    /// To be mended soon.
    High,
    /// To be mended now.
    Critical,
}

/// The keys of a table, and those of the tables in its lists.
const KEYS: &[&str] = &["from", "networks", "ignore", "assume-none", "client", "fail-on"];
const IGNORE_KEYS: &[&str] = &["check", "resource", "reason", "until"];

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
        toml::from_str(text).map_err(from_toml)
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
    let ignores = table.get("ignore").and_then(|value| match value.get_ref() {
        DeValue::Array(list) => Some(list),
        _ => None,
    });
    let inner =
        ignores.into_iter().flat_map(|list| list.iter()).find_map(|entry| match entry.get_ref() {
            DeValue::Table(table) => unknown_in(table, IGNORE_KEYS, " of `ignore`"),
            _ => None,
        });
    own.or(inner)
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
    from.or(networks).or(ignore)
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
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("cloudfw.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn all_keys() {
        let config = parse(
            r#"
            from = ["prod", "shared"]
            assume-none = "all"
            client = "windows"
            fail-on = "high"
            [networks]
            office = "198.51.100.0/24"
            partners = ["192.0.2.0/25", "2001:db8:1::/48"]
            [[ignore]]
            check = "aws-open-ssh"
            resource = "bastion-*"
            reason = "the way in"
            until = "2027-06-30"
            "#,
        )
        .unwrap();
        assert_eq!(config.from.as_slice(), ["prod", "shared"]);
        assert_eq!(config.assume_none.as_slice(), ["all"]);
        assert_eq!(config.fail_on, Some(Severity::High));
        assert_eq!(config.networks["partners"].as_slice().len(), 2);
        assert_eq!(config.ignore[0].reason, "the way in");
        assert_eq!(parse(""), Ok(Config::default()));
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_place_and_the_nearest_known_one() {
        insta::assert_snapshot!(parse("client = \"any\"\nassume_none = \"all\"\n").unwrap_err(), @r#"
        cloudfw.toml:2:1: unknown key `assume_none`: did you mean `assume-none`?
        2 | assume_none = "all"
          | ^^^^^^^^^^^
        "#);
        insta::assert_snapshot!(parse("[[ignore]]\ncheck = \"x\"\n  untill = \"y\"").unwrap_err(), @r#"
        cloudfw.toml:3:3: unknown key `untill` of `ignore`: did you mean `until`?
        3 | untill = "y"
          | ^^^^^^
        "#);
        insta::assert_snapshot!(parse("colour = true").unwrap_err(), @r"
        cloudfw.toml:1:1: unknown key `colour`: the keys are from, networks, ignore, assume-none, client, fail-on
        1 | colour = true
          | ^^^^^^
        ");
    }

    #[test]
    fn a_bad_value_is_an_error_with_its_place() {
        insta::assert_snapshot!(parse("from = 7").unwrap_err(), @r"
        cloudfw.toml:1:8: expected a text or a list of texts
        1 | from = 7
          |        ^
        ");
        insta::assert_snapshot!(parse("fail-on = \"bad\"").unwrap_err(), @r#"
        cloudfw.toml:1:11: unknown variant `bad`, expected one of `info`, `low`, `medium`, `high`, `critical`
        1 | fail-on = "bad"
          |           ^^^^^
        "#);
        insta::assert_snapshot!(parse("from = [").unwrap_err(), @r"
        cloudfw.toml:1:9: unclosed array, expected `]`
        1 | from = [
          |         ^
        ");
    }

    #[test]
    fn what_says_nothing_is_an_error_in_the_users_words() {
        for (text, said) in [
            ("from = []", "`from` names no recording"),
            ("from = \"\"", "take the key out to ask the live cloud"),
            ("from = [\"prod\", \"\"]", "`from` names no recording"),
            ("networks = \"office\"", "`networks` is a table of names"),
            ("[networks]\noffice = []", "cloudfw.toml:2:10: the network `office` has no CIDR"),
            ("[networks]\nInternet = \"10.0.0.0/8\"", "means everything public outside the estate"),
            ("[networks]\n\"10.0.0.0/8\" = \"10.0.0.0/8\"", "means the address itself"),
            ("[networks]\n\"web-*\" = \"10.0.0.0/8\"", "means every name that it matches"),
            ("[networks]\n\"tag:a=b\" = \"10.0.0.0/8\"", "means whatever has the tag"),
            ("ignore = [\"x\"]", "each `[[ignore]]` is a table with `check`, `reason` and `until`"),
            ("ignore = \"x\"", "each `[[ignore]]` is a table"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(said) && error.contains('^'), "{text}: {error}");
        }
    }

    #[test]
    fn it_is_found_from_the_folder_upwards_and_its_paths_are_its_own() {
        let home = tempfile::tempdir().unwrap();
        let deep = home.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(home.path().join(NAME), "from = \"rec\"").unwrap();
        let config = Config::load(None, &deep).unwrap();
        assert_eq!(config.from.as_slice(), [home.path().join("rec").to_str().unwrap()]);
        let error = Config::load(Some(Path::new("no.toml")), &deep).unwrap_err();
        assert_eq!(error.to_string(), "cannot read `no.toml`");
    }

    #[test]
    fn the_published_schema_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/cloudfw.toml.json");
        let schema = schemars::schema_for!(Config);
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("CLOUDFW_UPDATE_SCHEMAS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(published, text, "run it with CLOUDFW_UPDATE_SCHEMAS=1");
    }

    #[test]
    fn the_lists_of_keys_are_those_of_the_schema() {
        let schema = serde_json::to_value(schemars::schema_for!(Config)).unwrap();
        let keys = |object: &serde_json::Value| -> std::collections::BTreeSet<String> {
            object["properties"].as_object().unwrap().keys().cloned().collect()
        };
        let own = |list: &[&str]| list.iter().map(|key| (*key).to_owned()).collect();
        assert_eq!(keys(&schema), own(KEYS));
        assert_eq!(keys(&schema["$defs"]["Ignore"]), own(IGNORE_KEYS));
    }
}
