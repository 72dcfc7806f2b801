//! Laws of answers about networks, on random small networks in text form.

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

use asking::{end, network, place};
use cloudfw_core::{
    Bounds, Client, Decision, HeaderSpace, Network, PathGraph, PortSet, Question, Reachability,
    Verdict, reach,
};
use generator::Dice;
use generator::networks::{self, Asked, PORTS};
use proptest::prelude::*;

/// A random network as text, and a question that it has both ends for.
fn scene(dice: &mut Dice, doubts: bool) -> (String, Asked) {
    loop {
        let text = networks::network(dice, doubts);
        if let Some(asked) = networks::question(dice, &network(&text)) {
            return (text, asked);
        }
    }
}

fn answer(network: &Network, asked: &Asked) -> Reachability {
    let question = Question {
        source: end(network, &asked.source),
        destination: end(network, &asked.destination),
        services: asked.service.parse().expect("a service"),
        client: Some(Client {
            kind: "given".into(),
            ports: PortSet::range(*PORTS.start(), *PORTS.end()),
        }),
        one_way: false,
    };
    reach(&PathGraph::new(network), &question)
}

fn is_within(inner: &Bounds<HeaderSpace>, outer: &Bounds<HeaderSpace>) -> bool {
    outer.at_least.is_subset(&inner.at_least) && inner.at_most.is_subset(&outer.at_most)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_hangs_together(seed: u64, doubts: bool) {
        let (text, asked) = scene(&mut Dice::new(seed), doubts);
        holds(&text, &asked, |built| hangs_together(&answer(built, &asked)));
    }

    #[test]
    fn the_same_network_gives_the_same_answer(seed: u64) {
        let (text, asked) = scene(&mut Dice::new(seed), true);
        prop_assert_eq!(answer(&network(&text), &asked), answer(&network(&text), &asked));
    }

    #[test]
    fn the_order_in_which_things_are_told_changes_nothing(seed: u64) {
        let mut dice = Dice::new(seed);
        let (text, asked) = scene(&mut dice, true);
        let shuffled = shuffled(&mut dice, &text);
        let (before, after) = (answer(&network(&text), &asked), answer(&network(&shuffled), &asked));
        let summary = |answer: &Reachability| {
            let blockers: Vec<String> = answer.blockers.iter().map(place).collect();
            (answer.verdict, answer.forward_verdict, answer.failing, answer.gap.clone(),
                answer.symptom, blockers)
        };
        prop_assert_eq!(summary(&before), summary(&after), "{}\n{}\n{:?}", text, shuffled, asked);
        prop_assert_eq!(before.allowed, after.allowed);
    }

    #[test]
    fn erasure_changes_a_verdict_only_to_unknown(seed: u64, doubts: bool) {
        let mut dice = Dice::new(seed);
        let (text, asked) = scene(&mut dice, doubts);
        let before = answer(&network(&text), &asked);
        for _ in 0..3 {
            let Some(less) = dice.pick(&ERASURES)(&mut dice, &text) else { continue };
            let after = answer(&network(&less), &asked);
            let told = format!("{text}\n----\n{less}\n{asked:?}: {} became {}", before.verdict, after.verdict);
            let fits = after.verdict == before.verdict || after.verdict == Verdict::Unknown;
            prop_assert!(fits || before.verdict == Verdict::Unknown, "{told}");
            prop_assert!(is_within(&before.allowed, &after.allowed), "{told}");
        }
    }

    #[test]
    fn another_allow_never_shrinks_and_another_deny_never_grows(seed: u64, doubts: bool) {
        let mut dice = Dice::new(seed);
        let (text, asked) = scene(&mut dice, doubts);
        let text = text.replace("allow-all", "allow");
        let before = answer(&network(&text), &asked).allowed;
        let more = answer(&network(&with_a_rule(&mut dice, &text, "allow")), &asked).allowed;
        prop_assert!(before.at_least.is_subset(&more.at_least), "{text}\n{asked:?}");
        prop_assert!(before.at_most.is_subset(&more.at_most), "{text}\n{asked:?}");
        let less = answer(&network(&with_a_rule(&mut dice, &text, "deny")), &asked).allowed;
        prop_assert!(less.at_least.is_subset(&before.at_least), "{text}\n{asked:?}");
        prop_assert!(less.at_most.is_subset(&before.at_most), "{text}\n{asked:?}");
    }

    #[test]
    fn a_reply_is_a_flow_the_other_way(seed: u64) {
        let mut dice = Dice::new(seed);
        let (text, mut asked) = scene(&mut dice, false);
        let text: String = text
            .lines()
            .filter(|line| !line.contains(" state ") && !line.contains("group:"))
            .map(|line| line.replace("stateful dropped", "stateless").replace("stateful evaluated", "stateless"))
            // An egress-only gateway lets flows out that it lets no replies out to.
            .map(|line| line.replace(" down", "").replace(" outward", "").replace(" answers-only", "") + "\n")
            .collect();
        (asked.source, asked.destination) = (format!("i{}", dice.below(6)), format!("i{}", dice.below(6)));
        if asked.source != asked.destination {
            holds(&text, &asked, |built| replies_like_the_other_way(built, &asked));
        }
    }
}

