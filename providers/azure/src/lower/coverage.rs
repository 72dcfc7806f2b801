//! What was read, and what was not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_documents::manifest::{Call, Outcome};
use cloudfw_documents::{CallCoverage, Knowledge, OtherCall};

use super::ids;
use super::recorded::Recorded;
use super::{LowerOptions, ReadDocument};
use crate::kind::Kind;

/// What was read of each subscription and kind.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    rows: BTreeMap<(Option<Arc<str>>, Kind), Row>,
    others: BTreeSet<OtherCall>,
    /// The resources that Azure answered such calls for.
    answered: BTreeSet<(Kind, Arc<str>)>,
}

#[derive(Debug, Default, Clone)]
struct Row {
    knowledge: Option<Knowledge>,
    count: usize,
    time: Option<Arc<str>>,
    error: Option<Arc<str>>,
}

/// The kinds that lowering asks for, so that their absence is told.
const ASKED: [Kind; 15] = [
    Kind::VirtualNetworks,
    Kind::NetworkInterfaces,
    Kind::VirtualMachines,
    Kind::NetworkSecurityGroups,
    Kind::ApplicationSecurityGroups,
    Kind::SecurityAdminRules,
    Kind::RouteTables,
    Kind::PublicIpAddresses,
    Kind::LoadBalancers,
    Kind::NatGateways,
    Kind::PrivateEndpoints,
    Kind::AzureFirewalls,
    Kind::VirtualNetworkGateways,
    Kind::LocalNetworkGateways,
    Kind::VirtualNetworkGatewayConnections,
];

impl Coverage {
    pub(super) fn new(
        documents: &[ReadDocument],
        recorded: &Recorded<'_>,
        options: &LowerOptions,
    ) -> Self {
        let mut coverage = Self::default();
        for (of, count) in &recorded.counts {
            let row = coverage.rows.entry(of.clone()).or_default();
            row.count = *count;
            row.knowledge = Some(Knowledge::Read);
        }
        for read in documents {
            for part in read.reading.parts.iter().filter(|part| !part.complete) {
                coverage.break_off(read.document.scope.account.as_ref(), part.kind, recorded);
            }
            for call in read.reading.manifest.iter().flat_map(|manifest| &manifest.calls) {
                coverage.call(call);
            }
        }
        for (subscription, kind) in &recorded.nameless {
            coverage.break_off(subscription.as_ref(), *kind, recorded);
        }
        coverage.finish(recorded, options);
        coverage
    }

    /// A list ends before its time: of which subscriptions it would have gone on, nobody knows.
    fn break_off(&mut self, folder: Option<&Arc<str>>, kind: Kind, recorded: &Recorded<'_>) {
        let mut of: Vec<Option<Arc<str>>> =
            recorded.subscriptions.iter().cloned().map(Some).collect();
        if of.is_empty() {
            of.push(folder.cloned());
        }
        for subscription in of {
            let row = self.rows.entry((subscription, kind)).or_default();
            row.knowledge = row.knowledge.max(Some(Knowledge::Incomplete));
        }
    }

    fn call(&mut self, call: &Call) {
        let subscription = call.account.as_deref().map(|id| Arc::from(id.to_ascii_lowercase()));
        let error: Option<Arc<str>> = call.error.as_ref().map(|error| error.code.as_str().into());
        let time: Option<Arc<str>> = call.time.as_deref().map(Arc::from);
        let knowledge = match call.outcome {
            Outcome::Ok => Knowledge::Read,
            Outcome::Denied => Knowledge::Denied,
            Outcome::Failed => Knowledge::Failed,
            Outcome::Throttled => Knowledge::Throttled,
            Outcome::Unsupported => Knowledge::Unsupported,
        };
        let Some(kind) = Kind::from_call(&call.call) else {
            if matches!(knowledge, Knowledge::Denied | Knowledge::Failed | Knowledge::Throttled) {
                let (account, call) = (subscription, call.call.as_str().into());
                self.others.insert(OtherCall { account, region: None, call, knowledge, error });
            }
            return;
        };
        let row = self.rows.entry((subscription, kind)).or_default();
        row.time = row.time.take().max(time);
        let missing = knowledge == Knowledge::Read
            && call.resource.is_none()
            && row.count == 0
            && call.count != Some(0);
        let knowledge = if missing { Knowledge::Failed } else { knowledge };
        if missing {
            row.error = Some("its document is missing".into());
        }
        if let (Knowledge::Read, Some(of)) = (knowledge, &call.resource) {
            self.answered.insert((kind, ids::key(of)));
            // Of other resources nothing was read: `unread_of_one` tells them apart.
            row.knowledge = row.knowledge.max(Some(knowledge));
            return;
        }
        row.knowledge = row.knowledge.max(Some(knowledge));
        row.error = error.or(row.error.take());
    }

