//! The elements of an answer, read into the same types as recordings are and written out again.
//!
//! So nothing gets into a recording that those types do not have a field for: no shared key, no
//! script of an extension, no user's data. What they lack and what may matter is written by its
//! name alone, so that reading the recording finds it, and is listed in the manifest.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use cloudfw_core::Pointer;
use cloudfw_documents::{Collector, Element, One};
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::kind::Kind;
use crate::raw::irrelevant::is_irrelevant;
use crate::raw::{self, AnyCase, Resource};

/// What stands in a recording in place of the value of a field that is not known.
const WITHHELD: &str = "(not recorded: cloudfw did not know this field)";

/// Fields that our types lack and that may matter, as paths below an element, without indices.
pub(super) type Lacking = BTreeSet<String>;

/// Reads an element of a list and writes it as a recording has it.
pub(super) type Decode = fn(Kind, &RawValue, &mut Lacking) -> serde_json::Result<Value>;

/// How the elements of a kind are read.
pub(super) fn decoder(kind: Kind) -> Decode {
    match kind {
        Kind::VirtualNetworks => resource::<raw::VirtualNetwork>,
        Kind::Subnets => resource::<raw::Subnet>,
        Kind::VirtualNetworkPeerings => resource::<raw::VirtualNetworkPeering>,
        Kind::NetworkInterfaces => resource::<raw::NetworkInterface>,
        Kind::VirtualMachines | Kind::VirtualMachineScaleSetVms => resource::<raw::VirtualMachine>,
        Kind::VirtualMachineScaleSets => resource::<raw::VirtualMachineScaleSet>,
        Kind::NetworkSecurityGroups => resource::<raw::NetworkSecurityGroup>,
        Kind::ApplicationSecurityGroups => resource::<raw::ApplicationSecurityGroup>,
        Kind::SecurityAdminRules => resource::<raw::SecurityAdminRule>,
        Kind::RouteTables => resource::<raw::RouteTable>,
        Kind::PublicIpAddresses => resource::<raw::PublicIpAddress>,
        Kind::PublicIpPrefixes => resource::<raw::PublicIpPrefix>,
        Kind::LoadBalancers => resource::<raw::LoadBalancer>,
        Kind::NatGateways => resource::<raw::NatGateway>,
        Kind::PrivateEndpoints => resource::<raw::PrivateEndpoint>,
        Kind::AzureFirewalls => resource::<raw::AzureFirewall>,
        Kind::FirewallPolicies => resource::<raw::FirewallPolicy>,
        Kind::FirewallPolicyRuleCollectionGroups => {
            resource::<raw::FirewallPolicyRuleCollectionGroup>
        }
        Kind::IpGroups => resource::<raw::IpGroup>,
        Kind::VirtualNetworkGateways => resource::<raw::VirtualNetworkGateway>,
        Kind::LocalNetworkGateways => resource::<raw::LocalNetworkGateway>,
        Kind::VirtualNetworkGatewayConnections => resource::<raw::VirtualNetworkGatewayConnection>,
        Kind::ServiceTags => tag,
        Kind::EffectiveNetworkSecurityGroups => answer::<raw::EffectiveNetworkSecurityGroup>,
        Kind::EffectiveRouteTables => answer::<raw::EffectiveRoute>,
        Kind::ExpressRouteCircuits => resource::<raw::ExpressRouteCircuit>,
        Kind::ApplicationGateways => resource::<raw::ApplicationGateway>,
        Kind::BastionHosts => resource::<raw::BastionHost>,
        Kind::VirtualWans => resource::<raw::VirtualWan>,
        Kind::VirtualHubs => resource::<raw::VirtualHub>,
        Kind::HubVirtualNetworkConnections => resource::<raw::HubVirtualNetworkConnection>,
    }
}

fn resource<T: DeserializeOwned + Serialize + Default + PartialEq>(
    kind: Kind,
    element: &RawValue,
    lacking: &mut Lacking,
) -> serde_json::Result<Value> {
    let read: Element<Resource<T>> = read(of_kind(kind), element, lacking)?;
    written(&read.value, &read.not_understood, element)
}

fn answer<T: DeserializeOwned + Serialize>(
    kind: Kind,
    element: &RawValue,
    lacking: &mut Lacking,
) -> serde_json::Result<Value> {
    let read: Element<AnyCase<T>> = read(of_kind(kind), element, lacking)?;
    let AnyCase(value) = &read.value;
    written(value, &read.not_understood, element)
}

