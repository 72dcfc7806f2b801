//! Which interface has what of the platform's services (AWS-50).

use cloudfw_core::{Provision, Serving};

use super::*;

/// What `eni-a` has where its instance says this.
fn provisions(change: impl Fn(&mut Value)) -> Vec<Provision> {
    let mut estate = estate();
    let instance = &mut estate["Reservations"][0]["Instances"][0];
    instance["InstanceType"] = "t3.micro".into();
    instance["MetadataOptions"] = json!({
        "State": "applied", "HttpTokens": "required", "HttpPutResponseHopLimit": 1,
        "HttpEndpoint": "enabled", "HttpProtocolIpv6": "enabled",
        "InstanceMetadataTags": "disabled",
    });
    change(instance);
    interface_of(&lowered(&estate), "eni-a").platform.clone()
}

/// What is said of each address, in words.
fn told(provisions: &[Provision]) -> Vec<String> {
    let told = |one: &Provision| match &one.serving {
        Serving::Off { text, origin } => format!("{}: {text} {origin}", one.addresses),
        Serving::Unknown(unknown) => format!("{}: {unknown}", one.addresses),
    };
    provisions.iter().map(told).collect()
}

fn without(object: &mut Value, name: &str) {
    object.as_object_mut().expect("an object").remove(name);
}

/// Whether instance metadata is given over IPv4 and over IPv6: `on`, `off` or `?`.
fn metadata(change: impl Fn(&mut Value)) -> [&'static str; 2] {
    let provisions = provisions(change);
    ["169.254.169.254", "fd00:ec2::254"].map(|address| {
        let address = address.parse().expect("an address");
        let mut about = provisions.iter().filter(|one| one.addresses.contains(address));
        let found = about.next();
        assert!(about.next().is_none(), "told once: {provisions:#?}");
        match found.map(|one| &one.serving) {
            None => "on",
            Some(Serving::Off { .. }) => "off",
            Some(Serving::Unknown(_)) => "?",
        }
    })
}

#[test]
fn aws_50_instance_metadata_is_on_or_off_by_the_options_of_the_instance() {
    let with = |name: &'static str, told: &'static str| {
        metadata(move |instance| instance["MetadataOptions"][name] = told.into())
    };
    assert_eq!(metadata(|_| {}), ["on", "on"]);
    assert_eq!(with("HttpEndpoint", "disabled"), ["off", "off"]);
    assert_eq!(with("HttpProtocolIpv6", "disabled"), ["on", "off"]);
    // It asks for a token, and answers.
    assert_eq!(with("HttpTokens", "optional"), ["on", "on"]);
}

#[test]
fn aws_50_what_is_off_is_told_with_its_place() {
    let off =
        provisions(|instance| instance["MetadataOptions"]["HttpEndpoint"] = "disabled".into());
    assert_eq!(
        told(&off),
        ["169.254.169.254, fd00:ec2::254: instance metadata is off: `HttpEndpoint` is `disabled` \
          (requests get 403 Forbidden) estate.json /Reservations/0/Instances/0/MetadataOptions/HttpEndpoint"]
    );
}

#[test]
fn aws_50_what_is_not_told_or_not_understood_is_unknown() {
    let unsure = |name: &'static str, told: Value| {
        metadata(move |instance| {
            instance["MetadataOptions"]["HttpEndpoint"] = "disabled".into();
            instance["MetadataOptions"][name] = told.clone();
        })
    };
    for (name, told) in [
        ("State", json!("pending")),
        ("State", json!("frob")),
        ("State", Value::Null),
        ("HttpEndpoint", json!("frob")),
        ("HttpEndpoint", Value::Null),
    ] {
        assert_eq!(unsure(name, told.clone()), ["?", "?"], "{name} {told}");
    }
    for protocol in [json!("frob"), Value::Null] {
        let v6 = metadata(|instance| {
            instance["MetadataOptions"]["HttpProtocolIpv6"] = protocol.clone();
        });
        assert_eq!(v6, ["on", "?"]);
    }
    assert_eq!(metadata(|instance| without(instance, "MetadataOptions")), ["?", "?"]);
    let gap = provisions(|instance| without(instance, "MetadataOptions"));
    assert!(told(&gap)[0].contains("`MetadataOptions` is not recorded"), "{gap:?}");
}

