//! The answer to a question: verdicts, allowed sets, traces, blockers and what is not known.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use crate::{
    Action, Client, Denial, Direction, External, HeaderSpace, Id, Interface, IpSet, Label, Origin,
    PortSet, Route, RouteTable, Rule, RuleList, ServiceSet, Unknown,
};

/// One question: can this reach that?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who opens the flow.
    pub source: Endpoint,
    /// Whom it is addressed to.
    pub destination: Endpoint,
    /// The services asked about; source ports in it are ignored, the client chooses them.
    pub services: ServiceSet,
    /// The client's ports, where the user gives them; else what the source is recorded to be.
    pub client: Option<Client>,
    /// Asks only about the way out.
    pub one_way: bool,
}

/// One end of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A recorded interface by its own address.
    Interface {
        /// Which.
        id: Id<Interface>,
        /// The address asked about; public addresses are translated to the interface's own.
        address: IpAddr,
        /// The address that the other side dials, where it is not `address` itself.
        dialled: Option<IpAddr>,
    },
    /// Addresses in a network outside the recording.
    External {
        /// Which.
        id: Id<External>,
        /// The addresses asked about.
        addresses: IpSet,
    },
    /// An address inside a router's own range that no recorded interface holds.
    Unheld {
        /// The routing domain.
        router: Id<crate::Router>,
        /// The address.
        address: IpAddr,
    },
}

/// What can be said about a set of flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Proved: every choice passes, there and back.
    Reachable,
    /// Proved: some choices pass and some fail.
    Intermittent,
    /// Proved: no choice passes.
    Unreachable,
    /// None of these can be proved.
    Unknown,
    /// Of several questions some are proved to pass and some to fail.
    Partial,
}

impl Verdict {
    /// The verdict over several questions (DESIGN section 5).
    pub fn over(verdicts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut seen = std::collections::BTreeSet::new();
        seen.extend(verdicts);
        let has = |verdict| seen.contains(&verdict);
        if seen.len() <= 1 {
            return seen.first().copied();
        }
        let passes = has(Self::Reachable) || has(Self::Partial);
        let fails = has(Self::Unreachable) || has(Self::Partial);
        Some(if (passes || has(Self::Intermittent)) && fails {
            Self::Partial
        } else if has(Self::Unknown) {
            Self::Unknown
        } else {
            Self::Intermittent
        })
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Reachable => "reachable",
            Self::Intermittent => "intermittent",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
            Self::Partial => "partial",
        })
    }
}

/// What the client sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symptom {
    /// The connection opens, if something listens.
    Connects,
    /// No answer ever comes.
    TimesOut,
    /// A reset or port unreachable comes back at once.
    ConnectionRefused,
    /// An ICMP host unreachable comes back.
    NoRouteToHost,
    /// The packet is refused where it starts, or prohibited on IPv6.
    PermissionDenied,
    /// Some connections open and some time out.
    SomeTimeOut,
    /// The handshake passes and the packets after it do not.
    DataHangs,
    /// It cannot be said.
    Unknown,
}

impl std::fmt::Display for Symptom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connects => "connects",
            Self::TimesOut => "times out",
            Self::ConnectionRefused => "connection refused",
            Self::NoRouteToHost => "no route to host",
            Self::PermissionDenied => "permission denied",
            Self::SomeTimeOut => "some connections time out",
            Self::DataHangs => "connects but data hangs",
            Self::Unknown => "cannot be said",
        })
    }
}

/// Ignorance as a pair: the truth lies between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Bounds<T> {
    /// What is proved.
    pub at_least: T,
    /// What cannot be excluded.
    pub at_most: T,
}

/// An exact share; kept as counted, not reduced: `16384/28232` says more than `2048/3529`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fraction {
    /// How many of them.
    pub part: u128,
    /// Of how many.
    pub whole: u128,
}

impl Fraction {
    /// None of one.
    pub const ZERO: Self = Self { part: 0, whole: 1 };

    /// The share as a number between 0 and 1, for people and not for verdicts.
    #[expect(clippy::cast_precision_loss, reason = "printed with two digits")]
    pub fn ratio(&self) -> f64 {
        if self.whole == 0 { 0.0 } else { self.part as f64 / self.whole as f64 }
    }

    /// The share of the other kind.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self { part: self.whole.saturating_sub(self.part), whole: self.whole }
    }

    /// The share of both, chosen independently.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self {
            part: self.part.saturating_mul(other.part),
            whole: self.whole.saturating_mul(other.whole),
        }
    }
}

impl std::fmt::Display for Fraction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.part, self.whole)
    }
}

