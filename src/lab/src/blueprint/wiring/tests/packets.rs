//! Real packets through wirings: what the client sees, and where its packets end.

use std::net::IpAddr;

use super::blueprints::{acl, estate, groups, igw, interface, link, nat, subnet};
use crate::blueprint::wiring::{Wired, wire};
use crate::blueprint::{Act, Blueprint, Filter, Host, Line, Tracking};
use crate::kernel::Raised;
use crate::kernel::availability;
use crate::kernel::plan::{Cause, Site};
use crate::kernel::probe::{Ask, Observed, Probe};

/// A probe in words: from, to, what for.
type Sent<'a> = (&'a str, &'a str, Ask);

const HTTPS: Ask = Ask::Tcp(443);
const DNS: Ask = Ask::Udp(53);

/// Whether packets can be sent here. Where they cannot, the test passes with a line that says so,
/// unless `CLOUDFW_REQUIRE` names the lab.
fn available() -> bool {
    let Err(why) = availability() else { return true };
    let required = std::env::var("CLOUDFW_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name.trim() == "lab"), "{why}");
    eprintln!("skipped: {why}");
    false
}

struct Net {
    wired: Wired,
    raised: Raised,
    blueprint: Blueprint,
    port: u16,
}

impl Net {
    fn raise(blueprint: Blueprint) -> Self {
        let wired = wire(&blueprint).unwrap();
        let raised = Raised::raise(&wired.plan).unwrap();
        Self { wired, raised, blueprint, port: 40_000 }
    }

    /// Where an address lives: an interface's by `id` or `id/address`, or the outside's.
    fn end(&self, end: &str) -> Option<(crate::kernel::plan::SpaceId, IpAddr)> {
        let (id, wanted) = match end.split_once('/') {
            Some((id, address)) => (id, Some(address.parse::<IpAddr>().unwrap())),
            None => (end, None),
        };
        if let Ok(address) = id.parse::<IpAddr>() {
            let outside = self.blueprint.outside.contains(&address);
            return outside.then_some((self.wired.outside, address));
        }
        let interface = self.blueprint.interfaces.iter().find(|own| own.id == id).unwrap();
        let address = wanted.unwrap_or(interface.addresses[0].0);
        Some((self.wired.interfaces[id], address))
    }

    /// To `id` (its first address), `id/address`, `id@dialled` (its first address, by another
    /// one), or an address.
    fn probe(&mut self, (from, to, ask): Sent<'_>) -> Probe {
        self.port += 1;
        let (source, from) = self.end(from).unwrap();
        let (to, dialled) = match to.split_once('@') {
            Some((id, dialled)) => (self.end(id), Some(dialled.parse().unwrap())),
            None => (self.end(to), to.parse().ok()),
        };
        let dialled = dialled.unwrap_or_else(|| to.unwrap().1);
        let listener = to;
        Probe { source, from, port: self.port, to: dialled, ask, listener }
    }

    fn send(&mut self, sent: &[Sent<'_>]) -> Vec<String> {
        let probes: Vec<Probe> = sent.iter().map(|sent| self.probe(*sent)).collect();
        let observed = self.raised.send(&probes).unwrap();
        observed.iter().map(|one| self.words(one)).collect()
    }

    fn words(&self, observed: &Observed) -> String {
        let mut words = format!("{:?}", observed.outcome);
        for (site, leg) in &observed.dropped {
            let site = &self.wired.plan.sites[site.0 as usize];
            words += &format!(", {leg:?}: {site}");
        }
        words
    }
}

/// Sends all at once, and compares.
fn expect(blueprint: Blueprint, expected: &[(&str, &str, Ask, &str)]) {
    if !available() {
        return;
    }
    let mut net = Net::raise(blueprint);
    let sent: Vec<Sent<'_>> =
        expected.iter().map(|(from, to, ask, _)| (*from, *to, *ask)).collect();
    let seen = net.send(&sent);
    let told: Vec<String> = expected
        .iter()
        .zip(&seen)
        .filter(|((.., wanted), seen)| wanted != seen)
        .map(|((from, to, ask, wanted), seen)| {
            format!("{from} -> {to} {ask:?}\n  wanted {wanted}\n  seen   {seen}")
        })
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

const OK: &str = "Connected";

#[test]
fn an_open_estate() {
    let all: Vec<(&str, &str, &str)> = vec![
        ("web", "web2", OK),
        ("web", "app", OK),
        ("app", "db", OK),
        ("db", "web", OK),
        ("web", "peer", OK),
        ("peer", "web", OK),
        ("peer", "app", "TimedOut, Return: NoTranslation at nat-a"),
        ("web", "203.0.113.7", OK),
        ("203.0.113.7", "web@198.51.100.10", OK),
        ("203.0.113.7", "peer@198.51.100.20", OK),
        // Out and in again: by the border, to a subnet neighbour, to itself, to another router.
        ("web", "web2@198.51.100.11", OK),
        ("web", "web@198.51.100.10", OK),
        ("web", "peer@198.51.100.20", OK),
        ("peer", "web@198.51.100.10", OK),
        // Through the NAT gateway of another subnet.
        ("app", "203.0.113.7", OK),
        ("app", "web@198.51.100.10", OK),
        ("app", "peer@198.51.100.20", OK),
        // IPv6.
        ("web/2001:db8:a:1::10", "app/2001:db8:a:2::10", OK),
        ("web/2001:db8:a:1::10", "2001:db8:ffff::7", OK),
        ("2001:db8:ffff::7", "web/2001:db8:a:1::10", OK),
        ("app/2001:db8:a:2::10", "2001:db8:ffff::7", OK),
        ("app/2001:db8:a:2::10", "peer/2001:db8:b:1::10", OK),
        ("peer/2001:db8:b:1::10", "web/2001:db8:a:1::10", OK),
    ];
    for ask in [HTTPS, DNS, Ask::Echo] {
        let expected: Vec<_> =
            all.iter().map(|(from, to, seen)| (*from, *to, ask, *seen)).collect();
        expect(estate(), &expected);
    }
}

/// Changes the open estate, and compares.
fn changed(change: impl FnOnce(&mut Blueprint), expected: &[(&str, &str, Ask, &str)]) {
    let mut blueprint = estate();
    change(&mut blueprint);
    expect(blueprint, expected);
}

/// An ACL that lets these go out, and everything in.
fn outward(subnet: &str, egress: &[(u16, &str, bool)]) -> Vec<Filter> {
    vec![acl(subnet, "acl", &[(100, "", true)], egress)]
}

/// An ACL that lets these come in, and everything out.
fn inward(subnet: &str, ingress: &[(u16, &str, bool)]) -> Vec<Filter> {
    vec![acl(subnet, "acl", ingress, &[(100, "", true)])]
}

#[test]
fn aws_31_34_42_an_acl_drops_by_its_first_match_on_both_legs() {
    let gap = [(100, "tcp dport 40001-40002", false), (110, "tcp dport 32768-60999", true)];
    changed(
        |b| b.subnet("subnet-db").boundary = outward("subnet-db", &gap),
        &[
            ("app", "db", HTTPS, "TimedOut, Return: Stateless at subnet-db egress 100"),
            ("web", "db", HTTPS, "TimedOut, Return: Stateless at subnet-db egress 100"),
            ("web", "db", HTTPS, OK),
            ("web", "db", DNS, "TimedOut, Return: Stateless at subnet-db egress *"),
            ("web", "db", Ask::Echo, "TimedOut, Return: Stateless at subnet-db egress *"),
            ("db", "web", HTTPS, "TimedOut, Forward: Stateless at subnet-db egress *"),
        ],
    );
    let narrow = [(90, "ip saddr 10.0.2.10 tcp dport 443", false), (100, "tcp dport 443", true)];
    changed(
        |b| b.subnet("subnet-db").boundary = inward("subnet-db", &narrow),
        &[
            ("app", "db", HTTPS, "TimedOut, Forward: Stateless at subnet-db ingress 90"),
            ("app2", "db", HTTPS, OK),
            ("app2", "db", Ask::Tcp(80), "TimedOut, Forward: Stateless at subnet-db ingress *"),
            ("db", "app2", HTTPS, "TimedOut, Return: Stateless at subnet-db ingress *"),
        ],
    );
}

#[test]
fn aws_35_an_acl_is_not_asked_inside_a_subnet() {
    changed(
        |b| b.subnet("subnet-web").boundary = vec![acl("subnet-web", "acl", &[], &[])],
        &[
            ("web", "web2", HTTPS, OK),
            ("web", "app", HTTPS, "TimedOut, Forward: Stateless at subnet-web egress *"),
            ("app", "web", HTTPS, "TimedOut, Forward: Stateless at subnet-web ingress *"),
            // Not even on the way out and in again, where it is.
            (
                "web",
                "web2@198.51.100.11",
                HTTPS,
                "TimedOut, Forward: Stateless at subnet-web egress *",
            ),
            ("web", "10.0.1.77", HTTPS, "TimedOut, Forward: Unheld at vpc-a"),
            ("app", "10.0.1.77", HTTPS, "TimedOut, Forward: Stateless at subnet-web ingress *"),
        ],
    );
}

#[test]
fn aws_5_20_groups_remember_and_both_ends_count() {
    changed(
        |b| {
            b.interface("web").filters =
                vec![groups("web", &["tcp dport 443"], &["tcp dport 5432"])];
            b.interface("db").filters =
                vec![groups("db", &["ip saddr 10.0.1.10 tcp dport 5432"], &[])];
        },
        &[
            ("app", "web", HTTPS, OK),
            ("app", "web", DNS, "TimedOut, Forward: Stateful at web ingress"),
            ("web", "app", HTTPS, "TimedOut, Forward: Stateful at web egress"),
            ("web", "db", Ask::Tcp(5432), OK),
            ("web2", "db", Ask::Tcp(5432), "TimedOut, Forward: Stateful at db ingress"),
            ("db", "web", HTTPS, "TimedOut, Forward: Stateful at db egress"),
            ("web", "203.0.113.7", Ask::Echo, "TimedOut, Forward: Stateful at web egress"),
        ],
    );
}

#[test]
fn aws_8_a_public_address_is_not_the_member() {
    // The source is the public one once the packet has been outside.
    changed(
        |b| b.interface("web2").filters = vec![groups("web2", &["ip saddr 10.0.1.10"], &[])],
        &[
            ("web", "web2", HTTPS, OK),
            ("web", "web2@198.51.100.11", HTTPS, "TimedOut, Forward: Stateful at web2 ingress"),
        ],
    );
}

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
fn hosts_1_a_rejection_is_heard_where_its_answer_comes_back() {
    let reject = |answer| {
        move |b: &mut Blueprint| {
            let filters = &mut b.interface("web").filters;
            let Act::Drop(site) = filters[0].ingress[1].act.clone() else { panic!() };
            filters[0].ingress[0].act = Act::Reject(site, answer);
            let boundary = vec![
                (1, "ip saddr 10.0.1.10 icmp type destination-unreachable", true),
                (2, "ip6 saddr 2001:db8:a:1::10 icmpv6 type destination-unreachable", true),
                (3, "tcp dport 1024-65535", true),
            ];
            let boundary = acl("subnet-web", "acl", &[(1, "", true)], &boundary);
            b.subnet("subnet-web").boundary = vec![boundary];
        }
    };
    let v6 = |seen: &'static str| ("app/2001:db8:a:2::10", "web/2001:db8:a:1::10", HTTPS, seen);
    changed(
        reject("reject with icmpx type port-unreachable"),
        &[
            ("app", "web", HTTPS, "Refused, Forward: Stateful at web ingress"),
            ("web2", "web", DNS, "Refused, Forward: Stateful at web ingress"),
            v6("Refused, Forward: Stateful at web ingress"),
        ],
    );
    changed(
        reject("reject with icmpx type admin-prohibited"),
        &[
            ("app", "web", HTTPS, "NoRouteToHost, Forward: Stateful at web ingress"),
            v6("PermissionDenied, Forward: Stateful at web ingress"),
        ],
    );
    // An error that the boundary does not let out is silence.
    changed(
        |b| {
            reject("reject with icmpx type admin-prohibited")(b);
            b.subnet("subnet-web").boundary =
                outward("subnet-web", &[(1, "tcp dport 1024-65535", true)]);
        },
        &[(
            "app",
            "web",
            HTTPS,
            "TimedOut, Return: Stateless at subnet-web egress *, Forward: Stateful at web ingress",
        )],
    );
}

/// Several filters at one place, as other clouds have them: each has its say, unless one lets a
/// packet past all that follow.
#[test]
fn filters_of_a_place_are_asked_in_order() {
    let list = |id: &str, lines: &[(&str, Act)]| {
        let Filter { egress, ingress, .. } = groups("web", &[], &[""]);
        let line = |(matches, act): &(&str, Act)| Line {
            matches: (*matches).to_owned(),
            act: act.clone(),
        };
        let Act::Drop(mut site) = ingress[0].act.clone() else { panic!() };
        site.rule = id.to_owned();
        let mut ingress: Vec<Line> = lines.iter().map(line).collect();
        ingress.push(Line { matches: String::new(), act: Act::Drop(site) });
        let chain = vec![
            Line { matches: "tcp dport 22".to_owned(), act: Act::Allow },
            Line { matches: "tcp dport 23".to_owned(), act: Act::Return },
            Line { matches: "tcp dport 24".to_owned(), act: Act::Continue },
        ];
        let chains = vec![("ingress_0".to_owned(), chain)];
        Filter { tracking: Tracking::Stateful, ingress, egress, chains }
    };
    let first =
        [("tcp dport 80", Act::AllowAll), ("tcp dport { 443, 22, 23, 24, 25 }", Act::Allow)];
    let second = [
        ("tcp dport 443", Act::Allow),
        ("tcp dport { 22, 23 }", Act::Jump("ingress_0".to_owned())),
        ("tcp dport 24", Act::Goto("ingress_0".to_owned())),
        ("tcp dport { 23, 24 }", Act::Allow),
    ];
    changed(
        |b| b.interface("web").filters = vec![list("first", &first), list("second", &second)],
        &[
            ("app", "web", Ask::Tcp(80), OK),
            ("app", "web", HTTPS, OK),
            ("app", "web", Ask::Tcp(22), OK),
            ("app", "web", Ask::Tcp(23), OK),
            // A chain that is gone to does not come back to its caller; what falls off is let be.
            ("app", "web", Ask::Tcp(25), "TimedOut, Forward: Stateful at web ingress second"),
            ("app", "web", DNS, "TimedOut, Forward: Stateful at web ingress first"),
            ("web", "app", DNS, OK),
        ],
    );
}
