//! Networks that nobody should have: they end in bounded time with an answer, never a panic.

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

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use asking::{ask, network};
use cloudfw_core::{
    Client, Endpoint, Id, IpSet, Network, PathGraph, PortSet, Question, Reachability, ServiceSet,
    Verdict, reach,
};
use generator::{Dice, networks};
use proptest::prelude::*;

/// What a debug build on a busy machine may take for one of these.
const SOON: Duration = Duration::from_secs(10);

fn soon<T>(what: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = what();
    let took = begin.elapsed();
    assert!(took < SOON, "it took {took:?}");
    result
}

fn between(text: &str, from: &str, to: &str) -> Reachability {
    soon(|| ask(&network(text), from, to, "443"))
}

const TWO: &str = "
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24 table rt acl f
subnet b in vpc 10.0.2.0/24 table rt
table rt
  10.0.0.0/16 -> local
interface one in a 10.0.1.5
interface two in b 10.0.2.5
";

#[test]
fn chains_that_call_each_other_decide_nothing() {
    let calls = |chain: &str, how: &str| {
        (0..20).fold(String::new(), |mut text, i| {
            let _ = writeln!(text, "  {i} {how} {chain} tcp");
            text
        })
    };
    for how in ["jump", "goto"] {
        let text = format!(
            "{TWO}filter f stateless\n  out 1 {how} c tcp\n  in 1 allow any\nchain c\n{}chain d\n{}",
            calls("d", how),
            calls("c", how)
        );
        assert_eq!(between(&text, "one", "two").verdict, Verdict::Unknown, "{how}");
    }
    let own = format!(
        "{TWO}filter f stateless\n  in 1 allow any\n  out 1 jump c any\nchain c\n  1 jump c any\n  2 allow any\n"
    );
    assert_eq!(between(&own, "one", "two").verdict, Verdict::Unknown);
}

#[test]
fn a_chain_that_calls_itself_and_decides_before_is_decided() {
    let text = format!(
        "{TWO}filter f stateless\n  in 1 allow any\n  out 1 jump c any\nchain c\n  1 allow 443\n  2 jump c any\n"
    );
    assert_eq!(between(&text, "one", "two").verdict, Verdict::Reachable);
}

#[test]
fn translating_gateways_that_lead_to_each_other() {
    let text = "
external internet 0.0.0.0/0
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24 table ra
subnet p in vpc 10.0.2.0/24 table rp
subnet q in vpc 10.0.3.0/24 table rq
table ra
  0.0.0.0/0 -> p
table rp
  0.0.0.0/0 -> q
table rq
  0.0.0.0/0 -> p
gateway p snat p 10.0.2.9
gateway q snat q 10.0.3.9
interface one in a 10.0.1.5
";
    let answer = between(text, "one", "internet:198.51.100.7");
    assert!(matches!(answer.verdict, Verdict::Unknown | Verdict::Unreachable));
    assert!(answer.allowed.at_least.is_empty());
}

#[test]
fn an_edge_table_that_leads_back_out() {
    let text = "
external internet 0.0.0.0/0
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24 table edge
table edge
  0.0.0.0/0 -> igw
gateway igw border vpc internet table edge
interface one in a 10.0.1.5 public 203.0.113.5
";
    let answer = between(text, "internet:198.51.100.7", "one@203.0.113.5");
    assert!(answer.allowed.at_least.is_empty());
}

#[test]
fn links_to_themselves_and_to_nobody() {
    let text = "
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24 table ra
subnet b in vpc 10.0.2.0/24 table rb
table ra
  10.0.0.0/16 -> same
table rb
  10.0.0.0/16 -> none
gateway same link vpc vpc
gateway none link vpc nobody
interface one in a 10.0.1.5
interface two in b 10.0.2.5
";
    assert!(between(text, "one", "two").allowed.at_least.is_empty());
    assert!(between(text, "two", "one").allowed.at_least.is_empty());
}

