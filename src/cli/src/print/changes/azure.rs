//! What to change in Azure, with the `az` commands that do it.

use std::collections::{BTreeMap, BTreeSet};

use cloudfw_core::{Direction, Interface, Leg, Network, Passage, Priority, Reason, Router, Subnet};
use cloudfw_estate::Pair;
use cloudfw_estate::answer::{End, Step};

use super::super::style::BOLD;
use super::super::{Text, steps};
use super::{Allowance, Change, Given, allowance, free_number};

/// The priorities that rules of users may have (AZ-2).
const PRIORITIES: std::ops::RangeInclusive<u32> = 100..=4096;

/// The protocols that rules know (AZ-15).
const PROTOCOLS: [(&str, &str); 6] =
    [("tcp", "Tcp"), ("udp", "Udp"), ("icmp", "Icmp"), ("esp", "Esp"), ("ah", "Ah"), ("any", "*")];

/// A resource of Azure, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Arm<'i> {
    subscription: &'i str,
    group: &'i str,
    /// Its name, and the one of what it is a part of.
    name: &'i str,
    parent: Option<&'i str>,
}

/// What would let a flow past a step at something of Azure's; nothing where the words for all
/// clouds say it.
pub(super) fn change(
    step: &Step,
    pair: &Pair,
    network: &Network,
    given: &mut Given,
) -> Option<Change> {
    match (step.reason, step.kind.as_str()) {
        (Reason::Rule, "network-security-group") => match Arm::of(&step.id) {
            Some(group) => rule(step, pair, network, group, given),
            None => without_group(step, pair, network),
        },
        (Reason::Rule, "security-admin-rules") => {
            let rule = step.rule.as_ref().map_or("which denies", |rule| &rule.id);
            let text = format!(
                ": before `{rule}` add a rule that allows this, in the configuration of the \
                 network manager that it is from; security groups are asked only after it"
            );
            Some(named(step).then(text).into())
        }
        (Reason::Rule, "outbound-port-25") => Some(
            named(step)
                .then(
                    ": Azure does not let mail out by port 25 here; relay it by port 587, or have \
                     the block lifted for the subscription",
                )
                .into(),
        ),
        (Reason::Discarded, "route-table") => discarded(step, pair, network),
        (Reason::GatewayClosed, "virtual-network-peering") => Some(peering(step)),
        (Reason::NoPublicAddress, _) if pair.destination.kind == "internet" => {
            way_out(pair, network)
        }
        (Reason::SourceDestinationCheck, "network-interface") => {
            let interface = Arm::of(&step.id)?;
            let command =
                command("az network nic update", interface).with("--ip-forwarding true".to_owned());
            Some(Change::with(named(step).then(": switch its IP forwarding on"), vec![command]))
        }
        (Reason::Down, _) => started(step, pair),
        _ => None,
    }
}

