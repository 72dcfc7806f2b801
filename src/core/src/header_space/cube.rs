//! The product of sources, destinations and services.

use std::fmt;

use crate::flow::Flow;
use crate::ip_set::IpSet;
use crate::range_set::{Axis, RangeSet};
use crate::service_set::ServiceSet;

/// The flows (IPv4 sources × IPv4 destinations ∪ IPv6 sources × IPv6 destinations) × services.
///
/// Inside a [`HeaderSpace`](super::HeaderSpace) a cube is not empty, and a family that one side
/// lacks is cleared from the other.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cube {
    /// The source addresses.
    pub source: IpSet,
    /// The destination addresses.
    pub destination: IpSet,
    /// The protocols with their ports, types and codes.
    pub services: ServiceSet,
}

impl Cube {
    /// The normalised cube, none if no flow is in it.
    pub fn new(source: IpSet, destination: IpSet, services: ServiceSet) -> Option<Cube> {
        Cube { source, destination, services }.normalised()
    }

    /// Clears a family that one side lacks; none if no flow is left.
    pub fn normalised(mut self) -> Option<Cube> {
        if self.source.v4().is_empty() != self.destination.v4().is_empty() {
            self.source = self.source.only_v6();
            self.destination = self.destination.only_v6();
        }
        if self.source.v6().is_empty() != self.destination.v6().is_empty() {
            self.source = self.source.only_v4();
            self.destination = self.destination.only_v4();
        }
        (!self.source.is_empty() && !self.services.is_empty()).then_some(self)
    }

    /// Whether it holds `flow`.
    pub fn contains(&self, flow: &Flow) -> bool {
        flow.source.is_ipv4() == flow.destination.is_ipv4()
            && self.source.contains(flow.source)
            && self.destination.contains(flow.destination)
            && self.services.contains(&flow.service)
    }

    /// Whether the two share a flow. Allocates nothing.
    pub fn intersects(&self, other: &Cube) -> bool {
        let v4 = || {
            self.source.v4().intersects(other.source.v4())
                && self.destination.v4().intersects(other.destination.v4())
        };
        let v6 = || {
            self.source.v6().intersects(other.source.v6())
                && self.destination.v6().intersects(other.destination.v6())
        };
        (v4() || v6()) && self.services.intersects(&other.services)
    }

    /// The flows in both, none if there is none.
    pub fn intersection(&self, other: &Cube) -> Option<Cube> {
        if !self.intersects(other) {
            return None;
        }
        Cube::new(
            self.source.intersection(&other.source),
            self.destination.intersection(&other.destination),
            self.services.intersection(&other.services),
        )
    }

    /// Whether every flow of this cube, which is normalised, is in the other.
    pub fn is_subset(&self, other: &Cube) -> bool {
        self.source.is_subset(&other.source)
            && self.destination.is_subset(&other.destination)
            && self.services.is_subset(&other.services)
    }

    /// The lowest of the flows, IPv4 before IPv6.
    pub fn a_flow(&self) -> Option<Flow> {
        let service = self.services.a_service()?;
        Some(Flow { source: self.source.first()?, destination: self.destination.first()?, service })
    }

    /// The flows that are not in the other, as at most three disjoint cubes.
    pub(super) fn difference(&self, other: &Cube) -> impl Iterator<Item = Cube> + use<> {
        if !self.intersects(other) {
            return [Some(self.clone()), None, None].into_iter().flatten();
        }
        // From outside in: other sources; then, from the shared ones, other destinations; then,
        // between the shared ones, other services.
        let source = self.source.intersection(&other.source);
        let elsewhere = Cube::new(
            self.source.difference(&other.source),
            self.destination.clone(),
            self.services.clone(),
        );
        let beside = Cube::new(
            source.clone(),
            self.destination.difference(&other.destination),
            self.services.clone(),
        );
        let destination = self.destination.intersection(&other.destination);
        let within = Cube::new(source, destination, self.services.difference(&other.services));
        [elsewhere, beside, within].into_iter().flatten()
    }

    pub(super) fn reversed(&self) -> Option<Cube> {
        Cube::new(self.destination.clone(), self.source.clone(), self.services.replies())
    }

    /// The union, where that is one cube because the two differ in one dimension only.
    pub(super) fn join(&self, other: &Cube) -> Option<Cube> {
        if self.services == other.services {
            let (source4, destination4) = join_family(
                (self.source.v4(), self.destination.v4()),
                (other.source.v4(), other.destination.v4()),
            )?;
            let (source6, destination6) = join_family(
                (self.source.v6(), self.destination.v6()),
                (other.source.v6(), other.destination.v6()),
            )?;
            return Some(Cube {
                source: IpSet::from_families(source4, source6),
                destination: IpSet::from_families(destination4, destination6),
                services: self.services.clone(),
            });
        }
        if self.source == other.source && self.destination == other.destination {
            let services = self.services.union(&other.services);
            return Some(Cube { services, ..self.clone() });
        }
        None
    }

    /// Adds the flows of a cube with the same services and no family in common.
    pub(super) fn add_family(&mut self, other: &Cube) {
        self.source = self.source.union(&other.source);
        self.destination = self.destination.union(&other.destination);
    }
}

type Rectangle<'a, T> = (&'a RangeSet<T>, &'a RangeSet<T>);

/// The union of two (sources, destinations) of one family, where it is a rectangle again.
fn join_family<T: Axis>(
    a: Rectangle<'_, T>,
    b: Rectangle<'_, T>,
) -> Option<(RangeSet<T>, RangeSet<T>)> {
    let ((source, destination), (other_source, other_destination)) = (a, b);
    if other_source.is_empty() {
        Some((source.clone(), destination.clone()))
    } else if source.is_empty() {
        Some((other_source.clone(), other_destination.clone()))
    } else if source == other_source {
        Some((source.clone(), destination.union(other_destination)))
    } else if destination == other_destination {
        Some((source.union(other_source), destination.clone()))
    } else {
        None
    }
}

/// `source → destination: services`; a family pairs only with itself.
impl fmt::Display for Cube {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}: {}", self.source, self.destination, self.services)
    }
}

impl fmt::Debug for Cube {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
