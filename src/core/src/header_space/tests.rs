use std::net::IpAddr;

use ipnet::IpNet;
use proptest::prelude::*;

use super::*;
use crate::service::{Protocol, Service};
use crate::service_set::tests::{service_sets, services};

const PLACES: [&str; 8] = [
    "10.0.0.0",
    "10.0.0.5",
    "10.0.0.255",
    "0.0.0.0",
    "255.255.255.255",
    "2001:db8::1",
    "::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn net(text: &str) -> IpSet {
    IpSet::from(text.parse::<IpNet>().unwrap())
}

fn service(text: &str) -> ServiceSet {
    text.parse().unwrap()
}

fn cube(source: &str, destination: &str, services: &str) -> HeaderSpace {
    HeaderSpace::from_cube(net(source), net(destination), service(services))
}

fn places() -> impl Strategy<Value = IpAddr> {
    proptest::sample::select(PLACES.to_vec()).prop_map(address)
}

fn nets() -> impl Strategy<Value = IpSet> {
    let one = (places(), proptest::sample::select(vec![0_u8, 8, 24, 31, 32, 128])).prop_map(
        |(address, length)| {
            let longest = if address.is_ipv4() { 32 } else { 128 };
            IpSet::from(IpNet::new(address, length.min(longest)).unwrap())
        },
    );
    prop_oneof![
        3 => proptest::collection::vec(one, 1..3).prop_map(|parts| IpSet::union_of(&parts)),
        1 => Just(IpSet::full()),
    ]
}

fn header_spaces() -> impl Strategy<Value = HeaderSpace> {
    let one = (nets(), nets(), service_sets());
    (proptest::collection::vec(one, 0..4), 0_u8..8).prop_map(|(parts, inverted)| {
        let cubes = parts.into_iter().filter_map(|(from, to, what)| Cube::new(from, to, what));
        let all: HeaderSpace = cubes.collect();
        if inverted == 0 { HeaderSpace::full().difference(&all) } else { all }
    })
}

fn flows() -> impl Strategy<Value = Flow> {
    (places(), places(), services()).prop_map(|(source, destination, service)| Flow {
        source,
        destination,
        service,
    })
}

/// Two opposite corners of every cube: flows on the very edge of the set.
fn corners(space: &HeaderSpace) -> Vec<Flow> {
    let mut corners = Vec::new();
    for cube in space.cubes() {
        corners.extend(cube.a_flow());
        for family in [IpSet::only_v4, IpSet::only_v6] {
            let (from, to) = (family(&cube.source).nets(), family(&cube.destination).nets());
            let (Some(from), Some(to)) = (from.last(), to.last()) else {
                continue;
            };
            let (source, destination) = (from.broadcast(), to.broadcast());
            if let Some((protocols, low, high)) = cube.services.port_cubes().last() {
                let protocol = protocols.iter().last().unwrap();
                let (low, high) = (low.last().unwrap(), high.last().unwrap());
                let service = Service::Ports { protocol, source: low, destination: high };
                corners.push(Flow { source, destination, service });
            }
            if let Some(protocol) = cube.services.other_protocols().iter().last() {
                let service = Service::Other { protocol };
                corners.push(Flow { source, destination, service });
            }
        }
    }
    corners
}

fn assert_normal(space: &HeaderSpace) {
    for (place, cube) in space.cubes().iter().enumerate() {
        assert_eq!(cube.clone().normalised().as_ref(), Some(cube));
        for other in &space.cubes()[place + 1..] {
            assert!(!cube.intersects(other), "{cube} meets {other}");
        }
    }
}

