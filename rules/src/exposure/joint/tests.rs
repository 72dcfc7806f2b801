//! Lists that are merged in one filter, as the groups of an interface are.

use std::sync::Arc;

use cloudfw_core::{Filter, Id, Network, PathGraph};

use crate::exposure::tests::{ESTATE, line, source};
use crate::{Audit, Settings};

/// The exposures where the groups `one` and `other` stand before `web`, and `one` alone before
/// `alone` if it is there.
fn told(one: &str, other: &str, more: &str) -> Vec<String> {
    told_of(one, other, more, |_| {})
}

fn told_of(one: &str, other: &str, more: &str, change: impl Fn(&mut Network)) -> Vec<String> {
    let text = format!(
        "{ESTATE}filter one stateful\n{one}\nfilter other stateful\n{other}
filter both stateful
interface web in a 10.0.1.10 public 203.0.113.10 filters both
{more}"
    );
    let mut network = Network::from_text(&text).unwrap();
    let lists = ["one", "other"].map(|id| Arc::clone(&network.filters[id].ingress[0]));
    Arc::make_mut(network.filters.get_mut("both").unwrap()).ingress = lists.to_vec();
    change(&mut network);
    let graph = PathGraph::new(&network);
    let sources = [source(&network, "internet", &[])];
    let settings = Settings::default();
    Audit::new(&graph, &sources, &settings).exposures().iter().map(line).collect()
}

const LOW: &str = "  in low allow 22 from 0.0.0.0/1";
const HIGH: &str = "  in high allow 22 from 128.0.0.0/1";

#[test]
fn aws_2_halves_in_two_groups_are_the_whole_and_one_cause() {
    assert_eq!(told(LOW, HIGH, ""), ["internet other high+low Whole tcp 22 | web: tcp 22 (none)"]);
}

#[test]
fn what_a_group_opens_elsewhere_is_told_of_it_alone() {
    let alone = "interface alone in a 10.0.1.11 public 203.0.113.11 filters one";
    assert_eq!(
        told(LOW, HIGH, alone),
        [
            "internet one low Wide tcp 22 | alone: tcp 22 (none)",
            "internet other high+low Whole tcp 22 | web: tcp 22 (none)",
        ]
    );
}

#[test]
fn halves_that_open_different_ports_are_none() {
    assert_eq!(
        told(LOW, &HIGH.replace("22", "23"), ""),
        [
            "internet one low Wide tcp 22 | web: tcp 22 (none)",
            "internet other high Wide tcp 23 | web: tcp 23 (none)",
        ]
    );
}

#[test]
fn what_a_group_opens_besides_stays_its_own() {
    assert_eq!(
        told(&LOW.replace("22", "22-30"), HIGH, ""),
        [
            "internet one low Wide tcp 22-30 | web: tcp 22-30 (none)",
            "internet other low+high Whole tcp 22 | web: tcp 22 (none)",
        ]
        .map(|line| line.replace("other low+high", "one low+high"))
    );
}

#[test]
fn two_small_ranges_in_two_groups_add_up_to_a_wide_one() {
    let (low, high) = (
        LOW.replace("0.0.0.0/1", "198.51.100.0/25"),
        HIGH.replace("128.0.0.0/1", "198.51.100.128/25"),
    );
    assert_eq!(told(&low, &high, ""), ["internet other high+low Wide tcp 22 | web: tcp 22 (none)"]);
    let apart = high.replace("100.128/25", "101.128/25");
    assert_eq!(
        told(&low, &apart, ""),
        [
            "internet one low Narrow tcp 22 | web: tcp 22 (none)",
            "internet other high Narrow tcp 22 | web: tcp 22 (none)",
        ]
    );
}

#[test]
fn halves_of_the_ports_in_two_groups_are_every_port() {
    let (low, high) =
        ("  in low allow 1-1000 from 0.0.0.0/0", "  in high allow 1001-65535 from 0.0.0.0/0");
    assert_eq!(
        told(low, high, ""),
        ["internet other high+low Whole tcp 1-65535 | web: tcp 1-65535 (none)"]
    );
    let short = high.replace("1001", "1002");
    assert_eq!(told(low, &short, "").len(), 2);
    let (one, other) = (format!("{low}\n  in all allow tcp from 0.0.0.0/0"), high);
    let told = told(&one, other, "");
    assert_eq!(told.len(), 2, "one group opens them all: {told:?}");
    assert!(told.iter().all(|line| !line.contains("high+low")), "{told:?}");
}

#[test]
fn a_group_that_is_broad_alone_needs_no_other() {
    let all = LOW.replace("0.0.0.0/1", "0.0.0.0/0");
    assert_eq!(
        told(&all, HIGH, ""),
        [
            "internet one low Whole tcp 22 | web: tcp 22 (none)",
            "internet other high Wide tcp 22 | web: tcp 22 (none)",
        ]
    );
    let both = format!("{LOW}\n{HIGH}");
    assert_eq!(
        told(&both, HIGH, "")[0],
        "internet one high+low Whole tcp 22 | web: tcp 22 (none)",
        "both halves of one group are that group's"
    );
}

#[test]
fn the_same_groups_beside_others_are_one_cause_at_all_interfaces() {
    let more = "filter third stateful\n  in 3 allow 443 from 0.0.0.0/0
interface second in a 10.0.1.12 public 203.0.113.12 filters third";
    let found = told_of(LOW, HIGH, more, |network| {
        let [one, other, third] =
            ["one", "other", "third"].map(|id| Arc::clone(&network.filters[id].ingress[0]));
        let all = Filter { ingress: vec![one, other, third], ..(*network.filters["both"]).clone() };
        network.filters.insert(Id::new("all"), Arc::new(all));
        network.interfaces.get_mut("second").unwrap().stack.filters = vec![Id::new("all")];
    });
    assert_eq!(
        found,
        [
            "internet third 3 Whole tcp 443 | second: tcp 443 (none)",
            "internet other high+low Whole tcp 22 | second: tcp 22 (none); web: tcp 22 (none)",
        ]
    );
}

#[test]
fn who_is_let_in_besides_is_not_lost_in_what_is_told_together() {
    let low = "  in low allow 22 from 198.51.100.0/25\n  in more allow 22 from 203.0.113.64/28";
    let high = "  in high allow 22 from 198.51.100.128/25";
    assert_eq!(
        told(low, high, ""),
        [
            "internet one low+more Narrow tcp 22 | web: tcp 22 (none)",
            "internet other high+low Wide tcp 22 | web: tcp 22 (none)",
        ]
    );
    let both = "  in low allow 22 from 0.0.0.0/1,2a00::/16";
    let told = told(both, HIGH, "");
    assert!(told.iter().any(|line| line.contains("high+low Whole")), "{told:?}");
    assert!(told.iter().any(|line| line.contains("one low Wide")), "IPv6 is let in too: {told:?}");
}
