//! Points: flows without their source port, and what is proved of them.
//!
//! The source port is a choice, the client's or a gateway's, and what is said of a point is said
//! of all its choices: every one passes, none does, or some do and some do not.

use crate::round_trip::{Choice, Cut};
use crate::{Bounds, Cube, Flow, Fraction, HeaderSpace, PortSet, Service, ServiceSet, Verdict};

/// Points whose shares are worked out one by one; more of them only widen the bounds.
const MOST_SHARES: usize = 24;

/// The points that were asked about, by what is proved of them. They are flows whose source port
/// is any.
#[derive(Default)]
pub(crate) struct Points {
    reachable: HeaderSpace,
    intermittent: HeaderSpace,
    unreachable: HeaderSpace,
    pub(crate) unknown: HeaderSpace,
    pub(crate) allowed: Bounds<HeaderSpace>,
    trips: Vec<Vec<Choice>>,
}

impl Points {
    /// Adds what a trip proves. Points are in the coordinates of the first segment.
    pub(crate) fn add(&mut self, choices: &[Choice]) {
        let Some((first, later)) = choices.split_first() else {
            return;
        };
        let mut sorted = Sorted::of(first, &|flows| any_source_port(flows));
        let mut allowed =
            Bounds { at_least: first.asked.difference(&first.lost), at_most: first.pass.clone() };
        for choice in later {
            let next = Sorted::of(choice, &|flows| onto_first(first, choice, flows));
            allowed.at_least = allowed.at_least.intersection(&next.all_pass);
            allowed.at_most = allowed.at_most.difference(&next.none_pass);
            sorted = sorted.and(&next);
        }
        let mixed = sorted
            .some_pass
            .intersection(&sorted.some_fail)
            .difference(&sorted.none_pass)
            .difference(&sorted.all_pass);
        let rest = sorted
            .asked
            .difference(&sorted.all_pass)
            .difference(&sorted.none_pass)
            .difference(&mixed);
        self.reachable = self.reachable.union(&sorted.all_pass);
        self.unreachable = self.unreachable.union(&sorted.none_pass);
        self.intermittent = self.intermittent.union(&mixed);
        self.unknown = self.unknown.union(&rest);
        self.allowed.at_least = self.allowed.at_least.union(&allowed.at_least);
        self.allowed.at_most = self.allowed.at_most.union(&allowed.at_most);
        self.trips.push(choices.to_vec());
    }

