//! What is said of gaps of every kind, of gaps that are made up.

use cloudfw_core::{Origin, Place, RuleCite, Unknown};

use super::*;

/// All replies from TCP 443 to anybody outside are lost.
fn gap() -> Gap {
    let origin = Origin { document: "".into(), place: Place::Line(1) };
    let list =
        Label { id: "acl-1".into(), name: None, kind: "network-acl", scope: "".into(), origin };
    Gap {
        list,
        direction: Direction::Egress,
        opened: Opened::Inward("internet".into()),
        dropped_by: None,
        entries: Vec::new(),
        wholly: tcp(443),
        partly: ServiceSet::empty(),
        peers: IpSet::any_v4(),
        senders: net("10.0.1.0/24"),
        ports: PortSet::empty(),
        shares: Vec::new(),
        affected: BTreeSet::new(),
        question: None,
        trace: Vec::new(),
        witness: None,
        unknowns: Vec::new(),
    }
}

fn net(block: &str) -> IpSet {
    IpSet::from(block.parse::<ipnet::IpNet>().unwrap())
}

fn tcp(port: u16) -> ServiceSet {
    ServiceSet::tcp(PortSet::single(port))
}

fn exactly(part: u128, whole: u128) -> Bounds<Fraction> {
    Bounds { at_least: Fraction { part, whole }, at_most: Fraction { part, whole } }
}

fn unknown() -> Vec<Unknown> {
    vec![Unknown::new("whether it matches", "not read", "here")]
}

fn rule(gap: &Gap, id: &str, text: &str) -> Option<RuleCite> {
    let (list, origin) = (gap.list.clone(), gap.list.origin.clone());
    Some(RuleCite { list, id: id.into(), text: text.into(), origin, denial: None })
}

fn advice_of(gap: &Gap) -> String {
    advice(&Network::default(), gap)
}

#[test]
fn what_fails_for_one_connection_in_a_hundred_is_no_rarity() {
    let partly = |shares: &[(u128, u128)]| {
        let shares = shares.iter().map(|(part, whole)| (Client::any(), exactly(*part, *whole)));
        Gap { wholly: ServiceSet::empty(), partly: tcp(443), shares: shares.collect(), ..gap() }
    };
    assert_eq!(severity(&partly(&[(1, 100)])), Severity::Medium);
    assert_eq!(severity(&partly(&[(1, 101)])), Severity::Low);
    assert_eq!(severity(&partly(&[(0, 28232), (0, 0)])), Severity::Low);
    assert_eq!(severity(&partly(&[(1, 64512), (4536, 16384)])), Severity::Medium);
    assert_eq!(severity(&partly(&[])), Severity::Medium, "nobody knows how seldom");
    let unproved = Gap { unknowns: unknown(), ..partly(&[(1, 2)]) };
    assert_eq!(severity(&unproved), Severity::Low);
    let both = Gap { wholly: tcp(22), ..partly(&[(1, 64512)]) };
    assert_eq!(severity(&both), Severity::Medium, "of SSH every connection fails");
}

#[test]
fn what_is_lost_is_told_with_who_opens_and_what_drops_it() {
    let all = Gap { opened: Opened::Inside, ..gap() };
    assert_eq!(
        message(&all),
        "acl-1 drops the replies to connections inside the estate (tcp 443): no egress rule lets \
         them through"
    );
    let ports = PortSet::range(1024, 2000);
    let some = Gap {
        wholly: ServiceSet::empty(),
        partly: tcp(443),
        ports: ports.clone(),
        dropped_by: rule(&all, "90", "acl-1 egress 90 deny any"),
        ..gap()
    };
    assert_eq!(
        message(&some),
        "acl-1 drops some of the replies to connections from internet (tcp 443): egress rule 90 \
         stops them to the ports 1024-2000"
    );
    let both = Gap {
        partly: tcp(22),
        ports,
        opened: Opened::Outward("internet".into()),
        direction: Direction::Ingress,
        dropped_by: rule(&all, "", "acl-1 ingress deny any"),
        ..gap()
    };
    assert_eq!(
        message(&both),
        "acl-1 drops the replies to connections to internet (tcp 443), and some of those of tcp \
         22: `acl-1 ingress deny any` stops them; of tcp 22 those to the ports 1024-2000"
    );
}

#[test]
fn what_is_not_known_is_told_as_that() {
    let perhaps = Gap { unknowns: unknown(), ..gap() };
    assert_eq!(
        message(&perhaps),
        "acl-1 may drop replies to connections from internet (tcp 443) by its egress rules"
    );
    assert_eq!(
        advice_of(&perhaps),
        "Find out what is not known; if it loses them: add an egress rule to acl-1 that allows \
         tcp 1024-65535 to 0.0.0.0/0."
    );
    let unasked = Gap { wholly: ServiceSet::empty(), opened: Opened::Inside, ..perhaps };
    assert_eq!(
        message(&unasked),
        "whether acl-1 loses replies to connections inside the estate is not known"
    );
    assert_eq!(
        advice_of(&unasked),
        "Ask about the flows that matter over acl-1 one by one (`cloudfw reach`)."
    );
}

#[test]
fn the_rule_to_add_stands_before_the_one_that_drops() {
    let dropped = Gap { dropped_by: rule(&gap(), "90", "deny"), ..gap() };
    assert!(advice_of(&dropped).ends_with(" to 0.0.0.0/0, before rule 90."));
    let unnumbered = Gap { dropped_by: rule(&gap(), "", "deny"), ..gap() };
    assert!(advice_of(&unnumbered).ends_with(" to 0.0.0.0/0."));
    let unread = Gap { dropped_by: rule(&gap(), "?", "? deny"), ..gap() };
    assert!(advice_of(&unread).ends_with(" to 0.0.0.0/0."), "{}", advice_of(&unread));
    let first = Gap { dropped_by: rule(&gap(), "1", "deny"), ..gap() };
    let none = "before rule 1, which needs a higher number for that: none is free before it.";
    assert!(advice_of(&first).ends_with(none), "{}", advice_of(&first));
}

