//! Routes: each of Azure's beside the one of its prefix and source (AZ-50 to AZ-56, AZ-72).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Destinations, Gateway, Id, IpSet, Origin, Passage, Route, RouteTable, Subnet, Target, Unknown,
};
use cloudfw_documents::Element;
use ipnet::IpNet;

use super::super::Lowering;
use super::super::addresses::prefix;
use super::super::external::INTERNET;
use super::super::ids;
use super::super::recorded::Effective;
use super::super::route::{BY_ENDPOINT, BY_SYSTEM, BY_USER, is_dropped};
use super::super::table::Object;
use super::{Report, place};
use crate::raw::{self, EffectiveRoute};

/// A shorter prefix than this one Azure does not keep for itself.
const SHORTEST_KEPT: u8 = 8;

/// Who made a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Default,
    User,
    Gateway,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Hop {
    Local,
    Peering,
    Internet,
    None,
    Appliance(Option<IpAddr>),
    Gateway,
    /// A private endpoint.
    Endpoint,
    /// Azure's services, by a service endpoint.
    Service,
    Other(String),
}

/// A route to one prefix, as it was lowered.
struct Own {
    to: IpNet,
    source: Source,
    hop: Hop,
    /// Whether no other route to its prefix is preferred.
    wins: bool,
}

/// A route to one prefix, as Azure's list has it.
struct Told {
    to: IpNet,
    source: Option<Source>,
    hop: Hop,
    is_active: bool,
    origin: Origin,
}

/// The routes of a subnet as they were lowered.
struct Table {
    routes: Vec<Own>,
    /// Whether users, or gateways and services, may have routes to prefixes that are not told.
    may_be_users: bool,
    may_be_others: bool,
    /// The prefixes of which nobody knows where they lead.
    vague: BTreeSet<IpNet>,
    has_v6: bool,
}

impl<'a> Lowering<'a> {
    /// Lays routes beside those of the subnet's table; where they lead by prefixes that differ is
    /// not known any more.
    pub(super) fn compare_routes(
        &mut self,
        object: &Object<'a, raw::NetworkInterface>,
        list: &Effective<'a>,
        routes: &'a [Element<EffectiveRoute>],
    ) -> Option<Report> {
        let interface = self.network.interfaces.get(object.key.as_ref())?;
        let id = self.network.subnets.get(&interface.subnet)?.table.clone();
        let table = self.network.tables.get(&id)?;
        let own = self.own_routes(table, &interface.subnet);
        let mut report = Report::default();
        let mut told = Vec::new();
        for element in routes {
            told_routes(list, element, &mut told, &mut report);
        }
        let doubted = self.compare_tables(&own, &told, object, &list.origin, &mut report);
        self.keep_from_internet(&report.kept);
        if let Some(table) = self.network.tables.get_mut(&id) {
            let routes = doubted.into_iter().map(|(to, why)| Route {
                destinations: Destinations::Prefixes(vec![to]),
                target: Target::Unknown(why),
                preference: BY_ENDPOINT,
                origin: list.origin.clone(),
                text: format!("{to} -> unknown").into(),
            });
            // Before all others of its prefix.
            table.routes.splice(0..0, routes);
        }
        Some(report)
    }

    /// What Azure keeps for itself is no part of the internet: who has such an address is not known.
    fn keep_from_internet(&mut self, kept: &[IpNet]) {
        let kept: Vec<IpSet> = kept.iter().map(|net| IpSet::from(*net)).collect();
        if let Some(internet) = self.network.externals.get_mut(INTERNET) {
            internet.addresses = internet.addresses.difference(&IpSet::union_of(&kept));
        }
    }

    /// The prefixes that the two differ about, each with how.
    fn compare_tables(
        &self,
        own: &Table,
        told: &[Told],
        object: &Object<'a, raw::NetworkInterface>,
        origin: &Origin,
        report: &mut Report,
    ) -> BTreeMap<IpNet, Unknown> {
        let mut doubted = BTreeMap::new();
        let mut met = vec![false; own.routes.len()];
        for route in told.iter().filter(|route| !own.vague.contains(&route.to)) {
            report.count += 1;
            let of_prefix = own.routes.iter().zip(&mut met);
            let mut same = of_prefix
                .filter(|(it, _)| it.to == route.to && Some(it.source) == route.source)
                .filter(|(it, _)| it.hop == route.hop);
            let what = format!("the route to {} at `{}`", route.to, ids::name(object.id));
            if let Some((it, met)) = same.next() {
                *met = true;
                let others = told.iter().filter(|other| other.to == route.to && other.is_active);
                let overruled = others.filter(|other| own.explains(other)).count() > 0;
                if it.wins != route.is_active && !(it.wins && overruled) {
                    let how = if it.wins { "another is preferred" } else { "it is in use" };
                    doubted.insert(route.to, report.differs(what, how, &route.origin));
                }
                continue;
            }
            if own.explains(route) || self.is_endpoint(route) {
                continue;
            }
            if route.is_kept() {
                let why = "Azure drops what is sent there, and documents do not tell why";
                report.notes.push(super::unknown(what, why, &route.origin));
                report.kept.push(route.to);
                continue;
            }
            let how = format!("it leads to {}", route.hop.words());
            doubted.insert(route.to, report.differs(what, &how, &route.origin));
        }
        let missing = own.routes.iter().zip(met).filter(|(_, met)| !met).map(|(route, _)| route);
        for route in missing.filter(|route| route.wins && !own.may_be_missing(route, told)) {
            let what = format!("the route to {} at `{}`", route.to, ids::name(object.id));
            let how = format!("none leads to {} there", route.hop.words());
            doubted.insert(route.to, report.differs(what, &how, origin));
        }
        doubted
    }

