//! Filters: of subnets, of interfaces, and several at one place.

use super::super::blueprints::{acl, groups};
use super::{DNS, HTTPS, OK, changed, inward, outward};
use crate::blueprint::{Act, Blueprint, Filter, Line, Tracking};
use crate::kernel::probe::Ask;

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

#[test]
fn az_5_6_filters_may_be_met_in_the_reverse_order_going_out() {
    let two = |ingress: &[&str], egress: &[&str]| {
        vec![groups("first", ingress, egress), groups("second", ingress, egress)]
    };
    changed(
        |b| {
            let web = b.interface("web");
            web.filters = two(&["tcp dport 443"], &["udp dport 53"]);
            web.reversed_out = true;
        },
        &[
            ("app", "web", HTTPS, OK),
            ("app", "web", DNS, "TimedOut, Forward: Stateful at first ingress"),
            ("web", "app", DNS, OK),
            ("web", "app", HTTPS, "TimedOut, Forward: Stateful at second egress"),
        ],
    );
}
