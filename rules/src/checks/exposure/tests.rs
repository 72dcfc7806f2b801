//! Exposure, told in text form: what issue 4 wants shown, case by case, and the limits of each
//! condition.

use crate::testing::{found, found_with};
use crate::{Check, Effective, Finding, Settings, Severity};
use cloudfw_core::{Leg, Reason};

use super::*;

mod asked;
mod words;

/// All of IPv4 but 10.0.0.0/8; a public subnet with an internet route and an open ACL, and a private one without a route.
const ESTATE: &str = "
external internet 0.0.0.0/5,8.0.0.0/7,11.0.0.0/8,12.0.0.0/6,16.0.0.0/4,32.0.0.0/3,64.0.0.0/2,128.0.0.0/1,2a00::/12
router vpc 10.0.0.0/16,2001:db8::/56
gateway igw border vpc internet
table public
  10.0.0.0/16 -> local
  0.0.0.0/0 -> igw
  ::/0 -> igw
table private
  10.0.0.0/16 -> local
filter open stateless
  in 100 allow any from 0.0.0.0/0
  in 101 allow any from ::/0
  out 100 allow any to 0.0.0.0/0
  out 101 allow any to ::/0
subnet a in vpc 10.0.1.0/24,2001:db8::/64 table public acl open
subnet b in vpc 10.0.2.0/24 table private acl open
";

/// An interface in the public subnet with one group of these rules.
fn public(rules: &str) -> String {
    format!(
        "{ESTATE}
filter sg stateful
{rules}
  out 1 allow any
interface web in a 10.0.1.10 public 203.0.113.10 filters sg
"
    )
}

/// What all checks of the folder find: each exposure is reported by one of them.
fn all(text: &str) -> Vec<Finding> {
    CHECKS.iter().flat_map(|check| found(check, text)).collect()
}

/// The only finding.
fn one(text: &str) -> Finding {
    let mut found = all(text);
    assert_eq!(found.len(), 1, "{:?}", found.iter().map(|it| &it.message).collect::<Vec<_>>());
    found.remove(0)
}

#[track_caller]
fn is(finding: &Finding, check: &Check, severity: Severity, message: &str) {
    assert_eq!((finding.check, finding.severity, &*finding.message), (check.id, severity, message));
    assert_eq!(finding.source.as_deref(), Some("internet"));
    assert!(!finding.advice.is_empty() && finding.advice.ends_with('.'));
}

fn effective(finding: &Finding) -> &Effective {
    &finding.effect.as_ref().unwrap().effective
}

fn ids(finding: &Finding) -> Vec<&str> {
    finding.affected.iter().map(|label| &*label.id).collect()
}

fn rules(finding: &Finding) -> Vec<&str> {
    finding.rules.iter().map(|rule| &*rule.id).collect()
}

fn stops(finding: &Finding) -> Vec<(&str, Reason)> {
    let Effective::Blocked(steps) = effective(finding) else { panic!("{finding:?}") };
    steps.iter().map(|step| (&*step.at.id, step.reason)).collect()
}

#[test]
fn open_and_reachable() {
    let finding = one(&public("in sgr-1 allow 22 from 0.0.0.0/0"));
    let says = "filter sg opens 22 (SSH) to the whole IPv4 internet, and it can be reached at web";
    is(&finding, &exposed_admin_port::CHECK, Severity::Critical, says);
    assert_eq!(effective(&finding), &Effective::Exposed);
    assert!(finding.effect.as_ref().unwrap().literal);
    assert_eq!((ids(&finding), rules(&finding)), (vec!["web"], vec!["sgr-1"]));
    assert_eq!(&*finding.rules[0].text, "sg ingress sgr-1 allow tcp 22 from any IPv4");
    assert_eq!(finding.services.to_string(), "tcp 22");
    assert_eq!(finding.controls, ["CFW-EXP-001", "CFW-EXP-004", "CFW-EXP-005"].into());
    let flow = finding.witness.unwrap();
    assert_eq!(flow.destination.to_string(), "203.0.113.10");
    assert!(finding.trace.iter().any(|step| step.leg == Leg::Return));
    assert!(finding.trace.iter().any(|step| step.reason == Reason::Arrived));
    assert_eq!(finding.question.as_ref().unwrap().services.to_string(), "tcp 22");
    assert!(finding.notes.is_empty() && finding.unknowns.is_empty());
    assert!(finding.advice.contains("rule sgr-1 out of filter sg"), "{}", finding.advice);
}

