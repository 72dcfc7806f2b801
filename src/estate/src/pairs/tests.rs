use cloudfw_core::{Front, Network};

use super::*;
use crate::index::Index;

const ESTATE: &str = "
external internet 0.0.0.0/0,::/0
router vpc-1 10.1.0.0/16,2001:db8:1::/56
router vpc-2 10.2.0.0/16,2001:db8:2::/56
router vpc-3 10.3.0.0/16
router vpc-4 10.4.0.0/16
router vpc-5 10.2.0.0/16
subnet a in vpc-1 10.1.1.0/24,2001:db8:1::/64 table rt
subnet b in vpc-2 10.2.1.0/24,2001:db8:2::/64 table rt
subnet c in vpc-3 10.3.1.0/24 table rt-c
subnet d in vpc-4 10.4.1.0/24 table rt
subnet e in vpc-5 10.2.1.0/24 table rt
table rt
  0.0.0.0/0 -> igw
table rt-c
  10.0.0.0/8 -> transit
gateway igw border vpc-1 internet
gateway peering link vpc-1 vpc-2
gateway shut link vpc-1 vpc-4 closed
gateway transit opaque
interface web in a 10.1.1.10 public 203.0.113.10 10.1.1.11 public 203.0.113.11 2001:db8:1::10
interface app in a 10.1.1.20
interface db in b 10.2.1.20 public 203.0.113.20 2001:db8:2::20
interface mid in c 10.3.1.30 public 203.0.113.30
interface far in d 10.4.1.40 public 203.0.113.40
interface lone in d 10.4.1.41
interface six in a 2001:db8:1::66
interface twin in e 10.2.1.20
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
    fn pairs(&self, source: &str, destination: &str, service: &str) -> Vec<String> {
        self.try_pairs(source, destination, service)
            .unwrap_or_else(|error| panic!("{source} {destination}: {error}"))
    }

    fn try_pairs(&self, source: &str, to: &str, service: &str) -> Result<Vec<String>, QueryError> {
        let resolver = Resolver { network: &self.network, index: &self.index };
        let (sources, destinations) = (resolver.end(source)?, resolver.end(to)?);
        let found = pairs(resolver, &sources, &destinations, &service.parse().unwrap())?;
        Ok(found.iter().map(shown).collect())
    }
}

fn shown(pair: &PairAsked) -> String {
    match pair {
        PairAsked::Question { source, destination } => {
            format!("{} > {}", end(source), end(destination))
        }
        PairAsked::Unanswerable { unknowns, .. } => format!("unknown: {}", unknowns[0].what),
    }
}

fn end(end: &Endpoint) -> String {
    match end {
        Endpoint::Interface { id, address, dialled: None } => format!("{id} {address}"),
        Endpoint::Interface { address, dialled: Some(dialled), .. } => {
            format!("{dialled}({address})")
        }
        Endpoint::External { id, addresses } => {
            format!("{id}{}", if addresses.v4().is_empty() { 6 } else { 4 })
        }
        Endpoint::Unheld { router, address } => format!("{address} in {router}"),
    }
}

#[test]
fn in_one_routing_domain_the_primary_private_address_is_asked_about() {
    let estate = known(ESTATE);
    assert_eq!(estate.pairs("app", "web", "443"), ["app 10.1.1.20 > web 10.1.1.10"]);
    // Over an open link too, and IPv6 apart.
    assert_eq!(
        estate.pairs("web", "db", "443"),
        ["web 10.1.1.10 > db 10.2.1.20", "web 2001:db8:1::10 > db 2001:db8:2::20"]
    );
}

#[test]
fn elsewhere_it_is_the_public_ones() {
    let estate = known(ESTATE);
    assert_eq!(estate.pairs("web", "far", "443"), ["web 10.1.1.10 > 203.0.113.40(10.4.1.40)"]);
    assert_eq!(
        estate.pairs("far", "web", "443"),
        ["far 10.4.1.40 > 203.0.113.10(10.1.1.10)", "far 10.4.1.40 > 203.0.113.11(10.1.1.11)"]
    );
    // Without one, its lack is what the answer names.
    assert_eq!(estate.pairs("web", "lone", "443"), ["web 10.1.1.10 > lone 10.4.1.41"]);
    assert_eq!(estate.pairs("internet", "lone", "443"), ["internet4 > lone 10.4.1.41"]);
}

