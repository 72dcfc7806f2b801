//! `cloudfw record azure --to DIR`.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use cloudfw_azure::{Subscriptions, Wanted, least_privilege_role, print_commands};

use crate::error::Error;
use crate::print::Screen;

const EXAMPLES: &str = "\
Examples:
  cloudfw record azure --to prod
  cloudfw record azure --to prod --subscription production --subscription shared
  cloudfw record azure --to prod --management-group corp --effective
  cloudfw record azure --to gov --cloud usgov --credential managed-identity
  cloudfw record azure --print-policy > role.json && \\
    az role definition create --role-definition role.json

Only read calls are made, and no secret is written down. A call that is denied
is recorded as such: what it touches is unknown then. Several subscriptions are
recorded into one folder, beside those of other clouds.

Exit codes:
  0  everything was read
  2  nothing could be recorded
  3  recorded, but some calls were not answered";

/// Record Azure subscriptions with the credential of `az`, the environment or the machine.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = "cloudfw record azure [OPTIONS] --to <DIR>")]
pub(super) struct Azure {
    /// The folder that gets the recording
    #[arg(long, value_name = "DIR", required_unless_present_any = ["print_policy", "print_commands"])]
    to: Option<PathBuf>,

    /// Also ask Azure for the effective rules and routes of every interface of a running machine:
    /// two calls for each, and some seconds
    #[arg(long)]
    effective: bool,

    /// Print the `az` commands that make the same recording, and call nothing
    #[arg(long)]
    print_commands: bool,

    /// Print the custom role that allows the calls and no others, and call nothing
    #[arg(long, conflicts_with = "print_commands")]
    print_policy: bool,

    /// The subscription, by id or name; may be given several times. Else all that the credential
    /// sees
    #[arg(long, value_name = "ID|NAME", help_heading = "The live cloud")]
    subscription: Vec<String>,

    /// All subscriptions of this management group and of those in it
    #[arg(
        long,
        value_name = "ID",
        conflicts_with = "subscription",
        help_heading = "The live cloud"
    )]
    management_group: Option<String>,

    /// Where the token comes from, else the first of these that there is
    #[arg(long, value_enum, value_name = "CREDENTIAL", help_heading = "The live cloud")]
    credential: Option<CredentialArgument>,

    /// Whose Azure
    #[arg(
        long,
        value_enum,
        value_name = "CLOUD",
        default_value_t = CloudArgument::Public,
        help_heading = "The live cloud"
    )]
    cloud: CloudArgument,

    /// Another server in place of the cloud's. The token is sent there
    #[arg(long, value_name = "URL", help_heading = "The live cloud")]
    endpoint: Option<String>,

    /// Most calls a second for one subscription
    #[arg(long, value_name = "CALLS", default_value = "10", help_heading = "The live cloud")]
    rate: NonZeroU32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CredentialArgument {
    /// AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET
    Environment,
    /// AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE, as in Kubernetes
    WorkloadIdentity,
    /// The login of `az`
    Cli,
    /// The identity of the machine, or that of AZURE_CLIENT_ID on it
    ManagedIdentity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CloudArgument {
    /// management.azure.com
    Public,
    /// management.usgovcloudapi.net
    #[value(name = "usgov")]
    UsGov,
    /// management.chinacloudapi.cn
    China,
}

pub(super) fn run(azure: &Azure, screen: &mut Screen) -> Result<u8, Error> {
    if azure.print_policy {
        screen.out(&least_privilege_role(&wanted(azure)))?;
        return Ok(crate::DONE);
    }
    let to = azure.to.clone().unwrap_or_else(|| PathBuf::from("recording"));
    if azure.print_commands {
        screen.out(&print_commands(&wanted(azure), &to))?;
        return Ok(crate::DONE);
    }
    record(azure, &to, screen)
}

fn wanted(azure: &Azure) -> Wanted {
    let subscriptions = match (&azure.management_group, azure.subscription.as_slice()) {
        (Some(group), _) => Subscriptions::ManagementGroup(group.clone()),
        (None, []) => Subscriptions::All,
        (None, names) => Subscriptions::These(names.to_vec()),
    };
    Wanted { subscriptions, effective: azure.effective }
}

#[cfg(not(feature = "azure-live"))]
fn record(azure: &Azure, _: &Path, _: &mut Screen) -> Result<u8, Error> {
    // What is asked for is not looked at.
    let Azure { credential: _, cloud: _, endpoint: _, rate: _, .. } = azure;
    Err(Error::NotLive)
}

#[cfg(feature = "azure-live")]
fn record(azure: &Azure, to: &Path, screen: &mut Screen) -> Result<u8, Error> {
    use crate::progress::{self, Progress};
    use cloudfw_azure::live::{Event, RecordOptions, record};

    let Wanted { subscriptions, effective } = wanted(azure);
    let options = RecordOptions {
        subscriptions,
        effective,
        credential: azure.credential.map(Into::into).unwrap_or_default(),
        cloud: azure.cloud.into(),
        endpoint: azure.endpoint.clone(),
        calls_per_second: azure.rate,
        ..RecordOptions::new(to)
    };
    let bar = Progress::default();
    let tell = |event: Event| match event {
        Event::Started { calls, .. } => bar.begin(calls),
        Event::Page { subscription, call, entries } => {
            bar.tell(format!("{subscription} {call} {entries}"));
        }
        Event::Answered { .. } => bar.step(),
    };
    let recorded = progress::runtime()?.block_on(record(&options, &tell))?;
    drop(bar);
    let summary = crate::print::recorded::summary((&recorded).into(), to, screen.width());
    screen.out(&summary.text)?;
    Ok(if summary.complete { crate::DONE } else { crate::INCOMPLETE })
}

#[cfg(feature = "azure-live")]
impl From<CredentialArgument> for cloudfw_azure::live::Credential {
    fn from(argument: CredentialArgument) -> Self {
        match argument {
            CredentialArgument::Environment => Self::Environment,
            CredentialArgument::WorkloadIdentity => Self::WorkloadIdentity,
            CredentialArgument::Cli => Self::Cli,
            CredentialArgument::ManagedIdentity => Self::ManagedIdentity,
        }
    }
}

#[cfg(feature = "azure-live")]
impl From<CloudArgument> for cloudfw_azure::live::Cloud {
    fn from(argument: CloudArgument) -> Self {
        match argument {
            CloudArgument::Public => Self::Public,
            CloudArgument::UsGov => Self::UsGov,
            CloudArgument::China => Self::China,
        }
    }
}
