//! Interfaces, hosts and resources.

use cloudfw_core::{Client, Liveness, Role};

use super::*;

fn with_interface(change: impl Fn(&mut Value)) -> Lowered {
    let mut estate = estate();
    change(&mut estate["NetworkInterfaces"][0]);
    lowered(&estate)
}

fn addresses(lowered: &Lowered, id: &str) -> Vec<String> {
    let shown = |address: &cloudfw_core::Address| match address.public {
        Some(public) => format!("{} as {public}", address.ip),
        None => address.ip.to_string(),
    };
    interface_of(lowered, id).addresses.iter().map(shown).collect()
}

#[test]
fn addresses_come_primary_first_with_their_public_ones() {
    let lowered = with_interface(|interface| {
        interface["PrivateIpAddresses"] = json!([
            {"PrivateIpAddress": "10.0.1.9", "Primary": false,
                "Association": {"PublicIp": "203.0.113.9"}},
            {"PrivateIpAddress": "10.0.1.10", "Primary": true,
                "Association": {"PublicIp": "203.0.113.10"}},
        ]);
        interface["Ipv6Addresses"] =
            json!([{"Ipv6Address": "2001:db8:1::7"}, {"Ipv6Address": "2001:db8:1::6"}]);
    });
    assert_eq!(
        addresses(&lowered, "eni-a"),
        ["10.0.1.10 as 203.0.113.10", "10.0.1.9 as 203.0.113.9", "2001:db8:1::6", "2001:db8:1::7"]
    );
}

#[test]
fn an_elastic_address_is_also_known_by_describe_addresses() {
    let mut estate = estate();
    estate["Addresses"] = json!([{
        "PublicIp": "203.0.113.77", "NetworkInterfaceId": "eni-b",
        "PrivateIpAddress": "10.0.2.20",
    }]);
    assert_eq!(addresses(&lowered(&estate), "eni-b"), ["10.0.2.20 as 203.0.113.77"]);
}

#[test]
fn bad_addresses_are_warned_of() {
    let lowered = with_interface(|interface| {
        interface["PrivateIpAddresses"] = json!([{"PrivateIpAddress": "10.0.1.999"}]);
    });
    assert!(addresses(&lowered, "eni-a").is_empty());
    assert_eq!(lowered.network.routers[&Id::new("vpc-1")].unread.len(), 1);
    assert!(lowered.warnings.iter().any(|warning| warning.what.contains("10.0.1.999")));
}

#[test]
fn a_public_address_that_cannot_be_read_may_be_any() {
    for (association, hidden) in [
        (json!({"PublicIp": "??"}), true),
        (json!({"PublicIp": "2001:db8::1"}), true),
        (json!({"AllocationId": "eipalloc-1"}), true),
        // An emulator's way to say that there is none.
        (json!({}), false),
        (json!({"PublicIp": "203.0.113.10"}), false),
    ] {
        let lowered = with_interface(|interface| {
            interface.as_object_mut().unwrap().remove("Association");
            interface["PrivateIpAddresses"] = json!([
                {"PrivateIpAddress": "10.0.1.10", "Primary": true, "Association": association},
            ]);
        });
        let unread = &lowered.network.routers[&Id::new("vpc-1")].unread;
        assert_eq!(!unread.is_empty(), hidden, "{association}: {unread:?}");
    }
}

#[test]
fn aws_41_windows_opens_connections_from_other_ports() {
    let client = |change: &dyn Fn(&mut Value)| {
        let mut estate = estate();
        change(&mut estate["Reservations"][0]["Instances"][0]);
        interface_of(&lowered(&estate), "eni-a").client.clone()
    };
    assert_eq!(client(&|_| {}), Client::linux());
    assert_eq!(client(&|instance| instance["Platform"] = "Windows".into()), Client::windows());
    let details = |instance: &mut Value| {
        instance["PlatformDetails"] = "Windows with SQL Server Standard".into();
    };
    assert_eq!(client(&details), Client::windows());
}

#[test]
fn what_is_behind_an_interface_runs_or_not() {
    let state = |state: &str| {
        let mut estate = estate();
        estate["Reservations"][0]["Instances"][0]["State"]["Name"] = state.into();
        interface_of(&lowered(&estate), "eni-a").liveness.clone()
    };
    assert_eq!(state("running"), Liveness::Up);
    assert_eq!(state("stopped"), Liveness::Down("the instance is stopped".into()));
    assert!(matches!(state("pending"), Liveness::Unknown(_)));
}

#[test]
fn an_instance_that_is_not_recorded_may_run() {
    let mut estate = estate();
    estate["Reservations"] = json!([]);
    let lowered = lowered(&estate);
    let interface = interface_of(&lowered, "eni-a");
    assert!(matches!(interface.liveness, Liveness::Unknown(_)));
    assert_eq!(interface.client, Client::any());
    let host = interface.host.as_ref().expect("a host");
    assert_eq!(&*lowered.network.hosts[host].label.id, "i-a");
}

