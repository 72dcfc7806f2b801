//! The estate as ARM answers for it: lists below `value`, with `properties`.

use serde_json::{Value, json};

use super::model::{Balancer, End, Estate, Hop, Interface, Owner, Rule, Subnet};
use super::networks::guid;
use super::rules::SERVICES;

const LOCATION: &str = "westeurope";
const RECORDED: &str = "2026-11-03T08:52:10Z";

const NETWORK: &str = "Microsoft.Network/virtualNetworks";
const TABLE: &str = "Microsoft.Network/routeTables";
const GROUP: &str = "Microsoft.Network/networkSecurityGroups";
const APPLICATION_GROUP: &str = "Microsoft.Network/applicationSecurityGroups";
const PUBLIC_ADDRESS: &str = "Microsoft.Network/publicIPAddresses";
const NAT_GATEWAY: &str = "Microsoft.Network/natGateways";
const BALANCER: &str = "Microsoft.Network/loadBalancers";
const ENDPOINT: &str = "Microsoft.Network/privateEndpoints";
const MACHINE: &str = "Microsoft.Compute/virtualMachines";
const INTERFACE: &str = "Microsoft.Network/networkInterfaces";

/// The kinds of which there is none, as manifests name their calls.
const EMPTY: [&str; 9] = [
    "network firewall list",
    "network vnet-gateway list",
    "network local-gateway list",
    "network vpn-connection list",
    "network application-gateway list",
    "network bastion list",
    "network express-route list",
    "network vwan list",
    "network vhub list",
];

/// Every document, by name.
pub(super) fn all(estate: &Estate) -> Vec<(String, Value)> {
    let lists = [
        ("virtual-networks", "network vnet list", networks(estate)),
        ("route-tables", "network route-table list", tables(estate)),
        ("network-security-groups", "network nsg list", groups(estate)),
        ("application-security-groups", "network asg list", application_groups(estate)),
        ("public-addresses", "network public-ip list", public_addresses(estate)),
        ("nat-gateways", "network nat gateway list", nat_gateways(estate)),
        ("load-balancers", "network lb list", balancers(estate)),
        ("private-endpoints", "network private-endpoint list", endpoints(estate)),
        ("network-interfaces", "network nic list", interfaces(estate)),
        ("virtual-machines", "vm list", machines(estate)),
    ];
    let mut calls: Vec<Value> = EMPTY.iter().map(|call| row(estate, call, 0)).collect();
    let mut documents = Vec::new();
    for (name, call, list) in lists {
        calls.push(row(estate, call, list.len()));
        // A list without elements is told by the manifest alone.
        if !list.is_empty() {
            documents.push((format!("{name}.json"), json!({ "value": list })));
        }
    }
    for index in 0..estate.networks.len() {
        let rules = admin_rules(estate, index);
        let mut call =
            row(estate, "network manager list-effective-security-admin-rule", rules.len());
        let id = network_id(estate, index);
        call["resource"] = json!(id);
        calls.push(call);
        let answer = json!({ "value": rules, "virtualNetwork": { "id": id } });
        documents.push((format!("admin-rules/{}.json", estate.networks[index].name), answer));
    }
    documents.push(("service-tags.json".to_owned(), service_tags(estate)));
    calls.push(row(estate, "network list-service-tags", 1));
    let manifest = json!({ "schema": "cloudfw.manifest/1", "cloud": "azure", "calls": calls });
    documents.push(("manifest.json".to_owned(), manifest));
    documents
}

fn row(estate: &Estate, call: &str, count: usize) -> Value {
    json!({
        "account": estate.subscription, "call": call, "time": RECORDED, "outcome": "ok",
        "count": count,
    })
}

/// A resource as ARM frames it.
#[expect(clippy::needless_pass_by_value, reason = "`json!` takes it by reference")]
fn resource(arm_type: &str, id: &str, properties: Value) -> Value {
    json!({
        "name": id.rsplit('/').next(),
        "id": id,
        "etag": etag(id),
        "type": arm_type,
        "location": LOCATION,
        "tags": { "environment": "generated" },
        "properties": properties,
    })
}