#[test]
fn where_a_transit_gateway_may_join_them_it_is_the_private_one() {
    let estate = known(ESTATE);
    assert_eq!(estate.pairs("mid", "far", "443"), ["mid 10.3.1.30 > far 10.4.1.40"]);
    assert_eq!(estate.pairs("far", "mid", "443"), ["far 10.4.1.40 > 203.0.113.30(10.3.1.30)"]);
}

#[test]
fn the_internet_is_asked_about_in_the_families_that_the_other_end_has() {
    let estate = known(ESTATE);
    assert_eq!(estate.pairs("app", "internet", "443"), ["app 10.1.1.20 > internet4"]);
    assert_eq!(
        estate.pairs("internet", "web", "443"),
        [
            "internet4 > 203.0.113.10(10.1.1.10)",
            "internet4 > 203.0.113.11(10.1.1.11)",
            "internet6 > web 2001:db8:1::10"
        ]
    );
    assert_eq!(estate.pairs("internet", "six", "443"), ["internet6 > six 2001:db8:1::66"]);
}

#[test]
fn icmp_is_of_one_family() {
    let estate = known(ESTATE);
    assert_eq!(estate.pairs("web", "db", "icmp"), ["web 10.1.1.10 > db 10.2.1.20"]);
    assert_eq!(estate.pairs("web", "db", "icmpv6"), ["web 2001:db8:1::10 > db 2001:db8:2::20"]);
    let apart = estate.pairs("app", "web", "icmpv6");
    assert_eq!(apart, ["unknown: how the one could reach the other"]);
}

#[test]
fn an_address_is_asked_about_as_it_was_written() {
    let estate = known(ESTATE);
    let pairs = |source, destination| estate.pairs(source, destination, "443");
    assert_eq!(pairs("app", "203.0.113.10"), ["app 10.1.1.20 > 203.0.113.10(10.1.1.10)"]);
    assert_eq!(pairs("10.1.1.11", "app"), ["web 10.1.1.11 > app 10.1.1.20"]);
    assert_eq!(pairs("203.0.113.11", "app"), ["web 10.1.1.11 > app 10.1.1.20"]);
    assert_eq!(pairs("web", "10.1.1.99"), ["web 10.1.1.10 > 10.1.1.99 in vpc-1"]);
    assert_eq!(pairs("198.51.100.1", "app"), ["internet4 > app 10.1.1.20"]);
    assert_eq!(pairs("app", "10.99.0.1"), ["unknown: whose 10.99.0.1 is"]);
    assert_eq!(pairs("10.99.0.1", "app"), ["unknown: whose 10.99.0.1 is"]);
}

/// Nobody outside can dial a private address: a question about one is about the machine there, and
/// `unreachable` would be no news of it.
#[test]
fn a_private_address_from_outside_is_dialled_at_its_public_one() {
    let estate = known(ESTATE);
    let pairs = |source, destination| estate.pairs(source, destination, "443");
    assert_eq!(pairs("internet", "10.1.1.10"), ["internet4 > 203.0.113.10(10.1.1.10)"]);
    // That of this address, and of no other of the interface.
    assert_eq!(pairs("internet", "10.1.1.11"), ["internet4 > 203.0.113.11(10.1.1.11)"]);
    assert_eq!(pairs("198.51.100.1", "10.1.1.11"), ["internet4 > 203.0.113.11(10.1.1.11)"]);
    // A machine of the estate dials what is written, be there a way to it or not.
    assert_eq!(pairs("far", "10.1.1.11"), ["far 10.4.1.40 > web 10.1.1.11"]);
    assert_eq!(pairs("10.4.1.41", "10.1.1.11"), ["lone 10.4.1.41 > web 10.1.1.11"]);
    assert_eq!(pairs("10.4.1.99", "10.1.1.11"), ["10.4.1.99 in vpc-4 > web 10.1.1.11"]);
    assert_eq!(
        pairs("internet", "10.1.1.10@vpc-1"),
        ["internet4 > 203.0.113.10(10.1.1.10)"],
        "a scope says where, and not how"
    );
    // In one domain it is dialled as it is written, over a link and an opaque gateway too.
    assert_eq!(pairs("app", "10.1.1.11"), ["app 10.1.1.20 > web 10.1.1.11"]);
    assert_eq!(pairs("10.1.1.99", "10.1.1.11"), ["10.1.1.99 in vpc-1 > web 10.1.1.11"]);
    assert_eq!(pairs("db", "10.1.1.11"), ["db 10.2.1.20 > web 10.1.1.11"]);
    assert_eq!(pairs("mid", "10.4.1.40"), ["mid 10.3.1.30 > far 10.4.1.40"]);
    // Without a public one, that is what the answer names; IPv6 needs none.
    assert_eq!(pairs("internet", "10.4.1.41"), ["internet4 > lone 10.4.1.41"]);
    assert_eq!(pairs("internet", "2001:db8:1::10"), ["internet6 > web 2001:db8:1::10"]);
    // A public address stays what was written.
    assert_eq!(pairs("internet", "203.0.113.11"), ["internet4 > 203.0.113.11(10.1.1.11)"]);
    assert_eq!(pairs("app", "203.0.113.11"), ["app 10.1.1.20 > 203.0.113.11(10.1.1.11)"]);
}

