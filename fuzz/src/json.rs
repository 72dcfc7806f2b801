//! Changes JSON as JSON, so that a mutated document is still one that the readers go into.
//!
//! Bytes changed at random make a syntax error of nearly every document. Here values are removed,
//! doubled, grafted from elsewhere in the same document (ids refer to other things, tables to
//! themselves) and replaced by what readers stumble over.

use serde_json::{Value, json};

/// A mutator for libFuzzer: `data[..size]` becomes another input, of at most `max_size` bytes,
/// whose size is the result. `bytes` is libFuzzer's own mutator, which takes what is not JSON and
/// an eighth of the rest: doubled keys and cut-off documents come from there.
pub fn mutate(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    bytes: impl FnOnce(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut dice = Dice(u64::from(seed));
    let changed = if dice.below(8) == 0 { None } else { changed(data.get(..size), &mut dice) };
    match changed {
        Some(text) if text.len() <= max_size.min(data.len()) => {
            data[..text.len()].copy_from_slice(&text);
            text.len()
        }
        _ => bytes(data, size, max_size),
    }
}

/// The same document with its members in the order of their names, and the lists whose order says
/// nothing the other way round; `None` for what is not JSON.
pub fn reordered(text: &str) -> Option<String> {
    let mut document: Value = serde_json::from_str(text).ok()?;
    // The lists of objects, and in them those of rules, entries and routes.
    if let Value::Object(members) = &mut document {
        for list in members.values_mut().filter_map(Value::as_array_mut) {
            list.reverse();
            for object in list.iter_mut().filter_map(Value::as_object_mut) {
                for name in ["IpPermissions", "IpPermissionsEgress", "Entries", "Routes"] {
                    if let Some(Value::Array(rules)) = object.get_mut(name) {
                        rules.reverse();
                    }
                }
            }
        }
    }
    Some(document.to_string())
}

fn changed(data: Option<&[u8]>, dice: &mut Dice) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(data?).ok()?;
    for _ in 0..=dice.below(3) {
        change(&mut document, dice);
    }
    let printed = if dice.below(4) == 0 { serde_json::to_vec_pretty } else { serde_json::to_vec };
    printed(&document).ok()
}

/// One change somewhere.
fn change(document: &mut Value, dice: &mut Dice) {
    let mut places = Vec::new();
    list_places(document, "", &mut places);
    let Some(place) = dice.choose(&places).cloned() else {
        *document = stumbling_block(dice);
        return;
    };
    let (parent, token) = place.rsplit_once('/').unwrap_or(("", &place));
    match dice.below(8) {
        0 => remove(document, parent, token),
        1 => double(document, parent, token),
        2 | 3 => {
            // Of the same name, so that an id takes the place of an id.
            let named: Vec<&String> =
                places.iter().filter(|it| it.rsplit('/').next() == Some(token)).collect();
            let from = dice.choose(&named).map_or(&place, |it| *it);
            graft(document, &place, &from.clone());
        }
        4 => {
            let from = dice.choose(&places).cloned().unwrap_or_default();
            graft(document, &place, &from);
        }
        5 => put(document, &place, stumbling_block(dice)),
        6 => rename(document, parent, token, dice.choose(&places)),
        _ => nudge(document, &place, dice),
    }
}

/// The pointers of all values below `value`, as RFC 6901 writes them.
fn list_places(value: &Value, at: &str, places: &mut Vec<String>) {
    let mut add = |token: &str, child: &Value| {
        let place = format!("{at}/{token}");
        places.push(place.clone());
        list_places(child, &place, places);
    };
    match value {
        Value::Array(values) => {
            for (index, child) in values.iter().enumerate() {
                add(&index.to_string(), child);
            }
        }
        Value::Object(members) => {
            for (name, child) in members {
                add(&name.replace('~', "~0").replace('/', "~1"), child);
            }
        }
        _ => {}
    }
}

