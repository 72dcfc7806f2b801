//! Network interfaces and instances, with addresses that are unique in their VPC.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::addresses::{self, Pool};
use super::chance::Chance;
use super::model::{
    Endpoint, EndpointKind, Estate, Instance, Interface, Owner, PublicAddress, REGION, Tier, Vpc,
};
use super::print;
use super::vpcs::zone_name;

/// Adds what each VPC is to hold: NAT gateways' interfaces, endpoints, instances and the rest.
pub(super) fn plan(estate: &mut Estate, pool: &mut Pool, seed: u64) {
    let mut chance = Chance::stream(seed, "interfaces");
    for vpc in 0..estate.vpcs.len() {
        let first = estate.interfaces.len();
        let wanted = first + estate.vpcs[vpc].interfaces;
        add_nat_interfaces(estate, vpc, wanted, pool, &mut chance);
        if estate.vpcs[vpc].interfaces >= 20 && chance.percent(25) {
            add_endpoint(estate, vpc, &mut chance);
        }
        let range = estate.vpcs[vpc].subnets.clone();
        let weights: Vec<usize> = range.clone().map(|_| chance.between(1, 8)).collect();
        while estate.interfaces.len() < wanted {
            let subnet = range.start + chance.weighted(&weights);
            add_workload(estate, subnet, pool, &mut chance);
        }
    }
}

fn add_nat_interfaces(
    estate: &mut Estate,
    vpc: usize,
    wanted: usize,
    pool: &mut Pool,
    chance: &mut Chance,
) {
    for gateway in 0..estate.nat_gateways.len() {
        let subnet = estate.nat_gateways[gateway].subnet;
        if estate.nat_gateways[gateway].deleted || estate.subnets[subnet].vpc != vpc {
            continue;
        }
        debug_assert!(estate.interfaces.len() < wanted, "VPCs of under 5 have no NAT gateway");
        let interface = add(estate, subnet, Owner::NatGateway(gateway), chance);
        estate.interfaces[interface].public = Some(elastic(pool, chance));
        estate.interfaces[interface].ipv6 = None;
        estate.interfaces[interface].groups.clear();
        estate.nat_gateways[gateway].interface = Some(interface);
    }
}

fn add_endpoint(estate: &mut Estate, vpc: usize, chance: &mut Chance) {
    let index = estate.endpoints.len();
    let subnets: Vec<usize> = estate.vpcs[vpc]
        .subnets
        .clone()
        .filter(|&subnet| estate.subnets[subnet].tier != Tier::Public)
        .take(2)
        .collect();
    let group = *chance.pick(&estate.vpcs[vpc].groups);
    let interfaces: Vec<usize> = subnets
        .into_iter()
        .map(|subnet| {
            let interface = add(estate, subnet, Owner::Endpoint(index), chance);
            estate.interfaces[interface].groups = vec![group];
            interface
        })
        .collect();
    let &service = chance.pick(&["ssm", "ec2", "logs", "sts"]);
    estate.endpoints.push(Endpoint {
        id: chance.id("vpce"),
        vpc,
        service,
        kind: EndpointKind::Interface { interfaces },
    });
}

/// An instance, a further interface of the instance before, or the interface of something else.
fn add_workload(estate: &mut Estate, subnet: usize, pool: &mut Pool, chance: &mut Chance) {
    match chance.below(100) {
        0..8 => {
            add(estate, subnet, Owner::Lambda, chance);
        }
        8..18 => {
            add(estate, subnet, Owner::Task, chance);
        }
        18..24 => {
            add(estate, subnet, Owner::Cache, chance);
        }
        24..26 => {
            add(estate, subnet, Owner::Nothing, chance);
        }
        26..52 if has_room(estate, subnet) && same_zone_as_last(estate, subnet) => {
            let instance = estate.instances.len() - 1;
            let device = estate.instances[instance].interfaces.len();
            let interface = add(estate, subnet, Owner::Instance(instance, device), chance);
            estate.instances[instance].interfaces.push(interface);
        }
        _ => add_instance(estate, subnet, pool, chance),
    }
}

fn same_zone_as_last(estate: &Estate, subnet: usize) -> bool {
    let subnet = &estate.subnets[subnet];
    estate.instances.last().is_some_and(|instance| {
        let other = &estate.subnets[estate.interfaces[instance.interfaces[0]].subnet];
        instance.interfaces.len() < 3 && other.vpc == subnet.vpc && other.zone == subnet.zone
    })
}

