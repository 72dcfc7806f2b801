//! Service tags.

use cloudfw_core::{Origin, Peer, Peers, Unknown, global_unicast};

use super::super::service_tag::ServiceTags;
use super::super::surroundings::Surroundings;
use super::groups::{
    Answer, Lowered, allow, around, deny, document, inbound, of_rules, origin, outbound, rule, set,
    with,
};
use crate::raw;

const NONE: &str = "DenyAllInBound";

/// A place whose network may have `172.20.0.0/16` as well.
fn doubtful() -> Surroundings {
    let why = Unknown::new("the peer's prefixes", "not recorded", "vnet.json#");
    Surroundings { possibly: vec![(set(&["172.20.0.0/16", "20.0.0.0/16"]), why)], ..around() }
}

fn lists(all: &[&str]) -> Vec<raw::ServiceTags> {
    all.iter().map(|json| serde_json::from_str(json).unwrap()).collect()
}

fn tags(lists: &[raw::ServiceTags]) -> ServiceTags {
    let lists: Vec<(Origin, &raw::ServiceTags)> =
        lists.iter().map(|list| (origin(), list)).collect();
    ServiceTags::new(&lists)
}

fn from(tag: &str, around: &Surroundings, all: &[&str]) -> Lowered {
    let tag = format!(r#""{tag}""#);
    let json = document(&[&rule("x", 100, "Allow", &[("sourceAddressPrefix", &tag)])]);
    with(&json, around, &tags(&lists(all)), &[], false)
}

fn asked(told: &Lowered, source: &str) -> Answer {
    let to = if source.contains(':') { "[fd00::4]" } else { "10.0.0.4" };
    inbound(&told.filter, &format!("tcp {source} {to}:22"))
}

#[test]
fn az_30_virtual_network_is_what_the_place_says() {
    for word in ["VirtualNetwork", "VIRTUALNETWORK", "VIRTUAL_NETWORK"] {
        let told = from(word, &doubtful(), &[]);
        assert_eq!(asked(&told, "10.0.9.9"), allow("x"));
        assert_eq!(asked(&told, "168.63.129.16"), allow("x"));
        assert_eq!(asked(&told, "172.20.9.9"), Answer::Unknown);
        assert_eq!(asked(&told, "8.8.8.8"), deny(NONE));
        assert!(told.faults.is_empty());
        let peers = told.filter.ingress[0].rules[0].matches.sources.to_string();
        assert_eq!(peers, "VirtualNetwork, VirtualNetwork (unresolved)");
    }
}

#[test]
fn az_31_internet_is_public_and_outside_the_network() {
    let told = from("Internet", &doubtful(), &[]);
    for (source, answer) in [
        ("8.8.8.8", allow("x")),
        ("13.64.0.1", allow("x")),
        ("2001:db8::1", allow("x")),
        // In the network, perhaps.
        ("20.0.0.1", Answer::Unknown),
        // Private, wherever it is.
        ("10.0.9.9", allow("AllowVnetInBound")),
        ("172.31.0.1", deny(NONE)),
        ("192.168.1.1", deny(NONE)),
        ("172.20.0.1", Answer::Unknown),
        ("100.64.0.1", deny(NONE)),
        ("fd00::1", deny(NONE)),
    ] {
        assert_eq!(asked(&told, source), answer, "{source}");
    }
    // A network of public addresses is not the internet.
    let public = Surroundings { virtual_network: set(&["20.1.0.0/16"]), possibly: Vec::new() };
    let told = from("internet", &public, &[]);
    assert_eq!(asked(&told, "20.1.0.1"), deny(NONE));
    assert_eq!(asked(&told, "20.2.0.1"), allow("x"));
}

#[test]
fn az_31_internet_is_what_azure_expands_it_to() {
    let nowhere = Surroundings::default();
    let peers = ServiceTags::new(&[]).peers("Internet", &nowhere, &origin());
    let [Peer::Addresses { set: internet, via }] = &*peers else { panic!("{peers:?}") };
    assert_eq!(via.as_deref(), Some("Internet"));
    // As Azure prints the beginning of it, in its order.
    let told = ["1.0.0.0/8", "2.0.0.0/7", "4.0.0.0/6", "8.0.0.0/7", "11.0.0.0/8", "12.0.0.0/6"];
    let below_16 = internet.intersection(&set(&["0.0.0.0/4"]));
    assert_eq!(below_16, set(&told));
    assert!(set(&["32.0.0.0/3"]).is_subset(internet));
    assert_eq!(*internet, global_unicast().difference(&set(&["168.63.129.16/32"])));
}

#[test]
fn az_32_the_load_balancers_tag_is_the_host() {
    for word in ["AzureLoadBalancer", "azureloadbalancer", "AZURE_LOADBALANCER"] {
        let told = from(word, &Surroundings::default(), &[]);
        assert_eq!(asked(&told, "168.63.129.16"), allow("x"));
        assert_eq!(asked(&told, "20.50.1.1"), deny(NONE));
    }
}

const WEST: &str = r#"{"values": [
    {"name": "Storage", "properties": {"addressPrefixes": ["20.60.0.0/16", "2603:1000::/40"]}},
    {"name": "Storage.WestUS", "properties": {"addressPrefixes": ["20.60.1.0/24"]}},
    {"name": "Broken", "properties": {"addressPrefixes": ["20.61.0.0/16", "20.62.0.0.0"]}},
    {"name": "Bare", "properties": {}}]}"#;

