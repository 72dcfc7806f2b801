//! The tables that say of every statement about a cloud which scenario holds it, and what scenarios
//! expect beside verdicts: `failing.toml`, `says.toml` and `error.txt`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test: what fails here is reported as its failure"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cloudfw_core::Fraction;
use cloudfw_estate::answer::{Answer, Outcome};
use cloudfw_estate::query::read_queries;
use cloudfw_estate::{Estate, OpenOptions, parse_assume_none};

/// A cloud that has statements and scenarios.
struct Cloud {
    /// What its folder in `testdata` is called.
    folder: &'static str,
    /// What its statements begin with.
    prefix: &'static str,
    /// Where the table is.
    table: &'static str,
    /// Its statements, without gaps in between; their numbers have some.
    statements: &'static [(u32, u32)],
    /// What else a table row is about.
    others: &'static [&'static str],
    /// Scenarios that are about no statement and no fault in particular.
    unnamed: &'static [&'static str],
}

const CLOUDS: [Cloud; 2] = [
    Cloud {
        folder: "aws",
        prefix: "AWS-",
        table: "testdata/aws/README.md",
        statements: &[(1, 18), (20, 25), (30, 45), (50, 51), (60, 67), (68, 74)],
        others: &["AWS-67a", "T-11", "T-12"],
        unnamed: &["demo", "exposure", "three-tier"],
    },
    Cloud {
        folder: "azure",
        prefix: "AZ-",
        table: "providers/azure/README.md",
        statements: &[(1, 21), (30, 34), (40, 43), (50, 56), (60, 64), (70, 76), (80, 80)],
        others: &["T-1", "T-2", "T-3", "T-8", "T-9", "T-10"],
        unnamed: &[],
    },
];

#[test]
fn every_statement_has_a_row_and_every_row_a_folder_that_exists() {
    for cloud in CLOUDS {
        let table = cloud.table();
        let numbered = cloud.statements.iter().flat_map(|&(first, last)| first..=last);
        let statements = numbered.map(|number| format!("{}{number}", cloud.prefix));
        let mut wrong: Vec<String> = statements
            .chain(cloud.others.iter().map(|&statement| statement.to_owned()))
            .filter(|statement| !table.contains_key(statement))
            .map(|statement| format!("{statement} has no row"))
            .collect();
        for (statement, cell) in &table {
            if cell.is_empty() {
                wrong.push(format!("{statement} says neither where it is held nor why it is not"));
            }
            let missing = folders_in(cell).into_iter().filter(|name| !cloud.has(name));
            wrong.extend(
                missing.map(|name| format!("{statement} names `{name}`, which is no folder")),
            );
        }
        assert!(wrong.is_empty(), "{}:\n{}", cloud.table, wrong.join("\n"));
    }
}

