//! What gateways, routes and hops that nobody sees through mean, told in text form. Names begin with
//! the statement of `clouds.md` or the section of DESIGN that a test holds.

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
use cloudfw_core::{Client, IpSet, Leg, Place, PortSet, Reason, Symptom, Verdict};

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
fn aws_50_the_platforms_services_are_never_filtered() {
    let text = "
router vpc 10.0.0.0/16 platform 10.0.0.2,169.254.169.253
subnet a in vpc 10.0.1.0/24 table rt acl closed
table rt
filter closed stateless
filter sg stateful
interface a in a 10.0.1.5 filters sg,closed
external dns 169.254.169.253
";
    let built = network(text);
    let answer = ask(&built, "a", "dns:169.254.169.253", "53/udp");
    assert_eq!(answer.verdict, Verdict::Reachable);
    assert!(answer.forward.iter().any(|step| step.reason == Reason::Platform));
    assert_eq!(ask(&built, "a", "?vpc:10.0.0.2", "53/udp").verdict, Verdict::Reachable);
    assert_eq!(ask(&built, "a", "?vpc:10.0.0.3", "53/udp").verdict, Verdict::Unreachable);
}

/// The platform answers DNS and web requests; of what else it may answer at one address nothing
/// is known.
const PLATFORM: &str = "
router vpc 10.0.0.0/16 platform 10.0.0.2 at 53 at 53/udp platform 169.254.169.254 at 80 maybe-more
subnet a in vpc 10.0.1.0/24 table rt acl closed
table rt
filter closed stateless
interface a in a 10.0.1.5 filters closed
";

#[test]
fn aws_50_a_platform_answers_at_its_own_services_alone() {
    let built = network(PLATFORM);
    assert_eq!(ask(&built, "a", "?vpc:10.0.0.2", "53/udp").verdict, Verdict::Reachable);
    is_stopped_by(&ask(&built, "a", "?vpc:10.0.0.2", "22"), &["a NotServed"]);
    assert_eq!(ask(&built, "a", "?vpc:10.0.0.2", "22,53").verdict, Verdict::Partial);
    assert_eq!(ask(&built, "a", "?vpc:169.254.169.254", "80").verdict, Verdict::Reachable);
    let more = ask(&built, "a", "?vpc:169.254.169.254", "22");
    assert_eq!(more.verdict, Verdict::Unknown);
    assert_eq!(&*more.unknowns[0].what, "what else it answers");
    let both = ask(&built, "a", "?vpc:169.254.169.254", "80,22");
    assert_eq!(both.verdict, Verdict::Unknown);
    assert_eq!(both.allowed.at_least.services().destination_ports(), PortSet::single(80));
}

#[test]
fn aws_50_an_interface_may_lack_a_service_of_the_platform() {
    let built = changed(PLATFORM, &[("filters closed", "filters closed lacks 169.254.169.254")]);
    let off = ask(&built, "a", "?vpc:169.254.169.254", "80");
    is_stopped_by(&off, &["a NotServed"]);
    let cited = off.blockers[0].rule.as_ref().unwrap();
    assert_eq!((&*cited.text, &cited.origin.place), ("it is off", &Place::Line(6)));
    // How it is turned down is the platform's own affair.
    assert_eq!(off.symptom, Symptom::Unknown);
    assert_eq!(ask(&built, "a", "?vpc:10.0.0.2", "53").verdict, Verdict::Reachable);
    let unsure = ("filters closed", "filters closed maybe-lacks 169.254.169.254,10.0.0.2");
    let built = changed(PLATFORM, &[unsure]);
    let may = ask(&built, "a", "?vpc:169.254.169.254", "80");
    assert_eq!(may.verdict, Verdict::Unknown);
    assert_eq!(&*may.unknowns[0].what, "whether the platform answers it");
    // Whatever it has of it, this is no part of it.
    is_stopped_by(&ask(&built, "a", "?vpc:10.0.0.2", "22"), &["a NotServed"]);
}

