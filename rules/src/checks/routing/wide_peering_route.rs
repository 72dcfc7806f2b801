//! Routes to the whole of a peered network.

use cloudfw_core::{
    Destinations, Gateway, IpSet, Label, Network, Passage, Route, RuleCite, Target, Unknown,
};
use ipnet::IpNet;

use crate::routes::{Routes, Table};
use crate::wording::{listed, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "wide-peering-route",
    title: "A route to the whole of a peered network",
    severity: Severity::Low,
    evaluation: Evaluation::Graph,
    controls: &["CFW-NET-004"],
    explanation: Explanation {
        finds: "Routes over a peering that cover a whole address range of the network at its \
                other end. One finding for each route table and peering: `low` where the table \
                is used by a subnet with interfaces, else `info`.",
        why: "Every machine of the peered network can send packets here as soon as a rule lets \
              it. Routes to the subnets that are needed hold where a rule is too wide.",
        example: "rtb-0abc: 10.1.0.0/16 -> pcx-0abc, and 10.1.0.0/16 is all of vpc-0b",
        instead: "Lead only the subnets or hosts that are called to the peering.",
        limits: "Which addresses are needed is for their owners to say. Of a peering whose other \
                 network is not recorded it is unknown whether a route covers it. A route lets nothing through by itself: \
                 low, where catalogues say medium.",
        references: &["https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-routing.html"],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let network = audit.network();
    let routes = Routes::new(network);
    let mut findings = Vec::new();
    for gateway in &network.gateways {
        for table in routes.tables() {
            findings.extend(of_table(network, &routes, gateway.1, table, gateway.0));
        }
    }
    findings
}

fn of_table<'n>(
    network: &'n Network,
    routes: &Routes<'n>,
    gateway: &'n Gateway,
    table: &Table<'n>,
    id: &cloudfw_core::Id<Gateway>,
) -> Option<Finding> {
    let leads = |route: &&Route| matches!(&route.target, Target::Gateway(to) if to == id);
    let by: Vec<&Route> = table.table.routes.iter().filter(leads).collect();
    if by.is_empty() || gateway.closed.is_some() {
        return None;
    }
    let used = routes.in_use(table);
    match &gateway.passage {
        Passage::Link { ends: [one, two], .. } => {
            let own = table.subnets.first().map(|(_, subnet)| &subnet.router);
            let peer = if own == Some(one) { two } else { one };
            let peer = network.routers.get(peer)?;
            // A table that no subnet uses may be of either end.
            let ends = match own {
                Some(_) => vec![&peer.addresses],
                None => [one, two]
                    .into_iter()
                    .filter_map(|end| Some(&network.routers.get(end)?.addresses))
                    .collect(),
            };
            let whole: Vec<IpNet> = ends.into_iter().flat_map(IpSet::nets).collect();
            let wide: Vec<&Route> =
                by.iter().copied().filter(|route| covers(route, &whole)).collect();
            (!wide.is_empty()).then(|| found(gateway, table, &wide, &used))
        }
        Passage::Opaque { unknown, .. } if gateway.label.kind.contains("peering") => {
            Some(not_known(gateway, table, &by, &used, unknown))
        }
        _ => None,
    }
}

/// Whether a route covers one of the ranges of a network.
fn covers(route: &Route, whole: &[IpNet]) -> bool {
    let Destinations::Prefixes(prefixes) = &route.destinations else { return false };
    whole.iter().any(|range| prefixes.iter().any(|prefix| prefix.contains(range)))
}

