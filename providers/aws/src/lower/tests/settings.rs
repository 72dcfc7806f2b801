//! Neutral facts for audits: how groups came to be, what is switched, which rules lack a
//! description, and lists that nothing asks.

use cloudfw_core::{Feature, Made, Place};

use super::*;

/// What is known of a feature at each resource that tells of it; none where it is not known.
fn settings(lowered: &Lowered, feature: Feature) -> Vec<(String, Option<bool>)> {
    let settings = lowered.network.settings.iter().filter(|setting| setting.feature == feature);
    settings.map(|one| (one.of.id.to_string(), one.on.as_ref().ok().copied())).collect()
}

fn of(id: &str, on: impl Into<Option<bool>>) -> (String, Option<bool>) {
    (id.to_owned(), on.into())
}

#[test]
fn aws_7_a_group_says_by_its_name_how_it_came_to_be_and_not_by_its_tag() {
    let made = |name: &str, tag: &str| {
        let mut estate = estate();
        estate["SecurityGroups"][0]["GroupName"] = name.into();
        estate["SecurityGroups"][0]["Tags"] = json!([{"Key": "Name", "Value": tag}]);
        lowered(&estate).network.groups[&Id::new("sg-a")].made
    };
    assert_eq!(made("default", "web"), Made::WithNetwork);
    assert_eq!(made("web", "default"), Made::ByHand);
    assert_eq!(made("launch-wizard-12", "web"), Made::ByWizard);
    assert_eq!(made("launch-wizard", "launch-wizard-1"), Made::ByHand);
}

#[test]
fn a_group_that_no_interface_has_is_a_filter_that_nothing_asks() {
    let mut estate = estate();
    let groups = estate["SecurityGroups"].as_array_mut().expect("a list");
    groups.push(group("sg-unused"));
    let lowered = lowered(&estate);
    let rules = |id, direction| rules(&lowered, id, direction);
    assert_eq!(rules("sg-unused", Direction::Ingress), ["* deny any"]);
    assert_eq!(rules("sg-unused", Direction::Egress), ["allow any to any IPv4", "* deny any"]);
    let id = Id::<Filter>::new("sg-unused");
    let network = &lowered.network;
    assert!(network.interfaces.values().all(|one| !one.stack.filters.contains(&id)));
    assert!(network.subnets.values().all(|one| !one.boundary.filters.contains(&id)));
    assert!(network.gateways.values().all(|one| !one.stack.filters.contains(&id)));
}

#[test]
fn a_group_that_interfaces_have_beside_another_has_no_filter_of_its_own() {
    let mut estate = estate();
    estate["NetworkInterfaces"][0]["Groups"] = json!([{"GroupId": "sg-b"}, {"GroupId": "sg-a"}]);
    let lowered = lowered(&estate);
    assert!(!lowered.network.filters.contains_key("sg-a"));
    assert!(lowered.network.filters.contains_key("sg-a+sg-b"));
}

#[test]
fn an_acl_without_subnets_is_a_filter_and_the_default_one_is_known() {
    let mut estate = estate();
    let mut second = estate["NetworkAcls"][0].clone();
    second["NetworkAclId"] = "acl-2".into();
    second["Associations"] = json!([]);
    second["IsDefault"] = false.into();
    let mut third = second.clone();
    third["NetworkAclId"] = "acl-3".into();
    third.as_object_mut().expect("an object").remove("IsDefault");
    let acls = estate["NetworkAcls"].as_array_mut().expect("a list");
    acls.extend([second, third]);
    let lowered = lowered(&estate);
    assert_eq!(rules(&lowered, "acl-2", Direction::Egress).len(), 2);
    let known = settings(&lowered, Feature::MadeWithNetwork);
    assert_eq!(known, [of("acl-1", true), of("acl-2", false), of("acl-3", None)]);
}

