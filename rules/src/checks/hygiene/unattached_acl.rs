//! ACLs that guard nothing.

use std::collections::BTreeMap;

use cloudfw_core::{Feature, Unknown};

use crate::membership::{Key, by_resource, key};
use crate::wording::named;
use crate::{Audit, Check, Effect, Effective, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "unattached-acl",
    title: "A network ACL that guards no subnet",
    severity: Severity::Low,
    evaluation: Evaluation::Graph,
    controls: &["CFW-NACL-004"],
    explanation: Explanation {
        finds: "Stateless lists that no subnet and no gateway asks. Never the default one of a \
                network, which cannot be deleted.",
        why: "It looks like protection, and protects nothing.",
        example: "acl-0abc is associated with no subnet",
        instead: "Associate the ACL with the subnets that it was written for, or delete it.",
        limits: "Where it is not recorded whether an ACL is a default one, the finding is \
                 unknown.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html",
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
        ],
    },
    run,
};

fn run(audit: &Audit<'_>) -> Vec<Finding> {
    let settings = audit.network().settings.iter();
    let made = settings.filter(|setting| setting.feature == Feature::MadeWithNetwork);
    let made: BTreeMap<Key<'_>, &Result<bool, Unknown>> =
        made.map(|setting| (key(&setting.of), &setting.on)).collect();
    let mut findings = Vec::new();
    for (key, lists) in by_resource(audit.lists()) {
        let unused = lists.iter().all(|listed| listed.is_stateless() && listed.is_unattached());
        let Some(first) = lists.first().filter(|_| unused) else { continue };
        let label = first.label();
        let whose = named(label);
        let doubt = match made.get(&key) {
            Some(Ok(true)) => continue,
            Some(Err(unknown)) => Some(unknown),
            Some(Ok(false)) | None => None,
        };
        let severity = if doubt.is_some() { Severity::Info } else { Severity::Low };
        let message = match doubt {
            None => format!("{whose} guards no subnet"),
            Some(_) => {
                format!("{whose} guards no subnet, and may be the default one of its network")
            }
        };
        let advice =
            format!("Associate {whose} with the subnets it was written for, or delete it.");
        let mut finding = Finding::new(CHECK.id, severity, label.clone(), message, advice);
        finding.controls.extend(CHECK.controls);
        if let Some(unknown) = doubt {
            finding.effect = Some(Effect { effective: Effective::Unknown, literal: true });
            finding.unknowns = vec![unknown.clone()];
        }
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::testing::{found, subjects};
    use crate::{Finding, Severity};

    fn with(lines: &str) -> Vec<Finding> {
        let text = format!(
            "external internet 0.0.0.0/0\nrouter vpc 10.0.0.0/16\nfilter acl stateless\n  \
             in 1 allow any\nfilter sg stateful\n  in 1 allow any\n{lines}"
        );
        found(&CHECK, &text)
    }

    #[test]
    fn an_acl_that_guards_nothing_is_found() {
        let all = with("setting acl made-with-network off");
        assert_eq!(subjects(&all), ["acl"]);
        assert_eq!(all[0].severity, Severity::Low);
        assert_eq!(all[0].message, "filter acl guards no subnet");
        assert!(all[0].controls.contains("CFW-NACL-004"));
        assert!(!all[0].is_unknown());
        assert_eq!(subjects(&with("")), ["acl"]);
    }

    #[test]
    fn one_that_a_subnet_or_a_gateway_asks_is_none() {
        assert_eq!(with("subnet a in vpc 10.0.1.0/24 acl acl"), []);
        assert_eq!(with("gateway igw border vpc internet filters acl"), []);
    }

    #[test]
    fn aws_30_the_default_acl_cannot_be_deleted() {
        assert_eq!(with("setting acl made-with-network on"), []);
        assert_eq!(with("setting acl logs-flows on").len(), 1);
    }

    #[test]
    fn one_that_may_be_the_default_is_unknown() {
        let all = with("setting acl made-with-network unknown");
        assert!(all[0].is_unknown());
        assert_eq!(all[0].severity, Severity::Info);
        assert_eq!(&*all[0].unknowns[0].what, "whether it is on");
        assert!(all[0].message.ends_with("may be the default one of its network"));
    }
}
