//! Rules and routes as they are shown.

use std::collections::BTreeSet;

use cloudfw_core::{
    Destinations, Direction, Filter, IpSet, Label, Match, Network, Peer, Peers, Route, RouteTable,
    Rule, RuleList, Target, Tracking, Unknown,
};

use super::{FilterView, RouteView, RuleView, TableView};
use crate::answer::{Lines, Missing, Owner, missing, owner};

/// So many prefixes of a list or tag are named.
const MOST_PREFIXES: usize = 16;

/// A filter at a place.
pub(super) fn filter(at: &Label, filter: &Filter, network: &Network, lines: &Lines) -> FilterView {
    let rules = |direction| -> Vec<RuleView> {
        let lists = filter.lists(direction).iter();
        lists
            .flat_map(|list| list.rules.iter().map(move |it| (list, it)))
            .map(|(list, it)| rule(list, it, direction, network, lines))
            .collect()
    };
    let lists: BTreeSet<Owner> = [Direction::Ingress, Direction::Egress]
        .into_iter()
        .flat_map(|direction| filter.lists(direction))
        .map(|list| owner(&list.label))
        .collect();
    FilterView {
        at: owner(at),
        lists: lists.into_iter().collect(),
        stateful: matches!(filter.tracking, Tracking::Stateful { .. }),
        ingress: rules(Direction::Ingress),
        egress: rules(Direction::Egress),
    }
}

/// A rule as it is shown.
pub(super) fn rule(
    list: &RuleList,
    rule: &Rule,
    direction: Direction,
    network: &Network,
    lines: &Lines,
) -> RuleView {
    let Match { sources, destinations, services, doubt, .. } = &rule.matches;
    let (other_side, this_side) = match direction {
        Direction::Ingress => (sources, destinations),
        Direction::Egress => (destinations, sources),
    };
    RuleView {
        id: rule.id.to_string(),
        action: rule.action.to_string(),
        services: services.to_string(),
        peers: peers(other_side, network),
        near: (*this_side != Peers::Any).then(|| peers(this_side, network)),
        text: rule.to_string(),
        list: owner(&list.label),
        origin: lines.written(&rule.origin),
        unknown: doubt
            .as_ref()
            .or_else(|| doubt_of(other_side))
            .or_else(|| doubt_of(this_side))
            .map(missing),
    }
}

/// Peers with the names of groups.
fn peers(peers: &Peers, network: &Network) -> String {
    let Peers::Of(list) = peers else { return peers.to_string() };
    let one = |peer: &Peer| match peer {
        Peer::Group(id) => match network.groups.get(id) {
            Some(group) => group.label.to_string(),
            None => format!("{id} (not recorded)"),
        },
        Peer::Addresses { set, via: Some(list) } => format!("{list} ({})", first_of(set)),
        peer => peer.to_string(),
    };
    match list.as_slice() {
        [] => peers.to_string(),
        list => list.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

/// The prefixes that a list or a tag stands for, or the first of many.
fn first_of(set: &IpSet) -> String {
    let nets = set.nets();
    let named: Vec<String> = nets.iter().take(MOST_PREFIXES).map(ToString::to_string).collect();
    match nets.len().saturating_sub(MOST_PREFIXES) {
        0 => set.to_string(),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn doubt_of(peers: &Peers) -> Option<&Unknown> {
    let Peers::Of(list) = peers else { return None };
    list.iter().find_map(|peer| match peer {
        Peer::Unresolved { unknown, .. } => Some(unknown),
        _ => None,
    })
}

/// A route table.
pub(super) fn table(
    table: &RouteTable,
    used_by: Vec<Owner>,
    network: &Network,
    lines: &Lines,
) -> TableView {
    let mut routes: Vec<&Route> = table.routes.iter().collect();
    routes.sort_by(|one, other| order(one).cmp(&order(other)));
    TableView {
        table: owner(&table.label),
        used_by,
        routes: routes.into_iter().map(|it| route(it, network, lines)).collect(),
    }
}

/// IPv4 before IPv6, short prefixes before long ones.
fn order(route: &Route) -> (bool, u8, &str) {
    let first = match &route.destinations {
        Destinations::Prefixes(prefixes) => prefixes.first(),
        Destinations::Unresolved(_) => None,
    };
    let is_v6 = first.is_none_or(|net| net.addr().is_ipv6());
    (is_v6, first.map_or(u8::MAX, ipnet::IpNet::prefix_len), &route.text)
}

fn route(route: &Route, network: &Network, lines: &Lines) -> RouteView {
    let (destinations, unresolved) = match &route.destinations {
        Destinations::Prefixes(prefixes) => {
            let prefixes: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
            (prefixes.join(", "), None)
        }
        Destinations::Unresolved(unknown) => (unknown.what.to_string(), Some(unknown)),
    };
    let (target, resource, lost) = target(&route.target, network);
    RouteView {
        destinations,
        target,
        resource,
        text: route.text.to_string(),
        origin: lines.written(&route.origin),
        unknown: unresolved.map(missing).or(lost),
    }
}

fn target(target: &Target, network: &Network) -> (String, Option<Owner>, Option<Missing>) {
    let not_recorded = |id: &str| Missing {
        what: id.to_owned(),
        why: "not in the recording".to_owned(),
        place: String::new(),
    };
    let found = |id: &str, label: Option<&Label>| match label {
        Some(label) => (label.to_string(), Some(owner(label)), None),
        None => (id.to_owned(), None, Some(not_recorded(id))),
    };
    match target {
        Target::Local => ("local".to_owned(), None, None),
        Target::Blackhole => ("blackhole".to_owned(), None, None),
        Target::Discard => ("none: dropped".to_owned(), None, None),
        Target::Unknown(unknown) => (unknown.what.to_string(), None, Some(missing(unknown))),
        Target::Gateway(id) => {
            found(id.as_str(), network.gateways.get(id).map(|gateway| &gateway.label))
        }
        Target::Interface(id) => {
            found(id.as_str(), network.interfaces.get(id).map(|interface| &interface.label))
        }
    }
}
