//! What is asked about a scenario of Azure.

use std::net::IpAddr;

use super::{ANY, CLOSED, End, LINUX, Ports, Question, WINDOWS};
use crate::estate::chance::Chance;
use crate::kernel::probe::Ask;
use crate::scenario::azure::{Estate, Hop, Interface};
use crate::scenario::{Scenario, TCP_PORTS, UDP_PORTS};

/// Draws one question.
///
/// What is never asked, and why: as of AWS ([`super::draw`]); an echo by IPv6, and, where a rule
/// about any protocol has ports, any echo (whether such rules mean it, Azure does not say); by
/// IPv6 anything from or to the outside (addresses here are private).
pub(super) fn draw_one(
    scenario: &Scenario,
    estate: &Estate,
    ports: &mut Ports,
    chance: &mut Chance,
) -> Option<Question> {
    let ipv6 = chance.percent(20);
    let outside = |chance: &mut Chance| End::Outside(*chance.pick(&scenario.outside));
    let (source, destination) = match chance.weighted(&[74, 10, 13, 3]) {
        0 => between(estate, ipv6, chance)?,
        1 => {
            let from = draw_interface(estate, false, chance)?;
            // Without a public address nobody gets out: seldom of interest.
            let has_way = estate.interfaces.get(from)?.public.is_some() || chance.percent(12);
            let from = has_way.then(|| own(estate, from, false, chance))??;
            (from, outside(chance))
        }
        2 => {
            let to = draw_interface(estate, false, chance)?;
            let from = outside(chance);
            let dialled = public(estate, to);
            let known = chance.percent(15);
            let private =
                || own(estate, to, false, chance).filter(|it| known && is_unique(estate, it));
            (from, dialled.or_else(private)?)
        }
        _ => {
            let from = draw_interface(estate, ipv6, chance)?;
            (own(estate, from, ipv6, chance)?, unheld(estate, from, ipv6, chance)?)
        }
    };
    let is_ipv6 = destination.address().is_ipv6();
    // A reset that passes a namespace twice finds no flow there the second time.
    let closed = chance.percent(4) && !is_handed_on(estate, &source, &destination);
    let ask = match chance.weighted(&[62, 23, 15]) {
        // The refusal of a datagram comes back as ICMP, of which nothing is said.
        _ if closed => Ask::Tcp(CLOSED),
        1 => Ask::Udp(*chance.pick(&UDP_PORTS)),
        2 if !is_ipv6 && !estate.ports_of_any => Ask::Echo,
        _ => Ask::Tcp(*chance.pick(&TCP_PORTS)),
    };
    let (recorded, port) = draw_port(estate, &source, ports, chance);
    Some(Question { source, destination, ask, port, recorded, closed })
}

/// Whether a machine hands on what goes from one end to the other, or back.
fn is_handed_on(estate: &Estate, source: &End, destination: &End) -> bool {
    let leg = |from: &End, to: IpAddr| {
        let End::Interface { id, .. } = from else { return false };
        let route = estate.find(id).and_then(|from| estate.user_route(from, to));
        route.is_some_and(|route| matches!(route.hop, Hop::Appliance(_)))
    };
    leg(source, destination.address()) || leg(destination, source.address())
}

/// The client's port, often one at the end of a range that some rule has.
fn draw_port(estate: &Estate, source: &End, ports: &mut Ports, chance: &mut Chance) -> (bool, u16) {
    let system = match find(estate, source) {
        Some(interface) if interface.windows => WINDOWS,
        Some(_) => LINUX,
        None => ANY,
    };
    let recorded = chance.percent(15);
    let (low, high) = match recorded {
        true => system,
        false if chance.percent(75) => LINUX,
        false => ANY,
    };
    let rules = estate.groups.iter().flat_map(|group| &group.rules);
    let edges = rules.flat_map(|rule| &rule.source_ports);
    let edges = edges.flat_map(|&(from, to)| [from - 1, from, to, to.saturating_add(1)]);
    let edges: Vec<u16> = edges.filter(|port| (low..=high).contains(port)).collect();
    if !edges.is_empty() && chance.percent(20) {
        let edge = *chance.pick(&edges);
        if ports.take(edge) {
            return (recorded, edge);
        }
    }
    (recorded, ports.draw(low, high, chance))
}

