//! Orders of lists in text form.

use cloudfw_core::{Network, PathGraph};

use super::{Kind, Order, Work};
use crate::lists::Lists;
use crate::{Audit, Settings};

/// The overlaps of the first ingress list of a filter, as `id kind by`.
fn overlaps(rules: &str) -> Vec<String> {
    told(&format!("filter f stateless\n{rules}"))
}

fn told(text: &str) -> Vec<String> {
    told_of(&Network::from_text(text).unwrap())
}

fn told_of(network: &Network) -> Vec<String> {
    let lists = Lists::new(network);
    let mut told = Vec::new();
    for listed in lists.iter() {
        let order = Order::of(network, listed);
        assert_eq!(order.undecided, None);
        let id = |place: &usize| listed.list.rules[*place].id.to_string();
        for (place, overlap) in &order.overlaps {
            let by: Vec<String> = overlap.by.iter().map(id).collect();
            told.push(format!("{} {:?} {}", id(place), overlap.kind, by.join(",")));
        }
    }
    told
}

#[test]
fn aws_31_one_earlier_rule_shadows_a_later_one() {
    let list = "  in 1 deny tcp from 10.0.0.0/8\n  in 2 allow 443 from 10.1.0.0/16\n";
    assert_eq!(overlaps(list), ["2 Shadowed 1"]);
    let wider = "  in 1 deny tcp from 10.1.0.0/16\n  in 2 allow 443 from 10.0.0.0/8\n";
    assert!(overlaps(wider).is_empty(), "narrower peers and more ports: it was meant");
    let later = "
  in 2 allow 443 from 10.1.0.0/16
  in 3 deny tcp from 10.0.0.0/8
  in 4 allow any
";
    assert!(overlaps(later).is_empty(), "an exception before the rule that it is made from");
}

#[test]
fn several_rules_shadow_one_together_and_none_too_many_is_named() {
    let list = "
  in 1 deny 0-99
  in 2 deny 400-500 from 10.0.0.0/8
  in 3 deny 0-443
  in 4 deny 444-65535
  in 5 allow 400-600
";
    assert_eq!(overlaps(list), ["1 Redundant 3", "2 Redundant 3,4", "5 Shadowed 3,4"]);
    let halves = "
  in 1 deny any from 0.0.0.0/1
  in 2 deny any from 128.0.0.0/1
  in 3 allow 80 from 0.0.0.0/0
";
    assert_eq!(overlaps(halves), ["3 Shadowed 1,2"]);
    let hole = "
  in 1 deny any from 0.0.0.0/1
  in 2 deny any from 128.0.0.0/2
  in 3 allow 80 from 0.0.0.0/0
";
    assert!(overlaps(hole).is_empty());
}

#[test]
fn aws_33_the_families_are_apart() {
    let list = "  in 1 deny any from 0.0.0.0/0\n  in 2 allow 443 from ::/0\n  in 3 allow 22\n";
    assert!(overlaps(list).is_empty(), "3 is left with IPv6");
    let list = "  in 1 deny any from 0.0.0.0/0\n  in 2 allow tcp from ::/0\n  in 3 allow 22\n";
    assert_eq!(overlaps(list), ["3 Shadowed 1,2"]);
}

#[test]
fn the_first_that_decides_says_whether_it_is_shadowed() {
    let list = "  in 1 allow 443\n  in 2 deny tcp\n  in 3 allow 443\n";
    assert_eq!(overlaps(list), ["2 Idle ", "3 Redundant 1"], "1 lets all of it through");
    let list = "  in 1 allow 443 from 10.0.0.0/8\n  in 2 deny tcp\n  in 3 allow 443\n";
    assert_eq!(overlaps(list), ["3 Shadowed 2"], "fewer than 1 and 2 are enough");
}

