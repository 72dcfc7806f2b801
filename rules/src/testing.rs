//! For tests of checks: an estate in core's text form, audited.

use cloudfw_core::{Endpoint, Id, IpSet, Network, PathGraph, Question, ServiceSet};

use crate::{Audit, Check, Finding, Settings, Source, Target};

/// What a check finds in the estate that a text describes. The network outside that is called
/// `internet` is asked from; without one there is no source.
pub(crate) fn found(check: &Check, text: &str) -> Vec<Finding> {
    found_with(check, text, &Settings::default())
}

/// The same with other settings.
pub(crate) fn found_with(check: &Check, text: &str, settings: &Settings) -> Vec<Finding> {
    let network = Network::from_text(text).unwrap();
    let graph = PathGraph::new(&network);
    let sources: Vec<Source<'_>> = internet(&network).into_iter().collect();
    Audit::new(&graph, &sources, settings).find([check])
}

/// The ids of the subjects, in the order of the findings.
pub(crate) fn subjects(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| &*finding.subject.id).collect()
}

/// The network that is called `internet`, without the addresses of the estate, as a source.
pub(crate) fn internet(network: &Network) -> Option<Source<'_>> {
    let id = Id::new("internet");
    let addresses = network.externals.get(&id)?.addresses.clone();
    let inside = network.interfaces.values().flat_map(|interface| &interface.addresses);
    let own = inside.flat_map(|address| [Some(address.ip), address.public]).flatten();
    let own: Vec<IpSet> = own.map(IpSet::single).collect();
    let addresses = addresses.difference(&IpSet::union_of(&own));
    let outside = addresses.clone();
    let towards = move |interface: &Id<cloudfw_core::Interface>| {
        let Some(found) = network.interfaces.get(interface) else { return Target::default() };
        let ask = |address: &cloudfw_core::Address| Question {
            source: Endpoint::External {
                id: id.clone(),
                addresses: match address.ip.is_ipv4() {
                    true => outside.only_v4(),
                    false => outside.only_v6(),
                },
            },
            destination: Endpoint::Interface {
                id: interface.clone(),
                address: address.ip,
                dialled: address.public,
            },
            services: ServiceSet::full(),
            client: None,
            one_way: false,
        };
        Target { questions: found.addresses.iter().map(ask).collect(), unknowns: Vec::new() }
    };
    Some(Source {
        name: "internet".into(),
        is_internet: true,
        addresses,
        towards: Box::new(towards),
    })
}
