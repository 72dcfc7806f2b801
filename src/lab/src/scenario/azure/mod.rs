//! Small random estates of Azure: networks with peerings, security groups at subnets and at
//! interfaces, application security groups, user-defined routes to nowhere and to appliances.
//!
//! What is never drawn, since Azure does not say what it means, and cloudfw says `unknown`: a
//! route for everything (AZ-30), a route to an appliance that nobody has, a route between two
//! networks by an appliance of a third, or by one of a network whose peering is not connected
//! (AZ-62).

mod groups;
mod machines;
mod networks;
mod print;
mod routes;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Scenario, draw_outside};
use crate::estate::chance::Chance;

/// A small estate of Azure.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// Virtual networks.
    pub networks: Vec<Network>,
    /// Their subnets.
    pub subnets: Vec<Subnet>,
    /// Peerings, both sides of each.
    pub peerings: Vec<Peering>,
    /// User-defined route tables.
    pub tables: Vec<Table>,
    /// Network security groups.
    pub groups: Vec<Group>,
    /// Application security groups.
    pub application_groups: Vec<ApplicationGroup>,
    /// Interfaces; some machines have two.
    pub interfaces: Vec<Interface>,
    /// Whether rules about any protocol may have ports: what such a rule means for ICMP Azure does
    /// not say, and nobody is asked for an echo then.
    pub ports_of_any: bool,
}

/// A virtual network.
#[derive(Clone, Debug)]
pub struct Network {
    /// Its name, which no other network has.
    pub name: String,
    /// Its addresses.
    pub prefixes: Vec<Ipv4Net>,
    /// Those of IPv6.
    pub ipv6: Option<Ipv6Net>,
}

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// Its name.
    pub name: String,
    /// Its network.
    pub network: usize,
    /// Its addresses.
    pub cidr: Ipv4Net,
    /// Those of IPv6.
    pub ipv6: Option<Ipv6Net>,
    /// Its security group.
    pub group: Option<usize>,
    /// Its route table.
    pub table: Option<usize>,
}

/// A peering of two networks.
#[derive(Clone, Debug)]
pub struct Peering {
    /// The networks.
    pub ends: [usize; 2],
    /// Whether each side is connected.
    pub connected: [bool; 2],
    /// Whether each side has access to the other network (AZ-61).
    pub access: [bool; 2],
}

/// A route table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The network whose subnets have it.
    pub network: usize,
    /// Its routes.
    pub routes: Vec<Route>,
}

/// A user-defined route.
#[derive(Clone, Debug)]
pub struct Route {
    /// The destinations.
    pub to: IpNet,
    /// Where it leads.
    pub hop: Hop,
}

/// Where a user-defined route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// Nowhere.
    None,
    /// To the internet.
    Internet,
    /// To wherever the network itself delivers.
    Local,
    /// To the first address of this interface.
    Appliance(usize),
}

/// A network security group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The network whose application security groups its rules name; without one it may be at
    /// home in several networks.
    pub network: Option<usize>,
    /// Its own rules.
    pub rules: Vec<Rule>,
}

/// A rule of a network security group.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// No two of a group and direction have the same.
    pub priority: usize,
    /// Whether it is about what comes in.
    pub inbound: bool,
    /// Whether it allows.
    pub allow: bool,
    /// What it is about.
    pub protocol: Protocol,
    /// Source.
    pub source: Peer,
    /// Destination.
    pub destination: Peer,
    /// Ports of the source; none for all.
    pub source_ports: Vec<(u16, u16)>,
    /// Ports of the destination; none for all.
    pub ports: Vec<(u16, u16)>,
}

/// The protocol of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP.
    Icmp,
    /// ESP, which nobody is asked about.
    Esp,
    /// Any.
    Any,
}

/// A side of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Everybody.
    Any,
    /// A service tag.
    Tag(&'static str),
    /// Addresses.
    Prefixes(Vec<IpNet>),
    /// Members of application security groups.
    Groups(Vec<usize>),
}

/// An application security group.
#[derive(Clone, Debug)]
pub struct ApplicationGroup {
    /// Its name.
    pub name: String,
    /// The network of all its members (AZ-18).
    pub network: usize,
}

