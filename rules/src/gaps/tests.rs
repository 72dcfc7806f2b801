//! What the checks `reply-gap` and `outbound-reply-gap` do not show; the rest is held there.

use cloudfw_core::{Network, PathGraph};

use super::{Gap, Opened, within};
use crate::testing::internet;
use crate::{Audit, Settings, Source};

const TWO: &str = "
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24 table rt acl acl-a
subnet b in vpc 10.0.2.0/24 table rt acl acl-b
table rt
  10.0.0.0/16 -> local
filter acl-a stateless
  in 1 allow any
  out 1 allow any
filter acl-b stateless
  in 1 allow any
  out 1 allow 443
filter open stateful
  in 1 allow 443,5432
  out 1 allow any
interface a in a 10.0.1.10 filters open
interface b in b 10.0.2.10 filters open
";

fn gaps(text: &str, pairs: usize, proofs: usize) -> Vec<Gap> {
    let network = Network::from_text(text).unwrap();
    let graph = PathGraph::new(&network);
    let settings = Settings::default();
    let sources: Vec<Source<'_>> = internet(&network).into_iter().collect();
    within(&Audit::new(&graph, &sources, &settings), pairs, proofs)
}

fn told(gaps: &[Gap]) -> Vec<(&str, String, bool)> {
    gaps.iter().map(|gap| (&*gap.list.id, gap.services().to_string(), gap.is_proved())).collect()
}

#[test]
fn a_gap_inside_is_found_once() {
    let found = gaps(TWO, 2, 1);
    assert_eq!(told(&found), [("acl-b", "tcp 443,5432".to_owned(), true)]);
    assert_eq!(found[0].opened, Opened::Inside);
    assert_eq!(found[0].affected.len(), 2);
    assert_eq!(found[0].entries.len(), 1);
    let open = TWO.replace("out 1 allow 443", "out 1 allow any");
    assert!(gaps(&open, 2, 1).is_empty());
}

#[test]
fn what_is_too_much_to_ask_is_unknown() {
    for (pairs, proofs) in [(0, 10), (10, 0)] {
        let found = gaps(TWO, pairs, proofs);
        assert_eq!(
            told(&found),
            [("acl-a", "none".to_owned(), false), ("acl-b", "none".to_owned(), false)]
        );
        assert!(found[0].unknowns[0].what.contains("whether acl-a loses replies"));
    }
}

#[test]
fn every_two_kinds_of_interfaces_count() {
    let text = format!(
        "{TWO}filter database stateful\n  in 1 allow 5432\n  out 1 allow any
interface b2 in b 10.0.2.11 filters database\n"
    );
    assert_eq!(told(&gaps(&text, 2, 10)), [("acl-b", "tcp 443,5432".to_owned(), true)]);
    let given_up = gaps(&text, 1, 10);
    assert_eq!(
        told(&given_up),
        [
            ("acl-b", "tcp 443,5432".to_owned(), true),
            ("acl-a", "none".to_owned(), false),
            ("acl-b", "none".to_owned(), false),
        ],
        "the one that was asked is told, and that the other was not"
    );
}

#[test]
fn what_is_lost_on_the_way_to_one_subnet_says_nothing_of_another() {
    let text = TWO.replace(
        "in 1 allow any\n  out 1 allow 443",
        "in 1 allow any\n  out 1 deny any sport 443\n  out 2 allow any",
    )
        + "filter acl-c stateless\n  in 1 allow any\n  out 1 deny any sport 5432\n  out 2 allow any
subnet c in vpc 10.0.3.0/24 table rt acl acl-c\ninterface c in c 10.0.3.10 filters open\n";
    let found = gaps(&text, 100, 100);
    assert_eq!(
        told(&found),
        [("acl-b", "tcp 443".to_owned(), true), ("acl-c", "tcp 5432".to_owned(), true)]
    );
}

#[test]
fn a_boundary_that_names_groups_may_lose_replies_as_well() {
    let groups = TWO.replace("out 1 allow 443", "in 2 allow 22 from group:x\n  out 1 allow 443");
    assert_eq!(told(&gaps(&groups, 10, 10)), [("acl-b", "tcp 443,5432".to_owned(), true)]);
}

#[test]
fn a_group_that_rules_let_out_to_is_asked_for_its_members() {
    let named = TWO
        .replace("out 1 allow any\ninterface", "out 1 allow any to group:servers\ninterface")
        .replace("10.0.2.10 filters", "10.0.2.10 groups servers filters");
    assert_eq!(told(&gaps(&named, 10, 10)), [("acl-b", "tcp 443,5432".to_owned(), true)]);
    let others = named.replace("groups servers", "groups others");
    assert!(gaps(&others, 10, 10).is_empty());
}

#[test]
fn interfaces_that_are_alike_are_asked_once() {
    let more =
        "interface b2 in b 10.0.2.11 filters open\ninterface b3 in b 10.0.2.12 filters open\n";
    let found = gaps(&format!("{TWO}{more}"), 2, 1);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].affected.len(), 4);
}

