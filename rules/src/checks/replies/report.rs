//! What is said of a gap.

use std::collections::BTreeSet;

use cloudfw_core::{
    Bounds, Client, Direction, Fraction, Interface, IpSet, Label, Network, PortSet, Protocol,
    RuleCite, ServiceSet,
};

use crate::gaps::{Gap, Opened};
use crate::wording::{self, before};
use crate::{Audit, Check, Effect, Effective, Finding, Severity};

/// So many blocks of addresses are named; more are called by the network that they are in.
const MOST_BLOCKS: usize = 4;
/// A gap that fails for fewer than one in so many connections of every client is low.
const SELDOM: u128 = 100;

/// A gap as a finding of a check.
pub(super) fn finding(check: &Check, audit: &Audit<'_>, gap: &Gap) -> Finding {
    let subject = gap.list.clone();
    let mut finding =
        Finding::new(check.id, severity(gap), subject, message(gap), advice(audit.network(), gap));
    finding.source = match &gap.opened {
        Opened::Inward(name) | Opened::Outward(name) => Some(name.clone()),
        Opened::Inside => None,
    };
    finding.rules = gap.dropped_by.iter().chain(&gap.entries).cloned().collect();
    finding.services = gap.services();
    let interfaces = &audit.network().interfaces;
    let affected = gap.affected.iter().filter_map(|id| interfaces.get(id));
    finding.affected = affected.map(|interface: &Interface| interface.label.clone()).collect();
    finding.question.clone_from(&gap.question);
    finding.trace.clone_from(&gap.trace);
    finding.witness = gap.witness;
    finding.notes = notes(gap);
    finding.unknowns.clone_from(&gap.unknowns);
    if !gap.is_proved() {
        finding.effect = Some(Effect { effective: Effective::Unknown, literal: false });
    }
    finding.controls = check.controls.iter().copied().collect();
    finding
}

/// All replies or a fair part of them: medium. What is not proved, and what hardly anybody will
/// ever meet: low.
fn severity(gap: &Gap) -> Severity {
    let often = |(_, failing): &(Client, Bounds<Fraction>)| {
        let Fraction { part, whole } = failing.at_least;
        part.saturating_mul(SELDOM) >= whole && part > 0
    };
    let seldom = gap.wholly.is_empty() && !gap.shares.is_empty() && !gap.shares.iter().any(often);
    if gap.is_proved() && !seldom { Severity::Medium } else { Severity::Low }
}

fn message(gap: &Gap) -> String {
    let list = &gap.list;
    let opened = match &gap.opened {
        Opened::Inward(source) => format!("connections from {source}"),
        Opened::Inside => "connections inside the estate".to_owned(),
        Opened::Outward(source) => format!("connections to {source}"),
    };
    if gap.services().is_empty() {
        return format!("whether {list} loses replies to {opened} is not known");
    }
    if !gap.is_proved() {
        let services = wording::services(&gap.services());
        let way = gap.direction;
        return format!("{list} may drop replies to {opened} ({services}) by its {way} rules");
    }
    let [wholly, partly] = [&gap.wholly, &gap.partly].map(wording::services);
    let ports = wording::ports(&gap.ports);
    let (what, ports) = match (gap.wholly.is_empty(), gap.partly.is_empty()) {
        (false, true) => (format!("the replies to {opened} ({wholly})"), String::new()),
        (true, _) => (
            format!("some of the replies to {opened} ({partly})"),
            format!(" to the ports {ports}"),
        ),
        (false, false) => (
            format!("the replies to {opened} ({wholly}), and some of those of {partly}"),
            format!("; of {partly} those to the ports {ports}"),
        ),
    };
    let direction = gap.direction;
    let cause = match &gap.dropped_by {
        Some(rule) if has_number(rule) => format!("{direction} rule {} stops them", rule.id),
        Some(rule) => format!("`{}` stops them", rule.text),
        None => format!("no {direction} rule lets them through"),
    };
    format!("{list} drops {what}: {cause}{ports}")
}

fn advice(network: &Network, gap: &Gap) -> String {
    let list = &gap.list;
    if gap.services().is_empty() {
        return format!(
            "Ask about the flows that matter over {list} one by one (`cloudfw reach`)."
        );
    }
    let toward = match gap.direction {
        Direction::Egress => "to",
        Direction::Ingress => "from",
    };
    let replies = replies(gap);
    let far = far(network, gap);
    let place = match &gap.dropped_by {
        Some(rule) if has_number(rule) => format!(", {}", before(&rule.id)),
        _ => String::new(),
    };
    let add = if is_at_a_gateway(network, list) {
        format!("Leave the subnets concerned out of {list} if they are meant: it takes no rules")
    } else {
        format!(
            "Add an {} rule to {list} that allows {replies} {toward} {far}{place}",
            gap.direction
        )
    };
    if gap.is_proved() {
        format!("{add}.")
    } else {
        format!("Find out what is not known; if it loses them: {}.", lowered(&add))
    }
}

