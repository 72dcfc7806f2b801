//! Hosts and their interfaces: a namespace for the host, and one for each interface, where its
//! filters remember flows.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, everything};
use super::index::Index;
use super::ruleset::{self, EARLY, LATE, Place, drop, drop_others};
use super::{Spaces, WiringError, subnet};
use crate::blueprint::{Blueprint, Host, Interface};
use crate::kernel::plan::{Cause, Hook, KernelRoute, Line, MAIN_TABLE, Selector, SpaceId};
use ipnet::IpNet;

/// What the wires are called, in the space of an interface, by which tables send to it.
pub(super) const VIA: &str = "via";
/// The table, in the space of an interface, for what comes by them.
pub(super) const HANDED_ON: u32 = 1;
/// Packets that come in.
const INWARD: &str = "iifname != \"host\"";

/// The table of a host's own routes, by destination.
const BY_DESTINATION: u32 = 100;
/// The table for packets from the first interface's addresses; the others follow.
const BY_SOURCE: u32 = 101;

/// Builds all hosts; gives the namespace of each interface's host.
pub(super) fn put_hosts(
    draft: &mut Draft,
    spaces: &Spaces<'_>,
    index: &Index<'_>,
    blueprint: &Blueprint,
) -> Result<BTreeMap<String, SpaceId>, WiringError> {
    let by_id: BTreeMap<&str, &Interface> =
        blueprint.interfaces.iter().map(|interface| (interface.id.as_str(), interface)).collect();
    let mut placed = BTreeMap::new();
    let mut joined = BTreeSet::new();
    for host in &blueprint.hosts {
        joined.extend(host.interfaces.iter().map(String::as_str));
        let own = host.interfaces.iter().filter_map(|id| by_id.get(id.as_str()).copied());
        put_host(draft, (spaces, index), host, &own.collect::<Vec<_>>(), &mut placed)?;
    }
    for interface in &blueprint.interfaces {
        if joined.contains(interface.id.as_str()) {
            continue;
        }
        let (id, interfaces) = (interface.id.clone(), vec![interface.id.clone()]);
        let host = Host { id, interfaces, routes: Vec::new() };
        put_host(draft, (spaces, index), &host, &[interface], &mut placed)?;
    }
    Ok(placed)
}

fn put_host(
    draft: &mut Draft,
    (spaces, index): (&Spaces<'_>, &Index<'_>),
    host: &Host,
    interfaces: &[&Interface],
    placed: &mut BTreeMap<String, SpaceId>,
) -> Result<(), WiringError> {
    let space = draft.space(format!("host {}", host.id));
    let mut devices: BTreeMap<&str, String> = BTreeMap::new();
    for interface in interfaces {
        let device = draft.device(space, "e");
        put_interface(draft, (spaces, index), interface, (space, &device))?;
        for (address, _) in &interface.addresses {
            draft.at(space).addresses.push((device.clone(), *address));
        }
        devices.insert(&interface.id, device);
        placed.insert(interface.id.clone(), space);
    }
    if !host.routes.is_empty() {
        draft.at(space).selectors.push(Selector {
            device: None,
            source: None,
            table: BY_DESTINATION,
        });
    }
    for (to, id) in &host.routes {
        if let Some(device) = devices.get(id.as_str()) {
            draft.route_in(space, BY_DESTINATION, to.trunc(), device);
        }
    }
    if interfaces.len() > 1 {
        for (interface, table) in interfaces.iter().zip(BY_SOURCE..) {
            if let Some(device) = devices.get(interface.id.as_str()) {
                leave_by_own(draft, space, interface, device, table);
            }
        }
    }
    if let Some(first) = interfaces.first().and_then(|first| devices.get(first.id.as_str())) {
        draft.route_all(space, MAIN_TABLE, first);
    }
    draft.base(space, "replies", (Hook::Postrouting, 0), ruleset::mark_replies());
    Ok(())
}

/// A packet leaves by the interface whose address it carries.
fn leave_by_own(
    draft: &mut Draft,
    space: SpaceId,
    interface: &Interface,
    device: &str,
    table: u32,
) {
    for (address, _) in &interface.addresses {
        let source = Some(IpNet::from(*address));
        draft.at(space).selectors.push(Selector { device: None, source, table });
    }
    for to in everything() {
        let device = device.to_owned();
        draft.at(space).routes.push(KernelRoute { table, to, device });
    }
}

/// The namespace of an interface, between its host (`host`) and its subnet (`net0`).
fn put_interface(
    draft: &mut Draft,
    (spaces, index): (&Spaces<'_>, &Index<'_>),
    interface: &Interface,
    host: (SpaceId, &str),
) -> Result<(), WiringError> {
    let id = interface.id.as_str();
    let Some(space) = spaces.interface(id) else { return Ok(()) };
    draft.wire((space, "host"), host);
    draft.route_all(space, MAIN_TABLE, "net0");
    if let Some(subnet) = spaces.subnet(&interface.subnet) {
        let device = draft.device(subnet, "i");
        draft.wire((space, "net0"), (subnet, &device));
        for (address, _) in &interface.addresses {
            draft.route(subnet, IpNet::from(*address), &device);
        }
        if let Some(of) = index.subnets.get(interface.subnet.as_str()) {
            subnet::put_neighbour(draft, subnet, of, (interface, &device));
        }
    }
    let mut own = Vec::new();
    for (address, _) in &interface.addresses {
        draft.route(space, IpNet::from(*address), "host");
        own.push(IpNet::from(*address));
    }
    let mut early = Vec::new();
    if !interface.up {
        early.push(drop("iifname \"host\"", draft.plain_site(Cause::Down, id, "")));
    }
    if interface.source_check {
        let site = draft.plain_site(Cause::SourceDestinationCheck, id, "");
        early.extend(drop_others("iifname \"host\"", "saddr", &own, site));
    }
    if index.is_appliance(id) {
        early.extend(put_appliance(draft, space, interface, &own));
    }
    draft.base(space, "own", EARLY, early);
    let place = Place {
        space,
        name: "f",
        ingress: INWARD,
        egress: "iifname \"host\"",
        reversed_out: interface.reversed_out,
        remembers: true,
    };
    ruleset::put_filters(draft, &place, &interface.filters)?;
    if interface.filters.iter().any(ruleset::rejects) {
        let own = interface.addresses.iter().map(|(address, _)| *address);
        let mut errors = ruleset::reject_as(own);
        // What refuses a packet answers in the host's stead.
        errors.extend(ruleset::mark_replies());
        draft.base(space, "errors", (Hook::Postrouting, 0), errors);
    }
    if !interface.up {
        let site = draft.plain_site(Cause::Down, id, "");
        draft.base(space, "down", LATE, vec![drop(INWARD, site)]);
    }
    Ok(())
}

/// What tables send to an interface for its host to hand on comes by wires of its own; gives back
/// the lines for what it does not take.
fn put_appliance(
    draft: &mut Draft,
    space: SpaceId,
    interface: &Interface,
    own: &[IpNet],
) -> Vec<Line> {
    let id = interface.id.as_str();
    draft.route_all(space, HANDED_ON, "host");
    let mut lines = Vec::new();
    let mut refuse = |cause| {
        let site = draft.plain_site(cause, id, "");
        lines.extend(drop_others(&format!("iifname \"{VIA}*\""), "daddr", own, site));
    };
    if interface.source_check {
        refuse(Cause::SourceDestinationCheck);
    }
    if !interface.up {
        refuse(Cause::Down);
    }
    lines
}
