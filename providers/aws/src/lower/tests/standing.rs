//! The states of VPCs, subnets, their blocks and prefix lists.

use super::*;

/// How much `eni-a` certainly and possibly takes in, as far as where it sits decides.
fn takes(estate: &Value) -> (&'static str, &'static str) {
    let lowered = lowered(estate);
    let filters = &interface_of(&lowered, "eni-a").stack.filters;
    match filters.get(1) {
        Some(filter) => bounds(&lowered, filter.as_str(), Direction::Ingress),
        None => ("all", "all"),
    }
}

#[test]
fn a_subnet_or_vpc_that_is_not_available_is_not_known_to_carry_anything() {
    for place in ["/Subnets/0", "/Vpcs/0"] {
        let of = |state: &str| {
            let mut estate = estate();
            estate.pointer_mut(place).expect("an object")["State"] = state.into();
            takes(&estate)
        };
        assert_eq!(of("available"), ("all", "all"));
        for state in ["pending", "unavailable", "failed", "failed-insufficient-capacity", "odd"] {
            assert_eq!(of(state), NOTHING_KNOWN, "{place} {state}");
        }
    }
}

#[test]
fn a_block_of_a_vpc_that_is_not_associated_makes_its_addresses_doubtful() {
    for state in ["associating", "disassociating", "disassociated", "failing", "failed", "odd"] {
        let mut estate = estate();
        estate["Vpcs"][0]["CidrBlockAssociationSet"][0]["CidrBlockState"]["State"] = state.into();
        assert_eq!(takes(&estate), ("some", "all"), "{state}");
    }
}

#[test]
fn an_ipv6_block_that_is_not_associated_makes_its_addresses_doubtful() {
    let with = |vpc: &str, subnet: &str| {
        let mut estate = estate();
        estate["NetworkInterfaces"][0]["Ipv6Addresses"] =
            json!([{"Ipv6Address": "2001:db8:1::10"}]);
        estate["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlockState"]["State"] =
            vpc.into();
        estate["Subnets"][0]["Ipv6CidrBlockAssociationSet"] = json!([
            {"Ipv6CidrBlock": "2001:db8:1::/64", "Ipv6CidrBlockState": {"State": subnet}},
        ]);
        takes(&estate)
    };
    assert_eq!(with("associated", "associated"), ("all", "all"));
    assert_eq!(with("associated", "disassociated"), ("some", "all"));
    assert_eq!(with("failed", "associated"), ("some", "all"));
}

#[test]
fn an_address_in_no_block_of_its_subnet_is_doubtful() {
    let mut estate = estate();
    estate["NetworkInterfaces"][0]["PrivateIpAddress"] = "10.0.2.10".into();
    estate["NetworkInterfaces"][0]["PrivateIpAddresses"][0]["PrivateIpAddress"] =
        "10.0.2.10".into();
    assert_eq!(takes(&estate), ("some", "all"));
}

/// The peers that are let into `eni-a` by a list in this state and of this family, of one IPv4
/// block.
fn by_list(state: Option<&str>, family: &str) -> Vec<String> {
    let mut estate = estate();
    estate["PrefixLists"] = json!([{"PrefixListId": "pl-1", "AddressFamily": family}]);
    if let Some(state) = state {
        estate["PrefixLists"][0]["State"] = state.into();
    }
    estate["SecurityGroups"][0]["IpPermissions"] = json!([{"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": "pl-1"}],
            "IpRanges": [], "Ipv6Ranges": [], "UserIdGroupPairs": []}]);
    let entries = json!({"Entries": [{"Cidr": "10.9.0.0/16"}], "PrefixListId": "pl-1"});
    let told = |name, json: &Value| document(name, "111122223333", "eu-central-1", json);
    let documents = [told("estate.json", &estate), told("entries.json", &entries)];
    let lowered = lower_documents(&documents);
    let filter = &lowered.network.filters[&Id::<Filter>::new("sg-a")];
    let rules = filter.ingress.iter().flat_map(|list| &list.rules);
    let of_list = rules.filter_map(|rule| match &rule.matches.sources {
        Peers::Of(peers) => Some(peers),
        Peers::Any => None,
    });
    let shown = |peer: &Peer| match peer {
        Peer::Addresses { set, .. } => set.to_string(),
        Peer::Unresolved { within, unknown, .. } => format!("{within}? {}", unknown.why),
        other => format!("{other:?}"),
    };
    of_list.flatten().map(shown).collect()
}

#[test]
fn aws_14_a_prefix_list_counts_in_its_good_states_alone() {
    for state in [None, Some("create-complete"), Some("modify-complete"), Some("restore-complete")]
    {
        assert_eq!(by_list(state, "IPv4"), ["10.9.0.0/16"], "{state:?}");
    }
    for state in ["create-failed", "modify-in-progress", "restore-failed", "delete-complete", "odd"]
    {
        let why = format!("any IPv4? its `State` was recorded as `{state}`");
        assert_eq!(by_list(Some(state), "IPv4"), [why]);
    }
}

#[test]
fn aws_14_a_prefix_list_of_another_family_than_its_entries_is_not_known() {
    assert_eq!(by_list(None, "IPv6"), ["any? an entry is not of its `AddressFamily`"]);
    assert_eq!(by_list(None, "odd"), ["any? its `AddressFamily` was recorded as `odd`"]);
}
