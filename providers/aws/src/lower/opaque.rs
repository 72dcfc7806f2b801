//! Gateways that nobody can see through: those that are not modelled yet, and those that routes
//! lead to and that are not recorded.

use std::sync::Arc;

use cloudfw_core::{Gateway, Id, Label, Origin, Passage, Scope, Stack};

use super::Lowering;
use super::label::{label, missing, name_tag, unknown};
use crate::kind::Kind;

/// A kind of gateway, as routes name it.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpaqueKind {
    pub(super) word: &'static str,
    /// The kind of documents that tells of it, where one does.
    pub(super) kind: Option<Kind>,
    /// Whether it may change addresses.
    rewrites: bool,
}

pub(super) const TRANSIT: OpaqueKind =
    OpaqueKind { word: "transit-gateway", kind: Some(Kind::TransitGateways), rewrites: false };
pub(super) const VPN: OpaqueKind =
    OpaqueKind { word: "vpn-gateway", kind: Some(Kind::VpnGateways), rewrites: false };
pub(super) const CARRIER: OpaqueKind =
    OpaqueKind { word: "carrier-gateway", kind: Some(Kind::CarrierGateways), rewrites: true };
pub(super) const NAT: OpaqueKind =
    OpaqueKind { word: "nat-gateway", kind: Some(Kind::NatGateways), rewrites: true };
pub(super) const PEERING: OpaqueKind = OpaqueKind {
    word: "vpc-peering-connection",
    kind: Some(Kind::VpcPeeringConnections),
    rewrites: false,
};
pub(super) const ENDPOINT: OpaqueKind =
    OpaqueKind { word: "vpc-endpoint", kind: Some(Kind::VpcEndpoints), rewrites: true };
pub(super) const LOCAL: OpaqueKind =
    OpaqueKind { word: "local-gateway", kind: None, rewrites: true };
pub(super) const CORE: OpaqueKind = OpaqueKind { word: "core-network", kind: None, rewrites: true };
pub(super) const ORACLE: OpaqueKind =
    OpaqueKind { word: "odb-network", kind: None, rewrites: true };
pub(super) const OTHER: OpaqueKind = OpaqueKind { word: "gateway", kind: None, rewrites: true };

impl Lowering<'_> {
    pub(super) fn lower_opaque_gateways(&mut self) {
        for object in self.recorded.transit_gateways.iter() {
            let tags = object.first().and_then(|entry| entry.value.tags.as_ref());
            let label = label(object, TRANSIT.word, name_tag(tags));
            self.not_modelled(&object.key, TRANSIT, label);
        }
        for object in self.recorded.vpn_gateways.iter() {
            let tags = object.first().and_then(|entry| entry.value.tags.as_ref());
            let label = label(object, VPN.word, name_tag(tags));
            self.not_modelled(&object.key, VPN, label);
        }
        for object in self.recorded.carrier_gateways.iter() {
            let tags = object.first().and_then(|entry| entry.value.tags.as_ref());
            let label = label(object, CARRIER.word, name_tag(tags));
            self.not_modelled(&object.key, CARRIER, label);
        }
    }

    fn not_modelled(&mut self, key: &Arc<str>, kind: OpaqueKind, label: Label) {
        let why = format!("a {} is not modelled yet", kind.word.replace('-', " "));
        let unknown = unknown(format!("what {} does", label.id), why, &label.origin);
        self.add_gateway(key, gateway(label, kind, unknown));
    }

    /// Puts a gateway into the network. Where two of different kinds share an id, nothing is known
    /// of what routes to it mean.
    pub(super) fn add_gateway(&mut self, key: &Arc<str>, gateway: Gateway) {
        let id = Id::new(Arc::clone(key));
        let gateway = match self.network.gateways.remove(&id) {
            None => gateway,
            Some(other) => {
                let what = format!("what {key} is");
                let why = format!("both a {} and a {}", other.label.kind, gateway.label.kind);
                let unknown = unknown(what, why, &gateway.label.origin);
                self::gateway(gateway.label, OTHER, unknown)
            }
        };
        self.network.gateways.insert(id, gateway);
    }

    /// A gateway that a route leads to, and that is not recorded.
    pub(super) fn unrecorded_gateway(
        &mut self,
        id: &str,
        kind: OpaqueKind,
        scope: &Scope,
        origin: &Origin,
    ) -> Id<Gateway> {
        let key = Id::new(format!("{id} of {} (not recorded)", super::scope::text(scope)));
        if !self.network.gateways.contains_key(&key) {
            let why = match kind.kind {
                Some(kind) => self.coverage.why(kind, scope),
                None => format!("a {} is not modelled yet", kind.word.replace('-', " ")),
            };
            let unknown = unknown(format!("what {id} does"), why, origin);
            let label = missing(id, kind.word, scope, origin);
            self.network.gateways.insert(key.clone(), gateway(label, kind, unknown));
        }
        key
    }
}

fn gateway(label: Label, kind: OpaqueKind, unknown: cloudfw_core::Unknown) -> Gateway {
    Gateway {
        label,
        passage: Passage::Opaque { unknown, rewrites: kind.rewrites },
        stack: Stack::default(),
        closed: None,
        doubts: Vec::new(),
    }
}
