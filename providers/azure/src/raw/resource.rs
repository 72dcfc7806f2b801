//! A resource: what all have in common, with the fields of its own type nested or flattened.

use std::fmt;
use std::marker::PhantomData;

use cloudfw_core::Pointer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor,
};
use serde::{Serialize, Serializer};

use super::fields::{Key, KeyAmong, Properties, ReadPast, Spellings, object, rest};
use super::values::tags;
use super::{ExtendedLocation, Sku, Tags};

/// A resource or a part of one that has a name of its own: a subnet, a rule, a route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resource<T> {
    /// In any letter case (T-9).
    pub id: Option<String>,
    /// The last part of the id.
    pub name: Option<String>,
    /// `Microsoft.Network/virtualNetworks`, in any letter case.
    pub arm_type: Option<String>,
    /// What few parts of resources have; none where nothing of it is told.
    pub envelope: Option<Box<Envelope>>,
    /// The fields of its type.
    pub properties: T,
    /// Where these stand.
    pub standing: Standing,
    /// Fields of its type that stand beside `properties` although there is one: those that ARM
    /// puts there, and columns of a query of Resource Graph. See [`Resource::either`].
    pub beside: Option<Box<T>>,
    /// Keys that the document spells in another letter case.
    spellings: Spellings,
}

/// Where the fields of a resource's type stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// Beside its name, as `az` prints them.
    #[default]
    Flat,
    /// Under `properties`, as ARM has them.
    Nested,
    /// In this column of a table of Resource Graph, counted from 0.
    Column(usize),
}

/// What resources have beside their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// `westeurope`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zones: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// A variant of the type: `Custom` or `Default` of admin rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The id of the resource that manages this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
    /// As Resource Graph tells it; the id has it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_location: Option<ExtendedLocation>,
}

/// The keys that all resources may have.
const COMMON: [&str; 12] = [
    "name",
    "id",
    "type",
    "properties",
    "location",
    "tags",
    "zones",
    "sku",
    "kind",
    "managedBy",
    "subscriptionId",
    "extendedLocation",
];

impl<T> Resource<T> {
    /// What is told beside its name, where anything is.
    pub fn envelope(&self) -> Option<&Envelope> {
        self.envelope.as_deref()
    }

    /// The place of the fields of its type, for the place of the resource itself.
    pub fn within(&self, own: &Pointer) -> Pointer {
        match self.standing {
            Standing::Flat => own.clone(),
            Standing::Nested => own.member("properties"),
            Standing::Column(column) => own.index(column),
        }
    }

    /// The place of a field of its type, by ARM's name for it, whatever the document's spelling.
    pub fn field_at(&self, own: &Pointer, field: &'static str) -> Pointer {
        match self.spelling(field) {
            Some(spelling) => self.within(own).name(spelling),
            None => self.within(own).member(field),
        }
    }

    /// The place of an element, counted from 0, of a list that is a field of its type.
    pub fn element_at(&self, own: &Pointer, field: &'static str, index: usize) -> Pointer {
        match self.spelling(field) {
            Some(spelling) => self.within(own).name(spelling).index(index),
            None => self.within(own).element(field, index),
        }
    }

    /// A field of its type, under `properties` or else beside it.
    pub fn either<'a, U: ?Sized>(
        &'a self,
        field: impl Fn(&'a T) -> Option<&'a U>,
    ) -> Option<&'a U> {
        field(&self.properties).or_else(|| field(self.beside.as_deref()?))
    }

    fn spelling(&self, field: &str) -> Option<&str> {
        let (_, spelling) = self.spellings.iter().find(|(name, _)| *name == field)?;
        Some(spelling)
    }
}

impl<T: Default + PartialEq> Resource<T> {
    /// Whether nothing is told but what all resources have, as `az resource list` prints them: a
    /// resource that exists and of which nothing else is known.
    pub fn is_bare(&self) -> bool {
        self.beside.is_none() && self.properties == T::default()
    }
}

impl<'de, T: Deserialize<'de> + Default + PartialEq> Deserialize<'de> for Resource<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ResourceVisitor(PhantomData))
    }
}

struct ResourceVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default + PartialEq> Visitor<'de> for ResourceVisitor<T> {
    type Value = Resource<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the object of a resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Resource<T>, A::Error> {
        let mut common = Common::<T>::default();
        let mut flat = None;
        let mut spellings = Vec::new();
        while let Some(key) = object.next_key_seed(KeyAmong(&COMMON))? {
            match key {
                Key::Known(name, _) => common.read(name, &mut object)?,
                // The type takes all that is left: only it knows which of it is its own.
                Key::Other(key) => {
                    let (object, common) = (&mut object, &mut common);
                    let fields = Flat { object, common, first: Some(key) };
                    flat = Some(rest(fields, &mut spellings)?);
                }
            }
        }
        Ok(common.resource(flat.unwrap_or_default(), spellings))
    }
}

