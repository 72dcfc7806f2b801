//! The border between a network and the internet, and what sources look like beyond it (AZ-70).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use cloudfw_core::{
    Action, Denial, Filter, Gateway, Id, Interface, IpSet, Label, Match, Network, Opens, Origin,
    Passage, Peer, Peers, Pool, PortSet, Protocol, Router, Rule, RuleList, ServiceSet, Stack,
    Tracking, Unknown,
};

use super::Lowering;
use super::addresses::prefix;
use super::balancer::sku_of;
use super::external::INTERNET;
use super::ids::{self, key};
use super::interface::{Configuration, configurations};
use super::membership::Membership;
use super::route::border_of;
use super::table::Object;
use super::wording::{implied, label, missing, not_recorded, unknown};
use crate::kind::Kind;
use crate::raw;

/// The source ports that Azure's translations pick from (SNAT ports).
fn snat_ports() -> PortSet {
    PortSet::range(1024, 65535)
}

/// What Azure's translations carry where sources share an address: they tell flows apart by their
/// ports, so that ICMP fails through NAT gateways, load balancers and default outbound access alike
/// (AZ-70).
pub(super) fn snat_services() -> ServiceSet {
    ServiceSet::union_of(&[Protocol::TCP, Protocol::UDP].map(ServiceSet::all_of))
}

/// What stands in which network and subnet, by their keys: found once for all borders.
#[derive(Default)]
struct Standing<'a> {
    /// The subnets of networks.
    subnets: BTreeMap<Arc<str>, Vec<&'a Object<'a, raw::Subnet>>>,
    /// The addresses in subnets.
    addresses: BTreeMap<Arc<str>, Vec<Configuration<'a>>>,
    /// The interfaces in networks.
    interfaces: BTreeMap<Arc<str>, Vec<Id<Interface>>>,
}

impl<'a> Standing<'a> {
    fn new(recorded: &'a super::Recorded<'a>, network: &Network) -> Self {
        let mut standing = Self::default();
        for subnet in recorded.subnets.iter() {
            if let Some(of) = ids::parent(subnet.id).map(key) {
                standing.subnets.entry(of).or_default().push(subnet);
            }
        }
        for one in recorded.interfaces.iter().flat_map(configurations) {
            let subnet = one.told.properties.subnet.as_ref().and_then(|it| it.id.as_deref());
            if let Some(subnet) = subnet.map(key) {
                standing.addresses.entry(subnet).or_default().push(one);
            }
        }
        for (id, interface) in &network.interfaces {
            if let Some(of) = ids::parent(interface.subnet.as_str()) {
                standing.interfaces.entry(of.into()).or_default().push(id.clone());
            }
        }
        standing
    }

    /// The interfaces of a network.
    fn of<'n>(
        &self,
        router: &Id<Router>,
        network: &'n Network,
    ) -> impl Iterator<Item = (&Id<Interface>, &'n Interface)> {
        let ids = self.interfaces.get(router.as_str()).into_iter().flatten();
        ids.filter_map(|id| Some((id, network.interfaces.get(id)?)))
    }
}

impl<'a> Lowering<'a> {
    pub(super) fn lower_borders(&mut self) {
        let standing = Standing::new(self.recorded, &self.network);
        let routers: Vec<Id<Router>> = self.network.routers.keys().cloned().collect();
        for router in routers {
            let Some(of) = self.network.routers.get(&router) else { continue };
            let of = of.label.clone();
            let name = of.name.as_deref().unwrap_or(&of.id).to_owned();
            let label = Label {
                id: format!("internet of {name}").into(),
                name: None,
                kind: "internet",
                scope: of.scope.clone(),
                origin: implied(&of.origin),
            };
            let pools = self.pools(&router, &standing);
            let filters = vec![self.mail_filter(&label, &router, &standing)];
            let passage = Passage::Border {
                router: router.clone(),
                external: Id::new(INTERNET),
                opens: Opens::Both,
                inside: self.carried_by_border(&router, &standing),
                table: None,
                pools,
            };
            let stack = Stack::of(filters);
            let gateway = Gateway { label, passage, stack, closed: None, doubts: Vec::new() };
            self.network.gateways.insert(border_of(&router), gateway);
        }
    }

