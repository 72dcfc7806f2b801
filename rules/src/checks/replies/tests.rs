//! Gaps as they are reported.

use super::{broad_ephemeral_range, outbound_reply_gap, path_mtu_blocked, reply_gap};
use crate::testing::{found, subjects};
use crate::{Effective, Finding, Severity};

/// A web server that the internet may ask, an application behind a NAT gateway, and a database.
const ESTATE: &str = "
external internet 0.0.0.0/0,::/0
router vpc 10.0.0.0/16,2001:db8:1::/56
subnet pub in vpc 10.0.1.0/24,2001:db8:1:1::/64 table public acl acl-pub
subnet app in vpc 10.0.2.0/24 table private acl acl-app
subnet db in vpc 10.0.3.0/24 table private acl acl-db
table public
  10.0.0.0/16 -> local
  2001:db8:1::/56 -> local
  0.0.0.0/0 -> igw
  ::/0 -> igw
table private
  10.0.0.0/16 -> local
  0.0.0.0/0 -> nat
gateway igw border vpc internet
gateway nat snat pub 10.0.1.200 public 203.0.113.200
filter acl-pub stateless
  in 100 allow any
  out 100 allow any
filter acl-app stateless
  in 100 allow any
  out 100 allow any
filter acl-db stateless
  in 100 allow any
  out 100 allow any
filter sg-web stateful
  in 1 allow 443
  out 1 allow any
filter sg-app stateful
  out 1 allow any
filter sg-db stateful
  in 1 allow 5432 from group:app
  out 1 allow any
interface web in pub 10.0.1.10 public 203.0.113.10 filters sg-web
interface app-1 in app 10.0.2.10 groups app filters sg-app
interface app-2 in app 10.0.2.11 groups app filters sg-app
interface db in db 10.0.3.10 filters sg-db
";

fn with(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(ESTATE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in the text");
        text.replace(from, to)
    })
}

fn acl(name: &str, rules: &str) -> (String, String) {
    let open = format!("filter {name} stateless\n  in 100 allow any\n  out 100 allow any\n");
    (open, format!("filter {name} stateless\n{rules}"))
}

fn inward(name: &str, rules: &str) -> Vec<Finding> {
    let (from, to) = acl(name, rules);
    found(&reply_gap::CHECK, &with(&[(&from, &to)]))
}

fn outward(name: &str, rules: &str) -> Vec<Finding> {
    let (from, to) = acl(name, rules);
    found(&outbound_reply_gap::CHECK, &with(&[(&from, &to)]))
}

fn only(found: &[Finding]) -> &Finding {
    let messages: Vec<&str> = found.iter().map(|finding| &*finding.message).collect();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    &found[0]
}

fn affected(finding: &Finding) -> Vec<&str> {
    finding.affected.iter().map(|label| &*label.id).collect()
}

#[test]
fn where_everything_comes_back_there_is_no_gap() {
    assert!(found(&reply_gap::CHECK, ESTATE).is_empty());
    assert!(found(&outbound_reply_gap::CHECK, ESTATE).is_empty());
    let all = inward("acl-pub", "  in 100 allow any\n  out 100 allow 1024-65535\n");
    assert!(all.is_empty());
}

#[test]
fn aws_42_a_full_gap_of_the_internet() {
    let found = inward("acl-pub", "  in 100 allow 443\n  in 110 allow udp\n  out 100 allow 443\n");
    assert_eq!(subjects(&found), ["acl-pub"]);
    let gap = only(&found);
    assert_eq!(
        gap.message,
        "acl-pub drops the replies to connections from internet (tcp 443): no egress rule lets them \
         through"
    );
    assert_eq!(gap.severity, Severity::Medium);
    assert_eq!(gap.source.as_deref(), Some("internet"));
    assert_eq!(affected(gap), ["app-1", "app-2", "db", "web"], "those who ask it from inside too");
    assert_eq!(
        gap.rules.iter().map(|rule| &*rule.text).collect::<Vec<_>>(),
        ["acl-pub ingress 100 allow tcp 443"]
    );
    assert_eq!(
        gap.notes[0].split_once(": ").unwrap().1,
        "Linux 28232/28232 (100 %), Windows 16384/16384 (100 %), anybody 64512/64512 (100 %)"
    );
    assert!(
        gap.advice.starts_with(
            "Add an egress rule to acl-pub that allows tcp 1024-65535 to internet (0.0.0.0/0)"
        ),
        "{}",
        gap.advice
    );
    assert!(gap.witness.is_some() && !gap.trace.is_empty() && gap.unknowns.is_empty());
    assert!(gap.effect.is_none());
    assert!(gap.controls.contains("CFW-NACL-010"));
}

