//! What becomes of a policy, as `cloudfw.verify/1` publishes it.
//!
//! Fields may be added within version 1; the ones here keep their names and meaning. Names come
//! from recordings and policies as they are: what prints them makes them safe first.

use std::sync::Arc;

use cloudfw_core::{Flow, Service, Verdict};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::answer::{Coverage, End, Missing, Pair};

/// The schema's name and version.
pub const VERIFY_SCHEMA: &str = "cloudfw.verify/1";

/// The JSON schema of what `cloudfw verify -o json` prints.
pub fn schema() -> serde_json::Value {
    let generator = SchemaSettings::default().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Verified>();
    schema.insert("title".to_owned(), VERIFY_SCHEMA.into());
    schema.to_value()
}

/// A policy, proved against an estate.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Verified {
    /// [`VERIFY_SCHEMA`].
    pub schema: &'static str,
    /// The policy's file.
    pub policy: String,
    /// Over all assertions: `failed` where one failed, else `unknown` where one is or where
    /// something was not read, else `passed`.
    pub conclusion: Conclusion,
    /// How many there are of each.
    pub counts: Counts,
    /// In the order of the file.
    pub assertions: Vec<Assertion>,
    /// What was asked for and not read, whether or not an assertion depends on it: with any of it
    /// nothing is clean.
    pub not_read: Vec<Missing>,
    /// What was read, and what was not.
    pub coverage: Arc<Coverage>,
}

/// What is proved of an assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Conclusion {
    /// It is proved to hold.
    Passed,
    /// It is proved not to hold.
    Failed,
    /// Neither is proved.
    Unknown,
}

impl std::fmt::Display for Conclusion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        })
    }
}

/// How many assertions there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// All of them.
    pub assertions: usize,
    /// Those that are proved to hold.
    pub passed: usize,
    /// Those that are proved not to.
    pub failed: usize,
    /// Those of which neither is proved.
    pub unknown: usize,
}

/// How bad it is where an assertion does not hold, as the policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// To be mended some time.
    Low,
    /// To be mended.
    Medium,
    /// To be mended soon.
    High,
    /// To be mended now.
    Critical,
}

impl Severity {
    /// By its name.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];
        all.into_iter().find(|severity| severity.to_string() == name)
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

/// A place in the policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Place {
    /// The file, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1; in characters.
    pub column: u32,
}

/// One expectation, and what is proved of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Assertion {
    /// Its name, else what it expects.
    pub name: String,
    /// Its group's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What the policy says of how bad it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Where it stands.
    pub place: Place,
    /// Who opens connections, as written.
    pub from: Vec<String>,
    /// Whom they are addressed to, as written.
    pub to: Vec<String>,
    /// What is taken out of `from`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except_from: Vec<String>,
    /// What is taken out of `to`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except_to: Vec<String>,
    /// The services: `tcp 5432`, `any`.
    pub service: String,
    /// Of which pairs it has to hold: `all`, `any`, `each-from` or `each-to`.
    #[serde(rename = "for")]
    #[schemars(schema_with = "quantifier")]
    pub quantifier: &'static str,
    /// The client, where one is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Whether only the way out is asked about.
    pub one_way: bool,
    /// What is expected of the pairs.
    #[schemars(schema_with = "crate::answer::schema::verdict")]
    pub expected: Verdict,
    /// The verdict over all pairs, as `cloudfw reach` gives it.
    #[schemars(schema_with = "crate::answer::schema::verdict")]
    pub verdict: Verdict,
    /// What is proved.
    pub conclusion: Conclusion,
    /// The same in a sentence without a full stop.
    pub message: String,
    /// How many pairs were asked, by their verdicts.
    pub pairs: PairCounts,
    /// Of a failed assertion the pairs that break it, of an unknown one those that it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offending: Option<Offending>,
    /// Of a failed assertion one flow that proves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
    /// Of an unknown assertion what would have to be known; the first of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknowns: Vec<Missing>,
    /// How much more would have to be known.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_unknowns: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// How many pairs have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PairCounts {
    /// All of them: one for each source, destination and address family.
    pub all: usize,
    /// Every choice passes.
    pub reachable: usize,
    /// Some choices pass and some fail.
    pub intermittent: usize,
    /// No choice passes.
    pub unreachable: usize,
    /// It cannot be said.
    pub unknown: usize,
    /// Some of the services pass and some do not.
    pub partial: usize,
}

impl PairCounts {
    /// The count of these verdicts.
    pub(super) fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            counts.all += 1;
            *match verdict {
                Verdict::Reachable => &mut counts.reachable,
                Verdict::Intermittent => &mut counts.intermittent,
                Verdict::Unreachable => &mut counts.unreachable,
                Verdict::Unknown => &mut counts.unknown,
                Verdict::Partial => &mut counts.partial,
            } += 1;
        }
        counts
    }
}

/// The pairs that keep an assertion from holding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Offending {
    /// How many there are.
    pub count: usize,
    /// The first ten.
    pub first: Vec<OffendingPair>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OffendingPair {
    /// Who opens the connection.
    pub source: End,
    /// Whom it is addressed to.
    pub destination: End,
    /// `ipv4` or `ipv6`.
    pub family: &'static str,
    /// Its verdict.
    #[schemars(schema_with = "crate::answer::schema::verdict")]
    pub verdict: Verdict,
}

/// One flow that proves that an assertion does not hold.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Witness {
    /// The flow, as the client sends it.
    pub flow: WitnessFlow,
    /// What becomes of this flow and of nothing else: the hops there and back, and what stops it.
    pub pair: Pair,
    /// The same addresses and service from every port of the client: the share of connections that
    /// fail, and everything that stops some of them.
    pub whole: Pair,
}

/// One flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WitnessFlow {
    /// `tcp 198.51.100.7:1024 → 10.0.2.20:5432`.
    pub text: String,
    /// The service alone: `tcp 5432`.
    pub service: String,
    /// `tcp`, `udp`, `icmp`, `esp`, `proto/253` …
    pub protocol: String,
    /// The client's address.
    pub source: String,
    /// The address that it sends to.
    pub destination: String,
    /// Absent where the protocol has no ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_port: Option<u16>,
    /// Absent where the protocol has no ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_port: Option<u16>,
    /// Of ICMP alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_type: Option<u8>,
    /// Of ICMP alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_code: Option<u8>,
}

impl From<&Flow> for WitnessFlow {
    fn from(flow: &Flow) -> Self {
        let protocol = flow.service.protocol().to_string();
        let mut published = Self {
            text: flow.to_string(),
            service: protocol.clone(),
            protocol,
            source: flow.source.to_string(),
            destination: flow.destination.to_string(),
            source_port: None,
            destination_port: None,
            icmp_type: None,
            icmp_code: None,
        };
        match flow.service {
            Service::Ports { source, destination, .. } => {
                published.source_port = Some(source);
                published.destination_port = Some(destination);
                published.service = format!("{} {destination}", published.protocol);
            }
            Service::Icmp { kind, code, .. } => {
                published.icmp_type = Some(kind);
                published.icmp_code = Some(code);
                published.service = format!("{} {kind} code {code}", published.protocol);
            }
            Service::Other { .. } => {}
        }
        published
    }
}

impl Verified {
    /// 1 where an assertion failed, 3 where one is unknown or something was not read, else 0.
    pub fn exit_code(&self) -> u8 {
        match self.conclusion {
            Conclusion::Failed => 1,
            Conclusion::Unknown => 3,
            Conclusion::Passed => 0,
        }
    }
}

fn quantifier(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": super::keys::QUANTIFIERS })
}
