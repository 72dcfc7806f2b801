//! `exposed-unlisted-port`.

use super::report::{Kind, findings};
use crate::ports::Category;
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "exposed-unlisted-port",
    title: "A port that is not authorised is open to the internet",
    severity: Severity::High,
    evaluation: Evaluation::Effective,
    controls: &["CFW-EXP-004", "CFW-EXP-025", "CFW-EXP-028", "CFW-EXP-029"],
    explanation: Explanation {
        finds: "Rules that open anything else, UDP and protocols without ports among it, than the \
                ports that the settings authorise (TCP 80 and 443, unless you say otherwise) to the \
                whole internet, to a wide range of it, or to a network that you named. Sources are \
                added up over the rules of a list, and prefix lists and tags are resolved: what is \
                hidden in one counts like what is written.",
        why: "What was opened for a test stays open, and nobody looks after a port that is on no \
              list.",
        example: "security group sg-1 opens 8443 (HTTPS alternative) to the wide range 0.0.0.0/1 of \
                  the internet, and it can be reached at eni-1",
        instead: "Close it, or write it down: `authorised-tcp` and `authorised-udp` in the settings.",
        limits: "A range is wide from a /24 (IPv6: /48) on, unless the settings say otherwise; \
                 smaller ones and single addresses are those of single-public-source. A list that is not recorded is unknown, never clean.",
        references: &[
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html",
        ],
    },
    run: |audit| findings(audit, &CHECK, Kind::Of(Category::Unlisted)),
};
