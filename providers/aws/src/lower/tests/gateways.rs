//! Gateways, peerings, endpoints and Block Public Access.

use cloudfw_core::{Identity, Opens, Passage};

use super::*;

#[test]
fn aws_66_an_internet_gateway_joins_its_vpc_and_the_internet_both_ways() {
    let lowered = lowered(&estate());
    let gateway = gateway_of(&lowered, "igw-1");
    let Passage::Border { router, external, opens, inside, table, pools } = &gateway.passage else {
        panic!("a border");
    };
    assert_eq!((router.as_str(), external.as_str()), ("vpc-1", "internet"));
    assert_eq!(*opens, Opens::Both);
    assert!(inside.is_full());
    assert!(pools.is_empty());
    assert_eq!(*table, None);
    assert_eq!((&gateway.closed, gateway.doubts.len()), (&None, 0));
    assert_eq!(gateway.stack.filters, [Id::new("outbound port 25")]);
}

#[test]
fn aws_51_mail_to_the_internet_may_be_blocked_and_the_rest_is_not() {
    let lowered = lowered(&estate());
    let filter = "outbound port 25";
    assert_eq!(rules(&lowered, filter, Direction::Egress), ["port-25 deny tcp 25 ?", "allow any"]);
    assert_eq!(bounds(&lowered, filter, Direction::Egress), ("some", "all"));
    assert_eq!(bounds(&lowered, filter, Direction::Ingress), ("all", "all"));
}

#[test]
fn aws_66_a_gateway_attached_to_nothing_carries_nothing() {
    let mut estate = estate();
    estate["InternetGateways"][0]["Attachments"] = json!([]);
    let lowered = lowered(&estate);
    assert!(gateway_of(&lowered, "igw-1").closed.is_some());
    assert_eq!(target(&lowered, "rtb-1", "0.0.0.0/0 -> igw-1"), Target::Gateway(Id::new("igw-1")));
}

#[test]
fn aws_66_an_attachment_in_another_state_is_doubtful() {
    for state in [json!("attaching"), Value::Null] {
        let mut estate = estate();
        estate["InternetGateways"][0]["Attachments"][0]["State"] = state;
        assert_eq!(gateway_of(&lowered(&estate), "igw-1").doubts.len(), 1);
    }
}

#[test]
fn aws_66_where_internet_gateways_were_not_read_every_vpc_may_have_one() {
    let mut estate = estate();
    estate.as_object_mut().expect("an object").remove("InternetGateways");
    estate["RouteTables"][0]["Routes"] = json!([local("10.0.0.0/16")]);
    let borders = |lowered: &Lowered| {
        let gateways = lowered.network.gateways.values();
        let of = |gateway: &&Gateway| matches!(gateway.passage, Passage::Border { .. });
        gateways.filter(of).map(|gateway| gateway.doubts.len()).collect::<Vec<_>>()
    };
    assert_eq!(borders(&lowered(&estate)), [1]);
    assert_eq!(borders(&assuming_none(&estate)), [0; 0]);
}

#[test]
fn aws_67_a_nat_gateway_gives_its_address_and_ports_to_tcp_udp_and_icmp() {
    let lowered = lowered(&estate());
    let gateway = gateway_of(&lowered, "nat-1");
    let Passage::SourceNat { subnet, address, public, ports, services } = &gateway.passage else {
        panic!("a translation");
    };
    assert_eq!(subnet.as_str(), "subnet-a");
    assert_eq!(address.to_string(), "10.0.1.99");
    assert_eq!(public.expect("a public address").to_string(), "203.0.113.99");
    assert_eq!(ports.to_string(), "1024-65535");
    assert_eq!(services.to_string(), "tcp, udp, icmp");
    assert_eq!((&gateway.closed, gateway.doubts.len()), (&None, 0));
}

