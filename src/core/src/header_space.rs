//! Sets of flows: exact union, intersection, difference and reversal (header space analysis).

use std::fmt;

use crate::fibres::Fibres;
use crate::flow::Flow;
use crate::ip_set::IpSet;
use crate::range_set::PortSet;
use crate::service_set::ServiceSet;

mod cube;
#[cfg(test)]
mod tests;

pub use cube::Cube;

/// A set of flows, as a list of disjoint cubes.
///
/// The list depends on how the set was made, so equality is not derived: `a == b` means that each
/// holds every flow of the other. For printing use [`HeaderSpace::canonical`], which depends on the
/// flows alone.
#[derive(Clone, Default)]
pub struct HeaderSpace {
    cubes: Vec<Cube>,
}

impl HeaderSpace {
    /// The set of nothing.
    pub const fn empty() -> HeaderSpace {
        HeaderSpace { cubes: Vec::new() }
    }

    /// Every flow.
    pub fn full() -> HeaderSpace {
        HeaderSpace::from_cube(IpSet::full(), IpSet::full(), ServiceSet::full())
    }

    /// The flows from one of these sources to one of these destinations, of the same family, with
    /// one of these services.
    pub fn from_cube(source: IpSet, destination: IpSet, services: ServiceSet) -> HeaderSpace {
        HeaderSpace { cubes: Cube::new(source, destination, services).into_iter().collect() }
    }

    /// The disjoint cubes, none of them empty, in an order that depends on how the set was made.
    pub fn cubes(&self) -> &[Cube] {
        &self.cubes
    }

    /// How many ranges of addresses its cubes have: what copying it costs.
    pub(crate) fn address_ranges(&self) -> usize {
        let ranges = |set: &IpSet| set.v4().ranges().len() + set.v6().ranges().len();
        self.cubes.iter().map(|cube| ranges(&cube.source) + ranges(&cube.destination)).sum()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.cubes.is_empty()
    }

    /// Whether it holds `flow`.
    pub fn contains(&self, flow: &Flow) -> bool {
        self.cubes.iter().any(|cube| cube.contains(flow))
    }

    /// The flows in either.
    pub fn union(&self, other: &HeaderSpace) -> HeaderSpace {
        let mut all = self.clone();
        all.insert(other);
        all
    }

    /// Adds the flows of another set to this one.
    pub fn insert(&mut self, other: &HeaderSpace) {
        if self.cubes.is_empty() {
            self.cubes.clone_from(&other.cubes);
            return;
        }
        for cube in &other.cubes {
            self.add(cube.clone());
        }
    }

    /// Adds the flows of another set, which shares none with this one: it is not looked for them.
    pub(crate) fn insert_disjoint(&mut self, other: &HeaderSpace) {
        debug_assert!(!self.intersects(other), "the sets are disjoint");
        if self.cubes.is_empty() {
            self.cubes.clone_from(&other.cubes);
            return;
        }
        for cube in &other.cubes {
            self.push_disjoint(cube.clone());
        }
    }

    /// The flows in both.
    pub fn intersection(&self, other: &HeaderSpace) -> HeaderSpace {
        let pairs = self.cubes.iter().flat_map(|a| other.cubes.iter().map(move |b| (a, b)));
        HeaderSpace { cubes: pairs.filter_map(|(a, b)| a.intersection(b)).collect() }
    }

    /// The flows that are in the cube too.
    pub fn intersect_cube(&self, cube: &Cube) -> HeaderSpace {
        let cubes = self.cubes.iter().filter_map(|own| own.intersection(cube));
        HeaderSpace { cubes: cubes.collect() }
    }

    /// The flows of this set that are not in the other.
    pub fn difference(&self, other: &HeaderSpace) -> HeaderSpace {
        let mut rest = self.clone();
        rest.remove(other);
        rest
    }

    /// Takes the flows of another set out of this one.
    pub fn remove(&mut self, other: &HeaderSpace) {
        for cube in &other.cubes {
            self.remove_cube(cube);
        }
    }

    /// The flows that are not in the cube.
    pub fn subtract_cube(&self, cube: &Cube) -> HeaderSpace {
        let mut rest = self.clone();
        rest.remove_cube(cube);
        rest
    }

    /// Cubes that the cut misses stay where they are: a long list of rules mostly misses.
    fn remove_cube(&mut self, cube: &Cube) {
        let mut pieces = Vec::new();
        self.cubes.retain(|own| {
            let cut = own.intersects(cube);
            if cut {
                pieces.extend(own.difference(cube));
            }
            !cut
        });
        for piece in pieces {
            self.push_disjoint(piece);
        }
    }

