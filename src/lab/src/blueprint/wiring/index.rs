//! The things of a blueprint by id, checked.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::WiringError;
use crate::blueprint::{Blueprint, Gateway, Interface, Passage, Router, Subnet, Target};

/// The things of a blueprint by id.
pub(super) struct Index<'b> {
    pub(super) routers: BTreeMap<&'b str, &'b Router>,
    pub(super) subnets: BTreeMap<&'b str, &'b Subnet>,
    pub(super) interfaces: BTreeMap<&'b str, &'b Interface>,
    pub(super) gateways: BTreeMap<&'b str, &'b Gateway>,
    /// The subnets of each router.
    segments: BTreeMap<&'b str, Vec<&'b Subnet>>,
    /// The addresses of each router that are known outside.
    pub(super) known: BTreeMap<&'b str, Vec<Known>>,
}

/// An address that is known outside: by another one, or, for IPv6, by itself.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) inside: IpAddr,
    pub(super) outside: IpAddr,
}

impl<'b> Index<'b> {
    pub(super) fn new(blueprint: &'b Blueprint) -> Result<Self, WiringError> {
        let index = Self {
            routers: by_id("router", &blueprint.routers, |router| &router.id)?,
            subnets: by_id("subnet", &blueprint.subnets, |subnet| &subnet.id)?,
            interfaces: by_id("interface", &blueprint.interfaces, |interface| &interface.id)?,
            gateways: by_id("gateway", &blueprint.gateways, |gateway| &gateway.id)?,
            segments: BTreeMap::new(),
            known: BTreeMap::new(),
        };
        index.check_subnets()?;
        index.check_gateways()?;
        index.check_hosts(blueprint)?;
        index.with_segments().with_addresses()
    }

    pub(super) fn subnets_of(&self, router: &str) -> &[&'b Subnet] {
        self.segments.get(router).map_or(&[], Vec::as_slice)
    }

    /// The prefixes of all subnets of a router.
    pub(super) fn subnet_prefixes(&self, router: &str) -> Vec<IpNet> {
        self.subnets_of(router).iter().flat_map(|subnet| subnet.prefixes.clone()).collect()
    }

    /// Whether a route of any table leads to an interface.
    pub(super) fn is_appliance(&self, interface: &str) -> bool {
        let mut routes = self.subnets.values().flat_map(|subnet| &subnet.routes);
        routes.any(|route| matches!(&route.target, Target::Interface(id) if id == interface))
    }

    /// Whether an interface of a subnet has exactly this address.
    pub(super) fn holds(&self, subnet: &str, address: IpNet) -> bool {
        let mut own = self.interfaces.values().filter(|interface| interface.subnet == subnet);
        own.any(|it| it.addresses.iter().any(|(own, _)| IpNet::from(*own) == address))
    }

    pub(super) fn known_of(&self, router: &str) -> &[Known] {
        self.known.get(router).map_or(&[], Vec::as_slice)
    }

