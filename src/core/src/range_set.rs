//! Sets of numbers as sorted, disjoint, non-adjacent inclusive ranges.

use std::fmt;
use std::hash::Hash;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::few::Few;
use crate::fibres::Algebra;

#[cfg(test)]
mod tests;

/// A finite axis of numbers that ranges lie on: ICMP types (u8), ports (u16), IPv4 (u32) and IPv6
/// (u128) addresses.
pub trait Axis: Copy + Ord + Hash + fmt::Debug {
    /// The lowest value.
    const MIN: Self;
    /// The highest value.
    const MAX: Self;
    /// The value after this one, none after `MAX`.
    fn next(self) -> Option<Self>;
    /// The value before this one, none before `MIN`.
    fn previous(self) -> Option<Self>;
    /// How many steps from `low` to `high`: one less than the values of the range.
    fn distance(low: Self, high: Self) -> u128;
}

macro_rules! axis {
    ($($number:ty),*) => {$(
        impl Axis for $number {
            const MIN: Self = <$number>::MIN;
            const MAX: Self = <$number>::MAX;

            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn previous(self) -> Option<Self> {
                self.checked_sub(1)
            }

            fn distance(low: Self, high: Self) -> u128 {
                high.saturating_sub(low).into()
            }
        }
    )*};
}

axis!(u8, u16, u32, u128);

/// A set of values of one axis. Two equal sets are always the same list of ranges.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RangeSet<T> {
    ranges: Few<(T, T)>,
}

/// Ranges in ascending order.
type Ranges<'a, T> = &'a [(T, T)];

/// A set of ports. Written and read as `22,8000-8100`.
pub type PortSet = RangeSet<u16>;

impl<T: Axis> RangeSet<T> {
    /// The set of nothing.
    pub const fn empty() -> RangeSet<T> {
        RangeSet { ranges: Few::None }
    }

    /// The set of every value.
    pub const fn full() -> RangeSet<T> {
        RangeSet { ranges: Few::One((T::MIN, T::MAX)) }
    }

    /// The set of one value.
    pub const fn single(value: T) -> RangeSet<T> {
        RangeSet { ranges: Few::One((value, value)) }
    }

    /// The values from `low` to `high`, both included; empty if `low` is above `high`.
    pub fn range(low: T, high: T) -> RangeSet<T> {
        if low > high {
            return RangeSet::empty();
        }
        RangeSet { ranges: Few::One((low, high)) }
    }

