//! The resources of one kind, by id.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudfw_core::{Origin, Pointer, Unknown};
use serde::Serialize;
use serde_json::{Map, Value};

use super::ids::{self, key};
use super::wording::unknown;
use crate::raw::Resource;

/// One telling of a resource.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a, T> {
    /// What it says.
    pub(super) resource: &'a Resource<T>,
    /// Where it stands.
    pub(super) origin: Origin,
    /// The fields in it that cloudfw has no meaning for, as JSON pointers below it.
    pub(super) foreign: &'a [Box<str>],
}

/// A resource: all its tellings.
#[derive(Debug)]
pub(super) struct Object<'a, T> {
    /// Its id in lower case.
    pub(super) key: Arc<str>,
    /// Its id as it was recorded first.
    pub(super) id: &'a str,
    /// The telling that counts.
    pub(super) entry: Entry<'a, T>,
    /// Whether others tell it otherwise.
    pub(super) is_contradicted: bool,
}

impl<T> Object<'_, T> {
    /// The place of a field of its type.
    pub(super) fn field(&self, field: &'static str) -> Origin {
        at(&self.entry.origin, |own| self.entry.resource.field_at(own, field))
    }

    /// The place of an element of a list of its type.
    pub(super) fn element(&self, field: &'static str, index: usize) -> Origin {
        at(&self.entry.origin, |own| self.entry.resource.element_at(own, field, index))
    }

    /// The fields of its type.
    pub(super) fn told(&self) -> &T {
        &self.entry.resource.properties
    }
}

/// A place below another.
pub(super) fn at(origin: &Origin, within: impl FnOnce(&Pointer) -> Pointer) -> Origin {
    match &origin.place {
        cloudfw_core::Place::Pointer(pointer) => Origin::pointer(&origin.document, within(pointer)),
        _ => origin.clone(),
    }
}

/// All resources of a kind.
#[derive(Debug)]
pub(super) struct Table<'a, T> {
    by_id: BTreeMap<Arc<str>, Object<'a, T>>,
}

impl<T> Default for Table<'_, T> {
    fn default() -> Self {
        Self { by_id: BTreeMap::new() }
    }
}

/// Whether two tellings differ in no more than how they are written: the letter case of ids (T-9),
/// and whether fields are nested or flattened.
fn says_the_same<T: PartialEq + Serialize>(one: &Resource<T>, other: &Resource<T>) -> bool {
    let plain = |told: &T| serde_json::to_value(told).ok().map(plain);
    one.properties == other.properties
        || plain(&one.properties).is_some_and(|it| Some(it) == plain(&other.properties))
}

/// A value in lower case, without `properties` around fields.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut plainly = Map::new();
            for (name, member) in members {
                match (name.eq_ignore_ascii_case("properties"), plain(member)) {
                    (true, Value::Object(inner)) => plainly.extend(inner),
                    (_, member) => drop(plainly.insert(name.to_ascii_lowercase(), member)),
                }
            }
            plainly.into()
        }
        Value::Array(list) => list.into_iter().map(plain).collect(),
        Value::String(text) => text.to_ascii_lowercase().into(),
        other => other,
    }
}

impl<'a, T: Default + PartialEq + Serialize> Table<'a, T> {
    /// Takes a telling. Of several the one that says more counts: `az resource list` prints
    /// resources without their fields. Those that say different things contradict each other.
    pub(super) fn take(&mut self, id: &'a str, entry: Entry<'a, T>) {
        let key = key(id);
        let Some(known) = self.by_id.get_mut(&key) else {
            let object = Object { key: Arc::clone(&key), id, entry, is_contradicted: false };
            self.by_id.insert(key, object);
            return;
        };
        if entry.resource.is_bare() || says_the_same(known.entry.resource, entry.resource) {
            return;
        }
        if known.entry.resource.is_bare() {
            known.entry = entry;
        } else {
            known.is_contradicted = true;
        }
    }
}

impl<'a, T> Table<'a, T> {
    /// Every resource, by id.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Object<'a, T>> {
        self.by_id.values()
    }

    /// The resources that are told in two ways.
    pub(super) fn contradictions(&self) -> impl Iterator<Item = Unknown> {
        self.iter().filter(|object| object.is_contradicted).map(|object| {
            let what = format!("what `{}` is", ids::name(object.id));
            let why = "it is recorded twice, with different content; record it again";
            unknown(what, why, &object.entry.origin)
        })
    }

    /// The resource of an id in any letter case.
    pub(super) fn get(&self, id: &str) -> Option<&Object<'a, T>> {
        self.by_id.get(&key(id))
    }
}
