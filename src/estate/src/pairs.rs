//! From what the two ends mean to the pairs of addresses that are asked about.
//!
//! A resource's address is its primary private one where both ends share a routing domain, else
//! the public one. A private address that is written out is dialled as it is written from inside
//! the estate; nobody outside can dial it, and who asks from there means the machine that has it,
//! at its public one. IPv4 and IPv6 are asked about apart, and only where both ends have them.

use std::net::IpAddr;

use cloudfw_core::{
    Address, Endpoint, Id, Interface, IpSet, Protocol, ProtocolSet, ServiceSet, Unknown,
    global_unicast,
};

use crate::query::QueryError;
use crate::resolve::{Party, Resolver, Wanted};

#[cfg(test)]
mod tests;

/// One query asks about so many pairs at most.
pub(crate) const MOST_PAIRS: usize = 200_000;

/// One pair of ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PairAsked {
    /// To be evaluated.
    Question { source: Endpoint, destination: Endpoint },
    /// Nothing that is recorded says anything about it.
    Unanswerable { source: Party, destination: Party, unknowns: Vec<Unknown> },
}

/// The pairs of two ends.
///
/// # Errors
///
/// [`QueryError`] where there are none or too many, and where an address is in several networks
/// and neither end says in which.
pub(crate) fn pairs(
    resolver: Resolver<'_>,
    sources: &[Party],
    destinations: &[Party],
    services: &ServiceSet,
) -> Result<Vec<PairAsked>, QueryError> {
    let (many, to_many) = (sources.len(), destinations.len());
    if many.saturating_mul(to_many) > MOST_PAIRS {
        return Err(QueryError::TooManyPairs {
            sources: many,
            destinations: to_many,
            most: MOST_PAIRS,
        });
    }
    let mut pairing =
        Pairing { resolver, families: families_of(services), apart: None, found: Vec::new() };
    for source in sources {
        for destination in destinations {
            pairing.pair(source, destination)?;
        }
    }
    // One answer says it for the whole set.
    pairing.unread(sources, destinations);
    pairing.unread_addresses(sources, destinations);
    if let Some((source, destination)) = pairing.apart.take_if(|_| pairing.found.is_empty()) {
        // Both are recorded, and no packet goes between them: that is an answer of its own.
        let unknown = Unknown::new(
            "how the one could reach the other",
            "no address family is recorded for both that the service could use, and translation \
             between families is not modelled",
            "",
        );
        return Ok(vec![PairAsked::Unanswerable { source, destination, unknowns: vec![unknown] }]);
    }
    if pairing.found.is_empty() {
        return Err(QueryError::NoPairs { why: why_nothing(sources, destinations, services) });
    }
    Ok(pairing.found)
}

fn why_nothing(sources: &[Party], destinations: &[Party], services: &ServiceSet) -> String {
    let outside = |end: &[Party]| {
        end.iter().all(|party| matches!(party, Party::External { .. } | Party::Beyond { .. }))
    };
    if outside(sources) && outside(destinations) {
        return "both ends are outside of what was recorded".to_owned();
    }
    if sources == destinations {
        return "source and destination are the same interface, and no firewall of the cloud \
                stands between it and itself"
            .to_owned();
    }
    format!("there is no pair of addresses of one family that {services} could go between")
}

struct Pairing<'a> {
    resolver: Resolver<'a>,
    /// Whether any service asked about exists in IPv4, and in IPv6.
    families: [bool; 2],
    /// The first two different interfaces: what is named where none share a family.
    apart: Option<(Party, Party)>,
    found: Vec<PairAsked>,
}

