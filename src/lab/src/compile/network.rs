//! Core's `Network` as a blueprint.
//!
//! It compiles the rules of the model: what a rule matches is written out in the words of nft, and
//! the kernel decides. Nothing of the evaluator is used, only core's data and their accessors.
//!
//! A group becomes the own addresses of its members, as seen from the place of the filter (AWS-8):
//! those in the same router, and in routers that a link joins to it without hiding who is who.
//!
//! What is left out, because no namespace shows it and no probe asks for it: the platform's own
//! services (AWS-50), whether a service opens connections of its own, and mail to the outside
//! (AWS-51), which is let through.

mod nft;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use cloudfw_core::{
    Destinations, Gateway, Id, Identity, Interface, IpSet, Liveness, Neighbours, Network, Opens,
    Passage, Protocol, ProtocolSet, Role, Route, RouteTable, Router, ServiceSet, Stack, Subnet,
    Target, Unknown,
};
use ipnet::IpNet;

use crate::blueprint::{self, Blueprint};

use super::Unsupported;
use rules::{Members, Post};

/// The blueprint of a network. The addresses of the outside are the caller's to add.
///
/// # Errors
///
/// [`Unsupported`]: what is not known, or is known and not to be had from namespaces.
pub fn from_network(network: &Network) -> Result<Blueprint, Unsupported> {
    known("network", &network.unknowns)?;
    let mut made = Blueprint::default();
    for (id, router) in &network.routers {
        made.routers.push(compile_router(id, router)?);
    }
    for (id, subnet) in &network.subnets {
        made.subnets.push(compile_subnet(network, id, subnet)?);
    }
    for (id, interface) in &network.interfaces {
        if let Some(interface) = compile_interface(network, id, interface)? {
            made.interfaces.push(interface);
        }
    }
    for (id, gateway) in &network.gateways {
        match compile_gateway(network, id, gateway) {
            Ok(gateway) => made.gateways.push(gateway),
            // It carries nothing; where nothing is sent to it either, it does not matter what it
            // was.
            Err(_) if gateway.closed.is_some() => {}
            Err(error) => return Err(error),
        }
    }
    made.hosts = hosts(network)?;
    super::whole(made)
}

fn known(at: &str, unknowns: &[Unknown]) -> Result<(), Unsupported> {
    match unknowns.first() {
        Some(unknown) => Err(Unsupported::new(at, unknown.to_string())),
        None => Ok(()),
    }
}

fn compile_router(id: &Id<Router>, router: &Router) -> Result<blueprint::Router, Unsupported> {
    known(id.as_str(), &router.unread)?;
    Ok(blueprint::Router { id: id.to_string(), prefixes: router.addresses.nets() })
}

fn compile_subnet(
    network: &Network,
    id: &Id<Subnet>,
    subnet: &Subnet,
) -> Result<blueprint::Subnet, Unsupported> {
    let table = network
        .tables
        .get(&subnet.table)
        .ok_or_else(|| Unsupported::new(id.as_str(), "its route table is not there"))?;
    let post = Post { at: &subnet.label.id, members: Members::seen_from(network, &subnet.router) };
    Ok(blueprint::Subnet {
        id: id.to_string(),
        router: subnet.router.to_string(),
        prefixes: subnet.addresses.nets(),
        table: subnet.table.to_string(),
        routes: routes(&subnet.table, table)?,
        boundary: compile_stack(network, &subnet.boundary, &post)?,
        neighbours: match subnet.neighbours {
            Neighbours::Direct => blueprint::Neighbours::Direct,
            Neighbours::ByTable => blueprint::Neighbours::ByTable,
        },
    })
}

