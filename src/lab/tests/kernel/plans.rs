//! The words in which the plans and the cases of these tests are written.

use std::net::IpAddr;

use cloudfw_core::{Direction, Leg};
use cloudfw_lab::kernel::Raised;
use cloudfw_lab::kernel::plan::{
    Act, Cause, Chain, ChainKind, Hook, KernelRoute, Line, MAIN_TABLE, Plan, Site, SiteId, Space,
    SpaceId, Wire,
};
use cloudfw_lab::kernel::probe::{Ask, Observed, Outcome, Probe};

pub(crate) const CLIENT: SpaceId = SpaceId(0);
pub(crate) const ROUTER: SpaceId = SpaceId(1);
pub(crate) const SERVER: SpaceId = SpaceId(2);

pub(crate) const CLIENTS: [&str; 2] = ["10.0.1.5", "2001:db8:1::5"];
pub(crate) const SERVERS: [&str; 2] = ["10.0.2.7", "2001:db8:2::7"];

/// A client, a router and a server on a line, with IPv4 and IPv6; the router sends `10.0.0.0/8`
/// and `2001:db8::/32` but for the two subnets to nobody.
pub(crate) fn line(chains: Vec<Chain>) -> Plan {
    let mut router = space(
        "router",
        &["10.0.1.1", "2001:db8:1::1"],
        &[
            ("10.0.1.0/24", "left"),
            ("2001:db8:1::/64", "left"),
            ("10.0.2.0/24", "right"),
            ("2001:db8:2::/64", "right"),
            ("10.0.0.0/8", "sink"),
            ("2001:db8::/32", "sink"),
        ],
    );
    router.chains = chains;
    let all = [("0.0.0.0/0", "eth0"), ("::/0", "eth0")];
    Plan {
        spaces: vec![space("client", &CLIENTS, &all), router, space("server", &SERVERS, &all)],
        wires: vec![
            wire((CLIENT, "eth0"), (ROUTER, "left")),
            wire((ROUTER, "right"), (SERVER, "eth0")),
            wire((ROUTER, "sink"), (ROUTER, "knis")),
        ],
        sites: (0..10).map(site).collect(),
    }
}

pub(crate) fn space(name: &str, addresses: &[&str], routes: &[(&str, &str)]) -> Space {
    let address = |address: &&str| ("lo".to_owned(), address.parse().unwrap());
    let route = |(to, device): &(&str, &str)| route(MAIN_TABLE, to, device);
    Space {
        name: name.to_owned(),
        addresses: addresses.iter().map(address).collect(),
        routes: routes.iter().map(route).collect(),
        ..Space::default()
    }
}

pub(crate) fn route(table: u32, to: &str, device: &str) -> KernelRoute {
    KernelRoute { table, to: to.parse().unwrap(), device: device.to_owned() }
}

pub(crate) fn wire(near: (SpaceId, &str), far: (SpaceId, &str)) -> Wire {
    Wire { ends: [near, far].map(|(space, device)| (space, device.to_owned())) }
}

pub(crate) fn site(number: u32) -> Site {
    Site {
        cause: Cause::Stateless,
        at: format!("place-{number}"),
        list: String::new(),
        direction: Some(Direction::Ingress),
        rule: number.to_string(),
    }
}

pub(crate) fn chain(hook: Hook, priority: i32, kind: ChainKind, lines: &[(&str, Act)]) -> Chain {
    let line =
        |(matches, act): &(&str, Act)| Line { matches: (*matches).to_owned(), act: act.clone() };
    Chain {
        name: format!("{hook:?}{kind:?}").to_lowercase(),
        hook: Some((hook, priority)),
        kind,
        lines: lines.iter().map(line).collect(),
    }
}

pub(crate) fn forward(lines: &[(&str, Act)]) -> Chain {
    chain(Hook::Forward, 0, ChainKind::Filter, lines)
}

pub(crate) fn drop_at(site: u32) -> Act {
    Act::Drop(SiteId(site))
}

pub(crate) fn reject_at(site: u32, answer: &'static str) -> Act {
    Act::Reject(SiteId(site), answer)
}

pub(crate) fn act(statement: &str) -> Act {
    Act::Do(statement.to_owned())
}

/// A probe from the client and what has to come of it. Ports are given in turn.
pub(crate) struct Case {
    pub(crate) ask: Ask,
    pub(crate) to: &'static str,
    pub(crate) listening: bool,
    pub(crate) expected: Observed,
}

pub(crate) fn case(ask: Ask, to: &'static str, outcome: Outcome, dropped: &[(u32, Leg)]) -> Case {
    let dropped = dropped.iter().map(|(site, leg)| (SiteId(*site), *leg)).collect();
    Case { ask, to, listening: true, expected: Observed { outcome, dropped } }
}

pub(crate) fn closed(ask: Ask, to: &'static str, outcome: Outcome, dropped: &[(u32, Leg)]) -> Case {
    Case { listening: false, ..case(ask, to, outcome, dropped) }
}

pub(crate) fn probes(cases: &[Case]) -> Vec<Probe> {
    let probe = |(case, port): (&Case, u16)| {
        let to: IpAddr = case.to.parse().unwrap();
        let family = usize::from(to.is_ipv6());
        let listener = case.listening.then(|| (SERVER, SERVERS[family].parse().unwrap()));
        let from = CLIENTS[family].parse().unwrap();
        Probe { source: CLIENT, from, port, to, ask: case.ask, listener }
    };
    cases.iter().zip(40_000..).map(probe).collect()
}

/// Raises the plan, sends the cases and compares.
pub(crate) fn check(plan: &Plan, cases: &[Case]) {
    compare(cases, &Raised::raise(plan).unwrap().send(&probes(cases)).unwrap());
}

/// Compares what has come of the cases; all that differ are told.
pub(crate) fn compare(cases: &[Case], observed: &[Observed]) {
    assert_eq!(cases.len(), observed.len());
    let differing: Vec<String> = cases
        .iter()
        .zip(observed)
        .filter(|(case, observed)| case.expected != **observed)
        .map(|(case, observed)| {
            format!("{:?} to {}: {observed:?}, not {:?}", case.ask, case.to, case.expected)
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// The same case to both of the server's addresses.
pub(crate) fn both(
    make: impl Fn(Ask, &'static str, Outcome, &[(u32, Leg)]) -> Case,
    ask: Ask,
    outcome: Outcome,
    dropped: &[(u32, Leg)],
) -> [Case; 2] {
    SERVERS.map(|to| make(ask, to, outcome, dropped))
}
