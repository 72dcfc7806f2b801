//! The answers of `reach` and what happens to single packets agree, for every choice of ports.
//!
//! `CLOUDFW_FLOWS` gives the number of random networks, one for two hundred flows, each of which
//! sends about a hundred packets; `CLOUDFW_SEED` begins elsewhere. A network on which they differ
//! is cut down line by line before it is printed; `CLOUDFW_SHOW` prints more than the first.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "that is how a test fails and reports"
)]

mod asking;
mod generator;
mod one_packet;

use std::collections::{BTreeMap, BTreeSet};

use asking::{end, network};
use cloudfw_core::{
    Bounds, Client, Endpoint, Flow, Fraction, Network, PathGraph, Peer, Peers, PortSet, Question,
    Reachability, Service, ServiceSet, Verdict, reach,
};
use generator::Dice;
use generator::networks::{self, Asked, PORTS};
use one_packet::path::{Outcome, Place, Trip};

const QUESTIONS_A_NETWORK: usize = 12;

fn setting(name: &str, default: usize) -> usize {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().expect("a number"))
}

fn networks() -> usize {
    setting("CLOUDFW_FLOWS", 60_000) / 200
}

/// What was compared.
#[derive(Debug, Default)]
struct Tally {
    packets: usize,
    verdicts: BTreeMap<Verdict, usize>,
    /// Questions in which something was not known.
    doubted: usize,
    /// Those of them that single packets answer and sets do not.
    vague: usize,
    /// Questions that crossed so many translating gateways.
    gateways: BTreeMap<usize, usize>,
    first_blockers: usize,
}

#[test]
fn sets_and_single_packets_agree_in_networks() {
    let networks = networks();
    let seed = setting("CLOUDFW_SEED", 1) as u64;
    let mut tally = Tally::default();
    let mut wrong = 0;
    for number in 0..networks as u64 {
        let mut dice = Dice::new(seed.wrapping_mul(1 << 32).wrapping_add(number));
        let doubts = dice.percent(40);
        let text = networks::network(&mut dice, doubts);
        let built = network(&text);
        let graph = PathGraph::new(&built);
        for _ in 0..QUESTIONS_A_NETWORK {
            let Some(asked) = networks::question(&mut dice, &built) else { continue };
            if let Err(difference) = compare(&graph, &asked, &mut tally) {
                wrong += 1;
                if wrong <= setting("CLOUDFW_SHOW", 1) {
                    println!("{}", cut_down(&text, &asked, &difference));
                }
            }
        }
    }
    println!("{tally:#?}");
    assert_eq!(wrong, 0, "answers that differ");
    let share = |verdict| tally.verdicts.get(&verdict).copied().unwrap_or(0) * 100;
    let all: usize = tally.verdicts.values().sum();
    assert!(share(Verdict::Reachable) >= all * 5, "too few are reachable");
    assert!(share(Verdict::Intermittent) >= all, "too few are intermittent");
}

fn cut_down(text: &str, asked: &Asked, first: &str) -> String {
    let kind = |difference: &str| difference.split(':').next().unwrap_or_default().to_owned();
    let alike = |text: &str| differs(text, asked).filter(|found| kind(found) == kind(first));
    let least = generator::cut_down(text, |text| alike(text).is_some());
    format!("{least}\n{asked:?}\n{}", alike(&least).unwrap_or_default())
}

fn differs(text: &str, asked: &Asked) -> Option<String> {
    let built = Network::from_text(text)
        .ok()
        .filter(|built| asking::knows(built, &[&asked.source, &asked.destination]))?;
    compare(&PathGraph::new(&built), asked, &mut Tally::default()).err()
}

