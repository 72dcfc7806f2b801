//! What no document tells, laid over what both sides are made from: routes of hosts, what groups
//! do with replies that they do not remember (AWS says nothing of it), firewalls of hosts.
//!
//! Few questions are touched by any of it: all others are asked as `cloudfw reach` asks them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Direction, Filter, HostRoute, Id, IpSet, Label, Match, Network, Origin, Peer,
    Peers, Place, PortSet, Protocol, Rule, RuleList, ServiceSet, Stack, Tracking, WithoutState,
};

use super::question::{End, Question};
use crate::blueprint::{self, Act, Blueprint, Line};
use crate::estate::{Interface, Owner};
use crate::kernel::plan::{Cause, Site};
use crate::scenario::Scenario;
use crate::scenario::firewalls::{HostFirewall, Refusal};

mod azure;

/// Whether more than the documents tell touches a question: the sender or the answerer has a route
/// that takes its packets out by another interface, or what is dialled has a firewall.
pub(super) fn concerns(scenario: &Scenario, question: &Question) -> bool {
    if let Some(estate) = &scenario.azure {
        return azure::concerns(estate, question);
    }
    let Question { source, destination, .. } = question;
    let guarded = |end: &End| match end {
        End::Interface { id, .. } => scenario.firewalls.iter().any(|it| it.interface == *id),
        End::Outside(_) | End::Unheld { .. } => false,
    };
    guarded(destination)
        || is_led_astray(scenario, source, &[destination.address()])
        || is_led_astray(scenario, destination, &callers(scenario, source))
}

/// Whether the host of an end has a route to one of these by another of its interfaces.
fn is_led_astray(scenario: &Scenario, end: &End, to: &[IpAddr]) -> bool {
    let End::Interface { id, .. } = end else { return false };
    let siblings = siblings(scenario, id);
    let others = scenario.host_routes.iter().filter(|route| route.by != *id);
    let mut own = others.filter(|route| siblings.contains(&route.by.as_str()));
    own.any(|route| to.iter().any(|to| route.to.contains(to)))
}

/// The addresses that a client may be answered at: its own, its public one, and those of all NAT
/// gateways.
fn callers(scenario: &Scenario, client: &End) -> Vec<IpAddr> {
    let own = client.address();
    let is_client = |it: &Interface| matches!(client, End::Interface { id, .. } if it.id == *id);
    let of_gateway = |it: &Interface| matches!(it.owner, Owner::NatGateway(_));
    let mut callers = vec![own];
    for interface in scenario.estate.interfaces.iter().filter(|_| own.is_ipv4()) {
        if is_client(interface) || of_gateway(interface) {
            callers.extend(interface.publics().map(|(_, public)| IpAddr::V4(public.address)));
        }
        if of_gateway(interface) {
            callers.extend(interface.addresses.iter().map(|own| IpAddr::V4(*own)));
        }
    }
    callers
}

/// The ids of all interfaces of the host that has this one.
fn siblings<'s>(scenario: &'s Scenario, id: &str) -> Vec<&'s str> {
    let interfaces = &scenario.estate.interfaces;
    let host = |owner: Owner| match owner {
        Owner::Instance(instance, _) => Some(instance),
        _ => None,
    };
    let own = interfaces.iter().find(|interface| interface.id == id).and_then(|it| host(it.owner));
    let is_sibling = |owner: Owner| own.is_some() && host(owner) == own;
    let found = interfaces.iter().filter(|it| it.id == id || is_sibling(it.owner));
    found.map(|interface| interface.id.as_str()).collect()
}

/// Whether groups of hosts with routes of their own drop replies that they do not remember; else
/// these are checked like any packet.
fn drops_unknown_replies(scenario: &Scenario) -> bool {
    scenario.seed % 2 == 1
}

