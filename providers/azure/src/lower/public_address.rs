//! Public addresses, and what is closed without a security group (AZ-8).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Filter, Id, IpSet, Label, Match, Origin, Peer, Peers, Router, Rule, RuleList,
    ServiceSet, Tracking, Unknown, WithoutState, global_unicast,
};

use super::Lowering;
use super::balancer::nat_rules;
use super::ids::{self, key};
use super::surroundings::Surroundings;
use super::table::Object;
use super::table::at;
use super::wording::{implied, not_recorded, nowhere, unknown};
use crate::kind::Kind;
use crate::raw::{IpConfiguration, NetworkInterface, PublicIpAddress, Resource};

/// Whether a public address lets in what no group allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Openness {
    /// `Basic`: open.
    Open,
    /// `Standard`: closed.
    Closed,
    /// Nobody knows.
    Unknown(Unknown),
}

impl<'a> Lowering<'a> {
    /// The public address of a configuration; one that is not known makes it unknown who holds
    /// addresses around it.
    pub(super) fn public_of(
        &mut self,
        told: &Resource<IpConfiguration>,
        origin: &Origin,
        router: &Id<Router>,
    ) -> Result<Option<IpAddr>, Unknown> {
        let Some(reference) = &told.properties.public_ip_address else { return Ok(None) };
        let place = at(origin, |own| told.field_at(own, "publicIPAddress"));
        let address = self.public_address(ids::of_reference(reference), &place);
        if let Err(gap) = &address {
            self.warn(gap.clone());
            self.doubt_holders(router, gap.clone());
        }
        address
    }

    /// The address of a public IP resource; none while it is not in use.
    pub(super) fn public_address(
        &self,
        id: &str,
        from: &Origin,
    ) -> Result<Option<IpAddr>, Unknown> {
        let Some(object) = self.recorded.public_addresses.get(id) else {
            let why = self.coverage.why(Kind::PublicIpAddresses, id);
            return Err(not_recorded("the public address", id, why, from));
        };
        let text = object.told().ip_address.as_deref().unwrap_or_default();
        if object.is_contradicted || object.entry.resource.is_bare() {
            let what = format!("the public address `{}`", ids::name(id));
            let why = "documents do not tell it, or tell it in different ways";
            return Err(unknown(what, why, &object.entry.origin));
        }
        let what = format!("the public address `{}`", ids::name(id));
        if text.is_empty() {
            let why = "ipAddress is not told: it may not have been given one yet";
            return Err(unknown(what, why, &object.entry.origin));
        }
        let bad = |_| unknown(what, format!("`{text}` is no address"), &object.field("ipAddress"));
        text.parse().map(Some).map_err(bad)
    }

