//! `record` against a server on loopback: whole answers, and every way in which one can fail.
#![cfg(feature = "live")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "clippy takes the functions between the tests for code"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use cloudfw_aws::live::{
    Event, LiveError, RecordOptions, Recorded, Regions, least_privilege_policy, record,
};
use cloudfw_aws::manifest::{Call, Manifest, Outcome};
use cloudfw_core::{Document, Scope};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

#[path = "live_record/server.rs"]
mod server;

use server::{ACCOUNT, ACTIONS, Ec2, REGION, answer, empty, empty_text, fault, identity};

async fn made(options: &RecordOptions) -> Result<Recorded, LiveError> {
    record(options, &|_| {}).await
}

/// The recording of the one Region, when nothing else is wanted.
async fn recorded(ec2: &Ec2, to: &Path) -> Manifest {
    let mut recorded = made(&ec2.options(to)).await.unwrap();
    assert_eq!(
        (recorded.account.as_str(), recorded.regions.len()),
        (ACCOUNT, 1)
    );
    recorded.regions.remove(0).manifest
}

fn call<'a>(manifest: &'a Manifest, name: &str) -> &'a Call {
    let mut calls = manifest.calls.iter().filter(|call| call.call == name);
    let call = calls
        .next()
        .unwrap_or_else(|| panic!("{name} is not in the manifest"));
    assert!(calls.next().is_none(), "{name} is in the manifest twice");
    call
}

fn document(to: &Path, call: &str) -> Option<Value> {
    let path = to
        .join("accounts")
        .join(ACCOUNT)
        .join(REGION)
        .join(format!("{call}.json"));
    Some(serde_json::from_str(&fs::read_to_string(path).ok()?).unwrap())
}

fn vpcs(content: &str) -> ResponseTemplate {
    answer("DescribeVpcs", content)
}

/// All calls but these went well and have a document; these went as told and have none.
fn only_failing(to: &Path, manifest: &Manifest, failing: &[(&str, Outcome)]) {
    for (name, outcome) in failing {
        let call = call(manifest, name);
        assert_eq!(call.outcome, *outcome, "{call:?}");
        assert_eq!(call.count, None);
        assert!(call.error.is_some());
        assert_eq!(document(to, name), None, "{name} looks like a list");
    }
    for call in &manifest.calls {
        if !failing.iter().any(|(name, _)| call.call == *name) {
            assert_eq!(call.outcome, Outcome::Ok, "{call:?}");
            assert!(document(to, &call.call).is_some(), "{call:?}");
        }
    }
}

#[tokio::test]
async fn an_empty_account_gives_empty_lists_and_a_manifest_that_vouches_for_them() {
    let home = tempfile::tempdir().unwrap();
    let to = home.path().join("rec");
    let ec2 = Ec2::answering(Vec::new()).await;
    let manifest = recorded(&ec2, &to).await;
    only_failing(&to, &manifest, &[]);
    assert_eq!(document(&to, "describe-vpcs"), Some(json!({"Vpcs": []})));
    assert_eq!(
        document(&to, "describe-vpc-block-public-access-options"),
        Some(json!({"VpcBlockPublicAccessOptions": {}}))
    );
    let vpcs = call(&manifest, "describe-vpcs");
    assert_eq!(vpcs.account.as_deref(), Some(ACCOUNT));
    assert_eq!(vpcs.region.as_deref(), Some(REGION));
    assert_eq!(vpcs.count, Some(0));
    assert!(vpcs.time.as_deref().unwrap().ends_with('Z'));
    let written = document(&to, "manifest").unwrap();
    assert_eq!(written, serde_json::to_value(&manifest).unwrap());
}