#[test]
fn every_folder_named_for_a_statement_stands_in_its_row() {
    for cloud in CLOUDS {
        let table = cloud.table();
        let mut wrong = Vec::new();
        for folder in cloud.folders() {
            let name = name(&folder);
            for statement in cloud.statements_of(&name) {
                let cell = table.get(&statement).map(String::as_str).unwrap_or_default();
                if !folders_in(cell).contains(name.as_str()) {
                    wrong.push(format!("{statement} does not name `{name}`"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}:\n{}", cloud.table, wrong.join("\n"));
    }
}

#[test]
fn every_folder_of_the_readme_exists_and_every_scenario_stands_in_it() {
    for cloud in CLOUDS {
        let text = cloud.readme();
        let named: BTreeSet<&str> = text.lines().flat_map(folders_in).collect();
        let absent: Vec<_> = named.iter().filter(|name| !cloud.has(name)).collect();
        assert!(absent.is_empty(), "{}: named, and not there: {absent:?}", cloud.table);
        let mut unnamed: Vec<String> = cloud.folders().iter().map(|folder| name(folder)).collect();
        unnamed.retain(|name| {
            !named.contains(name.as_str()) && !cloud.unnamed.contains(&name.as_str())
        });
        assert!(unnamed.is_empty(), "{}: there, and not named: {unnamed:?}", cloud.table);
    }
}

#[test]
fn the_shares_of_failing_connections_are_those_deduced() {
    let mut wrong = Vec::new();
    for folder in folders() {
        let expected = toml_of(&folder, "failing.toml");
        let answers = if expected.is_empty() { BTreeMap::new() } else { answers(&folder) };
        for (query, share) in expected {
            let share = share.as_str().and_then(fraction).expect("a fraction in failing.toml");
            let found: Vec<String> = match answers.get(&query) {
                Some(Outcome::Answered(answer)) => shares(answer)
                    .iter()
                    .filter(|it| !equal(it, &share))
                    .map(Fraction::to_string)
                    .collect(),
                Some(Outcome::Failed(failure)) => vec![failure.error.clone()],
                None => vec!["no such query".to_owned()],
            };
            if !found.is_empty() {
                let name = name(&folder);
                wrong
                    .push(format!("{name}: `{query}`: {share} fail, found {}", found.join(" to ")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn answers_name_what_they_have_to() {
    let mut wrong = Vec::new();
    for folder in folders() {
        let mut expected = toml_of(&folder, "says.toml");
        // An answer that is known to be wrong names what is wrong with it.
        let known = fs::read_to_string(folder.join("known-wrong.toml")).unwrap_or_default();
        expected.retain(|query, _| !known.contains(&format!("query = \"{query}\"\n")));
        let answers = if expected.is_empty() { BTreeMap::new() } else { answers(&folder) };
        for (query, words) in expected {
            let text = match answers.get(&query) {
                Some(Outcome::Answered(answer)) => told(answer),
                Some(Outcome::Failed(failure)) => failure.error.clone(),
                None => String::new(),
            };
            let words = words.as_array().expect("a list in says.toml").iter();
            let missing: Vec<&str> =
                words.filter_map(toml::Value::as_str).filter(|word| !text.contains(word)).collect();
            if !missing.is_empty() {
                wrong.push(format!("{}: `{query}` does not say {missing:?}", name(&folder)));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn recordings_that_cannot_be_opened_say_where_and_why() {
    let mut wrong = Vec::new();
    for folder in folders() {
        let Ok(pieces) = fs::read_to_string(folder.join("error.txt")) else { continue };
        let name = name(&folder);
        match Estate::open(&[folder], &OpenOptions::default()) {
            Ok(_) => wrong.push(format!("{name} was opened")),
            Err(error) => {
                let error = error.to_string();
                let missing: Vec<&str> =
                    pieces.lines().filter(|piece| !error.contains(piece)).collect();
                if !missing.is_empty() {
                    wrong.push(format!("{name} does not say {missing:?}: {error}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

impl Cloud {
    /// The last cell of each row that is about a statement, by statement.
    fn table(&self) -> BTreeMap<String, String> {
        let mut table = BTreeMap::new();
        for line in self.readme().lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let ["", statement, _, held_by, ""] = cells.as_slice() else { continue };
            if statement.starts_with(self.prefix) || statement.starts_with("T-") {
                let before = table.insert((*statement).to_owned(), (*held_by).to_owned());
                assert!(before.is_none(), "two rows for {statement}");
            }
        }
        table
    }

    fn readme(&self) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(self.table);
        fs::read_to_string(path).expect("README.md")
    }

    /// The statements that a folder is named for: `aws-11-70-…` for AWS-11 and AWS-70.
    fn statements_of(&self, name: &str) -> Vec<String> {
        if let Some(trap) = name.strip_prefix("trap-t") {
            let number = trap.trim_start_matches('-').split('-').next().unwrap_or_default();
            let is_number = number.parse::<u32>().is_ok();
            return if is_number { vec![format!("T-{number}")] } else { Vec::new() };
        }
        let Some(rest) = name.strip_prefix(&self.prefix.to_ascii_lowercase()) else {
            return Vec::new();
        };
        let is_number = |part: &&str| part.starts_with(|c: char| c.is_ascii_digit());
        let numbers = rest.split('-').take_while(is_number);
        numbers.map(|number| format!("{}{}", self.prefix, number.trim_start_matches('0'))).collect()
    }

    fn has(&self, folder: &str) -> bool {
        self.testdata().join(folder).is_dir()
    }

    /// The scenario folders, in order.
    fn folders(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.testdata()).expect("testdata can be read");
        let mut folders: Vec<PathBuf> =
            entries.map(|entry| entry.expect("an entry").path()).collect();
        folders.retain(|path| path.is_dir());
        folders.sort();
        folders
    }

    fn testdata(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(self.folder)
    }
}

/// The folders that a line of the README names: what stands in backticks, but for files and words.
fn folders_in(line: &str) -> BTreeSet<&str> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter(|word| word.contains('-') && !word.contains([' ', '.', '*', '/'])).collect()
}

fn answers(folder: &Path) -> BTreeMap<String, Outcome> {
    let queries = fs::read_to_string(folder.join("queries.txt")).expect("queries.txt");
    let said = queries.lines().find_map(|line| line.strip_prefix("# assume-none:"));
    let kinds = said.unwrap_or("all").split_whitespace().filter(|kind| *kind != "nothing");
    let assume_none = parse_assume_none(kinds).expect("kinds");
    let estate =
        Estate::open(&[folder.to_owned()], &OpenOptions { assume_none, ..OpenOptions::default() })
            .expect("opens");
    let inquiry = estate.inquiry();
    let lines = read_queries(&queries);
    lines.iter().map(|line| (line.text.clone(), inquiry.answer_line(line))).collect()
}

/// An answer without its question and its coverage, which name things of their own.
fn told(answer: &Answer) -> String {
    let unescaped = |text: String| text.replace("\\\"", "\"");
    unescaped(serde_json::to_string(&answer.answers).expect("an answer is JSON"))
}

fn shares(answer: &Answer) -> Vec<Fraction> {
    let replies = answer.answers.iter().filter_map(|pair| pair.reply.as_ref());
    replies.flat_map(|reply| [reply.failing.at_least, reply.failing.at_most]).collect()
}

fn equal(one: &Fraction, other: &Fraction) -> bool {
    one.part * other.whole == other.part * one.whole
}

fn fraction(text: &str) -> Option<Fraction> {
    let (part, whole) = text.split_once('/')?;
    Some(Fraction { part: part.parse().ok()?, whole: whole.parse().ok()? })
}

fn toml_of(folder: &Path, file: &str) -> toml::Table {
    let Ok(text) = fs::read_to_string(folder.join(file)) else { return toml::Table::new() };
    text.parse().unwrap_or_else(|error| panic!("{}/{file}: {error}", folder.display()))
}

fn name(folder: &Path) -> String {
    folder.file_name().expect("a name").to_string_lossy().into_owned()
}

/// The scenario folders of all clouds.
fn folders() -> Vec<PathBuf> {
    CLOUDS.iter().flat_map(Cloud::folders).collect()
}
