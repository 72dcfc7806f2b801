//! Sets of IPv4 and IPv6 addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};
use serde::{Serialize, Serializer};

use crate::fibres::Algebra;
use crate::range_set::RangeSet;

#[cfg(test)]
mod tests;

/// A set of addresses of both families. An IPv4 address and its IPv4-mapped IPv6 address are two
/// different members, as they are to every filter.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct IpSet {
    v4: RangeSet<u32>,
    v6: RangeSet<u128>,
}

impl IpSet {
    /// The set of nothing.
    pub const fn empty() -> IpSet {
        IpSet { v4: RangeSet::empty(), v6: RangeSet::empty() }
    }

    /// Every IPv4 and IPv6 address.
    pub const fn full() -> IpSet {
        IpSet { v4: RangeSet::full(), v6: RangeSet::full() }
    }

    /// Every IPv4 address.
    pub const fn any_v4() -> IpSet {
        IpSet { v4: RangeSet::full(), v6: RangeSet::empty() }
    }

    /// Every IPv6 address.
    pub const fn any_v6() -> IpSet {
        IpSet { v4: RangeSet::empty(), v6: RangeSet::full() }
    }

    /// The set of these IPv4 and these IPv6 addresses, as numbers in host order.
    pub const fn from_families(v4: RangeSet<u32>, v6: RangeSet<u128>) -> IpSet {
        IpSet { v4, v6 }
    }

    /// The set of one address.
    pub const fn single(address: IpAddr) -> IpSet {
        match address {
            IpAddr::V4(v4) => IpSet { v4: RangeSet::single(v4.to_bits()), v6: RangeSet::empty() },
            IpAddr::V6(v6) => IpSet { v4: RangeSet::empty(), v6: RangeSet::single(v6.to_bits()) },
        }
    }

    /// The addresses from `low` to `high`, both included. None if they are of different families
    /// or `low` is above `high`.
    pub fn from_range(low: IpAddr, high: IpAddr) -> Option<IpSet> {
        let set = match (low, high) {
            (IpAddr::V4(low), IpAddr::V4(high)) => IpSet::v4_range(low, high),
            (IpAddr::V6(low), IpAddr::V6(high)) => IpSet::v6_range(low, high),
            _ => return None,
        };
        (!set.is_empty()).then_some(set)
    }

    fn v4_range(low: Ipv4Addr, high: Ipv4Addr) -> IpSet {
        let v4 = RangeSet::range(low.to_bits(), high.to_bits());
        IpSet { v4, v6: RangeSet::empty() }
    }

    fn v6_range(low: Ipv6Addr, high: Ipv6Addr) -> IpSet {
        let v6 = RangeSet::range(low.to_bits(), high.to_bits());
        IpSet { v4: RangeSet::empty(), v6 }
    }

    /// The IPv4 addresses, as numbers in host order.
    pub fn v4(&self) -> &RangeSet<u32> {
        &self.v4
    }

    /// The IPv6 addresses, as numbers in host order.
    pub fn v6(&self) -> &RangeSet<u128> {
        &self.v6
    }

    /// The IPv4 part.
    pub fn only_v4(&self) -> IpSet {
        IpSet { v4: self.v4.clone(), v6: RangeSet::empty() }
    }

