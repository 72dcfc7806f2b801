//! What is proved of flows that boundaries may lose the replies of.

use std::collections::{BTreeMap, BTreeSet};

use cloudfw_core::{
    Bounds, Client, Cube, Decision, Direction, Endpoint, Fraction, HeaderSpace, Id, Interface,
    IpSet, Label, Network, PathGraph, Place, PortSet, Protocol, Question, Reachability, RuleCite,
    ServiceSet, Step, Tracking, Unknown, Verdict, reach,
};

use super::{ByKey, Gap, Opened};

/// What makes two losses one: the list, its direction, who opens, and the rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    list: ListKey,
    direction: Direction,
    opened: Opened,
    /// What the dropping rule says, where somebody wrote it.
    rule: Option<String>,
    proved: bool,
}

/// Scope, kind and id.
type ListKey = (String, &'static str, String);

fn list_key(label: &Label) -> ListKey {
    (label.scope.to_string(), label.kind, label.id.to_string())
}

/// An answered question, and the steps back that lose something.
pub(super) struct Drops {
    question: Question,
    /// The openings that pass there and whose replies are lost, with some choice of ports.
    lost: HeaderSpace,
    /// Those of which that may be.
    perhaps: HeaderSpace,
    there: Reachability,
    round: Reachability,
}

/// A step at a stateless filter that loses some replies.
struct Drop<'s> {
    step: &'s Step,
    list: &'s Label,
    direction: Direction,
    /// The services of the openings; source ports are any.
    services: ServiceSet,
    proved: bool,
}

impl Drops {
    /// Asks a question there, and there and back; `None` where nothing that passes is lost.
    pub(super) fn of(graph: &PathGraph<'_>, question: &Question) -> Option<Self> {
        let there = reach(graph, &Question { one_way: true, ..question.clone() });
        if there.allowed.at_most.is_empty() {
            return None;
        }
        let services = there.allowed.at_most.services().map_source_ports(&PortSet::full());
        let question = Question { services, ..question.clone() };
        let round = reach(graph, &question);
        // Where everything is decided, what does not pass with every choice fails with some: the
        // port that a gateway picks is one. Else only what cannot pass at all is lost for sure.
        let back =
            if is_decided(&round) { &round.allowed.at_least } else { &round.allowed.at_most };
        let lost = there.allowed.at_least.difference(back);
        let perhaps = there.allowed.at_most.difference(&round.allowed.at_least);
        (!perhaps.is_empty()).then_some(Self { question, lost, perhaps, there, round })
    }

    /// The steps at stateless filters that lose some of it, or may.
    fn steps<'s>(&'s self, stateless: &BTreeSet<ListKey>, opened: &Opened) -> Vec<Drop<'s>> {
        let mut drops = Vec::new();
        for step in &self.round.back {
            let denies = matches!(step.decision, Decision::Deny | Decision::Reject);
            let list = step.rule.as_ref().map_or(&step.at, |rule| &rule.list);
            let Some(direction) = step.direction else { continue };
            if !(denies || step.decision == Decision::Unknown)
                || !stateless.contains(&list_key(list))
            {
                continue;
            }
            let mut services = hit(&step.flows, &self.lost, opened);
            let proved = denies && !services.is_empty();
            if !proved {
                services = hit(&step.flows, &self.perhaps, opened);
            }
            if !services.is_empty() {
                drops.push(Drop { step, list, direction, services, proved });
            }
        }
        drops
    }

    /// The rules of a list that let the openings of services through, in one direction.
    fn entries(
        &self,
        list: &Label,
        direction: Direction,
        services: &ServiceSet,
    ) -> impl Iterator<Item = &RuleCite> {
        self.there.forward.iter().filter_map(move |step| {
            let rule = step.rule.as_ref()?;
            let lets = step.decision == Decision::Allow
                && step.direction == Some(direction)
                && list_key(&rule.list) == list_key(list)
                && is_written(rule)
                && step.flows.cubes().iter().any(|cube| cube.services.intersects(services));
            lets.then_some(rule)
        })
    }
}

/// Whether nothing of an answer is unknown.
fn is_decided(answer: &Reachability) -> bool {
    match answer.verdict {
        Verdict::Reachable | Verdict::Intermittent | Verdict::Unreachable => true,
        Verdict::Partial => answer.unknowns.is_empty(),
        Verdict::Unknown => false,
    }
}

/// The services of lost openings whose replies a step drops. Where a gateway gave the client
/// another address and port, only the other end is the same.
fn hit(dropped: &HeaderSpace, lost: &HeaderSpace, opened: &Opened) -> ServiceSet {
    let any_port = |cube: &Cube| cube.services.map_source_ports(&PortSet::full());
    let dropped = dropped.reversed();
    let mut services = ServiceSet::empty();
    for cube in dropped.cubes() {
        for own in lost.cubes() {
            let sources = cube.source.intersects(&own.source);
            let (ends, exact) = match opened {
                Opened::Inward(_) => (sources, true),
                Opened::Inside => (sources && cube.destination.intersects(&own.destination), true),
                Opened::Outward(_) => (cube.destination.intersects(&own.destination), false),
            };
            if ends && (!exact || cube.services.intersects(&own.services)) {
                services = services.union(&any_port(cube).intersection(&any_port(own)));
            }
        }
    }
    services
}

