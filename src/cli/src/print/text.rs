//! Text with styles, laid out in columns of a terminal.
//!
//! Names in a recording are written by strangers. Whatever becomes part of a [`Text`] is made
//! harmless on the way in, so that the only escape sequences on the way out are those of styles.

use std::fmt::Display;

use anstyle::Style;
use cloudfw_estate::printable;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::style::PLAIN;

/// A line, or a paragraph that is broken into lines where it is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(Vec<(Style, String)>);

impl Text {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Unstyled text.
    pub(crate) fn of(text: impl Display) -> Self {
        Self::new().then(text)
    }

    /// Text in a style.
    pub(crate) fn styled(style: Style, text: impl Display) -> Self {
        Self::new().then_styled(style, text)
    }

    /// With unstyled text behind it.
    #[must_use]
    pub(crate) fn then(self, text: impl Display) -> Self {
        self.then_styled(PLAIN, text)
    }

    /// With text in a style behind it.
    #[must_use]
    pub(crate) fn then_styled(mut self, style: Style, text: impl Display) -> Self {
        self.0.push((style, printable(&text.to_string()).into_owned()));
        self
    }

    /// With another text behind it.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// With blanks behind it until it is `width` wide.
    #[must_use]
    pub(crate) fn pad_to(self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.then(" ".repeat(missing))
    }

    /// Not wider than `width`; what is left out is shown as `…`.
    #[must_use]
    pub(crate) fn cut_to(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let mut left = width.saturating_sub(1);
        let mut cut = Self::new();
        for (style, text) in self.0 {
            let mut part = String::new();
            for character in text.chars() {
                let wide = character.width().unwrap_or(0);
                if wide > left {
                    cut.0.push((style, part + "…"));
                    return cut;
                }
                left -= wide;
                part.push(character);
            }
            cut.0.push((style, part));
        }
        cut
    }

    /// How many columns it takes on one line.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.width()).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, text)| text.is_empty())
    }

    /// Writes `self`, then `body` in lines of at most `width` columns that hang under its own
    /// beginning, and a line break.
    pub(crate) fn lead(&self, body: &Self, width: usize, out: &mut String) {
        let mut line = Line::default();
        self.words().iter().for_each(|word| line.put(word));
        line.blanks_to(self.width());
        body.flow(line, self.width(), width, out);
    }

    /// Writes it in lines of at most `width` columns, all but the first with `indent` blanks.
    pub(crate) fn wrap(&self, indent: usize, width: usize, out: &mut String) {
        self.flow(Line::default(), indent, width, out);
    }

    /// Goes on with a line that has been begun.
    fn flow(&self, mut line: Line, indent: usize, width: usize, out: &mut String) {
        for (index, word) in self.words().into_iter().enumerate() {
            if index == 0 || line.width + word.gap + word.width <= width {
                line.put(&word);
            } else {
                line.end(out);
                line = Line::default();
                line.blanks_to(indent);
                line.put(&Word { gap: 0, ..word });
            }
        }
        line.end(out);
    }

    fn words(&self) -> Vec<Word> {
        let mut words = vec![Word::default()];
        for (style, text) in &self.0 {
            for character in text.chars() {
                let Some(last) = words.last_mut() else { continue };
                match (character, last.width) {
                    (' ', 0) => last.gap += 1,
                    (' ', _) => words.push(Word { gap: 1, ..Word::default() }),
                    _ => last.push(*style, character),
                }
            }
        }
        words
    }
}

/// Letters without a blank among them.
#[derive(Clone, Debug, Default)]
struct Word {
    /// The blanks before it.
    gap: usize,
    parts: Vec<(Style, String)>,
    width: usize,
}

impl Word {
    fn push(&mut self, style: Style, character: char) {
        self.width += character.width().unwrap_or(0);
        match self.parts.last_mut() {
            Some((last, text)) if *last == style => text.push(character),
            _ => self.parts.push((style, character.to_string())),
        }
    }
}

/// A line that grows.
#[derive(Default)]
struct Line {
    text: String,
    style: Style,
    width: usize,
    /// Blanks that are written only when something follows them.
    gap: usize,
}

impl Line {
    fn blanks_to(&mut self, column: usize) {
        self.gap += column.saturating_sub(self.width);
        self.width = self.width.max(column);
    }

    fn put(&mut self, word: &Word) {
        self.gap += word.gap;
        self.width += word.gap + word.width;
        for (style, text) in &word.parts {
            // A blank between two words of one style belongs to it, which saves escapes.
            if *style == self.style {
                self.text.push_str(&" ".repeat(self.gap));
            } else {
                self.change(PLAIN);
                self.text.push_str(&" ".repeat(self.gap));
                self.change(*style);
            }
            self.gap = 0;
            self.text.push_str(text);
        }
    }

    fn change(&mut self, style: Style) {
        if self.style != PLAIN {
            self.text.push_str(&self.style.render_reset().to_string());
        }
        self.text.push_str(&style.render().to_string());
        self.style = style;
    }

    fn end(mut self, out: &mut String) {
        self.change(PLAIN);
        out.push_str(&self.text);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::style::{BOLD, DIM};

    fn wrapped(text: &Text, indent: usize, width: usize) -> String {
        let mut out = String::new();
        text.wrap(indent, width, &mut out);
        out
    }

    #[test]
    fn words_wrap_under_their_lead() {
        let mut out = String::new();
        Text::of("  1 ✓ ").lead(&Text::of("one two three four"), 14, &mut out);
        assert_eq!(out, "  1 ✓ one two\n      three\n      four\n");
        let wide = Text::of("名前 名前 名前");
        assert_eq!(wrapped(&wide, 1, 9), "名前 名前\n 名前\n");
    }

    #[test]
    fn a_word_that_is_too_long_is_not_broken() {
        let text = Text::of("a arn:aws:ec2:eu-west-1 b");
        assert_eq!(wrapped(&text, 2, 10), "a\n  arn:aws:ec2:eu-west-1\n  b\n");
    }

    #[test]
    fn ranges_and_ids_keep_their_hyphens() {
        let text = Text::of("acl-0abc egress 49152-65535");
        assert_eq!(wrapped(&text, 0, 20), "acl-0abc egress\n49152-65535\n");
    }

    #[test]
    fn styles_end_with_their_words() {
        let text = Text::styled(BOLD, "a b").then(" c ").then_styled(DIM, "d");
        assert_eq!(wrapped(&text, 0, 80), "\u{1b}[1ma b\u{1b}[0m c \u{1b}[2md\u{1b}[0m\n");
        assert_eq!(
            wrapped(&Text::styled(BOLD, "a b"), 0, 1),
            "\u{1b}[1ma\u{1b}[0m\n\u{1b}[1mb\u{1b}[0m\n"
        );
    }

    #[test]
    fn strangers_cannot_write_to_the_terminal() {
        let name = "db\u{1b}]0;owned\u{7}\u{9b}31m\r\n\u{202e}txt\u{200b}";
        assert_eq!(
            wrapped(&Text::of(name), 0, 80),
            r"db\u{1b}]0;owned\u{7}\u{9b}31m\u{d}\u{a}\u{202e}txt\u{200b}".to_owned() + "\n"
        );
    }

    #[test]
    fn cutting_counts_columns() {
        assert_eq!(wrapped(&Text::of("abcdef").cut_to(4), 0, 80), "abc…\n");
        assert_eq!(wrapped(&Text::of("名前名前").cut_to(5), 0, 80), "名前…\n");
        assert_eq!(Text::of("abc").cut_to(3), Text::of("abc"));
    }
}
