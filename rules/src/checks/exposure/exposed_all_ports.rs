//! `exposed-all-ports`.

use super::report::{Kind, findings};
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "exposed-all-ports",
    title: "Every port is open to the internet",
    severity: Severity::Critical,
    evaluation: Evaluation::Effective,
    controls: &["CFW-EXP-003"],
    explanation: Explanation {
        finds: "Rules that open all protocols, or all TCP ports, to the whole internet, to a wide \
                range of it, or to a network that you named. One finding for each list and source: \
                it stands for every single port, which is not reported again as long as this check \
                is asked. Rules are read together, those of all groups of an interface too, so \
                `0.0.0.0/1` beside `128.0.0.0/1` is the whole internet, and `1-1000` beside \
                `1001-65535` is every port. The severity \
                comes from what is proved to get in, there and back: where an ACL lets only 443 \
                through to it, the finding says so and is low.",
        why: "Whatever listens on the machine today or tomorrow, a debugger, a database, the agent \
              of a tool, is then served to everybody.",
        example: "security group sg-1 opens every port and protocol to the whole internet, and it \
                  can be reached at eni-1",
        instead: "Open the ports that are served, and those that administer or keep data only to \
                  your own addresses or to the group of the clients.",
        limits: "Whether anything listens is not looked at, nor is the firewall of the host unless \
                 it is recorded. Port 0 does not count: nobody can dial it. An ignore of this check \
                 accepts every port, as the finding says.",
        references: &[
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",
            "https://learn.microsoft.com/en-us/azure/virtual-network/network-security-groups-overview",
            "https://cloud.google.com/firewall/docs/firewalls",
        ],
    },
    run: |audit| findings(audit, &CHECK, Kind::Everything),
};
