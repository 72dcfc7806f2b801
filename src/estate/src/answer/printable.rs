//! Text from recordings, made safe for a terminal.

use std::borrow::Cow;
use std::fmt::Write;

use super::{Answer, Asked, End, Flows, Missing, Owner, Pair, RuleText, Step, Written};

/// `text` without anything that a terminal takes for a command, or that turns or hides text:
/// such characters are written as `\u{1b}`. Line ends too: a name is on one line.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Control characters, and the invisible ones that reorder or hide what stands beside them.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

impl Answer {
    /// The same answer with every text that comes from outside made [`printable()`].
    #[must_use]
    pub fn printable(mut self) -> Self {
        self.each_text(&mut make_printable);
        self
    }
}

/// One text made [`printable()`] where it stands.
pub(crate) fn make_printable(text: &mut String) {
    if let Cow::Owned(safe) = printable(text) {
        *text = safe;
    }
}

/// A value that holds text from outside.
pub(crate) trait Texts {
    /// Shows each text to `visit`.
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String));
}

impl Texts for String {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        visit(self);
    }
}

impl<T: Texts> Texts for Option<T> {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        if let Some(value) = self {
            value.each_text(visit);
        }
    }
}

impl<T: Texts> Texts for Vec<T> {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        for value in self {
            value.each_text(visit);
        }
    }
}

/// Every value, one after the other.
pub(crate) fn each(values: &mut [&mut dyn Texts], visit: &mut dyn FnMut(&mut String)) {
    for value in values {
        value.each_text(visit);
    }
}

impl Texts for Answer {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        // The coverage is shared by all answers: the printer makes its few texts printable.
        each(&mut [&mut self.query, &mut self.answers], visit);
    }
}

impl Texts for Asked {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.text, &mut self.source, &mut self.destination], visit);
    }
}

impl Texts for Pair {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.source, &mut self.destination], visit);
        each(&mut [&mut self.allowed, &mut self.allowed_at_most], visit);
        each(&mut [&mut self.forward, &mut self.back, &mut self.blockers], visit);
        self.unknowns.each_text(visit);
    }
}

impl Texts for End {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.id, &mut self.name, &mut self.kind, &mut self.host], visit);
        each(&mut [&mut self.addresses, &mut self.scope], visit);
    }
}

impl Texts for Owner {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.id, &mut self.name, &mut self.kind], visit);
    }
}

impl Texts for Flows {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.sources, &mut self.destinations], visit);
    }
}

impl Texts for Step {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.kind, &mut self.id, &mut self.name, &mut self.at], visit);
        each(&mut [&mut self.rule, &mut self.flows, &mut self.unknown], visit);
    }
}

impl Texts for RuleText {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.id, &mut self.text, &mut self.list, &mut self.origin], visit);
    }
}

impl Texts for Written {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.document, &mut self.pointer], visit);
    }
}

impl Texts for Missing {
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        each(&mut [&mut self.what, &mut self.why, &mut self.place], visit);
    }
}
