//! A disagreement as a folder: a scenario of `testdata/aws` or `testdata/azure` where those can
//! hold it.
//!
//! Recordings tell neither the routes and firewalls that hosts have of their own, nor which port a
//! NAT gateway picked. What a folder does not hold is written into its `README.md`, and returned to be told.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use cloudfw_core::{Leg, Verdict};
use cloudfw_estate::answer::Outcome as Answered;
use cloudfw_estate::query::read_queries;
use cloudfw_estate::{AssumeNone, Estate, OpenOptions};
use serde_json::{Map, Value, json};

use super::compare::Disagreement;
use crate::kernel::plan::{Cause, Site};
use crate::kernel::probe::Outcome;
use crate::scenario::firewalls::{HostFirewall, Refusal};
use crate::scenario::{Cloud, HostRoute, Scenario};

/// What was written, and what it is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Whether it is a scenario for `testdata`.
    pub use_as: Use,
    /// What of the disagreement the files do not hold.
    pub lost: Vec<String>,
}

/// What a folder is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A scenario whose test fails until the product is mended.
    FailingScenario,
    /// A scenario whose test passes already: what differs, it does not hold.
    PassingScenario,
    /// Documents, and a question that they alone do not answer.
    Documents,
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FailingScenario => {
                "a scenario for the cloud's folder in testdata, whose test fails until cloudfw is \
                 mended: move it there under a name that says what it holds, and name it in the \
                 table of the statements"
            }
            Self::PassingScenario => {
                "a scenario for testdata, but its test passes already: it does not hold what \
                 differs, and a test of the mended part has to"
            }
            Self::Documents => {
                "no scenario for testdata: its documents alone do not show what differs, and a \
                 test of the mended part has to"
            }
        })
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}", self.use_as)?;
        self.lost.iter().try_for_each(|lost| write!(f, "\n  not in the files: {lost}"))
    }
}

/// Writes a folder, which must not be there yet: `estate.json` and `README.md`; for a scenario
/// also `queries.txt`, `expected.json` with the verdict of the kernel and, for what was dropped,
/// `says.toml` with the place and the rule.
///
/// # Errors
///
/// What the file system says, or cloudfw of the documents written.
pub fn write(
    folder: &Path,
    scenario: &Scenario,
    disagreement: &Disagreement,
) -> io::Result<Written> {
    fs::create_dir(folder)?;
    match scenario.cloud() {
        Cloud::Aws => fs::write(folder.join("estate.json"), pretty(&merged(scenario))?)?,
        Cloud::Azure => {
            for (name, document) in &scenario.documents {
                fs::write(folder.join(name), pretty(document)?)?;
            }
        }
    }
    let use_as = match disagreement.predicted.overlaid {
        true => Use::Documents,
        false => write_scenario(folder, disagreement)?,
    };
    let written = Written { use_as, lost: lost(scenario, disagreement) };
    let readme = readme(scenario.cloud(), disagreement, &written);
    fs::write(folder.join("README.md"), readme)?;
    Ok(written)
}

/// What recordings have no place for.
fn lost(scenario: &Scenario, disagreement: &Disagreement) -> Vec<String> {
    let route = |HostRoute { host, to, by }: &HostRoute| {
        format!("the host {host} has a route of its own: {to} by {by}")
    };
    let mut lost = Vec::new();
    if disagreement.predicted.overlaid && scenario.cloud() == Cloud::Azure {
        lost.push(
            "a machine that may forward hands on every packet as it came, and a peering without \
             access carries what rules of users let through"
                .to_owned(),
        );
    }
    if disagreement.predicted.overlaid {
        lost.extend(scenario.host_routes.iter().map(route));
        lost.extend(scenario.firewalls.iter().map(firewall));
    }
    if disagreement.predicted.pinned {
        let port = disagreement.question.port;
        lost.push(format!(
            "cloudfw was asked again of the port {port} alone, which the kernel's client dialled \
             from, with those of all NAT gateways set to it, which is what Linux picks; of other \
             ports the kernel says nothing"
        ));
    }
    lost
}

fn firewall(firewall: &HostFirewall) -> String {
    let refusal = |Refusal { protocol, ports: (low, high), from, how }: &Refusal| {
        let from = from.map_or(String::new(), |from| format!(" from {from}"));
        format!("{protocol} {low}-{high}{from} ({how:?})")
    };
    let refusals: Vec<String> = firewall.refusals.iter().map(refusal).collect();
    let interface = &firewall.interface;
    format!("the host behind {interface} refuses by itself: {}", refusals.join("; "))
}

