//! What the boundaries of subnets lose, by their lists alone.

use std::collections::HashMap;

use cloudfw_core::{
    Client, Direction, Filter, HeaderSpace, Id, IpSet, Outcome, PathGraph, Peer, Peers, Phase,
    PortSet, Protocol, ServiceSet, Sight, Subnet, Tracking, evaluate_stack,
};

/// A source with more ranges than this is not cut out: it would cost more than it spares.
const MOST_RANGES: usize = 64;

/// The boundaries of all subnets; equal ones are one.
pub(super) struct Boundaries<'n> {
    all: Vec<Boundary<'n>>,
    of: HashMap<&'n Id<Subnet>, usize>,
    between: HashMap<(usize, usize, PortSet), HeaderSpace>,
    outward: HashMap<(usize, PortSet), HeaderSpace>,
    inward: HashMap<(usize, IpSet), HeaderSpace>,
}

/// What a boundary may let through, and what its stateless filters may drop.
#[derive(Default)]
struct Boundary<'n> {
    stateless: Vec<&'n Filter>,
    pass: [HeaderSpace; 2],
    deny: [HeaderSpace; 2],
}

impl Boundary<'_> {
    fn pass(&self, direction: Direction) -> &HeaderSpace {
        let [ingress, egress] = &self.pass;
        if direction == Direction::Ingress { ingress } else { egress }
    }

    fn deny(&self, direction: Direction) -> &HeaderSpace {
        let [ingress, egress] = &self.deny;
        if direction == Direction::Ingress { ingress } else { egress }
    }
}

impl<'n> Boundaries<'n> {
    pub(super) fn new(graph: &PathGraph<'n>) -> Self {
        let network = graph.network();
        let mut known: HashMap<&'n [Id<Filter>], usize> = HashMap::new();
        let mut boundaries = Self {
            all: Vec::new(),
            of: HashMap::new(),
            between: HashMap::new(),
            outward: HashMap::new(),
            inward: HashMap::new(),
        };
        for (id, subnet) in &network.subnets {
            let stack = subnet.boundary.filters.as_slice();
            let place = *known.entry(stack).or_insert_with(|| {
                let filters = stack.iter().filter_map(|id| network.filters.get(id));
                boundaries.all.push(boundary(&filters.map(AsRef::as_ref).collect::<Vec<_>>()));
                boundaries.all.len() - 1
            });
            boundaries.of.insert(id, place);
        }
        boundaries
    }

    pub(super) fn any_is_stateless(&self) -> bool {
        self.all.iter().any(|boundary| !boundary.stateless.is_empty())
    }

    /// What is the same for all subnets of one boundary.
    pub(super) fn place(&self, subnet: &Id<Subnet>) -> Option<usize> {
        self.of.get(subnet).copied()
    }

    /// Flows from these sources, anybody's, that may come in and whose replies may not go out.
    pub(super) fn inward(&mut self, subnet: &Id<Subnet>, sources: &IpSet) -> HeaderSpace {
        let Some(place) = self.of.get(subnet).copied() else { return HeaderSpace::empty() };
        let ranges = sources.v4().ranges().len() + sources.v6().ranges().len();
        let sources = if ranges > MOST_RANGES { IpSet::full() } else { sources.clone() };
        let Self { all, inward, .. } = self;
        let lost = inward.entry((place, sources)).or_insert_with_key(|(place, sources)| {
            let Some(boundary) = all.get(*place) else { return HeaderSpace::empty() };
            let opening = boundary.pass(Direction::Ingress).with_source(sources);
            let opening = opening.with_source_ports(&Client::any().ports);
            lost(&opening, boundary.deny(Direction::Egress))
        });
        lost.clone()
    }

