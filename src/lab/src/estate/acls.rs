//! Network ACLs: default ones that allow all, and custom ones of 10 to 18 entries per direction,
//! with numbered denies and, in a part of them, only some of the ephemeral ports (AWS-42).

use ipnet::IpNet;
use serde_json::{Value, json};

use super::addresses;
use super::chance::Chance;
use super::model::{Acl, Entry, Estate};
use super::print;

const ANY_IPV4: IpNet = IpNet::V4(ipnet::Ipv4Net::new_assert(std::net::Ipv4Addr::UNSPECIFIED, 0));
const ANY_IPV6: IpNet = IpNet::V6(ipnet::Ipv6Net::new_assert(std::net::Ipv6Addr::UNSPECIFIED, 0));

const TCP: i16 = 6;
const UDP: i16 = 17;

/// Which ephemeral ports a custom ACL lets back in.
#[derive(Clone, Copy)]
enum Ephemeral {
    Full,
    Part(u16, u16),
    /// All but these, by a deny with a lower number.
    Without(u16, u16),
    None,
}

/// Adds the ACLs and gives every subnet its own.
pub(super) fn plan(estate: &mut Estate, seed: u64) {
    let mut chance = Chance::stream(seed, "acls");
    for vpc in 0..estate.vpcs.len() {
        let default = add_default(estate, vpc, &mut chance);
        let custom: Vec<usize> = match chance.percent(45) {
            true => {
                (0..chance.between(1, 3)).map(|_| add_custom(estate, vpc, &mut chance)).collect()
            }
            false => Vec::new(),
        };
        for subnet in estate.vpcs[vpc].subnets.clone() {
            let chosen = !custom.is_empty() && chance.percent(55);
            estate.subnets[subnet].acl = if chosen { *chance.pick(&custom) } else { default };
        }
    }
}

fn add_default(estate: &mut Estate, vpc: usize, chance: &mut Chance) -> usize {
    let mut entries = Vec::new();
    for egress in [false, true] {
        entries.push(Entry { number: 100, egress, ..all(ANY_IPV4, true) });
        entries.push(Entry { number: 32767, egress, ..all(ANY_IPV4, false) });
        if estate.vpcs[vpc].ipv6.is_some() {
            entries.push(Entry { number: 101, egress, ..all(ANY_IPV6, true) });
            entries.push(Entry { number: 32768, egress, ..all(ANY_IPV6, false) });
        }
    }
    add(estate, vpc, String::new(), true, entries, chance)
}

fn add_custom(estate: &mut Estate, vpc: usize, chance: &mut Chance) -> usize {
    let number = estate.vpcs[vpc].acls.len();
    let name = format!("{}-acl-{number}", estate.vpcs[vpc].name);
    let inside_open = chance.percent(60);
    let mut entries = Vec::new();
    for egress in [false, true] {
        let ephemeral = draw_ephemeral(chance);
        let mut list = direction(estate, vpc, egress, inside_open, ephemeral, chance);
        let (first, step) = *chance.pick(&[(100, 10), (100, 100), (10, 10), (1000, 5)]);
        for (index, entry) in list.iter_mut().enumerate() {
            entry.number = first + step * index as u16;
            entry.egress = egress;
        }
        entries.append(&mut list);
        entries.push(Entry { number: 32767, egress, ..all(ANY_IPV4, false) });
        if estate.vpcs[vpc].ipv6.is_some() {
            entries.push(Entry { number: 32768, egress, ..all(ANY_IPV6, false) });
        }
    }
    add(estate, vpc, name, false, entries, chance)
}

fn add(
    estate: &mut Estate,
    vpc: usize,
    name: String,
    default: bool,
    mut entries: Vec<Entry>,
    chance: &mut Chance,
) -> usize {
    chance.shuffle(&mut entries);
    let index = estate.acls.len();
    estate.acls.push(Acl { id: chance.id("acl"), vpc, name, default, entries });
    estate.vpcs[vpc].acls.push(index);
    index
}

fn draw_ephemeral(chance: &mut Chance) -> Ephemeral {
    match chance.below(100) {
        0..55 => Ephemeral::Full,
        55..63 => Ephemeral::Part(32768, 60999),
        63..68 => Ephemeral::Part(32768, 61000),
        68..80 => Ephemeral::Part(49152, 65535),
        80..84 => Ephemeral::Part(1024, 32767),
        84..94 => {
            let from = chance.between(33_000, 50_000);
            Ephemeral::Without(from as u16, (from + chance.between(0, 9_000)) as u16)
        }
        _ => Ephemeral::None,
    }
}

