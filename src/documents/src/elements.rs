//! Reading the elements of one list, each with its place.

use std::fmt;
use std::marker::PhantomData;

use cloudfw_core::Pointer;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::{Collector, Element};

/// Reads a value below `pointer`, noting the fields that its type lacks.
#[derive(Debug)]
pub struct One<'a, T> {
    /// Where it stands.
    pub pointer: Pointer,
    /// What takes note of fields that the type lacks.
    pub collector: &'a mut Collector,
    /// The type.
    pub marker: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for One<'_, T> {
    type Value = Element<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let Self { pointer, collector, .. } = self;
        let mut not_understood = Vec::new();
        let mut note = |path: serde_ignored::Path<'_>| {
            not_understood.extend(collector.note(&pointer, &path));
        };
        let value = T::deserialize(serde_ignored::Deserializer::new(deserializer, &mut note))?;
        Ok(Element { pointer, value, not_understood })
    }
}

/// How the elements of a kind stand under its key.
#[derive(Debug)]
pub enum Shape<T> {
    /// In a list.
    List,
    /// In a list, or one alone.
    ListOrOne,
    /// In a list, or under their ids, which this puts into an element that lacks its own.
    ListOrById(fn(&mut T, String)),
}

/// Reads all elements under a key.
#[derive(Debug)]
pub struct All<'a, T> {
    /// The key.
    pub key: &'static str,
    /// Of the object that has the key.
    pub parent: &'a Pointer,
    /// How they stand under it.
    pub shape: Shape<T>,
    /// What takes note of fields that the type lacks.
    pub collector: &'a mut Collector,
    /// The type.
    pub marker: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for All<'_, T> {
    type Value = Vec<Element<T>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.shape {
            Shape::List => deserializer.deserialize_seq(self),
            Shape::ListOrOne | Shape::ListOrById(_) => deserializer.deserialize_any(self),
        }
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for All<'_, T> {
    type Value = Vec<Element<T>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shape {
            Shape::List => write!(formatter, "the list of `{}`", self.key),
            Shape::ListOrOne => write!(formatter, "the object or the list of `{}`", self.key),
            Shape::ListOrById(_) => {
                write!(formatter, "the list of `{}`, or an object that has them by id", self.key)
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        loop {
            let pointer = self.parent.element(self.key, elements.len());
            let one = One { pointer, collector: &mut *self.collector, marker: PhantomData };
            match list.next_element_seed(one)? {
                Some(element) => elements.push(element),
                None => return Ok(elements),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        let pointer = self.parent.member(self.key);
        match self.shape {
            Shape::List => Err(serde::de::Error::invalid_type(serde::de::Unexpected::Map, &self)),
            Shape::ListOrOne => {
                let one = One { pointer, collector: self.collector, marker: PhantomData };
                Ok(vec![one.deserialize(MapAccessDeserializer::new(object))?])
            }
            Shape::ListOrById(adopt) => by_id(object, &pointer, self.collector, adopt),
        }
    }
}

fn by_id<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    mut object: A,
    parent: &Pointer,
    collector: &mut Collector,
    adopt: fn(&mut T, String),
) -> Result<Vec<Element<T>>, A::Error> {
    let mut elements = Vec::new();
    while let Some(id) = object.next_key::<String>()? {
        let pointer = parent.name(&id);
        let one = One { pointer, collector: &mut *collector, marker: PhantomData };
        let mut element = object.next_value_seed(one)?;
        adopt(&mut element.value, id);
        elements.push(element);
    }
    Ok(elements)
}