/// A part of a resource, which has no location.
#[expect(clippy::needless_pass_by_value, reason = "`json!` takes it by reference")]
fn part(arm_type: &str, id: &str, properties: Value) -> Value {
    json!({
        "name": id.rsplit('/').next(),
        "id": id,
        "etag": etag(id),
        "type": arm_type,
        "properties": properties,
    })
}

fn etag(id: &str) -> String {
    format!("W/\"{}\"", made_guid(id))
}

/// A GUID out of an id: what it is does not matter, only that there are as many.
fn made_guid(id: &str) -> String {
    let fold = |start: u64| {
        id.bytes()
            .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    };
    guid([fold(0xcbf2_9ce4_8422_2325), fold(0x9e37_79b9_7f4a_7c15)])
}

fn reference(id: impl Into<String>) -> Value {
    json!({ "id": id.into() })
}

fn network_id(estate: &Estate, network: usize) -> String {
    estate.id(network, NETWORK, &estate.networks[network].name)
}

fn subnet_id(estate: &Estate, subnet: usize) -> String {
    let subnet = &estate.subnets[subnet];
    format!("{}/subnets/{}", network_id(estate, subnet.network), subnet.name)
}

fn group_id(estate: &Estate, group: usize) -> String {
    let group = &estate.groups[group];
    estate.id(group.network, GROUP, &group.name)
}

fn application_group_id(estate: &Estate, group: usize) -> String {
    estate.id(estate.application_groups[group], APPLICATION_GROUP, &format!("asg-{group}"))
}

fn nat_gateway_id(estate: &Estate, gateway: usize) -> String {
    let gateway = &estate.nat_gateways[gateway];
    estate.id(gateway.network, NAT_GATEWAY, &gateway.name)
}

fn balancer_id(estate: &Estate, balancer: usize) -> String {
    let balancer = &estate.balancers[balancer];
    estate.id(estate.subnets[balancer.subnet].network, BALANCER, &balancer.name)
}

fn table_id(estate: &Estate, table: usize) -> String {
    let table = &estate.tables[table];
    estate.id(table.network, TABLE, &table.name)
}

fn configuration_id(estate: &Estate, interface: usize, index: usize) -> String {
    format!("{}/ipConfigurations/ipconfig{}", estate.interface_id(interface), index + 1)
}

fn networks(estate: &Estate) -> Vec<Value> {
    let one = |(index, network): (usize, &super::Network)| {
        let id = network_id(estate, index);
        let subnets = network.subnets.clone();
        let subnets: Vec<Value> =
            subnets.map(|subnet| subnet_part(estate, subnet, &estate.subnets[subnet])).collect();
        let peerings: Vec<Value> = network
            .peerings
            .iter()
            .map(|&peering| {
                let peering = &estate.peerings[peering];
                let far = peering.other(index);
                let other = &estate.networks[far];
                let prefixes = json!({ "addressPrefixes": other.prefixes });
                let properties = json!({
                    "provisioningState": "Succeeded",
                    "resourceGuid": made_guid(&format!("{id}{}", other.name)),
                    "peeringState": peering.state,
                    "peeringSyncLevel": "FullyInSync",
                    "remoteVirtualNetwork": { "id": network_id(estate, far) },
                    "allowVirtualNetworkAccess": peering.access,
                    "allowForwardedTraffic": true,
                    "allowGatewayTransit": false,
                    "useRemoteGateways": false,
                    "doNotVerifyRemoteGateways": false,
                    "peerCompleteVnets": true,
                    "remoteAddressSpace": prefixes,
                    "remoteVirtualNetworkAddressSpace": prefixes,
                });
                let id = format!("{id}/virtualNetworkPeerings/to-{}", other.name);
                part("Microsoft.Network/virtualNetworks/virtualNetworkPeerings", &id, properties)
            })
            .collect();
        let properties = json!({
            "provisioningState": "Succeeded",
            "resourceGuid": made_guid(&id),
            "addressSpace": { "addressPrefixes": network.prefixes },
            "subnets": subnets,
            "virtualNetworkPeerings": peerings,
            "enableDdosProtection": false,
        });
        resource(NETWORK, &id, properties)
    };
    estate.networks.iter().enumerate().map(one).collect()
}

