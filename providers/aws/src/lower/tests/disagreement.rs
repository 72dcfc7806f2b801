//! What is told of an interface in two ways.

use cloudfw_core::{Liveness, Role};

use super::*;

const PUBLIC: &str = "203.0.113.10";

/// The estate with a public address of `eni-a`, and its instance telling of it, changed.
fn with(change: impl Fn(&mut Value)) -> Lowered {
    let mut estate = estate();
    let association = json!({"PublicIp": PUBLIC, "IpOwnerId": "amazon"});
    let interface = &mut estate["NetworkInterfaces"][0];
    interface["Attachment"]["Status"] = "attached".into();
    interface["Association"] = association.clone();
    interface["PrivateIpAddresses"][0]["Association"] = association.clone();
    estate["Reservations"][0]["Instances"][0]["NetworkInterfaces"] = json!([{
        "NetworkInterfaceId": "eni-a", "SubnetId": "subnet-a", "Groups": [{"GroupId": "sg-a"}],
        "PrivateIpAddress": "10.0.1.10", "Association": association,
        "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.10", "Association": association}],
    }]);
    change(&mut estate);
    lowered(&estate)
}

/// Takes the public address from the interface.
fn without_association(estate: &mut Value) {
    let interface = estate["NetworkInterfaces"][0].as_object_mut().expect("an object");
    interface.remove("Association");
    interface["PrivateIpAddresses"] = json!([{"PrivateIpAddress": "10.0.1.10", "Primary": true}]);
}

/// What the filters of an interface let in beside its groups' one.
fn doubted(lowered: &Lowered, id: &str) -> Option<(&'static str, &'static str)> {
    let filter = interface_of(lowered, id).stack.filters.get(1)?;
    assert_eq!(
        bounds(lowered, filter.as_str(), Direction::Ingress),
        bounds(lowered, filter.as_str(), Direction::Egress)
    );
    Some(bounds(lowered, filter.as_str(), Direction::Ingress))
}

fn public_of(lowered: &Lowered, id: &str) -> Option<String> {
    interface_of(lowered, id).addresses[0].public.map(|ip| ip.to_string())
}

#[test]
fn what_is_told_alike_is_not_in_doubt() {
    let lowered = with(|_| {});
    let interface = interface_of(&lowered, "eni-a");
    assert_eq!(interface.liveness, Liveness::Up);
    assert_eq!(filter_of(&lowered, "eni-a"), "sg-a");
    assert!(lowered.network.unheld_public.is_empty());
}

#[test]
fn an_interface_whose_state_is_not_attached_may_answer_nobody() {
    for (status, attachment, is_up) in [
        (json!("in-use"), json!("attached"), true),
        (json!("associated"), json!("attached"), true),
        (Value::Null, Value::Null, true),
        (json!("available"), json!("attached"), false),
        (json!("detaching"), json!("attached"), false),
        (json!("in-use"), json!("attaching"), false),
        (json!("in-use"), json!("detached"), false),
        (json!("in-use"), json!("busy"), false),
    ] {
        let lowered = with(|estate| {
            estate["NetworkInterfaces"][0]["Status"] = status.clone();
            estate["NetworkInterfaces"][0]["Attachment"]["Status"] = attachment.clone();
        });
        let interface = interface_of(&lowered, "eni-a");
        assert_eq!(interface.host, Some(Id::new("i-a")));
        match &interface.liveness {
            Liveness::Up => assert!(is_up, "{status} {attachment}"),
            Liveness::Unknown(gap) => {
                assert!(!is_up && gap.why.contains("Status"), "{status} {attachment}: {gap}");
            }
            Liveness::Down(why) => panic!("{status} {attachment}: {why}"),
        }
    }
}

#[test]
fn a_public_address_that_only_others_tell_of_is_in_doubt() {
    let of_instance = with(without_association);
    assert_eq!(public_of(&of_instance, "eni-a").as_deref(), Some(PUBLIC));
    assert_eq!(doubted(&of_instance, "eni-a"), Some(("some", "all")));

    let of_address = with(|estate| {
        without_association(estate);
        estate["Reservations"][0]["Instances"][0]["NetworkInterfaces"] =
            json!([{"NetworkInterfaceId": "eni-a"}]);
        estate["Addresses"] = json!([{"PublicIp": "203.0.113.77", "InstanceId": "i-a"}]);
    });
    assert_eq!(public_of(&of_address, "eni-a").as_deref(), Some("203.0.113.77"));
    assert_eq!(doubted(&of_address, "eni-a"), Some(("some", "all")));
}

#[test]
fn two_public_addresses_of_one_address_are_in_doubt() {
    let lowered = with(|estate| {
        estate["Addresses"] = json!([{
            "PublicIp": "203.0.113.77", "NetworkInterfaceId": "eni-a",
            "PrivateIpAddress": "10.0.1.10",
        }]);
    });
    assert_eq!(public_of(&lowered, "eni-a").as_deref(), Some(PUBLIC));
    assert_eq!(doubted(&lowered, "eni-a"), Some(("some", "all")));
    assert!(lowered.network.unheld_public.contains_key(&"203.0.113.77".parse().unwrap()));
}

