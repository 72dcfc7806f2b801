//! Groups that let everything out.

use cloudfw_core::{Direction, IpSet, Label, Made, PortSet, Rule, RuleCite, ServiceSet, Unknown};

use crate::lists::Listed;
use crate::membership::Membership;
use crate::reading::{allows, far_side, is_written};
use crate::wording::named;
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "open-egress",
    title: "A group lets everything out",
    severity: Severity::Info,
    evaluation: Evaluation::Literal,
    controls: &["CFW-SG-005"],
    explanation: Explanation {
        finds: "Groups whose rules together allow every TCP port to every address of a family, \
                also in pieces (0.0.0.0/1 and 128.0.0.0/1). One finding for each group, of \
                severity `info`: it is what new groups are made with. Of a \
                default group it is a part of default-group-open.",
        why: "Whoever gets a foothold on the machine can call home and send out what it finds. \
              Limits on what goes out are what stops that.",
        example: "sg-0abc egress allow any to 0.0.0.0/0",
        instead: "Allow out only what the machine calls: its database, its package mirror, the \
                  APIs of the cloud by their prefix lists or endpoints.",
        limits: "Whether the way out is open behind the group is not asked. Network ACLs, which \
                 let replies out as well, are not looked at. It is how every group is made, and \
                 proves nothing about who gets in: for information, where catalogues say low.",
        references: &["https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let membership = Membership::new(audit);
    let egress = audit
        .lists()
        .iter()
        .filter(|listed| listed.direction == Direction::Egress && !listed.is_stateless());
    let found = egress.filter(|listed| {
        let group = membership.group_of(listed.label());
        let is_told =
            |made| made == Made::WithNetwork && audit.asks(super::default_group_open::CHECK.id);
        !group.is_some_and(|(_, group)| is_told(group.made))
    });
    found.filter_map(|listed| of_list(audit, listed)).collect()
}

/// Whether a rule of a list alone lets everything out to all addresses of a family.
pub(super) fn lets_all_out(listed: &Listed<'_>, rule: &Rule) -> bool {
    let to = far_side(rule, listed.direction).addresses;
    listed.direction == Direction::Egress
        && allows(rule)
        && ServiceSet::tcp(PortSet::full()).is_subset(&rule.matches.services)
        && (to.v4().is_full() || to.v6().is_full())
}

fn of_list(audit: &Audit<'_>, listed: &Listed<'_>) -> Option<Finding> {
    let every_port = ServiceSet::tcp(PortSet::full());
    let (mut known, mut possible) = (IpSet::empty(), IpSet::empty());
    let (mut rules, mut doubtful): (Vec<RuleCite>, Vec<RuleCite>) = (Vec::new(), Vec::new());
    let mut doubts: Vec<Unknown> = Vec::new();
    for rule in listed.list.rules.iter().filter(|rule| is_written(rule) && allows(rule)) {
        let to = far_side(rule, Direction::Egress).addresses;
        if !every_port.is_subset(&rule.matches.services) || to.is_subset(&possible) {
            continue;
        }
        possible = possible.union(&to);
        let cite = RuleCite::of_rule(listed.list, Direction::Egress, rule);
        doubtful.push(cite.clone());
        match &rule.matches.doubt {
            Some(doubt) => doubts.push(doubt.clone()),
            None => {
                known = known.union(&to);
                rules.push(cite);
            }
        }
    }
    let is_open = |to: &IpSet| to.v4().is_full() || to.v6().is_full();
    if !is_open(&possible) {
        return None;
    }
    let whose = named(listed.label());
    let (sure, may) = (is_open(&known), "may let everything out");
    let does = if sure { "lets everything out" } else { may };
    let message = format!("{whose} {does}: every port to {}", everywhere(&possible));
    let advice = format!("Allow in {whose} only the destinations and ports that its members call.");
    let label = listed.label().clone();
    let mut finding = Finding::new(CHECK.id, Severity::Info, label, message, advice);
    finding.affected = members(audit, listed);
    finding.controls.extend(CHECK.controls);
    finding.rules = rules;
    if !sure {
        finding.rules = doubtful;
        finding.effect = Some(Effect { effective: Effective::Unknown, literal: true });
        finding.unknowns = doubts;
    }
    Some(finding)
}

fn everywhere(addresses: &IpSet) -> &'static str {
    match (addresses.v4().is_full(), addresses.v6().is_full()) {
        (true, true) => "every address",
        (true, false) => "every IPv4 address",
        _ => "every IPv6 address",
    }
}

fn members(audit: &Audit<'_>, listed: &Listed<'_>) -> Vec<Label> {
    let interfaces = listed.interfaces.iter();
    let found = interfaces.filter_map(|id| audit.network().interfaces.get(*id));
    found.map(|interface| interface.label.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    fn with(rules: &str) -> Vec<Finding> {
        let text = format!(
            "router vpc 10.0.0.0/16\nsubnet a in vpc 10.0.1.0/24\nfilter acl stateless\n  \
             out 1 allow any\nfilter sg stateful\n{rules}\n\
             interface web in a 10.0.1.10 filters sg"
        );
        found(&CHECK, &text)
    }

    #[test]
    fn everything_to_everywhere_is_one_finding() {
        let all = with(
            "  out 1 allow any to 0.0.0.0/0\n  out 2 allow any to ::/0\n  out 3 allow tcp to 10.0.0.0/8",
        );
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Info);
        assert_eq!(one.message, "filter sg lets everything out: every port to every address");
        assert_eq!(one.rules.len(), 2);
        assert_eq!(&*one.affected[0].id, "web");
        assert!(one.controls.contains("CFW-SG-005"));
        assert!(!one.is_unknown());
    }

    #[test]
    fn one_family_every_tcp_port_and_two_halves_are_enough() {
        let message = |rules| with(rules)[0].message.clone();
        let (v4, v6) = ("every port to every IPv4 address", "every port to every IPv6 address");
        assert!(message("  out 1 allow any to 0.0.0.0/0").ends_with(v4));
        assert!(message("  out 1 allow tcp to ::/0").ends_with(v6));
        let halves = "  out 1 allow any to 0.0.0.0/1\n  out 2 allow tcp to 128.0.0.0/1";
        assert!(message(halves).ends_with(v4));
        assert_eq!(with(halves)[0].rules.len(), 2);
    }

    #[test]
    fn a_default_group_is_left_to_another_check() {
        let text = "default-group default\nfilter default stateful\n  out 1 allow any";
        assert_eq!(found(&CHECK, text), []);
        assert_eq!(found(&CHECK, &text.replace("default-group", "wizard-group")).len(), 1);
    }

    #[test]
    fn less_than_that_is_none() {
        for rule in [
            "out 1 allow any to 0.0.0.0/1",
            "out 1 allow 1-65535 to 0.0.0.0/0",
            "out 1 allow udp to 0.0.0.0/0",
            "out 1 deny any to 0.0.0.0/0",
            "out 1 allow any to group:friends",
            "in 1 allow any",
        ] {
            assert_eq!(with(&format!("  {rule}")), [], "{rule}");
        }
    }

    #[test]
    fn a_rule_that_may_do_it_makes_it_unknown() {
        let all = with("  out 1 allow any maybe");
        assert!(all[0].is_unknown());
        assert_eq!(all[0].rules.len(), 1);
        assert!(all[0].message.starts_with("filter sg may let everything out"));
        let all = with("  out 1 allow any\n  out 2 allow any maybe");
        assert!(!all[0].is_unknown());
    }
}
