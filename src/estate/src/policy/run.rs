//! A policy, run: every pair asked once, and what the answers prove of each expectation.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cloudfw_core::{
    Client, Endpoint, Flow, HeaderSpace, Id, Interface, IpSet, PortSet, Question, Reachability,
    Service, ServiceSet, Unknown, Verdict, reach,
};

use super::check::{Pairs, check};
use super::prove::{Known, Quantified, conclude};
use super::questions::Questions;
use super::value::{
    Assertion, Conclusion, Counts, Offending, OffendingPair, PairCounts, VERIFY_SCHEMA, Verified,
    Witness, WitnessFlow,
};
use super::{Expectation, Policy, PolicyError, Quantifier, VerifyOptions};
use crate::answer::{Builder, Missing, family, missing};
use crate::inquiry::{Inquiry, asked};
use crate::pairs::PairAsked;
use crate::resolve::Party;

/// So many offending pairs are named.
const MOST_OFFENDING: usize = 10;

/// So much of what would have to be known is told.
const MOST_UNKNOWNS: usize = 10;

/// A worker takes so many questions at a time.
const AT_A_TIME: usize = 16;

/// Ports that people know, for witnesses: a flow to one of them says more than one to port 1.
const KNOWN_PORTS: [u16; 8] = [22, 53, 80, 443, 1433, 3306, 3389, 5432];

impl Inquiry<'_> {
    /// Proves a policy. Pairs that several expectations ask about are evaluated once.
    ///
    /// Of an estate in which nothing at all is recorded every assertion is unknown.
    ///
    /// # Errors
    ///
    /// [`PolicyError`], with everything that names nothing, two things or too much, and every
    /// exception that takes out nothing or everything.
    pub fn verify(
        &self,
        policy: &Policy,
        options: &VerifyOptions,
    ) -> Result<Verified, PolicyError> {
        let estate = self.estate;
        let assertions = if estate.is_empty() {
            policy.expectations.iter().map(|one| unread(policy, one)).collect()
        } else {
            let pairs = check(self, policy, options)?;
            Run::new(self, policy, options, pairs).assertions()
        };
        let count = |conclusion| {
            assertions.iter().filter(|one: &&Assertion| one.conclusion == conclusion).count()
        };
        let counts = Counts {
            assertions: assertions.len(),
            passed: count(Conclusion::Passed),
            failed: count(Conclusion::Failed),
            unknown: count(Conclusion::Unknown),
        };
        let mut not_read = estate.not_read();
        if estate.is_empty() {
            not_read.insert(0, nothing());
        }
        let conclusion = if counts.failed > 0 {
            Conclusion::Failed
        } else if counts.unknown > 0 || !not_read.is_empty() {
            Conclusion::Unknown
        } else {
            Conclusion::Passed
        };
        Ok(Verified {
            schema: VERIFY_SCHEMA,
            policy: policy.file.clone(),
            conclusion,
            counts,
            assertions,
            not_read,
            coverage: Arc::clone(&estate.coverage),
        })
    }
}

fn nothing() -> Missing {
    Missing {
        what: "any resource at all".to_owned(),
        why: "nothing is recorded that could be asked about".to_owned(),
        place: String::new(),
    }
}

/// An assertion about an estate in which nothing is.
fn unread(policy: &Policy, expectation: &Expectation) -> Assertion {
    let mut assertion = plain(policy, expectation);
    assertion.message = "nothing is recorded that it could be asked of".to_owned();
    assertion.unknowns = vec![nothing()];
    assertion
}

