//! The estate as plain values, before it is printed: what the documents are rendered from and what
//! the queries are forecast on. Every `usize` that names an object is an index into the list of
//! its kind in [`Estate`].

use std::net::Ipv4Addr;
use std::ops::Range;

use ipnet::Ipv4Net;

/// A whole generated estate: one subscription, in one region.
#[derive(Debug, Clone, Default)]
pub struct Estate {
    /// The id of the subscription.
    pub subscription: String,
    /// Virtual networks, each with a resource group of its own.
    pub networks: Vec<Network>,
    /// Subnets; those of one network are neighbours.
    pub subnets: Vec<Subnet>,
    /// Peerings of every state, each of two sides.
    pub peerings: Vec<Peering>,
    /// Route tables.
    pub tables: Vec<Table>,
    /// NAT gateways.
    pub nat_gateways: Vec<NatGateway>,
    /// Network security groups.
    pub groups: Vec<Group>,
    /// Application security groups: their networks.
    pub application_groups: Vec<usize>,
    /// Network interfaces.
    pub interfaces: Vec<Interface>,
    /// Virtual machines.
    pub machines: Vec<Machine>,
    /// Load balancers.
    pub balancers: Vec<Balancer>,
}

/// A virtual network and what hangs on it once.
#[derive(Debug, Clone)]
pub struct Network {
    /// Its name, which ends that of its resource group too.
    pub name: String,
    /// Its address space.
    pub prefixes: Vec<Ipv4Net>,
    /// How many interfaces it is to hold.
    pub interfaces: usize,
    /// Its subnets.
    pub subnets: Range<usize>,
    /// Its network security groups.
    pub groups: Vec<usize>,
    /// Its application security groups.
    pub application_groups: Vec<usize>,
    /// Every peering it takes part in, whatever its state.
    pub peerings: Vec<usize>,
    /// Whether its spokes route by an appliance in it: that interface.
    pub appliance: Option<usize>,
    /// Whether the rules of the Virtual Network Manager hold in it.
    pub is_managed: bool,
}

/// What stands in a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Machines with public addresses, and public load balancers.
    Front,
    /// Machines that go out by a NAT gateway, an appliance or Azure's default.
    Middle,
    /// Databases and private endpoints.
    Back,
}

/// A subnet.
#[derive(Debug, Clone)]
pub struct Subnet {
    /// Its name, of which its network has one.
    pub name: String,
    /// Its network.
    pub network: usize,
    /// Its prefix, inside one of the network's.
    pub prefix: Ipv4Net,
    /// What stands in it.
    pub tier: Tier,
    /// Its network security group.
    pub group: Option<usize>,
    /// Its route table.
    pub table: Option<usize>,
    /// Its NAT gateway.
    pub nat_gateway: Option<usize>,
    /// Without default outbound access.
    pub is_private: bool,
    /// How many addresses have been handed out.
    pub used: u32,
}

/// A peering, with both sides.
#[derive(Debug, Clone)]
pub struct Peering {
    /// The networks.
    pub sides: [usize; 2],
    /// Of both sides; `Disconnected` where one was taken away.
    pub state: &'static str,
    /// `allowVirtualNetworkAccess` of both sides.
    pub access: bool,
}

impl Peering {
    /// Whether it is known to carry packets.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.state == "Connected"
    }

    /// The network on the other side.
    #[must_use]
    pub fn other(&self, network: usize) -> usize {
        let [one, other] = self.sides;
        if one == network { other } else { one }
    }
}

/// A route table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The network whose subnets use it.
    pub network: usize,
    /// Its user-defined routes.
    pub routes: Vec<Route>,
}

/// A user-defined route.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// Where to.
    pub prefix: Ipv4Net,
    /// By what.
    pub hop: Hop,
}

/// The next hop of a user-defined route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    /// `None`: dropped.
    None,
    /// `Internet`.
    Internet,
    /// `VirtualAppliance` at an address.
    Appliance(Ipv4Addr),
}

