//! Queries, answered.

use std::sync::Arc;

use cloudfw_core::{
    Bounds, Endpoint, Fraction, HeaderSpace, Id, Interface, IpSet, PathGraph, PortSet, Question,
    Reachability, ServiceSet, Symptom, Unknown, Verdict, reach,
};

use crate::answer::{Answer, Asked, Builder, Failure, Outcome, Pair, REACH_SCHEMA, symptom_over};
use crate::estate::Estate;
use crate::pairs::{PairAsked, pairs};
use crate::query::{Query, QueryError, QueryLine};
use crate::resolve::{Party, Resolver, Wanted};
use crate::show::{Description, describe};

/// From so many pairs on, the work is shared out.
const SHARED_FROM: usize = 64;

/// An estate that is ready for queries.
#[derive(Debug)]
pub struct Inquiry<'e> {
    pub(crate) estate: &'e Estate,
    graph: PathGraph<'e>,
}

/// Where flows begin: an end of a query, looked up.
#[derive(Debug, Clone)]
pub struct Beginning {
    parties: Vec<Party>,
}

impl Beginning {
    /// The addresses outside of the estate that it means.
    pub fn outside(&self) -> IpSet {
        let sets = self.parties.iter().filter_map(|party| match party {
            Party::External { addresses, .. }
            | Party::Beyond { addresses, .. }
            | Party::Unclaimed { addresses } => Some(addresses),
            _ => None,
        });
        IpSet::union_of(sets)
    }
}

/// What a beginning asks of an interface.
#[derive(Debug, Clone, Default)]
pub struct Towards {
    /// One question for each pair of addresses, with every service.
    pub questions: Vec<Question>,
    /// Why some of it cannot be asked.
    pub unknowns: Vec<Unknown>,
}

/// A query in the words of the estate.
struct Asking<'q> {
    destination: &'q str,
    services: ServiceSet,
    pairs: Vec<PairAsked>,
}

impl<'e> Inquiry<'e> {
    pub(crate) fn new(estate: &'e Estate) -> Self {
        Self { estate, graph: PathGraph::new(&estate.network) }
    }

