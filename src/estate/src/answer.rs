//! The answer to a query, as `cloudfw.reach/1` publishes it.
//!
//! Fields may be added within version 1; the ones here keep their names and meaning. Names come
//! from recordings as they are: what prints them calls [`Answer::printable`] first.

use std::sync::Arc;

use cloudfw_core::{Bounds, Decision, Direction, Fraction, Leg, Reason, Symptom, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

mod build;
mod coverage;
mod printable;
pub(crate) mod schema;
#[cfg(test)]
mod tests;

pub(crate) use build::{Builder, Lines, family, missing, owner, symptom_over};
pub use coverage::{Coverage, NotRead, ScopeCoverage};
pub use printable::printable;
pub(crate) use printable::{Texts, each, make_printable};
pub use schema::schema;

/// The schema's name and version.
pub const REACH_SCHEMA: &str = "cloudfw.reach/1";

/// One line of output: an answer, or why there is none.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Outcome {
    /// The query was answered.
    Answered(Answer),
    /// It could not be asked.
    Failed(Failure),
}

/// A query that could not be asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Failure {
    /// [`REACH_SCHEMA`].
    pub schema: &'static str,
    /// The query.
    pub query: FailedQuery,
    /// What is wrong, and what can be written instead.
    pub error: String,
}

/// The query as it was written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FailedQuery {
    /// On one line.
    pub text: String,
    /// Its line in the file of queries, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// The answer to one query.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// [`REACH_SCHEMA`].
    pub schema: &'static str,
    /// What was asked.
    pub query: Asked,
    /// The verdict over all pairs.
    #[schemars(schema_with = "schema::verdict")]
    pub verdict: Verdict,
    /// What the client sees, of every pair; `unknown` where that cannot be said. Absent where pairs
    /// differ: each says its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::symptom")]
    pub symptom: Option<Symptom>,
    /// The answer for each pair of addresses: IPv4 and IPv6 apart.
    pub answers: Vec<Pair>,
    /// What was read, and what was not.
    pub coverage: Arc<Coverage>,
}

/// A query as it was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Asked {
    /// The query as it was written, on one line.
    pub text: String,
    /// SOURCE as it was written.
    pub source: String,
    /// DESTINATION as it was written, without its service.
    pub destination: String,
    /// The services: `tcp 5432`, `any`.
    pub service: String,
    /// The client, where the query gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Whether only the way out is asked about.
    pub one_way: bool,
    /// The verdict that the query expects.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::optional_verdict")]
    pub expect: Option<Verdict>,
    /// Its line in the file of queries, from 1, where it stands in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// The answer for one source, one destination and one address family.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Pair {
    /// Who opens the connection.
    pub source: End,
    /// Whom it is addressed to.
    pub destination: End,
    /// `ipv4` or `ipv6`.
    pub family: &'static str,
    /// The verdict on the round trip; with `--one-way` on the way out.
    #[schemars(schema_with = "schema::verdict")]
    pub verdict: Verdict,
    /// The verdict on the way out alone.
    #[schemars(schema_with = "schema::verdict")]
    pub forward_verdict: Verdict,
    /// What the client sees; `unknown` where that cannot be said. Absent where that differs by
    /// service, as of `partial`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::symptom")]
    pub symptom: Option<Symptom>,
    /// What is proved to pass, there and back. Source ports are the client's.
    pub allowed: Vec<Flows>,
    /// What cannot be excluded to pass, where that is more than `allowed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_at_most: Option<Vec<Flows>>,
    /// What becomes of replies; absent where the query is only about the way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
    /// The way there.
    pub forward: Vec<Step>,
    /// The way back.
    #[serde(rename = "return")]
    pub back: Vec<Step>,
    /// Everything that stops what was asked about, the one that acts first in front.
    pub blockers: Vec<Step>,
    /// What would have to be known. Beside any verdict: what was not understood of the objects on
    /// the way, and most likely only describes them.
    pub unknowns: Vec<Missing>,
}

/// One end of a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct End {
    /// The interface's id; `internet`; or the address itself where nothing recorded has it.
    pub id: String,
    /// What people call it: its own name, else that of what it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `network-interface`, `internet`, `unheld-address` (inside a recorded network, but of no
    /// recorded interface), `unclaimed-address` (of no recorded network) …
    pub kind: String,
    /// The machine or service that the interface belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Owner>,
    /// The addresses asked about. `internet` alone stands for all of global unicast without the
    /// estate's own addresses.
    pub addresses: Vec<String>,
    /// The public address that the other side dials, where it is not in `addresses`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialled: Option<String>,
    /// The account and Region, as far as they are known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
}

