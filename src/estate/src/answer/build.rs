//! From core's reachability to the published answer.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, LazyLock, OnceLock};

use cloudfw_core::{
    Bounds, Client, Cube, Document, Endpoint, Fraction, HeaderSpace, Interface, IpSet, Label,
    Network, Origin, Place, PlaceIndex, PortSet, ProtocolSet, Question, RangeSet, Reachability,
    Reason, RuleCite, ServiceSet, Symptom, Tracking, Unknown, Verdict,
};
use ipnet::IpNet;

use super::{ClientShare, End, Flows, Missing, Owner, Pair, Reply, RuleText, Step, Written};
use crate::index::Internet;
use crate::resolve::Party;

/// How many ranges of addresses a step shows; an answer's allowed sets show all.
const MOST_NETS: usize = 16;

/// Where documents' lines are, found when first asked for.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    documents: HashMap<Arc<str>, (Arc<str>, OnceLock<PlaceIndex>)>,
}

impl Lines {
    /// The lines of these documents.
    pub(crate) fn of<'a>(documents: impl Iterator<Item = &'a Document>) -> Self {
        let entry = |document: &Document| {
            (Arc::clone(&document.name), (Arc::clone(&document.text), OnceLock::new()))
        };
        Self { documents: documents.map(entry).collect() }
    }

    /// A place as it is printed.
    pub(crate) fn written(&self, origin: &Origin) -> Written {
        let mut written = Written {
            document: origin.document.to_string(),
            pointer: None,
            line: None,
            implied_by: None,
        };
        match &origin.place {
            Place::Line(line) => written.line = Some(*line),
            Place::Implied(by) => written.implied_by = Some(by),
            Place::Pointer(pointer) => {
                let pointer = pointer.to_string();
                written.line = self.line(&origin.document, &pointer);
                written.pointer = Some(pointer);
            }
        }
        written
    }

    fn line(&self, document: &str, pointer: &str) -> Option<u32> {
        let (text, index) = self.documents.get(document)?;
        let index = index.get_or_init(|| PlaceIndex::of(text));
        index.locate(text, pointer).map(|span| span.line)
    }
}

/// Makes answers.
#[derive(Debug)]
pub(crate) struct Builder<'a> {
    network: &'a Network,
    lines: &'a Lines,
    /// What of the internet is asked about.
    internet: Option<&'a Internet>,
    /// The places that were looked up: many answers cite the same rules.
    written: RefCell<HashMap<Origin, Written>>,
}

impl<'a> Builder<'a> {
    /// Makes answers about a network.
    pub(crate) fn new(
        network: &'a Network,
        lines: &'a Lines,
        internet: Option<&'a Internet>,
    ) -> Self {
        Self { network, lines, internet, written: RefCell::default() }
    }

    /// The answer for one pair.
    pub(crate) fn pair(&self, reach: &Reachability) -> Pair {
        let question = &reach.question;
        let at_most = &reach.allowed.at_most;
        let more = !at_most.is_subset(&reach.allowed.at_least);
        Pair {
            source: self.end(&question.source),
            destination: self.end(&question.destination),
            family: family(&question.source),
            verdict: reach.verdict,
            forward_verdict: reach.forward_verdict,
            symptom: (reach.verdict != Verdict::Partial).then_some(reach.symptom),
            allowed: self.flows(&reach.allowed.at_least, usize::MAX),
            allowed_at_most: more.then(|| self.flows(at_most, usize::MAX)),
            reply: (!question.one_way).then(|| reply(reach)),
            forward: self.steps(&reach.forward, reach),
            back: self.steps(&reach.back, reach),
            blockers: self.steps(&reach.blockers, reach),
            unknowns: reach.unknowns.iter().map(missing).collect(),
        }
    }

    /// The answer for a pair that nothing recorded says anything about.
    pub(crate) fn unanswerable(
        &self,
        source: &Party,
        destination: &Party,
        unknowns: &[Unknown],
    ) -> Pair {
        let (source, is_v6) = self.party(source);
        let (destination, also_v6) = self.party(destination);
        Pair {
            source,
            destination,
            family: if is_v6 || also_v6 { "ipv6" } else { "ipv4" },
            verdict: Verdict::Unknown,
            forward_verdict: Verdict::Unknown,
            symptom: Some(Symptom::Unknown),
            allowed: Vec::new(),
            allowed_at_most: None,
            reply: None,
            forward: Vec::new(),
            back: Vec::new(),
            blockers: Vec::new(),
            unknowns: unknowns.iter().map(missing).collect(),
        }
    }

