//! What the texts of a policy mean in an estate: the pairs of every expectation, or what is wrong.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::ops::Range;

use cloudfw_core::{Endpoint, External, Id, Interface, Unknown};

use super::except::Except;
use super::{Expectation, Policy, PolicyError, Texts, VerifyOptions};
use crate::Estate;
use crate::answer::Missing;
use crate::inquiry::Inquiry;
use crate::pairs::{PairAsked, pairs};
use crate::query::{QueryError, Split, split_service};
use crate::resolve::{Party, Resolver, Wanted};

/// The pairs of an expectation.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// As a query asks them.
    pub(super) found: Vec<PairAsked>,
    /// Recorded interfaces that have no address family in common.
    pub(super) apart: Vec<PairAsked>,
}

/// The pairs of every expectation, in their order.
///
/// # Errors
///
/// [`PolicyError`], with everything that names nothing, two things or too much, and every
/// exception that takes out nothing or everything.
pub(super) fn check(
    inquiry: &Inquiry<'_>,
    policy: &Policy,
    options: &VerifyOptions,
) -> Result<Vec<Pairs>, PolicyError> {
    let mut checker = Checker {
        inquiry,
        networks: BTreeMap::new(),
        known: RefCell::default(),
        problems: Vec::new(),
        exceptions: BTreeMap::new(),
        hint: unread_hint(inquiry.estate),
    };
    checker.networks(policy, options);
    let found: Vec<Pairs> =
        policy.expectations.iter().map(|expectation| checker.expectation(expectation)).collect();
    checker.idle_exceptions();
    if checker.problems.is_empty() { Ok(found) } else { Err(policy.error(checker.problems)) }
}

struct Checker<'i, 'e> {
    inquiry: &'i Inquiry<'e>,
    networks: BTreeMap<String, Vec<String>>,
    /// What each text means: many expectations say the same.
    known: RefCell<HashMap<String, Result<Vec<Party>, String>>>,
    problems: Vec<(Range<usize>, String)>,
    /// Exceptions by their places, with their key and whether they take out anything. One that a
    /// group says for its expectations has to do so in one of them.
    exceptions: BTreeMap<(usize, usize), (&'static str, bool)>,
    /// What to say beside a name that nothing has, where not all was read.
    hint: String,
}

impl Checker<'_, '_> {
    /// The names of both files. Neither goes before the other in silence.
    fn networks(&mut self, policy: &Policy, options: &VerifyOptions) {
        self.networks.clone_from(&options.networks);
        for (name, network) in &policy.networks {
            let given = self.networks.insert(name.clone(), network.cidrs.clone());
            if given.is_some_and(|given| given != network.cidrs) {
                let message = format!(
                    "`{name}` is another network in cloudfw.toml: give this one another name"
                );
                self.problems.push((network.span.clone(), message));
            }
        }
    }

    fn expectation(&mut self, expectation: &Expectation) -> Pairs {
        let Expectation { from, to, except_from, except_to, services, span, .. } = expectation;
        let sources = self.end(from, except_from, ["from", "except-from"]);
        let destinations = self.end(to, except_to, ["to", "except-to"]);
        let (Some(sources), Some(destinations)) = (sources, destinations) else {
            return Pairs::default();
        };
        let resolver = self.resolver();
        match pairs(resolver, &sources, &destinations, services) {
            Ok(found) => {
                let apart = apart(resolver, &sources, &destinations, &found);
                self.idle_texts(from, &found, &apart, [&sources, &destinations], true);
                self.idle_texts(to, &found, &apart, [&destinations, &sources], false);
                Pairs { found, apart }
            }
            Err(error) => {
                self.problems.push((span.clone(), error.to_string()));
                Pairs::default()
            }
        }
    }