    /// The flows with one of these services, from one of these sources and to one of these
    /// destinations; `None` is any. A cube that misses costs no allocation.
    pub fn within(
        &self,
        sources: Option<&IpSet>,
        destinations: Option<&IpSet>,
        services: &ServiceSet,
    ) -> HeaderSpace {
        let meets = |cube: &&Cube| {
            cube.services.intersects(services)
                && sources.is_none_or(|sources| cube.source.intersects(sources))
                && destinations.is_none_or(|to| cube.destination.intersects(to))
        };
        let cut = |own: &IpSet, to: Option<&IpSet>| {
            to.map_or_else(|| own.clone(), |to| own.intersection(to))
        };
        let cubes = self.cubes.iter().filter(meets).filter_map(|cube| {
            Cube::new(
                cut(&cube.source, sources),
                cut(&cube.destination, destinations),
                cube.services.intersection(services),
            )
        });
        HeaderSpace { cubes: cubes.collect() }
    }

    /// Whether every flow of this set is in the other.
    pub fn is_subset(&self, other: &HeaderSpace) -> bool {
        self.cubes.iter().all(|cube| other.covers(cube))
    }

    /// Whether the two share a flow. Allocates nothing.
    pub fn intersects(&self, other: &HeaderSpace) -> bool {
        self.cubes.iter().any(|cube| other.intersects_cube(cube))
    }

    /// Whether it shares a flow with the cube. Allocates nothing.
    pub fn intersects_cube(&self, cube: &Cube) -> bool {
        self.cubes.iter().any(|own| own.intersects(cube))
    }

    /// The replies of those flows that have one: addresses swapped, `ServiceSet::replies`.
    pub fn reversed(&self) -> HeaderSpace {
        // The reply is one to one where it is defined, so disjoint cubes stay disjoint.
        HeaderSpace { cubes: self.cubes.iter().filter_map(Cube::reversed).collect() }
    }

    /// The flows that have no reply.
    pub fn without_reply(&self) -> HeaderSpace {
        self.map_each(|cube| {
            let services = cube.services.without_reply();
            Cube { services, ..cube.clone() }
        })
    }

    /// Every source address of a flow.
    pub fn sources(&self) -> IpSet {
        IpSet::union_of(self.cubes.iter().map(|cube| &cube.source))
    }

    /// Every destination address of a flow.
    pub fn destinations(&self) -> IpSet {
        IpSet::union_of(self.cubes.iter().map(|cube| &cube.destination))
    }

    /// Every service of a flow.
    pub fn services(&self) -> ServiceSet {
        ServiceSet::union_of(self.cubes.iter().map(|cube| &cube.services))
    }

    /// The flows from one of these sources.
    pub fn with_source(&self, sources: &IpSet) -> HeaderSpace {
        self.map_each(|cube| {
            let source = cube.source.intersection(sources);
            Cube { source, ..cube.clone() }
        })
    }

    /// The flows to one of these destinations.
    pub fn with_destination(&self, destinations: &IpSet) -> HeaderSpace {
        self.map_each(|cube| {
            let destination = cube.destination.intersection(destinations);
            Cube { destination, ..cube.clone() }
        })
    }

    /// The flows with one of these services.
    pub fn with_services(&self, services: &ServiceSet) -> HeaderSpace {
        self.map_each(|cube| {
            let services = cube.services.intersection(services);
            Cube { services, ..cube.clone() }
        })
    }

    /// The flows from one of these source ports; those without ports are kept.
    pub fn with_source_ports(&self, ports: &PortSet) -> HeaderSpace {
        self.map_each(|cube| {
            let services = cube.services.with_source_ports(ports);
            Cube { services, ..cube.clone() }
        })
    }

    /// The flows after source translation: each may now come from any of `sources`, and, where
    /// `ports` is given and the protocol has ports, from any of these ports. Flows of a family that
    /// `sources` lacks are gone.
    pub fn map_source(&self, sources: &IpSet, ports: Option<&PortSet>) -> HeaderSpace {
        self.map_to_overlapping(|cube| {
            let services = ports.map(|ports| cube.services.map_source_ports(ports));
            let services = services.unwrap_or_else(|| cube.services.clone());
            Cube::new(sources.clone(), cube.destination.clone(), services)
        })
    }

    /// The flows after destination translation: each may now go to any of `destinations`, and,
    /// where `ports` is given and the protocol has ports, to any of these ports. Flows of a family
    /// that `destinations` lacks are gone.
    pub fn map_destination(&self, destinations: &IpSet, ports: Option<&PortSet>) -> HeaderSpace {
        self.map_to_overlapping(|cube| {
            let services = ports.map(|ports| cube.services.map_destination_ports(ports));
            let services = services.unwrap_or_else(|| cube.services.clone());
            Cube::new(cube.source.clone(), destinations.clone(), services)
        })
    }

