//! OCSF 1.6, an array of Compliance Findings (2003).
//!
//! What was not read is an event of its own whose compliance is a warning, which is what OCSF
//! calls a check that gave no result for lack of information.
//!
//! Long lists are cut. How many there are of what is listed in part stands in `unmapped`, which is
//! where OCSF wants what its schema has no attribute for: `affected` (beside the subject, which is
//! the first of `resources`), `rules` and `unknowns` (both in `evidences`).

use std::io::Write;

use cloudfw_estate::answer::Missing;
use cloudfw_rules::Severity;
use serde_json::{Map, Value, json};

use crate::audit::{Finding, Resource, account_and_region};
use crate::json::write_line;
use crate::words::{MOST, effect, first, missing, place, safe, sentence};
use crate::{Report, WriteError};

const AWS: &str = "AWS";
const AZURE: &str = "Azure";

/// The version of the schema.
pub(crate) const VERSION: &str = "1.6.0";

/// Writes it.
pub(crate) fn write(report: &Report, to: &mut dyn Write) -> Result<(), WriteError> {
    let millis = report.seconds().saturating_mul(1000);
    let events = Events { report, millis };
    let incomplete = report.incomplete.iter().map(|what| events.incomplete(what));
    let findings = report.findings.iter().map(|finding| events.finding(finding));
    let ignored = report.ignored.iter().map(|ignored| {
        let mut event = events.finding(&ignored.finding);
        event.insert("status_id".to_owned(), json!(3));
        event.insert("status".to_owned(), json!("Suppressed"));
        let until = ignored.until.as_ref().map(|until| format!(" (until {until})"));
        let comment = format!("{}{}", ignored.reason, until.unwrap_or_default());
        event.insert("comment".to_owned(), json!(safe(&comment)));
        event
    });
    let all: Vec<Map<String, Value>> = incomplete.chain(findings).chain(ignored).collect();
    write_line(&all, to)
}

struct Events<'r> {
    report: &'r Report,
    millis: i64,
}

impl Events<'_> {
    fn finding(&self, finding: &Finding) -> Map<String, Value> {
        let (compliance, status) = match finding.is_unknown() {
            true => (2, "Warning"),
            false => (3, "Fail"),
        };
        let (standards, requirements) = self.standards(finding);
        let controls: Vec<Value> =
            finding.controls.iter().map(|control| json!({ "uid": control })).collect();
        let subject = &finding.subject.resource;
        let mut event =
            self.event(finding.severity, &finding.message, (provider(subject), &subject.scope));
        let mut put = |name: &str, value: Value| event.insert(name.to_owned(), value);
        if let Some(effect) = effect(finding) {
            put("status_detail", json!(effect));
        }
        put(
            "finding_info",
            lean(json!({
                "uid": finding.fingerprint,
                "title": finding.title,
                "desc": listed_in_part(finding),
                "analytic": { "uid": finding.check, "name": finding.check, "type_id": 1 },
                "data_sources": [safe(&place(finding.place()))],
            })),
        );
        put(
            "compliance",
            lean(json!({
                "status_id": compliance,
                "status": status,
                "control": finding.controls.first(),
                "checks": controls,
                "standards": standards,
                "requirements": requirements,
            })),
        );
        put("remediation", json!({ "desc": sentence(&finding.advice) }));
        put("resources", json!(resources(finding)));
        put("evidences", json!([{ "data": lean(evidence(finding)) }]));
        put(
            "unmapped",
            json!({
                "affected": finding.affected.len(),
                "rules": finding.rules.len(),
                "unknowns": finding.unknowns.len(),
            }),
        );
        event
    }

    fn incomplete(&self, what: &Missing) -> Map<String, Value> {
        let text = missing(what);
        let mut event = self.event(Severity::Info, &text, (&self.providers(), ""));
        let uid = format!("incomplete: {}", safe(&text));
        let info = json!({ "uid": uid, "title": "The audit is incomplete", "desc": safe(&text) });
        event.insert("finding_info".to_owned(), info);
        event.insert("compliance".to_owned(), json!({ "status_id": 2, "status": "Warning" }));
        event.insert("status_detail".to_owned(), json!("incomplete"));
        event
    }

    /// All that were read: what was not read may be of any of them.
    fn providers(&self) -> String {
        let names =
            self.report.clouds.iter().map(|cloud| if *cloud == "azure" { AZURE } else { AWS });
        match names.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => "Unknown".to_owned(),
            names => names,
        }
    }

    /// What every event has.
    fn event(
        &self,
        severity: Severity,
        message: &str,
        (provider, scope): (&str, &str),
    ) -> Map<String, Value> {
        let mut event = Map::new();
        let mut put = |name: &str, value: Value| event.insert(name.to_owned(), value);
        let (severity_id, caption) = match severity {
            Severity::Info => (1, "Informational"),
            Severity::Low => (2, "Low"),
            Severity::Medium => (3, "Medium"),
            Severity::High => (4, "High"),
            Severity::Critical => (5, "Critical"),
        };
        put("activity_id", json!(1));
        put("category_uid", json!(2));
        put("class_uid", json!(2003));
        put("type_uid", json!(200_301));
        put("time", json!(self.millis));
        put("severity_id", json!(severity_id));
        put("severity", json!(caption));
        put("status_id", json!(1));
        put("status", json!("New"));
        put("message", json!(sentence(message)));
        let tool = &self.report.tool;
        put(
            "metadata",
            json!({
                "version": VERSION,
                "profiles": ["cloud"],
                "product": { "name": tool.name, "vendor_name": tool.name, "version": tool.version },
            }),
        );
        put("cloud", cloud(provider, scope));
        event
    }

    /// The frameworks that were asked for and that the finding speaks against.
    fn standards(&self, finding: &Finding) -> (Vec<String>, Vec<String>) {
        let (mut standards, mut requirements) = (Vec::new(), Vec::new());
        for framework in &self.report.frameworks {
            let named = framework
                .requirements
                .iter()
                .filter(|requirement| requirement.findings.contains(&finding.fingerprint));
            let before = requirements.len();
            requirements.extend(named.map(|requirement| requirement.id.clone()));
            if requirements.len() > before {
                standards.push(format!("{} {}", framework.name, framework.version));
            }
        }
        (standards, requirements)
    }
}

