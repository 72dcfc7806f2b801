//! AWS documents as a blueprint: a second opinion.
//!
//! Small and naive on purpose, and written from the vendor's statements alone (their numbers are
//! in the comments). It knows nothing of `providers/aws`, so that a fault there shows when both
//! are compared. What it does not know it refuses.

mod acls;
mod documents;
mod groups;
mod routes;

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde_json::Value;

use super::Unsupported;
use crate::blueprint::{Blueprint, Gateway, Host, Interface, Neighbours, Passage, Router, Subnet};
use documents::{Block, Documents, NetworkInterface};

/// The blueprint of an estate that `describe-*` documents tell of. The addresses of the outside
/// are the caller's to add.
///
/// # Errors
///
/// [`Unsupported`]: what cannot be read, or is not to be had from namespaces.
pub fn from_documents(documents: &[(String, Value)]) -> Result<Blueprint, Unsupported> {
    let documents = Documents::read(documents)?;
    super::whole(Blueprint {
        routers: routers(&documents)?,
        subnets: subnets(&documents)?,
        interfaces: interfaces(&documents)?,
        hosts: hosts(&documents),
        gateways: gateways(&documents)?,
        outside: Vec::new(),
    })
}

/// A CIDR as AWS writes it; the bits behind its length do not count (AWS-39).
fn cidr(at: &str, text: &str) -> Result<IpNet, Unsupported> {
    let net: IpNet =
        text.parse().map_err(|_| Unsupported::new(at, format!("`{text}` is no CIDR")))?;
    Ok(net.trunc())
}

/// The associated ones of the blocks of a VPC or subnet.
fn blocks(at: &str, first: &str, v4: &[Block], v6: &[Block]) -> Result<Vec<IpNet>, Unsupported> {
    let mut found = Vec::new();
    let associated = v4.iter().chain(v6).filter_map(Block::associated);
    for text in Some(first).filter(|text| !text.is_empty()).into_iter().chain(associated) {
        let net = cidr(at, text)?;
        if !found.contains(&net) {
            found.push(net);
        }
    }
    Ok(found)
}

fn vpc_blocks(documents: &Documents, vpc: &str) -> Result<Vec<IpNet>, Unsupported> {
    let vpc = documents
        .vpcs
        .get(vpc)
        .ok_or_else(|| Unsupported::new(vpc, "the VPC is not in the documents"))?;
    blocks(
        &vpc.vpc_id,
        &vpc.cidr_block,
        &vpc.cidr_block_association_set,
        &vpc.ipv6_cidr_block_association_set,
    )
}

fn routers(documents: &Documents) -> Result<Vec<Router>, Unsupported> {
    let router = |id: &String| Ok(Router { id: id.clone(), prefixes: vpc_blocks(documents, id)? });
    documents.vpcs.keys().map(router).collect()
}

fn subnets(documents: &Documents) -> Result<Vec<Subnet>, Unsupported> {
    let subnet = |subnet: &documents::Subnet| {
        let id = &subnet.subnet_id;
        let table = routes::table_of(documents, subnet)?;
        Ok(Subnet {
            id: id.clone(),
            router: subnet.vpc_id.clone(),
            prefixes: blocks(id, &subnet.cidr_block, &[], &subnet.ipv6_cidr_block_association_set)?,
            table: table.route_table_id.clone(),
            routes: routes::routes(documents, table)?,
            boundary: vec![acls::boundary(documents, subnet)?],
            neighbours: Neighbours::Direct,
        })
    };
    documents.subnets.values().map(subnet).collect()
}

fn interfaces(documents: &Documents) -> Result<Vec<Interface>, Unsupported> {
    let own = documents.interfaces.values().filter(|interface| !interface.is_of_a_nat_gateway());
    own.map(|interface| {
        let id = &interface.network_interface_id;
        if !matches!(interface.interface_type.as_str(), "" | "interface" | "efa") {
            return Err(Unsupported::new(id, format!("a `{}`", interface.interface_type)));
        }
        if !interface.ipv4_prefixes.is_empty() || !interface.ipv6_prefixes.is_empty() {
            return Err(Unsupported::new(id, "delegated prefixes"));
        }
        if !documents.subnets.contains_key(&interface.subnet_id) {
            return Err(Unsupported::new(id, "its subnet is not in the documents"));
        }
        Ok(Interface {
            id: id.clone(),
            subnet: interface.subnet_id.clone(),
            addresses: interface.addresses(documents)?,
            filters: vec![groups::filter(documents, interface)?],
            reversed_out: false,
            source_check: interface.source_dest_check.unwrap_or(true),
            up: is_up(documents, interface)?,
        })
    })
    .collect()
}

