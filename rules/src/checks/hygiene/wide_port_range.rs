//! Rules with a thousand ports.

use cloudfw_core::{Direction, PortSet, ProtocolSet, RuleCite, ServiceSet, Unknown};

use crate::reading::{allows, is_written};
use crate::wording::{counted, listed, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "wide-port-range",
    title: "A rule allows a wide range of ports",
    severity: Severity::Low,
    evaluation: Evaluation::Literal,
    controls: &["CFW-SG-007"],
    explanation: Explanation {
        finds: "Ingress rules of groups that allow more than 1,000 ports and not all of them. One \
                finding for each group: `low` where something has the group, else `info`.",
        why: "No service needs a thousand ports. Among them are those of databases, remote \
              administration and debugging, which somebody will start there one day.",
        example: "sg-0abc ingress allow tcp 1024-65535 from 10.0.0.0/8",
        instead: "Allow the ports that the service listens on, a rule for each.",
        limits: "All ports are found by the checks of exposure. Network ACLs, which need such \
                 ranges for replies, and what is allowed out are not looked at.",
        references: &["https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"],
    },
    run,
};

/// More ports than this are many.
const MANY: u128 = 1000;

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in audit.lists().iter() {
        if one.direction != Direction::Ingress || one.is_stateless() {
            continue;
        }
        let (mut rules, mut texts) = (Vec::new(), Vec::new());
        let mut doubts: Vec<Unknown> = Vec::new();
        for rule in one.list.rules.iter().filter(|rule| is_written(rule) && allows(rule)) {
            if is_wide(&rule.matches.services) {
                rules.push(RuleCite::of_rule(one.list, one.direction, rule));
                texts.push(rule.matches.services.to_string());
                doubts.extend(rule.matches.doubt.clone());
            }
        }
        if rules.is_empty() {
            continue;
        }
        texts.sort();
        texts.dedup();
        let whose = named(one.label());
        let message = format!(
            "{whose} has {} with more than {MANY} ports: {}",
            counted(rules.len(), "rule"),
            listed(&texts)
        );
        let advice = format!(
            "Allow in {whose} the ports that services listen on, instead of {}.",
            listed(&texts)
        );
        let severity = if one.is_unattached() { Severity::Info } else { Severity::Low };
        let label = one.label().clone();
        let mut finding = Finding::new(CHECK.id, severity, label, message, advice);
        if doubts.len() == rules.len() {
            finding.effect = Some(Effect { effective: Effective::Unknown, literal: true });
            finding.unknowns = doubts;
        }
        finding.rules = rules;
        finding.controls.extend(CHECK.controls);
        findings.push(finding);
    }
    findings
}

/// Whether many ports of a protocol are among services, and not all of them.
fn is_wide(services: &ServiceSet) -> bool {
    ProtocolSet::WITH_PORTS.iter().any(|protocol| {
        let own = services.port_cubes().filter(|(protocols, _, _)| protocols.contains(protocol));
        let ports = own.fold(PortSet::empty(), |all, (_, _, ports)| all.union(ports));
        ports.count() > MANY && !ports.is_full()
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    fn with(rules: &str) -> Vec<Finding> {
        let text = format!(
            "router vpc 10.0.0.0/16\nsubnet a in vpc 10.0.1.0/24\nfilter acl stateless\n  \
             in 1 allow 1024-65535\nfilter sg stateful\n{rules}\n\
             interface web in a 10.0.1.10 filters sg"
        );
        found(&CHECK, &text)
    }

    #[test]
    fn more_than_a_thousand_ports_are_found() {
        let all = with("  in 1 allow 1000-2000\n  in 2 allow 22\n  in 3 allow 1-65535/udp");
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Low);
        assert_eq!(
            one.message,
            "filter sg has 2 rules with more than 1000 ports: tcp 1000-2000 and udp 1-65535"
        );
        assert_eq!(one.rules.len(), 2);
        assert!(one.controls.contains("CFW-SG-007"));
        assert!(!one.is_unknown());
    }

    #[test]
    fn a_thousand_all_of_them_and_what_is_not_let_in_are_none() {
        for rule in [
            "in 1 allow 1001-2000",
            "in 1 allow any",
            "in 1 allow tcp",
            "in 1 allow icmp",
            "in 1 deny 1000-2000",
            "out 1 allow 1000-2000",
        ] {
            assert_eq!(with(&format!("  {rule}")), [], "{rule}");
        }
    }

    #[test]
    fn a_group_that_nothing_has_is_worth_less_and_a_doubtful_rule_is_unknown() {
        let all = found(&CHECK, "filter sg stateful\n  in 1 allow 1000-2000");
        assert_eq!(all[0].severity, Severity::Info);
        let all = with("  in 1 allow 1000-2000 maybe");
        assert!(all[0].is_unknown());
        assert!(!with("  in 1 allow 1000-2000 maybe\n  in 2 allow 1-2000")[0].is_unknown());
    }
}
