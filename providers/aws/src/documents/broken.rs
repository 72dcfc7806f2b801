//! Documents that are broken: which kinds they may hold, so that those are incomplete.

use super::{Part, Reading};
use crate::kind::Kind;

/// What is known of a text that is no JSON: that the kinds whose keys stand in it are there in
/// part. The command line writes one kind a document; where there are several, or none that is
/// known, what broke off may have been anything.
pub(super) fn reading(text: &str) -> Reading {
    let named: Vec<Kind> = keys(text).into_iter().filter_map(Kind::from_key).collect();
    let kinds = match named.as_slice() {
        [one] => vec![*one],
        _ => Kind::ALL.to_vec(),
    };
    Reading { parts: kinds.into_iter().flat_map(part).collect(), ..Reading::default() }
}

/// An empty list of a kind of which pages are missing, or an empty object where it is no list:
/// that is what breaks off.
fn part(kind: Kind) -> Vec<Part> {
    let empty =
        ["[]", "{}"].map(|value| format!("{{\"{}\":{value},\"NextToken\":\"-\"}}", kind.key()));
    let read = empty.iter().find_map(|text| super::top_level::read(text).ok());
    read.map_or_else(Vec::new, |reading| reading.parts)
}

/// The keys of the top level, as far as they can be read.
fn keys(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut depth = 0usize;
    let mut rest = text;
    while let Some(at) = rest.find(['"', '{', '[', '}', ']']) {
        let (_, from) = rest.split_at(at);
        let (sign, behind) = from.split_at(1);
        rest = behind;
        match sign {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            _ => {
                let Some(end) = end_of_string(rest) else { break };
                let (string, behind) = rest.split_at(end);
                rest = behind.get(1..).unwrap_or_default();
                if depth == 1 && rest.trim_start().starts_with(':') {
                    found.push(string);
                }
            }
        }
    }
    found
}

/// Where the quote is that ends a string.
fn end_of_string(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    let ends = |&(_, byte): &(usize, u8)| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    };
    text.bytes().enumerate().find(ends).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        let reading = reading(text);
        assert!(reading.parts.iter().all(|part| !part.complete), "{text}");
        reading.parts.iter().map(|part| part.kind).collect()
    }

    #[test]
    fn the_kind_whose_list_breaks_off_is_incomplete() {
        assert_eq!(kinds(r#"{"SecurityGroups": [{"GroupId": "sg-1", "Vp"#), [Kind::SecurityGroups]);
        assert_eq!(kinds(r#"{"NetworkAcls": [{"a": "\"Vpcs\": ["}, }"#), [Kind::NetworkAcls]);
    }

    #[test]
    fn of_several_or_none_everything_may_be_missing() {
        let all = kinds("");
        // `PrefixLists` is the key of two calls, and the customer's lists are the other one.
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::PrefixLists) {
            assert!(all.contains(&kind), "{kind} of {all:?}");
        }
        assert_eq!(kinds(r#"{"Vpcs": [], "Subnets": [{"#), all);
        assert_eq!(kinds(r#"[{"SecurityGroups": []"#), all);
        assert_eq!(kinds(r#"{"Frobnicate": ["#), all);
        assert_eq!(kinds("{\"a\\"), all);
    }
}
