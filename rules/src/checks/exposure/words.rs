//! What is said of an exposure.

use std::fmt::Write as _;

use cloudfw_core::{Direction, IpSet, Label, Leg, Reason, Rule, ServiceSet, Step};

use super::report::{Kind, labels};
use crate::exposure::{At, Breadth, Exposure, Written};
use crate::ports::{Category, in_words, is_everything};
use crate::reading::{far_side, stands_for_the_unread};
use crate::{Audit, Effective};

/// So many things are named, the rest is counted.
const MOST_NAMED: usize = 3;

/// What is wrong, in one sentence.
pub(super) fn message(audit: &Audit<'_>, exposure: &Exposure<'_>, effective: &Effective) -> String {
    let Exposure { subject, literal, .. } = exposure;
    let whom = whom(exposure);
    if exposure.list.is_none() {
        return bare(exposure, effective, &whom);
    }
    let opens = if exposure.certain { "opens" } else { "may open" };
    let says = format!("{} {opens} {} to {whom}", thing(subject), in_words(literal));
    let comes = match effective {
        Effective::Exposed => {
            let exposed = exposure.exposed();
            let at = at(audit, exposure, |at| at.is_exposed());
            if exposed == *literal {
                format!("and it can be reached at {at}")
            } else {
                format!("of which {} can be reached at {at}", in_words(&exposed))
            }
        }
        Effective::Blocked(steps) => {
            format!("and nothing gets in: {}", why(audit, exposure, steps))
        }
        Effective::Unattached => "and nothing uses it".to_owned(),
        Effective::Unknown => {
            let at = at(audit, exposure, |at| !at.possibly.is_empty());
            format!("and whether anything gets in at {at} is not known")
        }
    };
    format!("{says}, {comes}")
}

fn bare(exposure: &Exposure<'_>, effective: &Effective, whom: &str) -> String {
    let subject = thing(exposure.subject);
    match effective {
        Effective::Exposed => {
            let exposed = in_words(&exposure.exposed());
            format!("no rules guard {subject}, and {exposed} can be reached from {whom}")
        }
        _ => format!(
            "no rules guard {subject}, and whether {} can be reached from {whom} is not known",
            in_words(&exposure.possibly())
        ),
    }
}

/// `security group sg-1 (web)`.
pub(super) fn thing(label: &Label) -> String {
    format!("{} {label}", label.kind.replace('-', " "))
}

/// Whom rules let in: `the whole internet`, `0.0.0.0/1 of the internet`.
fn whom(exposure: &Exposure<'_>) -> String {
    let Exposure { addresses, source, is_internet, .. } = exposure;
    let network = if *is_internet { "the internet" } else { source };
    match exposure.breadth {
        Breadth::Whole if *is_internet => {
            let family = match (addresses.v4().is_empty(), addresses.v6().is_empty()) {
                (false, true) => "IPv4 ",
                (true, false) => "IPv6 ",
                _ => "",
            };
            format!("the whole {family}internet")
        }
        Breadth::Whole => format!("all of {network}"),
        Breadth::Wide => format!("the wide range {} of {network}", ranges(addresses)),
        Breadth::Narrow => format!("the small range {} of {network}", ranges(addresses)),
        Breadth::Few if addresses.count_v4().saturating_add(addresses.count_v6()) == 1 => {
            format!("the single public address {addresses}")
        }
        Breadth::Few => format!("the single public addresses {}", ranges(addresses)),
    }
}

fn ranges(addresses: &IpSet) -> String {
    listed(addresses.nets().iter().map(|net| {
        if net.prefix_len() == net.max_prefix_len() {
            net.addr().to_string()
        } else {
            net.to_string()
        }
    }))
}

/// `a, b, c and 4 more`.
pub(super) fn listed(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    let left = items.len().saturating_sub(MOST_NAMED);
    let mut words: String =
        items.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if left > 0 {
        let _ = write!(words, " and {left} more");
    }
    words
}