#[test]
fn aws_41_a_partial_gap_has_a_share_for_each_client() {
    let found = inward("acl-pub", "  in 100 allow any\n  out 100 allow 32768-60999\n");
    let gap = only(&found);
    assert_eq!(
        gap.message,
        "acl-pub drops some of the replies to connections from internet (tcp 443): no egress rule \
         lets them through to the ports 1024-32767,61000-65535"
    );
    assert_eq!(
        gap.notes[0].split_once(": ").unwrap().1,
        "Linux 0/28232, Windows 4536/16384 (28 %), anybody 36280/64512 (56 %)"
    );
    assert_eq!(gap.severity, Severity::Medium);
}

#[test]
fn aws_42_a_deny_before_makes_a_gap_of_its_own() {
    let found = inward("acl-pub", "  in 100 allow any\n  out 90 deny 3389\n  out 100 allow any\n");
    let gap = only(&found);
    assert_eq!(
        gap.message,
        "acl-pub drops some of the replies to connections from internet (tcp 443): egress rule 90 \
         stops them to the ports 3389"
    );
    assert_eq!(gap.severity, Severity::Low, "one connection of 64,512");
    assert_eq!(&*gap.rules[0].id, "90");
    assert!(gap.advice.ends_with("(0.0.0.0/0), before rule 90."), "{}", gap.advice);
}

#[test]
fn what_groups_do_not_let_in_loses_nothing() {
    let (from, to) = acl("acl-pub", "  in 100 allow any\n  out 100 allow 443\n");
    let open = with(&[(&from, &to)]);
    assert_eq!(found(&reply_gap::CHECK, &open).len(), 1);
    let closed =
        with(&[(&from, &to), ("  in 1 allow 443\n", "  in 1 allow 443 from group:nobody\n")]);
    assert!(found(&reply_gap::CHECK, &closed).is_empty());
    let down = with(&[(&from, &to), ("filters sg-web", "filters sg-web down")]);
    assert!(found(&reply_gap::CHECK, &down).is_empty());
    let hidden = with(&[(&from, &to), (" public 203.0.113.10", "")]);
    let inside = found(&reply_gap::CHECK, &hidden);
    assert_eq!(only(&inside).source, None, "only those inside can ask it");
}

#[test]
fn aws_36_inside_the_estate_either_boundary_may_lose_the_reply() {
    let at_the_server =
        inward("acl-db", "  in 100 allow 5432\n  out 100 allow 49152-65535 to 10.0.2.0/24\n");
    let gap = only(&at_the_server);
    assert_eq!(
        gap.message,
        "acl-db drops some of the replies to connections inside the estate (tcp 5432): no egress \
         rule lets them through to the ports 32768-49151"
    );
    assert_eq!(affected(gap), ["app-1", "app-2", "db"]);
    assert_eq!(gap.source, None);
    assert!(gap.notes[0].ends_with("Linux 16384/28232 (58 %)"), "{}", gap.notes[0]);
    assert_eq!(
        gap.advice,
        "Add an egress rule to acl-db that allows tcp 32768-60999 to 10.0.2.0/24."
    );
    let at_the_client =
        inward("acl-app", "  out 100 allow any\n  in 100 allow 443\n  in 110 deny any\n");
    let gap = only(&at_the_client);
    assert_eq!(
        gap.message,
        "acl-app drops the replies to connections inside the estate (tcp 443,5432): ingress rule \
         110 stops them"
    );
    assert_eq!(affected(gap), ["app-1", "app-2", "db", "web"]);
}

