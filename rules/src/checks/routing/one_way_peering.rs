//! Peerings with routes in one direction.

use super::peerings::{Unanswered, unanswered};
use crate::routes::Routes;
use crate::wording::{listed, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "one-way-peering",
    title: "A peering is routed in one direction only",
    severity: Severity::Medium,
    evaluation: Evaluation::Graph,
    controls: &[],
    explanation: Explanation {
        finds: "Route tables whose subnets are sent packets over a peering by the other network, \
                and that have no route back to those who send them. Only addresses that \
                interfaces hold count.",
        why: "The first packet arrives and every reply is dropped: connections time out, and only \
              from one side of the peering does it show why.",
        example: "rtb-0a: 10.1.0.0/16 -> pcx-0abc, while rtb-0b has no route to 10.0.0.0/16",
        instead: "Add the route back to each table that answers, or delete the routes of the \
                  other side.",
        limits: "Peerings whose other network is not recorded are not looked at. A peering that \
                 neither side routes to is not found.",
        references: &["https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-routing.html"],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let network = audit.network();
    let routes = Routes::new(network);
    let all = unanswered(network, &routes);
    all.into_iter().filter(|one| !one.lost.is_empty()).map(finding).collect()
}

fn finding(one: Unanswered<'_>) -> Finding {
    let (whose, by) = (named(&one.table.label), named(&one.gateway.label));
    let lost = listed(one.lost.nets());
    let known = one.maybe.is_empty();
    let lacks = if known { "has no route back" } else { "may have no route back" };
    let message = format!("{whose} {lacks} to {lost}, who reach its subnets by {by}");
    let advice = format!("Lead {lost} in {whose} to {by}, or delete the routes that lead there.");
    let severity = if known { Severity::Medium } else { Severity::Low };
    let label = one.table.label.clone();
    let mut finding = Finding::new(CHECK.id, severity, label, message, advice);
    finding.rules = one.there;
    finding.affected = one.answering.into_iter().cloned().collect();
    if !known {
        finding.effect = Some(Effect { effective: Effective::Unknown, literal: true });
        finding.unknowns = one.maybe.into_iter().map(|(_, unknown)| unknown).collect();
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    const BASE: &str = "
router near 10.0.0.0/16
router far 10.1.0.0/16
gateway pcx link near far
gateway shut link near far closed
gateway tgw opaque
subnet a in near 10.0.1.0/24 table here
subnet b in far 10.1.1.0/24 table there
subnet c in far 10.1.2.0/24 table there
interface web in a 10.0.1.10
interface db in b 10.1.1.10
";

    fn with(here: &str, there: &str) -> Vec<Finding> {
        let local = "10.0.0.0/16 -> local";
        let text = format!("{BASE}table here\n  {local}\n{here}\ntable there\n{there}\n");
        found(&CHECK, &text)
    }

    #[test]
    fn a_table_without_a_way_back_is_found() {
        let all = with("  10.1.0.0/16 -> pcx", "  10.1.0.0/16 -> local");
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Medium);
        assert_eq!(&*one.subject.id, "there");
        assert_eq!(
            one.message,
            "route table there has no route back to 10.0.1.10/32, who reach its subnets by vpc \
             peering connection pcx"
        );
        assert_eq!(&*one.rules[0].text, "here 10.1.0.0/16 -> pcx");
        let affected: Vec<&str> = one.affected.iter().map(|label| &*label.id).collect();
        assert_eq!(affected, ["b"]);
        assert!(!one.is_unknown());
    }

    #[test]
    fn a_dead_way_back_is_none_and_a_part_of_one_is_not_all() {
        assert_eq!(with("  10.1.0.0/16 -> pcx", "  10.0.0.0/16 -> blackhole").len(), 1);
        assert_eq!(with("  10.1.0.0/16 -> pcx", "  10.0.0.0/16 -> shut").len(), 1);
        assert_eq!(with("  10.1.0.0/16 -> pcx", "  10.0.9.0/24 -> pcx").len(), 1);
        assert_eq!(with("  10.1.0.0/16 -> pcx", "  10.0.1.0/24 -> pcx"), []);
    }

    #[test]
    fn nobody_who_is_called_lacks_no_way_back() {
        assert_eq!(with("  10.1.2.0/24 -> pcx", ""), []);
        assert_eq!(with("", ""), []);
        assert_eq!(with("  10.1.0.0/16 -> shut", ""), []);
    }

    #[test]
    fn another_way_back_is_no_missing_one() {
        assert_eq!(with("  10.1.0.0/16 -> pcx", "  10.0.0.0/16 -> tgw"), []);
    }

    #[test]
    fn a_list_that_is_not_known_may_lead_back() {
        let all = with("  10.1.0.0/16 -> pcx", "  ?list -> pcx");
        assert_eq!(all.len(), 1);
        assert!(all[0].is_unknown());
        assert_eq!(all[0].severity, Severity::Low);
        assert!(all[0].message.contains("may have no route back"));
        assert_eq!(&*all[0].unknowns[0].what, "list");
    }
}