fn subnet_part(estate: &Estate, index: usize, subnet: &Subnet) -> Value {
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "addressPrefix": subnet.prefix,
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
    });
    if let Some(group) = subnet.group {
        properties["networkSecurityGroup"] = reference(group_id(estate, group));
    }
    if let Some(table) = subnet.table {
        properties["routeTable"] = reference(table_id(estate, table));
    }
    if let Some(gateway) = subnet.nat_gateway {
        properties["natGateway"] = reference(nat_gateway_id(estate, gateway));
    }
    if subnet.is_private {
        properties["defaultOutboundAccess"] = json!(false);
    }
    let id = subnet_id(estate, index);
    part("Microsoft.Network/virtualNetworks/subnets", &id, properties)
}

fn tables(estate: &Estate) -> Vec<Value> {
    let one = |(index, table): (usize, &super::Table)| {
        let id = table_id(estate, index);
        let routes: Vec<Value> = table
            .routes
            .iter()
            .map(|route| {
                let mut properties = json!({
                    "provisioningState": "Succeeded",
                    "addressPrefix": route.prefix,
                    "nextHopType": match route.hop {
                        Hop::None => "None",
                        Hop::Internet => "Internet",
                        Hop::Appliance(_) => "VirtualAppliance",
                    },
                    "hasBgpOverride": false,
                });
                if let Hop::Appliance(address) = route.hop {
                    properties["nextHopIpAddress"] = json!(address);
                }
                let id = format!("{id}/routes/{}", route.name);
                part("Microsoft.Network/routeTables/routes", &id, properties)
            })
            .collect();
        let used = subnets_where(estate, |subnet| subnet.table == Some(index));
        let properties = json!({
            "provisioningState": "Succeeded",
            "resourceGuid": made_guid(&id),
            "disableBgpRoutePropagation": false,
            "routes": routes,
            "subnets": used,
        });
        resource(TABLE, &id, properties)
    };
    estate.tables.iter().enumerate().map(one).collect()
}

fn subnets_where(estate: &Estate, wanted: impl Fn(&Subnet) -> bool) -> Vec<Value> {
    let all = estate.subnets.iter().enumerate();
    all.filter(|(_, subnet)| wanted(subnet))
        .map(|(index, _)| reference(subnet_id(estate, index)))
        .collect()
}

fn groups(estate: &Estate) -> Vec<Value> {
    let mut interfaces: Vec<Vec<Value>> = vec![Vec::new(); estate.groups.len()];
    for (index, interface) in estate.interfaces.iter().enumerate() {
        if let Some(group) = interface.group {
            interfaces[group].push(reference(estate.interface_id(index)));
        }
    }
    let one = |(index, group): (usize, &super::Group)| {
        let id = group_id(estate, index);
        let rules: Vec<Value> = group.rules.iter().map(|it| rule(estate, &id, it)).collect();
        let mut properties = json!({
            "provisioningState": "Succeeded",
            "resourceGuid": made_guid(&id),
            "securityRules": rules,
            "defaultSecurityRules": default_rules(&id),
        });
        if !interfaces[index].is_empty() {
            properties["networkInterfaces"] = json!(interfaces[index]);
        }
        let subnets = subnets_where(estate, |subnet| subnet.group == Some(index));
        if !subnets.is_empty() {
            properties["subnets"] = json!(subnets);
        }
        resource(GROUP, &id, properties)
    };
    estate.groups.iter().enumerate().map(one).collect()
}

/// AZ-16: the singular form of one, the plural of several, and the other one empty.
fn rule(estate: &Estate, group: &str, rule: &Rule) -> Value {
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "protocol": rule.protocol,
        "sourcePortRange": "*",
        "access": if rule.allow { "Allow" } else { "Deny" },
        "priority": rule.priority,
        "direction": if rule.inbound { "Inbound" } else { "Outbound" },
        "sourcePortRanges": [],
    });
    let ports = |(low, high): &(u16, u16)| match (low, high) {
        (0, 65535) => "*".to_owned(),
        _ if low == high => low.to_string(),
        _ => format!("{low}-{high}"),
    };
    let ports: Vec<String> = rule.ports.iter().map(ports).collect();
    set(&mut properties, "destinationPortRange", &ports);
    for (side, ends) in [("source", &rule.sources), ("destination", &rule.destinations)] {
        let members: Vec<Value> = ends
            .iter()
            .filter_map(|end| match end {
                End::Members(group) => Some(reference(application_group_id(estate, *group))),
                End::Any | End::Prefix(_) | End::Tag(_) => None,
            })
            .collect();
        if !members.is_empty() {
            properties[format!("{side}ApplicationSecurityGroups")] = json!(members);
            properties[format!("{side}AddressPrefixes")] = json!([]);
            continue;
        }
        let texts = ends.iter().map(|end| match end {
            End::Prefix(prefix) => prefix.to_string(),
            End::Tag(tag) => (*tag).to_owned(),
            End::Any | End::Members(_) => "*".to_owned(),
        });
        set(&mut properties, &format!("{side}AddressPrefix"), &texts.collect::<Vec<_>>());
    }
    let id = format!("{group}/securityRules/{}", rule.name);
    part("Microsoft.Network/networkSecurityGroups/securityRules", &id, properties)
}