#[test]
fn aws_35_inside_a_subnet_nothing_is_lost() {
    let (from, to) = acl("acl-app", "  in 100 allow 22\n  out 100 allow 22\n");
    let text = with(&[
        (&from, &to),
        ("filter sg-app stateful\n", "filter sg-app stateful\n  in 1 allow 22 from group:app\n"),
    ]);
    assert!(found(&reply_gap::CHECK, &text).is_empty());
}

#[test]
fn calls_to_the_internet_may_lose_their_replies() {
    let found = outward("acl-pub", "  in 100 allow 443\n  out 100 allow any\n");
    let own = only(&found);
    assert_eq!(affected(own), ["app-1", "app-2", "db", "web"]);
    assert_eq!(own.source.as_deref(), Some("internet"));
    assert!(own.message.starts_with("acl-pub drops"), "{}", own.message);
    assert!(own.message.contains("connections to internet"), "{}", own.message);
    assert!(own.advice.contains("an ingress rule to acl-pub"), "{}", own.advice);
    assert!(own.notes[0].ends_with("(100 %)"), "{}", own.notes[0]);
}

#[test]
fn aws_67a_behind_a_nat_gateway_two_boundaries_count() {
    let own = outward("acl-app", "  out 100 allow any\n  in 100 allow 49152-65535\n");
    let gap = only(&own);
    assert_eq!(affected(gap), ["app-1", "app-2"]);
    assert_eq!(
        gap.message,
        "acl-app drops the replies to connections to internet (udp, icmp type 8), and some of those \
         of tcp: no ingress rule lets them through; of tcp those to the ports 32768-49151"
    );
    let nats = outward(
        "acl-pub",
        "  in 90 allow any from 10.0.0.0/16\n  in 100 allow 1024-32767\n  out 100 allow any\n",
    );
    let behind: Vec<&Finding> =
        nats.iter().filter(|gap| affected(gap).contains(&"app-1")).collect();
    assert!(!behind.is_empty());
    assert!(behind[0].message.contains("32768-65535"), "{}", behind[0].message);
}

#[test]
fn aws_42_udp_has_gaps_too() {
    let found = outward(
        "acl-app",
        "  out 100 allow 53/udp\n  out 110 allow 123/udp\n  in 100 allow tcp\n  in 110 allow 5432\n",
    );
    let gap = only(&found);
    assert!(gap.message.contains("(udp 53,123)"), "{}", gap.message);
    assert!(gap.advice.contains("allows udp 32768-60999 from"), "{}", gap.advice);
}

#[test]
fn an_acl_that_is_not_known_is_no_gap_and_not_silence() {
    let found = inward("acl-pub", "  in 100 allow any\n  out 100 allow 1024-65535 maybe\n");
    let gap = only(&found);
    assert!(gap.is_unknown());
    assert_eq!(gap.severity, Severity::Low);
    assert_eq!(gap.unknowns.len(), 1);
    assert_eq!(
        gap.message,
        "acl-pub may drop replies to connections from internet (tcp 443) by its egress rules"
    );
    assert!(gap.advice.starts_with("Find out what is not known"), "{}", gap.advice);
    assert!(!gap.notes.iter().any(|note| note.contains("share")), "{:?}", gap.notes);
}

#[test]
fn of_what_has_no_ports_all_or_nothing_fails() {
    let found = outward("acl-app", "  out 100 allow icmp/8\n  in 100 allow tcp\n");
    let gap = only(&found);
    assert!(gap.message.contains("(icmp type 8)"), "{}", gap.message);
    assert!(!gap.notes.iter().any(|note| note.contains("share")), "{:?}", gap.notes);
    assert!(gap.advice.contains("allows icmp type 0 from"), "{}", gap.advice);
}

