//! Fields that documents have and the raw types have not.

use std::collections::BTreeMap;

use cloudfw_core::Pointer;
use serde_ignored::Path;

/// A field that cloudfw has no meaning for, and that is not known to be irrelevant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood {
    /// The kind of the list it stands in: `SecurityGroups`.
    pub kind: &'static str,
    /// Its path below an element of the list, without indices: `Entries.Frobnicate`.
    pub field: String,
    /// How often it stands in the document.
    pub count: usize,
    /// The first of these places.
    pub first: Pointer,
}

impl std::fmt::Display for NotUnderstood {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.kind, self.field.escape_debug())
    }
}

/// Counts the fields of one list that are not understood.
#[derive(Debug)]
pub struct Collector {
    kind: &'static str,
    /// Whether the field at a path below an element says nothing about which packets pass.
    is_irrelevant: fn(kind: &'static str, path: &str) -> bool,
    /// `None`: known to be irrelevant.
    seen: BTreeMap<String, Option<(usize, Pointer)>>,
    path: String,
}

impl Collector {
    /// Of a list of this kind; the function says which of its fields are of no interest, by their
    /// paths below an element, with dots and without indices.
    pub fn new(kind: &'static str, is_irrelevant: fn(&'static str, &str) -> bool) -> Self {
        Self { kind, is_irrelevant, seen: BTreeMap::new(), path: String::new() }
    }

    /// Notes a field that was read past, below `element`; gives its pointer from there, unless it
    /// is known to be irrelevant.
    pub fn note(&mut self, element: &Pointer, path: &Path<'_>) -> Option<Box<str>> {
        self.path.clear();
        write_path(&mut self.path, path);
        match self.seen.get_mut(&self.path) {
            Some(None) => return None,
            Some(Some((count, _))) => *count += 1,
            None => {
                let relevant = !(self.is_irrelevant)(self.kind, &self.path);
                let first = relevant.then(|| (1, pointer_of(element, path)));
                self.seen.insert(self.path.clone(), first);
                if !relevant {
                    return None;
                }
            }
        }
        Some(pointer_of(&Pointer::root(), path).to_string().into())
    }

    /// What was noted, in the order of the names.
    pub fn finish(self) -> Vec<NotUnderstood> {
        let kind = self.kind;
        let noted = |(field, noted): (String, Option<(usize, Pointer)>)| {
            noted.map(|(count, first)| NotUnderstood { kind, field, count, first })
        };
        self.seen.into_iter().filter_map(noted).collect()
    }
}

/// The names on a path, with dots between them. As deep as the raw types nest.
fn write_path(out: &mut String, path: &Path<'_>) {
    match path {
        Path::Root => {}
        Path::Map { parent, key } => {
            write_path(out, parent);
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(key);
        }
        Path::Seq { parent, .. }
        | Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => write_path(out, parent),
    }
}

fn pointer_of(element: &Pointer, path: &Path<'_>) -> Pointer {
    match path {
        Path::Root => element.clone(),
        Path::Map { parent, key } => pointer_of(element, parent).name(key),
        Path::Seq { parent, index } => pointer_of(element, parent).index(*index),
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => pointer_of(element, parent),
    }
}
