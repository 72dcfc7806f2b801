//! Groups that nothing has.

use std::collections::BTreeMap;

use cloudfw_core::{Label, Made};

use crate::membership::{Membership, by_resource};
use crate::wording::{counted, listed, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "unattached-group",
    title: "A group that no interface has",
    severity: Severity::Low,
    evaluation: Evaluation::Graph,
    controls: &["CFW-SG-002"],
    explanation: Explanation {
        finds: "Groups that no recorded interface has, those of managed services among them, and \
                that no rule of another group names. Never a default group, which cannot be \
                deleted.",
        why: "Its rules let nothing through today, and are forgotten: whoever picks it from the \
              list opens what somebody once needed.",
        example: "sg-0abc (old-bastion) is used by no interface",
        instead: "Delete the group.",
        limits: "What launch templates, scaling groups at zero and functions that have not run \
                 would use is not recorded. Where not all interfaces were read, the groups \
                 without known ones are reported as unknown, once for each account and region.",
        references: &["https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html"],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let membership = Membership::new(audit);
    let mut unused: BTreeMap<&str, Vec<&Label>> = BTreeMap::new();
    for lists in by_resource(audit.lists()).into_values() {
        let is_group = |it: &crate::lists::Listed<'_>| !it.is_stateless() && it.is_unattached();
        let Some(first) = lists.first().filter(|_| lists.iter().all(|it| is_group(it))) else {
            continue;
        };
        let label = first.label();
        let is_needed = membership.group_of(label).is_some_and(|(id, group)| {
            group.made == Made::WithNetwork
                || membership.is_named(id)
                || !membership.members(id).is_empty()
        });
        if !is_needed {
            unused.entry(&label.scope).or_default().push(label);
        }
    }
    let mut findings = Vec::new();
    for (scope, labels) in unused {
        let unknowns = membership.gaps(scope);
        if unknowns.is_empty() {
            findings.extend(labels.into_iter().map(found));
        } else if let Some(first) = labels.first() {
            let message = format!(
                "it is unknown whether anything uses {}: not all interfaces were read ({})",
                counted(labels.len(), "group"),
                listed(&labels)
            );
            let advice = "Record the network interfaces of this account and region.".to_owned();
            let label = (*first).clone();
            let mut finding = Finding::new(CHECK.id, Severity::Info, label, message, advice);
            finding.affected = labels.into_iter().cloned().collect();
            finding.effect = Some(Effect { effective: Effective::Unknown, literal: true });
            finding.unknowns = unknowns;
            finding.controls.extend(CHECK.controls);
            findings.push(finding);
        }
    }
    findings
}

fn found(label: &Label) -> Finding {
    let whose = named(label);
    let message = format!("{whose} is used by no interface, and no other group names it");
    let advice = format!("Delete {whose}.");
    let mut finding = Finding::new(CHECK.id, Severity::Low, label.clone(), message, advice);
    finding.controls.extend(CHECK.controls);
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
filter acl stateless
  in 1 allow any
filter used stateful
  in 1 allow 22 from group:named
filter named stateful
  in 2 allow any
filter old stateful
  in 3 allow 22 from group:old
filter empty stateful
default-group default
filter default stateful
  in 4 allow any
interface web in a 10.0.1.10 groups used filters used
";

    #[test]
    fn groups_that_nothing_has_and_no_other_names_are_found() {
        let all = found(&CHECK, BASE);
        assert_eq!(subjects(&all), ["empty", "old"]);
        assert_eq!(all[1].severity, Severity::Low);
        assert_eq!(
            all[1].message,
            "filter old is used by no interface, and no other group names it"
        );
        assert_eq!(all[1].advice, "Delete filter old.");
        assert!(all[1].controls.contains("CFW-SG-002"));
        assert!(!all[1].is_unknown());
    }

    #[test]
    fn a_group_that_an_interface_a_subnet_or_a_gateway_asks_is_used() {
        let more = "external internet 0.0.0.0/0\nsubnet b in vpc 10.0.2.0/24 acl empty\n\
                    gateway igw border vpc internet filters old";
        assert_eq!(found(&CHECK, &format!("{BASE}{more}")), []);
        let member =
            "interface x in a 10.0.1.11 groups old\ninterface y in a 10.0.1.12 groups empty";
        assert_eq!(found(&CHECK, &format!("{BASE}{member}")), []);
    }

    #[test]
    fn where_interfaces_are_missing_it_may_be_used() {
        let all = found(&CHECK, &BASE.replace("10.0.0.0/16", "10.0.0.0/16 unread"));
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert!(one.is_unknown());
        assert_eq!(one.severity, Severity::Info);
        assert_eq!(
            one.message,
            "it is unknown whether anything uses 2 groups: not all interfaces were read (empty \
             and old)"
        );
        assert_eq!(one.affected.len(), 2);
        assert_eq!(one.unknowns.len(), 1);
    }

    #[test]
    fn where_the_groups_of_an_interface_are_not_known_it_may_be_used() {
        let text = format!(
            "{BASE}filter unread stateful\n  in 1 allow any maybe\ninterface z in a 10.0.1.13 filters unread"
        );
        let mut network = cloudfw_core::Network::from_text(&text).unwrap();
        let filter = std::sync::Arc::make_mut(network.filters.get_mut("unread").unwrap());
        let list = std::sync::Arc::make_mut(&mut filter.ingress[0]);
        list.rules[0].origin.place = cloudfw_core::Place::Implied("AWS");
        let graph = cloudfw_core::PathGraph::new(&network);
        let settings = crate::Settings::default();
        let all = crate::Audit::new(&graph, &[], &settings).run([&CHECK]);
        assert_eq!(all.len(), 1);
        assert!(all[0].is_unknown());
        assert_eq!(&*all[0].unknowns[0].what, "whether the rule matches");
    }
}
