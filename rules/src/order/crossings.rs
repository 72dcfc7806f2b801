//! Which rules of a list may share packets, without comparing each with each.

use cloudfw_core::RangeSet;

use super::Work;
use super::shape::Shape;

/// The rules that each rule has to do with, ascending; `None` where it would be too much work. Far
/// sides are swept from the lowest address to the highest, so that only those are compared whose
/// spans overlap: blocks of addresses mostly do not.
pub(super) fn crossings(shapes: &[Shape<'_>], work: &mut Work) -> Option<Vec<Vec<usize>>> {
    let mut crossing: Vec<Vec<usize>> = vec![Vec::new(); shapes.len()];
    let v4: Vec<Option<(u32, u32)>> = shapes.iter().map(|it| span(it.far().v4())).collect();
    let v6: Vec<Option<(u128, u128)>> = shapes.iter().map(|it| span(it.far().v6())).collect();
    sweep(&v4, work, &mut |one, other| meet(shapes, one, other, &mut crossing))?;
    let both_v4 = |one: usize, other: usize| {
        let at = |place: usize| v4.get(place).copied().flatten();
        at(one).zip(at(other)).is_some_and(|(one, other)| one.0 <= other.1 && other.0 <= one.1)
    };
    sweep(&v6, work, &mut |one, other| {
        if !both_v4(one, other) {
            meet(shapes, one, other, &mut crossing);
        }
    })?;
    for others in &mut crossing {
        others.sort_unstable();
    }
    Some(crossing)
}

fn span<T: cloudfw_core::Axis>(set: &RangeSet<T>) -> Option<(T, T)> {
    Some((set.first()?, set.last()?))
}

fn meet(shapes: &[Shape<'_>], one: usize, other: usize, crossing: &mut [Vec<usize>]) {
    let (Some(shape), Some(beside)) = (shapes.get(one), shapes.get(other)) else { return };
    if !shape.meets(beside) {
        return;
    }
    for (place, other) in [(one, other), (other, one)] {
        if let Some(others) = crossing.get_mut(place) {
            others.push(other);
        }
    }
}

/// Calls for each two places whose spans overlap, once.
fn sweep<T: Ord + Copy>(
    spans: &[Option<(T, T)>],
    work: &mut Work,
    call: &mut impl FnMut(usize, usize),
) -> Option<()> {
    let places = spans.iter().enumerate();
    let mut sorted: Vec<(T, T, usize)> =
        places.filter_map(|(place, span)| span.map(|(low, high)| (low, high, place))).collect();
    sorted.sort_unstable();
    let mut open: Vec<(T, usize)> = Vec::new();
    for (low, high, place) in sorted {
        if !work.spend(1 + open.len()) {
            return None;
        }
        open.retain(|(end, _)| *end >= low);
        for (_, other) in &open {
            call(place, *other);
        }
        open.push((high, place));
    }
    Some(())
}
