//! Lines, columns and the lines under them that point at what is meant.

use std::fmt::Write;

/// How much of a line an excerpt shows, in characters: minified documents are one long line.
const SHOWN: usize = 72;

/// The line and column, both counted from 1, of a byte of a text; columns count characters.
pub fn line_column(text: &str, offset: usize) -> (u32, u32) {
    let head = text.get(..floor_boundary(text, offset)).unwrap_or(text);
    let lines = head.bytes().filter(|byte| *byte == b'\n').count();
    let last = head.rfind('\n').map_or(head, |at| head.get(at + 1..).unwrap_or(""));
    (counted_from_one(lines), counted_from_one(last.chars().count()))
}

/// The line that holds the bytes `start..end`, with its number and carets under them:
///
/// ```text
/// 12 |   "CidrIp": "10.0.0.300/8"
///    |             ^^^^^^^^^^^^^^
/// ```
///
/// A long line is cut around the place. Control characters are shown as `·`, so that a document
/// cannot write to the terminal.
pub fn excerpt(text: &str, start: usize, end: usize) -> String {
    let start = floor_boundary(text, start);
    let (number, _) = line_column(text, start);
    let head = text.get(..start).unwrap_or("");
    let tail = text.get(start..).unwrap_or("");
    let (before, cut_before) = last_characters(head.rsplit('\n').next().unwrap_or(""), SHOWN / 2);
    let line_rest = tail.split('\n').next().unwrap_or("").trim_end_matches('\r');
    let left = SHOWN.saturating_sub(before.chars().count());
    let (after, cut_after) = first_characters(line_rest, left);
    // The whole of the line's beginning is indentation more often than not.
    let before = if cut_before { before } else { before.trim_start() };
    let meant = text.get(start..floor_boundary(text, end)).unwrap_or("");
    let width = meant.split('\n').next().unwrap_or("").chars().count();
    let carets = width.clamp(1, after.chars().count().max(1));

    let ellipsis = |cut: bool| if cut { "…" } else { "" };
    let gutter = " ".repeat(number.to_string().len());
    let indent = " ".repeat(before.chars().count() + usize::from(cut_before));
    let mut shown = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        shown,
        "{number} | {}{}{}{}",
        ellipsis(cut_before),
        printable(before),
        printable(after),
        ellipsis(cut_after)
    );
    let _ = write!(shown, "{gutter} | {indent}{}", "^".repeat(carets));
    shown
}

/// The last character boundary at or before a byte.
pub(super) fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn counted_from_one(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1)
}

/// At most the last `count` characters, and whether there were more.
fn last_characters(text: &str, count: usize) -> (&str, bool) {
    match text.char_indices().rev().nth(count) {
        Some((at, character)) => (text.get(at + character.len_utf8()..).unwrap_or(""), true),
        None => (text, false),
    }
}

/// At most the first `count` characters, and whether there were more.
fn first_characters(text: &str, count: usize) -> (&str, bool) {
    match text.char_indices().nth(count) {
        Some((at, _)) => (text.get(..at).unwrap_or(""), true),
        None => (text, false),
    }
}

fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '·' } else { character }).collect()
}
