//! What the verdicts of an assertion's pairs prove of it.

use std::collections::BTreeMap;

use cloudfw_core::Verdict;

use super::{Conclusion, Quantifier};

/// What is known of a pair: its verdict, and what is proved of a part of it where that verdict is
/// unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) verdict: Verdict,
    /// Some flow that was asked about is proved to pass, at least now and then.
    pub(super) passes: bool,
    /// Some flow that was asked about is proved to fail, at least now and then.
    pub(super) fails: bool,
}

impl Known {
    /// What a verdict says by itself.
    pub(super) fn of(verdict: Verdict) -> Self {
        use Verdict::{Intermittent, Partial, Reachable, Unreachable};
        Self {
            verdict,
            passes: matches!(verdict, Reachable | Intermittent | Partial),
            fails: matches!(verdict, Unreachable | Intermittent | Partial),
        }
    }

    /// What it proves of an expectation about this pair alone.
    pub(super) fn proves(self, expected: Verdict) -> Conclusion {
        let is_broken = match expected {
            Verdict::Reachable => self.fails,
            Verdict::Unreachable => self.passes,
            // Ports that fail beside ports that nobody knows may still be some of the choices.
            _ => self.verdict != Verdict::Unknown,
        };
        if self.verdict == expected && self.verdict != Verdict::Unknown {
            Conclusion::Passed
        } else if is_broken {
            Conclusion::Failed
        } else {
            Conclusion::Unknown
        }
    }
}

/// A pair as a quantifier sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quantified<'k> {
    /// Which of `from` it begins at.
    pub(super) from: &'k str,
    /// Which of `to` it ends at.
    pub(super) to: &'k str,
    /// Whether it stands for others, whose ends are not known.
    pub(super) is_open: bool,
    pub(super) proved: Conclusion,
}

/// What pairs prove of an assertion, and the places of those that keep it from holding.
pub(super) fn conclude(
    quantifier: Quantifier,
    pairs: &[Quantified<'_>],
) -> (Conclusion, Vec<usize>) {
    let groups = groups(quantifier, pairs);
    let is_open = pairs.iter().any(|pair| pair.is_open);
    let of_group = |places: &Vec<usize>| {
        let mut proved = places.iter().filter_map(|at| pairs.get(*at)).map(|pair| pair.proved);
        if quantifier == Quantifier::All {
            return over_all(proved);
        }
        // What is not known of an end may be the one that holds.
        let over = over_any(proved.by_ref());
        if over == Conclusion::Failed && is_open { Conclusion::Unknown } else { over }
    };
    let concluded: Vec<(Conclusion, &Vec<usize>)> =
        groups.values().map(|places| (of_group(places), places)).collect();
    let conclusion = over_all(concluded.iter().map(|(conclusion, _)| *conclusion));
    let keeps = |at: &usize| {
        let proved = pairs.get(*at).map(|pair| pair.proved);
        match (quantifier, conclusion) {
            (_, Conclusion::Passed) => false,
            (Quantifier::All, _) | (_, Conclusion::Unknown) => proved == Some(conclusion),
            (_, Conclusion::Failed) => proved != Some(Conclusion::Passed),
        }
    };
    let mut offending: Vec<usize> = concluded
        .iter()
        .filter(|(of_group, _)| *of_group == conclusion)
        .flat_map(|(_, places)| places.iter().copied().filter(keeps))
        .collect();
    offending.sort_unstable();
    (conclusion, offending)
}

/// The places of the pairs that are quantified over together.
fn groups<'k>(quantifier: Quantifier, pairs: &[Quantified<'k>]) -> BTreeMap<&'k str, Vec<usize>> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, pair) in pairs.iter().enumerate() {
        let key = match quantifier {
            Quantifier::All | Quantifier::Any => "",
            Quantifier::EachFrom => pair.from,
            Quantifier::EachTo => pair.to,
        };
        groups.entry(key).or_default().push(at);
    }
    groups
}

fn over_all(proved: impl Iterator<Item = Conclusion>) -> Conclusion {
    let mut over = None;
    for one in proved {
        over = Some(match (over, one) {
            (Some(Conclusion::Failed), _) | (_, Conclusion::Failed) => Conclusion::Failed,
            (Some(Conclusion::Unknown), _) | (_, Conclusion::Unknown) => Conclusion::Unknown,
            _ => Conclusion::Passed,
        });
    }
    // Of nothing nothing is proved.
    over.unwrap_or(Conclusion::Unknown)
}

