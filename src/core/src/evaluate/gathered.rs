//! Sets that come one by one and are wanted as one.

use crate::HeaderSpace;

/// Sets of flows, joined in pairs of like size: a union costs as much as what it joins, so adding
/// each of a long list to all before it would take the square of its length.
#[derive(Default)]
pub(super) struct Gathered {
    /// How often each part was joined already, falling, and the part.
    parts: Vec<(u32, HeaderSpace)>,
    /// Whether sets may share flows.
    overlaps: bool,
}

impl Gathered {
    /// Adds a set that may share flows with others.
    pub(super) fn add(&mut self, flows: HeaderSpace) {
        self.overlaps = true;
        self.push(flows);
    }

    /// Adds a set that shares no flow with those that were added so before it.
    pub(super) fn add_disjoint(&mut self, flows: HeaderSpace) {
        self.push(flows);
    }

    fn push(&mut self, flows: HeaderSpace) {
        if flows.is_empty() {
            return;
        }
        let (mut joined, mut flows) = (0, flows);
        while let Some((_, part)) = self.parts.pop_if(|(times, _)| *times == joined) {
            flows = self.join(part, &flows);
            joined += 1;
        }
        self.parts.push((joined, flows));
    }

    fn join(&self, mut part: HeaderSpace, flows: &HeaderSpace) -> HeaderSpace {
        if self.overlaps {
            part.insert(flows);
        } else {
            part.insert_disjoint(flows);
        }
        part
    }

    /// All of them as a few sets.
    pub(super) fn parts(&self) -> impl Iterator<Item = &HeaderSpace> {
        self.parts.iter().map(|(_, part)| part)
    }

    /// All of them as one set.
    pub(super) fn whole(mut self) -> HeaderSpace {
        let parts = std::mem::take(&mut self.parts).into_iter().rev().map(|(_, part)| part);
        parts.reduce(|small, large| self.join(large, &small)).unwrap_or_default()
    }
}