fn compare(graph: &PathGraph<'_>, asked: &Asked, tally: &mut Tally) -> Result<(), String> {
    let built = graph.network();
    let question = Question {
        source: end(built, &asked.source),
        destination: end(built, &asked.destination),
        services: asked.service.parse().expect("a service"),
        client: Some(Client {
            kind: "given".into(),
            ports: PortSet::range(*PORTS.start(), *PORTS.end()),
        }),
        one_way: false,
    };
    let answer = reach(graph, &question);
    let there = Choices::of(built, &question, true);
    let both = Choices::of(built, &question, false);
    *tally.verdicts.entry(answer.verdict).or_default() += 1;
    *tally.gateways.entry(both.gateways).or_default() += 1;
    tally.packets += there.all.len() + both.all.len();
    tally.doubted += usize::from(both.doubted);
    tally.vague +=
        usize::from(answer.verdict == Verdict::Unknown && both.verdict() != Verdict::Unknown);
    let told = |what: &str, got: &dyn std::fmt::Debug, wanted: &dyn std::fmt::Debug| {
        let kind = if both.doubted { " in doubt" } else { "" };
        Err(format!(
            "{what}{kind}: sets say {got:?}, single packets {wanted:?}\n{}\n{}",
            both.told(),
            steps(&answer)
        ))
    };
    if !agree(answer.forward_verdict, &there) {
        return told("forward", &answer.forward_verdict, &there.verdict());
    }
    if !agree(answer.verdict, &both) {
        return told("verdict", &answer.verdict, &both.verdict());
    }
    if both.sampled {
        return Ok(());
    }
    if let Some((flow, wanted)) = both.not_allowed_alike(&answer) {
        return told("allowed", &flow, &wanted);
    }
    if answer.verdict == Verdict::Intermittent {
        let (wanted, exact) = (both.failing(), !both.doubted);
        if !shares_agree(&answer.failing, &wanted, exact) {
            return told("failing", &answer.failing, &wanted);
        }
        if exact && both.gateways == 0 && answer.gap != both.gap() {
            return told("gap", &answer.gap, &both.gap());
        }
    }
    if let Some(place) = both.one_place().filter(|_| !both.doubted && !names_groups(built)) {
        tally.first_blockers += 1;
        if !is_first(&answer, &place) {
            return told("blocker", &answer.blockers.first().map(asking::place), &place);
        }
    }
    Ok(())
}

/// What a group reference matches on a way that ends early depends on how it would have gone on.
fn names_groups(network: &Network) -> bool {
    let lists = network.filters.values().flat_map(|f| f.ingress.iter().chain(&f.egress));
    lists.flat_map(|list| &list.rules).any(|rule| {
        [&rule.matches.sources, &rule.matches.destinations].into_iter().any(|peers| {
            matches!(peers, Peers::Of(of) if of.iter().any(|p| matches!(p, Peer::Group(_))))
        })
    })
}

/// Where nothing is in doubt they say the same; elsewhere sets may know less, never otherwise.
fn agree(said: Verdict, choices: &Choices) -> bool {
    let wanted = choices.verdict();
    if choices.sampled {
        return match said {
            Verdict::Reachable | Verdict::Unreachable => said == wanted,
            _ => true,
        };
    }
    said == wanted || (said == Verdict::Unknown && choices.doubted)
}

/// What may happen for each choice of ports: the client's, then each gateway's.
#[derive(Debug)]
struct Choices {
    all: BTreeMap<Flow, Vec<BTreeSet<Outcome>>>,
    doubted: bool,
    gateways: usize,
    /// Set where there are too many choices to try them all.
    sampled: bool,
}

