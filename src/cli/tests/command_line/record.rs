//! `cloudfw record aws`, as far as it needs no cloud: what it prints for those who record by hand.

use std::path::Path;
use std::process::{Command, Output};

use crate::run::{cloudfw, root};

/// An `aws` that answers from the scenario `three-tier`, and fails as the real one does.
const AWS: &str = r#"#!/bin/sh
echo "$@" >> "$LOG"
case "$*" in
*get-caller-identity*) echo 111122223333; exit ;;
*"configure get region"*) echo eu-central-1; exit ;;
*describe-regions*text*) echo "eu-central-1	eu-west-1"; exit ;;
*describe-managed-prefix-lists*text*) echo pl-1 pl-2; exit ;;
*get-managed-prefix-list-entries*pl-1*) echo '[{"Cidr": "10.0.0.0/8"}]'; exit ;;
esac
case "$2" in
get-managed-prefix-list-entries) operation=GetManagedPrefixListEntries ;;
describe-network-acls) operation=DescribeNetworkAcls ;;
describe-vpn-gateways) echo 'Could not connect to the endpoint URL: "https://x/"' >&2; exit 255 ;;
describe-vpc-block-public-access-options)
    echo "[SSL: CERTIFICATE_VERIFY_FAILED]" >&2; exit 254 ;;
describe-instances) cat "$THREE/reservations.json"; exit ;;
*)
    [ "$2" != describe-vpcs ] || echo "a warning" >&2
    cat "$THREE/${2#describe-}.json" 2>/dev/null || echo '{"Regions": []}'
    exit ;;
esac
echo >&2
echo "An error occurred (UnauthorizedOperation) when calling the $operation operation: No." >&2
exit 254
"#;

/// Runs the lines that `record aws --print-commands` prints with these words.
fn by_hand(home: &Path, words: &[&str]) -> Output {
    let run = cloudfw(&[&["record", "aws", "--print-commands"], words].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let bin = home.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::write(bin.join("aws"), AWS).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(bin.join("aws"), mode).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-uc", &run.out]).current_dir(home).env("PATH", path);
    shell.env_remove("AWS_REGION").env_remove("AWS_DEFAULT_REGION");
    shell.env("LOG", home.join("log")).env("THREE", root().join("testdata/aws/three-tier"));
    shell.output().unwrap()
}

fn at(home: &Path, region: &str, file: &str) -> std::path::PathBuf {
    home.join("rec/accounts/111122223333").join(region).join(file)
}

#[test]
fn a_recording_by_hand_keeps_what_was_denied() {
    let home = tempfile::tempdir().unwrap();
    let done = by_hand(home.path(), &["--to", "rec"]);
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
    assert_eq!(String::from_utf8_lossy(&done.stdout), "");
    let is_there = |file: &str| at(home.path(), "eu-central-1", file).exists();
    assert!(
        is_there("describe-vpcs.json") && is_there("get-managed-prefix-list-entries.pl-1.json")
    );
    assert!(is_there("describe-network-acls.err") && !is_there("describe-network-acls.json"));
    assert!(
        !is_there("describe-dhcp-options.err") && !is_there("get-managed-prefix-list-entries.err")
    );

    let from = home.path().join("rec");
    let from = ["--from", from.to_str().unwrap(), "--assume-none", "all", "-o", "json"];
    let run = cloudfw(&[&["reach", "web", "db:5432"], &from[..]].concat());
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    let answer = &run.json()[0];
    let not_read = answer["coverage"]["scopes"][0]["not_read"].as_array().unwrap();
    let told = |kind: &str| {
        let one = not_read.iter().find(|one| one["kind"] == kind);
        one.map(|one| one["outcome"].as_str().unwrap().to_owned())
    };
    assert_eq!(told("NetworkAcls").as_deref(), Some("denied"));
    assert_eq!(told("VpcBlockPublicAccessOptions").as_deref(), Some("failed"));
    assert_eq!(told("ManagedPrefixListEntries").as_deref(), Some("denied"));
    assert_eq!(told("Vpcs"), None);
    assert_eq!(answer["coverage"]["warnings"], serde_json::json!([]));
}

#[test]
fn a_recording_by_hand_asks_where_the_user_says() {
    let home = tempfile::tempdir().unwrap();
    let words =
        ["--to", "rec", "--all-regions", "--profile", "audit", "--endpoint-url", "http://x:1"];
    by_hand(home.path(), &words);
    for region in ["eu-central-1", "eu-west-1"] {
        assert!(at(home.path(), region, "describe-vpcs.json").exists(), "{region}");
    }
    let log = std::fs::read_to_string(home.path().join("log")).unwrap();
    assert!(
        log.lines().all(|line| line.contains("--profile audit --endpoint-url http://x:1")),
        "{log}"
    );
    assert_eq!(log.lines().filter(|line| line.contains("describe-vpcs")).count(), 2);
}

#[test]
fn the_policy_needs_no_cloud() {
    let run = cloudfw(&["record", "aws", "--print-policy"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("ec2:DescribeVpcs"), "{}", run.out);
}
