//! What Azure itself works out for an interface equals what cloudfw does (AZ-76): in every scenario
//! `testdata/azure/effective-*`, and in the recordings where both are recorded. Each list is then
//! altered in every rule and route, and the alteration is noticed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test: what fails here is reported as its failure"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use cloudfw_azure::{LowerOptions, lower};
use cloudfw_core::{Document, Scope};
use cloudfw_documents::AssumeNone;
use serde_json::{Value, json};

/// What was compared, and what differs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Compared {
    rules: usize,
    routes: usize,
    differences: Vec<String>,
}

/// Named documents.
type Documents = Vec<(String, Value)>;

fn compare(documents: &Documents) -> Compared {
    let document = |(name, value): &(String, Value)| Document {
        name: Arc::from(name.as_str()),
        text: Arc::from(value.to_string()),
        scope: Scope::default(),
    };
    let documents: Vec<Document> = documents.iter().map(document).collect();
    let options = LowerOptions { assume_none: AssumeNone::All };
    let lowered = lower(&documents, &options).unwrap();
    let mut compared = Compared::default();
    for comparison in lowered.network.comparisons.values().flatten() {
        match comparison.what.as_ref() {
            "Azure's effective rules" => compared.rules += comparison.count,
            "Azure's effective routes" => compared.routes += comparison.count,
            what => panic!("{what}"),
        }
        let told = comparison.differences.iter().map(ToString::to_string);
        compared.differences.extend(told);
    }
    compared
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/azure");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| name(path).starts_with("effective-"));
    folders.sort();
    folders
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn documents(folder: &Path) -> Documents {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|it| it == "json")).collect();
    files.retain(|path| name(path) != "expected.json");
    files.sort();
    files.iter().map(|path| (name(path), read(path))).collect()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Whether a scenario is about a contradiction, and how many it has.
const CONTRADICTIONS: [(&str, usize); 4] = [
    ("effective-another-group", 1),
    ("effective-routes-that-contradict", 2),
    ("effective-rules-that-contradict", 1),
    ("effective-tags-that-contradict", 4),
];

#[test]
fn az_76_the_paired_scenarios_equal_what_azure_works_out() {
    let (mut pairs, mut rules, mut routes) = (0, 0, 0);
    for folder in folders() {
        let folder_name = name(&folder);
        let compared = compare(&documents(&folder));
        assert!(compared.rules + compared.routes > 0, "{folder_name}: nothing was compared");
        let known = CONTRADICTIONS.iter().find(|(of, _)| *of == folder_name);
        let wanted = known.map_or(0, |(_, count)| *count);
        assert_eq!(compared.differences.len(), wanted, "{folder_name}: {compared:#?}");
        if wanted == 0 {
            pairs += 1;
            rules += compared.rules;
            routes += compared.routes;
        }
    }
    println!("{pairs} paired scenarios: {rules} rules and {routes} routes compared, all equal");
    assert!(pairs >= 6, "{pairs}");
}

/// Every alteration of a list that makes it say something else.
fn alterations(list: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let elements = list["value"].as_array().unwrap();
    for (index, element) in elements.iter().enumerate() {
        let mut alter = |what: String, change: &dyn Fn(&mut Value)| {
            let mut altered = list.clone();
            change(&mut altered["value"][index]);
            found.push((what, altered));
        };
        if let Some(rules) = element["effectiveSecurityRules"].as_array() {
            for (at, rule) in rules.iter().enumerate() {
                for (what, altered) in altered_rules(rule) {
                    let what = format!("{}: {what}", rule["name"]);
                    alter(what, &|element| {
                        let rules = element["effectiveSecurityRules"].as_array_mut().unwrap();
                        match &altered {
                            Some(rule) => rules[at] = rule.clone(),
                            None => drop(rules.remove(at)),
                        }
                    });
                }
            }
        } else {
            for (what, altered) in altered_routes(element) {
                let what = format!("{}: {what}", element["addressPrefix"]);
                alter(what, &|element| *element = altered.clone());
            }
        }
    }
    found
}

