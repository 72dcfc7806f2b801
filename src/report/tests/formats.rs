//! What each format says of a small audit, and that none says that it is well where it is not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test: what fails here is reported as its failure"
)]

use cloudfw_estate::printable;
use cloudfw_report::{Format, Writing};
use serde_json::Value;

mod fixture;

use fixture::{HOSTILE, nothing, report, verified, written, written_verified};

/// A document that people can read, where the format is JSON on one line.
fn pretty(text: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

#[test]
fn json() {
    insta::assert_snapshot!(pretty(&written(&report(true), Format::Json)));
}

#[test]
fn ndjson() {
    let text = written(&report(true), Format::Ndjson);
    let kinds: Vec<String> = text
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            let word = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", word("line"), word("check"), word("schema")).trim().to_owned()
        })
        .collect();
    insta::assert_snapshot!(kinds.join("\n"));
    let whole: Value = serde_json::from_str(&written(&report(true), Format::Json)).unwrap();
    let second: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    let mut first = whole["findings"][0].clone();
    first["line"] = "finding".into();
    assert!(first.as_object_mut().unwrap().remove("trace").is_some());
    assert_eq!(second, first, "a line has what the document has, but for the hops");
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last["summary"], whole["summary"]);
    assert_eq!(last["incomplete"], whole["incomplete"]);
}

#[test]
fn sarif() {
    insta::assert_snapshot!(pretty(&written(&report(true), Format::Sarif)));
}

#[test]
fn junit() {
    insta::assert_snapshot!(written(&report(true), Format::Junit).replace("><", ">\n<"));
}

#[test]
fn ocsf() {
    insta::assert_snapshot!(pretty(&written(&report(true), Format::Ocsf)));
}

#[test]
fn csv() {
    insta::assert_snapshot!(written(&report(true), Format::Csv));
}

#[test]
fn markdown() {
    insta::assert_snapshot!(written(&report(true), Format::Markdown));
}

#[test]
fn verified_as_sarif() {
    let text = pretty(&written_verified(&verified(true), Format::Sarif));
    let version = format!("ersion\": \"{}\"", env!("CARGO_PKG_VERSION"));
    insta::assert_snapshot!(text.replace(&version, "ersion\": \"VERSION\""));
}

#[test]
fn verified_as_junit() {
    let text = written_verified(&verified(true), Format::Junit);
    insta::assert_snapshot!(text.replace("><", ">\n<"));
}

#[test]
fn a_policy_is_told_in_three_formats() {
    let verified = verified(false);
    let json: Value = serde_json::from_str(&written_verified(&verified, Format::Json)).unwrap();
    assert_eq!(json["schema"], "cloudfw.verify/1");
    for format in [Format::Csv, Format::Ocsf, Format::Markdown, Format::Ndjson] {
        let written =
            cloudfw_report::write_verified(&verified, format, Writing::default(), &mut Vec::new());
        let error = written.unwrap_err().to_string();
        assert!(error.contains(format.name()) && error.contains("json, sarif or junit"), "{error}");
    }
    let sarif = written_verified(&verified, Format::Sarif);
    assert!(sarif.contains("\"executionSuccessful\":true"), "{sarif}");
}

#[test]
fn an_incomplete_audit_is_nowhere_passed_or_clean() {
    for report in [report(true), nothing(true)] {
        for format in Format::ALL {
            let text = written(&report, format).to_lowercase();
            for word in ["passed", "clean", "success\":true", "successful\":true"] {
                assert!(!text.contains(word), "{word} in {}:\n{text}", format.name());
            }
            assert!(text.contains("route tables"), "{}:\n{text}", format.name());
        }
    }
}

#[test]
fn a_complete_audit_without_findings_says_so() {
    let report = nothing(false);
    assert_eq!(report.exit_code(), 0);
    assert!(written(&report, Format::Markdown).starts_with("# cloudfw audit: clean"));
    assert!(written(&report, Format::Sarif).contains("\"executionSuccessful\":true"));
    assert!(written(&report, Format::Json).contains("\"result\":\"clean\""));
    assert_eq!(written(&report, Format::Ocsf), "[]\n");
}

#[test]
fn no_format_lets_a_name_command_a_terminal() {
    for format in Format::ALL {
        let text = written(&report(true), format);
        let odd = text.lines().find(|line| printable(line) != *line);
        assert_eq!(odd, None, "{}", format.name());
    }
    let value: Value = serde_json::from_str(&written(&report(true), Format::Json)).unwrap();
    let names = value["findings"].as_array().unwrap().iter();
    let names: Vec<&Value> = names.map(|finding| &finding["subject"]["name"]).collect();
    assert!(names.contains(&&Value::from(HOSTILE)), "JSON keeps the name as it is: {names:?}");
}

#[test]
fn the_same_audit_is_the_same_bytes() {
    for format in Format::ALL {
        assert_eq!(written(&report(true), format), written(&report(true), format));
    }
}
