//! Azure documents as a blueprint: a second opinion.
//!
//! Small and naive on purpose, and written from the vendor's statements alone (their numbers are
//! in the comments). It knows nothing of `providers/azure`, so that a fault there shows when both
//! are compared. What it does not know it refuses.
//!
//! Where Azure does not say what becomes of packets, this is what happens here: a machine that may
//! forward hands on every packet as it came (AZ-52), and a peering without access carries what
//! rules of users let through (AZ-61).

mod documents;
mod groups;
mod places;
mod routes;
mod words;

use std::collections::BTreeMap;

use serde_json::Value;

use super::Unsupported;
use crate::blueprint::{Blueprint, Gateway, Host, Interface, Neighbours, Passage, Router, Subnet};
use documents::{Documents, Resource};
use places::Places;

/// The blueprint of an estate that documents of Azure tell of. The addresses of the outside are
/// the caller's to add.
///
/// # Errors
///
/// [`Unsupported`]: what cannot be read, or is not to be had from namespaces.
pub fn from_documents(documents: &[(String, Value)]) -> Result<Blueprint, Unsupported> {
    let documents = Documents::read(documents)?;
    let places = Places::of(&documents)?;
    super::whole(Blueprint {
        routers: routers(&places),
        subnets: subnets(&documents, &places)?,
        interfaces: interfaces(&documents, &places)?,
        hosts: hosts(&places)?,
        gateways: gateways(&places),
        outside: Vec::new(),
    })
}

fn routers(places: &Places<'_>) -> Vec<Router> {
    let networks = places.networks.values();
    networks.map(|it| Router { id: it.id.clone(), prefixes: it.prefixes.clone() }).collect()
}

fn subnets(documents: &Documents<'_>, places: &Places<'_>) -> Result<Vec<Subnet>, Unsupported> {
    let subnet = |subnet: &places::Subnet<'_>| {
        let network = places.network(&subnet.network)?;
        Ok(Subnet {
            id: subnet.own.id()?.to_owned(),
            router: network.id.clone(),
            prefixes: subnet.prefixes.clone(),
            table: routes::name_of(documents, subnet, network)?,
            routes: routes::routes(documents, places, subnet)?,
            boundary: Vec::new(),
            neighbours: Neighbours::ByTable,
        })
    };
    places.subnets.values().map(subnet).collect()
}

fn interfaces(
    documents: &Documents<'_>,
    places: &Places<'_>,
) -> Result<Vec<Interface>, Unsupported> {
    let interface = |nic: &places::Nic<'_>| {
        let subnet = places.subnet(&nic.subnet)?;
        Ok(Interface {
            id: nic.own.id()?.to_owned(),
            subnet: subnet.own.id()?.to_owned(),
            addresses: nic.addresses.iter().map(|own| (own.own, own.public())).collect(),
            filters: groups::filters(documents, places, nic)?,
            // AZ-5, AZ-6.
            reversed_out: true,
            // AZ-52.
            source_check: !nic.own.flag("enableIPForwarding", false)?,
            up: runs(documents, &nic.own)?,
        })
    };
    places.nics.values().map(interface).collect()
}

/// Machines with several interfaces, the primary one first.
fn hosts(places: &Places<'_>) -> Result<Vec<Host>, Unsupported> {
    let mut found: BTreeMap<String, Vec<(bool, String)>> = BTreeMap::new();
    for nic in places.nics.values() {
        if let Some(machine) = nic.own.reference("virtualMachine") {
            let is_second = !nic.own.flag("primary", true)?;
            found.entry(machine).or_default().push((is_second, nic.own.id()?.to_owned()));
        }
    }
    let several = found.into_iter().filter(|(_, nics)| nics.len() > 1);
    let hosts = several.map(|(id, mut nics)| {
        nics.sort();
        let interfaces = nics.into_iter().map(|(_, id)| id).collect();
        Host { id, interfaces, routes: Vec::new() }
    });
    Ok(hosts.collect())
}

/// Whether the machine of an interface runs; one of which nobody says so does.
fn runs(documents: &Documents<'_>, nic: &Resource<'_>) -> Result<bool, Unsupported> {
    let Some(machine) = nic.reference("virtualMachine") else { return Ok(false) };
    let machine = documents
        .find("microsoft.compute/virtualmachines", &machine)
        .ok_or_else(|| Unsupported::new(machine, "the machine is not in the documents"))?;
    let statuses = machine.get("instanceView").and_then(|view| view.get("statuses"));
    let codes = statuses.and_then(Value::as_array).into_iter().flatten();
    let mut codes = codes.filter_map(|status| status.get("code")?.as_str());
    let state = codes.find_map(|code| code.strip_prefix("PowerState/"));
    let told = machine.text("powerState").and_then(|state| state.strip_prefix("VM "));
    Ok(state.or(told).is_none_or(|state| state == "running"))
}

/// A border for each network, and the peerings.
fn gateways(places: &Places<'_>) -> Vec<Gateway> {
    let open = |id: String, passage| Gateway { id, passage, filters: Vec::new(), closed: false };
    let border = |network: &places::Network| {
        let (router, both_ways) = (network.id.clone(), true);
        // Addresses of IPv6 are private here, and stay inside.
        let passage = Passage::Border { router, both_ways, ipv4: true, ipv6: false };
        open(routes::border_of(network), passage)
    };
    let link = |peering: &places::Peering| {
        let passage = Passage::Link { ends: peering.ends.clone() };
        Gateway { closed: !peering.carries, ..open(peering.id.clone(), passage) }
    };
    let borders = places.networks.values().map(border);
    borders.chain(places.peerings.values().map(link)).collect()
}