fn add_instance(estate: &mut Estate, subnet: usize, pool: &mut Pool, chance: &mut Chance) {
    let instance = estate.instances.len();
    let interface = add(estate, subnet, Owner::Instance(instance, 0), chance);
    let running = chance.percent(94);
    let vpc = &estate.vpcs[estate.subnets[subnet].vpc];
    let role = estate.interfaces[interface]
        .groups
        .first()
        .and_then(|&group| estate.groups[group].name.split('-').next())
        .unwrap_or("host");
    let name = format!("{}-{role}-{instance}", vpc.name);
    if estate.subnets[subnet].tier == Tier::Public && chance.percent(36) {
        // An address that was assigned at launch is given back when the instance stops.
        let public = if chance.percent(40) {
            Some(elastic(pool, chance))
        } else {
            running.then(|| PublicAddress { address: pool.public(), elastic: None })
        };
        estate.interfaces[interface].public = public;
    }
    estate.instances.push(Instance {
        id: chance.id("i"),
        name,
        interfaces: vec![interface],
        windows: chance.percent(15),
        running,
    });
}

fn elastic(pool: &mut Pool, chance: &mut Chance) -> PublicAddress {
    let ids = (chance.id("eipalloc"), chance.id("eipassoc"));
    PublicAddress { address: pool.public(), elastic: Some(ids) }
}

/// An interface with its own addresses and drawn groups; in a full subnet's stead the next one.
fn add(estate: &mut Estate, subnet: usize, owner: Owner, chance: &mut Chance) -> usize {
    let subnet = with_room(estate, subnet);
    let mut addresses = vec![next_address(estate, subnet)];
    if chance.percent(4) && has_room(estate, subnet) {
        addresses.push(next_address(estate, subnet));
    }
    let ipv6 = match estate.subnets[subnet].ipv6 {
        Some(block) if chance.percent(80) => Some(addresses::ipv6_host(block, chance.bits())),
        _ => None,
    };
    let groups = draw_groups(estate, estate.subnets[subnet].vpc, chance);
    estate.interfaces.push(Interface {
        id: chance.id("eni"),
        subnet,
        owner,
        addresses,
        ipv6,
        public: None,
        further: Vec::new(),
        groups,
        source_check: !matches!(owner, Owner::NatGateway(_)),
    });
    estate.interfaces.len() - 1
}

fn draw_groups(estate: &Estate, vpc: usize, chance: &mut Chance) -> Vec<usize> {
    let all = &estate.vpcs[vpc].groups;
    let default = all[0];
    if all.len() == 1 || chance.percent(4) {
        return vec![default];
    }
    let mut groups = vec![*chance.pick(&all[1..])];
    for _ in 0..*chance.pick(&[0, 0, 0, 1, 1, 2]) {
        let another = *chance.pick(all);
        if !groups.contains(&another) {
            groups.push(another);
        }
    }
    groups
}

fn hosts(estate: &Estate, subnet: usize) -> u32 {
    (1 << (32 - estate.subnets[subnet].cidr.prefix_len())) - 5
}

fn has_room(estate: &Estate, subnet: usize) -> bool {
    estate.subnets[subnet].used < hosts(estate, subnet)
}

#[expect(clippy::expect_used, reason = "the blocks of a VPC are chosen by how much it holds")]
fn with_room(estate: &Estate, subnet: usize) -> usize {
    let range = estate.vpcs[estate.subnets[subnet].vpc].subnets.clone();
    (subnet..range.end)
        .chain(range.start..subnet)
        .find(|&subnet| has_room(estate, subnet))
        .expect("a VPC has room for its interfaces")
}

/// AWS keeps the first four addresses of a subnet and the last one.
fn next_address(estate: &mut Estate, subnet: usize) -> Ipv4Addr {
    let hosts = u64::from(hosts(estate, subnet));
    let subnet = &mut estate.subnets[subnet];
    let position = u64::from(subnet.used) * u64::from(subnet.stride) % hosts;
    subnet.used += 1;
    Ipv4Addr::from(u32::from(subnet.cidr.network()) + 4 + position as u32)
}

/// `aws ec2 describe-network-interfaces`.
pub(super) fn interfaces(estate: &Estate, account: usize) -> Value {
    let mine = of_account(estate, account);
    print::list(
        "NetworkInterfaces",
        mine.map(|index| {
            let interface = &estate.interfaces[index];
            let mut value = common(estate, index, true);
            let subnet = &estate.subnets[interface.subnet];
            value["AvailabilityZone"] = json!(zone_name(subnet.zone));
            value["TagSet"] = json!([]);
            value["RequesterManaged"] = json!(is_managed(interface.owner));
            if is_managed(interface.owner) {
                value["RequesterId"] = json!(match interface.owner {
                    Owner::Cache => "amazon-elasticache",
                    _ => "amazon-aws",
                });
            }
            if let Some(attachment) = attachment(estate, account, index, true) {
                value["Attachment"] = attachment;
            } else {
                value["Status"] = json!("available");
            }
            value
        }),
    )
}

