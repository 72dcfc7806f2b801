//! Open rules, and what comes in by them: one answer for each interface, shared by all checks of
//! exposure.
//!
//! From each source every interface is asked about once, for every service, and only where one of
//! its lists opens anything to the source. What comes in is then laid beside what each list opens,
//! so that rules are judged one list at a time: the list that opens a port is the cause, whatever
//! other list does the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cloudfw_core::{
    Direction, Flow, Id, Interface, IpSet, Label, Question, Rule, RuleCite, RuleList, ServiceSet,
    Step, Unknown,
};

use crate::{Audit, Effective, Source};

mod joint;
mod meeting;
mod merging;
mod openings;
mod proof;
#[cfg(test)]
mod tests;

/// How much of a source network rules let in, taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breadth {
    /// Single addresses.
    Few,
    /// A range of the internet that is smaller than what the settings call wide.
    Narrow,
    /// A range that the settings call wide.
    Wide,
    /// All of it, in a family.
    Whole,
}

/// A rule, and the list that it is written in.
#[derive(Clone, Copy, Debug)]
pub struct Written<'n> {
    /// The list.
    pub list: &'n Arc<RuleList>,
    /// The rule.
    pub rule: &'n Rule,
}

/// One root cause: rules of a list that open the same thing to the same source, or of several lists
/// that an interface asks together.
#[derive(Clone, Debug)]
pub struct Exposure<'n> {
    /// What is to be changed: the group or ACL; the interface where nothing guards it.
    pub subject: &'n Label,
    /// The list that the first rule is in; none where nothing guards the interface.
    pub list: Option<&'n Arc<RuleList>>,
    /// The source: its name.
    pub source: Arc<str>,
    /// Whether the source is the internet.
    pub is_internet: bool,
    /// How much of the source the rules let in.
    pub breadth: Breadth,
    /// Whether no single rule is as broad: 0.0.0.0/1 beside 128.0.0.0/1.
    pub only_together: bool,
    /// The rules, the one that opens most in front, else by what they say: not by where they stand.
    pub rules: Vec<Written<'n>>,
    /// Whether it is certain what the rules say; else nothing about their peers is.
    pub certain: bool,
    /// The addresses that are written in the rules; where they are not certain, those that they may
    /// stand for.
    pub addresses: IpSet,
    /// The prefix lists and tags that some of the addresses stand in.
    pub via: Vec<Arc<str>>,
    /// What the rules open, as they are written, without source ports; nothing where there are
    /// none.
    pub literal: ServiceSet,
    /// The interfaces that ask the list, in order, with what gets in at each.
    pub at: Vec<At<'n>>,
    /// What proves it.
    pub proof: Proof,
}

/// What gets in at an interface by the rules of an exposure, without source ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<'n> {
    /// The interface.
    pub interface: &'n Id<Interface>,
    /// What is proved to get in, and to be answered.
    pub exposed: ServiceSet,
    /// What may get in, and is not proved.
    pub possibly: ServiceSet,
    /// Of what gets in, what comes from less of the source alone than the rules open it to.
    pub lesser: Lesser,
    /// Where that comes from.
    pub from: IpSet,
}

/// Services, by how much of the source gets in to them where the rules say more; none twice.
pub type Lesser = BTreeMap<Breadth, ServiceSet>;

/// One witness of an exposure.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// The question that the steps answer; none where there is no address to ask about.
    pub question: Option<Question>,
    /// The hops there and back.
    pub trace: Vec<Step>,
    /// A flow that gets in.
    pub witness: Option<Flow>,
    /// What stops the rest or all, what acts first in front.
    pub blockers: Vec<Step>,
    /// Whether packets get in and only their replies are lost.
    pub one_way: bool,
    /// What would have to be known of what may get in.
    pub unknowns: Vec<Unknown>,
}

impl<'n> Exposure<'n> {
    /// What is proved to get in at one interface or another.
    pub fn exposed(&self) -> ServiceSet {
        ServiceSet::union_of(self.at.iter().map(|at| &at.exposed))
    }

    /// What may get in at one interface or another, and is proved at none.
    pub fn possibly(&self) -> ServiceSet {
        let possibly = ServiceSet::union_of(self.at.iter().map(|at| &at.possibly));
        possibly.difference(&self.exposed())
    }

