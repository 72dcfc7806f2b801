//! Live collection: makes a recording of an AWS account by asking EC2.
//!
//! The AWS SDK finds the credentials, signs, repeats and turns the pages; the bodies it gets are
//! read into the same types as recordings are, and written as the AWS CLI would print them. What
//! was not answered is in the manifest and nowhere else: a kind without document is unknown, and
//! never an empty list. Only read calls are made, those of [`least_privilege_policy`].

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use futures_util::future::try_join_all;
use serde_json::{Map, Value};

use crate::kind::Kind;
use cloudfw_documents::manifest::{self, CallError, Manifest, Outcome};

mod calls;
mod decode;
mod fault;
mod names;
mod page;
mod session;
mod write;
mod xml;

pub use crate::by_hand::{Regions, least_privilege_policy};

use calls::{CALLS, Call, PREFIX_LIST_ENTRIES};
use fault::{Fault, FaultKind, NO_CONNECTION};
use page::{Answer, Pace, ask};
use session::{Session, is_account};
use write::{Destination, MANIFEST};

/// What to record, as whom, and how gently.
#[derive(Debug, Clone)]
pub struct RecordOptions {
    /// The folder that gets `accounts/<account>/<region>/`; made where there is none.
    pub to: PathBuf,
    /// The profile of the AWS configuration; without it the one that the AWS CLI would take.
    pub profile: Option<String>,
    /// Credentials to use instead of those that the AWS CLI would find.
    pub keys: Option<Keys>,
    /// Which Regions.
    pub regions: Regions,
    /// The server to ask instead of AWS, such as an emulator. Without it `AWS_ENDPOINT_URL` and
    /// the profile decide.
    pub endpoint_url: Option<String>,
    /// Most calls a second to one Region of an account.
    pub calls_per_second: NonZeroU32,
    /// How often a call is tried before it counts as failed or throttled.
    pub attempts: NonZeroU32,
    /// How long one try may take.
    pub timeout: Duration,
}

impl RecordOptions {
    /// The Region and the credentials that the AWS CLI would take; ten calls a second, each tried
    /// five times for at most a minute.
    pub fn new(to: impl Into<PathBuf>) -> Self {
        Self {
            to: to.into(),
            profile: None,
            keys: None,
            regions: Regions::Configured,
            endpoint_url: None,
            calls_per_second: NonZeroU32::new(10).unwrap_or(NonZeroU32::MIN),
            attempts: NonZeroU32::new(5).unwrap_or(NonZeroU32::MIN),
            timeout: Duration::from_secs(60),
        }
    }
}

/// An access key. Its secrets are in no message and no recording.
#[derive(Clone)]
pub struct Keys {
    /// `AKIA…` or `ASIA…`
    pub access_key_id: String,
    /// The secret that belongs to it.
    pub secret_access_key: String,
    /// The token of temporary keys.
    pub session_token: Option<String>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keys").field("access_key_id", &self.access_key_id).finish()
    }
}

/// Something that happened while recording, for a progress bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Recording begins.
    Started {
        /// The account, where it is known already.
        account: Option<String>,
        /// The Regions that will be asked.
        regions: Vec<String>,
        /// How many [`Event::Answered`] will come: one for each call and Region.
        calls: usize,
    },
    /// A page of an answer came.
    Page {
        /// The Region that was asked.
        region: String,
        /// As the AWS CLI writes it: `describe-vpcs`.
        call: &'static str,
        /// Entries of this call until now.
        entries: usize,
    },
    /// A call ended.
    Answered {
        /// The Region that was asked.
        region: String,
        /// As the AWS CLI writes it: `describe-vpcs`.
        call: &'static str,
        /// How it ended. `get-managed-prefix-list-entries` is told of once for all lists, as
        /// [`Outcome::Ok`] where all of them are.
        outcome: Outcome,
    },
}

/// A recording that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The account, twelve digits.
    pub account: String,
    /// Each Region, in order of their names.
    pub regions: Vec<RecordedRegion>,
}

/// The recording of one Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRegion {
    /// `eu-west-1`
    pub region: String,
    /// The folder with its documents.
    pub folder: PathBuf,
    /// What is also in its `manifest.json`: every call with its outcome.
    pub manifest: Manifest,
}