#[tokio::test]
async fn no_call_is_made_that_the_policy_does_not_allow() {
    let home = tempfile::tempdir().unwrap();
    let lists = "<prefixListSet><item><prefixListId>pl-1</prefixListId></item></prefixListSet>";
    let ec2 = Ec2::answering(vec![(
        "DescribeManagedPrefixLists",
        vec![answer("DescribeManagedPrefixLists", lists)],
    )])
    .await;
    let mut options = ec2.options(home.path());
    options.regions = Regions::These(vec!["eu-west-1".to_owned(), "us-east-1".to_owned()]);
    made(&options).await.unwrap();
    let made: BTreeSet<String> = ec2
        .all_asked()
        .await
        .into_iter()
        .map(|mut form| form.remove("Action").unwrap())
        .collect();
    let policy: Value = serde_json::from_str(&least_privilege_policy()).unwrap();
    let allowed = policy["Statement"][0]["Action"].as_array().unwrap().iter();
    let allowed: BTreeSet<String> = allowed
        .map(|action| {
            action
                .as_str()
                .unwrap()
                .split_once(':')
                .unwrap()
                .1
                .to_owned()
        })
        .collect();
    assert_eq!(made, allowed);
    assert_eq!(made.len(), ACTIONS.len() + 1);
}

#[tokio::test]
async fn pages_are_turned_to_the_last() {
    let home = tempfile::tempdir().unwrap();
    let page = |id: &str, next: &str| {
        vpcs(&format!(
            "<vpcSet><item><vpcId>{id}</vpcId></item></vpcSet>{next}"
        ))
    };
    let ec2 = Ec2::answering(vec![(
        "DescribeVpcs",
        vec![
            page("vpc-1", "<nextToken>two</nextToken>"),
            page("vpc-2", "<nextToken>three</nextToken>"),
            page("vpc-3", "<nextToken/>"),
        ],
    )])
    .await;
    let manifest = recorded(&ec2, home.path()).await;
    assert_eq!(
        document(home.path(), "describe-vpcs").unwrap(),
        json!({"Vpcs": [{"VpcId": "vpc-1"}, {"VpcId": "vpc-2"}, {"VpcId": "vpc-3"}]})
    );
    assert_eq!(call(&manifest, "describe-vpcs").count, Some(3));
    let tokens: Vec<_> = ec2
        .asked("DescribeVpcs")
        .await
        .iter()
        .map(|f| f.get("NextToken").cloned())
        .collect();
    assert_eq!(
        tokens,
        [None, Some("two".to_owned()), Some("three".to_owned())]
    );
}

#[tokio::test]
async fn pages_without_end_are_no_answer() {
    let home = tempfile::tempdir().unwrap();
    let again = vpcs("<vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet><nextToken>a</nextToken>");
    let ec2 = Ec2::answering(vec![("DescribeVpcs", vec![again])]).await;
    let manifest = recorded(&ec2, home.path()).await;
    only_failing(
        home.path(),
        &manifest,
        &[("describe-vpcs", Outcome::Failed)],
    );
    let error = call(&manifest, "describe-vpcs").error.as_ref().unwrap();
    assert_eq!(error.code, "EndlessPages");
    assert_eq!(ec2.asked("DescribeVpcs").await.len(), 2);
}

#[tokio::test]
async fn a_fault_after_the_first_page_makes_the_kind_unread() {
    let home = tempfile::tempdir().unwrap();
    let first = vpcs("<vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet><nextToken>b</nextToken>");
    let ec2 = Ec2::answering(vec![(
        "DescribeVpcs",
        vec![first, fault(400, "InvalidParameterValue", "no such page")],
    )])
    .await;
    let manifest = recorded(&ec2, home.path()).await;
    only_failing(
        home.path(),
        &manifest,
        &[("describe-vpcs", Outcome::Failed)],
    );
    let error = call(&manifest, "describe-vpcs").error.as_ref().unwrap();
    assert_eq!(error.message, "after 1 pages: no such page");
}

#[tokio::test]
async fn one_denied_call_leaves_the_others() {
    let home = tempfile::tempdir().unwrap();
    let message = format!(
        "You are not authorized to perform this operation. Encoded authorization failure \
         message: {}",
        "x9Zq".repeat(200)
    );
    let ec2 = Ec2::answering(vec![(
        "DescribeNetworkAcls",
        vec![fault(403, "UnauthorizedOperation", &message)],
    )])
    .await;
    let manifest = recorded(&ec2, home.path()).await;
    only_failing(
        home.path(),
        &manifest,
        &[("describe-network-acls", Outcome::Denied)],
    );
    let error = call(&manifest, "describe-network-acls")
        .error
        .as_ref()
        .unwrap();
    assert_eq!(error.code, "UnauthorizedOperation");
    assert!(error.message.starts_with("You are not authorized") && !error.message.contains("x9Zq"));
}

