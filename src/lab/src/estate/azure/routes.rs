//! Ways out and around: user-defined routes, NAT gateways, load balancers.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::super::addresses::{self, Pool, ipv4_net};
use super::super::chance::Chance;
use super::interfaces::address;
use super::model::{Balancer, Estate, Hop, NatGateway, Owner, Route, Table, Tier};

const EVERYWHERE: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0);

/// Adds tables, gateways and balancers, and hangs them on subnets and interfaces.
pub(super) fn plan(estate: &mut Estate, pool: &mut Pool, seed: u64) {
    let mut chance = Chance::stream(seed, "azure routes");
    for network in 0..estate.networks.len() {
        plan_tables(estate, network, &mut chance);
        plan_nat_gateway(estate, network, pool, &mut chance);
        plan_balancers(estate, network, pool, &mut chance);
    }
}

/// Up to two tables: one that goes out by the hub's appliance, and one that drops something.
fn plan_tables(estate: &mut Estate, network: usize, chance: &mut Chance) {
    let mut tables = Vec::new();
    if let Some(appliance) = appliance_near(estate, network).filter(|_| chance.percent(45)) {
        let mut routes = vec![route("default", EVERYWHERE, Hop::Appliance(appliance))];
        if chance.percent(40) {
            let ten = ipv4_net(10 << 24, 8);
            routes.push(route("to-datacentre", ten, Hop::Appliance(appliance)));
        }
        tables.push((routes, Tier::Middle));
    }
    if chance.percent(40) {
        let mut routes: Vec<Route> = (0..chance.between(1, 6))
            .map(|index| {
                let ipnet::IpNet::V4(prefix) = addresses::outside(chance) else {
                    return route("nowhere", EVERYWHERE, Hop::None);
                };
                let hop = if chance.percent(70) { Hop::None } else { Hop::Internet };
                route(&format!("partner-{index}"), prefix, hop)
            })
            .collect();
        // A peer that is not to be reached: its own prefix, by which the user's route wins.
        let peerings = &estate.networks[network].peerings;
        if !peerings.is_empty() && chance.percent(30) {
            let peering = &estate.peerings[*chance.pick(peerings)];
            let prefix = estate.networks[peering.other(network)].prefixes[0];
            routes.push(route("not-to-this-peer", prefix, Hop::None));
        }
        tables.push((routes, Tier::Back));
    }
    for (index, (routes, tier)) in tables.into_iter().enumerate() {
        let table = estate.tables.len();
        let name = format!("rt-{}-{index}", estate.networks[network].name);
        estate.tables.push(Table { name, network, routes });
        for subnet in estate.networks[network].subnets.clone() {
            let subnet = &mut estate.subnets[subnet];
            if subnet.tier == tier && chance.percent(70) {
                subnet.table = Some(table);
            }
        }
    }
}

fn route(name: &str, prefix: Ipv4Net, hop: Hop) -> Route {
    Route { name: name.to_owned(), prefix, hop }
}

/// The address of the appliance of a network that this one is joined to.
fn appliance_near(estate: &Estate, network: usize) -> Option<Ipv4Addr> {
    let peerings = estate.networks[network].peerings.iter();
    let peerings = peerings.map(|&peering| &estate.peerings[peering]);
    let mut hubs = peerings.filter(|peering| peering.is_connected()).filter_map(|peering| {
        let hub = &estate.networks[peering.other(network)];
        hub.appliance.map(|appliance| estate.interfaces[appliance].addresses[0])
    });
    hubs.next()
}

fn plan_nat_gateway(estate: &mut Estate, network: usize, pool: &mut Pool, chance: &mut Chance) {
    if !chance.percent(35) {
        return;
    }
    let gateway = estate.nat_gateways.len();
    let name = format!("ng-{}", estate.networks[network].name);
    estate.nat_gateways.push(NatGateway { name, network, address: pool.public() });
    for subnet in estate.networks[network].subnets.clone() {
        let subnet = &mut estate.subnets[subnet];
        if subnet.tier == Tier::Middle {
            subnet.nat_gateway = Some(gateway);
        }
    }
}

/// In half of the networks one before machines of a front subnet, or of another.
fn plan_balancers(estate: &mut Estate, network: usize, pool: &mut Pool, chance: &mut Chance) {
    if !chance.percent(50) {
        return;
    }
    let is_public = chance.percent(50);
    let wanted = if is_public { Tier::Front } else { Tier::Middle };
    let mut subnets = estate.networks[network].subnets.clone();
    let Some(subnet) = subnets.find(|&subnet| estate.subnets[subnet].tier == wanted) else {
        return;
    };
    let behind = |interface: &super::Interface| {
        interface.subnet == subnet
            && interface.public.is_none()
            && matches!(interface.owner, Owner::Machine(_))
    };
    let members = estate.interfaces.iter().enumerate().filter(|(_, one)| behind(one));
    let members: Vec<usize> = members.map(|(index, _)| index).take(chance.between(2, 8)).collect();
    if members.is_empty() {
        return;
    }
    let index = estate.balancers.len();
    for member in members {
        estate.interfaces[member].balancer = Some(index);
    }
    let address = if is_public { pool.public() } else { address(estate, subnet) };
    let name = format!("lb-{}", estate.networks[network].name);
    let rules = vec![(443, *chance.pick(&[443, 8443])), (80, *chance.pick(&[80, 8080]))];
    estate.balancers.push(Balancer { name, subnet, address, is_public, rules });
}
