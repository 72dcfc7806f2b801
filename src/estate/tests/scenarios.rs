//! Every folder `testdata/<provider>/<scenario>/`: its documents, asked its `queries.txt`.
//!
//! The answers are compared with `expected.json` (`{"web db:5432": "intermittent", …}`, a verdict
//! for every query) where the folder has one, else with the snapshot `answers.snap` beside the
//! documents, which is made and reviewed with `cargo insta`. A new scenario needs no Rust.
//!
//! Scenarios are opened as with `--assume-none all`, unless a line `# assume-none: nothing` (or the
//! names of kinds) in `queries.txt` says otherwise. Answers that are known to be wrong stand in
//! `known-wrong.toml`, each with its reason; one that becomes right fails until its entry goes:
//!
//! ```toml
//! [[wrong]]
//! query = "web db:5432"
//! right = "intermittent"
//! found = "unknown"       # where only this wrong answer will do
//! reason = "…"
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test: what fails here is reported as its failure"
)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use cloudfw_estate::answer::{Outcome, Pair, Step};
use cloudfw_estate::query::read_queries;
use cloudfw_estate::{Estate, OpenOptions, parse_assume_none};

/// A query whose answer is known to be wrong.
struct Wrong {
    right: Option<String>,
    found: Option<String>,
    reason: String,
}