#[test]
fn one_public_address_of_two_interfaces_is_in_doubt() {
    let lowered = with(|estate| {
        estate["NetworkInterfaces"][1]["Association"] = json!({"PublicIp": PUBLIC});
    });
    for id in ["eni-a", "eni-b"] {
        assert_eq!(doubted(&lowered, id), Some(("some", "all")), "{id}");
    }
}

#[test]
fn groups_that_the_instance_tells_otherwise_are_not_known() {
    let lowered = with(|estate| {
        estate["Reservations"][0]["Instances"][0]["NetworkInterfaces"][0]["Groups"] =
            json!([{"GroupId": "sg-b"}]);
    });
    let filter = filter_of(&lowered, "eni-a");
    assert_eq!(bounds(&lowered, &filter, Direction::Ingress), NOTHING_KNOWN);
    assert!(interface_of(&lowered, "eni-a").groups.is_empty());
}

#[test]
fn a_subnet_that_the_instance_tells_otherwise_is_not_known() {
    let lowered = with(|estate| {
        estate["Reservations"][0]["Instances"][0]["NetworkInterfaces"][0]["SubnetId"] =
            "subnet-b".into();
    });
    let liveness = &interface_of(&lowered, "eni-a").liveness;
    assert!(matches!(liveness, Liveness::Unknown(gap) if gap.why.contains("SubnetId")));
}

#[test]
fn an_elastic_address_that_nothing_has_is_the_estate_s() {
    let unheld = |address: Value| {
        let lowered = with(|estate| estate["Addresses"] = json!([address.clone()]));
        let mut unheld = lowered.network.unheld_public.into_iter();
        unheld.next().map(|(ip, gap)| (ip.to_string(), gap.why.to_string()))
    };
    let free = json!({"PublicIp": "203.0.113.88", "AllocationId": "eipalloc-1", "InstanceId": ""});
    let (address, why) = unheld(free).expect("an address of the estate");
    assert!(address == "203.0.113.88" && why.contains("with nothing"), "{address}: {why}");
    for (field, value) in [("NetworkInterfaceId", "eni-gone"), ("InstanceId", "i-gone")] {
        let mut dangling = json!({"PublicIp": "203.0.113.88", "AssociationId": "eipassoc-1"});
        dangling[field] = value.into();
        let (_, why) = unheld(dangling).expect("an address of the estate");
        assert!(why.contains("not recorded"), "{why}");
    }
    let elsewhere = json!({
        "PublicIp": "203.0.113.88", "NetworkInterfaceId": "eni-a", "PrivateIpAddress": "10.0.1.99",
    });
    assert!(unheld(elsewhere).is_some());
    assert_eq!(unheld(json!({"PublicIp": PUBLIC, "NetworkInterfaceId": "eni-a"})), None);
    // A NAT gateway has its own.
    assert_eq!(unheld(json!({"PublicIp": "203.0.113.99", "AssociationId": "x"})), None);
}

#[test]
fn an_interface_that_is_told_in_two_ways_is_still_its_instance_s() {
    let mut estate = estate();
    let mut other = estate["NetworkInterfaces"][0].clone();
    other["SourceDestCheck"] = false.into();
    estate["NetworkInterfaces"].as_array_mut().expect("a list").push(other);
    let lowered = lowered(&estate);
    let interface = interface_of(&lowered, "eni-a");
    assert_eq!(interface.host, Some(Id::new("i-a")));
    assert!(matches!(interface.role, Role::Opaque(_)));
    assert!(matches!(&interface.liveness, Liveness::Unknown(gap) if gap.why.contains("twice")));
}

#[test]
fn a_public_address_that_is_none_may_be_any() {
    for none in ["10.1.2.3", "255.255.255.255", "127.0.0.1"] {
        let lowered = with(|estate| {
            without_association(estate);
            estate["Reservations"][0]["Instances"][0]["NetworkInterfaces"] =
                json!([{"NetworkInterfaceId": "eni-a"}]);
            estate["NetworkInterfaces"][0]["PrivateIpAddresses"][0]["Association"] =
                json!({"PublicIp": none});
        });
        assert_eq!(public_of(&lowered, "eni-a"), None);
        assert_eq!(lowered.network.routers[&Id::new("vpc-1")].unread.len(), 1, "{none}");
    }
}

#[test]
fn an_instance_without_an_id_keeps_its_name() {
    let lowered = with(|estate| {
        let instance = &mut estate["Reservations"][0]["Instances"][0];
        instance.as_object_mut().expect("an object").remove("InstanceId");
    });
    let mut hosts = lowered.network.hosts.values();
    let host = hosts.find(|host| host.label.name.as_deref() == Some("web")).expect("the instance");
    assert!(host.interfaces.is_empty());
    assert_eq!(host.unread.len(), 1, "{:?}", host.unread);
    assert!(lowered.warnings.iter().any(|warning| warning.why.contains("no id")));
}

#[test]
fn an_interface_that_an_instance_claims_and_that_is_another_s_is_not_known() {
    let lowered = with(|estate| {
        estate["Reservations"][0]["Instances"][1]["NetworkInterfaces"] =
            json!([{"NetworkInterfaceId": "eni-a"}, {"NetworkInterfaceId": "eni-b"}]);
    });
    assert!(lowered.network.hosts[&Id::new("i-a")].unread.is_empty());
    assert_eq!(lowered.network.hosts[&Id::new("i-b")].unread.len(), 1);
}
