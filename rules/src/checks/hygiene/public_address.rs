//! Machines with public addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;

use cloudfw_core::{Interface, Label, Network, Role};

use crate::membership::{Key, key};
use crate::wording::{listed, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "public-address",
    title: "A machine has a public address",
    severity: Severity::Info,
    evaluation: Evaluation::Graph,
    controls: &["CFW-NET-001"],
    explanation: Explanation {
        finds: "Machines and managed services with a public IPv4 address, one finding for each. \
                Gateways and load balancers, which are there to have one, are not looked at.",
        why: "Between such a machine and the internet stand only its rules and routes, and one \
              change of them opens it. By itself it proves nothing, and so the finding is `info`: \
              what can be reached is found by the checks of exposure.",
        example: "i-0abc (web) has 203.0.113.10",
        instead: "Put a load balancer in front, or reach the machine through a bastion, a session \
                  service or a VPN; let it call out through a NAT gateway.",
        limits: "IPv6 addresses, which are public by themselves, are not looked at. An address is \
                 no open port, and what can be reached by it is told by the checks of exposure: for \
                 information, where catalogues say medium.",
        references: &[
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html",
        ],
    },
    run,
};

/// What is known of a machine.
#[derive(Default)]
struct Known<'n> {
    public: Vec<IpAddr>,
    interfaces: Vec<&'n Interface>,
}

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let network = audit.network();
    let mut machines: BTreeMap<Key<'_>, (&Label, Known<'_>)> = BTreeMap::new();
    for interface in network.interfaces.values() {
        let public = interface.addresses.iter().filter_map(|address| address.public);
        let public: Vec<IpAddr> = public.filter(IpAddr::is_ipv4).collect();
        let counts = !public.is_empty() || interface.unread.v4.is_some();
        if interface.role != Role::Endpoint || !counts {
            continue;
        }
        let owner = owner(network, interface);
        let (_, known) = machines.entry(key(owner)).or_insert((owner, Known::default()));
        known.public.extend(public);
        known.interfaces.push(interface);
    }
    machines.into_values().map(|(owner, known)| finding(owner, &known)).collect()
}

/// The machine, or the interface itself where it is nobody's.
fn owner<'n>(network: &'n Network, interface: &'n Interface) -> &'n Label {
    let host = interface.host.as_ref().and_then(|id| network.hosts.get(id));
    host.map_or(&interface.label, |host| &host.label)
}

fn finding(owner: &Label, known: &Known<'_>) -> Finding {
    let whose = named(owner);
    let texts = listed(&known.public);
    let is_known = !known.public.is_empty();
    let message = match (is_known, known.public.len()) {
        (false, _) => format!("whether {whose} has a public address is unknown"),
        (true, 1) => format!("{whose} has the public address {texts}"),
        (true, _) => format!("{whose} has the public addresses {texts}"),
    };
    let advice = match is_known {
        true => format!("Give back {texts}, and reach {whose} by a balancer, a bastion or a VPN."),
        false => format!("Record the addresses of {whose}."),
    };
    let mut finding = Finding::new(CHECK.id, Severity::Info, owner.clone(), message, advice);
    finding.affected = known.interfaces.iter().map(|one| one.label.clone()).collect();
    finding.controls.extend(CHECK.controls);
    if !is_known {
        let unknowns = known.interfaces.iter().filter_map(|one| one.unread.v4.clone());
        finding.unknowns = unknowns.collect();
        finding.effect = Some(Effect { effective: Effective::Unknown, literal: false });
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::Severity;
    use crate::testing::{found, subjects};

    const BASE: &str = "
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24
interface one in a 10.0.1.10 public 203.0.113.10
interface two in a 10.0.1.11 public 203.0.113.11
interface own in a 10.0.1.12 public 203.0.113.12
interface private in a 10.0.1.13
interface six in a 2001:db8::1
interface plate in a 10.0.1.14 public 203.0.113.14 gateway nat
interface balancer in a 10.0.1.15 public 203.0.113.15 opaque
host web one,two
host db private
";

    #[test]
    fn machines_with_public_addresses_are_found_once() {
        let all = found(&CHECK, BASE);
        assert_eq!(subjects(&all), ["own", "web"]);
        assert_eq!(all[0].message, "network interface own has the public address 203.0.113.12");
        assert_eq!(
            all[1].message,
            "host web has the public addresses 203.0.113.10 and 203.0.113.11"
        );
        assert_eq!(all[1].affected.len(), 2);
        assert_eq!(all[1].severity, Severity::Info);
        assert!(all[1].controls.contains("CFW-NET-001"));
        assert!(!all[1].is_unknown());
    }

    #[test]
    fn one_whose_addresses_are_not_known_is_unknown() {
        let text = "router vpc 10.0.0.0/16\nsubnet a in vpc 10.0.1.0/24\n\
                    interface web in a 10.0.1.10";
        let mut network = cloudfw_core::Network::from_text(text).unwrap();
        let gap = cloudfw_core::Unknown::new("its addresses", "", "");
        network.interfaces.get_mut("web").unwrap().unread.v4 = Some(gap);
        let graph = cloudfw_core::PathGraph::new(&network);
        let settings = crate::Settings::default();
        let all = crate::Audit::new(&graph, &[], &settings).run([&CHECK]);
        assert!(all[0].is_unknown());
        assert_eq!(&*all[0].unknowns[0].what, "its addresses");
        assert_eq!(all[0].message, "whether network interface web has a public address is unknown");
    }
}
