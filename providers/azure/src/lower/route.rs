//! Route tables: what Azure routes by itself, and what users say (AZ-50 to AZ-56).

use std::sync::Arc;

use cloudfw_core::{
    Destinations, Gateway, Id, IpSet, Label, Origin, Passage, Route, RouteTable, Router, Target,
    Unknown,
};
use ipnet::{IpNet, Ipv4Net};

use super::Lowering;
use super::addresses::prefix;
use super::ids::{self, key};
use super::table::{Object, at};
use super::wording::{implied, label, missing, not_recorded, unknown};
use crate::kind::Kind;
use crate::raw::{self, Resource};

/// What a table is made of: subnets with the same share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TableKey {
    /// The network.
    pub(super) router: Arc<str>,
    /// The user's table.
    pub(super) user: Option<Arc<str>>,
    /// The subnet, where it has routes of its own to Azure's services.
    pub(super) services: Option<Arc<str>>,
    /// The subnet, where nothing is told of it, or where peerings join some subnets only (AZ-64).
    pub(super) alone: Option<Arc<str>>,
}

/// Among equal prefixes the lowest wins (AZ-50); private endpoints that no table holds for come
/// before users (AZ-71).
pub(super) const BY_ENDPOINT: u8 = 0;
pub(super) const BY_USER: u8 = 1;
/// A user's routes to service tags, after those to prefixes: of a Region, of all Regions, and last
/// those of all of Azure (AZ-55).
const BY_USER_TO_TAG: [u8; 4] = [2, 3, 4, 5];
const BY_BGP: u8 = 6;
pub(super) const BY_SYSTEM: u8 = 7;

/// What Azure drops unless something else routes it (AZ-51).
const DROPPED: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

/// All of a family.
const EVERYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];

impl<'a> Lowering<'a> {
    /// The table of a subnet, made once for all that share it.
    pub(super) fn table(
        &mut self,
        wanted: &TableKey,
        subnet: &Object<'a, raw::Subnet>,
    ) -> Id<RouteTable> {
        if let Some(id) = self.tables.get(wanted) {
            return id.clone();
        }
        let router: Id<Router> = Id::new(Arc::clone(&wanted.router));
        let own = subnet.told().route_table.as_ref().map(ids::of_reference);
        let user = own.and_then(|id| self.recorded.route_tables.get(id));
        let name = match (own, self.network.routers.get(&router)) {
            (Some(id), _) => id.to_owned(),
            (None, Some(router)) => format!("system routes of {}", router.label.id),
            (None, None) => "system routes".to_owned(),
        };
        let origin = subnet.entry.origin.clone();
        let mut table =
            RouteTable { label: self.table_label(user, own, &router, &origin), routes: Vec::new() };
        self.system_routes((&router, subnet.id), &origin, &mut table);
        self.dropped_routes(&router, user, &origin, &mut table);
        self.learned_routes(&router, user, &mut table);
        self.service_routes(subnet, wanted, &mut table);
        for gap in self.loose.get(&router).into_iter().flatten() {
            table.routes.push(unresolved(gap.clone(), &origin));
        }
        if let Some(gap) = self.vague.get(&router) {
            all_unknown(&mut table, gap, &origin);
            // The network may have longer prefixes than any of these.
            table.routes.push(unresolved(gap.clone(), &origin));
        }
        match (own, user) {
            (Some(_), Some(user)) => self.user_routes(user, &router, &mut table),
            (Some(id), None) => {
                let why = self.coverage.why(Kind::RouteTables, id);
                let gap = not_recorded("the route table", id, why, &subnet.field("routeTable"));
                self.warn(gap.clone());
                all_unknown(&mut table, &gap, &origin);
            }
            (None, _) if subnet.entry.resource.is_bare() => {
                let what = format!("the route table of `{}`", ids::name(subnet.id));
                let why = "nothing is told of the subnet but that it exists";
                all_unknown(&mut table, &unknown(what, why, &origin), &origin);
            }
            (None, _) => {}
        }
        doubt_endpoints(&mut table);
        let id = self.free_table_id(&name, wanted);
        self.network.tables.insert(id.clone(), table);
        self.tables.insert(wanted.clone(), id.clone());
        id
    }