#[test]
fn az_33_tags_are_what_the_recorded_list_says() {
    let told = from("Storage", &around(), &[WEST]);
    assert_eq!(asked(&told, "20.60.9.9"), allow("x"));
    assert_eq!(asked(&told, "2603:1000::9"), allow("x"));
    assert_eq!(asked(&told, "20.61.9.9"), deny(NONE));
    let told = from("storage.westus", &around(), &[WEST]);
    assert_eq!(asked(&told, "20.60.1.9"), allow("x"));
    assert_eq!(asked(&told, "20.60.9.9"), deny(NONE));
    assert_eq!(told.filter.ingress[0].rules[0].matches.sources.to_string(), "storage.westus");
    // Of a region that the list does not have: some of the service's addresses.
    let told = from("Storage.EastUS", &around(), &[WEST]);
    assert_eq!(asked(&told, "20.60.9.9"), Answer::Unknown);
    assert_eq!(asked(&told, "20.61.9.9"), deny(NONE));
    let told = from("Broken", &around(), &[WEST]);
    assert_eq!(asked(&told, "20.61.1.9"), allow("x"));
    assert_eq!(asked(&told, "20.62.0.1"), Answer::Unknown);
    assert_eq!(asked(&from("Bare", &around(), &[WEST]), "20.62.0.1"), Answer::Unknown);
}

#[test]
fn az_33_what_lists_differ_about_is_not_known() {
    const OTHER: &str = r#"{"values": [{"name": "STORAGE", "properties":
        {"addressPrefixes": ["20.60.0.0/17", "20.70.0.0/16"]}}]}"#;
    for order in [[WEST, OTHER], [OTHER, WEST]] {
        let told = from("Storage", &around(), &order);
        assert_eq!(asked(&told, "20.60.9.9"), allow("x"));
        assert_eq!(asked(&told, "20.60.200.9"), Answer::Unknown);
        assert_eq!(asked(&told, "20.70.0.1"), Answer::Unknown);
        assert_eq!(asked(&told, "20.80.0.1"), deny(NONE));
        assert_eq!(asked(&from("Storage.WestUS", &around(), &order), "20.60.1.9"), allow("x"));
    }
    assert_eq!(asked(&from("Storage", &around(), &[WEST, WEST]), "20.60.200.9"), allow("x"));
}

#[test]
fn az_34_an_unknown_tag_is_not_empty() {
    for (all, why) in [
        (&[][..], "not in the recording: add `az network list-service-tags`"),
        (&[WEST], "the recorded lists of service tags do not have it"),
    ] {
        let told = from("CorpNetSaw", &around(), all);
        assert_eq!(asked(&told, "8.8.8.8"), Answer::Unknown);
        let sources = &told.filter.ingress[0].rules[0].matches.sources;
        let Peers::Of(peers) = sources else { panic!("{sources}") };
        let [Peer::Unresolved { unknown, within, .. }] = &**peers else { panic!("{peers:?}") };
        assert_eq!(unknown.to_string(), format!("the addresses of the tag `CorpNetSaw`: {why}"));
        assert!(within.is_full());
        assert_eq!(&*unknown.place, "nsg.json#/securityRules/0");
    }
}

#[test]
fn az_19_azures_own_services_at_every_machine() {
    let to = |tag: &str, address: &str| {
        let fields = [("destinationAddressPrefix", tag), ("direction", r#""Outbound""#)];
        let told = of_rules(&[&rule("x", 100, "Deny", &fields)]).filter;
        outbound(&told, &format!("udp 10.0.0.4 {address}:53"))
    };
    assert_eq!(to(r#""AzurePlatformDNS""#, "168.63.129.16"), deny("x"));
    assert_eq!(to(r#""AzurePlatformDNS""#, "8.8.8.8"), allow("AllowInternetOutBound"));
    assert_eq!(to(r#""AzurePlatformIMDS""#, "169.254.169.254"), deny("x"));
    assert_eq!(to(r#""AzurePlatformLKM""#, "20.118.99.224"), Answer::Unknown);
}
