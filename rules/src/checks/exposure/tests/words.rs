//! What findings of exposure say: who may come in, what stops it, and what to do.

use cloudfw_core::{Network, PathGraph};

use super::*;
use crate::{Audit, Source, Target};

fn changed(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in the text");
        text.replace(from, to)
    })
}

/// The findings where the external network is one that the user names.
fn of_office(text: &str) -> Vec<Finding> {
    let network = Network::from_text(text).unwrap();
    let graph = PathGraph::new(&network);
    let internet = crate::testing::internet(&network).unwrap();
    let sources = [Source { name: "office".into(), is_internet: false, ..internet }];
    let settings = Settings::default();
    Audit::new(&graph, &sources, &settings).run(CHECKS.iter().copied())
}

#[test]
fn what_stops_it_is_told_in_words() {
    let stopped = |changes: &[(&str, &str)]| {
        let message = one(&changed(&public("in 1 allow 22 from 0.0.0.0/0"), changes)).message;
        message.split_once("and nothing gets in: ").unwrap().1.to_owned()
    };
    assert_eq!(
        stopped(&[("border vpc internet", "border vpc internet closed")]),
        "internet gateway igw is closed"
    );
    assert_eq!(stopped(&[("filters sg", "filters sg down")]), "network interface web does not run");
    assert_eq!(
        stopped(&[("  0.0.0.0/0 -> igw", "  0.0.0.0/0 -> blackhole")]),
        "route table public has a route whose target is gone on the way back"
    );
    assert_eq!(
        stopped(&[
            ("filters sg", "filters sg,shut"),
            ("interface web", "filter shut stateful\ninterface web")
        ]),
        "filter shut stops it"
    );
}

#[test]
fn a_gateway_that_only_lets_out_is_told_as_that() {
    let text = changed(
        &public("in 1 allow 22 from ::/0"),
        &[
            ("border vpc internet", "border vpc internet outward"),
            ("10.0.1.10 public", "2001:db8::a 10.0.1.10 public"),
        ],
    );
    let says = "internet gateway igw lets nobody outside begin";
    assert!(one(&text).message.ends_with(says), "{}", one(&text).message);
}

#[test]
fn an_address_family_that_the_interface_lacks_is_named() {
    let only_v6 = changed(
        &public("in 1 allow 22 from 0.0.0.0/0"),
        &[("10.0.1.10 public 203.0.113.10", "2001:db8::a")],
    );
    let message = one(&only_v6).message;
    assert!(message.ends_with("and nothing gets in: web has no IPv4 address"), "{message}");
}

#[test]
fn where_no_question_can_be_asked_no_way_leads_there() {
    let text = public("in 1 allow 22 from 0.0.0.0/0");
    let network = Network::from_text(&text).unwrap();
    let graph = PathGraph::new(&network);
    let internet = crate::testing::internet(&network).unwrap();
    let sources = [Source { towards: Box::new(|_| Target::default()), ..internet }];
    let settings = Settings::default();
    let found = Audit::new(&graph, &sources, &settings).run([&exposed_admin_port::CHECK]);
    let says = "and nothing gets in: no way leads from internet to web";
    assert!(found[0].message.ends_with(says), "{}", found[0].message);
}

#[test]
fn what_to_do_hangs_on_what_is_open() {
    for (service, advice) in [
        ("any", "Replace rule 1 of filter sg by rules for the ports that are served"),
        ("22", "Take rule 1 out of filter sg and administer through a VPN"),
        ("5432", "In rule 1 of filter sg name the group of the clients"),
        ("443", "Nothing, where 443 (HTTPS) is meant to be public; else narrow rule 1"),
        ("icmp", "Narrow rule 1 of filter sg to the types that are needed"),
        ("445", "Take rule 1 out of filter sg, or let in only the addresses that use 445 (SMB)"),
        ("9999", "Narrow rule 1 of filter sg to the addresses that use 9999, or add the port"),
    ] {
        let finding = one(&public(&format!("in 1 allow {service} from 0.0.0.0/0")));
        assert!(finding.advice.starts_with(advice), "{service}: {}", finding.advice);
    }
    let single = one(&public("in 1 allow 22 from 198.51.100.7"));
    assert!(single.advice.starts_with("Find out whose address it is"), "{}", single.advice);
}

