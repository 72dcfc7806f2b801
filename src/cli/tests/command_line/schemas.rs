//! The published schemas of what `-o json` prints.

use crate::run::root;

/// `CLOUDFW_UPDATE_SCHEMAS=1` writes them anew.
fn current(name: &str, schema: &serde_json::Value) {
    let path = root().join("schemas").join(name);
    let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("CLOUDFW_UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(published, text, "run it with CLOUDFW_UPDATE_SCHEMAS=1");
}

#[test]
fn the_published_schemas_are_current() {
    current("cloudfw.reach.json", &cloudfw_estate::answer::schema());
    current("cloudfw.show.json", &cloudfw_estate::show::schema());
}
