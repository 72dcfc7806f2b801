//! Sets of (protocol, first field, second field): ports, and ICMP types with codes.

use crate::few::Few;
use crate::fibres::{Algebra, Fibres};
use crate::range_set::{Axis, RangeSet};
use crate::service::{Protocol, ProtocolSet};

/// Every header of one of these protocols with these two fields. For ports the first field is the
/// source and the second the destination; for ICMP they are the type and the code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Plane<T: Axis> {
    pub(super) protocols: ProtocolSet,
    pub(super) first: RangeSet<T>,
    pub(super) second: RangeSet<T>,
}

/// Disjoint planes in canonical form (see `fibres`): protocols with equal contents are together,
/// and first fields with equal second fields are together, so that equality is derived.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Planes<T: Axis>(Few<Plane<T>>);

type ByProtocol<T> = Fibres<ProtocolSet, Fibres<RangeSet<T>, RangeSet<T>>>;

impl<T: Axis> Plane<T> {
    fn is_empty(&self) -> bool {
        self.protocols.is_empty() || self.first.is_empty() || self.second.is_empty()
    }

    fn intersects(&self, other: &Plane<T>) -> bool {
        self.protocols.intersects(other.protocols)
            && self.first.intersects(&other.first)
            && self.second.intersects(&other.second)
    }

    fn is_subset(&self, other: &Plane<T>) -> bool {
        self.protocols.is_subset(other.protocols)
            && self.first.is_subset(&other.first)
            && self.second.is_subset(&other.second)
    }

    fn intersection(&self, other: &Plane<T>) -> Plane<T> {
        Plane {
            protocols: self.protocols.intersection(other.protocols),
            first: self.first.intersection(&other.first),
            second: self.second.intersection(&other.second),
        }
    }

    /// The union where it is a plane because only one of the three differs.
    fn join(&self, other: &Plane<T>) -> Option<Plane<T>> {
        let same_protocols = self.protocols == other.protocols;
        let same_first = self.first == other.first;
        let same_second = self.second == other.second;
        let (mut protocols, mut first, mut second) =
            (self.protocols, self.first.clone(), self.second.clone());
        match (same_protocols, same_first, same_second) {
            (true, true, _) => second = second.union(&other.second),
            (true, _, true) => first = first.union(&other.first),
            (_, true, true) => protocols = protocols.union(other.protocols),
            _ => return None,
        }
        Some(Plane { protocols, first, second })
    }

    fn fibres(&self) -> ByProtocol<T> {
        let fields = Fibres::product(self.first.clone(), self.second.clone());
        Fibres::product(self.protocols, fields)
    }
}

impl<T: Axis> Planes<T> {
    pub(super) const fn empty() -> Planes<T> {
        Planes(Few::None)
    }

    /// Every header of these protocols.
    pub(super) const fn all_of(protocols: ProtocolSet) -> Planes<T> {
        if protocols.is_empty() {
            return Planes(Few::None);
        }
        Planes(Few::One(Plane { protocols, first: RangeSet::full(), second: RangeSet::full() }))
    }

    pub(super) fn one(plane: Plane<T>) -> Planes<T> {
        Planes(if plane.is_empty() { Few::None } else { Few::One(plane) })
    }

    /// The union of planes that may overlap.
    pub(super) fn union_of(planes: impl Iterator<Item = Plane<T>>) -> Planes<T> {
        let mut planes: Vec<Plane<T>> = planes.filter(|plane| !plane.is_empty()).collect();
        if planes.len() > 1 {
            return Planes::from(Fibres::union_of(planes.iter().map(Plane::fibres).collect()));
        }
        planes.pop().map_or(Planes::empty(), Planes::one)
    }

    pub(super) fn planes(&self) -> &[Plane<T>] {
        self.0.as_slice()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.planes().is_empty()
    }

    pub(super) fn contains(&self, protocol: Protocol, first: T, second: T) -> bool {
        self.planes().iter().any(|plane| {
            plane.protocols.contains(protocol)
                && plane.first.contains(first)
                && plane.second.contains(second)
        })
    }

    pub(super) fn protocols(&self) -> ProtocolSet {
        self.planes().iter().fold(ProtocolSet::EMPTY, |all, plane| all.union(plane.protocols))
    }

    pub(super) fn intersects(&self, other: &Planes<T>) -> bool {
        self.planes().iter().any(|a| other.planes().iter().any(|b| a.intersects(b)))
    }

    pub(super) fn is_subset(&self, other: &Planes<T>) -> bool {
        let in_one = |a: &Plane<T>| other.planes().iter().any(|b| a.is_subset(b));
        if self.planes().iter().all(in_one) {
            return true;
        }
        // A plane may also lie across several of the other's.
        other.planes().len() > 1 && self.difference(other).is_empty()
    }

    pub(super) fn union(&self, other: &Planes<T>) -> Planes<T> {
        match (&self.0, &other.0) {
            (_, Few::None) => return self.clone(),
            (Few::None, _) => return other.clone(),
            (Few::One(a), Few::One(b)) => {
                if let Some(joined) = a.join(b) {
                    return Planes::one(joined);
                }
            }
            _ => {}
        }
        self.fibres().union(&other.fibres()).into()
    }

    pub(super) fn intersection(&self, other: &Planes<T>) -> Planes<T> {
        if !self.intersects(other) {
            return Planes::empty();
        }
        match (&self.0, &other.0) {
            (Few::One(a), Few::One(b)) => Planes::one(a.intersection(b)),
            (Few::One(a), _) if other.planes().iter().all(|b| b.is_subset(a)) => other.clone(),
            (_, Few::One(b)) if self.planes().iter().all(|a| a.is_subset(b)) => self.clone(),
            _ => self.fibres().intersection(&other.fibres()).into(),
        }
    }

    pub(super) fn difference(&self, other: &Planes<T>) -> Planes<T> {
        if !self.intersects(other) {
            return self.clone();
        }
        match (&self.0, &other.0) {
            (Few::One(a), Few::One(b))
                if a.protocols.is_subset(b.protocols) && a.first.is_subset(&b.first) =>
            {
                let second = a.second.difference(&b.second);
                Planes::one(Plane { second, ..a.clone() })
            }
            _ => self.fibres().difference(&other.fibres()).into(),
        }
    }

    fn fibres(&self) -> ByProtocol<T> {
        let groups = self.planes().chunk_by(|a, b| a.protocols == b.protocols);
        let by_protocol = groups.filter_map(|group| {
            let fields = group.iter().map(|plane| (plane.first.clone(), plane.second.clone()));
            let protocols = group.first()?.protocols;
            Some((protocols, Fibres::from_disjoint(fields.collect())))
        });
        Fibres::from_disjoint(by_protocol.collect())
    }
}

impl<T: Axis> From<ByProtocol<T>> for Planes<T> {
    fn from(fibres: ByProtocol<T>) -> Planes<T> {
        let mut planes = Vec::new();
        for (protocols, fields) in fibres.into_pairs() {
            for (first, second) in fields.into_pairs() {
                planes.push(Plane { protocols, first, second });
            }
        }
        Planes(planes.into())
    }
}
