//! Firewalls of hosts: what a host refuses behind its groups, some of it with an answer. AWS's own
//! filters drop in silence, so this is where refusals come from that a client sees.

use cloudfw_core::{Denial, Protocol};
use ipnet::IpNet;

use super::{HostRoute, TCP_PORTS, UDP_PORTS};
use crate::estate::chance::Chance;
use crate::estate::{Estate, Owner};

/// A firewall behind the groups of an interface, for what comes in: what none of its refusals is
/// about passes. No document tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFirewall {
    /// The interface's id.
    pub interface: String,
    /// First match first.
    pub refusals: Vec<Refusal>,
}

/// A line of a host's firewall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The ports that packets are sent to, both included.
    pub ports: (u16, u16),
    /// Where they come from.
    pub from: Option<IpNet>,
    /// What the client is told.
    pub how: Denial,
}

/// Firewalls for a few interfaces, of hosts without routes of their own: here the interface gives
/// the answers, which would go by those routes if the host did.
pub(super) fn draw(
    estate: &Estate,
    host_routes: &[HostRoute],
    chance: &mut Chance,
) -> Vec<HostFirewall> {
    let plain = |owner: Owner| match owner {
        Owner::Instance(instance, _) => estate
            .instances
            .get(instance)
            .is_some_and(|it| host_routes.iter().all(|route| route.host != it.id)),
        _ => false,
    };
    let mut drawn: Vec<HostFirewall> = Vec::new();
    for _ in 0..chance.weighted(&[55, 20, 25]) {
        let interface = chance.pick(&estate.interfaces);
        if plain(interface.owner) && drawn.iter().all(|other| other.interface != interface.id) {
            let refusals = (0..chance.between(2, 4))
                .map(|_| draw_refusal(estate, interface.publics().next().is_some(), chance))
                .collect();
            drawn.push(HostFirewall { interface: interface.id.clone(), refusals });
        }
    }
    drawn
}

/// An ICMP error names the packet that it is about. A border that translates without state leaves
/// that as it is, unlike AWS's, so where somebody may come by a public address nobody answers by
/// ICMP.
fn draw_refusal(estate: &Estate, public: bool, chance: &mut Chance) -> Refusal {
    let (protocol, port) = match chance.percent(70) {
        true => (Protocol::TCP, *chance.pick(&TCP_PORTS)),
        false => (Protocol::UDP, *chance.pick(&UDP_PORTS)),
    };
    let ports = if chance.percent(70) { (port, port) } else { (1, 1023) };
    let from = match chance.weighted(&[60, 30, 10]) {
        0 => None,
        1 => Some(IpNet::V4(chance.pick(&estate.subnets).cidr)),
        _ => Some(super::any_ipv6()),
    };
    let tcp = protocol == Protocol::TCP;
    let how = match chance.weighted(&[40, 30, 30]) {
        0 if tcp => Denial::RejectReset,
        0 | 1 if !public => Denial::RejectPortUnreachable,
        2 if !public => Denial::RejectProhibited,
        _ if tcp => Denial::RejectReset,
        _ => Denial::Drop,
    };
    Refusal { protocol, ports, from, how }
}
