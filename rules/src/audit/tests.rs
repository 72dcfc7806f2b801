use std::collections::BTreeSet;
use std::sync::Arc;

use cloudfw_core::{Id, Label, Network, Origin, PathGraph, Place, ServiceSet};

use super::{Audit, one_of_each};
use crate::{Effect, Effective, Finding, Settings, Severity, check, checks};

const ESTATE: &str = "
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24
filter sg stateful
  in 1 allow any from 10.0.0.0/8
default-group default
interface eni-1 in a 10.0.1.10 groups default filters sg
interface eni-2 in a 10.0.1.11 groups default filters sg
interface eni-3 in a 10.0.1.12 groups default filters sg
host i-1 eni-1,eni-2
";

fn audited(network: &Network, ask: impl Fn(&mut Audit<'_>) -> Vec<Finding>) -> Vec<Finding> {
    let graph = PathGraph::new(network);
    let settings = Settings::default();
    ask(&mut Audit::new(&graph, &[], &settings))
}

#[test]
fn an_interface_goes_by_its_own_name_else_by_that_of_its_machine() {
    let mut network = Network::from_text(ESTATE).unwrap();
    network.hosts.get_mut("i-1").unwrap().label.name = Some("web".into());
    network.interfaces.get_mut("eni-2").unwrap().label.name = Some("second".into());
    let in_use = check("default-group-in-use").unwrap();
    let found = audited(&network, |audit| audit.find([in_use]));
    let [one] = found.as_slice() else { panic!("{found:?}") };
    let names: Vec<String> = one.affected.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["eni-1 (web)", "eni-2 (second)", "eni-3"]);
}

#[test]
fn an_audit_asks_every_check_and_tells_the_worst_first() {
    let network = Network::from_text(ESTATE).unwrap();
    let found = audited(&network, |audit| audit.run_all());
    assert!(found.iter().any(|finding| finding.check == "default-group-in-use"), "{found:?}");
    assert!(found.iter().any(|finding| finding.check == "wide-private-range"), "{found:?}");
    assert!(found.is_sorted_by(|one, other| one.severity >= other.severity));
    let each: usize = checks().map(|check| audited(&network, |it| it.find([check])).len()).sum();
    assert_eq!(found.len(), each);
}

fn label(id: &str) -> Label {
    let origin = Origin { document: "".into(), place: Place::Line(1) };
    Label { id: id.into(), name: None, kind: "security-group", scope: "".into(), origin }
}

/// What one exposure is told as: what comes of it, how bad, and at which interface.
fn exposure(effective: Effective, severity: Severity, at: &str) -> Finding {
    let mut finding =
        Finding::new("exposed-admin-port", severity, label("sg"), at.to_owned(), String::new());
    finding.source = Some("internet".into());
    finding.effect = Some(Effect { effective, literal: true });
    finding.affected = vec![label(at)];
    finding.services = ServiceSet::full();
    finding
}

fn affected(finding: &Finding) -> Vec<&str> {
    finding.affected.iter().map(|label| &*label.id).collect()
}

#[test]
fn what_nothing_reaches_is_not_affected_by_what_is_exposed_elsewhere() {
    let blocked = |at| exposure(Effective::Blocked(Vec::new()), Severity::Low, at);
    let one = exposure(Effective::Exposed, Severity::Critical, "one");
    let three = exposure(Effective::Exposed, Severity::High, "three");
    let five = exposure(Effective::Unknown, Severity::Medium, "five");
    let found = one_of_each(vec![one, three, five, blocked("two"), blocked("four")]);
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(affected(found), ["one", "three"]);
    assert_eq!(
        found.notes,
        [
            "And three.",
            "It is not known whether anything gets in at five.",
            "Nothing gets in at 2 more: two and four.",
        ]
    );
}

#[test]
fn what_is_exposed_is_told_before_what_may_be_worse_and_is_not_known() {
    let unknown = exposure(Effective::Unknown, Severity::Medium, "two");
    let exposed = exposure(Effective::Exposed, Severity::Low, "one");
    let found = one_of_each(vec![unknown, exposed]);
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(affected(found), ["one"]);
    assert_eq!(found.severity, Severity::Medium);
    assert!(matches!(found.effect, Some(Effect { effective: Effective::Exposed, .. })));
}

const HALVES: &str = "
external internet 0.0.0.0/0
router vpc 10.0.0.0/16
gateway igw border vpc internet
table rt
  0.0.0.0/0 -> igw
subnet a in vpc 10.0.1.0/24 table rt
filter one stateful
  in high allow 22 from 128.0.0.0/1
filter two stateful
  in low allow 22 from 0.0.0.0/1
filter both stateful
interface eni-both in a 10.0.1.10 public 203.0.113.10 filters both
interface eni-half in a 10.0.1.11 public 203.0.113.11 filters one
interface eni-other in a 10.0.1.12 public 203.0.113.12 filters two
";

#[test]
fn what_is_open_to_half_is_not_affected_by_what_two_groups_open_together() {
    let mut network = Network::from_text(HALVES).unwrap();
    let lists = ["one", "two"].map(|id| Arc::clone(&network.filters[&Id::new(id)].ingress[0]));
    Arc::make_mut(network.filters.get_mut("both").unwrap()).ingress = lists.to_vec();
    let graph = PathGraph::new(&network);
    let sources: Vec<_> = crate::testing::internet(&network).into_iter().collect();
    let settings = Settings::default();
    let audit = Audit::new(&graph, &sources, &settings);
    let found = audit.find([check("exposed-admin-port").unwrap()]);
    let told: Vec<(usize, Vec<&str>)> =
        found.iter().map(|it| (it.rules.len(), affected(it))).collect();
    assert_eq!(told, [(2, vec!["eni-both"]), (1, vec!["eni-half"]), (1, vec!["eni-other"])]);
    let fingerprints: BTreeSet<String> = found.iter().map(Finding::fingerprint).collect();
    assert_eq!(fingerprints.len(), 3);
}