    /// Leaves what was asked about.
    pub(crate) fn restrict(&mut self, cut: &Cut) {
        if cut.is_nothing() {
            return;
        }
        let Self { reachable, intermittent, unreachable, unknown, allowed, .. } = self;
        let Bounds { at_least, at_most } = allowed;
        for flows in [reachable, intermittent, unreachable, unknown, at_least, at_most] {
            if !flows.is_empty() {
                *flows = cut.of(flows);
            }
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let of = |points: &HeaderSpace, verdict| (!points.is_empty()).then_some(verdict);
        let verdicts = [
            of(&self.reachable, Verdict::Reachable),
            of(&self.intermittent, Verdict::Intermittent),
            of(&self.unreachable, Verdict::Unreachable),
            of(&self.unknown, Verdict::Unknown),
        ];
        // Nothing was asked that could be: no path could even begin.
        Verdict::over(verdicts.into_iter().flatten()).unwrap_or(Verdict::Unknown)
    }

    /// The share that fails, over the points that neither wholly pass nor wholly fail; where all
    /// are alike, of any one of them. Several points of different shares give the widest bounds.
    pub(crate) fn failing(&self, verdict: Verdict) -> Bounds<Fraction> {
        if self.intermittent.is_empty() && verdict != Verdict::Unknown {
            return self.all_or_none(verdict);
        }
        let mut left = match verdict {
            _ if !self.intermittent.is_empty() => self.intermittent.clone(),
            _ => self.unknown.union(&self.unreachable),
        };
        let mut bounds: Option<Bounds<Fraction>> = None;
        for _ in 0..MOST_SHARES {
            let Some(point) = left.a_flow() else { break };
            let Some((share, alike)) = self.share_at(&point) else {
                break;
            };
            left = left.difference(&alike);
            let widened = match bounds {
                None => share,
                Some(known) => widest(&known, &share),
            };
            bounds = Some(widened);
            // Nothing is wider than all or none, whatever other points say.
            if widened.at_least.part == 0 && widened.at_most.part == widened.at_most.whole {
                break;
            }
        }
        let rest = Bounds { at_least: Fraction::ZERO, at_most: Fraction { part: 1, whole: 1 } };
        match bounds {
            Some(known) if left.is_empty() => known,
            Some(known) => widest(&known, &rest),
            None => rest,
        }
    }

    /// The share where every point passes wholly or fails wholly: counted over the choices that
    /// the lowest point of the first way has.
    fn all_or_none(&self, verdict: Verdict) -> Bounds<Fraction> {
        let choices = self.trips.first().map_or(&[][..], Vec::as_slice);
        let counts = choices.iter().map(|choice| ports_of_lowest(&choice.asked));
        let whole = counts.fold(1, |whole: u128, count| whole.saturating_mul(count));
        let (none, all) = (Fraction { part: 0, whole }, Fraction { part: whole, whole });
        match verdict {
            Verdict::Reachable => Bounds { at_least: none, at_most: none },
            Verdict::Unreachable => Bounds { at_least: all, at_most: all },
            _ => Bounds { at_least: none, at_most: all },
        }
    }

    /// The failing share at a point, and the points that are treated alike.
    fn share_at(&self, point: &Flow) -> Option<(Bounds<Fraction>, HeaderSpace)> {
        let choices = self.trips.iter().find(|choices| {
            choices.first().is_some_and(|first| any_source_port(&first.asked).contains(point))
        })?;
        let first = choices.first()?;
        let mut alike = HeaderSpace::full();
        let mut passing = Bounds {
            at_least: Fraction { part: 1, whole: 1 },
            at_most: Fraction { part: 1, whole: 1 },
        };
        for (index, choice) in choices.iter().enumerate() {
            let proved = choice.asked.difference(&choice.lost);
            let shares = [&choice.asked, &proved, &choice.pass].map(|flows| {
                let later = (index > 0).then_some((first, choice));
                let (ports, same) = ports_at(flows, point, later);
                alike = alike.intersection(&same);
                ports
            });
            let [asked, proved, possible] = shares;
            passing.at_least = passing.at_least.times(&Fraction { part: proved, whole: asked });
            passing.at_most = passing.at_most.times(&Fraction { part: possible, whole: asked });
        }
        let failing = Bounds {
            at_least: passing.at_most.complement(),
            at_most: passing.at_least.complement(),
        };
        Some((failing, alike))
    }

    /// The client's ports that are proved to be lost at some point that is intermittent.
    pub(crate) fn gap(&self) -> PortSet {
        self.trips.iter().filter_map(|choices| choices.first()).fold(PortSet::empty(), |gap, c| {
            let lost = c.asked.difference(&c.pass).intersection(&self.intermittent);
            gap.union(&lost.services().source_ports())
        })
    }
}

/// Flows of a later segment as points of the first one. A destination is mapped only where it was
/// rewritten on the way: where it was not, what happens to one address says nothing of another.
fn onto_first(first: &Choice, later: &Choice, flows: &HeaderSpace) -> HeaderSpace {
    let points = flows.map_source(&first.asked.sources(), Some(&PortSet::full()));
    let destinations = first.asked.destinations();
    if later.asked.destinations() == destinations {
        points
    } else {
        points.map_destination(&destinations, None)
    }
}

/// The points of one choice, by how many of its ports pass.
struct Sorted {
    asked: HeaderSpace,
    all_pass: HeaderSpace,
    none_pass: HeaderSpace,
    some_pass: HeaderSpace,
    some_fail: HeaderSpace,
}

impl Sorted {
    fn of(choice: &Choice, points: &dyn Fn(&HeaderSpace) -> HeaderSpace) -> Self {
        let asked = points(&choice.asked);
        Self {
            all_pass: asked.difference(&points(&choice.lost)),
            none_pass: asked.difference(&points(&choice.pass)),
            some_pass: points(&choice.asked.difference(&choice.lost)),
            some_fail: points(&choice.asked.difference(&choice.pass)),
            asked,
        }
    }