    /// One end of a question.
    pub(crate) fn end(&self, endpoint: &Endpoint) -> End {
        match endpoint {
            Endpoint::Interface { id, address, dialled } => {
                let mut end = match self.network.interfaces.get(id) {
                    Some(interface) => self.interface(interface),
                    None => plain(id.as_str(), "network-interface"),
                };
                end.addresses = vec![address.to_string()];
                end.dialled = dialled.map(|address| address.to_string());
                end
            }
            Endpoint::External { id, addresses } => {
                let label = self.network.externals.get(id).map(|external| &external.label);
                let mut end = match label {
                    Some(label) => named(label),
                    None => plain(id.as_str(), "external"),
                };
                end.addresses = self.nets(addresses, usize::MAX);
                end
            }
            Endpoint::Unheld { router, address } => {
                let mut end = plain(&address.to_string(), "unheld-address");
                end.addresses = vec![address.to_string()];
                end.host = self.network.routers.get(router).map(|router| owner(&router.label));
                end
            }
        }
    }

    fn interface(&self, interface: &Interface) -> End {
        let mut end = named(&interface.label);
        let host = interface.host.as_ref().and_then(|id| self.network.hosts.get(id));
        if let Some(host) = host {
            end.name = end.name.or_else(|| host.label.name.as_deref().map(str::to_owned));
            end.host = Some(owner(&host.label));
        }
        end
    }

    /// An end of a pair that was not evaluated, and whether it is IPv6.
    fn party(&self, party: &Party) -> (End, bool) {
        match party {
            Party::Interface { id, .. } => {
                let interface = self.network.interfaces.get(id);
                let end = interface.map(|interface| self.interface(interface));
                (end.unwrap_or_else(|| plain(id.as_str(), "network-interface")), false)
            }
            Party::Unclaimed { addresses } => {
                let mut end = plain(&addresses.to_string(), "unclaimed-address");
                end.addresses = self.nets(addresses, usize::MAX);
                (end, addresses.v4().is_empty())
            }
            Party::External { id, addresses } | Party::Beyond { id, addresses, .. } => {
                let (id, addresses) = (id.clone(), addresses.clone());
                let is_v6 = addresses.v4().is_empty();
                (self.end(&Endpoint::External { id, addresses }), is_v6)
            }
            Party::Unheld { router, address } => {
                let endpoint = Endpoint::Unheld { router: router.clone(), address: *address };
                (self.end(&endpoint), address.is_ipv6())
            }
            Party::Unread { what, .. } => (plain(what, "unread-interfaces"), false),
            Party::OneOf { text, .. } => (plain(text, "address"), false),
            Party::Platform { address } => {
                (plain(&address.to_string(), "platform-address"), address.is_ipv6())
            }
        }
    }

    fn steps(&self, steps: &[cloudfw_core::Step], reach: &Reachability) -> Vec<Step> {
        steps.iter().map(|step| self.step(step, &reach.question)).collect()
    }

    /// A rule and where it is written.
    pub(crate) fn cited(&self, cite: &RuleCite) -> RuleText {
        RuleText {
            id: cite.id.to_string(),
            text: cite.text.to_string(),
            list: owner(&cite.list),
            origin: self.written(&cite.origin),
        }
    }

    /// A step of the answer to a question.
    pub(crate) fn step(&self, step: &cloudfw_core::Step, question: &Question) -> Step {
        let rule = step.rule.as_ref().map(|cite| self.cited(cite));
        let by = match &step.rule {
            Some(cite) => &cite.list,
            None => self.remembering(step, question).unwrap_or(&step.at),
        };
        Step {
            hop: step.hop,
            leg: step.leg,
            kind: by.kind.to_owned(),
            id: by.id.to_string(),
            name: by.name.as_deref().map(str::to_owned),
            at: owner(&step.at),
            direction: step.direction,
            decision: step.decision,
            reason: step.reason,
            rule,
            flows: self.flows(&step.flows, MOST_NETS),
            code: crate::providers::explanation_code(step, question),
            unknown: step.unknown.as_ref().map(missing),
        }
    }

