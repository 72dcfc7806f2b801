//! Network ACLs: overlapping numbered allows and denies of several protocols, and parts of the
//! ephemeral ports.

use ipnet::IpNet;

use super::{TCP_PORTS, UDP_PORTS};
use crate::estate::chance::Chance;
use crate::estate::{Acl, Entry, Estate};

const TCP: i16 = 6;
const UDP: i16 = 17;

/// Adds the ACLs and gives every subnet its own.
pub(super) fn draw(estate: &mut Estate, chance: &mut Chance) {
    for vpc in 0..estate.vpcs.len() {
        let default = add(estate, vpc, true, chance);
        let custom: Vec<usize> =
            (0..chance.between(1, 3)).map(|_| add(estate, vpc, false, chance)).collect();
        for subnet in estate.vpcs[vpc].subnets.clone() {
            let chosen = chance.percent(70);
            estate.subnets[subnet].acl = if chosen { *chance.pick(&custom) } else { default };
        }
    }
}

fn add(estate: &mut Estate, vpc: usize, default: bool, chance: &mut Chance) -> usize {
    let mut entries = Vec::new();
    for egress in [false, true] {
        let mut list = if default { open(estate, vpc) } else { drawn(estate, vpc, egress, chance) };
        let (first, step) = *chance.pick(&[(100, 10), (10, 1), (1, 100), (1000, 5)]);
        for (index, entry) in list.iter_mut().enumerate() {
            entry.number = first + step * index as u16;
            entry.egress = egress;
        }
        entries.append(&mut list);
        entries.push(Entry { number: 32767, egress, ..all(super::any_ipv4(), false) });
        if estate.vpcs[vpc].ipv6.is_some() {
            entries.push(Entry { number: 32768, egress, ..all(super::any_ipv6(), false) });
        }
    }
    let index = estate.acls.len();
    let name = if default { String::new() } else { format!("acl-{index}") };
    estate.acls.push(Acl { id: chance.id("acl"), vpc, name, default, entries });
    estate.vpcs[vpc].acls.push(index);
    index
}

fn open(estate: &Estate, vpc: usize) -> Vec<Entry> {
    let ipv6 = estate.vpcs[vpc].ipv6.map(|_| all(super::any_ipv6(), true));
    [all(super::any_ipv4(), true)].into_iter().chain(ipv6).collect()
}

/// One direction, in the order in which the entries are tried: exceptions, what is let through,
/// ephemeral ports.
fn drawn(estate: &Estate, vpc: usize, egress: bool, chance: &mut Chance) -> Vec<Entry> {
    let mut list = Vec::new();
    for _ in 0..chance.weighted(&[45, 35, 20]) {
        list.push(exception(estate, vpc, chance));
    }
    services(estate, vpc, egress, &mut list, chance);
    // Behind what lets it through, a deny is without effect; in front of it, it is not.
    for _ in 0..chance.weighted(&[70, 30]) {
        let at = chance.between(0, list.len());
        list.insert(at, exception(estate, vpc, chance));
    }
    list
}

/// What lets services and replies through.
fn services(estate: &Estate, vpc: usize, egress: bool, list: &mut Vec<Entry>, chance: &mut Chance) {
    let families: &[bool] = if estate.vpcs[vpc].ipv6.is_some() { &[false, true] } else { &[false] };
    for &ipv6 in families {
        let any = if ipv6 { super::any_ipv6() } else { super::any_ipv4() };
        if chance.percent(if egress { 30 } else { 22 }) {
            list.push(all(any, true));
            continue;
        }
        for _ in 0..chance.between(1, 3) {
            let cidr = if chance.percent(75) { any } else { block(estate, vpc, ipv6, chance) };
            list.push(match chance.weighted(&[40, 25, 20, 15]) {
                0 => ports(TCP, cidr, (1, 1023), true),
                1 => {
                    let port = *chance.pick(&TCP_PORTS);
                    ports(TCP, cidr, (port, port), true)
                }
                2 => ports(TCP, cidr, super::range(&TCP_PORTS, chance), true),
                _ => ports(UDP, cidr, super::range(&UDP_PORTS, chance), true),
            });
        }
        if chance.percent(70) {
            list.push(ports(UDP, any, (1, 1023), true));
        }
        list.push(ports(TCP, any, (5432, 5432), chance.percent(85)));
        list.push(ephemeral(TCP, any, chance));
        if chance.percent(85) {
            list.push(ephemeral(UDP, any, chance));
        }
        let (protocol, echo, reply) = if ipv6 { (58, 128, 129) } else { (1, 8, 0) };
        match chance.weighted(&[62, 11, 11, 8, 8]) {
            0 => list.push(icmp(protocol, any, (-1, -1), true)),
            1 => list.push(icmp(protocol, any, (echo, -1), true)),
            2 => list.push(icmp(protocol, any, (reply, 0), true)),
            // An echo request has the code 0.
            3 => list.push(icmp(protocol, any, (echo, 1), true)),
            _ => {}
        }
    }
    if chance.percent(20) {
        let at = chance.between(0, list.len());
        list.insert(at, Entry { protocol: 50, ..all(super::any_ipv4(), true) });
    }
}

