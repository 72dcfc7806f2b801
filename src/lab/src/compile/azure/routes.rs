//! What a subnet routes by: Azure's own routes and the user's.

use ipnet::IpNet;

use super::documents::{Documents, Resource, net};
use super::places::{Network, Places, Subnet};
use crate::blueprint::{Route, Target};
use crate::compile::Unsupported;

/// AZ-51: what Azure drops.
const DROPPED: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

/// What the way to the internet is called.
pub(super) fn border_of(network: &Network) -> String {
    format!("internet of {}", network.name)
}

/// What a subnet's routes are called: by the user's table, if it has one.
pub(super) fn name_of(
    documents: &Documents<'_>,
    subnet: &Subnet<'_>,
    network: &Network,
) -> Result<String, Unsupported> {
    Ok(match table_of(documents, subnet)? {
        Some(table) => table.id()?.to_owned(),
        None => format!("system routes of {}", network.name),
    })
}

fn table_of<'a>(
    documents: &Documents<'a>,
    subnet: &Subnet<'_>,
) -> Result<Option<Resource<'a>>, Unsupported> {
    let Some(id) = subnet.own.reference("routeTable") else { return Ok(None) };
    let table = documents.find("microsoft.network/routetables", &id);
    table.map(Some).ok_or_else(|| Unsupported::new(id, "the table is not in the documents"))
}

/// AZ-50: of equal prefixes the user's wins.
pub(super) fn routes(
    documents: &Documents<'_>,
    places: &Places<'_>,
    subnet: &Subnet<'_>,
) -> Result<Vec<Route>, Unsupported> {
    let network = places.network(&subnet.network)?;
    let mut routes: Vec<Route> = Vec::new();
    if let Some(table) = table_of(documents, subnet)? {
        for told in table.list("routes") {
            routes.push(user_route(places, subnet, &told)?);
        }
    }
    for route in system_routes(network)? {
        if routes.iter().all(|other| other.to != route.to) {
            routes.push(route);
        }
    }
    Ok(routes)
}

/// AZ-51, AZ-53.
fn system_routes(network: &Network) -> Result<Vec<Route>, Unsupported> {
    let at = network.id.as_str();
    let route = |to: IpNet, target: &Target| Route { to, target: target.clone() };
    let mut routes: Vec<Route> =
        network.prefixes.iter().map(|own| route(*own, &Target::Local)).collect();
    for side in &network.sides {
        let target = Target::Gateway(side.peering.clone());
        routes.extend(side.remote.iter().map(|to| route(*to, &target)));
    }
    for everything in ["0.0.0.0/0", "::/0"] {
        routes.push(route(net(at, everything)?, &Target::Gateway(border_of(network))));
    }
    for dropped in DROPPED {
        let dropped = net(at, dropped)?;
        if !network.prefixes.iter().any(|own| own.contains(&dropped)) {
            routes.push(route(dropped, &Target::Blackhole));
        }
    }
    Ok(routes)
}

/// AZ-52.
fn user_route(
    places: &Places<'_>,
    subnet: &Subnet<'_>,
    told: &Resource<'_>,
) -> Result<Route, Unsupported> {
    let at = told.id()?;
    let to = net(at, told.text("addressPrefix").unwrap_or_default())?;
    let hop = told.text("nextHopType").unwrap_or_default().to_lowercase();
    let target = match hop.as_str() {
        "none" => Target::Blackhole,
        "vnetlocal" => Target::Local,
        "internet" => Target::Gateway(border_of(places.network(&subnet.network)?)),
        "virtualappliance" => {
            let address = told.text("nextHopIpAddress").unwrap_or_default();
            Target::Interface(appliance(places, subnet, address)?)
        }
        _ => return Err(Unsupported::new(at, format!("the next hop `{hop}`"))),
    };
    Ok(Route { to, target })
}

/// The interface that holds the address of an appliance, of the network or a peer of it.
fn appliance(
    places: &Places<'_>,
    subnet: &Subnet<'_>,
    address: &str,
) -> Result<String, Unsupported> {
    let sides = &places.network(&subnet.network)?.sides;
    let is_near =
        |network: &str| network == subnet.network || sides.iter().any(|side| side.to == network);
    let is_here = |key: &str| places.subnet(key).is_ok_and(|it| is_near(&it.network));
    let mut here = places.nics.values().filter(|nic| is_here(&nic.subnet));
    let holder = here.find(|nic| nic.addresses.iter().any(|it| it.own.to_string() == address));
    match holder {
        Some(nic) => Ok(nic.own.id()?.to_owned()),
        None => Err(Unsupported::new(address, "the appliance is not in the network")),
    }
}
