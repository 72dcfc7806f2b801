//! Where text goes: results to standard output, everything else to standard error.

use std::io::{self, ErrorKind, IsTerminal, Write};

use serde::Serialize;

use crate::arguments::{Color, Global};
use crate::error::Error;

/// How wide text is laid out where nothing says how wide the terminal is.
const WIDTH: usize = 100;
/// Narrower than this nothing can be laid out.
const LEAST: usize = 40;

/// The terminal, or the file or pipe in its place.
#[derive(Debug)]
pub(crate) struct Screen {
    width: usize,
    closed: bool,
}

impl Screen {
    /// As the command line and the environment have it; colour is decided for the whole process.
    pub(crate) fn new(global: &Global) -> Self {
        match global.color {
            // NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM and whether it is a terminal.
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        let given = global.width.map(usize::from).or_else(columns);
        let width = given.or_else(terminal).unwrap_or(WIDTH).max(LEAST);
        Self { width, closed: false }
    }

    /// In columns.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Whether nobody reads the results any more: `cloudfw … | head`.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes results.
    ///
    /// # Errors
    ///
    /// What the system says; a reader who went away is no error.
    pub(crate) fn out(&mut self, text: &str) -> Result<(), Error> {
        if self.closed {
            return Ok(());
        }
        let mut stdout = anstream::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            Err(error) => Err(Error::Output(error)),
        }
    }

    /// Writes a result as one line of JSON.
    ///
    /// # Errors
    ///
    /// As [`Screen::out`].
    pub(crate) fn json(&mut self, result: &impl Serialize) -> Result<(), Error> {
        let line = serde_json::to_string(result).map_err(|error| Error::Output(error.into()))?;
        // Not by way of colours: what looks like an escape in a text of JSON is one of JSON's.
        self.out(&(line + "\n"))
    }

    /// Tells something that is no result. Where even that cannot be told, nothing can be done.
    pub(crate) fn tell(&self, text: &str) {
        let mut stderr = anstream::stderr().lock();
        let _ = stderr.write_all(text.as_bytes());
    }

    /// Whether somebody watches while it works.
    pub(crate) fn is_watched() -> bool {
        io::stderr().is_terminal()
    }
}

fn columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

fn terminal() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}
