//! What the user accepts, until a day; what has run out, and what accepts nothing.

use cloudfw_core::{Label, Origin};
use cloudfw_estate::Inquiry;
use cloudfw_rules::{Audit, Finding, Severity, checks};
use jiff::civil::Date;

use super::selection::nearest;
use crate::config::Ignore;
use crate::error::Error;

/// A finding that is accepted.
#[derive(Debug)]
pub(crate) struct Ignored {
    /// What was found.
    pub(crate) finding: Finding,
    /// Why it is accepted.
    pub(crate) reason: String,
    /// The last day on which it is.
    pub(crate) until: Date,
}

/// Findings, parted.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// What stands, with what is wrong with the ignores themselves.
    pub(crate) findings: Vec<Finding>,
    /// What is accepted.
    pub(crate) ignored: Vec<Ignored>,
}

/// Wants every ignore to be of a check that there is.
///
/// # Errors
///
/// [`Error::NoIgnoredCheck`], with its line and what may be meant.
pub(crate) fn check_ignores(ignores: &[Ignore], file: &str) -> Result<(), Error> {
    let own = [EXPIRED, UNMATCHED];
    for ignore in ignores {
        let mut known = checks().map(|check| check.id).chain(own);
        if !known.any(|id| matches(&ignore.check, id)) {
            return Err(Error::NoIgnoredCheck {
                place: format!("{file}:{}", ignore.line),
                name: ignore.check.clone(),
                near: nearest(&ignore.check, checks().map(|check| check.id)),
            });
        }
    }
    Ok(())
}

/// Parts findings by what is accepted on a day. `asked` are the ids of the checks that ran: an
/// ignore of another one says nothing about it. What is accepted is what the check is about: what
/// its finding stood in for of other checks is found by them then, and may be accepted in turn.
pub(crate) fn judge(
    findings: Vec<Finding>,
    ignores: &[Ignore],
    today: Date,
    asked: &[&str],
    file: &str,
    inquiry: &Inquiry<'_>,
    audit: &Audit<'_>,
) -> Judged {
    let accepted: Vec<Accepted<'_>> =
        ignores.iter().map(|ignore| Accepted::new(ignore, inquiry)).collect();
    let mut used = vec![false; ignores.len()];
    let mut judged = Judged::default();
    let mut left: Vec<(Finding, Vec<&'static str>)> =
        findings.into_iter().rev().map(|finding| (finding, Vec::new())).collect();
    while let Some((finding, mut before)) = left.pop() {
        let stands = |it: &Accepted<'_>| today <= it.ignore.until && it.accepts(&finding);
        let by = accepted
            .iter()
            .position(|it| it.covers(&finding) && stands(it))
            .or_else(|| accepted.iter().position(|it| it.covers(&finding)));
        if let Some(used) = by.and_then(|at| used.get_mut(at)) {
            *used = true;
        }
        match by.and_then(|at| accepted.get(at)) {
            Some(by) if stands(by) => {
                let Ignore { reason, until, .. } = by.ignore;
                let (reason, until) = (reason.clone(), *until);
                before.push(finding.check);
                let behind = audit.stood_in_for(&finding, |check| before.contains(&check));
                left.extend(behind.into_iter().rev().map(|finding| (finding, before.clone())));
                judged.ignored.push(Ignored { finding, reason, until });
            }
            Some(by) if today <= by.ignore.until => {
                judged.findings.push(not_accepted(finding, by.ignore, file));
            }
            _ => judged.findings.push(finding),
        }
    }
    for (ignore, used) in ignores.iter().zip(used) {
        let is_asked = asked.iter().any(|check| matches(&ignore.check, check));
        if today > ignore.until {
            judged.findings.push(expired(ignore, file));
        } else if !used && is_asked {
            judged.findings.push(unmatched(ignore, file));
        }
    }
    judged.findings.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
    judged
}

/// An ignore with the ids that its resource means.
struct Accepted<'i> {
    ignore: &'i Ignore,
    ids: Vec<String>,
}

impl<'i> Accepted<'i> {
    fn new(ignore: &'i Ignore, inquiry: &Inquiry<'_>) -> Self {
        let shown = ignore.resource.as_ref().and_then(|resource| inquiry.show(resource).ok());
        let ids = shown.into_iter().flatten().map(|description| description.id).collect();
        Self { ignore, ids }
    }

