use cloudfw_core::{Label, Origin, Place};

use super::*;
use crate::{Effect, Severity};

fn finding(control: &'static str, effective: Option<Effective>, literal: bool) -> Finding {
    let origin = Origin { document: "".into(), place: Place::Line(1) };
    let subject =
        Label { id: "sg-1".into(), name: None, kind: "security-group", scope: "".into(), origin };
    let mut finding =
        Finding::new("exposed-admin-port", Severity::Low, subject, String::new(), String::new());
    finding.controls.insert(control);
    finding.effect = effective.map(|effective| Effect { effective, literal });
    finding
}

fn all_ran() -> Vec<&'static str> {
    checks().map(|check| check.id).collect()
}

fn assessed(findings: &[Finding], is_incomplete: bool, requirement: &str) -> (Status, Status) {
    let ran = all_ran();
    let audit = Assessed { findings, ran: &ran, is_incomplete, clouds: &["aws"] };
    let edition = edition("cis-aws-7.0").unwrap();
    let found = edition.assess(&audit).into_iter().find(|it| it.id == requirement).unwrap();
    (found.literal, found.effective)
}

#[test]
fn every_file_is_read_and_names_only_controls_that_there_are() {
    for framework in frameworks() {
        for (version, requirements) in &framework.versions {
            for (id, ids) in requirements {
                assert!(!ids.is_empty(), "{} {version} {id}", framework.id);
                for named in ids {
                    assert!(control(named).is_some(), "{} {version} {id}: {named}", framework.id);
                }
            }
        }
    }
    assert_eq!(controls().len(), 62);
}

#[test]
fn every_control_is_assessed_or_says_why_not() {
    for control in controls() {
        let by_check = control.checks().next().is_some();
        let told = control.not_assessed.is_some() || control.by_report.is_some();
        assert!(by_check != told, "{}: a check, or a reason, and not both", control.id);
    }
    for check in checks() {
        for id in check.controls {
            assert!(control(id).is_some(), "{} names {id}", check.id);
        }
    }
}

#[test]
fn an_edition_is_found_by_its_name_and_the_latest_without_a_version() {
    assert_eq!(edition("cis-aws-1.4").unwrap().version, "1.4");
    assert_eq!(edition("cis-aws").unwrap().version, "7.0");
    assert_eq!(edition("CIS-AWS-7.0").unwrap().framework.id, "cis-aws");
    for wrong in ["cis-aws-8.0", "cis-awsome", "cis-aws-", "", "cis"] {
        assert!(edition(wrong).is_none(), "{wrong}");
    }
    assert!(editions().any(|name| name == "pci-dss-4.0"));
    assert!(editions().all(|name| edition(&name).is_some()));
}

#[test]
fn requirements_stand_in_the_order_of_their_numbers() {
    let edition = edition("cis-aws-4.0.1").unwrap();
    let ids: Vec<&str> = edition.requirements.iter().map(|(id, _)| *id).collect();
    let at = |id: &str| ids.iter().position(|it| *it == id).unwrap();
    assert!(at("4.10") < at("4.11"));
    assert_eq!(natural("5.9", "5.10"), Ordering::Less);
    assert_eq!(natural("A.8.9", "A.8.20"), Ordering::Less);
    assert_eq!(natural("1.2", "1.2.1"), Ordering::Less);
}

#[test]
fn nothing_against_it_passes_only_where_all_was_read() {
    assert_eq!(assessed(&[], false, "6.3"), (Status::Passed, Status::Passed));
    assert_eq!(assessed(&[], true, "6.3"), (Status::Unknown, Status::Unknown));
}

#[test]
fn an_open_rule_that_lets_nothing_in_fails_as_written_only() {
    let blocked = [finding("CFW-EXP-001", Some(Effective::Blocked(Vec::new())), true)];
    assert_eq!(assessed(&blocked, false, "6.3"), (Status::Failed, Status::Passed));
    let unattached = [finding("CFW-EXP-001", Some(Effective::Unattached), true)];
    assert_eq!(assessed(&unattached, false, "6.3"), (Status::Failed, Status::Passed));
    let exposed = [finding("CFW-EXP-001", Some(Effective::Exposed), true)];
    assert_eq!(assessed(&exposed, false, "6.3"), (Status::Failed, Status::Failed));
    let unknown = [finding("CFW-EXP-001", Some(Effective::Unknown), false)];
    assert_eq!(assessed(&unknown, false, "6.3"), (Status::Unknown, Status::Unknown));
    let plain = [finding("CFW-SG-001", None, true)];
    assert_eq!(assessed(&plain, false, "6.5"), (Status::Failed, Status::Failed));
}