#[test]
fn two_acls_that_lose_the_same_are_two_gaps() {
    let lossy = "  in 100 allow any\n  out 100 allow 443\n";
    let (from, to) = acl("acl-pub", lossy);
    let (other_from, other_to) = acl("acl-app", lossy);
    let text = with(&[
        (&from, &to),
        (&other_from, &other_to),
        ("filter sg-app stateful\n", "filter sg-app stateful\n  in 1 allow 443\n"),
    ]);
    let found = found(&reply_gap::CHECK, &text);
    assert_eq!(subjects(&found), ["acl-app", "acl-pub"]);
    assert_eq!(found[0].source, None, "nobody outside can ask those");
}

fn mtu(rules: &str) -> Vec<Finding> {
    let (from, to) = acl("acl-pub", rules);
    found(&path_mtu_blocked::CHECK, &with(&[(&from, &to)]))
}

#[test]
fn aws_44_path_mtu_messages_that_are_dropped() {
    assert!(found(&path_mtu_blocked::CHECK, ESTATE).is_empty());
    let both = mtu("  in 100 allow tcp\n  out 100 allow tcp\n");
    let blocked = only(&both);
    assert_eq!(subjects(&both), ["acl-pub"]);
    assert_eq!(
        blocked.message,
        "filter acl-pub drops icmp type 3 code 4 coming in and icmp type 3 code 4 going out of \
         connections that it lets through, so that large packets may be lost"
    );
    assert_eq!(blocked.severity, Severity::Low);
    assert_eq!(affected(blocked), ["pub"]);
    let inward = mtu("  in 100 allow tcp\n  out 100 allow any\n");
    assert!(only(&inward).message.contains("drops icmp type 3 code 4 coming in of"));
    assert_eq!(
        only(&inward).advice,
        "Add to acl-pub an ingress rule that allows icmp type 3 code 4."
    );
    let let_in =
        "  in 90 allow icmp/3.4\n  in 100 allow tcp\n  out 90 allow icmp\n  out 100 allow tcp\n";
    assert!(mtu(let_in).is_empty());
}

#[test]
fn aws_44_inside_one_network_packets_are_never_too_large() {
    let inside = "  in 100 allow tcp from 10.0.0.0/16\n  out 100 allow tcp to 10.0.0.0/16\n";
    assert!(mtu(inside).is_empty());
    let one_way = "  in 100 allow tcp\n  out 100 allow udp\n";
    assert!(mtu(one_way).is_empty(), "no connection is let through");
    let (from, to) = acl("acl-pub", "  in 100 allow tcp\n  out 100 allow tcp\n");
    let unrouted = with(&[(&from, &to), ("  0.0.0.0/0 -> igw\n", "")]);
    assert!(found(&path_mtu_blocked::CHECK, &unrouted).is_empty());
}

#[test]
fn aws_44_of_ipv6_it_is_packet_too_big() {
    let (from, to) = acl(
        "acl-pub",
        "  in 90 allow icmp\n  in 100 allow tcp\n  out 90 allow icmp\n  out 100 allow tcp\n",
    );
    let v6 = with(&[
        (&from, &to),
        ("public 203.0.113.10 filters", "public 203.0.113.10 2001:db8:1:1::10 filters"),
    ]);
    let found = found(&path_mtu_blocked::CHECK, &v6);
    assert!(only(&found).message.contains("icmpv6 type 2 coming in"), "{}", only(&found).message);
}

#[test]
fn aws_17_gaps_of_ipv6_are_their_own() {
    let (from, to) = acl(
        "acl-pub",
        "  in 100 allow any\n  out 100 allow any to 0.0.0.0/0\n  out 110 allow 443 to ::/0\n",
    );
    let v6 = with(&[
        (&from, &to),
        ("public 203.0.113.10 filters", "public 203.0.113.10 2001:db8:1:1::10 filters"),
    ]);
    let found = found(&reply_gap::CHECK, &v6);
    let gap = only(&found);
    assert!(gap.advice.contains("to internet (::/0)"), "{}", gap.advice);
    assert!(gap.witness.unwrap().source.is_ipv6());
}

fn range(rules: &str, group: &str) -> Vec<Finding> {
    let (from, to) = acl("acl-pub", rules);
    let text = with(&[(&from, &to), ("  in 1 allow 443\n", group)]);
    found(&broad_ephemeral_range::CHECK, &text)
}

