//! `cloudfw-lab fuzz`.

mod campaign;
mod progress;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use cloudfw_lab::fuzz::{Disagreement, Order, Report, folder, run, shrink};
use cloudfw_lab::kernel;
use cloudfw_lab::scenario::{Cloud, Scenario};

use campaign::ask_all;
use progress::Progress;

/// So many are reduced and written.
const WRITTEN: usize = 5;

/// More would only wait for one another.
const MOST_THREADS: u8 = 64;

/// Arguments of `cloudfw-lab fuzz`.
#[derive(Args)]
pub(crate) struct FuzzArguments {
    /// The cloud that scenarios are of.
    #[arg(long, value_enum, default_value_t = CloudName::Aws)]
    cloud: CloudName,
    /// The seed of the first scenario; the others have the numbers that follow, so that one of
    /// them is asked about again with `--seed ITS_SEED --scenarios 1`.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many scenarios: 1 to 1000000.
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    scenarios: u32,
    /// Questions for each scenario, 1 to 2000. Each is asked twice: of namespaces made from the
    /// documents, and of namespaces made from cloudfw's network.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=2000))]
    probes: u16,
    /// In one of so many scenarios the share of failing connections is measured; 0 for none.
    #[arg(long, default_value_t = 4)]
    shares: usize,
    /// Where to write disagreements, one of each kind and five at most, each reduced to what it
    /// takes (up to 90 seconds each) and as a folder fit for testdata: a new folder, or an
    /// empty one.
    #[arg(long, value_name = "DIR", conflicts_with = "without_kernel")]
    to: Option<PathBuf>,
    /// Scenarios at the same time, 1 to 64 [default: one for each processor].
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=i64::from(MOST_THREADS)))]
    threads: Option<u8>,
    /// End at the first disagreement.
    #[arg(long)]
    first: bool,
    /// Ask cloudfw alone, and only count: no packet is sent, nothing is compared.
    #[arg(long)]
    without_kernel: bool,
}

/// A cloud as the command line has it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CloudName {
    /// Scenarios of AWS.
    Aws,
    /// Scenarios of Azure.
    Azure,
}

impl From<CloudName> for Cloud {
    fn from(name: CloudName) -> Self {
        match name {
            CloudName::Aws => Self::Aws,
            CloudName::Azure => Self::Azure,
        }
    }
}

/// What `--help` ends with.
pub(crate) const EXAMPLES: &str = "\
Examples:
  cloudfw-lab fuzz --scenarios 40                       about half a minute
  cloudfw-lab fuzz --seed 1000 --scenarios 250          others than those before
  cloudfw-lab fuzz --cloud azure --scenarios 100        of Azure
  cloudfw-lab fuzz --seed 123 --scenarios 1 --to found  one again, reduced, as a folder
  cloudfw-lab fuzz --scenarios 1000 --without-kernel    what is drawn, and what decides it

Exit codes:
  0  all was asked, and all answers agree
  1  some do not: each kind is shown once, with what cloudfw said and what the kernel did
  2  not all was asked: no namespaces here (`skipped: …`), or what stands under `not asked`";

/// Runs it: 0 where everything agrees, 1 where something does not, 2 where it could not be asked.
pub(crate) fn fuzz(arguments: &FuzzArguments) -> Result<ExitCode> {
    if !arguments.without_kernel {
        kernel::enter_user_namespace();
        if let Err(why) = kernel::availability() {
            say(&format!("skipped: {why}\nnothing was asked, nothing was compared"))?;
            return Ok(ExitCode::from(2));
        }
    }
    // What cannot be written is known before minutes of work.
    let to = arguments.to.as_deref().map(Destination::open).transpose()?;
    let order = order(arguments);
    let progress = Progress::begin(order.scenarios);
    let ask = |one: &Order| -> Report { run(one, &|_| {}) };
    let campaign =
        ask_all(&order, arguments.first, &ask, &|done, found| progress.tell(done, found));
    progress.end();
    let alike = alike(&campaign.report);
    say(&words::disagreements(&campaign, &alike))?;
    say(&words::summary(&order, &campaign))?;
    if let Some(to) = to {
        write_folders(&to, order.cloud, &alike)?;
        to.close();
    } else {
        say(&words::advice(&order, &campaign))?;
    }
    Ok(match () {
        () if campaign.differs() => ExitCode::from(1),
        () if !campaign.is_whole(&order) => ExitCode::from(2),
        () => ExitCode::SUCCESS,
    })
}

fn order(arguments: &FuzzArguments) -> Order {
    let processors = || thread::available_parallelism().map_or(1, usize::from);
    Order {
        cloud: arguments.cloud.into(),
        seed: arguments.seed,
        scenarios: arguments.scenarios as usize,
        probes: usize::from(arguments.probes),
        threads: arguments
            .threads
            .map_or_else(|| processors().min(usize::from(MOST_THREADS)), usize::from),
        kernel: !arguments.without_kernel,
        surveys: arguments.shares,
    }
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

/// The folder of `--to`.
struct Destination<'a> {
    path: &'a Path,
    is_new: bool,
}

impl<'a> Destination<'a> {
    /// New or empty, and such that files can be made in it.
    fn open(path: &'a Path) -> Result<Self> {
        let shown = path.display();
        let is_new = !path.exists();
        fs::create_dir_all(path).with_context(|| format!("cannot make `{shown}`"))?;
        let mut entries = fs::read_dir(path).with_context(|| format!("cannot read `{shown}`"))?;
        if entries.next().is_some() {
            bail!("`{shown}` is not empty: remove it, or write elsewhere");
        }
        let trial = path.join("trial");
        fs::create_dir(&trial)
            .and_then(|()| fs::remove_dir(&trial))
            .with_context(|| format!("cannot write in `{shown}`"))?;
        Ok(Self { path, is_new })
    }

    /// Leaves no empty folder behind that was not there before.
    fn close(&self) {
        if self.is_new {
            // With something in it, it stays.
            let _ = fs::remove_dir(self.path);
        }
    }
}

/// One of each kind of disagreement, reduced.
fn write_folders(
    to: &Destination<'_>,
    cloud: Cloud,
    alike: &[(usize, &Disagreement)],
) -> Result<()> {
    for (_, disagreement) in alike.iter().take(WRITTEN) {
        let Disagreement { seed, compiler, question, .. } = disagreement;
        tell(&format!("reducing seed {seed}: {question} (up to 90 s)"));
        let (scenario, shown) = shrink(&Scenario::draw_of(cloud, *seed), disagreement);
        let name = format!("lab-{seed}-{compiler}-{}-{}", question.protocol(), question.port);
        let folder = to.path.join(name);
        let written = folder::write(&folder, &scenario, &shown)
            .with_context(|| format!("cannot write `{}`", folder.display()))?;
        say(&format!("{}\n{shown}\n{written}\n", folder.display()))?;
    }
    if alike.len() > WRITTEN {
        say(&format!("{} kinds more were not reduced", alike.len() - WRITTEN))?;
    }
    Ok(())
}

/// Prints what people want to read. Who closes the output (`| head`) has read enough: the exit
/// code still tells the rest.
fn say(text: &str) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to the standard output")
        }
        _ => Ok(()),
    }
}

/// Tells what goes on. Nothing is to be done about a terminal that went away.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
