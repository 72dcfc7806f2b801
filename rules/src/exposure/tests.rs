//! What exposures are, told in text form.

use cloudfw_core::{
    Address, Endpoint, Id, Interface, IpSet, Network, PathGraph, Question, ServiceSet, Unknown,
};

use super::*;
use crate::{Settings, Target};

pub(super) const ESTATE: &str = "
external internet 0.0.0.0/5,8.0.0.0/7,11.0.0.0/8,12.0.0.0/6,16.0.0.0/4,32.0.0.0/3,64.0.0.0/2,128.0.0.0/1,2a00::/12
external office 10.9.0.0/16
router vpc 10.0.0.0/16,2001:db8::/56
gateway igw border vpc internet
gateway line border vpc office
table rt
  10.0.0.0/16 -> local
  0.0.0.0/0 -> igw
  10.9.0.0/16 -> line
filter open stateless
  in 100 allow any
  out 100 allow any
subnet a in vpc 10.0.1.0/24 table rt acl open
";

/// A source that asks every interface about all of an external network.
pub(super) fn source<'n>(network: &'n Network, name: &str, unknowns: &[Unknown]) -> Source<'n> {
    let id = Id::new(name);
    let addresses = network.externals[&id].addresses.clone();
    let all = addresses.clone();
    let unknowns = unknowns.to_vec();
    let towards = move |interface: &Id<Interface>| {
        let ask = |address: &Address| Question {
            source: Endpoint::External {
                id: id.clone(),
                addresses: if address.ip.is_ipv4() { all.only_v4() } else { all.only_v6() },
            },
            destination: Endpoint::Interface {
                id: interface.clone(),
                address: address.ip,
                dialled: address.public,
            },
            services: ServiceSet::full(),
            client: None,
            one_way: false,
        };
        let questions = network.interfaces[interface].addresses.iter().map(ask).collect();
        Target { questions, unknowns: unknowns.clone() }
    };
    let is_internet = name == "internet";
    Source { name: name.into(), is_internet, addresses, towards: Box::new(towards) }
}

/// Each exposure in a line: source, subject, rules, breadth, what is written, what gets in, what
/// may.
fn told(text: &str, sources: &[&str], unknowns: &[Unknown]) -> Vec<String> {
    let network = Network::from_text(&format!("{ESTATE}{text}")).unwrap();
    let graph = PathGraph::new(&network);
    let sources: Vec<Source<'_>> =
        sources.iter().map(|name| source(&network, name, unknowns)).collect();
    let settings = Settings::default();
    let audit = Audit::new(&graph, &sources, &settings);
    audit.exposures().iter().map(line).collect()
}

/// The same of a network in which something is changed that the text form cannot say.
fn told_with(text: &str, unknowns: &[Unknown], change: impl Fn(&mut Network)) -> Vec<String> {
    let mut network = Network::from_text(&format!("{ESTATE}{text}")).unwrap();
    change(&mut network);
    let graph = PathGraph::new(&network);
    let sources = [source(&network, "internet", unknowns)];
    let settings = Settings::default();
    Audit::new(&graph, &sources, &settings).exposures().iter().map(line).collect()
}

pub(super) fn line(exposure: &Exposure<'_>) -> String {
    let rules: Vec<&str> = exposure.rules.iter().map(|it| &*it.rule.id).collect();
    let at: Vec<String> = exposure
        .at
        .iter()
        .map(|at| format!("{}: {} ({})", at.interface, at.exposed, at.possibly))
        .collect();
    let Exposure { source, subject, breadth, literal, .. } = exposure;
    format!("{source} {} {} {breadth:?} {literal} | {}", subject.id, rules.join("+"), at.join("; "))
}

#[test]
fn whoever_attacks_chooses_the_source_port_that_a_rule_lets_in() {
    let web = "interface web in a 10.0.1.10 public 203.0.113.10 filters sg";
    let sport = format!("filter sg stateful\n  in dns allow udp from 0.0.0.0/0 sport 53\n{web}");
    assert_eq!(told(&sport, &["internet"], &[]), ["internet sg dns Whole udp | web: udp (none)"]);
    let denied = format!(
        "filter sg stateless\n  in 1 deny tcp from 0.0.0.0/0 sport 1024-65535
  in 2 allow 22 from 0.0.0.0/0\n  out 1 allow any\n{web}"
    );
    assert_eq!(
        told(&denied, &["internet"], &[]),
        ["internet sg 2 Whole tcp 22 | web: tcp 22 (none)"]
    );
}

