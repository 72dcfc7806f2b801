//! Lists that nobody can read any more.

use cloudfw_core::Direction;

use crate::lists::Listed;
use crate::membership::by_resource;
use crate::reading::is_written;
use crate::wording::named;
use crate::{Audit, Check, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "too-many-rules",
    title: "A group or ACL has too many rules",
    severity: Severity::Low,
    evaluation: Evaluation::Literal,
    controls: &["CFW-SG-004"],
    explanation: Explanation {
        finds: "Groups and ACLs with more rules in one direction than the limit that is set, 50 \
                unless the settings say otherwise. Every source or destination of a rule counts \
                as a rule, and those that the platform adds do not count.",
        why: "Long lists are not reviewed. Rules pile up that nobody dares to delete, and open \
              what no one knows of.",
        example: "sg-0abc has 73 ingress rules",
        instead: "Split the group by what it is for, name groups or prefix lists instead of many \
                  addresses, and delete the rules that others cover.",
        limits: "What a prefix list holds is not counted.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
        ],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let most = audit.settings().most_rules;
    let resources = by_resource(audit.lists()).into_values();
    resources.filter_map(|lists| of_resource(&lists, most)).collect()
}

fn of_resource(lists: &[&Listed<'_>], most: usize) -> Option<Finding> {
    let count =
        |listed: &Listed<'_>| listed.list.rules.iter().filter(|rule| is_written(rule)).count();
    let long: Vec<(Direction, usize)> = lists
        .iter()
        .map(|listed| (listed.direction, count(listed)))
        .filter(|(_, many)| *many > most)
        .collect();
    let label = lists.first().filter(|_| !long.is_empty())?.label();
    let counts: Vec<String> =
        long.iter().map(|(direction, many)| format!("{many} {direction} rules")).collect();
    let whose = named(label);
    let message = format!("{whose} has {}, more than {most}", counts.join(" and "));
    let advice = format!(
        "Split {whose} by what it is for, or name groups and prefix lists instead of addresses."
    );
    let used = lists.iter().any(|listed| !listed.is_unattached());
    let severity = if used { Severity::Low } else { Severity::Info };
    let mut finding = Finding::new(CHECK.id, severity, label.clone(), message, advice);
    finding.controls.extend(CHECK.controls);
    Some(finding)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::CHECK;
    use crate::testing::found_with;
    use crate::{Finding, Settings, Severity};

    fn with(ingress: usize, egress: usize, used: bool) -> Vec<Finding> {
        let mut text = "router vpc 10.0.0.0/16\nsubnet a in vpc 10.0.1.0/24\n".to_owned();
        text.push_str("filter sg stateful\n");
        (0..ingress).for_each(|i| writeln!(text, "  in {i} allow {}", i + 1).unwrap());
        (0..egress).for_each(|i| writeln!(text, "  out {i} allow {}", i + 1).unwrap());
        if used {
            text.push_str("interface web in a 10.0.1.10 filters sg");
        }
        let settings = Settings { most_rules: 3, ..Settings::default() };
        found_with(&CHECK, &text, &settings)
    }

    #[test]
    fn more_rules_than_the_limit_are_too_many() {
        let all = with(4, 3, true);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].message, "filter sg has 4 ingress rules, more than 3");
        assert_eq!(all[0].severity, Severity::Low);
        assert!(all[0].controls.contains("CFW-SG-004"));
        let all = with(4, 5, true);
        assert_eq!(all[0].message, "filter sg has 4 ingress rules and 5 egress rules, more than 3");
        assert_eq!(with(4, 0, false)[0].severity, Severity::Info);
    }

    #[test]
    fn as_many_as_the_limit_are_not() {
        assert_eq!(with(3, 3, true), []);
        assert_eq!(Settings::default().most_rules, 50);
    }
}