/// Ports of replies: all, or a part.
fn ephemeral(protocol: i16, cidr: IpNet, chance: &mut Chance) -> Entry {
    let from = chance.between(33_000, 52_000) as u16;
    let range = match chance.weighted(&[45, 13, 13, 13, 8, 8]) {
        0 => (1024, 65535),
        1 => (32768, 60999),
        2 => (from, 65535),
        3 => (1024, from),
        4 => (49152, 65535),
        _ => (from, from + 8_000),
    };
    ports(protocol, cidr, range, true)
}

/// A deny, seldom an allow, of something in particular.
fn exception(estate: &Estate, vpc: usize, chance: &mut Chance) -> Entry {
    let ipv6 = estate.vpcs[vpc].ipv6.is_some() && chance.percent(35);
    let any = if ipv6 { super::any_ipv6() } else { super::any_ipv4() };
    let cidr = if chance.percent(55) { block(estate, vpc, ipv6, chance) } else { any };
    let allow = chance.percent(20);
    let from = chance.between(33_000, 55_000) as u16;
    match chance.weighted(&[28, 22, 15, 13, 12, 10]) {
        0 if chance.percent(30) => ports(TCP, cidr, super::range(&TCP_PORTS, chance), allow),
        0 => {
            let port = *chance.pick(&TCP_PORTS);
            ports(TCP, cidr, (port, port), allow)
        }
        1 => ports(TCP, cidr, (from, from + chance.between(500, 9_000) as u16), allow),
        2 if chance.percent(30) => ports(UDP, cidr, super::range(&UDP_PORTS, chance), allow),
        2 => {
            let port = *chance.pick(&UDP_PORTS);
            ports(UDP, cidr, (port, port), allow)
        }
        3 => ports(UDP, cidr, (from, from + chance.between(500, 9_000) as u16), allow),
        4 => {
            let (protocol, types) = if ipv6 { (58, [128, 129, 3]) } else { (1, [8, 0, 3]) };
            let code = [-1, 0, 1][chance.weighted(&[50, 30, 20])];
            icmp(protocol, cidr, (*chance.pick(&types), code), allow)
        }
        _ if cidr == any => Entry { protocol: 47, ..all(cidr, allow) },
        _ => all(cidr, allow),
    }
}

/// A block that packets come from: a subnet of this VPC or of any, a partner.
fn block(estate: &Estate, vpc: usize, ipv6: bool, chance: &mut Chance) -> IpNet {
    let own = estate.vpcs[vpc].subnets.clone();
    let at = match chance.percent(65) {
        true => chance.between(own.start, own.end - 1),
        false => chance.below(estate.subnets.len()),
    };
    let subnet = &estate.subnets[at];
    match (ipv6, chance.weighted(&[60, 25, 15])) {
        (false, 0) => IpNet::V4(subnet.cidr),
        (false, 1) => super::partner(chance),
        (false, _) => IpNet::V4(estate.vpcs[subnet.vpc].cidrs[0]),
        (true, 1) => super::partner_ipv6(chance),
        (true, _) => subnet.ipv6.map_or_else(super::any_ipv6, IpNet::V6),
    }
}

fn all(cidr: IpNet, allow: bool) -> Entry {
    Entry { number: 0, egress: false, allow, protocol: -1, cidr, ports: None, icmp: None }
}

fn ports(protocol: i16, cidr: IpNet, ports: (u16, u16), allow: bool) -> Entry {
    Entry { protocol, ports: Some(ports), ..all(cidr, allow) }
}

fn icmp(protocol: i16, cidr: IpNet, icmp: (i16, i16), allow: bool) -> Entry {
    Entry { protocol, icmp: Some(icmp), ..all(cidr, allow) }
}