fn name_of(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

fn remove(document: &mut Value, parent: &str, token: &str) {
    match document.pointer_mut(parent) {
        Some(Value::Array(values)) => {
            if let Some(index) = token.parse().ok().filter(|index| *index < values.len()) {
                values.remove(index);
            }
        }
        Some(Value::Object(members)) => {
            members.remove(&name_of(token));
        }
        _ => {}
    }
}

/// An element stands in its list once more; a member becomes a list of itself.
fn double(document: &mut Value, parent: &str, token: &str) {
    match document.pointer_mut(parent) {
        Some(Value::Array(values)) => {
            let element = token.parse().ok().and_then(|index: usize| values.get(index));
            values.extend(element.cloned());
        }
        Some(Value::Object(members)) => {
            if let Some(member) = members.get_mut(&name_of(token)) {
                *member = json!([member.take()]);
            }
        }
        _ => {}
    }
}

fn graft(document: &mut Value, place: &str, from: &str) {
    let Some(value) = document.pointer(from).cloned() else { return };
    put(document, place, value);
}

fn put(document: &mut Value, place: &str, value: Value) {
    if let Some(place) = document.pointer_mut(place) {
        *place = value;
    }
}

fn rename(document: &mut Value, parent: &str, token: &str, other: Option<&String>) {
    let Some(name) = other.and_then(|other| other.rsplit('/').next()) else { return };
    if let Some(Value::Object(members)) = document.pointer_mut(parent)
        && let Some(member) = members.remove(&name_of(token))
    {
        members.insert(name_of(name), member);
    }
}

/// A number becomes its neighbour, a text loses or changes a character.
fn nudge(document: &mut Value, place: &str, dice: &mut Dice) {
    match document.pointer_mut(place) {
        Some(Value::String(text)) => {
            let mut characters: Vec<char> = text.chars().collect();
            if let Some(at) = dice.index(characters.len()) {
                match dice.choose(&['0', '9', '-', '/', ':', '.', '*', '@', '\u{1b}', 'é']) {
                    Some(character) if dice.below(3) > 0 => characters[at] = *character,
                    _ => {
                        characters.remove(at);
                    }
                }
            }
            *text = characters.into_iter().collect();
        }
        Some(Value::Bool(flag)) => *flag = !*flag,
        Some(Value::Number(number)) => {
            let neighbour =
                number.as_i64().unwrap_or(0).wrapping_add(if dice.below(2) == 0 { 1 } else { -1 });
            *number = neighbour.into();
        }
        Some(Value::Array(values)) => values.reverse(),
        _ => {}
    }
}

/// A value that readers stumble over.
fn stumbling_block(dice: &mut Dice) -> Value {
    const TEXTS: [&str; 26] = [
        "",
        "-1",
        "0",
        "256",
        "6",
        "58",
        "tcp",
        "icmpv6",
        "-",
        "*",
        "@",
        "a@b",
        "local",
        "blackhole",
        "deleted",
        "0.0.0.0/0",
        "::/0",
        "10.0.0.300/8",
        "10.0.0.0/33",
        "10.0.0.5/8",
        "10.0.1.10",
        "::ffff:10.0.0.0/104",
        "2001:db8::/129",
        "255.255.255.255/32",
        "\u{1b}[2J",
        "\u{202e}",
    ];
    const NUMBERS: [i64; 12] =
        [-1, 0, 1, 8, 255, 256, 32766, 32767, 65535, 65536, i64::MAX, i64::MIN];
    match dice.below(8) {
        0 => Value::Null,
        1 => json!(dice.below(2) == 0),
        2 => json!([]),
        3 => json!({}),
        4 => json!(1e308),
        5 => dice.choose(&NUMBERS).map_or(Value::Null, |number| json!(number)),
        _ => dice.choose(&TEXTS).map_or(Value::Null, |text| json!(text)),
    }
}

/// Numbers that a seed determines (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, without, `end`, which is not 0.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn index(&mut self, length: usize) -> Option<usize> {
        if length == 0 {
            return None;
        }
        usize::try_from(self.below(length as u64)).ok()
    }

    fn choose<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        self.index(from.len()).and_then(|index| from.get(index))
    }
}
