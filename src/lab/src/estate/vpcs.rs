//! VPCs and subnets: sizes by Zipf's law, half of the blocks shared with other VPCs.

use serde_json::{Value, json};

use super::EstateSize;
use super::addresses::{self, Pool};
use super::chance::Chance;
use super::model::{Estate, REGION, Subnet, Tier, Vpc};
use super::print;

/// The least that a VPC holds.
const SMALLEST: usize = 3;

/// First words of their names.
const NAMES: [&str; 12] = [
    "shop", "billing", "search", "media", "data", "ml", "crm", "auth", "iot", "edge", "batch",
    "legacy",
];

/// Adds the VPCs and their subnets, without tables and ACLs.
pub(super) fn plan(estate: &mut Estate, size: &EstateSize, pool: &mut Pool, seed: u64) {
    let mut chance = Chance::stream(seed, "vpcs");
    let mut sizes = shares_by_rank(size.interfaces, size.vpcs);
    chance.shuffle(&mut sizes);
    for (index, interfaces) in sizes.into_iter().enumerate() {
        let name = format!(
            "{}-{}-{index}",
            chance.pick(&NAMES),
            chance.pick(&["prod", "prod", "stage", "dev"])
        );
        let prefix = block_prefix(interfaces, &mut chance);
        let block = if chance.percent(50) {
            addresses::shared(&mut chance, prefix)
        } else {
            pool.primary(prefix)
        };
        let mut cidrs = vec![block];
        if chance.percent(10) {
            cidrs.push(pool.secondary(20));
        }
        let vpc = Vpc {
            id: chance.id("vpc"),
            account: index % estate.accounts.len(),
            name,
            cidrs,
            dns_hostnames: chance.percent(45),
            ipv6: chance.percent(33).then(|| pool.ipv6()),
            interfaces,
            subnets: 0..0,
            internet_gateway: chance.percent(90).then(|| chance.id("igw")),
            egress_only_gateway: None,
            groups: Vec::new(),
            acls: Vec::new(),
            route_tables: Vec::new(),
            peerings: Vec::new(),
        };
        estate.vpcs.push(vpc);
        plan_subnets(estate, index, &mut chance);
    }
}

/// Interfaces per network, largest first: in proportion to 1/rank, and none too small.
pub(super) fn shares_by_rank(interfaces: usize, networks: usize) -> Vec<usize> {
    let networks = networks.max(1);
    // In millionths, so that no floating point decides.
    let harmonic: usize = (1..=networks).map(|rank| 1_000_000 / rank).sum();
    let mut counts: Vec<usize> = (1..=networks)
        .map(|rank| (interfaces * (1_000_000 / rank) / harmonic).max(SMALLEST))
        .collect();
    let total: usize = counts.iter().sum();
    if total <= interfaces {
        counts[0] += interfaces - total;
    }
    let mut excess = total.saturating_sub(interfaces);
    while excess > 0 && counts[0] > SMALLEST {
        for count in &mut counts {
            // Spread over the large ones: none gives more than a third at a time.
            let spare = count.saturating_sub(SMALLEST).min(*count / 3);
            let less = excess.min(spare);
            *count -= less;
            excess -= less;
        }
    }
    counts
}

fn block_prefix(interfaces: usize, chance: &mut Chance) -> u8 {
    match interfaces {
        300.. => 16,
        60.. => *chance.pick(&[16, 16, 20]),
        _ => *chance.pick(&[16, 20, 22]),
    }
}

fn plan_subnets(estate: &mut Estate, vpc: usize, chance: &mut Chance) {
    let home = &mut estate.vpcs[vpc];
    let first = estate.subnets.len();
    let count = (3 + home.interfaces / 15 + chance.between(0, 2)).min(12);
    let block = home.cidrs[0];
    let prefix = match (block.prefix_len(), home.interfaces) {
        (16, 300..) => 20,
        (16, _) => 24,
        (shorter, _) => shorter + 4,
    };
    let mut positions: Vec<usize> = (0..1 << (prefix - block.prefix_len())).collect();
    chance.shuffle(&mut positions);
    let zone = chance.below(4);
    for (index, &position) in positions.iter().take(count).enumerate() {
        // The last subnet of a VPC with two blocks stands in the second.
        let cidr = match home.cidrs.get(1) {
            Some(&second) if index + 1 == count => addresses::subnet(second, 24, position % 16),
            _ => addresses::subnet(block, prefix, position),
        };
        let tier = match (home.internet_gateway.is_some(), index % 3) {
            (true, 0) => Tier::Public,
            (true, 1) => Tier::Private,
            (true, _) if chance.percent(40) => Tier::Private,
            _ => Tier::Isolated,
        };
        let hosts = (1_u32 << (32 - cidr.prefix_len())) - 5;
        let ipv6 = match home.ipv6 {
            Some(block) if chance.percent(80) => Some(addresses::ipv6_subnet(block, index)),
            _ => None,
        };
        estate.subnets.push(Subnet {
            id: chance.id("subnet"),
            vpc,
            cidr,
            ipv6,
            zone: (zone + index / 3) % 6,
            tier,
            route_table: 0,
            associated: false,
            acl: 0,
            used: 0,
            stride: stride(hosts, chance),
        });
    }
    home.subnets = first..estate.subnets.len();
    if home.ipv6.is_some() && home.internet_gateway.is_some() && chance.percent(70) {
        home.egress_only_gateway = Some(chance.id("eigw"));
    }
}

