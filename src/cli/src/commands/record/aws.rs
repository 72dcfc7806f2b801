//! `cloudfw record aws --to DIR`.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::Args;
use cloudfw_aws::{Regions, least_privilege_policy, print_commands};

use crate::arguments::CloudArguments;
use crate::error::Error;
use crate::print::Screen;

const EXAMPLES: &str = "\
Examples:
  cloudfw record aws --to prod
  cloudfw record aws --to prod --profile audit --region eu-west-1
  cloudfw record aws --to prod --all-regions
  cloudfw record aws --to local --endpoint-url http://localhost:4566
  cloudfw record aws --print-policy                what must be allowed
  cloudfw record aws --print-commands --to prod    the same by hand, with `aws`

Only read calls are made. A call that is denied is recorded as such: what it
touches is unknown then. Several accounts can be recorded into one folder.

Exit codes:
  0  everything was read
  2  nothing could be recorded
  3  recorded, but some calls were not answered";

/// Record an AWS account with the credentials that the AWS CLI would take.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = "cloudfw record aws [OPTIONS] --to <DIR>")]
pub(super) struct Aws {
    /// The folder that gets the recording
    #[arg(long, value_name = "DIR", required_unless_present_any = ["print_policy", "print_commands"])]
    to: Option<PathBuf>,

    /// Print the AWS CLI commands that make the same recording, and call nothing
    #[arg(long)]
    print_commands: bool,

    /// Print the IAM policy that allows the calls and no others, and call nothing
    #[arg(long, conflicts_with = "print_commands")]
    print_policy: bool,

    #[command(flatten)]
    cloud: CloudArguments,

    /// All Regions that are enabled for the account
    #[arg(long, conflicts_with = "region", help_heading = "The live cloud")]
    all_regions: bool,

    /// Most calls a second to one Region of an account
    #[arg(long, value_name = "CALLS", default_value = "10", help_heading = "The live cloud")]
    rate: NonZeroU32,
}

pub(super) fn run(aws: &Aws, screen: &mut Screen) -> Result<u8, Error> {
    if aws.print_policy {
        screen.out(&least_privilege_policy())?;
        return Ok(crate::DONE);
    }
    let to = aws.to.clone().unwrap_or_else(|| PathBuf::from("recording"));
    if aws.print_commands {
        let CloudArguments { profile, endpoint_url, .. } = &aws.cloud;
        let commands =
            print_commands(&regions(aws), profile.as_deref(), endpoint_url.as_deref(), &to);
        screen.out(&commands)?;
        return Ok(crate::DONE);
    }
    record(aws, &to, screen)
}

fn regions(aws: &Aws) -> Regions {
    if aws.all_regions { Regions::AllEnabled } else { aws.cloud.regions() }
}

#[cfg(not(feature = "aws-live"))]
fn record(_: &Aws, _: &Path, _: &mut Screen) -> Result<u8, Error> {
    Err(Error::NotLive)
}

#[cfg(feature = "aws-live")]
fn record(aws: &Aws, to: &Path, screen: &mut Screen) -> Result<u8, Error> {
    let mut options = crate::live::options(&aws.cloud, to.to_owned());
    options.calls_per_second = aws.rate;
    options.regions = regions(aws);
    let recorded = crate::live::record(&options)?;
    let summary = crate::print::recorded::summary((&recorded).into(), to, screen.width());
    screen.out(&summary.text)?;
    Ok(if summary.complete { crate::DONE } else { crate::INCOMPLETE })
}