#[tokio::test]
async fn a_throttled_call_is_asked_again() {
    let home = tempfile::tempdir().unwrap();
    let busy = fault(503, "RequestLimitExceeded", "Request limit exceeded.");
    let ec2 = Ec2::answering(vec![("DescribeVpcs", vec![busy, empty("DescribeVpcs")])]).await;
    let manifest = recorded(&ec2, home.path()).await;
    only_failing(home.path(), &manifest, &[]);
    assert_eq!(ec2.asked("DescribeVpcs").await.len(), 2);
}

#[tokio::test]
async fn a_call_that_stays_throttled_says_so() {
    let home = tempfile::tempdir().unwrap();
    let busy = fault(503, "RequestLimitExceeded", "Request limit exceeded.");
    let ec2 = Ec2::answering(vec![("DescribeSubnets", vec![busy])]).await;
    let manifest = recorded(&ec2, home.path()).await;
    only_failing(
        home.path(),
        &manifest,
        &[("describe-subnets", Outcome::Throttled)],
    );
}

#[tokio::test]
async fn calls_that_an_emulator_lacks_are_unsupported() {
    let home = tempfile::tempdir().unwrap();
    let page = "<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>";
    let html = ResponseTemplate::new(500).set_body_raw(page, "text/html; charset=utf-8");
    let ec2 = Ec2::answering(vec![
        ("DescribeVpcBlockPublicAccessOptions", vec![html]),
        (
            "DescribeVpcBlockPublicAccessExclusions",
            vec![fault(
                501,
                "InternalFailure",
                "API action is not yet implemented.",
            )],
        ),
        (
            "DescribeVpnGateways",
            vec![fault(400, "InvalidAction", "The action is not valid")],
        ),
    ])
    .await;
    let manifest = recorded(&ec2, home.path()).await;
    only_failing(
        home.path(),
        &manifest,
        &[
            (
                "describe-vpc-block-public-access-options",
                Outcome::Unsupported,
            ),
            (
                "describe-vpc-block-public-access-exclusions",
                Outcome::Unsupported,
            ),
            ("describe-vpn-gateways", Outcome::Unsupported),
        ],
    );
}

#[tokio::test]
async fn errors_of_the_service_and_bodies_cut_short_are_failures() {
    let home = tempfile::tempdir().unwrap();
    let whole = answer(
        "DescribeSubnets",
        "<subnetSet><item><subnetId>s</subnetId></item>",
    );
    let cut = ResponseTemplate::new(200).set_body_string(
        "<DescribeVpcsResponse><requestId>1</requestId><vpcSet><item><vpcId>vpc-1</vpcId></item>",
    );
    let ec2 = Ec2::answering(vec![
        ("DescribeVpcs", vec![cut]),
        ("DescribeSubnets", vec![whole]),
        (
            "DescribeInstances",
            vec![fault(500, "InternalError", "An internal error occurred")],
        ),
        ("DescribeAddresses", vec![answer("DescribeAddresses", "")]),
        (
            "DescribeNatGateways",
            vec![ResponseTemplate::new(502).set_body_string("Bad Gateway")],
        ),
    ])
    .await;
    let manifest = recorded(&ec2, home.path()).await;
    let failed = ["vpcs", "subnets", "instances", "addresses", "nat-gateways"];
    let failed = failed.map(|name| format!("describe-{name}"));
    let failed: Vec<_> = failed
        .iter()
        .map(|name| (name.as_str(), Outcome::Failed))
        .collect();
    only_failing(home.path(), &manifest, &failed);
    let code = |name: &str| call(&manifest, name).error.as_ref().unwrap().code.clone();
    assert_eq!(code("describe-instances"), "InternalError");
    assert_eq!(code("describe-vpcs"), "Unreadable");
    assert_eq!(code("describe-nat-gateways"), "Http502");
}

