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
use std::path::Path;
use std::sync::Mutex;

use cloudfw_aws::live::{
    Event, LiveError, RecordOptions, Recorded, Regions, least_privilege_policy, record,
};
use cloudfw_core::{Document, Scope};
use cloudfw_documents::manifest::{Call, Manifest, Outcome};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

#[path = "live_record/faults.rs"]
mod faults;
#[path = "live_record/server.rs"]
mod server;

use server::{ACCOUNT, ACTIONS, Ec2, REGION, answer, fault};

async fn made(options: &RecordOptions) -> Result<Recorded, LiveError> {
    record(options, &|_| {}).await
}

/// The recording of the one Region, when nothing else is wanted.
async fn recorded(ec2: &Ec2, to: &Path) -> Manifest {
    let mut recorded = made(&ec2.options(to)).await.unwrap();
    assert_eq!((recorded.account.as_str(), recorded.regions.len()), (ACCOUNT, 1));
    recorded.regions.remove(0).manifest
}

fn call<'a>(manifest: &'a Manifest, name: &str) -> &'a Call {
    let mut calls = manifest.calls.iter().filter(|call| call.call == name);
    let call = calls.next().unwrap_or_else(|| panic!("{name} is not in the manifest"));
    assert!(calls.next().is_none(), "{name} is in the manifest twice");
    call
}

fn document(to: &Path, call: &str) -> Option<Value> {
    let path = to.join("accounts").join(ACCOUNT).join(REGION).join(format!("{call}.json"));
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
    let made: BTreeSet<String> =
        ec2.all_asked().await.into_iter().map(|mut form| form.remove("Action").unwrap()).collect();
    let policy: Value = serde_json::from_str(&least_privilege_policy()).unwrap();
    let allowed = policy["Statement"][0]["Action"].as_array().unwrap().iter();
    let allowed: BTreeSet<String> = allowed
        .map(|action| action.as_str().unwrap().split_once(':').unwrap().1.to_owned())
        .collect();
    assert_eq!(made, allowed);
    assert_eq!(made.len(), ACTIONS.len() + 1);
}

#[tokio::test]
async fn pages_are_turned_to_the_last() {
    let home = tempfile::tempdir().unwrap();
    let page = |id: &str, next: &str| {
        vpcs(&format!("<vpcSet><item><vpcId>{id}</vpcId></item></vpcSet>{next}"))
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
    let tokens: Vec<_> =
        ec2.asked("DescribeVpcs").await.iter().map(|f| f.get("NextToken").cloned()).collect();
    assert_eq!(tokens, [None, Some("two".to_owned()), Some("three".to_owned())]);
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
        ("DescribeInstances", vec![answer("DescribeInstances", &instance)]),
        ("DescribeVpnConnections", vec![answer("DescribeVpnConnections", keys)]),
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
        let [part] = read.parts.as_slice() else { panic!("{path:?}: {:?}", read.parts) };
        assert!(part.complete && part.not_understood.is_empty(), "{part:?}");
        assert_eq!(path.file_stem().unwrap().to_str(), Some(part.kind.call()));
    }
    for call in &manifest.calls {
        assert_eq!(call.fields_not_understood, Vec::<String>::new(), "{}", call.call);
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
        ("DescribeManagedPrefixLists", vec![answer("DescribeManagedPrefixLists", lists)]),
        ("GetManagedPrefixListEntries", vec![entries("10.0.0.0/8", "")]),
    ])
    .await;
    let manifest = recorded(&ec2, home.path()).await;
    assert_eq!(
        document(home.path(), "get-managed-prefix-list-entries").unwrap(),
        json!({"ManagedPrefixListEntries": [
            {"PrefixListId": "pl-1", "Entries": [{"Cidr": "10.0.0.0/8"}]},
            {"PrefixListId": "pl-2", "Entries": [{"Cidr": "10.0.0.0/8"}]}]})
    );
    let of = manifest.calls.iter().filter_map(|call| call.resource.as_deref());
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
    let ec2 =
        Ec2::answering(vec![("DescribeRegions", vec![answer("DescribeRegions", list)])]).await;
    let mut options = ec2.options(home.path());
    options.regions = Regions::AllEnabled;
    let events = Mutex::new(Vec::new());
    let recorded = record(&options, &|event| events.lock().unwrap().push(event)).await.unwrap();
    let names: Vec<_> = recorded.regions.iter().map(|region| region.region.as_str()).collect();
    assert_eq!(names, ["eu-west-1", "us-east-1"]);
    let events = events.into_inner().unwrap();
    let Some(Event::Started { calls, .. }) = events.first() else { panic!("{events:?}") };
    let ended = events.iter().filter(|event| matches!(event, Event::Answered { .. })).count();
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
    assert_eq!(made(&ec2.options(home.path())).await.unwrap().account, "000000000000");
    let nobody = Ec2::answering(vec![("GetCallerIdentity", vec![no_sts])]).await;
    let error = made(&nobody.options(home.path())).await.unwrap_err();
    assert!(matches!(error, LiveError::NoAccount), "{error}");
}
