//! Security admin rules of Virtual Network Manager.

use cloudfw_core::{
    Direction, Filter, HeaderSpace, Label, Origin, Phase, Place, ServiceSet, Sight, evaluate_stack,
};

use super::super::admin_rule::{admin_filter, unread_admin_filter};
use super::super::service_tag::ServiceTags;
use super::super::wording::unknown;
use super::groups::{Answer, allow, around, deny, inbound, of_rules, origin, outbound, rule};
use crate::raw::{Resource, SecurityAdminRule};

const SSH: &str = "tcp 8.8.8.8 10.0.0.4:22";
const WEB: &str = "tcp 8.8.8.8 10.0.0.4:443";

fn label() -> Label {
    Label {
        id: "/vnets/v".into(),
        name: None,
        kind: "security-admin-rules",
        scope: "".into(),
        origin: origin(),
    }
}

fn filter(rules: &[String]) -> Filter {
    let rules: Vec<Resource<SecurityAdminRule>> =
        rules.iter().map(|rule| serde_json::from_str(rule).unwrap()).collect();
    let rules: Vec<(Origin, &Resource<SecurityAdminRule>)> =
        rules.iter().map(|rule| (origin(), rule)).collect();
    admin_filter(&rules, label(), &around(), &ServiceTags::new(&[]))
}

/// A rule for inbound TCP from the internet to these ports.
fn to(name: &str, priority: &str, access: &str, ports: &str) -> String {
    of_manager("m", name, priority, access, ports)
}

fn of_manager(manager: &str, name: &str, priority: &str, access: &str, ports: &str) -> String {
    let id = format!(
        "/networkManagers/{manager}/securityAdminConfigurations/c/ruleCollections/r/rules/{name}"
    );
    format!(
        r#"{{"id": "{id}", "kind": "Custom", "properties": {{"protocol": "Tcp",
        "sources": [{{"addressPrefix": "Internet", "addressPrefixType": "ServiceTag"}}],
        "destinations": [{{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}}],
        "sourcePortRanges": ["0-65535"], "destinationPortRanges": [{ports}],
        "access": "{access}", "priority": {priority}, "direction": "Inbound",
        "provisioningState": "Succeeded"}}}}"#
    )
}

#[test]
fn az_40_admin_rules_are_asked_by_priority() {
    let rules = [to("all", "20", "Deny", r#""0-65535""#), to("web", "10", "Allow", r#""443""#)];
    let told = filter(&rules);
    assert_eq!(inbound(&told, WEB), allow("web"));
    assert_eq!(inbound(&told, SSH), deny("all"));
    // What none of them matches goes on.
    assert_eq!(inbound(&told, "udp 8.8.8.8 10.0.0.4:53"), allow(""));
    assert_eq!(outbound(&told, WEB), allow(""));
    let last = told.egress[0].rules.last().unwrap();
    assert_eq!(last.origin.place, Place::Implied("Azure"));
}

#[test]
fn az_41_always_allow_skips_the_groups_and_allow_does_not() {
    let group = of_rules(&[&rule("none", 100, "Deny", &[])]).filter;
    let open = of_rules(&[&rule("all", 100, "Allow", &[])]).filter;
    for (access, group, passes) in [
        ("AlwaysAllow", &group, true),
        ("alwaysallow", &group, true),
        ("Allow", &group, false),
        ("Allow", &open, true),
        ("Deny", &open, false),
    ] {
        let admin = filter(&[to("x", "1", access, r#""22""#)]);
        let service = ServiceSet::tcp("22".parse().unwrap());
        let asked = HeaderSpace::from_cube(
            "8.8.8.8".parse::<std::net::IpAddr>().unwrap().into(),
            "10.0.0.4".parse::<std::net::IpAddr>().unwrap().into(),
            service,
        );
        let (opening, sight) = (Phase::Opening, &Sight::HEADERS);
        let filters = [&admin, group];
        let told = evaluate_stack(filters, Direction::Ingress, opening, &asked, sight);
        assert_eq!(!told.pass.is_empty(), passes, "{access}");
        assert_eq!(told.pass.difference(&told.deny).is_empty(), !passes, "{access}");
    }
}

#[test]
fn az_42_rules_that_are_not_known_may_do_anything() {
    let why = unknown("the admin rules of `v`", "not recorded", &origin());
    let told = unread_admin_filter(label(), &why);
    assert_eq!(inbound(&told, SSH), Answer::Unknown);
    assert_eq!(outbound(&told, SSH), Answer::Unknown);
    let group = of_rules(&[&rule("none", 100, "Deny", &[])]).filter;
    let asked = HeaderSpace::full();
    let (opening, sight) = (Phase::Opening, &Sight::HEADERS);
    let all = evaluate_stack([&told, &group], Direction::Ingress, opening, &asked, sight);
    assert_eq!(all.pass.canonical(), asked.canonical());
    assert!(all.bounds(&asked).at_least.is_empty());
}

#[test]
fn az_43_bad_rules_may_do_anything_that_they_could_mean() {
    for (priority, access, ports) in [
        ("9999", "Deny", "22"),
        ("null", "Deny", "22"),
        ("10", "Never", "22"),
        ("10", "Deny", "ssh"),
    ] {
        let rules = [
            to("odd", priority, access, &format!(r#""{ports}""#)),
            to("ssh", "11", "AlwaysAllow", r#""22""#),
        ];
        assert_eq!(inbound(&filter(&rules), SSH), Answer::Unknown, "{priority} {access} {ports}");
    }
    // Rules of kind `Default` may have a flag instead of fields.
    let flag = r#"{"kind": "Default", "properties": {"flag": "AllowVnetInBound"}}"#.to_owned();
    assert_eq!(inbound(&filter(&[flag]), SSH), Answer::Unknown);
    // Members of a network group are told nowhere.
    let of_group = to("x", "1", "Deny", r#""22""#).replace("ServiceTag", "NetworkGroup");
    assert_eq!(inbound(&filter(&[of_group]), SSH), Answer::Unknown);
}

#[test]
fn az_43_nobody_knows_which_of_two_rules_of_one_priority_comes_first() {
    let rules = [to("a", "5", "Deny", r#""22""#), to("b", "5", "AlwaysAllow", r#""22", "443""#)];
    assert_eq!(inbound(&filter(&rules), SSH), Answer::Unknown);
    let apart = [to("a", "5", "Deny", r#""22""#), to("b", "6", "AlwaysAllow", r#""22", "443""#)];
    let told = filter(&apart);
    assert_eq!(inbound(&told, SSH), deny("a"));
    assert_eq!(inbound(&told, WEB), Answer::AllowAll("b".to_owned()));
}

#[test]
fn az_43_managers_of_different_scopes_are_not_ordered_by_priority() {
    let rules = [
        of_manager("above", "a", "50", "Deny", r#""22""#),
        of_manager("below", "b", "10", "AlwaysAllow", r#""22""#),
    ];
    assert_eq!(inbound(&filter(&rules), SSH), Answer::Unknown);
}