#[test]
fn what_to_do_hangs_on_what_comes_of_it() {
    let text = public("in 1 allow 443 from 0.0.0.0/0");
    let private = one(&changed(&text, &[(" public 203.0.113.10", "")]));
    assert!(private.advice.starts_with("Nothing, where 443"), "{}", private.advice);
    let unused = "filter lost stateful\n  in 1 allow 443 from 0.0.0.0/0\n";
    assert_eq!(
        one(&format!("{ESTATE}{unused}")).advice,
        "Remove rule 1 from filter lost, or delete it: nothing uses it."
    );
    let unread = one(&public("in ? allow any from 0.0.0.0/0 maybe"));
    assert_eq!(unread.advice, "Record the rules of filter sg: what they say is not known.");
    let bare = format!("{ESTATE}\ninterface bare in a 10.0.1.10 public 203.0.113.10");
    let bare = one(&changed(&bare, &[("table public acl open", "table public")]));
    assert_eq!(
        bare.advice,
        "Put rules before network interface bare that let in only what it serves."
    );
}

#[test]
fn what_nothing_guards_and_may_be_down_is_not_known() {
    let text = format!("{ESTATE}\ninterface bare in a 10.0.1.10 public 203.0.113.10 maybe-down");
    let finding = one(&changed(&text, &[("table public acl open", "table public")]));
    assert_eq!(
        finding.message,
        "no rules guard network interface bare, and whether every port and protocol can be reached \
         from the whole internet is not known"
    );
    assert_eq!(finding.severity, Severity::Medium);
    assert!(finding.services.is_full());
}

#[test]
fn a_network_that_the_user_names_is_one_step_less_bad() {
    let told = |rule: &str| {
        let found = of_office(&public(rule));
        let [one] = found.as_slice() else { panic!("{found:?}") };
        let (_, whom) = one.message.split_once(" to ").unwrap();
        (one.severity, whom.split_once(',').unwrap().0.to_owned())
    };
    let all = "all of office".to_owned();
    assert_eq!(told("in 1 allow 22 from 0.0.0.0/0"), (Severity::High, all.clone()));
    assert_eq!(told("in 1 allow 389 from 0.0.0.0/0"), (Severity::Medium, all.clone()));
    assert_eq!(told("in 1 allow icmp from 0.0.0.0/0"), (Severity::Low, all.clone()));
    assert_eq!(told("in 1 allow 443 from 0.0.0.0/0"), (Severity::Info, all));
    let half = "the wide range 0.0.0.0/1 of office".to_owned();
    assert_eq!(told("in 1 allow 389 from 0.0.0.0/1"), (Severity::Low, half));
}

#[test]
fn a_part_that_is_not_known_is_told_beside_what_is() {
    let text = changed(
        &public("in 1 allow 22-23 from 0.0.0.0/0"),
        &[("in 100 allow any from 0.0.0.0/0", "in 100 allow 22\n  in 110 allow 23 maybe")],
    );
    let finding = one(&text);
    assert_eq!(finding.notes, ["Whether 23 (Telnet) can be reached as well is not known."]);
    assert!(finding.message.contains("of which 22 (SSH) can be reached at web"));
}

#[test]
fn what_is_not_known_is_not_told_of_where_nothing_gets_in() {
    let text = format!(
        "{}\ninterface back in b 10.0.2.10 filters sg",
        public("in 1 allow 22 from 0.0.0.0/0").replace("filters sg", "filters sg maybe-down")
    );
    let finding = one(&text);
    assert!(finding.is_unknown());
    assert_eq!(ids(&finding), ["web"]);
    assert_eq!(finding.notes, ["Nothing gets in at 1 more: back."]);
}

