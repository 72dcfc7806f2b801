//! cloudfw and a real kernel, asked the same about random scenarios: `cloudfw-lab fuzz`, briefly.
//!
//! Where namespaces cannot be made it says so and passes, unless `CLOUDFW_REQUIRE` names `lab`.

use std::process::Command;

use cloudfw_core::Verdict;
use cloudfw_lab::fuzz::{Order, run};

#[test]
fn cloudfw_and_the_kernel_agree_on_forty_scenarios() {
    let done = Command::new(env!("CARGO_BIN_EXE_cloudfw-lab"))
        .args(["fuzz", "--seed", "1", "--scenarios", "40", "--probes", "60"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    println!("{said}");
    if let Some(why) = said.lines().find_map(|line| line.strip_prefix("skipped: ")) {
        let required = std::env::var("CLOUDFW_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name.trim() == "lab"), "lab: {why}");
        println!("lab: skipped: {why}");
        return;
    }
    assert_eq!(done.status.code(), Some(0), "{said}");
    assert!(said.contains("0 disagreements, 0 wrong shares, 0 scenarios not asked"), "{said}");
}

#[test]
fn scenarios_let_packets_pass_and_stop_them_at_every_layer() {
    let order =
        Order { seed: 1, scenarios: 250, probes: 60, threads: 2, kernel: false, surveys: 0 };
    let report = run(&order, &|_| {});
    assert_eq!(report.failures, Vec::<String>::new());
    let tally = &report.tally;
    println!("{tally}");
    assert_eq!(tally.questions, 250 * 60);
    assert!(tally.percent_of(Verdict::Reachable) >= 25.0, "{tally}");
    assert!(tally.percent_of(Verdict::Unreachable) >= 25.0, "{tally}");
    for verdict in [Verdict::Unknown, Verdict::Intermittent, Verdict::Partial] {
        assert!(tally.percent_of(verdict) < 0.01, "{verdict}: {tally}");
    }
    assert!(tally.percent_by_replies() >= 5.0, "{tally}");
    assert_eq!(tally.percent_by_layer().count(), 14, "{tally}");
    for (layer, percent) in tally.percent_by_layer() {
        assert!(percent >= 1.0, "{layer}: {tally}");
    }
}