    /// The user's table is found by its id; others of its users are told apart by their network.
    fn free_table_id(&self, name: &str, wanted: &TableKey) -> Id<RouteTable> {
        let id = Id::new(key(name));
        if !self.network.tables.contains_key(&id) {
            return id;
        }
        let of = wanted.services.as_ref().or(wanted.alone.as_ref()).unwrap_or(&wanted.router);
        Id::new(format!("{} in {of}", key(name)))
    }

    fn table_label(
        &self,
        user: Option<&Object<'a, raw::RouteTable>>,
        own: Option<&str>,
        router: &Id<Router>,
        origin: &Origin,
    ) -> Label {
        match (user, own, self.network.routers.get(router)) {
            (Some(user), ..) => label(user, "route-table"),
            (None, Some(id), _) => missing(id, "route-table", origin),
            (None, None, Some(router)) => {
                let network = router.label.name.as_deref().unwrap_or(&router.label.id);
                let id: Arc<str> = format!("system routes of {network}").into();
                Label {
                    id,
                    name: None,
                    kind: "route-table",
                    origin: implied(origin),
                    ..router.label.clone()
                }
            }
            (None, None, None) => missing("system routes", "route-table", &implied(origin)),
        }
    }

    /// A table of which nothing is known.
    pub(super) fn unknown_table(
        &mut self,
        subnet: &str,
        why: Unknown,
        from: &Origin,
    ) -> Id<RouteTable> {
        let id = Id::new(format!("routes of {}", key(subnet)));
        let label = missing(subnet, "route-table", from);
        let routes = vec![unresolved(why, from)];
        self.network.tables.insert(id.clone(), RouteTable { label, routes });
        id
    }

    /// AZ-51: the network's own prefixes, those of its peers (AZ-53), and the internet.
    fn system_routes(
        &self,
        (router, subnet): (&Id<Router>, &str),
        origin: &Origin,
        table: &mut RouteTable,
    ) {
        let own = self.network.routers.get(router).map(|it| it.addresses.clone());
        let own = own.unwrap_or_default();
        let mut add = |prefixes: Vec<IpNet>, target: Target, words: &str| {
            table.routes.extend(route(prefixes, target, BY_SYSTEM, implied(origin), words));
        };
        add(own.nets(), Target::Local, "VNetLocal");
        for (net, target) in self.endpoints_of(router, subnet) {
            let hop = "InterfaceEndpoint";
            table.routes.extend(route(vec![net], target, BY_ENDPOINT, implied(origin), hop));
        }
        let mut add = |prefixes: Vec<IpNet>, target: Target, words: &str| {
            table.routes.extend(route(prefixes, target, BY_SYSTEM, implied(origin), words));
        };
        for (gateway, prefixes) in self.peers_of(router, subnet) {
            add(prefixes, Target::Gateway(gateway), "VNetPeering");
        }
        let everywhere = EVERYWHERE.into_iter().filter_map(prefix).collect();
        add(everywhere, Target::Gateway(border_of(router)), "Internet");
    }

    /// AZ-51: what Azure drops. A user's default route takes these packets too: no list of effective
    /// routes with one has them, and spokes reach each other by it.
    fn dropped_routes(
        &self,
        router: &Id<Router>,
        user: Option<&Object<'a, raw::RouteTable>>,
        origin: &Origin,
        table: &mut RouteTable,
    ) {
        let routes = user.into_iter().flat_map(|user| user.told().routes.iter().flatten());
        let mut texts = routes.filter_map(|route| route.properties.address_prefix.as_deref());
        if texts.any(|text| prefix(text).is_some_and(|net| net == IpNet::V4(Ipv4Net::default()))) {
            return;
        }
        let own = self.network.routers.get(router).map(|it| it.addresses.clone());
        let own = own.unwrap_or_default();
        let inside = |net: &IpNet| IpSet::from(*net).is_subset(&own);
        let dropped = DROPPED.into_iter().filter_map(prefix).filter(|net| !inside(net)).collect();
        let origin = implied(origin);
        table.routes.extend(route(dropped, Target::Discard, BY_SYSTEM, origin, "None"));
    }

