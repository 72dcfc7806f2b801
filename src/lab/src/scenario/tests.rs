//! What scenarios have to be.

use cloudfw_core::Denial;

use super::*;

#[test]
fn the_same_seed_gives_the_same_documents() {
    assert_eq!(Scenario::draw(7).documents, Scenario::draw(7).documents);
    assert_ne!(Scenario::draw(7).documents, Scenario::draw(8).documents);
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
