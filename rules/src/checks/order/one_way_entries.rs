//! `one-way-entries`.

use cloudfw_core::{
    Client, Direction, Filter, HeaderSpace, Phase, RuleCite, ServiceSet, Sight, evaluate,
};

use super::overlaps::{asked_by, cites, in_words};
use crate::gaps::{hangs_on_groups, solicited};
use crate::lists::Listed;
use crate::order::Order;
use crate::reading::{allows, headers, is_written};
use crate::{Audit, Check, Evaluation, Explanation, Finding, Severity};

pub(super) static CHECK: Check = Check {
    id: "one-way-entries",
    title: "Entries of a stateless list that nothing of the other direction answers",
    severity: Severity::Low,
    evaluation: Evaluation::Literal,
    controls: &[],
    explanation: Explanation {
        finds: "Allowing entries of a network ACL (or another list that remembers nothing) that can \
                be of no use: no packet that they let through, as the opening of a flow or as its \
                reply, has its counterpart let through by the other direction of the same list.",
        why: "An entry in one direction alone looks like an open door and is none; whoever needs it \
              open will be looking for the fault elsewhere.",
        example: "acl-web  ingress 100 allow tcp 443 from 0.0.0.0/0\n\
                  acl-web  egress  (nothing)",
        instead: "Give the other direction an entry for the ephemeral ports of the clients, or remove \
                  the entry.",
        limits: "Only entries whose counterpart is missing wholly; what is lost in part, and of flows \
                 that really pass, is in reply-gap, which is told instead of this where it is proved. \
                 Lists that name groups are left out.",
        references: &[
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html",
        ],
    },
    run: |audit| audit.orders().filter_map(|(listed, order)| look(audit, listed, order)).collect(),
};

fn look(audit: &Audit<'_>, listed: &Listed<'_>, order: &Order) -> Option<Finding> {
    if !listed.is_stateless() {
        return None;
    }
    let filter = listed.filters.first().and_then(|id| audit.network().filters.get(*id))?;
    if hangs_on_groups(filter) {
        return None;
    }
    let other = match listed.direction {
        Direction::Ingress => Direction::Egress,
        Direction::Egress => Direction::Ingress,
    };
    let passes = passes(filter, other);
    let rules = listed.list.rules.iter().enumerate();
    let alone = rules.filter(|(place, rule)| {
        let cite = RuleCite::of_rule(listed.list, listed.direction, rule);
        allows(rule)
            && is_written(rule)
            && !order.never_acts(*place)
            && is_one_way(&headers(rule).at_most, &passes)
            && !is_told(audit, listed, other, &cite)
    });
    let alone: Vec<_> = alone.collect();
    if alone.is_empty() {
        return None;
    }
    let (label, direction) = (listed.label(), listed.direction);
    let words = in_words(alone.iter().map(|(_, rule)| *rule));
    let (lets, them, do_it) = match alone.len() {
        1 => ("lets", "its packets", "it"),
        _ => ("let", "their packets", "they"),
    };
    let message = format!(
        "{label}: {direction} {words} {lets} packets through one way only: no {other} rule lets the \
         counterparts of {them} through"
    );
    let advice = format!(
        "Add {other} rules to {label} for the replies (the ephemeral ports of whoever opens the \
         flows), or remove the {direction} {words}: {do_it} can be of no use."
    );
    let severity = if listed.is_unattached() { Severity::Info } else { Severity::Low };
    let mut finding = Finding::new(CHECK.id, severity, label.clone(), message, advice);
    finding.rules = cites(listed, alone.iter().map(|(place, _)| *place));
    finding.services =
        alone.iter().fold(ServiceSet::empty(), |all, (_, rule)| all.union(&rule.matches.services));
    finding.affected = asked_by(audit, listed);
    Some(finding)
}

/// What may pass a filter in a direction.
fn passes(filter: &Filter, direction: Direction) -> HeaderSpace {
    let full = HeaderSpace::full();
    evaluate(filter, direction, Phase::Opening, &full, &Sight::HEADERS).outcome.pass
}

/// Whether packets have no counterpart among those that pass the other way: neither replies to
/// clients, as openings of flows, nor openings by clients, as replies.
fn is_one_way(packets: &HeaderSpace, passes: &HeaderSpace) -> bool {
    let asking = solicited(packets);
    let answering = packets.difference(&packets.without_reply());
    if answering.is_empty() {
        return false;
    }
    let clients = Client::any().ports;
    let replies = asking.with_source_ports(&clients).reversed();
    let openings = answering.reversed().with_source_ports(&clients);
    !replies.intersects(passes) && !openings.intersects(passes)
}

/// Whether a proved gap tells it already.
fn is_told(audit: &Audit<'_>, listed: &Listed<'_>, other: Direction, cite: &RuleCite) -> bool {
    audit.gaps().iter().any(|gap| {
        gap.is_proved()
            && gap.direction == other
            && gap.list == *listed.label()
            && !gap.wholly.is_empty()
            && gap.entries.contains(cite)
    })
}
