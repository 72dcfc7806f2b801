//! VPCs as routing domains.

use std::sync::Arc;

use cloudfw_core::{Id, IpSet, Origin, Router, Scope, Unknown};
use ipnet::IpNet;

use super::Lowering;
use super::label::{label, missing, name_tag, unknown};
use super::platform::platform;
use super::table::Object;
use crate::kind::Kind;
use crate::raw;

impl Lowering<'_> {
    pub(super) fn lower_vpcs(&mut self) {
        for object in self.recorded.vpcs.iter() {
            let mut addresses = IpSet::empty();
            let mut primary = None;
            for entry in &object.versions {
                let blocks = self.blocks(object, entry.value, &entry.origin);
                addresses = addresses.union(&blocks.iter().copied().collect());
                primary = primary.or_else(|| primary_block(entry.value));
            }
            let tags = object.first().and_then(|entry| entry.value.tags.as_ref());
            let router = Router {
                label: label(object, "vpc", name_tag(tags)),
                addresses,
                platform: platform(primary),
                unread: Vec::new(),
            };
            self.network.routers.insert(Id::new(Arc::clone(&object.key)), router);
            if primary.is_none()
                && let Some(entry) = object.first()
            {
                let what = format!("where the DNS server of {} answers", object.id);
                let gap = unknown(what, "its primary block is not recorded", &entry.origin);
                self.doubt_holders(&Id::new(Arc::clone(&object.key)), gap);
            }
            if let Some(contradiction) = object.contradiction() {
                self.doubt_holders(&Id::new(Arc::clone(&object.key)), contradiction);
            }
        }
    }

    /// The blocks that a VPC has (AWS-61: each has its local route).
    pub(super) fn blocks(
        &mut self,
        object: &Object<'_, raw::Vpc>,
        vpc: &raw::Vpc,
        origin: &Origin,
    ) -> Vec<IpNet> {
        let (blocks, unsure) = vpc_blocks(vpc);
        for text in unsure {
            let what = format!("the block `{text}` of {}", object.id);
            let why = "it is not recorded, not a CIDR, or being added or taken away";
            let gap = unknown(what, why, origin);
            self.doubt_holders(&Id::new(Arc::clone(&object.key)), gap.clone());
            self.warn(gap);
        }
        blocks
    }

    /// The router of a VPC that something refers to; one without addresses where the VPC is not
    /// recorded.
    pub(super) fn router(
        &mut self,
        vpc: Option<&str>,
        from: &Scope,
        origin: &Origin,
    ) -> Id<Router> {
        if let Some(object) = vpc.and_then(|id| self.recorded.vpcs.get(id, from)) {
            return Id::new(Arc::clone(&object.key));
        }
        let id = vpc.map_or_else(
            || format!("the VPC of {}", super::scope::place(origin)),
            |id| self.free_router_key(id, from),
        );
        let key = Id::new(id.as_str());
        if !self.network.routers.contains_key(&key) {
            let why = self.coverage.why(Kind::Vpcs, from);
            let router = Router {
                label: missing(vpc.unwrap_or(&id), "vpc", from, origin),
                addresses: IpSet::empty(),
                platform: platform(None),
                unread: Vec::new(),
            };
            self.network.routers.insert(key.clone(), router);
            let gap = unknown(format!("the VPC `{id}`"), why, origin);
            self.doubt_holders(&key, gap.clone());
            // What is in it may be in any other.
            self.lost.entry(from.clone()).or_insert_with(|| gap.clone());
            self.warn(gap);
        }
        key
    }

    /// A key for a VPC that is not recorded in this scope, though others of its id may be.
    fn free_router_key(&self, id: &str, from: &Scope) -> String {
        if self.recorded.vpcs.by_key(id).is_some() {
            format!("{id}@{}", super::scope::text(from))
        } else {
            id.to_owned()
        }
    }

    /// Notes that an address of the router that no interface is recorded for may be held.
    pub(super) fn doubt_holders(&mut self, router: &Id<Router>, doubt: Unknown) {
        self.unheld.entry(router.clone()).or_default().insert(doubt);
    }

    /// Adds addresses that others than the VPC tell to be its.
    pub(super) fn widen(&mut self, router: &Id<Router>, addresses: &IpSet) {
        if let Some(router) = self.network.routers.get_mut(router) {
            router.addresses = router.addresses.union(addresses);
        }
    }
}

/// The blocks that a VPC has, and the text of those that cannot be said to be.
fn vpc_blocks(vpc: &raw::Vpc) -> (Vec<IpNet>, Vec<&str>) {
    let v4 = vpc.cidr_block_association_set.iter().flatten().map(|block| {
        let state = block.cidr_block_state.as_ref().and_then(|state| state.state.as_deref());
        (block.cidr_block.as_deref(), state)
    });
    let v6 = vpc.ipv6_cidr_block_association_set.iter().flatten().map(|block| {
        let state = block.ipv6_cidr_block_state.as_ref().and_then(|state| state.state.as_deref());
        (block.ipv6_cidr_block.as_deref(), state)
    });
    let mut told: Vec<_> = v4.chain(v6).collect();
    if vpc.cidr_block.is_some() || vpc.cidr_block_association_set.is_none() {
        told.push((vpc.cidr_block.as_deref(), None));
    }
    let mut blocks = Vec::new();
    let mut unsure = Vec::new();
    for (text, state) in told {
        let text = text.unwrap_or("?");
        match (text.parse::<IpNet>(), state) {
            (Ok(block), None | Some("associated")) => blocks.push(block.trunc()),
            (Ok(_), Some("disassociated" | "failed")) => {}
            _ => unsure.push(text),
        }
    }
    blocks.sort();
    blocks.dedup();
    (blocks, unsure)
}

fn primary_block(vpc: &raw::Vpc) -> Option<IpNet> {
    vpc.cidr_block.as_deref()?.parse().ok()
}
