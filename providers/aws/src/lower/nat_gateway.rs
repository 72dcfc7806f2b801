//! NAT gateways, public and private (AWS-67, AWS-67a).

use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{Gateway, Passage, PortSet, ServiceSet, Stack, Unknown};

use super::Lowering;
use super::label::{label, name_tag, unknown};
use super::table::{Entry, Object};
use crate::raw::{NatGateway, NatGatewayAddress};

/// The ports that a NAT gateway gives to flows.
const FIRST_PORT: u16 = 1024;

impl Lowering<'_> {
    pub(super) fn lower_nat_gateways(&mut self) {
        for object in self.recorded.nat_gateways.iter() {
            let Some(entry) = object.first() else { continue };
            let label = label(object, "nat-gateway", name_tag(entry.value.tags.as_ref()));
            let (closed, state_doubt) = state(entry);
            let mut doubts: Vec<Unknown> = state_doubt.into_iter().collect();
            let passage = match object.contradiction() {
                Some(contradiction) => Passage::Opaque { unknown: contradiction, rewrites: true },
                None => self.translation(entry, object.id, closed.is_some(), &mut doubts),
            };
            let gateway = Gateway { label, passage, stack: Stack::default(), closed, doubts };
            self.add_gateway(&object.key, gateway);
        }
    }

    fn translation(
        &mut self,
        entry: &Entry<'_, NatGateway>,
        id: &str,
        is_closed: bool,
        doubts: &mut Vec<Unknown>,
    ) -> Passage {
        let nat = entry.value;
        let opaque = |why: &str| Passage::Opaque {
            unknown: unknown(format!("what {id} does"), why, &entry.origin),
            rewrites: true,
        };
        if nat.availability_mode.as_deref() == Some("regional") {
            return opaque("it is a regional NAT gateway, which is not modelled yet");
        }
        let Some(subnet) = nat.subnet_id.as_deref() else {
            return opaque("its subnet is not recorded");
        };
        // A deleted one is listed for an hour, and outlives its subnet.
        if is_closed && self.recorded.subnets.get(subnet, &entry.scope).is_none() {
            return opaque("it is gone, and so is its subnet");
        }
        let mut own = addresses(nat);
        let primary = own.iter().position(|one| one.is_primary.given() == Some(&true));
        let chosen = primary.unwrap_or(0);
        let several = own.len() > 1;
        let Some(address) = (chosen < own.len()).then(|| own.swap_remove(chosen)) else {
            return opaque("its addresses are not recorded");
        };
        let Some(private) = parse(address.private_ip.as_deref()) else {
            return opaque("its private address is not recorded");
        };
        if several {
            let why = "it has several, and picks one for each connection";
            doubts.push(unknown(format!("the address that {id} gives"), why, &entry.origin));
        }
        if nat.attached_appliances.as_ref().is_some_and(|appliances| !appliances.is_empty()) {
            let why = "a firewall is attached to it, which is not modelled yet";
            doubts.push(unknown(format!("what {id} lets through"), why, &entry.origin));
        }
        let odd = [
            ("ConnectivityType", nat.connectivity_type.as_deref(), ["public", "private"]),
            ("AvailabilityMode", nat.availability_mode.as_deref(), ["zonal", "regional"]),
        ];
        for (field, told, words) in odd {
            if let Some(told) = told.filter(|told| !words.contains(told)) {
                let why = format!("`{field}` was recorded as `{told}`");
                doubts.push(unknown(format!("what {id} does"), why, &entry.origin));
            }
        }
        let private_only = nat.connectivity_type.as_deref() == Some("private");
        let public = parse(address.public_ip.as_deref()).filter(|_| !private_only);
        let (vpc, at) = (nat.vpc_id.as_deref(), &entry.origin);
        let subnet = self.subnet(nat.subnet_id.as_deref(), vpc, &entry.scope, at);
        if public.is_none() && !private_only {
            let why = "it is not recorded, and it is not a private NAT gateway";
            let gap = unknown(format!("the public address of {id}"), why, at);
            // It may be any.
            let around = self.recorded.subnets.by_key(subnet.as_str()).and_then(Object::first);
            let vpc = vpc.or_else(|| around?.value.vpc_id.as_deref());
            if !is_closed {
                let router = self.router(vpc, &entry.scope, at);
                self.doubt_holders(&router, gap.clone());
            }
            doubts.push(gap);
        }
        Passage::SourceNat {
            subnet,
            address: private,
            public,
            ports: PortSet::range(FIRST_PORT, u16::MAX),
            services: ServiceSet::translated(),
        }
    }
}

/// Its addresses that hold, in an order that is not that of the document.
fn addresses(nat: &NatGateway) -> Vec<&NatGatewayAddress> {
    let holds = |one: &&NatGatewayAddress| {
        matches!(one.status.as_deref(), None | Some("succeeded" | "associating" | "assigning"))
    };
    let mut own: Vec<_> = nat.nat_gateway_addresses.iter().flatten().filter(holds).collect();
    own.sort_by_key(|one| (parse(one.private_ip.as_deref()), &one.public_ip));
    own.dedup();
    own
}

fn parse(text: Option<&str>) -> Option<IpAddr> {
    text?.trim().parse().ok()
}

/// Whether it works.
fn state(entry: &Entry<'_, NatGateway>) -> (Option<Arc<str>>, Option<Unknown>) {
    match entry.value.state.as_deref() {
        Some("available") => (None, None),
        Some(state @ ("pending" | "failed" | "deleted")) => {
            (Some(format!("the NAT gateway is {state}").into()), None)
        }
        told => {
            let why = told.map_or("its state is not recorded".to_owned(), |state| {
                format!("it was recorded as `{state}`")
            });
            (None, Some(unknown("whether the NAT gateway works", why, &entry.origin)))
        }
    }
}
