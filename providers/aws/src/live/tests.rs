use serde_json::json;

use super::*;

fn visit(documents: &[(Kind, Value)]) -> Vec<Visit> {
    let asked = documents.iter().map(|(kind, document)| Asked {
        call: CALLS.iter().find(|call| call.kind == *kind).unwrap(),
        log: Vec::new(),
        document: Some(document.clone()),
    });
    vec![Visit { region: "eu-west-1".to_owned(), asked: asked.collect() }]
}

#[test]
fn without_sts_what_was_read_says_whose_it_is() {
    let mine = json!({"NetworkInterfaces": [{"OwnerId": "111111111111"}]});
    let shared = json!({"Vpcs": [{"OwnerId": "222222222222"}]});
    let read = visit(&[(Kind::Vpcs, shared), (Kind::NetworkInterfaces, mine)]);
    assert_eq!(owner(&read).as_deref(), Some("111111111111"));
}

#[test]
fn owners_who_disagree_or_are_no_accounts_say_nothing() {
    let groups = json!({"SecurityGroups": [
        {"OwnerId": "111111111111"}, {"OwnerId": "222222222222"}]});
    let vpcs = json!({"Vpcs": [{"OwnerId": "../../etc"}]});
    assert_eq!(owner(&visit(&[(Kind::SecurityGroups, groups), (Kind::Vpcs, vpcs)])), None);
}

#[test]
fn keys_are_not_printed() {
    let keys = Keys {
        access_key_id: "AKIA".to_owned(),
        secret_access_key: "hush".to_owned(),
        session_token: Some("hush".to_owned()),
    };
    assert!(!format!("{keys:?}").contains("hush"));
}

#[test]
fn the_time_is_rfc_3339_to_the_second() {
    let now = now();
    assert!(now.len() == 20 && now.ends_with('Z') && now.starts_with("20"), "{now}");
}