/// Whether a list stands at gateways, where the platform blocks, and is nothing that people edit.
fn is_at_a_gateway(network: &Network, list: &Label) -> bool {
    let filters = network.gateways.values().flat_map(|gateway| &gateway.stack.filters);
    let mut filters = filters.filter_map(|id| network.filters.get(id));
    filters.any(|filter| {
        let mut lists = filter.ingress.iter().chain(&filter.egress);
        lists.any(|own| own.label == *list)
    })
}

/// Whether people can find a rule by its number: `?` stands for one that is not known.
fn has_number(rule: &RuleCite) -> bool {
    !["", "?"].contains(&&*rule.id)
}

fn lowered(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// The replies that have to pass: `tcp 1024-65535`.
fn replies(gap: &Gap) -> String {
    let any = Client::any().ports;
    let client = match (&gap.opened, gap.shares.as_slice()) {
        (Opened::Inward(_), _) | (_, []) => any,
        (_, [(client, _), ..]) if gap.ports.is_subset(&client.ports) => client.ports.clone(),
        _ => any,
    };
    let mut replies = ServiceSet::empty();
    for protocol in gap.services().protocols() {
        let reply = if protocol.has_ports() {
            ServiceSet::ports(protocol, PortSet::full(), client.clone())
        } else if protocol == Protocol::ICMP {
            ServiceSet::icmp(protocol, Some(0), None)
        } else if protocol == Protocol::ICMPV6 {
            ServiceSet::icmp(protocol, Some(129), None)
        } else {
            ServiceSet::all_of(protocol)
        };
        replies = replies.union(&reply);
    }
    wording::services(&replies)
}

/// The far end of the replies, where the list stands: the client, or the server outside.
fn far(network: &Network, gap: &Gap) -> String {
    let mut far = match gap.direction {
        Direction::Egress => gap.peers.clone(),
        Direction::Ingress => gap.senders.clone(),
    };
    if gap.opened == Opened::Inside {
        // Whole subnets: the next interface in one of them will want its replies too.
        let subnets = network.subnets.values().map(|subnet| &subnet.addresses);
        let met = IpSet::union_of(subnets.filter(|addresses| addresses.intersects(&far)));
        far = if far.v6().is_empty() { met.only_v4() } else { met };
    }
    let blocks = far.nets();
    if (1..=MOST_BLOCKS).contains(&blocks.len()) {
        return blocks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    }
    match &gap.opened {
        Opened::Inward(source) | Opened::Outward(source) => format!("{source} ({})", any(&far)),
        Opened::Inside => "the other subnets of the estate".to_owned(),
    }
}

/// The families of some addresses, as whole.
fn any(addresses: &IpSet) -> &'static str {
    match (addresses.v4().is_empty(), addresses.v6().is_empty()) {
        (false, true) => "0.0.0.0/0",
        (true, false) => "::/0",
        _ => "0.0.0.0/0 and ::/0",
    }
}

fn notes(gap: &Gap) -> Vec<String> {
    let mut notes = Vec::new();
    if let (Some(witness), false) = (&gap.witness, gap.shares.is_empty()) {
        let shares: Vec<String> = gap.shares.iter().map(share).collect();
        let what = cloudfw_core::Flow::to_string(witness);
        notes.push(format!("share of connections that fail, as of {what}: {}", shares.join(", ")));
    }
    if !gap.entries.is_empty() {
        let entries: BTreeSet<&str> = gap.entries.iter().map(|rule| &*rule.text).collect();
        let entries: Vec<&str> = entries.into_iter().collect();
        notes.push(format!("let through there by {}", entries.join("; ")));
    }
    notes
}

/// `Linux 16384/28232 (58 %)`.
fn share((client, failing): &(Client, Bounds<Fraction>)) -> String {
    let name = match &*client.kind {
        "linux" => "Linux",
        "windows" => "Windows",
        "any" => "anybody",
        kind => kind,
    };
    let percent = |share: &Fraction| format!("{:.0} %", share.ratio() * 100.0);
    let Bounds { at_least, at_most } = failing;
    if at_least == at_most {
        return match at_least.part {
            0 => format!("{name} {at_least}"),
            _ => format!("{name} {at_least} ({})", percent(at_least)),
        };
    }
    format!("{name} {at_least} to {at_most} ({} to {})", percent(at_least), percent(at_most))
}

/// `network ACL acl-1 (web)`.
pub(super) fn thing(label: &Label) -> String {
    format!("{} {label}", label.kind.replace('-', " "))
}

#[cfg(test)]
mod tests;