    /// What cannot be decided is accepted by name alone: a glob was written for what is proved.
    fn accepts(&self, finding: &Finding) -> bool {
        !finding.leaves_open() || self.ignore.check == finding.check
    }

    /// A finding is covered where its subject is meant, or everything that it affects.
    fn covers(&self, finding: &Finding) -> bool {
        let Some(resource) = &self.ignore.resource else {
            return matches(&self.ignore.check, finding.check);
        };
        let means = |label: &Label| {
            self.ids.iter().any(|id| **id == *label.id)
                || matches(resource, &label.id)
                || label.name.as_ref().is_some_and(|name| matches(resource, name))
        };
        let affected = &finding.affected;
        matches(&self.ignore.check, finding.check)
            && (means(&finding.subject) || (!affected.is_empty() && affected.iter().all(means)))
    }
}

/// A finding that an ignore means and cannot accept.
fn not_accepted(mut finding: Finding, ignore: &Ignore, file: &str) -> Finding {
    finding.notes.push(format!(
        "{file}:{} does not ignore it: what cannot be decided is ignored only where `check` is \
         its name, not `{}`",
        ignore.line, ignore.check
    ));
    finding
}

/// A glob, or the text itself.
fn matches(pattern: &str, text: &str) -> bool {
    wildmatch::WildMatch::new(pattern).matches(text)
}

/// The id under which reports have an ignore that has run out.
pub(crate) const EXPIRED: &str = "expired-ignore";
/// The id under which reports have an ignore that accepts nothing.
pub(crate) const UNMATCHED: &str = "unmatched-ignore";

/// What `cloudfw checks explain` says of the findings about ignores, which no check makes.
pub(crate) fn explained(id: &str) -> Option<String> {
    let (title, severity, why, instead) = match id {
        EXPIRED => (
            "An ignore of cloudfw.toml whose day is over",
            Severity::Medium,
            "What it accepted was accepted until a day, and is found again from the next one on.",
            "Mend what it ignored, or give it a new `until` and say in its `reason` why.",
        ),
        UNMATCHED => (
            "An ignore of cloudfw.toml that ignores nothing",
            Severity::Low,
            "Its check was asked and found nothing that it means. What it accepted is gone, or its \
             `resource` is misspelt; left there, it would accept the next thing of that name.",
            "Take it out, or spell it as `cloudfw show` does.",
        ),
        _ => return None,
    };
    Some(format!(
        "# {id}\n\n{title}. Severity {severity}. No check finds it: every audit does, where \
         cloudfw.toml has ignores.\n\n## Why it matters\n\n{why}\n\n## What to do instead\n\n{instead}\n"
    ))
}

fn expired(ignore: &Ignore, file: &str) -> Finding {
    let Ignore { until, check, reason, .. } = ignore;
    let message = format!("the ignore of {check} ended on {until} ({reason})");
    let advice = "Mend what it ignored, or give it a new day and say why.".to_owned();
    Finding::new(EXPIRED, Severity::Medium, subject(ignore, file), message, advice)
}

fn unmatched(ignore: &Ignore, file: &str) -> Finding {
    let Ignore { check, resource, .. } = ignore;
    let of = resource.as_ref().map(|resource| format!(" at `{resource}`")).unwrap_or_default();
    let message = format!("the ignore of {check}{of} ignores nothing");
    let advice = "Take it out: what it accepted is gone, or it is misspelt.".to_owned();
    Finding::new(UNMATCHED, Severity::Low, subject(ignore, file), message, advice)
}

/// An ignore as the subject of a finding. What it says is its name, so that it stays the same
/// where lines move.
fn subject(ignore: &Ignore, file: &str) -> Label {
    let Ignore { check, resource, line, .. } = ignore;
    let of = resource.as_ref().map(|resource| format!(" {resource}")).unwrap_or_default();
    Label {
        id: format!("{check}{of}").into(),
        name: None,
        kind: "ignore",
        scope: "".into(),
        origin: Origin::line(&file.into(), *line),
    }
}
