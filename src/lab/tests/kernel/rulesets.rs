//! What rulesets and routes do to packets: state, translation, chains, sinks.

use Ask::{Echo, Tcp, Udp};
use Leg::{Forward, Return};
use Outcome::{Connected, Refused, TimedOut};
use cloudfw_core::Leg;
use cloudfw_lab::kernel::plan::{Act, Chain, ChainKind, Hook, Selector};
use cloudfw_lab::kernel::probe::{Ask, Outcome};

use crate::available;
use crate::plans::*;

#[test]
fn a_route_into_a_sink_ends_at_the_line_of_its_prefix() {
    if !available() {
        return;
    }
    let rules = forward(&[
        ("oifname sink ip daddr 10.9.0.0/16", drop_at(1)),
        ("oifname sink ip daddr 10.0.0.0/8", drop_at(2)),
        ("oifname sink ip6 daddr 2001:db8::/32", drop_at(3)),
    ]);
    check(
        &line(vec![rules]),
        &[
            closed(Tcp(22), "10.9.1.1", TimedOut, &[(1, Forward)]),
            closed(Udp(22), "10.8.1.1", TimedOut, &[(2, Forward)]),
            closed(Echo, "2001:db8:9::1", TimedOut, &[(3, Forward)]),
            // The router itself: nobody listens there.
            closed(Tcp(22), "10.0.1.1", Refused, &[]),
        ],
    );
}

#[test]
fn a_stateful_filter_lets_replies_pass_and_a_stateless_one_asks_them() {
    if !available() {
        return;
    }
    let outward = |with: &[(&str, Act)]| {
        let mut lines = with.to_vec();
        lines.extend([
            ("iifname left meta l4proto { tcp, udp } th dport 1001", Act::Accept),
            ("iifname left meta l4proto { icmp, icmpv6 }", Act::Accept),
            ("iifname right meta l4proto { tcp, udp } th dport 1024-39999", Act::Accept),
            ("iifname right tcp dport 40000", Act::Accept),
            ("", drop_at(1)),
        ]);
        forward(&lines)
    };
    let cases = |replies: Outcome, dropped: &[(u32, Leg)]| {
        // The first has port 40000.
        let mut cases = vec![case(Tcp(1001), SERVERS[0], Connected, &[])];
        cases.extend(both(case, Tcp(1001), replies, dropped));
        cases.extend(both(case, Udp(1001), replies, dropped));
        cases.extend(both(case, Echo, replies, dropped));
        cases.extend(both(case, Tcp(1002), TimedOut, &[(1, Forward)]));
        cases
    };
    let stateful = outward(&[("ct state established", Act::Accept)]);
    check(&line(vec![stateful]), &cases(Connected, &[]));
    check(&line(vec![outward(&[])]), &cases(TimedOut, &[(1, Return)]));

    // Without tracking there is nothing to remember, whatever the lines ask.
    let untracked = chain(Hook::Prerouting, -300, ChainKind::Filter, &[("", act("notrack"))]);
    let stateful = outward(&[("ct state established", Act::Accept)]);
    check(&line(vec![untracked, stateful]), &cases(TimedOut, &[(1, Return)]));
}

#[test]
fn a_reply_without_a_flow_ends_where_state_is_asked() {
    if !available() {
        return;
    }
    // The router sends what the client says by a second wire, past the server's filter.
    let mut plan = line(Vec::new());
    plan.wires.push(wire((ROUTER, "past"), (SERVER, "past")));
    let router = &mut plan.spaces[ROUTER.0];
    router
        .routes
        .extend([route(100, "10.0.2.0/24", "past"), route(100, "2001:db8:2::/64", "past")]);
    router.selectors = vec![
        Selector {
            device: Some("left".to_owned()),
            source: Some("10.0.1.0/24".parse().unwrap()),
            table: 100,
        },
        Selector {
            device: Some("left".to_owned()),
            source: Some("2001:db8:1::/64".parse().unwrap()),
            table: 100,
        },
    ];
    router.chains = vec![forward(&[("iifname right ct state != established", drop_at(1))])];
    plan.spaces[ROUTER.0].chains.push(chain(
        Hook::Prerouting,
        -300,
        ChainKind::Filter,
        &[("iifname left", act("notrack"))],
    ));
    let cases = [
        both(case, Tcp(22), TimedOut, &[(1, Return)]),
        both(case, Udp(22), TimedOut, &[(1, Return)]),
        both(case, Echo, TimedOut, &[(1, Return)]),
    ];
    check(&plan, cases.as_flattened());
}

