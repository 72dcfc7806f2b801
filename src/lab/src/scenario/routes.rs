//! Route tables and NAT gateways: ways out and none, black holes, and peerings with routes on one
//! side only.

use ipnet::IpNet;

use crate::estate::chance::Chance;
use crate::estate::route_tables::add_table;
use crate::estate::{Estate, NatGateway, Route, RouteTo, Tier, Via};

/// Adds NAT gateways (without their interfaces) and tables, and gives every subnet its own.
pub(super) fn draw(estate: &mut Estate, chance: &mut Chance) {
    for vpc in 0..estate.vpcs.len() {
        draw_gateways(estate, vpc, chance);
        // The main table: nothing but local, or a way out like that of any other.
        let main = add_table(estate, vpc, "main", chance);
        if chance.percent(40) {
            add_way_out(estate, main, Tier::Private, chance);
        }
        for subnet in estate.vpcs[vpc].subnets.clone() {
            let tier = estate.subnets[subnet].tier;
            if tier != Tier::Public && chance.percent(20) {
                estate.subnets[subnet].route_table = main;
                continue;
            }
            let table = add_table(estate, vpc, "subnet", chance);
            add_way_out(estate, table, tier, chance);
            add_detour(estate, table, subnet, chance);
            estate.subnets[subnet].route_table = table;
            estate.subnets[subnet].associated = true;
        }
    }
    for peering in 0..estate.peerings.len() {
        let (one, other) = (estate.peerings[peering].requester, estate.peerings[peering].accepter);
        for (vpc, far) in [(one, other), (other, one)] {
            add_peering_routes(estate, peering, vpc, far, chance);
        }
    }
    for table in 0..estate.route_tables.len() {
        if chance.percent(25) {
            add_rivals(estate, table, chance);
        }
    }
}

fn draw_gateways(estate: &mut Estate, vpc: usize, chance: &mut Chance) {
    let home = &estate.vpcs[vpc];
    let subnets: Vec<usize> = home.subnets.clone().collect();
    let tiered = |estate: &Estate, tier| {
        let of = |&subnet: &usize| estate.subnets[subnet].tier == tier;
        subnets.iter().copied().filter(of).collect::<Vec<usize>>()
    };
    let public = tiered(estate, Tier::Public);
    let mut add = |subnet: usize, deleted: bool, private: bool, chance: &mut Chance| {
        estate.nat_gateways.push(NatGateway {
            id: chance.id("nat"),
            subnet,
            deleted,
            private,
            interface: None,
        });
    };
    if !public.is_empty() && chance.percent(80) {
        add(*chance.pick(&public), false, false, chance);
    }
    if !public.is_empty() && chance.percent(10) {
        add(*chance.pick(&public), true, false, chance);
    }
    if chance.percent(if home.peerings.is_empty() { 12 } else { 30 }) {
        add(*chance.pick(&subnets), false, true, chance);
    }
}

fn add(estate: &mut Estate, table: usize, to: IpNet, via: Via, blackhole: bool) {
    let to = RouteTo::Cidr(to);
    let routes = &mut estate.route_tables[table].routes;
    if routes.iter().all(|route| route.to != to) {
        routes.push(Route { to, via, blackhole });
    }
}

