//! Random filters with every action, and flows around the edges of their rules.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Filter, Flow, Group, Id, IpSet, Label, Match, Origin, Peer, Peers, Place,
    PortSet, Protocol, Rule, RuleList, Service, ServiceSet, StateSet, Tracking, Unknown,
    WithoutState,
};

use super::Dice;

/// What a generated filter may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Rules that may or may not match.
    pub(crate) doubts: bool,
    /// `AllowAll`.
    pub(crate) allow_all: bool,
    /// Chains, with `Jump`, `Goto` and `Return`.
    pub(crate) chains: bool,
}

impl Kind {
    /// Everything.
    pub(crate) const ANY: Self = Self { doubts: true, allow_all: true, chains: true };
    /// Everything is known.
    pub(crate) const CERTAIN: Self = Self { doubts: false, allow_all: true, chains: true };
}

const V4: [&str; 7] = [
    "10.0.0.0/30",
    "10.0.0.2/31",
    "10.0.0.1",
    "10.0.0.0/29",
    "10.0.0.6",
    "0.0.0.0/0",
    "10.0.0.4/30",
];
const V6: [&str; 4] = ["fd00::/126", "fd00::2", "::/0", "fd00::4/127"];
const PROTOCOLS: [Protocol; 5] =
    [Protocol::TCP, Protocol::TCP, Protocol::UDP, Protocol::ICMP, Protocol::ESP];

/// The groups that rules name.
pub(crate) fn groups() -> Vec<Id<Group>> {
    ["a", "b"].map(Id::from).into()
}

/// A label for tests.
pub(crate) fn label(id: &str, kind: &'static str) -> Label {
    let origin = Origin { document: "test".into(), place: Place::Line(1) };
    Label { id: id.into(), name: None, kind, scope: "".into(), origin }
}

/// A random filter.
pub(crate) fn filter(dice: &mut Dice, name: &str, kind: Kind) -> Filter {
    let tracking = match dice.below(6) {
        0 => Tracking::Stateful { without_state: WithoutState::Evaluated },
        1 => Tracking::Stateful { without_state: WithoutState::Dropped },
        2 if kind.doubts => Tracking::Stateful { without_state: WithoutState::Unknown },
        _ => Tracking::Stateless,
    };
    let chains = if kind.chains { dice.below(4) } else { 0 };
    let mut named = BTreeMap::new();
    for index in 0..chains {
        // A chain calls only later ones.
        let callable = (index + 1, chains);
        let list = list(dice, &format!("{name}-c{index}"), kind, callable, false);
        named.insert(Arc::from(format!("c{index}")), list);
    }
    let lists = |dice: &mut Dice, way: &str| {
        let count = dice.between(1, 2);
        let named = |i| format!("{name}-{way}{i}");
        (0..count).map(|i| list(dice, &named(i), kind, (0, chains), i + 1 == count)).collect()
    };
    Filter {
        label: label(name, "filter"),
        tracking,
        ingress: lists(dice, "in"),
        egress: lists(dice, "out"),
        chains: named,
    }
}

fn list(
    dice: &mut Dice,
    name: &str,
    kind: Kind,
    callable: (usize, usize),
    last: bool,
) -> Arc<RuleList> {
    let count = dice.between(1, 5);
    let mut rules: Vec<Rule> =
        (0..count).map(|i| rule(dice, &i.to_string(), kind, callable)).collect();
    if last && dice.percent(70) {
        let action = if dice.percent(55) { Action::Allow } else { Action::Deny(Denial::Drop) };
        rules.push(Rule { id: "*".into(), matches: Match::any(), action, origin: origin() });
    }
    Arc::new(RuleList { label: label(name, "list"), rules })
}

fn origin() -> Origin {
    Origin { document: "test".into(), place: Place::Line(1) }
}

fn rule(dice: &mut Dice, id: &str, kind: Kind, callable: (usize, usize)) -> Rule {
    let chain =
        |dice: &mut Dice| Arc::from(format!("c{}", dice.between(callable.0, callable.1 - 1)));
    let calls = callable.0 < callable.1;
    let action = match dice.below(16) {
        4 | 5 if kind.allow_all => Action::AllowAll,
        6..=8 => Action::Deny(dice.pick(&[
            Denial::Drop,
            Denial::RejectReset,
            Denial::RejectPortUnreachable,
        ])),
        9 => Action::Continue,
        10 if kind.chains => Action::Return,
        11..=13 if calls => Action::Jump(chain(dice)),
        14 | 15 if calls => Action::Goto(chain(dice)),
        _ => Action::Allow,
    };
    Rule { id: id.into(), matches: matches(dice, kind), action, origin: origin() }
}

