//! Many scenarios at the same time, each by itself: one that panics loses nobody else's answers.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use cloudfw_lab::fuzz::{Compiler, Order, Report};

/// What came of all scenarios.
#[derive(Debug, Default)]
pub(crate) struct Campaign {
    /// What the scenarios report, together.
    pub(crate) report: Report,
    /// Scenarios at which something panicked.
    pub(crate) panics: Vec<Panicked>,
    /// Scenarios with fewer questions or probes than were ordered, and how many.
    pub(crate) short: Vec<String>,
    /// Whether it was ended by the first disagreement.
    pub(crate) stopped: bool,
}

/// A panic while a scenario was asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Panicked {
    /// The scenario's seed.
    pub(crate) seed: u64,
    /// Where, and its message.
    pub(crate) what: String,
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: panic {}", self.seed, self.what)
    }
}

impl Campaign {
    /// How many differ; a panic is no answer, and differs from every one.
    pub(crate) fn disagreements(&self) -> usize {
        self.report.disagreements.len() + self.panics.len()
    }

    /// Whether something that was asked is answered differently.
    pub(crate) fn differs(&self) -> bool {
        self.disagreements() > 0 || !self.report.wrong_shares.is_empty()
    }

    /// Whether all that was ordered was asked.
    pub(crate) fn is_whole(&self, order: &Order) -> bool {
        self.report.failures.is_empty()
            && self.short.is_empty()
            && self.report.scenarios == order.scenarios
            && self.report.tally.questions == order.scenarios * order.probes
    }

    fn add(&mut self, order: &Order, seed: u64, part: Report) {
        let questions = part.tally.questions;
        let asked = if order.kernel { Compiler::ALL.len() * questions } else { 0 };
        if part.scenarios == 1 && questions < order.probes {
            let ordered = order.probes;
            self.short.push(format!(
                "seed {seed}: {questions} of {ordered} questions: too few of its hosts have an \
                 address to be asked about"
            ));
        } else if part.sent < asked {
            self.short.push(format!("seed {seed}: {} of {asked} probes were sent", part.sent));
        }
        let report = &mut self.report;
        report.tally.merge(part.tally);
        report.scenarios += part.scenarios;
        report.sent += part.sent;
        report.surveys += part.surveys;
        report.overlaid += part.overlaid;
        report.pinned += part.pinned;
        report.disagreements.extend(part.disagreements);
        report.wrong_shares.extend(part.wrong_shares);
        report.failures.extend(part.failures);
    }

    /// Threads finish in any order.
    fn sort(&mut self) {
        let Report { disagreements, wrong_shares, failures, .. } = &mut self.report;
        disagreements.sort_by_key(|it| (it.seed, it.compiler, it.question.port));
        wrong_shares.sort();
        failures.sort();
        self.panics.sort();
        self.short.sort();
    }
}

/// Asks about one scenario at a time on each thread: `ask` is given the order for each alone, and
/// `progress` is told how many are done and how many disagreements were found. With `first`, none
/// is begun after the first disagreement.
pub(crate) fn ask_all(
    order: &Order,
    first: bool,
    ask: &(dyn Fn(&Order) -> Report + Sync),
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Campaign {
    let start = Instant::now();
    watch(order.seed);
    let (next, done, enough) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let campaign = Mutex::new(Campaign::default());
    let work = || {
        while !enough.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= order.scenarios {
                break;
            }
            let seed = order.seed.wrapping_add(index as u64);
            let one = Order { seed, scenarios: 1, threads: 1, ..order.clone() };
            let part = apart(index, || ask(&one));
            let mut campaign = campaign.lock().unwrap_or_else(PoisonError::into_inner);
            match part {
                Ok(part) => campaign.add(order, seed, part),
                Err(what) => {
                    let what = places().remove(&index).unwrap_or(what);
                    campaign.report.scenarios += 1;
                    campaign.panics.push(Panicked { seed, what });
                }
            }
            enough.fetch_or(first && campaign.differs(), Ordering::Relaxed);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, campaign.disagreements());
        }
    };
    thread::scope(|scope| {
        for _ in 0..order.threads.max(1) {
            scope.spawn(work);
        }
    });
    let mut campaign = campaign.into_inner().unwrap_or_else(PoisonError::into_inner);
    campaign.stopped = enough.into_inner();
    campaign.report.elapsed = start.elapsed();
    campaign.sort();
    campaign
}

/// Does it on a thread that is named after the scenario, and so are the threads that it starts.
fn apart<T: Send>(index: usize, task: impl FnOnce() -> T + Send) -> Result<T, String> {
    thread::scope(|scope| {
        let named = thread::Builder::new().name(format!("{SCENARIO}{index}"));
        let thread = named.spawn_scoped(scope, task).map_err(|error| error.to_string())?;
        thread.join().map_err(|payload| message(payload.as_ref()))
    })
}

/// With the index of a scenario behind it this has at most the 15 bytes that Linux keeps.
const SCENARIO: &str = "scenario ";

/// Where scenarios panicked, by their index: written down when it happens, since whoever joins a
/// thread learns the message only.
static PLACES: Mutex<BTreeMap<usize, String>> = Mutex::new(BTreeMap::new());

/// Tells of every panic of a scenario from now on, by its seed, and keeps the first of each.
fn watch(first_seed: u64) {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let Some(index) = scenario_here() else { return before(info) };
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let what = format!("at {place}: {}", message(info.payload()));
        super::tell(&format!("seed {}: panic {what}", first_seed.wrapping_add(index as u64)));
        places().entry(index).or_insert(what);
    }));
}

fn places() -> MutexGuard<'static, BTreeMap<usize, String>> {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The scenario that this thread works for: threads without a name have that of the one that
/// started them.
fn scenario_here() -> Option<usize> {
    let name = fs::read_to_string("/proc/thread-self/comm").ok()?;
    name.trim_end().strip_prefix(SCENARIO)?.parse().ok()
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
mod tests;