#[test]
fn behind_a_denying_acl() {
    let text = public("in 1 allow 22 from 0.0.0.0/0").replace(
        "filter open stateless",
        "filter open stateless\n  in 90 deny 22\n  in 91 deny 23",
    );
    let finding = one(&text);
    let says = "filter sg opens 22 (SSH) to the whole IPv4 internet, and nothing gets in: \
                open ingress 90 deny tcp 22 stops it";
    is(&finding, &exposed_admin_port::CHECK, Severity::Low, says);
    assert_eq!(stops(&finding), [("a", Reason::Rule)]);
    assert_eq!(finding.services.to_string(), "tcp 22");
    assert_eq!((ids(&finding), rules(&finding)), (vec!["web"], vec!["1"]));
    assert!(finding.notes.is_empty(), "{:?}", finding.notes);
    assert!(finding.controls.contains("CFW-EXP-001"), "what is written violates it");
    assert!(finding.witness.is_none());
    assert_eq!(
        finding.advice,
        "Narrow rule 1 of filter sg to whoever inside uses it, or remove it if nobody does: nobody \
         from the internet can use it today, and a change elsewhere would open it."
    );
}

#[test]
fn without_a_public_address() {
    let text = public("in 1 allow 22 from 0.0.0.0/0").replace(" public 203.0.113.10", "");
    let finding = one(&text);
    let says = "filter sg opens 22 (SSH) to the whole IPv4 internet, and nothing gets in: \
                network interface web has no public address";
    is(&finding, &exposed_admin_port::CHECK, Severity::Low, says);
    assert_eq!(stops(&finding)[0].1, Reason::NoPublicAddress);
}

#[test]
fn in_a_private_subnet() {
    let text = public("in 1 allow 22 from 0.0.0.0/0").replace("in a 10.0.1.10", "in b 10.0.2.10");
    let finding = one(&text);
    let says = "filter sg opens 22 (SSH) to the whole IPv4 internet, and nothing gets in: \
                route table private has no route for it on the way back";
    is(&finding, &exposed_admin_port::CHECK, Severity::Low, says);
    assert!(stops(&finding).iter().any(|(_, reason)| *reason == Reason::NoRoute));
    assert_eq!(finding.notes.len(), 1, "packets get in");
}

#[test]
fn without_an_internet_gateway() {
    let text = public("in 1 allow 22 from 0.0.0.0/0")
        .replace("gateway igw border vpc internet", "")
        .replace("0.0.0.0/0 -> igw", "")
        .replace("::/0 -> igw", "");
    let finding = one(&text);
    assert_eq!((finding.check, finding.severity), ("exposed-admin-port", Severity::Low));
    assert_eq!(stops(&finding)[0].1, Reason::NoGateway);
    assert!(finding.message.contains("no gateway to the outside"), "{}", finding.message);
}

/// The ACL lets replies out to these ports alone.
fn with_replies_to(ports: &str, service: &str) -> String {
    public(&format!("in 1 allow {service} from 0.0.0.0/0"))
        .replace("out 100 allow any to 0.0.0.0/0", &format!("out 100 allow {ports} to 0.0.0.0/0"))
}

#[test]
fn a_full_ephemeral_gap() {
    let finding = one(&with_replies_to("443", "22"));
    let says = "filter sg opens 22 (SSH) to the whole IPv4 internet, and nothing gets in: \
                open egress 101 allow any to any IPv6 stops it on the way back";
    assert_eq!((finding.check, finding.severity), ("exposed-admin-port", Severity::Low));
    assert!(matches!(effective(&finding), Effective::Blocked(_)), "{says}");
    assert!(finding.message.ends_with("on the way back"), "{}", finding.message);
    assert!(finding.notes[0].contains("only their replies are lost"), "{:?}", finding.notes);
}