#[test]
fn both_families_are_one_cause_where_they_come_to_the_same() {
    let rules = "filter sg stateful
  in four allow 22 from 0.0.0.0/0
  in six allow 22 from ::/0
";
    let only_v4 = format!("{rules}interface web in a 10.0.1.10 public 203.0.113.10 filters sg");
    assert_eq!(
        told(&only_v4, &["internet"], &[]),
        [
            "internet sg four Whole tcp 22 | web: tcp 22 (none)",
            "internet sg six Whole tcp 22 | web: none (none)",
        ]
    );
    let private = format!("{rules}interface web in a 10.0.1.10 filters sg");
    assert_eq!(
        told(&private, &["internet"], &[]),
        ["internet sg four+six Whole tcp 22 | web: none (none)"]
    );
    let unsure = only_v4.replace("filters sg", "filters sg maybe-down");
    assert_eq!(
        told(&unsure, &["internet"], &[]),
        [
            "internet sg four Whole tcp 22 | web: none (tcp 22)",
            "internet sg six Whole tcp 22 | web: none (none)",
        ]
    );
    let any = "filter sg stateful\n  in 1 allow 22\ninterface web in a 10.0.1.10 public 203.0.113.10 filters sg";
    assert_eq!(
        told(any, &["internet"], &[]),
        ["internet sg 1 Whole tcp 22 | web: tcp 22 (none)"],
        "one rule is one cause"
    );
}

#[test]
fn families_are_apart_where_one_is_unknown_somewhere_and_the_other_blocked() {
    let text = "filter sg stateful
  in four allow 22 from 0.0.0.0/0
  in six allow 22 from ::/0
interface back in a 10.0.1.11 filters sg
interface web in a 10.0.1.10 public 203.0.113.10 filters sg maybe-down";
    assert_eq!(
        told(text, &["internet"], &[]),
        [
            "internet sg four Whole tcp 22 | back: none (none); web: none (tcp 22)",
            "internet sg six Whole tcp 22 | back: none (none); web: none (none)",
        ]
    );
}

#[test]
fn halves_of_one_family_beside_all_of_the_other_are_told_as_together() {
    let text = format!(
        "{ESTATE}filter sg stateful
  in low allow 22 from 0.0.0.0/1
  in high allow 22 from 128.0.0.0/1
  in six allow 22 from ::/0
interface web in a 10.0.1.10 filters sg"
    );
    let network = Network::from_text(&text).unwrap();
    let graph = PathGraph::new(&network);
    let sources = [source(&network, "internet", &[])];
    let settings = Settings::default();
    let audit = Audit::new(&graph, &sources, &settings);
    let [one] = audit.exposures() else { panic!("{:?}", audit.exposures()) };
    assert_eq!((one.rules.len(), one.only_together), (3, true));
}

#[test]
fn separate_ports_of_a_list_are_separate_causes() {
    let text = "filter sg stateful
  in 1 allow 22 from 0.0.0.0/0
  in 2 allow 3389 from 0.0.0.0/0
  in 3 allow 20-25 from 0.0.0.0/0
  in 4 allow 22 from 198.51.0.0/16
interface web in a 10.0.1.10 public 203.0.113.10 filters sg";
    assert_eq!(
        told(text, &["internet"], &[]),
        [
            "internet sg 3+1 Whole tcp 20-25 | web: tcp 20-25 (none)",
            "internet sg 2 Whole tcp 3389 | web: tcp 3389 (none)",
        ],
        "what is wide is whole by another rule"
    );
}

#[test]
fn every_list_that_opens_a_port_is_a_cause() {
    let text = "filter one stateful\n  in 1 allow 22 from 0.0.0.0/0
filter two stateful\n  in 2 allow 22-23 from 0.0.0.0/0
interface web in a 10.0.1.10 public 203.0.113.10 filters one,two
interface other in a 10.0.1.11 public 203.0.113.11 filters one";
    // As two stacked filters both have to let a flow through.
    assert_eq!(
        told(text, &["internet"], &[]),
        [
            "internet one 1 Whole tcp 22 | other: tcp 22 (none); web: tcp 22 (none)",
            "internet two 2 Whole tcp 22-23 | web: tcp 22 (none)",
        ]
    );
}

const SSH: &str = "filter sg stateful
  in 1 allow 22 from 0.0.0.0/0
