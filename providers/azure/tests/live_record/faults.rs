//! Every way in which a call, or all of them, can fail.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cloudfw_azure::live::{Credential, LiveError, RecordOptions, Subscriptions};
use cloudfw_documents::manifest::Outcome;
use serde_json::json;
use wiremock::ResponseTemplate;

use super::server::{self, Arm, ONE, SECRET, TWO, denied, error, list, page};
use super::{call, calls, document, estate, made, no_secret_is_written, only_failing, recorded};

const NETWORKS: &str = "Microsoft.Network/virtualNetworks";
const GROUPS: &str = "Microsoft.Network/networkSecurityGroups";

/// What is as unread as the networks are.
const OF_NETWORKS: &str = "network manager list-effective-security-admin-rule";

#[tokio::test]
async fn pages_without_end_are_no_answer() {
    let home = tempfile::tempdir().unwrap();
    let link = format!("/subscriptions/{ONE}/providers/{GROUPS}?api-version=1&x=again");
    let again = page(&json!({"value": [], "nextLink": link}));
    let arm = Arm::answering(vec![(GROUPS, vec![again])]).await;
    let manifest = recorded(&arm, home.path()).await;
    only_failing(home.path(), &manifest, &[("network nsg list", Outcome::Failed)]);
    let told = call(&manifest, "network nsg list").error.as_ref().unwrap();
    assert_eq!(told.code, "EndlessPages");
    assert_eq!(arm.asked(GROUPS).len(), 2);
}

#[tokio::test]
async fn the_token_is_not_sent_to_another_host() {
    let home = tempfile::tempdir().unwrap();
    let thief = Arm::answering(Vec::new()).await;
    let link = format!("{}/subscriptions?api-version=1", thief.url());
    let elsewhere = page(&json!({"value": [], "nextLink": link}));
    let arm = Arm::answering(vec![(GROUPS, vec![elsewhere])]).await;
    let manifest = recorded(&arm, home.path()).await;
    only_failing(home.path(), &manifest, &[("network nsg list", Outcome::Failed)]);
    let told = call(&manifest, "network nsg list").error.as_ref().unwrap();
    assert_eq!(told.code, "ForeignLink");
    assert!(told.message.contains("the token would go along"), "{}", told.message);
    assert!(thief.requests().await.is_empty());
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let home = tempfile::tempdir().unwrap();
    let thief = Arm::answering(Vec::new()).await;
    let away = ResponseTemplate::new(307).insert_header("location", thief.url());
    let arm = Arm::answering(vec![(GROUPS, vec![away])]).await;
    let manifest = recorded(&arm, home.path()).await;
    only_failing(home.path(), &manifest, &[("network nsg list", Outcome::Failed)]);
    assert!(thief.requests().await.is_empty());
}

#[tokio::test]
async fn a_fault_after_the_first_page_makes_the_kind_unread() {
    let home = tempfile::tempdir().unwrap();
    let link = format!("/subscriptions/{ONE}/providers/{GROUPS}?api-version=1&x=2");
    let first = page(&json!({"value": [], "nextLink": link}));
    let arm =
        Arm::answering(vec![(GROUPS, vec![first, error(400, "BadSkipToken", "no such page")])])
            .await;
    let manifest = recorded(&arm, home.path()).await;
    only_failing(home.path(), &manifest, &[("network nsg list", Outcome::Failed)]);
    let told = call(&manifest, "network nsg list").error.as_ref().unwrap();
    assert_eq!(told.message, "after 1 pages: no such page");
}

#[tokio::test]
async fn one_denied_call_leaves_the_others() {
    let home = tempfile::tempdir().unwrap();
    let arm = Arm::answering(vec![(NETWORKS, vec![denied()])]).await;
    let manifest = recorded(&arm, home.path()).await;
    // Who may not list the networks of a subscription does not see all of its groups.
    only_failing(
        home.path(),
        &manifest,
        &[
            ("network vnet list", Outcome::Denied),
            (OF_NETWORKS, Outcome::Denied),
            ("network vnet-gateway list", Outcome::Denied),
            ("network local-gateway list", Outcome::Denied),
            ("network vpn-connection list", Outcome::Denied),
        ],
    );
    let told = call(&manifest, "network vnet list").error.as_ref().unwrap();
    assert_eq!(told.code, "AuthorizationFailed");
    assert!(told.message.contains("Microsoft.Network/virtualNetworks/read"));
}