#[test]
fn a_partial_ephemeral_gap() {
    let finding = one(&with_replies_to("32768-60999", "22"));
    let says = "filter sg opens 22 (SSH) to the whole IPv4 internet, and it can be reached at web";
    is(&finding, &exposed_admin_port::CHECK, Severity::Critical, says);
    assert!(finding.notes.is_empty());
    let cloudfw_core::Service::Ports { source, .. } = finding.witness.unwrap().service else {
        panic!("{:?}", finding.witness)
    };
    assert_eq!(source, 32768, "the witness is one that gets its reply");
}

#[test]
fn any_ipv6_on_a_host_with_ipv4_alone() {
    let finding = one(&public("in 1 allow 22 from ::/0"));
    let says = "filter sg opens 22 (SSH) to the whole IPv6 internet, and nothing gets in: \
                web has no IPv6 address";
    is(&finding, &exposed_admin_port::CHECK, Severity::Low, says);
    assert_eq!(effective(&finding), &Effective::Blocked(Vec::new()));
    assert!(finding.controls.contains("CFW-EXP-027"));
    let both = public("in 1 allow 22 from ::/0")
        .replace("10.0.1.10 public", "2001:db8::a 10.0.1.10 public");
    let finding = one(&both);
    let says = "filter sg opens 22 (SSH) to the whole IPv6 internet, and it can be reached at web";
    is(&finding, &exposed_admin_port::CHECK, Severity::Critical, says);
    assert_eq!(finding.witness.unwrap().destination.to_string(), "2001:db8::a");
}

#[test]
fn two_halves_are_the_whole() {
    let finding = one(&public("in low allow 22 from 0.0.0.0/1\nin high allow 22 from 128.0.0.0/1"));
    let says = "filter sg opens 22 (SSH) to the whole IPv4 internet, and it can be reached at web";
    is(&finding, &exposed_admin_port::CHECK, Severity::Critical, says);
    assert_eq!(rules(&finding), ["high", "low"]);
    assert!(finding.controls.contains("CFW-EXP-028"));
    assert_eq!(finding.notes, ["No rule alone is as wide: the rules are together."]);
}

#[test]
fn halves_of_different_services_are_whole_where_they_meet() {
    let text = public("in low allow 20-30 from 0.0.0.0/1\nin high allow 30-40 from 128.0.0.0/1");
    let found = found(&exposed_unlisted_port::CHECK, &text);
    assert_eq!(found.len(), 1, "one rule in front, so one cause: {found:?}");
    assert_eq!(rules(&found[0]), ["high", "low"]);
    assert_eq!((found[0].severity, &*found[0].services.to_string()), (Severity::High, "tcp 30-40"));
    assert!(found[0].message.contains("opens 30 to the whole IPv4 internet"), "{found:?}");
    let wide = found[0].notes.iter().any(|note| note.contains("opens 31-40 to the wide range"));
    assert!(wide, "{found:?}");
    let rest = crate::testing::found(&exposed_admin_port::CHECK, &text);
    assert_eq!(rest[0].services.to_string(), "tcp 20-29");
}

#[test]
fn one_half() {
    let finding = one(&public("in 1 allow 22 from 0.0.0.0/1"));
    let says = "filter sg opens 22 (SSH) to the wide range 0.0.0.0/1 of the internet, and it can \
                be reached at web";
    is(&finding, &exposed_admin_port::CHECK, Severity::High, says);
    assert!(finding.controls.contains("CFW-EXP-028"));
    assert!(finding.notes.is_empty());
}

#[test]
fn a_prefix_list_with_everything_in_it() {
    let finding = one(&public("in 1 allow 22 from pl-1=0.0.0.0/0"));
    let says = "filter sg opens 22 (SSH) to the whole IPv4 internet, and it can be reached at web";
    is(&finding, &exposed_admin_port::CHECK, Severity::Critical, says);
    assert!(finding.controls.contains("CFW-EXP-029"));
    assert_eq!(finding.notes, ["The addresses do not stand in the rule but in pl-1."]);
    let plain = one(&public("in 1 allow 22 from 0.0.0.0/0"));
    assert!(!plain.controls.contains("CFW-EXP-029") && !plain.controls.contains("CFW-EXP-028"));
}

