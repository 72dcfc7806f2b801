//! A plan in the making.

use std::collections::BTreeMap;

use cloudfw_core::Direction;
use ipnet::IpNet;

use crate::kernel::plan::{
    Cause, Chain, ChainKind, Hook, KernelRoute, Line, MAIN_TABLE, Plan, Selector, Site, SiteId,
    Space, SpaceId, Wire,
};

/// A plan, and what is needed to go on with it.
#[derive(Default)]
pub(super) struct Draft {
    plan: Plan,
    sites: BTreeMap<SiteKey, SiteId>,
    /// How many devices each space has that were numbered.
    devices: BTreeMap<SpaceId, usize>,
}

/// [`Site`] with an order.
type SiteKey = (Cause, String, String, Option<Direction>, String);

impl Draft {
    pub(super) fn finish(self) -> Plan {
        self.plan
    }

    pub(super) fn space(&mut self, name: String) -> SpaceId {
        self.plan.spaces.push(Space { name, ..Space::default() });
        SpaceId(self.plan.spaces.len() - 1)
    }

    #[expect(clippy::indexing_slicing, reason = "ids are made by `space` alone")]
    pub(super) fn at(&mut self, space: SpaceId) -> &mut Space {
        &mut self.plan.spaces[space.0]
    }

    /// A name for a device that the space has not yet.
    pub(super) fn device(&mut self, space: SpaceId, kind: &str) -> String {
        let number = self.devices.entry(space).or_default();
        let name = format!("{kind}{number}");
        *number += 1;
        name
    }

    pub(super) fn wire(&mut self, here: (SpaceId, &str), there: (SpaceId, &str)) {
        let ends = [here, there].map(|(space, device)| (space, device.to_owned()));
        self.plan.wires.push(Wire { ends });
    }

    /// A device that leads nowhere: what is routed to it has to be dropped by a line.
    pub(super) fn sink(&mut self, space: SpaceId, device: &str) {
        self.wire((space, device), (space, &format!("{device}p")));
    }

    pub(super) fn route(&mut self, space: SpaceId, to: IpNet, device: &str) {
        self.route_in(space, MAIN_TABLE, to, device);
    }

    pub(super) fn route_in(&mut self, space: SpaceId, table: u32, to: IpNet, device: &str) {
        let route = KernelRoute { table, to, device: device.to_owned() };
        self.at(space).routes.push(route);
    }

    /// Everything, of both families, in a table.
    pub(super) fn route_all(&mut self, space: SpaceId, table: u32, device: &str) {
        for to in everything() {
            self.route_in(space, table, to, device);
        }
    }

    pub(super) fn select_device(&mut self, space: SpaceId, device: &str, table: u32) {
        let device = Some(device.to_owned());
        self.at(space).selectors.push(Selector { device, source: None, table });
    }

    /// A chain that the kernel calls. Some names would be keywords of nft, so all get a prefix.
    pub(super) fn base(&mut self, space: SpaceId, name: &str, hook: (Hook, i32), lines: Vec<Line>) {
        let name = format!("at_{name}");
        let chain = Chain { name, hook: Some(hook), kind: ChainKind::Filter, lines };
        self.chain(space, chain);
    }

    /// A chain that other lines jump to.
    pub(super) fn called(&mut self, space: SpaceId, name: &str, lines: Vec<Line>) {
        let name = name.to_owned();
        let chain = Chain { name, hook: None, kind: ChainKind::Filter, lines };
        self.at(space).chains.push(chain);
    }

    /// Puts a chain in, unless it does nothing.
    pub(super) fn chain(&mut self, space: SpaceId, chain: Chain) {
        if !chain.lines.is_empty() {
            self.at(space).chains.push(chain);
        }
    }

    pub(super) fn site(&mut self, site: &Site) -> SiteId {
        let Site { cause, at, list, direction, rule } = site.clone();
        let next = SiteId(u32::try_from(self.plan.sites.len()).unwrap_or(u32::MAX));
        let sites = &mut self.plan.sites;
        *self.sites.entry((cause, at, list, direction, rule)).or_insert_with(|| {
            sites.push(site.clone());
            next
        })
    }

    /// The site of anything that is not a filter.
    pub(super) fn plain_site(&mut self, cause: Cause, at: &str, rule: &str) -> SiteId {
        let (at, rule) = (at.to_owned(), rule.to_owned());
        self.site(&Site { cause, at, list: String::new(), direction: None, rule })
    }
}

/// `0.0.0.0/0` and `::/0`.
pub(super) fn everything() -> [IpNet; 2] {
    [IpNet::V4(ipnet::Ipv4Net::default()), IpNet::V6(ipnet::Ipv6Net::default())]
}
