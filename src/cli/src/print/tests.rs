//! Answers made by hand, laid out.

use cloudfw_core::{Bounds, Decision, Direction, Fraction, Leg, Network, Reason, Symptom, Verdict};
use cloudfw_estate::answer::{
    Asked, ClientShare, End, Flows, Missing, Owner, REACH_SCHEMA, Reply, RuleText, Step, Written,
};
use cloudfw_estate::{Answer, Coverage, Pair};

use super::answer::text;

fn end(name: &str, id: &str, address: &str) -> End {
    End {
        id: format!("eni-{id}"),
        name: None,
        kind: "network-interface".to_owned(),
        host: Some(Owner {
            id: format!("i-{id}"),
            name: Some(name.to_owned()),
            kind: "instance".to_owned(),
        }),
        addresses: vec![address.to_owned()],
        dialled: None,
        scope: "111122223333/eu-central-1".to_owned(),
    }
}

fn tcp(sources: &str, source_ports: &str, destinations: &str, destination_ports: &str) -> Flows {
    Flows {
        sources: vec![sources.to_owned()],
        destinations: vec![destinations.to_owned()],
        protocol: "tcp".to_owned(),
        source_ports: Some(source_ports.to_owned()),
        destination_ports: Some(destination_ports.to_owned()),
        icmp_types: None,
        icmp_codes: None,
    }
}

/// A step whose rule is written as `list direction id …`, such as `acl-1 egress 110 allow all`.
fn step(hop: usize, leg: Leg, kind: &str, name: &str, text: &str, flows: Flows) -> Step {
    let mut words = text.split(' ');
    let list = words.next().unwrap();
    let direction = match words.next() {
        Some("ingress") => Some(Direction::Ingress),
        Some("egress") => Some(Direction::Egress),
        _ => None,
    };
    let id = words.next().unwrap_or_default();
    let decision = if text.contains(" deny") { Decision::Deny } else { Decision::Allow };
    Step {
        hop,
        leg,
        kind: kind.to_owned(),
        id: list.to_owned(),
        name: Some(name.to_owned()),
        at: Owner { id: "x-1".to_owned(), name: None, kind: "x".to_owned() },
        direction,
        decision,
        reason: if direction.is_some() { Reason::Rule } else { Reason::Route },
        rule: Some(RuleText {
            id: id.to_owned(),
            text: text.to_owned(),
            list: Owner { id: list.to_owned(), name: Some(name.to_owned()), kind: kind.to_owned() },
            origin: Written {
                document: format!("prod/{kind}s.json"),
                pointer: Some("/X/1".to_owned()),
                line: Some(hop as u32 * 11),
                implied_by: None,
            },
        }),
        flows: vec![flows],
        code: None,
        unknown: None,
    }
}

fn answer(verdict: Verdict, symptom: Symptom, answers: Vec<Pair>) -> Answer {
    Answer {
        schema: REACH_SCHEMA,
        query: Asked {
            text: "web db:5432".to_owned(),
            source: "web".to_owned(),
            destination: "db".to_owned(),
            service: "tcp 5432".to_owned(),
            client: None,
            one_way: false,
            expect: None,
            line: None,
        },
        verdict,
        symptom: Some(symptom),
        answers,
        coverage: std::sync::Arc::new(Coverage::default()),
    }
}

