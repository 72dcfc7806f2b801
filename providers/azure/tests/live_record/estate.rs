//! A small estate as Azure Resource Manager tells it, invented.

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::server::{ONE, list, page};

pub(crate) fn id(kind: &str, name: &str) -> String {
    format!("/subscriptions/{ONE}/resourceGroups/rg/providers/Microsoft.{kind}/{name}")
}

/// `web` with a public address and `db` beside it, both running, in one network.
pub(crate) fn replies() -> Vec<(&'static str, Vec<ResponseTemplate>)> {
    vec![
        ("Microsoft.Network/virtualNetworks", vec![list(&[network()])]),
        (
            "Microsoft.Network/networkInterfaces",
            vec![list(&[interface("web", "10.1.1.4", true), interface("db", "10.1.1.5", false)])],
        ),
        ("Microsoft.Compute/virtualMachines", vec![list(&[machine("web"), machine("db")])]),
        ("Microsoft.Network/networkSecurityGroups", vec![list(&[group()])]),
        ("Microsoft.Network/publicIPAddresses", vec![list(&[address()])]),
        ("Microsoft.Network/firewallPolicies", vec![list(&[plain("firewallPolicies", "fp")])]),
        ("Microsoft.Network/virtualHubs", vec![list(&[plain("virtualHubs", "hub")])]),
        ("Microsoft.Compute/virtualMachineScaleSets", vec![list(&[scale_set()])]),
        ("POST /providers/Microsoft.ResourceGraph/resources", vec![graph("running")]),
    ]
}

pub(crate) fn graph(power: &str) -> ResponseTemplate {
    let row = |name: &str| {
        json!({"id": id("Compute", &format!("virtualMachines/{name}")).to_lowercase(),
            "code": format!("PowerState/{power}"), "displayStatus": format!("VM {power}")})
    };
    page(&json!({"totalRecords": 2, "count": 2, "data": [row("db"), row("web")]}))
}

pub(crate) fn network() -> Value {
    json!({
        "id": id("Network", "virtualNetworks/vnet"), "name": "vnet",
        "type": "Microsoft.Network/virtualNetworks", "location": "westeurope", "etag": "W/1",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
            "subnets": [{
                "id": id("Network", "virtualNetworks/vnet/subnets/front"), "name": "front",
                "type": "Microsoft.Network/virtualNetworks/subnets",
                "properties": {"addressPrefix": "10.1.1.0/24"}}],
            "virtualNetworkPeerings": []}})
}

fn plain(kind: &str, name: &str) -> Value {
    json!({"id": id("Network", &format!("{kind}/{name}")), "name": name,
        "type": format!("Microsoft.Network/{kind}"), "location": "westeurope", "properties": {}})
}

fn scale_set() -> Value {
    json!({"id": id("Compute", "virtualMachineScaleSets/set"), "name": "set",
        "type": "Microsoft.Compute/virtualMachineScaleSets", "location": "westeurope",
        "properties": {"orchestrationMode": "Uniform", "virtualMachineProfile": {
            "osProfile": {"customData": "hush"}, "extensionProfile": {"extensions": [
                {"properties": {"settings": {"commandToExecute": "hush"}}}]}}}})
}

pub(crate) fn interface(name: &str, address: &str, is_public: bool) -> Value {
    let nic = id("Network", &format!("networkInterfaces/{name}-nic"));
    let mut configuration = json!({
        "primary": true, "privateIPAddress": address, "privateIPAddressVersion": "IPv4",
        "subnet": {"id": id("Network", "virtualNetworks/vnet/subnets/front")}});
    if is_public {
        configuration["publicIPAddress"] = json!({"id": id("Network", "publicIPAddresses/web-ip")});
    }
    json!({
        "id": nic, "name": format!("{name}-nic"), "type": "Microsoft.Network/networkInterfaces",
        "location": "westeurope",
        "properties": {
            "ipConfigurations": [{"id": format!("{nic}/ipConfigurations/one"), "name": "one",
                "properties": configuration}],
            "enableIPForwarding": false,
            "networkSecurityGroup": {"id": id("Network", "networkSecurityGroups/nsg")},
            "virtualMachine": {"id": id("Compute", &format!("virtualMachines/{name}"))}}})
}

fn machine(name: &str) -> Value {
    json!({
        "id": id("Compute", &format!("virtualMachines/{name}")), "name": name,
        "type": "Microsoft.Compute/virtualMachines", "location": "westeurope",
        "properties": {
            "osProfile": {"computerName": name, "adminUsername": "root", "customData": "hush"},
            "storageProfile": {"osDisk": {"osType": "Linux"}},
            "networkProfile": {"networkInterfaces": [
                {"id": id("Network", &format!("networkInterfaces/{name}-nic"))}]}}})
}

fn group() -> Value {
    let group = id("Network", "networkSecurityGroups/nsg");
    json!({
        "id": group, "name": "nsg", "type": "Microsoft.Network/networkSecurityGroups",
        "location": "westeurope",
        "properties": {"securityRules": [{
            "id": format!("{group}/securityRules/allow-https"), "name": "allow-https",
            "properties": {
                "access": "Allow", "direction": "Inbound", "priority": 100, "protocol": "Tcp",
                "sourceAddressPrefix": "*", "sourcePortRange": "*",
                "destinationAddressPrefix": "*", "destinationPortRange": "443"}}]}})
}

fn address() -> Value {
    let configuration = id("Network", "networkInterfaces/web-nic/ipConfigurations/one");
    json!({
        "id": id("Network", "publicIPAddresses/web-ip"), "name": "web-ip",
        "type": "Microsoft.Network/publicIPAddresses", "location": "westeurope",
        "sku": {"name": "Standard", "tier": "Regional"},
        "properties": {"ipAddress": "203.0.113.10", "publicIPAddressVersion": "IPv4",
            "publicIPAllocationMethod": "Static", "ipConfiguration": {"id": configuration}}})
}
