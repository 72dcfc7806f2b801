//! Peerings whose two ends have addresses in common.

use cloudfw_core::{Gateway, IpSet, Network, Passage};

use crate::wording::named;
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "overlapping-peering",
    title: "The two networks of a peering have addresses in common",
    severity: Severity::Medium,
    evaluation: Evaluation::Graph,
    controls: &[],
    explanation: Explanation {
        finds: "Peerings that carry packets and join two networks whose address ranges overlap.",
        why: "An address that both sides have is always delivered on the own side: the other one \
              cannot be reached, and where it can be, its replies do not come back.",
        example: "pcx-0abc joins vpc-0a (10.0.0.0/16) and vpc-0b (10.0.128.0/17)",
        instead: "Give one of the networks another range, or reach the service through something \
                  that translates addresses (a private endpoint, private NAT).",
        limits: "Networks that are joined by something that nobody can see through (a transit \
                 gateway, a VPN) are not compared.",
        references: &["https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html"],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let network = audit.network();
    network.gateways.values().filter_map(|gateway| of_gateway(network, gateway)).collect()
}

fn of_gateway(network: &Network, gateway: &Gateway) -> Option<Finding> {
    let Passage::Link { ends: [one, two], .. } = &gateway.passage else { return None };
    if gateway.closed.is_some() {
        return None;
    }
    let (one, two) = (network.routers.get(one)?, network.routers.get(two)?);
    let (here, there) = (named(&one.label), named(&two.label));
    let whose = named(&gateway.label);
    let label = gateway.label.clone();
    let affected = vec![one.label.clone(), two.label.clone()];
    let both = one.addresses.intersection(&two.addresses);
    if !both.is_empty() {
        let message = format!("{whose} joins {here} and {there}, which both have {}", shown(&both));
        let advice = format!(
            "Give {here} or {there} another range than {}, or join them through something that \
             translates addresses.",
            shown(&both)
        );
        let mut finding = Finding::new(CHECK.id, Severity::Medium, label, message, advice);
        finding.affected = affected;
        return Some(finding);
    }
    // A network without a single address was not read.
    let bare = [one, two].into_iter().find(|router| router.addresses.is_empty())?;
    let message = format!(
        "whether the networks that {whose} joins overlap is unknown: the addresses of {} are not \
         recorded",
        named(&bare.label)
    );
    let advice = format!("Record {}.", named(&bare.label));
    let mut finding = Finding::new(CHECK.id, Severity::Info, label, message, advice);
    finding.effect = Some(Effect { effective: Effective::Unknown, literal: false });
    finding.unknowns = bare.unread.clone();
    finding.affected = affected;
    Some(finding)
}

fn shown(addresses: &IpSet) -> String {
    crate::wording::listed(addresses.nets())
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    fn joined(one: &str, two: &str, rest: &str) -> Vec<Finding> {
        let text = format!("router a {one}\nrouter b {two}\ngateway pcx link a b {rest}");
        found(&CHECK, &text)
    }

    #[test]
    fn networks_that_share_addresses_are_found_with_what_they_share() {
        let all = joined("10.0.0.0/16,172.16.0.0/16", "10.0.128.0/17", "");
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Medium);
        assert_eq!(
            one.message,
            "vpc peering connection pcx joins vpc a and vpc b, which both have 10.0.128.0/17"
        );
        assert!(one.advice.contains("another range than 10.0.128.0/17"), "{}", one.advice);
        let affected: Vec<&str> = one.affected.iter().map(|label| &*label.id).collect();
        assert_eq!(affected, ["a", "b"]);
        assert!(!one.is_unknown());
        assert_eq!(joined("2001:db8::/56", "2001:db8::/64", "").len(), 1);
    }

    #[test]
    fn neighbours_do_not_overlap_and_a_closed_peering_carries_nothing() {
        assert_eq!(joined("10.0.0.0/17", "10.0.128.0/17", ""), []);
        assert_eq!(joined("10.0.0.0/16", "10.0.0.0/16", "closed"), []);
    }

    #[test]
    fn a_network_of_no_recorded_addresses_may_overlap() {
        let text = "router a 10.0.0.0/16\nrouter b 10.1.0.0/16\ngateway pcx link a b";
        let mut network = cloudfw_core::Network::from_text(text).unwrap();
        network.routers.get_mut("b").unwrap().addresses = cloudfw_core::IpSet::empty();
        let graph = cloudfw_core::PathGraph::new(&network);
        let settings = crate::Settings::default();
        let all = crate::Audit::new(&graph, &[], &settings).run([&CHECK]);
        assert_eq!(all.len(), 1);
        assert!(all[0].is_unknown());
        assert!(all[0].message.ends_with("the addresses of vpc b are not recorded"));
        assert_eq!(all[0].severity, Severity::Info);
    }
}
