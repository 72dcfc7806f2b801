//! What may be taken away of documents of Azure: resources and parts of them, by their ids.

use serde_json::Value;

/// The ids of everything that is told, the largest first: with a network goes all that is in it.
pub(super) fn ids(documents: &[(String, Value)]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    documents.iter().for_each(|(_, document)| collect(document, &mut found));
    found.sort_by_key(|id| (rank(id), id.clone()));
    found.dedup();
    found
}

/// Networks, subnets and interfaces before what only says something of them.
fn rank(id: &str) -> usize {
    let kinds = [
        "/virtualnetworks/",
        "/virtualmachines/",
        "/networkinterfaces/",
        "/networksecuritygroups/",
        "/routetables/",
    ];
    let kind = kinds.iter().position(|kind| id.contains(kind)).unwrap_or(kinds.len());
    // Parts of a resource after all resources.
    let depth = id.matches('/').count();
    depth * 10 + kind
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => {
            // A reference has an id alone.
            if let Some(id) = own_id(value).filter(|_| fields.len() > 1) {
                found.push(id);
            }
            fields.values().for_each(|field| collect(field, found));
        }
        _ => {}
    }
}

/// Takes away what has this id, what is a part of it, and what refers to it.
pub(super) fn remove(documents: &mut [(String, Value)], id: &str) {
    documents.iter_mut().for_each(|(_, document)| forget(document, id));
}

fn forget(value: &mut Value, id: &str) {
    let is_of = |value: &Value| {
        let own = own_id(value);
        own.is_some_and(|own| own == id || own.starts_with(&format!("{id}/")))
    };
    match value {
        Value::Array(items) => {
            items.retain(|item| !is_of(item));
            items.iter_mut().for_each(|item| forget(item, id));
        }
        Value::Object(fields) => {
            fields.retain(|_, field| !is_of(field));
            fields.values_mut().for_each(|field| forget(field, id));
        }
        _ => {}
    }
}

/// In lower case (T-9).
fn own_id(value: &Value) -> Option<String> {
    Some(value.get("id")?.as_str()?.to_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn with_a_group_go_its_rules_and_the_references_to_it() {
        let mut documents = vec![
            (
                "nsgs".to_owned(),
                json!([{"id": "/G/a", "name": "a", "securityRules": [{"id": "/G/a/r/1", "name": "1"}]}]),
            ),
            (
                "nics".to_owned(),
                json!({"value": [{"id": "/N/n", "name": "n", "networkSecurityGroup": {"id": "/g/A"}}]}),
            ),
        ];
        assert_eq!(ids(&documents), ["/g/a", "/n/n", "/g/a/r/1"]);
        remove(&mut documents, "/g/a");
        assert_eq!(documents[0].1, json!([]));
        assert_eq!(documents[1].1, json!({"value": [{"id": "/N/n", "name": "n"}]}));
    }
}