interface web in a 10.0.1.10 public 203.0.113.10 filters sg";

#[test]
fn a_list_of_single_addresses_holds_nothing_else() {
    let from = |peers: &str| told(&SSH.replace("0.0.0.0/0", peers), &["internet"], &[]);
    assert_eq!(
        from("pl-1=198.51.100.7+198.51.100.9"),
        ["internet sg 1 Few tcp 22 | web: tcp 22 (none)"]
    );
    let small = ["internet sg 1 Narrow tcp 22 | web: tcp 22 (none)"];
    assert_eq!(from("pl-1=198.51.100.7+198.51.100.16/28"), small);
    assert_eq!(from("198.51.100.7,198.51.100.16/28"), small);
}

#[test]
fn what_is_open_to_the_internet_is_not_told_again_of_a_network() {
    assert_eq!(
        told(SSH, &["internet", "office"], &[]),
        ["internet sg 1 Whole tcp 22 | web: tcp 22 (none)"]
    );
    assert_eq!(told(SSH, &["office"], &[]), ["office sg 1 Whole tcp 22 | web: tcp 22 (none)"]);
    let beside = SSH.replace("  in 1", "  in 2 allow 22 from 10.9.0.0/16\n  in 1");
    assert_eq!(
        told(&beside, &["internet", "office"], &[]),
        [
            "internet sg 1 Whole tcp 22 | web: tcp 22 (none)",
            "office sg 1+2 Whole tcp 22 | web: tcp 22 (none)",
        ],
        "a rule of its own stays when the other goes"
    );
    let half = SSH.replace("0.0.0.0/0", "10.9.0.0/17");
    assert_eq!(
        told(&half, &["internet", "office"], &[]),
        ["office sg 1 Wide tcp 22 | web: tcp 22 (none)"]
    );
    assert!(told(&SSH.replace("0.0.0.0/0", "10.9.0.1"), &["office"], &[]).is_empty());
}

#[test]
fn what_the_internet_cannot_reach_and_a_network_can_is_told_of_both() {
    let text = SSH.replace(
        "interface web",
        "filter no stateless\n  in 1 deny any from 0.0.0.0/1
  in 2 deny any from 128.0.0.0/1\n  in 3 allow any\n  out 1 allow any\ninterface web",
    );
    let text = text.replace("filters sg", "filters sg,no").replace(
        "deny any from 0.0.0.0/1",
        "deny any from 0.0.0.0/5,8.0.0.0/7,11.0.0.0/8,12.0.0.0/6,16.0.0.0/4,32.0.0.0/3,64.0.0.0/2",
    );
    let told = told(&text, &["internet", "office"], &[]);
    let internet = "internet sg 1 Whole tcp 22 | web: none (none)".to_owned();
    assert!(told.contains(&internet), "{told:?}");
    assert!(told.contains(&"office sg 1 Whole tcp 22 | web: tcp 22 (none)".to_owned()), "{told:?}");
}

#[test]
fn what_goes_between_recorded_interfaces_is_no_exposure() {
    let text = format!("{ESTATE}{SSH}\ninterface near in a 10.0.1.11 filters sg");
    let network = Network::from_text(&text).unwrap();
    let graph = PathGraph::new(&network);
    let office = source(&network, "office", &[]);
    let inside = |_: &Id<Interface>| Target {
        questions: vec![Question {
            source: Endpoint::Interface {
                id: Id::new("near"),
                address: [10, 0, 1, 11].into(),
                dialled: None,
            },
            destination: Endpoint::Interface {
                id: Id::new("web"),
                address: [10, 0, 1, 10].into(),
                dialled: None,
            },
            services: ServiceSet::full(),
            client: None,
            one_way: false,
        }],
        unknowns: Vec::new(),
    };
    let sources = [Source { towards: Box::new(inside), ..office }];
    let settings = Settings::default();
    let audit = Audit::new(&graph, &sources, &settings);
    let told: Vec<String> = audit.exposures().iter().map(line).collect();
    assert_eq!(told, ["office sg 1 Whole tcp 22 | near: none (none); web: none (none)"]);
    assert!(audit.exposures()[0].proof.question.is_none());
}

