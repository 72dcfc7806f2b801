//! The published schema of answers.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};

use super::Outcome;

/// The JSON schema of one line of `cloudfw reach -o json`.
pub fn schema() -> serde_json::Value {
    let generator = SchemaSettings::default().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Outcome>();
    schema.insert("title".to_owned(), super::REACH_SCHEMA.into());
    schema.to_value()
}

/// One of these words.
fn words(words: &[&str]) -> Schema {
    json_schema!({ "type": "string", "enum": words })
}

const VERDICTS: [&str; 5] = ["reachable", "intermittent", "unreachable", "unknown", "partial"];

pub(crate) fn verdict(_: &mut SchemaGenerator) -> Schema {
    words(&VERDICTS)
}

pub(super) fn optional_verdict(_: &mut SchemaGenerator) -> Schema {
    words(&VERDICTS)
}

pub(super) fn symptom(_: &mut SchemaGenerator) -> Schema {
    words(&[
        "connects",
        "times-out",
        "connection-refused",
        "no-route-to-host",
        "permission-denied",
        "some-time-out",
        "data-hangs",
        "unknown",
    ])
}

pub(super) fn leg(_: &mut SchemaGenerator) -> Schema {
    words(&["forward", "return"])
}

pub(super) fn direction(_: &mut SchemaGenerator) -> Schema {
    words(&["ingress", "egress"])
}

pub(super) fn decision(_: &mut SchemaGenerator) -> Schema {
    words(&["allow", "deny", "reject", "forward", "translate", "deliver", "unknown"])
}

/// Reasons may be added, so the schema does not close the list.
pub(super) fn reason(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "description": "why, in no vendor's words: `no-route`" })
}

/// A pair of exact fractions.
pub(super) fn fractions(_: &mut SchemaGenerator) -> Schema {
    let fraction = json_schema!({ "type": "string", "pattern": "^[0-9]+/[0-9]+$" });
    json_schema!({
        "type": "object",
        "description": "the share is at least the one and at most the other: `16384/28232`",
        "properties": { "at_least": fraction, "at_most": fraction },
        "required": ["at_least", "at_most"],
    })
}