#[test]
fn a_later_rule_makes_an_earlier_one_redundant_where_nothing_lies_between() {
    let list = "  in 1 allow 443 from 10.0.0.0/8\n  in 2 deny 22\n  in 3 allow 443\n";
    assert_eq!(overlaps(list), ["1 Redundant 3", "2 Idle "]);
    let between = "
  in 1 allow 443 from 10.0.0.0/8
  in 2 deny 443-500 from 10.9.0.0/16
  in 3 allow tcp
";
    assert_eq!(overlaps(between), ["2 Partly 1"]);
    let perhaps = "
  in 1 allow 443 from 10.0.0.0/8
  in 2 deny 443-500 from 10.9.0.0/16 maybe
  in 3 allow tcp
";
    assert_eq!(overlaps(perhaps), ["2 Partly 1"], "it may deny");
    let elsewhere = "
  in 1 allow 443 from 10.0.0.0/8
  in 2 jump c
  in 3 allow tcp
  in 4 deny 22
chain c
  9 return
";
    assert_eq!(overlaps(elsewhere), ["4 Shadowed 3"], "the chain may deny what 1 allows");
}

#[test]
fn of_two_equal_rules_one_is_needed() {
    assert_eq!(overlaps("  in 1 allow 443\n  in 2 allow 443\n"), ["2 Redundant 1"]);
    let ordered = "  in 1 allow 443\n  in 2 allow 443\n  in 3 deny 22\n  in 4 allow 22-23\n";
    assert_eq!(overlaps(ordered), ["2 Redundant 1"]);
}

#[test]
fn aws_2_where_order_is_nothing_the_widest_covers() {
    let list = "
  in 1 allow 443 from 10.1.0.0/16
  in 2 allow 443 from 10.0.0.0/8
  in 3 allow 443 from 0.0.0.0/0
  in 4 allow 443 from 10.1.2.0/24
";
    assert_eq!(overlaps(list), ["1 Redundant 3", "2 Redundant 3", "4 Redundant 3"]);
    let together = "
  in 1 allow 0-100 from 10.0.0.0/8
  in 2 allow 50-150 from 10.0.0.0/8
  in 3 allow 120-200 from 10.0.0.0/8
  in 4 allow 90-140 from 10.0.0.0/9
";
    assert_eq!(overlaps(together), ["4 Redundant 2"]);
    let both = "
  in 1 allow 0-100
  in 2 allow 101-200
  in 3 allow 50-150
";
    assert_eq!(overlaps(both), ["3 Redundant 1,2"]);
}

#[test]
fn names_cover_themselves_and_are_covered_by_everybody() {
    let list = "
  in 1 allow 443 from group:a
  in 2 allow tcp from group:a
  in 3 allow 443 from group:b
  in 4 allow 443 from 10.0.0.0/8
";
    assert_eq!(overlaps(list), ["1 Redundant 2"]);
    let everybody = "
  in 1 allow 443 from group:a
  in 2 allow 443 from 0.0.0.0/0
  in 3 allow 443 from ::/0
  in 4 allow 22 from ?list
  in 5 allow tcp from ?list
  in 6 allow 22 from ?other
";
    assert_eq!(overlaps(everybody), ["1 Redundant 2,3", "4 Redundant 5"]);
    let one_family = "  in 1 allow 443 from group:a\n  in 2 allow 443 from 0.0.0.0/0\n";
    assert!(overlaps(one_family).is_empty(), "its members may have IPv6 addresses");
    let mixed = "
  in 1 allow 443 from group:a,10.0.0.0/8
  in 2 allow 443 from group:a
  in 3 allow 443 from 10.0.0.0/9
  in 4 allow 443 from 10.128.0.0/9,group:b
";
    assert_eq!(overlaps(mixed), ["2 Redundant 1", "3 Redundant 1"]);
}

