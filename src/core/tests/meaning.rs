//! What filters mean, told in text form. Names begin with the statement of `clouds.md` or the
//! section of DESIGN that a test holds.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "that is how a test fails and reports"
)]

mod asking;

use asking::{ask, ask_as, blockers, changed, exactly, is_stopped_by, network};
use cloudfw_core::{
    Client, Decision, Leg, Network, PathGraph, PortSet, Question, Reason, Symptom, Verdict, reach,
};

/// Two subnets of one network, with an ACL each and a group each.
const TIERS: &str = "
router vpc 10.0.0.0/16
subnet web in vpc 10.0.1.0/24 table rt acl acl-web
subnet db in vpc 10.0.2.0/24 table rt acl acl-db
table rt
  10.0.0.0/16 -> local
filter acl-web stateless
  in 100 allow any
  out 100 allow any
filter acl-db stateless
  in 100 allow 5432 from 10.0.1.0/24
  in * deny any
  out 110 allow 49152-65535 to 10.0.1.0/24
  out * deny any
filter sg-web stateful
  out 1 allow any
filter sg-db stateful
  in 1 allow 5432 from group:web
interface web in web 10.0.1.10 groups web filters sg-web
interface db in db 10.0.2.20 groups db filters sg-db
";

fn tiers(changes: &[(&str, &str)]) -> Network {
    changed(TIERS, changes)
}

#[test]
fn design_5_there_and_back_is_reachable() {
    let all_back = tiers(&[("allow 49152-65535 to", "allow 1024-65535 to")]);
    let answer = ask(&all_back, "web", "db", "5432");
    assert_eq!(answer.verdict, Verdict::Reachable);
    assert_eq!(answer.symptom, Symptom::Connects);
    assert_eq!(answer.failing.at_most.part, 0);
    assert!(answer.blockers.is_empty() && answer.unknowns.is_empty());
}

#[test]
fn aws_40_the_reply_is_matched_on_the_clients_port() {
    let answer = ask(&tiers(&[]), "web", "db", "5432");
    assert_eq!(answer.verdict, Verdict::Intermittent);
    assert_eq!(answer.forward_verdict, Verdict::Reachable);
    assert_eq!(answer.symptom, Symptom::SomeTimeOut);
    assert_eq!(answer.failing, exactly(16384, 28232));
    assert_eq!(answer.gap, PortSet::range(32768, 49151));
    assert_eq!(blockers(&answer), ["acl-db egress *"]);
    assert_eq!(answer.blockers[0].leg, Leg::Return);
}

#[test]
fn aws_41_windows_and_others_choose_other_ports() {
    let failing = |client| ask_as(&tiers(&[]), "web", "db", "5432", Some(client));
    assert_eq!(failing(Client::windows()).verdict, Verdict::Reachable);
    assert_eq!(failing(Client::any()).failing, exactly(48128, 64512));
    let recorded = tiers(&[("groups web filters", "client windows groups web filters")]);
    assert_eq!(ask(&recorded, "web", "db", "5432").verdict, Verdict::Reachable);
}

#[test]
fn aws_42_a_deny_inside_the_range_makes_a_gap() {
    let answer = ask(
        &tiers(&[(
            "out 110 allow 49152-65535",
            "out 100 deny 40000-40099\n  out 110 allow 1024-65535",
        )]),
        "web",
        "db",
        "5432",
    );
    assert_eq!(answer.failing, exactly(100, 28232));
    assert_eq!(answer.gap, PortSet::range(40000, 40099));
    assert_eq!(blockers(&answer), ["acl-db egress 100"]);
}

#[test]
fn aws_34_no_port_comes_back_is_unreachable() {
    let answer = ask(&tiers(&[("allow 49152-65535 to", "allow 443 to")]), "web", "db", "5432");
    assert_eq!(answer.forward_verdict, Verdict::Reachable);
    assert_eq!(answer.symptom, Symptom::TimesOut);
    is_stopped_by(&answer, &["acl-db egress *"]);
}