#[tokio::test]
async fn a_connection_that_breaks_off_and_one_that_hangs_are_failures() {
    let home = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || broken(stream.unwrap()));
        }
    });
    let mut options = server::options(&url, home.path());
    options.timeout = Duration::from_secs(2);
    let mut recorded = made(&options).await.unwrap();
    let manifest = recorded.regions.remove(0).manifest;
    only_failing(
        home.path(),
        &manifest,
        &[
            ("describe-vpcs", Outcome::Failed),
            ("describe-subnets", Outcome::Failed),
        ],
    );
    let code = |name: &str| call(&manifest, name).error.as_ref().unwrap().code.clone();
    assert_eq!(code("describe-subnets"), "Timeout");
}

/// Answers one request: VPCs with half of what it promises, subnets never, the rest well.
fn broken(mut stream: std::net::TcpStream) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    let action = loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request);
        let action = text
            .split("Action=")
            .nth(1)
            .and_then(|rest| rest.split_once("&Version"));
        if let Some((action, _)) = action {
            break action.to_owned();
        }
        if read == 0 {
            return;
        }
    };
    let body = match action.as_str() {
        "DescribeSubnets" => {
            std::thread::sleep(Duration::from_secs(20));
            return;
        }
        "GetCallerIdentity" => format!(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{ACCOUNT}</Account>\
             </GetCallerIdentityResult></GetCallerIdentityResponse>"
        ),
        action => empty_text(action).unwrap(),
    };
    let promised = if action == "DescribeVpcs" {
        body.len() * 2
    } else {
        body.len()
    };
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {promised}\r\nConnection: close\r\n\r\n{body}"
    );
}

#[tokio::test]
async fn a_session_that_ends_on_the_way_leaves_the_old_recording() {
    let home = tempfile::tempdir().unwrap();
    let good = Ec2::answering(Vec::new()).await;
    recorded(&good, home.path()).await;
    let before = document(home.path(), "manifest").unwrap();
    for code in ["RequestExpired", "ExpiredToken"] {
        let expired = fault(400, code, "Request has expired.");
        let ec2 = Ec2::answering(vec![("DescribeNetworkInterfaces", vec![expired])]).await;
        let error = made(&ec2.options(home.path())).await.unwrap_err();
        assert!(
            matches!(&error, LiveError::Expired { code: c, .. } if c == code),
            "{error}"
        );
    }
    assert_eq!(document(home.path(), "manifest").unwrap(), before);
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[tokio::test]
async fn elements_without_a_field_are_named_in_the_manifest() {
    let home = tempfile::tempdir().unwrap();
    let ec2 = Ec2::answering(vec![(
        "DescribeVpcs",
        vec![vpcs(
            "<vpcSet><item><vpcId>vpc-1</vpcId><fooBar><deep>1</deep></fooBar>\
             <instanceTenancy>underwater</instanceTenancy></item>\
             <item><vpcId>vpc-2</vpcId><fooBar/></item></vpcSet><quota>3</quota>",
        )],
    )])
    .await;
    let manifest = recorded(&ec2, home.path()).await;
    assert_eq!(
        call(&manifest, "describe-vpcs").fields_not_understood,
        ["quota", "vpcSet/item/fooBar"]
    );
    assert_eq!(
        document(home.path(), "describe-vpcs").unwrap(),
        json!({"Vpcs": [
            {"VpcId": "vpc-1", "InstanceTenancy": "underwater"}, {"VpcId": "vpc-2"}]})
    );
}

#[tokio::test]
async fn a_recording_reads_back_as_what_was_answered() {
    let home = tempfile::tempdir().unwrap();
    let tag = "<tagSet><item><key>Name</key><value>a &lt;b&gt; &amp; c</value></item></tagSet>";
    let instance = format!(
        "<reservationSet><item><reservationId>r-1</reservationId><ownerId>{ACCOUNT}</ownerId>\
         <groupSet/><instancesSet><item><instanceId>i-1</instanceId><dnsName>host</dnsName>\
         <instanceState><code>16</code><name>running</name></instanceState><amiLaunchIndex>0\
         </amiLaunchIndex><ipAddress>203.0.113.7</ipAddress><reason/><groupSet><item>\
         <groupId>sg-1</groupId><groupName>web</groupName></item></groupSet>{tag}\
         <sourceDestCheck>true</sourceDestCheck></item></instancesSet></item></reservationSet>"
    );
    let keys = "<vpnConnectionSet><item><vpnConnectionId>vpn-1</vpnConnectionId>\
        <customerGatewayConfiguration>hush</customerGatewayConfiguration><options>\
        <tunnelOptionSet><item><preSharedKey>hush</preSharedKey></item></tunnelOptionSet>\
        </options></item></vpnConnectionSet>";
    let ec2 = Ec2::answering(vec![
        (
            "DescribeInstances",
            vec![answer("DescribeInstances", &instance)],
        ),
        (
            "DescribeVpnConnections",
            vec![answer("DescribeVpnConnections", keys)],
        ),
    ])
    .await;
    let manifest = recorded(&ec2, home.path()).await;
    assert_eq!(
        document(home.path(), "describe-instances").unwrap(),
        json!({"Reservations": [{
            "ReservationId": "r-1", "OwnerId": ACCOUNT, "Groups": [],
            "Instances": [{
                "InstanceId": "i-1", "PublicDnsName": "host", "PublicIpAddress": "203.0.113.7",
                "State": {"Code": 16, "Name": "running"},
                "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web"}],
                "Tags": [{"Key": "Name", "Value": "a <b> & c"}],
                "SourceDestCheck": true,
            }],
        }]})
    );
    let folder = home.path().join("accounts").join(ACCOUNT).join(REGION);
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("hush"), "{text}");
        let read = cloudfw_aws::read(&Document {
            name: path.display().to_string().into(),
            text: text.into(),
            scope: Scope::default(),
        })
        .unwrap();
        assert_eq!(read.other_keys, Vec::<String>::new(), "{path:?}");
        if let Some(read) = read.manifest {
            assert_eq!(read, manifest);
            continue;
        }
        let [part] = read.parts.as_slice() else {
            panic!("{path:?}: {:?}", read.parts)
        };
        assert!(part.complete && part.not_understood.is_empty(), "{part:?}");
        assert_eq!(path.file_stem().unwrap().to_str(), Some(part.kind.call()));
    }
    for call in &manifest.calls {
        assert_eq!(
            call.fields_not_understood,
            Vec::<String>::new(),
            "{}",
            call.call
        );
    }
}

