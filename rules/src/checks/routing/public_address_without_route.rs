//! Public addresses that nothing comes back from.

use cloudfw_core::{Label, RuleCite};

use super::public_addresses::{Stranded, Way, stranded};
use crate::routes::Routes;
use crate::wording::{counted, listed, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "public-address-without-route",
    title: "A public address without a route to the internet",
    severity: Severity::Low,
    evaluation: Evaluation::Graph,
    controls: &[],
    explanation: Explanation {
        finds: "Interfaces with a public IPv4 address in subnets whose route table sends nothing \
                to an internet gateway. One finding for each table.",
        why: "The address is paid for and answers nobody. It also misleads: whoever looks for \
              what is exposed takes it for open, and one route added later makes it so.",
        example: "eni-0abc has 203.0.113.10, and its table has 10.0.0.0/16 -> local alone",
        instead: "Give back the public address, or add the route to the internet gateway.",
        limits: "Where packets to the outside are sent to another gateway instead, the finding is \
                 asymmetric-path. IPv6 addresses, which are public by themselves, are not \
                 looked at.",
        references: &["https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html"],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let routes = Routes::new(audit.network());
    stranded(audit.network(), &routes).into_iter().filter_map(finding).collect()
}

fn finding(one: Stranded<'_>) -> Option<Finding> {
    let whose = named(&one.table.label);
    let affected: Vec<Label> = one.interfaces.iter().map(|it| it.label.clone()).collect();
    let who = format!("{} ({})", counted(affected.len(), "interface"), listed(&affected));
    let label = one.table.label.clone();
    let mut finding = match one.way {
        Way::Other(..) => return None,
        Way::Nowhere(instead) => {
            let message = format!(
                "{whose} sends nothing to an internet gateway, and {who} with a public address \
                 cannot answer"
            );
            let advice = format!(
                "Give back the public addresses of {}, or lead 0.0.0.0/0 in {whose} to an \
                 internet gateway.",
                listed(&affected)
            );
            let mut finding = Finding::new(CHECK.id, Severity::Low, label, message, advice);
            let cite = |route| RuleCite::of_route(one.table, route);
            finding.rules = instead.into_iter().map(cite).collect();
            finding
        }
        Way::Unknown(unknowns) => {
            let message = format!(
                "whether {whose} sends anything to an internet gateway is unknown; {who} have a \
                 public address"
            );
            let advice = format!("Record what is not known of the routes in {whose}.");
            let mut finding = Finding::new(CHECK.id, Severity::Info, label, message, advice);
            finding.effect = Some(Effect { effective: Effective::Unknown, literal: false });
            finding.unknowns = unknowns;
            finding
        }
    };
    finding.affected = affected;
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    const BASE: &str = "
external internet 0.0.0.0/0
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24 table rt
interface web in a 10.0.1.10 public 203.0.113.10
interface app in a 10.0.1.11
gateway tgw opaque
";

    fn with(lines: &str, routes: &str) -> Vec<Finding> {
        let text = format!("{BASE}{lines}\ntable rt\n  10.0.0.0/16 -> local\n{routes}");
        found(&CHECK, &text)
    }

    const IGW: &str = "gateway igw border vpc internet";

    #[test]
    fn a_public_address_behind_a_table_without_a_way_out_is_found() {
        let all = with(IGW, "");
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Low);
        assert_eq!(&*one.subject.id, "rt");
        assert_eq!(
            one.message,
            "route table rt sends nothing to an internet gateway, and 1 interface (web) with a \
             public address cannot answer"
        );
        assert_eq!(one.affected.len(), 1);
        assert!(one.advice.starts_with("Give back the public addresses of web, or lead 0.0.0.0/0"));
        assert!(!one.is_unknown());
    }

    #[test]
    fn a_route_out_or_no_public_address_is_no_finding() {
        assert_eq!(with(IGW, "  0.0.0.0/0 -> igw"), []);
        let private = BASE.replace(" public 203.0.113.10", "");
        let text = format!("{private}{IGW}\ntable rt\n  10.0.0.0/16 -> local");
        assert_eq!(found(&CHECK, &text), []);
    }

    #[test]
    fn a_dead_route_out_is_cited() {
        let all = with(IGW, "  0.0.0.0/0 -> blackhole");
        assert_eq!(&*all[0].rules[0].text, "rt 0.0.0.0/0 -> blackhole");
    }

    #[test]
    fn what_answers_by_another_gateway_is_another_finding_unless_nothing_comes_in() {
        let nat = "gateway nat snat a 10.0.1.9 public 203.0.113.9";
        assert_eq!(with(&format!("{IGW}\n{nat}"), "  0.0.0.0/0 -> nat"), []);
        assert_eq!(with(nat, "  0.0.0.0/0 -> nat").len(), 1);
        assert_eq!(with(&format!("{IGW} closed\n{nat}"), "  0.0.0.0/0 -> nat").len(), 1);
    }

    #[test]
    fn the_interface_of_a_nat_gateway_is_none_of_its_own() {
        let nat = "gateway nat snat a 10.0.1.9 public 203.0.113.9\n\
                   interface plate in a 10.0.1.9 public 203.0.113.9 gateway nat";
        let all = with(&format!("{IGW}\n{nat}"), "");
        assert_eq!(all[0].affected.len(), 1);
    }

    #[test]
    fn behind_what_nobody_sees_through_it_is_unknown() {
        let all = with(IGW, "  0.0.0.0/0 -> tgw");
        assert!(all[0].is_unknown());
        assert_eq!(all[0].severity, Severity::Info);
        assert_eq!(&*all[0].unknowns[0].what, "tgw");
        assert_eq!(all[0].affected.len(), 1);
    }
}
