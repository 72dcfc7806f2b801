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
use super::super::route::{BY_ENDPOINT, BY_SYSTEM, is_by_user, is_dropped};
use super::super::table::Object;
use super::{Known, Report, place};
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
    by_prefix: BTreeMap<IpNet, Vec<usize>>,
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
        known: &Known,
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
        let at = (ids::name(object.id), &list.origin);
        let doubted = compare_tables(&own, &told, known, at, &mut report);
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

    fn own_routes(&self, table: &RouteTable, subnet: &Id<Subnet>) -> Table {
        let router = self.network.subnets.get(subnet).map(|subnet| &subnet.router);
        let addresses = router.and_then(|router| self.network.routers.get(router));
        let mut own = Table {
            routes: Vec::new(),
            by_prefix: BTreeMap::new(),
            may_be_users: false,
            may_be_others: false,
            vague: BTreeSet::new(),
            has_v6: addresses.is_some_and(|router| !router.addresses.v6().is_empty()),
        };
        let mut preferences: Vec<u8> = Vec::new();
        let mut best: BTreeMap<IpNet, u8> = BTreeMap::new();
        for route in &table.routes {
            let Destinations::Prefixes(prefixes) = &route.destinations else {
                own.may_be_users |= is_by_user(route.preference);
                own.may_be_others |= !is_by_user(route.preference);
                continue;
            };
            let told = self.told_hop(route, subnet);
            for to in prefixes {
                let Some((source, hop)) = &told else {
                    own.vague.insert(*to);
                    continue;
                };
                let first = best.entry(*to).or_insert(route.preference);
                *first = route.preference.min(*first);
                preferences.push(route.preference);
                own.by_prefix.entry(*to).or_default().push(own.routes.len());
                let (source, hop) = (*source, hop.clone());
                own.routes.push(Own { to: *to, source, hop, wins: true });
            }
        }
        for (route, preference) in own.routes.iter_mut().zip(preferences) {
            route.wins = best.get(&route.to) == Some(&preference);
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
            preference if is_by_user(preference) => Source::User,
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

/// The prefixes that the two differ about, each with how.
fn compare_tables(
    own: &Table,
    told: &[Told],
    known: &Known,
    (name, origin): (&str, &Origin),
    report: &mut Report,
) -> BTreeMap<IpNet, Unknown> {
    let mut doubted = BTreeMap::new();
    let mut met = vec![false; own.routes.len()];
    // The prefixes to which a route that nobody told is in use.
    let used = told.iter().filter(|route| route.is_active && own.explains(route));
    let overruled: BTreeSet<IpNet> = used.map(|route| route.to).collect();
    for route in told.iter().filter(|route| !own.vague.contains(&route.to)) {
        report.count += 1;
        let what = format!("the route to {} at `{name}`", route.to);
        let of_prefix = own.by_prefix.get(&route.to).into_iter().flatten();
        let mut of_prefix = of_prefix.filter_map(|index| Some((*index, own.routes.get(*index)?)));
        let same = of_prefix.find(|(_, it)| Some(it.source) == route.source && it.hop == route.hop);
        if let Some((index, it)) = same {
            met.iter_mut().skip(index).take(1).for_each(|met| *met = true);
            let is_overruled = it.wins && overruled.contains(&route.to);
            if it.wins != route.is_active && !is_overruled {
                let how = if it.wins { "another is preferred" } else { "it is in use" };
                doubted.insert(route.to, report.differs(what, how, &route.origin));
            }
            continue;
        }
        // A private endpoint has a route in every table (AZ-72).
        let is_endpoint =
            route.hop == Hop::Endpoint && IpSet::from(route.to).is_subset(&known.endpoints);
        if own.explains(route) || is_endpoint {
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
    for route in missing.filter(|route| route.wins && !overruled.contains(&route.to)) {
        if own.may_be_missing(route) {
            continue;
        }
        let what = format!("the route to {} at `{name}`", route.to);
        let how = format!("none leads to {} there", route.hop.words());
        doubted.insert(route.to, report.differs(what, &how, origin));
    }
    doubted
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
    fn may_be_missing(&self, route: &Own) -> bool {
        let is_v6 = route.to.addr().is_ipv6() && !self.has_v6;
        let is_dropped = route.hop == Hop::None && is_dropped(&route.to);
        route.source == Source::Default && (is_v6 || is_dropped)
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