#[test]
fn what_may_match_less_covers_nothing() {
    let list = "  in 1 deny tcp maybe\n  in 2 allow 443\n";
    assert!(overlaps(list).is_empty());
    let list = "  in 1 allow tcp maybe\n  in 2 allow tcp\n";
    assert_eq!(overlaps(list), ["1 Redundant 2"]);
    let list = "  in 1 deny tcp state new\n  in 2 allow 443\n";
    assert!(overlaps(list).is_empty(), "of other states nothing is denied");
    let list = "  in 1 allow tcp state new\n  in 2 allow 443\n";
    assert!(overlaps(list).is_empty(), "of other states nothing is allowed");
    let list = "  in 1 deny tcp\n  in 2 allow 443 state new\n";
    assert_eq!(overlaps(list), ["2 Shadowed 1"]);
    let list = "  in 1 continue tcp\n  in 2 allow 443\n  in 3 deny udp\n  in 4 allow udp\n";
    assert_eq!(overlaps(list), ["4 Shadowed 3"], "one that only counts covers nothing");
}

#[test]
fn rules_that_meet_in_one_port_or_one_address_overlap() {
    assert_eq!(overlaps("  in 1 deny 22-443\n  in 2 allow 443\n"), ["2 Shadowed 1"]);
    assert_eq!(overlaps("  in 1 deny 443-500\n  in 2 allow 443\n"), ["2 Shadowed 1"]);
    let last = "  in 1 deny 22 from 10.0.0.0/24\n  in 2 allow 22 from 10.0.0.255\n";
    assert_eq!(overlaps(last), ["2 Shadowed 1"]);
    let first = "  in 1 deny 22 from 10.0.0.0/24\n  in 2 allow 22 from 10.0.0.0\n";
    assert_eq!(overlaps(first), ["2 Shadowed 1"]);
}

#[test]
fn aws_33_rules_that_meet_in_ipv6_alone_overlap() {
    for (one, other) in [("10.1.0.0/16", "10.2.0.0/16"), ("10.2.0.0/16", "10.1.0.0/16")] {
        let list = format!(
            "  in 1 deny tcp from {one},2001:db8::/32\n  in 2 allow 443 from {other},2001:db8::/48\n"
        );
        assert_eq!(overlaps(&list), ["2 Partly 1"]);
    }
}

#[test]
fn names_are_shadowed_by_themselves_and_by_everybody() {
    let itself = "  in 1 deny tcp from group:a\n  in 2 allow 443 from group:a\n";
    assert_eq!(overlaps(itself), ["2 Shadowed 1"]);
    let everybody = "
  in 1 deny tcp from 0.0.0.0/0
  in 2 deny tcp from ::/0
  in 3 allow 443 from group:a
";
    assert_eq!(overlaps(everybody), ["3 Shadowed 1,2"]);
    let another = "  in 1 deny tcp from group:a\n  in 2 allow 443 from group:b\n";
    assert!(overlaps(another).iter().all(|line| !line.contains("Shadowed")));
}

#[test]
fn another_group_in_between_may_have_the_same_members() {
    let list = "
  in 1 allow 443 from group:a
  in 2 deny 443 from group:b
  in 3 allow 443
";
    assert!(overlaps(list).iter().all(|line| !line.starts_with("1 ")), "{:?}", overlaps(list));
    let other_port = list.replace("deny 443", "deny 80");
    assert!(overlaps(&other_port).contains(&"1 Redundant 3".to_owned()));
}

#[test]
fn both_ends_of_a_rule_have_to_be_covered() {
    let apart = "
  in 1 allow 443 from 10.0.0.0/8 to 10.0.1.0/24
  in 2 allow 443 from 10.0.0.0/8 to 10.0.2.0/24
";
    assert!(overlaps(apart).is_empty());
    let within = apart.replace("10.0.2.0/24", "10.0.1.0/25");
    assert_eq!(overlaps(&within), ["2 Redundant 1"]);
}

