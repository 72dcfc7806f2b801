//! Recorded documents and places in them.
//!
//! Every rule and route remembers where it is written: an [`Origin`]. There are tens of thousands
//! of them and almost none is ever printed, so a place is a shared path of steps; it becomes a
//! line and a byte span ([`locate`], [`PlaceIndex`]) only when it is printed.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

mod excerpt;
mod scan;

pub use excerpt::{excerpt, line_column};
pub use scan::{PlaceIndex, Span, locate, pointer_at};

/// One recorded document: the exact text that a cloud or a host gave.
///
/// Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The path as the user gave it, or as it was found below the path that the user gave.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    /// The account and Region that the document's folder says it belongs to.
    pub scope: Scope,
}

/// Whose estate a document tells of, as far as its place in the recording says it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The account, subscription or project.
    pub account: Option<Arc<str>>,
    /// The Region or location.
    pub region: Option<Arc<str>>,
}

/// Where a rule, a route or an object is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The [`Document::name`].
    pub document: Arc<str>,
    /// The place in it.
    pub place: Place,
}

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A value of a JSON document.
    Pointer(Pointer),
    /// A line of a text document, counted from 1.
    Line(u32),
    /// Not written anywhere: a rule that the vendor adds by itself. Says by whom: `AWS`.
    Implied(&'static str),
}

impl Origin {
    /// The origin of a JSON value.
    pub fn pointer(document: &Arc<str>, pointer: Pointer) -> Self {
        Self { document: Arc::clone(document), place: Place::Pointer(pointer) }
    }

    /// The origin of a line, counted from 1.
    pub fn line(document: &Arc<str>, line: u32) -> Self {
        Self { document: Arc::clone(document), place: Place::Line(line) }
    }

    /// The origin of a rule that the vendor adds by itself to what `document` holds.
    pub fn implied(document: &Arc<str>, by: &'static str) -> Self {
        Self { document: Arc::clone(document), place: Place::Implied(by) }
    }

    /// The line in `text`, which is the text of this origin's document. `None` for an implied
    /// rule, and where the text does not hold the place.
    pub fn line_in(&self, text: &str) -> Option<u32> {
        match &self.place {
            Place::Pointer(pointer) => locate(text, &pointer.to_string()).map(|span| span.line),
            Place::Line(line) => Some(*line),
            Place::Implied(_) => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Pointer(pointer) if pointer.is_root() => formatter.write_str(&self.document),
            Place::Pointer(pointer) => write!(formatter, "{} {pointer}", self.document),
            Place::Line(line) => write!(formatter, "{}:{line}", self.document),
            Place::Implied(by) => write!(formatter, "implied by {by}"),
        }
    }
}

/// A JSON pointer (RFC 6901) that shares its beginning with its neighbours.
///
/// Prints as the RFC writes it: `/SecurityGroups/3/IpPermissions/17`. Cheap to clone; a step
/// costs one allocation of some 50 bytes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(Option<Arc<Node>>);

#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Node {
    parent: Pointer,
    step: Step,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Step {
    /// A member whose name the program knows.
    Member(&'static str),
    /// An element of a list which is such a member: two steps of the RFC in one.
    Element(&'static str, u32),
    /// An element of a list.
    Index(u32),
    /// A member whose name comes from the document.
    Name(Box<str>),
}

impl Pointer {
    /// The whole document.
    pub fn root() -> Self {
        Self(None)
    }

    /// Whether this is the whole document.
    pub fn is_root(&self) -> bool {
        self.0.is_none()
    }

    /// The member of this name.
    #[must_use]
    pub fn member(&self, name: &'static str) -> Self {
        self.then(Step::Member(name))
    }

    /// The element `index`, counted from 0, of the list that is the member of this name.
    #[must_use]
    pub fn element(&self, name: &'static str, index: usize) -> Self {
        // No document has four billion elements: it would not fit into memory.
        self.then(Step::Element(name, u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// The element `index` of this list, counted from 0.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.then(Step::Index(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// The member of a name that was read.
    #[must_use]
    pub fn name(&self, name: &str) -> Self {
        self.then(Step::Name(name.into()))
    }

    fn then(&self, step: Step) -> Self {
        Self(Some(Arc::new(Node { parent: self.clone(), step })))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(node) = &self.0 else { return Ok(()) };
        // As deep as documents nest by their kinds, which is less than ten.
        node.parent.fmt(formatter)?;
        match &node.step {
            Step::Member(name) => write_token(formatter, name),
            Step::Name(name) => write_token(formatter, name),
            Step::Index(index) => write!(formatter, "/{index}"),
            Step::Element(name, index) => {
                write_token(formatter, name)?;
                write!(formatter, "/{index}")
            }
        }
    }
}

/// RFC 6901, section 3: `~` is written `~0`, and `/` is written `~1`.
fn write_token(formatter: &mut fmt::Formatter<'_>, token: &str) -> fmt::Result {
    formatter.write_str("/")?;
    if token.contains(['~', '/']) {
        formatter.write_str(&token.replace('~', "~0").replace('/', "~1"))
    } else {
        formatter.write_str(token)
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pointer({self})")
    }
}

impl Serialize for Pointer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests;