#[test]
fn aws_67_a_nat_gateway_has_no_groups_whatever_emulators_say() {
    let mut estate = estate();
    estate["NetworkInterfaces"][2]["Groups"] = json!([{"GroupId": "sg-a"}]);
    estate["NetworkInterfaces"][2]["InterfaceType"] = "interface".into();
    let lowered = lowered(&estate);
    let interface = interface_of(&lowered, "eni-nat");
    assert!(interface.stack.filters.is_empty());
    assert_eq!(interface.role, cloudfw_core::Role::Gateway(Id::new("nat-1")));
    assert_eq!(&*interface.client.kind, "nat-gateway");
}

#[test]
fn aws_67_its_interface_is_known_by_its_address_where_it_is_not_named() {
    let mut estate = estate();
    let address = estate["NatGateways"][0]["NatGatewayAddresses"][0].as_object_mut();
    address.expect("an object").remove("NetworkInterfaceId");
    let lowered = lowered(&estate);
    let role = &interface_of(&lowered, "eni-nat").role;
    assert_eq!(*role, cloudfw_core::Role::Gateway(Id::new("nat-1")));
}

#[test]
fn aws_67_a_private_nat_gateway_has_no_public_address() {
    let mut estate = estate();
    estate["NatGateways"][0]["ConnectivityType"] = "private".into();
    let lowered = lowered(&estate);
    let gateway = gateway_of(&lowered, "nat-1");
    assert!(matches!(gateway.passage, Passage::SourceNat { public: None, .. }));
    assert!(gateway.doubts.is_empty());
}

#[test]
fn aws_67_a_public_one_whose_address_is_not_recorded_is_doubtful() {
    let mut estate = estate();
    let address = estate["NatGateways"][0]["NatGatewayAddresses"][0].as_object_mut();
    address.expect("an object").remove("PublicIp");
    assert_eq!(gateway_of(&lowered(&estate), "nat-1").doubts.len(), 1);
}

#[test]
fn aws_67_states_other_than_available() {
    let with = |state: Value| {
        let mut estate = estate();
        estate["NatGateways"][0]["State"] = state;
        let lowered = lowered(&estate);
        let gateway = gateway_of(&lowered, "nat-1");
        (gateway.closed.is_some(), gateway.doubts.len())
    };
    for state in ["pending", "failed", "deleted"] {
        assert_eq!(with(json!(state)), (true, 0), "{state}");
    }
    assert_eq!(with(json!("deleting")), (false, 1));
    assert_eq!(with(Value::Null), (false, 1));
}

#[test]
fn aws_67_several_addresses_are_a_choice_that_is_not_known() {
    let mut estate = estate();
    let addresses = estate["NatGateways"][0]["NatGatewayAddresses"].as_array_mut();
    addresses.expect("a list").push(json!({"PrivateIp": "10.0.1.98", "PublicIp": "203.0.113.98"}));
    assert_eq!(gateway_of(&lowered(&estate), "nat-1").doubts.len(), 1);
}

#[test]
fn aws_68_an_egress_only_gateway_carries_ipv6_out() {
    let mut estate = estate();
    estate["EgressOnlyInternetGateways"] = json!([{
        "EgressOnlyInternetGatewayId": "eigw-1",
        "Attachments": [{"VpcId": "vpc-1", "State": "attached"}],
    }]);
    estate["RouteTables"][0]["Routes"][1] = json!({
        "DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1",
        "Origin": "CreateRoute", "State": "active",
    });
    let lowered = lowered(&estate);
    let Passage::Border { opens, inside, .. } = &gateway_of(&lowered, "eigw-1").passage else {
        panic!("a border");
    };
    assert_eq!(*opens, Opens::Outward);
    assert_eq!(inside.to_string(), "any IPv6");
    assert_eq!(target(&lowered, "rtb-1", "::/0 -> eigw-1"), Target::Gateway(Id::new("eigw-1")));
}

