//! What several formats say in the same words, and where they say that it stands.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

use cloudfw_core::{Decision, Reason};
use cloudfw_estate::answer::{Missing, Step, Written};
use cloudfw_estate::printable;
use cloudfw_rules::{SEVERITIES, Severity};

use crate::Report;
use crate::audit::{Effect, Finding, Outcome, Severities};

/// A text from a recording, on one line and without anything that hides or reorders text; nor any
/// character that XML 1.0 cannot hold.
pub(crate) fn safe(text: &str) -> String {
    printable(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// What the audit comes to, in a sentence. Of an incomplete one this is the first thing said.
pub(crate) fn headline(report: &Report) -> String {
    let summary = &report.summary;
    let found = match summary.findings {
        0 => "nothing found".to_owned(),
        count => format!("{} ({})", counted(count, "finding"), by_severity(&summary.severities)),
    };
    let unknown = report.open_findings();
    match (report.unread().len(), unknown, summary.result) {
        (0, 0, Outcome::Clean) if summary.findings == 0 => "clean: nothing found".to_owned(),
        (0, 0, Outcome::Clean) => match summary.fail_on {
            Some(severity) => format!("nothing fails: {found}, none {severity} or above"),
            None => format!("nothing fails: {found}"),
        },
        (0, 0, _) => found,
        (0, unknown, _) => format!("incomplete: {unknown} not decided; {found}"),
        (1, 0, _) => format!("incomplete: 1 thing was not read; {found} in what was read"),
        (count, 0, _) => {
            format!("incomplete: {count} things were not read; {found} in what was read")
        }
        (count, unknown, _) => {
            format!("incomplete: {count} not read, {unknown} not decided; {found} in what was read")
        }
    }
}

/// `1 finding`, `2 findings`.
pub(crate) fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// `2 critical, 1 low`.
pub(crate) fn by_severity(severities: &Severities) -> String {
    let some = SEVERITIES.into_iter().filter_map(|severity| match severities.of(severity) {
        0 => None,
        count => Some(format!("{count} {severity}")),
    });
    some.collect::<Vec<_>>().join(", ")
}

/// `web.json:55`, `implied by AWS`.
pub(crate) fn place(written: &Written) -> String {
    match (written.implied_by, written.line, &written.pointer) {
        (Some(by), _, _) => format!("implied by {by}"),
        (None, Some(line), _) => format!("{}:{line}", written.document),
        (None, None, Some(pointer)) => format!("{}#{pointer}", written.document),
        (None, None, None) => written.document.clone(),
    }
}

/// `the entries of pl-1: nobody read them (sg-1)`.
pub(crate) fn missing(missing: &Missing) -> String {
    let Missing { what, why, place } = missing;
    if place.is_empty() { format!("{what}: {why}") } else { format!("{what}: {why} ({place})") }
}

/// `there 3, network-interface eni-1 allows: sg-1 ingress allow tcp 22 from any IPv4`.
pub(crate) fn step(step: &Step) -> String {
    let leg = match step.leg {
        cloudfw_core::Leg::Forward => "there",
        cloudfw_core::Leg::Return => "back",
    };
    let mut text = format!("{leg} {}, {}", step.hop, step.at.kind);
    // Writing to a string cannot fail.
    if step.at.id != step.at.kind {
        let _ = write!(text, " {}", step.at.id);
    }
    let name = step.at.name.as_ref().filter(|name| **name != step.at.id);
    let _ = name.map(|name| write!(text, " ({name})"));
    let _ = write!(text, " {}", decision(step.decision));
    let _ = match (&step.rule, &step.unknown) {
        (_, Some(unknown)) => write!(text, ": {}", missing(unknown)),
        (Some(rule), None) => write!(text, ": {}", rule.text),
        (None, None) => match reason(step.reason) {
            Some(reason) => write!(text, ": {reason}"),
            None => Ok(()),
        },
    };
    safe(&text)
}

/// Why, where the decision does not say it.
fn reason(reason: Reason) -> Option<String> {
    if matches!(reason, Reason::Rule | Reason::Route | Reason::Arrived) {
        return None;
    }
    let value = serde_json::to_value(reason).ok()?;
    Some(value.as_str()?.replace('-', " "))
}

fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allows",
        Decision::Deny => "drops",
        Decision::Reject => "refuses",
        Decision::Forward => "sends on",
        Decision::Translate => "translates",
        Decision::Deliver => "delivers",
        Decision::Unknown => "cannot be decided",
    }
}

