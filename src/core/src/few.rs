//! An immutable list that is mostly of length nought or one.
//!
//! Most sets of a firewall are one range (a CIDR, a port, "any"), so none and one live in place.
//! Longer lists are shared: splitting a cube clones the dimensions that it does not cut, and a set
//! such as "the internet minus the estate" has thousands of ranges.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// None, one, or many shared values. `Many` always holds two or more, so that equality is derived.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(crate) enum Few<T> {
    #[default]
    None,
    One(T),
    Many(Arc<[T]>),
}

impl<T> Few<T> {
    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Few::None => &[],
            Few::One(value) => std::slice::from_ref(value),
            Few::Many(values) => values,
        }
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(mut values: Vec<T>) -> Few<T> {
        if values.len() > 1 {
            return Few::Many(values.into());
        }
        values.pop().map_or(Few::None, Few::One)
    }
}

impl<T: Ord> Ord for Few<T> {
    fn cmp(&self, other: &Few<T>) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl<T: PartialOrd> PartialOrd for Few<T> {
    fn partial_cmp(&self, other: &Few<T>) -> Option<Ordering> {
        self.as_slice().partial_cmp(other.as_slice())
    }
}

impl<T: fmt::Debug> fmt::Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}
