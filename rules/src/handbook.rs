//! What the checks say of themselves, as Markdown: `cloudfw checks explain` prints a page of it.

use std::fmt::Write;

use crate::frameworks::{Control, control, edition};
use crate::{Check, Severity, checks};

/// The page of a check.
pub fn page(check: &Check) -> String {
    let Check { id, title, severity, explanation, .. } = check;
    let evaluation = evaluation(check);
    let mut out = format!("# {id}\n\n{title}. {}, {evaluation}.\n", up_to(*severity));
    section(&mut out, "What it finds", explanation.finds);
    section(&mut out, "Why it matters", explanation.why);
    section(&mut out, "Example", &format!("```text\n{}\n```", explanation.example.trim()));
    section(&mut out, "What to do instead", explanation.instead);
    section(&mut out, "What it does not see", explanation.limits);
    let controls: Vec<&Control> = check.controls.iter().filter_map(|id| control(id)).collect();
    if !controls.is_empty() {
        let lines: Vec<String> = controls.iter().map(|control| line(control)).collect();
        section(&mut out, "Controls", &lines.join("\n"));
    }
    if !explanation.references.is_empty() {
        let lines: Vec<String> =
            explanation.references.iter().map(|it| format!("- <{it}>")).collect();
        section(&mut out, "References", &lines.join("\n"));
    }
    out
}

/// The page of a control: the checks that assess it, or why none does.
pub fn control_page(control: &Control) -> String {
    let clouds = control.clouds.join(", ");
    let mut out = format!("# {}\n\n{}. A control of {clouds}.\n", control.id, control.title);
    let checks: Vec<&Check> = control.checks().collect();
    if let Some(why) = &control.not_assessed {
        section(&mut out, "NOT ASSESSED", why);
    }
    if let Some(how) = &control.by_report {
        section(&mut out, "Assessed by every report", how);
    }
    if !checks.is_empty() {
        let lines: Vec<String> =
            checks.iter().map(|check| format!("- {}: {}", check.id, check.title)).collect();
        section(&mut out, "Assessed by", &lines.join("\n"));
    }
    section(&mut out, "Who asks for it", &known_as(control).replace("\n  - ", "\n- "));
    checks.iter().for_each(|check| out.push_str(&one_level_down(&page(check))));
    out
}

/// All pages, with a table of them in front.
pub fn handbook() -> String {
    let mut out = String::from(
        "# The checks\n\nMade by `cloudfw checks docs`: change the files of `rules/src/checks/`, not this one.\n\n\
         | check | worst | finds |\n|---|---|---|\n",
    );
    for check in checks() {
        let Check { id, severity, title, .. } = check;
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| [{id}](#{id}) | {severity} | {title} |");
    }
    checks().for_each(|check| out.push_str(&one_level_down(&page(check))));
    out
}

/// The requirements that a control bears on, by the editions that are current.
pub fn requirements(control: &Control) -> Vec<String> {
    let mut found = Vec::new();
    for framework in crate::frameworks::frameworks() {
        let Some(latest) = edition(&framework.id) else { continue };
        let named: Vec<&str> = latest.of_control(control).collect();
        if !named.is_empty() {
            let version = latest.version;
            found.push(format!("{}-{version} {}", framework.id, named.join(", ")));
        }
    }
    found
}

/// A page under a title of its own; what stands in its example is no heading.
fn one_level_down(page: &str) -> String {
    let mut out = String::new();
    let mut in_example = false;
    for line in page.lines() {
        in_example ^= line.starts_with("```");
        let deeper = match line {
            _ if in_example => "",
            _ if line.starts_with("# ") => "\n#",
            _ if line.starts_with('#') => "#",
            _ => "",
        };
        let _ = writeln!(out, "{deeper}{line}");
    }
    out
}

fn line(control: &Control) -> String {
    format!("- {}: {}{}", control.id, control.title, known_as(control))
}

/// The requirements and the other scanners that know a control, as a list in a list.
fn known_as(control: &Control) -> String {
    let mut out = String::new();
    let scanners: Vec<String> =
        control.scanners.iter().map(|(name, ids)| format!("{name} {}", ids.join(", "))).collect();
    let requirements = requirements(control);
    for (lead, texts) in [("asked by", requirements), ("known to others as", scanners)] {
        if !texts.is_empty() {
            let _ = write!(out, "\n  - {lead}: {}", texts.join("; "));
        }
    }
    out
}

fn section(out: &mut String, heading: &str, text: &str) {
    if !text.trim().is_empty() {
        let _ = write!(out, "\n## {heading}\n\n{}\n", text.trim());
    }
}

fn up_to(severity: Severity) -> String {
    match severity {
        Severity::Info => "For information".to_owned(),
        severity => format!("Severity up to {severity}"),
    }
}

fn evaluation(check: &Check) -> &'static str {
    match check.evaluation {
        crate::Evaluation::Literal => "by what is written",
        crate::Evaluation::Effective => "by what is written and by what is proved",
        crate::Evaluation::Graph => "by how things hang together",
    }
}

#[cfg(test)]
mod tests;