/// A tag, of the list that is the one element of its document.
fn tag(kind: Kind, element: &RawValue, lacking: &mut Lacking) -> serde_json::Result<Value> {
    let collector = Collector::new(kind.name(), |_, path| {
        is_irrelevant(Kind::ServiceTags, &format!("values.{path}"))
    });
    let read: Element<Resource<raw::ServiceTag>> = read(collector, element, lacking)?;
    written(&read.value, &read.not_understood, element)
}

fn of_kind(kind: Kind) -> Collector {
    Collector::new(kind.name(), |kind, path| {
        Kind::from_name(kind).is_some_and(|kind| is_irrelevant(kind, path))
    })
}

fn read<T: DeserializeOwned>(
    mut collector: Collector,
    element: &RawValue,
    lacking: &mut Lacking,
) -> serde_json::Result<Element<T>> {
    let one = One { pointer: Pointer::root(), collector: &mut collector, marker: PhantomData };
    let read = one.deserialize(&mut serde_json::Deserializer::from_str(element.get()))?;
    lacking.extend(collector.finish().into_iter().map(|field| field.field));
    Ok(read)
}

fn written(
    value: &impl Serialize,
    not_understood: &[Box<str>],
    element: &RawValue,
) -> serde_json::Result<Value> {
    let mut written = serde_json::to_value(value)?;
    if not_understood.is_empty() {
        return Ok(written);
    }
    let told: Value = serde_json::from_str(element.get())?;
    for pointer in not_understood {
        let names: Vec<String> = pointer.split('/').skip(1).map(unescaped).collect();
        withhold(&mut written, &names, stand_in(told.pointer(pointer)));
    }
    Ok(written)
}

/// What is written in place of a value: of the same sort, so that a cloudfw that knows the field can
/// read the recording, and finds something in it that it does not know.
fn stand_in(value: Option<&Value>) -> Value {
    match value {
        Some(Value::Object(_)) => {
            Value::Object(Map::from_iter([(WITHHELD.to_owned(), Value::Bool(true))]))
        }
        Some(Value::Array(list)) => Value::Array(vec![stand_in(list.first())]),
        _ => Value::from(WITHHELD),
    }
}

/// Puts the name of a field where it stood. The objects above it are there, in any letter case,
/// unless they held nothing else.
fn withhold(value: &mut Value, names: &[String], stand_in: Value) {
    let [name, below @ ..] = names else { return };
    match value {
        Value::Object(object) => {
            let known = object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
            let key = known.unwrap_or_else(|| name.clone());
            if below.is_empty() {
                object.entry(key).or_insert(stand_in);
            } else {
                let next = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
                withhold(next, below, stand_in);
            }
        }
        Value::Array(list) => {
            let element = name.parse().ok().and_then(|index: usize| list.get_mut(index));
            if let Some(element) = element {
                withhold(element, below, stand_in);
            }
        }
        _ => {}
    }
}