impl Pairing<'_> {
    fn pair(&mut self, source: &Party, destination: &Party) -> Result<(), QueryError> {
        let unread = |party: &Party| matches!(party, Party::Unread { .. });
        if unread(source) || unread(destination) {
            return Ok(());
        }
        let source = self.placed(source, destination)?;
        let destination = self.placed(destination, &source)?;
        match (&source, &destination) {
            (
                Party::Interface { id: one, wanted: from },
                Party::Interface { id: other, wanted },
            ) => {
                if one != other {
                    self.interfaces((one, from), (other, wanted));
                }
            }
            (Party::Interface { id, wanted }, outside) => self.outward(id, wanted, outside),
            (outside, Party::Interface { id, wanted }) => self.inward(outside, id, wanted),
            (one, other) => self.beyond(one, other),
        }
        Ok(())
    }

    fn unread(&mut self, sources: &[Party], destinations: &[Party]) {
        for (end, other) in [(sources, destinations), (destinations, sources)] {
            let Some(opposite) = other.first() else { continue };
            for party in end {
                let Party::Unread { unknowns, .. } = party else { continue };
                let (source, destination) =
                    if std::ptr::eq(end, sources) { (party, opposite) } else { (opposite, party) };
                self.found.push(PairAsked::Unanswerable {
                    source: source.clone(),
                    destination: destination.clone(),
                    unknowns: unknowns.clone(),
                });
            }
        }
    }

    /// Whether an end has addresses of a family, or may have some.
    fn may_be_of_family(&self, party: &Party, is_v4: bool) -> bool {
        let fits = |address: &IpAddr| address.is_ipv4() == is_v4;
        match party {
            Party::Interface { id, wanted } => {
                let interface = self.resolver.network.interfaces.get(id);
                let unread = interface
                    .map(|one| &one.unread)
                    .and_then(|unread| if is_v4 { unread.v4.as_ref() } else { unread.v6.as_ref() });
                self.own(id, wanted).any(|own| fits(&own))
                    || (unread.is_some() && *wanted == Wanted::Any)
            }
            Party::External { addresses, .. }
            | Party::Beyond { addresses, .. }
            | Party::Unclaimed { addresses } => {
                !(if is_v4 { addresses.only_v4() } else { addresses.only_v6() }).is_empty()
            }
            Party::Unheld { address, .. } | Party::Platform { address } => fits(address),
            Party::OneOf { choices, .. } => {
                choices.iter().any(|choice| self.may_be_of_family(choice, is_v4))
            }
            // It has its answer already.
            Party::Unread { .. } => false,
        }
    }

    /// Interfaces that may have other addresses than are known, where the other end could use them.
    fn unread_addresses(&mut self, sources: &[Party], destinations: &[Party]) {
        for (end, other) in [(sources, destinations), (destinations, sources)] {
            for party in end {
                let Party::Interface { id, wanted: Wanted::Any } = party else { continue };
                let Some(interface) = self.resolver.network.interfaces.get(id) else { continue };
                let [v4, v6] = self.families;
                for (asked, is_v4, gap) in
                    [(v4, true, &interface.unread.v4), (v6, false, &interface.unread.v6)]
                {
                    let has = |opposite: &&Party| self.may_be_of_family(opposite, is_v4);
                    let Some(gap) = gap.as_ref().filter(|_| asked) else { continue };
                    let Some(opposite) = other.iter().find(has) else { continue };
                    let is_source = std::ptr::eq(end, sources);
                    let (source, destination) =
                        if is_source { (party, opposite) } else { (opposite, party) };
                    let (source, destination) = (source.clone(), destination.clone());
                    let unknowns = vec![gap.clone()];
                    self.found.push(PairAsked::Unanswerable { source, destination, unknowns });
                }
            }
        }
    }

    /// An address that is in several networks, in the one that the other end tells: its own
    /// network, else one that it is linked to; where that leaves several, one that has the address.
    fn placed(&self, party: &Party, other: &Party) -> Result<Party, QueryError> {
        match party {
            Party::OneOf { text, choices } => {
                let near = self.resolver.router_of_party(other);
                let router = |choice: &Party| self.resolver.router_of_party(choice);
                let links = &self.resolver.index;
                let tests: [&dyn Fn(&&Party) -> bool; 4] = [
                    &|choice| near.is_some() && router(choice) == near,
                    &|choice| match (near, router(choice)) {
                        (Some(near), Some(router)) => links.share_domain(near, router),
                        _ => false,
                    },
                    &|choice| matches!(choice, Party::Interface { .. }),
                    &|_| true,
                ];
                for test in tests {
                    let fit: Vec<&Party> = choices.iter().filter(test).collect();
                    if let [one] = fit.as_slice() {
                        return Ok((*one).clone());
                    }
                }
                let candidates = self.resolver.scoped(text, choices);
                Err(QueryError::AmbiguousAddress { text: text.clone(), candidates })
            }
            Party::Platform { address } => Ok(match self.resolver.router_of_party(other) {
                Some(router) => Party::Unheld { router: router.clone(), address: *address },
                None => Party::Unclaimed { addresses: IpSet::single(*address) },
            }),
            party => Ok(party.clone()),
        }
    }

    fn interfaces(
        &mut self,
        (one, from): (&Id<Interface>, &Wanted),
        (other, wanted): (&Id<Interface>, &Wanted),
    ) {
        let near = self.share_domain(one, other) || is_written(wanted);
        if !near {
            self.unread_public((one, from), (other, wanted));
        }
        for source in self.own(one, from) {
            for destination in self.dialled(other, wanted, source, near) {
                self.ask(source_of(one, source), destination);
            }
        }
        self.apart.get_or_insert_with(|| (interface(one), interface(other)));
    }

    /// Elsewhere an interface may be dialled at a public address that nobody read.
    fn unread_public(
        &mut self,
        (one, from): (&Id<Interface>, &Wanted),
        (other, wanted): (&Id<Interface>, &Wanted),
    ) {
        let unread = self.resolver.network.interfaces.get(other).map(|it| &it.unread.public);
        // A public address that is written out is no other.
        let is_open = !matches!(wanted, Wanted::Exactly { dialled: Some(_), .. });
        let Some(Some(gap)) = unread.filter(|_| is_open) else { return };
        let party = |id: &Id<Interface>, wanted: &Wanted| Party::Interface {
            id: id.clone(),
            wanted: wanted.clone(),
        };
        self.found.push(PairAsked::Unanswerable {
            source: party(one, from),
            destination: party(other, wanted),
            unknowns: vec![gap.clone()],
        });
    }

    /// Whether two interfaces are in one routing domain: in one network, in two that an open link
    /// joins, or where the routes of the one lead to the other's addresses through a gateway that
    /// nobody can see through.
    fn share_domain(&self, one: &Id<Interface>, other: &Id<Interface>) -> bool {
        let Resolver { network, index } = self.resolver;
        match (self.resolver.router_of(one), self.resolver.router_of(other)) {
            (Some(one), Some(other)) if index.share_domain(one, other) => return true,
            (Some(_), Some(_)) => {}
            _ => return false,
        }
        let subnet = network.interfaces.get(one).and_then(|it| network.subnets.get(&it.subnet));
        let (Some(subnet), Some(other)) = (subnet, network.interfaces.get(other)) else {
            return false;
        };
        let private = other.addresses.iter().find(|address| address.ip.is_ipv4());
        private.is_some_and(|address| index.leads_beyond(&subnet.table, address.ip))
    }

    fn outward(&mut self, id: &Id<Interface>, wanted: &Wanted, outside: &Party) {
        for own in self.own(id, wanted) {
            let destination = match outside {
                Party::External { id: external, addresses } if of_family(addresses, own) => {
                    Endpoint::External { id: external.clone(), addresses: addresses.clone() }
                }
                Party::Beyond { id: external, addresses, router }
                    if of_family(addresses, own) && self.resolver.router_of(id) == Some(router) =>
                {
                    Endpoint::External { id: external.clone(), addresses: addresses.clone() }
                }
                Party::Unheld { router, address } if address.is_ipv4() == own.is_ipv4() => {
                    Endpoint::Unheld { router: router.clone(), address: *address }
                }
                Party::Unclaimed { addresses } if of_family(addresses, own) => {
                    self.unclaimed(&exactly(id, own), outside, addresses);
                    continue;
                }
                _ => continue,
            };
            self.ask(source_of(id, own), destination);
        }
    }

    fn inward(&mut self, outside: &Party, id: &Id<Interface>, wanted: &Wanted) {
        let (source, family) = match outside {
            Party::Beyond { router, .. } if self.resolver.router_of(id) != Some(router) => return,
            Party::External { id: external, addresses }
            | Party::Beyond { id: external, addresses, .. } => {
                let Some(family) = addresses.first() else { return };
                let addresses = addresses.clone();
                (Endpoint::External { id: external.clone(), addresses }, family)
            }
            Party::Unheld { router, address } => {
                (Endpoint::Unheld { router: router.clone(), address: *address }, *address)
            }
            Party::Unclaimed { addresses } => {
                let Some(family) = addresses.first() else { return };
                let own = self.own(id, wanted).find(|own| own.is_ipv4() == family.is_ipv4());
                if let Some(own) = own {
                    self.unclaimed(outside, &exactly(id, own), addresses);
                }
                return;
            }
            _ => return,
        };
        let near = match (outside, self.resolver.router_of(id)) {
            (Party::Unheld { router, .. }, Some(own)) => {
                self.resolver.index.share_domain(router, own) || is_written(wanted)
            }
            _ => false,
        };
        for destination in self.dialled(id, wanted, family, near) {
            self.ask(source.clone(), destination);
        }
    }

    /// Neither end is an interface.
    fn beyond(&mut self, one: &Party, other: &Party) {
        let endpoint = |party: &Party| match party {
            Party::External { id, addresses } | Party::Beyond { id, addresses, .. } => {
                let endpoint = Endpoint::External { id: id.clone(), addresses: addresses.clone() };
                Some((endpoint, addresses.first()?))
            }
            Party::Unheld { router, address } => {
                Some((Endpoint::Unheld { router: router.clone(), address: *address }, *address))
            }
            _ => None,
        };
        match (one, other) {
            (Party::Unclaimed { addresses }, _) | (_, Party::Unclaimed { addresses }) => {
                self.unclaimed(one, other, addresses);
            }
            _ => {
                let (Some((source, from)), Some((destination, to))) =
                    (endpoint(one), endpoint(other))
                else {
                    return;
                };
                // What passes between two places outside is nobody's to say.
                let both_outside = matches!(source, Endpoint::External { .. })
                    && matches!(destination, Endpoint::External { .. });
                if from.is_ipv4() == to.is_ipv4() && !both_outside {
                    self.ask(source, destination);
                }
            }
        }
    }

    fn unclaimed(&mut self, source: &Party, destination: &Party, addresses: &IpSet) {
        let unknown = Unknown::new(
            format!("whose {addresses} is"),
            "it is not a public address, and no recorded network claims it: add the recording of \
             the network that has it",
            "",
        );
        let (source, destination) = (source.clone(), destination.clone());
        self.found.push(PairAsked::Unanswerable { source, destination, unknowns: vec![unknown] });
    }

    fn ask(&mut self, source: Endpoint, destination: Endpoint) {
        self.found.push(PairAsked::Question { source, destination });
    }

    /// The addresses that an interface opens connections from, one of each family.
    fn own(&self, id: &Id<Interface>, wanted: &Wanted) -> impl Iterator<Item = IpAddr> + use<> {
        let addresses = self.resolver.network.interfaces.get(id);
        let addresses = addresses.map_or(&[][..], |interface| &interface.addresses);
        let [v4, v6] = self.families;
        let first = |is_v4: bool| {
            let of_family = addresses.iter().filter(move |it| it.ip.is_ipv4() == is_v4);
            let mut meant = of_family.filter(|it| match wanted {
                Wanted::Any => true,
                Wanted::Exactly { own, .. } => it.ip == *own,
                Wanted::Within(set) => is_in(set, it),
            });
            meant.next().map(|it| it.ip)
        };
        let found = [v4.then(|| first(true)).flatten(), v6.then(|| first(false)).flatten()];
        found.into_iter().flatten()
    }

    /// The addresses that an interface is dialled at by someone of `from`'s family.
    fn dialled(
        &self,
        id: &Id<Interface>,
        wanted: &Wanted,
        from: IpAddr,
        near: bool,
    ) -> Vec<Endpoint> {
        if let [false, _] = self.families
            && from.is_ipv4()
        {
            return Vec::new();
        }
        if let [_, false] = self.families
            && from.is_ipv6()
        {
            return Vec::new();
        }
        let Some(interface) = self.resolver.network.interfaces.get(id) else { return Vec::new() };
        let endpoint = |address, dialled| Endpoint::Interface { id: id.clone(), address, dialled };
        let family: Vec<&Address> =
            interface.addresses.iter().filter(|it| it.ip.is_ipv4() == from.is_ipv4()).collect();
        let own = |set: Option<&IpSet>| {
            let inside = family.iter().find(|it| set.is_none_or(|set| set.contains(it.ip)));
            inside.map(|it| endpoint(it.ip, None))
        };
        let public = |set: Option<&IpSet>| -> Vec<Endpoint> {
            let dialled = family.iter().filter_map(|it| {
                let meant = |ip| set.is_none_or(|set| set.contains(it.ip) || set.contains(ip));
                let public = it.public.filter(|ip| meant(*ip))?;
                Some(endpoint(it.ip, Some(public)))
            });
            // What a load balancer hands on from addresses that the internet knows.
            let global = global_unicast();
            let fronts = interface.fronts.iter().filter(|front| {
                front.own.is_ipv4() == from.is_ipv4()
                    && global.contains(front.address)
                    && set.is_none_or(|set| set.contains(front.own) || set.contains(front.address))
            });
            let fronts = fronts.map(|front| endpoint(front.own, Some(front.address)));
            dialled.chain(fronts).collect()
        };
        let alone;
        let set = match wanted {
            Wanted::Exactly { own, dialled } if own.is_ipv4() == from.is_ipv4() => {
                if dialled.is_some() {
                    return vec![endpoint(*own, *dialled)];
                }
                alone = IpSet::single(*own);
                Some(&alone)
            }
            Wanted::Exactly { .. } => return Vec::new(),
            Wanted::Any => None,
            Wanted::Within(set) => Some(set),
        };
        let first = if near { own(set).into_iter().collect() } else { public(set) };
        if !first.is_empty() {
            return first;
        }
        if near { public(set) } else { own(set).into_iter().collect() }
    }
}

