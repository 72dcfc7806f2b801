//! `exposed-web-port`.

use super::report::{Kind, findings};
use crate::ports::Category;
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "exposed-web-port",
    title: "An authorised port is open to the internet",
    severity: Severity::Info,
    evaluation: Evaluation::Effective,
    controls: &["CFW-EXP-026"],
    explanation: Explanation {
        finds: "Rules that open nothing but authorised ports (TCP 80 and 443, unless the settings \
                say otherwise) to the internet or to a network that you named.",
        why: "It is what public services are for; the benchmark of Azure alone wants each of them \
              looked at. The list of them is the list of your front doors.",
        example: "security group sg-web opens 80 (HTTP), 443 (HTTPS) to the whole IPv4 internet, and \
                  it can be reached at 2 interfaces",
        instead: "Nothing where it is meant. A load balancer or a content network in front leaves \
                  the machines themselves without public addresses.",
        limits: "What the service says to those who ask is not looked at.",
        references: &[
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
            "https://learn.microsoft.com/en-us/azure/virtual-network/network-security-groups-overview",
        ],
    },
    run: |audit| findings(audit, &CHECK, Kind::Of(Category::Web)),
};
