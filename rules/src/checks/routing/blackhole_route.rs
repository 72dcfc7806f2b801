//! Routes whose target is gone.

use cloudfw_core::{Label, Network, Route, RuleCite, Target};

use crate::routes::{Routes, Table};
use crate::wording::{counted, listed, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "blackhole-route",
    title: "A route leads to a target that is gone",
    severity: Severity::Medium,
    evaluation: Evaluation::Graph,
    controls: &[],
    explanation: Explanation {
        finds: "Routes that win for some destinations and whose target is deleted, or is a gateway \
                that carries nothing (a peering connection that was never accepted, a NAT gateway \
                that failed). One finding for each route table: `medium` where interfaces sit in a \
                subnet that uses the table or a gateway routes by it, else `low`.",
        why: "The platform drops what such a route wins, without an answer, and never falls back \
              to a shorter prefix. Whoever calls sees a time-out and looks for it in the \
              firewalls.",
        example: "rtb-0abc: 10.20.0.0/16 -> pcx-0abc, and the peering connection is deleted",
        instead: "Delete the route, or lead it to what has taken the place of its target.",
        limits: "A route that longer prefixes cover whole is not found, since it decides nothing.",
        references: &["https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html"],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let routes = Routes::new(audit.network());
    routes.tables().filter_map(|table| of_table(audit.network(), &routes, table)).collect()
}

fn of_table<'n>(network: &'n Network, routes: &Routes<'n>, table: &Table<'n>) -> Option<Finding> {
    let winning = table.won.iter().filter(|won| !won.destinations.is_empty());
    let dead: Vec<(&Route, &str)> =
        winning.filter_map(|won| Some((won.route, gone(network, won.route)?))).collect();
    let unresolved = table.unresolved().filter(|(route, _)| gone(network, route).is_some());
    let (vague, unknowns): (Vec<&Route>, Vec<_>) =
        unresolved.map(|(route, unknown)| (route, unknown.clone())).unzip();
    if dead.is_empty() && vague.is_empty() {
        return None;
    }
    let users: Vec<&Label> = routes
        .in_use(table)
        .into_iter()
        .chain(table.borders.iter().map(|gateway| &gateway.label))
        .collect();
    let used = match users.len() {
        0 => "and nothing uses it".to_owned(),
        many => format!("and is used by {}", listed(users.iter().take(many))),
    };
    let whose = named(&table.table.label);
    let first = dead.first();
    let message = match first {
        Some((_, why)) if dead.len() == 1 => {
            format!("{whose} sends packets nowhere by `{}` ({why}), {used}", texts(&dead))
        }
        Some(_) => format!(
            "{whose} sends packets nowhere by {}, {used}: {}",
            counted(dead.len(), "route"),
            texts(&dead)
        ),
        None => format!("{whose} may send packets nowhere by {}, {used}", listed_texts(&vague)),
    };
    let severity = match (dead.is_empty(), users.is_empty()) {
        (false, false) => Severity::Medium,
        _ => Severity::Low,
    };
    let advice = format!(
        "Delete {} in {whose}, or lead {} to a target that exists.",
        if dead.len() + vague.len() == 1 { "the route" } else { "the routes" },
        if dead.len() + vague.len() == 1 { "it" } else { "them" },
    );
    let label = table.table.label.clone();
    let mut finding = Finding::new(CHECK.id, severity, label, message, advice);
    let cited = dead.iter().map(|(route, _)| *route).chain(vague);
    finding.rules = cited.map(|route| RuleCite::of_route(table.table, route)).collect();
    finding.affected = users.into_iter().cloned().collect();
    if dead.is_empty() {
        finding.effect = Some(Effect { effective: Effective::Unknown, literal: true });
        finding.unknowns = unknowns;
    }
    Some(finding)
}

/// Why what a route wins goes nowhere.
fn gone<'n>(network: &'n Network, route: &Route) -> Option<&'n str> {
    match &route.target {
        Target::Blackhole => Some("its target is gone"),
        Target::Gateway(id) => network.gateways.get(id)?.closed.as_deref(),
        // Who drops something on purpose has lost nothing.
        Target::Discard | Target::Local | Target::Interface(_) | Target::Unknown(_) => None,
    }
}

