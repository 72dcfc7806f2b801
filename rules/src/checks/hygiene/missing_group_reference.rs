//! Rules that name somebody who is not there.

use cloudfw_core::{Direction, Network, Peer, Peers, Rule, RuleCite, Unknown};

use crate::lists::Listed;
use crate::membership::by_resource;
use crate::reading::{far_side, is_written};
use crate::wording::{counted, listed, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "missing-group-reference",
    title: "A rule names a group that is not there",
    severity: Severity::Low,
    evaluation: Evaluation::Literal,
    controls: &[],
    explanation: Explanation {
        finds: "Rules that match nobody any more, because the group that they name is gone, or \
                the peering that led to it (stale rules); and, apart, rules that name something \
                that cannot be resolved in the recording.",
        why: "A stale rule looks like an open way and is none: who relies on it times out. What \
              is not resolved keeps everything behind it unknown.",
        example: "sg-0abc ingress allow tcp 443 from nobody",
        instead: "Delete the rule, or name the group that has taken the place of the missing one.",
        limits: "Groups of other accounts are unknown unless those accounts are recorded as well.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html",
        ],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lists in by_resource(audit.lists()).into_values() {
        let (mut stale, mut vague, mut names, mut unknowns) = (vec![], vec![], vec![], vec![]);
        for listed in &lists {
            for rule in listed.list.rules.iter().filter(|rule| is_written(rule)) {
                let cite = || RuleCite::of_rule(listed.list, listed.direction, rule);
                if far_side(rule, listed.direction).is_nobody() {
                    stale.push(cite());
                    continue;
                }
                let unresolved = unresolved(audit.network(), rule, listed.direction);
                if !unresolved.is_empty() {
                    vague.push(cite());
                    let (name, unknown): (Vec<_>, Vec<_>) = unresolved.into_iter().unzip();
                    names.extend(name);
                    unknowns.extend(unknown);
                }
            }
        }
        let Some(first) = lists.first() else { continue };
        if !stale.is_empty() {
            findings.push(of_stale(first, stale));
        }
        if !vague.is_empty() {
            names.sort();
            names.dedup();
            unknowns.sort();
            unknowns.dedup();
            findings.push(of_vague(first, vague, &names, unknowns));
        }
    }
    findings
}

/// What a rule names and what cannot be resolved, unless it names a group that can: who else may
/// be a member of that is another matter.
fn unresolved(network: &Network, rule: &Rule, direction: Direction) -> Vec<(String, Unknown)> {
    let side = match direction {
        Direction::Ingress => &rule.matches.sources,
        Direction::Egress => &rule.matches.destinations,
    };
    let Peers::Of(peers) = side else { return Vec::new() };
    let is_known = |peer: &Peer| matches!(peer, Peer::Group(id) if network.groups.contains_key(id));
    if peers.iter().any(is_known) {
        return Vec::new();
    }
    let gap = |peer: &Peer| match peer {
        Peer::Unresolved { name, unknown, .. } => Some((name.to_string(), unknown.clone())),
        Peer::Group(id) => {
            let unknown = Unknown::new(format!("the members of {id}"), "no such group", "");
            Some((id.to_string(), unknown))
        }
        Peer::Addresses { .. } => None,
    };
    peers.iter().filter_map(gap).collect()
}

fn of_stale(first: &Listed<'_>, rules: Vec<RuleCite>) -> Finding {
    let whose = named(first.label());
    let message = format!(
        "{whose} has {} that {} nobody any more",
        counted(rules.len(), "rule"),
        if rules.len() == 1 { "names" } else { "name" }
    );
    let advice = format!(
        "Delete {} from {whose}, or name the group that is meant today.",
        if rules.len() == 1 { "the rule" } else { "the rules" }
    );
    let label = first.label().clone();
    let mut finding = Finding::new(CHECK.id, Severity::Low, label, message, advice);
    finding.rules = rules;
    finding
}

fn of_vague(
    first: &Listed<'_>,
    rules: Vec<RuleCite>,
    names: &[String],
    unknowns: Vec<Unknown>,
) -> Finding {
    let whose = named(first.label());
    let message =
        format!("{whose} names {}, which cannot be resolved in this recording", listed(names));
    let advice =
        format!("Record what {} stands for, or delete the rule if it is gone.", listed(names));
    let label = first.label().clone();
    let mut finding = Finding::new(CHECK.id, Severity::Info, label, message, advice);
    finding.rules = rules;
    finding.effect = Some(Effect { effective: Effective::Unknown, literal: true });
    finding.unknowns = unknowns;
    finding
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::{found, subjects};
    use crate::{Finding, Severity};

    fn with(rules: &str) -> Vec<Finding> {
        found(&CHECK, &format!("default-group known\nfilter sg stateful\n{rules}"))
    }

    #[test]
    fn aws_10_a_stale_rule_names_nobody() {
        let all = with("  in 1 allow 22 from nobody\n  in 2 allow 22 from 10.0.0.0/8");
        assert_eq!(subjects(&all), ["sg"]);
        assert_eq!(all[0].message, "filter sg has 1 rule that names nobody any more");
        assert_eq!(all[0].severity, Severity::Low);
        assert_eq!(&*all[0].rules[0].text, "sg ingress 1 allow tcp 22 from nobody");
        assert_eq!(all[0].rules.len(), 1);
        assert!(!all[0].is_unknown());
        assert!(all[0].advice.starts_with("Delete the rule from filter sg"));
        let all = with("  in 1 allow 22 from nobody\n  out 2 allow 22 to nobody");
        assert_eq!(all[0].message, "filter sg has 2 rules that name nobody any more");
        assert!(all[0].advice.starts_with("Delete the rules from filter sg"));
    }

    #[test]
    fn the_near_side_may_be_anybody() {
        assert_eq!(with("  in 1 allow 22 from any to nobody"), []);
        assert_eq!(with("  in 1 allow 22 from group:known"), []);
    }

    #[test]
    fn what_cannot_be_resolved_is_unknown_and_another_finding() {
        let all = with(
            "  in 1 allow 22 from ?sg-far\n  in 2 allow 23 from ?sg-far\n  in 3 allow 22 from nobody",
        );
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].severity, Severity::Low);
        let vague = &all[1];
        assert!(vague.is_unknown());
        assert_eq!(vague.severity, Severity::Info);
        assert_eq!(
            vague.message,
            "filter sg names sg-far, which cannot be resolved in this recording"
        );
        assert_eq!(vague.rules.len(), 2);
        assert_eq!(vague.unknowns.len(), 2);
    }

    #[test]
    fn a_known_group_beside_what_is_not_known_is_enough() {
        assert_eq!(with("  in 1 allow 22 from group:known,?others"), []);
        assert_eq!(with("  out 1 allow 22 to ?others").len(), 1);
    }

    #[test]
    fn a_group_that_the_network_lacks_is_unknown() {
        let text = "filter sg stateful\n  in 1 allow 22 from group:lost";
        let mut network = cloudfw_core::Network::from_text(text).unwrap();
        network.groups.clear();
        let graph = cloudfw_core::PathGraph::new(&network);
        let settings = crate::Settings::default();
        let all = crate::Audit::new(&graph, &[], &settings).run([&CHECK]);
        assert!(all[0].is_unknown());
        assert_eq!(&*all[0].unknowns[0].what, "the members of lost");
    }
}
