//! What the answer to a query should be, by plain loops over the model. It shares no code with
//! cloudfw, so that a benchmark that compares the two is a test as well. It says nothing where
//! the way leads through the internet.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::model::{Estate, Interface, Owner, Peer, RouteTo, Rule, Via};

/// TCP.
const TCP: i16 = 6;

/// What a client at the source sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every connection works.
    Reachable,
    /// So many of so many client ports do not work (AWS-42).
    Intermittent {
        /// Ports whose replies do not come back.
        failing: u32,
        /// Ports that the client chooses from.
        of: u32,
    },
    /// No connection works.
    Unreachable,
    /// The way leads through the internet, which is not forecast.
    Unforecast,
}

/// The IPv4 answer between the primary private addresses, and the IPv6 one where both have one.
pub(super) fn forecast(
    estate: &Estate,
    source: usize,
    destination: usize,
    port: u16,
) -> (Outcome, Option<Outcome>) {
    let (from, to) = (&estate.interfaces[source], &estate.interfaces[destination]);
    let ipv4 = (IpAddr::V4(from.addresses[0]), IpAddr::V4(to.addresses[0]));
    let ask = |addresses: (IpAddr, IpAddr)| {
        Question { estate, source, destination, from: addresses.0, to: addresses.1, port }.answer()
    };
    let ipv6 = from.ipv6.zip(to.ipv6).map(|(from, to)| (IpAddr::V6(from), IpAddr::V6(to)));
    (ask(ipv4), ipv6.map(ask))
}

/// Whether both ways are routed between the two, privately, over IPv4.
pub(super) fn routed(estate: &Estate, source: usize, destination: usize) -> bool {
    let (from, to) = (&estate.interfaces[source], &estate.interfaces[destination]);
    let (from, to) = (IpAddr::V4(from.addresses[0]), IpAddr::V4(to.addresses[0]));
    Question { estate, source, destination, from, to, port: 0 }.route() == Way::Private
}

/// Whether an inbound rule of the destination's groups takes the source as its far end.
pub(super) fn takes(estate: &Estate, rule: &Rule, far: &Interface, near: &Interface) -> bool {
    matches_peer(estate, rule.peer, IpAddr::V4(far.addresses[0]), far, near)
}

/// The ports that a client on this interface chooses from (AWS-41).
fn client_ports(estate: &Estate, interface: &Interface) -> (u16, u16) {
    match interface.owner {
        Owner::Instance(instance, _) if estate.instances[instance].windows => (49152, 65535),
        Owner::Instance(..) | Owner::Nothing => (32768, 60999),
        Owner::NatGateway(_) | Owner::Endpoint(_) | Owner::Lambda | Owner::Task | Owner::Cache => {
            (1024, 65535)
        }
    }
}

#[derive(PartialEq, Eq)]
enum Way {
    /// Inside the VPC, or over an active peering with routes on both sides.
    Private,
    /// Nowhere, or there and not back.
    None,
    /// Perhaps through the internet.
    Internet,
}

struct Question<'a> {
    estate: &'a Estate,
    source: usize,
    destination: usize,
    from: IpAddr,
    to: IpAddr,
    port: u16,
}