#[test]
fn a_machine_behind_a_load_balancer_is_dialled_there_by_its_private_address_too() {
    let mut estate = known(ESTATE);
    let lone = estate.network.interfaces.get_mut(&Id::new("lone")).unwrap();
    let front = Front {
        label: lone.label.clone(),
        address: "203.0.113.200".parse().unwrap(),
        own: "10.4.1.41".parse().unwrap(),
        services: ServiceSet::full(),
        renumbers: false,
        doubt: None,
    };
    lone.fronts.push(front);
    let through = ["internet4 > 203.0.113.200(10.4.1.41)"];
    for end in ["lone", "10.4.1.41", "10.4.1.41/32"] {
        assert_eq!(estate.pairs("internet", end, "443"), through, "{end}");
    }
    assert_eq!(
        estate.pairs("internet", "10.4.1.40/31", "443"),
        ["internet4 > 203.0.113.40(10.4.1.40)", "internet4 > 203.0.113.200(10.4.1.41)"]
    );
}

#[test]
fn a_machine_may_have_a_public_address_that_was_not_read() {
    let mut estate = known(ESTATE);
    let lone = estate.network.interfaces.get_mut(&Id::new("lone")).unwrap();
    lone.unread.public = Some(Unknown::new("the public address of lone", "not recorded", ""));
    for end in ["lone", "10.4.1.41/32"] {
        let found = estate.pairs("web", end, "443");
        assert_eq!(found.first().unwrap(), "unknown: the public address of lone", "{end}");
    }
}

#[test]
fn an_address_in_two_networks_is_that_of_the_other_end_s() {
    let estate = known(ESTATE);
    let pairs = |source, destination| estate.try_pairs(source, destination, "443");
    assert_eq!(
        pairs("10.2.1.20", "10.2.1.99@vpc-5").unwrap(),
        ["twin 10.2.1.20 > 10.2.1.99 in vpc-5"]
    );
    // vpc-1 is linked to vpc-2, and not to vpc-5.
    assert_eq!(pairs("web", "10.2.1.20").unwrap(), ["web 10.1.1.10 > db 10.2.1.20"]);
    let error = pairs("far", "10.2.1.20").unwrap_err().to_string();
    assert!(error.contains("`10.2.1.20@vpc-2`") && error.contains("`10.2.1.20@vpc-5`"), "{error}");
    assert_eq!(pairs("far", "10.2.1.20@vpc-5").unwrap(), ["far 10.4.1.40 > twin 10.2.1.20"]);
}

#[test]
fn a_cidr_is_asked_about_by_the_addresses_in_it() {
    let estate = known(ESTATE);
    let pairs = |source, destination| estate.pairs(source, destination, "443");
    assert_eq!(pairs("app", "10.1.1.11/32"), ["app 10.1.1.20 > web 10.1.1.11"]);
    assert_eq!(pairs("app", "203.0.113.11/32"), ["app 10.1.1.20 > 203.0.113.11(10.1.1.11)"]);
    // Private in the domain, public out of it.
    assert_eq!(
        pairs("web", "10.4.1.40/31"),
        ["web 10.1.1.10 > 203.0.113.40(10.4.1.40)", "web 10.1.1.10 > lone 10.4.1.41"]
    );
    let outside = pairs("app", "198.51.100.0/24");
    assert_eq!(outside, ["app 10.1.1.20 > internet4"]);
}

