//! A large audit can be opened: 1,000 findings in all formats together.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test: what fails here is reported as its failure"
)]

use cloudfw_core::Step;
use cloudfw_report::{Audited, Format, Report};
use cloudfw_rules::Finding;

mod fixture;

use fixture::{estate, findings, written};

/// 20 MB for everything.
const MOST: usize = 20_000_000;

#[test]
fn a_thousand_findings_fit_into_twenty_megabytes() {
    let estate = estate();
    let kinds = findings(&estate);
    let all: Vec<Finding> = (0..1000).map(|at| other(&kinds[at % 4], at)).collect();
    let audited = Audited { findings: all.iter().collect(), ..Audited::default() };
    let report = Report::of(&estate, &audited);
    let mut sum = 0;
    for format in Format::ALL {
        let size = written(&report, format).len();
        println!("{:>8} {size:>9}", format.name());
        sum += size;
    }
    println!("{:>8} {sum:>9}", "all");
    assert!(sum < MOST, "{sum} bytes");
}

#[test]
fn ocsf_says_how_many_there_are_of_what_it_cuts() {
    let estate = estate();
    let all: Vec<Finding> = findings(&estate).iter().map(|one| other(one, 1)).collect();
    let audited = Audited { findings: all.iter().collect(), ..Audited::default() };
    let text = written(&Report::of(&estate, &audited), Format::Ocsf);
    let events: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let told: Vec<_> = events.iter().filter(|event| event.get("resources").is_some()).collect();
    assert_eq!(told.len(), all.len());
    for event in told {
        assert_eq!(event["resources"].as_array().unwrap().len(), 6, "the subject, and the first");
        assert_eq!(event["unmapped"]["affected"], 8);
        let rules = event["evidences"][0]["data"]["rules"].as_array().map_or(0, Vec::len);
        assert_eq!(event["unmapped"]["rules"], rules, "as few as these are all there");
    }
}

/// The finding about something else: nothing of it is shared.
fn other(finding: &Finding, at: usize) -> Finding {
    let mut finding = finding.clone();
    finding.subject.id = format!("{}{at}", finding.subject.id).into();
    let rename = |step: &mut Step| step.at.id = format!("{}-{at:06}", step.at.id).into();
    finding.trace.iter_mut().for_each(rename);
    // A longer way: what a peering, a NAT gateway and two ACLs add.
    let more: Vec<Step> = finding.trace.iter().take(5).cloned().collect();
    finding.trace.extend(more);
    let label = finding.subject.clone();
    finding.affected = (0..8)
        .map(|one| {
            let mut label = label.clone();
            label.id = format!("eni-{at:08}{one:08}").into();
            label
        })
        .collect();
    finding
}
