//! An estate as documents: as `az … list` prints them, flattened, as ARM answers them, with
//! `properties`, or as rows of Resource Graph; letter case and order mean nothing.

use serde_json::{Map, Value, json};

use super::{Estate, Hop, Interface, Peer, Protocol, Rule};
use crate::estate::chance::Chance;

const SUBSCRIPTION: &str = "/subscriptions/0a1b2c3d-0000-4000-8000-000000000001";
const NETWORK: &str = "Microsoft.Network";

/// The id of a resource of the provider for networks.
pub(super) fn id(kind: &str, name: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/lab/providers/{NETWORK}/{kind}/{name}")
}

fn machine_id(name: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/lab/providers/Microsoft.Compute/virtualMachines/{name}")
}

/// What there is a document of, each by what `az` calls it.
const KINDS: [&str; 9] =
    ["vnets", "subnets", "peerings", "nics", "vms", "nsgs", "asgs", "route-tables", "public-ips"];

/// All documents: name, and content.
pub(super) fn documents(estate: &Estate, chance: &mut Chance) -> Vec<(String, Value)> {
    let apart = chance.percent(25);
    let mut printer = Printer { estate, chance, form: Form::Flat, apart };
    let mut documents = Vec::new();
    for kind in KINDS {
        printer.form = [Form::Flat, Form::Arm, Form::Graph][printer.chance.weighted(&[45, 40, 15])];
        let mut items = printer.items(kind);
        if items.is_empty() {
            continue;
        }
        printer.chance.shuffle(&mut items);
        documents.push((format!("{kind}.json"), printer.list(items)));
    }
    documents
}

/// How a document is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `az`: properties stand beside the envelope.
    Flat,
    /// ARM: they stand in `properties`.
    Arm,
    /// Resource Graph: the same, and types in lower case.
    Graph,
}

struct Printer<'a> {
    estate: &'a Estate,
    chance: &'a mut Chance,
    form: Form,
    /// Whether subnets and peerings are in lists of their own, and not in their networks.
    apart: bool,
}

