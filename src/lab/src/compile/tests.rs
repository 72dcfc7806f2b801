//! The two compilers read the same scenarios and make the same of them.

mod packets;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cloudfw_core::{Direction, Document, IpSet, Scope};
use cloudfw_estate::{Estate, OpenOptions, parse_assume_none};
use ipnet::IpNet;
use serde_json::Value;

use super::aws::from_documents;
use super::{Unsupported, from_network};
use crate::blueprint::{Act, Blueprint, Filter, Interface, Line, Subnet, Tracking};
use crate::kernel::plan::Cause;
use crate::scenario::Scenario;

/// Scenarios that both compilers have to support: fewer means that one of them refuses what it
/// did not.
const FEWEST: usize = 70;
/// Random scenarios that are compared as well.
const RANDOM: u64 = 40;

#[test]
fn both_compilers_make_the_same_of_every_scenario() {
    let mut both = 0;
    let mut packets = 0;
    let mut report = String::new();
    let mut differing = Vec::new();
    let scenarios = scenarios();
    for folder in &scenarios {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let Some((network, documents)) = compiled(folder) else {
            report += &format!("{name}: no estate\n");
            continue;
        };
        match (network, documents) {
            (Ok(network), Ok(documents)) => {
                both += 1;
                packets += compare(&name, &network, &documents, &mut differing);
            }
            (network, documents) => {
                let told = |result: Result<Blueprint, Unsupported>| {
                    result.map_or_else(|error| error.to_string(), |_| "built".to_owned())
                };
                report += &format!(
                    "{name}\n    network: {}\n    documents: {}\n",
                    told(network),
                    told(documents)
                );
            }
        }
    }
    println!(
        "{both} of {} scenarios are built by both compilers, and {packets} packets decided alike\n\
         {report}",
        scenarios.len()
    );
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(both >= FEWEST, "{both} scenarios only\n{report}");
}

#[test]
fn both_compilers_make_the_same_of_random_scenarios() {
    let mut packets = 0;
    let mut differing = Vec::new();
    for seed in 0..RANDOM {
        let scenario = Scenario::draw(seed);
        let network = estate(&scenario.documents);
        let network = from_network(network.network()).unwrap_or_else(|e| panic!("{seed}: {e}"));
        let documents =
            from_documents(&scenario.documents).unwrap_or_else(|e| panic!("{seed}: {e}"));
        packets += compare(&format!("seed {seed}"), &network, &documents, &mut differing);
    }
    println!("{RANDOM} random scenarios and {packets} packets decided alike");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

fn estate(documents: &[(String, Value)]) -> Estate {
    let documents = documents.iter().map(|(name, value)| Document {
        name: name.as_str().into(),
        text: value.to_string().into(),
        scope: Scope::default(),
    });
    let options =
        OpenOptions { assume_none: parse_assume_none(["all"]).unwrap(), ..OpenOptions::default() };
    Estate::from_documents(documents.collect(), &options).unwrap()
}

/// What it would be worth that nothing differs, if nothing ever did.
#[test]
fn a_difference_is_seen() {
    let folder = scenarios().into_iter().find(|path| path.ends_with("demo")).unwrap();
    let (Ok(network), Ok(_)) = compiled(&folder).unwrap() else { panic!("demo is not built") };
    let seen = |change: &dyn Fn(&mut Blueprint)| {
        let mut other = network.clone();
        change(&mut other);
        let mut differing = Vec::new();
        compare("demo", &network, &other, &mut differing);
        !differing.is_empty()
    };
    assert!(!seen(&|_| {}));
    assert!(seen(&|other| drop(other.subnets[0].routes.pop())));
    assert!(seen(&|other| other.interfaces[0].up = false));
    assert!(seen(&|other| other.interfaces[0].addresses[0].1 = None));
    assert!(seen(&|other| other.gateways[0].closed = true));
    assert!(seen(&|other| other.subnets[0].boundary[0].ingress.reverse()));
    let narrowed = |lines: &mut Vec<Line>| {
        let line = lines.iter_mut().find(|line| !matches!(line.act, Act::Drop(_))).unwrap();
        line.matches += " tcp dport 1";
    };
    assert!(seen(&|other| narrowed(&mut other.interfaces[0].filters[0].egress)));
    assert!(seen(&|other| narrowed(&mut other.subnets[0].boundary[0].ingress)));
}

fn scenarios() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/aws");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

type Compiled = Result<Blueprint, Unsupported>;

/// None where there is no estate to compile: the recording is bad on purpose.
fn compiled(folder: &Path) -> Option<(Compiled, Compiled)> {
    let options =
        OpenOptions { assume_none: parse_assume_none(["all"]).unwrap(), ..OpenOptions::default() };
    let estate = Estate::open(&[folder.to_owned()], &options).ok()?;
    let documents = documents(folder)?;
    Some((from_network(estate.network()), from_documents(&documents)))
}

fn documents(folder: &Path) -> Option<Vec<(String, Value)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(documents(&path)?);
        } else if path.extension().is_some_and(|end| end == "json")
            && path
                .file_name()
                .is_some_and(|name| name != "expected.json" && name != "findings.json")
        {
            let text = fs::read_to_string(&path).ok()?;
            found.push((path.display().to_string(), serde_json::from_str(&text).ok()?));
        }
    }
    Some(found)
}

