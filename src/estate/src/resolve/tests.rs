use cloudfw_core::Network;

use super::*;

/// Two VPCs that overlap, a third that the first is linked to, and a way out.
const ESTATE: &str = "
external internet 0.0.0.0/0,::/0
router vpc-1 10.0.0.0/16,2001:db8:1::/56
router vpc-2 10.0.0.0/16
router vpc-3 10.3.0.0/16
subnet a in vpc-1 10.0.1.0/24,2001:db8:1::/64 table rt
subnet b in vpc-2 10.0.1.0/24 table rt
subnet c in vpc-3 10.3.1.0/24 table rt
table rt
  0.0.0.0/0 -> igw
gateway igw border vpc-1 internet
gateway peering link vpc-1 vpc-3
interface web in a 10.0.1.10 public 203.0.113.10 2001:db8:1::10 groups clients
interface web-2 in a 10.0.1.11 groups clients
interface twin in b 10.0.1.10
interface db in c 10.3.1.20
";

struct Known {
    network: Network,
    index: Index,
}

fn known(text: &str) -> Known {
    let network = Network::from_text(text).unwrap();
    let index = Index::new(&network, Vec::new());
    Known { network, index }
}

impl Known {
    fn end(&self, text: &str) -> Result<Vec<String>, QueryError> {
        let resolver = Resolver { network: &self.network, index: &self.index };
        Ok(resolver.end(text)?.iter().map(shown).collect())
    }

    fn error(&self, text: &str) -> String {
        let resolver = Resolver { network: &self.network, index: &self.index };
        resolver.source(text).expect_err(text).to_string()
    }

    fn split(&self, text: &str) -> Result<(String, Option<String>), QueryError> {
        let resolver = Resolver { network: &self.network, index: &self.index };
        let target = resolver.destination(text, false)?;
        Ok((target.text.to_owned(), target.service.map(|service| service.to_string())))
    }
}

fn shown(party: &Party) -> String {
    match party {
        Party::Interface { id, wanted: Wanted::Any } => id.to_string(),
        Party::Interface { id, wanted: Wanted::Exactly { own, dialled: None } } => {
            format!("{id} at {own}")
        }
        Party::Interface { id, wanted: Wanted::Exactly { own, dialled: Some(dialled) } } => {
            format!("{id} at {own} dialled {dialled}")
        }
        Party::Interface { id, wanted: Wanted::Within(set) } => format!("{id} in {set}"),
        Party::External { id, addresses } if addresses.nets().len() > 1 => {
            format!("{id} {}", if addresses.v4().is_empty() { "v6" } else { "v4" })
        }
        Party::External { id, addresses } => format!("{id} {addresses}"),
        Party::Beyond { id, router, .. } => format!("{id} beyond {router}"),
        Party::Unheld { router, address } => format!("{address} unheld in {router}"),
        Party::OneOf { choices, .. } => {
            format!("one of {}", choices.iter().map(shown).collect::<Vec<_>>().join(" | "))
        }
        Party::Platform { address } => format!("platform {address}"),
        Party::Unclaimed { addresses } => format!("unclaimed {addresses}"),
        Party::Unread { what, .. } => what.clone(),
    }
}

