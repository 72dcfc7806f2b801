//! What was asked and what decided it, counted.

use std::collections::BTreeMap;
use std::fmt;

use cloudfw_core::{Leg, Reason, Verdict};

use super::predict::{Predicted, Stop};
use super::question::Question;

/// Counts of questions, by what they are and what decided them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Questions.
    pub questions: usize,
    verdicts: BTreeMap<String, usize>,
    protocols: BTreeMap<&'static str, usize>,
    families: BTreeMap<&'static str, usize>,
    deciders: BTreeMap<(u8, String), usize>,
    /// Those that a reply at a network ACL decided.
    replies: usize,
}

impl Tally {
    /// Counts one question.
    pub fn add(&mut self, question: &Question, predicted: &Predicted) {
        self.questions += 1;
        *self.verdicts.entry(predicted.verdict.to_string()).or_default() += 1;
        *self.protocols.entry(question.protocol()).or_default() += 1;
        let family = if question.is_ipv6() { "IPv6" } else { "IPv4" };
        *self.families.entry(family).or_default() += 1;
        if predicted.verdict != Verdict::Unreachable {
            return;
        }
        let Some(first) = &predicted.first else { return };
        *self.deciders.entry(layer(first)).or_default() += 1;
        self.replies += usize::from(first.kind == "network-acl" && first.leg == Leg::Return);
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: Self) {
        self.questions += other.questions;
        self.replies += other.replies;
        for (key, count) in other.verdicts {
            *self.verdicts.entry(key).or_default() += count;
        }
        for (key, count) in other.protocols {
            *self.protocols.entry(key).or_default() += count;
        }
        for (key, count) in other.families {
            *self.families.entry(key).or_default() += count;
        }
        for (key, count) in other.deciders {
            *self.deciders.entry(key).or_default() += count;
        }
    }

    /// How many of a hundred questions have this verdict.
    #[must_use]
    pub fn percent_of(&self, verdict: Verdict) -> f64 {
        self.percent(self.verdicts.get(&verdict.to_string()).copied().unwrap_or_default())
    }

    /// How many of a hundred a reply at a network ACL decides.
    #[must_use]
    pub fn percent_by_replies(&self) -> f64 {
        self.percent(self.replies)
    }

    /// How many of a hundred each layer decides, by direction and leg.
    pub fn percent_by_layer(&self) -> impl Iterator<Item = (&str, f64)> {
        self.deciders.iter().map(|((_, what), &count)| (what.as_str(), self.percent(count)))
    }

    fn percent(&self, count: usize) -> f64 {
        100.0 * count as f64 / self.questions.max(1) as f64
    }

    fn line<K: fmt::Display>(
        &self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        counts: &BTreeMap<K, usize>,
    ) -> fmt::Result {
        let parts: Vec<String> = counts
            .iter()
            .map(|(key, &count)| format!("{key} {count} ({:.1} %)", self.percent(count)))
            .collect();
        writeln!(f, "{name:<12} {}", parts.join(", "))
    }
}

/// Where a step stands in the table, and what it is called there.
fn layer(stop: &Stop) -> (u8, String) {
    let leg = match stop.leg {
        Leg::Forward => "there",
        Leg::Return => "reply",
    };
    let direction = stop.direction.map_or(String::new(), |direction| format!(" {direction}"));
    let is_nsg = stop.kind.ends_with(" NSG") || stop.kind == "network-security-group";
    match stop.reason {
        Reason::Rule if stop.kind == "network-acl" => (1, format!("ACL{direction}, {leg}")),
        // Only one that has not seen how the flow began is asked about a reply.
        Reason::Rule | Reason::NoState if is_nsg && stop.leg == Leg::Return => {
            (2, "NSG without state, reply".to_owned())
        }
        Reason::Rule if is_nsg => (2, format!("{}{direction}, {leg}", stop.kind)),
        Reason::Rule | Reason::NoState if stop.direction.is_some() => {
            (2, format!("group{direction}, {leg}"))
        }
        Reason::NoRoute | Reason::Blackhole | Reason::Discarded => (3, format!("route, {leg}")),
        Reason::NoState
        | Reason::GatewayClosed
        | Reason::NotCarried
        | Reason::OutwardOnly
        | Reason::NoPublicAddress
        | Reason::NoGateway
        | Reason::NoTranslation
        | Reason::NotTransitive
        | Reason::NotAnEndpoint => (4, format!("gateway, {leg}")),
        _ => (5, format!("interface or address, {leg}")),
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line(f, "verdicts", &self.verdicts)?;
        self.line(f, "protocols", &self.protocols)?;
        self.line(f, "families", &self.families)?;
        match self.replies {
            0 => writeln!(f, "decided by")?,
            replies => {
                writeln!(f, "decided by a reply at an ACL {:.1} %; by", self.percent(replies))?;
            }
        }
        for ((_, what), &count) in &self.deciders {
            writeln!(f, "  {what:<38} {count:>7} {:>5.1} %", self.percent(count))?;
        }
        Ok(())
    }
}
