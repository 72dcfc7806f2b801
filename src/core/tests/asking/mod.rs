//! Questions in few words, for tests that write their network as text.

#![allow(dead_code, reason = "each test takes the part that it needs")]

use cloudfw_core::{
    Bounds, Client, Endpoint, Fraction, Id, IpSet, Network, PathGraph, Question, Reachability,
    Step, Verdict, reach,
};

/// The network of a text that is known to be right.
pub(crate) fn network(text: &str) -> Network {
    Network::from_text(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// An interface by its first address: `web`, by its second address `web/1`, as it is dialled from
/// elsewhere `web@203.0.113.10`; an outside address `internet:198.51.100.7` or a whole outside
/// network `internet:*`; an address that nobody holds `?vpc:10.0.1.99`.
pub(crate) fn end(network: &Network, text: &str) -> Endpoint {
    if let Some((router, address)) = text.strip_prefix('?').and_then(|t| t.split_once(':')) {
        return Endpoint::Unheld { router: Id::from(router), address: address.parse().unwrap() };
    }
    if let Some((external, addresses)) = text.split_once(':').filter(|(e, _)| !e.contains('@')) {
        let id = Id::from(external);
        let addresses = match addresses {
            "*" => network.externals[&id].addresses.only_v4(),
            one => IpSet::single(one.parse().unwrap()),
        };
        return Endpoint::External { id, addresses };
    }
    let (name, dialled) = match text.split_once('@') {
        Some((name, dialled)) => (name, Some(dialled.parse().unwrap())),
        None => (text, None),
    };
    let (name, index) = name_and_index(name);
    let id = Id::from(name);
    let address = network.interfaces[&id].addresses[index].ip;
    Endpoint::Interface { id, address, dialled }
}

/// `web/1` is the second address of `web`.
pub(crate) fn name_and_index(text: &str) -> (&str, usize) {
    let indexed = text.rsplit_once('/').and_then(|(name, at)| Some((name, at.parse().ok()?)));
    indexed.unwrap_or((text, 0))
}

/// Asks a round trip: `ask(&network, "web", "db", "5432")`.
pub(crate) fn ask(
    network: &Network,
    source: &str,
    destination: &str,
    services: &str,
) -> Reachability {
    ask_as(network, source, destination, services, None)
}

/// The same for a given kind of client.
pub(crate) fn ask_as(
    network: &Network,
    source: &str,
    destination: &str,
    services: &str,
    client: Option<Client>,
) -> Reachability {
    let question = Question {
        source: end(network, source),
        destination: end(network, destination),
        services: services.parse().unwrap(),
        client,
        one_way: false,
    };
    reach(&PathGraph::new(network), &question)
}

/// Who stops it: `acl-db egress *`, `rt no-route`; the one that acts first in front.
pub(crate) fn blockers(answer: &Reachability) -> Vec<String> {
    answer.blockers.iter().map(place).collect()
}

/// A step in few words.
pub(crate) fn place(step: &Step) -> String {
    match (&step.rule, step.direction) {
        (Some(rule), Some(direction)) => format!("{} {direction} {}", rule.list.id, rule.id),
        (None, Some(direction)) => format!("{} {direction} {:?}", step.at.id, step.reason),
        _ => format!("{} {:?}", step.at.id, step.reason),
    }
}

/// Whether a network has the interfaces and outside networks that are named.
pub(crate) fn knows(network: &Network, ends: &[&str]) -> bool {
    ends.iter().all(|end| match end.split_once(':') {
        _ if end.starts_with('?') => {
            network.routers.contains_key(end[1..].split(':').next().unwrap_or_default())
        }
        Some((external, _)) if !end.contains('@') => network.externals.contains_key(external),
        _ => {
            let (name, index) =
                end.split('@').next().and_then(|e| e.split_once('/')).unwrap_or((end, "0"));
            let held =
                network.interfaces.get(name).map_or(0, |interface| interface.addresses.len());
            index.parse().is_ok_and(|index: usize| index < held)
        }
    })
}

/// The network of a text in which some words stand for others.
pub(crate) fn changed(text: &str, changes: &[(&str, &str)]) -> Network {
    let text = changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not there to be changed");
        text.replace(from, to)
    });
    network(&text)
}

/// A share that is known.
pub(crate) fn exactly(part: u128, whole: u128) -> Bounds<Fraction> {
    let share = Fraction { part, whole };
    Bounds { at_least: share, at_most: share }
}

/// Asserts that nothing passes, and who stops it, the first in front.
#[track_caller]
pub(crate) fn is_stopped_by(answer: &Reachability, by: &[&str]) {
    let by: Vec<String> = by.iter().map(ToString::to_string).collect();
    assert_eq!((answer.verdict, blockers(answer)), (Verdict::Unreachable, by));
}