/// Asserts a law of a network, or prints the least network that breaks it.
fn holds(text: &str, asked: &Asked, law: impl Fn(&Network) -> Option<String>) {
    let broken = |text: &str| {
        let built = Network::from_text(text).ok();
        law(&built.filter(|built| asking::knows(built, &[&asked.source, &asked.destination]))?)
    };
    if broken(text).is_some() {
        let least = generator::cut_down(text, |text| broken(text).is_some());
        panic!("{least}\n{asked:?}\n{}", broken(&least).unwrap_or_default());
    }
}

/// What an answer says that its verdict does not bear out.
fn hangs_together(answer: &Reachability) -> Option<String> {
    let no_one = answer.allowed.at_most.is_empty();
    let (low, high) = (answer.failing.at_least, answer.failing.at_most);
    let fits = match answer.verdict {
        Verdict::Reachable => {
            answer.blockers.is_empty()
                && answer.unknowns.is_empty()
                && high.part == 0
                && !answer.allowed.at_least.is_empty()
                && answer.forward_verdict == Verdict::Reachable
        }
        Verdict::Intermittent => {
            !answer.blockers.is_empty() && low.part > 0 && high.part < high.whole
        }
        Verdict::Unreachable => no_one && !answer.blockers.is_empty(),
        Verdict::Unknown => !answer.unknowns.is_empty(),
        // One point cannot be partial.
        Verdict::Partial => false,
    };
    let bounded = answer.allowed.at_least.is_subset(&answer.allowed.at_most)
        && answer.allowed.at_most.services().is_subset(&answer.question.services);
    (!fits || !bounded).then(|| format!("{answer:#?}"))
}

/// Without state, what comes back is what could have been opened from the other side.
fn replies_like_the_other_way(built: &Network, asked: &Asked) -> Option<String> {
    let ask = |from: &str, to: &str, client: PortSet, service: &str, one_way| {
        let question = Question {
            source: end(built, from),
            destination: end(built, to),
            services: service.parse().expect("a service"),
            client: Some(Client { kind: "given".into(), ports: client }),
            one_way,
        };
        reach(&PathGraph::new(built), &question)
    };
    let (one, other) = (&asked.source, &asked.destination);
    let clients = PortSet::range(1024, 1031);
    let trip = ask(one, other, clients.clone(), "443", false);
    let there = ask(one, other, clients, "443", true);
    let back = ask(other, one, PortSet::single(443), "1024-1031", true);
    let translates = |answer: &Reachability| {
        answer.forward.iter().any(|step| step.decision == Decision::Translate)
    };
    let in_doubt = |answer: &Reachability| {
        answer.forward.iter().any(|step| step.decision == Decision::Unknown)
    };
    // A translation remembers the flow; a one-way answer knows nothing of it.
    if [&there, &back].into_iter().any(|answer| translates(answer) || in_doubt(answer)) {
        return None;
    }
    let wanted = there.allowed.at_most.intersection(&back.allowed.at_most.reversed());
    (trip.allowed.at_most != wanted).then(|| format!("{:?} for {wanted:?}", trip.allowed.at_most))
}

/// The lines of one thing, and which of them.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for line in text.lines() {
        match blocks.last_mut() {
            Some(block) if line.starts_with(' ') || line.starts_with("chain ") => {
                block.push('\n');
                block.push_str(line);
            }
            _ => blocks.push(line.to_owned()),
        }
    }
    blocks
}

/// Things, and the routes of a table, in another order; the rules of a filter keep theirs.
fn shuffled(dice: &mut Dice, text: &str) -> String {
    let mut all: Vec<String> = blocks(text)
        .into_iter()
        .map(|block| {
            let mut lines: Vec<&str> = block.lines().collect();
            if let Some(("table", routes)) =
                lines.split_first_mut().map(|(f, r)| (&f[..5.min(f.len())], r))
            {
                shuffle(dice, routes);
            }
            lines.join("\n")
        })
        .collect();
    shuffle(dice, &mut all);
    all.join("\n")
}

fn shuffle<T>(dice: &mut Dice, items: &mut [T]) {
    for index in (1..items.len()).rev() {
        items.swap(index, dice.below(index + 1));
    }
}

/// The text with one rule more, somewhere in a filter.
fn with_a_rule(dice: &mut Dice, text: &str, action: &str) -> String {
    let rule = |line: &str| line.starts_with("  in ") || line.starts_with("  out ");
    changed_line(dice, text, rule, |dice, line| {
        let way = if line.starts_with("  in ") { "in" } else { "out" };
        let services = ["any", "tcp", "443", "1024-1029", "icmp"];
        Some(format!("  {way} new {action} {}\n{line}", dice.pick(&services)))
    })
    .expect("there is a rule")
}

/// The text with one of the lines that fit changed.
fn changed_line(
    dice: &mut Dice,
    text: &str,
    fits: impl Fn(&str) -> bool,
    change: impl FnOnce(&mut Dice, &str) -> Option<String>,
) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let found: Vec<usize> = (0..lines.len()).filter(|index| fits(&lines[*index])).collect();
    if found.is_empty() {
        return None;
    }
    let index = dice.pick(&found);
    lines[index] = change(dice, &lines[index])?;
    Some(lines.join("\n"))
}

