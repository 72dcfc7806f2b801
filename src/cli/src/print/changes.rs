//! What to change, so that what was asked gets through: a sentence for each blocker.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use cloudfw_core::{Decision, Direction, Leg, Network, PortSet, Reason, Verdict};
use cloudfw_estate::answer::{End, Flows, Step};
use cloudfw_estate::{Answer, Pair};
use ipnet::IpNet;

use super::answer::{heading, service, short};
use super::style::{BOLD, DIM};
use super::{Text, gateways, steps};

mod azure;

/// The numbers of an ACL that a user can give (AWS-31).
const NUMBERS: RangeInclusive<u32> = 1..=32_766;

/// What to change: in words, and by commands where the vendor has some.
#[derive(PartialEq, Eq)]
struct Change {
    text: Text,
    commands: Vec<azure::Command>,
}

impl Change {
    fn with(text: Text, commands: Vec<azure::Command>) -> Self {
        Self { text, commands }
    }
}

impl From<Text> for Change {
    fn from(text: Text) -> Self {
        Self::with(text, Vec::new())
    }
}

/// What would let it through; nothing where nothing blocks.
pub(crate) fn write(
    pair: &Pair,
    answer: &Answer,
    network: &Network,
    width: usize,
    out: &mut String,
) {
    if pair.verdict == Verdict::Reachable {
        return;
    }
    // Nobody wants everything let through.
    if answer.query.service == "any" {
        heading("what to change", out);
        let text = Text::styled(DIM, "ask about one service to see: DESTINATION:PORT");
        return Text::of("  ").lead(&text, width, out);
    }
    let changes = all(pair, network);
    if changes.is_empty() {
        return;
    }
    heading(
        if changes.len() == 1 { "what to change" } else { "what to change: all of these" },
        out,
    );
    for (number, change) in (1..).zip(changes) {
        Text::styled(DIM, format!("  {number} ")).lead(&change.text, width, out);
        for line in change.commands.iter().flat_map(|command| command.lines(4, width)) {
            Text::of(line).wrap(0, usize::MAX, out);
        }
    }
}

fn all(pair: &Pair, network: &Network) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let mut given = Vec::new();
    for blocker in &pair.blockers {
        let change = azure::change(blocker, pair, network, &mut given)
            .unwrap_or_else(|| one(blocker, pair, network, &mut given).into());
        if !changes.contains(&change) {
            changes.push(change);
        }
    }
    changes
}

/// Entries that a change above advises: their list, direction and text, and their numbers.
type Given = Vec<(String, Direction, String, Vec<u32>)>;

fn one(step: &Step, pair: &Pair, network: &Network, given: &mut Given) -> Text {
    match step.reason {
        Reason::Rule | Reason::NoState if step.kind == "block-public-access" => at(step).then(
            ": change its mode, or add an exclusion for the VPC or the subnet; no rule lets this \
             through",
        ),
        Reason::Rule | Reason::NoState if step.kind == "private-ipv6" => {
            at(step).then(": give it a public IPv6 address; a private one does not pass a border")
        }
        Reason::Rule | Reason::NoState if step.direction.is_some() => {
            rule(step, pair, network, given)
        }
        Reason::NoRoute => {
            at(step).then(format!(": add {}", gateways::missing_route(step, pair, network)))
        }
        Reason::NotCarried | Reason::GatewayClosed => {
            at(step).then(format!(": {}", gateways::not_carried(step, network)))
        }
        Reason::NoTranslation => at(step).then(
            ": it has no state for this reply; send replies back by the gateway that the \
             connection comes in by",
        ),
        Reason::Blackhole => at(step).then(format!(
            ": the target of the route{} is gone; give the route one that exists",
            step.rule.as_ref().map(|rule| format!(" `{}`", rule.text)).unwrap_or_default()
        )),
        Reason::Discarded => at(step).then(format!(
            ": the route{} drops what it takes; take it out, or give what is to pass a longer route",
            step.rule.as_ref().map(|rule| format!(" `{}`", rule.text)).unwrap_or_default()
        )),
        Reason::NoPublicAddress => {
            let outward = pair.destination.kind != "network-interface";
            let (end, or) = if outward {
                (&pair.source, "go out through a NAT gateway")
            } else {
                (&pair.destination, "put a balancer before it")
            };
            let who = if step.kind == "network-interface" { "it".to_owned() } else { short(end) };
            at(step).then(format!(": give {who} a public address, or {or}"))
        }
        Reason::NoGateway => {
            at(step).then(": attach an internet gateway, and route to it from the subnet")
        }
        Reason::OutwardOnly => at(step).then(
            ": it opens connections outwards only; come in by an internet gateway or a balancer",
        ),
        Reason::SourceDestinationCheck => {
            at(step).then(": switch its source/destination check off")
        }
        Reason::Down => at(step).then(": start it"),
        Reason::NotServed | Reason::OpensNothing => {
            let told = step.rule.as_ref().map_or(steps::reason(step), |rule| &rule.text);
            at(step).then(format!(": {told}"))
        }
        Reason::NotTransitive => at(step).then(
            ": it carries only what its two ends send each other; join the networks directly",
        ),
        Reason::Unheld => at(step).then(format!(": nobody holds {}", destinations(step, pair))),
        Reason::NotAnEndpoint => {
            at(step).then(": it takes no connections; ask for what is behind it")
        }
        _ => {
            let advice = (step.reason == Reason::NoState)
                .then(|| gateways::no_state(step, network))
                .flatten();
            at(step).then(": ").then(advice.as_deref().unwrap_or(steps::reason(step)))
        }
    }
}

