//! The evaluation of sets and the one-packet evaluator agree on every flow.
//!
//! `CLOUDFW_FLOWS` is the least number of random flows, `CLOUDFW_SEED` begins elsewhere.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "that is how a test fails and reports"
)]

mod generator;
mod one_packet;

use cloudfw_core::{
    Denial, Direction, Filter, HeaderSpace, Identity, IpSet, Sight, StateSet, evaluate_stack,
};
use generator::Dice;
use generator::filters::{self, Kind};
use one_packet::filter::{Fate, Phase, stack};
use one_packet::{Member, Seen};

/// How many flows are put to one stack.
const FLOWS_A_STACK: usize = 100;

fn setting(name: &str, default: usize) -> usize {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().expect("a number"))
}

/// How flows ended.
#[derive(Debug, Default)]
struct Tally {
    flows: usize,
    allowed: usize,
    denied: usize,
    undecided: usize,
    /// By kind of action: the flows in whose decision it took part.
    actions: [usize; 7],
}

const ACTIONS: [&str; 7] = ["allow", "allow-all", "deny", "continue", "jump", "goto", "return"];

impl Tally {
    fn share(&self, part: usize) -> f64 {
        100.0 * part as f64 / self.flows as f64
    }

    fn print_and_check(&self) {
        println!(
            "{} flows: {:.1} % allowed, {:.1} % denied, {:.1} % undecided",
            self.flows,
            self.share(self.allowed),
            self.share(self.denied),
            self.share(self.undecided)
        );
        for (name, count) in ACTIONS.iter().zip(self.actions) {
            println!("  {name} decides {:.1} %", self.share(count));
        }
        assert!(self.share(self.allowed) >= 25.0, "a quarter is to be allowed");
        assert!(self.share(self.denied) >= 25.0, "a quarter is to be denied");
        for (name, count) in ACTIONS.iter().zip(self.actions) {
            assert!(self.share(count) >= 1.0, "{name} decides too few");
        }
    }
}

#[test]
fn sets_and_single_packets_agree_at_filters() {
    let flows = setting("CLOUDFW_FLOWS", 60_000);
    let seed = setting("CLOUDFW_SEED", 1) as u64;
    let mut tally = Tally::default();
    let mut number = 0;
    while tally.flows < flows {
        let mut dice = Dice::new(seed.wrapping_mul(1 << 32).wrapping_add(number));
        one_stack(&mut dice, &mut tally);
        number += 1;
    }
    tally.print_and_check();
}

/// A random stack, its outcome over a set of flows, and the same flows one by one.
fn one_stack(dice: &mut Dice, tally: &mut Tally) {
    let kind = if dice.percent(40) { Kind::ANY } else { Kind::CERTAIN };
    let count = dice.between(1, 3);
    let filters: Vec<Filter> =
        (0..count).map(|i| filters::filter(dice, &format!("f{i}"), kind)).collect();
    let direction = dice.pick(&[Direction::Ingress, Direction::Egress]);
    let phase = match dice.below(8) {
        0 => Phase::ReplyWithState,
        1 => Phase::ReplyWithoutState,
        _ => Phase::Opening,
    };
    let state = if phase == Phase::Opening { StateSet::NEW } else { StateSet::ESTABLISHED };
    let identity = dice.pick(&[Identity::Kept, Identity::Kept, Identity::Doubtful, Identity::Lost]);
    let (source, destination) = (filters::member(dice), filters::member(dice));
    let mut flows: Vec<_> = (0..FLOWS_A_STACK).map(|_| filters::flow(dice)).collect();
    // Every set of flows is decided alike, however it is cut.
    let asked = match dice.below(3) {
        0 => HeaderSpace::full(),
        1 => HeaderSpace::full().with_source(&IpSet::any_v4()),
        _ => flows.iter().map(a_cube).collect(),
    };
    flows.retain(|flow| asked.contains(flow));
    let outcome = evaluate_stack(
        &filters,
        direction,
        set_phase(phase),
        &asked,
        &Sight {
            source: source.as_ref().map(set_member),
            destination: destination.as_ref().map(set_member),
            identity,
            near: None,
            state,
        },
    );
    let seen = Seen {
        source: source.as_ref().map(one_member),
        destination: destination.as_ref().map(one_member),
        identity,
        near: None,
        state,
    };
    for flow in flows {
        let ends = stack(&filters, direction, phase, flow, &seen);
        let may_pass = ends.iter().any(|end| !matches!(end.fate, Fate::Denied(_)));
        let may_be_denied = ends.iter().any(|end| matches!(end.fate, Fate::Denied(_)));
        assert_eq!(
            (outcome.pass.contains(&flow), outcome.deny.contains(&flow)),
            (may_pass, may_be_denied),
            "may pass, may be denied: sets against one packet\n{flow}\n{ends:#?}\n{direction} \
             {phase:?} {identity:?} {source:?} {destination:?}\n{filters:#?}"
        );
        if let (1, Some(end)) = (ends.len(), ends.first())
            && let Fate::Denied(denial) = end.fate
        {
            same_decider(&outcome.hits, &flow, &end.by, denial);
        }
        tally.flows += 1;
        match (may_pass, may_be_denied) {
            (true, false) => tally.allowed += 1,
            (false, true) => tally.denied += 1,
            _ => tally.undecided += 1,
        }
        let took_part = ends.iter().fold(0, |all, end| all | end.actions);
        for (bit, count) in tally.actions.iter_mut().enumerate() {
            *count += usize::from(took_part >> bit & 1);
        }
    }
}

/// What denies a flow for certain is the first of the hits that deny it.
fn same_decider(
    hits: &[cloudfw_core::Hit<'_>],
    flow: &cloudfw_core::Flow,
    by: &(String, String),
    denial: Denial,
) {
    let hit = hits.iter().find(|hit| hit.verdict.is_err() && hit.flows.contains(flow));
    let hit = hit.expect("what is denied is denied by someone");
    let named = match hit.by {
        cloudfw_core::Decider::Rule(list, rule) => (list.label.id.to_string(), rule.id.to_string()),
        _ => (String::new(), String::new()),
    };
    assert_eq!((&named, hit.verdict), (by, Err(denial)));
}

fn a_cube(flow: &cloudfw_core::Flow) -> cloudfw_core::Cube {
    let services = match flow.service {
        cloudfw_core::Service::Ports { protocol, .. }
        | cloudfw_core::Service::Icmp { protocol, .. }
        | cloudfw_core::Service::Other { protocol } => cloudfw_core::ServiceSet::all_of(protocol),
    };
    let (source, destination) = (IpSet::single(flow.source), IpSet::single(flow.destination));
    cloudfw_core::Cube::new(source, destination, services).expect("it holds the flow")
}

type AnInterface =
    (std::collections::BTreeSet<cloudfw_core::Id<cloudfw_core::Group>>, Vec<std::net::IpAddr>);

fn set_member((groups, addresses): &AnInterface) -> cloudfw_core::Member<'_> {
    cloudfw_core::Member { groups, addresses: addresses.iter().copied().collect() }
}

fn one_member((groups, addresses): &AnInterface) -> Member<'_> {
    Member { groups, addresses: addresses.clone() }
}

fn set_phase(phase: Phase) -> cloudfw_core::Phase {
    match phase {
        Phase::Opening => cloudfw_core::Phase::Opening,
        Phase::ReplyWithState => cloudfw_core::Phase::ReplyWithState,
        Phase::ReplyWithoutState => cloudfw_core::Phase::ReplyWithoutState,
    }
}
