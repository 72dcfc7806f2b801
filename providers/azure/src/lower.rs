//! From Azure documents to the neutral network.
//!
//! What decides in Azure is written out as core's rules, routes and gateways, its implied rules and
//! system routes among them; what was not recorded, was told badly or is not modelled becomes a
//! value that makes answers unknown, and is never left out. The order of documents, lists and keys
//! changes nothing but the places.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::{Document, Filter, Id, Network, RouteTable, Router, Subnet, Unknown};
use cloudfw_documents::{AssumeNone, DocumentError, Lowered};

use crate::documents::{Reading, read};

mod addresses;
mod admin_rule;
mod balancer;
mod coverage;
mod effective;
mod elsewhere;
mod external;
mod firewall;
mod gaps;
mod ids;
mod interface;
mod machine;
mod membership;
mod outbound;
mod peering;
mod platform;
mod probe;
mod public_address;
mod recorded;
mod resource;
mod route;
mod security_group;
mod security_rule;
mod service_tag;
mod surroundings;
mod table;
#[cfg(test)]
mod tests;
mod translation;
mod virtual_network;
mod wording;

use coverage::Coverage;
use recorded::Recorded;
use service_tag::ServiceTags;
use surroundings::Surroundings;

/// How to lower.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LowerOptions {
    /// The kinds of which the user says that there is nothing, where nobody asked.
    pub assume_none: AssumeNone,
}

/// A document with what was read in it.
#[derive(Debug, Clone)]
pub struct ReadDocument {
    /// The document.
    pub document: Document,
    /// What it holds.
    pub reading: Reading,
}

/// Reads documents and lowers what they hold.
///
/// # Errors
///
/// A document that cannot be read. What a document says badly is no error, but unknown.
pub fn lower(documents: &[Document], options: &LowerOptions) -> Result<Lowered, DocumentError> {
    let one = |document: &Document| {
        Ok(ReadDocument { document: document.clone(), reading: read(document)? })
    };
    let documents = documents.iter().map(one).collect::<Result<_, DocumentError>>()?;
    Ok(lower_read(documents, options))
}

/// Lowers documents that have been read.
pub fn lower_read(mut documents: Vec<ReadDocument>, options: &LowerOptions) -> Lowered {
    documents.sort_by(|one, two| {
        let (one, two) = (&one.document, &two.document);
        (&one.scope, &one.name, &one.text).cmp(&(&two.scope, &two.name, &two.text))
    });
    let recorded = Recorded::new(&documents);
    let coverage = Coverage::new(&documents, &recorded, options);
    let mut lowering = Lowering::new(&recorded, &coverage);
    lowering.run();
    let Lowering { network, warnings, .. } = lowering;
    let resources = resource::index(&recorded, &network);
    let warnings = warnings.into_iter().collect();
    let (calls, others) = coverage.published();
    let contradictions = recorded.contradictions();
    Lowered { network, calls, others, resources, warnings, contradictions }
}

/// A network in the making.
struct Lowering<'a> {
    recorded: &'a Recorded<'a>,
    coverage: &'a Coverage,
    network: Network,
    warnings: BTreeSet<Unknown>,
    /// What recorded lists of service tags tell.
    tags: ServiceTags,
    /// Why an address of a network may be held although no recorded interface has it, and a
    /// gateway be there that nobody recorded.
    unheld: BTreeMap<Id<Router>, BTreeSet<Unknown>>,
    /// The networks of which nobody knows where their packets go, the local ones among them.
    vague: BTreeMap<Id<Router>, Unknown>,
    /// Routes of networks that may be there, to somewhere else.
    loose: BTreeMap<Id<Router>, BTreeSet<Unknown>>,
    /// The networks whose interfaces may let pass, or stop, anything.
    doubtful: BTreeMap<Id<Router>, Unknown>,
    /// The groups that say of themselves that they are asked at a subnet or interface, by its key.
    claims: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// What may be held in any network.
    anywhere: BTreeSet<Unknown>,
    /// Why a balancer may hand flows to the interface at hand from an address that nobody knows.
    unseen_fronts: Vec<Unknown>,
    /// What tags mean in subnets, and the admin rules there.
    places: BTreeMap<Id<Subnet>, (Surroundings, Option<Id<Filter>>)>,
    /// The sides of peerings, by the network that they are of.
    sides: BTreeMap<Id<Router>, Vec<peering::Side<'a, 'a>>>,
    /// The groups that name Azure's own services at every machine, by key.
    name_platform: BTreeSet<Arc<str>>,
    /// Which balancers hand something to which addresses.
    balanced: balancer::Balanced<'a>,
    /// The filters of network security groups, by group and by what tags mean around them.
    groups: BTreeMap<(Arc<str>, Surroundings), Id<Filter>>,
    /// What is asked at each interface, by its key.
    asked: BTreeMap<Arc<str>, effective::Asked>,
    /// The tables of networks and user-defined tables, by both and what else their routes hang on.
    tables: BTreeMap<route::TableKey, Id<RouteTable>>,
}

impl<'a> Lowering<'a> {
    fn new(recorded: &'a Recorded<'a>, coverage: &'a Coverage) -> Self {
        Self {
            recorded,
            coverage,
            network: Network::default(),
            warnings: recorded.warnings.clone(),
            tags: ServiceTags::new(&recorded.service_tags),
            unheld: BTreeMap::new(),
            vague: BTreeMap::new(),
            loose: BTreeMap::new(),
            doubtful: BTreeMap::new(),
            claims: security_group::claims(recorded),
            anywhere: BTreeSet::new(),
            unseen_fronts: Vec::new(),
            places: BTreeMap::new(),
            sides: peering::sides(recorded),
            name_platform: security_group::name_platform(recorded),
            balanced: balancer::Balanced::new(recorded),
            groups: BTreeMap::new(),
            asked: BTreeMap::new(),
            tables: BTreeMap::new(),
        }
    }

    fn run(&mut self) {
        self.lower_internet();
        self.lower_application_groups();
        self.lower_virtual_networks();
        self.lower_peerings();
        self.lower_elsewhere();
        self.lower_interfaces();
        self.lower_standing();
        self.lower_machines();
        self.lower_borders();
        self.lower_subnets();
        self.lower_unattached_groups();
        self.lower_platform();
        self.note_unheld_public();
        self.note_gaps();
        self.note_remarks();
        self.compare_effective();
    }

    /// Keeps a filter under a name, or under one like it where another filter has the name: what
    /// tags mean differs from place to place (AZ-30).
    fn keep(&mut self, name: &str, filter: Filter) -> Id<Filter> {
        let mut id = Id::new(name);
        let mut count = 1;
        while self.network.filters.get(&id).is_some_and(|known| **known != filter) {
            count += 1;
            id = Id::new(format!("{name} around {count}"));
        }
        self.network.filters.entry(id.clone()).or_insert_with(|| Arc::new(filter));
        id
    }

    fn warn(&mut self, unknown: Unknown) {
        self.warnings.insert(unknown);
    }

    /// Notes that nobody knows where packets of a network go.
    fn make_vague(&mut self, router: &Id<Router>, why: Unknown) {
        self.doubt_holders(router, why.clone());
        self.vague.entry(router.clone()).or_insert(why);
    }

    /// Notes that an address of a network may be held by something that was not read.
    fn doubt_holders(&mut self, router: &Id<Router>, why: Unknown) {
        self.unheld.entry(router.clone()).or_default().insert(why);
    }
}
