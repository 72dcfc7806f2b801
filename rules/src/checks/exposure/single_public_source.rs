//! `single-public-source`.

use super::report::{Kind, findings};
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "single-public-source",
    title: "Single public addresses or small public ranges are let in",
    severity: Severity::Medium,
    evaluation: Evaluation::Effective,
    controls: &["CFW-EXP-030"],
    explanation: Explanation {
        finds: "Rules that let in single public addresses, or ranges of them that are smaller than a \
                wide one: of IPv4 a /25 to a /32, of IPv6 a /49 to a /128, unless the settings say \
                otherwise; other than those of the estate itself. One finding for each list, with \
                all rules of single addresses, and one with those of ranges. With the other checks \
                of exposure no size of a public source is left out, and how bad it is follows from \
                it. What is critical where the whole internet gets in is high for a wide range, \
                medium for a smaller one and low for single addresses; what is high for the \
                internet is medium for a wide range, and low for less. Ranges that add up to a wide \
                one are wide.",
        why: "It was somebody's home or office once. Providers hand addresses on, and the next one \
              has your door open. A range lets in whoever else is in it.",
        example: "security group sg-1 opens 22 (SSH) to the single public address 203.0.113.5, and \
                  it can be reached at eni-1",
        instead: "Let people in through a VPN, or keep their addresses in one named list that \
                  somebody looks after.",
        limits: "Whose the address is cannot be known; partners' fixed addresses are found as well. \
                 What the same list opens to all or to a wide range on the same port is reported \
                 there. Rules that let in a network that you name in the settings are reported under \
                 its name, by the checks of what they open, and not as a part of the internet.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",
        ],
    },
    run: |audit| findings(audit, &CHECK, Kind::Small),
};
