//! Live collection: makes a recording of Azure subscriptions by asking Azure Resource Manager.
//!
//! Tokens come from the same places as those of Azure's own tools; what is answered is read into
//! the same types as recordings are, and written as `az rest` would print it. What was not answered
//! is in the manifest and nowhere else: a kind without document is unknown, and never an empty list.
//! Only read calls are made, those of [`least_privilege_role`].

use std::fmt;
use std::io;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use cloudfw_documents::manifest::{self, CallError, Manifest, Outcome};
use futures_util::{StreamExt, TryStreamExt, stream};

mod calls;
mod decode;
mod fault;
mod page;
mod session;
mod subscriptions;
mod transport;
mod visit;
mod write;

pub use crate::by_hand::{Subscriptions, Wanted, least_privilege_role};
pub use session::Credential;

use fault::NO_CONNECTION;
use transport::{Pace, Transport};
use visit::{Place, Visit};
use write::Destination;

/// How many subscriptions are asked at a time.
const SUBSCRIPTIONS_AT_ONCE: usize = 4;

/// What to record, as whom, and how gently.
#[derive(Debug, Clone)]
pub struct RecordOptions {
    /// The folder that gets `accounts/<subscription>/`; made where there is none.
    pub to: PathBuf,
    /// Which subscriptions.
    pub subscriptions: Subscriptions,
    /// Whether with the effective rules and routes of every interface of a running machine.
    pub effective: bool,
    /// Where the token comes from.
    pub credential: Credential,
    /// Whose Azure.
    pub cloud: Cloud,
    /// The server to ask instead of the cloud's. The token is sent there.
    pub endpoint: Option<String>,
    /// Most calls a second for one subscription.
    pub calls_per_second: NonZeroU32,
    /// How often a call is tried before it counts as failed or throttled.
    pub attempts: NonZeroU32,
    /// How long one try may take.
    pub timeout: Duration,
    /// How long Azure may take to work out effective rules and routes.
    pub patience: Duration,
}

impl RecordOptions {
    /// All subscriptions of the public cloud, with the credential that is found; ten calls a
    /// second, each tried five times for at most a minute.
    pub fn new(to: impl Into<PathBuf>) -> Self {
        Self {
            to: to.into(),
            subscriptions: Subscriptions::All,
            effective: false,
            credential: Credential::Found,
            cloud: Cloud::Public,
            endpoint: None,
            calls_per_second: NonZeroU32::new(10).unwrap_or(NonZeroU32::MIN),
            attempts: NonZeroU32::new(5).unwrap_or(NonZeroU32::MIN),
            timeout: Duration::from_secs(60),
            patience: Duration::from_secs(300),
        }
    }
}

/// Whose Azure: each has its own sign-in and its own addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cloud {
    /// `management.azure.com`
    #[default]
    Public,
    /// `management.usgovcloudapi.net`
    UsGov,
    /// `management.chinacloudapi.cn`
    China,
}

impl Cloud {
    /// Where it is asked, and what tokens are for.
    pub(crate) fn endpoint(self) -> &'static str {
        match self {
            Self::Public => "https://management.azure.com",
            Self::UsGov => "https://management.usgovcloudapi.net",
            Self::China => "https://management.chinacloudapi.cn",
        }
    }
}

/// Something that happened while recording, for a progress bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Recording begins.
    Started {
        /// The subscriptions that will be asked.
        subscriptions: Vec<Subscription>,
        /// How many [`Event::Answered`] will come: one for each kind and subscription.
        calls: usize,
    },
    /// A page of an answer came.
    Page {
        /// The id of the subscription that was asked.
        subscription: String,
        /// As `az` writes it: `network vnet list`.
        call: &'static str,
        /// Elements of this call until now.
        entries: usize,
    },
    /// All that there is to ask of a kind was asked.
    Answered {
        /// The id of the subscription that was asked.
        subscription: String,
        /// As `az` writes it: `network vnet list`.
        call: &'static str,
        /// How it ended: as badly as the worst call.
        outcome: Outcome,
    },
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subscription {
    /// In lower case.
    pub id: String,
    /// What people call it, where Azure told.
    pub name: Option<String>,
}

impl fmt::Display for Subscription {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name.as_ref().unwrap_or(&self.id))
    }
}

/// A recording that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Each subscription, in order of their ids.
    pub subscriptions: Vec<RecordedSubscription>,
}

/// The recording of one subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedSubscription {
    /// Which.
    pub subscription: Subscription,
    /// The folder with its documents.
    pub folder: PathBuf,
    /// What is also in its `manifest.json`: every call with its outcome.
    pub manifest: Manifest,
    /// How many objects its documents have.
    pub objects: usize,
}

impl Recorded {
    /// The calls that were not answered, by subscription. That machines do not run, so that Azure
    /// works out nothing for them (AZ-75), is an answer.
    pub fn unanswered(&self) -> impl Iterator<Item = (&Subscription, &manifest::Call)> {
        self.subscriptions.iter().flat_map(|recorded| {
            let calls = recorded.manifest.calls.iter().filter(|call| is_unanswered(call));
            calls.map(|call| (&recorded.subscription, call))
        })
    }
}

impl RecordedSubscription {
    /// The calls without those that Azure has nothing to say to, since machines do not run (AZ-75).
    pub fn calls(&self) -> impl Iterator<Item = &manifest::Call> {
        let calls = self.manifest.calls.iter();
        calls.filter(|call| call.outcome == Outcome::Ok || is_unanswered(call))
    }
}

