//! Security groups: the order of rules, the rules that Azure adds, and groups told badly.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use cloudfw_core::{
    Decider, Direction, Document, Filter, Group, HeaderSpace, Id, Identity, IpSet, Member, Network,
    Origin, Peer, Phase, Place, Pointer, PortSet, Protocol, Rule, Scope, ServiceSet, Sight,
    StateSet, Tracking, Unknown, WithoutState, evaluate,
};
use ipnet::IpNet;
use proptest::prelude::*;

use super::super::security_group::{self, names_platform, unread_filter};
use super::super::service_tag::ServiceTags;
use super::super::surroundings::Surroundings;
use super::super::table::{Entry, Object};
use super::super::wording::{label, unknown};
use super::super::{LowerOptions, lower};
use crate::raw::{NetworkSecurityGroup, Resource};

/// What a filter answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Allow(String),
    /// Past all filters that are left.
    AllowAll(String),
    Deny(String),
    Unknown,
}

pub(super) fn allow(rule: &str) -> Answer {
    Answer::Allow(rule.to_owned())
}

pub(super) fn deny(rule: &str) -> Answer {
    Answer::Deny(rule.to_owned())
}

/// A flow in words: `tcp 121.11.12.14:40 10.17.3.4:50`, `icmp 10.0.0.1 10.0.0.2`.
fn flow(text: &str) -> HeaderSpace {
    let mut words = text.split(' ');
    let protocol = words.next().unwrap();
    let protocol =
        protocol.parse().map(Protocol).ok().or_else(|| Protocol::from_name(protocol)).unwrap();
    let side = |text: &str| -> (IpAddr, u16) {
        match text.parse() {
            Ok(address) => (address, 50_000),
            Err(_) => {
                let (address, port) = text.rsplit_once(':').unwrap();
                (address.trim_matches(['[', ']']).parse().unwrap(), port.parse().unwrap())
            }
        }
    };
    let (source, from) = side(words.next().unwrap());
    let (destination, to) = side(words.next().unwrap());
    let services = ServiceSet::all_of(protocol)
        .with_source_ports(&PortSet::single(from))
        .with_destination_ports(&PortSet::single(to));
    HeaderSpace::from_cube(source.into(), destination.into(), services)
}

/// Puts a flow to a filter, as members of groups see it.
pub(super) fn seen(filter: &Filter, direction: Direction, text: &str, sight: &Sight<'_>) -> Answer {
    let flow = flow(text);
    let told = evaluate(filter, direction, Phase::Opening, &flow, sight);
    let (outcome, past) = (&told.outcome, !told.past_all.is_empty());
    let by = || match outcome.hits.first().map(|hit| hit.by) {
        Some(Decider::Rule(_, rule)) => rule.id.to_string(),
        other => format!("{other:?}"),
    };
    match (outcome.pass.is_empty(), past, outcome.deny.is_empty()) {
        (false, false, true) => Answer::Allow(by()),
        (true, true, true) => Answer::AllowAll(by()),
        (true, false, false) => Answer::Deny(by()),
        _ => Answer::Unknown,
    }
}

pub(super) fn inbound(filter: &Filter, flow: &str) -> Answer {
    seen(filter, Direction::Ingress, flow, &Sight::HEADERS)
}

pub(super) fn outbound(filter: &Filter, flow: &str) -> Answer {
    seen(filter, Direction::Egress, flow, &Sight::HEADERS)
}

pub(super) fn set(nets: &[&str]) -> IpSet {
    nets.iter().map(|net| net.parse::<IpNet>().unwrap()).collect()
}

/// A place in a network of `10.0.0.0/16`.
pub(super) fn around() -> Surroundings {
    let network = set(&["10.0.0.0/16", "168.63.129.16/32"]);
    Surroundings { virtual_network: network, possibly: Vec::new() }
}

pub(super) fn origin() -> Origin {
    Origin::pointer(&"nsg.json".into(), Pointer::root())
}

/// A group's filter, with what is wrong in it.
pub(super) struct Lowered {
    pub(super) filter: Filter,
    pub(super) faults: BTreeSet<Unknown>,
}

impl Lowered {
    /// Whether a fault is told in these words.
    pub(super) fn tells(&self, words: &str) -> bool {
        self.faults.iter().any(|fault| format!("{fault} {}", fault.place).contains(words))
    }
}

