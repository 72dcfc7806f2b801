//! Route tables: longest prefix first, then the vendor's preference.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ipnet::IpNet;

use crate::{Gateway, Id, Interface, IpSet, Label, Origin, RangeSet, Unknown};

#[cfg(test)]
mod tests;

/// The routes that packets leaving a subnet, or entering by a gateway, are sent by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTable {
    /// What it is called.
    pub label: Label,
    /// Its routes, in any order.
    pub routes: Vec<Route>,
}

/// A line of a route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The destinations; several for a prefix list.
    pub destinations: Destinations,
    /// Where packets go.
    pub target: Target,
    /// Among equal prefixes the lowest wins (AWS-63).
    pub preference: u8,
    /// Where it is written.
    pub origin: Origin,
    /// The destination and target as the user writes them: `0.0.0.0/0 -> igw-0abc`.
    pub text: Arc<str>,
}

/// What a route is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destinations {
    /// These prefixes.
    Prefixes(Vec<IpNet>),
    /// A list whose entries are not known.
    Unresolved(Unknown),
}

/// Where a route sends packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Inside the router itself.
    Local,
    /// To a gateway.
    Gateway(Id<Gateway>),
    /// To an interface that is expected to forward them (AWS-73).
    Interface(Id<Interface>),
    /// Nowhere: the target is gone (AWS-64).
    Blackhole,
    /// Nowhere, as somebody means it: what it takes is dropped (AZ-52).
    Discard,
    /// It is not known where.
    Unknown(Unknown),
}

/// More winning routes than this are told apart by their targets alone.
const MOST_ROUTES: usize = 64;

/// A route table made ready for lookups: disjoint ranges, each with the route that wins there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fib {
    v4: Vec<(u32, u32, usize)>,
    v6: Vec<(u128, u128, usize)>,
    /// The routes whose prefixes are not known: any of them may win where no local route does.
    unresolved: Vec<usize>,
}

/// What a lookup found for a part of the destinations that were asked about.
pub(crate) struct Found<'a> {
    pub(crate) destinations: IpSet,
    pub(crate) route: Option<&'a Route>,
    /// The unresolved routes of the table that may win instead.
    pub(crate) doubt: Option<&'a Unknown>,
}

impl Fib {
    pub(crate) fn new(table: &RouteTable) -> Self {
        let mut v4 = Vec::new();
        let mut v6 = Vec::new();
        let mut unresolved = Vec::new();
        for (index, route) in table.routes.iter().enumerate() {
            let Destinations::Prefixes(prefixes) = &route.destinations else {
                unresolved.push(index);
                continue;
            };
            for prefix in prefixes {
                let rank = (prefix.prefix_len(), std::cmp::Reverse(route.preference));
                match prefix {
                    IpNet::V4(net) => {
                        v4.push((
                            u32::from(net.network()),
                            u32::from(net.broadcast()),
                            rank,
                            index,
                        ));
                    }
                    IpNet::V6(net) => v6.push((
                        u128::from(net.network()),
                        u128::from(net.broadcast()),
                        rank,
                        index,
                    )),
                }
            }
        }
        Self { v4: flatten(v4), v6: flatten(v6), unresolved }
    }

    /// The routes that win for each part of `asked`.
    pub(crate) fn lookup<'a>(&self, table: &'a RouteTable, asked: &IpSet) -> Vec<Found<'a>> {
        let mut by_route: BTreeMap<usize, Won> = BTreeMap::new();
        for &(low, high) in asked.v4().ranges() {
            for (lo, hi, route) in overlapping(&self.v4, low, high) {
                by_route.entry(route).or_default().0.push((lo, hi));
            }
        }
        for &(low, high) in asked.v6().ranges() {
            for (lo, hi, route) in overlapping(&self.v6, low, high) {
                by_route.entry(route).or_default().1.push((lo, hi));
            }
        }
        if by_route.len() > MOST_ROUTES {
            by_route = join_targets(table, by_route);
        }
        let mut routed: Won = Won::default();
        let mut found = Vec::with_capacity(by_route.len() + 1);
        for (index, won) in by_route {
            routed.0.extend(&won.0);
            routed.1.extend(&won.1);
            let route = table.routes.get(index);
            let doubt = self.doubt(table, route);
            found.push(Found { destinations: set_of(won), route, doubt });
        }
        let rest = asked.difference(&set_of(routed));
        if !rest.is_empty() {
            found.push(Found { destinations: rest, route: None, doubt: self.doubt(table, None) });
        }
        found
    }

    /// A local route cannot lose to a list (AWS-62); any other may.
    fn doubt<'a>(&self, table: &'a RouteTable, won: Option<&Route>) -> Option<&'a Unknown> {
        if won.is_some_and(|route| route.target == Target::Local) {
            return None;
        }
        let first = self.unresolved.first().and_then(|index| table.routes.get(*index))?;
        match &first.destinations {
            Destinations::Unresolved(unknown) => Some(unknown),
            Destinations::Prefixes(_) => None,
        }
    }
}