#[test]
fn translations_keep_the_ports_by_which_probes_are_known() {
    if !available() {
        return;
    }
    let ports = "meta l4proto { tcp, udp }";
    let nat = [
        chain(
            Hook::Postrouting,
            100,
            ChainKind::Nat,
            &[
                ("oifname != right", Act::Accept),
                (ports, act("snat ip to 10.0.1.99:1024-65535")),
                (ports, act("snat ip6 to [2001:db8:1::99]:1024-65535")),
                ("ip protocol icmp", act("snat ip to 10.0.1.99")),
                ("meta l4proto icmpv6", act("snat ip6 to 2001:db8:1::99")),
            ],
        ),
        chain(
            Hook::Prerouting,
            -100,
            ChainKind::Nat,
            &[
                ("ip daddr 10.0.3.3", act("dnat ip to 10.0.2.7")),
                ("ip6 daddr 2001:db8:3::3", act("dnat ip6 to 2001:db8:2::7")),
            ],
        ),
    ];
    let mut plan = line(nat.to_vec());
    plan.spaces[SERVER.0].chains = vec![
        chain(
            Hook::Prerouting,
            0,
            ChainKind::Filter,
            &[
                ("ip saddr != 10.0.1.99", drop_at(1)),
                ("ip6 saddr != 2001:db8:1::99", drop_at(1)),
                ("tcp dport 1001", drop_at(2)),
            ],
        ),
        chain(
            Hook::Postrouting,
            0,
            ChainKind::Filter,
            &[("meta l4proto { tcp, udp } th sport 1002", drop_at(3))],
        ),
    ];
    let cases = ["10.0.2.7", "10.0.3.3", "2001:db8:2::7", "2001:db8:3::3"].map(|to| {
        [
            case(Tcp(22), to, Connected, &[]),
            case(Udp(22), to, Connected, &[]),
            case(Echo, to, Connected, &[]),
            case(Tcp(1001), to, TimedOut, &[(2, Forward)]),
            case(Tcp(1002), to, TimedOut, &[(3, Return)]),
            case(Udp(1002), to, TimedOut, &[(3, Return)]),
        ]
    });
    check(&plan, cases.as_flattened());
}

#[test]
fn addresses_are_rewritten_without_state() {
    if !available() {
        return;
    }
    let mangle = [
        chain(
            Hook::Prerouting,
            -300,
            ChainKind::Filter,
            &[("", act("notrack")), ("ip daddr 198.51.100.7", act("ip daddr set 10.0.2.7"))],
        ),
        chain(
            Hook::Postrouting,
            0,
            ChainKind::Filter,
            &[("ip saddr 10.0.2.7", act("ip saddr set ip saddr map { 10.0.2.7 : 198.51.100.7 }"))],
        ),
    ];
    let to = "198.51.100.7";
    check(
        &line(mangle.to_vec()),
        &[
            case(Tcp(22), to, Connected, &[]),
            case(Udp(22), to, Connected, &[]),
            case(Echo, to, Connected, &[]),
            closed(Tcp(23), to, Refused, &[]),
        ],
    );
}

#[test]
fn a_chain_can_be_called_left_and_gone_to() {
    if !available() {
        return;
    }
    let sub = |name: &str, lines: &[(&str, Act)]| Chain {
        name: name.to_owned(),
        hook: None,
        ..forward(lines)
    };
    let chains = vec![
        forward(&[
            ("tcp dport 1001-1003", Act::Jump("sg-0a.1".to_owned())),
            ("tcp dport 1004", Act::Goto("sg-0a.1".to_owned())),
            ("tcp dport 1001-1004", drop_at(1)),
        ]),
        sub(
            "sg-0a.1",
            &[
                ("tcp dport 1001", Act::Return),
                ("tcp dport 1002", Act::Accept),
                ("tcp dport 1003", drop_at(2)),
            ],
        ),
    ];
    let [to, _] = SERVERS;
    check(
        &line(chains),
        &[
            case(Tcp(1001), to, TimedOut, &[(1, Forward)]),
            case(Tcp(1002), to, Connected, &[]),
            case(Tcp(1003), to, TimedOut, &[(2, Forward)]),
            case(Tcp(1004), to, Connected, &[]),
        ],
    );
}
