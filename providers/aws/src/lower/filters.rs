//! Filters of which nothing is known, and the keys of filters.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Filter, Id, Label, Match, Origin, Rule, RuleList, Tracking, Unknown,
};

use super::Lowering;
use super::label::implied;

/// The unremovable last rule: nothing passes that no rule lets through.
pub(super) fn deny_all(origin: &Origin) -> Rule {
    Rule {
        id: "*".into(),
        matches: Match::any(),
        action: Action::Deny(Denial::Drop),
        origin: implied(origin),
    }
}

/// A rule that may let everything through, or nothing.
pub(super) fn unknown_rule(unknown: Unknown, origin: &Origin) -> Rule {
    Rule {
        id: "?".into(),
        matches: Match { doubt: Some(unknown), ..Match::any() },
        action: Action::Allow,
        origin: origin.clone(),
    }
}

/// Rules of which nothing is known, without a last one.
pub(super) fn unknown_list(label: &Label, unknown: Unknown) -> Arc<RuleList> {
    let rules = vec![unknown_rule(unknown, &label.origin)];
    Arc::new(RuleList { label: label.clone(), rules })
}

/// A filter of which nothing is known: anything may pass, and anything may be denied.
pub(super) fn unknown_filter(label: Label, tracking: Tracking, unknown: Unknown) -> Filter {
    let rules = vec![unknown_rule(unknown, &label.origin), deny_all(&label.origin)];
    let list = Arc::new(RuleList { label: label.clone(), rules });
    Filter {
        label,
        tracking,
        ingress: vec![Arc::clone(&list)],
        egress: vec![list],
        chains: BTreeMap::new(),
    }
}

impl Lowering<'_> {
    /// Puts a filter into the network. Where hostile ids make two filters share a key, the later
    /// one gets another.
    pub(super) fn add_filter(&mut self, key: &str, filter: Filter) -> Id<Filter> {
        let mut id = Id::new(key);
        while let Some(taken) = self.network.filters.get(&id) {
            if **taken == filter {
                return id;
            }
            id = Id::new(format!("{id}'"));
        }
        self.network.filters.insert(id.clone(), Arc::new(filter));
        id
    }
}