#[test]
fn a_resource_means_its_interfaces() {
    let estate = known(ESTATE);
    for (text, expected) in [
        ("web", vec!["web"]),
        ("WEB", vec!["web"]),
        ("a", vec!["web", "web-2"]),
        ("vpc-1", vec!["web", "web-2"]),
        ("clients", vec!["web", "web-2"]),
        ("web*", vec!["web", "web-2"]),
        ("web?2", vec!["web-2"]),
        ("arn:aws:ec2:eu-central-1:111122223333:network-interface/web", vec!["web"]),
    ] {
        assert_eq!(estate.end(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn an_address_means_who_has_it() {
    let estate = known(ESTATE);
    for (text, expected) in [
        ("10.0.1.11", "one of web-2 at 10.0.1.11 | 10.0.1.11 unheld in vpc-2"),
        ("10.3.1.20", "db at 10.3.1.20"),
        ("203.0.113.10", "web at 10.0.1.10 dialled 203.0.113.10"),
        ("2001:db8:1::10", "web at 2001:db8:1::10"),
        ("[2001:db8:1::10]", "web at 2001:db8:1::10"),
        ("10.0.1.10", "one of twin at 10.0.1.10 | web at 10.0.1.10"),
        ("10.0.1.10@vpc-1", "web at 10.0.1.10"),
        ("10.0.1.10@vpc-2", "twin at 10.0.1.10"),
        ("10.0.1.10@b", "twin at 10.0.1.10"),
        ("10.3.1.21", "10.3.1.21 unheld in vpc-3"),
        ("10.0.1.99@vpc-2", "10.0.1.99 unheld in vpc-2"),
        ("198.51.100.7", "internet 198.51.100.7"),
        ("10.99.0.1", "unclaimed 10.99.0.1"),
        ("224.0.0.1", "unclaimed 224.0.0.1"),
    ] {
        assert_eq!(estate.end(text).unwrap(), [expected], "{text}");
    }
}

#[test]
fn the_internet_is_without_the_estate() {
    let estate = known(ESTATE);
    assert_eq!(estate.end("internet").unwrap(), ["internet v4", "internet v6"]);
    let internet = &estate.index.internet.as_ref().unwrap().addresses;
    for (address, is_outside) in [
        ("198.51.100.7", true),
        ("203.0.113.10", false),
        ("10.0.1.10", false),
        ("2001:db8:1::99", false),
        ("2001:db8:2::99", true),
    ] {
        assert_eq!(internet.contains(address.parse().unwrap()), is_outside, "{address}");
    }
}

#[test]
fn a_cidr_means_the_recorded_interfaces_in_it_and_what_is_outside() {
    let estate = known(ESTATE);
    let cidr = |text| estate.end(text).unwrap();
    assert_eq!(cidr("10.3.0.0/16"), ["db in 10.3.0.0/16"]);
    assert_eq!(cidr("203.0.113.0/24"), ["web in 203.0.113.0/24", "internet v4"]);
    assert_eq!(cidr("198.51.100.0/24"), ["internet 198.51.100.0/24"]);
    assert_eq!(cidr("10.0.1.0/24@vpc-2"), ["twin in 10.0.1.0/24"]);
    let wide = cidr("10.0.0.0/8");
    assert_eq!(wide.len(), 5, "{wide:?}");
    assert!(wide[4].starts_with("unclaimed 10.1.0.0/16"), "{wide:?}");
    let everything = cidr("0.0.0.0/0");
    assert!(everything.contains(&"internet v4".to_owned()), "{everything:?}");
    assert!(estate.error("10.3.2.0/24").contains("no recorded interface has an address in it"));
}

#[test]
fn interfaces_that_were_not_read_may_belong_to_a_set() {
    let estate =
        known(&ESTATE.replace("router vpc-3 10.3.0.0/16", "router vpc-3 10.3.0.0/16 unread"));
    let unread = "interfaces in vpc-3 that were not read";
    assert_eq!(estate.end("vpc-3").unwrap(), ["db", unread]);
    assert_eq!(estate.end("10.3.0.0/16").unwrap().len(), 2);
    assert_eq!(estate.end("vpc-1").unwrap(), ["web", "web-2"]);
    assert_eq!(estate.end("db").unwrap(), ["db"]);
}

#[test]
fn a_gateway_to_the_internet_means_what_is_beyond_it() {
    let estate = known(ESTATE);
    assert_eq!(estate.end("igw").unwrap(), ["internet beyond vpc-1", "internet beyond vpc-1"]);
    assert!(estate.error("peering").contains("`peering` has no interfaces"));
}

#[test]
fn a_name_of_nothing_is_told_what_looks_like_it() {
    let estate = known(ESTATE);
    for (text, part) in [
        ("wbe", "did you mean `web`?"),
        ("nobody", "nothing in the recording is called `nobody`\n  write an address"),
        ("nob*", "nothing in the recording is called `nob*`"),
        ("tag:Name=web", "nothing in the recording is called `tag:Name=web`"),
        ("10.0.0.300", "`300` is not a number from 0 to 255"),
        ("web@vpc-2", "`web` is recorded, but not there"),
        ("web@vpc-9", "`vpc-9` is no recorded network"),
        ("10.0.1.10@vpc-3", "no network there has 10.0.1.10"),
        ("internet@vpc-1", "the internet is one for all networks"),
    ] {
        let error = estate.error(text);
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn a_destination_splits_where_that_names_something() {
    let mut estate = known(ESTATE);
    let split = |estate: &Known, text: &str| estate.split(text).map_err(|error| error.to_string());
    let found = split(&estate, "db:5432").unwrap();
    assert_eq!(found, ("db".to_owned(), Some("tcp 5432".to_owned())));
    assert_eq!(split(&estate, "db").unwrap(), ("db".to_owned(), None));
    assert_eq!(split(&estate, "internet:53/udp").unwrap().1.as_deref(), Some("udp 53"));
    assert!(split(&estate, "db:70000").unwrap_err().contains("70000"));
    assert!(split(&estate, "db:http").unwrap_err().contains("`http` is neither a port nor"));
    assert!(split(&estate, "db:500-400").unwrap_err().contains("500-400"));
    assert!(split(&estate, "10.0.0.300:443").unwrap_err().contains("`300`"));
    assert!(split(&estate, "bd:443").unwrap_err().contains("called `bd`; did you mean"));
    let interface = estate.network.interfaces[&Id::new("db")].clone();
    estate.network.interfaces.insert(Id::new("db:1"), interface);
    let label = &mut estate.network.interfaces.get_mut(&Id::new("db:1")).unwrap().label;
    label.id = "db:1".into();
    label.name = None;
    estate.index = Index::new(&estate.network, Vec::new());
    let error = split(&estate, "db:1").unwrap_err();
    assert!(error.contains("two ways") && error.contains("`db --service 1`"), "{error}");
    assert_eq!(split(&estate, "db:2").unwrap().0, "db");
    let resolver = Resolver { network: &estate.network, index: &estate.index };
    assert_eq!(resolver.destination("db:1", true).unwrap().text, "db:1");
}

#[test]
fn a_service_behind_a_source_is_told_where_it_belongs() {
    let estate = known(ESTATE);
    let resolver = Resolver { network: &estate.network, index: &estate.index };
    let error = resolver.source("web:443").unwrap_err().to_string();
    assert!(error.contains("a service belongs to DESTINATION"), "{error}");
}

#[test]
fn names_mean_machines_first_and_an_ambiguous_one_lists_its_candidates() {
    let mut estate = known(ESTATE);
    for (id, name) in [("web", "app"), ("web-2", "app")] {
        estate.network.interfaces.get_mut(&Id::new(id)).unwrap().label.name = Some(name.into());
    }
    estate.network.subnets.get_mut(&Id::new("c")).unwrap().label.name = Some("app".into());
    estate.index = Index::new(&estate.network, Vec::new());
    let error = estate.error("app");
    assert!(error.contains("may be any of 2"), "{error}");
    assert!(error.contains("`web`: ") && error.contains("`web-2`: "), "{error}");
    assert!(error.contains("`tag:Name=app`"), "{error}");
    estate.network.interfaces.get_mut(&Id::new("web-2")).unwrap().label.name = None;
    estate.index = Index::new(&estate.network, Vec::new());
    assert_eq!(estate.end("app").unwrap(), ["web"]);
}

#[test]
fn a_tag_means_all_that_have_it() {
    let mut estate = known(ESTATE);
    let tagged = |id: &str| {
        let what = What::Interface(Id::new(id));
        let label = &estate.network.interfaces[&Id::new(id)].label;
        Resource { tags: vec![("tier".into(), "a=b".into())], ..Resource::of(what, label) }
    };
    let more = vec![tagged("web"), tagged("db")];
    estate.index = Index::new(&estate.network, more);
    assert_eq!(estate.end("tag:tier=a=b").unwrap(), ["db", "web"]);
    let error = estate.error("tag:tier=a=c");
    assert!(error.contains("did you mean `tag:tier=a=b`?"), "{error}");
}

#[test]
fn a_public_address_of_the_estate_that_nothing_has_is_no_stranger() {
    let mut network = Network::from_text(ESTATE).unwrap();
    let unheld = "203.0.113.88".parse().unwrap();
    let gap = Unknown::new("who has 203.0.113.88", "it is associated with nothing", "");
    network.unheld_public.insert(unheld, gap.clone());
    let index = Index::new(&network, Vec::new());
    let estate = Known { network, index };
    let resolver = Resolver { network: &estate.network, index: &estate.index };
    let what = unheld.to_string();
    let expected = vec![Party::Unread { what, unknowns: vec![gap] }];
    assert_eq!(resolver.end("203.0.113.88").unwrap(), expected);
    let internet = resolver.end("internet").unwrap();
    assert!(internet.iter().all(|party| match party {
        Party::External { addresses, .. } => !addresses.contains(unheld),
        _ => false,
    }));
}

#[test]
fn a_machine_whose_interfaces_were_not_read_has_an_answer() {
    let mut network = Network::from_text(ESTATE).unwrap();
    let gap = Unknown::new("the interface eni-9 of app", "it was not recorded", "");
    let label = network.interfaces[&Id::new("web")].label.clone();
    let label = cloudfw_core::Label { id: "app".into(), ..label };
    let host =
        Host { label, interfaces: Vec::new(), unread: vec![gap.clone()], routes: Vec::new() };
    network.hosts.insert(Id::new("app"), host);
    let index = Index::new(&network, Vec::new());
    let resolver = Resolver { network: &network, index: &index };
    let end = resolver.end("app").unwrap();
    assert!(matches!(end.as_slice(), [Party::Unread { unknowns, .. }] if *unknowns == [gap]));
}