#[test]
fn all_traffic_absorbs_everything_narrower() {
    let finding = one(&public(
        "in 1 allow 22 from 0.0.0.0/0\nin 2 allow any from 0.0.0.0/0\nin 3 allow 443 from ::/0
in 4 allow 3306 from 203.0.113.99/32\nin 5 allow 80-90 from 198.51.0.0/16",
    )
    .replace("10.0.1.10 public", "2001:db8::a 10.0.1.10 public"));
    let says = "filter sg opens every port and protocol to the whole internet, and it can be \
                reached at web";
    is(&finding, &exposed_all_ports::CHECK, Severity::Critical, says);
    assert_eq!(rules(&finding), ["2", "1", "3"]);
    assert!(finding.services.is_full());
    let flow = finding.witness.unwrap().to_string();
    assert!(flow.ends_with("203.0.113.10:22"), "{flow}");
    for control in ["CFW-EXP-001", "CFW-EXP-003", "CFW-EXP-019", "CFW-EXP-031"] {
        assert!(finding.controls.contains(control), "{control}");
    }
}

#[test]
fn all_tcp_ports_are_everything() {
    let finding = one(&public("in 1 allow tcp from 0.0.0.0/0"));
    let says = "filter sg opens every TCP port to the whole IPv4 internet, and it can be reached \
                at web";
    is(&finding, &exposed_all_ports::CHECK, Severity::Critical, says);
    let finding = one(&public("in 1 allow 1-65534 from 0.0.0.0/0"));
    assert_eq!(finding.check, "exposed-admin-port");
}

#[test]
fn severity_comes_from_what_gets_in() {
    let text = public("in 1 allow any from 0.0.0.0/0")
        .replace("in 100 allow any from 0.0.0.0/0", "in 100 allow 443 from 0.0.0.0/0");
    let finding = one(&text);
    let says = "filter sg opens every port and protocol to the whole IPv4 internet, of which 443 \
                (HTTPS) can be reached at web";
    is(&finding, &exposed_all_ports::CHECK, Severity::Low, says);
    assert_eq!(finding.services.to_string(), "tcp 443");
    let text = text.replace("in 100 allow 443", "in 100 allow 389");
    assert_eq!(one(&text).severity, Severity::High);
}

#[test]
fn an_unattached_group() {
    let text = public("in 1 allow 443 from 10.0.0.0/8");
    assert!(all(&text).is_empty());
    let text = format!(
        "{text}\nfilter lost stateful\n  in 1 allow 22 from 0.0.0.0/0\n  in 2 allow 22 from ::/0"
    );
    let finding = one(&text);
    let says = "filter lost opens 22 (SSH) to the whole internet, and nothing uses it";
    is(&finding, &exposed_admin_port::CHECK, Severity::Low, says);
    assert_eq!(effective(&finding), &Effective::Unattached);
    assert!(ids(&finding).is_empty() && finding.trace.is_empty());
    assert_eq!(rules(&finding), ["1", "2"]);
    // An ACL that nothing uses is no door.
    let acl = text.replace("filter lost stateful", "filter lost stateless");
    assert!(all(&acl).is_empty());
}

#[test]
fn a_public_web_port() {
    let finding = one(&public("in 1 allow 80,443 from 0.0.0.0/0"));
    let says = "filter sg opens 80 (HTTP), 443 (HTTPS) to the whole IPv4 internet, and it can be \
                reached at web";
    is(&finding, &exposed_web_port::CHECK, Severity::Info, says);
    assert_eq!(finding.controls, ["CFW-EXP-026"].into());
}

#[test]
fn each_category_has_its_check() {
    let check = |service: &str| {
        let finding = one(&public(&format!("in 1 allow {service} from 0.0.0.0/0")));
        (finding.check, finding.severity)
    };
    assert_eq!(check("5432"), ("exposed-data-port", Severity::Critical));
    assert_eq!(check("445"), ("exposed-high-risk-port", Severity::Critical));
    assert_eq!(check("389"), ("exposed-high-risk-port", Severity::High));
    assert_eq!(check("9999"), ("exposed-unlisted-port", Severity::High));
    assert_eq!(check("53/udp"), ("exposed-unlisted-port", Severity::High));
    assert_eq!(check("icmp"), ("exposed-icmp", Severity::Low));
    assert_eq!(check("3000-6000"), ("exposed-admin-port", Severity::Critical));
}

