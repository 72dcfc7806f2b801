//! Interfaces and instances: some with two interfaces that share a group, some that answer by the
//! other one, a few that are stopped.

use std::net::Ipv4Addr;

use ipnet::IpNet;

use super::HostRoute;
use crate::estate::chance::Chance;
use crate::estate::{Estate, Instance, Interface, Owner, PublicAddress, Tier, addresses};

/// Adds the interfaces of the NAT gateways, and instances with theirs; gives back the routes that
/// hosts have of their own.
pub(super) fn draw(estate: &mut Estate, chance: &mut Chance) -> Vec<HostRoute> {
    let mut pool = addresses::Pool::new();
    for gateway in 0..estate.nat_gateways.len() {
        let (subnet, deleted) = {
            let gateway = &estate.nat_gateways[gateway];
            (gateway.subnet, gateway.deleted)
        };
        if deleted {
            continue;
        }
        let interface = add(estate, subnet, Owner::NatGateway(gateway), chance);
        estate.interfaces[interface].ipv6 = None;
        estate.interfaces[interface].groups.clear();
        if !estate.nat_gateways[gateway].private {
            estate.interfaces[interface].public = Some(elastic(&mut pool, chance));
        }
        estate.nat_gateways[gateway].interface = Some(interface);
    }
    let wanted = estate.interfaces.len() + chance.between(4, 13);
    let mut routes = Vec::new();
    // One in each subnet first, then anywhere.
    let mut subnets: Vec<usize> = (0..estate.subnets.len()).collect();
    chance.shuffle(&mut subnets);
    while estate.interfaces.len() < wanted {
        let subnet = subnets.pop().unwrap_or_else(|| chance.below(estate.subnets.len()));
        add_instance(estate, subnet, &mut pool, chance);
        if chance.percent(42) {
            routes.extend(add_second(estate, &mut pool, chance));
        }
    }
    routes
}

fn add_instance(
    estate: &mut Estate,
    subnet: usize,
    pool: &mut addresses::Pool,
    chance: &mut Chance,
) {
    let instance = estate.instances.len();
    let interface = add(estate, subnet, Owner::Instance(instance, 0), chance);
    let running = chance.percent(97);
    let public = if estate.subnets[subnet].tier == Tier::Public { 88 } else { 38 };
    let with_gateway = estate.vpcs[estate.subnets[subnet].vpc].internet_gateway.is_some();
    if with_gateway && chance.percent(public) {
        // An address that was assigned at launch is given back when the instance stops.
        estate.interfaces[interface].public = if chance.percent(50) {
            Some(elastic(pool, chance))
        } else {
            running.then(|| PublicAddress { address: pool.public(), elastic: None })
        };
    }
    estate.instances.push(Instance {
        id: chance.id("i"),
        name: format!("host-{instance}"),
        interfaces: vec![interface],
        windows: chance.percent(30),
        running,
    });
    add_further(estate, interface, pool, chance);
}

/// A public address for a secondary private one: beside that of the primary, or the only one.
fn add_further(
    estate: &mut Estate,
    interface: usize,
    pool: &mut addresses::Pool,
    chance: &mut Chance,
) {
    let vpc = estate.vpc_of(interface);
    let interface = &mut estate.interfaces[interface];
    if interface.addresses.len() < 2 || estate.vpcs[vpc].internet_gateway.is_none() {
        return;
    }
    if chance.percent(80) {
        interface.further.push((1, elastic(pool, chance)));
        if chance.percent(35) {
            interface.public = None;
        }
    }
}

/// A second interface of the last instance, in any subnet of its VPC, with a group of the first;
/// and, of some hosts, a route by it.
fn add_second(
    estate: &mut Estate,
    pool: &mut addresses::Pool,
    chance: &mut Chance,
) -> Option<HostRoute> {
    let instance = estate.instances.len() - 1;
    let first = estate.instances[instance].interfaces[0];
    let vpc = estate.vpc_of(first);
    let subnets = estate.vpcs[vpc].subnets.clone();
    let subnet = chance.between(subnets.start, subnets.end - 1);
    let interface = add(estate, subnet, Owner::Instance(instance, 1), chance);
    estate.instances[instance].interfaces.push(interface);
    let shared = *chance.pick(&estate.interfaces[first].groups);
    if !estate.interfaces[interface].groups.contains(&shared) {
        estate.interfaces[interface].groups.push(shared);
    }
    if chance.percent(25) && estate.vpcs[vpc].internet_gateway.is_some() {
        estate.interfaces[interface].public = Some(elastic(pool, chance));
    }
    add_further(estate, interface, pool, chance);
    // Where nothing checks sources, the reply leaves and meets filters that do not know it.
    if !chance.percent(80) {
        return None;
    }
    estate.interfaces[interface].source_check = chance.percent(35);
    let to = match chance.weighted(&[50, 30, 20]) {
        0 => super::any_ipv4(),
        1 => IpNet::V4(estate.vpcs[chance.below(estate.vpcs.len())].cidrs[0]),
        _ => super::any_ipv6(),
    };
    Some(HostRoute {
        host: estate.instances[instance].id.clone(),
        to,
        by: estate.interfaces[interface].id.clone(),
    })
}

fn elastic(pool: &mut addresses::Pool, chance: &mut Chance) -> PublicAddress {
    let ids = (chance.id("eipalloc"), chance.id("eipassoc"));
    PublicAddress { address: pool.public(), elastic: Some(ids) }
}

fn add(estate: &mut Estate, subnet: usize, owner: Owner, chance: &mut Chance) -> usize {
    let mut own = vec![next_address(estate, subnet)];
    if matches!(owner, Owner::Instance(..)) && chance.percent(16) {
        own.push(next_address(estate, subnet));
    }
    let ipv6 = match estate.subnets[subnet].ipv6 {
        Some(block) if chance.percent(90) => Some(addresses::ipv6_host(block, chance.bits())),
        _ => None,
    };
    let all = &estate.vpcs[estate.subnets[subnet].vpc].groups;
    // The default group seldom.
    let first = usize::from(!chance.percent(8));
    let mut groups = vec![all[chance.between(first, all.len() - 1)]];
    if chance.percent(40) {
        let another = *chance.pick(all);
        if !groups.contains(&another) {
            groups.push(another);
        }
    }
    estate.interfaces.push(Interface {
        id: chance.id("eni"),
        subnet,
        owner,
        addresses: own,
        ipv6,
        public: None,
        further: Vec::new(),
        groups,
        source_check: !matches!(owner, Owner::NatGateway(_)) && !chance.percent(5),
    });
    estate.interfaces.len() - 1
}

/// AWS keeps the first four addresses of a subnet.
fn next_address(estate: &mut Estate, subnet: usize) -> Ipv4Addr {
    let subnet = &mut estate.subnets[subnet];
    // In steps, so that blocks of rules cut between them.
    let position = 4 + subnet.used * 37 % 240;
    subnet.used += 1;
    Ipv4Addr::from(u32::from(subnet.cidr.network()) + position)
}
