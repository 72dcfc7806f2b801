//! What openings are, against what they are defined as: port by port, rule by rule.

use std::collections::BTreeSet;

use cloudfw_core::{Direction, IpSet, Network, PortSet, Service, ServiceSet};

use super::{Measure, Opening, openings};
use crate::exposure::Breadth;
use crate::reading::far_side;
use crate::{Settings, Source};

/// The ports that rules of the test are about.
const PORTS: u16 = 7;
/// Their sources: the whole internet, its halves, wide ranges and parts of them, single addresses.
const SOURCES: [&str; 12] = [
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "203.0.112.0/25",
    "203.0.112.128/25",
    "203.0.112.64/26",
    "198.51.101.0/25",
    "192.0.2.1/32",
    "192.0.2.7/32",
    "203.0.112.9/32",
];

fn source() -> Source<'static> {
    Source {
        name: "internet".into(),
        is_internet: true,
        addresses: IpSet::any_v4(),
        towards: Box::new(|_| panic!("nobody is asked")),
    }
}

fn network(rules: &[String]) -> Network {
    let rules: String = (1..).zip(rules).map(|(at, rule)| format!("  in {at} {rule}\n")).collect();
    Network::from_text(&format!("filter sg stateful\n{rules}")).unwrap()
}

fn opened(network: &Network) -> Vec<Opening> {
    let list = &network.filters.values().next().unwrap().ingress[0];
    openings(&list.rules, &source(), &Settings::default())
}

/// A number that depends on the two alone.
fn chance(seed: u64, most: usize) -> usize {
    let mixed = (seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((mixed ^ (mixed >> 32)) % u64::try_from(most).unwrap()).unwrap()
}

fn some_rules(seed: u64) -> Vec<String> {
    let rule = |at: u64| {
        let pick = |what: u64, most| chance(seed.wrapping_mul(1000) + at * 10 + what, most);
        let low = pick(1, usize::from(PORTS)) + 1;
        let high = (low + pick(2, 3)).min(usize::from(PORTS));
        format!("allow {low}-{high} from {}", SOURCES[pick(3, SOURCES.len())])
    };
    (0..chance(seed, 9) as u64 + 1).map(rule).collect()
}

#[test]
fn openings_are_what_the_rules_of_each_port_add_up_to() {
    let source = source();
    let settings = Settings::default();
    let measure = Measure { all: source.addresses, settings: &settings };
    for seed in 0..3000 {
        let rules = some_rules(seed);
        let network = network(&rules);
        let found = opened(&network);
        let list = &network.filters.values().next().unwrap().ingress[0];
        let mut needed: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); found.len()];
        for port in 1..=PORTS {
            let service = ServiceSet::tcp(PortSet::single(port));
            let members: Vec<(usize, IpSet)> = (0..)
                .zip(&list.rules)
                .filter(|(_, rule)| service.is_subset(&rule.matches.services))
                .map(|(at, rule)| (at, far_side(rule, Direction::Ingress).addresses))
                .filter(|(_, addresses)| !addresses.is_empty())
                .collect();
            let here: Vec<usize> =
                (0..found.len()).filter(|at| service.is_subset(&found[*at].services)).collect();
            let said = || format!("{rules:#?}\nport {port}: {found:#?}");
            let union = IpSet::union_of(members.iter().map(|(_, addresses)| addresses));
            let Some(breadth) = measure.breadth(&union) else {
                let of = |is_single: bool| -> BTreeSet<usize> {
                    let alike = members.iter().filter(|(_, it)| (it.count_v4() == 1) == is_single);
                    alike.map(|(at, _)| *at).collect()
                };
                let small = [(Breadth::Narrow, of(false)), (Breadth::Few, of(true))];
                let small: Vec<_> = small.into_iter().filter(|(_, of)| !of.is_empty()).collect();
                assert_eq!(here.len(), small.len(), "{}", said());
                for (at, (breadth, rules)) in here.into_iter().zip(small) {
                    assert_eq!(found[at].breadth, breadth, "{}", said());
                    assert!(rules.is_subset(&found[at].rules), "{}", said());
                    needed[at].extend(rules);
                }
                continue;
            };
            let [at] = here[..] else { panic!("{}", said()) };
            let opening = &found[at];
            assert!(opening.certain && opening.breadth == breadth, "{}", said());
            let alone = |(_, it): &&(usize, IpSet)| measure.breadth(it) == Some(breadth);
            let alone: BTreeSet<usize> = members.iter().filter(alone).map(|(at, _)| *at).collect();
            let of = |it: &&(usize, IpSet)| opening.rules.contains(&it.0);
            let deciding: Vec<&(usize, IpSet)> = members.iter().filter(of).collect();
            let named = IpSet::union_of(deciding.iter().map(|(_, addresses)| addresses));
            assert_eq!(measure.breadth(&named), Some(breadth), "{}", said());
            assert!(named.is_subset(&opening.addresses), "{}", said());
            assert!(alone.is_subset(&opening.rules), "{}", said());
            assert!(alone.is_empty() || !opening.only_together, "{}", said());
            needed[at].extend(if alone.is_empty() {
                deciding.iter().map(|(at, _)| *at).collect()
            } else {
                alone
            });
        }
        for (opening, needed) in found.iter().zip(&needed) {
            assert_eq!(&opening.rules, needed, "a rule that opens nothing of it: {rules:#?}");
        }
        for (at, one) in found.iter().enumerate() {
            let rest = found.iter().skip(at + 1).filter(|other| other.breadth == one.breadth);
            for other in rest {
                assert!(one.rules.is_disjoint(&other.rules), "one cause twice: {rules:#?}");
            }
        }
    }
}