impl Choices {
    fn of(network: &Network, question: &Question, one_way: bool) -> Self {
        let service = question.services.a_service().expect("one service is asked about");
        let client: Vec<u16> =
            if service.protocol().has_ports() { PORTS.collect() } else { vec![0] };
        let try_one = |port: u16, gateway_ports: Vec<u16>| {
            let trip = Trip {
                network,
                source: &question.source,
                destination: &question.destination,
                flow: first_packet(question, service, port),
                gateway_ports,
                one_way,
            };
            (trip.flow, trip.outcomes())
        };
        let (_, scouted) = try_one(*PORTS.start(), vec![*PORTS.start()]);
        let mut picks: Vec<Vec<u16>> = vec![Vec::new()];
        let sampled = scouted.gateways.len() > 2;
        for ports in &scouted.gateways {
            let mut ports: Vec<u16> =
                PORTS.chain(1032..=1040).filter(|p| ports.contains(*p)).collect();
            if !service.protocol().has_ports() || sampled {
                ports.truncate(1);
            }
            let with_one_more = |pick: &Vec<u16>| {
                let pick = pick.clone();
                ports.clone().into_iter().map(move |p| pick.iter().copied().chain([p]).collect())
            };
            picks = picks.iter().flat_map(with_one_more).collect();
        }
        let mut choices = Self {
            all: BTreeMap::new(),
            doubted: false,
            gateways: scouted.gateways.len(),
            sampled,
        };
        for port in client {
            for pick in &picks {
                let (flow, found) = try_one(port, pick.clone());
                choices.doubted |= found.doubted;
                choices.all.entry(flow).or_default().push(found.outcomes);
            }
        }
        choices
    }

    /// Which outcomes how many choices may have.
    fn told(&self) -> String {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for outcomes in self.outcomes() {
            let told = outcomes.iter().map(|outcome| match outcome {
                Outcome::Pass => "pass".to_owned(),
                Outcome::Stopped(place) => format!("{:?} {} {}", place.leg, place.at, place.rule),
            });
            *counts.entry(told.collect::<Vec<_>>().join(" or ")).or_default() += 1;
        }
        format!("{counts:#?}")
    }

    fn outcomes(&self) -> impl Iterator<Item = &BTreeSet<Outcome>> {
        self.all.values().flatten()
    }

    fn verdict(&self) -> Verdict {
        let some_pass = self.outcomes().any(passes);
        let some_fail = self.outcomes().any(fails);
        if self.outcomes().all(passes) {
            Verdict::Reachable
        } else if self.outcomes().all(fails) {
            Verdict::Unreachable
        } else if some_pass && some_fail {
            Verdict::Intermittent
        } else {
            Verdict::Unknown
        }
    }

    fn failing(&self) -> Bounds<Fraction> {
        let count =
            |what: fn(&BTreeSet<Outcome>) -> bool| self.outcomes().filter(|o| what(o)).count();
        let whole = self.outcomes().count() as u128;
        let of = |part: usize| Fraction { part: part as u128, whole };
        Bounds { at_least: of(count(fails)), at_most: of(count(passes)).complement() }
    }

    /// The client's ports that are lost.
    fn gap(&self) -> PortSet {
        let lost = self.all.iter().filter(|(_, outcomes)| outcomes.iter().all(fails));
        let ports = lost.filter_map(|(flow, _)| match flow.service {
            Service::Ports { source, .. } => Some((source, source)),
            _ => None,
        });
        PortSet::from_ranges(ports)
    }

    /// A client's flow that the allowed sets hold and should not, or the other way round.
    fn not_allowed_alike(&self, answer: &Reachability) -> Option<(Flow, &'static str)> {
        self.all.iter().find_map(|(flow, outcomes)| {
            let surely = outcomes.iter().all(passes);
            let possibly = outcomes.iter().any(|o| !fails(o));
            let at_least = answer.allowed.at_least.contains(flow);
            let at_most = answer.allowed.at_most.contains(flow);
            let loose = self.doubted;
            match () {
                () if at_least && !surely => Some((*flow, "it may fail")),
                () if !at_most && possibly => Some((*flow, "it may pass")),
                () if surely && !at_least && !loose => Some((*flow, "it passes")),
                () if at_most && !possibly && !loose => Some((*flow, "it fails")),
                () => None,
            }
        })
    }

    /// The place at which every choice dies for certain.
    fn one_place(&self) -> Option<Place> {
        let mut places = BTreeSet::new();
        for outcomes in self.outcomes() {
            match (outcomes.len(), outcomes.first()) {
                (1, Some(Outcome::Stopped(place))) => places.insert(place.clone()),
                _ => return None,
            };
        }
        if places.len() == 1 { places.pop_first() } else { None }
    }
}