proptest! {
    #[test]
    fn operations_are_those_of_membership(
        a in header_spaces(),
        b in header_spaces(),
        probes in proptest::collection::vec(flows(), 40),
    ) {
        let (union, both, only) = (a.union(&b), a.intersection(&b), a.difference(&b));
        let (back, silent, printed) = (a.reversed(), a.without_reply(), a.canonical());
        for space in [&a, &union, &both, &only, &back, &silent, &printed] {
            assert_normal(space);
        }
        let edges = [&a, &b, &both, &only, &union, &back].map(corners).concat();
        for probe in probes.iter().chain(&edges) {
            let (in_a, in_b) = (a.contains(probe), b.contains(probe));
            prop_assert!(!in_a || probe.source.is_ipv4() == probe.destination.is_ipv4());
            prop_assert_eq!(union.contains(probe), in_a || in_b);
            prop_assert_eq!(both.contains(probe), in_a && in_b);
            prop_assert_eq!(only.contains(probe), in_a && !in_b);
            prop_assert_eq!(printed.contains(probe), in_a);
            prop_assert_eq!(back.contains(probe), probe.reply().is_some_and(|r| a.contains(&r)));
            prop_assert_eq!(silent.contains(probe), in_a && probe.reply().is_none());
        }
        prop_assert_eq!(a.intersects(&b), !both.is_empty());
        prop_assert_eq!(a.is_subset(&b), only.is_empty());
        prop_assert!(a.is_subset(&union) && both.is_subset(&b) && only.is_subset(&union));
        prop_assert!(a.a_flow().is_none_or(|flow| a.contains(&flow)));
        prop_assert_eq!(a.a_flow().is_none(), a.is_empty());
    }

    #[test]
    fn laws_of_sets(a in header_spaces(), b in header_spaces()) {
        let full = HeaderSpace::full();
        let (not_a, not_b) = (full.difference(&a), full.difference(&b));
        prop_assert_eq!(full.difference(&a.union(&b)), not_a.intersection(&not_b));
        prop_assert_eq!(full.difference(&a.intersection(&b)), not_a.union(&not_b));
        prop_assert_eq!(&full.difference(&not_a), &a);
        prop_assert_eq!(a.union(&not_a), full);
        prop_assert!(a.difference(&b).intersection(&b).is_empty());
        prop_assert_eq!(&a.difference(&b).union(&a.intersection(&b)), &a);
        prop_assert_eq!(a.reversed().reversed(), a.difference(&a.without_reply()));
    }

    #[test]
    fn the_canonical_list_depends_on_the_flows_alone(a in header_spaces(), b in header_spaces()) {
        let one_way = a.union(&b).canonical();
        let other_way = b.difference(&a).union(&a).canonical();
        prop_assert_eq!(one_way.cubes(), other_way.cubes());
        prop_assert_eq!(a.union(&b).a_flow(), b.difference(&a).union(&a).a_flow());
    }

    #[test]
    fn cubes_cut_like_spaces(a in header_spaces(), b in header_spaces()) {
        for cube in b.cubes() {
            let alone = HeaderSpace::from(cube.clone());
            prop_assert_eq!(a.intersect_cube(cube), a.intersection(&alone));
            prop_assert_eq!(a.subtract_cube(cube), a.difference(&alone));
            prop_assert_eq!(a.intersects_cube(cube), a.intersects(&alone));
        }
    }

    #[test]
    fn restrictions_and_projections(
        a in header_spaces(),
        some in nets(),
        what in service_sets(),
        probe in flows(),
    ) {
        let ports = PortSet::range(443, 49152);
        let in_a = a.contains(&probe);
        prop_assert_eq!(a.with_source(&some).contains(&probe), in_a && some.contains(probe.source));
        prop_assert_eq!(
            a.with_destination(&some).contains(&probe),
            in_a && some.contains(probe.destination)
        );
        prop_assert_eq!(
            a.with_services(&what).contains(&probe),
            in_a && what.contains(&probe.service)
        );
        let port_fits = match probe.service {
            Service::Ports { source, .. } => ports.contains(source),
            _ => true,
        };
        prop_assert_eq!(a.with_source_ports(&ports).contains(&probe), in_a && port_fits);
        if in_a {
            prop_assert!(a.sources().contains(probe.source));
            prop_assert!(a.destinations().contains(probe.destination));
            prop_assert!(a.services().contains(&probe.service));
        }
        for cube in a.cubes() {
            prop_assert!(a.with_source(&cube.source).intersects_cube(cube));
        }
    }

    #[test]
    fn translated_flows_keep_the_rest(a in header_spaces(), probe in flows(), pool in nets()) {
        let ports = PortSet::range(1024, 65535);
        let mapped = a.map_source(&pool, Some(&ports));
        assert_normal(&mapped);
        let stays = mapped.with_source(&pool).with_source_ports(&ports);
        prop_assert_eq!(&stays, &mapped);
        let to = a.map_destination(&pool, None);
        assert_normal(&to);
        if a.contains(&probe) {
            for source in PLACES.map(address).into_iter().filter(|place| pool.contains(*place)) {
                let same_family = source.is_ipv4() == probe.source.is_ipv4();
                let elsewhere = Flow { destination: source, ..probe };
                prop_assert!(!same_family || to.contains(&elsewhere));
                let service = match probe.service {
                    Service::Ports { protocol, destination, .. } => {
                        Service::Ports { protocol, source: 40000, destination }
                    }
                    service => service,
                };
                let flow = Flow { source, service, ..probe };
                prop_assert!(!same_family || mapped.contains(&flow));
            }
        }
        let from = mapped.reversed().map_destination(&IpSet::full(), Some(&PortSet::full()));
        prop_assert_eq!(from.is_empty(), mapped.reversed().is_empty());
    }
}

