//! Route tables: public, private behind a NAT gateway, isolated; peering routes on both sides,
//! usually; prefix-list routes; routes whose target is gone. Gateways and gateway endpoints are
//! made here, since a route is what they are for.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::addresses::overlap;
use super::chance::Chance;
use super::model::{
    Endpoint, EndpointKind, Estate, NatGateway, Route, RouteTable, RouteTo, Tier, Via,
};
use super::{prefix_lists, print};

/// Adds tables, NAT gateways (without their interfaces) and S3 endpoints.
pub(super) fn plan(estate: &mut Estate, seed: u64) {
    let mut chance = Chance::stream(seed, "route tables");
    for vpc in 0..estate.vpcs.len() {
        let main = add_table(estate, vpc, "main", &mut chance);
        add_public(estate, vpc, main, &mut chance);
        add_private(estate, vpc, main, &mut chance);
        add_isolated(estate, vpc, main, &mut chance);
        if chance.percent(50) {
            add_s3_endpoint(estate, vpc, &mut chance);
        }
    }
    for peering in 0..estate.peerings.len() {
        add_peering_routes(estate, peering, &mut chance);
    }
}

/// Adds a table with the routes that every table of a VPC has; gives its place.
pub(crate) fn add_table(estate: &mut Estate, vpc: usize, name: &str, chance: &mut Chance) -> usize {
    let index = estate.route_tables.len();
    let home = &mut estate.vpcs[vpc];
    let blocks = home.cidrs.iter().map(|&cidr| IpNet::V4(cidr));
    let routes = blocks
        .chain(home.ipv6.map(IpNet::V6))
        .map(|block| Route { to: RouteTo::Cidr(block), via: Via::Local, blackhole: false })
        .collect();
    estate.route_tables.push(RouteTable {
        id: chance.id("rtb"),
        vpc,
        name: format!("{}-{name}", home.name),
        main: home.route_tables.is_empty(),
        routes,
    });
    home.route_tables.push(index);
    index
}

fn subnets_of(estate: &Estate, vpc: usize, tier: Tier) -> Vec<usize> {
    let range = estate.vpcs[vpc].subnets.clone();
    range.filter(|&subnet| estate.subnets[subnet].tier == tier).collect()
}

fn associate(estate: &mut Estate, subnet: usize, table: usize) {
    let subnet = &mut estate.subnets[subnet];
    subnet.route_table = table;
    subnet.associated = true;
}

fn add_route(estate: &mut Estate, table: usize, to: RouteTo, via: Via, blackhole: bool) {
    estate.route_tables[table].routes.push(Route { to, via, blackhole });
}

const fn everything() -> RouteTo {
    RouteTo::Cidr(IpNet::V4(ipnet::Ipv4Net::new_assert(std::net::Ipv4Addr::UNSPECIFIED, 0)))
}

const fn everything_ipv6() -> RouteTo {
    RouteTo::Cidr(IpNet::V6(ipnet::Ipv6Net::new_assert(std::net::Ipv6Addr::UNSPECIFIED, 0)))
}

fn add_public(estate: &mut Estate, vpc: usize, main: usize, chance: &mut Chance) {
    let subnets = subnets_of(estate, vpc, Tier::Public);
    if subnets.is_empty() {
        return;
    }
    // Some people put the default route into the main table and associate nothing.
    let in_main = chance.percent(8);
    let table = if in_main { main } else { add_table(estate, vpc, "public", chance) };
    add_route(estate, table, everything(), Via::InternetGateway, false);
    if estate.vpcs[vpc].ipv6.is_some() {
        add_route(estate, table, everything_ipv6(), Via::InternetGateway, false);
    }
    for subnet in subnets {
        if in_main {
            estate.subnets[subnet].route_table = main;
        } else {
            associate(estate, subnet, table);
        }
    }
}

