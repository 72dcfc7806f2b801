//! The live cloud: recorded into a folder, or into the cache and asked from there.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloudfw_aws::live::{self, Event, RecordOptions, Recorded};
use cloudfw_documents::manifest::Outcome;
use etcetera::BaseStrategy;

use crate::arguments::{CloudArguments, EstateArguments};
use crate::error::Error;
use crate::print::{Screen, Text, words};
use crate::progress::{self, Progress};

/// How long a cached recording is good for, where nothing says otherwise.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);

/// After this nobody can still be reading an old cached recording.
const FORGET: Duration = Duration::from_secs(60 * 60);

/// Records, with a progress bar where somebody watches.
///
/// # Errors
///
/// As [`live::record`]; what a single call was denied is no error.
pub(crate) fn record(options: &RecordOptions) -> Result<Recorded, Error> {
    let bar = Progress::default();
    let progress = |event: Event| show(&bar, event);
    Ok(progress::runtime()?.block_on(live::record(options, &progress))?)
}

/// The options that the arguments ask for.
pub(crate) fn options(cloud: &CloudArguments, to: PathBuf) -> RecordOptions {
    let mut options = RecordOptions::new(to);
    options.profile.clone_from(&cloud.profile);
    options.endpoint_url.clone_from(&cloud.endpoint_url);
    options.regions = cloud.regions();
    options
}

/// The folder of a recording of the live cloud that is young enough, made now if there is none.
///
/// # Errors
///
/// As [`record`], and [`Error::NoCache`] where there is no place for it.
pub(crate) fn cached(arguments: &EstateArguments, screen: &Screen) -> Result<PathBuf, Error> {
    let shelf = Shelf::of(&arguments.cloud)?;
    let max_age = arguments.max_age.unwrap_or(MAX_AGE);
    if !arguments.refresh
        && let Some((place, age)) = shelf.newest(SystemTime::now())
        && age <= max_age
    {
        let text = format!(
            "asking the recording made {} ago in {} (--refresh makes a new one)",
            words::duration(age),
            place.display()
        );
        note(screen, &text);
        return Ok(place);
    }
    let text = format!(
        "recording {} into {} (reused for {})",
        whose(&arguments.cloud),
        shelf.folder.display(),
        words::duration(max_age)
    );
    note(screen, &text);
    let growing = shelf.begin()?;
    let recorded = record(&options(&arguments.cloud, growing.clone())).inspect_err(|_| {
        // What is left of it would go away an hour later by itself.
        let _ = fs::remove_dir_all(&growing);
    })?;
    let place = shelf.finish(&growing, SystemTime::now())?;
    note(screen, &format!("recorded account {}{}", recorded.account, not_read(&recorded)));
    Ok(place)
}

fn note(screen: &Screen, text: &str) {
    let mut out = String::new();
    Text::of(text).wrap(2, screen.width(), &mut out);
    screen.tell(&out);
}

fn whose(cloud: &CloudArguments) -> String {
    let profile = cloud.profile.clone().or_else(|| variable("AWS_PROFILE"));
    let mut text = match profile {
        Some(profile) => format!("the account of profile `{profile}`"),
        None => "the account of the default credentials".to_owned(),
    };
    if !cloud.region.is_empty() {
        text = format!("{text}, {}", cloud.region.join(", "));
    }
    text
}

/// `; 2 calls were not answered: …`, where any was not.
fn not_read(recorded: &Recorded) -> String {
    let calls = recorded.regions.iter().flat_map(|region| &region.manifest.calls);
    let failed = calls.filter(|call| !matches!(call.outcome, Outcome::Ok | Outcome::Unsupported));
    let names: std::collections::BTreeSet<&str> = failed.map(|call| call.call.as_str()).collect();
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = names.into_iter().collect();
    format!("; not answered, so unknown: {}", names.join(", "))
}

fn show(bar: &Progress, event: Event) {
    match event {
        Event::Started { calls, .. } => bar.begin(calls),
        Event::Page { region, call, entries } => bar.tell(format!("{region} {call} {entries}")),
        Event::Answered { .. } => bar.step(),
    }
}

