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
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use cloudfw_azure::live::{
    Event, LiveError, RecordOptions, Recorded, Subscriptions, Wanted, least_privilege_role, record,
};
use cloudfw_azure::{LowerOptions, lower};
use cloudfw_core::{Document, Scope};
use cloudfw_documents::Knowledge;
use cloudfw_documents::manifest::{Call, Manifest, Outcome};
use serde_json::{Value, json};

#[path = "live_record/effective.rs"]
mod effective;
#[path = "live_record/estate.rs"]
mod estate;
#[path = "live_record/faults.rs"]
mod faults;
#[path = "live_record/server.rs"]
mod server;

use server::{Arm, ONE, SECRET, TWO, list, page};

async fn made(options: &RecordOptions) -> Result<Recorded, LiveError> {
    record(options, &|_| {}).await
}

/// The recording of the one subscription, when nothing else is wanted.
async fn recorded(arm: &Arm, to: &Path) -> Manifest {
    let mut recorded = made(&arm.options(to)).await.unwrap();
    assert_eq!(recorded.subscriptions.len(), 1);
    recorded.subscriptions.remove(0).manifest
}

/// The calls of this name.
fn calls<'a>(manifest: &'a Manifest, name: &str) -> Vec<&'a Call> {
    manifest.calls.iter().filter(|call| call.call == name).collect()
}

/// The call that was made for the whole subscription.
fn call<'a>(manifest: &'a Manifest, name: &str) -> &'a Call {
    let calls: Vec<_> =
        calls(manifest, name).into_iter().filter(|call| call.resource.is_none()).collect();
    let [call] = calls.as_slice() else { panic!("{name}: {calls:?}") };
    call
}

fn files(to: &Path, subscription: &str) -> Vec<PathBuf> {
    let folder = to.join("accounts").join(subscription);
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn document(to: &Path, name: &str) -> Option<Value> {
    let path = to.join("accounts").join(ONE).join(format!("{name}.json"));
    Some(serde_json::from_str(&fs::read_to_string(path).ok()?).unwrap())
}

fn documents(to: &Path, subscription: &str) -> Vec<Document> {
    let read = |path: PathBuf| Document {
        name: path.file_name().unwrap().to_str().unwrap().into(),
        text: fs::read_to_string(&path).unwrap().into(),
        scope: Scope { account: Some(subscription.into()), region: None },
    };
    files(to, subscription).into_iter().map(read).collect()
}

/// All calls but these went well; these went as told and have no document.
fn only_failing(to: &Path, manifest: &Manifest, failing: &[(&str, Outcome)]) {
    for (name, outcome) in failing {
        for call in calls(manifest, name) {
            assert_eq!(call.outcome, *outcome, "{call:?}");
            assert_eq!(call.count, None);
            assert!(call.error.is_some());
        }
        assert_eq!(document(to, &name.replace(' ', "-")), None, "{name} looks like a list");
    }
    for call in &manifest.calls {
        if !failing.iter().any(|(name, _)| call.call == *name) {
            assert_eq!(call.outcome, Outcome::Ok, "{call:?}");
        }
    }
    no_secret_is_written(to);
}

fn no_secret_is_written(to: &Path) {
    let accounts = fs::read_dir(to.join("accounts")).unwrap();
    for file in accounts.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap()) {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains(SECRET) && !text.contains("hush"), "{}", path.display());
    }
}

#[tokio::test]
async fn an_empty_subscription_gives_empty_lists_and_a_manifest_that_vouches_for_them() {
    let home = tempfile::tempdir().unwrap();
    let to = home.path().join("rec");
    let arm = Arm::answering(Vec::new()).await;
    let manifest = recorded(&arm, &to).await;
    only_failing(&to, &manifest, &[]);
    assert_eq!(manifest.cloud.as_deref(), Some("azure"));
    assert_eq!(document(&to, "network-vnet-list"), Some(json!({"value": []})));
    assert_eq!(document(&to, "network-vnet-gateway-list"), Some(json!({"value": []})));
    let networks = call(&manifest, "network vnet list");
    assert_eq!(networks.account.as_deref(), Some(ONE));
    assert_eq!(networks.count, Some(0));
    assert!(networks.time.as_deref().unwrap().ends_with('Z'));
    assert_eq!(document(&to, "manifest").unwrap(), serde_json::to_value(&manifest).unwrap());
    let lowered = lower(&documents(&to, ONE), &LowerOptions::default()).unwrap();
    for row in &lowered.calls {
        assert_eq!(row.knowledge, Knowledge::Read, "{row:?}");
    }
    assert!(lowered.others.is_empty() && lowered.calls.len() >= 15, "{:?}", lowered.others);
}

