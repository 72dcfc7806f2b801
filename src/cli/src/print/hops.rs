//! The hops of a pair, numbered, there and back.

use cloudfw_core::{Decision, Leg, Reason};
use cloudfw_estate::{Flows, Pair, RuleText, Step, Written};

use super::Text;
use super::answer::{heading, mark};
use super::style::{self, BOLD, DIM};

/// Blanks between a rule and the place where it is written.
const GAP: usize = 2;

/// Both legs. The numbers go on from one to the other, so that each hop has one of its own.
pub(crate) fn write(pair: &Pair, width: usize, out: &mut String) {
    let there = places(&pair.forward);
    let back = places(&pair.back);
    let digits = (there.len() + back.len()).to_string().len();
    let layout = Layout::of(&there, &back, digits, width);
    if !there.is_empty() {
        heading("there", out);
        layout.leg(&there, 1, out);
    }
    if !back.is_empty() {
        heading("back", out);
        layout.leg(&back, there.len() + 1, out);
    }
}

/// The steps of a leg by place: neighbours with one hop number.
fn places(steps: &[Step]) -> Vec<&[Step]> {
    steps.chunk_by(|a, b| a.hop == b.hop).collect()
}

/// How the hops of both legs are laid out alike.
struct Layout {
    width: usize,
    digits: usize,
    /// The columns of the hops' names, where the rules fit behind them; else they stand below.
    beside: Option<usize>,
}

impl Layout {
    fn of(there: &[&[Step]], back: &[&[Step]], digits: usize, width: usize) -> Self {
        let all = || there.iter().chain(back);
        let name = all().map(|place| title(place).width()).max().unwrap_or(0);
        let singles = all().filter_map(|place| match place {
            [one] => Some(body(one).width() + written(one).map_or(0, |w| w.width() + GAP)),
            _ => None,
        });
        let widest = singles.max().unwrap_or(0);
        let beside = (2 + digits + 3 + name + GAP + widest <= width).then_some(name);
        Self { width, digits, beside }
    }

    fn leg(&self, places: &[&[Step]], first: usize, out: &mut String) {
        for (number, place) in (first..).zip(places) {
            self.place(number, place, out);
        }
    }

    fn place(&self, number: usize, place: &[Step], out: &mut String) {
        let digits = self.digits;
        let lead = Text::styled(DIM, format!("  {number:>digits$} "))
            .and(mark(place.iter().map(|step| step.decision)))
            .then(" ");
        match (place, self.beside) {
            ([one], Some(name)) => {
                let lead = lead.and(title(place).pad_to(name + GAP));
                let rest = self.width.saturating_sub(lead.width());
                lead.lead(&with_place(body(one), written(one), rest), self.width, out);
            }
            ([one], None) => self.below(lead, title(place), one, out),
            (several, _) => {
                let indent = lead.width();
                lead.lead(&title(place), self.width, out);
                self.shares(several, indent, out);
            }
        }
    }

    /// The rule under the hop's name, and its place at the right of it where that fits.
    fn below(&self, lead: Text, title: Text, step: &Step, out: &mut String) {
        let indent = Text::of(" ".repeat(lead.width()));
        let rest = self.width.saturating_sub(lead.width());
        let body = body(step);
        let place = written(step);
        let fits = |text: &Text| {
            place.as_ref().is_some_and(|place| text.width() + GAP + place.width() <= rest)
        };
        if body.is_empty() || title.width() + GAP + body.width() <= rest && place.is_none() {
            lead.lead(&title.then("  ").and(body), self.width, out);
        } else if fits(&title) && !fits(&body) {
            lead.lead(&with_place(title, place, rest), self.width, out);
            indent.lead(&body, self.width, out);
        } else {
            lead.lead(&title, self.width, out);
            indent.lead(&with_place(body, place, rest), self.width, out);
        }
    }

    /// Several rules that share the flows of one place, each with what it takes.
    fn shares(&self, steps: &[Step], indent: usize, out: &mut String) {
        let takes: Vec<Text> = steps.iter().map(|step| Text::of(share(step, steps))).collect();
        let column = takes.iter().map(Text::width).max().unwrap_or(0);
        for (step, takes) in steps.iter().zip(takes) {
            let lead = Text::of(" ".repeat(indent)).and(mark([step.decision])).then(" ");
            let lead = match column {
                0 => lead,
                _ => lead.and(takes.pad_to(column + GAP)),
            };
            let rest = self.width.saturating_sub(lead.width());
            lead.lead(&with_place(body(step), written(step), rest), self.width, out);
        }
    }
}

