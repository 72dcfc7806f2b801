//! What cloudfw says.

use std::collections::BTreeSet;
use std::fmt;

use cloudfw_core::{
    Decision, Direction, Document, Fraction, Leg, Network, Passage, PathGraph, PortSet,
    Reachability, Reason, Role, Symptom, Verdict, reach,
};
use cloudfw_estate::answer::{self, Pair};
use cloudfw_estate::{AssumeNone, Estate, Inquiry, OpenOptions};
use serde_json::Value;

use super::overlay;
use super::question::Question;
use crate::scenario::{Cloud, Scenario, azure};

/// What cloudfw says of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicted {
    /// The verdict.
    pub verdict: Verdict,
    /// What the client sees.
    pub symptom: Symptom,
    /// What stops it first.
    pub first: Option<Stop>,
    /// The rules that let it pass until then, there and back.
    pub passes: BTreeSet<Pass>,
    /// Whether a NAT gateway picks a port of its own on the way.
    pub translated: bool,
    /// Whether it was `intermittent`, and this is what cloudfw says of the one port that the client
    /// dials from, where the gateways pick that one as well, as Linux does.
    pub pinned: bool,
    /// Whether the network that was asked about says more than its documents: see
    /// [`Scenario::host_routes`] and [`Scenario::firewalls`]. All others are asked as
    /// `cloudfw reach` asks.
    pub overlaid: bool,
    /// What would have to be known.
    pub unknowns: Vec<String>,
    /// Whether it is no answer: cloudfw does not take the question, and the unknown says why.
    pub refused: bool,
    /// All that stops it.
    stops: Vec<Stop>,
}

/// A rule that lets packets pass at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pass {
    /// The leg.
    pub leg: Leg,
    /// The id of the place.
    pub at: String,
    /// Which way the packet was going.
    pub direction: Direction,
    /// The list that the rule is written in.
    pub list: String,
    /// The rule: its number, or where it has none its words.
    pub rule: String,
}

impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { leg, at, direction, list, rule } = self;
        write!(f, "{leg:?} at {at} {direction} {list} {rule}")
    }
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
    /// For routes, the prefixes that it is for: several where it is for a list of them.
    pub prefixes: Vec<String>,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, kind, at, list, rule, leg, direction, .. } = self;
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
        for pass in &self.passes {
            write!(f, "; passes {pass}")?;
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
    scenario: Scenario,
    overlaid: Network,
}

impl Oracle {
    /// Opens the documents of a scenario.
    ///
    /// # Errors
    ///
    /// What cloudfw says about documents that it cannot read.
    pub fn open(scenario: &Scenario) -> Result<Self, String> {
        let estate = open(&scenario.documents)?;
        let mut overlaid = estate.network().clone();
        overlay::over_network(&mut overlaid, scenario);
        Ok(Self { estate, scenario: scenario.clone(), overlaid })
    }