/// An assertion with what its expectation says, and nothing proved.
fn plain(policy: &Policy, expectation: &Expectation) -> Assertion {
    Assertion {
        name: expectation.name.clone(),
        group: expectation.group.clone(),
        severity: expectation.severity,
        place: policy.place(&expectation.span),
        from: expectation.from.plain(),
        to: expectation.to.plain(),
        except_from: expectation.except_from.plain(),
        except_to: expectation.except_to.plain(),
        service: expectation.services.to_string(),
        quantifier: expectation.quantifier.name(),
        client: expectation.client.as_ref().map(|client| match &*client.kind {
            "given" => client.ports.to_string(),
            kind => kind.to_owned(),
        }),
        one_way: expectation.one_way,
        expected: expectation.verdict,
        verdict: Verdict::Unknown,
        conclusion: Conclusion::Unknown,
        message: String::new(),
        pairs: PairCounts::default(),
        offending: None,
        witness: None,
        unknowns: Vec::new(),
        more_unknowns: 0,
    }
}

/// A pair of an expectation.
enum Asked {
    /// The place of its question among all.
    Question(usize),
    /// Nobody can answer it.
    Unanswerable(Box<Unanswerable>),
}

/// A pair that nothing recorded says anything about.
struct Unanswerable {
    source: Party,
    destination: Party,
    unknowns: Vec<Unknown>,
    /// Whether it stands for others, whose ends are not known.
    is_open: bool,
}

/// What is kept of an answer.
struct Found {
    known: Known,
    unknowns: Vec<Unknown>,
}

struct Run<'r, 'e> {
    inquiry: &'r Inquiry<'e>,
    policy: &'r Policy,
    builder: Builder<'r>,
    pairs: Vec<Vec<Asked>>,
    questions: Vec<Question>,
    found: Vec<Found>,
}

impl<'r, 'e> Run<'r, 'e> {
    /// Asks every question once.
    fn new(
        inquiry: &'r Inquiry<'e>,
        policy: &'r Policy,
        options: &VerifyOptions,
        pairs: Vec<Pairs>,
    ) -> Self {
        let mut questions = Questions::default();
        let pairs = policy.expectations.iter().zip(pairs).map(|(expectation, pairs)| {
            let client = expectation.client.as_ref().or(options.client.as_ref());
            let mut asked = |pair, is_open| match pair {
                PairAsked::Unanswerable { source, destination, unknowns } => {
                    let pair = Unanswerable { source, destination, unknowns, is_open };
                    Asked::Unanswerable(Box::new(pair))
                }
                PairAsked::Question { source, destination } => {
                    let services = expectation.services.clone();
                    let (client, one_way) = (client.cloned(), expectation.one_way);
                    let question = Question { source, destination, services, client, one_way };
                    Asked::Question(questions.place(question))
                }
            };
            let Pairs { found, apart } = pairs;
            let mut all: Vec<Asked> = found.into_iter().map(|pair| asked(pair, true)).collect();
            all.extend(apart.into_iter().map(|pair| asked(pair, false)));
            all
        });
        let pairs = pairs.collect();
        let estate = inquiry.estate;
        let internet = estate.index.internet.as_ref();
        let found = ask(inquiry, &questions.all);
        Self {
            inquiry,
            policy,
            builder: Builder::new(&estate.network, &estate.lines, internet),
            pairs,
            questions: questions.all,
            found,
        }
    }

    fn assertions(&self) -> Vec<Assertion> {
        let expectations = self.policy.expectations.iter().zip(&self.pairs);
        expectations.map(|(expectation, pairs)| self.assertion(expectation, pairs)).collect()
    }