fn found(gateway: &Gateway, table: &Table<'_>, wide: &[&Route], used: &[&Label]) -> Finding {
    let (whose, by) = (named(&table.table.label), named(&gateway.label));
    let texts = listed(wide.iter().map(|route| format!("`{}`", route.text)));
    let message = format!("{whose} leads to the whole network behind {by}: {texts}");
    let advice = format!(
        "In {whose}, lead only the subnets or hosts that are called to {by}, instead of {texts}."
    );
    let severity = if used.is_empty() { Severity::Info } else { Severity::Low };
    let label = table.table.label.clone();
    let mut finding = Finding::new(CHECK.id, severity, label, message, advice);
    finding.rules = wide.iter().map(|route| RuleCite::of_route(table.table, route)).collect();
    finding.affected = used.iter().map(|label| (*label).clone()).collect();
    finding.controls.extend(CHECK.controls);
    finding
}

fn not_known(
    gateway: &Gateway,
    table: &Table<'_>,
    by: &[&Route],
    used: &[&Label],
    unknown: &Unknown,
) -> Finding {
    let mut finding = found(gateway, table, by, used);
    let whose = named(&table.table.label);
    finding.message = format!(
        "whether {whose} leads to the whole network behind {} is unknown",
        named(&gateway.label)
    );
    finding.severity = Severity::Info;
    finding.advice = format!("Record the network at the other end of {}.", named(&gateway.label));
    finding.effect = Some(Effect { effective: Effective::Unknown, literal: false });
    finding.unknowns = vec![unknown.clone()];
    finding
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    const BASE: &str = "
router near 10.0.0.0/16
router far 10.1.0.0/16,10.9.0.0/24
gateway pcx link near far
gateway shut link near far closed
gateway tgw opaque
subnet a in near 10.0.1.0/24 table rt
interface web in a 10.0.1.10
";

    fn with(routes: &str) -> Vec<Finding> {
        found(&CHECK, &format!("{BASE}table rt\n  10.0.0.0/16 -> local\n{routes}"))
    }

    #[test]
    fn a_route_to_a_whole_range_of_the_peer_is_found() {
        let all = with("  10.1.0.0/16 -> pcx\n  10.9.0.7/32 -> pcx");
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Low);
        assert_eq!(
            one.message,
            "route table rt leads to the whole network behind vpc peering connection pcx: \
             `10.1.0.0/16 -> pcx`"
        );
        assert_eq!(one.rules.len(), 1);
        assert_eq!(&*one.affected[0].id, "a");
        assert!(one.controls.contains("CFW-NET-004"));
        assert!(!one.is_unknown());
        assert_eq!(with("  10.0.0.0/8 -> pcx").len(), 1);
        assert_eq!(with("  10.9.0.0/24 -> pcx").len(), 1);
    }

    #[test]
    fn a_part_of_the_peer_another_gateway_and_a_closed_one_are_none() {
        assert_eq!(with("  10.1.0.0/17 -> pcx\n  10.1.128.0/17 -> tgw"), []);
        assert_eq!(with("  10.1.0.0/16 -> tgw"), []);
        assert_eq!(with("  10.1.0.0/16 -> shut"), []);
        assert_eq!(with("  10.0.0.0/16 -> pcx"), []);
    }

    #[test]
    fn a_table_that_nothing_uses_is_told_all_the_same() {
        let all = found(&CHECK, &format!("{BASE}table idle\n  10.1.0.0/16 -> pcx"));
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].severity, Severity::Info);
        assert!(all[0].affected.is_empty());
    }

    #[test]
    fn a_peering_that_nobody_sees_through_is_unknown() {
        let text = format!("{BASE}table rt\n  10.1.0.0/17 -> tgw\n");
        let mut network = cloudfw_core::Network::from_text(&text).unwrap();
        network.gateways.get_mut("tgw").unwrap().label.kind = "vpc-peering-connection";
        let graph = cloudfw_core::PathGraph::new(&network);
        let settings = crate::Settings::default();
        let all = crate::Audit::new(&graph, &[], &settings).run([&CHECK]);
        assert_eq!(all.len(), 1);
        assert!(all[0].is_unknown());
        assert_eq!(all[0].severity, Severity::Info);
        assert!(all[0].controls.contains("CFW-NET-004"));
    }
}
