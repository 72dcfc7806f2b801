use super::*;
use proptest::prelude::*;

fn ports() -> impl Strategy<Value = u16> {
    prop_oneof![0_u16..4, (u16::MAX - 2)..=u16::MAX, Just(443), Just(49152), any::<u16>()]
}

fn kinds() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0_u8), Just(3), Just(8), Just(128), Just(129), Just(255), any::<u8>()]
}

fn icmp_protocols() -> impl Strategy<Value = Protocol> {
    prop_oneof![Just(Protocol::ICMP), Just(Protocol::ICMPV6)]
}

fn port_protocols() -> impl Strategy<Value = Protocol> {
    prop_oneof![Just(Protocol::TCP), Just(Protocol::UDP), Just(Protocol::SCTP)]
}

fn other_protocols() -> impl Strategy<Value = Protocol> {
    let any_other = any::<u8>()
        .prop_map(Protocol)
        .prop_filter("neither ports nor types", |p| !p.has_ports() && !p.is_icmp());
    prop_oneof![Just(Protocol::ESP), Just(Protocol(0)), Just(Protocol(255)), any_other]
}

pub(crate) fn services() -> impl Strategy<Value = Service> {
    prop_oneof![
        4 => (port_protocols(), ports(), ports()).prop_map(|(protocol, source, destination)| {
            Service::Ports { protocol, source, destination }
        }),
        2 => (icmp_protocols(), kinds(), kinds())
            .prop_map(|(protocol, kind, code)| Service::Icmp { protocol, kind, code }),
        1 => other_protocols().prop_map(|protocol| Service::Other { protocol }),
    ]
}

fn port_sets() -> impl Strategy<Value = PortSet> {
    prop_oneof![
        Just(PortSet::full()),
        proptest::collection::vec((ports(), ports()), 1..3).prop_map(RangeSet::from_ranges),
    ]
}

pub(crate) fn service_sets() -> impl Strategy<Value = ServiceSet> {
    let part = prop_oneof![
        4 => (port_protocols(), port_sets(), port_sets())
            .prop_map(|(protocol, source, destination)| {
                ServiceSet::ports(protocol, source, destination)
            }),
        2 => (icmp_protocols(), proptest::option::of(kinds()), proptest::option::of(kinds()))
            .prop_map(|(protocol, kind, code)| ServiceSet::icmp(protocol, kind, code)),
        1 => any::<u8>().prop_map(|number| ServiceSet::all_of(Protocol(number))),
        1 => Just(ServiceSet::full()),
    ];
    (proptest::collection::vec(part, 0..5), any::<bool>()).prop_map(|(parts, inverted)| {
        let all = parts.iter().fold(ServiceSet::empty(), |all, part| all.union(part));
        if inverted { all.complement() } else { all }
    })
}

proptest! {
    #[test]
    fn operations_are_those_of_membership(
        a in service_sets(),
        b in service_sets(),
        probes in proptest::collection::vec(services(), 20),
        some_ports in port_sets(),
    ) {
        let (union, both, only) = (a.union(&b), a.intersection(&b), a.difference(&b));
        let (not, replies, silent) = (a.complement(), a.replies(), a.without_reply());
        let from = a.with_source_ports(&some_ports);
        for probe in &probes {
            let (in_a, in_b) = (a.contains(probe), b.contains(probe));
            prop_assert_eq!(union.contains(probe), in_a || in_b);
            prop_assert_eq!(both.contains(probe), in_a && in_b);
            prop_assert_eq!(only.contains(probe), in_a && !in_b);
            prop_assert_eq!(not.contains(probe), !in_a);
            let answers = probe.reply().is_some_and(|request| a.contains(&request));
            prop_assert_eq!(replies.contains(probe), answers);
            prop_assert_eq!(silent.contains(probe), in_a && probe.reply().is_none());
            let port_fits = match probe {
                Service::Ports { source, .. } => some_ports.contains(*source),
                _ => true,
            };
            prop_assert_eq!(from.contains(probe), in_a && port_fits);
        }
        prop_assert_eq!(a.intersects(&b), !both.is_empty());
        prop_assert_eq!(a.is_subset(&b), only.is_empty());
        prop_assert!(a.is_subset(&union) && both.is_subset(&b) && only.is_subset(&not.complement()));
        prop_assert_eq!(a.a_service().is_none(), a.is_empty());
        prop_assert!(a.a_service().is_none_or(|service| a.contains(&service)));
    }

    #[test]
    fn equal_sets_have_equal_representations(a in service_sets(), b in service_sets()) {
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.union(&b).complement(), a.complement().intersection(&b.complement()));
        prop_assert_eq!(a.difference(&b), a.intersection(&b.complement()));
        prop_assert_eq!(&a.difference(&b).union(&a.intersection(&b)), &a);
        prop_assert!(a.difference(&b).intersection(&b).is_empty());
        prop_assert_eq!(&a.complement().complement(), &a);
        prop_assert_eq!(a.union(&a.complement()), ServiceSet::full());
        prop_assert_eq!(a.replies().replies(), a.difference(&a.without_reply()));
        prop_assert_eq!(
            a.map_source_ports(&PortSet::full()).with_source_ports(&PortSet::full()),
            a.map_source_ports(&PortSet::full())
        );
    }

    #[test]
    fn what_is_printed_tells_sets_apart(a in service_sets(), b in service_sets()) {
        prop_assert_eq!(a.to_string() == b.to_string(), a == b);
    }

    #[test]
    fn ports_are_read_and_printed(protocol in port_protocols(), set in port_sets()) {
        // All ports are printed as none, and no port is not asked for.
        let set = if set.is_empty() || set.is_full() { PortSet::single(443) } else { set };
        let read: ServiceSet = format!("{set}/{protocol}").parse().unwrap();
        prop_assert_eq!(read.to_string(), format!("{protocol} {set}"));
        prop_assert_eq!(read, ServiceSet::ports(protocol, PortSet::full(), set));
    }

    #[test]
    fn every_protocol_is_read_by_number_and_by_name(number in any::<u8>()) {
        let protocol = Protocol(number);
        let all = ServiceSet::all_of(protocol);
        prop_assert_eq!(format!("proto/{number}").parse(), Ok(all.clone()));
        prop_assert_eq!(protocol.to_string().parse(), Ok(all.clone()));
        prop_assert_eq!(all.to_string(), protocol.to_string());
        prop_assert_eq!(all.protocols().collect::<Vec<_>>(), [protocol]);
    }

    #[test]
    fn no_text_breaks_the_reader(text in "(icmp|tcp|proto|[0-9]{1,6}|[-,./ é])[0-9,./a-z-]{0,8}") {
        let _ = text.parse::<ServiceSet>();
    }

    #[test]
    fn replies_answer_back(service in services()) {
        if let Some(reply) = service.reply() {
            prop_assert_eq!(reply.reply(), Some(service));
        }
    }
}