fn set(properties: &mut Value, field: &str, texts: &[String]) {
    let plural = match field.strip_suffix("Prefix") {
        Some(stem) => format!("{stem}Prefixes"),
        None => format!("{field}s"),
    };
    if let [one] = texts {
        properties[field] = json!(one);
        properties[plural] = json!([]);
    } else {
        properties[plural] = json!(texts);
    }
}

/// AZ-3.
fn default_rules(group: &str) -> Vec<Value> {
    let rules = [
        ("AllowVnetInBound", "Inbound", 65000, "VirtualNetwork", "VirtualNetwork", "Allow"),
        ("AllowAzureLoadBalancerInBound", "Inbound", 65001, "AzureLoadBalancer", "*", "Allow"),
        ("DenyAllInBound", "Inbound", 65500, "*", "*", "Deny"),
        ("AllowVnetOutBound", "Outbound", 65000, "VirtualNetwork", "VirtualNetwork", "Allow"),
        ("AllowInternetOutBound", "Outbound", 65001, "*", "Internet", "Allow"),
        ("DenyAllOutBound", "Outbound", 65500, "*", "*", "Deny"),
    ];
    let one = |(name, direction, priority, source, destination, access): (_, _, i32, _, _, _)| {
        let properties = json!({
            "provisioningState": "Succeeded",
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
            "access": access,
            "priority": priority,
            "direction": direction,
            "sourcePortRanges": [],
            "destinationPortRanges": [],
            "sourceAddressPrefixes": [],
            "destinationAddressPrefixes": [],
        });
        let id = format!("{group}/defaultSecurityRules/{name}");
        part("Microsoft.Network/networkSecurityGroups/defaultSecurityRules", &id, properties)
    };
    let rules: [(&str, &str, i32, &str, &str, &str); 6] = rules;
    rules.into_iter().map(one).collect()
}

fn application_groups(estate: &Estate) -> Vec<Value> {
    (0..estate.application_groups.len())
        .map(|group| {
            let id = application_group_id(estate, group);
            let properties =
                json!({ "provisioningState": "Succeeded", "resourceGuid": made_guid(&id) });
            resource(APPLICATION_GROUP, &id, properties)
        })
        .collect()
}

/// Those of interfaces, of NAT gateways and of load balancers.
fn public_addresses(estate: &Estate) -> Vec<Value> {
    let mut list = Vec::new();
    let mut add = |id: String, address: std::net::Ipv4Addr, sku: &str, of: (&str, Value)| {
        let mut properties = json!({
            "provisioningState": "Succeeded",
            "resourceGuid": made_guid(&id),
            "ipAddress": address,
            "publicIPAddressVersion": "IPv4",
            "publicIPAllocationMethod": "Static",
            "idleTimeoutInMinutes": 4,
            "ipTags": [],
        });
        properties[of.0] = of.1;
        let mut one = resource(PUBLIC_ADDRESS, &id, properties);
        one["sku"] = json!({ "name": sku, "tier": "Regional" });
        list.push(one);
    };
    for (index, interface) in estate.interfaces.iter().enumerate() {
        if let Some(public) = interface.public {
            let sku = if public.is_standard { "Standard" } else { "Basic" };
            let of = reference(configuration_id(estate, index, 0));
            let id = public_id(estate, estate.network_of(index), &interface.name);
            add(id, public.address, sku, ("ipConfiguration", of));
        }
    }
    for (index, gateway) in estate.nat_gateways.iter().enumerate() {
        let of = reference(nat_gateway_id(estate, index));
        let id = public_id(estate, gateway.network, &gateway.name);
        add(id, gateway.address, "Standard", ("natGateway", of));
    }
    for (index, balancer) in estate.balancers.iter().enumerate().filter(|(_, it)| it.is_public) {
        let of = reference(frontend_id(estate, index));
        let network = estate.subnets[balancer.subnet].network;
        let id = public_id(estate, network, &balancer.name);
        add(id, balancer.address, "Standard", ("ipConfiguration", of));
    }
    list
}

