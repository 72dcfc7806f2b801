//! What real AWS did, against what cloudfw says: `recordings/aws-labs/*/observed.json`.
//!
//! The recordings are others' and are not part of the project: they are looked for at
//! `$CLOUDFW_RECORDINGS`, or beside the project, and without them this test says so and passes,
//! unless `CLOUDFW_REQUIRE` names them.
//!
//! Of the rows of tier `core`, those whose first hop is no transit gateway and whose destination is
//! no balancer have to be right, but for a few unknowns; the others must not be wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test: what fails here is reported as its failure"
)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use cloudfw_core::{Endpoint, Passage, Target, Verdict};
use cloudfw_estate::{Estate, Inquiry, OpenOptions, Query, parse_assume_none};
use serde::Deserialize;

/// How many rows the modelled part has to have, and how many of them may be unknown.
const MODELLED_ROWS: usize = 599;
const MOST_UNKNOWN: usize = MODELLED_ROWS * 2 / 100;

/// A probe that somebody sent in a real cloud.
#[derive(Debug, Deserialize)]
struct Row {
    source_interface: Option<String>,
    src_ip: String,
    dst_ip: String,
    protocol: String,
    dst_port: Option<u16>,
    destination_kind: Option<String>,
    expected: String,
    tier: String,
}

#[derive(Debug, Default)]
struct Score {
    rows: usize,
    right: usize,
    wrong: usize,
    unknown: usize,
}

#[test]
fn aws_labs() {
    let Some(labs) = labs() else { return };
    let mut table = format!(
        "aws-labs, --assume-none all\n{:32} {:9} {:>5} {:>6} {:>6} {:>8}\n",
        "lab", "rows", "rows", "right", "wrong", "unknown"
    );
    let mut details = String::new();
    let mut totals = BTreeMap::<bool, Score>::new();
    for lab in labs {
        let name = lab.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let scores = score(&lab, &mut details);
        for (modelled, score) in scores {
            let Score { rows, right, wrong, unknown } = score;
            let part = part_name(modelled);
            writeln!(table, "{name:32} {part:9} {rows:5} {right:6} {wrong:6} {unknown:8}").unwrap();
            let total = totals.entry(modelled).or_default();
            total.rows += rows;
            total.right += right;
            total.wrong += wrong;
            total.unknown += unknown;
        }
    }
    for (modelled, Score { rows, right, wrong, unknown }) in &totals {
        let part = part_name(*modelled);
        writeln!(table, "{:32} {part:9} {rows:5} {right:6} {wrong:6} {unknown:8}", "all").unwrap();
    }
    println!("{table}");
    assert!(totals.values().all(|score| score.wrong == 0), "\n{table}\n{details}");
    let modelled = totals.get(&true).expect("modelled rows");
    assert_eq!(modelled.rows, MODELLED_ROWS, "\n{table}");
    assert!(modelled.unknown <= MOST_UNKNOWN, "\n{table}\n{details}");
}

fn part_name(modelled: bool) -> &'static str {
    if modelled { "modelled" } else { "others" }
}

/// The scores of a lab's rows: of the modelled ones, and of the others.
fn score(lab: &Path, details: &mut String) -> BTreeMap<bool, Score> {
    let options =
        OpenOptions { assume_none: parse_assume_none(["all"]).unwrap(), ..OpenOptions::default() };
    let estate = Estate::open(&[lab.join("aws_configs")], &options)
        .unwrap_or_else(|error| panic!("{}: {error}", lab.display()));
    let inquiry = estate.inquiry();
    let observed = fs::read_to_string(lab.join("observed.json")).unwrap();
    let rows: Vec<Row> = serde_json::from_str(&observed).unwrap();
    let mut scores = BTreeMap::<bool, Score>::new();
    for row in rows.iter().filter(|row| row.tier == "core") {
        let answer = inquiry.reach(&row.query()).unwrap_or_else(|error| panic!("{row:?}: {error}"));
        let modelled = is_modelled(&estate, &inquiry, row);
        let score = scores.entry(modelled).or_default();
        score.rows += 1;
        let verdict = answer.verdict;
        if verdict == Verdict::Unknown {
            score.unknown += 1;
        } else if verdict.to_string() == row.expected {
            score.right += 1;
            continue;
        } else {
            score.wrong += 1;
        }
        if verdict != Verdict::Unknown || modelled {
            let pair = answer.answers.first();
            let why = pair.and_then(|pair| pair.unknowns.first());
            let why = why.map(|it| format!(": {}: {}", it.what, it.why)).unwrap_or_default();
            let blocker = pair.and_then(|pair| pair.blockers.first());
            let blocker = blocker.map(|step| match &step.rule {
                Some(rule) => format!(" by {}", rule.text),
                None => format!(" by {} {} {:?}", step.kind, step.id, step.reason),
            });
            let blocker = blocker.unwrap_or_default();
            let (text, expected) = (&answer.query.text, &row.expected);
            writeln!(details, "{text}: {verdict}, not {expected}{why}{blocker}").unwrap();
        }
    }
    scores
}

