//! What stateless lists let in from the internet, read in their order.

use cloudfw_core::{
    Decider, Direction, Endpoint, HeaderSpace, Id, Interface, IpSet, Label, Phase, PortSet,
    Question, Reachability, Rule, RuleCite, ServiceSet, Sight, Step, evaluate, reach,
};

use crate::lists::Listed;
use crate::reading::{allows, far_side, is_written};
use crate::{Audit, Effect, Effective, Finding, Severity};

/// A list is open to the internet where it lets in as much of it as a /8 of IPv4 …
const WIDE_V4: u128 = 1 << 24;
/// … or a /16 of IPv6: a few denies before 0.0.0.0/0 close nothing, and the office is no internet.
const WIDE_V6: u128 = 1 << 112;

/// A stateless list of ingress, and what it lets in.
pub(in crate::checks) struct Openness<'a, 'n> {
    audit: &'a Audit<'n>,
    pub(in crate::checks) listed: &'a Listed<'n>,
    /// What certainly passes, from anywhere.
    passes: HeaderSpace,
    /// Which rules let packets through, and which.
    hits: Vec<(RuleCite, HeaderSpace)>,
    internet: IpSet,
}

/// All stateless lists of ingress, but for those of gateways: what the platform blocks there is no
/// ACL.
pub(in crate::checks) fn openness<'a, 'n>(
    audit: &'a Audit<'n>,
) -> impl Iterator<Item = Openness<'a, 'n>> {
    let internet = audit.sources().iter().find(|source| source.is_internet);
    let internet = internet.map_or_else(IpSet::full, |source| source.addresses.clone());
    let stateless = audit
        .lists()
        .iter()
        .filter(|listed| listed.is_stateless() && listed.direction == Direction::Ingress)
        .filter(|listed| listed.gateways.is_empty());
    stateless.filter_map(move |listed| Openness::of(audit, listed, &internet))
}

