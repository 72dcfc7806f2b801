//! Typed identifiers: an interface's id cannot be used where a subnet's is asked for.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// The key of a `T` in a [`Network`](crate::Network).
///
/// It is the vendor's own id where that is unique in the recording; a provider adds a scope
/// (`sg-1@111122223333/eu-central-1`) only where two resources share one id. Ids are never
/// validated by pattern: recordings carry anonymised ones.
pub struct Id<T> {
    text: Arc<str>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// The id with this text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), kind: PhantomData }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

// Written by hand: derives would ask the same of `T`, which only tells ids apart.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        Self { text: Arc::clone(&self.text), kind: PhantomData }
    }
}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<T> Borrow<str> for Id<T> {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T> From<&str> for Id<T> {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