#[test]
fn what_comes_from_less_than_the_rules_say_is_told_by_its_services() {
    let text = changed(
        &public("in 1 allow 22-23 from 0.0.0.0/0"),
        &[(
            "in 100 allow any from 0.0.0.0/0",
            "in 90 allow 22 from 198.51.0.0/16\n  in 95 deny 22\n  in 100 allow any",
        )],
    );
    let notes = one(&text).notes;
    assert_eq!(notes, ["22 (SSH) comes from 198.51.0.0/16 alone: the rest is stopped."]);
}

#[test]
fn single_addresses_that_do_not_get_in_are_worth_knowing() {
    let rules = "in 1 allow 22 from 198.51.100.7";
    let blocked = one(&public(rules).replace(" public 203.0.113.10", ""));
    assert_eq!((blocked.check, blocked.severity), ("single-public-source", Severity::Info));
    let perhaps = one(&public(rules).replace("filters sg", "filters sg maybe-down"));
    assert_eq!((perhaps.check, perhaps.severity), ("single-public-source", Severity::Low));
}

#[test]
fn rules_of_two_groups_that_are_together_are_told_of_both() {
    let text = public("in low allow 22 from 0.0.0.0/1").replace(
        "interface web",
        "filter more stateful\n  in high allow 22 from 128.0.0.0/1\ninterface web",
    );
    let mut network = Network::from_text(&text).unwrap();
    let more = std::sync::Arc::clone(&network.filters["more"].ingress[0]);
    std::sync::Arc::make_mut(network.filters.get_mut("sg").unwrap()).ingress.push(more);
    let graph = PathGraph::new(&network);
    let sources: Vec<_> = crate::testing::internet(&network).into_iter().collect();
    let settings = Settings::default();
    let found = Audit::new(&graph, &sources, &settings).run([&exposed_admin_port::CHECK]);
    let of_both = found.iter().find(|it| it.rules.len() == 2).unwrap();
    assert_eq!(of_both.severity, Severity::Critical);
    assert!(
        of_both.advice.starts_with("Take rules high, low out of filter more and filter sg and"),
        "{}",
        of_both.advice
    );
    assert_eq!(
        of_both.notes[..2],
        [
            "No rule alone is as wide: the rules are together.",
            "They are of several lists that let in together: filter more, filter sg.",
        ]
    );
    let texts: Vec<&str> = of_both.rules.iter().map(|rule| &*rule.text).collect();
    assert_eq!(
        texts,
        [
            "more ingress high allow tcp 22 from 128.0.0.0/1",
            "sg ingress low allow tcp 22 from 0.0.0.0/1",
        ]
    );
}

#[test]
fn every_port_by_two_rules_is_told_as_that() {
    let finding =
        one(&public("in low allow 1-99 from 0.0.0.0/0\nin high allow 100-65535 from 0.0.0.0/0"));
    assert_eq!((finding.check, finding.severity), ("exposed-all-ports", Severity::Critical));
    assert_eq!(finding.notes, ["No rule alone opens every port: the rules do together."]);
    assert!(!finding.controls.contains("CFW-EXP-028"), "each is of all addresses");
    let alone = one(&public("in all allow tcp from 0.0.0.0/0"));
    assert!(alone.notes.is_empty(), "{:?}", alone.notes);
}

#[test]
fn advice_names_the_rules_that_would_still_open_it() {
    let told = one(&public(
        "in low allow 3306 from 0.0.0.0/1\n  in high allow 3306 from 128.0.0.0/1
  in whole allow 3306 from 0.0.0.0/0\n  in own allow 3306 from 198.51.100.0/28",
    ));
    let says = "Else rules low, high still open some of it: change them as well.";
    assert!(told.advice.ends_with(says), "{}", told.advice);
    let alone =
        one(&public("in 1 allow 3306 from 0.0.0.0/0\n  in own allow 3306 from 198.51.100.0/28"));
    assert!(!alone.advice.contains("Else"), "{}", alone.advice);
    let half = one(&public("in 1 allow 22-25 from 0.0.0.0/0\n  in 2 allow 22 from 0.0.0.0/1"));
    let says = "Else rule 2 still opens some of it: change it as well.";
    assert!(half.advice.ends_with(says), "{}", half.advice);
}