/// The place behind the text, at the right margin where both fit on one line.
fn with_place(text: Text, place: Option<Text>, width: usize) -> Text {
    let Some(place) = place else { return text };
    let needed = text.width() + GAP + place.width();
    if needed > width {
        return text.then(" ".repeat(GAP)).and(place);
    }
    // Right at the margin on a narrow terminal; on a wide one the eye would lose the line.
    let column = width.min(text.width().max(72)).max(needed);
    text.pad_to(column - place.width()).and(place)
}

/// What stands at this place: `network ACL acl-db`.
fn title(place: &[Step]) -> Text {
    let Some(step) = place.first() else { return Text::new() };
    let name = step.name.as_deref().unwrap_or(&step.id);
    Text::styled(DIM, kind(&step.kind)).then(" ").then_styled(BOLD, name)
}

/// `network ACL` for `network-acl`.
pub(crate) fn kind(kind: &str) -> String {
    let words = kind.split('-').map(|word| match word {
        "acl" => "ACL",
        "nat" => "NAT",
        "vpc" => "VPC",
        "vpn" => "VPN",
        "ip" => "IP",
        "ipv4" => "IPv4",
        "ipv6" => "IPv6",
        other => other,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What was decided there, and by which rule.
fn body(step: &Step) -> Text {
    if let Some(unknown) = &step.unknown
        && step.decision == Decision::Unknown
    {
        let text = Text::styled(style::OPEN, &unknown.what).then(": ").then(&unknown.why);
        return match &step.rule {
            Some(rule) => rule_text(rule).then("   ").and(text),
            None => text,
        };
    }
    let why = Text::of(reason(step));
    match &step.rule {
        Some(rule) if why.is_empty() => rule_text(rule),
        Some(rule) => rule_text(rule).then("   ").and(why),
        None => why,
    }
}

fn rule_text(rule: &RuleText) -> Text {
    Text::of(&rule.text)
}

/// What the rule does not say itself.
pub(crate) fn reason(step: &Step) -> &'static str {
    match step.reason {
        Reason::Rule | Reason::Route => "",
        Reason::Established => "remembers the connection",
        Reason::NoState => "has no memory of this connection",
        Reason::NoRoute => "no route there",
        Reason::Blackhole => "the target of the route is gone",
        Reason::GatewayClosed => "carries nothing",
        Reason::NotCarried => "does not carry this",
        Reason::OutwardOnly => "nobody outside may open connections through it",
        Reason::NoPublicAddress => "there is no public address",
        Reason::NoGateway => "there is no gateway to the outside",
        Reason::NoTranslation => "has no state for this reply",
        Reason::NotTransitive => "carries only what its two ends send each other",
        Reason::SourceDestinationCheck => "takes only what is addressed to it (source/destination check)",
        Reason::NotAnEndpoint => "takes no connections",
        Reason::Unheld => "nobody holds this address",
        Reason::OtherHolder => "somebody else holds this address",
        Reason::Down => "does not run",
        Reason::Translation => match step.leg {
            Leg::Forward => "rewrites the address",
            Leg::Return => "rewrites it back",
        },
        Reason::Platform => "the platform itself answers, past every filter",
        Reason::Arrived => "arrives",
        Reason::Opaque => "cannot be seen through",
        Reason::WrongReturn => "the reply goes to somebody else",
    }
}

/// Where the rule is written, dimmed: `network-acls.json:55`.
fn written(step: &Step) -> Option<Text> {
    step.rule.as_ref().map(|rule| Text::styled(DIM, place(&rule.origin)))
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

/// What tells the flows of a step from those of the others at its place.
fn share(step: &Step, all: &[Step]) -> String {
    let aspects: [fn(&Flows) -> String; 5] = [
        |flows| flows.protocol.clone(),
        |flows| flows.source_ports.clone().unwrap_or_default(),
        |flows| {
            let parts = [&flows.destination_ports, &flows.icmp_types, &flows.icmp_codes];
            parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
        },
        |flows| flows.sources.join(", "),
        |flows| flows.destinations.join(", "),
    ];
    let said = aspects.iter().map(|aspect| {
        let of = |step: &Step| {
            let mut parts: Vec<String> = step.flows.iter().map(aspect).collect();
            parts.dedup();
            parts.join(", ")
        };
        let own = of(step);
        let differs = all.iter().any(|other| of(other) != own);
        if differs { own } else { String::new() }
    });
    let said: Vec<String> = said.filter(|part| !part.is_empty()).collect();
    said.join(" ")
}