fn over_any(proved: impl Iterator<Item = Conclusion>) -> Conclusion {
    let mut over = None;
    for one in proved {
        over = Some(match (over, one) {
            (Some(Conclusion::Passed), _) | (_, Conclusion::Passed) => Conclusion::Passed,
            (Some(Conclusion::Unknown), _) | (_, Conclusion::Unknown) => Conclusion::Unknown,
            _ => Conclusion::Failed,
        });
    }
    over.unwrap_or(Conclusion::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Conclusion::{Failed, Passed, Unknown};

    #[test]
    fn a_verdict_proves_what_it_says_and_nothing_else() {
        use Verdict::{Intermittent, Partial, Reachable, Unreachable};
        for (expected, passes, fails, open) in [
            (
                Reachable,
                &[Reachable][..],
                &[Unreachable, Intermittent, Partial][..],
                &[Verdict::Unknown][..],
            ),
            (Unreachable, &[Unreachable], &[Reachable, Intermittent, Partial], &[Verdict::Unknown]),
            (
                Intermittent,
                &[Intermittent],
                &[Reachable, Unreachable, Partial],
                &[Verdict::Unknown],
            ),
        ] {
            for (verdicts, conclusion) in [(passes, Passed), (fails, Failed), (open, Unknown)] {
                for verdict in verdicts {
                    let proved = Known::of(*verdict).proves(expected);
                    assert_eq!(proved, conclusion, "{verdict} where {expected} is expected");
                }
            }
        }
        // Whatever were expected, what is not known never passes.
        let unknown = Known::of(Verdict::Unknown);
        assert_eq!(unknown.proves(Verdict::Unknown), Unknown);
    }

    #[test]
    fn a_part_that_is_proved_breaks_what_is_expected_of_all() {
        let passes = Known { passes: true, ..Known::of(Verdict::Unknown) };
        assert_eq!(passes.proves(Verdict::Unreachable), Failed);
        assert_eq!(passes.proves(Verdict::Reachable), Unknown);
        assert_eq!(passes.proves(Verdict::Intermittent), Unknown);
        let fails = Known { fails: true, ..Known::of(Verdict::Unknown) };
        assert_eq!(fails.proves(Verdict::Reachable), Failed);
        assert_eq!(fails.proves(Verdict::Unreachable), Unknown);
        assert_eq!(fails.proves(Verdict::Intermittent), Unknown);
    }

    fn pair(from: &'static str, to: &'static str, proved: Conclusion) -> Quantified<'static> {
        Quantified { from, to, is_open: false, proved }
    }

    #[test]
    fn quantifiers() {
        let pairs = [
            pair("a", "x", Passed),
            pair("a", "y", Failed),
            pair("b", "x", Unknown),
            pair("b", "y", Failed),
        ];
        let of = |quantifier| conclude(quantifier, &pairs);
        assert_eq!(of(Quantifier::All), (Failed, vec![1, 3]));
        assert_eq!(of(Quantifier::Any), (Passed, vec![]));
        assert_eq!(of(Quantifier::EachFrom), (Unknown, vec![2]));
        assert_eq!(of(Quantifier::EachTo), (Failed, vec![1, 3]));
    }

    #[test]
    fn of_nothing_nothing_is_proved() {
        for quantifier in Quantifier::ALL {
            assert_eq!(conclude(quantifier, &[]), (Unknown, vec![]));
        }
    }

    #[test]
    fn what_is_not_known_of_an_end_may_be_the_one_that_holds() {
        let open = Quantified { is_open: true, ..pair("b", "?", Unknown) };
        let pairs = [pair("a", "x", Failed), open];
        assert_eq!(conclude(Quantifier::EachFrom, &pairs).0, Unknown);
        assert_eq!(conclude(Quantifier::All, &pairs), (Failed, vec![0]));
        let closed = [pair("a", "x", Failed), pair("b", "y", Unknown)];
        assert_eq!(conclude(Quantifier::EachFrom, &closed), (Failed, vec![0]));
    }
}
