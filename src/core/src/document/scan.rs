//! Finds places in JSON text without building it.
//!
//! Everything here is one pass over the bytes without recursion, so hostile documents (deep, long,
//! cut off) cost time and memory in proportion to their length at most. The text is not
//! validated: that happened when it was read.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;

use super::excerpt::floor_boundary;

/// A place in a text, ready to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The line of its beginning, counted from 1.
    pub line: u32,
    /// The column of its beginning in characters, counted from 1.
    pub column: u32,
    /// The byte at which it begins, counted from 0.
    pub start: usize,
    /// The byte after its last one.
    pub end: usize,
}

/// The span of the value that an RFC 6901 pointer names. `None` where the text has no such value.
///
/// Goes through the text up to the value: for many places in one large document, use a
/// [`PlaceIndex`].
pub fn locate(text: &str, pointer: &str) -> Option<Span> {
    PlaceIndex::default().locate(text, pointer)
}

/// Where the children of a document's long lists and objects begin, so that places in it are found
/// at once, however long its lists and lines are. Built in one pass.
#[derive(Debug, Clone, Default)]
pub struct PlaceIndex {
    /// By the first byte of a container: where its elements, or the names of its members, begin.
    children: HashMap<usize, Vec<Anchor>>,
}

/// Containers of fewer bytes are gone through whenever a place in them is asked about.
const LONG: usize = 1024;

/// A byte of a text, and where it stands, both counted from 1, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Anchor {
    start: usize,
    line: u32,
    column: u32,
}

/// A container that the pass is in.
struct Open {
    start: usize,
    children: Vec<Anchor>,
    /// Whether what comes next is an element or a member's name.
    wants_child: bool,
}

impl PlaceIndex {
    /// Goes through a document once.
    pub fn of(text: &str) -> Self {
        let mut index = Self::default();
        // A document that ends early is known up to its end.
        let _ = index.fill(text);
        index
    }

    /// As [`locate`] in the text that the index was made of.
    pub fn locate(&self, text: &str, pointer: &str) -> Option<Span> {
        let mut at = Anchor { start: 0, line: 1, column: 1 };
        for token in tokens(pointer)? {
            at = self.child(text, at, &token)?;
        }
        let mut scanner = Scanner::new(text, at.start);
        scanner.skip_space();
        let Anchor { start, line, column } = at.on_to(text, scanner.at);
        scanner.skip_value()?;
        Some(Span { line, column, start, end: scanner.at })
    }

    /// The child of the container at a place that a token names.
    fn child(&self, text: &str, from: Anchor, token: &str) -> Option<Anchor> {
        let mut scanner = Scanner::new(text, from.start);
        scanner.skip_space();
        let known = self.children.get(&scanner.at);
        match (scanner.peek()?, known) {
            (b'[', Some(elements)) => elements.get(list_index(token)?).copied(),
            (b'[', None) => {
                scanner.go_to_element(list_index(token)?)?;
                Some(from.on_to(text, scanner.at))
            }
            (b'{', Some(names)) => names.iter().find_map(|name| {
                let mut scanner = Scanner::new(text, name.start);
                let found = scanner.next_name()?? == token;
                found.then(|| name.on_to(text, scanner.at))
            }),
            (b'{', None) => {
                scanner.go_to_member(token)?;
                Some(from.on_to(text, scanner.at))
            }
            _ => None,
        }
    }

    fn fill(&mut self, text: &str) -> Option<()> {
        let mut scanner = Scanner::new(text, 0);
        let mut here = Anchor { start: 0, line: 1, column: 1 };
        let mut open: Vec<Open> = Vec::new();
        loop {
            scanner.skip_space();
            let byte = scanner.peek()?;
            if matches!(byte, b',' | b':') {
                let parent = open.last_mut()?;
                parent.wants_child = byte == b',';
                scanner.at += 1;
                continue;
            }
            if matches!(byte, b'}' | b']') {
                scanner.at += 1;
                let Open { start, children, .. } = open.pop()?;
                if scanner.at - start >= LONG {
                    self.children.insert(start, children);
                }
                continue;
            }
            if let Some(parent) = open.last_mut().filter(|parent| parent.wants_child) {
                here = here.on_to(text, scanner.at);
                parent.children.push(here);
                parent.wants_child = false;
            }
            if matches!(byte, b'{' | b'[') {
                open.push(Open { start: scanner.at, children: Vec::new(), wants_child: true });
                scanner.at += 1;
            } else {
                scanner.skip_value()?;
            }
        }
    }
}

