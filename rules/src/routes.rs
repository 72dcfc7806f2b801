//! Which route of a table wins where, and whether anything leads outside.

use std::collections::{BTreeMap, BTreeSet};

use cloudfw_core::{
    Destinations, External, Gateway, Id, Interface, IpSet, Label, Network, Passage, Role, Route,
    RouteTable, Router, Subnet, Target, Unknown,
};
use ipnet::IpNet;

/// A route, and the destinations at which no other route of its table beats it.
#[derive(Clone, Debug)]
pub struct Won<'n> {
    /// The route.
    pub route: &'n Route,
    /// Where it wins; empty where other routes cover it.
    pub destinations: IpSet,
}

/// A table, and what it is used by.
#[derive(Clone, Debug)]
pub struct Table<'n> {
    /// Its id.
    pub id: &'n Id<RouteTable>,
    /// The table.
    pub table: &'n RouteTable,
    /// Its routes, in their order. Those whose destinations are not known win nothing for certain.
    pub won: Vec<Won<'n>>,
    /// The subnets whose packets it sends.
    pub subnets: Vec<(&'n Id<Subnet>, &'n Subnet)>,
    /// The borders whose incoming packets it sends.
    pub borders: Vec<&'n Gateway>,
}

impl<'n> Table<'n> {
    /// What wins for some of these destinations, and for which.
    pub fn towards<'t>(&'t self, to: &'t IpSet) -> impl Iterator<Item = (&'t Won<'n>, IpSet)> + 't {
        let met = self.won.iter().filter(|won| won.destinations.intersects(to));
        met.map(|won| (won, won.destinations.intersection(to)))
    }

    /// The routes whose destinations are not known, and why.
    pub fn unresolved(&self) -> impl Iterator<Item = (&'n Route, &'n Unknown)> + '_ {
        self.table.routes.iter().filter_map(|route| match &route.destinations {
            Destinations::Unresolved(unknown) => Some((route, unknown)),
            Destinations::Prefixes(_) => None,
        })
    }
}

/// Whether packets of a subnet to the outside are sent to a border of its router.
#[derive(Clone, Debug)]
pub enum Exit<'n> {
    /// Some are.
    Border,
    /// None is: they are sent to these targets instead, or nowhere.
    Instead(Vec<&'n Route>),
    /// It cannot be said.
    Unknown(Vec<Unknown>),
}

/// The tables of a network.
#[derive(Debug)]
pub struct Routes<'n> {
    network: &'n Network,
    tables: BTreeMap<&'n Id<RouteTable>, Table<'n>>,
    inside: BTreeMap<&'n Id<Subnet>, Vec<&'n Interface>>,
    outside: IpSet,
}

impl<'n> Routes<'n> {
    /// Goes through the tables once.
    pub fn new(network: &'n Network) -> Self {
        let mut tables: BTreeMap<&Id<RouteTable>, Table<'n>> = BTreeMap::new();
        for (id, table) in &network.tables {
            let (subnets, borders) = (Vec::new(), Vec::new());
            tables.insert(id, Table { id, table, won: winners(table), subnets, borders });
        }
        for (id, subnet) in &network.subnets {
            if let Some(table) = tables.get_mut(&subnet.table) {
                table.subnets.push((id, subnet));
            }
        }
        for gateway in network.gateways.values() {
            if let Passage::Border { table: Some(table), .. } = &gateway.passage
                && let Some(table) = tables.get_mut(table)
            {
                table.borders.push(gateway);
            }
        }
        let mut inside: BTreeMap<&Id<Subnet>, Vec<&Interface>> = BTreeMap::new();
        for interface in network.interfaces.values() {
            inside.entry(&interface.subnet).or_default().push(interface);
        }
        Self { network, tables, inside, outside: outside(network) }
    }

