//! What the checks `reply-gap` and `outbound-reply-gap` do not show; the rest is held there.

use cloudfw_core::{Network, PathGraph};

use super::{Gap, Opened, within};
use crate::{Audit, Settings};

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
    within(&Audit::new(&graph, &[], &settings), pairs, proofs)
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
    assert!(gaps(&quiet, 10, 10).is_empty());
    let groups = TWO.replace("in 1 allow 443,5432", "in 1 allow 443,5432 from group:x");
    assert!(gaps(&groups, 10, 10).is_empty());
}
