//! Public addresses, and where the packets of those who have them are sent.

use cloudfw_core::{
    Gateway, Id, Interface, Network, Opens, Passage, Role, Route, RouteTable, Router, Target,
    Unknown,
};

use crate::routes::{Exit, Routes};

/// The interfaces with public addresses behind one table that sends nothing to a border.
#[derive(Debug)]
pub(super) struct Stranded<'n> {
    /// The table.
    pub(super) table: &'n RouteTable,
    /// The interfaces.
    pub(super) interfaces: Vec<&'n Interface>,
    /// What is done with packets to the outside.
    pub(super) way: Way<'n>,
}

/// Where packets to the outside are sent.
#[derive(Debug)]
pub(super) enum Way<'n> {
    /// Nowhere, or to what carries nothing.
    Nowhere(Vec<&'n Route>),
    /// To a gateway that is not the one that what comes in comes by, which is there.
    Other(&'n Route, &'n Gateway),
    /// It cannot be said.
    Unknown(Vec<Unknown>),
}

/// All of them, by table.
pub(super) fn stranded<'n>(network: &'n Network, routes: &Routes<'n>) -> Vec<Stranded<'n>> {
    let mut all = Vec::new();
    for table in routes.tables() {
        let mut interfaces = Vec::new();
        for (id, _) in &table.subnets {
            let public = routes.interfaces(id).iter().filter(|one| is_public(one));
            interfaces.extend(public.copied());
        }
        // Tables belong to one router, so that each of its subnets has the same way out.
        let Some((_, subnet)) = table.subnets.first().filter(|_| !interfaces.is_empty()) else {
            continue;
        };
        let way = match routes.exit(subnet) {
            Exit::Border => continue,
            Exit::Unknown(unknowns) => Way::Unknown(unknowns),
            Exit::Instead(instead) => {
                let mut others = instead.iter().filter_map(|route| {
                    let Target::Gateway(id) = &route.target else { return None };
                    let gateway = network.gateways.get(id)?;
                    gateway.closed.is_none().then_some((*route, gateway))
                });
                match others.find(|_| has_border(network, &subnet.router)) {
                    Some((route, gateway)) => Way::Other(route, gateway),
                    None => Way::Nowhere(instead),
                }
            }
        };
        interfaces.sort_by_key(|one| (&one.label.scope, &one.label.id));
        all.push(Stranded { table: table.table, interfaces, way });
    }
    all
}

/// Whether it has a public IPv4 address, and takes connections.
fn is_public(interface: &Interface) -> bool {
    interface.addresses.iter().any(|address| address.public.is_some_and(|it| it.is_ipv4()))
        && !matches!(interface.role, Role::Gateway(_))
}

/// Whether what is outside can come in to a router at all.
fn has_border(network: &Network, router: &Id<Router>) -> bool {
    network.gateways.values().any(|gateway| match &gateway.passage {
        Passage::Border { router: inside, opens: Opens::Both, .. } => {
            inside == router && gateway.closed.is_none()
        }
        _ => false,
    })
}
