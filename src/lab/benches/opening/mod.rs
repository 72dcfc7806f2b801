//! What the benchmarks of both clouds measure: an estate of that cloud (10,000 interfaces, or the
//! number in `CLOUDFW_INTERFACES`) is opened and asked.
//!
//! It is written by a process of its own, so that the peak memory printed here is cloudfw's alone.
//! Criterion prints each measurement; percentiles and totals, which it does not know, are printed
//! in front as a table.
#![allow(clippy::print_stdout, reason = "printing its figures is what a benchmark is for")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use cloudfw_core::{PathGraph, Question, Verdict, reach};
use cloudfw_estate::{Estate, Inquiry, OpenOptions, Query, QueryLine, query};
use criterion::Criterion;
use nix::sys::resource::{UsageWho, getrusage};

/// Opens and asks an estate of `cloud`, as `cloudfw-lab estate --cloud` names it.
pub(crate) fn run(cloud: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let recording = folder.path().join("estate");
    write_estate(cloud, &recording)?;
    let paths = [recording.clone()];

    let begun = Instant::now();
    let estate = Estate::open(&paths, &OpenOptions::default())?;
    let (opened, worked) = (begun.elapsed(), processor_time()?);
    let begun = Instant::now();
    let inquiry = estate.inquiry();
    let graphed = begun.elapsed();

    println!("{}", machine());
    row("interfaces", estate.network().interfaces.len());
    row("open: read and lower", format!("{}, {} of processor time", show(opened), show(worked)));
    row("path graph and names", show(graphed));
    let queries = seeded_queries(&recording)?;
    pairs(&inquiry, &queries)?;
    everything(&inquiry)?;
    row("peak memory", peak_memory().unwrap_or_else(|| "not known on this system".into()));

    measure(&paths, &estate, &inquiry, &queries);
    Ok(())
}

fn write_estate(cloud: &str, to: &Path) -> Result<()> {
    let interfaces = std::env::var("CLOUDFW_INTERFACES").unwrap_or_else(|_| "10000".into());
    let made = Command::new(env!("CARGO_BIN_EXE_cloudfw-lab"))
        .args(["estate", "--cloud", cloud, "--seed", "1", "--interfaces", &interfaces, "--to"])
        .arg(to)
        .output()?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Ok(())
}

fn seeded_queries(recording: &Path) -> Result<Vec<Query>> {
    let text = std::fs::read_to_string(recording.join("queries.txt"))?;
    let read = |line: QueryLine| line.query.with_context(|| format!("line {}", line.line));
    query::read_queries(&text).into_iter().map(read).collect()
}

/// Each seeded pair once, with its whole answer: names, verdict, traces, places.
fn pairs(inquiry: &Inquiry<'_>, queries: &[Query]) -> Result<()> {
    let mut times = Vec::with_capacity(queries.len());
    let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for query in queries {
        let begun = Instant::now();
        let answer = inquiry.reach(query)?;
        times.push(begun.elapsed());
        *verdicts.entry(answer.verdict).or_default() += 1;
    }
    times.sort_unstable();
    let at = |share: f64| {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index into a short list"
        )]
        let index = (times.len() as f64 * share) as usize;
        times.get(index).or(times.last()).copied().unwrap_or_default()
    };
    row("seeded pairs", queries.len());
    for (verdict, count) in verdicts {
        row(&format!("  {verdict}"), count);
    }
    row("reach, median", show(at(0.5)));
    row("reach, p99", show(at(0.99)));
    row("reach, slowest", show(at(1.0)));
    Ok(())
}

/// The internet to every interface, all services: on one thread, and shared out over the cores as
/// the command line does it.
fn everything(inquiry: &Inquiry<'_>) -> Result<()> {
    let questions = inquiry.questions(&Query::new("internet", "*"))?;
    let exposed = |questions: &[Question]| {
        let blocked = |question| reach(inquiry.graph(), question).verdict == Verdict::Unreachable;
        questions.iter().filter(|question| !blocked(question)).count()
    };
    let (begun, before) = (Instant::now(), processor_time()?);
    let found = exposed(&questions);
    let (alone, worked) = (begun.elapsed(), processor_time()?.saturating_sub(before));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let begun = Instant::now();
    let shared: usize = std::thread::scope(|scope| {
        let parts = questions.chunks(questions.len().div_ceil(cores).max(1));
        let exposed = &exposed;
        let workers: Vec<_> = parts.map(|part| scope.spawn(move || exposed(part))).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).sum()
    });
    ensure!(shared == found, "threads found {shared} and not {found}");
    row("internet to everything", format!("{}, {cores} threads", show(begun.elapsed())));
    row("  on one thread", format!("{}, {} of processor time", show(alone), show(worked)));
    row("  questions", questions.len());
    row("  not unreachable", found);
    Ok(())
}

fn measure(paths: &[PathBuf], estate: &Estate, inquiry: &Inquiry<'_>, queries: &[Query]) {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .measurement_time(Duration::from_secs(10))
        .configure_from_args();
    criterion.bench_function("open", |b| {
        b.iter(|| Estate::open(paths, &OpenOptions::default()));
    });
    criterion.bench_function("path graph", |b| {
        b.iter(|| PathGraph::new(estate.network()).graph().node_count());
    });
    criterion.bench_function("1,000 pairs", |b| {
        b.iter(|| {
            queries.iter().map(|query| inquiry.reach(query).is_ok()).filter(|ok| *ok).count()
        });
    });
    criterion.final_summary();
}

fn row(name: &str, value: impl std::fmt::Display) {
    println!("{name:<28}{value}");
}

fn show(time: Duration) -> String {
    format!("{time:.2?}")
}

/// The processor and the number of its cores, as Linux tells them.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {cores} cores", model.map_or("unknown processor", |(_, name)| name))
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
