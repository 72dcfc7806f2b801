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
        let line = line.split(" #").next().unwrap();
        let line = line.split(" ||").next().unwrap().trim();
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
        let line = line.trim_end_matches(']');
        line.split(", ").map(str::to_owned).collect::<Vec<String>>()
    });
    let audits: Vec<Vec<String>> = args.filter(|words| words[0] == "audit").collect();
    assert_eq!(audits.len(), 1);
    // It records the live cloud; here the recording is there.
    let words: Vec<&str> = audits[0].iter().map(String::as_str).chain(["--from", "prod"]).collect();
    let run = finish(command(&words).current_dir(home.path()), "");
    assert!([0, 1, 3].contains(&run.code), "{}", run.err);
}

/// A block of the page, from its heading on.
fn block<'p>(page: &'p str, heading: &str, language: &str) -> &'p str {
    let (_, below) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, block) = below.split_once(&format!("```{language}\n")).unwrap();
    block.split_once("```").unwrap().0
}

/// The commands of the pipelines, as the shells run them.
fn scripts() -> [(&'static str, Vec<String>); 3] {
    let page = page();
    let without_note = |line: &str| line.split(" #").next().unwrap().trim().to_owned();
    let github: Vec<String> = block(&page, "GitHub", "yaml")
        .lines()
        .map(|line| line.trim().trim_start_matches("- ").trim_start_matches("run: "))
        .filter(|line| line.starts_with("cloudfw "))
        .map(without_note)
        .collect();
    let gitlab = block(&page, "GitLab", "yaml").lines().filter_map(|line| {
        let line = line.trim().strip_prefix("- ")?;
        (line.starts_with("cloudfw ") || line.starts_with("exit ")).then(|| without_note(line))
    });
    let systemd = block(&page, "A systemd timer", "ini").lines().filter_map(|line| {
        let line = line.strip_prefix("ExecStart=")?;
        Some(line.replace("/usr/local/bin/", "").replace("$$", "$"))
    });
    [("GitHub", github), ("GitLab", gitlab.collect()), ("systemd", systemd.collect())]
}

/// A call that is denied is what the audit is to tell of: the pipelines go on to it, and fail there.
/// Where nothing was recorded they do not audit what an earlier run has left.
#[test]
fn pipelines_audit_what_could_be_recorded() {
    use std::os::unix::fs::PermissionsExt;
    for (pipeline, lines) in scripts() {
        assert!(lines.len() >= 2, "{pipeline}: {lines:?}");
        for (recorded, runs) in [(0, true), (3, true), (2, false)] {
            let home = tempfile::tempdir().unwrap();
            let from = root().join("testdata/aws/recording-denied-is-not-empty");
            for name in ["prod", "recording"] {
                std::os::unix::fs::symlink(&from, home.path().join(name)).unwrap();
            }
            let policy = "[[expect]]\nfrom = \"web\"\nto = \"db\"\nverdict = \"reachable\"\n";
            std::fs::write(home.path().join("policy.toml"), policy).unwrap();
            let shim = home.path().join("cloudfw");
            let text = format!(
                "#!/bin/sh\necho \"$1\" >> ran\nif [ \"$1\" = record ]; then exit {recorded}; fi\n\
                 exec '{}' \"$@\"\n",
                env!("CARGO_BIN_EXE_cloudfw")
            );
            std::fs::write(&shim, text).unwrap();
            std::fs::set_permissions(&shim, PermissionsExt::from_mode(0o755)).unwrap();
            let path = std::env::var("PATH").unwrap();
            let done = std::process::Command::new("sh")
                .args(["-e", "-c", &lines.join("\n")])
                .current_dir(home.path())
                .env("PATH", format!("{}:{path}", home.path().display()))
                .env("HOME", home.path())
                .output()
                .unwrap();
            let ran = std::fs::read_to_string(home.path().join("ran")).unwrap();
            let audits = ran.lines().any(|command| command == "audit");
            assert_eq!(audits, runs, "{pipeline}, record ended with {recorded}: {ran}");
            assert_ne!(done.status.code(), Some(0), "{pipeline}: a denied call is not clean");
            if pipeline == "GitLab" {
                assert_eq!(
                    ran.contains("verify"),
                    runs,
                    "a finding does not keep it from verifying"
                );
            }
        }
    }
}
