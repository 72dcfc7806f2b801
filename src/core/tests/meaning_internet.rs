//! What lies between a network and the internet means, told in text form: borders, NAT gateways and
//! the routes to them. Names begin with the statement of `clouds.md` or the section of DESIGN that a
//! test holds.

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
use cloudfw_core::{Client, IpSet, PortSet, Reason, Verdict};

/// A public subnet, a private one behind a NAT gateway, and the internet.
const INTERNET: &str = "
external internet 0.0.0.0/0,::/0
router vpc 10.0.0.0/16,2001:db8:1::/56
subnet pub in vpc 10.0.1.0/24,2001:db8:1:1::/64 table public acl acl-pub
subnet priv in vpc 10.0.2.0/24,2001:db8:1:2::/64 table private acl acl-priv
table public
  10.0.0.0/16 -> local
  2001:db8:1::/56 -> local
  0.0.0.0/0 -> igw
  ::/0 -> igw
table private
  10.0.0.0/16 -> local
  2001:db8:1::/56 -> local
  0.0.0.0/0 -> nat
  ::/0 -> eigw
gateway igw border vpc internet
gateway eigw border vpc internet outward
gateway nat snat pub 10.0.1.200 public 203.0.113.200
filter acl-pub stateless
  in 100 allow any
  out 100 allow any
filter acl-priv stateless
  in 100 allow any
  out 100 allow any
filter open stateful
  in 1 allow any
  out 1 allow any
interface web in pub 10.0.1.10 public 203.0.113.10 2001:db8:1:1::10 filters open
interface inner in pub 10.0.1.11 filters open
interface app in priv 10.0.2.20 2001:db8:1:2::20 filters open
";

#[test]
fn aws_66_the_internet_comes_in_by_a_public_address_and_a_route_back() {
    let answer = ask(&network(INTERNET), "internet:198.51.100.7", "web@203.0.113.10", "443");
    assert_eq!(answer.verdict, Verdict::Reachable);
    let private_only = changed(INTERNET, &[("in 1 allow any", "in 1 allow any to 10.0.1.0/24")]);
    let answer = ask(&private_only, "internet:198.51.100.7", "web@203.0.113.10", "443");
    assert_eq!(answer.verdict, Verdict::Reachable, "filters see the private address");
    let no_route = changed(INTERNET, &[("  0.0.0.0/0 -> igw\n", "")]);
    let answer = ask(&no_route, "internet:198.51.100.7", "web@203.0.113.10", "443");
    assert_eq!(answer.forward_verdict, Verdict::Reachable);
    is_stopped_by(&answer, &["public NoRoute"]);
}

#[test]
fn aws_66_out_to_the_internet() {
    let built = network(INTERNET);
    assert_eq!(ask(&built, "web", "internet:198.51.100.7", "443").verdict, Verdict::Reachable);
    assert_eq!(
        ask(&built, "web", "internet:*", "443").verdict,
        Verdict::Partial,
        "10.0.0.0/16 is inside"
    );
    is_stopped_by(&ask(&built, "inner", "internet:198.51.100.7", "443"), &["igw NoPublicAddress"]);
}

/// Azure translates IPv6 as well: replies come from the public address that was dialled.
#[test]
fn az_13_ipv6_addresses_may_have_public_ones() {
    let built = network(
        "external internet 0.0.0.0/0,::/0
router a 10.1.0.0/16,fd00:1::/48
subnet a1 in a 10.1.1.0/24,fd00:1::/64 table ta0
gateway border border a internet
table ta0
  ::/0 -> border
filter open stateful
  in 1 allow 443
  out 1 allow any
interface web in a1 10.1.1.10 fd00:1::10 public 2001:db8::9 filters open
",
    );
    let answer = ask(&built, "internet:2001:db8:9::1", "web/1@2001:db8::9", "443");
    assert_eq!(answer.verdict, Verdict::Reachable, "{:?}", answer.blockers);
    assert_eq!(ask(&built, "web/1", "internet:2001:db8:9::1", "443").verdict, Verdict::Reachable);
}

