//! Transit gateways that anybody they are shared with can join.

use cloudfw_core::Feature;

use super::switches::switches;
use crate::wording::named;
use crate::{Audit, Check, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "accepts-attachments",
    title: "A transit gateway accepts attachments of other accounts by itself",
    severity: Severity::Medium,
    evaluation: Evaluation::Literal,
    controls: &["CFW-NET-005"],
    explanation: Explanation {
        finds: "Transit gateways that accept what other accounts attach to them without asking.",
        why: "Whoever the gateway is shared with joins a network to all others on it, and with \
              default association and propagation it is routed at once.",
        example: "tgw-0abc accepts shared attachments by itself",
        instead: "Switch it off, and accept each attachment by hand or by a pipeline that checks \
                  it.",
        limits: "With whom the gateway is shared is not recorded, so that nothing is proved to be \
                 able to join: medium, where catalogues that go by the switch alone say high.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html",
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
        ],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for switch in switches(audit.network(), Feature::AcceptsAttachments) {
        let whose = named(switch.of);
        let (severity, message) = match &switch.on {
            Ok(false) => continue,
            Ok(true) => {
                let what = "accepts attachments of other accounts by itself";
                (Severity::Medium, format!("{whose} {what}"))
            }
            Err(_) => {
                let what = format!("whether {whose} accepts attachments by itself");
                (Severity::Info, format!("{what} is unknown"))
            }
        };
        let advice =
            format!("Switch off that {whose} accepts shared attachments without being asked.");
        findings.push(switch.finding(&CHECK, severity, message, advice));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::Severity;
    use crate::testing::found;

    #[test]
    fn a_gateway_that_accepts_by_itself_is_found_and_one_that_may_is_unknown() {
        let with = |state: &str| {
            let text = format!("gateway tgw opaque\nsetting tgw accepts-attachments {state}");
            found(&CHECK, &text)
        };
        let all = with("on");
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].severity, Severity::Medium);
        assert_eq!(
            all[0].message,
            "transit gateway tgw accepts attachments of other accounts by itself"
        );
        assert!(all[0].controls.contains("CFW-NET-005"));
        assert!(!all[0].is_unknown());
        assert_eq!(with("off"), []);
        let all = with("unknown");
        assert!(all[0].is_unknown());
        assert_eq!(all[0].severity, Severity::Info);
        assert_eq!(
            all[0].message,
            "whether transit gateway tgw accepts attachments by itself is unknown"
        );
    }
}
