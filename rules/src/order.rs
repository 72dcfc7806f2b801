//! Which rules of a list others make meaningless.
//!
//! Exact, by set cover over header spaces and not pair by pair: a rule may be covered by several
//! that each cover a part of it. Only what certainly matches covers; groups and what cannot be
//! resolved cover themselves, by name, and nothing else ([`shape`]). Lists whose rules all do the
//! same have no order (AWS-2), and a rule of them is covered by any others.

mod crossings;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use cloudfw_core::{Action, HeaderSpace, Network, RuleList, Unknown};

use crate::lists::Listed;
use crate::reading::{is_written, stands_for_the_unread};
use crossings::crossings;
use shape::{Does, Part, Shape};

/// Work on a list, in comparisons of two rules: this much for the list …
const WORK_OF_A_LIST: u64 = 2_000_000;
/// … and this much for each of its rules. Beyond it the list is not decided.
const WORK_OF_A_RULE: u64 = 40;
/// From how many covering rules on nobody looks whether fewer would do.
const MOST_MINIMISED: usize = 32;

/// What is said of the order of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The rules that others make meaningless, by their place in the list.
    pub overlaps: BTreeMap<usize, Overlap>,
    /// Set where it would take too long to say: then there are no overlaps.
    pub undecided: Option<Unknown>,
}

/// What others do to a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// What becomes of the rule.
    pub kind: Kind,
    /// The rules that do it, by their places in the list, in order; none of them can be left out.
    pub by: Vec<usize>,
}

/// What becomes of a rule that others overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Earlier rules decide all that it matches, and some of it the other way.
    Shadowed,
    /// Without it the same would happen, by earlier or later rules.
    Redundant,
    /// Earlier rules decide a part the other way, and are no exceptions made within it.
    Partly,
    /// It denies what nothing behind it would let through.
    Idle,
}

impl Order {
    /// Whether the rule at this place never decides anything.
    pub fn never_acts(&self, place: usize) -> bool {
        self.overlaps.get(&place).is_some_and(|it| it.kind != Kind::Partly)
    }

    /// What is said of the rules of a list.
    pub(crate) fn of(network: &Network, listed: &Listed<'_>) -> Self {
        Self::within(listed, ends_closed(network, listed), &mut Work::of(listed.list))
    }

    fn within(listed: &Listed<'_>, closed: bool, work: &mut Work) -> Self {
        let rules = &listed.list.rules;
        let shapes: Vec<Shape<'_>> =
            rules.iter().map(|rule| Shape::of(rule, listed.direction)).collect();
        let decided = crossings(&shapes, work).and_then(|crossing| {
            let mut reader = Reader { shapes: &shapes, crossing, closed, work };
            let ordered = !one_effect(&shapes);
            if ordered { reader.ordered() } else { reader.unordered() }
        });
        match decided {
            Some(overlaps) => Self { overlaps, undecided: None },
            None => Self { overlaps: BTreeMap::new(), undecided: Some(too_long(listed)) },
        }
    }
}

/// Work that is left before a list is given up.
pub(crate) struct Work {
    left: u64,
}

impl Work {
    fn of(list: &RuleList) -> Self {
        let rules = u64::try_from(list.rules.len()).unwrap_or(u64::MAX);
        Self { left: WORK_OF_A_LIST.saturating_add(rules.saturating_mul(WORK_OF_A_RULE)) }
    }

    /// Whether there was so much left.
    fn spend(&mut self, units: usize) -> bool {
        self.left = self.left.saturating_sub(u64::try_from(units).unwrap_or(u64::MAX));
        self.left > 0
    }
}

