//! Groups that a wizard of the console made on the way.

use cloudfw_core::Made;

use crate::membership::Membership;
use crate::wording::{counted, named};
use crate::{Audit, Check, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "wizard-group",
    title: "A group that a launch wizard made",
    severity: Severity::Low,
    evaluation: Evaluation::Literal,
    controls: &["CFW-SG-003"],
    explanation: Explanation {
        finds: "Groups whose name is the one that the console's launch wizard gives. `low` where \
                interfaces are members, else `info`.",
        why: "Such a group was made in passing, often with remote access for everybody, and says \
              by its name nothing of what it is for. It stays when the machine goes, and is given \
              to others.",
        example: "sg-0abc (launch-wizard-3)",
        instead: "Make a group for what the machine does, with the rules that it needs, and \
                  delete this one.",
        limits: "Only the name is looked at; what it lets in is found by the checks of exposure.",
        references: &["https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html"],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let membership = Membership::new(audit);
    let mut findings = Vec::new();
    for (id, group) in &audit.network().groups {
        if group.made != Made::ByWizard {
            continue;
        }
        let members = membership.members(id);
        let whose = named(&group.label);
        let severity = if members.is_empty() { Severity::Info } else { Severity::Low };
        let used = match members.len() {
            0 => "no interface has it".to_owned(),
            1 => "1 interface has it".to_owned(),
            many => format!("{} have it", counted(many, "interface")),
        };
        let message = format!("{whose} was made by a launch wizard, and {used}");
        let advice = format!(
            "Give what uses {whose} a group that is named and made for it, then delete {whose}."
        );
        let label = group.label.clone();
        let mut finding = Finding::new(CHECK.id, severity, label, message, advice);
        finding.affected = members.iter().map(|label| (*label).clone()).collect();
        finding.controls.extend(CHECK.controls);
        findings.push(finding);
    }
    findings
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
wizard-group launch-wizard-1
wizard-group launch-wizard-2
interface web in a 10.0.1.10 groups default,launch-wizard-2,own filters sg
";

    #[test]
    fn groups_of_a_wizard_are_found_and_those_in_use_first() {
        let all = found(&CHECK, BASE);
        assert_eq!(subjects(&all), ["launch-wizard-2", "launch-wizard-1"]);
        assert_eq!(all[0].severity, Severity::Low);
        assert_eq!(
            all[0].message,
            "security group launch-wizard-2 was made by a launch wizard, and 1 interface has it"
        );
        assert_eq!(&*all[0].affected[0].id, "web");
        assert!(all[0].controls.contains("CFW-SG-003"));
        assert_eq!(all[1].severity, Severity::Info);
        assert!(all[1].message.ends_with("and no interface has it"));
    }

    #[test]
    fn groups_of_people_and_of_the_platform_are_none() {
        assert_eq!(found(&CHECK, &BASE.replace("wizard-group", "default-group")), []);
    }
}
