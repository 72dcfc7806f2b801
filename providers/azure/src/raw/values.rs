//! Values that Azure writes in more than one way.

use std::fmt;

use cloudfw_documents::text;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::FirewallApplicationProtocol;
use super::fields::whole;

/// Tags, or properties of the same shape, in the order of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(pub Vec<(String, Option<String>)>);

impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A text or a number.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text(#[serde(deserialize_with = "text")] Option<String>);

/// Reads tags, or `null`.
pub(super) fn tags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Tags>, D::Error> {
    struct Pairs;

    impl<'de> Visitor<'de> for Pairs {
        type Value = Option<Tags>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object of texts")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        /// Resource Graph tells of no tags by an empty text.
        fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
            if value.is_empty() {
                return Ok(None);
            }
            Err(E::invalid_type(serde::de::Unexpected::Str(value), &self))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
            let mut tags = Vec::new();
            while let Some((name, Text(value))) = object.next_entry()? {
                tags.push((name, value));
            }
            Ok(Some(Tags(tags)))
        }
    }

    deserializer.deserialize_any(Pairs)
}

/// Reads a list of texts; numbers are texts too, and one alone is a list of one. The single form
/// of effective routes is what Azure's own description gives them (T-8).
pub(super) fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    deserializer.deserialize_any(Texts)
}

struct Texts;

impl<'de> Visitor<'de> for Texts {
    type Value = Option<Vec<String>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of texts")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(vec![value.to_owned()]))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(vec![value.to_string()]))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(vec![value.to_string()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(Text(value)) = list.next_element()? {
            texts.extend(value);
        }
        Ok(Some(texts))
    }
}

/// What tags stand for, in an effective answer: an object, though Azure's description of the
/// answer says that it is a text (T-8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagMap {
    /// The prefixes of each tag, in the order of the document.
    Tags(Vec<(String, Vec<String>)>),
    /// As the description has it.
    Text(String),
}

impl Serialize for TagMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Tags(tags) => serializer.collect_map(tags.iter().map(|(tag, all)| (tag, all))),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for TagMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TagMapVisitor)
    }
}

struct TagMapVisitor;

/// The prefixes of a tag.
#[derive(Deserialize)]
#[serde(transparent)]
struct Prefixes(#[serde(deserialize_with = "texts")] Option<Vec<String>>);

impl<'de> Visitor<'de> for TagMapVisitor {
    type Value = TagMap;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object that has prefixes by tag, or a text")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<TagMap, E> {
        Ok(TagMap::Text(value.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<TagMap, A::Error> {
        let mut tags = Vec::new();
        while let Some((tag, Prefixes(prefixes))) = object.next_entry()? {
            tags.push((tag, prefixes.unwrap_or_default()));
        }
        Ok(TagMap::Tags(tags))
    }
}

/// The protocols of a firewall's rule: names below a firewall's network rules, objects below
/// application rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FirewallProtocols {
    /// `TCP`, `UDP`, `Any`, `ICMP`.
    pub names: Vec<String>,
    /// With the ports on which they are spoken.
    pub applications: Vec<FirewallApplicationProtocol>,
}

impl Serialize for FirewallProtocols {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.applications.is_empty() {
            return self.names.serialize(serializer);
        }
        self.applications.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FirewallProtocols {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut protocols = Self::default();
        for one in Vec::<FirewallProtocol>::deserialize(deserializer)? {
            match one {
                FirewallProtocol::Name(name) => protocols.names.push(name),
                FirewallProtocol::Application(one) => protocols.applications.push(one),
            }
        }
        Ok(protocols)
    }
}

enum FirewallProtocol {
    Name(String),
    Application(FirewallApplicationProtocol),
}

impl<'de> Deserialize<'de> for FirewallProtocol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FirewallProtocolVisitor)
    }
}

struct FirewallProtocolVisitor;

impl<'de> Visitor<'de> for FirewallProtocolVisitor {
    type Value = FirewallProtocol;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a protocol")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<FirewallProtocol, E> {
        Ok(FirewallProtocol::Name(value.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<FirewallProtocol, A::Error> {
        whole(MapAccessDeserializer::new(object)).map(FirewallProtocol::Application)
    }
}
