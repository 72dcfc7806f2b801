//! Documents, made into a network in which everything has its name.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use cloudfw_core::{Document, Id, Network};
use cloudfw_documents::{AssumeNone, Lowered};

use crate::answer::{Coverage, Lines, Missing, missing};
use crate::index::{Index, Rank, Resource, What};
use crate::inquiry::Inquiry;
use crate::providers;
use crate::publisher::Publisher;
use crate::query::near;
use crate::recording::{OpenError, Opened, open, read_all};

/// How to open a recording.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// What the user says that there is none of, where nobody asked.
    pub assume_none: AssumeNone,
    /// Whether documents of a folder that are broken are put aside ([`Estate::not_read`]) rather
    /// than refused; what they may have held is then unknown.
    pub in_part: bool,
}

/// `--assume-none`: the names of kinds, or `all`.
///
/// # Errors
///
/// [`OpenError::UnknownKind`].
pub fn parse_assume_none<'a>(
    kinds: impl IntoIterator<Item = &'a str>,
) -> Result<AssumeNone, OpenError> {
    let (mut found, mut all) = (BTreeSet::new(), false);
    for text in kinds {
        if text.eq_ignore_ascii_case("all") {
            all = true;
            continue;
        }
        let Some(kind) = providers::kind_name(text) else {
            let near = near(text, providers::kinds().map(|(name, _)| name)).into_iter().next();
            let mut known: Vec<String> =
                providers::kinds().map(|(name, _)| format!("`{name}`")).collect();
            // Clouds have kinds of one name.
            known.sort_unstable();
            known.dedup();
            return Err(OpenError::UnknownKind {
                kind: text.to_owned(),
                near,
                known: known.join(", "),
            });
        };
        found.insert(kind);
    }
    Ok(match (all, found.is_empty()) {
        (true, true) => AssumeNone::All,
        (true, false) => AssumeNone::AllAnd(found),
        (false, _) => AssumeNone::Kinds(found),
    })
}

/// An estate as it was recorded.
#[derive(Debug)]
pub struct Estate {
    pub(crate) network: Network,
    pub(crate) index: Index,
    pub(crate) lines: Lines,
    pub(crate) coverage: Arc<Coverage>,
    warnings: Vec<Missing>,
    clouds: BTreeSet<&'static str>,
    /// The files that may be documents and cannot be read.
    unreadable: Vec<Missing>,
    /// The resources that are told twice and not alike.
    contradictions: Vec<Missing>,
}

impl Estate {
    /// Opens recordings: files, and folders with everything below them.
    ///
    /// # Errors
    ///
    /// [`OpenError`], with the place in the document and what to do.
    pub fn open(paths: &[PathBuf], options: &OpenOptions) -> Result<Self, OpenError> {
        Ok(Self::new(open(paths, options.in_part)?, options))
    }

    /// The estate of documents that are in memory.
    ///
    /// # Errors
    ///
    /// [`OpenError::Document`].
    pub fn from_documents(
        documents: Vec<Document>,
        options: &OpenOptions,
    ) -> Result<Self, OpenError> {
        Ok(Self::new(read_all(documents)?, options))
    }

    fn new(opened: Opened, options: &OpenOptions) -> Self {
        let Opened { documents, left_out, unreadable, others } = opened;
        let lines = Lines::of(documents.iter().map(|read| &read.document));
        let count = documents.len();
        let clouds = providers::clouds(&documents);
        let lowered = providers::lower(documents, &options.assume_none);
        let left_out: Vec<Missing> = left_out
            .into_iter()
            .map(|(place, why)| Missing {
                what: "a file beside the documents".to_owned(),
                why,
                place,
            })
            .collect();
        let is_unreadable = |one: &&Missing| unreadable.contains(&one.place);
        let unreadable = left_out.iter().filter(is_unreadable).cloned().collect();
        let coverage = Arc::new(Coverage::of(count, &lowered, &left_out, others));
        let warnings = left_out.into_iter().chain(lowered.warnings.iter().map(missing)).collect();
        let contradictions = lowered.contradictions.iter().map(missing).collect();
        let resources = named(&lowered);
        Self {
            index: Index::new(&lowered.network, resources),
            network: lowered.network,
            lines,
            coverage,
            warnings,
            clouds,
            unreadable,
            contradictions,
        }
    }

    /// The neutral network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What was read, and what was not.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// What was read and not understood and is not known to matter, and what was left out.
    pub fn warnings(&self) -> &[Missing] {
        &self.warnings
    }

    /// What was asked for or given and not read: calls that were denied, throttled, failed or
    /// broken off, files that may be documents and cannot be read, and resources that are told in
    /// two ways. Whatever is found in the
    /// rest, an estate with any of it is incomplete. Kinds that nobody asked for are not among it:
    /// they make those answers unknown that they matter to.
    pub fn not_read(&self) -> Vec<Missing> {
        let calls = self.coverage.scopes.iter().flat_map(|scope| {
            let refused = scope.not_read.iter().filter(|kind| kind.is_refused());
            refused.map(|kind| kind.missing(scope))
        });
        let everywhere = self.network.unknowns.iter().map(missing);
        let files = self.unreadable.iter().chain(&self.contradictions).cloned();
        calls.chain(everywhere).chain(files).collect()
    }

    /// The clouds that its documents are of: `aws`, `azure`.
    pub fn clouds(&self) -> &BTreeSet<&'static str> {
        &self.clouds
    }

    /// Whether nothing at all is recorded: no machine, no network, no rule.
    pub fn is_empty(&self) -> bool {
        self.index.resources.is_empty()
    }

    /// Turns what others find in the network into the words of published answers.
    pub fn publisher(&self) -> Publisher<'_> {
        Publisher::new(self)
    }

    /// Makes the estate ready for queries.
    pub fn inquiry(&self) -> Inquiry<'_> {
        Inquiry::new(self)
    }
}

/// The resources as the index knows them.
fn named(lowered: &Lowered) -> Vec<Resource> {
    lowered.resources.iter().map(|resource| known(resource, &lowered.network)).collect()
}

fn known(resource: &cloudfw_documents::Resource, network: &Network) -> Resource {
    let key = &*resource.key;
    let what = match resource.kind {
        "instance" | "virtual-machine" if network.hosts.contains_key(key) => {
            What::Host(Id::new(key))
        }
        "network-interface" if network.interfaces.contains_key(key) => {
            What::Interface(Id::new(key))
        }
        "subnet" if network.subnets.contains_key(key) => What::Subnet(Id::new(key)),
        "vpc" | "virtual-network" if network.routers.contains_key(key) => {
            What::Router(Id::new(key))
        }
        "security-group" | "application-security-group" if network.groups.contains_key(key) => {
            What::Group(Id::new(key))
        }
        "route-table" if network.tables.contains_key(key) => What::Table(Id::new(key)),
        "network-acl" | "network-security-group" if network.filters.contains_key(key) => {
            What::Filter(Id::new(key))
        }
        _ if network.gateways.contains_key(key) => What::Gateway(Id::new(key)),
        kind => What::Other(kind, Arc::clone(&resource.key), resource.interfaces.clone()),
    };
    let scope: Vec<&str> =
        [&resource.account, &resource.region].into_iter().flatten().map(AsRef::as_ref).collect();
    Resource {
        what,
        id: Arc::clone(&resource.id),
        name: resource.name.clone(),
        kind: resource.kind.into(),
        scope: scope.join("/").into(),
        arn: resource.arn.clone(),
        tags: resource.tags.clone(),
        rank: Rank::Network,
    }
}
