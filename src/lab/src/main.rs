//! The development lab of cloudfw.

mod fuzz_command;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use cloudfw_lab::estate::{Estate, EstateSize, Outcome, Shares, azure, pairs};
use fuzz_command::tell;

/// The development lab of cloudfw.
#[derive(Parser)]
#[command(name = "cloudfw-lab")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes a generated estate: a recording, and questions about it.
    Estate(EstateArguments),
    /// Asks cloudfw and a real kernel the same questions about random scenarios.
    ///
    /// Small estates of AWS or Azure are drawn, and built from network namespaces of this machine with
    /// nftables in them. Packets are sent through, and the outcome, the place where a packet ends
    /// and the rule that ends it have to be those that cloudfw names. Needs `nft`, and either root
    /// or user namespaces; nothing outside the namespaces is touched, and none of them is left.
    #[command(after_help = fuzz_command::EXAMPLES)]
    Fuzz(fuzz_command::FuzzArguments),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Cloud {
    Aws,
    Azure,
}

#[derive(Args)]
struct EstateArguments {
    /// Whose estate; the options about shares and accounts are of AWS alone.
    #[arg(long, value_enum, default_value = "aws")]
    cloud: Cloud,
    /// Network interfaces in all.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    interfaces: u32,
    /// VPCs, or virtual networks [default: one for 50 interfaces].
    #[arg(long, alias = "networks", value_parser = clap::value_parser!(u32).range(1..))]
    vpcs: Option<u32>,
    /// Security groups beside the default ones [default: one for 10 interfaces, of Azure for 20].
    #[arg(long)]
    groups: Option<u32>,
    /// Inbound rules of each group, of Azure of both directions [default: 60, of Azure 200].
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    rules: Option<u32>,
    /// Accounts to spread the VPCs over; several are written as accounts/<id>/<region>/.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    accounts: u32,
    /// The same seed gives the same estate.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Questions in queries.txt.
    #[arg(long, default_value_t = 1_000)]
    queries: u32,
    /// Percent of the questions that are routed and reachable.
    #[arg(long, default_value_t = Shares::default().reachable as u32)]
    reachable: u32,
    /// Percent of the questions that work for some client ports only.
    #[arg(long, default_value_t = Shares::default().intermittent as u32)]
    intermittent: u32,
    /// Percent of the questions that are routed and filtered.
    #[arg(long, default_value_t = Shares::default().filtered as u32)]
    filtered: u32,
    /// Percent of the questions that go to a public address of another VPC.
    #[arg(long, default_value_t = Shares::default().internet as u32)]
    internet: u32,
    /// The folder to write: new or empty.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Estate(arguments) => write_estate(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Fuzz(arguments) => fuzz_command::fuzz(&arguments),
    };
    done.unwrap_or_else(|error| {
        tell(&format!("error: {error:#}"));
        ExitCode::from(2)
    })
}

fn write_estate(arguments: &EstateArguments) -> Result<()> {
    let to = &arguments.to;
    if to.is_dir() && fs::read_dir(to)?.next().is_some() {
        bail!("`{}` is not empty: remove it, or write elsewhere", to.display());
    }
    let start = Instant::now();
    let drawn = match arguments.cloud {
        Cloud::Aws => draw_aws(arguments)?,
        Cloud::Azure => draw_azure(arguments)?,
    };
    let took = start.elapsed();
    for (name, text) in &drawn.documents {
        write(&to.join(name), text)?;
    }
    write(&to.join("queries.txt"), &drawn.queries)?;
    let bytes: usize = drawn.documents.iter().map(|(_, text)| text.len()).sum();
    tell(&format!(
        "{}\n{} documents, {:.1} MB, drawn in {took:.1?}; {}",
        drawn.counts,
        drawn.documents.len(),
        bytes as f64 / 1e6,
        tally(&drawn.forecast),
    ));
    Ok(())
}

/// An estate, ready to be written.
struct Drawn {
    documents: Vec<(String, String)>,
    queries: String,
    /// How much there is of what.
    counts: String,
    /// What IPv4 should answer to each query.
    forecast: Vec<Outcome>,
}

