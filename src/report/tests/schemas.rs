//! The published schemas are those of the types, and what is written follows them.
//! `CLOUDFW_UPDATE_SCHEMAS=1 cargo test -p cloudfw-report --test schemas` writes them anew.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: what fails here is reported as its failure"
)]

use std::fs;
use std::path::Path;

use cloudfw_report::Format;
use serde_json::Value;

mod cargo;
mod fixture;

use fixture::{nothing, report, verified, written, written_verified};

#[test]
fn the_published_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let schemas = [("cloudfw.audit-1.json", cloudfw_report::audit::schema())];
    for (name, schema) in schemas {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        let path = folder.join(name);
        if std::env::var_os("CLOUDFW_UPDATE_SCHEMAS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let published = fs::read_to_string(&path).unwrap_or_default();
        assert!(published == text, "schemas/{name} is not what the types say: write it anew");
    }
}

#[test]
fn json_follows_its_schema() {
    let validator = jsonschema::validator_for(&cloudfw_report::audit::schema()).unwrap();
    for report in [report(true), report(false), nothing(true), nothing(false)] {
        follows(&validator, &written(&report, Format::Json));
    }
}

#[test]
fn a_verification_follows_its_schema() {
    let validator = jsonschema::validator_for(&cloudfw_estate::policy::schema()).unwrap();
    for incomplete in [true, false] {
        follows(&validator, &written_verified(&verified(incomplete), Format::Json));
    }
}

/// The schema that comes with the crate `serde-sarif`.
#[test]
fn sarif_follows_the_schema_of_2_1_0() {
    let schema =
        fs::read_to_string(cargo::folder_of("serde-sarif").join("src/schema.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&schema).unwrap();
    // Its pattern of languages has a bracket too many for a strict reader, and we write none.
    for of in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][of]["properties"]["language"];
        language.as_object_mut().unwrap().remove("pattern");
    }
    assert_eq!(schema["properties"]["version"]["enum"][0], "2.1.0");
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for report in [report(true), report(false), nothing(true), nothing(false)] {
        follows(&validator, &written(&report, Format::Sarif));
    }
    for incomplete in [true, false] {
        follows(&validator, &written_verified(&verified(incomplete), Format::Sarif));
    }
}

fn follows(validator: &jsonschema::Validator, text: &str) {
    let value: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}