#[tokio::test]
async fn one_denied_subscription_leaves_the_other() {
    let home = tempfile::tempdir().unwrap();
    let arm = Arm::with(vec![ONE, TWO], usize::MAX, all_denied_of(TWO)).await;
    let recorded = made(&arm.options(home.path())).await.unwrap();
    assert!(recorded.unanswered().all(|(one, call)| {
        one.id == TWO && call.outcome == Outcome::Denied && call.account.as_deref() == Some(TWO)
    }));
    assert!(recorded.unanswered().count() > 25);
    let [one, two] = recorded.subscriptions.as_slice() else { panic!() };
    assert!(one.manifest.calls.iter().all(|call| call.outcome == Outcome::Ok));
    assert!(two.manifest.calls.iter().all(|call| call.outcome == Outcome::Denied));
    let written: Vec<_> = super::files(home.path(), TWO);
    assert_eq!(written.len(), 1, "{written:?}");
    let lowered = cloudfw_azure::lower(
        &[super::documents(home.path(), ONE), super::documents(home.path(), TWO)].concat(),
        &cloudfw_azure::LowerOptions::default(),
    )
    .unwrap();
    for row in &lowered.calls {
        let denied = row.knowledge == cloudfw_documents::Knowledge::Denied;
        assert_eq!(denied, row.account.as_deref() == Some(TWO), "{row:?}");
    }
    no_secret_is_written(home.path());
}

/// Refusals for whatever a subscription may be asked.
fn all_denied_of(subscription: &str) -> Vec<(&'static str, Vec<ResponseTemplate>)> {
    let role: serde_json::Value =
        serde_json::from_str(&super::least_privilege_role(&super::Wanted::default())).unwrap();
    let actions = role["Actions"].as_array().unwrap().iter().filter_map(|it| it.as_str());
    let mut paths: Vec<String> = actions
        .filter_map(|action| action.strip_suffix("/read"))
        .filter(|kind| kind.matches('/').count() == 1 && !kind.contains("Resource"))
        .map(|kind| format!("/subscriptions/{subscription}/providers/{kind}"))
        .collect();
    paths.push(format!("/subscriptions/{subscription}/resourceGroups"));
    let mut replies: Vec<(&'static str, Vec<ResponseTemplate>)> =
        paths.into_iter().map(|path| (&*path.leak(), vec![denied()])).collect();
    // The graph is asked for both subscriptions at one address.
    replies.push((server::GRAPH_OF_TWO, vec![denied()]));
    replies
}

#[tokio::test]
async fn a_throttled_call_is_asked_again_when_the_server_says() {
    let home = tempfile::tempdir().unwrap();
    let busy = error(429, "TooManyRequests", "later").insert_header("retry-after", "1");
    let arm = Arm::answering(vec![(GROUPS, vec![busy, list(&[])])]).await;
    let manifest = recorded(&arm, home.path()).await;
    only_failing(home.path(), &manifest, &[]);
    let times = arm.asked(GROUPS);
    assert_eq!(times.len(), 2);
    assert!(times[1] - times[0] >= Duration::from_secs(1), "{times:?}");
}

#[tokio::test]
async fn a_call_that_stays_throttled_says_so() {
    let home = tempfile::tempdir().unwrap();
    let busy = || error(429, "TooManyRequests", "later");
    let long = busy().insert_header("retry-after", "86400");
    let arm = Arm::answering(vec![
        (GROUPS, vec![busy().insert_header("retry-after", "0")]),
        ("Microsoft.Network/routeTables", vec![long]),
    ])
    .await;
    let manifest = recorded(&arm, home.path()).await;
    let throttled = [
        ("network nsg list", Outcome::Throttled),
        ("network route-table list", Outcome::Throttled),
    ];
    only_failing(home.path(), &manifest, &throttled);
    assert_eq!(arm.asked(GROUPS).len(), 2);
    // A day is not waited.
    assert_eq!(arm.asked("Microsoft.Network/routeTables").len(), 1);
}

#[tokio::test]
async fn where_few_calls_are_left_the_next_ones_wait() {
    let home = tempfile::tempdir().unwrap();
    let scarce = list(&[]).insert_header("x-ms-ratelimit-remaining-subscription-reads", "3");
    let arm = Arm::answering(vec![("/resourceGroups", vec![scarce])]).await;
    let manifest = recorded(&arm, home.path()).await;
    only_failing(home.path(), &manifest, &[]);
    let times = arm.asked("/resourceGroups");
    let later = arm.asked("Microsoft.Network/virtualNetworks");
    assert_eq!((times.len(), later.len()), (1, 1));
    // What was sent together with it is not called back: what comes after it is late.
    let mut replies = estate::replies();
    let scarce = list(&[estate::network()])
        .insert_header("x-ms-ratelimit-remaining-subscription-reads", "3");
    replies.retain(|(ending, _)| *ending != NETWORKS);
    replies.push((NETWORKS, vec![scarce]));
    let arm = Arm::answering(replies).await;
    recorded(&arm, home.path()).await;
    let begin = arm.asked(NETWORKS)[0];
    let after = arm.asked("listNetworkManagerEffectiveSecurityAdminRules")[0];
    assert!(after - begin >= Duration::from_secs(2), "{:?}", after - begin);
}

#[tokio::test]
async fn a_token_that_expires_on_the_way_is_replaced_once() {
    let home = tempfile::tempdir().unwrap();
    // Good for twenty calls; then only the next one is.
    let arm = Arm::with(vec![ONE], 20, estate::replies()).await;
    let manifest = recorded(&arm, home.path()).await;
    only_failing(home.path(), &manifest, &[]);
    let mut tokens: Vec<String> = arm
        .requests()
        .await
        .iter()
        .map(|request| request.headers["authorization"].to_str().unwrap().to_owned())
        .collect();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens, [format!("Bearer {SECRET}-0"), format!("Bearer {SECRET}-1")]);
}

