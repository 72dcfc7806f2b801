//! Lookups against a scan of all routes.

use super::*;
use crate::{Place, Unknown};
use proptest::prelude::*;

fn table(routes: Vec<Route>) -> RouteTable {
    let origin = Origin { document: "test".into(), place: Place::Line(1) };
    let label =
        Label { id: "rt".into(), name: None, kind: "route-table", scope: "".into(), origin };
    RouteTable { label, routes }
}

fn route(prefixes: &[&str], preference: u8, target: Target) -> Route {
    let prefixes = prefixes.iter().map(|text| text.parse().unwrap()).collect();
    Route {
        destinations: Destinations::Prefixes(prefixes),
        target,
        preference,
        origin: Origin { document: "test".into(), place: Place::Line(1) },
        text: "route".into(),
    }
}

fn gateway(id: &str) -> Target {
    Target::Gateway(Id::from(id))
}

/// The index of the route that wins for an address: the longest prefix, then the lowest
/// preference, then the first.
fn by_scan(table: &RouteTable, address: std::net::IpAddr) -> Option<usize> {
    let mut best: Option<((u8, std::cmp::Reverse<u8>), usize)> = None;
    for (index, route) in table.routes.iter().enumerate() {
        let Destinations::Prefixes(prefixes) = &route.destinations else { continue };
        for prefix in prefixes.iter().filter(|prefix| prefix.contains(&address)) {
            let rank = (prefix.prefix_len(), std::cmp::Reverse(route.preference));
            if best.is_none_or(|(known, _)| rank > known) {
                best = Some((rank, index));
            }
        }
    }
    best.map(|(_, index)| index)
}

fn winners(table: &RouteTable, asked: &IpSet) -> Vec<(IpSet, Option<usize>)> {
    let index = |route: &Route| {
        table
            .routes
            .iter()
            .position(|other| std::ptr::eq(other, route))
            .expect("it is of the table")
    };
    let found = Fib::new(table).lookup(table, asked);
    found.into_iter().map(|found| (found.destinations, found.route.map(index))).collect()
}

/// Prefixes around 10.0.0.0 and fd00::, at whose edges addresses are tried.
fn prefix() -> impl Strategy<Value = IpNet> {
    prop_oneof![
        3 => (0u32..64, prop_oneof![Just(0u8), 24u8..=32]).prop_map(|(low, length)| {
            let address = std::net::Ipv4Addr::from(0x0A00_0000 + low);
            ipnet::Ipv4Net::new(address, length).unwrap().trunc().into()
        }),
        1 => (0u128..64, prop_oneof![Just(0u8), 120u8..=128]).prop_map(|(low, length)| {
            let address = std::net::Ipv6Addr::from((0xFD00 << 112) + low);
            ipnet::Ipv6Net::new(address, length).unwrap().trunc().into()
        }),
    ]
}

fn routes() -> impl Strategy<Value = Vec<Route>> {
    let one = (prop::collection::vec(prefix(), 1..4), 0u8..3).prop_map(|(prefixes, preference)| {
        let destinations = Destinations::Prefixes(prefixes);
        Route { destinations, ..route(&[], preference, gateway("g")) }
    });
    prop::collection::vec(one, 0..12)
}

proptest! {
    #[test]
    fn aws_61_a_lookup_is_a_scan_for_the_longest_prefix(routes in routes()) {
        let table = table(routes);
        let won = winners(&table, &IpSet::full());
        let mut asked = IpSet::empty();
        for (part, _) in &won {
            prop_assert!(!part.is_empty() && !part.intersects(&asked), "parts are disjoint");
            asked = asked.union(part);
        }
        prop_assert!(asked.is_full(), "every address is in a part");
        let edges = (0u32..=66).map(|low| std::net::IpAddr::V4((0x0A00_0000 - 1 + low).into()));
        let edges6 = (0u128..=66).map(|low| {
            std::net::IpAddr::V6(((0xFD00u128 << 112) - 1 + low).into())
        });
        for address in edges.chain(edges6) {
            let of_part = won.iter().find(|(part, _)| part.contains(address)).map(|(_, won)| *won);
            prop_assert_eq!(of_part, Some(by_scan(&table, address)), "{}", address);
        }
    }

    #[test]
    fn a_lookup_of_a_part_is_a_part_of_the_lookup(routes in routes(), part in prefix()) {
        let table = table(routes);
        let asked = IpSet::from(part);
        let whole = winners(&table, &IpSet::full());
        let mut wanted: Vec<_> = whole
            .into_iter()
            .map(|(destinations, won)| (destinations.intersection(&asked), won))
            .filter(|(destinations, _)| !destinations.is_empty())
            .collect();
        let mut found = winners(&table, &asked);
        wanted.sort_by_key(|(_, won)| *won);
        found.sort_by_key(|(_, won)| *won);
        prop_assert_eq!(found, wanted);
    }
}

#[test]
fn aws_63_among_equal_prefixes_the_lowest_preference_wins_in_any_order() {
    let (low, high) =
        (route(&["10.0.0.0/8"], 0, gateway("low")), route(&["10.0.0.0/8"], 1, gateway("high")));
    for routes in [vec![low.clone(), high.clone()], vec![high, low]] {
        let table = table(routes);
        let found =
            Fib::new(&table).lookup(&table, &"10.1.2.3/32".parse::<IpNet>().unwrap().into());
        let targets: Vec<_> = found.iter().filter_map(|found| Some(&found.route?.target)).collect();
        assert_eq!(targets, [&gateway("low")]);
    }
}

#[test]
fn aws_62_an_unresolved_list_puts_all_but_local_routes_in_doubt() {
    let unknown = Unknown::new("pl-1", "test", "test");
    let mut list = route(&[], 0, gateway("g"));
    list.destinations = Destinations::Unresolved(unknown.clone());
    let table = table(vec![
        route(&["10.0.0.0/16"], 0, Target::Local),
        route(&["0.0.0.0/0"], 0, gateway("igw")),
        list,
    ]);
    let fib = Fib::new(&table);
    let doubt = |address: &str| {
        let asked = IpSet::single(address.parse().unwrap());
        let found = fib.lookup(&table, &asked);
        assert_eq!(found.len(), 1);
        found[0].doubt.cloned()
    };
    assert_eq!(doubt("10.0.1.1"), None);
    assert_eq!(doubt("192.0.2.1"), Some(unknown.clone()));
    assert_eq!(doubt("2001:db8::1"), Some(unknown), "where no other route matches, too");
}

#[test]
fn the_edges_of_the_address_space_are_in_reach() {
    let table = table(vec![
        route(&["0.0.0.0/1", "255.255.255.255/32", "ffff::/16"], 0, gateway("a")),
        route(&["128.0.0.0/1", "0.0.0.0/32", "::/1"], 0, gateway("b")),
    ]);
    let won = |address: &str| winners(&table, &IpSet::single(address.parse().unwrap()))[0].1;
    assert_eq!(won("0.0.0.0"), Some(1));
    assert_eq!(won("0.0.0.1"), Some(0));
    assert_eq!(won("255.255.255.254"), Some(1));
    assert_eq!(won("255.255.255.255"), Some(0));
    assert_eq!(won("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), Some(0));
    assert_eq!(won("::"), Some(1));
    assert_eq!(won("8000::"), None);
}
