//! `cloudfw verify`: what is printed, where to, and the exit code.

use std::path::Path;

use crate::run::{Run, cloudfw, command, finish, root};

const THREE: [&str; 4] = ["--from", "testdata/aws/three-tier", "--assume-none", "all"];
const DENIED: [&str; 4] =
    ["--from", "testdata/aws/recording-denied-is-not-empty", "--assume-none", "all"];

const HOLDS: &str = r#"
[[expect]]
name = "the web is open"
from = "internet"
to = "tag:Name=web"
service = ["80", "443"]
verdict = "reachable"

[[group]]
name = "the database"
to = "db"
[[group.expect]]
name = "nobody outside reaches it"
from = "internet"
verdict = "unreachable"
"#;

const BREAKS: &str = r#"
[[expect]]
name = "the web tier talks to the database"
from = "web"
to = "db"
service = "5432"
verdict = "reachable"

[[expect]]
name = "the tiers talk as they are meant to"
from = "*"
to = ["app", "db"]
except-from = "app"
service = "8080"
verdict = "unreachable"
"#;

/// Proves a policy that stands in a file.
fn verify(policy: &str, words: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.toml"), policy).unwrap();
    in_folder(folder.path(), words)
}

/// The same in a folder that has it. Recordings are meant from the folder of the project.
fn in_folder(folder: &Path, words: &[&str]) -> Run {
    let words: Vec<String> = ["verify", "policy.toml"]
        .iter()
        .chain(words)
        .map(|word| match word.strip_prefix("testdata/") {
            Some(rest) => root().join("testdata").join(rest).to_str().unwrap().to_owned(),
            None => (*word).to_owned(),
        })
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    finish(command(&words).current_dir(folder), "")
}

#[test]
fn what_holds_is_a_line_each() {
    let run = verify(HOLDS, &THREE);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.err, "");
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "✓ the web is open   it is reachable",
            "✓ the database: nobody outside reaches it   it is unreachable",
            "",
            "passed  2 assertions: 2 passed",
        ]
    );
    assert!(lines[4].starts_with("coverage: "), "{}", run.out);
}

#[test]
fn what_breaks_has_a_witness_with_its_hops() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.toml"), BREAKS).unwrap();
    let three = root().join("testdata/aws/three-tier");
    std::os::unix::fs::symlink(three, folder.path().join("prod")).unwrap();
    let run = in_folder(folder.path(), &["--from", "prod", "--assume-none", "all"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    insta::assert_snapshot!(run.out);
}

#[test]
fn what_is_not_known_is_3_and_says_what_would_settle_it() {
    let unknown =
        "[[expect]]\nfrom = \"web\"\nto = \"db\"\nservice = \"443\"\nverdict = \"reachable\"\n";
    let run = verify(unknown, &DENIED);
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    for said in
        ["? web → db tcp 443: reachable", "what would settle it", "denied", "unknown  1 assertion"]
    {
        assert!(run.out.contains(said), "{said}: {}", run.out);
    }
    // All assertions hold, and something was not read all the same.
    let run = verify(&unknown.replace("\"db\"", "\"app\""), &DENIED);
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    for said in
        ["✓ ", "unknown  1 assertion: 1 passed", "not everything was read", "describe-network-acls"]
    {
        assert!(run.out.contains(said), "{said}: {}", run.out);
    }
    assert!(!run.out.contains("passed  1"), "{}", run.out);
}

/// What holds in the half that can be read is told, and that it is a half.
#[test]
fn a_half_readable_recording_is_3_and_a_proved_failure_1() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("recording");
    std::fs::create_dir(&recording).unwrap();
    for file in std::fs::read_dir(root().join("testdata/aws/three-tier")).unwrap() {
        let file = file.unwrap();
        if file.file_name() != "expected.json" {
            std::fs::copy(file.path(), recording.join(file.file_name())).unwrap();
        }
    }
    std::fs::write(recording.join("more.json"), "{\"TransitGateways\": [{\"Transit").unwrap();
    let words = ["--from", "recording", "--assume-none", "all"];
    for (policy, code) in [(HOLDS, 3), (BREAKS, 1)] {
        std::fs::write(folder.path().join("policy.toml"), policy).unwrap();
        let run = in_folder(folder.path(), &words);
        assert_eq!(run.code, code, "{}{}", run.out, run.err);
        assert!(run.out.contains("not everything was read"), "{}", run.out);
        assert!(run.out.contains("more.json"), "{}", run.out);
    }
}

