//! What Azure does not say, told to both sides alike: a machine that may forward hands on every
//! packet as it came, by its subnet's table (AZ-52); a peering without access carries what rules of
//! users let through (AZ-61); and a security group that meets a reply which it does not remember
//! drops it, or puts it to its rules, by the scenario's seed.
//!
//! What cloudfw says of such a question without being told has to be `unknown`, or what it says
//! when it is.

use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Appliance, Filter, Id, Identity, Network, Passage, RuleList, Tracking, WithoutState,
};

use crate::blueprint::{self, Act, Blueprint};
use crate::fuzz::question::{End, Question};
use crate::kernel::plan::{Cause, Site};
use crate::scenario::Scenario;
use crate::scenario::azure::{Estate, Hop};

/// Whether packets of a question, there or back, are handed on by a machine, or go over a peering
/// without access.
pub(super) fn concerns(estate: &Estate, question: &Question) -> bool {
    let Question { source, destination, .. } = question;
    let leg = |from: &End, to: IpAddr| match from {
        End::Interface { id, .. } => is_settled(estate, id, to),
        End::Outside(_) | End::Unheld { .. } => false,
    };
    leg(source, destination.address()) || leg(destination, source.address())
}

/// Whether it is not Azure that says what becomes of packets from an interface to an address.
fn is_settled(estate: &Estate, from: &str, to: IpAddr) -> bool {
    let Some(from) = estate.find(from) else { return false };
    if let Some(route) = estate.user_route(from, to) {
        return match route.hop {
            Hop::Appliance(it) => estate.interfaces.get(it).is_some_and(|it| it.forwards),
            Hop::None | Hop::Internet | Hop::Local => false,
        };
    }
    let Some(network) = estate.network_of(from) else { return false };
    let mut without = estate.peerings.iter().filter(|peering| peering.access != [true, true]);
    without.any(|peering| {
        let ends = peering.ends.iter().filter(|_| peering.ends.contains(&network));
        let mut there = ends.filter(|end| **end != network);
        there.any(|end| estate.prefixes(*end).iter().any(|net| net.contains(&to)))
    })
}

/// Whether groups drop replies that they do not remember.
fn drops_unknown_replies(scenario: &Scenario) -> bool {
    !scenario.seed.is_multiple_of(4)
}

/// Over core's network.
pub(super) fn over_network(network: &mut Network, scenario: &Scenario, estate: &Estate) {
    let without_state = match drops_unknown_replies(scenario) {
        true => WithoutState::Dropped,
        false => WithoutState::Evaluated,
    };
    for (index, interface) in estate.interfaces.iter().enumerate() {
        if interface.forwards {
            let id = Id::new(estate.interface_id(index).to_lowercase());
            settle(network, &id, without_state);
            let known = Appliance { identity: Identity::Kept, hands_on: true };
            network.appliances.insert(id, known);
        }
    }
    for filter in network.filters.values_mut() {
        let is_doubtful =
            |list: &Arc<RuleList>| list.rules.iter().any(|it| it.matches.doubt.is_some());
        if filter.ingress.iter().chain(&filter.egress).any(is_doubtful) {
            *filter = Arc::new(undoubted(filter));
        }
    }
    for gateway in network.gateways.values_mut() {
        // Nothing else is doubtful of a peering that is drawn here.
        if matches!(gateway.passage, Passage::Link { .. }) {
            gateway.doubts.clear();
        }
    }
}

/// Without the rules of which it is not known what they match: whether `Icmp` is ICMPv6, whether a
/// rule about any protocol and some ports means protocols without them. Nobody asks about those.
fn undoubted(filter: &Filter) -> Filter {
    let without = |lists: &[Arc<RuleList>]| {
        let list = |list: &Arc<RuleList>| {
            let rules = list.rules.iter().filter(|rule| rule.matches.doubt.is_none());
            Arc::new(RuleList { rules: rules.cloned().collect(), label: list.label.clone() })
        };
        lists.iter().map(list).collect()
    };
    let (ingress, egress) = (without(&filter.ingress), without(&filter.egress));
    Filter { ingress, egress, ..filter.clone() }
}

/// Gives an interface filters of its own that say what becomes of replies without state.
fn settle(network: &mut Network, id: &Id<cloudfw_core::Interface>, without_state: WithoutState) {
    let Some(interface) = network.interfaces.get_mut(id) else { return };
    let stack = &mut interface.stack;
    let orders = [Some(&mut stack.filters), stack.egress.as_mut()];
    for filter in orders.into_iter().flatten().flatten() {
        let settled: Id<Filter> = Id::new(format!("{filter} at {id}"));
        if let Some(known) = network.filters.get(filter).cloned() {
            let tracking = Tracking::Stateful { without_state };
            let own = Filter { tracking, ..Filter::clone(&known) };
            network.filters.insert(settled.clone(), Arc::new(own));
            *filter = settled;
        }
    }
}

/// Over a blueprint that was made from documents.
pub(super) fn over_blueprint(blueprint: &mut Blueprint, scenario: &Scenario, estate: &Estate) {
    if !drops_unknown_replies(scenario) {
        return;
    }
    for (index, interface) in estate.interfaces.iter().enumerate() {
        let id = estate.interface_id(index);
        let own = |it: &&mut blueprint::Interface| interface.forwards && it.id == id;
        for interface in blueprint.interfaces.iter_mut().filter(own) {
            for filter in &mut interface.filters {
                filter.tracking = dropping(filter);
            }
        }
    }
}

/// It is the group that drops, and no rule of it.
fn dropping(filter: &blueprint::Filter) -> blueprint::Tracking {
    let list = filter.ingress.iter().find_map(|line| match &line.act {
        Act::AllowBy(site) | Act::Drop(site) => Some(site.list.clone()),
        _ => None,
    });
    blueprint::Tracking::StatefulOrDropped(Site {
        cause: Cause::NoState,
        at: list.unwrap_or_default(),
        list: String::new(),
        direction: None,
        rule: String::new(),
    })
}
