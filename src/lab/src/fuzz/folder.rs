//! A disagreement as a scenario of `testdata/aws`.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::compare::{Difference, Disagreement};
use crate::scenario::Scenario;

/// Writes `estate.json`, `queries.txt` with what both said, and `expected.json` with the verdict
/// of the kernel.
///
/// # Errors
///
/// What the file system says.
pub fn write(folder: &Path, scenario: &Scenario, disagreement: &Disagreement) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let estate = serde_json::to_string_pretty(&merged(scenario)).map_err(io::Error::other)?;
    fs::write(folder.join("estate.json"), estate + "\n")?;
    fs::write(folder.join("queries.txt"), queries(scenario, disagreement))?;
    let verdict = match disagreement.seen.outcome {
        crate::kernel::probe::Outcome::Connected => "reachable",
        _ => "unreachable",
    };
    let expected = json!({ disagreement.question.to_string(): verdict });
    let expected = serde_json::to_string_pretty(&expected).map_err(io::Error::other)?;
    fs::write(folder.join("expected.json"), expected + "\n")
}

fn queries(scenario: &Scenario, disagreement: &Disagreement) -> String {
    let Disagreement { seed, compiler, question, predicted, seen, what } = disagreement;
    let mut lines = vec![
        format!("# Found by the lab (seed {seed}, by the {compiler}); differs in: {what}."),
        format!("# cloudfw: {predicted}"),
        format!("# kernel: {seen}"),
    ];
    if !scenario.host_routes.is_empty() {
        lines.push("# No document tells that hosts have these routes of their own:".to_owned());
        for route in &scenario.host_routes {
            lines.push(format!("#   {}: {} by {}", route.host, route.to, route.by));
        }
    }
    if predicted.translated {
        lines.push("# Asked with the NAT gateways' ports fixed to the client's.".to_owned());
    }
    if *what == Difference::Unknown {
        lines.push("# The expected verdict is the kernel's.".to_owned());
    }
    lines.push(question.to_string());
    lines.join("\n") + "\n"
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
