//! Reading objects whose keys may differ from ours in letter case, and whose unknown fields may be
//! `null`: `az` of older versions prints every field that its model has.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

/// The spellings of keys that differ from ours: ours, and that of the document.
pub(super) type Spellings = Vec<(&'static str, Box<str>)>;

/// A key of an object.
pub(super) enum Key {
    /// One of those that were asked for, and how the document spells it where it does so otherwise.
    Known(&'static str, Option<Box<str>>),
    /// Any other.
    Other(Box<str>),
}

impl Key {
    /// Finds a key among names, in any letter case.
    pub(super) fn of(key: &str, names: &[&'static str]) -> Self {
        if let Some(name) = names.iter().find(|name| **name == key) {
            return Self::Known(name, None);
        }
        match names.iter().find(|name| name.eq_ignore_ascii_case(key)) {
            Some(name) => Self::Known(name, Some(key.into())),
            None => Self::Other(key.into()),
        }
    }
}

/// Reads a key that may be one of these.
pub(super) struct KeyAmong<'a>(pub(super) &'a [&'static str]);

impl<'de> DeserializeSeed<'de> for KeyAmong<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyAmong<'_> {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        Ok(Key::of(key, self.0))
    }
}

/// Reads past the value of an unknown field, which counts as one only where it is not `null`.
pub(super) struct ReadPast;

impl<'de> DeserializeSeed<'de> for ReadPast {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for ReadPast {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| ())
    }
}

/// Objects of which only the members say anything: what older versions of `az` put the fields into
/// that they do not know, which often are none, and what references have where they are expanded.
const CONTAINERS: [&str; 2] = ["additionalProperties", "properties"];

/// Reads past the value of an unknown key.
fn read_past<'de, A: MapAccess<'de>>(key: &str, object: &mut A) -> Result<(), A::Error> {
    if CONTAINERS.contains(&key) {
        object.next_value_seed(EachOf)
    } else {
        object.next_value_seed(ReadPast)
    }
}

/// Reads past each field of an object, or past `null`.
struct EachOf;

impl<'de> DeserializeSeed<'de> for EachOf {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for EachOf {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while object.next_key::<Cow<'de, str>>()?.is_some() {
            object.next_value_seed(ReadPast)?;
        }
        Ok(())
    }
}

/// The fields of an object under the names that its type has for them.
pub(super) struct Fields<'a, A> {
    pub(super) object: A,
    pub(super) names: &'static [&'static str],
    /// Takes note of other spellings.
    pub(super) spellings: Option<&'a mut Spellings>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.object.next_key_seed(KeyAmong(self.names))? {
            let (name, spelling) = match key {
                Key::Known(name, spelling) => (name, spelling),
                Key::Other(key) => {
                    read_past(&key, &mut self.object)?;
                    continue;
                }
            };
            if let (Some(spellings), Some(spelling)) = (self.spellings.as_mut(), spelling) {
                spellings.push((name, spelling));
            }
            let name: StrDeserializer<'static, A::Error> = name.into_deserializer();
            return seed.deserialize(name).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.object.next_value_seed(seed)
    }
}

/// Gives a derived type its fields as [`Fields`].
struct Folding<'a, D> {
    deserializer: D,
    spellings: Option<&'a mut Spellings>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Folding<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserializer.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let Self { deserializer, spellings } = self;
        deserializer.deserialize_map(Folded { names, spellings, visitor })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Folded<'a, V> {
    names: &'static [&'static str],
    spellings: Option<&'a mut Spellings>,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Folded<'_, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<V::Value, A::Error> {
        let Self { names, spellings, visitor } = self;
        visitor.visit_map(Fields { object, names, spellings })
    }
}

/// A struct whose keys may be in any letter case.
pub(crate) struct AnyCase<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for AnyCase<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(Folding { deserializer, spellings: None }).map(Self)
    }
}

/// Reads an object in any letter case, or `null`.
pub(super) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let object = Option::<AnyCase<T>>::deserialize(deserializer)?;
    Ok(object.map(|AnyCase(object)| object))
}

/// Reads a list of objects in any letter case, or `null`.
pub(super) fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let list = Option::<Vec<AnyCase<T>>>::deserialize(deserializer)?;
    Ok(list.map(|list| list.into_iter().map(|AnyCase(object)| object).collect()))
}

/// Reads an object that stands alone, in any letter case.
pub(crate) fn whole<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    AnyCase::<T>::deserialize(deserializer).map(|AnyCase(object)| object)
}

/// Reads the value of `properties`: an object, or `null`.
pub(super) struct Properties<'a, T> {
    pub(super) spellings: &'a mut Spellings,
    pub(super) marker: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Properties<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Properties<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the object of `properties`")
    }

    fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        T::deserialize(Folding { deserializer, spellings: Some(self.spellings) }).map(Some)
    }
}

/// The rest of an object whose first keys were read already.
pub(super) fn rest<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    object: A,
    spellings: &mut Spellings,
) -> Result<T, A::Error> {
    let deserializer = MapAccessDeserializer::new(object);
    T::deserialize(Folding { deserializer, spellings: Some(spellings) })
}
