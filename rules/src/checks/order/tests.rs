//! Findings about the order of lists.

use super::{
    acl_open_to_all, acl_opens_admin_port, acl_opens_ftp, ineffective_deny, one_way_entries,
    partly_shadowed_rule, redundant_rule, shadowed_rule,
};
use crate::testing::{found, subjects};
use crate::{Check, Effective, Finding, Severity};

/// An ACL before one server that the internet can reach.
fn estate(acl: &str, group: &str) -> String {
    format!(
        "
external internet 0.0.0.0/0,::/0
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24 table rt acl acl-1
table rt
  10.0.0.0/16 -> local
  0.0.0.0/0 -> igw
gateway igw border vpc internet
filter acl-1 stateless
{acl}
filter sg-1 stateful
{group}
  out 1 allow any
interface web in a 10.0.1.10 public 203.0.113.10 filters sg-1
"
    )
}

fn of(check: &Check, acl: &str) -> Vec<Finding> {
    found(check, &estate(acl, "  in 1 allow 22 from 0.0.0.0/0"))
}

fn only(found: &[Finding]) -> &Finding {
    let messages: Vec<&str> = found.iter().map(|finding| &*finding.message).collect();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    &found[0]
}

fn rules(finding: &Finding) -> Vec<&str> {
    finding.rules.iter().map(|rule| &*rule.id).collect()
}

fn affected(finding: &Finding) -> Vec<&str> {
    finding.affected.iter().map(|label| &*label.id).collect()
}

fn controls(finding: &Finding) -> Vec<&str> {
    finding.controls.iter().copied().collect()
}

#[test]
fn aws_31_a_shadowed_allow_names_what_shadows_it() {
    let acl = "
  in 100 deny 0-1023
  in 110 deny 1024-65535
  in 200 allow 5432 from 10.0.1.0/24
  in 210 allow udp
  out 100 allow any
";
    let found = of(&shadowed_rule::CHECK, acl);
    let shadowed = only(&found);
    assert_eq!(
        shadowed.message,
        "acl-1: ingress rule 200 (`allow tcp 5432 from 10.0.1.0/24`) never acts: rule 110 decides \
         everything that it matches, and not as it does"
    );
    assert_eq!(rules(shadowed), ["200", "110"]);
    assert_eq!((shadowed.severity, affected(shadowed)), (Severity::Low, vec!["a"]));
    assert_eq!(controls(shadowed), ["CFW-NACL-012"]);
    assert!(shadowed.advice.contains("move it before rule 110"), "{}", shadowed.advice);
    assert!(of(&ineffective_deny::CHECK, acl).iter().all(|it| it.severity == Severity::Info));
    assert!(of(&shadowed_rule::CHECK, "  in 1 allow any\n  in 2 deny 22\n").is_empty());
}

#[test]
fn what_has_to_go_before_the_first_rule_is_told_that_no_number_is_free_there() {
    let advice = |acl: &str| only(&of(&ineffective_deny::CHECK, acl)).advice.clone();
    assert_eq!(
        advice("  in 1 allow tcp\n  in 2 deny 22\n  out 100 allow any\n"),
        "Move it before rule 1, which needs a higher number for that: none is free before the \
         first, or remove it."
    );
    assert_eq!(
        advice("  in 2 allow tcp\n  in 3 deny 22\n  out 100 allow any\n"),
        "Move it before rule 2, or remove it."
    );
    let two =
        advice("  in 1 allow 1-22\n  in 2 allow 23\n  in 3 deny 22-23\n  out 100 allow any\n");
    assert!(two.starts_with("Move it before rules 1, 2, which need higher numbers"), "{two}");
}

#[test]
fn a_rule_whose_number_is_not_known_is_called_by_what_it_says() {
    let found =
        of(&ineffective_deny::CHECK, "  in ? allow tcp\n  in 3 deny 22\n  out 100 allow any\n");
    assert!(only(&found).advice.contains("before rule `"), "{}", only(&found).advice);
}

