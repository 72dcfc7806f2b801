//! What is left for the next rule of a list.

use super::gathered::Gathered;
use super::{Matched, Sight, matched};
use crate::{HeaderSpace, Match, Peers};

/// The flows that arrive at a rule. What the rules before it took is cut out of the whole only
/// now and then: it falls into many cubes, and most rules of a long list match none of them.
pub(super) struct Arriving {
    flows: HeaderSpace,
    /// Cuts that wait, and those that were joined since they wait for longer.
    taken: Vec<HeaderSpace>,
    joined: Gathered,
    /// How many wait among the joined.
    waiting: usize,
}

impl Arriving {
    /// Cuts that wait one by one; each is looked at for every match.
    const MOST_TAKEN: usize = 64;

    pub(super) fn new(flows: HeaderSpace) -> Self {
        Self { flows, taken: Vec::new(), joined: Gathered::default(), waiting: 0 }
    }

    /// Whether certainly nothing is left; it may take a while to see that.
    pub(super) fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// How many cubes a rule is put to.
    pub(super) fn cubes(&self) -> usize {
        self.flows.cubes().len()
    }

    pub(super) fn matched<'a>(
        &mut self,
        matches: &'a Match,
        sight: &Sight<'_>,
    ) -> Option<Matched<'a>> {
        if is_everything(matches, sight) {
            // The last rule of most lists: what it takes is all that is left.
            self.settle();
            let hi = self.flows.clone();
            return (!hi.is_empty()).then_some(Matched { hi, lo: None, doubt: None });
        }
        let mut found = matched(matches, &self.flows, sight)?;
        if self.taken.is_empty() && self.waiting == 0 {
            return Some(found);
        }
        if found.hi.address_ranges() > Self::MOST_TAKEN {
            // Cutting what it matches would be as much work as cutting the whole, for every cut.
            self.settle();
            return matched(matches, &self.flows, sight);
        }
        for taken in self.taken.iter().chain(self.joined.parts()) {
            found.hi.remove(taken);
            if let Some(lo) = &mut found.lo {
                lo.remove(taken);
            }
        }
        (!found.hi.is_empty()).then_some(found)
    }

    /// Takes what a match that is of everything holds for.
    pub(super) fn take_all(&mut self) {
        *self = Self::new(HeaderSpace::empty());
    }

    pub(super) fn take(&mut self, flows: HeaderSpace) {
        self.taken.push(flows);
        if self.taken.len() >= Self::MOST_TAKEN {
            self.join();
            if self.waiting >= self.patience() {
                self.settle();
            }
        }
    }

    /// How many cuts may wait: cutting copies the lists of ranges, and costs no more than the
    /// rules did that it is put off for.
    fn patience(&self) -> usize {
        self.flows.address_ranges() / self.flows.cubes().len().max(1)
    }

    /// Their union is much smaller than they are: one source with many ports is one cube.
    fn join(&mut self) {
        self.waiting += self.taken.len();
        let mut union = HeaderSpace::empty();
        // What a rule took, no rule before it did.
        self.taken.drain(..).for_each(|taken| union.insert_disjoint(&taken));
        self.joined.add_disjoint(union);
    }

    fn settle(&mut self) {
        self.join();
        self.waiting = 0;
        self.flows.remove(&std::mem::take(&mut self.joined).whole());
    }

    pub(super) fn settled(mut self) -> HeaderSpace {
        self.settle();
        self.flows
    }
}

/// Whether a match certainly holds for every flow.
pub(super) fn is_everything(matches: &Match, sight: &Sight<'_>) -> bool {
    matches.sources == Peers::Any
        && matches.destinations == Peers::Any
        && matches.doubt.is_none()
        && matches.states.intersects(sight.state)
        && matches.services.is_full()
}