fn peered(status: Value) -> Value {
    let mut estate = estate();
    let mut second = estate["Vpcs"][0].clone();
    second["VpcId"] = "vpc-2".into();
    estate["Vpcs"].as_array_mut().expect("a list").push(second);
    estate["VpcPeeringConnections"] = json!([peering(status)]);
    estate
}

fn peering(status: Value) -> Value {
    let end =
        |vpc: &str| json!({"VpcId": vpc, "OwnerId": "111122223333", "Region": "eu-central-1"});
    json!({
        "VpcPeeringConnectionId": "pcx-1", "Status": {"Code": status},
        "RequesterVpcInfo": end("vpc-1"), "AccepterVpcInfo": end("vpc-2"),
    })
}

#[test]
fn aws_69_a_peering_joins_two_vpcs() {
    let lowered = lowered(&peered(json!("active")));
    let gateway = gateway_of(&lowered, "pcx-1");
    let Passage::Link { ends, identity } = &gateway.passage else { panic!("a link") };
    assert_eq!(ends, &[Id::new("vpc-1"), Id::new("vpc-2")]);
    assert_eq!(*identity, Identity::Kept);
    assert_eq!((&gateway.closed, gateway.doubts.len()), (&None, 0));
}

#[test]
fn aws_10_group_references_across_regions_are_doubtful() {
    let mut estate = peered(json!("active"));
    estate["VpcPeeringConnections"][0]["AccepterVpcInfo"]["Region"] = "us-east-1".into();
    let lowered = lowered(&estate);
    let Passage::Link { identity, .. } = &gateway_of(&lowered, "pcx-1").passage else {
        panic!("a link");
    };
    assert_eq!(*identity, Identity::Doubtful);
}

#[test]
fn aws_69_a_peering_that_is_not_active_carries_nothing() {
    let with = |status: Value| {
        let lowered = lowered(&peered(status));
        let gateway = gateway_of(&lowered, "pcx-1");
        (gateway.closed.clone(), gateway.doubts.len())
    };
    let closed = |text: &str| (Some(text.into()), 0);
    assert_eq!(with(json!("deleted")), closed("the peering connection is deleted"));
    let pending = closed("the peering connection is pending-acceptance");
    assert_eq!(with(json!("pending-acceptance")), pending);
    assert_eq!(with(json!("provisioning")), (None, 1));
    assert_eq!(with(json!("frob")), (None, 1));
    assert_eq!(with(Value::Null), (None, 1));
}

#[test]
fn a_peering_seen_from_both_accounts_is_one_and_must_agree() {
    let mut theirs = peering(json!("active"));
    theirs["Tags"] = json!([{"Key": "Name", "Value": "theirs"}]);
    theirs["RequesterVpcInfo"]["CidrBlock"] = "10.0.0.0/16".into();
    let see = |theirs: &Value| {
        let theirs = json!({"VpcPeeringConnections": [theirs]});
        lower_documents(&[
            document("a.json", "111122223333", "eu-central-1", &peered(json!("active"))),
            document("b.json", "444455556666", "eu-central-1", &theirs),
        ])
    };
    let lowered = see(&theirs);
    let gateway = gateway_of(&lowered, "pcx-1");
    assert!(matches!(gateway.passage, Passage::Link { .. }));
    assert!(gateway.doubts.is_empty());
    theirs["Status"]["Code"] = "deleted".into();
    assert_eq!(gateway_of(&see(&theirs), "pcx-1").doubts.len(), 1);
}

#[test]
fn a_peering_with_a_vpc_that_is_not_recorded_is_opaque_and_says_which() {
    let mut estate = peered(json!("active"));
    estate["Vpcs"].as_array_mut().expect("a list").pop();
    let lowered = lowered(&estate);
    let Passage::Opaque { unknown, rewrites } = &gateway_of(&lowered, "pcx-1").passage else {
        panic!("opaque");
    };
    assert_eq!(&*unknown.what, "the VPC vpc-2 of 111122223333");
    assert!(!rewrites);
}

