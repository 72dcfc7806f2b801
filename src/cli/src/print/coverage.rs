//! What an answer rests on.

use std::collections::BTreeMap;

use cloudfw_estate::Coverage;
use cloudfw_estate::answer::ScopeCoverage;

use super::style::{DIM, MIXED};
use super::{Text, words};

/// So many accounts and Regions are named; beyond that they are counted.
const NAMED: usize = 3;

/// The coverage of an answer; with its warnings where all is to be said.
pub(crate) fn write(coverage: &Coverage, verbose: bool, width: usize, out: &mut String) {
    let read = coverage.scopes.iter().filter(|scope| !scope.read.is_empty());
    let read: Vec<String> = read.map(scope).collect();
    let mut text = Text::styled(DIM, words::plural(coverage.documents, "document"));
    if read.len() > NAMED {
        let many = format!(", {} accounts and regions", read.len());
        text = text.then_styled(DIM, many);
    } else if !read.is_empty() {
        text = text.then_styled(DIM, format!(", {}", words::list(&read)));
    }
    for (how, kinds) in not_read(coverage) {
        text = text.then_styled(DIM, format!("; {how}: {}", kinds.join(", ")));
    }
    let warnings = coverage.warnings.len() + coverage.more_warnings;
    if warnings > 0 && !verbose {
        text = text
            .then_styled(DIM, "; ")
            .then_styled(MIXED, words::plural(warnings, "warning"))
            .then_styled(DIM, " (-v shows them)");
    }
    Text::styled(DIM, "coverage: ").and(text).wrap(2, width, out);
    if verbose {
        warn(coverage, width, out);
    }
}

fn warn(coverage: &Coverage, width: usize, out: &mut String) {
    for warning in &coverage.warnings {
        let body = Text::of(&warning.what)
            .then(": ")
            .then(&warning.why)
            .then("  ")
            .then_styled(DIM, &warning.place);
        Text::styled(MIXED, "warning: ").lead(&body, width, out);
    }
    if coverage.more_warnings > 0 {
        let more = format!("… and {} more", coverage.more_warnings);
        Text::styled(MIXED, more).wrap(2, width, out);
    }
    let (hidden, files): (Vec<_>, Vec<_>) =
        coverage.other_files.iter().cloned().partition(|name| name.ends_with('/'));
    if !hidden.is_empty() {
        let text = format!("hidden folders, so not read: {}", hidden.join(", "));
        Text::styled(DIM, text).wrap(2, width, out);
    }
    if !files.is_empty() {
        let mut names = files.join(", ");
        if coverage.more_other_files > 0 {
            names = format!("{names} and {} more", coverage.more_other_files);
        }
        let text = Text::styled(DIM, "no documents, so not read: ").then_styled(DIM, names);
        text.wrap(2, width, out);
    }
}

/// `111122223333 eu-central-1 (read 2026-11-03T09:10:00Z)`.
fn scope(scope: &ScopeCoverage) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(scope.account.clone());
    parts.extend(scope.region.clone());
    if parts.is_empty() {
        parts.push("an account that is not named".to_owned());
    }
    parts.extend(scope.last_read.as_ref().map(|time| format!("(read {time})")));
    parts.join(" ")
}

/// The kinds that were not read, by how that came about; each once, whatever the Region.
fn not_read(coverage: &Coverage) -> Vec<(String, Vec<String>)> {
    let mut by_outcome: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut add = |outcome, kind: &String| {
        let kinds = by_outcome.entry(outcome).or_default();
        if !kinds.contains(kind) {
            kinds.push(kind.clone());
        }
    };
    for scope in &coverage.scopes {
        scope.not_read.iter().for_each(|kind| add(kind.outcome, &kind.kind));
        scope.assumed_none.iter().for_each(|kind| add("assumed none", kind));
    }
    // What a call was refused for comes first; what nobody asked for last.
    let order =
        ["denied", "failed", "throttled", "incomplete", "unsupported", "absent", "assumed none"];
    let named = |outcome: &str| match outcome {
        "absent" => "not in the recording".to_owned(),
        other => other.to_owned(),
    };
    let found = order
        .into_iter()
        .filter_map(|outcome| by_outcome.remove(outcome).map(|kinds| (named(outcome), kinds)));
    found.collect()
}
