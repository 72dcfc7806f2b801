//! The rules of network security groups: offices and partners, subnets, peers, application security
//! groups and service tags, in both forms that rules have, with denies between and behind them.

use ipnet::{IpNet, Ipv4Net};

use super::super::addresses;
use super::super::chance::Chance;
use super::EstateSize;
use super::model::{End, Estate, Rule};

/// Ports that people open.
const PORTS: [u16; 14] =
    [22, 80, 443, 443, 1433, 3306, 3389, 5432, 5671, 6379, 8080, 8443, 9093, 9100];

/// Tags of services, which the recorded list of tags tells.
pub(super) const SERVICES: [&str; 6] =
    ["AzureCloud", "AzureMonitor", "GatewayManager", "Sql", "Storage", "Storage.WestEurope"];

const NETWORK: End = End::Tag("VirtualNetwork");
const INTERNET: End = End::Tag("Internet");

/// What a rule says but for its name, priority and direction.
struct Draft {
    word: &'static str,
    allow: bool,
    protocol: &'static str,
    near: Vec<End>,
    far: Vec<End>,
    ports: Vec<(u16, u16)>,
}

impl Draft {
    fn of(word: &'static str, allow: bool, far: End, ports: &[(u16, u16)]) -> Self {
        let (near, far, ports) = (vec![End::Any], vec![far], ports.to_vec());
        let protocol = if ports == ALL { "*" } else { "Tcp" };
        Self { word, allow, protocol, near, far, ports }
    }
}

const ALL: [(u16, u16); 1] = [(0, 65535)];

/// Gives every group its rules.
pub(super) fn plan(estate: &mut Estate, size: &EstateSize, seed: u64) {
    let mut chance = Chance::stream(seed, "azure rules");
    for group in 0..estate.groups.len() {
        let inbound = size.rules * 7 / 10;
        let network = estate.groups[group].network;
        let mut rules = list(estate, network, true, inbound, &mut chance);
        rules.extend(list(estate, network, false, size.rules - inbound, &mut chance));
        estate.groups[group].rules = rules;
    }
}

/// The rules of one direction, in the order in which they are asked.
fn list(
    estate: &Estate,
    network: usize,
    inbound: bool,
    many: usize,
    chance: &mut Chance,
) -> Vec<Rule> {
    let mut drafts = Vec::new();
    for _ in 0..chance.between(2, 6) {
        drafts.push(Draft::of("block", false, outside(chance), &ALL));
    }
    if inbound && chance.percent(60) {
        drafts.push(Draft::of(
            "no-admin-from-internet",
            false,
            INTERNET,
            &[(22, 22), (3389, 3389)],
        ));
    }
    let tail = tail(inbound, chance);
    while drafts.len() + tail.len() < many {
        drafts.push(draw(estate, network, inbound, chance));
    }
    drafts.truncate(many.saturating_sub(tail.len()));
    drafts.extend(tail);
    drafts.truncate(many);
    let step = (3_900 / many.max(1)).clamp(1, 20);
    let rule = |(index, draft): (usize, Draft)| {
        let Draft { word, allow, protocol, near, far, ports } = draft;
        let (sources, destinations) = if inbound { (far, near) } else { (near, far) };
        let name = format!("{word}-{}-{index}", if inbound { "in" } else { "out" });
        let priority = (100 + index * step) as u16;
        Rule { name, priority, inbound, allow, protocol, sources, destinations, ports }
    };
    drafts.into_iter().enumerate().map(rule).collect()
}

/// What stands behind all others.
fn tail(inbound: bool, chance: &mut Chance) -> Vec<Draft> {
    let mut tail = Vec::new();
    if inbound && chance.percent(45) {
        tail.push(Draft::of("isolate", false, NETWORK, &ALL));
    }
    if !inbound && chance.percent(30) {
        tail.push(Draft::of("no-internet", false, INTERNET, &ALL));
    }
    if chance.percent(if inbound { 30 } else { 10 }) {
        tail.push(Draft::of("deny-all", false, End::Any, &ALL));
    }
    tail
}

fn draw(estate: &Estate, network: usize, inbound: bool, chance: &mut Chance) -> Draft {
    let home = &estate.networks[network];
    let port = |chance: &mut Chance| {
        let port = *chance.pick(&PORTS);
        if chance.percent(12) { (port, port + chance.between(1, 100) as u16) } else { (port, port) }
    };
    let one = [port(chance)];
    let near = near(estate, network, chance);
    let draft = match chance.below(100) {
        0..32 => Draft::of("partner", true, outside(chance), &one),
        32..47 => {
            let many = |chance: &mut Chance| outside(chance);
            let far = (0..chance.between(3, 8)).map(|_| many(chance)).collect();
            let ports = (0..chance.between(2, 5)).map(|_| port(chance)).collect();
            Draft { far, ports, ..Draft::of("partners", true, End::Any, &[]) }
        }
        47..62 => Draft::of("tier", true, subnet(estate, network, chance), &one),
        62..72 => {
            let peering = home.peerings.get(chance.below(home.peerings.len().max(1)));
            let peer = peering.map_or(network, |&peering| estate.peerings[peering].other(network));
            Draft::of("peer", true, End::Prefix(estate.networks[peer].prefixes[0]), &one)
        }
        72..80 if !home.application_groups.is_empty() => {
            let members =
                |chance: &mut Chance| End::Members(*chance.pick(&home.application_groups));
            let (near, far) = (vec![members(chance)], members(chance));
            return Draft { near, ..Draft::of("application", true, far, &one) };
        }
        80..85 => Draft::of("network", true, NETWORK, &one),
        85..87 if inbound => Draft::of("public", true, INTERNET, &[(443, 443)]),
        87..93 => {
            let tag = SERVICES[chance.below(SERVICES.len())];
            Draft::of("service", true, End::Tag(tag), &[(443, 443)])
        }
        93..96 => Draft { protocol: "Udp", ..Draft::of("udp", true, outside(chance), &one) },
        _ => Draft::of("deny", false, outside(chance), &one),
    };
    Draft { near: vec![near], ..draft }
}

/// What a rule says of its own side: mostly everything, else one subnet.
fn near(estate: &Estate, network: usize, chance: &mut Chance) -> End {
    if chance.percent(60) { End::Any } else { subnet(estate, network, chance) }
}

fn subnet(estate: &Estate, network: usize, chance: &mut Chance) -> End {
    let subnets: Vec<usize> = estate.networks[network].subnets.clone().collect();
    End::Prefix(estate.subnets[*chance.pick(&subnets)].prefix)
}

fn outside(chance: &mut Chance) -> End {
    match addresses::outside(chance) {
        IpNet::V4(prefix) => End::Prefix(prefix),
        IpNet::V6(_) => End::Prefix(Ipv4Net::default()),
    }
}