#[test]
fn an_unattached_interface_is_down_and_a_managed_one_is_up() {
    let detached = |status: &'static str, managed: bool| {
        let lowered = with_interface(move |interface| {
            interface.as_object_mut().expect("an object").remove("Attachment");
            interface["Status"] = status.into();
            interface["RequesterManaged"] = managed.into();
        });
        interface_of(&lowered, "eni-a").liveness.clone()
    };
    let down = Liveness::Down("the interface is attached to nothing".into());
    assert_eq!(detached("available", false), down);
    assert_eq!(detached("in-use", true), Liveness::Up);
    assert!(matches!(detached("in-use", false), Liveness::Unknown(_)));
}

#[test]
fn an_interface_that_does_not_say_what_it_hangs_on_is_its_instance_s() {
    let mut estate = estate();
    estate["NetworkInterfaces"][0]["Attachment"] = Value::Null;
    estate["Reservations"][0]["Instances"][0]["NetworkInterfaces"] =
        json!([{"NetworkInterfaceId": "eni-a"}]);
    assert_eq!(interface_of(&lowered(&estate), "eni-a").host, Some(Id::new("i-a")));
}

#[test]
fn an_interface_that_does_not_say_its_subnet_is_in_that_of_its_address() {
    let lowered = with_interface(|interface| interface["SubnetId"] = Value::Null);
    assert_eq!(interface_of(&lowered, "eni-a").subnet, Id::new("subnet-a"));
}

#[test]
fn aws_73_the_source_destination_check() {
    let forwards = |check: Value| {
        let lowered = with_interface(|interface| interface["SourceDestCheck"] = check.clone());
        interface_of(&lowered, "eni-a").forwards
    };
    assert!(!forwards(json!(true)));
    assert!(forwards(json!(false)));
    // It may be off: what is behind an appliance is not known, so that nothing is proved.
    assert!(forwards(Value::Null));
}

#[test]
fn an_interface_told_to_have_nothing_to_do_with_internet_gateways_may_not() {
    let lowered = with_interface(|interface| interface["DenyAllIgwTraffic"] = true.into());
    let filters = &interface_of(&lowered, "eni-a").stack.filters;
    assert_eq!(filters.len(), 2);
    let filter = filters[1].as_str();
    assert_eq!(bounds(&lowered, filter, Direction::Ingress), ("some", "all"));
    assert_eq!(bounds(&lowered, filter, Direction::Egress), ("some", "all"));
}

#[test]
fn aws_74_balancers_are_hops_that_nobody_sees_through_and_keep_their_groups() {
    let lowered = with_interface(|interface| {
        interface["Description"] = "ELB app/web/50dc6c495c0c9188".into();
        interface["RequesterManaged"] = true.into();
        interface.as_object_mut().expect("an object").remove("Attachment");
    });
    assert!(matches!(interface_of(&lowered, "eni-a").role, Role::Opaque(_)));
    assert_eq!(filter_of(&lowered, "eni-a"), "sg-a");
}

#[test]
fn aws_74_a_network_balancer_without_groups_is_not_filtered() {
    let with = |groups: Option<Value>| {
        with_interface(move |interface| {
            interface["InterfaceType"] = "network_load_balancer".into();
            interface["Description"] = "ELB net/web/50dc6c495c0c9188".into();
            match &groups {
                Some(groups) => interface["Groups"] = groups.clone(),
                None => drop(interface.as_object_mut().expect("an object").remove("Groups")),
            }
        })
    };
    assert!(interface_of(&with(Some(json!([]))), "eni-a").stack.filters.is_empty());
    // Not told is not none.
    let untold = with(None);
    let filter = filter_of(&untold, "eni-a");
    assert_eq!(bounds(&untold, &filter, Direction::Ingress), NOTHING_KNOWN);
}

#[test]
fn a_resource_means_its_interfaces() {
    let lowered = lowered(&estate());
    let of = |kind: &str, id: &str| {
        let found = lowered.resources.iter().find(|one| one.kind == kind && &*one.id == id);
        let found = found.unwrap_or_else(|| panic!("{kind} {id}"));
        let ids = found.interfaces.iter().map(ToString::to_string).collect::<Vec<_>>();
        (found.name.as_deref().map(str::to_owned), ids.join(" "))
    };
    assert_eq!(of("instance", "i-b"), (Some("db".to_owned()), "eni-b".to_owned()));
    assert_eq!(of("subnet", "subnet-a"), (None, "eni-a eni-nat".to_owned()));
    assert_eq!(of("vpc", "vpc-1").0, Some("main".to_owned()));
    assert_eq!(of("security-group", "sg-a"), (Some("sg-a".to_owned()), "eni-a".to_owned()));
    assert_eq!(of("nat-gateway", "nat-1"), (None, "eni-nat".to_owned()));
}

#[test]
fn resources_have_arns() {
    let lowered = lowered(&estate());
    let found = lowered.resources.iter().find(|one| &*one.id == "i-a").expect("the instance");
    assert_eq!(found.arn.as_deref(), Some("arn:aws:ec2:eu-central-1:111122223333:instance/i-a"));
}