/// The address that was dialled is a balancer's only where one has it (AZ-14).
#[test]
fn aws_66_a_reply_that_is_sent_out_again_has_no_public_address() {
    let sent_out = network(
        "external internet 0.0.0.0/0
router a 10.1.0.0/16
subnet a1 in a 10.1.1.0/24 table ta0
gateway igw-a border a internet table ta0
table ta0
  0.0.0.0/0 -> igw-a
interface i5 in a1 10.1.1.10 public 203.0.113.10
",
    );
    let answer = ask(&sent_out, "i5", "internet:8.8.8.8", "53/udp");
    is_stopped_by(&answer, &["igw-a NoPublicAddress"]);
}

#[test]
fn aws_66_without_a_public_address_every_blocker_is_named() {
    let closed = changed(
        INTERNET,
        &[
            ("gateway igw border vpc internet", "gateway igw border vpc internet closed"),
            (
                "filter acl-pub stateless\n  in 100 allow any",
                "filter acl-pub stateless\n  in 100 deny tcp",
            ),
            ("filter open stateful\n  in 1 allow any", "filter open stateful\n  in 1 allow udp"),
        ],
    );
    let answer = ask(&closed, "internet:198.51.100.7", "inner", "443");
    assert_eq!(answer.verdict, Verdict::Unreachable);
    let named = blockers(&answer);
    for blocker in
        ["inner NoPublicAddress", "igw GatewayClosed", "acl-pub ingress 100", "open ingress Rule"]
    {
        assert!(named.iter().any(|name| name == blocker), "{blocker} is not among {named:?}");
    }
    assert_eq!(named[0], "inner NoPublicAddress");
}

#[test]
fn aws_43_an_unknown_client_gets_a_table_by_kind() {
    let gap = changed(
        INTERNET,
        &[(
            "filter acl-pub stateless\n  in 100 allow any\n  out 100 allow any",
            "filter acl-pub stateless\n  in 100 allow any\n  out 100 allow 32768-65535",
        )],
    );
    let answer = ask(&gap, "internet:198.51.100.7", "web@203.0.113.10", "443");
    assert_eq!(answer.verdict, Verdict::Intermittent);
    assert_eq!(answer.failing, exactly(31744, 64512));
    let table: Vec<_> = answer
        .failing_by_client
        .iter()
        .map(|(client, failing)| (&*client.kind, failing.at_most.part))
        .collect();
    assert_eq!(table, [("linux", 0), ("windows", 0), ("any", 31744)]);
}

#[test]
fn aws_67_out_through_a_nat_gateway_and_not_in() {
    let built = network(INTERNET);
    let answer = ask(&built, "app", "internet:198.51.100.7", "443");
    assert_eq!(answer.verdict, Verdict::Reachable);
    assert_eq!(answer.failing, exactly(0, 28232 * 64512));
    is_stopped_by(&ask(&built, "app", "internet:198.51.100.7", "gre"), &["nat NotCarried"]);
    let into = ask(&built, "internet:198.51.100.7", "app@203.0.113.200", "443");
    assert_eq!(into.verdict, Verdict::Unreachable);
    assert_eq!(into.blockers[0].reason, Reason::NotAnEndpoint);
}

#[test]
fn aws_67a_in_another_subnet_both_segments_may_lose() {
    let gaps = changed(
        INTERNET,
        &[
            (
                "filter acl-pub stateless\n  in 100 allow any",
                "filter acl-pub stateless\n  in 90 allow 443\n  in 100 allow 1024-32767",
            ),
            (
                "filter acl-priv stateless\n  in 100 allow any",
                "filter acl-priv stateless\n  in 100 allow 49152-65535",
            ),
        ],
    );
    let answer = ask(&gaps, "app", "internet:198.51.100.7", "443");
    assert_eq!(answer.verdict, Verdict::Intermittent);
    let (first, second) = ((11848, 28232), (31744, 64512));
    let whole = first.1 * second.1;
    assert_eq!(answer.failing, exactly(whole - first.0 * second.0, whole));
    assert_eq!(answer.gap, PortSet::range(32768, 49151), "only the client's own segment");
    let windows = ask_as(&gaps, "app", "internet:198.51.100.7", "443", Some(Client::windows()));
    assert_eq!(windows.failing, exactly(16384 * (64512 - 31744), 16384 * 64512));
}