#[test]
fn families_do_not_mix() {
    assert!(cube("10.0.0.0/8", "2001:db8::/32", "any").is_empty());
    let both = net("10.0.0.0/8").union(&net("2001:db8::/32"));
    let space = HeaderSpace::from_cube(both, net("10.1.0.0/16"), service("443"));
    assert_eq!(space.sources(), net("10.0.0.0/8"));
    let mixed = Flow {
        source: address("10.0.0.1"),
        destination: address("::1"),
        service: Service::Other { protocol: Protocol::ESP },
    };
    assert!(!HeaderSpace::full().contains(&mixed));
}

#[test]
fn everything_less_everything_is_nothing() {
    let full = HeaderSpace::full();
    assert!(full.difference(&full).is_empty());
    assert_eq!(full.reversed().union(&full.without_reply().reversed()), full.reversed());
    assert_eq!(full.difference(&full.without_reply()), full.reversed());
    assert!(HeaderSpace::empty().is_subset(&HeaderSpace::empty()));
}

#[test]
fn rules_that_differ_in_one_thing_become_one_cube() {
    let mut space = HeaderSpace::empty();
    for n in 0..200_u8 {
        space = space.union(&cube(&format!("10.0.{n}.0/24"), "10.9.0.0/16", "443"));
        space = space.union(&cube("192.168.0.0/16", "10.9.0.0/16", &format!("{n},443")));
    }
    assert_eq!(space.cubes().len(), 2);
    let both = cube("0.0.0.0/0", "0.0.0.0/0", "443").union(&cube("::/0", "::/0", "443"));
    assert_eq!(both.cubes().len(), 1);
}

#[test]
fn a_wide_rule_swallows_the_narrow_ones() {
    let narrow = (0..50_u8).map(|n| cube(&format!("10.0.{n}.0/24"), "10.9.0.0/16", &n.to_string()));
    let space = narrow.fold(HeaderSpace::empty(), |all, some| all.union(&some));
    assert_eq!(space.cubes().len(), 50);
    assert_eq!(space.union(&cube("10.0.0.0/8", "10.0.0.0/8", "0-100")).cubes().len(), 1);
}

#[test]
fn a_reply_swaps_addresses_and_ports() {
    let ask = cube("10.0.0.5/32", "10.1.0.7/32", "443").with_source_ports(&PortSet::single(40000));
    let flow = ask.a_flow().unwrap();
    assert_eq!(flow.to_string(), "tcp 10.0.0.5:40000 → 10.1.0.7:443");
    assert_eq!(flow.reply().unwrap().to_string(), "tcp 10.1.0.7:443 → 10.0.0.5:40000");
    assert!(ask.reversed().contains(&flow.reply().unwrap()));
    let ping = cube("2001:db8::1/128", "::1/128", "icmpv6/128.0").a_flow().unwrap();
    assert_eq!(ping.to_string(), "icmpv6 type 128 code 0 2001:db8::1 → ::1");
    let unreachable = cube("10.0.0.5/32", "10.1.0.7/32", "icmp/3.4");
    assert_eq!(unreachable.a_flow().unwrap().reply(), None);
    assert_eq!(unreachable.without_reply(), unreachable);
    assert!(unreachable.reversed().is_empty());
}

#[test]
fn two_separate_port_ranges_of_an_acl_leave_a_gap() {
    let clients = PortSet::range(32768, 60999);
    let back = cube("10.0.2.0/24", "10.0.1.0/24", "any").with_services(&ServiceSet::ports(
        Protocol::TCP,
        PortSet::single(5432),
        clients,
    ));
    let gap = back.difference(&cube("10.0.0.0/8", "10.0.0.0/8", "49152-65535"));
    let [cube] = gap.cubes() else { panic!("{gap:?}") };
    assert_eq!(cube.services.to_string(), "tcp 32768-49151 (source port 5432)");
    assert_eq!(cube.services.destination_ports().count(), 16384);
}