/// A step that visits every host of a subnet once before it comes back.
fn stride(hosts: u32, chance: &mut Chance) -> u32 {
    let mut stride = chance.between(1, hosts as usize - 1) as u32;
    while greatest_common_divisor(stride, hosts) != 1 {
        stride += 1;
    }
    stride
}

fn greatest_common_divisor(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { greatest_common_divisor(other, one % other) }
}

/// `us-east-1a` and so on.
pub(super) fn zone_name(zone: usize) -> String {
    format!("{REGION}{}", char::from(b'a' + zone as u8))
}

/// `aws ec2 describe-vpcs`.
pub(super) fn vpcs(estate: &Estate, account: usize) -> Value {
    print::list(
        "Vpcs",
        estate.vpcs.iter().filter(|vpc| vpc.account == account).map(|vpc| {
            let hexadecimal = vpc.id.trim_start_matches("vpc-");
            let blocks: Vec<Value> = vpc
                .cidrs
                .iter()
                .enumerate()
                .map(|(index, cidr)| {
                    json!({
                        "AssociationId": format!("vpc-cidr-assoc-{index}{}", &hexadecimal[1..]),
                        "CidrBlock": cidr,
                        "CidrBlockState": {"State": "associated"},
                    })
                })
                .collect();
            let mut value = json!({
                "OwnerId": estate.accounts[account],
                "InstanceTenancy": "default",
                "CidrBlockAssociationSet": blocks,
                "IsDefault": false,
                "Tags": [{"Key": "Name", "Value": vpc.name}],
                "VpcId": vpc.id,
                "State": "available",
                "CidrBlock": vpc.cidrs[0],
                "DhcpOptionsId": print::DHCP_OPTIONS,
            });
            if let Some(block) = vpc.ipv6 {
                value["Ipv6CidrBlockAssociationSet"] = json!([{
                    "AssociationId": format!("vpc-cidr-assoc-6{}", &hexadecimal[1..]),
                    "Ipv6CidrBlock": block,
                    "Ipv6CidrBlockState": {"State": "associated"},
                    "NetworkBorderGroup": REGION,
                    "Ipv6Pool": "Amazon",
                }]);
            }
            value
        }),
    )
}

/// `aws ec2 describe-subnets`.
pub(super) fn subnets(estate: &Estate, account: usize) -> Value {
    let mine = estate.subnets.iter().filter(|subnet| estate.vpcs[subnet.vpc].account == account);
    print::list(
        "Subnets",
        mine.map(|subnet| {
            let owner = &estate.accounts[account];
            let hosts = (1_u32 << (32 - subnet.cidr.prefix_len())) - 5;
            let blocks: Vec<Value> = subnet
            .ipv6
            .iter()
            .map(|block| {
                json!({
                    "AssociationId":
                        format!("subnet-cidr-assoc-{}", subnet.id.trim_start_matches("subnet-")),
                    "Ipv6CidrBlock": block,
                    "Ipv6CidrBlockState": {"State": "associated"},
                })
            })
            .collect();
            json!({
                "AvailabilityZoneId": format!("use1-az{}", subnet.zone + 1),
                "MapCustomerOwnedIpOnLaunch": false,
                "OwnerId": owner,
                "AssignIpv6AddressOnCreation": subnet.ipv6.is_some(),
                "Ipv6CidrBlockAssociationSet": blocks,
                "SubnetArn": format!("arn:aws:ec2:{REGION}:{owner}:subnet/{}", subnet.id),
                "EnableDns64": false,
                "Ipv6Native": false,
                "SubnetId": subnet.id,
                "State": "available",
                "VpcId": subnet.vpc_id(estate),
                "CidrBlock": subnet.cidr,
                "AvailableIpAddressCount": hosts - subnet.used,
                "AvailabilityZone": zone_name(subnet.zone),
                "DefaultForAz": false,
                "MapPublicIpOnLaunch": subnet.tier == Tier::Public,
                "Tags": [{"Key": "Name", "Value": subnet.name(estate)}],
            })
        }),
    )
}

impl Subnet {
    fn vpc_id<'a>(&self, estate: &'a Estate) -> &'a str {
        &estate.vpcs[self.vpc].id
    }

    fn name(&self, estate: &Estate) -> String {
        let tier = match self.tier {
            Tier::Public => "public",
            Tier::Private => "private",
            Tier::Isolated => "isolated",
        };
        let suffix = char::from(b'a' + self.zone as u8);
        format!("{}-{tier}-{suffix}", estate.vpcs[self.vpc].name)
    }
}
