//! What was read, and what was not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::Scope;
use cloudfw_documents::manifest::{Call, Outcome};
use cloudfw_documents::{Knowledge, OtherCall};

use super::LowerOptions;
use super::recorded::ReadDocument;
use super::scope::{compatible, text};
use crate::documents::Items;
use crate::kind::Kind;

/// What was read of each account, Region and kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Coverage {
    /// By account, Region and kind; of every scope that the recording names, every kind that
    /// lowering asks for.
    pub(super) calls: Vec<CallCoverage>,
    /// Calls that got no answer and that cloudfw has no use for: no verdict rests on them, and yet
    /// somebody wanted to know.
    pub(super) others: Vec<OtherCall>,
}

/// What was read of one kind in one account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallCoverage {
    /// The account, where it is known.
    pub(super) account: Option<Arc<str>>,
    /// The Region, where it is known.
    pub(super) region: Option<Arc<str>>,
    /// What would have been read.
    pub(super) kind: Kind,
    /// What was.
    pub(super) knowledge: Knowledge,
    /// How many elements the documents hold.
    pub(super) count: usize,
    /// When it was read, as the manifest says it.
    pub(super) time: Option<Arc<str>>,
    /// What the service said, where it refused; or what is lacking, as far as that is known.
    pub(super) error: Option<Arc<str>>,
}

/// The kinds that lowering asks for, so that their absence is told.
const ASKED: [Kind; 18] = [
    Kind::Vpcs,
    Kind::Subnets,
    Kind::NetworkInterfaces,
    Kind::Reservations,
    Kind::SecurityGroups,
    Kind::SecurityGroupVpcAssociations,
    Kind::NetworkAcls,
    Kind::RouteTables,
    Kind::InternetGateways,
    Kind::EgressOnlyInternetGateways,
    Kind::NatGateways,
    Kind::VpcPeeringConnections,
    Kind::VpcEndpoints,
    Kind::ManagedPrefixLists,
    Kind::ManagedPrefixListEntries,
    Kind::Addresses,
    Kind::VpcBlockPublicAccessOptions,
    Kind::VpcBlockPublicAccessExclusions,
];

/// A kind that was read and lacks something all the same.
pub(super) struct Lack {
    /// Who refers to it.
    pub(super) scope: Scope,
    /// What it is.
    pub(super) kind: Kind,
    /// Which, and who refers to it.
    pub(super) told: Arc<str>,
}

impl Coverage {
    pub(super) fn new(
        documents: &[ReadDocument],
        scopes: &[Scope],
        nameless: &BTreeSet<(Scope, Kind)>,
        options: &LowerOptions,
    ) -> Self {
        let mut rows = Rows::default();
        for (read, scope) in documents.iter().zip(scopes) {
            for part in &read.reading.parts {
                rows.part(scope, part.kind, part.items.len(), part.complete);
            }
        }
        for (read, scope) in documents.iter().zip(scopes) {
            let Some(manifest) = &read.reading.manifest else { continue };
            for call in &manifest.calls {
                rows.call(scope, call);
            }
            rows.vouched.extend(
                manifest
                    .assumed_complete
                    .iter()
                    .filter_map(|kind| Kind::from_name(kind).map(|kind| (scope.clone(), kind))),
            );
        }
        for (scope, kind) in nameless {
            rows.part(scope, *kind, 0, false);
        }
        rows.finish(options)
    }

    /// Why it is not known of a kind which objects there are in a scope; `None` when it is known.
    pub(super) fn missing(&self, kind: Kind, scope: &Scope) -> Option<String> {
        let mut known = false;
        let mut nothing = None;
        for row in self.calls.iter().filter(|row| row.kind == kind) {
            if !compatible(&row.scope(), scope) {
                continue;
            }
            match row.knowledge {
                Knowledge::Read | Knowledge::Assumed => known = true,
                Knowledge::Absent | Knowledge::Unsupported => nothing = nothing.or(Some(row)),
                _ => return Some(row.reason()),
            }
        }
        if known {
            return None;
        }
        let command = format!("`aws {} {}`", kind.service(), kind.call());
        Some(nothing.map_or_else(
            || format!("not in the recording: add the output of {command}"),
            CallCoverage::reason,
        ))
    }

    /// The same with the kinds that lack something as incomplete. Of a kind that was not read that
    /// is no news.
    pub(super) fn lacking(mut self, lacks: &[Lack]) -> Self {
        for lack in lacks {
            let rows = self.calls.iter_mut().filter(|row| row.kind == lack.kind);
            for row in rows.filter(|row| compatible(&row.scope(), &lack.scope)) {
                if matches!(row.knowledge, Knowledge::Read | Knowledge::Assumed) {
                    row.knowledge = Knowledge::Incomplete;
                    row.error = Some(Arc::clone(&lack.told));
                }
            }
        }
        self
    }

