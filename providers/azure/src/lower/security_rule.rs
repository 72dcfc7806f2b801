//! What the fields of a rule say, in a security group or among admin rules: protocol, ports, peers,
//! what it does and where it stands.
//!
//! A field that is missing or bad never empties a rule: it then stands for everything that it
//! could mean, with a doubt.

use std::cmp::Ordering;
use std::ops::RangeInclusive;
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Direction, IpSet, Match, Origin, Peer, Peers, PortSet, Protocol, ProtocolSet,
    Rule, ServiceSet, StateSet, Unknown,
};

use super::addresses::{is_any, prefix_set};
use super::service_tag::{ServiceTags, can_be_tag};
use super::surroundings::Surroundings;
use super::wording::unknown;
use crate::raw::Field;

/// A rule that is being read: where it stands, and what is wrong with it.
pub(super) struct Reader<'a> {
    /// As people know it.
    pub(super) name: &'a str,
    pub(super) origin: &'a Origin,
    pub(super) tags: &'a ServiceTags,
    pub(super) around: &'a Surroundings,
    /// Fields that are told badly.
    pub(super) faults: Vec<Unknown>,
}

/// A rule that was read and has its place among others still to find.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) name: Arc<str>,
    pub(super) origin: Origin,
    /// None where it is not known, so that the rule may come before any other.
    pub(super) priority: Option<i64>,
    /// Both where nobody knows which.
    pub(super) directions: Vec<Direction>,
    /// Any of these where nobody knows which.
    pub(super) actions: Vec<Action>,
    pub(super) sources: Peers,
    pub(super) destinations: Peers,
    pub(super) services: Services,
    /// Why the rule may match less than it says, do something else or stand elsewhere.
    pub(super) doubt: Option<Unknown>,
}

/// The services that a rule matches, and those that it may match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Services {
    pub(super) certain: ServiceSet,
    pub(super) possible: Vec<(ServiceSet, Unknown)>,
}

/// Ports that a rule matches, and those that it may match.
#[derive(Debug, Clone)]
pub(super) struct Ports {
    certain: PortSet,
    possible: PortSet,
    is_given: bool,
    /// What is wrong with them.
    fault: Option<Unknown>,
}

impl Ports {
    /// Whether a protocol without ports can have them.
    fn are_of_no_account(&self) -> bool {
        !self.is_given || self.certain.is_full()
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        name: &'a str,
        origin: &'a Origin,
        around: &'a Surroundings,
        tags: &'a ServiceTags,
    ) -> Self {
        Self { name, origin, tags, around, faults: Vec::new() }
    }

    /// Notes what is wrong with a field.
    pub(super) fn fault(&mut self, field: &str, why: impl AsRef<str>) -> Unknown {
        let fault = self.unknown(field, why);
        self.faults.push(fault.clone());
        fault
    }

    /// What is not known of a field, for no fault of its own.
    pub(super) fn unknown(&self, field: &str, why: impl AsRef<str>) -> Unknown {
        let what = match self.name {
            "" => format!("`{field}` of a rule"),
            name => format!("`{field}` of the rule `{name}`"),
        };
        unknown(what, why.as_ref(), self.origin)
    }

    /// Where the rule stands (AZ-2).
    pub(super) fn priority(
        &mut self,
        priority: &Field<i64>,
        allowed: &RangeInclusive<i64>,
    ) -> Result<i64, Unknown> {
        let why = match priority {
            Field::Given(priority) if allowed.contains(priority) => return Ok(*priority),
            Field::Given(priority) => {
                format!("{priority} is not within {} to {}", allowed.start(), allowed.end())
            }
            Field::Absent => "it is not recorded".to_owned(),
            Field::Bad(text) => format!("`{text}` is no number"),
        };
        let why = format!("{why}, so that the rule may come before any other");
        Err(self.fault("priority", why))
    }

    /// Which way the packets go.
    pub(super) fn direction(&mut self, direction: Option<&str>) -> Result<Direction, Unknown> {
        match lower(direction).as_deref() {
            Some("inbound") => Ok(Direction::Ingress),
            Some("outbound") => Ok(Direction::Egress),
            Some(other) => Err(self.fault("direction", format!("`{other}` is not known"))),
            None => Err(self.fault("direction", "it is not recorded")),
        }
    }

    /// What the rule does, of what these words say.
    pub(super) fn access(
        &mut self,
        access: Option<&str>,
        words: &[(&str, Action)],
    ) -> Result<Action, Unknown> {
        let Some(access) = lower(access) else {
            return Err(self.fault("access", "it is not recorded"));
        };
        let known = words.iter().find(|(word, _)| *word == access);
        let known = known.map(|(_, action)| action.clone());
        known.ok_or_else(|| self.fault("access", format!("`{access}` is not known")))
    }

    /// Whether the rule is in force as it is told.
    pub(super) fn provisioning(&mut self, state: Option<&str>) -> Option<Unknown> {
        not_in_force(state).map(|why| self.fault("provisioningState", why))
    }

