//! `outbound-reply-gap`.

use super::report::finding;
use crate::gaps::Opened;
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "outbound-reply-gap",
    title: "A stateless list lets calls to the internet out and loses their replies",
    severity: Severity::Medium,
    evaluation: Evaluation::Graph,
    controls: &["CFW-NACL-010"],
    explanation: Explanation {
        finds: "Network ACLs, and other lists that remember nothing, that drop all or some of the \
                replies to connections which interfaces open to the internet themselves, directly or \
                through a NAT gateway: updates over HTTPS, DNS, NTP, echo. Behind a NAT gateway the \
                boundary of its own subnet counts as well, with the gateway's ports 1024-65535.",
        why: "Updates, time and calls to services of others hang or fail now and then, and nothing in \
              any log of the machine says why.",
        example: "acl-app  egress  100 allow tcp 443 to 0.0.0.0/0\n\
                  acl-app  ingress 100 allow tcp 49152-65535 from 0.0.0.0/0\n\
                  acl-app drops some of the replies to connections to internet (tcp 443): no ingress \
                  rule lets them through to the ports 32768-49151",
        instead: "Let replies in to the ports that the interface, or the NAT gateway before it, opens \
                  connections from.",
        limits: "Only the internet is asked about as the far end; interfaces inside the estate are in \
                 reply-gap. A list that lets out more than is ever used is reported for all of it: \
                 narrow what goes out, or let the replies in.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html",
        ],
    },
    run: |audit| {
        let gaps = audit.gaps().iter();
        let outward = gaps.filter(|gap| matches!(gap.opened, Opened::Outward(_)));
        outward.map(|gap| finding(&CHECK, audit, gap)).collect()
    },
};