fn public_id(estate: &Estate, network: usize, of: &str) -> String {
    estate.id(network, PUBLIC_ADDRESS, &format!("pip-{of}"))
}

fn frontend_id(estate: &Estate, balancer: usize) -> String {
    format!("{}/frontendIPConfigurations/front", balancer_id(estate, balancer))
}

fn nat_gateways(estate: &Estate) -> Vec<Value> {
    let one = |(index, gateway): (usize, &super::NatGateway)| {
        let id = nat_gateway_id(estate, index);
        let address = public_id(estate, gateway.network, &gateway.name);
        let properties = json!({
            "provisioningState": "Succeeded",
            "resourceGuid": made_guid(&id),
            "idleTimeoutInMinutes": 4,
            "publicIpAddresses": [reference(address)],
            "subnets": subnets_where(estate, |subnet| subnet.nat_gateway == Some(index)),
        });
        let mut one = resource(NAT_GATEWAY, &id, properties);
        one["sku"] = json!({ "name": "Standard" });
        one
    };
    estate.nat_gateways.iter().enumerate().map(one).collect()
}

fn balancers(estate: &Estate) -> Vec<Value> {
    let one = |(index, balancer): (usize, &Balancer)| {
        let id = balancer_id(estate, index);
        let (front, pool) = (frontend_id(estate, index), format!("{id}/backendAddressPools/pool"));
        let mut frontend = json!({ "provisioningState": "Succeeded" });
        if balancer.is_public {
            let network = estate.subnets[balancer.subnet].network;
            frontend["privateIPAllocationMethod"] = json!("Dynamic");
            frontend["publicIPAddress"] = reference(public_id(estate, network, &balancer.name));
        } else {
            frontend["privateIPAllocationMethod"] = json!("Static");
            frontend["privateIPAddress"] = json!(balancer.address);
            frontend["privateIPAddressVersion"] = json!("IPv4");
            frontend["subnet"] = reference(subnet_id(estate, balancer.subnet));
        }
        let members = estate.interfaces.iter().enumerate();
        let members = members.filter(|(_, interface)| interface.balancer == Some(index));
        let members: Vec<Value> =
            members.map(|(member, _)| reference(configuration_id(estate, member, 0))).collect();
        let rules: Vec<Value> = balancer
            .rules
            .iter()
            .map(|(port, behind)| {
                let properties = json!({
                    "provisioningState": "Succeeded",
                    "frontendIPConfiguration": reference(front.clone()),
                    "frontendPort": port,
                    "backendPort": behind,
                    "enableFloatingIP": false,
                    "idleTimeoutInMinutes": 4,
                    "protocol": "Tcp",
                    "enableTcpReset": true,
                    "loadDistribution": "Default",
                    "disableOutboundSnat": false,
                    "backendAddressPool": reference(pool.clone()),
                    "backendAddressPools": [reference(pool.clone())],
                });
                let id = format!("{id}/loadBalancingRules/rule-{port}");
                part("Microsoft.Network/loadBalancers/loadBalancingRules", &id, properties)
            })
            .collect();
        let properties = json!({
            "provisioningState": "Succeeded",
            "resourceGuid": made_guid(&id),
            "frontendIPConfigurations": [
                part("Microsoft.Network/loadBalancers/frontendIPConfigurations", &front, frontend),
            ],
            "backendAddressPools": [part(
                "Microsoft.Network/loadBalancers/backendAddressPools",
                &pool,
                json!({ "provisioningState": "Succeeded", "backendIPConfigurations": members }),
            )],
            "loadBalancingRules": rules,
            "probes": [],
            "inboundNatRules": [],
            "outboundRules": [],
            "inboundNatPools": [],
        });
        let mut one = resource(BALANCER, &id, properties);
        one["sku"] = json!({ "name": "Standard", "tier": "Regional" });
        one
    };
    estate.balancers.iter().enumerate().map(one).collect()
}

