//! Replies that go back by another gateway than the one that the flow came by.

use cloudfw_core::{Gateway, Label, Network, Passage, RuleCite, Target, Unknown};

use super::peerings::{Unanswered, unanswered};
use super::public_addresses::{Stranded, Way, stranded};
use crate::routes::Routes;
use crate::wording::{counted, listed, named};
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "asymmetric-path",
    title: "Replies go back by another gateway than the flow came by",
    severity: Severity::Medium,
    evaluation: Evaluation::Graph,
    controls: &[],
    explanation: Explanation {
        finds: "Two cases that can be proved of routes alone. Interfaces with a public address \
                whose packets to the internet are sent to a NAT gateway or another gateway, while \
                what comes in for that address comes by the internet gateway. And peerings whose \
                replies are sent to something else than the peering.",
        why: "The reply reaches the client from another address, or not at all, and gateways and \
              firewalls that remember flows drop what they have not seen begin. The connection \
              times out, and each table on its own looks right.",
        example: "eni-0abc has 203.0.113.10, and its table has 0.0.0.0/0 -> nat-0abc",
        instead: "Lead the way back to the gateway that the flow comes by, or take away the way \
                  in: give back the public address, delete the route.",
        limits: "Appliances in the way of one direction alone, and what passes something that \
                 nobody can see through, are not judged here.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html",
            "https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html",
        ],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let network = audit.network();
    let routes = Routes::new(network);
    let public = stranded(network, &routes);
    let peerings = unanswered(network, &routes).into_iter();
    let public = public.iter().filter_map(of_public);
    public.chain(peerings.filter_map(|one| of_peering(network, one))).collect()
}

fn of_public(one: &Stranded<'_>) -> Option<Finding> {
    let Way::Other(route, gateway) = &one.way else { return None };
    let (whose, by) = (named(&one.table.label), named(&gateway.label));
    let affected: Vec<Label> = one.interfaces.iter().map(|it| it.label.clone()).collect();
    let who = format!("{} ({})", counted(affected.len(), "interface"), listed(&affected));
    let message = format!(
        "what comes in for the public addresses of {who} is answered by {by}, since {whose} leads \
         there by `{}`",
        route.text
    );
    let advice = format!(
        "Give back the public addresses of {}, or lead 0.0.0.0/0 in {whose} to the internet \
         gateway.",
        listed(&affected)
    );
    let label = one.table.label.clone();
    let mut finding = Finding::new(CHECK.id, Severity::Medium, label, message, advice);
    finding.rules = vec![RuleCite::of_route(one.table, route)];
    finding.affected = affected;
    Some(finding)
}

fn of_peering(network: &Network, one: Unanswered<'_>) -> Option<Finding> {
    let (first, clients) = one.elsewhere.first()?;
    let (whose, by) = (named(&one.table.label), named(&one.gateway.label));
    let doubts: Vec<Unknown> =
        one.elsewhere.iter().filter_map(|(route, _)| doubt(network, &route.target)).collect();
    // One way that is proved to lose replies is enough.
    let known = doubts.len() < one.elsewhere.len();
    let message = format!(
        "{} come to the subnets of {whose} by {by}, and replies go back by `{}`",
        listed(clients.nets()),
        first.text
    );
    let advice = format!(
        "Lead {} in {whose} to {by}, or delete the routes that lead there.",
        listed(clients.nets())
    );
    let severity = if known { Severity::Medium } else { Severity::Low };
    let label = one.table.label.clone();
    let mut finding = Finding::new(CHECK.id, severity, label, message, advice);
    let back = one.elsewhere.iter().map(|(route, _)| RuleCite::of_route(one.table, route));
    finding.rules = back.chain(one.there).collect();
    finding.affected = one.answering.into_iter().cloned().collect();
    if !known {
        finding.effect = Some(Effect { effective: Effective::Unknown, literal: true });
        finding.unknowns = doubts;
    }
    Some(finding)
}