    /// All tables, in order.
    pub fn tables(&self) -> impl Iterator<Item = &Table<'n>> {
        self.tables.values()
    }

    /// The table of a subnet.
    pub fn of(&self, subnet: &Subnet) -> Option<&Table<'n>> {
        self.tables.get(&subnet.table)
    }

    /// The interfaces that sit in a subnet.
    pub fn interfaces(&self, subnet: &Id<Subnet>) -> &[&'n Interface] {
        self.inside.get(subnet).map_or(&[], Vec::as_slice)
    }

    /// The subnets of a table that interfaces sit in.
    pub fn in_use(&self, table: &Table<'n>) -> Vec<&'n Label> {
        let used = table.subnets.iter().filter(|(id, _)| !self.interfaces(id).is_empty());
        used.map(|(_, subnet)| &subnet.label).collect()
    }

    /// The addresses of the interfaces whose packets a table sends, gateways left out.
    pub fn held(&self, table: &Table<'n>) -> IpSet {
        let interfaces = table.subnets.iter().flat_map(|(id, _)| self.interfaces(id));
        let ends = interfaces.filter(|one| !matches!(one.role, Role::Gateway(_)));
        ends.flat_map(|one| one.addresses.iter().map(|address| address.ip)).collect()
    }

    /// The IPv4 addresses that lie beyond borders.
    pub fn outside(&self) -> &IpSet {
        &self.outside
    }

    /// Whether IPv4 packets of a subnet to the outside are sent to a border of its router.
    pub fn exit(&self, subnet: &Subnet) -> Exit<'n> {
        let Some(table) = self.of(subnet) else {
            let what = format!("the route table of {}", subnet.label);
            return Exit::Unknown(vec![Unknown::new(what, "it is not in the recording", "")]);
        };
        let (mut instead, mut unknowns) = (Vec::new(), Vec::new());
        for (won, _) in table.towards(&self.outside) {
            if won.route.target == Target::Local {
                continue;
            }
            match self.leads(&won.route.target, &subnet.router) {
                Leads::Outside => return Exit::Border,
                Leads::Elsewhere => instead.push(won.route),
                Leads::Unknown(unknown) => unknowns.push(unknown),
            }
        }
        for (route, unknown) in table.unresolved() {
            if !matches!(self.leads(&route.target, &subnet.router), Leads::Elsewhere) {
                unknowns.push(unknown.clone());
            }
        }
        unknowns.sort();
        unknowns.dedup();
        if unknowns.is_empty() { Exit::Instead(instead) } else { Exit::Unknown(unknowns) }
    }

    fn leads(&self, target: &Target, router: &Id<Router>) -> Leads {
        match target {
            Target::Local | Target::Blackhole | Target::Discard => Leads::Elsewhere,
            Target::Unknown(unknown) => Leads::Unknown(unknown.clone()),
            Target::Gateway(id) => self.leads_by(id, router),
            Target::Interface(id) => match self.network.interfaces.get(id) {
                Some(interface) if !interface.forwards => Leads::Elsewhere,
                _ => Leads::Unknown(Unknown::new(
                    format!("where {id} sends what it is given"),
                    "what is behind an interface that forwards is not recorded",
                    "",
                )),
            },
        }
    }

    fn leads_by(&self, id: &Id<Gateway>, router: &Id<Router>) -> Leads {
        let Some(gateway) = self.network.gateways.get(id) else {
            let what = format!("what {id} does");
            return Leads::Unknown(Unknown::new(what, "it is not in the recording", ""));
        };
        if gateway.closed.is_some() {
            return Leads::Elsewhere;
        }
        match (&gateway.passage, gateway.doubts.first()) {
            (Passage::Border { router: inside, inside: own, .. }, doubt) => {
                if inside != router || own.v4().is_empty() {
                    return Leads::Elsewhere;
                }
                doubt.map_or(Leads::Outside, |doubt| Leads::Unknown(doubt.clone()))
            }
            (Passage::Opaque { unknown, .. }, _) => Leads::Unknown(unknown.clone()),
            (Passage::SourceNat { .. } | Passage::Link { .. } | Passage::Service { .. }, _) => {
                Leads::Elsewhere
            }
        }
    }
}

/// Where a target leads.
enum Leads {
    Outside,
    Elsewhere,
    Unknown(Unknown),
}

/// The IPv4 addresses of what lies behind borders, or would lie there.
fn outside(network: &Network) -> IpSet {
    let services: BTreeSet<&Id<External>> = network
        .gateways
        .values()
        .filter_map(|gateway| match &gateway.passage {
            Passage::Service { external, .. } => Some(external),
            _ => None,
        })
        .collect();
    let externals = network.externals.iter().filter(|(id, _)| !services.contains(id));
    IpSet::union_of(externals.map(|(_, external)| &external.addresses)).only_v4()
}

/// The length of a prefix, and the preference of its route.
type Rank = (std::cmp::Reverse<u8>, u8);

/// The longest prefix wins, then the lowest preference (AWS-62, AWS-63).
fn winners(table: &RouteTable) -> Vec<Won<'_>> {
    let mut ranks: BTreeMap<Rank, Vec<(usize, IpNet)>> = BTreeMap::new();
    for (place, route) in table.routes.iter().enumerate() {
        let Destinations::Prefixes(prefixes) = &route.destinations else { continue };
        for prefix in prefixes {
            let rank = (std::cmp::Reverse(prefix.prefix_len()), route.preference);
            ranks.entry(rank).or_default().push((place, *prefix));
        }
    }
    let mut parts: BTreeMap<usize, Vec<IpSet>> = BTreeMap::new();
    let mut taken = IpSet::empty();
    for same in ranks.into_values() {
        let mut of_route: BTreeMap<usize, Vec<IpNet>> = BTreeMap::new();
        for (place, prefix) in same {
            of_route.entry(place).or_default().push(prefix);
        }
        let mut new = Vec::new();
        for (place, prefixes) in of_route {
            let all: IpSet = prefixes.into_iter().collect();
            parts.entry(place).or_default().push(all.difference(&taken));
            new.push(all);
        }
        taken = taken.union(&IpSet::union_of(&new));
    }
    let won = |(place, route)| {
        let parts = parts.get(&place).map_or(&[][..], Vec::as_slice);
        Won { route, destinations: IpSet::union_of(parts) }
    };
    table.routes.iter().enumerate().map(won).collect()
}

