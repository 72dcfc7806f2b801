//! What all providers share in reading recordings.
//!
//! A provider's crate knows its vendor's documents; that a value has a place, that a field may be
//! told badly or not be understood, that a list may be incomplete, what a manifest is and what the
//! result of lowering is made of, is the same for all of them and stands here.

mod elements;
mod error;
mod field;
mod lowered;
pub mod manifest;
mod not_understood;

use cloudfw_core::{Document, Origin, Pointer};

pub use elements::{All, One, Shape};
pub use error::{DocumentError, Fault, Location};
pub use field::{Field, text};
pub use lowered::{AssumeNone, CallCoverage, Knowledge, Lowered, OtherCall, Resource};
pub use not_understood::{Collector, NotUnderstood};

/// One element of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element<T> {
    /// Where it stands: `/SecurityGroups/3`. Places within it are below this one.
    pub pointer: Pointer,
    /// What it says.
    pub value: T,
    /// The fields in it that cloudfw has no meaning for and that may matter, as JSON pointers
    /// below the element, in the order of the document: `/IpPermissions/3/Frobnicate`.
    pub not_understood: Vec<Box<str>>,
}

impl<T> Element<T> {
    /// Where the element stands, of the document that it was read from.
    pub fn origin(&self, document: &Document) -> Origin {
        Origin::pointer(&document.name, self.pointer.clone())
    }
}