/// The winning route of each prefix: a kernel has one route for each, and no preference.
fn routes(id: &Id<RouteTable>, table: &RouteTable) -> Result<Vec<blueprint::Route>, Unsupported> {
    let mut winners: Vec<(IpNet, &Route)> = Vec::new();
    for route in &table.routes {
        let prefixes = match &route.destinations {
            Destinations::Prefixes(prefixes) => prefixes,
            Destinations::Unresolved(unknown) => {
                return Err(Unsupported::new(id.as_str(), unknown.to_string()));
            }
        };
        for prefix in prefixes {
            let prefix = prefix.trunc();
            match winners.iter_mut().find(|(taken, _)| *taken == prefix) {
                None => winners.push((prefix, route)),
                Some((_, other)) if route.preference < other.preference => *other = route,
                Some((_, other))
                    if route.preference == other.preference && route.target != other.target =>
                {
                    return Err(Unsupported::new(id.as_str(), format!("two routes to {prefix}")));
                }
                Some(_) => {}
            }
        }
    }
    let compiled = winners
        .into_iter()
        .map(|(to, route)| Ok(blueprint::Route { to, target: compile_target(id, &route.target)? }));
    compiled.collect()
}

fn compile_target(id: &Id<RouteTable>, target: &Target) -> Result<blueprint::Target, Unsupported> {
    match target {
        Target::Local => Ok(blueprint::Target::Local),
        Target::Gateway(gateway) => Ok(blueprint::Target::Gateway(gateway.to_string())),
        Target::Blackhole | Target::Discard => Ok(blueprint::Target::Blackhole),
        Target::Interface(interface) => Ok(blueprint::Target::Interface(interface.to_string())),
        Target::Unknown(unknown) => Err(Unsupported::new(id.as_str(), unknown.to_string())),
    }
}

fn compile_interface(
    network: &Network,
    id: &Id<Interface>,
    interface: &Interface,
) -> Result<Option<blueprint::Interface>, Unsupported> {
    match &interface.role {
        Role::Endpoint => {}
        Role::Gateway(_) => return Ok(None),
        Role::Opaque(unknown) => return Err(Unsupported::new(id.as_str(), unknown.to_string())),
    }
    let up = match &interface.liveness {
        Liveness::Up => true,
        Liveness::Down(_) => false,
        Liveness::Unknown(unknown) => {
            return Err(Unsupported::new(id.as_str(), unknown.to_string()));
        }
    };
    let unread = [&interface.unread.v4, &interface.unread.v6].into_iter().flatten();
    unread.cloned().try_for_each(|unknown| known(id.as_str(), &[unknown]))?;
    let subnet = network
        .subnets
        .get(&interface.subnet)
        .ok_or_else(|| Unsupported::new(id.as_str(), "its subnet is not there"))?;
    let post =
        Post { at: &interface.label.id, members: Members::seen_from(network, &subnet.router) };
    Ok(Some(blueprint::Interface {
        id: id.to_string(),
        subnet: interface.subnet.to_string(),
        addresses: interface.addresses.iter().map(|own| (own.ip, own.public)).collect(),
        filters: compile_stack(network, &interface.stack, &post)?,
        reversed_out: is_reversed_out(id, &interface.stack)?,
        source_check: !interface.forwards,
        up,
    }))
}

/// AZ-6: whether packets that go out meet the filters in the reverse order.
fn is_reversed_out(id: &Id<Interface>, stack: &Stack) -> Result<bool, Unsupported> {
    match &stack.egress {
        None => Ok(false),
        Some(egress) if egress.iter().eq(stack.filters.iter().rev()) => Ok(true),
        Some(_) => Err(Unsupported::new(id.as_str(), "filters in an order of their own")),
    }
}

fn compile_gateway(
    network: &Network,
    id: &Id<Gateway>,
    gateway: &Gateway,
) -> Result<blueprint::Gateway, Unsupported> {
    known(id.as_str(), &gateway.doubts)?;
    let post = Post { at: &gateway.label.id, members: Members::nobody(network) };
    Ok(blueprint::Gateway {
        id: id.to_string(),
        passage: compile_passage(id, &gateway.passage)?,
        filters: compile_stack(network, &gateway.stack, &post)?,
        closed: gateway.closed.is_some(),
    })
}

