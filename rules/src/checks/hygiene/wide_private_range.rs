//! Rules for all private addresses there are.

use cloudfw_core::{Direction, IpSet, RuleCite};
use ipnet::IpNet;

use super::arrivals::{AllArrivals, Arrivals};
use crate::lists::Listed;
use crate::reading::{allows, far_side, is_written};
use crate::wording::{counted, listed, named};
use crate::{Audit, Check, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "wide-private-range",
    title: "A rule for a whole private address range",
    severity: Severity::Low,
    evaluation: Evaluation::Graph,
    controls: &[],
    explanation: Explanation {
        finds: "Ingress rules that allow all of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or \
                fc00::/7, and no public addresses, where the networks in reach are smaller. `low` \
                where something asks the list, else `info`.",
        why: "It says `everybody inside`, and inside grows: whatever network is peered, or joined \
              by VPN, later comes in unasked.",
        example: "sg-0abc ingress allow tcp 5432 from 10.0.0.0/8, in a network of 10.0.0.0/16",
        instead: "Name the networks that are meant, or the groups of the callers.",
        limits: "What lies behind a transit gateway, a VPN or an appliance is not known: there \
                 the range may be as large as the rule says, and the finding notes it.",
        references: &[
            "https://www.rfc-editor.org/rfc/rfc1918",
            "https://www.rfc-editor.org/rfc/rfc4193",
        ],
    },
    run,
};

/// The private ranges (RFC 1918, RFC 4193).
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let ranges: Vec<IpNet> = PRIVATE.iter().filter_map(|range| range.parse().ok()).collect();
    let arrivals = AllArrivals::new(audit.network());
    let ingress = audit.lists().iter().filter(|listed| listed.direction == Direction::Ingress);
    ingress.filter_map(|listed| of_list(listed, arrivals.at(listed).as_ref(), &ranges)).collect()
}

fn of_list(one: &Listed<'_>, here: Option<&Arrivals>, ranges: &[IpNet]) -> Option<Finding> {
    let private: IpSet = ranges.iter().copied().collect();
    let mut wide: Vec<IpNet> = Vec::new();
    let mut rules = Vec::new();
    for rule in one.list.rules.iter().filter(|rule| is_written(rule) && allows(rule)) {
        let addresses = far_side(rule, Direction::Ingress).addresses;
        let is_wider = |range: &&IpNet| {
            let range = IpSet::from(**range);
            range.is_subset(&addresses) && here.is_none_or(|here| !range.is_subset(&here.known))
        };
        let whole: Vec<IpNet> = ranges.iter().filter(is_wider).copied().collect();
        if !whole.is_empty() && addresses.is_subset(&private) {
            wide.extend(whole);
            rules.push(RuleCite::of_rule(one.list, Direction::Ingress, rule));
        }
    }
    if rules.is_empty() {
        return None;
    }
    wide.sort();
    wide.dedup();
    let (whose, texts) = (named(one.label()), listed(&wide));
    let message = format!("{whose} has {} for all of {texts}", counted(rules.len(), "rule"));
    let severity = if here.is_some() { Severity::Low } else { Severity::Info };
    let meant: IpSet = wide.iter().copied().collect();
    let known = here.map(|here| here.known.intersection(&meant)).unwrap_or_default();
    let advice = match known.is_empty() {
        true => {
            format!("Name the networks or groups that are meant in {whose} instead of {texts}.")
        }
        false => format!(
            "Name the networks or groups that are meant in {whose} instead of {texts}; those in \
             reach have {}.",
            listed(known.nets())
        ),
    };
    let mut finding = Finding::new(CHECK.id, severity, one.label().clone(), message, advice);
    finding.rules = rules;
    if here.is_some_and(|here| !here.complete) {
        finding.notes.push(
            "There may be more networks in reach than are known: something here cannot be seen \
             through, or was not read"
                .to_owned(),
        );
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    fn with(rules: &str, more: &str) -> Vec<Finding> {
        let text = format!(
            "router vpc 10.0.0.0/16\nsubnet a in vpc 10.0.1.0/24 table rt\ntable rt\n  \
             10.0.0.0/16 -> local\nfilter sg stateful\n{rules}\n\
             interface web in a 10.0.1.10 filters sg\n{more}"
        );
        found(&CHECK, &text)
    }

    #[test]
    fn a_whole_private_range_is_found_where_the_network_is_smaller() {
        let all = with(
            "  in 1 allow 22 from 10.0.0.0/8\n  in 2 allow 23 from 172.16.0.0/12,192.168.0.0/16",
            "",
        );
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Low);
        assert_eq!(
            one.message,
            "filter sg has 2 rules for all of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16"
        );
        assert_eq!(one.rules.len(), 2);
        assert!(one.advice.ends_with("those in reach have 10.0.0.0/16."), "{}", one.advice);
        let v6 = with("  in 1 allow 22 from fc00::/7", "");
        assert!(v6[0].advice.ends_with("instead of fc00::/7."), "{}", v6[0].advice);
        assert_eq!(one.notes, [""; 0]);
        assert_eq!(with("  in 1 allow 22 from fc00::/7", "").len(), 1);
    }

    #[test]
    fn a_part_of_one_the_whole_world_and_denials_are_none() {
        for rule in [
            "in 1 allow 22 from 10.0.0.0/9",
            "in 1 allow 22",
            "in 1 allow 22 from 0.0.0.0/0",
            "in 1 allow 22 from 10.0.0.0/8,1.2.3.4/32",
            "in 1 deny 22 from 10.0.0.0/8",
            "out 1 allow 22 to 10.0.0.0/8",
        ] {
            assert_eq!(with(&format!("  {rule}"), ""), [], "{rule}");
        }
    }

    #[test]
    fn where_the_network_is_as_large_it_says_what_is_meant() {
        let text = "router vpc 10.0.0.0/8\nsubnet a in vpc 10.0.1.0/24\nfilter sg stateful\n  \
                    in 1 allow 22 from 10.0.0.0/8\ninterface web in a 10.0.1.10 filters sg";
        assert_eq!(found(&CHECK, text), []);
    }

    #[test]
    fn behind_what_nobody_sees_through_there_may_be_more() {
        let all = with("  in 1 allow 22 from 10.0.0.0/8", "gateway tgw opaque");
        assert_eq!(all[0].notes.len(), 1);
        assert_eq!(all[0].severity, Severity::Low);
    }

    #[test]
    fn a_list_that_nothing_asks_is_worth_less() {
        let all = found(&CHECK, "filter sg stateful\n  in 1 allow 22 from 10.0.0.0/8");
        assert_eq!(all[0].severity, Severity::Info);
        assert_eq!(
            all[0].advice,
            "Name the networks or groups that are meant in filter sg instead of 10.0.0.0/8."
        );
    }
}
