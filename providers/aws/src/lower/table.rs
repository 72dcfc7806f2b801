//! The objects of one kind, by id: equal ones merged, different ones told apart by their scope.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::{Origin, Scope, Unknown};
use serde::Serialize;
use serde_json::Value;

use super::foreign::Foreign;
use super::scope::{compatible, place, text};

/// One element of a document.
#[derive(Debug)]
pub(super) struct Entry<'a, T> {
    /// What it says.
    pub(super) value: &'a T,
    /// Where it stands.
    pub(super) origin: Origin,
    /// Whose it is, as its document's folder says it, or else itself.
    pub(super) scope: Scope,
    /// Whose it is, as it says itself: others see what is shared with them.
    pub(super) owner: Option<&'a str>,
    /// What cloudfw does not understand of it.
    pub(super) foreign: Vec<Foreign>,
}

impl<T> Entry<'_, T> {
    /// Where it really is. Equal tellings of two places are two objects: ids of anonymised
    /// recordings and of emulators repeat.
    fn home(&self) -> Scope {
        Scope {
            account: self.owner.map(Arc::from).or_else(|| self.scope.account.clone()),
            region: self.scope.region.clone(),
        }
    }
}

impl<T> Clone for Entry<'_, T> {
    fn clone(&self) -> Self {
        Self {
            value: self.value,
            origin: self.origin.clone(),
            scope: self.scope.clone(),
            owner: self.owner,
            foreign: self.foreign.clone(),
        }
    }
}

/// One object, as often as it was recorded.
#[derive(Debug)]
pub(super) struct Object<'a, T> {
    /// The vendor's id.
    pub(super) id: &'a str,
    /// Its key in the network: the id, with its scope where another scope has one of that id.
    pub(super) key: Arc<str>,
    /// What was said of it. More than one: they contradict each other.
    pub(super) versions: Vec<Entry<'a, T>>,
    /// The scopes it was seen in.
    pub(super) scopes: BTreeSet<Scope>,
}

impl<'a, T> Object<'a, T> {
    /// What was said of it first, in an order that does not hang on the order of the documents.
    pub(super) fn first(&self) -> Option<&Entry<'a, T>> {
        self.versions.first()
    }

    /// Set when it is told in two ways, so that nothing of it is known.
    pub(super) fn contradiction(&self) -> Option<Unknown> {
        let [first, second, ..] = self.versions.as_slice() else { return None };
        let other = place(&second.origin);
        Some(Unknown::new(
            format!("what `{}` is", self.id),
            format!(
                "it is recorded twice, with different content (also at {other}); record it again"
            ),
            place(&first.origin),
        ))
    }
}

/// All objects of a kind.
#[derive(Debug)]
pub(super) struct Table<'a, T> {
    by_id: BTreeMap<&'a str, Vec<Object<'a, T>>>,
    /// Whether an id says nothing of another scope.
    strict: bool,
}

impl<T> Default for Table<'_, T> {
    fn default() -> Self {
        Self { by_id: BTreeMap::new(), strict: false }
    }
}

impl<'a, T: PartialEq + Serialize> Table<'a, T> {
    /// Sorts elements by id. Those without one are given back.
    pub(super) fn new(
        entries: Vec<Entry<'a, T>>,
        id_of: impl Fn(&'a T) -> Option<&'a str>,
    ) -> (Self, Vec<Entry<'a, T>>) {
        let mut by_id: BTreeMap<&'a str, Vec<Entry<'a, T>>> = BTreeMap::new();
        let mut without = Vec::new();
        for entry in entries {
            match id_of(entry.value).filter(|id| !id.is_empty()) {
                Some(id) => by_id.entry(id).or_default().push(entry),
                None => without.push(entry),
            }
        }
        let objects = by_id.into_iter().map(|(id, entries)| (id, objects(id, entries)));
        (Self { by_id: objects.collect(), strict: false }, without)
    }
}

impl<'a, T> Table<'a, T> {
    /// Every object, by id and then by scope.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Object<'a, T>> {
        self.by_id.values().flatten()
    }

    /// The objects that are told in two ways.
    pub(super) fn contradictions(&self) -> impl Iterator<Item = Unknown> {
        self.iter().filter_map(Object::contradiction)
    }

    /// Whether an id of it is used in two scopes, for two objects.
    pub(super) fn repeats(&self) -> bool {
        self.by_id.values().any(|objects| objects.len() > 1)
    }

    /// Lets ids be looked up in their own scope alone.
    pub(super) fn be_strict(&mut self) {
        self.strict = true;
    }

    /// The object of this id, as seen from a scope: the only one, else the one of that scope.
    ///
    /// AWS never gives an id twice, so that what is shared or peered is found in whatever scope it
    /// was recorded. Where ids repeat, as in anonymised recordings, the scope has to fit.
    pub(super) fn get(&self, id: &str, from: &Scope) -> Option<&Object<'a, T>> {
        let objects = self.by_id.get(id)?;
        if let ([only], false) = (objects.as_slice(), self.strict) {
            return Some(only);
        }
        if let Some(own) = objects.iter().find(|object| object.scopes.contains(from)) {
            return Some(own);
        }
        let mut near = objects
            .iter()
            .filter(|object| object.scopes.iter().any(|scope| compatible(scope, from)));
        let first = near.next()?;
        near.next().is_none().then_some(first)
    }

    /// The object whose key this is.
    pub(super) fn by_key(&self, key: &str) -> Option<&Object<'a, T>> {
        let id = key.split_once('@').map_or(key, |(id, _)| id);
        let of = |id| self.by_id.get(id).into_iter().flatten();
        of(key).chain(of(id)).find(|object| *object.key == *key)
    }
}