/// A rule before the one that denies.
fn rule(
    step: &Step,
    pair: &Pair,
    network: &Network,
    group: Arm<'_>,
    given: &mut Given,
) -> Option<Change> {
    let direction = step.direction?;
    let Allowance { text: allow, .. } = allowance(step, pair, direction);
    let allow = format!("allow {allow}");
    let denies = step.rule.as_ref().map_or("", |rule| &rule.id);
    let known = network.priorities.get(step.id.as_str()).map_or(&[][..], Vec::as_slice);
    let here = || known.iter().filter(|it| it.direction == direction);
    let deciding = here().find(|it| *it.rule == *denies).map(|it| it.number);
    let deciding = deciding.and_then(|number| u32::try_from(number).ok());
    let mut taken: BTreeSet<u32> = here().filter_map(|it| u32::try_from(it.number).ok()).collect();
    let of_list = given.iter().filter(|it| it.0 == step.id && it.1 == direction);
    taken.extend(of_list.flat_map(|(_, _, _, numbers)| numbers));
    let drafts = drafts(step, pair, direction);
    let text = || named(step).then(format!(": add to {direction} "));
    let Some(priority) = free_number(&taken, deciding, &PRIORITIES) else {
        let why = format!(", once `{denies}` has a higher priority number: none is free before it");
        return Some(text().then_styled(BOLD, allow).then(why).into());
    };
    let mut numbers = Vec::new();
    let mut commands = Vec::new();
    let (word, side) = match direction {
        Direction::Ingress => ("Inbound", "in"),
        Direction::Egress => ("Outbound", "out"),
    };
    for (number, draft) in (priority..).zip(drafts.unwrap_or_default()) {
        if taken.contains(&number) || deciding.is_some_and(|deciding| number >= deciding) {
            commands.clear();
            break;
        }
        numbers.push(number);
        let name = free_name(&format!("allow-{}-{side}", draft.word()), known);
        commands.push(
            Command::of("az network nsg rule create")
                .with(option("--resource-group", [group.group]))
                .with(option("--nsg-name", [group.name]))
                .with(option("--name", [name.as_str()]))
                .with(format!("--priority {number}"))
                .with(format!("--direction {word}"))
                .with("--access Allow".to_owned())
                .with(option("--protocol", [draft.protocol]))
                .with(option("--source-address-prefixes", draft.sources))
                .with(option("--destination-address-prefixes", draft.destinations))
                .with(option("--destination-port-ranges", draft.ports))
                .with(option("--subscription", [group.subscription])),
        );
    }
    given.push((step.id.clone(), direction, allow.clone(), numbers));
    let before = if denies.is_empty() { String::new() } else { format!(", before {denies}") };
    let text = text().then_styled(BOLD, format!("{priority} {allow}")).then(before);
    Some(Change::with(text, commands))
}

/// What one rule has to let through.
struct Draft {
    protocol: &'static str,
    ports: Vec<String>,
    sources: Vec<String>,
    destinations: Vec<String>,
}

impl Draft {
    /// `tcp-443`, as a part of a name.
    fn word(&self) -> String {
        let protocol = if self.protocol == "*" { "any" } else { self.protocol };
        let ports = self.ports.join("-").replace('*', "any");
        let word = format!("{protocol}-{ports}").to_lowercase();
        let end = word.char_indices().nth(40).map_or(word.len(), |(end, _)| end);
        word.get(..end).unwrap_or(&word).trim_end_matches('-').to_owned()
    }
}

/// A rule for each protocol; none where rules have no words for what is to pass.
fn drafts(step: &Step, pair: &Pair, direction: Direction) -> Option<Vec<Draft>> {
    let outward = (step.leg == Leg::Forward) == (direction == Direction::Egress);
    let far = if outward { &pair.destination } else { &pair.source };
    let mut drafts: BTreeMap<&'static str, Draft> = BTreeMap::new();
    for flows in &step.flows {
        for protocol in flows.protocol.split(',') {
            let (_, protocol) = PROTOCOLS.iter().find(|(word, _)| *word == protocol)?;
            let draft = drafts.entry(protocol).or_insert_with(|| Draft {
                protocol,
                ports: Vec::new(),
                sources: Vec::new(),
                destinations: Vec::new(),
            });
            let has_ports = matches!(*protocol, "Tcp" | "Udp");
            let ports = flows.destination_ports.as_deref().filter(|_| has_ports).unwrap_or("*");
            add(&mut draft.ports, ports.split(',').map(str::to_owned));
            let (sources, destinations) = match direction {
                Direction::Ingress => {
                    (prefixes(&flows.sources, Some(far))?, near(&flows.destinations))
                }
                Direction::Egress => {
                    (near(&flows.sources), prefixes(&flows.destinations, Some(far))?)
                }
            };
            add(&mut draft.sources, sources);
            add(&mut draft.destinations, destinations);
        }
    }
    Some(drafts.into_values().collect())
}

fn add(to: &mut Vec<String>, more: impl IntoIterator<Item = String>) {
    for one in more {
        if !to.contains(&one) {
            to.push(one);
        }
    }
}

