//! The published schema of audits.

use cloudfw_rules::SEVERITIES;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};

use super::{AUDIT_SCHEMA, Report};

/// The JSON schema of `cloudfw audit -o json`.
pub fn schema() -> serde_json::Value {
    let generator = SchemaSettings::default().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Report>();
    schema.insert("title".to_owned(), AUDIT_SCHEMA.into());
    schema.to_value()
}

pub(super) fn severity(_: &mut SchemaGenerator) -> Schema {
    let names = SEVERITIES.map(cloudfw_rules::Severity::name);
    json_schema!({ "type": "string", "enum": names })
}

pub(super) fn optional_severity(generator: &mut SchemaGenerator) -> Schema {
    severity(generator)
}

/// One of these words.
fn words(words: &[&str]) -> Schema {
    json_schema!({ "type": "string", "enum": words })
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
