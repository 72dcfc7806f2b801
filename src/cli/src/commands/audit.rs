//! `cloudfw audit`.

use std::path::PathBuf;

use clap::Args;
use cloudfw_core::PortSet;
use cloudfw_estate::answer::Missing;
use cloudfw_report::{Audited, Excused, Framework, Report, Writing, sources};
use cloudfw_rules::frameworks::{Assessed, Requirement, Status};
use cloudfw_rules::{Audit as Checking, Finding, SEVERITIES, Settings, Severity};
use jiff::civil::Date;

use crate::arguments::{EstateArguments, Global};
use crate::audit::{Baseline, Judged, Selection, check_ignores, incomplete, judge};
use crate::config::{AuditSettings, Config};
use crate::error::Error;
use crate::estate::Opened;
use crate::output::{Output, Outputs};
use crate::print::Screen;
use crate::print::audited::{self, Shown};

const EXAMPLES: &str = "\
Examples:
  cloudfw audit --from prod                              what is wrong, the worst first
  cloudfw audit --from prod --framework cis-aws-7.0      … by requirement, as written and as proved
  cloudfw audit --from prod --check 'exposed-*' -v       some checks, with every hop
  cloudfw audit --from prod -o sarif=out.sarif -o text   several formats at once
  cloudfw audit --from prod --baseline last.json         only what is new since `-o json=last.json`

Exit codes:
  0  everything was read, and nothing was found at or above --fail-on
  1  something was found
  2  it could not run: bad usage, no recording
  3  not everything was read, or something cannot be decided; never clean. A kind that is not in
     the recording counts as not read, unless --assume-none says that there is none

Ignores:
  [[ignore]] in cloudfw.toml takes `check` (a name or a glob), `resource`, `reason` and `until`. What
  cannot be decided is ignored only where `check` is its very name: a glob leaves it. An ignore
  accepts what its check is about: what the finding stood in for of other checks is told by them.

Baseline:
  What has become worse is told again, with what is: more interfaces or ports, a worse verdict.";

/// What is open to whom, proved; rules without effect, replies that are lost, what is untidy
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Audit {
    /// Only this check, or a glob; may be given several times (`cloudfw checks list`)
    #[arg(long, value_name = "CHECK")]
    check: Vec<String>,

    /// The checks of a framework, and what becomes of its requirements: cis-aws-7.0
    #[arg(long, value_name = "FRAMEWORK")]
    framework: Vec<String>,

    /// Tell findings of this severity or above, in every format; all are counted
    #[arg(long, value_name = "SEVERITY", value_parser = severity, default_value = "low")]
    severity: Severity,

    /// End with 1 for findings of this severity or above; else `fail-on` of cloudfw.toml, else high
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    fail_on: Option<Severity>,

    /// Leave out what an earlier `-o json` has found
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// The day on which ignores are judged, else today
    #[arg(long, value_name = "DATE", value_parser = day)]
    as_of: Option<Date>,

    /// text, or json, ndjson, sarif, junit, ocsf, csv, markdown; FORMAT=FILE writes a file, and
    /// several may be given
    #[arg(short, long, value_name = "FORMAT[=FILE]")]
    output: Vec<Output>,

    /// Show every hop, rule and affected resource
    #[arg(short, long)]
    verbose: bool,

    #[command(flatten)]
    estate: EstateArguments,
}

/// What audits fail on where nothing else is said.
const FAIL_ON: Severity = Severity::High;