#[test]
fn a_single_public_address() {
    let finding = one(&public("in 1 allow 22 from 198.51.100.7"));
    let says = "filter sg opens 22 (SSH) to the single public address 198.51.100.7, and it can be \
                reached at web";
    is(&finding, &single_public_source::CHECK, Severity::Low, says);
    assert_eq!(finding.controls, ["CFW-EXP-030"].into());
    let finding = one(&public("in 1 allow 22 from 198.51.100.7\nin 2 allow 443 from 198.51.100.9"));
    assert_eq!(rules(&finding), ["1", "2"]);
    assert!(finding.message.contains("addresses 198.51.100.7, 198.51.100.9"));
}

#[test]
fn a_range_is_wide_from_the_limit_on() {
    let of = |from: &str| all(&public(&format!("in 1 allow 22 from {from}")));
    assert_eq!(of("198.51.100.0/24")[0].severity, Severity::High);
    assert_eq!(of("198.51.100.0/25")[0].check, "single-public-source");
    assert_eq!(of("198.51.100.0/25,198.51.100.128/25").len(), 1, "the union counts");
    assert_eq!(of("198.51.100.0/25,198.51.101.0/25")[0].check, "single-public-source");
    let private = &of("198.51.100.0/25,10.0.0.0/8")[0];
    assert_eq!(private.check, "single-public-source", "what is wide in it is no internet");
    assert_eq!(
        of("198.51.100.0/25,198.51.100.128/26,198.51.100.192/26")[0].severity,
        Severity::High
    );
    let v6 = |from: &str| of(from).first().map(|finding| finding.severity);
    assert_eq!(v6("2a00:1::/48"), Some(Severity::Low));
    assert_eq!(v6("2a00:1::/49"), Some(Severity::Low));
    let check = |from: &str| of(from)[0].check;
    assert_eq!(check("2a00:1::/48"), "exposed-admin-port");
    assert_eq!(check("2a00:1::/49"), "single-public-source");
    assert_eq!(check("2a00:1::/64"), "single-public-source");
    assert_eq!(check("2a00:1::1/128"), "single-public-source");
    let settings = Settings { wide_prefix_v4: 16, ..Settings::default() };
    let text = public("in 1 allow 22 from 198.51.0.0/17");
    assert!(found_with(&exposed_admin_port::CHECK, &text, &settings).is_empty());
}

#[test]
fn how_bad_it_is_follows_from_how_many_are_let_in() {
    let of = |service: &str, from: &str| {
        let finding = one(&public(&format!("in 1 allow {service} from {from}")));
        (finding.check, finding.severity)
    };
    let small = |severity| ("single-public-source", severity);
    assert_eq!(of("22", "0.0.0.0/0"), ("exposed-admin-port", Severity::Critical));
    assert_eq!(of("22", "198.51.100.0/24"), ("exposed-admin-port", Severity::High));
    for from in ["198.51.100.0/25", "198.51.100.16/28", "198.51.100.4/31"] {
        assert_eq!(of("22", from), small(Severity::Medium), "{from}");
    }
    assert_eq!(of("22", "198.51.100.4/32"), small(Severity::Low));
    assert_eq!(of("389", "198.51.100.16/28"), small(Severity::Low));
    assert_eq!(of("443", "198.51.100.16/28"), small(Severity::Low), "as single addresses are");
    let says = "filter sg opens 22 (SSH) to the small range 198.51.100.16/28 of the internet, and \
                it can be reached at web";
    let finding = one(&public("in 1 allow 22 from 198.51.100.16/28"));
    is(&finding, &single_public_source::CHECK, Severity::Medium, says);
    assert_eq!(finding.controls, ["CFW-EXP-030"].into());
    let unsure = public("in 1 allow 22 from 198.51.100.16/28")
        .replace("filters sg", "filters sg maybe-down");
    assert_eq!(one(&unsure).severity, Severity::Medium, "it is not known whether it runs");
}

#[test]
fn a_small_range_that_an_acl_leaves_of_all_is_as_bad_as_one_in_the_group() {
    let left = |from: &str| {
        let text = public("in 1 allow 22 from 0.0.0.0/0")
            .replace("in 100 allow any from 0.0.0.0/0", &format!("in 100 allow any from {from}"));
        one(&text).severity
    };
    assert_eq!(left("198.51.0.0/16"), Severity::High);
    assert_eq!(left("198.51.100.0/28"), Severity::Medium);
    assert_eq!(left("198.51.100.7/32"), Severity::Low);
}

