//! NAT gateways: a namespace on a wire of its own to the subnet that it sits in.

use ipnet::IpNet;

use super::draft::Draft;
use super::ruleset::{self, EARLY, LATE, Place, drop, family, line, replies};
use super::{Nat, Spaces, WiringError};
use crate::blueprint::{Gateway, Passage};
use crate::kernel::plan::{Act, Cause, Chain, ChainKind, Hook, MAIN_TABLE};

/// The table of the first NAT gateway, in its subnet, for clients of other subnets; the others
/// follow.
pub(super) const TABLE: u32 = 200;

/// Hangs a NAT gateway on its subnet.
pub(super) fn put_nat(
    draft: &mut Draft,
    spaces: &Spaces<'_>,
    gateway: &Gateway,
) -> Result<(), WiringError> {
    let Passage::SourceNat { subnet, address, ports, .. } = &gateway.passage else {
        return Ok(());
    };
    let (Some(Nat { space, device, table }), Some(subnet)) =
        (spaces.nat(&gateway.id), spaces.subnet(subnet))
    else {
        return Ok(());
    };
    let space = *space;
    draft.wire((space, "net0"), (subnet, device));
    draft.route_all(space, MAIN_TABLE, "net0");
    draft.route(subnet, IpNet::from(*address), device);
    draft.route_all(subnet, *table, device);
    let id = gateway.id.as_str();
    // Replies to what it translated are no longer addressed to it when they come here.
    let field = if address.is_ipv4() { "ip daddr" } else { "ip6 daddr" };
    let not_an_endpoint = draft.plain_site(Cause::NotAnEndpoint, id, "");
    let mut early = vec![drop(format!("{field} {address}"), not_an_endpoint)];
    if gateway.closed {
        early.push(drop("", draft.plain_site(Cause::Closed, id, "")));
    }
    early.push(line("ct direction reply", Act::Accept));
    let no_translation = draft.plain_site(Cause::NoTranslation, id, "");
    early.extend(replies("", &Act::Drop(no_translation)));
    let not_carried = draft.plain_site(Cause::NotCarried, id, "");
    early.push(drop(other_family(*address), not_carried));
    draft.base(space, "early", EARLY, early);
    let place = Place {
        space,
        name: "f",
        ingress: "ct direction reply",
        egress: "ct direction original",
        reversed_out: false,
        remembers: false,
    };
    ruleset::put_filters(draft, &place, &gateway.filters)?;
    let carried = "ct direction original meta l4proto != { tcp, udp, icmp, ipv6-icmp }";
    draft.base(space, "late", LATE, vec![drop(carried, not_carried)]);
    let ip = if address.is_ipv4() { "ip" } else { "ip6" };
    let host = if address.is_ipv4() { address.to_string() } else { format!("[{address}]") };
    let (low, high) = ports;
    let lines = vec![
        line("meta l4proto { tcp, udp }", Act::Do(format!("snat {ip} to {host}:{low}-{high}"))),
        line("", Act::Do(format!("snat {ip} to {address}"))),
    ];
    let hook = Some((Hook::Postrouting, 100));
    draft.chain(space, Chain { name: "at_snat".to_owned(), hook, kind: ChainKind::Nat, lines });
    Ok(())
}

fn other_family(address: std::net::IpAddr) -> &'static str {
    let v6 = std::net::IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED);
    let v4 = std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
    family(if address.is_ipv4() { v6 } else { v4 })
}
