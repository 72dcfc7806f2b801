//! Which source addresses can arrive in a network at all.

use std::collections::{BTreeMap, BTreeSet};

use cloudfw_core::{Id, IpSet, Network, Passage, Role, Router, Target};

use crate::lists::Listed;

/// The addresses that packets in a network can come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals {
    /// Those of the networks that are known to be joined to it.
    pub(super) known: IpSet,
    /// Whether there are no others: nothing leads here that nobody can see through, and nobody
    /// forwards packets of others.
    pub(super) complete: bool,
}

/// By router.
#[derive(Debug)]
pub(super) struct AllArrivals<'n> {
    network: &'n Network,
    by_router: BTreeMap<&'n Id<Router>, Arrivals>,
}

impl<'n> AllArrivals<'n> {
    pub(super) fn new(network: &'n Network) -> Self {
        let forwarding = forwarding(network);
        let unseen = unseen(network);
        let mut joined: BTreeMap<&Id<Router>, Vec<&Id<Router>>> = BTreeMap::new();
        let mut by_router: BTreeMap<&Id<Router>, Arrivals> = BTreeMap::new();
        for (id, router) in &network.routers {
            let platform = router.platform.iter().map(|service| &service.addresses);
            let known = IpSet::union_of(platform.chain([&router.addresses]));
            let complete = network.unknowns.is_empty()
                && router.unread.is_empty()
                && !forwarding.contains(id)
                && !unseen.contains(id);
            by_router.insert(id, Arrivals { known, complete });
        }
        for gateway in network.gateways.values().filter(|gateway| gateway.closed.is_none()) {
            let (routers, external): (Vec<&Id<Router>>, _) = match &gateway.passage {
                Passage::Border { router, external, .. } => (vec![router], external),
                Passage::Service { routers, external } => (routers.iter().collect(), external),
                Passage::Link { ends: [one, two], .. } => {
                    joined.entry(one).or_default().push(two);
                    joined.entry(two).or_default().push(one);
                    continue;
                }
                Passage::SourceNat { .. } | Passage::Opaque { .. } => continue,
            };
            let outside = network.externals.get(external).map(|external| &external.addresses);
            for router in routers {
                if let (Some(arrivals), Some(outside)) = (by_router.get_mut(router), outside) {
                    arrivals.known = arrivals.known.union(outside);
                }
            }
        }
        for (router, others) in joined {
            let Some(arrivals) = by_router.get_mut(router) else { continue };
            for other in others {
                match network.routers.get(other) {
                    Some(peer) => {
                        arrivals.known = arrivals.known.union(&peer.addresses);
                        arrivals.complete &= peer.unread.is_empty() && !forwarding.contains(other);
                    }
                    None => arrivals.complete = false,
                }
            }
        }
        Self { network, by_router }
    }

    /// What can arrive where a list is asked; nothing where it is asked nowhere.
    pub(super) fn at(&self, listed: &Listed<'_>) -> Option<Arrivals> {
        let network = self.network;
        let own = listed.interfaces.iter().filter_map(|id| network.interfaces.get(*id));
        let subnets = own.map(|interface| &interface.subnet).chain(listed.subnets.iter().copied());
        let routers: BTreeSet<&Id<Router>> =
            subnets.filter_map(|id| network.subnets.get(id)).map(|subnet| &subnet.router).collect();
        if routers.is_empty() {
            return None;
        }
        let mut all = Arrivals { known: IpSet::empty(), complete: listed.gateways.is_empty() };
        for router in routers {
            match self.by_router.get(router) {
                Some(one) => {
                    all.known = all.known.union(&one.known);
                    all.complete &= one.complete;
                }
                None => all.complete = false,
            }
        }
        Some(all)
    }
}

/// The routers with an interface that may send packets of others.
fn forwarding(network: &Network) -> BTreeSet<&Id<Router>> {
    let forwards = network.interfaces.values().filter(|interface| {
        (interface.forwards || matches!(interface.role, Role::Opaque(_)))
            && !matches!(interface.role, Role::Gateway(_))
    });
    let subnets = forwards.filter_map(|interface| network.subnets.get(&interface.subnet));
    subnets.map(|subnet| &subnet.router).collect()
}

/// The routers that something nobody can see through is joined to, or may be: it hangs on none,
/// and stands in the same account and region, or a route leads to it.
fn unseen(network: &Network) -> BTreeSet<&Id<Router>> {
    let opaque: BTreeMap<_, &str> = network
        .gateways
        .iter()
        .filter(|(_, gateway)| matches!(gateway.passage, Passage::Opaque { .. }))
        .map(|(id, gateway)| (id, &*gateway.label.scope))
        .collect();
    let scopes: BTreeSet<&str> = opaque.values().copied().collect();
    let near = network.routers.iter().filter(|(_, it)| scopes.contains(&*it.label.scope));
    let mut unseen: BTreeSet<&Id<Router>> = near.map(|(id, _)| id).collect();
    for subnet in network.subnets.values() {
        let leads = network.tables.get(&subnet.table).is_none_or(|table| {
            table.routes.iter().any(|route| match &route.target {
                Target::Unknown(_) => true,
                Target::Gateway(id) => {
                    opaque.contains_key(id) || !network.gateways.contains_key(id)
                }
                Target::Local | Target::Blackhole | Target::Discard | Target::Interface(_) => false,
            })
        });
        if leads {
            unseen.insert(&subnet.router);
        }
    }
    unseen
}