fn with_endpoint(kind: Value) -> Value {
    let mut estate = estate();
    let mut endpoint = json!({
        "VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "State": "available",
        "ServiceName": "com.amazonaws.eu-central-1.s3", "RouteTableIds": ["rtb-2"],
    });
    if !kind.is_null() {
        endpoint["VpcEndpointType"] = kind;
    }
    estate["VpcEndpoints"] = json!([endpoint]);
    estate
}

#[test]
fn a_gateway_endpoint_leads_to_its_service() {
    let lists = json!({"PrefixLists": [{
        "PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.eu-central-1.s3",
        "Cidrs": ["198.51.100.0/24"],
    }]});
    for kind in [json!("Gateway"), Value::Null] {
        let mut estate = with_endpoint(kind);
        estate.as_object_mut().expect("an object").remove("PrefixLists");
        let lowered = lower_documents(&[
            document("estate.json", "1", "eu-central-1", &estate),
            document("lists.json", "1", "eu-central-1", &lists),
        ]);
        let gateway = gateway_of(&lowered, "vpce-1");
        let Passage::Service { external, .. } = &gateway.passage else { panic!("a service") };
        let service = &lowered.network.externals[external];
        assert_eq!(service.addresses.to_string(), "198.51.100.0/24");
        assert!(gateway.doubts.is_empty());
    }
}

#[test]
fn a_gateway_endpoint_whose_list_is_not_recorded_may_lead_anywhere() {
    let lowered = lowered(&with_endpoint(json!("Gateway")));
    assert_eq!(gateway_of(&lowered, "vpce-1").doubts.len(), 1);
}

#[test]
fn an_interface_endpoint_is_its_interfaces_and_the_rest_is_opaque() {
    let lowered_interface = lowered(&with_endpoint(json!("Interface")));
    assert!(!lowered_interface.network.gateways.contains_key(&Id::new("vpce-1")));
    let balancer = lowered(&with_endpoint(json!("GatewayLoadBalancer")));
    let passage = &gateway_of(&balancer, "vpce-1").passage;
    assert!(matches!(passage, Passage::Opaque { rewrites: true, .. }));
}

#[test]
fn transit_and_vpn_gateways_are_hops_that_nobody_sees_through() {
    let mut estate = estate();
    estate["TransitGateways"] = json!([{"TransitGatewayId": "tgw-1", "OwnerId": "111122223333"}]);
    estate["VpnGateways"] = json!([{"VpnGatewayId": "vgw-1"}]);
    let lowered = lowered(&estate);
    for id in ["tgw-1", "vgw-1"] {
        let passage = &gateway_of(&lowered, id).passage;
        assert!(matches!(passage, Passage::Opaque { rewrites: false, .. }), "{id}");
    }
}

/// What Block Public Access lets through at the internet gateway: inbound, outbound.
fn public_access(estate: &Value) -> Option<[Vec<String>; 2]> {
    let lowered = lowered(estate);
    let stack = &gateway_of(&lowered, "igw-1").stack;
    let of = |filter: &&Id<Filter>| filter.as_str().starts_with("block public access");
    let filter = stack.filters.iter().find(of)?.as_str();
    Some([Direction::Ingress, Direction::Egress].map(|way| rules(&lowered, filter, way)))
}

fn blocked(mode: &str) -> Value {
    let mut estate = estate();
    estate["VpcBlockPublicAccessOptions"]["InternetGatewayBlockMode"] = mode.into();
    estate["VpcBlockPublicAccessOptions"]["State"] = "update-complete".into();
    estate["VpcBlockPublicAccessOptions"]["ExclusionsAllowed"] = "allowed".into();
    estate
}

fn exclusion(resource: &str, mode: &str) -> Value {
    json!({
        "ResourceArn": format!("arn:aws:ec2:eu-central-1:111122223333:{resource}"),
        "InternetGatewayExclusionMode": mode, "State": "create-complete",
    })
}

