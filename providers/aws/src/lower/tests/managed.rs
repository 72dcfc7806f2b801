//! Who opens connections: the interfaces of managed services.

use cloudfw_core::Initiative;

use super::*;

/// Whether an interface that hangs on no instance opens connections: `yes`, `no` or why it is not
/// known.
fn opens(change: impl Fn(&mut Value)) -> String {
    let mut estate = estate();
    let interface = &mut estate["NetworkInterfaces"][0];
    interface["Attachment"] = json!({"InstanceOwnerId": "amazon-aws", "DeviceIndex": 1});
    interface["RequesterManaged"] = true.into();
    interface["Description"] = "RDSNetworkInterface".into();
    change(interface);
    match &interface_of(&lowered(&estate), "eni-a").initiative {
        Initiative::Opens => "yes".to_owned(),
        Initiative::Answers(_) => "no".to_owned(),
        Initiative::Unknown(unknown) => unknown.why.to_string(),
    }
}

fn of_type(told: &'static str) -> String {
    opens(move |interface| interface["InterfaceType"] = told.into())
}

fn described(told: &'static str) -> String {
    opens(move |interface| interface["Description"] = told.into())
}

#[test]
fn an_interface_endpoint_opens_no_connections() {
    assert_eq!(of_type("vpc_endpoint"), "no");
    // Whatever type it has in the recording, if its endpoint names it.
    let mut estate = estate();
    estate["NetworkInterfaces"][0]["Attachment"] = Value::Null;
    estate["VpcEndpoints"] = json!([{
        "VpcEndpointId": "vpce-1", "VpcEndpointType": "Interface", "VpcId": "vpc-1",
        "State": "available", "NetworkInterfaceIds": ["eni-a"],
    }]);
    let lowered = lowered(&estate);
    assert!(matches!(interface_of(&lowered, "eni-a").initiative, Initiative::Answers(_)));
}

#[test]
fn what_nobody_says_opens_connections_may() {
    for told in ["efs", "transit_gateway", "gateway_load_balancer_endpoint", "frob"] {
        assert!(of_type(told).contains("no document says"), "{told}");
    }
    assert!(described("EFS mount target for fs-1 (fsmt-1)").contains("a mount target"));
    assert!(described("Route 53 Resolver: rslvr-in-1:rslvr-rr-1").contains("an inbound endpoint"));
    let untold = |name: &'static str| opens(move |interface| interface[name] = Value::Null);
    assert!(untold("Description").contains("`Description` is not recorded"));
    assert!(untold("InterfaceType").contains("`InterfaceType` is not recorded"));
}

/// Erasure: what is not told may make it unknown, and nothing else.
#[test]
fn taking_away_what_tells_who_opens_connections_never_tells_otherwise() {
    let endpoint = |interface: &mut Value| {
        interface["InterfaceType"] = "vpc_endpoint".into();
        interface["Description"] = "VPC Endpoint Interface vpce-1".into();
    };
    let share = |interface: &mut Value| {
        interface["InterfaceType"] = "efs".into();
        interface["Description"] = "EFS mount target for fs-1 (fsmt-1)".into();
    };
    let database = |_: &mut Value| {};
    for (what, whole) in
        [(&endpoint as &dyn Fn(&mut Value), "no"), (&share, "?"), (&database, "yes")]
    {
        for name in ["InterfaceType", "Description", "RequesterManaged", "Attachment", "Status"] {
            let less = opens(|interface| {
                what(interface);
                interface.as_object_mut().expect("an object").remove(name);
            });
            let told = if ["yes", "no"].contains(&&*less) { &*less } else { "?" };
            assert!(told == whole || told == "?", "{whole} without `{name}`: {less}");
        }
    }
}

#[test]
fn the_rest_are_clients_of_something() {
    for told in ["interface", "lambda", "network_load_balancer", "ec2_instance_connect_endpoint"] {
        assert_eq!(of_type(told), "yes", "{told}");
    }
    assert_eq!(described("Route 53 Resolver: rslvr-out-1:rslvr-rr-1"), "yes");
    // NAT gateways do (AWS-67), and instances, whatever else is told of them.
    let lowered = lowered(&estate());
    assert_eq!(interface_of(&lowered, "eni-nat").initiative, Initiative::Opens);
    assert_eq!(interface_of(&lowered, "eni-a").initiative, Initiative::Opens);
}

#[test]
fn behind_an_endpoint_that_does_not_work_nobody_answers() {
    use cloudfw_core::Liveness;
    let behind = |state: Value, by_id: bool| {
        let mut estate = estate();
        let interface = &mut estate["NetworkInterfaces"][0];
        interface["InterfaceType"] = "vpc_endpoint".into();
        interface["RequesterManaged"] = true.into();
        interface["Description"] = "VPC Endpoint Interface vpce-1".into();
        interface["Attachment"] = json!({"InstanceOwnerId": "amazon-aws", "DeviceIndex": 1});
        estate["VpcEndpoints"] = json!([{
            "VpcEndpointId": "vpce-1", "VpcEndpointType": "Interface", "VpcId": "vpc-1",
            "State": state, "NetworkInterfaceIds": if by_id { json!(["eni-a"]) } else { json!(null) },
        }]);
        match &interface_of(&lowered(&estate), "eni-a").liveness {
            Liveness::Up => "yes".to_owned(),
            Liveness::Down(why) => why.to_string(),
            Liveness::Unknown(unknown) => format!("? {}", unknown.why),
        }
    };
    for by_id in [true, false] {
        assert_eq!(behind("available".into(), by_id), "yes");
        assert_eq!(behind("rejected".into(), by_id), "the endpoint is rejected");
        assert_eq!(behind("pendingAcceptance".into(), by_id), "the endpoint is pendingacceptance");
        assert_eq!(behind("frob".into(), by_id), "? it was recorded as `frob`");
        assert_eq!(behind(Value::Null, by_id), "? its state is not recorded");
    }
}
