//! Borders, NAT gateways, egress-only gateways and links.

use super::super::blueprints::{acl, estate, groups, nat, subnet};
use super::{DNS, HTTPS, OK, changed, expect, inward};
use crate::kernel::probe::Ask;

#[test]
fn aws_66_borders_translate_and_carry_nobody_without_a_public_address() {
    let strange = "TimedOut, Forward: NoPublicAddress at igw-a";
    expect(
        estate(),
        &[
            ("hidden", "203.0.113.7", HTTPS, strange),
            ("hidden", "web@198.51.100.10", DNS, strange),
            ("203.0.113.7", "198.51.100.77", HTTPS, "TimedOut, Forward: NoRoute at internet"),
            ("203.0.113.7", "10.0.1.12", HTTPS, "TimedOut, Forward: NoPublicAddress at hidden"),
            // vpc-a and vpc-c both have this one.
            ("203.0.113.7", "10.0.1.10", HTTPS, "TimedOut, Forward: NoPublicAddress at twin web"),
            ("203.0.113.7", "198.51.100.30", HTTPS, "TimedOut, Forward: NoGateway at vpc-c"),
            ("web", "198.51.100.30", Ask::Echo, "TimedOut, Forward: NoGateway at vpc-c"),
            ("web", "10.2.0.1", HTTPS, "TimedOut, Forward: NoRoute at internet"),
            ("twin", "203.0.113.7", HTTPS, "TimedOut, Forward: NoRoute at rtb-subnet-twin"),
        ],
    );
    // Replies need the route as well; the border is asked by filters of its own.
    changed(
        |b| {
            b.subnet("subnet-web").routes.retain(|route| route.to.prefix_len() != 0);
            b.gateway("igw-b").filters =
                vec![acl("igw-b", "bpa", &[], &[(1, "tcp dport 443", true)])];
        },
        &[
            (
                "203.0.113.7",
                "web@198.51.100.10",
                HTTPS,
                "TimedOut, Return: NoRoute at rtb-subnet-web",
            ),
            (
                "203.0.113.7",
                "peer@198.51.100.20",
                HTTPS,
                "TimedOut, Forward: Stateless at igw-b ingress *",
            ),
            ("peer", "203.0.113.7", HTTPS, "TimedOut, Return: Stateless at igw-b ingress *"),
            ("peer", "203.0.113.7", DNS, "TimedOut, Forward: Stateless at igw-b egress *"),
        ],
    );
}

#[test]
fn aws_67_a_nat_gateway_carries_flows_of_others_and_takes_none() {
    let none = "TimedOut, Forward: NotAnEndpoint at nat-a";
    changed(
        |b| {
            b.gateways.push(nat("nat-private", "subnet-db", "10.0.3.99", None));
            let route = "203.0.113.0/24 nat-private".to_owned();
            let more = subnet("x", "vpc-a", &[], &[&route]).routes;
            b.subnet("subnet-app").routes.extend(more);
            b.subnet("subnet-db").routes.extend(
                subnet("x", "vpc-a", &[], &["10.1.0.0/16 pcx", "203.0.113.0/24 igw-a"]).routes,
            );
        },
        &[
            ("web", "10.0.1.20", HTTPS, none),
            ("app", "10.0.1.20", Ask::Echo, none),
            ("203.0.113.7", "198.51.100.99", HTTPS, none),
            ("peer", "198.51.100.99", DNS, none),
            // A private one at a border.
            ("app", "203.0.113.7", HTTPS, "TimedOut, Forward: NoPublicAddress at igw-a"),
        ],
    );
    changed(
        |b| b.gateway("nat-a").closed = true,
        &[
            ("app", "203.0.113.7", HTTPS, "TimedOut, Forward: Closed at nat-a"),
            ("app", "10.0.1.20", HTTPS, none),
            ("app", "web", HTTPS, OK),
        ],
    );
}

#[test]
fn aws_67a_clients_of_another_subnet_cross_both_acls() {
    let web = |entries: &[(u16, &str, bool)], egress: &[(u16, &str, bool)]| {
        vec![acl("subnet-web", "acl", entries, egress)]
    };
    changed(
        |b| {
            b.subnet("subnet-web").boundary = web(
                // In: the client's packets, and replies to the gateway's port.
                &[
                    (10, "ip saddr 10.0.2.11", false),
                    (20, "tcp dport 443", true),
                    (30, "ip daddr 10.0.1.20 udp dport 40003", false),
                    (40, "udp dport 1024-65535", true),
                    (50, "udp dport 53", true),
                    (60, "tcp dport 1024-65535", true),
                ],
                &[
                    (10, "ip saddr 10.0.1.20 tcp dport 443", true),
                    (20, "udp dport 53", true),
                    (30, "ip daddr 10.0.2.10 tcp dport 40005", false),
                    (40, "ip daddr 10.0.2.0/24", true),
                ],
            );
        },
        &[
            ("app", "203.0.113.7", HTTPS, OK),
            ("app2", "203.0.113.7", HTTPS, "TimedOut, Forward: Stateless at subnet-web ingress 10"),
            ("app", "203.0.113.7", DNS, "TimedOut, Return: Stateless at subnet-web ingress 30"),
            ("app", "203.0.113.7", DNS, OK),
            ("app", "203.0.113.7", HTTPS, "TimedOut, Return: Stateless at subnet-web egress 30"),
            (
                "app",
                "203.0.113.7",
                Ask::Tcp(80),
                "TimedOut, Forward: Stateless at subnet-web ingress *",
            ),
        ],
    );
    changed(
        |b| {
            b.subnet("subnet-app").boundary = inward(
                "subnet-app",
                &[(1, "tcp dport 40001", false), (2, "tcp dport 1024-65535", true)],
            );
        },
        &[
            ("app", "203.0.113.7", HTTPS, "TimedOut, Return: Stateless at subnet-app ingress 1"),
            ("app", "203.0.113.7", HTTPS, OK),
        ],
    );
}

