use cloudfw_lab::fuzz;
use cloudfw_lab::scenario::Cloud;

use super::*;

fn order(scenarios: usize) -> Order {
    Order {
        cloud: Cloud::Aws,
        seed: 1,
        scenarios,
        probes: 5,
        threads: 2,
        kernel: false,
        surveys: 0,
    }
}

fn alone(order: &Order) -> Report {
    fuzz::run(order, &|_| {})
}

#[test]
fn scenarios_one_at_a_time_are_the_scenarios_of_one_run() {
    let order = order(6);
    let campaign = ask_all(&order, false, &alone, &|_, _| {});
    assert_eq!(campaign.report.tally, alone(&order).tally);
    assert!(campaign.is_whole(&order) && !campaign.differs(), "{campaign:?}");
}

#[test]
fn a_panic_is_a_disagreement_with_its_seed_and_place_and_loses_nothing_else() {
    let order = order(6);
    let ask = |order: &Order| {
        // In a thread of a thread, as the product's own would be.
        if order.seed == 4 {
            thread::scope(|scope| scope.spawn(|| panic!("four is too much")).join().unwrap());
        }
        alone(order)
    };
    let campaign = ask_all(&order, false, &ask, &|_, _| {});
    assert_eq!(campaign.report.scenarios, 6);
    assert_eq!(campaign.report.tally.questions, 25);
    assert_eq!(campaign.disagreements(), 1);
    assert!(campaign.differs());
    let said = campaign.panics[0].to_string();
    assert!(said.starts_with("seed 4: panic at src/lab/src/fuzz_command/campaign"), "{said}");
    assert!(said.ends_with(": four is too much"), "{said}");
}

#[test]
fn what_was_not_asked_is_missed() {
    let campaign = ask_all(&order(2), false, &alone, &|_, _| {});
    assert!(!campaign.is_whole(&order(3)), "a scenario is missing");
    let order = Order { probes: 6, ..order(2) };
    let fewer = |one: &Order| alone(&Order { probes: 5, ..one.clone() });
    let campaign = ask_all(&order, false, &fewer, &|_, _| {});
    assert!(!campaign.is_whole(&order));
    assert!(campaign.short[0].starts_with("seed 1: 5 of 6 questions"), "{:?}", campaign.short);
    let order = Order { kernel: true, probes: 5, ..order };
    let silent = |one: &Order| alone(&Order { kernel: false, ..one.clone() });
    let campaign = ask_all(&order, false, &silent, &|_, _| {});
    assert_eq!(campaign.short[0], "seed 1: 0 of 10 probes were sent");
    let broken = |_: &Order| Report { failures: vec!["no".to_owned()], ..Report::default() };
    let campaign = ask_all(&order, false, &broken, &|_, _| {});
    assert!(!campaign.is_whole(&order) && !campaign.differs());
}

#[test]
fn it_may_end_at_the_first_disagreement() {
    let ask = |order: &Order| match order.seed {
        2 => Report { wrong_shares: vec!["wrong".to_owned()], ..Report::default() },
        _ => Report::default(),
    };
    let order = Order { threads: 1, ..order(100) };
    let done = AtomicUsize::new(0);
    let campaign = ask_all(&order, true, &ask, &|count, _| done.store(count, Ordering::Relaxed));
    assert!(campaign.stopped && campaign.differs());
    assert_eq!(done.into_inner(), 2);
}