    /// The private endpoints of a network and its peers for which no user-defined route holds: Azure
    /// routes to each address by itself (AZ-71, AZ-72).
    fn endpoints_of(&self, router: &Id<Router>, from: &str) -> Vec<(IpNet, Target)> {
        let mut found = Vec::new();
        for object in self.recorded.interfaces.iter() {
            if object.told().private_endpoint.is_none() {
                continue;
            }
            let Some(interface) = self.network.interfaces.get(object.key.as_ref()) else {
                continue;
            };
            let subnet = self.recorded.subnets.get(interface.subnet.as_str());
            let policies =
                subnet.and_then(|it| it.told().private_endpoint_network_policies.as_deref());
            let bound = ["Enabled", "RouteTableEnabled"];
            let bound =
                policies.is_some_and(|word| bound.iter().any(|it| word.eq_ignore_ascii_case(it)));
            // A table that holds for it overrules it by any prefix as long as the network's.
            if bound {
                continue;
            }
            let home = ids::parent(interface.subnet.as_str()).unwrap_or_default();
            for net in interface.addresses.iter().map(|address| IpNet::from(address.ip)) {
                let target = if home == router.as_str() {
                    Some(Target::Local)
                } else {
                    self.link_to((router, from), (home, net)).map(Target::Gateway)
                };
                found.extend(target.map(|target| (net, target)));
            }
        }
        found
    }

    /// What a gateway knows of networks elsewhere: known where static, else it may be anything
    /// (AZ-50, AZ-56).
    fn learned_routes(
        &mut self,
        router: &Id<Router>,
        user: Option<&Object<'a, raw::RouteTable>>,
        table: &mut RouteTable,
    ) {
        if user.is_some_and(|user| user.told().disable_bgp_route_propagation.given() == Some(&true))
        {
            return;
        }
        for learned in self.learned(router) {
            let target = Target::Gateway(learned.gateway.clone());
            let origin = learned.origin.clone();
            table.routes.extend(route(
                learned.prefixes,
                target,
                BY_BGP,
                origin.clone(),
                "VirtualNetworkGateway",
            ));
            if let Some(why) = learned.others {
                table.routes.push(unresolved(why, &origin));
            }
        }
    }

    /// The routes that a service endpoint adds: to addresses that Azure's tags tell.
    fn service_routes(
        &self,
        subnet: &Object<'a, raw::Subnet>,
        wanted: &TableKey,
        table: &mut RouteTable,
    ) {
        if wanted.services.is_none() {
            return;
        }
        let origin = subnet.field("serviceEndpoints");
        let what = format!("the service endpoints of `{}`", ids::name(subnet.id));
        let why = "which addresses they route to Azure's services is not modelled";
        table.routes.push(unresolved(unknown(what, why, &origin), &origin));
    }

    fn user_routes(
        &mut self,
        user: &Object<'a, raw::RouteTable>,
        router: &Id<Router>,
        table: &mut RouteTable,
    ) {
        let Some(routes) = &user.told().routes else {
            let origin = &user.entry.origin;
            let gap = unknown("the routes", "the table does not tell them", origin);
            return all_unknown(table, &gap, origin);
        };
        if user.is_contradicted {
            let why = "documents of the recording tell them in different ways";
            table.routes.push(unresolved(
                unknown("the routes", why, &user.entry.origin),
                &user.entry.origin,
            ));
        }
        for (index, told) in routes.iter().enumerate() {
            let origin = user.element("routes", index);
            let text = told.properties.address_prefix.as_deref().unwrap_or_default();
            if prefix(text).is_none()
                && !text.starts_with(|first: char| first.is_ascii_alphabetic())
            {
                let what = format!("where the route `{text}` applies");
                let gap = unknown(what, "its addressPrefix is neither a prefix nor a tag", &origin);
                return all_unknown(table, &gap, &origin);
            }
            let route = self.user_route(told, &origin, router);
            table.routes.push(route);
        }
    }

