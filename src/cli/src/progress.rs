//! How far a recording is, where somebody watches, and the threads that wait for it.

use std::sync::OnceLock;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::runtime::{Builder, Runtime};

use crate::error::Error;

/// A bar that appears when it is known how much there is to do.
#[derive(Debug, Default)]
pub(crate) struct Progress(OnceLock<ProgressBar>);

impl Progress {
    /// So many calls will be answered.
    pub(crate) fn begin(&self, calls: usize) {
        let style = ProgressStyle::with_template("  {bar:30} {pos}/{len} calls  {wide_msg}");
        // Hides itself where standard error is no terminal.
        let target = ProgressDrawTarget::stderr();
        let new = ProgressBar::with_draw_target(u64::try_from(calls).ok(), target);
        if let Ok(style) = style {
            new.set_style(style.progress_chars("━━ "));
        }
        let _ = self.0.set(new);
    }

    /// What is on its way.
    pub(crate) fn tell(&self, message: String) {
        if let Some(bar) = self.0.get() {
            bar.set_message(message);
        }
    }

    /// One of them was.
    pub(crate) fn step(&self) {
        if let Some(bar) = self.0.get() {
            bar.inc(1);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.0.get() {
            bar.finish_and_clear();
        }
    }
}

/// Threads for waiting.
///
/// # Errors
///
/// Where the system gives none.
pub(crate) fn runtime() -> Result<Runtime, Error> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().map_err(Error::NoThread)
}
