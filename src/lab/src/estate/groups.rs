//! Security groups: so many inbound rules each, of every kind that AWS knows, and mostly open ways
//! out.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde_json::{Value, json};

use super::EstateSize;
use super::addresses;
use super::chance::Chance;
use super::model::{Estate, Group, Peer, Rule};
use super::print;

const ANY_IPV4: Peer =
    Peer::Cidr(IpNet::V4(ipnet::Ipv4Net::new_assert(std::net::Ipv4Addr::UNSPECIFIED, 0)));
const ANY_IPV6: Peer =
    Peer::Cidr(IpNet::V6(ipnet::Ipv6Net::new_assert(std::net::Ipv6Addr::UNSPECIFIED, 0)));

const ROLES: [&str; 12] = [
    "web",
    "app",
    "db",
    "cache",
    "queue",
    "admin",
    "monitoring",
    "batch",
    "proxy",
    "build",
    "search",
    "files",
];

const TCP_PORTS: [(i32, i32); 30] = [
    (22, 22),
    (80, 80),
    (443, 443),
    (443, 443),
    (389, 389),
    (636, 636),
    (1433, 1433),
    (2049, 2049),
    (3000, 3000),
    (3306, 3306),
    (3389, 3389),
    (5000, 5000),
    (5432, 5432),
    (5432, 5432),
    (5672, 5672),
    (6379, 6379),
    (8080, 8080),
    (8125, 8125),
    (8443, 8443),
    (9090, 9090),
    (9092, 9092),
    (9100, 9100),
    (9200, 9200),
    (11211, 11211),
    (27017, 27017),
    (8000, 8100),
    (9000, 9010),
    (30000, 32767),
    (1024, 65535),
    (0, 65535),
];

const UDP_PORTS: [(i32, i32); 7] =
    [(53, 53), (123, 123), (161, 162), (514, 514), (4789, 4789), (8125, 8125), (33434, 33534)];

/// Adds a default group per VPC and `size.groups` others, most of them in the large VPCs.
pub(super) fn plan(estate: &mut Estate, size: &EstateSize, seed: u64) {
    let mut chance = Chance::stream(seed, "groups");
    for vpc in 0..estate.vpcs.len() {
        add(estate, vpc, "default".to_owned(), &mut chance);
    }
    let weights: Vec<usize> = estate.vpcs.iter().map(|vpc| vpc.interfaces).collect();
    for number in 0..size.groups {
        // One each, then by size.
        let vpc = if number < weights.len() { number } else { chance.weighted(&weights) };
        let name = format!("{}-{number}", chance.pick(&ROLES));
        add(estate, vpc, name, &mut chance);
    }
    // Rules once every group exists, since they refer to each other.
    for group in 0..estate.groups.len() {
        let (ingress, egress) = if group < estate.vpcs.len() {
            (vec![everything(Peer::Group(group, None))], open(estate, group))
        } else {
            (
                draw_rules(estate, group, size.rules, &mut chance),
                draw_egress(estate, group, &mut chance),
            )
        };
        estate.groups[group].ingress = ingress;
        estate.groups[group].egress = egress;
    }
}

fn add(estate: &mut Estate, vpc: usize, name: String, chance: &mut Chance) {
    let index = estate.groups.len();
    let group = Group { id: chance.id("sg"), name, vpc, ingress: Vec::new(), egress: Vec::new() };
    estate.groups.push(group);
    estate.vpcs[vpc].groups.push(index);
}

fn everything(peer: Peer) -> Rule {
    Rule { protocol: "-1", ports: None, peer }
}

fn open(estate: &Estate, group: usize) -> Vec<Rule> {
    let ipv6 = estate.vpcs[estate.groups[group].vpc].ipv6.is_some();
    [everything(ANY_IPV4)].into_iter().chain(ipv6.then_some(everything(ANY_IPV6))).collect()
}

