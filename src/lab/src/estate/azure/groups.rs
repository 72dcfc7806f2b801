//! Where network security groups are asked, and application security groups. What their rules are
//! is drawn once everything that they may name is there.

use super::super::chance::Chance;
use super::EstateSize;
use super::model::{Estate, Group, Tier};

/// Adds the groups, and gives subnets theirs.
pub(super) fn plan(estate: &mut Estate, size: &EstateSize, seed: u64) {
    let mut chance = Chance::stream(seed, "azure groups");
    let weights: Vec<usize> = estate.networks.iter().map(|network| network.interfaces).collect();
    for network in 0..estate.networks.len() {
        add(estate, network);
    }
    for _ in estate.networks.len()..size.groups {
        add(estate, chance.weighted(&weights));
    }
    for network in 0..estate.networks.len() {
        let many = estate.networks[network].interfaces / 25;
        for _ in 0..chance.between(0, 3 + many) {
            estate.networks[network].application_groups.push(estate.application_groups.len());
            estate.application_groups.push(network);
        }
        for subnet in estate.networks[network].subnets.clone() {
            let groups = &estate.networks[network].groups;
            let percent = if estate.subnets[subnet].tier == Tier::Middle { 75 } else { 90 };
            estate.subnets[subnet].group = chance.percent(percent).then(|| *chance.pick(groups));
        }
    }
}

fn add(estate: &mut Estate, network: usize) {
    let home = &mut estate.networks[network];
    let name = format!("nsg-{}-{}", home.name, home.groups.len());
    home.groups.push(estate.groups.len());
    estate.groups.push(Group { name, network, rules: Vec::new() });
}
