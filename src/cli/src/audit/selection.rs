//! Which checks are asked.

use cloudfw_rules::frameworks::{Edition, edition, editions};
use cloudfw_rules::{Check, check, checks};

use crate::error::Error;

/// The checks that an audit asks, and the frameworks that it assesses.
#[derive(Debug)]
pub(crate) struct Selection {
    /// In the order of the catalogue.
    pub(crate) checks: Vec<&'static Check>,
    /// As they were named.
    pub(crate) editions: Vec<Edition>,
}

impl Selection {
    /// The checks of these names, or all; of frameworks, those that bear on them too.
    ///
    /// # Errors
    ///
    /// [`Error::NoCheck`] and [`Error::NoFramework`], with what may be meant.
    pub(crate) fn new(names: &[String], frameworks: &[String]) -> Result<Self, Error> {
        let editions =
            frameworks.iter().map(|name| edition_called(name)).collect::<Result<Vec<_>, _>>()?;
        if names.is_empty() && editions.is_empty() {
            return Ok(Self { checks: checks().collect(), editions });
        }
        let mut wanted: Vec<&str> = Vec::new();
        for name in names {
            wanted.extend(checks_called(name)?.iter().map(|check| check.id));
        }
        for edition in &editions {
            wanted.extend(edition.checks().iter().map(|check| check.id));
        }
        let checks = checks().filter(|check| wanted.contains(&check.id)).collect();
        Ok(Self { checks, editions })
    }
}

/// The check of an id.
///
/// # Errors
///
/// [`Error::NoCheck`].
pub(crate) fn check_called(name: &str) -> Result<&'static Check, Error> {
    check(name).ok_or_else(|| no_check(name))
}

/// The framework's edition of a name.
///
/// # Errors
///
/// [`Error::NoFramework`].
fn edition_called(name: &str) -> Result<Edition, Error> {
    edition(name).ok_or_else(|| {
        let known: Vec<String> = editions().collect();
        let near = nearest(name, known.iter().map(String::as_str));
        Error::NoFramework { name: name.to_owned(), near, known: known.join(", ") }
    })
}

fn checks_called(name: &str) -> Result<Vec<&'static Check>, Error> {
    if !name.contains(['*', '?']) {
        return Ok(vec![check_called(name)?]);
    }
    let glob = wildmatch::WildMatch::new(name);
    let found: Vec<_> = checks().filter(|check| glob.matches(check.id)).collect();
    if found.is_empty() { Err(no_check(name)) } else { Ok(found) }
}

fn no_check(name: &str) -> Error {
    let near = nearest(name, checks().map(|check| check.id));
    Error::NoCheck { name: name.to_owned(), near }
}

/// The name that is most like a word, if any is.
pub(super) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase().replace('_', "-");
    let found = names.map(|name| (strsim::jaro_winkler(&word, name), name));
    let best = found.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 > 0.75).then(|| best.1.to_owned())
}
