//! VPCs, subnets, peerings and prefix lists.

use ipnet::IpNet;

use crate::estate::chance::Chance;
use crate::estate::{Estate, Peering, PrefixList, Subnet, Tier, Vpc, addresses};

/// Adds them, without tables and ACLs.
pub(super) fn draw(estate: &mut Estate, chance: &mut Chance) {
    let mut pool = addresses::Pool::new();
    let vpcs = chance.weighted(&[0, 30, 45, 25]);
    for index in 0..vpcs {
        draw_vpc(estate, index, &mut pool, chance);
    }
    for requester in 0..vpcs {
        for accepter in requester + 1..vpcs {
            if !overlapping(estate, requester, accepter) && chance.percent(75) {
                let state = if chance.percent(92) { "active" } else { "deleted" };
                let index = estate.peerings.len();
                estate.vpcs[requester].peerings.push(index);
                estate.vpcs[accepter].peerings.push(index);
                estate.peerings.push(Peering { id: chance.id("pcx"), requester, accepter, state });
            }
        }
    }
    draw_prefix_lists(estate, chance);
}

fn overlapping(estate: &Estate, one: usize, other: usize) -> bool {
    let blocks = |vpc: usize| estate.vpcs[vpc].cidrs.iter().map(|&cidr| IpNet::V4(cidr));
    blocks(one).any(|mine| blocks(other).any(|theirs| addresses::overlap(mine, theirs)))
}

fn draw_vpc(estate: &mut Estate, index: usize, pool: &mut addresses::Pool, chance: &mut Chance) {
    let block = match index {
        // Two VPCs that cannot be peered.
        1.. if chance.percent(8) => estate.vpcs[0].cidrs[0],
        _ => pool.primary(16),
    };
    let mut cidrs = vec![block];
    if chance.percent(12) {
        cidrs.push(pool.secondary(20));
    }
    let ipv6 = chance.percent(65).then(|| pool.ipv6());
    estate.vpcs.push(Vpc {
        id: chance.id("vpc"),
        account: 0,
        name: format!("net-{index}"),
        cidrs,
        dns_hostnames: false,
        ipv6,
        interfaces: 0,
        subnets: 0..0,
        internet_gateway: chance.percent(88).then(|| chance.id("igw")),
        egress_only_gateway: (ipv6.is_some() && chance.percent(50)).then(|| chance.id("eigw")),
        groups: Vec::new(),
        acls: Vec::new(),
        route_tables: Vec::new(),
        peerings: Vec::new(),
    });
    draw_subnets(estate, index, chance);
}

fn draw_subnets(estate: &mut Estate, vpc: usize, chance: &mut Chance) {
    let home = &mut estate.vpcs[vpc];
    let first = estate.subnets.len();
    let count = chance.weighted(&[0, 15, 35, 30, 20]);
    for index in 0..count {
        // The last subnet of a VPC with two blocks stands in the second.
        let block = match home.cidrs.get(1) {
            Some(&second) if index + 1 == count => second,
            _ => home.cidrs[0],
        };
        let tier = match home.internet_gateway {
            Some(_) => [Tier::Public, Tier::Private, Tier::Isolated][match index {
                0 => chance.weighted(&[70, 20, 10]),
                _ => chance.weighted(&[35, 50, 15]),
            }],
            None => Tier::Isolated,
        };
        let ipv6 = home.ipv6.filter(|_| chance.percent(85));
        estate.subnets.push(Subnet {
            id: chance.id("subnet"),
            vpc,
            cidr: addresses::subnet(block, 24, index),
            ipv6: ipv6.map(|block| addresses::ipv6_subnet(block, index)),
            zone: 0,
            tier,
            route_table: 0,
            associated: false,
            acl: 0,
            used: 0,
            stride: 1,
        });
    }
    home.subnets = first..estate.subnets.len();
}

/// Two lists of IPv4 and one of IPv6: of the partners, and of subnets.
fn draw_prefix_lists(estate: &mut Estate, chance: &mut Chance) {
    for number in 0..3 {
        let ipv6 = number == 2;
        let mut entries: Vec<IpNet> = (0..chance.between(1, 3))
            .map(|_| {
                let at = chance.below(estate.subnets.len());
                match (ipv6, chance.percent(60), estate.subnets[at].ipv6) {
                    (true, true, Some(block)) => IpNet::V6(block),
                    (true, ..) => super::partner_ipv6(chance),
                    (false, true, _) => IpNet::V4(estate.subnets[at].cidr),
                    (false, false, _) => super::partner(chance),
                }
            })
            .collect();
        entries.sort();
        entries.dedup();
        estate.prefix_lists.push(PrefixList {
            id: chance.id("pl"),
            name: format!("list-{number}"),
            account: Some(0),
            entries,
        });
    }
}
