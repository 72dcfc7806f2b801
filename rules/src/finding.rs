//! One thing that an audit found.

use cloudfw_core::{Label, RuleCite, Step, Unknown, Verdict};
use serde::Serialize;

/// How bad it is. Severity comes from the proof, never from the rule's text alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

/// What a rule says beside what it does: both are reported, never one for the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What can be proved over the path graph.
    pub effective: Verdict,
    /// Whether the rule, read alone, says it.
    pub literal: bool,
}

/// One root cause, with everything that it affects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check that found it: `exposed-admin-port`.
    pub check: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The rule that is to be changed, and where it is written.
    pub rule: Option<RuleCite>,
    /// The resources that it affects.
    pub affected: Vec<Label>,
    /// What is proved, beside what is written.
    pub effect: Effect,
    /// The hops that prove it.
    pub trace: Vec<Step>,
    /// What would have to be known to be sure.
    pub unknowns: Vec<Unknown>,
}

#[cfg(test)]
mod tests {
    use super::Severity;

    #[test]
    fn a_fail_on_level_takes_everything_above_it() {
        let at_least_high: Vec<Severity> =
            [Severity::Info, Severity::Medium, Severity::High, Severity::Critical]
                .into_iter()
                .filter(|severity| *severity >= Severity::High)
                .collect();
        assert_eq!(at_least_high, [Severity::High, Severity::Critical]);
    }
}