/// Why there is no recording. What one call was denied is no such error: it is in the manifest.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The user has not said who he is.
    #[error("no AWS credentials were found{}", because(.why))]
    NoCredentials {
        /// What was tried, as the SDK says it.
        why: String,
    },
    /// The configuration names credentials that cannot be had: an unknown profile, a role that may
    /// not be assumed, a process that failed.
    #[error("the AWS credentials cannot be had{}", because(.why))]
    BadCredentials {
        /// What went wrong, as the SDK says it.
        why: String,
    },
    /// The session ended, before recording or during it. Nothing was written.
    #[error("the AWS credentials have expired ({code}){}; log in again", because(.message))]
    Expired {
        /// What AWS calls it: `RequestExpired`.
        code: String,
        /// What AWS says.
        message: String,
    },
    /// Nothing names a Region.
    #[error("no AWS region is configured; name one, or ask for all of them")]
    NoRegion,
    /// A name that no Region can have.
    #[error("`{name}` is not the name of an AWS region, such as `eu-west-1`")]
    BadRegion {
        /// The name.
        name: String,
    },
    /// The list of enabled Regions is needed and was refused.
    #[error("the enabled regions cannot be listed ({code}){}; name the regions", because(.message))]
    RegionsUnknown {
        /// What AWS calls it.
        code: String,
        /// What AWS says.
        message: String,
    },
    /// Neither STS nor any object that was read tells whose account this is.
    #[error(
        "the account cannot be told: STS does not say it, and nothing that was read belongs to anybody"
    )]
    NoAccount,
    /// Nobody answers where the calls were sent to.
    #[error("cannot connect to {to}{}", because(.message))]
    NoConnection {
        /// The endpoint that the user named, or `EC2`.
        to: String,
        /// What the network says.
        message: String,
    },
    /// Not one call was answered, so there is nothing to record.
    #[error("none of {calls} calls was answered; the first said {code}{}", because(.message))]
    NothingRead {
        /// How many were made.
        calls: usize,
        /// What AWS calls it.
        code: String,
        /// What AWS says.
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

/// Records an account into `options.to`, telling `progress` of every step.
///
/// All calls of a Region are made together, at the pace of `options.calls_per_second`. A Region's
/// folder is written when all of its calls have ended, and takes the place of an older recording
/// then.
///
/// # Errors
///
/// [`LiveError`], where there is nothing to record with, or nowhere to write it. A Region's
/// recording is there whole or not at all. A call that fails is no error: the manifest says so.
pub async fn record(
    options: &RecordOptions,
    progress: &(dyn Fn(Event) + Sync),
) -> Result<Recorded, LiveError> {
    let session = Session::open(options).await?;
    let regions = session.regions(&options.regions).await?;
    let known = match regions.first() {
        Some(region) => session.account(region).await?,
        None => None,
    };
    let destination = Destination::make(&options.to)?;
    if let Some(account) = &known {
        regions.iter().try_for_each(|region| destination.check(account, region))?;
    }
    progress(Event::Started {
        account: known.clone(),
        regions: regions.clone(),
        calls: regions.len() * (CALLS.len() + 1),
    });
    let visits = regions.iter().map(|region| visit(&session, region, options, progress));
    let visits = try_join_all(visits).await?;
    something_read(&visits, options.endpoint_url.as_deref())?;
    let account = known.or_else(|| owner(&visits)).ok_or(LiveError::NoAccount)?;
    visits.iter().try_for_each(|visit| visit.write(&destination, &account))?;
    let regions = visits.into_iter().map(|visit| visit.publish(&destination, &account));
    Ok(Recorded { regions: regions.collect::<Result<_, _>>()?, account })
}

/// What one Region answered.
struct Visit {
    region: String,
    asked: Vec<Asked>,
}

/// What one call answered.
struct Asked {
    call: &'static Call,
    log: Vec<manifest::Call>,
    /// Nothing where the call did not come to its end: half a list is no list.
    document: Option<Value>,
}

async fn visit(
    session: &Session,
    region: &str,
    options: &RecordOptions,
    progress: &(dyn Fn(Event) + Sync),
) -> Result<Visit, LiveError> {
    let there = Place {
        client: session.ec2(region),
        pace: Pace::new(options.calls_per_second),
        region,
        progress,
    };
    let asked = try_join_all(CALLS.iter().map(|call| there.one(call))).await?;
    Ok(Visit { region: region.to_owned(), asked: asked.into_iter().flatten().collect() })
}

/// A Region to ask.
struct Place<'a> {
    client: aws_sdk_ec2::Client,
    pace: Pace,
    region: &'a str,
    progress: &'a (dyn Fn(Event) + Sync),
}