    /// A private endpoint of the network or its peers, which has a route in every table (AZ-72).
    fn is_endpoint(&self, route: &Told) -> bool {
        let mut interfaces = self.recorded.interfaces.iter();
        route.hop == Hop::Endpoint
            && interfaces.any(|object| {
                let lowered = self.network.interfaces.get(object.key.as_ref());
                let addresses = lowered.into_iter().flat_map(|interface| &interface.addresses);
                object.told().private_endpoint.is_some()
                    && addresses.map(|address| IpNet::from(address.ip)).any(|to| to == route.to)
            })
    }

    fn own_routes(&self, table: &RouteTable, subnet: &Id<Subnet>) -> Table {
        let router = self.network.subnets.get(subnet).map(|subnet| &subnet.router);
        let addresses = router.and_then(|router| self.network.routers.get(router));
        let mut own = Table {
            routes: Vec::new(),
            may_be_users: false,
            may_be_others: false,
            vague: BTreeSet::new(),
            has_v6: addresses.is_some_and(|router| !router.addresses.v6().is_empty()),
        };
        let mut best: Vec<(IpNet, u8)> = Vec::new();
        for route in &table.routes {
            let Destinations::Prefixes(prefixes) = &route.destinations else {
                own.may_be_users |= route.preference == BY_USER;
                own.may_be_others |= route.preference != BY_USER;
                continue;
            };
            let told = self.told_hop(route, subnet);
            for to in prefixes {
                let Some((source, hop)) = &told else {
                    own.vague.insert(*to);
                    continue;
                };
                best.push((*to, route.preference));
                let (source, hop) = (*source, hop.clone());
                own.routes.push(Own { to: *to, source, hop, wins: true });
            }
        }
        let preferences: Vec<u8> = best.iter().map(|(_, preference)| *preference).collect();
        for (route, preference) in own.routes.iter_mut().zip(preferences) {
            route.wins = !best.iter().any(|(to, other)| *to == route.to && *other < preference);
        }
        own
    }

    /// Who made a route and where it leads; nothing where nobody knows.
    fn told_hop(&self, route: &Route, subnet: &Id<Subnet>) -> Option<(Source, Hop)> {
        if route.preference == BY_ENDPOINT && matches!(route.target, Target::Unknown(_)) {
            // Already contradicted, by the list of another interface.
            return None;
        }
        let source = match route.preference {
            BY_ENDPOINT | BY_SYSTEM => Source::Default,
            BY_USER => Source::User,
            _ => Source::Gateway,
        };
        let hop = match &route.target {
            _ if route.preference == BY_ENDPOINT => Hop::Endpoint,
            Target::Local => Hop::Local,
            Target::Discard | Target::Blackhole => Hop::None,
            Target::Gateway(gateway) => self.hop_of_gateway(gateway),
            Target::Interface(id) => {
                // Of several addresses the one that the user's route names.
                let holder = self.network.interfaces.get(id)?;
                let named = self.as_written(route, subnet)?;
                match named {
                    Hop::Appliance(Some(ip)) if !holder.addresses.iter().any(|it| it.ip == ip) => {
                        return None;
                    }
                    named => named,
                }
            }
            Target::Unknown(_) => self.as_written(route, subnet)?,
        };
        Some((source, hop))
    }

    fn hop_of_gateway(&self, id: &Id<Gateway>) -> Hop {
        match self.network.gateways.get(id).map(|gateway| &gateway.passage) {
            Some(Passage::Border { .. }) => Hop::Internet,
            Some(Passage::Link { .. }) => Hop::Peering,
            _ => Hop::Gateway,
        }
    }

