//! The hops of a pair, numbered, there and back.

use cloudfw_core::Decision;
use cloudfw_estate::Pair;
use cloudfw_estate::answer::Step;

use super::Text;
use super::answer::heading;
use super::steps::{Shares, body, mark, title, written};
use super::style::DIM;

/// Blanks between a rule and what stands beside it.
const GAP: usize = 2;

/// Both legs. The numbers go on from one to the other, so that each hop has one of its own.
pub(crate) fn write(pair: &Pair, width: usize, out: &mut String) {
    legs(&pair.forward, &pair.back, width, out);
}

/// The same of the steps alone.
pub(crate) fn legs(forward: &[Step], back: &[Step], width: usize, out: &mut String) {
    let there = hops(forward);
    let back = hops(back);
    let layout = Layout::of(&there, &back, width);
    if !there.is_empty() {
        heading("there", out);
        layout.leg(&there, 1, out);
    }
    if !back.is_empty() {
        let got_there = !there.iter().any(|hop| hop.stops);
        heading(if got_there { "back" } else { "back, if it got there" }, out);
        layout.leg(&back, there.len() + 1, out);
    }
}

/// Farther to the right than this the eye loses the line.
const FAR: usize = 100;

/// What happens at one place.
struct Hop {
    mark: Text,
    title: Text,
    lines: Vec<Line>,
    /// Whether nothing gets past it.
    stops: bool,
}

/// What one rule decides there.
struct Line {
    mark: Text,
    /// What it takes of the flows, where others take the rest.
    takes: Text,
    body: Text,
    /// Where it is written; may be empty.
    place: Text,
}

/// The hops of a leg: neighbouring steps with one number are one.
fn hops(steps: &[Step]) -> Vec<Hop> {
    let places = steps.chunk_by(|a, b| a.hop == b.hop).map(|place| {
        let denies = |step: &Step| matches!(step.decision, Decision::Deny | Decision::Reject);
        Hop {
            mark: mark(place.iter().map(|step| step.decision)),
            title: title(place),
            lines: lines(place),
            stops: place.iter().all(denies),
        }
    });
    let mut hops: Vec<Hop> = places.collect();
    let stopped = hops.iter().any(|hop| hop.stops);
    // It does not arrive: the hops behind the first that stops it show what else would.
    if stopped && steps.last().is_some_and(|step| step.decision == Decision::Deliver) {
        hops.pop();
    }
    hops
}

fn lines(place: &[Step]) -> Vec<Line> {
    // One thing that is not known makes all rules of a place undecided.
    let same = |a: &Step, b: &Step| a.unknown.is_some() && a.unknown == b.unknown;
    let distinct: Vec<&Step> = place.chunk_by(same).filter_map(<[Step]>::first).collect();
    let shares = Shares::of(&distinct);
    let line = |step: &&Step| Line {
        mark: mark([step.decision]),
        takes: Text::of(if distinct.len() > 1 { shares.text(step) } else { String::new() }),
        body: body(step),
        place: written(step),
    };
    distinct.iter().map(line).collect()
}

/// How the hops of both legs are laid out alike: in columns where everything fits on one line,
/// else with the rules below the names.
struct Layout {
    width: usize,
    digits: usize,
    /// The width of the names' column, and where the places begin.
    columns: Option<(usize, usize)>,
}

impl Layout {
    fn of(there: &[Hop], back: &[Hop], width: usize) -> Self {
        let all = || there.iter().chain(back);
        let digits = all().count().to_string().len();
        let margin = digits + 5;
        let name = all().map(|hop| hop.title.width()).max().unwrap_or(0);
        let end = |hop: &Hop| match hop.lines.as_slice() {
            [one] => margin + name + GAP + one.body.width(),
            several => margin + takes(several) + widest(several, |line| &line.body),
        };
        let column = all().map(end).max().unwrap_or(0) + GAP;
        let places = all().map(|hop| widest(&hop.lines, |line| &line.place)).max().unwrap_or(0);
        Self { width, digits, columns: (column + places <= width).then_some((name, column)) }
    }

    fn leg(&self, hops: &[Hop], first: usize, out: &mut String) {
        let stopped = hops.iter().position(|hop| hop.stops);
        for (index, hop) in hops.iter().enumerate() {
            if stopped.is_some_and(|stopped| index == stopped + 1) {
                let indent = " ".repeat(self.digits + 5);
                Text::styled(DIM, format!("{indent}and behind it, if it let this through"))
                    .wrap(0, self.width, out);
            }
            self.hop(first + index, hop, out);
        }
    }

    fn hop(&self, number: usize, hop: &Hop, out: &mut String) {
        let digits = self.digits;
        let lead = Text::styled(DIM, format!("  {number:>digits$} "));
        let lead = lead.and(hop.mark.clone()).then(" ");
        match (hop.lines.as_slice(), self.columns) {
            ([one], Some((name, column))) => {
                let lead = lead.and(hop.title.clone().pad_to(name + GAP));
                let body = one.body.clone().pad_to(column.saturating_sub(lead.width()));
                lead.lead(&body.and(one.place.clone()), self.width, out);
            }
            ([one], None) => self.below(lead, &hop.title, one, out),
            (several, _) => {
                let indent = lead.width();
                lead.lead(&hop.title, self.width, out);
                self.lines(several, indent, out);
            }
        }
    }

    /// The rule under the hop's name, and its place at the right of the name where that fits.
    fn below(&self, lead: Text, title: &Text, line: &Line, out: &mut String) {
        let Line { body, place, .. } = line;
        let indent = lead.width();
        if place.is_empty() {
            return lead.lead(&title.clone().then("  ").and(body.clone()), self.width, out);
        }
        let column = self.width.min(FAR).saturating_sub(place.width());
        let head = lead.and(title.clone());
        let indent = Text::of(" ".repeat(indent));
        if head.width() + GAP > column {
            head.wrap(indent.width(), self.width, out);
            let body = body.clone().then(" ".repeat(GAP)).and(place.clone());
            return indent.lead(&body, self.width, out);
        }
        head.pad_to(column).and(place.clone()).wrap(indent.width(), self.width, out);
        indent.lead(body, self.width, out);
    }

    /// Several rules that share the flows of one place.
    fn lines(&self, lines: &[Line], indent: usize, out: &mut String) {
        let taken = takes(lines);
        for line in lines {
            let takes = line.takes.clone().pad_to(taken.saturating_sub(2));
            let lead = Text::of(" ".repeat(indent)).and(line.mark.clone()).then(" ").and(takes);
            let body = line.body.clone();
            let body = match self.columns {
                Some((_, column)) => body.pad_to(column.saturating_sub(lead.width())),
                None => body.then(" ".repeat(GAP)),
            };
            lead.lead(&body.and(line.place.clone()), self.width, out);
        }
    }
}

/// How wide the marks of several rules are, with what each of them takes.
fn takes(lines: &[Line]) -> usize {
    match widest(lines, |line| &line.takes) {
        0 => 2,
        widest => 2 + widest + GAP,
    }
}

fn widest(lines: &[Line], part: fn(&Line) -> &Text) -> usize {
    lines.iter().map(|line| part(line).width()).max().unwrap_or(0)
}
