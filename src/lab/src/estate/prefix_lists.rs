//! Managed prefix lists: the one of Amazon S3, lists of offices and partners that rules name, and
//! lists of a peer's blocks that routes name.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::EstateSize;
use super::addresses;
use super::chance::Chance;
use super::model::{Estate, PrefixList, REGION};
use super::print;

/// The list of Amazon S3.
pub(super) const S3: usize = 0;

/// Adds the lists that groups may name, in every account.
pub(super) fn plan(estate: &mut Estate, size: &EstateSize, seed: u64) {
    let mut chance = Chance::stream(seed, "prefix lists");
    estate.prefix_lists.push(PrefixList {
        id: format!("pl-{:08x}", chance.bits() as u32),
        name: format!("com.amazonaws.{REGION}.s3"),
        account: None,
        entries: s3_blocks(&mut chance),
    });
    for account in 0..estate.accounts.len() {
        for number in 0..(size.interfaces / 500 / estate.accounts.len()).clamp(3, 30) {
            let ipv6 = number % 4 == 3;
            let mut entries: Vec<IpNet> = (0..chance.between(3, 20))
                .map(|_| match ipv6 {
                    true => addresses::outside_ipv6(&mut chance),
                    false if chance.percent(30) => inside(estate, account, &mut chance),
                    false => addresses::outside(&mut chance),
                })
                .collect();
            entries.sort();
            entries.dedup();
            let kind = chance.pick(&["offices", "partners", "monitoring", "vpn", "scanners"]);
            estate.prefix_lists.push(PrefixList {
                id: chance.id("pl"),
                name: format!("{kind}-{number}"),
                account: Some(account),
                entries,
            });
        }
    }
}

/// Adds a list of the blocks of one VPC, for a route of another.
pub(super) fn add_blocks_of(
    estate: &mut Estate,
    vpc: usize,
    account: usize,
    chance: &mut Chance,
) -> usize {
    let home = &estate.vpcs[vpc];
    estate.prefix_lists.push(PrefixList {
        id: chance.id("pl"),
        name: format!("blocks-of-{}", home.name),
        account: Some(account),
        entries: home.cidrs.iter().map(|&cidr| IpNet::V4(cidr)).collect(),
    });
    estate.prefix_lists.len() - 1
}

/// A subnet of the account.
fn inside(estate: &Estate, account: usize, chance: &mut Chance) -> IpNet {
    let mine: Vec<&_> =
        estate.subnets.iter().filter(|subnet| estate.vpcs[subnet.vpc].account == account).collect();
    if mine.is_empty() { addresses::outside(chance) } else { IpNet::V4(chance.pick(&mine).cidr) }
}

fn s3_blocks(chance: &mut Chance) -> Vec<IpNet> {
    let mut blocks: Vec<IpNet> = (0..6)
        .map(|_| {
            let address = (52_u32 << 24) | (217 << 16) | ((chance.below(64) as u32) << 10);
            IpNet::V4(addresses::ipv4_net(address, 22))
        })
        .collect();
    blocks.sort();
    blocks.dedup();
    blocks
}

fn visible(list: &PrefixList, account: usize) -> bool {
    list.account.is_none_or(|owner| owner == account)
}

/// `aws ec2 describe-managed-prefix-lists`.
pub(super) fn prefix_lists(estate: &Estate, account: usize) -> Value {
    let mine = estate.prefix_lists.iter().filter(|list| visible(list, account));
    print::list("PrefixLists", mine.map(|list| {
        let ipv4 = matches!(list.entries.first(), Some(IpNet::V4(_)) | None);
        let owner = list.account.map_or("AWS", |owner| &estate.accounts[owner]);
        let mut value = json!({
            "PrefixListId": list.id,
            "AddressFamily": if ipv4 { "IPv4" } else { "IPv6" },
            "State": "create-complete",
            "PrefixListArn":
                format!("arn:aws:ec2:{REGION}:{}:prefix-list/{}", owner.to_lowercase(), list.id),
            "PrefixListName": list.name,
            "Tags": [],
            "OwnerId": owner,
        });
        if list.account.is_some() {
            value["MaxEntries"] = json!(list.entries.len().next_multiple_of(10));
            value["Version"] = json!(1);
        }
        value
    }))
}

/// `aws ec2 describe-prefix-lists`: the lists of AWS's own services, with their blocks.
pub(super) fn service_prefix_lists(estate: &Estate) -> Value {
    let services = estate.prefix_lists.iter().filter(|list| list.account.is_none());
    print::list(
        "PrefixLists",
        services.map(|list| {
            json!({
                "Cidrs": list.entries,
                "PrefixListId": list.id,
                "PrefixListName": list.name,
            })
        }),
    )
}

/// `aws ec2 get-managed-prefix-list-entries`, one document per list, each with the id that the
/// command was given beside the entries, which do not name it themselves.
pub(super) fn entries(estate: &Estate, account: usize) -> Vec<(String, Value)> {
    let mine = estate.prefix_lists.iter().filter(|list| visible(list, account));
    mine.map(|list| {
        let entries: Vec<Value> = list
            .entries
            .iter()
            .enumerate()
            .map(|(index, cidr)| match list.account {
                Some(_) => json!({"Cidr": cidr, "Description": format!("entry {index}")}),
                None => json!({"Cidr": cidr}),
            })
            .collect();
        let document = json!({"PrefixListId": list.id, "Entries": entries});
        (format!("prefix-list-entries/{}.json", list.id), document)
    })
    .collect()
}
