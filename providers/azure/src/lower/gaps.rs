//! What is not known of whole networks, and what is only said.

use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Filter, Id, Label, Match, Router, Rule, RuleList, ServiceSet, Tracking,
    WithoutState,
};

use super::Lowering;
use super::admin_rule::unread_admin_filter;
use super::ids;
use super::machine::power_state;
use super::table::Object;
use super::wording::{not_recorded, unknown};
use crate::kind::Kind;
use crate::raw;

impl<'a> Lowering<'a> {
    /// A filter before all others that may let pass, or stop, anything.
    pub(super) fn doubted(
        &mut self,
        object: &Object<'a, raw::NetworkInterface>,
        doubts: Vec<cloudfw_core::Unknown>,
    ) -> Option<Id<Filter>> {
        let why = doubts.into_iter().next()?;
        self.warn(why.clone());
        let label = super::wording::label(object, "network-interface");
        let id: Id<Filter> = Id::new(format!("doubt at {}", object.key));
        self.network.filters.insert(id.clone(), Arc::new(unread_admin_filter(label, &why)));
        Some(id)
    }

    /// Networks that drop what is not encrypted.
    pub(super) fn unencrypted(&mut self, router: &Id<Router>) -> Option<Id<Filter>> {
        let doubt = self.doubtful.get(router)?.clone();
        let of = self.network.routers.get(router)?.label.clone();
        let id: Id<Filter> = Id::new(format!("encryption of {router}"));
        let filter = doubtful_filter(&of, "DropUnencrypted", ServiceSet::full(), doubt);
        self.network.filters.insert(id.clone(), Arc::new(filter));
        Some(id)
    }

    /// AZ-12: an interface that does not track TCP; what becomes of its replies is not known.
    pub(super) fn untracked(
        &mut self,
        object: &Object<'a, raw::NetworkInterface>,
    ) -> Option<Id<Filter>> {
        let told = &object.told().disable_tcp_state_tracking;
        if told.given() != Some(&true) && told.bad().is_none() {
            return None;
        }
        let origin = object.field("disableTcpStateTracking");
        let why = "disableTcpStateTracking is not false: what becomes of replies is not documented \
                   (AZ-12)";
        let doubt = unknown("whether TCP is tracked", why, &origin);
        let label = Label { origin, ..super::wording::label(object, "network-interface") };
        let tcp = ServiceSet::all_of(cloudfw_core::Protocol::TCP);
        let filter = doubtful_filter(&label, "disableTcpStateTracking", tcp, doubt);
        let id: Id<Filter> = Id::new(format!("untracked {}", object.key));
        self.network.filters.insert(id.clone(), Arc::new(filter));
        Some(id)
    }

    /// Notes where an address without an interface may be held by one all the same.
    pub(super) fn note_gaps(&mut self) {
        self.warn_of_missing_nat();
        let routers: Vec<Id<Router>> = self.network.routers.keys().cloned().collect();
        for router in &routers {
            let kinds = [
                Kind::NetworkInterfaces,
                Kind::LoadBalancers,
                Kind::PrivateEndpoints,
                Kind::AzureFirewalls,
            ];
            for kind in kinds {
                if let Some(why) = self.coverage.missing(kind, router.as_str()) {
                    let what = format!("the {kind} of `{}`", ids::name(router.as_str()));
                    self.doubt_holders(router, cloudfw_core::Unknown::new(what, why, ""));
                }
            }
        }
        self.doubt_balanced();
        self.note_absent_interfaces();
        for (_, kind) in &self.recorded.nameless {
            let what = format!("a resource among the {kind}");
            self.anywhere.insert(cloudfw_core::Unknown::new(what, "it has no id", ""));
        }
        for router in &routers {
            let everywhere = self.anywhere.iter().cloned();
            self.unheld.entry(router.clone()).or_default().extend(everywhere);
        }
        for (router, doubts) in &self.unheld {
            if let Some(router) = self.network.routers.get_mut(router) {
                router.unread = doubts.iter().cloned().collect();
            }
        }
    }