/// A part of a JSON pointer.
fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(kind: Kind, element: &Value) -> (Value, Vec<String>) {
        let raw = RawValue::from_string(element.to_string()).unwrap();
        let mut lacking = Lacking::new();
        let written = decoder(kind)(kind, &raw, &mut lacking).unwrap();
        (written, lacking.into_iter().collect())
    }

    #[test]
    fn secrets_have_no_field_to_be_in() {
        let connection = json!({
            "id": "/c", "type": "Microsoft.Network/connections",
            "properties": {"connectionType": "IPsec", "sharedKey": "hush",
                "authorizationKey": "hush", "connectionStatus": "Connected"}});
        let expected = json!({
            "id": "/c", "type": "Microsoft.Network/connections",
            "properties": {"connectionType": "IPsec", "connectionStatus": "Connected"}});
        assert_eq!(kept(Kind::VirtualNetworkGatewayConnections, &connection), (expected, vec![]));
        let gateway = json!({"id": "/g", "properties": {
            "vpnClientConfiguration": {"radiusServerSecret": "hush",
                "vpnClientAddressPool": {"addressPrefixes": ["172.16.0.0/24"]}}}});
        let (written, lacking) = kept(Kind::VirtualNetworkGateways, &gateway);
        assert!(!written.to_string().contains("hush") && lacking.is_empty(), "{written}");
        let set = json!({"id": "/s", "properties": {"virtualMachineProfile": {
            "osProfile": {"adminPassword": "hush", "customData": "hush"}, "userData": "hush",
            "extensionProfile": {"extensions": [{"properties": {"settings": "hush"}}]}}}});
        let (written, lacking) = kept(Kind::VirtualMachineScaleSets, &set);
        assert!(!written.to_string().contains("hush") && lacking.is_empty(), "{written}");
        let circuit = json!({"id": "/e", "properties": {"serviceKey": "hush",
            "authorizations": [{"properties": {"authorizationKey": "hush"}}]}});
        let (written, lacking) = kept(Kind::ExpressRouteCircuits, &circuit);
        assert!(!written.to_string().contains("hush") && lacking.is_empty(), "{written}");
    }

    #[test]
    fn what_is_not_known_is_named_and_not_told() {
        let group = json!({"id": "/g", "name": "g", "properties": {"securityRules": [
            {"name": "a", "properties": {"priority": 100}},
            {"name": "b", "properties": {"priority": 200, "onlyOn": {"day": "hush"},
                "hours": [1, 2], "users": [{"name": "hush"}], "zone": null}}]}});
        let (written, lacking) = kept(Kind::NetworkSecurityGroups, &group);
        let fields = ["hours", "onlyOn", "users"];
        assert_eq!(lacking, fields.map(|it| format!("properties.securityRules.properties.{it}")));
        assert_eq!(
            written["properties"]["securityRules"][1]["properties"],
            json!({"priority": 200, "onlyOn": {WITHHELD: true}, "hours": [WITHHELD],
                "users": [{WITHHELD: true}]})
        );
        assert_eq!(
            written["properties"]["securityRules"][0]["properties"],
            json!({"priority": 100})
        );
        // And so it is found again when the recording is read.
        let (again, lacking_again) = kept(Kind::NetworkSecurityGroups, &written);
        assert_eq!((again, lacking_again), (written, lacking));
    }

    #[test]
    fn what_is_told_badly_stays_as_it_is() {
        let group = json!({"id": "/g", "properties": {"securityRules": [
            {"name": "a", "properties": {"priority": "high", "sourceAddressPrefix": "",
                "destinationPortRanges": []}}]}});
        assert_eq!(kept(Kind::NetworkSecurityGroups, &group), (group.clone(), vec![]));
    }

    /// Whatever `az` and Azure print: what is written of it reads as what was read.
    #[test]
    fn what_is_written_reads_as_what_was_answered() {
        let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/azure");
        let mut count = 0;
        for folder in std::fs::read_dir(scenarios).unwrap().flatten() {
            for file in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                let text = std::fs::read_to_string(file.path()).unwrap_or_default();
                let Ok(document) = serde_json::from_str::<Value>(&text) else { continue };
                let list = document.get("value").unwrap_or(&document);
                for element in list.as_array().into_iter().flatten() {
                    let told = |key: &str| element.get(key)?.as_str();
                    let kind = told("type").and_then(Kind::from_arm_type);
                    let Some(kind) = kind.or_else(|| Kind::from_id(told("id")?)) else { continue };
                    let raw = RawValue::from_string(element.to_string()).unwrap();
                    let Ok(written) = decoder(kind)(kind, &raw, &mut Lacking::new()) else {
                        continue;
                    };
                    let (again, lacking) = kept(kind, &written);
                    assert_eq!(again, written, "{}", file.path().display());
                    assert_eq!(lacking, kept(kind, element).1, "{}", file.path().display());
                    count += 1;
                }
            }
        }
        assert!(count > 500, "{count}");
    }

    #[test]
    fn tags_keep_their_prefixes() {
        let tag = json!({"name": "Storage.WestUS", "id": "Storage.WestUS", "serviceTagId": "1",
            "properties": {"changeNumber": "7", "region": "westus", "networkFeatures": ["API"],
                "addressPrefixes": ["192.0.2.0/24"]}});
        let (written, lacking) = kept(Kind::ServiceTags, &tag);
        assert_eq!(written["properties"]["addressPrefixes"], json!(["192.0.2.0/24"]));
        assert_eq!(lacking, Vec::<String>::new());
    }
}
