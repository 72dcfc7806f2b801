//! Subnets that give new machines public addresses.

use cloudfw_core::{Feature, Label};

use super::switches::switches;
use crate::membership::key;
use crate::routes::{Exit, Routes};
use crate::wording::named;
use crate::{Audit, Check, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "subnet-gives-public-addresses",
    title: "A subnet gives new machines public addresses",
    severity: Severity::Medium,
    evaluation: Evaluation::Literal,
    controls: &["CFW-NET-002"],
    explanation: Explanation {
        finds: "Subnets that are set to give interfaces made in them a public IPv4 address, or an \
                IPv6 address. `medium` where the subnet sends packets to an internet gateway, \
                else `low`.",
        why: "A machine that somebody starts there is on the internet without anybody having \
              asked for it.",
        example: "subnet-0abc (public-a) gives new interfaces public addresses",
        instead: "Switch it off, and give an address to what needs one when it is made.",
        limits: "What a launch template or the call that starts a machine says instead is not \
                 recorded.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html",
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
        ],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let network = audit.network();
    let routes = Routes::new(network);
    let leads_outside = |label: &Label| {
        let subnet = network.subnets.get(&*label.id).filter(|it| key(&it.label) == key(label));
        let subnet =
            subnet.or_else(|| network.subnets.values().find(|it| key(&it.label) == key(label)));
        subnet.is_some_and(|subnet| !matches!(routes.exit(subnet), Exit::Instead(_)))
    };
    let mut findings = Vec::new();
    for switch in switches(network, Feature::GivesPublicAddresses) {
        let whose = named(switch.of);
        let (severity, message) = match &switch.on {
            Ok(false) => continue,
            Ok(true) if leads_outside(switch.of) => {
                let what = "gives new interfaces public addresses, and has a way to the internet";
                (Severity::Medium, format!("{whose} {what}"))
            }
            Ok(true) => (Severity::Low, format!("{whose} gives new interfaces public addresses")),
            Err(_) => {
                let what = format!("whether {whose} gives new interfaces public addresses");
                (Severity::Info, format!("{what} is unknown"))
            }
        };
        let advice = format!(
            "Switch off public addresses for new interfaces of {whose}, and give one to what \
             needs it."
        );
        findings.push(switch.finding(&CHECK, severity, message, advice));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::found;
    use crate::{Finding, Severity};

    fn with(state: &str, target: &str) -> Vec<Finding> {
        let text = format!(
            "external internet 0.0.0.0/0\nrouter vpc 10.0.0.0/16\n\
             gateway igw border vpc internet\nsubnet a in vpc 10.0.1.0/24 table rt\ntable rt\n  \
             0.0.0.0/0 -> {target}\nsetting a gives-public-addresses {state}\n\
             setting a logs-flows on"
        );
        found(&CHECK, &text)
    }

    #[test]
    fn a_subnet_that_gives_public_addresses_is_found() {
        let all = with("on", "igw");
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].severity, Severity::Medium);
        assert_eq!(
            all[0].message,
            "subnet a gives new interfaces public addresses, and has a way to the internet"
        );
        assert!(all[0].controls.contains("CFW-NET-002"));
        assert!(!all[0].is_unknown());
        let all = with("on", "blackhole");
        assert_eq!(all[0].severity, Severity::Low);
        assert_eq!(all[0].message, "subnet a gives new interfaces public addresses");
    }

    #[test]
    fn a_subnet_is_known_by_its_scope_where_two_share_an_id() {
        let text = "external internet 0.0.0.0/0
router vpc 10.0.0.0/16
gateway igw border vpc internet
subnet a in vpc 10.0.1.0/24 table closed
subnet other in vpc 10.0.2.0/24 table open
table closed
  0.0.0.0/0 -> blackhole
table open
  0.0.0.0/0 -> igw
setting other gives-public-addresses on";
        let mut network = cloudfw_core::Network::from_text(text).unwrap();
        let other = &mut network.subnets.get_mut("other").unwrap().label;
        (other.id, other.scope) = ("a".into(), "222/eu-west-1".into());
        let label = other.clone();
        network.settings[0].of = label;
        let graph = cloudfw_core::PathGraph::new(&network);
        let settings = crate::Settings::default();
        let all = crate::Audit::new(&graph, &[], &settings).run([&CHECK]);
        assert_eq!(all[0].severity, Severity::Medium, "the one with a way to the internet");
    }

    #[test]
    fn one_that_does_not_is_none_and_one_that_may_is_unknown() {
        assert_eq!(with("off", "igw"), []);
        let all = with("unknown", "igw");
        assert!(all[0].is_unknown());
        let advice = "Record the setting of subnet a: while";
        assert!(all[0].advice.starts_with(advice), "{}", all[0].advice);
        assert_eq!(all[0].severity, Severity::Info);
        assert_eq!(all[0].unknowns.len(), 1);
    }
}
