//! The words and the meaning of cloudfw.

mod document;
pub use document::{
    Document, Origin, Place, PlaceIndex, Pointer, Scope, Span, excerpt, line_column, locate,
    pointer_at,
};

mod few;
mod fibres;
mod flow;
mod header_space;
mod internet;
mod ip_set;
mod range_set;
mod service;
mod service_set;
pub use flow::Flow;
pub use header_space::{Cube, HeaderSpace};
pub use ip_set::IpSet;
pub use range_set::{Axis, PortSet, PortSetError, RangeSet};
pub use service::{Protocol, ProtocolSet, Service};
pub use service_set::{ServiceError, ServiceSet};

mod evaluate;
mod filter;
mod id;
mod label;
mod leg;
mod network;
mod path;
mod path_graph;
mod points;
mod reachability;
mod remarks;
mod round_trip;
mod route;
mod text;
pub use evaluate::{
    Decider, FilterOutcome, Hit, Member, Outcome, Phase, Sight, evaluate, evaluate_stack,
};
pub use filter::{
    Action, Denial, Direction, Filter, Group, Made, Match, Peer, Peers, Rule, RuleList, Stack,
    StateSet, Tracking, WithoutState,
};
pub use id::Id;
pub use internet::global_unicast;
pub use label::{Label, Unknown};
pub use network::{
    Address, Appliance, Client, Comparison, External, Feature, Front, Gateway, Host, HostRoute,
    Identity, Initiative, Interface, Liveness, Neighbours, Network, Opens, Passage,
    PlatformService, Pool, Priority, Provision, Role, Router, Serving, Setting, Subnet,
    UnreadAddresses,
};
pub use path_graph::{Node, PathGraph};
pub use reachability::{
    Bounds, Decision, Endpoint, Fraction, Leg, Question, Reachability, Reason, RuleCite, Step,
    Symptom, Verdict,
};
pub use round_trip::reach;
pub use route::{Destinations, Route, RouteTable, Target};
pub use text::TextError;