/// A resource that others hang on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Owner {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its kind: `instance`.
    pub kind: String,
}

/// A set of flows: every source with every destination, of one protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Flows {
    /// CIDRs and addresses; `any`; or `internet`, as in [`End::addresses`]. Steps show long lists
    /// as ranges `LOW-HIGH`, and of very long ones only the beginning: `… and 9 more`.
    pub sources: Vec<String>,
    /// The same of destinations.
    pub destinations: Vec<String>,
    /// `tcp`, `udp`, `icmp`, `esp`, `proto/253` …; `other` for all that have neither ports nor
    /// ICMP types; `any` for every protocol: ports beside it are meant of those that have some. In steps
    /// protocols with the same ports are one entry: `tcp,udp`.
    pub protocol: String,
    /// Absent where the protocol has no ports, and where it is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ports: Option<String>,
    /// Absent where the protocol has no ports, and where it is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_ports: Option<String>,
    /// `8`; absent where it is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_types: Option<String>,
    /// `0`; absent where it is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_codes: Option<String>,
}

/// What becomes of replies.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reply {
    /// The kind of client: `linux`, `windows`, `any`, `nat-gateway`, `given` …
    pub client: String,
    /// The ports that it dials from.
    pub range: String,
    /// The share of its connections that fail.
    #[schemars(schema_with = "schema::fractions")]
    pub failing: Bounds<Fraction>,
    /// The ports of the client whose connections fail; absent where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<String>,
    /// The same share for other kinds of client, where the client is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_client: Vec<ClientShare>,
}

/// The share of a kind of client's connections that fail.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClientShare {
    /// The kind of client.
    pub client: String,
    /// The ports that it dials from.
    pub range: String,
    /// The share.
    #[schemars(schema_with = "schema::fractions")]
    pub failing: Bounds<Fraction>,
}

/// One thing that happens to packets.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Step {
    /// Its place on the leg, from 1; what happens at one place shares it.
    pub hop: usize,
    /// The leg.
    #[schemars(schema_with = "schema::leg")]
    pub leg: Leg,
    /// The kind of what decides: `security-group`, `network-acl`, `route-table` …
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where on the way it decides: the interface that has the groups, the subnet that has the
    /// ACL. Often the same.
    pub at: Owner,
    /// Which way a filter was crossed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::direction")]
    pub direction: Option<Direction>,
    /// What was decided.
    #[schemars(schema_with = "schema::decision")]
    pub decision: Decision,
    /// Why, in no vendor's words.
    #[schemars(schema_with = "schema::reason")]
    pub reason: Reason,
    /// The rule or route that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleText>,
    /// The flows that it decided about, as they look at this place.
    pub flows: Vec<Flows>,
    /// The vendor's code for it (AWS Reachability Analyzer; of Azure Network Watcher the kind of
    /// issue, and of routes the next hop type), where one means the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// What is not known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<Missing>,
}

/// A rule, and where it is written.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RuleText {
    /// The vendor's number or name of it.
    pub id: String,
    /// The rule in its user's notation.
    pub text: String,
    /// The group, ACL or table that it is written in.
    pub list: Owner,
    /// Where it is written.
    pub origin: Written,
}

/// A place in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Written {
    /// The document.
    pub document: String,
    /// The JSON pointer (RFC 6901); absent in documents that are not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Who adds the rule without writing it down: `AWS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub implied_by: Option<&'static str>,
}

/// Something that was not read or is not understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Missing {
    /// What.
    pub what: String,
    /// Why, and what would settle it.
    pub why: String,
    /// The place that refers to it.
    #[serde(rename = "where")]
    pub place: String,
}

impl Answer {
    /// The exit code that says this answer, by what was expected where something was: see
    /// [`exit_code`](crate::exit_code).
    pub fn exit_code(&self) -> u8 {
        crate::exit_code(self.verdict, self.query.expect)
    }
}

impl Answer {
    /// The same answer to a query that stands on this line of a file.
    #[must_use]
    pub fn of_line(mut self, line: u32) -> Self {
        self.query.line = Some(line);
        self
    }

    /// The answer over the pairs of both, to the query of the first.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.answers.extend(other.answers);
        let verdicts = self.answers.iter().map(|pair| pair.verdict);
        self.verdict = Verdict::over(verdicts).unwrap_or(Verdict::Unknown);
        self.symptom = symptom_over(&self.answers);
        self
    }
}

impl Failure {
    /// The failure of the query `text`.
    pub fn new(text: &str, line: Option<u32>, error: &dyn std::error::Error) -> Self {
        Self {
            schema: REACH_SCHEMA,
            query: FailedQuery { text: text.to_owned(), line },
            error: error.to_string(),
        }
    }
}