#[test]
fn what_stands_at_a_gateway_is_no_acl() {
    let at = |place: &str| {
        let text = format!(
            "external internet 0.0.0.0/0\nrouter vpc 10.0.0.0/16
filter block stateless\n  in 1 allow 20-22\n  out 1 allow any
gateway igw border vpc internet{}\nsubnet a in vpc 10.0.1.0/24{}",
            if place == "gateway" { " filters block" } else { "" },
            if place == "subnet" { " acl block" } else { "" },
        );
        let checks = [&acl_opens_admin_port::CHECK, &acl_opens_ftp::CHECK];
        checks.map(|check| found(check, &text).len())
    };
    assert_eq!(at("gateway"), [0, 0]);
    assert_eq!(at("subnet"), [1, 1]);
    assert_eq!(at("nowhere"), [1, 1]);
}

#[test]
fn a_list_that_nothing_asks_is_only_worth_knowing() {
    let text = "filter acl-1 stateless\n  in 1 deny tcp\n  in 2 allow 443\n  in 3 allow any\n";
    let found = found(&shadowed_rule::CHECK, text);
    assert_eq!(only(&found).severity, Severity::Info);
    assert!(only(&found).affected.is_empty());
}

#[test]
fn a_deny_behind_an_allow_that_crosses_it_is_low_and_the_other_way_is_info() {
    let deny = "
  in 100 allow 443
  in 110 deny any from 203.0.113.0/24
  in 120 allow any
  out 100 allow any
";
    let found = of(&partly_shadowed_rule::CHECK, deny);
    let partly = only(&found);
    assert_eq!(
        partly.message,
        "acl-1: ingress rule 110 (`deny any from 203.0.113.0/24`) acts on a part of what it says: \
         rule 100 decides the other way before it"
    );
    assert_eq!((partly.severity, rules(partly)), (Severity::Low, vec!["110", "100"]));
    assert!(partly.advice.contains("move it before rule 100"));
    let allow = "  in 100 deny 1000-2000\n  in 110 allow 1500-3000\n  out 100 allow any\n";
    let found = of(&partly_shadowed_rule::CHECK, allow);
    assert_eq!(only(&found).severity, Severity::Info);
    assert!(only(&found).advice.starts_with("Check that rule 100"));
}

#[test]
fn aws_2_a_redundant_rule_of_a_group() {
    let group = "  in 1 allow 443 from 10.0.0.0/8\n  in 2 allow 443 from 0.0.0.0/0";
    let acl = "  in 100 allow any\n  out 100 allow any";
    let found = found(&redundant_rule::CHECK, &estate(acl, group));
    let redundant = only(&found);
    assert_eq!(subjects(&found), ["sg-1"]);
    assert_eq!(
        redundant.message,
        "sg-1: ingress rule 1 (`allow tcp 443 from 10.0.0.0/8`) changes nothing: rule 2 does the \
         same for all that it matches"
    );
    assert_eq!((redundant.severity, rules(redundant)), (Severity::Info, vec!["1", "2"]));
    assert_eq!(controls(redundant), ["CFW-SG-008"]);
    assert!(redundant.affected.is_empty());
    let one = estate(acl, "  in 2 allow 443 from 0.0.0.0/0");
    assert!(crate::testing::found(&redundant_rule::CHECK, &one).is_empty());
}

#[test]
fn several_rules_do_the_same_together() {
    let acl = "
  in 100 allow 0-100
  in 110 allow 101-200
  in 120 allow 50-150
  in 130 deny udp
  in 140 allow any
  out 100 allow any
";
    let found = of(&redundant_rule::CHECK, acl);
    let redundant = only(&found);
    assert_eq!(rules(redundant), ["100", "110", "120"]);
    assert_eq!(
        redundant.message,
        "acl-1: 3 ingress rules change nothing, since others do the same: rules 100, 110, 120"
    );
    assert_eq!(redundant.notes.len(), 3);
    assert_eq!(
        redundant.notes[2],
        "acl-1: ingress rule 120 (`allow tcp 50-150`) changes nothing: rules 100, 110 do the same \
         together for all that it matches"
    );
    assert_eq!(redundant.services.to_string(), "tcp 0-200");
}