#[test]
fn what_outsiders_alone_could_use_can_go() {
    let text = public("in 1 allow 22 from 198.51.0.0/16").replace(" public 203.0.113.10", "");
    assert_eq!(
        one(&text).advice,
        "Remove rule 1 from filter sg: nobody can use it today, and a change elsewhere would open \
         it."
    );
    let two = text.replace("in 1", "in 2 allow 22 from 198.52.0.0/16\n  in 1");
    assert!(one(&two).advice.starts_with("Remove rules 1, 2 from filter sg: nobody can use them"));
    let mixed = text.replace("198.51.0.0/16", "198.51.0.0/16,10.1.0.0/16");
    assert!(one(&mixed).advice.starts_with("Narrow rule 1 of filter sg to whoever inside uses it"));
    let group = text.replace("198.51.0.0/16", "198.51.0.0/16,group:x");
    assert!(one(&group).advice.starts_with("Narrow rule 1"), "a member may use it");
    let list = text.replace("198.51.0.0/16", "198.51.0.0/16,?list");
    assert!(all(&list).iter().all(|it| !it.advice.starts_with("Remove")), "nobody knows who");
    let mute = public("in 1 allow 22 from 198.51.0.0/16")
        .replace("out 100 allow any to 0.0.0.0/0", "out 100 allow 443 to 0.0.0.0/0");
    assert!(
        one(&mute).advice.contains("nobody gets an answer by it today"),
        "{}",
        one(&mute).advice
    );
}

#[test]
fn what_is_authorised_is_a_web_port_unless_it_administers() {
    let settings = Settings { authorised_tcp: "22,8080".parse().unwrap(), ..Settings::default() };
    let of = |port: u16, check| {
        let text = public(&format!("in 1 allow {port} from 0.0.0.0/0"));
        let found = found_with(check, &text, &settings);
        found.first().map(|finding| finding.severity)
    };
    assert_eq!(of(8080, &exposed_web_port::CHECK), Some(Severity::Info));
    assert_eq!(of(8080, &exposed_high_risk_port::CHECK), None);
    assert_eq!(of(22, &exposed_web_port::CHECK), None);
    assert_eq!(of(22, &exposed_admin_port::CHECK), Some(Severity::Critical));
}

/// An ACL lets a single address through to what the group opens to everybody.
#[test]
fn severity_is_that_of_who_gets_in() {
    let text = public("in 1 allow 22 from 0.0.0.0/0");
    let let_in = |from: &str| {
        let entry = format!("in 90 allow 22 from {from}\n  in 95 deny 22\n  in 100 allow any");
        let narrow = text.replacen("in 100 allow any", &entry, 1);
        assert_ne!(narrow, text, "{text}");
        one(&narrow)
    };
    let few = let_in("198.51.100.7/32");
    assert_eq!(few.severity, Severity::Low, "{few:?}");
    assert!(few.notes.iter().any(|note| note.contains("198.51.100.7/32 alone")), "{few:?}");
    let range = let_in("198.51.0.0/16");
    assert_eq!(range.severity, Severity::High, "{range:?}");
    let half = let_in("0.0.0.0/1");
    assert_eq!(half.severity, Severity::High, "{half:?}");
}

#[test]
fn nothing_to_ask_is_told_as_what_it_is() {
    let text =
        format!("{}\ninterface more in b 10.0.2.10 filters sg", public("in 1 allow 22 from ::/0"));
    let finding = one(&text);
    assert!(finding.message.ends_with("the 2 interfaces have no IPv6 address"), "{finding:?}");
    assert_eq!(ids(&finding), ["more", "web"]);
}

#[test]
fn a_stateful_list_at_a_boundary_guards_like_an_interfaces_own() {
    let text = public("in 1 allow 22 from 0.0.0.0/0")
        .replace("table private acl open", "table private acl sg")
        .replace("in a 10.0.1.10 public 203.0.113.10 filters sg", "in b 10.0.2.10");
    let finding = one(&text);
    assert_eq!((finding.check, finding.severity), ("exposed-admin-port", Severity::Low));
    assert_eq!((&*finding.subject.id, ids(&finding)), ("sg", vec!["web"]));
}

