//! What is not understood of the objects that a way leads over.
//!
//! It is nearly always one more description of the object, so that no verdict rests on it; but
//! whoever reads the answer is told.

use std::collections::BTreeSet;

use crate::path::{Crossing, Path};
use crate::{Endpoint, Id, Interface, Label, Origin, PathGraph, Unknown};

/// The objects that the ways of a question lead over, where anything is not understood of any
/// object at all.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    origins: BTreeSet<Origin>,
}

impl Remarks {
    /// Adds what a way leads over.
    pub(crate) fn path(&mut self, graph: &PathGraph<'_>, path: &Path<'_>) {
        if graph.network().remarks.is_empty() {
            return;
        }
        for crossing in &path.crossings {
            self.crossing(graph, crossing);
        }
    }

    /// Adds what an end of a question hangs on.
    pub(crate) fn end(&mut self, graph: &PathGraph<'_>, end: &Endpoint) {
        if graph.network().remarks.is_empty() {
            return;
        }
        match end {
            Endpoint::Interface { id, .. } => self.interface(graph, id),
            Endpoint::Unheld { router, .. } => {
                self.label(graph.router(router).map(|(_, router)| &router.label));
            }
            Endpoint::External { .. } => {}
        }
    }

    /// What is not understood of them.
    pub(crate) fn told(self, graph: &PathGraph<'_>) -> Vec<Unknown> {
        let all = &graph.network().remarks;
        let of = self.origins.iter().filter_map(|origin| all.get(origin));
        let told: BTreeSet<&Unknown> = of.flatten().collect();
        told.into_iter().cloned().collect()
    }

    fn label(&mut self, label: Option<&Label>) {
        self.origins.extend(label.map(|label| label.origin.clone()));
    }

    fn interface(&mut self, graph: &PathGraph<'_>, id: &Id<Interface>) {
        let network = graph.network();
        let Some(interface) = network.interfaces.get(id) else { return };
        self.label(Some(&interface.label));
        let host = interface.host.as_ref().and_then(|host| network.hosts.get(host));
        self.label(host.map(|host| &host.label));
        let subnet = network.subnets.get(&interface.subnet);
        self.label(subnet.map(|subnet| &subnet.label));
        let router = subnet.and_then(|subnet| network.routers.get(&subnet.router));
        self.label(router.map(|router| &router.label));
        for group in &interface.groups {
            self.label(network.groups.get(group).map(|group| &group.label));
        }
    }

    fn crossing(&mut self, graph: &PathGraph<'_>, crossing: &Crossing<'_>) {
        match crossing {
            Crossing::Filters { at, stack, direction, domain, .. } => {
                self.label(Some(at));
                if let Some(id) = domain {
                    self.interface(graph, id);
                }
                for filter in graph.filters(stack, *direction).into_iter().flatten() {
                    self.label(Some(&filter.label));
                    for list in filter.lists(*direction) {
                        self.label(Some(&list.label));
                    }
                }
            }
            Crossing::Route { table, .. } => self.label(Some(&table.label)),
            Crossing::Carries { at, .. }
            | Crossing::Rewrite { at, .. }
            | Crossing::Masquerade { at, .. }
            | Crossing::Unmasquerade { at, .. }
            | Crossing::Obstacle { at, .. }
            | Crossing::Doubt { at, .. }
            | Crossing::Opaque { at, .. }
            | Crossing::Platform { at, .. }
            | Crossing::Arrived { at } => self.label(Some(at)),
        }
    }
}
