//! Internet gateways and egress-only internet gateways (AWS-66, AWS-68).

use std::collections::BTreeSet;
use std::sync::Arc;

use cloudfw_core::{
    Gateway, Id, IpSet, Label, Opens, Origin, Passage, Router, Scope, Stack, Unknown,
};

use super::Lowering;
use super::external::INTERNET;
use super::label::{label, missing, name_tag, unknown};
use super::scope::compatible;
use super::table::Object;
use crate::kind::Kind;
use crate::raw::{InternetGatewayAttachment, Tag};

/// What tells the two kinds of border apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct BorderKind {
    pub(super) kind: Kind,
    pub(super) word: &'static str,
    opens: Opens,
}

pub(super) const INTERNET_GATEWAY: BorderKind =
    BorderKind { kind: Kind::InternetGateways, word: "internet-gateway", opens: Opens::Both };

pub(super) const EGRESS_ONLY: BorderKind = BorderKind {
    kind: Kind::EgressOnlyInternetGateways,
    word: "egress-only-internet-gateway",
    opens: Opens::Outward,
};

impl BorderKind {
    /// The passage between a router and the internet.
    fn passage(self, router: Id<Router>) -> Passage {
        let inside = match self.opens {
            Opens::Both => IpSet::full(),
            Opens::Outward => IpSet::any_v6(),
        };
        let external = Id::new(INTERNET);
        Passage::Border {
            router,
            external,
            opens: self.opens,
            inside,
            table: None,
            pools: Vec::new(),
        }
    }
}

impl Lowering<'_> {
    pub(super) fn lower_internet_gateways(&mut self) {
        for object in self.recorded.internet_gateways.iter() {
            let facts = object
                .versions
                .iter()
                .map(|entry| (entry.value.attachments.as_ref(), entry.value.tags.as_ref(), entry));
            let facts: Vec<_> = facts.map(|(a, t, e)| (a, t, &e.scope, &e.origin)).collect();
            self.border(object, INTERNET_GATEWAY, &facts);
        }
    }

    pub(super) fn lower_egress_only_gateways(&mut self) {
        for object in self.recorded.egress_only_gateways.iter() {
            let facts = object
                .versions
                .iter()
                .map(|entry| (entry.value.attachments.as_ref(), entry.value.tags.as_ref(), entry));
            let facts: Vec<_> = facts.map(|(a, t, e)| (a, t, &e.scope, &e.origin)).collect();
            self.border(object, EGRESS_ONLY, &facts);
        }
    }

    fn border<T>(&mut self, object: &Object<'_, T>, kind: BorderKind, versions: &[Version<'_>]) {
        let Some((attachments, tags, scope, origin)) = versions.first() else { return };
        let label = label(object, kind.word, name_tag(*tags));
        let contradiction = object.contradiction();
        let gateway = match attachments.map(Vec::as_slice) {
            Some([]) if contradiction.is_none() => detached(label, "it is attached to no VPC"),
            Some([InternetGatewayAttachment { vpc_id: Some(vpc), state }])
                if contradiction.is_none() =>
            {
                if self.recorded.vpcs.get(vpc, scope).is_none() {
                    self.adrift.insert((*scope).clone());
                }
                let router = self.router(Some(vpc), scope, origin);
                attached(label, kind, router, state.as_deref(), origin)
            }
            _ => {
                self.adrift.extend(versions.iter().map(|(_, _, scope, _)| (*scope).clone()));
                let why = "its attachment is not recorded";
                let gap = contradiction
                    .unwrap_or_else(|| unknown(format!("what {} joins", object.id), why, origin));
                Gateway {
                    label,
                    passage: Passage::Opaque { unknown: gap, rewrites: true },
                    stack: Stack::default(),
                    closed: None,
                    doubts: Vec::new(),
                }
            }
        };
        self.add_gateway(&object.key, gateway);
    }

    /// A border that a route of this router leads to, and that is not recorded: there, or gone.
    pub(super) fn unrecorded_border(
        &mut self,
        id: &str,
        kind: BorderKind,
        router: &Id<Router>,
        scope: &Scope,
        origin: &Origin,
    ) -> Id<Gateway> {
        let key = Id::new(format!("{id} of {router} (not recorded)"));
        if !self.network.gateways.contains_key(&key) {
            let gap = unknown(id, self.coverage.why(kind.kind, scope), origin);
            let gateway = Gateway {
                label: missing(id, kind.word, scope, origin),
                passage: kind.passage(router.clone()),
                stack: Stack::default(),
                closed: None,
                doubts: vec![gap],
            };
            self.network.gateways.insert(key.clone(), gateway);
        }
        key
    }

    /// Where internet gateways were not read, or one is attached nobody knows to what, every VPC
    /// without one may have one.
    pub(super) fn possible_borders(&mut self) {
        let open = self.network.gateways.values().filter_map(|gateway| match &gateway.passage {
            Passage::Border { router, opens: Opens::Both, .. } => Some(router),
            _ => None,
        });
        let with: BTreeSet<&Id<Router>> = open.collect();
        let routers = self.network.routers.iter().filter(|(key, _)| !with.contains(key));
        let without: Vec<(Id<Router>, Label)> =
            routers.map(|(key, router)| (key.clone(), router.label.clone())).collect();
        for (router, of) in without {
            let scope = self.scope_of_router(&router);
            if self.coverage.missing(Kind::InternetGateways, &scope).is_some()
                || self.adrift.iter().any(|one| compatible(one, &scope))
            {
                let id = format!("the internet gateway of {}", of.id);
                self.unrecorded_border(&id, INTERNET_GATEWAY, &router, &scope, &of.origin);
            }
        }
    }

    /// The account and Region of a router.
    pub(super) fn scope_of_router(&self, router: &Id<Router>) -> Scope {
        let recorded = self.recorded.vpcs.by_key(router.as_str());
        let first = recorded.and_then(Object::first);
        first.map(|entry| entry.scope.clone()).unwrap_or_default()
    }
}

/// One telling of a gateway: its attachments, tags, scope and place.
type Version<'v> =
    (Option<&'v Vec<InternetGatewayAttachment>>, Option<&'v Vec<Tag>>, &'v Scope, &'v Origin);

fn attached(
    label: Label,
    kind: BorderKind,
    router: Id<Router>,
    state: Option<&str>,
    origin: &Origin,
) -> Gateway {
    let (closed, doubt): (Option<Arc<str>>, Option<Unknown>) = match state {
        Some("available" | "attached") => (None, None),
        Some("detached") => (Some("it is detached from its VPC".into()), None),
        told => {
            let what = format!("whether {} is attached", label.id);
            let why = told.map_or("its state is not recorded".to_owned(), |state| {
                format!("its attachment was recorded as `{state}`")
            });
            (None, Some(unknown(what, why, origin)))
        }
    };
    let passage = kind.passage(router);
    Gateway { label, passage, stack: Stack::default(), closed, doubts: doubt.into_iter().collect() }
}

/// A gateway that carries nothing, so that what it would join does not matter.
fn detached(label: Label, why: &str) -> Gateway {
    let gap = unknown(format!("what {} joins", label.id), why, &label.origin);
    Gateway {
        passage: Passage::Opaque { unknown: gap, rewrites: false },
        stack: Stack::default(),
        closed: Some(why.into()),
        doubts: Vec::new(),
        label,
    }
}