fn altered_rules(rule: &Value) -> Vec<(&'static str, Option<Value>)> {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut rule = rule.clone();
        change(&mut rule);
        Some(rule)
    };
    let other = |from: &str, one: &str, another: &str| {
        let told = rule[from].as_str().unwrap_or_default();
        json!(if told == one { another } else { one })
    };
    let mut altered = vec![
        ("gone", None),
        ("renamed", with(&|rule| rule["name"] = json!("securityRules/somebody-elses"))),
        ("access", with(&|rule| rule["access"] = other("access", "Allow", "Deny"))),
        ("direction", with(&|rule| rule["direction"] = other("direction", "Inbound", "Outbound"))),
        ("protocol", with(&|rule| rule["protocol"] = other("protocol", "Tcp", "Udp"))),
        ("priority", with(&|rule| rule["priority"] = json!(3999))),
        (
            "port",
            with(&|rule| {
                rule["destinationPortRange"] = json!("1-2");
                rule["destinationPortRanges"] = json!(["1-2"]);
            }),
        ),
        (
            "source port",
            with(&|rule| {
                rule["sourcePortRange"] = json!("1-2");
                rule["sourcePortRanges"] = json!(["1-2"]);
            }),
        ),
    ];
    for (what, one, several, expanded) in [
        ("sources", "sourceAddressPrefix", "sourceAddressPrefixes", "expandedSourceAddressPrefix"),
        (
            "destinations",
            "destinationAddressPrefix",
            "destinationAddressPrefixes",
            "expandedDestinationAddressPrefix",
        ),
    ] {
        altered.push((
            what,
            with(&|rule| {
                rule[one] = json!("9.9.9.9/32");
                rule[several] = json!(["9.9.9.9/32"]);
                rule[expanded] = Value::Null;
            }),
        ));
        if rule[expanded].as_array().is_some_and(|list| list.len() > 1) {
            altered.push((
                "one prefix less of what is expanded",
                with(&|rule| drop(rule[expanded].as_array_mut().unwrap().remove(0))),
            ));
        }
    }
    altered
}

fn altered_routes(route: &Value) -> Vec<(&'static str, Value)> {
    let with = |field: &str, value: Value| {
        let mut route = route.clone();
        route[field] = value;
        route
    };
    let is_active = route["state"] == "Active";
    let mut altered = vec![
        ("state", with("state", json!(if is_active { "Invalid" } else { "Active" }))),
        ("prefix", with("addressPrefix", json!(["11.22.33.0/24"]))),
    ];
    let hop = if route["nextHopType"] == "VnetLocal" { "Internet" } else { "VnetLocal" };
    altered.push(("next hop", with("nextHopType", json!(hop))));
    if route["nextHopType"] == "VirtualAppliance" {
        altered.push(("address of the next hop", with("nextHopIpAddress", json!(["10.66.6.6"]))));
    }
    if route["source"] != "VirtualNetworkGateway" {
        let source = if route["source"] == "User" { "Default" } else { "User" };
        altered.push(("source", with("source", json!(source))));
    }
    altered
}

/// A route that Azure drops in any case may be away, or be one more of them.
fn moves_nothing(what: &str) -> bool {
    let dropped = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
    let kept = ["25.33.80.0/20", "127.0.0.0/8", "198.18.0.0/15"];
    let of = |prefix: &&str| what.starts_with(&format!("[\"{prefix}\"]"));
    let is_about = |field: &str| what.ends_with(&format!(": {field}"));
    (dropped.iter().any(of) && is_about("prefix"))
        || (kept.iter().any(of) && (is_about("prefix") || is_about("state")))
}

#[test]
fn az_76_every_alteration_of_a_rule_or_route_is_noticed() {
    let (mut planted, mut missed) = (0, Vec::new());
    for folder in folders() {
        let folder_name = name(&folder);
        if CONTRADICTIONS.iter().any(|(of, _)| *of == folder_name) {
            continue;
        }
        let documents = documents(&folder);
        for (index, (file, list)) in documents.iter().enumerate() {
            if list.get("networkInterface").is_none() {
                continue;
            }
            for (what, altered) in alterations(list) {
                planted += 1;
                let mut documents = documents.clone();
                documents[index].1 = altered;
                let noticed = !compare(&documents).differences.is_empty();
                if !noticed && !moves_nothing(&what) {
                    missed.push(format!("{folder_name}/{file}: {what}"));
                }
            }
        }
    }
    println!("{planted} alterations");
    assert!(missed.is_empty(), "{} of {planted}:\n{}", missed.len(), missed.join("\n"));
}

/// The same list, where nothing tells of which interface it is.
#[test]
fn az_76_a_list_of_nobody_is_not_compared_and_said_so() {
    let folder = folders().into_iter().find(|path| name(path) == "effective-user-routes").unwrap();
    let mut documents = documents(&folder);
    for (_, document) in &mut documents {
        if let Some(members) = document.as_object_mut() {
            members.remove("networkInterface");
        }
    }
    assert_eq!(compare(&documents), Compared::default());
    let document = |(name, value): &(String, Value)| Document {
        name: Arc::from(name.as_str()),
        text: Arc::from(value.to_string()),
        scope: Scope::default(),
    };
    let documents: Vec<Document> = documents.iter().map(document).collect();
    let warnings = lower(&documents, &LowerOptions::default()).unwrap().warnings;
    let said = |warning: &cloudfw_core::Unknown| &*warning.what == "Azure's effective routes";
    assert!(warnings.iter().any(said), "{warnings:#?}");
}