#[test]
fn in_sets_an_interface_is_not_asked_about_itself() {
    let estate = known(ESTATE);
    let found = estate.pairs("a", "a", "443");
    assert_eq!(
        found,
        [
            "app 10.1.1.20 > web 10.1.1.10",
            "six 2001:db8:1::66 > web 2001:db8:1::10",
            "web 10.1.1.10 > app 10.1.1.20",
            "web 2001:db8:1::10 > six 2001:db8:1::66"
        ]
    );
    assert!(estate.try_pairs("b", "b", "443").is_err());
}

#[test]
fn a_question_about_nothing_says_why() {
    let estate = known(ESTATE);
    let error = |source, destination| {
        estate.try_pairs(source, destination, "443").expect_err(source).to_string()
    };
    assert!(error("web", "web").contains("are the same interface"));
    assert!(error("internet", "198.51.100.1").contains("outside of what was recorded"));
    assert_eq!(estate.pairs("app", "six", "any"), ["unknown: how the one could reach the other"]);
}

#[test]
fn beyond_a_gateway_only_its_own_network_is_asked() {
    let estate = known(ESTATE);
    assert_eq!(estate.pairs("app", "igw", "443"), ["app 10.1.1.20 > internet4"]);
    assert!(estate.try_pairs("far", "igw", "443").is_err());
}

#[test]
fn what_was_not_read_is_one_unknown_for_the_set() {
    let estate = known(&ESTATE.replace(
        "router vpc-2 10.2.0.0/16,2001:db8:2::/56",
        "router vpc-2 10.2.0.0/16,2001:db8:2::/56 unread",
    ));
    let found = estate.pairs("vpc-1", "vpc-2", "443");
    let unknown = found.iter().filter(|pair| pair.starts_with("unknown")).count();
    assert_eq!(unknown, 1, "{found:?}");
}

/// Candidates that are told apart by nothing but their order are no candidates.
#[test]
fn candidates_in_one_network_are_told_apart() {
    let known = known(
        "
router vpc-1 10.0.0.0/16
subnet a in vpc-1 10.0.1.0/24 table rt
subnet b in vpc-1 10.0.1.0/24 table rt
table rt
interface one in a 10.0.1.5
interface two in a 10.0.1.5 10.0.1.7
interface three in b 10.0.1.5
interface web in a 10.0.1.9
",
    );
    for address in ["10.0.1.5", "10.0.1.5@vpc-1"] {
        let error = known.try_pairs("web", address, "443").unwrap_err().to_string();
        let forms: Vec<&str> = error.split('`').collect();
        for form in ["one", "two", "10.0.1.5@b"] {
            assert!(forms.contains(&form), "{form}: {error}");
            assert!(known.try_pairs("web", form, "443").is_ok(), "{form}");
        }
        assert!(!forms[2..].contains(&"10.0.1.5@vpc-1"), "{error}");
    }
}

#[test]
fn an_interface_may_have_addresses_that_were_not_read() {
    let mut estate = known(ESTATE);
    let gap = || Some(Unknown::new("the IPv6 addresses of app", "not recorded", ""));
    let unread = |estate: &mut Known, v4: bool| {
        let app = estate.network.interfaces.get_mut(&Id::new("app")).unwrap();
        let place = if v4 { &mut app.unread.v4 } else { &mut app.unread.v6 };
        *place = gap();
    };
    unread(&mut estate, false);
    let unknown = "unknown: the IPv6 addresses of app";
    assert_eq!(estate.pairs("web", "app", "443"), ["web 10.1.1.10 > app 10.1.1.20", unknown]);
    assert_eq!(estate.pairs("app", "six", "443"), [unknown]);
    // The other end has none that could be of use, or they were not asked about.
    assert_eq!(estate.pairs("mid", "app", "443").len(), 1);
    assert_eq!(estate.pairs("web", "10.1.1.20", "443"), ["web 10.1.1.10 > app 10.1.1.20"]);
    assert_eq!(estate.pairs("web", "app", "icmp"), ["web 10.1.1.10 > app 10.1.1.20"]);
    unread(&mut estate, true);
    assert_eq!(estate.pairs("mid", "app", "443"), ["mid 10.3.1.30 > app 10.1.1.20", unknown]);
}