#[test]
fn aws_67a_in_the_same_subnet_the_gateways_own_packets_come_back_to_it() {
    let same = changed(INTERNET, &[("snat pub 10.0.1.200", "snat priv 10.0.2.200")]);
    let answer = ask(&same, "app", "internet:198.51.100.7", "443");
    assert!(answer.allowed.at_least.is_empty(), "its table leads to itself: nothing gets out");
    assert!(
        !answer.forward.iter().any(|step| &*step.at.id == "acl-priv"),
        "between the two no boundary is crossed"
    );
}

#[test]
fn aws_68_egress_only_is_for_ipv6_and_outward() {
    let built = network(INTERNET);
    assert_eq!(ask(&built, "app/1", "internet:2a00::1", "443").verdict, Verdict::Reachable);
    let into = ask(&built, "internet:2a00::1", "app/1", "443");
    assert_eq!(
        into.verdict,
        Verdict::Unreachable,
        "its table leads replies to the egress-only gateway"
    );
    let alone = changed(INTERNET, &[("gateway igw border vpc internet\n", "")]);
    let into = ask(&alone, "internet:2a00::1", "app/1", "443");
    assert_eq!(into.blockers[0].reason, Reason::OutwardOnly);
    let v4 = changed(INTERNET, &[("  0.0.0.0/0 -> nat", "  0.0.0.0/0 -> eigw")]);
    is_stopped_by(&ask(&v4, "app", "internet:198.51.100.7", "443"), &["eigw NotCarried"]);
}

#[test]
fn aws_17_the_families_are_apart() {
    let v4_only = changed(INTERNET, &[("in 1 allow any", "in 1 allow any from 0.0.0.0/0")]);
    let v4 = ask(&v4_only, "internet:198.51.100.7", "web@203.0.113.10", "443");
    assert_eq!(v4.verdict, Verdict::Reachable);
    is_stopped_by(&ask(&v4_only, "internet:2a00::1", "web/1", "443"), &["open ingress Rule"]);
}

#[test]
fn aws_72_what_a_border_asks_stands_above_all() {
    let blocked = changed(
        INTERNET,
        &[(
            "gateway igw border vpc internet\n",
            "filter bpa stateless\n  in 1 deny any\n  out 1 allow any\ngateway igw border vpc internet filters bpa\n",
        )],
    );
    is_stopped_by(
        &ask(&blocked, "internet:198.51.100.7", "web@203.0.113.10", "443"),
        &["bpa ingress 1"],
    );
}

#[test]
fn aws_8_a_group_reference_does_not_match_a_public_address() {
    let text = changed(
        INTERNET,
        &[
            (
                "filter open stateful\n",
                "filter peers stateful\n  in 1 allow any from group:g\n  out 1 allow any\nfilter open stateful\n",
            ),
            ("2001:db8:1:1::10 filters open", "2001:db8:1:1::10 groups g filters peers"),
            (
                "interface inner in pub 10.0.1.11 filters open",
                "interface inner in pub 10.0.1.11 public 203.0.113.11 groups g filters peers",
            ),
        ],
    );
    assert_eq!(ask(&text, "web", "inner", "443").verdict, Verdict::Reachable);
    let dialled = ask(&text, "web", "inner@203.0.113.11", "443");
    is_stopped_by(&dialled, &["peers ingress Rule"]);
}

#[test]
fn aws_61_the_longest_prefix_wins_and_64_a_blackhole_does_not_fall_back() {
    let hole = changed(
        INTERNET,
        &[("  0.0.0.0/0 -> igw", "  0.0.0.0/0 -> igw\n  198.51.100.0/24 -> blackhole")],
    );
    assert_eq!(ask(&hole, "web", "internet:198.51.101.7", "443").verdict, Verdict::Reachable);
    let answer = ask(&hole, "web", "internet:198.51.100.7", "443");
    assert_eq!(answer.blockers[0].reason, Reason::Blackhole);
    assert_eq!(blockers(&answer).len(), 1);
    let longer = changed(
        INTERNET,
        &[(
            "  0.0.0.0/0 -> igw",
            "  198.51.100.0/25 -> igw\n  0.0.0.0/0 -> igw\n  198.51.100.0/24 -> blackhole",
        )],
    );
    assert_eq!(ask(&longer, "web", "internet:198.51.100.7", "443").verdict, Verdict::Reachable);
}