pub(super) fn with(
    json: &str,
    around: &Surroundings,
    tags: &ServiceTags,
    foreign: &[&str],
    is_contradicted: bool,
) -> Lowered {
    let resource: Resource<NetworkSecurityGroup> = serde_json::from_str(json).unwrap();
    let foreign: Vec<Box<str>> = foreign.iter().map(|&pointer| pointer.into()).collect();
    let entry = Entry { resource: &resource, origin: origin(), foreign: &foreign };
    let object = Object { key: "/nsgs/n".into(), id: "/nsgs/n", entry, is_contradicted };
    let asg = |id: &str, _: &Origin| Peer::Group(Id::new(id.to_ascii_lowercase()));
    let (filter, faults) = security_group::filter(&object, around, tags, asg);
    Lowered { filter, faults }
}

/// A group as its document tells it, in the network of [`around`], without lists of tags.
pub(super) fn group(json: &str) -> Lowered {
    with(json, &around(), &ServiceTags::new(&[]), &[], false)
}

/// A group of these custom rules, without recorded default rules.
pub(super) fn of_rules(rules: &[&str]) -> Lowered {
    group(&document(rules))
}

pub(super) fn document(rules: &[&str]) -> String {
    format!(r#"{{"id": "/nsgs/n", "name": "n", "securityRules": [{}]}}"#, rules.join(","))
}

/// A rule for all packets, with further fields that come last and so count.
pub(super) fn rule(name: &str, priority: u16, access: &str, fields: &[(&str, &str)]) -> String {
    let mut all: BTreeMap<&str, &str> = [
        ("protocol", r#""*""#),
        ("sourceAddressPrefix", r#""*""#),
        ("sourcePortRange", r#""*""#),
        ("destinationAddressPrefix", r#""*""#),
        ("destinationPortRange", r#""*""#),
        ("direction", r#""Inbound""#),
    ]
    .into();
    all.extend(fields.iter().copied());
    let mut text = format!(r#"{{"name": "{name}", "access": "{access}""#);
    if !all.contains_key("priority") {
        write!(text, r#", "priority": {priority}"#).unwrap();
    }
    for (field, value) in all {
        write!(text, r#", "{field}": {value}"#).unwrap();
    }
    text.push('}');
    text
}

const SSH: &str = "tcp 8.8.8.8 10.0.0.4:22";

#[test]
fn az_2_the_lowest_priority_decides_whatever_the_order_of_the_document() {
    let all = rule("all", 300, "Deny", &[]);
    let ssh = rule("ssh", 200, "Allow", &[("destinationPortRange", r#""22""#)]);
    for rules in [[&*all, &*ssh], [&*ssh, &*all]] {
        let told = of_rules(&rules);
        assert_eq!(inbound(&told.filter, SSH), allow("ssh"));
        assert_eq!(inbound(&told.filter, "tcp 8.8.8.8 10.0.0.4:23"), deny("all"));
        assert!(told.faults.is_empty());
    }
}

#[test]
fn az_2_nobody_knows_which_of_two_rules_of_one_priority_comes_first() {
    let one = rule("one", 200, "Allow", &[]);
    let two = rule("two", 200, "Deny", &[("destinationPortRange", r#""22""#)]);
    let told = of_rules(&[&one, &two]).filter;
    assert_eq!(inbound(&told, SSH), Answer::Unknown);
    // The other direction has priorities of its own.
    let out = rule("out", 200, "Deny", &[("direction", r#""Outbound""#)]);
    let told = of_rules(&[&one, &out]).filter;
    assert_eq!(inbound(&told, SSH), allow("one"));
    assert_eq!(outbound(&told, SSH), deny("out"));
    // One rule told twice is one rule.
    assert_eq!(inbound(&of_rules(&[&one, &one]).filter, SSH), allow("one"));
}

#[test]
fn az_2_a_rule_without_a_place_may_come_before_all_others() {
    let ssh = rule("ssh", 100, "Allow", &[("destinationPortRange", r#""22""#)]);
    for (priority, words) in [
        ("50", "50 is not within 100 to 4096"),
        ("65000", "65000 is not within 100 to 4096"),
        (r#""first""#, "`first` is no number"),
        ("null", "it is not recorded"),
    ] {
        let fields = [("priority", priority), ("destinationPortRange", r#""22-23""#)];
        let odd = rule("odd", 0, "Deny", &fields);
        let told = of_rules(&[&ssh, &odd]);
        assert_eq!(inbound(&told.filter, SSH), Answer::Unknown, "{priority}");
        // No other rule allows it.
        assert_eq!(inbound(&told.filter, "tcp 8.8.8.8 10.0.0.4:23"), deny("odd"));
        assert_eq!(inbound(&told.filter, "tcp 8.8.8.8 10.0.0.4:80"), deny("DenyAllInBound"));
        assert!(told.tells(words) && told.tells("`priority` of the rule `odd`"), "{words}");
    }
    let fields = [("priority", "4097"), ("destinationPortRange", r#""80""#)];
    let told = of_rules(&[&rule("odd", 0, "Allow", &fields)]).filter;
    assert_eq!(inbound(&told, "tcp 8.8.8.8 10.0.0.4:80"), Answer::Unknown);
}

/// What AZ-3 says of a group without custom rules.
fn assert_defaults(filter: &Filter) {
    for (flow, answer) in [
        ("tcp 10.0.1.1 10.0.0.4:22", allow("AllowVnetInBound")),
        ("50 10.0.1.1 10.0.0.4", allow("AllowVnetInBound")),
        // The host is in the network's tag too.
        ("tcp 168.63.129.16 10.9.0.4:80", allow("AllowAzureLoadBalancerInBound")),
        (SSH, deny("DenyAllInBound")),
        ("tcp 10.0.1.1 10.9.0.4:22", deny("DenyAllInBound")),
        ("tcp 2001:db8::1 fd00::4:22", deny("DenyAllInBound")),
    ] {
        assert_eq!(inbound(filter, flow), answer, "{flow}");
    }
    for (flow, answer) in [
        ("tcp 10.0.0.4 10.0.1.1:22", allow("AllowVnetOutBound")),
        ("tcp 10.0.0.4 8.8.8.8:443", allow("AllowInternetOutBound")),
        ("udp 10.0.0.4 10.9.0.1:53", deny("DenyAllOutBound")),
    ] {
        assert_eq!(outbound(filter, flow), answer, "{flow}");
    }
}

#[test]
fn az_3_default_rules_are_implied_where_none_is_recorded() {
    for json in [
        document(&[]),
        r#"{"properties": {"securityRules": [], "defaultSecurityRules": []}}"#.to_owned(),
    ] {
        let told = group(&json);
        assert_defaults(&told.filter);
        assert!(told.faults.is_empty());
        let [list] = &*told.filter.ingress else { panic!("one list") };
        assert_eq!(list.rules.len(), 3);
        assert!(list.rules.iter().all(|rule| rule.origin.place == Place::Implied("Azure")));
    }
}

const RECORDED: [&str; 6] = [
    r#"{"name": "DenyAllInBound", "properties": {"protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*", "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "access": "Deny", "priority": 65500, "direction": "Inbound"}}"#,
    r#"{"name": "AllowVnetInBound", "properties": {"protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*", "sourceAddressPrefix": "VirtualNetwork", "destinationAddressPrefix": "VirtualNetwork", "access": "Allow", "priority": 65000, "direction": "Inbound"}}"#,
    r#"{"name": "AllowAzureLoadBalancerInBound", "properties": {"protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*", "sourceAddressPrefix": "AzureLoadBalancer", "destinationAddressPrefix": "*", "access": "Allow", "priority": 65001, "direction": "Inbound"}}"#,
    r#"{"name": "AllowVnetOutBound", "properties": {"protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*", "sourceAddressPrefix": "VirtualNetwork", "destinationAddressPrefix": "VirtualNetwork", "access": "Allow", "priority": 65000, "direction": "Outbound"}}"#,
    r#"{"name": "AllowInternetOutBound", "properties": {"protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*", "sourceAddressPrefix": "*", "destinationAddressPrefix": "Internet", "access": "Allow", "priority": 65001, "direction": "Outbound"}}"#,
    r#"{"name": "DenyAllOutBound", "properties": {"protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*", "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "access": "Deny", "priority": 65500, "direction": "Outbound"}}"#,
];

#[test]
fn az_3_recorded_default_rules_are_used_and_missing_ones_implied() {
    for kept in 0..64_u32 {
        let rules: Vec<&str> =
            (0..6).filter(|i| kept & (1 << i) != 0).map(|i| RECORDED[i]).collect();
        let json = format!(
            r#"{{"properties": {{"securityRules": [], "defaultSecurityRules": [{}]}}}}"#,
            rules.join(",")
        );
        let told = group(&json);
        assert_defaults(&told.filter);
        assert!(told.faults.is_empty());
        let lists = told.filter.ingress.iter().chain(&told.filter.egress);
        let all: Vec<_> = lists.flat_map(|list| &list.rules).collect();
        assert_eq!(all.len(), 6);
        let implied = all.iter().filter(|rule| matches!(rule.origin.place, Place::Implied(_)));
        // Nobody wrote those that are recorded either.
        assert_eq!(implied.count(), 6);
    }
}

#[test]
fn az_3_rules_of_users_come_before_the_default_rules() {
    let told = of_rules(&[&rule("none", 4096, "Deny", &[])]).filter;
    assert_eq!(inbound(&told, "tcp 10.0.1.1 10.0.0.4:22"), deny("none"));
    let told = of_rules(&[&rule("all", 4096, "Allow", &[])]).filter;
    assert_eq!(inbound(&told, SSH), allow("all"));
}

#[test]
fn az_10_a_group_remembers_flows() {
    let told = of_rules(&[]).filter;
    let unknown = Tracking::Stateful { without_state: WithoutState::Unknown };
    assert_eq!(told.tracking, unknown);
    let reply = flow("tcp 10.9.0.1:22 10.0.0.4:50000");
    let outcome = evaluate(
        &told,
        Direction::Ingress,
        Phase::ReplyWithState,
        &reply,
        &Sight { state: StateSet::ESTABLISHED, ..Sight::HEADERS },
    );
    assert!(outcome.outcome.deny.is_empty());
}

#[test]
fn every_rule_knows_its_place() {
    let ssh = rule("ssh", 200, "Allow", &[]);
    let nested = format!(r#"{{"properties": {{"SecurityRules": [{ssh}]}}}}"#);
    for (json, place) in [
        (document(&[&rule("all", 300, "Deny", &[]), &ssh]), "nsg.json /securityRules/1"),
        (nested, "nsg.json /properties/SecurityRules/0"),
    ] {
        let told = group(&json).filter;
        assert_eq!(told.ingress[0].rules[0].origin.to_string(), place);
        assert_eq!(&*told.ingress[0].rules[0].id, "ssh");
        assert_eq!(told.label.kind, "network-security-group");
    }
}

#[test]
fn an_absent_list_of_rules_is_not_an_empty_one() {
    let told = group(r#"{"id": "/nsgs/n", "location": "westeurope"}"#);
    for flow in [SSH, "tcp 10.0.1.1 10.0.0.4:22"] {
        assert_eq!(inbound(&told.filter, flow), Answer::Unknown);
        assert_eq!(outbound(&told.filter, flow), Answer::Unknown);
    }
    assert!(told.tells("`securityRules` of `n`"));
}

#[test]
fn a_group_told_in_two_ways_is_not_known() {
    let json = document(&[&rule("all", 300, "Deny", &[])]);
    let told = with(&json, &around(), &ServiceTags::new(&[]), &[], true);
    assert_eq!(inbound(&told.filter, SSH), Answer::Unknown);
    assert!(told.tells("the rules of `n`: the recording tells them in different ways"));
}

#[test]
fn a_group_that_is_being_changed_need_not_be_in_force() {
    for (state, answer) in [
        ("Succeeded", deny("all")),
        ("succeeded", deny("all")),
        ("Updating", Answer::Unknown),
        ("Failed", Answer::Unknown),
    ] {
        let all = rule("all", 300, "Deny", &[]);
        let json = format!(
            r#"{{"id": "/nsgs/n", "provisioningState": "{state}", "securityRules": [{all}]}}"#
        );
        let told = group(&json);
        assert_eq!(inbound(&told.filter, SSH), answer, "{state}");
        assert_eq!(told.tells("`provisioningState` of `n`"), answer == Answer::Unknown);
    }
}

#[test]
fn a_group_that_is_not_recorded_may_do_anything() {
    let json = document(&[]);
    let resource: Resource<NetworkSecurityGroup> = serde_json::from_str(&json).unwrap();
    let entry = Entry { resource: &resource, origin: origin(), foreign: &[] };
    let object = Object { key: "/nsgs/n".into(), id: "/nsgs/n", entry, is_contradicted: false };
    let why = unknown("the rules of `n`", "not recorded", &origin());
    let filter = unread_filter(label(&object, "network-security-group"), &why);
    assert_eq!(inbound(&filter, SSH), Answer::Unknown);
    assert_eq!(outbound(&filter, SSH), Answer::Unknown);
}

#[test]
fn az_19_only_rules_that_name_azures_own_services_filter_them() {
    let names = |field: &str, value: &str| {
        let json = document(&[&rule("x", 100, "Deny", &[(field, value)])]);
        let group: Resource<NetworkSecurityGroup> = serde_json::from_str(&json).unwrap();
        names_platform(&group.properties)
    };
    assert!(names("destinationAddressPrefix", r#""AzurePlatformDNS""#));
    assert!(names("destinationAddressPrefix", r#""azureplatformimds""#));
    assert!(names("destinationAddressPrefixes", r#"["AzurePlatformLKM"]"#));
    assert!(!names("destinationAddressPrefix", r#""169.254.169.254""#));
    assert!(!names("sourceAddressPrefix", r#""AzureCloud""#));
}

#[test]
fn az_18_members_are_told_by_identity() {
    let groups: BTreeSet<Id<Group>> = [Id::new("/asgs/web")].into();
    let member = Member { groups: &groups, addresses: IpSet::single("10.0.0.4".parse().unwrap()) };
    let asg = ("destinationApplicationSecurityGroups", r#"[{"id": "/ASGs/web"}]"#);
    let fields = [asg, ("destinationAddressPrefix", r#""""#)];
    let told = of_rules(&[&rule("web", 100, "Allow", &fields)]).filter;
    let to = |destination, identity| Sight { destination, identity, ..Sight::HEADERS };
    let ask = |flow: &str, sight: &Sight<'_>| seen(&told, Direction::Ingress, flow, sight);
    assert_eq!(ask(SSH, &to(Some(member.clone()), Identity::Kept)), allow("web"));
    // Only its own addresses, and nobody else behind the same group.
    let other = "tcp 8.8.8.8 10.0.0.5:22";
    assert_eq!(ask(other, &to(Some(member), Identity::Kept)), deny("DenyAllInBound"));
    assert_eq!(ask(SSH, &to(None, Identity::Kept)), deny("DenyAllInBound"));
}

/// What is read of documents of ARM, by the last parts of keys.
fn network(json: &str) -> Network {
    let document = Document { name: "arm.json".into(), text: json.into(), scope: Scope::default() };
    lower(&[document], &LowerOptions::default()).unwrap().network
}

fn filter_of<'n>(network: &'n Network, name: &str) -> &'n Filter {
    let key = format!("{PROVIDER}/networkSecurityGroups/{name}").to_ascii_lowercase();
    network.filters.get(&*key).unwrap()
}

const PROVIDER: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network";

fn arm(kind: &str, name: &str, properties: &str) -> String {
    let id = format!("{PROVIDER}/{kind}/{name}");
    let of = format!(r#""type": "Microsoft.Network/{kind}", "properties": {{{properties}}}"#);
    format!(r#"{{"id": "{id}", "name": "{name}", {of}}}"#)
}

#[test]
fn a_group_that_nothing_has_is_looked_at_as_well() {
    let rules = [
        rule("web", 100, "Allow", &[("sourceAddressPrefix", r#""Internet""#)]),
        rule("lan", 200, "Allow", &[("sourceAddressPrefix", r#""VirtualNetwork""#)]),
    ];
    let properties = format!(r#""securityRules": [{}]"#, rules.join(","));
    let nsg = arm("networkSecurityGroups", "Spare", &properties);
    let network = network(&format!(r#"{{"value": [{nsg}]}}"#));
    let filter = filter_of(&network, "spare");
    assert_eq!(inbound(filter, SSH), allow("web"));
    assert_eq!(inbound(filter, "tcp 10.0.1.1 10.0.0.4:22"), Answer::Unknown);
    assert_eq!(filter.label.name.as_deref(), Some("Spare"));
    assert_eq!(&*filter.label.scope, "s");
}

#[test]
fn az_18_a_group_of_applications_that_is_not_recorded_has_members_that_nobody_knows() {
    let to = |name: &str| {
        let asg = format!(r#"[{{"id": "{PROVIDER}/applicationSecurityGroups/{name}"}}]"#);
        let fields = [
            ("destinationApplicationSecurityGroups", &*asg),
            ("destinationAddressPrefix", r#""""#),
        ];
        let web = rule("web", 100, "Allow", &fields);
        arm("networkSecurityGroups", name, &format!(r#""securityRules": [{web}]"#))
    };
    let asg = arm("applicationSecurityGroups", "Known", "");
    let network = network(&format!(r#"{{"value": [{}, {}, {asg}]}}"#, to("known"), to("other")));
    assert_eq!(inbound(filter_of(&network, "known"), SSH), deny("DenyAllInBound"));
    assert_eq!(inbound(filter_of(&network, "other"), SSH), Answer::Unknown);
    let [group] = &*network.groups.values().collect::<Vec<_>>() else { panic!("one group") };
    assert_eq!(group.label.name.as_deref(), Some("Known"));
    assert_eq!(group.label.kind, "application-security-group");
}

#[test]
fn a_group_is_one_filter_for_every_place_that_sees_its_tags_alike() {
    let nic = |name: &str, network: &str, group: &str| {
        let subnet = format!("{PROVIDER}/virtualNetworks/{network}/subnets/s");
        let configuration = format!(
            r#"{{"name": "c", "properties": {{"privateIPAddress": "10.0.0.{name}", "subnet": {{"id": "{subnet}"}}}}}}"#
        );
        let properties = format!(
            r#""networkSecurityGroup": {{"id": "{PROVIDER}/NetworkSecurityGroups/{group}"}},
            "ipConfigurations": [{configuration}]"#
        );
        arm("networkInterfaces", name, &properties)
    };
    let vnet = |name: &str, prefix: &str| {
        let space = format!(r#""addressSpace": {{"addressPrefixes": ["{prefix}"]}}"#);
        let subnet =
            r#""subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}]"#;
        arm("virtualNetworks", name, &format!("{space}, {subnet}"))
    };
    let nsg = arm("networkSecurityGroups", "web", r#""securityRules": []"#);
    let all = [
        vnet("a", "10.0.0.0/16"),
        vnet("b", "10.0.0.0/20"),
        nic("4", "a", "web"),
        nic("5", "a", "WEB"),
        nic("6", "b", "web"),
        nic("7", "a", "missing"),
        nsg,
    ];
    let network = network(&format!(r#"{{"value": [{}]}}"#, all.join(",")));
    let keys: Vec<&str> = network.filters.keys().map(Id::as_str).collect();
    let web = keys.iter().filter(|key| key.contains("/networksecuritygroups/web"));
    assert_eq!(web.count(), 2, "{keys:?}");
    assert!(keys.iter().any(|key| key.ends_with("/web around 2")), "{keys:?}");
    let missing = filter_of(&network, "missing");
    assert_eq!(inbound(missing, SSH), Answer::Unknown);
    assert_eq!(missing.label.name.as_deref(), Some("missing"));
}

/// The rules of a group without places, which follow the order of the document.
fn words(filter: &Filter) -> Vec<String> {
    let lists = filter.ingress.iter().chain(&filter.egress).flat_map(|list| &list.rules);
    let told = |rule: &Rule| {
        let doubt = rule.matches.doubt.as_ref().map(ToString::to_string);
        format!("{rule} {doubt:?}")
    };
    lists.map(told).collect()
}

fn any_rule() -> impl Strategy<Value = String> {
    let pick = |of: &'static [&'static str]| proptest::sample::select(of);
    let fields = (
        pick(&["Allow", "Deny", "allow", "Audit"]),
        pick(&["100", "200", "300", "4096", "7", "null"]),
        pick(&[r#""Inbound""#, r#""Outbound""#, "null"]),
        pick(&[r#""TCP""#, r#""Udp""#, r#""Icmp""#, r#""*""#, r#""Ipip6""#]),
        pick(&[r#""*""#, r#""10.0.0.0/8""#, r#""Internet""#, r#""Nowhere""#, r#""""#]),
        pick(&[r#""22""#, r#""*""#, r#""80-90""#, r#""http""#]),
        pick(&["a", "b", "c"]),
    );
    fields.prop_map(|(access, priority, direction, protocol, source, port, name)| {
        let fields = [
            ("priority", priority),
            ("direction", direction),
            ("protocol", protocol),
            ("sourceAddressPrefix", source),
            ("destinationPortRange", port),
        ];
        rule(name, 0, access, &fields)
    })
}

proptest! {
    #[test]
    fn the_order_of_the_document_changes_nothing(
        (rules, shuffled) in prop::collection::vec(any_rule(), 0..8)
            .prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle()))
    ) {
        let lowered = |rules: &[String]| {
            let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
            of_rules(&rules).filter
        };
        prop_assert_eq!(words(&lowered(&rules)), words(&lowered(&shuffled)));
    }
}