    /// AZ-8: where no group stands before it, a Standard address is closed to the internet.
    pub(super) fn closed_without_group(
        &mut self,
        configurations: &[super::interface::Configuration<'a>],
        around: &Surroundings,
    ) -> Option<Id<Filter>> {
        let mut found = None;
        for one in configurations {
            for openness in self.openness(one) {
                found = match (found, openness) {
                    (found, Openness::Open) => found,
                    (Some(Openness::Closed), _) | (_, Openness::Closed) => Some(Openness::Closed),
                    (_, Openness::Unknown(why)) => Some(Openness::Unknown(why)),
                };
            }
        }
        let doubt = match found? {
            Openness::Unknown(why) => Some(why),
            Openness::Open | Openness::Closed => None,
        };
        Some(self.closed_filter(around, doubt))
    }

    /// A filter before the admin rules that may stop what comes from the internet, where some of
    /// them always allow.
    pub(super) fn doubt_always_allow(
        &mut self,
        object: &Object<'a, NetworkInterface>,
        admin: &Option<Id<Filter>>,
        around: &Surroundings,
    ) -> Option<Id<Filter>> {
        let admin = self.network.filters.get(admin.as_ref()?)?;
        let rules = admin.ingress.iter().flat_map(|list| &list.rules);
        let always = |rule: &&Rule| rule.action == Action::AllowAll;
        let origin = rules.clone().find(always)?.origin.clone();
        let what = format!("whether AlwaysAllow opens `{}`", ids::name(object.id));
        let why = "it has a Standard address and no security group, which closes it to the                    internet, and no document says which of the two wins (AZ-8, AZ-41)";
        let services = rules.filter(always).map(|rule| &rule.matches.services);
        let services = ServiceSet::union_of(services);
        let outside = global_unicast().difference(&around.virtual_network);
        let filter = closed_filter(outside, services, Some(unknown(what, why, &origin)));
        Some(self.keep(&format!("closed past AlwaysAllow at {}", object.key), filter))
    }

    fn openness(&self, one: &super::interface::Configuration<'a>) -> Vec<Openness> {
        let told = one.told;
        let id = told.properties.public_ip_address.as_ref().map(ids::of_reference);
        let own = id.map(|id| match self.recorded.public_addresses.get(id) {
            Some(object) => sku(object),
            None => {
                let why = self.coverage.why(Kind::PublicIpAddresses, id);
                Openness::Unknown(not_recorded(
                    "the SKU of the public address",
                    id,
                    why,
                    &nowhere(),
                ))
            }
        });
        let mut all: Vec<Openness> = own.into_iter().collect();
        for member in self.memberships(one) {
            all.push(match (self.openness_of_balancer(&member.pool), member.doubt) {
                (Openness::Closed, Some(doubt)) => Openness::Unknown(doubt),
                (openness, _) => openness,
            });
        }
        let rules = told.properties.load_balancer_inbound_nat_rules.iter().flatten();
        let mut rules: BTreeSet<Arc<str>> =
            rules.filter_map(|it| it.id.as_deref()).map(key).collect();
        // Rules tell their machine, and machines their rules.
        let id = told.id.as_deref().map(key);
        let near = self.balanced.of(id.as_deref(), None, &BTreeSet::new());
        for balancer in near.into_iter().filter_map(|it| self.recorded.balancers.get(it)) {
            for rule in nat_rules(balancer) {
                let backend = rule.told.properties.backend_ip_configuration.as_ref();
                let backend = backend.and_then(|it| it.id.as_deref()).map(key);
                if backend.is_some() && backend == id {
                    rules.extend(rule.told.id.as_deref().map(key));
                }
            }
        }
        all.extend(rules.iter().map(|rule| self.openness_of_balancer(rule)));
        all
    }

    fn openness_of_balancer(&self, part: &str) -> Openness {
        let id = ids::parent(part).unwrap_or(part);
        let Some(object) = self.recorded.balancers.get(id) else {
            let why = self.coverage.why(Kind::LoadBalancers, id);
            return Openness::Unknown(not_recorded("the load balancer", id, why, &nowhere()));
        };
        let name = object.entry.resource.envelope().and_then(|it| it.sku.as_ref()?.name.as_deref());
        openness(name, "the load balancer", &object.entry.origin)
    }

    fn closed_filter(&mut self, around: &Surroundings, doubt: Option<Unknown>) -> Id<Filter> {
        let outside = global_unicast().difference(&around.virtual_network);
        let of =
            doubt.as_ref().map(|doubt| format!(" perhaps ({})", doubt.what)).unwrap_or_default();
        let id: Id<Filter> = Id::new(format!("closed{of} to {outside}"));
        if !self.network.filters.contains_key(&id) {
            let filter = closed_filter(outside, ServiceSet::full(), doubt);
            self.network.filters.insert(id.clone(), Arc::new(filter));
        }
        id
    }
}

fn sku(object: &Object<'_, PublicIpAddress>) -> Openness {
    let name = object.entry.resource.envelope().and_then(|it| it.sku.as_ref()?.name.as_deref());
    openness(name, "the public address", &object.entry.origin)
}

fn openness(sku: Option<&str>, of: &str, origin: &Origin) -> Openness {
    match sku.map(str::to_ascii_lowercase).as_deref() {
        Some("basic") => Openness::Open,
        Some("standard" | "standardv2" | "gateway") => Openness::Closed,
        other => {
            let why = match other {
                Some(other) => format!("its SKU `{other}` is not known"),
                None => "its SKU is not told".to_owned(),
            };
            Openness::Unknown(unknown(format!("whether {of} is open without a group"), why, origin))
        }
    }
}

fn closed_filter(outside: IpSet, services: ServiceSet, doubt: Option<Unknown>) -> Filter {
    let origin = implied(&nowhere());
    let label = Label {
        id: "no network security group".into(),
        name: None,
        kind: "network-security-group",
        scope: "".into(),
        origin: origin.clone(),
    };
    let deny = Rule {
        id: "ClosedWithoutGroup".into(),
        matches: Match {
            sources: Peers::Of(vec![Peer::Addresses {
                set: outside,
                via: Some("Internet".into()),
            }]),
            doubt,
            ..Match::services(services)
        },
        action: Action::Deny(Denial::Drop),
        origin: origin.clone(),
    };
    let allow = |id: &str| Rule {
        id: id.into(),
        matches: Match::any(),
        action: Action::Allow,
        origin: origin.clone(),
    };
    let list = |rules| vec![Arc::new(RuleList { label: label.clone(), rules })];
    Filter {
        tracking: Tracking::Stateful { without_state: WithoutState::Unknown },
        ingress: list(vec![deny, allow("OpenWithoutGroup")]),
        egress: list(vec![allow("OpenWithoutGroup")]),
        chains: Default::default(),
        label,
    }
}
