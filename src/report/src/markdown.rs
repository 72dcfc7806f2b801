//! Markdown, for a step summary: what was not read first, then the worst findings.

use std::fmt::Write as _;
use std::io::Write;

use cloudfw_rules::SEVERITIES;

use crate::audit::{Finding, FrameworkResult, Severities, Status};
use crate::words::{by_severity, counted, effect, headline, missing, place, safe};
use crate::{Report, WriteError};

/// How many findings, and how many things that were not read, are shown.
const MOST: usize = 50;

/// Writes it.
pub(crate) fn write(report: &Report, to: &mut dyn Write) -> Result<(), WriteError> {
    let mut text = format!("# cloudfw audit: {}\n", headline(report));
    // Writing to a string cannot fail.
    let _ = incomplete(report, &mut text)
        .and_then(|()| counts(report, &mut text))
        .and_then(|()| findings(report, &mut text))
        .and_then(|()| frameworks(&report.frameworks, &mut text))
        .and_then(|()| rest(report, &mut text));
    to.write_all(text.as_bytes())?;
    Ok(())
}

fn incomplete(report: &Report, out: &mut String) -> std::fmt::Result {
    if report.incomplete.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Incomplete: not everything was read or could be decided\n")?;
    for what in report.incomplete.iter().take(MOST) {
        writeln!(out, "- {}", escaped(&missing(what)))?;
    }
    more(report.incomplete.len(), "", out)
}

fn counts(report: &Report, out: &mut String) -> std::fmt::Result {
    let summary = &report.summary;
    if summary.findings == 0 {
        return Ok(());
    }
    let heads = SEVERITIES.map(|severity| severity.name()).join(" | ");
    writeln!(out, "\n| account and region | {heads} |\n|---|--:|--:|--:|--:|--:|")?;
    for scope in &summary.scopes {
        let name = if scope.scope.is_empty() { "not known" } else { &scope.scope };
        let counts = SEVERITIES.map(|severity| scope.severities.of(severity).to_string());
        writeln!(out, "| {} | {} |", escaped(name), counts.join(" | "))?;
    }
    let effects = &summary.effects;
    writeln!(
        out,
        "\nOf open rules: {} exposed, {} blocked, {} unattached, {} not decided.",
        effects.exposed, effects.blocked, effects.unattached, effects.unknown
    )
}

fn findings(report: &Report, out: &mut String) -> std::fmt::Result {
    if report.findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| severity | what | effective | where | check |\n|---|---|---|---|---|")?;
    for finding in report.findings.iter().take(MOST) {
        writeln!(out, "{}", row(finding))?;
    }
    let mut left = Severities::default();
    report.findings.iter().skip(MOST).for_each(|finding| left.add(finding.severity));
    more(report.findings.len(), &by_severity(&left), out)
}

fn row(finding: &Finding) -> String {
    let effect = effect(finding).unwrap_or_default();
    let place = place(finding.place());
    format!(
        "| {} | {} | {} | {} | {} |",
        finding.severity,
        escaped(&finding.message),
        escaped(&effect),
        escaped(&place),
        escaped(&finding.check),
    )
}

fn frameworks(frameworks: &[FrameworkResult], out: &mut String) -> std::fmt::Result {
    if !frameworks.is_empty() {
        writeln!(out)?;
    }
    for framework in frameworks {
        let all = [Status::Failed, Status::Unknown, Status::NotAssessed, Status::Passed];
        let counts = all.map(|status| {
            let of = framework.requirements.iter().filter(|it| it.status == status);
            (of.count(), status.name().replace('-', " "))
        });
        let some = counts.into_iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = some.map(|(count, name)| format!("{count} {name}")).collect();
        let (name, version) = (escaped(&framework.name), escaped(&framework.version));
        writeln!(out, "- {name} {version}: {}", told.join(", "))?;
    }
    Ok(())
}

fn rest(report: &Report, out: &mut String) -> std::fmt::Result {
    let summary = &report.summary;
    let coverage = &report.coverage;
    let resources: usize = coverage.scopes.iter().flat_map(|scope| scope.read.values()).sum();
    let controls = &summary.controls;
    writeln!(
        out,
        "\n{} on {} of {}. {} assessed, {} not assessed. {} ignored.",
        counted(summary.checks.len(), "check"),
        counted(resources, "resource"),
        counted(coverage.documents, "document"),
        counted(controls.assessed, "control"),
        controls.not_assessed.len(),
        counted(summary.ignored, "finding"),
    )
}

/// How many are left out, of what severities, and where they are.
fn more(count: usize, of: &str, out: &mut String) -> std::fmt::Result {
    let of = if of.is_empty() { String::new() } else { format!(" ({of})") };
    match count.checked_sub(MOST) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(
            out,
            "\n**{more} more are not shown here**{of}: this summary stops at {MOST}. All are in \
             `-o csv`, `-o json` and `-o sarif`."
        ),
    }
}

/// A text in which nothing is Markdown or HTML.
fn escaped(text: &str) -> String {
    let text = safe(text);
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // No mention of anybody.
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn names_are_no_markdown() {
        assert_eq!(escaped("a|b `c` <img>"), "a\\|b \\`c\\` &lt;img&gt;");
        assert_eq!(escaped("[x](y) @me\n# z"), "\\[x\\](y) &#64;me\\\\u{a}\\# z");
    }
}