#[tokio::test]
async fn a_whole_estate_is_read_and_read_again() {
    let home = tempfile::tempdir().unwrap();
    let arm = Arm::answering(estate::replies()).await;
    let manifest = recorded(&arm, home.path()).await;
    only_failing(home.path(), &manifest, &[]);
    let lowered = lower(&documents(home.path(), ONE), &LowerOptions::default()).unwrap();
    for row in &lowered.calls {
        assert_eq!(row.knowledge, Knowledge::Read, "{row:?}");
    }
    assert_eq!(lowered.warnings, []);
    assert_eq!(lowered.network.interfaces.len(), 2, "{:?}", lowered.network.interfaces.keys());
    let machines = document(home.path(), "vm-list").unwrap();
    let extended = json!({"instanceView": {"powerState":
        {"code": "PowerState/running", "displayStatus": "VM running"}}});
    assert_eq!(machines["value"][0]["properties"]["extended"], extended);
    let rules = document(home.path(), "network-manager-list-effective-security-admin-rule.1");
    let network = estate::id("Network", "virtualNetworks/vnet");
    assert_eq!(rules, Some(json!({"virtualNetwork": {"id": network}, "value": []})));
    let tags = document(home.path(), "network-list-service-tags.westeurope").unwrap();
    assert_eq!((&tags["changeNumber"], &tags["values"]), (&json!("7"), &json!([])));
    let of_one: Vec<_> =
        manifest.calls.iter().filter_map(|call| call.resource.as_deref()).collect();
    assert!(of_one.contains(&network.as_str()));
    for call in &manifest.calls {
        assert_eq!(call.fields_not_understood, Vec::<String>::new(), "{}", call.call);
    }
    for reading in documents(home.path(), ONE) {
        let read = cloudfw_azure::read(&reading).unwrap();
        assert!(read.other_keys.is_empty() && read.other_types.is_empty(), "{}", reading.name);
        assert!(read.parts.iter().all(|part| part.complete && part.not_understood.is_empty()));
    }
}

#[tokio::test]
async fn no_call_is_made_that_the_role_does_not_allow() {
    let home = tempfile::tempdir().unwrap();
    for effective in [false, true] {
        let mut replies = estate::replies();
        replies.extend(effective::replies_at_once());
        let arm = Arm::answering(replies).await;
        let options = RecordOptions { effective, ..arm.options(home.path()) };
        made(&options).await.unwrap();
        let made: BTreeSet<String> = arm.all_asked().iter().map(|asked| action(asked)).collect();
        let wanted = Wanted { effective, ..Wanted::default() };
        let role: Value = serde_json::from_str(&least_privilege_role(&wanted)).unwrap();
        let allowed = role["Actions"].as_array().unwrap().iter();
        let mut allowed: BTreeSet<String> =
            allowed.map(|action| action.as_str().unwrap().to_owned()).collect();
        // One cloud puts its answers here, the other there.
        let polls = "Microsoft.Network/locations/operations/read".to_owned();
        assert_eq!(allowed.remove(&polls), effective);
        assert_eq!(made, allowed);
        for request in arm.requests().await {
            assert!(matches!(request.method.as_str(), "GET" | "POST"));
            assert_eq!(
                request.url.query_pairs().filter(|(key, _)| key == "api-version").count(),
                1
            );
        }
    }
}

