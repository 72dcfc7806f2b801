//! What the kernel is asked to build: namespaces, the wires between them, and their rulesets.
//!
//! A plan knows nothing of clouds. Every line that can stop a packet has a [`Site`], so that a
//! probe that is lost tells which line took it; and so may lines that let packets pass.

use std::fmt;
use std::net::IpAddr;

use cloudfw_core::Direction;
use ipnet::IpNet;

/// Namespaces and the wires between them.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The namespaces; a [`SpaceId`] is a place in this list.
    pub spaces: Vec<Space>,
    /// The wires.
    pub wires: Vec<Wire>,
    /// The places where a packet can end; a [`SiteId`] is a place in this list.
    pub sites: Vec<Site>,
}

/// A namespace of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceId(pub usize);

/// A place where a packet can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteId(pub u32);

/// A network namespace.
#[derive(Clone, Debug, Default)]
pub struct Space {
    /// For people: `host i-web`, `subnet subnet-a`.
    pub name: String,
    /// The addresses that it answers at, each on a device of this namespace or on `lo`. A
    /// namespace that rejects IPv6 packets needs an IPv6 address, or its answers are not sent.
    pub addresses: Vec<(String, IpAddr)>,
    /// Its routes.
    pub routes: Vec<KernelRoute>,
    /// Which packets are routed by another table than the main one, first match first.
    pub selectors: Vec<Selector>,
    /// Its nftables chains.
    pub chains: Vec<Chain>,
}

/// A point-to-point link without neighbours: what is sent into one end comes out of the other.
/// Both ends may be in one namespace: a sink for routes that lead nowhere.
#[derive(Clone, Debug)]
pub struct Wire {
    /// The ends: namespace and name of the device there (at most 15 bytes, its own in that
    /// namespace).
    pub ends: [(SpaceId, String); 2],
}

/// A route of the kernel: unicast, out of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelRoute {
    /// [`MAIN_TABLE`], or one that a selector names.
    pub table: u32,
    /// The destinations.
    pub to: IpNet,
    /// The device.
    pub device: String,
}

/// The table that packets without a selector are routed by.
pub const MAIN_TABLE: u32 = 254;

/// Packets of a kind, and the table that they are routed by (`ip rule`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Only packets that came in by this device.
    pub device: Option<String>,
    /// Only packets from here.
    pub source: Option<IpNet>,
    /// The table.
    pub table: u32,
}

/// A chain of nftables in the table `inet lab`.
#[derive(Clone, Debug)]
pub struct Chain {
    /// What jumps call it; for a base chain any name of its own.
    pub name: String,
    /// Where the kernel calls it and how early; a chain without one is only jumped to.
    pub hook: Option<(Hook, i32)>,
    /// `filter`, or `nat` for chains whose lines set up translations.
    pub kind: ChainKind,
    /// Its lines, in order; at the end a base chain accepts, another returns.
    pub lines: Vec<Line>,
}

/// The kinds of chains that are used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainKind {
    /// `type filter`.
    Filter,
    /// `type nat`: sees the first packet of a connection.
    Nat,
}

/// Where a base chain is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// Every packet that comes in.
    Prerouting,
    /// Packets that are passed on.
    Forward,
    /// Packets that leave.
    Postrouting,
}

/// A line of a chain.
#[derive(Clone, Debug)]
pub struct Line {
    /// Matches in the words of nft (`ip saddr 10.0.0.0/8 tcp dport 22`); empty for all packets.
    pub matches: String,
    /// What happens to them.
    pub act: Act,
}

/// What a line does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Ends this base chain; later hooks still see the packet.
    Accept,
    /// The same, and writes the packet down.
    AcceptAt(SiteId),
    /// Ends the packet, and writes it down.
    Drop(SiteId),
    /// Ends the packet with an answer in nft's words (`reject with tcp reset`), and writes it
    /// down.
    Reject(SiteId, &'static str),
    /// Statements that do not end the chain (`notrack`, `ip daddr set 10.0.0.5`), or that set up
    /// a translation (`snat to 10.0.0.9`).
    Do(String),
    /// Calls a chain and comes back.
    Jump(String),
    /// Goes to a chain and does not come back.
    Goto(String),
    /// Back to the caller.
    Return,
}

/// A place where a packet can end: enough to compare it with the step that `cloudfw reach` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Why it ends here.
    pub cause: Cause,
    /// The vendor's id of the place where it ends: an interface (its groups, its source/dest
    /// check), a subnet (its ACL), a route table, a gateway, a router.
    pub at: String,
    /// For stateless filters, the id of the list: one ACL may stand at several subnets.
    pub list: String,
    /// For filters, which way the packet was going.
    pub direction: Option<Direction>,
    /// For filters, the number or id of the rule; empty where no rule allows it. For routes, the
    /// prefix.
    pub rule: String,
}

/// Why a packet ends somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A rule of a stateless filter (a network ACL).
    Stateless,
    /// A stateful filter (the groups of an interface) lets nothing of the kind pass.
    Stateful,
    /// A stateful filter has no memory of the flow and drops what it does not remember.
    NoState,
    /// No route matches.
    NoRoute,
    /// The winning route's target is gone.
    Blackhole,
    /// A gateway carries nothing (a deleted peering, Block Public Access is a filter).
    Closed,
    /// A gateway does not carry this protocol, family or destination.
    NotCarried,
    /// The outside may not open flows here.
    OutwardOnly,
    /// The inside address has no public one.
    NoPublicAddress,
    /// A link carries only the addresses of its two ends.
    NotTransitive,
    /// An interface sends and takes only its own addresses.
    SourceDestinationCheck,
    /// The address is a gateway's, which takes no connections.
    NotAnEndpoint,
    /// Nobody holds the address.
    Unheld,
    /// What is behind the interface does not run.
    Down,
    /// The address is known outside, but no gateway leads to it.
    NoGateway,
    /// The gateway has no state for this reply.
    NoTranslation,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.cause, self.at)?;
        if let Some(direction) = self.direction {
            write!(f, " {direction}")?;
        }
        if !self.rule.is_empty() {
            write!(f, " {}", self.rule)?;
        }
        Ok(())
    }
}