    /// What an end means, without its exceptions; nothing where something is wrong with it.
    fn end(
        &mut self,
        texts: &Texts,
        except: &Texts,
        keys: [&'static str; 2],
    ) -> Option<Vec<Party>> {
        let meant = self.parties(texts);
        let except_of = self.exception(except)?;
        let meant = without_twins(meant?);
        let [key, except_key] = keys;
        let mut whole = Except::default();
        for (text, one) in except.texts.iter().zip(except_of) {
            let touches = meant.iter().any(|party| one.touches(party));
            let place = (text.span.start, text.span.end);
            self.exceptions.entry(place).or_insert((except_key, false)).1 |= touches;
            whole = whole.and(one);
        }
        let left: Vec<Party> = meant.iter().filter_map(|party| whole.rest_of(party)).collect();
        if left.iter().all(|party| matches!(party, Party::Unread { .. }))
            && left.len() < meant.len()
        {
            let message = format!("`{except_key}` leaves nothing of `{key}`");
            self.problems.push((except.span.clone(), message));
            return None;
        }
        Some(left)
    }

    fn exception(&mut self, except: &Texts) -> Option<Vec<Except>> {
        let mut found = Some(Vec::new());
        for text in &except.texts {
            let meant = self.meant(&text.value).and_then(|parties| {
                let ambiguous = parties.iter().find_map(|party| match party {
                    Party::OneOf { text, choices } => Some((text, choices)),
                    _ => None,
                });
                let Some((text, choices)) = ambiguous else { return Ok(parties) };
                let candidates = self.resolver().scoped(text, choices);
                Err(QueryError::AmbiguousAddress { text: text.clone(), candidates }.to_string())
            });
            match meant {
                Ok(parties) => {
                    if let Some(found) = &mut found {
                        found.push(Except::of(&text.value, &parties));
                    }
                }
                Err(message) => {
                    self.problems.push((text.span.clone(), message));
                    found = None;
                }
            }
        }
        found
    }

    fn parties(&mut self, texts: &Texts) -> Option<Vec<Party>> {
        let mut found = Some(Vec::new());
        for text in &texts.texts {
            let meant = self.meant(&text.value);
            match meant.and_then(|parties| self.held(&text.value, parties)) {
                Ok(parties) => {
                    if let Some(found) = &mut found {
                        found.extend(parties);
                    }
                }
                Err(message) => {
                    self.problems.push((text.span.clone(), message));
                    found = None;
                }
            }
        }
        found
    }

    /// The same, unless nobody is there: an address of a recorded network that nothing recorded has
    /// is a misspelt or a stale one, and what is said of it would hold for ever.
    fn held(&self, text: &str, parties: Vec<Party>) -> Result<Vec<Party>, String> {
        let is_unheld = |party: &Party| matches!(party, Party::Unheld { .. });
        let is_nobody = |party: &Party| match party {
            Party::OneOf { choices, .. } => choices.iter().all(is_unheld),
            party => is_unheld(party),
        };
        if parties.is_empty() || !parties.iter().all(is_nobody) {
            return Ok(parties);
        }
        let hint = &self.hint;
        Err(format!(
            "nothing in the recording has the address `{text}`; `cloudfw reach` says what becomes \
             of packets to it{hint}"
        ))
    }

    /// What a text means: a name of `networks`, or what it means on the command line.
    fn meant(&self, text: &str) -> Result<Vec<Party>, String> {
        if let Some(known) = self.known.borrow().get(text) {
            return known.clone();
        }
        let meant = match self.networks.get(text) {
            Some(cidrs) => self.network(text, cidrs),
            None => self.recorded(text),
        };
        self.known.borrow_mut().insert(text.to_owned(), meant.clone());
        meant
    }

    fn network(&self, name: &str, cidrs: &[String]) -> Result<Vec<Party>, String> {
        let candidates = self.inquiry.called(name);
        if !candidates.is_empty() {
            let candidates = candidates.join("\n  ");
            return Err(format!(
                "`{name}` is a network of `networks` and something recorded; write which one is \
                 meant, or give the network another name\n  {candidates}"
            ));
        }
        let mut found = Vec::new();
        for cidr in cidrs {
            let parties = self.resolver().source(cidr);
            found.extend(parties.map_err(|error| error.to_string())?);
        }
        Ok(found)
    }

    fn recorded(&self, text: &str) -> Result<Vec<Party>, String> {
        let resolver = self.resolver();
        resolver.destination(text, true).map(|target| target.end).map_err(|error| {
            if let Split::Certain(end, _) | Split::Perhaps(end, _) = split_service(text)
                && resolver.end(end).is_ok()
            {
                let service = text.get(end.len() + 1..).unwrap_or_default();
                return format!(
                    "a service stands in a key of its own: write `{end}` here, and `service = \
                     \"{service}\"`"
                );
            }
            let names = matches!(error, QueryError::UnknownName { .. });
            let names = self.nearest_network(text).filter(|_| names);
            let mut message = error.to_string();
            if let Some(name) = names {
                message =
                    format!("nothing is called `{text}`; did you mean `{name}` of `networks`?");
            }
            message + &self.hint
        })
    }

    fn nearest_network(&self, text: &str) -> Option<String> {
        let names = self.networks.keys().map(String::as_str);
        crate::query::near(text, names).into_iter().next()
    }

    /// Texts of an end, of several, that no pair begins or ends at: alone each would be an error.
    fn idle_texts(
        &mut self,
        texts: &Texts,
        found: &[PairAsked],
        apart: &[PairAsked],
        [own, other]: [&[Party]; 2],
        is_source: bool,
    ) {
        if texts.texts.len() < 2 {
            return;
        }
        let ends: BTreeSet<Named> =
            found.iter().chain(apart).map(|pair| Named::end(pair, is_source)).collect();
        let own: BTreeSet<Named> = own.iter().map(Named::party).collect();
        let other: BTreeSet<Named> = other.iter().map(Named::party).collect();
        for text in &texts.texts {
            let Ok(parties) = self.meant(&text.value) else { continue };
            // What is taken out is told elsewhere, and nothing is asked about itself.
            let is_idle = |party: &Named| {
                own.contains(party)
                    && !ends.contains(party)
                    && !matches!(party, Named::Other)
                    && !other.contains(party)
            };
            let named: Vec<Named> = parties.iter().map(Named::party).collect();
            if !named.is_empty() && named.iter().all(is_idle) {
                let message = format!(
                    "nothing to ask of `{}`: it has no address of a family that the other end has",
                    text.value
                );
                self.problems.push((text.span.clone(), message));
            }
        }
    }

    fn idle_exceptions(&mut self) {
        for ((start, end), (key, _)) in self.exceptions.iter().filter(|(_, (_, used))| !used) {
            let of = key.trim_start_matches("except-");
            let message = format!("this takes nothing out of `{of}`: take it out, or mend it");
            self.problems.push((*start..*end, message));
        }
    }

    fn resolver(&self) -> Resolver<'_> {
        self.inquiry.resolver()
    }
}

/// Who stands at an end, whatever the address.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Interface(Id<Interface>),
    Outside(Id<External>, bool),
    Unheld(IpAddr),
    /// What may be anything.
    Other,
}

