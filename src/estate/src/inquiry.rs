//! Queries, answered.

use std::sync::Arc;

use cloudfw_core::{
    Endpoint, PathGraph, Question, Reachability, ServiceSet, Symptom, Verdict, reach,
};

use crate::answer::{
    Answer, Asked, Builder, Failure, Missing, Outcome, Pair, REACH_SCHEMA, missing, symptom_over,
};
use crate::estate::Estate;
use crate::pairs::{PairAsked, pairs};
use crate::query::{Query, QueryError, QueryLine};
use crate::resolve::Resolver;
use crate::show::{Description, describe};

/// From so many pairs on, the work is shared out.
const SHARED_FROM: usize = 64;

/// An estate that is ready for queries.
#[derive(Debug)]
pub struct Inquiry<'e> {
    estate: &'e Estate,
    graph: PathGraph<'e>,
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
            Ok(answer) => Outcome::Answered(answer),
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

    /// What a resource is, where it hangs, and what is effective at it.
    ///
    /// # Errors
    ///
    /// [`QueryError`] where it names nothing or two things.
    pub fn show(&self, resource: &str) -> Result<Description, QueryError> {
        describe(self.estate, self.resolver().resource(resource)?)
    }

    fn resolver(&self) -> Resolver<'e> {
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
                self.judge(&builder, &reach(&self.graph, &question))
            }
        };
        pairs.iter().map(answer).collect()
    }

    /// An address that no recorded interface has may belong to one that was not read.
    fn judge(&self, builder: &Builder<'_>, reach: &Reachability) -> Pair {
        let mut pair = builder.pair(reach);
        for end in [&reach.question.source, &reach.question.destination] {
            let Endpoint::Unheld { router, address } = end else { continue };
            let Some(router) = self.estate.network.routers.get(router) else { continue };
            let mut services = router.platform.iter();
            if router.unread.is_empty() || services.any(|it| it.addresses.contains(*address)) {
                continue;
            }
            pair.verdict = Verdict::Unknown;
            pair.forward_verdict = Verdict::Unknown;
            pair.symptom = Symptom::Unknown;
            let unread: Vec<Missing> = router.unread.iter().map(missing).collect();
            pair.unknowns.retain(|unknown| !unread.contains(unknown));
            pair.unknowns.extend(unread);
        }
        pair
    }
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