#[test]
fn a_subnet_gives_public_addresses_of_either_family() {
    let mut estate = estate();
    estate["Subnets"][0]["MapPublicIpOnLaunch"] = true.into();
    estate["Subnets"][1]["MapPublicIpOnLaunch"] = "often".into();
    estate["Subnets"][1]["AssignIpv6AddressOnCreation"] = false.into();
    let lowered = lowered(&estate);
    assert_eq!(
        settings(&lowered, Feature::GivesPublicAddresses),
        [of("subnet-a", true), of("subnet-b", None), of("subnet-b", false)]
    );
    let first = lowered.network.settings.iter().find(|one| &*one.of.id == "subnet-a");
    let origin = first.expect("a setting").origin.to_string();
    assert_eq!(origin, "estate.json /Subnets/0/MapPublicIpOnLaunch");
    let bad = lowered.network.settings.iter().find_map(|one| one.on.as_ref().err());
    let why = &bad.expect("an unknown").why;
    assert_eq!(&**why, "it was recorded as `often`, which is neither true nor false");
}

#[test]
fn a_subnet_of_ipv6_alone_gives_no_public_ipv4_addresses() {
    let mut estate = estate();
    let subnet = &mut estate["Subnets"][0];
    subnet["Ipv6Native"] = true.into();
    subnet["Ipv6CidrBlockAssociationSet"] = json!([{"Ipv6CidrBlock": "2001:db8:1::/64",
        "Ipv6CidrBlockState": {"State": "associated"}}]);
    let known = settings(&lowered(&estate), Feature::GivesPublicAddresses);
    assert_eq!(known, [of("subnet-a", None), of("subnet-b", None)]);
    estate["Subnets"][0]["AssignIpv6AddressOnCreation"] = true.into();
    let known = settings(&lowered(&estate), Feature::GivesPublicAddresses);
    assert_eq!(known, [of("subnet-a", true), of("subnet-b", None)]);
}

#[test]
fn a_transit_gateway_may_accept_attachments_by_itself() {
    let told = |options: Value| {
        let mut estate = estate();
        estate["TransitGateways"] = json!([{"TransitGatewayId": "tgw-1", "Options": options}]);
        settings(&lowered(&estate), Feature::AcceptsAttachments)
    };
    let set = |text: &str| told(json!({"AutoAcceptSharedAttachments": text}));
    assert_eq!(set("enable"), [of("tgw-1", true)]);
    assert_eq!(set("disable"), [of("tgw-1", false)]);
    assert_eq!(set("sometimes"), [of("tgw-1", None)]);
    assert_eq!(told(json!({})), [of("tgw-1", None)]);
}

#[test]
fn aws_72_block_public_access_is_told_of_each_vpc() {
    let blocks = |options: Value, exclusions: Value| {
        let mut estate = estate();
        estate["VpcBlockPublicAccessOptions"] = options;
        estate["VpcBlockPublicAccessExclusions"] = exclusions;
        settings(&lowered(&estate), Feature::BlocksPublicAccess)
    };
    let mode = |mode: &str| {
        json!({"InternetGatewayBlockMode": mode, "State": "update-complete",
            "ExclusionsAllowed": "allowed"})
    };
    let excluded = |id: &str, state: &str| {
        json!([{"ResourceArn": format!("arn:aws:ec2:eu-central-1:111122223333:{id}"),
            "State": state, "InternetGatewayExclusionMode": "allow-bidirectional"}])
    };
    assert_eq!(blocks(mode("off"), json!([])), [of("vpc-1", false)]);
    assert_eq!(blocks(mode("block-ingress"), json!([])), [of("vpc-1", true)]);
    assert_eq!(blocks(mode("block-bidirectional"), json!([])), [of("vpc-1", true)]);
    assert_eq!(blocks(mode("perhaps"), json!([])), [of("vpc-1", None)]);
    let whole = |state| blocks(mode("block-bidirectional"), excluded("vpc/vpc-1", state));
    assert_eq!(whole("create-complete"), [of("vpc-1", false)]);
    assert_eq!(whole("create-in-progress"), [of("vpc-1", None)]);
    let part = excluded("subnet/subnet-a", "create-complete");
    assert_eq!(blocks(mode("block-bidirectional"), part), [of("vpc-1", true)]);
}