    fn finish(&mut self, recorded: &Recorded<'_>, options: &LowerOptions) {
        let mut subscriptions: BTreeSet<Option<Arc<str>>> =
            recorded.subscriptions.iter().cloned().map(Some).collect();
        subscriptions.extend(self.rows.keys().map(|(subscription, _)| subscription.clone()));
        for subscription in subscriptions {
            for kind in ASKED {
                self.rows.entry((subscription.clone(), kind)).or_default();
            }
        }
        for ((_, kind), row) in &mut self.rows {
            if matches!(row.knowledge, None | Some(Knowledge::Unsupported))
                && options.assume_none.covers(kind.name())
            {
                row.knowledge = Some(Knowledge::Assumed);
            }
        }
    }

    /// Why it is not known of a kind which resources there are in the subscription of an id;
    /// nothing where it is known.
    pub(super) fn missing(&self, kind: Kind, id: &str) -> Option<String> {
        let subscription = ids::subscription(id);
        let rows = self.rows.iter().filter(|((of, k), _)| {
            *k == kind && (of.is_none() || subscription.is_none() || *of == subscription)
        });
        let (mut known, mut nothing) = (false, None);
        for ((of, _), row) in rows {
            match row.knowledge {
                Some(Knowledge::Read | Knowledge::Assumed) => known = true,
                None | Some(Knowledge::Absent | Knowledge::Unsupported) => {
                    nothing = nothing.or_else(|| Some(reason(kind, of.as_deref(), row)));
                }
                Some(_) => return Some(reason(kind, of.as_deref(), row)),
            }
        }
        if known {
            return None;
        }
        nothing.or_else(|| Some(reason(kind, subscription.as_deref(), &Row::default())))
    }

    /// Why an answer that Azure gives for one resource alone is not known, where the recording does
    /// not hold it for this one.
    pub(super) fn unread_of_one(&self, kind: Kind, id: &str) -> Option<String> {
        if self.answered.contains(&(kind, ids::key(id))) {
            return None;
        }
        let subscription = ids::subscription(id);
        let row = self.rows.get(&(subscription.clone(), kind));
        match row.and_then(|row| row.knowledge) {
            Some(Knowledge::Assumed) => None,
            // Others were read: not this one.
            Some(Knowledge::Read) => Some(reason(kind, subscription.as_deref(), &Row::default())),
            _ => self.missing(kind, id),
        }
    }

    /// Why a resource that others refer to is not known.
    pub(super) fn why(&self, kind: Kind, id: &str) -> String {
        self.missing(kind, id).unwrap_or_else(|| {
            format!(
                "it is not among the recorded {kind}: it may be gone, or of a subscription whose \
                 recording to add"
            )
        })
    }

    /// The rows and other calls as answers print them.
    pub(super) fn published(&self) -> (Vec<CallCoverage>, Vec<OtherCall>) {
        let row = |((account, kind), row): (&(Option<Arc<str>>, Kind), &Row)| CallCoverage {
            account: account.clone(),
            region: None,
            kind: kind.name(),
            command: kind.command().into(),
            knowledge: row.knowledge.unwrap_or(Knowledge::Absent),
            count: row.count,
            time: row.time.clone(),
            error: row.error.clone(),
        };
        (self.rows.iter().map(row).collect(), self.others.iter().cloned().collect())
    }
}

fn reason(kind: Kind, subscription: Option<&str>, row: &Row) -> String {
    let command = format!("`{}`", kind.command());
    let told = row.error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
    let of = subscription.map(|id| format!(" for subscription {id}")).unwrap_or_default();
    match row.knowledge {
        Some(Knowledge::Incomplete) => {
            format!("only a part of the output of {command}{of} was read")
        }
        Some(Knowledge::Denied) => format!("{command} was denied{of}{told}"),
        Some(Knowledge::Failed) => format!("{command} failed{of}{told}"),
        Some(Knowledge::Throttled) => format!("{command} was throttled{of}{told}: record again"),
        Some(Knowledge::Unsupported) => format!("{command} is not supported there{of}"),
        _ => format!("not in the recording{of}: add the output of {command}"),
    }
}
