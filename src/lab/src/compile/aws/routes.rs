//! Route tables.

use ipnet::IpNet;

use super::documents::{Documents, RouteTable, Subnet, TableRoute};
use crate::blueprint::{Route, Target};
use crate::compile::Unsupported;

/// AWS-60: the table that the subnet is associated with, else its VPC's main one.
pub(super) fn table_of<'a>(
    documents: &'a Documents,
    subnet: &Subnet,
) -> Result<&'a RouteTable, Unsupported> {
    let mut main = None;
    for table in documents.tables.values() {
        for association in table.associations.iter().filter(|association| association.holds()) {
            if association.subnet_id.as_ref() == Some(&subnet.subnet_id) {
                return Ok(table);
            }
            if association.main && table.vpc_id == subnet.vpc_id {
                main = Some(table);
            }
            // AWS-71.
            if association.gateway_id.is_some() {
                return Err(Unsupported::new(&table.route_table_id, "the table of a gateway"));
            }
        }
    }
    main.ok_or_else(|| Unsupported::new(&subnet.subnet_id, "it has no route table"))
}

/// AWS-61: the local routes and what the table says; AWS-63: of equal prefixes the best one.
pub(super) fn routes(documents: &Documents, table: &RouteTable) -> Result<Vec<Route>, Unsupported> {
    let mut ranked: Vec<(u8, Route)> = Vec::new();
    for route in &table.routes {
        let target = target(table, route)?;
        let (rank, destinations) = destinations(documents, table, route)?;
        ranked.extend(
            destinations.into_iter().map(|to| (rank, Route { to, target: target.clone() })),
        );
    }
    for to in super::vpc_blocks(documents, &table.vpc_id)? {
        ranked.push((u8::MAX, Route { to, target: Target::Local }));
    }
    ranked.sort_by_key(|(rank, route)| (route.to, *rank));
    ranked.dedup_by_key(|(_, route)| route.to);
    Ok(ranked.into_iter().map(|(_, route)| route).collect())
}

/// How good its route is, and the prefixes: a CIDR, then a prefix list, then what was propagated.
fn destinations(
    documents: &Documents,
    table: &RouteTable,
    route: &TableRoute,
) -> Result<(u8, Vec<IpNet>), Unsupported> {
    let at = &table.route_table_id;
    if let Some(block) = &route.destination_cidr_block {
        let rank = if route.origin == "EnableVgwRoutePropagation" { 2 } else { 0 };
        return Ok((rank, vec![super::cidr(at, block)?]));
    }
    let Some(id) = &route.destination_prefix_list_id else {
        return Err(Unsupported::new(at, "a route without a destination"));
    };
    let list = documents
        .prefix_lists
        .get(id)
        .ok_or_else(|| Unsupported::new(id, "its entries are not in the documents"))?;
    let entries = list.entries.iter().map(|entry| super::cidr(id, &entry.cidr));
    Ok((1, entries.collect::<Result<_, _>>()?))
}

/// AWS-64: a black hole takes what it matches.
fn target(table: &RouteTable, route: &TableRoute) -> Result<Target, Unsupported> {
    if route.state == "blackhole" {
        return Ok(Target::Blackhole);
    }
    let gateways = [
        &route.gateway_id,
        &route.nat_gateway_id,
        &route.egress_only_internet_gateway_id,
        &route.vpc_peering_connection_id,
    ];
    match gateways.into_iter().flatten().next().map(String::as_str) {
        Some("local") => Ok(Target::Local),
        Some(id) => Ok(Target::Gateway(id.to_owned())),
        None => Err(Unsupported::new(&table.route_table_id, "a route to something else")),
    }
}