#[test]
fn ends_that_cross_were_not_meant_whatever_the_services() {
    let fewer = "  in 1 deny 22 from 10.128.0.0/9,11.0.0.0/8\n  in 2 allow tcp from 10.0.0.0/8\n";
    assert_eq!(overlaps(fewer), ["2 Partly 1"]);
    let more = "  in 1 deny any from 10.128.0.0/9,11.0.0.0/8\n  in 2 allow 22 from 10.0.0.0/8\n";
    assert_eq!(overlaps(more), ["2 Partly 1"]);
    for wide in ["10.0.1.0/24,10.9.0.0/16", "2001:db8::/64,2001:db9::/64"] {
        let (near, far) = if wide.starts_with("10") {
            ("10.1.0.0/16", "from 10.0.0.0/8 to 10.0.0.0/16")
        } else {
            ("2001:db8::/48", "from 2001:db8::/32 to 2001:db8::/32")
        };
        let list = format!("  in 1 deny 22 from {near} to {wide}\n  in 2 allow tcp {far}\n");
        assert_eq!(overlaps(&list), ["2 Partly 1"], "{list}");
    }
}

#[test]
fn an_exception_is_one_in_the_families_that_the_later_rule_is_about() {
    for (exception, rule) in [
        ("from 10.0.0.0/8,2001:db8::/32", "from ::/0"),
        ("from 10.0.0.0/8,2001:db8::/32", "to ::/0"),
        ("from 10.1.0.0/16,2001:db8::/32", "from 10.0.0.0/8"),
        ("from 10.1.0.0/16,2001:db8::/32 to 10.0.1.0/24,2001:db8::/32", "to 10.0.0.0/16"),
    ] {
        let list = format!("  in 1 deny 22 {exception}\n  in 2 allow tcp {rule}\n");
        assert!(overlaps(&list).is_empty(), "{list}: {:?}", overlaps(&list));
    }
}

#[test]
fn partly_shadowed_is_what_was_not_meant() {
    let deny = "  in 1 allow 443\n  in 2 deny any from 203.0.113.0/24\n  in 3 allow any\n";
    assert_eq!(overlaps(deny), ["2 Partly 1"], "443 gets in from there");
    let ports = "  in 1 deny 1000-2000\n  in 2 allow 1500-3000\n  in 3 allow 22\n";
    assert_eq!(overlaps(ports), ["2 Partly 1"], "neither is an exception of the other");
    let blocked_port = "  in 1 deny 3389\n  in 2 allow 1024-65535 from 10.0.0.0/8\n";
    assert!(overlaps(blocked_port).is_empty());
    let within = "  in 1 deny 1500-1600\n  in 2 allow 1000-2000\n";
    assert!(overlaps(within).is_empty());
    // A rule of the same effect may have decided that part before.
    let decided = "
  in 1 allow 1500-2000
  in 2 deny 1000-2000
  in 3 allow 1500-3000
  in 4 allow tcp
";
    assert_eq!(overlaps(decided), ["3 Redundant 4"], "what 2 could take of it, 1 lets through");
}

#[test]
fn aws_32_a_deny_with_nothing_behind_it_is_idle() {
    let list = "  in 1 allow 443\n  in 2 deny 22 from 10.0.0.0/8\n";
    assert_eq!(overlaps(list), ["2 Idle "]);
    let behind = "  in 1 deny 22 from 10.0.0.0/8\n  in 2 allow 0-100\n";
    assert!(overlaps(behind).is_empty());
    let last = "  in 1 allow 443\n  in 2 deny any from 0.0.0.0/0\n";
    assert!(overlaps(last).is_empty(), "writing out the last rule is no fault");
    for some in ["from 10.0.0.0/8", "to 10.0.1.0/24"] {
        let list = format!("  in 1 allow 443\n  in 2 deny any {some}\n");
        assert_eq!(overlaps(&list), ["2 Idle "], "that is not the last rule");
    }
    let twice = "  in 1 allow 443\n  in 2 deny 22 from 10.0.0.0/8\n  in 3 deny 22\n";
    assert_eq!(overlaps(twice), ["2 Redundant 3", "3 Idle "]);
}