/// `network ACL acl-db (acl-0abc)`.
fn at(step: &Step) -> Text {
    let text = Text::of(steps::kind(&step.kind)).then(" ");
    match &step.name {
        Some(_) if steps::name(step) != step.id => {
            text.then_styled(BOLD, steps::name(step)).then_styled(DIM, format!(" {}", step.id))
        }
        _ => text.then_styled(BOLD, &step.id),
    }
}

/// A rule to add to the list that denies, and where two do, to widen.
fn rule(step: &Step, pair: &Pair, network: &Network, given: &mut Given) -> Text {
    let Some(direction) = step.direction else { return at(step) };
    let Allowance { text: allow, rules } = allowance(step, pair, direction);
    let allow = format!("allow {allow}");
    if step.kind != "network-acl" {
        let each = if rules > 1 { format!("{rules} rules, one for each, ") } else { String::new() };
        return at(step).then(format!(": add to {direction} {each}")).then_styled(BOLD, allow);
    }
    let deciding = step.rule.as_ref().and_then(|rule| rule.id.parse::<u32>().ok());
    let of_list =
        |it: &&(String, Direction, String, Vec<u32>)| it.0 == step.id && it.1 == direction;
    let before = given.iter().filter(of_list);
    let number = match before.clone().find(|(_, _, text, _)| *text == allow) {
        Some((_, _, _, numbers)) => numbers.first().copied(),
        None => {
            let mut taken = numbers(step, network, direction);
            taken.extend(before.flat_map(|(_, _, _, numbers)| numbers));
            free_numbers(&taken, deciding, rules)
        }
    };
    let several = rules > 1;
    let each = |from: u32| match several {
        true => format!("{rules} entries from {from} on, one for each, "),
        false => String::new(),
    };
    let first = |from: u32| if several { String::new() } else { format!("{from} ") };
    let mut text = at(step);
    text = match (number, deciding) {
        (Some(number), _) => {
            let numbers = (number..).take(rules).collect();
            given.push((step.id.clone(), direction, allow.clone(), numbers));
            text.then(format!(": add to {direction} {}", each(number)))
                .then_styled(BOLD, format!("{}{allow}", first(number)))
        }
        // No number is free before the rule that denies: it has to make room itself.
        (None, Some(deciding)) => text
            .then(format!(": give {direction} {deciding}, which denies, a higher number, and add "))
            .then(each(deciding))
            .then_styled(BOLD, format!("{}{allow}", first(deciding))),
        (None, None) => text.then(format!(": add to {direction} ")).then_styled(BOLD, allow),
    };
    if let Some((rule, ports)) = widened(step, pair).filter(|(rule, _)| acts_before(rule, deciding))
    {
        text = text.then(format!(", or widen {rule} to {ports}"));
    }
    text
}

/// Whether a rule of this number is asked before the one that denies; else nothing that it allows
/// helps.
fn acts_before(rule: &str, deciding: Option<u32>) -> bool {
    deciding.is_none_or(|deciding| rule.parse::<u32>().is_ok_and(|number| number < deciding))
}

/// What has to be allowed, and how many rules it takes: each has one protocol, one range of ports
/// or one ICMP type, and one network.
struct Allowance {
    text: String,
    rules: usize,
}

