//! How documents are written: as `aws … --output json` does it.

use serde::Serialize as _;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

/// The one set of DHCP options of an account.
pub(super) const DHCP_OPTIONS: &str = "dopt-0a1b2c3d4e5f60718";

/// When everything in the estate was made.
pub(super) const CREATED: &str = "2026-03-02T09:30:00+00:00";

/// A document that holds one list.
pub(super) fn list(key: &str, items: impl Iterator<Item = Value>) -> Value {
    let mut document = Map::new();
    document.insert(key.to_owned(), Value::Array(items.collect()));
    Value::Object(document)
}

/// A Name tag.
pub(super) fn name_tag(name: &str) -> Value {
    json!([{"Key": "Name", "Value": name}])
}

/// The text of a document, indented by four as the AWS CLI does.
pub(super) fn text(document: &Value) -> String {
    indented(document, b"    ")
}

/// The text of a document with that indent.
#[expect(clippy::expect_used, reason = "a value with string keys, written to memory, cannot fail")]
pub(super) fn indented(document: &Value, indent: &[u8]) -> String {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(indent);
    document
        .serialize(&mut Serializer::with_formatter(&mut bytes, formatter))
        .expect("written to memory");
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("JSON is UTF-8")
}