/// What a thing refers to and the network has not can only make an answer unknown.
#[test]
fn references_to_what_is_not_there() {
    let whole = "
external internet 0.0.0.0/0
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24 table rt acl f
subnet b in vpc 10.0.2.0/24 table rt
table rt
  10.0.0.0/16 -> local
  0.0.0.0/0 -> igw
gateway igw border vpc internet
filter f stateless
  in 1 allow any
  out 1 allow any
interface one in a 10.0.1.5 public 203.0.113.5 filters f
interface two in b 10.0.2.5
";
    let ends = [("one", "two"), ("two", "one"), ("one", "internet:198.51.100.7")];
    for missing in ["router vpc", "subnet a", "subnet b", "table rt", "filter f", "gateway igw"] {
        let mut skipping = false;
        let text = whole.lines().fold(String::new(), |mut text, line| {
            skipping = line.starts_with(missing) || (skipping && line.starts_with(' '));
            if !skipping {
                let _ = writeln!(text, "{line}");
            }
            text
        });
        for (from, to) in ends {
            let (before, after) =
                (between(whole, from, to).verdict, between(&text, from, to).verdict);
            assert_eq!(before, Verdict::Reachable);
            assert!(
                after == before || after == Verdict::Unknown,
                "{from} to {to} without {missing}: {after}"
            );
        }
    }
    let external: String = whole.replace("external internet 0.0.0.0/0\n", "");
    assert_eq!(between(&external, "one", "two").verdict, Verdict::Reachable);
}

#[test]
fn questions_about_what_is_not_there() {
    let built = network(&TWO.replace(" acl f", ""));
    let graph = PathGraph::new(&built);
    let nobody = |address: &str| Endpoint::Interface {
        id: Id::from("nobody"),
        address: address.parse().unwrap(),
        dialled: None,
    };
    let one = || asking::end(&built, "one");
    let nowhere = || Endpoint::External { id: Id::from("nowhere"), addresses: IpSet::any_v4() };
    let unheld =
        || Endpoint::Unheld { router: Id::from("none"), address: "10.0.0.1".parse().unwrap() };
    let ends = [one(), nobody("10.0.1.5"), nobody("2001:db8::1"), nowhere(), unheld()];
    for source in &ends {
        for destination in &ends {
            for services in [ServiceSet::full(), ServiceSet::empty(), "443".parse().unwrap()] {
                let client = Some(Client { kind: "given".into(), ports: PortSet::empty() });
                for client in [None, client] {
                    let (source, destination) = (source.clone(), destination.clone());
                    let services = services.clone();
                    let question =
                        Question { source, destination, services, client, one_way: false };
                    let answer = soon(|| reach(&graph, &question));
                    assert!(answer.allowed.at_least.is_subset(&answer.allowed.at_most));
                    let to_itself = question.source == one() && question.destination == one();
                    assert!(to_itself || answer.verdict != Verdict::Reachable, "{question:?}");
                }
            }
        }
    }
}

#[test]
fn one_address_held_by_two_is_unknown() {
    let text = format!("{}interface twin in b 10.0.2.5 down\n", TWO.replace(" acl f", ""));
    assert_eq!(between(&text, "one", "two").verdict, Verdict::Unknown);
}

#[test]
fn a_table_of_a_hundred_thousand_prefixes() {
    let mut text = String::from(
        "external internet 0.0.0.0/0\nrouter vpc 10.0.0.0/16\nsubnet a in vpc 10.0.1.0/24 table rt\n\
         gateway igw border vpc internet\ninterface one in a 10.0.1.5 public 203.0.113.5\ntable rt\n",
    );
    for number in 0u32..100_000 {
        let target = if number % 2 == 0 { "igw" } else { "blackhole" };
        let _ =
            writeln!(text, "  {}/32 -> {target}", std::net::Ipv4Addr::from(0x0B00_0000 + number));
    }
    let built = soon(|| network(&text));
    let graph = soon(|| PathGraph::new(&built));
    let to = |address: &str| {
        let question = Question {
            source: asking::end(&built, "one"),
            destination: asking::end(&built, &format!("internet:{address}")),
            services: "443".parse().unwrap(),
            client: None,
            one_way: true,
        };
        soon(|| reach(&graph, &question)).verdict
    };
    assert_eq!(to("11.0.0.2"), Verdict::Reachable);
    assert_eq!(to("11.0.0.3"), Verdict::Unreachable);
    assert_eq!(to("12.0.0.3"), Verdict::Unreachable);
    assert_eq!(to("*"), Verdict::Partial);
}