#[test]
fn of_many_redundant_rules_the_first_are_explained() {
    let many = |count: u32| {
        let rules = (0..count).map(|rule| format!("  in {rule} allow {rule}\n"));
        let text = rules.collect::<String>() + "  in 99 allow 0-100";
        found(&redundant_rule::CHECK, &estate("  in 1 allow any\n  out 1 allow any", &text))
    };
    let ten = many(10);
    assert_eq!((only(&ten).notes.len(), rules(only(&ten)).len()), (10, 10));
    let twelve = many(12);
    assert_eq!(rules(only(&twelve)).len(), 12);
    assert_eq!((only(&twelve).notes.len(), &*only(&twelve).notes[10]), (11, "and 2 more"));
}

#[test]
fn a_deny_behind_what_it_is_to_stop() {
    let acl = "
  in 100 allow tcp
  in 200 deny 22
  in 210 deny 53/udp
  out 100 allow any
";
    let found = of(&ineffective_deny::CHECK, acl);
    let [never, idle] = &found[..] else { panic!("{}", found.len()) };
    assert_eq!(
        never.message,
        "acl-1: ingress rule 200 (`deny tcp 22`) never denies anything: rule 100 lets through before \
         it what it is to stop"
    );
    assert_eq!((never.severity, rules(never)), (Severity::Medium, vec!["200", "100"]));
    assert_eq!((controls(never), affected(never)), (vec!["CFW-NACL-012"], vec!["a"]));
    assert_eq!(
        idle.message,
        "acl-1: ingress rule 210 (`deny udp 53`) denies what no rule behind it would let through"
    );
    assert_eq!((idle.severity, rules(idle)), (Severity::Info, vec!["210"]));
    assert!(idle.affected.is_empty());
    let right = "  in 100 deny 22\n  in 200 allow tcp\n  in 300 deny any\n  out 100 allow any\n";
    assert!(of(&ineffective_deny::CHECK, right).is_empty());
}

#[test]
fn aws_34_entries_that_nothing_answers() {
    let acl = "
  in 100 allow 443
  in 110 allow 22 from 198.51.100.0/24
  in 120 allow 53/udp
  out 100 allow 1024-65535/udp
";
    let group = "  in 1 allow udp";
    let found = found(&one_way_entries::CHECK, &estate(acl, group));
    let one_way = only(&found);
    assert_eq!(
        one_way.message,
        "acl-1: ingress rules 100, 110 let packets through one way only: no egress rule lets the \
         counterparts of their packets through"
    );
    assert_eq!((one_way.severity, rules(one_way)), (Severity::Low, vec!["100", "110"]));
    assert_eq!(affected(one_way), ["a"]);
    assert_eq!(one_way.services.to_string(), "tcp 22,443");
}

#[test]
fn one_entry_is_told_as_one() {
    let acl = "  in 100 allow 443\n  in 120 allow 53/udp\n  out 100 allow 1024-65535/udp\n";
    let found = found(&one_way_entries::CHECK, &estate(acl, "  in 1 allow udp"));
    assert_eq!(
        only(&found).message,
        "acl-1: ingress rule 100 lets packets through one way only: no egress rule lets the \
         counterparts of its packets through"
    );
    assert!(only(&found).advice.ends_with("rule 100: it can be of no use."));
}

#[test]
fn a_gap_that_is_not_proved_or_of_another_acl_does_not_tell_of_an_entry() {
    let acl = "  in 100 allow 22\n  in 110 allow udp\n  out 100 allow udp\n";
    let group = "  in 1 allow 22 from 0.0.0.0/0";
    assert!(of(&one_way_entries::CHECK, acl).is_empty(), "the gap is proved");
    let unsure = estate(acl, group).replace("filters sg-1", "filters sg-1 maybe-down");
    assert_eq!(rules(only(&found(&one_way_entries::CHECK, &unsure))), ["100"]);
    let unused =
        "filter acl-2 stateless\n  in 200 allow 23\n  in 210 allow udp\n  out 200 allow udp
subnet b in vpc 10.0.2.0/24 table rt acl acl-2\n";
    let both = found(&one_way_entries::CHECK, &format!("{}{unused}", estate(acl, group)));
    assert_eq!(subjects(&both), ["acl-2"]);
    assert_eq!(rules(only(&both)), ["200"]);
}