#[tokio::test]
async fn a_token_that_cannot_be_replaced_fails_what_is_left() {
    let home = tempfile::tempdir().unwrap();
    let arm = Arm::with(vec![ONE], 20, estate::replies()).await;
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let old = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        format!("{SECRET}-0")
    };
    let options = server::options(&arm.url(), home.path(), Credential::Tokens(Arc::new(old)));
    let recorded = made(&options).await.unwrap();
    assert!(recorded.unanswered().count() > 3);
    for (_, call) in recorded.unanswered() {
        assert_eq!(call.outcome, Outcome::Failed);
        let told = call.error.as_ref().unwrap();
        assert_eq!(told.code, "ExpiredAuthenticationToken", "{told:?}");
    }
    let read = recorded.subscriptions[0].manifest.calls.iter();
    assert!(read.filter(|call| call.outcome == Outcome::Ok).count() > 10);
    // Asked for a new one once, not by every call.
    assert_eq!(count.load(Ordering::Relaxed), 2);
    no_secret_is_written(home.path());
}

#[tokio::test]
async fn a_credential_that_is_never_good_records_nothing_and_is_not_told() {
    let home = tempfile::tempdir().unwrap();
    let arm = Arm::with(vec![ONE], 0, Vec::new()).await;
    let to = home.path().join("rec");
    let error = made(&arm.options(&to)).await.unwrap_err();
    assert!(
        matches!(&error, LiveError::SubscriptionsUnknown { code, .. } if code == "ExpiredAuthenticationToken")
    );
    assert!(!error.to_string().contains(SECRET) && !to.exists(), "{error}");
    let one = Subscriptions::These(vec![ONE.to_owned()]);
    let options = RecordOptions { subscriptions: one, ..arm.options(&to) };
    let error = made(&options).await.unwrap_err();
    assert!(matches!(&error, LiveError::NothingRead { .. }), "{error}");
    assert!(!error.to_string().contains(SECRET), "{error}");
    assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
}

#[tokio::test]
async fn bodies_cut_short_and_web_pages_are_failures() {
    let home = tempfile::tempdir().unwrap();
    let html = ResponseTemplate::new(200).set_body_raw("<!doctype html><html>", "text/html");
    let cut = ResponseTemplate::new(200).set_body_string("{\"value\": [{\"id\": \"/x\"");
    let odd = page(&json!({"value": [{"id": "/x", "properties": {"securityRules": "many"}}]}));
    let arm = Arm::answering(vec![
        ("Microsoft.Network/routeTables", vec![html]),
        ("Microsoft.Network/loadBalancers", vec![cut]),
        (GROUPS, vec![odd]),
        ("Microsoft.Network/natGateways", vec![page(&json!({}))]),
        ("Microsoft.Network/bastionHosts", vec![ResponseTemplate::new(204)]),
        ("Microsoft.Network/ipGroups", vec![ResponseTemplate::new(502).set_body_string("<html>")]),
        ("Microsoft.Network/virtualWans", vec![error(404, "InvalidResourceType", "no such")]),
    ])
    .await;
    let manifest = recorded(&arm, home.path()).await;
    let failed = [
        "network route-table list",
        "network lb list",
        "network nsg list",
        "network nat gateway list",
        "network bastion list",
        "network ip-group list",
    ];
    let mut failing: Vec<_> = failed.iter().map(|name| (*name, Outcome::Failed)).collect();
    failing.push(("network vwan list", Outcome::Unsupported));
    only_failing(home.path(), &manifest, &failing);
    let told = |name: &str| call(&manifest, name).error.clone().unwrap();
    assert!(told("network route-table list").message.contains("web page"));
    assert_eq!(told("network ip-group list").code, "Http502");
    assert_eq!(told("network lb list").code, "Unreadable");
}

