//! A resource for people: what it is, where it hangs, what is effective at it.

use cloudfw_estate::Description;
use cloudfw_estate::answer::{Missing, Owner};
use cloudfw_estate::show::{Attached, Fact, FilterView, RouteView, RuleView, TableView};

use super::answer::heading;
use super::style::{self, BOLD, DIM, PLAIN};
use super::table::Table;
use super::{Text, steps};

/// A description laid out in `width` columns.
pub(crate) fn text(description: &Description, width: usize) -> String {
    let mut out = String::new();
    head(description, width, &mut out);
    if !description.attached.is_empty() {
        heading("where it hangs", &mut out);
        description.attached.iter().for_each(|one| attached(one, width, &mut out));
    }
    description.filters.iter().for_each(|one| filter(one, width, &mut out));
    description.tables.iter().for_each(|one| table(one, width, &mut out));
    if !description.unknowns.is_empty() {
        heading("not known", &mut out);
        description.unknowns.iter().for_each(|one| unknown(one, width, &mut out));
    }
    out
}

fn head(description: &Description, width: usize, out: &mut String) {
    let Description { id, name, kind, scope, .. } = description;
    let mut text = called(kind, id, name.as_deref());
    if !scope.is_empty() {
        text = text.then("  ").then_styled(DIM, scope);
    }
    if let Some(origin) = &description.origin {
        text = text.then("  ").then_styled(DIM, steps::place(origin));
    }
    text.wrap(2, width, out);
    let mut rows = Table::default();
    let arn = description.arn.iter().map(|arn| ("arn".to_owned(), arn.clone()));
    let facts = description.facts.iter().map(|fact| (fact.name.clone(), fact.value.clone()));
    let tags = description.tags.iter().map(|tag| (format!("tag {}", tag.name), tag.value.clone()));
    for (name, value) in facts.chain(arn).chain(tags) {
        rows.row([Text::styled(DIM, name), Text::of(value)]);
    }
    rows.write(2, width, out);
}

fn attached(attached: &Attached, width: usize, out: &mut String) {
    let indent = 2 * attached.depth;
    let resource = owner(&attached.resource);
    let line = Text::of(" ".repeat(indent)).and(resource).then("  ");
    line.then_styled(DIM, facts(&attached.facts)).wrap(indent + 4, width, out);
}

/// `security group sg-db (sg-0b)`.
fn owner(owner: &Owner) -> Text {
    called(&owner.kind, &owner.id, owner.name.as_deref())
}

fn called(kind: &str, id: &str, name: Option<&str>) -> Text {
    let text = Text::styled(DIM, steps::kind(kind)).then(" ");
    match name {
        Some(name) if name != id && !id.contains('/') => {
            text.then_styled(BOLD, name).then(" ").then_styled(DIM, id)
        }
        Some(name) if name != id => text.then_styled(BOLD, name),
        _ => text.then_styled(BOLD, id),
    }
}

fn facts(facts: &[Fact]) -> String {
    let fact = |fact: &Fact| format!("{} {}", fact.name, fact.value);
    facts.iter().map(fact).collect::<Vec<_>>().join(", ")
}

fn filter(filter: &FilterView, width: usize, out: &mut String) {
    // The rule that denies for want of any other is no group.
    let rules = || filter.ingress.iter().chain(&filter.egress);
    let written = |list: &&Owner| {
        rules().any(|rule| rule.list == **list && rule.origin.implied_by.is_none())
            || rules().all(|rule| rule.list != **list)
    };
    let mut lists: Vec<&Owner> = filter.lists.iter().filter(written).collect();
    if lists.is_empty() {
        lists = filter.lists.iter().collect();
    }
    let names: Vec<String> = lists.iter().map(|list| short(list)).collect();
    let kind = lists.first().map_or("filter", |list| list.kind.as_str());
    let plural = if names.len() > 1 { "s" } else { "" };
    heading(&format!("{}{plural} {}", steps::kind(kind), names.join(", ")), out);
    let stateful = if filter.stateful {
        "replies of what it lets through pass by themselves"
    } else {
        "stateless: replies need rules of their own"
    };
    let at =
        Text::styled(DIM, "at ").and(owner(&filter.at)).then_styled(DIM, format!("; {stateful}"));
    Text::of("  ").lead(&at, width, out);
    let several = lists.len() > 1;
    for (name, side, rules) in [("in", "from", &filter.ingress), ("out", "to", &filter.egress)] {
        Text::of("  ").then_styled(BOLD, name).wrap(0, width, out);
        if rules.is_empty() {
            Text::styled(DIM, "    nothing").wrap(0, width, out);
        }
        let mut rows = Table::default();
        rules.iter().for_each(|one| rows.row(rule(one, side, several)));
        rows.write(4, width, out);
    }
}

fn short(owner: &Owner) -> String {
    owner.name.clone().unwrap_or_else(|| owner.id.clone())
}

fn rule(rule: &RuleView, side: &str, several: bool) -> [Text; 4] {
    let colour = match rule.action.as_str() {
        "allow" | "allow-all" => style::GOOD,
        "deny" | "reject" => style::BAD,
        _ => PLAIN,
    };
    let near = rule.near.as_ref().map(|near| match side {
        "from" => format!(" to {near}"),
        _ => format!(", of {near}"),
    });
    let mut peers = Text::of(format!("{side} {}{}", rule.peers, near.unwrap_or_default()));
    if several {
        peers = peers.then_styled(DIM, format!("  {}", short(&rule.list)));
    }
    if let Some(unknown) = &rule.unknown {
        peers = peers.then_styled(style::OPEN, format!("  ? {}: {}", unknown.what, unknown.why));
    }
    [
        Text::styled(DIM, &rule.id),
        Text::styled(colour, &rule.action),
        Text::of(&rule.services),
        peers.then_styled(DIM, format!("  {}", steps::place(&rule.origin))),
    ]
}

fn table(table: &TableView, width: usize, out: &mut String) {
    heading(&format!("{} {}", steps::kind(&table.table.kind), short(&table.table)), out);
    if !table.used_by.is_empty() {
        let names: Vec<String> = table.used_by.iter().map(short).collect();
        let text = Text::styled(DIM, format!("of {}", names.join(", ")));
        Text::of("  ").lead(&text, width, out);
    }
    let mut rows = Table::default();
    table.routes.iter().for_each(|one| rows.row(route(one)));
    rows.write(4, width, out);
}

fn route(route: &RouteView) -> [Text; 2] {
    let mut target = Text::of("→ ").then(&route.target);
    if let Some(unknown) = &route.unknown {
        target = target.then_styled(style::OPEN, format!("  ? {}: {}", unknown.what, unknown.why));
    }
    let place = format!("  {}", steps::place(&route.origin));
    [Text::of(&route.destinations), target.then_styled(DIM, place)]
}

fn unknown(unknown: &Missing, width: usize, out: &mut String) {
    let body = Text::styled(style::OPEN, &unknown.what)
        .then(": ")
        .then(&unknown.why)
        .then("  ")
        .then_styled(DIM, &unknown.place);
    Text::of("  ").then_styled(style::OPEN, "? ").lead(&body, width, out);
}