#[test]
fn an_interface_that_opens_no_connections_answers_all_the_same() {
    let text = "
router vpc 10.0.0.0/16 platform 10.0.0.2
subnet a in vpc 10.0.1.0/24 table rt
table rt
filter open stateful
  in 1 allow any
  out 1 allow any
interface web in a 10.0.1.5 filters open
interface share in a 10.0.1.6 filters open answers-only
";
    let built = network(text);
    let from = ask(&built, "share", "web", "443");
    is_stopped_by(&from, &["share OpensNothing"]);
    assert_eq!(&*from.blockers[0].rule.as_ref().unwrap().text, "it answers");
    assert_eq!(ask(&built, "share", "?vpc:10.0.0.2", "53").verdict, Verdict::Unreachable);
    assert_eq!(ask(&built, "web", "share", "443").verdict, Verdict::Reachable);
    let built = changed(text, &[("answers-only", "maybe-opens")]);
    let from = ask(&built, "share", "web", "443");
    assert_eq!(from.verdict, Verdict::Unknown);
    assert_eq!(&*from.unknowns[0].what, "whether it opens connections");
    assert_eq!(ask(&built, "web", "share", "443").verdict, Verdict::Reachable);
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

/// Three networks in a row.
const PEERS: &str = "
external internet 0.0.0.0/0
router one 10.1.0.0/16
router two 10.2.0.0/16
router three 10.3.0.0/16
subnet a in one 10.1.1.0/24 table ra
subnet b in two 10.2.1.0/24 table rb
subnet c in three 10.3.1.0/24 table rc
table ra
  10.1.0.0/16 -> local
  10.2.0.0/16 -> ab
  10.3.0.0/16 -> ab
  0.0.0.0/0 -> ab
table rb
  10.2.0.0/16 -> local
  10.1.0.0/16 -> ab
  10.3.0.0/16 -> bc
  0.0.0.0/0 -> igw
table rc
  10.3.0.0/16 -> local
  10.2.0.0/16 -> bc
  10.1.0.0/16 -> bc
gateway ab link one two
gateway bc link two three
gateway igw border two internet
filter by-group stateful
  in 1 allow any from group:g
  out 1 allow any
interface a in a 10.1.1.5 groups g
interface b in b 10.2.1.5 public 203.0.113.5 filters by-group
interface c in c 10.3.1.5
";

#[test]
fn aws_69_peering_joins_two_networks_and_is_not_transitive() {
    let built = network(PEERS);
    assert_eq!(ask(&built, "a", "b", "443").verdict, Verdict::Reachable);
    assert_eq!(ask(&built, "a", "c", "443").blockers[0].reason, Reason::NotTransitive);
    let out = ask(&built, "a", "internet:198.51.100.7", "443");
    assert_eq!(
        (out.verdict, out.blockers[0].reason),
        (Verdict::Unreachable, Reason::NotTransitive)
    );
}

#[test]
fn aws_69_both_networks_need_routes() {
    let one_way = changed(PEERS, &[("  10.1.0.0/16 -> ab\n", "")]);
    let answer = ask(&one_way, "a", "b", "443");
    assert_eq!(answer.forward_verdict, Verdict::Reachable);
    assert_eq!(answer.verdict, Verdict::Unreachable);
    assert_eq!(answer.blockers[0].leg, Leg::Return);
    let neither = changed(PEERS, &[("  10.2.0.0/16 -> ab\n", ""), ("  0.0.0.0/0 -> ab\n", "")]);
    is_stopped_by(&ask(&neither, "a", "b", "443"), &["ra NoRoute"]);
}

#[test]
fn aws_10_a_group_reference_sees_through_a_peering_where_it_may() {
    let lost = changed(PEERS, &[("link one two", "link one two lost")]);
    is_stopped_by(&ask(&lost, "a", "b", "443"), &["by-group ingress Rule"]);
    let doubtful = changed(PEERS, &[("link one two", "link one two doubtful")]);
    assert_eq!(ask(&doubtful, "a", "b", "443").verdict, Verdict::Unknown);
    let closed = changed(PEERS, &[("link one two", "link one two closed")]);
    assert_eq!(ask(&closed, "a", "b", "443").blockers[0].reason, Reason::GatewayClosed);
}

#[test]
fn design_4_overlapping_networks_answer_to_someone_else() {
    let text = "
router one 10.1.0.0/16
router two 10.1.0.0/16,10.2.0.0/16
subnet a in one 10.1.1.0/24 table ra
subnet b in two 10.2.1.0/24 table rb
subnet twin in two 10.1.1.0/24 table rb
table ra
  10.1.0.0/16 -> local
  10.2.0.0/16 -> ab
table rb
  10.2.0.0/16 -> local
  10.1.0.0/16 -> local
gateway ab link one two
interface a in a 10.1.1.5
interface b in b 10.2.1.5
interface twin in twin 10.1.1.5
";
    let answer = ask(&network(text), "a", "b", "443");
    assert_eq!(answer.forward_verdict, Verdict::Reachable);
    is_stopped_by(&answer, &["twin WrongReturn"]);
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
fn aws_66_a_service_gateway_leads_to_its_service_and_back() {
    let text = "
external s3 52.0.0.0/24
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24 table rt acl acl
table rt
  10.0.0.0/16 -> local
  52.0.0.0/24 -> s3
gateway s3 service s3 vpc
filter acl stateless
  in 100 allow 32768-60999 from 52.0.0.0/24
  out 100 allow 443 to 52.0.0.0/24
interface a in a 10.0.1.5
";
    assert_eq!(ask(&network(text), "a", "s3:52.0.0.9", "443").verdict, Verdict::Reachable);
    let gap = changed(text, &[("in 100 allow 32768-60999", "in 100 allow 49152-65535")]);
    assert_eq!(ask(&gap, "a", "s3:52.0.0.9", "443").failing, exactly(16384, 28232));
    assert_eq!(ask(&network(text), "s3:52.0.0.9", "a", "443").verdict, Verdict::Unreachable);
}

const OPAQUE: &str = "
external internet 0.0.0.0/0
router one 10.1.0.0/16
router two 10.2.0.0/16
subnet a in one 10.1.1.0/24 table ra
subnet b in two 10.2.1.0/24 table rb acl acl
table ra
  10.1.0.0/16 -> local
  0.0.0.0/0 -> tgw
table rb
  10.2.0.0/16 -> local
  0.0.0.0/0 -> tgw
gateway tgw opaque
filter acl stateless
  in 1 allow any
  out 1 allow any
filter sg stateful
  in 1 allow 443 from 10.1.0.0/16
  out 1 allow any
interface a in a 10.1.1.5 groups g
interface b in b 10.2.1.5 filters sg
";

#[test]
fn design_4_what_lies_beyond_an_opaque_hop_is_unknown() {
    let built = network(OPAQUE);
    for (from, to) in [("a", "b"), ("a", "internet:198.51.100.7")] {
        let answer = ask(&built, from, to, "443");
        assert_eq!(answer.verdict, Verdict::Unknown, "{from} to {to}");
        assert!(answer.unknowns.iter().any(|unknown| &*unknown.what == "tgw"));
    }
}

#[test]
fn design_4_beyond_an_opaque_hop_a_denying_destination_is_still_proof() {
    is_stopped_by(&ask(&network(OPAQUE), "a", "b", "22"), &["sg ingress Rule"]);
    let no_way_back = changed(
        OPAQUE,
        &[(
            "table rb\n  10.2.0.0/16 -> local\n  0.0.0.0/0 -> tgw",
            "table rb\n  10.2.0.0/16 -> local",
        )],
    );
    assert_eq!(ask(&no_way_back, "a", "b", "443").verdict, Verdict::Unreachable);
}

#[test]
fn design_4_an_opaque_hop_that_rewrites_may_satisfy_any_source() {
    let others = ("from 10.1.0.0/16", "from 192.0.2.0/24");
    let kept = changed(OPAQUE, &[others]);
    assert_eq!(ask(&kept, "a", "b", "443").verdict, Verdict::Unreachable);
    let rewritten =
        changed(OPAQUE, &[others, ("gateway tgw opaque", "gateway tgw opaque rewrites")]);
    assert_eq!(ask(&rewritten, "a", "b", "443").verdict, Verdict::Unknown);
    assert_eq!(ask(&rewritten, "a", "b", "22").verdict, Verdict::Unreachable);
}

#[test]
fn aws_11_a_group_reference_may_see_through_an_opaque_hop() {
    let by_group = changed(OPAQUE, &[("from 10.1.0.0/16", "from group:g")]);
    assert_eq!(ask(&by_group, "a", "b", "443").verdict, Verdict::Unknown);
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

/// State belongs to the interface that a flow came in by, never to the filter: a host that answers
/// out of another interface with the same group has no memory of the flow there (DESIGN section
/// 4), and an interface that checks sends only its own addresses (AWS-73).
#[test]
fn aws_73_a_host_that_answers_by_another_interface() {
    let text = |forwards: &str, without_state: &str, route: &str| {
        format!(
            "
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24 table rt
subnet b in vpc 10.0.2.0/24 table rt
table rt
  10.0.0.0/16 -> local
filter shared stateful {without_state}
  in 1 allow 443
  out 1 allow 22
filter open stateful
  out 1 allow any
interface client in b 10.0.2.9 filters open
interface one in a 10.0.1.10 filters shared
interface two in b 10.0.2.10 filters shared{forwards}
host h one,two {route}
"
        )
    };
    let verdict = |text: &str| ask(&network(text), "client", "one", "443").verdict;
    let (by_two, by_one) = ("10.0.2.0/24->two", "10.9.0.0/16->two");
    assert_eq!(verdict(&text("", "dropped", by_one)), Verdict::Reachable);
    let checked = ask(&network(&text("", "evaluated", by_two)), "client", "one", "443");
    assert_eq!(checked.verdict, Verdict::Unreachable);
    assert_eq!(checked.blockers[0].reason, Reason::SourceDestinationCheck);
    assert_eq!((&*checked.blockers[0].at.id, checked.blockers[0].leg), ("two", Leg::Return));
    let forgotten = ask(&network(&text(" forwards", "dropped", by_two)), "client", "one", "443");
    assert_eq!(forgotten.verdict, Verdict::Unreachable);
    assert_eq!(forgotten.blockers[0].reason, Reason::NoState);
    let asked = ask(&network(&text(" forwards", "evaluated", by_two)), "client", "one", "443");
    assert_eq!(asked.verdict, Verdict::Unreachable);
    assert_eq!(asked.blockers[0].reason, Reason::Rule);
    assert_eq!(verdict(&text(" forwards", "", by_two)), Verdict::Unknown);
}
