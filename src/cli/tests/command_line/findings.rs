//! What audits find in the scenarios that say so: `findings.json` beside their documents.

use std::path::Path;

use serde_json::Value;

use crate::run::{cloudfw, root};

/// The findings of an audit as the scenario writes them: by names, without ids.
fn told(finding: &Value) -> Value {
    let name = |resource: &Value| {
        let name = resource.get("name").unwrap_or(&resource["id"]);
        name.clone()
    };
    let mut affected: Vec<Value> =
        finding["affected"].as_array().into_iter().flatten().map(name).collect();
    affected.sort_by_key(ToString::to_string);
    serde_json::json!({
        "subject": name(&finding["subject"]),
        "check": finding["check"],
        "severity": finding["severity"],
        "effective": finding["effective"]["verdict"],
        "literal": finding["literal"],
        "services": finding["services"],
        "affected": affected,
    })
}

fn audited(folder: &Path, expected: &Value) {
    let checks = expected["checks"].as_array().unwrap().iter();
    let asked = checks.flat_map(|check| ["--check", check.as_str().unwrap()]);
    let from = folder.to_str().unwrap();
    let words: Vec<&str> =
        ["audit", "--from", from, "--assume-none", "all", "--severity", "info", "-o", "json"]
            .into_iter()
            .chain(asked)
            .collect();
    let run = cloudfw(&words);
    let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.err));
    let findings = report["findings"].as_array().unwrap();
    let mut found: Vec<Value> = findings.iter().map(told).collect();
    let mut wanted: Vec<Value> = expected["findings"].as_array().unwrap().clone();
    for (want, said) in wanted.iter_mut().filter_map(|want| {
        let said = want.as_object_mut().unwrap().remove("says")?;
        Some((want, said))
    }) {
        let said = said.as_str().unwrap();
        let is_it = |finding: &&Value| told(finding) == *want;
        let finding = findings.iter().find(is_it).unwrap_or_else(|| panic!("{want} in {found:#?}"));
        assert!(finding.to_string().contains(said), "`{said}` in {finding:#}");
    }
    let order = |value: &Value| value.to_string();
    found.sort_by_key(order);
    wanted.sort_by_key(order);
    assert_eq!(found, wanted, "{}", folder.display());
}

#[test]
fn every_scenario_is_found_as_it_says() {
    for cloud in ["aws", "azure"] {
        let mut count = 0;
        for entry in std::fs::read_dir(root().join("testdata").join(cloud)).unwrap() {
            let folder = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(folder.join("findings.json")) else { continue };
            audited(&folder, &serde_json::from_str(&text).unwrap());
            count += 1;
        }
        assert!(count > 0, "{cloud}");
    }
}
