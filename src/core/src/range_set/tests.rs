use super::*;
use proptest::prelude::*;

/// Ranges whose ends are few enough to meet, with both ends of the axis among them.
fn port_sets() -> impl Strategy<Value = PortSet> {
    let end = prop_oneof![
        4 => 0_u16..12,
        2 => (u16::MAX - 5)..=u16::MAX,
        1 => Just(0), 1 => Just(u16::MAX), 1 => any::<u16>(),
    ];
    proptest::collection::vec((end.clone(), end), 0..7).prop_map(RangeSet::from_ranges)
}

/// Every end of a range of the sets, and its neighbours.
fn edges(sets: &[&PortSet]) -> Vec<u16> {
    let mut values = vec![0, u16::MAX];
    for set in sets {
        for (low, high) in set.ranges() {
            for end in [*low, *high] {
                values.extend([end.saturating_sub(1), end, end.saturating_add(1)]);
            }
        }
    }
    values
}

fn assert_normal<T: Axis>(set: &RangeSet<T>) {
    for (low, high) in set.ranges() {
        assert!(low <= high);
    }
    for pair in set.ranges().windows(2) {
        assert!(pair[0].1.next().is_some_and(|next| next < pair[1].0), "{set:?} touches");
    }
    let is_list = matches!(set.ranges, Few::Many(_));
    assert_eq!(is_list, set.ranges().len() > 1, "one representation per length");
}

proptest! {
    #[test]
    fn operations_are_those_of_membership(a in port_sets(), b in port_sets()) {
        let (union, both, only) = (a.union(&b), a.intersection(&b), a.difference(&b));
        let not = a.complement();
        for set in [&a, &b, &union, &both, &only, &not] {
            assert_normal(set);
        }
        for port in edges(&[&a, &b]) {
            let (in_a, in_b) = (a.contains(port), b.contains(port));
            prop_assert_eq!(union.contains(port), in_a || in_b);
            prop_assert_eq!(both.contains(port), in_a && in_b);
            prop_assert_eq!(only.contains(port), in_a && !in_b);
            prop_assert_eq!(not.contains(port), !in_a);
        }
        prop_assert_eq!(a.intersects(&b), !both.is_empty());
        prop_assert_eq!(a.is_subset(&b), only.is_empty());
        prop_assert_eq!(union.count() + both.count(), a.count() + b.count());
    }

    #[test]
    fn equal_sets_are_equal_lists(a in port_sets(), b in port_sets()) {
        prop_assert_eq!(a.union(&b).complement(), a.complement().intersection(&b.complement()));
        prop_assert_eq!(&a.difference(&b).union(&a.intersection(&b)), &a);
        prop_assert!(a.difference(&b).intersection(&b).is_empty());
        prop_assert_eq!(&a.complement().complement(), &a);
        prop_assert_eq!(a.union(&a.complement()), PortSet::full());
        prop_assert_eq!(a.union(&b), b.union(&a));
        prop_assert_eq!(a.ranges().iter().copied().collect::<PortSet>(), a);
    }

    #[test]
    fn ports_are_read_as_they_are_written(a in port_sets()) {
        // The empty set is printed as a word, and is not asked for.
        let a = if a.is_empty() { PortSet::full() } else { a };
        prop_assert_eq!(a.to_string().parse::<PortSet>(), Ok(a));
    }

    #[test]
    fn no_text_breaks_the_reader(text in "[0-9,\\-a ]{0,12}") {
        if let Ok(set) = text.parse::<PortSet>() {
            prop_assert!(!set.is_empty());
        }
    }

    #[test]
    fn thousands_of_ranges_behave_like_few(
        picks in proptest::collection::vec(0_u32..5000, 0..40),
        probe in 0_u32..50_020,
    ) {
        let many = RangeSet::from_ranges((0..5000_u32).map(|n| (n * 10, n * 10 + 4)));
        let few = RangeSet::from_ranges(picks.iter().map(|n| (n * 10 + 3, n * 10 + 7)));
        let both = many.intersection(&few);
        assert_normal(&both);
        prop_assert_eq!(both.contains(probe), many.contains(probe) && few.contains(probe));
        prop_assert_eq!(&both, &few.intersection(&many));
        let rest = few.difference(&many);
        assert_normal(&rest);
        prop_assert_eq!(rest.contains(probe), few.contains(probe) && !many.contains(probe));
        prop_assert_eq!(rest.union(&both), few);
    }
}

#[test]
fn the_ends_of_every_axis_are_inside() {
    fn check<T: Axis>() {
        let full = RangeSet::<T>::full();
        assert!(full.is_full() && full.contains(T::MIN) && full.contains(T::MAX));
        assert!(full.complement().is_empty());
        assert_eq!(RangeSet::<T>::empty().complement(), full);
        let top = RangeSet::single(T::MAX);
        assert_eq!(top.complement().union(&top), full);
        assert_eq!(full.difference(&top).last(), T::MAX.previous());
        let bottom = RangeSet::single(T::MIN);
        assert_eq!(full.difference(&bottom).first(), T::MIN.next());
        assert_eq!(full.difference(&bottom).difference(&top).ranges().len(), 1);
        assert!(RangeSet::range(T::MAX, T::MIN).is_empty());
    }
    check::<u8>();
    check::<u16>();
    check::<u32>();
    check::<u128>();
}

#[test]
fn counts_are_exact_and_saturate() {
    assert_eq!(RangeSet::<u8>::full().count(), 256);
    assert_eq!(PortSet::range(32768, 60999).count(), 28232);
    assert_eq!(RangeSet::<u32>::full().count(), 1 << 32);
    assert_eq!(RangeSet::<u128>::full().count(), u128::MAX);
    assert_eq!(PortSet::empty().count(), 0);
}

#[test]
fn touching_ranges_become_one() {
    assert_eq!(PortSet::from_ranges([(80, 89), (90, 99)]), PortSet::range(80, 99));
    assert_eq!(PortSet::single(80).union(&PortSet::single(81)), PortSet::range(80, 81));
    assert_eq!(PortSet::from_ranges([(9, 3), (5, 5)]), PortSet::single(5));
}

#[test]
fn ports_are_printed_as_the_command_line_takes_them() {
    let ports: PortSet = "8000-8100,22,23".parse().unwrap();
    assert_eq!(ports.to_string(), "22-23,8000-8100");
    assert_eq!(PortSet::empty().to_string(), "none");
    assert_eq!(PortSet::full().to_string(), "0-65535");
    assert_eq!(serde_json::to_string(&ports).unwrap(), "\"22-23,8000-8100\"");
}

#[test]
fn bad_ports_say_what_is_wrong() {
    let error = |text: &str| text.parse::<PortSet>().unwrap_err();
    assert_eq!(error("70000"), PortSetError::TooLarge { part: "70000".into() });
    assert_eq!(
        error("22,500-400").to_string(),
        "the port range `500-400` ends below its start; did you mean `400-500`"
    );
    assert_eq!(error("22,http"), PortSetError::NotANumber { part: "http".into() });
    assert_eq!(error("+22"), PortSetError::NotANumber { part: "+22".into() });
    for missing in ["", "22,", ",22", "-443", "443-", "-"] {
        assert_eq!(error(missing), PortSetError::Missing { list: missing.into() });
    }
    assert_eq!(error("1-2-3"), PortSetError::NotANumber { part: "2-3".into() });
    assert_eq!(
        error("99999999999999999999"),
        PortSetError::TooLarge { part: "99999999999999999999".into() }
    );
}