fn add_private(estate: &mut Estate, vpc: usize, main: usize, chance: &mut Chance) {
    let subnets = subnets_of(estate, vpc, Tier::Private);
    let public = subnets_of(estate, vpc, Tier::Public);
    if subnets.is_empty() {
        return;
    }
    let gateways = match estate.vpcs[vpc].interfaces {
        0..5 => 0,
        5..20 if chance.percent(30) => 0,
        5..150 => 1,
        _ => 2,
    };
    let deleted = chance.percent(6);
    let tables: Vec<usize> = (0..gateways.max(1))
        .map(|number| {
            let table = add_table(estate, vpc, &format!("private-{number}"), chance);
            if gateways > 0 {
                let gateway = add_nat_gateway(estate, public[number % public.len()], false, chance);
                add_route(estate, table, everything(), Via::NatGateway(gateway), false);
            } else if deleted {
                let gateway = add_nat_gateway(estate, public[0], true, chance);
                add_route(estate, table, everything(), Via::NatGateway(gateway), true);
            }
            if estate.vpcs[vpc].egress_only_gateway.is_some() {
                add_route(estate, table, everything_ipv6(), Via::EgressOnlyGateway, false);
            }
            table
        })
        .collect();
    for (index, subnet) in subnets.into_iter().enumerate() {
        if chance.percent(4) && estate.route_tables[main].routes.len() <= 3 {
            estate.subnets[subnet].route_table = main;
        } else {
            associate(estate, subnet, tables[index % tables.len()]);
        }
    }
}

fn add_nat_gateway(
    estate: &mut Estate,
    subnet: usize,
    deleted: bool,
    chance: &mut Chance,
) -> usize {
    estate.nat_gateways.push(NatGateway {
        id: chance.id("nat"),
        subnet,
        deleted,
        private: false,
        interface: None,
    });
    estate.nat_gateways.len() - 1
}

fn add_isolated(estate: &mut Estate, vpc: usize, main: usize, chance: &mut Chance) {
    let subnets = subnets_of(estate, vpc, Tier::Isolated);
    // A main table with a default route would make them public.
    let by_main = estate.route_tables[main].routes.iter().all(|route| route.via == Via::Local)
        && chance.percent(50);
    if by_main || subnets.is_empty() {
        for subnet in subnets {
            estate.subnets[subnet].route_table = main;
        }
        return;
    }
    let table = add_table(estate, vpc, "isolated", chance);
    for subnet in subnets {
        associate(estate, subnet, table);
    }
}

fn add_s3_endpoint(estate: &mut Estate, vpc: usize, chance: &mut Chance) {
    let index = estate.endpoints.len();
    let tables = estate.vpcs[vpc].route_tables.clone();
    let tables: Vec<usize> = tables.into_iter().filter(|_| chance.percent(70)).collect();
    for &table in &tables {
        let to = RouteTo::PrefixList(prefix_lists::S3);
        add_route(estate, table, to, Via::Endpoint(index), false);
    }
    estate.endpoints.push(Endpoint {
        id: chance.id("vpce"),
        vpc,
        service: "s3",
        kind: EndpointKind::Gateway { route_tables: tables },
    });
}

/// Both sides have routes, usually; a deleted peering leaves black holes.
fn add_peering_routes(estate: &mut Estate, peering: usize, chance: &mut Chance) {
    let (requester, accepter) =
        (estate.peerings[peering].requester, estate.peerings[peering].accepter);
    let (there, back) = match chance.below(100) {
        0..82 => (true, true),
        82..90 => (true, false),
        90..96 => (false, true),
        _ => (false, false),
    };
    let blackhole = match estate.peerings[peering].state {
        "active" => false,
        "deleted" => true,
        _ => return,
    };
    if there {
        add_peering_side(estate, peering, requester, blackhole, chance);
    }
    if back {
        add_peering_side(estate, peering, accepter, blackhole, chance);
    }
}

fn add_peering_side(
    estate: &mut Estate,
    peering: usize,
    vpc: usize,
    blackhole: bool,
    chance: &mut Chance,
) {
    let other = estate.peerings[peering].other(vpc);
    let mut to: Vec<RouteTo> = match chance.below(100) {
        0..10 => {
            let account = estate.vpcs[vpc].account;
            let list = prefix_lists::add_blocks_of(estate, other, account, chance);
            vec![RouteTo::PrefixList(list)]
        }
        10..25 => {
            // Only some of the subnets over there.
            let subnets = estate.vpcs[other].subnets.clone();
            let chosen: Vec<usize> = subnets.filter(|_| chance.percent(60)).collect();
            chosen
                .into_iter()
                .map(|subnet| RouteTo::Cidr(IpNet::V4(estate.subnets[subnet].cidr)))
                .collect()
        }
        _ => {
            let blocks = estate.vpcs[other].cidrs.iter();
            blocks.map(|&cidr| RouteTo::Cidr(IpNet::V4(cidr))).collect()
        }
    };
    if let (Some(_), Some(block), true) =
        (estate.vpcs[vpc].ipv6, estate.vpcs[other].ipv6, chance.percent(70))
    {
        to.push(RouteTo::Cidr(IpNet::V6(block)));
    }
    for table in estate.vpcs[vpc].route_tables.clone() {
        if chance.percent(10) {
            continue;
        }
        for &to in &to {
            // The peers of a hub may overlap among themselves: the first keeps the route.
            if !taken(estate, table, to) {
                add_route(estate, table, to, Via::Peering(peering), blackhole);
            }
        }
    }
}