#[test]
fn a_range_for_replies_lets_services_in() {
    let rules = "  in 100 allow 443\n  in 200 allow 1024-65535\n  out 100 allow any\n";
    let found = range(rules, "  in 1 allow 443\n  in 2 allow 8080\n");
    let open = only(&found);
    assert_eq!(
        open.message,
        "acl-pub lets ephemeral ports in from the internet, and with them tcp 8080, which groups \
         open, and it can be reached there"
    );
    assert_eq!(open.severity, Severity::Medium);
    assert_eq!(affected(open), ["web"]);
    assert_eq!(open.rules.iter().map(|rule| &*rule.id).collect::<Vec<_>>(), ["200"]);
    assert_eq!(open.effect.as_ref().unwrap().effective, Effective::Exposed);
    assert!(range(rules, "  in 1 allow 443\n").is_empty(), "nothing in the range");
    let own = "  in 90 allow 8080\n  in 200 allow 1024-65535\n  out 100 allow any\n";
    assert!(range(own, "  in 1 allow 8080\n").is_empty(), "a rule of its own lets it in");
    let closed = "  in 90 deny 8080\n  in 200 allow 1024-65535\n  out 100 allow any\n";
    assert!(range(closed, "  in 1 allow 8080\n").is_empty(), "denied before");
    let office = "  in 200 allow 1024-65535 from 198.51.100.0/24\n  out 100 allow any\n";
    assert!(range(office, "  in 1 allow 8080\n").is_empty(), "not from the internet");
    let linux = "  in 200 allow 32768-60999\n  out 100 allow any\n";
    assert_eq!(range(linux, "  in 1 allow 50000\n").len(), 1);
    let everything = "  in 200 allow any\n  out 100 allow any\n";
    assert!(range(everything, "  in 1 allow 8080\n").is_empty(), "that is acl-open-to-all");
}

#[test]
fn less_than_a_range_of_clients_is_no_ephemeral_range() {
    let rules = "  in 200 allow 3000-9000\n  out 100 allow any\n";
    assert!(range(rules, "  in 1 allow 8080\n").is_empty());
}

#[test]
fn an_entry_that_denies_a_service_to_some_does_not_mean_it() {
    let rules = "  in 90 deny 8080 from 198.51.100.0/24\n  in 200 allow 1024-65535\n  \
                 out 100 allow any\n";
    assert_eq!(range(rules, "  in 1 allow 8080\n").len(), 1);
}

#[test]
fn what_groups_elsewhere_open_is_not_behind_the_range() {
    let (from, to) = acl("acl-pub", "  in 200 allow 1024-65535\n  out 100 allow any\n");
    let text = with(&[
        (&from, &to),
        ("filter sg-app stateful\n", "filter sg-app stateful\n  in 1 allow 8080\n"),
    ]);
    assert!(found(&broad_ephemeral_range::CHECK, &text).is_empty());
}

#[test]
fn a_range_that_nothing_comes_in_by_is_low() {
    let rules = "  in 200 allow 1024-65535\n  out 100 allow udp\n";
    let found = range(rules, "  in 2 allow 8080\n");
    assert_eq!(only(&found).severity, Severity::Low);
    assert!(only(&found).message.ends_with("and nothing gets in by it"));
}

#[test]
fn what_to_open_is_said_protocol_by_protocol_where_nearly_all_are_lost() {
    let rules = "  in 90 deny 1000-65535\n  in 91 deny udp\n  in 92 deny proto/50\n  \
                 in 100 allow 443\n  out 100 allow any\n";
    for finding in outward("acl-pub", rules) {
        let text = format!("{} {}", finding.message, finding.advice);
        assert!(!text.contains("any except"), "{text}");
    }
    let all = outward("acl-pub", "  in 100 allow 443\n  out 100 allow any\n");
    assert_eq!(
        only(&all).advice,
        "Add an ingress rule to acl-pub that allows tcp 32768-60999, udp 32768-60999, icmp type 0, \
         icmpv6 type 129 and every other protocol from internet (0.0.0.0/0)."
    );
}