    /// The network that stands for the estate, with what no document tells.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.overlaid
    }

    /// Answers questions. One that cloudfw does not take as one question is an unknown.
    #[must_use]
    pub fn predict(&self, questions: &[Question]) -> Vec<Predicted> {
        let inquiry = self.estate.inquiry();
        let overlaid = PathGraph::new(&self.overlaid);
        let ask = |question: &Question| {
            self.ask(&inquiry, &overlaid, question).unwrap_or_else(Predicted::refused)
        };
        questions.iter().map(ask).collect()
    }

    fn ask(
        &self,
        inquiry: &Inquiry<'_>,
        overlaid: &PathGraph<'_>,
        question: &Question,
    ) -> Result<Predicted, String> {
        let query = question.query();
        let asked = inquiry.questions(&query).map_err(|error| error.to_string())?;
        let [asked] = asked.as_slice() else {
            return Err(format!("is {} questions", asked.len()));
        };
        let told = || {
            let answer = inquiry.reach(&query).map_err(|error| error.to_string())?;
            match answer.answers.as_slice() {
                [pair] => Ok(Predicted::of_pair(pair)),
                answers => Err(format!("has {} answers", answers.len())),
            }
        };
        let predicted = if overlay::concerns(&self.scenario, question) {
            let predicted = Predicted::of_core(&reach(overlaid, asked));
            let predicted = Predicted { overlaid: true, ..predicted };
            match self.scenario.cloud() {
                // The documents are not silent of it: they say something else.
                Cloud::Aws => predicted,
                Cloud::Azure => predicted.which_refines(&told()?),
            }
        } else {
            told()?
        };
        let mut predicted = match predicted.translated || question.recorded {
            true => {
                let pinned = self.pinned(inquiry, overlaid, question, predicted.translated)?;
                predicted.narrowed(pinned)
            }
            false => predicted,
        };
        if let Some(first) = &mut predicted.first {
            self.place(first);
        }
        Ok(predicted)
    }

    /// What is said of the one port that the kernel's client dials from; where a gateway
    /// translates, of that one choice of it: Linux keeps the port of the client where it is free,
    /// and here it is.
    fn pinned(
        &self,
        inquiry: &Inquiry<'_>,
        overlaid: &PathGraph<'_>,
        question: &Question,
        translated: bool,
    ) -> Result<Predicted, String> {
        let query = question.query_from(Some(PortSet::single(question.port)));
        let asked = inquiry.questions(&query).map_err(|error| error.to_string())?;
        let [asked] = asked.as_slice() else {
            return Err(format!("is {} questions", asked.len()));
        };
        if !translated {
            return Ok(Predicted::of_core(&reach(overlaid, asked)));
        }
        let mut network = self.overlaid.clone();
        pin(&mut network, question.port);
        Ok(Predicted::of_core(&reach(&PathGraph::new(&network), asked)))
    }

    /// Says where a step is as the kernel's sites do.
    fn place(&self, stop: &mut Stop) {
        if let Some(estate) = &self.scenario.azure {
            return place_in_azure(estate, stop);
        }
        // The interface of a gateway is the gateway.
        let interface = self.overlaid.interfaces.get(stop.at.as_str());
        if let Some(Role::Gateway(gateway)) = interface.map(|interface| &interface.role) {
            stop.at = gateway.to_string();
        }
        // `10.0.0.0/16 -> local`: the prefix comes first, or the list that it is from.
        let to = stop.rule.split(' ').next().unwrap_or_default();
        let list = self.scenario.estate.prefix_lists.iter().find(|list| list.id == to);
        stop.prefixes = match list {
            Some(list) => list.entries.iter().map(|entry| entry.trunc().to_string()).collect(),
            None => vec![to.to_owned()],
        };
    }

    /// The share of the client's connections that fail, where it is exact, and the ports that
    /// they fail from, over the ports from `low` to `high`. `None` where a gateway picks ports,
    /// and where more than the documents is to be known.
    ///
    /// # Errors
    ///
    /// A question that cloudfw does not understand.
    pub fn share(
        &self,
        question: &Question,
        (low, high): (u16, u16),
    ) -> Result<Option<(Fraction, PortSet)>, String> {
        if overlay::concerns(&self.scenario, question) {
            return Ok(None);
        }
        let query = question.query_from(Some(PortSet::range(low, high)));
        let inquiry = self.estate.inquiry();
        let asked = inquiry.questions(&query).map_err(|error| error.to_string())?;
        let [asked] = asked.as_slice() else { return Ok(None) };
        let answer = reach(inquiry.graph(), asked);
        let exact = answer.failing.at_least == answer.failing.at_most;
        let usable = answer.verdict == Verdict::Intermittent && exact;
        let translated = Predicted::of_core(&answer).translated;
        Ok((usable && !translated).then_some((answer.failing.at_least, answer.gap)))
    }
}

/// Of a group, whether it stands at the subnet or at the interface; where one stands at both, it
/// is met first where packets come from. Of a route, its prefixes: `name: 10.0.0.0/8 -> None`.
fn place_in_azure(estate: &azure::Estate, stop: &mut Stop) {
    let interface = estate.find(&stop.at).and_then(|it| estate.interfaces.get(it));
    let group = |group: Option<usize>| group.and_then(|it| estate.groups.get(it));
    let named = |it: Option<&azure::Group>| {
        it.is_some_and(|it| stop.list.rsplit('/').next() == Some(it.name.as_str()))
    };
    if let Some(interface) = interface.filter(|_| stop.reason == Reason::Rule) {
        let own = named(group(interface.group));
        let of_subnet = estate.subnets.get(interface.subnet).map(|subnet| subnet.group);
        let of_subnet = named(group(of_subnet.flatten()));
        let is_own = own && (!of_subnet || stop.direction == Some(Direction::Egress));
        stop.kind = match () {
            () if is_own => "the NIC's NSG".to_owned(),
            () if of_subnet => "the subnet's NSG".to_owned(),
            // AZ-8.
            () => "no NSG".to_owned(),
        };
    }
    let (_, route) = stop.rule.split_once(": ").unwrap_or(("", &stop.rule));
    let prefixes = route.split(' ').next().unwrap_or_default();
    stop.prefixes = prefixes.split(',').map(str::to_owned).collect();
}

