//! Endpoints of VPCs. A gateway endpoint is a gateway; an interface endpoint is its interfaces;
//! what is behind a Gateway Load Balancer endpoint nobody can see.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudfw_core::{External, Gateway, Id, Interface, Label, Liveness, Passage, Stack, Unknown};

use super::Lowering;
use super::label::{label, name_tag, nowhere, unknown};
use super::table::{Entry, Object};
use crate::raw::{NetworkInterface, VpcEndpoint};
use cloudfw_core::global_unicast;

impl Lowering<'_> {
    pub(super) fn lower_endpoints(&mut self) {
        for object in self.recorded.endpoints.iter() {
            let Some(entry) = object.first() else { continue };
            let kind = kind(entry.value);
            if kind == EndpointKind::Interface && object.versions.len() == 1 {
                continue;
            }
            let label = label(object, "vpc-endpoint", name_tag(entry.value.tags.as_ref()));
            let (closed, doubt) = state(entry);
            let mut doubts: Vec<Unknown> = doubt.into_iter().collect();
            let passage = match (object.contradiction(), kind) {
                (Some(contradiction), _) => {
                    Passage::Opaque { unknown: contradiction, rewrites: true }
                }
                (None, EndpointKind::Gateway) if entry.value.vpc_id.is_some() => {
                    self.service(entry, &mut doubts)
                }
                (None, _) => {
                    let why = "what is behind an endpoint of this type is not modelled yet";
                    let unknown = unknown(format!("what {} does", object.id), why, &entry.origin);
                    Passage::Opaque { unknown, rewrites: true }
                }
            };
            let gateway = Gateway { label, passage, stack: Stack::default(), closed, doubts };
            self.add_gateway(&object.key, gateway);
        }
    }

    /// Takes from the interfaces of endpoints that do not work, or are not known to, that anything
    /// answers behind them.
    pub(super) fn doubt_endpoints(&mut self) {
        let mut found: BTreeMap<Id<Interface>, Liveness> = BTreeMap::new();
        let recorded = self.recorded;
        let mut note = |interface: &Object<'_, NetworkInterface>, liveness: &Liveness| {
            let key = Id::new(Arc::clone(&interface.key));
            match found.get(&key) {
                // Two endpoints that disagree: it is not known whose it is.
                Some(Liveness::Unknown(_)) => {}
                _ => drop(found.insert(key, liveness.clone())),
            }
        };
        for object in recorded.endpoints.iter() {
            let Some(entry) = object.first() else { continue };
            let liveness = match (object.contradiction(), state(entry)) {
                (Some(gap), _) | (None, (None, Some(gap))) => Liveness::Unknown(gap),
                (None, (Some(why), _)) => Liveness::Down(why),
                (None, (None, None)) => continue,
            };
            for id in entry.value.network_interface_ids.iter().flatten() {
                if let Some(interface) = recorded.interfaces.get(id, &entry.scope) {
                    note(interface, &liveness);
                }
            }
            // Not every recording has the list; the interfaces say whose they are.
            let words = format!("VPC Endpoint Interface {}", object.id);
            let own = |interface: &&Object<'_, NetworkInterface>| {
                let first = interface.first();
                let same = first.filter(|one| super::scope::compatible(&one.scope, &entry.scope));
                same.is_some_and(|one| one.value.description.as_deref() == Some(&*words))
            };
            recorded.interfaces.iter().filter(own).for_each(|interface| note(interface, &liveness));
        }
        for (key, liveness) in found {
            if let Some(interface) = self.network.interfaces.get_mut(&key)
                && !matches!(interface.liveness, Liveness::Down(_))
            {
                interface.liveness = liveness;
            }
        }
    }

    fn service(&mut self, entry: &Entry<'_, VpcEndpoint>, doubts: &mut Vec<Unknown>) -> Passage {
        let endpoint = entry.value;
        let name = endpoint.service_name.as_deref().unwrap_or("an unknown service");
        let known = self.service_addresses(name, &entry.scope);
        let addresses = if let Some(known) = known {
            known
        } else {
            let why = "the prefix list of the service is not in the recording: add `aws ec2 describe-prefix-lists`";
            doubts.push(unknown(format!("the addresses of {name}"), why, &entry.origin));
            global_unicast()
        };
        let external = Id::new(format!(
            "{name} ({addresses_of})",
            addresses_of = super::scope::text(&entry.scope)
        ));
        let label = Label {
            id: name.into(),
            name: None,
            kind: "service",
            scope: super::recorded::shown(&entry.scope),
            origin: nowhere(),
        };
        self.network.externals.insert(external.clone(), External { label, addresses });
        let router = self.router(endpoint.vpc_id.as_deref(), &entry.scope, &entry.origin);
        Passage::Service { routers: BTreeSet::from([router]), external }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndpointKind {
    Gateway,
    Interface,
    Other,
}

/// Emulators leave the type of gateway endpoints out.
fn kind(endpoint: &VpcEndpoint) -> EndpointKind {
    let has_tables = endpoint.route_table_ids.as_ref().is_some_and(|tables| !tables.is_empty());
    match endpoint.vpc_endpoint_type.as_deref() {
        Some("Gateway") => EndpointKind::Gateway,
        Some("Interface") => EndpointKind::Interface,
        None if has_tables => EndpointKind::Gateway,
        _ => EndpointKind::Other,
    }
}

/// Whether it works.
fn state(entry: &Entry<'_, VpcEndpoint>) -> (Option<Arc<str>>, Option<Unknown>) {
    let told = entry.value.state.as_deref().map(str::to_ascii_lowercase);
    match told.as_deref() {
        Some("available") => (None, None),
        Some(state @ ("pendingacceptance" | "deleted" | "rejected" | "failed" | "expired")) => {
            (Some(format!("the endpoint is {state}").into()), None)
        }
        told => {
            let why = told.map_or("its state is not recorded".to_owned(), |state| {
                format!("it was recorded as `{state}`")
            });
            (None, Some(unknown("whether the endpoint works", why, &entry.origin)))
        }
    }
}
