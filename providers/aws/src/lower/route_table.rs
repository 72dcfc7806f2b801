//! Route tables: which one is used where (AWS-60, AWS-71), and what is in it (AWS-61 to AWS-64).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use cloudfw_core::{
    Destinations, Gateway, Id, IpSet, Label, Origin, Passage, Route, RouteTable, Router, Scope,
    Target, Unknown,
};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::Lowering;
use super::foreign::InRules;
use super::label::{implied, label, missing, name_tag, unknown, within};
use super::recorded::Recorded;
use super::scope::compatible;
use super::subnet::addresses as addresses_of_subnet;
use super::table::{Entry, Object};
use crate::kind::Kind;
use crate::raw;

/// A table that says that it is used somewhere.
#[derive(Debug, Clone)]
struct Use {
    scopes: BTreeSet<Scope>,
    key: Arc<str>,
    /// Whether the association holds, and is not on its way.
    settled: bool,
}

/// Which tables say that they are used where.
#[derive(Debug, Default)]
pub(super) struct TableUse<'a> {
    by_subnet: BTreeMap<&'a str, Vec<Use>>,
    /// The main tables, by VPC.
    main: BTreeMap<&'a str, Vec<Use>>,
    by_gateway: BTreeMap<&'a str, Vec<Use>>,
    /// The VPCs with an association of which it is not recorded with what; none for any VPC.
    unplaced: BTreeSet<Option<&'a str>>,
}

/// What is known of who uses what.
enum Used {
    /// This table, and no other.
    Table(Arc<str>),
    /// Nobody says so.
    Nobody,
    /// Several say so, or one that is on its way.
    Unsettled,
}

impl<'a> TableUse<'a> {
    pub(super) fn new(recorded: &'a Recorded<'a>) -> Self {
        let mut uses = Self::default();
        for object in recorded.tables.iter() {
            for entry in &object.versions {
                let vpc = entry.value.vpc_id.as_deref();
                let Some(associations) = &entry.value.associations else {
                    uses.unplaced.insert(vpc);
                    continue;
                };
                for association in associations {
                    uses.note(object, vpc, association);
                }
            }
        }
        uses
    }

    fn note(
        &mut self,
        object: &Object<'a, raw::RouteTable>,
        vpc: Option<&'a str>,
        association: &'a raw::RouteTableAssociation,
    ) {
        let state = association.association_state.as_ref().and_then(|state| state.state.as_deref());
        if association.is_over() {
            return;
        }
        // One that says that it is of another table is told in two ways.
        let of = association.route_table_id.as_deref();
        let settled =
            matches!(state, None | Some("associated")) && of.is_none_or(|of| of == object.id);
        let used = Use { scopes: object.scopes.clone(), key: Arc::clone(&object.key), settled };
        let main = association.main.given();
        if let Some(subnet) = association.subnet_id.as_deref() {
            self.by_subnet.entry(subnet).or_default().push(used);
        } else if let Some(gateway) = association.gateway_id.as_deref() {
            self.by_gateway.entry(gateway).or_default().push(used);
        } else if let (Some(true), Some(vpc)) = (main, vpc) {
            self.main.entry(vpc).or_default().push(used);
        } else if association.public_ipv4_pool.is_none() {
            self.unplaced.insert(vpc);
        }
    }

    /// Whether an association of the VPC may be with anything.
    fn is_unplaced(&self, vpc: Option<&str>) -> bool {
        match vpc {
            _ if self.unplaced.contains(&None) => true,
            Some(vpc) => self.unplaced.contains(&Some(vpc)),
            None => !self.unplaced.is_empty(),
        }
    }
}

impl raw::RouteTableAssociation {
    /// Whether it is an association no longer, or never became one.
    pub(super) fn is_over(&self) -> bool {
        let state = self.association_state.as_ref().and_then(|state| state.state.as_deref());
        matches!(state, Some("disassociated" | "failed"))
    }
}