    /// What comes of the rules, over all interfaces.
    pub fn effective(&self) -> Effective {
        match self.class() {
            Class::Exposed => Effective::Exposed,
            Class::Unknown => Effective::Unknown,
            Class::Blocked => Effective::Blocked(self.proof.blockers.clone()),
            Class::Unattached => Effective::Unattached,
        }
    }

    /// The rules, and where they are written.
    pub fn cites(&self) -> Vec<RuleCite> {
        let cite = |it: &Written<'_>| RuleCite::of_rule(it.list, Direction::Ingress, it.rule);
        self.rules.iter().map(cite).collect()
    }

    /// Rules of its lists that open some of the same to a wide range or to all, alone or together,
    /// when its own are gone.
    pub(crate) fn left_open(&self, audit: &Audit<'_>) -> Vec<Written<'n>> {
        let Some(source) = audit.sources().iter().find(|source| source.name == self.source) else {
            return Vec::new();
        };
        let mut lists: Vec<&'n Arc<RuleList>> = Vec::new();
        for it in &self.rules {
            if !lists.iter().any(|list| Arc::ptr_eq(list, it.list)) {
                lists.push(it.list);
            }
        }
        let own = |rule: &Rule| self.rules.iter().any(|it| std::ptr::eq(it.rule, rule));
        let written = lists.into_iter().flat_map(|list| {
            let rules = list.rules.iter().filter(|rule| !own(rule));
            rules.map(move |rule| Written { list, rule })
        });
        let alike = |it: &Written<'n>| {
            openings::is_opener(it.rule)
                && openings::dialled(&it.rule.matches.services).intersects(&self.literal)
        };
        let written: Vec<Written<'n>> = written.filter(alike).collect();
        let left = openings::openings(written.iter().map(|it| it.rule), source, audit.settings());
        let broad = left.into_iter().filter(|opening| opening.breadth >= Breadth::Wide);
        let places: BTreeSet<usize> = broad.flat_map(|opening| opening.rules).collect();
        places.into_iter().filter_map(|place| written.get(place).copied()).collect()
    }

    /// What of it is about these services, with a proof of its own.
    pub(crate) fn narrowed(&self, audit: &Audit<'n>, services: &ServiceSet) -> Self {
        let cut = |own: &ServiceSet| own.intersection(services);
        let at = |at: &At<'n>| At {
            interface: at.interface,
            exposed: cut(&at.exposed),
            possibly: cut(&at.possibly),
            lesser: at.lesser.iter().map(|(breadth, own)| (*breadth, cut(own))).collect(),
            from: at.from.clone(),
        };
        let at = self.at.iter().map(at).collect();
        let narrowed = Self { literal: cut(&self.literal), at, ..self.clone() };
        let source = audit.sources().iter().find(|source| source.name == self.source);
        let proof = source.map(|source| proof::of(audit, source, &narrowed)).unwrap_or_default();
        Self { proof, ..narrowed }
    }

    fn class(&self) -> Class {
        self.at.iter().map(At::class).max().unwrap_or(Class::Unattached)
    }
}

impl At<'_> {
    /// Whether something is proved to get in.
    pub fn is_exposed(&self) -> bool {
        self.class() == Class::Exposed
    }

    /// What gets in from as much of the source as the rules open.
    pub fn in_full(&self) -> ServiceSet {
        self.lesser.values().fold(self.exposed.clone(), |all, lesser| all.difference(lesser))
    }

    /// Whether it is proved that nothing gets in.
    pub fn is_blocked(&self) -> bool {
        self.class() == Class::Blocked
    }

    fn class(&self) -> Class {
        if !self.exposed.is_empty() {
            Class::Exposed
        } else if !self.possibly.is_empty() {
            Class::Unknown
        } else {
            Class::Blocked
        }
    }
}

/// What comes of an open rule, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Unattached,
    Blocked,
    Unknown,
    Exposed,
}

