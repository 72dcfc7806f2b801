//! `shadowed-rule`.

use super::overlaps::{asked_by, overlapped};
use crate::order::Kind;
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "shadowed-rule",
    title: "A rule never acts because earlier rules decide otherwise",
    severity: Severity::Low,
    evaluation: Evaluation::Literal,
    controls: &["CFW-SG-008", "CFW-NACL-012"],
    explanation: Explanation {
        finds: "Rules of ordered lists that never decide anything, since earlier rules decide \
                everything that they match, and some of it the other way. Several earlier rules may \
                cover one together; the finding names the fewest that do. A deny that is shadowed is \
                in ineffective-deny.",
        why: "Whoever wrote the rule thinks that it does something. What it should let through is \
              denied, and somebody will open something wider to make it work.",
        example: "acl-db  ingress 100 deny  tcp 0-1023\n\
                  acl-db  ingress 110 deny  tcp 1024-65535\n\
                  acl-db  ingress 200 allow tcp 5432 from 10.0.1.0/24    never acts",
        instead: "Move the rule before those that shadow it, or take it away.",
        limits: "Groups and prefix lists that cannot be resolved cover only themselves, by name. \
                 Rules that send packets to other chains cover nothing. One list is looked at by \
                 itself: what another list of the same interface does is not considered.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html",
            "https://learn.microsoft.com/en-us/azure/virtual-network/network-security-groups-overview",
        ],
    },
    run: |audit| {
        let shadowed = overlapped(audit, &[Kind::Shadowed]).filter(|it| !it.denies());
        let finding = |it: super::overlaps::Overlapped<'_, '_>| {
            let message = format!(
                "{} never acts: {} {} everything that it matches, and not as it does",
                it.named(),
                it.others(),
                it.they("decides", "decide")
            );
            let advice = format!(
                "If its packets are to pass, move it {}; else remove it.",
                it.before_others()
            );
            let mut finding = it.finding(&CHECK, Severity::Low, message, advice);
            finding.affected = asked_by(audit, it.listed);
            finding
        };
        shadowed.map(finding).collect()
    },
};
