//! Rules that name the estate's own machines by their public addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;

use cloudfw_core::{IpSet, Label, Network, Passage, Rule, RuleCite};

use crate::lists::Listed;
use crate::membership::by_resource;
use crate::reading::{allows, far_side, is_written};
use crate::wording::{counted, listed, named};
use crate::{Audit, Check, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "own-public-reference",
    title: "A rule names our own machines by public addresses",
    severity: Severity::Info,
    evaluation: Evaluation::Literal,
    controls: &[],
    explanation: Explanation {
        finds: "Rules of groups that interfaces have, which allow a narrow range of public \
                addresses with addresses of this estate in it: of machines, of NAT gateways, or \
                reserved ones that nothing has.",
        why: "Inside a network and over peerings, packets carry private addresses, so that such a \
              rule does not match them. It matches what goes out to the internet and comes back, \
              and it stays when the address is given to somebody else.",
        example: "sg-0abc ingress allow tcp 443 from 203.0.113.10, the public address of eni-0abc",
        instead: "Name the group of the machines, or their private addresses. Keep the rule only \
                  where the call is meant to go by the internet, as through a NAT gateway.",
        limits: "Ranges that count as wide in the settings (/24 and shorter) are not looked at.",
        references: &["https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let network = audit.network();
    let own = own(network);
    let all: IpSet = own.keys().chain(network.unheld_public.keys()).copied().collect();
    let wide = 1u128 << 32u8.saturating_sub(audit.settings().wide_prefix_v4);
    let resources = by_resource(audit.lists()).into_values();
    resources.filter_map(|lists| of_resource(&lists, &own, &all, wide)).collect()
}

/// The public IPv4 addresses of the estate, and whose they are.
fn own(network: &Network) -> BTreeMap<IpAddr, &Label> {
    let mut own = BTreeMap::new();
    for gateway in network.gateways.values() {
        if let Passage::SourceNat { public: Some(public), .. } = &gateway.passage {
            own.insert(*public, &gateway.label);
        }
    }
    for interface in network.interfaces.values() {
        let public = interface.addresses.iter().filter_map(|address| address.public);
        for public in public.filter(IpAddr::is_ipv4) {
            own.entry(public).or_insert(&interface.label);
        }
    }
    own
}

fn of_resource(
    lists: &[&Listed<'_>],
    own: &BTreeMap<IpAddr, &Label>,
    all: &IpSet,
    wide: u128,
) -> Option<Finding> {
    let (mut rules, mut named_here) = (Vec::new(), Vec::new());
    for listed in lists.iter().filter(|it| !it.is_stateless() && !it.interfaces.is_empty()) {
        for rule in listed.list.rules.iter().filter(|rule| is_written(rule) && allows(rule)) {
            if let Some(met) = met(rule, listed, all, wide) {
                rules.push(RuleCite::of_rule(listed.list, listed.direction, rule));
                named_here.push(met);
            }
        }
    }
    let met = IpSet::union_of(&named_here);
    let label = lists.first().filter(|_| !rules.is_empty())?.label();
    let (whose, texts) = (named(label), listed(met.nets().iter().map(|net| net.addr())));
    let message = format!(
        "{whose} has {} for public addresses of our own ({texts}): inside the network they do not \
         match",
        counted(rules.len(), "rule")
    );
    let advice = format!(
        "Name the group or the private addresses of who has {texts} in {whose}, unless the call \
         is meant to go by the internet."
    );
    let mut finding = Finding::new(CHECK.id, Severity::Info, label.clone(), message, advice);
    finding.rules = rules;
    let owners = own.iter().filter(|(address, _)| met.contains(**address));
    finding.affected = owners.map(|(_, label)| (*label).clone()).collect();
    finding.affected.sort_by(|one, two| (&one.scope, &one.id).cmp(&(&two.scope, &two.id)));
    finding.affected.dedup();
    Some(finding)
}

/// The addresses of our own that a rule names, where it names few others.
fn met(rule: &Rule, listed: &Listed<'_>, all: &IpSet, wide: u128) -> Option<IpSet> {
    let side = far_side(rule, listed.direction);
    let met = side.addresses.intersection(all);
    (!met.is_empty() && side.addresses.count_v4() < wide).then_some(met)
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    fn with(rules: &str) -> Vec<Finding> {
        let text = format!(
            "
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24
gateway nat snat a 10.0.1.9 public 203.0.113.9
interface web in a 10.0.1.10 public 203.0.113.10 filters sg
filter acl stateless
  in 1 allow 443 from 203.0.113.9/32
filter unused stateful
  in 1 allow 443 from 203.0.113.9/32
filter sg stateful
{rules}
"
        );
        found(&CHECK, &text)
    }

    #[test]
    fn a_rule_for_an_own_public_address_is_found_with_whose_it_is() {
        let all = with(
            "  in 1 allow 443 from 203.0.113.10/32,198.51.100.1/32\n  out 2 allow 443 to 203.0.113.8/29",
        );
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Info);
        assert_eq!(&*one.subject.id, "sg");
        assert_eq!(
            one.message,
            "filter sg has 2 rules for public addresses of our own (203.0.113.9 and \
             203.0.113.10): inside the network they do not match"
        );
        assert_eq!(one.rules.len(), 2);
        let affected: Vec<&str> = one.affected.iter().map(|label| &*label.id).collect();
        assert_eq!(affected, ["nat", "web"]);
        assert!(one.advice.contains("who has 203.0.113.9 and 203.0.113.10 in filter sg"));
    }

    #[test]
    fn private_and_strange_addresses_denials_and_wide_ranges_are_none() {
        assert_eq!(with("  in 1 allow 443 from 10.0.1.10/32"), []);
        assert_eq!(with("  in 1 allow 443 from 198.51.100.1/32"), []);
        assert_eq!(with("  in 1 deny 443 from 203.0.113.10/32"), []);
        assert_eq!(with("  in 1 allow 443 from 203.0.113.0/24"), []);
        assert_eq!(with("  in 1 allow 443 from 203.0.113.0/25").len(), 1);
        assert_eq!(with("  in 1 allow 443"), []);
    }

    #[test]
    fn a_reserved_address_that_nothing_has_is_ours_as_well() {
        let text = "router vpc 10.0.0.0/16\nsubnet a in vpc 10.0.1.0/24\n\
                    interface web in a 10.0.1.10 filters sg\nfilter sg stateful\n  \
                    in 1 allow 443 from 203.0.113.77/32";
        let mut network = cloudfw_core::Network::from_text(text).unwrap();
        let unknown = cloudfw_core::Unknown::new("who has it", "", "");
        network.unheld_public.insert("203.0.113.77".parse().unwrap(), unknown);
        let graph = cloudfw_core::PathGraph::new(&network);
        let settings = crate::Settings::default();
        let all = crate::Audit::new(&graph, &[], &settings).run([&CHECK]);
        assert_eq!(all.len(), 1);
        assert!(all[0].affected.is_empty());
    }
}
