//! `partly-shadowed-rule`.

use super::overlaps::{Overlapped, asked_by, overlapped};
use crate::order::Kind;
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "partly-shadowed-rule",
    title: "A rule acts on less than it says because earlier rules decide otherwise",
    severity: Severity::Low,
    evaluation: Evaluation::Literal,
    controls: &["CFW-SG-008", "CFW-NACL-012"],
    explanation: Explanation {
        finds: "Rules of ordered lists of which earlier rules decide a part the other way, where that \
                was most likely not meant: a deny behind an allow that crosses it (low), and an allow \
                behind a deny where neither lies within the other in addresses or in ports (info). \
                An exception that stands before the rule that it is made from is not reported.",
        why: "A deny that blocks an address still lets it in where an earlier rule allows a port to \
              all.",
        example: "acl-web  ingress 100 allow tcp 443\n\
                  acl-web  ingress 110 deny  any from 203.0.113.0/24    443 still gets in from there",
        instead: "Put denies before the allows that they are to cut.",
        limits: "As for shadowed-rule. That an exception was meant is a guess from its shape.",
        references: &["https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html"],
    },
    run: |audit| {
        let finding = |it: Overlapped<'_, '_>| {
            let message = format!(
                "{} acts on a part of what it says: {} {} the other way before it",
                it.named(),
                it.others(),
                it.they("decides", "decide")
            );
            let (severity, advice) = if it.denies() {
                let advice = format!(
                    "If it is to deny all that it says, move it {}; else narrow it to what is \
                     left.",
                    it.before_others()
                );
                (Severity::Low, advice)
            } else {
                let advice = format!(
                    "Check that {} {} meant to cut it, and narrow it to what is left.",
                    it.others(),
                    it.they("was", "were")
                );
                (Severity::Info, advice)
            };
            let mut finding = it.finding(&CHECK, severity, message, advice);
            finding.affected = asked_by(audit, it.listed);
            finding
        };
        overlapped(audit, &[Kind::Partly]).map(finding).collect()
    },
};