fn at(audit: &Audit<'_>, exposure: &Exposure<'_>, counts: impl Fn(&At<'_>) -> bool) -> String {
    let met = exposure.at.iter().filter(|at| counts(at));
    match labels(audit, met.map(|at| at.interface)).as_slice() {
        [one] => one.to_string(),
        many => format!("{} interfaces", many.len()),
    }
}

/// What stops it, what acts first.
fn why(audit: &Audit<'_>, exposure: &Exposure<'_>, steps: &[Step]) -> String {
    let Some(first) = steps.first() else {
        return unasked(audit, exposure);
    };
    let what = obstacle(first);
    match first.leg {
        Leg::Forward => what,
        Leg::Return => format!("{what} on the way back"),
    }
}

/// Why there was nothing to ask.
fn unasked(audit: &Audit<'_>, exposure: &Exposure<'_>) -> String {
    let is_v4 = !exposure.addresses.v4().is_empty();
    let own = exposure.at.iter().filter_map(|at| audit.network().interfaces.get(at.interface));
    let mut addresses = own.flat_map(|interface| &interface.addresses);
    let at = at(audit, exposure, |_| true);
    if addresses.any(|address| address.ip.is_ipv4() == is_v4) {
        return format!("no way leads from {} to {at}", exposure.source);
    }
    let family = if is_v4 { "IPv4" } else { "IPv6" };
    match exposure.at.len() {
        1 => format!("{at} has no {family} address"),
        _ => format!("the {at} have no {family} address"),
    }
}

fn obstacle(step: &Step) -> String {
    let at = thing(&step.at);
    if let (Reason::Rule | Reason::NoState, Some(rule)) = (step.reason, &step.rule) {
        return format!("{} stops it", rule.text);
    }
    match step.reason {
        Reason::NoPublicAddress => format!("{at} has no public address"),
        Reason::NoGateway => format!("{at} has no gateway to the outside"),
        Reason::NoRoute => format!("{at} has no route for it"),
        Reason::Blackhole => format!("{at} has a route whose target is gone"),
        Reason::Discarded => format!("{at} has a route that drops it"),
        Reason::GatewayClosed => format!("{at} is closed"),
        Reason::OutwardOnly => format!("{at} lets nobody outside begin"),
        Reason::Down => format!("{at} does not run"),
        Reason::NotAnEndpoint => format!("{at} takes no connections"),
        _ => format!("{at} stops it"),
    }
}

/// What else should be told.
pub(super) fn notes(
    audit: &Audit<'_>,
    exposure: &Exposure<'_>,
    effective: &Effective,
) -> Vec<String> {
    let mut notes = Vec::new();
    let named = |counts: fn(&At<'_>) -> bool| {
        let ids = exposure.at.iter().filter(|at| counts(at)).map(|at| at.interface);
        let labels = labels(audit, ids);
        let names = listed(labels.iter().map(Label::to_string));
        (labels.len(), names)
    };
    if exposure.only_together {
        notes.push("No rule alone is as wide: the rules are together.".to_owned());
    } else if is_every_port_together(exposure) {
        notes.push("No rule alone opens every port: the rules do together.".to_owned());
    }
    let lists = lists(exposure);
    if lists.len() > 1 {
        notes.push(format!(
            "They are of several lists that let in together: {}.",
            listed(lists.into_iter())
        ));
    }
    if !exposure.via.is_empty() {
        let lists = listed(exposure.via.iter().map(|list| list.to_string()));
        notes.push(format!("The addresses do not stand in the rule but in {lists}."));
    }
    if matches!(effective, Effective::Exposed) {
        notes.extend(narrowed(exposure));
        let possibly = exposure.possibly();
        if !possibly.is_empty() {
            let possibly = in_words(&possibly);
            notes.push(format!("Whether {possibly} can be reached as well is not known."));
        }
        let (unknown, names) = named(|at| !at.is_exposed() && !at.possibly.is_empty());
        if unknown > 0 {
            notes.push(format!("It is not known whether anything gets in at {names}."));
        }
    }
    if matches!(effective, Effective::Exposed | Effective::Unknown) {
        let (blocked, names) = named(|at| at.is_blocked());
        if blocked > 0 {
            notes.push(format!("Nothing gets in at {blocked} more: {names}."));
        }
    }
    if exposure.proof.one_way {
        notes.push(
            "Packets get in all the same, only their replies are lost: whoever needs no reply, as \
             many attacks over UDP, is not stopped."
                .to_owned(),
        );
    }
    notes
}

/// The lists that the rules are in.
fn lists(exposure: &Exposure<'_>) -> Vec<String> {
    let mut lists: Vec<String> = Vec::new();
    for it in &exposure.rules {
        let list = thing(&it.list.label);
        if !lists.contains(&list) {
            lists.push(list);
        }
    }
    lists
}

/// Whether every port is open, and by no rule alone.
fn is_every_port_together(exposure: &Exposure<'_>) -> bool {
    let alone = |it: &Written<'_>| is_everything(&it.rule.matches.services);
    is_everything(&exposure.literal) && !exposure.rules.iter().any(alone)
}

/// What gets in from less than the rules say.
fn narrowed(exposure: &Exposure<'_>) -> Option<String> {
    let empty = || (ServiceSet::empty(), IpSet::empty());
    let (services, from) = exposure.at.iter().fold(empty(), |(services, from), at| {
        let narrowed = ServiceSet::union_of(at.lesser.values());
        (services.union(&narrowed), from.union(&at.from))
    });
    let nets = from.nets();
    let all = services == exposure.exposed();
    let what = if all { "What gets in".to_owned() } else { in_words(&services) };
    let from = listed(nets.iter().map(ToString::to_string));
    (!services.is_empty()).then(|| format!("{what} comes from {from} alone: the rest is stopped."))
}

/// What to do, with the other rules that would leave it undone.
pub(super) fn advice(
    audit: &Audit<'_>,
    exposure: &Exposure<'_>,
    effective: &Effective,
    kind: Kind,
) -> String {
    let advice = change(audit, exposure, effective, kind);
    if exposure.breadth < Breadth::Wide
        || !matches!(effective, Effective::Exposed | Effective::Unknown)
        || exposure.rules.iter().any(|it| stands_for_the_unread(it.rule))
    {
        return advice;
    }
    let left: Vec<&Rule> = exposure.left_open(audit).iter().map(|it| it.rule).collect();
    let (do_it, them) = if left.len() > 1 { ("open", "them") } else { ("opens", "it") };
    if left.is_empty() {
        return advice;
    }
    let rules = match left.iter().any(|rule| rule.id.is_empty()) {
        true => listed(left.iter().map(|rule| format!("`{rule}`"))),
        false => rules(&left),
    };
    format!("{advice} Else {rules} still {do_it} some of it: change {them} as well.")
}

fn change(audit: &Audit<'_>, exposure: &Exposure<'_>, effective: &Effective, kind: Kind) -> String {
    let subject = thing(exposure.subject);
    if exposure.rules.iter().any(|it| stands_for_the_unread(it.rule)) {
        return format!("Record the rules of {subject}: what they say is not known.");
    }
    if exposure.list.is_none() {
        return format!("Put rules before {subject} that let in only what it serves.");
    }
    let subject = lists(exposure).join(" and ");
    let rules = rules(&exposure.rules.iter().map(|it| it.rule).collect::<Vec<_>>());
    match effective {
        Effective::Unattached => {
            return format!("Remove {rules} from {subject}, or delete it: nothing uses it.");
        }
        Effective::Blocked(_) if kind != Kind::Of(Category::Web) => {
            return blocked_advice(audit, exposure, &rules, &subject);
        }
        _ => {}
    }
    let open = in_words(&exposure.literal);
    match kind {
        Kind::Everything => format!(
            "Replace {rules} of {subject} by rules for the ports that are served, from the \
             addresses or groups that need them."
        ),
        Kind::Of(Category::Admin) => format!(
            "Take {rules} out of {subject} and administer through a VPN, a bastion or the cloud's \
             own session service; at least let {open} in from your own addresses alone."
        ),
        Kind::Of(Category::Data) => format!(
            "In {rules} of {subject} name the group of the clients instead of addresses, so that \
             {open} stays inside the network."
        ),
        Kind::Of(Category::Web) => format!(
            "Nothing, where {open} is meant to be public; else narrow {rules} of {subject}."
        ),
        Kind::Of(Category::Icmp) => format!(
            "Narrow {rules} of {subject} to the types that are needed: destination unreachable \
             (ICMPv6: packet too big), and echo where it is used."
        ),
        Kind::Of(Category::HighRisk) => format!(
            "Take {rules} out of {subject}, or let in only the addresses that use {open}: such \
             services are made for networks whose members know each other."
        ),
        Kind::Of(Category::Unlisted) => format!(
            "Narrow {rules} of {subject} to the addresses that use {open}, or add the port to the \
             authorised ones in the settings if it is meant to be public."
        ),
        Kind::Small => format!(
            "Find out whose address it is and whether it still is; a VPN or a named list in {rules} \
             of {subject} goes stale less easily."
        ),
    }
}

/// What to do with rules by which nobody gets in from where was asked. Others may use them: rules
/// for all addresses let in those of the estate too, which is not asked here.
fn blocked_advice(
    audit: &Audit<'_>,
    exposure: &Exposure<'_>,
    rules: &str,
    subject: &str,
) -> String {
    let it = if exposure.rules.len() > 1 { "them" } else { "it" };
    let elsewhere = format!("a change elsewhere would open {it}");
    let can = if exposure.proof.one_way { "gets an answer by" } else { "can use" };
    if is_for_outsiders_alone(audit, exposure) {
        return format!("Remove {rules} from {subject}: nobody {can} {it} today, and {elsewhere}.");
    }
    let from = if exposure.is_internet { "the internet" } else { &exposure.source };
    format!(
        "Narrow {rules} of {subject} to whoever inside uses {it}, or remove {it} if nobody does: \
         nobody from {from} {can} {it} today, and {elsewhere}."
    )
}

/// Whether rules let in addresses of the source, and none that anybody else may have.
fn is_for_outsiders_alone(audit: &Audit<'_>, exposure: &Exposure<'_>) -> bool {
    let source = audit.sources().iter().find(|source| source.name == exposure.source);
    let outside = source.map_or_else(IpSet::empty, |source| source.addresses.clone());
    exposure.rules.iter().all(|it| {
        let from = far_side(it.rule, Direction::Ingress);
        from.groups.is_empty() && from.possibly.is_empty() && from.addresses.is_subset(&outside)
    })
}

/// `rule sgr-1`, `rules 100 and 110`, `the rule`.
fn rules(rules: &[&Rule]) -> String {
    let ids: Vec<String> =
        rules.iter().filter(|rule| !rule.id.is_empty()).map(|rule| rule.id.to_string()).collect();
    match (ids.as_slice(), rules) {
        ([id], [_]) => format!("rule {id}"),
        ([], [_]) => "the rule".to_owned(),
        ([], _) => "the rules".to_owned(),
        _ => format!("rules {}", listed(ids.into_iter())),
    }
}

#[cfg(test)]
mod tests {
    use super::{listed, rules};

    #[test]
    fn three_are_named_and_more_are_counted() {
        let words = |many: u8| listed((1..=many).map(|number| number.to_string()));
        assert_eq!(words(1), "1");
        assert_eq!(words(3), "1, 2, 3");
        assert_eq!(words(5), "1, 2, 3 and 2 more");
    }

    #[test]
    fn rules_are_called_by_their_numbers_where_they_have_any() {
        let network = cloudfw_core::Network::from_text(
            "filter f stateless\n  in 100 allow 22\n  in 110 allow 23",
        );
        let list = &network.unwrap().filters["f"].ingress[0];
        let [first, second] = list.rules.as_slice() else { panic!("{list:?}") };
        let unnamed = cloudfw_core::Rule { id: "".into(), ..first.clone() };
        assert_eq!(rules(&[first]), "rule 100");
        assert_eq!(rules(&[first, second]), "rules 100, 110");
        assert_eq!(rules(&[&unnamed]), "the rule");
        assert_eq!(rules(&[&unnamed, &unnamed]), "the rules");
    }
}