fn write_scenario(folder: &Path, disagreement: &Disagreement) -> io::Result<Use> {
    let question = disagreement.question.to_string();
    let Disagreement { seed, compiler, predicted, seen, what, .. } = disagreement;
    let queries = format!(
        "# Found by the lab (seed {seed}, by the {compiler}); differs in: {what}.\n\
         # cloudfw: {predicted}\n# kernel: {seen}\n{question}\n"
    );
    fs::write(folder.join("queries.txt"), &queries)?;
    let found = ask(folder, &queries)?;
    let expected = expected(disagreement, found.verdict);
    fs::write(folder.join("expected.json"), pretty(&json!({ &question: expected.to_string() }))?)?;
    let words = words(disagreement);
    if !words.is_empty() {
        let says = "# Where the kernel's packet ended.";
        // Basic strings of TOML are JSON's.
        let line = format!("{says}\n{} = {}\n", Value::from(question), json!(words));
        fs::write(folder.join("says.toml"), line)?;
    }
    let holds = found.verdict == expected && words.iter().all(|word| found.told.contains(word));
    Ok(if holds { Use::PassingScenario } else { Use::FailingScenario })
}

/// cloudfw's answer to a folder, as the tests of `testdata/aws` ask it.
struct Found {
    verdict: Verdict,
    told: String,
}

fn ask(folder: &Path, queries: &str) -> io::Result<Found> {
    let options = OpenOptions { assume_none: AssumeNone::All, ..OpenOptions::default() };
    let estate = Estate::open(&[folder.to_owned()], &options).map_err(io::Error::other)?;
    let inquiry = estate.inquiry();
    let lines = read_queries(queries);
    match lines.first().map(|line| inquiry.answer_line(line)) {
        Some(Answered::Answered(answer)) => {
            let told = serde_json::to_string(&answer.answers).map_err(io::Error::other)?;
            Ok(Found { verdict: answer.verdict, told })
        }
        Some(Answered::Failed(failure)) => {
            Ok(Found { verdict: Verdict::Unknown, told: failure.error })
        }
        None => Err(io::Error::other("the question is no query")),
    }
}

/// The verdict that the kernel shows. Of a gateway that may pick many ports it shows one: that
/// some pass and some do not, it does not gainsay.
fn expected(disagreement: &Disagreement, found: Verdict) -> Verdict {
    match disagreement.seen.outcome {
        _ if disagreement.predicted.pinned && found == Verdict::Intermittent => found,
        Outcome::Connected => Verdict::Reachable,
        _ => Verdict::Unreachable,
    }
}

/// What an answer has to name: the list and the rule, or the place, where a packet ended.
fn words(disagreement: &Disagreement) -> Vec<String> {
    let dropped = &disagreement.seen.dropped;
    let there = dropped.iter().find(|(_, leg)| *leg == Leg::Forward);
    let Some((site, _)) = there.or_else(|| dropped.first()) else { return Vec::new() };
    if disagreement.seen.outcome == Outcome::Connected {
        return Vec::new();
    }
    let Site { cause, at, list, direction, rule } = site;
    match (cause, direction) {
        (Cause::Stateless, Some(direction)) => {
            vec![list.clone(), format!("{direction} {rule} deny")]
        }
        // Several that have an address are one place with all their names; some have no id.
        _ if at.contains('-') && !at.contains(' ') => vec![at.clone()],
        _ => Vec::new(),
    }
}

fn readme(cloud: Cloud, disagreement: &Disagreement, written: &Written) -> String {
    let cloud = match cloud {
        Cloud::Aws => "",
        Cloud::Azure => "--cloud azure ",
    };
    let Disagreement { seed, compiler, question, predicted, seen, what } = disagreement;
    let mut text = format!(
        "# A disagreement that the lab found\n\n\
         Seed {seed}, in namespaces made from the {compiler}, reduced to what it takes:\n\n    \
         cloudfw-lab fuzz {cloud}--seed {seed} --scenarios 1 --to DIR\n\n\
         | | |\n|---|---|\n\
         | question | `{question}` |\n\
         | cloudfw | {predicted} |\n\
         | kernel | {seen} |\n\
         | differs in | {what} |\n\n\
         This is {}.\n",
        written.use_as
    );
    if !written.lost.is_empty() {
        text.push_str("\nWhat the files do not hold:\n\n");
        written.lost.iter().for_each(|lost| text.push_str(&format!("- {lost}\n")));
    }
    text
}

fn pretty(value: &Value) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(value).map_err(io::Error::other)? + "\n")
}

/// All documents as one, each kind under its key.
fn merged(scenario: &Scenario) -> Value {
    let mut all = Map::new();
    for (_, document) in &scenario.documents {
        let Some(fields) = document.as_object() else { continue };
        // Entries of a prefix list say whose they are only beside them.
        if let (Some(id), Some(entries)) = (fields.get("PrefixListId"), fields.get("Entries")) {
            let lists = all.entry("ManagedPrefixListEntries").or_insert_with(|| Map::new().into());
            if let (Some(lists), Some(id)) = (lists.as_object_mut(), id.as_str()) {
                lists.insert(id.to_owned(), json!({ "Entries": entries }));
            }
            continue;
        }
        let some = |value: &Value| value.as_array().is_none_or(|items| !items.is_empty());
        for (key, value) in fields.iter().filter(|(_, value)| some(value)) {
            all.insert(key.clone(), value.clone());
        }
    }
    all.into()
}

#[cfg(test)]
mod tests;