/// The rule's own side: the addresses asked about, or any.
fn near(texts: &[String]) -> Vec<String> {
    prefixes(texts, None).unwrap_or_else(|| vec!["*".to_owned()])
}

/// Addresses as rules write them; ranges and long lists have no such form.
fn prefixes(texts: &[String], far: Option<&End>) -> Option<Vec<String>> {
    let own = far.filter(|far| far.kind != "internet").map(|far| &far.addresses);
    let one = |text: &String| match text.as_str() {
        "internet" => Some(vec!["Internet".to_owned()]),
        "any" | "any IPv4" | "any IPv6" => match own {
            Some(own) if !own.is_empty() => Some(own.clone()),
            _ => Some(vec!["*".to_owned()]),
        },
        text if text.parse::<ipnet::IpNet>().is_ok()
            || text.parse::<std::net::IpAddr>().is_ok() =>
        {
            Some(vec![text.to_owned()])
        }
        _ => None,
    };
    let all: Option<Vec<Vec<String>>> = texts.iter().map(one).collect();
    all.map(|all| all.concat()).filter(|all| !all.is_empty())
}

/// A name that no rule of the group has.
fn free_name(wanted: &str, known: &[Priority]) -> String {
    let is_free = |name: &String| !known.iter().any(|it| it.rule.eq_ignore_ascii_case(name));
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    names.find(is_free).unwrap_or_else(|| wanted.to_owned())
}

/// AZ-8: a Standard address without a group is closed; with one the rule decides.
fn without_group(step: &Step, pair: &Pair, network: &Network) -> Option<Change> {
    let interface = Arm::of(&step.at.id)?;
    let direction = step.direction?;
    let Allowance { text: allow, .. } = allowance(step, pair, direction);
    let name = format!("{}-nsg", interface.name);
    let group = Arm { name: &name, parent: None, ..interface };
    let created = command("az network nsg create", group);
    let mut change = rule(step, pair, network, group, &mut Vec::new())
        .map(|change| change.commands)
        .unwrap_or_default();
    if change.is_empty() {
        return None;
    }
    change.insert(0, created);
    change.push(
        command("az network nic update", interface)
            .with(option("--network-security-group", [name.as_str()])),
    );
    let text = Text::of("network interface ")
        .then_styled(BOLD, interface.name)
        .then(": give it, or its subnet, a network security group with ")
        .then_styled(BOLD, format!("allow {allow}"))
        .then("; without one a Standard address is closed");
    Some(Change::with(text, change))
}

/// A route to nowhere: the user's, or Azure's own to a network that nothing joins.
fn discarded(step: &Step, pair: &Pair, network: &Network) -> Option<Change> {
    let words = step.rule.as_ref().map_or("", |rule| &rule.id);
    let table = step.rule.as_ref().and_then(|rule| Arm::of(&rule.list.id));
    if let Some(table) = table {
        let name = route_name(words);
        let text = named(step).then(format!(
            ": the route `{words}` drops what it takes; take it out, or give what is to pass a \
             longer route"
        ));
        let delete = name.filter(|name| !name.is_empty()).map(|name| {
            Command::of("az network route-table route delete")
                .with(option("--resource-group", [table.group]))
                .with(option("--route-table-name", [table.name]))
                .with(option("--name", [name]))
                .with(option("--subscription", [table.subscription]))
        });
        return Some(Change::with(text, delete.into_iter().collect()));
    }
    let (from, to) = match step.leg {
        Leg::Forward => (&pair.source, &pair.destination),
        Leg::Return => (&pair.destination, &pair.source),
    };
    let (from, to) = (router_of(from, network)?, router_of(to, network)?);
    if from.label.id == to.label.id {
        return None;
    }
    let (near, far) = (Arm::of(&from.label.id)?, Arm::of(&to.label.id)?);
    let text = named(step).then(": nothing joins ").then_styled(BOLD, near.name);
    let text = text.then(" and ").then_styled(BOLD, far.name).then("; peer them, on both sides");
    let ends = [(near, far, &to.label.id), (far, near, &from.label.id)];
    let commands = ends.map(|(one, other, remote)| {
        Command::of("az network vnet peering create")
            .with(option("--resource-group", [one.group]))
            .with(option("--vnet-name", [one.name]))
            .with(option("--name", [format!("to-{}", other.name).as_str()]))
            .with(option("--remote-vnet", [&**remote]))
            .with("--allow-vnet-access".to_owned())
            .with(option("--subscription", [one.subscription]))
    });
    Some(Change::with(text, commands.into()))
}

