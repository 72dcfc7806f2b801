//! An audit: an estate, what is asked of it, and what several checks need to know.

use std::sync::OnceLock;

use cloudfw_core::{Network, PathGraph};

use crate::exposure::{Exposure, exposures};
use crate::gaps::{Gap, gaps};
use crate::lists::Lists;
use crate::{Check, Finding, Settings, Source, checks};

/// An estate that is looked at. What several checks need is worked out once, when first asked for.
#[derive(Debug)]
pub struct Audit<'n> {
    graph: &'n PathGraph<'n>,
    sources: &'n [Source<'n>],
    settings: &'n Settings,
    lists: Lists<'n>,
    exposures: OnceLock<Vec<Exposure<'n>>>,
    gaps: OnceLock<Vec<Gap<'n>>>,
}

impl<'n> Audit<'n> {
    /// An audit of the network of a graph, with exposure asked from these sources.
    pub fn new(
        graph: &'n PathGraph<'n>,
        sources: &'n [Source<'n>],
        settings: &'n Settings,
    ) -> Self {
        Self {
            graph,
            sources,
            settings,
            lists: Lists::new(graph.network()),
            exposures: OnceLock::new(),
            gaps: OnceLock::new(),
        }
    }

    /// What these checks find, the worst first.
    pub fn run<'c>(&self, checks: impl IntoIterator<Item = &'c Check>) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            checks.into_iter().flat_map(|check| (check.run)(self)).collect();
        findings.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
        findings
    }

    /// What all checks find, the worst first.
    pub fn run_all(&self) -> Vec<Finding> {
        self.run(checks())
    }

    /// The path graph.
    pub fn graph(&self) -> &'n PathGraph<'n> {
        self.graph
    }

    /// The network.
    pub fn network(&self) -> &'n Network {
        self.graph.network()
    }

    /// From where exposure is asked about; the internet is the first.
    pub fn sources(&self) -> &'n [Source<'n>] {
        self.sources
    }

    /// What the user says is acceptable.
    pub fn settings(&self) -> &'n Settings {
        self.settings
    }

    /// The rule lists, and what asks them.
    pub fn lists(&self) -> &Lists<'n> {
        &self.lists
    }

    /// Open rules and what comes in by them.
    pub fn exposures(&self) -> &[Exposure<'n>] {
        self.exposures.get_or_init(|| exposures(self))
    }

    /// Stateless filters that lose replies of flows that are let through.
    pub fn gaps(&self) -> &[Gap<'n>] {
        self.gaps.get_or_init(|| gaps(self))
    }
}