/// Why a target may bring replies back to the other end of a peering all the same.
fn doubt(network: &Network, target: &Target) -> Option<Unknown> {
    let unseen = |what: String| Unknown::new(what, "it is not in the recording", "");
    match target {
        Target::Local | Target::Blackhole | Target::Discard => None,
        Target::Unknown(unknown) => Some(unknown.clone()),
        Target::Interface(id) => match network.interfaces.get(id) {
            Some(interface) if !interface.forwards => None,
            _ => Some(unseen(format!("where {id} sends what it is given"))),
        },
        Target::Gateway(id) => match network.gateways.get(id) {
            Some(Gateway { passage: Passage::Opaque { unknown, .. }, .. }) => Some(unknown.clone()),
            // Another peering of the same two networks, were there one, would bring them back.
            Some(Gateway { passage: Passage::Link { .. }, label, .. }) => {
                Some(Unknown::new(format!("what {label} joins"), "it may lead back as well", ""))
            }
            Some(_) => None,
            None => Some(unseen(format!("what {id} does"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    const PUBLIC: &str = "
external internet 0.0.0.0/0
router vpc 10.0.0.0/16
gateway igw border vpc internet
subnet front in vpc 10.0.0.0/24 table public
subnet a in vpc 10.0.1.0/24 table rt
gateway nat snat front 10.0.0.9 public 203.0.113.9
interface web in a 10.0.1.10 public 203.0.113.10
interface app in a 10.0.1.11
table public
  0.0.0.0/0 -> igw
table rt
  10.0.0.0/16 -> local
";

    #[test]
    fn a_public_address_that_is_answered_by_a_nat_gateway_is_found() {
        let all = found(&CHECK, &format!("{PUBLIC}  0.0.0.0/0 -> nat"));
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(one.severity, Severity::Medium);
        assert_eq!(
            one.message,
            "what comes in for the public addresses of 1 interface (web) is answered by nat \
             gateway nat, since route table rt leads there by `0.0.0.0/0 -> nat`"
        );
        assert_eq!(&*one.rules[0].text, "rt 0.0.0.0/0 -> nat");
        let affected: Vec<&str> = one.affected.iter().map(|label| &*label.id).collect();
        assert_eq!(affected, ["web"]);
        assert!(one.advice.starts_with("Give back the public addresses of web"));
        assert!(!one.is_unknown());
    }

    #[test]
    fn one_that_is_answered_by_the_border_or_not_at_all_is_none() {
        assert_eq!(found(&CHECK, &format!("{PUBLIC}  0.0.0.0/0 -> igw")), []);
        assert_eq!(found(&CHECK, PUBLIC), []);
        assert_eq!(found(&CHECK, &format!("{PUBLIC}  0.0.0.0/0 -> blackhole")), []);
        let private = PUBLIC.replace(" public 203.0.113.10", "");
        assert_eq!(found(&CHECK, &format!("{private}  0.0.0.0/0 -> nat")), []);
    }

    const PEERED: &str = "
external internet 0.0.0.0/0
router near 10.0.0.0/16
router far 10.1.0.0/16
router third 10.2.0.0/16
gateway pcx link near far
gateway other link far third
gateway igw border far internet
gateway tgw opaque
subnet a in near 10.0.1.0/24 table here
subnet b in far 10.1.1.0/24 table there
gateway nat snat b 10.1.1.9 public 203.0.113.9
interface web in a 10.0.1.10
interface db in b 10.1.1.10
interface fw in b 10.1.1.11 forwards
table here
  10.0.0.0/16 -> local
  10.1.0.0/16 -> pcx
table there
";

    fn answered(routes: &str) -> Vec<Finding> {
        found(&CHECK, &format!("{PEERED}{routes}"))
    }

    #[test]
    fn replies_to_a_peering_that_leave_by_another_gateway_are_found() {
        for target in ["nat", "igw", "interface:db"] {
            let all = answered(&format!("  0.0.0.0/0 -> {target}"));
            let [one] = all.as_slice() else { panic!("{target}: {all:?}") };
            assert_eq!(one.severity, Severity::Medium, "{target}");
            assert!(!one.is_unknown(), "{target}");
            assert_eq!(
                one.message,
                format!(
                    "10.0.1.10/32 come to the subnets of route table there by vpc peering \
                     connection pcx, and replies go back by `0.0.0.0/0 -> {target}`"
                )
            );
            let cited: Vec<&str> = one.rules.iter().map(|rule| &*rule.text).collect();
            assert_eq!(
                cited,
                [&*format!("there 0.0.0.0/0 -> {target}"), "here 10.1.0.0/16 -> pcx"]
            );
            assert_eq!(&*one.affected[0].id, "b");
        }
    }

    #[test]
    fn replies_that_may_find_back_are_unknown() {
        for target in ["tgw", "other", "unknown", "gone", "interface:fw", "interface:gone"] {
            let all = answered(&format!("  10.0.0.0/16 -> {target}"));
            assert_eq!(all.len(), 1, "{target}");
            assert!(all[0].is_unknown(), "{target}");
            assert_eq!(all[0].severity, Severity::Low, "{target}");
            assert_eq!(all[0].unknowns.len(), 1, "{target}");
        }
    }

    #[test]
    fn replies_by_the_peering_or_by_nothing_are_none() {
        assert_eq!(answered("  10.0.0.0/16 -> pcx"), []);
        assert_eq!(answered("  10.9.0.0/16 -> tgw"), []);
        assert_eq!(answered("  10.0.0.0/16 -> blackhole"), []);
        assert_eq!(answered("  10.0.0.0/16 -> local"), [], "that is overlapping-peering");
    }
}
