//! How far a run is: one line that changes on a terminal, else a line every half minute.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often a file is told.
const SELDOM: Duration = Duration::from_secs(30);

pub(crate) struct Progress {
    scenarios: usize,
    terminal: bool,
    begun: Instant,
    told: Mutex<Instant>,
}

impl Progress {
    pub(crate) fn begin(scenarios: usize) -> Self {
        let now = Instant::now();
        let terminal = io::stderr().is_terminal();
        Self { scenarios, terminal, begun: now, told: Mutex::new(now) }
    }

    /// So many scenarios are done, with so many disagreements.
    pub(crate) fn tell(&self, done: usize, disagreements: usize) {
        if self.terminal {
            show(&format!("\r\x1b[K{}", self.line(done, disagreements)));
        } else if let Ok(mut told) = self.told.lock()
            && told.elapsed() >= SELDOM
        {
            *told = Instant::now();
            show(&format!("{}\n", self.line(done, disagreements)));
        }
    }

    /// Takes the line away again.
    pub(crate) fn end(&self) {
        if self.terminal {
            show("\r\x1b[K");
        }
    }

    fn line(&self, done: usize, disagreements: usize) -> String {
        let gone = self.begun.elapsed().as_secs_f64();
        let left = gone / done.max(1) as f64 * self.scenarios.saturating_sub(done) as f64;
        format!(
            "{done} of {} scenarios, {disagreements} disagreements, {gone:.0} s; about {left:.0} s left",
            self.scenarios
        )
    }
}

/// Nothing is to be done about a terminal that went away.
fn show(text: &str) {
    let mut terminal = io::stderr().lock();
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}
