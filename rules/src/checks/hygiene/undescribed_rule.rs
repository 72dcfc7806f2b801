//! Rules that do not say what they are for.

use cloudfw_core::{Made, Network, Rule, RuleCite};

use super::open_egress::lets_all_out;
use crate::lists::Listed;
use crate::membership::{Membership, by_resource};
use crate::wording::{counted, named};
use crate::{Audit, Check, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "undescribed-rule",
    title: "Rules without a description",
    severity: Severity::Info,
    evaluation: Evaluation::Literal,
    controls: &["CFW-SG-006"],
    explanation: Explanation {
        finds: "Rules that could carry a description and carry none. One finding for each group. \
                Rules that let everything out say enough, and are found by open-egress; those of \
                a default group are found by default-group-open.",
        why: "Who asked for a rule, and what for, is forgotten first, and then nobody dares to \
              delete it.",
        example: "sg-0abc ingress allow tcp 5432 from 10.1.0.0/16",
        instead: "Describe each rule: who needs it, for what, and until when.",
        limits: "What a description says is not judged. Rules of lists that have no place for one \
                 (network ACLs) are not looked at.",
        references: &["https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let membership = Membership::new(audit);
    let resources = by_resource(audit.lists()).into_values();
    let found = resources.filter(|lists| {
        let group = lists.first().and_then(|listed| membership.group_of(listed.label()));
        let is_told =
            |made| made == Made::WithNetwork && audit.asks(super::default_group_open::CHECK.id);
        !group.is_some_and(|(_, group)| is_told(group.made))
    });
    found.filter_map(|lists| of_resource(audit.network(), &lists)).collect()
}

/// The rules of a list that lack a description.
pub(super) fn bare<'l>(
    network: &'l Network,
    listed: &'l Listed<'_>,
) -> impl Iterator<Item = &'l Rule> {
    let lack = |rule: &&Rule| network.undescribed.contains(&rule.origin);
    listed.list.rules.iter().filter(lack).filter(|rule| !lets_all_out(listed, rule))
}

fn of_resource(network: &Network, lists: &[&Listed<'_>]) -> Option<Finding> {
    let mut cited = Vec::new();
    for listed in lists {
        let rules = bare(network, listed);
        cited.extend(rules.map(|rule| RuleCite::of_rule(listed.list, listed.direction, rule)));
    }
    let label = lists.first().filter(|_| !cited.is_empty())?.label();
    let whose = named(label);
    let message = format!("{whose} has {} without a description", counted(cited.len(), "rule"));
    let advice = format!("Say of each rule of {whose} who needs it, and for what.");
    let mut finding = Finding::new(CHECK.id, Severity::Info, label.clone(), message, advice);
    finding.rules = cited;
    finding.controls.extend(CHECK.controls);
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::Severity;
    use crate::testing::{found, subjects};

    #[test]
    fn rules_without_a_description_are_one_finding_for_each_group() {
        let text = "
filter sg stateful
  in 1 allow 22 undescribed
  in 2 allow 23
  out 3 allow any undescribed
  out 4 allow any to 0.0.0.0/0 undescribed
  out 5 allow 443 undescribed
default-group default
filter default stateful
  in 6 allow 22 undescribed
filter other stateful
  in 1 allow 22
";
        let all = found(&CHECK, text);
        assert_eq!(subjects(&all), ["sg"]);
        assert_eq!(all[0].message, "filter sg has 2 rules without a description");
        assert_eq!(all[0].severity, Severity::Info);
        let cited: Vec<&str> = all[0].rules.iter().map(|rule| &*rule.text).collect();
        assert_eq!(cited, ["sg ingress 1 allow tcp 22", "sg egress 5 allow tcp 443"]);
        assert!(all[0].controls.contains("CFW-SG-006"));
    }
}