/// What has to be allowed: `tcp 32768-49151 to 10.0.1.0/24`.
fn allowance(step: &Step, pair: &Pair, direction: Direction) -> Allowance {
    let (side, remote): (_, fn(&Flows) -> &Vec<String>) = match direction {
        Direction::Ingress => ("from", |flows| &flows.sources),
        Direction::Egress => ("to", |flows| &flows.destinations),
    };
    let services: BTreeSet<String> = step.flows.iter().map(service).collect();
    let services: Vec<String> = services.into_iter().collect();
    let far = match (step.leg, direction) {
        (Leg::Forward, Direction::Ingress) | (Leg::Return, Direction::Egress) => &pair.source,
        (Leg::Forward, Direction::Egress) | (Leg::Return, Direction::Ingress) => &pair.destination,
    };
    let sibling = sibling(step, pair).and_then(|allowing| {
        let text = &allowing.rule.as_ref()?.text;
        // A rule for everybody is no model where one client was asked about.
        let everybody = |peers: &str| matches!(peers, "any" | "any IPv4" | "any IPv6");
        text.rsplit_once(&format!(" {side} "))
            .filter(|(_, peers)| far.kind == "internet" || !everybody(peers))
            .map(|(_, peers)| match peers {
                "any IPv4" => "0.0.0.0/0".to_owned(),
                "any IPv6" => "::/0".to_owned(),
                peers => peers.to_owned(),
            })
    });
    let peers = sibling.map_or_else(
        || {
            let addresses: BTreeSet<&String> = step.flows.iter().flat_map(remote).collect();
            peers(addresses, far, pair)
        },
        |peers| vec![peers],
    );
    let parts = |service: &String| 1 + service.matches(',').count();
    let rules = services.iter().map(parts).sum::<usize>() * peers.len().max(1);
    Allowance { text: format!("{} {side} {}", services.join(", "), peers.join(", ")), rules }
}

/// The networks that a rule has to name for these addresses of the far end. Beyond something that
/// nobody can see through they may be any: then only the end's own are worth opening for.
fn peers(addresses: BTreeSet<&String>, far: &End, pair: &Pair) -> Vec<String> {
    let own: Vec<IpAddr> = far.addresses.iter().filter_map(|text| text.parse().ok()).collect();
    let is_known = !own.is_empty() && own.len() == far.addresses.len();
    if is_known && addresses.iter().any(|text| text.parse::<IpAddr>().is_err()) {
        let may_be_own = |own: &IpAddr| addresses.iter().any(|text| holds(text, *own));
        if own.iter().all(may_be_own) {
            return far.addresses.iter().map(|text| cidr(text, pair)).collect();
        }
        return vec!["whatever address it comes from there".to_owned()];
    }
    addresses.into_iter().map(|text| cidr(text, pair)).collect()
}

/// Whether addresses as steps write them hold one.
fn holds(text: &str, address: IpAddr) -> bool {
    if let Some((low, high)) = text.split_once('-') {
        let ends = (low.parse::<IpAddr>(), high.parse::<IpAddr>());
        return matches!(ends, (Ok(low), Ok(high)) if low <= address && address <= high);
    }
    match (text.parse::<IpNet>(), text.parse::<IpAddr>()) {
        (Ok(net), _) => net.contains(&address),
        (_, Ok(one)) => one == address,
        _ => matches!(text, "any" | "any IPv4" | "any IPv6"),
    }
}

/// As rules write it: an address as a CIDR of one.
fn cidr(text: &str, pair: &Pair) -> String {
    match text.parse::<IpAddr>() {
        Ok(address) if address.is_ipv4() => format!("{address}/32"),
        Ok(address) => format!("{address}/128"),
        Err(_) => match text {
            "internet" | "any" if pair.family == "ipv6" => "::/0".to_owned(),
            "internet" | "any" => "0.0.0.0/0".to_owned(),
            other => other.to_owned(),
        },
    }
}

/// A step at the same place that lets some of the same flows through.
fn sibling<'a>(step: &Step, pair: &'a Pair) -> Option<&'a Step> {
    let leg = match step.leg {
        Leg::Forward => &pair.forward,
        Leg::Return => &pair.back,
    };
    // Its peers are those of the step only where it is about the same addresses.
    let addresses = |step: &Step| -> BTreeSet<(Vec<String>, Vec<String>)> {
        step.flows.iter().map(|f| (f.sources.clone(), f.destinations.clone())).collect()
    };
    leg.iter().find(|other| {
        other.hop == step.hop
            && other.id == step.id
            && other.decision == Decision::Allow
            && addresses(other) == addresses(step)
    })
}

/// The rule that lets some of them through, and the ports that it would have to have.
fn widened(step: &Step, pair: &Pair) -> Option<(String, String)> {
    let rule = sibling(step, pair)?.rule.as_ref()?;
    let denied = step.flows.iter().filter_map(|flows| flows.destination_ports.as_deref());
    // Of a reply the client's ports; they stand in the rule as the first word of ports.
    let own =
        rule.text.split(' ').find_map(|word| word.parse::<PortSet>().ok().filter(is_range))?;
    let all = denied.filter_map(|ports| ports.parse::<PortSet>().ok());
    let all = all.fold(own, |all, ports| all.union(&ports));
    let whole = is_range(&all);
    whole.then(|| {
        (rule.id.clone(), format!("{} {all}", step.flows.first().map_or("", |f| &f.protocol)))
    })
}

