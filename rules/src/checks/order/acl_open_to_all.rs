//! `acl-open-to-all`.

use cloudfw_core::{PortSet, ServiceSet};

use super::openness::openness;
use crate::{Check, Effective, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "acl-open-to-all",
    title: "A network ACL lets everything in from the internet",
    severity: Severity::Low,
    evaluation: Evaluation::Literal,
    controls: &["CFW-NACL-001", "CFW-NACL-002", "CFW-NACL-003"],
    explanation: Explanation {
        finds: "Network ACLs that, read in the order of their rules, let in every TCP port (or every \
                protocol) from the internet. It is low where SSH or RDP can really be reached behind \
                it, else no more than worth knowing. It stands for acl-opens-admin-port and \
                acl-opens-ftp of the same ACL, which say nothing more.",
        why: "Such an ACL is no fence: everything hangs on the groups behind it.",
        example: "acl-1  ingress 100 allow any from 0.0.0.0/0",
        instead: "Where a second fence is wanted, let in what is served and the ephemeral ports, and \
                  nothing else. Many estates do well with groups alone.",
        limits: "The ACL that the platform makes with every network says exactly this, and says it in \
                 a rule that can be changed, so it is reported like any other; that is why it is only \
                 worth knowing. The platform's own last rule is never reported.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html",
        ],
    },
    run: |audit| {
        let mut found = Vec::new();
        for open in openness(audit).filter(super::openness::Openness::opens_everything) {
            let tcp = ServiceSet::tcp(PortSet::full());
            let any = ServiceSet::full();
            let (services, words) = if open.opens_all(&any) {
                (any, "every protocol and port")
            } else {
                (tcp, "every TCP port")
            };
            let admin = ServiceSet::tcp(PortSet::from_ranges([(22, 22), (3389, 3389)]));
            let (effective, at) = open.effect(&admin);
            let exposed = effective == Effective::Exposed;
            let severity = if exposed { Severity::Low } else { Severity::Info };
            let label = open.listed.label().clone();
            let message = format!("{label} lets {words} in from the internet");
            let advice = format!(
                "If {label} is to be a second fence, let in only what is served and the ephemeral \
                 ports of replies; else leave it and keep the groups tight."
            );
            let mut finding = crate::Finding::new(CHECK.id, severity, label, message, advice);
            finding.source = Some("internet".into());
            finding.rules = open.rules(&services);
            finding.services = services;
            if exposed {
                let ids: Vec<String> = at.iter().map(ToString::to_string).collect();
                finding
                    .notes
                    .push(format!("SSH or RDP can be reached behind it at {}", ids.join(", ")));
                finding.affected = at;
            }
            finding.controls = CHECK.controls.iter().copied().collect();
            found.push(finding);
        }
        found
    },
};