/// The cached recordings of one cloud: folders named after the second in which they were made.
#[derive(Debug)]
struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    fn of(cloud: &CloudArguments) -> Result<Self, Error> {
        let strategy = etcetera::choose_base_strategy()
            .map_err(|error| Error::NoCache { why: error.to_string() })?;
        Ok(Self { folder: strategy.cache_dir().join("cloudfw").join("aws").join(key(cloud)) })
    }

    /// The newest recording, and its age.
    fn newest(&self, now: SystemTime) -> Option<(PathBuf, Duration)> {
        let entries = fs::read_dir(&self.folder).ok()?.flatten();
        let made = entries.filter_map(|entry| Some((made(&entry.path())?, entry.path())));
        let (made, place) = made.max()?;
        // A clock that was turned back makes it new.
        Some((place, now.duration_since(made).unwrap_or_default()))
    }

    /// A new folder for a recording that grows, hidden from [`Shelf::newest`].
    fn begin(&self) -> Result<PathBuf, Error> {
        let growing = self.folder.join(format!(".growing-{}", std::process::id()));
        make_private(&growing).map_err(|error| no_cache(&growing, &error))?;
        Ok(growing)
    }

    /// Puts a finished recording on the shelf and clears away the old ones.
    fn finish(&self, growing: &Path, now: SystemTime) -> Result<PathBuf, Error> {
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let place = self.folder.join(seconds.to_string());
        // Another cloudfw may have put one there in the same second: as good as ours.
        if !place.is_dir() {
            fs::rename(growing, &place).map_err(|error| no_cache(&place, &error))?;
        }
        self.forget(now);
        Ok(place)
    }

    /// Whatever cannot be cleared away now is cleared away the next time.
    fn forget(&self, now: SystemTime) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let modified = || entry.metadata().and_then(|data| data.modified()).ok();
            let old = made(&path).or_else(modified).and_then(|made| now.duration_since(made).ok());
            if old.is_some_and(|age| age > FORGET) {
                let _ = fs::remove_dir_all(path);
            }
        }
    }
}

/// When the recording of this folder was made; nothing where it is no such folder.
fn made(place: &Path) -> Option<SystemTime> {
    let seconds: u64 = place.file_name()?.to_str()?.parse().ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// A name for this cloud seen with these credentials: readable, and another one for every other.
fn key(cloud: &CloudArguments) -> String {
    let environment = [
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_ROLE_ARN",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_EC2",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    let mut hasher = DefaultHasher::new();
    environment.map(variable).hash(&mut hasher);
    (&cloud.profile, &cloud.region, &cloud.endpoint_url).hash(&mut hasher);
    let profile = cloud.profile.clone().or_else(|| variable("AWS_PROFILE"));
    let plain = |text: String| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(40).collect()
    };
    let profile = plain(profile.unwrap_or_else(|| "default".to_owned()));
    let region = plain(cloud.region.join("_"));
    format!("p-{profile}-{region}-{:016x}", hasher.finish())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// For its owner alone: a recording tells how to attack him.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut maker = fs::DirBuilder::new();
    maker.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.create(folder)
}

fn no_cache(place: &Path, error: &io::Error) -> Error {
    Error::NoCache { why: format!("{}: {error}", place.display()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_taken_and_old_ones_go() {
        let home = tempfile::tempdir().unwrap();
        let shelf = Shelf { folder: home.path().join("a/b") };
        let start = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        assert_eq!(shelf.newest(start), None);
        let first = shelf.finish(&shelf.begin().unwrap(), start).unwrap();
        let minute = start + Duration::from_secs(60);
        assert_eq!(shelf.newest(minute), Some((first.clone(), Duration::from_secs(60))));
        let second = shelf.finish(&shelf.begin().unwrap(), minute).unwrap();
        assert_eq!(shelf.newest(minute), Some((second, Duration::ZERO)));
        assert!(first.is_dir());
        shelf.finish(&shelf.begin().unwrap(), start + Duration::from_secs(4000)).unwrap();
        assert!(!first.exists());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let shelf = Shelf { folder: home.path().join("a/b") };
        let place = shelf.finish(&shelf.begin().unwrap(), SystemTime::now()).unwrap();
        for folder in [home.path().join("a"), shelf.folder, place] {
            assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn clouds_have_their_own_shelves() {
        let cloud = |profile: &str, region: &str| CloudArguments {
            profile: Some(profile.to_owned()),
            region: vec![region.to_owned()],
            endpoint_url: None,
        };
        assert_ne!(key(&cloud("a", "eu-west-1")), key(&cloud("b", "eu-west-1")));
        assert_ne!(key(&cloud("a", "eu-west-1")), key(&cloud("a", "eu-west-2")));
        assert!(key(&cloud("../../x", "eu-west-1")).starts_with("p-....x-eu-west-1-"));
    }
}