/// A private NAT gateway over a peering: the far end sees its address.
#[test]
fn aws_67_a_private_nat_gateway_reaches_a_peer() {
    changed(
        |b| {
            b.gateways.push(nat("nat-private", "subnet-db", "10.0.3.99", None));
            b.subnet("subnet-db")
                .routes
                .extend(subnet("x", "vpc-a", &[], &["10.1.0.0/16 pcx"]).routes);
            b.subnet("subnet-app")
                .routes
                .extend(subnet("x", "vpc-a", &[], &["10.1.0.0/16 nat-private"]).routes);
            b.interface("peer").filters = vec![groups("peer", &["ip saddr 10.0.3.99"], &[])];
        },
        &[
            ("app", "peer", HTTPS, OK),
            ("app", "peer", DNS, OK),
            ("app", "peer", Ask::Echo, OK),
            ("db", "peer", HTTPS, "TimedOut, Forward: Stateful at peer ingress"),
        ],
    );
}

#[test]
fn aws_68_an_egress_only_gateway_lets_nobody_in() {
    let nobody = "TimedOut, Forward: OutwardOnly at eigw-a";
    // With an internet gateway beside it, IPv6 comes in by that one, and its replies go astray.
    let astray = "TimedOut, Return: NoState at eigw-a";
    for (ask, inside) in [(HTTPS, astray), (DNS, astray), (Ask::Echo, astray)] {
        changed(
            |_| {},
            &[
                ("2001:db8:ffff::7", "app/2001:db8:a:2::10", ask, inside),
                ("app/2001:db8:a:2::10", "2001:db8:ffff::7", ask, OK),
                ("app/2001:db8:a:2::10", "web/2001:db8:a:1::10", ask, OK),
            ],
        );
        changed(
            |b| {
                b.gateways.retain(|gateway| gateway.id != "igw-a");
                b.subnet("subnet-web").routes.retain(|route| route.to.prefix_len() != 0);
            },
            &[
                ("2001:db8:ffff::7", "app/2001:db8:a:2::10", ask, nobody),
                ("peer/2001:db8:b:1::10", "app/2001:db8:a:2::10", ask, nobody),
                ("app/2001:db8:a:2::10", "2001:db8:ffff::7", ask, OK),
                ("203.0.113.7", "web@198.51.100.10", ask, "TimedOut, Forward: NoGateway at vpc-a"),
            ],
        );
    }
    changed(
        |b| {
            let more = subnet("x", "vpc-a", &[], &["203.0.113.0/24 eigw-a"]).routes;
            b.subnet("subnet-app").routes.extend(more);
        },
        &[("app", "203.0.113.7", HTTPS, "TimedOut, Forward: NotCarried at eigw-a")],
    );
}

#[test]
fn aws_69_a_peering_is_not_transitive_and_may_be_closed() {
    changed(
        |b| {
            let more = subnet("x", "vpc-b", &[], &["203.0.113.0/24 pcx"]).routes;
            b.subnet("subnet-peer").routes.extend(more);
            b.subnet("subnet-twin")
                .routes
                .extend(subnet("x", "vpc-c", &[], &["0.0.0.0/0 pcx"]).routes);
            b.gateways.push(nat("nat-b", "subnet-peer", "10.1.1.99", None));
            b.subnet("subnet-db")
                .routes
                .extend(subnet("x", "vpc-a", &[], &["0.0.0.0/0 nat-b"]).routes);
        },
        &[
            ("peer", "203.0.113.7", HTTPS, "TimedOut, Forward: NotTransitive at pcx"),
            ("twin", "203.0.113.7", HTTPS, "TimedOut, Forward: NotCarried at pcx"),
            ("db", "203.0.113.7", HTTPS, "TimedOut, Forward: NotCarried at nat-b"),
            ("web", "10.1.9.9", HTTPS, "TimedOut, Forward: Unheld at vpc-b"),
            ("web", "10.1.1.9", HTTPS, "TimedOut, Forward: Unheld at vpc-b"),
        ],
    );
    changed(
        |b| {
            b.gateway("pcx").closed = true;
            b.gateway("igw-a").closed = true;
        },
        &[
            ("web", "peer", HTTPS, "TimedOut, Forward: Closed at pcx"),
            ("web", "203.0.113.7", DNS, "TimedOut, Forward: Closed at igw-a"),
            ("203.0.113.7", "web@198.51.100.10", Ask::Echo, "TimedOut, Forward: Closed at igw-a"),
        ],
    );
    // Its own filters: ingress from the first end to the second.
    changed(
        |b| {
            b.gateway("pcx").filters =
                vec![acl("pcx", "list", &[(1, "tcp dport 443", true)], &[(1, "", true)])];
        },
        &[
            ("web", "peer", HTTPS, OK),
            ("web", "peer", DNS, "TimedOut, Forward: Stateless at pcx ingress *"),
            ("peer", "web", HTTPS, "TimedOut, Return: Stateless at pcx ingress *"),
        ],
    );
}