/// Over core's network.
pub(super) fn over_network(network: &mut Network, scenario: &Scenario) {
    if let Some(estate) = &scenario.azure {
        return azure::over_network(network, scenario, estate);
    }
    let without_state = match drops_unknown_replies(scenario) {
        true => WithoutState::Dropped,
        false => WithoutState::Evaluated,
    };
    for route in &scenario.host_routes {
        let Some(host) = network.hosts.get_mut(route.host.as_str()) else { continue };
        host.routes.push(HostRoute { to: route.to, by: Id::new(route.by.as_str()) });
        for id in host.interfaces.clone() {
            settle(network, &id, without_state);
        }
    }
    for firewall in &scenario.firewalls {
        let Some(interface) = network.interfaces.get_mut(firewall.interface.as_str()) else {
            continue;
        };
        let id: Id<Filter> = Id::new(format!("the firewall of {}", firewall.interface));
        interface.stack.filters.push(id.clone());
        network.filters.insert(id, Arc::new(firewall_filter(firewall, without_state)));
    }
}

/// Gives an interface filters of its own that say what becomes of replies without state. They are
/// called by its name, which is what core calls such a place.
fn settle(network: &mut Network, id: &Id<cloudfw_core::Interface>, without_state: WithoutState) {
    let Some(interface) = network.interfaces.get_mut(id) else { return };
    let mut own = Vec::new();
    for filter in &interface.stack.filters {
        let settled: Id<Filter> = Id::new(format!("{filter} at {id}"));
        let Some(filter) = network.filters.get(filter) else { continue };
        let tracking = match filter.tracking {
            Tracking::Stateless => Tracking::Stateless,
            Tracking::Stateful { .. } => Tracking::Stateful { without_state },
        };
        let label = Label { id: interface.label.id.clone(), ..filter.label.clone() };
        own.push((settled, Arc::new(Filter { tracking, label, ..Filter::clone(filter) })));
    }
    // Of a host with two routes, once.
    if interface.stack.filters.iter().any(|filter| filter.as_str().ends_with(&format!(" at {id}")))
    {
        return;
    }
    interface.stack = Stack::of(own.iter().map(|(id, _)| id.clone()).collect());
    network.filters.extend(own);
}

fn firewall_filter(firewall: &HostFirewall, without_state: WithoutState) -> Filter {
    let origin = Origin { document: "".into(), place: Place::Implied("the host") };
    let label = Label {
        id: firewall.interface.as_str().into(),
        name: None,
        kind: "host-firewall",
        scope: "".into(),
        origin: origin.clone(),
    };
    let rule = |id: &str, matches: Match, action: Action| Rule {
        id: id.into(),
        matches,
        action,
        origin: origin.clone(),
    };
    let refuse = |(place, refusal): (usize, &Refusal)| {
        rule(&number(place), matched(refusal), Action::Deny(refusal.how))
    };
    let rest = || rule("", Match::any(), Action::Allow);
    let list = |rules: Vec<Rule>| vec![Arc::new(RuleList { label: label.clone(), rules })];
    let refusals = firewall.refusals.iter().enumerate().map(refuse);
    Filter {
        tracking: Tracking::Stateful { without_state },
        ingress: list(refusals.chain([rest()]).collect()),
        egress: list(vec![rest()]),
        chains: BTreeMap::new(),
        label: label.clone(),
    }
}

fn matched(refusal: &Refusal) -> Match {
    let (low, high) = refusal.ports;
    let to = PortSet::range(low, high);
    let mut matches = Match::services(ServiceSet::ports(refusal.protocol, PortSet::full(), to));
    if let Some(from) = refusal.from {
        matches.sources = Peers::Of(vec![Peer::addresses(IpSet::from(from))]);
    }
    matches
}

/// Lines of a host's firewall are called by their places, from one on.
fn number(place: usize) -> String {
    (place + 1).to_string()
}