impl Printer<'_> {
    fn items(&mut self, kind: &str) -> Vec<Value> {
        match kind {
            "vnets" => self.networks(),
            "subnets" => self.subnets_apart(),
            "peerings" => self.peerings_apart(),
            "nics" => self.interfaces(),
            "vms" => self.machines(),
            "nsgs" => self.groups(),
            "asgs" => self.application_groups(),
            "route-tables" => self.tables(),
            _ => self.public_addresses(),
        }
    }

    fn list(&mut self, items: Vec<Value>) -> Value {
        match self.form {
            Form::Flat => Value::Array(items),
            Form::Arm => json!({ "value": items }),
            Form::Graph => json!({ "count": items.len(), "data": items, "skip_token": null }),
        }
    }

    /// A resource, or a part of one: without a type it is a nameless part, as `ipConfigurations`
    /// are.
    fn resource(&self, id: &str, kind: &str, beside: Value, properties: Value) -> Value {
        let name = id.rsplit('/').next().unwrap_or_default();
        let mut all = Map::new();
        all.insert("id".to_owned(), id.into());
        all.insert("name".to_owned(), name.into());
        if !kind.is_empty() {
            let kind = if self.form == Form::Graph { kind.to_lowercase() } else { kind.to_owned() };
            all.insert("type".to_owned(), kind.into());
        }
        all.extend(fields(beside));
        let mut properties = fields(properties);
        properties.insert("provisioningState".to_owned(), "Succeeded".into());
        if self.form == Form::Flat {
            all.insert("resourceGroup".to_owned(), "lab".into());
            all.extend(properties);
        } else {
            all.insert("properties".to_owned(), properties.into());
        }
        all.into()
    }

    /// A reference, in some letter case (T-9).
    fn refer(&mut self, id: &str) -> Value {
        let id = match self.chance.weighted(&[70, 10, 10, 10]) {
            1 => id.to_lowercase(),
            2 => id.replace("/resourceGroups/lab/", "/resourcegroups/LAB/"),
            3 => id.replace("/subscriptions/", "/Subscriptions/"),
            _ => id.to_owned(),
        };
        json!({ "id": id })
    }

    fn networks(&mut self) -> Vec<Value> {
        let mut items = Vec::new();
        for (index, network) in self.estate.networks.iter().enumerate() {
            let own = id("virtualNetworks", &network.name);
            let mut properties = fields(json!({
                "addressSpace": { "addressPrefixes": texts(&self.estate.prefixes(index)) },
            }));
            if !self.apart {
                let subnets = self.subnets_of(index);
                properties.insert("subnets".to_owned(), subnets.into());
            }
            // Of a network without any, no list of peerings tells that there are none.
            let peerings = self.peerings_of(index);
            if !self.apart || peerings.is_empty() {
                properties.insert("virtualNetworkPeerings".to_owned(), peerings.into());
            }
            let kind = "Microsoft.Network/virtualNetworks";
            items.push(self.resource(&own, kind, located(), properties.into()));
        }
        items
    }

    fn subnets_apart(&mut self) -> Vec<Value> {
        let networks = if self.apart { self.estate.networks.len() } else { 0 };
        (0..networks).flat_map(|network| self.subnets_of(network)).collect()
    }

    fn peerings_apart(&mut self) -> Vec<Value> {
        let networks = if self.apart { self.estate.networks.len() } else { 0 };
        (0..networks).flat_map(|network| self.peerings_of(network)).collect()
    }

    fn subnet_id(&self, subnet: usize) -> String {
        let subnet = &self.estate.subnets[subnet];
        let network = &self.estate.networks[subnet.network].name;
        format!("{}/subnets/{}", id("virtualNetworks", network), subnet.name)
    }

    fn subnets_of(&mut self, network: usize) -> Vec<Value> {
        let mut items = Vec::new();
        for index in self.estate.subnets_of(network) {
            let own = self.subnet_id(index);
            let subnet = &self.estate.subnets[index];
            let mut properties = Map::new();
            match subnet.ipv6 {
                None => {
                    properties.insert("addressPrefix".to_owned(), subnet.cidr.to_string().into());
                }
                Some(ipv6) => {
                    let both = json!([subnet.cidr.to_string(), ipv6.to_string()]);
                    properties.insert("addressPrefixes".to_owned(), both);
                }
            }
            // Nobody gets out without a public address of their own (AZ-70).
            properties.insert("defaultOutboundAccess".to_owned(), false.into());
            if let Some(group) = subnet.group {
                let id = self.group_id(group);
                properties.insert("networkSecurityGroup".to_owned(), self.refer(&id));
            }
            if let Some(table) = subnet.table {
                let id = id("routeTables", &self.estate.tables[table].name);
                properties.insert("routeTable".to_owned(), self.refer(&id));
            }
            let kind = "Microsoft.Network/virtualNetworks/subnets";
            items.push(self.resource(&own, kind, json!({}), properties.into()));
        }
        self.chance.shuffle(&mut items);
        items
    }

    fn peerings_of(&mut self, network: usize) -> Vec<Value> {
        let mut items = Vec::new();
        for peering in &self.estate.peerings {
            let Some(side) = peering.ends.iter().position(|&end| end == network) else { continue };
            let other = peering.ends[1 - side];
            let (here, there) = (&self.estate.networks[network], &self.estate.networks[other]);
            let own = format!(
                "{}/virtualNetworkPeerings/to-{}",
                id("virtualNetworks", &here.name),
                there.name
            );
            let remote = id("virtualNetworks", &there.name);
            let space = json!({ "addressPrefixes": texts(&self.estate.prefixes(other)) });
            let mut properties = fields(json!({
                "peeringState": if peering.connected[side] { "Connected" } else { "Disconnected" },
                "allowVirtualNetworkAccess": peering.access[side],
                "allowForwardedTraffic": self.chance.percent(50),
                "allowGatewayTransit": false,
                "useRemoteGateways": false,
                "remoteVirtualNetwork": self.refer(&remote),
            }));
            if self.chance.percent(80) {
                properties.insert("remoteAddressSpace".to_owned(), space.clone());
                properties.insert("remoteVirtualNetworkAddressSpace".to_owned(), space);
            }
            let kind = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings";
            items.push(self.resource(&own, kind, json!({}), properties.into()));
        }
        items
    }

    fn interfaces(&mut self) -> Vec<Value> {
        let mut items = Vec::new();
        for (index, interface) in self.estate.interfaces.iter().enumerate() {
            let own = self.estate.interface_id(index);
            let mut properties = fields(json!({
                "enableIPForwarding": interface.forwards,
                "ipConfigurations": self.configurations(&own, interface),
                "primary": interface.primary,
            }));
            let machine = machine_id(&interface.machine);
            properties.insert("virtualMachine".to_owned(), self.refer(&machine));
            if let Some(group) = interface.group {
                let id = self.group_id(group);
                properties.insert("networkSecurityGroup".to_owned(), self.refer(&id));
            }
            let kind = "Microsoft.Network/networkInterfaces";
            items.push(self.resource(&own, kind, located(), properties.into()));
        }
        items
    }

    fn configurations(&mut self, own: &str, interface: &Interface) -> Vec<Value> {
        let v4 = interface.addresses.iter().map(|it| (it.to_string(), "IPv4"));
        let v6 = interface.ipv6.map(|it| (it.to_string(), "IPv6"));
        let mut items = Vec::new();
        for (place, (address, version)) in v4.chain(v6).enumerate() {
            let subnet = self.subnet_id(interface.subnet);
            let mut properties = fields(json!({
                "primary": place == 0,
                "privateIPAddress": address,
                "privateIPAddressVersion": version,
                "privateIPAllocationMethod": "Dynamic",
                "subnet": self.refer(&subnet),
            }));
            let groups: Vec<Value> = interface
                .application_groups
                .iter()
                .map(|&group| {
                    let name = &self.estate.application_groups[group].name;
                    self.refer(&id("applicationSecurityGroups", name))
                })
                .collect();
            if !groups.is_empty() {
                properties.insert("applicationSecurityGroups".to_owned(), groups.into());
            }
            if place == 0 && interface.public.is_some() {
                let id = id("publicIPAddresses", &format!("{}-ip", interface.name));
                properties.insert("publicIPAddress".to_owned(), self.refer(&id));
            }
            let id = format!("{own}/ipConfigurations/ipconfig{}", place + 1);
            items.push(self.resource(&id, "", json!({}), properties.into()));
        }
        items
    }

    fn machines(&mut self) -> Vec<Value> {
        let mut items = Vec::new();
        let estate = self.estate;
        for interface in estate.interfaces.iter().filter(|it| it.primary) {
            let own = (0..estate.interfaces.len())
                .filter(|&it| estate.interfaces[it].machine == interface.machine);
            let nics: Vec<String> = own.map(|it| estate.interface_id(it)).collect();
            let mut nics: Vec<Value> = nics.iter().map(|nic| self.refer(nic)).collect();
            self.chance.shuffle(&mut nics);
            let system = if interface.windows { "Windows" } else { "Linux" };
            let mut properties = fields(json!({
                "networkProfile": { "networkInterfaces": nics },
                "storageProfile": { "osDisk": { "osType": system } },
            }));
            let state = if interface.running { "running" } else { "deallocated" };
            if self.form == Form::Flat {
                properties.insert("powerState".to_owned(), format!("VM {state}").into());
            } else if !interface.running || self.chance.percent(50) {
                let status = json!([{ "code": format!("PowerState/{state}") }]);
                properties.insert("instanceView".to_owned(), json!({ "statuses": status }));
            }
            let kind = "Microsoft.Compute/virtualMachines";
            let own = machine_id(&interface.machine);
            items.push(self.resource(&own, kind, located(), properties.into()));
        }
        items
    }

    fn group_id(&self, group: usize) -> String {
        id("networkSecurityGroups", &self.estate.groups[group].name)
    }

    fn groups(&mut self) -> Vec<Value> {
        let (with_defaults, with_users) = (self.chance.percent(50), self.chance.percent(50));
        let mut items = Vec::new();
        for (index, group) in self.estate.groups.iter().enumerate() {
            let own = self.group_id(index);
            let rules: Vec<Value> = group.rules.iter().map(|it| self.rule(&own, it)).collect();
            let mut properties = fields(json!({ "securityRules": rules }));
            if with_defaults {
                let rules = self.default_rules(&own);
                properties.insert("defaultSecurityRules".to_owned(), rules.into());
            }
            if with_users {
                self.users(index, &mut properties);
            }
            let kind = "Microsoft.Network/networkSecurityGroups";
            items.push(self.resource(&own, kind, located(), properties.into()));
        }
        items
    }

    /// Where a group stands, as it says itself.
    fn users(&mut self, index: usize, properties: &mut Map<String, Value>) {
        let estate = self.estate;
        let at = (0..estate.subnets.len()).filter(|&it| estate.subnets[it].group == Some(index));
        let subnets: Vec<String> = at.map(|it| self.subnet_id(it)).collect();
        let at =
            (0..estate.interfaces.len()).filter(|&it| estate.interfaces[it].group == Some(index));
        let nics: Vec<String> = at.map(|it| estate.interface_id(it)).collect();
        for (key, ids) in [("subnets", subnets), ("networkInterfaces", nics)] {
            if !ids.is_empty() {
                let ids: Vec<Value> = ids.iter().map(|id| self.refer(id)).collect();
                properties.insert(key.to_owned(), ids.into());
            }
        }
    }

    fn rule(&mut self, group: &str, rule: &Rule) -> Value {
        let protocols: &[&str] = match rule.protocol {
            Protocol::Tcp => &["Tcp", "TCP", "tcp"],
            Protocol::Udp => &["Udp", "UDP"],
            Protocol::Icmp => &["Icmp", "ICMP"],
            Protocol::Esp => &["Esp", "ESP"],
            Protocol::Any => &["*"],
        };
        let mut properties = fields(json!({
            "access": if rule.allow { "Allow" } else { "Deny" },
            "direction": if rule.inbound { "Inbound" } else { "Outbound" },
            "priority": rule.priority,
            "protocol": *self.chance.pick(protocols),
        }));
        self.side(&mut properties, "source", &rule.source);
        self.side(&mut properties, "destination", &rule.destination);
        self.ports(&mut properties, "source", &rule.source_ports);
        self.ports(&mut properties, "destination", &rule.ports);
        let id = format!("{group}/securityRules/{}", rule.name);
        self.resource(&id, "", json!({}), properties.into())
    }

    /// Who is meant: one form is used, and the other is empty, `""` or left out (AZ-16).
    fn side(&mut self, properties: &mut Map<String, Value>, side: &str, peer: &Peer) {
        let (one, many) = (format!("{side}AddressPrefix"), format!("{side}AddressPrefixes"));
        match peer {
            Peer::Any => {
                let word = *self.chance.pick(&["*", "*", "0.0.0.0/0", "Any"]);
                properties.insert(one, word.into());
                properties.insert(many, json!([]));
            }
            Peer::Tag(tag) => {
                properties.insert(one, (*tag).into());
                if self.chance.percent(50) {
                    properties.insert(many, json!([]));
                }
            }
            Peer::Prefixes(prefixes) => match prefixes.as_slice() {
                [only] if self.chance.percent(70) => {
                    let text = only.to_string();
                    // T-3: an address without a length.
                    let bare =
                        text.split_once('/').filter(|_| only.prefix_len() == only.max_prefix_len());
                    let text = match bare.filter(|_| self.chance.percent(60)) {
                        Some((address, _)) => address.to_owned(),
                        None => text,
                    };
                    properties.insert(one, text.into());
                    properties.insert(many, json!([]));
                }
                several => {
                    if self.chance.percent(50) {
                        properties.insert(one, "".into());
                    }
                    properties.insert(many, texts(several).into());
                }
            },
            Peer::Groups(groups) => {
                let ids = groups.iter().map(|&group| {
                    let name = &self.estate.application_groups[group].name;
                    id("applicationSecurityGroups", name)
                });
                let ids: Vec<String> = ids.collect();
                let ids: Vec<Value> = ids.iter().map(|id| self.refer(id)).collect();
                if self.chance.percent(50) {
                    properties.insert(one, "".into());
                    properties.insert(many, json!([]));
                }
                properties.insert(format!("{side}ApplicationSecurityGroups"), ids.into());
            }
        }
    }

    fn ports(&mut self, properties: &mut Map<String, Value>, side: &str, ports: &[(u16, u16)]) {
        let (one, many) = (format!("{side}PortRange"), format!("{side}PortRanges"));
        let text = |&(low, high): &(u16, u16)| match low == high {
            true => low.to_string(),
            false => format!("{low}-{high}"),
        };
        match ports {
            [] => {
                let word = *self.chance.pick(&["*", "*", "0-65535"]);
                properties.insert(one, word.into());
                properties.insert(many, json!([]));
            }
            [only] if self.chance.percent(75) => {
                properties.insert(one, text(only).into());
                properties.insert(many, json!([]));
            }
            several => {
                let several: Vec<String> = several.iter().map(text).collect();
                if self.chance.percent(50) {
                    properties.insert(one, "".into());
                }
                properties.insert(many, several.into());
            }
        }
    }

    /// The rules of AZ-3, as Azure lists them.
    fn default_rules(&self, group: &str) -> Vec<Value> {
        let rule = |name: &str, priority: usize, access: &str, from: &str, to: &str| {
            let direction = if name.ends_with("InBound") { "Inbound" } else { "Outbound" };
            let properties = json!({
                "access": access, "direction": direction, "priority": priority, "protocol": "*",
                "sourceAddressPrefix": from, "sourceAddressPrefixes": [],
                "destinationAddressPrefix": to, "destinationAddressPrefixes": [],
                "sourcePortRange": "*", "sourcePortRanges": [],
                "destinationPortRange": "*", "destinationPortRanges": [],
            });
            let id = format!("{group}/defaultSecurityRules/{name}");
            self.resource(&id, "", json!({}), properties)
        };
        let network = "VirtualNetwork";
        vec![
            rule("AllowVnetInBound", 65000, "Allow", network, network),
            rule("AllowAzureLoadBalancerInBound", 65001, "Allow", "AzureLoadBalancer", "*"),
            rule("DenyAllInBound", 65500, "Deny", "*", "*"),
            rule("AllowVnetOutBound", 65000, "Allow", network, network),
            rule("AllowInternetOutBound", 65001, "Allow", "*", "Internet"),
            rule("DenyAllOutBound", 65500, "Deny", "*", "*"),
        ]
    }

    fn application_groups(&mut self) -> Vec<Value> {
        let kind = "Microsoft.Network/applicationSecurityGroups";
        let groups = self.estate.application_groups.iter();
        groups
            .map(|group| {
                let own = id("applicationSecurityGroups", &group.name);
                self.resource(&own, kind, located(), json!({}))
            })
            .collect()
    }

    fn tables(&mut self) -> Vec<Value> {
        let mut items = Vec::new();
        for table in &self.estate.tables {
            let own = id("routeTables", &table.name);
            let mut routes = Vec::new();
            for (place, route) in table.routes.iter().enumerate() {
                let hop = match route.hop {
                    Hop::None => "None",
                    Hop::Internet => "Internet",
                    Hop::Local => *self.chance.pick(&["VnetLocal", "VNetLocal"]),
                    Hop::Appliance(_) => "VirtualAppliance",
                };
                let mut properties =
                    fields(json!({ "addressPrefix": route.to.to_string(), "nextHopType": hop }));
                if let Hop::Appliance(interface) = route.hop {
                    let address = self.estate.interfaces[interface].addresses[0];
                    properties.insert("nextHopIpAddress".to_owned(), address.to_string().into());
                }
                let id = format!("{own}/routes/route-{place}");
                routes.push(self.resource(&id, "", json!({}), properties.into()));
            }
            self.chance.shuffle(&mut routes);
            let kind = "Microsoft.Network/routeTables";
            let properties = json!({ "disableBgpRoutePropagation": false, "routes": routes });
            items.push(self.resource(&own, kind, located(), properties));
        }
        items
    }

    fn public_addresses(&mut self) -> Vec<Value> {
        let mut items = Vec::new();
        for (index, interface) in self.estate.interfaces.iter().enumerate() {
            let Some(public) = interface.public else { continue };
            let own = id("publicIPAddresses", &format!("{}-ip", interface.name));
            let user = format!("{}/ipConfigurations/ipconfig1", self.estate.interface_id(index));
            let properties = json!({
                "ipAddress": public.address.to_string(),
                "ipConfiguration": self.refer(&user),
                "publicIPAddressVersion": "IPv4",
                "publicIPAllocationMethod": "Static",
            });
            let mut beside = fields(located());
            let sku = if public.standard { "Standard" } else { "Basic" };
            beside.insert("sku".to_owned(), json!({ "name": sku, "tier": "Regional" }));
            let kind = "Microsoft.Network/publicIPAddresses";
            items.push(self.resource(&own, kind, beside.into(), properties));
        }
        items
    }
}

fn located() -> Value {
    json!({ "location": "westeurope" })
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}
