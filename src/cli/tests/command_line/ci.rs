//! What `docs/ci.md` shows has to run.

use std::path::Path;

use crate::run::{Run, command, finish, root};

fn page() -> String {
    std::fs::read_to_string(root().join("src/cli/docs/ci.md")).unwrap()
}

/// A folder with the recording and the policy that the page speaks of.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root().join("testdata/aws/three-tier"), home.path().join("prod"))
        .unwrap();
    let page = page();
    let policy = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    std::fs::write(home.path().join("policy.toml"), policy).unwrap();
    home
}

/// The command lines of the page: indented ones, those of YAML and of units.
fn lines(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in page.lines() {
        let line = line.trim().trim_start_matches("- ").trim_start_matches("run: ");
        let line = line.trim_start_matches("ExecStart=/usr/local/bin/");
        let line = line.split(" #").next().unwrap().trim();
        if line.starts_with("cloudfw ") && !line.ends_with(':') {
            found.push(line.to_owned());
        }
    }
    found
}

fn run(line: &str, home: &Path) -> Run {
    let words: Vec<&str> = line.split_whitespace().skip(1).collect();
    finish(command(&words).current_dir(home), "")
}

#[test]
fn every_command_of_the_page_that_needs_no_cloud_runs() {
    let home = home();
    std::os::unix::fs::symlink(home.path().join("prod"), home.path().join("recording")).unwrap();
    let mut ran = 0;
    for line in lines(&page()) {
        if line.starts_with("cloudfw record") {
            let words: Vec<&str> =
                line.split_whitespace().skip(1).chain(["--print-policy"]).collect();
            let run = finish(command(&words).current_dir(home.path()), "");
            assert!(!run.err.contains("unexpected argument"), "{line}: {}", run.err);
            continue;
        }
        let run = run(&line, home.path());
        assert!([0, 1, 3].contains(&run.code), "{line}: {}\n{}", run.code, run.err);
        ran += 1;
    }
    assert!(ran >= 9, "{ran}");
    for file in ["cloudfw.sarif", "summary.md", "verify.xml", "audit.xml", "accepted.json"] {
        assert!(home.path().join(file).metadata().unwrap().len() > 100, "{file}");
    }
}

/// The arguments of the container are those of a command line that runs.
#[test]
fn the_containers_arguments_are_understood() {
    let home = home();
    let page = page();
    let args = page.lines().filter_map(|line| line.trim().strip_prefix("args: [")).map(|line| {
        let line = line.trim_end_matches(']').replace("/data/prod", "prod");
        line.split(", ").map(str::to_owned).collect::<Vec<String>>()
    });
    let audits: Vec<Vec<String>> = args.filter(|words| words[0] == "audit").collect();
    assert_eq!(audits.len(), 1);
    let words: Vec<&str> = audits[0].iter().map(String::as_str).collect();
    let run = finish(command(&words).current_dir(home.path()), "");
    assert!([0, 1, 3].contains(&run.code), "{}", run.err);
}
