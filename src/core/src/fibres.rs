//! Subsets of a product K × V in canonical form.
//!
//! A subset is seen as the function that gives each key the set of values it is paired with; keys
//! with the same set of values are one *fibre*. The list of fibres depends only on the subset, not
//! on how it was made, so two equal subsets are equal lists. Products nest: a fibre's value may be
//! a list of fibres itself.

/// The set operations that keys and values must have.
pub(crate) trait Algebra: Clone + Ord {
    fn is_empty(&self) -> bool;
    fn intersects(&self, other: &Self) -> bool;
    fn union(&self, other: &Self) -> Self;
    fn intersection(&self, other: &Self) -> Self;
    fn difference(&self, other: &Self) -> Self;
}

/// Fibres: keys disjoint and not empty, values distinct and not empty, sorted by key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fibres<K, V>(Vec<(K, V)>);

impl<K: Algebra, V: Algebra> Fibres<K, V> {
    /// From pairs whose keys are disjoint; values may repeat.
    pub(crate) fn from_disjoint(mut pairs: Vec<(K, V)>) -> Fibres<K, V> {
        pairs.retain(|(key, value)| !key.is_empty() && !value.is_empty());
        pairs.sort_by(|(_, a), (_, b)| a.cmp(b));
        let mut fibres: Vec<(K, V)> = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            match fibres.last_mut() {
                Some((last, same)) if *same == value => *last = last.union(&key),
                _ => fibres.push((key, value)),
            }
        }
        fibres.sort_by(|(a, _), (b, _)| a.cmp(b));
        Fibres(fibres)
    }

    /// The product of one key set and one value set.
    pub(crate) fn product(key: K, value: V) -> Fibres<K, V> {
        Fibres::from_disjoint(vec![(key, value)])
    }

    /// The union of many subsets, halving so that the small ones meet first.
    pub(crate) fn union_of(subsets: Vec<Fibres<K, V>>) -> Fibres<K, V> {
        let mut round = subsets;
        while round.len() > 1 {
            let mut pairs = round.into_iter();
            let mut next = Vec::with_capacity(pairs.len().div_ceil(2));
            while let Some(left) = pairs.next() {
                next.push(match pairs.next() {
                    Some(right) => left.union(&right),
                    None => left,
                });
            }
            round = next;
        }
        round.pop().unwrap_or(Fibres(Vec::new()))
    }

    pub(crate) fn into_pairs(self) -> impl Iterator<Item = (K, V)> {
        self.0.into_iter()
    }

    /// `fibres` less every key of `other`.
    fn keys_outside(&self, other: &Self) -> impl Iterator<Item = (K, V)> {
        self.0.iter().filter_map(|(key, value)| {
            let rest = other.0.iter().fold(key.clone(), |rest, (cut, _)| rest.difference(cut));
            (!rest.is_empty()).then(|| (rest, value.clone()))
        })
    }

    /// What `combine` makes of the values at the keys that both have.
    fn at_shared_keys(&self, other: &Self, combine: impl Fn(&V, &V) -> V) -> Vec<(K, V)> {
        let mut pairs = Vec::new();
        for (key, value) in &self.0 {
            for (other_key, other_value) in &other.0 {
                if key.intersects(other_key) {
                    pairs.push((key.intersection(other_key), combine(value, other_value)));
                }
            }
        }
        pairs
    }
}

impl<K: Algebra, V: Algebra> Algebra for Fibres<K, V> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn intersects(&self, other: &Self) -> bool {
        self.0.iter().any(|(key, value)| {
            other.0.iter().any(|(k, v)| key.intersects(k) && value.intersects(v))
        })
    }

    fn union(&self, other: &Self) -> Self {
        let mut pairs = self.at_shared_keys(other, V::union);
        pairs.extend(self.keys_outside(other));
        pairs.extend(other.keys_outside(self));
        Fibres::from_disjoint(pairs)
    }

    fn intersection(&self, other: &Self) -> Self {
        Fibres::from_disjoint(self.at_shared_keys(other, V::intersection))
    }

    fn difference(&self, other: &Self) -> Self {
        let mut pairs = self.at_shared_keys(other, V::difference);
        pairs.extend(self.keys_outside(other));
        Fibres::from_disjoint(pairs)
    }
}
