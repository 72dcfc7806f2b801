//! Wrong words, missing things, and what is said about them.

use std::process::Stdio;

use crate::run::{cloudfw, command, finish};

const THREE: &str = "testdata/aws/three-tier";

#[test]
fn bad_usage_is_2_and_says_what_is_wrong() {
    for (words, said) in [
        (vec![], "Usage:"),
        (vec!["rech"], "reach"),
        (vec!["reach"], "<SOURCE>"),
        (vec!["reach", "web"], "DESTINATION"),
        (vec!["reach", "web", "db", "--client", "mac"], "`linux`"),
        (vec!["reach", "web", "db", "--expect", "open"], "`reachable`"),
        (vec!["reach", "web", "db", "--service", "70000"], "70000"),
        (vec!["reach", "web", "db", "-o", "yaml"], "json"),
        (vec!["reach", "web", "db", "--max-age", "soon"], "5m"),
        (vec!["reach", "web", "db", "--from", THREE, "--profile", "p"], "--profile"),
        (vec!["reach", "web", "db", "--queries", "q"], "--queries"),
        (vec!["record", "aws"], "--to"),
        (vec!["record"], "aws"),
        (vec!["man", "--command", "rech"], "`rech`"),
    ] {
        let run = cloudfw(&words);
        assert_eq!(run.code, 2, "{words:?}: {}", run.err);
        assert!(run.err.contains(said), "{words:?}: {}", run.err);
        assert_eq!(run.out, "", "{words:?}");
    }
}

#[test]
fn bad_questions_are_2_and_say_what_can_be_written() {
    for (words, said) in [
        (["wbe", "db:5432"], "web"),
        (["web", ":5432"], "`db:5432`"),
        (["web", "db:70000"], "70000"),
        (["web", "db:500-400"], "500-400"),
        (["web", "10.0.0.300/8"], "`300`"),
        (["", "db:5432"], "SOURCE"),
    ] {
        let run = cloudfw(&["reach", words[0], words[1], "--from", THREE]);
        assert_eq!(run.code, 2, "{words:?}: {}", run.out);
        assert!(run.err.starts_with("error: "), "{words:?}: {}", run.err);
        assert!(run.err.contains(said), "{words:?}: {}", run.err);
        assert_eq!(run.out, "", "{words:?}");
    }
}

#[test]
fn no_estate_names_what_can_be_done() {
    let empty = tempfile::tempdir().unwrap();
    let run = finish(command(&["reach", "web", "db:5432"]).current_dir(empty.path()), "");
    assert_eq!(run.code, 2, "{}", run.out);
    assert_eq!(run.out, "");
    assert!(run.err.contains("cloudfw demo"), "{}", run.err);
    assert!(run.err.contains("--from"), "{}", run.err);
    if cfg!(feature = "aws-live") {
        assert!(run.err.contains("--profile"), "{}", run.err);
    }
}

#[test]
fn unreadable_recordings_are_2_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("empty")).unwrap();
    std::fs::write(path("bad.json"), "{\"Vpcs\": [\n  {\"VpcId\": }\n]}").unwrap();
    std::fs::write(path("other.json"), "{\"Pizzas\": []}").unwrap();
    for name in ["missing", "empty", "bad.json", "other.json"] {
        let at = path(name);
        let run = cloudfw(&["reach", "web", "db", "--from", at.to_str().unwrap()]);
        assert_eq!(run.code, 2, "{name}: {}{}", run.out, run.err);
        assert!(run.err.contains(name), "{}", run.err);
        assert_eq!(run.out, "", "{name}");
    }
}

#[cfg(not(feature = "aws-live"))]
#[test]
fn record_says_how_to_get_live_collection() {
    let run = cloudfw(&["record", "aws", "--to", "nowhere"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("cargo build -p cloudfw"), "{}", run.err);
}

#[test]
fn completions_and_manual() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = cloudfw(&["completions", shell]);
        assert_eq!(run.code, 0);
        assert!(run.out.contains("cloudfw"));
    }
    let run = cloudfw(&["man"]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains(".TH cloudfw 1"), "{}", run.out);
    assert!(cloudfw(&["man", "--command", "reach"]).out.contains("Exit codes"));
}

/// `cloudfw … | head -1` ends quietly.
#[test]
fn a_reader_who_goes_away_is_no_error() {
    let mut child = command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
    assert_eq!(done.status.code(), Some(0));
}
