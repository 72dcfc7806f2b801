//! `exposed-icmp`.

use super::report::{Kind, findings};
use crate::ports::Category;
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "exposed-icmp",
    title: "ICMP is open to the internet",
    severity: Severity::Low,
    evaluation: Evaluation::Effective,
    controls: &["CFW-EXP-031"],
    explanation: Explanation {
        finds: "Rules that open ICMP or ICMPv6, and nothing else but authorised ports, to the \
                internet or to a network that you named.",
        why: "Echo tells strangers what is there. Path MTU discovery needs ICMP (type 3 code 4, \
              ICMPv6 type 2), so closing all of it breaks more than it protects.",
        example: "security group sg-1 opens icmp to the whole IPv4 internet, and it can be reached \
                  at eni-1",
        instead: "Let in the types that are needed.",
        limits: "A rule that opens other ports as well is reported by the check of those.",
        references: &[
            "https://www.rfc-editor.org/rfc/rfc4890",
            "https://www.rfc-editor.org/rfc/rfc1191",
        ],
    },
    run: |audit| findings(audit, &CHECK, Kind::Of(Category::Icmp)),
};
