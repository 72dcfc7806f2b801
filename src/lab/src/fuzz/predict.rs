//! What cloudfw says.

use std::fmt;
use std::sync::Arc;

use cloudfw_core::{
    Decision, Direction, Document, Filter, Fraction, HostRoute, Id, Leg, Network, Passage,
    PathGraph, PortSet, Reachability, Reason, Role, Symptom, Tracking, Verdict, WithoutState,
    reach,
};
use cloudfw_estate::answer::Pair;
use cloudfw_estate::{AssumeNone, Estate, OpenOptions};
use serde_json::Value;

use super::question::Question;
use crate::scenario::Scenario;

/// What cloudfw says of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicted {
    /// The verdict.
    pub verdict: Verdict,
    /// What the client sees.
    pub symptom: Symptom,
    /// What stops it first.
    pub first: Option<Stop>,
    /// Whether a NAT gateway picks a port of its own on the way.
    pub translated: bool,
    /// What would have to be known.
    pub unknowns: Vec<String>,
}

/// A step that stops packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Why.
    pub reason: Reason,
    /// The kind of what decides: `network-acl`, `security-group`, `route-table` …
    pub kind: String,
    /// The id of the place.
    pub at: String,
    /// The list that the rule is written in.
    pub list: String,
    /// The rule.
    pub rule: String,
    /// The leg.
    pub leg: Leg,
    /// For filters, which way the packet was going.
    pub direction: Option<Direction>,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, kind, at, list, rule, leg, direction } = self;
        let direction = direction.map_or(String::new(), |direction| format!(" {direction}"));
        write!(f, "{leg:?} {reason:?} {kind} at {at}{direction} {list} {rule}")
    }
}

impl fmt::Display for Predicted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.verdict, self.symptom)?;
        if let Some(first) = &self.first {
            write!(f, "; {first}")?;
        }
        for unknown in &self.unknowns {
            write!(f, "; {unknown}")?;
        }
        Ok(())
    }
}

/// An estate, ready to be asked; with what no document tells laid over its network.
pub struct Oracle {
    estate: Estate,
    overlaid: Option<Network>,
}

impl Oracle {
    /// Opens the documents of a scenario.
    ///
    /// # Errors
    ///
    /// What cloudfw says about documents that it cannot read.
    pub fn open(scenario: &Scenario) -> Result<Self, String> {
        let estate = open(&scenario.documents)?;
        let overlaid = (!scenario.host_routes.is_empty()).then(|| {
            let mut network = estate.network().clone();
            lay_over(&mut network, scenario);
            network
        });
        Ok(Self { estate, overlaid })
    }

    /// The network that is asked about.
    #[must_use]
    pub fn network(&self) -> &Network {
        self.overlaid.as_ref().unwrap_or_else(|| self.estate.network())
    }

    /// Answers questions.
    ///
    /// # Errors
    ///
    /// A question that cloudfw does not understand as one question.
    pub fn predict(&self, questions: &[Question]) -> Result<Vec<Predicted>, String> {
        let mut predicted = self.ask(questions)?;
        // The interface of a gateway is the gateway.
        for stop in predicted.iter_mut().filter_map(|it| it.first.as_mut()) {
            let interface = self.network().interfaces.get(stop.at.as_str());
            if let Some(Role::Gateway(gateway)) = interface.map(|interface| &interface.role) {
                stop.at = gateway.to_string();
            }
        }
        Ok(predicted)
    }

    fn ask(&self, questions: &[Question]) -> Result<Vec<Predicted>, String> {
        let inquiry = self.estate.inquiry();
        let graph = self.overlaid.as_ref().map(PathGraph::new);
        questions
            .iter()
            .map(|question| {
                let query = question.query();
                let wrong = |error: &dyn fmt::Display| format!("`{question}`: {error}");
                let asked = inquiry.questions(&query).map_err(|error| wrong(&error))?;
                let [asked] = asked.as_slice() else {
                    return Err(wrong(&format!("is {} questions", asked.len())));
                };
                let predicted = match &graph {
                    Some(graph) => Predicted::of_core(&reach(graph, asked)),
                    None => {
                        let answer = inquiry.reach(&query).map_err(|error| wrong(&error))?;
                        let [pair] = answer.answers.as_slice() else {
                            return Err(wrong(&format!("has {} answers", answer.answers.len())));
                        };
                        Predicted::of_pair(pair)
                    }
                };
                if predicted.verdict == Verdict::Reachable || !predicted.translated {
                    return Ok(predicted);
                }
                // Linux keeps the port of the client where it is free, and here it is: the one
                // choice of the gateway, where AWS's has many.
                let mut network = self.network().clone();
                pin(&mut network, question.port);
                Ok(Predicted::of_core(&reach(&PathGraph::new(&network), asked)))
            })
            .collect()
    }

