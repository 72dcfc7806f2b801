//! What each action means, on filters in text form.

use super::*;
use crate::Network;

/// The outcome of all filters of a text as one stack, in the order of their names.
fn outcome_of(
    text: &str,
    phase: Phase,
    sight: &Sight<'_>,
) -> (HeaderSpace, HeaderSpace, Vec<String>) {
    let network = Network::from_text(text).unwrap();
    let filters: Vec<&Filter> = network.filters.values().map(AsRef::as_ref).collect();
    let asked = HeaderSpace::full().with_services(&"80-89".parse().unwrap());
    let outcome = evaluate_stack(filters, Direction::Ingress, phase, &asked, sight);
    let by = |hit: &Hit<'_>| match hit.by {
        Decider::Rule(_, rule) => format!("{}:{}", hit.filter.label.id, rule.id),
        other => format!("{}:{other:?}", hit.filter.label.id),
    };
    let hits = outcome.hits.iter().map(by).collect();
    (outcome.pass, outcome.deny, hits)
}

/// The ports that may pass and that may be denied, and who decided.
#[track_caller]
fn decides(text: &str, pass: &str, deny: &str, hits: &[&str]) {
    let (passing, denied, by) = outcome_of(text, Phase::Opening, &Sight::HEADERS);
    let ports = |flows: &HeaderSpace| flows.services().destination_ports().to_string();
    assert_eq!((ports(&passing).as_str(), ports(&denied).as_str()), (pass, deny));
    assert_eq!(by, hits);
}

fn none() -> String {
    crate::PortSet::empty().to_string()
}

#[test]
fn allow_asks_the_next_filter_and_deny_is_final() {
    let text = "
filter a stateless
  in 1 allow 80-85
  in 2 deny any
filter b stateless
  in 1 deny 80
  in 2 allow any
";
    decides(text, "81-85", "80,86-89", &["a:1", "a:2", "b:1", "b:2"]);
}

#[test]
fn allow_all_ends_its_own_stack() {
    let text = "
filter a stateless
  in 1 allow-all 80
  in 2 allow any
filter b stateless
  in 1 deny 80-81
  in 2 allow any
";
    decides(text, "80,82-89", "81", &["a:1", "a:2", "b:1", "b:2"]);
    let too_late = "
filter a stateless
  in 1 deny 80
  in 2 allow any
filter b stateless
  in 1 allow-all any
";
    decides(too_late, "81-89", "80", &["a:1", "a:2", "b:1"]);
}

#[test]
fn what_no_rule_decides_is_denied() {
    decides("filter a stateless\n  in 1 allow 80-88\n", "80-88", "89", &["a:1", "a:End"]);
    decides("filter a stateless\n  in 1 continue any\n", &none(), "80-89", &["a:End"]);
}

#[test]
fn a_jump_comes_back_and_a_goto_does_not() {
    let chain = |how: &str| {
        format!(
            "filter a stateless\n  in 1 {how} c 80-84\n  in 2 allow any\nchain c\n  1 deny 80\n  2 return 81\n  3 allow 82\n"
        )
    };
    decides(&chain("jump"), "81-89", "80", &["a:1", "a:3", "a:2"]);
    decides(&chain("goto"), "82,85-89", "80-81,83-84", &["a:1", "a:3", "a:2", "a:End"]);
}

#[test]
fn a_goto_in_a_chain_comes_back_to_who_called_the_chain() {
    let text = "
filter a stateless
  in 1 jump c any
  in 2 allow 80-84
chain c
  1 goto d any
  2 deny any
chain d
  1 deny 80
";
    decides(text, "81-84", "80,85-89", &["a:1", "a:2", "a:End"]);
}

/// `[may RETURN; ACCEPT]` under a caller that drops proves nothing.
#[test]
fn design_4_what_may_return_may_be_dropped_by_the_caller() {
    let text = "
filter a stateless
  in 1 jump c any
  in 2 deny any
chain c
  1 return 80 maybe
  2 allow any
";
    let (pass, deny, _) = outcome_of(text, Phase::Opening, &Sight::HEADERS);
    let ports = |flows: &HeaderSpace| flows.services().destination_ports().to_string();
    assert_eq!(ports(&pass), "80-89");
    assert_eq!(ports(&deny), "80");
    let bounds = evaluate_bounds(text);
    assert_eq!(ports(&bounds.at_least), "81-89");
    assert_eq!(ports(&bounds.at_most), "80-89");
}

fn evaluate_bounds(text: &str) -> Bounds<HeaderSpace> {
    let network = Network::from_text(text).unwrap();
    let asked = HeaderSpace::full().with_services(&"80-89".parse().unwrap());
    let filters = network.filters.values().map(AsRef::as_ref);
    let outcome =
        evaluate_stack(filters, Direction::Ingress, Phase::Opening, &asked, &Sight::HEADERS);
    outcome.bounds(&asked)
}

#[test]
fn a_match_in_doubt_may_decide_and_may_go_on() {
    let text = "
filter a stateless
  in 1 deny 80-84 maybe
  in 2 allow 80-82
  in 3 deny any
";
    decides(text, "80-82", "80-89", &["a:1", "a:2", "a:3"]);
    let network = Network::from_text(text).unwrap();
    let filters = network.filters.values().map(AsRef::as_ref);
    let outcome = evaluate_stack(
        filters,
        Direction::Ingress,
        Phase::Opening,
        &HeaderSpace::full(),
        &Sight::HEADERS,
    );
    let doubts: Vec<bool> = outcome.hits.iter().map(|hit| hit.doubt.is_some()).collect();
    assert_eq!(doubts, [true, false, false]);
}