#[test]
fn aws_72_off_blocks_nothing_and_both_ways_blocks_all() {
    assert_eq!(public_access(&estate()), None);
    let nothing = vec!["* deny any".to_owned()];
    let blocked = public_access(&blocked("block-bidirectional"));
    assert_eq!(blocked, Some([nothing.clone(), nothing]));
}

#[test]
fn aws_72_blocking_ingress_leaves_nat_gateways() {
    let [ingress, egress] = public_access(&blocked("block-ingress")).expect("a filter");
    assert_eq!(ingress, ["nat-1 allow any to 10.0.1.99", "* deny any"]);
    assert_eq!(egress, ["nat-1 allow any from 10.0.1.99", "* deny any"]);
}

#[test]
fn aws_72_exclusions_pass() {
    let mut estate = blocked("block-bidirectional");
    estate["VpcBlockPublicAccessExclusions"] =
        json!([exclusion("subnet/subnet-a", "allow-bidirectional")]);
    let arn = "arn:aws:ec2:eu-central-1:111122223333:subnet/subnet-a";
    let [ingress, egress] = public_access(&estate).expect("a filter");
    assert_eq!(ingress[0], format!("{arn} allow any to 10.0.1.0/24"));
    assert_eq!(egress[0], format!("{arn} allow any from 10.0.1.0/24"));
    estate["VpcBlockPublicAccessExclusions"] = json!([exclusion("vpc/vpc-1", "allow-egress")]);
    let [ingress, egress] = public_access(&estate).expect("a filter");
    assert!(ingress[0].ends_with("vpc/vpc-1 allow any ?"));
    assert!(egress[0].ends_with("vpc/vpc-1 allow any"));
}

#[test]
fn aws_72_an_exclusion_that_is_not_allowed_may_hold_or_not() {
    let mut estate = blocked("block-bidirectional");
    estate["VpcBlockPublicAccessExclusions"] =
        json!([exclusion("subnet/subnet-a", "allow-bidirectional")]);
    for allowed in [json!("not-allowed"), json!("perhaps"), Value::Null] {
        estate["VpcBlockPublicAccessOptions"]["ExclusionsAllowed"] = allowed.clone();
        let [ingress, egress] = public_access(&estate).expect("a filter");
        assert!(ingress[0].ends_with("subnet/subnet-a allow any to 10.0.1.0/24 ?"), "{ingress:?}");
        assert!(egress[0].ends_with("allow any from 10.0.1.0/24 ?"), "{egress:?}");
    }
    // Without an exclusion it says nothing.
    estate["VpcBlockPublicAccessExclusions"] = json!([]);
    assert_eq!(public_access(&estate).expect("a filter")[0], ["* deny any"]);
}

#[test]
fn aws_72_a_change_under_way_is_unknown_whoever_tells_it() {
    for state in [json!("update-in-progress"), json!("frob"), Value::Null] {
        let mut estate = blocked("block-bidirectional");
        estate["VpcBlockPublicAccessOptions"]["State"] = state;
        let [ingress, _] = public_access(&estate).expect("a filter");
        assert_eq!(ingress, ["? allow any ?", "* deny any"]);
    }
}

#[test]
fn aws_72_an_exclusion_of_nobody_knows_what_may_be_of_anything() {
    let mut estate = blocked("block-bidirectional");
    let mut vague = exclusion("subnet/subnet-a", "allow-bidirectional");
    vague.as_object_mut().expect("an object").remove("ResourceArn");
    estate["VpcBlockPublicAccessExclusions"] = json!([vague]);
    let [ingress, _] = public_access(&estate).expect("a filter");
    assert_eq!(ingress[0], "? allow any ?");
    estate["VpcBlockPublicAccessExclusions"] =
        json!([exclusion("subnet/subnet-a", "allow-bidirectional")]);
    estate["Subnets"][0].as_object_mut().expect("an object").remove("CidrBlock");
    let [ingress, _] = public_access(&estate).expect("a filter");
    assert!(ingress[0].ends_with("subnet/subnet-a allow any ?"));
}

