//! Quick answers about interfaces, which have to be as narrow as they can be, and never narrower.

use cloudfw_core::{HeaderSpace, Id, Network, PathGraph};

use super::{Class, Classes};

/// `web` lets in 443 from `10.0.2.10` and 22 from the group `ops`; `client` may call it.
const TWO: &str = "
router vpc 10.0.0.0/16
subnet a in vpc 10.0.1.0/24
subnet b in vpc 10.0.2.0/24
filter web stateful
  in 1 allow 443 from 10.0.2.10
  in 2 allow 22 from group:ops
  in 3 allow 80 from 10.0.9.0/24
  out 1 allow any
filter out stateful
  out 1 allow any
interface web in a 10.0.1.10 filters web
interface client in b 10.0.2.10 groups ops filters out
";

fn with<T>(
    text: &str,
    change: impl Fn(&mut Network),
    ask: impl Fn(&PathGraph<'_>, &Class<'_>, &Class<'_>) -> T,
) -> T {
    let mut network = Network::from_text(text).unwrap();
    change(&mut network);
    let graph = PathGraph::new(&network);
    let all = Classes::new(&network).all();
    let class = |id: &str| all.iter().find(|class| *class.id == Id::new(id)).unwrap();
    ask(&graph, class("web"), class("client"))
}

/// What the rules of `web` may let in from `client`.
fn admitted(text: &str) -> Option<String> {
    with(
        text,
        |_| {},
        |_, web, client| {
            let own = client.interface.addresses[0];
            web.admitted(client, &own).map(|services| services.to_string())
        },
    )
}

#[test]
fn only_rules_that_name_the_source_admit_it() {
    assert_eq!(admitted(TWO).as_deref(), Some("tcp 22,443"));
    let other = TWO.replace("groups ops", "groups dev");
    assert_eq!(admitted(&other).as_deref(), Some("tcp 443"));
    let elsewhere = TWO.replace("10.0.2.10\n  in 2", "10.0.2.11\n  in 2");
    assert_eq!(admitted(&elsewhere).as_deref(), Some("tcp 22"));
    let unresolved = TWO.replace("from 10.0.2.10", "from ?list");
    assert_eq!(admitted(&unresolved).as_deref(), Some("tcp 22,443"), "it may be in the list");
}

#[test]
fn rules_that_hang_on_order_say_nothing_quickly_and_the_implied_last_one_does() {
    let deny = |id: &str| TWO.replace("  in 3", &format!("  in {id} deny any\n  in 3"));
    assert_eq!(admitted(&deny("2")), None);
    assert_eq!(admitted(&deny("*")).as_deref(), Some("tcp 22,443"), "`*` is nobody's rule");
}

#[test]
fn filters_that_are_all_known_are_asked_and_else_anything_may_pass() {
    let passes = |change: fn(&mut Network)| {
        with(TWO, change, |graph, web, client| {
            let full = HeaderSpace::full();
            web.lets_in(graph, &full, Some(client)).services().to_string()
        })
    };
    assert_eq!(passes(|_| {}), "tcp 22,80,443");
    let forget = |network: &mut Network| {
        network.filters.remove("web");
    };
    assert_eq!(passes(forget), "any");
}
