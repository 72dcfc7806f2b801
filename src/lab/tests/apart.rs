//! What the lab's sources may name, so that what is compared is made apart: the compilers of
//! documents see nothing of `providers` nor of cloudfw's network, and neither compiler, nor
//! what it compiles to, sees the evaluator.
//!
//! Sources are read as text: what they name by a path that begins with a crate, with `crate` or
//! with `super::super` has to be in a list.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What a part of the lab may name.
struct Part {
    /// Files and folders below `src`.
    places: &'static [&'static str],
    /// Paths, and whatever is below them.
    may: &'static [&'static str],
}

const PARTS: [Part; 4] = [
    Part {
        places: &["compile/aws"],
        may: &[
            // A word with two values.
            "cloudfw_core::Direction",
            "crate::blueprint",
            "crate::compile::Unsupported",
            "crate::kernel::plan",
        ],
    },
    Part {
        places: &["compile/azure"],
        may: &[
            "cloudfw_core::Direction",
            "crate::blueprint",
            "crate::compile::Unsupported",
            "crate::kernel::plan",
        ],
    },
    // Core's data; nothing that evaluates, walks, or asks.
    Part {
        places: &["compile/network", "compile/network.rs"],
        may: &[
            "cloudfw_core::Action",
            "cloudfw_core::Axis",
            "cloudfw_core::Denial",
            "cloudfw_core::Destinations",
            "cloudfw_core::Direction",
            "cloudfw_core::Filter",
            "cloudfw_core::Gateway",
            "cloudfw_core::Group",
            "cloudfw_core::Id",
            "cloudfw_core::Identity",
            "cloudfw_core::Interface",
            "cloudfw_core::IpSet",
            "cloudfw_core::Liveness",
            "cloudfw_core::Match",
            "cloudfw_core::Neighbours",
            "cloudfw_core::Network",
            "cloudfw_core::Opens",
            "cloudfw_core::Passage",
            "cloudfw_core::Peer",
            "cloudfw_core::Peers",
            "cloudfw_core::Place",
            "cloudfw_core::PortSet",
            "cloudfw_core::Protocol",
            "cloudfw_core::ProtocolSet",
            "cloudfw_core::RangeSet",
            "cloudfw_core::Role",
            "cloudfw_core::Route",
            "cloudfw_core::RouteTable",
            "cloudfw_core::Router",
            "cloudfw_core::Rule",
            "cloudfw_core::RuleList",
            "cloudfw_core::ServiceSet",
            "cloudfw_core::Stack",
            "cloudfw_core::StateSet",
            "cloudfw_core::Subnet",
            "cloudfw_core::Target",
            "cloudfw_core::Tracking",
            "cloudfw_core::Unknown",
            "cloudfw_core::WithoutState",
            "crate::blueprint",
            "crate::compile::Unsupported",
            "crate::kernel::plan",
        ],
    },
    Part {
        places: &["blueprint", "kernel"],
        may: &["cloudfw_core::Direction", "cloudfw_core::Leg", "crate::blueprint", "crate::kernel"],
    },
];

#[test]
fn compilers_see_neither_lowering_nor_evaluation() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for part in PARTS {
        let mut files = Vec::new();
        part.places.iter().for_each(|place| sources(&src.join(place), &mut files));
        assert!(files.len() >= part.places.len(), "{:?} has moved", part.places);
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let file = file.strip_prefix(&src).unwrap().display().to_string();
            wrong.extend(forbidden(&text, part.may).map(|name| format!("{file} names `{name}`")));
        }
    }
    assert!(wrong.is_empty(), "{}\n(see the lists in tests/apart.rs)", wrong.join("\n"));
    let manifest = fs::read_to_string(src.with_file_name("Cargo.toml")).unwrap();
    for lowering in ["cloudfw-aws", "cloudfw-azure"] {
        assert!(!manifest.contains(lowering), "the lab may not depend on `{lowering}`");
    }
}

