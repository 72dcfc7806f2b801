//! Whether what an interface sits in is there: its subnet, its VPC and their blocks of addresses.
//!
//! None of the states but the good ones says that packets go to and fro, and none says that they do
//! not: what an interface sends and gets is not known where one of them is not good.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Filter, Id, Interface, IpSet, Label, Match, Origin, Peer, Peers, Rule,
    RuleList, Tracking, Unknown,
};
use ipnet::IpNet;

use super::Lowering;
use super::label::{nowhere, unknown};
use super::table::Entry;
use crate::raw;

/// A block as it is recorded, and its state.
type Told<'t> = (Option<&'t str>, Option<&'t str>);

/// Addresses, and what of them is not known.
type Doubt = (IpSet, Unknown);

impl Lowering<'_> {
    /// Puts a doubt before every interface whose subnet or VPC may not be there, and before every
    /// address of one whose block may not.
    pub(super) fn doubt_standing(&mut self) {
        let mut doubtful: Vec<(Id<Interface>, Vec<Doubt>)> = Vec::new();
        for (key, interface) in &self.network.interfaces {
            let doubts = self.standing_doubts(interface);
            if !doubts.is_empty() {
                doubtful.push((key.clone(), doubts));
            }
        }
        for (key, doubts) in doubtful {
            let filter = self.add_filter(&format!("where {key} sits"), filter(&doubts));
            if let Some(interface) = self.network.interfaces.get_mut(&key) {
                interface.stack.filters.push(filter);
            }
        }
    }

    fn standing_doubts(&self, interface: &Interface) -> Vec<Doubt> {
        let Some(subnet) = self.network.subnets.get(&interface.subnet) else { return Vec::new() };
        let own = self.recorded.subnets.by_key(interface.subnet.as_str());
        let vpc = self.recorded.vpcs.by_key(subnet.router.as_str());
        let own = own.and_then(|object| object.first());
        let vpc = vpc.and_then(|object| object.first());
        let states = own
            .and_then(|entry| {
                state(entry.value.subnet_id.as_ref(), entry.value.state.as_ref(), &entry.origin)
            })
            .or_else(|| {
                vpc.and_then(|entry| {
                    state(entry.value.vpc_id.as_ref(), entry.value.state.as_ref(), &entry.origin)
                })
            });
        if let Some(doubt) = states {
            return vec![(IpSet::full(), doubt)];
        }
        let mut doubts = BTreeMap::new();
        for address in interface.addresses.iter().map(|address| address.ip) {
            let doubt = own
                .and_then(|entry| of_subnet(entry, address))
                .or_else(|| vpc.and_then(|entry| of_vpc(entry, address)));
            if let Some(doubt) = doubt {
                let set: &mut IpSet = doubts.entry(doubt).or_default();
                *set = set.union(&IpSet::single(address));
            }
        }
        doubts.into_iter().map(|(doubt, set)| (set, doubt)).collect()
    }
}

/// Set where a subnet or VPC is recorded in another state than `available`.
fn state(id: Option<&String>, state: Option<&String>, origin: &Origin) -> Option<Unknown> {
    let state = state.filter(|state| *state != "available")?;
    let what = format!("whether {} can be used", id.map_or("?", String::as_str));
    Some(unknown(what, format!("its `State` was recorded as `{state}`"), origin))
}

/// Set where an address is in no block that a subnet certainly has.
fn of_subnet(entry: &Entry<'_, raw::Subnet>, address: IpAddr) -> Option<Unknown> {
    let subnet = entry.value;
    let id = subnet.subnet_id.as_deref().unwrap_or("?");
    if address.is_ipv4() {
        return doubt(
            id,
            "CidrBlock",
            &[(Some(subnet.cidr_block.as_deref()?), None)],
            entry,
            address,
        );
    }
    let blocks = subnet.ipv6_cidr_block_association_set.as_ref()?.iter().map(|block| {
        let state = block.ipv6_cidr_block_state.as_ref().and_then(|state| state.state.as_deref());
        (block.ipv6_cidr_block.as_deref(), state)
    });
    let blocks: Vec<Told<'_>> = blocks.collect();
    doubt(id, "Ipv6CidrBlockAssociationSet", &blocks, entry, address)
}