fn used(uses: Option<&Vec<Use>>, from: &Scope) -> Used {
    let uses = uses.map_or(&[][..], Vec::as_slice);
    let exact = |one: &&Use| one.scopes.contains(from);
    let near = |one: &&Use| one.scopes.iter().any(|scope| compatible(scope, from));
    let mut found: Vec<&Use> = uses.iter().filter(exact).collect();
    if found.is_empty() {
        found = uses.iter().filter(near).collect();
    }
    let keys: BTreeSet<&Arc<str>> = found.iter().map(|one| &one.key).collect();
    match (keys.first(), keys.len()) {
        (None, _) => Used::Nobody,
        (Some(key), 1) if found.iter().all(|one| one.settled) => Used::Table(Arc::clone(key)),
        _ => Used::Unsettled,
    }
}

impl Lowering<'_> {
    /// The table of a subnet: its own, else the main one of the VPC (AWS-60); where it is not
    /// known which that is, one whose routes are unknown.
    pub(super) fn table_of(
        &mut self,
        subnet: &str,
        vpc: Option<&str>,
        scope: &Scope,
        origin: &Origin,
    ) -> Id<RouteTable> {
        let why = match used(self.table_use.by_subnet.get(subnet), scope) {
            Used::Table(key) => return Id::new(key),
            Used::Unsettled => "its association is on its way, or told in two ways".to_owned(),
            Used::Nobody if self.table_use.is_unplaced(vpc) => {
                "it is not recorded of a route table which subnets use it".to_owned()
            }
            // It may be among the tables that were not read.
            Used::Nobody => match (self.coverage.missing(Kind::RouteTables, scope), vpc) {
                (Some(why), _) => why,
                (None, Some(vpc)) => match used(self.table_use.main.get(vpc), scope) {
                    Used::Table(key) => return Id::new(key),
                    _ => format!("no one route table is recorded as the main one of {vpc}"),
                },
                (None, None) => "its VPC is not recorded".to_owned(),
            },
        };
        let id = format!("the route table of {subnet}");
        let gap = unknown(id.as_str(), why, origin);
        self.unknown_table(&id, gap, scope, origin)
    }

    /// Whether a table says that it is a subnet's, or the main one of its VPC.
    pub(super) fn has_table(&self, subnet: &str, vpc: Option<&str>, scope: &Scope) -> bool {
        let uses = &self.table_use;
        let found = |uses| !matches!(used(uses, scope), Used::Nobody);
        found(uses.by_subnet.get(subnet)) || found(vpc.and_then(|vpc| uses.main.get(vpc)))
    }

    /// A table of which nothing is known.
    fn unknown_table(
        &mut self,
        id: &str,
        gap: Unknown,
        scope: &Scope,
        origin: &Origin,
    ) -> Id<RouteTable> {
        let key = Id::new(id);
        let label = missing(id, "route-table", scope, origin);
        let routes = vec![unknown_route(gap, origin)];
        self.network.tables.entry(key.clone()).or_insert(RouteTable { label, routes });
        key
    }

    /// The tables that packets entering by an internet gateway are routed by (AWS-71).
    pub(super) fn lower_edge_tables(&mut self) {
        let borders: Vec<(Id<Gateway>, Label, Id<Router>)> = self
            .network
            .gateways
            .iter()
            .filter_map(|(key, gateway)| match &gateway.passage {
                Passage::Border { router, .. } => {
                    Some((key.clone(), gateway.label.clone(), router.clone()))
                }
                _ => None,
            })
            .collect();
        for (key, label, router) in borders {
            let edge = self.edge_table(&label.id, &router, &label.origin);
            if let Some(Passage::Border { table, .. }) =
                self.network.gateways.get_mut(&key).map(|gateway| &mut gateway.passage)
            {
                *table = edge;
            }
        }
    }

    fn edge_table(
        &mut self,
        gateway: &str,
        router: &Id<Router>,
        origin: &Origin,
    ) -> Option<Id<RouteTable>> {
        let scope = self.scope_of_router(router);
        let vpc = self.network.routers.get(router).map(|router| Arc::clone(&router.label.id));
        let why = match used(self.table_use.by_gateway.get(gateway), &scope) {
            Used::Table(key) => return Some(Id::new(key)),
            Used::Unsettled => "its association is on its way, or told in two ways".to_owned(),
            Used::Nobody if self.table_use.is_unplaced(vpc.as_deref()) => {
                "it is not recorded of a route table what uses it".to_owned()
            }
            Used::Nobody => self.coverage.missing(Kind::RouteTables, &scope)?,
        };
        let id = format!("the route table of {gateway}");
        let gap = unknown(id.as_str(), why, origin);
        Some(self.unknown_table(&id, gap, &scope, origin))
    }

    pub(super) fn lower_route_tables(&mut self) {
        for object in self.recorded.tables.iter() {
            let tags = object.first().and_then(|entry| entry.value.tags.as_ref());
            let label = label(object, "route-table", name_tag(tags));
            let routes = match (object.contradiction(), object.first()) {
                (Some(contradiction), _) => vec![unknown_route(contradiction, &label.origin)],
                (None, Some(entry)) => self.routes(entry, object.id),
                (None, None) => Vec::new(),
            };
            let key = Id::new(Arc::clone(&object.key));
            self.network.tables.insert(key, RouteTable { label, routes });
        }
    }

    fn routes(&mut self, table: &Entry<'_, raw::RouteTable>, id: &str) -> Vec<Route> {
        let vpc = table.value.vpc_id.as_deref();
        let router = self.router(vpc, &table.scope, &table.origin);
        let Some(told) = &table.value.routes else {
            let gap = unknown(format!("the routes of {id}"), "not recorded", &table.origin);
            return vec![unknown_route(gap, &table.origin)];
        };
        let foreign = InRules::new(&table.foreign);
        let mut routes = Vec::with_capacity(told.len());
        // The prefixes of routes that do not say whether they are propagated (AWS-63).
        let mut unranked = BTreeSet::new();
        // Blocks that cannot be read: a list cannot be more specific than a local route, a block can
        // (AWS-62), so that no route of its family is certain to win.
        let mut unreadable = Vec::new();
        for (i, route) in told.iter().enumerate() {
            let origin = within(&table.origin, "Routes", i);
            let mut lowered = self.route(route, &router, &table.scope, &origin);
            if let Some(unknown) = foreign.of("Routes", i).any() {
                lowered.target = Target::Unknown(unknown);
            }
            routes.extend(self.doubtful_part(route, &lowered, &table.scope));
            if route.origin.is_none() {
                unranked.extend(prefixes(&lowered).iter().map(IpNet::trunc));
            }
            if let Destinations::Unresolved(gap) = &lowered.destinations
                && route.destination_prefix_list_id.is_none()
            {
                unreadable.push((families(route), gap.clone()));
            }
            routes.push(lowered);
        }
        self.add_local_routes(&mut routes, vpc, &router, table);
        routes.sort_by(|one, two| (&one.text, one.preference).cmp(&(&two.text, two.preference)));
        routes.dedup_by(|two, one| {
            one.text == two.text
                && one.destinations == two.destinations
                && one.target == two.target
                && one.preference == two.preference
        });
        settle_ties(&mut routes, &unranked);
        for (families, gap) in unreadable {
            blur(&mut routes, families, &gap, &table.origin);
        }
        routes
    }

    /// The IPv6 blocks of a VPC's subnets that none of these holds.
    fn blocks_of_subnets(&self, vpc: &Object<'_, raw::Vpc>, known: &BTreeSet<IpNet>) -> Vec<IpNet> {
        let own = self.recorded.subnets.iter().filter_map(Object::first).filter(|entry| {
            let id = entry.value.vpc_id.as_deref();
            let vpc_of = id.and_then(|id| self.recorded.vpcs.get(id, &entry.scope));
            vpc_of.is_some_and(|of| of.key == vpc.key)
        });
        let blocks = own.flat_map(|entry| addresses_of_subnet(entry.value).0.only_v6().nets());
        blocks.filter(|block| !known.iter().any(|known| known.contains(block))).collect()
    }

    /// The part of a route by a prefix list whose entries are not understood in full: it may be
    /// about them or not.
    fn doubtful_part(&self, route: &raw::Route, whole: &Route, scope: &Scope) -> Option<Route> {
        let id = route.destination_prefix_list_id.as_deref()?;
        let Destinations::Prefixes(_) = whole.destinations else { return None };
        let list = self.prefix_list(id, scope, &whole.origin).ok()?;
        let (_, unknown) = list.doubtful.first()?;
        let prefixes = list.doubtful.iter().map(|(block, _)| *block).collect();
        Some(Route {
            destinations: Destinations::Prefixes(prefixes),
            target: Target::Unknown(unknown.clone()),
            text: format!("{} (in part)", whole.text).into(),
            ..whole.clone()
        })
    }

    /// Every table has the local routes of its VPC, also where they are not listed (AWS-61).
    fn add_local_routes(
        &mut self,
        routes: &mut Vec<Route>,
        vpc: Option<&str>,
        router: &Id<Router>,
        table: &Entry<'_, raw::RouteTable>,
    ) {
        let listed: BTreeSet<IpNet> = routes.iter().flat_map(prefixes).copied().collect();
        let Some(object) = vpc.and_then(|id| self.recorded.vpcs.get(id, &table.scope)) else {
            // The VPC is not recorded: its local routes tell its addresses.
            let local = routes.iter().filter(|route| route.target == Target::Local);
            let addresses: IpSet = local.flat_map(prefixes).copied().collect();
            self.widen(router, &addresses);
            return;
        };
        let mut blocks = BTreeSet::new();
        for entry in &object.versions {
            blocks.extend(self.blocks(object, entry.value, &entry.origin));
            // What the VPC does not tell of itself, its subnets and its local routes do.
            if entry.value.ipv6_cidr_block_association_set.is_none() {
                blocks.extend(self.blocks_of_subnets(object, &blocks));
                let local = routes.iter().filter(|route| route.target == Target::Local);
                let addresses: IpSet = local.flat_map(prefixes).copied().collect();
                self.widen(router, &addresses.only_v6());
            }
        }
        for block in blocks.difference(&listed) {
            routes.push(Route {
                destinations: Destinations::Prefixes(vec![*block]),
                target: Target::Local,
                preference: 0,
                origin: implied(&table.origin),
                text: format!("{block} -> local").into(),
            });
        }
    }
}