#[test]
fn aws_72_what_nobody_recorded_of_block_public_access_is_unknown_unless_assumed() {
    let mut estate = estate();
    estate.as_object_mut().expect("an object").remove("VpcBlockPublicAccessOptions");
    let known = settings(&lowered(&estate), Feature::BlocksPublicAccess);
    assert_eq!(known, [of("vpc-1", None)]);
    let known = settings(&assuming_none(&estate), Feature::BlocksPublicAccess);
    assert_eq!(known, [of("vpc-1", false)]);
}

#[test]
fn an_instance_acts_under_a_role_where_its_record_says_so() {
    let mut estate = estate();
    estate["Reservations"][0]["Instances"][0]["IamInstanceProfile"] =
        json!({"Arn": "arn:aws:iam::111122223333:instance-profile/web", "Id": "AIPA1"});
    let lowered = lowered(&estate);
    let known = settings(&lowered, Feature::HasCloudIdentity);
    assert_eq!(known, [of("i-a", true), of("i-b", false)]);
}

#[test]
fn an_instance_that_got_a_role_between_two_recordings_is_one_instance() {
    let one = estate();
    let mut two = estate();
    two["Reservations"][0]["Instances"][0]["IamInstanceProfile"] = json!({"Id": "AIPA1"});
    let documents =
        [&one, &two].map(|it| document("estate.json", "111122223333", "eu-central-1", it));
    let lowered = lower_documents(&documents);
    assert_eq!(interface_of(&lowered, "eni-a").liveness, cloudfw_core::Liveness::Up);
    let known = settings(&lowered, Feature::HasCloudIdentity);
    assert_eq!(known, [of("i-a", true), of("i-b", false)]);
}

#[test]
fn rules_of_groups_may_lack_a_description_and_entries_of_acls_have_none() {
    let mut estate = estate();
    let described = json!({"CidrIp": "10.0.0.0/8", "Description": "the office"});
    let mut inbound = permission("tcp", json!(22), json!(22), &["192.0.2.0/24"]);
    inbound["IpRanges"].as_array_mut().expect("a list").push(described);
    inbound["Ipv6Ranges"] = json!([{"CidrIpv6": "::/0", "Description": " "}]);
    inbound["PrefixListIds"] = json!([{"PrefixListId": "pl-1"}]);
    inbound["UserIdGroupPairs"] =
        json!([{"GroupId": "sg-a"}, {"GroupId": "sg-b", "Description": "all"}]);
    estate["SecurityGroups"][1]["IpPermissions"] = json!([inbound]);
    let lowered = lowered(&estate);
    let places: Vec<String> = lowered
        .network
        .undescribed
        .iter()
        .filter_map(|origin| match &origin.place {
            Place::Pointer(pointer) => Some(pointer.to_string()),
            _ => None,
        })
        .collect();
    let peer = |rest: &str| format!("/SecurityGroups/1/IpPermissions/0/{rest}/0");
    let mut expected = vec![
        "/SecurityGroups/0/IpPermissionsEgress/0/IpRanges/0".to_owned(),
        peer("IpRanges"),
        peer("Ipv6Ranges"),
        peer("PrefixListIds"),
        peer("UserIdGroupPairs"),
        "/SecurityGroups/1/IpPermissionsEgress/0/IpRanges/0".to_owned(),
    ];
    expected.sort();
    let mut places = places;
    places.sort();
    assert_eq!(places, expected);
    // They are those of the rules.
    let rules = own_rules(&lowered, "sg-b", Direction::Ingress);
    let bare = rules.iter().filter(|rule| lowered.network.undescribed.contains(&rule.origin));
    assert_eq!(bare.count(), 4);
}