/// 10 to 18 entries in the order in which they are tried, not yet numbered.
fn direction(
    estate: &Estate,
    vpc: usize,
    egress: bool,
    inside_open: bool,
    ephemeral: Ephemeral,
    chance: &mut Chance,
) -> Vec<Entry> {
    let home = &estate.vpcs[vpc];
    let mut list = Vec::new();
    if chance.percent(50) {
        list.push(all(addresses::outside(chance), false));
    }
    if chance.percent(30) {
        list.push(ports(TCP, addresses::outside(chance), (22, 22), false));
    }
    if let Ephemeral::Without(from, to) = ephemeral {
        list.push(ports(TCP, ANY_IPV4, (from, to), false));
    }
    for &cidr in &home.cidrs {
        let entry = if inside_open {
            all(IpNet::V4(cidr), true)
        } else {
            ports(TCP, IpNet::V4(cidr), (22, 10_000), true)
        };
        list.push(entry);
    }
    for &peering in home.peerings.iter().take(2) {
        let other = &estate.vpcs[estate.peerings[peering].other(vpc)];
        let far = IpNet::V4(other.cidrs[0]);
        list.push(ports(TCP, far, *chance.pick(&[(443, 443), (1, 10_000), (0, 65535)]), true));
    }
    list.push(ports(TCP, ANY_IPV4, (443, 443), true));
    list.push(ports(TCP, ANY_IPV4, (80, 80), true));
    if !egress {
        let ten = IpNet::V4(addresses::ipv4_net(10 << 24, 8));
        list.push(ports(TCP, ten, (22, 22), true));
        list.push(ports(TCP, ANY_IPV4, (3389, 3389), false));
    }
    match ephemeral {
        Ephemeral::Full | Ephemeral::Without(..) => {
            list.push(ports(TCP, ANY_IPV4, (1024, 65535), true));
        }
        Ephemeral::Part(from, to) => list.push(ports(TCP, ANY_IPV4, (from, to), true)),
        Ephemeral::None => {}
    }
    list.push(ports(UDP, ANY_IPV4, *chance.pick(&[(1024, 65535), (32768, 65535)]), true));
    list.push(icmp(1, ANY_IPV4, *chance.pick(&[(3, 4), (8, 0), (-1, -1)])));
    if home.ipv6.is_some() {
        list.push(ports(TCP, ANY_IPV6, (443, 443), true));
        list.push(ports(TCP, ANY_IPV6, (1024, 65535), true));
        list.push(icmp(58, ANY_IPV6, (-1, -1)));
    }
    let wanted = chance.between(10, 18);
    while list.len() < wanted {
        let port = *chance.pick(&[22, 25, 123, 636, 1521, 5671, 8443, 9443]);
        let protocol = *chance.pick(&[TCP, TCP, TCP, UDP]);
        list.push(ports(protocol, addresses::outside(chance), (port, port), chance.percent(75)));
    }
    list.truncate(18);
    list
}

fn all(cidr: IpNet, allow: bool) -> Entry {
    Entry { number: 0, egress: false, allow, protocol: -1, cidr, ports: None, icmp: None }
}

fn ports(protocol: i16, cidr: IpNet, ports: (u16, u16), allow: bool) -> Entry {
    Entry { protocol, ports: Some(ports), ..all(cidr, allow) }
}

fn icmp(protocol: i16, cidr: IpNet, icmp: (i16, i16)) -> Entry {
    Entry { protocol, icmp: Some(icmp), ..all(cidr, true) }
}

/// `aws ec2 describe-network-acls`.
pub(super) fn acls(estate: &Estate, account: usize) -> Value {
    let all = estate.acls.iter().enumerate();
    let mine = all.filter(|(_, acl)| estate.vpcs[acl.vpc].account == account);
    print::list(
        "NetworkAcls",
        mine.map(|(index, acl)| {
            let subnets =
                estate.vpcs[acl.vpc].subnets.clone().map(|subnet| &estate.subnets[subnet]);
            let associations: Vec<Value> = subnets
                .filter(|subnet| subnet.acl == index)
                .map(|subnet| {
                    json!({
                        "NetworkAclAssociationId": subnet.id.replace("subnet-", "aclassoc-"),
                        "NetworkAclId": acl.id,
                        "SubnetId": subnet.id,
                    })
                })
                .collect();
            let tags = if acl.default { json!([]) } else { print::name_tag(&acl.name) };
            json!({
                "Associations": associations,
                "Entries": acl.entries.iter().map(print_entry).collect::<Vec<Value>>(),
                "IsDefault": acl.default,
                "NetworkAclId": acl.id,
                "Tags": tags,
                "VpcId": estate.vpcs[acl.vpc].id,
                "OwnerId": estate.accounts[account],
            })
        }),
    )
}

fn print_entry(entry: &Entry) -> Value {
    let block = match entry.cidr {
        IpNet::V4(_) => "CidrBlock",
        IpNet::V6(_) => "Ipv6CidrBlock",
    };
    let mut value = json!({
        block: entry.cidr,
        "Egress": entry.egress,
        "Protocol": entry.protocol.to_string(),
        "RuleAction": if entry.allow { "allow" } else { "deny" },
        "RuleNumber": entry.number,
    });
    if let Some((from, to)) = entry.ports {
        value["PortRange"] = json!({"From": from, "To": to});
    }
    if let Some((kind, code)) = entry.icmp {
        value["IcmpTypeCode"] = json!({"Code": code, "Type": kind});
    }
    value
}