#[test]
fn state_excuses_replies_only_where_it_was_made() {
    let stateful =
        |mode: &str| format!("filter a stateful{mode}\n  in 1 allow 80\n  in 2 deny any\n");
    let outcome = |mode: &str, phase| {
        let established = Sight { state: StateSet::ESTABLISHED, ..Sight::HEADERS };
        let (pass, deny, _) = outcome_of(&stateful(mode), phase, &established);
        let ports = |flows: HeaderSpace| flows.services().destination_ports().to_string();
        (ports(pass), ports(deny))
    };
    let (all, nothing) = ("80-89".to_owned(), none());
    for mode in ["", " evaluated", " dropped"] {
        assert_eq!(outcome(mode, Phase::ReplyWithState), (all.clone(), nothing.clone()));
        assert_eq!(outcome(mode, Phase::Opening), ("80".to_owned(), "81-89".to_owned()));
    }
    assert_eq!(outcome("", Phase::ReplyWithoutState), (all.clone(), all.clone()));
    assert_eq!(outcome(" dropped", Phase::ReplyWithoutState), (nothing, all));
    let like_the_first = outcome(" evaluated", Phase::ReplyWithoutState);
    assert_eq!(like_the_first, ("80".to_owned(), "81-89".to_owned()));
}

/// Netfilter excuses nothing: its rules match the connection state.
#[test]
fn a_rule_may_ask_for_the_state() {
    let text = "
filter a stateless
  in 1 allow 80 state new
  in 2 allow 81 state established,related
  in 3 deny any
";
    let ports = |state: StateSet| {
        let (pass, ..) = outcome_of(text, Phase::Opening, &Sight { state, ..Sight::HEADERS });
        pass.services().destination_ports().to_string()
    };
    assert_eq!(ports(StateSet::NEW), "80");
    assert_eq!(ports(StateSet::ESTABLISHED), "81");
    assert_eq!(ports(StateSet::RELATED), "81");
    assert_eq!(ports(StateSet::INVALID), none());
}

#[test]
fn aws_8_a_group_is_its_members_own_addresses_while_identity_is_kept() {
    let text = "filter a stateless\n  in 1 allow any from group:g\n";
    let groups = BTreeSet::from([Id::from("g")]);
    let own: std::net::IpAddr = "10.0.0.1".parse().unwrap();
    let passes = |identity, groups: &BTreeSet<Id<Group>>| {
        let source = Some(Member { groups, addresses: IpSet::single(own) });
        let sight = Sight { source, identity, ..Sight::HEADERS };
        let (pass, deny, _) = outcome_of(text, Phase::Opening, &sight);
        assert!(pass.sources().is_subset(&IpSet::single(own)));
        (!pass.is_empty(), deny.with_source(&IpSet::single(own)).is_empty())
    };
    assert_eq!(passes(Identity::Kept, &groups), (true, true));
    assert_eq!(passes(Identity::Doubtful, &groups), (true, false));
    assert_eq!(passes(Identity::Lost, &groups), (false, false));
    assert_eq!(passes(Identity::Kept, &BTreeSet::new()), (false, false));
}

/// What earlier rules of a long list took is cut out late, and some of it in one piece: the first
/// match decides all the same, and beyond a doubtful one both may.
#[test]
fn the_first_match_decides_in_a_long_list() {
    let mut dice = 7u32;
    let mut next = |below: u32| {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (dice >> 16) % below
    };
    let rules: Vec<(u32, u32, bool, bool)> = (0..1_500)
        .map(|number| {
            let size = if number % 400 == 399 { 1_024 } else { 1 + next(2) };
            let low = next(4_000) / size * size;
            (low, low + size - 1, next(2) == 0, next(5) == 0)
        })
        .collect();
    let text = rules.iter().enumerate().fold(
        String::from("filter a stateless\n"),
        |text, (number, (low, high, allows, maybe))| {
            let length = 32 - (high - low + 1).ilog2();
            let low = std::net::Ipv4Addr::from(0x0B00_0000 + low);
            let action = if *allows { "allow" } else { "deny" };
            let maybe = if *maybe { " maybe" } else { "" };
            text + &format!("  in {number} {action} any from {low}/{length}{maybe}\n")
        },
    );
    let (pass, deny, hits) = outcome_of(&text, Phase::Opening, &Sight::HEADERS);
    let mut deciding = BTreeSet::new();
    for at in 0..5_200 {
        let address: std::net::IpAddr = std::net::Ipv4Addr::from(0x0B00_0000 + at).into();
        let mut may = [false, false];
        let matching = rules.iter().enumerate().filter(|(_, rule)| (rule.0..=rule.1).contains(&at));
        for (number, (_, _, allows, maybe)) in
            matching.chain([(rules.len(), &(0, 0, false, false))])
        {
            may[usize::from(*allows)] = true;
            deciding.extend((number < rules.len()).then(|| format!("a:{number}")));
            if !maybe {
                break;
            }
        }
        assert_eq!(deny.sources().contains(address), may[0], "{address}");
        assert_eq!(pass.sources().contains(address), may[1], "{address}");
    }
    assert_eq!(deciding, hits.into_iter().filter(|hit| hit != "a:End").collect());
}
