//! What Azure Network Watcher calls it: the kind of issue where a step stops a flow, as connection
//! troubleshoot names it, and the next hop type where a route sends it on.
//!
//! Only codes that mean the same are given, so that an answer can be laid beside Azure's own. The
//! rule that decided has Azure's own name in the step itself, as IP flow verify tells it.

use cloudfw_core::{Decision, Place, Reason, Step};

/// Connection troubleshoot's kinds of issues that documents can tell of.
const SECURITY_RULE: &str = "NetworkSecurityRule";
const ROUTE: &str = "UserDefinedRoute";

/// Next hop's types, by the words of routes (T-8: they differ from those of effective routes).
const NEXT_HOPS: [(&str, &str); 6] = [
    ("internet", "Internet"),
    ("none", "None"),
    ("null", "None"),
    ("virtualappliance", "VirtualAppliance"),
    ("virtualnetworkgateway", "VirtualNetworkGateway"),
    ("vnetlocal", "VnetLocal"),
];

/// Whether a step is at something of Azure's.
pub fn is_of_azure(step: &Step) -> bool {
    let labels = step.rule.iter().map(|rule| &rule.list).chain([&step.at]);
    labels.into_iter().any(|label| {
        let is_arm =
            label.id.get(..15).is_some_and(|it| it.eq_ignore_ascii_case("/subscriptions/"));
        is_arm || matches!(label.origin.place, Place::Implied("Azure"))
    })
}

/// Network Watcher's code for a step, where one means the same.
pub fn code(step: &Step) -> Option<&'static str> {
    let kind = step.rule.as_ref().map_or(step.at.kind, |rule| rule.list.kind);
    let route = step.rule.as_ref().map_or("", |rule| &rule.text);
    of(kind, step.decision, step.reason, route)
}

/// The table: the kind of component, what it does and why, and the words of its route.
fn of(kind: &str, decision: Decision, reason: Reason, route: &str) -> Option<&'static str> {
    match (decision, reason, kind) {
        (Decision::Deny, Reason::Rule, "network-security-group" | "security-admin-rules") => {
            Some(SECURITY_RULE)
        }
        (Decision::Deny, Reason::Discarded, "route-table") => Some(ROUTE),
        (Decision::Forward, Reason::Route, "route-table") => next_hop(route),
        _ => None,
    }
}

/// The next hop type in the words of a route: `default: 0.0.0.0/0 -> Internet`.
fn next_hop(route: &str) -> Option<&'static str> {
    let (_, hop) = route.rsplit_once(" -> ")?;
    let word = hop.split(' ').next()?;
    let known = NEXT_HOPS.iter().find(|(told, _)| word.eq_ignore_ascii_case(told));
    known.map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Network Watcher can answer: the issues of connection troubleshoot, and the types of
    /// next hop.
    const KNOWN: [&str; 12] = [
        "CPU",
        "Memory",
        "GuestFirewall",
        "DnsResolution",
        "NetworkSecurityRule",
        "UserDefinedRoute",
        "HyperNetGateway",
        "Internet",
        "None",
        "VirtualAppliance",
        "VirtualNetworkGateway",
        "VnetLocal",
    ];

    #[test]
    fn every_code_is_one_that_network_watcher_has() {
        let codes = NEXT_HOPS.iter().map(|(_, code)| *code).chain([SECURITY_RULE, ROUTE]);
        for code in codes {
            assert!(KNOWN.contains(&code), "{code}");
        }
    }

    #[test]
    fn az_2_a_rule_that_denies_is_a_network_security_rule() {
        let code = of("network-security-group", Decision::Deny, Reason::Rule, "");
        assert_eq!(code, Some("NetworkSecurityRule"));
        let admin = of("security-admin-rules", Decision::Deny, Reason::Rule, "");
        assert_eq!(admin, Some("NetworkSecurityRule"));
        let allows = of("network-security-group", Decision::Allow, Reason::Rule, "");
        assert_eq!(allows, None);
    }

    #[test]
    fn az_52_a_route_that_drops_is_an_issue_and_others_have_their_type() {
        let route = |decision, reason, text| of("route-table", decision, reason, text);
        let dropped = route(Decision::Deny, Reason::Discarded, "r: 10.0.0.0/8 -> None");
        assert_eq!(dropped, Some("UserDefinedRoute"));
        let sent = |text| route(Decision::Forward, Reason::Route, text);
        assert_eq!(sent("10.1.0.0/16 -> VNetLocal"), Some("VnetLocal"));
        assert_eq!(sent("d: 0.0.0.0/0 -> VirtualAppliance 10.0.0.4"), Some("VirtualAppliance"));
        // Next hop has no type of this name.
        assert_eq!(sent("10.2.0.0/16 -> VNetPeering"), None);
    }
}
