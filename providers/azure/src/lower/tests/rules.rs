//! What the fields of a security group's rule say.

use super::super::service_tag::ServiceTags;
use super::groups::{
    Answer, Lowered, allow, around, deny, document, group, inbound, of_rules, outbound, rule, with,
};

const SSH: &str = "tcp 8.8.8.8 10.0.0.4:22";
const NONE: &str = "DenyAllInBound";

fn one(fields: &[(&str, &str)]) -> Lowered {
    of_rules(&[&rule("x", 100, "Allow", fields)])
}

#[test]
fn az_1_a_rule_matches_the_five_tuple_and_the_direction() {
    let told = one(&[
        ("protocol", r#""Tcp""#),
        ("sourceAddressPrefix", r#""203.0.113.0/24""#),
        ("sourcePortRange", r#""1024-2048""#),
        ("destinationAddressPrefix", r#""10.0.0.4""#),
        ("destinationPortRange", r#""443""#),
    ])
    .filter;
    assert_eq!(inbound(&told, "tcp 203.0.113.9:2048 10.0.0.4:443"), allow("x"));
    for other in [
        "udp 203.0.113.9:2048 10.0.0.4:443",
        "tcp 203.0.114.9:2048 10.0.0.4:443",
        "tcp 203.0.113.9:2049 10.0.0.4:443",
        "tcp 203.0.113.9:2048 10.0.0.5:443",
        "tcp 203.0.113.9:2048 10.0.0.4:444",
    ] {
        assert_eq!(inbound(&told, other), deny(NONE), "{other}");
    }
    let out = "tcp 203.0.113.9:2048 10.0.0.4:443";
    assert_eq!(outbound(&told, out), deny("DenyAllOutBound"));
}

#[test]
fn az_15_t_1_protocols_in_any_letter_case() {
    for (protocol, flow) in [
        ("Tcp", "tcp 8.8.8.8 10.0.0.4:1"),
        ("TCP", "tcp 8.8.8.8 10.0.0.4:1"),
        ("udp", "udp 8.8.8.8 10.0.0.4:1"),
        ("Icmp", "icmp 8.8.8.8 10.0.0.4"),
        ("ICMP", "icmp 8.8.8.8 10.0.0.4"),
        ("Esp", "esp 8.8.8.8 10.0.0.4"),
        ("Ah", "ah 8.8.8.8 10.0.0.4"),
        ("Icmpv6", "icmpv6 2001:db8::1 2001:db8::2"),
        ("17", "udp 8.8.8.8 10.0.0.4:1"),
        ("*", "gre 8.8.8.8 10.0.0.4"),
        ("Any", "icmpv6 2001:db8::1 2001:db8::2"),
    ] {
        let told = one(&[("protocol", &format!(r#""{protocol}""#))]);
        assert_eq!(inbound(&told.filter, flow), allow("x"), "{protocol}");
        let is_any = ["*", "Any"].contains(&protocol);
        assert_eq!(inbound(&told.filter, "gre 8.8.8.8 10.0.0.4") == allow("x"), is_any);
        assert!(told.faults.is_empty());
    }
    for bad in [r#""Tpc""#, r#""""#, "null", r#""256""#] {
        let told = one(&[("protocol", bad)]);
        assert_eq!(inbound(&told.filter, SSH), Answer::Unknown, "{bad}");
        assert!(told.tells("`protocol` of the rule `x`"));
    }
}

#[test]
fn az_15_icmp_has_no_ports_to_compare() {
    let told = one(&[("protocol", r#""Icmp""#)]).filter;
    assert_eq!(inbound(&told, "icmp 8.8.8.8 10.0.0.4"), allow("x"));
    // Azure says nothing of ICMPv6 under this name.
    assert_eq!(inbound(&told, "icmpv6 2001:db8::1 2001:db8::2"), Answer::Unknown);
    assert_eq!(inbound(&told, SSH), deny(NONE));
    let told = one(&[("protocol", r#""Icmp""#), ("destinationPortRange", r#""22""#)]).filter;
    assert_eq!(inbound(&told, "icmp 8.8.8.8 10.0.0.4"), Answer::Unknown);
    let told = one(&[("protocol", r#""Icmp""#), ("destinationPortRange", r#""0-65535""#)]).filter;
    assert_eq!(inbound(&told, "icmp 8.8.8.8 10.0.0.4"), allow("x"));
}

#[test]
fn az_15_any_protocol_with_some_ports_is_certain_of_those_that_have_ports() {
    let told = one(&[("destinationPortRange", r#""22""#)]);
    assert_eq!(inbound(&told.filter, SSH), allow("x"));
    assert_eq!(inbound(&told.filter, "udp 8.8.8.8 10.0.0.4:22"), allow("x"));
    assert_eq!(inbound(&told.filter, "tcp 8.8.8.8 10.0.0.4:23"), deny(NONE));
    assert_eq!(inbound(&told.filter, "icmp 8.8.8.8 10.0.0.4"), Answer::Unknown);
    assert_eq!(inbound(&told.filter, "gre 8.8.8.8 10.0.0.4"), Answer::Unknown);
    assert!(told.faults.is_empty());
}

#[test]
fn az_16_t_2_both_forms_of_ports_are_one_union() {
    let all = &[0, 22, 23, 80, 85, 90, 443, 30000, 65535][..];
    for (single, plural, ports) in [
        (r#""22""#, "[]", &[22][..]),
        (r#""""#, r#"["22", "80-90"]"#, &[22, 80, 85, 90]),
        ("null", r#"["22", "80-90"]"#, &[22, 80, 85, 90]),
        (r#""443""#, r#"["22"]"#, &[22, 443]),
        (r#""*""#, r#"["22"]"#, all),
        (r#""0""#, "[]", &[0]),
        (r#""0-65535""#, "[]", all),
        ("null", r#"["0-30000", "30001-65535"]"#, all),
    ] {
        let told = one(&[("destinationPortRange", single), ("destinationPortRanges", plural)]);
        for port in all {
            let answer = inbound(&told.filter, &format!("tcp 8.8.8.8 10.0.0.4:{port}"));
            assert_eq!(answer == allow("x"), ports.contains(port), "{single} {plural} {port}");
        }
        assert!(told.faults.is_empty());
    }
}

#[test]
fn az_16_bad_ports_may_be_any() {
    for bad in [r#""http""#, r#""70000""#, r#""90-80""#, r#""22,23""#, r#""-1""#, r#""""#, "null"] {
        for field in ["destinationPortRange", "sourcePortRange"] {
            let told = one(&[("protocol", r#""Tcp""#), (field, bad)]);
            assert_eq!(inbound(&told.filter, SSH), Answer::Unknown, "{field} {bad}");
            assert_eq!(inbound(&told.filter, "udp 8.8.8.8 10.0.0.4:22"), deny(NONE));
            assert!(told.tells(&format!("`{field}` of the rule `x`")));
        }
    }
    // What can be read of them is certain.
    let fields = [("destinationPortRange", "null"), ("destinationPortRanges", r#"["22", "ssh"]"#)];
    let told = one(&fields).filter;
    assert_eq!(inbound(&told, SSH), allow("x"));
    assert_eq!(inbound(&told, "tcp 8.8.8.8 10.0.0.4:23"), Answer::Unknown);
}

#[test]
fn az_16_t_2_both_forms_of_addresses_are_one_union() {
    for (single, plural, sources) in [
        (r#""203.0.113.0/24""#, "[]", &["203.0.113.9"][..]),
        (r#""""#, r#"["203.0.113.0/24", "8.8.8.8"]"#, &["203.0.113.9", "8.8.8.8"]),
        ("null", r#"["8.8.8.8/32"]"#, &["8.8.8.8"]),
        (r#""8.8.8.8""#, r#"["203.0.113.0/24"]"#, &["203.0.113.9", "8.8.8.8"]),
        (r#""""#, r#"["0.0.0.0/1", "128.0.0.0/1"]"#, &["203.0.113.9", "8.8.8.8", "9.9.9.9"]),
    ] {
        let told = one(&[("sourceAddressPrefix", single), ("sourceAddressPrefixes", plural)]);
        for source in ["203.0.113.9", "8.8.8.8", "9.9.9.9"] {
            let answer = inbound(&told.filter, &format!("tcp {source} 10.0.0.4:22"));
            assert_eq!(answer == allow("x"), sources.contains(&source), "{single} {plural}");
        }
        assert!(told.faults.is_empty());
    }
}

#[test]
fn az_16_no_address_at_all_may_be_any() {
    for field in ["sourceAddressPrefix", "destinationAddressPrefix"] {
        for none in [r#""""#, "null"] {
            let told = one(&[(field, none)]);
            assert_eq!(inbound(&told.filter, SSH), Answer::Unknown);
            assert!(told.tells(&format!("`{field}` of the rule `x`: it is not recorded")));
        }
        let told = one(&[(field, r#""10.0.0.300/8""#)]);
        assert_eq!(inbound(&told.filter, SSH), Answer::Unknown);
        assert!(told.tells("`10.0.0.300/8` is neither an address nor a service tag"));
    }
}

#[test]
fn az_17_three_words_mean_all_addresses_of_both_families() {
    for word in ["*", "Any", "any", "0.0.0.0/0"] {
        let told = one(&[("sourceAddressPrefix", &format!(r#""{word}""#))]).filter;
        assert_eq!(inbound(&told, SSH), allow("x"), "{word}");
        assert_eq!(inbound(&told, "tcp 2001:db8::1 [2001:db8::2]:22"), allow("x"), "{word}");
    }
    // This one is all of IPv6.
    let told = one(&[("sourceAddressPrefix", r#""::/0""#)]).filter;
    assert_eq!(inbound(&told, SSH), deny(NONE));
    assert_eq!(inbound(&told, "tcp 2001:db8::1 [2001:db8::2]:22"), allow("x"));
}

#[test]
fn t_3_an_address_without_a_length_is_one_address() {
    let told = one(&[("sourceAddressPrefix", r#""71.179.21.82""#)]).filter;
    assert_eq!(inbound(&told, "tcp 71.179.21.82 10.0.0.4:22"), allow("x"));
    assert_eq!(inbound(&told, "tcp 71.179.21.83 10.0.0.4:22"), deny(NONE));
}

#[test]
fn what_a_rule_does_is_told_in_any_letter_case() {
    for (access, direction, answer) in [
        ("allow", "INBOUND", allow("x")),
        ("DENY", "inbound", deny("x")),
        ("Allow", "Outbound", deny("below")),
        ("Audit", "Inbound", Answer::Unknown),
        ("Allow", "Sideways", Answer::Unknown),
    ] {
        let direction = format!(r#""{direction}""#);
        let odd = rule("x", 100, access, &[("direction", &direction)]);
        let told = of_rules(&[&odd, &rule("below", 200, "Deny", &[])]);
        assert_eq!(inbound(&told.filter, SSH), answer, "{access} {direction}");
        assert_eq!(told.faults.is_empty(), answer != Answer::Unknown);
    }
    let told = of_rules(&[&rule("x", 100, "Audit", &[]), &rule("below", 200, "Allow", &[])]);
    assert_eq!(inbound(&told.filter, SSH), Answer::Unknown);
    assert!(told.tells("`access` of the rule `x`: `audit` is not known"));
}

#[test]
fn a_rule_that_is_being_changed_need_not_be_in_force() {
    for state in ["Updating", "Deleting", "Failed"] {
        let told = one(&[("provisioningState", &format!(r#""{state}""#))]);
        assert_eq!(inbound(&told.filter, SSH), Answer::Unknown);
        assert!(told.tells("`provisioningState` of the rule `x`"));
    }
    let told = one(&[("provisioningState", r#""Succeeded""#)]);
    assert_eq!(inbound(&told.filter, SSH), allow("x"));
}

#[test]
fn a_field_that_nobody_knows_makes_its_rule_doubtful() {
    let rules = [rule("x", 100, "Allow", &[]), rule("y", 200, "Deny", &[])];
    let json = document(&[&rules[0], &rules[1]]);
    for (pointer, answer, is_of_rules) in [
        ("/securityRules/0/frobnicate", Answer::Unknown, true),
        ("/properties/SecurityRules/0/properties/deep/frobnicate", Answer::Unknown, true),
        ("/securityRules/1/frobnicate", allow("x"), true),
        ("/defaultSecurityRules/0/frobnicate", allow("x"), false),
        ("/properties/frobnicate", allow("x"), false),
    ] {
        let told = with(&json, &around(), &ServiceTags::new(&[]), &[pointer], false);
        assert_eq!(inbound(&told.filter, SSH), answer, "{pointer}");
        assert_eq!(told.tells("`frobnicate` of"), is_of_rules);
    }
}

#[test]
fn az_80_the_source_port_is_tested_too() {
    let json = r#"{"id": "/nsgs/watched", "properties": {"securityRules": [
        {"name": "rdp", "properties": {"protocol": "TCP", "sourcePortRange": "*",
         "destinationPortRange": "3389", "sourceAddressPrefix": "*",
         "destinationAddressPrefix": "*", "access": "Allow", "priority": 1000,
         "direction": "Inbound"}},
        {"name": "scr1", "properties": {"protocol": "Tcp", "sourcePortRange": "*",
         "destinationPortRange": "80", "sourceAddressPrefix": "*",
         "destinationAddressPrefix": "*", "access": "Deny", "priority": 122,
         "direction": "Outbound"}},
        {"name": "sr2", "properties": {"protocol": "Tcp", "sourcePortRange": "23-45",
         "destinationPortRange": "46-56", "sourceAddressPrefix": "*",
         "destinationAddressPrefix": "*", "access": "Allow", "priority": 123,
         "direction": "Inbound"}}]}}"#;
    let told = group(json).filter;
    assert_eq!(inbound(&told, "tcp 121.11.12.14:40 10.17.3.4:50"), allow("sr2"));
    assert_eq!(inbound(&told, "tcp 121.11.12.14:46 10.17.3.4:50"), deny(NONE));
    assert_eq!(outbound(&told, "tcp 10.17.3.4:80 12.11.12.14:80"), deny("scr1"));
    assert_eq!(outbound(&told, "tcp 10.17.3.4:80 12.11.12.14:81"), allow("AllowInternetOutBound"));
}
