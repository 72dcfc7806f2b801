//! One thing that an audit found.

use std::collections::BTreeSet;
use std::sync::Arc;

use cloudfw_core::{Flow, Label, Question, RuleCite, ServiceSet, Step, Unknown};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How bad it is. Severity comes from the proof, never from the rule's text alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing can come of it as things are.
    Info,
    /// An open rule that nothing can reach.
    Low,
    /// It weakens a defence that something else still holds.
    Medium,
    /// A proved path that should not be.
    High,
    /// A proved path from the internet to an administrative or data port.
    Critical,
}

/// All severities, the worst first.
pub const SEVERITIES: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

impl Severity {
    /// `critical`, `high`, `medium`, `low` or `info`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a rule says beside what it does: both are reported, never one for the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What can be proved over the path graph.
    pub effective: Effective,
    /// Whether the rule, read alone, says it.
    pub literal: bool,
}

/// What comes of an open rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effective {
    /// Something gets in by it, proved there and back.
    Exposed,
    /// It is proved that nothing gets in by it: what stops it, what acts first in front.
    Blocked(Vec<Step>),
    /// No interface, subnet or gateway asks the rule.
    Unattached,
    /// Neither can be proved; the finding's `unknowns` say why.
    Unknown,
}

/// One root cause, with everything that it affects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check that found it: `exposed-admin-port`.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop, with ids and ports in it.
    pub message: String,
    /// What is to be changed: a group, an ACL, a route table, an interface …
    pub subject: Label,
    /// From where: `internet`, or the name of a network of `cloudfw.toml`. Nothing where the check
    /// does not ask that.
    pub source: Option<Arc<str>>,
    /// The rules or routes that are the cause, the first one in front; empty where the cause is
    /// that something is not there.
    pub rules: Vec<RuleCite>,
    /// What it is about; empty where it is about no services.
    pub services: ServiceSet,
    /// The resources that it affects, in order, none twice.
    pub affected: Vec<Label>,
    /// What is proved, beside what is written; of checks that ask both.
    pub effect: Option<Effect>,
    /// The question that `trace` and the blockers of `effect` answer.
    pub question: Option<Question>,
    /// The hops that prove it, of one witness, there and back.
    pub trace: Vec<Step>,
    /// One concrete flow that proves it.
    pub witness: Option<Flow>,
    /// What else should be told, a sentence each: the share of connections that fail by client …
    pub notes: Vec<String>,
    /// What would have to be known to be sure.
    pub unknowns: Vec<Unknown>,
    /// What to change, one or two sentences.
    pub advice: String,
    /// The controls of the catalogue (`CFW-EXP-001`) that are violated by it.
    pub controls: BTreeSet<&'static str>,
}

impl Finding {
    /// A finding with nothing but its words; the rest is filled in by whoever knows more.
    pub fn new(
        check: &'static str,
        severity: Severity,
        subject: Label,
        message: String,
        advice: String,
    ) -> Self {
        Self {
            check,
            severity,
            message,
            subject,
            source: None,
            rules: Vec::new(),
            services: ServiceSet::empty(),
            affected: Vec::new(),
            effect: None,
            question: None,
            trace: Vec::new(),
            witness: None,
            notes: Vec::new(),
            unknowns: Vec::new(),
            advice,
            controls: BTreeSet::new(),
        }
    }

    /// Whether it says that something is not known, rather than that something is wrong.
    pub fn is_unknown(&self) -> bool {
        matches!(&self.effect, Some(Effect { effective: Effective::Unknown, .. }))
    }

    /// Whether it leaves anything open: all of it, or what becomes of some resources.
    pub fn leaves_open(&self) -> bool {
        self.is_unknown() || !self.unknowns.is_empty()
    }

    /// What makes this finding the same one in the next audit: the check, the subject, the source
    /// and the first rule, by what they are called and say, never by where they are written; of
    /// what several lists open together, the lists as well: that is more than what the first one
    /// opens alone. 32 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let rule = self.rules.first();
        let parts: [&str; 8] = [
            self.check,
            &self.subject.scope,
            self.subject.kind,
            &self.subject.id,
            self.source.as_deref().unwrap_or_default(),
            rule.map_or("", |rule| &rule.list.id),
            rule.map_or("", |rule| &rule.id),
            rule.map_or("", |rule| &rule.text),
        ];
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        for list in self.lists_together() {
            hash.update(list.as_bytes());
            hash.update([0]);
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The lists that open something together; none where it is one list alone.
    fn lists_together(&self) -> BTreeSet<&str> {
        let is_exposure = self.effect.is_some() && self.source.is_some();
        let rules = self.rules.iter().filter(|_| is_exposure);
        let lists: BTreeSet<&str> = rules.map(|rule| &*rule.list.id).collect();
        if lists.len() > 1 { lists } else { BTreeSet::new() }
    }

    /// What findings are sorted by: the worst first, then by what they are about.
    pub fn sort_key(&self) -> impl Ord + '_ {
        (
            std::cmp::Reverse(self.severity),
            self.check,
            &self.subject.scope,
            &self.subject.id,
            self.source.as_deref(),
            &self.message,
        )
    }
}

#[cfg(test)]
mod tests {
    use cloudfw_core::{Label, Origin, Place, Unknown};

    use super::{Effect, Effective, Finding, SEVERITIES, Severity};

    #[test]
    fn a_fail_on_level_takes_everything_above_it() {
        let at_least_high: Vec<Severity> =
            [Severity::Info, Severity::Medium, Severity::High, Severity::Critical]
                .into_iter()
                .filter(|severity| *severity >= Severity::High)
                .collect();
        assert_eq!(at_least_high, [Severity::High, Severity::Critical]);
    }

    #[test]
    fn severities_are_called_the_same_in_text_and_in_json() {
        let names = SEVERITIES.map(|severity| severity.to_string());
        assert_eq!(names, ["critical", "high", "medium", "low", "info"]);
        for severity in SEVERITIES {
            let json = serde_json::to_string(&severity).unwrap();
            assert_eq!(json, format!("\"{}\"", severity.name()));
        }
    }

    #[test]
    fn a_finding_leaves_open_what_it_cannot_prove_and_what_was_not_read() {
        let origin = Origin { document: "".into(), place: Place::Line(1) };
        let (id, kind) = ("sg-1".into(), "security-group");
        let subject = Label { id, name: None, kind, scope: "".into(), origin };
        let plain = Finding::new("c", Severity::Low, subject, String::new(), String::new());
        let with = |effective: Option<Effective>, unknowns: Vec<Unknown>| {
            let effect = effective.map(|effective| Effect { effective, literal: true });
            Finding { effect, unknowns, ..plain.clone() }
        };
        let unread = || vec![Unknown::new("its routes", "not read", "here")];
        for (effective, unknowns, leaves_open) in [
            (None, Vec::new(), false),
            (None, unread(), true),
            (Some(Effective::Exposed), Vec::new(), false),
            (Some(Effective::Blocked(Vec::new())), Vec::new(), false),
            (Some(Effective::Exposed), unread(), true),
            (Some(Effective::Unknown), Vec::new(), true),
            (Some(Effective::Unknown), unread(), true),
        ] {
            let finding = with(effective, unknowns);
            assert_eq!(finding.leaves_open(), leaves_open, "{finding:?}");
        }
    }
}