fn draw_egress(estate: &Estate, group: usize, chance: &mut Chance) -> Vec<Rule> {
    match chance.below(100) {
        0..80 => open(estate, group),
        80..83 => Vec::new(),
        _ => {
            let https = Rule { protocol: "tcp", ports: Some((443, 443)), peer: ANY_IPV4 };
            let dns = Rule { protocol: "udp", ports: Some((53, 53)), peer: ANY_IPV4 };
            let count = chance.between(3, 12);
            let mut rules = draw_rules(estate, group, count, chance);
            rules.retain(|&rule| rule != https && rule != dns);
            rules.extend([https, dns]);
            rules
        }
    }
}

/// `count` different rules in drawn order.
fn draw_rules(estate: &Estate, group: usize, count: usize, chance: &mut Chance) -> Vec<Rule> {
    // A group is for something: a few services, opened to many.
    let tcp: Vec<_> = (0..chance.between(4, 8)).map(|_| *chance.pick(&TCP_PORTS)).collect();
    let udp = *chance.pick(&UDP_PORTS);
    let mut seen = BTreeSet::new();
    let mut rules = Vec::with_capacity(count);
    while rules.len() < count {
        let rule = draw_rule(estate, group, &tcp, udp, chance);
        if seen.insert(rule) {
            rules.push(rule);
        }
    }
    rules
}

fn draw_rule(
    estate: &Estate,
    group: usize,
    tcp: &[(i32, i32)],
    udp: (i32, i32),
    chance: &mut Chance,
) -> Rule {
    let peer = draw_peer(estate, group, chance);
    let ipv6 = matches!(peer, Peer::Cidr(IpNet::V6(_)));
    let (protocol, ports) = match chance.below(100) {
        0..84 => ("tcp", Some(*chance.pick(tcp))),
        84..93 => ("udp", Some(udp)),
        93..96 if ipv6 => ("icmpv6", Some((-1, -1))),
        93..96 => ("icmp", Some(*chance.pick(&[(-1, -1), (8, -1), (8, 0), (3, 4)]))),
        96..98 => (*chance.pick(&["50", "51", "47", "132"]), None),
        // Everything is rarely opened to everybody.
        _ if peer == ANY_IPV4 || peer == ANY_IPV6 => ("tcp", Some((443, 443))),
        _ => ("-1", None),
    };
    Rule { protocol, ports, peer }
}

fn draw_peer(estate: &Estate, group: usize, chance: &mut Chance) -> Peer {
    let vpc = estate.groups[group].vpc;
    let home = &estate.vpcs[vpc];
    match chance.below(100) {
        0..44 => draw_ipv4(estate, vpc, chance),
        44..48 => Peer::Group(group, None),
        48..64 => Peer::Group(*chance.pick(&home.groups), None),
        64..74 => draw_peer_group(estate, vpc, chance),
        74..82 => draw_prefix_list(estate, vpc, chance),
        _ => match home.ipv6 {
            _ if chance.percent(5) => ANY_IPV6,
            Some(block) if chance.percent(60) => Peer::Cidr(IpNet::V6(block)),
            _ => Peer::Cidr(addresses::outside_ipv6(chance)),
        },
    }
}

fn draw_ipv4(estate: &Estate, vpc: usize, chance: &mut Chance) -> Peer {
    let home = &estate.vpcs[vpc];
    let subnet_of = |vpc: usize, chance: &mut Chance| {
        let subnets = estate.vpcs[vpc].subnets.clone();
        estate.subnets[chance.between(subnets.start, subnets.end - 1)].cidr
    };
    let block = match chance.below(100) {
        0..25 => subnet_of(vpc, chance),
        25..32 => home.cidrs[0],
        32..47 if !home.peerings.is_empty() => {
            let other = estate.peerings[*chance.pick(&home.peerings)].other(vpc);
            if chance.percent(50) { estate.vpcs[other].cidrs[0] } else { subnet_of(other, chance) }
        }
        47..52 => *chance.pick(&[
            addresses::ipv4_net(10 << 24, 8),
            addresses::ipv4_net((172 << 24) | (16 << 16), 12),
            addresses::ipv4_net((192 << 24) | (168 << 16), 16),
        ]),
        52..54 => return ANY_IPV4,
        _ => return Peer::Cidr(addresses::outside(chance)),
    };
    Peer::Cidr(IpNet::V4(block))
}