fn intermittent() -> Pair {
    let (web, db) = ("10.0.1.10", "10.0.2.20");
    let there = |ports| tcp(web, ports, db, "5432");
    let back = |ports| tcp(db, "5432", web, ports);
    let all = "32768-60999";
    let forward = |hop, kind, name, text| step(hop, Leg::Forward, kind, name, text, there(all));
    let reply =
        |hop, kind, name, text, ports| step(hop, Leg::Return, kind, name, text, back(ports));
    let deny = reply(
        2,
        "network-acl",
        "acl-db",
        "acl-0ce31753e951c231d egress 32767 deny all to 0.0.0.0/0",
        "32768-49151",
    );
    let failing = Fraction { part: 16384, whole: 28232 };
    let failing = Bounds { at_least: failing, at_most: failing };
    let mut remembered = reply(1, "security-group", "sg-db", "sg-0b", all);
    remembered.rule = None;
    remembered.reason = Reason::Established;
    Pair {
        source: end("web", "0aa", web),
        destination: end("db", "0bb", db),
        family: "ipv4",
        verdict: Verdict::Intermittent,
        forward_verdict: Verdict::Reachable,
        symptom: Some(Symptom::SomeTimeOut),
        allowed: vec![there("49152-60999")],
        allowed_at_most: None,
        reply: Some(Reply {
            client: "linux".to_owned(),
            range: all.to_owned(),
            failing,
            gap: Some("32768-49151".to_owned()),
            by_client: Vec::new(),
        }),
        forward: vec![
            forward(1, "security-group", "sg-web", "sg-0a egress sgr-0e1 allow all to 0.0.0.0/0"),
            forward(
                2,
                "network-acl",
                "acl-web",
                "acl-0fe31753e951c231d egress 100 allow all to 0.0.0.0/0",
            ),
            forward(3, "route-table", "rtb-public", "10.0.0.0/16 -> local"),
            forward(
                4,
                "network-acl",
                "acl-db",
                "acl-0ce31753e951c231d ingress 100 allow tcp 5432 from 10.0.1.0/24",
            ),
            forward(
                5,
                "security-group",
                "sg-db",
                "sg-0b ingress sgr-0e2 allow tcp 5432 from sg-0a",
            ),
        ],
        back: vec![
            remembered,
            reply(
                2,
                "network-acl",
                "acl-db",
                "acl-0ce31753e951c231d egress 110 allow tcp 49152-65535 to 10.0.1.0/24",
                "49152-60999",
            ),
            deny.clone(),
            reply(3, "route-table", "rtb-private", "10.0.0.0/16 -> local", "49152-60999"),
        ],
        blockers: vec![deny],
        unknowns: Vec::new(),
    }
}

fn printed(answer: &Answer, verbose: bool, width: usize) -> String {
    let text = text(answer, &Network::default(), verbose, width);
    let plain = anstream::adapter::strip_str(&text).to_string();
    let widest = plain.lines().map(unicode_width::UnicodeWidthStr::width).max().unwrap_or(0);
    assert!(widest <= width, "{widest} columns:\n{plain}");
    assert!(!plain.lines().any(|line| line.ends_with(' ')), "{plain}");
    plain
}

#[test]
fn intermittent_at_80_columns() {
    let answer = answer(Verdict::Intermittent, Symptom::SomeTimeOut, vec![intermittent()]);
    insta::assert_snapshot!(printed(&answer, false, 80));
}

#[test]
fn intermittent_at_160_columns() {
    let answer = answer(Verdict::Intermittent, Symptom::SomeTimeOut, vec![intermittent()]);
    insta::assert_snapshot!(printed(&answer, false, 160));
}

#[test]
fn an_unknown_client_has_a_table() {
    let mut pair = intermittent();
    let of = |part, whole| {
        let share = Fraction { part, whole };
        Bounds { at_least: share, at_most: share }
    };
    if let Some(reply) = &mut pair.reply {
        reply.client = "any".to_owned();
        reply.range = "1024-65535".to_owned();
        reply.by_client =
            [("linux", "32768-60999", of(16384, 28232)), ("windows", "49152-65535", of(0, 1))]
                .map(|(client, range, failing)| ClientShare {
                    client: client.to_owned(),
                    range: range.to_owned(),
                    failing,
                })
                .to_vec();
    }
    let answer = answer(Verdict::Intermittent, Symptom::SomeTimeOut, vec![pair]);
    let text = printed(&answer, false, 100);
    let table = text.split("by client\n").nth(1).unwrap().split("\n\n").next().unwrap();
    insta::assert_snapshot!(table);
}

#[test]
fn many_pairs_are_a_table() {
    let mut open = intermittent();
    open.verdict = Verdict::Reachable;
    open.symptom = Some(Symptom::Connects);
    open.source = end("app", "0cc", "10.0.3.3");
    let mut unknown = intermittent();
    unknown.verdict = Verdict::Unknown;
    unknown.unknowns = vec![Missing {
        what: "the entries of pl-0abc".to_owned(),
        why: "not in the recording: add get-managed-prefix-list-entries".to_owned(),
        place: "prod/security-groups.json#/SecurityGroups/0".to_owned(),
    }];
    let answer = answer(
        Verdict::Unknown,
        Symptom::Unknown,
        vec![intermittent(), open.clone(), open, unknown],
    );
    insta::assert_snapshot!(printed(&answer, false, 80));
    assert!(printed(&answer, true, 80).matches("there\n").count() == 4);
}
