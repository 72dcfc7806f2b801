//! `cloudfw reach --queries`.

use crate::run::{cloudfw, command, finish, root};

const THREE: &str = "testdata/aws/three-tier";

#[test]
fn every_query_of_the_scenario_is_answered_as_expected() {
    let run = cloudfw(&[
        "reach",
        "--queries",
        "testdata/aws/three-tier/queries.txt",
        "--from",
        THREE,
        "--assume-none",
        "all",
        "-o",
        "json",
    ]);
    assert_eq!(run.code, 1, "{}", run.err);
    let expected = std::fs::read_to_string(root().join(THREE).join("expected.json")).unwrap();
    let expected: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&expected).unwrap();
    let answers = run.json();
    assert_eq!(answers.len(), expected.len());
    for answer in answers {
        let text = answer["query"]["text"].as_str().unwrap();
        assert_eq!(answer["verdict"], expected[text], "{text}");
    }
}

#[test]
fn wrong_queries_are_lines_too_and_weigh_most() {
    let input = "web db:5432 --client windows\n# a comment\n\nwbe db:5432\nweb db:22\n";
    let words = ["reach", "--queries", "-", "--from", THREE, "--assume-none", "all", "-o", "json"];
    let run = finish(&mut command(&words), input);
    assert_eq!(run.code, 2);
    let lines = run.json();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["verdict"], "reachable");
    assert!(lines[1]["error"].as_str().unwrap().contains("`wbe`"));
    let numbers: Vec<_> = lines.iter().map(|line| line["query"]["line"].as_u64()).collect();
    assert_eq!(numbers, [Some(1), Some(4), Some(5)]);
    assert_eq!(lines[2]["verdict"], "unreachable");
}

/// What differs is not unknown.
#[test]
fn a_symptom_is_that_of_all_or_of_none() {
    let symptoms = |source: &str, destination: &str| {
        let words = ["reach", source, destination, "--from", THREE, "--assume-none", "all"];
        let run = cloudfw(&[&words[..], &["-o", "json"]].concat());
        let answer = run.json().remove(0);
        let of = |value: &serde_json::Value| value["symptom"].as_str().map(str::to_owned);
        (answer["verdict"].clone(), of(&answer), of(&answer["answers"][0]))
    };
    let text = |text: &str| Some(text.to_owned());
    let timed_out = text("times-out");
    assert_eq!(symptoms("web", "db:22"), ("unreachable".into(), timed_out.clone(), timed_out));
    assert_eq!(symptoms("internet", "web:22,443"), ("partial".into(), None, None));
    let unknown = text("unknown");
    assert_eq!(symptoms("web", "192.168.9.9:443"), ("unknown".into(), unknown.clone(), unknown));
}

#[test]
fn exit_codes_over_several() {
    for (input, code) in [
        ("web db:5432 --client windows\n", 0),
        ("web db:5432 --client windows\nweb 192.168.9.9:443\n", 3),
        ("web 192.168.9.9:443\nweb db:22\n", 1),
        ("web db:22\nweb db:99999\nweb 192.168.9.9:443\n", 2),
        ("web db:22 --expect unreachable\n", 0),
        ("# nothing\n", 2),
    ] {
        for format in ["text", "json"] {
            let words =
                ["reach", "--queries", "-", "--from", THREE, "--assume-none", "all", "-o", format];
            let run = finish(&mut command(&words), input);
            assert_eq!(run.code, code, "{input}: {}{}", run.out, run.err);
        }
    }
}

#[test]
fn a_file_that_is_not_there() {
    let run = cloudfw(&["reach", "--queries", "no/such.txt", "--from", THREE]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("no/such.txt"), "{}", run.err);
}
