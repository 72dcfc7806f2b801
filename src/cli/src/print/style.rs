//! The colours, in one place. The basic eight, so that the terminal's own theme decides.

use anstyle::{AnsiColor, Style};
use cloudfw_core::Verdict;

pub(crate) const PLAIN: Style = Style::new();
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const MIXED: Style = AnsiColor::Yellow.on_default();
pub(crate) const OPEN: Style = AnsiColor::Magenta.on_default();
pub(crate) const HEADING: Style = AnsiColor::Cyan.on_default().bold();

/// The colour of a verdict.
pub(crate) const fn verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Reachable => GOOD,
        Verdict::Intermittent | Verdict::Partial => MIXED,
        Verdict::Unreachable => BAD,
        Verdict::Unknown => OPEN,
    }
}