    /// IPv4, and of IPv6 what has a public address: private addresses of networks are not routed
    /// beyond them in either family.
    fn carried_by_border(&self, router: &Id<Router>, standing: &Standing<'a>) -> IpSet {
        let interfaces = standing.of(router, &self.network);
        let public = interfaces.flat_map(|(_, interface)| &interface.addresses);
        let public = public.filter(|address| address.ip.is_ipv6() && address.public.is_some());
        let sets: Vec<IpSet> = public.map(|address| IpSet::single(address.ip)).collect();
        IpSet::any_v4().union(&IpSet::union_of(&sets))
    }

    /// In the order in which Azure prefers them: NAT gateways, addresses of one's own, outbound
    /// rules of load balancers, default outbound access. Each source is in one pool at most.
    fn pools(&mut self, router: &Id<Router>, standing: &Standing<'a>) -> Vec<Pool> {
        let (mut pools, mut rest) = (Vec::new(), Vec::new());
        for &subnet in standing.subnets.get(router.as_str()).into_iter().flatten() {
            match &subnet.told().nat_gateway {
                Some(gateway) => pools.push(self.nat_pool(subnet, ids::of_reference(gateway))),
                None => rest.push(subnet),
            }
        }
        for subnet in rest {
            let left = self.balanced_pools(subnet, standing, &mut pools);
            pools.extend(self.default_pool(subnet, left));
        }
        pools
    }

    fn nat_pool(&self, subnet: &Object<'a, raw::Subnet>, id: &str) -> Pool {
        let origin = subnet.field("natGateway");
        let object = self.recorded.nat_gateways.get(id);
        let label = match object {
            Some(object) => label(object, "nat-gateway"),
            None => missing(id, "nat-gateway", &origin),
        };
        let address = object.and_then(|object| self.address_of_nat(object));
        let inside = told_addresses(subnet).only_v4();
        let doubt = match object {
            // What is not recorded may be gone.
            None => {
                let why = self.coverage.why(Kind::NatGateways, id);
                Some(not_recorded("the NAT gateway", id, why, &origin))
            }
            Some(object) if !names_an_address(object.told()) => {
                let what = format!("the public address of `{}`", ids::name(id));
                let why = "the NAT gateway names none, and translates nothing without one";
                Some(unknown(what, why, &object.entry.origin))
            }
            Some(_) => None,
        };
        Pool { label, inside, address, ports: snat_ports(), services: snat_services(), doubt }
    }

    /// The one address of a NAT gateway; of several nobody knows which is picked.
    fn address_of_nat(&self, object: &Object<'a, raw::NatGateway>) -> Option<IpAddr> {
        let told = object.told();
        let prefixes = told.public_ip_prefixes.as_ref().is_some_and(|list| !list.is_empty());
        let mut addresses = told.public_ip_addresses.iter().flatten();
        let (first, second) = (addresses.next()?, addresses.next());
        if prefixes || second.is_some() {
            return None;
        }
        self.public_address(first.id.as_deref()?, &object.entry.origin).ok().flatten()
    }

    /// Pools of machines behind load balancers; gives back the addresses of the subnet that are in
    /// none and have no public address of their own.
    fn balanced_pools(
        &self,
        subnet: &Object<'a, raw::Subnet>,
        standing: &Standing<'a>,
        pools: &mut Vec<Pool>,
    ) -> IpSet {
        let mut taken = Vec::new();
        for one in standing.addresses.get(&subnet.key).into_iter().flatten() {
            let told = &one.told.properties;
            let address = told.private_ip_address.as_deref().and_then(|text| text.parse().ok());
            let Some(address) = address else { continue };
            let own = IpSet::single(address);
            if told.public_ip_address.is_some() {
                taken.push(own);
                continue;
            }
            if let Some(pool) = self.balanced_pool(&self.memberships(one), &own, &one.origin) {
                taken.push(own);
                pools.extend(pool);
            }
        }
        told_addresses(subnet).only_v4().difference(&IpSet::union_of(&taken))
    }