    /// The union of inclusive ranges in any order; those whose start is above their end are empty.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (T, T)>) -> RangeSet<T> {
        let mut ranges: Vec<(T, T)> =
            ranges.into_iter().filter(|(low, high)| low <= high).collect();
        ranges.sort_unstable();
        let mut joined = Joined::new();
        for range in ranges {
            joined.push(range);
        }
        joined.into_set()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self.ranges, Few::None)
    }

    /// Whether it holds every value.
    pub fn is_full(&self) -> bool {
        matches!(self.ranges, Few::One((low, high)) if low == T::MIN && high == T::MAX)
    }

    /// Whether it holds `value`.
    pub fn contains(&self, value: T) -> bool {
        reaching(self.ranges(), value).first().is_some_and(|(low, _)| *low <= value)
    }

    /// The ranges, ascending, disjoint and not adjacent.
    pub fn ranges(&self) -> &[(T, T)] {
        self.ranges.as_slice()
    }

    /// The lowest value.
    pub fn first(&self) -> Option<T> {
        self.ranges().first().map(|(low, _)| *low)
    }

    /// The highest value.
    pub fn last(&self) -> Option<T> {
        self.ranges().last().map(|(_, high)| *high)
    }

    /// How many values; `u128::MAX` also for the full set of u128, which has one more.
    pub fn count(&self) -> u128 {
        self.ranges().iter().fold(0, |sum: u128, (low, high)| {
            sum.saturating_add(T::distance(*low, *high)).saturating_add(1)
        })
    }

    /// The values in either.
    pub fn union(&self, other: &RangeSet<T>) -> RangeSet<T> {
        if other.is_subset(self) {
            return self.clone();
        }
        if self.is_subset(other) {
            return other.clone();
        }
        let mut joined = Joined::new();
        let (mut left, mut right) = (self.ranges(), other.ranges());
        loop {
            let take_left = match (left.first(), right.first()) {
                (Some(a), Some(b)) => a <= b,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => return joined.into_set(),
            };
            let from = if take_left { &mut left } else { &mut right };
            if let Some((range, rest)) = from.split_first() {
                joined.push(*range);
                *from = rest;
            }
        }
    }

    /// The values in both.
    pub fn intersection(&self, other: &RangeSet<T>) -> RangeSet<T> {
        if let (Few::One(a), Few::One(b)) = (&self.ranges, &other.ranges) {
            return RangeSet::range(a.0.max(b.0), a.1.min(b.1));
        }
        if self.is_full() {
            return other.clone();
        }
        if other.is_full() {
            return self.clone();
        }
        let (few, mut many) = self.shorter_first(other);
        let mut joined = Joined::new();
        for &(low, high) in few {
            many = reaching(many, low);
            for (start, end) in many.iter().take_while(|(start, _)| *start <= high) {
                joined.push((low.max(*start), high.min(*end)));
            }
        }
        joined.into_set()
    }

    /// The values of this set that are not in the other.
    pub fn difference(&self, other: &RangeSet<T>) -> RangeSet<T> {
        if !self.intersects(other) {
            return self.clone();
        }
        let mut joined = Joined::new();
        let mut cuts = other.ranges();
        for &(low, high) in self.ranges() {
            cuts = reaching(cuts, low);
            push_uncut(&mut joined, (low, high), cuts);
        }
        joined.into_set()
    }

    /// The values that are not in this set.
    pub fn complement(&self) -> RangeSet<T> {
        RangeSet::full().difference(self)
    }

    /// Whether every value of this set is in the other.
    pub fn is_subset(&self, other: &RangeSet<T>) -> bool {
        if let (Few::Many(a), Few::Many(b)) = (&self.ranges, &other.ranges)
            && std::sync::Arc::ptr_eq(a, b)
        {
            return true;
        }
        let mut holders = other.ranges();
        self.ranges().iter().all(|(low, high)| {
            holders = reaching(holders, *low);
            holders.first().is_some_and(|(start, end)| start <= low && high <= end)
        })
    }

    /// Whether the two share a value. Allocates nothing.
    pub fn intersects(&self, other: &RangeSet<T>) -> bool {
        let (few, mut many) = self.shorter_first(other);
        few.iter().any(|(low, high)| {
            many = reaching(many, *low);
            many.first().is_some_and(|(start, _)| start <= high)
        })
    }

    fn shorter_first<'a>(&'a self, other: &'a RangeSet<T>) -> (Ranges<'a, T>, Ranges<'a, T>) {
        let (a, b) = (self.ranges(), other.ranges());
        if a.len() <= b.len() { (a, b) } else { (b, a) }
    }
}

/// The ranges from the first one that ends at or after `low`.
fn reaching<T: Axis>(ranges: Ranges<'_, T>, low: T) -> Ranges<'_, T> {
    // A sweep mostly finds it at once; the binary search is for one value against thousands.
    match ranges.first() {
        Some((_, end)) if *end < low => {}
        _ => return ranges,
    }
    let passed = ranges.partition_point(|(_, end)| *end < low);
    ranges.get(passed..).unwrap_or_default()
}

/// Appends what `cuts`, none of which ends before the range, leave of the range.
fn push_uncut<T: Axis>(joined: &mut Joined<T>, (low, high): (T, T), cuts: Ranges<'_, T>) {
    let mut from = Some(low);
    for (cut_low, cut_high) in cuts.iter().take_while(|(cut_low, _)| *cut_low <= high) {
        if let (Some(start), Some(end)) = (from, cut_low.previous())
            && start <= end
        {
            joined.push((start, end));
        }
        from = cut_high.next();
    }
    if let Some(start) = from
        && start <= high
    {
        joined.push((start, high));
    }
}

/// Ranges pushed in ascending order of their start; touching ones become one. One range alone
/// costs no allocation.
struct Joined<T> {
    done: Vec<(T, T)>,
    last: Option<(T, T)>,
}

impl<T: Axis> Joined<T> {
    fn new() -> Joined<T> {
        Joined { done: Vec::new(), last: None }
    }

    fn push(&mut self, (low, high): (T, T)) {
        match &mut self.last {
            Some((_, end)) if low <= *end || end.next() == Some(low) => *end = high.max(*end),
            last => self.done.extend(last.replace((low, high))),
        }
    }

    fn into_set(mut self) -> RangeSet<T> {
        let ranges = if self.done.is_empty() {
            self.last.map_or(Few::None, Few::One)
        } else {
            self.done.extend(self.last);
            Few::from(self.done)
        };
        RangeSet { ranges }
    }
}

impl<T: Axis> Algebra for RangeSet<T> {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn intersects(&self, other: &Self) -> bool {
        self.intersects(other)
    }

    fn union(&self, other: &Self) -> Self {
        self.union(other)
    }

    fn intersection(&self, other: &Self) -> Self {
        self.intersection(other)
    }

    fn difference(&self, other: &Self) -> Self {
        self.difference(other)
    }
}

impl<T> Default for RangeSet<T> {
    fn default() -> RangeSet<T> {
        RangeSet { ranges: Few::None }
    }
}

impl<T: fmt::Debug> fmt::Debug for RangeSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ranges.fmt(f)
    }
}

