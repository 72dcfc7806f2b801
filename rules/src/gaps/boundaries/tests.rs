//! What spares work is held here: what it spares it of changes no finding.

use cloudfw_core::{HeaderSpace, Id, IpSet, Network, PathGraph};

use super::Boundaries;

/// `a` and `b` have one ACL, that lets in 22 and no replies out; `c` has another, that is open.
const THREE: &str = "
router vpc 10.0.0.0/16
filter mute stateless
  in 1 allow 22
  out 1 allow 443
filter open stateless
  in 1 allow any
  out 1 allow any
subnet a in vpc 10.0.1.0/24 acl mute
subnet b in vpc 10.0.2.0/24 acl mute
subnet c in vpc 10.0.3.0/24 acl open
";

fn with<T>(text: &str, ask: impl Fn(&mut Boundaries<'_>) -> T) -> T {
    let network = Network::from_text(text).unwrap();
    let graph = PathGraph::new(&network);
    ask(&mut Boundaries::new(&graph))
}

fn services(flows: &HeaderSpace) -> String {
    flows.services().destination_ports().to_string()
}

#[test]
fn subnets_of_one_boundary_are_one_and_those_of_another_are_not() {
    let places = with(THREE, |it| ["a", "b", "c", "d"].map(|id| it.place(&Id::new(id))));
    let [one, same, other, none] = places;
    assert!(one.is_some() && one == same && other.is_some() && one != other, "{places:?}");
    assert_eq!(none, None);
}

#[test]
fn without_a_stateless_filter_nothing_is_asked() {
    assert!(with(THREE, |it| it.any_is_stateless()));
    assert!(!with(&THREE.replace("stateless", "stateful"), |it| it.any_is_stateless()));
    assert!(!with("", |it| it.any_is_stateless()));
}

#[test]
fn aws_42_what_comes_in_and_is_not_answered_is_lost() {
    let lost = |subnet: &str| with(THREE, |it| it.inward(&Id::new(subnet), &IpSet::any_v4()));
    assert_eq!(services(&lost("a")), "22");
    assert_eq!(lost("a").sources(), IpSet::any_v4());
    assert!(lost("c").is_empty());
    assert!(lost("d").is_empty());
}

#[test]
fn a_source_is_cut_out_while_it_has_few_ranges_of_both_families_together() {
    let sources = |v4: usize, v6: usize| {
        let v4 = (0..v4).map(|at| format!("198.51.{at}.0/25"));
        let v6 = (0..v6).map(|at| format!("2001:db8:{at:x}::/64"));
        let nets = v4.chain(v6).map(|net| IpSet::from(net.parse::<ipnet::IpNet>().unwrap()));
        IpSet::union_of(&nets.collect::<Vec<_>>())
    };
    for (v4, v6, is_cut) in [(64, 0, true), (65, 0, false), (8, 9, true), (32, 33, false)] {
        let sources = sources(v4, v6);
        let lost = with(THREE, |it| it.inward(&Id::new("a"), &sources));
        assert_eq!(lost.sources().is_subset(&sources), is_cut, "{v4} and {v6}");
        assert!(!lost.is_empty());
    }
}
