//! Interfaces and addresses that something tells of and that were not read.

use cloudfw_core::Role;

use super::*;

fn without(path: &str, field: &str) -> Lowered {
    let mut estate = estate();
    let object = estate.pointer_mut(path).and_then(Value::as_object_mut);
    object.expect("an object").remove(field);
    lowered(&estate)
}

/// What is unread in the VPC.
fn unread(lowered: &Lowered) -> Vec<&str> {
    let unread = &lowered.network.routers[&Id::new("vpc-1")].unread;
    unread.iter().map(|unknown| &*unknown.what).collect()
}

#[test]
fn an_interface_without_an_id_keeps_its_instance_and_its_addresses() {
    let lowered = without("/NetworkInterfaces/0", "NetworkInterfaceId");
    let host = &lowered.network.hosts[&Id::new("i-a")];
    let id = "the interface without an id at estate.json#/NetworkInterfaces/0";
    assert_eq!(host.interfaces, [Id::new(id)]);
    assert_eq!(interface_of(&lowered, id).addresses.len(), 1);
    assert_eq!(host.unread.len(), 1, "there may be others");
    assert_eq!(unread(&lowered), ["the interfaces of vpc-1"]);
}

#[test]
fn an_instance_may_have_interfaces_that_were_not_read() {
    let mut estate = estate();
    let mine = |id: &str| json!([{"NetworkInterfaceId": id, "PrivateIpAddress": "10.0.1.10"}]);
    estate["Reservations"][0]["Instances"][0]["NetworkInterfaces"] = mine("eni-a");
    let host = |lowered: &Lowered| lowered.network.hosts[&Id::new("i-a")].unread.len();
    assert_eq!((host(&lowered(&estate)), unread(&lowered(&estate)).len()), (0, 0));
    estate["Reservations"][0]["Instances"][0]["NetworkInterfaces"] = mine("eni-gone");
    let one_less = lowered(&estate);
    assert_eq!(host(&one_less), 1);
    assert_eq!(unread(&one_less), ["the interface eni-gone of i-a"]);
    estate["Reservations"][0]["Instances"][0]["State"]["Name"] = "terminated".into();
    assert_eq!(host(&lowered(&estate)), 0);
}

#[test]
fn assuming_none_makes_no_interface_of_an_instance_go_away() {
    let mut estate = estate();
    estate.as_object_mut().expect("an object").remove("NetworkInterfaces");
    let instance = &mut estate["Reservations"][0]["Instances"][0];
    instance["VpcId"] = "vpc-1".into();
    instance["PrivateIpAddress"] = "10.0.1.10".into();
    let lowered = assuming_none(&estate);
    assert_eq!(unread(&lowered), ["the interface of i-a with the address 10.0.1.10"]);
}

#[test]
fn an_interface_that_does_not_tell_its_ipv6_addresses_may_have_some() {
    let mut estate = estate();
    let unread = |estate: &Value| interface_of(&lowered(estate), "eni-a").unread.clone();
    assert_eq!(unread(&estate), cloudfw_core::UnreadAddresses::default(), "the subnet has none");
    estate["Subnets"][0]["Ipv6CidrBlockAssociationSet"] = json!([
        {"Ipv6CidrBlock": "2001:db8:1::/64", "Ipv6CidrBlockState": {"State": "associated"}},
    ]);
    let none = unread(&estate);
    assert!(none.v4.is_none() && none.v6.is_some());
    estate["NetworkInterfaces"][0]["Ipv6Addresses"] = json!([]);
    assert!(unread(&estate).v6.is_none());
    estate["NetworkInterfaces"][0]["Ipv6Addresses"] = json!([{}]);
    assert!(unread(&estate).v6.is_some());
}