#[test]
fn a_list_of_ten_thousand_rules() {
    let rules = (0u32..10_000).fold(String::new(), |mut text, number| {
        let from = std::net::Ipv4Addr::from(0x0B00_0000 + number * 2);
        let _ =
            writeln!(text, "  out {number} deny {}-{} to {from}", number % 5000, number % 5000 + 9);
        text
    });
    let text = format!("{TWO}filter f stateless\n  in 1 allow any\n{rules}  out * allow any\n");
    assert_eq!(between(&text, "one", "two").verdict, Verdict::Reachable);
    let mut wide = network(&text);
    for table in wide.tables.values_mut() {
        table.routes.clear();
    }
    let answer = soon(|| ask(&wide, "one", "two", "any"));
    assert_eq!(answer.verdict, Verdict::Unreachable);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Words left out, doubled or swapped: an error with its line, or a network that answers.
    #[test]
    fn garbled_text_is_an_error_or_a_network(seed: u64) {
        let mut dice = Dice::new(seed);
        let text = garbled(&mut dice);
        match Network::from_text(&text) {
            Err(error) => {
                let lines = u32::try_from(text.lines().count()).unwrap();
                prop_assert!((1..=lines).contains(&error.line), "{error}");
                prop_assert!(!error.what.is_empty());
            }
            Ok(built) => {
                for _ in 0..2 {
                    let Some(asked) = networks::question(&mut dice, &built) else { continue };
                    let ends = [&asked.source, &asked.destination];
                    // Garbled names may not be names that a question can be written with.
                    let known = |end: &str| match (end.strip_prefix('?'), end.split_once(':')) {
                        (Some(held), _) => held
                            .split_once(':')
                            .is_some_and(|(_, at)| at.parse::<std::net::IpAddr>().is_ok()),
                        (None, Some((external, _))) if !external.contains('@') => {
                            built.externals.contains_key(&Id::from(external))
                        }
                        _ => {
                            let (name, dialled) = end.split_once('@').unwrap_or((end, "::"));
                            let (name, index) = asking::name_and_index(name);
                            let interface = built.interfaces.get(&Id::from(name));
                            interface.is_some_and(|held| held.addresses.len() > index)
                                && dialled.parse::<std::net::IpAddr>().is_ok()
                        }
                    };
                    if ends.into_iter().all(|end| known(end)) {
                        let answer = soon(|| ask(&built, &asked.source, &asked.destination, asked.service));
                        prop_assert!(answer.allowed.at_least.is_subset(&answer.allowed.at_most));
                    }
                }
            }
        }
    }
}

fn garbled(dice: &mut Dice) -> String {
    let text = networks::network(dice, true);
    let mut lines: Vec<Vec<&str>> = text.lines().map(|l| l.split(' ').collect()).collect();
    for _ in 0..dice.between(1, 3) {
        let line = dice.below(lines.len());
        let words = &mut lines[line];
        let (one, other) = (dice.below(words.len()), dice.below(words.len()));
        match dice.below(5) {
            0 => {
                words.remove(one);
            }
            1 => words.swap(one, other),
            2 => words.insert(one, words[other]),
            3 => {
                words[one] = dice.pick(&[
                    "10.0.0.300/8",
                    "70000",
                    "500-400",
                    "-1",
                    "\u{1b}[31m",
                    "->",
                    "::/129",
                ]);
            }
            _ => {
                lines.remove(line);
            }
        }
        if lines.is_empty() || lines.iter().any(Vec::is_empty) {
            lines.retain(|line| !line.is_empty());
            lines.push(vec!["router", "a", "10.1.0.0/16"]);
        }
    }
    lines.iter().map(|words| words.join(" ") + "\n").collect()
}

#[test]
fn an_error_in_the_text_names_its_line() {
    for (text, line, what) in [
        ("router a 10.0.0.0/8\nrouter b 10.0.0.300/8", 2, "10.0.0.300/8"),
        ("filter f stateless\n  in 1 allow 70000", 2, "70000"),
        ("\n\nfilter f stateless\n  in 1 allow 500-400", 4, "500"),
        ("filter f sometimes", 1, "sometimes"),
        ("filter f stateless\n  in 1 permit any", 2, "permit"),
        ("  10.0.0.0/8 -> local", 1, "route"),
        ("in 1 allow any", 1, "filter"),
        ("subnet a at vpc 10.0.0.0/8", 1, "at"),
        ("gateway g tunnel a b", 1, "tunnel"),
        ("interface i in a 10.0.0.1 sideways", 1, "sideways"),
        ("interface i in a public 10.0.0.1", 1, "public"),
        ("castle a", 1, "castle"),
        ("router", 1, "router"),
    ] {
        let error = Network::from_text(text).unwrap_err();
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(error.what.contains(what), "{text}: {error}");
        assert_eq!(error.to_string(), format!("line {line}: {}", error.what));
    }
}