/// What was read of a resource beside the flattened fields.
struct Common<T> {
    resource: Resource<()>,
    nested: Option<T>,
}

impl<T> Default for Common<T> {
    fn default() -> Self {
        Self { resource: Resource::default(), nested: None }
    }
}

impl<T: Default + PartialEq> Common<T> {
    fn resource(self, flat: T, flat_spellings: Spellings) -> Resource<T> {
        let Resource { id, name, arm_type, envelope, spellings, .. } = self.resource;
        let (properties, standing, beside, spellings) = match self.nested {
            Some(nested) => (nested, Standing::Nested, Some(flat), spellings),
            None => (flat, Standing::Flat, None, flat_spellings),
        };
        let beside = beside.filter(|beside| *beside != T::default()).map(Box::new);
        Resource { id, name, arm_type, envelope, properties, standing, beside, spellings }
    }
}

impl<'de, T: Deserialize<'de>> Common<T> {
    /// Reads the value of one of [`COMMON`].
    fn read<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        let resource = &mut self.resource;
        match key {
            "id" => once(&mut resource.id, object.next_value()?, "id"),
            "name" => once(&mut resource.name, object.next_value()?, "name"),
            "type" => once(&mut resource.arm_type, object.next_value()?, "type"),
            "properties" => {
                let spellings = &mut resource.spellings;
                let properties = Properties { spellings, marker: PhantomData };
                once(&mut self.nested, object.next_value_seed(properties)?, "properties")
            }
            _ => self.read_envelope(key, object),
        }
    }

    fn read_envelope<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        object: &mut A,
    ) -> Result<(), A::Error> {
        let envelope = self.resource.envelope.get_or_insert_default();
        match key {
            "location" => envelope.location = object.next_value()?,
            "tags" => envelope.tags = object.next_value_seed(TagsSeed)?,
            "zones" => envelope.zones = object.next_value()?,
            "sku" => envelope.sku = object.next_value_seed(ObjectSeed(PhantomData))?,
            "kind" => envelope.kind = object.next_value()?,
            "managedBy" => envelope.managed_by = object.next_value()?,
            "subscriptionId" => envelope.subscription_id = object.next_value()?,
            "extendedLocation" => {
                envelope.extended_location = object.next_value_seed(ObjectSeed(PhantomData))?;
            }
            _ => object.next_value_seed(ReadPast)?,
        }
        if **envelope == Envelope::default() {
            self.resource.envelope = None;
        }
        Ok(())
    }
}

/// Puts a value that may stand once only.
fn once<V, E: Error>(place: &mut Option<V>, value: Option<V>, key: &'static str) -> Result<(), E> {
    if place.is_some() && value.is_some() {
        return Err(E::duplicate_field(key));
    }
    *place = value.or(place.take());
    Ok(())
}

struct TagsSeed;

impl<'de> DeserializeSeed<'de> for TagsSeed {
    type Value = Option<Tags>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        tags(deserializer)
    }
}

struct ObjectSeed<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for ObjectSeed<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        object(deserializer)
    }
}

/// The fields of a type that stand beside what all resources have, which is read on the way.
struct Flat<'a, A, T> {
    object: &'a mut A,
    common: &'a mut Common<T>,
    /// The first of them, of which the key was read already.
    first: Option<Box<str>>,
}

impl<'de, A: MapAccess<'de>, T: Deserialize<'de>> MapAccess<'de> for Flat<'_, A, T> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        if let Some(first) = self.first.take() {
            return seed.deserialize((*first).into_deserializer()).map(Some);
        }
        while let Some(key) = self.object.next_key_seed(KeyAmong(&COMMON))? {
            match key {
                Key::Known(name, _) => self.common.read(name, self.object)?,
                Key::Other(key) => return seed.deserialize((*key).into_deserializer()).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.object.next_value_seed(seed)
    }
}

/// As a document has it.
#[derive(Serialize)]
struct Written<'a, N: Serialize, F: Serialize> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: &'a Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    arm_type: &'a Option<String>,
    #[serde(flatten)]
    envelope: Option<&'a Envelope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<&'a N>,
    #[serde(flatten)]
    flat: Option<&'a F>,
}

impl<T: Serialize> Serialize for Resource<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (properties, flat) = match self.standing {
            Standing::Flat => (None, Some(&self.properties)),
            Standing::Nested | Standing::Column(_) => {
                (Some(&self.properties), self.beside.as_deref())
            }
        };
        let Self { id, name, arm_type, .. } = self;
        let envelope = self.envelope();
        Written { id, name, arm_type, envelope, properties, flat }.serialize(serializer)
    }
}