#[tokio::test]
async fn a_service_that_was_never_used_has_nothing() {
    let home = tempfile::tempdir().unwrap();
    let never = error(409, "MissingSubscriptionRegistration", "not registered");
    let arm = Arm::answering(vec![("Microsoft.Compute/virtualMachines", vec![never])]).await;
    let manifest = recorded(&arm, home.path()).await;
    only_failing(home.path(), &manifest, &[]);
    assert_eq!(document(home.path(), "vm-list"), Some(json!({"value": []})));
}

#[tokio::test]
async fn groups_that_are_not_all_seen_make_their_lists_unread() {
    let home = tempfile::tempdir().unwrap();
    let mut replies = estate::replies();
    replies.push(("/resourceGroups", vec![list(&[json!({"name": "other"})])]));
    let arm = Arm::answering(replies).await;
    let manifest = recorded(&arm, home.path()).await;
    let gateways = call(&manifest, "network vnet-gateway list");
    assert_eq!(gateways.outcome, Outcome::Denied);
    let told = gateways.error.as_ref().unwrap();
    assert!(told.message.contains("resource group `rg`"), "{told:?}");
}

#[tokio::test]
async fn ids_lead_nowhere_else() {
    let home = tempfile::tempdir().unwrap();
    let mut odd = estate::network();
    odd["id"] = json!(format!(
        "/subscriptions/{ONE}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web/deallocate?x="
    ));
    odd["location"] = json!("../../../west");
    let mut up = estate::network();
    up["id"] = json!(format!("/subscriptions/{ONE}/../x"));
    let mut replies = estate::replies();
    replies.retain(|(ending, _)| *ending != NETWORKS);
    replies.push((NETWORKS, vec![list(&[odd, up])]));
    let arm = Arm::answering(replies).await;
    let manifest = recorded(&arm, home.path()).await;
    let told = calls(&manifest, OF_NETWORKS);
    assert!(told.iter().all(|call| call.outcome != Outcome::Ok), "{told:?}");
    for asked in arm.all_asked() {
        assert!(!asked.contains("serviceTags") || asked.contains("/westeurope/"), "{asked}");
        assert!(!asked.ends_with("deallocate") && !asked.contains(".."), "{asked}");
    }
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
    let token = Credential::Tokens(Arc::new(|| SECRET.to_owned()));
    let options = RecordOptions {
        subscriptions: Subscriptions::These(vec![ONE.to_owned()]),
        timeout: Duration::from_secs(1),
        ..server::options(&url, home.path(), token)
    };
    let mut recorded = made(&options).await.unwrap();
    let manifest = recorded.subscriptions.remove(0).manifest;
    let failing = [("network lb list", Outcome::Failed), ("network nsg list", Outcome::Failed)];
    only_failing(home.path(), &manifest, &failing);
    let told = |name: &str| call(&manifest, name).error.clone().unwrap();
    assert_eq!(told("network nsg list").code, "Timeout");
    assert_eq!(told("network lb list").code, "Unreadable");
}

/// Answers one request: balancers with half of what it promises, groups never, the rest well.
fn broken(mut stream: TcpStream) {
    let mut request = [0; 4096];
    let read = stream.read(&mut request).unwrap_or(0);
    let head = String::from_utf8_lossy(&request[..read]);
    let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
    if path.contains("networkSecurityGroups") {
        std::thread::sleep(Duration::from_secs(20));
        return;
    }
    let body = r#"{"value": [], "data": [], "values": []}"#;
    let promised = if path.contains("loadBalancers") { body.len() * 2 } else { body.len() };
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {promised}\r\nConnection: close\r\n\r\n{body}"
    );
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_told_so() {
    let home = tempfile::tempdir().unwrap();
    let token = Credential::Tokens(Arc::new(|| SECRET.to_owned()));
    let options = server::options("http://127.0.0.1:1", home.path(), token);
    let error = made(&options).await.unwrap_err();
    assert!(
        matches!(&error, LiveError::NoConnection { to, .. } if to == "http://127.0.0.1:1/"),
        "{error}"
    );
    let one = Subscriptions::These(vec![ONE.to_owned()]);
    let error = made(&RecordOptions { subscriptions: one, ..options }).await.unwrap_err();
    assert!(matches!(&error, LiveError::NoConnection { .. }), "{error}");
}