    /// Whether all objects of a kind in a scope were read, and that is not merely assumed.
    pub(super) fn is_read(&self, kind: Kind, scope: &Scope) -> bool {
        let rows = self.calls.iter().filter(|row| row.kind == kind);
        let mut rows = rows.filter(|row| compatible(&row.scope(), scope)).peekable();
        rows.peek().is_some() && rows.all(|row| row.knowledge == Knowledge::Read)
    }

    /// Why an object that others refer to is not known.
    pub(super) fn why(&self, kind: Kind, scope: &Scope) -> String {
        self.missing(kind, scope).unwrap_or_else(|| {
            format!(
                "it is not among the recorded {kind}: it may belong to another account or Region, whose recording to add"
            )
        })
    }
}

impl CallCoverage {
    /// The same in the words that all providers share.
    pub(super) fn published(self) -> cloudfw_documents::CallCoverage {
        let Self { account, region, kind, knowledge, count, time, error } = self;
        let command = self.kind.command().into();
        let kind = kind.name();
        cloudfw_documents::CallCoverage {
            account,
            region,
            kind,
            command,
            knowledge,
            count,
            time,
            error,
        }
    }

    fn scope(&self) -> Scope {
        Scope { account: self.account.clone(), region: self.region.clone() }
    }

    fn reason(&self) -> String {
        let command = format!("`aws {} {}`", self.kind.service(), self.kind.call());
        let told = match &self.error {
            Some(error) => format!(" ({error})"),
            None => String::new(),
        };
        let scope = text(&self.scope());
        let of = if scope.is_empty() { String::new() } else { format!(" for {scope}") };
        match self.knowledge {
            Knowledge::Read | Knowledge::Assumed => format!("{command} was read{of}"),
            Knowledge::Incomplete => {
                format!("{command} was read in part{of}: record all its pages")
            }
            Knowledge::Denied => {
                format!("{command} was denied{of}{told}: allow it and record again")
            }
            Knowledge::Failed => format!("{command} failed{of}{told}: record again"),
            Knowledge::Throttled => format!("{command} was throttled{of}{told}: record again"),
            Knowledge::Unsupported => format!("{command} is not supported there{of}"),
            Knowledge::Absent => format!("not in the recording{of}: add the output of {command}"),
        }
    }
}

/// What is noted of each scope and kind.
#[derive(Default)]
struct Rows {
    rows: BTreeMap<(Scope, Kind), Row>,
    scopes: BTreeSet<Scope>,
    vouched: BTreeSet<(Scope, Kind)>,
    others: BTreeSet<OtherCall>,
}

#[derive(Default)]
struct Row {
    knowledge: Option<Knowledge>,
    count: usize,
    time: Option<Arc<str>>,
    error: Option<Arc<str>>,
}

impl Rows {
    fn part(&mut self, scope: &Scope, kind: Kind, count: usize, complete: bool) {
        self.scopes.insert(scope.clone());
        let row = self.rows.entry((scope.clone(), kind)).or_default();
        row.count += count;
        let knowledge = if complete { Knowledge::Read } else { Knowledge::Incomplete };
        row.knowledge = row.knowledge.max(Some(knowledge));
    }

