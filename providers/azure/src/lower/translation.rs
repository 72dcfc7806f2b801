//! What load balancers translate for the machines behind them, on their way out (AZ-70).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{Origin, Protocol, ServiceSet, Unknown};

use super::Lowering;
use super::balancer::{Part, frontends, rules, sku_of};
use super::ids::key;
use super::outbound::snat_services;
use super::table::{Object, at};
use super::wording::unknown;
use crate::raw;

/// What a balancer translates for the members of one of its pools.
pub(super) struct Translation {
    /// The address that they are given; nothing where nobody knows it.
    pub(super) address: Option<IpAddr>,
    /// What is translated: of the protocols of the rules alone.
    pub(super) services: ServiceSet,
    /// Why nobody knows whether it is.
    pub(super) doubt: Option<Unknown>,
}

/// The frontends of rules, with the protocols that they translate.
#[derive(Default)]
struct Rules {
    fronts: BTreeSet<Arc<str>>,
    services: ServiceSet,
    doubt: Option<Unknown>,
}

impl Rules {
    /// A rule, or rules, that may translate anything.
    fn doubt(&mut self, what: &str, origin: &Origin) {
        self.services = snat_services();
        self.doubt
            .get_or_insert_with(|| unknown("what the load balancer translates", what, origin));
    }

    fn take(&mut self, front: Option<&str>, services: Result<ServiceSet, Unknown>) {
        self.fronts.extend(front.map(key));
        match services {
            Ok(services) => self.services = self.services.union(&services),
            Err(why) => {
                self.services = snat_services();
                self.doubt.get_or_insert(why);
            }
        }
    }
}

impl<'a> Lowering<'a> {
    /// How members of a balancer's pool open flows: by an outbound rule, or by a rule of a public
    /// frontend that is not told to leave it (AZ-70). Nothing where the balancer does not
    /// translate.
    pub(super) fn translation_of(
        &self,
        balancer: &Object<'a, raw::LoadBalancer>,
        pool: &str,
    ) -> Option<Translation> {
        let pool = key(pool);
        let outbound = public(balancer, by_outbound_rules(balancer, &pool));
        let balanced = public(balancer, by_balancing_rules(balancer, &pool));
        let found = match (outbound, balanced) {
            (Some(outbound), Some(more)) if !more.services.is_subset(&outbound.services) => {
                let what = format!("what `{}` translates", balancer.id);
                let why = "an outbound rule is for one protocol, a load balancing rule for another, \
                           and no document says whether both translate";
                let doubt = Some(unknown(what, why, &balancer.entry.origin));
                Rules { services: outbound.services.union(&more.services), doubt, ..outbound }
            }
            // What one kind of rules does for certain the other, in doubt, does not take back.
            (Some(outbound), _) => outbound,
            (None, balanced) => balanced?,
        };
        let mut addresses = Vec::new();
        for frontend in frontends(balancer).filter(|frontend| is_one_of(frontend, &found.fronts)) {
            match self.addresses_of_frontend(&frontend) {
                Ok(more) => addresses.extend(more),
                // Some public address, and nobody knows which.
                Err(_) => addresses.clear(),
            }
        }
        let address = if let [one] = addresses.as_slice() { Some(*one) } else { None };
        Some(Translation { address, services: found.services, doubt: found.doubt })
    }
}

/// The rules, where one of their frontends is public.
fn public(balancer: &Object<'_, raw::LoadBalancer>, mut of: Rules) -> Option<Rules> {
    let public = frontends(balancer).filter(|frontend| {
        let told = &frontend.told.properties;
        told.public_ip_address.is_some() || told.public_ip_prefix.is_some()
    });
    let public = public.filter(|frontend| is_one_of(frontend, &of.fronts));
    let public: BTreeSet<Arc<str>> =
        public.filter_map(|it| it.told.id.as_deref()).map(key).collect();
    let known = |front: &Arc<str>| {
        frontends(balancer).any(|it| it.told.id.as_deref().map(key).as_ref() == Some(front))
    };
    if !of.fronts.iter().all(known) {
        of.doubt("a frontend that a rule names is not told", &balancer.entry.origin);
    }
    of.fronts = public;
    (!of.fronts.is_empty() || of.doubt.is_some()).then_some(of)
}