#[test]
fn exposed_here_and_blocked_there() {
    let text = format!(
        "{}\ninterface back in b 10.0.2.10 filters sg\ninterface front in a 10.0.1.11 public 203.0.113.11 filters sg",
        public("in 1 allow 22 from 0.0.0.0/0")
    );
    let finding = one(&text);
    let says = "filter sg opens 22 (SSH) to the whole IPv4 internet, and it can be reached at 2 \
                interfaces";
    is(&finding, &exposed_admin_port::CHECK, Severity::Critical, says);
    assert_eq!(ids(&finding), ["front", "web"]);
    assert_eq!(finding.notes, ["Nothing gets in at 1 more: back."]);
}

#[test]
fn exposed_here_and_unknown_there() {
    let text = format!(
        "{}\ninterface maybe in a 10.0.1.12 public 203.0.113.12 filters sg maybe-down",
        public("in 1 allow 22 from 0.0.0.0/0")
    );
    let finding = one(&text);
    assert_eq!(effective(&finding), &Effective::Exposed);
    assert_eq!(ids(&finding), ["web"]);
    assert_eq!(finding.notes, ["It is not known whether anything gets in at maybe."]);
    assert_eq!(&*finding.unknowns[0].what, "whether it runs");
}

#[test]
fn what_cannot_be_proved_is_unknown_and_told() {
    let text =
        public("in 1 allow 22 from 0.0.0.0/0").replace("filters sg", "filters sg maybe-down");
    let finding = one(&text);
    let says = "filter sg opens 22 (SSH) to the whole IPv4 internet, and whether anything gets in \
                at web is not known";
    is(&finding, &exposed_admin_port::CHECK, Severity::Medium, says);
    assert!(finding.is_unknown());
    assert_eq!((ids(&finding), finding.unknowns.len()), (vec!["web"], 1));
    assert_eq!(finding.services.to_string(), "tcp 22");
    let web = text.replace("allow 22", "allow 443");
    assert_eq!(one(&web).severity, Severity::Info);
}

#[test]
fn an_unresolved_list_may_open() {
    let finding = one(&public("in 1 allow 22 from ?pl-9"));
    let says = "filter sg may open 22 (SSH) to the whole internet, and whether anything gets in at \
                web is not known";
    is(&finding, &exposed_admin_port::CHECK, Severity::Medium, says);
    assert!(finding.is_unknown() && !finding.effect.as_ref().unwrap().literal);
    assert_eq!(&*finding.unknowns[0].what, "pl-9");
    assert!(finding.controls.contains("CFW-EXP-029"));
    let known = one(&public("in 1 allow 22 from ?pl-9\nin 2 allow 22 from 0.0.0.0/0,::/0"));
    assert_eq!(rules(&known), ["2"], "what is open anyway says more");
    let more = all(&public("in 1 allow 22-23 from ?pl-9\nin 2 allow 22 from 0.0.0.0/0,::/0"));
    assert_eq!(more.len(), 2, "23 is not open anyway");
    let doubted = one(&public("in 1 allow 22 from 0.0.0.0/0 maybe"));
    assert!(doubted.is_unknown());
    assert_eq!(&*doubted.unknowns[0].what, "whether the rule matches");
}

#[test]
fn rules_that_no_stranger_can_use_are_no_finding() {
    assert!(all(&public("in 1 allow 22 from group:clients")).is_empty());
    assert!(all(&public("in 1 deny 22 from 0.0.0.0/0")).is_empty());
    assert!(all(&public("in 1 allow 22 from 10.0.0.0/8")).is_empty());
}