#[test]
fn aws_36_four_crossings_between_two_subnets() {
    let answer = ask(&tiers(&[("allow 49152-65535 to", "allow any to")]), "web", "db", "5432");
    let asked: Vec<String> = answer
        .forward
        .iter()
        .chain(&answer.back)
        .filter(|step| step.reason == Reason::Rule)
        .map(asking::place)
        .collect();
    assert_eq!(
        asked,
        [
            "sg-web egress 1",
            "acl-web egress 100",
            "acl-db ingress 100",
            "sg-db ingress 1",
            "acl-db egress 110",
            "acl-web ingress 100",
        ]
    );
}

#[test]
fn aws_35_an_acl_is_not_asked_inside_its_subnet() {
    let text = "
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24 table rt acl closed
table rt
  10.0.0.0/16 -> local
filter closed stateless
  in * deny any
  out * deny any
interface one in a 10.0.1.1
interface two in a 10.0.1.2
";
    assert_eq!(ask(&network(text), "one", "two", "22").verdict, Verdict::Reachable);
    let apart = changed(
        text,
        &[(
            "interface two in a 10.0.1.2",
            "subnet b in vpc 10.0.2.0/24 table rt\ninterface two in b 10.0.2.2",
        )],
    );
    assert_eq!(blockers(&ask(&apart, "one", "two", "22")), ["closed egress *", "closed ingress *"]);
}

#[test]
fn aws_31_first_match_decides() {
    let deny_first = ("in 100 allow 5432", "in 50 deny tcp from 10.0.1.8/29\n  in 100 allow 5432");
    is_stopped_by(
        &ask_as(&tiers(&[deny_first]), "web", "db", "5432", Some(Client::windows())),
        &["acl-db ingress 50"],
    );
    let deny_later = ("in * deny any", "in 120 deny tcp from 10.0.1.8/29\n  in * deny any");
    let answer = ask_as(&tiers(&[deny_later]), "web", "db", "5432", Some(Client::windows()));
    assert_eq!(answer.verdict, Verdict::Reachable);
}

#[test]
fn aws_5_both_ends_count() {
    let closed =
        tiers(&[("out 1 allow any", "out 1 allow 443"), ("in 1 allow 5432", "in 1 allow 22")]);
    let answer = ask_as(&closed, "web", "db", "5432", Some(Client::windows()));
    is_stopped_by(&answer, &["sg-web egress Rule", "sg-db ingress Rule"]);
}

#[test]
fn aws_3_a_group_without_rules_lets_nothing_through() {
    let empty = tiers(&[(
        "filter sg-db stateful\n  in 1 allow 5432 from group:web",
        "filter sg-db stateful",
    )]);
    is_stopped_by(
        &ask_as(&empty, "web", "db", "5432", Some(Client::windows())),
        &["sg-db ingress Rule"],
    );
}

#[test]
fn aws_6_the_same_group_alone_lets_nothing_through() {
    let same = tiers(&[("groups web filters sg-web", "groups db filters sg-web")]);
    is_stopped_by(
        &ask_as(&same, "web", "db", "5432", Some(Client::windows())),
        &["sg-db ingress Rule"],
    );
    let itself = tiers(&[
        ("groups web filters sg-web", "groups db filters sg-web"),
        ("group:web", "group:db"),
    ]);
    let answer = ask_as(&itself, "web", "db", "5432", Some(Client::windows()));
    assert_eq!(answer.verdict, Verdict::Reachable);
}

#[test]
fn aws_20_a_reply_needs_no_rule_of_its_group() {
    let answer = ask_as(&tiers(&[]), "web", "db", "5432", Some(Client::windows()));
    let excused: Vec<_> = answer.back.iter().filter(|s| s.reason == Reason::Established).collect();
    assert_eq!(excused.len(), 2, "both groups remember the flow");
    assert!(excused.iter().all(|step| step.decision == Decision::Allow));
}

#[test]
fn aws_23_protocols_without_ports_come_back_as_themselves() {
    let open = tiers(&[
        ("in 100 allow 5432 from", "in 100 allow any from"),
        ("in 1 allow 5432", "in 1 allow any"),
    ]);
    is_stopped_by(&ask(&open, "web", "db", "gre"), &["acl-db egress *"]);
    let both = tiers(&[
        ("in 100 allow 5432 from", "in 100 allow any from"),
        ("in 1 allow 5432", "in 1 allow any"),
        ("out 110 allow 49152-65535", "out 110 allow gre"),
    ]);
    assert_eq!(ask(&both, "web", "db", "gre").verdict, Verdict::Reachable);
}

