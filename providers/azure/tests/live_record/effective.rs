//! What Azure works out for each interface (AZ-75, AZ-76, T-10).

use std::time::Duration;

use cloudfw_azure::live::RecordOptions;
use cloudfw_documents::manifest::Outcome;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::server::{Arm, ONE, error, page};
use super::{call, calls, document, estate, files, made, no_secret_is_written};

fn rules() -> Value {
    json!({"value": [{
        "networkSecurityGroup": {"id": estate::id("Network", "networkSecurityGroups/nsg")},
        "association": {"networkInterface": {"id": "x"}},
        "effectiveSecurityRules": [{"name": "defaultSecurityRules/AllowInternetOutBound",
            "protocol": "All", "sourcePortRange": "0-65535", "access": "Allow"}],
        "tagMap": {}}]})
}

fn routes() -> Value {
    json!({"value": [{"source": "Default", "state": "Active", "addressPrefix": ["10.1.0.0/16"],
        "nextHopType": "VnetLocal", "nextHopIpAddress": []}]})
}

fn place(name: &str) -> String {
    format!(
        "/subscriptions/{ONE}/providers/Microsoft.Network/locations/westeurope/operationResults/{name}?api-version=2024-05-01"
    )
}

fn accepted(header: &str, name: &str) -> ResponseTemplate {
    ResponseTemplate::new(202).insert_header(header, place(name)).insert_header("retry-after", "0")
}

/// Both answers, after one look each.
pub(crate) fn replies_at_once() -> Vec<(&'static str, Vec<ResponseTemplate>)> {
    vec![
        ("effectiveNetworkSecurityGroups", vec![accepted("location", "rules")]),
        ("effectiveRouteTable", vec![accepted("location", "routes")]),
        ("operationResults/rules", vec![page(&rules())]),
        ("operationResults/routes", vec![page(&routes())]),
    ]
}