fn open(documents: &[(String, Value)]) -> Result<Estate, String> {
    let documents = documents.iter().map(|(name, value)| Document {
        name: name.as_str().into(),
        text: value.to_string().into(),
        scope: cloudfw_core::Scope::default(),
    });
    let options = OpenOptions { assume_none: AssumeNone::All, ..OpenOptions::default() };
    Estate::from_documents(documents.collect(), &options).map_err(|error| error.to_string())
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
    fn refused(why: String) -> Self {
        Self {
            verdict: Verdict::Unknown,
            symptom: Symptom::Unknown,
            first: None,
            passes: BTreeSet::new(),
            translated: false,
            pinned: false,
            overlaid: false,
            unknowns: vec![why],
            refused: true,
            stops: Vec::new(),
        }
    }

    fn of_pair(pair: &Pair) -> Self {
        let stop = |step: &answer::Step| Stop {
            reason: step.reason,
            kind: step.kind.clone(),
            at: step.at.id.clone(),
            list: step.rule.as_ref().map(|rule| rule.list.id.clone()).unwrap_or_default(),
            rule: step.rule.as_ref().map(|rule| rule.id.clone()).unwrap_or_default(),
            leg: step.leg,
            direction: step.direction,
            prefixes: Vec::new(),
        };
        let pass = |step: &answer::Step| {
            let rule = step.rule.as_ref()?;
            let (at, list) = (step.at.id.clone(), rule.list.id.clone());
            let direction = step.direction?;
            let rule = name(&rule.id, &rule.text, &list, direction);
            Some(Pass { leg: step.leg, at, direction, list, rule })
        };
        let steps = || pair.forward.iter().chain(&pair.back);
        let passing = steps().take_while(|step| !stops(step.decision));
        let allowed = passing.filter(|step| allows(step.decision, step.reason));
        let nat = |step: &answer::Step| translates(step.decision, &step.kind);
        let stops: Vec<Stop> = pair.blockers.iter().map(stop).collect();
        Self {
            verdict: pair.verdict,
            symptom: pair.symptom.unwrap_or(Symptom::Unknown),
            first: stops.first().cloned(),
            passes: allowed.filter_map(pass).collect(),
            translated: pair.forward.iter().any(nat),
            pinned: false,
            overlaid: false,
            unknowns: pair.unknowns.iter().map(|it| format!("{}: {}", it.what, it.why)).collect(),
            refused: false,
            stops,
        }
    }

    fn of_core(reach: &Reachability) -> Self {
        let stop = |step: &cloudfw_core::Step| {
            let by = step.rule.as_ref().map_or(&step.at, |rule| &rule.list);
            Stop {
                reason: step.reason,
                kind: by.kind.to_owned(),
                at: step.at.id.to_string(),
                list: step.rule.as_ref().map(|it| it.list.id.to_string()).unwrap_or_default(),
                rule: step.rule.as_ref().map(|it| it.id.to_string()).unwrap_or_default(),
                leg: step.leg,
                direction: step.direction,
                prefixes: Vec::new(),
            }
        };
        let pass = |step: &cloudfw_core::Step| {
            let rule = step.rule.as_ref()?;
            let (at, list) = (step.at.id.to_string(), rule.list.id.to_string());
            let direction = step.direction?;
            let rule = name(&rule.id, &rule.text, &list, direction);
            Some(Pass { leg: step.leg, at, direction, list, rule })
        };
        let steps = || reach.forward.iter().chain(&reach.back);
        let passing = steps().take_while(|step| !stops(step.decision));
        let allowed = passing.filter(|step| allows(step.decision, step.reason));
        let nat = |step: &cloudfw_core::Step| translates(step.decision, step.at.kind);
        let stops: Vec<Stop> = reach.blockers.iter().map(stop).collect();
        Self {
            verdict: reach.verdict,
            symptom: reach.symptom,
            first: stops.first().cloned(),
            passes: allowed.filter_map(pass).collect(),
            translated: reach.forward.iter().any(nat),
            pinned: false,
            overlaid: false,
            unknowns: reach.unknowns.iter().map(|it| format!("{}: {}", it.what, it.why)).collect(),
            refused: false,
            stops,
        }
    }

    /// This answer, of more than the documents tell, unless it gainsays what is proved of them
    /// alone.
    fn which_refines(self, told: &Self) -> Self {
        let is_proof = matches!(told.verdict, Verdict::Reachable | Verdict::Unreachable);
        if !is_proof || told.verdict == self.verdict {
            return self;
        }
        let why = format!("of the documents alone it says {told}");
        let unknowns = vec![format!("cloudfw says {}: {why}", self.verdict)];
        Self { verdict: Verdict::Unknown, unknowns, ..self }
    }

    /// What of an answer is about the one port that the client, or the gateways, pick here. What is proved of all
    /// ports stays, and has to hold for that one; which rules are met may differ by port.
    fn narrowed(self, pinned: Self) -> Self {
        let overlaid = self.overlaid;
        let (all, one) = (self.verdict, pinned.verdict);
        let is_named = pinned.first.as_ref().is_none_or(|first| self.stops.contains(first));
        match (all, one) {
            (Verdict::Unknown | Verdict::Partial, _) => self,
            (Verdict::Intermittent, Verdict::Reachable | Verdict::Unreachable) if is_named => {
                Self { pinned: true, overlaid, ..pinned }
            }
            // Lost from every port, and a refusal comes back to some of them.
            (Verdict::Unreachable, Verdict::Unreachable)
                if is_named && self.symptom == Symptom::Unknown =>
            {
                Self { pinned: true, overlaid, ..pinned }
            }
            (Verdict::Reachable | Verdict::Unreachable, _) if all == one && is_named => {
                Self { first: pinned.first, passes: pinned.passes, ..self }
            }
            _ => {
                let first = pinned.first.map_or(String::new(), |first| format!(", {first}"));
                let why = format!("of one port of the gateway's it says {one}{first}");
                let unknowns = vec![format!("cloudfw says {all}: {why}")];
                Self { verdict: Verdict::Unknown, unknowns, ..self }
            }
        }
    }
}