    /// The share of the client's connections that fail, where it is exact, and the ports that
    /// they fail from, over the ports from `low` to `high`. `None` where a gateway picks ports.
    ///
    /// # Errors
    ///
    /// As of [`Oracle::predict`].
    pub fn share(
        &self,
        question: &Question,
        (low, high): (u16, u16),
    ) -> Result<Option<(Fraction, PortSet)>, String> {
        let mut query = question.query();
        if let Some(client) = &mut query.client {
            client.ports = PortSet::range(low, high);
        }
        let asked = self.estate.inquiry().questions(&query).map_err(|error| error.to_string())?;
        let [asked] = asked.as_slice() else { return Ok(None) };
        let answer = reach(&PathGraph::new(self.network()), asked);
        let exact = answer.failing.at_least == answer.failing.at_most;
        let usable = answer.verdict == Verdict::Intermittent && exact;
        let translated = Predicted::of_core(&answer).translated;
        Ok((usable && !translated).then_some((answer.failing.at_least, answer.gap)))
    }
}

fn open(documents: &[(String, Value)]) -> Result<Estate, String> {
    let documents = documents.iter().map(|(name, value)| Document {
        name: name.as_str().into(),
        text: value.to_string().into(),
        scope: cloudfw_core::Scope::default(),
    });
    let options = OpenOptions { assume_none: AssumeNone::All };
    Estate::from_documents(documents.collect(), &options).map_err(|error| error.to_string())
}

/// Hosts with routes of their own; and what groups do with replies that they do not remember, of
/// which AWS says nothing: here they are checked like any packet, or dropped.
fn lay_over(network: &mut Network, scenario: &Scenario) {
    for route in &scenario.host_routes {
        if let Some(host) = network.hosts.get_mut(route.host.as_str()) {
            host.routes.push(HostRoute { to: route.to, by: Id::new(route.by.as_str()) });
        }
    }
    let without_state = match drops_unknown_replies(scenario) {
        true => WithoutState::Dropped,
        false => WithoutState::Evaluated,
    };
    for filter in network.filters.values_mut() {
        if filter.tracking != Tracking::Stateless {
            let tracking = Tracking::Stateful { without_state };
            *filter = Arc::new(Filter { tracking, ..Filter::clone(filter) });
        }
    }
}

/// Whether the groups of a scenario with host routes drop replies that they do not remember.
pub(crate) fn drops_unknown_replies(scenario: &Scenario) -> bool {
    !scenario.host_routes.is_empty() && scenario.seed % 2 == 1
}

/// Lets every gateway pick this port alone.
fn pin(network: &mut Network, port: u16) {
    for gateway in network.gateways.values_mut() {
        if let Passage::SourceNat { ports, .. } = &mut gateway.passage {
            *ports = PortSet::single(port);
        }
    }
}

impl Predicted {
    fn of_pair(pair: &Pair) -> Self {
        let step = pair.blockers.first().map(|step| Stop {
            reason: step.reason,
            kind: step.kind.clone(),
            at: step.at.id.clone(),
            list: step.rule.as_ref().map(|rule| rule.list.id.clone()).unwrap_or_default(),
            rule: step.rule.as_ref().map(|rule| rule.id.clone()).unwrap_or_default(),
            leg: step.leg,
            direction: step.direction,
        });
        let nat = |step: &cloudfw_estate::answer::Step| {
            step.decision == Decision::Translate && step.kind == "nat-gateway"
        };
        Self {
            verdict: pair.verdict,
            symptom: pair.symptom.unwrap_or(Symptom::Unknown),
            first: step,
            translated: pair.forward.iter().any(nat),
            unknowns: pair.unknowns.iter().map(|it| format!("{}: {}", it.what, it.why)).collect(),
        }
    }

    fn of_core(reach: &Reachability) -> Self {
        let step = reach.blockers.first().map(|step| {
            let by = step.rule.as_ref().map_or(&step.at, |rule| &rule.list);
            Stop {
                reason: step.reason,
                kind: by.kind.to_owned(),
                at: step.at.id.to_string(),
                list: step.rule.as_ref().map(|it| it.list.id.to_string()).unwrap_or_default(),
                rule: step.rule.as_ref().map(|it| it.id.to_string()).unwrap_or_default(),
                leg: step.leg,
                direction: step.direction,
            }
        });
        let nat = |step: &cloudfw_core::Step| {
            step.decision == Decision::Translate && step.at.kind == "nat-gateway"
        };
        Self {
            verdict: reach.verdict,
            symptom: reach.symptom,
            first: step,
            translated: reach.forward.iter().any(nat),
            unknowns: reach.unknowns.iter().map(|it| format!("{}: {}", it.what, it.why)).collect(),
        }
    }
}
