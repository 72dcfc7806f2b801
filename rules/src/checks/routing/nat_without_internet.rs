//! NAT gateways that cannot send anything to the internet.

use cloudfw_core::{Gateway, Id, Label, Passage, RuleCite, Target};

use crate::routes::{Exit, Routes};
use crate::wording::{listed, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "nat-without-internet",
    title: "A NAT gateway sits in a subnet without a way to the internet",
    severity: Severity::Medium,
    evaluation: Evaluation::Graph,
    controls: &[],
    explanation: Explanation {
        finds: "NAT gateways with a public address whose own subnet sends nothing to an internet \
                gateway: there is no route, the route leads to a target that is gone, or it leads \
                back to a NAT gateway. `medium` where subnets send packets to it, else `low`.",
        why: "A NAT gateway sends what it has translated by the route table of the subnet that it \
              sits in. Without a way out there, every call through it times out, though each \
              table on its own looks right.",
        example: "nat-0abc in subnet-0abc, whose table has 10.0.0.0/16 -> local alone",
        instead: "Put the NAT gateway into a subnet whose table sends 0.0.0.0/0 to the internet \
                  gateway, or add that route.",
        limits: "Gateways without a public address (private NAT) are not looked at, nor are those \
                 that are closed.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html",
        ],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let network = audit.network();
    let routes = Routes::new(network);
    network
        .gateways
        .iter()
        .filter_map(|(id, gateway)| of_gateway(audit, &routes, id, gateway))
        .collect()
}

fn of_gateway<'n>(
    audit: &Audit<'n>,
    routes: &Routes<'n>,
    id: &Id<Gateway>,
    gateway: &Gateway,
) -> Option<Finding> {
    let Passage::SourceNat { subnet, public: Some(public), .. } = &gateway.passage else {
        return None;
    };
    let subnet = audit.network().subnets.get(subnet).filter(|_| gateway.closed.is_none())?;
    let (at, whose) = (named(&subnet.label), named(&gateway.label));
    let users = users(routes, id);
    let label = gateway.label.clone();
    let mut finding = match routes.exit(subnet) {
        Exit::Border => return None,
        Exit::Instead(instead) => {
            let ways = match instead.as_slice() {
                [] => "which has no route to the internet".to_owned(),
                ways => format!(
                    "which sends nothing to an internet gateway, but {}",
                    listed(ways.iter().map(|route| format!("`{}`", route.text)))
                ),
            };
            let severity = if users.is_empty() { Severity::Low } else { Severity::Medium };
            let message = format!("{whose} ({public}) sits in {at}, {ways}: it carries nothing");
            let advice = match routes.of(subnet) {
                Some(table) => format!(
                    "Lead 0.0.0.0/0 in {} to an internet gateway, or move {whose} to a subnet \
                     where it leads there.",
                    named(&table.table.label)
                ),
                None => format!("Move {whose} to a subnet with a route to an internet gateway."),
            };
            let mut finding = Finding::new(CHECK.id, severity, label, message, advice);
            if let Some(table) = routes.of(subnet) {
                let cite = |route| RuleCite::of_route(table.table, route);
                finding.rules = instead.into_iter().map(cite).collect();
            }
            finding
        }
        Exit::Unknown(unknowns) => {
            let message =
                format!("whether {whose} ({public}) in {at} has a way to the internet is unknown");
            let advice = format!("Record what is not known of the routes of {at}.");
            let mut finding = Finding::new(CHECK.id, Severity::Info, label, message, advice);
            finding.effect = Some(Effect { effective: Effective::Unknown, literal: false });
            finding.unknowns = unknowns;
            finding
        }
    };
    finding.affected = users.into_iter().cloned().collect();
    Some(finding)
}

/// The subnets with interfaces that send packets to a gateway.
fn users<'n>(routes: &Routes<'n>, id: &Id<Gateway>) -> Vec<&'n Label> {
    let leads = |target: &Target| matches!(target, Target::Gateway(to) if to == id);
    let mut users: Vec<&Label> = routes
        .tables()
        .filter(|table| {
            let won = table.won.iter().filter(|won| !won.destinations.is_empty());
            won.map(|won| &won.route.target).any(leads)
        })
        .flat_map(|table| routes.in_use(table))
        .collect();
    users.sort_by_key(|label| (&label.scope, &label.id));
    users
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    const BASE: &str = "
external internet 0.0.0.0/0
router vpc 10.0.0.0/16
gateway igw border vpc internet
gateway tgw opaque
subnet front in vpc 10.0.1.0/24 table public
subnet back in vpc 10.0.2.0/24 table private
subnet idle in vpc 10.0.3.0/24 table private
interface db in back 10.0.2.10
table private
  10.0.0.0/16 -> local
  0.0.0.0/0 -> nat
";

    fn with(gateway: &str, routes: &str) -> Vec<Finding> {
        found(&CHECK, &format!("{BASE}{gateway}\ntable public\n  10.0.0.0/16 -> local\n{routes}"))
    }

    const NAT: &str = "gateway nat snat front 10.0.1.9 public 203.0.113.9";

    #[test]
    fn a_nat_gateway_without_a_route_out_is_found_with_who_uses_it() {
        let all = with(NAT, "");
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Medium);
        assert_eq!(
            one.message,
            "nat gateway nat (203.0.113.9) sits in subnet front, which has no route to the \
             internet: it carries nothing"
        );
        let affected: Vec<&str> = one.affected.iter().map(|label| &*label.id).collect();
        assert_eq!(affected, ["back"]);
        assert!(one.advice.starts_with("Lead 0.0.0.0/0 in route table public to an"));
        assert!(!one.is_unknown());
    }

    #[test]
    fn one_that_is_routed_to_itself_or_nowhere_is_found_with_the_route() {
        for target in ["nat", "blackhole"] {
            let all = with(NAT, &format!("  0.0.0.0/0 -> {target}"));
            assert_eq!(all.len(), 1, "{target}");
            assert_eq!(&*all[0].rules[0].text, format!("public 0.0.0.0/0 -> {target}"));
            assert!(
                all[0].message.contains("sends nothing to an internet gateway, but `0.0.0.0/0")
            );
        }
    }

    #[test]
    fn one_with_a_route_out_a_private_one_and_a_closed_one_are_none() {
        assert_eq!(with(NAT, "  0.0.0.0/0 -> igw"), []);
        assert_eq!(with("gateway nat snat front 10.0.1.9", ""), []);
        assert_eq!(with(&format!("{NAT} closed"), ""), []);
    }

    #[test]
    fn one_that_nothing_uses_is_worth_little() {
        let all = with("gateway other snat front 10.0.1.9 public 203.0.113.9", "");
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].severity, Severity::Low);
        assert!(all[0].affected.is_empty());
    }

    #[test]
    fn behind_what_nobody_sees_through_it_is_unknown() {
        let all = with(NAT, "  0.0.0.0/0 -> tgw");
        assert_eq!(all.len(), 1);
        assert!(all[0].is_unknown());
        assert_eq!(all[0].severity, Severity::Info);
        assert_eq!(&*all[0].unknowns[0].what, "tgw");
    }
}
