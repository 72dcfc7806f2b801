//! The published schemas are those of the types. `CLOUDFW_UPDATE_SCHEMAS=1 cargo test -p
//! cloudfw-estate --test schemas` writes them anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test: what fails here is reported as its failure"
)]

use std::fs;
use std::path::Path;

#[test]
fn the_published_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    let schemas = [
        ("cloudfw.reach-1.json", cloudfw_estate::answer::schema()),
        ("cloudfw.show-1.json", cloudfw_estate::show::schema()),
        ("cloudfw.verify-1.json", cloudfw_estate::policy::schema()),
        ("cloudfw.policy.json", cloudfw_estate::policy::policy_schema()),
    ];
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
