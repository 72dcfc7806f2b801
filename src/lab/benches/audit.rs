//! How long an audit takes, and how large its reports are: `cargo bench -p cloudfw-lab --bench audit`.
//!
//! The estate (1,000 interfaces, 1,000 groups of 6 rules beside the default ones, 20 VPCs) is written
//! by a process of its own, so that processor time and peak memory are the audit's alone. What is
//! measured by hand stands in front as a table: the first audit of a process, from the documents to
//! the reports, which is what a pipeline pays. Criterion measures it again, warm.
#![allow(clippy::print_stdout, reason = "printing its figures is what a benchmark is for")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use cloudfw_estate::{Estate, OpenOptions, parse_assume_none};
use cloudfw_report::{Audited, Format, Report, Writing, sources};
use cloudfw_rules::{Audit, Settings, Severity, checks};
use criterion::Criterion;
use nix::sys::resource::{UsageWho, getrusage};

/// The allocator of the `cloudfw` binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let recording = folder.path().join("estate");
    write_estate(&recording)?;
    let paths = [recording];

    let begun = Instant::now();
    let report = audited(&paths)?;
    let (wall, cpu, memory) = (begun.elapsed(), processor_time()?, peak_memory());
    row("findings", report.summary.findings);
    row("audit, documents to report", format!("{wall:.2?}, {cpu:.2?} of processor time"));
    row("  peak memory", memory.unwrap_or_else(|| "not known on this system".into()));
    let mut bytes = 0;
    for format in Format::ALL {
        let mut text = Vec::new();
        report.write(format, Writing::default(), &mut text)?;
        row(&format!("  {}", format.name()), megabytes(text.len()));
        bytes += text.len();
    }
    row("  all formats", megabytes(bytes));
    row("  with them, processor time", format!("{:.2?}", processor_time()?));

    let mut criterion = Criterion::default()
        .sample_size(10)
        .measurement_time(Duration::from_secs(10))
        .configure_from_args();
    criterion.bench_function("audit", |b| b.iter(|| audited(&paths)));
    criterion.final_summary();
    Ok(())
}

/// What `cloudfw audit --assume-none all` does, without printing.
fn audited(paths: &[PathBuf]) -> Result<Report> {
    let options =
        OpenOptions { assume_none: parse_assume_none(["all"])?, ..OpenOptions::default() };
    let estate = Estate::open(paths, &options)?;
    let inquiry = estate.inquiry();
    let settings = Settings::default();
    let sources = sources(&inquiry, [])?;
    let findings = Audit::new(inquiry.graph(), &sources, &settings).run(checks());
    ensure!(!findings.is_empty(), "an estate without any finding shows nothing");
    let audited = Audited {
        findings: findings.iter().collect(),
        checks: checks().collect(),
        fail_on: Some(Severity::High),
        least: Some(Severity::Low),
        ..Audited::default()
    };
    Ok(Report::of(&estate, &audited))
}

fn write_estate(to: &Path) -> Result<()> {
    let made = Command::new(env!("CARGO_BIN_EXE_cloudfw-lab"))
        .args(["estate", "--seed", "1", "--interfaces", "1000", "--groups", "1000"])
        .args(["--rules", "6", "--to"])
        .arg(to)
        .output()?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Ok(())
}

fn row(name: &str, value: impl std::fmt::Display) {
    println!("{name:<30}{value}");
}

#[expect(clippy::cast_precision_loss, reason = "printed with one digit")]
fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// What this process has used so far, of all its threads, in user and in kernel.
fn processor_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = |time: nix::sys::time::TimeVal| {
        u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or_default()
    };
    Ok(Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time())))
}

/// The most memory that this process has held.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(format!("{} MB", kib * 1024 / 1_000_000))
}
