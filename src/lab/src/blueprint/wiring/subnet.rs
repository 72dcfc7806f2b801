//! Subnets: their table is the namespace's, and their boundary is asked between the wires that
//! lead inside (`i…`) and those that lead out (`o…`).

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::draft::Draft;
use super::host::{HANDED_ON, VIA};
use super::index::Index;
use super::ruleset::{self, EARLY, LATE, Place, about, drop, drop_others, words};
use super::{Spaces, WiringError};
use crate::blueprint::{Gateway, Interface, Neighbours, Passage, Subnet, Target};
use crate::kernel::plan::{Act, Cause, Hook, Line, MAIN_TABLE, SiteId, SpaceId};

/// To the router.
const ROUTER: &str = "or";
/// Where routes lead to nothing.
const NOWHERE: &str = "ox";
/// Where addresses of the subnet lead to that nobody holds.
const UNHELD: &str = "ix";
/// The table for what comes from interfaces, where neighbours go by the subnet's table.
const BY_TABLE: u32 = 100;
/// Where packets end before the boundary is asked.
const REFUSED: &str = "zx";

/// A subnet that is being wired.
struct Wiring<'w, 'b> {
    draft: &'w mut Draft,
    spaces: &'w Spaces<'b>,
    index: &'w Index<'b>,
    subnet: &'b Subnet,
    space: SpaceId,
    /// The devices to gateways that are there.
    doors: BTreeMap<&'b str, String>,
    /// What ends at [`NOWHERE`], and at [`REFUSED`].
    nowhere: Vec<(IpNet, SiteId)>,
    refused: Vec<(IpNet, SiteId)>,
}

/// Wires a subnet to its router and to what its table names.
pub(super) fn put_subnet<'b>(
    draft: &mut Draft,
    spaces: &Spaces<'b>,
    index: &Index<'b>,
    subnet: &'b Subnet,
) -> Result<(), WiringError> {
    let Some(space) = spaces.subnet(&subnet.id) else { return Ok(()) };
    let mut wiring = Wiring {
        draft,
        spaces,
        index,
        subnet,
        space,
        doors: BTreeMap::new(),
        nowhere: Vec::new(),
        refused: Vec::new(),
    };
    wiring.join_router();
    wiring.put_own();
    wiring.put_routes();
    wiring.put_rules()
}

