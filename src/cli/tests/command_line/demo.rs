//! `cloudfw demo`: what a newcomer sees first.

use crate::run::{cloudfw, command, finish};

#[test]
fn it_needs_nothing_and_shows_everything() {
    let empty = tempfile::tempdir().unwrap();
    let run = finish(command(&["demo"]).current_dir(empty.path()), "");
    assert_eq!(run.code, 0, "{}", run.err);
    insta::assert_snapshot!(run.out);
}

#[test]
fn as_json_it_is_what_reach_prints() {
    let run = cloudfw(&["demo", "-o", "json"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let verdicts: Vec<_> = run.json().iter().map(|answer| answer["verdict"].clone()).collect();
    assert_eq!(
        verdicts,
        ["reachable", "intermittent", "reachable", "reachable", "reachable", "unreachable"]
    );
}
