//! The words for what happens at a hop.

use std::collections::BTreeSet;

use cloudfw_core::{Decision, Reason};
use cloudfw_estate::answer::{Flows, Step, Written};

use super::Text;
use super::style::{self, BOLD, DIM};

/// The mark of what was decided: ✓ passes, ✗ does not, ~ in part, ? nobody knows.
pub(crate) fn mark(decisions: impl IntoIterator<Item = Decision>) -> Text {
    let (mut passes, mut fails, mut open) = (false, false, false);
    for decision in decisions {
        match decision {
            Decision::Deny | Decision::Reject => fails = true,
            Decision::Unknown => open = true,
            Decision::Allow | Decision::Forward | Decision::Translate | Decision::Deliver => {
                passes = true;
            }
        }
    }
    match (open, passes, fails) {
        (true, _, _) => Text::styled(style::OPEN, "?"),
        (false, true, true) => Text::styled(style::MIXED, "~"),
        (false, false, true) => Text::styled(style::BAD, "✗"),
        (false, _, false) => Text::styled(style::GOOD, "✓"),
    }
}

/// What stands at this place: `network ACL acl-db`.
pub(crate) fn title(place: &[Step]) -> Text {
    let Some(step) = place.first() else { return Text::new() };
    let what = kind(&step.kind);
    match name(step) {
        name if name == step.kind || name == what => Text::styled(BOLD, what),
        name => Text::styled(DIM, what).then(" ").then_styled(BOLD, name),
    }
}

/// The name of what decides, else its id.
pub(crate) fn name(step: &Step) -> &str {
    step.name.as_deref().unwrap_or(&step.id)
}

fn is_group(step: &Step) -> bool {
    step.kind == "security-group"
}

fn is_implied(step: &Step) -> bool {
    step.rule.as_ref().is_some_and(|rule| rule.origin.implied_by.is_some())
}