impl Place<'_> {
    /// Makes one call, and those that can be made only when it is answered.
    async fn one(&self, call: &'static Call) -> Result<Vec<Asked>, LiveError> {
        let answer = self.ask(call, None).await?;
        let ids: Option<Vec<String>> = answer
            .end
            .is_ok()
            .then(|| answer.entries.iter().filter_map(|list| text(list, "PrefixListId")).collect());
        let log = vec![self.log(call, None, &answer)];
        let asked = Asked { call, document: document(call, answer), log };
        self.tell(&asked);
        if call.kind != Kind::ManagedPrefixLists {
            return Ok(vec![asked]);
        }
        let entries = match ids {
            Some(ids) => self.entries(ids).await?,
            // Without the lists nobody knows whose entries to ask for: as unread as the lists.
            None => Asked {
                call: &PREFIX_LIST_ENTRIES,
                document: None,
                log: asked.log.iter().map(unasked).collect(),
            },
        };
        self.tell(&entries);
        Ok(vec![asked, entries])
    }

    /// The entries of each prefix list: those that are answered, in one document.
    async fn entries(&self, ids: Vec<String>) -> Result<Asked, LiveError> {
        let call = &PREFIX_LIST_ENTRIES;
        let answers = try_join_all(ids.iter().map(|id| self.ask(call, Some(id)))).await?;
        let mut lists = Vec::new();
        let mut log = Vec::new();
        for (id, answer) in ids.into_iter().zip(answers) {
            log.push(self.log(call, Some(&id), &answer));
            if answer.end.is_ok() {
                let mut list = Map::new();
                list.insert("PrefixListId".to_owned(), Value::String(id));
                list.insert("Entries".to_owned(), Value::Array(answer.entries));
                lists.push(Value::Object(list));
            }
        }
        let document = (!lists.is_empty() || log.is_empty()).then(|| {
            Value::Object(Map::from_iter([(call.kind.key().to_owned(), Value::Array(lists))]))
        });
        Ok(Asked { call, log, document })
    }

    async fn ask(&self, call: &'static Call, of: Option<&str>) -> Result<Answer, LiveError> {
        let on_page = |entries| {
            let region = self.region.to_owned();
            (self.progress)(Event::Page { region, call: call.name(), entries });
        };
        let answer = ask(&self.client, &self.pace, call, of, &on_page).await;
        match answer.end.as_ref().err().and_then(Fault::expired) {
            Some(expired) => Err(expired),
            None => Ok(answer),
        }
    }

    fn log(&self, call: &Call, of: Option<&str>, answer: &Answer) -> manifest::Call {
        let fault = answer.end.as_ref().err();
        manifest::Call {
            account: None,
            region: Some(self.region.to_owned()),
            call: call.name().to_owned(),
            resource: of.map(str::to_owned),
            time: Some(now()),
            count: fault.is_none().then_some(answer.entries.len() as u64),
            outcome: fault.map_or(Outcome::Ok, outcome),
            error: fault.map(|fault| CallError {
                code: fault.code.clone(),
                message: match answer.pages {
                    0 => fault.message.clone(),
                    pages => format!("after {pages} pages: {}", fault.message),
                },
            }),
            fields_not_understood: answer.lacking.iter().cloned().collect(),
        }
    }

    fn tell(&self, asked: &Asked) {
        let outcome = asked.log.iter().map(|log| log.outcome).max().unwrap_or(Outcome::Ok);
        let region = self.region.to_owned();
        (self.progress)(Event::Answered { region, call: asked.call.name(), outcome });
    }
}

