//! From a blueprint to a plan.
//!
//! ```text
//! host ─ interface ─┐                        ┌─ borders of the router ─ internet ─ outside
//! host ─ interface ─┼─ subnet ─── router ────┤
//!        NAT ───────┘    └─ wires of its own ┴─ link ─ router of the other end
//! ```
//!
//! A host sits behind one namespace for each of its interfaces, where the interface's filters
//! remember flows. A subnet's namespace has the subnet's table and asks its boundary, without any
//! memory, when a packet goes from a wire that leads inside to one that leads out or back. What
//! its table names has a wire to it; packets come in by the router, which knows its subnets and
//! nothing else. Every way that ends has a line that drops, with the site.

mod border;
mod draft;
mod error;
mod host;
mod index;
mod link;
mod nat;
mod outside;
mod ruleset;
mod subnet;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::draft::Draft;
pub use self::error::WiringError;
use self::index::Index;
use super::{Blueprint, Passage};
use crate::kernel::plan::{Plan, SpaceId};

/// A plan, and where the ends of probes are in it.
#[derive(Clone, Debug)]
pub struct Wired {
    /// The plan.
    pub plan: Plan,
    /// For each interface, the namespace of its host: where its addresses live.
    pub interfaces: BTreeMap<String, SpaceId>,
    /// The namespace with the addresses of the outside.
    pub outside: SpaceId,
}

/// Builds the plan of a blueprint.
pub fn wire(blueprint: &Blueprint) -> Result<Wired, WiringError> {
    let index = Index::new(blueprint)?;
    let mut draft = Draft::default();
    let spaces = Spaces::new(&mut draft, &index);
    for router in index.routers.keys() {
        subnet::put_router(&mut draft, &spaces, router);
        border::put_borders(&mut draft, &spaces, &index, router)?;
    }
    for gateway in index.gateways.values() {
        nat::put_nat(&mut draft, &spaces, gateway)?;
        link::put_link(&mut draft, &spaces, &index, gateway)?;
    }
    for segment in index.subnets.values() {
        subnet::put_subnet(&mut draft, &spaces, &index, segment)?;
    }
    let interfaces = host::put_hosts(&mut draft, &spaces, &index, blueprint)?;
    outside::put_outside(&mut draft, &spaces, &index, blueprint);
    Ok(Wired { plan: draft.finish(), interfaces, outside: spaces.outside })
}

/// The namespaces that others are joined to.
struct Spaces<'b> {
    routers: BTreeMap<&'b str, SpaceId>,
    subnets: BTreeMap<&'b str, SpaceId>,
    interfaces: BTreeMap<&'b str, SpaceId>,
    /// The borders of each router that has any.
    borders: BTreeMap<&'b str, SpaceId>,
    links: BTreeMap<&'b str, SpaceId>,
    nats: BTreeMap<&'b str, Nat>,
    /// What knows the way to the borders.
    internet: SpaceId,
    /// What has the addresses of the outside.
    outside: SpaceId,
}

/// The namespace of a NAT gateway.
struct Nat {
    space: SpaceId,
    /// The device of its subnet that leads to it.
    device: String,
    /// The table of its subnet for packets that a route of another subnet sends to it.
    table: u32,
}

impl<'b> Spaces<'b> {
    fn new(draft: &mut Draft, index: &Index<'b>) -> Self {
        let mut spaces = Self {
            routers: BTreeMap::new(),
            subnets: BTreeMap::new(),
            interfaces: BTreeMap::new(),
            borders: BTreeMap::new(),
            links: BTreeMap::new(),
            nats: BTreeMap::new(),
            internet: draft.space("internet".to_owned()),
            outside: draft.space("outside".to_owned()),
        };
        for id in index.routers.keys() {
            spaces.routers.insert(id, draft.space(format!("router {id}")));
            if !index.borders(id).is_empty() {
                spaces.borders.insert(id, draft.space(format!("borders of {id}")));
            }
        }
        for id in index.subnets.keys() {
            spaces.subnets.insert(id, draft.space(format!("subnet {id}")));
        }
        for id in index.interfaces.keys() {
            spaces.interfaces.insert(id, draft.space(format!("interface {id}")));
        }
        for (id, gateway) in &index.gateways {
            let space = match gateway.passage {
                Passage::Border { .. } => continue,
                Passage::SourceNat { .. } | Passage::Link { .. } => {
                    draft.space(format!("gateway {id}"))
                }
            };
            spaces.put_gateway(draft, id, space, &gateway.passage);
        }
        spaces
    }

    fn put_gateway(
        &mut self,
        draft: &mut Draft,
        id: &'b str,
        space: SpaceId,
        passage: &'b Passage,
    ) {
        match passage {
            Passage::Link { .. } => {
                self.links.insert(id, space);
            }
            Passage::SourceNat { subnet, .. } => {
                if let Some(subnet) = self.subnet(subnet) {
                    let device = draft.device(subnet, "i");
                    let table = nat::TABLE + u32::try_from(self.nats.len()).unwrap_or_default();
                    self.nats.insert(id, Nat { space, device, table });
                }
            }
            Passage::Border { .. } => {}
        }
    }

    fn router(&self, id: &str) -> Option<SpaceId> {
        self.routers.get(id).copied()
    }

    fn subnet(&self, id: &str) -> Option<SpaceId> {
        self.subnets.get(id).copied()
    }

    fn interface(&self, id: &str) -> Option<SpaceId> {
        self.interfaces.get(id).copied()
    }

    fn border(&self, router: &str) -> Option<SpaceId> {
        self.borders.get(router).copied()
    }

    fn link(&self, id: &str) -> Option<SpaceId> {
        self.links.get(id).copied()
    }

    fn nat(&self, id: &str) -> Option<&Nat> {
        self.nats.get(id)
    }
}
