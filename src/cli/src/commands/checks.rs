//! `cloudfw checks`: what an audit looks for.

use clap::{Args, Subcommand};
use cloudfw_rules::frameworks::{Control, control, controls};
use cloudfw_rules::{Check, check, checks, handbook};
use serde::Serialize;

use crate::DONE;
use crate::arguments::Format;
use crate::audit::{check_called, explained};
use crate::error::Error;
use crate::print::style::{BOLD, DIM, HEADING};
use crate::print::table::Table;
use crate::print::{Screen, Text, audited, words};

const EXAMPLES: &str = "\
Examples:
  cloudfw checks list                        every check, with its worst severity
  cloudfw checks list -o json                … for programs, one a line
  cloudfw checks explain reply-gap           what it finds, why that matters, what to do
  cloudfw checks explain CFW-EXP-001         … the checks of a control, or why there is none
  cloudfw checks docs                        all explanations, as one Markdown page";

/// The checks that `cloudfw audit` makes
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Checks {
    #[command(subcommand)]
    command: ChecksCommand,
}

#[derive(Debug, Subcommand)]
enum ChecksCommand {
    /// Every check, and every control that none assesses
    List {
        /// For people, or for programs: one JSON document a line
        #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
        output: Format,
    },
    /// What a check finds, why that matters, and what to do instead
    Explain {
        /// The check, or a control of the catalogue: CFW-EXP-001
        id: String,
    },
    /// All explanations, as one Markdown page
    Docs,
}

/// A check for programs.
#[derive(Serialize)]
struct Row {
    id: &'static str,
    title: &'static str,
    severity: cloudfw_rules::Severity,
    evaluation: cloudfw_rules::Evaluation,
    controls: &'static [&'static str],
}

/// A control that no check assesses, for programs.
#[derive(Serialize)]
struct NotAssessed<'a> {
    control: &'a str,
    title: &'a str,
    not_assessed: &'a str,
}

pub(crate) fn run(arguments: &Checks, screen: &mut Screen) -> Result<u8, Error> {
    match &arguments.command {
        ChecksCommand::List { output: Format::Json } => json(screen)?,
        ChecksCommand::List { output: Format::Text } => screen.out(&list(screen.width()))?,
        ChecksCommand::Explain { id } => screen.out(&explain(id)?)?,
        ChecksCommand::Docs => screen.out(&handbook::handbook())?,
    }
    Ok(DONE)
}

/// The page of whatever a report names by an id.
fn explain(id: &str) -> Result<String, Error> {
    if let Some(check) = check(id) {
        return Ok(handbook::page(check));
    }
    if let Some(control) = control(&id.to_ascii_uppercase()) {
        return Ok(handbook::control_page(control));
    }
    match explained(id) {
        Some(page) => Ok(page),
        None => check_called(id).map(handbook::page),
    }
}

fn json(screen: &mut Screen) -> Result<(), Error> {
    for Check { id, title, severity, evaluation, controls, .. } in checks() {
        let (severity, evaluation) = (*severity, *evaluation);
        screen.json(&Row { id, title, severity, evaluation, controls })?;
    }
    for (control, why) in not_assessed() {
        let Control { id, title, .. } = control;
        screen.json(&NotAssessed { control: id, title, not_assessed: why })?;
    }
    Ok(())
}

fn list(width: usize) -> String {
    let mut out = String::new();
    let mut table = Table::default();
    for check in checks() {
        table.row([
            audited::severity(check.severity),
            Text::styled(BOLD, check.id),
            Text::of(check.title),
        ]);
    }
    table.write(0, width, &mut out);
    let left_out: Vec<_> = not_assessed().collect();
    let assessed = controls().len() - left_out.len();
    let counted = format!(
        "{} assess {assessed} of {}: those of all clouds. An audit counts those of the clouds that \
         it has read, by the checks that it asked.",
        words::plural(checks().count(), "check"),
        words::plural(controls().len(), "control")
    );
    out.push('\n');
    Text::of(counted).wrap(2, width, &mut out);
    out.push('\n');
    Text::styled(HEADING, "NOT ASSESSED").wrap(2, width, &mut out);
    let mut table = Table::default();
    for (control, why) in left_out {
        let title = Text::of(&control.title).then_styled(DIM, format!(": {why}"));
        table.row([Text::styled(DIM, &control.id), title]);
    }
    table.write(2, width, &mut out);
    out
}

/// The controls that no check assesses, and why.
fn not_assessed() -> impl Iterator<Item = (&'static Control, &'static str)> {
    controls().iter().filter_map(|control| Some((control, control.not_assessed.as_deref()?)))
}