/// The action that Azure wants for a request.
fn action(asked: &str) -> String {
    let (method, path) = asked.strip_prefix("POST ").map_or(("GET", asked), |path| ("POST", path));
    let Some((_, resource)) = path.rsplit_once("/providers/") else {
        return match path.split('/').count() {
            2 => "Microsoft.Resources/subscriptions/read".to_owned(),
            _ => "Microsoft.Resources/subscriptions/resourceGroups/read".to_owned(),
        };
    };
    let parts: Vec<&str> = resource.split('/').collect();
    let types = parts[1..].iter().step_by(2).copied();
    let mut action: Vec<&str> = vec![parts[0]];
    action.extend(types);
    let last = *action.last().unwrap();
    let is_query = last == "resources" || last == "operationResults";
    let verb = if method == "POST" && !is_query { "action" } else { "read" };
    format!("{}/{verb}", action.join("/"))
}

#[tokio::test]
async fn pages_are_turned_to_the_last() {
    let home = tempfile::tempdir().unwrap();
    let group = |name: &str| {
        json!({"id": estate::id("Network", &format!("networkSecurityGroups/{name}")),
            "name": name, "type": "Microsoft.Network/networkSecurityGroups", "properties": {}})
    };
    // The server's own address is not known before it runs; a link may be without it.
    let link = format!(
        "/subscriptions/{ONE}/providers/Microsoft.Network/networkSecurityGroups?api-version=2024-05-01&%24skiptoken="
    );
    let one = page(&json!({"value": [group("a")], "nextLink": format!("{link}2")}));
    let two = page(&json!({"value": [group("b")], "nextLink": format!("{link}3")}));
    let three = page(&json!({"value": [group("c")], "nextLink": ""}));
    let arm =
        Arm::answering(vec![("Microsoft.Network/networkSecurityGroups", vec![one, two, three])])
            .await;
    let manifest = recorded(&arm, home.path()).await;
    only_failing(home.path(), &manifest, &[]);
    let written = document(home.path(), "network-nsg-list").unwrap();
    assert_eq!(written, json!({"value": [group("a"), group("b"), group("c")]}));
    assert_eq!(call(&manifest, "network nsg list").count, Some(3));
    let tokens: Vec<String> = arm
        .requests()
        .await
        .iter()
        .filter_map(|request| request.url.query_pairs().find(|(key, _)| key == "$skiptoken"))
        .map(|(_, token)| token.into_owned())
        .collect();
    assert_eq!(tokens, ["2", "3"]);
}

#[tokio::test]
async fn answers_to_questions_have_pages_too() {
    let home = tempfile::tempdir().unwrap();
    let mut replies = estate::replies();
    let rule = |name: &str| {
        json!({"id": format!("/x/providers/Microsoft.Network/networkManagers/m/securityAdminConfigurations/c/ruleCollections/r/rules/{name}"),
            "kind": "Custom", "properties": {"access": "Allow", "direction": "Inbound",
                "priority": 10, "protocol": "Tcp"}, "ruleCollectionAppliesToGroups": []})
    };
    replies.push((
        "listNetworkManagerEffectiveSecurityAdminRules",
        vec![
            page(&json!({"value": [rule("a")], "skipToken": "more"})),
            page(&json!({"value": [rule("b")]})),
        ],
    ));
    let row = |name: &str| {
        json!({"id": estate::id("Compute", &format!("virtualMachines/{name}")),
            "code": "PowerState/deallocated", "displayStatus": ""})
    };
    replies.push((
        "Microsoft.ResourceGraph/resources",
        vec![
            page(&json!({"totalRecords": 2, "data": [row("db")], "$skipToken": "more"})),
            page(&json!({"totalRecords": 2, "data": [row("web")]})),
        ],
    ));
    replies.retain(|(ending, _)| !ending.starts_with("POST"));
    let arm = Arm::answering(replies).await;
    let manifest = recorded(&arm, home.path()).await;
    only_failing(home.path(), &manifest, &[]);
    let rules =
        document(home.path(), "network-manager-list-effective-security-admin-rule.1").unwrap();
    assert_eq!(rules["value"].as_array().unwrap().len(), 2);
    let machines = document(home.path(), "vm-list").unwrap();
    for machine in machines["value"].as_array().unwrap() {
        let code = machine.pointer("/properties/extended/instanceView/powerState/code");
        assert_eq!(code, Some(&json!("PowerState/deallocated")));
    }
    let bodies: Vec<Value> = arm
        .requests()
        .await
        .iter()
        .filter(|request| request.method.as_str() == "POST")
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    assert!(bodies.iter().any(|body| *body == json!({"skipToken": "more"})));
    assert!(bodies.iter().any(|body| body["options"]["$skipToken"] == "more"));
}