fn is_one_of(
    frontend: &Part<'_, '_, raw::FrontendIpConfiguration>,
    fronts: &BTreeSet<Arc<str>>,
) -> bool {
    frontend.told.id.as_deref().map(key).is_some_and(|id| fronts.contains(&id))
}

/// An outbound rule translates its protocol: Tcp, Udp, or All for both.
fn by_outbound_rules(balancer: &Object<'_, raw::LoadBalancer>, pool: &Arc<str>) -> Rules {
    let mut found = Rules::default();
    if balancer.told().outbound_rules.is_none() {
        found.doubt("its outbound rules are not told", &balancer.entry.origin);
    }
    for (index, rule) in balancer.told().outbound_rules.iter().flatten().enumerate() {
        let told = &rule.properties;
        let origin = balancer.element("outboundRules", index);
        let mut fronts = told.frontend_ip_configurations.iter().flatten().map(|it| it.id.as_ref());
        if is_vague(told.backend_address_pool.as_ref()) {
            found.doubt("an outbound rule does not tell its pool", &origin);
        } else if !is_it(told.backend_address_pool.as_ref(), pool) {
            continue;
        }
        if fronts.clone().next().is_none() || fronts.any(|it| it.is_none()) {
            found.doubt("an outbound rule does not tell its frontend", &origin);
        }
        let services = translated(told.protocol.as_deref(), || {
            at(&origin, |own| rule.field_at(own, "protocol"))
        });
        for front in told.frontend_ip_configurations.iter().flatten() {
            found.take(front.id.as_deref(), services.clone());
        }
    }
    found
}

/// A load balancing rule of the Standard SKU translates its own protocol; of the Basic one both.
fn by_balancing_rules(balancer: &Object<'_, raw::LoadBalancer>, pool: &Arc<str>) -> Rules {
    let mut found = Rules::default();
    if balancer.told().load_balancing_rules.is_none() {
        found.doubt("its load balancing rules are not told", &balancer.entry.origin);
    }
    for rule in rules(balancer) {
        let told = &rule.told.properties;
        let mut pools =
            told.backend_address_pool.iter().chain(told.backend_address_pools.iter().flatten());
        let vague = pools.clone().next().is_none() || pools.clone().any(|it| it.id.is_none());
        let off = told.disable_outbound_snat.given() == Some(&true);
        if off || !(vague || pools.any(|of| is_it(Some(of), pool))) {
            continue;
        }
        if vague {
            found.doubt("a load balancing rule does not tell its pool", &rule.origin);
        }
        if told.disable_outbound_snat.given().is_none() {
            let why = "a load balancing rule does not tell disableOutboundSnat";
            found.doubt(why, &rule.origin);
        }
        let place = || at(&rule.origin, |own| rule.told.field_at(own, "protocol"));
        let services = match sku_of(balancer).as_deref() {
            Some("basic") => Ok(snat_services()),
            _ => translated(told.protocol.as_deref(), place),
        };
        let front = told.frontend_ip_configuration.as_ref().and_then(|it| it.id.as_deref());
        if front.is_none() {
            found.doubt("a load balancing rule does not tell its frontend", &rule.origin);
        }
        found.take(front, services);
    }
    found
}

fn is_vague(of: Option<&raw::Reference>) -> bool {
    of.is_none_or(|it| it.id.is_none())
}

fn is_it(of: Option<&raw::Reference>, pool: &Arc<str>) -> bool {
    of.and_then(|it| it.id.as_deref()).is_some_and(|id| key(id) == *pool)
}

fn translated(
    protocol: Option<&str>,
    place: impl FnOnce() -> Origin,
) -> Result<ServiceSet, Unknown> {
    match protocol.map(str::to_ascii_lowercase).as_deref() {
        Some("tcp") => Ok(ServiceSet::all_of(Protocol::TCP)),
        Some("udp") => Ok(ServiceSet::all_of(Protocol::UDP)),
        Some("all") => Ok(snat_services()),
        other => {
            let why = match other {
                Some(other) => format!("`{other}` is none of Tcp, Udp and All"),
                None => "the protocol of a rule is not told".to_owned(),
            };
            Err(unknown("what the load balancer translates", why, &place()))
        }
    }
}