fn endpoint_id(estate: &Estate, interface: usize) -> String {
    let name = format!("to-{}", estate.interfaces[interface].name);
    estate.id(estate.network_of(interface), ENDPOINT, &name)
}

fn endpoints(estate: &Estate) -> Vec<Value> {
    let all = estate.interfaces.iter().enumerate();
    let all = all.filter(|(_, interface)| interface.owner == Owner::Endpoint);
    all.map(|(index, interface)| {
        let id = endpoint_id(estate, index);
        let store = format!("st{}", made_guid(&id).replace('-', ""));
        let network = estate.network_of(index);
        let service = estate.id(network, "Microsoft.Storage/storageAccounts", &store);
        let connection = part(
            "Microsoft.Network/privateEndpoints/privateLinkServiceConnections",
            &format!("{id}/privateLinkServiceConnections/blob"),
            json!({
                "provisioningState": "Succeeded",
                "privateLinkServiceId": service,
                "groupIds": ["blob"],
                "privateLinkServiceConnectionState": {
                    "status": "Approved", "description": "", "actionsRequired": "None",
                },
            }),
        );
        let properties = json!({
            "provisioningState": "Succeeded",
            "resourceGuid": made_guid(&id),
            "privateLinkServiceConnections": [connection],
            "manualPrivateLinkServiceConnections": [],
            "customNetworkInterfaceName": interface.name,
            "subnet": reference(subnet_id(estate, interface.subnet)),
            "ipConfigurations": [],
            "networkInterfaces": [reference(estate.interface_id(index))],
            "customDnsConfigs": [],
        });
        resource(ENDPOINT, &id, properties)
    })
    .collect()
}

fn interfaces(estate: &Estate) -> Vec<Value> {
    let all = estate.interfaces.iter().enumerate();
    all.map(|(index, interface)| interface_resource(estate, index, interface)).collect()
}

fn interface_resource(estate: &Estate, index: usize, interface: &Interface) -> Value {
    let id = estate.interface_id(index);
    let network = estate.network_of(index);
    let configurations = interface.addresses.iter().enumerate().map(|(place, address)| {
        let mut told = json!({
            "provisioningState": "Succeeded",
            "privateIPAddress": address,
            "privateIPAllocationMethod": "Dynamic",
            "subnet": reference(subnet_id(estate, interface.subnet)),
            "primary": place == 0,
            "privateIPAddressVersion": "IPv4",
        });
        if place == 0 && interface.public.is_some() {
            told["publicIPAddress"] = reference(public_id(estate, network, &interface.name));
        }
        if place == 0
            && let Some(balancer) = interface.balancer
        {
            let pool = format!("{}/backendAddressPools/pool", balancer_id(estate, balancer));
            told["loadBalancerBackendAddressPools"] = json!([reference(pool)]);
        }
        if !interface.members.is_empty() {
            let groups = interface.members.iter();
            let groups: Vec<Value> =
                groups.map(|&group| reference(application_group_id(estate, group))).collect();
            told["applicationSecurityGroups"] = json!(groups);
        }
        let id = configuration_id(estate, index, place);
        part("Microsoft.Network/networkInterfaces/ipConfigurations", &id, told)
    });
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "resourceGuid": made_guid(&id),
        "ipConfigurations": configurations.collect::<Vec<_>>(),
        "dnsSettings": { "dnsServers": [], "appliedDnsServers": [] },
        "enableAcceleratedNetworking": false,
        "vnetEncryptionSupported": false,
        "enableIPForwarding": interface.forwards,
        "disableTcpStateTracking": false,
        "primary": true,
        "hostedWorkloads": [],
        "tapConfigurations": [],
        "nicType": "Standard",
    });
    if let Some(group) = interface.group {
        properties["networkSecurityGroup"] = reference(group_id(estate, group));
    }
    match interface.owner {
        Owner::Machine(machine) => {
            properties["virtualMachine"] = reference(machine_id(estate, machine));
        }
        Owner::Endpoint => {
            properties["privateEndpoint"] = reference(endpoint_id(estate, index));
        }
        Owner::Nothing => {}
    }
    resource(INTERFACE, &id, properties)
}