    fn user_route(
        &mut self,
        told: &Resource<raw::Route>,
        origin: &Origin,
        router: &Id<Router>,
    ) -> Route {
        let prefix_text = told.properties.address_prefix.as_deref().unwrap_or_default();
        let hop = told.properties.next_hop_type.as_deref().unwrap_or_default();
        let via = told.properties.next_hop_ip_address.as_deref().filter(|ip| !ip.is_empty());
        let target = self.user_target(hop, via, origin, router);
        let (destinations, preference) = match prefix(prefix_text) {
            Some(net) => (Destinations::Prefixes(vec![net]), BY_USER),
            None => {
                let place = at(origin, |own| told.field_at(own, "addressPrefix"));
                (self.prefixes_of_tag(prefix_text, &place), preference_of_tag(prefix_text))
            }
        };
        let name = told.name.as_deref().unwrap_or_default();
        let via = via.map(|ip| format!(" {ip}")).unwrap_or_default();
        let text = format!("{name}: {prefix_text} -> {hop}{via}").into();
        Route { destinations, target, preference, origin: origin.clone(), text }
    }

    /// AZ-55: what a tag stands for, where a recorded list tells it.
    fn prefixes_of_tag(&self, tag: &str, origin: &Origin) -> Destinations {
        match self.tags.listed_prefixes(tag) {
            Some(set) => Destinations::Prefixes(set.nets()),
            None => {
                let what = format!("the route to `{tag}`");
                let command = Kind::ServiceTags.command();
                let why =
                    format!("no recorded list tells what the tag stands for: add `{command}`");
                Destinations::Unresolved(unknown(what, why, origin))
            }
        }
    }

    /// AZ-52. Words of routes differ from those of effective ones (T-8).
    fn user_target(
        &mut self,
        hop: &str,
        via: Option<&str>,
        origin: &Origin,
        router: &Id<Router>,
    ) -> Target {
        let is = |word: &str| hop.eq_ignore_ascii_case(word);
        if is("VnetLocal") || is("VirtualNetwork") {
            Target::Local
        } else if is("Internet") {
            Target::Gateway(border_of(router))
        } else if is("None") || is("Null") {
            Target::Discard
        } else if is("VirtualAppliance") {
            self.appliance(via, origin, router)
        } else if is("VirtualNetworkGateway") {
            let gateways: Vec<Id<Gateway>> =
                self.learned(router).into_iter().map(|it| it.gateway).collect();
            match gateways.as_slice() {
                [gateway] => Target::Gateway(gateway.clone()),
                _ => Target::Unknown(unknown(
                    "the virtual network gateway",
                    self.coverage.why(Kind::VirtualNetworkGateways, router.as_str()),
                    origin,
                )),
            }
        } else {
            Target::Unknown(unknown(
                format!("the next hop `{hop}`"),
                "cloudfw does not know it",
                origin,
            ))
        }
    }

    /// The interface that holds the address of an appliance, in the network or a peer of it.
    fn appliance(&self, via: Option<&str>, origin: &Origin, router: &Id<Router>) -> Target {
        let shown = via.unwrap_or_default();
        let address = via.and_then(|via| via.parse::<std::net::IpAddr>().ok());
        let peers: Vec<Id<Router>> = self.peered_routers(router);
        let is_near = |subnet: &Id<cloudfw_core::Subnet>| {
            let network = ids::parent(subnet.as_str()).unwrap_or_default();
            network == router.as_str() || peers.iter().any(|peer| peer.as_str() == network)
        };
        let mut holders = self.network.interfaces.iter().filter(|(_, interface)| {
            is_near(&interface.subnet)
                && interface.addresses.iter().any(|held| Some(held.ip) == address)
        });
        match (holders.next(), holders.next()) {
            (Some((id, _)), None) => Target::Interface(id.clone()),
            _ => Target::Unknown(unknown(
                format!("the appliance at `{shown}`"),
                "no recorded interface of the network or its peers holds the address, or several do: \
                 it may be a firewall, a load balancer, or gone",
                origin,
            )),
        }
    }
}