#[test]
fn every_scenario_is_answered_as_expected() {
    let mut failures = Vec::new();
    for folder in scenarios() {
        let outcome = std::panic::catch_unwind(|| check(&folder));
        match outcome {
            Ok(wrong) => failures.extend(wrong),
            Err(_) => failures.push(format!("{}: see above", folder.display())),
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// What is wrong with the answers of one scenario.
fn check(folder: &Path) -> Vec<String> {
    let queries = fs::read_to_string(folder.join("queries.txt")).expect("queries.txt");
    let options = OpenOptions { assume_none: assumed(&queries), ..OpenOptions::default() };
    let estate = match Estate::open(&[folder.to_owned()], &options) {
        Ok(estate) => estate,
        Err(error) => return vec![format!("{}: {error}", folder.display())],
    };
    let inquiry = estate.inquiry();
    let answers: Vec<(String, Outcome)> = read_queries(&queries)
        .iter()
        .map(|line| (line.text.clone(), inquiry.answer_line(line)))
        .collect();
    let wrong = known_wrong(folder);
    match fs::read_to_string(folder.join("expected.json")) {
        Ok(expected) => compare(folder, &answers, &expected, &wrong),
        Err(_) => {
            snapshot(folder, &answers);
            compare_known_wrong(folder, &answers, &wrong)
        }
    }
}

fn compare(
    folder: &Path,
    answers: &[(String, Outcome)],
    expected: &str,
    wrong: &BTreeMap<String, Wrong>,
) -> Vec<String> {
    let expected: BTreeMap<String, String> =
        serde_json::from_str(expected).expect("expected.json maps queries to verdicts");
    let mut failures = Vec::new();
    let mut fail = |query: &str, what: String| {
        failures.push(format!("{}: `{query}`: {what}", folder.display()));
    };
    for (query, outcome) in answers {
        let verdict = verdict(outcome);
        match (expected.get(query), wrong.get(query)) {
            (None, _) => fail(query, "not in expected.json".to_owned()),
            (Some(right), None) if *right != verdict => {
                fail(query, format!("expected {right}, found {}", summary(outcome)));
            }
            (Some(right), Some(_)) if *right == verdict => {
                fail(query, "became right: take it out of known-wrong.toml".to_owned());
            }
            (Some(right), Some(Wrong { found: Some(found), .. })) if *found != verdict => {
                fail(query, format!("{right} is right, {found} known, found {}", summary(outcome)));
            }
            _ => {}
        }
    }
    for query in expected.keys().filter(|query| !answers.iter().any(|(text, _)| text == *query)) {
        fail(query, "in expected.json, but not in queries.txt".to_owned());
    }
    failures
}

/// Where a snapshot says what is found, `known-wrong.toml` says what would be right.
fn compare_known_wrong(
    folder: &Path,
    answers: &[(String, Outcome)],
    wrong: &BTreeMap<String, Wrong>,
) -> Vec<String> {
    let became_right = |(query, known): (&String, &Wrong)| {
        let found = answers.iter().find(|(text, _)| text == query);
        let place = folder.display();
        match found {
            None => Some(format!("{place}: `{query}` of known-wrong.toml is not in queries.txt")),
            Some((_, outcome)) if known.right.as_deref() == Some(&*verdict(outcome)) => {
                Some(format!("{place}: `{query}` became right: take it out of known-wrong.toml"))
            }
            Some(_) => None,
        }
    };
    wrong.iter().filter_map(became_right).collect()
}

fn known_wrong(folder: &Path) -> BTreeMap<String, Wrong> {
    let Ok(text) = fs::read_to_string(folder.join("known-wrong.toml")) else {
        return BTreeMap::new();
    };
    let table: toml::Table = text.parse().expect("known-wrong.toml is TOML");
    let entries = table.get("wrong").and_then(toml::Value::as_array).expect("[[wrong]] entries");
    let text = |entry: &toml::Value, name: &str| {
        entry.get(name).and_then(toml::Value::as_str).map(str::to_owned)
    };
    let entry = |entry| {
        let query = text(entry, "query").expect("an entry names its `query`");
        let reason = text(entry, "reason").expect("an entry says its `reason`");
        (query, Wrong { right: text(entry, "right"), found: text(entry, "found"), reason })
    };
    let entries: BTreeMap<String, Wrong> = entries.iter().map(entry).collect();
    for (query, wrong) in &entries {
        assert!(!wrong.reason.is_empty(), "`{query}` in known-wrong.toml has no reason");
    }
    entries
}

fn assumed(queries: &str) -> cloudfw_estate::AssumeNone {
    let said = queries.lines().find_map(|line| line.strip_prefix("# assume-none:"));
    let kinds = said.unwrap_or("all").split([',', ' ']).filter(|kind| !kind.is_empty());
    parse_assume_none(kinds.filter(|kind| *kind != "nothing")).expect("kinds")
}

fn snapshot(folder: &Path, answers: &[(String, Outcome)]) {
    let mut text = String::new();
    for (query, outcome) in answers {
        writeln!(text, "{query}\n{}", summary(outcome)).unwrap();
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("answers", text));
}

fn verdict(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(answer) => answer.verdict.to_string(),
        Outcome::Failed(_) => "error".to_owned(),
    }
}

/// An answer in a few lines: what decides it, not all of its trace.
fn summary(outcome: &Outcome) -> String {
    let answer = match outcome {
        Outcome::Answered(answer) => answer,
        Outcome::Failed(failure) => return format!("  error: {}\n", failure.error),
    };
    let symptom = answer.symptom.map_or_else(|| "differs".to_owned(), |it| it.to_string());
    let mut text = format!("  {} ({symptom})\n", answer.verdict);
    for pair in &answer.answers {
        pair_summary(pair, &mut text);
    }
    text
}

fn pair_summary(pair: &Pair, text: &mut String) {
    let end = |end: &cloudfw_estate::answer::End| {
        let dialled = end.dialled.as_ref().map(|at| format!(" dialled {at}")).unwrap_or_default();
        let name = end.name.as_ref().unwrap_or(&end.id);
        format!("{name} {}{dialled}", end.addresses.join(" "))
    };
    let (source, destination) = (end(&pair.source), end(&pair.destination));
    writeln!(text, "    {source} -> {destination}: {}", pair.verdict).unwrap();
    if let Some(reply) = &pair.reply {
        let (least, most) = (reply.failing.at_least, reply.failing.at_most);
        let gap = reply.gap.as_ref().map(|gap| format!(", gap {gap}")).unwrap_or_default();
        let (client, range) = (&reply.client, &reply.range);
        writeln!(text, "      client {client} {range}: {least} to {most} fail{gap}").unwrap();
    }
    for step in &pair.blockers {
        writeln!(text, "      blocked: {}", step_summary(step)).unwrap();
    }
    for unknown in &pair.unknowns {
        writeln!(text, "      unknown: {}: {}", unknown.what, unknown.why).unwrap();
    }
}

fn step_summary(step: &Step) -> String {
    let leg = serde_json::to_value(step.leg).unwrap();
    let reason = serde_json::to_value(step.reason).unwrap();
    let rule = match &step.rule {
        Some(rule) => rule.text.clone(),
        None => format!("{} {}", step.kind, step.id),
    };
    let line = step.rule.as_ref().and_then(|rule| rule.origin.line);
    let line = line.map(|line| format!(" line {line}")).unwrap_or_default();
    let code = step.code.map(|code| format!(" {code}")).unwrap_or_default();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    format!("{} {} ({}{line}{code})", word(&leg), rule, word(&reason))
}

/// The folders with a `queries.txt`, in order.
fn scenarios() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    let folders = |path: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(path).expect("testdata can be read");
        let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.is_dir());
        found.sort();
        found
    };
    let scenarios =
        folders(&root).iter().flat_map(|provider| folders(provider)).collect::<Vec<_>>();
    let asked = |path: &PathBuf| path.join("queries.txt").is_file();
    let scenarios: Vec<PathBuf> = scenarios.into_iter().filter(asked).collect();
    assert!(!scenarios.is_empty(), "testdata has scenarios");
    scenarios
}