    /// The path graph of the estate's network.
    pub fn graph(&self) -> &PathGraph<'e> {
        &self.graph
    }

    /// Answers a query.
    ///
    /// # Errors
    ///
    /// [`QueryError`] where it names nothing, two things, or too much.
    pub fn reach(&self, query: &Query) -> Result<Answer, QueryError> {
        let asking = self.asking(query)?;
        let answers = self.answers(query, &asking);
        let verdict = Verdict::over(answers.iter().map(|pair| pair.verdict));
        Ok(Answer {
            schema: REACH_SCHEMA,
            query: Asked {
                text: query.text.clone(),
                source: query.source.clone(),
                destination: asking.destination.to_owned(),
                service: asking.services.to_string(),
                client: query.client.as_ref().map(|client| match &*client.kind {
                    "given" => client.ports.to_string(),
                    kind => kind.to_owned(),
                }),
                one_way: query.one_way,
                expect: query.expect,
                line: None,
            },
            verdict: verdict.unwrap_or(Verdict::Unknown),
            symptom: symptom_over(&answers),
            answers,
            coverage: Arc::clone(&self.estate.coverage),
        })
    }

    /// Answers a line of a file of queries: an error is an answer too.
    pub fn answer_line(&self, line: &QueryLine) -> Outcome {
        let answer = match &line.query {
            Ok(query) => self.reach(query),
            Err(error) => Err(error.clone()),
        };
        match answer {
            Ok(answer) => Outcome::Answered(answer.of_line(line.line)),
            Err(error) => Outcome::Failed(Failure::new(&line.text, Some(line.line), &error)),
        }
    }

    /// The questions that a query comes down to, for those who evaluate them themselves. Pairs of
    /// which nothing is recorded are not among them.
    ///
    /// # Errors
    ///
    /// Those of [`Inquiry::reach`].
    pub fn questions(&self, query: &Query) -> Result<Vec<Question>, QueryError> {
        let asking = self.asking(query)?;
        let Asking { pairs, services, .. } = asking;
        let ask = |pair| match pair {
            PairAsked::Question { source, destination } => {
                Some(question(source, destination, &services, query))
            }
            PairAsked::Unanswerable { .. } => None,
        };
        Ok(pairs.into_iter().filter_map(ask).collect())
    }

    /// What an end of a query means as the beginning of flows, to be asked of many interfaces.
    ///
    /// # Errors
    ///
    /// [`QueryError`] where it names nothing, or two things.
    pub fn beginning(&self, source: &str) -> Result<Beginning, QueryError> {
        Ok(Beginning { parties: self.resolver().source(source)? })
    }

    /// What a beginning asks of an interface, of every service; nothing where they share no address
    /// family.
    ///
    /// # Errors
    ///
    /// [`QueryError`] where an address of the beginning is in several networks.
    pub fn towards(
        &self,
        from: &Beginning,
        interface: &Id<Interface>,
    ) -> Result<Towards, QueryError> {
        let services = ServiceSet::full();
        let to = Party::Interface { id: interface.clone(), wanted: Wanted::Any };
        let pairs = match pairs(self.resolver(), &from.parties, &[to], &services) {
            Err(QueryError::NoPairs { .. }) => Vec::new(),
            pairs => pairs?,
        };
        let mut towards = Towards::default();
        for pair in pairs {
            match pair {
                PairAsked::Question { source, destination } => {
                    let (services, client) = (services.clone(), None);
                    let question =
                        Question { source, destination, services, client, one_way: false };
                    towards.questions.push(question);
                }
                PairAsked::Unanswerable { unknowns, .. } => towards.unknowns.extend(unknowns),
            }
        }
        Ok(towards)
    }

    /// What a resource is, where it hangs, and what is effective at it; of each that a tag, a glob
    /// or a CIDR means.
    ///
    /// # Errors
    ///
    /// [`QueryError`] where it names nothing, and where a name or an address is of two things.
    pub fn show(&self, resource: &str) -> Result<Vec<Description>, QueryError> {
        let resources = self.resolver().resources(resource)?;
        Ok(resources.into_iter().map(|resource| describe(self.estate, resource)).collect())
    }

    /// What is recorded under an id, an ARN or a name and can be an end of a query: each in a form
    /// that names it alone, with what it is. Safe to print.
    pub fn called(&self, name: &str) -> Vec<String> {
        self.resolver().called(name)
    }

    /// What else is called as an end of a query is, and was not meant: a machine goes before the
    /// subnets and groups of its name, and `internet` before everything. As [`Inquiry::called`].
    pub fn passed_over(&self, end: &str) -> Vec<String> {
        self.resolver().passed_over(end)
    }

    pub(crate) fn resolver(&self) -> Resolver<'e> {
        let Estate { network, index, .. } = self.estate;
        Resolver { network, index }
    }

    fn asking<'q>(&self, query: &'q Query) -> Result<Asking<'q>, QueryError> {
        let resolver = self.resolver();
        let sources = resolver.source(&query.source)?;
        let target = resolver.destination(&query.destination, query.service.is_some())?;
        let services = query.service.clone().or(target.service).unwrap_or_else(ServiceSet::full);
        let pairs = pairs(resolver, &sources, &target.end, &services)?;
        Ok(Asking { destination: target.text, services, pairs })
    }

    fn answers(&self, query: &Query, asking: &Asking<'_>) -> Vec<Pair> {
        let pairs = asking.pairs.as_slice();
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        if pairs.len() < SHARED_FROM || workers < 2 {
            return self.part(pairs, &asking.services, query);
        }
        let share = pairs.len().div_ceil(workers);
        std::thread::scope(|scope| {
            let answer = |part| self.part(part, &asking.services, query);
            let workers: Vec<_> =
                pairs.chunks(share).map(|part| (part, scope.spawn(move || answer(part)))).collect();
            // A worker that failed is asked again here, where its failure is the caller's.
            let done = |(part, worker): (_, std::thread::ScopedJoinHandle<'_, _>)| {
                worker.join().unwrap_or_else(|_| answer(part))
            };
            workers.into_iter().flat_map(done).collect()
        })
    }

    /// Answers some pairs, one after the other.
    fn part(&self, pairs: &[PairAsked], services: &ServiceSet, query: &Query) -> Vec<Pair> {
        let Estate { network, lines, index, .. } = self.estate;
        let builder = Builder::new(network, lines, index.internet.as_ref());
        let answer = |pair: &PairAsked| match pair {
            PairAsked::Unanswerable { source, destination, unknowns } => {
                builder.unanswerable(source, destination, unknowns)
            }
            PairAsked::Question { source, destination } => {
                let question = question(source.clone(), destination.clone(), services, query);
                builder.pair(&self.doubted(reach(&self.graph, &question)))
            }
        };
        pairs.iter().map(answer).collect()
    }

    /// An address that no recorded interface has may belong to one that was not read, whose groups
    /// and public address nobody knows: then nothing is proved, and nothing can be excluded.
    pub(crate) fn doubted(&self, mut reach: Reachability) -> Reachability {
        let ends = [&reach.question.source, &reach.question.destination];
        let unread: Vec<Unknown> =
            ends.into_iter().flat_map(|end| self.unread_at(end)).cloned().collect();
        if unread.is_empty() {
            return reach;
        }
        if reach.verdict != Verdict::Unknown {
            let whole = reach.failing.at_most.whole;
            reach.failing = Bounds {
                at_least: Fraction { part: 0, whole },
                at_most: Fraction { part: whole, whole },
            };
            reach.failing_by_client = Vec::new();
            reach.gap = PortSet::empty();
            reach.allowed = Bounds { at_least: HeaderSpace::empty(), at_most: asked(&reach) };
        }
        reach.verdict = Verdict::Unknown;
        reach.forward_verdict = Verdict::Unknown;
        reach.symptom = Symptom::Unknown;
        reach.unknowns.retain(|unknown| !unread.contains(unknown));
        reach.unknowns.extend(unread);
        reach
    }

    /// What was not read of the network that an address is in which no recorded interface has.
    fn unread_at(&self, end: &Endpoint) -> Vec<&'e Unknown> {
        let network = &self.estate.network;
        let Endpoint::Unheld { router: id, address } = end else { return Vec::new() };
        let Some(router) = network.routers.get(id) else { return Vec::new() };
        if router.platform.iter().any(|it| it.addresses.contains(*address)) {
            return Vec::new();
        }
        let managed = network.managed_at(id, &IpSet::single(*address));
        router.unread.iter().chain(managed).collect()
    }
}

/// All flows that a question is about, as the client sees them.
pub(crate) fn asked(reach: &Reachability) -> HeaderSpace {
    let addresses = |end: &Endpoint| match end {
        Endpoint::Interface { address, dialled, .. } => IpSet::single(dialled.unwrap_or(*address)),
        Endpoint::External { addresses, .. } => addresses.clone(),
        Endpoint::Unheld { address, .. } => IpSet::single(*address),
    };
    let Question { source, destination, services, .. } = &reach.question;
    let services = services.with_source_ports(&reach.client.ports);
    HeaderSpace::from_cube(addresses(source), addresses(destination), services)
}

fn question(
    source: Endpoint,
    destination: Endpoint,
    services: &ServiceSet,
    query: &Query,
) -> Question {
    Question {
        source,
        destination,
        services: services.clone(),
        client: query.client.clone(),
        one_way: query.one_way,
    }
}