/// Whether a route is a user's.
pub(super) fn is_by_user(preference: u8) -> bool {
    (BY_USER..BY_BGP).contains(&preference)
}

/// AZ-55: among equal prefixes.
fn preference_of_tag(tag: &str) -> u8 {
    let tag = tag.to_ascii_lowercase();
    let is_azure = tag == "azurecloud" || tag.starts_with("azurecloud.");
    let [of_region, of_all, azure_of_region, azure] = BY_USER_TO_TAG;
    match (is_azure, tag.contains('.')) {
        (false, true) => of_region,
        (false, false) => of_all,
        (true, true) => azure_of_region,
        (true, false) => azure,
    }
}

/// Whether a prefix is one of those that Azure drops unless something else routes it (AZ-51).
pub(super) fn is_dropped(net: &IpNet) -> bool {
    DROPPED.into_iter().filter_map(prefix).any(|it| it == *net)
}

/// The border between a network and the internet.
pub(super) fn border_of(router: &Id<Router>) -> Id<Gateway> {
    Id::new(format!("internet of {router}"))
}

fn route(
    prefixes: Vec<IpNet>,
    target: Target,
    preference: u8,
    origin: Origin,
    hop: &str,
) -> Option<Route> {
    if prefixes.is_empty() {
        return None;
    }
    let shown: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
    let text = format!("{} -> {hop}", shown.join(",")).into();
    Some(Route { destinations: Destinations::Prefixes(prefixes), target, preference, origin, text })
}

/// AZ-71, AZ-72: whether a user's route for the very address of a private endpoint wins where no
/// table is said to hold for it, no statement says: it is as long as Azure's own, and users had no
/// other way before tables could hold.
fn doubt_endpoints(table: &mut RouteTable) {
    let of = |route: &Route| match &route.destinations {
        Destinations::Prefixes(prefixes) => prefixes.clone(),
        Destinations::Unresolved(_) => Vec::new(),
    };
    let users = table.routes.iter().filter(|route| route.preference == BY_USER);
    let users: Vec<(Vec<IpNet>, Target, Origin)> =
        users.map(|route| (of(route), route.target.clone(), route.origin.clone())).collect();
    for route in table.routes.iter_mut().filter(|route| route.preference == BY_ENDPOINT) {
        let own = of(route);
        let rival = users.iter().find(|(nets, target, _)| {
            *target != route.target && own.iter().any(|net| nets.contains(net))
        });
        if let Some((_, _, origin)) = rival {
            let what = format!("whether a user's route overrules `{}`", route.text);
            let why = "both are for the address of the private endpoint alone, and the policies of \
                       its subnet let no table hold for it (AZ-71, AZ-72)";
            route.target = Target::Unknown(unknown(what, why, origin));
        }
    }
}

/// Where a user may have routed anything: no prefix leads where Azure alone would send it.
fn all_unknown(table: &mut RouteTable, why: &Unknown, origin: &Origin) {
    let prefixes = table.routes.iter().filter_map(|route| match &route.destinations {
        Destinations::Prefixes(prefixes) => Some(prefixes.clone()),
        Destinations::Unresolved(_) => None,
    });
    let prefixes: Vec<IpNet> = prefixes.flatten().collect();
    let target = Target::Unknown(why.clone());
    table.routes.extend(route(prefixes, target, BY_USER, origin.clone(), "unknown"));
}

/// Routes of which nobody knows where they lead.
fn unresolved(why: Unknown, origin: &Origin) -> Route {
    let text = why.what.clone();
    let target = Target::Unknown(why.clone());
    let destinations = Destinations::Unresolved(why);
    Route { destinations, target, preference: BY_BGP, origin: origin.clone(), text }
}

/// The opaque way to networks elsewhere.
pub(super) fn opaque(label: Label, unknown: Unknown) -> Gateway {
    Gateway {
        label,
        passage: Passage::Opaque { unknown, rewrites: false },
        stack: cloudfw_core::Stack::default(),
        closed: None,
        doubts: Vec::new(),
    }
}