/// Whether somebody answers: a running instance, or a service of AWS.
fn is_up(documents: &Documents, interface: &NetworkInterface) -> Result<bool, Unsupported> {
    let Some(attachment) = &interface.attachment else {
        return Ok(false);
    };
    let Some(instance) = &attachment.instance_id else {
        return Ok(true);
    };
    match documents.instances.get(instance).map(|instance| instance.state.name.as_str()) {
        Some("running") => Ok(true),
        Some("stopping" | "stopped" | "shutting-down" | "terminated") => Ok(false),
        Some(state) => Err(Unsupported::new(instance, format!("its state is `{state}`"))),
        None => Err(Unsupported::new(instance, "the instance is not in the documents")),
    }
}

/// Instances with several interfaces, by the place they are attached at.
fn hosts(documents: &Documents) -> Vec<Host> {
    let mut found: BTreeMap<&str, Vec<(u64, &str)>> = BTreeMap::new();
    for interface in documents.interfaces.values() {
        let attachment = interface.attachment.as_ref();
        let Some(attachment) = attachment.filter(|attachment| attachment.instance_id.is_some())
        else {
            continue;
        };
        let instance = attachment.instance_id.as_deref().unwrap_or_default();
        found
            .entry(instance)
            .or_default()
            .push((attachment.device_index, &interface.network_interface_id));
    }
    let several = found.into_iter().filter(|(_, interfaces)| interfaces.len() > 1);
    several
        .map(|(instance, mut interfaces)| {
            interfaces.sort_unstable();
            Host {
                id: instance.to_owned(),
                interfaces: interfaces.into_iter().map(|(_, id)| id.to_owned()).collect(),
                routes: Vec::new(),
            }
        })
        .collect()
}

fn gateways(documents: &Documents) -> Result<Vec<Gateway>, Unsupported> {
    let open = |id: &str, passage| Gateway {
        id: id.to_owned(),
        passage,
        filters: Vec::new(),
        closed: false,
    };
    let mut made = Vec::new();
    // AWS-66: both ways, IPv4 one to one.
    for gateway in documents.internet_gateways.values() {
        for router in gateway.attachments.iter().filter_map(documents::Attached::vpc) {
            let passage = Passage::Border { router, both_ways: true, ipv4: true, ipv6: true };
            made.push(open(&gateway.internet_gateway_id, passage));
        }
    }
    // AWS-68: IPv6, out only.
    for gateway in documents.egress_only_internet_gateways.values() {
        for router in gateway.attachments.iter().filter_map(documents::Attached::vpc) {
            let passage = Passage::Border { router, both_ways: false, ipv4: false, ipv6: true };
            made.push(open(&gateway.egress_only_internet_gateway_id, passage));
        }
    }
    for gateway in documents.nat_gateways.values() {
        match nat(gateway) {
            Ok(passage) => made.push(Gateway {
                closed: gateway.is_gone(),
                ..open(&gateway.nat_gateway_id, passage)
            }),
            // Nobody is there; routes to it are black holes.
            Err(_) if gateway.is_gone() => {}
            Err(error) => return Err(error),
        }
    }
    // AWS-69: active, or it carries nothing.
    for peering in documents.peerings.values() {
        let ends = [&peering.requester_vpc_info.vpc_id, &peering.accepter_vpc_info.vpc_id];
        if let Some(end) = ends.iter().find(|end| !documents.vpcs.contains_key(**end)) {
            let why = format!("the VPC `{end}` is not in the documents");
            return Err(Unsupported::new(&peering.vpc_peering_connection_id, why));
        }
        made.push(Gateway {
            closed: !peering.is_active(),
            ..open(
                &peering.vpc_peering_connection_id,
                Passage::Link { ends: ends.map(Clone::clone) },
            )
        });
    }
    Ok(made)
}

/// AWS-67: one address, ports 1024-65535.
fn nat(gateway: &documents::NatGateway) -> Result<Passage, Unsupported> {
    let id = &gateway.nat_gateway_id;
    if gateway.state != "available" && !gateway.is_gone() {
        return Err(Unsupported::new(id, format!("its state is `{}`", gateway.state)));
    }
    if gateway.subnet_id.is_empty() {
        return Err(Unsupported::new(id, "it sits in no subnet"));
    }
    let [address] = gateway.nat_gateway_addresses.as_slice() else {
        return Err(Unsupported::new(id, "it does not have one address"));
    };
    Ok(Passage::SourceNat {
        subnet: gateway.subnet_id.clone(),
        address: documents::address(id, &address.private_ip)?,
        public: match &address.public_ip {
            Some(public) => Some(documents::address(id, public)?),
            None => None,
        },
        ports: (1024, 65535),
    })
}