/// Tells how the two differ, and how many packets were put to their filters.
fn compare(name: &str, one: &Blueprint, other: &Blueprint, differing: &mut Vec<String>) -> usize {
    let (ours, theirs) = (facts(one), facts(other));
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>, who: &str| -> Vec<String> {
        a.difference(b).map(|fact| format!("{name}: only {who}: {fact}")).collect()
    };
    differing.extend(only(&ours, &theirs, "network"));
    differing.extend(only(&theirs, &ours, "documents"));
    let mut asked = 0;
    for (at, one, other) in pairs(one, other) {
        for way in [Direction::Ingress, Direction::Egress] {
            let lines = [one, other].map(|filter| packets::read(filter.lines(way)));
            for packet in packets::telling(way, &lines) {
                asked += 1;
                let [ours, theirs] = lines.each_ref().map(|lines| packets::decide(lines, &packet));
                if ours != theirs {
                    differing.push(format!("{name}: {at} {way}: {packet:?}: {ours:?}, {theirs:?}"));
                }
            }
        }
    }
    asked
}

/// The filters of the same place.
fn pairs<'a>(
    one: &'a Blueprint,
    other: &'a Blueprint,
) -> impl Iterator<Item = (&'a str, &'a Filter, &'a Filter)> {
    placed(one).filter_map(move |(at, place, filter)| {
        let same = placed(other).find(|(id, where_, _)| *id == at && *where_ == place)?;
        Some((at, filter, same.2))
    })
}

fn placed(blueprint: &Blueprint) -> impl Iterator<Item = (&str, usize, &Filter)> {
    fn each<'a>(
        id: &'a str,
        filters: &'a [Filter],
    ) -> impl Iterator<Item = (&'a str, usize, &'a Filter)> {
        filters.iter().enumerate().map(move |(place, filter)| (id, place, filter))
    }
    let subnets = blueprint.subnets.iter().flat_map(|subnet| each(&subnet.id, &subnet.boundary));
    let interfaces =
        blueprint.interfaces.iter().flat_map(|interface| each(&interface.id, &interface.filters));
    let gateways =
        blueprint.gateways.iter().flat_map(|gateway| each(&gateway.id, &gateway.filters));
    subnets.chain(interfaces).chain(gateways)
}

/// Everything that a blueprint says but the text of its matches, in any order.
fn facts(blueprint: &Blueprint) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for router in &blueprint.routers {
        facts.insert(format!("router {} {}", router.id, set(&router.prefixes)));
    }
    for subnet in &blueprint.subnets {
        let Subnet { id, router, prefixes, table, routes, boundary, neighbours } = subnet;
        facts.insert(format!("subnet {id} in {router} {} by {table}", set(prefixes)));
        facts.insert(format!("subnet {id} has neighbours {neighbours:?}"));
        facts.extend(routes.iter().map(|route| format!("subnet {id} {route:?}")));
        filter_facts(&mut facts, id, boundary);
    }
    for interface in &blueprint.interfaces {
        let Interface { id, subnet, addresses, filters, reversed_out, source_check, up } =
            interface;
        let addresses: BTreeSet<_> = addresses.iter().collect();
        let first = interface.addresses.first();
        facts.insert(format!(
            "interface {id} in {subnet} {addresses:?}, first {first:?}, check {source_check}, \
             up {up}, reversed {reversed_out}"
        ));
        filter_facts(&mut facts, id, filters);
    }
    facts.extend(blueprint.hosts.iter().map(|host| format!("{host:?}")));
    for gateway in &blueprint.gateways {
        let mut passage = gateway.passage.clone();
        if let crate::blueprint::Passage::Link { ends } = &mut passage {
            ends.sort();
        }
        facts.insert(format!("gateway {} {passage:?} closed {}", gateway.id, gateway.closed));
        filter_facts(&mut facts, &gateway.id, &gateway.filters);
    }
    facts
}

fn set(prefixes: &[IpNet]) -> IpSet {
    prefixes.iter().copied().collect()
}

/// What the filters of a place do, in order; equal acts one after the other count once.
fn filter_facts(facts: &mut BTreeSet<String>, at: &str, filters: &[Filter]) {
    for (place, filter) in filters.iter().enumerate() {
        let tracking = match &filter.tracking {
            Tracking::Stateless => "stateless".to_owned(),
            Tracking::Stateful => "stateful".to_owned(),
            Tracking::StatefulOrDropped(site) => format!("stateful or {site:?}"),
        };
        facts.insert(format!("filter {place} of {at} is {tracking}"));
        for way in [Direction::Ingress, Direction::Egress] {
            let mut acts: Vec<String> =
                filter.lines(way).iter().map(|line| act(&line.act)).collect();
            acts.dedup();
            facts.insert(format!("filter {place} of {at} {way}: {acts:?}"));
        }
    }
}

fn act(act: &Act) -> String {
    match act {
        Act::Drop(site) => format!("drop {site:?}"),
        // Rules of groups have no names in the documents.
        Act::AllowBy(site) if site.cause == Cause::Stateful => format!("allow by {}", site.list),
        act => format!("{act:?}"),
    }
}
