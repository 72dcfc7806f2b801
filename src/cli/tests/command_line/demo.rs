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
        [
            "reachable",
            "intermittent",
            "reachable",
            "reachable",
            "reachable",
            "unreachable",
            "unreachable"
        ]
    );
}

#[test]
fn its_azure_part_has_azure_s_own_names_and_a_fix_for_the_shell() {
    let run = cloudfw(&["demo", "portal", "orders:1433"]);
    assert_eq!(run.code, 1, "{}", run.err);
    for name in ["AllowVnetOutBound", "allow-sql-from-portal", "deny-network"] {
        assert!(run.out.contains(name), "{name}: {}", run.out);
    }
    let fix = run.out.split_once("az network nsg rule create").unwrap().1.replace("\\\n", "");
    let words: Vec<&str> = fix.split_whitespace().collect();
    for option in [
        ["--resource-group", "rg-orders"],
        ["--nsg-name", "nsg-orders"],
        ["--priority", "110"],
        ["--direction", "Inbound"],
        ["--source-address-prefixes", "10.30.1.4"],
        ["--destination-port-ranges", "1433"],
    ] {
        assert!(words.windows(2).any(|two| two == option), "{option:?}: {}", run.out);
    }
}