/// What a rule is called; one without an id by its words, which its list and direction precede.
fn name(id: &str, text: &str, list: &str, direction: Direction) -> String {
    match id {
        "" => text.strip_prefix(&format!("{list} {direction} ")).unwrap_or(text).to_owned(),
        id => id.to_owned(),
    }
}

fn stops(decision: Decision) -> bool {
    matches!(decision, Decision::Deny | Decision::Reject)
}

fn allows(decision: Decision, reason: Reason) -> bool {
    decision == Decision::Allow && reason == Reason::Rule
}

fn translates(decision: Decision, kind: &str) -> bool {
    decision == Decision::Translate && kind == "nat-gateway"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(verdict: Verdict, stops: &[&str]) -> Predicted {
        let stop = |rule: &&str| Stop {
            reason: Reason::Rule,
            kind: "network-acl".to_owned(),
            at: "subnet-a".to_owned(),
            list: "acl-a".to_owned(),
            rule: (*rule).to_owned(),
            leg: Leg::Return,
            direction: Some(Direction::Ingress),
            prefixes: Vec::new(),
        };
        let stops: Vec<Stop> = stops.iter().map(stop).collect();
        Predicted {
            verdict,
            symptom: Symptom::TimesOut,
            first: stops.first().cloned(),
            passes: BTreeSet::new(),
            translated: true,
            pinned: false,
            overlaid: false,
            unknowns: Vec::new(),
            refused: false,
            stops,
        }
    }

    #[test]
    fn aws_67_only_what_hangs_on_the_gateways_port_is_asked_again() {
        use Verdict::{Intermittent, Partial, Reachable, Unknown, Unreachable};
        let all = ["100", "110"];
        let narrowed = |first: Verdict, pinned: Verdict, by: &str| {
            let stops: &[&str] = if pinned == Reachable { &[] } else { &[by] };
            let narrowed = said(first, &all).narrowed(said(pinned, stops));
            (narrowed.verdict, narrowed.pinned)
        };
        for verdict in [Unknown, Partial] {
            assert_eq!(narrowed(verdict, Reachable, ""), (verdict, false));
            assert_eq!(narrowed(verdict, Unreachable, "100"), (verdict, false));
        }
        assert_eq!(narrowed(Intermittent, Reachable, ""), (Reachable, true));
        assert_eq!(narrowed(Intermittent, Unreachable, "110"), (Unreachable, true));
        assert_eq!(narrowed(Unreachable, Unreachable, "110"), (Unreachable, false));
        // It contradicts itself.
        assert_eq!(narrowed(Unreachable, Reachable, ""), (Unknown, false));
        assert_eq!(narrowed(Reachable, Unreachable, "100"), (Unknown, false));
        assert_eq!(narrowed(Unreachable, Unreachable, "120"), (Unknown, false));
        assert_eq!(narrowed(Intermittent, Unreachable, "120"), (Unknown, false));
    }
}
