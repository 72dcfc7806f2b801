//! `ineffective-deny`.

use super::overlaps::{Overlapped, asked_by, overlapped};
use crate::order::Kind;
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "ineffective-deny",
    title: "A deny that never denies anything",
    severity: Severity::Medium,
    evaluation: Evaluation::Literal,
    controls: &["CFW-NACL-012"],
    explanation: Explanation {
        finds: "Denies of ordered lists that change nothing: earlier rules let through what they are \
                to stop (medium), or nothing behind them would let it through anyway (info).",
        why: "The first kind is a hole that somebody believes to be closed. The second is harmless \
              until somebody relies on it, and clutters the list.",
        example: "acl-web  ingress 100 allow tcp 0-65535\n\
                  acl-web  ingress 200 deny  tcp 22        never denies",
        instead: "Put the deny before the rules that let its packets through.",
        limits: "As for shadowed-rule. A last rule that denies everything of an address family is \
                 never reported: to write out what happens anyway is good style. Somebody believes \
                 that packets are stopped which are not: medium, where catalogues say low.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html",
            "https://github.com/stelligent/cfn_nag/issues/409",
        ],
    },
    run: |audit| {
        let finding = |it: Overlapped<'_, '_>| {
            let idle = it.overlap.kind == Kind::Idle;
            let (severity, message, advice) = if idle {
                let message =
                    format!("{} denies what no rule behind it would let through", it.named());
                let advice = "Remove it, or keep it and know that it changes nothing.".to_owned();
                (Severity::Info, message, advice)
            } else {
                let (others, let_through) = (it.others(), it.they("lets", "let"));
                let message = format!(
                    "{} never denies anything: {others} {let_through} through before it what it is \
                     to stop",
                    it.named()
                );
                let advice = format!("Move it {}, or remove it.", it.before_others());
                (Severity::Medium, message, advice)
            };
            let mut finding = it.finding(&CHECK, severity, message, advice);
            if !idle {
                finding.affected = asked_by(audit, it.listed);
            }
            finding
        };
        let kinds = [Kind::Shadowed, Kind::Idle];
        overlapped(audit, &kinds).filter(Overlapped::denies).map(finding).collect()
    },
};
