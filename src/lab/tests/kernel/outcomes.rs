//! What a client sees of each cause (hosts.md, section 1), and where its packets ended.

use std::time::{Duration, Instant};

use Ask::{Echo, Tcp, Udp};
use Leg::{Forward, Return};
use Outcome::{Connected, NetworkUnreachable, NoRouteToHost, PermissionDenied, Refused, TimedOut};
use cloudfw_core::Leg;
use cloudfw_lab::kernel::plan::{ChainKind, Hook, MAIN_TABLE};
use cloudfw_lab::kernel::probe::{Ask, Outcome};

use crate::available;
use crate::plans::*;

/// What a client of an unknown protocol is told.
const ENOPROTOOPT: Outcome = Outcome::Other(92);

#[test]
fn what_nothing_stops_connects_and_where_nobody_listens_it_is_refused() {
    if !available() {
        return;
    }
    let cases = [
        both(case, Tcp(22), Connected, &[]),
        both(case, Udp(53), Connected, &[]),
        both(case, Echo, Connected, &[]),
        both(closed, Tcp(80), Refused, &[]),
        both(closed, Udp(80), Refused, &[]),
        both(closed, Echo, Connected, &[]),
    ];
    check(&line(Vec::new()), cases.as_flattened());
}

#[test]
fn a_dropped_packet_times_out_and_the_line_that_took_it_is_known() {
    if !available() {
        return;
    }
    let rules = forward(&[
        ("tcp dport 1001", drop_at(1)),
        ("tcp sport 1002", drop_at(2)),
        ("udp dport 1003", drop_at(3)),
        ("udp sport 1004", drop_at(4)),
        ("icmp type echo-request ip saddr 10.0.1.0/24", drop_at(5)),
        ("icmpv6 type echo-reply", drop_at(6)),
    ]);
    let cases = [
        both(case, Tcp(1001), TimedOut, &[(1, Forward)]),
        both(case, Tcp(1002), TimedOut, &[(2, Return)]),
        both(closed, Tcp(1001), TimedOut, &[(1, Forward)]),
        // The reset of a closed port is a reply as any other.
        both(closed, Tcp(1002), TimedOut, &[(2, Return)]),
        both(case, Udp(1003), TimedOut, &[(3, Forward)]),
        both(case, Udp(1004), TimedOut, &[(4, Return)]),
        [
            case(Echo, SERVERS[0], TimedOut, &[(5, Forward)]),
            case(Echo, SERVERS[1], TimedOut, &[(6, Return)]),
        ],
    ];
    let start = Instant::now();
    check(&line(vec![rules]), cases.as_flattened());
    assert!(start.elapsed() < Duration::from_secs(3), "a time-out was waited for");
}