    /// Ports of both forms together (AZ-16).
    pub(super) fn ports<'t>(
        &mut self,
        field: &str,
        texts: impl IntoIterator<Item = &'t str>,
    ) -> Ports {
        let texts = texts.into_iter().map(str::trim).filter(|text| !text.is_empty());
        let (mut certain, mut is_given, mut bad) = (PortSet::empty(), false, None);
        for text in texts {
            is_given = true;
            match port_range(text) {
                Some(ports) => certain = certain.union(&ports),
                None => bad = bad.or(Some(format!("`{text}` is no port and no range of ports"))),
            }
        }
        let why = if is_given { bad } else { Some("it is not recorded".to_owned()) };
        if certain.is_full() || why.is_none() {
            return Ports { possible: certain.clone(), certain, is_given, fault: None };
        }
        let fault = why.map(|why| self.unknown(field, why));
        Ports { certain, possible: PortSet::full(), is_given, fault }
    }

    /// The services of a protocol with these ports (AZ-15).
    pub(super) fn services(
        &mut self,
        protocol: Option<&str>,
        source: &Ports,
        destination: &Ports,
    ) -> Services {
        let protocol = match spoken(protocol) {
            Ok(protocol) => protocol,
            Err(why) => {
                let fault = self.fault("protocol", why);
                let possible = vec![(ServiceSet::full(), fault)];
                return Services { certain: ServiceSet::empty(), possible };
            }
        };
        match protocol {
            None => self.any_services(source, destination),
            Some(protocol) if protocol.has_ports() => {
                self.with_ports(ProtocolSet::single(protocol), source, destination)
            }
            Some(protocol) => self.without_ports(protocol, source, destination),
        }
    }

    fn any_services(&mut self, source: &Ports, destination: &Ports) -> Services {
        if source.certain.is_full() && destination.certain.is_full() {
            return Services { certain: ServiceSet::full(), possible: Vec::new() };
        }
        // Microsoft says that any protocol encompasses TCP, UDP and ICMP, and does not say what
        // becomes of ports where there are none to compare.
        let compared = ProtocolSet::single(Protocol::TCP).union(ProtocolSet::single(Protocol::UDP));
        let mut services = self.with_ports(compared, source, destination);
        let why = "the rule is for any protocol and for some ports; whether it matches protocols \
                   without ports is not known";
        let others = ServiceSet::all_of_protocols(compared.complement());
        services.possible.push((others, self.unknown("protocol", why)));
        services
    }

    fn with_ports(
        &mut self,
        protocols: ProtocolSet,
        source: &Ports,
        destination: &Ports,
    ) -> Services {
        let between = |source: &PortSet, destination: &PortSet| {
            ServiceSet::all_of_protocols(protocols)
                .with_source_ports(source)
                .with_destination_ports(destination)
        };
        let certain = between(&source.certain, &destination.certain);
        let possible = between(&source.possible, &destination.possible).difference(&certain);
        let faults = [&destination.fault, &source.fault].into_iter().flatten();
        self.faults.extend(faults.clone().cloned());
        let possible = faults.take(1).map(|fault| (possible.clone(), fault.clone())).collect();
        Services { certain, possible }
    }

    fn without_ports(
        &mut self,
        protocol: Protocol,
        source: &Ports,
        destination: &Ports,
    ) -> Services {
        let all = ServiceSet::all_of(protocol);
        let mut services = Services { certain: all, possible: Vec::new() };
        let ports = [("destinationPortRange", destination), ("sourcePortRange", source)];
        if let Some((field, _)) = ports.iter().find(|(_, ports)| !ports.are_of_no_account()) {
            let why = format!("{protocol} has no ports; whether Azure compares them is not known");
            let unknown = self.unknown(field, why);
            services.possible.push((std::mem::take(&mut services.certain), unknown));
        }
        if protocol == Protocol::ICMP {
            let why = "Azure's documents do not say whether `Icmp` is ICMPv6 as well";
            let icmpv6 = ServiceSet::all_of(Protocol::ICMPV6);
            services.possible.push((icmpv6, self.unknown("protocol", why)));
        }
        services
    }

    /// The addresses that a side stands for: texts of both forms (AZ-16, AZ-17), and what is
    /// named by other means.
    pub(super) fn peers<'t>(
        &mut self,
        field: &str,
        texts: impl IntoIterator<Item = &'t str>,
        others: Vec<Peer>,
    ) -> Peers {
        let (mut literal, mut peers) = (Vec::new(), others);
        for text in texts.into_iter().map(str::trim).filter(|text| !text.is_empty()) {
            if is_any(text) {
                return Peers::Any;
            }
            if let Some(set) = prefix_set(text) {
                literal.push(set);
            } else if can_be_tag(text) {
                peers.extend(self.tags.peers(text, self.around, self.origin));
            } else {
                let why = format!("`{text}` is neither an address nor a service tag");
                let unknown = self.fault(field, why);
                let within = IpSet::full();
                peers.push(Peer::Unresolved { name: text.into(), within, unknown });
            }
        }
        if literal.is_empty() && peers.is_empty() {
            let unknown = self.fault(field, "it is not recorded");
            peers.push(Peer::Unresolved { name: "?".into(), within: IpSet::full(), unknown });
        }
        if !literal.is_empty() {
            peers.insert(0, Peer::addresses(IpSet::union_of(&literal)));
        }
        Peers::Of(peers)
    }
}

