//! The command line: what every command shares, and the list of commands.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use cloudfw_aws::Regions;
use cloudfw_core::{Client, ServiceError, ServiceSet, Verdict};
use cloudfw_estate::Query;
use cloudfw_estate::query::{parse_client, parse_verdict};

use crate::commands::{audit, checks, completions, demo, man, reach, record, show, verify};

/// Can X reach Y:port, there and back, and which rule says so?
#[derive(Debug, Parser)]
#[command(
    name = "cloudfw",
    version,
    propagate_version = true,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = EXAMPLES
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cloudfw demo                               see what it does; needs no cloud
  cloudfw reach web db:5432                  ask the live cloud
  cloudfw record aws --to prod               record it once …
  cloudfw reach web db:5432 --from prod      … and ask the recording
  cloudfw show db --from prod                the effective rules at a resource
  cloudfw audit --from prod                  what is wrong, proved, the worst first
  cloudfw verify policy.toml --from prod     who must reach whom, and who must not

Exit codes of `reach`:
  0  reachable (or what --expect said)
  1  unreachable, intermittent or partial
  2  it could not run: bad usage, unreadable input
  3  unknown: something that decides was not read";

/// What every command has.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// When to use colour; NO_COLOR and CLICOLOR are honoured
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t = Color::Auto,
        display_order = 900
    )]
    pub(crate) color: Color,

    /// The settings file, else the first cloudfw.toml from this folder upwards
    #[arg(long, global = true, value_name = "PATH", display_order = 901)]
    pub(crate) config: Option<PathBuf>,

    /// How many columns text is laid out for, else the terminal's
    #[arg(long, global = true, hide = true, value_name = "COLUMNS")]
    pub(crate) width: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// For people, or for programs: versioned JSON, one document a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Can SOURCE reach DESTINATION, there and back, and which rule says so?
    Reach(reach::Reach),
    /// What is open to whom, proved; rules without effect, replies that are lost, what is untidy
    Audit(audit::Audit),
    /// Prove a policy: who must, and who must not, reach whom
    Verify(verify::Verify),
    /// The checks that `audit` makes: list them, explain one
    Checks(checks::Checks),
    /// What a resource is, where it hangs, and its effective rules in order
    Show(show::Show),
    /// Write a recording of a live cloud, to be asked offline
    Record(record::Record),
    /// Ask a sample estate that is built in; needs no cloud and no network
    Demo(demo::Demo),
    /// Print the completions of a shell
    Completions(completions::Completions),
    /// Print the manual page
    Man(man::Man),
}

/// What a query can say beside its ends.
#[derive(Debug, Args)]
pub(crate) struct QueryOptions {
    /// The service; then DESTINATION is never split at a colon
    #[arg(long, value_parser = service)]
    pub(crate) service: Option<ServiceSet>,

    /// The client, by the ports it dials from: linux, windows, any, or LO-HI
    #[arg(long, value_name = "CLIENT", value_parser = client)]
    pub(crate) client: Option<Client>,

    /// The verdict that there should be; the exit code is then 0 if it is
    #[arg(long, value_name = "VERDICT", value_parser = verdict)]
    pub(crate) expect: Option<Verdict>,

    /// Ask only about the way out
    #[arg(long)]
    pub(crate) one_way: bool,
}

impl QueryOptions {
    /// The query with these options where it does not have its own.
    pub(crate) fn with(&self, query: Query) -> Query {
        Query {
            service: query.service.or_else(|| self.service.clone()),
            client: query.client.or_else(|| self.client.clone()),
            expect: query.expect.or(self.expect),
            one_way: query.one_way || self.one_way,
            ..query
        }
    }
}

fn service(text: &str) -> Result<ServiceSet, String> {
    text.parse().map_err(|error: ServiceError| error.to_string())
}

fn client(text: &str) -> Result<Client, String> {
    parse_client(text).map_err(|error| error.to_string())
}

fn verdict(text: &str) -> Result<Verdict, String> {
    parse_verdict(text).map_err(|error| error.to_string())
}

/// Which estate is asked about.
#[derive(Debug, Args)]
#[command(next_help_heading = "The estate")]
pub(crate) struct EstateArguments {
    /// A recording: a folder or a file; may be given several times. Else CLOUDFW_FROM, else
    /// `from` of cloudfw.toml, else the live cloud
    #[arg(long, value_name = "PATH",
          conflicts_with_all = ["profile", "region", "endpoint_url", "max_age", "refresh"])]
    pub(crate) from: Vec<PathBuf>,

    /// Take it that there is none of KIND where the recording does not say (`all`: of any but
    /// networks, interfaces and their rules)
    #[arg(long, value_name = "KIND")]
    pub(crate) assume_none: Vec<String>,

    #[command(flatten)]
    pub(crate) cloud: CloudArguments,

    /// How old the cached recording of the live cloud may be: 90s, 5m, 2h
    #[arg(long, value_name = "AGE", value_parser = duration,
          help_heading = "The live cloud")]
    pub(crate) max_age: Option<Duration>,

    /// Record the live cloud anew, however young the cached recording
    #[arg(long, help_heading = "The live cloud")]
    pub(crate) refresh: bool,
}

/// Which cloud is recorded, as the AWS CLI has it.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "The live cloud")]
pub(crate) struct CloudArguments {
    /// The profile of the AWS configuration
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// The Region; may be given several times. Else the one that is configured
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Vec<String>,

    /// Another endpoint, such as LocalStack's
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
}

impl CloudArguments {
    /// The Regions that are named, else the configured one.
    pub(crate) fn regions(&self) -> Regions {
        match self.region.as_slice() {
            [] => Regions::Configured,
            names => Regions::These(names.to_vec()),
        }
    }
}

impl EstateArguments {
    /// Whether an argument asks for the live cloud.
    pub(crate) fn asks_live(&self) -> bool {
        self.refresh
            || self.max_age.is_some()
            || self.cloud.profile.is_some()
            || !self.cloud.region.is_empty()
            || self.cloud.endpoint_url.is_some()
    }
}

/// `90s`, `5m`, `2h`, `1d`, and a bare number of seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, seconds) = match text.char_indices().last() {
        Some((at, 's')) => (text.get(..at), 1),
        Some((at, 'm')) => (text.get(..at), 60),
        Some((at, 'h')) => (text.get(..at), 60 * 60),
        Some((at, 'd')) => (text.get(..at), 24 * 60 * 60),
        _ => (Some(text), 1),
    };
    number
        .and_then(|number| number.parse::<u64>().ok())
        .and_then(|number| number.checked_mul(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "an age is a number with s, m, h or d: 90s, 5m, 2h".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn ages() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        assert_eq!(duration("7"), Ok(Duration::from_secs(7)));
        for bad in ["", "m", "-5m", "5 m", "1.5h", "5ü", "99999999999999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
