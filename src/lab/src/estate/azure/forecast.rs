//! What the answer to a query should be, by plain loops over the model. It shares no code with
//! cloudfw, so that a benchmark that compares the two is a test as well. It says nothing where the
//! way leads through the internet or an appliance, or where Azure's own documents are silent.

use std::net::Ipv4Addr;

use super::super::forecast::Outcome;
use super::model::{End, Estate, Hop, Rule};

/// Azure's own address of every host, which the tag `VirtualNetwork` holds (AZ-30).
const HOST: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// What is dropped unless something routes it (AZ-51).
const DROPPED: [(Ipv4Addr, u8); 4] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
];

/// Where packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Local,
    Peering(usize),
    Nowhere,
    /// Through an appliance or the internet.
    Elsewhere,
}

/// What a list of rules says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Allow,
    Deny,
    Unknown,
}

/// What a client at the source sees of TCP `port` at the primary private address.
pub(super) fn forecast(estate: &Estate, source: usize, destination: usize, port: u16) -> Outcome {
    let question = Question { estate, source, destination, port };
    match question.routed() {
        Some(true) => question.filtered(),
        Some(false) if question.estate.interfaces[destination].public.is_none() => {
            Outcome::Unreachable
        }
        _ => Outcome::Unforecast,
    }
}

/// Whether both ways are routed privately.
pub(super) fn routed(estate: &Estate, source: usize, destination: usize) -> bool {
    Question { estate, source, destination, port: 0 }.routed() == Some(true)
}

struct Question<'a> {
    estate: &'a Estate,
    source: usize,
    destination: usize,
    port: u16,
}