#[test]
fn what_a_network_gets_in_beyond_the_internet_is_told() {
    let text = "filter sg stateful\n  in 1 allow 22-443 from 0.0.0.0/0
filter gate stateful\n  in 1 allow 443\n  in 2 allow 22 from 10.9.0.0/16
interface web in a 10.0.1.10 public 203.0.113.10 filters sg,gate";
    let told = told(text, &["internet", "office"], &[]);
    let told: Vec<&String> = told.iter().filter(|line| line.contains(" sg ")).collect();
    assert_eq!(
        told,
        [
            "internet sg 1 Whole tcp 22-443 | web: tcp 443 (none)",
            "office sg 1 Whole tcp 22-443 | web: tcp 22,443 (none)",
        ]
    );
}

#[test]
fn the_witness_of_what_is_unknown_is_the_address_that_is() {
    let text = format!("{ESTATE}{SSH}")
        .replace("web in a 10.0.1.10", "web in a 10.0.1.9 10.0.1.10")
        .replace("filters sg", "filters sg maybe-down");
    let network = Network::from_text(&text).unwrap();
    let graph = PathGraph::new(&network);
    let sources = [source(&network, "internet", &[])];
    let settings = Settings::default();
    let audit = Audit::new(&graph, &sources, &settings);
    let proof = &audit.exposures()[0].proof;
    let Endpoint::Interface { address, .. } = proof.question.as_ref().unwrap().destination else {
        panic!("{proof:?}")
    };
    assert_eq!(address.to_string(), "10.0.1.10");
    assert_eq!(proof.unknowns.len(), 1, "{:?}", proof.unknowns);
}

#[test]
fn what_cannot_be_asked_is_unknown() {
    let gap = [Unknown::new("its other addresses", "not read", "here")];
    let private = SSH.replace(" public 203.0.113.10", "");
    assert_eq!(
        told(&private, &["internet"], &gap),
        ["internet sg 1 Whole tcp 22 | web: none (tcp 22)"]
    );
    assert_eq!(
        told(SSH, &["internet"], &gap),
        ["internet sg 1 Whole tcp 22 | web: tcp 22 (none)"],
        "what is proved is proved"
    );
}

#[test]
fn addresses_that_were_not_read_may_be_reached_in_their_family() {
    let gap = Unknown::new("its addresses", "not read", "here");
    let private = SSH.replace(" public 203.0.113.10", "");
    let opens_to = |from: &str, v4: bool, unknowns: &[Unknown]| {
        let told = told_with(&private.replace("0.0.0.0/0", from), unknowns, |network| {
            let unread = &mut network.interfaces.get_mut("web").unwrap().unread;
            let of_family = if v4 { &mut unread.v4 } else { &mut unread.v6 };
            *of_family = Some(gap.clone());
        });
        told[0].split_once(" | ").unwrap().1.to_owned()
    };
    assert_eq!(opens_to("0.0.0.0/0", true, &[]), "web: none (tcp 22)");
    assert_eq!(opens_to("::/0", true, &[]), "web: none (none)");
    assert_eq!(opens_to("0.0.0.0/0", false, &[]), "web: none (none)");
    assert_eq!(opens_to("::/0", false, &[]), "web: none (tcp 22)");
    let same = [gap.clone()];
    assert_eq!(opens_to("::/0", true, &same), "web: none (none)", "that is told of IPv4");
    let more = [gap.clone(), Unknown::new("its routes", "not read", "here")];
    assert_eq!(opens_to("::/0", true, &more), "web: none (tcp 22)");
}

#[test]
fn where_nothing_guards_what_cannot_be_asked_may_be_all() {
    let bare = "subnet n in vpc 10.0.5.0/24 table rt\ninterface bare in n 10.0.5.10";
    assert!(told(bare, &["internet"], &[]).is_empty(), "it has no public address");
    let gap = [Unknown::new("its other addresses", "not read", "here")];
    assert_eq!(told(bare, &["internet"], &gap), ["internet bare  Whole none | bare: none (any)"]);
    let public = format!("{bare} public 203.0.113.10");
    assert_eq!(
        told(&public, &["internet"], &gap),
        ["internet bare  Whole none | bare: any (none)"]
    );
}