#[test]
fn design_5_the_reply_of_an_echo_is_an_echo_reply_and_others_have_none() {
    let icmp = [
        ("in 100 allow 5432 from", "in 100 allow icmp from"),
        ("in 1 allow 5432", "in 1 allow icmp"),
        ("out 110 allow 49152-65535", "out 110 allow icmp/0"),
    ];
    assert_eq!(ask(&tiers(&icmp), "web", "db", "icmp/8.0").verdict, Verdict::Reachable);
    let no_echo = [icmp[0], icmp[1], ("out 110 allow 49152-65535", "out 110 allow icmp/8")];
    is_stopped_by(&ask(&tiers(&no_echo), "web", "db", "icmp/8.0"), &["acl-db egress *"]);
    assert_eq!(ask(&tiers(&no_echo), "web", "db", "icmp/3.4").verdict, Verdict::Reachable);
}

#[test]
fn design_5_udp_reports_the_way_out_on_its_own() {
    let udp = tiers(&[
        ("in 100 allow 5432 from", "in 100 allow 53/udp from"),
        ("in 1 allow 5432", "in 1 allow 53/udp"),
    ]);
    let answer = ask(&udp, "web", "db", "53/udp");
    assert_eq!(
        (answer.forward_verdict, answer.verdict),
        (Verdict::Reachable, Verdict::Unreachable)
    );
    let question = Question { one_way: true, ..answer.question };
    let one_way = reach(&PathGraph::new(&udp), &question);
    assert_eq!(one_way.verdict, Verdict::Reachable);
    assert!(one_way.back.is_empty());
}

#[test]
fn design_4_what_cannot_be_resolved_is_unknown() {
    let peers = tiers(&[
        ("from group:web", "from ?pl-1"),
        ("out 110 allow 49152-65535", "out 110 allow any"),
    ]);
    let answer = ask(&peers, "web", "db", "5432");
    assert_eq!(answer.verdict, Verdict::Unknown);
    assert!(answer.unknowns.iter().any(|unknown| &*unknown.what == "pl-1"));
    let otherwise = tiers(&[
        (
            "in 1 allow 5432 from group:web",
            "in 1 allow 5432 from ?pl-1\n  in 2 allow 5432 from group:web",
        ),
        ("out 110 allow 49152-65535", "out 110 allow any"),
    ]);
    assert_eq!(
        ask(&otherwise, "web", "db", "5432").verdict,
        Verdict::Reachable,
        "it does not matter"
    );
    let route =
        tiers(&[("  10.0.0.0/16 -> local", "  10.0.0.0/16 -> local\n  ?pl-2 -> blackhole")]);
    let answer = ask_as(&route, "web", "db", "5432", Some(Client::windows()));
    assert_eq!(answer.verdict, Verdict::Reachable, "AWS-62: a list does not win over local");
}

#[test]
fn design_5_a_refusal_is_heard_only_if_it_comes_back() {
    let symptom = |changes: &[(&str, &str)]| {
        let all: Vec<_> = [("in 1 allow 5432 from group:web", "in 1 reset 5432")]
            .iter()
            .chain(changes)
            .copied()
            .collect();
        let answer = ask_as(&tiers(&all), "web", "db", "5432", Some(Client::windows()));
        assert_eq!(answer.verdict, Verdict::Unreachable);
        answer.symptom
    };
    assert_eq!(symptom(&[]), Symptom::ConnectionRefused);
    assert_eq!(symptom(&[("out 110 allow 49152-65535", "out 110 allow 443")]), Symptom::TimesOut);
    // An ICMP error does not pass an ACL that lets only TCP back.
    assert_eq!(symptom(&[("in 1 reset", "in 1 reject")]), Symptom::TimesOut);
    let any = ("out 110 allow 49152-65535", "out 110 allow any");
    assert_eq!(symptom(&[("in 1 reset", "in 1 reject"), any]), Symptom::ConnectionRefused);
    assert_eq!(symptom(&[("in 1 reset", "in 1 prohibit"), any]), Symptom::NoRouteToHost);
    assert_eq!(symptom(&[("in 1 reset", "in 1 deny"), any]), Symptom::TimesOut);
}

