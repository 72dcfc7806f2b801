//! Where text goes: results to standard output, everything else to standard error.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal, Write};

use cloudfw_estate::printable;
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
        self.out(&(escaped(line) + "\n"))
    }

    /// Tells something that is no result. Where even that cannot be told, nothing can be done.
    pub(crate) fn tell(&self, text: &str) {
        let mut stderr = anstream::stderr().lock();
        let _ = stderr.write_all(text.as_bytes());
    }
}

/// JSON whose texts have nothing in them that a terminal takes for a command: JSON can write any
/// character as an escape, so the values are the same.
fn escaped(json: String) -> String {
    if matches!(printable(&json), Cow::Borrowed(_)) {
        return json;
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        let mut units = [0; 2];
        match printable(character.encode_utf8(&mut [0; 4])) {
            Cow::Borrowed(_) => safe.push(character),
            Cow::Owned(_) => {
                for unit in character.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    let _ = write!(safe, "\\u{unit:04x}");
                }
            }
        }
    }
    safe
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_for_a_terminal_has_the_same_values() {
        let names = ["db\u{9b}31m", "\u{1b}]0;x\u{7}", "\u{202e}txt", "\u{e0041}", "ü名"];
        let json = serde_json::to_string(&names).unwrap();
        let safe = escaped(json);
        assert!(matches!(printable(&safe), Cow::Borrowed(_)), "{safe}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&safe).unwrap(), names);
    }
}