impl Serialize for Fraction {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The answer for one source address, one destination address and one address family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reachability {
    /// The question.
    pub question: Question,
    /// The verdict on the round trip.
    pub verdict: Verdict,
    /// The verdict on the way out alone; differs where replies are lost.
    pub forward_verdict: Verdict,
    /// What the client sees.
    pub symptom: Symptom,
    /// The flows that pass, there and back: proved, and not excluded. Source ports are the
    /// client's.
    pub allowed: Bounds<HeaderSpace>,
    /// The client whose ports were asked about.
    pub client: Client,
    /// The share of connections that fail, where some pass.
    pub failing: Bounds<Fraction>,
    /// The same for other kinds of client: printed where the client is not known.
    pub failing_by_client: Vec<(Client, Bounds<Fraction>)>,
    /// The client's ports whose connections are lost in some asked flow.
    pub gap: PortSet,
    /// The way there.
    pub forward: Vec<Step>,
    /// The way back.
    pub back: Vec<Step>,
    /// Everything that stops flows that were asked about, the one that acts first in front.
    pub blockers: Vec<Step>,
    /// What would have to be known. Beside any verdict, what was not understood of the objects on
    /// the way and most likely only describes them: see [`Network::remarks`](crate::Network).
    pub unknowns: Vec<Unknown>,
}

/// One thing that happens to packets on a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its place on the leg, from 1; steps at one filter share it.
    pub hop: usize,
    /// The leg.
    pub leg: Leg,
    /// Where it happens.
    pub at: Label,
    /// Which way the filter was crossed.
    pub direction: Option<Direction>,
    /// What was decided.
    pub decision: Decision,
    /// Why, in a form that a provider can name in its vendor's terms.
    pub reason: Reason,
    /// The rule that decided.
    pub rule: Option<RuleCite>,
    /// The asked flows that it decided about, as they look at this place.
    pub flows: HeaderSpace,
    /// What is not known here.
    pub unknown: Option<Unknown>,
}

/// A leg of a round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Leg {
    /// The packet that opens the flow.
    Forward,
    /// Its reply.
    Return,
}

/// What happened to packets at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// A filter let them through.
    Allow,
    /// They were dropped.
    Deny,
    /// They were refused with an answer.
    Reject,
    /// They were sent on.
    Forward,
    /// An address or port was rewritten.
    Translate,
    /// They arrived.
    Deliver,
    /// It cannot be said.
    Unknown,
}

/// Why a step decided as it did, in no vendor's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A rule of a filter says so.
    Rule,
    /// A stateful filter remembers the flow.
    Established,
    /// A stateful filter has no memory of the flow.
    NoState,
    /// The winning route.
    Route,
    /// No route matches.
    NoRoute,
    /// The winning route's target is gone.
    Blackhole,
    /// The route drops it, as somebody means it (AZ-52).
    Discarded,
    /// The gateway carries nothing, or not this.
    GatewayClosed,
    /// The gateway does not carry this protocol, family or destination.
    NotCarried,
    /// Nobody outside may open flows here.
    OutwardOnly,
    /// The inside address has no public one.
    NoPublicAddress,
    /// There is no gateway to the outside at all.
    NoGateway,
    /// The gateway has no state for this reply.
    NoTranslation,
    /// The link carries only the addresses of its two ends.
    NotTransitive,
    /// The interface takes only what is addressed to it.
    SourceDestinationCheck,
    /// The address is a gateway's, which takes no connections.
    NotAnEndpoint,
    /// No interface holds the address.
    Unheld,
    /// In this routing domain the address is another interface's.
    OtherHolder,
    /// What is behind the interface does not run.
    Down,
    /// The interface answers, and opens no connections of its own.
    OpensNothing,
    /// Addresses rewritten.
    Translation,
    /// It arrived at the platform's own service, past every filter.
    Platform,
    /// The platform's service is off for this interface, or answers something else there.
    NotServed,
    /// It arrived.
    Arrived,
    /// Nobody can see through this.
    Opaque,
    /// The reply came back to someone else.
    WrongReturn,
}

/// The rule that decided, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCite {
    /// The group, ACL, table or chain that it is written in.
    pub list: Label,
    /// The vendor's number or name.
    pub id: Arc<str>,
    /// `acl-0abc egress 110 allow tcp 49152-65535 to 10.0.1.0/24`.
    pub text: Arc<str>,
    /// Its place in a document.
    pub origin: Origin,
    /// How it denies, if it does.
    pub denial: Option<Denial>,
}

impl RuleCite {
    /// A rule of a list, asked in this direction.
    pub fn of_rule(list: &RuleList, direction: Direction, rule: &Rule) -> Self {
        let denial = match rule.action {
            Action::Deny(denial) => Some(denial),
            _ => None,
        };
        Self {
            list: list.label.clone(),
            id: rule.id.clone(),
            text: format!("{} {direction} {rule}", list.label.called()).into(),
            origin: rule.origin.clone(),
            denial,
        }
    }

    /// A route of a table.
    pub fn of_route(table: &RouteTable, route: &Route) -> Self {
        Self {
            list: table.label.clone(),
            id: route.text.clone(),
            text: format!("{} {}", table.label.called(), route.text).into(),
            origin: route.origin.clone(),
            denial: None,
        }
    }
}
