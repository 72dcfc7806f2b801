//! `cloudfw-lab fuzz`.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use anyhow::{Context as _, Result};
use clap::Args;
use cloudfw_lab::fuzz::{Disagreement, Order, Report, folder, run, shrink};
use cloudfw_lab::kernel;
use cloudfw_lab::scenario::Scenario;

/// So many kinds of disagreements are shown, one of each.
const SHOWN: usize = 20;

/// So many are reduced and written.
const WRITTEN: usize = 5;

/// Arguments of `cloudfw-lab fuzz`.
#[derive(Args)]
pub(crate) struct FuzzArguments {
    /// The seed of the first scenario; the others have the numbers that follow, so that one of
    /// them is asked about again with `--seed ITS_SEED --scenarios 1`.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many scenarios.
    #[arg(long, default_value_t = 250)]
    scenarios: usize,
    /// Questions for each scenario. Each is asked twice: of namespaces made from the documents,
    /// and of namespaces made from cloudfw's network.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=2000))]
    probes: u16,
    /// In one of so many scenarios the share of failing connections is measured; 0 for none.
    #[arg(long, default_value_t = 4)]
    shares: usize,
    /// Where to write disagreements, one of each kind and five at most, each reduced to what it
    /// takes and as a folder fit for testdata/aws.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Scenarios at the same time [default: one for each processor].
    #[arg(long)]
    threads: Option<usize>,
    /// Ask cloudfw alone, and only count.
    #[arg(long)]
    without_kernel: bool,
}

/// Runs it: 0 where everything agrees, 1 where something does not, 2 where it could not be asked.
pub(crate) fn fuzz(arguments: &FuzzArguments) -> Result<ExitCode> {
    let threads = || thread::available_parallelism().map_or(1, usize::from);
    if !arguments.without_kernel {
        kernel::enter_user_namespace();
        if let Err(why) = kernel::availability() {
            say(&format!("skipped: {why}\nnothing was asked, nothing was compared"));
            return Ok(ExitCode::from(2));
        }
    }
    let order = Order {
        seed: arguments.seed,
        scenarios: arguments.scenarios,
        probes: usize::from(arguments.probes),
        threads: arguments.threads.unwrap_or_else(threads),
        kernel: !arguments.without_kernel,
        surveys: arguments.shares,
    };
    let terminal = std::io::stderr().is_terminal();
    let report = run(&order, &|done| {
        if terminal {
            progress(&format!("\r{done} of {} scenarios", order.scenarios));
        }
    });
    if terminal {
        progress("\r\x1b[K");
    }
    say(&text(&order, &report));
    if let Some(to) = &arguments.to {
        write_folders(to, &report)?;
    }
    if !report.failures.is_empty() {
        return Ok(ExitCode::from(2));
    }
    Ok(if report.agrees() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Disagreements by what they have in common, the weightiest first: how many, and the first.
fn alike(report: &Report) -> Vec<(usize, &Disagreement)> {
    let mut alike = BTreeMap::new();
    for disagreement in &report.disagreements {
        let key = (disagreement.what, disagreement.signature());
        alike.entry(key).or_insert((0, disagreement)).0 += 1;
    }
    alike.into_values().collect()
}

/// One of each kind of disagreement, reduced.
fn write_folders(to: &Path, report: &Report) -> Result<()> {
    for (_, disagreement) in alike(report).into_iter().take(WRITTEN) {
        let Disagreement { seed, question, .. } = disagreement;
        let folder = to.join(format!("lab-{seed}-{}-{}", question.protocol(), question.port));
        say(&format!("reducing seed {seed}: {question}"));
        let (scenario, shown) = shrink(&Scenario::draw(*seed), disagreement);
        folder::write(&folder, &scenario, &shown)
            .with_context(|| format!("cannot write `{}`", folder.display()))?;
        say(&format!("  {}\n{shown}\n", folder.display()));
    }
    Ok(())
}

fn text(order: &Order, report: &Report) -> String {
    let mut lines = Vec::new();
    for (count, disagreement) in alike(report).into_iter().take(SHOWN) {
        lines.push(format!("{disagreement}\n  ({count} of this kind)\n"));
    }
    lines.extend(report.wrong_shares.iter().map(|share| format!("share: {share}\n")));
    lines.extend(report.failures.iter().map(|failure| format!("not asked: {failure}\n")));
    let seconds = report.elapsed.as_secs_f64();
    lines.push(format!(
        "seeds {} to {}: {} scenarios, {} questions",
        order.seed,
        order.seed.wrapping_add(order.scenarios.saturating_sub(1) as u64),
        report.scenarios,
        report.tally.questions,
    ));
    lines.push(report.tally.to_string());
    if order.kernel {
        lines.push(format!(
            "{} probes in {seconds:.1} s: {:.0} a second; {} shares measured\n{} disagreements, \
             {} wrong shares, {} scenarios not asked",
            report.sent,
            report.sent as f64 / seconds,
            report.surveys,
            report.disagreements.len(),
            report.wrong_shares.len(),
            report.failures.len(),
        ));
    } else {
        lines.push(format!("without the kernel: nothing was compared ({seconds:.1} s)"));
    }
    lines.join("\n")
}

#[expect(clippy::print_stderr, reason = "the lab is a program for people")]
fn progress(text: &str) {
    eprint!("{text}");
    // Nothing to be done about a terminal that went away.
    let _ = std::io::stderr().flush();
}

#[expect(clippy::print_stdout, reason = "the lab is a program for people")]
fn say(text: &str) {
    println!("{text}");
}