    /// The IPv6 part.
    pub fn only_v6(&self) -> IpSet {
        IpSet { v4: RangeSet::empty(), v6: self.v6.clone() }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether it holds every address of both families.
    pub fn is_full(&self) -> bool {
        self.v4.is_full() && self.v6.is_full()
    }

    /// Whether it holds `address`.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(v4) => self.v4.contains(v4.to_bits()),
            IpAddr::V6(v6) => self.v6.contains(v6.to_bits()),
        }
    }

    /// The lowest address, IPv4 before IPv6.
    pub fn first(&self) -> Option<IpAddr> {
        let v4 = self.v4.first().map(|bits| IpAddr::V4(bits.into()));
        v4.or_else(|| self.v6.first().map(|bits| IpAddr::V6(bits.into())))
    }

    /// How many IPv4 addresses.
    pub fn count_v4(&self) -> u128 {
        self.v4.count()
    }

    /// How many IPv6 addresses; one too few for all of them, which do not fit.
    pub fn count_v6(&self) -> u128 {
        self.v6.count()
    }

    /// The addresses in either.
    pub fn union(&self, other: &IpSet) -> IpSet {
        IpSet { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// The union of many sets, in one sort.
    pub fn union_of<'a>(sets: impl IntoIterator<Item = &'a IpSet>) -> IpSet {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for set in sets {
            v4.extend_from_slice(set.v4.ranges());
            v6.extend_from_slice(set.v6.ranges());
        }
        IpSet { v4: RangeSet::from_ranges(v4), v6: RangeSet::from_ranges(v6) }
    }

    /// The addresses in both.
    pub fn intersection(&self, other: &IpSet) -> IpSet {
        IpSet { v4: self.v4.intersection(&other.v4), v6: self.v6.intersection(&other.v6) }
    }

    /// The addresses of this set that are not in the other.
    pub fn difference(&self, other: &IpSet) -> IpSet {
        IpSet { v4: self.v4.difference(&other.v4), v6: self.v6.difference(&other.v6) }
    }

    /// The addresses, of both families, that are not in this set.
    pub fn complement(&self) -> IpSet {
        IpSet { v4: self.v4.complement(), v6: self.v6.complement() }
    }

    /// Whether every address of this set is in the other.
    pub fn is_subset(&self, other: &IpSet) -> bool {
        self.v4.is_subset(&other.v4) && self.v6.is_subset(&other.v6)
    }

    /// Whether the two share an address. Allocates nothing.
    pub fn intersects(&self, other: &IpSet) -> bool {
        self.v4.intersects(&other.v4) || self.v6.intersects(&other.v6)
    }

    /// The fewest CIDRs that make up the set, ascending, IPv4 before IPv6.
    pub fn nets(&self) -> Vec<IpNet> {
        self.cidrs().collect()
    }

    fn cidrs(&self) -> impl Iterator<Item = IpNet> + '_ {
        // No two ranges are adjacent, so that no CIDR can span two: fewest per range is fewest.
        let v4 = self.v4.ranges().iter();
        let v6 = self.v6.ranges().iter();
        v4.flat_map(|(low, high)| Ipv4Subnets::new((*low).into(), (*high).into(), 0))
            .map(IpNet::V4)
            .chain(
                v6.flat_map(|(low, high)| Ipv6Subnets::new((*low).into(), (*high).into(), 0))
                    .map(IpNet::V6),
            )
    }
}

impl From<IpAddr> for IpSet {
    fn from(address: IpAddr) -> IpSet {
        IpSet::single(address)
    }
}

/// The addresses of the network; host bits do not matter (AWS-39: 100.68.0.18/18 is 100.68.0.0/18).
impl From<IpNet> for IpSet {
    fn from(net: IpNet) -> IpSet {
        match net {
            // `broadcast` is the last address, also of a /31 and a /32.
            IpNet::V4(v4) => IpSet::v4_range(v4.network(), v4.broadcast()),
            IpNet::V6(v6) => IpSet::v6_range(v6.network(), v6.broadcast()),
        }
    }
}

impl FromIterator<IpNet> for IpSet {
    fn from_iter<I: IntoIterator<Item = IpNet>>(nets: I) -> IpSet {
        let sets: Vec<IpSet> = nets.into_iter().map(IpSet::from).collect();
        IpSet::union_of(&sets)
    }
}

impl FromIterator<IpAddr> for IpSet {
    fn from_iter<I: IntoIterator<Item = IpAddr>>(addresses: I) -> IpSet {
        let sets: Vec<IpSet> = addresses.into_iter().map(IpSet::from).collect();
        IpSet::union_of(&sets)
    }
}

impl Algebra for IpSet {
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

/// CIDRs joined by `, `, a single address without its length; `any`, `any IPv4`, `any IPv6`,
/// `none`.
impl fmt::Display for IpSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_full() {
            return f.write_str("any");
        }
        if self.is_empty() {
            return f.write_str("none");
        }
        for (place, net) in self.cidrs().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            match net {
                IpNet::V4(v4) if v4.prefix_len() == 0 => f.write_str("any IPv4")?,
                IpNet::V6(v6) if v6.prefix_len() == 0 => f.write_str("any IPv6")?,
                _ if net.prefix_len() == net.max_prefix_len() => write!(f, "{}", net.addr())?,
                _ => write!(f, "{net}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for IpSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

impl Serialize for IpSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