/// A group on the other side of a peering that is active, or was before it was deleted (AWS-10).
fn draw_peer_group(estate: &Estate, vpc: usize, chance: &mut Chance) -> Peer {
    let home = &estate.vpcs[vpc];
    let usable: Vec<usize> = home
        .peerings
        .iter()
        .copied()
        .filter(|&peering| matches!(estate.peerings[peering].state, "active" | "deleted"))
        .collect();
    if usable.is_empty() {
        return Peer::Group(*chance.pick(&home.groups), None);
    }
    let peering = *chance.pick(&usable);
    let other = &estate.vpcs[estate.peerings[peering].other(vpc)];
    Peer::Group(*chance.pick(&other.groups), Some(peering))
}

fn draw_prefix_list(estate: &Estate, vpc: usize, chance: &mut Chance) -> Peer {
    let account = estate.vpcs[vpc].account;
    let lists: Vec<usize> = (0..estate.prefix_lists.len())
        .filter(|&list| estate.prefix_lists[list].account == Some(account))
        .collect();
    Peer::PrefixList(*chance.pick(&lists))
}

/// `aws ec2 describe-security-groups`.
pub(super) fn groups(estate: &Estate, account: usize) -> Value {
    let mine = estate.groups.iter().filter(|group| estate.vpcs[group.vpc].account == account);
    print::list(
        "SecurityGroups",
        mine.map(|group| {
            let default = group.name == "default";
            let vpc = &estate.vpcs[group.vpc];
            let description =
                if default { "default VPC security group".to_owned() } else { group.name.clone() };
            let mut value = json!({
                "GroupId": group.id,
                "IpPermissionsEgress": permissions(estate, account, &group.egress),
                "VpcId": vpc.id,
                "OwnerId": estate.accounts[account],
                "GroupName": group.name,
                "Description": description,
                "IpPermissions": permissions(estate, account, &group.ingress),
            });
            if !default {
                value["Tags"] = print::name_tag(&format!("{}-{}", vpc.name, group.name));
            }
            value
        }),
    )
}

/// Rules of one protocol and range are one permission, as AWS prints them.
fn permissions(estate: &Estate, account: usize, rules: &[Rule]) -> Vec<Value> {
    let mut by_service: BTreeMap<_, Vec<Peer>> = BTreeMap::new();
    for rule in rules {
        by_service.entry((rule.protocol, rule.ports)).or_default().push(rule.peer);
    }
    by_service
        .into_iter()
        .map(|((protocol, ports), peers)| {
            let (mut ipv4, mut ipv6, mut groups, mut lists) = (vec![], vec![], vec![], vec![]);
            for peer in peers {
                match peer {
                    Peer::Cidr(cidr @ IpNet::V4(_)) => ipv4.push(json!({"CidrIp": cidr})),
                    Peer::Cidr(cidr @ IpNet::V6(_)) => ipv6.push(json!({"CidrIpv6": cidr})),
                    Peer::Group(group, peering) => {
                        groups.push(print_pair(estate, account, group, peering));
                    }
                    Peer::PrefixList(list) => {
                        lists.push(json!({"PrefixListId": estate.prefix_lists[list].id}));
                    }
                }
            }
            let mut value = json!({
                "IpProtocol": protocol,
                "UserIdGroupPairs": groups,
                "IpRanges": ipv4,
                "Ipv6Ranges": ipv6,
                "PrefixListIds": lists,
            });
            if let Some((from, to)) = ports {
                value["FromPort"] = json!(from);
                value["ToPort"] = json!(to);
            }
            value
        })
        .collect()
}

fn print_pair(estate: &Estate, account: usize, group: usize, peering: Option<usize>) -> Value {
    let group = &estate.groups[group];
    let Some(peering) = peering else {
        return json!({"UserId": estate.accounts[account], "GroupId": group.id});
    };
    let peering = &estate.peerings[peering];
    json!({
        "UserId": estate.account_of(group.vpc),
        "GroupId": group.id,
        "VpcId": estate.vpcs[group.vpc].id,
        "VpcPeeringConnectionId": peering.id,
        "PeeringStatus": peering.state,
    })
}
