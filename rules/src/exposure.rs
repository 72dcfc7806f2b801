//! Open rules, and what comes in by them: one answer for each interface, shared by all checks of
//! exposure.
//!
//! From each source every interface is asked about once, for every service, and only where one of
//! its lists opens anything to the source. What comes in is then laid beside what each list opens,
//! so that rules are judged one list at a time: the list that opens a port is the cause, whatever
//! other list does the same.

use std::collections::HashMap;
use std::sync::Arc;

use cloudfw_core::{
    Direction, Flow, Id, Interface, IpSet, Label, Question, Rule, RuleCite, RuleList, ServiceSet,
    Step, Unknown,
};

use crate::{Audit, Effective, Source};

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
    /// A range that the settings call wide.
    Wide,
    /// All of it, in a family.
    Whole,
}

/// One root cause: rules of a list that open the same thing to the same source.
#[derive(Clone, Debug)]
pub struct Exposure<'n> {
    /// What is to be changed: the group or ACL; the interface where nothing guards it.
    pub subject: &'n Label,
    /// The list that the rules are in; none where nothing guards the interface.
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
    pub rules: Vec<&'n Rule>,
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
    /// Of what gets in, what comes from a range alone, though the rules open more.
    pub to_a_range: ServiceSet,
    /// Of what gets in, what comes from single addresses alone, though the rules open more.
    pub to_a_few: ServiceSet,
    /// Where that comes from.
    pub from: IpSet,
}

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

impl Exposure<'_> {
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
        let Some(list) = self.list else { return Vec::new() };
        let cite = |rule: &&Rule| RuleCite::of_rule(list, Direction::Ingress, rule);
        self.rules.iter().map(cite).collect()
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
        self.exposed.difference(&self.to_a_range).difference(&self.to_a_few)
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
        let mut known: HashMap<*const Label, Vec<&Exposure<'n>>> = HashMap::new();
        for exposure in &found {
            known.entry(&raw const *exposure.subject).or_default().push(exposure);
        }
        new.retain(|exposure| {
            let known = known.get(&(&raw const *exposure.subject));
            !known.into_iter().flatten().any(|known| known.covers(exposure))
        });
        found.extend(new);
    }
    found
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
        let has = |rule: &&Rule| self.rules.iter().any(|own| std::ptr::eq(*own, *rule));
        self.is_internet
            && !other.is_internet
            && self.breadth >= other.breadth
            && self.class() >= other.class()
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
