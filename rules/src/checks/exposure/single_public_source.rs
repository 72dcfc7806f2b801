//! `single-public-source`.

use super::report::{Kind, findings};
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "single-public-source",
    title: "Single public addresses are let in",
    severity: Severity::Low,
    evaluation: Evaluation::Effective,
    controls: &["CFW-EXP-030"],
    explanation: Explanation {
        finds: "Rules that let single public addresses in, other than those of the estate itself. \
                One finding for each list, with all such rules.",
        why: "It was somebody's home or office once. Providers hand addresses on, and the next one \
              has your door open.",
        example: "security group sg-1 opens 22 (SSH) to the single public address 203.0.113.5, and \
                  it can be reached at eni-1",
        instead: "Let people in through a VPN, or keep their addresses in one named list that \
                  somebody looks after.",
        limits: "Whose the address is cannot be known; partners' fixed addresses are found as well. \
                 What is open to more than single addresses on the same port is reported there.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",
        ],
    },
    run: |audit| findings(audit, &CHECK, Kind::Singles),
};
