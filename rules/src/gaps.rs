//! Stateless filters that lose replies of flows which are let through (AWS-34, AWS-42).
//!
//! What two boundaries lose is a matter of their lists alone, so that is asked first, of each two
//! of them once ([`boundaries`]); only where they may lose something, and groups may let it in,
//! one of all interfaces that are alike is put to the path graph ([`classes`], [`proof`]).

mod boundaries;
mod classes;
mod proof;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cloudfw_core::{
    Address, Bounds, Client, Direction, Endpoint, Flow, Fraction, HeaderSpace, Id, Initiative,
    Interface, IpSet, Label, PortSet, Question, RuleCite, ServiceSet, Step, Subnet, Tracking,
    Unknown,
};

use crate::Audit;
pub(crate) use boundaries::{hangs_on_groups, solicited};

use boundaries::Boundaries;
use classes::{Class, Classes};
use proof::{Drops, Found};

/// So many pairs of classes of interfaces are looked at, flows inside the estate; beyond, what is
/// left is unknown.
const MOST_PAIRS: usize = 200_000;
/// So many questions are put to the path graph.
const MOST_PROOFS: usize = 2_000;

/// A stateless list, and the flows whose replies it loses.
#[derive(Clone, Debug)]
pub struct Gap {
    /// The ACL that loses them.
    pub list: Label,
    /// In which of its directions.
    pub direction: Direction,
    /// Who opens the flows.
    pub opened: Opened,
    /// The rule that drops the replies; nothing where no rule lets them through.
    pub dropped_by: Option<RuleCite>,
    /// The rules of the other direction of the same ACL that let the opening packets through.
    pub entries: Vec<RuleCite>,
    /// The services of the flows of which no reply comes back, whatever the client's port.
    pub wholly: ServiceSet,
    /// Those of which some replies come back.
    pub partly: ServiceSet,
    /// Whom the lost replies are addressed to, where the list stands.
    pub peers: IpSet,
    /// Whom they come from.
    pub senders: IpSet,
    /// The client's ports whose replies are lost, of the services that are lost in part.
    pub ports: PortSet,
    /// The share of connections of the witness that fail, by client.
    pub shares: Vec<(Client, Bounds<Fraction>)>,
    /// The interfaces whose flows are hit.
    pub affected: BTreeSet<Id<Interface>>,
    /// What `trace` answers.
    pub question: Option<Question>,
    /// The hops of the witness, there and back.
    pub trace: Vec<Step>,
    /// One flow whose reply is lost.
    pub witness: Option<Flow>,
    /// Why it is not sure that anything is lost; empty where it is proved.
    pub unknowns: Vec<Unknown>,
}

impl Gap {
    /// Whether the loss is proved.
    pub fn is_proved(&self) -> bool {
        self.unknowns.is_empty()
    }

    /// The services of the flows; source ports are any.
    pub fn services(&self) -> ServiceSet {
        self.wholly.union(&self.partly)
    }
}

/// Who opens flows, and towards whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Opened {
    /// A network outside, of this name, towards interfaces.
    Inward(Arc<str>),
    /// An interface towards another one.
    Inside,
    /// An interface towards a network outside, of this name.
    Outward(Arc<str>),
}

/// All gaps, in a fixed order.
pub(crate) fn gaps(audit: &Audit<'_>) -> Vec<Gap> {
    within(audit, MOST_PAIRS, MOST_PROOFS)
}

fn within(audit: &Audit<'_>, pairs_left: usize, proofs_left: usize) -> Vec<Gap> {
    let mut search = Search {
        audit,
        boundaries: Boundaries::new(audit.graph()),
        classes: Classes::new(audit.network()),
        found: Found::new(audit.network()),
        pairs_left,
        proofs_left,
        let_out: HashMap::new(),
    };
    if !search.boundaries.any_is_stateless() {
        return Vec::new();
    }
    search.outside();
    search.inside();
    search.found.finish(audit.graph())
}

/// A search for gaps.
struct Search<'a, 'n> {
    audit: &'a Audit<'n>,
    boundaries: Boundaries<'n>,
    classes: Classes<'n>,
    found: Found,
    pairs_left: usize,
    proofs_left: usize,
    /// What the filters of a class let out of what two boundaries lose.
    let_out: HashMap<(&'n Id<Interface>, Lost), HeaderSpace>,
}

/// What two boundaries lose of a client's flows: their places, and the client's ports.
type Lost = (Option<usize>, Option<usize>, PortSet);

impl<'n> Search<'_, 'n> {
    /// Flows from and to networks outside.
    fn outside(&mut self) {
        let sources = self.audit.sources();
        let classes = self.classes.all();
        for source in sources {
            for class in &classes {
                let inward = self.boundaries.inward(class.subnet, &source.addresses);
                let inward = class.lets_in(self.audit.graph(), &inward, None);
                let outward = if source.is_internet && class.opens() {
                    self.outward(class)
                } else {
                    HeaderSpace::empty()
                };
                if inward.is_empty() && outward.is_empty() {
                    continue;
                }
                let asked = (source.towards)(class.id).questions;
                let opened = Opened::Inward(Arc::clone(&source.name));
                for question in first_of_each_family(&asked) {
                    if !(source.is_internet && is_hidden(question)) {
                        self.prove(question, &inward, &opened, &[class]);
                    }
                    let back = back(question);
                    let opened = Opened::Outward(Arc::clone(&source.name));
                    self.prove(&back, &outward, &opened, &[class]);
                }
            }
        }
    }