#[test]
fn aws_72_is_unknown_where_it_was_not_read_and_not_assumed_away() {
    let mut estate = estate();
    estate.as_object_mut().expect("an object").remove("VpcBlockPublicAccessOptions");
    let [ingress, _] = public_access(&estate).expect("a filter");
    assert_eq!(ingress, ["? allow any ?", "* deny any"]);
    assert_eq!(gateway_of(&assuming_none(&estate), "igw-1").stack.filters.len(), 1);
    estate["Vpcs"][0]["BlockPublicAccessStates"] = json!({"InternetGatewayBlockMode": "off"});
    assert_eq!(public_access(&estate), None);
}

#[test]
fn aws_72_a_recorded_denial_overrides_the_assumption() {
    let mut estate = estate();
    estate.as_object_mut().expect("an object").remove("VpcBlockPublicAccessOptions");
    let outcome = |outcome: &str| {
        let manifest = json!({"schema": "cloudfw.manifest/1", "calls": [{
            "account": "111122223333", "region": "eu-central-1", "outcome": outcome,
            "call": "describe-vpc-block-public-access-options",
        }]});
        let documents = [
            document("estate.json", "111122223333", "eu-central-1", &estate),
            document("manifest.json", "", "", &manifest),
        ];
        let options = LowerOptions { assume_none: AssumeNone::All };
        let lowered = lower(&documents, &options).expect("readable documents");
        gateway_of(&lowered, "igw-1").stack.filters.len() > 1
    };
    assert!(outcome("denied"));
    assert!(outcome("failed"));
    assert!(!outcome("unsupported"));
}

#[test]
fn aws_66_a_private_ipv6_address_goes_over_no_internet_gateway() {
    let denied = |attribute: Value, block: &str| {
        let mut estate = estate();
        let told = &mut estate["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0];
        told["Ipv6CidrBlock"] = block.into();
        told["Ipv6AddressAttribute"] = attribute;
        let lowered = lowered(&estate);
        let filter = "private IPv6 addresses at igw-1";
        if !gateway_of(&lowered, "igw-1").stack.filters.contains(&Id::new(filter)) {
            return [String::new(), String::new()];
        }
        [Direction::Ingress, Direction::Egress].map(|way| rules(&lowered, filter, way).join(", "))
    };
    let block = "2001:db8:1::/56";
    for told in [json!("public"), Value::Null] {
        assert_eq!(denied(told, block), ["", ""]);
    }
    assert_eq!(
        denied(json!("private"), block),
        [
            "private deny any to 2001:db8:1::/56, allow any",
            "private deny any from 2001:db8:1::/56, allow any"
        ]
    );
    assert!(denied(json!("frob"), block).iter().all(|rules| rules.contains("/56 ?, allow")));
    // Unique local addresses are, whatever is told of them.
    for told in [json!("public"), Value::Null] {
        let rules = denied(told, "fd00:10::/56");
        assert!(rules.iter().all(|rules| rules.contains("fd00:10::/56, allow")), "{rules:?}");
    }
}

#[test]
fn aws_67_a_nat_gateway_in_words_that_nobody_knows_is_doubtful() {
    let doubts = |field: &str, told: &str| {
        let mut estate = estate();
        estate["NatGateways"][0][field] = told.into();
        gateway_of(&lowered(&estate), "nat-1").doubts.len()
    };
    assert_eq!(doubts("ConnectivityType", "public"), 0);
    assert_eq!(doubts("AvailabilityMode", "zonal"), 0);
    assert_eq!(doubts("ConnectivityType", "frob"), 1);
    assert_eq!(doubts("AvailabilityMode", "frob"), 1);
}