#[test]
fn what_is_planted_is_found() {
    let may = ["cloudfw_core::Direction", "crate::blueprint"];
    for (planted, name) in [
        ("use cloudfw_core::evaluate;", "cloudfw_core::evaluate"),
        ("use cloudfw_core::{Direction, reach};", "cloudfw_core::reach"),
        ("use cloudfw_core::{\n    self as core,\n};", "cloudfw_core::self"),
        ("use cloudfw_core::*;", "cloudfw_core::*"),
        ("use cloudfw_core as core;", "cloudfw_core"),
        ("use {cloudfw_aws::lower, std::fmt};", "cloudfw_aws::lower"),
        ("use cloudfw_estate::{Estate, answer::{Pair, Step}};", "cloudfw_estate::Estate"),
        ("let x = ::cloudfw_core::evaluate(y);", "cloudfw_core::evaluate"),
        ("use crate::compile::network::rules;", "crate::compile::network::rules"),
        ("use crate::{blueprint, fuzz::Oracle};", "crate::fuzz::Oracle"),
        ("use super::super::network;", "super::super"),
        ("use super::network::nft;", "super::network"),
        ("#[path = \"../../fuzz/predict.rs\"]", "#[path"),
        ("include!(\"x.rs\");", "include!"),
    ] {
        let found: Vec<String> = forbidden(planted, &may).collect();
        assert!(found.iter().any(|found| found == name), "{planted}: {found:?}");
    }
    let good = "//! cloudfw_aws is not used.\nuse cloudfw_core::Direction; // nor `cloudfw_core::reach`\n\
                use crate::blueprint::{Act, Line, plan::{Site}};\n#[cfg(test)]\nmod tests { use cloudfw_core::reach; }";
    assert_eq!(forbidden(good, &may).collect::<Vec<_>>(), Vec::<String>::new());
}

/// All sources but tests.
fn sources(place: &Path, found: &mut Vec<PathBuf>) {
    let is_test = place.file_stem().is_some_and(|name| name == "tests");
    if place.is_dir() && !is_test {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        entries.iter().for_each(|entry| sources(entry, found));
    } else if place.is_file() && !is_test {
        found.push(place.to_owned());
    }
}

/// What a source names, and may not.
fn forbidden(source: &str, may: &[&str]) -> impl Iterator<Item = String> {
    let code: Vec<&str> = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .take_while(|line| line.trim() != "#[cfg(test)]" || !is_last_module(source))
        .collect();
    let code = code.join("\n");
    let mut names = BTreeSet::new();
    for (start, _) in code.match_indices(|c: char| c.is_alphabetic()) {
        let begins = !code[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = &code[start..];
        let first = &rest[..rest.find(|c: char| !is_word(c)).unwrap_or(rest.len())];
        if begins && (first.starts_with("cloudfw_") || first == "crate") {
            paths(rest, "", &mut names);
        }
    }
    // `pub(crate)` names nothing.
    names.remove("crate");
    let is_below = |name: &str, above: &str| {
        name.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let allowed = |name: &String| may.iter().any(|may| is_below(name, may));
    names.retain(|name| !allowed(name));
    let words = ["super::super", "super::network", "#[path", "include!"];
    names.extend(words.iter().filter(|word| code.contains(*word)).map(ToString::to_string));
    names.into_iter()
}

/// Whether unit tests are written at the end, and not in a file beside.
fn is_last_module(source: &str) -> bool {
    !source.contains("#[cfg(test)]\nmod tests;")
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '*'
}

/// The paths of a tree such as `a::{b, c::d}`; what follows it.
fn paths<'t>(text: &'t str, above: &str, found: &mut BTreeSet<String>) -> &'t str {
    let end = text.find(|c: char| !is_word(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let here = if above.is_empty() { word.to_owned() } else { format!("{above}::{word}") };
    let Some(below) = rest.strip_prefix("::") else {
        found.insert(here);
        return rest;
    };
    let Some(mut list) = below.strip_prefix('{') else {
        return paths(below, &here, found);
    };
    loop {
        list = list.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if list.is_empty() || list.starts_with('}') {
            return list.get(1..).unwrap_or_default();
        }
        list = paths(list, &here, found);
        // `x as y`
        list = list.trim_start_matches(|c: char| c != ',' && c != '}');
    }
}
