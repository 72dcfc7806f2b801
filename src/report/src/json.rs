//! JSON, whole or a finding a line.

use std::borrow::Cow;
use std::io::{self, Write};

use cloudfw_estate::answer::Missing;
use cloudfw_estate::{Coverage, printable};
use serde::Serialize;
use serde_json::ser::Formatter;

use crate::audit::{AUDIT_SCHEMA, Finding, FrameworkResult, Ignored, Summary, Tool};
use crate::{Report, WriteError};

/// Writes `cloudfw.audit/1`.
pub(crate) fn write(report: &Report, to: &mut dyn Write) -> Result<(), WriteError> {
    write_line(report, to)
}

/// Writes a line of what stands before the findings, one of each finding, and one of what they
/// come to. Every line says what it is by its `line`. The hops of a finding stand in the whole
/// document alone: here its rules and one flow say it.
pub(crate) fn write_lines(report: &Report, to: &mut dyn Write) -> Result<(), WriteError> {
    let Report { schema: _, tool, time, summary, incomplete, findings, ignored, .. } = report;
    write_line(
        &Line::Header(Header {
            schema: AUDIT_SCHEMA,
            tool,
            time: time.as_deref(),
            coverage: &report.coverage,
        }),
        to,
    )?;
    for finding in findings {
        write_line(&Line::Finding(&without_hops(finding)), to)?;
    }
    for ignored in ignored {
        let finding = without_hops(&ignored.finding);
        write_line(&Line::Ignored(&Ignored { finding, ..ignored.clone() }), to)?;
    }
    let frameworks = &report.frameworks;
    write_line(&Line::Summary(Last { summary, incomplete, frameworks }), to)
}

fn without_hops(finding: &Finding) -> Finding {
    Finding { trace: None, ..finding.clone() }
}

/// One line of NDJSON.
#[derive(Serialize)]
#[serde(tag = "line", rename_all = "lowercase")]
enum Line<'r> {
    Header(Header<'r>),
    Finding(&'r Finding),
    Ignored(&'r Ignored),
    Summary(Last<'r>),
}

#[derive(Serialize)]
struct Header<'r> {
    schema: &'static str,
    tool: &'r Tool,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<&'r str>,
    coverage: &'r Coverage,
}

#[derive(Serialize)]
struct Last<'r> {
    summary: &'r Summary,
    incomplete: &'r [Missing],
    frameworks: &'r [FrameworkResult],
}

/// Writes a value on one line, safe for a terminal.
pub(crate) fn write_line(value: &impl Serialize, to: &mut dyn Write) -> Result<(), WriteError> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *to, Safe);
    value.serialize(&mut serializer).map_err(io::Error::from)?;
    to.write_all(b"\n")?;
    Ok(())
}

/// JSON whose texts have nothing in them that a terminal takes for a command, or that hides what
/// stands beside it: JSON can write any character as an escape, so the values are the same.
struct Safe;

impl Formatter for Safe {
    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if matches!(printable(fragment), Cow::Borrowed(_)) {
            return writer.write_all(fragment.as_bytes());
        }
        for character in fragment.chars() {
            let mut utf8 = [0; 4];
            let text = &*character.encode_utf8(&mut utf8);
            if matches!(printable(text), Cow::Borrowed(_)) {
                writer.write_all(text.as_bytes())?;
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}
