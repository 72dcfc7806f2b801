//! What to do at gateways and route tables, by what the estate has.

use std::collections::BTreeSet;
use std::net::IpAddr;

use cloudfw_core::{Gateway, Id, IpSet, Label, Leg, Network, Opens, Passage, Router, Subnet};
use cloudfw_estate::Pair;
use cloudfw_estate::answer::{End, Step};
use ipnet::IpNet;

use super::steps;

/// So many destinations are named in a sentence.
const NAMED: usize = 3;

/// The route that is missing: `a route to 10.2.0.0/16 by VPC peering connection a-b pcx-0abc`.
pub(super) fn missing_route(step: &Step, pair: &Pair, network: &Network) -> String {
    let to = destinations(step, pair);
    let routers = routers_of(step, network);
    if let Some((gateway, prefix)) = link(&to, &routers, network) {
        return format!("a route to {prefix} by {}", called(&gateway.label));
    }
    let named = listed(&to, pair);
    let single = || to.first().and_then(|text| text.parse::<IpAddr>().ok());
    let is_inside = single().is_some_and(|address| is_recorded(address, network));
    if is_inside {
        return format!("a route to {named} by a peering connection or a transit gateway");
    }
    match way_out(step, pair, &routers, network) {
        Some(gateway) => format!("a route to {named} by {}", called(&gateway.label)),
        None => format!("a route to {named} by a gateway to the internet"),
    }
}

/// What to do about a gateway that does not carry the flows, or nothing at all.
pub(super) fn not_carried(step: &Step, network: &Network) -> String {
    let gateway = gateway(step, network);
    if let Some(why) = gateway.and_then(|gateway| gateway.closed.as_ref()) {
        if why.contains("pending-acceptance") {
            return format!("it carries nothing until its accepter accepts it: {why}");
        }
        return format!("it carries nothing: {why}");
    }
    match gateway.map(|gateway| &gateway.passage) {
        Some(Passage::SourceNat { services, .. }) => format!(
            "it carries {services} alone; send this by an internet gateway, from a public address"
        ),
        Some(Passage::Border { inside, .. }) if inside.v4().is_empty() => {
            "it carries IPv6 alone; send IPv4 by an internet gateway or a NAT gateway".to_owned()
        }
        _ => "it does not carry this; send it another way".to_owned(),
    }
}

/// What to do where a reply leaves by a gateway that did not see the connection come in.
pub(super) fn no_state(step: &Step, network: &Network) -> Option<String> {
    match &gateway(step, network)?.passage {
        Passage::Border { opens: Opens::Outward, .. } => Some(
            "it lets out no replies to connections from outside; to be reached from there, route \
             the subnet's packets to an internet gateway"
                .to_owned(),
        ),
        _ => None,
    }
}

fn gateway<'n>(step: &Step, network: &'n Network) -> Option<&'n Gateway> {
    let is_it =
        |gateway: &&Gateway| *gateway.label.id == step.id || *gateway.label.id == step.at.id;
    network.gateways.values().find(is_it)
}

/// `NAT gateway nat nat-0abc`.
fn called(label: &Label) -> String {
    let kind = steps::kind(label.kind);
    match label.name.as_deref().filter(|name| **name != *label.id) {
        Some(name) => format!("{kind} {name} {}", label.id),
        None => format!("{kind} {}", label.id),
    }
}

/// The routers whose subnets a step's route table serves.
fn routers_of<'n>(step: &Step, network: &'n Network) -> BTreeSet<&'n Id<Router>> {
    let is_it = |subnet: &&Subnet| {
        network.tables.get(&subnet.table).is_some_and(|table| *table.label.id == step.id)
    };
    network.subnets.values().filter(is_it).map(|subnet| &subnet.router).collect()
}