    /// What has let a reply through by its memory, without a rule: the groups of an end.
    fn remembering(&self, step: &cloudfw_core::Step, question: &Question) -> Option<&'a Label> {
        step.direction.filter(|_| step.reason == Reason::Established)?;
        let ends = [&question.source, &question.destination].into_iter();
        let interface = ends
            .filter_map(|end| match end {
                Endpoint::Interface { id, .. } => self.network.interfaces.get(id),
                _ => None,
            })
            .find(|interface| interface.label == step.at)?;
        let mut filters = interface.stack.filters.iter();
        let filter = filters.find_map(|id| {
            let filter = self.network.filters.get(id)?;
            matches!(filter.tracking, Tracking::Stateful { .. }).then_some(filter)
        });
        filter.map(|filter| &filter.label)
    }

    /// A place as it is printed.
    pub(crate) fn written(&self, origin: &Origin) -> Written {
        let mut known = self.written.borrow_mut();
        if let Some(written) = known.get(origin) {
            return written.clone();
        }
        let written = self.lines.written(origin);
        known.insert(origin.clone(), written.clone());
        written
    }

    fn flows(&self, space: &HeaderSpace, most: usize) -> Vec<Flows> {
        space.cubes().iter().flat_map(|cube| self.cube(cube, most)).collect()
    }

    fn cube(&self, cube: &Cube, most: usize) -> Vec<Flows> {
        let base = Flows {
            sources: self.nets(&cube.source, most),
            destinations: self.nets(&cube.destination, most),
            protocol: String::new(),
            source_ports: None,
            destination_ports: None,
            icmp_types: None,
            icmp_codes: None,
        };
        services(&cube.services, &base, most < usize::MAX)
    }

    /// Addresses as they are printed: `any`, `internet`, or the CIDRs. Of more than `most`, ranges,
    /// the first ones, and how many more there are.
    fn nets(&self, set: &IpSet, most: usize) -> Vec<String> {
        if *set == ANY_V4 || *set == ANY_V6 || set.is_full() {
            return vec!["any".to_owned()];
        }
        if self.internet.is_some_and(|internet| internet.is_whole(set)) {
            return vec!["internet".to_owned()];
        }
        let count = set.v4().ranges().len() + set.v6().ranges().len();
        if most == usize::MAX || count <= most {
            let nets = set.nets();
            if nets.len() <= most {
                return nets.iter().map(net_text).collect();
            }
        }
        let v4 = set.v4().ranges().iter().map(|&(low, high)| {
            format!("{}-{}", Ipv4Addr::from_bits(low), Ipv4Addr::from_bits(high))
        });
        let v6 = set.v6().ranges().iter().map(|&(low, high)| {
            format!("{}-{}", Ipv6Addr::from_bits(low), Ipv6Addr::from_bits(high))
        });
        let mut shown: Vec<String> = v4.chain(v6).take(most).collect();
        if count > most {
            shown.push(format!("… and {} more", count - most));
        }
        shown
    }
}

/// A CIDR; of a single address the address.
fn net_text(net: &IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() {
        return net.addr().to_string();
    }
    net.to_string()
}

const ANY_V4: IpSet = IpSet::any_v4();
const ANY_V6: IpSet = IpSet::any_v6();

/// The symptom over all pairs; nothing where they differ.
pub(crate) fn symptom_over(pairs: &[Pair]) -> Option<Symptom> {
    let mut symptoms = pairs.iter().map(|pair| pair.symptom);
    let first = symptoms.next().unwrap_or(Some(Symptom::Unknown));
    if symptoms.all(|symptom| symptom == first) { first } else { None }
}

