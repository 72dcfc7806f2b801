//! What is sent, and what comes of it.

use std::net::IpAddr;

use cloudfw_core::Leg;

use super::plan::{SiteId, SpaceId};

/// A connection, a datagram or an echo request that a client sends from a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Where the client runs.
    pub source: SpaceId,
    /// The address that it sends from: one of that namespace's own.
    pub from: IpAddr,
    /// Its port, or the identifier of its echo request. No two probes of one raised plan and
    /// protocol have the same: that is how a packet that is found dropped is told apart.
    pub port: u16,
    /// The address that it dials.
    pub to: IpAddr,
    /// What it asks for.
    pub ask: Ask,
    /// Where a listener is opened before it is sent, and at which of that namespace's addresses;
    /// none where nobody is there to listen.
    pub listener: Option<(SpaceId, IpAddr)>,
}

/// What a probe asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    /// A TCP connection to this port.
    Tcp(u16),
    /// A datagram to this port, and one back.
    Udp(u16),
    /// An ICMP or ICMPv6 echo.
    Echo,
}

/// What the client saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// A connection, or an answer.
    Connected,
    /// Nothing, and the kernel knows that nothing will come (or the patience is over).
    TimedOut,
    /// ECONNREFUSED.
    Refused,
    /// EHOSTUNREACH.
    NoRouteToHost,
    /// ENETUNREACH.
    NetworkUnreachable,
    /// EACCES or EPERM.
    PermissionDenied,
    /// Another errno.
    Other(i32),
}

/// What came of a probe, and which lines let its packets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// What came of it.
    pub observed: Observed,
    /// The sites of lines that wrote down that they let a packet of it pass, and on which leg.
    pub passed: Vec<(SiteId, Leg)>,
}

/// What came of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// What the client saw.
    pub outcome: Outcome,
    /// Where its packets ended, and on which leg, in the order of the sites' numbers; empty when
    /// none did.
    pub dropped: Vec<(SiteId, Leg)>,
}