fn passes(outcomes: &BTreeSet<Outcome>) -> bool {
    outcomes.iter().all(|outcome| *outcome == Outcome::Pass)
}

fn fails(outcomes: &BTreeSet<Outcome>) -> bool {
    !outcomes.contains(&Outcome::Pass)
}

fn first_packet(question: &Question, service: Service, port: u16) -> Flow {
    let own = |endpoint: &Endpoint| match endpoint {
        Endpoint::Interface { address, .. } | Endpoint::Unheld { address, .. } => *address,
        Endpoint::External { addresses, .. } => addresses.first().expect("one is asked about"),
    };
    let destination = match &question.destination {
        Endpoint::Interface { dialled: Some(dialled), .. } => *dialled,
        other => own(other),
    };
    let service = match service {
        Service::Ports { protocol, destination, .. } => {
            Service::Ports { protocol, source: port, destination }
        }
        other => other,
    };
    Flow { source: own(&question.source), destination, service }
}

fn shares_agree(said: &Bounds<Fraction>, wanted: &Bounds<Fraction>, exact: bool) -> bool {
    let compare = |a: &Fraction, b: &Fraction| (a.part * b.whole).cmp(&(b.part * a.whole));
    let (low, high) =
        (compare(&said.at_least, &wanted.at_least), compare(&said.at_most, &wanted.at_most));
    if said.at_least.whole == 0 || said.at_most.whole == 0 {
        return false;
    }
    if exact { low.is_eq() && high.is_eq() } else { low.is_le() && high.is_ge() }
}

fn is_first(answer: &Reachability, place: &Place) -> bool {
    let Some(first) = answer.blockers.first() else { return false };
    let rule = first.rule.as_ref();
    let at = rule.map_or(&first.at.id, |rule| &rule.list.id);
    first.leg == place.leg
        && rule.map_or("", |rule| &*rule.id) == place.rule
        && (**at == *place.at || place.at.is_empty() || place.at == "nowhere")
}

fn steps(answer: &Reachability) -> String {
    answer
        .forward
        .iter()
        .chain(&answer.back)
        .map(|s| format!("  {:?} {} {:?} {:?}\n", s.leg, asking::place(s), s.decision, s.flows))
        .collect()
}

/// Several services and addresses at once are what each of them is.
#[test]
fn an_answer_over_several_is_the_answers_of_each() {
    let networks = networks() / 4;
    let seed = setting("CLOUDFW_SEED", 1) as u64;
    for number in 0..networks as u64 {
        let mut dice = Dice::new(seed.wrapping_mul(1 << 33).wrapping_add(number));
        let doubts = dice.percent(30);
        let text = networks::network(&mut dice, doubts);
        let built = network(&text);
        let graph = PathGraph::new(&built);
        let Some(asked) = networks::question(&mut dice, &built) else { continue };
        let all = ["443", "5432", "53/udp", "icmp/8.0"];
        let ask = |services: ServiceSet| {
            let question = Question {
                source: end(&built, &asked.source),
                destination: end(&built, &asked.destination),
                services,
                client: None,
                one_way: false,
            };
            reach(&graph, &question)
        };
        let each: Vec<_> = all.iter().map(|s| ask(s.parse().expect("a service"))).collect();
        let whole = all.iter().fold(ServiceSet::empty(), |whole, service| {
            whole.union(&service.parse().expect("a service"))
        });
        let together = ask(whole);
        let wanted = Verdict::over(each.iter().map(|answer| answer.verdict));
        assert_eq!(Some(together.verdict), wanted, "{text}\n{asked:?}");
        for answer in &each {
            assert!(answer.allowed.at_most.is_subset(&together.allowed.at_most));
            assert!(answer.allowed.at_least.is_subset(&together.allowed.at_least));
            assert!(together.allowed.at_least.is_subset(&together.allowed.at_most));
        }
    }
}