impl Question<'_> {
    fn answer(&self) -> Outcome {
        match self.route() {
            Way::Internet => return Outcome::Unforecast,
            Way::None => return Outcome::Unreachable,
            Way::Private => {}
        }
        if !self.groups_allow() {
            return Outcome::Unreachable;
        }
        let (near, far) = (self.subnet_of(self.source), self.subnet_of(self.destination));
        // An ACL is not asked between two interfaces of one subnet (AWS-35).
        if near == far {
            return Outcome::Reachable;
        }
        let (near, far) = (self.estate.subnets[near].acl, self.estate.subnets[far].acl);
        if !self.acl_allows(near, true, self.to, self.port)
            || !self.acl_allows(far, false, self.from, self.port)
        {
            return Outcome::Unreachable;
        }
        self.reply(near, far)
    }

    fn subnet_of(&self, interface: usize) -> usize {
        self.estate.interfaces[interface].subnet
    }

    fn route(&self) -> Way {
        let (near, far) = (self.estate.vpc_of(self.source), self.estate.vpc_of(self.destination));
        if near == far {
            return Way::Private;
        }
        let peering = self.estate.peering_between(near, far);
        let leads = |from: usize, to: IpAddr| {
            let target = self.target(from, to);
            peering.is_some_and(|peering| target == Some(Via::Peering(peering)))
        };
        if leads(self.source, self.to) && leads(self.destination, self.from) {
            return Way::Private;
        }
        // Else the public address is asked, or, for IPv6, the default route is taken.
        let public = match self.to {
            IpAddr::V4(_) => self.estate.interfaces[self.destination].public.is_some(),
            IpAddr::V6(_) => true,
        };
        if public { Way::Internet } else { Way::None }
    }

    /// The target of the longest route (AWS-61); equal ones do not occur.
    fn target(&self, interface: usize, to: IpAddr) -> Option<Via> {
        let table = self.estate.subnets[self.subnet_of(interface)].route_table;
        let mut best: Option<(u8, Option<Via>)> = None;
        for route in &self.estate.route_tables[table].routes {
            let single;
            let blocks = match route.to {
                RouteTo::Cidr(cidr) => {
                    single = [cidr];
                    &single[..]
                }
                RouteTo::PrefixList(list) => &self.estate.prefix_lists[list].entries,
            };
            for block in blocks {
                let longer = best.is_none_or(|(length, _)| block.prefix_len() > length);
                if block.contains(&to) && longer {
                    let via = (!route.blackhole).then_some(route.via);
                    best = Some((block.prefix_len(), via));
                }
            }
        }
        best.and_then(|(_, via)| via)
    }

    fn groups_allow(&self) -> bool {
        let (source, destination) =
            (&self.estate.interfaces[self.source], &self.estate.interfaces[self.destination]);
        let groups = |interface: &Interface| {
            interface.groups.iter().map(|&group| &self.estate.groups[group]).collect::<Vec<_>>()
        };
        let out = groups(source).into_iter().flat_map(|group| &group.egress);
        let inward = groups(destination).into_iter().flat_map(|group| &group.ingress);
        self.any(out, self.to, destination, source)
            && self.any(inward, self.from, source, destination)
    }

    fn any<'r>(
        &self,
        mut rules: impl Iterator<Item = &'r Rule>,
        address: IpAddr,
        far: &Interface,
        near: &Interface,
    ) -> bool {
        rules.any(|rule| {
            let service = match (rule.protocol, rule.ports) {
                ("-1", _) => true,
                ("tcp", Some((from, to))) => (from..=to).contains(&i32::from(self.port)),
                _ => false,
            };
            service && matches_peer(self.estate, rule.peer, address, far, near)
        })
    }

    /// The first entry that matches decides (AWS-31); no match is a deny (AWS-32).
    fn acl_allows(&self, acl: usize, egress: bool, far: IpAddr, port: u16) -> bool {
        let entries = self.estate.acls[acl].entries.iter();
        entries
            .filter(|entry| entry.egress == egress && entry.cidr.contains(&far))
            .filter(|entry| match entry.protocol {
                -1 => true,
                TCP => entry.ports.is_none_or(|(from, to)| (from..=to).contains(&port)),
                _ => false,
            })
            .min_by_key(|entry| entry.number)
            .is_some_and(|entry| entry.allow)
    }

    /// The reply through both ACLs, by ranges of client ports that no entry tells apart.
    fn reply(&self, near: usize, far: usize) -> Outcome {
        let (first, last) = client_ports(self.estate, &self.estate.interfaces[self.source]);
        let mut starts = BTreeSet::from([u32::from(first)]);
        for acl in [near, far] {
            for (from, to) in self.estate.acls[acl].entries.iter().filter_map(|entry| entry.ports) {
                starts.insert(u32::from(from).max(u32::from(first)));
                starts.insert((u32::from(to) + 1).max(u32::from(first)));
            }
        }
        let end = u32::from(last) + 1;
        starts.insert(end);
        let starts: Vec<u32> = starts.into_iter().filter(|&start| start <= end).collect();
        let failing: u32 = starts
            .windows(2)
            .filter(|range| {
                let port = range[0] as u16;
                !(self.acl_allows(far, true, self.from, port)
                    && self.acl_allows(near, false, self.to, port))
            })
            .map(|range| range[1] - range[0])
            .sum();
        let of = end - u32::from(first);
        match failing {
            0 => Outcome::Reachable,
            failing if failing == of => Outcome::Unreachable,
            failing => Outcome::Intermittent { failing, of },
        }
    }
}

fn matches_peer(
    estate: &Estate,
    peer: Peer,
    address: IpAddr,
    far: &Interface,
    near: &Interface,
) -> bool {
    match peer {
        Peer::Cidr(cidr) => cidr.contains(&address),
        Peer::PrefixList(list) => {
            estate.prefix_lists[list].entries.iter().any(|cidr| cidr.contains(&address))
        }
        Peer::Group(group, peering) => {
            let vpc = |interface: &Interface| estate.subnets[interface.subnet].vpc;
            let in_sight = match peering {
                None => vpc(far) == vpc(near),
                // A reference over a peering that is gone is stale (AWS-10).
                Some(peering) => {
                    estate.peerings[peering].is_active()
                        && estate.peerings[peering].other(vpc(near)) == vpc(far)
                }
            };
            in_sight && far.groups.contains(&group)
        }
    }
}