#[test]
fn an_empty_recording_is_3() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.toml"), HOLDS).unwrap();
    std::fs::write(folder.path().join("vpcs.json"), r#"{"Vpcs": []}"#).unwrap();
    let run = in_folder(folder.path(), &["--from", "vpcs.json"]);
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    assert!(run.out.contains("any resource at all"), "{}", run.out);
    assert!(!run.out.contains('✓'), "{}", run.out);
}

/// What holds whatever is missing holds; and yet nobody may take the rest for all there is.
#[test]
fn a_list_that_lacks_what_others_refer_to_is_never_clean() {
    for (file, key) in [
        ("subnets.json", "Subnets"),
        ("vpcs.json", "Vpcs"),
        ("route-tables.json", "RouteTables"),
        ("network-acls.json", "NetworkAcls"),
        ("security-groups.json", "SecurityGroups"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(root().join("testdata/aws/three-tier")).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
        let policy = "[[expect]]\nfrom = \"internet\"\nto = \"tag:Name=db\"\nservice = \"9\"\n\
                      verdict = \"unreachable\"\n";
        std::fs::write(folder.path().join("policy.toml"), policy).unwrap();
        let verify = || in_folder(folder.path(), &["--from", ".", "--assume-none", "all"]);
        assert_eq!(verify().code, 0, "{key}");
        std::fs::write(folder.path().join(file), format!("{{\"{key}\": []}}")).unwrap();
        let run = verify();
        assert_eq!(run.code, 3, "{key}: {}{}", run.out, run.err);
        assert!(run.out.contains(&format!("{key} (aws ec2 describe-")), "{key}: {}", run.out);
        assert!(!run.out.contains("passed  "), "{key}: {}", run.out);
    }
}

#[test]
fn a_wrong_policy_is_2_with_the_line_and_a_caret() {
    let run = verify(&HOLDS.replace("verdict", "verdikt").replace("from", "form"), &THREE);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.starts_with("error: policy.toml:"), "{}", run.err);
    assert_eq!(run.err.matches("did you mean `verdict`?").count(), 2, "{}", run.err);
    assert_eq!(run.err.matches("did you mean `from`?").count(), 2, "{}", run.err);
    assert!(run.err.contains("^^^^"), "{}", run.err);
    let run = verify(&HOLDS.replace("\"db\"", "\"bd\""), &THREE);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("policy.toml:11:6: nothing in the recording"), "{}", run.err);
    assert!(run.err.contains("11 | to = \"bd\"\n   |      ^^^^"), "{}", run.err);
    assert!(run.err.contains("did you mean `db`"), "{}", run.err);
    for (policy, said) in [("", "nothing is expected"), ("[[expect", "policy.toml:1:")] {
        let run = verify(policy, &THREE);
        assert_eq!(run.code, 2, "{}", run.out);
        assert!(run.err.contains(said), "{}", run.err);
    }
    let run = cloudfw(&["verify", "nowhere.toml"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("cannot read the policy `nowhere.toml`"), "{}", run.err);
}

#[test]
fn json_is_one_document_by_the_published_schema() {
    let run = verify(BREAKS, &[&THREE[..], &["-o", "json"]].concat());
    assert_eq!(run.code, 1, "{}", run.err);
    let [verified] = &run.json()[..] else { panic!("{}", run.out) };
    assert_eq!(verified["schema"], "cloudfw.verify/1");
    assert_eq!(verified["conclusion"], "failed");
    assert_eq!(verified["counts"]["failed"], 2);
    let assertion = &verified["assertions"][0];
    assert_eq!(assertion["place"]["file"], "policy.toml");
    assert_eq!(assertion["place"]["line"], 2);
    assert_eq!(assertion["witness"]["flow"]["destination_port"], 5432);
    assert!(!assertion["witness"]["pair"]["return"].as_array().unwrap().is_empty());
    let schema = std::fs::read_to_string(root().join("schemas/cloudfw.verify-1.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    for required in schema["required"].as_array().unwrap() {
        assert!(!verified[required.as_str().unwrap()].is_null(), "{required}");
    }
}

#[test]
fn several_formats_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.toml"), BREAKS).unwrap();
    let outputs = ["-o", "junit=verify.xml", "-o", "sarif=verify.sarif", "-o", "text"];
    let run = in_folder(folder.path(), &[&THREE[..], &outputs].concat());
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.starts_with("✗ "), "{}", run.out);
    let written = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(written("verify.xml").matches("<failure").count(), 2);
    let sarif: serde_json::Value = serde_json::from_str(&written("verify.sarif")).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "policy.toml");
    assert!(place["region"]["startLine"].as_u64().is_some());
}

