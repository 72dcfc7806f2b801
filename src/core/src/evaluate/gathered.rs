//! Sets that come one by one and are wanted as one.

use crate::HeaderSpace;

/// Sets of flows, joined in pairs of like size: a union costs as much as what it joins, so adding
/// each of a long list to all before it would take the square of its length.
#[derive(Default)]
pub(super) struct Gathered {
    /// How often each part was joined already, falling, and the part.
    parts: Vec<(u32, HeaderSpace)>,
}

impl Gathered {
    pub(super) fn add(&mut self, flows: HeaderSpace) {
        if flows.is_empty() {
            return;
        }
        let (mut joined, mut flows) = (0, flows);
        while let Some((_, part)) = self.parts.pop_if(|(times, _)| *times == joined) {
            flows = part.union(&flows);
            joined += 1;
        }
        self.parts.push((joined, flows));
    }

    /// All of them as a few sets.
    pub(super) fn parts(&self) -> impl Iterator<Item = &HeaderSpace> {
        self.parts.iter().map(|(_, part)| part)
    }

    /// All of them as one set.
    pub(super) fn whole(self) -> HeaderSpace {
        let parts = self.parts.into_iter().rev().map(|(_, part)| part);
        parts.reduce(|small, large| large.union(&small)).unwrap_or_default()
    }
}
