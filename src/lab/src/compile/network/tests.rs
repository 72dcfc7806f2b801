//! What rules of the model become.

use cloudfw_core::{Direction, Network};

use super::*;
use crate::blueprint::{Act, Filter, Line, Tracking};
use crate::kernel::plan::Cause;

/// Two subnets, a peer, and an interface in each; the filters are the test's.
const GROUND: &str = "
router vpc 10.0.0.0/16,2001:db8::/56
router peer 10.1.0.0/16
router stranger 10.2.0.0/16
subnet a in vpc 10.0.1.0/24,2001:db8::/64 table rt
subnet p in peer 10.1.1.0/24 table rt-peer
subnet s in stranger 10.2.1.0/24 table rt-peer
table rt
  10.0.0.0/16 -> local
table rt-peer
  10.1.0.0/16 -> local
interface web in a 10.0.1.10 public 203.0.113.10 2001:db8::10 groups clients
interface app in a 10.0.1.11 groups others
interface far in p 10.1.1.10 groups clients
interface lost in s 10.2.1.10 groups clients
";

fn made(text: &str) -> Result<Blueprint, Unsupported> {
    from_network(&Network::from_text(&format!("{GROUND}{text}")).unwrap())
}

/// The filter of the interface `db`.
fn db(filter: &str) -> Filter {
    let text = format!("interface db in a 10.0.1.20 filters f\nfilter f {filter}");
    let made = made(&text).unwrap();
    let db = made.interfaces.into_iter().find(|interface| interface.id == "db");
    db.unwrap().filters.remove(0)
}

/// Lines in a form that tests can read.
fn told(lines: &[Line]) -> Vec<String> {
    let line = |line: &Line| {
        let act = match &line.act {
            Act::Drop(site) => format!("drop {}", site.rule),
            Act::AllowBy(site) => format!("allow {}", site.rule),
            Act::Reject(site, how) => format!("{how} {}", site.rule),
            act => format!("{act:?}"),
        };
        format!("{} | {}", line.matches, act.trim_end()).trim_start().to_owned()
    };
    lines.iter().map(line).collect()
}

#[test]
fn aws_8_members_are_known_by_their_own_addresses() {
    let ingress = "in 1 allow 443 from group:clients";
    let filter = db(&format!("stateful\n {ingress}\ngateway pcx link vpc peer"));
    assert_eq!(
        told(&filter.ingress),
        [
            "ip saddr { 10.0.1.10, 10.1.1.10 } meta l4proto 6 th dport 443 | allow 1",
            "ip6 saddr 2001:db8::10 meta l4proto 6 th dport 443 | allow 1",
            "| drop",
        ]
    );
}

#[test]
fn aws_10_members_beyond_a_closed_link_are_nobody() {
    let ingress = "in 1 allow 443 from group:clients";
    for link in ["", "gateway pcx link vpc peer closed", "gateway pcx link vpc peer lost"] {
        let filter = db(&format!("stateful\n {ingress}\n{link}"));
        assert_eq!(
            told(&filter.ingress)[0],
            "ip saddr 10.0.1.10 meta l4proto 6 th dport 443 | allow 1",
            "{link}"
        );
    }
}

#[test]
fn what_is_not_known_is_refused() {
    let group = "interface db in a 10.0.1.20 filters f\nfilter f stateful\n in 1 allow 443 from ";
    let whys = [
        format!("{group}group:clients\ngateway pcx link vpc peer doubtful"),
        format!("{group}?far-away"),
        format!("{group}10.0.0.0/8 maybe"),
        "gateway x opaque".to_owned(),
        "gateway x link vpc peer doubt".to_owned(),
        "interface db in a 10.0.1.20 maybe-down".to_owned(),
        "router elsewhere 10.3.0.0/16 unread".to_owned(),
        "interface db in a 10.0.1.20 filters f\nfilter f stateless\n in 1 allow 443 state new"
            .to_owned(),
        "interface db in a 10.0.1.20 filters f\nfilter f stateful\n in 1 jump c\n chain c\n 1 jump c"
            .to_owned(),
    ];
    for text in whys {
        assert!(made(&text).is_err(), "{text}");
    }
}

#[test]
fn what_falls_off_the_end_is_denied() {
    let filter = db("stateless\n in 100 allow 443\n out 1 allow any");
    assert_eq!(told(&filter.ingress), ["meta l4proto 6 th dport 443 | allow 100", "| drop"]);
    assert_eq!(told(&filter.egress), ["| allow 1"]);
    let filter = db("stateless\n in 100 deny any\n out 1 deny 443");
    assert_eq!(told(&filter.ingress), ["| drop 100"]);
    assert_eq!(told(&filter.egress), ["meta l4proto 6 th dport 443 | drop 1", "| drop"]);
}

#[test]
fn sites_tell_the_place_and_the_rule() {
    let filter = db("stateless\n in 100 deny any\n out 1 allow any");
    let Act::Drop(site) = &filter.ingress[0].act else { panic!("no drop") };
    assert_eq!(site.cause, Cause::Stateless);
    assert_eq!((site.at.as_str(), site.list.as_str(), site.rule.as_str()), ("db", "f", "100"));
    assert_eq!(site.direction, Some(Direction::Ingress));
    let filter = db("stateful\n in 1 allow any\n out * deny any");
    let Act::Drop(site) = &filter.egress[0].act else { panic!("no drop") };
    assert_eq!(site.cause, Cause::Stateful);
    assert_eq!((site.at.as_str(), site.list.as_str(), site.rule.as_str()), ("db", "", ""));
    assert_eq!(site.direction, Some(Direction::Egress));
}