    /// What a class may send out and hear nothing of: by its own boundary, or by that of a NAT
    /// gateway that its subnet's table leads to (AWS-67a).
    fn outward(&mut self, class: &Class<'n>) -> HeaderSpace {
        let mut lost = self.boundaries.outward(class.subnet, &class.interface.client.ports);
        for (subnet, ports) in self.classes.translators(class.subnet) {
            if subnet != class.subnet {
                let client = &class.interface.client.ports;
                lost = lost.union(&self.boundaries.outward(subnet, &ports));
                lost = lost.union(&self.boundaries.between(class.subnet, subnet, client));
            }
        }
        class.lets_out(self.audit.graph(), &lost, None)
    }

    /// Flows between interfaces.
    fn inside(&mut self) {
        for (from, to) in self.classes.neighbours() {
            for client in self.classes.clients(from) {
                let lost = self.boundaries.between(from, to, &client);
                if !lost.is_empty() {
                    self.between(from, to, &client, &lost);
                }
            }
        }
    }

    fn between(
        &mut self,
        from: &'n Id<Subnet>,
        to: &'n Id<Subnet>,
        client: &PortSet,
        lost: &HeaderSpace,
    ) {
        let graph = self.audit.graph();
        let (sources, targets) = (self.classes.of(from), self.classes.of(to));
        let network = self.audit.network();
        let Some((near, far)) = network.subnets.get(from).zip(network.subnets.get(to)) else {
            return;
        };
        let here = lost.with_source(&near.addresses).with_destination(&far.addresses);
        if here.is_empty() {
            return;
        }
        let key = (self.boundaries.place(from), self.boundaries.place(to), client.clone());
        let opening =
            sources.iter().filter(|it| it.opens() && it.interface.client.ports == *client);
        let mut sources: Vec<(&Class<'n>, HeaderSpace)> = Vec::new();
        for source in opening {
            let passed = self.let_out.entry((source.id, key.clone()));
            let out = passed.or_insert_with(|| source.lets_out(graph, lost, None));
            sources.push((source, out.clone()));
        }
        let mut known = Known::default();
        for target in &targets {
            for (source, let_out) in &sources {
                if !target.may_admit(source) {
                    continue;
                }
                if self.pairs_left == 0 {
                    self.give_up(from, to);
                    return;
                }
                self.pairs_left -= 1;
                for (own, other) in source.addresses_towards(target) {
                    let at = |flows: &HeaderSpace| {
                        let flows = flows.with_source(&IpSet::single(own.ip));
                        flows.with_destination(&IpSet::single(other.ip))
                    };
                    let out = if source.names(target) {
                        source.lets_out(graph, &at(lost), Some(target))
                    } else {
                        at(let_out)
                    };
                    let cut = match target.admitted(source, &own) {
                        Some(services) => out.with_services(&services),
                        None => target.lets_in(graph, &out, Some(source)),
                    };
                    let classes = [*source, target];
                    if !known.tells(&mut self.found, &cut, &classes) {
                        let question = between(source, &own, target, &other);
                        let keys = self.prove(&question, &cut, &Opened::Inside, &classes);
                        known.learn(&cut, keys);
                    }
                }
            }
        }
    }

    /// Puts what may be lost to the path graph.
    fn prove(
        &mut self,
        question: &Question,
        lost: &HeaderSpace,
        opened: &Opened,
        classes: &[&Class<'n>],
    ) -> Vec<(proof::Key, ServiceSet)> {
        let services = lost.services().map_source_ports(&PortSet::full());
        if services.is_empty() || !is_of_family(question, lost) {
            return Vec::new();
        }
        let Some(left) = self.proofs_left.checked_sub(1) else {
            if let (Some(first), Some(last)) = (classes.first(), classes.last()) {
                self.give_up(first.subnet, last.subnet);
            }
            return Vec::new();
        };
        self.proofs_left = left;
        let question = Question { services, ..question.clone() };
        let Some(drops) = Drops::of(self.audit.graph(), &question) else {
            return Vec::new();
        };
        self.found.add(&drops, opened, &members(classes))
    }

    /// Says of the boundaries of subnets that not all flows over them were looked at.
    fn give_up(&mut self, from: &Id<Subnet>, to: &Id<Subnet>) {
        let network = self.audit.network();
        let subnets = [from, to].into_iter().filter_map(|id| network.subnets.get(id));
        let filters = subnets.flat_map(|subnet| &subnet.boundary.filters);
        for filter in filters.filter_map(|id| network.filters.get(id)) {
            if filter.tracking == Tracking::Stateless {
                self.found.give_up(&filter.label);
            }
        }
    }
}

/// What is proved of flows from one subnet to another: of other interfaces in the two, whose groups
/// let the same through, the boundaries and the routes are the same, so that nobody asks again.
#[derive(Default)]
struct Known {
    /// What was asked about, of IPv4 and of IPv6.
    asked: [Option<ServiceSet>; 2],
    gaps: Vec<(proof::Key, ServiceSet, bool)>,
}

impl Known {
    /// Whether nothing of these flows is new; then their interfaces are added to what is known.
    fn tells(&self, found: &mut Found, flows: &HeaderSpace, classes: &[&Class<'_>]) -> bool {
        let (services, v4) = Self::of(flows);
        let [asked_v4, asked_v6] = &self.asked;
        let asked = if v4 { asked_v4 } else { asked_v6 };
        if !asked.as_ref().is_some_and(|asked| services.is_subset(asked)) {
            return services.is_empty();
        }
        for (key, lost, of_v4) in &self.gaps {
            if *of_v4 == v4 && lost.intersects(&services) {
                found.affect(key, &members(classes));
            }
        }
        true
    }

    fn learn(&mut self, flows: &HeaderSpace, keys: Vec<(proof::Key, ServiceSet)>) {
        let (services, v4) = Self::of(flows);
        let [asked_v4, asked_v6] = &mut self.asked;
        let asked = if v4 { asked_v4 } else { asked_v6 };
        *asked = Some(asked.as_ref().map_or_else(|| services.clone(), |old| old.union(&services)));
        self.gaps.extend(keys.into_iter().map(|(key, services)| (key, services, v4)));
    }

    fn of(flows: &HeaderSpace) -> (ServiceSet, bool) {
        let v4 = flows.cubes().iter().any(|cube| !cube.source.v4().is_empty());
        (flows.services().map_source_ports(&PortSet::full()), v4)
    }
}

fn members(classes: &[&Class<'_>]) -> BTreeSet<Id<Interface>> {
    classes.iter().flat_map(|class| &class.members).map(|id| (*id).clone()).collect()
}

/// One question for each address family, and for those that come by a public address.
fn first_of_each_family(questions: &[Question]) -> Vec<&Question> {
    let mut seen = BTreeSet::new();
    let mut first = |question: &&Question| {
        let Endpoint::Interface { address, dialled, .. } = &question.destination else {
            return false;
        };
        seen.insert((address.is_ipv4(), dialled.is_some()))
    };
    questions.iter().filter(|question| first(question)).collect()
}

/// Whether nobody outside can ask it: a private address that is known by no other.
fn is_hidden(question: &Question) -> bool {
    matches!(
        &question.destination,
        Endpoint::Interface { address, dialled: None, .. } if address.is_ipv4()
    )
}

/// The question in the other direction.
fn back(question: &Question) -> Question {
    let source = match &question.destination {
        Endpoint::Interface { id, address, .. } => {
            Endpoint::Interface { id: id.clone(), address: *address, dialled: None }
        }
        other => other.clone(),
    };
    Question { source, destination: question.source.clone(), ..question.clone() }
}

fn between(source: &Class<'_>, own: &Address, target: &Class<'_>, other: &Address) -> Question {
    let end = |class: &Class<'_>, address: &Address| Endpoint::Interface {
        id: class.id.clone(),
        address: address.ip,
        dialled: None,
    };
    Question {
        source: end(source, own),
        destination: end(target, other),
        services: ServiceSet::full(),
        client: None,
        one_way: false,
    }
}

/// Whether any of these flows is of the address family of a question.
fn is_of_family(question: &Question, flows: &HeaderSpace) -> bool {
    let ends = [&question.source, &question.destination];
    let v4 = ends.into_iter().find_map(|end| match end {
        Endpoint::Interface { address, .. } => Some(address.is_ipv4()),
        _ => None,
    });
    let family = if v4 == Some(false) { IpSet::any_v6() } else { IpSet::any_v4() };
    flows.cubes().iter().any(|cube| cube.source.intersects(&family))
}

/// Whether something opens connections, as far as is known.
fn opens(interface: &Interface) -> bool {
    !matches!(interface.initiative, Initiative::Answers(_))
}

type ByKey = BTreeMap<proof::Key, Gap>;
