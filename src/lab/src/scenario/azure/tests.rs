//! What scenarios of Azure have to be.

use super::*;

#[test]
fn the_same_seed_gives_the_same_documents() {
    assert_eq!(draw(7).documents, draw(7).documents);
    assert_ne!(draw(7).documents, draw(8).documents);
}

#[test]
fn every_kind_of_thing_occurs() {
    let scenarios: Vec<Estate> = (0..120).filter_map(|seed| draw(seed).azure).collect();
    let some = |test: &dyn Fn(&Estate) -> bool, what: &str| {
        let count = scenarios.iter().filter(|estate| test(estate)).count();
        assert!(count >= 5, "{what}: {count} of 120");
    };
    some(&|it| it.networks.len() == 3, "three networks");
    some(&|it| it.peerings.iter().any(|it| !it.is_connected()), "peerings that are not connected");
    some(&|it| it.peerings.iter().any(|it| it.access != [true, true]), "peerings without access");
    let both = |it: &Estate| {
        let has = |nic: &Interface| nic.group.is_some() && it.subnets[nic.subnet].group.is_some();
        it.interfaces.iter().any(has)
    };
    some(&both, "both groups");
    let same = |it: &Estate| {
        it.interfaces
            .iter()
            .any(|nic| nic.group.is_some() && it.subnets[nic.subnet].group == nic.group)
    };
    some(&same, "one group at both places");
    let hop = |it: &Estate, test: &dyn Fn(Hop) -> bool| {
        let used = |table: usize| it.subnets.iter().any(|subnet| subnet.table == Some(table));
        let tables = it.tables.iter().enumerate().filter(|(index, _)| used(*index));
        tables.flat_map(|(_, table)| &table.routes).any(|route| test(route.hop))
    };
    some(&|it| hop(it, &|hop| hop == Hop::None), "routes to nowhere");
    some(&|it| hop(it, &|hop| hop == Hop::Internet), "routes to the internet");
    let to = |it: &Estate, forwards: bool| {
        hop(
            it,
            &|hop| matches!(hop, Hop::Appliance(nic) if it.interfaces[nic].forwards == forwards),
        )
    };
    some(&|it| to(it, true), "routes to an appliance");
    some(&|it| to(it, false), "routes to a machine that does not forward");
    some(&|it| it.interfaces.iter().any(|it| !it.running), "machines that do not run");
    some(&|it| it.interfaces.iter().any(|it| it.ipv6.is_some()), "IPv6");
}
