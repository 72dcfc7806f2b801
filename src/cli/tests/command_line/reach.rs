//! `cloudfw reach` on the three tiers (issue 2, «It must show», 2).

use crate::run::{Run, cloudfw, command, finish};

fn three_tier(words: &[&str]) -> Run {
    let words: Vec<&str> = ["reach"].iter().chain(words).copied().collect();
    cloudfw(&[&words[..], &["--from", "testdata/aws/three-tier", "--assume-none", "all"]].concat())
}

#[test]
fn a_linux_client_loses_an_exact_share() {
    let run = three_tier(&["web", "db:5432", "-o", "json"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let [answer] = &run.json()[..] else { panic!("{}", run.out) };
    assert_eq!(answer["schema"], "cloudfw.reach/1");
    assert_eq!(answer["verdict"], "intermittent");
    let reply = &answer["answers"][0]["reply"];
    assert_eq!(reply["client"], "linux");
    assert_eq!(reply["range"], "32768-60999");
    assert_eq!(reply["failing"]["at_least"], "16384/28232");
    assert_eq!(reply["failing"]["at_most"], "16384/28232");
    for key in ["source", "destination", "forward", "return", "blockers", "unknowns", "allowed"] {
        assert!(!answer["answers"][0][key].is_null(), "{key}");
    }
    assert!(answer["coverage"].is_object());
}

#[test]
fn a_windows_client_loses_nothing() {
    let run = three_tier(&["web", "db:5432", "-o", "json", "--client", "windows"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let [answer] = &run.json()[..] else { panic!("{}", run.out) };
    assert_eq!(answer["verdict"], "reachable");
    let failing = answer["answers"][0]["reply"]["failing"]["at_most"].as_str().unwrap();
    assert!(failing.starts_with("0/"), "{failing}");
}

#[test]
fn the_text_names_the_entry_and_its_line() {
    let run = three_tier(&["web", "db:5432"]);
    assert_eq!(run.code, 1, "{}", run.err);
    insta::assert_snapshot!(run.out);
    let path = crate::run::root().join("testdata/aws/three-tier/network-acls.json");
    let entry = std::fs::read_to_string(path).unwrap();
    let entry: Vec<&str> = entry.lines().collect();
    let cited = run.out.lines().filter_map(|line| line.split("network-acls.json:").nth(1));
    let lines: Vec<usize> =
        cited.map(|rest| rest.split_whitespace().next().unwrap().parse().unwrap()).collect();
    assert!(!lines.is_empty());
    for line in lines {
        assert_eq!(entry[line - 1].trim(), "{", "line {line} begins an entry");
    }
}

#[test]
fn all_blockers_are_told() {
    let run = three_tier(&["internet", "db:5432", "-o", "json"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let [answer] = &run.json()[..] else { panic!("{}", run.out) };
    assert_eq!(answer["verdict"], "unreachable");
    let kinds: std::collections::BTreeSet<&str> = answer["answers"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|pair| pair["blockers"].as_array().unwrap())
        .map(|step| step["kind"].as_str().unwrap())
        .collect();
    assert!(kinds.contains("security-group") && kinds.contains("network-acl"), "{kinds:?}");
    insta::assert_snapshot!(three_tier(&["internet", "db:5432"]).out);
}

#[test]
fn expectations_decide_the_exit_code() {
    for (expect, code) in [("intermittent", 0), ("reachable", 1), ("unknown", 1)] {
        let run = three_tier(&["web", "db:5432", "--expect", expect]);
        assert_eq!(run.code, code, "{expect}: {}", run.err);
    }
    let run = cloudfw(&[
        "reach",
        "web",
        "192.168.9.9:443",
        "--from",
        "testdata/aws/three-tier",
        "--expect",
        "reachable",
    ]);
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
}

#[test]
fn only_the_way_out() {
    let run = three_tier(&["web", "db:5432", "--one-way"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.starts_with("reachable  web → db"), "{}", run.out);
}

#[test]
fn many_pairs_are_a_table_first() {
    let run = three_tier(&["*", "*:5432"]);
    assert_eq!(run.code, 1, "{}", run.err);
    insta::assert_snapshot!(run.out);
    let verbose = three_tier(&["*", "*:5432", "-v"]);
    assert!(verbose.out.lines().count() > 2 * run.out.lines().count());
}

#[test]
fn every_service_lists_what_passes() {
    let run = three_tier(&["web", "app"]);
    assert!(run.out.contains("what passes"), "{}", run.out);
    assert!(run.out.contains("tcp 8080"), "{}", run.out);
}

#[test]
fn the_text_keeps_to_its_columns() {
    for (width, name) in [(80, "80"), (160, "160")] {
        let mut run = command(&[
            "reach",
            "web",
            "db:5432",
            "--from",
            "testdata/aws/three-tier",
            "--assume-none",
            "all",
        ]);
        let run = finish(run.env("COLUMNS", name), "");
        let widest = run.out.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width, "{widest} > {width}:\n{}", run.out);
        insta::assert_snapshot!(format!("columns_{name}"), run.out);
    }
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let ask = |colour: &[&str], variable: Option<&str>| {
        let words = [&["reach", "web", "db:5432", "--from", "testdata/aws/three-tier"], colour];
        let mut command = command(&words.concat());
        if let Some(variable) = variable {
            command.env(variable, "1");
        }
        finish(&mut command, "").out.contains('\u{1b}')
    };
    assert!(!ask(&[], None), "a pipe has no colour");
    assert!(ask(&["--color", "always"], None));
    assert!(ask(&["--color", "always"], Some("NO_COLOR")), "the argument is nearer");
    assert!(ask(&[], Some("CLICOLOR_FORCE")));
    assert!(!ask(&[], Some("NO_COLOR")));
    assert!(!ask(&["--color", "never"], Some("CLICOLOR_FORCE")));
}

#[test]
fn names_cannot_write_to_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(crate::run::root().join("testdata/aws/three-tier")).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("\"db\"", "\"db\\u001b]0;owned\\u0007\\u202e\"");
        std::fs::write(folder.path().join(path.file_name().unwrap()), text).unwrap();
    }
    let from = folder.path().to_str().unwrap();
    for words in [
        &["reach", "web", "db*:5432", "--from", from][..],
        &["show", "i-0c61d48ceb3531a62", "--from", from],
    ] {
        let run = cloudfw(words);
        let text = run.out + &run.err;
        assert!(text.contains("owned"), "{text}");
        assert!(!text.chars().any(|c| c != '\n' && c.is_control()), "{text:?}");
        assert!(!text.contains('\u{202e}'));
    }
}

/// Advice names what the estate has, and says something where a gateway is in the way.
#[test]
fn what_to_change_names_who_would_carry_it() {
    for (scenario, source, destination, said) in [
        ("aws-69-both-vpcs-need-routes", "a", "c:443", "by VPC peering connection a-c pcx-"),
        ("aws-68-egress-only-internet-gateway", "2600:1f00::7", "app:443", "lets out no replies"),
        ("aws-69-a-peering-has-to-be-active", "a", "b:443", "until its accepter accepts it"),
        ("aws-67-nat-gateway", "app", "internet:esp", "it carries tcp, udp, icmp alone"),
        (
            "aws-66-replies-need-the-route-as-well",
            "internet",
            "narrow:443",
            "0.0.0.0/0 by internet",
        ),
        ("addresses-secondary-and-elastic", "10.0.1.12", "internet:443", "give box a public"),
        // Not 0.0.0.0/0: one client was asked about, whatever the appliance may make of it.
        ("aws-12-a-middlebox-loses-the-group", "client", "db-group:5432", "from 10.0.1.10/32"),
        ("aws-72-block-ingress", "198.51.100.7", "web:443", "add an exclusion for the VPC"),
        (
            "three-tier",
            "web",
            "db:5433,5435",
            "2 entries from 120 on, one for each, allow tcp 5433",
        ),
    ] {
        let from = format!("testdata/aws/{scenario}");
        let words = ["reach", source, destination, "--from", &from, "--assume-none", "all"];
        let run = cloudfw(&[&words[..], &["--width", "200"]].concat());
        let advice = run.out.split("what to change").nth(1).unwrap_or_default();
        assert!(advice.contains(said), "{scenario}: {}{}", run.out, run.err);
    }
}

#[test]
fn a_name_of_a_machine_and_of_more_is_taken_for_the_machine_and_said() {
    let from = "testdata/aws/aws-12-a-middlebox-loses-the-group";
    let run = cloudfw(&["reach", "client", "db-group:5432", "--from", from]);
    assert!(run.out.contains("client → db-group"), "{}", run.out);
    let said = "`client` was taken for the machine of that name, and is also the name of\n  `sg-";
    assert!(run.err.contains(said), "{}", run.err);
}

#[test]
fn the_session_of_the_readme_is_what_is_printed() {
    let readme = include_str!("../../../../README.md");
    let session =
        readme.split("$ cloudfw reach web db:5432 --from testdata/aws/three-tier\n").nth(1);
    let session = session.unwrap_or_default().split("```").next().unwrap_or_default();
    let from = "testdata/aws/three-tier";
    let run = cloudfw(&["reach", "web", "db:5432", "--from", from, "--width", "100"]);
    assert_eq!(run.out, session);
}
