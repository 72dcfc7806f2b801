//! The estate as plain values, before it is printed: what the documents are rendered from and what
//! the queries are forecast on. Every `usize` that names an object is an index into the list of
//! its kind in [`Estate`].

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The region that every object is in.
pub const REGION: &str = "us-east-1";

/// A whole generated estate.
#[derive(Debug, Clone, Default)]
pub struct Estate {
    /// Account ids, twelve digits each.
    pub accounts: Vec<String>,
    /// VPCs, in drawn order of size.
    pub vpcs: Vec<Vpc>,
    /// Subnets; those of one VPC are neighbours.
    pub subnets: Vec<Subnet>,
    /// Peering connections of every state.
    pub peerings: Vec<Peering>,
    /// Managed prefix lists, the first being the one of Amazon S3.
    pub prefix_lists: Vec<PrefixList>,
    /// NAT gateways, a few of them deleted.
    pub nat_gateways: Vec<NatGateway>,
    /// VPC endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Route tables.
    pub route_tables: Vec<RouteTable>,
    /// Network ACLs.
    pub acls: Vec<Acl>,
    /// Security groups, default ones included.
    pub groups: Vec<Group>,
    /// Network interfaces.
    pub interfaces: Vec<Interface>,
    /// Instances.
    pub instances: Vec<Instance>,
}

/// A VPC and what hangs on it once.
#[derive(Debug, Clone)]
pub struct Vpc {
    /// `vpc-…`.
    pub id: String,
    /// Its account.
    pub account: usize,
    /// Its Name tag.
    pub name: String,
    /// Primary block, then the secondary one if there is one.
    pub cidrs: Vec<Ipv4Net>,
    /// Whether interfaces have DNS names.
    pub dns_hostnames: bool,
    /// A /56, in a third of the VPCs.
    pub ipv6: Option<Ipv6Net>,
    /// How many interfaces it is to hold.
    pub interfaces: usize,
    /// Its subnets.
    pub subnets: Range<usize>,
    /// `igw-…`.
    pub internet_gateway: Option<String>,
    /// `eigw-…`.
    pub egress_only_gateway: Option<String>,
    /// Its groups, the default one first.
    pub groups: Vec<usize>,
    /// Its ACLs, the default one first.
    pub acls: Vec<usize>,
    /// Its route tables, the main one first.
    pub route_tables: Vec<usize>,
    /// Every peering it takes part in, whatever its state.
    pub peerings: Vec<usize>,
}

/// What the route table of a subnet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Default route to an internet gateway.
    Public,
    /// Default route to a NAT gateway, where there is one.
    Private,
    /// No default route.
    Isolated,
}

/// A subnet.
#[derive(Debug, Clone)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: usize,
    /// Its block, inside one of the blocks of the VPC.
    pub cidr: Ipv4Net,
    /// A /64 of the VPC's /56.
    pub ipv6: Option<Ipv6Net>,
    /// 0 to 5 for `us-east-1a` to `f`.
    pub zone: usize,
    /// Which kind of route table it has.
    pub tier: Tier,
    /// Its route table.
    pub route_table: usize,
    /// Whether it is associated with that table by name; else the main table serves it.
    pub associated: bool,
    /// Its ACL.
    pub acl: usize,
    /// How many IPv4 addresses have been handed out.
    pub used: u32,
    /// Distance between addresses that are handed out one after the other.
    pub stride: u32,
}

/// A peering connection.
#[derive(Debug, Clone)]
pub struct Peering {
    /// `pcx-…`.
    pub id: String,
    /// The VPC that asked.
    pub requester: usize,
    /// The VPC that was asked.
    pub accepter: usize,
    /// `active`, `pending-acceptance`, `deleted` or `failed`.
    pub state: &'static str,
}

impl Peering {
    /// Whether it carries packets.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == "active"
    }

    /// The VPC on the other side.
    #[must_use]
    pub fn other(&self, vpc: usize) -> usize {
        if self.requester == vpc { self.accepter } else { self.requester }
    }
}

/// A managed prefix list.
#[derive(Debug, Clone)]
pub struct PrefixList {
    /// `pl-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its account; none for a list of AWS's own.
    pub account: Option<usize>,
    /// Its entries, of one family.
    pub entries: Vec<IpNet>,
}

/// A NAT gateway.
#[derive(Debug, Clone)]
pub struct NatGateway {
    /// `nat-…`.
    pub id: String,
    /// The subnet that it stands in.
    pub subnet: usize,
    /// Deleted, but still listed.
    pub deleted: bool,
    /// Without a public address.
    pub private: bool,
    /// Its interface; none once it is deleted.
    pub interface: Option<usize>,
}

/// A VPC endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `vpce-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: usize,
    /// Last part of the service name: `s3`, `ssm`.
    pub service: &'static str,
    /// Gateway or interface endpoint.
    pub kind: EndpointKind,
}

/// The two kinds of endpoint that occur.
#[derive(Debug, Clone)]
pub enum EndpointKind {
    /// Reached by a prefix-list route of these tables.
    Gateway {
        /// The route tables.
        route_tables: Vec<usize>,
    },
    /// Reached at these interfaces.
    Interface {
        /// The interfaces.
        interfaces: Vec<usize>,
    },
}

/// A route table.
#[derive(Debug, Clone)]
pub struct RouteTable {
    /// `rtb-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: usize,
    /// Its Name tag.
    pub name: String,
    /// Whether it serves the subnets that are associated with none.
    pub main: bool,
    /// Its routes, local ones first.
    pub routes: Vec<Route>,
}

