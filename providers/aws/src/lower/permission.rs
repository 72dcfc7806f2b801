//! What the fields of a rule say: protocol, ports, ICMP types, addresses.
//!
//! A field that is missing or bad never empties a rule: it then stands for everything that it
//! could mean, with a doubt.

use cloudfw_core::{IpSet, Peer, PortSet, Protocol, ServiceSet, Unknown};
use ipnet::IpNet;

use crate::raw::{Field, IcmpTypeCode, IpPermission, NetworkAclEntry, PortRange};

/// Services, at most, and what is not known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Services {
    pub(super) set: ServiceSet,
    /// `the ports \`500-400\` are no range`.
    pub(super) doubt: Option<String>,
}

impl Services {
    fn certain(set: ServiceSet) -> Self {
        Self { set, doubt: None }
    }

    fn doubtful(set: ServiceSet, doubt: impl Into<String>) -> Self {
        Self { set, doubt: Some(doubt.into()) }
    }
}

/// A protocol as rules write it: `-1`, a number, or a name.
fn protocol(text: Option<&str>) -> Result<Option<Protocol>, String> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Err("the protocol is not recorded".to_owned());
    };
    if text == "-1" {
        return Ok(None);
    }
    let number = text.parse::<u8>().ok().map(Protocol);
    let protocol = number.or_else(|| Protocol::from_name(text));
    protocol.map(Some).ok_or_else(|| format!("`{text}` is no protocol"))
}

/// The services of a security group's rule (AWS-15, AWS-16).
pub(super) fn group_services(permission: &IpPermission) -> Services {
    let (from, to) = (&permission.from_port, &permission.to_port);
    match protocol(permission.ip_protocol.as_deref()) {
        Err(doubt) => Services::doubtful(ServiceSet::full(), doubt),
        Ok(None) => Services::certain(ServiceSet::full()),
        Ok(Some(protocol @ (Protocol::TCP | Protocol::UDP))) => ports(protocol, from, to),
        Ok(Some(protocol @ (Protocol::ICMP | Protocol::ICMPV6))) => icmp(protocol, from, to),
        // Any other number means all of it, whatever the ports say.
        Ok(Some(protocol)) => Services::certain(ServiceSet::all_of(protocol)),
    }
}

/// The services of an ACL's rule (AWS-38, AWS-40): ports are those that the packet is sent to.
pub(super) fn acl_services(entry: &NetworkAclEntry) -> Services {
    let absent = Field::Absent;
    match protocol(entry.protocol.as_deref()) {
        Err(doubt) => Services::doubtful(ServiceSet::full(), doubt),
        Ok(None) => Services::certain(ServiceSet::full()),
        Ok(Some(protocol @ (Protocol::TCP | Protocol::UDP))) => {
            let range = entry.port_range.as_ref();
            let end = |of: fn(&PortRange) -> &Field<i64>| range.map_or(&absent, of);
            ports(protocol, end(|range| &range.from), end(|range| &range.to))
        }
        Ok(Some(protocol @ (Protocol::ICMP | Protocol::ICMPV6))) => {
            let told = entry.icmp_type_code.as_ref();
            let part = |of: fn(&IcmpTypeCode) -> &Field<i64>| told.map_or(&absent, of);
            icmp(protocol, part(|told| &told.r#type), part(|told| &told.code))
        }
        Ok(Some(protocol)) => Services::certain(ServiceSet::all_of(protocol)),
    }
}

fn ports(protocol: Protocol, from: &Field<i64>, to: &Field<i64>) -> Services {
    let port = |field: &Field<i64>| field.given().and_then(|port| u16::try_from(*port).ok());
    match (port(from), port(to)) {
        (Some(from), Some(to)) if from <= to => Services::certain(ServiceSet::ports(
            protocol,
            PortSet::full(),
            PortSet::range(from, to),
        )),
        _ => Services::doubtful(ServiceSet::all_of(protocol), bad("ports", from, to)),
    }
}

fn icmp(protocol: Protocol, kind: &Field<i64>, code: &Field<i64>) -> Services {
    let byte = |field: &Field<i64>| field.given().and_then(|byte| u8::try_from(*byte).ok());
    let all = |field: &Field<i64>| field.given() == Some(&-1);
    match (byte(kind), byte(code)) {
        (Some(kind), Some(code)) => {
            Services::certain(ServiceSet::icmp(protocol, Some(kind), Some(code)))
        }
        (Some(kind), None) if all(code) => {
            Services::certain(ServiceSet::icmp(protocol, Some(kind), None))
        }
        (None, None) if all(kind) && all(code) => Services::certain(ServiceSet::all_of(protocol)),
        _ => {
            Services::doubtful(ServiceSet::all_of(protocol), bad("ICMP type and code", kind, code))
        }
    }
}

fn bad(what: &str, from: &Field<i64>, to: &Field<i64>) -> String {
    let text = |field: &Field<i64>| match field {
        Field::Absent => "?".to_owned(),
        Field::Given(value) => value.to_string(),
        Field::Bad(text) => text.clone(),
    };
    if from.is_absent() && to.is_absent() {
        return format!("the {what} are not recorded");
    }
    format!("the {what} `{}-{}` are none", text(from), text(to))
}

/// The two families of addresses, whose fields have names of their own (AWS-17, AWS-33).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) fn all(self) -> IpSet {
        match self {
            Self::V4 => IpSet::any_v4(),
            Self::V6 => IpSet::any_v6(),
        }
    }

    fn has(self, block: &IpNet) -> bool {
        matches!((self, block), (Self::V4, IpNet::V4(_)) | (Self::V6, IpNet::V6(_)))
    }
}

/// The addresses of a block; bits beyond its prefix do not count (AWS-39). A block that cannot be
/// read may be any of its family, and one of the wrong family any address at all.
pub(super) fn block_peer(
    text: Option<&str>,
    family: Family,
    unknown: impl Fn(String, String) -> Unknown,
) -> Peer {
    let unresolved = |name: &str, within: IpSet, why: &str| Peer::Unresolved {
        name: name.into(),
        within,
        unknown: unknown(format!("the block `{name}`"), why.to_owned()),
    };
    let Some(text) = text else {
        return unresolved("?", family.all(), "it is not recorded");
    };
    match text.trim().parse::<IpNet>() {
        Ok(block) if family.has(&block) => Peer::addresses(IpSet::from(block)),
        Ok(_) => unresolved(text, IpSet::full(), "it is of the other address family"),
        Err(_) => unresolved(text, family.all(), "it is not a CIDR"),
    }
}