impl Visit {
    fn manifest(&self, account: &str) -> Manifest {
        let calls = self.asked.iter().flat_map(|asked| asked.log.iter().cloned());
        let of = |call| manifest::Call { account: Some(account.to_owned()), ..call };
        Manifest::of(calls.map(of).collect())
    }

    fn write(&self, destination: &Destination, account: &str) -> Result<(), LiveError> {
        for asked in &self.asked {
            if let Some(document) = &asked.document {
                let name = format!("{}.json", asked.call.name());
                destination.write(account, &self.region, &name, document)?;
            }
        }
        destination.write(account, &self.region, MANIFEST, &self.manifest(account))
    }

    fn publish(
        self,
        destination: &Destination,
        account: &str,
    ) -> Result<RecordedRegion, LiveError> {
        let folder = destination.publish(account, &self.region)?;
        Ok(RecordedRegion { manifest: self.manifest(account), region: self.region, folder })
    }
}

/// The document as the AWS CLI prints it.
fn document(call: &Call, answer: Answer) -> Option<Value> {
    answer.end.ok()?;
    let content = match call.kind {
        Kind::VpcBlockPublicAccessOptions => answer.entries.into_iter().next()?,
        _ => Value::Array(answer.entries),
    };
    Some(Value::Object(Map::from_iter([(call.key().to_owned(), content)])))
}

/// The entries of prefix lists are as unread as the lists.
fn unasked(lists: &manifest::Call) -> manifest::Call {
    manifest::Call {
        call: PREFIX_LIST_ENTRIES.name().to_owned(),
        count: None,
        fields_not_understood: Vec::new(),
        ..lists.clone()
    }
}

fn outcome(fault: &Fault) -> Outcome {
    match fault.kind {
        FaultKind::Denied => Outcome::Denied,
        FaultKind::Throttled => Outcome::Throttled,
        FaultKind::Unsupported => Outcome::Unsupported,
        FaultKind::Failed | FaultKind::Expired => Outcome::Failed,
    }
}

/// Fails where no call at all was answered.
fn something_read(visits: &[Visit], endpoint_url: Option<&str>) -> Result<(), LiveError> {
    let logs: Vec<_> = visits.iter().flat_map(|v| &v.asked).flat_map(|a| &a.log).collect();
    if logs.iter().any(|log| log.outcome == Outcome::Ok) {
        return Ok(());
    }
    let errors: Vec<CallError> = logs.iter().filter_map(|log| log.error.clone()).collect();
    let unreached = !errors.is_empty() && errors.iter().all(|error| error.code == NO_CONNECTION);
    let error = errors.into_iter().next().unwrap_or_default();
    if unreached {
        let to = endpoint_url.unwrap_or("EC2").to_owned();
        return Err(LiveError::NoConnection { to, message: error.message });
    }
    Err(LiveError::NothingRead { calls: logs.len(), code: error.code, message: error.message })
}

/// The account that owns what was read, for want of STS. Instances and interfaces are the
/// caller's own; groups, subnets and VPCs may be shared with him, so all must agree.
fn owner(visits: &[Visit]) -> Option<String> {
    [Kind::Reservations, Kind::NetworkInterfaces, Kind::SecurityGroups, Kind::Vpcs]
        .into_iter()
        .map(|kind| owners(visits, kind))
        .find(|owners| owners.len() == 1)?
        .pop_first()
}

fn owners(visits: &[Visit], kind: Kind) -> BTreeSet<String> {
    let asked = visits.iter().flat_map(|visit| &visit.asked).filter(|a| a.call.kind == kind);
    let lists = asked.filter_map(|asked| asked.document.as_ref()?.get(kind.key())?.as_array());
    let owners = lists.flatten().filter_map(|entry| text(entry, "OwnerId"));
    owners.filter(|owner| is_account(owner)).collect()
}

fn text(object: &Value, key: &str) -> Option<String> {
    object.get(key)?.as_str().map(str::to_owned)
}

/// The time, to the second.
fn now() -> String {
    use aws_sdk_ec2::primitives::{DateTime, DateTimeFormat};
    let seconds = DateTime::from(SystemTime::now()).secs();
    DateTime::from_secs(seconds).fmt(DateTimeFormat::DateTime).unwrap_or_default()
}

#[cfg(test)]
mod tests;