    fn assertion(&self, expectation: &Expectation, pairs: &[Asked]) -> Assertion {
        let verdicts: Vec<Verdict> = pairs.iter().map(|pair| self.verdict(pair)).collect();
        let ends: Vec<[String; 2]> = match expectation.quantifier {
            Quantifier::All | Quantifier::Any => vec![Default::default(); pairs.len()],
            Quantifier::EachFrom | Quantifier::EachTo => {
                pairs.iter().map(|pair| self.ends(pair)).collect()
            }
        };
        let quantified: Vec<Quantified<'_>> = pairs
            .iter()
            .zip(&ends)
            .map(|(pair, [from, to])| Quantified {
                from,
                to,
                is_open: matches!(pair, Asked::Unanswerable(pair) if pair.is_open),
                proved: match pair {
                    Asked::Question(at) => self.known(*at).proves(expectation.verdict),
                    Asked::Unanswerable(_) => Conclusion::Unknown,
                },
            })
            .collect();
        let (conclusion, offending) = conclude(expectation.quantifier, &quantified);
        let offending: Vec<&Asked> = offending.into_iter().filter_map(|at| pairs.get(at)).collect();
        let mut assertion = plain(self.policy, expectation);
        assertion.pairs = PairCounts::of(verdicts.iter().copied());
        assertion.verdict = Verdict::over(verdicts).unwrap_or(Verdict::Unknown);
        assertion.conclusion = conclusion;
        let counts = [pairs.len(), offending.len()];
        assertion.message = message(expectation, conclusion, assertion.verdict, counts);
        assertion.offending = (conclusion != Conclusion::Passed).then(|| Offending {
            count: offending.len(),
            first: offending
                .iter()
                .filter_map(|pair| self.offending(pair))
                .take(MOST_OFFENDING)
                .collect(),
        });
        if conclusion == Conclusion::Failed {
            assertion.witness =
                offending.iter().find_map(|pair| self.witness(pair, expectation.verdict));
        }
        if conclusion == Conclusion::Unknown {
            self.add_unknowns(&offending, &mut assertion);
        }
        assertion
    }

    fn known(&self, at: usize) -> Known {
        self.found.get(at).map_or(Known::of(Verdict::Unknown), |found| found.known)
    }

    fn verdict(&self, pair: &Asked) -> Verdict {
        match pair {
            Asked::Question(at) => self.known(*at).verdict,
            Asked::Unanswerable(_) => Verdict::Unknown,
        }
    }

    /// What tells the resources at both ends from others: a machine is one, whatever the number of
    /// its interfaces and addresses.
    fn ends(&self, pair: &Asked) -> [String; 2] {
        match pair {
            Asked::Question(at) => match self.questions.get(*at) {
                Some(question) => [&question.source, &question.destination].map(|end| match end {
                    Endpoint::Interface { id, .. } => self.machine(id),
                    Endpoint::External { id, .. } => id.to_string(),
                    Endpoint::Unheld { router, address } => format!("{address}@{router}"),
                }),
                None => Default::default(),
            },
            Asked::Unanswerable(pair) => {
                [&pair.source, &pair.destination].map(|party| match party {
                    Party::Interface { id, .. } => self.machine(id),
                    Party::External { id, .. } | Party::Beyond { id, .. } => id.to_string(),
                    Party::Unheld { router, address } => format!("{address}@{router}"),
                    Party::Platform { address } => address.to_string(),
                    Party::Unclaimed { addresses } => addresses.to_string(),
                    Party::OneOf { text, .. } | Party::Unread { what: text, .. } => text.clone(),
                })
            }
        }
    }

    fn machine(&self, id: &Id<Interface>) -> String {
        let interface = self.inquiry.estate.network.interfaces.get(id);
        let host = interface.and_then(|interface| interface.host.as_ref());
        host.map_or_else(|| id.to_string(), |host| format!("host {host}"))
    }

    fn offending(&self, pair: &Asked) -> Option<OffendingPair> {
        let verdict = self.verdict(pair);
        match pair {
            Asked::Question(at) => {
                let question = self.questions.get(*at)?;
                Some(OffendingPair {
                    source: self.builder.end(&question.source),
                    destination: self.builder.end(&question.destination),
                    family: family(&question.source),
                    verdict,
                })
            }
            Asked::Unanswerable(pair) => {
                let Unanswerable { source, destination, unknowns, .. } = pair.as_ref();
                let pair = self.builder.unanswerable(source, destination, unknowns);
                let (source, destination) = (pair.source, pair.destination);
                Some(OffendingPair { source, destination, family: pair.family, verdict })
            }
        }
    }