impl Draft {
    /// The rules that it is in core's language: one for what it matches, further ones for what it
    /// may match.
    pub(super) fn rules(&self) -> impl Iterator<Item = Rule> + use<> {
        let Services { certain, possible } = &self.services;
        let parts = match &self.doubt {
            Some(doubt) => {
                let all = possible.iter().fold(certain.clone(), |all, (set, _)| all.union(set));
                vec![(all, Some(doubt.clone()))]
            }
            None => std::iter::once((certain.clone(), None))
                .chain(possible.iter().map(|(set, unknown)| (set.clone(), Some(unknown.clone()))))
                .collect(),
        };
        let mut rules = Vec::new();
        for action in &self.actions {
            for (services, doubt) in parts.iter().filter(|(services, _)| !services.is_empty()) {
                let matches = Match {
                    sources: self.sources.clone(),
                    destinations: self.destinations.clone(),
                    services: services.clone(),
                    states: StateSet::ALL,
                    doubt: doubt.clone(),
                };
                let (id, origin) = (Arc::clone(&self.name), self.origin.clone());
                rules.push(Rule { id, matches, action: action.clone(), origin });
            }
        }
        rules.into_iter()
    }

    /// What it says, wherever it is written.
    fn words(&self) -> String {
        let Self { actions, sources, destinations, services, doubt, .. } = self;
        let mut words = format!("{actions:?} {sources} {destinations} {}", services.certain);
        let possible = services.possible.iter().map(|(set, unknown)| format!(" {set} {unknown}"));
        words.extend(possible.chain(doubt.iter().map(Unknown::to_string)));
        words
    }

    /// The order of rules; what the document's order would settle, the words of the rules do.
    fn in_order(&self, other: &Self) -> Ordering {
        let first = self.priority.cmp(&other.priority).then_with(|| self.name.cmp(&other.name));
        first.then_with(|| self.words().cmp(&other.words()))
    }
}

/// The rules of one direction in the order in which Azure asks them (AZ-2). `tie` says why nobody
/// knows which of two of one priority comes first.
pub(super) fn in_order(drafts: &[Draft], direction: Direction, tie: &str) -> Vec<Rule> {
    let here = drafts.iter().filter(|draft| draft.directions.contains(&direction));
    let mut drafts: Vec<Draft> = here.cloned().collect();
    drafts.sort_by(Draft::in_order);
    drafts.dedup_by(|two, one| one.in_order(two) == Ordering::Equal);
    let same = |one: &Draft, two: &Draft| one.priority.is_some() && one.priority == two.priority;
    for tied in drafts.chunk_by_mut(same) {
        let [first, .., last] = &*tied else { continue };
        let names = format!("`{}` and `{}`", first.name, last.name);
        for draft in tied {
            let what = format!("the order of the rules {names}");
            let unknown = unknown(what, tie, &draft.origin);
            draft.doubt.get_or_insert(unknown);
        }
    }
    drafts.iter().flat_map(Draft::rules).collect()
}

/// A rule that matches everything, perhaps.
pub(super) fn doubtful(action: Action, unknown: Unknown, origin: &Origin) -> Rule {
    let matches = Match { doubt: Some(unknown), ..Match::any() };
    Rule { id: "?".into(), matches, action, origin: origin.clone() }
}

/// The refusal of a rule that denies: nothing is sent back.
pub(super) const DROP: Action = Action::Deny(Denial::Drop);

/// Why what is told need not be in force.
pub(super) fn not_in_force(state: Option<&str>) -> Option<String> {
    let state = state.map(str::trim).filter(|state| !state.is_empty())?;
    let is_other = !state.eq_ignore_ascii_case("Succeeded");
    is_other.then(|| format!("`{state}`: what is told need not be in force"))
}

/// A protocol as rules write it (T-1); none for any.
fn spoken(text: Option<&str>) -> Result<Option<Protocol>, String> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Err("it is not recorded".to_owned());
    };
    if ["*", "any", "all"].iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return Ok(None);
    }
    let number = text.parse::<u8>().ok().map(Protocol);
    let protocol = number.or_else(|| Protocol::from_name(text));
    protocol.map(Some).ok_or_else(|| format!("`{text}` is no protocol"))
}

/// `80`, `80-90` or `*`.
fn port_range(text: &str) -> Option<PortSet> {
    if text == "*" || text.eq_ignore_ascii_case("any") {
        return Some(PortSet::full());
    }
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let port = |text: &str| {
        let text = text.trim();
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (low, high) = (port(low)?, port(high)?);
    (low <= high).then(|| PortSet::range(low, high))
}

fn lower(text: Option<&str>) -> Option<String> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map(str::to_ascii_lowercase)
}