#[test]
fn services_are_read_and_printed_in_words() {
    let rows = [
        ("443", "tcp 443"),
        ("80,443", "tcp 80,443"),
        ("8000-8100", "tcp 8000-8100"),
        ("0", "tcp 0"),
        ("65535", "tcp 65535"),
        ("0-65535", "tcp"),
        ("53/udp", "udp 53"),
        ("80,443/tcp", "tcp 80,443"),
        ("80-90/sctp", "sctp 80-90"),
        ("icmp", "icmp"),
        ("icmp/8", "icmp type 8"),
        ("icmp/8.0", "icmp type 8 code 0"),
        ("icmpv6/128", "icmpv6 type 128"),
        ("esp", "esp"),
        ("gre", "gre"),
        ("proto/50", "esp"),
        ("proto/253", "proto/253"),
        ("proto/6", "tcp"),
        ("tcp", "tcp"),
        ("UDP", "udp"),
        ("any", "any"),
    ];
    for (text, words) in rows {
        let set: ServiceSet = text.parse().unwrap();
        assert_eq!(set.to_string(), words, "{text}");
    }
}

#[test]
fn bad_services_say_what_is_wrong() {
    let error = |text: &str| text.parse::<ServiceSet>().unwrap_err().to_string();
    assert_eq!(
        error("443/foo"),
        "`foo` is not a protocol with ports; \
         after the ports write /tcp, /udp, /sctp, /dccp or /udplite"
    );
    assert!(error("443/icmp").starts_with("`icmp` is not a protocol with ports"));
    assert!(error("443/").starts_with("`` is not a protocol with ports"));
    assert_eq!(error("70000"), "port `70000` is too large; ports are 0-65535");
    assert_eq!(
        error("500-400"),
        "the port range `500-400` ends below its start; did you mean `400-500`"
    );
    assert_eq!(error("icmp/300"), "icmp type `300` is not a number from 0 to 255");
    assert_eq!(error("icmp/8.x"), "icmp code `x` is not a number from 0 to 255");
    assert_eq!(error("icmp/"), "icmp type `` is not a number from 0 to 255");
    assert_eq!(error("proto/256"), "protocol `256` is not a number from 0 to 255");
    assert!(error("ssh").starts_with("`ssh` is neither a port nor a protocol; write ports (`443`"));
    assert!(error("esp/1").starts_with("`esp/1` is neither a port nor a protocol"));
    assert!(error("80,http").starts_with("`http` is not a port"));
    assert!(error("").starts_with("the service is empty; write ports"));
}

