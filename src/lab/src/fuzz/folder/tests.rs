use super::*;
use crate::estate::chance::Chance;
use crate::fuzz::question::{self, Ports};
use crate::fuzz::{Compiler, Difference, Oracle, Seen};

/// A scenario that the documents hold, and one of its questions, with what cloudfw says.
fn asked(wanted: Verdict) -> (Scenario, Disagreement) {
    let mut scenario = Scenario::draw(1);
    scenario.host_routes.clear();
    scenario.firewalls.clear();
    let oracle = Oracle::open(&scenario).unwrap();
    let mut chance = Chance::stream(1, "questions");
    for question in question::draw(&scenario, 200, &mut Ports::new(), &mut chance) {
        let predicted = oracle.predict(std::slice::from_ref(&question)).remove(0);
        let stops = predicted.first.as_ref().is_none_or(|it| it.kind == "network-acl");
        if predicted.verdict == wanted && !predicted.translated && stops {
            let seen =
                Seen { outcome: Outcome::Connected, dropped: Vec::new(), passed: Vec::new() };
            let (compiler, what) = (Compiler::Documents, Difference::Verdict);
            return (scenario, Disagreement { seed: 1, compiler, question, predicted, seen, what });
        }
    }
    panic!("nothing is {wanted}")
}

fn stop(disagreement: &mut Disagreement, cause: Cause, rule: &str) {
    let direction = (cause == Cause::Stateless).then_some(cloudfw_core::Direction::Egress);
    let site = Site {
        cause,
        at: "subnet-0".to_owned(),
        list: "acl-0".to_owned(),
        direction,
        rule: rule.to_owned(),
    };
    disagreement.seen.outcome = Outcome::TimedOut;
    disagreement.seen.dropped = vec![(site, Leg::Forward)];
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

#[test]
fn a_wrong_verdict_is_a_scenario_whose_test_fails() {
    let (scenario, mut disagreement) = asked(Verdict::Reachable);
    stop(&mut disagreement, Cause::Stateless, "90");
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("found");
    let written = write(&folder, &scenario, &disagreement).unwrap();
    assert_eq!(written, Written { use_as: Use::FailingScenario, lost: Vec::new() });
    let question = disagreement.question.to_string();
    let expected: Value = serde_json::from_str(&read(&folder, "expected.json")).unwrap();
    assert_eq!(expected, json!({ &question: "unreachable" }));
    let queries = read(&folder, "queries.txt");
    let lines: Vec<&str> = queries.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines, [&question]);
    let says = read(&folder, "says.toml");
    assert!(
        says.ends_with(&format!("\"{question}\" = [\"acl-0\",\"egress 90 deny\"]\n")),
        "{says}"
    );
    assert!(read(&folder, "README.md").contains("whose test fails until cloudfw is mended"));
    // Whoever writes there again is refused.
    let again = write(&folder, &scenario, &disagreement).unwrap_err();
    assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
}

#[test]
fn what_cloudfw_says_itself_is_a_scenario_whose_test_passes() {
    let (scenario, mut disagreement) = asked(Verdict::Unreachable);
    let first = disagreement.predicted.first.clone().unwrap();
    stop(&mut disagreement, Cause::Stateless, &first.rule);
    let site = &mut disagreement.seen.dropped[0].0;
    site.list = first.list;
    site.direction = first.direction;
    let place = tempfile::tempdir().unwrap();
    let written = write(&place.path().join("found"), &scenario, &disagreement).unwrap();
    assert_eq!(written.use_as, Use::PassingScenario);
    // Another rule is not what cloudfw says.
    disagreement.seen.dropped[0].0.rule = "31999".to_owned();
    let written = write(&place.path().join("other"), &scenario, &disagreement).unwrap();
    assert_eq!(written.use_as, Use::FailingScenario);
}

#[test]
fn what_no_document_tells_is_said_and_is_no_scenario() {
    let (mut scenario, mut disagreement) = asked(Verdict::Unreachable);
    scenario.host_routes.push(HostRoute {
        host: "i-1".to_owned(),
        to: "10.0.0.0/8".parse().unwrap(),
        by: "eni-1".to_owned(),
    });
    disagreement.predicted.overlaid = true;
    disagreement.predicted.pinned = true;
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("found");
    let written = write(&folder, &scenario, &disagreement).unwrap();
    assert_eq!(written.use_as, Use::Documents);
    assert_eq!(written.lost[0], "the host i-1 has a route of its own: 10.0.0.0/8 by eni-1");
    assert!(written.lost[1].contains("NAT gateways set to"), "{}", written.lost[1]);
    let readme = read(&folder, "README.md");
    for lost in &written.lost {
        assert!(readme.contains(lost), "{readme}");
        assert!(written.to_string().contains(lost), "{written}");
    }
    for file in ["queries.txt", "expected.json", "says.toml"] {
        assert!(!folder.join(file).exists(), "{file}");
    }
}

#[test]
fn of_ports_that_a_gateway_picks_the_kernel_shows_one() {
    let (_, mut disagreement) = asked(Verdict::Unreachable);
    disagreement.predicted.pinned = true;
    assert_eq!(expected(&disagreement, Verdict::Intermittent), Verdict::Intermittent);
    assert_eq!(expected(&disagreement, Verdict::Unreachable), Verdict::Reachable);
    disagreement.predicted.pinned = false;
    assert_eq!(expected(&disagreement, Verdict::Intermittent), Verdict::Reachable);
}