#[cfg(test)]
mod tests {
    use cloudfw_core::Network;

    use super::{Exit, Routes};

    const BASE: &str = "
external internet 0.0.0.0/1,128.0.0.0/2
external store 198.51.100.0/24
router vpc 10.0.0.0/16
router far 10.1.0.0/16
subnet a in vpc 10.0.1.0/24 table rt
gateway igw border vpc internet
gateway eigw border vpc internet outward
gateway shut border vpc internet closed
gateway maybe border vpc internet doubt
gateway other border far internet
gateway nat snat a 10.0.1.9 public 203.0.113.9
gateway pcx link vpc far
gateway s3 service store vpc
gateway tgw opaque
interface fw in a 10.0.1.5 forwards
interface web in a 10.0.1.6
";

    /// `border`, the number of routes that win instead, or what is not known.
    fn exit(routes: &str) -> String {
        let text = format!("{BASE}table rt\n  10.0.0.0/16 -> local\n{routes}");
        let network = Network::from_text(&text).unwrap();
        let subnet = network.subnets.get("a").unwrap();
        match Routes::new(&network).exit(subnet) {
            Exit::Border => "border".into(),
            Exit::Instead(routes) => routes.len().to_string(),
            Exit::Unknown(unknowns) => {
                unknowns.iter().map(|one| &*one.what).collect::<Vec<_>>().join(", ")
            }
        }
    }

    #[test]
    fn a_border_of_the_own_router_that_is_open_leads_outside() {
        assert_eq!(exit("  0.0.0.0/0 -> igw"), "border");
        assert_eq!(exit("  130.0.113.0/24 -> igw"), "border");
        assert_eq!(exit("  ::/0 -> igw"), "0");
        assert_eq!(exit("  198.51.100.0/24 -> igw"), "0", "that is a service of the cloud");
        for gateway in ["eigw", "shut", "other", "nat", "pcx", "s3", "blackhole"] {
            assert_eq!(exit(&format!("  128.0.0.0/2 -> {gateway}")), "1", "{gateway}");
        }
    }

    #[test]
    fn what_cannot_be_seen_through_is_not_known_to_lead_outside() {
        assert_eq!(exit("  0.0.0.0/0 -> maybe"), "whether it is open");
        assert_eq!(exit("  0.0.0.0/0 -> tgw"), "tgw");
        assert_eq!(exit("  0.0.0.0/0 -> gone"), "what gone does");
        assert_eq!(exit("  0.0.0.0/0 -> unknown"), "the target");
        assert_eq!(exit("  0.0.0.0/0 -> interface:fw"), "where fw sends what it is given");
        assert_eq!(exit("  0.0.0.0/0 -> interface:web"), "1");
        assert_eq!(exit("  ?list -> igw"), "list");
        assert_eq!(exit("  ?list -> nat"), "0");
        assert_eq!(exit("  0.0.0.0/0 -> tgw\n  1.0.0.0/8 -> igw"), "border");
    }

    #[test]
    fn the_longest_prefix_wins_and_then_the_lowest_preference() {
        let text = format!(
            "{BASE}table rt\n  0.0.0.0/0 -> igw\n  10.0.0.0/8 -> tgw\n  10.1.0.0/16 -> pcx 2\n  \
             10.1.0.0/16 -> tgw 1\n  10.2.0.0/17,10.2.128.0/17 -> nat\n  10.2.0.0/16 -> s3"
        );
        let network = Network::from_text(&text).unwrap();
        let routes = Routes::new(&network);
        let table = routes.tables().next().unwrap();
        let won: Vec<String> = table.won.iter().map(|won| won.destinations.to_string()).collect();
        assert!(won[0].starts_with("0.0.0.0/5, 8.0.0.0/7, 11.0.0.0/8"), "{}", won[0]);
        assert_eq!(
            won[1],
            "10.0.0.0/16, 10.3.0.0/16, 10.4.0.0/14, 10.8.0.0/13, 10.16.0.0/12, \
                            10.32.0.0/11, 10.64.0.0/10, 10.128.0.0/9"
        );
        assert_eq!(won[2..], ["none", "10.1.0.0/16", "10.2.0.0/16", "none"]);
    }
}