#[test]
fn entries_that_carry_replies_are_not_one_way() {
    let replies = "  in 100 allow 1024-65535\n  out 100 allow 443\n";
    assert!(of(&one_way_entries::CHECK, replies).is_empty(), "replies to calls of our own");
    let low = "  in 100 allow 443\n  out 100 allow 443\n";
    let low = found(&one_way_entries::CHECK, &estate(low, "  in 1 allow udp"));
    assert_eq!(rules(only(&low)), ["100"], "no client asks from port 443");
    assert!(low[0].message.contains("ingress"), "what goes out is told by a proved gap");
    let errors = "  in 100 allow icmp/3.4\n  out 100 allow 443\n  in 110 allow 1024-65535\n";
    assert!(of(&one_way_entries::CHECK, errors).is_empty(), "errors have no reply");
    let shadowed =
        "  in 90 deny 443\n  in 100 allow 443\n  out 100 allow udp\n  in 110 allow udp\n";
    assert!(of(&one_way_entries::CHECK, shadowed).is_empty(), "that is shadowed-rule");
    let groups = "  in 100 allow 443 from group:a\n";
    assert!(of(&one_way_entries::CHECK, groups).is_empty());
    let gap = "  in 100 allow 22\n  out 100 allow udp\n  in 110 allow udp\n";
    assert!(of(&one_way_entries::CHECK, gap).is_empty(), "reply-gap proves it");
}

#[test]
fn aws_31_an_admin_port_is_open_in_the_order_of_the_list() {
    let acl = "  in 100 allow 0-30000 from 0.0.0.0/0\n  out 100 allow any\n";
    let found = of(&acl_opens_admin_port::CHECK, acl);
    let open = only(&found);
    assert_eq!(
        open.message,
        "acl-1 lets tcp 22,3389 in from the internet, and it can be reached there"
    );
    assert_eq!((open.severity, rules(open)), (Severity::Medium, vec!["100"]));
    assert_eq!((affected(open), open.source.as_deref()), (vec!["web"], Some("internet")));
    let effect = open.effect.as_ref().unwrap();
    assert_eq!((&effect.effective, effect.literal), (&Effective::Exposed, true));
    let denied = "
  in 90 deny 22 from 0.0.0.0/0
  in 95 deny 3389
  in 100 allow 0-30000
  out 100 allow any
";
    let families = of(&acl_opens_admin_port::CHECK, denied);
    assert_eq!(only(&families).services.to_string(), "tcp 22", "over IPv6");
    let office = "  in 100 allow 22 from 198.51.100.0/24\n  out 100 allow any\n";
    assert!(of(&acl_opens_admin_port::CHECK, office).is_empty());
    let private = "  in 100 allow 22 from 0.0.0.0/7\n  out 100 allow any\n";
    assert_eq!(of(&acl_opens_admin_port::CHECK, private).len(), 1, "more than a /8");
    let just = "  in 100 allow 22 from 3.0.0.0/8\n  out 100 allow any\n";
    assert_eq!(of(&acl_opens_admin_port::CHECK, just).len(), 1, "a /8");
    let fewer = "  in 100 allow 22 from 3.0.0.0/9\n  out 100 allow any\n";
    assert!(of(&acl_opens_admin_port::CHECK, fewer).is_empty(), "less than a /8");
    let all = "  in 100 allow any\n  out 100 allow any\n";
    assert!(of(&acl_opens_admin_port::CHECK, all).is_empty(), "that is acl-open-to-all");
}

#[test]
fn an_admin_port_that_nothing_can_reach_is_low() {
    let acl = "  in 100 allow 0-30000\n  out 100 allow any";
    let closed = estate(acl, "  in 1 allow 443");
    let closed = found(&acl_opens_admin_port::CHECK, &closed);
    assert_eq!(only(&closed).severity, Severity::Low);
    assert!(matches!(only(&closed).effect.as_ref().unwrap().effective, Effective::Blocked(_)));
    assert!(only(&closed).message.ends_with(", and nothing gets in by it"));
    let unused = "filter acl-1 stateless\n  in 1 allow 22\n";
    let unused = found(&acl_opens_admin_port::CHECK, unused);
    assert_eq!(only(&unused).severity, Severity::Info);
    assert_eq!(only(&unused).effect.as_ref().unwrap().effective, Effective::Unattached);
}

