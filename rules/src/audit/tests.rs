use cloudfw_core::{Network, PathGraph};

use super::Audit;
use crate::{Finding, Settings, check, checks};

const ESTATE: &str = "
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24
filter sg stateful
  in 1 allow any from 10.0.0.0/8
default-group default
interface eni-1 in a 10.0.1.10 groups default filters sg
interface eni-2 in a 10.0.1.11 groups default filters sg
interface eni-3 in a 10.0.1.12 groups default filters sg
host i-1 eni-1,eni-2
";

fn audited(network: &Network, ask: impl Fn(&mut Audit<'_>) -> Vec<Finding>) -> Vec<Finding> {
    let graph = PathGraph::new(network);
    let settings = Settings::default();
    ask(&mut Audit::new(&graph, &[], &settings))
}

#[test]
fn an_interface_goes_by_its_own_name_else_by_that_of_its_machine() {
    let mut network = Network::from_text(ESTATE).unwrap();
    network.hosts.get_mut("i-1").unwrap().label.name = Some("web".into());
    network.interfaces.get_mut("eni-2").unwrap().label.name = Some("second".into());
    let in_use = check("default-group-in-use").unwrap();
    let found = audited(&network, |audit| audit.find([in_use]));
    let [one] = found.as_slice() else { panic!("{found:?}") };
    let names: Vec<String> = one.affected.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["eni-1 (web)", "eni-2 (second)", "eni-3"]);
}

#[test]
fn an_audit_asks_every_check_and_tells_the_worst_first() {
    let network = Network::from_text(ESTATE).unwrap();
    let found = audited(&network, |audit| audit.run_all());
    assert!(found.iter().any(|finding| finding.check == "default-group-in-use"), "{found:?}");
    assert!(found.iter().any(|finding| finding.check == "wide-private-range"), "{found:?}");
    assert!(found.is_sorted_by(|one, other| one.severity >= other.severity));
    let each: usize = checks().map(|check| audited(&network, |it| it.find([check])).len()).sum();
    assert_eq!(found.len(), each);
}