/// Whether every rule that somebody wrote does the same, so that their order is nothing.
fn one_effect(shapes: &[Shape<'_>]) -> bool {
    let written = shapes.iter().filter(|shape| is_written(shape.rule));
    let mut effects = written.map(|shape| shape.does).filter(|does| *does != Does::Nothing);
    let Some(first) = effects.next() else { return true };
    matches!(first, Does::Allow | Does::Deny) && effects.all(|other| other == first)
}

/// Whether what falls off the end of the list is denied, wherever it is asked.
fn ends_closed(network: &Network, listed: &Listed<'_>) -> bool {
    let list = std::ptr::from_ref::<RuleList>(listed.list);
    let filters = listed.filters.iter().filter_map(|id| network.filters.get(*id));
    let mut behind = filters.flat_map(|filter| {
        let lists = filter.lists(listed.direction);
        let own = lists.iter().position(|it| std::ptr::eq(it.as_ref(), list));
        lists.iter().skip(own.map_or(0, |own| own + 1))
    });
    behind.all(|list| list.rules.iter().all(|rule| matches!(rule.action, Action::Deny(_))))
}

fn too_long(listed: &Listed<'_>) -> Unknown {
    let (label, rules) = (listed.label(), listed.list.rules.len());
    Unknown::new(
        format!("which {} rules of {label} others make meaningless", listed.direction),
        format!("it has {rules} rules, too many that overlap to compare them all"),
        label.origin.to_string(),
    )
}

/// Reads one list.
struct Reader<'l, 'r> {
    shapes: &'l [Shape<'r>],
    /// The rules that may share packets with each rule, ascending.
    crossing: Vec<Vec<usize>>,
    closed: bool,
    work: &'l mut Work,
}

/// `None` where the work is used up.
type Overlaps = Option<BTreeMap<usize, Overlap>>;

/// What certain rules leave of some flows.
struct Left {
    rest: HeaderSpace,
    /// The rules that took something, in order.
    by: Vec<usize>,
}

impl<'l, 'r> Reader<'l, 'r> {
    /// First match wins.
    fn ordered(&mut self) -> Overlaps {
        let mut found = BTreeMap::new();
        for place in self.subjects() {
            if let Some(overlap) = self.by_earlier(place)? {
                found.insert(place, overlap);
            }
        }
        for place in self.subjects() {
            if found.get(&place).is_none_or(|it: &Overlap| it.kind == Kind::Partly)
                && let Some(overlap) = self.by_later(place, &found)?
            {
                found.insert(place, overlap);
            }
        }
        Some(found)
    }

    /// Every rule is asked.
    fn unordered(&mut self) -> Overlaps {
        let mut found = self.by_one_other()?;
        // Of several that are covered by each other together, the last goes first.
        for place in self.subjects().into_iter().rev() {
            if found.contains_key(&place) {
                continue;
            }
            let Some(shape) = self.shape(place) else { continue };
            // What is denied at the end is no reason to take an allow out.
            let alike = |other: &usize| self.shape(*other).is_some_and(|it| it.does == shape.does);
            let others: Vec<usize> = self
                .beside(place)
                .filter(|other| !found.contains_key(other))
                .filter(alike)
                .collect();
            if let Some(by) = self.covered(place, &others)? {
                found.insert(place, Overlap { kind: Kind::Redundant, by });
            }
        }
        Some(found)
    }

    /// The rules that something is said of: those that somebody wrote and that match anything.
    fn subjects(&self) -> Vec<usize> {
        let all = self.shapes.iter().enumerate();
        let wanted = all.filter(|(_, shape)| {
            is_written(shape.rule)
                && !stands_for_the_unread(shape.rule)
                && shape.does != Does::Nothing
                && !shape.is_empty()
        });
        wanted.map(|(place, _)| place).collect()
    }

