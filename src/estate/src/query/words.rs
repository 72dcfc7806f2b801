//! Splits a line into words as a shell does, without any of its expansions.

use super::QueryError;

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word without its quotes.
    pub text: String,
    /// Whether it began with a quote: such a word is no option.
    pub quoted: bool,
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self { text, quoted: false }
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// Whether a line holds nothing but blanks and a comment.
pub(super) fn is_blank(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// The words of a line: blanks part them, quotes and backslashes keep them together, `#` at the
/// beginning of a word begins a comment.
pub(super) fn split(line: &str) -> Result<Vec<Word>, QueryError> {
    let mut words = Vec::new();
    let mut rest = line.char_indices().peekable();
    while let Some(&(at, first)) = rest.peek() {
        if first.is_whitespace() {
            rest.next();
        } else if first == '#' {
            break;
        } else {
            words.push(word(line, at, &mut rest)?);
        }
    }
    Ok(words)
}

type Characters<'a> = std::iter::Peekable<std::str::CharIndices<'a>>;

/// One word, which begins at byte `start`.
fn word(line: &str, start: usize, rest: &mut Characters<'_>) -> Result<Word, QueryError> {
    let unclosed = || QueryError::UnclosedQuote {
        text: line.get(start..).unwrap_or(line).trim_end().to_owned(),
    };
    let mut text = String::new();
    let mut begins_quoted = false;
    while let Some((at, character)) = rest.next_if(|(_, character)| !character.is_whitespace()) {
        match character {
            '\\' => text.push(rest.next().ok_or_else(unclosed)?.1),
            '\'' | '"' => {
                begins_quoted |= at == start;
                quoted(character, rest, &mut text).ok_or_else(unclosed)?;
            }
            plain => text.push(plain),
        }
    }
    Ok(Word { text, quoted: begins_quoted })
}

/// Reads up to the closing quote; `None` if there is none.
fn quoted(quote: char, rest: &mut Characters<'_>, text: &mut String) -> Option<()> {
    loop {
        let (_, character) = rest.next()?;
        if character == quote {
            return Some(());
        }
        let escapes = quote == '"' && character == '\\';
        match rest.peek() {
            Some(&(_, next)) if escapes && (next == '"' || next == '\\') => {
                text.push(next);
                rest.next();
            }
            _ => text.push(character),
        }
    }
}