fn is_written(rule: &RuleCite) -> bool {
    !matches!(rule.origin.place, Place::Implied(_)) && &*rule.id != "*"
}

/// Gaps as they are found.
pub(super) struct Found {
    stateless: BTreeSet<ListKey>,
    gaps: ByKey,
    given_up: BTreeMap<ListKey, Label>,
}

impl Found {
    pub(super) fn new(network: &Network) -> Self {
        let mut stateless = BTreeSet::new();
        for filter in network.filters.values() {
            if filter.tracking == Tracking::Stateless {
                stateless.insert(list_key(&filter.label));
                let lists = filter.ingress.iter().chain(&filter.egress);
                stateless.extend(lists.map(|list| list_key(&list.label)));
            }
        }
        Self { stateless, gaps: BTreeMap::new(), given_up: BTreeMap::new() }
    }

    /// Adds what a question lost, of these interfaces.
    pub(super) fn add(
        &mut self,
        drops: &Drops,
        opened: &Opened,
        affected: &BTreeSet<Id<Interface>>,
    ) -> Vec<(Key, ServiceSet)> {
        let Self { stateless, gaps, .. } = self;
        let mut added = Vec::new();
        for drop in drops.steps(stateless, opened) {
            let Drop { step, list, direction, proved, .. } = drop;
            let rule = step.rule.as_ref().filter(|rule| is_written(rule));
            let key = Key {
                list: list_key(list),
                direction,
                opened: opened.clone(),
                rule: rule.filter(|_| proved).map(|rule| format!("{} {}", rule.text, rule.origin)),
                proved,
            };
            added.push((key.clone(), drop.services.clone()));
            let gap = gaps.entry(key).or_insert_with(|| {
                let mut gap = nothing(list.clone(), direction, opened.clone());
                gap.dropped_by = rule.cloned();
                gap
            });
            fill(gap, &drop, drops);
            gap.affected.extend(affected.iter().cloned());
        }
        added
    }

    /// Adds interfaces to a gap that is known.
    pub(super) fn affect(&mut self, key: &Key, affected: &BTreeSet<Id<Interface>>) {
        if let Some(gap) = self.gaps.get_mut(key) {
            gap.affected.extend(affected.iter().cloned());
        }
    }

    /// Says of an ACL that not all flows over it were looked at.
    pub(super) fn give_up(&mut self, list: &Label) {
        self.given_up.insert(list_key(list), list.clone());
    }

    /// All of them; those that are proved have a witness and shares.
    pub(super) fn finish(self, graph: &PathGraph<'_>) -> Vec<Gap> {
        let Self { gaps, given_up, .. } = self;
        let proved: BTreeSet<(ListKey, Direction, Opened)> = gaps
            .keys()
            .filter(|key| key.proved)
            .map(|key| (key.list.clone(), key.direction, key.opened.clone()))
            .collect();
        // What may be lost beside what is lost for certain adds nothing.
        let told = gaps.into_iter().filter(|(key, _)| {
            key.proved || !proved.contains(&(key.list.clone(), key.direction, key.opened.clone()))
        });
        let mut all: Vec<Gap> = Vec::new();
        for (_, gap) in told {
            match all.iter_mut().find(|wider| absorbs(wider, &gap)) {
                Some(wider) => wider.affected.extend(gap.affected),
                None => all.push(gap),
            }
        }
        for gap in &mut all {
            bear_witness(gap, graph);
        }
        for label in given_up.into_values() {
            let why = "there are too many interfaces of different kinds to ask about each two";
            let what = format!("whether {label} loses replies of other flows inside the estate");
            let unknown = Unknown::new(what, why, label.origin.to_string());
            let mut gap = nothing(label, Direction::Egress, Opened::Inside);
            gap.unknowns.push(unknown);
            all.push(gap);
        }
        all
    }
}

/// Whether one loss is part of another that comes before it: the same rule for fewer clients.
fn absorbs(wider: &Gap, gap: &Gap) -> bool {
    list_key(&wider.list) == list_key(&gap.list)
        && wider.direction == gap.direction
        && wider.dropped_by == gap.dropped_by
        && wider.is_proved() == gap.is_proved()
        && matches!(wider.opened, Opened::Inward(_))
        && !matches!(gap.opened, Opened::Outward(_))
        && gap.wholly.is_subset(&wider.wholly)
        && gap.services().is_subset(&wider.services())
        && gap.ports.is_subset(&wider.ports)
}