#[tokio::test]
async fn entries_of_prefix_lists_are_asked_list_by_list() {
    let home = tempfile::tempdir().unwrap();
    let lists = "<prefixListSet><item><prefixListId>pl-1</prefixListId></item>\
                 <item><prefixListId>pl-2</prefixListId></item></prefixListSet>";
    let entries = |cidr: &str, next: &str| {
        let list = format!("<entrySet><item><cidr>{cidr}</cidr></item></entrySet>{next}");
        answer("GetManagedPrefixListEntries", &list)
    };
    let ec2 = Ec2::answering(vec![
        (
            "DescribeManagedPrefixLists",
            vec![answer("DescribeManagedPrefixLists", lists)],
        ),
        (
            "GetManagedPrefixListEntries",
            vec![entries("10.0.0.0/8", "")],
        ),
    ])
    .await;
    let manifest = recorded(&ec2, home.path()).await;
    assert_eq!(
        document(home.path(), "get-managed-prefix-list-entries").unwrap(),
        json!({"ManagedPrefixListEntries": [
            {"PrefixListId": "pl-1", "Entries": [{"Cidr": "10.0.0.0/8"}]},
            {"PrefixListId": "pl-2", "Entries": [{"Cidr": "10.0.0.0/8"}]}]})
    );
    let of = manifest
        .calls
        .iter()
        .filter_map(|call| call.resource.as_deref());
    assert_eq!(of.collect::<Vec<_>>(), ["pl-1", "pl-2"]);
    let denied = fault(403, "UnauthorizedOperation", "no");
    let ec2 = Ec2::answering(vec![("DescribeManagedPrefixLists", vec![denied])]).await;
    let manifest = recorded(&ec2, home.path()).await;
    only_failing(
        home.path(),
        &manifest,
        &[
            ("describe-managed-prefix-lists", Outcome::Denied),
            ("get-managed-prefix-list-entries", Outcome::Denied),
        ],
    );
}