#[test]
fn nothing_is_said_of_rules_that_nobody_wrote_or_that_decide_nothing() {
    let list = "
  in 1 deny tcp
  in 2 continue 443
  in 3 allow 443 from nobody
  in 4 deny 22 from nobody
  in ? allow 443
  in * allow 443
";
    assert!(overlaps(list).is_empty(), "{:?}", overlaps(list));
    assert_eq!(overlaps(&list.replace("in *", "in 9")), ["9 Shadowed 1"]);
}

#[test]
fn what_falls_off_the_end_is_not_what_a_later_rule_lets_through() {
    let list = "
  in 1 allow 443 from 10.0.0.0/8
  in 2 allow 400-500 from 10.0.0.0/9
  in 3 deny 22
";
    assert_eq!(overlaps(list), ["3 Idle "], "without 1 the other half of it is denied");
}

#[test]
fn a_deny_is_not_idle_where_another_list_of_the_filter_is_asked_next() {
    let told_before = |next: &str| {
        let text = format!(
            "filter f stateless\n  in 1 allow 443\n  in 2 deny 22 from 10.0.0.0/8\n
filter g stateless\n{next}"
        );
        let mut network = Network::from_text(&text).unwrap();
        let next = network.filters["g"].ingress.clone();
        std::sync::Arc::make_mut(network.filters.get_mut("f").unwrap()).ingress.extend(next);
        told_of(&network)
    };
    assert!(told_before("  in 1 allow tcp\n").is_empty(), "it would let 22 through");
    assert_eq!(told_before("  in 1 deny 23\n"), ["2 Idle "]);
    assert_eq!(told_before(""), ["2 Idle "]);
}

#[test]
fn up_to_32_covering_rules_are_looked_through_for_the_fewest() {
    let covered_by = |many: u16| {
        let mut list = "  in 1 deny 5\n".to_owned();
        for rule in 2..=many {
            let first = (rule - 2) * 10;
            list.push_str(&format!("  in {rule} deny {first}-{}\n", first + 9));
        }
        list.push_str(&format!("  in last allow 0-{}\n", (many - 1) * 10 - 1));
        overlaps(&list).into_iter().find(|line| line.starts_with("last ")).unwrap()
    };
    assert!(covered_by(32).starts_with("last Shadowed 2,3,"), "1 is not needed beside 2");
    assert!(covered_by(33).starts_with("last Shadowed 1,2,3,"), "nobody looks whether it is");
}

#[test]
fn nobody_matches_nothing_and_is_another_check() {
    let list = "  in 1 allow 443 from 10.0.0.0/8 to ::/0\n  in 2 deny 443\n  in 3 allow 443\n";
    assert_eq!(overlaps(list), ["3 Shadowed 2"]);
}

#[test]
fn the_far_side_of_egress_is_the_destination() {
    let list = "  out 1 deny tcp to 10.0.0.0/8\n  out 2 allow 443 to 10.1.0.0/16\n";
    assert_eq!(overlaps(list), ["2 Shadowed 1"]);
}

#[test]
fn too_much_work_is_told() {
    let text = "filter f stateless\n  in 1 deny 443\n  in 2 allow 443\n";
    let network = Network::from_text(text).unwrap();
    let lists = Lists::new(&network);
    let listed = lists.iter().find(|listed| !listed.list.rules.is_empty()).unwrap();
    let order = Order::within(listed, true, &mut Work { left: 2 });
    assert!(order.overlaps.is_empty());
    let told = order.undecided.unwrap().to_string();
    assert_eq!(
        told,
        "which ingress rules of f others make meaningless: it has 2 rules, too many that overlap \
         to compare them all"
    );
    let order = Order::within(listed, true, &mut Work { left: 1000 });
    assert_eq!(order.undecided, None);
    assert!(order.never_acts(1) && !order.never_acts(0));
    assert_eq!(order.overlaps[&1].kind, Kind::Shadowed);
}

