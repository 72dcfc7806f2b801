use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde_json::Value;

use super::*;

/// All documents of an estate, merged by key over accounts.
struct Recording(BTreeMap<String, Vec<Value>>);

impl Recording {
    fn of(size: &EstateSize, seed: u64) -> Self {
        let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (name, text) in generate(size, seed) {
            let document: Value = serde_json::from_str(&text).expect("valid JSON");
            let fields = document.as_object().expect("an object");
            if fields.contains_key("Entries") {
                lists.entry("Entries".to_owned()).or_default().push(document);
                continue;
            }
            assert_eq!(fields.len(), 1, "{name} has one list");
            for (key, value) in fields {
                let list = lists.entry(key.clone()).or_default();
                match value {
                    Value::Array(items) => list.extend(items.iter().cloned()),
                    other => list.push(other.clone()),
                }
            }
        }
        Self(lists)
    }

    fn list(&self, key: &str) -> &[Value] {
        &self.0[key]
    }

    fn by_id(&self, key: &str, id: &str) -> BTreeMap<String, &Value> {
        self.list(key).iter().map(|value| (text(&value[id]), value)).collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn cidr(value: &Value) -> IpNet {
    value.as_str().expect("a block").parse().expect("a block")
}

fn small() -> EstateSize {
    EstateSize::of(1_000)
}

/// Every string in a value, with the key that it stands under.
fn strings<'a>(value: &'a Value, key: &'a str, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::String(text) => found.push((key, text)),
        Value::Array(items) => items.iter().for_each(|item| strings(item, key, found)),
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| strings(value, key, found));
        }
        _ => {}
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
    let size = EstateSize::of(300);
    assert_eq!(generate(&size, 7), generate(&size, 7));
    assert_ne!(generate(&size, 7), generate(&size, 8));
    let estate = Estate::draw(&size, 7);
    let shares = Shares::default();
    assert_eq!(pairs(&estate, 50, &shares, 3), pairs(&estate, 50, &shares, 3));
    assert_ne!(pairs(&estate, 50, &shares, 3), pairs(&estate, 50, &shares, 4));
}

#[test]
fn counts_are_what_was_asked() {
    for interfaces in [12, 100, 1_000, 4_321] {
        let size = EstateSize::of(interfaces);
        let recording = Recording::of(&size, 1);
        assert_eq!(recording.list("NetworkInterfaces").len(), size.interfaces);
        assert_eq!(recording.list("Vpcs").len(), size.vpcs);
        assert_eq!(recording.list("SecurityGroups").len(), size.groups + size.vpcs);
    }
}

#[test]
fn every_group_but_the_default_ones_has_its_rules() {
    let recording = Recording::of(&small(), 1);
    for group in recording.list("SecurityGroups") {
        let rules: usize = items(&group["IpPermissions"])
            .iter()
            .flat_map(|permission| {
                ["IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"]
                    .map(|key| items(&permission[key]).len())
            })
            .sum();
        let wanted = if group["GroupName"] == "default" { 1 } else { 60 };
        assert_eq!(rules, wanted, "{}", group["GroupId"]);
    }
}