/// `network ACL` for `network-acl`.
pub(crate) fn kind(kind: &str) -> String {
    let words = kind.split('-').map(|word| match word {
        "acl" => "ACL",
        "nat" => "NAT",
        "vpc" => "VPC",
        "vpn" => "VPN",
        "ip" => "IP",
        other => other,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What was decided there, and by which rule.
pub(crate) fn body(step: &Step) -> Text {
    let style = match step.decision {
        Decision::Deny | Decision::Reject => style::BAD,
        _ => style::PLAIN,
    };
    let rule = step.rule.as_ref().map(|rule| Text::styled(style, &rule.text));
    let more = match &step.unknown {
        Some(unknown) if step.decision == Decision::Unknown => {
            Text::styled(style::OPEN, &unknown.what).then(": ").then(&unknown.why)
        }
        _ if is_group(step) && is_implied(step) => Text::of("no rule allows it"),
        _ => Text::styled(style, reason(step)),
    };
    match rule {
        Some(rule) if more.is_empty() => rule,
        // A rule that stands for what is not known says nothing beside it.
        Some(_) if step.decision == Decision::Unknown => more,
        Some(rule) => rule.then("   ").and(more),
        None => more,
    }
}

/// What the rule does not say itself.
pub(crate) fn reason(step: &Step) -> &'static str {
    match step.reason {
        Reason::Rule | Reason::Route => "",
        Reason::Established => "remembers the connection",
        Reason::NoState => "has no memory of this connection",
        Reason::NoRoute => "no route there",
        Reason::Blackhole => "the target of the route is gone",
        Reason::Discarded => "the route drops what it takes",
        Reason::GatewayClosed => "carries nothing",
        Reason::NotCarried => "does not carry this",
        Reason::OutwardOnly => "nobody outside may open connections through it",
        Reason::NoPublicAddress => "has no public address",
        Reason::NoGateway => "there is no gateway to the outside",
        Reason::NoTranslation => "has no state for this reply",
        Reason::NotTransitive => "carries only what its two ends send each other",
        Reason::SourceDestinationCheck => {
            "takes only what is addressed to it (source/destination check)"
        }
        Reason::NotAnEndpoint => "takes no connections",
        Reason::Unheld => "nobody holds this address",
        Reason::OtherHolder => "somebody else holds this address there",
        Reason::Down => "does not run",
        Reason::Translation | Reason::NotServed | Reason::OpensNothing if step.rule.is_some() => "",
        Reason::Translation => "rewrites the address",
        Reason::Platform => "the platform itself answers, past every filter",
        Reason::NotServed => "the platform does not answer this",
        Reason::OpensNothing => "opens no connections",
        Reason::Arrived => "arrives",
        Reason::Opaque => "cannot be seen through",
        Reason::WrongReturn => "the reply goes to somebody else",
    }
}

/// Where the rule is written, dimmed; empty where there is none.
pub(crate) fn written(step: &Step) -> Text {
    match &step.rule {
        Some(rule) => Text::styled(DIM, place(&rule.origin)),
        None => Text::new(),
    }
}

/// `network-acls.json:55`, or `implied by AWS`.
pub(crate) fn place(origin: &Written) -> String {
    match (origin.implied_by, origin.line, &origin.pointer) {
        (Some(by), _, _) => format!("implied by {by}"),
        (None, Some(line), _) => format!("{}:{line}", origin.document),
        (None, None, Some(pointer)) => format!("{}#{pointer}", origin.document),
        (None, None, None) => origin.document.clone(),
    }
}

type Aspect = fn(&Flows) -> Vec<String>;

/// What the flows of several steps at one place differ in: found once, since a place may have
/// hundreds of thousands of them.
pub(crate) struct Shares {
    protocols: bool,
    /// How many steps are about more protocols than can be named.
    wide: usize,
    aspects: Vec<Aspect>,
}

impl Shares {
    pub(crate) fn of(all: &[&Step]) -> Self {
        let aspects: [Aspect; 4] = [
            |flows| flows.source_ports.clone().into_iter().collect(),
            |flows| flows.destination_ports.clone().into_iter().collect(),
            |flows| flows.sources.clone(),
            |flows| flows.destinations.clone(),
        ];
        let differ = |aspect: &Aspect| {
            let first = all.first().map(|step| values(step, *aspect));
            all.iter().skip(1).any(|step| Some(values(step, *aspect)) != first)
        };
        Self {
            protocols: differ(&(protocols as Aspect)),
            wide: all.iter().filter(|step| values(step, protocols).len() > 2).count(),
            aspects: aspects.into_iter().filter(differ).collect(),
        }
    }

    /// What tells the flows of a step from those of the others: their ports, or else their
    /// protocols or addresses.
    pub(crate) fn text(&self, step: &Step) -> String {
        if self.protocols {
            let own: Vec<String> = values(step, protocols).into_iter().collect();
            return match own.as_slice() {
                [one] => format!("{one} {}", ports(step)).trim_end().to_owned(),
                [one, other] => format!("{one} and {other}"),
                // Of those that others take a part of, the number would be too many.
                _ if self.wide == 1 => "the rest".to_owned(),
                several => format!("{} protocols", several.len()),
            };
        }
        let said = self.aspects.iter().map(|aspect| listed(&values(step, *aspect)));
        said.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

fn protocols(flows: &Flows) -> Vec<String> {
    vec![flows.protocol.clone()]
}

fn ports(step: &Step) -> String {
    listed(&values(step, |flows| flows.destination_ports.clone().into_iter().collect()))
}

fn values(step: &Step, aspect: Aspect) -> BTreeSet<String> {
    step.flows.iter().flat_map(aspect).collect()
}

/// A few values, or how many there are.
fn listed(values: &BTreeSet<String>) -> String {
    let all = values.iter().map(String::as_str).collect::<Vec<_>>().join(",");
    if all.len() <= 30 { all } else { format!("{} ranges", values.len()) }
}