impl<'b> Wiring<'_, 'b> {
    fn join_router(&mut self) {
        let Some(router) = self.spaces.router(&self.subnet.router) else { return };
        let device = self.draft.device(router, "s");
        self.draft.wire((self.space, ROUTER), (router, &device));
        for prefix in &self.subnet.prefixes {
            self.draft.route(router, prefix.trunc(), &device);
        }
    }

    /// Its own addresses: those that are held have routes of their own.
    fn put_own(&mut self) {
        self.draft.sink(self.space, UNHELD);
        for prefix in &self.subnet.prefixes {
            self.draft.route(self.space, prefix.trunc(), UNHELD);
        }
    }

    /// The table that what comes from its interfaces goes by.
    fn table(&self) -> u32 {
        match self.subnet.neighbours {
            Neighbours::Direct => MAIN_TABLE,
            Neighbours::ByTable => BY_TABLE,
        }
    }

    /// Its own addresses that nobody holds, where neighbours go by its table and that leads there.
    fn put_own_by_table(&mut self) {
        let subnet = self.subnet;
        for prefix in subnet.prefixes.iter().map(IpNet::trunc) {
            let is_said = subnet.routes.iter().any(|route| route.to.trunc() == prefix);
            if !is_said && leads_inside(subnet, prefix) {
                self.draft.route_in(self.space, BY_TABLE, prefix, UNHELD);
            }
        }
    }

    fn put_routes(&mut self) {
        self.draft.sink(self.space, NOWHERE);
        let mut bare = super::draft::everything().to_vec();
        for route in &self.subnet.routes {
            let to = route.to.trunc();
            bare.retain(|all| *all != to);
            let is_own = self.subnet.prefixes.iter().any(|own| own.contains(&to));
            let device = match &route.target {
                // What is inside the subnet stays there, whatever its table says.
                _ if is_own && self.subnet.neighbours == Neighbours::Direct => continue,
                Target::Local if is_own && self.index.holds(&self.subnet.id, to) => continue,
                Target::Local if is_own => UNHELD.to_owned(),
                Target::Local => ROUTER.to_owned(),
                Target::Blackhole => self.end_at(to, Cause::Blackhole, &self.subnet.table),
                Target::Gateway(id) => match self.index.gateways.get(id.as_str()) {
                    Some(gateway) => self.door(to, gateway),
                    None => continue,
                },
                Target::Interface(id) => self.way_to_appliance(id),
            };
            self.draft.route_in(self.space, self.table(), to, &device);
        }
        for to in bare {
            self.draft.route_in(self.space, self.table(), to, NOWHERE);
        }
        if self.subnet.neighbours == Neighbours::ByTable {
            self.put_own_by_table();
        }
    }

    /// The device that a route to an interface leads to.
    fn way_to_appliance(&mut self, id: &'b str) -> String {
        if let Some(device) = self.doors.get(id) {
            return device.clone();
        }
        let Some(appliance) = self.spaces.interface(id) else { return NOWHERE.to_owned() };
        let device = self.draft.device(self.space, "o");
        let there = self.draft.device(appliance, VIA);
        self.draft.wire((self.space, &device), (appliance, &there));
        self.draft.select_device(appliance, &there, HANDED_ON);
        self.doors.insert(id, device.clone());
        device
    }

    /// A route that ends once the boundary is crossed.
    fn end_at(&mut self, to: IpNet, cause: Cause, at: &str) -> String {
        let rule = if cause == Cause::Blackhole { to.to_string() } else { String::new() };
        let site = self.draft.plain_site(cause, at, &rule);
        self.nowhere.push((to, site));
        NOWHERE.to_owned()
    }

    /// A route that ends before the boundary is asked.
    fn refuse(&mut self, to: IpNet, cause: Cause, at: &str) -> String {
        if self.refused.is_empty() {
            self.draft.sink(self.space, REFUSED);
        }
        let site = self.draft.plain_site(cause, at, "");
        self.refused.push((to, site));
        REFUSED.to_owned()
    }

    /// The device that a route to a gateway leads to.
    fn door(&mut self, to: IpNet, gateway: &'b Gateway) -> String {
        let id = gateway.id.as_str();
        let not_here = if gateway.closed { Cause::Closed } else { Cause::NotCarried };
        let router = self.subnet.router.as_str();
        match &gateway.passage {
            Passage::Border { router: of, .. } if of == router => {}
            Passage::Link { ends } if ends.iter().any(|end| end == router) => {}
            Passage::Border { .. } | Passage::Link { .. } => {
                return self.end_at(to, not_here, id);
            }
            Passage::SourceNat { subnet, .. } => {
                if self.index.router_of(subnet) != router {
                    return self.refuse(to, Cause::NotCarried, id);
                }
                if *subnet == self.subnet.id {
                    return self.spaces.nat(id).map_or(NOWHERE, |nat| &nat.device).to_owned();
                }
            }
        }
        if let Some(device) = self.doors.get(id) {
            return device.clone();
        }
        let device = self.draft.device(self.space, "o");
        self.open(gateway, &device);
        self.doors.insert(id, device.clone());
        device
    }

    /// The wire to a gateway.
    fn open(&mut self, gateway: &'b Gateway, device: &str) {
        let id = gateway.id.as_str();
        let here = (self.space, device);
        match &gateway.passage {
            Passage::Border { router, .. } => {
                if let Some(border) = self.spaces.border(router) {
                    let number = super::border::number(self.index, gateway);
                    let there = self.draft.device(border, &format!("b{number}x"));
                    self.draft.wire(here, (border, &there));
                }
            }
            Passage::Link { ends } => {
                if let Some(link) = self.spaces.link(id) {
                    let first = ends.first().is_some_and(|end| *end == self.subnet.router);
                    super::link::join(self.draft, link, here, first);
                }
            }
            Passage::SourceNat { subnet, .. } => {
                if let (Some(subnet), Some(nat)) = (self.spaces.subnet(subnet), self.spaces.nat(id))
                {
                    let there = self.draft.device(subnet, "o");
                    self.draft.wire(here, (subnet, &there));
                    self.draft.select_device(subnet, &there, nat.table);
                }
            }
        }
    }

    fn put_rules(mut self) -> Result<(), WiringError> {
        let unheld = self.draft.plain_site(Cause::Unheld, &self.subnet.router, "");
        let no_route = self.draft.plain_site(Cause::NoRoute, &self.subnet.table, "");
        let raw = (Hook::Prerouting, -300);
        let stateless = vec![ruleset::line("", Act::Do("notrack".to_owned()))];
        self.draft.base(self.space, "raw", raw, stateless);
        let refused = ended(REFUSED, std::mem::take(&mut self.refused));
        self.draft.base(self.space, "early", EARLY, refused);
        let place = Place {
            space: self.space,
            name: "f",
            ingress: "iifname \"o*\" oifname \"i*\"",
            egress: "iifname \"i*\" oifname \"o*\"",
            reversed_out: false,
            remembers: false,
        };
        ruleset::put_filters(self.draft, &place, &self.subnet.boundary)?;
        let mut late = ended(NOWHERE, std::mem::take(&mut self.nowhere));
        late.push(drop(format!("oifname \"{NOWHERE}\""), no_route));
        late.push(drop(format!("oifname \"{UNHELD}\""), unheld));
        let subnets = self.index.subnet_prefixes(&self.subnet.router);
        late.extend(drop_others(&format!("oifname \"{ROUTER}\""), "daddr", &subnets, unheld));
        self.draft.base(self.space, "late", LATE, late);
        Ok(())
    }
}