#[test]
fn every_id_is_unique_and_every_reference_resolves() {
    let sizes = [small(), EstateSize { accounts: 3, ..small() }];
    for size in &sizes {
        let recording = Recording::of(size, 1);
        let mut ids = BTreeSet::new();
        for (key, id) in [
            ("Vpcs", "VpcId"),
            ("Subnets", "SubnetId"),
            ("RouteTables", "RouteTableId"),
            ("NetworkAcls", "NetworkAclId"),
            ("SecurityGroups", "GroupId"),
            ("InternetGateways", "InternetGatewayId"),
            ("EgressOnlyInternetGateways", "EgressOnlyInternetGatewayId"),
            ("NatGateways", "NatGatewayId"),
            ("VpcEndpoints", "VpcEndpointId"),
            ("NetworkInterfaces", "NetworkInterfaceId"),
            ("Addresses", "AllocationId"),
        ] {
            for value in recording.list(key) {
                assert!(ids.insert(text(&value[id])), "{} twice", value[id]);
            }
        }
        // These are printed by both accounts that they concern.
        for (key, id) in
            [("VpcPeeringConnections", "VpcPeeringConnectionId"), ("PrefixLists", "PrefixListId")]
        {
            ids.extend(recording.list(key).iter().map(|value| text(&value[id])));
        }
        for reservation in recording.list("Reservations") {
            for instance in items(&reservation["Instances"]) {
                assert!(ids.insert(text(&instance["InstanceId"])));
            }
        }
        let mut found = Vec::new();
        for (key, values) in &recording.0 {
            values.iter().for_each(|value| strings(value, key, &mut found));
        }
        let prefixes = [
            "vpc-",
            "subnet-",
            "rtb-",
            "acl-",
            "sg-",
            "igw-",
            "eigw-",
            "nat-",
            "vpce-",
            "eni-",
            "i-",
            "pcx-",
            "pl-",
            "eipalloc-",
        ];
        let mut checked = 0;
        for (key, value) in found {
            let named = prefixes.iter().any(|prefix| {
                value.strip_prefix(prefix).is_some_and(|rest| {
                    rest.len() >= 8 && rest.chars().all(|digit| digit.is_ascii_hexdigit())
                })
            });
            if named && key != "AttachmentId" {
                assert!(ids.contains(value), "{key} {value} does not exist");
                checked += 1;
            }
        }
        assert!(checked > 10_000, "only {checked} references");
    }
}

