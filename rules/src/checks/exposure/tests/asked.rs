//! Which check reports what, where not all are asked, or some are accepted.

use cloudfw_core::{Network, PathGraph};

use super::*;
use crate::Audit;

/// Asks these checks alone, and gives what they find, and what that stands in for where these are
/// accepted.
fn asked(text: &str, checks: &[&str], accepted: &[&str]) -> (Vec<Finding>, Vec<Finding>) {
    let network = Network::from_text(text).unwrap();
    let graph = PathGraph::new(&network);
    let sources: Vec<_> = crate::testing::internet(&network).into_iter().collect();
    let settings = Settings::default();
    let mut audit = Audit::new(&graph, &sources, &settings);
    let found = audit.run(checks.iter().map(|id| crate::check(id).unwrap()));
    let behind = found.iter().flat_map(|it| audit.stood_in_for(it, |id| accepted.contains(&id)));
    let behind = behind.collect();
    (found, behind)
}

fn told(findings: &[Finding]) -> Vec<(&str, Severity, String)> {
    findings.iter().map(|it| (it.check, it.severity, it.services.to_string())).collect()
}

const EVERY_PORT: &str = "in 1 allow any from 0.0.0.0/0";

#[test]
fn where_one_check_is_asked_none_other_stands_in_for_it() {
    let text = public(EVERY_PORT);
    let (found, _) = asked(&text, &["exposed-admin-port"], &[]);
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.check, one.severity), ("exposed-admin-port", Severity::Critical));
    assert!(one.message.contains("opens 22 (SSH)"), "{}", one.message);
    assert!(!one.services.to_string().contains("5432"), "{}", one.services);
    assert!(one.controls.contains("CFW-EXP-001") && !one.controls.contains("CFW-EXP-003"));
    assert_eq!(one.witness.unwrap().to_string(), "tcp 0.0.0.0:1024 → 203.0.113.10:22");
    let (found, _) = asked(&text, &["exposed-web-port"], &[]);
    assert_eq!(told(&found), [("exposed-web-port", Severity::Info, "tcp 80,443".to_owned())]);
    assert_eq!(found[0].question.as_ref().unwrap().services.to_string(), "tcp 80,443");
    let (found, _) = asked(&text, &["exposed-icmp"], &[]);
    assert_eq!((found[0].check, found[0].severity), ("exposed-icmp", Severity::Low));
    let (found, _) = asked(&text, &["exposed-all-ports", "exposed-admin-port"], &[]);
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(one.check, "exposed-all-ports", "asked together one finding is enough");
    assert!(asked(&text, &["single-public-source"], &[]).0.is_empty());
}

#[test]
fn of_several_that_are_asked_the_worst_reports_what_they_are_about() {
    let text = public("in 1 allow 22,443,3306 from 0.0.0.0/0");
    let checks = |ids: &[&str]| {
        let (found, _) = asked(&text, ids, &[]);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        (one.check, one.services.to_string())
    };
    let all = "tcp 22,443,3306".to_owned();
    assert_eq!(checks(&["exposed-admin-port"]), ("exposed-admin-port", all));
    let data = ["exposed-data-port", "exposed-web-port"];
    assert_eq!(checks(&data), ("exposed-data-port", "tcp 443,3306".to_owned()));
    assert_eq!(checks(&["exposed-data-port"]), ("exposed-data-port", "tcp 3306".to_owned()));
    assert!(asked(&text, &["exposed-icmp"], &[]).0.is_empty());
    assert!(asked(&text, &["exposed-high-risk-port"], &[]).0.is_empty());
}

#[test]
fn what_is_narrowed_is_proved_anew() {
    let text = public(EVERY_PORT)
        .replace("in 100 allow any from 0.0.0.0/0", "in 100 allow 443 from 0.0.0.0/0");
    let (found, _) = asked(&text, &["exposed-admin-port"], &[]);
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(one.severity, Severity::Low);
    assert!(matches!(effective(one), Effective::Blocked(steps) if !steps.is_empty()), "{one:?}");
    assert!(one.witness.is_none());
    let (found, _) = asked(&text, &["exposed-web-port"], &[]);
    assert_eq!(effective(&found[0]), &Effective::Exposed);
}

