//! Laws of filters, on random ones with every action, chains, groups and doubts.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "that is how a test fails and reports"
)]

mod generator;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Direction, Filter, Group, HeaderSpace, Id, Identity, IpSet, Match, Member,
    Peers, Phase, Rule, RuleList, Sight, Tracking, Unknown, WithoutState, evaluate_stack,
};
use generator::Dice;
use generator::filters::{self, Kind};
use proptest::prelude::*;

const WITHOUT_ALLOW_ALL: Kind = Kind { allow_all: false, ..Kind::ANY };

fn stack(dice: &mut Dice, kind: Kind) -> Vec<Filter> {
    let count = dice.between(1, 2);
    (0..count).map(|i| filters::filter(dice, &format!("f{i}"), kind)).collect()
}

/// What may pass and what may be denied of a set of flows.
fn outcome(filters: &[Filter], asked: &HeaderSpace, sight: &Sight<'_>) -> [HeaderSpace; 2] {
    let outcome = evaluate_stack(filters, Direction::Ingress, Phase::Opening, asked, sight);
    [outcome.pass, outcome.deny]
}

/// Some flows; few enough that a debug run stays short.
fn some_flows(dice: &mut Dice) -> HeaderSpace {
    let cube = |dice: &mut Dice| {
        let flow = filters::flow(dice);
        let all = HeaderSpace::full().with_destination(&IpSet::single(flow.destination));
        if dice.percent(50) { all } else { all.with_source(&IpSet::single(flow.source)) }
    };
    let (one, other) = (cube(dice), cube(dice));
    one.union(&other)
}

/// Runs a law with a sight of random interfaces.
fn with_sight<T>(dice: &mut Dice, law: impl FnOnce(&mut Dice, &Sight<'_>) -> T) -> T {
    let (source, destination) = (filters::member(dice), filters::member(dice));
    let identity = dice.pick(&[Identity::Kept, Identity::Kept, Identity::Doubtful]);
    let sight = Sight {
        source: source.as_ref().map(seen),
        destination: destination.as_ref().map(seen),
        identity,
        ..Sight::HEADERS
    };
    law(dice, &sight)
}

type AnInterface = (BTreeSet<Id<Group>>, Vec<IpAddr>);

fn seen((groups, addresses): &AnInterface) -> Member<'_> {
    Member { groups, addresses: addresses.iter().copied().collect() }
}

/// The same filter with one of its lists changed.
fn with_a_list_changed(
    dice: &mut Dice,
    filter: &Filter,
    change: impl FnOnce(&mut Dice, &mut Vec<Rule>),
) -> Filter {
    let mut filter = filter.clone();
    let count = filter.ingress.len() + filter.chains.len();
    let chosen = dice.below(count);
    let list = filter.ingress.iter_mut().chain(filter.chains.values_mut()).nth(chosen);
    change(dice, &mut Arc::make_mut(list.expect("it was counted")).rules);
    filter
}

fn insert(dice: &mut Dice, rules: &mut Vec<Rule>, action: Action) {
    let donor = filters::filter(dice, "donor", WITHOUT_ALLOW_ALL);
    let from = donor.ingress.first().and_then(|list| list.rules.first()).expect("it has a rule");
    let index = dice.below(rules.len() + 1);
    rules.insert(index, Rule { action, ..from.clone() });
}

