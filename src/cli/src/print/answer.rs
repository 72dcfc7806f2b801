//! An answer for people: the verdict, the hops there and back, what to change.

use std::collections::BTreeSet;

use cloudfw_core::{Network, PortSet, Symptom, Verdict};
use cloudfw_estate::answer::{End, Failure, Flows, Reply};
use cloudfw_estate::{Answer, Pair, is_seldom_recorded};

use super::style::{self, BOLD, DIM, HEADING};
use super::table::Table;
use super::{Text, changes, coverage, hops, words};

/// So many pairs are printed with their hops without being asked to.
const IN_FULL: usize = 2;

/// An answer laid out in `width` columns.
pub(crate) fn text(answer: &Answer, network: &Network, verbose: bool, width: usize) -> String {
    let mut out = String::new();
    match answer.answers.as_slice() {
        [one] => pair(answer, one, network, width, &mut out),
        several => {
            summary(answer, several, width, &mut out);
            if verbose || several.len() <= IN_FULL {
                for one in several {
                    out.push('\n');
                    pair(answer, one, network, width, &mut out);
                }
            } else {
                out.push('\n');
                Text::styled(DIM, "  -v prints the hops of each").wrap(2, width, &mut out);
            }
        }
    }
    out.push('\n');
    coverage::write(&answer.coverage, verbose, width, &mut out);
    out
}

/// Why there is no answer.
pub(crate) fn failed(failure: &Failure, width: usize, out: &mut String) {
    let mut lines = failure.error.lines();
    let head = Text::styled(style::BAD.bold(), "error: ");
    head.lead(&Text::of(lines.next().unwrap_or_default()), width, out);
    for line in lines {
        Text::of(line).wrap(2, width, out);
    }
}

/// The verdict over all pairs, and a line for each.
fn summary(answer: &Answer, pairs: &[Pair], width: usize, out: &mut String) {
    let asked = &answer.query;
    let counted = [
        Verdict::Unreachable,
        Verdict::Intermittent,
        Verdict::Unknown,
        Verdict::Partial,
        Verdict::Reachable,
    ]
    .into_iter()
    .filter_map(|verdict| match pairs.iter().filter(|pair| pair.verdict == verdict).count() {
        0 => None,
        count => Some(format!("{count} {verdict}")),
    });
    let counted: Vec<String> = counted.collect();
    let head = Text::styled(style::verdict(answer.verdict).bold(), answer.verdict).then("  ");
    let body = Text::styled(BOLD, &asked.source)
        .then(" → ")
        .then_styled(BOLD, &asked.destination)
        .then(format!("  {}   ", asked.service))
        .then(words::list(&counted));
    head.lead(&body, width, out);
    out.push('\n');
    let mut table = Table::default();
    for pair in pairs {
        let [source, from] = named(&pair.source);
        let [destination, to] = named(&pair.destination);
        table.row([
            Text::styled(style::verdict(pair.verdict), pair.verdict),
            source,
            from,
            Text::of("→"),
            destination,
            to,
            Text::of(outcome(pair, Detail::Short)),
        ]);
    }
    table.write(2, width, out);
}

/// One pair: its verdict and everything that proves it.
pub(crate) fn pair(
    answer: &Answer,
    pair: &Pair,
    network: &Network,
    width: usize,
    out: &mut String,
) {
    let mut named = pair.clone();
    name_steps(&mut named, network);
    let pair = &named;
    let head = Text::styled(style::verdict(pair.verdict).bold(), pair.verdict).then("  ");
    let mut body = Text::styled(BOLD, short(&pair.source))
        .then(" → ")
        .then_styled(BOLD, short(&pair.destination))
        .then(format!("  {}", answer.query.service));
    let outcome = outcome(pair, Detail::Full);
    if !outcome.is_empty() {
        body = body.then("   ").then(outcome);
    }
    head.lead(&body, width, out);
    ends(pair, width, out);
    hops::write(pair, width, out);
    clients(pair, width, out);
    passing(answer, pair, width, out);
    changes::write(pair, answer, network, width, out);
    unknowns(answer, pair, width, out);
}

