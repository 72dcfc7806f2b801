//! Network interfaces with their machines, public addresses and memberships.

use std::net::Ipv4Addr;

use super::super::addresses::Pool;
use super::super::chance::Chance;
use super::model::{Estate, Interface, Machine, Owner, PublicAddress, Tier};

/// Azure keeps the first four addresses of a subnet, and the last.
const KEPT: u32 = 4;

/// Adds the interfaces of every network.
pub(super) fn plan(estate: &mut Estate, pool: &mut Pool, seed: u64) {
    let mut chance = Chance::stream(seed, "azure interfaces");
    for network in 0..estate.networks.len() {
        for index in 0..estate.networks[network].interfaces {
            let subnet = draw_subnet(estate, network, &mut chance);
            let interface = draw(estate, (network, index), subnet, pool, &mut chance);
            estate.interfaces.push(interface);
        }
    }
}

/// Any subnet that has an address left.
fn draw_subnet(estate: &Estate, network: usize, chance: &mut Chance) -> usize {
    let subnets: Vec<usize> = estate.networks[network].subnets.clone().collect();
    let room = |subnet: &usize| {
        let subnet = &estate.subnets[*subnet];
        let hosts = 1_u32 << (32 - subnet.prefix.prefix_len());
        subnet.used + KEPT + 8 < hosts
    };
    let free: Vec<usize> = subnets.iter().copied().filter(room).collect();
    *chance.pick(if free.is_empty() { &subnets } else { &free })
}

/// The next free address of a subnet.
pub(super) fn address(estate: &mut Estate, subnet: usize) -> Ipv4Addr {
    let subnet = &mut estate.subnets[subnet];
    subnet.used += 1;
    Ipv4Addr::from(u32::from(subnet.prefix.network()) + KEPT + subnet.used - 1)
}

fn draw(
    estate: &mut Estate,
    (network, index): (usize, usize),
    subnet: usize,
    pool: &mut Pool,
    chance: &mut Chance,
) -> Interface {
    let tier = estate.subnets[subnet].tier;
    let is_appliance = index == 0 && estate.networks[network].name.contains("-hub-");
    if is_appliance {
        estate.networks[network].appliance = Some(estate.interfaces.len());
    }
    let owner = match chance.below(100) {
        0..12 if tier == Tier::Back && !is_appliance => Owner::Endpoint,
        12..16 if !is_appliance => Owner::Nothing,
        draw => Owner::Machine(add_machine(estate, (network, index), draw < 96, chance)),
    };
    let is_machine = matches!(owner, Owner::Machine(_));
    let mut addresses = vec![address(estate, subnet)];
    if is_machine && chance.percent(4) {
        addresses.push(address(estate, subnet));
    }
    let home = &estate.networks[network];
    let percent = if tier == Tier::Front { 22 } else { 1 };
    let public = (is_machine && chance.percent(percent))
        .then(|| PublicAddress { address: pool.public(), is_standard: chance.percent(88) });
    let mut members = Vec::new();
    if is_machine && !home.application_groups.is_empty() && chance.percent(45) {
        members.push(*chance.pick(&home.application_groups));
    }
    let group = (is_machine && chance.percent(35)).then(|| *chance.pick(&home.groups));
    let word = if owner == Owner::Endpoint { "pe" } else { "nic" };
    Interface {
        name: format!("{word}-{}-{index}", home.name),
        subnet,
        addresses,
        public,
        group,
        members,
        owner,
        balancer: None,
        forwards: is_appliance,
    }
}

/// A machine of its own for each interface, but for one in twenty.
fn add_machine(
    estate: &mut Estate,
    (network, index): (usize, usize),
    is_running: bool,
    chance: &mut Chance,
) -> usize {
    let last = estate.machines.len().checked_sub(1);
    let shared = last.filter(|&last| estate.machines[last].network == network && index > 1);
    if let Some(last) = shared.filter(|_| chance.percent(5)) {
        return last;
    }
    let name = format!("vm-{}-{index}", estate.networks[network].name);
    let is_windows = chance.percent(35);
    estate.machines.push(Machine { name, network, is_windows, is_running });
    estate.machines.len() - 1
}