fn is_between(low: &HeaderSpace, set: &HeaderSpace, high: &HeaderSpace) -> bool {
    low.is_subset(set) && set.is_subset(high)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_asked_passes_or_is_denied(seed: u64) {
        let mut dice = Dice::new(seed);
        let filters = stack(&mut dice, Kind::ANY);
        with_sight(&mut dice, |dice, sight| {
            let asked = some_flows(dice);
            let [pass, deny] = outcome(&filters, &asked, sight);
            assert_eq!(pass.union(&deny), asked);
            assert!(asked.difference(&deny).is_subset(&pass), "at least ⊆ at most");
        });
    }

    #[test]
    fn nothing_overlaps_where_everything_is_known(seed: u64) {
        let mut dice = Dice::new(seed);
        let filters = stack(&mut dice, Kind::CERTAIN);
        with_sight(&mut dice, |dice, sight| {
            let sight = Sight { identity: Identity::Kept, ..sight.clone() };
            let [pass, deny] = outcome(&filters, &some_flows(dice), &sight);
            assert!(!pass.intersects(&deny));
        });
    }

    #[test]
    fn what_happens_to_a_flow_does_not_depend_on_the_others(seed: u64) {
        let mut dice = Dice::new(seed);
        let filters = stack(&mut dice, Kind::ANY);
        with_sight(&mut dice, |dice, sight| {
            let (one, other) = (some_flows(dice), some_flows(dice));
            let together = outcome(&filters, &one.union(&other), sight);
            let apart = outcome(&filters, &one, sight);
            for (whole, part) in together.iter().zip(&apart) {
                assert_eq!(&whole.intersection(&one), part);
            }
        });
    }

    #[test]
    fn another_allow_never_shrinks_and_another_deny_never_grows(seed: u64) {
        let mut dice = Dice::new(seed);
        let filters = stack(&mut dice, WITHOUT_ALLOW_ALL);
        with_sight(&mut dice, |dice, sight| {
            let asked = some_flows(dice);
            let [pass, deny] = outcome(&filters, &asked, sight);
            let chosen = dice.below(filters.len());
            for action in [Action::Allow, Action::Deny(Denial::Drop)] {
                let mut more = filters.clone();
                more[chosen] = with_a_list_changed(dice, &filters[chosen], |dice, rules| {
                    insert(dice, rules, action.clone());
                });
                let [pass_now, deny_now] = outcome(&more, &asked, sight);
                if action == Action::Allow {
                    assert!(pass.is_subset(&pass_now) && deny_now.is_subset(&deny));
                } else {
                    assert!(pass_now.is_subset(&pass) && deny.is_subset(&deny_now));
                }
            }
        });
    }

    #[test]
    fn rules_that_only_allow_have_no_order(seed: u64) {
        let mut dice = Dice::new(seed);
        let mut filter = filters::filter(&mut dice, "sg", Kind { allow_all: false, chains: false, doubts: true });
        filter.tracking = Tracking::Stateful { without_state: WithoutState::Unknown };
        for list in &mut filter.ingress {
            for rule in &mut Arc::make_mut(list).rules {
                rule.action = Action::Allow;
            }
        }
        let mut shuffled = filter.clone();
        for list in &mut shuffled.ingress {
            shuffle(&mut dice, &mut Arc::make_mut(list).rules);
        }
        shuffle(&mut dice, &mut shuffled.ingress);
        with_sight(&mut dice, |dice, sight| {
            let asked = some_flows(dice);
            assert_eq!(outcome(&[filter], &asked, sight), outcome(&[shuffled], &asked, sight));
        });
    }

    #[test]
    fn a_stack_without_allow_all_has_no_order(seed: u64) {
        let mut dice = Dice::new(seed);
        let filters = stack(&mut dice, WITHOUT_ALLOW_ALL);
        let reversed: Vec<_> = filters.iter().rev().cloned().collect();
        with_sight(&mut dice, |dice, sight| {
            let asked = some_flows(dice);
            assert_eq!(outcome(&filters, &asked, sight), outcome(&reversed, &asked, sight));
        });
    }

    #[test]
    fn knowing_less_only_widens_the_bounds(seed: u64) {
        let mut dice = Dice::new(seed);
        let filters = stack(&mut dice, Kind::ANY);
        with_sight(&mut dice, |dice, sight| {
            let asked = some_flows(dice);
            let [pass, deny] = outcome(&filters, &asked, sight);
            let chosen = dice.below(filters.len());
            let mut vaguer = filters.clone();
            vaguer[chosen] = with_a_list_changed(dice, &filters[chosen], |dice, rules| forget(dice, rules));
            let [pass_now, deny_now] = outcome(&vaguer, &asked, sight);
            assert!(is_between(&pass, &pass_now, &asked));
            assert!(is_between(&deny, &deny_now, &asked));
        });
    }

    #[test]
    fn a_rule_that_matches_nobody_changes_nothing(seed: u64) {
        let mut dice = Dice::new(seed);
        let filters = stack(&mut dice, Kind::ANY);
        with_sight(&mut dice, |dice, sight| {
            let asked = some_flows(dice);
            let before = outcome(&filters, &asked, sight);
            let nobody = Rule {
                id: "nobody".into(),
                matches: Match { destinations: Peers::Of(Vec::new()), ..Match::any() },
                action: Action::Deny(Denial::Drop),
                origin: filters[0].label.origin.clone(),
            };
            let mut with_nobody = filters.clone();
            with_nobody[0] = with_a_list_changed(dice, &filters[0], |dice, rules| {
                let index = dice.below(rules.len() + 1);
                rules.insert(index, nobody);
            });
            assert_eq!(before, outcome(&with_nobody, &asked, sight));
        });
    }
}

fn shuffle<T>(dice: &mut Dice, items: &mut [T]) {
    for index in (1..items.len()).rev() {
        items.swap(index, dice.below(index + 1));
    }
}

/// A rule of which it is no longer known whom it matches, or whether it does.
fn forget(dice: &mut Dice, rules: &mut [Rule]) {
    let index = dice.below(rules.len());
    let Some(rule) = rules.get_mut(index) else { return };
    let unknown = Unknown::new("it", "forgotten", "test");
    let unresolved = Peers::Of(vec![cloudfw_core::Peer::Unresolved {
        name: "forgotten".into(),
        within: IpSet::full(),
        unknown: unknown.clone(),
    }]);
    match dice.below(3) {
        0 => rule.matches.doubt = Some(unknown),
        1 => rule.matches.sources = unresolved,
        _ => rule.matches.destinations = unresolved,
    }
}

/// A chain that is not there may do anything with what comes to it, and nothing with the rest.
#[test]
fn a_chain_that_is_missing_decides_nothing() {
    let mut dice = Dice::new(1);
    let mut filter = filters::filter(&mut dice, "f", Kind::CERTAIN);
    let services = "443".parse().unwrap();
    let jump = Rule {
        id: "1".into(),
        matches: Match::services(services),
        action: Action::Jump("missing".into()),
        origin: filter.label.origin.clone(),
    };
    let allow =
        Rule { id: "2".into(), matches: Match::any(), action: Action::Allow, ..jump.clone() };
    let label = filter.label.clone();
    filter.tracking = Tracking::Stateless;
    filter.ingress = vec![Arc::new(RuleList { label, rules: vec![jump, allow] })];
    let [pass, deny] = outcome(&[filter], &HeaderSpace::full(), &Sight::HEADERS);
    assert_eq!(pass, HeaderSpace::full());
    assert_eq!(deny, HeaderSpace::full().with_services(&"443".parse().unwrap()));
}