fn of_account(estate: &Estate, account: usize) -> impl Iterator<Item = usize> {
    (0..estate.interfaces.len())
        .filter(move |&index| estate.vpcs[estate.vpc_of(index)].account == account)
}

fn is_managed(owner: Owner) -> bool {
    !matches!(owner, Owner::Instance(..) | Owner::Nothing)
}

/// What both `describe-network-interfaces` and `describe-instances` say of an interface; the
/// latter does not name allocations.
fn common(estate: &Estate, index: usize, allocations: bool) -> Value {
    let interface = &estate.interfaces[index];
    let subnet = &estate.subnets[interface.subnet];
    let named = estate.vpcs[subnet.vpc].dns_hostnames;
    let print = |public| association(estate, index, public, allocations);
    let kind = match interface.owner {
        Owner::NatGateway(_) => "nat_gateway",
        Owner::Endpoint(_) => "vpc_endpoint",
        Owner::Lambda => "lambda",
        Owner::Instance(..) | Owner::Task | Owner::Cache | Owner::Nothing => "interface",
    };
    let addresses: Vec<Value> = interface
        .addresses
        .iter()
        .enumerate()
        .map(|(position, &address)| {
            let mut value = json!({
                "Primary": position == 0,
                "PrivateIpAddress": address,
            });
            if named {
                value["PrivateDnsName"] = json!(private_name(address));
            }
            if let Some((_, public)) = interface.publics().find(|(own, _)| *own == address) {
                value["Association"] = print(public);
            }
            value
        })
        .collect();
    let mut value = json!({
        "Description": description(estate, index),
        "Groups": print_groups(estate, &interface.groups),
        "InterfaceType": kind,
        "Ipv6Addresses": interface.ipv6.iter()
            .map(|address| json!({"Ipv6Address": address, "IsPrimaryIpv6": false}))
            .collect::<Vec<Value>>(),
        "MacAddress": mac(interface),
        "NetworkInterfaceId": interface.id,
        "OwnerId": estate.account_of(subnet.vpc),
        "PrivateIpAddress": interface.addresses[0],
        "PrivateIpAddresses": addresses,
        "SourceDestCheck": interface.source_check,
        "Status": "in-use",
        "SubnetId": subnet.id,
        "VpcId": estate.vpcs[subnet.vpc].id,
    });
    if named {
        value["PrivateDnsName"] = json!(private_name(interface.addresses[0]));
    }
    // Of the primary address alone.
    if let Some(public) = &interface.public {
        value["Association"] = print(public);
    }
    value
}

fn description(estate: &Estate, index: usize) -> String {
    let Interface { id, owner, .. } = &estate.interfaces[index];
    let account = estate.account_of(estate.vpc_of(index));
    let suffix = id.trim_start_matches("eni-");
    match *owner {
        Owner::NatGateway(gateway) => {
            format!("Interface for NAT Gateway {}", estate.nat_gateways[gateway].id)
        }
        Owner::Endpoint(endpoint) => {
            format!("VPC Endpoint Interface {}", estate.endpoints[endpoint].id)
        }
        Owner::Lambda => "AWS Lambda VPC ENI".to_owned(),
        Owner::Task => format!("arn:aws:ecs:{REGION}:{account}:attachment/{suffix}"),
        Owner::Cache => format!("ElastiCache {}", &suffix[..8]),
        Owner::Instance(..) | Owner::Nothing => String::new(),
    }
}

fn print_groups(estate: &Estate, groups: &[usize]) -> Vec<Value> {
    let groups = groups.iter().map(|&group| &estate.groups[group]);
    groups.map(|group| json!({"GroupId": group.id, "GroupName": group.name})).collect()
}

fn private_name(address: Ipv4Addr) -> String {
    format!("ip-{}.ec2.internal", address.to_string().replace('.', "-"))
}

fn public_name(vpc: &Vpc, address: Ipv4Addr) -> String {
    if !vpc.dns_hostnames {
        return String::new();
    }
    format!("ec2-{}.compute-1.amazonaws.com", address.to_string().replace('.', "-"))
}

