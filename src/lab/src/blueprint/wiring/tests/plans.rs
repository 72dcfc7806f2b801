//! What plans look like, without a kernel.

use std::collections::BTreeSet;

use super::blueprints::{estate, igw, interface, nat, subnet};
use crate::blueprint::wiring::{WiringError, wire};
use crate::blueprint::{Act, Host, Line};
use crate::kernel::plan::{Act as Does, Plan, SpaceId};

fn devices(plan: &Plan) -> BTreeSet<(SpaceId, &str)> {
    plan.wires
        .iter()
        .flat_map(|wire| &wire.ends)
        .map(|(space, device)| (*space, device.as_str()))
        .collect()
}

#[test]
fn every_name_in_a_plan_is_there_and_its_own() {
    let mut blueprint = estate();
    let (id, interfaces) = ("i-two".to_owned(), vec!["app".to_owned(), "db".to_owned()]);
    let routes = vec![("203.0.113.0/24".parse().unwrap(), "db".to_owned())];
    blueprint.hosts.push(Host { id, interfaces, routes });
    let wired = wire(&blueprint).unwrap();
    let plan = &wired.plan;
    let devices = devices(plan);
    assert_eq!(devices.len(), plan.wires.len() * 2);
    assert!(devices.iter().all(|(_, device)| device.len() <= 15));
    for (number, space) in plan.spaces.iter().enumerate() {
        let own = |device: &str| devices.contains(&(SpaceId(number), device));
        for route in &space.routes {
            assert!(own(&route.device), "{}: {route:?}", space.name);
            assert_eq!(route.to, route.to.trunc());
        }
        let mut routed = BTreeSet::new();
        assert!(
            space.routes.iter().all(|route| routed.insert((route.table, route.to))),
            "{space:?}"
        );
        assert!(space.addresses.iter().all(|(device, _)| own(device)));
        assert!(space.selectors.iter().filter_map(|s| s.device.as_ref()).all(|device| own(device)));
        let mut chains = BTreeSet::new();
        assert!(space.chains.iter().all(|chain| chains.insert(&chain.name)), "{space:?}");
        for line in space.chains.iter().flat_map(|chain| &chain.lines) {
            match &line.act {
                Does::AcceptAt(site) | Does::Drop(site) | Does::Reject(site, _) => {
                    assert!((site.0 as usize) < plan.sites.len());
                }
                Does::Jump(chain) | Does::Goto(chain) => assert!(chains.contains(chain)),
                Does::Accept | Does::Do(_) | Does::Return => {}
            }
        }
    }
    assert_eq!(wired.interfaces.len(), blueprint.interfaces.len());
    assert_eq!(wired.interfaces["app"], wired.interfaces["db"]);
    assert_ne!(wired.interfaces["app"], wired.interfaces["web"]);
}

#[test]
fn no_site_is_written_down_twice() {
    let plan = wire(&estate()).unwrap().plan;
    let sites: BTreeSet<String> = plan.sites.iter().map(|site| format!("{site:?}")).collect();
    assert_eq!(sites.len(), plan.sites.len());
}

#[test]
fn ids_that_nothing_has_are_refused() {
    let dangling = |kind, id: &str, of: &str| {
        Err(WiringError::Dangling { kind, id: id.to_owned(), of: of.to_owned() })
    };
    let refused = |change: fn(&mut crate::blueprint::Blueprint)| {
        let mut blueprint = estate();
        change(&mut blueprint);
        wire(&blueprint).map(|_| ())
    };
    assert_eq!(
        refused(|b| b.interfaces.push(interface("x", "subnet-gone", &["10.0.1.99"]))),
        dangling("subnet", "subnet-gone", "x")
    );
    assert_eq!(
        refused(|b| b.subnets.push(subnet("x", "vpc-gone", &["10.0.9.0/24"], &[]))),
        dangling("router", "vpc-gone", "x")
    );
    assert_eq!(
        refused(|b| b.subnets.push(subnet("x", "vpc-a", &["10.0.9.0/24"], &["0.0.0.0/0 gone"]))),
        dangling("gateway", "gone", "rtb-x")
    );
    assert_eq!(
        refused(|b| b.gateways.push(igw("x", "vpc-gone"))),
        dangling("router", "vpc-gone", "x")
    );
    let host = |b: &mut crate::blueprint::Blueprint| {
        let interfaces = vec!["gone".to_owned()];
        b.hosts.push(Host { id: "x".to_owned(), interfaces, routes: Vec::new() });
    };
    assert_eq!(refused(host), dangling("interface", "gone", "x"));
    let jump = |b: &mut crate::blueprint::Blueprint| {
        let act = Act::Jump("gone".to_owned());
        b.interface("web").filters[0].ingress.push(Line { matches: String::new(), act });
    };
    assert_eq!(refused(jump), Err(WiringError::NoChain("gone".to_owned())));
}

#[test]
fn what_contradicts_itself_is_refused() {
    let refused = |change: fn(&mut crate::blueprint::Blueprint)| {
        let mut blueprint = estate();
        change(&mut blueprint);
        wire(&blueprint).unwrap_err().to_string()
    };
    assert_eq!(
        refused(|b| b.subnets.push(subnet("x", "vpc-a", &["10.0.3.128/25"], &[]))),
        "the subnets `subnet-db` and `x` of one router overlap"
    );
    assert_eq!(
        refused(|b| b.subnets.push(subnet(
            "x",
            "vpc-a",
            &["10.0.9.0/24"],
            &["10.0.0.0/16 local"; 2]
        ))),
        "route table `rtb-x` has two routes to 10.0.0.0/16"
    );
    assert_eq!(
        refused(|b| b.interfaces.push(interface("x", "subnet-web", &["10.0.1.10"]))),
        "`web` and `x` both have the address 10.0.1.10"
    );
    assert_eq!(
        refused(|b| b.gateways.push(nat("x", "subnet-web", "10.0.1.10", None))),
        "`web` and `x` both have the address 10.0.1.10"
    );
    assert_eq!(
        refused(|b| b.interfaces.push(interface("x", "subnet-web", &["10.0.1.99=198.51.100.10"]))),
        "`web` and `x` both have the address 198.51.100.10"
    );
    assert_eq!(
        refused(|b| b.interfaces.push(interface("x", "subnet-web", &["10.0.2.99"]))),
        "10.0.2.99 of `x` is outside its subnet `subnet-web`"
    );
    assert_eq!(
        refused(|b| b.interfaces.push(interface("web", "subnet-web", &["10.0.1.99"]))),
        "there are two of interface `web`"
    );
}

#[test]
fn overlapping_ranges_of_other_routers_are_fine() {
    // vpc-c has the addresses of vpc-a.
    assert!(wire(&estate()).is_ok());
}
