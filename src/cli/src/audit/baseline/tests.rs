use cloudfw_core::{Label, Origin, Place, PortSet, ServiceSet};
use cloudfw_rules::{Effect, Effective, Finding, Severity};
use serde_json::{Value, json};

use super::Baseline;

fn label(id: &str) -> Label {
    let origin = Origin { document: "groups.json".into(), place: Place::Line(1) };
    Label { id: id.into(), name: None, kind: "security-group", scope: "111/eu".into(), origin }
}

fn finding(effective: Effective) -> Finding {
    let message = "sg opens it".to_owned();
    let mut finding =
        Finding::new("exposed-admin-port", Severity::High, label("sg"), message, "Do.".to_owned());
    finding.services = ServiceSet::tcp(PortSet::single(22));
    finding.affected = vec![label("eni-1"), label("eni-2")];
    finding.effect = Some(Effect { effective, literal: true });
    finding
}

/// What an earlier audit wrote of it, with something else in it.
fn told(of: &Finding, changes: &Value) -> Baseline {
    let mut told = json!({
        "fingerprint": of.fingerprint(),
        "severity": "high",
        "effective": {"verdict": "exposed"},
        "services": "tcp 22",
        "affected": [{"id": "eni-1", "scope": "111/eu"}, {"id": "eni-2", "scope": "111/eu"}],
    });
    for (key, value) in changes.as_object().unwrap() {
        told[key] = value.clone();
    }
    let report = json!({"schema": "cloudfw.audit/1", "findings": [told]});
    Baseline::parse(&report.to_string()).unwrap()
}

/// What is said to be worse than in a baseline with these changes; nothing where it is known.
fn worse(finding: &Finding, changes: &Value) -> Option<String> {
    let mut findings = vec![finding.clone()];
    let known = told(finding, changes).only_new(&mut findings);
    assert_eq!(known + findings.len(), 1);
    let news = findings.pop()?;
    assert_eq!(news.fingerprint(), finding.fingerprint(), "it is the same finding");
    let note = news.notes.last().unwrap();
    Some(note.strip_prefix("Worse than in the baseline: ").unwrap().to_owned())
}

#[test]
fn what_is_as_bad_as_it_was_is_known() {
    let exposed = finding(Effective::Exposed);
    for same in [
        json!({}),
        json!({"severity": "critical"}),
        json!({"services": "tcp 22-23"}),
        json!({"services": "any"}),
        json!({"affected": [{"id": "eni-2", "scope": "111/eu"}, {"id": "eni-1", "scope": "111/eu"},
                            {"id": "eni-0", "scope": "111/eu"}]}),
    ] {
        assert_eq!(worse(&exposed, &same), None, "{same}");
    }
}

#[test]
fn what_affects_more_than_it_did_is_news() {
    let exposed = finding(Effective::Exposed);
    let one = json!({"affected": [{"id": "eni-1", "scope": "111/eu"}]});
    assert_eq!(worse(&exposed, &one).unwrap(), "it affects eni-2 too.");
    let elsewhere = json!({"affected": [{"id": "eni-1", "scope": "111/eu"}, {"id": "eni-2", "scope": "222/eu"}]});
    assert_eq!(worse(&exposed, &elsewhere).unwrap(), "it affects eni-2 too.");
    let none = json!({"affected": []});
    assert_eq!(worse(&exposed, &none).unwrap(), "it affects eni-1, eni-2 too.");
    let mut many = exposed;
    many.affected = (1..=8).map(|number| label(&format!("eni-{number}"))).collect();
    assert_eq!(
        worse(&many, &json!({})).unwrap(),
        "it affects eni-3, eni-4, eni-5, eni-6, eni-7 and 1 more too."
    );
    many.affected.pop();
    assert!(worse(&many, &json!({})).unwrap().ends_with("eni-6, eni-7 too."));
}

#[test]
fn what_is_about_more_services_than_it_was_is_news() {
    let mut exposed = finding(Effective::Exposed);
    exposed.services = ServiceSet::tcp(PortSet::range(22, 23));
    assert_eq!(worse(&exposed, &json!({})).unwrap(), "it is about 23 (Telnet) too.");
    let none = json!({"services": null});
    assert_eq!(worse(&exposed, &none).unwrap(), "it is about 22-23 (SSH, Telnet) too.");
    let strange = json!({"services": "something"});
    assert!(worse(&exposed, &strange).unwrap().ends_with("and was about something."));
}

#[test]
fn what_is_more_severe_or_has_a_worse_verdict_is_news() {
    let exposed = finding(Effective::Exposed);
    let medium = json!({"severity": "medium"});
    assert_eq!(worse(&exposed, &medium).unwrap(), "it is high and was medium.");
    for was in ["blocked", "unattached", "unknown"] {
        let changes = json!({"effective": {"verdict": was}});
        assert_eq!(worse(&exposed, &changes).unwrap(), format!("it is exposed and was {was}."));
    }
    let untold = json!({"effective": null});
    assert_eq!(worse(&exposed, &untold).unwrap(), "it is exposed and was not told.");
    let both = json!({"severity": "low", "affected": [{"id": "eni-1", "scope": "111/eu"}]});
    assert_eq!(worse(&exposed, &both).unwrap(), "it is high and was low; it affects eni-2 too.");
}

/// Of what is exposed a finding lists what is, of what is blocked all that it would be about.
#[test]
fn what_became_better_is_known_whatever_it_lists() {
    let mut blocked = finding(Effective::Blocked(Vec::new()));
    blocked.services = ServiceSet::tcp(PortSet::range(22, 23));
    let exposed = json!({"affected": [{"id": "eni-1", "scope": "111/eu"}]});
    assert_eq!(worse(&blocked, &exposed), None);
    let same = json!({"effective": {"verdict": "blocked"}});
    assert_eq!(worse(&blocked, &same).unwrap(), "it is about 23 (Telnet) too.");
}

#[test]
fn what_cannot_be_decided_is_never_known() {
    let unknown = finding(Effective::Unknown);
    let mut findings = vec![unknown.clone()];
    let baseline = told(&unknown, &json!({"effective": {"verdict": "unknown"}}));
    assert_eq!(baseline.only_new(&mut findings), 0);
    assert!(findings[0].notes.is_empty(), "nothing about it is worse");
}

#[test]
fn what_was_ignored_then_is_known_too() {
    let exposed = finding(Effective::Exposed);
    let ignored = json!({"fingerprint": exposed.fingerprint(), "severity": "high",
        "effective": {"verdict": "exposed"}, "services": "tcp 22",
        "affected": [{"id": "eni-1", "scope": "111/eu"}, {"id": "eni-2", "scope": "111/eu"}]});
    let report = json!({"schema": "cloudfw.audit/1", "findings": [], "ignored": [ignored]});
    let mut findings = vec![exposed];
    assert_eq!(Baseline::parse(&report.to_string()).unwrap().only_new(&mut findings), 1);
}