impl Named {
    fn party(party: &Party) -> Self {
        match party {
            Party::Interface { id, .. } => Self::Interface(id.clone()),
            Party::External { id, addresses } | Party::Beyond { id, addresses, .. } => {
                Self::Outside(id.clone(), addresses.v4().is_empty())
            }
            Party::Unheld { address, .. } => Self::Unheld(*address),
            _ => Self::Other,
        }
    }

    fn end(pair: &PairAsked, is_source: bool) -> Self {
        match pair {
            PairAsked::Unanswerable { source, destination, .. } => {
                Self::party(if is_source { source } else { destination })
            }
            PairAsked::Question { source, destination } => {
                match if is_source { source } else { destination } {
                    Endpoint::Interface { id, .. } => Self::Interface(id.clone()),
                    Endpoint::External { id, addresses } => {
                        Self::Outside(id.clone(), addresses.v4().is_empty())
                    }
                    Endpoint::Unheld { address, .. } => Self::Unheld(*address),
                }
            }
        }
    }
}

/// Each party once, where several texts mean it.
fn without_twins(parties: Vec<Party>) -> Vec<Party> {
    let mut by_interface: HashMap<Id<Interface>, Vec<Wanted>> = HashMap::new();
    let mut others: Vec<Party> = Vec::new();
    let is_first = |party: &Party| match party {
        Party::Interface { id, wanted } => {
            let known = by_interface.entry(id.clone()).or_default();
            let is_new = !known.contains(wanted);
            if is_new {
                known.push(wanted.clone());
            }
            is_new
        }
        other => {
            let is_new = !others.contains(other);
            if is_new {
                others.push(other.clone());
            }
            is_new
        }
    };
    let mut parties = parties;
    parties.retain(is_first);
    parties
}

/// The pairs of recorded interfaces that have no address family in common. A set passes over them;
/// a query about one of them says that it is not known, and so has an assertion.
fn apart(
    resolver: Resolver<'_>,
    sources: &[Party],
    destinations: &[Party],
    found: &[PairAsked],
) -> Vec<PairAsked> {
    let id = |party: &Party| match party {
        Party::Interface { id, .. } => Some(id.clone()),
        _ => None,
    };
    let of_endpoint = |end: &Endpoint| match end {
        Endpoint::Interface { id, .. } => Some(id.clone()),
        _ => None,
    };
    type Recorded = Option<Id<Interface>>;
    let asked: BTreeSet<(Recorded, Recorded)> = found
        .iter()
        .map(|pair| match pair {
            PairAsked::Question { source, destination } => {
                (of_endpoint(source), of_endpoint(destination))
            }
            PairAsked::Unanswerable { source, destination, .. } => (id(source), id(destination)),
        })
        .collect();
    let mut apart = Vec::new();
    for source in sources {
        for destination in destinations {
            let (Some(one), Some(other)) = (id(source), id(destination)) else { continue };
            let has_addresses = |id: &Id<Interface>| {
                resolver.network.interfaces.get(id).is_some_and(|it| !it.addresses.is_empty())
            };
            let is_known = has_addresses(&one) && has_addresses(&other);
            if one == other || !is_known || asked.contains(&(Some(one), Some(other))) {
                continue;
            }
            let unknown = Unknown::new(
                "how the one could reach the other",
                "no address family is recorded for both that the service could use, and \
                 translation between families is not modelled",
                "",
            );
            let (source, destination) = (source.clone(), destination.clone());
            apart.push(PairAsked::Unanswerable { source, destination, unknowns: vec![unknown] });
        }
    }
    apart
}

/// That not all was read, where a name that nothing has may be among it.
fn unread_hint(estate: &Estate) -> String {
    let told = |it: Missing| match it.place.as_str() {
        "" => it.what,
        place => format!("{}: {place}", it.what),
    };
    let unread: Vec<String> = estate.not_read().into_iter().map(told).collect();
    match unread.as_slice() {
        [] => String::new(),
        some => format!("\n  not all was read, so it may be there: {}", some.join(", ")),
    }
}