/// A route.
#[derive(Debug, Clone)]
pub struct Route {
    /// What it leads to.
    pub to: RouteTo,
    /// What it goes through.
    pub via: Via,
    /// Whether the target is gone.
    pub blackhole: bool,
}

/// The destination of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteTo {
    /// A block of either family.
    Cidr(IpNet),
    /// A prefix list.
    PrefixList(usize),
}

/// The target of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// The VPC itself.
    Local,
    /// The internet gateway of the VPC.
    InternetGateway,
    /// The egress-only gateway of the VPC.
    EgressOnlyGateway,
    /// A NAT gateway.
    NatGateway(usize),
    /// A peering.
    Peering(usize),
    /// A gateway endpoint.
    Endpoint(usize),
}

/// A network ACL.
#[derive(Debug, Clone)]
pub struct Acl {
    /// `acl-…`.
    pub id: String,
    /// Its VPC.
    pub vpc: usize,
    /// Its Name tag; empty for a default one.
    pub name: String,
    /// Whether it is the default one.
    pub default: bool,
    /// Its entries in shuffled order, the implicit denies included.
    pub entries: Vec<Entry>,
}

/// An entry of a network ACL.
#[derive(Debug, Clone)]
pub struct Entry {
    /// 1 to 32766, and 32767 or 32768 for the implicit deny of IPv4 and IPv6.
    pub number: u16,
    /// Outbound?
    pub egress: bool,
    /// Allow or deny.
    pub allow: bool,
    /// IP protocol number; -1 is every one.
    pub protocol: i16,
    /// The far end.
    pub cidr: IpNet,
    /// For TCP and UDP, both ends included.
    pub ports: Option<(u16, u16)>,
    /// For ICMP: type and code, -1 is every one.
    pub icmp: Option<(i16, i16)>,
}

/// A security group.
#[derive(Debug, Clone)]
pub struct Group {
    /// `sg-…`.
    pub id: String,
    /// Its name, unique in its VPC.
    pub name: String,
    /// Its VPC.
    pub vpc: usize,
    /// Inbound rules.
    pub ingress: Vec<Rule>,
    /// Outbound rules.
    pub egress: Vec<Rule>,
}

/// One rule of a security group: one protocol, one range, one far end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// As AWS prints it: `tcp`, `icmp`, `50`, `-1`.
    pub protocol: &'static str,
    /// `FromPort` and `ToPort`; type and code for ICMP.
    pub ports: Option<(i32, i32)>,
    /// The far end.
    pub peer: Peer,
}

/// The far end of a security group rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// A block of either family.
    Cidr(IpNet),
    /// A group, of the other VPC where a peering is named.
    Group(usize, Option<usize>),
    /// A prefix list.
    PrefixList(usize),
}

/// What an interface belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// An instance, at this device index.
    Instance(usize, usize),
    /// A NAT gateway.
    NatGateway(usize),
    /// An interface endpoint.
    Endpoint(usize),
    /// A function.
    Lambda,
    /// A container that AWS runs, with an interface of its own.
    Task,
    /// A cache that AWS runs.
    Cache,
    /// Nothing: it is not attached.
    Nothing,
}

/// A network interface.
#[derive(Debug, Clone)]
pub struct Interface {
    /// `eni-…`.
    pub id: String,
    /// Its subnet.
    pub subnet: usize,
    /// What it belongs to.
    pub owner: Owner,
    /// Primary private address, then secondary ones.
    pub addresses: Vec<Ipv4Addr>,
    /// Its IPv6 address.
    pub ipv6: Option<Ipv6Addr>,
    /// The public address of its primary private address.
    pub public: Option<PublicAddress>,
    /// Public addresses of secondary private addresses, by the place of these in `addresses`.
    pub further: Vec<(usize, PublicAddress)>,
    /// Its groups.
    pub groups: Vec<usize>,
    /// Whether it takes and sends only packets of its own addresses.
    pub source_check: bool,
}

impl Interface {
    /// Its public addresses, each with the private one that it stands for.
    pub fn publics(&self) -> impl Iterator<Item = (Ipv4Addr, &PublicAddress)> {
        let primary = self.public.iter().map(|public| (0, public));
        let further = self.further.iter().map(|(place, public)| (*place, public));
        let named = |(place, public)| Some((*self.addresses.get(place)?, public));
        primary.chain(further).filter_map(named)
    }
}

/// A public IPv4 address of an interface.
#[derive(Debug, Clone)]
pub struct PublicAddress {
    /// The address.
    pub address: Ipv4Addr,
    /// Allocation and association ids of an elastic one; none for one that was assigned at launch.
    pub elastic: Option<(String, String)>,
}

/// An instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// `i-…`.
    pub id: String,
    /// Its Name tag.
    pub name: String,
    /// Its interfaces by device index.
    pub interfaces: Vec<usize>,
    /// Windows, else Linux.
    pub windows: bool,
    /// Running, else stopped.
    pub running: bool,
}

impl Estate {
    /// The VPC of an interface.
    #[must_use]
    pub fn vpc_of(&self, interface: usize) -> usize {
        self.subnets[self.interfaces[interface].subnet].vpc
    }

    /// The account of a VPC.
    #[must_use]
    pub fn account_of(&self, vpc: usize) -> &str {
        &self.accounts[self.vpcs[vpc].account]
    }

    /// The active peering between two VPCs.
    #[must_use]
    pub fn peering_between(&self, vpc: usize, other: usize) -> Option<usize> {
        self.vpcs[vpc].peerings.iter().copied().find(|&peering| {
            let peering = &self.peerings[peering];
            peering.is_active() && peering.other(vpc) == other
        })
    }
}
