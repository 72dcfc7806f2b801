//! Questions for benchmarks: who asks whom for what, with set shares of answers.

use std::fmt;

use super::chance::Chance;
use super::forecast::{self, Outcome};
use super::model::{Estate, Owner};

/// How often a question of one kind is drawn anew before the last one is taken as it is.
const TRIES: usize = 400;

/// Ports that people ask for.
const PORTS: [u16; 12] = [22, 80, 443, 443, 1433, 3306, 3389, 5432, 6379, 8080, 8443, 9100];

/// How many of 100 queries are of each kind; the rest ends in VPCs that no private way leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    /// Routed, and forecast to be reachable.
    pub reachable: usize,
    /// Routed, and forecast to work for some client ports only (AWS-42).
    pub intermittent: usize,
    /// Routed, and stopped by a group or an ACL for every port, of one family at least.
    pub filtered: usize,
    /// To a public address of another VPC: the answer is not forecast.
    pub internet: usize,
}

impl Default for Shares {
    /// Half routed, a quarter reachable.
    fn default() -> Self {
        Self { reachable: 25, intermittent: 4, filtered: 18, internet: 3 }
    }
}

/// What a query was drawn to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Routed, and reachable.
    Reachable,
    /// Routed, and working for some client ports only.
    Intermittent,
    /// Routed, and stopped by a filter.
    Filtered,
    /// To a public address of another VPC.
    Internet,
    /// To a VPC that no private way leads to.
    Unrouted,
}

/// Whether `source` can reach TCP `port` of `destination`. Shown as on the command line:
/// `eni-… eni-…:443`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Id of an interface of a running instance.
    pub source: String,
    /// Id of an interface of a running instance, a container or a cache.
    pub destination: String,
    /// TCP port.
    pub port: u16,
    /// What it was drawn to be.
    pub kind: Kind,
    /// What IPv4 should answer.
    pub ipv4: Outcome,
    /// What IPv6 should answer, where both ends have an address of it.
    pub ipv6: Option<Outcome>,
}

impl fmt::Display for Query {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}:{}", self.source, self.destination, self.port)
    }
}

