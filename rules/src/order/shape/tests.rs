//! What rules have to do with each other, quickly said.

use cloudfw_core::{Direction, Network};

use super::Shape;

fn with<T>(rules: &[&str], ask: impl Fn(&[Shape<'_>]) -> T) -> T {
    let rules: String = (1..).zip(rules).map(|(at, rule)| format!("  in {at} {rule}\n")).collect();
    let network = Network::from_text(&format!("filter acl stateless\n{rules}")).unwrap();
    let list = &network.filters["acl"].ingress[0];
    let shapes: Vec<Shape<'_>> =
        list.rules.iter().map(|rule| Shape::of(rule, Direction::Ingress)).collect();
    ask(&shapes)
}

fn meet(one: &str, other: &str) -> bool {
    let both = |shapes: &[Shape<'_>]| {
        let meets = shapes[0].meets(&shapes[1]);
        assert_eq!(meets, shapes[1].meets(&shapes[0]), "{one} and {other}");
        meets
    };
    with(&[one, other], both)
}

#[test]
fn rules_of_different_ports_have_nothing_to_do_with_each_other() {
    assert!(meet("allow 22-25", "deny 25-30"));
    assert!(!meet("allow 22-25", "deny 26-30"));
    assert!(!meet("allow 22", "deny udp"), "nor those of different protocols");
    assert!(!meet("allow 22", "deny 22/udp"));
    assert!(meet("allow any", "deny 22"));
    assert!(!meet("allow icmp", "deny 22"));
}

#[test]
fn rules_that_do_the_same_meet_where_both_of_their_ends_may() {
    let (one, other) = ("10.0.1.0/24", "10.0.2.0/24");
    let rule = |from: &str, to: &str| format!("allow 22 from {from} to {to}");
    assert!(meet(&rule(one, one), &rule(one, one)));
    assert!(!meet(&rule(one, one), &rule(other, one)), "their sources are apart");
    assert!(!meet(&rule(one, one), &rule(one, other)), "their destinations are apart");
    assert!(!meet(&rule(one, one), &rule(other, other)));
    let denies = rule(other, other).replace("allow", "deny");
    assert!(meet(&rule(one, one), &denies), "what does the contrary is looked at in any case");
}

#[test]
fn names_meet_themselves_and_all_that_may_hold_them() {
    let meets = |one: &str, other: &str| {
        meet(&format!("allow 22 from {one}"), &format!("allow 22 from {other}"))
    };
    assert!(meets("group:a", "group:a"));
    assert!(!meets("group:a", "group:b"));
    assert!(meets("group:a", "10.0.0.0/8"), "a group may be anywhere");
    assert!(meets("10.0.0.0/8", "10.1.0.0/16"));
}

#[test]
fn rules_are_covered_together_where_each_of_their_sides_is() {
    let covered = |rule: &str, others: [&str; 2]| {
        with(&[rule, others[0], others[1]], |shapes| {
            shapes[0].may_be_covered(&[&shapes[1], &shapes[2]])
        })
    };
    let (low, high) = ("allow 22 from 10.0.0.0/25", "allow 22 from 10.0.0.128/25");
    assert!(covered("allow 22 from 10.0.0.0/24", [low, high]));
    assert!(!covered("allow 22 from 10.0.0.0/23", [low, high]), "more addresses");
    assert!(!covered("allow 22-23 from 10.0.0.0/24", [low, high]), "more ports");
    let to = |rule: &str| format!("{rule} to 10.9.0.0/25");
    assert!(!covered("allow 22 from 10.0.0.0/24 to 10.9.0.0/24", [&to(low), &to(high)]));
    assert!(covered("allow 22 from 10.0.0.0/24 to 10.9.0.0/25", [&to(low), &to(high)]));
    let group = "allow 22 from group:a";
    assert!(covered(group, [group, low]));
    assert!(!covered(group, ["allow 22 from group:b", "allow 22 from group:c"]));
}