fn machine_id(estate: &Estate, machine: usize) -> String {
    let machine = &estate.machines[machine];
    estate.id(machine.network, MACHINE, &machine.name)
}

fn machines(estate: &Estate) -> Vec<Value> {
    let mut interfaces: Vec<Vec<Value>> = vec![Vec::new(); estate.machines.len()];
    for (index, interface) in estate.interfaces.iter().enumerate() {
        if let Owner::Machine(machine) = interface.owner {
            let is_first = interfaces[machine].is_empty();
            let mut one = reference(estate.interface_id(index));
            one["properties"] = json!({ "primary": is_first });
            interfaces[machine].push(one);
        }
    }
    let one = |(index, machine): (usize, &super::Machine)| {
        let id = machine_id(estate, index);
        let system = if machine.is_windows { "Windows" } else { "Linux" };
        let state = if machine.is_running { "running" } else { "deallocated" };
        let properties = json!({
            "vmId": made_guid(&id),
            "provisioningState": "Succeeded",
            "hardwareProfile": { "vmSize": "Standard_D2s_v5" },
            "storageProfile": { "osDisk": { "osType": system, "name": machine.name } },
            "osProfile": { "computerName": machine.name },
            "networkProfile": { "networkInterfaces": interfaces[index] },
            "instanceView": { "statuses": [
                { "code": "ProvisioningState/succeeded", "level": "Info" },
                { "code": format!("PowerState/{state}"), "level": "Info" },
            ] },
        });
        resource(MACHINE, &id, properties)
    };
    estate.machines.iter().enumerate().map(one).collect()
}

/// What the Virtual Network Manager forbids in the networks that it holds.
fn admin_rules(estate: &Estate, network: usize) -> Vec<Value> {
    if !estate.networks[network].is_managed {
        return Vec::new();
    }
    let manager = estate.id(0, "Microsoft.Network/networkManagers", "manager");
    let rules = [("no-telnet-in", 10, "Inbound", "23"), ("no-smb-out", 20, "Outbound", "445")];
    let rules = rules.into_iter().map(|(name, priority, direction, port)| {
        let (inside, outside) = ("VirtualNetwork", "Internet");
        let (from, to) = if direction == "Inbound" { (outside, inside) } else { (inside, outside) };
        json!({
            "id": format!(
                "{manager}/securityAdminConfigurations/base/ruleCollections/all/rules/{name}"
            ),
            "kind": "Custom",
            "ruleCollectionAppliesToGroups": [
                { "networkGroupId": format!("{manager}/networkGroups/production") },
            ],
            "access": "Deny",
            "direction": direction,
            "priority": priority,
            "protocol": "Tcp",
            "sources": [{ "addressPrefix": from, "addressPrefixType": "ServiceTag" }],
            "destinations": [{ "addressPrefix": to, "addressPrefixType": "ServiceTag" }],
            "sourcePortRanges": ["0-65535"],
            "destinationPortRanges": [port],
            "provisioningState": "Succeeded",
        })
    });
    rules.collect()
}

/// What the tags stand for that rules name: some dozens of prefixes each.
fn service_tags(estate: &Estate) -> Value {
    let values: Vec<Value> = SERVICES
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let (service, region) = name.split_once('.').unwrap_or((name, ""));
            // The tag of a region is a part of the whole one.
            let index = index - usize::from(!region.is_empty());
            let many = if region.is_empty() { 60 } else { 12 };
            let prefixes: Vec<String> =
                (0..many).map(|part| format!("20.{}.{}.0/24", 32 + index, part * 4)).collect();
            json!({
                "name": name,
                "id": name,
                "properties": {
                    "changeNumber": "17",
                    "region": region.to_lowercase(),
                    "systemService": service,
                    "addressPrefixes": prefixes,
                },
            })
        })
        .collect();
    json!({
        "name": "Public",
        "id": format!(
            "/subscriptions/{}/providers/Microsoft.Network/serviceTags/Public",
            estate.subscription
        ),
        "type": "Microsoft.Network/serviceTags",
        "changeNumber": "401",
        "cloud": "Public",
        "values": values,
    })
}