    /// The router that a subnet is part of; the subnet was checked to be there.
    pub(super) fn router_of(&self, subnet: &str) -> &'b str {
        self.subnets.get(subnet).map_or("", |subnet| &subnet.router)
    }

    /// The borders of a router, in the order of their ids.
    pub(super) fn borders(&self, router: &str) -> Vec<&'b Gateway> {
        let of = |gateway: &&Gateway| match &gateway.passage {
            Passage::Border { router: of, .. } => of == router,
            _ => false,
        };
        self.gateways.values().copied().filter(of).collect()
    }

    fn check_subnets(&self) -> Result<(), WiringError> {
        for subnet in self.subnets.values() {
            named("router", &self.routers, &subnet.router, &subnet.id)?;
            let mut routed = BTreeSet::new();
            for route in &subnet.routes {
                match &route.target {
                    Target::Gateway(id) => named("gateway", &self.gateways, id, &subnet.table)?,
                    Target::Interface(id) => {
                        named("interface", &self.interfaces, id, &subnet.table)?;
                    }
                    Target::Local | Target::Blackhole => {}
                }
                if !routed.insert(route.to.trunc()) {
                    return Err(WiringError::Routes(subnet.table.clone(), route.to));
                }
            }
        }
        let subnets: Vec<&Subnet> = self.subnets.values().copied().collect();
        for (number, one) in subnets.iter().enumerate() {
            for other in subnets.iter().skip(number + 1).filter(|s| s.router == one.router) {
                let meets = |a: &IpNet, b: &IpNet| a.contains(b) || b.contains(a);
                if one.prefixes.iter().any(|a| other.prefixes.iter().any(|b| meets(a, b))) {
                    return Err(WiringError::Overlap(one.id.clone(), other.id.clone()));
                }
            }
        }
        Ok(())
    }

    fn check_gateways(&self) -> Result<(), WiringError> {
        for gateway in self.gateways.values() {
            match &gateway.passage {
                Passage::Border { router, .. } => {
                    named("router", &self.routers, router, &gateway.id)?;
                }
                Passage::SourceNat { subnet, .. } => {
                    named("subnet", &self.subnets, subnet, &gateway.id)?;
                }
                Passage::Link { ends } => {
                    for end in ends {
                        named("router", &self.routers, end, &gateway.id)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn check_hosts(&self, blueprint: &Blueprint) -> Result<(), WiringError> {
        by_id("host", &blueprint.hosts, |host| &host.id)?;
        let mut taken = BTreeSet::new();
        for host in &blueprint.hosts {
            for id in &host.interfaces {
                named("interface", &self.interfaces, id, &host.id)?;
                if !taken.insert(id) {
                    return Err(WiringError::Shared(id.clone()));
                }
            }
            for (_, id) in &host.routes {
                if !host.interfaces.contains(id) {
                    let (id, of) = (id.clone(), host.id.clone());
                    return Err(WiringError::Dangling { kind: "interface", id, of });
                }
            }
        }
        Ok(())
    }

    fn with_segments(mut self) -> Self {
        for subnet in self.subnets.values() {
            self.segments.entry(&subnet.router).or_default().push(subnet);
        }
        self
    }

    /// Who holds which address, inside and outside.
    fn with_addresses(mut self) -> Result<Self, WiringError> {
        let mut holders: Vec<(&'b str, &'b str, IpAddr, Option<IpAddr>)> = Vec::new();
        for interface in self.interfaces.values() {
            named("subnet", &self.subnets, &interface.subnet, &interface.id)?;
            for (inside, public) in &interface.addresses {
                holders.push((&interface.id, &interface.subnet, *inside, *public));
            }
        }
        for gateway in self.gateways.values() {
            if let Passage::SourceNat { subnet, address, public, .. } = &gateway.passage {
                holders.push((&gateway.id, subnet, *address, *public));
            }
        }
        let mut held: BTreeMap<(&str, IpAddr), &str> = BTreeMap::new();
        let mut public: BTreeMap<IpAddr, &str> = BTreeMap::new();
        for (holder, subnet, inside, told) in holders {
            let Some(segment) = self.subnets.get(subnet) else { continue };
            let router = segment.router.as_str();
            if !segment.prefixes.iter().any(|net| net.contains(&inside)) {
                return Err(WiringError::Adrift(holder.into(), inside, subnet.into()));
            }
            once(&mut held, (router, inside), holder, inside)?;
            // IPv6 is the same inside and outside.
            let Some(outside) = told.or(inside.is_ipv6().then_some(inside)) else { continue };
            if outside.is_ipv4() != inside.is_ipv4() || (inside.is_ipv6() && inside != outside) {
                return Err(WiringError::Family(holder.into(), inside, outside));
            }
            once(&mut public, outside, holder, outside)?;
            self.known.entry(router).or_default().push(Known { inside, outside });
        }
        Ok(self)
    }
}

fn once<'b, K: Ord>(
    held: &mut BTreeMap<K, &'b str>,
    key: K,
    holder: &'b str,
    address: IpAddr,
) -> Result<(), WiringError> {
    match held.insert(key, holder) {
        Some(other) => Err(WiringError::Held(other.into(), holder.into(), address)),
        None => Ok(()),
    }
}

fn by_id<'b, T>(
    kind: &'static str,
    things: &'b [T],
    id: impl Fn(&'b T) -> &'b String,
) -> Result<BTreeMap<&'b str, &'b T>, WiringError> {
    let mut index = BTreeMap::new();
    for thing in things {
        let id = id(thing);
        if index.insert(id.as_str(), thing).is_some() {
            return Err(WiringError::Twice { kind, id: id.clone() });
        }
    }
    Ok(index)
}

fn named<T>(
    kind: &'static str,
    things: &BTreeMap<&str, T>,
    id: &str,
    of: &str,
) -> Result<(), WiringError> {
    if things.contains_key(id) {
        return Ok(());
    }
    Err(WiringError::Dangling { kind, id: id.to_owned(), of: of.to_owned() })
}