/// The default routes.
fn add_way_out(estate: &mut Estate, table: usize, tier: Tier, chance: &mut Chance) {
    let vpc = estate.route_tables[table].vpc;
    let home = &estate.vpcs[vpc];
    let with_gateway = home.internet_gateway.is_some();
    let (egress_only, ipv6) = (home.egress_only_gateway.is_some(), home.ipv6.is_some());
    match tier {
        Tier::Public if chance.percent(92) => {
            add(estate, table, super::any_ipv4(), Via::InternetGateway, false);
        }
        // Only a part of the internet.
        Tier::Public => {
            let to = super::partner(chance);
            add(estate, table, to, Via::InternetGateway, false);
        }
        Tier::Private => {
            let gateways: Vec<usize> = (0..estate.nat_gateways.len())
                .filter(|&gateway| {
                    let gateway = &estate.nat_gateways[gateway];
                    !gateway.private && estate.subnets[gateway.subnet].vpc == vpc
                })
                .collect();
            if !gateways.is_empty() {
                let gateway = *chance.pick(&gateways);
                let gone = estate.nat_gateways[gateway].deleted;
                add(estate, table, super::any_ipv4(), Via::NatGateway(gateway), gone);
            }
        }
        Tier::Isolated => {}
    }
    let by_gateway = if tier == Tier::Public { 85 } else { 35 };
    if ipv6 && with_gateway && chance.percent(by_gateway) {
        add(estate, table, super::any_ipv6(), Via::InternetGateway, false);
    } else if ipv6 && egress_only && chance.percent(80) {
        add(estate, table, super::any_ipv6(), Via::EgressOnlyGateway, false);
    }
}

/// A route that is more specific: to another subnet by a private NAT gateway (AWS-62), or to a
/// partner by a gateway that is gone.
fn add_detour(estate: &mut Estate, table: usize, subnet: usize, chance: &mut Chance) {
    let vpc = estate.route_tables[table].vpc;
    let gateways: Vec<usize> = (0..estate.nat_gateways.len())
        .filter(|&gateway| estate.subnets[estate.nat_gateways[gateway].subnet].vpc == vpc)
        .collect();
    for gateway in gateways {
        let (at, deleted) =
            (estate.nat_gateways[gateway].subnet, estate.nat_gateways[gateway].deleted);
        if deleted && chance.percent(50) {
            let to = super::partner(chance);
            add(estate, table, to, Via::NatGateway(gateway), true);
        }
        // A gateway's own packets go by the table of its subnet. One that this table leads to,
        // however narrow the route, would send to itself for ever: its neighbours in the subnet
        // cannot use it. And so would two gateways that send to each other.
        let detoured = estate.vpcs[vpc].route_tables.iter().any(|&table| {
            let routes = &estate.route_tables[table].routes;
            routes.iter().any(|route| {
                matches!((route.via, route.to), (Via::NatGateway(_), RouteTo::Cidr(to))
                    if to.prefix_len() == 24 && !route.blackhole)
            })
        });
        if deleted || at == subnet || detoured || !chance.percent(25) {
            continue;
        }
        let others = estate.vpcs[vpc].subnets.clone().filter(|&other| other != subnet);
        let others: Vec<usize> = others.collect();
        if !others.is_empty() {
            let to = IpNet::V4(estate.subnets[*chance.pick(&others)].cidr);
            add(estate, table, to, Via::NatGateway(gateway), false);
        }
    }
}

/// A route to a prefix list, and one to the very prefix of one of its entries that leads elsewhere
/// (AWS-63).
fn add_rivals(estate: &mut Estate, table: usize, chance: &mut Chance) {
    let lists: Vec<usize> = (0..estate.prefix_lists.len())
        .filter(|&list| {
            // By IPv6, subnets are asked about that only a peering leads to.
            let entries = &estate.prefix_lists[list].entries;
            let inside = |entry: &IpNet| {
                let mut subnets = estate.subnets.iter();
                subnets.any(|subnet| subnet.ipv6.is_some_and(|own| IpNet::V6(own) == *entry))
            };
            !entries.iter().any(inside)
        })
        .collect();
    let rivals = |routes: &[Route]| routes.iter().any(|it| matches!(it.to, RouteTo::PrefixList(_)));
    if lists.is_empty() || rivals(&estate.route_tables[table].routes) {
        return;
    }
    let list = *chance.pick(&lists);
    let ipv6 = estate.prefix_lists[list].entries[0].addr().is_ipv6();
    let mut ways = rival_ways(estate, table, ipv6);
    if ways.len() < 2 {
        return;
    }
    chance.shuffle(&mut ways);
    let entries = estate.prefix_lists[list].entries.clone();
    let routes = &mut estate.route_tables[table].routes;
    let (via, blackhole) = ways[0];
    routes.push(Route { to: RouteTo::PrefixList(list), via, blackhole });
    let (via, blackhole) = ways[1];
    for entry in entries {
        add(estate, table, entry, via, blackhole);
    }
}

