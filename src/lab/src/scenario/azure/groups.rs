//! Network security groups, and where they stand.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Estate, Group, Peer, Protocol, Rule};
use crate::estate::chance::Chance;
use crate::scenario::{TCP_PORTS, UDP_PORTS, any_ipv6, net, partner, range};

/// Adds groups with rules, and puts them at subnets and interfaces: both, one, or none.
pub(super) fn draw(estate: &mut Estate, chance: &mut Chance) {
    let networks = estate.networks.len();
    let count = chance.between(networks + 1, 2 * networks + 3);
    for index in 0..count {
        // Each network has one at least; some are at home in several.
        let network = match index {
            _ if index < networks => Some(index),
            _ => chance.percent(75).then(|| chance.below(networks)),
        };
        let rules = draw_rules(estate, network, chance);
        estate.groups.push(Group { name: format!("nsg-{index}"), network, rules });
    }
    for subnet in 0..estate.subnets.len() {
        let network = estate.subnets[subnet].network;
        estate.subnets[subnet].group = choose(estate, network, 62, chance);
    }
    for interface in 0..estate.interfaces.len() {
        if let Some(network) = estate.network_of(interface) {
            estate.interfaces[interface].group = choose(estate, network, 52, chance);
        }
    }
}

fn choose(estate: &Estate, network: usize, percent: u64, chance: &mut Chance) -> Option<usize> {
    let fits = |group: &Group| group.network.is_none_or(|of| of == network);
    let near: Vec<usize> =
        (0..estate.groups.len()).filter(|&group| fits(&estate.groups[group])).collect();
    (!near.is_empty() && chance.percent(percent)).then(|| *chance.pick(&near))
}

fn draw_rules(estate: &Estate, network: Option<usize>, chance: &mut Chance) -> Vec<Rule> {
    let mut rules = Vec::new();
    for inbound in [true, false] {
        let mut priorities: Vec<usize> = (100..=4096).step_by(37).collect();
        chance.shuffle(&mut priorities);
        let count = if inbound { chance.between(2, 7) } else { chance.between(1, 3) };
        for priority in priorities.into_iter().take(count) {
            let name = format!("{}-{}", if inbound { "in" } else { "out" }, rules.len());
            let rule = draw_rule(estate, network, inbound, chance);
            rules.push(Rule { name, priority, ..rule });
        }
    }
    // Documents list them in any order.
    chance.shuffle(&mut rules);
    rules
}

fn draw_rule(estate: &Estate, network: Option<usize>, inbound: bool, chance: &mut Chance) -> Rule {
    let protocol = [Protocol::Tcp, Protocol::Udp, Protocol::Icmp, Protocol::Esp, Protocol::Any]
        [chance.weighted(&[45, 17, 10, 3, 25])];
    let asked: &[u16] = match protocol {
        Protocol::Udp => &UDP_PORTS,
        _ => &TCP_PORTS,
    };
    let with_ports = match protocol {
        Protocol::Icmp | Protocol::Esp => false,
        Protocol::Any => estate.ports_of_any && chance.percent(60),
        _ => chance.percent(78),
    };
    let ports =
        with_ports.then(|| (0..chance.between(1, 3)).map(|_| range(asked, chance)).collect());
    let from_some = with_ports && chance.percent(14);
    let source_ports = from_some.then(|| vec![draw_client_ports(chance)]);
    let (near, far) =
        (draw_near(estate, network, chance), draw_far(estate, network, inbound, chance));
    let (source, destination) = if inbound { (far, near) } else { (near, far) };
    Rule {
        name: String::new(),
        priority: 0,
        inbound,
        allow: chance.percent(if inbound { 76 } else { 70 }),
        protocol,
        source,
        destination,
        source_ports: source_ports.unwrap_or_default(),
        ports: ports.unwrap_or_default(),
    }
}

/// A range that ends among the ports that clients dial from.
fn draw_client_ports(chance: &mut Chance) -> (u16, u16) {
    *chance.pick(&[(1024, 65535), (32768, 60999), (32768, 45000), (45001, 60999), (49152, 65535)])
}

/// The side of whom the group guards.
fn draw_near(estate: &Estate, network: Option<usize>, chance: &mut Chance) -> Peer {
    match chance.weighted(&[52, 22, 12, 14]) {
        1 => application_groups(estate, network, chance),
        2 => Peer::Tag("VirtualNetwork"),
        3 => Peer::Prefixes(vec![inside(estate, network, chance)]),
        _ => Peer::Any,
    }
}

/// The other side.
fn draw_far(estate: &Estate, network: Option<usize>, inbound: bool, chance: &mut Chance) -> Peer {
    match chance.weighted(&[20, 18, 15, 18, 10, 15, 2, 2]) {
        1 => Peer::Tag("VirtualNetwork"),
        2 => Peer::Tag("Internet"),
        3 => {
            let count = chance.between(1, 3);
            Peer::Prefixes((0..count).map(|_| inside(estate, None, chance)).collect())
        }
        4 => Peer::Prefixes(vec![partner(chance)]),
        5 => application_groups(estate, network, chance),
        6 if inbound => Peer::Tag("AzureLoadBalancer"),
        // All of one family, in two halves or in one.
        7 => Peer::Prefixes(match chance.percent(50) {
            true => [[0, 0, 0, 0], [128, 0, 0, 0]].map(|half| net(IpAddr::from(half), 1)).to_vec(),
            false => vec![any_ipv6()],
        }),
        _ => Peer::Any,
    }
}

fn application_groups(estate: &Estate, network: Option<usize>, chance: &mut Chance) -> Peer {
    let near: Vec<usize> = (0..estate.application_groups.len())
        .filter(|&group| Some(estate.application_groups[group].network) == network)
        .collect();
    if near.is_empty() {
        return Peer::Any;
    }
    let mut chosen = vec![*chance.pick(&near)];
    if chance.percent(25) {
        chosen.push(*chance.pick(&near));
        chosen.sort_unstable();
        chosen.dedup();
    }
    Peer::Groups(chosen)
}

/// Some addresses of the estate: a host, a subnet, a network; at times public ones of a host,
/// which no rule about what comes in can mean as its destination (AZ-13).
fn inside(estate: &Estate, network: Option<usize>, chance: &mut Chance) -> IpNet {
    let hosts = match network {
        Some(network) => estate.interfaces_of(network),
        None => (0..estate.interfaces.len()).collect(),
    };
    let interface = &estate.interfaces[match hosts.as_slice() {
        [] => chance.below(estate.interfaces.len()),
        hosts => *chance.pick(hosts),
    }];
    let subnet = &estate.subnets[interface.subnet];
    match chance.weighted(&[35, 35, 10, 10, 10]) {
        0 => IpNet::from(IpAddr::V4(*chance.pick(&interface.addresses))),
        1 => IpNet::V4(subnet.cidr),
        2 => IpNet::V4(estate.networks[subnet.network].prefixes[0]),
        3 => match (subnet.ipv6, interface.ipv6) {
            (_, Some(host)) if chance.percent(50) => IpNet::from(IpAddr::V6(host)),
            (Some(net), _) => IpNet::V6(net),
            _ => IpNet::V4(subnet.cidr),
        },
        _ => match interface.public {
            Some(public) => IpNet::from(IpAddr::V4(public.address)),
            None => IpNet::V4(subnet.cidr),
        },
    }
}
