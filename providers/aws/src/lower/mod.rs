//! From AWS documents to the neutral network.
//!
//! What decides in AWS is written out as core's rules, routes and gateways; what was not
//! recorded, was told badly or is not modelled becomes a value that makes answers unknown, and is
//! never left out. The order of documents, lists and keys changes nothing but the places.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::{Document, Filter, Id, IpSet, Network, Router, Scope, Unknown};

use cloudfw_documents::{AssumeNone, DocumentError, Lowered};

use crate::documents::read;
use crate::kind::Kind;

mod absent;
mod addresses;
mod coverage;
mod disagreement;
mod endpoint;
mod external;
mod filters;
mod foreign;
mod gateway;
mod initiative;
mod instance;
mod interface;
mod label;
mod nat_gateway;
mod network_acl;
mod opaque;
mod peering;
mod permission;
mod platform;
mod platform_block;
mod prefix_list;
mod private_addresses;
mod public_access;
mod recorded;
mod reserved;
mod resource;
mod route;
mod route_table;
mod scope;
mod security_group;
mod settings;
mod standing;
mod subnet;
mod table;
#[cfg(test)]
mod tests;
mod vpc;

pub use recorded::ReadDocument;

use coverage::{CallCoverage, Coverage};
use interface::Memberships;
use prefix_list::Lists;
use recorded::Recorded;
use route_table::TableUse;
use scope::compatible;

/// How to lower.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LowerOptions {
    /// The kinds of which the user says that there is nothing, where nobody asked.
    pub assume_none: AssumeNone,
}

/// Why documents cannot be lowered. The fault is the document's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LowerError {
    /// One of them cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

/// Reads documents and lowers what they hold.
///
/// # Errors
///
/// A document that cannot be read. What a document says badly is no error, but unknown.
pub fn lower(documents: &[Document], options: &LowerOptions) -> Result<Lowered, LowerError> {
    Ok(lower_read(read_documents(documents)?, options))
}

/// Reads documents.
///
/// # Errors
///
/// A document that cannot be read.
pub fn read_documents(documents: &[Document]) -> Result<Vec<ReadDocument>, LowerError> {
    let one = |document: &Document| {
        Ok(ReadDocument { document: document.clone(), reading: read(document)? })
    };
    documents.iter().map(one).collect()
}

/// Lowers documents that have been read.
pub fn lower_read(mut documents: Vec<ReadDocument>, options: &LowerOptions) -> Lowered {
    documents.sort_by(|one, two| {
        let (one, two) = (&one.document, &two.document);
        (&one.scope, &one.name, &one.text).cmp(&(&two.scope, &two.name, &two.text))
    });
    recorded::name_interfaces(&mut documents);
    recorded::name_instances(&mut documents);
    let scopes = recorded::document_scopes(&documents);
    let recorded = Recorded::new(&documents, &scopes);
    let coverage = Coverage::new(&documents, &scopes, &recorded.nameless, options);
    let mut lowering = Lowering::new(&recorded, &coverage);
    lowering.run();
    let lacks = lowering.lacks();
    let Lowering { network, warnings, .. } = lowering;
    let coverage = coverage.lacking(&lacks);
    let resources = resource::index(&recorded, &network);
    let warnings = warnings.into_iter().collect();
    let Coverage { calls, others } = coverage;
    let calls = calls.into_iter().map(CallCoverage::published).collect();
    let contradictions = recorded.contradictions();
    Lowered { network, calls, others, resources, warnings, contradictions }
}

/// A network in the making.
struct Lowering<'a> {
    recorded: &'a Recorded<'a>,
    coverage: &'a Coverage,
    network: Network,
    warnings: BTreeSet<Unknown>,
    unheld: BTreeMap<Id<Router>, BTreeSet<Unknown>>,
    /// The scopes of gateways to the internet of which it is not known what they are attached to.
    adrift: BTreeSet<Scope>,
    /// The subnets whose addresses are not all known.
    vague: BTreeMap<Arc<str>, Unknown>,
    /// What is in no VPC that is known, the first of each scope: it may be in any.
    lost: BTreeMap<Scope, Unknown>,
    /// Which interfaces are whose, as others than themselves tell it.
    memberships: Memberships<'a>,
    /// The keys of the interfaces that say that a public address is theirs.
    public_holders: BTreeMap<std::net::IpAddr, BTreeSet<Arc<str>>>,
    /// What prefix lists stand for.
    lists: Lists,
    /// The addresses of interfaces whose groups are not known: any reference to a group may mean
    /// them.
    unknown_members: IpSet,
    /// The rules of each group, by its key.
    group_rules: BTreeMap<Arc<str>, security_group::GroupRules>,
    /// The filters of equal sets of groups.
    merged: BTreeMap<Vec<Arc<str>>, Id<Filter>>,
    /// The ACLs that say that they guard a subnet, by its id.
    guards: BTreeMap<&'a str, Vec<network_acl::Guard>>,
    /// What uses which route table.
    table_use: TableUse<'a>,
}

impl<'a> Lowering<'a> {
    fn new(recorded: &'a Recorded<'a>, coverage: &'a Coverage) -> Self {
        let memberships = Memberships::new(recorded);
        let unknown_members = interface::unknown_members(recorded, &memberships);
        Self {
            recorded,
            coverage,
            network: Network::default(),
            warnings: recorded.warnings.clone(),
            unheld: BTreeMap::new(),
            adrift: BTreeSet::new(),
            lost: BTreeMap::new(),
            vague: BTreeMap::new(),
            memberships,
            public_holders: interface::public_holders(recorded),
            lists: Lists::new(recorded),
            unknown_members,
            group_rules: BTreeMap::new(),
            merged: BTreeMap::new(),
            guards: BTreeMap::new(),
            table_use: TableUse::new(recorded),
        }
    }

    fn run(&mut self) {
        self.lower_internet();
        self.lower_vpcs();
        self.lower_security_groups();
        self.lower_network_acls();
        self.lower_internet_gateways();
        self.lower_egress_only_gateways();
        self.lower_nat_gateways();
        self.lower_peerings();
        self.lower_endpoints();
        self.lower_opaque_gateways();
        self.lower_route_tables();
        self.lower_subnets();
        self.lower_interfaces();
        self.lower_unattached_groups();
        self.note_unheld_public_addresses();
        self.doubt_standing();
        self.doubt_endpoints();
        self.reserve_addresses();
        self.possible_borders();
        self.lower_edge_tables();
        self.lower_public_access();
        self.lower_private_v6();
        self.lower_port_25();
        self.lower_settings();
        self.note_undescribed();
        self.note_gaps();
        self.note_remarks();
    }

    /// Notes where an address without an interface may be held by one all the same.
    fn note_gaps(&mut self) {
        let routers: Vec<_> = self.network.routers.keys().cloned().collect();
        for router in routers {
            let scope = self.scope_of_router(&router);
            if let Some(why) = self.coverage.missing(Kind::NetworkInterfaces, &scope) {
                let gap = Unknown::new(format!("the interfaces of {router}"), why, "");
                self.doubt_holders(&router, gap);
            }
            let lost = self.lost.iter().find(|(of, _)| compatible(of, &scope));
            if let Some(gap) = lost.map(|(_, gap)| gap.clone()) {
                self.doubt_holders(&router, gap);
            }
        }
        for (router, doubts) in &self.unheld {
            if let Some(router) = self.network.routers.get_mut(router) {
                router.unread = doubts.iter().cloned().collect();
            }
        }
    }

    fn warn(&mut self, unknown: Unknown) {
        self.warnings.insert(unknown);
    }
}