type Erasure = fn(&mut Dice, &str) -> Option<String>;

const ERASURES: [Erasure; 12] = [
    |dice, text| without(dice, text, "filter "),
    |dice, text| without(dice, text, "table "),
    |dice, text| {
        changed_line(
            dice,
            text,
            |line| line.contains(" -> "),
            |_, line| {
                let (destination, _) = line.split_once(" -> ")?;
                Some(format!("{destination} -> unknown"))
            },
        )
    },
    // AWS-62: an unresolved list does not win over a local route, so those that do are left.
    |dice, text| {
        changed_line(
            dice,
            text,
            |line| line.contains("/0 -> "),
            |_, line| {
                let (_, target) = line.split_once(" -> ")?;
                Some(format!("  ?list -> {target}"))
            },
        )
    },
    |dice, text| {
        changed_line(
            dice,
            text,
            |line| line.starts_with("interface "),
            |_, line| Some(format!("{} maybe-down", line.replace(" down", ""))),
        )
    },
    |dice, text| {
        changed_line(
            dice,
            text,
            |line| line.starts_with("interface "),
            |_, line| Some(format!("{} maybe-opens", line.replace(" answers-only", ""))),
        )
    },
    |dice, text| {
        changed_line(
            dice,
            text,
            |line| line.starts_with("interface ") && !line.contains(" maybe-lacks "),
            |_, line| Some(format!("{} maybe-lacks 10.1.0.2", line.replace(" lacks 10.1.0.2", ""))),
        )
    },
    |dice, text| {
        changed_line(
            dice,
            text,
            |line| line.starts_with("router ") && line.contains(" platform "),
            |_, line| Some(format!("{line} maybe-more")),
        )
    },
    |dice, text| changed_line(dice, text, is_rule, |_, line| Some(format!("{line} maybe"))),
    |dice, text| {
        changed_line(
            dice,
            text,
            |line| is_rule(line) && line.contains(" from "),
            |_, line| {
                let (before, rest) = line.split_once(" from ")?;
                let after = rest.split_once(' ').map_or("", |(_, after)| after);
                Some(format!("{before} from ?pl {after}"))
            },
        )
    },
    |dice, text| {
        changed_line(
            dice,
            text,
            |line| line.starts_with("gateway "),
            |_, line| Some(format!("{} doubt", line.replace(" closed", ""))),
        )
    },
    // A gateway of which only the name is left; what else hangs on the routers is not known then.
    |dice, text| {
        let less = changed_line(
            dice,
            text,
            |line| line.starts_with("gateway "),
            |_, line| {
                let name = line.split_whitespace().nth(1)?;
                Some(format!("gateway {name} opaque rewrites"))
            },
        )?;
        let unread = |line: &str| match line.starts_with("router ") && !line.ends_with(" unread") {
            true => format!("{line} unread\n"),
            false => format!("{line}\n"),
        };
        Some(less.lines().map(unread).collect())
    },
];

fn is_rule(line: &str) -> bool {
    line.starts_with("  ") && !line.contains("->")
}

/// The text without one whole thing of a kind.
fn without(dice: &mut Dice, text: &str, kind: &str) -> Option<String> {
    let mut all = blocks(text);
    let found: Vec<usize> = (0..all.len()).filter(|index| all[*index].starts_with(kind)).collect();
    let index = dice.pick(&found);
    all.remove(index);
    Some(all.join("\n"))
}

#[test]
fn design_5_the_verdict_over_several() {
    use Verdict::{Intermittent, Partial, Reachable, Unknown, Unreachable};
    let all = [Reachable, Intermittent, Unreachable, Unknown, Partial];
    assert_eq!(Verdict::over([]), None);
    for one in all {
        assert_eq!(Verdict::over([one]), Some(one));
        assert_eq!(Verdict::over([one, one]), Some(one), "all alike");
        for other in all {
            assert_eq!(Verdict::over([one, other]), Verdict::over([other, one]), "no order");
            for third in all {
                let over = Verdict::over([one, other, third]);
                assert_eq!(over, Verdict::over([third, one, other]), "no order");
                assert_eq!(over, Verdict::over([one, other, third, third]), "no count");
            }
        }
    }
    assert_eq!(Verdict::over([Reachable, Unreachable]), Some(Partial));
    assert_eq!(
        Verdict::over([Reachable, Unreachable, Unknown]),
        Some(Partial),
        "even beside unknowns"
    );
    assert_eq!(Verdict::over([Reachable, Intermittent]), Some(Intermittent));
    assert_eq!(Verdict::over([Reachable, Unknown]), Some(Unknown));
    assert_eq!(Verdict::over([Unreachable, Unknown]), Some(Unknown));
    assert_eq!(Verdict::over([Intermittent, Unknown]), Some(Unknown));
    assert_eq!(Verdict::over([Intermittent, Unreachable]), Some(Partial), "some pass for sure");
    assert_eq!(Verdict::over([Partial, Reachable]), Some(Partial));
}
