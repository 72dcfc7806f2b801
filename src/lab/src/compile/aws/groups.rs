//! Security groups.

use std::collections::BTreeSet;

use cloudfw_core::Direction;

use super::documents::{Documents, NetworkInterface, Peering, Permission, Ports};
use crate::blueprint::{Act, Filter, Line, Tracking};
use crate::compile::Unsupported;
use crate::kernel::plan::{Cause, Site};

/// All groups of an interface, merged (AWS-2): they only allow (AWS-1), and what none of them
/// allows does not pass. Replies do (AWS-20).
pub(super) fn filter(
    documents: &Documents,
    interface: &NetworkInterface,
) -> Result<Filter, Unsupported> {
    Ok(Filter {
        tracking: Tracking::Stateful,
        ingress: lines(documents, interface, Direction::Ingress)?,
        egress: lines(documents, interface, Direction::Egress)?,
        chains: Vec::new(),
    })
}

fn lines(
    documents: &Documents,
    interface: &NetworkInterface,
    way: Direction,
) -> Result<Vec<Line>, Unsupported> {
    let mut made = Vec::new();
    let site = |list: &str| Site {
        cause: Cause::Stateful,
        at: interface.network_interface_id.clone(),
        list: list.to_owned(),
        direction: Some(way),
        rule: String::new(),
    };
    // They have no order (AWS-2). Where several allow a packet, the first by its id is named.
    let ids: BTreeSet<&String> = interface.groups.iter().map(|name| &name.group_id).collect();
    for id in ids {
        let group = documents
            .groups
            .get(id)
            .ok_or_else(|| Unsupported::new(id, "the group is not in the documents"))?;
        let (permissions, side) = match way {
            Direction::Ingress => (&group.ip_permissions, "saddr"),
            Direction::Egress => (&group.ip_permissions_egress, "daddr"),
        };
        for permission in permissions {
            for (family, peer) in peers(documents, id, permission, interface)? {
                if let Some(service) = service(id, permission, family)? {
                    let matches = format!("{family} {side} {peer}{service}");
                    made.push(Line { matches, act: Act::AllowBy(site(id)) });
                }
            }
        }
    }
    made.push(Line { matches: String::new(), act: Act::Drop(site("")) });
    Ok(made)
}

/// The far side of a permission: family, and CIDR or address.
fn peers(
    documents: &Documents,
    group: &str,
    permission: &Permission,
    interface: &NetworkInterface,
) -> Result<Vec<(&'static str, String)>, Unsupported> {
    let mut found = Vec::new();
    for range in permission.ip_ranges.iter().chain(&permission.ipv6_ranges) {
        found.push(super::cidr(group, &range.cidr_ip)?);
    }
    // AWS-14.
    for name in &permission.prefix_list_ids {
        let id = &name.prefix_list_id;
        let list = documents
            .prefix_lists
            .get(id)
            .ok_or_else(|| Unsupported::new(id, "its entries are not in the documents"))?;
        for entry in &list.entries {
            found.push(super::cidr(id, &entry.cidr)?);
        }
    }
    for name in &permission.user_id_group_pairs {
        if !documents.groups.contains_key(&name.group_id) {
            return Err(Unsupported::new(&name.group_id, "the group is not in the documents"));
        }
        // AWS-8: their own addresses.
        for member in documents.interfaces.values() {
            let is_member = member.groups.iter().any(|one| one.group_id == name.group_id);
            if is_member && are_near(documents, &member.vpc_id, &interface.vpc_id)? {
                found.extend(member.own_addresses()?.into_iter().map(ipnet::IpNet::from));
            }
        }
    }
    let family = |net: &ipnet::IpNet| if net.addr().is_ipv4() { "ip" } else { "ip6" };
    Ok(found.into_iter().map(|net| (family(&net), net.to_string())).collect())
}

/// AWS-10: a reference works within the VPC and across an active peering.
fn are_near(documents: &Documents, one: &str, other: &str) -> Result<bool, Unsupported> {
    if one == other {
        return Ok(true);
    }
    let joins = |peering: &&Peering| {
        let ends = [&*peering.requester_vpc_info.vpc_id, &*peering.accepter_vpc_info.vpc_id];
        peering.is_active() && (ends == [one, other] || ends == [other, one])
    };
    match documents.peerings.values().find(joins) {
        None => Ok(false),
        Some(peering) if peering.requester_vpc_info.region != peering.accepter_vpc_info.region => {
            let why = "a reference across Regions is not known to work";
            Err(Unsupported::new(&peering.vpc_peering_connection_id, why))
        }
        Some(_) => Ok(true),
    }
}

/// AWS-15, AWS-16: ports of TCP and UDP, types and codes of ICMP; of everything else all. None
/// where a family does not have the protocol.
fn service(
    group: &str,
    permission: &Permission,
    family: &str,
) -> Result<Option<String>, Unsupported> {
    let Permission { from_port, to_port, .. } = permission;
    let numbers = [from_port.unwrap_or(-1), to_port.unwrap_or(-1)];
    let text = match permission.ip_protocol.as_str() {
        "-1" => String::new(),
        "tcp" | "6" | "udp" | "17" => {
            let name = if matches!(&*permission.ip_protocol, "tcp" | "6") { "tcp" } else { "udp" };
            match numbers {
                [-1, -1] => format!(" meta l4proto {name}"),
                [from, to] => format!(" {name} dport {}", Ports::range(group, from, to)?),
            }
        }
        "icmp" | "1" if family == "ip6" => return Ok(None),
        "icmpv6" | "58" if family == "ip" => return Ok(None),
        "icmp" | "1" => icmp("icmp", numbers),
        "icmpv6" | "58" => icmp("icmpv6", numbers),
        number => match number.parse::<u8>() {
            Ok(number) => format!(" meta l4proto {number}"),
            Err(_) => return Err(Unsupported::new(group, format!("the protocol `{number}`"))),
        },
    };
    Ok(Some(text))
}

fn icmp(name: &str, [kind, code]: [i32; 2]) -> String {
    let number = if name == "icmp" { 1 } else { 58 };
    let mut text = format!(" meta l4proto {number}");
    for (field, value) in [("type", kind), ("code", code)] {
        if value != -1 {
            text += &format!(" {name} {field} {value}");
        }
    }
    text
}