/// The objects that share an id.
fn objects<'a, T: PartialEq + Serialize>(
    id: &'a str,
    mut entries: Vec<Entry<'a, T>>,
) -> Vec<Object<'a, T>> {
    let scopes: BTreeSet<Scope> = entries.iter().map(|entry| entry.scope.clone()).collect();
    if entries.len() < 2 {
        return vec![Object { id, key: id.into(), versions: entries, scopes }];
    }
    let all_equal = entries.windows(2).all(|pair| match pair {
        [one, two] => one.value == two.value,
        _ => true,
    });
    let one_home = have_one_home(&entries);
    if all_equal && one_home {
        // The one that says more, should one document hold what cloudfw does not understand.
        let rank = |entry: &Entry<'a, T>| (Reverse(entry.foreign.len()), entry.origin.clone());
        entries.sort_by_cached_key(rank);
        entries.truncate(1);
        return vec![Object { id, key: id.into(), versions: entries, scopes }];
    }
    apart(id, entries, scopes, one_home)
}

/// Whether all elements may be of one account and one Region.
fn have_one_home<T>(entries: &[Entry<'_, T>]) -> bool {
    let homes: Vec<Scope> = entries.iter().map(Entry::home).collect();
    let accounts: BTreeSet<_> = homes.iter().filter_map(|home| home.account.as_ref()).collect();
    let regions: BTreeSet<_> = homes.iter().filter_map(|home| home.region.as_ref()).collect();
    accounts.len() < 2 && regions.len() < 2
}

/// Objects that share an id and are not the same to the letter, or not in one place.
fn apart<'a, T: Serialize>(
    id: &'a str,
    entries: Vec<Entry<'a, T>>,
    scopes: BTreeSet<Scope>,
    one_home: bool,
) -> Vec<Object<'a, T>> {
    // By content without tags (whom a subnet is shared with does not see them); the one with the
    // most tags comes first.
    let content = |entry: &Entry<'a, T>| {
        let mut content = Content::of(entry.value);
        if !one_home {
            content.bare.push_str(&text(&entry.home()));
        }
        content
    };
    let mut told: Vec<(Content, Entry<'a, T>)> =
        entries.into_iter().map(|entry| (content(&entry), entry)).collect();
    told.sort_by(|(one, first), (two, second)| {
        let (long, short) = (one.full.len(), two.full.len());
        let (more, less) = (first.foreign.len(), second.foreign.len());
        (&one.bare, Reverse(more), Reverse(long), &one.full)
            .cmp(&(&two.bare, Reverse(less), Reverse(short), &two.full))
            .then_with(|| first.origin.cmp(&second.origin))
    });
    let contents: BTreeSet<&str> = told.iter().map(|(content, _)| content.bare.as_str()).collect();
    if contents.len() == 1 {
        let versions = told.into_iter().take(1).map(|(_, entry)| entry).collect();
        return vec![Object { id, key: id.into(), versions, scopes }];
    }
    // Scopes that tell the same have the same object.
    let mut of_scope: BTreeMap<&Scope, BTreeSet<&str>> = BTreeMap::new();
    for (content, entry) in &told {
        of_scope.entry(&entry.scope).or_default().insert(&content.bare);
    }
    let mut kin: BTreeMap<&BTreeSet<&str>, BTreeSet<Scope>> = BTreeMap::new();
    for (scope, contents) in &of_scope {
        kin.entry(contents).or_default().insert((*scope).clone());
    }
    let several = kin.len() > 1;
    let mut objects: Vec<Object<'a, T>> = kin
        .into_values()
        .map(|scopes| {
            let key = match scopes.first().filter(|_| several) {
                Some(scope) => format!("{id}@{}", text(scope)).into(),
                None => Arc::from(id),
            };
            let mut seen = BTreeSet::new();
            let versions = told
                .iter()
                .filter(|(content, entry)| {
                    scopes.contains(&entry.scope) && seen.insert(&content.bare)
                })
                .map(|(_, entry)| entry.clone())
                .collect();
            Object { id, key, versions, scopes }
        })
        .collect();
    objects.sort_by(|one, two| one.key.cmp(&two.key));
    objects
}

/// What an object says, in a form that the order of lists and keys does not change.
struct Content {
    bare: String,
    full: String,
}

impl Content {
    fn of<T: Serialize>(value: &T) -> Self {
        // The raw types are plain data, which always serialises; a failure would tell nothing
        // apart, so it is written as what it is.
        let mut json = serde_json::to_value(value).unwrap_or(Value::Null);
        sort(&mut json);
        let full = json.to_string();
        if let Value::Object(members) = &mut json {
            // An instance is the same one whichever role it acts under.
            for beside in ["Tags", "TagSet", "IamInstanceProfile"] {
                members.remove(beside);
            }
        }
        Self { bare: json.to_string(), full }
    }
}

/// Sorts every list, and its equal elements into one. As deep as the raw types nest.
fn sort(json: &mut Value) {
    match json {
        Value::Array(elements) => {
            elements.iter_mut().for_each(sort);
            elements.sort_by_cached_key(Value::to_string);
            elements.dedup();
        }
        Value::Object(members) => members.values_mut().for_each(sort),
        _ => {}
    }
}