/// The prefixes of a route.
fn prefixes(route: &Route) -> &[IpNet] {
    match &route.destinations {
        Destinations::Prefixes(prefixes) => prefixes,
        Destinations::Unresolved(_) => &[],
    }
}

/// Everything of each family.
const ALL: [IpNet; 2] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0)),
];

/// The families that a route without a block that can be read may be about.
fn families(route: &raw::Route) -> &'static [IpNet] {
    match (&route.destination_cidr_block, &route.destination_ipv6_cidr_block) {
        (Some(_), None) => &ALL[..1],
        (None, Some(_)) => &ALL[1..],
        _ => &ALL,
    }
}

/// Makes it unknown where anything of these families goes.
fn blur(routes: &mut Vec<Route>, families: &[IpNet], gap: &Unknown, origin: &Origin) {
    let meant = |prefix: &IpNet| families.iter().any(|all| all.contains(prefix));
    for route in routes.iter_mut().filter(|route| prefixes(route).iter().any(meant)) {
        route.target = Target::Unknown(gap.clone());
    }
    let mut rest = unknown_route(gap.clone(), origin);
    rest.destinations = Destinations::Prefixes(families.to_vec());
    routes.push(rest);
}

/// A route of everything to where nobody knows.
fn unknown_route(gap: Unknown, origin: &Origin) -> Route {
    Route {
        destinations: Destinations::Prefixes(ALL.to_vec()),
        target: Target::Unknown(gap),
        preference: 0,
        origin: origin.clone(),
        text: "? -> ?".into(),
    }
}

/// Where two routes have the same prefix and no reason why one should win, neither is known.
fn settle_ties(routes: &mut [Route], unranked: &BTreeSet<IpNet>) {
    let mut winners: BTreeMap<(IpNet, u8), usize> = BTreeMap::new();
    let mut tied = BTreeSet::new();
    for (index, route) in routes.iter().enumerate() {
        for prefix in prefixes(route) {
            let prefix = prefix.trunc();
            let rank = if unranked.contains(&prefix) { 0 } else { route.preference };
            let key = (prefix, rank);
            let other = *winners.entry(key).or_insert(index);
            let same = routes.get(other).is_some_and(|other| other.target == route.target);
            if !same {
                tied.extend([other, index]);
            }
        }
    }
    for index in tied {
        if let Some(route) = routes.get_mut(index) {
            route.target = Target::Unknown(unknown(
                format!("where {} leads", route.text),
                "another route has the same destination, and nothing says which wins",
                &route.origin,
            ));
        }
    }
}