/// One [`Flows`] for each protocol and set of ports of a set of services; one for all of them
/// where they differ in nothing, and with `grouped` one for those that have the same ports.
fn services(services: &ServiceSet, base: &Flows, grouped: bool) -> Vec<Flows> {
    let of = |protocol: String| Flows { protocol, ..base.clone() };
    let ported = |protocol: String, source: &PortSet, destination: &PortSet| Flows {
        source_ports: ports(source),
        destination_ports: ports(destination),
        ..of(protocol)
    };
    let mut cubes = services.port_cubes();
    if let (Some((protocols, source, destination)), None) = (cubes.next(), cubes.next())
        && protocols == ProtocolSet::WITH_PORTS
        && ALL_BUT_PORTS.is_subset(services)
    {
        return vec![ported("any".to_owned(), source, destination)];
    }
    let mut found = Vec::new();
    for (protocols, source, destination) in services.port_cubes() {
        let one = |protocol| ported(protocol, source, destination);
        found.extend(names(protocols, grouped).into_iter().map(one));
    }
    for (protocols, types, codes) in services.icmp_cubes() {
        found.extend(names(protocols, grouped).into_iter().map(|protocol| Flows {
            icmp_types: numbers(types),
            icmp_codes: numbers(codes),
            ..of(protocol)
        }));
    }
    let other = services.other_protocols();
    if other == ProtocolSet::OTHER {
        found.push(of("other".to_owned()));
    } else {
        found.extend(names(other, grouped).into_iter().map(of));
    }
    found
}

/// The names of protocols, or all of them in one text.
fn names(protocols: ProtocolSet, grouped: bool) -> Vec<String> {
    let names: Vec<String> = protocols.iter().map(|protocol| protocol.to_string()).collect();
    if grouped && !names.is_empty() { vec![names.join(",")] } else { names }
}

/// Every protocol without ports.
static ALL_BUT_PORTS: LazyLock<ServiceSet> =
    LazyLock::new(|| ServiceSet::all_of_protocols(ProtocolSet::WITH_PORTS.complement()));

fn ports(set: &PortSet) -> Option<String> {
    (!set.is_full()).then(|| set.to_string())
}

fn numbers(set: &RangeSet<u8>) -> Option<String> {
    let range = |&(low, high): &(u8, u8)| {
        if low == high { low.to_string() } else { format!("{low}-{high}") }
    };
    let ranges: Vec<String> = set.ranges().iter().map(range).collect();
    (!set.is_full()).then(|| ranges.join(","))
}

fn reply(reach: &Reachability) -> Reply {
    let share = |(client, failing): &(Client, Bounds<Fraction>)| ClientShare {
        client: client.kind.to_string(),
        range: client.ports.to_string(),
        failing: *failing,
    };
    Reply {
        client: reach.client.kind.to_string(),
        range: reach.client.ports.to_string(),
        failing: reach.failing,
        gap: (!reach.gap.is_empty()).then(|| reach.gap.to_string()),
        by_client: reach.failing_by_client.iter().map(share).collect(),
    }
}

/// The family that a pair is about.
pub(crate) fn family(source: &Endpoint) -> &'static str {
    let is_v4 = match source {
        Endpoint::Interface { address, .. } | Endpoint::Unheld { address, .. } => address.is_ipv4(),
        Endpoint::External { addresses, .. } => !addresses.v4().is_empty(),
    };
    if is_v4 { "ipv4" } else { "ipv6" }
}

pub(crate) fn missing(unknown: &Unknown) -> Missing {
    Missing {
        what: unknown.what.to_string(),
        why: unknown.why.to_string(),
        place: unknown.place.to_string(),
    }
}

/// A label as others refer to it.
pub(crate) fn owner(label: &Label) -> Owner {
    Owner {
        id: label.id.to_string(),
        name: label.name.as_deref().map(str::to_owned),
        kind: label.kind.to_owned(),
    }
}

fn named(label: &Label) -> End {
    let mut end = plain(&label.id, label.kind);
    end.name = label.name.as_deref().map(str::to_owned);
    end.scope = label.scope.to_string();
    end
}

fn plain(id: &str, kind: &str) -> End {
    End {
        id: id.to_owned(),
        name: None,
        kind: kind.to_owned(),
        host: None,
        addresses: Vec::new(),
        dialled: None,
        scope: String::new(),
    }
}
