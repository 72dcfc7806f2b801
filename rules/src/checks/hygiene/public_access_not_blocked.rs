//! Networks that the platform does not shut off from the internet.

use std::collections::BTreeSet;

use cloudfw_core::{Feature, Passage};

use super::switches::switches;
use crate::membership::{Key, key};
use crate::wording::named;
use crate::{Audit, Check, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "public-access-not-blocked",
    title: "The platform does not block public access to a network",
    severity: Severity::Low,
    evaluation: Evaluation::Graph,
    controls: &["CFW-NET-008"],
    explanation: Explanation {
        finds: "Networks with a gateway to the internet that carries packets, where the \
                platform's own block of public access is off, or the whole network is left out \
                of it.",
        why: "The block holds whatever groups, ACLs and routes say, so that a mistake in one of \
              them opens nothing.",
        example: "vpc-0abc has igw-0abc, and VPC Block Public Access is off",
        instead: "Switch it on for the account, and leave out the subnets that are meant to be \
                  public.",
        limits: "Networks that are public on purpose need it off or an exclusion; say so in an \
                 ignore with a reason. A second lock that is missing opens nothing by itself, and \
                 what is open is told by the checks of exposure: low, where catalogues that go by \
                 the switch alone say medium.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html",
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
        ],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let network = audit.network();
    let borders = network.gateways.values().filter(|gateway| gateway.closed.is_none());
    let open: BTreeSet<Key<'_>> = borders
        .filter_map(|gateway| match &gateway.passage {
            Passage::Border { router, .. } => network.routers.get(router),
            _ => None,
        })
        .map(|router| key(&router.label))
        .collect();
    let mut findings = Vec::new();
    for switch in switches(network, Feature::BlocksPublicAccess) {
        if !open.contains(&key(switch.of)) {
            continue;
        }
        let whose = named(switch.of);
        let (severity, message) = match &switch.on {
            Ok(true) => continue,
            Ok(false) => (Severity::Low, format!("public access to {whose} is not blocked")),
            Err(_) => {
                let what = format!("whether public access to {whose} is blocked");
                (Severity::Info, format!("{what} is unknown"))
            }
        };
        let advice = format!(
            "Block public access to {whose}, and leave out only the subnets that are meant to be \
             public."
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

    fn with(state: &str, gateway: &str) -> Vec<Finding> {
        let text = format!(
            "external internet 0.0.0.0/0\nrouter vpc 10.0.0.0/16\nrouter other 10.1.0.0/16\n\
             {gateway}\nsetting vpc blocks-public-access {state}"
        );
        found(&CHECK, &text)
    }

    const IGW: &str = "gateway igw border vpc internet";

    #[test]
    fn aws_72_a_network_with_a_border_that_is_not_blocked_is_found() {
        let all = with("off", IGW);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].severity, Severity::Low);
        assert_eq!(all[0].message, "public access to vpc vpc is not blocked");
        assert!(all[0].controls.contains("CFW-NET-008"));
        assert!(!all[0].is_unknown());
    }

    #[test]
    fn one_that_is_blocked_or_has_no_border_is_none() {
        assert_eq!(with("on", IGW), []);
        assert_eq!(with("off", ""), []);
        assert_eq!(with("off", "gateway igw border vpc internet closed"), []);
        assert_eq!(with("off", "gateway igw border other internet"), []);
        assert_eq!(with("off", "gateway pcx link vpc other"), []);
    }

    #[test]
    fn aws_72_what_is_not_recorded_is_unknown() {
        let all = with("unknown", IGW);
        assert!(all[0].is_unknown());
        let advice = "Record the setting of vpc vpc: while";
        assert!(all[0].advice.starts_with(advice), "{}", all[0].advice);
        assert_eq!(all[0].severity, Severity::Info);
        assert_eq!(all[0].message, "whether public access to vpc vpc is blocked is unknown");
        assert_eq!(all[0].unknowns.len(), 1);
    }
}