#[test]
fn what_cannot_be_written_is_told_before_the_work() {
    for (words, said) in [
        (&["-o", "json=no/such/folder/out.json"][..], "no/such/folder/out.json"),
        (&["-o", "json", "-o", "text"], "two results"),
        (&["-o", "csv"], "`csv` is no format of this command: it has text, json, sarif, junit"),
    ] {
        let run = verify(HOLDS, &[words, &["--from", "no-such-recording"]].concat());
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{words:?}");
        assert!(run.err.contains(said), "{words:?}: {}", run.err);
    }
}

#[test]
fn networks_of_cloudfw_toml_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let policy = HOLDS.replace("\"internet\"\nto = \"tag", "\"office\"\nto = \"tag");
    std::fs::write(folder.path().join("policy.toml"), policy).unwrap();
    let networks = "[networks]\noffice = \"198.51.100.0/24\"\n";
    std::fs::write(folder.path().join("cloudfw.toml"), networks).unwrap();
    let run = in_folder(folder.path(), &THREE);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn a_policy_can_come_from_standard_input() {
    let words = [&["verify", "-"][..], &THREE].concat();
    let run = finish(&mut command(&words), HOLDS);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let run = finish(&mut command(&words), "form = 1");
    assert!(run.err.contains("standard input:1:1: unknown key `form`"), "{}", run.err);
}

/// The policy that `--help` shows is one.
#[test]
fn the_policy_of_the_help_reads_well() {
    let help = cloudfw(&["verify", "--help"]).out;
    let policy = help.split("POLICY:\n").nth(2).or_else(|| help.split("POLICY:\n").nth(1)).unwrap();
    let policy = policy.split("  More keys").next().unwrap();
    let run = verify(policy, &THREE);
    assert_eq!(run.code, 2);
    // Only what is not recorded is wrong with it.
    assert!(run.err.contains("nothing in the recording is called `tag:tier=web`"), "{}", run.err);
    assert!(!run.err.contains("unknown key"), "{}", run.err);
}

/// Kinds that are not in the recording count where an expectation cannot be decided: then nothing
/// says that everything was read.
#[test]
fn no_format_says_that_everything_was_read_where_something_cannot_be_said() {
    let few = ["--from", "testdata/aws/recording-of-a-few-kinds"];
    let policy =
        "[[expect]]\nfrom = \"web\"\nto = \"db\"\nservice = \"443\"\nverdict = \"reachable\"\n";
    let words = |format: &'static str| [&few[..], &["-o", format]].concat();
    let junit = verify(policy, &words("junit"));
    assert_eq!(junit.code, 3, "{}{}", junit.out, junit.err);
    assert!(!junit.out.contains("was read\""), "{}", junit.out);
    assert!(junit.out.contains("type=\"incomplete\""), "{}", junit.out);
    let sarif = verify(policy, &words("sarif"));
    assert!(sarif.out.contains("\"executionSuccessful\":false"), "{}", sarif.out);
    assert!(sarif.out.contains("toolExecutionNotifications"), "{}", sarif.out);
    let holds = verify(HOLDS, &[&THREE[..], &["-o", "junit"]].concat());
    assert_eq!(holds.code, 0, "{}{}", holds.out, holds.err);
    assert!(holds.out.contains("everything that the policy needs was read"), "{}", holds.out);
}

/// A private address that is dialled from elsewhere is the machine that has it.
#[test]
fn a_private_address_is_proved_at_its_public_one() {
    let policy = |to: &str| {
        format!("[[expect]]\nfrom = \"internet\"\nto = \"{to}\"\nverdict = \"unreachable\"\n")
    };
    let of = |to: &str| verify(&policy(to), &THREE);
    let name = of("web");
    assert_eq!(name.code, 1, "{}{}", name.out, name.err);
    let run = of("10.0.1.10");
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(!run.out.contains("no public address"), "{}", run.out);
}
