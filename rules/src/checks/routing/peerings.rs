//! What crosses a peering, and whether its replies find back.

use std::collections::BTreeMap;

use cloudfw_core::{
    Gateway, Id, IpSet, Label, Network, Passage, Route, RouteTable, RuleCite, Target,
};

use crate::routes::{Routes, Table};

/// A table by which the replies to what comes by a peering are sent, and some not by that peering.
#[derive(Debug)]
pub(super) struct Unanswered<'n> {
    /// The peering.
    pub(super) gateway: &'n Gateway,
    /// The table of those who answer.
    pub(super) table: &'n RouteTable,
    /// The subnets of those who answer.
    pub(super) answering: Vec<&'n Label>,
    /// The routes that lead to them.
    pub(super) there: Vec<RuleCite>,
    /// The callers that no route leads back to, or one to nowhere.
    pub(super) lost: IpSet,
    /// The callers that are answered by another way.
    pub(super) elsewhere: Vec<(&'n Route, IpSet)>,
    /// The routes whose destinations are not known, so that they may lead back.
    pub(super) maybe: Vec<(&'n Route, cloudfw_core::Unknown)>,
}

/// All of them, in order. Only addresses that interfaces hold count.
pub(super) fn unanswered<'n>(network: &'n Network, routes: &Routes<'n>) -> Vec<Unanswered<'n>> {
    let mut of_router: BTreeMap<_, Vec<(&Table<'n>, IpSet)>> = BTreeMap::new();
    for table in routes.tables() {
        let held = routes.held(table);
        if let Some((_, subnet)) = table.subnets.first().filter(|_| !held.is_empty()) {
            of_router.entry(&subnet.router).or_default().push((table, held));
        }
    }
    let mut all = Vec::new();
    for (id, gateway) in &network.gateways {
        let Passage::Link { ends: [one, two], .. } = &gateway.passage else { continue };
        if gateway.closed.is_some() {
            continue;
        }
        let tables = |router| of_router.get(router).map_or(&[][..], Vec::as_slice);
        for (here, there) in [(one, two), (two, one)] {
            let back =
                |(table, held)| of_table(network, routes, id, gateway, tables(here), table, held);
            all.extend(tables(there).iter().filter_map(|(table, held)| back((*table, held))));
        }
    }
    all
}

fn of_table<'n>(
    network: &'n Network,
    routes: &Routes<'n>,
    id: &Id<Gateway>,
    gateway: &'n Gateway,
    callers: &[(&Table<'n>, IpSet)],
    table: &Table<'n>,
    held: &IpSet,
) -> Option<Unanswered<'n>> {
    let by_it = |target: &Target| matches!(target, Target::Gateway(to) if to == id);
    let (mut clients, mut there) = (Vec::new(), Vec::new());
    for (from, own) in callers {
        let leading: Vec<&Route> = from
            .towards(held)
            .filter(|(won, _)| by_it(&won.route.target))
            .map(|(won, _)| won.route)
            .collect();
        if !leading.is_empty() {
            clients.push(own.clone());
            there.extend(leading.iter().map(|route| RuleCite::of_route(from.table, route)));
        }
    }
    let clients = IpSet::union_of(&clients);
    let mut rest = clients.clone();
    let (mut lost, mut elsewhere) = (Vec::new(), Vec::new());
    for (won, part) in table.towards(&clients) {
        rest = rest.difference(&part);
        match &won.route.target {
            target if by_it(target) => {}
            // The same addresses on both sides: the peering overlaps.
            Target::Local => {}
            Target::Blackhole | Target::Discard => lost.push(part),
            Target::Gateway(other) if is_closed(network, other) => lost.push(part),
            _ => elsewhere.push((won.route, part)),
        }
    }
    lost.push(rest);
    let lost = IpSet::union_of(&lost);
    if lost.is_empty() && elsewhere.is_empty() {
        return None;
    }
    let maybe = table.unresolved().map(|(route, unknown)| (route, unknown.clone())).collect();
    let answering = routes.in_use(table);
    let table = table.table;
    Some(Unanswered { gateway, table, answering, there, lost, elsewhere, maybe })
}

fn is_closed(network: &Network, id: &Id<Gateway>) -> bool {
    network.gateways.get(id).is_some_and(|gateway| gateway.closed.is_some())
}
