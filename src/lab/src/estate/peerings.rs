//! VPC peering connections: mostly active, never between VPCs that overlap, except the failed ones.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::EstateSize;
use super::addresses::overlap;
use super::chance::Chance;
use super::model::{Estate, Peering, REGION, Vpc};
use super::print;

/// Adds the peerings: some six for every ten VPCs, in hubs and spokes and between neighbours.
pub(super) fn plan(estate: &mut Estate, size: &EstateSize, seed: u64) {
    let mut chance = Chance::stream(seed, "peerings");
    let vpcs = estate.vpcs.len();
    if vpcs < 2 {
        return;
    }
    let hubs: Vec<usize> = (0..vpcs.div_ceil(25)).map(|_| chance.below(vpcs)).collect();
    let mut wanted = (vpcs * 6 / 10).max(2);
    for _ in 0..wanted * 20 {
        let requester = if chance.percent(40) { *chance.pick(&hubs) } else { chance.below(vpcs) };
        let accepter = chance.below(vpcs);
        if wanted == 0 || !can_peer(estate, requester, accepter) {
            continue;
        }
        // Small estates keep every peering active, so that there is something to route.
        let state = match chance.below(100) {
            0..=2 if vpcs > 20 => "pending-acceptance",
            3..=6 if vpcs > 20 => "deleted",
            _ => "active",
        };
        add(estate, requester, accepter, state, &mut chance);
        wanted -= 1;
    }
    // AWS lets nobody peer VPCs that overlap: the attempt stays in the list as failed.
    let mut failed = if size.vpcs > 20 { 2 } else { 0 };
    for _ in 0..vpcs * 20 {
        let (requester, accepter) = (chance.below(vpcs), chance.below(vpcs));
        if failed > 0 && requester != accepter && overlapping(estate, requester, accepter) {
            add(estate, requester, accepter, "failed", &mut chance);
            failed -= 1;
        }
    }
}

fn add(
    estate: &mut Estate,
    requester: usize,
    accepter: usize,
    state: &'static str,
    chance: &mut Chance,
) {
    let index = estate.peerings.len();
    estate.vpcs[requester].peerings.push(index);
    estate.vpcs[accepter].peerings.push(index);
    estate.peerings.push(Peering { id: chance.id("pcx"), requester, accepter, state });
}

fn can_peer(estate: &Estate, one: usize, other: usize) -> bool {
    let peers = &estate.vpcs[one].peerings;
    one != other
        && !overlapping(estate, one, other)
        && peers.iter().all(|&peering| estate.peerings[peering].other(one) != other)
}

fn overlapping(estate: &Estate, one: usize, other: usize) -> bool {
    let blocks = |vpc: usize| estate.vpcs[vpc].cidrs.iter().map(|&cidr| IpNet::V4(cidr));
    blocks(one).any(|mine| blocks(other).any(|theirs| overlap(mine, theirs)))
}

/// `aws ec2 describe-vpc-peering-connections`, as either side's account sees it.
pub(super) fn peerings(estate: &Estate, account: usize) -> Value {
    let mine = estate.peerings.iter().filter(|peering| {
        [peering.requester, peering.accepter].iter().any(|&vpc| estate.vpcs[vpc].account == account)
    });
    print::list(
        "VpcPeeringConnections",
        mine.map(|peering| {
            let (requester, accepter) =
                (&estate.vpcs[peering.requester], &estate.vpcs[peering.accepter]);
            let (code, message) = match peering.state {
                "active" => ("active", "Active".to_owned()),
                "deleted" => {
                    ("deleted", format!("Deleted by {}", estate.accounts[requester.account]))
                }
                "failed" => (
                    "failed",
                    "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"
                        .to_owned(),
                ),
                other => {
                    (other, format!("Pending Acceptance by {}", estate.accounts[accepter.account]))
                }
            };
            let accepted = matches!(peering.state, "active" | "deleted");
            json!({
                "AccepterVpcInfo": side(estate, accepter, accepted),
                "RequesterVpcInfo": side(estate, requester, true),
                "Status": {"Code": code, "Message": message},
                "Tags": print::name_tag(&format!("{}--{}", requester.name, accepter.name)),
                "VpcPeeringConnectionId": peering.id,
            })
        }),
    )
}

fn side(estate: &Estate, vpc: &Vpc, blocks: bool) -> Value {
    let mut value = json!({
        "OwnerId": estate.accounts[vpc.account],
        "VpcId": vpc.id,
        "Region": REGION,
    });
    if blocks {
        let set: Vec<Value> = vpc.cidrs.iter().map(|cidr| json!({"CidrBlock": cidr})).collect();
        value["CidrBlock"] = json!(vpc.cidrs[0]);
        value["CidrBlockSet"] = json!(set);
        if let Some(block) = vpc.ipv6 {
            value["Ipv6CidrBlockSet"] = json!([{"Ipv6CidrBlock": block}]);
        }
        value["PeeringOptions"] = json!({
            "AllowDnsResolutionFromRemoteVpc": false,
            "AllowEgressFromLocalClassicLinkToRemoteVpc": false,
            "AllowEgressFromLocalVpcToRemoteClassicLink": false,
        });
    }
    value
}
