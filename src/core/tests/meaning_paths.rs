//! What the platform, routes, links and hops that nobody sees through mean, told in text form. Names
//! begin with the statement of `clouds.md` or the section of DESIGN that a test holds.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "that is how a test fails and reports"
)]

mod asking;

use asking::{ask, changed, exactly, is_stopped_by, network};
use cloudfw_core::{Leg, Place, PortSet, Reason, Symptom, Verdict};

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

/// What an appliance does with packets stands in no document: whoever knows says so, and its
/// filters are then asked both ways, by its own table it goes on, and a reply that comes by another
/// way is one of which it has no state.
#[test]
fn az_52_an_appliance_that_is_known_to_hand_on_is_seen_through() {
    let text = |flag: &str, out: &str, back: &str| {
        format!(
            "
router net 10.0.0.0/16
subnet a in net 10.0.1.0/24 table by
subnet m in net 10.0.2.0/24 table plain
subnet b in net 10.0.3.0/24 table {back}
table by
  10.0.0.0/16 -> local
  10.0.3.0/24 -> interface:box
table plain
  10.0.0.0/16 -> local
table back
  10.0.0.0/16 -> local
  10.0.1.0/24 -> interface:box
filter fw stateful evaluated
  in 1 allow 443 from group:g
  out 1 allow {out}
filter end stateful
  in 1 allow 443 from group:g
  out 1 allow any
interface a in a 10.0.1.5 groups g filters end
interface box in m 10.0.2.5 filters fw {flag}
interface b in b 10.0.3.5 filters end
"
        )
    };
    let answer = |flag: &str, out: &str, back: &str, service: &str| {
        ask(&network(&text(flag, out, back)), "a", "b", service)
    };
    // AWS-12, and where groups are known by addresses.
    assert_eq!(answer("forwards", "443", "plain", "443").verdict, Verdict::Unreachable);
    assert_eq!(answer("maybe-hides", "443", "plain", "443").verdict, Verdict::Unknown);
    assert_eq!(answer("hands-on", "443", "plain", "443").verdict, Verdict::Reachable);
    assert_eq!(answer("hands-on", "443", "back", "443").verdict, Verdict::Reachable);
    is_stopped_by(
        &answer("hands-on", "443", "plain", "80"),
        &["fw ingress Rule", "fw egress Rule", "end ingress Rule"],
    );
    is_stopped_by(&answer("hands-on", "80", "plain", "443"), &["fw egress Rule"]);
    let back = network(
        &text("hands-on", "443", "back").replace("table by\nsubnet m", "table plain\nsubnet m"),
    );
    let stopped = ask(&back, "a", "b", "443");
    assert_eq!(stopped.verdict, Verdict::Unreachable);
    assert_eq!((&*stopped.blockers[0].at.id, stopped.blockers[0].leg), ("fw", Leg::Return));
}

/// Where a route leads to an appliance of another network, the appliance's own address is there too.
#[test]
fn az_52_an_appliance_of_a_peer_is_at_its_own_address() {
    let built = network(
        "
router spoke 10.2.0.0/16
router hub 10.1.0.0/16
subnet s in spoke 10.2.1.0/24 table by
subnet h in hub 10.1.1.0/24 table back
gateway peering link spoke hub
table by
  10.2.0.0/16 -> local
  10.1.0.0/16 -> interface:box
table back
  10.1.0.0/16 -> local
  10.2.0.0/16 -> peering
filter end stateful
  in 1 allow 22 from 10.2.0.0/16
  out 1 allow any
interface web in s 10.2.1.5
interface box in h 10.1.1.10 filters end forwards
",
    );
    assert_eq!(ask(&built, "web", "box", "22").verdict, Verdict::Reachable);
    is_stopped_by(&ask(&built, "web", "box", "80"), &["end ingress Rule"]);
    assert_eq!(ask(&built, "box", "web", "443").verdict, Verdict::Reachable);
}