#[test]
fn a_requirement_outside_of_what_is_read_is_not_passed() {
    let edition = edition("cis-aws-1.4").unwrap();
    let ran = all_ran();
    let audit = Assessed { findings: &[], ran: &ran, is_incomplete: false, clouds: &["aws"] };
    let found = edition.assess(&audit);
    let alarms = found.iter().find(|it| it.id == "4.10").unwrap();
    assert_eq!((alarms.literal, alarms.effective), (Status::NotAssessed, Status::NotAssessed));
    assert_eq!(alarms.why.len(), 1);
}

#[test]
fn a_control_bears_on_the_requirements_that_name_it() {
    let names = |edition_name: &str, id: &str| -> Vec<&str> {
        edition(edition_name).unwrap().of_control(control(id).unwrap()).collect()
    };
    assert_eq!(names("cis-aws-7.0", "CFW-EXP-001"), ["6.3", "6.4"]);
    assert_eq!(names("cis-aws-1.4", "CFW-NET-004"), ["5.4"]);
    assert!(names("cis-aws-7.0", "CFW-NET-008").is_empty());
}

#[test]
fn an_edition_is_asked_of_the_checks_that_assess_its_controls() {
    let asked: Vec<&str> =
        edition("cis-aws-7.0").unwrap().checks().into_iter().map(|check| check.id).collect();
    for of_a_requirement in ["exposed-admin-port", "default-group-open", "wide-peering-route"] {
        assert!(asked.contains(&of_a_requirement), "{of_a_requirement}: {asked:?}");
    }
    assert!(!asked.contains(&"reply-gap"), "no requirement speaks of it");
    let of_gcp: Vec<&str> =
        edition("cis-gcp").unwrap().checks().into_iter().map(|check| check.id).collect();
    assert!(!of_gcp.contains(&"wide-peering-route"), "{of_gcp:?}");
}

#[test]
fn a_requirement_names_each_finding_and_each_reason_once() {
    let edition = edition("cis-aws-7.0").unwrap();
    let mut twice = finding("CFW-EXP-001", Some(Effective::Exposed), true);
    twice.controls.insert("CFW-EXP-002");
    let mut other = finding("CFW-EXP-003", Some(Effective::Exposed), true);
    other.check = "exposed-all-ports";
    let findings = [twice, other];
    let ran = all_ran();
    let audit = Assessed { findings: &findings, ran: &ran, is_incomplete: true, clouds: &["aws"] };
    let found = edition.assess(&audit);
    // Of SSH, RDP and all ports.
    let ports = found.iter().find(|it| it.id == "6.3").unwrap();
    let named: Vec<&str> = ports.findings.iter().map(|finding| finding.check).collect();
    assert_eq!(named, ["exposed-admin-port", "exposed-all-ports"]);
    assert_eq!(ports.why, ["not everything was read"]);
}

#[test]
fn every_reason_is_told() {
    let edition = edition("cis-aws-7.0").unwrap();
    let ran: Vec<&str> = all_ran().into_iter().filter(|id| *id != "exposed-admin-port").collect();
    let audit = Assessed { findings: &[], ran: &ran, is_incomplete: true, clouds: &["aws"] };
    let found = edition.assess(&audit);
    let ports = found.iter().find(|it| it.id == "6.3").unwrap();
    assert_eq!(
        ports.why,
        ["the check exposed-admin-port was not asked", "not everything was read"]
    );
}

#[test]
fn a_framework_of_a_cloud_that_was_not_read_is_not_assessed() {
    let edition = edition("cis-azure").unwrap();
    let ran = all_ran();
    let against = [finding("CFW-EXP-001", Some(Effective::Exposed), true)];
    let audit = Assessed { findings: &against, ran: &ran, is_incomplete: false, clouds: &["aws"] };
    let found = edition.assess(&audit);
    assert!(!found.is_empty());
    for requirement in found {
        assert_eq!(requirement.effective, Status::NotAssessed, "{}", requirement.id);
        assert_eq!(requirement.literal, Status::NotAssessed, "{}", requirement.id);
        assert_eq!(requirement.why, ["nothing of azure was read"]);
    }
}

#[test]
fn a_check_that_did_not_run_assesses_nothing() {
    let edition = edition("cis-aws-7.0").unwrap();
    let audit = Assessed { findings: &[], ran: &[], is_incomplete: false, clouds: &["aws"] };
    assert!(edition.assess(&audit).iter().all(|it| it.effective == Status::NotAssessed));
}

#[test]
fn what_is_incomplete_fails_the_control_that_asks_for_it() {
    let data = control("CFW-DAT-001").unwrap();
    assert!(data.by_report.is_some());
    let mut found = Requirement {
        id: "x",
        literal: Status::Passed,
        effective: Status::Passed,
        findings: Vec::new(),
        why: Vec::new(),
    };
    found.ask(data, &Assessed { findings: &[], ran: &[], is_incomplete: false, clouds: &["aws"] });
    assert_eq!(found.effective, Status::Passed);
    found.ask(data, &Assessed { findings: &[], ran: &[], is_incomplete: true, clouds: &["aws"] });
    assert_eq!((found.literal, found.effective), (Status::Failed, Status::Failed));
}
