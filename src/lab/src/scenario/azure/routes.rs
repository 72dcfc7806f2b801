//! User-defined routes.

use ipnet::IpNet;
use std::net::IpAddr;

use super::{Estate, Hop, Route, Table};
use crate::estate::chance::Chance;
use crate::scenario::partner;

/// Adds tables, and gives them to subnets.
///
/// A packet that an appliance hands on goes by the table of the appliance's own subnet: that one
/// leads to no appliance again, or packets would go round for ever.
pub(super) fn draw(estate: &mut Estate, chance: &mut Chance) {
    for network in 0..estate.networks.len() {
        let forwarders = forwarders(estate, network);
        for _ in 0..chance.weighted(&[12, 48, 40]) {
            // Either kind of table, so that either kind of subnet can have one.
            let forwards = chance.percent(80);
            let table = draw_table(estate, network, forwards, chance);
            estate.tables.push(table);
        }
        for subnet in estate.subnets_of(network) {
            let holds = forwarders.iter().any(|&it| estate.interfaces[it].subnet == subnet);
            let fits = |table: &Table| {
                let forwards = table.routes.iter().any(|route| match route.hop {
                    Hop::Appliance(it) => estate.interfaces[it].forwards,
                    _ => false,
                });
                table.network == network && !(holds && forwards)
            };
            let near: Vec<usize> =
                (0..estate.tables.len()).filter(|&table| fits(&estate.tables[table])).collect();
            if !near.is_empty() && chance.percent(76) {
                estate.subnets[subnet].table = Some(*chance.pick(&near));
            }
        }
    }
}

/// The machines of a network that hand on.
fn forwarders(estate: &Estate, network: usize) -> Vec<usize> {
    let mut here = estate.interfaces_of(network);
    here.retain(|&it| estate.interfaces[it].forwards && estate.interfaces[it].running);
    here
}

/// The machines that may hand on packets from a network to these addresses: its own, and, to a
/// peer, the peer's. One of a third network would be Azure's to explain (AZ-62).
fn ways(estate: &Estate, network: usize, to: IpNet) -> Vec<usize> {
    let holds = |network: usize| estate.prefixes(network).iter().any(|own| own.contains(&to));
    // What one is to do with packets for the internet, Azure does not say.
    if !to.addr().is_ipv4() || !(0..estate.networks.len()).any(holds) {
        return Vec::new();
    }
    let is_hub = |&other: &usize| {
        let peering = estate.peering(network, other);
        holds(other) && peering.is_some_and(super::Peering::is_connected)
    };
    let hubs = (0..estate.networks.len()).filter(is_hub);
    hubs.chain([network]).flat_map(|network| forwarders(estate, network)).collect()
}

fn draw_table(estate: &Estate, network: usize, forwards: bool, chance: &mut Chance) -> Table {
    let mut routes: Vec<Route> = Vec::new();
    for _ in 0..chance.between(2, 6) {
        let route = draw_route(estate, network, forwards, chance);
        if routes.iter().all(|other| other.to != route.to) {
            routes.push(route);
        }
    }
    Table { name: format!("rt-{}", estate.tables.len()), network, routes }
}

fn draw_route(estate: &Estate, network: usize, forwards: bool, chance: &mut Chance) -> Route {
    let near = estate.subnets_of(network);
    let here = estate.interfaces_of(network);
    let peers: Vec<usize> = (0..estate.networks.len())
        .filter(|&other| other != network && estate.peering(network, other).is_some())
        .collect();
    // One that must not forward, and drops what is not its own.
    let dull: Vec<usize> =
        here.iter().copied().filter(|&it| !estate.interfaces[it].forwards).collect();
    let kind = chance.weighted(&[38, 24, 20, 8, 4, 4, 2]);
    let to = match kind {
        0 => IpNet::V4(estate.subnets[*chance.pick(&near)].cidr),
        1 if !here.is_empty() => {
            let interface = &estate.interfaces[*chance.pick(&here)];
            IpNet::from(IpAddr::V4(*chance.pick(&interface.addresses)))
        }
        2 if !peers.is_empty() => {
            let peer = *chance.pick(&peers);
            let subnet = *chance.pick(&estate.subnets_of(peer));
            match chance.percent(50) {
                true => IpNet::V4(estate.networks[peer].prefixes[0]),
                false => IpNet::V4(estate.subnets[subnet].cidr),
            }
        }
        // Equal to what Azure routes by itself: the user's wins (AZ-50).
        4 => IpNet::V4(estate.networks[network].prefixes[0]),
        5 => match estate.subnets[*chance.pick(&near)].ipv6 {
            Some(net) => IpNet::V6(net),
            None => partner(chance),
        },
        6 => super::super::net(IpAddr::from([10, 0, 0, 0]), 8),
        _ => partner(chance),
    };
    let ways = if forwards { ways(estate, network, to) } else { Vec::new() };
    let hop = match chance.weighted(&[14, 52, 15, 16, 3]) {
        1 if !ways.is_empty() => Hop::Appliance(*chance.pick(&ways)),
        2 if to.addr().is_ipv4() && !dull.is_empty() => Hop::Appliance(*chance.pick(&dull)),
        3 if to.addr().is_ipv4() => Hop::Internet,
        4 => Hop::Local,
        _ => Hop::None,
    };
    Route { to, hop }
}