#[test]
fn sets_of_most_protocols_are_printed_by_what_is_missing() {
    let ssh: ServiceSet = "22".parse().unwrap();
    assert_eq!(ssh.complement().to_string(), "any except tcp 22");
    assert_eq!(ServiceSet::empty().to_string(), "none");
    let some = ssh.union(&ServiceSet::udp(PortSet::single(53)));
    assert_eq!(some.to_string(), "tcp 22, udp 53");
    assert_eq!(serde_json::to_string(&some).unwrap(), "\"tcp 22, udp 53\"");
    let reply = ServiceSet::ports(Protocol::TCP, PortSet::single(443), PortSet::range(1024, 65535));
    assert_eq!(reply.to_string(), "tcp 1024-65535 (source port 443)");
    assert_eq!(
        reply.union(&"esp".parse().unwrap()).to_string(),
        "tcp 1024-65535 (source port 443), esp"
    );
}

#[test]
fn aws_15_protocols_without_ports_have_none_to_compare() {
    let some = PortSet::single(443);
    let esp = ServiceSet::ports(Protocol::ESP, PortSet::full(), some.clone());
    assert_eq!(esp, ServiceSet::all_of(Protocol::ESP));
    assert!(ServiceSet::ports(Protocol::ESP, PortSet::full(), PortSet::empty()).is_empty());
    assert_eq!(esp.with_source_ports(&some), esp);
}

#[test]
fn aws_16_a_missing_type_or_code_is_all() {
    let all = ServiceSet::icmp(Protocol::ICMP, None, None);
    assert_eq!(all, ServiceSet::all_of(Protocol::ICMP));
    let unreachable = ServiceSet::icmp(Protocol::ICMP, Some(3), None);
    assert!(unreachable.contains(&Service::Icmp { protocol: Protocol::ICMP, kind: 3, code: 4 }));
    assert!(!unreachable.contains(&Service::Icmp { protocol: Protocol::ICMPV6, kind: 3, code: 4 }));
}

#[test]
fn only_echo_is_answered() {
    let v4 = ServiceSet::icmp(Protocol::ICMP, Some(8), Some(0));
    assert_eq!(v4.replies(), ServiceSet::icmp(Protocol::ICMP, Some(0), Some(0)));
    let v6 = ServiceSet::icmp(Protocol::ICMPV6, Some(129), None);
    assert_eq!(v6.replies(), ServiceSet::icmp(Protocol::ICMPV6, Some(128), None));
    assert!(ServiceSet::icmp(Protocol::ICMP, Some(3), Some(4)).replies().is_empty());
    assert!(ServiceSet::icmp(Protocol::ICMP, Some(128), None).replies().is_empty());
    assert_eq!(ServiceSet::all_of(Protocol::ESP).replies(), ServiceSet::all_of(Protocol::ESP));
}

#[test]
fn a_part_may_lie_across_several() {
    let low = ServiceSet::ports(Protocol::TCP, PortSet::range(0, 9), PortSet::single(80));
    let both: PortSet = "80,443".parse().unwrap();
    let high = ServiceSet::ports(Protocol::TCP, PortSet::range(10, 19), both);
    let across = ServiceSet::ports(Protocol::TCP, PortSet::range(5, 15), PortSet::single(80));
    assert!(across.is_subset(&low.union(&high)));
    assert!(!ServiceSet::tcp(PortSet::single(80)).is_subset(&low.union(&high)));
}

#[test]
fn many_unions_stay_one_part() {
    let all = (0..300_u16).fold(ServiceSet::empty(), |all, n| {
        all.union(&ServiceSet::tcp(PortSet::single(n * 7)))
            .union(&ServiceSet::udp(PortSet::single(n)))
    });
    assert_eq!(all.port_cubes().count(), 2);
}

#[test]
fn translated_ports_replace_the_old_ones() {
    let set: ServiceSet = "443".parse().unwrap();
    let set = set.union(&"icmp".parse().unwrap());
    let mapped = set.map_destination_ports(&PortSet::single(8443));
    assert_eq!(mapped.to_string(), "tcp 8443, icmp");
    assert_eq!(mapped.destination_ports(), PortSet::single(8443));
    let mapped = set.map_source_ports(&PortSet::range(1024, 65535));
    assert_eq!(mapped.source_ports(), PortSet::range(1024, 65535));
    assert!(set.map_source_ports(&PortSet::empty()).port_cubes().next().is_none());
}

#[test]
fn the_union_of_many_is_the_union_of_one_after_the_other() {
    let set = |at: u16| match at % 3 {
        0 => ServiceSet::tcp(PortSet::range(at, at + 3)),
        1 => ServiceSet::udp(PortSet::single(at)),
        _ => ServiceSet::icmp(Protocol::ICMP, Some(8), None),
    };
    assert_eq!(ServiceSet::union_of(&[]), ServiceSet::empty());
    for many in 1..12 {
        let sets: Vec<ServiceSet> = (0..many).map(set).collect();
        let one_by_one = sets.iter().fold(ServiceSet::empty(), |all, one| all.union(one));
        assert_eq!(ServiceSet::union_of(&sets), one_by_one);
    }
}
