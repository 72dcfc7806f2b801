//! Routes of subnets and of hosts, and who is at their end.

use super::super::blueprints::{groups, igw, interface, link, subnet};
use super::{DNS, HTTPS, OK, changed, outward};
use crate::blueprint::{Blueprint, Filter, Host, Neighbours, Route, Target, Tracking};
use crate::kernel::plan::{Cause, Site};
use crate::kernel::probe::Ask;

#[test]
fn aws_61_64_routes_end_behind_the_acl_out() {
    let no_route = "TimedOut, Forward: NoRoute at rtb-subnet-db";
    changed(
        |b| {
            b.subnet("subnet-app").boundary = outward("subnet-app", &[(100, "udp dport 53", true)]);
        },
        &[
            ("app", "10.9.1.1", DNS, "TimedOut, Forward: Blackhole at rtb-subnet-app 10.9.0.0/16"),
            ("app", "10.9.1.1", HTTPS, "TimedOut, Forward: Stateless at subnet-app egress *"),
            ("db", "203.0.113.7", HTTPS, no_route),
            ("db", "peer", DNS, no_route),
            ("db", "198.51.100.1", Ask::Echo, no_route),
            // The peer has a route to db, which has none back.
            ("peer", "db", HTTPS, "TimedOut, Return: NoRoute at rtb-subnet-db"),
            ("web", "10.0.200.1", HTTPS, "TimedOut, Forward: Unheld at vpc-a"),
            ("app", "10.0.200.1", HTTPS, "TimedOut, Forward: Stateless at subnet-app egress *"),
            ("app", "10.0.200.1", DNS, "TimedOut, Forward: Unheld at vpc-a"),
        ],
    );
}

#[test]
fn aws_73_two_interfaces_answer_by_the_address_or_by_destination() {
    let host = |routes: &[(&str, &str)]| Host {
        id: "i-two".to_owned(),
        interfaces: vec!["app".to_owned(), "db".to_owned()],
        routes: routes.iter().map(|(to, id)| (to.parse().unwrap(), (*id).to_owned())).collect(),
    };
    let both = [("web", "app", HTTPS, OK), ("web", "db", HTTPS, OK), ("db", "web", DNS, OK)];
    changed(|b| b.hosts.push(host(&[])), &both);
    // Replies to web leave by app, whoever was asked.
    changed(
        |b| b.hosts.push(host(&[("10.0.1.0/24", "app")])),
        &[
            ("web", "app", HTTPS, OK),
            ("web", "db", HTTPS, "TimedOut, Return: SourceDestinationCheck at app"),
            ("db", "web", DNS, "TimedOut, Forward: SourceDestinationCheck at app"),
        ],
    );
    let site = Site {
        cause: Cause::NoState,
        at: "app".to_owned(),
        list: String::new(),
        direction: None,
        rule: String::new(),
    };
    for (tracking, seen) in [
        (Tracking::Stateful, "TimedOut, Return: Stateful at app egress"),
        (Tracking::StatefulOrDropped(site), "TimedOut, Return: NoState at app"),
    ] {
        for ask in [HTTPS, DNS, Ask::Echo] {
            let tracking = tracking.clone();
            changed(
                |b| {
                    b.hosts.push(host(&[("10.0.1.0/24", "app")]));
                    b.interface("app").source_check = false;
                    let Filter { ingress, egress, chains, .. } =
                        groups("app", &[""], &["ip daddr 10.9.9.9"]);
                    b.interface("app").filters = vec![Filter { tracking, ingress, egress, chains }];
                },
                &[("web", "app", ask, OK), ("web", "db", ask, seen)],
            );
        }
    }
}

#[test]
fn a_host_that_is_down_neither_answers_nor_asks() {
    let down = "TimedOut, Forward: Down at web";
    changed(
        |b| {
            b.interface("web").up = false;
            b.interface("web").filters = vec![groups("web", &["meta l4proto tcp"], &[])];
        },
        &[
            ("app", "web", HTTPS, down),
            ("app", "web", DNS, "TimedOut, Forward: Stateful at web ingress"),
            ("web", "app", HTTPS, down),
            ("web", "app", DNS, down),
            ("web", "app", Ask::Echo, down),
        ],
    );
}