/// Over a blueprint that was made from documents.
pub(super) fn over_blueprint(blueprint: &mut Blueprint, scenario: &Scenario) {
    if let Some(estate) = &scenario.azure {
        return azure::over_blueprint(blueprint, scenario, estate);
    }
    for route in &scenario.host_routes {
        for host in blueprint.hosts.iter_mut().filter(|host| host.id == route.host) {
            host.routes.push((route.to, route.by.clone()));
        }
        let siblings = siblings(scenario, &route.by);
        let own = |id: &str| drops_unknown_replies(scenario) && siblings.contains(&id);
        for interface in blueprint.interfaces.iter_mut().filter(|it| own(&it.id)) {
            for filter in &mut interface.filters {
                if matches!(filter.tracking, blueprint::Tracking::Stateful) {
                    filter.tracking = dropping(&interface.id);
                }
            }
        }
    }
    for firewall in &scenario.firewalls {
        for interface in blueprint.interfaces.iter_mut().filter(|it| it.id == firewall.interface) {
            let tracking = match drops_unknown_replies(scenario) {
                true => dropping(&interface.id),
                false => blueprint::Tracking::Stateful,
            };
            let mut ingress: Vec<Line> = Vec::new();
            for (place, refusal) in firewall.refusals.iter().enumerate() {
                ingress.push(line(firewall, place, refusal));
            }
            let rest = || Line { matches: String::new(), act: Act::Allow };
            ingress.push(rest());
            let (egress, chains) = (vec![rest()], Vec::new());
            interface.filters.push(blueprint::Filter { tracking, ingress, egress, chains });
        }
    }
}

fn dropping(interface: &str) -> blueprint::Tracking {
    blueprint::Tracking::StatefulOrDropped(Site {
        cause: Cause::NoState,
        at: interface.to_owned(),
        list: String::new(),
        direction: None,
        rule: String::new(),
    })
}

fn line(firewall: &HostFirewall, place: usize, refusal: &Refusal) -> Line {
    let Refusal { protocol, ports: (low, high), from, how } = refusal;
    let protocol = if *protocol == Protocol::TCP { "tcp" } else { "udp" };
    let from = from.map_or(String::new(), |net| {
        let family = if net.addr().is_ipv4() { "ip" } else { "ip6" };
        format!("{family} saddr {net} ")
    });
    let site = Site {
        cause: Cause::Stateful,
        at: firewall.interface.clone(),
        list: String::new(),
        direction: Some(Direction::Ingress),
        rule: number(place),
    };
    let act = match how {
        Denial::Drop => Act::Drop(site),
        Denial::RejectReset => Act::Reject(site, "reject with tcp reset"),
        Denial::RejectPortUnreachable => Act::Reject(site, "reject with icmpx port-unreachable"),
        Denial::RejectProhibited => Act::Reject(site, "reject with icmpx admin-prohibited"),
    };
    Line { matches: format!("{from}{protocol} dport {low}-{high}"), act }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::chance::Chance;
    use crate::fuzz::question::{self, Ports};
    use crate::fuzz::{Oracle, Predicted};

    #[test]
    fn questions_that_the_overlay_does_not_touch_are_answered_alike_without_it() {
        let (mut asked, mut touched) = (0, 0);
        for seed in 0..25 {
            let scenario = Scenario::draw(seed);
            let mut chance = Chance::stream(seed, "questions");
            let questions = question::draw(&scenario, 60, &mut Ports::new(), &mut chance);
            let predicted = Oracle::open(&scenario).unwrap().predict(&questions);
            let bare = Scenario { host_routes: Vec::new(), firewalls: Vec::new(), ..scenario };
            let same = Oracle::open(&bare).unwrap().predict(&questions);
            asked += questions.len();
            touched += predicted.iter().filter(|predicted| predicted.overlaid).count();
            let others = |it: &(&Predicted, &Predicted)| !it.0.overlaid;
            for (one, other) in predicted.iter().zip(&same).filter(others) {
                assert_eq!(one, other, "seed {seed}");
            }
        }
        assert!(touched * 2 < asked, "{touched} of {asked}");
        assert!(touched * 20 > asked, "{touched} of {asked}");
    }

    #[test]
    fn filters_of_hosts_without_routes_keep_their_doubts() {
        let mut scenarios = (0..40).map(Scenario::draw);
        let scenario = scenarios.find(|scenario| scenario.host_routes.len() == 1).unwrap();
        let oracle = Oracle::open(&scenario).unwrap();
        let network = oracle.network();
        let host = siblings(&scenario, &scenario.host_routes[0].by);
        for (id, interface) in &network.interfaces {
            let filters = interface.stack.filters.iter().filter_map(|id| network.filters.get(id));
            for filter in filters.filter(|filter| filter.label.kind == "security-group") {
                let doubt = Tracking::Stateful { without_state: WithoutState::Unknown };
                assert_eq!(filter.tracking != doubt, host.contains(&id.as_str()), "{id}");
            }
        }
    }
}
