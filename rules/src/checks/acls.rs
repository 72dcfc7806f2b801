//! What several checks find of one rule of an ACL is one cause, and one finding.

use crate::checks::{order, replies};
use crate::{Audit, Check, Finding};

/// The checks that find what an ACL lets in: of equally bad findings the first one tells the others.
fn openings() -> [&'static Check; 4] {
    [order::OPEN_TO_ALL, order::OPENS_ADMIN_PORT, replies::BROAD_EPHEMERAL_RANGE, order::OPENS_FTP]
}

/// Makes one finding of those that are about the same rules of an ACL: the worst, which says what
/// the others do. Where one has more rules than another, it tells of it too.
pub(crate) fn one_for_each_cause(findings: Vec<Finding>) -> Vec<Finding> {
    let (mut openings, mut kept): (Vec<Finding>, Vec<Finding>) =
        findings.into_iter().partition(|finding| place(finding).is_some());
    openings.sort_by_key(|finding| {
        (std::cmp::Reverse((finding.severity, finding.rules.len())), place(finding))
    });
    let mut causes: Vec<Finding> = Vec::new();
    for finding in openings {
        match causes.iter_mut().find(|cause| is_cause_of(cause, &finding)) {
            Some(cause) => take(cause, finding),
            None => causes.push(finding),
        }
    }
    kept.extend(causes);
    kept
}

/// What a finding of an ACL told of others that are not accepted: the same, without it.
pub(crate) fn told_with(
    audit: &Audit<'_>,
    of: &Finding,
    is_accepted: impl Fn(&str) -> bool,
) -> Vec<Finding> {
    // Who accepts that everything comes in has accepted each port.
    if place(of).is_none_or(|place| place == 0) {
        return Vec::new();
    }
    let others = openings()
        .into_iter()
        .filter(|check| check.id != of.check && audit.asks(check.id) && !is_accepted(check.id));
    let found = others.flat_map(|check| (check.run)(audit));
    one_for_each_cause(found.filter(|finding| is_cause_of(of, finding)).collect())
}

fn place(finding: &Finding) -> Option<usize> {
    openings().iter().position(|check| check.id == finding.check)
}

/// Whether the rules of one finding are among those of another one of the same list.
fn is_cause_of(cause: &Finding, of: &Finding) -> bool {
    cause.subject == of.subject
        && cause.source == of.source
        && !of.rules.is_empty()
        && of.rules.iter().all(|rule| cause.rules.contains(rule))
}

fn take(cause: &mut Finding, other: Finding) {
    let label = cause.subject.to_string();
    let says = other.message.strip_prefix(&label).map_or(&*other.message, str::trim_start);
    let rules = if cause.rules.len() > 1 { "these rules" } else { "this rule" };
    cause.notes.push(format!("By {rules} it also {says} ({}).", other.check));
    cause.notes.extend(other.notes);
    cause.services = cause.services.union(&other.services);
    cause.controls.extend(other.controls);
    for label in other.affected {
        if !cause.affected.contains(&label) {
            cause.affected.push(label);
        }
    }
    cause.affected.sort_by(|one, other| (&one.scope, &one.id).cmp(&(&other.scope, &other.id)));
    for unknown in other.unknowns {
        if !cause.unknowns.contains(&unknown) {
            cause.unknowns.push(unknown);
        }
    }
}

#[cfg(test)]
mod tests {
    use cloudfw_core::{Network, PathGraph};

    use super::openings;
    use crate::{Audit, Finding, Settings, Severity};

    /// A public machine whose group opens these ports, behind an ACL of these entries.
    fn estate(entries: &str, ports: &str) -> String {
        format!(
            "external internet 0.0.0.0/0
router vpc 10.0.0.0/16
gateway igw border vpc internet
table rt
  10.0.0.0/16 -> local
  0.0.0.0/0 -> igw
filter acl stateless
{entries}
  out 100 allow any
filter sg stateful
  in 1 allow {ports} from 0.0.0.0/0
subnet a in vpc 10.0.1.0/24 table rt acl acl
interface web in a 10.0.1.10 public 203.0.113.10 filters sg"
        )
    }