/// Two interfaces: of one subnet, of one network, of two that are peered, or, by a public address,
/// of any.
fn between(estate: &Estate, ipv6: bool, chance: &mut Chance) -> Option<(End, End)> {
    let from = draw_interface(estate, ipv6, chance)?;
    let here = estate.interfaces.get(from)?;
    let (subnet, network) = (here.subnet, estate.network_of(from)?);
    let all: Vec<usize> = (0..estate.interfaces.len())
        .filter(|&to| estate.interfaces.get(to).is_some_and(|it| it.machine != here.machine))
        .filter(|&to| {
            let there = estate.interfaces.get(to);
            there.is_some_and(|it| {
                (it.ipv6.is_some() || !ipv6) && (it.running || chance.percent(35))
            })
        })
        .collect();
    let of = |near: &dyn Fn(usize) -> bool| -> Vec<usize> {
        all.iter().copied().filter(|&to| near(to)).collect()
    };
    let is_same = |to: usize| estate.interfaces.get(to).is_some_and(|it| it.subnet == subnet);
    let is_near = |to: usize| estate.network_of(to) == Some(network);
    let peered = |to: usize| {
        let there = estate.network_of(to);
        there.is_some_and(|there| estate.peering(network, there).is_some())
    };
    let primary = IpAddr::V4(*here.addresses.first()?);
    let is_answered_elsewhere = |to: usize| match estate.user_route(to, primary) {
        Some(route) => matches!(route.hop, Hop::Appliance(_) | Hop::Internet),
        None => false,
    };
    let candidates = match chance.weighted(&[20, 26, 21, 23, 10]) {
        0 => of(&is_same),
        1 => of(&|to| is_near(to) && !is_same(to)),
        2 => of(&peered),
        3 => of(&is_answered_elsewhere),
        _ => all.clone(),
    };
    if candidates.is_empty() {
        return None;
    }
    let to = *chance.pick(&candidates);
    let near = is_near(to) || peered(to);
    let by_public = if near { 12 } else { 70 };
    let dialled = (!ipv6 && chance.percent(by_public)).then(|| public(estate, to)).flatten();
    let destination = match dialled {
        Some(end) => end,
        // Of a network that nothing leads to: seldom of interest.
        None if !near && !chance.percent(30) => return None,
        None => own(estate, to, ipv6, chance)?,
    };
    let source = own(estate, from, ipv6, chance)?;
    let private = matches!(&destination, End::Interface { dialled: None, .. });
    let known = is_unique(estate, &source) && is_unique(estate, &destination);
    if private && !is_near(to) && !known {
        return None;
    }
    Some((source, destination))
}

/// An interface of a machine that runs, with an address of the family.
fn draw_interface(estate: &Estate, ipv6: bool, chance: &mut Chance) -> Option<usize> {
    let usable = |it: &Interface| it.running && (it.ipv6.is_some() || !ipv6);
    let usable: Vec<usize> = (0..estate.interfaces.len())
        .filter(|&index| estate.interfaces.get(index).is_some_and(usable))
        .collect();
    (!usable.is_empty()).then(|| *chance.pick(&usable))
}

fn own(estate: &Estate, index: usize, ipv6: bool, chance: &mut Chance) -> Option<End> {
    let interface = estate.interfaces.get(index)?;
    let own = match ipv6 {
        true => IpAddr::V6(interface.ipv6?),
        // Only the first address has a public one.
        false if chance.percent(80) => IpAddr::V4(*interface.addresses.first()?),
        false => IpAddr::V4(*chance.pick(&interface.addresses)),
    };
    end(estate, index, own, None)
}

/// An interface by its public address, where it has one.
fn public(estate: &Estate, index: usize) -> Option<End> {
    let interface = estate.interfaces.get(index)?;
    let public = interface.public?.address;
    end(estate, index, IpAddr::V4(*interface.addresses.first()?), Some(IpAddr::V4(public)))
}

fn end(estate: &Estate, index: usize, own: IpAddr, dialled: Option<IpAddr>) -> Option<End> {
    let network = estate.networks.get(estate.network_of(index)?)?;
    Some(End::Interface {
        id: estate.interface_id(index),
        vpc: network.name.clone(),
        own,
        dialled,
        listens: estate.interfaces.get(index)?.running,
    })
}

/// An address that nobody has, in a subnet of the sender's network.
fn unheld(estate: &Estate, from: usize, ipv6: bool, chance: &mut Chance) -> Option<End> {
    let network = estate.network_of(from)?;
    let near: Vec<_> = estate.subnets.iter().filter(|it| it.network == network).collect();
    let subnet = chance.pick(&near);
    let address = match ipv6 {
        true => IpAddr::V6((u128::from(subnet.ipv6?.network()) | 0xffff).into()),
        // The last ones are not handed out.
        false => IpAddr::V4((u32::from(subnet.cidr.network()) + 250).into()),
    };
    Some(End::Unheld { vpc: estate.networks.get(network)?.name.clone(), address })
}

/// Whether nobody else has the address: from elsewhere, who is meant cannot be told.
fn is_unique(estate: &Estate, end: &End) -> bool {
    let has = |interface: &&Interface| match end.address() {
        IpAddr::V4(address) => interface.addresses.contains(&address),
        IpAddr::V6(address) => interface.ipv6 == Some(address),
    };
    estate.interfaces.iter().filter(has).count() == 1
}

fn find<'e>(estate: &'e Estate, end: &End) -> Option<&'e Interface> {
    let End::Interface { id, .. } = end else { return None };
    estate.interfaces.get(estate.find(id)?)
}