/// Whether one address was written out, which a machine of the estate dials as it is written.
fn is_written(wanted: &Wanted) -> bool {
    matches!(wanted, Wanted::Exactly { .. })
}

/// Whether an address, inside or outside, is in a set.
fn is_in(set: &IpSet, address: &Address) -> bool {
    set.contains(address.ip) || address.public.is_some_and(|public| set.contains(public))
}

/// Whether a set of one family is of this address's.
fn of_family(addresses: &IpSet, address: IpAddr) -> bool {
    addresses.first().is_some_and(|first| first.is_ipv4() == address.is_ipv4())
}

fn source_of(id: &Id<Interface>, address: IpAddr) -> Endpoint {
    Endpoint::Interface { id: id.clone(), address, dialled: None }
}

fn exactly(id: &Id<Interface>, own: IpAddr) -> Party {
    Party::Interface { id: id.clone(), wanted: Wanted::Exactly { own, dialled: None } }
}

fn interface(id: &Id<Interface>) -> Party {
    Party::Interface { id: id.clone(), wanted: Wanted::Any }
}

/// Whether any of the services exists in IPv4, and in IPv6: ICMP is IPv4's, ICMPv6 IPv6's.
fn families_of(services: &ServiceSet) -> [bool; 2] {
    let protocols = services.protocol_set();
    let beside = |protocol| !protocols.difference(ProtocolSet::single(protocol)).is_empty();
    [beside(Protocol::ICMPV6), beside(Protocol::ICMP)]
}