/// Whether the ports are one range of several.
fn is_range(ports: &PortSet) -> bool {
    matches!(ports.ranges(), [(low, high)] if low < high)
}

/// The numbers that are taken in one direction of the ACL that a step is about.
fn numbers(step: &Step, network: &Network, direction: Direction) -> BTreeSet<u32> {
    let Some(rule) = &step.rule else { return BTreeSet::new() };
    let lists = network.filters.values().flat_map(|filter| filter.lists(direction));
    let list = lists.into_iter().find(|list| *list.label.id == *rule.list.id);
    let rules = list.into_iter().flat_map(|list| &list.rules);
    rules.filter_map(|rule| rule.id.parse().ok()).filter(|n| NUMBERS.contains(n)).collect()
}

/// The first of so many free numbers in a row, as [`free_number`] chooses it.
fn free_numbers(taken: &BTreeSet<u32>, deciding: Option<u32>, many: usize) -> Option<u32> {
    let first = free_number(taken, deciding, &NUMBERS)?;
    let end = deciding.unwrap_or(u32::MAX).min(NUMBERS.end() + 1);
    let free = |number: u32| number < end && !taken.contains(&number);
    (first..).take(many).all(free).then_some(first)
}

/// One of the allowed numbers before the rule that denies and after those before it, with room on
/// both sides.
fn free_number(
    taken: &BTreeSet<u32>,
    deciding: Option<u32>,
    allowed: &RangeInclusive<u32>,
) -> Option<u32> {
    // No number, or one behind them: the rule that the vendor adds at the end.
    let end = deciding.unwrap_or(u32::MAX).min(allowed.end() + 1);
    if end <= *allowed.start() {
        return None;
    }
    let before = taken.range(..end).next_back().copied().unwrap_or(0).max(allowed.start() - 1);
    let rounded = (before / 10 + 1) * 10;
    let middle = before + (end - before) / 2;
    let free = |number: &u32| *number > before && *number < end;
    // Every number between two neighbours is taken only where they are neighbours indeed.
    [rounded, middle]
        .into_iter()
        .find(free)
        .or_else(|| (*allowed.start()..end).rev().find(|number| !taken.contains(number)))
}

/// Where the flows of a step go.
fn destinations(step: &Step, pair: &Pair) -> String {
    let all: BTreeSet<&String> = step.flows.iter().flat_map(|flows| &flows.destinations).collect();
    let all: Vec<String> = all.into_iter().map(|text| cidr(text, pair)).collect();
    if all.is_empty() { "the destination".to_owned() } else { all.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_number_is_before_the_deny_and_after_the_others() {
        let taken = |numbers: &[u32]| numbers.iter().copied().collect();
        assert_eq!(free_number(&taken(&[100, 110]), None, &NUMBERS), Some(120));
        assert_eq!(free_number(&taken(&[100, 110]), Some(32767), &NUMBERS), Some(120));
        assert_eq!(free_number(&taken(&[100, 110, 120]), Some(120), &NUMBERS), Some(115));
        assert_eq!(free_number(&taken(&[]), Some(100), &NUMBERS), Some(10));
        assert_eq!(free_number(&taken(&[98, 99, 100]), Some(99), &NUMBERS), Some(97));
        assert_eq!(free_number(&taken(&[1, 2]), Some(2), &NUMBERS), None);
        assert_eq!(free_number(&taken(&[32766]), None, &NUMBERS), Some(32765));
        let of_azure = |numbers, deciding| free_number(&taken(numbers), deciding, &(100..=4096));
        assert_eq!(of_azure(&[], None), Some(100));
        assert_eq!(of_azure(&[100], Some(110)), Some(105));
        assert_eq!(of_azure(&[100, 110], Some(65500)), Some(120));
        assert_eq!(of_azure(&[100], Some(100)), None);
        assert_eq!(of_azure(&[100, 101], Some(101)), None);
        assert_eq!(free_numbers(&taken(&[100]), None, 3), Some(110));
        assert_eq!(free_numbers(&taken(&[100, 103]), Some(103), 3), None);
    }

    #[test]
    fn addresses_hold_what_is_in_them() {
        let address = "10.0.1.10".parse().unwrap();
        let holding = ["any", "10.0.0.0/16", "10.0.1.1-10.0.1.20", "10.0.1.10"];
        let others = ["10.1.0.0/16", "internet", "::/0", "10.0.1.11", "… and 9 more"];
        assert!(holding.iter().all(|text| holds(text, address)));
        assert!(!others.iter().any(|text| holds(text, address)));
    }
}