/// An interface, and its machine.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// The machine's name.
    pub machine: String,
    /// Whether it is the machine's first one.
    pub primary: bool,
    /// Its subnet.
    pub subnet: usize,
    /// Its addresses, the primary one first.
    pub addresses: Vec<Ipv4Addr>,
    /// Its address of IPv6.
    pub ipv6: Option<Ipv6Addr>,
    /// The public address of its first one.
    pub public: Option<Public>,
    /// The application security groups that it is in.
    pub application_groups: Vec<usize>,
    /// Its security group.
    pub group: Option<usize>,
    /// Whether it may take and send what is for others (IP forwarding).
    pub forwards: bool,
    /// Whether its machine runs.
    pub running: bool,
    /// Whether its machine runs Windows.
    pub windows: bool,
}

/// A public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Public {
    /// The address.
    pub address: Ipv4Addr,
    /// Its SKU: `Standard` ones are closed without a security group (AZ-8).
    pub standard: bool,
}

/// The scenario of a seed.
pub(super) fn draw(seed: u64) -> Scenario {
    let mut chance = Chance::stream(seed, "azure scenario");
    let mut estate = Estate { ports_of_any: chance.percent(50), ..Estate::default() };
    networks::draw(&mut estate, &mut chance);
    machines::draw(&mut estate, &mut chance);
    groups::draw(&mut estate, &mut chance);
    routes::draw(&mut estate, &mut chance);
    let outside = draw_outside(&mut chance).into_iter().filter(IpAddr::is_ipv4).collect();
    // A stream of its own: how documents are printed changes nothing of what they say.
    let documents = print::documents(&estate, &mut Chance::stream(seed, "azure documents"));
    Scenario { seed, documents, outside, azure: Some(estate), ..Scenario::default() }
}

impl Estate {
    /// The id of an interface.
    #[must_use]
    pub fn interface_id(&self, interface: usize) -> String {
        let name = self.interfaces.get(interface).map_or("", |it| it.name.as_str());
        print::id("networkInterfaces", name)
    }

    /// The network of an interface.
    #[must_use]
    pub fn network_of(&self, interface: usize) -> Option<usize> {
        let subnet = self.interfaces.get(interface)?.subnet;
        Some(self.subnets.get(subnet)?.network)
    }

    /// Whether an interface is its machine's only one.
    #[must_use]
    pub fn is_alone(&self, interface: usize) -> bool {
        let machine = |it: usize| self.interfaces.get(it).map(|it| it.machine.as_str());
        let mut all = 0..self.interfaces.len();
        !all.any(|other| other != interface && machine(other) == machine(interface))
    }

    /// The interface with an id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<usize> {
        (0..self.interfaces.len()).find(|&it| self.interface_id(it) == id)
    }

    /// The route of the user that packets from an interface to an address go by, if one wins: the
    /// longest, and of equal ones the user's (AZ-50).
    #[must_use]
    pub fn user_route(&self, from: usize, to: IpAddr) -> Option<&Route> {
        let network = self.network_of(from)?;
        let subnet = self.subnets.get(self.interfaces.get(from)?.subnet)?;
        let routes = self.tables.get(subnet.table?)?.routes.iter();
        let matching = routes.filter(|route| route.to.contains(&to));
        let best = matching.max_by_key(|route| route.to.prefix_len())?;
        let peers = (0..self.networks.len()).filter(|&it| self.peering(network, it).is_some());
        let mut system = peers.chain([network]).flat_map(|network| self.prefixes(network));
        let is_longer = |own: IpNet| own.contains(&to) && own.prefix_len() > best.to.prefix_len();
        (!system.any(is_longer)).then_some(best)
    }

    /// The peering between two networks.
    #[must_use]
    pub fn peering(&self, one: usize, other: usize) -> Option<&Peering> {
        let joins = |it: &&Peering| it.ends == [one, other] || it.ends == [other, one];
        self.peerings.iter().find(joins)
    }

    /// All addresses of a network.
    pub(crate) fn prefixes(&self, network: usize) -> Vec<IpNet> {
        let network = &self.networks[network];
        let v4 = network.prefixes.iter().copied().map(IpNet::V4);
        v4.chain(network.ipv6.map(IpNet::V6)).collect()
    }

    /// The subnets of a network.
    fn subnets_of(&self, network: usize) -> Vec<usize> {
        (0..self.subnets.len()).filter(|&it| self.subnets[it].network == network).collect()
    }

    /// The interfaces of a network.
    fn interfaces_of(&self, network: usize) -> Vec<usize> {
        let here = |it: &usize| self.network_of(*it) == Some(network);
        (0..self.interfaces.len()).filter(here).collect()
    }
}

impl Peering {
    /// Whether both sides are connected.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connected == [true, true]
    }
}