/// The open link from these routers to the one that has all of the destinations, and its prefix.
fn link<'n>(
    to: &[String],
    routers: &BTreeSet<&Id<Router>>,
    network: &'n Network,
) -> Option<(&'n Gateway, IpNet)> {
    let to: Option<Vec<IpAddr>> = to.iter().map(|text| text.parse().ok()).collect();
    let to = to.filter(|to| !to.is_empty())?;
    network.gateways.values().filter(|gateway| gateway.closed.is_none()).find_map(|gateway| {
        let Passage::Link { ends: [one, other], .. } = &gateway.passage else { return None };
        let there = match (routers.contains(one), routers.contains(other)) {
            (true, false) => other,
            (false, true) => one,
            _ => return None,
        };
        let prefixes = network.routers.get(there)?.addresses.nets();
        let holds_all = |prefix: &IpNet| to.iter().all(|address| prefix.contains(address));
        prefixes.into_iter().find(holds_all).map(|prefix| (gateway, prefix))
    })
}

fn is_recorded(address: IpAddr, network: &Network) -> bool {
    network.routers.values().any(|router| router.addresses.contains(address))
}

/// The gateway of these routers by which packets get outside. What comes in by an internet gateway
/// is answered by it; what has no public address goes out by a NAT gateway.
fn way_out<'n>(
    step: &Step,
    pair: &Pair,
    routers: &BTreeSet<&Id<Router>>,
    network: &'n Network,
) -> Option<&'n Gateway> {
    let open = || network.gateways.values().filter(|gateway| gateway.closed.is_none());
    let border = |wanted: Opens| {
        open().find(|gateway| match &gateway.passage {
            Passage::Border { router, opens, .. } => routers.contains(router) && *opens == wanted,
            _ => false,
        })
    };
    let nat = || {
        open().find(|gateway| match &gateway.passage {
            Passage::SourceNat { subnet, public: Some(_), .. } => {
                network.subnets.get(subnet).is_some_and(|it| routers.contains(&it.router))
            }
            _ => false,
        })
    };
    match step.leg {
        Leg::Return => border(Opens::Both),
        Leg::Forward if pair.family == "ipv6" => {
            border(Opens::Both).or_else(|| border(Opens::Outward))
        }
        Leg::Forward if has_public(&pair.source, network) => border(Opens::Both),
        Leg::Forward => nat(),
    }
}

/// Whether one of an end's addresses has a public one.
fn has_public(end: &End, network: &Network) -> bool {
    let interface = network.interfaces.values().find(|it| *it.label.id == end.id);
    let addresses = interface.map_or(&[][..], |interface| &interface.addresses);
    addresses.iter().any(|it| it.public.is_some() && end.addresses.contains(&it.ip.to_string()))
}

/// Where the flows of a step go, as the step has it.
fn destinations(step: &Step, pair: &Pair) -> Vec<String> {
    let all: BTreeSet<&String> = step.flows.iter().flat_map(|flows| &flows.destinations).collect();
    let all: Vec<String> = all.into_iter().cloned().collect();
    let outside = |text: &String| text == "internet" || text == "any";
    if all.iter().any(outside) || all.len() > NAMED {
        return vec![everywhere(pair)];
    }
    all
}

/// Destinations as a route has them.
fn listed(to: &[String], pair: &Pair) -> String {
    if to.is_empty() {
        return "the destination".to_owned();
    }
    // Ranges are not what routes are made of.
    if to.iter().any(|text| text.contains('-')) {
        return everywhere(pair);
    }
    let as_prefix = |text: &String| match text.parse::<IpAddr>() {
        Ok(address) => {
            IpSet::single(address).nets().first().map_or_else(String::new, IpNet::to_string)
        }
        Err(_) => text.clone(),
    };
    to.iter().map(as_prefix).collect::<Vec<_>>().join(", ")
}

fn everywhere(pair: &Pair) -> String {
    if pair.family == "ipv6" { "::/0".to_owned() } else { "0.0.0.0/0".to_owned() }
}