#[test]
fn a_reply_without_state_is_dropped_where_the_model_says_so() {
    let tracking = |words: &str| db(&format!("stateful {words}\n in 1 allow any")).tracking;
    assert!(matches!(tracking(""), Tracking::Stateful));
    assert!(matches!(tracking("evaluated"), Tracking::Stateful));
    let Tracking::StatefulOrDropped(site) = tracking("dropped") else { panic!("not dropped") };
    // No rule drops it, but the filter, and core calls the place so.
    assert_eq!((site.cause, site.at.as_str()), (Cause::NoState, "f"));
}

#[test]
fn az_6_filters_may_be_met_in_the_reverse_order_going_out() {
    let reversed = |order: &[&str]| {
        let ids = |ids: &[&str]| ids.iter().copied().map(Id::from).collect();
        let stack = Stack { filters: ids(&["a", "b"]), egress: Some(ids(order)) };
        is_reversed_out(&Id::from("nic"), &stack)
    };
    assert_eq!(reversed(&["b", "a"]), Ok(true));
    assert!(reversed(&["b", "c"]).is_err());
    let same = Stack::of(vec![Id::from("a"), Id::from("b")]);
    assert_eq!(is_reversed_out(&Id::from("nic"), &same), Ok(false));
}

#[test]
fn refusals_are_of_their_kind() {
    let filter = db("stateful\n in 1 reset any\n in 2 reject 53/udp\n in 3 prohibit any");
    let ingress = told(&filter.ingress);
    assert_eq!(ingress[0], "meta l4proto 6 | reject with tcp reset 1");
    assert_eq!(ingress[1], "meta l4proto { 0-5, 7-255 } | reject with icmpx port-unreachable 1");
    assert_eq!(ingress[2], "meta l4proto 17 th dport 53 | reject with icmpx port-unreachable 2");
    assert_eq!(ingress[3], "| reject with icmpx admin-prohibited 3");
}

#[test]
fn chains_are_called_left_and_gone_to_for_good() {
    let filter = db("stateful
 in 1 jump c
 in 2 goto d
 in 3 return 22
 in 4 continue any
 in 5 allow-all any
 out 1 allow any
 chain c
  1 return 80
  2 goto d
 chain d
  1 deny 443 from 10.9.0.0/16
  2 allow tcp state established,related");
    assert_eq!(
        told(&filter.ingress),
        [
            r#"| Jump("ingress_0")"#,
            // To a base list nothing comes back from there.
            r#"| Jump("ingress_1")"#,
            "| drop",
            "meta l4proto 6 th dport 22 | drop",
            "| Continue",
            "| AllowAll",
        ]
    );
    let chain = |name: &str| {
        let chain = filter.chains.iter().find(|(chain, _)| chain == name).unwrap();
        told(&chain.1)
    };
    assert_eq!(
        chain("ingress_0"),
        ["meta l4proto 6 th dport 80 | Return", r#"| Goto("ingress_1")"#]
    );
    assert_eq!(chain("egress_0")[1], r#"| Goto("egress_1")"#);
    assert_eq!(
        chain("ingress_1"),
        [
            "ip saddr 10.9.0.0-10.9.255.255 meta l4proto 6 th dport 443 | drop 1",
            "meta l4proto 6 ct state { established, related } | allow 2",
        ]
    );
}

#[test]
fn aws_63_the_preferred_route_of_a_prefix_wins() {
    let mut network = Network::from_text(GROUND).unwrap();
    let table = network.tables.values_mut().next().unwrap();
    let worse = Route { preference: 2, target: Target::Blackhole, ..table.routes[0].clone() };
    table.routes.insert(0, worse);
    let made = from_network(&network).unwrap();
    let routes = &made.subnets[0].routes;
    assert_eq!(routes.len(), 1);
    assert_eq!(routes[0].target, blueprint::Target::Local);
}

#[test]
fn hosts_have_their_interfaces_and_routes() {
    let made = made("host h web,app 192.0.2.0/24->app").unwrap();
    assert_eq!(made.hosts.len(), 1);
    let host = &made.hosts[0];
    assert_eq!(host.id, "h");
    assert_eq!(host.interfaces, ["web", "app"]);
    assert_eq!(host.routes, [("192.0.2.0/24".parse().unwrap(), "app".to_owned())]);
}

#[test]
fn borders_tell_what_they_carry() {
    let made = made(
        "external internet 0.0.0.0/0,::/0
gateway igw border vpc internet
gateway eigw border vpc internet outward
gateway nat snat a 10.0.1.5 public 203.0.113.5 ports 1024-65535
gateway pcx link vpc peer closed",
    )
    .unwrap();
    let gateway = |id: &str| made.gateways.iter().find(|gateway| gateway.id == id).unwrap();
    assert!(matches!(
        gateway("igw").passage,
        blueprint::Passage::Border { both_ways: true, ipv4: true, .. }
    ));
    assert!(matches!(gateway("eigw").passage, blueprint::Passage::Border { both_ways: false, .. }));
    assert!(matches!(
        gateway("nat").passage,
        blueprint::Passage::SourceNat { ports: (1024, 65535), public: Some(_), .. }
    ));
    assert!(gateway("pcx").closed && !gateway("igw").closed);
}
