//! Subnets: their addresses, their table and their boundary.

use std::sync::Arc;

use cloudfw_core::{Id, IpSet, Neighbours, Origin, Router, Scope, Subnet};
use ipnet::IpNet;

use super::Lowering;
use super::label::{label, missing, name_tag, unknown};
use super::scope::place;
use crate::kind::Kind;
use crate::raw;

impl Lowering<'_> {
    pub(super) fn lower_subnets(&mut self) {
        for object in self.recorded.subnets.iter() {
            let Some(entry) = object.first() else { continue };
            let told = entry.value.vpc_id.as_deref();
            let others = self.memberships.vpc_of(object.id);
            let is_recorded = |vpc: &str| self.recorded.vpcs.get(vpc, &entry.scope).is_some();
            // Where it says that it is in a VPC that is not recorded, and all in it say that they
            // are in one that is, neither is sure.
            let disputed = match (told, others) {
                (Some(told), Some(others)) => !is_recorded(told) && is_recorded(others),
                _ => false,
            };
            let vpc = told.filter(|_| !disputed).or(others);
            let contradiction = object.contradiction().or_else(|| {
                let what = format!("the VPC of {}", object.id);
                let why = "it is not the one that its interfaces say";
                disputed.then(|| unknown(what, why, &entry.origin))
            });
            let router = self.router(vpc, &entry.scope, &entry.origin);
            let (addresses, unsure) = addresses(entry.value);
            for text in unsure {
                let why = "it is not a CIDR, not recorded, or being added or taken away";
                let what = format!("the block `{text}` of {}", object.id);
                let gap = unknown(what, why, &entry.origin);
                self.doubt_holders(&router, gap.clone());
                self.vague.insert(Arc::clone(&object.key), gap.clone());
                self.warn(gap);
            }
            self.widen(&router, &addresses);
            let (table, boundary) = match contradiction {
                Some(contradiction) => {
                    self.doubt_holders(&router, contradiction.clone());
                    // Which of its tellings holds is not known: nor is where it leads.
                    let key = format!("{} (told in two ways)", object.key);
                    let table = self.table_of(&key, None, &entry.scope, &entry.origin);
                    (table, self.boundary(&key, &entry.scope, &entry.origin))
                }
                None => (
                    self.table_of(object.id, vpc, &entry.scope, &entry.origin),
                    self.boundary(object.id, &entry.scope, &entry.origin),
                ),
            };
            let label = label(object, "subnet", name_tag(entry.value.tags.as_ref()));
            let neighbours = Neighbours::Direct;
            let subnet = Subnet { label, router, addresses, table, boundary, neighbours };
            self.network.subnets.insert(Id::new(Arc::clone(&object.key)), subnet);
        }
    }

    /// The subnet that something sits in. Where it is not recorded, its table and its ACL may be
    /// all the same.
    pub(super) fn subnet(
        &mut self,
        id: Option<&str>,
        vpc: Option<&str>,
        from: &Scope,
        origin: &Origin,
    ) -> Id<Subnet> {
        if let Some(object) = id.and_then(|id| self.recorded.subnets.get(id, from)) {
            return Id::new(Arc::clone(&object.key));
        }
        let key = match id {
            Some(id) => format!("{id} of {} (not recorded)", super::scope::text(from)),
            None => format!("the subnet of {}", place(origin)),
        };
        let key = Id::new(key);
        if !self.network.subnets.contains_key(&key) {
            let name = id.unwrap_or(key.as_str()).to_owned();
            let router = self.router(vpc, from, origin);
            let gap = unknown(
                format!("the subnet `{name}`"),
                self.coverage.why(Kind::Subnets, from),
                origin,
            );
            self.doubt_holders(&router, gap.clone());
            self.warn(gap);
            // Without its id, or with one that no subnet has, it is not known whether it has a table
            // of its own.
            let exists = id.is_some() && !self.coverage.is_read(Kind::Subnets, from);
            let subnet = Subnet {
                label: missing(&name, "subnet", from, origin),
                router,
                addresses: IpSet::empty(),
                table: self.table_of(&name, vpc.filter(|_| exists), from, origin),
                boundary: self.boundary(&name, from, origin),
                neighbours: Neighbours::Direct,
            };
            self.network.subnets.insert(key.clone(), subnet);
        }
        key
    }

    /// The recorded subnet that some addresses of a VPC lie in, where there is just one.
    pub(super) fn subnet_around(
        &self,
        addresses: &IpSet,
        vpc: Option<&str>,
        from: &Scope,
    ) -> Option<Id<Subnet>> {
        let router = Id::new(Arc::clone(&self.recorded.vpcs.get(vpc?, from)?.key));
        let around = |(_, subnet): &(&Id<Subnet>, &Subnet)| {
            subnet.router == router && addresses.is_subset(&subnet.addresses)
        };
        let mut found = self.network.subnets.iter().filter(around);
        let (only, _) = found.next().filter(|_| !addresses.is_empty())?;
        found.next().is_none().then(|| only.clone())
    }

    /// Adds the addresses of an interface to a subnet that is not recorded.
    pub(super) fn settle(&mut self, subnet: &Id<Subnet>, addresses: &IpSet) -> Option<Id<Router>> {
        let is_recorded = self.recorded.subnets.by_key(subnet.as_str()).is_some();
        let subnet = self.network.subnets.get_mut(subnet)?;
        let router = subnet.router.clone();
        if !is_recorded {
            subnet.addresses = subnet.addresses.union(addresses);
            self.widen(&router, addresses);
        }
        Some(router)
    }
}

/// The addresses of a subnet, and the text of blocks that cannot be said to be its.
pub(super) fn addresses(subnet: &raw::Subnet) -> (IpSet, Vec<&str>) {
    let v6 = subnet.ipv6_cidr_block_association_set.iter().flatten().map(|block| {
        let state = block.ipv6_cidr_block_state.as_ref().and_then(|state| state.state.as_deref());
        (block.ipv6_cidr_block.as_deref(), state)
    });
    let native = subnet.ipv6_native.given() == Some(&true);
    let v4 = match subnet.cidr_block.as_deref() {
        None if native => None,
        told => Some((told, None)),
    };
    let mut blocks = Vec::new();
    let mut unsure = Vec::new();
    for (text, state) in v4.into_iter().chain(v6) {
        let text = text.unwrap_or("?");
        match (text.parse::<IpNet>(), state) {
            (Ok(block), None | Some("associated")) => blocks.push(block),
            (Ok(_), Some("disassociated" | "failed")) => {}
            _ => unsure.push(text),
        }
    }
    (blocks.into_iter().collect(), unsure)
}