#[test]
fn a_rule_whose_destination_may_be_the_interface_is_about_it() {
    let opens_to = |to: &str, more: &str| {
        let rule = format!("from 0.0.0.0/0 to {to}");
        let text = SSH.replace("from 0.0.0.0/0", &rule) + more;
        told(&text, &["internet"], &[]).concat()
    };
    assert!(opens_to("group:x", " groups x").contains("web: "), "it is a member");
    assert_eq!(opens_to("group:x", " groups y"), "internet sg 1 Whole tcp 22 | ");
    assert_eq!(
        opens_to("?list", ""),
        "internet sg 1 Whole tcp 22 | web: none (tcp 22)",
        "the list may hold it"
    );
    let rule = SSH.replace("from 0.0.0.0/0", "from 0.0.0.0/0 to 10.0.1.99");
    assert_eq!(told_with(&rule, &[], |_| {}), ["internet sg 1 Whole tcp 22 | "]);
    let unread = told_with(&rule, &[], |network| {
        let gap = Unknown::new("its addresses", "not read", "here");
        network.interfaces.get_mut("web").unwrap().unread.v4 = Some(gap);
    });
    assert_eq!(unread, ["internet sg 1 Whole tcp 22 | web: none (tcp 22)"], "it may have that one");
}

#[test]
fn aws_67_a_gateways_own_interface_takes_no_connections() {
    let text = "interface nat in a 10.0.1.10 public 203.0.113.10 gateway igw";
    let gap = [Unknown::new("its other addresses", "not read", "here")];
    assert!(told(text, &["internet"], &gap).is_empty());
    let bare = told(&text.replace(" gateway igw", ""), &["internet"], &[]);
    assert_eq!(bare, ["internet open 100 Whole any | nat: any (none)"]);
}

#[test]
fn echo_alone_has_a_reply_that_can_be_lost() {
    let lost = |service: &str| {
        let text = format!(
            "filter sg stateful\n  in 1 allow {service} from 0.0.0.0/0
filter mute stateless\n  in 1 allow any\n  out 1 allow 443
interface web in a 10.0.1.10 public 203.0.113.10 filters sg,mute"
        );
        let mut told = told(&text, &["internet"], &[]);
        told.retain(|line| line.contains(" sg "));
        told.remove(0)
    };
    assert_eq!(lost("any"), "internet sg 1 Whole any | web: none (none)");
    assert_eq!(
        lost("icmp/3"),
        "internet sg 1 Whole icmp type 3 | web: icmp type 3 (none)",
        "who opens nothing else is told of it"
    );
}

#[test]
fn source_ports_of_rules_count_and_are_not_printed() {
    let text = SSH.replace("allow 22", "allow 22 sport 2000");
    assert_eq!(
        told(&text, &["internet"], &[]),
        ["internet sg 1 Whole tcp 22 | web: tcp 22 (none)"]
    );
    let text = SSH.replace("allow 22", "allow 22 sport 53");
    assert_eq!(
        told(&text, &["internet"], &[]),
        ["internet sg 1 Whole tcp 22 | web: tcp 22 (none)"],
        "no usual client has that port, and an attacker may"
    );
}

#[test]
fn a_rule_about_another_destination_is_not_about_this_interface() {
    let text = SSH.replace("from 0.0.0.0/0", "from 0.0.0.0/0 to 10.0.1.10")
        + "\ninterface other in a 10.0.1.11 public 203.0.113.11 filters sg";
    assert_eq!(
        told(&text, &["internet"], &[]),
        ["internet sg 1 Whole tcp 22 | web: tcp 22 (none)"]
    );
    let both =
        text.replace("  in 1 allow", "  in 2 allow 22 from 0.0.0.0/0 to 10.0.1.11\n  in 1 allow");
    assert_eq!(
        told(&both, &["internet"], &[]),
        ["internet sg 1+2 Whole tcp 22 | other: tcp 22 (none); web: tcp 22 (none)"],
        "one of the rules is enough"
    );
}

#[test]
fn a_proof_has_its_witness_and_its_blockers() {
    let text = format!("{ESTATE}{SSH}\ninterface in2 in a 10.0.1.11 filters sg");
    let network = Network::from_text(&text).unwrap();
    let graph = PathGraph::new(&network);
    let sources = [source(&network, "internet", &[])];
    let settings = Settings::default();
    let audit = Audit::new(&graph, &sources, &settings);
    let [exposure] = audit.exposures() else { panic!("{:?}", audit.exposures()) };
    assert_eq!(exposure.effective(), Effective::Exposed);
    assert_eq!(exposure.exposed().to_string(), "tcp 22");
    assert!(exposure.possibly().is_empty());
    let states: Vec<(bool, bool)> =
        exposure.at.iter().map(|at| (at.is_exposed(), at.is_blocked())).collect();
    assert_eq!(states, [(false, true), (true, false)]);
    let Proof { question, trace, witness, blockers, one_way, unknowns } = &exposure.proof;
    assert!(blockers.is_empty() && unknowns.is_empty() && !one_way);
    assert_eq!(witness.unwrap().to_string(), "tcp 0.0.0.0:1024 → 203.0.113.10:22");
    assert!(trace.iter().all(|step| step.flows.services().destination_ports().contains(22)
        || step.leg == cloudfw_core::Leg::Return));
    assert_eq!(question.as_ref().unwrap().services.to_string(), "tcp 22");
    assert_eq!(&*exposure.cites()[0].text, "sg ingress 1 allow tcp 22 from any IPv4");
}