    fn add_unknowns(&self, pairs: &[&Asked], assertion: &mut Assertion) {
        let mut unknowns: Vec<Missing> = Vec::new();
        let of = |pair: &&Asked| match pair {
            Asked::Question(at) => self.found.get(*at).map(|found| found.unknowns.clone()),
            Asked::Unanswerable(pair) => Some(pair.unknowns.clone()),
        };
        for unknown in pairs.iter().filter_map(of).flatten() {
            let unknown = missing(&unknown);
            if !unknowns.contains(&unknown) {
                unknowns.push(unknown);
            }
        }
        assertion.more_unknowns = unknowns.len().saturating_sub(MOST_UNKNOWNS);
        unknowns.truncate(MOST_UNKNOWNS);
        assertion.unknowns = unknowns;
    }

    /// One flow of a pair that breaks an expectation, and what becomes of it.
    fn witness(&self, pair: &Asked, expected: Verdict) -> Option<Witness> {
        let Asked::Question(at) = pair else { return None };
        let question = self.questions.get(*at)?;
        let whole = self.inquiry.doubted(reach(self.inquiry.graph(), question));
        let flow = telling(&breaking(&whole, expected))?;
        let question = only(&whole, &flow);
        let every_port = Question { client: Some(whole.client), ..question.clone() };
        let pair = |question: &Question| {
            let answer = reach(self.inquiry.graph(), question);
            self.builder.pair(&self.inquiry.doubted(answer))
        };
        Some(Witness {
            flow: WitnessFlow::from(&flow),
            pair: pair(&question),
            whole: pair(&every_port),
        })
    }
}

/// Answers questions, shared out among the processors.
fn ask(inquiry: &Inquiry<'_>, questions: &[Question]) -> Vec<Found> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        loop {
            let start = next.fetch_add(AT_A_TIME, Ordering::Relaxed);
            let part = questions.iter().enumerate().skip(start).take(AT_A_TIME);
            let before = found.len();
            found.extend(part.map(|(at, question)| (at, answer(inquiry, question))));
            if found.len() == before {
                return found;
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = workers.min(questions.len().div_ceil(AT_A_TIME));
    let mut found = if workers < 2 {
        work()
    } else {
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
            let mut found = work();
            for other in others {
                match other.join() {
                    Ok(part) => found.extend(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            found
        })
    };
    found.sort_unstable_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, found)| found).collect()
}

fn answer(inquiry: &Inquiry<'_>, question: &Question) -> Found {
    let reach = inquiry.doubted(reach(inquiry.graph(), question));
    let mut known = Known::of(reach.verdict);
    if reach.verdict != Verdict::Unknown {
        return Found { known, unknowns: Vec::new() };
    }
    known.passes = !reach.allowed.at_least.is_empty();
    known.fails = !reach.blockers.is_empty() && is_lost_in_part(inquiry, &reach);
    Found { known, unknowns: reach.unknowns }
}

/// Whether a flow of an unknown answer is proved to fail: one that may not pass is asked alone.
fn is_lost_in_part(inquiry: &Inquiry<'_>, whole: &Reachability) -> bool {
    let Some(flow) = asked(whole).difference(&whole.allowed.at_most).a_flow() else { return false };
    let alone = inquiry.doubted(reach(inquiry.graph(), &only(whole, &flow)));
    matches!(alone.verdict, Verdict::Unreachable | Verdict::Intermittent)
}

/// The flows that break what is expected of a pair.
fn breaking(reach: &Reachability, expected: Verdict) -> HeaderSpace {
    let allowed = &reach.allowed;
    let first = |sets: [HeaderSpace; 2]| {
        let mut sets = sets.into_iter().filter(|set| !set.is_empty());
        sets.next().unwrap_or_default()
    };
    match expected {
        Verdict::Reachable => {
            let all = asked(reach);
            first([all.difference(&allowed.at_most), all.difference(&allowed.at_least)])
        }
        Verdict::Unreachable => first([allowed.at_least.clone(), allowed.at_most.clone()]),
        _ => first([allowed.at_least.clone(), asked(reach)]),
    }
}

