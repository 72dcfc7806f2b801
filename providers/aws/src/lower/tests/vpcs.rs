//! VPCs, and objects that share an id.

use super::*;

fn addresses(lowered: &Lowered, vpc: &str) -> String {
    lowered.network.routers[&Id::new(vpc)].addresses.to_string()
}

#[test]
fn a_vpc_has_all_its_blocks_that_are_associated() {
    let mut estate = estate();
    estate["Vpcs"][0]["CidrBlockAssociationSet"] = json!([
        {"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
        {"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "associated"}},
        {"CidrBlock": "10.8.0.0/16", "CidrBlockState": {"State": "disassociated"}},
    ]);
    assert_eq!(addresses(&lowered(&estate), "vpc-1"), "10.0.0.0/16, 10.9.0.0/16, 2001:db8:1::/56");
}

#[test]
fn a_block_on_its_way_is_warned_of() {
    let mut estate = estate();
    estate["Vpcs"][0]["CidrBlockAssociationSet"][0]["CidrBlockState"]["State"] =
        "associating".into();
    let lowered = lowered(&estate);
    assert!(lowered.warnings.iter().any(|warning| warning.what.contains("10.0.0.0/16")));
}

#[test]
fn aws_50_the_platform_answers_at_the_base_plus_two_and_at_its_own_addresses() {
    let lowered = lowered(&estate());
    let platform = &lowered.network.routers[&Id::new("vpc-1")].platform;
    let at = |address: &str| {
        let address = address.parse().expect("an address");
        let found = platform.iter().find(|service| service.addresses.contains(address));
        found.map(|service| service.name.to_string())
    };
    let dns = Some("Amazon DNS".to_owned());
    assert_eq!(at("10.0.0.2"), dns);
    assert_eq!(at("169.254.169.253"), dns);
    assert_eq!(at("fd00:ec2::253"), dns);
    assert_eq!(at("169.254.169.254"), Some("instance metadata".to_owned()));
    assert_eq!(at("169.254.169.123"), Some("Amazon Time Sync".to_owned()));
    assert_eq!(at("169.254.170.2"), Some("ECS task metadata".to_owned()));
    assert_eq!(at("169.254.169.250"), Some("Windows activation".to_owned()));
    assert_eq!(at("10.0.0.3"), Some("reserved addresses".to_owned()));
    assert_eq!(at("10.0.0.4"), None);
}

#[test]
fn aws_50_each_service_is_known_at_its_own_port_alone() {
    let lowered = lowered(&estate());
    let platform = &lowered.network.routers[&Id::new("vpc-1")].platform;
    let told: Vec<String> =
        platform.iter().map(|one| format!("{}: {}", one.name, one.services)).collect();
    assert_eq!(
        told,
        [
            "Amazon DNS: tcp 53, udp 53",
            "instance metadata: tcp 80",
            "Amazon Time Sync: udp 123",
            "ECS task metadata: none",
            "Windows activation: tcp 1688",
            "reserved addresses: none",
        ]
    );
    assert!(platform.iter().all(|one| one.beyond.is_some()));
}

#[test]
fn overlapping_vpcs_are_routers_of_their_own() {
    let mut estate = estate();
    let mut second = estate["Vpcs"][0].clone();
    second["VpcId"] = "vpc-2".into();
    estate["Vpcs"].as_array_mut().expect("a list").push(second);
    let lowered = lowered(&estate);
    assert_eq!(addresses(&lowered, "vpc-1"), addresses(&lowered, "vpc-2"));
}

#[test]
fn one_id_in_two_accounts_is_two_objects_and_each_account_means_its_own() {
    let theirs = estate().to_string().replace("10.0.", "10.7.").replace("web", "other");
    let theirs: Value = serde_json::from_str(&theirs).expect("JSON");
    let lowered = lower_documents(&[
        document("a.json", "111122223333", "eu-central-1", &estate()),
        document("b.json", "444455556666", "eu-central-1", &theirs),
    ]);
    let (ours, theirs) = ("vpc-1@111122223333/eu-central-1", "vpc-1@444455556666/eu-central-1");
    assert!(addresses(&lowered, ours).starts_with("10.0.0.0/16"));
    assert!(addresses(&lowered, theirs).starts_with("10.7.0.0/16"));
    let subnet = &interface_of(&lowered, "eni-a@444455556666/eu-central-1").subnet;
    assert_eq!(subnet.as_str(), "subnet-a@444455556666/eu-central-1");
    assert_eq!(lowered.network.subnets[subnet].router.as_str(), theirs);
    assert_eq!(&*interface_of(&lowered, "eni-a@444455556666/eu-central-1").label.id, "eni-a");
}

#[test]
fn copies_of_an_estate_in_two_accounts_stay_apart() {
    let theirs = estate().to_string().replace("111122223333", "444455556666");
    let theirs: Value = serde_json::from_str(&theirs).expect("JSON");
    let lowered = lower_documents(&[
        document("a.json", "111122223333", "eu-central-1", &estate()),
        document("b.json", "444455556666", "eu-central-1", &theirs),
    ]);
    assert_eq!(lowered.network.routers.len(), 2);
    assert_eq!(lowered.network.interfaces.len(), 6);
    for scope in ["111122223333/eu-central-1", "444455556666/eu-central-1"] {
        let interface = interface_of(&lowered, &format!("eni-b@{scope}"));
        assert_eq!(interface.host, Some(Id::new(format!("i-b@{scope}"))));
        let subnet = &lowered.network.subnets[&interface.subnet];
        assert_eq!(subnet.table.as_str(), format!("rtb-2@{scope}"));
        let nat = Target::Gateway(Id::new(format!("nat-1@{scope}")));
        assert_eq!(target(&lowered, subnet.table.as_str(), "0.0.0.0/0 -> nat-1"), nat);
        assert_eq!(filter_of(&lowered, &format!("eni-b@{scope}")), format!("sg-b@{scope}"));
    }
}

#[test]
fn where_ids_repeat_nobody_means_an_object_of_another_account() {
    let theirs = estate().to_string().replace("111122223333", "444455556666");
    let mut theirs: Value = serde_json::from_str(&theirs).expect("JSON");
    theirs["SecurityGroups"] = json!([]);
    theirs["Reservations"] = json!([]);
    let lowered = lower_documents(&[
        document("a.json", "111122223333", "eu-central-1", &estate()),
        document("b.json", "444455556666", "eu-central-1", &theirs),
    ]);
    let theirs = "eni-b@444455556666/eu-central-1";
    let filter = filter_of(&lowered, theirs);
    assert_eq!(bounds(&lowered, &filter, Direction::Ingress), NOTHING_KNOWN);
    assert_ne!(interface_of(&lowered, theirs).host, Some(Id::new("i-b")));
}

#[test]
fn equal_duplicates_are_one_also_where_one_lacks_the_tags() {
    let mut shared = estate();
    shared["Vpcs"][0].as_object_mut().expect("an object").remove("Tags");
    let lowered = lower_documents(&[
        document("a.json", "111122223333", "eu-central-1", &estate()),
        document("b.json", "444455556666", "eu-central-1", &shared),
    ]);
    let label = &lowered.network.routers[&Id::new("vpc-1")].label;
    assert_eq!(label.name.as_deref(), Some("main"));
    assert_eq!(lowered.network.interfaces.len(), 3);
}

#[test]
fn two_tellings_of_one_id_in_one_scope_make_it_unknown() {
    let mut again =
        json!({"SecurityGroups": [group("sg-a")], "NetworkAcls": [], "RouteTables": []});
    again["SecurityGroups"][0]["IpPermissions"] =
        json!([permission("tcp", json!(22), json!(22), &["0.0.0.0/0"])]);
    let mut acl = estate()["NetworkAcls"][0].clone();
    acl["Entries"] = json!([]);
    again["NetworkAcls"] = json!([acl]);
    let mut table = estate()["RouteTables"][0].clone();
    table["Routes"] = json!([]);
    again["RouteTables"] = json!([table]);
    let lowered = lower_documents(&[
        document("a.json", "111122223333", "eu-central-1", &estate()),
        document("b.json", "111122223333", "eu-central-1", &again),
    ]);
    assert_eq!(bounds(&lowered, "sg-a", Direction::Ingress), NOTHING_KNOWN);
    assert_eq!(bounds(&lowered, "acl-1", Direction::Egress), NOTHING_KNOWN);
    assert!(matches!(target(&lowered, "rtb-1", "? -> ?"), Target::Unknown(_)));
}