fn draw_aws(arguments: &EstateArguments) -> Result<Drawn> {
    let estate = Estate::draw(&size(arguments)?, arguments.seed);
    let many = arguments.queries as usize;
    let queries = pairs(&estate, many, &shares(arguments)?, arguments.seed);
    let counts = format!(
        "{} interfaces, {} instances, {} VPCs, {} subnets, {} groups, {} rules, {} peerings, \
         {} accounts",
        estate.interfaces.len(),
        estate.instances.len(),
        estate.vpcs.len(),
        estate.subnets.len(),
        estate.groups.len(),
        estate.groups.iter().map(|group| group.ingress.len() + group.egress.len()).sum::<usize>(),
        estate.peerings.len(),
        estate.accounts.len(),
    );
    Ok(Drawn {
        documents: estate.documents(),
        queries: queries.iter().map(|query| format!("{query}\n")).collect(),
        counts,
        forecast: queries.iter().map(|query| query.ipv4).collect(),
    })
}

fn draw_azure(arguments: &EstateArguments) -> Result<Drawn> {
    if arguments.accounts != 1 {
        bail!("--accounts is of AWS alone: an Azure estate is one subscription");
    }
    let usual = azure::EstateSize::of(arguments.interfaces as usize);
    let networks = arguments.vpcs.map_or(usual.networks, |networks| networks as usize);
    if networks * 3 > usual.interfaces {
        bail!("--vpcs {networks} needs at least {} interfaces: raise --interfaces", networks * 3);
    }
    let groups = arguments.groups.map_or(usual.groups, |groups| groups as usize);
    let rules = arguments.rules.map_or(usual.rules, |rules| rules as usize);
    let size = azure::EstateSize { networks, groups, rules, ..usual };
    let estate = azure::Estate::draw(&size, arguments.seed);
    let queries = azure::pairs(&estate, arguments.queries as usize, arguments.seed);
    let counts = format!(
        "{} interfaces, {} machines, {} networks, {} subnets, {} groups, {} rules, {} peerings, \
         {} load balancers",
        estate.interfaces.len(),
        estate.machines.len(),
        estate.networks.len(),
        estate.subnets.len(),
        estate.groups.len(),
        estate.groups.iter().map(|group| group.rules.len()).sum::<usize>(),
        estate.peerings.len(),
        estate.balancers.len(),
    );
    Ok(Drawn {
        documents: estate.documents(),
        queries: queries.iter().map(|query| format!("{query}\n")).collect(),
        counts,
        forecast: queries.iter().map(|query| query.outcome).collect(),
    })
}

fn size(arguments: &EstateArguments) -> Result<EstateSize> {
    let usual = EstateSize::of(arguments.interfaces as usize);
    let vpcs = arguments.vpcs.map_or(usual.vpcs, |vpcs| vpcs as usize);
    let accounts = arguments.accounts as usize;
    if vpcs * 3 > usual.interfaces {
        bail!("--vpcs {vpcs} needs at least {} interfaces: raise --interfaces", vpcs * 3);
    }
    if accounts > vpcs {
        bail!("--accounts {accounts} is more than there are VPCs ({vpcs})");
    }
    let groups = arguments.groups.map_or(usual.groups.max(vpcs), |groups| groups as usize);
    let rules = arguments.rules.map_or(usual.rules, |rules| rules as usize);
    Ok(EstateSize { vpcs, groups, rules, accounts, ..usual })
}

fn shares(arguments: &EstateArguments) -> Result<Shares> {
    let shares = Shares {
        reachable: arguments.reachable as usize,
        intermittent: arguments.intermittent as usize,
        filtered: arguments.filtered as usize,
        internet: arguments.internet as usize,
    };
    if shares.reachable + shares.intermittent + shares.filtered + shares.internet > 100 {
        bail!(
            "--reachable, --intermittent, --filtered and --internet are more than 100 percent together"
        );
    }
    Ok(shares)
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}

fn tally(forecast: &[Outcome]) -> String {
    let count = |wanted: fn(Outcome) -> bool| forecast.iter().filter(|it| wanted(**it)).count();
    format!(
        "{} queries (IPv4: {} reachable, {} intermittent, {} unreachable, {} not forecast)",
        forecast.len(),
        count(|outcome| outcome == Outcome::Reachable),
        count(|outcome| matches!(outcome, Outcome::Intermittent { .. })),
        count(|outcome| outcome == Outcome::Unreachable),
        count(|outcome| outcome == Outcome::Unforecast),
    )
}
