//! One witness for each exposure: the question narrowed to what the rules say, answered again.

use cloudfw_core::{
    Client, Endpoint, HeaderSpace, IpSet, Question, Reachability, ServiceSet, Step, Verdict, reach,
};

use super::meeting::outside;
use super::openings::dialled;
use super::{At, Class, Exposure, Proof};
use crate::ports::{self, Port};
use crate::{Audit, Source};

pub(super) fn of<'n>(audit: &Audit<'n>, source: &Source<'n>, exposure: &Exposure<'n>) -> Proof {
    let first = |class: Class| exposure.at.iter().find(|at| at.class() == class);
    match exposure.class() {
        Class::Unattached => Proof::default(),
        Class::Blocked => first(Class::Blocked)
            .map(|at| blocked(&ask(audit, source, exposure, at, &exposure.literal)))
            .unwrap_or_default(),
        Class::Unknown => {
            first(Class::Unknown).map(|at| unknown(audit, source, exposure, at)).unwrap_or_default()
        }
        Class::Exposed => {
            let Some(at) = first(Class::Exposed) else { return Proof::default() };
            let mut proof = exposed(&ask(audit, source, exposure, at, &at.exposed));
            // What is not known elsewhere belongs to the exposure as well.
            if let Some(at) = exposure.at.iter().find(|at| !at.possibly.is_empty()) {
                proof.unknowns = unknown(audit, source, exposure, at).unknowns;
            }
            proof
        }
    }
}

/// Puts the questions of an exposure to an interface, about these services.
fn ask(
    audit: &Audit<'_>,
    source: &Source<'_>,
    exposure: &Exposure<'_>,
    at: &At<'_>,
    services: &ServiceSet,
) -> Vec<Reachability> {
    let target = outside(audit, (source.towards)(at.interface));
    let narrowed = target.questions.iter();
    let narrowed = narrowed.filter_map(|question| narrow(question, &exposure.addresses, services));
    narrowed.map(|question| reach(audit.graph(), &question)).collect()
}

/// The part of a question that is about these sources and services.
fn narrow(question: &Question, sources: &IpSet, services: &ServiceSet) -> Option<Question> {
    let source = match &question.source {
        Endpoint::External { id, addresses } => {
            let addresses = addresses.intersection(sources);
            Endpoint::External { id: id.clone(), addresses }
        }
        Endpoint::Unheld { address, .. } if sources.contains(*address) => question.source.clone(),
        _ => return None,
    };
    let is_nobody = match (&source, &question.destination) {
        (Endpoint::External { addresses, .. }, Endpoint::Interface { address, .. }) => {
            let v4 = address.is_ipv4();
            (if v4 { addresses.only_v4() } else { addresses.only_v6() }).is_empty()
        }
        (Endpoint::External { addresses, .. }, _) => addresses.is_empty(),
        _ => false,
    };
    let services = dialled(services);
    (!is_nobody).then(|| Question { source, services, ..question.clone() })
}

/// Of several answers and services the worst known one shows it best.
fn exposed(answers: &[Reachability]) -> Proof {
    let proved = answers.iter().filter(|answer| !answer.allowed.at_least.is_empty());
    let worst = |answer: &&Reachability| {
        let known = worst_port(answer);
        (known.is_none(), known.map(|port| (port.category, port.range)))
    };
    let Some(answer) = proved.min_by_key(worst) else { return Proof::default() };
    let flows = &answer.allowed.at_least;
    let known = worst_port(answer).map(|port| flows.with_services(&port.services()));
    // Of source ports those of a usual client show it best.
    let usual = ServiceSet::full().with_source_ports(&Client::any().ports);
    let shown =
        |flows: &HeaderSpace| flows.with_services(&usual).a_flow().or_else(|| flows.a_flow());
    let witness = known.as_ref().and_then(shown).or_else(|| shown(flows));
    Proof { witness, ..told(answer) }
}

fn worst_port(answer: &Reachability) -> Option<&'static Port> {
    let services = answer.allowed.at_least.services();
    ports::met(&services).min_by_key(|port| (port.category, port.range))
}

fn unknown(audit: &Audit<'_>, source: &Source<'_>, exposure: &Exposure<'_>, at: &At<'_>) -> Proof {
    let answers = ask(audit, source, exposure, at, &at.possibly);
    let open = answers.iter().find(|answer| {
        let Reachability { allowed, .. } = answer;
        !allowed.at_most.is_subset(&allowed.at_least)
    });
    let mut proof = open.or(answers.first()).map(told).unwrap_or_default();
    let asked = answers.iter().flat_map(|answer| &answer.unknowns).cloned();
    let unasked = (source.towards)(at.interface).unknowns;
    for unknown in asked.chain(unasked) {
        if !proof.unknowns.contains(&unknown) {
            proof.unknowns.push(unknown);
        }
    }
    proof
}

fn blocked(answers: &[Reachability]) -> Proof {
    let Some(answer) = answers.first() else { return Proof::default() };
    let gets_in = !matches!(answer.forward_verdict, Verdict::Unreachable | Verdict::Unknown);
    Proof { one_way: gets_in, ..told(answer) }
}

fn told(answer: &Reachability) -> Proof {
    let trace: Vec<Step> = answer.forward.iter().chain(&answer.back).cloned().collect();
    Proof {
        question: Some(answer.question.clone()),
        trace,
        witness: None,
        blockers: answer.blockers.clone(),
        one_way: false,
        unknowns: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use cloudfw_core::{Endpoint, Id, IpSet, PortSet, Question, ServiceSet};

    use super::narrow;

    fn net(block: &str) -> IpSet {
        IpSet::from(block.parse::<ipnet::IpNet>().unwrap())
    }

    fn question(source: Endpoint, destination: Endpoint) -> Question {
        let services = ServiceSet::full();
        Question { source, destination, services, client: None, one_way: false }
    }

    /// Whether anybody of these sources is left to ask, and who.
    fn asked(from: &Endpoint, to: &Endpoint, sources: &str) -> Option<Endpoint> {
        let ssh = ServiceSet::tcp(PortSet::single(22));
        let narrowed = narrow(&question(from.clone(), to.clone()), &net(sources), &ssh)?;
        assert_eq!(narrowed.services, ssh);
        assert_eq!(&narrowed.destination, to);
        Some(narrowed.source)
    }

    #[test]
    fn a_question_is_narrowed_to_the_sources_of_the_rules() {
        let outside = |addresses| Endpoint::External { id: Id::new("internet"), addresses };
        let (internet, single) = (
            outside(IpSet::any_v4()),
            Endpoint::Unheld { address: [198, 51, 100, 7].into(), router: Id::new("vpc") },
        );
        let to = |address| Endpoint::Interface { id: Id::new("web"), address, dialled: None };
        let web = to([10, 0, 1, 10].into());
        let office = outside(net("198.51.100.0/24"));
        assert_eq!(asked(&internet, &web, "198.51.100.0/24"), Some(office.clone()));
        assert_eq!(asked(&office, &web, "203.0.113.0/24"), None);
        assert_eq!(asked(&office, &to("2001:db8::1".parse().unwrap()), "0.0.0.0/0"), None);
        assert_eq!(asked(&single, &web, "198.51.100.0/24"), Some(single.clone()));
        assert_eq!(asked(&single, &web, "203.0.113.0/24"), None);
        assert_eq!(asked(&office, &single, "198.51.100.0/24"), Some(office.clone()));
        assert_eq!(asked(&office, &single, "203.0.113.0/24"), None);
        assert_eq!(asked(&web, &web, "0.0.0.0/0"), None, "that is no source outside");
    }
}
