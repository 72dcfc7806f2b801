//! The one small language that every vendor's rule lists are lowered to.
//!
//! First match wins; vendor defaults are written out as rules. How a filter is evaluated over
//! sets is in [`evaluate`](crate::evaluate).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::{Id, IpSet, Label, Origin, ServiceSet, Unknown};

/// Which way a packet crosses the interface or boundary that a filter guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the guarded interface, subnet or network.
    Ingress,
    /// Out of it.
    Egress,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        })
    }
}

/// An ordered list of rules for each direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// What it is called. A filter merged of several groups carries the name of the whole.
    pub label: Label,
    /// Whether it remembers the flows it let through.
    pub tracking: Tracking,
    /// The rules for packets coming in, lists after lists, in order.
    pub ingress: Vec<Arc<RuleList>>,
    /// The rules for packets going out.
    pub egress: Vec<Arc<RuleList>>,
    /// The chains that `Jump` and `Goto` name.
    pub chains: BTreeMap<Arc<str>, Arc<RuleList>>,
}

impl Filter {
    /// The rule lists of one direction.
    pub fn lists(&self, direction: Direction) -> &[Arc<RuleList>] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}

/// Whether a filter remembers flows, and what it does with a reply it has no memory of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tracking {
    /// Every packet is checked against the rules (AWS-34).
    Stateless,
    /// Replies of flows that it let through in the same tracking domain are excused (0.3).
    Stateful {
        /// What happens to a reply whose opening packet went another way.
        without_state: WithoutState,
    },
}

/// What a stateful filter does with a reply that it has no state for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WithoutState {
    /// Nobody said: the answer is unknown.
    #[default]
    Unknown,
    /// It is checked like the first packet of a flow.
    Evaluated,
    /// It is dropped.
    Dropped,
}

/// Rules of one direction that belong together: a security group, an ACL, a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleList {
    /// The group, ACL, policy or chain that these rules are written in.
    pub label: Label,
    /// The rules, first match first.
    pub rules: Vec<Rule>,
}

/// A line of a firewall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The vendor's number, priority, name or id of it: `110`, `sgr-0abc`, `AllowVnetInBound`;
    /// empty where the recording gives it none.
    pub id: Arc<str>,
    /// Which packets it is about.
    pub matches: Match,
    /// What it does with them.
    pub action: Action,
    /// Where it is written.
    pub origin: Origin,
}

/// Which packets a rule is about: headers × peers × connection state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The source side.
    pub sources: Peers,
    /// The destination side.
    pub destinations: Peers,
    /// Protocols, ports and ICMP types.
    pub services: ServiceSet,
    /// The connection states it applies to; clouds leave it at all.
    pub states: StateSet,
    /// Set when the rule may match less than the fields above say: what decides is not known.
    pub doubt: Option<Unknown>,
}

impl Match {
    /// Everything.
    pub fn any() -> Self {
        Self::services(ServiceSet::full())
    }

    /// These services between any addresses.
    pub fn services(services: ServiceSet) -> Self {
        Self {
            sources: Peers::Any,
            destinations: Peers::Any,
            services,
            states: StateSet::ALL,
            doubt: None,
        }
    }
}

/// One side of a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peers {
    /// Any address of either family.
    Any,
    /// The union of these; an empty list matches nothing.
    Of(Vec<Peer>),
}

/// A set of peers, kept symbolic until the flow that asks is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Literal addresses; `via` names the list they were expanded from (AWS-14).
    Addresses {
        /// The addresses.
        set: IpSet,
        /// The prefix list or tag that stands in the rule, where it does not hold addresses.
        via: Option<Arc<str>>,
    },
    /// The members of a group, by identity: their own addresses, and only while the flow still
    /// carries them (AWS-8, AWS-12).
    Group(Id<Group>),
    /// Something that cannot be resolved: it may match any of `within`, or nothing.
    Unresolved {
        /// The text in the rule.
        name: Arc<str>,
        /// The most that it can stand for.
        within: IpSet,
        /// What is missing.
        unknown: Unknown,
    },
}

impl Peer {
    /// Literal addresses.
    pub fn addresses(set: IpSet) -> Self {
        Self::Addresses { set, via: None }
    }
}

