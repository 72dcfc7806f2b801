//! `reply-gap`.

use super::report::finding;
use crate::gaps::Opened;
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "reply-gap",
    title: "A stateless list lets connections in and loses their replies",
    severity: Severity::Medium,
    evaluation: Evaluation::Graph,
    controls: &["CFW-NACL-010"],
    explanation: Explanation {
        finds: "Network ACLs, and other lists that remember nothing, that drop all or some of the \
                replies of flows which every rule on the way there lets through: from the internet, \
                from networks that you named, and between interfaces of the estate. Each flow is \
                proved over the path graph, there and back. A reply goes to the port that the client \
                picked: 32768-60999 on Linux, 49152-65535 on Windows, 1024-65535 of NAT gateways, \
                load balancers and anybody on the internet; the finding tells the share of \
                connections that fail for each. TCP, UDP and ICMP echo are looked at.",
        why: "With no reply at all the service is down for that client. With a part of the ports \
              missing some connections time out and the next one works, which is among the hardest \
              faults to find: it depends on the client's system and on chance.",
        example: "acl-web  ingress 100 allow tcp 443 from 0.0.0.0/0\n\
                  acl-web  egress  100 allow tcp 32768-60999 to 0.0.0.0/0\n\
                  acl-web drops some of the replies to connections from internet (tcp 443): no \
                  egress rule lets them through to the ports 1024-32767,61000-65535",
        instead: "Let replies out to all ephemeral ports of the clients that you let in: 1024-65535 \
                  for the internet. An ACL is a coarse fence; leave the fine one to stateful groups.",
        limits: "Flows through gateways that nobody can see through (transit gateways, load \
                 balancers, VPN) are unknown and not among the findings. Of interfaces that are alike \
                 (one subnet, the same groups and client) one is asked. Where too many pairs of \
                 different interfaces would have to be asked, the finding says that it is not known.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html",
            "https://www.rfc-editor.org/rfc/rfc6056",
        ],
    },
    run: |audit| {
        let gaps = audit.gaps().iter();
        let inward = gaps.filter(|gap| !matches!(gap.opened, Opened::Outward(_)));
        inward.map(|gap| finding(&CHECK, audit, gap)).collect()
    },
};
