//! The one-packet evaluator: the internal oracle.
//!
//! It decides what happens to **one** packet, with plain loops over rules, routes and interfaces.
//! It shares no code with the evaluation of sets: a set is asked by comparing numbers with its
//! ranges. Where something is not known it explores every possibility, so that the answer is a
//! set of outcomes.

#![allow(dead_code, reason = "each test takes the part that it needs")]

pub(crate) mod filter;
pub(crate) mod path;

use std::collections::BTreeSet;
use std::net::IpAddr;

use cloudfw_core::{
    Direction, Group, Id, Identity, IpSet, PortSet, RangeSet, Service, ServiceSet, StateSet,
};

/// What may happen to a packet at one filter, stack or trip.
pub(crate) type Outcomes<T> = BTreeSet<T>;

/// What a filter can see of a packet beyond its header.
#[derive(Clone, Debug)]
pub(crate) struct Seen<'a> {
    /// The interface that it comes from: its groups and own addresses.
    pub(crate) source: Option<Member<'a>>,
    /// The interface that it goes to.
    pub(crate) destination: Option<Member<'a>>,
    /// Whether group references see who it is.
    pub(crate) identity: Identity,
    /// Whose own filters are asked: those of the destination coming in, of the source going out.
    pub(crate) near: Option<Direction>,
    /// The connection state of the packet.
    pub(crate) state: StateSet,
}

/// An interface as group references see it.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    /// What it is a member of.
    pub(crate) groups: &'a BTreeSet<Id<Group>>,
    /// Its own addresses.
    pub(crate) addresses: Vec<IpAddr>,
}

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It cannot be said.
    Maybe,
}

impl Holds {
    /// Both.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }

    /// At least one of them.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            _ => Self::Maybe,
        }
    }
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// Whether an address lies in one of the ranges.
pub(crate) fn holds_address(set: &IpSet, address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let number = u32::from(address);
            set.v4().ranges().iter().any(|&(low, high)| low <= number && number <= high)
        }
        IpAddr::V6(address) => {
            let number = u128::from(address);
            set.v6().ranges().iter().any(|&(low, high)| low <= number && number <= high)
        }
    }
}

/// Whether a port lies in one of the ranges.
pub(crate) fn holds_port(set: &PortSet, port: u16) -> bool {
    set.ranges().iter().any(|&(low, high)| low <= port && port <= high)
}

fn holds_byte(set: &RangeSet<u8>, byte: u8) -> bool {
    set.ranges().iter().any(|&(low, high)| low <= byte && byte <= high)
}

/// Whether a service is one of those listed.
pub(crate) fn holds_service(set: &ServiceSet, service: Service) -> bool {
    match service {
        Service::Ports { protocol, source, destination } => {
            set.port_cubes().any(|(protocols, sources, destinations)| {
                protocols.iter().any(|listed| listed == protocol)
                    && holds_port(sources, source)
                    && holds_port(destinations, destination)
            })
        }
        Service::Icmp { protocol, kind, code } => {
            set.icmp_cubes().any(|(protocols, kinds, codes)| {
                protocols.iter().any(|listed| listed == protocol)
                    && holds_byte(kinds, kind)
                    && holds_byte(codes, code)
            })
        }
        Service::Other { protocol } => {
            set.other_protocols().iter().any(|listed| listed == protocol)
        }
    }
}