fn matches(dice: &mut Dice, kind: Kind) -> Match {
    let states = match dice.below(10) {
        0 => StateSet::NEW,
        1 => StateSet::ESTABLISHED,
        2 => StateSet::NEW.union(StateSet::RELATED),
        _ => StateSet::ALL,
    };
    let doubt = (kind.doubts && dice.percent(8)).then(|| Unknown::new("it", "test", "test"));
    Match {
        sources: peers(dice, kind),
        destinations: peers(dice, kind),
        services: services(dice),
        states,
        doubt,
    }
}

fn peers(dice: &mut Dice, kind: Kind) -> Peers {
    if dice.percent(45) {
        return Peers::Any;
    }
    let count = dice.between(0, 3).max(usize::from(dice.percent(90)));
    Peers::Of((0..count).map(|_| peer(dice, kind)).collect())
}

fn peer(dice: &mut Dice, kind: Kind) -> Peer {
    match dice.below(10) {
        0..=2 => Peer::Group(dice.pick(&groups())),
        3 if kind.doubts => Peer::Unresolved {
            name: "list".into(),
            within: addresses(dice),
            unknown: Unknown::new("the list", "test", "test"),
        },
        _ => Peer::Addresses { set: addresses(dice), via: None },
    }
}

fn addresses(dice: &mut Dice) -> IpSet {
    let net = if dice.percent(75) { dice.pick(&V4) } else { dice.pick(&V6) };
    let net = if net.contains('/') { net.parse().ok() } else { None }
        .unwrap_or_else(|| ipnet::IpNet::from(net.parse::<IpAddr>().expect("it is an address")));
    IpSet::from(net)
}

/// Port 0 to 9, where all rules begin and end.
fn ports(dice: &mut Dice) -> PortSet {
    let low = dice.below(8);
    let high = low + dice.below(4);
    let port = |number| u16::try_from(number).expect("it is small");
    match dice.below(8) {
        0 => PortSet::full(),
        1 => PortSet::range(0, port(high)),
        2 => PortSet::range(port(low), u16::MAX),
        _ => PortSet::range(port(low), port(high)),
    }
}

fn services(dice: &mut Dice) -> ServiceSet {
    match dice.below(10) {
        0..=3 => ServiceSet::full(),
        4 => ServiceSet::all_of(dice.pick(&PROTOCOLS)),
        5 => ServiceSet::icmp(
            Protocol::ICMP,
            Some(dice.pick(&[0, 3, 8])),
            dice.percent(50).then_some(0),
        ),
        6 => services(dice).union(&services(dice)),
        _ => {
            let protocol = dice.pick(&[Protocol::TCP, Protocol::TCP, Protocol::UDP]);
            let source = if dice.percent(70) { PortSet::full() } else { ports(dice) };
            ServiceSet::ports(protocol, source, ports(dice))
        }
    }
}

/// A flow near the edges of the rules that are generated here.
pub(crate) fn flow(dice: &mut Dice) -> Flow {
    let v4 = [
        "10.0.0.0",
        "10.0.0.1",
        "10.0.0.2",
        "10.0.0.3",
        "10.0.0.4",
        "10.0.0.6",
        "10.0.0.7",
        "10.0.0.8",
        "9.255.255.255",
        "192.0.2.1",
    ];
    let v6 = ["fd00::", "fd00::1", "fd00::2", "fd00::3", "fd00::4", "fd00::5", "fd00::6"];
    let among: &[&str] = if dice.percent(75) { &v4 } else { &v6 };
    let address = |dice: &mut Dice| dice.pick(among).parse().expect("it is an address");
    let (source, destination) = (address(dice), address(dice));
    Flow { source, destination, service: service(dice) }
}

fn service(dice: &mut Dice) -> Service {
    let protocol = dice.pick(&PROTOCOLS);
    let port = |dice: &mut Dice| match dice.below(12) {
        number @ 0..=10 => u16::try_from(number).expect("it is small"),
        _ => u16::MAX,
    };
    if protocol.has_ports() {
        Service::Ports { protocol, source: port(dice), destination: port(dice) }
    } else if protocol.is_icmp() {
        Service::Icmp { protocol, kind: dice.pick(&[0, 3, 8, 11]), code: dice.pick(&[0, 1]) }
    } else {
        Service::Other { protocol }
    }
}

/// The groups and addresses of a random interface, or none.
pub(crate) fn member(dice: &mut Dice) -> Option<(BTreeSet<Id<Group>>, Vec<IpAddr>)> {
    if dice.percent(20) {
        return None;
    }
    let groups = groups().into_iter().filter(|_| dice.percent(50)).collect();
    let all = ["10.0.0.1", "10.0.0.2", "10.0.0.6", "fd00::2", "fd00::4"];
    let own = all.into_iter().filter(|_| dice.percent(40));
    Some((groups, own.map(|text| text.parse().expect("it is an address")).collect()))
}