/// What a route may lead to, and whether it is a black hole. A NAT gateway that is there is none
/// of them: its own packets might come back to it.
fn rival_ways(estate: &Estate, table: usize, ipv6: bool) -> Vec<(Via, bool)> {
    let vpc = estate.route_tables[table].vpc;
    let home = &estate.vpcs[vpc];
    let mut ways = Vec::new();
    if home.internet_gateway.is_some() {
        ways.push((Via::InternetGateway, false));
    }
    if ipv6 && home.egress_only_gateway.is_some() {
        ways.push((Via::EgressOnlyGateway, false));
    }
    for &peering in &home.peerings {
        ways.push((Via::Peering(peering), !estate.peerings[peering].is_active()));
    }
    let gone = (0..estate.nat_gateways.len()).filter(|&gateway| {
        let gateway = &estate.nat_gateways[gateway];
        gateway.deleted && estate.subnets[gateway.subnet].vpc == vpc
    });
    ways.extend(gone.filter(|_| !ipv6).map(|gateway| (Via::NatGateway(gateway), true)));
    ways
}

/// Routes of one side, to all of the other or to a subnet, in most tables.
fn add_peering_routes(
    estate: &mut Estate,
    peering: usize,
    vpc: usize,
    far: usize,
    chance: &mut Chance,
) {
    // A recording may tell of the route before the peering went.
    let gone = !estate.peerings[peering].is_active() && chance.percent(50);
    if chance.percent(5) {
        return;
    }
    let private: Vec<usize> = (0..estate.nat_gateways.len())
        .filter(|&gateway| {
            let gateway = &estate.nat_gateways[gateway];
            gateway.private && estate.subnets[gateway.subnet].vpc == vpc
        })
        .collect();
    for table in estate.vpcs[vpc].route_tables.clone() {
        if chance.percent(13) {
            continue;
        }
        let block = IpNet::V4(estate.vpcs[far].cidrs[0]);
        let subnets = estate.vpcs[far].subnets.clone();
        let part = IpNet::V4(estate.subnets[chance.between(subnets.start, subnets.end - 1)].cidr);
        let to = if chance.percent(12) { part } else { block };
        // A table that a gateway's own packets go by sends none of them to a gateway again.
        let serves_gateways = estate
            .nat_gateways
            .iter()
            .any(|gateway| estate.subnets[gateway.subnet].route_table == table);
        let hidden = private.first().copied().filter(|_| !serves_gateways);
        // Behind a private NAT gateway, whose own table has the peering.
        match hidden.filter(|_| chance.percent(35)) {
            Some(gateway) => add(estate, table, to, Via::NatGateway(gateway), false),
            None => add(estate, table, to, Via::Peering(peering), gone),
        }
        if let Some(&second) = estate.vpcs[far].cidrs.get(1) {
            add(estate, table, IpNet::V4(second), Via::Peering(peering), gone);
        }
        if let (Some(_), Some(block)) = (estate.vpcs[vpc].ipv6, estate.vpcs[far].ipv6)
            && chance.percent(85)
        {
            add(estate, table, IpNet::V6(block), Via::Peering(peering), gone);
        }
        if chance.percent(6) {
            let list = chance.below(2);
            let to = RouteTo::PrefixList(list);
            let routes = &mut estate.route_tables[table].routes;
            // Which of two lists with one entry wins, AWS does not say.
            if routes.iter().any(|route| matches!(route.to, RouteTo::PrefixList(_))) {
                continue;
            }
            routes.push(Route { to, via: Via::Peering(peering), blackhole: gone });
        }
    }
}