/// The folder of recordings. `None`, with a line that says so, where it is absent.
fn recordings() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    let folder = std::env::var_os("CLOUDFW_RECORDINGS").map_or(beside, PathBuf::from);
    if folder.join("azure").is_dir() {
        return Some(folder.join("azure"));
    }
    let required = std::env::var("CLOUDFW_REQUIRE").unwrap_or_default();
    let missing = format!("no recordings in `{}` (CLOUDFW_RECORDINGS)", folder.display());
    assert!(!required.split(',').any(|one| one.trim() == "recordings"), "{missing}");
    static SAID: Once = Once::new();
    // Past the test runner, which would hide it.
    SAID.call_once(|| writeln!(std::io::stderr(), "skipped: {missing}").unwrap_or_default());
    None
}

const NETWORK: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network";

/// An interface in a network of these addresses, with this group.
fn around(prefix: &str, group: Option<&str>) -> Documents {
    let subnet = format!("{NETWORK}/virtualNetworks/v/subnets/one");
    let nic = format!("{NETWORK}/networkInterfaces/nic");
    let machine = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m";
    let first = prefix.replace(".0/", ".4/");
    let address = first.split('/').next().unwrap();
    let mut interface = json!({
        "id": nic, "name": "nic", "type": "Microsoft.Network/networkInterfaces",
        "properties": {
            "ipConfigurations": [{
                "id": format!("{nic}/ipConfigurations/one"), "name": "one",
                "properties": {
                    "primary": true, "privateIPAddress": address, "subnet": { "id": subnet },
                },
            }],
            "virtualMachine": { "id": machine },
        },
    });
    if let Some(group) = group {
        interface["properties"]["networkSecurityGroup"] = json!({ "id": group });
    }
    let network = json!({
        "id": format!("{NETWORK}/virtualNetworks/v"), "name": "v",
        "type": "Microsoft.Network/virtualNetworks",
        "properties": {
            "addressSpace": { "addressPrefixes": [prefix] },
            "subnets": [{ "id": subnet, "name": "one", "properties": { "addressPrefix": prefix } }],
            "virtualNetworkPeerings": [],
        },
    });
    vec![("nic.json".to_owned(), interface), ("vnet.json".to_owned(), network)]
}

/// The group that `ip_flow_verify_oracle.json` has, and the view of Network Watcher of the same
/// group, which was taken before its last rule was made.
#[test]
fn az_76_the_recorded_view_of_a_recorded_group_is_equal() {
    let Some(folder) = recordings() else { return };
    let oracle = read(&folder.join("ip_flow_verify_oracle.json"));
    let view = read(&folder.join("security_group_view_effective_rules.json"));
    let mut group = oracle["networkSecurityGroup"].clone();
    let rules = group["properties"]["securityRules"].as_array_mut().unwrap();
    let before = rules.len();
    rules.retain(|rule| rule["name"] != "sr2");
    assert_eq!(rules.len(), before - 1);
    let id = group["id"].as_str().unwrap().to_owned();
    let mut documents = around("10.17.0.0/16", Some(&id));
    documents.push(("nsg.json".to_owned(), group));
    let list = json!({
        "networkInterface": { "id": format!("{NETWORK}/networkInterfaces/nic") },
        "value": [view],
    });
    documents.push(("effective.json".to_owned(), list.clone()));
    let compared = compare(&documents);
    println!("recorded view of a group: {} rules compared, all equal", compared.rules);
    assert_eq!(compared, Compared { rules: 10, ..Compared::default() });
    let mut missed = Vec::new();
    for (what, altered) in alterations(&list) {
        documents.last_mut().unwrap().1 = altered;
        let is_final = what.starts_with("\"DefaultInboundDenyAll\": gone")
            || what.starts_with("\"DefaultOutboundDenyAll\": gone");
        if compare(&documents).differences.is_empty() && !is_final {
            missed.push(what);
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Of the network that the recorded routes are of, no document was kept but what they tell: it has
/// one prefix, and neither peers nor user-defined routes.
#[test]
fn az_76_the_recorded_system_routes_are_equal() {
    let Some(folder) = recordings() else { return };
    let mut list = read(&folder.join("effective_route_table.json"));
    list["networkInterface"] = json!({ "id": format!("{NETWORK}/networkInterfaces/nic") });
    let mut documents = around("10.0.0.0/16", None);
    documents.push(("effective.json".to_owned(), list.clone()));
    let compared = compare(&documents);
    println!("recorded system routes: {} routes compared, all equal", compared.routes);
    assert_eq!(compared, Compared { routes: 5, ..Compared::default() });
    for (what, altered) in alterations(&list) {
        documents.last_mut().unwrap().1 = altered;
        let noticed = !compare(&documents).differences.is_empty();
        assert!(noticed || moves_nothing(&what), "{what}");
    }
}