/// On its way back it is known by its groups, as any other reply.
#[test]
fn design_5_a_refusal_passes_where_a_group_is_let_through() {
    let symptom = |acl: &str| {
        let refusing = tiers(&[
            ("in 1 allow 5432 from group:web", "in 1 reset 5432"),
            ("out 110 allow 49152-65535 to 10.0.1.0/24", acl),
        ]);
        ask_as(&refusing, "web", "db", "5432", Some(Client::windows())).symptom
    };
    assert_eq!(symptom("out 110 allow any to group:web"), Symptom::ConnectionRefused);
    assert_eq!(symptom("out 110 allow any to group:db"), Symptom::TimesOut);
}

/// Where it comes back to some of the client's ports, what the client sees hangs on the port.
#[test]
fn design_5_a_refusal_that_some_ports_hear_is_no_symptom_of_all() {
    let refusing = tiers(&[("in 1 allow 5432 from group:web", "in 1 reset 5432")]);
    let symptom = |ports: Option<(u16, u16)>| {
        let client = ports
            .map(|(low, high)| Client { kind: "given".into(), ports: PortSet::range(low, high) });
        let answer = ask_as(&refusing, "web", "db", "5432", client);
        assert_eq!(answer.verdict, Verdict::Unreachable);
        answer.symptom
    };
    assert_eq!(symptom(None), Symptom::Unknown, "32768-60999, of which 49152 and up");
    assert_eq!(symptom(Some((49152, 60999))), Symptom::ConnectionRefused);
    assert_eq!(symptom(Some((32768, 49151))), Symptom::TimesOut);
}

/// Behind the gateway that gave the flow another port, the refusal carries the client's own again.
#[test]
fn design_5_a_refusal_goes_back_through_a_nat_gateway_to_the_clients_port() {
    let network = network(
        "router vpc 10.16.0.0/16
         subnet a in vpc 10.16.2.0/24 table rta acl open
         subnet b in vpc 10.16.0.0/24 table rtb acl acl-b
         table rta
           10.16.0.0/16 -> local
           10.16.0.0/24 -> nat
         table rtb
           10.16.0.0/16 -> local
         gateway nat snat b 10.16.0.4
         filter open stateless
           in 100 allow any
           out 100 allow any
         filter acl-b stateless
           in 1 allow any
           out 1 allow 1024-47382
         filter sg stateful
           in 1 reset 80
           out 1 allow any
         interface web in a 10.16.2.4 filters open
         interface db in b 10.16.0.41 filters sg",
    );
    let symptom = |port: u16| {
        let client = Client { kind: "given".into(), ports: PortSet::range(port, port) };
        ask_as(&network, "web", "db", "80", Some(client)).symptom
    };
    assert_eq!(symptom(59406), Symptom::TimesOut);
    assert_eq!(symptom(40000), Symptom::ConnectionRefused);
}

#[test]
fn design_5_what_does_not_run_does_not_answer() {
    let open = ("out 110 allow 49152-65535", "out 110 allow any");
    let down = tiers(&[open, ("groups db filters", "down groups db filters")]);
    is_stopped_by(&ask(&down, "web", "db", "5432"), &["db Down"]);
    let asleep = tiers(&[open, ("groups web filters", "down groups web filters")]);
    is_stopped_by(&ask(&asleep, "web", "db", "5432"), &["web Down"]);
    let maybe = tiers(&[open, ("groups db filters", "maybe-down groups db filters")]);
    assert_eq!(ask(&maybe, "web", "db", "5432").verdict, Verdict::Unknown);
    assert_eq!(ask(&maybe, "web", "db", "22").verdict, Verdict::Unreachable);
}

#[test]
fn design_5_some_pass_and_some_fail_is_partial() {
    let built = tiers(&[("out 110 allow 49152-65535", "out 110 allow any")]);
    let answer = ask(&built, "web", "db", "5432,5433");
    assert_eq!(answer.verdict, Verdict::Partial);
    let passing = answer.allowed.at_least.services();
    assert_eq!(passing.destination_ports(), PortSet::single(5432));
    let gap = ask(&tiers(&[]), "web", "db", "5432,5433");
    assert_eq!(gap.verdict, Verdict::Partial, "passing now and then beside failing");
    assert_eq!(ask(&built, "web", "db", "any").verdict, Verdict::Partial);
}

