//! The same again and again.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;
use std::time::Instant;
use std::{env, fs};

use Ask::{Echo, Tcp, Udp};
use cloudfw_lab::kernel::Raised;
use cloudfw_lab::kernel::plan::{Act, ChainKind, Hook, MAIN_TABLE, Plan, Space, SpaceId};
use cloudfw_lab::kernel::probe::{Ask, Probe};

use crate::available;
use crate::plans::*;

/// `ROUNDS=1000 cargo test --release -p cloudfw-lab --test kernel -- --ignored --nocapture`: as
/// many raises, of 40 spaces and 60 wires each, and 400 probes through each. All have to come to
/// the same, and nothing may be left.
#[test]
#[ignore = "takes minutes"]
fn a_thousand_raises_in_a_row_leave_nothing() {
    assert!(available());
    let rounds: u32 = env::var("ROUNDS").map_or(20, |rounds| rounds.parse().unwrap());
    let (plan, probes) = circle(40);
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    let children = || fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    let mut outcomes = BTreeSet::new();
    let (mut raising, mut sending, mut slowest) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut fastest = Duration::MAX;
    let descriptors = open();
    for _ in 0..rounds {
        let start = Instant::now();
        let mut raised = Raised::raise(&plan).unwrap();
        raising += start.elapsed();
        fastest = fastest.min(start.elapsed());
        let start = Instant::now();
        let observed = raised.send(&probes).unwrap();
        sending += start.elapsed();
        slowest = slowest.max(start.elapsed());
        outcomes.insert(format!("{observed:?}"));
    }
    println!(
        "{} spaces, {} wires: {:?} to raise, at best {fastest:?}; {} probes: {:?}, at most {slowest:?}",
        plan.spaces.len(),
        plan.wires.len(),
        raising / rounds,
        probes.len(),
        sending / rounds,
    );
    assert_eq!(outcomes.len(), 1, "{outcomes:#?}");
    assert_eq!(open(), descriptors);
    assert_eq!(children(), "");
}

/// Spaces in a circle, each with a filter and a host's addresses, every second one with a sink.
fn circle(count: usize) -> (Plan, Vec<Probe>) {
    let accepts: Vec<String> =
        (0..20).map(|line| format!("ip saddr 10.0.{line}.0/24 tcp dport 7{line:02}")).collect();
    let mut plan = Plan { sites: (0..2).map(site).collect(), ..Plan::default() };
    for here in 0..count {
        let mut space = Space { name: format!("space {here}"), ..Space::default() };
        space.addresses = circle_addresses(here).map(|address| ("lo".to_owned(), address)).to_vec();
        for there in (0..count).filter(|there| *there != here) {
            let near = (there + count - here) % count < count / 2;
            let device = if near { "next" } else { "previous" };
            for to in [format!("10.0.{there}.0/24"), format!("fd00:{there}::/64")] {
                space.routes.push(route(MAIN_TABLE, &to, device));
            }
        }
        let mut lines = vec![("ct state established", Act::Accept)];
        lines.extend(accepts.iter().map(|accept| (accept.as_str(), Act::Accept)));
        lines.extend([("tcp dport 23", drop_at(0)), ("udp sport 24", drop_at(1))]);
        space.chains = vec![
            forward(&lines),
            chain(Hook::Prerouting, -300, ChainKind::Filter, &[("udp sport 24", act("notrack"))]),
        ];
        plan.spaces.push(space);
        plan.wires.push(wire((SpaceId(here), "next"), (SpaceId((here + 1) % count), "previous")));
        if here % 2 == 0 {
            plan.wires.push(wire((SpaceId(here), "sink"), (SpaceId(here), "knis")));
        }
    }
    let probe = |number: usize| {
        let (source, target) = (number % count, (number % count + 2 + number % 5) % count);
        let family = number % 2;
        let to = circle_addresses(target)[family];
        let asks = [Tcp(22), Tcp(23), Udp(53), Udp(24), Echo, Tcp(25)];
        let place = number / 7 % asks.len();
        let listener = (place != 5).then_some((SpaceId(target), to));
        let from = circle_addresses(source)[family];
        let port = 40_000 + number as u16;
        Probe { source: SpaceId(source), from, port, to, ask: asks[place], listener }
    };
    (plan, (0..400).map(probe).collect())
}

fn circle_addresses(space: usize) -> [IpAddr; 2] {
    [format!("10.0.{space}.1"), format!("fd00:{space}::1")].map(|text| text.parse().unwrap())
}
