//! What the kernel does.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use cloudfw_core::{Label, Leg, Network};

use super::overlay;
use super::question::{End, Question};
use crate::blueprint::wiring::{Wired, wire};
use crate::compile::{aws, azure, from_network};
use crate::kernel::Raised;
use crate::kernel::plan::{Site, SiteId, SpaceId};
use crate::kernel::probe::{Followed, Outcome, Probe};
use crate::scenario::{Cloud, Scenario};

/// The two ways to a blueprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compiler {
    /// From the documents, past the crate that lowers them.
    Documents,
    /// From core's network.
    Network,
}

impl Compiler {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Documents, Self::Network];
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Documents => "documents",
            Self::Network => "network",
        })
    }
}

/// What a client saw, and where its packets ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it saw.
    pub outcome: Outcome,
    /// Where packets were dropped.
    pub dropped: Vec<(Site, Leg)>,
    /// The rules that let them pass, and on which leg.
    pub passed: Vec<(Site, Leg)>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.outcome)?;
        for (site, leg) in &self.dropped {
            write!(f, "; {leg:?} {site}")?;
        }
        for (site, leg) in &self.passed {
            let Site { at, list, rule, .. } = site;
            let direction = site.direction.map_or(String::new(), |it| it.to_string());
            write!(f, "; passes {leg:?} at {at} {direction} {list} {rule}")?;
        }
        Ok(())
    }
}

/// A scenario that stands in the kernel.
pub struct Stand {
    wired: Wired,
    raised: Raised,
}

impl Stand {
    /// Builds a scenario by one of the compilers.
    ///
    /// # Errors
    ///
    /// What cannot be built, or is not to be had from the kernel.
    pub fn raise(
        scenario: &Scenario,
        network: &Network,
        compiler: Compiler,
    ) -> Result<Self, String> {
        let blueprint = match compiler {
            Compiler::Documents => match scenario.cloud() {
                Cloud::Aws => aws::from_documents(&scenario.documents),
                Cloud::Azure => azure::from_documents(&scenario.documents),
            }
            .map(|mut blueprint| {
                overlay::over_blueprint(&mut blueprint, scenario);
                blueprint
            }),
            Compiler::Network => from_network(network),
        };
        let mut blueprint = blueprint.map_err(|error| format!("{compiler}: {error}"))?;
        blueprint.outside.clone_from(&scenario.outside);
        let mut wired = wire(&blueprint).map_err(|error| format!("{compiler}: {error}"))?;
        if compiler == Compiler::Network {
            by_label(&mut wired, network);
        }
        let raised = Raised::raise(&wired.plan).map_err(|error| format!("{compiler}: {error}"))?;
        Ok(Self { wired, raised })
    }

    /// Asks questions, all at once.
    ///
    /// # Errors
    ///
    /// What cannot be sent.
    pub fn ask(&mut self, questions: &[Question]) -> Result<Vec<Seen>, String> {
        let probes: Result<Vec<Probe>, String> =
            questions.iter().map(|question| self.probe(question)).collect();
        let followed = self.raised.follow(&probes?).map_err(|error| error.to_string())?;
        let sites = &self.wired.plan.sites;
        let named = |ends: &[(SiteId, Leg)]| {
            let named = ends
                .iter()
                .filter_map(|(site, leg)| Some((sites.get(site.0 as usize)?.clone(), *leg)));
            named.collect()
        };
        let seen = followed.into_iter().map(|Followed { observed, passed }| Seen {
            outcome: observed.outcome,
            dropped: named(&observed.dropped),
            passed: named(&passed),
        });
        Ok(seen.collect())
    }

    fn probe(&self, question: &Question) -> Result<Probe, String> {
        let space = |id: &str| {
            let known = self.wired.interfaces.get(id).copied();
            known.ok_or_else(|| format!("`{question}`: {id} has no namespace"))
        };
        let (source, from): (SpaceId, IpAddr) = match &question.source {
            End::Interface { id, own, .. } => (space(id)?, *own),
            End::Outside(address) => (self.wired.outside, *address),
            End::Unheld { .. } => return Err(format!("`{question}`: nobody asks")),
        };
        let listener = match &question.destination {
            _ if question.closed => None,
            End::Interface { id, own, listens: true, .. } => Some((space(id)?, *own)),
            End::Outside(address) => Some((self.wired.outside, *address)),
            _ => None,
        };
        let to = question.destination.address();
        Ok(Probe { source, from, port: question.port, to, ask: question.ask, listener })
    }
}

/// Calls places as their labels do: core's ids need not be the vendor's (T-9).
fn by_label(wired: &mut Wired, network: &Network) {
    let interfaces = network.interfaces.iter().map(|(id, it)| (id.as_str(), &it.label));
    let routers = network.routers.iter().map(|(id, it)| (id.as_str(), &it.label));
    let gateways = network.gateways.iter().map(|(id, it)| (id.as_str(), &it.label));
    let tables = network.tables.iter().map(|(id, it)| (id.as_str(), &it.label));
    let labels: BTreeMap<&str, &Label> =
        interfaces.chain(routers).chain(gateways).chain(tables).collect();
    let called = |id: &str| labels.get(id).map_or(id, |label| &label.id).to_owned();
    for site in &mut wired.plan.sites {
        // An address that several have is a place with all their names.
        let several = || site.at.split(' ').all(|id| labels.contains_key(id));
        site.at = if !labels.contains_key(site.at.as_str()) && several() {
            site.at.split(' ').map(called).collect::<Vec<_>>().join(" ")
        } else {
            called(&site.at)
        };
    }
    wired.interfaces = wired.interfaces.iter().map(|(id, space)| (called(id), *space)).collect();
}