fn nothing(list: Label, direction: Direction, opened: Opened) -> Gap {
    Gap {
        list,
        direction,
        opened,
        dropped_by: None,
        entries: Vec::new(),
        wholly: ServiceSet::empty(),
        partly: ServiceSet::empty(),
        peers: IpSet::empty(),
        senders: IpSet::empty(),
        ports: PortSet::empty(),
        shares: Vec::new(),
        affected: BTreeSet::new(),
        question: None,
        trace: Vec::new(),
        witness: None,
        unknowns: Vec::new(),
    }
}

fn fill(gap: &mut Gap, drop: &Drop<'_>, drops: &Drops) {
    let Drop { step, services, proved, .. } = drop;
    let lost = if *proved { &drops.lost } else { &drops.perhaps };
    let other_way = match gap.direction {
        Direction::Ingress => Direction::Egress,
        Direction::Egress => Direction::Ingress,
    };
    for entry in drops.entries(&gap.list, other_way, services) {
        if !gap.entries.contains(entry) {
            gap.entries.push(entry.clone());
        }
    }
    let passing = drops.round.allowed.at_most.with_source(&lost.sources());
    let passing = passing.services().map_source_ports(&PortSet::full());
    let partly = services.intersection(&passing);
    gap.partly = gap.partly.union(&partly);
    gap.wholly = gap.wholly.union(services).difference(&gap.partly);
    let dropped = step.flows.with_services(&services.replies());
    gap.peers = gap.peers.union(&dropped.destinations());
    gap.senders = gap.senders.union(&dropped.sources());
    let dropped = dropped.with_services(&partly.replies()).services();
    gap.ports = gap.ports.union(&dropped.destination_ports());
    if gap.question.is_none() {
        gap.question = Some(drops.question.clone());
        gap.witness = witness(&lost.with_services(services));
        gap.trace = drops.round.forward.iter().chain(&drops.round.back).cloned().collect();
    }
    if !proved {
        let known = |unknown: &&Unknown| !gap.unknowns.contains(unknown);
        // What is lost for sure may not be what passes for sure: then the way there is unknown.
        let (way, there) = (&drops.round.unknowns, &drops.there.unknowns);
        let unknowns = if way.is_empty() { there } else { way };
        let new: Vec<Unknown> = unknowns.iter().filter(known).cloned().collect();
        gap.unknowns.extend(new);
        if gap.unknowns.is_empty() {
            let why = "it cannot be proved that they pass, nor that they do not";
            let what = format!("whether {} lets replies through", gap.list);
            gap.unknowns.push(Unknown::new(what, why, gap.list.origin.to_string()));
        }
    }
}

/// One of the flows, with a service that people know where there is one.
fn witness(lost: &HeaderSpace) -> Option<cloudfw_core::Flow> {
    let known = [
        ServiceSet::tcp(PortSet::single(443)),
        ServiceSet::tcp(PortSet::single(80)),
        ServiceSet::tcp(PortSet::single(22)),
        ServiceSet::udp(PortSet::single(53)),
        ServiceSet::udp(PortSet::single(123)),
        ServiceSet::all_of(Protocol::TCP),
    ];
    let known = known.iter().find_map(|services| lost.with_services(services).a_flow());
    known.or_else(|| lost.a_flow())
}

/// Asks about the service of the witness alone: its trace, and the share that fails by client.
fn bear_witness(gap: &mut Gap, graph: &PathGraph<'_>) {
    let (Some(question), Some(witness)) = (&gap.question, &gap.witness) else { return };
    let services = match witness.service {
        cloudfw_core::Service::Ports { protocol, destination, .. } => {
            ServiceSet::ports(protocol, PortSet::full(), PortSet::single(destination))
        }
        cloudfw_core::Service::Icmp { protocol, kind, code } => {
            ServiceSet::icmp(protocol, Some(kind), Some(code))
        }
        cloudfw_core::Service::Other { protocol } => ServiceSet::all_of(protocol),
    };
    let has_ports = witness.service.protocol().has_ports();
    let mut question = Question { services, ..question.clone() };
    for (end, address) in
        [(&mut question.source, witness.source), (&mut question.destination, witness.destination)]
    {
        if let Endpoint::External { addresses, .. } = end {
            *addresses = IpSet::single(address);
        }
    }
    let answer = reach(graph, &question);
    gap.trace = answer.forward.iter().chain(&answer.back).cloned().collect();
    gap.shares = match question.source {
        _ if !has_ports || !gap.is_proved() => Vec::new(),
        Endpoint::External { .. } => shares(graph, &question),
        _ => vec![(answer.client.clone(), answer.failing)],
    };
    gap.question = Some(question);
}

/// Who is outside may be anybody.
fn shares(graph: &PathGraph<'_>, question: &Question) -> Vec<(Client, Bounds<Fraction>)> {
    let of = |client: Client| {
        let question = Question { client: Some(client.clone()), ..question.clone() };
        (client, reach(graph, &question).failing)
    };
    [Client::linux(), Client::windows(), Client::any()].map(of).into()
}

#[cfg(test)]
mod tests;