/// The ranges of each family that a route won.
type Won = (Vec<(u32, u32)>, Vec<(u128, u128)>);

fn set_of((v4, v6): Won) -> IpSet {
    IpSet::from_families(RangeSet::from_ranges(v4), RangeSet::from_ranges(v6))
}

/// Routes with one target as one, cited by the first of them: a set of destinations that meets a
/// list of a hundred thousand prefixes is not asked about a hundred thousand times.
fn join_targets(table: &RouteTable, by_route: BTreeMap<usize, Won>) -> BTreeMap<usize, Won> {
    let mut first: HashMap<(u8, &str), usize> = HashMap::new();
    let mut joined: BTreeMap<usize, Won> = BTreeMap::new();
    for (index, won) in by_route {
        let key = table.routes.get(index).and_then(|route| match &route.target {
            Target::Local => Some((0, "")),
            Target::Blackhole => Some((1, "")),
            Target::Discard => Some((4, "")),
            Target::Gateway(id) => Some((2, id.as_str())),
            Target::Interface(id) => Some((3, id.as_str())),
            Target::Unknown(_) => None,
        });
        let lead = key.map_or(index, |key| *first.entry(key).or_insert(index));
        let whole = joined.entry(lead).or_default();
        whole.0.extend(won.0);
        whole.1.extend(won.1);
    }
    joined
}

type Rank = (u8, std::cmp::Reverse<u8>);

/// Paints prefixes over each other, the longest on top. Prefixes nest or are disjoint, so one
/// sweep with a stack does it in n log n, also for a list of a million entries.
fn flatten<T: crate::Axis>(mut prefixes: Vec<(T, T, Rank, usize)>) -> Vec<(T, T, usize)> {
    // Outer before inner; among equals the winner last, so that it lies on top.
    prefixes.sort_by_key(|&(low, _, rank, index)| (low, rank, std::cmp::Reverse(index)));
    let mut painted: Vec<(T, T, usize)> = Vec::with_capacity(prefixes.len());
    let mut open: Vec<(T, usize)> = Vec::new();
    let mut next: Option<T> = Some(T::MIN);
    let mut paint = |from: Option<T>, to: T, route: usize| {
        if let Some(from) = from.filter(|from| *from <= to) {
            painted.push((from, to, route));
        }
    };
    for (low, high, _, index) in prefixes {
        while let Some(&(end, route)) = open.last() {
            if end >= low {
                break;
            }
            paint(next, end, route);
            next = end.next();
            open.pop();
        }
        if let (Some(&(_, route)), Some(before)) = (open.last(), low.previous()) {
            paint(next, before, route);
        }
        next = Some(low);
        open.push((high, index));
    }
    while let Some((end, route)) = open.pop() {
        paint(next, end, route);
        next = next.and_then(|_| end.next());
    }
    painted
}

/// The painted ranges within `low..=high`, cut to it.
fn overlapping<T: crate::Axis>(
    painted: &[(T, T, usize)],
    low: T,
    high: T,
) -> impl Iterator<Item = (T, T, usize)> + '_ {
    let start = painted.partition_point(|range| range.1 < low);
    painted
        .iter()
        .skip(start)
        .take_while(move |range| range.0 <= high)
        .map(move |&(lo, hi, route)| (lo.max(low), hi.min(high), route))
}
