//! The top level of a document: which kinds it holds.

use std::fmt;

use cloudfw_core::Pointer;
use cloudfw_documents::Fault;
use cloudfw_documents::manifest::{Manifest, SCHEMA};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::answers::{SINGLES, Single, parts, single};
use super::{Items, Part, Reading};
use crate::kind::Kind;

/// How many foreign keys an error or a report names.
const NAMED_KEYS: usize = 8;

/// Reads a document's text, without a byte order mark.
pub(super) fn read(text: &str) -> Result<Reading, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::Empty);
    }
    let mut found = Found::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let top = TopLevel { found: &mut found, parent: Pointer::root() };
    top.deserialize(&mut deserializer)?;
    deserializer.end()?;
    found.reading(text)
}

/// Whether the first key of an object is one that documents have.
pub(super) fn begins_with_known_key(text: &str) -> bool {
    let key = text.trim_start().strip_prefix('{').map(str::trim_start);
    let key = key.and_then(|rest| rest.strip_prefix('"')?.split_once('"'));
    key.is_some_and(|(key, _)| {
        is_of_transport(key)
            || is_token(key)
            || Kind::from_key(key).is_some()
            || SINGLES.iter().any(|answer| answer.key == key || answer.id == key)
    })
}

/// Of the transport, or, for `ServiceNames`, told again by `ServiceDetails`.
fn is_of_transport(key: &str) -> bool {
    matches!(key, "ResponseMetadata" | "status_code" | "ServiceNames")
}

/// Says that there are further pages; APIs and tools that pass their answers on write the first
/// letter small.
fn is_token(key: &str) -> bool {
    ["NextToken", "NextMarker", "Marker"].iter().any(|token| key.eq_ignore_ascii_case(token))
}

/// What was found on the way.
#[derive(Default)]
struct Found {
    parts: Vec<Part>,
    /// Whether a token says that there are further pages.
    more_pages: bool,
    /// Keys that are of no kind.
    other_keys: Vec<String>,
    /// The value of `schema`.
    schema: Option<String>,
    /// What the top level is, where it is no object.
    instead: Option<&'static str>,
}

impl Found {
    fn reading(self, text: &str) -> Result<Reading, Fault> {
        if let Some(schema) = self.schema.filter(|schema| schema.starts_with("cloudfw.manifest/")) {
            return manifest(schema, text);
        }
        let mut parts = self.parts;
        if parts.is_empty() {
            let has = |key: &str| self.other_keys.iter().any(|other| other == key);
            let Some(answer) = SINGLES.iter().find(|answer| has(answer.key)) else {
                let found = self.instead.map_or_else(|| describe(&self.other_keys), str::to_owned);
                return Err(Fault::NotRecognised { found, known: known_keys() });
            };
            return read_single(answer, has(answer.id), !self.more_pages, text);
        }
        for part in &mut parts {
            part.complete = !self.more_pages;
        }
        let mut other_keys = self.other_keys;
        other_keys.truncate(NAMED_KEYS);
        Ok(Reading { parts, manifest: None, other_keys })
    }
}

/// What would be recognised, for those who do not know it.
fn known_keys() -> String {
    let mut keys: Vec<_> = Kind::ALL.into_iter().map(Kind::key).collect();
    keys.sort_unstable();
    keys.dedup();
    let quoted: Vec<_> = keys.into_iter().map(|key| format!("`{key}`")).collect();
    format!("objects with one of the keys {}", quoted.join(", "))
}

fn manifest(schema: String, text: &str) -> Result<Reading, Fault> {
    if schema != SCHEMA {
        return Err(Fault::ManifestVersion(schema));
    }
    let manifest: Manifest = serde_json::from_str(text)?;
    Ok(Reading { manifest: Some(manifest), ..Reading::default() })
}

/// Reads the answer of a call that is made for one resource.
fn read_single(
    answer: &Single,
    names_it: bool,
    complete: bool,
    text: &str,
) -> Result<Reading, Fault> {
    let Single { kind, key, id } = *answer;
    if !id.is_empty() && !names_it {
        return Err(Fault::NoOwner { key, id });
    }
    let mut part = single(kind, text)?;
    part.complete = complete;
    // An id of `null` is none.
    if matches!(&part.items, Items::ManagedPrefixListEntries(lists)
        if lists.iter().any(|list| list.value.prefix_list_id.is_none()))
    {
        return Err(Fault::NoOwner { key, id });
    }
    Ok(Reading { parts: vec![part], ..Reading::default() })
}

fn describe(keys: &[String]) -> String {
    if keys.is_empty() {
        return "an object without keys".to_owned();
    }
    let named: Vec<_> =
        keys.iter().take(NAMED_KEYS).map(|key| format!("`{}`", key.escape_debug())).collect();
    let more = if keys.len() > NAMED_KEYS { " …" } else { "" };
    format!("an object with {}{more}", named.join(", "))
}

/// Visits the top level, or what stands under `data` in the files of boto's recorders.
struct TopLevel<'a> {
    found: &'a mut Found,
    parent: Pointer,
}

impl TopLevel<'_> {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        object: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            key if is_of_transport(key) => {
                object.next_value::<IgnoredAny>()?;
            }
            key if is_token(key) => {
                let token: Option<serde_json::Value> = object.next_value()?;
                self.found.more_pages |= token.is_some_and(|token| token != "");
            }
            "schema" => {
                let schema: serde_json::Value = object.next_value()?;
                self.found.schema = schema.as_str().map(str::to_owned);
                self.found.other_keys.push(key.to_owned());
            }
            "data" if self.parent.is_root() => {
                let parent = self.parent.member("data");
                object.next_value_seed(TopLevel { found: self.found, parent })?;
            }
            _ => match Kind::from_key(key) {
                Some(kind) => self.found.parts.extend(parts(kind, object, &self.parent)?),
                None => {
                    object.next_value::<IgnoredAny>()?;
                    self.found.other_keys.push(key.to_owned());
                }
            },
        }
        Ok(())
    }

    fn not_an_object<E: Error>(self, instead: &'static str) -> Result<(), E> {
        if self.parent.is_root() {
            self.found.instead = Some(instead);
        } else {
            self.found.other_keys.push("data".to_owned());
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for TopLevel<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TopLevel<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        let mut keys: Vec<String> = Vec::new();
        while let Some(key) = object.next_key::<String>()? {
            if Kind::from_key(&key).is_some() && keys.contains(&key) {
                return Err(A::Error::custom(format!("`{key}` stands here twice")));
            }
            self.member(&key, &mut object)?;
            if Kind::from_key(&key).is_some() {
                keys.push(key);
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        self.not_an_object("a bare list, as `--query` makes one")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.not_an_object("a string")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.not_an_object("a boolean")
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.not_an_object("a number")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.not_an_object("a number")
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.not_an_object("a number")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.not_an_object("`null`")
    }
}
