//! `exposed-admin-port`.

use super::report::{Kind, findings};
use crate::ports::Category;
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "exposed-admin-port",
    title: "An administrative port is open to the internet",
    severity: Severity::Critical,
    evaluation: Evaluation::Effective,
    controls: &["CFW-EXP-001", "CFW-EXP-002", "CFW-EXP-027"],
    explanation: Explanation {
        finds: "Rules that open SSH, RDP, WinRM, VNC, Docker, the Kubernetes API, the kubelet, IPMI \
                or the r-commands to the whole internet (IPv4 or IPv6), to a wide range of it, or to \
                a network that you named. It is critical where a path is proved, the packet there \
                and its reply back, and low where it is proved that nothing gets in: then the \
                finding names what stops it. `::/0` before a host without an IPv6 address is low.",
        why: "These ports are tried by bots minutes after they open; one weak password, leaked key \
              or unpatched server hands over the machine.",
        example: "security group sg-1 opens 22 (SSH) to the whole IPv4 internet, and it can be \
                  reached at eni-1",
        instead: "Administer through a VPN, a bastion or the session service of the cloud, which \
                  needs no open port, and close the rule.",
        limits: "Services are known by their usual ports; SSH on port 2222 is reported by \
                 exposed-unlisted-port. Ports that you authorise in the settings are left out. With \
                 other ports in the same rule this check reports all of them, of the checks that \
                 are asked; an ignore of it accepts the administrative ones alone, and the others \
                 are reported by their own checks. Where every port is open, exposed-all-ports \
                 reports it, unless it is not asked.",
        references: &[
            "https://www.cisecurity.org/benchmark/amazon_web_services",
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
            "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager.html",
        ],
    },
    run: |audit| findings(audit, &CHECK, Kind::Of(Category::Admin)),
};
