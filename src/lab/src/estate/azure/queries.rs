//! Questions for benchmarks: who asks whom for what, with set shares of answers.

use std::fmt;

use super::super::chance::Chance;
use super::super::forecast::Outcome;
use super::forecast;
use super::model::{Estate, Owner};

/// How often a question of one kind is drawn anew before the last one is taken as it is.
const TRIES: usize = 400;

/// Ports that people ask for.
const PORTS: [u16; 12] = [22, 80, 443, 443, 1433, 3306, 3389, 5432, 6379, 8080, 8443, 9100];

/// How many of 100 queries are of each kind; the rest ends in networks that no private way leads
/// to.
const SHARES: [(Kind, usize); 3] =
    [(Kind::Reachable, 27), (Kind::Filtered, 23), (Kind::Internet, 3)];

/// What a query was drawn to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Routed, and reachable.
    Reachable,
    /// Routed, and stopped by a group.
    Filtered,
    /// To a public address of another network.
    Internet,
    /// To a network that no private way leads to.
    Unrouted,
}

/// Whether `source` can reach TCP `port` of `destination`. Shown as on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// ARM id of an interface of a running machine.
    pub source: String,
    /// ARM id of an interface of a running machine, or of a private endpoint.
    pub destination: String,
    /// TCP port.
    pub port: u16,
    /// What it was drawn to be.
    pub kind: Kind,
    /// What should be answered.
    pub outcome: Outcome,
}

impl fmt::Display for Query {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}:{}", self.source, self.destination, self.port)
    }
}

/// Draws `count` queries.
pub(super) fn draw(estate: &Estate, count: usize, seed: u64) -> Vec<Query> {
    let mut chance = Chance::stream(seed, "azure queries");
    let ends = Ends::of(estate);
    if ends.sources.is_empty() {
        return Vec::new();
    }
    let mut kinds = Vec::new();
    for (kind, share) in SHARES {
        kinds.resize(kinds.len() + count * share / 100, kind);
    }
    kinds.resize(count, Kind::Unrouted);
    let mut queries: Vec<Query> =
        kinds.into_iter().filter_map(|kind| draw_one(estate, &ends, kind, &mut chance)).collect();
    chance.shuffle(&mut queries);
    queries
}

/// Interfaces that can be asked about.
struct Ends {
    sources: Vec<usize>,
    /// By network.
    destinations: Vec<Vec<usize>>,
}

impl Ends {
    fn of(estate: &Estate) -> Self {
        let mut sources = Vec::new();
        let mut destinations = vec![Vec::new(); estate.networks.len()];
        for (index, interface) in estate.interfaces.iter().enumerate() {
            let runs = estate.runs(index);
            if runs {
                sources.push(index);
            }
            if runs || interface.owner == Owner::Endpoint {
                destinations[estate.network_of(index)].push(index);
            }
        }
        Self { sources, destinations }
    }
}

/// The first draw that is what was wanted, else the last one; none where there is nobody to ask.
fn draw_one(estate: &Estate, ends: &Ends, kind: Kind, chance: &mut Chance) -> Option<Query> {
    let mut last = None;
    for _ in 0..TRIES {
        let source = *chance.pick(&ends.sources);
        let network = draw_network(estate, kind, estate.network_of(source), chance);
        let all = &ends.destinations[network];
        if all.is_empty() {
            continue;
        }
        let destination = *chance.pick(all);
        if destination == source {
            continue;
        }
        let port = draw_port(estate, kind, source, destination, chance);
        let outcome = forecast::forecast(estate, source, destination, port);
        let routed = forecast::routed(estate, source, destination);
        let fits = match kind {
            Kind::Reachable => outcome == Outcome::Reachable,
            Kind::Filtered => routed && outcome == Outcome::Unreachable,
            Kind::Internet => {
                let public = estate.interfaces[destination].public;
                !routed && public.is_some() && outcome == Outcome::Unforecast
            }
            Kind::Unrouted => !routed && outcome == Outcome::Unreachable,
        };
        let (source, destination) = (estate.interface_id(source), estate.interface_id(destination));
        last = Some(Query { source, destination, port, kind, outcome });
        if fits {
            break;
        }
    }
    last
}

fn draw_network(estate: &Estate, kind: Kind, home: usize, chance: &mut Chance) -> usize {
    let peerings = &estate.networks[home].peerings;
    match kind {
        Kind::Reachable | Kind::Filtered if peerings.is_empty() || chance.percent(65) => home,
        Kind::Reachable | Kind::Filtered => estate.peerings[*chance.pick(peerings)].other(home),
        Kind::Internet | Kind::Unrouted => chance.below(estate.networks.len()),
    }
}

/// For what is to pass the groups, mostly a port that one of the destination's groups opens.
fn draw_port(
    estate: &Estate,
    kind: Kind,
    source: usize,
    destination: usize,
    chance: &mut Chance,
) -> u16 {
    if kind != Kind::Reachable || chance.percent(30) {
        return *chance.pick(&PORTS);
    }
    let to = &estate.interfaces[destination];
    let groups = to.group.into_iter().chain(estate.subnets[to.subnet].group);
    let rules = groups.flat_map(|group| &estate.groups[group].rules);
    let open = rules.filter(|rule| forecast::opens(estate, rule, source, destination));
    let open: Vec<(u16, u16)> = open.flat_map(|rule| &rule.ports).copied().collect();
    if open.is_empty() {
        return *chance.pick(&PORTS);
    }
    let &(low, high) = chance.pick(&open);
    chance.between(usize::from(low.max(1)), usize::from(high)) as u16
}