/// Gives steps the names that people know. An interface goes by what the ends are called. The rule
/// that denies for want of any other belongs to the groups that have no other: it goes by theirs.
fn name_steps(pair: &mut Pair, network: &Network) {
    let ends = [&pair.source, &pair.destination].map(|end| (end.id.clone(), short(end)));
    let steps = pair.forward.iter_mut().chain(&mut pair.back).chain(&mut pair.blockers);
    for step in steps {
        let rule = step.rule.as_ref();
        let implied = rule.is_some_and(|rule| rule.origin.implied_by.is_some());
        if step.kind == "security-group" && implied {
            let group = network.groups.values().find(|group| *group.label.id == step.id);
            step.name = group.and_then(|group| group.label.name.as_deref().map(str::to_owned));
        } else if step.name.is_none() {
            let end = ends.iter().find(|(id, _)| *id == step.id);
            step.name = end.map(|(_, name)| name.clone());
        }
    }
}

/// Which addresses the names stand for.
fn ends(pair: &Pair, width: usize, out: &mut String) {
    let mut text = Text::styled(DIM, addressed(&pair.source))
        .then_styled(DIM, " → ")
        .then_styled(DIM, addressed(&pair.destination));
    if let Some(reply) = &pair.reply {
        text = text.then_styled(DIM, format!("   client {} {}", reply.client, reply.range));
    }
    Text::of("  ").lead(&text, width, out);
}

/// `web` and `10.0.1.10`; an address that is its own name is not said twice.
pub(crate) fn named(end: &End) -> [Text; 2] {
    let name = short(end);
    let addresses = end.addresses.join(", ");
    let told = addresses == name || end.kind == "internet";
    [Text::of(name), if told { Text::new() } else { Text::styled(DIM, addresses) }]
}

/// What people call it.
pub(crate) fn short(end: &End) -> String {
    let host = end.host.as_ref();
    let host_name = host.and_then(|host| host.name.clone());
    let host_id = host.map(|host| host.id.clone());
    host_name.or_else(|| end.name.clone()).or(host_id).unwrap_or_else(|| end.id.clone())
}

/// `i-0abc 10.0.1.10`.
fn addressed(end: &End) -> String {
    let id = end.host.as_ref().map_or(&end.id, |host| &host.id);
    // A path is said by its last part, which the line above has already.
    let mut parts = if id.contains('/') { Vec::new() } else { vec![id.clone()] };
    if end.kind != "internet" {
        parts.extend(end.addresses.iter().filter(|address| *address != id).cloned());
    }
    parts.extend(end.dialled.as_ref().map(|address| format!("(dialled as {address})")));
    parts.join(" ")
}

/// How much is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Short,
    Full,
}

/// What the client sees, in a few words.
fn outcome(pair: &Pair, detail: Detail) -> String {
    match (pair.verdict, &pair.reply) {
        (Verdict::Intermittent, Some(reply)) => losses(reply, pair.symptom, detail),
        (Verdict::Unknown, _) => match pair.unknowns.first() {
            Some(_) if detail == Detail::Short => "something was not read".to_owned(),
            Some(unknown) => format!("not known: {}", unknown.what),
            None => String::new(),
        },
        (Verdict::Partial, _) => "some of it passes".to_owned(),
        (Verdict::Reachable, None) => "gets there; the way back was not asked about".to_owned(),
        _ => match pair.symptom {
            None | Some(Symptom::Unknown) => String::new(),
            Some(symptom) => symptom.to_string(),
        },
    }
}

/// `58 % of connections time out (16384 of 28232 source ports)`.
fn losses(reply: &Reply, symptom: Option<Symptom>, detail: Detail) -> String {
    let share = words::share(&reply.failing);
    let happens = match symptom {
        Some(Symptom::ConnectionRefused) => "are refused",
        Some(Symptom::DataHangs) => "hang",
        _ => "time out",
    };
    let exact = reply.failing.at_most;
    let counted = if reply.failing.at_least == exact && detail == Detail::Full {
        // Behind a NAT gateway each connection has two ports, chosen independently.
        let client = reply.range.parse::<PortSet>().map_or(0, |ports| ports.count());
        let what = if exact.whole > client { "pairs of ports" } else { "source ports" };
        format!(" ({} of {} {what})", exact.part, exact.whole)
    } else {
        String::new()
    };
    format!("{share} of connections {happens}{counted}")
}

