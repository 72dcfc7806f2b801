//! Virtual networks in hubs and spokes, their subnets and peerings. Some have the addresses of
//! others, and no peering then.

use ipnet::Ipv4Net;

use super::super::addresses::{self, Pool};
use super::super::chance::Chance;
use super::super::vpcs::shares_by_rank;
use super::EstateSize;
use super::model::{Estate, Network, Peering, Subnet, Tier};

/// Of so many networks one is a hub.
const SPOKES: usize = 20;

/// First words of their names.
const NAMES: [&str; 12] = [
    "shop", "billing", "search", "media", "data", "ml", "crm", "identity", "iot", "edge", "batch",
    "legacy",
];

/// Adds the networks, their subnets and peerings.
pub(super) fn plan(estate: &mut Estate, size: &EstateSize, pool: &mut Pool, seed: u64) {
    let mut chance = Chance::stream(seed, "azure networks");
    let bits = [chance.bits(), chance.bits()];
    estate.subscription = guid(bits);
    let mut counts = shares_by_rank(size.interfaces, size.networks);
    chance.shuffle(&mut counts);
    for (index, interfaces) in counts.into_iter().enumerate() {
        add_network(estate, index, interfaces, pool, &mut chance);
    }
    plan_peerings(estate, seed);
}

/// 128 bits as Azure writes them.
pub(super) fn guid([high, low]: [u64; 2]) -> String {
    let digits = format!("{high:016x}{low:016x}");
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}

fn add_network(
    estate: &mut Estate,
    index: usize,
    interfaces: usize,
    pool: &mut Pool,
    chance: &mut Chance,
) {
    let is_hub = index.is_multiple_of(SPOKES);
    let kind = if is_hub { "hub" } else { *chance.pick(&["prod", "prod", "stage", "dev"]) };
    let length = match interfaces {
        300.. => 16,
        60.. => *chance.pick(&[16, 18, 20]),
        _ => *chance.pick(&[20, 22]),
    };
    let block = match is_hub || chance.percent(65) {
        true => pool.primary(length),
        false => addresses::shared(chance, length),
    };
    let mut prefixes = vec![block];
    if chance.percent(8) {
        prefixes.push(pool.secondary(22));
    }
    estate.networks.push(Network {
        name: format!("{}-{kind}-{index}", chance.pick(&NAMES)),
        prefixes,
        interfaces,
        subnets: 0..0,
        groups: Vec::new(),
        application_groups: Vec::new(),
        peerings: Vec::new(),
        appliance: None,
        is_managed: chance.percent(40),
    });
    plan_subnets(estate, index, chance);
}

fn plan_subnets(estate: &mut Estate, network: usize, chance: &mut Chance) {
    let home = &mut estate.networks[network];
    let first = estate.subnets.len();
    let count = (3 + home.interfaces / 20 + chance.between(0, 2)).min(12);
    let block = home.prefixes[0];
    let longer = if home.interfaces >= 300 { 4 } else { 4.max(24 - block.prefix_len().min(24)) };
    let length = (block.prefix_len() + longer).min(26);
    let mut positions: Vec<usize> = (0..1 << (length - block.prefix_len())).collect();
    chance.shuffle(&mut positions);
    for (index, &position) in positions.iter().take(count).enumerate() {
        let prefix = match home.prefixes.get(1) {
            Some(&second) if index + 1 == count => addresses::subnet(second, 24, position % 4),
            _ => addresses::subnet(block, length, position),
        };
        let (tier, word) = match index % 3 {
            0 => (Tier::Front, "web"),
            1 => (Tier::Middle, "app"),
            _ => (Tier::Back, "data"),
        };
        estate.subnets.push(Subnet {
            name: format!("snet-{word}-{index}"),
            network,
            prefix,
            tier,
            group: None,
            table: None,
            nat_gateway: None,
            is_private: tier == Tier::Back && chance.percent(30),
            used: 0,
        });
    }
    home.subnets = first..estate.subnets.len();
}

/// Spokes are joined to their hub, some to each other, and hubs to hubs.
fn plan_peerings(estate: &mut Estate, seed: u64) {
    let mut chance = Chance::stream(seed, "azure peerings");
    for network in 0..estate.networks.len() {
        let hub = network - network % SPOKES;
        if network != hub && chance.percent(75) {
            join(estate, [hub, network], &mut chance);
        }
        if network == hub && hub > 0 {
            join(estate, [hub - SPOKES, hub], &mut chance);
        }
        if network > 0 && chance.percent(15) {
            let other = chance.below(network);
            join(estate, [other, network], &mut chance);
        }
    }
}

/// Azure refuses peerings of networks that overlap, also with what one of them is joined to.
fn join(estate: &mut Estate, sides: [usize; 2], chance: &mut Chance) {
    let peers = |network: usize| -> Vec<usize> {
        let own = estate.networks[network].peerings.iter();
        own.map(|&peering: &usize| estate.peerings[peering].other(network)).collect()
    };
    let [one, other] = sides;
    let known = peers(one).contains(&other);
    let beside = |network: usize, new: usize| {
        let mut all = peers(network);
        all.push(network);
        all.iter().any(|&near| overlap(estate, near, new))
    };
    if known || beside(one, other) || beside(other, one) {
        return;
    }
    let state = if chance.percent(94) { "Connected" } else { "Disconnected" };
    let index = estate.peerings.len();
    estate.peerings.push(Peering { sides, state, access: chance.percent(97) });
    for side in sides {
        estate.networks[side].peerings.push(index);
    }
}

fn overlap(estate: &Estate, one: usize, other: usize) -> bool {
    let prefixes = |network: usize| estate.networks[network].prefixes.iter();
    let meet = |mine: &Ipv4Net, theirs: &Ipv4Net| mine.contains(theirs) || theirs.contains(mine);
    prefixes(one).any(|mine| prefixes(other).any(|theirs| meet(mine, theirs)))
}

impl Estate {
    /// The peering that joins two networks.
    pub(super) fn peering_between(&self, one: usize, other: usize) -> Option<&Peering> {
        let own = self.networks[one].peerings.iter().map(|&peering| &self.peerings[peering]);
        own.into_iter().find(|peering| peering.other(one) == other)
    }
}