#[test]
fn design_6_an_address_that_nobody_holds() {
    let built = tiers(&[("out 110 allow 49152-65535", "out 110 allow any")]);
    let answer = ask(&built, "web", "?vpc:10.0.2.99", "5432");
    assert_eq!((answer.verdict, answer.blockers[0].reason), (Verdict::Unreachable, Reason::Unheld));
    let unread = tiers(&[("router vpc 10.0.0.0/16", "router vpc 10.0.0.0/16 unread")]);
    assert_eq!(ask(&unread, "web", "?vpc:10.0.2.99", "5432").verdict, Verdict::Unknown);
}

/// Two subnets, a border whose first subnet opens flows by one shared address, and a machine in it
/// that has a public address as well.
const POOLED: &str = "
external internet 0.0.0.0/5,8.0.0.0/7,20.0.0.0/8,52.0.0.0/8,198.51.100.0/24
router vnet 10.0.0.0/16
subnet a in vnet 10.0.1.0/24 table rt routed
subnet b in vnet 10.0.2.0/24 table rt routed
table rt
  10.0.0.0/16 -> local
  0.0.0.0/0 -> internet-gw
gateway internet-gw border vnet internet pool 10.0.1.0/24 as 20.0.0.9 pool 10.0.2.0/24 as ?
filter open stateful
  in 1 allow any
  out 1 allow any
filter shut stateful
  in 1 allow 22 from 20.0.0.9
  out 1 allow any
interface vm in a 10.0.1.4 public 20.0.0.4 filters open
interface next in a 10.0.1.5 filters open
interface db in b 10.0.2.4 public 20.0.0.5 filters shut
";

#[test]
fn az_70_sources_of_a_pool_share_its_address_and_its_ports() {
    let network = network(POOLED);
    let answer = ask(&network, "next", "internet:52.0.0.1", "443");
    assert_eq!(answer.verdict, Verdict::Reachable, "{:?}", answer.blockers);
    let becomes = answer.forward.iter().find(|step| step.decision == Decision::Translate);
    assert!(
        becomes.is_some_and(|step| format!("{:?}", step.rule).contains("20.0.0.9")),
        "{becomes:?}"
    );
    // Also of those that have an address of their own: what they open goes by the pool.
    let answer = ask(&network, "vm", "internet:52.0.0.1", "443");
    let becomes = answer.forward.iter().find(|step| step.decision == Decision::Translate);
    assert!(
        becomes.is_some_and(|step| format!("{:?}", step.rule).contains("20.0.0.9")),
        "{becomes:?}"
    );
    // And the other end sees it.
    assert_eq!(ask(&network, "next", "db@20.0.0.5", "22").verdict, Verdict::Reachable);
}

#[test]
fn az_70_nobody_opens_a_flow_to_a_pool_and_replies_of_ones_own_address_keep_it() {
    let network = network(POOLED);
    assert_eq!(
        ask(&network, "internet:52.0.0.1", "vm@20.0.0.4", "443").verdict,
        Verdict::Reachable
    );
    is_stopped_by(
        &ask(&network, "internet:52.0.0.1", "next", "443"),
        &["next NoPublicAddress", "internet-gw NoPublicAddress"],
    );
}

#[test]
fn az_70_an_address_that_nobody_knows_reaches_the_internet_and_proves_nothing_inside() {
    let network = network(POOLED);
    assert_eq!(ask(&network, "db", "internet:52.0.0.1", "443").verdict, Verdict::Reachable);
    assert_eq!(ask(&network, "db", "vm@20.0.0.4", "443").verdict, Verdict::Unknown);
}

