//! The keys of a policy: one list for reading it, for what is suggested, and for its schema.

use serde_json::{Value, json};

use super::Quantifier;

/// A key of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    shape: Shape,
    about: &'static str,
}

/// What stands behind a key.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Text,
    /// A text or a list of texts.
    Texts,
    Flag,
    OneOf(&'static [&'static str]),
    /// `[[expect]]` of a file: the keys of an expectation, some of which have to be there.
    Expectations,
    /// `[[group.expect]]`: a group may say any of them.
    Grouped,
    Groups,
    Networks,
}

/// What can be expected. That something is not known, or differs, proves nothing.
pub(super) const VERDICTS: &[&str] = &["reachable", "unreachable", "intermittent"];
pub(super) const SEVERITIES: &[&str] = &["info", "low", "medium", "high", "critical"];
pub(super) const QUANTIFIERS: &[&str] = &[
    Quantifier::ALL[0].name(),
    Quantifier::ALL[1].name(),
    Quantifier::ALL[2].name(),
    Quantifier::ALL[3].name(),
];
/// What an expectation cannot do without.
pub(super) const NEEDED: &[&str] = &["from", "to", "verdict"];

/// The keys of the file.
pub(super) const FILE: &[Key] = &[
    Key {
        name: "networks",
        shape: Shape::Networks,
        about: "Names for addresses outside the estate, each with a CIDR or a list of them, as in \
                `cloudfw.toml`, whose names are known here too.",
    },
    Key {
        name: "expect",
        shape: Shape::Expectations,
        about: "The expectations: each is proved to hold, proved not to, or unknown.",
    },
    Key {
        name: "group",
        shape: Shape::Groups,
        about: "Expectations that belong together; what the group says holds for each of them \
                that does not say it itself.",
    },
];

const NAME: Key =
    Key { name: "name", shape: Shape::Text, about: "What it is called where it is reported." };

/// The keys of a group.
pub(super) fn group() -> Vec<Key> {
    let about = "The expectations of the group.";
    let expect = Key { name: "expect", shape: Shape::Grouped, about };
    [NAME, expect].into_iter().chain(SHARED.iter().copied()).collect()
}

/// The keys of an expectation.
pub(super) fn expectation() -> Vec<Key> {
    [NAME].into_iter().chain(SHARED.iter().copied()).collect()
}

/// The keys that an expectation and its group have.
const SHARED: &[Key] = &[
    Key {
        name: "from",
        shape: Shape::Texts,
        about: "Who opens connections, as SOURCE of `cloudfw reach`: addresses, CIDRs, \
                `internet`, ids, names, globs, `tag:Key=Value`, names of `networks`; one or a \
                list.",
    },
    Key {
        name: "to",
        shape: Shape::Texts,
        about: "Whom they are addressed to, written as `from`; the service stands in `service`.",
    },
    Key {
        name: "except-from",
        shape: Shape::Texts,
        about: "What is taken out of `from`, written as it. A resource is taken out whole: an \
                address or a CIDR takes out the interfaces that have an address there. It has to \
                take out something, and to leave something.",
    },
    Key {
        name: "except-to",
        shape: Shape::Texts,
        about: "What is taken out of `to`, as `except-from` is out of `from`.",
    },
    Key {
        name: "service",
        shape: Shape::Texts,
        about: "The services, as `--service`: `443`, `80,443`, `8000-8100`, `53/udp`, `icmp`, \
                `esp`; one or a list. Without it every service.",
    },
    Key {
        name: "verdict",
        shape: Shape::OneOf(VERDICTS),
        about: "What has to be proved, there and back: `reachable` is every pair and every port, \
                with no connection lost; `unreachable` is no pair and no port.",
    },
    Key {
        name: "for",
        shape: Shape::OneOf(QUANTIFIERS),
        about: "Of which pairs: `all`, which is the default; `any`, at least one; `each-from`, for \
                each of `from` at least one of `to`; `each-to`, for each of `to` at least one of \
                `from`.",
    },
    Key {
        name: "client",
        shape: Shape::Text,
        about: "The client by the ports it dials from, as `--client`: `linux`, `windows`, `any`, \
                or a range. Without it what is recorded of the source.",
    },
    Key { name: "one-way", shape: Shape::Flag, about: "Whether only the way out is asked about." },
    Key {
        name: "severity",
        shape: Shape::OneOf(SEVERITIES),
        about: "How bad it is where it does not hold; reports show it.",
    },
];

/// What people write, and what the key is called.
pub(super) fn meant(word: &str) -> Option<&'static str> {
    Some(match word {
        "except" | "exclude" => "did you mean `except-from` or `except-to`?",
        "source" | "sources" => "did you mean `from`?",
        "destination" | "destinations" | "target" => "did you mean `to`?",
        "port" | "ports" | "protocol" => "did you mean `service`?",
        "expected" => "did you mean `verdict`?",
        _ => return None,
    })
}

/// The JSON schema of a policy, which editors read for TOML too.
pub fn schema() -> Value {
    let names: Vec<&str> = FILE.iter().map(|key| key.name).collect();
    let any = names.iter().filter(|name| **name != "networks");
    let any: Vec<Value> = any.map(|name| json!({ "required": [name] })).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cloudfw policy",
        "description": "What `cloudfw verify` proves: who must reach whom, and who must not.",
        "type": "object",
        "properties": properties(FILE),
        "additionalProperties": false,
        "anyOf": any,
        "$defs": {
            "Expectation": {
                "description": "One expectation.",
                "type": "object",
                "properties": properties(&expectation()),
            },
            "Group": {
                "description": "Expectations that belong together.",
                "type": "object",
                "properties": properties(&group()),
                "required": ["expect"],
                "additionalProperties": false,
            },
            "Texts": texts(),
        },
    })
}

fn properties(keys: &[Key]) -> Value {
    let shape = |key: &Key| {
        let mut shape = key.shape.schema();
        if let Some(object) = shape.as_object_mut() {
            object.insert("description".to_owned(), key.about.into());
        }
        (key.name.to_owned(), shape)
    };
    Value::Object(keys.iter().map(shape).collect())
}

impl Shape {
    fn schema(self) -> Value {
        let expectations = |needed: &[&str]| {
            let item = json!({
                "$ref": "#/$defs/Expectation",
                "required": needed,
                "unevaluatedProperties": false,
            });
            json!({ "type": "array", "minItems": 1, "items": item })
        };
        match self {
            Self::Text => text(),
            Self::Texts => json!({ "$ref": "#/$defs/Texts" }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::OneOf(words) => json!({ "enum": words }),
            Self::Expectations => expectations(NEEDED),
            Self::Grouped => expectations(&[]),
            Self::Groups => {
                json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/Group" } })
            }
            Self::Networks => {
                json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/Texts" } })
            }
        }
    }
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn texts() -> Value {
    json!({ "oneOf": [text(), { "type": "array", "minItems": 1, "items": text() }] })
}