async fn effective(
    replies: Vec<(&'static str, Vec<ResponseTemplate>)>,
    to: &std::path::Path,
) -> (Arm, cloudfw_documents::manifest::Manifest, usize) {
    let mut all = estate::replies();
    all.retain(|(ending, _)| !replies.iter().any(|(other, _)| other == ending));
    all.extend(replies);
    let arm = Arm::answering(all).await;
    let patience = Duration::from_secs(2);
    let options = RecordOptions { effective: true, patience, ..arm.options(to) };
    let mut recorded = made(&options).await.unwrap();
    let unanswered = recorded.unanswered().count();
    no_secret_is_written(to);
    (arm, recorded.subscriptions.remove(0).manifest, unanswered)
}

#[tokio::test]
async fn they_are_asked_for_only_where_the_user_says() {
    let home = tempfile::tempdir().unwrap();
    let mut replies = estate::replies();
    replies.extend(replies_at_once());
    let arm = Arm::answering(replies).await;
    made(&arm.options(home.path())).await.unwrap();
    assert!(arm.all_asked().iter().all(|asked| !asked.contains("effective")));
    let named = |path: &std::path::PathBuf| path.to_string_lossy().contains("effective-nsg");
    assert!(!files(home.path(), ONE).iter().any(named));
}

#[tokio::test]
async fn az_75_an_answer_is_waited_for_through_202_without_a_body() {
    let home = tempfile::tempdir().unwrap();
    let again = || ResponseTemplate::new(202).insert_header("retry-after", "0");
    // T-10: a poll may say `null`, or nothing, or name another place.
    let null = again().set_body_string("null");
    let moved = accepted("location", "rules");
    let mut replies = replies_at_once();
    replies.retain(|(ending, _)| *ending != "operationResults/rules");
    replies.push(("operationResults/rules", vec![again(), null, moved, page(&rules())]));
    let (arm, manifest, unanswered) = effective(replies, home.path()).await;
    assert_eq!(unanswered, 0);
    let nic = estate::id("Network", "networkInterfaces/web-nic");
    let name = "network-nic-list-effective-nsg.1";
    let written = document(home.path(), name).unwrap();
    assert_eq!(written["networkInterface"], json!({"id": nic}));
    assert_eq!(written["value"][0]["effectiveSecurityRules"].as_array().unwrap().len(), 1);
    let written = document(home.path(), "network-nic-show-effective-route-table.2").unwrap();
    assert_eq!(written["value"], routes()["value"]);
    assert_eq!(calls(&manifest, "network nic list-effective-nsg").len(), 3);
    assert_eq!(call(&manifest, "network nic list-effective-nsg").count, Some(2));
    assert_eq!(arm.asked("operationResults/rules").len(), 5);
    let read = cloudfw_azure::read(
        &super::documents(home.path(), ONE).into_iter().find(|it| it.name.contains(name)).unwrap(),
    )
    .unwrap();
    assert_eq!(read.parts[0].owner.as_deref(), Some(nic.as_str()));
}

#[tokio::test]
async fn an_answer_may_be_there_at_once_or_in_the_state_of_an_operation() {
    let home = tempfile::tempdir().unwrap();
    let again = page(&json!({"status": "InProgress"})).insert_header("retry-after", "0");
    let done = json!({"status": "Succeeded", "properties": {"output": rules()}});
    let replies = vec![
        ("effectiveNetworkSecurityGroups", vec![accepted("azure-asyncoperation", "rules")]),
        ("effectiveRouteTable", vec![page(&routes())]),
        ("operationResults/rules", vec![again, page(&done)]),
    ];
    let (_, _, unanswered) = effective(replies, home.path()).await;
    assert_eq!(unanswered, 0);
    let written = document(home.path(), "network-nic-list-effective-nsg.2").unwrap();
    assert_eq!(written["value"][0]["tagMap"], json!({}));
}

#[tokio::test]
async fn az_75_a_machine_that_does_not_run_has_none_and_that_is_an_answer() {
    let home = tempfile::tempdir().unwrap();
    let code = "NicMustBeAttachedToRunningVmToGetEffectiveSecurityGroups";
    let refused = vec![error(400, code, "the machine is stopped")];
    let replies = vec![
        ("effectiveNetworkSecurityGroups", refused.clone()),
        ("effectiveRouteTable", refused.clone()),
    ];
    let (_, manifest, unanswered) = effective(replies.clone(), home.path()).await;
    assert_eq!(unanswered, 0);
    let told = calls(&manifest, "network nic list-effective-nsg");
    assert!(told.iter().all(|call| call.outcome == Outcome::Unsupported), "{told:?}");
    // Where it is known before, nobody asks.
    let mut known = replies;
    known.push((
        "POST /providers/Microsoft.ResourceGraph/resources",
        vec![estate::graph("deallocated")],
    ));
    let (arm, manifest, unanswered) = effective(known, home.path()).await;
    assert_eq!((unanswered, arm.asked("effectiveRouteTable").len()), (0, 0));
    assert_eq!(call(&manifest, "network nic list-effective-nsg").count, Some(0));
}

#[tokio::test]
async fn what_is_never_finished_or_fails_is_told() {
    let home = tempfile::tempdir().unwrap();
    let again = ResponseTemplate::new(202).insert_header("retry-after", "1");
    let failed = json!({"status": "Failed", "error": {"code": "Whatever", "message": "no"}});
    let replies = vec![
        ("effectiveNetworkSecurityGroups", vec![accepted("location", "rules")]),
        ("operationResults/rules", vec![again]),
        ("effectiveRouteTable", vec![accepted("azure-asyncoperation", "routes")]),
        ("operationResults/routes", vec![page(&failed)]),
    ];
    let (_, manifest, unanswered) = effective(replies, home.path()).await;
    assert_eq!(unanswered, 4);
    let code = |name: &str| calls(&manifest, name)[0].error.as_ref().unwrap().code.clone();
    assert_eq!(code("network nic list-effective-nsg"), "Timeout");
    assert_eq!(code("network nic show-effective-route-table"), "Whatever");
    assert_eq!(document(home.path(), "network-nic-list-effective-nsg.1"), None);
}

#[tokio::test]
async fn a_place_elsewhere_and_no_place_are_no_answer() {
    let home = tempfile::tempdir().unwrap();
    let elsewhere =
        ResponseTemplate::new(202).insert_header("location", "http://127.0.0.1:1/x?y=1");
    let replies = vec![
        ("effectiveNetworkSecurityGroups", vec![elsewhere]),
        ("effectiveRouteTable", vec![ResponseTemplate::new(202)]),
    ];
    let (_, manifest, _) = effective(replies, home.path()).await;
    let code = |name: &str| calls(&manifest, name)[0].error.as_ref().unwrap().code.clone();
    assert_eq!(code("network nic list-effective-nsg"), "ForeignLink");
    assert_eq!(code("network nic show-effective-route-table"), "Unreadable");
}