/// Set where an address is in no block that a VPC certainly has.
fn of_vpc(entry: &Entry<'_, raw::Vpc>, address: IpAddr) -> Option<Unknown> {
    let vpc = entry.value;
    let id = vpc.vpc_id.as_deref().unwrap_or("?");
    if address.is_ipv4() {
        let blocks = vpc.cidr_block_association_set.as_ref()?.iter().map(|block| {
            let state = block.cidr_block_state.as_ref().and_then(|state| state.state.as_deref());
            (block.cidr_block.as_deref(), state)
        });
        let mut blocks: Vec<Told<'_>> = blocks.collect();
        // The primary block, where the list does not tell it.
        let primary = vpc.cidr_block.as_deref();
        if primary.is_some() && !blocks.iter().any(|(told, _)| *told == primary) {
            blocks.push((primary, None));
        }
        return doubt(id, "CidrBlockAssociationSet", &blocks, entry, address);
    }
    let blocks = vpc.ipv6_cidr_block_association_set.as_ref()?.iter().map(|block| {
        let state = block.ipv6_cidr_block_state.as_ref().and_then(|state| state.state.as_deref());
        (block.ipv6_cidr_block.as_deref(), state)
    });
    let blocks: Vec<Told<'_>> = blocks.collect();
    doubt(id, "Ipv6CidrBlockAssociationSet", &blocks, entry, address)
}

fn doubt<T>(
    id: &str,
    field: &str,
    blocks: &[Told<'_>],
    entry: &Entry<'_, T>,
    address: IpAddr,
) -> Option<Unknown> {
    let mut around = Vec::new();
    for (block, state) in blocks {
        // One that cannot be read may be about any address, and is noted as such.
        let block: IpNet = block.and_then(|block| block.trim().parse().ok())?;
        if block.contains(&address) {
            around.push((block, *state));
        }
    }
    let is_good = |state: &Option<&str>| matches!(state, None | Some("associated"));
    if around.iter().any(|(_, state)| is_good(state)) {
        return None;
    }
    let why = match around.first() {
        Some((block, state)) => {
            let state = state.unwrap_or("?");
            format!("in its `{field}` the state of {block} was recorded as `{state}`")
        }
        None => format!("no block of its `{field}` holds it"),
    };
    Some(unknown(format!("whether {address} is an address of {id}"), why, &entry.origin))
}

/// May deny what goes to and from these addresses, and lets the rest on.
fn filter(doubts: &[Doubt]) -> Filter {
    let label = Label {
        id: "AWS".into(),
        name: Some("gives the interface its addresses".into()),
        kind: "address-assignment",
        scope: "".into(),
        origin: nowhere(),
    };
    let rules = |of: fn(Peers) -> Match| {
        let deny = |(addresses, unknown): &Doubt| {
            let own = Peers::Of(vec![Peer::addresses(addresses.clone())]);
            let own = if addresses.is_full() { Peers::Any } else { own };
            let matches = Match { doubt: Some(unknown.clone()), ..of(own) };
            let action = Action::Deny(Denial::Drop);
            Rule { id: "addresses".into(), matches, action, origin: nowhere() }
        };
        let mut rules: Vec<Rule> = doubts.iter().map(deny).collect();
        // An id of nothing: it goes without saying.
        let (id, matches) = (Arc::from(""), Match::any());
        rules.push(Rule { id, matches, action: Action::Allow, origin: nowhere() });
        vec![Arc::new(RuleList { label: label.clone(), rules })]
    };
    Filter {
        tracking: Tracking::Stateless,
        ingress: rules(|own| Match { destinations: own, ..Match::any() }),
        egress: rules(|own| Match { sources: own, ..Match::any() }),
        chains: BTreeMap::new(),
        label: label.clone(),
    }
}
