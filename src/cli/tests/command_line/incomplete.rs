//! What was not read or cannot be decided is never clean: the exit code says it, and so does every
//! format.

use std::path::Path;

use crate::run::{Run, command, finish, root};

/// A folder with the documents of a scenario, without those of these names.
fn copied(scenario: &str, without: &[&str]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(root().join("testdata").join(scenario)).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let beside = ["expected.json", "findings.json"].contains(&file) || without.contains(&file);
        if file.ends_with(".json") && !beside {
            std::fs::copy(&path, home.path().join(file)).unwrap();
        }
    }
    home
}

fn with(scenario: &str, file: &str, text: &str) -> tempfile::TempDir {
    let home = copied(scenario, &[]);
    std::fs::write(home.path().join(file), text).unwrap();
    home
}

fn audit(folder: &Path, words: &[&str]) -> Run {
    let from = folder.to_str().unwrap();
    let words = [&["audit", "--from", from, "--assume-none", "all"], words].concat();
    finish(&mut command(&words), "")
}

/// What a format must say of an audit that is incomplete, and what it must not.
fn says_so(format: &str, text: &str) -> Result<(), String> {
    let (must, must_not): (&[&str], &[&str]) = match format {
        "text" => (&["INCOMPLETE"], &["clean  ", "nothing fails"]),
        "json" | "ndjson" => (&["\"complete\":false"], &["\"complete\":true", "\"incomplete\":[]"]),
        "sarif" => (
            &["\"executionSuccessful\":false", "\"toolExecutionNotifications\":[{"],
            &["\"executionSuccessful\":true"],
        ),
        "junit" => (&["type=\"incomplete\"", "<error"], &["everything was read"]),
        "ocsf" => (&["\"status_detail\":\"incomplete\""], &[]),
        "csv" => (&["\nincomplete,,"], &[]),
        "markdown" => (&["## Incomplete"], &["# cloudfw audit: clean", "nothing fails"]),
        other => panic!("{other}"),
    };
    let lacks = must.iter().find(|word| !text.contains(**word));
    let has = must_not.iter().find(|word| text.contains(**word));
    match (lacks, has) {
        (None, None) => Ok(()),
        (lacks, has) => Err(format!("{format} lacks {lacks:?}, has {has:?}:\n{text}")),
    }
}

const FORMATS: [&str; 8] = ["text", "json", "ndjson", "sarif", "junit", "ocsf", "csv", "markdown"];

/// The exit code is 3 without findings that fail and 1 with them, and every format says why.
fn is_incomplete(what: &str, folder: &Path, words: &[&str]) {
    // Not into the recording, whose documents they would be.
    let reports = tempfile::tempdir().unwrap();
    let path = |format: &str| reports.path().join(format!("out.{format}"));
    for (fail_on, code) in [("critical", &[3][..]), ("info", &[1, 3][..])] {
        let outputs: Vec<String> = FORMATS[1..]
            .iter()
            .map(|format| format!("{format}={}", path(format).display()))
            .chain(["text".to_owned()])
            .collect();
        let outputs = outputs.iter().flat_map(|output| ["-o", output.as_str()]);
        let words: Vec<&str> =
            words.iter().copied().chain(["--fail-on", fail_on]).chain(outputs).collect();
        let run = audit(folder, &words);
        assert!(code.contains(&run.code), "{what}: {}: {}{}", run.code, run.out, run.err);
        says_so("text", &run.out).unwrap_or_else(|why| panic!("{what}: {why}"));
        for format in &FORMATS[1..] {
            let text = std::fs::read_to_string(path(format)).unwrap();
            says_so(format, &text).unwrap_or_else(|why| panic!("{what}: {why}"));
        }
    }
}