/// Whether what goes to these addresses by a subnet's table stays in the network.
fn leads_inside(subnet: &Subnet, to: IpNet) -> bool {
    let matching = subnet.routes.iter().filter(|route| route.to.trunc().contains(&to));
    let best = matching.max_by_key(|route| route.to.prefix_len());
    best.is_some_and(|route| route.target == Target::Local)
}

/// Lets an interface's packets go by the subnet's table, if neighbours do, and others come to it.
pub(super) fn put_neighbour(
    draft: &mut Draft,
    space: SpaceId,
    subnet: &Subnet,
    (interface, device): (&Interface, &str),
) {
    if subnet.neighbours == Neighbours::Direct {
        return;
    }
    draft.select_device(space, device, BY_TABLE);
    for (address, _) in &interface.addresses {
        let address = IpNet::from(*address);
        if leads_inside(subnet, address) {
            draft.route_in(space, BY_TABLE, address, device);
        }
    }
}

/// Lines for what is routed to a sink, the longest prefix first.
fn ended(device: &str, mut routes: Vec<(IpNet, SiteId)>) -> Vec<Line> {
    routes.sort_by_key(|(to, _)| std::cmp::Reverse(to.prefix_len()));
    let packets = format!("oifname \"{device}\"");
    let line = |(to, site)| drop(words(&[&packets, &about("daddr", to)]), site);
    routes.into_iter().map(line).collect()
}

/// The namespace of a router: it knows its subnets, and that nobody else is there.
pub(super) fn put_router(draft: &mut Draft, spaces: &Spaces<'_>, id: &str) {
    let Some(router) = spaces.router(id) else { return };
    draft.sink(router, "end0");
    draft.route_all(router, MAIN_TABLE, "end0");
    let site = draft.plain_site(Cause::Unheld, id, "");
    draft.base(router, "late", LATE, vec![drop("oifname \"end0\"", site)]);
}
