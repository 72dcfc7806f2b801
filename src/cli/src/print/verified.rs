//! A policy that was proved, for people: a line for each assertion, then what proves those that do
//! not hold.

use std::sync::Arc;

use anstyle::Style;
use cloudfw_core::Network;
use cloudfw_estate::answer::{Answer, Asked, Missing, REACH_SCHEMA};
use cloudfw_estate::policy::{Assertion, Conclusion, Offending, Verified, Witness};

use super::style::{self, BOLD, DIM};
use super::table::Table;
use super::{Text, answer, coverage, words};

/// The whole of it, laid out in `width` columns.
pub(crate) fn text(verified: &Verified, network: &Network, verbose: bool, width: usize) -> String {
    let mut out = String::new();
    for assertion in &verified.assertions {
        line(assertion, width, &mut out);
    }
    for assertion in &verified.assertions {
        match assertion.conclusion {
            Conclusion::Passed => {}
            Conclusion::Failed => failed(verified, assertion, network, width, &mut out),
            Conclusion::Unknown => unknown(assertion, width, &mut out),
        }
    }
    out.push('\n');
    summary(verified, width, &mut out);
    coverage::write(&verified.coverage, verbose, width, &mut out);
    out
}

/// ✓ proved to hold, ✗ proved not to, ? neither.
fn mark(conclusion: Conclusion) -> (Style, &'static str) {
    match conclusion {
        Conclusion::Passed => (style::GOOD, "✓"),
        Conclusion::Failed => (style::BAD, "✗"),
        Conclusion::Unknown => (style::OPEN, "?"),
    }
}

fn line(assertion: &Assertion, width: usize, out: &mut String) {
    let (style, mark) = mark(assertion.conclusion);
    let name = match &assertion.group {
        Some(group) => Text::styled(DIM, group).then_styled(DIM, ": ").then(&assertion.name),
        None => Text::of(&assertion.name),
    };
    let said = name.then("   ").then_styled(DIM, &assertion.message);
    Text::styled(style.bold(), mark).then(" ").lead(&said, width, out);
}

/// Which assertion it is, where it stands, and what is expected.
fn head(assertion: &Assertion, width: usize, out: &mut String) {
    let Assertion { name, place, from, to, service, expected, .. } = assertion;
    let (style, mark) = mark(assertion.conclusion);
    out.push('\n');
    let title = Text::styled(BOLD, name)
        .then("   ")
        .then_styled(DIM, format!("{}:{}", place.file, place.line));
    Text::styled(style.bold(), mark).then(" ").lead(&title, width, out);
    let mut asked = Text::styled(style::verdict(*expected), expected)
        .then(" is expected of ")
        .then(from.join(", "))
        .then(except(&assertion.except_from))
        .then(" → ")
        .then(to.join(", "))
        .then(except(&assertion.except_to))
        .then(format!("  {service}"));
    if assertion.quantifier != "all" {
        asked = asked.then(format!("  for {}", assertion.quantifier));
    }
    Text::of("  ").lead(&asked.then(": ").then(&assertion.message), width, out);
}

fn except(texts: &[String]) -> String {
    if texts.is_empty() { String::new() } else { format!(" (except {})", texts.join(", ")) }
}

fn failed(
    verified: &Verified,
    assertion: &Assertion,
    network: &Network,
    width: usize,
    out: &mut String,
) {
    head(assertion, width, out);
    if let Some(offending) = assertion.offending.as_ref().filter(|all| all.count > 1) {
        pairs(offending, "that do not hold", width, out);
    }
    if let Some(witness) = &assertion.witness {
        answer::heading("one flow that proves it", out);
        Text::of("  ").lead(&Text::of(&witness.flow.text), width, out);
        answer::pair(&answered(verified, assertion, witness), &witness.whole, network, width, out);
    }
}

/// The answer to the question that a witness is a flow of.
fn answered(verified: &Verified, assertion: &Assertion, witness: &Witness) -> Answer {
    let Witness { flow, whole, .. } = witness;
    Answer {
        schema: REACH_SCHEMA,
        query: Asked {
            text: flow.text.clone(),
            source: flow.source.clone(),
            destination: flow.destination.clone(),
            service: flow.service.clone(),
            client: None,
            one_way: assertion.one_way,
            expect: Some(assertion.expected),
            line: None,
        },
        verdict: whole.verdict,
        symptom: whole.symptom,
        answers: vec![whole.clone()],
        coverage: Arc::clone(&verified.coverage),
    }
}

fn unknown(assertion: &Assertion, width: usize, out: &mut String) {
    head(assertion, width, out);
    if let Some(offending) = assertion.offending.as_ref().filter(|all| all.count > 0) {
        pairs(offending, "of which it cannot be said", width, out);
    }
    if assertion.unknowns.is_empty() {
        return;
    }
    answer::heading("what would settle it", out);
    assertion.unknowns.iter().for_each(|one| missing(one, width, out));
    more(assertion.more_unknowns, width, out);
}

/// Pairs, a line each.
fn pairs(offending: &Offending, which: &str, width: usize, out: &mut String) {
    answer::heading(&format!("{} {which}", words::plural(offending.count, "pair")), out);
    let mut table = Table::default();
    for pair in &offending.first {
        let [source, from] = answer::named(&pair.source);
        let [destination, to] = answer::named(&pair.destination);
        let verdict = Text::styled(style::verdict(pair.verdict), pair.verdict);
        table.row([verdict, source, from, Text::of("→"), destination, to]);
    }
    table.write(2, width, out);
    more(offending.count.saturating_sub(offending.first.len()), width, out);
}

fn more(count: usize, width: usize, out: &mut String) {
    if count > 0 {
        Text::styled(DIM, format!("  … and {count} more")).wrap(2, width, out);
    }
}

fn missing(one: &Missing, width: usize, out: &mut String) {
    let body = Text::styled(style::OPEN, &one.what)
        .then(": ")
        .then(&one.why)
        .then("  ")
        .then_styled(DIM, &one.place);
    Text::of("  ").then_styled(style::OPEN, "? ").lead(&body, width, out);
}

fn summary(verified: &Verified, width: usize, out: &mut String) {
    let counts = &verified.counts;
    let counted: Vec<String> =
        [(counts.passed, "passed"), (counts.failed, "failed"), (counts.unknown, "unknown")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
    let (style, _) = mark(verified.conclusion);
    let head = Text::styled(style.bold(), verified.conclusion).then("  ");
    let body = Text::of(words::plural(counts.assertions, "assertion"))
        .then(": ")
        .then(words::list(&counted));
    head.lead(&body, width, out);
    if !verified.not_read.is_empty() {
        answer::heading("not everything was read", out);
        verified.not_read.iter().for_each(|one| missing(one, width, out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_conclusion_has_its_mark() {
        let marks =
            [Conclusion::Passed, Conclusion::Failed, Conclusion::Unknown].map(|it| mark(it).1);
        assert_eq!(marks, ["✓", "✗", "?"]);
    }
}