fn compile_passage(id: &Id<Gateway>, passage: &Passage) -> Result<blueprint::Passage, Unsupported> {
    let refuse = |why: &str| Err(Unsupported::new(id.as_str(), why));
    match passage {
        Passage::Border { table: Some(_), .. } => refuse("a route table of its own"),
        Passage::Border { pools, .. } if !pools.is_empty() => refuse("addresses that are shared"),
        Passage::Border { router, opens, inside, .. } => {
            let (v4, v6) = (inside.only_v4(), inside.only_v6());
            if !v6.is_empty() && v6 != IpSet::any_v6() {
                return refuse("a border that carries a part of IPv6");
            }
            if !v4.is_empty() && v4 != IpSet::any_v4() {
                return refuse("a border that carries a part of IPv4");
            }
            Ok(blueprint::Passage::Border {
                router: router.to_string(),
                both_ways: *opens == Opens::Both,
                ipv4: !v4.is_empty(),
                ipv6: !v6.is_empty(),
            })
        }
        Passage::SourceNat { subnet, address, public, ports, services } => {
            let [ports] = *ports.ranges() else {
                return refuse("ports in several ranges");
            };
            if *services != carried_by_nat() {
                return refuse("it carries other protocols than TCP, UDP and ICMP");
            }
            Ok(blueprint::Passage::SourceNat {
                subnet: subnet.to_string(),
                address: *address,
                public: *public,
                ports,
            })
        }
        Passage::Link { ends: [one, other], .. } => {
            Ok(blueprint::Passage::Link { ends: [one.to_string(), other.to_string()] })
        }
        Passage::Service { .. } => refuse("a service outside the estate"),
        Passage::Opaque { unknown, .. } => refuse(&unknown.to_string()),
    }
}

/// AWS-67: TCP, UDP and ICMP.
fn carried_by_nat() -> ServiceSet {
    let protocols = [Protocol::TCP, Protocol::UDP, Protocol::ICMP].map(ProtocolSet::single);
    ServiceSet::all_of_protocols(protocols.into_iter().fold(ProtocolSet::EMPTY, ProtocolSet::union))
}

/// The filters of a stack; one that lets everything pass is as good as none.
fn compile_stack(
    network: &Network,
    stack: &Stack,
    post: &Post<'_>,
) -> Result<Vec<blueprint::Filter>, Unsupported> {
    let mut made = Vec::new();
    for id in &stack.filters {
        let filter = network
            .filters
            .get(id)
            .ok_or_else(|| Unsupported::new(id.as_str(), "the filter is not there"))?;
        if filter.label.kind == "outbound-port-25" {
            continue;
        }
        made.push(rules::compile(filter, post)?);
    }
    Ok(made)
}

/// Hosts with several interfaces of their own, or with routes.
fn hosts(network: &Network) -> Result<Vec<blueprint::Host>, Unsupported> {
    let owns = |id: &&Id<Interface>| {
        network.interfaces.get(*id).is_some_and(|interface| interface.role == Role::Endpoint)
    };
    let mut made = Vec::new();
    for (id, host) in &network.hosts {
        known(id.as_str(), &host.unread)?;
        let interfaces: Vec<String> =
            host.interfaces.iter().filter(owns).map(ToString::to_string).collect();
        let routes: Vec<(IpNet, String)> =
            host.routes.iter().map(|route| (route.to, route.by.to_string())).collect();
        if interfaces.len() > 1 || !routes.is_empty() {
            made.push(blueprint::Host { id: id.to_string(), interfaces, routes });
        }
    }
    Ok(made)
}

impl<'n> Members<'n> {
    /// The members that rules at a place in `router` can know by their own addresses.
    fn seen_from(network: &'n Network, router: &Id<Router>) -> Self {
        let mut near = BTreeSet::from([router.clone()]);
        let mut doubtful = BTreeSet::new();
        for gateway in network.gateways.values().filter(|gateway| gateway.closed.is_none()) {
            let Passage::Link { ends: [one, other], identity } = &gateway.passage else {
                continue;
            };
            let far = match () {
                () if one == router => other,
                () if other == router => one,
                () => continue,
            };
            match identity {
                Identity::Kept => near.insert(far.clone()),
                Identity::Doubtful => doubtful.insert(far.clone()),
                Identity::Lost => continue,
            };
        }
        Self { network, near, doubtful }
    }

    /// No members at all: gateways do not know who is who.
    fn nobody(network: &'n Network) -> Self {
        Self { network, near: BTreeSet::new(), doubtful: BTreeSet::new() }
    }
}