fn texts(routes: &[(&Route, &str)]) -> String {
    listed(routes.iter().map(|(route, _)| &route.text))
}

fn listed_texts(routes: &[&Route]) -> String {
    listed(routes.iter().map(|route| format!("`{}`", route.text)))
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::{found, subjects};
    use crate::{Finding, Severity};

    const BASE: &str = "
external internet 0.0.0.0/0
router vpc 10.0.0.0/16
router far 10.1.0.0/16
gateway igw border vpc internet
gateway shut link vpc far closed
gateway open link vpc far
subnet a in vpc 10.0.1.0/24 table rt
subnet b in vpc 10.0.2.0/24 table rt
subnet c in vpc 10.0.3.0/24 table idle
interface web in a 10.0.1.10
";

    fn with(routes: &str) -> Vec<Finding> {
        found(&CHECK, &format!("{BASE}table rt\n  10.0.0.0/16 -> local\n{routes}"))
    }

    #[test]
    fn a_route_whose_target_is_gone_is_found_where_it_wins() {
        let all = with("  0.0.0.0/0 -> blackhole");
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Medium);
        assert_eq!(
            one.message,
            "route table rt sends packets nowhere by `0.0.0.0/0 -> blackhole` (its target is \
             gone), and is used by a"
        );
        assert_eq!(one.rules.len(), 1);
        assert_eq!(&*one.rules[0].text, "rt 0.0.0.0/0 -> blackhole");
        let affected: Vec<&str> = one.affected.iter().map(|label| &*label.id).collect();
        assert_eq!(affected, ["a"]);
        assert!(!one.is_unknown());
        assert_eq!(
            one.advice,
            "Delete the route in route table rt, or lead it to a target that exists."
        );
    }

    #[test]
    fn a_gateway_that_carries_nothing_is_as_good_as_gone() {
        let all = with("  10.1.0.0/16 -> shut\n  10.2.0.0/16 -> blackhole");
        assert_eq!(subjects(&all), ["rt"]);
        assert!(all[0].message.contains("by 2 routes"), "{}", all[0].message);
        assert!(all[0].advice.contains("the routes in route table rt, or lead them"));
        assert_eq!(with("  10.1.0.0/16 -> open"), []);
    }

    #[test]
    fn a_route_that_wins_nothing_is_no_finding() {
        assert_eq!(with("  10.8.0.0/15 -> blackhole\n  10.8.0.0/16,10.9.0.0/16 -> igw"), []);
        assert_eq!(with("  0.0.0.0/0 -> igw"), []);
    }

    #[test]
    fn a_table_that_no_interface_is_sent_by_is_worth_little() {
        let all = found(&CHECK, &format!("{BASE}table idle\n  0.0.0.0/0 -> blackhole"));
        assert_eq!(subjects(&all), ["idle"]);
        assert_eq!(all[0].severity, Severity::Low);
        assert!(all[0].message.ends_with("and nothing uses it"), "{}", all[0].message);
        assert!(all[0].affected.is_empty());
    }

    #[test]
    fn a_gateway_that_routes_by_it_uses_a_table() {
        let text = "
external internet 0.0.0.0/0
router vpc 10.0.0.0/16
gateway igw border vpc internet table edge
table edge
  10.0.1.0/24 -> blackhole
";
        let all = found(&CHECK, text);
        assert_eq!(subjects(&all), ["edge"]);
        assert_eq!(all[0].severity, Severity::Medium);
        assert_eq!(&*all[0].affected[0].id, "igw");
    }

    #[test]
    fn a_dead_route_of_a_list_that_is_not_known_is_not_known_to_win() {
        let all = with("  ?list -> blackhole");
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert!(one.is_unknown());
        assert_eq!(one.severity, Severity::Low);
        assert_eq!(&*one.unknowns[0].what, "list");
        let says = "may send packets nowhere by `?list -> blackhole`, and is used by a";
        assert!(one.message.ends_with(says), "{}", one.message);
        assert_eq!(with("  ?list -> igw"), []);
    }
}