    fn with<T>(text: &str, ask: impl Fn(&mut Audit<'_>) -> T) -> T {
        let network = Network::from_text(text).unwrap();
        let graph = PathGraph::new(&network);
        let sources: Vec<_> = crate::testing::internet(&network).into_iter().collect();
        let settings = Settings::default();
        ask(&mut Audit::new(&graph, &sources, &settings))
    }

    fn found(text: &str) -> Vec<Finding> {
        with(text, |audit| audit.run(openings()))
    }

    fn checks(findings: &[Finding]) -> Vec<(&str, Severity)> {
        findings.iter().map(|finding| (finding.check, finding.severity)).collect()
    }

    const ONE_RULE: &str = "  in 100 deny 22\n  in 200 allow any";

    #[test]
    fn one_rule_is_one_cause_whatever_it_lets_in() {
        let found = found(&estate(ONE_RULE, "3389,5432"));
        assert_eq!(checks(&found), [("acl-opens-admin-port", Severity::Medium)]);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            one.notes,
            [
                "By this rule it also lets ephemeral ports in from the internet, and with them tcp \
                 3389,5432, which groups open, and it can be reached there \
                 (broad-ephemeral-range).",
                "By this rule it also lets FTP (tcp 20-21) in from the internet, and nothing gets \
                 in by it (acl-opens-ftp).",
            ]
        );
        assert_eq!(one.controls, ["CFW-NACL-001", "CFW-NACL-003", "CFW-NACL-011"].into());
        assert_eq!(one.services.to_string(), "tcp 20-21,3389,5432");
        let affected: Vec<&str> = one.affected.iter().map(|label| &*label.id).collect();
        assert_eq!(affected, ["web"]);
        assert_eq!(one.rules.len(), 1);
    }

    #[test]
    fn the_worst_tells_of_the_others() {
        let found = found(&estate(ONE_RULE, "5432"));
        assert_eq!(checks(&found), [("broad-ephemeral-range", Severity::Medium)]);
        assert!(found[0].notes[0].ends_with("(acl-opens-admin-port)."), "{:?}", found[0].notes);
    }

    #[test]
    fn rules_of_their_own_are_causes_of_their_own() {
        let entries = "  in 100 allow 3389 from 0.0.0.0/0\n  in 110 allow 20-21 from 0.0.0.0/0";
        let apart = found(&estate(entries, "3389"));
        assert_eq!(
            checks(&apart),
            [("acl-opens-admin-port", Severity::Medium), ("acl-opens-ftp", Severity::Low)]
        );
        assert!(apart.iter().all(|finding| finding.notes.is_empty()));
        let both = "  in 100 allow 22 from 0.0.0.0/0\n  in 110 allow 20-21,3389 from 0.0.0.0/0";
        let both = found(&estate(both, "3389"));
        assert_eq!(checks(&both), [("acl-opens-admin-port", Severity::Medium)]);
        assert!(both[0].notes[0].starts_with("By these rules it also lets FTP"), "{both:?}");
    }

    #[test]
    fn what_is_asked_alone_or_left_by_an_ignore_comes_out_itself() {
        let text = estate(ONE_RULE, "3389,5432");
        let ftp = with(&text, |audit| audit.run([crate::check("acl-opens-ftp").unwrap()]));
        assert_eq!(checks(&ftp), [("acl-opens-ftp", Severity::Low)]);
        let left = |accepted: &[&str]| {
            with(&text, |audit| {
                let first = audit.run(openings());
                audit.stood_in_for(&first[0], |id| accepted.contains(&id))
            })
        };
        let admin = left(&["acl-opens-admin-port"]);
        assert_eq!(checks(&admin), [("broad-ephemeral-range", Severity::Medium)]);
        assert!(admin[0].notes[0].ends_with("(acl-opens-ftp)."), "{admin:?}");
        let both = left(&["acl-opens-admin-port", "broad-ephemeral-range"]);
        assert_eq!(checks(&both), [("acl-opens-ftp", Severity::Low)]);
        assert!(
            left(&["acl-opens-admin-port", "broad-ephemeral-range", "acl-opens-ftp"]).is_empty()
        );
    }

    #[test]
    fn who_accepts_that_everything_comes_in_has_accepted_each_port() {
        let text = estate("  in 200 allow any", "3389,5432");
        let found = found(&text);
        assert_eq!(checks(&found), [("acl-open-to-all", Severity::Low)]);
        let left = with(&text, |audit| {
            let found = audit.run(openings());
            audit.stood_in_for(&found[0], |id| id == "acl-open-to-all")
        });
        assert!(left.is_empty(), "{left:?}");
        let admin = crate::check("acl-opens-admin-port").unwrap();
        let asked = with(&text, |audit| audit.run([admin]));
        assert_eq!(checks(&asked), [("acl-opens-admin-port", Severity::Medium)]);
    }
}
