//! That a generated estate is one that Azure would answer.

use std::collections::BTreeSet;

use super::super::forecast::Outcome;
use super::*;

fn small() -> EstateSize {
    EstateSize::of(1_000)
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
    let size = EstateSize::of(200);
    let documents = |seed| Estate::draw(&size, seed).documents();
    assert_eq!(documents(7), documents(7));
    assert_ne!(documents(7), documents(8));
}

#[test]
fn counts_are_what_was_asked() {
    for interfaces in [12, 100, 1_000] {
        let size = EstateSize::of(interfaces);
        let estate = Estate::draw(&size, 1);
        assert_eq!(estate.interfaces.len(), size.interfaces);
        assert_eq!(estate.networks.len(), size.networks);
        assert_eq!(estate.groups.len(), size.groups);
        assert!(estate.groups.iter().all(|group| group.rules.len() == size.rules));
    }
}

#[test]
fn addresses_are_of_their_subnets_and_of_one_interface_each() {
    let estate = Estate::draw(&small(), 1);
    for subnet in &estate.subnets {
        let network = &estate.networks[subnet.network];
        assert!(network.prefixes.iter().any(|prefix| prefix.contains(&subnet.prefix)));
    }
    let mut held = BTreeSet::new();
    for interface in &estate.interfaces {
        let subnet = &estate.subnets[interface.subnet];
        for address in &interface.addresses {
            assert!(subnet.prefix.contains(address), "{address} in {}", subnet.prefix);
            assert!(held.insert((subnet.network, *address)), "{address} is held twice");
        }
    }
}

#[test]
fn az_2_priorities_are_in_range_and_of_one_rule_each() {
    let estate = Estate::draw(&small(), 1);
    for group in &estate.groups {
        let places: BTreeSet<(bool, u16)> =
            group.rules.iter().map(|rule| (rule.inbound, rule.priority)).collect();
        assert_eq!(places.len(), group.rules.len());
        assert!(group.rules.iter().all(|rule| (100..=4096).contains(&rule.priority)));
    }
}

#[test]
fn peered_networks_never_overlap() {
    let estate = Estate::draw(&EstateSize::of(3_000), 1);
    assert!(estate.peerings.len() > 30);
    for peering in &estate.peerings {
        let [one, other] = peering.sides.map(|side| &estate.networks[side].prefixes);
        let meets = |mine: &ipnet::Ipv4Net| {
            other.iter().any(|theirs| mine.contains(theirs) || theirs.contains(mine))
        };
        assert!(!one.iter().any(meets));
    }
}

#[test]
fn the_untidiness_of_a_real_estate_occurs() {
    let estate = Estate::draw(&EstateSize::of(10_000), 1);
    let rules = || estate.groups.iter().flat_map(|group| &group.rules);
    assert!(rules().any(|rule| rule.sources.len() > 1 && rule.ports.len() > 1));
    assert!(rules().any(|rule| matches!(rule.sources.as_slice(), [End::Members(_)])));
    assert!(estate.peerings.iter().any(|peering| !peering.is_connected()));
    let hops = || estate.tables.iter().flat_map(|table| &table.routes).map(|route| route.hop);
    assert!(hops().any(|hop| matches!(hop, Hop::Appliance(_))));
    assert!(hops().any(|hop| hop == Hop::None));
    let publics = || estate.interfaces.iter().filter_map(|interface| interface.public);
    assert!(publics().any(|public| public.is_standard) && publics().any(|it| !it.is_standard));
    assert!(estate.balancers.iter().any(|balancer| balancer.is_public));
    assert!(estate.interfaces.iter().any(|interface| interface.owner == Owner::Endpoint));
    assert!(estate.subnets.iter().any(|subnet| subnet.group.is_none()));
    let largest = estate.networks.iter().map(|network| network.interfaces).max();
    assert!(largest.is_some_and(|largest| largest > 1_000));
}

#[test]
fn half_of_the_queries_are_routed_and_a_quarter_is_reachable() {
    let estate = Estate::draw(&EstateSize::of(10_000), 1);
    let queries = pairs(&estate, 1_000, 1);
    assert_eq!(queries.len(), 1_000);
    let count = |wanted: &dyn Fn(&Query) -> bool| queries.iter().filter(|it| wanted(it)).count();
    let reachable = count(&|query| query.outcome == Outcome::Reachable);
    assert!((250..=330).contains(&reachable), "{reachable} reachable");
    let routed = count(&|query| matches!(query.kind, Kind::Reachable | Kind::Filtered));
    assert_eq!(routed, 500);
}
