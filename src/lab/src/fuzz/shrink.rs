//! Takes away from a scenario whatever a disagreement does not need.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::compare::{Disagreement, compare};
use super::observe::Stand;
use super::predict::Oracle;
use crate::compile::from_network;
use crate::scenario::{Cloud, Scenario};

mod azure;

/// How long one disagreement is worked on.
const BUDGET: Duration = Duration::from_secs(90);

/// Under which keys things say what they are called, the largest first: with a VPC goes
/// everything in it.
const IDS: [&str; 13] = [
    "VpcId",
    "VpcPeeringConnectionId",
    "SubnetId",
    "InstanceId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "GroupId",
    "RouteTableId",
    "NetworkAclId",
    "InternetGatewayId",
    "EgressOnlyInternetGatewayId",
    "PrefixListId",
    "AllocationId",
];

/// The smallest scenario found that shows the same disagreement, and how it shows there.
#[must_use]
pub fn shrink(scenario: &Scenario, disagreement: &Disagreement) -> (Scenario, Disagreement) {
    let mut work = Work {
        best: scenario.clone(),
        shown: disagreement.clone(),
        signature: disagreement.signature(),
        until: Instant::now() + BUDGET,
    };
    work.drop_resources();
    work.drop_host_routes();
    work.drop_firewalls();
    work.drop_elements();
    (work.best, work.shown)
}

struct Work {
    best: Scenario,
    shown: Disagreement,
    signature: String,
    until: Instant,
}

impl Work {
    /// Keeps the candidate if it shows the same.
    fn offer(&mut self, mut candidate: Scenario) -> bool {
        if Instant::now() > self.until {
            return false;
        }
        candidate.documents.retain(|(_, document)| !is_empty(document));
        match ask_again(&candidate, &self.shown) {
            Ok(Some(shown)) if shown.signature() == self.signature => {
                self.best = candidate;
                self.shown = shown;
                true
            }
            // What cannot be asked any more shows nothing.
            Ok(_) | Err(_) => false,
        }
    }

    fn drop_resources(&mut self) {
        if self.best.cloud() == Cloud::Azure {
            for id in azure::ids(&self.best.documents) {
                let mut candidate = self.best.clone();
                azure::remove(&mut candidate.documents, &id);
                self.offer(candidate);
            }
            return;
        }
        for key in IDS {
            let mut ids = BTreeSet::new();
            for (_, document) in &self.best.documents {
                collect(document, key, &mut ids);
            }
            for id in ids {
                let mut candidate = self.best.clone();
                remove(&mut candidate.documents, &id);
                self.offer(candidate);
            }
        }
    }

    fn drop_host_routes(&mut self) {
        for index in (0..self.best.host_routes.len()).rev() {
            let mut candidate = self.best.clone();
            candidate.host_routes.remove(index);
            self.offer(candidate);
        }
    }

    fn drop_firewalls(&mut self) {
        for index in (0..self.best.firewalls.len()).rev() {
            let mut candidate = self.best.clone();
            candidate.firewalls.remove(index);
            self.offer(candidate);
        }
        for index in 0..self.best.firewalls.len() {
            let lines = self.best.firewalls.get(index).map_or(0, |it| it.refusals.len());
            for line in (0..lines).rev() {
                let mut candidate = self.best.clone();
                if let Some(firewall) = candidate.firewalls.get_mut(index) {
                    firewall.refusals.remove(line);
                }
                self.offer(candidate);
            }
        }
    }

    /// Elements of lists: halves first, then each by itself.
    fn drop_elements(&mut self) {
        let mut lists = Vec::new();
        for (index, (_, document)) in self.best.documents.iter().enumerate() {
            find_lists(document, &mut format!("/{index}"), &mut lists);
        }
        // The last ones first, so that the places of the others hold.
        for list in lists.into_iter().rev() {
            let mut size = self.length(&list);
            while size > 0 {
                let mut end = self.length(&list);
                while end > 0 {
                    let start = end.saturating_sub(size);
                    let mut candidate = self.best.clone();
                    if let Some(items) = list_at(&mut candidate, &list) {
                        items.drain(start..end.min(items.len()));
                    }
                    self.offer_in_place(candidate);
                    end = start;
                }
                size /= 2;
            }
        }
    }

    /// As [`Work::offer`], without taking documents away: places go by their numbers.
    fn offer_in_place(&mut self, candidate: Scenario) {
        let all = candidate.documents.clone();
        if self.offer(candidate) {
            self.best.documents = all;
        }
    }

    fn length(&mut self, list: &str) -> usize {
        list_at(&mut self.best, list).map_or(0, |items| items.len())
    }
}

/// The same question about a changed scenario: how it disagrees now, if it does.
fn ask_again(
    scenario: &Scenario,
    disagreement: &Disagreement,
) -> Result<Option<Disagreement>, String> {
    let Disagreement { question, compiler, .. } = disagreement;
    let questions = std::slice::from_ref(question);
    let oracle = Oracle::open(scenario)?;
    // What is missing now would make an answer unknown, and not wrong.
    from_network(oracle.network()).map_err(|error| error.to_string())?;
    let predicted = oracle.predict(questions).pop();
    // What cannot be asked any more shows nothing.
    if predicted.as_ref().is_some_and(|it| it.refused) && !disagreement.predicted.refused {
        return Ok(None);
    }
    let mut stand = Stand::raise(scenario, oracle.network(), *compiler)?;
    let seen = stand.ask(questions)?.pop();
    let (Some(predicted), Some(seen)) = (predicted, seen) else { return Ok(None) };
    let what = compare(question, &predicted, &seen);
    Ok(what.map(|what| Disagreement { predicted, seen, what, ..disagreement.clone() }))
}

