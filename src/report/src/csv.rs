//! A table, a line for each finding.

use std::io::Write;

use crate::audit::Finding;
use crate::words::{MOST, first, missing, place, safe};
use crate::{Report, WriteError};

/// The columns.
const HEAD: [&str; 22] = [
    "record",
    "severity",
    "check",
    "title",
    "effective",
    "literal",
    "message",
    "subject",
    "subject_name",
    "subject_kind",
    "account",
    "region",
    "source",
    "services",
    "rule",
    "written",
    "affected",
    "advice",
    "controls",
    "fingerprint",
    "ignored_because",
    "ignored_until",
];

/// Writes it. What was not read stands first, a line each, with `incomplete` in the first column:
/// a table without findings is not an audit without findings.
pub(crate) fn write(report: &Report, to: &mut dyn Write) -> Result<(), WriteError> {
    let mut table = ::csv::Writer::from_writer(to);
    table.write_record(HEAD).map_err(refused)?;
    for what in &report.incomplete {
        let mut row = vec![String::new(); HEAD.len()];
        for (cell, text) in row.iter_mut().zip(["incomplete", "", "", "", "unknown", ""]) {
            text.clone_into(cell);
        }
        if let Some(cell) = row.get_mut(6) {
            *cell = guarded(&missing(what));
        }
        table.write_record(row).map_err(refused)?;
    }
    for finding in &report.findings {
        table.write_record(row("finding", finding, "", "")).map_err(refused)?;
    }
    for ignored in &report.ignored {
        let until = ignored.until.as_deref().unwrap_or_default();
        let row = row("ignored", &ignored.finding, &ignored.reason, until);
        table.write_record(row).map_err(refused)?;
    }
    table.flush()?;
    Ok(())
}

fn refused(error: ::csv::Error) -> WriteError {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => WriteError::Io(error),
        kind => WriteError::Format { format: "csv", reason: format!("{kind:?}") },
    }
}

fn row(record: &str, finding: &Finding, reason: &str, until: &str) -> [String; HEAD.len()] {
    let subject = &finding.subject.resource;
    let (account, region) = subject.account_and_region();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let effective = finding.effective.as_ref().map(|it| it.verdict.name());
    [
        record.to_owned(),
        finding.severity.to_string(),
        finding.check.clone(),
        finding.title.clone(),
        text(effective),
        finding.literal.map(|literal| literal.to_string()).unwrap_or_default(),
        finding.message.clone(),
        subject.id.clone(),
        text(subject.name.as_deref()),
        subject.kind.clone(),
        text(account),
        text(region),
        text(finding.source.as_deref()),
        text(finding.services.as_deref()),
        text(finding.rules.first().map(|rule| rule.text.as_str())),
        place(finding.place()),
        first(&finding.affected, MOST, ToString::to_string).join("; "),
        finding.advice.clone(),
        finding.controls.join(" "),
        finding.fingerprint.clone(),
        reason.to_owned(),
        until.to_owned(),
    ]
    .map(|cell| guarded(&cell))
}

/// A cell that no spreadsheet takes for a formula.
fn guarded(cell: &str) -> String {
    let cell = safe(cell);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)"] {
            assert_eq!(guarded(cell), format!("'{cell}"));
        }
        assert_eq!(guarded("\t=1"), "\\u{9}=1");
        assert_eq!(guarded("web"), "web");
    }
}