    /// What a machine behind load balancers is known as; nothing in the inner place where it has no
    /// way out: behind a Standard balancer that does not translate it, there is no default access.
    fn balanced_pool(
        &self,
        members: &[Membership<'a>],
        own: &IpSet,
        origin: &Origin,
    ) -> Option<Option<Pool>> {
        let mut without = false;
        let mut translation: Option<Pool> = None;
        for member in members {
            let id = ids::parent(&member.pool).unwrap_or(&member.pool);
            let what = format!("how {own} reaches the internet");
            let made = |label, address, services, doubt| {
                let (inside, ports) = (own.clone(), snat_ports());
                Pool { label, inside, address, ports, services, doubt }
            };
            let Some(balancer) = member.balancer else {
                let why = self.coverage.why(Kind::LoadBalancers, id);
                let label = missing(id, "load-balancer", origin);
                let doubt = Some(unknown(what, why, origin));
                return Some(Some(made(label, None, snat_services(), doubt)));
            };
            let found = self.translation_of(balancer, &member.pool);
            // The vendor says that members by address keep default access, and not what rules do.
            let by_address = member.is_by_address.then(|| {
                let why = "it is behind a load balancer as an address, and no document says whether \
                           rules translate it";
                unknown(what.clone(), why, &balancer.entry.origin)
            });
            if by_address.is_some() && found.is_none() {
                continue;
            }
            if let Some(doubt) = member.doubt.clone().or(by_address) {
                let label = label(balancer, "load-balancer");
                return Some(Some(made(label, None, snat_services(), Some(doubt))));
            }
            if let Some(found) = found {
                let label = label(balancer, "load-balancer");
                let found = made(label, found.address, found.services, found.doubt);
                translation = Some(joined(translation, found));
            }
            match sku_of(balancer).as_deref() {
                Some("basic") => {}
                Some("standard") => without = true,
                _ => {
                    let why = "the SKU of its load balancer is not told";
                    let label = label(balancer, "load-balancer");
                    let doubt = Some(unknown(what, why, &balancer.entry.origin));
                    return Some(Some(made(label, None, snat_services(), doubt)));
                }
            }
        }
        translation.map(Some).or_else(|| without.then_some(None))
    }

    /// Default outbound access, unless the subnet has none.
    fn default_pool(&mut self, subnet: &Object<'a, raw::Subnet>, inside: IpSet) -> Option<Pool> {
        let told = &subnet.told().default_outbound_access;
        if told.given() == Some(&false) || inside.is_empty() {
            return None;
        }
        let origin = subnet.field("defaultOutboundAccess");
        let doubt = told.bad().map(|text| {
            let why = format!("`{text}` is neither true nor false");
            unknown("whether the subnet has default outbound access", why, &origin)
        });
        let label = Label {
            id: "default outbound access".into(),
            kind: "default-outbound-access",
            origin: if told.is_absent() { origin.clone() } else { implied(&subnet.entry.origin) },
            ..label(subnet, "subnet")
        };
        if told.is_absent() {
            // Whoever reads an answer that rests on it is told.
            let what = format!("default outbound access of `{}`", ids::name(subnet.id));
            let why = "the subnet does not tell defaultOutboundAccess, and is taken to have it, as \
                       subnets had before Azure turned it off for new ones (AZ-70)";
            let remarks = self.network.remarks.entry(origin.clone()).or_default();
            remarks.push(unknown(what, why, &origin));
        }
        let (ports, services) = (snat_ports(), snat_services());
        Some(Pool { label, inside, address: None, ports, services, doubt })
    }

    /// AZ-20: whether a subscription may send mail by port 25 hangs on its contract.
    fn mail_filter(
        &mut self,
        border: &Label,
        router: &Id<Router>,
        standing: &Standing<'a>,
    ) -> Id<Filter> {
        let id: Id<Filter> = Id::new(format!("outbound port 25 of {router}"));
        // Of this network alone: others may use the same addresses.
        let told = standing.of(router, &self.network).filter_map(|(id, _)| {
            let object = self.recorded.interfaces.get(id.as_str())?;
            let addresses = configurations(object);
            let addresses = addresses.iter().filter_map(|one| {
                one.told.properties.private_ip_address.as_deref()?.parse::<IpAddr>().ok()
            });
            let set = addresses.map(IpSet::single).fold(IpSet::empty(), |all, one| all.union(&one));
            object.told().allow_port25_out.given().map(|allowed| (*allowed, set))
        });
        let (mut allowed, mut denied) = (Vec::new(), Vec::new());
        for (is_allowed, set) in told {
            if is_allowed { allowed.push(set) } else { denied.push(set) }
        }
        let origin = border.origin.clone();
        let why = "whether Azure lets mail out by port 25 hangs on the subscription's contract, which is not recorded (AZ-20)";
        let doubt = unknown("outbound TCP 25", why, &origin);
        let rule = |id: &str, sources: Peers, doubt: Option<Unknown>, action: Action| Rule {
            id: id.into(),
            matches: Match {
                sources,
                doubt,
                ..Match::services(ServiceSet::tcp(PortSet::single(25)))
            },
            action,
            origin: origin.clone(),
        };
        let of = |sets: &[IpSet]| Peers::Of(vec![Peer::addresses(IpSet::union_of(sets))]);
        let rules = vec![
            rule("AllowPort25Out", of(&allowed), None, Action::Allow),
            rule("DenyPort25Out", of(&denied), None, Action::Deny(Denial::Drop)),
            rule("Port25Out", Peers::Any, Some(doubt), Action::Deny(Denial::Drop)),
        ];
        let label =
            Label { id: "outbound port 25".into(), kind: "outbound-port-25", ..border.clone() };
        // Without an id: of what a border is not about it says nothing.
        let all = Rule { id: "".into(), matches: Match::any(), action: Action::Allow, origin };
        let egress = rules.into_iter().chain([all.clone()]).collect();
        let list = |rules| vec![Arc::new(RuleList { label: label.clone(), rules })];
        let filter = Filter {
            tracking: Tracking::Stateless,
            ingress: list(vec![all]),
            egress: list(egress),
            chains: Default::default(),
            label: label.clone(),
        };
        self.network.filters.insert(id.clone(), Arc::new(filter));
        id
    }

    /// NAT gateways that nobody recorded and that subnets name are told where they are named.
    pub(super) fn warn_of_missing_nat(&mut self) {
        let recorded = self.recorded;
        for subnet in recorded.subnets.iter() {
            let id = subnet.told().nat_gateway.as_ref().and_then(|gateway| gateway.id.as_deref());
            let Some(id) = id.filter(|id| recorded.nat_gateways.get(id).is_none()) else {
                continue;
            };
            let why = self.coverage.why(Kind::NatGateways, id);
            self.warn(not_recorded("the NAT gateway", id, why, &subnet.field("natGateway")));
        }
    }
}

/// The ways out by several balancers as one: what any of them carries, from an address that nobody
/// knows where they differ.
fn joined(known: Option<Pool>, other: Pool) -> Pool {
    let Some(known) = known else { return other };
    Pool {
        address: known.address.filter(|address| Some(*address) == other.address),
        services: known.services.union(&other.services),
        doubt: known.doubt.or(other.doubt),
        ..known
    }
}

/// Whether a NAT gateway names a public address or a prefix of them.
fn names_an_address(gateway: &raw::NatGateway) -> bool {
    let addresses = gateway.public_ip_addresses.iter().flatten();
    addresses.chain(gateway.public_ip_prefixes.iter().flatten()).next().is_some()
}

/// The addresses that a subnet tells.
pub(super) fn told_addresses(subnet: &Object<'_, raw::Subnet>) -> IpSet {
    let told = subnet.told();
    let texts = told.address_prefix.iter().chain(told.address_prefixes.iter().flatten());
    let sets: Vec<IpSet> = texts.filter_map(|text| prefix(text)).map(IpSet::from).collect();
    IpSet::union_of(&sets)
}
