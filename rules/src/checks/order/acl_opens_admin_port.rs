//! `acl-opens-admin-port`.

use cloudfw_core::{PortSet, ServiceSet};

use super::openness::{Openness, openness};
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "acl-opens-admin-port",
    title: "A network ACL lets SSH or RDP in from the internet",
    severity: Severity::Medium,
    evaluation: Evaluation::Effective,
    controls: &["CFW-NACL-001"],
    explanation: Explanation {
        finds: "Network ACLs that, read in the order of their rules, let TCP 22 or 3389 in from the \
                internet: from as much of it as a /8 of IPv4 or a /16 of IPv6. A deny with a lower \
                number counts, and so do two rules that each let half of it in. Beside what the list \
                says stands whether any interface behind it can be reached on such a port: medium if \
                so, low if a group or a route stops it.",
        why: "The ACL is the second fence. Where it lets administrative ports through, one wrong group \
              is enough.",
        example: "acl-web  ingress 100 allow tcp 0-65535 from 0.0.0.0/0",
        instead: "Deny 22 and 3389 from the internet before the rules that allow ephemeral ports, or \
                  allow only what is needed.",
        limits: "An ACL that lets in everything is told by acl-open-to-all alone, where that is asked. Replies to ports \
                 3389 of clients are rare enough to be denied.",
        references: &[
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
            "https://docs.aws.amazon.com/config/latest/developerguide/nacl-no-unrestricted-ssh-rdp.html",
        ],
    },
    run: |audit| {
        let mut found = Vec::new();
        let is_told = |open: &Openness<'_, '_>| {
            audit.asks(super::acl_open_to_all::CHECK.id) && open.opens_everything()
        };
        for open in openness(audit).filter(|open| !is_told(open)) {
            let ports = [22, 3389].map(|port| ServiceSet::tcp(PortSet::single(port)));
            let opened = ports.iter().filter(|services| open.opens_any(services));
            let services = opened.fold(ServiceSet::empty(), |all, port| all.union(port));
            if services.is_empty() {
                continue;
            }
            let message = format!("lets {services} in from the internet");
            let advice = format!(
                "Deny {services} from the internet in {} before the rules that let it in, or narrow \
                 them.",
                open.listed.label()
            );
            let mut finding = open.finding(CHECK.id, Severity::Medium, &services, &message, advice);
            finding.controls = CHECK.controls.iter().copied().collect();
            found.push(finding);
        }
        found
    },
};
