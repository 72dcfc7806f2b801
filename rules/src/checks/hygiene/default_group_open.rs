//! Default groups that allow something.

use std::collections::BTreeSet;

use cloudfw_core::{Group, Id, Made, RuleCite};

use super::open_egress::lets_all_out;
use super::undescribed_rule::bare;
use crate::membership::Membership;
use crate::reading::{allows, is_written};
use crate::wording::{counted, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "default-group-open",
    title: "The default group of a network has rules",
    severity: Severity::High,
    evaluation: Evaluation::Literal,
    controls: &["CFW-SG-001"],
    explanation: Explanation {
        finds: "Groups that the platform made together with a network and that have rules that \
                allow something, in or out. `high` where interfaces are members, else `medium`.",
        why: "The group cannot be deleted, and a machine gets it when nobody says which group it \
              is to have. Empty, it lets nothing through, and a forgotten choice shows at once.",
        example: "sg-0abc (default) ingress allow any from sg-0abc",
        instead: "Delete all its rules, after its members got groups of their own.",
        limits: "What its rules let in from outside is found by the checks of exposure.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html",
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
        ],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let membership = Membership::new(audit);
    let default = audit.network().groups.iter().filter(|(_, it)| it.made == Made::WithNetwork);
    default.filter_map(|(id, group)| of_group(&membership, id, group)).collect()
}

fn of_group<'l, 'n: 'l>(
    membership: &Membership<'l, 'n>,
    id: &Id<Group>,
    group: &'l Group,
) -> Option<Finding> {
    let mut cited = Vec::new();
    // What other checks would find of its rules is a part of this.
    let mut controls = BTreeSet::from_iter(CHECK.controls.iter().copied());
    let mut doubts = Vec::new();
    for listed in membership.lists(group) {
        for rule in listed.list.rules.iter().filter(|rule| is_written(rule) && allows(rule)) {
            cited.push(RuleCite::of_rule(listed.list, listed.direction, rule));
            doubts.extend(rule.matches.doubt.clone());
            if lets_all_out(listed, rule) {
                controls.extend(super::open_egress::CHECK.controls);
            }
        }
        if bare(membership.network(), listed).next().is_some() {
            controls.extend(super::undescribed_rule::CHECK.controls);
        }
    }
    if cited.is_empty() {
        return None;
    }
    let members = membership.members(id);
    let whose = named(&group.label);
    let known = doubts.len() < cited.len();
    let severity = match (known, members.is_empty()) {
        (true, false) => Severity::High,
        _ => Severity::Medium,
    };
    let used = match members.len() {
        0 => "no interface is in it".to_owned(),
        1 => "1 interface is in it".to_owned(),
        many => format!("{} are in it", counted(many, "interface")),
    };
    let message = format!(
        "{whose}, the default group of its network, {} {}, and {used}",
        if known { "has" } else { "may have" },
        counted(cited.len(), "rule")
    );
    let advice = match members.len() {
        0 => format!("Delete all rules of {whose}."),
        _ => format!("Give the members of {whose} other groups, then delete all its rules."),
    };
    let label = group.label.clone();
    let mut finding = Finding::new(CHECK.id, severity, label, message, advice);
    finding.rules = cited;
    finding.affected = members.iter().map(|label| (*label).clone()).collect();
    finding.controls = controls;
    if !known {
        finding.effect = Some(Effect { effective: Effective::Unknown, literal: true });
        finding.unknowns = doubts;
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    fn with(rules: &str, member: &str) -> Vec<Finding> {
        let text = format!(
            "router vpc 10.0.0.0/16\nsubnet a in vpc 10.0.1.0/24\ndefault-group default\n\
             filter default stateful\n{rules}\nfilter other stateful\n  in 9 allow any\n{member}"
        );
        found(&CHECK, &text)
    }

    const MEMBER: &str = "interface web in a 10.0.1.10 groups default filters default";

    #[test]
    fn aws_7_a_default_group_with_rules_and_members_is_found() {
        let all = with("  in 1 allow any from group:default\n  out 2 allow any", MEMBER);
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::High);
        assert_eq!(
            one.message,
            "security group default, the default group of its network, has 2 rules, and 1 \
             interface is in it"
        );
        let cited: Vec<&str> = one.rules.iter().map(|rule| &*rule.text).collect();
        assert_eq!(
            cited,
            ["default ingress 1 allow any from default", "default egress 2 allow any"]
        );
        assert_eq!(&*one.affected[0].id, "web");
        assert!(one.advice.starts_with("Give the members"));
        assert_eq!(one.controls, ["CFW-SG-001", "CFW-SG-005"].into());
        assert!(!one.is_unknown());
    }

    #[test]
    fn one_without_members_is_half_as_bad() {
        let all = with("  out 2 allow any", "");
        assert_eq!(all[0].severity, Severity::Medium);
        assert!(all[0].message.ends_with("has 1 rule, and no interface is in it"));
        assert_eq!(all[0].advice, "Delete all rules of security group default.");
    }

    #[test]
    fn what_lacks_a_description_is_a_part_of_it() {
        let controls = |rules| with(rules, "")[0].controls.clone();
        let with_bare = ["CFW-SG-001", "CFW-SG-006"].into();
        assert_eq!(controls("  in 1 allow 22 undescribed"), with_bare);
        assert_eq!(controls("  in 1 allow 22"), ["CFW-SG-001"].into());
        assert_eq!(controls("  out 1 allow any to 0.0.0.0/1"), ["CFW-SG-001"].into());
    }

    #[test]
    fn one_that_allows_nothing_is_closed() {
        assert_eq!(with("", MEMBER), []);
        assert_eq!(with("  in 1 deny any", MEMBER), []);
    }

    #[test]
    fn a_rule_that_may_allow_something_makes_it_unknown() {
        let all = with("  in 1 allow any maybe", MEMBER);
        assert!(all[0].is_unknown());
        assert_eq!(all[0].severity, Severity::Medium);
        assert!(all[0].message.contains("may have 1 rule"));
        assert!(!with("  in 1 allow any maybe\n  in 2 allow 22", MEMBER)[0].is_unknown());
    }
}