/// A locally administered address, made from the primary address and the id.
fn mac(interface: &Interface) -> String {
    let [a, b, c, d] = interface.addresses[0].octets();
    let fifth = interface.subnet % 256;
    format!("0a:{fifth:02x}:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
}

fn association(estate: &Estate, index: usize, public: &PublicAddress, allocations: bool) -> Value {
    let vpc = estate.vpc_of(index);
    let mut value = json!({
        "IpOwnerId": "amazon",
        "PublicDnsName": public_name(&estate.vpcs[vpc], public.address),
        "PublicIp": public.address,
    });
    if let Some((allocation, association)) = &public.elastic {
        value["IpOwnerId"] = json!(estate.account_of(vpc));
        if allocations {
            value["AllocationId"] = json!(allocation);
            value["AssociationId"] = json!(association);
        }
    }
    value
}

/// The attachment, with the instance's id where it is not printed inside the instance.
fn attachment(estate: &Estate, account: usize, index: usize, outside: bool) -> Option<Value> {
    let interface = &estate.interfaces[index];
    let suffix = interface.id.trim_start_matches("eni-");
    match interface.owner {
        Owner::Nothing => None,
        Owner::Instance(instance, device) => {
            let mut value = json!({
                "AttachTime": print::CREATED,
                "AttachmentId": format!("eni-attach-{suffix}"),
                "DeleteOnTermination": device == 0,
                "DeviceIndex": device,
                "NetworkCardIndex": 0,
                "Status": "attached",
            });
            if outside {
                value["InstanceId"] = json!(estate.instances[instance].id);
                value["InstanceOwnerId"] = json!(estate.accounts[account]);
            }
            Some(value)
        }
        _ => Some(json!({
            "AttachmentId": format!("ela-attach-{suffix}"),
            "DeleteOnTermination": false,
            "DeviceIndex": 1,
            "InstanceOwnerId": "amazon-aws",
            "Status": "attached",
        })),
    }
}

/// `aws ec2 describe-instances`, one reservation each.
pub(super) fn instances(estate: &Estate, account: usize) -> Value {
    let mine = estate
        .instances
        .iter()
        .filter(|instance| estate.vpcs[estate.vpc_of(instance.interfaces[0])].account == account);
    print::list(
        "Reservations",
        mine.map(|instance| {
            json!({
                "ReservationId": instance.id.replacen("i-", "r-", 1),
                "OwnerId": estate.accounts[account],
                "Groups": [],
                "Instances": [print_instance(estate, account, instance)],
            })
        }),
    )
}

fn print_instance(estate: &Estate, account: usize, instance: &Instance) -> Value {
    let primary = &estate.interfaces[instance.interfaces[0]];
    let subnet = &estate.subnets[primary.subnet];
    let nested: Vec<Value> = instance
        .interfaces
        .iter()
        .map(|&index| {
            let mut value = common(estate, index, false);
            if let Some(attachment) = attachment(estate, account, index, false) {
                value["Attachment"] = attachment;
            }
            value
        })
        .collect();
    let (code, state) = if instance.running { (16, "running") } else { (80, "stopped") };
    let windows = instance.windows;
    let mut value = json!({
        "ImageId": if windows { "ami-0b00000000000000a" } else { "ami-0b000000000000001" },
        "InstanceId": instance.id,
        "InstanceType": "m7i.large",
        "LaunchTime": print::CREATED,
        "NetworkInterfaces": nested,
        "Placement": {
            "AvailabilityZone": zone_name(subnet.zone),
            "GroupName": "",
            "Tenancy": "default",
        },
        "PlatformDetails": if windows { "Windows" } else { "Linux/UNIX" },
        "PrivateDnsName": private_name(primary.addresses[0]),
        "PrivateIpAddress": primary.addresses[0],
        "PublicDnsName": primary.public.as_ref()
            .map(|public| public_name(&estate.vpcs[subnet.vpc], public.address)).unwrap_or_default(),
        "SecurityGroups": print_groups(estate, &primary.groups),
        "SourceDestCheck": primary.source_check,
        "State": {"Code": code, "Name": state},
        "SubnetId": subnet.id,
        "Tags": print::name_tag(&instance.name),
        "VpcId": estate.vpcs[subnet.vpc].id,
    });
    if windows {
        value["Platform"] = json!("windows");
    }
    if let Some(public) = &primary.public {
        value["PublicIpAddress"] = json!(public.address);
    }
    value
}

/// `aws ec2 describe-addresses`.
pub(super) fn elastic_addresses(estate: &Estate, account: usize) -> Value {
    let with = of_account(estate, account).flat_map(|index| {
        let interface = &estate.interfaces[index];
        let elastic = move |(own, public): (Ipv4Addr, &PublicAddress)| {
            let (allocation, association) = public.elastic.clone()?;
            Some((interface, own, public.address, allocation, association))
        };
        interface.publics().filter_map(elastic)
    });
    print::list(
        "Addresses",
        with.map(|(interface, own, address, allocation, association)| {
            let owner = &estate.accounts[account];
            let mut value = json!({
                "PublicIp": address,
                "AllocationId": allocation,
                "AssociationId": association,
                "Domain": "vpc",
                "NetworkInterfaceId": interface.id,
                "NetworkInterfaceOwnerId": owner,
                "PrivateIpAddress": own,
                "PublicIpv4Pool": "amazon",
                "NetworkBorderGroup": REGION,
            });
            if let Owner::Instance(instance, _) = interface.owner {
                value["InstanceId"] = json!(estate.instances[instance].id);
            }
            value
        }),
    )
}