#[test]
fn blocks_nest_and_addresses_are_unique_in_their_vpc() {
    let recording = Recording::of(&small(), 1);
    let vpcs = recording.by_id("Vpcs", "VpcId");
    let subnets = recording.by_id("Subnets", "SubnetId");
    let mut by_vpc: BTreeMap<String, Vec<IpNet>> = BTreeMap::new();
    for subnet in subnets.values() {
        let vpc = vpcs[subnet["VpcId"].as_str().expect("a VPC")];
        let block = cidr(&subnet["CidrBlock"]);
        let inside = items(&vpc["CidrBlockAssociationSet"])
            .iter()
            .any(|set| cidr(&set["CidrBlock"]).contains(&block));
        assert!(inside, "{block} is in a block of its VPC");
        let others = by_vpc.entry(text(&subnet["VpcId"])).or_default();
        assert!(others.iter().all(|other| !addresses::overlap(*other, block)), "{block}");
        others.push(block);
        for set in items(&subnet["Ipv6CidrBlockAssociationSet"]) {
            let whole = cidr(&vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]);
            assert!(whole.contains(&cidr(&set["Ipv6CidrBlock"])));
        }
    }
    let (mut private, mut public) = (BTreeSet::new(), BTreeSet::new());
    for interface in recording.list("NetworkInterfaces") {
        let subnet = subnets[interface["SubnetId"].as_str().expect("a subnet")];
        assert_eq!(interface["VpcId"], subnet["VpcId"]);
        assert_eq!(interface["AvailabilityZone"], subnet["AvailabilityZone"]);
        let block = cidr(&subnet["CidrBlock"]);
        for address in items(&interface["PrivateIpAddresses"]) {
            let address = text(&address["PrivateIpAddress"]);
            assert!(block.contains(&address.parse::<std::net::IpAddr>().expect("an address")));
            assert!(private.insert((text(&interface["VpcId"]), address.clone())), "{address}");
        }
        for address in items(&interface["Ipv6Addresses"]) {
            let address = text(&address["Ipv6Address"]);
            let block = cidr(&subnet["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]);
            assert!(block.contains(&address.parse::<std::net::IpAddr>().expect("an address")));
            assert!(private.insert((text(&interface["VpcId"]), address)));
        }
        if let Some(address) = interface["Association"]["PublicIp"].as_str() {
            assert!(public.insert(address.to_owned()), "{address} twice");
        }
    }
    assert!(public.len() > 50, "{} public addresses", public.len());
}

#[test]
fn every_vpc_has_a_main_table_a_default_acl_and_a_default_group() {
    let recording = Recording::of(&small(), 1);
    for vpc in recording.list("Vpcs") {
        let of_vpc = |key: &str, wanted: &dyn Fn(&Value) -> bool| {
            let list = recording.list(key).iter();
            list.filter(|value| value["VpcId"] == vpc["VpcId"] && wanted(value)).count()
        };
        let main = of_vpc("RouteTables", &|table| {
            items(&table["Associations"]).iter().any(|association| association["Main"] == true)
        });
        assert_eq!(main, 1);
        assert_eq!(of_vpc("NetworkAcls", &|acl| acl["IsDefault"] == true), 1);
        assert_eq!(of_vpc("SecurityGroups", &|group| group["GroupName"] == "default"), 1);
    }
}

#[test]
fn aws_30_every_subnet_has_one_acl_and_at_most_one_table() {
    let recording = Recording::of(&small(), 1);
    let associated = |key: &str| -> Vec<String> {
        let associations =
            recording.list(key).iter().flat_map(|value| items(&value["Associations"]));
        let mut subnets: Vec<String> =
            associations.filter_map(|one| one["SubnetId"].as_str().map(str::to_owned)).collect();
        subnets.sort();
        subnets
    };
    let mut subnets: Vec<String> =
        recording.list("Subnets").iter().map(|subnet| text(&subnet["SubnetId"])).collect();
    subnets.sort();
    assert_eq!(associated("NetworkAcls"), subnets);
    let mut tables = associated("RouteTables");
    let all = tables.len();
    tables.dedup();
    assert_eq!(tables.len(), all);
    assert!(all < subnets.len(), "some are served by the main table");
}

#[test]
fn aws_32_acls_are_shuffled_and_have_their_implicit_entries() {
    let recording = Recording::of(&small(), 1);
    let mut unsorted = 0;
    for acl in recording.list("NetworkAcls") {
        for egress in [false, true] {
            let numbers: Vec<u64> = items(&acl["Entries"])
                .iter()
                .filter(|entry| entry["Egress"] == egress)
                .map(|entry| entry["RuleNumber"].as_u64().expect("a number"))
                .collect();
            assert!(numbers.contains(&32767));
            let distinct: BTreeSet<u64> = numbers.iter().copied().collect();
            assert_eq!(distinct.len(), numbers.len());
            let numbered = distinct.range(..32767).count();
            if acl["IsDefault"] == false {
                assert!((10..=18).contains(&numbered), "{numbered} entries");
            }
            unsorted += usize::from(!numbers.is_sorted());
        }
    }
    assert!(unsorted > 5);
}

#[test]
fn peered_vpcs_never_overlap_unless_the_peering_failed() {
    let estate = Estate::draw(&EstateSize::of(5_000), 1);
    let overlap = |one: usize, other: usize| {
        let (one, other) = (&estate.vpcs[one].cidrs, &estate.vpcs[other].cidrs);
        one.iter().any(|&mine| {
            other.iter().any(|&theirs| addresses::overlap(IpNet::V4(mine), IpNet::V4(theirs)))
        })
    };
    let mut states = BTreeSet::new();
    for peering in &estate.peerings {
        states.insert(peering.state);
        assert_eq!(
            overlap(peering.requester, peering.accepter),
            peering.state == "failed",
            "{}",
            peering.id
        );
    }
    assert_eq!(states.len(), 4, "{states:?}");
    let vpcs = estate.vpcs.len();
    let overlapping =
        (0..vpcs).filter(|&vpc| (0..vpcs).any(|other| other != vpc && overlap(vpc, other))).count();
    assert!(overlapping * 10 > vpcs * 4, "{overlapping} of {vpcs} overlap");
}

#[test]
fn the_untidiness_of_a_real_estate_occurs() {
    let estate = Estate::draw(&EstateSize::of(10_000), 1);
    let largest = estate.vpcs.iter().map(|vpc| vpc.interfaces).max().expect("some");
    let dozen = estate.vpcs.iter().filter(|vpc| vpc.interfaces <= 24).count();
    assert!(largest > 1_000 && dozen > 60, "{largest} in the largest, {dozen} small ones");
    let routes = || estate.route_tables.iter().flat_map(|table| &table.routes);
    assert!(routes().any(|route| route.blackhole && matches!(route.via, Via::NatGateway(_))));
    assert!(routes().any(|route| route.blackhole && matches!(route.via, Via::Peering(_))));
    assert!(routes().any(|route| matches!(route.via, Via::EgressOnlyGateway)));
    assert!(
        routes().any(|route| matches!(
            (route.to, route.via),
            (RouteTo::PrefixList(_), Via::Peering(_))
        ))
    );
    let rules = || estate.groups.iter().flat_map(|group| &group.ingress);
    assert!(rules().any(|rule| rule.protocol == "50"));
    assert!(rules().any(|rule| matches!(rule.peer, Peer::Group(_, Some(_)))));
    assert!(rules().any(|rule| matches!(rule.peer, Peer::PrefixList(_))));
    assert!(estate.groups.iter().any(|group| group.egress.is_empty()));
    assert!(estate.instances.iter().any(|instance| instance.windows && !instance.running));
    let ipv6 = estate.vpcs.iter().filter(|vpc| vpc.ipv6.is_some()).count();
    assert!((40..=90).contains(&ipv6), "{ipv6} of 200 VPCs have IPv6");
    let in_public: Vec<&Interface> = estate
        .interfaces
        .iter()
        .filter(|interface| estate.subnets[interface.subnet].tier == Tier::Public)
        .collect();
    let addressed = in_public.iter().filter(|interface| interface.public.is_some()).count();
    let percent = 100 * addressed / in_public.len();
    assert!((20..=45).contains(&percent), "{percent} percent have public addresses");
}

#[test]
fn queries_have_the_shares_that_were_asked() {
    for interfaces in EstateSize::SCENARIOS {
        let estate = Estate::draw(&EstateSize::of(interfaces), 1);
        let queries = pairs(&estate, 1_000, &Shares::default(), 1);
        assert_eq!(queries.len(), 1_000);
        let of =
            |wanted: fn(Outcome) -> bool| queries.iter().filter(|query| wanted(query.ipv4)).count();
        let reachable = of(|outcome| outcome == Outcome::Reachable);
        assert!((230..=320).contains(&reachable), "{reachable} of {interfaces}");
        let intermittent = of(|outcome| matches!(outcome, Outcome::Intermittent { .. }));
        assert!(intermittent >= 30, "{intermittent} of {interfaces}");
        let unrouted = queries.iter().filter(|query| query.kind == Kind::Unrouted).count();
        assert_eq!(unrouted, 500);
    }
}

#[test]
fn aws_42_a_forecast_counts_the_ports_that_no_entry_lets_back() {
    let estate = Estate::draw(&EstateSize::of(10_000), 1);
    let shares = Shares { reachable: 0, intermittent: 100, filtered: 0, internet: 0 };
    let queries = pairs(&estate, 200, &shares, 1);
    let known = [28_232, 16_384];
    for query in &queries {
        if let Outcome::Intermittent { failing, of } = query.ipv4 {
            assert!(known.contains(&of) && failing > 0 && failing < of, "{failing}/{of}");
        }
    }
    // A Linux client behind an ACL that lets back what Windows uses.
    let gap = Outcome::Intermittent { failing: 16_384, of: 28_232 };
    assert!(queries.iter().any(|query| query.ipv4 == gap));
}