pub(crate) fn run(arguments: &Audit, global: &Global, screen: &mut Screen) -> Result<u8, Error> {
    let selection = Selection::new(&arguments.check, &arguments.framework)?;
    let baseline = arguments.baseline.as_deref().map(Baseline::read).transpose()?;
    let outputs = Outputs::open(&arguments.output)?;
    let opened = Opened::in_part(&arguments.estate, global, screen)?;
    let config = opened.config();
    let settings = settings(config)?;
    let file = config.name();
    check_ignores(&config.ignore, &file)?;
    let ready = opened.ready();
    let networks = config.networks.iter().map(|(name, cidrs)| (name.as_str(), cidrs.as_slice()));
    let sources = sources(&ready.inquiry, networks)?;
    let mut checking = Checking::new(ready.inquiry.graph(), &sources, &settings);
    let found = checking.run(selection.checks.iter().copied());

    let asked: Vec<&'static str> = selection.checks.iter().map(|check| check.id).collect();
    let today = arguments.as_of.unwrap_or_else(|| jiff::Zoned::now().date());
    let mut missing = incomplete(&opened.estate, opened.assumed());
    let clouds: Vec<&str> = opened.estate.clouds().iter().copied().collect();
    let requirements = assess(&selection, &found, (&asked, &clouds), !missing.is_empty());
    missing.extend(requirements.iter().filter_map(unassessed));
    let Judged { mut findings, ignored } =
        judge(found.clone(), &config.ignore, today, &asked, &file, &ready.inquiry, &checking);
    let known = baseline.map_or(0, |baseline| baseline.only_new(&mut findings));
    let report = Report::of(
        &opened.estate,
        &Audited {
            findings: findings.iter().collect(),
            ignored: ignored
                .iter()
                .map(|it| Excused {
                    finding: &it.finding,
                    reason: it.reason.clone(),
                    until: Some(it.until.to_string()),
                })
                .collect(),
            incomplete: missing,
            checks: selection.checks.clone(),
            frameworks: requirements,
            fail_on: Some(arguments.fail_on.or(config.fail_on).unwrap_or(FAIL_ON)),
            least: Some(arguments.severity),
            time: None,
        },
    );
    let shown = Shown { verbose: arguments.verbose, known, width: screen.width() };
    let root = std::env::current_dir().ok();
    let writing = Writing { root: root.as_deref() };
    outputs.write(
        screen,
        || audited::text(&report, shown),
        |format, to| report.write(format, writing, to),
    )?;
    Ok(report.exit_code())
}

/// What becomes of the requirements of the frameworks.
fn assess<'f>(
    selection: &Selection,
    findings: &'f [Finding],
    (asked, clouds): (&'f [&'static str], &'f [&'f str]),
    is_incomplete: bool,
) -> Vec<Framework<'f>> {
    let audit = Assessed { findings, ran: asked, is_incomplete, clouds };
    let assessed = selection.editions.iter().map(|edition| Framework {
        edition: edition.clone(),
        requirements: edition.assess(&audit),
    });
    assessed.collect()
}

/// A framework of which nothing could be assessed is not one that was passed.
fn unassessed(framework: &Framework<'_>) -> Option<Missing> {
    let untold = |it: &Requirement<'_>| it.effective == Status::NotAssessed;
    framework.requirements.iter().all(untold).then(|| Missing {
        what: format!("the framework {}", framework.edition.framework.id),
        why: "none of its requirements could be assessed: is this the right recording?".to_owned(),
        place: String::new(),
    })
}

/// What `cloudfw.toml` says is acceptable.
fn settings(config: &Config) -> Result<Settings, Error> {
    let AuditSettings {
        authorised_tcp,
        authorised_udp,
        wide_prefix_v4,
        wide_prefix_v6,
        most_rules,
    } = &config.audit;
    let usual = Settings::default();
    let ports = |key: &str, text: &Option<String>, usual: PortSet| match text {
        Some(text) => text.parse::<PortSet>().map_err(|error| config.wrong(key, &error)),
        None => Ok(usual),
    };
    let prefix = |key: &str, length: Option<u8>, most: u8, usual: u8| match length {
        Some(length) if length > most => {
            Err(config.wrong(key, &format!("`{length}` is no prefix length: 0 to {most}")))
        }
        length => Ok(length.unwrap_or(usual)),
    };
    Ok(Settings {
        authorised_tcp: ports("audit.authorised-tcp", authorised_tcp, usual.authorised_tcp)?,
        authorised_udp: ports("audit.authorised-udp", authorised_udp, usual.authorised_udp)?,
        wide_prefix_v4: prefix("audit.wide-prefix-v4", *wide_prefix_v4, 32, usual.wide_prefix_v4)?,
        wide_prefix_v6: prefix("audit.wide-prefix-v6", *wide_prefix_v6, 128, usual.wide_prefix_v6)?,
        most_rules: most_rules.unwrap_or(usual.most_rules),
    })
}

fn severity(text: &str) -> Result<Severity, String> {
    let found = SEVERITIES.into_iter().find(|severity| severity.name().eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("the severities are {}", SEVERITIES.map(Severity::name).join(", ")))
}

fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "a day is written as 2027-06-30".to_owned())
}
