//! Virtual networks, their subnets and peerings.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use super::{Estate, Network, Peering, Subnet};
use crate::estate::addresses;
use crate::estate::chance::Chance;

/// Adds them, without groups and tables.
pub(super) fn draw(estate: &mut Estate, chance: &mut Chance) {
    let networks = chance.weighted(&[0, 25, 45, 30]);
    for index in 0..networks {
        draw_network(estate, index, chance);
    }
    for one in 0..networks {
        for other in one + 1..networks {
            if can_peer(estate, one, other) && can_peer(estate, other, one) && chance.percent(78) {
                estate.peerings.push(draw_peering([one, other], chance));
            }
        }
    }
}

/// Whether neither a network nor one that it is peered with has the addresses of another.
fn can_peer(estate: &Estate, one: usize, other: usize) -> bool {
    let own = |network: usize| estate.networks[network].prefixes[0];
    let peers = (0..estate.networks.len()).filter(|&it| estate.peering(one, it).is_some());
    own(one) != own(other) && peers.into_iter().all(|peer| own(peer) != own(other))
}

fn draw_peering(ends: [usize; 2], chance: &mut Chance) -> Peering {
    let connected = match chance.weighted(&[76, 6, 18]) {
        0 => [true, true],
        1 => [false, false],
        // Recorded at different moments.
        _ => {
            let first = chance.percent(50);
            [first, !first]
        }
    };
    let access = [chance.percent(86), chance.percent(86)];
    Peering { ends, connected, access }
}

fn draw_network(estate: &mut Estate, index: usize, chance: &mut Chance) {
    let block = |first: u32, second: usize| {
        addresses::ipv4_net((first << 24) | (((second as u32) & 0xff) << 16), 16)
    };
    let first = match index {
        // Two networks that cannot be peered.
        1.. if chance.percent(6) => estate.networks[0].prefixes[0],
        _ => block(10, 20 + index),
    };
    let mut prefixes = vec![first];
    if chance.percent(25) {
        // Addresses that others use on the internet are a network's own all the same (AZ-31).
        prefixes.push(if chance.percent(50) { block(172, 16 + index) } else { block(52, index) });
    }
    let ipv6 = chance.percent(40).then(|| ipv6_net(0xfd00_0db8_0000 + index as u128, 48));
    let name = format!("net-{index}");
    estate.networks.push(Network { name, prefixes, ipv6 });
    let count = chance.weighted(&[0, 20, 35, 30, 15]);
    for position in 0..count {
        let network = &estate.networks[index];
        // The last subnet of a network with two prefixes stands in the second.
        let block = match network.prefixes.get(1) {
            Some(&second) if position + 1 == count => second,
            _ => network.prefixes[0],
        };
        let ipv6 = network.ipv6.filter(|_| chance.percent(85));
        let ipv6 = ipv6
            .map(|net| ipv6_net((u128::from(net.network()) >> 80) << 16 | position as u128, 64));
        estate.subnets.push(Subnet {
            name: format!("sub-{position}"),
            network: index,
            cidr: addresses::subnet(block, 24, position + 1),
            ipv6,
            group: None,
            table: None,
        });
    }
}

/// The block whose first bits these are.
#[expect(clippy::expect_used, reason = "lengths are constants of this module, at most 128")]
fn ipv6_net(bits: u128, length: u8) -> Ipv6Net {
    Ipv6Net::new(Ipv6Addr::from(bits << (128 - length)), length).expect("at most 128")
}