/// One of the flows, one that people know if there is any.
fn telling(flows: &HeaderSpace) -> Option<Flow> {
    let known = PortSet::from_ranges(KNOWN_PORTS.map(|port| (port, port)));
    let any = PortSet::range(1, u16::MAX);
    let services = [
        ServiceSet::tcp(known.clone()),
        ServiceSet::tcp(any.clone()),
        ServiceSet::udp(known),
        ServiceSet::udp(any),
    ];
    let told = services.iter().find_map(|services| flows.with_services(services).a_flow());
    told.or_else(|| flows.a_flow())
}

/// The question about one flow of an answer and nothing else.
fn only(whole: &Reachability, flow: &Flow) -> Question {
    let alone = |end: &Endpoint, address: IpAddr| match end {
        Endpoint::External { id, .. } => {
            Endpoint::External { id: id.clone(), addresses: IpSet::single(address) }
        }
        end => end.clone(),
    };
    let one = |port| PortSet::range(port, port);
    let (services, client) = match flow.service {
        Service::Ports { protocol, source, destination } => {
            let client = Client { kind: Arc::clone(&whole.client.kind), ports: one(source) };
            (ServiceSet::ports(protocol, PortSet::full(), one(destination)), client)
        }
        Service::Icmp { protocol, kind, code } => {
            (ServiceSet::icmp(protocol, Some(kind), Some(code)), whole.client.clone())
        }
        Service::Other { protocol } => (ServiceSet::all_of(protocol), whole.client.clone()),
    };
    Question {
        source: alone(&whole.question.source, flow.source),
        destination: alone(&whole.question.destination, flow.destination),
        services,
        client: Some(client),
        one_way: whole.question.one_way,
    }
}

/// What is proved, in words.
fn message(
    expectation: &Expectation,
    conclusion: Conclusion,
    found: Verdict,
    [all, offending]: [usize; 2],
) -> String {
    let Expectation { verdict, quantifier, .. } = expectation;
    let pairs =
        |count: usize| if count == 1 { "1 pair".to_owned() } else { format!("{count} pairs") };
    let are = |count: usize| if count == 1 { "is" } else { "are" };
    match (conclusion, quantifier) {
        (Conclusion::Passed, Quantifier::All) if all == 1 => format!("it is {verdict}"),
        (Conclusion::Passed, Quantifier::All) => format!("all {} are {verdict}", pairs(all)),
        (Conclusion::Passed, Quantifier::Any) => {
            format!("at least one of {} is {verdict}", pairs(all))
        }
        (Conclusion::Passed, Quantifier::EachFrom) => {
            format!("each of `from` has one of `to` that is {verdict} for it, of {}", pairs(all))
        }
        (Conclusion::Passed, Quantifier::EachTo) => {
            format!("each of `to` is {verdict} for one of `from`, of {}", pairs(all))
        }
        (Conclusion::Failed, Quantifier::All) if all == 1 && found == Verdict::Unknown => {
            format!("it is not {verdict}: a part is proved, and the rest is not known")
        }
        (Conclusion::Failed, Quantifier::All) if all == 1 => {
            format!("it is {found}, not {verdict}")
        }
        (Conclusion::Failed, Quantifier::All) => {
            format!("{offending} of {} {} not {verdict}", pairs(all), are(offending))
        }
        (Conclusion::Failed, Quantifier::Any) => format!("none of {} is {verdict}", pairs(all)),
        (Conclusion::Failed, Quantifier::EachFrom) => {
            format!("not each of `from` has one of `to` that is {verdict} for it")
        }
        (Conclusion::Failed, Quantifier::EachTo) => {
            format!("not each of `to` is {verdict} for one of `from`")
        }
        (Conclusion::Unknown, Quantifier::All) if all == 1 => "it cannot be said".to_owned(),
        (Conclusion::Unknown, _) => {
            format!("of {offending} of {} it cannot be said", pairs(all))
        }
    }
}