#[test]
fn what_nothing_guards_is_told_by_its_boundary() {
    let text = format!("{ESTATE}\ninterface bare in a 10.0.1.10 public 203.0.113.10");
    let finding = one(&text);
    let says = "filter open opens every port and protocol to the whole internet, of which";
    assert!(finding.message.starts_with("filter open opens every port"), "{says}");
    assert_eq!((finding.check, finding.severity), ("exposed-all-ports", Severity::Critical));
    assert_eq!(ids(&finding), ["bare"]);
    assert!(all(&text.replace(" public 203.0.113.10", "")).is_empty(), "an ACL is no finding");
    let finding = one(&text.replace("table public acl open", "table public"));
    let says = "no rules guard network interface bare, and every port and protocol can be reached \
                from the whole internet";
    is(&finding, &exposed_all_ports::CHECK, Severity::Critical, says);
    assert_eq!(&*finding.subject.id, "bare");
    assert!(finding.rules.is_empty() && !finding.effect.as_ref().unwrap().literal);
}

/// A machine with the interface of [`public`].
fn machine(rules: &str, identity: &str) -> Vec<Finding> {
    let text =
        format!("{}\nhost i-1 web\nsetting i-1 has-cloud-identity {identity}", public(rules));
    found(&exposed_cloud_identity::CHECK, &text)
}

#[test]
fn a_reachable_machine_with_an_identity() {
    let found = machine("in 1 allow 22 from 0.0.0.0/0\nin 2 allow 443 from 0.0.0.0/0", "on");
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    let says = "host i-1 has an identity in the cloud, and the internet reaches it at 22 (SSH)";
    is(finding, &exposed_cloud_identity::CHECK, Severity::High, says);
    assert_eq!(
        (&*finding.subject.id, ids(finding), rules(finding)),
        ("i-1", vec!["web"], vec!["1"])
    );
    assert_eq!(effective(finding), &Effective::Exposed);
    assert_eq!(finding.controls, ["CFW-NET-006"].into());
    assert!(finding.witness.is_some() && !finding.trace.is_empty() && finding.question.is_some());
    assert!(finding.unknowns.is_empty());
}

#[test]
fn who_is_not_reached_or_has_no_identity_is_no_finding() {
    assert!(machine("in 1 allow 22 from 0.0.0.0/0", "off").is_empty());
    assert!(
        machine("in 1 allow 80,443 from 0.0.0.0/0\nin 2 allow icmp from 0.0.0.0/0", "on")
            .is_empty()
    );
    assert!(
        machine("in 1 allow 22 from 198.51.100.7", "on").is_empty(),
        "one address is not the internet"
    );
    assert!(machine("in 1 allow 22 from ::/0", "on").is_empty());
    let text = format!(
        "{}\nhost i-1 web\nhost i-2 other\ninterface other in b 10.0.2.10\nsetting i-2 has-cloud-identity on
setting i-1 gives-public-addresses on",
        public("in 1 allow 22 from 0.0.0.0/0")
    );
    assert!(found(&exposed_cloud_identity::CHECK, &text).is_empty());
}

#[test]
fn an_identity_or_a_path_that_is_not_known() {
    let found = machine("in 1 allow 22 from 0.0.0.0/0", "unknown");
    let says =
        "host i-1 may have an identity in the cloud, and the internet reaches it at 22 (SSH)";
    is(&found[0], &exposed_cloud_identity::CHECK, Severity::Medium, says);
    assert!(found[0].is_unknown() && !found[0].effect.as_ref().unwrap().literal);
    assert_eq!(&*found[0].unknowns[0].what, "whether it is on");
    let text = format!(
        "{}\nhost i-1 web\nsetting i-1 has-cloud-identity on",
        public("in 1 allow 22 from 0.0.0.0/0").replace("filters sg", "filters sg maybe-down")
    );
    let found = crate::testing::found(&exposed_cloud_identity::CHECK, &text);
    let says = "host i-1 has an identity in the cloud, and the internet may reach it at 22 (SSH)";
    is(&found[0], &exposed_cloud_identity::CHECK, Severity::Medium, says);
    assert!(found[0].is_unknown() && found[0].effect.as_ref().unwrap().literal);
    assert_eq!(&*found[0].unknowns[0].what, "whether it runs");
}

#[test]
fn every_check_explains_itself() {
    for check in CHECKS {
        let explained = &check.explanation;
        for text in [explained.finds, explained.why, explained.instead, explained.limits] {
            assert!(text.ends_with('.') && text.len() > 20, "{}: {text}", check.id);
        }
        assert!(!explained.example.is_empty() && !explained.references.is_empty());
        assert!(!check.controls.is_empty() && !check.title.ends_with('.'), "{}", check.id);
    }
}