#[tokio::test]
async fn all_enabled_regions_are_those_that_ec2_lists() {
    let home = tempfile::tempdir().unwrap();
    let list = "<regionInfo><item><regionName>us-east-1</regionName>\
                <regionEndpoint>ec2.us-east-1.amazonaws.com</regionEndpoint></item>\
                <item><regionName>eu-west-1</regionName></item></regionInfo>";
    let ec2 = Ec2::answering(vec![(
        "DescribeRegions",
        vec![answer("DescribeRegions", list)],
    )])
    .await;
    let mut options = ec2.options(home.path());
    options.regions = Regions::AllEnabled;
    let events = Mutex::new(Vec::new());
    let recorded = record(&options, &|event| events.lock().unwrap().push(event))
        .await
        .unwrap();
    let names: Vec<_> = recorded
        .regions
        .iter()
        .map(|region| region.region.as_str())
        .collect();
    assert_eq!(names, ["eu-west-1", "us-east-1"]);
    let events = events.into_inner().unwrap();
    let Some(Event::Started { calls, .. }) = events.first() else {
        panic!("{events:?}")
    };
    let ended = events
        .iter()
        .filter(|event| matches!(event, Event::Answered { .. }))
        .count();
    assert_eq!(ended, *calls);
}

#[tokio::test]
async fn without_sts_the_owner_of_what_was_read_is_the_account() {
    let home = tempfile::tempdir().unwrap();
    let no_sts = fault(501, "InternalFailure", "Service 'sts' is not enabled.");
    let owned = "<vpcSet><item><vpcId>v</vpcId><ownerId>000000000000</ownerId></item></vpcSet>";
    let ec2 = Ec2::answering(vec![
        ("GetCallerIdentity", vec![no_sts.clone()]),
        ("DescribeVpcs", vec![vpcs(owned)]),
    ])
    .await;
    assert_eq!(
        made(&ec2.options(home.path())).await.unwrap().account,
        "000000000000"
    );
    let nobody = Ec2::answering(vec![("GetCallerIdentity", vec![no_sts])]).await;
    let error = made(&nobody.options(home.path())).await.unwrap_err();
    assert!(matches!(error, LiveError::NoAccount), "{error}");
}

#[tokio::test]
async fn nothing_read_is_no_recording() {
    let home = tempfile::tempdir().unwrap();
    let to = home.path().join("rec");
    let refused = ACTIONS.map(|(action, _)| {
        (
            action,
            vec![fault(401, "AuthFailure", "cannot validate the keys")],
        )
    });
    let ec2 = Ec2::answering(refused.to_vec()).await;
    let error = made(&ec2.options(&to)).await.unwrap_err();
    assert!(matches!(&error, LiveError::NothingRead { code, .. } if code == "AuthFailure"));
    assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
    let other = Ec2::answering(vec![(
        "GetCallerIdentity",
        vec![identity("not-an-account")],
    )])
    .await;
    let error = made(&other.options(&to)).await.unwrap_err();
    assert!(matches!(error, LiveError::NoAccount), "{error}");
}

/// The chain of the AWS CLI with nothing in it: run in a process of its own, whose environment is
/// empty.
#[test]
fn no_credentials_are_an_error_of_their_own() {
    let home = tempfile::tempdir().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "child_without_credentials",
            "--ignored",
            "--nocapture",
        ])
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", REGION)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && text.contains("no AWS credentials were found"),
        "{text}"
    );
}

#[tokio::test]
#[ignore = "run by `no_credentials_are_an_error_of_their_own`"]
async fn child_without_credentials() {
    let to = std::env::temp_dir().join("cloudfw-never-made");
    let error = made(&RecordOptions::new(&to)).await.unwrap_err();
    assert!(
        matches!(error, LiveError::NoCredentials { .. }),
        "{error:?}"
    );
    assert!(!to.exists());
    println!("{error}");
}
