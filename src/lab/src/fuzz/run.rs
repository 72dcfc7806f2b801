//! Many scenarios, on several threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::compare::{Disagreement, compare};
use super::observe::{Compiler, Seen, Stand};
use super::predict::{Oracle, Predicted};
use super::question::{self, Ports, Question};
use super::share::Survey;
use super::tally::Tally;
use crate::estate::chance::Chance;
use crate::scenario::{Cloud, Scenario};

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The cloud that scenarios are of.
    pub cloud: Cloud,
    /// The seed of the first scenario; the others have the numbers that follow.
    pub seed: u64,
    /// How many scenarios.
    pub scenarios: usize,
    /// Questions for each of them.
    pub probes: usize,
    /// Scenarios at the same time.
    pub threads: usize,
    /// Whether the kernel is asked, or cloudfw alone.
    pub kernel: bool,
    /// In one of so many scenarios a share is measured; 0 for none.
    pub surveys: usize,
}

/// Connections of one survey.
const SURVEYED: usize = 400;

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// Counts of the questions.
    pub tally: Tally,
    /// Scenarios that were asked about.
    pub scenarios: usize,
    /// Probes that were sent: each question once for each compiler, and those of surveys.
    pub sent: usize,
    /// Surveys: a share, measured by both compilers.
    pub surveys: usize,
    /// Questions that were asked of more than their documents: [`Predicted::overlaid`].
    pub overlaid: usize,
    /// Questions whose answer was replaced: [`Predicted::pinned`].
    pub pinned: usize,
    /// What differs.
    pub disagreements: Vec<Disagreement>,
    /// Shares that are not as predicted.
    pub wrong_shares: Vec<String>,
    /// Scenarios that could not be asked about, and why.
    pub failures: Vec<String>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Report {
    /// Whether everything was asked, and agrees.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.disagreements.is_empty() && self.wrong_shares.is_empty() && self.failures.is_empty()
    }

    /// Holds what the kernel did against what was said.
    fn hold(
        &mut self,
        seed: u64,
        compiler: Compiler,
        questions: &[Question],
        predicted: &[Predicted],
        seen: &[Seen],
    ) {
        self.sent += seen.len();
        let answers = questions.iter().zip(predicted).zip(seen);
        self.disagreements.extend(answers.filter_map(|((question, predicted), seen)| {
            let what = compare(question, predicted, seen)?;
            let (question, predicted, seen) = (question.clone(), predicted.clone(), seen.clone());
            Some(Disagreement { seed, compiler, question, predicted, seen, what })
        }));
    }

    fn merge(&mut self, other: Self) {
        self.tally.merge(other.tally);
        self.scenarios += other.scenarios;
        self.sent += other.sent;
        self.surveys += other.surveys;
        self.overlaid += other.overlaid;
        self.pinned += other.pinned;
        self.disagreements.extend(other.disagreements);
        self.wrong_shares.extend(other.wrong_shares);
        self.failures.extend(other.failures);
    }
}

/// Runs it; `progress` is told how many scenarios are done.
pub fn run(order: &Order, progress: &(dyn Fn(usize) + Sync)) -> Report {
    let start = Instant::now();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let report = Mutex::new(Report::default());
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= order.scenarios {
                break;
            }
            let seed = order.seed.wrapping_add(index as u64);
            let part = ask_one(order, seed).unwrap_or_else(|error| Report {
                failures: vec![format!("seed {seed}: {error}")],
                ..Report::default()
            });
            if let Ok(mut report) = report.lock() {
                report.merge(part);
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    thread::scope(|scope| {
        for _ in 0..order.threads.max(1) {
            scope.spawn(work);
        }
    });
    let mut report = report.into_inner().unwrap_or_default();
    report.elapsed = start.elapsed();
    // Threads finish in any order.
    report.disagreements.sort_by_key(|it| (it.seed, it.compiler, it.question.port));
    report.wrong_shares.sort();
    report.failures.sort();
    report
}

fn ask_one(order: &Order, seed: u64) -> Result<Report, String> {
    let scenario = Scenario::draw_of(order.cloud, seed);
    let mut chance = Chance::stream(seed, "questions");
    let questions = question::draw(&scenario, order.probes, &mut Ports::new(), &mut chance);
    let oracle = Oracle::open(&scenario)?;
    let predicted = oracle.predict(&questions);
    let mut report = Report { scenarios: 1, ..Report::default() };
    for (question, predicted) in questions.iter().zip(&predicted) {
        report.tally.add(question, predicted);
        report.overlaid += usize::from(predicted.overlaid);
        report.pinned += usize::from(predicted.pinned);
    }
    // Only stateless filters let some ports pass and some not.
    let measures = order.surveys > 0 && order.cloud == Cloud::Aws;
    let surveyed = measures && seed.is_multiple_of(order.surveys as u64);
    let survey = match surveyed {
        true => Survey::find(&scenario, &oracle, &questions, SURVEYED, &mut chance)?,
        false => None,
    };
    report.surveys += usize::from(survey.is_some());
    report.wrong_shares.extend(survey.iter().filter_map(|survey| survey.wrong.clone()));
    if !order.kernel {
        return Ok(report);
    }
    let surveyed = match &survey {
        Some(survey) => oracle.predict(&survey.questions),
        None => Vec::new(),
    };
    for compiler in Compiler::ALL {
        let mut stand = match Stand::raise(&scenario, oracle.network(), compiler) {
            Ok(stand) => stand,
            // What the other one shows still counts.
            Err(error) => {
                report.failures.push(format!("seed {seed}: {error}"));
                report.scenarios = 0;
                continue;
            }
        };
        let seen = stand.ask(&questions)?;
        report.hold(seed, compiler, &questions, &predicted, &seen);
        // The ports are taken once more: in a stand of their own, nothing remembers them.
        if let Some(survey) = &survey {
            drop(stand);
            let mut stand = Stand::raise(&scenario, oracle.network(), compiler)?;
            let seen = stand.ask(&survey.questions)?;
            report.hold(seed, compiler, &survey.questions, &surveyed, &seen);
            let wrong = survey.judge(&seen).map(|wrong| format!("by the {compiler}: {wrong}"));
            report.wrong_shares.extend(wrong);
        }
    }
    Ok(report)
}