    /// Flows that may go out from these ports and whose replies may not come in.
    pub(super) fn outward(&mut self, subnet: &Id<Subnet>, ports: &PortSet) -> HeaderSpace {
        let Some(place) = self.of.get(subnet).copied() else { return HeaderSpace::empty() };
        let Self { all, outward, .. } = self;
        let lost = outward.entry((place, ports.clone())).or_insert_with_key(|(place, ports)| {
            let Some(boundary) = all.get(*place) else { return HeaderSpace::empty() };
            let opening = boundary.pass(Direction::Egress).with_source_ports(ports);
            lost(&opening, boundary.deny(Direction::Ingress))
        });
        lost.clone()
    }

    /// Flows from one subnet to another (AWS-36) that may pass both boundaries and whose replies
    /// may not.
    pub(super) fn between(
        &mut self,
        from: &Id<Subnet>,
        to: &Id<Subnet>,
        ports: &PortSet,
    ) -> HeaderSpace {
        let (Some(from), Some(to)) = (self.of.get(from).copied(), self.of.get(to).copied()) else {
            return HeaderSpace::empty();
        };
        let Self { all, between, .. } = self;
        let key = (from, to, ports.clone());
        let lost = between.entry(key).or_insert_with_key(|(from, to, ports)| {
            let (Some(from), Some(to)) = (all.get(*from), all.get(*to)) else {
                return HeaderSpace::empty();
            };
            let opening = from.pass(Direction::Egress).with_source_ports(ports);
            let opening = opening.intersection(to.pass(Direction::Ingress));
            let there = lost(&opening, to.deny(Direction::Egress));
            there.union(&lost(&opening, from.deny(Direction::Ingress)))
        });
        lost.clone()
    }
}

fn boundary<'n>(filters: &[&'n Filter]) -> Boundary<'n> {
    let stateless: Vec<&Filter> =
        filters.iter().copied().filter(|filter| filter.tracking == Tracking::Stateless).collect();
    let mut boundary = Boundary { stateless, ..Boundary::default() };
    let full = HeaderSpace::full();
    if filters.iter().any(|filter| hangs_on_groups(filter)) {
        boundary.pass = [full.clone(), full.clone()];
        if !boundary.stateless.is_empty() {
            boundary.deny = [full.clone(), full];
        }
        return boundary;
    }
    let ways = [Direction::Ingress, Direction::Egress];
    boundary.pass = ways.map(|way| ask(filters, way, &full).pass);
    boundary.deny = ways.map(|way| ask(&boundary.stateless, way, &full).deny);
    boundary
}

fn ask<'n>(filters: &[&'n Filter], direction: Direction, flows: &HeaderSpace) -> Outcome<'n> {
    let filters = filters.iter().copied();
    evaluate_stack(filters, direction, Phase::Opening, flows, &Sight::HEADERS)
}

/// Whether it hangs on who a packet is of, which headers alone do not tell.
pub(crate) fn hangs_on_groups(filter: &Filter) -> bool {
    let names = |peers: &Peers| match peers {
        Peers::Any => false,
        Peers::Of(peers) => peers.iter().any(|peer| matches!(peer, Peer::Group(_))),
    };
    let lists = filter.ingress.iter().chain(&filter.egress).chain(filter.chains.values());
    lists
        .flat_map(|list| &list.rules)
        .any(|rule| names(&rule.matches.sources) || names(&rule.matches.destinations))
}

/// The flows that ask for a reply which may be among the denied.
fn lost(opening: &HeaderSpace, denied: &HeaderSpace) -> HeaderSpace {
    let replies = solicited(opening).reversed().intersection(denied);
    replies.reversed()
}

/// The flows that ask for a reply: not ICMP errors, and not an echo reply that nobody asked for.
pub(crate) fn solicited(flows: &HeaderSpace) -> HeaderSpace {
    let echo_replies = ServiceSet::icmp(Protocol::ICMP, Some(0), None).union(&ServiceSet::icmp(
        Protocol::ICMPV6,
        Some(129),
        None,
    ));
    flows.difference(&flows.without_reply()).difference(&flows.with_services(&echo_replies))
}

#[cfg(test)]
mod tests;