#[test]
fn routers_with_the_same_addresses_are_apart() {
    changed(
        |b| {
            b.gateways.push(igw("igw-c", "vpc-c"));
            b.subnet("subnet-twin")
                .routes
                .extend(subnet("x", "vpc-c", &[], &["0.0.0.0/0 igw-c"]).routes);
            b.interfaces.push(interface("twin2", "subnet-twin", &["10.0.1.11"]));
        },
        &[
            ("web", "twin@198.51.100.30", HTTPS, OK),
            ("twin", "web@198.51.100.10", HTTPS, OK),
            ("twin", "twin2", HTTPS, OK),
            ("web", "web2", HTTPS, OK),
        ],
    );
}

#[test]
fn links_between_routers_that_overlap_carry_what_is_routed_to_them() {
    changed(
        |b| {
            b.gateways.push(link("pcx-c", "vpc-b", "vpc-c"));
            b.subnet("subnet-peer")
                .routes
                .extend(subnet("x", "vpc-b", &[], &["10.0.1.10/32 pcx-c"]).routes);
            b.subnet("subnet-twin")
                .routes
                .extend(subnet("x", "vpc-c", &[], &["10.1.0.0/16 pcx-c"]).routes);
        },
        &[("peer", "twin", HTTPS, OK), ("twin", "peer", HTTPS, OK), ("peer", "web2", HTTPS, OK)],
    );
}

#[test]
fn az_53_neighbours_may_go_by_their_table() {
    let by_table = |b: &mut Blueprint, to: &str, target: Target| {
        let subnet = b.subnet("subnet-web");
        subnet.neighbours = Neighbours::ByTable;
        subnet.routes.push(Route { to: to.parse().unwrap(), target });
    };
    let nowhere = "Blackhole at rtb-subnet-web 10.0.1.11/32";
    changed(
        |b| by_table(b, "10.0.1.11/32", Target::Blackhole),
        &[
            ("web", "web2", HTTPS, &format!("TimedOut, Forward: {nowhere}")),
            ("web2", "web", HTTPS, &format!("TimedOut, Return: {nowhere}")),
            ("app", "web2", HTTPS, OK),
            ("web", "app", HTTPS, OK),
            ("web", "10.0.1.77", HTTPS, "TimedOut, Forward: Unheld at vpc-a"),
        ],
    );
    changed(
        |b| by_table(b, "10.0.1.0/24", Target::Blackhole),
        &[(
            "web",
            "10.0.1.77",
            HTTPS,
            "TimedOut, Forward: Blackhole at rtb-subnet-web 10.0.1.0/24",
        )],
    );
}

#[test]
fn az_52_an_appliance_hands_on_what_its_filters_let_in_and_out() {
    let by_app = |b: &mut Blueprint, source_check: bool, ingress: &[&str], egress: &[&str]| {
        let route = Route {
            to: "10.0.3.0/24".parse().unwrap(),
            target: Target::Interface("app".to_owned()),
        };
        b.subnet("subnet-web").routes.push(route);
        let app = b.interface("app");
        app.source_check = source_check;
        app.filters = vec![groups("app", ingress, egress)];
    };
    changed(
        |b| by_app(b, true, &[""], &[""]),
        &[
            ("web", "db", HTTPS, "TimedOut, Forward: SourceDestinationCheck at app"),
            ("web", "app", HTTPS, OK),
            // The reply alone goes by it.
            ("db", "web", HTTPS, "TimedOut, Return: SourceDestinationCheck at app"),
        ],
    );
    let web = "tcp dport { 80, 443 }";
    changed(
        |b| by_app(b, false, &[web], &["tcp dport 443"]),
        &[
            ("web", "db", HTTPS, OK),
            ("web", "db", Ask::Tcp(80), "TimedOut, Forward: Stateful at app egress"),
            ("web", "db", DNS, "TimedOut, Forward: Stateful at app ingress"),
            // It has not seen how it began.
            ("db", "web", HTTPS, "TimedOut, Return: Stateful at app ingress"),
        ],
    );
}
