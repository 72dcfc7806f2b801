//! Security groups: rules that name blocks, prefix lists, and groups, of the own VPC or across a
//! peering.

use ipnet::IpNet;

use super::{TCP_PORTS, UDP_PORTS};
use crate::estate::chance::Chance;
use crate::estate::{Estate, Group, Peer, Rule};

/// Adds the groups, without rules.
pub(super) fn draw(estate: &mut Estate, chance: &mut Chance) {
    for vpc in 0..estate.vpcs.len() {
        add(estate, vpc, "default".to_owned(), chance);
        for number in 0..chance.between(2, 4) {
            add(estate, vpc, format!("group-{number}"), chance);
        }
    }
}

fn add(estate: &mut Estate, vpc: usize, name: String, chance: &mut Chance) {
    let index = estate.groups.len();
    let group = Group { id: chance.id("sg"), name, vpc, ingress: Vec::new(), egress: Vec::new() };
    estate.groups.push(group);
    estate.vpcs[vpc].groups.push(index);
}

/// Gives every group its rules.
pub(super) fn draw_rules(estate: &mut Estate, chance: &mut Chance) {
    for group in 0..estate.groups.len() {
        let default = estate.groups[group].name == "default";
        let ingress = match default {
            true => vec![rule("-1", None, Peer::Group(group, None))],
            false => several(estate, group, 6..=12, false, chance),
        };
        let egress = match chance.weighted(&[60, 37, 3]) {
            _ if default => open(estate, group),
            0 => open(estate, group),
            1 => several(estate, group, 6..=11, true, chance),
            _ => Vec::new(),
        };
        estate.groups[group].ingress = ingress;
        estate.groups[group].egress = egress;
    }
}

fn rule(protocol: &'static str, ports: Option<(i32, i32)>, peer: Peer) -> Rule {
    Rule { protocol, ports, peer }
}

fn open(estate: &Estate, group: usize) -> Vec<Rule> {
    let ipv6 = estate.vpcs[estate.groups[group].vpc].ipv6;
    let ipv6 = ipv6.map(|_| rule("-1", None, Peer::Cidr(super::any_ipv6())));
    [rule("-1", None, Peer::Cidr(super::any_ipv4()))].into_iter().chain(ipv6).collect()
}

fn several(
    estate: &Estate,
    group: usize,
    count: std::ops::RangeInclusive<usize>,
    wide: bool,
    chance: &mut Chance,
) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for _ in 0..chance.between(*count.start(), *count.end()) {
        let drawn = draw_rule(estate, group, wide, chance);
        if !rules.contains(&drawn) {
            rules.push(drawn);
        }
    }
    rules
}

fn draw_rule(estate: &Estate, group: usize, wide: bool, chance: &mut Chance) -> Rule {
    let peer = draw_peer(estate, group, wide, chance);
    let (tcp, udp) = (i32::from(*chance.pick(&TCP_PORTS)), i32::from(*chance.pick(&UDP_PORTS)));
    let ipv6 = match peer {
        Peer::Cidr(block) => matches!(block, IpNet::V6(_)),
        Peer::PrefixList(list) => estate.prefix_lists[list].entries[0].addr().is_ipv6(),
        Peer::Group(..) => chance.percent(40),
    };
    match chance.weighted(&[14, 24, 8, 14, 16, 27, 4]) {
        0 => rule("tcp", Some((tcp, tcp)), peer),
        1 if chance.percent(45) => rule("tcp", Some(range(&TCP_PORTS, chance)), peer),
        1 => rule("tcp", Some(*chance.pick(&[(0, 65535), (1, 1023), (22, 6000)])), peer),
        2 => rule("udp", Some((udp, udp)), peer),
        3 if chance.percent(65) => rule("udp", Some(range(&UDP_PORTS, chance)), peer),
        3 => rule("udp", Some((0, 65535)), peer),
        // An echo request has the code 0.
        4 if ipv6 => {
            let codes = [(-1, -1), (128, -1), (128, 0), (128, 1), (128, 1)];
            rule("icmpv6", Some(*chance.pick(&codes)), peer)
        }
        4 => {
            let codes = [(-1, -1), (8, -1), (8, 0), (8, 1), (8, 1), (3, 4)];
            rule("icmp", Some(*chance.pick(&codes)), peer)
        }
        5 => rule("-1", None, peer),
        _ => rule("50", None, peer),
    }
}

fn range(asked: &[u16], chance: &mut Chance) -> (i32, i32) {
    let (from, to) = super::range(asked, chance);
    (i32::from(from), i32::from(to))
}

fn draw_peer(estate: &Estate, group: usize, wide: bool, chance: &mut Chance) -> Peer {
    let vpc = estate.groups[group].vpc;
    let home = &estate.vpcs[vpc];
    let any = if wide { 50 } else { 34 };
    match chance.weighted(&[any, 14, 14, 20, 14, 8]) {
        0 if home.ipv6.is_some() && chance.percent(35) => Peer::Cidr(super::any_ipv6()),
        0 => Peer::Cidr(super::any_ipv4()),
        1 => block(estate, vpc, chance),
        2 => {
            let at = chance.below(estate.subnets.len());
            match estate.subnets[at].ipv6 {
                Some(block) if chance.percent(35) => Peer::Cidr(IpNet::V6(block)),
                _ => Peer::Cidr(IpNet::V4(estate.subnets[at].cidr)),
            }
        }
        3 => Peer::Group(*chance.pick(&home.groups), None),
        4 => far_group(estate, vpc, chance),
        _ => Peer::PrefixList(chance.below(estate.prefix_lists.len())),
    }
}

fn block(estate: &Estate, vpc: usize, chance: &mut Chance) -> Peer {
    let home = &estate.vpcs[vpc];
    Peer::Cidr(match chance.weighted(&[50, 25, 12, 13]) {
        0 => IpNet::V4(home.cidrs[0]),
        1 => super::partner(chance),
        2 => super::partner_ipv6(chance),
        _ => home.ipv6.map_or(IpNet::V4(home.cidrs[0]), IpNet::V6),
    })
}

/// A group beyond a peering (AWS-10), else one of the own VPC.
fn far_group(estate: &Estate, vpc: usize, chance: &mut Chance) -> Peer {
    let home = &estate.vpcs[vpc];
    if home.peerings.is_empty() {
        return Peer::Group(*chance.pick(&home.groups), None);
    }
    let peering = *chance.pick(&home.peerings);
    let other = &estate.vpcs[estate.peerings[peering].other(vpc)];
    Peer::Group(*chance.pick(&other.groups), Some(peering))
}
