//! Every way in which a call, or all of them, can fail.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use cloudfw_aws::live::{LiveError, RecordOptions};
use cloudfw_documents::manifest::Outcome;
use wiremock::ResponseTemplate;

use super::server::{
    self, ACCOUNT, ACTIONS, Ec2, REGION, answer, empty, empty_text, fault, identity,
};
use super::{call, document, made, only_failing, recorded, vpcs};

#[tokio::test]
async fn pages_without_end_are_no_answer() {
    let home = tempfile::tempdir().unwrap();
    let again = vpcs("<vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet><nextToken>a</nextToken>");
    let ec2 = Ec2::answering(vec![("DescribeVpcs", vec![again])]).await;
    let manifest = recorded(&ec2, home.path()).await;
    only_failing(home.path(), &manifest, &[("describe-vpcs", Outcome::Failed)]);
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
    only_failing(home.path(), &manifest, &[("describe-vpcs", Outcome::Failed)]);
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
    only_failing(home.path(), &manifest, &[("describe-network-acls", Outcome::Denied)]);
    let error = call(&manifest, "describe-network-acls").error.as_ref().unwrap();
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
    only_failing(home.path(), &manifest, &[("describe-subnets", Outcome::Throttled)]);
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
            vec![fault(501, "InternalFailure", "API action is not yet implemented.")],
        ),
        ("DescribeVpnGateways", vec![fault(400, "InvalidAction", "The action is not valid")]),
    ])
    .await;
    let manifest = recorded(&ec2, home.path()).await;
    only_failing(
        home.path(),
        &manifest,
        &[
            ("describe-vpc-block-public-access-options", Outcome::Unsupported),
            ("describe-vpc-block-public-access-exclusions", Outcome::Unsupported),
            ("describe-vpn-gateways", Outcome::Unsupported),
        ],
    );
}

#[tokio::test]
async fn errors_of_the_service_and_bodies_cut_short_are_failures() {
    let home = tempfile::tempdir().unwrap();
    let whole = answer("DescribeSubnets", "<subnetSet><item><subnetId>s</subnetId></item>");
    let cut = ResponseTemplate::new(200).set_body_string(
        "<DescribeVpcsResponse><requestId>1</requestId><vpcSet><item><vpcId>vpc-1</vpcId></item>",
    );
    let ec2 = Ec2::answering(vec![
        ("DescribeVpcs", vec![cut]),
        ("DescribeSubnets", vec![whole]),
        ("DescribeInstances", vec![fault(500, "InternalError", "An internal error occurred")]),
        ("DescribeAddresses", vec![answer("DescribeAddresses", "")]),
        ("DescribeNatGateways", vec![ResponseTemplate::new(502).set_body_string("Bad Gateway")]),
    ])
    .await;
    let manifest = recorded(&ec2, home.path()).await;
    let failed = ["vpcs", "subnets", "instances", "addresses", "nat-gateways"];
    let failed = failed.map(|name| format!("describe-{name}"));
    let failed: Vec<_> = failed.iter().map(|name| (name.as_str(), Outcome::Failed)).collect();
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
        &[("describe-vpcs", Outcome::Failed), ("describe-subnets", Outcome::Failed)],
    );
    let code = |name: &str| call(&manifest, name).error.as_ref().unwrap().code.clone();
    assert_eq!(code("describe-subnets"), "Timeout");
}

/// Answers one request: VPCs with half of what it promises, subnets never, the rest well.
fn broken(mut stream: TcpStream) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    let action = loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request);
        let action = text.split("Action=").nth(1).and_then(|rest| rest.split_once("&Version"));
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
    let promised = if action == "DescribeVpcs" { body.len() * 2 } else { body.len() };
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
        assert!(matches!(&error, LiveError::Expired { code: c, .. } if c == code), "{error}");
    }
    assert_eq!(document(home.path(), "manifest").unwrap(), before);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[tokio::test]
async fn nothing_read_is_no_recording() {
    let home = tempfile::tempdir().unwrap();
    let to = home.path().join("rec");
    let refused = ACTIONS
        .map(|(action, _)| (action, vec![fault(401, "AuthFailure", "cannot validate the keys")]));
    let ec2 = Ec2::answering(refused.to_vec()).await;
    let error = made(&ec2.options(&to)).await.unwrap_err();
    assert!(matches!(&error, LiveError::NothingRead { code, .. } if code == "AuthFailure"));
    assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
    let other = Ec2::answering(vec![("GetCallerIdentity", vec![identity("not-an-account")])]).await;
    let error = made(&other.options(&to)).await.unwrap_err();
    assert!(matches!(error, LiveError::NoAccount), "{error}");
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_told_so() {
    let home = tempfile::tempdir().unwrap();
    let mut options = Ec2::answering(Vec::new()).await.options(&home.path().join("rec"));
    options.endpoint_url = Some("http://127.0.0.1:1".to_owned());
    let error = made(&options).await.unwrap_err();
    let told = matches!(&error, LiveError::NoConnection { to, .. } if to == "http://127.0.0.1:1");
    assert!(told, "{error}");
}

/// The chain of the AWS CLI with nothing in it: run in a process of its own, whose environment is
/// empty.
#[test]
fn no_credentials_are_an_error_of_their_own() {
    let home = tempfile::tempdir().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "faults::child_without_credentials", "--ignored", "--nocapture"])
        .env_clear()
        .env("CLOUDFW_TEST_CHILD", "1")
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", REGION)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && text.contains("no AWS credentials were found"), "{text}");
}

#[tokio::test]
#[ignore = "run by `no_credentials_are_an_error_of_their_own`"]
async fn child_without_credentials() {
    // Somebody who runs all ignored tests may have credentials, which are none of our business.
    if std::env::var_os("CLOUDFW_TEST_CHILD").is_none() {
        return;
    }
    let to = std::env::temp_dir().join("cloudfw-never-made");
    let error = made(&RecordOptions::new(&to)).await.unwrap_err();
    assert!(matches!(error, LiveError::NoCredentials { .. }), "{error:?}");
    assert!(!to.exists());
    println!("{error}");
}
