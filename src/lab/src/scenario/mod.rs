//! Small random estates, as the documents that `aws ec2 describe-*` or `az` print: few of everything,
//! so that what is drawn meets: rules that overlap, ranges that end in the middle, routes that lead
//! one way only.
//!
//! The values and their printing are those of the generated [estates](crate::estate); what is
//! drawn here is what makes packets pass and fail at every place.

#![expect(
    clippy::indexing_slicing,
    reason = "indices are made by this module, for lists that only ever grow"
)]

mod acls;
pub mod azure;
pub mod firewalls;
mod groups;
mod hosts;
mod networks;
mod routes;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde_json::Value;

use crate::estate::Estate;
use crate::estate::chance::Chance;
use firewalls::HostFirewall;

/// A cloud that scenarios are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon's.
    #[default]
    Aws,
    /// Microsoft's.
    Azure,
}

/// A small estate, and who asks from outside.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    /// What it was drawn from.
    pub seed: u64,
    /// The estate of AWS; empty in a scenario of another cloud.
    pub estate: Estate,
    /// The estate of Azure, where it is one.
    pub azure: Option<azure::Estate>,
    /// The documents: name, and content.
    pub documents: Vec<(String, Value)>,
    /// Hosts that answer by another interface than they were asked at. No document tells this.
    pub host_routes: Vec<HostRoute>,
    /// Firewalls of hosts. No document tells this either.
    pub firewalls: Vec<HostFirewall>,
    /// Addresses of the internet that questions come from and go to.
    pub outside: Vec<IpAddr>,
}

/// A route of a host's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRoute {
    /// The instance's id.
    pub host: String,
    /// The destinations.
    pub to: IpNet,
    /// The id of the interface that they leave by.
    pub by: String,
}

/// TCP ports that rules and questions are about.
pub const TCP_PORTS: [u16; 4] = [22, 80, 443, 5432];
/// UDP ports that rules and questions are about.
pub const UDP_PORTS: [u16; 3] = [53, 123, 514];

/// A range of ports that begins or ends at one that is asked about, or one beside it.
fn range(asked: &[u16], chance: &mut Chance) -> (u16, u16) {
    let (one, other) = (*chance.pick(asked), *chance.pick(asked));
    let (from, to) = (one.min(other), one.max(other));
    let low = [1, from, from, from + 1][chance.below(4)];
    let high = [1023.max(to), to, to, to - 1][chance.below(4)];
    if low <= high { (low, high) } else { (from, to) }
}

/// Blocks of the internet that rules name; documentation addresses (RFC 5737, RFC 3849).
const PARTNERS: [([u8; 4], u8); 3] =
    [([198, 51, 100, 0], 24), ([198, 51, 100, 128], 25), ([203, 0, 113, 0], 24)];
const PARTNERS_IPV6: [(u16, u8); 2] = [(0xa, 48), (0xb, 48)];

impl Scenario {
    /// The scenario of this cloud and seed: the same on every machine.
    #[must_use]
    pub fn draw_of(cloud: Cloud, seed: u64) -> Self {
        match cloud {
            Cloud::Aws => Self::draw(seed),
            Cloud::Azure => azure::draw(seed),
        }
    }

    /// The cloud that it is of.
    #[must_use]
    pub fn cloud(&self) -> Cloud {
        if self.azure.is_some() { Cloud::Azure } else { Cloud::Aws }
    }

    /// The scenario of AWS of this seed.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut estate = Estate::default();
        let mut chance = Chance::stream(seed, "scenario");
        estate.accounts.push("111122223333".to_owned());
        networks::draw(&mut estate, &mut chance);
        routes::draw(&mut estate, &mut chance);
        acls::draw(&mut estate, &mut chance);
        groups::draw(&mut estate, &mut chance);
        let host_routes = hosts::draw(&mut estate, &mut chance);
        groups::draw_rules(&mut estate, &mut chance);
        let outside = draw_outside(&mut chance);
        let documents = estate
            .documents_of(0)
            .into_iter()
            .map(|(name, mut value)| {
                disorder(&mut value, &mut chance);
                (name, value)
            })
            .filter(|(_, value)| !is_empty(value))
            .collect();
        // A stream of its own: with or without firewalls, the rest of a scenario is the same.
        let mut chance = Chance::stream(seed, "firewalls");
        let firewalls = firewalls::draw(&estate, &host_routes, &mut chance);
        Self { seed, estate, azure: None, documents, host_routes, firewalls, outside }
    }
}

/// Whether a document is an empty list, or tells of what has nothing to do with packets.
fn is_empty(document: &Value) -> bool {
    let Some(fields) = document.as_object() else { return false };
    let needless = ["Regions", "AvailabilityZones", "DhcpOptions"];
    fields.iter().all(|(key, value)| {
        needless.contains(&key.as_str()) || value.as_array().is_some_and(Vec::is_empty)
    })
}

/// AWS gives no order to what it lists.
fn disorder(value: &mut Value, chance: &mut Chance) {
    match value {
        Value::Array(items) => {
            chance.shuffle(items);
            items.iter_mut().for_each(|item| disorder(item, chance));
        }
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                // The primary address comes first, and so do interfaces by their device.
                if !["PrivateIpAddresses", "NetworkInterfaces", "CidrBlockAssociationSet"]
                    .contains(&key.as_str())
                {
                    disorder(field, chance);
                }
            }
        }
        _ => {}
    }
}

fn draw_outside(chance: &mut Chance) -> Vec<IpAddr> {
    let host = |chance: &mut Chance| chance.between(1, 254) as u8;
    let v4 = [[198, 51, 100, host(chance)], [203, 0, 113, host(chance)], [192, 0, 2, host(chance)]];
    let v6 = [0xa, 0xb, 0xc].map(|block| ipv6_partner(block, chance.bits()));
    let v4 = v4.into_iter().map(|octets| IpAddr::V4(Ipv4Addr::from(octets)));
    v4.chain(v6.into_iter().map(IpAddr::V6)).collect()
}

fn ipv6_partner(block: u16, host: u64) -> Ipv6Addr {
    let bits = (0x2001_0db8_u128 << 96) | (u128::from(block) << 80) | u128::from(host.max(1));
    Ipv6Addr::from(bits)
}

/// A block of the internet that rules name.
fn partner(chance: &mut Chance) -> IpNet {
    let &(octets, length) = chance.pick(&PARTNERS);
    net(IpAddr::V4(Ipv4Addr::from(octets)), length)
}

/// The same of IPv6.
fn partner_ipv6(chance: &mut Chance) -> IpNet {
    let &(block, length) = chance.pick(&PARTNERS_IPV6);
    net(IpAddr::V6(ipv6_partner(block, 1)), length)
}

#[expect(clippy::expect_used, reason = "lengths are this module's own, at most 32 or 128")]
fn net(address: IpAddr, length: u8) -> IpNet {
    IpNet::new(address, length).expect("a length of the family").trunc()
}

/// All of IPv4.
fn any_ipv4() -> IpNet {
    net(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0)
}

/// All of IPv6.
fn any_ipv6() -> IpNet {
    net(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0)
}
