//! Which subscriptions there are to record.

use serde_json::Value;

use super::calls::{MANAGEMENT_VERSION, SUBSCRIPTIONS_VERSION};
use super::fault::{Fault, NO_CONNECTION};
use super::page::{Form, ask};
use super::transport::{Ask, Pace, Transport};
use super::{LiveError, Subscription, Subscriptions};

/// What is wanted, in order of the ids, each once.
pub(super) async fn wanted(
    transport: &Transport,
    pace: &Pace,
    which: &Subscriptions,
) -> Result<Vec<Subscription>, LiveError> {
    let mut found = match which {
        Subscriptions::All => seen(transport, pace).await?,
        Subscriptions::These(names) => named(transport, pace, names).await?,
        Subscriptions::ManagementGroup(group) => below(transport, pace, group).await?,
    };
    found.sort();
    found.dedup_by(|one, other| one.id == other.id);
    if found.is_empty() {
        let of = match which {
            Subscriptions::ManagementGroup(group) => format!("none is in `{group}`"),
            _ => String::new(),
        };
        return Err(LiveError::NoSubscription { of });
    }
    Ok(found)
}

/// All that the credential sees.
async fn seen(transport: &Transport, pace: &Pace) -> Result<Vec<Subscription>, LiveError> {
    let list = list(transport, pace, "subscriptions", SUBSCRIPTIONS_VERSION).await?;
    // What is deleted is listed for a while, and has nothing in it any more.
    let is_there = |one: &&Value| text(one, "state").is_none_or(|state| state != "Deleted");
    let there = list.iter().filter(is_there);
    Ok(there.filter_map(|one| subscription(one, "subscriptionId", "displayName")).collect())
}

/// Those with these ids, or names.
async fn named(
    transport: &Transport,
    pace: &Pace,
    names: &[String],
) -> Result<Vec<Subscription>, LiveError> {
    if names.iter().all(|name| is_id(name)) {
        let ids = names.iter().map(|id| id.to_ascii_lowercase());
        return Ok(ids.map(|id| Subscription { id, name: None }).collect());
    }
    let seen = seen(transport, pace).await?;
    let one = |name: &String| {
        let same = |other: &str| other.eq_ignore_ascii_case(name);
        let is_called =
            |one: &&Subscription| same(&one.id) || one.name.as_deref().is_some_and(same);
        let mut called = seen.iter().filter(is_called);
        match (called.next(), called.next()) {
            (Some(one), None) => Ok(one.clone()),
            // It may be there although it is not listed: its calls will tell.
            (None, _) if is_id(name) => {
                Ok(Subscription { id: name.to_ascii_lowercase(), name: None })
            }
            (found, _) => {
                let found = if found.is_some() { "several" } else { "none" };
                Err(LiveError::BadSubscription { name: name.clone(), found })
            }
        }
    };
    names.iter().map(one).collect()
}

/// Those in a management group and in the groups in it.
async fn below(
    transport: &Transport,
    pace: &Pace,
    group: &str,
) -> Result<Vec<Subscription>, LiveError> {
    let path = format!("providers/Microsoft.Management/managementGroups/{group}/descendants");
    let list = list(transport, pace, &path, MANAGEMENT_VERSION).await?;
    let is_one = |one: &&Value| {
        text(one, "type").is_some_and(|kind| kind.to_ascii_lowercase().ends_with("/subscriptions"))
    };
    let named = |one: &Value| {
        let name = one.pointer("/properties/displayName").and_then(Value::as_str);
        let found = subscription(one, "name", "")?;
        Some(Subscription { name: name.map(str::to_owned), ..found })
    };
    Ok(list.iter().filter(is_one).filter_map(named).collect())
}

async fn list(
    transport: &Transport,
    pace: &Pace,
    path: &str,
    version: &str,
) -> Result<Vec<Value>, LiveError> {
    let unknown = |fault: Fault| match fault.code.as_str() {
        NO_CONNECTION => LiveError::NoConnection { to: transport.name(), message: fault.message },
        _ => LiveError::SubscriptionsUnknown { code: fault.code, message: fault.message },
    };
    let url = transport.url(path, &[("api-version", version)]).map_err(unknown)?;
    let question = Ask { url, body: None };
    let answer = ask((transport, pace), question, Form::List, None, &|_| {}).await;
    answer.end.map_err(unknown)?;
    Ok(answer.entries)
}

/// A subscription of a list; nothing where its id could be no part of a path.
fn subscription(one: &Value, id: &str, name: &str) -> Option<Subscription> {
    let id = text(one, id).filter(|id| is_id(id))?.to_ascii_lowercase();
    Some(Subscription { id, name: text(one, name).map(str::to_owned) })
}

fn text<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.get(key)?.as_str()
}

/// Whether a text is built as the id of a subscription, and can be the name of a folder.
fn is_id(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_names() {
        assert!(is_id("00000000-0000-0000-0000-00000000000A"));
        for name in
            ["", "production", "../../../../etc/passwd", "00000000-0000-0000-0000-00000000000g"]
        {
            assert!(!is_id(name), "{name}");
        }
    }
}