fn blocks_of(estate: &Estate, to: RouteTo) -> Vec<IpNet> {
    match to {
        RouteTo::Cidr(cidr) => vec![cidr],
        RouteTo::PrefixList(list) => estate.prefix_lists[list].entries.clone(),
    }
}

fn taken(estate: &Estate, table: usize, to: RouteTo) -> bool {
    let wanted = blocks_of(estate, to);
    let routes = estate.route_tables[table].routes.iter();
    routes
        .flat_map(|route| blocks_of(estate, route.to))
        .any(|block| block.prefix_len() > 0 && wanted.iter().any(|&wanted| overlap(block, wanted)))
}

/// `aws ec2 describe-route-tables`.
pub(super) fn route_tables(estate: &Estate, account: usize) -> Value {
    let all = estate.route_tables.iter().enumerate();
    let mine = all.filter(|(_, table)| estate.vpcs[table.vpc].account == account);
    print::list(
        "RouteTables",
        mine.map(|(index, table)| {
            json!({
                "Associations": associations(estate, index),
                "PropagatingVgws": [],
                "RouteTableId": table.id,
                "Routes": table.routes.iter().map(|route| print_route(estate, table, route))
                    .collect::<Vec<Value>>(),
                "Tags": print::name_tag(&table.name),
                "VpcId": estate.vpcs[table.vpc].id,
                "OwnerId": estate.accounts[account],
            })
        }),
    )
}

fn associations(estate: &Estate, index: usize) -> Vec<Value> {
    let table = &estate.route_tables[index];
    let main = table.main.then(|| {
        json!({
            "Main": true,
            "RouteTableAssociationId": table.id.replace("rtb-", "rtbassoc-"),
            "RouteTableId": table.id,
            "AssociationState": {"State": "associated"},
        })
    });
    let subnets = estate.vpcs[table.vpc].subnets.clone().map(|subnet| &estate.subnets[subnet]);
    let named = subnets.filter(|subnet| subnet.associated && subnet.route_table == index);
    main.into_iter()
        .chain(named.map(|subnet| {
            json!({
                "Main": false,
                "RouteTableAssociationId": subnet.id.replace("subnet-", "rtbassoc-"),
                "RouteTableId": table.id,
                "SubnetId": subnet.id,
                "AssociationState": {"State": "associated"},
            })
        }))
        .collect()
}

fn print_route(estate: &Estate, table: &RouteTable, route: &Route) -> Value {
    let vpc = &estate.vpcs[table.vpc];
    let (target, id) = match route.via {
        Via::Local => ("GatewayId", Some("local")),
        Via::InternetGateway => ("GatewayId", vpc.internet_gateway.as_deref()),
        Via::EgressOnlyGateway => {
            ("EgressOnlyInternetGatewayId", vpc.egress_only_gateway.as_deref())
        }
        Via::NatGateway(gateway) => {
            ("NatGatewayId", Some(estate.nat_gateways[gateway].id.as_str()))
        }
        Via::Peering(peering) => {
            ("VpcPeeringConnectionId", Some(estate.peerings[peering].id.as_str()))
        }
        Via::Endpoint(endpoint) => ("GatewayId", Some(estate.endpoints[endpoint].id.as_str())),
    };
    let (destination, to) = match route.to {
        RouteTo::Cidr(cidr @ IpNet::V4(_)) => ("DestinationCidrBlock", cidr.to_string()),
        RouteTo::Cidr(cidr @ IpNet::V6(_)) => ("DestinationIpv6CidrBlock", cidr.to_string()),
        RouteTo::PrefixList(list) => {
            ("DestinationPrefixListId", estate.prefix_lists[list].id.clone())
        }
    };
    let local = route.via == Via::Local;
    json!({
        destination: to,
        target: id,
        "Origin": if local { "CreateRouteTable" } else { "CreateRoute" },
        "State": if route.blackhole { "blackhole" } else { "active" },
    })
}
