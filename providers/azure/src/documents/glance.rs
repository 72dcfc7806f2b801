//! What an object is, told by a few of its keys.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::kind::{Kind, arm_type_of_id};

/// What an element of a list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sort {
    /// Of this kind.
    Known(Kind),
    /// A resource of another type, in lower case.
    Other(String),
    /// An object of which nothing tells what it is.
    Unknown,
    /// No object.
    NoObject,
}

impl Sort {
    /// Of what was seen at a glance.
    pub(super) fn of(traits: Option<&Traits>) -> Self {
        traits.map_or(Self::NoObject, Traits::sort)
    }

    /// Whether it is told to be Azure's.
    pub(super) fn is_of_azure(&self) -> bool {
        matches!(self, Self::Known(_) | Self::Other(_))
    }
}

/// What was seen of an object.
#[derive(Debug, Default)]
pub(super) struct Traits {
    arm_type: Option<String>,
    id: Option<String>,
    /// Which of [`MARKS`] are keys of it.
    marks: [bool; MARKS.len()],
    /// How many keys it has.
    keys: usize,
}

/// Keys that tell answers which are no resources.
const MARKS: [&str; 9] = [
    "effectiveSecurityRules",
    "nextHopType",
    "hasBgpOverride",
    "addressPrefix",
    "values",
    "changeNumber",
    "cloud",
    "ruleCollectionAppliesToGroups",
    "source",
];

impl Traits {
    /// Whether a key tells something of its object, so that [`Traits::see`] is to be called.
    pub(super) fn tells(key: &str) -> bool {
        key.eq_ignore_ascii_case("type") || key.eq_ignore_ascii_case("id")
    }

    /// Takes note of a key, and of its value where it [tells](Traits::tells) something.
    pub(super) fn see(&mut self, key: &str, value: Option<String>) {
        self.keys += 1;
        if key.eq_ignore_ascii_case("type") {
            self.arm_type = value.filter(|arm_type| arm_type.contains('/'));
        } else if key.eq_ignore_ascii_case("id") {
            self.id = value;
        } else if let Some(at) = MARKS.iter().position(|mark| mark.eq_ignore_ascii_case(key))
            && let Some(mark) = self.marks.get_mut(at)
        {
            *mark = true;
        }
    }

    /// The id.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What an object with these is.
    pub(super) fn sort(&self) -> Sort {
        if let Some(kind) = self.answer() {
            return Sort::Known(kind);
        }
        let of_id = || arm_type_of_id(self.id.as_deref()?);
        let Some(arm_type) = self.arm_type.clone().or_else(of_id) else { return Sort::Unknown };
        match Kind::from_arm_type(&arm_type) {
            Some(kind) => Sort::Known(kind),
            None => Sort::Other(arm_type.to_ascii_lowercase()),
        }
    }

    /// Which answer it is, where it is one that Azure has worked out.
    fn answer(&self) -> Option<Kind> {
        let [rules, next_hop, bgp, prefix, values, change, cloud, groups, source] = self.marks;
        if rules {
            return Some(Kind::EffectiveNetworkSecurityGroups);
        }
        let has_no_id = self.id.is_none();
        if next_hop && has_no_id && (source || (bgp && prefix)) {
            return Some(Kind::EffectiveRouteTables);
        }
        let is_alone = self.keys == 1;
        if values && (self.arm_type.is_some() || change || cloud || is_alone) {
            return Some(Kind::ServiceTags);
        }
        groups.then_some(Kind::SecurityAdminRules)
    }
}

/// Reads a value only as far as to tell what it is; none where it is no object.
pub(super) struct Glance;

impl<'de> DeserializeSeed<'de> for Glance {
    type Value = Option<Traits>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Glance {
    type Value = Option<Traits>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut traits = Traits::default();
        while let Some(key) = object.next_key::<String>()? {
            if Traits::tells(&key) {
                let value = object.next_value_seed(TextOrNone)?;
                traits.see(&key, value);
            } else {
                object.next_value::<IgnoredAny>()?;
                traits.see(&key, None);
            }
        }
        Ok(Some(traits))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads a text, and anything else as none: whether it may stand there is asked later.
#[derive(Clone, Copy)]
pub(super) struct TextOrNone;

impl<'de> DeserializeSeed<'de> for TextOrNone {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextOrNone {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(value.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}