#[tokio::test]
async fn fields_that_nobody_knows_are_named_and_not_told() {
    let home = tempfile::tempdir().unwrap();
    let mut network = estate::network();
    network["properties"]["subnets"][0]["properties"]["fooBar"] = json!({"deep": "hush"});
    network["properties"]["flowTimeoutInMinutes"] = json!(4);
    let arm =
        Arm::answering(vec![("Microsoft.Network/virtualNetworks", vec![list(&[network])])]).await;
    let manifest = recorded(&arm, home.path()).await;
    only_failing(home.path(), &manifest, &[]);
    let call = call(&manifest, "network vnet list");
    assert_eq!(call.fields_not_understood, ["properties.subnets.properties.fooBar"]);
    let lowered = lower(&documents(home.path(), ONE), &LowerOptions::default()).unwrap();
    let told = lowered.warnings.iter().any(|warning| format!("{warning:?}").contains("fooBar"));
    assert!(told, "{:?}", lowered.warnings);
}

#[tokio::test]
async fn subscriptions_are_those_that_are_named_or_in_the_group_or_seen() {
    let home = tempfile::tempdir().unwrap();
    let descendant = |id: &str, kind: &str| {
        json!({"id": format!("/{id}"), "name": id, "properties": {"displayName": format!("the {id}")},
            "type": format!("Microsoft.Management/managementGroups{kind}")})
    };
    let arm = Arm::with(
        vec![ONE, TWO],
        usize::MAX,
        vec![(
            "managementGroups/corp/descendants",
            vec![list(&[descendant("below", ""), descendant(TWO, "/subscriptions")])],
        )],
    )
    .await;
    let ids = async |subscriptions| {
        let options = RecordOptions { subscriptions, ..arm.options(home.path()) };
        let recorded = made(&options).await?;
        let one = |it: &cloudfw_azure::live::RecordedSubscription| it.subscription.id.clone();
        Ok::<_, LiveError>(recorded.subscriptions.iter().map(one).collect::<Vec<_>>())
    };
    let these =
        |names: &[&str]| Subscriptions::These(names.iter().map(|&name| name.to_owned()).collect());
    assert_eq!(ids(Subscriptions::All).await.unwrap(), [ONE, TWO]);
    assert_eq!(ids(these(&[TWO])).await.unwrap(), [TWO]);
    assert_eq!(ids(these(&["Name of 2", ONE, ONE])).await.unwrap(), [ONE, TWO]);
    let group = Subscriptions::ManagementGroup("corp".to_owned());
    assert_eq!(ids(group).await.unwrap(), [TWO]);
    let error = ids(these(&["nobody"])).await.unwrap_err();
    assert!(matches!(error, LiveError::BadSubscription { found: "none", .. }), "{error}");
    let error = ids(Subscriptions::ManagementGroup("../x".to_owned())).await.unwrap_err();
    assert!(matches!(error, LiveError::SubscriptionsUnknown { .. }), "{error}");
}

#[tokio::test]
async fn every_kind_is_told_of_once_for_each_subscription() {
    let home = tempfile::tempdir().unwrap();
    let arm = Arm::with(vec![ONE, TWO], usize::MAX, Vec::new()).await;
    let events = Arc::new(Mutex::new(Vec::new()));
    for effective in [false, true] {
        events.lock().unwrap().clear();
        let options = RecordOptions { effective, ..arm.options(home.path()) };
        record(&options, &|event| events.lock().unwrap().push(event)).await.unwrap();
        let events = events.lock().unwrap();
        let Some(Event::Started { calls, subscriptions }) = events.first() else { panic!() };
        assert_eq!(subscriptions[0].to_string(), "name of 1");
        let ended: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::Answered { subscription, call, .. } => Some((subscription.clone(), *call)),
                _ => None,
            })
            .collect();
        assert_eq!(ended.len(), *calls);
        assert_eq!(ended.iter().collect::<BTreeSet<_>>().len(), *calls);
    }
}
