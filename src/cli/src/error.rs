//! Why a command could not run, and what to do about it. Always exit code 2.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use crate::config::ConfigError;
use crate::print::Text;
use crate::print::style::{BAD, BOLD};

/// Why a command could not run. Mostly the user's fault; [`Error::Output`] is the machine's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// `cloudfw.toml` is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The recording cannot be opened.
    #[error(transparent)]
    Estate(Box<cloudfw_estate::OpenError>),
    /// The question is wrong.
    #[error(transparent)]
    Query(#[from] cloudfw_estate::QueryError),
    /// Nothing says which estate is meant.
    #[error(
        "no estate to ask: neither --from, CLOUDFW_FROM nor `from` in cloudfw.toml names a recording"
    )]
    #[cfg_attr(feature = "aws-live", expect(dead_code, reason = "then the live cloud is asked"))]
    NoEstate,
    /// This binary was built without the SDK of the cloud.
    #[error("this cloudfw was built without live collection from this cloud")]
    #[cfg_attr(
        all(feature = "aws-live", feature = "azure-live"),
        expect(dead_code, reason = "this one was built with it")
    )]
    NotLive,
    /// AWS cannot be recorded.
    #[cfg(feature = "aws-live")]
    #[error(transparent)]
    Live(#[from] cloudfw_aws::live::LiveError),
    /// Azure cannot be recorded.
    #[cfg(feature = "azure-live")]
    #[error(transparent)]
    LiveAzure(#[from] cloudfw_azure::live::LiveError),
    /// What waits for the cloud cannot be started.
    #[cfg(any(feature = "aws-live", feature = "azure-live"))]
    #[error("cannot start a thread")]
    NoThread(#[source] io::Error),
    /// There is no place for the cache.
    #[cfg(feature = "aws-live")]
    #[error("no place for the cached recording: {why}")]
    NoCache {
        /// What the system says.
        why: String,
    },
    /// The file of queries cannot be read.
    #[error("cannot read the queries of `{}`", .path.display())]
    Queries {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file of queries asks nothing.
    #[error("no query in `{}`", .path.display())]
    NoQueries {
        /// The file.
        path: PathBuf,
    },
    /// The policy cannot be read.
    #[error("cannot read the policy `{}`", .path.display())]
    PolicyFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The policy is wrong.
    #[error(transparent)]
    Policy(#[from] cloudfw_estate::PolicyError),
    /// `man --command` names no command.
    #[error("no command `{name}`")]
    NoCommand {
        /// What was given.
        name: String,
    },
    /// `--check` or `checks explain` names no check.
    #[error("no check `{name}`{}", .near.as_ref().map(|near| format!(": did you mean `{near}`?")).unwrap_or_default())]
    NoCheck {
        /// What was given.
        name: String,
        /// What may be meant.
        near: Option<String>,
    },
    /// `--framework` names none.
    #[error("no framework `{name}`{}", .near.as_ref().map(|near| format!(": did you mean `{near}`?")).unwrap_or_default())]
    NoFramework {
        /// What was given.
        name: String,
        /// What may be meant.
        near: Option<String>,
        /// All that there are.
        known: String,
    },
    /// An ignore is of a check that does not exist.
    #[error("{place}: the ignore of `{name}` is of no check{}", .near.as_ref().map(|near| format!(": did you mean `{near}`?")).unwrap_or_default())]
    NoIgnoredCheck {
        /// The file and line.
        place: String,
        /// What was given.
        name: String,
        /// What may be meant.
        near: Option<String>,
    },
    /// The baseline is none.
    #[error("cannot read the baseline `{}`: {why}", .path.display())]
    Baseline {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Two results for standard output.
    #[error("two results cannot both go to standard output: give one a file, -o FORMAT=FILE")]
    TwoResults,
    /// Two results for one file.
    #[error("two results cannot both go to `{}`", .path.display())]
    SameFile {
        /// The file.
        path: PathBuf,
    },
    /// A file for results cannot be written.
    #[error("cannot write `{}`", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A report cannot be written.
    #[error(transparent)]
    Report(cloudfw_report::WriteError),
    /// Results cannot be written.
    #[error("cannot write the results")]
    Output(#[source] io::Error),
}

impl From<cloudfw_estate::OpenError> for Error {
    fn from(error: cloudfw_estate::OpenError) -> Self {
        Self::Estate(Box::new(error))
    }
}

impl Error {
    /// The message with its causes and what to do, for standard error.
    pub(crate) fn render(&self, width: usize) -> String {
        let mut message = self.to_string();
        let mut cause = self.source();
        while let Some(inner) = cause {
            message = format!("{message}: {inner}");
            cause = inner.source();
        }
        let mut lines = message.lines();
        let mut out = String::new();
        let head = Text::styled(BAD.bold(), "error: ");
        head.lead(&Text::of(lines.next().unwrap_or_default()), width, &mut out);
        for line in lines {
            match self {
                Self::Query(_) => Text::of(line).wrap(4, width, &mut out),
                // An excerpt and its carets must stay as they are.
                _ => Text::of(line).wrap(0, usize::MAX, &mut out),
            }
        }
        for hint in self.hints() {
            Text::styled(BOLD, "  try: ").lead(&Text::of(hint), width, &mut out);
        }
        out
    }

    /// What to do.
    fn hints(&self) -> Vec<String> {
        if let Self::NoFramework { known, .. } = self {
            return vec![format!("one of {known}")];
        }
        let hints: &[&str] = match self {
            Self::NoCheck { .. } | Self::NoIgnoredCheck { .. } => {
                &["cloudfw checks list             every check"]
            }
            Self::NoEstate => &[
                "cloudfw reach … --from PATH     ask a recording",
                "cloudfw demo                    see what it does; needs no cloud",
                "cargo build -p cloudfw          a cloudfw that asks the live cloud",
            ],
            Self::NotLive => &[
                "cargo build -p cloudfw          a cloudfw with live collection",
                "cloudfw record aws --print-commands    the lines that make a recording without it; azure too",
                "--from PATH                     a recording instead of the live cloud",
            ],
            #[cfg(feature = "aws-live")]
            Self::Live(error) => live_hints(error),
            #[cfg(feature = "azure-live")]
            Self::LiveAzure(error) => azure_hints(error),
            #[cfg(feature = "aws-live")]
            Self::NoCache { .. } => {
                &["set XDG_CACHE_HOME, or record by hand: cloudfw record aws --to DIR"]
            }
            _ => &[],
        };
        hints.iter().map(|hint| (*hint).to_owned()).collect()
    }
}

#[cfg(feature = "azure-live")]
fn azure_hints(error: &cloudfw_azure::live::LiveError) -> &'static [&'static str] {
    use cloudfw_azure::live::LiveError::{
        BadCredentials, BadEndpoint, BadSubscription, NoConnection, NoCredentials, NoSubscription,
        NothingRead, SubscriptionsUnknown,
    };
    match error {
        NoCredentials { .. } | BadCredentials { .. } => &[
            "az login                        or another --credential",
            "--cloud usgov                   where that is where the credential is from",
            "cloudfw demo                    see what it does; needs no credentials",
        ],
        NoConnection { .. } | BadEndpoint { .. } => &[
            "--endpoint URL                  the address that answers, or none for Azure itself",
            "--cloud usgov                   another cloud; or set HTTPS_PROXY, if there is one",
        ],
        NoSubscription { .. } | SubscriptionsUnknown { .. } | BadSubscription { .. } => &[
            "--subscription ID               the subscription, by its id",
            "cloudfw record azure --print-policy    what the credential must be allowed",
        ],
        NothingRead { .. } => {
            &["cloudfw record azure --print-policy    what the credential must be allowed"]
        }
        _ => &[],
    }
}

#[cfg(feature = "aws-live")]
fn live_hints(error: &cloudfw_aws::live::LiveError) -> &'static [&'static str] {
    use cloudfw_aws::live::LiveError::{
        BadCredentials, Expired, NoConnection, NoCredentials, NoRegion, NothingRead,
    };
    match error {
        NoCredentials { .. } | BadCredentials { .. } => &[
            "--profile NAME                  a profile of the AWS configuration",
            "--from PATH                     a recording instead of the live cloud",
            "cloudfw demo                    see what it does; needs no credentials",
        ],
        Expired { .. } => &[
            "aws sso login                   or however these credentials are had",
            "--profile NAME                  another profile of the AWS configuration",
            "--from PATH                     a recording instead of the live cloud",
        ],
        NoRegion => &["--region eu-west-1              or set AWS_REGION"],
        NoConnection { .. } => &[
            "--endpoint-url URL              the address that answers, or none for AWS itself",
            "--region eu-west-1              another Region; or set HTTPS_PROXY, if there is one",
            "--from PATH                     a recording instead of the live cloud",
        ],
        NothingRead { .. } => {
            &["cloudfw record aws --print-policy    what the credentials must be allowed"]
        }
        _ => &[],
    }
}