fn is_unanswered(call: &manifest::Call) -> bool {
    let code = call.error.as_ref().map_or("", |error| error.code.as_str());
    call.outcome != Outcome::Ok && !code.starts_with(fault::NOT_RUNNING)
}

/// Why there is no recording. What one call was denied is no such error: it is in the manifest.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The user has not said who he is.
    #[error("no Azure credential was found{}", because(.why))]
    NoCredentials {
        /// What was tried.
        why: String,
    },
    /// What the user has set up to sign in with does not work.
    #[error("the Azure credential gives no token{}", because(.why))]
    BadCredentials {
        /// What went wrong, as the sign-in says it.
        why: String,
    },
    /// The place to ask is none, or no safe one.
    #[error("`{url}` cannot be asked: {why}")]
    BadEndpoint {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The list of subscriptions is needed and was refused.
    #[error("the subscriptions cannot be listed ({code}){}", because(.message))]
    SubscriptionsUnknown {
        /// What Azure calls it.
        code: String,
        /// What Azure says.
        message: String,
    },
    /// There is no subscription to record.
    #[error("the credential sees no subscription{}", because(.of))]
    NoSubscription {
        /// Where it was looked for.
        of: String,
    },
    /// A name that no subscription has, or several.
    #[error("`{name}` is {found} of the subscriptions that the credential sees")]
    BadSubscription {
        /// What was given.
        name: String,
        /// `none`, or `several`.
        found: &'static str,
    },
    /// Nobody answers where the calls were sent to.
    #[error("cannot connect to {to}{}", because(.message))]
    NoConnection {
        /// The server.
        to: String,
        /// What the network says.
        message: String,
    },
    /// Not one call was answered, so there is nothing to record.
    #[error("none of {calls} calls was answered; the first said {code}{}", because(.message))]
    NothingRead {
        /// How many were made.
        calls: usize,
        /// What Azure calls it.
        code: String,
        /// What Azure says.
        message: String,
    },
    /// The place of the recording holds something else, which would be lost.
    #[error("`{}` is not part of a recording and would be lost; move it away or record elsewhere", .path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// The disk says no.
    #[error("cannot write `{}`", .path.display())]
    CannotWrite {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}

/// Records subscriptions into `options.to`, telling `progress` of every step.
///
/// All calls of a subscription are made together, at the pace of `options.calls_per_second`. The
/// recordings are written when all subscriptions were asked, and take the places of older ones then.
///
/// # Errors
///
/// [`LiveError`], where there is nothing to record with, or nowhere to write it. A subscription's
/// recording is there whole or not at all. A call that fails is no error: the manifest says so.
pub async fn record(
    options: &RecordOptions,
    progress: &(dyn Fn(Event) + Sync),
) -> Result<Recorded, LiveError> {
    let transport = Transport::open(options).await?;
    let pace = Pace::new(options.calls_per_second);
    let wanted = subscriptions::wanted(&transport, &pace, &options.subscriptions).await?;
    let destination = Destination::make(&options.to)?;
    wanted.iter().try_for_each(|subscription| destination.check(&subscription.id))?;
    progress(Event::Started {
        subscriptions: wanted.clone(),
        calls: wanted.len() * visit::calls(options.effective),
    });
    let places: Vec<Place<'_>> = wanted
        .iter()
        .map(|subscription| Place {
            transport: &transport,
            pace: Pace::new(options.calls_per_second),
            subscription,
            effective: options.effective,
            progress,
        })
        .collect();
    let visits = stream::iter(&places).map(|place| asked(place, &destination));
    let mut visits: Vec<Visit> = visits.buffered(SUBSCRIPTIONS_AT_ONCE).try_collect().await?;
    service_tags(&places, &mut visits).await;
    something_read(&transport, &visits)?;
    visits.iter_mut().try_for_each(|visit| visit.finish(&destination))?;
    let subscriptions = visits.into_iter().map(|visit| visit.publish(&destination));
    Ok(Recorded { subscriptions: subscriptions.collect::<Result<_, _>>()? })
}

/// Asks a subscription for everything, and writes down what it says.
async fn asked(place: &Place<'_>, destination: &Destination) -> Result<Visit, LiveError> {
    let mut visit = place.visit().await;
    visit.put_away(destination)?;
    Ok(visit)
}

/// The lists of service tags are the same for all subscriptions, and large: each location's is asked
/// for once, of the first subscription that has a network there.
async fn service_tags(places: &[Place<'_>], visits: &mut [Visit]) {
    let mut asked = std::collections::BTreeSet::new();
    for (place, visit) in places.iter().zip(visits) {
        let new = visit.locations.iter().filter(|location| asked.insert((*location).clone()));
        let new: Vec<String> = new.cloned().collect();
        place.service_tags(visit, &new).await;
    }
}

/// Fails where no call at all was answered.
fn something_read(transport: &Transport, visits: &[Visit]) -> Result<(), LiveError> {
    let logs: Vec<&manifest::Call> = visits.iter().flat_map(Visit::log).collect();
    if logs.iter().any(|log| log.outcome == Outcome::Ok) {
        return Ok(());
    }
    let errors: Vec<CallError> = logs.iter().filter_map(|log| log.error.clone()).collect();
    let is_unreached = !errors.is_empty() && errors.iter().all(|error| error.code == NO_CONNECTION);
    let error = errors.into_iter().next().unwrap_or_default();
    if is_unreached {
        return Err(LiveError::NoConnection { to: transport.name(), message: error.message });
    }
    Err(LiveError::NothingRead { calls: logs.len(), code: error.code, message: error.message })
}
