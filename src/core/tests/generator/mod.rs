//! Random filters, networks and questions, from a seed, biased to where rules begin and end.

#![allow(dead_code, reason = "each test takes the part that it needs")]

pub(crate) mod filters;
pub(crate) mod networks;

/// A generator of numbers (SplitMix64): the same seed always gives the same numbers.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The numbers of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, nought for nought.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = end as u64;
        usize::try_from(self.next().checked_rem(end).unwrap_or(0)).expect("it is below a usize")
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True in so many of a hundred throws.
    pub(crate) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// One of these.
    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

/// The text without every line that it can do without and still `fails`.
pub(crate) fn cut_down(text: &str, fails: impl Fn(&str) -> bool) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let (mut index, mut since) = (0, 0);
    while since <= lines.len() && !lines.is_empty() {
        index %= lines.len();
        let mut fewer = lines.clone();
        fewer.remove(index);
        if fails(&fewer.join("\n")) {
            (lines, since) = (fewer, 0);
        } else {
            (index, since) = (index + 1, since + 1);
        }
    }
    lines.join("\n")
}
