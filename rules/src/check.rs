//! A check: what it is called, what it says of itself, and how it looks.

use serde::Serialize;

use crate::{Audit, Finding, Severity};

/// An audit of one kind of thing. One file of `checks/` each.
pub struct Check {
    /// What it is called everywhere: `exposed-admin-port`.
    pub id: &'static str,
    /// What it finds, as a heading without a full stop.
    pub title: &'static str,
    /// The worst that it finds.
    pub severity: Severity,
    /// What it looks at.
    pub evaluation: Evaluation,
    /// The controls of `frameworks/controls.toml` that it assesses: a control is passed where every
    /// check that names it has run, knew everything, and no finding names it.
    pub controls: &'static [&'static str],
    /// What `cloudfw checks explain` prints.
    pub explanation: Explanation,
    /// Looks.
    pub run: fn(&Audit<'_>) -> Vec<Finding>,
}

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Evaluation {
    /// What is written.
    Literal,
    /// What is written, and what comes of it on the path graph.
    Effective,
    /// How things hang together.
    Graph,
}

/// What a check says of itself, in Markdown without headings.
#[derive(Debug)]
pub struct Explanation {
    /// What it finds, exactly.
    pub finds: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What it looks like: a few lines of rules or of a finding.
    pub example: &'static str,
    /// What to do instead.
    pub instead: &'static str,
    /// What it does not see.
    pub limits: &'static str,
    /// Pages of vendors and standards.
    pub references: &'static [&'static str],
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_check_is_printed_by_its_id() {
        let check = crate::check("acl-opens-ftp").unwrap();
        assert_eq!(format!("{check:?}"), "Check { id: \"acl-opens-ftp\", .. }");
    }
}