/// An object without what is empty.
fn lean(mut value: Value) -> Value {
    if let Value::Object(object) = &mut value {
        object.retain(|_, value| !value.is_null() && value.as_array() != Some(&Vec::new()));
    }
    value
}

/// Ids of Azure's resources begin alike (ARM), and nobody else's do so.
fn provider(resource: &Resource) -> &'static str {
    const ARM: &str = "/subscriptions/";
    let start = resource.id.get(..ARM.len());
    let is_arm = start.is_some_and(|start| start.eq_ignore_ascii_case(ARM));
    if is_arm { AZURE } else { AWS }
}

/// The provider, the account and the Region.
fn cloud(provider: &str, scope: &str) -> Value {
    let (account, region) = account_and_region(scope);
    let mut cloud = Map::from_iter([("provider".to_owned(), json!(provider))]);
    if let Some(account) = account {
        let account = safe(account);
        // What is none of its accounts is `Other` to OCSF, and is named.
        let (type_id, kind) = match provider {
            AZURE => (99, "Azure Subscription"),
            _ => (10, "AWS Account"),
        };
        cloud.insert(
            "account".to_owned(),
            json!({ "uid": account, "name": account, "type_id": type_id, "type": kind }),
        );
    }
    if let Some(region) = region {
        cloud.insert("region".to_owned(), json!(safe(region)));
    }
    Value::Object(cloud)
}

/// What is to be changed, then what is affected.
fn resources(finding: &Finding) -> Vec<Value> {
    let affected = finding.affected.iter().take(MOST);
    let all = [&finding.subject.resource].into_iter().chain(affected);
    all.map(resource).collect()
}

/// How much of what the finding affects is listed, where that is not all.
fn listed_in_part(finding: &Finding) -> Option<String> {
    let all = finding.affected.len();
    let text = format!("It affects {all} resources, of which the first {MOST} are listed.");
    (all > MOST).then_some(text)
}

fn resource(resource: &Resource) -> Value {
    let mut value = Map::from_iter([
        ("uid".to_owned(), json!(safe(&resource.id))),
        ("type".to_owned(), json!(resource.kind)),
    ]);
    if let Some(name) = &resource.name {
        value.insert("name".to_owned(), json!(safe(name)));
    }
    if let (_, Some(region)) = resource.account_and_region() {
        value.insert("region".to_owned(), json!(safe(region)));
    }
    Value::Object(value)
}

fn evidence(finding: &Finding) -> Value {
    let rules = first(&finding.rules, MOST, |rule| {
        safe(&format!("{} ({})", rule.text, place(&rule.origin)))
    });
    json!({
        "rules": rules,
        "witness": finding.witness.as_ref().map(|witness| safe(&witness.text)),
        "effective": finding.effective.as_ref().map(|effective| effective.verdict),
        "literal": finding.literal,
        "services": finding.services,
        "affected": finding.affected.len(),
        "notes": finding.notes.iter().map(|note| safe(note)).collect::<Vec<_>>(),
        "unknowns": first(&finding.unknowns, MOST, |unknown| safe(&missing(unknown))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_of_azure_is_in_a_subscription() {
        let subscription = "0a000000-0000-4000-8000-00000000000f";
        let of =
            |id: String| Resource { id, kind: "x".into(), name: None, scope: subscription.into() };
        let azure = of(format!("/Subscriptions/{subscription}/resourceGroups/rg"));
        assert_eq!((provider(&azure), provider(&of("sg-1".into()))), (AZURE, AWS));
        assert_eq!(
            cloud(AZURE, subscription),
            json!({ "provider": "Azure", "account": {
                "uid": subscription, "name": subscription, "type_id": 99, "type": "Azure Subscription",
            } })
        );
        assert_eq!(
            cloud(AWS, "111122223333/eu-west-1"),
            json!({ "provider": "AWS", "region": "eu-west-1", "account": {
                "uid": "111122223333", "name": "111122223333", "type_id": 10, "type": "AWS Account",
            } })
        );
    }
}