    /// The next hop that a user wrote, of a route of the subnet's table.
    fn as_written(&self, route: &Route, subnet: &Id<Subnet>) -> Option<Hop> {
        let told = self.recorded.subnets.get(subnet.as_str())?.told();
        let table = self.recorded.route_tables.get(told.route_table.as_ref()?.id.as_deref()?)?;
        let routes = table.told().routes.iter().flatten().enumerate();
        let mut routes =
            routes.filter(|(index, _)| table.element("routes", *index) == route.origin);
        let (_, written) = routes.next()?;
        let told = &written.properties;
        let via = told.next_hop_ip_address.as_deref().and_then(|text| text.parse().ok());
        Some(Hop::of(told.next_hop_type.as_deref().unwrap_or_default(), via))
    }
}

impl Told {
    /// Whether it is one of those that drop what Azure uses itself, beside those that are
    /// documented (AZ-51): in real lists `25.33.80.0/20`, `127.0.0.0/8` …
    fn is_kept(&self) -> bool {
        let is_default = self.source == Some(Source::Default) && self.hop == Hop::None;
        is_default && self.to.prefix_len() >= SHORTEST_KEPT
    }
}

impl Table {
    /// Whether a route is one of those that may be there without being told.
    fn explains(&self, route: &Told) -> bool {
        match (&route.source, &route.hop) {
            (Some(Source::User), _) => self.may_be_users,
            (Some(Source::Gateway), _) | (_, Hop::Service | Hop::Peering | Hop::Gateway) => {
                self.may_be_others
            }
            _ => false,
        }
    }

    /// Whether packets go the same way where Azure's list does not have a route: the internet
    /// carries no private address, older lists leave one of the blocks out that Azure drops (AZ-51),
    /// and a network without IPv6 has no routes for it.
    fn may_be_missing(&self, route: &Own, told: &[Told]) -> bool {
        let is_v6 = route.to.addr().is_ipv6() && !self.has_v6;
        let is_dropped = route.hop == Hop::None && is_dropped(&route.to);
        let is_implied = route.source == Source::Default && (is_v6 || is_dropped);
        let others = told.iter().filter(|other| other.to == route.to && other.is_active);
        is_implied || others.filter(|other| self.explains(other)).count() > 0
    }
}

impl Hop {
    /// Azure's words for next hops (T-8).
    fn of(text: &str, via: Option<IpAddr>) -> Self {
        let word = text.to_ascii_lowercase();
        match word.as_str() {
            "vnetlocal" | "virtualnetwork" => Self::Local,
            "vnetpeering" | "vnetglobalpeering" | "globalvnetpeering" => Self::Peering,
            "internet" => Self::Internet,
            "none" | "null" => Self::None,
            "virtualappliance" => Self::Appliance(via),
            "virtualnetworkgateway" => Self::Gateway,
            "interfaceendpoint" => Self::Endpoint,
            "virtualnetworkserviceendpoint" => Self::Service,
            _ => Self::Other(word),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Local => "the network itself".to_owned(),
            Self::Peering => "a peer".to_owned(),
            Self::Internet => "the internet".to_owned(),
            Self::None => "nowhere".to_owned(),
            Self::Appliance(Some(via)) => format!("the appliance {via}"),
            Self::Appliance(None) => "an appliance".to_owned(),
            Self::Gateway => "the virtual network gateway".to_owned(),
            Self::Endpoint => "a private endpoint".to_owned(),
            Self::Service => "a service of Azure".to_owned(),
            Self::Other(word) => format!("`{word}`"),
        }
    }
}

/// One for each prefix; a route that cannot be read is told.
fn told_routes(
    list: &Effective<'_>,
    element: &Element<EffectiveRoute>,
    found: &mut Vec<Told>,
    report: &mut Report,
) {
    let told = &element.value;
    let origin = place(list, element);
    let is = |text: &Option<String>, word: &str| {
        text.as_deref().is_some_and(|text| text.eq_ignore_ascii_case(word))
    };
    let source = [
        ("Default", Source::Default),
        ("User", Source::User),
        ("VirtualNetworkGateway", Source::Gateway),
    ];
    let source = source.into_iter().find(|(word, _)| is(&told.source, word));
    let source = source.map(|(_, source)| source);
    let via = told.next_hop_ip_address.iter().flatten().find_map(|text| text.parse().ok());
    let hop = Hop::of(told.next_hop_type.as_deref().unwrap_or_default(), via);
    let is_active = is(&told.state, "Active");
    let prefixes = told.address_prefix.as_deref().unwrap_or_default();
    let shown: Arc<str> = prefixes.join(", ").into();
    let is_read = source.is_some() && (is_active || is(&told.state, "Invalid"));
    if !is_read || prefixes.is_empty() || prefixes.iter().any(|text| prefix(text).is_none()) {
        let what = format!("the route to {shown}");
        report.notes.push(super::unknown(what, "it cannot be read, and is not compared", &origin));
    }
    for to in prefixes.iter().filter_map(|text| prefix(text)) {
        found.push(Told { to, source, hop: hop.clone(), is_active, origin: origin.clone() });
    }
}
