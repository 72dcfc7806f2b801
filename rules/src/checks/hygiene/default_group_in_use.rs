//! Interfaces in groups that nobody chose.

use std::collections::BTreeMap;

use cloudfw_core::{Group, Label, Made};

use crate::membership::Membership;
use crate::wording::{counted, listed, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "default-group-in-use",
    title: "An interface is in the default group of its network",
    severity: Severity::Medium,
    evaluation: Evaluation::Literal,
    controls: &["CFW-SG-009"],
    explanation: Explanation {
        finds: "Groups that the platform made together with a network and that interfaces are \
                members of. One finding for each group, with its members.",
        why: "The default group is what a machine gets when nobody says which group it is to \
              have. Its members may talk to each other on every port, and who is added later \
              joins them unnoticed.",
        example: "eni-0abc is in sg-0abc (default)",
        instead: "Make a group for what the machine does, give it to the interface, and take the \
                  default one away.",
        limits: "Where not all interfaces were read, a default group without known members is \
                 reported as unknown, once for each account and region.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html",
        ],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let membership = Membership::new(audit);
    let mut findings = Vec::new();
    let mut unused: BTreeMap<&str, Vec<&Group>> = BTreeMap::new();
    for (id, group) in &audit.network().groups {
        if group.made != Made::WithNetwork {
            continue;
        }
        match membership.members(id) {
            [] => unused.entry(&group.label.scope).or_default().push(group),
            members => findings.push(in_use(group, members)),
        }
    }
    for (scope, groups) in unused {
        let unknowns = membership.gaps(scope);
        if let Some(first) = groups.first().filter(|_| !unknowns.is_empty()) {
            let labels: Vec<Label> = groups.iter().map(|group| group.label.clone()).collect();
            let message = format!(
                "it is unknown whether {} may have members: not all interfaces were read ({})",
                counted(labels.len(), "default group"),
                listed(&labels)
            );
            let advice = "Record the network interfaces of this account and region.".to_owned();
            let label = first.label.clone();
            let mut finding = Finding::new(CHECK.id, Severity::Info, label, message, advice);
            finding.affected = labels;
            finding.effect = Some(Effect { effective: Effective::Unknown, literal: false });
            finding.unknowns = unknowns;
            finding.controls.extend(CHECK.controls);
            findings.push(finding);
        }
    }
    findings
}

fn in_use(group: &Group, members: &[&Label]) -> Finding {
    let whose = named(&group.label);
    let message = format!(
        "{whose} is the default group of its network, and {} in it: {}",
        if members.len() == 1 {
            "1 interface is".to_owned()
        } else {
            format!("{} are", counted(members.len(), "interface"))
        },
        listed(members)
    );
    let advice = format!(
        "Give {} a group of their own that allows what they need, and take {whose} away from them.",
        listed(members)
    );
    let label = group.label.clone();
    let mut finding = Finding::new(CHECK.id, Severity::Medium, label, message, advice);
    finding.affected = members.iter().map(|label| (*label).clone()).collect();
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
filter sg stateful
default-group default
interface web in a 10.0.1.10 groups default filters sg
interface app in a 10.0.1.11 groups default,own filters sg
interface db in a 10.0.1.12 groups own filters sg
";

    #[test]
    fn aws_7_members_of_a_default_group_are_found() {
        let all = found(&CHECK, BASE);
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Medium);
        assert_eq!(
            one.message,
            "security group default is the default group of its network, and 2 interfaces are in \
             it: app and web"
        );
        let affected: Vec<&str> = one.affected.iter().map(|label| &*label.id).collect();
        assert_eq!(affected, ["app", "web"]);
        assert!(one.advice.starts_with("Give app and web a group of their own"));
        assert!(one.controls.contains("CFW-SG-009"));
        assert!(!one.is_unknown());
        let one = found(&CHECK, &BASE.replace("interface app", "# interface app"));
        assert!(one[0].message.ends_with("and 1 interface is in it: web"), "{}", one[0].message);
    }

    #[test]
    fn a_default_group_without_members_is_no_finding() {
        assert_eq!(found(&CHECK, "default-group default\nrouter vpc 10.0.0.0/16"), []);
        let by_hand = BASE.replace("default-group default\n", "");
        assert_eq!(found(&CHECK, &by_hand), []);
    }

    #[test]
    fn where_interfaces_are_missing_it_may_have_members() {
        let text = "default-group one\ndefault-group two\nrouter vpc 10.0.0.0/16 unread";
        let all = found(&CHECK, text);
        assert_eq!(subjects(&all), ["one"]);
        assert!(all[0].is_unknown());
        assert_eq!(all[0].severity, Severity::Info);
        assert_eq!(all[0].affected.len(), 2);
        assert_eq!(&*all[0].unknowns[0].what, "what else is in it");
        assert!(
            all[0].message.starts_with("it is unknown whether 2 default groups may have members")
        );
        // What is known of a member is known all the same.
        let all = found(&CHECK, &BASE.replace("10.0.0.0/16", "10.0.0.0/16 unread"));
        assert!(!all[0].is_unknown());
    }
}