#[test]
fn the_answers_to_rejected_packets_are_those_of_the_kernel() {
    if !available() {
        return;
    }
    let rules = forward(&[
        ("tcp dport 1001", reject_at(1, "reject with tcp reset")),
        (
            "meta l4proto { tcp, udp } th dport 1002",
            reject_at(2, "reject with icmpx port-unreachable"),
        ),
        (
            "meta l4proto { tcp, udp } th dport 1003",
            reject_at(3, "reject with icmpx host-unreachable"),
        ),
        ("meta l4proto { tcp, udp } th dport 1004", reject_at(4, "reject with icmpx no-route")),
        (
            "meta l4proto { tcp, udp } th dport 1005",
            reject_at(5, "reject with icmpx admin-prohibited"),
        ),
        (
            "meta l4proto { tcp, udp } th dport 1006",
            reject_at(6, "reject with icmp net-prohibited"),
        ),
        (
            "meta l4proto { tcp, udp } th dport 1007",
            reject_at(7, "reject with icmp prot-unreachable"),
        ),
        ("meta l4proto { tcp, udp } th dport 1008", reject_at(8, "reject with icmpv6 policy-fail")),
        ("meta l4proto { icmp, icmpv6 }", reject_at(9, "reject with icmpx admin-prohibited")),
    ]);
    let [v4, v6] = SERVERS;
    let cases = [
        both(case, Tcp(1001), Refused, &[(1, Forward)]),
        both(case, Tcp(1002), Refused, &[(2, Forward)]),
        both(case, Udp(1002), Refused, &[(2, Forward)]),
        both(case, Tcp(1003), NoRouteToHost, &[(3, Forward)]),
        // Soft errors: a datagram's client is not told.
        both(case, Udp(1003), TimedOut, &[(3, Forward)]),
        both(case, Tcp(1004), NetworkUnreachable, &[(4, Forward)]),
        both(case, Udp(1004), TimedOut, &[(4, Forward)]),
        [Tcp(1005), Udp(1005)].map(|ask| case(ask, v4, NoRouteToHost, &[(5, Forward)])),
        [Tcp(1005), Udp(1005)].map(|ask| case(ask, v6, PermissionDenied, &[(5, Forward)])),
        [Tcp(1006), Udp(1006)].map(|ask| case(ask, v4, NetworkUnreachable, &[(6, Forward)])),
        [Tcp(1007), Udp(1007)].map(|ask| case(ask, v4, ENOPROTOOPT, &[(7, Forward)])),
        [Tcp(1008), Udp(1008)].map(|ask| case(ask, v6, PermissionDenied, &[(8, Forward)])),
        [
            case(Echo, v4, NoRouteToHost, &[(9, Forward)]),
            case(Echo, v6, PermissionDenied, &[(9, Forward)]),
        ],
    ];
    check(&line(vec![rules]), cases.as_flattened());
}

/// hosts.md, section 1: what is rejected behind a filter without room for the answer times out.
#[test]
fn an_answer_that_is_dropped_on_its_way_makes_a_time_out() {
    if !available() {
        return;
    }
    let mut plan = line(vec![forward(&[
        ("iifname right ip protocol icmp", drop_at(1)),
        ("iifname right meta l4proto icmpv6", drop_at(1)),
    ])]);
    plan.spaces[SERVER.0].chains = vec![chain(
        Hook::Prerouting,
        0,
        ChainKind::Filter,
        &[
            ("tcp dport 1001", reject_at(2, "reject with tcp reset")),
            ("tcp dport 1002", reject_at(3, "reject with icmpx admin-prohibited")),
            ("udp dport 1003", reject_at(4, "reject with icmpx port-unreachable")),
        ],
    )];
    let cases = [
        both(case, Tcp(1001), Refused, &[(2, Forward)]),
        both(case, Tcp(1002), TimedOut, &[(1, Return), (3, Forward)]),
        both(case, Udp(1003), TimedOut, &[(1, Return), (4, Forward)]),
        both(closed, Udp(1004), TimedOut, &[(1, Return)]),
    ];
    check(&plan, cases.as_flattened());
}

#[test]
fn the_clients_own_kernel_answers_at_once() {
    if !available() {
        return;
    }
    let mut plan = line(Vec::new());
    let client = &mut plan.spaces[CLIENT.0];
    client.routes = vec![route(MAIN_TABLE, "10.0.2.0/24", "eth0")];
    client.chains = vec![chain(
        Hook::Postrouting,
        0,
        ChainKind::Filter,
        &[("udp dport 1001", drop_at(1)), ("tcp dport 1001", drop_at(2))],
    )];
    let [v4, v6] = SERVERS;
    check(
        &plan,
        &[
            case(Udp(1001), v4, PermissionDenied, &[(1, Forward)]),
            case(Tcp(1001), v4, TimedOut, &[(2, Forward)]),
            case(Tcp(1002), v4, Connected, &[]),
            case(Tcp(1002), v6, NetworkUnreachable, &[]),
            case(Udp(1002), v6, NetworkUnreachable, &[]),
            case(Echo, v6, NetworkUnreachable, &[]),
        ],
    );
}
