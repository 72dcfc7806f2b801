//! `cloudfw record CLOUD --to DIR`.

use clap::{Args, Subcommand};

use crate::error::Error;
use crate::print::Screen;

mod aws;
mod azure;

/// Write a recording of a live cloud, to be asked offline.
#[derive(Debug, Args)]
#[command(subcommand_value_name = "CLOUD", subcommand_help_heading = "Clouds")]
pub(crate) struct Record {
    #[command(subcommand)]
    cloud: Cloud,
}

#[derive(Debug, Subcommand)]
enum Cloud {
    /// Record an AWS account with the credentials that the AWS CLI would take
    Aws(aws::Aws),
    /// Record Azure subscriptions with the credential of `az`, the environment or the machine
    Azure(azure::Azure),
}

pub(crate) fn run(arguments: &Record, screen: &mut Screen) -> Result<u8, Error> {
    match &arguments.cloud {
        Cloud::Aws(aws) => aws::run(aws, screen),
        Cloud::Azure(azure) => azure::run(azure, screen),
    }
}
