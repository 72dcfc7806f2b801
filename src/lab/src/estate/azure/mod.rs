//! A generated Azure estate: hubs with their spokes, route tables, security groups and machines in
//! the numbers of a real one, as the documents that ARM answers, and questions about it.
//!
//! The same size and seed give the same bytes, on every machine.

mod documents;
mod forecast;
mod groups;
mod interfaces;
mod model;
mod networks;
mod queries;
mod routes;
mod rules;
#[cfg(test)]
mod tests;

pub use model::{
    Balancer, End, Estate, Group, Hop, Interface, Machine, NatGateway, Network, Owner, Peering,
    PublicAddress, Route, Rule, Subnet, Table, Tier,
};
pub use queries::{Kind, Query};

use super::addresses::Pool;
use super::print;

/// How large an estate is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstateSize {
    /// Network interfaces in all, those of private endpoints included.
    pub interfaces: usize,
    /// Virtual networks; there are at least three interfaces in each.
    pub networks: usize,
    /// Network security groups; there is at least one in each network.
    pub groups: usize,
    /// Rules of each group beside the default ones, of both directions together.
    pub rules: usize,
}

impl EstateSize {
    /// The usual proportions: 50 interfaces a network, 20 a group, 200 rules a group.
    #[must_use]
    pub fn of(interfaces: usize) -> Self {
        let networks = (interfaces / 50).max(4).min(interfaces / 3).max(1);
        Self { interfaces, networks, groups: (interfaces / 20).max(networks), rules: 200 }
    }
}

impl Estate {
    /// Draws an estate of that size.
    #[must_use]
    pub fn draw(size: &EstateSize, seed: u64) -> Self {
        let mut estate = Self::default();
        let mut pool = Pool::new();
        networks::plan(&mut estate, size, &mut pool, seed);
        groups::plan(&mut estate, size, seed);
        interfaces::plan(&mut estate, &mut pool, seed);
        routes::plan(&mut estate, &mut pool, seed);
        rules::plan(&mut estate, size, seed);
        estate
    }

    /// The documents: name in the recording, and text, indented as ARM and `az` do.
    #[must_use]
    pub fn documents(&self) -> Vec<(String, String)> {
        let all = documents::all(self).into_iter();
        all.map(|(name, document)| (name, print::indented(&document, b"  "))).collect()
    }
}

/// Questions about an estate, with what their answers should be: half of them routed, a quarter
/// reachable.
#[must_use]
pub fn pairs(estate: &Estate, count: usize, seed: u64) -> Vec<Query> {
    queries::draw(estate, count, seed)
}