#[test]
fn an_interface_whose_primary_address_is_told_badly_may_have_any() {
    let mut estate = estate();
    let unread = |estate: &Value| interface_of(&lowered(estate), "eni-a").unread.v4.is_some();
    let second = json!({"PrivateIpAddress": "frob", "Primary": false});
    estate["NetworkInterfaces"][0]["PrivateIpAddresses"]
        .as_array_mut()
        .expect("a list")
        .push(second);
    assert!(!unread(&estate), "the primary one is known");
    estate["NetworkInterfaces"][0]["PrivateIpAddress"] = "frob".into();
    estate["NetworkInterfaces"][0]["PrivateIpAddresses"][0]["PrivateIpAddress"] = "frob".into();
    assert!(unread(&estate));
}

#[test]
fn a_nat_gateway_whose_public_address_is_not_recorded_may_have_any() {
    let lowered = without("/NatGateways/0/NatGatewayAddresses/0", "PublicIp");
    assert_eq!(unread(&lowered), ["the public address of nat-1"]);
}

#[test]
fn a_subnet_in_another_vpc_than_its_interfaces_is_not_understood() {
    let mut estate = estate();
    estate["Subnets"][0]["VpcId"] = "vpc-9".into();
    let lowered = lowered(&estate);
    let subnet = &lowered.network.subnets[&Id::new("subnet-a")];
    assert_eq!(subnet.router, Id::new("vpc-1"));
    assert_eq!(unread(&lowered), ["the VPC of subnet-a"]);
    let boundary = subnet.boundary.filters[0].to_string();
    assert_eq!(bounds(&lowered, &boundary, Direction::Ingress), NOTHING_KNOWN);
    let routes = &lowered.network.tables[&subnet.table].routes;
    assert!(routes.iter().all(|route| matches!(route.target, Target::Unknown(_))));
}

#[test]
fn an_interface_in_a_subnet_that_does_not_exist_is_routed_nobody_knows_how() {
    let mut estate = estate();
    estate["NetworkInterfaces"][0]["SubnetId"] = "subnet-9".into();
    let lowered = lowered(&estate);
    let subnet = &lowered.network.subnets[&interface_of(&lowered, "eni-a").subnet];
    let routes = &lowered.network.tables[&subnet.table].routes;
    assert!(routes.iter().all(|route| matches!(route.target, Target::Unknown(_))));
}

#[test]
fn aws_61_a_vpc_that_does_not_tell_its_ipv6_blocks_has_those_of_its_subnets() {
    let mut estate = estate();
    estate["Subnets"][0]["Ipv6CidrBlockAssociationSet"] = json!([
        {"Ipv6CidrBlock": "2001:db8:1::/64", "Ipv6CidrBlockState": {"State": "associated"}},
    ]);
    let mut of_vpc = local("10.0.0.0/16");
    of_vpc.as_object_mut().expect("an object").remove("DestinationCidrBlock");
    of_vpc["DestinationIpv6CidrBlock"] = "2001:db8:1::/56".into();
    estate["RouteTables"][0]["Routes"].as_array_mut().expect("a list").push(of_vpc);
    estate["Vpcs"][0].as_object_mut().expect("an object").remove("Ipv6CidrBlockAssociationSet");
    let lowered = lowered(&estate);
    assert_eq!(target(&lowered, "rtb-2", "2001:db8:1::/64 -> local"), Target::Local);
    let own = &lowered.network.routers[&Id::new("vpc-1")].addresses;
    assert!(own.contains("2001:db8:1:ff::1".parse().expect("an address")), "{own}");
}

#[test]
fn aws_74_what_a_service_manages_and_does_not_describe_may_be_a_balancer() {
    let role = |field: &str| {
        let mut estate = estate();
        let interface = &mut estate["NetworkInterfaces"][0];
        interface["Attachment"] = json!({"InstanceOwnerId": "amazon-elb", "DeviceIndex": 1});
        interface["RequesterManaged"] = true.into();
        interface["Description"] = "ElastiCache web".into();
        interface.as_object_mut().expect("an object").remove(field);
        interface_of(&lowered(&estate), "eni-a").role.clone()
    };
    assert!(matches!(role("nothing"), Role::Endpoint));
    assert!(matches!(role("Description"), Role::Opaque(_)));
    assert!(matches!(role("InterfaceType"), Role::Opaque(_)));
}
