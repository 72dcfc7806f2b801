//! A generated AWS estate: VPCs, routes, ACLs and groups of a real one's size and untidiness, as
//! the documents that `aws … describe-*` prints, and questions about it. One of Azure is [`azure`].
//!
//! The same size and seed give the same bytes, on every machine.

#![expect(
    clippy::indexing_slicing,
    reason = "indices are made by this module, for lists that only ever grow"
)]

mod absent;
mod acls;
pub(crate) mod addresses;
pub mod azure;
pub(crate) mod chance;
mod forecast;
mod gateways;
mod groups;
mod interfaces;
mod model;
mod peerings;
mod prefix_lists;
mod print;
mod queries;
pub(crate) mod route_tables;
#[cfg(test)]
mod tests;
mod vpcs;

use serde_json::Value;

pub use forecast::Outcome;
pub use model::{
    Acl, Endpoint, EndpointKind, Entry, Estate, Group, Instance, Interface, NatGateway, Owner,
    Peer, Peering, PrefixList, PublicAddress, REGION, Route, RouteTable, RouteTo, Rule, Subnet,
    Tier, Via, Vpc,
};
pub use queries::{Kind, Query, Shares};

/// How large an estate is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstateSize {
    /// Network interfaces in all, those of NAT gateways and endpoints included.
    pub interfaces: usize,
    /// VPCs; there are at least three interfaces in each.
    pub vpcs: usize,
    /// Security groups beside the default ones.
    pub groups: usize,
    /// Inbound rules of each of these groups, counted as AWS counts them: one range, one rule.
    pub rules: usize,
    /// Accounts over which the VPCs are spread; 1 gives a flat folder.
    pub accounts: usize,
}

impl EstateSize {
    /// The sizes, in interfaces, that the benchmarks run over.
    pub const SCENARIOS: [usize; 3] = [100, 1_000, 10_000];

    /// The usual proportions: 50 interfaces a VPC, 10 a group, 60 rules a group, one account.
    #[must_use]
    pub fn of(interfaces: usize) -> Self {
        let vpcs = (interfaces / 50).max(4).min(interfaces / 3).max(1);
        Self { interfaces, vpcs, groups: (interfaces / 10).max(vpcs), rules: 60, accounts: 1 }
    }
}

impl Estate {
    /// Draws an estate of that size.
    #[must_use]
    pub fn draw(size: &EstateSize, seed: u64) -> Self {
        let mut estate = Self::default();
        let mut pool = addresses::Pool::new();
        let mut chance = chance::Chance::stream(seed, "accounts");
        estate.accounts = (0..size.accounts.max(1))
            .map(|_| format!("{:012}", 100_000_000_000 + chance.bits() % 900_000_000_000))
            .collect();
        vpcs::plan(&mut estate, size, &mut pool, seed);
        prefix_lists::plan(&mut estate, size, seed);
        peerings::plan(&mut estate, size, seed);
        route_tables::plan(&mut estate, seed);
        acls::plan(&mut estate, seed);
        groups::plan(&mut estate, size, seed);
        interfaces::plan(&mut estate, &mut pool, seed);
        estate
    }

    /// The documents: path in the recording, and text. One account is a flat folder, several are
    /// `accounts/<account>/<region>/`.
    #[must_use]
    pub fn documents(&self) -> Vec<(String, String)> {
        let mut documents = Vec::new();
        for (account, id) in self.accounts.iter().enumerate() {
            let folder = match self.accounts.len() {
                1 => String::new(),
                _ => format!("accounts/{id}/{REGION}/"),
            };
            for (name, document) in self.documents_of(account) {
                documents.push((format!("{folder}{name}"), print::text(&document)));
            }
        }
        documents
    }

    /// The documents of one account: path in the recording, and content.
    pub(crate) fn documents_of(&self, account: usize) -> Vec<(String, Value)> {
        let mut documents = vec![
            ("vpcs.json".to_owned(), vpcs::vpcs(self, account)),
            ("subnets.json".to_owned(), vpcs::subnets(self, account)),
            ("route-tables.json".to_owned(), route_tables::route_tables(self, account)),
            ("internet-gateways.json".to_owned(), gateways::internet_gateways(self, account)),
            (
                "egress-only-internet-gateways.json".to_owned(),
                gateways::egress_only_gateways(self, account),
            ),
            ("nat-gateways.json".to_owned(), gateways::nat_gateways(self, account)),
            ("vpc-endpoints.json".to_owned(), gateways::endpoints(self, account)),
            ("vpc-peering-connections.json".to_owned(), peerings::peerings(self, account)),
            ("prefix-lists.json".to_owned(), prefix_lists::service_prefix_lists(self)),
            ("managed-prefix-lists.json".to_owned(), prefix_lists::prefix_lists(self, account)),
            ("network-acls.json".to_owned(), acls::acls(self, account)),
            ("security-groups.json".to_owned(), groups::groups(self, account)),
            ("network-interfaces.json".to_owned(), interfaces::interfaces(self, account)),
            ("instances.json".to_owned(), interfaces::instances(self, account)),
            ("addresses.json".to_owned(), interfaces::elastic_addresses(self, account)),
        ];
        documents.extend(prefix_lists::entries(self, account));
        documents.extend(absent::documents(&self.accounts[account]));
        documents
    }
}

/// The documents of an estate: path in the recording, and text.
#[must_use]
pub fn generate(size: &EstateSize, seed: u64) -> Vec<(String, String)> {
    Estate::draw(size, seed).documents()
}

/// Questions about an estate, with what their answers should be: see [`Shares`].
#[must_use]
pub fn pairs(estate: &Estate, count: usize, shares: &Shares, seed: u64) -> Vec<Query> {
    queries::draw(estate, count, shares, seed)
}