#[test]
fn az_53_neighbours_are_reached_by_the_table_where_it_is_so() {
    let blackhole =
        ("  10.0.0.0/16 -> local", "  10.0.0.0/16 -> local\n  10.0.1.0/24 -> blackhole");
    let routed = changed(POOLED, &[blackhole]);
    assert_eq!(ask(&routed, "vm", "next", "443").verdict, Verdict::Unreachable);
    let direct = changed(
        POOLED,
        &[
            blackhole,
            (
                "subnet a in vnet 10.0.1.0/24 table rt routed",
                "subnet a in vnet 10.0.1.0/24 table rt",
            ),
        ],
    );
    assert_eq!(ask(&direct, "vm", "next", "443").verdict, Verdict::Reachable);
}

/// AZ-18: a rule of one's own that names one's own group holds wherever the packet comes from.
#[test]
fn az_18_a_machine_s_own_filters_know_its_groups_behind_a_border_too() {
    let text = POOLED.replace(
        "filter shut stateful\n  in 1 allow 22 from 20.0.0.9",
        "filter shut stateful\n  in 1 allow 22 to group:dbs",
    );
    let member = text.replace("public 20.0.0.5 filters", "public 20.0.0.5 groups dbs filters");
    let asked = |text: &str| ask(&network(text), "internet:52.0.0.1", "db@20.0.0.5", "22").verdict;
    assert_eq!((asked(&member), asked(&text)), (Verdict::Reachable, Verdict::Unreachable));
    // As a source it is not known beyond the border.
    let from = member.replace("allow 22 to group:dbs", "allow 22 from group:dbs");
    assert_eq!(ask(&network(&from), "db", "db@20.0.0.5", "22").verdict, Verdict::Unreachable);
}

/// Behind a load balancer that takes flows at 20.0.0.8, and at 10.0.1.100 inside.
const BALANCED: &str = "
external internet 20.0.0.0/8,52.0.0.0/8
router vnet 10.0.0.0/16
subnet a in vnet 10.0.1.0/24 table rt routed
table rt
  10.0.0.0/16 -> local
  0.0.0.0/0 -> internet-gw
gateway internet-gw border vnet internet
filter web stateful
  in 1 allow 8080 from 52.0.0.0/8,20.0.0.5
  in 2 allow 8080 from 10.0.0.0/16
  out 1 allow any
filter open stateful
  out 1 allow any
interface vm in a 10.0.1.4 front 20.0.0.8 8080 renumbers front 10.0.1.100 8080 filters web
interface other in a 10.0.1.5 public 20.0.0.5 filters open
";

#[test]
fn az_14_a_balancer_hands_flows_on_with_their_sources_and_the_group_sees_the_backend_s_port() {
    let network = network(BALANCED);
    let asked = |port| ask(&network, "internet:52.0.0.1", "vm@20.0.0.8", port);
    let answer = asked("8080");
    assert_eq!(answer.verdict, Verdict::Reachable, "{:?}", blockers(&answer));
    is_stopped_by(&asked("22"), &["lb-20.0.0.8 NotCarried", "web ingress Rule"]);
    let others = ask(&network, "internet:20.0.0.77", "vm@20.0.0.8", "8080");
    is_stopped_by(&others, &["web ingress Rule"]);
    // Nobody dials the machine itself from outside.
    let direct = ask(&network, "internet:52.0.0.1", "vm", "8080");
    assert_eq!(direct.verdict, Verdict::Unreachable);
}

#[test]
fn az_14_inside_a_balancer_is_dialled_at_its_own_address_and_answers_by_it() {
    let network = network(BALANCED);
    let inside = ask(&network, "other", "vm@10.0.1.100", "8080");
    assert_eq!(inside.verdict, Verdict::Reachable, "{:?}", blockers(&inside));
    let back = inside.back.iter().find(|step| step.decision == Decision::Translate);
    assert!(format!("{:?}", back.map(|step| &step.rule)).contains("10.0.1.100"), "{back:?}");
    // Which port was dialled, the client's own filters have seen.
    let renumbered = ask(&network, "other", "vm@20.0.0.8", "8080");
    assert_eq!(renumbered.verdict, Verdict::Unknown);
    let text = BALANCED.replace("8080 renumbers front", "8080 maybe-front front");
    let doubted = changed(&text, &[]);
    let answer = ask(&doubted, "internet:52.0.0.1", "vm@20.0.0.8", "8080");
    assert_eq!(answer.verdict, Verdict::Unknown);
}