impl Row {
    fn query(&self) -> Query {
        let service = match (self.protocol.as_str(), self.dst_port) {
            ("icmp", _) => "icmp/8.0".to_owned(),
            (protocol, Some(port)) => format!("{port}/{protocol}"),
            (protocol, None) => panic!("{protocol} without a port"),
        };
        let source = self.source_interface.as_deref().unwrap_or(&self.src_ip);
        let mut query = Query::new(source, self.dst_ip.as_str());
        write!(query.text, " --service {service}").unwrap();
        query.service = Some(service.parse().expect("a service"));
        query
    }
}

/// Whether the first hop in the source's route table is no transit gateway, and the destination no
/// balancer.
fn is_modelled(estate: &Estate, inquiry: &Inquiry<'_>, row: &Row) -> bool {
    let is_balancer = row.destination_kind.as_deref().is_some_and(|kind| kind.ends_with("lb"));
    !is_balancer && !leads_to_transit_gateway(estate, inquiry, row)
}

fn leads_to_transit_gateway(estate: &Estate, inquiry: &Inquiry<'_>, row: &Row) -> bool {
    let network = estate.network();
    let questions = inquiry.questions(&row.query()).unwrap_or_default();
    let Some(Endpoint::Interface { id, address, .. }) = questions.first().map(|it| &it.source)
    else {
        return false;
    };
    assert_eq!(address.to_string(), row.src_ip, "{row:?}");
    let destination: std::net::IpAddr = row.dst_ip.parse().unwrap();
    let subnet = &network.subnets[&network.interfaces[id].subnet];
    let routes = network.tables.get(&subnet.table).map_or(&[][..], |table| &table.routes);
    let longest = routes
        .iter()
        .filter_map(|route| {
            let cloudfw_core::Destinations::Prefixes(prefixes) = &route.destinations else {
                return None;
            };
            let matching = prefixes.iter().filter(|net| net.contains(&destination));
            Some((matching.map(ipnet::IpNet::prefix_len).max()?, &route.target))
        })
        .max_by_key(|(length, _)| *length);
    match longest {
        Some((_, Target::Gateway(id))) => network.gateways.get(id).is_some_and(|gateway| {
            matches!(gateway.passage, Passage::Opaque { .. })
                && gateway.label.kind == "transit-gateway"
        }),
        _ => false,
    }
}

/// The folders of the labs, or `None` with a word about it.
fn labs() -> Option<Vec<PathBuf>> {
    let given = std::env::var_os("CLOUDFW_RECORDINGS").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    let folder = given.unwrap_or_else(beside).join("aws-labs");
    let Ok(entries) = fs::read_dir(&folder) else {
        let required = std::env::var("CLOUDFW_REQUIRE").unwrap_or_default();
        let what = format!("no recordings at {} (set CLOUDFW_RECORDINGS)", folder.display());
        assert!(!required.split(',').any(|name| name.trim() == "recordings"), "aws_labs: {what}");
        println!("aws_labs: skipped: {what}");
        return None;
    };
    let mut labs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    labs.retain(|lab| lab.join("observed.json").is_file());
    labs.sort();
    assert!(!labs.is_empty(), "{} holds no labs", folder.display());
    Some(labs)
}