fn is_empty(document: &Value) -> bool {
    if let Some(items) = document.as_array() {
        return items.is_empty();
    }
    let Some(fields) = document.as_object() else { return false };
    fields.values().all(|value| value.as_array().is_some_and(Vec::is_empty))
}

/// What is written under a key, anywhere.
fn collect(value: &Value, key: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, found)),
        Value::Object(fields) => {
            if let Some(id) = fields.get(key).and_then(Value::as_str) {
                found.insert(id.to_owned());
            }
            fields.values().for_each(|field| collect(field, key, found));
        }
        _ => {}
    }
}

/// Takes away what has this id, what is said of it elsewhere, and what hangs on what goes.
fn remove(documents: &mut Vec<(String, Value)>, id: &str) {
    let mut gone = vec![id.to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(id) = gone.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        documents.retain(|(_, document)| !names(document, &id));
        for (_, document) in documents.iter_mut() {
            let Some(fields) = document.as_object_mut() else { continue };
            for items in fields.values_mut().filter_map(Value::as_array_mut) {
                let (dropped, kept) = items.drain(..).partition(|item| names(item, &id));
                *items = kept;
                let _: &Vec<Value> = &dropped;
                gone.extend(dropped.iter().flat_map(own_ids));
            }
            fields.values_mut().for_each(|field| forget(field, &id));
        }
    }
}

/// What an element of a list of the recording is called itself: the ids that no other kind of
/// thing has.
fn own_ids(item: &Value) -> Vec<String> {
    let Some(fields) = item.as_object() else { return Vec::new() };
    let is = |key: &str| fields.contains_key(key);
    let own: &[&str] = match () {
        () if is("InstanceId") && is("ImageId") => &["InstanceId"],
        () if is("ReservationId") => {
            let mut ids = BTreeSet::new();
            collect(item, "InstanceId", &mut ids);
            return ids.into_iter().collect();
        }
        () if is("AllocationId") => &["AllocationId"],
        () if is("PrivateIpAddresses") => &["NetworkInterfaceId"],
        () if is("IpPermissions") => &["GroupId"],
        () if is("Entries") && is("NetworkAclId") => &["NetworkAclId"],
        () if is("Routes") => &["RouteTableId"],
        () if is("NatGatewayAddresses") => &["NatGatewayId"],
        () if is("InternetGatewayId") => &["InternetGatewayId"],
        () if is("EgressOnlyInternetGatewayId") => &["EgressOnlyInternetGatewayId"],
        () if is("AccepterVpcInfo") => &["VpcPeeringConnectionId"],
        () if is("AvailableIpAddressCount") => &["SubnetId"],
        () => &[],
    };
    let text = |key: &&str| fields.get(*key).and_then(Value::as_str).map(str::to_owned);
    own.iter().filter_map(text).collect()
}

/// Whether a value says this id without a list between.
fn names(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => text == id,
        Value::Object(fields) => fields.values().any(|field| names(field, id)),
        _ => false,
    }
}

/// Takes elements that name the id out of all lists.
fn forget(value: &mut Value, id: &str) {
    match value {
        Value::Array(items) => {
            items.retain(|item| !names(item, id));
            items.iter_mut().for_each(|item| forget(item, id));
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| forget(field, id)),
        _ => {}
    }
}

/// The places of all lists, outer ones before inner ones.
fn find_lists(value: &Value, place: &mut String, found: &mut Vec<String>) {
    let length = place.len();
    match value {
        Value::Array(items) => {
            found.push(place.clone());
            for (index, item) in items.iter().enumerate() {
                place.push_str(&format!("/{index}"));
                find_lists(item, place, found);
                place.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                place.push_str(&format!("/{key}"));
                find_lists(field, place, found);
                place.truncate(length);
            }
        }
        _ => {}
    }
}

fn list_at<'s>(scenario: &'s mut Scenario, place: &str) -> Option<&'s mut Vec<Value>> {
    let (index, pointer) = place.strip_prefix('/')?.split_once('/')?;
    let (_, document) = scenario.documents.get_mut(index.parse::<usize>().ok()?)?;
    document.pointer_mut(&format!("/{pointer}"))?.as_array_mut()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn with_a_subnet_goes_what_is_in_it() {
        let mut documents = vec![
            (
                "subnets".to_owned(),
                json!({"Subnets": [
                    {"SubnetId": "subnet-a", "VpcId": "vpc-1", "AvailableIpAddressCount": 1},
                    {"SubnetId": "subnet-b", "VpcId": "vpc-1", "AvailableIpAddressCount": 1},
                ]}),
            ),
            (
                "interfaces".to_owned(),
                json!({"NetworkInterfaces": [
                    {"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-a", "PrivateIpAddresses": []},
                    {"NetworkInterfaceId": "eni-2", "SubnetId": "subnet-b", "PrivateIpAddresses": []},
                ]}),
            ),
            (
                "addresses".to_owned(),
                json!({"Addresses": [{"AllocationId": "eipalloc-1", "NetworkInterfaceId": "eni-1"}]}),
            ),
            (
                "acls".to_owned(),
                json!({"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": [], "Associations": [
                    {"SubnetId": "subnet-a"}, {"SubnetId": "subnet-b"},
                ]}]}),
            ),
        ];
        remove(&mut documents, "subnet-a");
        let text = serde_json::to_string(&documents).expect("values");
        for gone in ["subnet-a", "eni-1", "eipalloc-1"] {
            assert!(!text.contains(gone), "{gone}");
        }
        for kept in ["subnet-b", "eni-2", "acl-1"] {
            assert!(text.contains(kept), "{kept}");
        }
    }
}