    fn beside(&self, place: usize) -> impl Iterator<Item = usize> + use<'_, 'l, 'r> {
        self.crossing.get(place).into_iter().flatten().copied()
    }

    fn shape(&self, place: usize) -> Option<&'l Shape<'r>> {
        self.shapes.get(place)
    }

    /// Rules of an unordered list that one other covers by itself. Of equal ones the first stays.
    fn by_one_other(&mut self) -> Overlaps {
        let mut by_one: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for place in self.subjects() {
            let Some(shape) = self.shape(place) else { continue };
            for other in self.crossing.get(place).into_iter().flatten().copied() {
                if !self.work.spend(1) {
                    return None;
                }
                let Some(wider) = self.shapes.get(other) else { continue };
                let equal = other > place && shape.covers(wider);
                if wider.does == shape.does && wider.covers(shape) && !equal {
                    by_one.entry(place).or_default().push(other);
                }
            }
        }
        let stays = |other: &&usize| !by_one.contains_key(*other);
        let widest = |others: &[usize]| others.iter().find(stays).or(others.first()).copied();
        let overlap = |others: &[usize]| Overlap {
            kind: Kind::Redundant,
            by: widest(others).into_iter().collect(),
        };
        Some(by_one.iter().map(|(place, others)| (*place, overlap(others))).collect())
    }

    /// What earlier rules make of this one.
    #[expect(clippy::option_option, reason = "the outer one says that the work is used up")]
    fn by_earlier(&mut self, place: usize) -> Option<Option<Overlap>> {
        let Some(shape) = self.shape(place) else { return Some(None) };
        let earlier: Vec<usize> = self.beside(place).take_while(|it| *it < place).collect();
        if let Some(by) = self.covered(place, &earlier)? {
            let other = by.iter().filter_map(|it| self.shape(*it)).any(|it| it.does != shape.does);
            let kind = if other { Kind::Shadowed } else { Kind::Redundant };
            return Some(Some(Overlap { kind, by }));
        }
        let shapes = self.shapes;
        let crossing = |other: &usize| {
            shapes.get(*other).is_some_and(|it| it.opposes(shape) && it.takes_unawares(shape))
        };
        if !earlier.iter().any(crossing) {
            return Some(None);
        }
        let mut by: Vec<usize> = Vec::new();
        for part in shape.parts() {
            by.extend(self.left(&part, &earlier)?.by.into_iter().filter(crossing));
        }
        by.sort_unstable();
        by.dedup();
        Some((!by.is_empty()).then_some(Overlap { kind: Kind::Partly, by }))
    }

    /// What later rules make of this one: whether the same would happen without it.
    #[expect(clippy::option_option, reason = "the outer one says that the work is used up")]
    fn by_later(
        &mut self,
        place: usize,
        gone: &BTreeMap<usize, Overlap>,
    ) -> Option<Option<Overlap>> {
        let Some(shape) = self.shape(place) else { return Some(None) };
        let stays = |it: &usize| gone.get(it).is_none_or(|it| it.kind == Kind::Partly);
        let (earlier, later): (Vec<usize>, Vec<usize>) =
            self.beside(place).partition(|it| *it < place);
        let shapes = self.shapes;
        let same = |it: &usize| shapes.get(*it).is_some_and(|it| it.does == shape.does);
        // Those that are meaningless themselves do not stand in for it, and come to life without it.
        let later: Vec<usize> = later.into_iter().filter(|it| stays(it) || !same(it)).collect();
        if shape.does != Does::Deny && !later.iter().any(same) {
            return Some(None);
        }
        let mut by: Vec<usize> = Vec::new();
        let mut idle = false;
        for part in shape.parts() {
            let arriving = self.left(&part, &earlier)?.rest;
            let Some((taken, rest)) = self.fallen(&part, arriving, &later)? else {
                return Some(None);
            };
            let implied = |it: &usize| shapes.get(*it).is_some_and(|it| !is_written(it.rule));
            idle |= !rest.is_empty() || taken.iter().any(implied);
            let ends_alike = self.closed && shape.does == Does::Deny;
            if !rest.is_empty() && !ends_alike {
                return Some(None);
            }
            by.extend(taken);
        }
        by.sort_unstable();
        by.dedup();
        if shape.does == Does::Deny && idle {
            // Whoever writes out that everything else is denied knows what he does.
            let idle = Overlap { kind: Kind::Idle, by: Vec::new() };
            return Some((!shape.is_everything()).then_some(idle));
        }
        Some(Some(Overlap { kind: Kind::Redundant, by }))
    }

    /// Where flows would go without the rule that they are of: `None` where another effect may meet
    /// some of them, else the rules that take them, and what falls off the end.
    #[expect(clippy::option_option, reason = "the outer one says that the work is used up")]
    fn fallen(
        &mut self,
        part: &Part<'_>,
        mut rest: HeaderSpace,
        later: &[usize],
    ) -> Option<Option<(Vec<usize>, HeaderSpace)>> {
        let mut by = Vec::new();
        for place in later {
            let Some(other) = self.shape(*place) else { continue };
            if rest.is_empty() {
                break;
            }
            if !self.spend_on(&rest) {
                return None;
            }
            if other.does == part.shape.does {
                if let Some(cube) = other.cover(part).filter(|cube| rest.intersects_cube(cube)) {
                    rest = rest.subtract_cube(&cube);
                    by.push(*place);
                }
            } else if other.does != Does::Nothing
                && other.most().is_some_and(|cube| rest.intersects_cube(&cube))
            {
                return Some(None);
            }
        }
        Some(Some((by, rest)))
    }

    /// The fewest of some rules, in order, that certainly decide all that a rule matches.
    #[expect(clippy::option_option, reason = "the outer one says that the work is used up")]
    fn covered(&mut self, place: usize, by: &[usize]) -> Option<Option<Vec<usize>>> {
        let Some(shape) = self.shape(place) else { return Some(None) };
        if !self.may_cover(shape, by) {
            return Some(None);
        }
        let mut all = Vec::new();
        for part in shape.parts() {
            let left = self.left(&part, by)?;
            if !left.rest.is_empty() {
                return Some(None);
            }
            all.extend(left.by);
        }
        all.sort_unstable();
        all.dedup();
        Some(Some(self.fewest(shape, all)?))
    }

    fn may_cover(&self, shape: &Shape<'_>, by: &[usize]) -> bool {
        let shapes = by.iter().filter_map(|it| self.shape(*it)).filter(|it| it.certain());
        shape.may_be_covered(&shapes.collect::<Vec<_>>())
    }

    /// Leaves out of rules that cover another what is not needed for that.
    fn fewest(&mut self, shape: &Shape<'_>, mut by: Vec<usize>) -> Option<Vec<usize>> {
        if by.len() > MOST_MINIMISED {
            return Some(by);
        }
        for place in by.clone().into_iter().rev() {
            let others: Vec<usize> = by.iter().copied().filter(|it| *it != place).collect();
            let mut enough = true;
            for part in shape.parts() {
                enough = enough && self.left(&part, &others)?.rest.is_empty();
            }
            if enough {
                by = others;
            }
        }
        Some(by)
    }

    /// What some rules, asked in order, certainly leave of a part of another.
    fn left(&mut self, part: &Part<'_>, by: &[usize]) -> Option<Left> {
        let mut left = Left { rest: part.space(), by: Vec::new() };
        for place in by {
            if left.rest.is_empty() {
                break;
            }
            if !self.spend_on(&left.rest) {
                return None;
            }
            let cube = self.shape(*place).and_then(|shape| shape.cover(part));
            if let Some(cube) = cube.filter(|cube| left.rest.intersects_cube(cube)) {
                left.rest = left.rest.subtract_cube(&cube);
                left.by.push(*place);
            }
        }
        Some(left)
    }

    fn spend_on(&mut self, rest: &HeaderSpace) -> bool {
        let ranges = |cube: &cloudfw_core::Cube| {
            4 + (cube.source.v4().ranges().len() + cube.destination.v4().ranges().len()) / 8
        };
        self.work.spend(rest.cubes().iter().map(ranges).sum())
    }
}