/// Erasure: what is not told may make it unknown, and nothing else.
#[test]
fn aws_50_taking_away_what_decides_makes_it_unknown_at_most() {
    for (endpoint, protocol) in
        [("enabled", "enabled"), ("enabled", "disabled"), ("disabled", "disabled")]
    {
        let set = move |instance: &mut Value| {
            instance["MetadataOptions"]["HttpEndpoint"] = endpoint.into();
            instance["MetadataOptions"]["HttpProtocolIpv6"] = protocol.into();
        };
        let whole = metadata(set);
        let less = |change: &dyn Fn(&mut Value)| {
            let less = metadata(|instance| {
                set(instance);
                change(instance);
            });
            let fits = less.iter().zip(whole).all(|(less, whole)| *less == whole || *less == "?");
            assert!(fits, "{endpoint} {protocol}: {whole:?} {less:?}");
        };
        for name in ["MetadataOptions", "InstanceType", "NetworkInterfaces"] {
            less(&|instance| without(instance, name));
        }
        for name in ["State", "HttpEndpoint", "HttpProtocolIpv6", "HttpTokens"] {
            less(&|instance| without(&mut instance["MetadataOptions"], name));
        }
    }
}

#[test]
fn aws_50_services_over_ipv6_want_an_instance_on_the_nitro_system() {
    let older = |instance: &mut Value| instance["InstanceType"] = "t2.micro".into();
    assert_eq!(metadata(older), ["on", "?"]);
    let addresses: Vec<String> =
        provisions(older).iter().map(|one| one.addresses.to_string()).collect();
    assert_eq!(addresses, ["fd00:ec2::123, fd00:ec2::253", "fd00:ec2::254"]);
    assert_eq!(metadata(|instance| without(instance, "InstanceType")), ["on", "?"]);
}

#[test]
fn aws_50_an_interface_whose_instance_is_not_recorded_may_have_metadata() {
    let mut estate = estate();
    estate["Reservations"] = json!([]);
    let lowered = lowered(&estate);
    let told = told(&interface_of(&lowered, "eni-a").platform);
    assert!(told[0].contains("`MetadataOptions` of i-a"), "{told:?}");
    // So may what is no instance.
    let nat = &interface_of(&lowered, "eni-nat").platform;
    assert!(matches!(nat[0].serving, Serving::Unknown(_)));
}

#[test]
fn aws_50_what_answers_at_the_reserved_addresses_of_a_subnet_is_not_known() {
    let at = |estate: &Value, address: &str| {
        let lowered = lowered(estate);
        let address = address.parse().expect("an address");
        let services = &lowered.network.routers["vpc-1"].platform;
        let mut found = services.iter().filter(|one| one.addresses.contains(address));
        let name = found.next().map(|one| (one.name.to_string(), one.beyond.is_some()));
        assert!(found.next().is_none(), "one at each address");
        name
    };
    let reserved = Some(("reserved addresses".to_owned(), true));
    for address in ["10.0.1.0", "10.0.1.1", "10.0.2.2", "10.0.2.3", "10.0.2.255", "10.0.0.1"] {
        assert_eq!(at(&estate(), address), reserved, "{address}");
    }
    assert_eq!(at(&estate(), "10.0.0.2").expect("a service").0, "Amazon DNS");
    assert_eq!(at(&estate(), "10.0.1.4"), None);
    // Emulators hand them out.
    let mut held = estate();
    held["NetworkInterfaces"][0] = interface("eni-a", "subnet-a", "10.0.1.1", "i-a", "sg-a");
    assert_eq!(at(&held, "10.0.1.1"), None);
}