/// A NAT gateway.
#[derive(Debug, Clone)]
pub struct NatGateway {
    /// Its name.
    pub name: String,
    /// Its network.
    pub network: usize,
    /// Its public address.
    pub address: Ipv4Addr,
}

/// A network security group, without its default rules.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The network that it is used in.
    pub network: usize,
    /// Its rules, in order of priority, those of inbound first.
    pub rules: Vec<Rule>,
}

/// A rule of a network security group.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// 100 to 4096, of each direction one.
    pub priority: u16,
    /// Inbound or outbound.
    pub inbound: bool,
    /// Allow or deny.
    pub allow: bool,
    /// As Azure writes it.
    pub protocol: &'static str,
    /// Where from: several are all prefixes, or all members.
    pub sources: Vec<End>,
    /// Where to.
    pub destinations: Vec<End>,
    /// Destination ports.
    pub ports: Vec<(u16, u16)>,
}

/// One end of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// `*`.
    Any,
    /// A prefix.
    Prefix(Ipv4Net),
    /// A service tag.
    Tag(&'static str),
    /// The members of an application security group.
    Members(usize),
}

/// What an interface is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A virtual machine.
    Machine(usize),
    /// A private endpoint.
    Endpoint,
    /// Nothing: it was left over.
    Nothing,
}

/// A public address.
#[derive(Debug, Clone, Copy)]
pub struct PublicAddress {
    /// It.
    pub address: Ipv4Addr,
    /// `Standard`, else `Basic`.
    pub is_standard: bool,
}

/// A network interface.
#[derive(Debug, Clone)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its subnet.
    pub subnet: usize,
    /// Its private addresses, the primary one first.
    pub addresses: Vec<Ipv4Addr>,
    /// The public address of the primary one.
    pub public: Option<PublicAddress>,
    /// Its network security group.
    pub group: Option<usize>,
    /// The application security groups that it is a member of.
    pub members: Vec<usize>,
    /// What it is of.
    pub owner: Owner,
    /// The load balancer that it stands behind.
    pub balancer: Option<usize>,
    /// `enableIPForwarding`.
    pub forwards: bool,
}

/// A virtual machine.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// Its network.
    pub network: usize,
    /// Windows, else Linux.
    pub is_windows: bool,
    /// Running, else deallocated.
    pub is_running: bool,
}

/// A load balancer of the Standard SKU, with one frontend and one pool.
#[derive(Debug, Clone)]
pub struct Balancer {
    /// Its name.
    pub name: String,
    /// The subnet that its pool is in, and its private frontend.
    pub subnet: usize,
    /// The address of its frontend.
    pub address: Ipv4Addr,
    /// Whether that is a public one.
    pub is_public: bool,
    /// The ports of its rules, in front and behind.
    pub rules: Vec<(u16, u16)>,
}

impl Estate {
    /// The network that an interface is in.
    #[must_use]
    pub fn network_of(&self, interface: usize) -> usize {
        self.subnets[self.interfaces[interface].subnet].network
    }

    /// Whether an interface is of a machine that runs.
    #[must_use]
    pub fn runs(&self, interface: usize) -> bool {
        match self.interfaces[interface].owner {
            Owner::Machine(machine) => self.machines[machine].is_running,
            Owner::Endpoint | Owner::Nothing => false,
        }
    }

    /// The ARM id of a resource of a network's resource group.
    #[must_use]
    pub fn id(&self, network: usize, arm_type: &str, name: &str) -> String {
        let group = &self.networks[network].name;
        format!(
            "/subscriptions/{}/resourceGroups/rg-{group}/providers/{arm_type}/{name}",
            self.subscription
        )
    }

    /// The ARM id of an interface.
    #[must_use]
    pub fn interface_id(&self, interface: usize) -> String {
        let name = &self.interfaces[interface].name;
        self.id(self.network_of(interface), "Microsoft.Network/networkInterfaces", name)
    }
}