/// A set of interfaces that rules can name: a security group, a tag, a service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What it is called.
    pub label: Label,
    /// How it came to be.
    pub made: Made,
}

/// How a group came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Made {
    /// Somebody made it.
    #[default]
    ByHand,
    /// The platform made it with its network, for what names no other (AWS-7).
    WithNetwork,
    /// A wizard of the console made it on the way.
    ByWizard,
}

/// What a rule does with the packets it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Passes this filter and asks the next one of its stack.
    Allow,
    /// Passes every filter that is left of its own stack.
    AllowAll,
    /// Final.
    Deny(Denial),
    /// Goes on to the next rule (LOG, MARK).
    Continue,
    /// Goes through a chain and, where that does not decide, on to the next rule.
    Jump(Arc<str>),
    /// Goes through a chain and does not come back to this list.
    Goto(Arc<str>),
    /// Leaves this chain for the rule after the jump.
    Return,
}

/// How a packet is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Denial {
    /// Silently.
    Drop,
    /// With a TCP reset.
    RejectReset,
    /// With an ICMP port unreachable (IPv6: code 4).
    RejectPortUnreachable,
    /// With an ICMP host unreachable, or administratively prohibited.
    RejectProhibited,
}

/// The states of a connection that a rule can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateSet(u8);

impl StateSet {
    /// The first packet of a connection.
    pub const NEW: Self = Self(1);
    /// A packet of a connection that has seen both directions, replies included.
    pub const ESTABLISHED: Self = Self(2);
    /// An error or child of a known connection.
    pub const RELATED: Self = Self(4);
    /// A packet that fits no connection.
    pub const INVALID: Self = Self(8);
    /// A packet that was taken out of tracking.
    pub const UNTRACKED: Self = Self(16);
    /// Any state: the rule does not ask.
    pub const ALL: Self = Self(31);

    /// Both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether they share a state.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Filters that a position on a path asks in order; every one must let the packet through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// In the order in which a packet coming **in** meets them.
    pub filters: Vec<Id<Filter>>,
    /// The same ones in the order in which a packet going out meets them, where that is another
    /// (AZ-6).
    pub egress: Option<Vec<Id<Filter>>>,
}

impl Stack {
    /// These filters, in the same order both ways.
    pub fn of(filters: Vec<Id<Filter>>) -> Self {
        Self { filters, egress: None }
    }

    /// The filters as a packet meets them.
    pub fn in_order(&self, direction: Direction) -> &[Id<Filter>] {
        match (direction, &self.egress) {
            (Direction::Egress, Some(egress)) => egress,
            _ => &self.filters,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow => f.write_str("allow"),
            Self::AllowAll => f.write_str("allow-all"),
            Self::Deny(Denial::Drop) => f.write_str("deny"),
            Self::Deny(_) => f.write_str("reject"),
            Self::Continue => f.write_str("continue"),
            Self::Jump(chain) => write!(f, "jump {chain}"),
            Self::Goto(chain) => write!(f, "goto {chain}"),
            Self::Return => f.write_str("return"),
        }
    }
}

impl fmt::Display for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Of(peers) = self else {
            return f.write_str("any");
        };
        if peers.is_empty() {
            return f.write_str("nobody");
        }
        for (i, peer) in peers.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{peer}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addresses { via: Some(list), .. } => f.write_str(list),
            Self::Addresses { set, via: None } => write!(f, "{set}"),
            // Of an id that is a path nobody says all aloud.
            Self::Group(group) => {
                f.write_str(group.as_str().rsplit('/').next().unwrap_or(group.as_str()))
            }
            Self::Unresolved { name, .. } => write!(f, "{name} (unresolved)"),
        }
    }
}

/// `110 allow tcp 49152-65535 to 10.0.1.0/24`: the rule in the notation of its user.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.id.is_empty() {
            write!(f, "{} ", self.id)?;
        }
        write!(f, "{} {}", self.action, self.matches.services)?;
        if self.matches.sources != Peers::Any {
            write!(f, " from {}", self.matches.sources)?;
        }
        if self.matches.destinations != Peers::Any {
            write!(f, " to {}", self.matches.destinations)?;
        }
        Ok(())
    }
}