#[test]
fn many_interfaces_are_shared_out_and_stay_in_order() {
    let doubled = shared_out(&(0..1000).collect::<Vec<u32>>(), |number| number * 2);
    assert_eq!(doubled, (0..1000).map(|number| number * 2).collect::<Vec<u32>>());
    assert_eq!(shared_out(&[1, 2], |number| number + 1), [2, 3]);
    assert!(shared_out(&[] as &[u32], |number| *number).is_empty());
    assert_eq!(IpSet::empty(), IpSet::default());
}

#[test]
fn from_32_interfaces_on_all_processors_work() {
    // Each piece of work waits until another thread is seen, if not for long.
    let threads = |pieces: usize, most: std::time::Duration| {
        let seen = std::sync::Mutex::new(std::collections::HashSet::new());
        let begun = std::time::Instant::now();
        shared_out(&vec![(); pieces], |()| {
            seen.lock().unwrap().insert(std::thread::current().id());
            while seen.lock().unwrap().len() < 2 && begun.elapsed() < most {
                std::thread::yield_now();
            }
        });
        seen.into_inner().unwrap().len()
    };
    assert_eq!(threads(31, std::time::Duration::from_millis(50)), 1);
    if std::thread::available_parallelism().is_ok_and(|processors| processors.get() > 1) {
        assert!(threads(32, std::time::Duration::from_secs(10)) > 1);
    }
}

/// The internet and a network that the user names: a part of it, or single addresses.
fn told_of_named(text: &str, named: &str) -> Vec<String> {
    let network = Network::from_text(&format!("{ESTATE}{text}")).unwrap();
    let graph = PathGraph::new(&network);
    let block = named.parse::<ipnet::IpNet>().unwrap();
    let outside = |name: &str, addresses: IpSet| {
        let internet = source(&network, "internet", &[]);
        Source { name: name.into(), is_internet: name == "internet", addresses, ..internet }
    };
    let all = network.externals["internet"].addresses.clone();
    let sources = [outside("internet", all), outside("hq", IpSet::from(block))];
    let settings = Settings::default();
    let audit = Audit::new(&graph, &sources, &settings);
    audit.exposures().iter().map(line).collect()
}

#[test]
fn a_part_of_the_internet_that_has_a_name_is_told_by_it_alone() {
    let rule = |from: &str| SSH.replace("0.0.0.0/0", from);
    let told = |from: &str, named: &str| told_of_named(&rule(from), named);
    let named = ["internet", "hq"].map(|name| format!("{name} sg 1"));
    let begins = |told: &[String]| -> Vec<usize> {
        let place = |line: &String| named.iter().position(|begin| line.starts_with(begin)).unwrap();
        told.iter().map(place).collect()
    };
    for from in ["198.51.100.0/24", "198.51.100.16/28", "198.51.100.7"] {
        assert_eq!(begins(&told(from, from_block(from).as_str())), [1], "{from}");
    }
    assert_eq!(begins(&told("198.51.100.0/23", "198.51.100.0/24")), [0], "more than the name");
    assert_eq!(begins(&told("198.51.100.0/24", "203.0.113.0/24")), [0], "another network");
    assert_eq!(begins(&told("0.0.0.0/0", "198.51.100.0/24")), [0], "all is all");
}

fn from_block(text: &str) -> String {
    if text.contains('/') { text.to_owned() } else { format!("{text}/32") }
}

#[test]
fn who_is_let_in_beside_a_name_is_told_with_it() {
    let text = SSH.replace("  in 1", "  in 2 allow 22 from 198.18.0.0/24\n  in 1");
    let text = text.replace("0.0.0.0/0", "198.51.100.0/24");
    assert_eq!(
        told_of_named(&text, "198.51.100.0/24"),
        ["internet sg 1+2 Wide tcp 22 | web: tcp 22 (none)",],
        "that tells of both"
    );
}