#[test]
fn an_acl_that_lets_all_in_is_worth_knowing() {
    let all = "  in 100 allow any from 0.0.0.0/0\n  out 100 allow any";
    let quiet = found(&acl_open_to_all::CHECK, &estate(all, "  in 1 allow 443"));
    let open = only(&quiet);
    assert_eq!(open.message, "acl-1 lets every protocol and port in from the internet");
    assert_eq!((open.severity, rules(open)), (Severity::Info, vec!["100"]));
    assert_eq!(controls(open), ["CFW-NACL-001", "CFW-NACL-002", "CFW-NACL-003"]);
    let loud = of(&acl_open_to_all::CHECK, all);
    assert_eq!(only(&loud).severity, Severity::Low);
    assert_eq!(only(&loud).notes, ["SSH or RDP can be reached behind it at web"]);
    let tcp = of(&acl_open_to_all::CHECK, "  in 100 allow tcp\n  out 100 allow any\n");
    assert!(only(&tcp).message.contains("every TCP port"));
    let halves = "  in 1 allow any from 0.0.0.0/1\n  in 2 allow any from 128.0.0.0/1\n";
    assert_eq!(of(&acl_open_to_all::CHECK, halves).len(), 1);
    let but_one = "  in 1 deny 3389\n  in 2 allow any\n";
    assert!(of(&acl_open_to_all::CHECK, but_one).is_empty());
    let inside = "  in 1 allow any from 10.0.0.0/16\n  in 2 allow 443\n";
    assert!(of(&acl_open_to_all::CHECK, inside).is_empty());
}

#[test]
fn ftp_is_low() {
    let found = of(&acl_opens_ftp::CHECK, "  in 1 allow 20-22\n  out 1 allow any\n");
    assert_eq!(only(&found).severity, Severity::Low);
    assert_eq!(only(&found).services.to_string(), "tcp 20-21");
    assert!(only(&found).message.starts_with("acl-1 lets FTP (tcp 20-21) in from the internet"));
    assert_eq!(controls(only(&found)), ["CFW-NACL-003"]);
    assert!(of(&acl_opens_ftp::CHECK, "  in 1 allow 22\n  out 1 allow any\n").is_empty());
}

#[test]
fn a_range_of_ipv6_is_the_internet_from_a_16_on() {
    let of_v6 = |from: &str| {
        let acl = format!("  in 100 allow 22 from {from}\n  out 100 allow any\n");
        of(&acl_opens_admin_port::CHECK, &acl).len()
    };
    assert_eq!(of_v6("2a00::/16"), 1);
    assert_eq!(of_v6("2a00::/17"), 0);
}

#[test]
fn only_the_rules_that_let_the_internet_in_are_named() {
    let acl = "
  in 90 allow 22 from 10.0.1.0/24
  in 95 allow 443 from 0.0.0.0/0
  in 96 deny 22 from 203.0.113.0/24
  in 100 allow 22 from 0.0.0.0/0
  out 100 allow any
";
    let text = estate(acl, "  in 1 allow 22 from 0.0.0.0/0")
        .replace("internet 0.0.0.0/0,::/0", "internet 0.0.0.0/5,8.0.0.0/7,11.0.0.0/8,16.0.0.0/4");
    let found = found(&acl_opens_admin_port::CHECK, &text);
    assert_eq!(rules(only(&found)), ["100"]);
}

const OPEN: &str = "  in 100 allow 22\n  out 100 allow any\n";

fn effective(finding: &Finding) -> &Effective {
    &finding.effect.as_ref().unwrap().effective
}