impl Question<'_> {
    fn address(&self, interface: usize) -> Ipv4Addr {
        self.estate.interfaces[interface].addresses[0]
    }

    /// Nothing where that is not forecast.
    fn routed(&self) -> Option<bool> {
        let ends = [(self.source, self.destination), (self.destination, self.source)];
        let mut leads = true;
        for (from, to) in ends {
            let (near, far) = (self.estate.network_of(from), self.estate.network_of(to));
            match self.way(from, self.address(to)) {
                Way::Elsewhere => return None,
                Way::Local => leads &= near == far,
                Way::Peering(network) => {
                    let peering = self.estate.peering_between(near, network)?;
                    if !peering.access {
                        return None;
                    }
                    leads &= network == far;
                }
                Way::Nowhere => leads = false,
            }
        }
        Some(leads)
    }

    /// AZ-50: the longest prefix, and of equal ones the user's.
    fn way(&self, from: usize, to: Ipv4Addr) -> Way {
        let estate = self.estate;
        let subnet = &estate.subnets[estate.interfaces[from].subnet];
        let home = subnet.network;
        // In order of preference among equals.
        let mut found: Vec<(u8, Way)> = Vec::new();
        let routes = subnet.table.iter().flat_map(|&table| &estate.tables[table].routes);
        for route in routes.filter(|route| route.prefix.contains(&to)) {
            let way = if route.hop == Hop::None { Way::Nowhere } else { Way::Elsewhere };
            found.push((route.prefix.prefix_len(), way));
        }
        let own = estate.networks[home].prefixes.iter().map(|prefix| (prefix, Way::Local));
        let peers = estate.networks[home].peerings.iter().map(|&it| &estate.peerings[it]);
        let peers = peers.filter(|peering| peering.is_connected());
        let peers = peers.flat_map(|peering| {
            let peer = peering.other(home);
            estate.networks[peer].prefixes.iter().map(move |prefix| (prefix, Way::Peering(peer)))
        });
        let near = own.chain(peers).filter(|(prefix, _)| prefix.contains(&to));
        found.extend(near.map(|(prefix, way)| (prefix.prefix_len(), way)));
        for (address, length) in DROPPED {
            let mask = u32::MAX << (32 - length);
            if u32::from(to) & mask == u32::from(address) {
                found.push((length, Way::Nowhere));
            }
        }
        found.push((0, Way::Elsewhere));
        let longest = found.iter().map(|(length, _)| *length).max();
        let best = found.into_iter().find(|(length, _)| Some(*length) == longest);
        best.map_or(Way::Nowhere, |(_, way)| way)
    }

    /// AZ-5, AZ-6, AZ-9: both groups of both ends, also within a subnet. Admin rules are about the
    /// internet alone.
    fn filtered(&self) -> Outcome {
        let estate = self.estate;
        let mut doubted = false;
        for (interface, inbound) in [(self.source, false), (self.destination, true)] {
            let own = &estate.interfaces[interface];
            // AZ-71: no group of the subnet is asked at a private endpoint here.
            let is_endpoint = own.owner == super::Owner::Endpoint;
            let of_subnet = estate.subnets[own.subnet].group.filter(|_| !is_endpoint);
            for group in of_subnet.into_iter().chain(own.group) {
                match self.said(&estate.groups[group].rules, interface, inbound) {
                    Said::Allow => {}
                    Said::Deny => return Outcome::Unreachable,
                    Said::Unknown => doubted = true,
                }
            }
        }
        if doubted { Outcome::Unforecast } else { Outcome::Reachable }
    }

    fn said(&self, rules: &[Rule], at: usize, inbound: bool) -> Said {
        for rule in rules.iter().filter(|rule| rule.inbound == inbound && self.serves(rule)) {
            let from = self.takes(&rule.sources, self.source, at);
            let to = self.takes(&rule.destinations, self.destination, at);
            match (from, to) {
                (Some(true), Some(true)) if rule.allow => return Said::Allow,
                (Some(true), Some(true)) => return Said::Deny,
                (Some(false), _) | (_, Some(false)) => {}
                _ => return Said::Unknown,
            }
        }
        // AZ-3: what is of the network passes; what is not is denied between private addresses.
        let network = [End::Tag("VirtualNetwork")];
        let from = self.takes(&network, self.source, at);
        let to = self.takes(&network, self.destination, at);
        match (from, to) {
            (Some(true), Some(true)) => Said::Allow,
            (Some(false), _) | (_, Some(false)) => Said::Deny,
            _ => Said::Unknown,
        }
    }

    fn serves(&self, rule: &Rule) -> bool {
        let ports = rule.ports.iter().any(|(low, high)| (low..=high).contains(&&self.port));
        matches!(rule.protocol, "*" | "Tcp") && ports
    }

    /// Whether ends of a rule take an interface, as they are read at another; nothing where that
    /// is not documented.
    fn takes(&self, ends: &[End], end: usize, at: usize) -> Option<bool> {
        let address = self.address(end);
        let mut all = ends.iter().map(|one| match one {
            End::Any => Some(true),
            End::Prefix(prefix) => Some(prefix.contains(&address)),
            End::Members(group) => Some(self.estate.interfaces[end].members.contains(group)),
            End::Tag("VirtualNetwork") => self.is_tagged(address, at),
            // Other tags hold public addresses alone, and all are asked between private ones.
            End::Tag(_) => Some(false),
        });
        if all.clone().any(|one| one == Some(true)) {
            return Some(true);
        }
        if all.any(|one| one.is_none()) { None } else { Some(false) }
    }

    /// AZ-30; with a default route of the user's the tag may hold everything.
    fn is_tagged(&self, address: Ipv4Addr, at: usize) -> Option<bool> {
        let estate = self.estate;
        let subnet = &estate.subnets[estate.interfaces[at].subnet];
        let home = &estate.networks[subnet.network];
        let routes = subnet.table.iter().flat_map(|&table| &estate.tables[table].routes);
        let routes: Vec<_> = routes.map(|route| route.prefix).collect();
        let peers = home.peerings.iter().map(|&it| &estate.peerings[it]);
        let peers = peers.filter(|peering| peering.is_connected() && peering.access);
        let mut prefixes: Vec<_> = home.prefixes.clone();
        prefixes.extend(
            peers.flat_map(|peering| &estate.networks[peering.other(subnet.network)].prefixes),
        );
        prefixes.extend(routes.iter().filter(|prefix| prefix.prefix_len() > 0));
        let held = address == HOST || prefixes.iter().any(|prefix| prefix.contains(&address));
        let everything = routes.iter().any(|prefix| prefix.prefix_len() == 0);
        if held || !everything { Some(held) } else { None }
    }
}

/// Whether an inbound rule of a group takes the source, for ports to ask about.
pub(super) fn opens(estate: &Estate, rule: &Rule, source: usize, destination: usize) -> bool {
    let question = Question { estate, source, destination, port: 0 };
    rule.inbound
        && rule.allow
        && matches!(rule.protocol, "*" | "Tcp")
        && question.takes(&rule.sources, source, destination) == Some(true)
        && question.takes(&rule.destinations, destination, destination) == Some(true)
}
