//! cloudfw and a real kernel, asked the same about random scenarios: `cloudfw-lab fuzz`, briefly.
//!
//! Where namespaces cannot be made it says so and passes, unless `CLOUDFW_REQUIRE` names `lab`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

use std::io::Write as _;
use std::process::{Command, Output};

use cloudfw_core::Verdict;
use cloudfw_lab::fuzz::{Order, run};
use cloudfw_lab::scenario::Cloud;

fn fuzz(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloudfw-lab"));
    command.arg("fuzz").args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A short run: 2,400 questions, of both compilers; what it says.
fn forty_scenarios(cloud: &str) -> Output {
    fuzz(&["--cloud", cloud, "--seed", "1", "--scenarios", "40", "--probes", "60"])
}

/// Wants everything asked, and nothing to differ; or says why nothing was asked.
fn agrees(done: &Output) -> Option<String> {
    let said = said(done);
    if let Some(why) = said.lines().find_map(|line| line.strip_prefix("skipped: ")) {
        let required = std::env::var("CLOUDFW_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|name| name.trim() == "lab"), "lab: {why}");
        return Some(format!("lab: skipped, no packet was sent: {why}"));
    }
    assert_eq!(done.status.code(), Some(0), "{said}");
    assert!(said.contains("40 of 40 scenarios, 2400 of 2400 questions"), "{said}");
    assert!(said.contains("0 disagreements, 0 wrong shares, 0 scenarios not asked"), "{said}");
    None
}

#[test]
fn cloudfw_and_the_kernel_agree_on_forty_scenarios() {
    let done = forty_scenarios("aws");
    println!("{}", said(&done));
    if let Some(skipped) = agrees(&done) {
        // Past the test runner, which would hide it.
        writeln!(std::io::stderr(), "{skipped}").unwrap();
    }
}

#[test]
fn cloudfw_and_the_kernel_agree_on_forty_scenarios_of_azure() {
    let done = forty_scenarios("azure");
    println!("{}", said(&done));
    if let Some(skipped) = agrees(&done) {
        writeln!(std::io::stderr(), "{skipped}").unwrap();
    }
}

#[test]
fn orders_that_cannot_be_meant_are_refused_before_anything_runs() {
    let file = tempfile::tempdir().unwrap();
    let full = file.path().to_str().unwrap();
    std::fs::write(file.path().join("kept"), "").unwrap();
    let under_a_file = format!("{full}/kept/found");
    let wrong: [(&[&str], &str); 8] = [
        (&["--scenarios", "0"], "0 is not in 1..=1000000"),
        (&["--probes", "0"], "0 is not in 1..=2000"),
        (&["--threads", "0"], "0 is not in 1..=64"),
        (&["--threads", "65"], "65 is not in 1..=64"),
        (&["--to", full, "--without-kernel"], "cannot be used with"),
        (&["--to", full], "is not empty: remove it, or write elsewhere"),
        (&["--to", &under_a_file], "cannot make"),
        (&["--seed=-1"], "--seed"),
    ];
    for (arguments, why) in wrong {
        let done = fuzz(arguments);
        let said = said(&done);
        assert_eq!(done.status.code(), Some(2), "{arguments:?}: {said}");
        let skipped = said.contains("skipped: ");
        assert!(said.contains(why) || skipped, "{arguments:?}: {said}");
        assert!(!said.contains("seeds 1 to"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_nothing() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloudfw-lab"));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let arguments = ["fuzz", "--without-kernel", "--scenarios", "1"];
    let done = command.args(arguments).stdout(writer).output().unwrap();
    assert_eq!((done.status.code(), said(&done)), (Some(0), String::new()));
}

#[test]
fn scenarios_let_packets_pass_and_stop_them_at_every_layer() {
    let order = Order {
        cloud: Cloud::Aws,
        seed: 1,
        scenarios: 250,
        probes: 60,
        threads: 2,
        kernel: false,
        surveys: 0,
    };
    let report = run(&order, &|_| {});
    assert_eq!(report.failures, Vec::<String>::new());
    let tally = &report.tally;
    println!("{tally}");
    assert_eq!(report.scenarios, 250);
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

#[test]
fn scenarios_of_azure_let_packets_pass_and_stop_them_at_every_layer() {
    let order = Order {
        cloud: Cloud::Azure,
        seed: 1,
        scenarios: 100,
        probes: 60,
        threads: 2,
        kernel: false,
        surveys: 0,
    };
    let report = run(&order, &|_| {});
    assert_eq!(report.failures, Vec::<String>::new());
    let tally = &report.tally;
    println!("{tally}");
    assert_eq!((report.scenarios, tally.questions), (100, 100 * 60));
    assert!(tally.percent_of(Verdict::Reachable) >= 25.0, "{tally}");
    assert!(tally.percent_of(Verdict::Unreachable) >= 25.0, "{tally}");
    for verdict in [Verdict::Unknown, Verdict::Intermittent, Verdict::Partial] {
        assert!(tally.percent_of(verdict) < 0.01, "{verdict}: {tally}");
    }
    assert_eq!(tally.percent_by_layer().count(), 12, "{tally}");
    for (layer, percent) in tally.percent_by_layer() {
        assert!(percent >= 1.0, "{layer}: {tally}");
    }
}
