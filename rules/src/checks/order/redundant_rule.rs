//! `redundant-rule`.

use cloudfw_core::ServiceSet;

use super::overlaps::{Overlapped, cites, in_words, overlapped, undecided};
use crate::order::Kind;
use crate::{Check, Evaluation, Explanation, Finding, Severity};

/// Of so many rules of a list it is told what covers them.
const MOST_NOTES: usize = 10;

pub(super) static CHECK: Check = Check {
    id: "redundant-rule",
    title: "A rule that changes nothing, since others do the same",
    severity: Severity::Info,
    evaluation: Evaluation::Literal,
    controls: &["CFW-SG-008", "CFW-NACL-012"],
    explanation: Explanation {
        finds: "Rules that could be taken away without any packet noticing. In a list without order \
                (security groups) others cover it, one or several together; in an ordered list \
                earlier rules decide alike all that it matches, or later ones do with nothing between \
                that decides otherwise. Of equal rules one is kept. All rules that are reported of a \
                list can be taken away together.",
        why: "Rules that do nothing hide those that do. Somebody will close the narrow one and \
              believe that the port is closed.",
        example: "sg-web  ingress allow tcp 443 from 10.0.0.0/8\n\
                  sg-web  ingress allow tcp 443 from 0.0.0.0/0     the first changes nothing",
        instead: "Take away the narrower rule, or the wider one if it was a mistake.",
        limits: "A group is covered by itself and by everybody (0.0.0.0/0 together with ::/0), never \
                 by the addresses that its members have today. Each list is looked at by itself; \
                 several groups of one interface are not joined. A list in which too many rules \
                 overlap is reported as unknown.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html",
        ],
    },
    run: |audit| {
        let mut by_list: Vec<Vec<Overlapped<'_, '_>>> = Vec::new();
        for found in overlapped(audit, &[Kind::Redundant]) {
            let same = |last: &&mut Vec<Overlapped<'_, '_>>| {
                last.first().is_some_and(|first| std::ptr::eq(first.listed, found.listed))
            };
            match by_list.last_mut().filter(same) {
                Some(last) => last.push(found),
                None => by_list.push(vec![found]),
            }
        }
        let found = by_list.iter().filter_map(|of_a_list| finding(of_a_list));
        found.chain(undecided(&CHECK, audit)).collect()
    },
};

/// One finding for a list: its rules can go together.
fn finding(found: &[Overlapped<'_, '_>]) -> Option<Finding> {
    let (first, more) = found.split_first()?;
    let why = |it: &Overlapped<'_, '_>| {
        let doing = it.they("does the same", "do the same together");
        format!("{} changes nothing: {} {doing} for all that it matches", it.named(), it.others())
    };
    if more.is_empty() {
        let advice = format!("Remove it, or narrow {} if it is what was meant.", first.others());
        return Some(first.finding(&CHECK, Severity::Info, why(first), advice));
    }
    let (label, direction) = (first.listed.label(), first.listed.direction);
    let words = in_words(found.iter().map(|it| it.rule));
    let message = format!(
        "{label}: {} {direction} rules change nothing, since others do the same: {words}",
        found.len()
    );
    let advice = "Remove them, all together if you like, or narrow what covers them if they are \
                  what was meant."
        .to_owned();
    let mut finding = first.finding(&CHECK, Severity::Info, message, advice);
    let places = found.iter().map(|it| it.place);
    finding.rules = cites(first.listed, places);
    let services = found.iter().map(|it| &it.rule.matches.services);
    finding.services = services.fold(ServiceSet::empty(), |all, one| all.union(one));
    finding.notes = found.iter().take(MOST_NOTES).map(why).collect();
    if let Some(left @ 1..) = found.len().checked_sub(MOST_NOTES) {
        finding.notes.push(format!("and {left} more"));
    }
    Some(finding)
}