/// How many resources, rules and unknowns are told of one finding in formats for people and for
/// those who count; JSON has them all.
pub(crate) const MOST: usize = 5;

/// What is proved, beside what is written; nothing of checks that do not ask.
pub(crate) fn effect(finding: &Finding) -> Option<String> {
    let effective = finding.effective.as_ref()?;
    let by: Vec<&str> = effective.by.iter().map(|step| step.id.as_str()).take(3).collect();
    let mut text = effective.verdict.name().to_owned();
    if !by.is_empty() {
        let _ = write!(text, " by {}", by.join(", "));
        let more = effective.by.len().saturating_sub(by.len());
        if more > 0 {
            let _ = write!(text, " and {more} more");
        }
    }
    if effective.verdict == Effect::Exposed && finding.literal == Some(false) {
        text.push_str(", though no rule says so by itself");
    }
    Some(safe(&text))
}

/// The message as a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let text = safe(text);
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
}

/// The first of many, and how many more there are.
pub(crate) fn first<T>(all: &[T], most: usize, word: impl Fn(&T) -> String) -> Vec<String> {
    let mut words: Vec<String> = all.iter().take(most).map(word).collect();
    if all.len() > most {
        words.push(format!("… and {} more", all.len() - most));
    }
    words
}

/// The number that code scanning sorts by: CVSS's bands.
pub(crate) fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}

/// A document told from the root: relative below it, else as it is.
pub(crate) fn relative<'d>(document: &'d str, root: Option<&Path>) -> Cow<'d, str> {
    let path = Path::new(document);
    let whole = match root {
        Some(root) => plain(&root.join(path)),
        None => plain(path),
    };
    let below = root.and_then(|root| whole.strip_prefix(plain(root)).ok());
    let told = below.unwrap_or(&whole).to_string_lossy().replace('\\', "/");
    if told == document { Cow::Borrowed(document) } else { Cow::Owned(told) }
}

/// A document as a reference of RFC 3986: relative below the root, else with the scheme `file`.
pub(crate) fn uri(document: &str, root: Option<&Path>) -> String {
    let path = relative(document, root);
    let mut uri = String::with_capacity(path.len() + 8);
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => drop(write!(uri, "%{byte:02X}")),
        }
    }
    if uri.is_empty() { "recording".to_owned() } else { uri }
}

/// A path without `.` and, where that does not lead out of it, without `..`: no link is followed.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                let last = plain.components().next_back();
                if matches!(last, Some(Component::Normal(_))) {
                    plain.pop();
                } else {
                    plain.push("..");
                }
            }
            component => plain.push(component),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_from_the_root() {
        let root = Some(Path::new("/repo"));
        for (document, told) in [
            ("rec/a b.json", "rec/a%20b.json"),
            ("./rec/x.json", "rec/x.json"),
            ("/repo/rec/x.json", "rec/x.json"),
            ("rec/../x.json", "x.json"),
            ("../other/x.json", "file:///other/x.json"),
            ("/other/ü#.json", "file:///other/%C3%BC%23.json"),
            ("", "recording"),
        ] {
            assert_eq!(uri(document, root), told, "{document}");
        }
        assert_eq!(uri("/repo/x.json", None), "file:///repo/x.json");
        assert_eq!(uri("a:b.json", None), "a%3Ab.json");
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(safe("a\u{0}b\u{fffe}c\nd"), "a\\u{0}b\u{fffd}c\\u{a}d");
    }
}
