//! Machines with an interface each, and the application security groups that they are in.

use super::{ApplicationGroup, Estate, Interface, Public};
use crate::estate::addresses;
use crate::estate::chance::Chance;

/// Adds application security groups, and machines in all subnets.
pub(super) fn draw(estate: &mut Estate, chance: &mut Chance) {
    for network in 0..estate.networks.len() {
        for _ in 0..chance.weighted(&[15, 35, 35, 15]) {
            let name = format!("asg-{}", estate.application_groups.len());
            estate.application_groups.push(ApplicationGroup { name, network });
        }
    }
    let mut pool = addresses::Pool::new();
    let wanted = chance.between(5, 12).max(estate.subnets.len() + 1);
    // One in each subnet first, then anywhere.
    let mut subnets: Vec<usize> = (0..estate.subnets.len()).collect();
    chance.shuffle(&mut subnets);
    while estate.interfaces.len() < wanted {
        let subnet = subnets.pop().unwrap_or_else(|| chance.below(estate.subnets.len()));
        let interface = draw_one(estate, subnet, &mut pool, chance);
        estate.interfaces.push(interface);
        if chance.percent(16) {
            let second = draw_second(estate, &mut pool, chance);
            estate.interfaces.push(second);
        }
    }
    for network in 0..estate.networks.len() {
        let mut here = estate.interfaces_of(network);
        // One that has two interfaces may hand on by the other one.
        here.retain(|&it| estate.is_alone(it));
        if chance.percent(80) && !here.is_empty() {
            let appliance = &mut estate.interfaces[*chance.pick(&here)];
            (appliance.forwards, appliance.running) = (true, true);
        }
    }
}

/// Another interface of the last machine, anywhere in its network.
fn draw_second(estate: &mut Estate, pool: &mut addresses::Pool, chance: &mut Chance) -> Interface {
    let last = estate.interfaces.len() - 1;
    let network = estate.subnets[estate.interfaces[last].subnet].network;
    let subnet = *chance.pick(&estate.subnets_of(network));
    let second = draw_one(estate, subnet, pool, chance);
    let first = &mut estate.interfaces[last];
    first.forwards = false;
    Interface {
        name: format!("{}-nic-2", first.machine),
        machine: first.machine.clone(),
        primary: false,
        forwards: false,
        running: first.running,
        windows: first.windows,
        ..second
    }
}

fn draw_one(
    estate: &Estate,
    subnet: usize,
    pool: &mut addresses::Pool,
    chance: &mut Chance,
) -> Interface {
    let home = &estate.subnets[subnet];
    let taken = estate.interfaces.iter().filter(|it| it.subnet == subnet);
    let taken: usize = taken.map(|it| it.addresses.len()).sum();
    // The first four of a subnet are Azure's.
    let address = |place: usize| (u32::from(home.cidr.network()) + 4 + place as u32).into();
    let mut addresses = vec![address(taken)];
    if chance.percent(15) {
        addresses.push(address(taken + 1));
    }
    let host = 4 + estate.interfaces.len() as u64;
    let ipv6 = home.ipv6.filter(|_| chance.percent(80));
    let ipv6 = ipv6.map(|net| addresses::ipv6_host(net, host));
    let public =
        chance.percent(48).then(|| Public { address: pool.public(), standard: chance.percent(80) });
    let near: Vec<usize> = (0..estate.application_groups.len())
        .filter(|&group| estate.application_groups[group].network == home.network)
        .collect();
    let application_groups = near.into_iter().filter(|_| chance.percent(40)).collect();
    let machine = format!("host-{}", estate.interfaces.len());
    Interface {
        name: format!("{machine}-nic"),
        machine,
        primary: true,
        subnet,
        addresses,
        ipv6,
        public,
        application_groups,
        group: None,
        forwards: chance.percent(5),
        running: chance.percent(96),
        windows: chance.percent(30),
    }
}
