//! What scenarios have to be.

use cloudfw_core::Denial;

use super::*;
use crate::estate::{RouteTable, RouteTo, Via};

#[test]
fn the_same_seed_gives_the_same_documents() {
    assert_eq!(Scenario::draw(7).documents, Scenario::draw(7).documents);
    assert_ne!(Scenario::draw(7).documents, Scenario::draw(8).documents);
}

/// AWS-63: a route to a prefix list, and one to the prefix of one of its entries by another way.
fn has_rivals(scenario: &Scenario, table: &RouteTable) -> bool {
    table.routes.iter().any(|route| match route.to {
        RouteTo::PrefixList(list) => {
            let entries = &scenario.estate.prefix_lists[list].entries;
            table.routes.iter().any(|other| match other.to {
                RouteTo::Cidr(to) => other.via != route.via && entries.contains(&to),
                RouteTo::PrefixList(_) => false,
            })
        }
        RouteTo::Cidr(_) => false,
    })
}

#[test]
fn ranges_end_at_ports_that_are_asked_about_and_beside_them() {
    let mut chance = Chance::stream(1, "ranges");
    let drawn: Vec<(u16, u16)> = (0..400).map(|_| range(&UDP_PORTS, &mut chance)).collect();
    assert!(drawn.iter().all(|(from, to)| from <= to));
    for port in UDP_PORTS {
        for low in [port, port + 1] {
            assert!(port == 514 || drawn.iter().any(|(from, to)| *from == low && from < to));
        }
        for high in [port - 1, port] {
            assert!(drawn.iter().any(|(from, to)| *to == high && from < to), "{high}");
        }
    }
}

#[test]
fn every_kind_of_thing_occurs() {
    let scenarios: Vec<Scenario> = (0..120).map(Scenario::draw).collect();
    let some = |test: &dyn Fn(&Scenario) -> bool, what: &str| {
        let count = scenarios.iter().filter(|scenario| test(scenario)).count();
        assert!(count >= 3, "{what}: {count} of 120");
    };
    some(&|s| s.estate.vpcs.len() == 3, "three VPCs");
    some(&|s| s.estate.nat_gateways.iter().any(|nat| nat.private), "private NAT gateways");
    some(&|s| s.estate.peerings.iter().any(|peering| !peering.is_active()), "deleted peerings");
    some(&|s| s.estate.instances.iter().any(|instance| !instance.running), "stopped instances");
    let interfaces = |s: &Scenario| s.estate.interfaces.clone();
    some(&|s| interfaces(s).iter().any(|it| it.publics().count() > 1), "two public addresses");
    let on_secondary = |s: &Scenario| {
        interfaces(s).iter().any(|it| it.public.is_none() && it.publics().next().is_some())
    };
    some(&on_secondary, "a public address of a secondary private one alone");
    some(&|s| s.estate.route_tables.iter().any(|it| has_rivals(s, it)), "rivals of a prefix list");
    let gone = |s: &Scenario, via: Via| match via {
        Via::Peering(peering) => !s.estate.peerings[peering].is_active(),
        _ => false,
    };
    let left = |s: &Scenario| {
        let mut routes = s.estate.route_tables.iter().flat_map(|table| &table.routes);
        routes.any(|route| !route.blackhole && gone(s, route.via))
    };
    some(&left, "routes to a peering that is gone");
    some(&|s| !s.host_routes.is_empty(), "hosts with routes of their own");
    some(&|s| s.estate.interfaces.iter().any(|it| !it.source_check), "forwarding interfaces");
    for how in [Denial::RejectReset, Denial::RejectPortUnreachable, Denial::RejectProhibited] {
        let refuses = |s: &Scenario| {
            let mut refusals = s.firewalls.iter().flat_map(|firewall| &firewall.refusals);
            refusals.any(|refusal| refusal.how == how)
        };
        some(&refuses, "hosts that refuse");
    }
    some(&|s| s.estate.route_tables.iter().flat_map(|t| &t.routes).any(|r| r.blackhole), "holes");
}
