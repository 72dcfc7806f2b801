//! Rules for sources that can never arrive.

use cloudfw_core::{Direction, RuleCite};

use super::arrivals::AllArrivals;
use crate::reading::{allows, far_side, is_written};
use crate::wording::{counted, listed, named};
use crate::{Audit, Check, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "unmatchable-source",
    title: "A rule for a source that can never arrive",
    severity: Severity::Low,
    evaluation: Evaluation::Graph,
    controls: &[],
    explanation: Explanation {
        finds: "Ingress rules that allow addresses which no network that is joined to this one \
                has: neither the network itself, nor a peered one, nor the internet where there \
                is a gateway to it.",
        why: "The rule opens nothing today. It is left over, or mistyped, and opens something to \
              whoever gets those addresses when another network is joined.",
        example: "sg-0abc ingress allow tcp 22 from 192.168.0.0/16, in a network of 10.0.0.0/16 \
                  without peerings",
        instead: "Delete the rule, or join the network that it is meant for.",
        limits: "Only what can be proved: not where a transit gateway, a VPN or an appliance is \
                 near, where not everything was read, or where the rule names a list or group \
                 that is not resolved.",
        references: &["https://www.rfc-editor.org/rfc/rfc1918"],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let arrivals = AllArrivals::new(audit.network());
    let mut findings = Vec::new();
    for listed in audit.lists().iter().filter(|it| it.direction == Direction::Ingress) {
        let Some(here) = arrivals.at(listed).filter(|here| here.complete) else { continue };
        let mut sources = Vec::new();
        let mut rules = Vec::new();
        for rule in &listed.list.rules {
            let side = far_side(rule, Direction::Ingress);
            let certain = side.groups.is_empty() && side.possibly.is_empty();
            if is_written(rule)
                && allows(rule)
                && certain
                && !side.addresses.is_empty()
                && !side.addresses.intersects(&here.known)
            {
                sources.extend(side.addresses.nets());
                rules.push(RuleCite::of_rule(listed.list, Direction::Ingress, rule));
            }
        }
        if !rules.is_empty() {
            sources.sort();
            sources.dedup();
            findings.push(finding(listed, &sources, rules));
        }
    }
    findings
}

fn finding(
    one: &crate::lists::Listed<'_>,
    sources: &[ipnet::IpNet],
    rules: Vec<RuleCite>,
) -> Finding {
    let whose = named(one.label());
    let message = format!(
        "{whose} has {} for {}, which no joined network has",
        counted(rules.len(), "rule"),
        listed(sources)
    );
    let advice = format!("Delete the rules for {} from {whose}.", listed(sources));
    let label = one.label().clone();
    let mut finding = Finding::new(CHECK.id, Severity::Low, label, message, advice);
    finding.rules = rules;
    finding
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    fn with(rules: &str, more: &str) -> Vec<Finding> {
        let text = format!(
            "
external internet 0.0.0.0/5,192.0.0.0/9,2000::/3
external store 198.18.0.0/15
router vpc 10.0.0.0/16 platform 169.254.169.254
router far 10.1.0.0/16
router alone 10.2.0.0/16
gateway igw border vpc internet
gateway s3 service store vpc
gateway pcx link far vpc
subnet a in vpc 10.0.1.0/24 table rt
table rt
  10.0.0.0/16 -> local
filter unused stateful
  in 1 allow 22 from 192.168.0.0/16
filter sg stateful
{rules}
interface web in a 10.0.1.10 filters sg
{more}
"
        );
        found(&CHECK, &text)
    }

    #[test]
    fn a_source_that_no_joined_network_has_is_found() {
        let all = with(
            "  in 1 allow 22 from 192.168.0.0/16\n  in 2 allow 23 from 10.2.0.0/16\n  in 3 allow 80",
            "",
        );
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Low);
        assert_eq!(
            one.message,
            "filter sg has 2 rules for 10.2.0.0/16 and 192.168.0.0/16, which no joined network has"
        );
        assert_eq!(one.rules.len(), 2);
        assert_eq!(
            one.advice,
            "Delete the rules for 10.2.0.0/16 and 192.168.0.0/16 from filter sg."
        );
    }

    #[test]
    fn what_the_network_itself_a_peer_the_internet_or_a_service_has_may_arrive() {
        for source in ["10.0.9.9/32", "10.1.0.0/24", "1.2.3.4/32", "2001:db8::/32", "198.18.0.1/32"]
        {
            assert_eq!(with(&format!("  in 1 allow 22 from {source}"), ""), [], "{source}");
        }
        assert_eq!(with("  in 1 allow 22 from 169.254.169.254/32", ""), []);
        assert_eq!(with("  in 1 allow 22 from 10.0.0.0/8", ""), []);
        assert_eq!(with("  in 1 allow 22 from 169.254.169.253/32", "").len(), 1);
    }

    #[test]
    fn only_rules_that_let_known_sources_in_count() {
        for rule in [
            "in 1 deny 22 from 192.168.0.0/16",
            "out 1 allow 22 to 192.168.0.0/16",
            "in 1 allow 22 from 192.168.0.0/16,group:friends",
            "in 1 allow 22 from 192.168.0.0/16,?list",
            "in 1 allow 22 from nobody",
        ] {
            assert_eq!(with(&format!("  {rule}"), ""), [], "{rule}");
        }
    }

    #[test]
    fn where_others_may_arrive_nothing_is_proved() {
        let rule = "  in 1 allow 22 from 192.168.0.0/16";
        assert_eq!(with(rule, "").len(), 1);
        for more in [
            "gateway tgw opaque",
            "interface fw in a 10.0.1.11 forwards",
            "interface lb in a 10.0.1.11 opaque",
            "subnet b in vpc 10.0.2.0/24 table lost",
            "table more\n  0.0.0.0/0 -> unknown\nsubnet b in vpc 10.0.2.0/24 table more",
            "table more\n  0.0.0.0/0 -> gone\nsubnet b in vpc 10.0.2.0/24 table more",
            "router vpc 10.0.0.0/16 unread",
            "router far 10.1.0.0/16 unread",
            "subnet c in far 10.1.1.0/24 table rt\ninterface fw in c 10.1.1.11 forwards",
            "router x 10.8.0.0/16 unread\ngateway p2 link vpc x",
            "gateway p2 link vpc lost",
        ] {
            assert_eq!(with(rule, more), [], "{more}");
        }
        assert_eq!(with(rule, "router alone 10.2.0.0/16 unread").len(), 1);
        assert_eq!(with(rule, "interface nat in a 10.0.1.12 forwards gateway igw").len(), 1);
        assert_eq!(with(rule, "gateway p2 link vpc lost closed").len(), 1);
    }

    #[test]
    fn a_subnet_asks_its_acl_in_its_own_network() {
        let acl = "filter acl stateless\n  in 1 allow 22 from 192.168.0.0/16\n\
                   subnet d in alone 10.2.1.0/24 table rt acl acl";
        assert_eq!(with("", acl).len(), 1);
    }
}
