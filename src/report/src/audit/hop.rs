//! Steps as a finding publishes them: those of an answer without what stands there twice.

use cloudfw_core::{Decision, Direction, Leg, Reason};
use cloudfw_estate::answer::{Flows, Missing, Owner, RuleText, Step, Written};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::schema;

/// One thing that happens to packets.
#[derive(Serialize, JsonSchema)]
pub(super) struct Hop<'s> {
    /// Its place on the way, from 1; what happens at one place shares it.
    hop: usize,
    /// The leg.
    #[schemars(schema_with = "schema::leg")]
    leg: Leg,
    /// The kind of what decides: `security-group`, `network-acl`, `route-table` …
    kind: &'s str,
    /// Its id.
    id: &'s str,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'s str>,
    /// Where on the way it decides: the interface that has the groups, the subnet that has the
    /// ACL; absent where that is the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'s Owner>,
    /// Which way a filter was crossed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::direction")]
    direction: Option<Direction>,
    /// What was decided.
    #[schemars(schema_with = "schema::decision")]
    decision: Decision,
    /// Why, in no vendor's words.
    #[schemars(schema_with = "schema::reason")]
    reason: Reason,
    /// The rule or route that decided; it is written in what `id` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<HopRule<'s>>,
    /// The flows that it decided about, as they look at this place; absent where it decided about
    /// all.
    #[serde(skip_serializing_if = "<[Flows]>::is_empty")]
    flows: &'s [Flows],
    /// The vendor's code for it (AWS Reachability Analyzer), where one means the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// What is not known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<&'s Missing>,
}

/// A rule, and where it is written.
#[derive(Serialize, JsonSchema)]
struct HopRule<'s> {
    /// The vendor's number or name of it.
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'s str,
    /// The rule in its user's notation.
    text: &'s str,
    /// Where it is written.
    origin: &'s Written,
}

/// Writes steps as hops.
pub(super) fn hops<S: Serializer>(steps: &[Step], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(steps.iter().map(Hop::of))
}

impl<'s> Hop<'s> {
    fn of(step: &'s Step) -> Self {
        Self {
            hop: step.hop,
            leg: step.leg,
            kind: &step.kind,
            id: &step.id,
            name: step.name.as_deref(),
            at: (step.at.id != step.id).then_some(&step.at),
            direction: step.direction,
            decision: step.decision,
            reason: step.reason,
            rule: step.rule.as_ref().map(HopRule::of),
            flows: &step.flows,
            code: step.code,
            unknown: step.unknown.as_ref(),
        }
    }
}

impl<'s> HopRule<'s> {
    fn of(rule: &'s RuleText) -> Self {
        Self { id: &rule.id, text: &rule.text, origin: &rule.origin }
    }
}