/// All exposures, in a fixed order: the internet's first, then by list.
pub(crate) fn exposures<'n>(audit: &Audit<'n>) -> Vec<Exposure<'n>> {
    let mut found: Vec<Exposure<'n>> = Vec::new();
    for source in audit.sources() {
        let mut new = of_source(audit, source);
        let named = by_subject(&new);
        let kept: Vec<bool> = found
            .iter()
            .map(|exposure| {
                let named = named.get(&(&raw const *exposure.subject));
                let says_it = |named: &&Exposure<'n>| named.says_better(exposure, source, audit);
                !named.into_iter().flatten().any(says_it)
            })
            .collect();
        let mut kept = kept.into_iter();
        found.retain(|_| kept.next().unwrap_or(true));
        let known = by_subject(&found);
        new.retain(|exposure| {
            let known = known.get(&(&raw const *exposure.subject));
            !known.into_iter().flatten().any(|known| known.covers(exposure))
        });
        found.extend(new);
    }
    found
}

/// Exposures by what is to be changed.
fn by_subject<'e, 'n>(
    exposures: &'e [Exposure<'n>],
) -> HashMap<*const Label, Vec<&'e Exposure<'n>>> {
    let mut by_subject: HashMap<*const Label, Vec<&Exposure<'n>>> = HashMap::new();
    for exposure in exposures {
        by_subject.entry(&raw const *exposure.subject).or_default().push(exposure);
    }
    by_subject
}

fn of_source<'n>(audit: &Audit<'n>, source: &Source<'n>) -> Vec<Exposure<'n>> {
    let guarded = meeting::ask(audit, source);
    let drafts = merging::exposures(audit, source, guarded);
    let proofs = shared_out(&drafts, |exposure| proof::of(audit, source, exposure));
    drafts.into_iter().zip(proofs).map(|(draft, proof)| Exposure { proof, ..draft }).collect()
}

impl Exposure<'_> {
    /// Whether this one of the internet says all that another one of the same subject and of a
    /// narrower source would.
    fn covers(&self, other: &Self) -> bool {
        self.is_internet
            && !other.is_internet
            && self.distance() <= other.distance()
            && self.has_all_of(other)
    }

    /// Whether this one of a network that the user names says all that one of the internet would:
    /// whoever the rules let in belongs to the network. The user knows it by its name.
    fn says_better(&self, other: &Self, source: &Source<'_>, audit: &Audit<'_>) -> bool {
        let internet = audit.sources().iter().find(|source| source.is_internet);
        let let_in = |internet: &Source<'_>| other.addresses.intersection(&internet.addresses);
        !self.is_internet
            && other.is_internet
            && self.distance() <= other.distance()
            && internet.is_some_and(|internet| let_in(internet).is_subset(&source.addresses))
            && self.has_all_of(other)
    }

    /// How far it is from all of the internet, in steps of severity.
    fn distance(&self) -> u8 {
        let of_breadth = match self.breadth {
            Breadth::Whole => 0,
            Breadth::Wide => 1,
            Breadth::Narrow => 2,
            Breadth::Few => 3,
        };
        of_breadth + u8::from(!self.is_internet)
    }

    /// Whether this one has all rules of another one, and lets in as much.
    fn has_all_of(&self, other: &Self) -> bool {
        let has = |it: &Written<'_>| self.rules.iter().any(|own| std::ptr::eq(own.rule, it.rule));
        self.class() >= other.class()
            && other.rules.iter().all(has)
            && other.exposed().is_subset(&self.exposed())
    }
}

/// From so many pieces of work on, it is shared out.
const SHARED_FROM: usize = 32;

/// Does a piece of work for each item, on all processors where there are many, and gives the
/// results in order.
fn shared_out<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    if items.len() < SHARED_FROM {
        return items.iter().map(work).collect();
    }
    // Small shares, taken in turn: some interfaces have far longer lists than others.
    let share = items.len().div_ceil(workers * 4).max(1);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let shares: Vec<&[T]> = items.chunks(share).collect();
    let take = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(share) = shares.get(at) else { return done };
            done.push((at, share.iter().map(&work).collect::<Vec<R>>()));
        }
    };
    let mut done: Vec<(usize, Vec<R>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..workers).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for worker in workers {
            match worker.join() {
                Ok(part) => done.extend(part),
                Err(failure) => std::panic::resume_unwind(failure),
            }
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().flat_map(|(_, part)| part).collect()
}
