//! Which losses are one, and which of several flows bears witness.

use cloudfw_core::Origin;

use super::*;

fn label(id: &str) -> Label {
    let origin = Origin { document: "".into(), place: Place::Line(1) };
    Label { id: id.into(), name: None, kind: "network-acl", scope: "".into(), origin }
}

fn tcp(low: u16, high: u16) -> ServiceSet {
    ServiceSet::tcp(PortSet::range(low, high))
}

/// All of tcp 22 and some of tcp 443, to the ports 1024-2000.
fn gap(opened: Opened) -> Gap {
    Gap {
        wholly: tcp(22, 22),
        partly: tcp(443, 443),
        ports: PortSet::range(1024, 2000),
        ..nothing(label("acl-1"), Direction::Egress, opened)
    }
}

fn cite(id: &str) -> Option<RuleCite> {
    let list = label("acl-1");
    let origin = list.origin.clone();
    Some(RuleCite { list, id: id.into(), text: id.into(), origin, denial: None })
}

#[test]
fn what_those_inside_lose_is_part_of_what_the_internet_loses_by_the_same_rule() {
    let internet = || gap(Opened::Inward("internet".into()));
    let inside = || gap(Opened::Inside);
    assert!(absorbs(&internet(), &inside()));
    assert!(absorbs(&internet(), &gap(Opened::Inward("office".into()))));
    let less = Gap { wholly: ServiceSet::empty(), ports: PortSet::single(1024), ..inside() };
    assert!(absorbs(&internet(), &less));
    let unsure =
        |gap: Gap| Gap { unknowns: vec![Unknown::new("whether", "not read", "here")], ..gap };
    assert!(absorbs(&unsure(internet()), &unsure(inside())));
    for (other, why) in [
        (Gap { list: label("acl-2"), ..inside() }, "another list"),
        (Gap { direction: Direction::Ingress, ..inside() }, "the other direction"),
        (Gap { dropped_by: cite("90"), ..inside() }, "another rule"),
        (unsure(inside()), "it is not proved"),
        (gap(Opened::Outward("internet".into())), "calls of our own are another check"),
        (Gap { wholly: tcp(22, 23), ..inside() }, "more is lost wholly"),
        (Gap { wholly: tcp(443, 443), ..inside() }, "what is lost in part there is lost wholly"),
        (Gap { partly: tcp(443, 444), ..inside() }, "more is lost in part"),
        (Gap { ports: PortSet::range(1024, 2001), ..inside() }, "to more ports"),
    ] {
        assert!(!absorbs(&internet(), &other), "{why}");
    }
    assert!(!absorbs(&inside(), &inside()), "only the internet's is the wider one");
}

#[test]
fn the_witness_is_a_flow_that_people_know() {
    let of = |services: &ServiceSet| {
        let lost = HeaderSpace::from_cube(IpSet::any_v4(), IpSet::any_v4(), services.clone());
        witness(&lost).map_or_else(String::new, |flow| flow.to_string())
    };
    assert!(of(&ServiceSet::full()).ends_with(":443"), "{}", of(&ServiceSet::full()));
    assert!(of(&tcp(0, 100)).ends_with(":80"));
    assert!(of(&tcp(0, 30)).ends_with(":22"));
    assert!(of(&ServiceSet::udp(PortSet::full())).ends_with(":53"));
    let odd = tcp(7, 7).union(&ServiceSet::udp(PortSet::single(7)));
    assert!(of(&odd).starts_with("tcp"), "{}", of(&odd));
    assert!(of(&ServiceSet::udp(PortSet::single(7))).starts_with("udp"));
    assert_eq!(of(&ServiceSet::empty()), "");
}

#[test]
fn what_is_dropped_inside_is_of_the_same_two_ends() {
    let net = |block: &str| IpSet::from(block.parse::<ipnet::IpNet>().unwrap());
    let (client, server, other) = (net("10.0.1.10/32"), net("10.0.2.10/32"), net("10.0.3.10/32"));
    let lost = HeaderSpace::from_cube(client.clone(), server.clone(), tcp(22, 443));
    let services = |from: &IpSet, to: &IpSet, services: &ServiceSet, opened: &Opened| {
        let reply = HeaderSpace::from_cube(from.clone(), to.clone(), services.clone()).reversed();
        hit(&reply, &lost, opened).to_string()
    };
    let inside = |from: &IpSet, to: &IpSet| services(from, to, &tcp(22, 22), &Opened::Inside);
    assert_eq!(inside(&client, &server), "tcp 22");
    assert_eq!(inside(&client, &other), "none", "another server");
    assert_eq!(inside(&other, &server), "none", "another client");
    assert_eq!(services(&client, &server, &tcp(25, 25), &Opened::Inside), "tcp 25");
    assert_eq!(services(&client, &server, &tcp(444, 444), &Opened::Inside), "none");
    let inward = Opened::Inward("internet".into());
    assert_eq!(services(&client, &other, &tcp(22, 22), &inward), "tcp 22");
    assert_eq!(services(&other, &server, &tcp(22, 22), &inward), "none");
    let outward = Opened::Outward("internet".into());
    assert_eq!(services(&other, &server, &tcp(22, 22), &outward), "tcp 22", "translated");
    assert_eq!(services(&client, &other, &tcp(22, 22), &outward), "none");
}

#[test]
fn what_a_vendor_prints_last_is_nobodys_rule() {
    let of = |id: &str| is_written(&cite(id).unwrap());
    assert!(of("90"));
    assert!(!of("*"));
    let implied = cite("90").map(|cite| RuleCite {
        origin: Origin { place: Place::Implied("AWS-32"), ..cite.origin.clone() },
        ..cite
    });
    assert!(!is_written(&implied.unwrap()));
}