    /// A call for one resource of many tells of its resource only: a failure makes the kind
    /// incomplete, a success is told by its document.
    fn call(&mut self, folder: &Scope, call: &Call) {
        let told = |text: &Option<String>| text.as_deref().map(Arc::from);
        let scope = Scope {
            account: told(&call.account).or_else(|| folder.account.clone()),
            region: told(&call.region).or_else(|| folder.region.clone()),
        };
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.call() == call.call) else {
            return self.other(scope, call);
        };
        self.scopes.insert(scope.clone());
        let held = self.is_held(&scope, kind);
        let cut = held && self.is_cut(&scope, kind, call);
        let row = self.rows.entry((scope, kind)).or_default();
        row.time = row.time.take().max(told(&call.time));
        let knowledge = match call.outcome {
            Outcome::Ok if call.resource.is_some() => return,
            Outcome::Ok if cut => {
                row.error = Some("its document holds less than the manifest says was read".into());
                Knowledge::Incomplete
            }
            Outcome::Ok if held || call.count == Some(0) => Knowledge::Read,
            Outcome::Ok => {
                row.error = Some("its document is missing".into());
                Knowledge::Failed
            }
            Outcome::Denied => Knowledge::Denied,
            Outcome::Failed => Knowledge::Failed,
            Outcome::Throttled => Knowledge::Throttled,
            Outcome::Unsupported if held => return,
            Outcome::Unsupported => Knowledge::Unsupported,
        };
        row.knowledge = row.knowledge.max(Some(knowledge));
        if let Some(error) = &call.error {
            row.error = Some(error.code.as_str().into());
        }
    }

    /// A call that is of no kind.
    fn other(&mut self, scope: Scope, call: &Call) {
        let knowledge = match call.outcome {
            Outcome::Denied => Knowledge::Denied,
            Outcome::Failed => Knowledge::Failed,
            Outcome::Throttled => Knowledge::Throttled,
            Outcome::Ok | Outcome::Unsupported => return,
        };
        let Scope { account, region } = scope;
        let error = call.error.as_ref().map(|error| error.code.as_str().into());
        let call = call.call.as_str().into();
        self.others.insert(OtherCall { account, region, call, knowledge, error });
    }

    /// Whether a document of a kind is there.
    fn is_held(&self, scope: &Scope, kind: Kind) -> bool {
        let known = |row: &Row| row.knowledge.is_some_and(|known| known <= Knowledge::Incomplete);
        self.rows.iter().any(|((of, k), row)| *k == kind && known(row) && compatible(of, scope))
    }

    /// Whether the documents of a kind hold less than a call gave. Of instances that is not known:
    /// what is counted there are the reservations.
    fn is_cut(&self, scope: &Scope, kind: Kind, call: &Call) -> bool {
        let own = self.rows.iter().filter(|((of, k), _)| *k == kind && compatible(of, scope));
        let held: usize = own.map(|(_, row)| row.count).sum();
        kind != Kind::Reservations && call.count.is_some_and(|count| count > held as u64)
    }

    fn finish(mut self, options: &LowerOptions) -> Coverage {
        for scope in &self.scopes {
            for kind in ASKED {
                self.rows.entry((scope.clone(), kind)).or_default();
            }
        }
        let vouched = self.vouched;
        let row = |((scope, kind), row): ((Scope, Kind), Row)| {
            let vouched = vouched.iter().any(|(of, k)| *k == kind && compatible(of, &scope));
            let knowledge = match row.knowledge {
                None if vouched => Knowledge::Read,
                None | Some(Knowledge::Unsupported)
                    if options.assume_none.covers(kind.name(), kind.is_core()) =>
                {
                    Knowledge::Assumed
                }
                None => Knowledge::Absent,
                Some(knowledge) => knowledge,
            };
            let (count, time, error) = (row.count, row.time, row.error);
            let Scope { account, region } = scope;
            CallCoverage { account, region, kind, knowledge, count, time, error }
        };
        let calls = self.rows.into_iter().map(row).collect();
        Coverage { calls, others: self.others.into_iter().collect() }
    }
}

impl Items {
    /// How many elements.
    fn len(&self) -> usize {
        match self {
            Self::Vpcs(list) => list.len(),
            Self::Subnets(list) => list.len(),
            Self::NetworkInterfaces(list) => list.len(),
            Self::Reservations(list) => {
                list.iter().map(|one| one.value.instances.as_ref().map_or(0, Vec::len)).sum()
            }
            Self::SecurityGroups(list) => list.len(),
            Self::SecurityGroupVpcAssociations(list) => list.len(),
            Self::NetworkAcls(list) => list.len(),
            Self::RouteTables(list) => list.len(),
            Self::InternetGateways(list) => list.len(),
            Self::EgressOnlyInternetGateways(list) => list.len(),
            Self::NatGateways(list) => list.len(),
            Self::VpcPeeringConnections(list) => list.len(),
            Self::VpcEndpoints(list) => list.len(),
            Self::ManagedPrefixLists(list) => list.len(),
            Self::ManagedPrefixListEntries(list) => list.len(),
            Self::PrefixLists(list) => list.len(),
            Self::Addresses(list) => list.len(),
            Self::VpcBlockPublicAccessOptions(list) => list.len(),
            Self::VpcBlockPublicAccessExclusions(list) => list.len(),
            Self::Regions(list) => list.len(),
            Self::AvailabilityZones(list) => list.len(),
            Self::DhcpOptions(list) => list.len(),
            Self::TransitGateways(list) => list.len(),
            Self::TransitGatewayAttachments(list) => list.len(),
            Self::TransitGatewayVpcAttachments(list) => list.len(),
            Self::TransitGatewayPeeringAttachments(list) => list.len(),
            Self::TransitGatewayRouteTables(list) => list.len(),
            Self::TransitGatewayPropagations(list) => list.len(),
            Self::TransitGatewayStaticRoutes(list) => list.len(),
            Self::VpnGateways(list) => list.len(),
            Self::VpnConnections(list) => list.len(),
            Self::CustomerGateways(list) => list.len(),
            Self::CarrierGateways(list) => list.len(),
            Self::VpcEndpointServices(list) => list.len(),
            Self::LoadBalancers(list) => list.len(),
            Self::ClassicLoadBalancers(list) => list.len(),
            Self::LoadBalancerListeners(list) => list.len(),
            Self::LoadBalancerAttributes(list) => list.len(),
            Self::TargetGroups(list) => list.len(),
            Self::LoadBalancerTargetHealth(list) => list.len(),
            Self::DbInstances(list) => list.len(),
            Self::ElasticsearchDomains(list) => list.len(),
            Self::Firewalls(list) => list.len(),
        }
    }
}
