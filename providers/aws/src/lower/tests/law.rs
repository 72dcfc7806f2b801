//! The order of documents, lists and keys changes nothing.

use proptest::prelude::*;

use super::*;

/// A network without its places, and so without what a shuffle may change.
fn bare(lowered: &Lowered) -> String {
    let text = format!("{:#?}", lowered.network);
    let places = ["place: ", "document: ", "Pointer(", "estate"];
    let kept = text.lines().filter(|line| !places.iter().any(|place| line.contains(place)));
    kept.collect::<Vec<_>>().join("\n")
}

/// Shuffles every list of a document.
fn shuffle(json: &mut Value, seed: &mut u64) {
    match json {
        Value::Array(list) => {
            for i in (1..list.len()).rev() {
                *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let j = usize::try_from(*seed >> 33).expect("31 bits") % (i + 1);
                list.swap(i, j);
            }
            list.iter_mut().for_each(|one| shuffle(one, seed));
        }
        Value::Object(members) => members.values_mut().for_each(|one| shuffle(one, seed)),
        _ => {}
    }
}

fn rich() -> Value {
    let mut estate = estate();
    estate["SecurityGroups"][1]["IpPermissions"] = json!([
        permission("tcp", json!(22), json!(22), &["10.0.0.0/8", "192.0.2.0/24", "10.0.0.300/8"]),
        permission("tcp", json!(500), json!(400), &["10.0.0.0/8"]),
        permission("-1", Value::Null, Value::Null, &["198.51.100.0/24"]),
        permission("tcp", json!(22), json!(22), &["10.0.0.0/8"]),
    ]);
    estate["NetworkInterfaces"][0]["Groups"] = json!([{"GroupId": "sg-b"}, {"GroupId": "sg-a"}]);
    estate["NetworkInterfaces"][0]["PrivateIpAddresses"] = json!([
        {"PrivateIpAddress": "10.0.1.10", "Primary": true},
        {"PrivateIpAddress": "10.0.1.11", "Primary": false},
        {"PrivateIpAddress": "10.0.1.12", "Primary": false},
    ]);
    estate["NetworkAcls"][0]["Entries"] = json!([
        entry(100, true, "allow", "-1"),
        entry(90, true, "deny", "50"),
        entry(90, true, "allow", "51"),
        entry(100, false, "allow", "-1"),
        entry(32767, false, "deny", "-1"),
    ]);
    let routes = estate["RouteTables"][0]["Routes"].as_array_mut().expect("a list");
    routes.push(route("192.0.2.0/24", "NatGatewayId", "nat-1"));
    routes.push(route("192.0.2.0/24", "GatewayId", "igw-1"));
    estate
}

proptest! {
    #[test]
    fn shuffled_lists_give_the_same_network(seed in any::<u64>()) {
        let mut shuffled = rich();
        shuffle(&mut shuffled, &mut seed.clone());
        prop_assert_eq!(bare(&lowered(&shuffled)), bare(&lowered(&rich())));
    }

    #[test]
    fn a_document_taken_apart_gives_the_same_network(mask in any::<u32>()) {
        let rich = rich();
        let mut parts = [json!({}), json!({})];
        for (i, (kind, list)) in rich.as_object().expect("an object").iter().enumerate() {
            let part = usize::from(mask >> (i % 32) & 1 == 1);
            parts[part][kind] = list.clone();
        }
        let whole = bare(&lowered(&rich));
        let documents: Vec<Document> = parts
            .iter()
            .filter(|part| part.as_object().is_some_and(|kinds| !kinds.is_empty()))
            .enumerate()
            .map(|(i, part)| {
                document(&format!("estate-{i}.json"), "111122223333", "eu-central-1", part)
            })
            .collect();
        prop_assert_eq!(bare(&lower_documents(&documents)), whole.as_str());
        let reversed: Vec<Document> = documents.into_iter().rev().collect();
        prop_assert_eq!(bare(&lower_documents(&reversed)), whole);
    }
}

#[test]
fn the_same_documents_twice_are_the_same_network() {
    let one = document("estate.json", "111122223333", "eu-central-1", &rich());
    let two = document("estate-2.json", "111122223333", "eu-central-1", &rich());
    assert_eq!(bare(&lower_documents(&[one, two])), bare(&lowered(&rich())));
}