impl Anchor {
    /// The same of a byte behind it.
    fn on_to(self, text: &str, start: usize) -> Self {
        let between = text.as_bytes().get(self.start..start).unwrap_or(&[]);
        let lines = between.iter().filter(|byte| **byte == b'\n').count();
        let line = between.iter().rposition(|byte| *byte == b'\n');
        let tail = line.map_or(between, |at| between.get(at + 1..).unwrap_or(&[]));
        // A character of UTF-8 has one byte that continues none.
        let characters = count(tail.iter().filter(|byte| **byte & 0xC0 != 0x80).count());
        Self {
            start,
            line: self.line.saturating_add(count(lines)),
            column: line.map_or(self.column, |_| 1).saturating_add(characters),
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The pointer of the innermost value that the byte `offset` is in, for the place of an error.
///
/// `None` where the value lies deeper than 128 levels, which no recording does.
pub fn pointer_at(text: &str, offset: usize) -> Option<String> {
    let mut scanner = Scanner::new(text, 0);
    let mut levels: Vec<Level<'_>> = Vec::new();
    scanner.skip_space();
    while scanner.at < offset {
        let Some(byte) = scanner.peek() else { break };
        match byte {
            b'{' => levels.push(Level::Object(None)),
            b'[' => levels.push(Level::List(0)),
            b'}' | b']' => {
                levels.pop();
            }
            b',' => match levels.last_mut() {
                Some(Level::List(index)) => *index += 1,
                Some(Level::Object(name)) => *name = None,
                None => {}
            },
            b'"' => {
                let start = scanner.at;
                if scanner.skip_string().is_none() || scanner.at > offset {
                    break;
                }
                if let Some(Level::Object(name @ None)) = levels.last_mut() {
                    *name = text.get(start..scanner.at).and_then(unquote);
                }
                continue;
            }
            _ => {}
        }
        if levels.len() > 128 {
            return None;
        }
        scanner.at += 1;
    }
    Some(print_levels(&levels))
}

/// A container that is open at a place, and the child that the place is in.
enum Level<'a> {
    Object(Option<Cow<'a, str>>),
    List(usize),
}

fn print_levels(levels: &[Level<'_>]) -> String {
    let mut pointer = String::new();
    for level in levels {
        // Writing to a string cannot fail.
        let _ = match level {
            Level::List(index) => write!(pointer, "/{index}"),
            Level::Object(Some(name)) => {
                write!(pointer, "/{}", name.replace('~', "~0").replace('/', "~1"))
            }
            Level::Object(None) => Ok(()),
        };
    }
    pointer
}

/// The tokens of a pointer. `None` where it is not one: it begins with `/` or is empty.
fn tokens(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let tokens = pointer.strip_prefix('/')?;
    Some(tokens.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect())
}

/// A list index as the RFC writes it: without leading zeros.
fn list_index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| canonical)
}

/// The text of a quoted JSON string.
fn unquote(quoted: &str) -> Option<Cow<'_, str>> {
    if quoted.contains('\\') {
        return serde_json::from_str(quoted).ok().map(Cow::Owned);
    }
    quoted.get(1..quoted.len().checked_sub(1)?).map(Cow::Borrowed)
}

/// A place in JSON text that moves forward. `None` from its functions: the text ends early, or is
/// not what was asked for.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, at: usize) -> Self {
        // Windows tools begin files with a mark that is no part of the JSON.
        let mark = if at == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at: floor_boundary(text, at + mark) }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or(&[])
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn skip_space(&mut self) {
        let space = |byte: &&u8| matches!(**byte, b' ' | b'\n' | b'\r' | b'\t');
        self.at += self.rest().iter().take_while(space).count();
    }

    /// Steps into a container of this kind, if it is one.
    fn enter(&mut self, open: u8) -> Option<bool> {
        self.skip_space();
        let entered = self.peek()? == open;
        self.at += usize::from(entered);
        Some(entered)
    }

    /// Moves from within an object to the value of its next member. `Some(None)` at its end.
    fn next_name(&mut self) -> Option<Option<Cow<'a, str>>> {
        self.skip_separator();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(None);
        }
        let start = self.at;
        self.skip_string()?;
        let name = unquote(self.text.get(start..self.at)?)?;
        self.skip_space();
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        self.skip_space();
        Some(Some(name))
    }

    /// Moves from within a list to its next element. `Some(false)` at its end.
    fn next_element(&mut self) -> Option<bool> {
        self.skip_separator();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(false);
        }
        Some(true)
    }

    fn skip_separator(&mut self) {
        self.skip_space();
        if self.peek() == Some(b',') {
            self.at += 1;
            self.skip_space();
        }
    }

    fn go_to_member(&mut self, wanted: &str) -> Option<()> {
        self.enter(b'{')?;
        while let Some(name) = self.next_name()? {
            if name == wanted {
                return Some(());
            }
            self.skip_value()?;
        }
        None
    }

    fn go_to_element(&mut self, wanted: usize) -> Option<()> {
        self.enter(b'[')?;
        for _ in 0..wanted {
            if !self.next_element()? {
                return None;
            }
            self.skip_value()?;
        }
        self.next_element()?.then_some(())
    }

    /// Moves behind the value that begins here.
    fn skip_value(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.skip_string(),
            b'{' | b'[' => self.skip_container(),
            _ => self.skip_scalar(),
        }
    }

    fn skip_container(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            let special = |byte: &u8| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']');
            self.at += self.rest().iter().position(special)?;
            match self.peek()? {
                b'"' => {
                    self.skip_string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                _ => depth -= 1,
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn skip_string(&mut self) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        loop {
            self.at += self.rest().iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
            if self.peek()? == b'"' {
                self.at += 1;
                return Some(());
            }
            // A backslash and what it escapes.
            self.at += 2;
        }
    }

    fn skip_scalar(&mut self) -> Option<()> {
        let end = |byte: &u8| {
            matches!(byte, b',' | b'}' | b']' | b'{' | b'[' | b'"' | b':')
                || byte.is_ascii_whitespace()
        };
        let rest = self.rest();
        let length = rest.iter().position(end).unwrap_or(rest.len());
        self.at += length;
        (length > 0).then_some(())
    }
}