#[test]
fn a_port_that_a_group_opens_to_an_office_alone_can_be_reached() {
    // Too few addresses to be an exposure of the group.
    let office = estate(OPEN, "  in 1 allow 22 from 198.51.100.0/25");
    let more = "filter acl-2 stateless
  in 100 allow any from 10.0.0.0/16
  out 100 allow any
subnet b in vpc 10.0.2.0/24 table rt acl acl-2
interface app in a 10.0.1.9 public 203.0.113.9 filters sg-1
interface elsewhere in b 10.0.2.10 public 203.0.113.11 filters sg-1
";
    let all = found(&acl_opens_admin_port::CHECK, &format!("{office}{more}"));
    let one = only(&all);
    assert_eq!((effective(one), one.severity), (&Effective::Exposed, Severity::Medium));
    assert_eq!(affected(one), ["app", "web"], "in order, and only those behind the ACL");

    let unsure = office.replace("filters sg-1", "filters sg-1 maybe-down");
    let all = found(&acl_opens_admin_port::CHECK, &unsure);
    let one = only(&all);
    assert_eq!((effective(one), one.severity), (&Effective::Unknown, Severity::Low));
    assert_eq!(affected(one), ["web"]);
    assert!(one.message.ends_with("and whether anything gets in is not known"));

    let private = office.replace(" public 203.0.113.10", "");
    let all = found(&acl_opens_admin_port::CHECK, &private);
    let Effective::Blocked(steps) = effective(only(&all)) else { panic!("{all:?}") };
    assert_eq!(&*steps[0].at.id, "web", "it has no public address");
    assert!(affected(only(&all)).is_empty());
}

#[test]
fn what_stops_an_open_port_behind_an_acl_is_told() {
    let group = "  in 1 allow 22 from 0.0.0.0/0";
    let private = estate(OPEN, group).replace(" public 203.0.113.10", "");
    let all = found(&acl_opens_admin_port::CHECK, &private);
    let Effective::Blocked(steps) = effective(only(&all)) else { panic!("{all:?}") };
    assert!(!steps.is_empty());

    let unsure = estate(OPEN, group).replace("filters sg-1", "filters sg-1 maybe-down");
    let all = found(&acl_opens_admin_port::CHECK, &unsure);
    let one = only(&all);
    assert_eq!((effective(one), affected(one)), (&Effective::Unknown, vec!["web"]));
    assert_eq!(&*one.unknowns[0].what, "whether it runs");
}

#[test]
fn what_is_reached_behind_another_acl_is_another_matter() {
    let text = estate(OPEN, "  in 1 allow 22 from 0.0.0.0/0").replace(" public 203.0.113.10", "")
        + "filter acl-2 stateless\n  in 1 allow any\n  out 1 allow any
subnet b in vpc 10.0.2.0/24 table rt acl acl-2
interface elsewhere in b 10.0.2.10 public 203.0.113.11 filters sg-1\n";
    let all = found(&acl_opens_admin_port::CHECK, &text);
    assert_eq!(subjects(&all), ["acl-1"]);
    assert!(matches!(effective(&all[0]), Effective::Blocked(_)), "{all:?}");
}

#[test]
fn a_stateless_list_of_an_interface_is_judged_by_that_interface() {
    let text = estate("  in 100 allow 443\n  out 100 allow any\n", "  in 1 allow any").replace(
        "interface web",
        "filter own stateless\n  in 1 allow 443 from 0.0.0.0/0\n  in 2 allow 22\n  out 1 allow any\ninterface web",
    );
    let text = text.replace("filters sg-1", "filters sg-1,own");
    let all = found(&acl_opens_admin_port::CHECK, &text);
    assert_eq!(subjects(&all), ["own"]);
    assert!(matches!(effective(&all[0]), Effective::Blocked(_)), "the ACL stops it");
    let open = text.replacen("in 100 allow 443", "in 100 allow 22", 1);
    let all = found(&acl_opens_admin_port::CHECK, &open);
    let own = all.iter().find(|finding| &*finding.subject.id == "own").unwrap();
    assert_eq!((effective(own), affected(own)), (&Effective::Exposed, vec!["web"]));
}

#[test]
fn where_no_group_lets_anything_in_nothing_is_asked() {
    let text = estate(OPEN, "  in 1 allow 443 from 198.51.100.0/25");
    let all = found(&acl_opens_admin_port::CHECK, &text);
    assert_eq!(
        effective(only(&all)),
        &Effective::Blocked(Vec::new()),
        "nothing stops what nobody lets in"
    );
}