/// The name of a user's route: `default` of `default: 0.0.0.0/0 -> None`.
fn route_name(words: &str) -> Option<&str> {
    let (before, _) = words.split_once(" -> ")?;
    before.rsplit_once(": ").map(|(name, _)| name)
}

fn interface_of<'n>(end: &End, network: &'n Network) -> Option<&'n Interface> {
    network.interfaces.values().find(|interface| *interface.label.id == end.id)
}

fn subnet_of<'n>(end: &End, network: &'n Network) -> Option<&'n Subnet> {
    network.subnets.get(&interface_of(end, network)?.subnet)
}

fn router_of<'n>(end: &End, network: &'n Network) -> Option<&'n Router> {
    network.routers.get(&subnet_of(end, network)?.router)
}

/// AZ-60: a peering needs both sides, and one that lost a side is of no use any more.
fn peering(step: &Step) -> Change {
    let text = named(step).then(
        ": it is not connected on both sides; delete what is left of it, and create it again on \
         both",
    );
    let side = Arm::of(&step.id).and_then(|side| Some((side, side.parent?)));
    let delete = side.map(|(side, network)| {
        Command::of("az network vnet peering delete")
            .with(option("--resource-group", [side.group]))
            .with(option("--vnet-name", [network]))
            .with(option("--name", [side.name]))
            .with(option("--subscription", [side.subscription]))
    });
    Change::with(text, delete.into_iter().collect())
}

/// AZ-70: a NAT gateway for the subnet, where there is one in the network that one.
fn way_out(pair: &Pair, network: &Network) -> Option<Change> {
    let subnet = subnet_of(&pair.source, network)?;
    let own = Arm::of(&subnet.label.id)?;
    let known = network.gateways.values().find_map(|gateway| match &gateway.passage {
        Passage::Border { router, pools, .. } if *router == subnet.router => {
            let mut pools = pools.iter().filter(|pool| pool.label.kind == "nat-gateway");
            pools.find_map(|pool| Arm::of(&pool.label.id).map(|arm| (arm, &pool.label.id)))
        }
        _ => None,
    });
    let mut commands = Vec::new();
    let gateway = match known {
        Some((_, id)) => id.to_string(),
        None => {
            let name = format!("nat-{}", own.parent?);
            let address = format!("{name}-ip");
            let create = |what: &str, name: &str| command(what, Arm { name, ..own });
            commands.push(
                create("az network public-ip create", &address).with("--sku Standard".to_owned()),
            );
            commands.push(
                create("az network nat gateway create", &name)
                    .with(option("--public-ip-addresses", [address.as_str()])),
            );
            name
        }
    };
    commands.push(
        Command::of("az network vnet subnet update")
            .with(option("--resource-group", [own.group]))
            .with(option("--vnet-name", [own.parent?]))
            .with(option("--name", [own.name]))
            .with(option("--nat-gateway", [gateway.as_str()]))
            .with(option("--subscription", [own.subscription])),
    );
    let text = Text::of("subnet ").then_styled(BOLD, own.name);
    Some(Change::with(text.then(": give it a NAT gateway"), commands))
}

fn started(step: &Step, pair: &Pair) -> Option<Change> {
    let ends = [&pair.source, &pair.destination];
    let end = ends.into_iter().find(|end| end.id == step.id || end.id == step.at.id)?;
    let host = end.host.as_ref().filter(|host| host.kind == "virtual-machine")?;
    let machine = Arm::of(&host.id)?;
    let text = Text::of("virtual machine ").then_styled(BOLD, machine.name).then(": start it");
    Some(Change::with(text, vec![command("az vm start", machine)]))
}

