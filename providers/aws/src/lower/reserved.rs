//! The addresses that AWS keeps for itself in each subnet (AWS-50): the first four and the last.
//!
//! The VPC's router and DNS are among them; what they answer to whom stands in no document.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use cloudfw_core::{Id, IpSet, PlatformService, Router, ServiceSet, Unknown};
use ipnet::{IpNet, Ipv4Net};

use super::Lowering;

/// The longest prefix that a block of AWS can have; emulators have longer ones, without any order.
const LONGEST: u8 = 28;

impl Lowering<'_> {
    /// Makes it unknown what is at reserved addresses, where no interface is told to be.
    pub(super) fn reserve_addresses(&mut self) {
        let mut reserved: BTreeMap<Id<Router>, Vec<IpAddr>> = BTreeMap::new();
        for object in self.recorded.subnets.iter() {
            let block = object.first().and_then(|entry| block(entry.value.cidr_block.as_deref()));
            let key = Id::new(Arc::clone(&object.key));
            if let (Some(subnet), Some(block)) = (self.network.subnets.get(&key), block) {
                let all = reserved.entry(subnet.router.clone()).or_default();
                all.extend(first_four(block).chain([IpAddr::V4(block.broadcast())]));
            }
        }
        for object in self.recorded.vpcs.iter() {
            let block = object.first().and_then(|entry| block(entry.value.cidr_block.as_deref()));
            let all = reserved.entry(Id::new(Arc::clone(&object.key))).or_default();
            all.extend(block.into_iter().flat_map(first_four));
        }
        let interfaces = self.network.interfaces.values();
        let held: IpSet =
            interfaces.flat_map(|one| one.addresses.iter().map(|address| address.ip)).collect();
        for (key, addresses) in reserved {
            let Some(router) = self.network.routers.get_mut(&key) else { continue };
            let mut addresses = addresses.into_iter().collect::<IpSet>().difference(&held);
            for service in &router.platform {
                addresses = addresses.difference(&service.addresses);
            }
            if !addresses.is_empty() {
                router.platform.push(service(addresses));
            }
        }
    }
}

fn service(addresses: IpSet) -> PlatformService {
    let why = "AWS keeps the first four and the last address of a subnet for its router and its \
               services, past every filter; no document tells what they answer";
    PlatformService {
        name: "reserved addresses".into(),
        addresses,
        services: ServiceSet::empty(),
        beyond: Some(Unknown::new("what answers at an address that AWS reserves", why, "")),
    }
}

fn block(text: Option<&str>) -> Option<Ipv4Net> {
    match text?.parse::<IpNet>().ok()? {
        IpNet::V4(block) if block.prefix_len() <= LONGEST => Some(block.trunc()),
        _ => None,
    }
}

fn first_four(block: Ipv4Net) -> impl Iterator<Item = IpAddr> {
    let base = block.network().to_bits();
    (0..4).filter_map(move |nth| base.checked_add(nth)).map(|bits| Ipv4Addr::from_bits(bits).into())
}