#[test]
fn replies_go_to_the_ports_of_the_client_where_it_is_known() {
    let own = Gap {
        opened: Opened::Outward("internet".into()),
        direction: Direction::Ingress,
        shares: vec![(Client::linux(), exactly(1, 2))],
        ports: PortSet::range(40000, 50000),
        ..gap()
    };
    assert_eq!(replies(&own), "tcp 32768-60999");
    let more = Gap { ports: PortSet::range(1024, 50000), ..own.clone() };
    assert_eq!(replies(&more), "tcp 1024-65535", "a gateway picks others");
    let strangers = Gap { opened: Opened::Inward("internet".into()), ..own.clone() };
    assert_eq!(replies(&strangers), "tcp 1024-65535");
    let unknown = Gap { shares: Vec::new(), ..own };
    assert_eq!(replies(&unknown), "tcp 1024-65535");
}

#[test]
fn an_echo_is_answered_by_an_echo_reply() {
    let of = |protocol| replies(&Gap { wholly: ServiceSet::all_of(protocol), ..gap() });
    assert_eq!(of(Protocol::ICMP), "icmp type 0");
    assert_eq!(of(Protocol::ICMPV6), "icmpv6 type 129");
    assert_eq!(of(Protocol::UDP), "udp 1024-65535");
    assert_eq!(of(Protocol(47)), "gre");
}

#[test]
fn the_rules_that_let_the_openings_through_are_told() {
    assert!(notes(&gap()).is_empty());
    let entries: Vec<RuleCite> =
        rule(&gap(), "100", "acl-1 ingress 100 allow tcp 443").into_iter().collect();
    let told = notes(&Gap { entries, ..gap() });
    assert_eq!(told, ["let through there by acl-1 ingress 100 allow tcp 443"]);
}

#[test]
fn up_to_four_blocks_are_written_out() {
    let to = |many: u8, opened: Opened| {
        let blocks = (0..many).map(|block| format!("198.51.100.{}/32", 2 * block));
        let peers = blocks.map(|block| net(&block)).collect::<Vec<_>>();
        far(&Network::default(), &Gap { peers: IpSet::union_of(&peers), opened, ..gap() })
    };
    let internet = || Opened::Inward("internet".into());
    assert_eq!(to(1, internet()), "198.51.100.0/32");
    assert_eq!(to(4, internet()).matches(", ").count(), 3);
    assert_eq!(to(5, internet()), "internet (0.0.0.0/0)");
    assert_eq!(to(5, Opened::Outward("office".into())), "office (0.0.0.0/0)");
    assert_eq!(to(5, Opened::Inside), "the other subnets of the estate");
    assert_eq!(any(&IpSet::any_v6()), "::/0");
    assert_eq!(any(&IpSet::full()), "0.0.0.0/0 and ::/0");
}

#[test]
fn inside_the_estate_whole_subnets_are_named() {
    let network = Network::from_text(
        "router vpc 10.0.0.0/16,2001:db8::/56
subnet a in vpc 10.0.1.0/24,2001:db8::/64\nsubnet b in vpc 10.0.2.0/24",
    )
    .unwrap();
    let of = |peers: &str, direction| {
        let inside = Gap { opened: Opened::Inside, direction, peers: net(peers), ..gap() };
        far(&network, &inside)
    };
    assert_eq!(of("10.0.2.9/32", Direction::Egress), "10.0.2.0/24");
    assert_eq!(of("10.0.1.9/32", Direction::Egress), "10.0.1.0/24", "of IPv4 alone");
    assert_eq!(of("2001:db8::9/128", Direction::Egress), "10.0.1.0/24, 2001:db8::/64");
    assert_eq!(of("10.0.2.9/32", Direction::Ingress), "10.0.1.0/24", "from those who send them");
}

#[test]
fn a_share_that_is_not_known_exactly_has_two_ends() {
    let linux = |bounds| share(&(Client::linux(), bounds));
    assert_eq!(linux(exactly(0, 28232)), "Linux 0/28232");
    assert_eq!(linux(exactly(14116, 28232)), "Linux 14116/28232 (50 %)");
    let between = Bounds { at_most: Fraction { part: 1, whole: 2 }, ..exactly(1, 4) };
    assert_eq!(linux(between), "Linux 1/4 to 1/2 (25 % to 50 %)");
    let given = Client { kind: "given".into(), ports: PortSet::single(9) };
    assert_eq!(share(&(given, exactly(0, 1))), "given 0/1");
}

#[test]
fn to_what_the_platform_blocks_at_gateways_no_rule_is_added() {
    let at = |place: &str| {
        let text = format!(
            "external internet 0.0.0.0/0\nrouter vpc 10.0.0.0/16\nfilter block stateless\n  in 1 allow any
gateway igw border vpc internet{}\nsubnet a in vpc 10.0.1.0/24{}",
            if place == "gateway" { " filters block" } else { "" },
            if place == "subnet" { " acl block" } else { "" },
        );
        let network = Network::from_text(&text).unwrap();
        let list = network.filters["block"].ingress[0].label.clone();
        advice(&network, &Gap { list, ..gap() })
    };
    let out = "Leave the subnets concerned out of block if they are meant: it takes no rules.";
    assert_eq!(at("gateway"), out);
    assert!(at("subnet").starts_with("Add an egress rule to block"), "{}", at("subnet"));
    assert!(at("nowhere").starts_with("Add an egress rule to block"));
}
