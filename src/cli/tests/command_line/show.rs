//! `cloudfw show`.

use crate::run::cloudfw;

const THREE: [&str; 4] = ["--from", "testdata/aws/three-tier", "--assume-none", "all"];

#[test]
fn a_machine_with_its_effective_rules() {
    let run = cloudfw(&[&["show", "db"], &THREE[..]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    insta::assert_snapshot!(run.out);
}

#[test]
fn as_json_it_is_versioned() {
    let run = cloudfw(&[&["show", "db", "-o", "json"], &THREE[..]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(run.json()[0]["schema"], "cloudfw.show/1");
}

#[test]
fn nothing_of_that_name() {
    let run = cloudfw(&[&["show", "bd"], &THREE[..]].concat());
    assert_eq!(run.code, 2);
    assert!(run.err.contains("`bd`"), "{}", run.err);
}
