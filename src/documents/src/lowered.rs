//! What a recording becomes: a network, and what is known of how it was read.

use std::collections::BTreeSet;
use std::sync::Arc;

use cloudfw_core::{Id, Interface, Network, Origin, Router, Unknown};

/// A recording as a network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lowered {
    /// The network.
    pub network: Network,
    /// By account, Region and kind; of every scope that the recording names, every kind that
    /// lowering asks for.
    pub calls: Vec<CallCoverage>,
    /// Calls that got no answer and that cloudfw has no use for: no verdict rests on them, and yet
    /// somebody wanted to know.
    pub others: Vec<OtherCall>,
    /// Everything that has a name, by key.
    pub resources: Vec<Resource>,
    /// What was not understood and is not known to matter; what is known to matter stands in the
    /// network, at its place.
    pub warnings: Vec<Unknown>,
    /// The resources that are told twice and not alike, so that nothing of them is known. What it
    /// matters to is unknown; that it is so makes the recording incomplete in any case.
    pub contradictions: Vec<Unknown>,
}

/// What the user assumes not to exist (`--assume-none`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssumeNone {
    /// These kinds, by their names.
    Kinds(BTreeSet<&'static str>),
    /// Whatever was not asked for, but for the kinds at the core: without interfaces, networks or
    /// rules nothing is read of an estate, and what was not read is never clean.
    All,
    /// The same, and the core kinds of these names.
    AllAnd(BTreeSet<&'static str>),
}

impl Default for AssumeNone {
    fn default() -> Self {
        Self::Kinds(BTreeSet::new())
    }
}

impl AssumeNone {
    /// Whether it covers the kind of this name. One at the core is covered by its name alone.
    pub fn covers(&self, kind: &str, is_core: bool) -> bool {
        match self {
            Self::Kinds(kinds) => kinds.contains(kind),
            Self::All => !is_core,
            Self::AllAnd(kinds) => !is_core || kinds.contains(kind),
        }
    }
}

/// What was read of one kind in one account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallCoverage {
    /// The account, subscription or project, where it is known.
    pub account: Option<Arc<str>>,
    /// The Region or location, where it is known.
    pub region: Option<Arc<str>>,
    /// What would have been read: `SecurityGroups`.
    pub kind: &'static str,
    /// The command that prints it: `aws ec2 describe-security-groups`.
    pub command: Arc<str>,
    /// What was.
    pub knowledge: Knowledge,
    /// How many elements the documents hold.
    pub count: usize,
    /// When it was read, as the manifest says it.
    pub time: Option<Arc<str>>,
    /// What the service said, where it refused; or what is lacking, as far as that is known.
    pub error: Option<Arc<str>>,
}

/// A call of no kind that cloudfw knows, without an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherCall {
    /// The account, subscription or project, where it is known.
    pub account: Option<Arc<str>>,
    /// The Region or location, where it is known.
    pub region: Option<Arc<str>>,
    /// As the command line has it: `describe-flow-logs`.
    pub call: Arc<str>,
    /// Why there is no answer: denied, failed or throttled.
    pub knowledge: Knowledge,
    /// What the service said.
    pub error: Option<Arc<str>>,
}

/// How much is known of a kind in an account and Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Knowledge {
    /// All of it.
    Read,
    /// A part: pages are missing, an element has no id, or what is recorded refers to one that is
    /// not there.
    Incomplete,
    /// The credentials may not read it.
    Denied,
    /// The call failed.
    Failed,
    /// The service refused the call for its rate.
    Throttled,
    /// The service does not have the call.
    Unsupported,
    /// Nobody asked.
    Absent,
    /// Nobody asked, or the service does not have the call, and the user says that there is none.
    Assumed,
}

/// Something that a user can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The kind in words, as labels have it: `instance`, `security-group` …
    pub kind: &'static str,
    /// The vendor's id.
    pub id: Arc<str>,
    /// Its key in the network, which has a scope where another resource shares the id.
    pub key: Arc<str>,
    /// Its Name tag, or the name that it has by itself.
    pub name: Option<Arc<str>>,
    /// Its ARN, recorded or made of what is known; none where account or Region are not known.
    pub arn: Option<Arc<str>>,
    /// The account that it belongs to.
    pub account: Option<Arc<str>>,
    /// The Region that it is in.
    pub region: Option<Arc<str>>,
    /// Its tags, by key.
    pub tags: Vec<(Arc<str>, Arc<str>)>,
    /// The interfaces that are meant when it is a source or destination.
    pub interfaces: Vec<Id<Interface>>,
    /// The router that it is in.
    pub router: Option<Id<Router>>,
    /// Where it is written.
    pub origin: Origin,
}

#[cfg(test)]
mod tests {
    use super::AssumeNone;

    #[test]
    fn all_are_assumed_away_but_those_at_the_core() {
        let named = AssumeNone::AllAnd(["Subnets"].into());
        let kinds = AssumeNone::Kinds(["Subnets"].into());
        for (assumed, core, subnets, other) in [
            (AssumeNone::default(), false, false, false),
            (AssumeNone::All, false, false, true),
            (named, false, true, true),
            (kinds, false, true, false),
        ] {
            assert_eq!(assumed.covers("Vpcs", true), core, "{assumed:?}");
            assert_eq!(assumed.covers("Subnets", true), subnets, "{assumed:?}");
            assert_eq!(assumed.covers("NatGateways", false), other, "{assumed:?}");
        }
    }
}