    /// One of the flows, if there is any: the lowest, so that it depends on the flows alone.
    pub fn a_flow(&self) -> Option<Flow> {
        self.cubes.iter().filter_map(Cube::a_flow).min()
    }

    /// The same set with cubes and an order that depend only on the flows, for printing: each
    /// source stands in one cube per group of destinations that it may reach with equal services.
    pub fn canonical(&self) -> HeaderSpace {
        let v4 = self.family(IpSet::only_v4);
        let v6 = self.family(IpSet::only_v6);
        let mut cubes = v4;
        for cube in v6 {
            // What both families may do alike is said once.
            let twin = cubes
                .iter_mut()
                .find(|twin| twin.services == cube.services && twin.source.v6().is_empty());
            match twin {
                Some(twin) => twin.add_family(&cube),
                None => cubes.push(cube),
            }
        }
        HeaderSpace { cubes }
    }

    /// The canonical cubes of one family.
    fn family(&self, only: impl Fn(&IpSet) -> IpSet) -> Vec<Cube> {
        let fibres = self.cubes.iter().map(|cube| {
            let services = Fibres::product(only(&cube.destination), cube.services.clone());
            Fibres::product(only(&cube.source), services)
        });
        let mut cubes = Vec::new();
        for (source, reached) in Fibres::union_of(fibres.collect()).into_pairs() {
            for (destination, services) in reached.into_pairs() {
                cubes.extend(Cube::new(source.clone(), destination, services));
            }
        }
        cubes
    }

    /// Adds the flows of a cube, keeping the list disjoint and short.
    fn add(&mut self, cube: Cube) {
        if self.cubes.iter().any(|own| cube.is_subset(own)) {
            return;
        }
        let cube = self.join(cube);
        // For speed alone: cutting around what it covers and joining again ends the same.
        self.cubes.retain(|own| !own.is_subset(&cube));
        let mut pieces = vec![cube];
        for own in &self.cubes {
            if pieces.iter().any(|piece| piece.intersects(own)) {
                pieces = pieces.iter().flat_map(|piece| piece.difference(own)).collect();
            }
        }
        for piece in pieces {
            self.push_disjoint(piece);
        }
    }

    /// Adds a cube that shares no flow with the list.
    fn push_disjoint(&mut self, cube: Cube) {
        let joined = self.join(cube);
        self.cubes.push(joined);
    }

    /// Takes out of the list, one after the other, what makes one cube with `cube`.
    fn join(&mut self, cube: Cube) -> Cube {
        let mut cube = cube;
        loop {
            let mut own = self.cubes.iter().enumerate();
            let found = own.find_map(|(place, own)| Some((place, own.join(&cube)?)));
            let Some((place, joined)) = found else {
                return cube;
            };
            self.cubes.swap_remove(place);
            cube = joined;
        }
    }

    fn covers(&self, cube: &Cube) -> bool {
        if self.cubes.iter().any(|own| cube.is_subset(own)) {
            return true;
        }
        let mut rest = vec![cube.clone()];
        for own in &self.cubes {
            rest = rest.iter().flat_map(|piece| piece.difference(own)).collect();
            if rest.is_empty() {
                return true;
            }
        }
        false
    }

    /// Makes each cube smaller.
    fn map_each(&self, smaller: impl Fn(&Cube) -> Cube) -> HeaderSpace {
        let cubes = self.cubes.iter().map(smaller).filter_map(Cube::normalised);
        HeaderSpace { cubes: cubes.collect() }
    }

    fn map_to_overlapping(&self, map: impl Fn(&Cube) -> Option<Cube>) -> HeaderSpace {
        let mut mapped = HeaderSpace::empty();
        for cube in self.cubes.iter().filter_map(map) {
            mapped.add(cube);
        }
        mapped
    }
}

impl From<Cube> for HeaderSpace {
    fn from(cube: Cube) -> HeaderSpace {
        HeaderSpace { cubes: cube.normalised().into_iter().collect() }
    }
}

/// The union of cubes that may overlap.
impl FromIterator<Cube> for HeaderSpace {
    fn from_iter<I: IntoIterator<Item = Cube>>(cubes: I) -> HeaderSpace {
        let mut all = HeaderSpace::empty();
        for cube in cubes.into_iter().filter_map(Cube::normalised) {
            all.add(cube);
        }
        all
    }
}

/// Semantic: both hold the same flows.
impl PartialEq for HeaderSpace {
    fn eq(&self, other: &HeaderSpace) -> bool {
        self.is_subset(other) && other.is_subset(self)
    }
}

impl Eq for HeaderSpace {}

impl fmt::Debug for HeaderSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.cubes).finish()
    }
}