/// `network security group nsg-web`: the id stands in the command.
fn named(step: &Step) -> Text {
    Text::of(steps::kind(&step.kind)).then(" ").then_styled(BOLD, steps::name(step))
}

/// A command on one resource.
fn command(what: &str, of: Arm<'_>) -> Command {
    Command::of(what)
        .with(option("--resource-group", [of.group]))
        .with(option("--name", [of.name]))
        .with(option("--subscription", [of.subscription]))
}

impl<'i> Arm<'i> {
    /// `/subscriptions/S/resourceGroups/G/providers/P/type/name`, and parts below.
    fn of(id: &'i str) -> Option<Self> {
        let mut parts = id.split('/').skip(1);
        let mut next = |key: &str| {
            let is_it = parts.next()?.eq_ignore_ascii_case(key);
            is_it.then(|| parts.next()).flatten().filter(|text| !text.is_empty())
        };
        let subscription = next("subscriptions")?;
        let group = next("resourceGroups")?;
        next("providers")?;
        let names: Vec<&str> = parts.skip(1).step_by(2).collect();
        let (name, above) = names.split_last()?;
        Some(Self { subscription, group, name, parent: above.last().copied() })
    }
}

/// A command line: what is called, and its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command(Vec<String>);

impl Command {
    fn of(what: &str) -> Self {
        Self(vec![what.to_owned()])
    }

    fn with(mut self, option: String) -> Self {
        self.0.push(option);
        self
    }

    /// As a shell takes it, on lines of this width with a backslash between them.
    pub(super) fn lines(&self, indent: usize, width: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut line = " ".repeat(indent);
        for (index, part) in self.0.iter().enumerate() {
            let is_last = index + 1 == self.0.len();
            let end = if is_last { 0 } else { 2 };
            let is_empty = line.trim().is_empty();
            if !is_empty && line.chars().count() + 1 + part.chars().count() + end > width {
                lines.push(format!("{line} \\"));
                line = " ".repeat(indent + 2);
            }
            if !line.trim().is_empty() {
                line.push(' ');
            }
            line.push_str(part);
        }
        lines.push(line);
        lines
    }
}

/// An option with its values, quoted for a shell.
fn option<T: AsRef<str>>(name: &str, values: impl IntoIterator<Item = T>) -> String {
    let values = values.into_iter().map(|value| quoted(value.as_ref()));
    std::iter::once(name.to_owned()).chain(values).collect::<Vec<_>>().join(" ")
}

/// Names come from recordings: a shell must not see anything else in them.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:,@+=".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_the_names_that_commands_want() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n";
        let arm = Arm { subscription: "s", group: "g", name: "n", parent: Some("v") };
        assert_eq!(Arm::of(id), Some(arm));
        assert_eq!(Arm::of(&id.to_uppercase()).map(|arm| arm.name), Some("N"));
        for odd in ["", "acl-1", "/subscriptions/s", "/subscriptions/s/resourceGroups/g"] {
            assert_eq!(Arm::of(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_shell_sees_names_and_nothing_else() {
        assert_eq!(quoted("nsg-web"), "nsg-web");
        assert_eq!(quoted("*"), "'*'");
        assert_eq!(quoted("a'; rm x"), "'a'\\''; rm x'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn long_commands_go_on_after_a_backslash() {
        let command = Command::of("az a b").with("--name one".into()).with("--to two".into());
        assert_eq!(command.lines(4, 80), ["    az a b --name one --to two"]);
        assert_eq!(command.lines(4, 24), ["    az a b --name one \\", "      --to two"]);
    }

    #[test]
    fn routes_are_known_by_their_names() {
        assert_eq!(route_name("default: 0.0.0.0/0 -> None"), Some("default"));
        assert_eq!(route_name("10.0.0.0/8 -> None"), None);
    }
}