#[test]
fn every_format_says_that_an_audit_is_incomplete() {
    let quiet = "aws/aws-02-groups-of-an-interface-are-merged";
    let manifest = |call: &str| {
        format!(
            r#"{{"schema": "cloudfw.manifest/1", "calls": [{{"call": "{call}", "outcome": "denied"}}]}}"#
        )
    };
    let routing = ["--check", "blackhole-route"];
    let denied = with(quiet, "manifest.json", &manifest("describe-flow-logs"));
    is_incomplete("a call that was denied", denied.path(), &routing);
    let broken = with(quiet, "vpc-endpoints.json", "{\"VpcEndpoints\": [{\"VpcEndpointId\": ");
    is_incomplete("a document that cannot be read", broken.path(), &routing);
    let whole = copied(quiet, &[]);
    let framework = ["--framework", "cis-azure-2.0"];
    is_incomplete("a framework of another cloud", whole.path(), &framework);
    let empty = tempfile::tempdir().unwrap();
    std::fs::write(empty.path().join("vpcs.json"), r#"{"Vpcs": []}"#).unwrap();
    is_incomplete("an empty recording", empty.path(), &routing);
}

/// The unknown half is only a note of a finding that does not fail.
#[test]
fn every_format_says_that_a_finding_leaves_something_open() {
    for scenario in [
        "aws/trap-one-id-twice-with-other-content",
        "azure/az-30-prefixes-of-user-defined-routes",
        "azure/az-55-routes-by-service-tag-without-a-list",
        "aws/aws-62-71-a-gateway-load-balancer-endpoint-is-opaque",
    ] {
        let home = copied(scenario, &[]);
        let run = audit(home.path(), &["-o", "json"]);
        let found: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        let findings = found["findings"].as_array().unwrap();
        let open = findings.iter().filter(|it| !it["unknowns"].is_null()).count();
        assert!(open > 0, "{scenario} leaves nothing open");
        // A check that does not fail, where others do.
        let words: &[&str] = match scenario {
            "aws/aws-62-71-a-gateway-load-balancer-endpoint-is-opaque" => {
                &["--check", "public-address-without-route"]
            }
            _ => &[],
        };
        is_incomplete(scenario, home.path(), words);
    }
}

#[test]
fn what_is_complete_says_so_in_every_format() {
    let home = copied("aws/aws-02-groups-of-an-interface-are-merged", &[]);
    let words = ["--check", "blackhole-route", "-o"];
    for format in FORMATS {
        let run = audit(home.path(), &[&words[..], &[format]].concat());
        assert_eq!(run.code, 0, "{format}: {}", run.out);
        assert!(says_so(format, &run.out).is_err(), "{format}: {}", run.out);
    }
}

/// `--assume-none all` is about what recordings of others never hold, and not about the estate.
#[test]
fn what_an_estate_is_made_of_is_not_assumed_away() {
    for (scenario, files) in [(
        "aws/exposure",
        &[
            "vpcs.json",
            "subnets.json",
            "network-interfaces.json",
            "security-groups.json",
            "network-acls.json",
            "route-tables.json",
        ][..],
    )] {
        for file in files {
            let home = copied(scenario, &[file]);
            let run = audit(home.path(), &["-o", "json"]);
            assert!([1, 3].contains(&run.code), "{file}");
            assert!(run.out.contains("\"complete\":false"), "{file}: {}", run.out);
            assert!(run.out.contains("not in the recording"), "{file}");
        }
        let all_but_one: Vec<&str> = files.iter().copied().skip(1).collect();
        let home = tempfile::tempdir().unwrap();
        std::fs::copy(
            root().join("testdata").join(scenario).join(files[0]),
            home.path().join(files[0]),
        )
        .unwrap();
        let run = audit(home.path(), &[]);
        assert_eq!(run.code, 3, "{all_but_one:?}: {}", run.out);
        assert!(run.out.contains("NetworkInterfaces"), "{}", run.out);
    }
    let home = tempfile::tempdir().unwrap();
    let network = r#"[{"id": "/subscriptions/0/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/v", "name": "v", "type": "Microsoft.Network/virtualNetworks", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": []}}]"#;
    std::fs::write(home.path().join("vnets.json"), network).unwrap();
    let run = audit(home.path(), &[]);
    assert_eq!(run.code, 3, "{}", run.out);
    assert!(run.out.contains("NetworkSecurityGroups"), "{}", run.out);
    // Its own name says that there is none.
    let kinds = ["--assume-none", "NetworkInterfaces", "--assume-none", "NetworkSecurityGroups"];
    let run = audit(home.path(), &[&kinds[..], &["-o", "json"]].concat());
    let found: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let incomplete = found["incomplete"].to_string();
    assert!(!incomplete.contains("NetworkInterfaces"), "{incomplete}");
    assert!(!incomplete.contains("NetworkSecurityGroups"), "{incomplete}");
}

/// Somebody saved what the API or the command line said instead of an answer.
#[test]
fn a_saved_error_is_a_failed_call() {
    let quiet = "aws/aws-02-groups-of-an-interface-are-merged";
    let words = ["--check", "blackhole-route"];
    assert_eq!(audit(copied(quiet, &[]).path(), &words).code, 0);
    for (file, text, names) in [
        ("x.json", r#"{"Error":{"Code":"UnauthorizedOperation"}}"#, "x.json"),
        (
            "flow.txt",
            "\nAn error occurred (UnauthorizedOperation) when calling the DescribeFlowLogs operation: You are not authorized to perform this operation.\n",
            "describe-flow-logs",
        ),
        (
            "endpoints.err",
            "\nAn error occurred (UnauthorizedOperation) when calling the DescribeVpcEndpoints operation: No\n",
            "VpcEndpoints",
        ),
        ("y.json", r#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#, "y.json"),
        (
            "az.txt",
            "ERROR: (AuthorizationFailed) The client 'a' with object id 'b' does not have authorization to perform action 'Microsoft.Network/networkSecurityGroups/read' over scope '/subscriptions/0'\nCode: AuthorizationFailed\n",
            "NetworkSecurityGroups",
        ),
    ] {
        let home = with(quiet, file, text);
        let run = audit(home.path(), &words);
        assert_eq!(run.code, 3, "{file}: {}{}", run.out, run.err);
        assert!(run.out.contains("denied") && run.out.contains(names), "{file}: {}", run.out);
    }
}

#[test]
fn findings_that_do_not_fail_are_not_called_clean() {
    let home = copied("aws/aws-02-groups-of-an-interface-are-merged", &[]);
    let words = ["--check", "undescribed-rule", "--fail-on", "high", "--severity", "info"];
    let run = audit(home.path(), &words);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(!run.out.starts_with("clean"), "{}", run.out);
    assert!(run.out.starts_with("nothing fails  "), "{}", run.out);
    assert!(run.out.contains(", none high or above"), "{}", run.out);
}