#[test]
fn each_kind_of_services_is_what_its_check_is_about() {
    let services = |check: &str| {
        let (found, _) = asked(&public(EVERY_PORT), &[check], &[]);
        let [one] = found.as_slice() else { panic!("{check}: {found:?}") };
        one.services.destination_ports()
    };
    let has = |check: &str, yes: &[u16], no: &[u16]| {
        let ports = services(check);
        assert!(yes.iter().all(|port| ports.contains(*port)), "{check}: {ports}");
        assert!(!no.iter().any(|port| ports.contains(*port)), "{check}: {ports}");
    };
    has("exposed-admin-port", &[22, 3389], &[5432, 445, 80, 9999]);
    has("exposed-data-port", &[5432], &[22, 445, 80, 9999]);
    has("exposed-high-risk-port", &[445], &[22, 5432, 9999]);
    has("exposed-unlisted-port", &[9999], &[]);
    has("exposed-web-port", &[80, 443], &[22, 5432, 445, 9999]);
}

/// All checks of exposure.
fn every() -> Vec<&'static str> {
    CHECKS.iter().map(|check| check.id).collect()
}

#[test]
fn who_accepts_one_kind_of_port_has_not_accepted_another() {
    let text = public("in 1 allow 22,443,3306 from 0.0.0.0/0");
    let (found, behind) = asked(&text, &every(), &["exposed-admin-port"]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        told(&behind),
        [("exposed-data-port", Severity::Critical, "tcp 443,3306".to_owned())]
    );
    let (_, behind) = asked(&text, &every(), &["exposed-admin-port", "exposed-data-port"]);
    assert_eq!(told(&behind), [("exposed-web-port", Severity::Info, "tcp 443".to_owned())]);
    let (_, behind) = asked(&text, &every(), &every());
    assert!(behind.is_empty(), "{behind:?}");
    let (_, behind) = asked(&text, &["exposed-admin-port"], &["exposed-admin-port"]);
    assert!(behind.is_empty(), "nothing else is asked: {behind:?}");
    let (_, behind) = asked(&public("in 1 allow 22 from 0.0.0.0/0"), &every(), &[]);
    assert!(behind.is_empty(), "{behind:?}");
}

#[test]
fn what_is_left_of_what_is_left_can_be_asked_for_too() {
    let network = Network::from_text(&public("in 1 allow 22,445,3306 from 0.0.0.0/0")).unwrap();
    let graph = PathGraph::new(&network);
    let sources: Vec<_> = crate::testing::internet(&network).into_iter().collect();
    let settings = Settings::default();
    let mut audit = Audit::new(&graph, &sources, &settings);
    let first = audit.run(CHECKS.iter().copied());
    let admin = ["exposed-admin-port"];
    let second = audit.stood_in_for(&first[0], |id| admin.contains(&id));
    assert_eq!(second[0].check, "exposed-data-port");
    let data = ["exposed-admin-port", "exposed-data-port"];
    let third = audit.stood_in_for(&second[0], |id| data.contains(&id));
    assert_eq!(
        told(&third),
        [("exposed-high-risk-port", Severity::Critical, "tcp 445".to_owned())]
    );
    assert!(audit.stood_in_for(&third[0], |_| false).is_empty());
}

#[test]
fn what_is_left_is_of_the_same_rules_alone() {
    let text = public("in 1 allow 22,3306 from 0.0.0.0/0\nin 2 allow 23,5432 from 0.0.0.0/0");
    let (found, _) = asked(&text, &every(), &[]);
    assert_eq!(found.len(), 2);
    let behind = |check: &str| {
        let (found, _) = asked(&text, &every(), &[]);
        let of = found.iter().position(|it| it.check == check).unwrap();
        told_behind(&text, of)
    };
    assert_eq!(behind("exposed-admin-port"), ["tcp 3306"]);
    assert_eq!(behind("exposed-data-port"), ["tcp 23"]);
}

fn told_behind(text: &str, of: usize) -> Vec<String> {
    let network = Network::from_text(text).unwrap();
    let graph = PathGraph::new(&network);
    let sources: Vec<_> = crate::testing::internet(&network).into_iter().collect();
    let settings = Settings::default();
    let mut audit = Audit::new(&graph, &sources, &settings);
    let found = audit.run(CHECKS.iter().copied());
    let behind = audit.stood_in_for(&found[of], |id| id == found[of].check);
    behind.iter().map(|it| it.services.to_string()).collect()
}

#[test]
fn who_accepts_every_port_has_accepted_each() {
    let (found, behind) = asked(&public(EVERY_PORT), &every(), &["exposed-all-ports"]);
    assert_eq!(found[0].check, "exposed-all-ports");
    assert!(behind.is_empty(), "{behind:?}");
}