#[test]
fn aws_63_among_equal_prefixes_the_preferred_wins() {
    for (first, second) in [("igw 0", "blackhole 1"), ("blackhole 1", "igw 0")] {
        let routes = format!("  0.0.0.0/0 -> {first}\n  0.0.0.0/0 -> {second}\n  ::/0 -> igw");
        let text = changed(INTERNET, &[("  0.0.0.0/0 -> igw\n  ::/0 -> igw", &routes)]);
        assert_eq!(ask(&text, "web", "internet:198.51.100.7", "443").verdict, Verdict::Reachable);
    }
}

#[test]
fn aws_71_an_edge_table_may_send_what_comes_in_to_an_appliance() {
    let edge = changed(
        INTERNET,
        &[
            ("gateway igw border vpc internet\n", "gateway igw border vpc internet table edge\n"),
            (
                "table private\n",
                "table edge\n  10.0.0.0/16 -> local\n  10.0.1.0/24 -> interface:box\ntable private\n",
            ),
            (
                "interface inner in pub 10.0.1.11",
                "interface box in priv 10.0.2.99 forwards\ninterface inner in pub 10.0.1.11",
            ),
        ],
    );
    let answer = ask(&edge, "internet:198.51.100.7", "web@203.0.113.10", "443");
    assert_eq!(answer.verdict, Verdict::Unknown);
    assert!(answer.unknowns.iter().any(|unknown| unknown.what.contains("box")));
}

#[test]
fn aws_73_an_interface_with_the_check_on_does_not_forward() {
    let text = INTERNET.replace("  0.0.0.0/0 -> nat", "  0.0.0.0/0 -> interface:inner");
    is_stopped_by(
        &ask(&network(&text), "app", "internet:198.51.100.7", "443"),
        &["inner SourceDestinationCheck"],
    );
}

#[test]
fn design_6_a_set_of_addresses_is_each_of_them() {
    let some = changed(INTERNET, &[("in 1 allow any", "in 1 allow any from 198.51.100.0/25")]);
    let answer = ask(&some, "internet:*", "web@203.0.113.10", "443");
    assert_eq!(answer.verdict, Verdict::Partial);
    let half: ipnet::IpNet = "198.51.100.0/25".parse().unwrap();
    assert_eq!(answer.allowed.at_least.sources(), IpSet::from(half));
}

#[test]
fn design_4_an_unresolved_list_may_win_over_any_route_but_local() {
    let unknown_route =
        INTERNET.replace("  0.0.0.0/0 -> igw", "  0.0.0.0/0 -> igw\n  ?pl-2 -> blackhole");
    let answer = ask(&network(&unknown_route), "web", "internet:198.51.100.7", "443");
    assert_eq!(answer.verdict, Verdict::Unknown);
}

#[test]
fn design_6_a_set_of_addresses_behind_a_nat_gateway_is_each_of_them() {
    let some = changed(
        INTERNET,
        &[(
            "filter acl-pub stateless\n  in 100 allow any\n  out 100 allow any",
            "filter acl-pub stateless\n  in 100 allow any\n  out 90 deny any to 198.51.100.0/24\n  out 100 allow any",
        )],
    );
    let answer = ask(&some, "app", "internet:*", "443");
    assert_eq!(answer.verdict, Verdict::Partial, "no destination is lost now and then");
    let denied: ipnet::IpNet = "198.51.100.0/24".parse().unwrap();
    assert!(!answer.allowed.at_most.destinations().intersects(&IpSet::from(denied)));
    assert!(answer.allowed.at_least.destinations().contains("198.51.101.7".parse().unwrap()));
}
