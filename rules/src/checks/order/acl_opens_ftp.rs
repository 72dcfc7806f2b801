//! `acl-opens-ftp`.

use cloudfw_core::{PortSet, ServiceSet};

use super::openness::{Openness, openness};
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "acl-opens-ftp",
    title: "A network ACL lets FTP in from the internet",
    severity: Severity::Low,
    evaluation: Evaluation::Effective,
    controls: &["CFW-NACL-003"],
    explanation: Explanation {
        finds: "Network ACLs that, read in the order of their rules, let TCP 20 or 21 in from the \
                internet (as much of it as a /8 of IPv4 or a /16 of IPv6).",
        why: "FTP sends passwords and data in the clear. Nothing behind the ACL should offer it.",
        example: "acl-old  ingress 100 allow tcp 20-21 from 0.0.0.0/0",
        instead: "Remove the rule; use SFTP or HTTPS.",
        limits: "An ACL that lets in everything is told by acl-open-to-all alone, where that is asked.",
        references: &["https://www.rfc-editor.org/rfc/rfc2577"],
    },
    run: |audit| {
        let mut found = Vec::new();
        let is_told = |open: &Openness<'_, '_>| {
            audit.asks(super::acl_open_to_all::CHECK.id) && open.opens_everything()
        };
        for open in openness(audit).filter(|open| !is_told(open)) {
            let ports = [20, 21].map(|port| ServiceSet::tcp(PortSet::single(port)));
            let opened = ports.iter().filter(|services| open.opens_any(services));
            let services = opened.fold(ServiceSet::empty(), |all, port| all.union(port));
            if services.is_empty() {
                continue;
            }
            let message = format!("lets FTP ({services}) in from the internet");
            let advice = format!("Remove what lets {services} in from {}.", open.listed.label());
            let mut finding = open.finding(CHECK.id, Severity::Low, &services, &message, advice);
            finding.controls = CHECK.controls.iter().copied().collect();
            found.push(finding);
        }
        found
    },
};