impl<'a, 'n> Openness<'a, 'n> {
    fn of(audit: &'a Audit<'n>, listed: &'a Listed<'n>, internet: &IpSet) -> Option<Self> {
        let filter = listed.filters.first().and_then(|id| audit.network().filters.get(*id))?;
        let full = HeaderSpace::full();
        let told = evaluate(filter, Direction::Ingress, Phase::Opening, &full, &Sight::HEADERS);
        let passes = full.difference(&told.outcome.deny);
        let hit = |hit: &cloudfw_core::Hit<'_>| match hit.by {
            Decider::Rule(list, rule) if hit.verdict.is_ok() && is_written(rule) => {
                Some((RuleCite::of_rule(list, Direction::Ingress, rule), hit.flows.clone()))
            }
            _ => None,
        };
        let hits = told.outcome.hits.iter().filter_map(hit).collect();
        Some(Self { audit, listed, passes, hits, internet: internet.clone() })
    }

    /// Whether some of these services come in from the internet.
    pub(in crate::checks) fn opens_any(&self, services: &ServiceSet) -> bool {
        self.is_wide(&self.passes.with_services(services).sources())
    }

    /// Whether all of these services come in from the internet.
    pub(in crate::checks) fn opens_all(&self, services: &ServiceSet) -> bool {
        let asked = HeaderSpace::from_cube(IpSet::full(), IpSet::full(), services.clone());
        let lacking = asked.difference(&self.passes).sources();
        self.is_wide(&lacking.complement())
    }

    /// Whether every port comes in, of TCP at least.
    pub(in crate::checks) fn opens_everything(&self) -> bool {
        self.opens_all(&ServiceSet::tcp(PortSet::full()))
    }

    fn is_wide(&self, sources: &IpSet) -> bool {
        let sources = sources.intersection(&self.internet);
        sources.count_v4() >= WIDE_V4 || sources.count_v6() >= WIDE_V6
    }

    /// The rules that let these services in from the internet.
    pub(in crate::checks) fn rules(&self, services: &ServiceSet) -> Vec<RuleCite> {
        let lets = |flows: &HeaderSpace| {
            flows.with_services(services).sources().intersects(&self.internet)
        };
        self.hits.iter().filter(|(_, flows)| lets(flows)).map(|(rule, _)| rule.clone()).collect()
    }

    /// What comes of it: whether any of these services is proved to be reached from the internet
    /// in the subnets that ask the list, and at which interfaces.
    pub(in crate::checks) fn effect(&self, services: &ServiceSet) -> (Effective, Vec<Label>) {
        if self.listed.subnets.is_empty() && self.listed.interfaces.is_empty() {
            return (Effective::Unattached, Vec::new());
        }
        let network = self.audit.network();
        let (mut exposed, mut possibly, mut blockers) = (Vec::new(), Vec::new(), Vec::new());
        for exposure in self.audit.exposures().iter().filter(|exposure| exposure.is_internet) {
            for at in &exposure.at {
                let Some(interface) = network.interfaces.get(at.interface) else { continue };
                let here = self.listed.subnets.contains(&interface.subnet)
                    || self.listed.interfaces.contains(at.interface);
                if !here {
                    continue;
                }
                if at.exposed.intersects(services) {
                    exposed.push(interface.label.clone());
                } else if at.possibly.intersects(services) {
                    possibly.push(interface.label.clone());
                } else if blockers.is_empty() {
                    blockers = self.stopping(&exposure.proof.blockers, services);
                }
            }
        }
        if exposed.is_empty() && possibly.is_empty() {
            // Exposures are of what is broadly open; a group may let in an office.
            for answer in self.answers(services) {
                let Some(label) = self.label_of(&answer.question.destination) else { continue };
                if !answer.allowed.at_least.is_empty() {
                    exposed.push(label);
                } else if !answer.allowed.at_most.is_empty() {
                    possibly.push(label);
                } else if blockers.is_empty() {
                    blockers = answer.blockers;
                }
            }
        }
        match (exposed.is_empty(), possibly.is_empty()) {
            (false, _) => (Effective::Exposed, ordered(exposed)),
            (true, false) => (Effective::Unknown, ordered(possibly)),
            (true, true) => (Effective::Blocked(blockers), Vec::new()),
        }
    }

    /// What the internet is answered behind the list about these services, at interfaces whose own
    /// lists let anything of them in from there.
    fn answers(&self, services: &ServiceSet) -> Vec<Reachability> {
        let Some(internet) = self.audit.sources().iter().find(|source| source.is_internet) else {
            return Vec::new();
        };
        let interfaces = self.audit.network().interfaces.iter();
        let behind = interfaces.filter(|(id, interface)| {
            let here = self.listed.subnets.contains(&interface.subnet);
            (here || self.listed.interfaces.contains(id)) && self.lets_in(id, services)
        });
        let questions = behind.flat_map(|(id, _)| (internet.towards)(id).questions);
        let outside = questions.filter(|it| !matches!(it.source, Endpoint::Interface { .. }));
        let narrowed = outside.map(|it| Question { services: services.clone(), ..it });
        narrowed.map(|question| reach(self.audit.graph(), &question)).collect()
    }

    /// Whether a list of the interface may let some of these services in from the internet, or none
    /// stands before it.
    fn lets_in(&self, id: &Id<Interface>, services: &ServiceSet) -> bool {
        let lists = self.audit.lists().of_interface(id);
        let mut own = lists.filter(|it| it.direction == Direction::Ingress).peekable();
        let opens = |rule: &Rule| {
            let side = far_side(rule, Direction::Ingress);
            let from = side.addresses.union(&side.possibly);
            allows(rule)
                && rule.matches.services.intersects(services)
                && from.intersects(&self.internet)
        };
        own.peek().is_none() || own.any(|listed| listed.list.rules.iter().any(opens))
    }

    fn label_of(&self, end: &Endpoint) -> Option<Label> {
        let Endpoint::Interface { id, .. } = end else { return None };
        Some(self.audit.network().interfaces.get(id)?.label.clone())
    }

    fn stopping(&self, blockers: &[Step], services: &ServiceSet) -> Vec<Step> {
        let stops =
            |step: &&Step| step.flows.cubes().iter().any(|c| c.services.intersects(services));
        blockers.iter().filter(stops).cloned().collect()
    }

    /// A finding of it. What is exposed is as bad as told; what nothing can reach is low.
    pub(in crate::checks) fn finding(
        &self,
        check: &'static str,
        worst: Severity,
        services: &ServiceSet,
        message: &str,
        advice: String,
    ) -> Finding {
        let (effective, at) = self.effect(services);
        let (severity, comes) = match &effective {
            Effective::Exposed => (worst, "and it can be reached there"),
            Effective::Blocked(_) => (worst.min(Severity::Low), "and nothing gets in by it"),
            Effective::Unattached => (Severity::Info, "and no subnet uses it"),
            Effective::Unknown => {
                (worst.min(Severity::Low), "and whether anything gets in is not known")
            }
        };
        let label = self.listed.label().clone();
        let message = format!("{label} {message}, {comes}");
        let mut finding = Finding::new(check, severity, label, message, advice);
        finding.source = Some("internet".into());
        finding.rules = self.rules(services);
        finding.services = services.clone();
        finding.affected = at;
        if effective == Effective::Unknown {
            let exposures = self.audit.exposures().iter();
            finding.unknowns = exposures
                .filter(|exposure| exposure.is_internet)
                .find_map(|it| (!it.proof.unknowns.is_empty()).then(|| it.proof.unknowns.clone()))
                .unwrap_or_default();
        }
        finding.effect = Some(Effect { effective, literal: true });
        finding
    }
}

fn ordered(labels: Vec<Label>) -> Vec<Label> {
    let mut ordered: Vec<Label> = Vec::new();
    for label in labels {
        if !ordered.contains(&label) {
            ordered.push(label);
        }
    }
    ordered.sort_by(|one, other| (&one.scope, &one.id).cmp(&(&other.scope, &other.id)));
    ordered
}