impl<T: Axis> FromIterator<(T, T)> for RangeSet<T> {
    fn from_iter<I: IntoIterator<Item = (T, T)>>(ranges: I) -> RangeSet<T> {
        RangeSet::from_ranges(ranges)
    }
}

/// `22,8000-8100`; `none` for the empty set.
impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ranges(f, self)
    }
}

/// Writes `22,8000-8100`, or `none`.
pub(crate) fn write_ranges<T: Axis + fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    set: &RangeSet<T>,
) -> fmt::Result {
    if set.is_empty() {
        return f.write_str("none");
    }
    for (place, (low, high)) in set.ranges().iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        if low == high {
            write!(f, "{comma}{low}")?;
        } else {
            write!(f, "{comma}{low}-{high}")?;
        }
    }
    Ok(())
}

impl Serialize for PortSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A list of ports that cannot be read; the fault of whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PortSetError {
    /// Nothing where a port belongs: `80,` or `-443`.
    #[error("a port is missing in `{list}`; write ports as `443`, `80,443` or `8000-8100`")]
    Missing {
        /// The whole list.
        list: String,
    },
    /// Not a number.
    #[error("`{part}` is not a port; write ports as `443`, `80,443` or `8000-8100`")]
    NotANumber {
        /// The part of the list that is wrong.
        part: String,
    },
    /// A number above 65535.
    #[error("port `{part}` is too large; ports are 0-65535")]
    TooLarge {
        /// The part of the list that is wrong.
        part: String,
    },
    /// A range whose start is above its end.
    #[error("the port range `{part}` ends below its start; did you mean `{high}-{low}`")]
    Reversed {
        /// The range as it was written.
        part: String,
        /// Its first port.
        low: u16,
        /// Its last port.
        high: u16,
    },
}

impl FromStr for PortSet {
    type Err = PortSetError;

    fn from_str(list: &str) -> Result<PortSet, PortSetError> {
        let ranges = list.split(',').map(|part| port_range(part, list));
        ranges.collect::<Result<Vec<_>, _>>().map(RangeSet::from_ranges)
    }
}

fn port_range(part: &str, list: &str) -> Result<(u16, u16), PortSetError> {
    let Some((low, high)) = part.split_once('-') else {
        let port = port(part, list)?;
        return Ok((port, port));
    };
    let (low, high) = (port(low, list)?, port(high, list)?);
    if low > high {
        return Err(PortSetError::Reversed { part: part.to_owned(), low, high });
    }
    Ok((low, high))
}

fn port(digits: &str, list: &str) -> Result<u16, PortSetError> {
    if digits.is_empty() {
        return Err(PortSetError::Missing { list: list.to_owned() });
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PortSetError::NotANumber { part: digits.to_owned() });
    }
    // Only digits are left, so that what does not fit is too large.
    digits.parse().map_err(|_| PortSetError::TooLarge { part: digits.to_owned() })
}