/// Draws `count` queries.
pub(super) fn draw(estate: &Estate, count: usize, shares: &Shares, seed: u64) -> Vec<Query> {
    let mut chance = Chance::stream(seed, "queries");
    let ends = Ends::of(estate);
    if ends.sources.is_empty() || ends.vpcs.is_empty() {
        return Vec::new();
    }
    let mut kinds = Vec::new();
    for (kind, share) in [
        (Kind::Reachable, shares.reachable),
        (Kind::Intermittent, shares.intermittent),
        (Kind::Filtered, shares.filtered),
        (Kind::Internet, shares.internet),
    ] {
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
    /// Those of running instances.
    sources: Vec<usize>,
    /// By VPC: those of running instances, of containers and of caches.
    destinations: Vec<Vec<usize>>,
    /// VPCs that have a source.
    vpcs: Vec<usize>,
    /// By VPC: sources.
    sources_by_vpc: Vec<Vec<usize>>,
}

impl Ends {
    fn of(estate: &Estate) -> Self {
        let mut sources = Vec::new();
        let mut sources_by_vpc = vec![Vec::new(); estate.vpcs.len()];
        let mut destinations = vec![Vec::new(); estate.vpcs.len()];
        for (index, interface) in estate.interfaces.iter().enumerate() {
            let vpc = estate.vpc_of(index);
            let running = match interface.owner {
                Owner::Instance(instance, _) => estate.instances[instance].running,
                _ => false,
            };
            if running {
                sources.push(index);
                sources_by_vpc[vpc].push(index);
            }
            if running || matches!(interface.owner, Owner::Task | Owner::Cache) {
                destinations[vpc].push(index);
            }
        }
        let vpcs = (0..estate.vpcs.len()).filter(|&vpc| !sources_by_vpc[vpc].is_empty()).collect();
        Self { sources, destinations, vpcs, sources_by_vpc }
    }

    /// Half of the time any source, so mostly in a large VPC; else any VPC.
    fn source(&self, chance: &mut Chance) -> usize {
        if chance.percent(50) {
            *chance.pick(&self.sources)
        } else {
            let vpc = *chance.pick(&self.vpcs);
            *chance.pick(&self.sources_by_vpc[vpc])
        }
    }

    fn destination(&self, vpc: usize, source: usize, chance: &mut Chance) -> Option<usize> {
        let all = &self.destinations[vpc];
        let destination = if all.is_empty() { source } else { *chance.pick(all) };
        (destination != source).then_some(destination)
    }
}

/// The first draw that is what was wanted, else the last one; none where there is nobody to ask.
fn draw_one(estate: &Estate, ends: &Ends, kind: Kind, chance: &mut Chance) -> Option<Query> {
    let mut last = None;
    for _ in 0..TRIES {
        let source = ends.source(chance);
        let Some(vpc) = draw_vpc(estate, kind, estate.vpc_of(source), chance) else {
            continue;
        };
        let Some(destination) = ends.destination(vpc, source, chance) else {
            continue;
        };
        let port = draw_port(estate, kind, source, destination, chance);
        let (ipv4, ipv6) = forecast::forecast(estate, source, destination, port);
        let all = |wanted: Outcome| ipv4 == wanted && ipv6.is_none_or(|ipv6| ipv6 == wanted);
        let routed = forecast::routed(estate, source, destination);
        let fits = match kind {
            Kind::Reachable => all(Outcome::Reachable),
            Kind::Intermittent => matches!(ipv4, Outcome::Intermittent { .. }),
            Kind::Filtered => {
                routed
                    && (ipv4 == Outcome::Unreachable || ipv6 == Some(Outcome::Unreachable))
                    && ipv6 != Some(Outcome::Unforecast)
            }
            Kind::Internet => ipv4 == Outcome::Unforecast,
            Kind::Unrouted => !routed && all(Outcome::Unreachable),
        };
        let interfaces = &estate.interfaces;
        last = Some(Query {
            source: interfaces[source].id.clone(),
            destination: interfaces[destination].id.clone(),
            port,
            kind,
            ipv4,
            ipv6,
        });
        if fits {
            break;
        }
    }
    last
}

fn draw_vpc(estate: &Estate, kind: Kind, home: usize, chance: &mut Chance) -> Option<usize> {
    let peerings = &estate.vpcs[home].peerings;
    match kind {
        Kind::Reachable | Kind::Intermittent | Kind::Filtered
            if peerings.is_empty() || chance.percent(65) =>
        {
            Some(home)
        }
        Kind::Reachable | Kind::Intermittent | Kind::Filtered => {
            let peering = &estate.peerings[*chance.pick(peerings)];
            peering.is_active().then(|| peering.other(home))
        }
        // Some of the unrouted have a peering, with a route missing.
        Kind::Unrouted if !peerings.is_empty() && chance.percent(20) => {
            Some(estate.peerings[*chance.pick(peerings)].other(home))
        }
        Kind::Internet | Kind::Unrouted => {
            Some(chance.below(estate.vpcs.len())).filter(|&vpc| vpc != home)
        }
    }
}

/// For what is to pass the groups, a port that one of the destination's groups opens to the source.
fn draw_port(
    estate: &Estate,
    kind: Kind,
    source: usize,
    destination: usize,
    chance: &mut Chance,
) -> u16 {
    let (from, to) = (&estate.interfaces[source], &estate.interfaces[destination]);
    let open_wanted = matches!(kind, Kind::Reachable | Kind::Intermittent);
    if !open_wanted && chance.percent(60) {
        return *chance.pick(&PORTS);
    }
    let rules = to.groups.iter().flat_map(|&group| &estate.groups[group].ingress);
    let open: Vec<(i32, i32)> = rules
        .filter(|rule| rule.protocol == "tcp" && forecast::takes(estate, rule, from, to))
        .filter_map(|rule| rule.ports)
        .collect();
    if open.is_empty() {
        return *chance.pick(&PORTS);
    }
    let &(low, high) = chance.pick(&open);
    // Port 0 is nobody's.
    chance.between(low.max(1) as usize, high as usize) as u16
}
