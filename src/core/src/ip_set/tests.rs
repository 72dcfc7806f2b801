use super::*;
use proptest::prelude::*;

fn net(text: &str) -> IpSet {
    IpSet::from(text.parse::<IpNet>().unwrap())
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn addresses() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0_u32..20).prop_map(|bits| IpAddr::V4((0x0a00_0000 + bits).into())),
        prop_oneof![Just(0), Just(u32::MAX), any::<u32>()].prop_map(|bits| IpAddr::V4(bits.into())),
        prop_oneof![0_u128..20, Just(u128::MAX), any::<u128>()]
            .prop_map(|bits| IpAddr::V6(bits.into())),
    ]
}

fn ip_sets() -> impl Strategy<Value = IpSet> {
    let part = prop_oneof![
        (addresses(), 0_u8..=128).prop_map(|(address, length)| {
            let longest = if address.is_ipv4() { 32 } else { 128 };
            IpSet::from(IpNet::new(address, length.min(longest)).unwrap())
        }),
        (addresses(), addresses())
            .prop_map(|(low, high)| IpSet::from_range(low, high).unwrap_or_default()),
    ];
    proptest::collection::vec(part, 0..5).prop_map(|parts| IpSet::union_of(&parts))
}

proptest! {
    #[test]
    fn operations_are_those_of_membership(
        a in ip_sets(),
        b in ip_sets(),
        probes in proptest::collection::vec(addresses(), 20),
    ) {
        for probe in probes {
            let (in_a, in_b) = (a.contains(probe), b.contains(probe));
            prop_assert_eq!(a.union(&b).contains(probe), in_a || in_b);
            prop_assert_eq!(a.intersection(&b).contains(probe), in_a && in_b);
            prop_assert_eq!(a.difference(&b).contains(probe), in_a && !in_b);
            prop_assert_eq!(a.complement().contains(probe), !in_a);
        }
        prop_assert_eq!(a.intersects(&b), !a.intersection(&b).is_empty());
        prop_assert_eq!(a.is_subset(&b), a.difference(&b).is_empty());
        prop_assert_eq!(IpSet::union_of([&a, &b]), a.union(&b));
    }

    #[test]
    fn the_cidrs_of_a_set_are_the_set(a in ip_sets()) {
        let nets = a.nets();
        prop_assert_eq!(nets.iter().copied().collect::<IpSet>(), a);
        prop_assert_eq!(IpNet::aggregate(&nets), nets, "fewest");
    }
}

#[test]
fn aws_39_host_bits_are_cleared() {
    assert_eq!(net("100.68.0.18/18"), net("100.68.0.0/18"));
    assert_eq!(net("100.68.0.18/18").to_string(), "100.68.0.0/18");
    assert_eq!(net("2001:db8::1/32").to_string(), "2001:db8::/32");
}

#[test]
fn the_default_routes_are_whole_families() {
    assert_eq!(net("0.0.0.0/0"), IpSet::any_v4());
    assert_eq!(net("::/0"), IpSet::any_v6());
    assert!(net("0.0.0.0/0").union(&net("::/0")).is_full());
    assert!(!IpSet::any_v4().contains(address("::")));
    assert!(IpSet::any_v6().contains(IpAddr::V6(u128::MAX.into())));
    assert_eq!(IpSet::full().nets().len(), 2);
    assert_eq!(net("0.0.0.0/0").count_v4(), 1 << 32);
    assert_eq!(net("10.0.0.0/31").count_v4(), 2);
    assert_eq!(net("10.0.0.4/32").count_v4(), 1);
    assert_eq!(net("2001:db8::/127").count_v6(), 2);
}

#[test]
fn an_address_and_its_mapped_twin_differ() {
    let v4 = IpSet::from(address("10.0.0.5"));
    assert!(!v4.intersects(&IpSet::from(address("::ffff:10.0.0.5"))));
}

#[test]
fn ranges_need_one_family_and_an_order() {
    let (low, high) = (address("10.0.0.1"), address("10.0.0.6"));
    let set = IpSet::from_range(low, high).unwrap();
    assert_eq!(set.to_string(), "10.0.0.1, 10.0.0.2/31, 10.0.0.4/31, 10.0.0.6");
    assert_eq!(IpSet::from_range(high, low), None);
    assert_eq!(IpSet::from_range(low, address("::1")), None);
}

#[test]
fn sets_are_printed_in_words_and_cidrs() {
    let print = |set: &IpSet| set.to_string();
    assert_eq!(print(&IpSet::full()), "any");
    assert_eq!(print(&IpSet::empty()), "none");
    assert_eq!(print(&IpSet::any_v4()), "any IPv4");
    assert_eq!(print(&IpSet::any_v6()), "any IPv6");
    assert_eq!(print(&IpSet::any_v4().union(&net("2001:db8::/32"))), "any IPv4, 2001:db8::/32");
    assert_eq!(print(&net("10.0.0.5/32").union(&net("10.1.0.0/16"))), "10.0.0.5, 10.1.0.0/16");
    assert_eq!(print(&net("::1/128")), "::1");
    assert_eq!(serde_json::to_string(&net("10.0.0.0/8")).unwrap(), "\"10.0.0.0/8\"");
}

#[test]
fn families_part_and_meet() {
    let both = net("10.0.0.0/8").union(&net("2001:db8::/32"));
    assert_eq!(both.only_v4(), net("10.0.0.0/8"));
    assert_eq!(both.only_v6(), net("2001:db8::/32"));
    assert_eq!(both.first(), Some(address("10.0.0.0")));
    assert_eq!(both.only_v6().first(), Some(address("2001:db8::")));
    assert_eq!(IpSet::from_families(both.v4().clone(), both.v6().clone()), both);
}
