//! Network ACLs.

use cloudfw_core::Direction;

use super::documents::{Documents, Entry, NetworkAcl, Ports, Subnet};
use crate::blueprint::{Act, Filter, Line, Tracking};
use crate::compile::Unsupported;
use crate::kernel::plan::{Cause, Site};

/// The ACL of a subnet: the one that it is associated with, else its VPC's default one (AWS-30).
pub(super) fn boundary(documents: &Documents, subnet: &Subnet) -> Result<Filter, Unsupported> {
    let is_associated = |acl: &&NetworkAcl| {
        acl.associations.iter().any(|one| one.subnet_id.as_ref() == Some(&subnet.subnet_id))
    };
    let is_default = |acl: &&NetworkAcl| acl.is_default && acl.vpc_id == subnet.vpc_id;
    let acl = documents
        .acls
        .values()
        .find(is_associated)
        .or_else(|| documents.acls.values().find(is_default))
        .ok_or_else(|| Unsupported::new(&subnet.subnet_id, "it has no ACL"))?;
    Ok(Filter {
        tracking: Tracking::Stateless,
        ingress: lines(acl, subnet, Direction::Ingress)?,
        egress: lines(acl, subnet, Direction::Egress)?,
        chains: Vec::new(),
    })
}

/// AWS-31, AWS-32: by ascending number, and at the end a deny.
fn lines(acl: &NetworkAcl, subnet: &Subnet, way: Direction) -> Result<Vec<Line>, Unsupported> {
    let site = |rule: String| Site {
        cause: Cause::Stateless,
        at: subnet.subnet_id.clone(),
        list: acl.network_acl_id.clone(),
        direction: Some(way),
        rule,
    };
    let egress = way == Direction::Egress;
    let mut entries: Vec<&Entry> =
        acl.entries.iter().filter(|entry| entry.egress == egress).collect();
    entries.sort_by_key(|entry| entry.rule_number);
    for (one, next) in entries.iter().zip(entries.iter().skip(1)) {
        if one.rule_number == next.rule_number && one != next {
            let why = format!("two rules have the number {}", one.rule_number);
            return Err(Unsupported::new(&acl.network_acl_id, why));
        }
    }
    let mut made = Vec::new();
    for entry in entries {
        let number =
            if entry.rule_number > 32766 { "*".to_owned() } else { entry.rule_number.to_string() };
        let act = match entry.rule_action.as_str() {
            "allow" => Act::AllowBy(site(number)),
            "deny" => Act::Drop(site(number)),
            other => return Err(Unsupported::new(&acl.network_acl_id, format!("`{other}`"))),
        };
        if let Some(matches) = matches(acl, entry, way)? {
            made.push(Line { matches, act });
        }
    }
    made.push(Line { matches: String::new(), act: Act::Drop(site("*".to_owned())) });
    Ok(made)
}

/// AWS-33, AWS-38 to AWS-40: one CIDR, of the far side; the port is the one a packet is sent to.
fn matches(acl: &NetworkAcl, entry: &Entry, way: Direction) -> Result<Option<String>, Unsupported> {
    let at = &acl.network_acl_id;
    let side = if way == Direction::Ingress { "saddr" } else { "daddr" };
    let (family, block) = match (&entry.cidr_block, &entry.ipv6_cidr_block) {
        (Some(block), None) => ("ip", block),
        (None, Some(block)) => ("ip6", block),
        _ => return Err(Unsupported::new(at, "an entry without exactly one CIDR")),
    };
    let peer = format!("{family} {side} {}", super::cidr(at, block)?);
    let service = match entry.protocol.as_str() {
        "-1" => String::new(),
        protocol @ ("6" | "17") => match &entry.port_range {
            None => format!(" meta l4proto {protocol}"),
            Some(ports) => {
                let name = if protocol == "6" { "tcp" } else { "udp" };
                format!(" {name} dport {}", Ports::range(at, ports.from, ports.to)?)
            }
        },
        "1" | "58" => {
            let (its_family, name) =
                if entry.protocol == "1" { ("ip", "icmp") } else { ("ip6", "icmpv6") };
            if its_family != family {
                return Ok(None);
            }
            let mut text = format!(" meta l4proto {}", entry.protocol);
            if let Some(asked) = &entry.icmp_type_code {
                for (field, value) in [("type", asked.kind), ("code", asked.code)] {
                    if value != -1 {
                        text += &format!(" {name} {field} {value}");
                    }
                }
            }
            text
        }
        number => match number.parse::<u8>() {
            Ok(number) => format!(" meta l4proto {number}"),
            Err(_) => return Err(Unsupported::new(at, format!("the protocol `{number}`"))),
        },
    };
    Ok(Some(peer + &service))
}