#[test]
fn aws_69_over_a_link_too() {
    let linked = TWO
        .replace("subnet b in vpc 10.0.2.0/24 table rt", "subnet b in other 10.9.2.0/24 table rt-b")
        .replace("10.0.2.10", "10.9.2.10")
        .replace("  10.0.0.0/16 -> local\n", "  10.0.0.0/16 -> local\n  10.9.0.0/16 -> pcx\n")
        + "router other 10.9.0.0/16\ntable rt-b\n  10.9.0.0/16 -> local\n  10.0.0.0/16 -> pcx\n\
           gateway pcx link vpc other\n";
    assert_eq!(told(&gaps(&linked, 10, 10)), [("acl-b", "tcp 443,5432".to_owned(), true)]);
    let closed = linked.replace("link vpc other", "link vpc other closed");
    assert!(gaps(&closed, 10, 10).is_empty());
}

#[test]
fn who_opens_nothing_loses_nothing() {
    let quiet = TWO.replace("10.0.1.10 filters open", "10.0.1.10 filters open answers-only");
    assert!(gaps(&quiet, 10, 0).is_empty(), "it is not even asked");
    let groups = TWO.replace("in 1 allow 443,5432", "in 1 allow 443,5432 from group:x");
    assert!(gaps(&groups, 10, 10).is_empty());
}

#[test]
fn who_only_answers_is_not_among_those_that_lose() {
    let one_more = "interface a2 in a 10.0.1.11 filters open answers-only\n";
    let found = gaps(&format!("{TWO}{one_more}"), 10, 10);
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert!(!one.affected.contains("a2"), "{:?}", one.affected);
}

#[test]
fn other_groups_that_let_the_same_through_need_no_proof_of_their_own() {
    let more = "interface a2 in a 10.0.1.11 groups x filters open\n";
    let found = gaps(&format!("{TWO}{more}"), 10, 1);
    assert_eq!(told(&found), [("acl-b", "tcp 443,5432".to_owned(), true)]);
    assert!(found[0].affected.contains("a2"), "{:?}", found[0].affected);
}

#[test]
fn who_lets_in_a_part_is_hit_by_the_rules_that_drop_that_part() {
    let text = TWO.replace(
        "in 1 allow any\n  out 1 allow 443",
        "in 1 allow any\n  out 1 deny any sport 443\n  out 2 deny any sport 5432\n  out 3 allow any",
    ) + "filter database stateful\n  in 1 allow 5432\n  out 1 allow any
interface b2 in b 10.0.2.11 filters database\n";
    let found = gaps(&text, 10, 1);
    let of = |service: &str| {
        let gap = found.iter().find(|gap| gap.services().to_string() == service).unwrap();
        gap.affected.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(of("tcp 443"), ["a", "b"]);
    assert_eq!(of("tcp 5432"), ["a", "b", "b2"]);
}

const PUBLIC: &str = "
external internet 0.0.0.0/0,::/0
router vpc 10.0.0.0/16,2001:db8::/56
gateway igw border vpc internet
table rt
  10.0.0.0/16 -> local
  0.0.0.0/0 -> igw
  ::/0 -> igw
subnet a in vpc 10.0.1.0/24,2001:db8::/64 table rt acl acl
filter acl stateless
  in 1 allow any
  out 1 allow 443
filter open stateful
  in 1 allow 443
  out 1 allow any
interface a in a 10.0.1.10 public 203.0.113.10 filters open
";

#[test]
fn an_address_that_nobody_outside_knows_is_not_asked_about() {
    assert_eq!(told(&gaps(PUBLIC, 10, 1)), [("acl", "tcp 443".to_owned(), true)]);
    assert_eq!(gaps(PUBLIC, 10, 0)[0].unknowns.len(), 1, "too much to ask");
    let private = PUBLIC.replace(" public 203.0.113.10", "");
    assert!(gaps(&private, 10, 0).is_empty());
}

#[test]
fn only_the_family_that_loses_something_is_asked_about() {
    let v6 = PUBLIC
        .replace("out 1 allow 443", "out 1 allow any to 0.0.0.0/0\n  out 2 allow 443 to ::/0")
        .replace("filters open\n", "2001:db8::10 filters open\n");
    let found = gaps(&v6, 10, 1);
    assert_eq!(told(&found), [("acl", "tcp 443".to_owned(), true)]);
    assert!(found[0].witness.unwrap().destination.is_ipv6());
}

#[test]
fn who_opens_nothing_loses_no_replies_of_the_internet() {
    let calls =
        PUBLIC.replace("in 1 allow any\n  out 1 allow 443", "in 1 allow 443\n  out 1 allow any");
    let found = gaps(&calls, 10, 10);
    assert_eq!(found[0].opened, Opened::Outward("internet".into()));
    let quiet = calls.replace("filters open\n", "filters open answers-only\n");
    assert!(gaps(&quiet, 10, 0).is_empty(), "it is not even asked");
}

#[test]
fn the_question_of_a_gap_is_about_the_service_of_its_witness() {
    let found = gaps(TWO, 2, 1);
    assert_eq!(found[0].question.as_ref().unwrap().services.to_string(), "tcp 443");
}

#[test]
fn what_would_have_to_be_known_of_a_gap_is_told_once() {
    let whats = |text: &str| -> Vec<String> {
        let found = gaps(text, 10, 10);
        found[0].unknowns.iter().map(|unknown| unknown.what.to_string()).collect()
    };
    let entry = TWO.replace("  out 1 allow 443", "  out 1 allow any maybe");
    assert_eq!(whats(&entry), ["whether the rule matches"]);
    let machine = TWO.replace("10.0.2.10 filters open", "10.0.2.10 filters open maybe-down");
    assert_eq!(whats(&machine), ["whether it runs"], "on the way there");
}