#[test]
fn rules_of_one_port_each_are_openings_of_their_own_until_there_are_too_many() {
    let rules = |many: u16| (0..many).map(|at| format!("allow {} from 0.0.0.0/0", 2 * at + 1));
    assert_eq!(opened(&network(&rules(256).collect::<Vec<_>>())).len(), 256);
    let [all] = &opened(&network(&rules(257).collect::<Vec<_>>()))[..] else { panic!() };
    assert_eq!((all.rules.len(), all.breadth, all.certain), (257, Breadth::Whole, true));
    assert!(!all.only_together);
    assert_eq!(all.services.destination_ports().count(), 257);
    assert_eq!(all.addresses, IpSet::any_v4());
}

#[test]
fn what_adds_up_in_too_many_ways_may_be_open() {
    let rule = |at: u16| {
        let half = if at.is_multiple_of(2) { "0.0.0.0/1" } else { "128.0.0.0/1" };
        format!("allow {}-{} from {half}", 1 + at * 7 % 9973, 20_000 + at * 11 % 9973)
    };
    let rules: Vec<String> = (0..1200).map(rule).collect();
    let found = opened(&network(&rules));
    let [all] = &found[..] else { panic!("{}", found.len()) };
    assert!(!all.certain && all.only_together);
    assert_eq!((all.rules.len(), all.breadth), (1200, Breadth::Whole));
    let http =
        Service::Ports { protocol: cloudfw_core::Protocol::TCP, source: 1, destination: 15_000 };
    assert!(all.services.contains(&http));
}

/// What rules of the internet open: how much of it lets whom in, and by which rules.
fn broad(rules: &[&str]) -> Vec<(Breadth, Vec<usize>, bool)> {
    let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
    let told =
        |opening: Opening| (opening.breadth, opening.rules.into_iter().collect(), opening.certain);
    opened(&network(&rules)).into_iter().map(told).collect()
}

#[test]
fn no_size_of_a_public_source_is_nobodys() {
    for (from, breadth) in [
        ("0.0.0.0/0", Breadth::Whole),
        ("198.51.100.0/24", Breadth::Wide),
        ("198.51.100.0/25", Breadth::Narrow),
        ("198.51.100.0/28", Breadth::Narrow),
        ("198.51.100.4/31", Breadth::Narrow),
        ("198.51.100.4/32", Breadth::Few),
        ("198.51.100.4/32,198.51.100.5/32", Breadth::Few),
        ("198.51.100.4/32,198.51.100.8/30", Breadth::Narrow),
    ] {
        let rule = format!("allow 22 from {from}");
        assert_eq!(broad(&[&rule]), [(breadth, vec![0], true)], "{from}");
    }
}

#[test]
fn small_ranges_and_single_addresses_stand_beside_each_other() {
    assert_eq!(
        broad(&["allow 22 from 198.51.100.0/28", "allow 22 from 203.0.113.9/32"]),
        [(Breadth::Narrow, vec![0], true), (Breadth::Few, vec![1], true)]
    );
    assert_eq!(
        broad(&["allow 22 from 198.51.100.0/28", "allow 25 from 203.0.113.64/26"]),
        [(Breadth::Narrow, vec![0, 1], true)]
    );
    assert_eq!(
        broad(&["allow 22 from 0.0.0.0/0", "allow 22 from 203.0.113.64/26"]),
        [(Breadth::Whole, vec![0], true)],
        "what all get in to needs no word for some"
    );
}

#[test]
fn what_may_be_a_small_range_is_told_as_that() {
    assert_eq!(
        broad(&["allow 22 from 198.51.100.0/28 maybe"]),
        [(Breadth::Narrow, vec![0], false)]
    );
    assert_eq!(broad(&["allow 22 from 198.51.100.4/32 maybe"]), [(Breadth::Few, vec![0], false)]);
}

#[test]
fn every_port_by_several_rules_is_one_opening() {
    let whole = |rules: &[usize]| (Breadth::Whole, rules.to_vec(), true);
    let (low, high) = ("allow 1-1000 from 0.0.0.0/0", "allow 1001-65535 from 0.0.0.0/0");
    assert_eq!(broad(&[low, high]), [whole(&[0, 1])]);
    assert_eq!(broad(&[low, "allow 1002-65535 from 0.0.0.0/0"]), [whole(&[0]), whole(&[1])]);
    assert_eq!(
        broad(&["allow tcp from 0.0.0.0/0", "allow 53/udp from 0.0.0.0/0"]),
        [whole(&[0]), whole(&[1])],
        "one rule alone opens every port"
    );
    assert_eq!(
        broad(&[low, "allow 1001-65535 from 0.0.0.0/1"]),
        [whole(&[0]), (Breadth::Wide, vec![1], true)]
    );
}

#[test]
fn every_port_of_which_some_are_open_by_halves_is_open_by_rules_together() {
    let rules = [
        "allow 1-1000 from 0.0.0.0/1",
        "allow 1-1000 from 128.0.0.0/1",
        "allow 1001-65535 from 0.0.0.0/0",
    ];
    let rules = rules.map(str::to_owned);
    let [one] = &opened(&network(&rules))[..] else { panic!("{:?}", opened(&network(&rules))) };
    assert_eq!((one.rules.len(), one.only_together), (3, true));
}