/// The least work in which two rules with these peers are compared.
fn least_work(peers: &str) -> u64 {
    let text = format!("filter f stateless\n  in 1 deny 443 {peers}\n  in 2 allow 443 {peers}\n");
    let network = Network::from_text(&text).unwrap();
    let lists = Lists::new(&network);
    let listed = lists.iter().find(|listed| !listed.list.rules.is_empty()).unwrap();
    let decides =
        |left: &u64| Order::within(listed, true, &mut Work { left: *left }).undecided.is_none();
    (0..1000).find(decides).unwrap()
}

#[test]
fn rules_apart_cost_no_more_than_to_be_put_in_order() {
    let text = "filter f stateless
  in 1 deny 22 from 10.0.0.0/24
  in 2 deny 22 from 10.1.0.0/24
  in 3 deny 22 from 10.2.0.0/24
";
    let network = Network::from_text(text).unwrap();
    let lists = Lists::new(&network);
    let listed = lists.iter().find(|listed| !listed.list.rules.is_empty()).unwrap();
    let is_decided = |left| Order::within(listed, true, &mut Work { left }).undecided.is_none();
    assert!(!is_decided(3), "one for each, and one for each that is not known to be past");
    assert!(is_decided(6));
}

#[test]
fn comparing_long_lists_of_addresses_is_more_work() {
    let list = |many: u32| {
        let blocks: Vec<String> =
            (0..many).map(|block| format!("10.{}.0.0/16", 2 * block)).collect();
        format!("pl={}", blocks.join("+"))
    };
    let short = least_work(&format!("from {}", list(1)));
    let longer = least_work(&format!("from {}", list(16)));
    let both = least_work(&format!("from {} to {}", list(16), list(9)));
    assert!(short < longer && longer < both, "{short} {longer} {both}");
    assert!(both < 2 * short, "by an eighth of a comparison for each block: {short} {both}");
}

/// Prints how long it takes: 1,000 groups of 60 rules, and a list of 200,000 entries.
#[test]
#[ignore = "a measurement, for release builds"]
fn measured() {
    let mut text = String::new();
    for group in 0..1000 {
        text.push_str(&format!("filter sg-{group} stateful\n"));
        for rule in 0..60 {
            let port = (group * 7 + rule * 13) % 5000;
            let peer = match rule % 4 {
                0 => format!("10.{}.{}.0/24", (group + rule) % 256, rule),
                1 => format!("group:sg-{}", (group + rule) % 1000),
                2 => format!("10.{rule}.0.0/16"),
                _ => "0.0.0.0/0".to_owned(),
            };
            text.push_str(&format!("  in {rule} allow {port}-{} from {peer}\n", port + rule % 3));
        }
    }
    let network = Network::from_text(&text).unwrap();
    let graph = PathGraph::new(&network);
    let settings = Settings::default();
    let audit = Audit::new(&graph, &[], &settings);
    let begun = std::time::Instant::now();
    let found: usize = audit.orders().map(|(_, order)| order.overlaps.len()).sum();
    println!("1,000 groups of 60 rules: {:?}, {found} overlaps", begun.elapsed());
    for apart in [true, false] {
        let mut text = "filter acl stateless\n".to_owned();
        for rule in 0..200_000_u32 {
            let action = if rule % 3 == 0 { "deny" } else { "allow" };
            let (high, low) = (rule >> 8, rule & 255);
            let length = if apart { 32 } else { 8 + rule % 17 };
            let (high, third) = (high >> 8, high & 255);
            text.push_str(&format!(
                "  in {rule} {action} 443 from 10.{high}.{third}.{low}/{length}\n"
            ));
        }
        text.push_str("  in 200000 deny any\n");
        let network = Network::from_text(&text).unwrap();
        let lists = Lists::new(&network);
        let listed = lists.iter().find(|listed| !listed.list.rules.is_empty()).unwrap();
        let begun = std::time::Instant::now();
        let order = Order::of(&network, listed);
        println!(
            "200,000 entries: {:?}, {} overlaps, {:?}",
            begun.elapsed(),
            order.overlaps.len(),
            order.undecided
        );
    }
}
