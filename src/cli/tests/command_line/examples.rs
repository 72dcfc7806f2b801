//! What `--help` and the README show has to work.

use std::path::Path;
use std::process::Command;

use crate::run::{cloudfw, command, finish, root};

/// The lines of `--help` that begin with the program's name.
fn examples(words: &[&str]) -> Vec<String> {
    let run = cloudfw(&[words, &["--help"]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let lines = run.out.lines().filter_map(|line| line.strip_prefix("  "));
    // Two blanks begin the words about an example.
    let line = |line: &str| line.split("   ").next().unwrap().trim().to_owned();
    lines.filter(|line| line.starts_with("cloudfw ")).map(line).collect()
}

/// The words of a line, as a shell splits them, before any redirection or pipe.
fn words(line: &str) -> Vec<String> {
    let line = line.split([';', '|', '>', '#']).next().unwrap();
    let script = format!("printf '%s\\n' {}", line.trim());
    let split = Command::new("sh").args(["-fc", &script]).output().unwrap();
    assert!(split.status.success(), "{line}");
    String::from_utf8(split.stdout).unwrap().lines().skip(1).map(str::to_owned).collect()
}

/// Whether the line would be understood: everything up to the estate is read, which is not there.
fn parses(line: &str) -> Result<(), String> {
    let empty = tempfile::tempdir().unwrap();
    let owned = words(line);
    // Clap reads all of the line before it prints a version, but stops at the first error.
    let mut shown: Vec<&str> = owned.iter().map(String::as_str).collect();
    shown.extend(["--color", "never"]);
    let run = finish(command(&shown).current_dir(empty.path()), "");
    let usage = run.code == 2 && run.err.contains("--help");
    if usage { Err(run.err) } else { Ok(()) }
}

#[test]
fn the_examples_of_every_command_run() {
    let home = tempfile::tempdir().unwrap();
    let three = root().join("testdata/aws/three-tier");
    std::os::unix::fs::symlink(&three, home.path().join("prod")).unwrap();
    std::fs::copy(three.join("queries.txt"), home.path().join("queries.txt")).unwrap();
    std::fs::write(
        home.path().join("last.json"),
        "{\"schema\": \"cloudfw.audit/1\", \"findings\": []}",
    )
    .unwrap();
    let policy = "[[expect]]\nfrom = \"internet\"\nto = \"db\"\nverdict = \"unreachable\"\n";
    std::fs::write(home.path().join("policy.toml"), policy).unwrap();
    let mut ran = 0;
    for command_words in [
        &[][..],
        &["reach"],
        &["show"],
        &["audit"],
        &["verify"],
        &["checks"],
        &["record", "aws"],
        &["demo"],
        &["completions"],
        &["man"],
    ] {
        let lines = examples(command_words);
        assert!(!lines.is_empty(), "{command_words:?} has examples");
        for line in lines {
            let owned = words(&line);
            let shown: Vec<&str> = owned.iter().map(String::as_str).collect();
            let offline = !shown.contains(&"record")
                && (shown.contains(&"--from") || !["reach", "show"].contains(&shown[0]));
            if offline || shown.contains(&"--queries") {
                let mut shown = shown;
                if shown.contains(&"--queries") && !shown.contains(&"--from") {
                    shown.extend(["--from", "prod"]);
                }
                let run = finish(command(&shown).current_dir(home.path()), "web db:5432\n");
                assert_ne!(run.code, 2, "{line}: {}", run.err);
                assert!(!run.out.is_empty(), "{line}");
                ran += 1;
            } else {
                parses(&line).unwrap();
            }
        }
    }
    assert!(ran > 10, "{ran}");
}

#[test]
fn every_command_line_of_the_readme_parses() {
    let Ok(readme) = std::fs::read_to_string(root().join("README.md")) else {
        assert!(!Path::new("README.md").exists());
        return;
    };
    let mut fenced = false;
    for (number, line) in (1..).zip(readme.lines()) {
        if let Some(info) = line.trim().strip_prefix("```") {
            fenced = !fenced && (info.starts_with("console") || info.starts_with("sh"));
        } else if fenced {
            let line = line.trim().trim_start_matches("$ ");
            if line.starts_with("cloudfw ") {
                parses(line).unwrap_or_else(|error| panic!("README.md:{number}: {line}\n{error}"));
            }
        }
    }
}