/// The share for each kind of client, where the client is not known.
fn clients(pair: &Pair, width: usize, out: &mut String) {
    let Some(reply) = pair.reply.as_ref().filter(|reply| !reply.by_client.is_empty()) else {
        return;
    };
    heading("by client", out);
    let mut table = Table::default();
    for client in &reply.by_client {
        let failing = &client.failing;
        let style = match (failing.at_least.part, failing.at_most.part) {
            (_, 0) => style::GOOD,
            (0, _) => style::OPEN,
            (part, _) if part == failing.at_least.whole => style::BAD,
            _ => style::MIXED,
        };
        let share = Text::styled(style, words::share(failing));
        let counted = match failing.at_most.part {
            0 => Text::of("fail"),
            part => Text::of(format!("fail: {part} of {}", failing.at_most.whole)),
        };
        table.row([
            Text::of(&client.client),
            Text::styled(DIM, &client.range),
            share.then(" ").and(counted),
        ]);
    }
    table.write(2, width, out);
}

/// What passes, where that is not simply all or nothing of what was asked.
fn passing(answer: &Answer, pair: &Pair, width: usize, out: &mut String) {
    let several = answer.query.service == "any" || answer.query.service.contains([',', '-']);
    if !several || pair.allowed.is_empty() {
        return;
    }
    heading("what passes", out);
    let mut table = Table::default();
    for flows in &pair.allowed {
        table.row([Text::of(service(flows)), Text::styled(DIM, between(flows))]);
    }
    table.write(2, width, out);
}

/// `tcp 5432`, `icmp 8`, `any`.
pub(crate) fn service(flows: &Flows) -> String {
    let mut text = flows.protocol.clone();
    for part in [&flows.destination_ports, &flows.icmp_types].into_iter().flatten() {
        text = format!("{text} {part}");
    }
    if let Some(codes) = &flows.icmp_codes {
        text = format!("{text} code {codes}");
    }
    text
}

fn between(flows: &Flows) -> String {
    let ports = match &flows.source_ports {
        Some(ports) => format!(" ports {ports}"),
        None => String::new(),
    };
    format!("from {}{ports} to {}", flows.sources.join(", "), flows.destinations.join(", "))
}

/// What would have to be known.
fn unknowns(answer: &Answer, pair: &Pair, width: usize, out: &mut String) {
    if pair.unknowns.is_empty() {
        return;
    }
    heading(
        if pair.verdict == Verdict::Unknown { "what would settle it" } else { "not known" },
        out,
    );
    for unknown in &pair.unknowns {
        let body = Text::styled(style::OPEN, &unknown.what)
            .then(": ")
            .then(&unknown.why)
            .then("  ")
            .then_styled(DIM, &unknown.place);
        Text::of("  ").then_styled(style::OPEN, "? ").lead(&body, width, out);
    }
    let kinds = assumable(answer, pair);
    if pair.verdict == Verdict::Unknown && !kinds.is_empty() {
        let options: Vec<String> =
            kinds.iter().map(|kind| format!("--assume-none {kind}")).collect();
        let text = Text::styled(DIM, format!("if there is none of it: {}", options.join(" ")));
        Text::of("    ").lead(&text, width, out);
    }
}

/// The kinds that others' recordings never hold and that an answer waits for.
fn assumable<'a>(answer: &'a Answer, pair: &Pair) -> BTreeSet<&'a str> {
    let absent = answer.coverage.scopes.iter().flat_map(|scope| &scope.not_read).filter(|kind| {
        let named = format!("`{}`", kind.call);
        matches!(kind.outcome, "absent" | "unsupported")
            && pair.unknowns.iter().any(|unknown| unknown.why.contains(&named))
    });
    absent.map(|kind| kind.kind.as_str()).filter(|kind| is_seldom_recorded(kind)).collect()
}

/// The beginning of a part.
pub(crate) fn heading(text: &str, out: &mut String) {
    out.push('\n');
    Text::styled(HEADING, text).wrap(0, usize::MAX, out);
}