    /// Both choices, made independently.
    fn and(&self, other: &Self) -> Self {
        Self {
            asked: self.asked.clone(),
            all_pass: self.all_pass.intersection(&other.all_pass),
            none_pass: self.none_pass.union(&other.none_pass.intersection(&self.asked)),
            some_pass: self.some_pass.intersection(&other.some_pass),
            some_fail: self.some_fail.union(&other.some_fail.intersection(&self.asked)),
        }
    }
}

/// The same flows from any source port.
fn any_source_port(flows: &HeaderSpace) -> HeaderSpace {
    let from_any = |cube: &Cube| Cube {
        services: cube.services.map_source_ports(&PortSet::full()),
        ..cube.clone()
    };
    flows.cubes().iter().map(from_any).collect()
}

/// How many source ports a set of flows has at the point of its lowest flow; one, where there are
/// no ports.
fn ports_of_lowest(flows: &HeaderSpace) -> u128 {
    let Some(lowest) = flows.a_flow() else { return 1 };
    let Service::Ports { protocol, destination, .. } = lowest.service else { return 1 };
    let mut ports = PortSet::empty();
    for cube in flows.cubes() {
        if !cube.source.contains(lowest.source) || !cube.destination.contains(lowest.destination) {
            continue;
        }
        for (protocols, from, to) in cube.services.port_cubes() {
            if protocols.contains(protocol) && to.contains(destination) {
                ports = ports.union(from);
            }
        }
    }
    ports.count()
}

/// How many source ports a set of flows has at a point (one, where there are no ports), and the
/// points around it that have the same.
fn ports_at(
    flows: &HeaderSpace,
    point: &Flow,
    later: Option<(&Choice, &Choice)>,
) -> (u128, HeaderSpace) {
    let mut ports = PortSet::empty();
    let mut without_ports = false;
    let mut alike = HeaderSpace::full();
    for cube in flows.cubes() {
        let (source, destination) = (cube.source.clone(), cube.destination.clone());
        for (services, found) in service_parts(cube) {
            let any_port = services.map_source_ports(&PortSet::full());
            let part = HeaderSpace::from_cube(source.clone(), destination.clone(), any_port);
            let part = match later {
                Some((first, choice)) => onto_first(first, choice, &part),
                None => part,
            };
            if part.contains(point) {
                alike = alike.intersection(&part);
                match found {
                    Some(found) => ports = ports.union(&found),
                    None => without_ports = true,
                }
            } else {
                alike = alike.difference(&part);
            }
        }
    }
    let count = if without_ports { 1 } else { ports.count() };
    (count, alike)
}

/// The parts of a cube's services that have one set of source ports each.
fn service_parts(cube: &Cube) -> Vec<(ServiceSet, Option<PortSet>)> {
    let mut parts: Vec<(ServiceSet, Option<PortSet>)> = Vec::new();
    let mut rest = cube.services.clone();
    for (protocols, source, destination) in cube.services.port_cubes() {
        let part = protocols.iter().fold(ServiceSet::empty(), |all, protocol| {
            all.union(&ServiceSet::ports(protocol, source.clone(), destination.clone()))
        });
        rest = rest.difference(&part);
        parts.push((part, Some(source.clone())));
    }
    if !rest.is_empty() {
        parts.push((rest, None));
    }
    parts
}

fn widest(a: &Bounds<Fraction>, b: &Bounds<Fraction>) -> Bounds<Fraction> {
    let less = |a: &Fraction, b: &Fraction| {
        a.part.saturating_mul(b.whole) < b.part.saturating_mul(a.whole)
    };
    Bounds {
        at_least: if less(&b.at_least, &a.at_least) { b.at_least } else { a.at_least },
        at_most: if less(&a.at_most, &b.at_most) { b.at_most } else { a.at_most },
    }
}