    /// Interfaces that machines and private endpoints name, and that nobody recorded: they may be in
    /// any network.
    fn note_absent_interfaces(&mut self) {
        let recorded = self.recorded;
        let mut named: Vec<(&str, cloudfw_core::Origin)> = Vec::new();
        for machine in recorded.machines.iter() {
            let profile = machine.told().network_profile.as_ref();
            let own = profile.and_then(|it| it.network_interfaces.as_ref());
            let own = own.into_iter().flatten().filter_map(|it| it.id.as_deref());
            named.extend(own.map(|id| (id, machine.field("networkProfile"))));
        }
        for endpoint in recorded.private_endpoints.iter() {
            let own = endpoint.told().network_interfaces.iter().flatten();
            let own = own.filter_map(|it| it.id.as_deref());
            named.extend(own.map(|id| (id, endpoint.field("networkInterfaces"))));
        }
        for (id, origin) in named {
            if recorded.interfaces.get(id).is_none() {
                let why = self.coverage.why(Kind::NetworkInterfaces, id);
                self.anywhere.insert(not_recorded("the interface", id, why, &origin));
            }
        }
    }

    /// Application gateways bring flows to machines: what they bring is not known. What load
    /// balancers bring is in the interfaces' fronts, and where it is not known, that was noted there.
    fn doubt_balanced(&mut self) {
        let recorded = self.recorded;
        for object in recorded.interfaces.iter() {
            let Some(interface) = self.network.interfaces.get(object.key.as_ref()) else {
                continue;
            };
            let Some(subnet) = self.network.subnets.get(&interface.subnet) else { continue };
            let router = subnet.router.clone();
            for one in super::interface::configurations(object) {
                let told = &one.told.properties;
                let gateways = told.application_gateway_backend_address_pools.iter().flatten();
                let mut parts = gateways.filter_map(|it| it.id.as_deref());
                if let Some(part) = parts.next() {
                    let balancer = ids::parent(part).unwrap_or(part);
                    let what = format!(
                        "what `{}` brings to `{}`",
                        ids::name(balancer),
                        ids::name(object.id)
                    );
                    let why = "application gateways are not modelled";
                    self.doubt_holders(&router, unknown(what, why, &one.origin));
                }
            }
        }
    }

    /// Fields that nobody knows, of objects: named in every answer whose way touches them. So is
    /// that a machine's power state is not told.
    pub(super) fn note_remarks(&mut self) {
        let recorded = self.recorded;
        let mut notes: Vec<(cloudfw_core::Origin, cloudfw_core::Unknown)> = Vec::new();
        for machine in recorded.machines.iter() {
            if power_state(machine).is_none() {
                let what = format!("whether `{}` runs", ids::name(machine.id));
                let why = "its power state is not told: `az vm list --show-details` does";
                let origin = machine.entry.origin.clone();
                notes.push((origin.clone(), unknown(what, why, &origin)));
            }
        }
        for (origin, note) in notes {
            self.network.remarks.entry(origin).or_default().push(note);
        }
        self.note_foreign();
    }

    fn note_foreign(&mut self) {
        let recorded = self.recorded;
        let mut found = Vec::new();
        foreign(&recorded.virtual_networks, &mut found);
        foreign(&recorded.subnets, &mut found);
        foreign(&recorded.interfaces, &mut found);
        foreign(&recorded.machines, &mut found);
        foreign(&recorded.route_tables, &mut found);
        foreign(&recorded.public_addresses, &mut found);
        foreign(&recorded.peerings, &mut found);
        for (origin, note) in found {
            self.network.remarks.entry(origin).or_default().push(note);
        }
    }
}

/// A filter that may stop these services, and lets all else pass.
fn doubtful_filter(
    label: &Label,
    rule: &str,
    services: ServiceSet,
    doubt: cloudfw_core::Unknown,
) -> Filter {
    let origin = label.origin.clone();
    let doubtful = Rule {
        id: rule.into(),
        matches: Match { doubt: Some(doubt), ..Match::services(services) },
        action: Action::Deny(Denial::Drop),
        origin: origin.clone(),
    };
    let all = Rule { id: "*".into(), matches: Match::any(), action: Action::Allow, origin };
    let rules = vec![doubtful, all];
    let list = || vec![Arc::new(RuleList { label: label.clone(), rules: rules.clone() })];
    Filter {
        tracking: Tracking::Stateful { without_state: WithoutState::Unknown },
        ingress: list(),
        egress: list(),
        chains: Default::default(),
        label: label.clone(),
    }
}

fn foreign<T>(
    table: &super::table::Table<'_, T>,
    found: &mut Vec<(cloudfw_core::Origin, cloudfw_core::Unknown)>,
) {
    for object in table.iter() {
        for pointer in object.entry.foreign {
            let what = format!("the field `{pointer}` of `{}`", ids::name(object.id));
            let origin = object.entry.origin.clone();
            found.push((origin.clone(), unknown(what, "cloudfw does not know it", &origin)));
        }
    }
}
