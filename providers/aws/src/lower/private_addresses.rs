//! IPv6 addresses that AWS does not advertise: unique local ones, and blocks whose
//! `Ipv6AddressAttribute` is `private`. To and from the internet they need something with a public
//! address between (vendor's words on private IPv6 addresses), so that no internet gateway carries
//! them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudfw_core::{
    Filter, Gateway, Id, IpSet, Match, Passage, Peer, Peers, Router, Rule, Tracking,
};
use ipnet::IpNet;

use super::Lowering;
use super::label::unknown;
use super::platform_block::{deny, filter, label};
use super::table::Object;

/// Unique local addresses, RFC 4193.
const UNIQUE_LOCAL: &str = "fc00::/7";

/// What is told of the blocks of a router.
#[derive(Debug, Clone)]
struct Told {
    private: IpSet,
    public: IpSet,
    /// Told in words that nobody knows.
    odd: IpSet,
}

impl Told {
    fn nothing() -> Self {
        Self { private: IpSet::empty(), public: IpSet::empty(), odd: IpSet::empty() }
    }

    fn note(&mut self, block: Option<&str>, attribute: Option<&str>) {
        let Some(block) = block.and_then(|text| text.parse::<IpNet>().ok()) else { return };
        let set = match attribute {
            None => return,
            Some("private") => &mut self.private,
            Some("public") => &mut self.public,
            Some(_) => &mut self.odd,
        };
        *set = set.union(&IpSet::from(block));
    }
}

impl Lowering<'_> {
    /// Puts before every way to the internet that it carries no private address of IPv6.
    pub(super) fn lower_private_v6(&mut self) {
        let told = self.told_of_v6();
        let borders: Vec<(Id<Gateway>, Id<Router>)> = self
            .network
            .gateways
            .iter()
            .filter_map(|(key, gateway)| match &gateway.passage {
                Passage::Border { router, .. } => Some((key.clone(), router.clone())),
                _ => None,
            })
            .collect();
        let local = UNIQUE_LOCAL.parse::<IpNet>().map_or_else(|_| IpSet::empty(), IpSet::from);
        for (key, router) in borders {
            let own = self.network.routers.get(&router).map(|router| router.addresses.clone());
            let local = own.unwrap_or_else(IpSet::empty).intersection(&local);
            let told = told.get(&router).cloned().unwrap_or_else(Told::nothing);
            // One that says both is not known to be either.
            let doubtful = told.odd.union(&told.private.intersection(&told.public));
            let private = told.private.difference(&doubtful).union(&local);
            let doubtful = doubtful.difference(&local);
            if private.is_empty() && doubtful.is_empty() {
                continue;
            }
            let id = format!("private IPv6 addresses at {key}");
            let filter = self.add_filter(&id, private_filter(&private, &doubtful));
            if let Some(gateway) = self.network.gateways.get_mut(&key) {
                gateway.stack.filters.push(filter);
            }
        }
    }

    fn told_of_v6(&self) -> BTreeMap<Id<Router>, Told> {
        let mut told: BTreeMap<Id<Router>, Told> = BTreeMap::new();
        for object in self.recorded.vpcs.iter() {
            let told = told.entry(Id::new(Arc::clone(&object.key))).or_insert_with(Told::nothing);
            let vpcs = object.versions.iter();
            for one in vpcs.flat_map(|e| e.value.ipv6_cidr_block_association_set.iter().flatten()) {
                told.note(one.ipv6_cidr_block.as_deref(), one.ipv6_address_attribute.as_deref());
            }
        }
        for entry in self.recorded.subnets.iter().filter_map(Object::first) {
            let vpc = entry.value.vpc_id.as_deref();
            let vpc = vpc.and_then(|id| self.recorded.vpcs.get(id, &entry.scope));
            let Some(vpc) = vpc else { continue };
            let told = told.entry(Id::new(Arc::clone(&vpc.key))).or_insert_with(Told::nothing);
            for one in entry.value.ipv6_cidr_block_association_set.iter().flatten() {
                told.note(one.ipv6_cidr_block.as_deref(), one.ipv6_address_attribute.as_deref());
            }
        }
        told
    }
}

fn private_filter(private: &IpSet, doubtful: &IpSet) -> Filter {
    let gap = unknown(
        "whether an IPv6 address is private",
        "`Ipv6AddressAttribute` is told in two ways, or in words that cloudfw does not know",
        &super::label::nowhere(),
    );
    let of = |set: &IpSet| Peers::Of(vec![Peer::addresses(set.clone())]);
    let rules = |side: &dyn Fn(Peers) -> Match| -> Vec<Rule> {
        let mut rules = Vec::new();
        if !private.is_empty() {
            rules.push(deny("private", side(of(private))));
        }
        if !doubtful.is_empty() {
            let matches = Match { doubt: Some(gap.clone()), ..side(of(doubtful)) };
            rules.push(deny("private", matches));
        }
        rules
    };
    let ingress = rules(&|peers| Match { destinations: peers, ..Match::any() });
    let egress = rules(&|peers| Match { sources: peers, ..Match::any() });
    let label = label("carries no private IPv6 address to or from the internet", "private-ipv6");
    filter(label, Tracking::Stateless, ingress, egress)
}
